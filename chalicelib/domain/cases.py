"""The case 事件: the matter itself. Its state is the replay of its events and nothing else (always true 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.grid import Area

if TYPE_CHECKING:
    from chalicelib.domain.events import CaseEvent

SCREENING, ASSIGNED, ACCEPTED = "screening", "assigned", "accepted"
RESOLVED, REOPEN_REQUESTED, CLOSED = "resolved", "reopen-requested", "closed"
ON_A_DESK = frozenset({SCREENING, REOPEN_REQUESTED})
QUEUED = frozenset({SCREENING, ASSIGNED, ACCEPTED, REOPEN_REQUESTED})


@dataclass(frozen=True, slots=True)
class Visit:
    """A follow-up visit 回访. Its id is the case's with a number."""

    id: str
    attempt: int
    state: str  # planned | due | done | lapsed
    due_at: datetime
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A matter and all that is known of how it stands.

    `lead` and `joint_units` must act; `desk` is the station (or linkage centre) that screens it and that a returned
    case goes back to. `report_ids` are in the order they came. `submitters` are the staff who reported it.
    """

    id: str
    version: int
    tracking_code: str
    state: str
    policy_version: str
    opened_at: datetime
    updated_at: datetime
    urgency: str
    source: str
    kind: str | None = None
    category: str | None = None
    area: Area | None = None
    desk: str = ""
    lead: str | None = None
    joint_units: tuple[str, ...] = ()
    rule: str | None = None
    report_ids: tuple[str, ...] = ()
    submitters: tuple[str, ...] = ()
    clocks: tuple[Clock, ...] = ()
    visits: tuple[Visit, ...] = ()
    close_at: datetime | None = None
    outcome: str | None = None

    @property
    def unit(self) -> str:
        """Whose turn it is, or was last: the desk while it screens or decides, otherwise the lead unit."""
        return self.desk if self.state in ON_A_DESK or self.lead is None else self.lead

    @property
    def units(self) -> tuple[str, ...]:
        """All units that must know of what happens: whose turn it is, the lead and the joint ones."""
        return tuple(dict.fromkeys((self.unit, *([self.lead] if self.lead else []), *self.joint_units)))

    @property
    def open(self) -> bool:
        return self.state != CLOSED

    @property
    def due_at(self) -> datetime | None:
        """The nearest deadline somebody has: of a clock still to be met, else of the visit."""
        waiting = [clock.due_at for clock in self.clocks if clock.ended_at is None]
        return min(waiting, default=None) or (self.visit.due_at if self.visit else None)

    @property
    def visit(self) -> Visit | None:
        """The visit still to be made, if there is one."""
        return next((visit for visit in reversed(self.visits) if visit.state in ("planned", "due")), None)

    @property
    def next_timer(self) -> datetime | None:
        """When the case next changes by time alone: a visit falls due, a clock runs out, or it closes by itself."""
        moments = [clock.due_at for clock in self.clocks if clock.state is ClockState.RUNNING]
        moments += [visit.due_at for visit in self.visits if visit.state == "planned"]
        moments += [self.close_at] if self.close_at and self.state == RESOLVED else []
        return min(moments, default=None)


def replay(events: Iterable[CaseEvent]) -> Case:
    """The case that a complete, ordered history gives. Raises ValueError for a history without a beginning."""
    case: Case | None = None
    for event in events:
        case = evolve(case, event)
    if case is None:
        raise ValueError("a case without events")
    return case


def evolve(case: Case | None, event: CaseEvent) -> Case:
    """The case after one more event. Raises ValueError for a first event other than a report."""
    facts = event.data
    if case is None:
        if event.type != E.CASE_REPORTED:
            raise ValueError(f"{event.id}: a case begins with a report")
        case = Case(
            id=event.subject,
            version=event.version,
            tracking_code=facts["tracking_code"],
            state=SCREENING,
            policy_version=event.policy_version,
            opened_at=event.time,
            updated_at=event.time,
            urgency=facts["urgency"],
            source=facts["source"],
        )
    changed = _APPLY[event.type](case, event, facts)
    return replace(changed, version=event.version, updated_at=event.time)


def _reported(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    submitters = case.submitters
    if facts.get("submitted_by") and facts["submitted_by"] not in submitters:
        submitters = (*submitters, facts["submitted_by"])
    return replace(case, report_ids=(*case.report_ids, facts["report_id"]), submitters=submitters)


def _classified(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    area = facts.get("area")
    return replace(
        case,
        kind=facts.get("kind"),
        category=facts.get("category"),
        urgency=facts["urgency"],
        area=Area(area["code"], tuple(area["path"])) if area else case.area,
    )


def _to_desk(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    clocks = _ended(case.clocks, event.time, met=())
    return replace(
        case,
        state=SCREENING,
        desk=facts["unit"],
        lead=None,
        joint_units=(),
        clocks=(*clocks, *_started(event.time, facts["clocks"])),
    )


def _assigned(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    clocks = _ended(case.clocks, event.time, met=("screening",))
    return replace(
        case,
        state=ASSIGNED,
        desk=facts["desk"],
        lead=facts["unit"],
        joint_units=tuple(facts["joint_units"]),
        rule=facts["rule"],
        clocks=(*clocks, *_started(event.time, facts["clocks"])),
        close_at=None,
    )


def _accepted(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    return replace(case, state=ACCEPTED, clocks=_ended(case.clocks, event.time, met=("accept",), only=("accept",)))


def _resolved(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    clocks = _ended(case.clocks, event.time, met=("accept", "resolve"))
    return replace(case, state=RESOLVED, clocks=clocks, close_at=datetime.fromisoformat(facts["close_at"]))


def _visit_planned(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    planned = Visit(facts["visit_id"], facts["attempt"], "planned", datetime.fromisoformat(facts["due_at"]))
    close_at = datetime.fromisoformat(facts["close_at"]) if facts.get("close_at") else case.close_at
    return replace(case, visits=(*case.visits, planned), close_at=close_at)


def _visit_due(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    return replace(case, visits=_with_visit(case.visits, facts["visit_id"], state="due"))


def _visit_recorded(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    visits = _with_visit(case.visits, facts["visit_id"], state="done", outcome=facts["outcome"])
    return replace(case, visits=visits)


def _reopen_requested(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    return replace(
        case,
        state=REOPEN_REQUESTED,
        desk=facts["unit"],
        close_at=None,
        clocks=(*case.clocks, *_started(event.time, facts["clocks"])),
    )


def _unchanged(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    return case


def _closed(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    visits = tuple(replace(v, state="lapsed") if v.state in ("planned", "due") else v for v in case.visits)
    clocks = _ended(case.clocks, event.time, met=("screening",))
    return replace(case, state=CLOSED, outcome=facts["outcome"], visits=visits, clocks=clocks, close_at=None)


def _breached(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    clocks = tuple(
        clock.breach() if clock.name == facts["clock"] and clock.state is ClockState.RUNNING else clock
        for clock in case.clocks
    )
    return replace(case, clocks=clocks)


def _moved(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Case:
    return replace(case, area=Area(facts["area"]["code"], tuple(facts["area"]["path"])))


_APPLY: dict[str, Callable[[Case, CaseEvent, Mapping[str, Any]], Case]] = {
    E.CASE_REPORTED: _reported,
    E.CASE_JOINED: _reported,
    E.CASE_CLASSIFIED: _classified,
    E.CASE_SENT_TO_SCREENING: _to_desk,
    E.CASE_ASSIGNED: _assigned,
    E.CASE_ACCEPTED: _accepted,
    E.CASE_RETURNED: _to_desk,
    E.CASE_RESOLVED: _resolved,
    E.VISIT_PLANNED: _visit_planned,
    E.VISIT_DUE: _visit_due,
    E.VISIT_RECORDED: _visit_recorded,
    E.CASE_REOPEN_REQUESTED: _reopen_requested,
    E.CASE_REOPENED: _unchanged,
    E.CASE_REOPEN_DECLINED: _unchanged,
    E.CASE_CLOSED: _closed,
    E.CASE_MOVED: _moved,
    E.CLOCK_BREACHED: _breached,
}


def _started(at: datetime, due: Mapping[str, str]) -> tuple[Clock, ...]:
    return tuple(Clock(name, ClockState.RUNNING, at, datetime.fromisoformat(when)) for name, when in due.items())


def _ended(
    clocks: tuple[Clock, ...], at: datetime, *, met: tuple[str, ...], only: tuple[str, ...] | None = None
) -> tuple[Clock, ...]:
    return tuple(
        clock.end(at, met=clock.name in met) if only is None or clock.name in only else clock for clock in clocks
    )


def _with_visit(visits: tuple[Visit, ...], visit_id: str, **changes: Any) -> tuple[Visit, ...]:
    return tuple(replace(visit, **changes) if visit.id == visit_id else visit for visit in visits)
