"""What must hold of everything the other end-to-end tests did. Their files come before this one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from infra.day import scenarios
from infra.day.district import District, Missed
from infra.day.expected import Told
from infra.day.ledger import Ledger, read_ledger
from infra.day.watch import Watch
from infra.least_privilege import pairs, without
from tests.e2e.deliveries import unknown_outcomes, unsettled

_QUEUES = ("alerts", "due", "attachments", "figures")


@pytest.fixture(scope="module")
def ledger(district: District) -> Ledger:
    """Everything there is, after somebody told something over each edge, and something that cannot be read."""
    resident = district.resident()
    district.report(resident=resident)
    district.order(resident)
    district.text(resident, "路灯不亮,晚上看不见路")
    district.push([{**district.text_element(resident, "", "1"), "content": {"name": resident.name}}])
    for queue in _QUEUES:
        district.drained(queue)
    return read_ledger(district.system, district.client)


def test_everybody_was_told_what_expected_and_twice_only_where_the_outcome_was_unknown(
    district: District, ledger: Ledger
) -> None:
    expected: Counter[Told] = Counter()
    for case_id, timeline in ledger.timelines.items():
        expected += district.expectations.of_case(ledger.cases[case_id]["tracking_code"], timeline)
    for beat_id, timeline in ledger.beats_timelines.items():
        expected += district.expectations.of_beat(ledger.beats[beat_id]["code"], beat_id, timeline)
    district.until(lambda: not expected - district.delivered(), "somebody was not told")
    with Watch(district.system.cloud) as watch:
        pass
    assert set(watch.delivered) == set(expected)
    assert not watch.delivered - expected - unknown_outcomes(district, ledger)
    assert watch.strangers == []
    assert unsettled(district) == []


def test_nobody_who_told_something_can_be_read_outside_the_vault(district: District, ledger: Ledger) -> None:
    for where, what in _written_down(district, ledger):
        for secret in district.said:
            assert secret not in what, where


def _written_down(district: District, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Everything that is kept or shown in the clear: logs, queues with attributes, tables with keys, answers."""
    logs = district.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            yield group["logGroupName"], "\n".join(event["message"] for event in page["events"])
    queues = requests.get(f"{district.system.cloud}/_ministack/sqs/messages", timeout=30)
    yield "queues", json.dumps(queues.json(), ensure_ascii=False)
    for name in ("CasesTable", "VaultTable"):
        for page in district.client("dynamodb").get_paginator("scan").paginate(TableName=district.system.outputs[name]):
            yield name, json.dumps(page["Items"], ensure_ascii=False, default=repr)
    yield "cases and timelines", json.dumps([ledger.cases, ledger.timelines], ensure_ascii=False)
    yield "beats and timelines", json.dumps([ledger.beats, ledger.beats_timelines], ensure_ascii=False)
    codes = [case["tracking_code"] for case in ledger.cases.values()]
    with ThreadPoolExecutor(4) as anybody:
        tracked = anybody.map(lambda code: district.caller.get(f"/v1/public/track/{code}").text, codes)
    yield "public tracking", "\n".join(tracked)


def test_nothing_lies_with_the_dead_letters_without_a_reason(district: District) -> None:
    district.client("sqs").send_message(QueueUrl=district.queue_url("alerts"), MessageBody="one more")
    district.until(lambda: "one more" in district.dead_letters("alerts"), "poison was not put aside")
    for queue in (*_QUEUES, "relay"):
        assert all(district.dead_letters(queue).values()), queue


def test_rights_are_enforced(district: District) -> None:
    (right,) = [pair for pair in pairs() if (pair.function, pair.statement) == ("api", "Vault")]
    with pytest.raises(Missed, match="503"), without(district, right):
        scenarios.an_order_of_the_hotline(district)
