"""The case 事件: the matter itself. Its state is the replay of its events and nothing else (always true 5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.grid import Area
from chalicelib.domain.links import NO_LINKS, Links
from chalicelib.domain.replacing import replace

if TYPE_CHECKING:
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.invited import Invited
    from chalicelib.domain.mediations import Mediation
    from chalicelib.domain.petitions import Petition

SCREENING, ASSIGNED, ACCEPTED = "screening", "assigned", "accepted"
RESOLVED, REOPEN_REQUESTED, CLOSED = "resolved", "reopen-requested", "closed"
DESK, LEAD, VISITOR, NOBODY = "desk", "lead", "visitor", "nobody"
LEVELS = ("building", "cell", "community", "street", "district")
"""The levels of containment 化解层级, lowest first (A3)."""

HANDLE, JOINT, DECIDE, SUPERVISE, ANSWER_FOR = "handle", "joint", "decide", "supervise", "answer-for"
ASKED, AGREED, REFUSED, DONE = "asked", "accepted", "refused", "done"

MORE = ("petition", "mediation", "panel", "matter")
"""Words that events and acts of modules of their own begin with; those are loaded when first needed."""

_DIGEST_DIGITS = 32
_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Joint(NamedTuple):
    """A unit that is asked to act jointly with the lead: `asked`, `accepted`, `refused` or `done`."""

    unit: str
    state: str

    @property
    def open(self) -> bool:
        return self.state in (ASKED, AGREED)


class Extension(NamedTuple):
    """An extension 延期 that was asked for and not decided: of which clock, until when, why, and by whom."""

    clock: str
    until: datetime
    reason: str
    asked_by: str
    approver: str


class Task(NamedTuple):
    """What a unit is asked for: to handle the case, to act jointly, to decide, or to see that others act.

    A leader is asked to answer for a petition 包案; `unit` is then the leader's own queue (`queue_of_staff`).
    """

    unit: str
    what: str
    due_at: datetime | None


@dataclass(frozen=True)
class Visit:
    """A follow-up visit 回访. Its id is the case's with a number."""

    id: str
    attempt: int
    state: str  # planned | due | done | lapsed
    due_at: datetime
    outcome: str | None = None


@dataclass(frozen=True)
class Case:
    """A matter and all that is known of how it stands.

    `lead` and `joints` must act; `desk` is the station (or linkage centre) that screens it and that a returned
    case goes back to. `report_ids` are in the order they came. `submitters` are the staff who reported it.
    `procedure` and `policy_version` are what it goes by, `turn` whose it is by its state. `level` is where it is
    settled, `first_lead` who answers for it as first receiver 首接, `returned_by` who says that it is none of its
    business, while the desk has not decided. `digest` is a chain over its events: an event that
    was altered or is missing gives another. While `links.merged_into` names a case, this one sleeps in it: nobody is
    asked for anything, time does nothing to it, and all else stays as it stood. `told_at`: when its first report was
    received, where that was before it was opened.
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
    procedure: str = ""
    turn: str = DESK
    kind: str | None = None
    category: str | None = None
    area: Area | None = None
    level: str | None = None
    desk: str = ""
    lead: str | None = None
    first_lead: str | None = None
    returned_by: str | None = None
    joints: tuple[Joint, ...] = ()
    rule: str | None = None
    report_ids: tuple[str, ...] = ()
    submitters: tuple[str, ...] = ()
    clocks: tuple[Clock, ...] = ()
    extension: Extension | None = None
    visits: tuple[Visit, ...] = ()
    answer: str | None = None
    close_at: datetime | None = None
    outcome: str | None = None
    digest: str = ""
    links: Links = NO_LINKS
    petition: Petition | None = None
    mediation: Mediation | None = None
    invited: tuple[Invited, ...] = ()
    told_at: datetime | None = None

    @property
    def received_at(self) -> datetime:
        """When the first of its reports was received: before it was opened, where it was split from another case."""
        return self.told_at or self.opened_at

    @property
    def asleep(self) -> bool:
        return self.links.merged_into is not None

    @property
    def told_by(self) -> tuple[str, ...]:
        """The staff who reported it, or what is merged into it."""
        others = (staff for each in self.links.absorbed for staff in each.submitters)
        return tuple(dict.fromkeys((*self.submitters, *others)))

    def home_of(self, report_id: str) -> str:
        """The case that one of its reports is of: this one, or one that sleeps in it."""
        return next((each.case for each in self.links.absorbed if report_id in each.report_ids), self.id)

    def code_of(self, report_id: str) -> str:
        """The tracking code that the reporter of one of its reports was given."""
        absorbed = (each.tracking_code for each in self.links.absorbed if report_id in each.report_ids)
        return next(absorbed, self.tracking_code)

    @property
    def unit(self) -> str:
        """Whose turn it is, or was last: the desk while it screens or decides, otherwise the lead unit."""
        return self.desk if self.turn == DESK or self.lead is None else self.lead

    @property
    def joint_units(self) -> tuple[str, ...]:
        """The units that act, or are asked to act, jointly with the lead."""
        return tuple(joint.unit for joint in self.joints if joint.state != REFUSED)

    @property
    def open_joints(self) -> tuple[str, ...]:
        """The joint units whose work is not done."""
        return tuple(joint.unit for joint in self.joints if joint.open)

    @property
    def supervisors(self) -> tuple[str, ...]:
        """The units that a breach was escalated to, while what was late is still not done. None of a petition: its desk
        sees to it that others act, and whoever led it before is told of it no more.
        """
        if self.petition is not None:
            return ()
        return tuple(dict.fromkeys(unit for clock in self.clocks if clock.open for unit in clock.escalated_to))

    @property
    def units(self) -> tuple[str, ...]:
        """All units that must know of what happens: whose turn it is, the lead, the joint and supervising ones.

        Of a petition those only whose work is not done: who is not entrusted with it any more is not told of it.
        """
        lead = [self.lead] if self.lead else []
        joint = self.joint_units if self.petition is None else self.open_joints
        return tuple(dict.fromkeys((self.unit, *lead, *joint, *self.supervisors)))

    @property
    def open(self) -> bool:
        return self.state != CLOSED and not self.asleep

    @property
    def on_a_desk(self) -> bool:
        return self.turn == DESK

    @property
    def due_at(self) -> datetime | None:
        """The nearest deadline somebody has: of a clock still to be met, or of the visit."""
        waiting = [clock.due_at for clock in self.clocks if clock.waited_for]
        waiting += [self.visit.due_at] if self.visit else []
        return min(waiting, default=None)

    @property
    def visit(self) -> Visit | None:
        """The visit still to be made, if there is one."""
        return next((visit for visit in reversed(self.visits) if visit.state in ("planned", "due")), None)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What units are asked for now: first whoever's turn it is, then each other unit once."""
        found: list[Task] = []
        if self.open:
            due_at = self.due_at
            if self.turn in (DESK, LEAD):
                found.append(Task(self.unit, HANDLE, due_at))
            if self.extension:
                found.append(Task(self.extension.approver, DECIDE, due_at))
            found += [Task(unit, JOINT, due_at) for unit in self.open_joints]
            found += [Task(unit, SUPERVISE, due_at) for unit in self.supervisors]
            if self.petition:
                found += (
                    [Task(queue_of_staff(self.petition.leader), ANSWER_FOR, due_at)] if self.petition.leader else []
                )
                found += [Task(self.petition.decider, DECIDE, due_at)] if self.petition.decider else []
                found += [Task(self.desk, SUPERVISE, due_at)] if self.turn == LEAD and self.desk else []
        return tuple({task.unit: task for task in reversed(found)}.values())[::-1]

    @property
    def next_timer(self) -> datetime | None:
        """When the case next changes by time alone: a clock, a visit that falls due, or closing by itself."""
        if self.asleep:
            return None
        moments = [at for clock in self.clocks if (at := clock.next_at)]
        moments += [visit.due_at for visit in self.visits if visit.state == "planned"]
        moments += [at] if (at := self.closes_at) else []
        return min(moments, default=None)

    @property
    def closing(self) -> Clock | None:
        """The window that the case ends by when it runs out, if there is one."""
        return next((clock for clock in self.clocks if clock.closes and clock.ended_at is None), None)

    @property
    def closes_at(self) -> datetime | None:
        """When the case closes by itself. A window that it ends by comes before the time after its answer."""
        if not self.open:
            return None
        window = self.closing
        if window is None:
            return self.close_at
        return window.due_at if window.state is ClockState.RUNNING else None

    @property
    def ended_by(self) -> Clock | None:
        """The window that the case ended by as it ran out, if it has ended so."""
        window = next((clock for clock in reversed(self.clocks) if clock.closes), None)
        ended = self.state == CLOSED and window is not None and window.ran_out and window.closes == self.outcome
        return window if ended else None

    def ended_with_it(self, clock: Clock) -> bool:
        """Whether a clock was asked for no more because a window ended the case, though it may have come back since."""
        return any(window.ran_out and window.ended_at == clock.ended_at for window in self.clocks)

    @property
    def stood_since(self) -> datetime:
        """Since when it stands as it does, by the last clock that began; that a day was named is no change.

        Of what a window ended, since when it stood so before.
        """
        ended = self.ended_by
        last = [ended] if ended else [clock for clock in self.clocks if clock.open]
        return max((clock.since or clock.started_at for clock in last), default=self.opened_at)

    def clock(self, name: str) -> Clock | None:
        """The clock of a name that has not ended."""
        return next((clock for clock in self.clocks if clock.name == name and clock.open), None)


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
            procedure=facts.get("procedure", ""),
        )
    changes = (_APPLY.get(event.type) or _loaded(event.type))(case, event, facts)
    if "state" in facts:
        changes |= {"state": facts["state"], "turn": facts["turn"]}
    if "timing" in facts or "clocks" in facts:
        changes["clocks"] = _timed(changes.get("clocks", case.clocks), event.time, facts, case)
    if "uncounted" in facts:
        changes["clocks"] = _without(changes.get("clocks", case.clocks), event.time, facts["uncounted"])
    return replace(
        case, version=event.version, updated_at=event.time, digest=digest_of(digested(case.digest, event)), **changes
    )


def queue_of_staff(staff_id: str) -> str:
    """What stands for a member of staff where a unit's name does: the queue is one person's."""
    return f"staff/{staff_id}"


Changes = dict[str, Any]
Apply = Callable[[Case, "CaseEvent", Mapping[str, Any]], Changes]


def _loaded(event_type: str) -> Apply:
    """What an event of petitions, mediations, panels or of one matter in several cases makes of a case.

    Raises KeyError for a type that there is not.
    """
    word = event_type.partition(".")[0]
    if word in MORE:
        _APPLY.update(import_module(f"chalicelib.domain.{word}_events").APPLY)
    return _APPLY[event_type]


def _reported(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    changes: Changes = {"report_ids": (*case.report_ids, facts["report_id"], *facts.get("and_reports", ()))}
    staff = facts.get("submitted_by")
    if through := facts.get("through"):
        changes["links"] = case.links.told_through(through, [facts["report_id"]], [staff] if staff else [])
    elif staff and staff not in case.submitters:
        changes["submitters"] = (*case.submitters, staff)
    if parent := facts.get("split_from"):
        changes |= {"links": case.links.split_from(parent), "submitters": tuple(facts["submitters"])}
        changes["told_at"] = _moment(facts.get("received_at"))
    return {**changes, **_accused(case, facts)}


def _classified(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    area = facts.get("area")
    return {
        **_accused(case, facts),
        "kind": facts.get("kind"),
        "category": facts.get("category"),
        "urgency": facts["urgency"],
        "area": _area(area) if area else case.area,
        "procedure": facts.get("procedure", case.procedure),
        "level": facts.get("level", case.level),
    }


def _accused(case: Case, facts: Mapping[str, Any]) -> Changes:
    """Whom the desk names as accused, or what it was split from accuses, is known before anybody has it."""
    if not facts.get("accused"):
        return {}
    from chalicelib.domain.petitions import Petition  # few are

    return {"petition": replace(case.petition or Petition(), accused=tuple(facts["accused"]))}


def _to_desk(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    nobody = {"lead": None, "returned_by": None, "joints": (), "extension": None, "close_at": None}
    return {**nobody, "desk": facts["unit"], "visits": _lapsed(case.visits)}


def _returned(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"desk": facts["unit"], "lead": None, "returned_by": case.lead, "extension": None}


def _return_rejected(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"lead": facts["unit"], "returned_by": None}


def _assigned(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {
        "desk": facts["desk"],
        "lead": facts["unit"],
        "first_lead": facts["unit"] if case.returned_by else case.first_lead or facts["unit"],
        "returned_by": None,
        "joints": tuple(Joint(unit, ASKED) for unit in facts["joint_units"]),
        "rule": facts["rule"],
        "extension": None,
        "close_at": None,
    }


def _passed_on(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    """Another unit leads: what it was asked to do jointly it leads now."""
    joints = tuple(joint for joint in case.joints if joint.unit != facts["unit"])
    return {"lead": facts["unit"], "level": facts.get("level", case.level), "joints": joints, "extension": None}


def _joint_asked(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    kept = tuple(joint for joint in case.joints if joint.unit not in facts["asked"])
    return {"joints": (*kept, *(Joint(unit, ASKED) for unit in facts["asked"]))}


def _joint(state: str) -> Apply:
    def apply(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
        joints = (Joint(j.unit, state) if j.unit == facts["unit"] else j for j in case.joints)
        return {"joints": tuple(joints)}

    return apply


def _extension_asked(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    until = datetime.fromisoformat(facts["until"])
    return {"extension": Extension(facts["clock"], until, facts["reason"], event.actor.id, facts["approver"])}


def _extension_approved(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    due_at, warn_at = datetime.fromisoformat(facts["due_at"]), _moment(facts.get("warn_at"))
    return {"extension": None, "clocks": _with_clock(case, facts["clock"], lambda c: c.extend(due_at, warn_at))}


def _extension_refused(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"extension": None}


def _suspended(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    """Time stands still: until when more of it was asked for says nothing any more."""
    return {"extension": None}


def _finished(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"answer": facts["note"], "extension": None}


def _resolved(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"answer": facts["note"], "extension": None, "close_at": datetime.fromisoformat(facts["close_at"])}


def _visit_planned(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    planned = Visit(facts["visit_id"], facts["attempt"], "planned", datetime.fromisoformat(facts["due_at"]))
    return {"visits": (*case.visits, planned), "close_at": _moment(facts.get("close_at")) or case.close_at}


def _visit_due(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    visits = _with_visit(case.visits, facts["visit_id"], state="due")
    return {"visits": visits, "close_at": _moment(facts.get("close_at")) or case.close_at}


def _visit_recorded(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"visits": _with_visit(case.visits, facts["visit_id"], state="done", outcome=facts["outcome"])}


def _reopen_requested(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"desk": facts["unit"], "close_at": None, "outcome": None, "visits": _lapsed(case.visits)}


def _unchanged(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {}


def _closed(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"outcome": facts["outcome"], "visits": _lapsed(case.visits), "extension": None, "close_at": None}


def _warned(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"clocks": _with_clock(case, facts["clock"], lambda clock: replace(clock, warn_at=None))}


def _breached(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    step, to, again = facts.get("step", 1), facts.get("escalated_to"), _moment(facts.get("again_at"))
    return {"clocks": _with_clock(case, facts["clock"], lambda clock: clock.breach(step, to, again))}


def _recomputed(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    due_at, warn_at = datetime.fromisoformat(facts["due_at"]), _moment(facts.get("warn_at"))

    def change(clock: Clock) -> Clock:
        return clock.recount(due_at, warn_at, event.time, provisional=facts["provisional"])

    return {"clocks": _with_clock(case, facts["clock"], change)}


def _moved(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"area": _area(facts["area"])}


def _migrated(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    released = facts.get("released", ())
    asked = case.extension
    return {
        "policy_version": event.policy_version,
        "procedure": facts["procedure"],
        "category": facts.get("category", case.category),
        "joints": tuple(joint for joint in case.joints if joint.unit not in released or not joint.open),
        "extension": None if asked and asked.approver in released else asked,
    }


_APPLY: dict[str, Apply] = {
    E.CASE_REPORTED: _reported,
    E.CASE_JOINED: _reported,
    E.CASE_CLASSIFIED: _classified,
    E.CASE_SENT_TO_SCREENING: _to_desk,
    E.CASE_ASSIGNED: _assigned,
    E.CASE_ACCEPTED: _unchanged,
    E.CASE_ADVANCED: _unchanged,
    E.CASE_RETURNED: _returned,
    E.CASE_RETURN_REJECTED: _return_rejected,
    E.CASE_TRANSFERRED: _passed_on,
    E.CASE_ESCALATED: _passed_on,
    E.CASE_DELEGATED: _passed_on,
    E.JOINT_REQUESTED: _joint_asked,
    E.JOINT_ACCEPTED: _joint(AGREED),
    E.JOINT_REFUSED: _joint(REFUSED),
    E.JOINT_FINISHED: _joint(DONE),
    E.EXTENSION_REQUESTED: _extension_asked,
    E.EXTENSION_APPROVED: _extension_approved,
    E.EXTENSION_REFUSED: _extension_refused,
    E.CASE_SUSPENDED: _suspended,
    E.CASE_RESUMED: _unchanged,
    E.CASE_FINISHED: _finished,
    E.CASE_VERIFIED: _unchanged,
    E.CASE_SENT_BACK: _unchanged,
    E.CASE_RESOLVED: _resolved,
    E.CASE_EVALUATED: _unchanged,
    E.VISIT_PLANNED: _visit_planned,
    E.VISIT_DUE: _visit_due,
    E.VISIT_RECORDED: _visit_recorded,
    E.CASE_REOPEN_REQUESTED: _reopen_requested,
    E.CASE_REOPENED: _unchanged,
    E.CASE_REOPEN_DECLINED: _unchanged,
    E.CASE_WITHDRAWN: _unchanged,
    E.CASE_VOIDED: _unchanged,
    E.CASE_CLOSED: _closed,
    E.CASE_MOVED: _moved,
    E.CASE_MIGRATED: _migrated,
    E.CLOCK_WARNED: _warned,
    E.CLOCK_BREACHED: _breached,
    E.CLOCK_RECOMPUTED: _recomputed,
}


def _timed(clocks: tuple[Clock, ...], at: datetime, facts: Mapping[str, Any], case: Case) -> tuple[Clock, ...]:
    """The clocks after a change of state: those that end, wait, go on, and those that start."""
    timing = facts.get("timing", {})
    ended, paused, resumed = timing.get("ended", {}), timing.get("paused", ()), timing.get("resumed", {})

    def change(clock: Clock) -> Clock:
        if not clock.open:
            return clock
        if clock.name in ended:
            return clock.end(at, met=ended[clock.name] != "stopped")
        if clock.name in paused:
            return clock.pause(at)
        if clock.name in resumed:
            due_at, warn_at, again_at = resumed[clock.name]
            due, guessed = datetime.fromisoformat(due_at), clock.name in provisional
            return clock.resume(due, _moment(warn_at), _moment(again_at), provisional=guessed)
        return clock

    warn, windows, provisional = (timing.get(key, ()) for key in ("warn", "windows", "provisional"))
    closes, named = timing.get("closes", {}), _moment(facts.get("counted_from"))
    received = {name: datetime.fromisoformat(at) for name, at in timing.get("received", {}).items()}
    started = (
        Clock(
            name=name,
            state=ClockState.RUNNING,
            started_at=received.get(name) or named or at,
            due_at=datetime.fromisoformat(due_at),
            warn_at=datetime.fromisoformat(warn[name]) if name in warn else None,
            window=name in windows,
            provisional=name in provisional,
            closes=closes.get(name, ""),
            since=at if name in received else case.stood_since if named else None,
        )
        for name, due_at in facts.get("clocks", {}).items()
    )
    return (*map(change, clocks), *started)


def _without(clocks: tuple[Clock, ...], at: datetime, uncounted: Mapping[str, Any]) -> tuple[Clock, ...]:
    """The clocks when some days do not count in them, each with the times that follow."""

    def change(clock: Clock) -> Clock:
        if not clock.open or clock.name not in uncounted:
            return clock
        told = uncounted[clock.name]
        due_at, guessed = datetime.fromisoformat(told["due_at"]), told.get("provisional", False)
        return clock.without(told["days"], due_at, _moment(told["warn_at"]), at, provisional=guessed)

    return tuple(map(change, clocks))


def digested(before: str, event: CaseEvent) -> str:
    """What a link of the chain is the hash of: the link before, and all that an event says."""
    actor, at = event.actor, event.time.astimezone(UTC).isoformat()
    told = [
        *(before, event.id, event.type, at, actor.id, actor.role, actor.unit),
        *(event.policy_version, event.data, event.correlation_id, event.causation_id),
    ]
    return _written(told)


def digest_of(content: str) -> str:
    return sha256(content.encode()).hexdigest()[:_DIGEST_DIGITS]


def _with_clock(case: Case, name: str, change: Callable[[Clock], Clock]) -> tuple[Clock, ...]:
    return tuple(change(clock) if clock.name == name and clock.open else clock for clock in case.clocks)


def _with_visit(visits: tuple[Visit, ...], visit_id: str, **changes: Any) -> tuple[Visit, ...]:
    return tuple(replace(visit, **changes) if visit.id == visit_id else visit for visit in visits)


def _lapsed(visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    return tuple(replace(v, state="lapsed") if v.state in ("planned", "due") else v for v in visits)


def _area(facts: Mapping[str, Any]) -> Area:
    return Area(facts["code"], tuple(facts["path"]))


def _moment(stamped: str | None) -> datetime | None:
    return datetime.fromisoformat(stamped) if stamped else None
