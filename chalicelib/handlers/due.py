"""Consumer of what is due: visits, clocks that ran out, cases that close by themselves, rounds nobody walked."""

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
        match message:
            case {"case_id": str(case_id)}:
                bootstrap.acting().fall_due(case_id, request_id)
            case {"beat_id": str(beat_id)}:
                bootstrap.patrolling().fall_due(beat_id, request_id)
            case _:
                raise MalformedEvent("neither case_id nor beat_id")

    return each_message(event, one)
