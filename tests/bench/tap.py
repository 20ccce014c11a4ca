"""Watches what a process asks of AWS, through botocore's own events, whichever library makes the client."""

from __future__ import annotations

from typing import Any

import botocore.session

_READS = {"GetItem", "Query", "BatchGetItem"}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


class Tap:
    """Off, it costs one test a request. On, each request sent is kept: what was asked, what it consumed and moved."""

    def __init__(self) -> None:
        self._requests: list[dict[str, Any]] | None = None
        self.services: list[str] = []
        made = botocore.session.Session.create_client

        def create_client(session: Any, service_name: str, *args: Any, **kwargs: Any) -> Any:
            client = made(session, service_name, *args, **kwargs)
            self.services.append(service_name)
            events = client.meta.events
            events.register_last("provide-client-params.*.*", self._asked)
            events.register_first("before-send.*.*", self._sent)
            events.register_last("after-call.*.*", self._answered)
            return client

        botocore.session.Session.create_client = create_client

    def begin(self, watched: bool) -> None:
        self._requests = [] if watched else None

    def end(self) -> list[dict[str, Any]]:
        requests, self._requests = self._requests or [], None
        return requests

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> dict[str, Any] | None:
        if self._requests is None:
            return None
        made = {
            "service": model.service_model.service_name,
            "operation": model.name,
            "kwargs": dict(params),
            "sent": 0,
            "bytes": 0,
            "scanned": 0,
            "wcu": 0.0,
            "read": [],
        }
        self._requests.append(made)
        return {**params, "ReturnConsumedCapacity": "TOTAL"} if model.name in _READS | _WRITES else None

    def _sent(self, request: Any, **_: Any) -> None:
        if self._requests is not None:
            self._requests[-1]["sent"] += 1
            self._requests[-1]["bytes"] += len(request.body or b"")

    def _answered(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if self._requests is None or model.has_streaming_output:
            return
        made = self._requests[-1]
        made["bytes"] += len(http_response.content)
        if model.name in _WRITES:
            made["wcu"] += sum(each["CapacityUnits"] for each in _listed(parsed.get("ConsumedCapacity")))
        if model.name in _READS:
            made["read"] = _items(parsed)
            made["scanned"] += parsed.get("ScannedCount", len(made["read"]))


def _listed(capacity: Any) -> list[dict[str, Any]]:
    return capacity if isinstance(capacity, list) else [capacity] if capacity else []


def _items(parsed: dict[str, Any]) -> list[dict[str, Any]]:
    if "Responses" in parsed:
        return [item for items in parsed["Responses"].values() for item in items]
    return parsed["Items"] if "Items" in parsed else [parsed["Item"]] if "Item" in parsed else []
