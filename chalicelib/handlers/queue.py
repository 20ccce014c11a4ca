"""What the queue consumers share: each message by itself, failures told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.envelope import MalformedEvent, UnknownEvent
from chalicelib.observability import logger, trace_of

_NEVER = (MalformedEvent, UnknownEvent, LookupError, TypeError, ValueError, AttributeError, RecursionError)
"""What does not go away by trying again: the message is not what it should be, or we cannot read it."""


def each_message(event: dict[str, Any], handle: Callable[[Any], None]) -> dict[str, Any]:
    """Hand every message of a batch to `handle`, as parsed JSON; the answer names those that must come again.

    What can never be done is put with the dead letters, with its reason, and does not come again.
    """
    # Powertools' batch processor does this loop too, and takes 40 ms of a cold start to be imported (ADR 11).
    again, faults = [], set()
    for record in event["Records"]:
        try:
            _one(record, handle)
        except Exception as fault:
            again.append({"itemIdentifier": record["messageId"]})
            faults.add(type(fault).__name__)
    if again:
        logger().warning("messages to come again", extra={"count": len(again), "faults": sorted(faults)})
    return {"batchItemFailures": again}


def _one(record: dict[str, Any], handle: Callable[[Any], None]) -> None:
    try:
        handle(json.loads(record["body"]))
    except _NEVER as never:
        bootstrap.dead_letters().put(record["body"], f"{type(never).__name__}: {never}")
        about = {"message_id": record["messageId"], "trace": trace_of(never)}
        logger().error("message put with the dead letters", extra=about)
