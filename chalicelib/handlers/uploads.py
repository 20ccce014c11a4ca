"""Consumer of the media bucket's events: marks pictures as arrived."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.envelope import MalformedEvent
from chalicelib.domain.errors import NotFound
from chalicelib.handlers.queue import each_message

uploads = Blueprint(__name__)


@uploads.lambda_function(name="attachments")
def mark_arrived(event: dict[str, Any], context: Any) -> dict[str, Any]:
    def one(notification: Any) -> None:
        if isinstance(notification, dict) and notification.get("Event") == "s3:TestEvent":
            return
        try:
            told = [record["s3"]["object"] for record in notification["Records"]]
            objects = [(each["key"], int(each["size"]), each.get("eTag")) for each in told]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedEvent(f"no object notification: {type(error).__name__}") from error
        for key, size, etag in objects:
            try:
                bootstrap.attachments().arrived(unquote_plus(key), size, etag)
            except NotFound as gone:
                raise MalformedEvent("the object is not there") from gone

    return each_message(event, one)
