"""The bot in README.md does what it is said to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from impwire import messages as m
from tests.support import PATIENCE, ROOT, ServerProcess


def test_bot_of_the_readme_greets_and_leaves(server: ServerProcess, tmp_path: Path) -> None:
    page = (ROOT / "README.md").read_text()
    (tmp_path / "bot.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    ann = server.user("ann")
    command = [sys.executable, str(tmp_path / "bot.py"), str(server.port)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as bot:
        try:
            assert isinstance(ann.receive(), m.Joined)
            hello = ann.receive()
            assert isinstance(hello, m.Chat)
            assert hello.text == "Hello, I am greeter."
            bob = server.user("bob")
            greeting = bob.receive()
            assert isinstance(greeting, m.Whisper)
            assert greeting.text == "Welcome to IMP server, bob!"
            bob.send(m.Pm, to="greeter", text="bye")
            left = bob.receive_until(m.Left)[-1]
            assert isinstance(left, m.Left)
            assert left.reason is m.LeftReason.LEFT
            assert bot.wait(PATIENCE) == 0
        finally:
            bot.kill()
