"""The contract's documents, as the tests of this directory read them."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "docs" / "contract"
SCHEMAS = CONTRACT / "events"
FIXTURES = Path(__file__).parent / "events"
PACK = ROOT / "chalicelib" / "policy" / "gulou"

ENVELOPE = "urn:wangge:schema:envelope.v1"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_OPENAPI_URI = "urn:wangge:openapi"
_STRICT_URI = "urn:wangge:openapi:strict"


class Example(NamedTuple):
    """An example of the OpenAPI document: where it stands, its schema, itself, and the status of an answer."""

    where: str
    schema: dict[str, Any]
    value: Any
    status: int | None
    media_type: str


class Strict(yaml.SafeLoader):
    """YAML in which no key stands twice: of two, the first would be read by nobody."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.constructor.ConstructorError(None, None, f"{twice!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


@cache
def contract(name: str) -> Any:
    """A document of docs/contract, parsed. Raises for a key that stands twice."""
    text = (CONTRACT / name).read_text("utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.load(text, Strict)


@cache
def pack(name: str) -> dict[str, Any]:
    """A file of the policy pack, parsed."""
    return tomllib.loads((PACK / name).read_text("utf-8"))


def actions_in(procedure: str) -> dict[str, dict[str, Any]]:
    """The rows of the table of actions that a procedure has, each as it is there."""
    table = contract("actions.yaml")
    named = {name for state in table["procedures"][procedure]["states"].values() for name in state["actions"]}
    rows = {name: row for name, row in table["actions"].items() if name in named}
    return {name: {**row, **row.get("instead", {}).get(procedure, {})} for name, row in rows.items()}


def schema_names() -> set[str]:
    """The event types that have a schema."""
    return {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json")} - {"envelope"}


def fixture_names() -> set[str]:
    """The event types that have a frozen fixture."""
    return {path.name.removesuffix(".json") for path in FIXTURES.glob("*.json")}


def event_schema(event_type: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{event_type}.schema.json").read_text("utf-8"))
    return schema


def fixture(event_type: str) -> dict[str, Any]:
    """The frozen envelope of an event type."""
    envelope: dict[str, Any] = json.loads((FIXTURES / f"{event_type}.json").read_text("utf-8"))
    return envelope


@cache
def event_validator(event_type: str) -> Draft202012Validator:
    """Checks envelopes against an event type's schema, formats included."""
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in map(event_schema, [*schema_names(), "envelope"])
    )
    return Draft202012Validator(event_schema(event_type), registry=registry, format_checker=FormatChecker())


def answer_validator(schema: dict[str, Any], *, strict: bool = False) -> Draft202012Validator:
    """Checks a value against a schema written in the OpenAPI document.

    `strict`: fields the document does not describe are faults too, as our own examples and answers should have none.
    """
    uri = _STRICT_URI if strict else _OPENAPI_URI
    relative = _absolute(_closed(schema) if strict else schema, uri)
    return Draft202012Validator(relative, registry=_registry(), format_checker=FormatChecker())


def quick_validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Whether a value is as the strict `answer_validator` wants it, found much faster and without words for faults."""
    relative = _absolute(_closed(schema), _STRICT_URI)
    return jsonschema_rs.Draft202012Validator(relative, registry=_quick_registry(), validate_formats=True)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a reference within the OpenAPI document points at, or the node itself."""
    while "$ref" in node:
        target: Any = contract("openapi.yaml")
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    for path, methods in contract("openapi.yaml")["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield method.upper(), path, operation


def examples() -> Iterator[Example]:
    """Every example of every request and answer, with its schema."""
    for method, path, operation in operations():
        where = f"{method} {path}"
        bodies: list[tuple[str, int | None, dict[str, Any]]] = []
        if "requestBody" in operation:
            bodies.append((f"{where} request", None, resolved(operation["requestBody"])))
        for status, answer in operation["responses"].items():
            bodies.append((f"{where} {status}", int(status), resolved(answer)))
        for place, code, body in bodies:
            for media_type, content in body.get("content", {}).items():
                for name, example in content["examples"].items():
                    value = resolved(example)["value"]
                    yield Example(f"{place} {name}", content["schema"], value, code, media_type)


@cache
def _registry() -> Registry[Any]:
    document = contract("openapi.yaml")
    return Registry().with_resources(
        [
            (_OPENAPI_URI, DRAFT202012.create_resource(document)),
            (_STRICT_URI, DRAFT202012.create_resource(_closed(document))),
        ]
    )


@cache
def _quick_registry() -> jsonschema_rs.Registry:
    document = contract("openapi.yaml")
    return jsonschema_rs.Registry([(_STRICT_URI, _closed(document))], draft=jsonschema_rs.Draft202012)


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """A copy in which objects with described properties have no others."""
    closed = copy.deepcopy(document)

    def close(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("additionalProperties") is True and "properties" in node:
                node["additionalProperties"] = False
            for child in node.values():
                close(child)
        elif isinstance(node, list):
            for child in node:
                close(child)

    close(closed)
    return closed


def _absolute(node: Any, uri: str) -> Any:
    if isinstance(node, dict):
        return {
            key: f"{uri}{value}" if key == "$ref" and isinstance(value, str) else _absolute(value, uri)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_absolute(item, uri) for item in node]
    return node
