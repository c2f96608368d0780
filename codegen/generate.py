"""What is generated: every output file of a spec, and the comparison of those with the files on disk."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from .emit.document import protocol_html, protocol_txt
from .emit.kaitai import kaitai
from .emit.python_codecs import codecs
from .emit.python_messages import messages
from .emit.python_syntax import support_module
from .emit.python_tables import tables
from .emit.python_twins import twins
from .emit.spec_schema import spec_schema
from .emit.vectors_json import vectors_json
from .emit.wireshark import wireshark
from .model import Spec

_SUPPORT = Path(__file__).parent / "support"
#: How a generated file begins: with the line that says so, or as a document does, in its abstract.
_GENERATED = re.compile(
    r"(?:#|--) (Generated from \S+|A copy of codegen/support/\w+\.py, made) by `python -m codegen`"
    r"|(?s:.{0,4000}?)\bGenerated\s+from\s+\S+\s+by\s+`python\s+-m\s+codegen`;\s+change\s+the\s+spec"
)
#: The support modules that stand in every generated package.
_RUNTIME = ("wire", "constructs", "codec", "framing")


def emit(spec: Spec) -> dict[Path, str]:
    """Every generated file by its path below the root of the project. Pure but for reading the support modules."""
    package = Path(spec.package)
    files = {
        package / "messages.py": messages(spec),
        package / "codecs.py": codecs(spec),
        package / "twins.py": twins(spec),
        package / "tables.py": tables(spec),
    }
    if spec.document:
        files[Path(spec.document)] = protocol_txt(spec)
    if spec.exports:
        files |= {Path(spec.exports) / name: text for name, text in _exports(spec).items()}
    for name, target in ({name: f"{package}/{name}.py" for name in _RUNTIME} | spec.support).items():
        source = (_SUPPORT / f"{name}.py").read_text(encoding="utf-8")
        files[Path(target)] = support_module(name, source)
    return files


def _exports(spec: Spec) -> dict[str, str]:
    """What other tools read, by file name."""
    short = spec.short.lower()
    return {
        "vectors.json": vectors_json(spec),
        f"{short}.ksy": kaitai(spec),
        f"{short}.lua": wireshark(spec),
        f"{short}.schema.json": spec_schema(spec),
        f"{Path(spec.document).stem or short}.html": protocol_html(spec),
    }


def beginnings(spec: Spec) -> dict[Path, str]:
    """Files that make the package one for Python and type checkers. They are written once and then belong to the user."""
    package = Path(spec.package)
    return {package / "__init__.py": f'"""The {spec.name}."""\n', package / "py.typed": ""}


def foreign(files: dict[Path, str], root: Path) -> list[Path]:
    """The files in whose place something stands that was not generated."""
    found = []
    for path in files:
        target = root / path
        text = target.read_text(encoding="utf-8", errors="replace") if target.is_file() else ""
        if text.strip() and not _GENERATED.match(text):
            found.append(path)
    return found


def write(files: dict[Path, str], root: Path) -> list[Path]:
    """Write the files that differ from what stands below root; returns their paths."""
    changed = []
    for path, text in files.items():
        target = root / path
        if not target.exists() or target.read_bytes() != text.encode():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
            changed.append(path)
    return changed


def differences(files: dict[Path, str], root: Path) -> str:
    """A unified diff from the files on disk to what they should be; empty if there is none."""
    diff: list[str] = []
    for path, text in files.items():
        target = root / path
        found = target.read_bytes().decode(errors="replace") if target.exists() else ""
        diff += difflib.unified_diff(
            found.splitlines(keepends=True), text.splitlines(keepends=True), f"{path} (on disk)", f"{path} (generated)"
        )
    return "".join(diff)
