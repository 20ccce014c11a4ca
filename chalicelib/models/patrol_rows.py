"""Rows of a beat: the beat itself, its events, and the check-ins that were commanded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.domain.grid import DIGITS, Area
from chalicelib.domain.patrol import Beat, Plan
from chalicelib.models.base import dumps, moment, stamp
from chalicelib.models.case_rows import CasesRow, CommandRow, EventRow, due_shard
from chalicelib.models.stream import key_of, subject_of

if TYPE_CHECKING:
    from chalicelib.domain.events import Event
    from chalicelib.domain.rounds import BeatChange


def beats_queue(area: str) -> str:
    """Beats lie by community; those of a street, or of the district, by themselves."""
    return f"PATROLS#{area[: DIGITS['community']]}"


class BeatRow(CasesRow):
    """A beat as it stands, all of it in one document, which lists show too: figures read no other row.

    It is in its community's list until it ends, and on the due index until then.
    """

    version = NumberAttribute()
    summary = UnicodeAttribute()

    SK = "BEAT"

    @classmethod
    def of(cls, beat: Beat) -> BeatRow:
        timer = beat.next_timer
        lasts = beat.ended_at is None
        return cls(
            pk=key_of(beat.id),
            sk=cls.SK,
            queue=beats_queue(beat.area.code) if lasts else None,
            queue_order=f"{beat.area.code}#{beat.post}" if lasts else None,
            due_shard=due_shard(beat.id) if timer else None,
            due_at=stamp(timer) if timer else None,
            version=beat.version,
            summary=written(beat),
        )


def beat_from(row: dict[str, Any]) -> Beat:
    """The beat that a row tells of, or an entry of the queue's index."""
    return read(subject_of(row["pk"]), int(row["version"]), row["summary"])


def event_rows(change: BeatChange) -> list[EventRow]:
    """The rows of the events of an act, with how the beat stands after it, as consumers will want to know it."""
    return [_event_row(event, change.beat) for event in change.events]


class CheckInRow(CommandRow):
    """A check-in that was commanded, and the beat as it left it: a repeat is answered from here.

    A case answers a repeat by replay; a beat's history has no end, and must not be read for that.
    """

    summary = UnicodeAttribute()
    at = UnicodeAttribute()


def written(beat: Beat) -> str:
    """By place, not by name, as a case's summary is."""
    return dumps(
        [
            [beat.area.code, *beat.area.path],
            beat.post,
            beat.unit,
            beat.policy_version,
            [[plan.from_round, stamp(plan.start), plan.every, plan.grace] for plan in beat.plans],
            beat.settled,
            beat.first,
            beat.marks,
            beat.before,
            beat.reminded,
            stamp(beat.updated_at),
            stamp(beat.walked_at) if beat.walked_at else None,
            stamp(beat.ended_at) if beat.ended_at else None,
        ]
    )


def read(beat_id: str, version: int, summary: str) -> Beat:
    area, post, unit, policy, plans, settled, first, marks, before, reminded, updated, walked, ended = json.loads(
        summary
    )
    return Beat(
        id=beat_id,
        version=version,
        area=Area(area[0], tuple(area[1:])),
        post=post,
        unit=unit,
        policy_version=policy,
        plans=tuple(Plan(number, moment(start), every, grace) for number, start, every, grace in plans),
        settled=settled,
        first=first,
        updated_at=moment(updated),
        marks=marks,
        before=before,
        reminded=reminded,
        walked_at=moment(walked) if walked else None,
        ended_at=moment(ended) if ended else None,
    )


def _event_row(event: Event, beat: Beat) -> EventRow:
    timer = beat.next_timer
    standing = {
        "tracking_code": beat.code,
        "state": "ended" if beat.ended_at else "planned",
        "area": {"code": beat.area.code, "path": beat.area.path},
        "post": beat.post,
        "units": [beat.unit],
        "due_at": stamp(timer) if timer else None,
    }
    return EventRow.told(event, dumps(standing))
