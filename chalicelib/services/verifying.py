"""Verifying the audit: walks the chain of seals and the entries under them, and names what is not as it was sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.audit import FIRST_SEAL, Seal, hash_of

if TYPE_CHECKING:
    from chalicelib.services.ports import AuditLog, Clock, SealChain

ALTERED, REMOVED, PUT_IN_LATER, UNSEALED = "altered", "removed", "put in later", "unsealed"
SEAL_ALTERED, SEAL_MISSING, CHAIN_BROKEN, NOT_AS_NOTED = "seal altered", "seal missing", "chain broken", "not as noted"

SEALED_WITHIN = timedelta(hours=25)
"""The stream gives an entry to the sealer for 24 hours; a younger seal over an older entry is over one put in later."""

_GRACE = timedelta(minutes=15)
_SKEW = timedelta(minutes=1)
"""So far a sealer's clock may be behind that of who wrote the entry, at the most."""
_HOUR = timedelta(hours=1)


class Fault(NamedTuple):
    """What is wrong, and with which entry or seal."""

    kind: str
    where: str


class Verification:
    """One walk. Holds the entries of no more than `SEALED_WITHIN` at a time; `seals` and `entries` count what was seen.

    What it cannot see: seals taken off the end of the chain together with their entries. For that somebody notes the
    newest seal outside, and gives it as `noted`.
    """

    def __init__(self, log: AuditLog, chain: SealChain, clock: Clock) -> None:
        self._log = log
        self._chain = chain
        self._now = clock.now()
        self._sealed: dict[str, dict[str, set[str]]] = {}  # hour → place → hashes it was sealed with
        self._next_hour: datetime | None = None
        self.seals = self.entries = 0
        self.head: tuple[int, str] | None = None

    def run(self, since: datetime | None = None, noted: tuple[int, str] | None = None) -> Iterator[Fault]:
        """Every fault, in the order of time. `since` leaves out hours before; `noted` is a seal's number and hash."""
        if noted:
            known = self._chain.seal(noted[0])
            if known is None or known[1] != noted[1]:
                yield Fault(NOT_AS_NOTED, f"seal {noted[0]}")
        if since is not None:
            since = self._next_hour = _hour_of(since)
        first = self._first_number(since - _SKEW if since else None)
        previous, expected = self._before(first), first
        for seal, written in self._chain.seals(first):
            if seal.number != expected:
                yield Fault(SEAL_MISSING, _span(expected, seal.number - 1))
            elif seal.previous != previous:
                yield Fault(CHAIN_BROKEN, f"seal {seal.number} is not behind seal {seal.number - 1}")
            if seal.hash != written:
                yield Fault(SEAL_ALTERED, f"seal {seal.number}")
            previous, expected = written, seal.number + 1
            self.seals, self.head = self.seals + 1, (seal.number, written)
            yield from self._compare_until(seal.at - SEALED_WITHIN)
            yield from self._take(seal)
        yield from self._compare_until(self._now + _HOUR)

    def _first_number(self, since: datetime | None) -> int:
        """The number of the first seal that may hold an entry of then; found by halving."""
        head = self._chain.head()
        if since is None or head is None:
            return 1
        low, high = 1, head.number
        while low < high:
            middle = (low + high) // 2
            found = self._chain.seal(middle)
            if found is not None and found[0].at < since:
                low = middle + 1
            else:
                high = middle
        return low

    def _before(self, number: int) -> str:
        found = self._chain.seal(number - 1) if number > 1 else None
        return found[1] if found else FIRST_SEAL

    def _take(self, seal: Seal) -> Iterator[Fault]:
        for entry in seal.entries:
            at = datetime.fromisoformat(entry.place.partition("#")[0])
            if self._next_hour is None:  # others may have sealed later what came before
                self._next_hour = _hour_of(seal.at - SEALED_WITHIN)
            if _hour_of(at) < self._next_hour:
                if at < seal.at - SEALED_WITHIN:
                    yield Fault(PUT_IN_LATER, f"{entry.hour} {entry.place}, under seal {seal.number}")
                continue
            self._sealed.setdefault(entry.hour, {}).setdefault(entry.place, set()).add(entry.hash)

    def _compare_until(self, moment: datetime) -> Iterator[Fault]:
        """Hold all hours that are over by then against what was sealed of them."""
        while self._next_hour is not None and self._next_hour + _HOUR <= moment:
            yield from self._compare(f"{self._next_hour:%Y-%m-%dT%H}")
            self._next_hour += _HOUR

    def _compare(self, hour: str) -> Iterator[Fault]:
        sealed = self._sealed.pop(hour, {})
        for row in self._log.of_hour(hour):
            self.entries += 1
            place = row["sk"]
            hashes = sealed.pop(place, None)
            if hashes is None:
                if datetime.fromisoformat(place.partition("#")[0]) < self._now - _GRACE:
                    yield Fault(UNSEALED, f"{hour} {place}")
            elif hashes != {hash_of(row)}:
                yield Fault(ALTERED, f"{hour} {place}")
        for place in sorted(sealed):
            yield Fault(REMOVED, f"{hour} {place}")


def _hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _span(first: int, last: int) -> str:
    return f"seal {first}" if first == last else f"seals {first} to {last}"
