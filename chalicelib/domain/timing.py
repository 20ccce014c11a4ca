"""What a change of state makes of a case's clocks: which end, wait, go on and start, and until when.

The rules are the procedure's (`domain.policy.ClockRule`); what follows from them is written into the event, so that
replay needs no pack, and can be recomputed from the event and the pack (always true 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.containment import superiors
from chalicelib.domain.limits import DAYS, WORKING_DAYS, Due, ahead_of, due_at, later_without, resumed

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.limits import Limit
    from chalicelib.domain.policy import Action, ClockRule, Policy
    from chalicelib.domain.workdays import WorkCalendar

BY_CARD, BY_URGENCY, BY_KIND, BY_PROCEDURE, BY_CATEGORY = "card", "urgency", "kind", "procedure", "category"


def timing_of(
    case: Case,
    to: str,
    action: Action | None,
    policy: Policy,
    now: datetime,
    meets: Iterable[str] = (),
    counted_from: datetime | None = None,
    *,
    starts: Iterable[str] = (),
    ends: Iterable[str] = (),
    afresh: bool = False,
) -> dict[str, Any]:
    """The facts `clocks` (name → due time of those that start) and `timing` of an event that leads to a state.

    `action`: by which the case gets there, None where no action of the procedure does. `meets`: clocks met by it.
    `counted_from`: from when those that start are counted, where that is not now; it is a fact then too. What the rule
    counts from the report is counted from that, whenever it starts. `starts`:
    those of `begun_by` that begin with it, anew if they ran; `ends`: those that are not asked for any more.
    `afresh`: it goes by another procedure from now on, to which it comes from outside, whatever its state was called.
    """
    begun = counted_from or now
    procedure = policy.procedure_of(case)
    known = {clock.name: clock for clock in case.clocks if clock.open}
    started: dict[str, str] = {}
    timing: dict[str, Any] = {}
    for rule in procedure.clocks.values():
        clock = known.get(rule.id)
        inside, pausing = to in rule.runs_in, to in rule.pauses_in
        met = to in rule.met_in or rule.id in meets or (action is not None and action.id in rule.met_by)
        if clock is not None and (met or not (inside or pausing)):
            _end(clock, now, timing, met=met)
        elif clock is not None and rule.id in ends:
            _end(clock, now, timing, met=False)
        elif inside and rule.id in starts:
            if clock is not None:
                _end(clock, now, timing, met=False)
            _start(rule, case, policy, begun, now, started, timing)
        elif clock is not None and pausing and clock.paused_at is None and not _ran_out(clock, now):
            timing.setdefault("paused", []).append(rule.id)
        elif clock is not None and inside and action is not None and rule.id in action.restarts:
            _end(clock, now, timing, met=False)
            _start(rule, case, policy, begun, now, started, timing)
        elif clock is not None and inside and clock.paused_at is not None:
            timing.setdefault("resumed", {})[rule.id] = _resumed(rule, clock, case, policy, now, timing)
        elif clock is None and begins(rule, case, to, afresh=afresh):
            _start(rule, case, policy, begun, now, started, timing)
    for name, clock in known.items():
        if name not in procedure.clocks:  # of an earlier procedure or version: nobody asks for it any more
            _end(clock, now, timing, met=False)
    if policy.calendar_of and (started or "resumed" in timing):
        timing["calendar"] = policy.calendar_of
    if afresh:
        timing["afresh"] = True
    facts: dict[str, Any] = {"clocks": started} if started else {}
    if timing:
        facts["timing"] = timing
    if started and counted_from is not None:
        facts["counted_from"] = counted_from.isoformat()
    return facts


def without_days(
    case: Case, name: str, days: Iterable[str], policy: Policy, now: datetime, *, why: str = ""
) -> dict[str, Any]:
    """The fact `uncounted` of an event by which some days (ISO) do not count in a clock; none where nothing is new.

    It may be told with any event that leaves the clock running or waiting. Each day is left out once, however often it
    is named (`limits.later_without`); a day on which the clock waits does not count already. A clock in exact time has
    no days to leave out. `why`: what they were needed for, in Chinese: 听证.
    """
    clock, rule = case.clock(name), policy.procedure_of(case).clocks.get(name)
    limit = limit_of(rule, case.category, case.urgency, policy, card_of(case)) if rule else None
    if clock is None or rule is None or limit is None or limit.unit not in (DAYS, WORKING_DAYS):
        return {}
    named = sorted(set(days) - set(clock.uncounted))
    if not named:
        return {}
    due = due_without(rule, limit, clock, named, policy, now)
    same = due.at == clock.due_at
    warn_at = clock.warn_at if same else warning(rule, clock.started_at, due.at, now, policy)
    facts: dict[str, Any] = {"days": named, "due_at": due.at.isoformat(), "warn_at": stamp(warn_at)}
    facts |= {"provisional": True} if due.provisional else {}
    facts |= {"forgiven": True} if forgiven(clock, due.at, now) else {}
    facts |= {"calendar": policy.calendar_of} if policy.calendar_of else {}
    return {"uncounted": {name: {**facts, **({"why": why} if why else {})}}}


def due_without(rule: ClockRule, limit: Limit, clock: Clock, days: Iterable[str], policy: Policy, now: datetime) -> Due:
    """When a clock is due once some more days do not count in it."""
    due, known = Due(clock.due_at, clock.provisional), {date.fromisoformat(day) for day in clock.uncounted}
    left, zone = left_out(clock, days, policy, now), policy.zone
    return later_without(limit, clock.started_at, due, known, left, policy.calendar, zone, roll_over=rule.roll_over)


def left_out(clock: Clock, days: Iterable[str], policy: Policy, now: datetime) -> set[date]:
    """Which of the days do not count for being named: those on which time stands still do not anyhow."""
    left = {date.fromisoformat(day) for day in days}
    if clock.paused_at is None:
        return left
    first, last = (moment.astimezone(policy.zone).date() for moment in (clock.paused_at, now))
    return {day for day in left if not first < day <= last}


def forgiven(clock: Clock, due_at: datetime, now: datetime) -> bool:
    """Whether a breach that was told of is none any more, because the clock is due later now."""
    return clock.state is ClockState.BREACHED and due_at > now


def card_of(case: Case) -> str | None:
    """The card that a case carries, if it is a petition and carries one."""
    return case.petition.card if case.petition else None


def limit_of(
    rule: ClockRule, category: str | None, urgency: str, policy: Policy, card: str | None = None
) -> Limit | None:
    """How long a clock runs for a matter; None where it does not run at all, as while nobody knows the category."""
    return stated_limit(rule, category, urgency, policy, card)[0]


def stated_limit(
    rule: ClockRule, category: str | None, urgency: str, policy: Policy, card: str | None = None
) -> tuple[Limit | None, str]:
    """The same, and what states it: the procedure for a card, an urgency, a kind, for all, or the category itself."""
    known = policy.categories.get(category or "")
    if rule.visited and (known is None or known.visit_after is None):
        return None, ""
    if card is not None and card in rule.cards:
        return rule.cards[card], BY_CARD
    if urgency in rule.urgencies:
        return rule.urgencies[urgency], BY_URGENCY
    if known is not None and known.kind in rule.kinds:
        return rule.kinds[known.kind], BY_KIND
    if rule.limit is not None:
        return rule.limit, BY_PROCEDURE
    return (getattr(known, rule.id), BY_CATEGORY) if known else (None, "")


def resumed_due(rule: ClockRule, clock: Clock, case: Case, policy: Policy, now: datetime) -> Due:
    """When a clock that waited is due. One without a limit any more keeps the time it had left."""
    limit = limit_of(rule, case.category, case.urgency, policy, card_of(case))
    assert clock.paused_at is not None
    if limit is None:
        return Due(clock.due_at + (now - clock.paused_at), clock.provisional)
    return resumed(limit, clock.due_at, clock.paused_at, now, policy.calendar, policy.zone, roll_over=rule.roll_over)


def warning(
    rule: ClockRule,
    started: datetime,
    due: datetime,
    now: datetime,
    policy: Policy,
    calendar: WorkCalendar | None = None,
) -> datetime | None:
    """When who must act is warned of a due time; None where nobody is, or that time has passed.

    Who has a case is reminded of a window even then, as long as that is not over; not of one that is no longer, whole,
    than what should be left of it. `calendar`: by which days are counted, where that is not the policy's.
    """
    if rule.remind_before is not None:
        at = ahead_of(rule.remind_before, due, calendar or policy.calendar, policy.zone)
        return max(at, now) if started < at and now < due else None
    if not rule.warn_left:
        return None
    at = due - (due - started) * rule.warn_left / 100
    return at if at > now else None


def again_after(rule: ClockRule | None, step: int, at: datetime, case: Case, policy: Policy) -> datetime | None:
    """When a breach is escalated once more after that step; None where nobody further is above."""
    if rule is None or not rule.again or step >= len(superiors(case, policy)):
        return None
    return at + timedelta(seconds=rule.again)


def stamp(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _start(
    rule: ClockRule,
    case: Case,
    policy: Policy,
    begun: datetime,
    now: datetime,
    started: dict[str, str],
    timing: dict[str, Any],
) -> None:
    limit, by = stated_limit(rule, case.category, case.urgency, policy, card_of(case))
    if limit is None:
        return
    if rule.from_report:
        begun = case.received_at
        timing.setdefault("received", {})[rule.id] = begun.isoformat()
    due = due_at(limit, begun, policy.calendar, policy.zone, roll_over=rule.roll_over)
    started[rule.id] = due.at.isoformat()
    if rule.window:
        timing.setdefault("windows", []).append(rule.id)
        if rule.closes:
            timing.setdefault("closes", {})[rule.id] = rule.closes
    if warn_at := warning(rule, begun, due.at, now, policy):
        timing.setdefault("warn", {})[rule.id] = warn_at.isoformat()
    if by == BY_CARD:
        timing["card"] = card_of(case)
    if due.provisional:
        timing.setdefault("provisional", []).append(rule.id)


def _resumed(
    rule: ClockRule, clock: Clock, case: Case, policy: Policy, now: datetime, timing: dict[str, Any]
) -> list[str | None]:
    if clock.state is ClockState.BREACHED:
        return [clock.due_at.isoformat(), None, stamp(again_after(rule, clock.step, now, case, policy))]
    due = resumed_due(rule, clock, case, policy, now)
    if due.provisional:
        timing.setdefault("provisional", []).append(rule.id)
    return [due.at.isoformat(), stamp(warning(rule, clock.started_at, due.at, now, policy)), None]


def begins(rule: ClockRule, case: Case, to: str, *, afresh: bool = False) -> bool:
    """Whether a clock that does not run begins as a case comes into a state.

    It begins when the case comes in from outside: what was met once, as a first response, is not asked for again in the
    next state that would ask for it, but where it only ended with the case, by a window, and that came back. One that
    begins with an action waits for that.
    """
    if to not in rule.runs_in or rule.begun_by:
        return False
    last = next((clock for clock in reversed(case.clocks) if clock.name == rule.id), None)
    outside = case.state not in (*rule.runs_in, *rule.pauses_in)
    return afresh or last is None or outside or case.ended_with_it(last)


def _ran_out(clock: Clock, now: datetime) -> bool:
    """Whether time has still to say that it is late: waiting would hide it."""
    return not clock.window and clock.state is ClockState.RUNNING and clock.late(now)


def _end(clock: Clock, now: datetime, timing: dict[str, Any], *, met: bool) -> None:
    """How a clock ends. Late is late, whether or not time was let have its way with the case since it was due; where
    it was not, no breach was told of (`untold`).
    """
    late = clock.late(now) and not clock.window
    how = "late" if late else "met" if met and not clock.window else "stopped"
    timing.setdefault("ended", {})[clock.name] = how
    if late and clock.state is not ClockState.BREACHED:
        timing.setdefault("untold", []).append(clock.name)
