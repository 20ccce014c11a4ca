"""What must hold of everything the other end-to-end tests did. Their files come before this one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from infra.day import scenarios
from infra.day.check import read_ledger
from infra.day.district import District, Missed
from infra.least_privilege import pairs, without


def test_rights_are_enforced(district: District) -> None:
    (right,) = [pair for pair in pairs() if (pair.function, pair.statement) == ("api", "Vault")]
    with pytest.raises(Missed, match="503"), without(district, right):
        scenarios.an_order_of_the_hotline(district)


def test_nobody_who_told_something_can_be_read_outside_the_vault(district: District) -> None:
    assert len(district.said) > 10
    for where, what in _written_down(district):
        for secret in district.said:
            assert secret not in what, where


def _written_down(district: District) -> Iterator[tuple[str, str]]:
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
    ledger = read_ledger(district.system, district.client("dynamodb"))
    for case in ledger.cases.values():
        yield "public tracking", district.caller.get(f"/v1/public/track/{case['tracking_code']}").text
    yield "cases and timelines", json.dumps([ledger.cases, ledger.timelines], ensure_ascii=False)
