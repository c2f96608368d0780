"""Several processes, each with a bench of its own, that try changes side by side."""

from __future__ import annotations

import compileall
import multiprocessing
import multiprocessing.util
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from impwire.tables import Role

from .bench import STOP, Bench, Outcome, all_runs, make_copy
from .data import PACKAGES, ROOT


class Task(NamedTuple):
    """A change to try, and what it breaks. Without `all_cases` only the cases that prove that are played; `first` are
    the ids of runs to begin with."""

    side: Role
    file: str
    changed: str
    breaks: tuple[str, ...] = ()
    all_cases: bool = False
    first: tuple[str, ...] = ()
    every: bool = False


class Crew:
    """Tries tasks; made by `crew`."""

    def __init__(self, pool: ProcessPoolExecutor, size: int) -> None:
        self._pool, self._size = pool, size

    def results(self, tasks: Iterable[Callable[[], Task]]) -> Iterator[tuple[int, Outcome]]:
        """The outcome of each task and its number, in the order in which they are ready. A task is made when it is begun."""
        waiting, begun = enumerate(tasks), dict[Future[Outcome], int]()
        while True:
            while len(begun) < self._size and (following := next(waiting, None)):
                begun[self._pool.submit(_try, following[1]())] = following[0]
            if not begun:
                return
            for done in wait(begun, return_when=FIRST_COMPLETED).done:
                yield begun.pop(done), done.result()


@contextmanager
def crew(size: int, timeout: float, cases: Iterable[Path] = ()) -> Iterator[Crew]:
    """So many processes with what they need. What they have started ends with them, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="imp-mutants-") as name:
        folder = Path(name)
        original = make_copy(ROOT, folder / "original")
        for package in PACKAGES:
            compileall.compile_dir(original / package, quiet=1)
        context = multiprocessing.get_context("spawn")
        arguments = (folder, original, timeout, tuple(cases))
        pool = ProcessPoolExecutor(size, mp_context=context, initializer=_begin, initargs=arguments)
        try:
            yield Crew(pool, size)
        finally:
            (folder / STOP).touch()
            pool.shutdown(cancel_futures=True)


_bench: Bench | None = None


def _begin(folder: Path, original: Path, timeout: float, cases: tuple[Path, ...]) -> None:
    """Set up one of the processes."""
    global _bench
    # Ctrl-C comes to all; the one that has asked for the work ends it in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever a process leaves behind goes with the folder.
    tempfile.tempdir = str(folder)
    _bench = Bench(folder, original, all_runs(cases), timeout)
    multiprocessing.util.Finalize(None, _bench.close, exitpriority=10)


def _try(task: Task) -> Outcome:
    assert _bench is not None
    breaks = () if task.all_cases else task.breaks
    runs = _bench.runs(task.side, breaks)
    rank = {run: number for number, run in enumerate(task.first)}
    runs.sort(key=lambda run: rank.get(run.id, len(rank)))
    return _bench.try_change(task.side, task.file, task.changed, runs, breaks=breaks, every=task.every)
