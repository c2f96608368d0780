"""The benchmarks of servers: that every message is counted, that nothing stays behind, and that pages say what was found.

Nothing here takes a time. What is found is small, or made up.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import delivery_page, options, pages, plot
from benchmarks.__main__ import main
from benchmarks.figures import (
    Conditions,
    Costs,
    Crowds,
    Delays,
    Figures,
    Latency,
    Point,
    load,
    percentile,
    save,
)
from benchmarks.goals import goals
from benchmarks.load import generator as generator_module
from benchmarks.load.crowd import Crowd, crowd
from benchmarks.load.dialect import Dialect, Kind, LoadError
from benchmarks.load.fan_out import FanOut, Spent, latencies
from benchmarks.load.generator import Generator
from benchmarks.load.imp import Imp
from benchmarks.load.mqtt import Mqtt
from benchmarks.load.nats import Nats
from benchmarks.load.pairs import Pairs
from benchmarks.load.processes import cpu_seconds
from benchmarks.load.resp import Resp
from benchmarks.load.ring import Ring
from benchmarks.load.servers import OURS, SERVERS, Running, Server, running
from impwire.codecs import decode, encode
from impwire.messages import Chat, Error, ErrorCode, Ping, Pong, User, Welcome
from impwire.tables import Settings
from tests.support import PATIENCE, ROOT

# -- the load, with servers ----------------------------------------------------------------------------------------------


def _present(name: str) -> Server:
    """A server, or a skip if it is not installed."""
    if SERVERS[name].path() is None:
        if os.environ.get("IMP_REQUIRE_TOOLS"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return SERVERS[name]


@pytest.mark.parametrize("name", list(SERVERS))
def test_every_receiver_gets_every_message(name: str) -> None:
    with running(_present(name)) as process, Generator(process) as generator:
        load = FanOut.connect(generator, 5)
        for window in (1, 7):
            before = load.sent
            spent = load.closed(window, 0.01)
            assert 0 < spent.units <= 5 * (load.sent - before)
            assert spent.units % 5 == 0
            assert load.received() == [load.sent] * 5
            assert load.floor == load.sent
        assert len(load.paced(1000, 20)) == 20
        assert load.received() == [load.sent] * 5


@pytest.mark.parametrize("name", list(SERVERS))
def test_every_pair_gets_every_message_and_its_receipt(name: str) -> None:
    with running(_present(name)) as process, Generator(process) as generator:
        load = Pairs(generator, 3, 4)
        spent = load.run(0.01)
        assert spent.units > 0
        for sent, receipts, received in load.counts():
            assert sent == receipts == received > 0


def test_crowd_hears_of_everyone_and_everything() -> None:
    with running(SERVERS[OURS]) as process:
        found = crowd(process, users=9, at_once=4, messages=3, per_second=100, idle=0.01)
    assert found.users == 9
    assert len(found.delays) == 3
    assert min(found.delays) > 0


def test_latencies_are_as_many_as_messages() -> None:
    with running(SERVERS[OURS]) as process:
        assert len(latencies(process, 3, 1000, 10)) == 10


def test_server_that_does_not_come_up_is_told_with_its_words() -> None:
    broken = dataclasses.replace(
        SERVERS[OURS], command=lambda port, folder: [sys.executable, "-c", "exit('no such luck')"]
    )
    with (
        pytest.raises(LoadError, match=r"does not accept connections; the last that .* said: no such luck"),
        running(broken),
    ):
        pass


# -- counting ------------------------------------------------------------------------------------------------------------

_SETTINGS = dataclasses.asdict(Settings())
_WELCOME = encode(
    Welcome(
        request_id=1,
        version=0x0100,
        capabilities=0,
        session_id=1,
        name="r00000",
        server_name="x",
        seq=1,
        time=0,
        **_SETTINGS,
    )
)
_CHAT = encode(Chat(seq=2, time=0, who=User(session_id=2, name="sender"), text="x" * 64))
_PING = encode(Ping(request_id=9, nonce=7))
_TEXT = "x" * 64

#: What a server sends to a receiver by protocol: that it is ready, a message, and a probe if there are any.
_SCRIPTS: dict[type[Dialect], tuple[bytes, bytes, bytes]] = {
    Imp: (_WELCOME, _CHAT, _PING),
    Mqtt: (b"\x20\x02\0\0\x90\x03\0\x01\0\xd0\0", b"\x30\x46\0\x04chat" + _TEXT.encode(), b""),
    Nats: (b"INFO {}\r\nPONG\r\n", f"MSG chat 1 64\r\n{_TEXT}\r\n".encode(), b"PING\r\n"),
    Resp: (
        b"*3\r\n$9\r\nsubscribe\r\n$4\r\nchat\r\n:1\r\n",
        f"*3\r\n$7\r\nmessage\r\n$4\r\nchat\r\n$64\r\n{_TEXT}\r\n".encode(),
        b"",
    ),
}


class _Scripted:
    """A server for one connection: says that it is ready, waits to be told to go on, and sends pieces."""

    def __init__(self, dialect: Dialect, ready: bytes, pieces: Iterable[bytes]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ready, self._pieces = ready, pieces
        self.go_on = threading.Event()
        self.heard = b""
        server = dataclasses.replace(SERVERS[OURS], name="scripted", dialect=dialect)
        self.running = Running(server, os.getpid(), self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(PATIENCE)
        with self._listener, connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(4096)
            connection.sendall(self._ready)
            self.go_on.wait(PATIENCE)
            for piece in self._pieces:
                connection.sendall(piece)
            # Until the generator has closed.
            try:
                while data := connection.recv(4096):
                    self.heard += data
            except ConnectionResetError:
                pass

    def join(self) -> None:
        self._thread.join(PATIENCE)


def _counted(script: _Scripted, due: int) -> int:
    """Read deliveries until there are so many."""
    with Generator(script.running) as generator:
        dialect = generator.dialect
        [receiver] = generator.join([dialect.greeting("r00000", "chat")])
        generator.count(Kind.DELIVERY, [receiver])
        script.go_on.set()
        count = 0
        while count < due:
            for fd, _ in generator.poll(PATIENCE):
                count += generator.read(fd)
    script.join()
    return count


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("dialect", list(_SCRIPTS))
def test_messages_are_counted_however_they_are_cut(dialect: type[Dialect], size: int) -> None:
    ready, message, probe = _SCRIPTS[dialect]
    stream = 3 * message + probe + 20 * message
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    script = _Scripted(dialect(), ready, pieces)
    assert _counted(script, 23) == 23
    if dialect is Imp:
        assert decode(script.heard) == Pong(request_id=9, nonce=7)
    elif probe:
        assert script.heard == b"PONG\r\n"


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (
            encode(Error(request_id=1, code=ErrorCode.RATE_LIMITED, request_type=2, retry_after_ms=5, detail="")),
            "RATE_LIMITED",
        ),
        (
            _CHAT + encode(Chat(seq=3, time=0, who=User(session_id=2, name="sender"), text="y")),
            "frames of 107 and 44 bytes",
        ),
        (bytes.fromhex("00000016 81 00 00000001 0000000000000001 0000000000000001"), "RECEIPT where DELIVERY"),
    ],
)
def test_what_was_not_due_is_an_error(stream: bytes, words: str) -> None:
    script = _Scripted(Imp(), _WELCOME, [stream])
    with pytest.raises(LoadError, match=words):
        _counted(script, 3)


def test_what_is_lost_is_an_error_and_not_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator_module, "STALLED_AFTER", 0.01)
    with Generator(_Scripted(Imp(), _WELCOME, []).running) as generator:
        generator.join([generator.dialect.greeting("r00000")])
        with pytest.raises(LoadError, match="has sent nothing for"):
            generator.poll(0.01)


def test_message_that_comes_twice_is_an_error() -> None:
    doubling: Any = SimpleNamespace(
        dialect=Imp(),
        running=SimpleNamespace(pid=os.getpid()),
        join=lambda greetings: [9 for _ in greetings],
        count=lambda kind, connections: None,
        send=lambda fd, data: None,
        poll=lambda seconds: [(1, 0), (2, 0)],
        read=lambda fd: fd,
    )
    with pytest.raises(LoadError, match="has got 2 messages, and 1 were sent"):
        FanOut(doubling, [1, 2]).closed(1, 10.0)


def test_ring_gives_every_frame_in_turn() -> None:
    ring = Ring(3, lambda number: b"%d." % number)
    assert [ring.next(count) for count in (1, 1, 3, 2, 2)] == [b"1.", b"2.", b"3.1.2.", b"3.1.", b"2.3."]


def test_processor_time_is_that_of_the_process() -> None:
    before = time.process_time()
    found = cpu_seconds(os.getpid())
    assert before <= found <= time.process_time()
    with pytest.raises(OSError, match="No such process"):
        cpu_seconds(2**22 + 1)


# -- running, and ending -------------------------------------------------------------------------------------------------


def test_quick_run_measures_everything_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(delivery_page, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(delivery_page, "README", tmp_path / "README.md")
    names = ["delivery", "private", "crowd", "latency"]
    assert main([*names, "--quick", "--servers", OURS]) == 0
    told = capsys.readouterr()
    assert [line for line in told.out.splitlines() if line[:3] == "## "] == [
        "## To all",
        "## To one",
        "## A crowd",
        "## How soon the last one hears",
    ]
    assert told.err.count("not written to the results") == len(names)
    assert list(tmp_path.iterdir()) == []


def test_server_that_is_not_installed_is_told_and_keeps_the_results_from_being_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = dataclasses.replace(SERVERS["redis-server"], program="no-such-program")
    monkeypatch.setitem(SERVERS, "redis-server", missing)
    chosen = options.Options()
    assert chosen.standard
    assert "redis-server" not in [server.name for server in chosen.contenders(*SERVERS)]
    assert "redis-server is left out: it is not installed" in capsys.readouterr().err
    assert not chosen.standard


def test_server_that_fails_is_told_and_the_next_benchmark_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = dataclasses.replace(
        SERVERS[OURS], command=lambda port, folder: [sys.executable, "-c", "exit('no such luck')"]
    )
    monkeypatch.setitem(SERVERS, OURS, broken)
    assert main(["delivery", "latency", "--quick", "--servers", OURS]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if "no such luck" in line]
    assert [line.partition(":")[0] for line in told] == ["delivery", "latency"]


def test_rounds_go_there_and_back() -> None:
    servers = [SERVERS[OURS], SERVERS["mosquitto"]]
    names = [server.name for server in options.interleaved("test", servers, 3)]
    assert names == [OURS, "mosquitto", "mosquitto", OURS, OURS, "mosquitto"]


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_leaves_no_server_behind(how: signal.Signals, code: int, tmp_path: Path) -> None:
    def restore() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    # It would run for an hour; the server's files, and so its command line, are in the folder.
    load = ["delivery", "--servers", OURS, "--receivers", "5", "--windows", "1", "--seconds", "3600"]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *load],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=restore,
    ) as process:
        try:
            assert process.stderr is not None
            assert "round 1" in process.stderr.readline()
            while not _processes_naming(tmp_path):
                assert process.poll() is None
            process.send_signal(how)
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == code
    # The system ends it together with its parent, but not in the same instant.
    until = time.monotonic() + PATIENCE
    while _processes_naming(tmp_path):
        assert time.monotonic() < until
    assert list(tmp_path.iterdir()) == []


def _processes_naming(folder: Path) -> list[str]:
    """The processes with a folder in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(folder) in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:
            continue  # It has ended.
    return found


# -- telling what was found ----------------------------------------------------------------------------------------------

_CONDITIONS = Conditions("a machine", {OURS: "x", "mosquitto": "1", "redis-server": "2"})


def _costs(ours: float, theirs: float) -> Costs:
    """Every point measured in two rounds, the second on a machine that is ten times as slow."""
    prices = {OURS: ours, "mosquitto": 9.0, "redis-server": theirs}
    points = [Point(number, window, name) for window in (1, 32) for number in (200, 1000, 5000) for name in prices]
    return Costs(
        _CONDITIONS,
        {point: [Spent(1000, 1.0, prices[point.server] * slow / 1e3, 0.1) for slow in (1, 10)] for point in points},
    )


def _figures(ours: float, theirs: float = 4.0) -> Figures:
    found = Crowd(10_000, 30 * ours, 9.0, 5120 * ours, 5120 * ours, [0.125 * ours], 60.0, 0.9 * ours, 20_000)
    delays = {OURS: [Delays(0.001, 0.002 * ours)], "mosquitto": [Delays(0.001, 0.004)]}
    private = Costs(_CONDITIONS, {Point(100, 32, OURS): [Spent(1000, 1.0, 0.006 * ours, 0.1)]})
    return Figures(_costs(ours, theirs), private, Crowds(_CONDITIONS, {OURS: found}), Latency(_CONDITIONS, delays))


@pytest.mark.parametrize(("ours", "theirs", "word"), [(2.0, 2.0, "reached"), (2.03, 2.0, "not reached")])
def test_goal_is_reached_up_to_its_bound(ours: float, theirs: float, word: str) -> None:
    rows = [line.split("|")[1:-1] for line in goals(_figures(ours, theirs)).splitlines()[2:]]
    verdicts = {row[0].strip(): row[3].strip() for row in rows}
    assert len(verdicts) == 6 + 1 + 1 + 5 + 1
    growth = verdicts.pop("a delivery to 5000, against one to 200, window 32")
    assert growth == "reached"
    assert set(verdicts.values()) == {word}


def test_ratio_is_taken_within_the_rounds_and_against_the_cheapest() -> None:
    costs = _costs(3.0, 4.0)
    base = costs.cheapest_peer(200, 1)
    assert base == Point(200, 1, "redis-server")
    assert costs.ratio(Point(200, 1, OURS), base) == pytest.approx(0.75)
    assert costs.spread(base) == pytest.approx((4.0, 40.0))


@pytest.mark.parametrize(("share", "found"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentile_is_one_of_the_values(share: float, found: int) -> None:
    assert percentile(range(100, 0, -1), share) == found


def test_figures_are_kept_as_they_are(tmp_path: Path) -> None:
    figures = _figures(2.0)
    save(tmp_path / "figures.json", figures)
    assert load(tmp_path / "figures.json") == figures
    assert load(tmp_path / "none.json") == Figures()


def test_one_benchmark_alone_keeps_what_the_others_have_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    results, readme = tmp_path / "results", tmp_path / "README.md"
    monkeypatch.setattr(delivery_page, "RESULTS", results)
    monkeypatch.setattr(delivery_page, "README", readme)
    readme.write_text("before\n" + pages.quote("delivery.md", "old\n") + "behind\n", encoding="utf-8")
    figures = _figures(2.0)
    assert figures.private is not None
    assert figures.delivery is not None
    delivery_page.keep(options.Options(), "private", figures.private)
    assert not (results / "delivery.svg").exists()
    delivery_page.keep(options.Options(), "delivery", figures.delivery)
    text = (results / "delivery.md").read_text(encoding="utf-8")
    assert text == delivery_page.page(Figures(figures.delivery, figures.private))
    assert text.count("Not measured yet.") == 2
    page = readme.read_text(encoding="utf-8")
    assert pages.quoted("delivery.md", page) == pages.quoted("delivery.md", text)
    assert (page[:7], page[-7:]) == ("before\n", "behind\n")
    delivery_page.keep(options.Options(quick=True), "delivery", _costs(1.0, 1.0))
    assert (results / "delivery.md").read_text(encoding="utf-8") == text


def test_plot_has_every_point_and_every_name() -> None:
    found = ElementTree.fromstring(plot.draw(_costs(3.0, 4.0)))
    space = "{http://www.w3.org/2000/svg}"
    assert len(found.findall(f"{space}circle")) == 18
    names = [text.text for text in found.iter(f"{space}text") if text.get("class") == "name"]
    assert sorted(map(str, names)) == sorted(["mosquitto", "redis-server", OURS])


def test_plot_has_room_for_the_name_of_every_server() -> None:
    places = itertools.product((200, 5000), (1, 32), SERVERS)
    rounds = {Point(*place): [Spent(number, 1.0, 1.0, 1.0)] for number, place in enumerate(places, 100)}
    found = ElementTree.fromstring(plot.draw(Costs(_CONDITIONS, rounds)))
    for text in found.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("class") == "name":
            end = float(text.get("x", "")) + 7.5 * len(text.text or "")  # A bold letter of 12 pixels is hardly wider.
            assert end <= float(found.get("width", ""))


def test_results_readme_and_plot_are_made_of_the_figures() -> None:
    figures = load(pages.RESULTS / "delivery.json")
    text = (pages.RESULTS / "delivery.md").read_text(encoding="utf-8")
    assert text == delivery_page.page(figures)
    assert figures.delivery is not None
    assert (pages.RESULTS / "delivery.svg").read_text(encoding="utf-8") == plot.draw(figures.delivery)
    assert pages.quoted("delivery.md", pages.README.read_text(encoding="utf-8")) == pages.quoted("delivery.md", text)
