"""Overrides of Chalice's REST API, and what the gateway answers by itself, as problem+json of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

CODES = {
    "ACCESS_DENIED": "forbidden",
    "AUTHORIZER_CONFIGURATION_ERROR": "internal-error",
    "AUTHORIZER_FAILURE": "internal-error",
    "DEFAULT_5XX": "internal-error",
    "EXPIRED_TOKEN": "unauthorized",
    "INTEGRATION_FAILURE": "internal-error",
    "INTEGRATION_TIMEOUT": "timeout",
    "INVALID_SIGNATURE": "unauthorized",
    "MISSING_AUTHENTICATION_TOKEN": "not-found",  # what the gateway calls a path it does not know
    "REQUEST_TOO_LARGE": "body-too-large",
    "RESOURCE_NOT_FOUND": "not-found",
    "THROTTLED": "too-many-requests",
    "UNAUTHORIZED": "unauthorized",
    "UNSUPPORTED_MEDIA_TYPE": "unsupported-media-type",
}
"""Type of gateway response -> code of the error catalogue."""

THROTTLES = {
    ("POST", "/v1/public/reports"): (5, 20),
    ("GET", "/v1/public/areas/{code}/report"): (20, 60),
    ("GET", "/v1/public/areas/{code}/notice"): (10, 40),
    ("GET", "/v1/public/areas/{code}/notice.html"): (10, 40),
    ("GET", "/v1/public/areas/{code}/law-house"): (10, 40),
    ("GET", "/v1/public/track/{tracking_code}"): (20, 60),
}
"""What anybody may ask without a token -> requests a second, and at once. A district's residents stay far below."""


def rest_api_override(errors: Mapping[str, Any]) -> dict[str, Any]:
    """Tracing, metrics, and the gateway's own errors with CORS; `errors` is the contract's catalogue."""
    return {
        "Properties": {
            "Name": {"Fn::Sub": "wangge-${Stage}"},
            "TracingEnabled": True,
            "MethodSettings": [
                {"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": True},
                *(_throttled(method, path, *rate) for (method, path), rate in THROTTLES.items()),
            ],
            "GatewayResponses": {kind: _answer(code, errors[code]) for kind, code in CODES.items()},
        }
    }


def _throttled(method: str, path: str, rate: int, burst: int) -> dict[str, Any]:
    """A method's own limit; in the path of its setting `~1` stands for a slash."""
    return {
        "ResourcePath": "/" + path.replace("/", "~1"),
        "HttpMethod": method,
        "MetricsEnabled": True,
        "ThrottlingRateLimit": rate,
        "ThrottlingBurstLimit": burst,
    }


def _answer(code: str, error: Mapping[str, Any]) -> dict[str, Any]:
    problem = {
        "type": f"urn:wangge:problem:{code}",
        "status": error["status"],
        "code": code,
        "title": error["title"],
        "detail": error["zh"],
        "detail_en": error["en"],
        "field": None,
    }
    headers = {"Content-Type": "'application/problem+json'", "Access-Control-Allow-Origin": "'*'"}
    if error["status"] == 401:
        headers["WWW-Authenticate"] = "'Bearer'"
    return {
        "StatusCode": str(error["status"]),
        "ResponseTemplates": {"application/json": json.dumps(problem, ensure_ascii=False)},
        "ResponseParameters": {"Headers": headers},
    }
