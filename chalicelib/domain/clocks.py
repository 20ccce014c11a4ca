"""Clocks 时限: named deadlines of a case. Due times are honest: each is written down in the event that started it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.replacing import replace


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Clock:
    """A deadline. `breached` stays so even when the thing is done afterwards; `ended_at` then says when it was.

    `warn_at`: when who must act is warned, None when it was done or is not asked for. `step`: how often a breach was
    escalated; `again_at`: when next. `escalated_to`: the units it was escalated to. A `window` is nobody's duty: it is
    never late. `closes`: how the case ends when the window runs out, where it ends by it. `provisional`: counted
    through a year whose days off are not announced yet. `uncounted`: days (ISO) that do not count in it. `since`: of
    one that is counted from a day that somebody named, since when the case had stood as it did.
    """

    name: str
    state: ClockState
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None = None
    warn_at: datetime | None = None
    again_at: datetime | None = None
    step: int = 0
    escalated_to: tuple[str, ...] = ()
    paused_at: datetime | None = None
    extended: int = 0
    window: bool = False
    provisional: bool = False
    closes: str = ""
    uncounted: tuple[str, ...] = ()
    since: datetime | None = None

    @property
    def open(self) -> bool:
        return self.ended_at is None

    @property
    def waited_for(self) -> bool:
        """Whether somebody has to do something by it, still."""
        return self.ended_at is None and not self.window and self.state is not ClockState.PAUSED

    @property
    def next_at(self) -> datetime | None:
        """When time alone next does something to it: a warning, the breach, one more escalation; of a window, a
        reminder, or that the case ends by it.
        """
        if self.ended_at is not None:
            return None
        if self.window and not self.closes:
            return self.warn_at if self.state is ClockState.RUNNING else None
        if self.state is ClockState.RUNNING:
            return min(self.warn_at, self.due_at) if self.warn_at else self.due_at
        return self.again_at if self.state is ClockState.BREACHED else None

    @property
    def ran_out(self) -> bool:
        """Whether it is a window that ends the case, and was over when it ended."""
        return bool(self.closes) and self.ended_at is not None and self.ended_at >= self.due_at

    def late(self, at: datetime) -> bool:
        """Whether it would be ended late then. What was paused in time is in time."""
        return self.state is ClockState.BREACHED or (self.paused_at or at) > self.due_at

    def end(self, at: datetime, *, met: bool) -> Clock:
        """Ended because the thing was done (`met`) or is no longer asked for. An ended clock stays as it is."""
        if self.ended_at is not None:
            return self
        if self.window:
            state = ClockState.STOPPED
        elif self.state is ClockState.BREACHED or (met and self.late(at)):
            state = ClockState.BREACHED
        else:
            state = ClockState.MET if met else ClockState.STOPPED
        return replace(self, state=state, ended_at=at, warn_at=None, again_at=None, paused_at=None)

    def breach(self, step: int, escalated_to: str | None, again_at: datetime | None) -> Clock:
        known = self.escalated_to
        if escalated_to is not None and escalated_to not in known:
            known = (*known, escalated_to)
        return replace(self, state=ClockState.BREACHED, step=step, escalated_to=known, again_at=again_at, warn_at=None)

    def pause(self, at: datetime) -> Clock:
        """Time stands still. What is late already stays late, and is not escalated meanwhile."""
        if self.state is ClockState.RUNNING:
            return replace(self, state=ClockState.PAUSED, paused_at=at)
        return replace(self, again_at=None, paused_at=at)

    def resume(
        self, due_at: datetime, warn_at: datetime | None, again_at: datetime | None, *, provisional: bool = False
    ) -> Clock:
        """Time goes on. What was counted through days not announced is provisional, and stays so."""
        if self.state is ClockState.PAUSED:
            guessed = self.provisional or provisional
            running = replace(self, state=ClockState.RUNNING, paused_at=None)
            return replace(running, due_at=due_at, warn_at=warn_at, provisional=guessed)
        return replace(self, paused_at=None, again_at=again_at)

    def extend(self, due_at: datetime, warn_at: datetime | None) -> Clock:
        """Due later, on a day that was named. An approved extension is not a breach: one that came while it was decided
        is none any more, and one that comes after all is the first.
        """
        broke = self.state is ClockState.BREACHED
        return replace(
            self,
            state=ClockState.RUNNING if broke else self.state,
            step=0 if broke else self.step,
            due_at=due_at,
            warn_at=warn_at,
            again_at=None,
            extended=self.extended + 1,
            escalated_to=(),
            provisional=False,
        )

    def recount(self, due_at: datetime, warn_at: datetime | None, at: datetime, *, provisional: bool) -> Clock:
        """Due as it was counted again then. One that broke by a guess, and is due later, did not break; one for which
        time stands still waits.
        """
        counted = replace(self, due_at=due_at, warn_at=warn_at, provisional=provisional)
        if self.state is ClockState.BREACHED and due_at > at:
            state = ClockState.PAUSED if self.paused_at else ClockState.RUNNING
            return replace(counted, state=state, step=0, again_at=None, escalated_to=())
        return counted

    def without(
        self, days: Iterable[str], due_at: datetime, warn_at: datetime | None, at: datetime, *, provisional: bool
    ) -> Clock:
        """Due as it is when some more days do not count; what is due later than now is late no more."""
        known = (*self.uncounted, *days)
        return replace(self.recount(due_at, warn_at, at, provisional=provisional), uncounted=known)
