"""Whether something came too early. (Too late is what did not come while it was waited for.)

The clock starts before the suite acts and stops after it has read, so that its own delay never makes a target look too
early; and `Peer` reads what is there already even when its time is over, so that it never makes one look too late.
"""

from __future__ import annotations

import math
import time

from ..verdicts import CaseFailed, Difference, Verdict


def expect_not_early(what: str, since: float, due: int, frame: bytes) -> None:
    """At least `due` milliseconds have passed since the time `since`. Raises `CaseFailed`.

    Parts of a millisecond count as a whole one: a target may count in milliseconds.
    """
    waited = math.ceil((time.monotonic() - since) * 1000)
    if waited < due:
        found = Difference("time", f"at least {due} ms", f"{waited} ms", "TIME-6")
        text = f"{what} came after {waited} ms, due after {due} ms"
        raise CaseFailed(Verdict.TOO_EARLY, text, differences=(found,), frame=frame)
