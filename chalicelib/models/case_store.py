"""The case store on DynamoDB: how cases, reports, events and commands are written and found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.audit import entry_of
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import (
    AlreadyKnown,
    MatterRefused,
    OpenedMeanwhile,
    OtherChanged,
    StaleVersion,
    TrackingCodeTaken,
    UnknownAttachment,
)
from chalicelib.domain.links import MOST_DEPTH
from chalicelib.domain.records import Command, Identity, KnownCommand, KnownReport, Page, Sealed
from chalicelib.models.base import MOST_PARTS, Write, WriteRefused, batch_get, stamp, translating
from chalicelib.models.case_rows import (
    DUE_SHARD_KEYS,
    SUMMARY_ATTRIBUTES,
    CaseRow,
    CasesRow,
    CommandRow,
    CommunityIndex,
    EventRow,
    QueueIndex,
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
from chalicelib.models.report_rows import AttachmentRow, ReporterRow, ReportRow, SubmitterRow
from chalicelib.models.stream import EVENT_PREFIX, event_from, subject_of
from chalicelib.models.vault_rows import AuditRow, IdentityRow, RefusedRow, kept_month

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

    from chalicelib.domain.events import Actor, CaseEvent
    from chalicelib.domain.nearby import Near
    from chalicelib.domain.procedure import Change
    from chalicelib.domain.records import CaseSummary
    from chalicelib.domain.reports import Report

R = TypeVar("R", bound=CasesRow)


@translating
class DynamoCaseStore:
    """`services.ports.CaseStore`. Every read is consistent but those of an index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        write = Write(self._connection)
        write.put(
            "report",
            ReportRow.of(report, case.id, case.code_of(report.id), case.version, joined=not new),
            ReportRow.must_be_new(),
        )
        _put_case(write, change)
        if new:
            write.put("tracking", TrackingRow.of(case.tracking_code, case.id), TrackingRow.must_be_new())
        phone_hash = identity.phone_hash if identity else None
        home = case.home_of(report.id)
        if phone_hash:
            write.put("reporter", ReporterRow.of(phone_hash, home))
        if report.submitted_by:
            write.put("submitter", SubmitterRow.of(report.submitted_by, home))
        if identity:
            write.put("identity", IdentityRow.of(report.id, identity, report.received_at))
        _put_near(write, near)
        write.put("audit", AuditRow.of(entry_of(change, source, phone_hash)))
        for attachment_id in report.media:
            row = AttachmentRow(AttachmentRow.key(attachment_id), AttachmentRow.SK)
            mine = (AttachmentRow.owner == report.submitted_by) & AttachmentRow.case_id.does_not_exist()
            free = AttachmentRow.report_id.does_not_exist() | (AttachmentRow.report_id == report.id)
            write.update(f"media:{attachment_id}", row, [AttachmentRow.report_id.set(report.id)], mine & free)
        try:
            write.commit()
        except WriteRefused as refused:
            if "report" in refused.names:
                raise AlreadyKnown() from refused
            if "tracking" in refused.names:
                raise TrackingCodeTaken() from refused
            if "case" in refused.names:
                raise StaleVersion() from refused
            if "near" in refused.names:
                raise OpenedMeanwhile() from refused
            raise UnknownAttachment(_lost(refused, report.media)) from refused

    def save(
        self,
        change: Change,
        command: Command | None,
        source: str,
        by: Actor | None = None,
        near: Sequence[Near] = (),
    ) -> None:
        case, others = change.case, [other.case for other in change.also]
        write = Write(self._connection)
        if command:
            row = CommandRow(
                CommandRow.key(command.id),
                CommandRow.SK,
                case_id=case.id,
                version=case.version,
                fingerprint=command.fingerprint,
            )
            write.put("command", row, CommandRow.must_be_new())
        _put_case(write, change)
        media = _link_pictures(write, change)
        for place in near:
            _put_near(write, place)
        write.put("audit", AuditRow.of(entry_of(change, source, by=by)))
        if others:
            self._put_others(write, change, source, by)
        try:
            write.commit()
        except WriteRefused as refused:
            if "command" in refused.names:
                raise AlreadyKnown() from refused
            if "case" in refused.names:
                raise StaleVersion() from refused
            if "near" in refused.names:
                raise OpenedMeanwhile() from refused
            if "tracking" in refused.names:
                raise TrackingCodeTaken() from refused
            if refused.names & {"other", "report"}:
                raise OtherChanged() from refused
            raise UnknownAttachment(_lost(refused, media)) from refused

    def _put_others(self, write: Write, change: Change, source: str, by: Actor | None) -> None:
        """Cases that the act changed beside the one acted on, and the reports that go from one to another.

        Raises MatterRefused where that is more than one transaction takes.
        """
        from chalicelib.domain.matter_events import moved  # few acts do

        moves = [move for each in (change, *change.also) for move in moved(each.events)]
        for other in change.also:
            _put_case(write, other, "other")
            write.put("audit", AuditRow.of(entry_of(other, source, by=by)))
            if other.before is None:
                self._put_links(write, other.case)
        for move in moves:
            row = ReportRow(ReportRow.key(move.report), ReportRow.SK)
            write.update("report", row, ReportRow.moving(move), ReportRow.case_id == move.from_case)
        if len(write) > MOST_PARTS:
            raise MatterRefused("other", code="matter-too-large", limit=MOST_PARTS)

    def _put_links(self, write: Write, case: Case) -> None:
        """By what a new case is found that its reporters know under another: its code, their phones, who sent it in."""
        write.put("tracking", TrackingRow.of(case.tracking_code, case.id), TrackingRow.must_be_new())
        keys = [(IdentityRow.key(report_id), IdentityRow.SK) for report_id in case.report_ids]
        phones = {row.phone_hash for row in IdentityRow.batch_get(keys, consistent_read=True) if row.phone_hash}
        for phone_hash in sorted(phones):
            write.put("reporter", ReporterRow.of(phone_hash, case.id))
        for staff_id in case.submitters:
            write.put("submitter", SubmitterRow.of(staff_id, case.id))

    def case(self, case_id: str) -> Case | None:
        row = _get(CaseRow, case_key(case_id), CaseRow.SK)
        return row.to_case() if row else None

    def cases(self, case_ids: Sequence[str]) -> Mapping[str, Case]:
        keys = [{"pk": case_key(case_id), "sk": CaseRow.SK} for case_id in dict.fromkeys(case_ids)]
        rows = batch_get(self._connection, CaseRow, keys, consistent=True) if keys else []
        return {case.id: case for case in map(case_from, rows)}

    def near(self, places: Sequence[str]) -> list[Near]:
        from chalicelib.models.near_rows import NearRow, near_from  # only where reports are taken or screened

        keys = [{"pk": NearRow.key(place), "sk": NearRow.SK} for place in places]
        rows = batch_get(self._connection, NearRow, keys, consistent=True) if keys else []
        found = {NearRow.place_of(row["pk"]): row for row in rows}
        return [near_from(place, found.get(place)) for place in places]

    def case_id_of(self, tracking_code: str) -> str | None:
        row = _get(TrackingRow, TrackingRow.key(tracking_code), TrackingRow.SK)
        return row.case_id if row else None

    def report(self, report_id: str) -> KnownReport | None:
        row = _get(ReportRow, ReportRow.key(report_id), ReportRow.SK)
        if row is None:
            return None
        return row.to_known()

    def command(self, command_id: str) -> KnownCommand | None:
        row = _get(CommandRow, CommandRow.key(command_id), CommandRow.SK)
        return KnownCommand(row.case_id, int(row.version), row.fingerprint) if row else None

    def history(self, case_id: str, up_to: int | None = None) -> list[CaseEvent]:
        last = f"{EVENT_PREFIX}{up_to if up_to is not None else 99999999:08d}.99"
        rows = EventRow.query(case_key(case_id), EventRow.sk.between(EVENT_PREFIX, last), consistent_read=True)
        return [event_from(row.attribute_values) for row in rows]

    def cases_of(self, phone_hash: str, newest: int) -> list[Case]:
        links = ReporterRow.query(ReporterRow.key(phone_hash), scan_index_forward=False, limit=newest)
        keys = [(case_key(link.case_id), CaseRow.SK) for link in links]
        found = {row.pk: row.to_case() for row in CaseRow.batch_get(keys, consistent_read=True)} if keys else {}
        return [found[pk] for pk, _ in keys if pk in found]

    def unit_queue(
        self, unit: str, limit: int, start: dict[str, Any] | None, due_before: datetime | None = None
    ) -> Page:
        before = CaseRow.queue_order < stamp(due_before) if due_before else None
        return self._page(unit_queue(unit), before, limit, start)

    def due_visits(self, area: str, limit: int, start: dict[str, Any] | None) -> Page:
        return self._page(visits_queue(area[:12]), CaseRow.queue_order.startswith(area), limit, start)

    def community_cases(
        self, community: str, kind: str | None, limit: int, older_than: str | None, *, open: bool
    ) -> list[CaseSummary]:
        answer = CaseRow._get_connection().query(
            community_list(community, kind, open=open),
            CaseRow.pk < case_key(older_than) if older_than else None,
            index_name=CommunityIndex.Meta.index_name,
            limit=limit,
            scan_index_forward=False,
        )
        return [summary_from(_plain(item)) for item in answer["Items"]]

    def reported_by(self, staff_id: str, limit: int, start: dict[str, Any] | None) -> Page:
        answer = SubmitterRow._get_connection().query(
            SubmitterRow.key(staff_id), limit=limit, scan_index_forward=False, exclusive_start_key=start
        )
        places = [{"pk": case_key(_plain(item)["sk"]), "sk": CaseRow.SK} for item in answer["Items"]]
        newest = sorted(self._awake(places), key=lambda item: item.case_id, reverse=True)
        return Page(newest, answer.get("LastEvaluatedKey") if len(places) == limit else None)

    def _awake(self, places: list[dict[str, str]]) -> Iterable[CaseSummary]:
        """The cases in these places, each once; for one that sleeps, that which it sleeps in."""
        awake: dict[str, CaseSummary] = {}
        for _ in range(MOST_DEPTH + 1):
            if not places:
                break
            rows = batch_get(self._connection, CaseRow, places, ["pk", *SUMMARY_ATTRIBUTES])
            found = [summary_from(row) for row in rows]
            awake |= {item.case_id: item for item in found if item.merged_into is None}
            into = dict.fromkeys(item.merged_into for item in found if item.merged_into)
            places = [{"pk": case_key(name), "sk": CaseRow.SK} for name in into if name not in awake]
        return awake.values()

    def due(self, until: datetime) -> Iterable[str]:
        for shard in DUE_SHARD_KEYS:
            for row in CasesRow.due_index.query(shard, CasesRow.due_at <= stamp(until)):
                yield subject_of(row.pk)

    def keep_refused(self, source: str, at: datetime, reason: str, sealed: Sealed) -> None:
        RefusedRow(
            RefusedRow.key(source, at.astimezone(UTC).date().isoformat()),
            f"{stamp(at)}#{sha256(sealed.content).hexdigest()[:8]}",
            sealed=sealed.content,
            wrapped_key=sealed.wrapped_key,
            reason=reason,
            kept=kept_month(at),
            created_at=stamp(at),
        ).save()

    def _page(self, queue: str, order: Condition | None, limit: int, start: dict[str, Any] | None) -> Page:
        """A page of a queue, read as it comes: to make rows of it would take half of the page's CPU again."""
        answer = CaseRow._get_connection().query(
            queue,
            order,
            index_name=QueueIndex.Meta.index_name,
            limit=limit,
            exclusive_start_key=start,
        )
        items = [summary_from(_plain(item)) for item in answer["Items"]]
        return Page(items, answer.get("LastEvaluatedKey") if len(items) == limit else None)


def _put_case(write: Write, change: Change, name: str = "case") -> None:
    """The case, its events, and the rows of what other units are asked for. `name`: of its part of the transaction."""
    case = change.case
    write.put(name, CaseRow.of(case), _follows(case))
    for row in EventRow.all_of(change.events, case):
        write.put("event", row)
    tasks = other_tasks(case)
    for task in tasks.values():
        write.put("task", TaskRow.of(case, task))
    for over in sorted(other_tasks(change.before).keys() - tasks.keys()):
        write.delete("task", TaskRow(case_key(case.id), over))


def _put_near(write: Write, near: Near | None) -> None:
    """Enter or take away a case where candidates lie, if that is still as it was read."""
    if near is not None:
        from chalicelib.models.near_rows import NearRow

        unchanged = NearRow.must_be_new() if near.version == 1 else NearRow.version == near.version - 1
        write.put("near", NearRow.of(near), unchanged)


def _link_pictures(write: Write, change: Change) -> list[str]:
    """Pictures that were said with an act: only who announced them may, and they belong to this case from now on."""
    media: list[str] = []
    for event in change.events:
        for attachment_id in event.data.get("media", ()):
            row = AttachmentRow(AttachmentRow.key(attachment_id), AttachmentRow.SK)
            mine = (AttachmentRow.owner == event.actor.id) & AttachmentRow.report_id.does_not_exist()
            free = AttachmentRow.case_id.does_not_exist() | (AttachmentRow.case_id == event.subject)
            write.update(f"media:{attachment_id}", row, [AttachmentRow.case_id.set(event.subject)], mine & free)
            media.append(attachment_id)
    return media


def _lost(refused: WriteRefused, media: Sequence[str]) -> str:
    lost = sorted(name for name in refused.names if name.startswith("media:"))[0].removeprefix("media:")
    return f"media[{media.index(lost)}]"


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: next(iter(value.values())) for name, value in item.items()}


def _follows(case: Case) -> Any:
    return CaseRow.must_be_new() if case.version == 1 else CaseRow.version == case.version - 1


def _get(kind: type[R], pk: str, sk: str) -> R | None:
    try:
        return kind.get(pk, sk, consistent_read=True)
    except DoesNotExist:
        return None
