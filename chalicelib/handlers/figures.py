"""Consumer of case events: counts them, by area, kind and month."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.envelope import opened
from chalicelib.handlers.queue import each_message

figures = Blueprint(__name__)


@figures.lambda_function(name="figures")
def count_events(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return each_message(event, lambda envelope: bootstrap.counting().count(opened(envelope)))
