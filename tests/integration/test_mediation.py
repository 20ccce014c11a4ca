"""Grand mediation 大调解 from outside: a dispute mediated, performed, confirmed and printed; and what is refused."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.audit import TIMELINE_READ
from chalicelib.domain.people import StaffMember
from tests.integration.edge import Edge, logged
from tests.integration.gateway import Answer
from tests.integration.matters import BOTH, POOL, lay_member
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

MEDIATOR = StaffMember("m1", "mediator", f"centre-{COMMUNITY}", (COMMUNITY,))
TERMS = "一、被申请人于约定日前清空楼道。二、<b>双方</b>互不追究，付清补偿款三百元。"
TABLE = ["pm1", "pp1", "pe1"]
COURT = {"court": "徐州市鼓楼区人民法院", "parties": BOTH}


@pytest.fixture
def dispute(edge: Edge) -> str:
    """Neighbours, accepted by the community's station; the pool has somebody of each sort."""
    for member in POOL:
        lay_member(edge.reference, member)
    reporter = {"name": "欧阳小明", "phone": "13800000000"}
    told = edge.report(
        WORKER, category="neighbour-dispute", text="楼道堆物，两家争吵", position=None, area=CELL, reporter=reporter
    )
    case_id: str = told["case_id"]
    done(edge.act(case_id, "accept", STATION))
    return case_id


def done(answer: Answer) -> Answer:
    assert answer.status == 200, answer.body
    return answer


def sat(edge: Edge, case_id: str) -> None:
    """Up to the first session, the panel whole."""
    done(edge.act(case_id, "mediation-open", STATION, party="applicant", docking="police"))
    for party in BOTH:
        done(edge.act(case_id, "mediation-consent", STATION, party=party, agrees=True))
    done(edge.act(case_id, "panel-invite", STATION, members=TABLE))
    done(edge.act(case_id, "panel-answer", STATION, members=TABLE, agrees=True))
    held = {"members": TABLE, "parties": BOTH, "note": "双方陈述，意见接近。"}
    done(edge.act(case_id, "mediation-hold-session", MEDIATOR, **held))


def agreed(edge: Edge, case_id: str, form: str = "written", terms: str = TERMS) -> Answer:
    sat(edge, case_id)
    until = edge.clock.now().date().isoformat()
    return done(edge.act(case_id, "mediation-agree", MEDIATOR, form=form, terms=terms, until=until))


def printed(edge: Edge, case_id: str, by: StaffMember = STATION) -> Answer:
    return edge.get(f"/v1/cases/{case_id}/mediation-file", by)


def test_a_dispute_is_mediated_confirmed_performed_answered_and_printed(edge: Edge, dispute: str) -> None:
    answer = agreed(edge, dispute)
    assert answer.body["state"] == "performing" and "terms" not in str(answer.body)
    number = answer.body["mediation"]["number"]
    assert answer.body["tracking_code"] in number
    done(edge.act(dispute, "mediation-apply-confirmation", STATION, **COURT))
    done(edge.act(dispute, "mediation-record-acceptance", STATION))
    done(edge.act(dispute, "mediation-record-ruling", STATION, ruling="confirmed"))
    done(edge.act(dispute, "mediation-record-performance", WORKER, performed="full", note="已清空"))
    final = done(edge.act(dispute, "resolve", STATION, note="已调解并履行。"))
    assert (final.body["state"], final.body["mediation"]["state"]) == ("resolved", "performed")
    assert "mediator" in {event["actor"]["role"] for event in edge.timeline(dispute)}

    page = printed(edge, dispute)
    assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
    words = str(page.body)
    for expected in (
        "人民调解卷宗",
        number,
        "人民调解协议书",
        "周和",
        "郑安",
        "陈述",
        "公调对接",
        "裁定调解协议有效",
        "已全部履行",
    ):
        assert expected in words, expected
    assert "付清补偿款三百元" in words and "<b>双方</b>" not in words, "what somebody wrote is no markup"
    assert "欧阳**" in words and "欧阳小明" not in words and "13800000000" not in words


def test_every_clock_of_a_mediation_is_explained(edge: Edge, dispute: str) -> None:
    agreed(edge, dispute)
    done(edge.act(dispute, "mediation-apply-confirmation", STATION, **COURT))
    done(edge.act(dispute, "mediation-record-acceptance", STATION))
    clocks = {each["name"]: each for each in edge.get(f"/v1/cases/{dispute}/clocks", STATION).body["items"]}
    wanted = {"mediate", "performance", "confirmation", "court-acceptance", "court-ruling", "court-special"}
    assert wanted <= clocks.keys()
    assert not any("不符" in step["zh"] for name in wanted for step in clocks[name]["steps"])
    assert "《人民调解法》第三十三条" in clocks["confirmation"]["limit"]["article"]


def test_what_both_promised_is_in_no_message_no_queue_attribute_and_no_log(edge: Edge, dispute: str) -> None:
    edge.on_duty(STATION.unit, STATION.id)
    with logged() as lines:
        agreed(edge, dispute)
        edge.clock.forward(days=24)
        edge.invoke("sweep", {})
        edge.deliver("due", edge.take_from("Due"))
        edge.settle()
    assert not any("补偿款" in line for line in lines)
    assert not any("补偿款" in text for _, text in (*edge.texts(), *edge.mails()))


def test_the_file_is_read_by_who_reads_the_timeline_and_noted_and_by_nobody_else(edge: Edge, dispute: str) -> None:
    agreed(edge, dispute)
    edge.settle()
    foreign = StaffMember("x1", "station", "centre-320302002001", ("320302002001",))
    assert printed(edge, dispute, foreign).status == 404
    assert printed(edge, dispute, officer_of("health")).status == 404
    auditor = StaffMember("au", "auditor", "linkage-centre", ("320302",))
    words = str(printed(edge, dispute, auditor).body)
    assert "人民调解卷宗" in words and "欧阳**" not in words, "who may not read reports does not learn who told"
    noted = [(entry["what"], entry["reader"]) for entry in edge.entries()]
    assert (TIMELINE_READ, "au") in noted


def test_a_case_that_was_never_mediated_has_no_such_file(edge: Edge, dispute: str) -> None:
    assert printed(edge, dispute).code == "not-found"
    assert printed(edge, "01" + "0" * 24).status == 404


def test_a_failed_one_an_oral_one_and_one_in_the_middle_are_printed_too(edge: Edge, dispute: str) -> None:
    sat(edge, dispute)
    assert "尚未" in str(printed(edge, dispute).body) or "调解中" in str(printed(edge, dispute).body)
    done(edge.act(dispute, "mediation-withdraw-consent", MEDIATOR, party="respondent", reason="会上谈崩"))
    done(edge.act(dispute, "mediation-open", STATION))
    for party in BOTH:
        done(edge.act(dispute, "mediation-consent", STATION, party=party, agrees=True))
    held = {"members": TABLE, "parties": ["applicant"], "note": "背靠背做工作"}
    done(edge.act(dispute, "mediation-hold-session", MEDIATOR, **held))
    until = edge.clock.now().date().isoformat()
    done(edge.act(dispute, "mediation-agree", MEDIATOR, form="oral", terms="口头和解", until=until))
    words = str(printed(edge, dispute).body)
    for expected in (
        "第1次调解",
        "第2次调解",
        "撤回同意",
        "会上谈崩",
        "人民调解口头协议登记",
        "口头和解",
        "仲裁、行政裁决、行政复议、诉讼",
    ):
        assert expected in words, expected


@pytest.mark.parametrize(("length", "status"), [(4000, 200), (4001, 422)])
def test_terms_have_as_many_characters_as_an_agreement_needs(
    edge: Edge, dispute: str, length: int, status: int
) -> None:
    sat(edge, dispute)
    until = edge.clock.now().date().isoformat()
    answer = edge.act(dispute, "mediation-agree", STATION, form="written", terms="字" * length, until=until)
    assert answer.status == status
    if status == 422:
        assert (answer.code, answer.field) == ("text-too-long", "terms")
    else:
        assert "字" * length in str(printed(edge, dispute).body)


@pytest.mark.parametrize(
    ("action", "said", "code", "field"),
    [
        ("panel-invite", {"members": ["nobody"]}, "unknown-member", "members[0]"),
        ("panel-invite", {"members": ["pm1"] * 3}, "invited-already", "members[0]"),
        ("panel-invite", {"members": [f"p{n}" for n in range(500)]}, "too-many-members", "members"),
        ("panel-invite", {"members": "pm1"}, "wrong-type", "members"),
        ("panel-invite", {"members": []}, "field-required", "members"),
        ("panel-answer", {"members": ["pl1"], "agrees": True}, "action-not-allowed", None),
        ("mediation-hold-session", {"members": ["pl1"], "parties": BOTH, "note": "谈"}, "not-coming", "members[0]"),
        ("mediation-hold-session", {"members": ["pp1"], "parties": BOTH, "note": "谈"}, "mediator-required", "members"),
        (
            "mediation-hold-session",
            {"members": TABLE, "parties": ["neighbour"], "note": "谈"},
            "value-not-allowed",
            "parties[0]",
        ),
        ("mediation-agree", {"form": "secret", "terms": "和", "until": "2027-01-01"}, "value-not-allowed", "form"),
        ("mediation-agree", {"form": "oral", "terms": " ", "until": "2027-01-01"}, "field-required", "terms"),
        (
            "mediation-agree",
            {"form": "oral", "terms": "和", "until": "2020-01-01"},
            "performance-day-not-possible",
            "until",
        ),
        ("mediation-withdraw-consent", {"party": "judge", "reason": "不谈"}, "value-not-allowed", "party"),
        ("mediation-consent", {"party": "applicant"}, "action-not-allowed", None),
        ("mediation-open", {}, "action-not-allowed", None),
        ("mediation-apply-confirmation", COURT, "action-not-allowed", None),
        ("resolve", {"note": "好了"}, "mediation-open", None),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(
    edge: Edge, dispute: str, action: str, said: dict[str, Any], code: str, field: str | None
) -> None:
    sat(edge, dispute)
    before = edge.case(dispute)
    answer = edge.act(dispute, action, STATION, **said)
    assert (answer.code, answer.field) == (code, field), answer.body
    assert edge.case(dispute) == before


def test_a_mediator_who_is_a_partys_cousin_is_told_why_he_may_not_sit_there(edge: Edge, dispute: str) -> None:
    done(edge.act(dispute, "panel-avoid", STATION, members=["pm1"], reason="系被申请人表兄"))
    answer = edge.act(dispute, "panel-invite", STATION, members=["pp1", "pm1"])
    assert (answer.status, answer.code, answer.field) == (422, "conflict-of-interest", "members[1]")
    assert answer.body["reasons"][0]["code"] == "declared-relation"


def test_of_two_who_open_it_at_once_one_does(edge: Edge, dispute: str) -> None:
    version = edge.case(dispute)["version"]
    path = f"/v1/cases/{dispute}/actions/mediation-open"
    first, second = (edge.post(path, {}, STATION, version=version) for _ in range(2))
    assert (first.status, second.status, second.code) == (200, 412, "stale-version")
    key = str(uuid4())
    consent = {"party": "applicant", "agrees": True}
    path = f"/v1/cases/{dispute}/actions/mediation-consent"
    version = edge.case(dispute)["version"]
    twice = [edge.post(path, consent, STATION, version=version, key=key) for _ in range(2)]
    assert [answer.status for answer in twice] == [200, 200] and twice[0].body == twice[1].body


def test_on_the_thirty_first_day_nobody_applies_for_confirmation_any_more(edge: Edge, dispute: str) -> None:
    agreed(edge, dispute)
    edge.clock.forward(days=31)
    answer = edge.act(dispute, "mediation-apply-confirmation", STATION, **COURT)
    assert (answer.status, answer.code) == (409, "window-over")


def test_a_petition_is_not_mediated(edge: Edge) -> None:
    category = next(each.id for each in edge.policy.categories.values() if each.kind == "petition")
    case_id = edge.report(ADMIN, text="反映一件事", category=category)["case_id"]
    answer = edge.act(case_id, "mediation-open", ADMIN)
    assert (answer.status, answer.code) == (409, "action-not-allowed")
    assert edge.act(case_id, "mediation-open", LINKAGE).status == 404
