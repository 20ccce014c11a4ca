"""The delivery ledger, and the identities its messages go to, on DynamoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pynamodb.connection import Connection
from pynamodb.exceptions import PutError

from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.records import Sealed
from chalicelib.models.base import Write, WriteRefused, code_of, translating
from chalicelib.models.delivery_rows import DeliveryRow
from chalicelib.models.stream import key_of
from chalicelib.models.vault_rows import IdentityRow

if TYPE_CHECKING:
    from chalicelib.domain.deliveries import Delivery


@translating
class DynamoDeliveryLedger:
    """`services.ports.DeliveryLedger`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plan(self, deliveries: Sequence[Delivery]) -> bool:
        write = Write(self._connection)
        for delivery in deliveries:
            write.put(delivery.recipient, DeliveryRow.of(delivery), DeliveryRow.must_be_new())
        try:
            write.commit()
        except WriteRefused:
            return False
        return True

    def of_event(self, event_id: str) -> list[Delivery]:
        subject, version, n = event_id.rsplit(".", 2)
        prefix = DeliveryRow.event_prefix(int(version), int(n))
        rows = DeliveryRow.query(key_of(subject), DeliveryRow.sk.startswith(prefix), consistent_read=True)
        return [row.to_delivery() for row in rows]

    def advance(self, *changed: Delivery) -> None:
        if len(changed) == 1 and not changed[0].lease_until:
            self._end(changed[0])
            return
        write = Write(self._connection)
        for delivery in changed:
            write.put(delivery.recipient, DeliveryRow.of(delivery), DeliveryRow.turn == delivery.turn - 1)
        try:
            write.commit()
        except WriteRefused as refused:
            raise StaleVersion() from refused

    def _end(self, changed: Delivery) -> None:
        """The last write of an event, by itself: in a transaction it would cost twice.

        When a try of it succeeds unheard, the next is stale; the event then comes again and finds everything settled.
        A send may not begin so: it would wait for its lease and count as one of unknown outcome.
        """
        try:
            DeliveryRow.of(changed).save(condition=DeliveryRow.turn == changed.turn - 1)
        except PutError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise StaleVersion() from error
            raise


@translating
class DynamoIdentities:
    """`services.ports.Identities`."""

    def sealed(self, report_ids: Sequence[str]) -> dict[str, Sealed]:
        keys = [(IdentityRow.key(report_id), IdentityRow.SK) for report_id in report_ids]
        return {
            row.report_id: Sealed(row.sealed, row.wrapped_key)
            for row in IdentityRow.batch_get(keys, consistent_read=True)
        }
