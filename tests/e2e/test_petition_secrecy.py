"""What a petitioner says never reaches whom it accuses (信访工作条例 art. 30; ADR 40), on the whole system.

`tests/integration/test_secrecy.py` asks for more and by more roles; here queues, gateway, logs and providers are real.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests

from infra.day.district import District, answered
from infra.day.standing import SAMPLE
from infra.samples import rows_of
from tests.contract.documents import operations, pack

OFFICE, ENTRUSTED, ACCUSED = "petition-office", "urban-management", "public-security"
SPIED_FROM = {ACCUSED, "traffic-police"}
"""The department that is accused, which has a queue of its own system, and what is part of it."""
TOLD = {"text": "银铃巷旧账", "more": "金哨子为证", "address": "白鹭弯九十九号"}
"""Words of the petitioner that stand nowhere else."""
NOTED = "紫藤架下的约定"
"""What the petition office notes, which goes out with its acts to whom they concern."""


@dataclass(frozen=True)
class Petition:
    """What could be known of it, or guessed. `since`: the milliseconds at which nothing of it was told yet."""

    case_id: str
    tracking_code: str
    report_ids: tuple[str, ...]
    order_no: str
    told: frozenset[str]
    since: int

    @property
    def names(self) -> frozenset[str]:
        return self.told | {self.case_id, self.tracking_code, *self.report_ids, self.order_no, NOTED}


@pytest.fixture(scope="module")
def petition(district: District) -> Petition:
    """Told by the hotline and by text, registered with whom it accuses, passed on, accepted, and everybody told."""
    since, resident, order_no = int(time.time() * 1000), district.resident(), f"E2E{uuid4().hex[:12]}"
    content = f"举报干部优亲厚友，{TOLD['text']}"
    receipt = district.order(resident, order_no, title="举报", content=content, address=TOLD["address"])
    assert receipt["kind"] == "petition" and receipt["unit"]["id"] == OFFICE
    case = district.text(resident, f"补充：{TOLD['more']}")
    assert case["case_id"] == receipt["case_id"]
    for offer in (case["links"] or {}).get("offers", []):
        case = district.act(case, "not-same", OFFICE, other=offer["case_id"], reason="另一事")
    case = district.act(case, "petition-register", OFFICE, people=1, accused=[ACCUSED], note=NOTED)
    case = _passed_on(district, case)
    case = district.act(case, "accept", ENTRUSTED)
    district.told(receipt["case_id"])
    district.drained("figures")
    told = frozenset({*TOLD.values(), resident.name, resident.phone})
    return Petition(case["case_id"], case["tracking_code"], tuple(case["reports"]), order_no, told, since)


def _passed_on(district: District, case: Mapping[str, Any]) -> dict[str, Any]:
    said, token = {"unit": ENTRUSTED, "reason": NOTED}, district.system.token_of_unit(OFFICE)
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{case["version"]}"'}
    return answered(district.caller.post(f"/v1/cases/{case['case_id']}/actions/petition-pass-on", said, token, headers))


def test_nobody_of_the_accused_finds_it_by_any_route(district: District, petition: Petition) -> None:
    theirs = [row for row in rows_of(SAMPLE / "staff.csv") if row["unit"] in SPIED_FROM]
    assert {row["role"] for row in theirs} == {"department", "unit-head"}
    spies = {(row["unit"], row["role"]): district.fresh_token(row["staff_id"]) for row in theirs}
    asked = [(spy, token, path) for spy, token in spies.items() for path in _paths(petition, district)]
    with ThreadPoolExecutor(2) as all_of_them:
        answers = list(all_of_them.map(lambda each: _asked(district, *each[1:]), asked))
    told = {
        (spy, path): words
        for (spy, _, path), answer in zip(asked, answers, strict=True)
        if (words := [name for name in petition.names if name in answer])
    }
    assert told == {}
    office = district.system.token_of_unit(OFFICE)
    found = " ".join(_asked(district, office, path) for path in _paths(petition, district))
    assert all(word in found for word in (petition.case_id, *TOLD.values(), NOTED)), "who may does find it"


def test_nothing_of_it_is_sent_to_them(district: District, petition: Petition) -> None:
    accused, entrusted = (_text(district.lying_in(_queue_of(unit, district))) for unit in (ACCUSED, ENTRUSTED))
    assert [name for name in petition.names if name in accused] == []
    assert petition.case_id in entrusted and NOTED in entrusted, "whoever has it in hand is told"
    sent, theirs = [*_texts(district), *_mails(district)], _addresses(SPIED_FROM)
    assert [words for to, words in sent if to in theirs and any(name in words for name in petition.names)] == []
    assert [words for to, words in sent if to in _addresses({ENTRUSTED}) and petition.tracking_code in words]


def test_what_was_told_is_in_no_message_attribute_key_or_log(district: District, petition: Petition) -> None:
    lying = _text(_everything(district, "sqs/messages"))
    assert petition.case_id in lying and [word for word in petition.told if word in lying] == []
    for name, lines in _logs_since(district, petition.since):
        assert [word for word in petition.told | {NOTED} if word in lines] == [], name
    for title in ("CasesTable", "VaultTable"):
        table = {"TableName": district.system.outputs[title], "ProjectionExpression": "pk, sk"}
        keys = _text([page["Items"] for page in district.client("dynamodb").get_paginator("scan").paginate(**table)])
        assert [word for word in petition.told if word in keys] == [], title


def _paths(petition: Petition, district: District) -> Iterator[str]:
    """Every address that the contract lets one read, with all that could be known of the petition. `where`: by what
    stands before a name. One that nobody thought of raises KeyError.
    """
    cell = district.places[0]["area"]
    area = cell[:12]
    where: Mapping[str, Sequence[str]] = {
        "cases": [petition.case_id],
        "reports": petition.report_ids,
        "attachments": petition.report_ids[:1],
        "units": [OFFICE, ENTRUSTED, ACCUSED],
        "views": [view["id"] for view in pack("views.toml")["view"]],
        "areas": [area],
        "patrols": [f"{cell}.information-officer"],
        "imports": ["0" * 32],
        "track": ["00000000"],  # whoever has the code of a petition is told how far it is
    }
    asked = {
        "/v1/cases": [f"tracking_code={petition.tracking_code}", f"source=12345&message_id={petition.order_no}"],
        "/v1/audit": [f"case_id={petition.case_id}"],
        "/v1/cells": ["lat=34.285&lon=117.185"],
        **{path: [f"area={area}"] for path in ("/v1/visits", "/v1/panel", "/v1/advice")},
    }
    for method, path, _ in operations():
        if method == "GET":
            *before, after = path.split("{")
            named = where[before[0].split("/")[-2]] if before else [""]
            for name in named:
                filled = f"{before[0]}{name}{after.partition('}')[2]}" if before else path
                yield from (f"{filled}?{query}" if query else filled for query in asked.get(path, [""]))


def _asked(district: District, token: str, path: str) -> str:
    answer = district.caller.get(path, token)
    return f"{answer.status_code} {dict(answer.headers)} {answer.text}"


def _addresses(units: Collection[str]) -> set[str]:
    rows = [row for row in rows_of(SAMPLE / "staff.csv") if row["unit"] in units]
    return {row[by] for row in rows for by in ("phone", "email")}


def _texts(district: District) -> Iterator[tuple[str, str]]:
    for number, records in _everything(district, "sns/sms-messages")["sms_messages"].items():
        yield from ((number, record["Message"]) for record in records)


def _mails(district: District) -> Iterator[tuple[str, str]]:
    for messages in _everything(district, "ses/messages")["messages"].values():
        yield from ((address, _text(message)) for message in messages for address in message["To"])


def _logs_since(district: District, since: int) -> Iterator[tuple[str, str]]:
    logs = district.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name, startTime=since):
            yield name, "\n".join(event["message"] for event in page["events"])


def _queue_of(unit: str, district: District) -> str:
    return district.queue_url(f"unit-{unit}")


def _everything(district: District, what: str) -> Any:
    return requests.get(f"{district.system.cloud}/_ministack/{what}", timeout=30).json()


def _text(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, default=repr)
