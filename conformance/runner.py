"""Runs cases one after another: finds each its server or client, plays it, and keeps what can serve again.

Starting a program takes longer than most cases. So cases that ask for nothing special share one server, and the program
that the next case needs is started while this one still runs.
"""

from __future__ import annotations

import time
import traceback

from impwire.tables import REQUIREMENTS, Role

from .play.client_role import ClientPlay
from .play.probe import settle
from .play.server_role import ServerPlay
from .play.transcript import Transcript
from .runs import Result, Run
from .targets import ClientTarget, RunningClient, RunningServer, ServerTarget
from .verdicts import CaseFailed, CaseSkipped, Failure, Verdict

#: The verdicts that no SHOULD excuses.
_GRAVE = (Verdict.CRASHED, Verdict.NOT_STARTED, Verdict.HARNESS_ERROR)


class Runner:
    """`timeout` is how long anything that is due may take, in seconds. Call `close` at the end."""

    def __init__(
        self, server: ServerTarget | None, client: ClientTarget | None, timeout: float, *, strict: bool = False
    ) -> None:
        self._server_target, self._client_target = server, client
        self._timeout, self._strict = timeout, strict
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
        verdict, failure, text = Verdict.PASSED, None, ""
        try:
            lacking = self._lacks(run)
            if lacking:
                raise CaseSkipped(lacking)
            if run.role is Role.SERVER:
                self._play_to_server(run, transcript)
            else:
                self._play_to_client(run, transcript)
        except CaseSkipped as skipped:
            verdict, text = Verdict.SKIPPED, str(skipped)
        except CaseFailed as failed:
            verdict, failure = self._excused(run, failed.verdict), failed.failure
            text = failure.text
        except Exception:
            verdict, text = Verdict.HARNESS_ERROR, traceback.format_exc(limit=-4)
            failure = Failure(text)
        return Result(run, verdict, time.monotonic() - began, text, failure, tuple(transcript.events))

    def _excused(self, run: Run, verdict: Verdict) -> Verdict:
        """The verdict on a failure: a case that proves nothing but a SHOULD leaves the target conforming."""
        excusable = all(REQUIREMENTS[requirement].level != "MUST" for requirement in run.case.proves)
        return Verdict.NOT_STRICT if excusable and not self._strict and verdict not in _GRAVE else verdict

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
