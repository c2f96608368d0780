"""Names that are free, and the members of a type under such names."""

from __future__ import annotations

import keyword
import re
from typing import Any

from ..python_syntax import class_name

#: The names of Kaitai's own types.
_BUILT_IN = re.compile(r"strz?|b\d+|[usf]\d")

#: A mapping of the grammar. Those of enumerations and cases have numbers for keys.
Node = dict[Any, Any]


class Names:
    """Names of one scope. Kaitai makes classes of some of them, so two may not differ in underscores alone."""

    def __init__(self, *taken: str) -> None:
        self._taken = {class_name(name) for name in taken}

    def new(self, wish: str) -> str:
        """The wish, or one like it that is free."""
        name, number = f"{wish}_" if keyword.iskeyword(wish) or _BUILT_IN.fullmatch(wish) else wish, 1
        while class_name(name) in self._taken:
            number += 1
            name = f"{wish}_{number}"
        self._taken.add(class_name(name))
        return name


class Members:
    """The attributes of one type, with the counts that Kaitai wants as attributes of their own."""

    def __init__(self, *own: str) -> None:
        """`own` are the names of the type's fields, which no count may take."""
        self._own, self._names = own, Names(*own)
        self.seq: list[Node] = []
        self.instances: Node = {}

    def add(self, name: str, **keys: Any) -> str:
        """Append an attribute, without the keys that have no value. Returns the name that it got."""
        name = name if name in self._own else self._names.new(name)
        self.seq.append({"id": name, **{key.replace("_", "-"): value for key, value in keys.items() if value != ""}})
        return name

    def look_again(self, name: str, size: str, type_: str) -> str:
        """Read the last attribute, of so many bytes, as a value of a second type. Returns the name that this gets."""
        name = self._names.new(f"form_of_{name}")
        # The compiler warns of a bare count that is not called after the attribute; this one has another already.
        self.instances[name] = {"pos": f"_io.pos - {size}", "size": f"{size} + 0", "type": type_}
        return name
