"""Every minute: finds what time alone has brought, and enqueues it."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.observability import logger

sweep = Blueprint(__name__)


@sweep.lambda_function(name="sweep")
def enqueue_due(event: dict[str, Any], context: Any) -> dict[str, Any]:
    found = bootstrap.sweep().run()
    if found:
        logger().info("due", extra={"found": found})
    return {"due": found}
