"""Changes at single places of the reference server, whatever they mean.

A place is a comparison, a number, a condition, a link of conditions, a statement or the beginning of a function. Each change
is put through all cases until one fails, beginning with those that have caught a change of the same function, then of the
same module. What survives is equivalent, cannot be seen from outside, or shows that a case is missing.
Statements that only write to the log are left out: no case can see them.
"""

from __future__ import annotations

import ast
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from impwire.tables import Role

from .bench import NOT_STARTED
from .crew import Crew, Task
from .data import ROOT

#: The modules that are changed. What only starts the program or names things is left out.
MODULES = (
    "addresses",
    "bans",
    "commands",
    "console",
    "delivery",
    "fanout",
    "link",
    "listener",
    "outbox",
    "peers",
    "ratelimit",
    "server",
    "service",
    "storage",
)

_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
#: How many runs that have caught something like it are tried first.
_FIRST = 40


class Site(NamedTuple):
    """One change: in which function, where, what stood there, what stands there now, and the whole changed module."""

    module: str
    function: str
    line: int
    before: str
    after: str
    changed: str

    def __str__(self) -> str:
        return f"reference_server/{self.module}.py:{self.line}: {self.function}: {self.before}  ->  {self.after}"


def sites_of(module: str, source: str) -> Iterator[Site]:
    """Every change of a module, in the order of the places."""
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node, after in _changes_in(function):
                before = ast.get_source_segment(source, node) or ""
                changed = _replaced(source, node, after)
                yield Site(module, function.name, node.lineno, _brief(before), _brief(after), changed)


def _changes_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if len(body) > 1 and not _logs(body[0]):
        yield body[0], f"return  # {ast.unparse(body[0]).splitlines()[0]}"
    for statement in body:
        yield from _changes_of(statement)


def _changes_of(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """The changes of a node and of all below it, but for functions within functions, which come by themselves."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or _logs(node):
        return
    match node:
        case ast.Compare(ops=[operator]):
            yield node, ast.unparse(ast.Compare(node.left, [_OTHER[type(operator)]()], node.comparators))
        case ast.BoolOp():
            other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
            yield node, f"({ast.unparse(ast.BoolOp(other, node.values))})"
        case ast.Constant(value=bool()):
            yield node, str(not node.value)
        case ast.Constant(value=int(number) | float(number)):
            yield node, str(number + 1)
            yield node, f"({number - 1})"
        case ast.UnaryOp(op=ast.Not()):
            yield node, f"({ast.unparse(node.operand)})"
        case ast.If() | ast.While() | ast.IfExp():
            yield node.test, f"(not ({ast.unparse(node.test)}))"
    match node:
        case ast.Expr(value=ast.Call()) | ast.Assign() | ast.AugAssign() | ast.Return() | ast.Raise() | ast.Delete():
            yield node, "pass"
        case ast.Continue() | ast.Break():
            yield node, "pass"
    for child in ast.iter_child_nodes(node):
        yield from _changes_of(child)


def _logs(node: ast.AST) -> bool:
    """Whether a statement does nothing but write to the log."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    called = ast.unparse(node.value.func)
    return called.endswith(".log") or "._log." in called


def _replaced(source: str, node: ast.expr | ast.stmt, after: str) -> str:
    """The source with the text of a node replaced. What `ast` counts are bytes of UTF-8."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = source.encode().splitlines(keepends=True)
    head = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    tail = lines[node.end_lineno - 1][node.end_col_offset :] + b"".join(lines[node.end_lineno :])
    return (head + after.encode() + tail).decode()


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"


def search(workers: Crew, modules: Iterable[str], sample: int | None, seed: int, until: float) -> int:
    """Try the changes of the modules, or a sample of them, and show those that no case notices; returns the exit code."""
    sites = [
        site
        for module in modules
        for site in sites_of(module, (ROOT / "reference_server" / f"{module}.py").read_text(encoding="utf-8"))
    ]
    random.Random(seed).shuffle(sites)
    chosen = sites[:sample]
    caught_by: dict[tuple[str, str], Counter[str]] = {}
    counts: Counter[str] = Counter()
    for number, outcome in workers.results(_tasks(chosen, caught_by, until)):
        site = chosen[number]
        if outcome.catches:
            run = outcome.catches[0].run
            for place in ((site.module, site.function), (site.module, ""), ("", "")):
                caught_by.setdefault(place, Counter())[run] += 1
        if outcome.catches:
            counts["caught"] += 1
        elif outcome.problem.startswith(NOT_STARTED):
            counts["do not start"] += 1
        else:
            counts["undecided" if outcome.problem else "survive"] += 1
            print(f"{site}{f': {outcome.problem}' if outcome.problem else ''}", flush=True)
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    print(f"{len(sites)} changes; of {counts.total()} tried: {told}")
    return 0


def _tasks(chosen: list[Site], caught_by: dict[tuple[str, str], Counter[str]], until: float) -> Iterator[partial[Task]]:
    for site in chosen:
        if time.monotonic() > until:
            return
        yield partial(_task, site, caught_by)


def _task(site: Site, caught_by: dict[tuple[str, str], Counter[str]]) -> Task:
    first: dict[str, None] = {}
    for place in ((site.module, site.function), (site.module, ""), ("", "")):
        first |= dict.fromkeys(run for run, _ in caught_by.get(place, Counter()).most_common(_FIRST))
    return Task(Role.SERVER, f"reference_server/{site.module}.py", site.changed, all_cases=True, first=tuple(first))
