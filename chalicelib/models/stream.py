"""Events as their rows tell of them, read from the table or from records of its stream.

Without pynamodb, which reading takes no part of: the relay's cold start has no other use for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.events import Actor, Event, of_beat

CASE_PREFIX = "CASE#"
BEAT_PREFIX = "PATROL#"
EVENT_PREFIX = "EVENT#"


def key_of(subject: str) -> str:
    """The partition of what has a history."""
    return f"{BEAT_PREFIX if of_beat(subject) else CASE_PREFIX}{subject}"


def subject_of(pk: str) -> str:
    """The case or beat that a partition is of."""
    return pk.removeprefix(CASE_PREFIX).removeprefix(BEAT_PREFIX)


def event_of(record: Mapping[str, Any]) -> tuple[Event, dict[str, Any]]:
    """The event a stream record inserts, and how its subject stood after it.

    Raises KeyError, TypeError or ValueError for a record that holds no event.
    """
    image = record["dynamodb"]["NewImage"]
    row = {name: next(iter(value.values())) for name, value in image.items()}
    standing = json.loads(row["snapshot"])
    if not isinstance(standing, dict):
        raise TypeError("snapshot is no object")
    return event_from(row), standing


def event_from(row: Mapping[str, Any]) -> Event:
    """The event a row tells of; `row` maps attribute names to plain values."""
    version, n = row["sk"].removeprefix(EVENT_PREFIX).split(".")
    actor_id, role, unit = json.loads(row["actor"])
    return Event(
        subject=subject_of(row["pk"]),
        version=int(version),
        n=int(n),
        type=row["type"],
        time=datetime.fromisoformat(row["time"]),
        actor=Actor(actor_id, role, unit),
        policy_version=row["policy_version"],
        data=json.loads(row["data"]),
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
    )
