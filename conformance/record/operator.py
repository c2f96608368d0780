"""What the operator must have typed: the wire shows only what came of it."""

from __future__ import annotations

from impwire import messages as m
from impwire.wire import Message


def typed_line(effect: Message | None, name: str) -> str | None:
    """The line at the console that makes a server send this to the user of that name; None if it cannot be known."""
    words: list[str] = []
    if isinstance(effect, m.Notice):
        words = ["/all"] if effect.scope == m.NoticeScope.ALL else ["/pm", name]
        words.append(effect.text)
    elif isinstance(effect, m.Goodbye):
        words = ["/kick" if effect.code == m.GoodbyeCode.KICKED else "/ban", name]
        words += [effect.detail] if effect.detail else []
    elif isinstance(effect, m.Left):
        words = ["/kick" if effect.reason == m.LeftReason.KICKED else "/ban", effect.who.name]
    typable = all(word and word == word.strip() and word.isprintable() for word in words)
    return " ".join(words) if words and typable else None
