"""Consumer of the cases table's stream: publishes the events that were written."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap

relay = Blueprint(__name__)


@relay.lambda_function(name="relay")
def publish_events(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fails whole when something does not answer, so that the stream gives the batch again; never for one record."""
    bootstrap.relay().publish(event["Records"])
    return {"batchItemFailures": []}
