"""Always true 6, over everything that the whole system wrote down or answered: no phone and no name in clear."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import requests

from infra.day import scenarios
from infra.day.district import District, Resident, answered
from infra.day.ledger import read_ledger
from infra.day.system import Caller
from infra.functions import FUNCTIONS

_ID_NUMBER, _STREET = "320302190001010010", "民主南路九十九号二单元"
_TELLS_IN_CLEAR = ("/reporter/release", "/persons/export")
_QUEUES = ("alerts", "due", "attachments", "figures")

Written = tuple[str, str]
"""Where something is written down, and what."""


@pytest.fixture(scope="module")
def answers(district: District) -> Iterator[list[Written]]:
    """Every answer the API gives from here on, but those whose purpose it is to tell who told."""
    kept: list[Written] = []

    def keep(path: str, answer: requests.Response) -> requests.Response:
        if not (answer.ok and path.endswith(_TELLS_IN_CLEAR)):
            kept.append((f"answer to {path.partition('?')[0]}", f"{dict(answer.headers)} {answer.text}"))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        get, post = Caller.get, Caller.post
        patch.setattr(Caller, "get", lambda self, path, *a, **k: keep(path, get(self, path, *a, **k)))
        patch.setattr(Caller, "post", lambda self, path, *a, **k: keep(path, post(self, path, *a, **k)))
        yield kept


@pytest.fixture(scope="module")
def people(district: District, answers: list[Written]) -> list[Resident]:
    """Residents whose matters went every way there is: told, answered, visited, released, forgotten, refused."""
    told_by = {"id_number": _ID_NUMBER, "address": _STREET}
    by_mobile, by_text, by_hotline, by_landline, unread = (district.resident() for _ in range(5))

    receipt = district.report(resident=by_mobile, told_by=told_by, category=scenarios.CATEGORY)
    case = scenarios.settled(district, district.case(receipt["case_id"]), scenarios.LEAD)
    visited = district.visit(scenarios.a_visit_falls_due(district, case), "satisfied")
    assert visited["state"] == "closed"

    district.text(by_text, "路灯不亮,晚上看不见路")
    order = district.order(by_hotline)
    released = _release(district, order["report_id"], order["unit"]["id"])
    assert released["reporter"]["name"] == by_hotline.name

    body = district.report_body(0, by_landline)
    body["reporter"]["phone"] = f"0516-{by_landline.phone[-8:]}转801"
    token = district.system.token_of_cell(district.places[0]["area"])
    landline = answered(district.caller.post("/v1/reports", body, token, {"Idempotency-Key": str(uuid4())}), 201)
    district.phones[landline["report_id"]] = f"+86516{by_landline.phone[-8:]}"
    district.push([{**district.text_element(unread, "", "1"), "content": {"name": unread.name}}])
    wrong = {**district.report_body(0, by_mobile), "area": by_mobile.phone, "category": by_mobile.name}
    assert district.caller.post("/v1/reports", wrong, token, {"Idempotency-Key": str(uuid4())}).status_code == 422
    for path in ("/v1/cases/{}", "/v1/reports/{}", "/v1/public/track/{}"):
        assert district.caller.get(path.format(by_mobile.phone), district.administrator).status_code in (403, 404)
    district.client("sqs").send_message(QueueUrl=district.queue_url("alerts"), MessageBody="poison")
    district.until(lambda: "poison" in district.dead_letters("alerts"), "poison was not put aside")

    scenarios.a_reporter_is_released_and_forgotten(district)
    scenarios.the_audit_is_asked(district)
    district.said |= {_ID_NUMBER, _STREET}
    for queue in _QUEUES:
        district.drained(queue)
    return [by_mobile, by_text, by_hotline, by_landline, unread]


def test_who_told_is_masked_told_to_who_must_know_and_forgotten(people: list[Resident]) -> None:
    assert len(people) == 5


def test_what_is_read_and_done_can_be_asked_for(district: District) -> None:
    scenarios.the_audit_is_asked(district)


def test_what_is_noted_is_sealed(district: District) -> None:
    scenarios.what_is_noted_is_sealed(district)


def test_no_phone_and_no_name_stands_in_clear_anywhere(
    district: District, people: list[Resident], answers: list[Written]
) -> None:
    secrets = _forms_of(district)
    seen = dict.fromkeys(("answer", "log", "queue", "table", "topic", "page"), 0)
    for where, what in (*_written_down(district), *answers):
        seen[where.partition(" ")[0]] += 1
        assert [secret for secret in secrets if secret in what] == [], where
    assert all(seen.values()), seen
    assert {f"log /aws/lambda/{district.function(each.name)}" for each in FUNCTIONS} <= _logs(district)


def test_the_search_finds_what_it_looks_for(district: District, people: list[Resident]) -> None:
    """The texts that went out are there to be read: the same search finds the phones in them."""
    log = requests.get(f"{district.system.cloud}/_ministack/sns/sms-messages", timeout=30).text
    assert any(form in log for form in _forms_of(district))


def _forms_of(district: District) -> set[str]:
    """All that anybody left, in every form it may come back in: phones whole and their last eight digits."""
    forms = set()
    for said in district.said:
        forms |= {said, said[-8:]} if said.isdigit() and len(said) == 11 else {said}
        forms.add(json.dumps(said)[1:-1])  # as JSON in ASCII writes it
    return forms


def _release(district: District, report_id: str, unit: str) -> Mapping[str, Any]:
    token, said = district.system.token_of_unit(unit), {"reason": "位置不清，需电话核实"}
    path = f"/v1/reports/{report_id}/reporter/release"
    return answered(district.caller.post(path, said, token, {"Idempotency-Key": str(uuid4())}))


def _logs(district: District) -> set[str]:
    return {f"log {group['logGroupName']}" for group in district.client("logs").describe_log_groups()["logGroups"]}


def _written_down(district: District) -> Iterator[Written]:
    """Everything that is kept or shown: logs, queues with attributes, tables with keys, topics, cases, public pages."""
    logs = district.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            yield f"log {name}", "\n".join(event["message"] for event in page["events"])
    yield "queue messages, with dead letters", _everything_in(district, "sqs/messages")
    for page in district.client("sns").get_paginator("list_topics").paginate():
        for topic in page["Topics"]:
            attributes = district.client("sns").get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
            yield f"topic {topic['TopicArn']}", json.dumps(attributes)
    for title in ("CasesTable", "VaultTable"):
        pages = district.client("dynamodb").get_paginator("scan").paginate(TableName=district.system.outputs[title])
        for page in pages:
            yield f"table {title}", json.dumps(page["Items"], ensure_ascii=False, default=repr)
    ledger = read_ledger(district.system, district.client)
    yield "page of cases and timelines", json.dumps([ledger.cases, ledger.timelines], ensure_ascii=False)
    codes = [case["tracking_code"] for case in ledger.cases.values()]
    with ThreadPoolExecutor(4) as anybody:
        tracked = anybody.map(lambda code: district.caller.get(f"/v1/public/track/{code}").text, codes)
    yield "page of public tracking", "\n".join(tracked)


def _everything_in(district: District, what: str) -> str:
    answer = requests.get(f"{district.system.cloud}/_ministack/{what}", timeout=30)
    return json.dumps(answer.json(), ensure_ascii=False)
