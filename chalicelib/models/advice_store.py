"""Advice given in houses of law, on DynamoDB: `services.ports.AdviceBook`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.errors import AlreadyKnown
from chalicelib.models.advice_rows import AdviceRow, AdvisedRow, advice_from
from chalicelib.models.base import Write, WriteRefused, translating
from chalicelib.models.vault_rows import AuditRow

if TYPE_CHECKING:
    from chalicelib.domain.audit import Entry
    from chalicelib.domain.law_house import Advice
    from chalicelib.domain.records import Command


@translating
class DynamoAdviceBook:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, advice: Advice, command: Command, entry: Entry) -> None:
        row = AdviceRow.of(advice)
        write = Write(self._connection)
        known = AdvisedRow(
            AdvisedRow.key(command.id), AdvisedRow.SK, fingerprint=command.fingerprint, lies_in=row.pk, place=row.sk
        )
        write.put("command", known, AdvisedRow.must_be_new())
        write.put("advice", row, AdviceRow.must_be_new())
        write.put("audit", AuditRow.of(entry))
        try:
            write.commit()
        except WriteRefused as refused:
            raise AlreadyKnown() from refused

    def recorded(self, command_id: str) -> tuple[str, Advice] | None:
        try:
            known = AdvisedRow.get(AdvisedRow.key(command_id), AdvisedRow.SK, consistent_read=True)
            row = AdviceRow.get(known.lies_in, known.place, consistent_read=True)
        except DoesNotExist:
            return None
        return known.fingerprint, advice_from({"advice": row.advice})

    def of_month(
        self, community: str, month: str, limit: int, start: dict[str, Any] | None
    ) -> tuple[Sequence[Advice], dict[str, Any] | None]:
        answer = AdviceRow._get_connection().query(
            AdviceRow.key(community, month),
            limit=limit,
            scan_index_forward=False,
            consistent_read=True,
            exclusive_start_key=start,
        )
        found = [advice_from({"advice": item["advice"]["S"]}) for item in answer["Items"]]
        return found, answer.get("LastEvaluatedKey") if len(found) == limit else None
