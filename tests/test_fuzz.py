"""The fuzzer: its target holds for the vectors and what is made of them, finds what is planted, and runs."""

from __future__ import annotations

import importlib.util
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from impwire import Connection, FrameDecoder, Received, Role, State
from impwire.codecs import CODECS, SAY
from impwire.messages import MESSAGES, Leave, Say
from tests.fuzz.__main__ import main
from tests.fuzz.corpus import dictionary, seeds
from tests.fuzz.promises import Broken
from tests.fuzz.streams import SCRIPT, cut
from tests.fuzz.target import CLIENT_INPUT, FRAME_INPUT, HEAD, SERVER_INPUT, try_input
from tests.fuzz.vectors import FRAMES, SAMPLES
from tests.support import PATIENCE, ROOT

SEEDS = list(seeds())

needs_atheris = pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")


def fuzz(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=6 * PATIENCE)


def try_all(inputs: list[bytes]) -> None:
    for data in inputs:
        try_input(data)


# -- the target ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FRAME_INPUT, CLIENT_INPUT, SERVER_INPUT])
def test_promises_hold_for_every_vector(kind: int) -> None:
    tried = [data for data in SEEDS if data[0] == kind]
    assert len(tried) >= len(FRAMES)
    try_all(tried)


def test_promises_hold_for_inputs_that_have_been_changed() -> None:
    chance = random.Random(1)
    for _ in range(600):
        data = bytearray(chance.choice(SEEDS))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.choice((0x00, 0x01, 0x80, 0xFF, chance.randrange(256)))
        del data[chance.randint(HEAD, len(data)) :]
        try_input(bytes(data))


def test_every_short_input_is_tried() -> None:
    for size in range(HEAD + 5):
        for kind in range(3):
            try_input(bytes([kind, *range(20)])[:size])


def test_samples_and_script_hold_every_message() -> None:
    assert set(SAMPLES) == set(MESSAGES)
    assert set(SCRIPT[1:]) == set(MESSAGES.values())


def test_seeds_lead_through_every_state_and_reply() -> None:
    """Otherwise the fuzzer would begin outside of what it has to look at."""
    seen: set[Any] = set()

    class Spy(Connection):
        def next_event(self) -> Any:
            event = super().next_event()
            seen.add((self.role, self.state))
            if isinstance(event, Received):
                seen.add(type(event.message))
            return event

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.fuzz.streams.Connection", Spy)
        try_all(SEEDS)
    assert seen >= set(MESSAGES.values())
    assert seen >= {(role, state) for role in Role for state in State}


def test_stream_is_cut_into_pieces_of_the_sizes_over_and_over() -> None:
    assert list(cut(b"abcdefg", [1, 2])) == [b"a", b"bc", b"d", b"ef", b"g"]


def test_words_of_the_dictionary_are_in_the_notation_of_libfuzzer() -> None:
    assert all(re.fullmatch(r'"(\\x[0-9a-f]{2})+"', line) for line in dictionary().splitlines())


# -- what it finds -------------------------------------------------------------------------------------------------------


def say_without_checks(frame: bytes) -> Say:
    return Say(text=frame[12:].decode(), request_id=5)


def raise_index_error(*_: Any) -> Any:
    raise IndexError


def forget_a_piece(self: Any, data: bytes) -> None:
    if len(data) != 3:
        self._buffer = self._buffer[self._start :] + data
        self._start = 0


@pytest.mark.parametrize(
    ("owner", "name", "wrong", "error"),
    [
        (SAY, "decode", say_without_checks, Broken),
        (SAY, "decode", lambda frame: Leave(), Broken),
        (SAY, "decode", raise_index_error, IndexError),
        (SAY, "encode", lambda message: b"", Broken),
        (SAY, "encode", raise_index_error, IndexError),
        (CODECS, "by_type", {**CODECS.by_type, Say.TYPE: CODECS.by_name["PM"]}, Broken),
        (FrameDecoder, "feed", forget_a_piece, Broken),
        (Connection, "_target", lambda self, sender, message: State.ACTIVE, Broken),
        (Connection, "_check_header", lambda self, header, kind: None, (Broken, KeyError)),
        (Connection, "_check_legal", lambda self, message: None, (Broken, KeyError)),
    ],
)
def test_planted_mistake_is_found_by_the_seeds_alone(
    owner: Any, name: str, wrong: Any, error: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, wrong)
    with pytest.raises(error):
        try_all(SEEDS)


# -- the program ---------------------------------------------------------------------------------------------------------


def test_file_is_tried_once_without_atheris(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "input"
    file.write_bytes(SEEDS[0])
    assert main([str(file)]) == 0
    assert capsys.readouterr().out == f"fuzz: {file} holds\n"
    monkeypatch.setattr("tests.fuzz.__main__.try_input", raise_index_error)
    assert main([str(file)]) == 1
    assert capsys.readouterr().out == f"fuzz: {file} breaks a promise\n"
    assert main([str(tmp_path / "none")]) == 2


def test_without_atheris_one_line_says_that_it_is_skipped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main([]) == 0
    assert re.fullmatch(r"fuzz: skipped, there is no atheris for Python 3\.[\d.]+ here; .*\n", capsys.readouterr().out)


@needs_atheris
def test_short_run_finds_nothing_and_sums_up(tmp_path: Path) -> None:
    result = fuzz("--runs", "1500", "--findings", str(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    last = result.stdout.splitlines()[-1]
    assert re.fullmatch(
        r"fuzz: \d{4} runs in \d+ s \(\d+ a second\), \d{3,} edges and \d{4,} features, \d+ inputs kept, 0 findings",
        last,
    )
    assert list(tmp_path.iterdir()) == []


@needs_atheris
def test_planted_mistake_ends_the_run_and_its_input_is_saved(tmp_path: Path) -> None:
    for name in ("tests/fuzz", "impwire", "spec"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "findings"))
    with (tmp_path / "impwire" / "codecs.py").open("a") as file:
        file.write("SAY.decode = lambda frame: m.Say(text='hi')\n")
    result = fuzz("--seconds", "60", folder=tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    (saved,) = (tmp_path / "tests" / "fuzz" / "findings").iterdir()
    assert "SAY is read in two ways" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("1 finding")
    assert f"python -m tests.fuzz tests/fuzz/findings/{saved.name}" in result.stdout.splitlines()[-2]
    assert fuzz(f"tests/fuzz/findings/{saved.name}", folder=tmp_path).returncode == 1


@needs_atheris
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_the_run_and_sums_up(how: signal.Signals, tmp_path: Path) -> None:
    def restore() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    command = [sys.executable, "-u", "-m", "tests.fuzz", "--findings", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=restore) as process:
        assert process.stdout is not None
        begun = process.stdout.readline()
        process.send_signal(how)
        output, _ = process.communicate(timeout=3 * PATIENCE)
    assert (process.returncode, output.splitlines()[-1][-10:]) == (0, "0 findings"), begun + output
