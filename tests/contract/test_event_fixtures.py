"""Events as others receive them: every type has a schema and a frozen fixture, and they agree."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chalicelib.domain.events import EVENT_TYPES
from tests.contract.documents import ENVELOPE, ROOT, event_schema, event_validator, fixture, fixture_names, schema_names


def test_every_event_type_has_a_schema_and_a_fixture_and_there_are_no_others() -> None:
    assert schema_names() == EVENT_TYPES
    assert fixture_names() == EVENT_TYPES


def test_every_event_type_is_described_in_the_table() -> None:
    table = (ROOT / "docs" / "events.md").read_text("utf-8")
    assert {name for name in EVENT_TYPES if f"`{name}`" not in table} == set()


@pytest.mark.parametrize("event_type", sorted({*schema_names(), "envelope"}))
def test_the_schema_is_valid_and_named_for_its_type(event_type: str) -> None:
    schema = event_schema(event_type)
    Draft202012Validator.check_schema(schema)
    expected = ENVELOPE if event_type == "envelope" else f"urn:wangge:schema:{event_type}"
    assert schema["$id"] == expected


@pytest.mark.parametrize("event_type", sorted(fixture_names()))
def test_the_fixture_is_valid_by_its_schema(event_type: str) -> None:
    faults = [
        f"{fault.json_path}: {fault.message}" for fault in event_validator(event_type).iter_errors(fixture(event_type))
    ]
    assert faults == []


@pytest.mark.parametrize("event_type", sorted(fixture_names()))
def test_the_fixture_has_no_field_that_is_not_described(event_type: str) -> None:
    envelope, event = fixture(event_type), event_schema(event_type)
    general = event_schema("envelope")
    assert set(envelope) <= set(general["properties"])
    data = event["properties"]["data"]
    standing = general["$defs"][data["$ref"].rpartition("/")[2]]
    described = {*standing["properties"], *data["properties"]}
    assert set(envelope["data"]) <= described


@pytest.mark.parametrize("event_type", sorted(fixture_names()))
def test_the_envelope_and_its_data_tell_the_same(event_type: str) -> None:
    envelope = fixture(event_type)
    assert envelope["type"] == event_type
    assert envelope["id"].rsplit(".", 2)[0] == envelope["subject"]
    assert envelope["trackingcode"] == envelope["data"]["tracking_code"]


def test_no_two_fixtures_share_an_id() -> None:
    ids = [fixture(event_type)["id"] for event_type in fixture_names()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("event_type", "change"),
    [
        ("case.assigned.v1", {"units": []}),
        ("case.assigned.v1", {"clocks": {}}),
        ("case.closed.v1", {"outcome": ""}),
        ("case.closed.v1", {"turn": "everybody"}),
        ("case.resolved.v1", {"timing": {"ended": {"resolve": "forgotten"}}}),
        ("clock.breached.v1", {"step": 0}),
        ("joint.requested.v1", {"asked": []}),
        ("case.returned.v1", {"reason": None}),
        ("visit.due.v1", {"visit_id": "1"}),
        ("patrol.missed.v1", {"rounds": []}),
        ("patrol.walked.v1", {"at": "yesterday"}),
        ("patrol.ended.v1", {"why": "forgotten"}),
    ],
)
def test_the_schema_refuses_what_is_no_such_event(event_type: str, change: dict[str, Any]) -> None:
    envelope = fixture(event_type)
    assert not event_validator(event_type).is_valid({**envelope, "data": {**envelope["data"], **change}})
