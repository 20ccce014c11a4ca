"""Rows of a case: the case itself, its events, its tracking code, and the commands that were done to it."""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

from chalicelib.domain.cases import HANDLE, Case, Extension, Joint, Task, Visit
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.grid import DIGITS, Area
from chalicelib.domain.links import NO_LINKS, Links
from chalicelib.domain.records import CaseSummary
from chalicelib.models.base import Row, _Meta, dumps, moment, stamp
from chalicelib.models.stream import CASE_PREFIX, EVENT_PREFIX, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.domain.events import CaseEvent, Event
    from chalicelib.domain.invited import Invited
    from chalicelib.domain.mediations import Mediation
    from chalicelib.domain.petitions import Petition

_SELDOM = (
    *("warn_at", "again_at", "paused_at", "step", "escalated_to", "extended", "window", "provisional"),
    *("closes", "uncounted", "since"),
)
"""What most clocks have not."""

DUE_SHARDS = 8
TASK_PREFIX = "TASK#"
SUMMARY_ATTRIBUTES = ("version", "summary")


def case_key(case_id: str) -> str:
    return f"{CASE_PREFIX}{case_id}"


def unit_queue(unit: str) -> str:
    return f"UNIT#{unit}"


def visits_queue(community: str) -> str:
    return f"VISITS#{community}"


def community_list(community: str, kind: str | None, *, open: bool) -> str:
    return f"COMMUNITY#{community}#{kind or '-'}#{'open' if open else 'closed'}"


def due_shard(subject: str) -> str:
    return f"DUE#{zlib.crc32(subject.encode()) % DUE_SHARDS}"


DUE_SHARD_KEYS = tuple(f"DUE#{shard}" for shard in range(DUE_SHARDS))


class QueueIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What waits, by whom and in which order: cases at a unit by deadline, due visits of a community by cell; and the
    beats of a community.
    """

    class Meta:
        index_name = "queue"
        projection = IncludeProjection(list(SUMMARY_ATTRIBUTES))

    queue = UnicodeAttribute(hash_key=True)
    queue_order = UnicodeAttribute(range_key=True)


class DueIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What changes by time alone, by moment, spread over shards."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UnicodeAttribute(range_key=True)


class CommunityIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """The cases of a community, of a kind, open or closed, by the time of opening, which their ids sort by."""

    class Meta:
        index_name = "community"
        projection = IncludeProjection(list(SUMMARY_ATTRIBUTES))

    community = UnicodeAttribute(hash_key=True)
    pk = UnicodeAttribute(range_key=True)


class CasesRow(Row):
    """Any row of the cases table; the indexes are declared here, so that every kind of row knows them."""

    class Meta(_Meta):
        pass

    queue = UnicodeAttribute(null=True)
    queue_order = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = UnicodeAttribute(null=True)
    community = UnicodeAttribute(null=True)
    queue_index = QueueIndex()
    due_index = DueIndex()
    community_index = CommunityIndex()


class CaseRow(CasesRow):
    """The case as it stands: what lists show as one document, the rest as another.

    Documents, because a page's CPU goes by the number of its values, most of it in botocore.
    """

    version = NumberAttribute()
    summary = UnicodeAttribute()
    detail = UnicodeAttribute()

    SK = "CASE"

    @classmethod
    def of(cls, case: Case) -> CaseRow:
        queue, order = _queue_of(case)
        timer = case.next_timer
        return cls(
            pk=case_key(case.id),
            sk=cls.SK,
            queue=queue,
            queue_order=order,
            due_shard=due_shard(case.id) if timer else None,
            due_at=stamp(timer) if timer else None,
            community=_community_of(case),
            version=case.version,
            summary=dumps(_summary(case)),
            detail=dumps(_detail(case)),
        )

    def to_case(self) -> Case:
        return case_from(self.attribute_values)


class TaskRow(CasesRow):
    """What a unit is asked for beside whose turn it is: in its queue, with the case as lists show it."""

    version = NumberAttribute()
    summary = UnicodeAttribute()

    @classmethod
    def of(cls, case: Case, task: Task) -> TaskRow:
        return cls(
            pk=case_key(case.id),
            sk=cls.sort_key(task),
            queue=unit_queue(task.unit),
            queue_order=_order(case, task),
            version=case.version,
            summary=dumps(_summary(case, task)),
        )

    @staticmethod
    def sort_key(task: Task) -> str:
        return f"{TASK_PREFIX}{task.unit}"


def other_tasks(case: Case | None) -> dict[str, Task]:
    """The tasks of a case that have rows of their own, by sort key."""
    tasks = case.tasks if case else ()
    return {TaskRow.sort_key(task): task for task in tasks if task.what != HANDLE}


def case_from(row: dict[str, Any]) -> Case:
    """The case a whole row tells of."""
    summary, detail = summary_from(row), json.loads(row["detail"])
    return Case(
        id=summary.case_id,
        version=summary.version,
        tracking_code=summary.tracking_code,
        state=summary.state,
        policy_version=detail["policy_version"],
        opened_at=summary.opened_at,
        updated_at=summary.updated_at,
        urgency=summary.urgency,
        source=detail["source"],
        procedure=summary.procedure,
        turn=summary.turn,
        kind=summary.kind,
        category=summary.category,
        area=summary.area,
        level=summary.level,
        desk=detail["desk"],
        lead=detail["lead"],
        first_lead=detail["first_lead"],
        returned_by=detail["returned_by"],
        joints=tuple(Joint(*joint) for joint in detail["joints"]),
        rule=detail["rule"],
        report_ids=tuple(detail["report_ids"]),
        submitters=tuple(detail["submitters"]),
        clocks=tuple(_clock(*clock) for clock in detail["clocks"]),
        extension=_extension(*detail["extension"]) if detail["extension"] else None,
        visits=tuple(_visit(*visit) for visit in detail["visits"]),
        answer=detail["answer"],
        close_at=_when(detail["close_at"]),
        outcome=detail["outcome"],
        digest=detail["digest"],
        **{name: _READ[name](written) for name, written in detail.items() if name in _READ},
    )


def summary_from(row: dict[str, Any]) -> CaseSummary:
    """The case as a row of the queue's index tells of it."""
    (code, state, kind, category, urgency, area, unit, due_at, opened_at, updated_at, visit, *more) = json.loads(
        row["summary"]
    )
    turn, procedure, level, *seldom = more
    asked, accused, merged_into = (*seldom, None, None, None)[:3]
    due = moment(due_at) if due_at else None
    return CaseSummary(
        case_id=row["pk"].removeprefix(CASE_PREFIX),
        tracking_code=code,
        version=int(row["version"]),
        state=state,
        kind=kind,
        category=category,
        urgency=urgency,
        area=Area(area[0], tuple(area[1:])) if area else None,
        unit=unit,
        due_at=due,
        opened_at=moment(opened_at),
        updated_at=moment(updated_at),
        visit=_visit(*visit) if visit else None,
        turn=turn,
        procedure=procedure,
        level=level,
        task=Task(asked[0], asked[1], due) if asked else None,
        registered=accused is not None,
        accused=tuple(accused or ()),
        merged_into=merged_into,
    )


class EventRow(CasesRow):
    """An event of a case or a beat. Its sort key orders the timeline; its insert on the table's stream publishes it."""

    type = UnicodeAttribute()
    time = UnicodeAttribute()
    actor = UnicodeAttribute()
    policy_version = UnicodeAttribute()
    data = UnicodeAttribute()
    snapshot = UnicodeAttribute()
    correlation_id = UnicodeAttribute()
    causation_id = UnicodeAttribute()

    @classmethod
    def all_of(cls, events: Iterable[CaseEvent], case: Case) -> list[EventRow]:
        """The rows of an act's events, with how the case stands after it, as consumers will want to know it."""
        standing = dumps(
            {
                "tracking_code": case.tracking_code,
                "state": case.state,
                "procedure": case.procedure,
                "kind": case.kind,
                "category": case.category,
                "area": {"code": case.area.code, "path": case.area.path} if case.area else None,
                "urgency": case.urgency,
                "level": case.level,
                "units": case.units,
                "lead": case.lead,
                "joint_units": case.joint_units,
                "due_at": stamp(due_at) if (due_at := case.due_at) else None,
                **_codes(case),
                **({"accused": case.petition.accused} if case.petition and case.petition.accused else {}),
            }
        )
        return [cls.told(event, standing) for event in events]

    @classmethod
    def told(cls, event: Event, standing: str) -> EventRow:
        return cls(
            pk=key_of(event.subject),
            sk=f"{EVENT_PREFIX}{event.version:08d}.{event.n:02d}",
            type=event.type,
            time=stamp(event.time),
            actor=dumps([event.actor.id, event.actor.role, event.actor.unit]),
            policy_version=event.policy_version,
            data=dumps(event.data),
            snapshot=standing,
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
        )


class TrackingRow(CasesRow):
    """A tracking code in use. Its conditional put keeps codes unique."""

    case_id = UnicodeAttribute()

    SK = "TRACK"

    @classmethod
    def of(cls, tracking_code: str, case_id: str) -> TrackingRow:
        return cls(pk=cls.key(tracking_code), sk=cls.SK, case_id=case_id)

    @staticmethod
    def key(tracking_code: str) -> str:
        return f"TRACK#{tracking_code}"


class CommandRow(CasesRow):
    """A command that was done: by its idempotency key, to which case (or beat), and which version it made."""

    case_id = UnicodeAttribute()
    version = NumberAttribute()
    fingerprint = UnicodeAttribute()

    SK = "COMMAND"

    @staticmethod
    def key(command_id: str) -> str:
        return f"COMMAND#{command_id}"


def _codes(case: Case) -> dict[str, Any]:
    """The reports whose reporters were given another tracking code than the case's, by that."""
    codes = {each.tracking_code: each.report_ids for each in case.links.absorbed}
    return {"codes": codes} if codes else {}


def _queue_of(case: Case) -> tuple[str | None, str | None]:
    """Where a case itself waits: with whose turn it is, or with who walks its cell while a visit is due."""
    task = next((task for task in case.tasks if task.what == HANDLE), None)
    if task is not None:
        return unit_queue(task.unit), _order(case, task)
    visit = case.visit
    if visit is not None and visit.state == "due" and case.area and not case.asleep:
        return visits_queue(case.area.code[:12]), f"{case.area.code}#{stamp(visit.due_at)}#{case.id}"
    return None, None


def _order(case: Case, task: Task) -> str:
    return f"{stamp(task.due_at) if task.due_at else '9'}#{case.id}"


def _community_of(case: Case) -> str | None:
    """The list of a community that a case is in. One that lies in none, whose place nobody knows, or that sleeps in
    another, is in none.
    """
    if case.asleep or case.area is None or len(case.area.code) < DIGITS["community"]:
        return None
    return community_list(case.area.code[: DIGITS["community"]], case.kind, open=case.open)


def _visit(visit_id: str, attempt: int, state: str, due_at: str, outcome: str | None) -> Visit:
    return Visit(visit_id, attempt, state, moment(due_at), outcome)


def _extension(clock: str, until: str, reason: str, asked_by: str, approver: str) -> Extension:
    return Extension(clock, moment(until), reason, asked_by, approver)


def _clock(name: str, state: str, started: str, due: str, ended: str | None, more: dict[str, Any]) -> Clock:
    """`more`: what most clocks have not, by name."""
    return Clock(
        name=name,
        state=ClockState(state),
        started_at=moment(started),
        due_at=moment(due),
        ended_at=_when(ended),
        warn_at=_when(more.get("warn_at")),
        again_at=_when(more.get("again_at")),
        step=more.get("step", 0),
        escalated_to=tuple(more.get("escalated_to", ())),
        paused_at=_when(more.get("paused_at")),
        extended=more.get("extended", 0),
        window=more.get("window", False),
        provisional=more.get("provisional", False),
        closes=more.get("closes", ""),
        uncounted=tuple(more.get("uncounted", ())),
        since=_when(more.get("since")),
    )


def _written_clock(clock: Clock) -> list[Any]:
    has = ((name, value) for name in _SELDOM if (value := getattr(clock, name)))
    more = {name: stamp(value) if isinstance(value, datetime) else value for name, value in has}
    ended = stamp(clock.ended_at) if clock.ended_at else None
    return [clock.name, clock.state, stamp(clock.started_at), stamp(clock.due_at), ended, more]


def _when(stamped: str | None) -> datetime | None:
    return moment(stamped) if stamped else None


def _summary(case: Case, task: Task | None = None) -> list[Any]:
    """By place, not by name: a row may not grow into another write unit for what every row says alike."""
    return [
        case.tracking_code,
        case.state,
        case.kind,
        case.category,
        case.urgency,
        [case.area.code, *case.area.path] if case.area else None,
        case.unit,
        stamp(due_at) if (due_at := case.due_at) else None,
        stamp(case.opened_at),
        stamp(case.updated_at),
        _written(visit) if (visit := case.visit) else None,
        case.turn,
        case.procedure,
        case.level,
        *_seldom(case, task),
    ]


def _seldom(case: Case, task: Task | None) -> list[Any]:
    """What most summaries have not: what else a unit is asked for, whom a petition accuses, and where it sleeps."""
    asked = [task.unit, task.what] if task else None
    accused = list(case.petition.accused) if case.petition is not None else None
    if case.asleep:
        return [asked, accused, case.links.merged_into]
    if accused is not None:
        return [asked, accused]
    return [asked] if asked else []


def _detail(case: Case) -> dict[str, Any]:
    asked = case.extension
    return {
        "policy_version": case.policy_version,
        "source": case.source,
        "desk": case.desk,
        "lead": case.lead,
        "first_lead": case.first_lead,
        "returned_by": case.returned_by,
        "joints": case.joints,
        "rule": case.rule,
        "report_ids": case.report_ids,
        "submitters": case.submitters,
        "clocks": [_written_clock(clock) for clock in case.clocks],
        "extension": [asked.clock, stamp(asked.until), *asked[2:]] if asked else None,
        "visits": [_written(visit) for visit in case.visits],
        "answer": case.answer,
        "close_at": stamp(case.close_at) if case.close_at else None,
        "outcome": case.outcome,
        "digest": case.digest,
        **({"links": case.links.written} if case.links is not NO_LINKS else {}),
        **({"petition": case.petition.written} if case.petition else {}),
        **({"mediation": case.mediation.written} if case.mediation else {}),
        **({"invited": case.invited} if case.invited else {}),
        **({"told_at": stamp(case.told_at)} if case.told_at else {}),
    }


def _petition(written: dict[str, Any]) -> Petition:
    from chalicelib.domain.petitions import Petition  # few cases are one

    return Petition.read(written)


def _mediation(written: dict[str, Any]) -> Mediation:
    from chalicelib.domain.mediations import Mediation

    return Mediation.read(written)


def _invited(written: list[list[str]]) -> tuple[Invited, ...]:
    from chalicelib.domain.invited import Invited

    return tuple(Invited(*each) for each in written)


_READ: dict[str, Any] = {
    **{"links": Links.read, "petition": _petition, "mediation": _mediation, "invited": _invited},
    "told_at": moment,
}
"""What most cases have nothing of."""


def _written(visit: Visit) -> list[Any]:
    return [visit.id, visit.attempt, visit.state, stamp(visit.due_at), visit.outcome]
