"""The audit's services: notes what was read or refused, and seals what was noted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from chalicelib.domain.audit import DONE, FIRST_SEAL, About, Entry, Origin, Seal, SealedEntry
from chalicelib.domain.errors import AlreadyKnown, TemporarilyUnavailable

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import AuditLog, Clock, Ids, SealChain

_ATTEMPTS = 20


class Audit:
    """Notes before anybody is answered: what cannot be noted is not told."""

    def __init__(self, log: AuditLog, policy: Policy, clock: Clock, ids: Ids) -> None:
        self._log = log
        self._policy = policy
        self._clock = clock
        self._ids = ids

    def entry(self, what: str, by: Origin, outcome: str = DONE, **about: Unpack[About]) -> Entry:
        """An entry of now."""
        at, actor = self._clock.now(), by.actor
        return Entry(
            self._ids.entry_id(), at, what, actor.id, actor.role, actor.unit, by.source, by.request, outcome, **about
        )

    def note(self, what: str, by: Origin, outcome: str = DONE, **about: Unpack[About]) -> None:
        """Raises TemporarilyUnavailable when it could not be written; the act must then not be answered."""
        self.put(self.entry(what, by, outcome, **about))

    def put(self, entry: Entry) -> None:
        self._log.put(entry)


class Sealing:
    """Seals batches of entries into the chain. A batch that comes again is harmless: it is sealed once more, or not."""

    def __init__(self, chain: SealChain, clock: Clock) -> None:
        self._chain = chain
        self._clock = clock

    def seal(self, entries: Sequence[SealedEntry]) -> Seal | None:
        """The seal that holds these entries, None for none. Raises TemporarilyUnavailable."""
        if not entries:
            return None
        for _ in range(_ATTEMPTS):
            head = self._chain.head()
            if head is not None and list(head.entries) == list(entries):
                return head
            number, previous = (head.number + 1, head.hash) if head else (1, FIRST_SEAL)
            seal = Seal(number, previous, self._clock.now(), tuple(entries))
            try:
                self._chain.append(seal)
            except AlreadyKnown:
                continue  # another sealer was first: behind its seal then
            return seal
        raise TemporarilyUnavailable()
