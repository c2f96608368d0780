"""What a client is told: the frames of a server, with what the steps do not say filled in as a server would."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from impwire import messages as m
from impwire.codecs import NAME_TYPE
from impwire.tables import PROTOCOL_VERSION, Settings
from impwire.wire import Message

from ..language import Case, Part, Step
from ..language.values import CONDITIONS, Scope, field_constructs
from .actor import ANSWERS

_PUBLIC = {"CHAT", "JOINED", "LEFT", "RENAMED"}
_SERVER_NAME = "suite"


class Teller:
    """Knows what a server would know of the case: its variables, who is there, and which requests wait for a reply."""

    def __init__(self, case: Case, actor: str) -> None:
        self.case, self.actor = case, actor
        self.scope = Scope()
        self.scope.limits = {name: getattr(Settings(), name) for name in Settings.__slots__} | case.settings
        self.users: dict[str, m.User] = {}
        self.requests: list[Message] = []
        self.seq = 0
        self.pings = 0

    def _answered(self, values: dict[str, Any]) -> Message | None:
        request_id = values["request_id"]
        if self.requests and self.requests[0].request_id == request_id:  # type: ignore[attr-defined]
            return self.requests.pop(0)
        return None

    def _values(self, part: Part) -> dict[str, Any]:
        """The fields of a message of the server, with what the step does not say as a server would fill it in."""
        constructs = field_constructs(part.message)
        given = part.fields
        values = {name: self._value(part.message, name, value) for name, value in given.items() if name in constructs}
        for name in constructs:
            if name not in values:
                values[name] = self._default(part.message, name)
        # The header comes last: the request_id of a PING is that of its nonce.
        for name, value in given.items():
            if name not in constructs:
                values[name] = self._value(part.message, name, value)
        values.setdefault("request_id", self._request_id(part.message))
        return values

    def _value(self, message: str, name: str, value: Any) -> Any:
        """What a step says of a field, as it is sent."""
        construct = field_constructs(message).get(name)
        if name == "who" and isinstance(value, dict):
            return self._user(value)
        if name == "entries" and isinstance(value, list):
            items = getattr(construct, "item", None)
            return tuple(
                self._user(item) if isinstance(item, dict) else self.scope.to_send(item, items) for item in value
            )
        if name == "extensions":
            return [(tag, bytes.fromhex(digits)) for tag, digits in value]
        if isinstance(value, dict) and any(key in value for key in CONDITIONS):
            return self._meeting(value, message, name)
        if self.scope.is_free(value):
            self.scope.variables[value[1:]] = self._default(message, name)
            return self.scope.variables[value[1:]]
        return self.scope.number(value) if construct is None else self.scope.to_send(value, construct)

    def _meeting(self, conditions: dict[str, Any], message: str, name: str) -> Any:
        """A value that meets the conditions: the usual one where it does, so that ORD-3 holds, else the bound named."""
        usual = self._default(message, name)
        if not self.scope.difference(conditions, usual, field_constructs(message).get(name)):
            return usual
        bound = conditions.get("at least", conditions.get("at most"))
        return usual if bound is None else self.scope.number(bound)

    def _user(self, fields: dict[str, Any]) -> m.User:
        """A user of whom a step tells only the name, or only the session."""
        known = {user.name: user for user in self.users.values()}
        name = str(self.scope.to_send(fields.get("name", "nobody"), NAME_TYPE))
        session_id = self.scope.number(fields["session_id"]) if "session_id" in fields else None
        user = known.get(name) or m.User(session_id=len(self.users) + 100, name=name)
        return user if session_id is None else replace(user, session_id=session_id)

    def _default(self, message: str, name: str) -> Any:
        """The value of a field that the step does not give."""
        if name in Settings.__slots__:
            return self.scope.limits[name]
        if name == "seq":
            # ORD-3: every public event takes the next number; an OK bears that of the event that the request caused.
            public = message in _PUBLIC or message in ("WELCOME", "NOTICE")
            if public or (message == "OK" and self.requests and isinstance(self.requests[0], (m.Say, m.Rename))):
                self.seq += 1
                return self.seq
            return 0
        if name == "time":
            return time.time_ns() // 1_000_000
        if name == "request_type":
            return self.requests[0].TYPE if self.requests else 0
        if name == "entries":
            return tuple(sorted(self.users.values(), key=lambda user: user.name.lower()))
        if name == "request_id":
            return self._request_id(message)
        if name == "nonce":
            self.pings += message == "PING"
            return self.pings
        fixed = {"version": PROTOCOL_VERSION, "capabilities": 0, "session_id": 1, "name": self.actor}
        fixed |= {"server_name": _SERVER_NAME, "retry_after_ms": 0, "detail": "", "more": False}
        fixed |= {"scope": m.NoticeScope.ALL, "flags": 0}
        fixed["who"] = next((user for key, user in self.users.items() if key != self.actor), None)
        return fixed.get(name)

    def _request_id(self, message: str) -> int:
        if message == "PING":
            return self.pings
        if message in ANSWERS and self.requests:
            return int(self.requests[0].request_id)  # type: ignore[attr-defined]
        return 0

    def _raw(self, step: Step) -> bytes:
        return b"".join(map(self.scope.segment, step.raw))
