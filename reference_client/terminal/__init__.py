"""The client on a terminal: `run` talks there until the end.

`screen` has the prompt and prints; `paint`, `rows` and `gate` decide how a line looks, where it is broken and what of it
may reach the terminal; `status` and `completing` are for the line below the prompt, `suspending` for Ctrl-Z.
"""

from __future__ import annotations

import asyncio
import math

from ..display import Show, place
from ..effects import Happening
from ..options import Options
from ..talk import Talk
from .screen import Screen
from .status import Status


def run(options: Options) -> int:
    """Talk until the end and return the exit code."""
    return asyncio.run(_talk(options))


async def _talk(options: Options) -> int:
    def tell(_: Happening | None, show: Show | None) -> None:
        if show is None:
            screen.look()
        else:
            screen.show(show)

    talk = Talk(options, tell, waits=False, asks_who=True)
    screen = Screen(
        lambda: _status(talk, place(options.host, options.port)),
        lambda: talk.users,
        talk.interrupt,
        timestamps=options.timestamps,
        color=options.color,
    )
    async with screen:
        return await talk.run(screen.lines())


def _status(talk: Talk, where: str) -> Status:
    if talk.is_leaving:
        return Status(talk.name, where, is_leaving=True)
    if talk.welcome is not None:
        return Status(talk.name, talk.welcome.server_name, len(talk.users) if talk.knows_users else None, talk.latency)
    if talk.next_try is None:
        return Status(talk.name, where, trouble="connecting")
    seconds = math.ceil(max(0.0, talk.next_try - asyncio.get_running_loop().time()))
    return Status(talk.name, where, trouble=f"no connection; trying again in {seconds} s")
