"""Runs cases one after another: finds each its server or client, plays it, and keeps what can serve again.

Starting a program takes longer than most cases. So cases that ask for nothing special share one server, and the program
that the next case needs is started while this one still runs.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass

from impwire.tables import Role

from .client_role import ClientPlay
from .language import Case
from .probe import settle
from .server_role import ServerPlay
from .targets import ClientTarget, RunningClient, RunningServer, ServerTarget
from .transcript import Transcript
from .verdicts import CaseFailed, CaseSkipped, Verdict


@dataclass(frozen=True)
class Run:
    """One case in one role. `actor` is who the client under test is, empty when a server is tested."""

    case: Case
    role: Role
    actor: str = ""

    @property
    def id(self) -> str:
        return f"{self.case.id}@{self.actor}" if self.actor else self.case.id


@dataclass(frozen=True)
class Result:
    """What became of a run. `text` explains a failure or a skip."""

    run: Run
    verdict: Verdict
    seconds: float
    text: str


def runs_of(cases: list[Case], roles: list[Role]) -> list[Run]:
    """Every case in every role in which it can be played; those that share a server come first."""
    found: list[Run] = []
    if Role.SERVER in roles:
        found += [Run(case, Role.SERVER) for case in cases if case.server]
    found.sort(key=lambda run: run.case.own_server)
    if Role.CLIENT in roles:
        found += [Run(case, Role.CLIENT, actor) for case in cases for actor in case.clients]
    return found


class Runner:
    """`timeout` is how long anything that is due may take, in seconds. Call `close` at the end."""

    def __init__(self, server: ServerTarget | None, client: ClientTarget | None, timeout: float) -> None:
        self._server_target, self._client_target, self._timeout = server, client, timeout
        self._shared: RunningServer | None = None
        self._prepared: dict[Run, RunningServer | RunningClient] = {}

    def prepare(self, run: Run) -> None:
        """Start what the run will need, without waiting for it. A failure shows when the run begins."""
        if run in self._prepared or self._lacks(run):
            return
        try:
            if run.role is Role.CLIENT and self._client_target is not None:
                self._prepared[run] = self._client_target.start(run.actor)
            elif run.case.own_server and self._server_target is not None:
                self._prepared[run] = self._server_target.start(run.case.settings)
        except CaseFailed:
            return

    def run(self, run: Run) -> Result:
        """Play a case and tell what became of it."""
        began, transcript = time.monotonic(), Transcript()
        try:
            lacking = self._lacks(run)
            if lacking:
                raise CaseSkipped(lacking)
            if run.role is Role.SERVER:
                self._play_to_server(run, transcript)
            else:
                self._play_to_client(run, transcript)
        except CaseSkipped as skipped:
            return Result(run, Verdict.SKIPPED, time.monotonic() - began, str(skipped))
        except CaseFailed as failed:
            text = f"{failed}\n\n{transcript}" if transcript.lines else str(failed)
            return Result(run, failed.verdict, time.monotonic() - began, text)
        except Exception:
            text = f"{traceback.format_exc(limit=-4)}\n{transcript}"
            return Result(run, Verdict.HARNESS_ERROR, time.monotonic() - began, text)
        return Result(run, Verdict.PASSED, time.monotonic() - began, str(transcript))

    def close(self) -> None:
        """End every program that was started."""
        for prepared in self._prepared.values():
            _discard(prepared)
        self._prepared.clear()
        self._end_shared()

    def _lacks(self, run: Run) -> str:
        if run.role is Role.CLIENT:
            return ""
        assert self._server_target is not None
        case = run.case
        return self._server_target.lacks(
            settings=bool(case.settings), console=case.uses_console, own=case.own_server, files=case.uses_files
        )

    def _play_to_server(self, run: Run, transcript: Transcript) -> None:
        server = self._own(run) if run.case.own_server else self._shared_server()
        passed = False
        try:
            settle(server, self._timeout)
            ServerPlay(run.case, server, self._timeout, transcript).play()
            passed = True
        finally:
            if run.case.own_server:
                _discard(server)
            elif not passed:
                # What a failed case has left behind is not for the next one to find.
                self._end_shared()

    def _own(self, run: Run) -> RunningServer:
        assert self._server_target is not None
        server = self._prepared.pop(run, None) or self._server_target.start(run.case.settings)
        assert isinstance(server, RunningServer)
        return _ready(server)

    def _shared_server(self) -> RunningServer:
        assert self._server_target is not None
        if self._shared is None:
            self._shared = _ready(self._server_target.start({}))
        return self._shared

    def _end_shared(self) -> None:
        if self._shared is not None:
            _discard(self._shared)
            self._shared = None

    def _play_to_client(self, run: Run, transcript: Transcript) -> None:
        assert self._client_target is not None
        client = self._prepared.pop(run, None) or self._client_target.start(run.actor)
        assert isinstance(client, RunningClient)
        try:
            ClientPlay(run.case, run.actor, client, self._timeout, transcript).play()
        finally:
            client.discard()


def _ready(server: RunningServer) -> RunningServer:
    """The server once it accepts connections; one that does not, or is not waited for any longer, is ended."""
    try:
        server.wait_until_ready()
    except BaseException:
        _discard(server)
        raise
    return server


def _discard(running: RunningServer | RunningClient) -> None:
    if isinstance(running, RunningClient):
        running.discard()
    elif running.program is not None:
        running.program.discard()
