"""Generate the codecs, tables and document of a protocol from its YAML, check the YAML, compare two versions of it.

Exit codes: 0 done; 1 `--check` found files that differ, `lint` a rule that is broken, or `diff` a break on the wire; 2 the
spec cannot be read or the command line is wrong.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .generate import differences, emit, write
from .load import load
from .support.strict_yaml import InvalidFile

_DESCRIPTION = "Generate the codecs, tables and document of a protocol from its YAML."
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
        print(f"{invalid}\n{count} mistake{'s' * (count > 1)} in the spec; nothing was written", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument(
        "--spec", type=Path, help="the YAML to read (default: the one in spec/ with a section 'protocol')"
    )
    parser.add_argument("--root", type=Path, default=Path("."), help="where the generated files go (default: here)")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 with a diff if a file is out of date"
    )
    parser.set_defaults(run=_generate)
    return parser


def _generate(options: argparse.Namespace) -> int:
    path = options.spec or _only_spec()
    if path is None:
        return _no_spec()
    files = emit(load(path))
    if options.check:
        return _check(files, options.root)
    changed = write(files, options.root)
    for path in changed:
        print(f"wrote {path}")
    if not changed:
        print(f"{len(files)} generated files are up to date")
    return 0


def _check(files: dict[Path, str], root: Path) -> int:
    diff = differences(files, root)
    if not diff:
        print(f"{len(files)} generated files are up to date")
        return 0
    print(diff, end="")
    print("generated files differ from the spec; run `python -m codegen`", file=sys.stderr)
    return 1


def _only_spec() -> Path | None:
    """The spec of the project in the working directory, if there is just one."""
    found = [
        path for path in sorted(Path("spec").glob("*.yaml")) if "\nprotocol:" in "\n" + path.read_text(encoding="utf-8")
    ]
    return found[0] if len(found) == 1 else None


def _no_spec() -> int:
    print("no YAML with a section 'protocol' stands in spec/; name one with --spec", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
