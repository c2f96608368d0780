"""What the actors of a case send to a server: frames, with what the steps do not say filled in as a client would."""

from __future__ import annotations

import time
from typing import Any

from impwire.tables import MAX_FRAME_BEFORE_WELCOME, PROTOCOL_VERSION, Settings

from ..language import Case, Part, Step
from ..language.values import Scope, all_constructs
from .actor import REQUESTS, Actor
from .peer import Outgoing, build
from .segments import Segmentation, is_delicate

_FENCE = Part("PING", {"nonce": 0xFE4CE})


class Speaker:
    """Knows the variables of a case and the limits that its actors were told, and makes their frames."""

    def __init__(self, case: Case, segmentation: Segmentation) -> None:
        self.case, self.segmentation = case, segmentation
        self.joining = segmentation is Segmentation.JOINED and not is_delicate(case)
        self.scope = Scope()
        self.scope.limits = {name: getattr(Settings(), name) for name in Settings.__slots__} | case.settings
        self.scope.limits["max_frame_before_welcome"] = MAX_FRAME_BEFORE_WELCOME

    def _frames(self, actor: Actor, step: Step) -> list[Outgoing]:
        """What a step sends, whether by its own words or as a fence."""
        actor.acted = time.monotonic()
        if step.verb != "sends raw":
            return [self._frame(actor, part) for part in step.parts or (_FENCE,)]
        segments = [self.scope.segment(segment) for segment in step.raw]
        if self.joining:
            segments = [b"".join(segments)]
        return [Outgoing("", data) for data in segments]

    def _frame(self, actor: Actor, part: Part) -> Outgoing:
        """The bytes of a message to be sent at once, with what the step does not say filled in."""
        constructs = all_constructs(part.message)
        fields = {**self._defaults(actor, part.message), **part.fields}
        values = {
            name: self.scope.to_send(value, constructs[name]) if name in constructs else self._header_value(name, value)
            for name, value in fields.items()
        }
        request_id = int(values.setdefault("request_id", 0))
        if part.message == "PONG":
            actor.owes_pong = False
        self.scope.variables["request"] = request_id
        if part.message in REQUESTS:
            actor.requests.append((request_id, part.message))
        return Outgoing(part.message, build(part.message, values))

    def _header_value(self, name: str, value: Any) -> Any:
        if name == "extensions":
            return [(tag, bytes.fromhex(digits)) for tag, digits in value]
        return self.scope.number(value)

    def _defaults(self, actor: Actor, message: str) -> dict[str, Any]:
        if message == "PONG" and actor.ping is not None:
            return {"nonce": actor.ping.nonce, "request_id": actor.ping.request_id}
        version = PROTOCOL_VERSION
        fields: dict[str, dict[str, Any]] = {
            "HELLO": {"min_version": version, "max_version": version, "capabilities": 0, "name": actor.name},
            "WHO": {"after": "", "limit": 0},
            "PING": {"nonce": 1},
        }
        actor.last_request_id += 1
        return {**fields.get(message, {}), "request_id": actor.last_request_id}
