"""Fuzz the codecs and the connection: `python -m tests.fuzz`. See `--help`."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from .corpus import dictionary, seeds
from .target import try_input

_DESCRIPTION = """\
Feed bytes to the codecs and to a connection in either role, led by the branches that they take, until one of the
promises in frames.py and streams.py is broken or the time is up. Ctrl-C ends it early. The last line sums up.
"""
_EPILOG = """\
With FILEs, these inputs are tried once and nothing else; that does not need atheris.

exit codes: 0 nothing was found, or there is no atheris for this Python; 1 a promise is broken, and the last lines name the
file with the input; 2 the fuzzer could not run, or the command line is wrong.
"""
_SKIPPED = "fuzz: skipped, there is no atheris for Python {python} here; `pip install --requirement requirements-fuzz.txt` says why"
_STATUS = re.compile(r"#(?P<runs>\d+)\t.*cov: (?P<edges>\d+) ft: (?P<features>\d+) corp: (?P<inputs>\d+)/")
_FINDING = re.compile(r"Test unit written to (.*(?:crash|timeout|oom|leak)-\w+)")
#: Lines of libFuzzer and atheris that nobody needs to see.
_NOISE = re.compile(r"(==\d+== )?INFO: |WARNING: Failed to find function|Dictionary: |stat::|#+ |\"|Done |$")
_EVERY = 10.0  # Seconds between two lines of progress.
_GRACE = 10.0  # Seconds to end in, once asked to.
_SLOW = 10  # Seconds that one input may take.
_LONGEST = 8192  # Bytes of an input.


class Run:
    """One run of the worker, read from what it prints."""

    def __init__(self, folders: list[Path], words: Path, findings: Path, seconds: int, runs: int) -> None:
        options = [f"-max_total_time={seconds}", f"-runs={runs or -1}", f"-max_len={_LONGEST}", f"-timeout={_SLOW}"]
        options += [f"-dict={words}", f"-artifact_prefix={findings}/", "-print_final_stats=1"]
        command = [sys.executable, "-m", "tests.fuzz.worker", *options, *map(str, folders)]
        self.started, self.shown = time.monotonic(), float("-inf")
        self.runs, self.covered, self.saved = 0, "", list[str]()
        # A session of its own: Ctrl-C comes here alone, and the worker is asked to end.
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def follow(self) -> int:
        """Show what happens until the worker ends; returns its exit code."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.read(line.rstrip("\n"))
        return self.process.wait()

    def read(self, line: str) -> None:
        if status := _STATUS.match(line):
            self.runs = int(status["runs"])
            self.covered = f"{status['edges']} edges and {status['features']} features, {status['inputs']} inputs kept"
            if time.monotonic() - self.shown > _EVERY:
                self.shown = time.monotonic()
                print(f"  {self.seconds:.0f} s: {self.runs} runs, {self.covered}", flush=True)
        elif executed := re.match(r"stat::number_of_executed_units: (\d+)", line):
            self.runs = int(executed[1])
        elif finding := _FINDING.search(line):
            self.saved.append(finding[1])
        elif not _NOISE.match(line):
            print(line, flush=True)

    def end(self) -> None:
        """Ask the worker to end and to tell its figures."""
        self.process.send_signal(signal.SIGUSR1)
        patience = threading.Timer(_GRACE, self.process.kill)
        patience.start()
        try:
            self.follow()
        finally:
            patience.cancel()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def summary(self) -> str:
        pace = self.runs / max(self.seconds, 0.001)
        found = f"{len(self.saved)} findings" if len(self.saved) != 1 else "1 finding"
        return f"fuzz: {self.runs} runs in {self.seconds:.0f} s ({pace:.0f} a second), {self.covered or 'no coverage'}, {found}"


def try_files(files: Iterable[Path]) -> int:
    """Try inputs once, without atheris; returns the exit code."""
    broken = 0
    for file in files:
        try:
            try_input(file.read_bytes())
        except OSError as error:
            print(f"fuzz: {error}", file=sys.stderr)
            return 2
        except Exception:
            traceback.print_exc()
            broken += 1
            print(f"fuzz: {file} breaks a promise")
        else:
            print(f"fuzz: {file} holds")
    return 1 if broken else 0


def fuzz(seconds: int, runs: int, kept: Path | None, findings: Path) -> int:
    """Let the worker run; returns the exit code."""
    findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="imp-fuzz-") as name:
        beginning, words = Path(name) / "corpus", Path(name) / "dictionary"
        beginning.mkdir()
        for number, data in enumerate(seeds()):
            (beginning / f"{number:04}").write_bytes(data)
        words.write_text(dictionary())
        if kept:
            kept.mkdir(parents=True, exist_ok=True)
        # libFuzzer writes what it finds worth keeping into the first folder.
        run = Run([*([kept] if kept else []), beginning], words, findings, seconds, runs)
        try:
            code = run.follow()
        except KeyboardInterrupt:
            run.end()
            code = 1 if run.saved else 0
        finally:
            run.process.kill()
    for saved in run.saved:
        print(f"fuzz: the input is {saved}; try it again with `python -m tests.fuzz {saved}`")
    if code and not run.saved:
        print(f"fuzz: the worker has failed with code {code}", file=sys.stderr)
        return 2
    print(run.summary())
    return 1 if run.saved else 0


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="an input to try once, such as a finding")
    parser.add_argument("--seconds", type=int, default=600, help="how long (default: 600; 0: without end)")
    parser.add_argument("--runs", type=int, default=0, help="how many inputs at most (default: any number)")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="keep good inputs here, and begin with those here")
    parser.add_argument(
        "--findings",
        type=Path,
        metavar="DIR",
        default=Path("tests", "fuzz", "findings"),
        help="where inputs go that break a promise (default: tests/fuzz/findings)",
    )
    options = parser.parse_args(argv)
    if options.files:
        return try_files(options.files)
    if importlib.util.find_spec("atheris") is None:
        print(_SKIPPED.format(python=platform.python_version()))
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ends it as Ctrl-C does.
    return fuzz(options.seconds, options.runs, options.corpus, options.findings)


if __name__ == "__main__":
    sys.exit(main())
