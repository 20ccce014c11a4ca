"""The relay: events that are durable become events that are published. It forgets nothing and stops for no one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib.domain.envelope import Envelope, enveloped
from chalicelib.domain.events import Event

Record = Mapping[str, Any]
ReadRecord = Callable[[Record], tuple[Event, Mapping[str, Any]]]


class Topic(Protocol):
    def publish(self, envelopes: Sequence[Envelope]) -> list[tuple[Envelope, str]]:
        """Publish; gives back those that can never be, with the reason. Raises TemporarilyUnavailable."""
        ...


class DeadLetters(Protocol):
    def put(self, body: Any, reason: str) -> None:
        """Put aside what can never be done, with the reason. Raises TemporarilyUnavailable."""
        ...


class Relay:
    def __init__(self, topic: Topic, dead_letters: DeadLetters, read: ReadRecord, stage: str) -> None:
        self._topic = topic
        self._dead_letters = dead_letters
        self._read = read
        self._stage = stage

    def publish(self, records: Iterable[Record]) -> int:
        """Publish the events of these records, in order; the number published.

        A record that is no event is put aside with the reason and does not hold up its neighbours. Raises
        TemporarilyUnavailable when something did not answer: the whole batch must come again (consumers dedupe).
        """
        envelopes = []
        for record in records:
            try:
                event, standing = self._read(record)
                envelopes.append(enveloped(event, standing, self._stage))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                self._dead_letters.put(record, f"unreadable-event: {type(error).__name__}: {error}")
        refused = self._topic.publish(envelopes) if envelopes else []
        for envelope, reason in refused:
            self._dead_letters.put(envelope, reason)
        return len(envelopes) - len(refused)
