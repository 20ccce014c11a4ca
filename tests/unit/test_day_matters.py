"""What a day plants as one matter: told so that the matcher is sure of it, and held against what was planted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from chalicelib.domain.same_matter import score
from infra.day.matters import Report, cases_expected, hold_together, matter_of
from infra.day.senders import Sent
from infra.samples import SAMPLES
from infra.samples.day import DayMessage, messages
from infra.samples.day_matters import PLANTED, Planted
from tests.same_matter.measuring import policy, told

SOURCES = {"mobile": "mobile", "sms": "sms", "hotline": "12345", "web": "web"}
CODE, CASE, OTHER = "7K3M9QX1", "case-1", "case-2"
FEATURES = json.loads((SAMPLES / "gulou" / "areas.geojson").read_text("utf-8"))["features"]


def planted(category: str) -> dict[str, list[DayMessage]]:
    """What of a day is planted for a category, by matter."""
    found: dict[str, list[DayMessage]] = {}
    for message in messages(240, 20261122, FEATURES):
        if message.expected == "accepted" and message.follows is None and (message.matter or "").startswith(category):
            found.setdefault(str(message.matter), []).append(message)
    return found


def as_read(message: DayMessage) -> Any:
    """A message as intake compares it."""
    payload = message.payload
    position = payload.get("position") or {}
    report = {
        "text": payload.get("text") or payload["content"],
        "category": None,
        "address": None,
        "area": message.cell if message.edge == "web" else payload.get("area"),
        "lat": position.get("lat"),
        "lon": position.get("lon"),
        "told_at": "2026-11-22T08:30:00+08:00",
        "source": SOURCES[message.edge],
    }
    return told(report, policy().same_matter)


@pytest.mark.parametrize("matter", PLANTED, ids=lambda matter: matter.category)
def test_whoever_tells_first_of_a_planted_matter_the_others_join(matter: Planted) -> None:
    of_one = planted(matter.category)[matter.category]
    assert {message.edge for message in of_one} == {"mobile", "sms", "hotline", "web"}
    for first, later in permutations(map(as_read, of_one), 2):
        joins = score(later, first, policy().same_matter)
        assert joins and joins.value >= policy().same_matter.automatic, joins


@pytest.mark.parametrize("matter", PLANTED, ids=lambda matter: matter.category)
def test_what_only_looks_like_it_joins_nothing(matter: Planted) -> None:
    of_each = planted(matter.category)
    assert len(of_each) == 1 + len(matter.alike) > 2
    for one, other in permutations(of_each, 2):
        for first in map(as_read, of_each[one]):
            for later in map(as_read, of_each[other]):
                found = score(later, first, policy().same_matter)
                assert found is None or found.value < policy().same_matter.automatic, (one, other, found)


def sent(message: DayMessage, status: int = 201) -> Sent:
    return Sent(message, b"", 0.0, status, {})


def text(name: str, matter: str | None = None, **more: Any) -> DayMessage:
    return DayMessage("sms", name, {}, matter=matter, **more)


def test_what_is_told_is_counted_by_matters() -> None:
    day = [
        sent(text("1", "lift")),
        sent(text("2")),
        sent(text("3", follows=1)),
        sent(text("4", follows=2)),
        sent(replace(text("1", "lift"), repeat_of=0)),
        sent(text("5", "lift")),
        sent(text("6", "lift/1")),
        sent(text("7"), 422),
        sent(text("8", "lift", follows=0)),
    ]
    assert [matter_of(index, day) for index in (2, 3, 8)] == ["message 1", "message 1", "lift"]
    assert cases_expected(day) == 3


def reports(matter: str = "lift") -> list[Report]:
    return [Report(f"r{n}", source, f"m{n}", f"+861990000000{n}", matter) for n, source in enumerate(("sms", "web"))]


def answered(*phones: int, reference: str = f"{CODE}-4.1") -> Counter[tuple[str, str, str]]:
    return Counter({(reference, f"+861990000000{n}", "sms"): 1 for n in phones})


def faults(
    given: Sequence[Report],
    became: dict[str, list[str]],
    told_to: Counter[tuple[str, str, str]],
    found: str | None = CASE,
) -> tuple[int, int, list[str]]:
    cases = {case_id: {"reports": of, "tracking_code": CODE} for case_id, of in became.items()}
    event = {"type": "case.resolved.v1", "id": f"{CASE}.4.1"}
    return hold_together(given, cases, {each: [event] for each in cases}, told_to, lambda report: found)


def test_a_matter_is_whole_in_one_case_with_its_reports_references_and_answers() -> None:
    assert faults(reports(), {CASE: ["r0", "r1"]}, answered(0, 1)) == (1, 1, [])


@pytest.mark.parametrize(
    ("became", "told_to", "found", "said"),
    [
        ({CASE: ["r0"], OTHER: ["r1"]}, answered(0, 1), CASE, "2 reports became 2 cases"),
        ({CASE: ["r0"]}, answered(0, 1), CASE, "2 reports became 2 cases"),  # one became none
        ({CASE: ["r0", "r1", "r9"]}, answered(0, 1), CASE, "1 reports of another matter"),
        ({CASE: ["r0", "r1"]}, answered(0), CASE, "1 who told of it were not answered"),
        ({CASE: ["r0", "r1"]}, answered(0, 1, reference=f"{CODE}-3.1"), CASE, "2 who told of it were not answered"),
        ({CASE: ["r0", "r1"]}, answered(0, 1), OTHER, "sms m0 does not find"),
        ({CASE: ["r0", "r1"]}, answered(0, 1), None, "sms m0 does not find"),
    ],
)
def test_what_is_wrong_with_a_matter_is_said(
    became: dict[str, list[str]], told_to: Counter[tuple[str, str, str]], found: str | None, said: str
) -> None:
    matters, whole, told_of = faults(reports(), became, told_to, found)
    assert (matters, whole) == (1, 0) and said in told_of[0]


def test_two_matters_in_one_case_are_both_at_fault() -> None:
    other = [Report("r5", "sms", "m5", None, "message 5")]
    matters, whole, told_of = faults([*reports(), *other], {CASE: ["r0", "r1", "r5"]}, answered(0, 1))
    assert (matters, whole, len(told_of)) == (1, 0, 2)


def test_what_is_told_over_one_system_only_is_no_planted_matter() -> None:
    assert faults([Report("r0", "sms", "m0", None, "message 0")], {CASE: ["r0"]}, Counter()) == (0, 0, [])
