"""Bad input: every kind is refused with its status, code and field, and leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.edge import INSIDE, Edge
from tests.integration.gateway import Answer
from tests.world import CELL, STATION, WORKER

GOOD: dict[str, Any] = {"text": "三号楼前井盖缺失", "told_at": "2026-11-22T09:00:00+08:00", "position": INSIDE}
MISSING = object()


@pytest.fixture(autouse=True)
def nothing_is_stored(edge: Edge) -> Any:
    before = edge.stored()
    yield
    assert edge.stored() == before


def submit(edge: Edge, body: Any, **headers: str | None) -> Answer:
    return edge.post("/v1/reports", body, WORKER, headers=headers)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        # missing, empty, too long
        ({"text": MISSING}, "field-required", "text"),
        ({"told_at": MISSING}, "field-required", "told_at"),
        ({"position": MISSING}, "place-required", None),
        ({"position": None, "area": None}, "place-required", None),
        ({"text": ""}, "text-empty", "text"),
        ({"text": " \n\t\u3000"}, "text-empty", "text"),
        ({"text": "井" * 4001}, "text-too-long", "text"),
        ({"text": "🕳" * 4001}, "text-too-long", "text"),
        ({"address": "路" * 201}, "text-too-long", "address"),
        ({"reporter": {"name": "王" * 201}}, "text-too-long", "reporter.name"),
        # wrong types
        ({"text": 7}, "wrong-type", "text"),
        ({"text": None}, "wrong-type", "text"),
        ({"text": ["三号楼"]}, "wrong-type", "text"),
        ({"told_at": 1795312800}, "wrong-type", "told_at"),
        ({"position": "34.285,117.185"}, "wrong-type", "position"),
        ({"position": [34.285, 117.185]}, "wrong-type", "position"),
        ({"position": {"lat": "34.285", "lon": 117.185}}, "wrong-type", "position.lat"),
        ({"position": {"lat": True, "lon": 117.185}}, "wrong-type", "position.lat"),
        ({"position": {"lat": 34.285}}, "field-required", "position.lon"),
        ({"area": 3203020010020101}, "wrong-type", "area"),
        ({"media": "3f9ad02c"}, "wrong-type", "media"),
        ({"media": [3]}, "wrong-type", "media[0]"),
        ({"media": None}, "wrong-type", "media"),
        ({"reporter": "王某"}, "wrong-type", "reporter"),
        ({"reporter": {"anonymous": "yes"}}, "wrong-type", "reporter.anonymous"),
        # unknown fields
        ({"priority": 1}, "unknown-field", "priority"),
        ({"position": {**INSIDE, "alt": 30}}, "unknown-field", "position.alt"),
        ({"reporter": {"wechat": "x"}}, "unknown-field", "reporter.wechat"),
        # control characters
        ({"text": "井\u0007盖"}, "control-characters", "text"),
        ({"text": "井\u0000盖"}, "control-characters", "text"),
        ({"text": "井\u007f盖"}, "control-characters", "text"),
        ({"text": "井\u0085盖"}, "control-characters", "text"),
        ({"address": "\u001b[31m"}, "control-characters", "address"),
        ({"reporter": {"name": "王\u0000"}}, "control-characters", "reporter.name"),
        # times
        ({"told_at": "2026-11-22T09:00:00"}, "time-without-zone", "told_at"),
        ({"told_at": "2026-11-22"}, "time-without-zone", "told_at"),
        ({"told_at": "2026-11-22T10:06:00+08:00"}, "time-in-future", "told_at"),
        ({"told_at": "2999-01-01T00:00:00Z"}, "time-in-future", "told_at"),
        ({"told_at": "9999-12-31T23:59:59-14:00"}, "wrong-type", "told_at"),
        ({"told_at": "0001-01-01T00:00:00+14:00"}, "wrong-type", "told_at"),
        ({"told_at": "2026-11-22T09:00:00+08:00:30"}, "wrong-type", "told_at"),
        ({"told_at": "2026-02-30T09:00:00+08:00"}, "wrong-type", "told_at"),
        ({"told_at": "this morning"}, "wrong-type", "told_at"),
        ({"told_at": ""}, "wrong-type", "told_at"),
        # places
        ({"position": {"lat": 34.0, "lon": 117.0}}, "position-outside-district", "position"),
        ({"position": {"lat": 34.0, "lon": 117.0}, "area": CELL}, "position-outside-district", "position"),
        ({"position": {"lat": 0, "lon": 0}}, "position-outside-district", "position"),
        ({"position": {"lat": 90.1, "lon": 117.185}}, "value-not-allowed", "position.lat"),
        ({"position": {"lat": 34.285, "lon": -180.1}}, "value-not-allowed", "position.lon"),
        ({"position": {**INSIDE, "datum": "CGCS2000"}}, "value-not-allowed", "position.datum"),
        ({"position": {**INSIDE, "datum": "gcj-02"}}, "value-not-allowed", "position.datum"),
        ({"position": {**INSIDE, "datum": None}}, "value-not-allowed", "position.datum"),
        ({"area": "3203020010020199"}, "unknown-area", "area"),
        ({"area": "999"}, "unknown-area", "area"),
        ({"area": ""}, "unknown-area", "area"),
        ({"area": "9" * 65}, "text-too-long", "area"),
        # words of the pack
        ({"category": "flying-saucer"}, "unknown-category", "category"),
        ({"category": ""}, "unknown-category", "category"),
        ({"urgency": "critical"}, "value-not-allowed", "urgency"),
        # phones
        ({"reporter": {"phone": "12345"}}, "phone-invalid", "reporter.phone"),
        ({"reporter": {"phone": ""}}, "phone-invalid", "reporter.phone"),
        ({"reporter": {"phone": "+86 138 0000"}}, "phone-invalid", "reporter.phone"),
        ({"reporter": {"phone": "请打我电话"}}, "phone-invalid", "reporter.phone"),
        ({"reporter": {"phone": "1380000000a"}}, "phone-invalid", "reporter.phone"),
        # pictures
        ({"media": ["0" * 32]}, "unknown-attachment", "media[0]"),
        ({"media": [""]}, "unknown-attachment", "media[0]"),
        ({"media": [str(n) for n in range(10)]}, "too-many-attachments", "media"),
    ],
    ids=lambda value: json.dumps(value, default=lambda _: "missing")[:60] if isinstance(value, dict) else None,
)
def test_a_report_that_breaks_a_rule_is_refused_with_the_field(
    edge: Edge, change: dict[str, Any], code: str, field: str | None
) -> None:
    body = {name: value for name, value in {**GOOD, **change}.items() if value is not MISSING}
    answer = submit(edge, body)
    assert (answer.status, answer.code, answer.field) == (422, code, field)


def test_all_faults_of_a_body_are_told_the_first_in_front(edge: Edge) -> None:
    answer = submit(edge, {"text": "", "told_at": "?", "position": INSIDE, "x": 1})
    assert [(fault["field"], fault["code"]) for fault in answer.body["errors"]] == [
        ("text", "text-empty"),
        ("told_at", "wrong-type"),
        ("x", "unknown-field"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        "井盖缺失".encode(),
        "三号楼前井盖缺失".encode("gbk"),
        b'{"text": "\xff\xfe"}',
        b'{"text": NaN}',
        b'{"text": Infinity}',
        b'{"position": {"lat": -Infinity, "lon": 1}}',
        b'{"text": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"[" * 100_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"bytes": ' + b"9" * 5000 + b"}",
        "\ufeff{}".encode(),
        b"{} {}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_not_json_in_utf_8_is_refused(edge: Edge, body: bytes) -> None:
    answer = submit(edge, body)
    assert (answer.status, answer.code) == (400, "malformed-json")


@pytest.mark.parametrize("body", [None, b"null", b"[]", b"7", b'"text"', b"true"])
def test_json_that_is_no_object_is_refused(edge: Edge, body: bytes | None) -> None:
    answer = submit(edge, body)
    assert (answer.status, answer.code) == ((400, "malformed-json") if body is None else (422, "wrong-type"))


def test_numbers_beyond_all_bounds_are_refused(edge: Edge) -> None:
    answer = submit(edge, json.dumps({**GOOD, "position": {"lat": 0, "lon": 1}}).replace("0,", "1e999,").encode())
    assert (answer.status, answer.code, answer.field) == (422, "value-not-allowed", "position.lat")


def test_a_body_of_256_kib_is_read_and_one_byte_more_is_not(edge: Edge) -> None:
    limit = 256 * 1024
    room = limit - len(json.dumps({**GOOD, "x": ""}, ensure_ascii=False).encode())
    assert submit(edge, {**GOOD, "x": "x" * room}).code == "unknown-field"
    answer = submit(edge, {**GOOD, "x": "x" * (room + 1)})
    assert (answer.status, answer.code, answer.body["limit"]) == (413, "body-too-large", limit)


@pytest.mark.parametrize("key", [None, ""])
def test_a_command_without_a_key_is_refused(edge: Edge, key: str | None) -> None:
    answer = submit(edge, GOOD, **{"Idempotency-Key": key})
    assert (answer.status, answer.code, answer.field) == (400, "idempotency-key-required", "Idempotency-Key")


@pytest.mark.parametrize("key", ["1", "not-a-uuid", "5f0c1a52-8f0e-4a8e-9d53-0c5b2f6d7e1", "9" * 5000, "井"])
def test_a_key_that_is_no_uuid_is_refused(edge: Edge, key: str) -> None:
    answer = submit(edge, GOOD, **{"Idempotency-Key": key})
    assert (answer.status, answer.code, answer.field) == (400, "idempotency-key-invalid", "Idempotency-Key")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "json"])
@pytest.mark.parametrize(
    "path",
    ["/v1/reports", "/v1/attachments", "/v1/cases/0/actions/accept", "/v1/visits/0/result", "/hooks/hotline/12345"],
)
def test_a_content_type_that_is_not_taken_is_a_problem_of_the_contract(
    edge: Edge, path: str, content_type: str
) -> None:
    answer = edge.post(path, GOOD, WORKER, version=1, headers={"Content-Type": content_type})
    assert (answer.status, answer.code, answer.field) == (415, "unsupported-media-type", "Content-Type")


@pytest.mark.parametrize("content_type", ["image/png", "application/xml"])
def test_a_push_of_texts_in_another_content_type_is_a_problem_too(edge: Edge, content_type: str) -> None:
    answer = edge.post("/hooks/sms/aliyun?key=aliyun-secret", [], headers={"Content-Type": content_type})
    assert (answer.status, answer.code) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"outcome": "delighted"}, "value-not-allowed", "outcome"),
        ({"outcome": None}, "value-not-allowed", "outcome"),
        ({"note": "注" * 2001}, "text-too-long", "note"),
        ({"note": "\u0000"}, "control-characters", "note"),
        ({"position": {"lat": 91, "lon": 0}}, "value-not-allowed", "position.lat"),
        ({"stars": 5}, "unknown-field", "stars"),
    ],
)
def test_a_visit_result_that_breaks_a_rule_is_refused(
    edge: Edge, change: dict[str, Any], code: str, field: str
) -> None:
    answer = edge.post(f"/v1/visits/{'0' * 26}.1/result", {"outcome": "satisfied", **change}, WORKER, version=1)
    assert (answer.status, answer.code, answer.field) == (422, code, field)


@pytest.mark.parametrize("visit", ["0" * 26 + ".1", "nonsense", ".", "..", "0" * 3000])
def test_a_visit_that_is_none_is_not_found(edge: Edge, visit: str) -> None:
    answer = edge.post(f"/v1/visits/{visit}/result", {"outcome": "satisfied"}, WORKER, version=1)
    assert (answer.status, answer.code) == (404, "not-found")


def test_a_refused_report_may_be_corrected_under_the_same_key(edge: Edge) -> None:
    key = str(uuid4())
    assert edge.post("/v1/reports", {**GOOD, "text": ""}, STATION, key=key).status == 422
    assert edge.post("/v1/reports", {**GOOD, "area": "999"}, STATION, key=key).status == 422
    answer = edge.post("/v1/reports", GOOD, STATION, key=key)
    assert answer.status == 201
    edge.empty()
