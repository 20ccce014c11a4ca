"""The envelope events travel in: CloudEvents 1.0, structured JSON. Built by the relay, opened by consumers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.domain.events import EVENT_TYPES, PATROL_EVENT_TYPES, Event

Envelope = dict[str, Any]
_STANDING = frozenset({"tracking_code", "state", "urgency", "units"})
_BEATS_STANDING = frozenset({"tracking_code", "state", "area", "post", "units"})


class UnknownEvent(Exception):
    """An event of a type or version this consumer does not know. Never to be guessed at."""


class MalformedEvent(Exception):
    """Something that is no event."""


class Happening(NamedTuple):
    """An event as consumers read it. `data` holds how its subject stood after the act and the event's own facts.

    `policy_version`: by which it came about; empty where nobody says.
    """

    id: str
    type: str
    time: datetime
    data: Mapping[str, Any]
    policy_version: str = ""


def enveloped(event: Event, standing: Mapping[str, Any], stage: str) -> Envelope:
    """An event with its subject's standing, ready to be sent."""
    actor = event.actor
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": f"urn:wangge:{stage}",
        "type": event.type,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": f"urn:wangge:schema:{event.type}",
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "actor": f"{actor.role}:{actor.id}",
        "policyversion": event.policy_version,
        "trackingcode": standing["tracking_code"],
        "data": {**standing, **event.data},
    }


def attributes_of(envelope: Envelope) -> dict[str, Any]:
    """What subscriptions filter on: type, units, area, urgency (of a case). No personal data."""
    data = envelope["data"]
    area = data.get("area") or {}
    return {
        "type": envelope["type"],
        "units": list(data["units"]),
        "area": area.get("code") or "none",
        "urgency": data["urgency"] if envelope["type"] not in PATROL_EVENT_TYPES else "none",
    }


def opened(envelope: Any) -> Happening:
    """The event in an envelope. Unknown attributes are ignored. Raises MalformedEvent, UnknownEvent."""
    try:
        event_type = envelope["type"]
        happening = Happening(
            id=str(envelope["id"]),
            type=str(event_type),
            time=datetime.fromisoformat(envelope["time"]),
            data=envelope["data"],
            policy_version=str(envelope.get("policyversion", "")),
        )
        if happening.id.count(".") < 2 or not isinstance(happening.data, Mapping):
            raise MalformedEvent("no event of a case or a beat")
        standing = _BEATS_STANDING if happening.type in PATROL_EVENT_TYPES else _STANDING
        if missing := standing - happening.data.keys():
            raise MalformedEvent(f"data without {', '.join(sorted(missing))}")
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedEvent(f"{type(error).__name__}: {error}") from error
    if event_type not in EVENT_TYPES:
        raise UnknownEvent(str(event_type)[:100])
    return happening
