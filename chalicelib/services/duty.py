"""Duty: who is on it at a unit at a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.routing import within_hours

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import Contact, Duty
    from chalicelib.services.ports import Roster


def on_duty(duties: Sequence[Duty], at: datetime, policy: Policy) -> list[Contact]:
    """Those of a roster who are on duty at a moment."""
    local = at.astimezone(policy.zone).strftime("%H:%M")
    return [duty.contact for duty in duties if within_hours(local, duty.from_time, duty.to_time)]


def duty_at(at: datetime, roster: Roster, policy: Policy) -> Callable[[str], bool]:
    """Whether a unit has somebody on duty at a moment. Asks the roster only when it is asked."""
    return lambda unit: bool(on_duty(roster.duty_of(unit), at, policy))
