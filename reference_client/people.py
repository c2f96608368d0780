"""Who is there, as far as the messages of the server tell.

What is told goes in, in order; names come out. Each public event changes the list at its place in the order, and each page
of a roster adds to it, so it is right from the first answer to a WHO on, also when people come and go between two pages.
"""

from __future__ import annotations

from impwire.messages import Joined, Left, Ok, Rename, Renamed, Roster, Welcome, Who

from .effects import Told


class People:
    """The users of one server."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._own_id = 0
        #: Whether everybody is known, and not only who has been heard of.
        self.is_complete = False

    def told(self, told: Told) -> None:
        """Take in what a message says about who is there."""
        match told.message:
            case Welcome() as welcome:
                self._own_id, self._names, self.is_complete = (
                    welcome.session_id,
                    {welcome.session_id: welcome.name},
                    False,
                )
            case Ok() if isinstance(told.answers, Rename):
                self._names[self._own_id] = told.answers.name
            case Roster() as roster if isinstance(told.answers, Who):
                self._names |= {user.session_id: user.name for user in roster.entries}
                self.is_complete = self.is_complete or (told.is_last and not roster.more)
            case Joined(who=who):
                self._names[who.session_id] = who.name
            case Renamed(who=who, new_name=new_name):
                self._names[who.session_id] = new_name
            case Left(who=who):
                self._names.pop(who.session_id, None)

    @property
    def names(self) -> list[str]:
        """All of them, one's own included, in the order of the alphabet whatever the case of the letters."""
        return sorted(self._names.values(), key=str.lower)
