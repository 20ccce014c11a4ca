"""Deliveries: whoever must act is told, once (always true 3).

A delivery is planned, then one at a time is being sent. What is found half-sent after its sender died has an unknown
outcome: it is recorded so, and sent again. That is the only repeat there can be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

LEASE = timedelta(seconds=20)
"""How long a send may take before its sender is taken for dead: above the two providers' time-outs together."""


class DeliveryState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # for now; to be tried again
    ABANDONED = "abandoned"  # for good: the provider says it can never be delivered


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `outcome`: sent, failed, refused or outcome-unknown."""

    at: datetime
    outcome: str
    provider_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of one event to one recipient over one channel. `recipient` is a staff or report id, no address."""

    event_id: str
    recipient: str
    channel: str
    template: str
    state: DeliveryState
    updated_at: datetime
    turn: int = 1
    attempts: tuple[Attempt, ...] = ()
    lease_until: datetime | None = None

    @property
    def settled(self) -> bool:
        return self.state in (DeliveryState.SENT, DeliveryState.ABANDONED)

    def in_flight(self, now: datetime) -> bool:
        """Whether somebody may be sending it at this moment."""
        return self.state is DeliveryState.SENDING and self.lease_until is not None and now < self.lease_until

    def begin(self, now: datetime) -> Delivery:
        """Take it up. An earlier send that never said how it ended is written down as unknown."""
        attempts = self.attempts
        if self.state is DeliveryState.SENDING:
            attempts = (*attempts, Attempt(self.updated_at, "outcome-unknown"))
        return replace(
            self,
            state=DeliveryState.SENDING,
            attempts=attempts,
            lease_until=now + LEASE,
            turn=self.turn + 1,
            updated_at=now,
        )

    def end(self, attempt: Attempt) -> Delivery:
        state = {"sent": DeliveryState.SENT, "refused": DeliveryState.ABANDONED}.get(
            attempt.outcome, DeliveryState.FAILED
        )
        return replace(
            self,
            state=state,
            attempts=(*self.attempts, attempt),
            lease_until=None,
            turn=self.turn + 1,
            updated_at=attempt.at,
        )


class Unreachable(Exception):
    """A provider did not take a message, for now."""


class OutcomeUnknown(Exception):
    """A provider did not answer in time: the message may have gone."""


class Undeliverable(Exception):
    """A provider will never take this message: the address is bad or blocked."""
