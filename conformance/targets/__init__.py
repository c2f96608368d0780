"""What is under test: a server or client that the suite starts, or a server that runs already.

A target file says how (`load`); `--spawn` and `--connect` are its short forms, and all end as one `Target`. TARGETS.md
beside this folder is the page for whoever writes one.
"""

from .client import ClientTarget, RunningClient
from .load import load_target, target_of
from .notices import Notices, TargetWarning
from .processes import ending
from .server import RunningServer, ServerTarget
from .target import REFERENCE, Target, of_command
from .waiting import wait_for_debugger, wait_for_next_round

__all__ = [
    "REFERENCE",
    "ClientTarget",
    "Notices",
    "RunningClient",
    "RunningServer",
    "ServerTarget",
    "Target",
    "TargetWarning",
    "ending",
    "load_target",
    "of_command",
    "target_of",
    "wait_for_debugger",
    "wait_for_next_round",
]
