"""Generate the codecs, tables and document of a protocol from its YAML, check the YAML, compare two versions of it.

Exit codes: 0 done; 1 `--check` found files that differ, `lint` a rule that is broken, or `diff` a break on the wire; 2 the
spec cannot be read or the command line is wrong.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from .diff.report import breaks_the_wire, changes, report
from .diff.report import rules as diff_rules
from .generate import beginnings, differences, emit, foreign, write
from .lint.checks import check
from .lint.rules import ERRORS, LINT, RULES
from .load import load, load_with_source
from .support.strict_yaml import InvalidFile

# How it was called: by the name under which it is installed, or as a module.
_CALLED = Path(sys.argv[0]).name
_PROGRAM = _CALLED if "codegen" in _CALLED else f"python -m {__package__}"
_DESCRIPTION = "Generate the codecs, tables and document of a protocol from its YAML."
_LINT = """\
Check a spec against all rules and write nothing. Every mistake is a line, `file:line:column: what is wrong [rule]`; the
last line tells how many there are. Exit codes: 0 none; 1 lint rules are broken, the spec is sound; 2 the spec cannot be
loaded.
"""
_DIFF = """\
Compare two versions of a spec. Every change is a line, `rule  place: what became of what`, below the worst that it does:
it breaks peers on the wire (a program of one version refuses or mistakes what one of the other sends), breaks sources
(programs that use the generated code have to be changed), changes behaviour, or is harmless. The last line counts them.
Exit codes: 0 no change breaks peers on the wire; 1 some do; 2 a spec cannot be loaded or the command line is wrong.
"""
_EPILOG = """\
Without a command, files are generated. `lint --help` and `diff --help` tell of the others. How to write a spec for a
protocol of your own stands in codegen/README.md.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(options))
    except InvalidFile as invalid:
        count = len(invalid.problems)
        print(f"{invalid}\n{count} mistake{'s' * (count > 1)} in the spec; {options.without}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stdout = None  # The reader has seen enough.
        return 0
    except OSError as error:
        print(f"cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_PROGRAM, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "--spec", type=Path, help="the YAML to read (default: the one in spec/ with a section 'protocol')"
    )
    parser.add_argument("--root", type=Path, default=Path("."), help="where the generated files go (default: here)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 with a diff if a file is out of date"
    )
    parser.set_defaults(run=_generate, without="nothing was written")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    lint = commands.add_parser("lint", help="check a spec against all rules; write nothing", description=_LINT)
    lint.add_argument(
        "file", metavar="SPEC", nargs="?", type=Path, help="the YAML to check (default: the one in spec/)"
    )
    lint.add_argument("--rules", action="store_true", help="list all rules with what they ask for")
    lint.set_defaults(run=_lint)
    diff = commands.add_parser(
        "diff",
        help="compare two versions of a spec",
        description=_DIFF,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    diff.add_argument("old", metavar="OLD", type=Path, help="the YAML of the earlier version")
    diff.add_argument("new", metavar="NEW", type=Path, help="the YAML of the later version")
    diff.add_argument("--rules", action="version", version=diff_rules(), help="list all rules with what they mean")
    diff.set_defaults(run=_diff, without="nothing was compared")
    return parser


def _generate(options: argparse.Namespace) -> int:
    path = options.spec or _only_spec()
    if path is None:
        return _no_spec()
    spec = load(path)
    files = emit(spec)
    if options.check:
        return _check(files, options.root)
    if others := foreign(files, options.root):
        print(f"{', '.join(map(str, others))}: not made by codegen; nothing was written", file=sys.stderr)
        print("move what stands there away, or name another package or document in `outputs`", file=sys.stderr)
        return 2
    once = {path: text for path, text in beginnings(spec).items() if not (options.root / path).exists()}
    changed = write(files | once, options.root)
    for path in changed:
        print(f"wrote {path}")
    if not changed:
        print(f"{len(files)} generated files are up to date")
    return 0


def _lint(options: argparse.Namespace) -> int:
    if options.rules:
        print(_rules_text())
        return 0
    path = options.file or options.spec or _only_spec()
    if path is None:
        return _no_spec()
    try:
        spec, source = load_with_source(path)
        problems, more = check(spec, source), ""
    except InvalidFile as invalid:
        problems, more = invalid.problems, "; what else there is shows once the spec can be loaded"
    if not problems:
        print(f"{source.names[0]}: {len(RULES)} rules hold")
        return 0
    print(problems.report())
    count = len(set(problems))
    print(f"{count} mistake{'s' * (count > 1)}{more}")
    return 2 if more else 1


def _diff(options: argparse.Namespace) -> int:
    found = changes(load(options.old), load(options.new))
    print(report(found), end="")
    return int(breaks_the_wire(found))


def _rules_text() -> str:
    lines = []
    for title, rules in (("Without these a spec cannot be loaded:", ERRORS), ("These a sound spec can break:", LINT)):
        lines += [title, ""]
        for rule, sentence in rules.items():
            lines.append(textwrap.fill(f"  {rule:22}{sentence}", 110, subsequent_indent=" " * 24))
        lines.append("")
    return "\n".join(lines).rstrip()


def _check(files: dict[Path, str], root: Path) -> int:
    diff = differences(files, root)
    if not diff:
        print(f"{len(files)} generated files are up to date")
        return 0
    print(diff, end="")
    print(f"generated files differ from the spec; run `{_PROGRAM}`", file=sys.stderr)
    return 1


def _only_spec() -> Path | None:
    """The spec of the project in the working directory, if there is just one."""
    found = [
        path
        for path in sorted(Path("spec").glob("*.yaml"))
        if "\nprotocol:" in "\n" + path.read_text(encoding="utf-8", errors="replace")
    ]
    return found[0] if len(found) == 1 else None


def _no_spec() -> int:
    print("no YAML with a section 'protocol' stands in spec/; name one with --spec", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
