"""Events as Lambda hands them over: API Gateway's proxy and authorizer requests, stream and queue batches."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

_ACCOUNT, _API = "000000000000", "bench00000"
_HOUSES = itertools.count()


def authorization(token: str, method: str = "POST", path: str = "/v1/reports") -> dict[str, Any]:
    """What the authorizer is asked."""
    return {
        "type": "TOKEN",
        "methodArn": f"arn:aws:execute-api:us-east-1:{_ACCOUNT}:{_API}/api/{method}{path}",
        "authorizationToken": f"Bearer {token}",
    }


def proxied(
    method: str,
    resource: str,
    who: dict[str, str],
    *,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: Any = None,
) -> dict[str, Any]:
    """A request that the authorizer let through as `who`."""
    given = {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "Host": f"{_API}.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "bench",
        "X-Amzn-Trace-Id": "Root=1-00000000-000000000000000000000000",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **(headers or {}),
    }
    return {
        "resource": resource,
        "path": resource.format(**(path or {})),
        "httpMethod": method,
        "headers": given,
        "multiValueHeaders": {name: [value] for name, value in given.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": path,
        "stageVariables": None,
        "requestContext": {
            "accountId": _ACCOUNT,
            "apiId": _API,
            "authorizer": {**who, "integrationLatency": 5},
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "bench"},
            "path": "/api" + resource.format(**(path or {})),
            "protocol": "HTTP/1.1",
            "requestId": str(uuid4()),
            "requestTimeEpoch": 1795305600000,
            "resourceId": "abc123",
            "resourcePath": resource,
            "stage": "api",
        },
        "body": json.dumps(body, ensure_ascii=False) if body is not None else None,
        "isBase64Encoded": False,
    }


def command(version: int | None = None) -> dict[str, str]:
    """The headers of a command: a fresh idempotency key, and the version it is about."""
    return {"Idempotency-Key": str(uuid4()), **({"If-Match": f'"{version}"'} if version is not None else {})}


def report(place: dict[str, Any], category: str) -> dict[str, Any]:
    """The contract's example, told at some place: a mobile report with its reporter, and no pictures.

    Each of another house, since reports of one matter would join.
    """
    house = f"{next(_HOUSES) % 900 + 100}号楼前"
    return {
        "text": f"{house}井盖缺失",
        "category": category,
        "urgency": "ordinary",
        "position": place["position"],
        "area": None,
        "address": house,
        "media": [],
        "told_at": (datetime.now(UTC) - timedelta(days=60)).isoformat(timespec="seconds"),
        "reporter": {"name": "王先生", "phone": "+8613800000001", "anonymous": False},
    }


def stream_batch(records: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Records": records}
