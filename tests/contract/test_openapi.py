"""The HTTP contract holds together: the document is valid, its examples are, and it agrees with the error catalogue."""

from __future__ import annotations

import json
import re

import pytest
from openapi_spec_validator import validate

from tests.contract.documents import Example, answer_validator, contract, examples, operations, resolved

PROBLEM = "application/problem+json"
GATEWAYS_OWN = {429, 504}
ALL = list(examples())


def test_the_document_is_valid_openapi_and_plain_json() -> None:
    document = contract("openapi.yaml")
    validate(document)
    assert json.loads(json.dumps(document)) == document


def test_it_describes_every_route_of_the_contract() -> None:
    assert {(method, path) for method, path, _ in operations()} == {
        ("POST", "/v1/reports"),
        ("GET", "/v1/reports/{id}"),
        ("POST", "/v1/reports/{id}/reporter/release"),
        ("POST", "/v1/attachments"),
        ("GET", "/v1/attachments/{id}"),
        ("GET", "/v1/cases"),
        ("GET", "/v1/cases/{id}"),
        ("GET", "/v1/cases/{id}/timeline"),
        ("GET", "/v1/cases/{id}/clocks"),
        ("GET", "/v1/cases/{id}/file"),
        ("GET", "/v1/cases/{id}/mediation-file"),
        ("GET", "/v1/cases/{id}/candidates"),
        ("POST", "/v1/cases/{id}/actions/{action}"),
        ("GET", "/v1/units/{id}/queue"),
        ("GET", "/v1/views"),
        ("GET", "/v1/views/{id}"),
        ("GET", "/v1/visits"),
        ("POST", "/v1/visits/{id}/result"),
        ("GET", "/v1/patrols"),
        ("GET", "/v1/patrols/{id}"),
        ("GET", "/v1/patrols/{id}/timeline"),
        ("POST", "/v1/patrols/{id}/check-ins"),
        ("GET", "/v1/areas/{code}/patrols"),
        ("GET", "/v1/areas/{code}/figures"),
        ("GET", "/v1/panel"),
        ("GET", "/v1/advice"),
        ("POST", "/v1/advice"),
        ("GET", "/v1/public/areas/{code}/law-house"),
        ("POST", "/v1/persons/export"),
        ("POST", "/v1/persons/erase"),
        ("GET", "/v1/audit"),
        ("GET", "/v1/public/track/{tracking_code}"),
        ("GET", "/v1/cells"),
        ("GET", "/v1/areas/{code}"),
        ("POST", "/v1/network/imports"),
        ("GET", "/v1/network/imports/{id}"),
        ("POST", "/v1/network/imports/{id}/apply"),
        ("GET", "/v1/public/areas/{code}/notice"),
        ("GET", "/v1/public/areas/{code}/notice.html"),
        ("GET", "/v1/public/areas/{code}/report"),
        ("POST", "/v1/public/reports"),
        ("POST", "/hooks/sms/aliyun"),
        ("POST", "/hooks/hotline/12345"),
        ("GET", "/openapi.json"),
    }


@pytest.mark.parametrize("example", ALL, ids=lambda example: example.where)
def test_every_example_is_valid_and_has_only_described_fields(example: Example) -> None:
    validator = answer_validator(example.schema, strict=True)
    assert [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(example.value)] == []


@pytest.mark.parametrize("example", [e for e in ALL if e.media_type == PROBLEM], ids=lambda example: example.where)
def test_every_problem_says_what_the_catalogue_says(example: Example) -> None:
    problem, known = example.value, contract("errors.json")[example.value["code"]]
    field = problem["field"]
    assert problem["status"] == example.status == known["status"]
    assert problem["type"] == f"urn:wangge:problem:{problem['code']}"
    assert problem["title"] == known["title"]
    assert problem["detail"] == (f"{known['zh']}（{field}）" if field else known["zh"])
    assert problem["detail_en"] == (f"{known['en']} ({field})" if field else known["en"])
    if "errors" in problem:
        assert (problem["errors"][0]["code"], problem["errors"][0]["field"]) == (problem["code"], field)


def test_every_code_of_the_catalogue_is_described_and_answered_somewhere() -> None:
    codes = set(contract("errors.json"))
    assert set(contract("openapi.yaml")["components"]["schemas"]["ProblemCode"]["enum"]) == codes
    assert {example.value["code"] for example in ALL if example.media_type == PROBLEM} == codes


@pytest.mark.parametrize("code", sorted(contract("errors.json")))
def test_the_catalogue_is_flat_short_and_in_both_languages(code: str) -> None:
    error = contract("errors.json")[code]
    assert set(error) == {"status", "title", "zh", "en"}
    assert 400 <= error["status"] <= 504
    assert re.search(r"[\u4e00-\u9fff]", error["title"]) and len(error["title"]) <= 24
    assert re.search(r"[\u4e00-\u9fff]", error["zh"]) and len(error["zh"]) <= 60 and error["zh"].endswith("。")
    assert re.fullmatch(r"[\x20-\x7e]{1,130}", error["en"]) and error["en"].endswith(".")


def test_commands_need_a_key_acts_a_version_and_answers_about_a_case_carry_one() -> None:
    for method, path, operation in operations():
        required = {
            found["name"] for found in map(resolved, operation.get("parameters", [])) if found.get("required", False)
        }
        assert ("Idempotency-Key" in required) == (method == "POST" and path.startswith("/v1/")), path
        acts = path.endswith(("/actions/{action}", "/result"))
        assert ("If-Match" in required) == acts, path
        for status, answer in operation["responses"].items():
            schema = resolved(answer).get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
            about_a_case = schema.rpartition("/")[2] in {"Case", "Receipt", "Timeline", "Clocks", "PublicCase"}
            about_a_case |= path in ("/v1/cases/{id}/file", "/v1/cases/{id}/mediation-file") and status == "200"
            kept_by_anybody = "304" in operation["responses"] and status == "200"
            assert ("ETag" in resolved(answer).get("headers", {})) == (about_a_case or kept_by_anybody), (path, status)


def test_every_operation_says_who_may_call_it_and_how_it_fails() -> None:
    for method, path, operation in operations():
        statuses = {int(status) for status in operation["responses"]}
        assert GATEWAYS_OWN | {500} <= statuses, path
        secured = operation.get("security", contract("openapi.yaml")["security"])
        assert bool(secured) == (401 in statuses), path
        if method == "POST":
            assert {400, 413, 415, 422} <= statuses, path


def test_requests_refuse_unknown_fields_and_answers_may_grow() -> None:
    schemas = contract("openapi.yaml")["components"]["schemas"]
    for name, schema in schemas.items():
        if schema.get("type") == "object":
            closed = name.endswith("In") or name == "Position"
            assert schema.get("additionalProperties") is (not closed), name


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"position": None, "area": "320302001002"}, True),
        ({"reporter": None, "media": []}, True),
        ({"text": "一行\n\t另一行"}, True),
        ({"position": None, "area": None}, False),
        ({"text": ""}, False),
        ({"text": " \n\t"}, False),
        ({"text": "井" * 4001}, False),
        ({"text": "井\u0007盖"}, False),
        ({"told_at": "2026-11-22T08:00:00"}, False),
        ({"urgency": "critical"}, False),
        ({"position": {"lat": 34.29}}, False),
        ({"position": {"lat": "34.29", "lon": 117.18}}, False),
        ({"reporter": {"wechat": "x"}}, False),
        ({"priority": 1}, False),
    ],
)
def test_the_shape_of_a_report_takes_and_refuses_what_the_contract_says(change: dict[str, object], valid: bool) -> None:
    report = contract("openapi.yaml")["components"]["examples"]["ReportIn"]["value"]
    validator = answer_validator({"$ref": "#/components/schemas/ReportIn"})
    assert validator.is_valid({**report, **change}) is valid
