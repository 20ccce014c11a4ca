"""Third parties 第三方 at petitions, through the API: who is refused, who learns of it, and that none is told by it."""

from __future__ import annotations

import json

import pytest

from chalicelib.domain.panels import DELEGATE, ELDER, LAWYER, Member
from chalicelib.domain.people import StaffMember
from tests.integration.edge import Edge
from tests.integration.matters import lay_member
from tests.integration.test_petitions import ACCUSED, HANDLER, HEAD, NAME, OFFICE, PHONE, WORDS, accepted, did
from tests.world import officer_of

POOL = (
    Member("d1", "某代表", DELEGATE, "鼓楼区人大", title="人大代表", phone="+8619900061001"),
    Member("e1", "某老师", ELDER, "五老志愿队", phone="+8619900061002"),
    Member("l1", "某律师", LAWYER, "汉风律师事务所", bound_to=("housing-construction",)),
    Member("l2", "某公职律师", LAWYER, "局法制科", unit="housing-construction"),
)
SAID = "上门释法，信访人情绪平稳"


@pytest.fixture(autouse=True)
def pool(edge: Edge) -> None:
    for member in POOL:
        lay_member(edge.reference, member)


def test_they_are_asked_come_and_take_part_and_the_petition_says_so(edge: Edge) -> None:
    case_id = accepted(edge)
    did(edge, case_id, "panel-invite", HANDLER, members=["d1", "e1"])
    did(edge, case_id, "panel-answer", HANDLER, members=["d1"], agrees=True)
    did(edge, case_id, "panel-answer", HEAD, members=["e1"], agrees=False, note="住院")
    case = did(edge, case_id, "panel-record", HANDLER, members=["d1"], note=SAID)
    assert case["invited"] == [
        {"member": "d1", "role": "delegate", "state": "took-part"},
        {"member": "e1", "role": "elder", "state": "declined"},
    ]
    file = edge.get(f"/v1/cases/{case_id}/file", HANDLER).body
    assert SAID in file and "两代表一委员（d1）" in file
    assert edge.get(f"/v1/public/track/{case['tracking_code']}").status == 200
    assert SAID not in str(edge.get(f"/v1/public/track/{case['tracking_code']}").body)


@pytest.mark.parametrize(("member", "why"), [("l1", "bound-to-party"), ("l2", "unit-is-party")])
def test_who_is_of_the_accused_is_refused_and_it_is_said_why(edge: Edge, member: str, why: str) -> None:
    case_id = accepted(edge)
    answer = edge.act(case_id, "panel-invite", HANDLER, members=["d1", member])
    assert (answer.status, answer.code, answer.field) == (422, "conflict-of-interest", "members[1]")
    assert [each["code"] for each in answer.body["reasons"]] == [why]
    assert edge.get(f"/v1/cases/{case_id}", HANDLER).body["invited"] == []


def test_a_relative_of_who_petitions_is_refused_once_it_is_said(edge: Edge) -> None:
    case_id = accepted(edge)
    did(edge, case_id, "panel-avoid", HANDLER, members=["e1"], reason="系信访人表兄")
    answer = edge.act(case_id, "panel-invite", HANDLER, members=["e1"])
    assert (answer.status, answer.code) == (422, "conflict-of-interest")
    assert [each["code"] for each in answer.body["reasons"]] == ["declared-relation"]


def test_nothing_goes_to_them_by_itself_and_to_the_handler_no_word_of_the_petition(edge: Edge) -> None:
    """Whoever is asked is called by the desk: no message, no account, no page of theirs."""
    case_id = accepted(edge)
    edge.settle()
    edge.on_duty("natural-resources", "duty")
    did(edge, case_id, "panel-invite", HANDLER, members=["d1", "e1"], note="请评议")
    did(edge, case_id, "panel-answer", HANDLER, members=["d1"], agrees=True)
    did(edge, case_id, "panel-record", HANDLER, members=["d1"], note=SAID)
    edge.relay()
    records = edge.take_from("Alerts")
    told = [json.loads(each["body"]) for each in records]
    assert [each["type"] for each in told] == ["panel.invited.v1", "panel.answered.v1", "panel.took-part.v1"]
    for each in told:
        assert each["data"]["accused"] == ["housing-construction"] and each["data"]["units"] == ["natural-resources"]
        body = json.dumps(each, ensure_ascii=False)
        assert not any(word in body for word in (WORDS, NAME, PHONE, *(m.name for m in POOL), "+86199000610"))
    sent = len([*edge.texts(), *edge.mails()])
    assert edge.deliver("alert", records) == []
    assert not [number for number, _ in edge.texts() if number.startswith("+86199000610")]
    assert len([*edge.texts(), *edge.mails()]) == sent


def test_a_member_who_also_works_here_sees_no_more_for_being_asked(edge: Edge) -> None:
    case_id = accepted(edge)
    member = StaffMember("d1", "department", "water", ("320302",))
    edge.employ(member)
    did(edge, case_id, "panel-invite", HANDLER, members=["d1"])
    did(edge, case_id, "panel-answer", HANDLER, members=["d1"], agrees=True)
    for path in ("", "/timeline", "/file"):
        assert edge.get(f"/v1/cases/{case_id}{path}", member).status == 404
    for by in (ACCUSED, officer_of("water")):
        answer = edge.post(f"/v1/cases/{case_id}/actions/panel-invite", {"members": ["e1"]}, by, version=1)
        assert (answer.status, answer.code) == (404, "not-found"), "nor does anybody else learn that there is one"


def test_the_desk_that_sees_to_it_reads_whom_they_asked_and_asks_nobody_itself(edge: Edge) -> None:
    case_id = accepted(edge)
    did(edge, case_id, "panel-invite", HANDLER, members=["d1"])
    assert [each["member"] for each in edge.get(f"/v1/cases/{case_id}", OFFICE).body["invited"]] == ["d1"]
    answer = edge.act(case_id, "panel-invite", OFFICE, members=["e1"])
    assert (answer.status, answer.code) == (403, "forbidden")
