"""Consumer of case events: tells who must know, by SMS and e-mail."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.envelope import opened
from chalicelib.handlers.queue import each_message

alert = Blueprint(__name__)


@alert.lambda_function(name="alert")
def alert_people(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return each_message(event, lambda envelope: bootstrap.alerts().tell(opened(envelope)))
