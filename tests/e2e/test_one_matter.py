"""One matter told by many, from all sides, in the same second: one case, and everybody answered (P2).

`ROUNDS=50 python -m pytest tests/e2e/test_one_matter.py` takes two minutes; CI plays five rounds.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import Any
from uuid import uuid4

from chalicelib.domain.reports import report_id
from infra.day.district import District, Resident, answered
from infra.day.expected import Told
from infra.day.scenarios import settled

ROUNDS = int(os.environ.get("ROUNDS", "5"))
WORDS: tuple[tuple[str, str], ...] = (
    ("mobile", "{where}电梯坏了，老人困在家里下不来"),
    ("mobile", "{where}电梯停运，已联系维保。"),
    ("mobile", "巡查发现{where}电梯故障，无法使用"),
    ("sms", "{where}电梯又坏了！！"),
    ("sms", "{where}电梯坏了一早上没人修"),
    ("sms", "俺这{where}电梯坏了，啥时候能修好"),
    ("12345", "来电人反映{where}电梯故障停运，要求尽快维修。"),
    ("12345", "市民来电称{where}电梯坏了，出行不便。"),
    ("web", "{where}的电梯坏了，天天爬楼受不了"),
    ("web", "电梯坏了！{where}，家里有坐轮椅的老人"),
)
"""Ten who tell of it, from four sources."""


def test_ten_reports_of_one_matter_in_the_same_second_are_one_case_and_ten_answers(district: District) -> None:
    random, cases = Random(10), {}
    with ThreadPoolExecutor(len(WORDS) * 2) as pool:
        for number in range(ROUNDS):
            case = _one_case_of(district, number, random, pool)
            assert case["case_id"] not in cases, f"round {number}: joined the matter of another building"
            cases[case["case_id"]] = settled(district, case, case["unit"]["id"])
    district.until(lambda: not _expected(district, cases) - district.delivered(), "somebody was not told")
    codes = tuple(f"{case['tracking_code']}-" for case in cases.values())
    told = Counter({one: n for one, n in district.delivered().items() if one[0].startswith(codes)})
    # the timelines are read after what was delivered: a visit may fall due at any moment
    assert not told - _expected(district, cases), "somebody was told without need"


def _expected(district: District, cases: Mapping[str, Mapping[str, Any]]) -> Counter[Told]:
    expected: Counter[Told] = Counter()
    for case_id, case in cases.items():
        expected += district.expectations.of_case(case["tracking_code"], district.timeline(case_id))
    return expected


def _one_case_of(district: District, number: int, random: Random, pool: ThreadPoolExecutor) -> dict[str, Any]:
    """Ten tell of one lift at once, in any order, three of them twice; the case it became."""
    place = district.places[number % len(district.places)]
    compound = answered(district.caller.get(f"/v1/areas/{place['area']}", district.administrator))["path"][3]
    where = f"{compound}{number + 201}号楼2单元"
    told = [(by, words.format(where=where), district.resident()) for by, words in WORDS]
    sends = [_send(district, place, *each) for each in told]
    sends += random.sample(sends, 3)
    random.shuffle(sends)
    together = Barrier(len(sends))

    def at_once(send: Callable[[], str]) -> str:
        together.wait()
        return send()

    reports = set(pool.map(at_once, sends))
    found = [answered(district.caller.get(f"/v1/reports/{report}", district.administrator)) for report in reports]
    assert len(found) == len(WORDS)
    (case_id,) = {report["case_id"] for report in found}
    case = district.case(case_id)
    assert set(case["reports"]) == reports, f"round {number}"
    return case


def _send(district: District, place: Mapping[str, Any], by: str, text: str, resident: Resident) -> Callable[[], str]:
    """What sends one report, the same however often it is called; it gives the report's id."""
    key = str(uuid4())

    def noted(report: str) -> str:
        district.phones[report] = resident.international
        return report

    match by:
        case "mobile":
            body = district.report_body(0, resident, text=text, position=place["position"])
            token = district.system.token_of_cell(place["area"])

            def mobile() -> str:
                receipt = district.caller.post("/v1/reports", body, token, {"Idempotency-Key": key})
                return noted(answered(receipt, 201)["report_id"])

            return mobile
        case "12345":
            said = {"title": "电梯故障", "content": text, "area": place["area"]}
            return lambda: noted(district.order(resident, f"E2E{key[:12]}", **said)["report_id"])
        case "sms":
            element = district.text_element(resident, text, str(int(key[:7], 16) + 80_000_000))

            def sms() -> str:
                district.push([element])
                return noted(report_id("sms", str(element["sequence_id"])))

            return sms
    page = district.caller.get(f"/v1/public/areas/{place['area']}/report").text
    form, sent_as = (re.findall(f'data-{name}="([^"]+)"', page)[0] for name in ("form", "key"))
    filled = {"form": form, "text": text, "name": resident.name, "phone": resident.phone}

    def web() -> str:
        answered(district.caller.post("/v1/public/reports", filled, headers={"Idempotency-Key": sent_as}), 201)
        return noted(report_id("web", sent_as))

    return web
