"""What the author of a target should know and what fails no case: told once, behind the summary."""

from __future__ import annotations

import warnings

import pytest


class TargetWarning(UserWarning):
    """Something about the target that fails no case and that its author should know."""


class Notices:
    """A plugin of pytest that collects the warnings about the target, those of other processes too."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @pytest.hookimpl
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        text = str(warning_message.message)
        if issubclass(warning_message.category, TargetWarning) and text not in self.texts:
            self.texts.append(text)

    def __str__(self) -> str:
        return "".join(f"note: {text}\n" for text in self.texts)
