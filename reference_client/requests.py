"""Whether a request may be sent to the server of a WELCOME (TEXT-5), and the words for why not.

A message goes in whose request_id is not set yet; nothing comes out, or `InvalidRequest` is raised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from impwire import EncodeError, Message
from impwire.codecs import encode
from impwire.messages import Hello, Welcome
from impwire.tables import FAILURES, LEGAL, REPLIES, Role, State

from .display import harmless
from .errors import InvalidRequest

#: For each string that a client sends, the limit in WELCOME that bounds its bytes, and the code for more (REQ-6).
_LIMITS = {
    "text": ("max_text", "TEXT_TOO_LONG"),
    "to": ("max_name", "NAME_INVALID"),
    "name": ("max_name", "NAME_INVALID"),
    "after": ("max_name", "NAME_INVALID"),
}


def numbered(request: Message, request_id: int) -> Message:
    """The same request with its request_id. It has no flags, since this version defines none (EXT-1)."""
    with_id: Any = request
    numbered: Message = replace(with_id, request_id=request_id)
    return numbered


def check(request: Message, welcome: Welcome) -> None:
    """Raises `InvalidRequest` if the server would have to refuse the request for its form, and TypeError for none."""
    if type(request) not in REPLIES or (Role.CLIENT, State.ACTIVE, type(request)) not in LEGAL:
        raise TypeError(f"{request.NAME} is no request that a client has at this point")
    for field, (limit, code) in _LIMITS.items():
        size = len(getattr(request, field, "").encode(errors="surrogatepass"))
        if size > getattr(welcome, limit):
            # TEXT-3, TEXT-5: the bound is in bytes, and this server may have set it lower than the type does.
            raise _invalid(code, f"{size} bytes; this server takes {getattr(welcome, limit)}")
    try:
        encode(numbered(request, 1))  # FRAME-4: whatever this takes is far smaller than the least max_frame (LIM-7).
    except EncodeError as error:
        raise _invalid(error.code, error.reason) from None


def check_name(hello: Hello) -> None:
    """Raises `InvalidRequest` if no server may take the name of this HELLO (NAME-1)."""
    try:
        encode(numbered(hello, 1))
    except EncodeError as error:
        raise _invalid(error.code, error.reason, f'"{hello.name}": ') from None


def _invalid(code: str, reason: str, what: str = "") -> InvalidRequest:
    return InvalidRequest(code, harmless(f"{what}{FAILURES[code].says} ({reason})"))
