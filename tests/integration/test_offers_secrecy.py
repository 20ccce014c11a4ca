"""Two petitions that may be one: neither tells whom the other accuses that there is another (ADR 37, 40)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.people import StaffMember
from tests.integration.edge import Edge, deployed
from tests.integration.gateway import Answer
from tests.world import ADMIN, officer_of

WORDS, CONDUCT = "万通花园3号楼2单元拆迁款被人克扣了", "petition-official-conduct"
OFFICE = StaffMember("p1", "petition-office", "petition-office", ("320302",))
INSTEAD, HANDLER = officer_of("political-legal"), officer_of("health")
SPY = StaffMember("spy", "administrator", "water", ("320302",))
"""Sees every petition but those that accuse the own unit."""
WATER = officer_of("water")
ALL_OF_A_CASE = ("", "/timeline", "/clocks", "/file", "/candidates")


@pytest.fixture(scope="module")
def deployment(matching_pack_file: Path, contract_dir: Path) -> Iterator[Edge]:
    with deployed(matching_pack_file, contract_dir) as made:
        yield made


def told(edge: Edge, text: str = WORDS) -> str:
    edge.clock.forward(minutes=1)
    said = {"text": text, "category": CONDUCT, "reporter": {"name": "欧阳春晓", "phone": "13900000077"}}
    return str(edge.report(ADMIN, **said)["case_id"])


def did(edge: Edge, case_id: str, action: str, by: StaffMember, **said: Any) -> dict[str, Any]:
    answer = tried(edge, case_id, action, by, **said)
    assert answer.status == 200, (action, answer.body)
    body: dict[str, Any] = answer.body
    return body


def tried(edge: Edge, case_id: str, action: str, by: StaffMember, **said: Any) -> Answer:
    """Believing the case to be as it is, whoever asks."""
    return edge.post(f"/v1/cases/{case_id}/actions/{action}", said, by, version=_version(edge, case_id))


def _version(edge: Edge, case_id: str) -> int:
    for by in (OFFICE, INSTEAD):
        answer = edge.get(f"/v1/cases/{case_id}", by)
        if answer.status == 200:
            return int(answer.body["version"])
    raise LookupError(case_id)


def registered(edge: Edge, *accused: str, text: str = WORDS) -> str:
    case_id = told(edge, text)
    did(edge, case_id, "petition-register", OFFICE, people=1, accused=list(accused))
    return case_id


def shown(edge: Edge, case_id: str, by: StaffMember) -> str:
    """All that somebody reads of a case."""
    answers = [edge.get(f"/v1/cases/{case_id}{part}", by) for part in ALL_OF_A_CASE]
    assert [answer.status for answer in answers[:-1]] == [200] * 4
    return " ".join(_text(answer) for answer in answers)


def _text(answer: Answer) -> str:
    return answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)


def sent(edge: Edge) -> list[tuple[list[str], str]]:
    """What went out since it was asked before: to which units, and what."""
    edge.relay()
    records = edge.take_from("Alerts")
    return [(json.loads(each["messageAttributes"]["units"]["stringValue"]), each["body"]) for each in records]


def test_whoever_sees_both_is_offered_the_other(edge: Edge) -> None:
    """Or what follows would prove nothing."""
    one = registered(edge, "water")
    other = told(edge)
    assert one in shown(edge, other, OFFICE) and one in shown(edge, other, ADMIN)
    assert "not-same" in edge.get(f"/v1/cases/{other}", OFFICE).body["allowed_actions"]


def test_what_accuses_the_desk_itself_is_not_offered_at_it_and_holds_nothing_up(edge: Edge) -> None:
    one = registered(edge, "petition-office")
    sent(edge)
    other = registered(edge)
    assert one not in shown(edge, other, OFFICE)
    case = edge.get(f"/v1/cases/{other}", OFFICE).body
    assert "not-same" not in case["allowed_actions"]
    assert not [body for units, body in sent(edge) if OFFICE.unit in units and one in body]
    assert did(edge, other, "accept", OFFICE)["state"] == "accepted"


def test_who_is_accused_by_what_is_offered_finds_no_trace_of_it(edge: Edge) -> None:
    one, unrelated = registered(edge, "water"), registered(edge, text="食堂饭菜价格太高")
    other = told(edge)
    plain = told(edge, "大厅饮水机总没水")
    before, alike = (edge.get(f"/v1/cases/{each}", SPY).body for each in (other, plain))
    assert before["allowed_actions"] == alike["allowed_actions"]
    assert one not in shown(edge, other, SPY)
    for named, said in ((unrelated, {"reason": "不是一件事"}), (one, {}), (plain, {})):
        answers = [tried(edge, each, "not-same", SPY, other=named, **said) for each in (other, plain)]
        assert [(each.status, each.code) for each in answers] == [(answers[1].status, answers[1].code)] * 2, named
    refused = [tried(edge, each, "petition-conclude", SPY, opinion="explain", note="好") for each in (other, plain)]
    assert refused[0].code == "action-not-allowed"
    assert refused[0].body["allowed_actions"] == refused[1].body["allowed_actions"]


def test_it_is_passed_on_to_nobody_whom_what_may_be_the_same_matter_accuses(edge: Edge) -> None:
    one = registered(edge, "water")
    other = registered(edge)
    for said in ({"unit": "water"}, {"unit": "health", "units": ["water"]}):
        answer = tried(edge, other, "petition-pass-on", OFFICE, **said)
        assert (answer.status, answer.code) == (409, "offers-undecided"), said
    sent(edge)
    did(edge, other, "not-same", OFFICE, other=one, reason="另一件事")
    did(edge, other, "petition-pass-on", OFFICE, unit="water")
    did(edge, other, "accept", WATER)
    read = shown(edge, other, WATER)
    assert one not in read and "另一件事" not in read and "not-same" not in edge.case(other)["allowed_actions"]
    assert not [body for units, body in sent(edge) if "water" in units and one in body]
    assert edge.get(f"/v1/cases/{other}/clocks", WATER).headers["ETag"] == f'"{edge.case(other)["version"]}"'


def test_who_handles_one_is_not_told_that_another_accuses_them(edge: Edge) -> None:
    one = registered(edge)
    did(edge, one, "petition-pass-on", OFFICE, unit="health")
    did(edge, one, "accept", HANDLER)
    other = registered(edge, "health")
    sent(edge)
    version = _version(edge, one)
    did(edge, other, "not-same", OFFICE, other=one, reason="举报的是另一件事")
    assert not [body for units, body in sent(edge) if "health" in units and other in body]
    read = shown(edge, one, HANDLER)
    assert other not in read and "另一件事" not in read
    assert _version(edge, one) == version, "nor does anything happen to it"


def test_who_does_not_see_the_other_is_told_no_likeness_of_it(edge: Edge) -> None:
    """Whoever is entrusted with one only, though nobody accuses them."""
    one = registered(edge, "water")
    other = registered(edge)
    did(edge, other, "petition-pass-on", OFFICE, unit="health")
    assert one not in shown(edge, other, HANDLER)
    assert "not-same" not in edge.get(f"/v1/cases/{other}", HANDLER).body["allowed_actions"]
    answer = tried(edge, other, "accept", HANDLER)
    assert (answer.status, answer.code) == (409, "offers-undecided"), "the desk decides on it first"


def test_whom_the_other_turns_out_to_accuse_finds_it_no_more_and_goes_on(edge: Edge) -> None:
    """One was passed on before anybody knew whom the other accuses."""
    one = told(edge)
    other = registered(edge)
    did(edge, other, "petition-pass-on", OFFICE, unit="health")
    did(edge, one, "petition-register", OFFICE, people=1, accused=["health"])
    assert one not in shown(edge, other, HANDLER)
    sent(edge)
    answer = tried(edge, other, "not-same", OFFICE, other=one, reason="另一件事")
    assert (answer.status, answer.code, answer.field) == (409, "unit-accused", "other"), "they would be told of it"
    did(edge, other, "accept", HANDLER)
    assert not [body for units, body in sent(edge) if "health" in units and one in body]
    assert one not in shown(edge, other, HANDLER)
