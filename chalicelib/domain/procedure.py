"""The procedure: what may be done to a case, and what follows. Commands in, events out; no I/O, time is an argument.

States, actions and who may do them are rows of the policy pack; here is what each act means. Every function returns
a `Change`: the case afterwards and the events that made it so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain import cases
from chalicelib.domain import events as E
from chalicelib.domain.cases import Case, evolve
from chalicelib.domain.clocks import ClockState
from chalicelib.domain.errors import ActionNotAllowed, InvalidField
from chalicelib.domain.events import Actor, CaseEvent
from chalicelib.domain.routing import route
from chalicelib.domain.screening import URGENCIES, Screening
from chalicelib.domain.telling import Telling

if TYPE_CHECKING:
    from chalicelib.domain.grid import Area
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.reports import Report


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who acts, when, under which policy, and as part of what."""

    actor: Actor
    now: datetime
    policy: Policy
    correlation_id: str
    causation_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """A case after an act, and the events of the act, in order."""

    case: Case
    events: tuple[CaseEvent, ...]


@dataclass(frozen=True, slots=True)
class Particulars:
    """What somebody says with an action. What an action requires is in the policy pack."""

    reason: str | None = None
    note: str | None = None
    category: str | None = None
    area: Area | None = None


def open_case(
    case_id: str, tracking_code: str, report: Report, screening: Screening, area: Area | None, around: Circumstances
) -> Change:
    """A new case from a report: assigned where category and area are known, otherwise to a desk for screening.

    The desk is the station of the case's community, or the linkage centre where no place is known.
    """
    telling = _telling(None, case_id, around)
    telling.tell(
        E.CASE_REPORTED,
        report_id=report.id,
        source=report.source,
        urgency=screening.urgency,
        tracking_code=tracking_code,
        **({"submitted_by": report.submitted_by} if report.submitted_by else {}),
    )
    category = around.policy.categories[screening.category] if screening.category else None
    telling.tell(
        E.CASE_CLASSIFIED,
        kind=category.kind if category else None,
        category=screening.category,
        urgency=screening.urgency,
        area=_area_facts(area),
        chosen_by=screening.chosen_by,
        words=list(screening.words),
    )
    if category is None or area is None:
        _send_to_desk(telling, why="no-category" if category is None else "no-place")
    else:
        _assign(telling, report.source)
    return _change(telling)


def join(case: Case, report: Report, around: Circumstances) -> Change:
    """One more report of a known matter."""
    telling = _telling(case, case.id, around)
    telling.tell(E.CASE_JOINED, report_id=report.id, source=report.source)
    return _change(telling)


def act(case: Case, action: str, said: Particulars, around: Circumstances) -> Change:
    """Do one of the pack's actions to a case.

    Raises ActionNotAllowed when the state does not allow it, InvalidField when something required is missing.
    Whether the actor may is asked before.
    """
    rule = around.policy.actions[action]
    if case.state not in rule.states:
        raise ActionNotAllowed(None, allowed_actions=list(allowed_actions(case, around.policy)), state=case.state)
    for field in rule.requires:
        if not getattr(said, field) and not (field == "area" and case.area):
            raise InvalidField(field, "field-required")
    telling = _telling(case, case.id, around)
    _ACTIONS[action](telling, said)
    return _change(telling)


def allowed_actions(case: Case, policy: Policy) -> tuple[str, ...]:
    """What the state of a case allows, whoever asks."""
    return tuple(action.id for action in policy.actions.values() if case.state in action.states)


def record_visit(
    case: Case,
    visit_id: str,
    outcome: str,
    note: str | None,
    around: Circumstances,
) -> Change:
    """Write down what a follow-up visit found, and what follows from it.

    Satisfied closes the case; dissatisfied asks the desk to reopen it; not at home plans another visit while the
    policy allows one; refused, or never at home, closes it as unanswered.
    Raises ActionNotAllowed when that visit is not waiting to be made.
    """
    visit = case.visit
    if case.state != cases.RESOLVED or visit is None or visit.id != visit_id:
        raise ActionNotAllowed(None, allowed_actions=list(allowed_actions(case, around.policy)), state=case.state)
    telling = _telling(case, case.id, around)
    telling.tell(E.VISIT_RECORDED, visit_id=visit_id, outcome=outcome, note=note)
    rules = around.policy.rules
    if outcome == "satisfied":
        telling.tell(E.CASE_CLOSED, outcome="satisfied")
    elif outcome == "dissatisfied":
        telling.tell(
            E.CASE_REOPEN_REQUESTED,
            visit_id=visit_id,
            note=note,
            unit=case.desk,
            clocks={"screening": _after(around.now, rules.screening_clock)},
        )
    elif outcome == "not-home" and visit.attempt < rules.max_visits:
        _plan_visit(telling, visit.attempt + 1, rules.second_visit_after)
    else:
        telling.tell(E.CASE_CLOSED, outcome="unanswered")
    return _change(telling)


def fall_due(case: Case, around: Circumstances) -> Change | None:
    """What time alone has brought: clocks run out, a visit due, a settled case closing by itself. None if nothing."""
    telling = _telling(case, case.id, around)
    if case.state == cases.RESOLVED and case.close_at and case.close_at <= around.now:
        telling.tell(E.CASE_CLOSED, outcome="unvisited")
        return _change(telling)
    for clock in case.clocks:
        if clock.state is ClockState.RUNNING and clock.due_at <= around.now:
            telling.tell(E.CLOCK_BREACHED, clock=clock.name, due_at=clock.due_at.isoformat(), unit=case.unit)
    if case.visit and case.visit.state == "planned" and case.visit.due_at <= around.now:
        telling.tell(E.VISIT_DUE, visit_id=case.visit.id)
    change = _change(telling)
    return change if change.events else None


def move(case: Case, to: Area, decided_by: str, network: str, around: Circumstances) -> Change:
    """Move an open case into the area that took over the ground of its own, which ended (G1).

    `network`: the version that ended it. Only the place changes: who must act, and by when, stays as it was.
    """
    telling = _telling(case, case.id, around)
    telling.tell(
        E.CASE_MOVED,
        from_area=_area_facts(case.area),
        area=_area_facts(to),
        decided_by=decided_by,
        network=network,
    )
    return _change(telling)


def _classify(telling: Telling[Case], said: Particulars) -> None:
    case, policy = telling.known, telling.around.policy
    category = policy.categories[said.category or ""]
    area = said.area or case.area
    telling.tell(
        E.CASE_CLASSIFIED,
        kind=category.kind,
        category=category.id,
        urgency=max(case.urgency, category.urgency, key=URGENCIES.index),
        area=_area_facts(area),
        chosen_by="staff",
        words=[],
    )
    _assign(telling, case.source)


def _accept(telling: Telling[Case], said: Particulars) -> None:
    telling.tell(E.CASE_ACCEPTED, unit=telling.known.lead)


def _return(telling: Telling[Case], said: Particulars) -> None:
    case = telling.known
    telling.tell(
        E.CASE_RETURNED,
        reason=said.reason,
        from_unit=case.lead,
        unit=case.desk,
        clocks={"screening": _after(telling.around.now, telling.around.policy.rules.screening_clock)},
    )


def _resolve(telling: Telling[Case], said: Particulars) -> None:
    case, around = telling.known, telling.around
    category = around.policy.categories[case.category or ""]
    telling.tell(
        E.CASE_RESOLVED,
        note=said.note,
        report_ids=list(case.report_ids),
        close_at=_after(around.now, category.closes_after),
    )
    if category.visit_after is not None:
        _plan_visit(telling, 1, category.visit_after)


def _grant_reopen(telling: Telling[Case], said: Particulars) -> None:
    case = telling.known
    telling.tell(E.CASE_REOPENED, reason=said.reason, report_ids=list(case.report_ids))
    _start_work(telling, case.lead or "", case.joint_units, case.rule or "")


def _decline_reopen(telling: Telling[Case], said: Particulars) -> None:
    case = telling.known
    telling.tell(E.CASE_REOPEN_DECLINED, reason=said.reason, report_ids=list(case.report_ids))
    telling.tell(E.CASE_CLOSED, outcome="declined")


_ACTIONS: dict[str, Callable[[Telling[Case], Particulars], None]] = {
    "classify": _classify,
    "accept": _accept,
    "return": _return,
    "resolve": _resolve,
    "grant-reopen": _grant_reopen,
    "decline-reopen": _decline_reopen,
}


def _assign(telling: Telling[Case], source: str) -> None:
    case, policy = telling.known, telling.around.policy
    assert case.category and case.area
    to = route(policy.categories[case.category], case.area.code, case.urgency, source, policy)
    _start_work(telling, to.lead, to.joint_units, to.rule)


def _start_work(telling: Telling[Case], lead: str, joint_units: tuple[str, ...], rule: str) -> None:
    case, around = telling.known, telling.around
    category = around.policy.categories[case.category or ""]
    clocks = {"accept": _after(around.now, category.accept), "resolve": _after(around.now, category.resolve)}
    telling.tell(
        E.CASE_ASSIGNED,
        unit=lead,
        joint_units=list(joint_units),
        rule=rule,
        desk=_desk_of(case, around.policy),
        due_at=min(clocks.values()),
        clocks=clocks,
    )


def _desk_of(case: Case, policy: Policy) -> str:
    """The desk a case goes back to: whoever screened it. A confidential matter never goes back to a community."""
    if case.kind and policy.kinds[case.kind].confidential:
        return policy.rules.linkage_centre
    return case.desk or policy.centre_of(case.area.code if case.area else None)


def _send_to_desk(telling: Telling[Case], why: str) -> None:
    case, policy = telling.known, telling.around.policy
    telling.tell(
        E.CASE_SENT_TO_SCREENING,
        unit=policy.centre_of(case.area.code if case.area else None),
        why=why,
        clocks={"screening": _after(telling.around.now, policy.rules.screening_clock)},
    )


def _plan_visit(telling: Telling[Case], attempt: int, after: int) -> None:
    """Plan a visit. A case never closes by itself before its visit has had its time."""
    case, now = telling.known, telling.around.now
    due_at = now + timedelta(seconds=after)
    category = telling.around.policy.categories[case.category or ""]
    grace = timedelta(seconds=category.closes_after - (category.visit_after or 0))
    telling.tell(
        E.VISIT_PLANNED,
        visit_id=f"{case.id}.{len(case.visits) + 1}",
        attempt=attempt,
        due_at=due_at.isoformat(),
        close_at=(due_at + grace).isoformat(),
    )


def _telling(case: Case | None, case_id: str, around: Circumstances) -> Telling[Case]:
    return Telling(case, case_id, around, evolve)


def _change(telling: Telling[Case]) -> Change:
    return Change(telling.known, telling.events)


def _area_facts(area: Area | None) -> dict[str, Any] | None:
    return {"code": area.code, "path": list(area.path)} if area else None


def _after(start: datetime, seconds: int) -> str:
    return (start + timedelta(seconds=seconds)).isoformat()
