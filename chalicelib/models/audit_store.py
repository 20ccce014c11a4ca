"""The audit and its seals on DynamoDB. It can add and read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.domain.audit import Entry, Seal
from chalicelib.domain.errors import AlreadyKnown
from chalicelib.models.base import VaultRow, code_of, translating
from chalicelib.models.vault_rows import AuditRow, SealRow, entry_from


@translating
class DynamoAuditLog:
    """`services.ports.AuditLog`."""

    def put(self, entry: Entry) -> None:
        try:
            AuditRow.of(entry).save(condition=AuditRow.must_be_new())
        except PutError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise  # its id is nobody else's: a try of it has succeeded unheard

    def page(
        self, about: str, name: str, limit: int, start: dict[str, Any] | None
    ) -> tuple[Sequence[Entry], dict[str, Any] | None]:
        answer = VaultRow._get_connection().query(
            name, index_name=about, limit=limit, exclusive_start_key=start, scan_index_forward=False
        )
        entries = [entry_from(_plain(item)) for item in answer["Items"]]
        return entries, answer.get("LastEvaluatedKey") if len(entries) == limit else None

    def of_hour(self, hour: str) -> Iterator[dict[str, str]]:
        """The rows of an hour (`2026-11-22T08`, UTC) as they lie, by time, a page at a time."""
        start = None
        while True:
            answer = VaultRow._get_connection().query(
                AuditRow.key(hour), consistent_read=True, exclusive_start_key=start
            )
            yield from (_plain(item) for item in answer["Items"])
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return

    def cases_of_hour(self, hour: str, what: str) -> Iterator[str]:
        """The cases of which one thing was noted in an hour (`2026-11-22T08`, UTC), newest first; not consistent."""
        start = None
        while True:
            answer = AuditRow._get_connection().query(
                AuditRow.key(hour),
                filter_condition=AuditRow.what == what,
                exclusive_start_key=start,
                scan_index_forward=False,
            )
            yield from (_plain(item)["case"] for item in answer["Items"])
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return


@translating
class DynamoSealChain:
    """`services.ports.SealChain`."""

    def head(self) -> Seal | None:
        newest = SealRow.query(SealRow.KEY, scan_index_forward=False, limit=1, consistent_read=True)
        return next((row.to_seal() for row in newest), None)

    def append(self, seal: Seal) -> None:
        try:
            SealRow.of(seal).save(condition=SealRow.must_be_new())
        except PutError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise AlreadyKnown() from error
            raise

    def seal(self, number: int) -> tuple[Seal, str] | None:
        """A seal and the hash that is written beside it; None where there is none."""
        try:
            row = SealRow.get(SealRow.KEY, SealRow.place(number), consistent_read=True)
        except DoesNotExist:
            return None
        return row.to_seal(), row.seal_hash

    def seals(self, first: int) -> Iterator[tuple[Seal, str]]:
        """The seals from a number on, each with the hash that is written beside it."""
        for row in SealRow.query(SealRow.KEY, SealRow.sk >= SealRow.place(first), consistent_read=True, page_size=50):
            yield row.to_seal(), row.seal_hash


def _plain(item: dict[str, Any]) -> dict[str, str]:
    return {name: str(next(iter(value.values()))) for name, value in item.items()}
