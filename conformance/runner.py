"""Runs cases one after another: finds each its server or client, plays it, and tells what became of it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import replace

from impwire.tables import REQUIREMENTS, TIMERS, Role

from .language import Case
from .play.client_role import ClientPlay
from .play.limits import ask_limits, other_limits
from .play.server_role import ServerPlay
from .play.transcript import Transcript
from .pool import Held, Pool
from .runs import Result, Run
from .targets import ClientTarget, RunningClient, RunningServer, ServerTarget
from .verdicts import CaseFailed, CaseSkipped, Failure, Verdict

#: How often a case is played at most if what made it fail may have been the machine: it sets timers, and on a busy machine
#: either side may be late by more than it allows; or the server has been connected to too often by somebody else.
_TRIES = 3
_TIMERS = frozenset(TIMERS)
#: The verdicts that no SHOULD excuses.
_GRAVE = (Verdict.CRASHED, Verdict.NOT_STARTED, Verdict.CLAIMED, Verdict.HARNESS_ERROR)


class Runner:
    """`timeout` is how long anything that is due may take, in seconds. Call `close` at the end.

    `before` is called with what a run is to be played to, before that begins.
    """

    def __init__(
        self,
        server: ServerTarget | None,
        client: ClientTarget | None,
        timeout: float,
        *,
        strict: bool = False,
        before: Callable[[Run, RunningServer | RunningClient], None] | None = None,
    ) -> None:
        self._before = before
        self._server_target, self._client_target = server, client
        self._timeout, self._strict = timeout, strict
        self._pool = Pool(server, timeout) if server is not None else None
        self._clients: dict[Run, RunningClient] = {}
        self._next: Run | None = None
        #: What servers have announced, by the settings that were asked of them.
        self._announced: dict[tuple[tuple[str, int], ...], dict[str, int]] = {}

    def prepare(self, run: Run) -> None:
        """Start what the run will need, without waiting for it. A failure shows when the run begins."""
        self._next = run
        if self._lacks(run) is not None:
            return
        if run.role is Role.SERVER:
            assert self._pool is not None
            self._pool.prepare(run)
        elif run not in self._clients and self._client_target is not None:
            try:
                self._clients[run] = self._client_target.start(run.actor)
            except CaseFailed:
                return

    def run(self, run: Run) -> Result:
        """Play a case and tell what became of it."""
        began, transcript = time.monotonic(), Transcript()
        verdict, failure, text = Verdict.PASSED, None, ""
        try:
            if (lacking := self._lacks(run)) is not None:
                raise lacking
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
        return Result(run, verdict, time.monotonic() - began, text, failure, transcript)

    def _excused(self, run: Run, verdict: Verdict) -> Verdict:
        """The verdict on a failure: a case that proves nothing but a SHOULD leaves the target conforming."""
        excusable = all(REQUIREMENTS[requirement].level != "MUST" for requirement in run.case.proves)
        return Verdict.NOT_STRICT if excusable and not self._strict and verdict not in _GRAVE else verdict

    def close(self) -> None:
        """End every program that was started."""
        for client in self._clients.values():
            client.discard()
        self._clients.clear()
        if self._pool is not None:
            self._pool.close()

    def _lacks(self, run: Run) -> CaseSkipped | CaseFailed | None:
        return self._target(run).lack(run.case)

    def given_up(self, run: Run) -> str:
        """Why nothing can be played to the target of the run any more; empty if it can."""
        return self._target(run).given_up

    def _target(self, run: Run) -> ServerTarget | ClientTarget:
        target = self._server_target if run.role is Role.SERVER else self._client_target
        assert target is not None
        return target

    def _play_to_server(self, run: Run, transcript: Transcript) -> None:
        assert self._pool is not None
        hurried = not _TIMERS.isdisjoint(run.case.settings)
        for tries_left in reversed(range(_TRIES)):
            held = self._pool.take(run)
            passed = False
            transcript.start_over()
            try:
                self._play(run, held, transcript)
                passed = True
            except CaseFailed as failed:
                late = hurried and failed.verdict not in _GRAVE
                if not tries_left or not (late or self._pool.is_refusal(held, failed)):
                    raise
            finally:
                self._pool.give_back(run, held, passed=passed)
            if passed:
                return

    def _play(self, run: Run, held: Held, transcript: Transcript) -> None:
        play = ServerPlay(run.case, held.server, self._timeout, transcript, run.segmentation, held.source)
        try:
            if self._before is not None:
                self._before(run, held.server)
            play.play()
            if (program := held.server.program) is not None and program.process.poll() is not None:
                held.server.check_alive()
        except CaseFailed as failed:
            if held.server.program is not None:
                failed.failure = replace(failed.failure, output=held.server.program.tail())
            if failed.verdict not in _GRAVE:
                limits = other_limits(run.case, play.announced or self._limits(run.case, held))
                failed.failure = replace(failed.failure, limits=limits)
            raise
        finally:
            held.attempts_per_minute = play.scope.limits["attempts_per_minute"]

    def _limits(self, case: Case, held: Held) -> dict[str, int]:
        """The limits of a server that has told none in a case that has failed. It is asked once, since it may be mute."""
        key = tuple(sorted(case.settings.items()))
        if key not in self._announced:
            held.sources[held.source].add(1)
            self._announced[key] = ask_limits(held.server, self._timeout, held.source)
        return self._announced[key]

    def _play_to_client(self, run: Run, transcript: Transcript) -> None:
        assert self._client_target is not None
        client = self._clients.pop(run, None) or self._client_target.start(run.actor)
        # A run that was to be next may have gone to another process.
        for stale in [other for other in self._clients if other is not self._next]:
            self._clients.pop(stale).discard()
        try:
            if self._before is not None:
                self._before(run, client)
            ClientPlay(run.case, run.actor, client, self._timeout, transcript, run.segmentation).play()
        except CaseFailed as failed:
            failed.failure = replace(failed.failure, output=client.program.tail())
            raise
        finally:
            client.discard()
