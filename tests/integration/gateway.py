"""API Gateway as tests need it: proxy events of a REST API, and answers held to the contract.

An answer's status, media type and headers must be described, and its body have described fields only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

import jsonschema_rs
from jsonschema import Draft202012Validator

import app
from chalicelib.domain.people import StaffMember
from tests.contract.documents import answer_validator, contract, operations, quick_validator, resolved

_PROBLEM, _HTML = "application/problem+json", "text/html"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str | None:
        """The code of a problem; None where there was none, or it was a page."""
        return self.body.get("code") if self.status >= 400 and isinstance(self.body, dict) else None

    @property
    def field(self) -> str | None:
        found: str | None = self.body["field"]
        return found

    @property
    def version(self) -> int:
        return int(self.headers["ETag"].strip('"'))


def gateway_event(
    method: str,
    path: str,
    body: bytes | None,
    by: StaffMember | None,
    query: dict[str, str],
    headers: dict[str, str | None],
) -> dict[str, Any]:
    """A proxy event of a REST API, with what the authorizer found of `by`."""
    parts = urlsplit(path)
    resource, names = _route(method, parts.path)
    asked = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **query}
    context: dict[str, Any] = {
        "resourcePath": resource,
        "httpMethod": method,
        "path": f"/api{parts.path}",
        "stage": "api",
        "requestId": str(uuid4()),
        "identity": {"sourceIp": "192.0.2.1"},
        "domainName": "wangge.example",
    }
    if by is not None:
        context["authorizer"] = {
            "principalId": by.id,
            "role": by.role,
            "unit": by.unit,
            "areas": ",".join(by.areas),
            "integrationLatency": 12,
        }
    sent = {name: value for name, value in headers.items() if value is not None}
    text, encoded = None, False
    if body is not None:
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            text, encoded = base64.b64encode(body).decode(), True
    return {
        "resource": resource,
        "path": parts.path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": asked or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in asked.items()} or None,
        "pathParameters": names or None,
        "stageVariables": None,
        "requestContext": context,
        "body": text,
        "isBase64Encoded": encoded,
    }


def answer_of(made: dict[str, Any]) -> Answer:
    """The answer, its body parsed where it is JSON; a page is text, and what was not modified is nothing."""
    text = made["body"]
    return Answer(made["statusCode"], made["headers"], json.loads(text) if text[:1] in ("{", "[") else text)


def check_answer(method: str, resource: str, answer: Answer) -> None:
    """Raises AssertionError for an answer the contract does not describe."""
    described = _described(method, resource)
    where = f"{method} {resource} {answer.status}: {answer.body}"
    assert str(answer.status) in described, where
    response = resolved(described[str(answer.status)])
    if "content" in response:
        media_type = answer.headers["Content-Type"].partition(";")[0]
        assert media_type in (("application/json" if answer.status < 400 else _PROBLEM), _HTML), where
        schema = _schema(method, resource, answer.status, media_type)
        if not schema.quick.is_valid(answer.body):
            faults = [f"{f.json_path}: {f.message}" for f in schema.thorough().iter_errors(answer.body)]
            assert faults == [], (where, faults)
    else:
        assert answer.body == "", where
    for name, header in response.get("headers", {}).items():
        header = resolved(header)
        assert name in answer.headers, (name, where)
        assert answer_validator(header["schema"]).is_valid(answer.headers[name]), (name, where)
    if answer.status >= 400 and isinstance(answer.body, dict):
        known = contract("errors.json")[answer.body["code"]]
        assert (answer.body["status"], answer.body["title"]) == (known["status"], known["title"]), where
        assert answer.status == known["status"], where
    elif isinstance(answer.body, dict) and "version" in answer.body and "ETag" in answer.headers:
        assert answer.version == answer.body["version"]


def _route(method: str, path: str) -> tuple[str, dict[str, str]]:
    """The resource API Gateway finds for a path, and the parts of the path it names."""
    wanted = path.split("/")
    for resource, methods in app.app.routes.items():
        parts = resource.split("/")
        if method in methods and len(parts) == len(wanted):
            names = {p[1:-1]: unquote(w) for p, w in zip(parts, wanted, strict=True) if p.startswith("{")}
            if all(p == w or p.startswith("{") for p, w in zip(parts, wanted, strict=True)):
                return resource, names
    raise LookupError(f"{method} {path}")


@cache
def _described(method: str, resource: str) -> dict[str, Any]:
    """The answers the contract describes for a resource, whatever it calls the parts of its path."""
    for described_method, path, operation in operations():
        if described_method == method and _anonymous(path) == _anonymous(resource):
            responses: dict[str, Any] = operation["responses"]
            return responses
    raise LookupError(f"{method} {resource}")


class _Schema(NamedTuple):
    quick: jsonschema_rs.Draft202012Validator
    thorough: Callable[[], Draft202012Validator]


@cache
def _schema(method: str, resource: str, status: int, media_type: str) -> _Schema:
    schema = resolved(_described(method, resource)[str(status)])["content"][media_type]["schema"]
    return _Schema(quick_validator(schema), cache(lambda: answer_validator(schema, strict=True)))


def _anonymous(path: str) -> list[str]:
    return ["{}" if part.startswith("{") else part for part in path.split("/")]
