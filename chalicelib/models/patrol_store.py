"""The beats on DynamoDB: how they, their events and check-ins are written and found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.errors import AlreadyKnown, StaleVersion
from chalicelib.domain.records import KnownCheckIn
from chalicelib.domain.rounds import entry_of
from chalicelib.models.base import Write, WriteRefused, moment, stamp, translating
from chalicelib.models.case_rows import CommandRow, EventRow, QueueIndex
from chalicelib.models.patrol_rows import BeatRow, CheckInRow, beat_from, beats_queue, event_rows, read, written
from chalicelib.models.stream import EVENT_PREFIX, event_from, key_of
from chalicelib.models.vault_rows import AuditRow

if TYPE_CHECKING:
    from chalicelib.domain.audit import Origin
    from chalicelib.domain.events import Event
    from chalicelib.domain.patrol import Beat
    from chalicelib.domain.records import Command
    from chalicelib.domain.rounds import BeatChange

Start = dict[str, Any] | None
"""Where a page begins: a key as DynamoDB gives it."""


@translating
class DynamoPatrolStore:
    """`services.ports.PatrolStore`. Every read is consistent but those of an index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def beat(self, beat_id: str) -> Beat | None:
        try:
            row = BeatRow.get(key_of(beat_id), BeatRow.SK, consistent_read=True)
        except DoesNotExist:
            return None
        return beat_from(row.attribute_values)

    def save(self, change: BeatChange, command: Command | None, by: Origin) -> None:
        beat = change.beat
        write = Write(self._connection)
        if command:
            row = CheckInRow(
                CheckInRow.key(command.id),
                CheckInRow.SK,
                case_id=beat.id,
                version=beat.version,
                fingerprint=command.fingerprint,
                summary=written(beat),
                at=stamp(beat.updated_at),
            )
            write.put("command", row, CheckInRow.must_be_new())
        follows = BeatRow.must_be_new() if beat.version == 1 else BeatRow.version == beat.version - 1
        write.put("beat", BeatRow.of(beat), follows)
        for event in event_rows(change):
            write.put("event", event)
        write.put("audit", AuditRow.of(entry_of(change, by)))
        try:
            write.commit()
        except WriteRefused as refused:
            if "command" in refused.names:
                raise AlreadyKnown() from refused
            raise StaleVersion() from refused

    def check_in(self, command_id: str) -> KnownCheckIn | None:
        """What a command did to a beat, if it was done. A command that was no check-in has no beat."""
        try:
            row = CheckInRow.get(CommandRow.key(command_id), CommandRow.SK, consistent_read=True)
        except DoesNotExist:
            return None
        if not row.summary:
            return KnownCheckIn(row.fingerprint, None)
        return KnownCheckIn(row.fingerprint, read(row.case_id, int(row.version), row.summary), moment(row.at))

    def history(self, beat_id: str) -> list[Event]:
        rows = EventRow.query(key_of(beat_id), EventRow.sk.startswith(EVENT_PREFIX), consistent_read=True)
        return [event_from(row.attribute_values) for row in rows]

    def newest_events(self, beat_id: str, limit: int, start: Start) -> tuple[list[Event], Start]:
        found = EventRow._get_connection().query(
            key_of(beat_id),
            EventRow.sk.startswith(EVENT_PREFIX),
            consistent_read=True,
            limit=limit,
            scan_index_forward=False,
            exclusive_start_key=start,
        )
        events = [event_from(_plain(item)) for item in found["Items"]]
        return events, found.get("LastEvaluatedKey") if len(events) == limit else None

    def beats_of(self, area: str, *, below: bool) -> list[Beat]:
        """The beats of a community or what lies in it that have not ended, by area; `below`: the areas in it too.

        All of them: a community has a few dozen. Of a street, only its own.
        """
        beginning = area if below else f"{area}#"
        found: list[Beat] = []
        start: Start = None
        while True:
            answer = BeatRow._get_connection().query(
                beats_queue(area),
                BeatRow.queue_order.startswith(beginning),
                index_name=QueueIndex.Meta.index_name,
                exclusive_start_key=start,
            )
            found += [beat_from(_plain(item)) for item in answer["Items"]]
            start = answer.get("LastEvaluatedKey")
            if not start:
                return found


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: next(iter(value.values())) for name, value in item.items()}
