"""Cases that follow from the spec: nobody has to write them, and none is forgotten.

The tables and constructs of impwire say what there is to be tried; the oracle says what is due on it.
"""

from __future__ import annotations

from ..language import Case
from . import client, combinations, header, layout, limits, states, values

#: A module for each family.
FAMILIES = (layout, header, values, states, limits, combinations, client)


def derived_cases() -> list[Case]:
    """All of them, in a fixed order."""
    return [case for family in FAMILIES for case in family.cases()]
