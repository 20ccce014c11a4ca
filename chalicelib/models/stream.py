"""Records of the cases table's stream, read as the events they insert."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.events import CaseEvent
from chalicelib.models.case_rows import event_from


def event_of(record: Mapping[str, Any]) -> tuple[CaseEvent, dict[str, Any]]:
    """The event a stream record inserts, and how the case stood after it.

    Raises KeyError, TypeError or ValueError for a record that holds no event.
    """
    image = record["dynamodb"]["NewImage"]
    row = {name: next(iter(value.values())) for name, value in image.items()}
    standing = json.loads(row["snapshot"])
    if not isinstance(standing, dict):
        raise TypeError("snapshot is no object")
    return event_from(row), standing
