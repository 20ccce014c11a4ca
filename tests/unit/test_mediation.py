"""Grand mediation 大调解: what the law lets be done to a dispute when, and what comes of it, step by step."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chalicelib.domain import events as E
from chalicelib.domain.cases import replay
from chalicelib.domain.errors import (
    ActionNotAllowed,
    ConflictOfInterest,
    DomainError,
    Forbidden,
    InvalidField,
    MediationOpen,
    MediationsOver,
    PanelIncomplete,
    StaleVersion,
    UnknownMember,
    WindowOver,
)
from chalicelib.domain.narrating import told
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Particulars, allowed_actions
from chalicelib.domain.records import Command
from chalicelib.services.acting import Asked
from tests.mediating import BOTH, ELSEWHERE, MEDIATOR, POLICE, STATION, TABLE, WALKER, Table

OTHER_WAYS = ["arbitration", "administrative-ruling", "administrative-review", "litigation"]


@pytest.fixture
def table(policy: Policy) -> Table:
    return Table(policy)


def offered(table: Table) -> set[str]:
    return {
        name
        for name in allowed_actions(table.case, table.policies.current, table.clock.now())
        if name.startswith("mediation-")
    }


def test_a_dispute_is_mediated_performed_and_then_answered(table: Table) -> None:
    table.agreed("2026-12-10")
    assert (table.case.state, table.case.turn, table.case.lead) == ("performing", "lead", STATION.unit)
    table.at("2026-12-10 15:00").act(
        "mediation-record-performance", MEDIATOR, performed="full", note="楼道已清空，双方签字。"
    )
    assert (table.case.state, table.case.mediation and table.case.mediation.state) == ("accepted", "performed")
    table.act("resolve", note="已调解并履行。")
    assert (table.case.state, table.case.answer) == ("resolved", "已调解并履行。")
    assert replay(table.history) == table.case and table.differing() == []


def test_what_is_offered_next_is_what_the_law_lets_be_done_next(table: Table) -> None:
    table.accepted()
    assert offered(table) == {"mediation-open"}
    table.act("mediation-open", docking="police")
    ending = {"mediation-fail", "mediation-refer-to-police"}
    assert offered(table) == {"mediation-consent", *ending}
    table.act("mediation-consent", party="applicant", agrees=True)
    assert offered(table) == {"mediation-consent", "mediation-withdraw-consent", *ending}
    table.act("mediation-consent", party="respondent", agrees=True)
    assert offered(table) == {"mediation-hold-session", "mediation-withdraw-consent", *ending}
    table.compose()
    table.session()
    assert offered(table) == {"mediation-hold-session", "mediation-agree", "mediation-withdraw-consent", *ending}
    table.agree()
    assert offered(table) == {"mediation-apply-confirmation", "mediation-record-performance"}


@pytest.mark.parametrize("action", ["mediation-hold-session", "mediation-agree"])
def test_nothing_is_mediated_and_nothing_agreed_on_before_both_sides_consented(table: Table, action: str) -> None:
    table.opened()
    table.act("mediation-consent", party="applicant", agrees=True)
    table.compose()
    said: dict[str, Any] = {"members": TABLE, "parties": BOTH, "note": "谈", "form": "oral", "terms": "和解"}
    with pytest.raises(ActionNotAllowed):
        table.act(action, **said, until=date(2026, 12, 1))


def test_a_mediation_is_not_opened_twice_nor_by_two_at_once(table: Table) -> None:
    table.accepted()
    version = table.case.version
    table.act("mediation-open")
    with pytest.raises(ActionNotAllowed):
        table.act("mediation-open")
    with pytest.raises(StaleVersion):
        late = Asked(STATION, Command("late", "mediation-open"), version, "r")
        table.acting.act(table.id, "mediation-open", late, Particulars())
    assert len(table.told(E.MEDIATION_OPENED)) == 1


def test_the_same_command_again_is_answered_as_the_first_time(table: Table) -> None:
    table.accepted()
    asked = Asked(STATION, Command("once", "mediation-open"), table.case.version, "r")
    first = table.acting.act(table.id, "mediation-open", asked, Particulars())
    assert table.acting.act(table.id, "mediation-open", asked, Particulars()) == first
    assert len(table.told(E.MEDIATION_OPENED)) == 1


def test_a_dispute_is_not_answered_while_it_is_mediated(table: Table) -> None:
    table.consented()
    with pytest.raises(MediationOpen) as refused:
        table.act("resolve", note="好了")
    assert "resolve" not in refused.value.extra["allowed_actions"]
    table.act("mediation-fail", reason="双方差距过大")
    assert table.act("resolve", note="已告知双方。").state == "resolved"


def test_whoever_refuses_is_not_mediated_and_hears_of_the_other_ways(table: Table) -> None:
    table.opened()
    table.act("mediation-consent", party="respondent", agrees=False, reason="要打官司")
    assert (table.last.type, table.last.data["outcome"]) == (E.MEDIATION_ENDED, "refused")
    assert (table.last.data["party"], table.last.data["other_ways"]) == ("respondent", OTHER_WAYS)
    with pytest.raises(ActionNotAllowed):
        table.session()
    table.act("resolve", note="对方不愿调解。")
    expected = "对方不愿调解。（调解未能解决，可以依法通过仲裁、行政裁决、行政复议、诉讼等途径解决）"
    assert table.case.answer == expected


def test_a_side_may_withdraw_its_consent_in_the_middle_of_a_session_and_not_after_an_agreement(table: Table) -> None:
    table.sat()
    table.act("mediation-withdraw-consent", MEDIATOR, party="respondent", reason="会上谈崩")
    assert table.last.data["outcome"] == "withdrawn"
    with pytest.raises(ActionNotAllowed):
        table.agree()
    table.act("mediation-open")
    table.consent()
    table.session()
    table.agree()
    with pytest.raises(ActionNotAllowed):
        table.act("mediation-withdraw-consent", party="respondent", reason="反悔")


def test_only_a_consent_that_was_given_is_withdrawn_and_none_is_given_twice(table: Table) -> None:
    table.opened()
    table.act("mediation-consent", party="applicant", agrees=True)
    for action, said, code in (
        ("mediation-withdraw-consent", {"party": "respondent", "reason": "不来"}, "consent-not-given"),
        ("mediation-consent", {"party": "applicant", "agrees": True}, "consent-given"),
    ):
        with pytest.raises(InvalidField) as refused:
            table.act(action, **said)
        assert (refused.value.code, refused.value.field) == (code, "party")


def test_a_session_asks_for_the_whole_panel_of_such_a_dispute(table: Table) -> None:
    table.consented()
    with pytest.raises(InvalidField) as refused:
        table.session()
    assert (refused.value.code, refused.value.field) == ("not-coming", "members[0]")
    table.compose("T01", "J01")
    with pytest.raises(PanelIncomplete) as incomplete:
        table.session("T01", "J01")
    assert incomplete.value.extra == {"missing": {"elder": 1}}
    table.compose("E01")
    assert table.session("T01", "J01").mediation is not None


def test_the_table_of_other_disputes_has_mediator_police_officer_and_lawyer(policy: Policy) -> None:
    table = Table(policy, category="consumer-dispute").accepted()
    table.act("mediation-open")
    table.consent()
    table.compose("T01", "J01", "L01")
    assert table.session("T01", "J01", "L01").mediation is not None


def test_somebody_of_the_table_who_is_no_mediator_does_not_hold_a_session(table: Table) -> None:
    table.consented()
    table.compose()
    with pytest.raises(InvalidField) as refused:
        table.session("J01", "E01")
    assert (refused.value.code, refused.value.field) == ("mediator-required", "members")


def test_a_mediator_who_is_a_partys_cousin_avoids_it_and_never_sits_there(table: Table) -> None:
    table.consented()
    table.compose()
    table.act("panel-avoid", members=("T01",), reason="系被申请人表兄")
    for action, said in (
        ("panel-invite", {"members": ("T01",)}),
        ("panel-answer", {"members": ("T01",), "agrees": True}),
        ("panel-record", {"members": ("T01",), "note": "参加"}),
        ("mediation-hold-session", {"members": ("T01", "J01"), "parties": BOTH, "note": "谈"}),
    ):
        with pytest.raises(ConflictOfInterest) as refused:
            table.act(action, **said)
        assert refused.value.field == "members[0]", action
    with pytest.raises(PanelIncomplete):
        table.session("J01", "E01")
    table.compose("T02")
    assert table.session("T02", "J01").mediation is not None


def test_somebody_who_was_not_asked_yet_may_be_kept_out_too(table: Table) -> None:
    table.accepted().act("panel-avoid", members=("L01",), reason="申请人要求回避")
    with pytest.raises(ConflictOfInterest) as refused:
        table.act("panel-invite", members=("T01", "L01"))
    assert refused.value.field == "members[1]"
    assert [each["code"] for each in refused.value.extra["reasons"]] == ["declared-relation"]


@pytest.mark.parametrize("member", ["nobody", "X01"])
def test_whoever_is_not_of_the_pool_or_no_more_is_not_asked(table: Table, member: str) -> None:
    table.accepted()
    with pytest.raises(UnknownMember) as refused:
        table.act("panel-invite", members=("T01", member))
    assert refused.value.field == "members[1]"


def test_whoever_declined_may_be_asked_again_and_who_was_asked_is_not(table: Table) -> None:
    table.accepted()
    table.act("panel-invite", members=("T01",))
    with pytest.raises(InvalidField) as refused:
        table.act("panel-invite", members=("T01",))
    assert refused.value.code == "invited-already"
    table.act("panel-answer", members=("T01",), agrees=False, note="外出")
    table.act("panel-invite", members=("T01",))
    assert [(each.member, each.state) for each in table.case.invited] == [("T01", "asked")]


def test_who_comes_is_known_only_of_those_who_were_asked(table: Table) -> None:
    table.accepted()
    table.act("panel-invite", members=("T01",))
    for action, said, code in (
        ("panel-answer", {"members": ("J01",), "agrees": True}, "not-invited"),
        ("panel-record", {"members": ("T01",), "note": "来了"}, None),
    ):
        with pytest.raises(DomainError) as refused:
            table.act(action, **said)
        assert refused.value.code == (code or "action-not-allowed")
    table.act("panel-answer", members=("T01",), agrees=True)
    table.act("panel-record", members=("T01",), note="会上说明了物业规约")
    assert table.case.invited[0].state == "took-part"


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"until": date(2026, 11, 22)}, "until", "performance-day-not-possible"),
        ({"until": date.max}, "until", "performance-day-not-possible"),
        ({"on": date(2026, 11, 24)}, "on", "day-in-future"),
        ({"on": date(2026, 11, 22)}, "on", "day-too-early"),
    ],
)
def test_an_agreement_has_days_that_can_be(table: Table, said: dict[str, Any], field: str, code: str) -> None:
    table.sat()
    with pytest.raises(InvalidField) as refused:
        table.act("mediation-agree", **{"form": "oral", "terms": "和解", "until": date(2026, 12, 1), **said})
    assert (refused.value.field, refused.value.code) == (field, code)


def test_what_is_performed_at_once_is_agreed_on_and_visited_the_same_day(table: Table) -> None:
    table.agreed("2026-11-23", "oral")
    assert table.case.mediation is not None and table.case.mediation.number is None
    table.act("mediation-record-performance", performed="full", note="当场付清")
    assert table.due("performance") == "2026-11-26" and table.clock_of("performance").state == "met"


def test_a_written_agreement_has_a_number_of_its_own(table: Table) -> None:
    table.agreed()
    code = table.case.tracking_code
    assert table.case.mediation and table.case.mediation.number == f"（2026）徐州市鼓楼区人调字第{code}-1号"


def test_what_both_promised_stands_in_one_event_and_in_no_row_nor_in_the_case_file(table: Table) -> None:
    terms = "甲" * 4000
    table.agreed(terms=terms)
    assert [event.type for event in table.history if "甲甲" in str(event.data)] == [E.MEDIATION_AGREED]
    assert "甲甲" not in str(table.case) and "甲甲" not in str(table.store.partitions[f"CASE#{table.id}"]["CASE"])
    assert not any("甲甲" in line.text for line in told(table.history, table.policies.of))


def test_what_is_not_performed_is_mediated_once_more_or_the_other_ways_are_named(table: Table) -> None:
    table.agreed().at("2026-12-11 09:00")
    table.act("mediation-record-performance", performed="partly", note="只清了一半")
    assert table.last.data["other_ways"] == OTHER_WAYS
    assert {"mediation-open", "mediation-apply-confirmation"} == offered(table)
    table.act("mediation-open")
    assert table.case.mediation and (table.case.mediation.attempt, table.case.mediation.tried) == (2, 2)
    assert table.case.mediation.other_ways == () and table.case.mediation.effective_on == "2026-11-23"


def test_after_as_many_attempts_as_the_policy_lets_there_be_the_other_ways_are_left(table: Table) -> None:
    table.opened().act("mediation-fail", reason="谈不拢")
    table.act("mediation-open")
    table.act("mediation-fail", reason="还是谈不拢")
    with pytest.raises(MediationsOver) as refused:
        table.act("mediation-open")
    assert refused.value.extra == {"other_ways": OTHER_WAYS}
    table.act("resolve", note="两次调解未成。")
    assert table.case.answer and "仲裁、行政裁决、行政复议、诉讼" in table.case.answer


def test_what_was_settled_once_and_flares_up_again_is_mediated_anew(table: Table) -> None:
    table.agreed()
    table.act("mediation-record-performance", performed="full", note="已履行")
    table.act("mediation-open")
    assert table.case.mediation and (table.case.mediation.attempt, table.case.mediation.tried) == (2, 1)


def test_what_looks_like_a_crime_ends_it_and_goes_to_the_police(table: Table) -> None:
    table.sat().act("mediation-refer-to-police", reason="被申请人持械威胁")
    assert [event.type for event in table.history[-2:]] == [E.MEDIATION_ENDED, E.CASE_TRANSFERRED]
    ended, passed = table.history[-2:]
    assert ended.data["outcome"] == "crime" and "other_ways" not in ended.data
    assert (passed.data["unit"], table.case.state, table.case.lead) == ("public-security", "assigned", POLICE.unit)
    with pytest.raises(ActionNotAllowed):
        table.session()


def test_only_both_sides_together_apply_for_confirmation_and_only_once(table: Table) -> None:
    table.agreed()
    with pytest.raises(InvalidField) as refused:
        table.act("mediation-apply-confirmation", court="鼓楼区人民法院", parties=("applicant",))
    assert (refused.value.field, refused.value.code) == ("parties", "both-parties-required")
    table.act("mediation-apply-confirmation", court="鼓楼区人民法院", parties=BOTH)
    with pytest.raises(ActionNotAllowed):
        table.act("mediation-apply-confirmation", court="鼓楼区人民法院", parties=BOTH)


def test_the_day_they_applied_counts_and_not_the_day_it_was_written_down(table: Table) -> None:
    table.agreed().at("2026-12-24 09:00")  # the thirty-first day
    with pytest.raises(WindowOver):
        table.act("mediation-apply-confirmation", court="鼓楼区人民法院", parties=BOTH)
    table.act("mediation-apply-confirmation", court="鼓楼区人民法院", parties=BOTH, on=date(2026, 12, 23))
    assert table.case.mediation and table.case.mediation.applied_on == "2026-12-23"


def test_a_court_confirms_only_what_it_took_up_and_may_reject_without(table: Table) -> None:
    table.agreed().act("mediation-apply-confirmation", court="鼓楼区人民法院", parties=BOTH)
    with pytest.raises(InvalidField) as refused:
        table.act("mediation-record-ruling", ruling="confirmed")
    assert refused.value.code == "not-accepted-by-court"
    table.act("mediation-record-ruling", ruling="rejected", note="不属于受理范围")
    assert table.case.mediation and table.case.mediation.confirmation == "rejected"
    assert not [clock for clock in table.case.clocks if clock.open and clock.name.startswith("court-")]


def test_the_court_may_decide_after_the_case_was_closed(table: Table) -> None:
    table.agreed().act("mediation-apply-confirmation", court="鼓楼区人民法院", parties=BOTH)
    table.act("mediation-record-performance", performed="full", note="已履行")
    table.act("resolve", note="已履行。")
    table.act("evaluate", outcome="satisfied")
    assert table.case.state == "closed"
    table.at("2026-12-01 09:00").act("mediation-record-acceptance")
    table.act("mediation-record-ruling", ruling="confirmed")
    assert table.case.mediation and table.case.mediation.confirmation == "confirmed"


def test_who_asked_for_more_time_need_not_while_an_agreement_is_performed(table: Table) -> None:
    table.sat().act("request-extension", until=date(2026, 12, 20), reason="双方约定下周再谈")
    table.agree()
    assert table.case.extension is None


def test_a_mediation_ends_with_its_being_a_dispute(table: Table) -> None:
    table.opened()
    table.act("return", reason="实为治安案件")
    table.act("classify", category="fighting")
    assert [event.type for event in table.history[-3:]] == [E.CASE_CLASSIFIED, E.MEDIATION_ENDED, E.CASE_ASSIGNED]
    assert table.case.mediation and table.case.mediation.state == "dropped"


def test_a_mediation_ends_with_the_case(table: Table) -> None:
    table.opened()
    table.act("return", reason="重复上报")
    table.act("void", reason="重复上报")
    assert table.case.mediation and (table.case.state, table.case.mediation.state) == ("closed", "dropped")


def test_whoever_walks_the_cell_visits_its_performance_and_nobody_from_elsewhere(table: Table) -> None:
    table.agreed()
    with pytest.raises(DomainError) as refused:
        table.act("mediation-record-performance", ELSEWHERE, performed="full", note="看过了")
    assert refused.value.code in ("not-found", "forbidden")
    assert table.act("mediation-record-performance", WALKER, performed="full", note="看过了").state == "accepted"


def test_who_walks_a_cell_mediates_nothing(table: Table) -> None:
    table.accepted()
    with pytest.raises(Forbidden):
        table.act("mediation-open", WALKER)
    with pytest.raises(Forbidden):
        table.act("mediation-open", MEDIATOR)


def test_nothing_but_a_dispute_is_mediated(policy: Policy) -> None:
    for category in ("street-light", "petition-official-conduct"):
        procedure = policy.procedure_for(policy.categories[category].kind, "mobile")
        assert not [action for action in procedure.actions if action.startswith("mediation-")]


def test_a_docking_is_one_of_the_seven(table: Table) -> None:
    table.accepted()
    with pytest.raises(InvalidField) as refused:
        table.act("mediation-open", docking="neighbours")
    assert (refused.value.field, refused.value.code) == ("docking", "unknown-docking")
    assert len(table.policies.current.dockings) == 7
