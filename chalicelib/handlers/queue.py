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


def each_message(event: dict[str, Any], context: Any, handle: Callable[[Any], None]) -> dict[str, Any]:
    """Hand every message of a batch to `handle`, as parsed JSON; the answer names those that must come again.

    What can never be done is put with the dead letters, with its reason, and does not come again.
    """
    # Imported here: it costs 100 ms, and the API's cold start, which imports every handler, has no use for it.
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    def one(record: Any) -> None:
        try:
            handle(json.loads(record.body))
        except _NEVER as never:
            reason = f"{type(never).__name__}: {never}"
            bootstrap.dead_letters().put(record.body, reason)
            about = {"message_id": record.message_id, "trace": trace_of(never)}
            logger().error("message put with the dead letters", extra=about)

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer: dict[str, Any] = dict(
        process_partial_response(event=event, record_handler=one, processor=processor, context=context)
    )
    if answer["batchItemFailures"]:
        faults = sorted({error[0].__name__ for error in processor.exceptions if error[0]})
        logger().warning("messages to come again", extra={"count": len(answer["batchItemFailures"]), "faults": faults})
    return answer
