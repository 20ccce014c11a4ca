"""Clocks 时限: named deadlines of a case. Due times are honest: each is written down in the event that started it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class ClockState(StrEnum):
    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline. `breached` stays so even when the thing is done afterwards; `ended_at` then says when it was."""

    name: str
    state: ClockState
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None = None

    def end(self, at: datetime, *, met: bool) -> Clock:
        """Ended because the thing was done (`met`) or is no longer asked for. An ended clock stays as it is."""
        if self.ended_at is not None:
            return self
        if self.state is ClockState.BREACHED:
            return replace(self, ended_at=at)
        if met and at > self.due_at:
            return replace(self, state=ClockState.BREACHED, ended_at=at)
        return replace(self, state=ClockState.MET if met else ClockState.STOPPED, ended_at=at)

    def breach(self) -> Clock:
        return replace(self, state=ClockState.BREACHED)
