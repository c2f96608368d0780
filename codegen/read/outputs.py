"""The section `outputs` of a spec: which files are generated, as paths below the root of the project."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import PurePosixPath

from ..support.strict_yaml import Mapping, Node
from .source import Source

SUPPORT = ("strict_yaml",)
#: The modules of every generated package.
MODULES = ("__init__", "messages", "codecs", "twins", "tables", "wire", "constructs", "codec", "framing")
# A package of such a name, at the top, would hide the one that generated code imports.
_TAKEN = sys.stdlib_module_names | {"construct", "yaml"}


def read_outputs(source: Source) -> tuple[str, str, str, dict[str, str]]:
    """The folder of the package, the document, the folder of the exports, and the paths of the support modules."""
    outputs = source.section("outputs", {}).mapping(("package",), ("document", "exports", "support"))
    for _, place, _ in outputs.entries("support"):
        place.one_of(SUPPORT, "support module")
    package = outputs.string("package")
    files: dict[PurePosixPath, str] = {}
    if isinstance(outputs.at("package").value, str) and not _package_problem(outputs.at("package"), package):
        files = {PurePosixPath(package) / f"{module}.py": "a module of the package" for module in MODULES}
    document = _file(outputs, "document", source, files)
    support = outputs.get("support")
    copies = support.mapping(optional=support.keys) if support else None
    modules = {key: _file(copies, key, source, files) for key in copies} if copies else {}
    return package, document, _file(outputs, "exports", source, files), modules


def _package_problem(node: Node, package: str) -> bool:
    """Report a folder that is none, or whose modules nobody could import."""
    parts = PurePosixPath(package).parts
    wrong = next((part for part in parts if not part.isidentifier() or keyword.iskeyword(part)), "")
    top = parts[1] if parts[:1] == ("src",) and len(parts) > 1 else "".join(parts[:1])
    text = ""
    if not parts or package.startswith("/") or ".." in parts or "\\" in package:
        text = f"'{package}' is no folder below the root; write one such as lamp or src/lamp"
    elif re.fullmatch(r"\w+(\.\w+)+", wrong):
        text = f"'{package}' cannot be imported; for a package within another write {package.replace('.', '/')}"
    elif wrong:
        other = f"{wrong}_" if keyword.iskeyword(wrong) else re.sub(r"\W", "_", wrong)
        other = other if other.isidentifier() else f"_{other}"
        text = f"'{package}' cannot be imported; write {package.replace(wrong, other)}"
    elif top in _TAKEN:
        text = f"a package '{top}' would hide Python's own or one that it needs; write another name, such as my_{top}"
    if text:
        node.problem(text, "bad-output")
    return bool(text)


def _file(entry: Mapping, key: str, source: Source, files: dict[PurePosixPath, str]) -> str:
    """The path at the key, which joins the files before it."""
    node = entry.get(key)
    if node is None or not isinstance(node.value, str):
        return "" if node is None else node.string()
    path, text = PurePosixPath(node.value), ""
    if not path.parts or path.is_absolute() or ".." in path.parts or re.search(r"\\|^\w:|/$", node.value):
        text = f"'{node.value}' is no file below the root; write a path such as docs/lamp.txt"
    elif any(file.resolve().parts[-len(path.parts) :] == path.parts for file in source.paths):
        text = f"'{node.value}' is a file of the spec itself, which would be overwritten; write another name"
    else:
        for other, what in files.items():
            if path == other:
                text = f"'{node.value}' is {what} already; write another name"
            elif path in other.parents or other in path.parents:
                text = f"'{node.value}' cannot be there beside '{other}': one is a file where the other needs a folder"
    if text:
        node.problem(text, "bad-output")
    else:
        files[path] = f"the file of '{key}'"
    return node.value
