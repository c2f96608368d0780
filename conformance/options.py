"""The command line of the suite: its options, and the plan that they make."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from impwire.tables import DEFAULT_PORT, REQUIREMENTS, Role
from impwire.wire import amount

from .language.strict_yaml import InvalidFile, suggestion
from .plan import BUILT_IN, Plan
from .runs import Segmentation
from .selection import Selection, chapter
from .targets import REFERENCE, load_target, of_command

_PACKAGE = (__package__ or "conformance").rpartition("conformance")[0]
PROGRAM = f"python -m {_PACKAGE}conformance"
DEFAULT_TIMEOUT = 5.0


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    made = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Play the sessions of the Instant Messenger Protocol to a server or client and tell what is wrong with it.",
        epilog=(
            "Without a role, both roles are played to the reference programs. In a command, {host} and {port} are where "
            "to listen or connect, {name} the name of a client's user (the last word if it is not there), {dir} an empty folder, and {settings} becomes "
            "options such as --rate-burst 3; cases that ask for settings are skipped for a command without it. "
            f"`{PROGRAM} record --help` tells how to make a case of a conversation, `{PROGRAM} sessions --help` how cases "
            "become the worked sessions of protocol.txt. "
            "Exit codes: 0 all passed, 1 a failure or nothing played, 2 wrong command line or file, 130 interrupted."
        ),
    )
    made.add_argument(
        "role", nargs="?", choices=[str(role) for role in Role], help="what is under test (default: both)"
    )
    target = made.add_argument_group("target").add_mutually_exclusive_group()
    target.add_argument("--spawn", metavar="COMMAND", help='start this for the test, e.g. "./server {host} {port}"')
    target.add_argument("--connect", metavar="HOST:PORT", type=address, help="a server that runs already")
    target.add_argument("--target", metavar="FILE", type=Path, help="a target file (see TARGETS.md)")
    _selection(made.add_argument_group("selection"))
    showing = made.add_argument_group("showing instead of playing")
    showing.add_argument("--list", action="store_true", help="show the selected cases and what they prove")
    showing.add_argument(
        "--explain",
        metavar="ID",
        help="show a case as a chart, with its bytes and requirements; wildcards are allowed: 'pm/*'",
    )
    _playing(made.add_argument_group("playing"))
    _expectations(made.add_argument_group("what is known to fail"))
    _reports(made.add_argument_group("reports"))
    return made


def _selection(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-k",
        metavar="EXPRESSION",
        default="",
        help="cases whose id, role or requirement has this, e.g. 'pm and not bob'",
    )
    group.add_argument(
        "--id",
        metavar="ID",
        dest="named",
        action="append",
        default=[],
        help="this run, as a failure names it; wildcards are allowed: pm/delivered@ann, 'pm/*'",
    )
    group.add_argument(
        "--requirement",
        metavar="ID",
        type=requirement,
        action="append",
        default=[],
        help="cases that prove this requirement, e.g. NAME-3",
    )
    group.add_argument(
        "--chapter",
        metavar="CHAPTER",
        type=_chapter,
        action="append",
        default=[],
        help="cases that prove something of this chapter, by number or title: 10, names",
    )
    group.add_argument(
        "--segmentation",
        choices=[str(kind) for kind in Segmentation],
        action="append",
        default=[],
        help="only with the frames cut like this",
    )
    group.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="not these: an id or a part of the list, with wildcards, e.g. 'derived', 'time/*', '*~bytewise'",
    )
    group.add_argument("--failed-last", action="store_true", help="what failed in the last run against this target")
    group.add_argument("--cases", metavar="DIR", type=Path, help="cases of your own instead of the built-in ones")


def _playing(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        default=DEFAULT_TIMEOUT,
        help="what is due may take this long (default: 5)",
    )
    group.add_argument(
        "-n", metavar="N", type=_processes, help="processes that share the work, or auto (default: as many as pay)"
    )
    group.add_argument("--strict", action="store_true", help="a SHOULD that does not hold is a failure")
    group.add_argument("--repeat", metavar="N", type=_count, default=1, help="play everything N times")
    group.add_argument(
        "--until-failure", action="store_true", help="play everything again and again until something fails"
    )
    group.add_argument(
        "--debug-wait", action="store_true", help="wait before each case, so that a debugger can be attached"
    )
    group.add_argument("--trace", action="store_true", help="show what crossed the wire in passing cases, too")


def _expectations(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--known-failures", metavar="FILE", type=Path, help="cases that fail, with their verdicts")
    group.add_argument("--known-flaky", metavar="FILE", type=Path, help="cases that fail now and then")
    group.add_argument("--write-known-failures", metavar="FILE", type=Path, help="write what has failed as such a list")


def _reports(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--report-json", metavar="FILE", type=Path, help="the results for programs")
    group.add_argument("--report-junit", metavar="FILE", type=Path, help="the results for a build server")
    group.add_argument(
        "--report-html", metavar="FILE", type=Path, help="the results as one page with a chart for each case"
    )
    group.add_argument("--badge", metavar="FILE", type=Path, help="an SVG badge")
    group.add_argument(
        "--compare", metavar="FILE", type=Path, help="an earlier --report-json to tell the differences to"
    )
    group.add_argument(
        "--pcap", metavar="FILE", type=Path, help="what crossed the wire, for Wireshark (spec/exports/imp.lua)"
    )


def plan_of(options: argparse.Namespace, ids: tuple[str, ...] = ()) -> Plan:
    """The plan that the options make; `ids` are the only runs to be played, if there are any."""
    roles = [Role(options.role)] if options.role else list(Role)
    selection = Selection(
        requirements=tuple(options.requirement),
        chapters=tuple(options.chapter),
        segmentations=tuple(options.segmentation),
        exclude=tuple(options.exclude),
        ids=ids,
        named=tuple(options.named),
    )
    return Plan(
        targets={str(role): _target(role, options) for role in roles},
        cases=(str(options.cases or BUILT_IN),),
        selection=selection,
        timeout=options.timeout,
        repeat=options.repeat,
        strict=options.strict,
        keep_events=any((options.trace, options.pcap, options.report_html)),
        debug_wait=options.debug_wait,
        known_failures=str(options.known_failures or ""),
        known_flaky=str(options.known_flaky or ""),
        rerun=_rerun(options),
    )


def _target(role: Role, options: argparse.Namespace) -> dict[str, str]:
    if options.connect:
        return {"connect": "{}:{}".format(*options.connect)}
    if options.target:
        return {"file": str(options.target)}
    return {"spawn": options.spawn} if options.spawn else {"file": str(REFERENCE[role])}


def _rerun(options: argparse.Namespace) -> str:
    """The command line against the same target, for one case."""
    words = [PROGRAM, "{role}"]
    for name in ("spawn", "target", "cases", "known_failures", "known_flaky"):
        if value := getattr(options, name):
            words += [f"--{name.replace('_', '-')}", shlex.quote(str(value))]
    words += ["--strict"] if options.strict else []
    words += [f"--timeout {options.timeout:g}"] if options.timeout != DEFAULT_TIMEOUT else []
    words += ["--connect", "{}:{}".format(*options.connect)] if options.connect else []
    return " ".join(words)


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, HOST or PORT, for argparse."""
    host, _, port = text.rpartition(":")
    if not host and not port.isdigit():
        host, port = text, str(DEFAULT_PORT)
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def requirement(text: str) -> str:
    """The identifier of a requirement, for argparse."""
    if text.upper() not in REQUIREMENTS:
        raise argparse.ArgumentTypeError(f"unknown requirement {text!r}{suggestion(text.upper(), REQUIREMENTS)}")
    return text.upper()


def _chapter(text: str) -> str:
    try:
        return chapter(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of times")
    return int(text)


def many_processes() -> int:
    """How many processes pay: three more than there are processors, since some wait for a timer of a server."""
    return (os.cpu_count() or 1) + 3


def _unwritable(path: Path) -> str:
    """Why a report cannot be written there; empty if it can, as far as can be seen beforehand."""
    if path.is_dir():
        return "that is a folder; name a file in it"
    # Folders that are missing are made.
    place = next(place for place in (path, *path.parents) if place.exists())
    if place is not path and not place.is_dir():
        return f"{place} is no folder"
    return "" if os.access(place, os.W_OK) else f"{place} may not be written"


def _processes(text: str) -> int:
    if text == "auto":
        return many_processes()
    if not text.isdigit() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number of processes")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


_WRITTEN = ("report_json", "report_junit", "report_html", "badge", "pcap", "write_known_failures")


def check(made: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse options that do not go together, and files that cannot be written, in words."""
    for name in _WRITTEN:
        path = getattr(options, name)
        if path is not None and (reason := _unwritable(path)):
            made.error(f"--{name.replace('_', '-')} {path}: {reason}")
    if options.explain and options.k:
        made.error("--explain takes an id with wildcards, such as 'pm/*'; -k is for playing and --list")
    if (options.spawn or options.connect) and not options.role:
        made.error("say which role is under test: server or client")
    if options.target:
        _check_target(made, options)
    if options.connect and options.role == Role.CLIENT:
        made.error("a client is started for each case: use --spawn or --target")
    if options.connect and (options.n or 1) > 1:
        made.error("one server can be tested by one process only: leave out -n, or use --spawn")
    if options.debug_wait and (options.n or 1) > 1:
        made.error("--debug-wait goes with one process: leave out -n")
    if options.spawn:
        try:
            problem = of_command(Role(options.role), options.spawn).problem()
        except ValueError as error:
            problem = f"{str(error).lower()}: {options.spawn}"
        if problem:
            made.error(f"--spawn: {problem}")


def refusal(invalid: InvalidFile) -> str:
    """What is told of a file with mistakes."""
    return f"{invalid}\n{amount(len(invalid.problems), 'mistake')}; nothing was played"


def _check_target(made: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Take the role from the target file."""
    try:
        target = load_target(options.target)
    except InvalidFile as invalid:
        made.exit(2, f"{refusal(invalid)}\n")
    if options.role not in (None, target.role):
        made.error(f"{options.target} is for a {target.role}, not for a {options.role}")
    options.role = str(target.role)
    if target.address is not None and (options.n or 1) > 1:
        made.error("one server can be tested by one process only: leave out -n, or give the target file a command")
    options.n = 1 if target.address is not None else options.n
