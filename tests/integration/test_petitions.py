"""Petitions through the API: from who reports them to who answers for them, and what the petitioner is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.domain.people import StaffMember
from tests.integration.edge import Edge
from tests.world import ADMIN, LINKAGE, officer_of

OFFICE = StaffMember("p1", "petition-office", "petition-office", ("320302",))
INSTEAD = officer_of("political-legal")
HANDLER = officer_of("natural-resources")
HEAD = StaffMember("head", "unit-head", "natural-resources", ("320302",))
ACCUSED = officer_of("housing-construction")
LEADER, OTHER_LEADER = (StaffMember(name, "leader", "linkage-centre", ("320302",)) for name in ("l1", "l2"))
PHONE, NAME, WORDS = "13900000077", "欧阳春晓", "拆迁安置房拖了六年，住建部门的人吃拿卡要"
EXPROPRIATION, CONDUCT = "petition-expropriation", "petition-official-conduct"


def told(edge: Edge, category: str = EXPROPRIATION, **who: Any) -> str:
    reporter = {"name": NAME, "phone": PHONE, **who}
    return str(edge.report(ADMIN, text=WORDS, category=category, reporter=reporter)["case_id"])


def did(edge: Edge, case_id: str, action: str, by: StaffMember, **said: Any) -> dict[str, Any]:
    answer = edge.act(case_id, action, by, **said)
    assert answer.status == 200, (action, answer.body)
    body: dict[str, Any] = answer.body
    return body


def accepted(edge: Edge, **said: Any) -> str:
    case_id = told(edge)
    did(edge, case_id, "petition-register", OFFICE, **{"people": 1, "accused": ["housing-construction"], **said})
    did(edge, case_id, "petition-pass-on", OFFICE, unit="natural-resources")
    did(edge, case_id, "accept", HANDLER)
    return case_id


def listed(edge: Edge, view: str, by: StaffMember) -> list[str]:
    answer = edge.get(f"/v1/views/{view}", by)
    assert answer.status == 200, answer.body
    return [item["case_id"] for item in answer.body["items"]]


def test_who_is_named_is_worked_out_from_who_reported(edge: Edge) -> None:
    named, nameless, hidden = told(edge), told(edge, name=None), told(edge, anonymous=True)
    for case_id, is_named in ((named, True), (nameless, False), (hidden, False)):
        case = did(edge, case_id, "petition-register", OFFICE, people=1)
        assert case["petition"]["named"] is is_named
        answer = edge.act(case_id, "accept", OFFICE)
        assert answer.status == (200 if is_named else 409) and (is_named or answer.code == "petition-unnamed")


def test_what_nobody_signed_is_declined_and_says_so_on_the_tracking_page(edge: Edge) -> None:
    case_id = told(edge, anonymous=True)
    did(edge, case_id, "petition-register", OFFICE, people=1)
    case = did(edge, case_id, "petition-decline", OFFICE, ground="unnamed", note="作为情况反映转交参考")
    assert case["outcome"] == "not-accepted"
    page = edge.get(f"/v1/public/track/{case['tracking_code']}").body
    assert "不予受理 not accepted" in [step["what"] for step in page["steps"]]
    assert WORDS not in str(page) and "参考" not in str(page)


def test_the_petitioner_is_told_at_each_step_and_nothing_of_what_was_said(edge: Edge) -> None:
    case_id = accepted(edge)
    did(edge, case_id, "petition-answer", HANDLER, opinion="explain", note="经查不属实，理由如下")
    edge.settle()
    texts = [words for number, words in edge.texts() if number.endswith(PHONE)]
    for step in ("已登记", "已转送有权处理的机关", "已受理", "已作出书面答复"):
        assert any(step in words for words in texts), (step, texts)
    assert not any(word in words for words in texts for word in (WORDS[:6], "不属实", NAME))


def test_more_time_is_approved_by_the_head_of_the_body_and_by_nobody_else(edge: Edge) -> None:
    case_id = accepted(edge)
    asked = did(edge, case_id, "request-extension", HANDLER, until="2027-01-30", reason="须公示")
    assert asked["extension"]["approver"]["id"] == "natural-resources"
    for by in (HANDLER, OFFICE):
        assert edge.act(case_id, "petition-approve-extension", by).status == 403
    assert did(edge, case_id, "petition-approve-extension", HEAD)["extension"] is None


class TestALeader:
    def test_who_was_named_finds_it_and_no_other_leader_does(self, edge: Edge) -> None:
        case_id = accepted(edge)
        edge.employ(LEADER)
        did(edge, case_id, "petition-name-leader", OFFICE, leader=LEADER.id)
        assert listed(edge, "my-petitions", LEADER) == [case_id]
        assert edge.get(f"/v1/cases/{case_id}", LEADER).status == 200
        assert listed(edge, "my-petitions", OTHER_LEADER) == []
        assert edge.get(f"/v1/cases/{case_id}", OTHER_LEADER).status == 404
        assert edge.get("/v1/views/my-petitions", HANDLER).status == 403

    def test_only_a_leader_who_works_here_is_named(self, edge: Edge) -> None:
        case_id = accepted(edge)
        edge.employ(StaffMember("officer", "department", "water", ("320302",)))
        edge.employ(OTHER_LEADER, until="2026-01-01")
        for name in ("nobody", "officer", OTHER_LEADER.id):
            answer = edge.act(case_id, "petition-name-leader", OFFICE, leader=name)
            assert (answer.status, answer.code, answer.field) == (422, "unknown-leader", "leader"), name

    def test_none_of_whom_it_accuses(self, edge: Edge) -> None:
        case_id = accepted(edge, accused=["centre-320302001"])
        edge.employ(StaffMember("l3", "leader", "centre-320302001", ("320302001",)))
        answer = edge.act(case_id, "petition-name-leader", OFFICE, leader="l3")
        assert (answer.status, answer.code, answer.field) == (409, "unit-accused", "leader")


def test_the_backlog_is_what_has_been_open_for_longer_than_all_handling_may_take(edge: Edge) -> None:
    old = accepted(edge)
    edge.clock.forward(days=60)
    new = accepted(edge)
    assert listed(edge, "petition-backlog", OFFICE) == []
    edge.clock.forward(days=31)
    assert listed(edge, "petition-backlog", OFFICE) == [old] != [new]


def test_what_accuses_the_petition_office_goes_to_who_holds_it_instead(edge: Edge) -> None:
    case_id = told(edge, CONDUCT)
    answer = edge.act(case_id, "petition-register", OFFICE, people=1, accused=["petition-office"])
    assert answer.status == 200
    assert edge.get(f"/v1/cases/{case_id}", OFFICE).status == 404
    did(edge, case_id, "petition-pass-on", INSTEAD, unit="natural-resources")
    did(edge, case_id, "return", HANDLER, reason="不属我单位职权")
    assert did(edge, case_id, "petition-pass-on", INSTEAD, unit="justice")["lead_unit"]["id"] == "justice"


def test_the_other_petition_must_be_one_that_may_be_seen_and_has_ended(edge: Edge) -> None:
    first, again = told(edge), told(edge)
    for case_id in (first, again):
        did(edge, case_id, "petition-register", OFFICE, people=1)
    said: dict[str, Any] = {"ground": "terminated", "note": "不再受理"}
    for other, code in (
        (None, "field-required"),
        ("01KAMZ8Y4V6T2QW9R3N5C7XB99", "unknown-case"),
        (first, "other-petition-unfit"),
    ):
        answer = edge.act(again, "petition-decline", OFFICE, **said, **({"other": other} if other else {}))
        assert (answer.status, answer.code, answer.field) == (422, code, "other")


def test_what_another_body_has_in_hand_is_accepted_by_nobody_beside_it(edge: Edge) -> None:
    first, upper = accepted(edge), told(edge)
    itself = edge.act(upper, "petition-register", OFFICE, people=1, other=upper)
    assert (itself.status, itself.code, itself.field) == (422, "other-petition-unfit", "other")
    assert "not-same" in did(edge, upper, "petition-register", OFFICE, people=1, other=first)["allowed_actions"]
    refused = edge.act(upper, "accept", OFFICE)
    assert (refused.status, refused.code) == (409, "offers-undecided")
    did(edge, upper, "petition-decline", OFFICE, ground="in-progress", other=first, note="已由自然资源部门受理")


def test_a_petition_is_nobodys_but_whose_hands_it_is_in(edge: Edge) -> None:
    case_id = accepted(edge)
    for by in (ACCUSED, LINKAGE, officer_of("water")):
        assert edge.get(f"/v1/cases/{case_id}", by).status == 404
    for by in (OFFICE, HANDLER, HEAD):
        assert edge.get(f"/v1/cases/{case_id}", by).status == 200


class TestWhatIsNotedLate:
    """The answer was received, or the review was asked for in time, and somebody enters it once the window is over."""

    def test_a_receipt_brings_it_back_for_those_who_had_it_and_nobody_else(self, edge: Edge) -> None:
        case_id = _closed_by_its_window(edge)
        assert {"petition-deliver", "petition-ask-review"} <= {*edge.case(case_id)["allowed_actions"]}
        refused = edge.act(case_id, "petition-deliver", HANDLER, on=_days_ago(edge, 31))
        assert (refused.status, refused.code, refused.field) == (422, "received-too-long-ago", "on")
        assert (refused.body["last"], "T" in refused.body["until"]) == (_days_ago(edge, 1), True)
        assert edge.act(case_id, "petition-deliver", ACCUSED, on=_days_ago(edge, 20)).status == 404
        assert edge.act(case_id, "petition-deliver", officer_of("water"), on=_days_ago(edge, 20)).status == 404
        back = did(edge, case_id, "petition-deliver", HANDLER, on=_days_ago(edge, 20))
        assert (back["state"], back["turn"], back["outcome"]) == ("answered", "nobody", None)
        page = edge.get(f"/v1/public/track/{back['tracking_code']}").body
        assert (page["state"], page["steps"][-1]["what"]) == (
            "answered",
            "已登记答复送达 receipt of the answer noted",
        )
        for by in (ACCUSED, LINKAGE, officer_of("water")):
            assert edge.get(f"/v1/cases/{case_id}", by).status == 404
        again = edge.act(case_id, "petition-deliver", HANDLER, on=_days_ago(edge, 20))
        assert (again.status, again.code) == (409, "action-not-allowed")
        edge.clock.forward(days=11)  # the thirtieth of the days is over
        edge.invoke("sweep", {})
        assert edge.deliver("due", edge.take_from("Due")) == []
        assert edge.case(case_id)["outcome"] == "answered"

    def test_a_request_that_was_posted_in_time_is_reviewed_by_the_body_above(self, edge: Edge) -> None:
        case_id = _closed_by_its_window(edge)
        late = edge.act(case_id, "petition-ask-review", OFFICE, reason="不服处理意见")
        assert (late.status, late.code) == (409, "window-over")
        for day, code in ((1, "window-over"), (16, "day-too-long-ago"), (33, "day-too-early"), (-1, "day-in-future")):
            answer = edge.act(case_id, "petition-ask-review", OFFICE, reason="不服", on=_days_ago(edge, day))
            assert answer.code == code, (day, answer.body)
        asked = did(edge, case_id, "petition-ask-review", OFFICE, reason="不服处理意见", on=_days_ago(edge, 4))
        reviewer = asked["lead_unit"]["id"]
        assert (asked["state"], asked["outcome"], reviewer != "natural-resources") == ("reviewing", None, True)
        queue = edge.get(f"/v1/units/{reviewer}/queue", officer_of(reviewer)).body["items"]
        assert case_id in [item["case_id"] for item in queue]
        for path in (f"/v1/cases/{case_id}", f"/v1/cases/{case_id}/timeline", f"/v1/cases/{case_id}/clocks"):
            assert edge.get(path, ACCUSED).status == 404
        assert edge.get("/v1/units/housing-construction/queue", ACCUSED).body["items"] == []
        clocks = edge.get(f"/v1/cases/{case_id}/clocks", OFFICE).body["items"]
        assert not any(clock["differs"] for clock in clocks)


def _closed_by_its_window(edge: Edge) -> str:
    """Answered 32 days ago, and closed since: its thirty days were over as yesterday but one ended."""
    case_id = accepted(edge)
    did(edge, case_id, "petition-answer", HANDLER, opinion="explain", note="经查不属实")
    edge.clock.forward(days=32)
    edge.invoke("sweep", {})
    assert edge.deliver("due", edge.take_from("Due")) == []
    assert edge.case(case_id)["outcome"] == "answered"
    return case_id


def _days_ago(edge: Edge, days: int) -> str:
    return (edge.clock.now().astimezone(edge.policy.zone).date() - timedelta(days=days)).isoformat()
