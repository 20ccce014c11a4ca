"""A store of cases in memory that keeps the rows DynamoDB would keep, under the same conditions, and a small district.

What `chalicelib.models` writes is written here too, by the same row classes; only tables are dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.audit import Entry, entry_of
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import (
    AlreadyKnown,
    OpenedMeanwhile,
    OtherChanged,
    StaleVersion,
    TrackingCodeTaken,
    UnknownAttachment,
)
from chalicelib.domain.events import Actor, CaseEvent
from chalicelib.domain.gazetteer import Gazetteer
from chalicelib.domain.grid import Area, Cell
from chalicelib.domain.matter_events import moved
from chalicelib.domain.nearby import Near
from chalicelib.domain.panels import Member
from chalicelib.domain.procedure import Change
from chalicelib.domain.records import (
    CaseSummary,
    Command,
    Contact,
    Duty,
    Holder,
    Identity,
    KnownCommand,
    KnownReport,
    Page,
    Sealed,
)
from chalicelib.domain.reports import Report
from chalicelib.models.base import Row, stamp
from chalicelib.models.case_rows import (
    CaseRow,
    CommandRow,
    EventRow,
    TaskRow,
    TrackingRow,
    case_from,
    case_key,
    community_list,
    other_tasks,
    summary_from,
    unit_queue,
    visits_queue,
)
from chalicelib.models.near_rows import NearRow, near_from
from chalicelib.models.report_rows import ReporterRow, ReportRow, SubmitterRow
from chalicelib.models.stream import EVENT_PREFIX, event_from, subject_of
from chalicelib.services.awake import awake

Attributes = Mapping[str, Any]


class MemoryCaseStore:
    """`services.ports.CaseStore`. `partitions`: rows by partition key and sort key, as DynamoDB would keep them."""

    def __init__(self) -> None:
        self.partitions: dict[str, dict[str, Attributes]] = {}
        self.audit: dict[str, Entry] = {}
        self.identities: dict[str, Identity] = {}
        self.refused: list[tuple[str, datetime, str, Sealed]] = []
        self._pictures: dict[str, dict[str, str | None]] = {}

    def announce(self, attachment_id: str, owner: str) -> None:
        """A picture that somebody will name, in a report or with an act."""
        self._pictures[attachment_id] = {"owner": owner, "report": None, "case": None}

    def record(
        self,
        change: Change,
        report: Report,
        identity: Identity | None,
        source: str,
        *,
        new: bool,
        near: Near | None = None,
    ) -> None:
        case = change.case
        if self._has(ReportRow.key(report.id), ReportRow.SK):
            raise AlreadyKnown()
        if new and self._has(TrackingRow.key(case.tracking_code), TrackingRow.SK):
            raise TrackingCodeTaken()
        self._must_follow(case)
        self._must_lie(near)
        self._claim(report.media, report.submitted_by, "report", report.id)
        self._enter(near)
        self._put(ReportRow.of(report, case.id, case.code_of(report.id), case.version, joined=not new))
        home = case.home_of(report.id)
        if new:
            self._put(TrackingRow.of(case.tracking_code, case.id))
        if identity:
            self.identities[report.id] = identity
            if identity.phone_hash:
                self._put(ReporterRow.of(identity.phone_hash, home))
        if report.submitted_by:
            self._put(SubmitterRow.of(report.submitted_by, home))
        self._write(change, entry_of(change, source, identity.phone_hash if identity else None))

    def save(
        self,
        change: Change,
        command: Command | None,
        source: str,
        by: Actor | None = None,
        near: Sequence[Near] = (),
    ) -> None:
        case = change.case
        if command and self._has(CommandRow.key(command.id), CommandRow.SK):
            raise AlreadyKnown()
        self._must_follow(case)
        for place in near:
            self._must_lie(place)
        self._others_must_follow(change)
        for event in change.events:
            self._claim(event.data.get("media", ()), event.actor.id, "case", case.id)
        for place in near:
            self._enter(place)
        if command:
            said = {"case_id": case.id, "version": case.version, "fingerprint": command.fingerprint}
            self._put(CommandRow(CommandRow.key(command.id), CommandRow.SK, **said))
        self._write(change, entry_of(change, source, by=by))
        for other in change.also:
            self._write(other, entry_of(other, source, by=by))
            if other.before is None:
                self._put(TrackingRow.of(other.case.tracking_code, other.case.id))
                known = (self.identities.get(report_id) for report_id in other.case.report_ids)
                for phone_hash in {each.phone_hash for each in known if each and each.phone_hash}:
                    self._put(ReporterRow.of(phone_hash, other.case.id))
                for staff_id in other.case.submitters:
                    self._put(SubmitterRow.of(staff_id, other.case.id))
        for move in (move for each in (change, *change.also) for move in moved(each.events)):
            row = dict(self.partitions[ReportRow.key(move.report)][ReportRow.SK])
            row |= {"case_id": move.to_case, "made_in": row.get("made_in") or move.from_case}
            row |= {"tracking_code": move.tracking_code} if move.tracking_code else {}
            self.partitions[ReportRow.key(move.report)][ReportRow.SK] = row

    def _others_must_follow(self, change: Change) -> None:
        for other in change.also:
            if other.before is None and self._has(TrackingRow.key(other.case.tracking_code), TrackingRow.SK):
                raise TrackingCodeTaken()
            try:
                self._must_follow(other.case)
            except StaleVersion:
                raise OtherChanged() from None
        for move in (move for each in (change, *change.also) for move in moved(each.events)):
            if self.partitions[ReportRow.key(move.report)][ReportRow.SK]["case_id"] != move.from_case:
                raise OtherChanged()

    def cases(self, case_ids: Sequence[str]) -> Mapping[str, Case]:
        return {case_id: case for case_id in case_ids if (case := self.case(case_id))}

    def case(self, case_id: str) -> Case | None:
        row = self._row(case_key(case_id), CaseRow.SK)
        return case_from(dict(row)) if row else None

    def near(self, places: Sequence[str]) -> list[Near]:
        return [near_from(place, self._lying(place)) for place in places]

    def case_id_of(self, tracking_code: str) -> str | None:
        row = self._row(TrackingRow.key(tracking_code), TrackingRow.SK)
        return row["case_id"] if row else None

    def report(self, report_id: str) -> KnownReport | None:
        row = self._row(ReportRow.key(report_id), ReportRow.SK)
        return ReportRow(**row).to_known() if row else None

    def command(self, command_id: str) -> KnownCommand | None:
        row = self._row(CommandRow.key(command_id), CommandRow.SK)
        return KnownCommand(row["case_id"], row["version"], row["fingerprint"]) if row else None

    def history(self, case_id: str, up_to: int | None = None) -> list[CaseEvent]:
        last = f"{EVENT_PREFIX}{up_to if up_to is not None else 99999999:08d}.99"
        rows = self.rows_of(case_id)
        return [event_from(rows[sk]) for sk in sorted(rows) if EVENT_PREFIX <= sk <= last]

    def cases_of(self, phone_hash: str, newest: int) -> list[Case]:
        links = self.partitions.get(ReporterRow.key(phone_hash), {}).values()
        ids = sorted((link["case_id"] for link in links), reverse=True)[:newest]
        return [case for case_id in ids if (case := self.case(case_id))]

    def unit_queue(
        self, unit: str, limit: int, start: dict[str, Any] | None, due_before: datetime | None = None
    ) -> Page:
        before = stamp(due_before) if due_before else "~"
        return self._page(unit_queue(unit), lambda order: order < before, limit, start)

    def due_visits(self, area: str, limit: int, start: dict[str, Any] | None) -> Page:
        return self._page(visits_queue(area[:12]), lambda order: order.startswith(area), limit, start)

    def community_cases(
        self, community: str, kind: str | None, limit: int, older_than: str | None, *, open: bool
    ) -> list[CaseSummary]:
        lying, before = community_list(community, kind, open=open), case_key(older_than or "~")
        found = [row for row in self._rows() if row.get("community") == lying and row["pk"] < before]
        return [summary_from(dict(row)) for row in sorted(found, key=lambda row: row["pk"], reverse=True)[:limit]]

    def reported_by(self, staff_id: str, limit: int, start: dict[str, Any] | None) -> Page:
        links = sorted(self.partitions.get(SubmitterRow.key(staff_id), {}), reverse=True)
        found = dict.fromkeys(case.id for case_id in links if (case := awake(self.case(case_id), self)))
        rows = (self._row(case_key(case_id), CaseRow.SK) for case_id in sorted(found, reverse=True))
        return _cut([summary_from(dict(row)) for row in rows if row], limit, start)

    def due(self, until: datetime) -> Iterable[str]:
        last = stamp(until)
        found = sorted((row["due_at"], row["pk"]) for row in self._rows() if row.get("due_at", "~") <= last)
        return [subject_of(pk) for _, pk in found]

    def keep_refused(self, source: str, at: datetime, reason: str, sealed: Sealed) -> None:
        self.refused.append((source, at, reason, sealed))

    def rows_of(self, case_id: str) -> dict[str, Attributes]:
        """The rows of a case as they lie, by sort key."""
        return dict(self.partitions.get(case_key(case_id), {}))

    def _write(self, change: Change, entry: Entry) -> None:
        case = change.case
        self._put(CaseRow.of(case))
        for row in EventRow.all_of(change.events, case):
            self._put(row)
        tasks = other_tasks(case)
        for task in tasks.values():
            self._put(TaskRow.of(case, task))
        for over in other_tasks(change.before).keys() - tasks.keys():
            self.partitions[case_key(case.id)].pop(over, None)
        self.audit[entry.id] = entry

    def _must_follow(self, case: Case) -> None:
        row = self._row(case_key(case.id), CaseRow.SK)
        if (row["version"] if row else 0) != case.version - 1:
            raise StaleVersion()

    def _lying(self, place: str) -> dict[str, Any] | None:
        row = self._row(NearRow.key(place), NearRow.SK)
        return dict(row) if row else None

    def _must_lie(self, near: Near | None) -> None:
        if near is not None and near_from(near.place, self._lying(near.place)).version != near.version - 1:
            raise OpenedMeanwhile()

    def _enter(self, near: Near | None) -> None:
        if near is not None:
            self._put(NearRow.of(near))

    def _claim(self, media: Sequence[str], owner: str | None, by: str, whom: str) -> None:
        """Pictures that were named: only who announced them may, and they are of one report or case from then on."""
        other = "case" if by == "report" else "report"
        for place, name in enumerate(media):
            known = self._pictures.get(name)
            if not known or known["owner"] != owner or known[other] or known[by] not in (None, whom):
                raise UnknownAttachment(f"media[{place}]")
        for name in media:
            self._pictures[name][by] = whom

    def _page(self, queue: str, wanted: Any, limit: int, start: dict[str, Any] | None) -> Page:
        found = [row for row in self._rows() if row.get("queue") == queue and wanted(row["queue_order"])]
        found.sort(key=lambda row: (row["queue_order"], row["sk"]))
        return _cut([summary_from(dict(row)) for row in found], limit, start)

    def _put(self, row: Row) -> None:
        said = {name: value for name, value in row.attribute_values.items() if value is not None}
        self.partitions.setdefault(said["pk"], {})[said["sk"]] = said

    def _row(self, pk: str, sk: str) -> Attributes | None:
        return self.partitions.get(pk, {}).get(sk)

    def _has(self, pk: str, sk: str) -> bool:
        return self._row(pk, sk) is not None

    def _rows(self) -> Iterator[Attributes]:
        return (row for rows in self.partitions.values() for row in rows.values())


def _cut(items: list[CaseSummary], limit: int, start: dict[str, Any] | None) -> Page:
    first = start["from"] if start else 0
    more = {"from": first + limit} if len(items) > first + limit else None
    return Page(items[first : first + limit], more)


class MemoryGrid:
    """`services.ports.Grid` of areas without outlines: places are named, never measured."""

    def __init__(self, codes: Iterable[str], names: Mapping[str, str] | None = None) -> None:
        self._codes = frozenset(codes)
        self._gazetteer = Gazetteer.of(names or {})

    def cells_near(self, lat: float, lon: float, day: str) -> Sequence[Cell]:
        return []

    def cells_around(self, lat: float, lon: float, metres: float, day: str) -> Sequence[Cell]:
        return []

    def area(self, code: str, day: str) -> Area | None:
        return Area(code, ("鼓楼区", code)) if code in self._codes else None

    def gazetteer(self, day: str) -> Gazetteer:
        return self._gazetteer

    def parts(self, code: str, day: str) -> Sequence[str]:
        return sorted(other for other in self._codes if other != code and other.startswith(code))

    def named_parts(self, code: str, day: str) -> Mapping[str, str]:
        return {part: part for part in self.parts(code, day)}


class MemoryPool:
    """`services.ports.Pool`: some people of the pool, by id."""

    def __init__(self, members: Iterable[Member] = ()) -> None:
        self.members = {member.id: member for member in members}

    def page(self, limit: int, start: dict[str, Any] | None) -> tuple[Sequence[Member], dict[str, Any] | None]:
        return sorted(self.members.values(), key=lambda member: member.id)[:limit], None

    def named(self, ids: Sequence[str]) -> Mapping[str, Member]:
        return {name: self.members[name] for name in ids if name in self.members}


class MemoryRoster:
    """`services.ports.Roster`: one on duty by day at every unit, and nobody by night."""

    def duty_of(self, unit: str) -> Sequence[Duty]:
        return [Duty(Contact(f"{unit}-1", None, None), "08:00", "20:00")]

    def holders(self, area: str, post: str) -> Sequence[Holder]:
        return []
