"""What a change of state makes of a case's clocks: which end, wait, go on and start, and until when.

The rules are the procedure's (`domain.policy.ClockRule`); what follows from them is written into the event, so that
replay needs no pack, and can be recomputed from the event and the pack (always true 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.limits import Due, due_at, resumed

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.limits import Limit
    from chalicelib.domain.policy import Action, ClockRule, Policy


def timing_of(
    case: Case, to: str, action: Action | None, policy: Policy, now: datetime, meets: Iterable[str] = ()
) -> dict[str, Any]:
    """The facts `clocks` (name → due time of those that start) and `timing` of an event that leads to a state.

    `action`: by which the case gets there, None where no action of the procedure does. `meets`: clocks met by it.
    """
    procedure = policy.procedure_of(case)
    known = {clock.name: clock for clock in case.clocks if clock.open}
    started: dict[str, str] = {}
    timing: dict[str, Any] = {}
    for rule in procedure.clocks.values():
        clock = known.get(rule.id)
        inside, pausing = to in rule.runs_in, to in rule.pauses_in
        met = to in rule.met_in or rule.id in meets or (action is not None and action.id in rule.met_by)
        if clock is not None and (met or not (inside or pausing)):
            how = "stopped" if rule.window or not met else "late" if clock.late(now) else "met"
            timing.setdefault("ended", {})[rule.id] = how
        elif clock is not None and pausing and clock.paused_at is None:
            timing.setdefault("paused", []).append(rule.id)
        elif clock is not None and inside and action is not None and rule.id in action.restarts:
            timing.setdefault("ended", {})[rule.id] = "stopped"
            _start(rule, case, policy, now, started, timing)
        elif clock is not None and inside and clock.paused_at is not None:
            timing.setdefault("resumed", {})[rule.id] = _resumed(rule, clock, case, policy, now)
        elif clock is None and inside and (to != case.state or not _ran(case, rule.id)):
            _start(rule, case, policy, now, started, timing)
    for name in known:
        if name not in procedure.clocks:  # of an earlier procedure or version: nobody asks for it any more
            timing.setdefault("ended", {})[name] = "stopped"
    return {**({"clocks": started} if started else {}), **({"timing": timing} if timing else {})}


def limit_of(rule: ClockRule, category: str | None, urgency: str, policy: Policy) -> Limit | None:
    """How long a clock runs for a matter; None where it does not run at all, as while nobody knows the category."""
    known = policy.categories.get(category or "")
    if rule.visited and (known is None or known.visit_after is None):
        return None
    if urgency in rule.urgencies:
        return rule.urgencies[urgency]
    if known is not None and known.kind in rule.kinds:
        return rule.kinds[known.kind]
    if rule.limit is not None:
        return rule.limit
    return getattr(known, rule.id) if known else None


def due_of(rule: ClockRule, category: str | None, urgency: str, started: datetime, policy: Policy) -> Due | None:
    """When a clock that starts then is due."""
    limit = limit_of(rule, category, urgency, policy)
    if limit is None:
        return None
    return due_at(limit, started, policy.calendar, policy.zone, roll_over=rule.roll_over)


def resumed_due(rule: ClockRule, clock: Clock, case: Case, policy: Policy, now: datetime) -> Due:
    """When a clock that waited is due. One without a limit any more keeps the time it had left."""
    limit = limit_of(rule, case.category, case.urgency, policy)
    assert clock.paused_at is not None
    if limit is None:
        return Due(clock.due_at + (now - clock.paused_at), clock.provisional)
    return resumed(limit, clock.due_at, clock.paused_at, now, policy.calendar, policy.zone, roll_over=rule.roll_over)


def warning(rule: ClockRule, started: datetime, due: datetime, now: datetime) -> datetime | None:
    """When who must act is warned of a due time; None where nobody is, or that time has passed."""
    at = due - (due - started) * rule.warn_left / 100
    return at if rule.warn_left and at > now else None


def stamp(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _start(
    rule: ClockRule, case: Case, policy: Policy, now: datetime, started: dict[str, str], timing: dict[str, Any]
) -> None:
    due = due_of(rule, case.category, case.urgency, now, policy)
    if due is None:
        return
    started[rule.id] = due.at.isoformat()
    if rule.window:
        timing.setdefault("windows", []).append(rule.id)
    elif warn_at := warning(rule, now, due.at, now):
        timing.setdefault("warn", {})[rule.id] = warn_at.isoformat()
    if due.provisional:
        timing.setdefault("provisional", []).append(rule.id)


def _resumed(rule: ClockRule, clock: Clock, case: Case, policy: Policy, now: datetime) -> list[str | None]:
    if clock.state is ClockState.BREACHED:
        again = now + timedelta(seconds=rule.again) if rule.again else None
        return [clock.due_at.isoformat(), None, stamp(again)]
    due = resumed_due(rule, clock, case, policy, now).at
    return [due.isoformat(), stamp(warning(rule, clock.started_at, due, now)), None]


def _ran(case: Case, name: str) -> bool:
    return any(clock.name == name for clock in case.clocks)
