"""The case language: sessions in YAML, checked before they are played (README.md beside this folder explains it)."""

from .case import Case, Part, Step, Worked, typed_line
from .load import load_cases
from .strict_yaml import InvalidFile
from .verbs import CONSOLE, CONSOLE_VERBS, SERVER, SERVER_VERBS, VERBS

__all__ = [
    "CONSOLE",
    "CONSOLE_VERBS",
    "SERVER",
    "SERVER_VERBS",
    "VERBS",
    "Case",
    "InvalidFile",
    "Part",
    "Step",
    "Worked",
    "load_cases",
    "typed_line",
]
