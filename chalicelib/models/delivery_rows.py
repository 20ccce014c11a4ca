"""One row for each (event, recipient, channel): the proof that whoever must act was told, once."""

from __future__ import annotations

import json

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.domain.deliveries import Attempt, Delivery, DeliveryState
from chalicelib.models.base import dumps, moment, stamp
from chalicelib.models.case_rows import CasesRow
from chalicelib.models.stream import key_of


class DeliveryRow(CasesRow):
    """`turn` rises with every change: who writes must hold the one that was read."""

    event_id = UnicodeAttribute()
    recipient = UnicodeAttribute()
    channel = UnicodeAttribute()
    template = UnicodeAttribute()
    state = UnicodeAttribute()
    turn = NumberAttribute()
    attempts = UnicodeAttribute()
    lease_until = UnicodeAttribute(null=True)
    updated_at = UnicodeAttribute()

    @staticmethod
    def sort_key(event_id: str, recipient: str, channel: str) -> str:
        _, version, n = event_id.rsplit(".", 2)
        return f"{DeliveryRow.event_prefix(int(version), int(n))}{recipient}#{channel}"

    @staticmethod
    def event_prefix(version: int, n: int) -> str:
        return f"DELIVERY#{version:08d}.{n:02d}#"

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryRow:
        return cls(
            pk=key_of(delivery.event_id.rsplit(".", 2)[0]),
            sk=cls.sort_key(delivery.event_id, delivery.recipient, delivery.channel),
            event_id=delivery.event_id,
            recipient=delivery.recipient,
            channel=delivery.channel,
            template=delivery.template,
            state=delivery.state,
            turn=delivery.turn,
            attempts=dumps([[stamp(a.at), a.outcome, a.provider_id, a.reason] for a in delivery.attempts]),
            lease_until=stamp(delivery.lease_until) if delivery.lease_until else None,
            updated_at=stamp(delivery.updated_at),
        )

    def to_delivery(self) -> Delivery:
        return Delivery(
            event_id=self.event_id,
            recipient=self.recipient,
            channel=self.channel,
            template=self.template,
            state=DeliveryState(self.state),
            turn=int(self.turn),
            attempts=tuple(
                Attempt(moment(at), outcome, provider_id, reason)
                for at, outcome, provider_id, reason in json.loads(self.attempts)
            ),
            lease_until=moment(self.lease_until) if self.lease_until else None,
            updated_at=moment(self.updated_at),
        )
