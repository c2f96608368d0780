"""Limits: one less, exactly, and one more, on servers that are set so that it can be seen in few frames.

(The limits of texts and names as they are by default are tried in `values`, the lengths of frames in `header`.)
"""

from __future__ import annotations

from collections.abc import Iterator

from impwire import messages as m
from impwire.codecs import CODECS, CURSOR_TYPE, NAME_TYPE, TEXT_TYPE
from impwire.tables import LIMITS, TIMERS, State

from ..language import Case
from .oracle import costs
from .samples import assembled, body_of, client_messages, home, padded, sample_frame
from .script import WATCHER, Script, called

_PING = m.Ping.NAME


def cases() -> Iterator[Case]:
    yield from _announced()
    yield from _strings()
    yield from _frames()
    yield from _tries()
    yield from _rate()
    yield from _pages()


def _announced() -> Iterator[Case]:
    """Every limit and timer in WELCOME is the one that was set."""
    known = LIMITS | TIMERS
    other = {name: limit.default + (1 if limit.default < limit.maximum else -1) for name, limit in known.items()}
    for what, words, settings in (
        ("one-off", "one off the default", other),
        ("greatest", "the greatest", {name: limit.maximum for name, limit in known.items()}),
    ):
        script = Script(State.CONNECTED, settings=settings).sends("HELLO")
        script.announced()
        subject = f"A HELLO to a server whose limits and timers are all {words}"
        yield script.case(f"limits/welcome/{what}", subject, "WELCOME-1", first=True)


def _strings() -> Iterator[Case]:
    """max_text and max_name at their least: every field that they bind, at -1, 0 and +1 (REQ-6)."""
    for limit, bound in (("max_text", (TEXT_TYPE,)), ("max_name", (NAME_TYPE, CURSOR_TYPE))):
        least = LIMITS[limit].minimum
        for message in client_messages():
            for member in CODECS.by_name[message].fields:
                if member.subcon not in bound:
                    continue
                script = Script(home(message), settings={limit: least})
                sizes = ("+ 1", "- 1") if home(message) is State.CONNECTED else ("- 1", "", "+ 1")
                for more in sizes:
                    script.sends(message, **{member.name: {"bytes": f"{limit} {more}".strip()}})
                yield script.case(
                    f"limits/{message.lower()}/{member.name}-{limit.replace('_', '-')}",
                    f"{message} with a {called(member.name)} of {limit} {sizes[-1]} bytes where {limit} is {least}",
                    "REQ-6",
                    first=True,
                )


def _frames() -> Iterator[Case]:
    least = LIMITS["max_frame"].minimum
    script = Script(settings={"max_frame": least})
    for more in (-1, 0, 1):
        script.sends_long(*padded(_PING, least + more))
    yield script.case(
        "limits/frame/max-frame",
        f"A frame of {least + 1} where max_frame is {least}, behind two that fit,",
        "WELCOME-1",
    )
    # FRAME-5: behind an accepted HELLO the larger limit holds, though WELCOME cannot have been read yet.
    start, fill = padded(_PING, 1000)
    hello = sample_frame("HELLO")
    script = Script(State.CONNECTED).sends_raw(hello, start + bytes(fill))
    yield script.case(
        "limits/frame/behind-hello", "A PING of 1000 bytes in one segment with HELLO", "FRAME-5", first=True
    )


def _tries() -> Iterator[Case]:
    for tries in (1, 2, 4):
        script = Script(State.CONNECTED, settings={"hello_tries": tries})
        for _ in range(tries):
            script.sends("HELLO", name="9")
        yield script.case(f"limits/hello/tries-{tries}", f"Refused HELLO number {tries} where hello_tries is {tries}")
    # One try less, and the next one is as good as the first.
    script = Script(State.CONNECTED).sends("HELLO", name="9").sends("HELLO", flags=1).sends("HELLO")
    yield script.case(
        "limits/hello/tries-not-used-up", "A HELLO behind two that were refused for different reasons", "HELLO-5"
    )


def _rate() -> Iterator[Case]:
    """Requests in one segment, so that no time passes: those that cost a token, and those that cost nothing."""
    one, two = ({"rate_burst": burst, "rate_per_second": 1} for burst in (1, 2))
    ping = sample_frame(_PING)
    for message in client_messages():
        record, frame = CODECS.by_name[message].record, sample_frame(message)
        name = f"limits/{message.lower()}"
        if costs(record):
            script = Script(settings=two).sends_raw(frame, ping, ping)
            yield script.case(
                f"{name}/costs-a-token", f"PING behind {message} and PING, where there were two tokens,", "RATE-1"
            )
            refused = assembled(record.TYPE, body_of(frame), flags=1)
            script = Script(settings=two).sends_raw(refused, ping, ping)
            yield script.case(
                f"{name}/costs-when-refused",
                f"PING behind a {message} that is refused and PING, where there were two tokens,",
                "RATE-1",
            )
        elif home(message) is State.ACTIVE and record is not m.Pong:
            script = Script(settings=one).sends_raw(ping, frame)
            yield script.case(f"{name}/costs-nothing", f"{message} with no token left", "RATE-1")
        elif home(message) is State.CONNECTED:
            script = Script(State.CONNECTED, settings=one).sends_raw(frame, ping, ping)
            yield script.case(
                f"{name}/costs-nothing", f"The second PING behind {message}, where there was one token,", "RATE-1"
            )
    script = Script(State.CONNECTED, settings=one).sends_raw(ping, ping)
    yield script.case(
        "limits/ping/costs-before-hello", "A second PING in state CONNECTED, where there was one token,", "RATE-1"
    )
    unknown = assembled(0x3F)
    script = Script(settings=two).sends_raw(unknown, ping, ping)
    yield script.case(
        "limits/unknown/costs-a-token", "PING behind an unknown type and PING, where there were two tokens,", "RATE-1"
    )
    for strikes in (1, 2, 3):
        script = Script(settings=one | {"flood_strikes": strikes}, watched=True).sends_raw(*[ping] * (strikes + 1))
        yield script.case(
            f"limits/ping/strike-{strikes}", f"Strike number {strikes} where flood_strikes is {strikes}", "END-7"
        )


def _pages() -> Iterator[Case]:
    """WHO around the number of users that are there, and around their names."""
    limit = next((member for member in CODECS.by_name["WHO"].fields if member.name == "limit"), None)
    most = limit.subcon.maximum if limit else 0
    for number in (0, 1, 2, 3, most):
        script = Script(watched=True).sends("WHO", limit=number, after="")
        yield script.case(f"limits/who/limit-{number}", f"WHO with a limit of {number} among two users")
    for after in ("", "a", "ann", "ANN", "ann-", "annA", "BOA", "bob", "BOb", "bob0", "Z"):
        script = Script(watched=True).sends("WHO", limit=1, after=after)
        yield script.case(
            f"limits/who/after-{after.encode().hex() or 'nothing'}",
            f"WHO after '{after}' with a limit of 1 among ann and {WATCHER}",
        )
