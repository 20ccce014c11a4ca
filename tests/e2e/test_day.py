"""A day's matters, one of each, through the real edges; everybody told exactly as the pack and the roster say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.day import scenarios
from infra.day.district import District
from infra.day.scenarios import CATEGORY, LEAD
from infra.settings import ROOT


def test_only_who_works_here_gets_past_the_gateway(district: District) -> None:
    scenarios.staff_are_known(district)


def test_pictures_come_before_and_after_their_report(district: District) -> None:
    scenarios.a_report_with_pictures(district)


def test_a_text_opens_a_case_and_the_next_joins_it(district: District) -> None:
    scenarios.texts_open_and_join(district)


def test_an_order_of_the_hotline_is_one_case_however_often_sent(district: District) -> None:
    scenarios.an_order_of_the_hotline(district)


def test_a_report_by_the_sign_of_a_cell_is_a_case_there_and_its_sender_is_told(district: District) -> None:
    scenarios.a_report_by_the_sign_of_a_cell(district)


def test_a_case_is_returned_classified_and_settled_and_its_reporter_answered(district: District) -> None:
    scenarios.a_case_is_returned_and_settled(district)


def test_an_integrated_unit_receives_the_events_of_its_cases_and_of_no_other(district: District) -> None:
    mine = district.report(category=CATEGORY)["case_id"]
    other = district.report(category="blocked-fire-lane")["case_id"]
    district.told(mine), district.told(other)
    events = _received(district, district.standing.described["queues"][LEAD])
    assert {event["type"] for event in events if event["subject"] == mine} == {
        event["type"] for event in district.timeline(mine)
    }
    assert other not in {event["subject"] for event in events}


def _received(district: District, queue_url: str) -> list[dict[str, Any]]:
    """Everything that lies in a queue, taken as its unit's own system would."""
    sqs, events = district.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            events.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return events


def test_anybody_may_track_a_case_and_learns_of_no_person(district: District) -> None:
    scenarios.anybody_may_track(district)


def test_a_network_is_uploaded_planned_and_applied(district: District) -> None:
    scenarios.a_network_is_imported_by_the_api(district)


def test_a_queue_is_read_in_pages(district: District) -> None:
    scenarios.a_queue_is_read_in_pages(district)


def test_the_cases_of_a_community_are_viewed(district: District) -> None:
    scenarios.the_cases_of_a_community_are_viewed(district)


@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.a_poison_message_to_alerts,
        scenarios.a_poison_message_to_attachments,
        scenarios.a_poison_message_to_imports,
        scenarios.a_poison_record_in_the_stream,
    ],
    ids=lambda scenario: scenario.__name__,
)
def test_poison_is_put_aside_with_its_reason_and_its_neighbours_are_done(scenario: Any, district: District) -> None:
    scenario(district)


def test_an_event_that_comes_again_sends_nothing_again(district: District) -> None:
    scenarios.events_published_again(district)


def test_the_operator_publishes_a_time_again_and_nobody_is_told_twice(district: District) -> None:
    since = datetime.now(UTC).replace(microsecond=0)
    cases = [district.report(category=CATEGORY)["case_id"] for _ in range(2)]
    for case_id in cases:
        district.told(case_id)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    district.until(lambda: datetime.now(UTC) >= until, "the time to publish again is not over")
    wanted = _events_written(district, since, until)
    assert set(cases) <= set(wanted)
    before = district.delivered()
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "infra", "republish", "--stage", district.standing.deployed.stage),
            *("--region", district.system.region, "--endpoint", district.system.cloud),
            *("--since", since.strftime("%Y-%m-%dT%H:%M:%S%z")),
            *("--until", until.strftime("%Y-%m-%dT%H:%M:%S%z")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{wanted.total()} events published again" in ran.stdout.splitlines()
    district.drained("alerts")
    assert district.delivered() == before


def _events_written(district: District, since: datetime, until: datetime) -> Counter[str]:
    """How many events each case got in a time, by its rows; the system's own tasks write some meanwhile."""
    pages = (
        district.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=district.system.outputs["CasesTable"],
            FilterExpression="begins_with(sk, :event)",
            ExpressionAttributeValues={":event": {"S": "EVENT#"}},
        )
    )
    return Counter(
        item["pk"]["S"].removeprefix("CASE#")
        for page in pages
        for item in page["Items"]
        if "time" in item and since <= datetime.fromisoformat(item["time"]["S"]) < until
    )
