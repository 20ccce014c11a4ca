"""The sweep: finds every case and beat that time alone changes now, however long it was asleep."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.services.ports import CaseStore, Clock

_BATCH = 10


class DueQueue(Protocol):
    def put(self, subjects: Sequence[str]) -> None:
        """Enqueue up to ten cases and beats. Raises TemporarilyUnavailable."""
        ...


class Sweep:
    def __init__(self, store: CaseStore, queue: DueQueue, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._clock = clock

    def run(self) -> int:
        """Enqueue what is due; how many. What is found twice is harmless: whoever takes it up looks how it stands."""
        found = iter(self._store.due(self._clock.now()))
        count = 0
        while batch := list(islice(found, _BATCH)):
            self._queue.put(batch)
            count += len(batch)
        return count
