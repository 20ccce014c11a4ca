"""The vault on DynamoDB: identities one by one and of a person, and what is kept for a time only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.audit import Entry
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import AlreadyKnown
from chalicelib.domain.records import Command, Identity, Kept, KnownReport, Sealed
from chalicelib.models.base import VaultRow, Write, WriteRefused, moment, stamp, translating
from chalicelib.models.case_rows import CaseRow, CommandRow, case_key
from chalicelib.models.report_rows import AttachmentRow, ReporterRow, ReportRow
from chalicelib.models.vault_rows import KEPT_PREFIX, AuditRow, IdentityRow, RefusedRow, kept_name


@translating
class DynamoVault:
    """`services.ports.Vault`. Every read is consistent but those of an index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def identity(self, report_id: str) -> Identity | None:
        try:
            return IdentityRow.get(IdentityRow.key(report_id), IdentityRow.SK, consistent_read=True).to_identity()
        except DoesNotExist:
            return None

    def identities(self, report_ids: Sequence[str]) -> Mapping[str, Identity]:
        keys = [(IdentityRow.key(report_id), IdentityRow.SK) for report_id in report_ids]
        found = IdentityRow.batch_get(keys, consistent_read=True) if keys else ()
        return {row.report_id: row.to_identity() for row in found}

    def cases_of(self, phone_hash: str) -> list[Case]:
        links = ReporterRow.query(ReporterRow.key(phone_hash), consistent_read=True)
        found = self.cases([link.case_id for link in links])
        return [found[case_id] for case_id in sorted(found)]

    def cases(self, case_ids: Sequence[str]) -> Mapping[str, Case]:
        keys = [(case_key(case_id), CaseRow.SK) for case_id in dict.fromkeys(case_ids)]
        found = CaseRow.batch_get(keys, consistent_read=True) if keys else ()
        return {case.id: case for case in (row.to_case() for row in found)}

    def reports(self, report_ids: Sequence[str]) -> Mapping[str, KnownReport]:
        keys = [(ReportRow.key(report_id), ReportRow.SK) for report_id in report_ids]
        found = ReportRow.batch_get(keys, consistent_read=True) if keys else ()
        return {known.report.id: known for known in (row.to_known() for row in found)}

    def cases_of_pictures(self, attachment_ids: Sequence[str]) -> Mapping[str, str]:
        keys = [(AttachmentRow.key(attachment_id), AttachmentRow.SK) for attachment_id in dict.fromkeys(attachment_ids)]
        rows = {row.pk: row for row in AttachmentRow.batch_get(keys, consistent_read=True)} if keys else {}
        told = self.reports([*{row.report_id for row in rows.values() if row.report_id}])
        found: dict[str, str] = {}
        for attachment_id in attachment_ids:
            row = rows.get(AttachmentRow.key(attachment_id))
            report = told.get(row.report_id) if row and row.report_id else None
            case_id = row.case_id if row and row.case_id else report.case_id if report else None
            found |= {attachment_id: case_id} if case_id else {}
        return found

    def record(self, command: Command, subject: str, entry: Entry) -> None:
        row = CommandRow(
            CommandRow.key(command.id), CommandRow.SK, case_id=subject, version=0, fingerprint=command.fingerprint
        )
        write = Write(self._connection)
        write.put("command", row, CommandRow.must_be_new())
        write.put("audit", AuditRow.of(entry), AuditRow.must_be_new())
        try:
            write.commit()
        except WriteRefused as refused:
            raise AlreadyKnown() from refused

    def forget(self, report_id: str, at: datetime, entry: Entry) -> None:
        write = Write(self._connection)
        write.delete("identity", IdentityRow(IdentityRow.key(report_id), IdentityRow.SK))
        write.put("audit", AuditRow.of(entry), AuditRow.must_be_new())
        changes = [ReportRow.contactable.set(False), ReportRow.erased_at.set(stamp(at))]
        report = ReportRow(ReportRow.key(report_id), ReportRow.SK)
        write.update("report", report, changes, ReportRow.must_exist())  # type: ignore[arg-type]
        write.commit()

    def unlink(self, phone_hash: str, case_id: str) -> None:
        ReporterRow(ReporterRow.key(phone_hash), case_id).delete()

    def kept_of(self, month: str) -> Iterator[Kept]:
        start: dict[str, Any] | None = None
        while True:
            answer = VaultRow._get_connection().query(
                f"{KEPT_PREFIX}{month}", index_name="kept", exclusive_start_key=start
            )
            for item in answer["Items"]:
                row = {name: next(iter(value.values())) for name, value in item.items()}
                yield Kept(
                    kept_name(row["pk"], row["sk"]), moment(row["created_at"]), row.get("case_id"), row["pk"], row["sk"]
                )
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return

    def refused(self, source: str, day: str) -> Iterator[tuple[str, datetime, str, Sealed]]:
        for row in RefusedRow.query(RefusedRow.key(source, day), consistent_read=True):
            yield row.sk, moment(str(row.created_at)), row.reason, Sealed(row.sealed, row.wrapped_key)

    def drop_refused(self, kept: Kept, entry: Entry) -> None:
        write = Write(self._connection)
        write.delete("refused", RefusedRow(kept.partition, kept.place))
        write.put("audit", AuditRow.of(entry), AuditRow.must_be_new())
        write.commit()
