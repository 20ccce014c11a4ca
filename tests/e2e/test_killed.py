"""Processes die before, between and after their writes, in the middle of traffic: nothing is lost."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import requests

from infra.day.check import miscounted
from infra.day.district import District, Missed
from infra.day.expected import Told
from infra.day.ledger import read_ledger
from infra.day.scenarios import CATEGORY
from tests.e2e.deliveries import unknown_outcomes, unsettled
from tests.e2e.gate import AFTER, BEFORE, Kill, gate

REPORTS, CLIENTS = 30, 4
_VISIBILITY_SECONDS = 26  # longer than the lease of a send, as the deployed 120 are
_PATIENCE = 100.0

KILLS = {
    "api": [
        Kill("TransactWriteItems", 3, BEFORE),
        Kill("TransactWriteItems", 7, AFTER),
        Kill("GetItem", 12, AFTER),
        Kill("TransactWriteItems", 16, AFTER),
        Kill("TransactWriteItems", 24, BEFORE),
    ],
    "relay": [
        Kill("PublishBatch", 2, BEFORE),
        Kill("PublishBatch", 3, AFTER),  # what waited meanwhile takes several: more than one is left to write
        Kill("PublishBatch", 8, AFTER),
    ],
    "alert": [
        Kill("TransactWriteItems", 4, BEFORE),
        Kill("Publish", 9, BEFORE),
        Kill("Publish", 14, AFTER),
        Kill("TransactWriteItems", 40, AFTER),
        Kill("/v2/email/outbound-emails", 20, AFTER),
    ],
    "figures": [
        Kill("TransactWriteItems", 3, BEFORE),
        Kill("TransactWriteItems", 8, AFTER),
        Kill("TransactWriteItems", 21, AFTER),
    ],
}
"""One write or send of each function, with death on either side of it."""


@pytest.fixture
def quickly_again(district: District) -> Iterator[None]:
    """A message whose consumer died comes again in seconds, not in two minutes."""
    sqs, usual = district.client("sqs"), {}
    for url in map(district.queue_url, ("alerts", "figures")):
        usual[url] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(_VISIBILITY_SECONDS)})
    yield
    for url, attributes in usual.items():
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def test_nothing_is_lost_when_processes_are_killed_amid_their_writes(district: District, quickly_again: None) -> None:
    messages = [(_mobile, _text, _order)[number % 3] for number in range(REPORTS)]
    patient = replace(district, patience=_PATIENCE)
    with ExitStack() as gates:
        opened = [gates.enter_context(gate(district, name, kills)) for name, kills in KILLS.items()]
        with ThreadPoolExecutor(CLIENTS) as clients:
            acknowledged = list(clients.map(lambda send: send(district), messages))
        ledger = read_ledger(district.system, district.client)
        cases = {case_id: ledger.cases[case_id]["tracking_code"] for _, _, case_id in acknowledged}
        expected = Counter(
            told for i, code in cases.items() for told in district.expectations.of_case(code, ledger.timelines[i])
        )

        def delivered() -> Counter[Told]:
            return Counter({told: n for told, n in district.delivered().items() if told[0][:8] in cases.values()})

        patient.until(lambda: not expected - delivered(), "somebody was not told")
        for queue in ("alerts", "figures"):
            patient.drained(queue)
        assert {each.function: set(each.kills) - set(each.happened) for each in opened} == {
            name: set() for name in KILLS
        }

    reports = Counter((row["source"], row["message_id"].rpartition(":")[2]) for row in ledger.reports.values())
    assert all(reports[source, message_id] == 1 for source, message_id, _ in acknowledged)
    assert set(delivered()) == set(expected)
    unknown = unknown_outcomes(district, ledger)
    repeated = delivered() - expected
    assert repeated and not repeated - unknown
    assert unknown.total() <= len(KILLS["alert"])
    patient.until(lambda: not unsettled(district), "a delivery was never settled")  # others are told of meanwhile
    patient.until(lambda: not miscounted(district.system, _timelines(district)), "what was counted did not happen so")


def _timelines(district: District) -> Iterable[Sequence[dict[str, Any]]]:
    return read_ledger(district.system, district.client).timelines.values()


# --- what is sent, until it is acknowledged: the message's source and id, and its case


def _mobile(district: District) -> tuple[str, str, str]:
    key, resident = str(uuid4()), district.resident()
    body = district.report_body(resident=resident, category=CATEGORY)
    token = district.system.token_of_cell(district.places[0]["area"])
    answer = _acknowledged(lambda: district.caller.post("/v1/reports", body, token, {"Idempotency-Key": key})).json()
    district.phones[answer["report_id"]] = resident.international
    return "mobile", key, answer["case_id"]


def _order(district: District) -> tuple[str, str, str]:
    resident, order_no = district.resident(), f"KILL{uuid4().hex[:12]}"
    body = json.dumps(district.order_body(resident, order_no)).encode()
    answer = _acknowledged(
        lambda: district.caller.post("/hooks/hotline/12345", body, headers=district.signature(body))
    ).json()
    district.phones[answer["report_id"]] = resident.international
    return "12345", order_no, answer["case_id"]


def _text(district: District) -> tuple[str, str, str]:
    resident, message_id = district.resident(), str(int(uuid4().hex[:12], 16))
    element = district.text_element(resident, "路灯不亮,晚上看不见路", message_id)
    body = json.dumps([element]).encode()
    secret = district.system.secrets["aliyun"]
    _acknowledged(lambda: district.caller.post(f"/hooks/sms/aliyun?key={secret}", body))
    query = {"source": "sms", "message_id": message_id}
    case = _acknowledged(lambda: district.caller.get("/v1/cases", district.administrator, **query)).json()
    (report_id,) = case["reports"]
    district.phones[report_id] = resident.international
    return "sms", message_id, case["case_id"]


def _acknowledged(send: Callable[[], requests.Response]) -> requests.Response:
    """What a client does: the same message again until it is taken."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        answer = send()
        if answer.ok:
            return answer
        if answer.status_code < 500:
            raise Missed(f"{answer.status_code} {answer.text[:300]}")
    raise Missed(f"never acknowledged: {answer.status_code} {answer.text[:300]}")
