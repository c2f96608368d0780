"""What is under test: a server or client that the suite starts, or a server that runs already.

A command is a template: `{host}` and `{port}` are where to listen or connect, `{name}` is the name of a client's user,
`{settings}` becomes options such as `--rate-burst 3` (a server without it cannot be set, and cases that ask for settings
are skipped), `{dir}` is an empty folder for whatever the program writes.
"""

from .client import ClientTarget, RunningClient
from .server import RunningServer, ServerTarget

__all__ = ["ClientTarget", "RunningClient", "RunningServer", "ServerTarget"]
