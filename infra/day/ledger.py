"""All that came of a day, read from outside: the table as it lies, and cases and beats as the API tells of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.day.system import Caller, System


@dataclass(frozen=True, slots=True)
class Ledger:
    """All cases of a day as the API and the table tell of them."""

    reports: Mapping[str, dict[str, Any]]  # report rows by report id
    cases: Mapping[str, dict[str, Any]]  # the API's case by id
    timelines: Mapping[str, list[dict[str, Any]]]
    pictures: Mapping[str, str]  # state by attachment id
    dead_letters: int
    beats: Mapping[str, dict[str, Any]]  # the API's beat by id; none but those somebody planned
    beats_timelines: Mapping[str, list[dict[str, Any]]]


def read_ledger(system: System, client_of: Callable[[str], Any]) -> Ledger:
    """Read everything: rows from the table as it lies, cases and timelines through the API, dead letters counted."""
    store = client_of("dynamodb")
    reports, case_ids, beat_ids, pictures = {}, set(), set(), {}
    pages = store.get_paginator("scan").paginate(TableName=system.outputs["CasesTable"])
    for page in pages:
        for item in page["Items"]:
            kind, _, name = item["pk"]["S"].partition("#")
            if kind == "REPORT":
                detail = json.loads(item["detail"]["S"])
                reports[name] = {
                    "source": item["source"]["S"],
                    "case_id": item["case_id"]["S"],
                    "message_id": detail["message_id"],
                }
            elif kind == "ATTACHMENT":
                pictures[name] = item["state"]["S"]
            elif kind == "CASE" and item["sk"]["S"] == "CASE":
                case_ids.add(name)
            elif kind == "PATROL" and item["sk"]["S"] == "BEAT":
                beat_ids.add(name)
    token = system.token_of_role("administrator")
    caller = Caller(system)
    cases = {case_id: caller.get(f"/v1/cases/{case_id}", token).json() for case_id in sorted(case_ids)}
    timelines = {i: caller.get(f"/v1/cases/{i}/timeline", token).json()["items"] for i in cases}
    beats = {beat_id: caller.get(f"/v1/patrols/{beat_id}", token).json() for beat_id in sorted(beat_ids)}
    walked = {beat_id: list(beat_timeline(caller, token, beat_id)) for beat_id in beats}
    return Ledger(reports, cases, timelines, pictures, _dead_letters(client_of("sqs")), beats, walked)


def beat_timeline(caller: Caller, token: str, beat_id: str) -> Iterator[dict[str, Any]]:
    """Everything that happened to a beat, page by page, newest first."""
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = caller.get(f"/v1/patrols/{beat_id}/timeline", token, limit="100", **more).json()
        yield from page["items"]
        cursor = page["next"]


def _dead_letters(sqs: Any) -> int:
    waiting = "ApproximateNumberOfMessages"
    urls = [url for url in sqs.list_queues().get("QueueUrls", []) if url.endswith("-dead-letters")]
    return sum(
        int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[waiting])["Attributes"][waiting]) for url in urls
    )
