"""Consumer of what is due: visits, clocks that ran out, settled cases that close by themselves."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.envelope import MalformedEvent
from chalicelib.handlers.queue import each_message

due = Blueprint(__name__)


@due.lambda_function(name="due")
def fall_due(event: dict[str, Any], context: Any) -> dict[str, Any]:
    request_id = getattr(context, "aws_request_id", "none")

    def one(message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("case_id"), str):
            raise MalformedEvent("no case_id")
        bootstrap.acting().fall_due(message["case_id"], request_id)

    return each_message(event, one)
