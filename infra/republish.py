"""Publishes events again: those of one case or beat, or of a time. A stream forgets after 24 hours; the rows do not.

Consumers dedupe by event, so that publishing too much does no harm and sends nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from chalicelib.adapters.queues import SnsTopic
from chalicelib.models.base import stamp
from chalicelib.models.stream import EVENT_PREFIX, event_of, key_of
from chalicelib.services.relay import Relay

_BATCH = 50


class Unreadable:
    """Where the relay would put aside what it cannot read: here the operator is told."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def put(self, body: Any, reason: str) -> None:
        self._say(f"not published: {reason}")


def republish(
    client_of: Callable[[str], Any],
    stage: str,
    table: str,
    topic_arn: str,
    *,
    case_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> int:
    """Publish the events of a case or a beat (`case_id`), or of the time from `since` to `until`; how many.

    Both are aware; `until` is excluded.

    A time reads the whole table, at the table's own pace: for an operator after an outage, not for every day.
    """
    relay = Relay(SnsTopic(client_of("sns"), topic_arn), Unreadable(say), event_of, stage)
    items = (
        _of_case(client_of("dynamodb"), table, case_id)
        if case_id
        else _of_time(client_of("dynamodb"), table, since, until)
    )
    published, batch = 0, []
    for item in items:
        batch.append({"dynamodb": {"NewImage": item}})
        if len(batch) == _BATCH:
            published += relay.publish(batch)
            say(f"{published} events")
            batch = []
    return published + relay.publish(batch)


def _of_case(dynamodb: Any, table: str, case_id: str) -> Iterator[dict[str, Any]]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :case AND begins_with(sk, :event)",
        ExpressionAttributeValues={":case": {"S": key_of(case_id)}, ":event": {"S": EVENT_PREFIX}},
    )
    for page in pages:
        yield from page["Items"]


def _of_time(dynamodb: Any, table: str, since: datetime | None, until: datetime | None) -> Iterator[dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(sk, :event) AND #time >= :since AND #time < :until",
        ExpressionAttributeNames={"#time": "time"},
        ExpressionAttributeValues={
            ":event": {"S": EVENT_PREFIX},
            ":since": {"S": stamp(since) if since else "0"},
            ":until": {"S": stamp(until) if until else "9"},
        },
    )
    for page in pages:
        yield from sorted(page["Items"], key=lambda item: item["time"]["S"])
