"""Third parties 第三方 at a petition: who is asked at which level, and nobody of whom it accuses (ADR 40, 42)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain import events as E
from chalicelib.domain import panels as P
from chalicelib.domain.errors import ActionNotAllowed, ConflictOfInterest, InvalidField, UnknownMember
from chalicelib.domain.narrating import told
from chalicelib.domain.panels import Member, rule_for
from chalicelib.domain.people import StaffMember, may_act, may_see
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import allowed_actions
from tests.petitioning import HANDLER, WAYS, Petition

AT, LATER, LAST, AFTER = "2026-03-02 09:00", "2026-03-03 09:00", "2026-03-04 09:00", "2026-03-05 09:00"
POLICE, STREET, COMMUNITY = "public-security", "centre-320302001", "centre-320302001002"
POOL = {
    each.id: each
    for each in (
        Member("D1", "某代表", P.DELEGATE, "鼓楼区人大", title="人大代表"),
        Member("L1", "某律师", P.LAWYER, "汉风律师事务所"),
        Member("E1", "某老师", P.ELDER, "五老志愿队"),
        Member("M1", "某主席", P.MASS_BODY, "鼓楼区总工会"),
        Member("S1", "某社工", P.SOCIAL_ORGANISATION, "鼓楼区社工服务中心"),
        Member("OLD", "某人", P.ELDER, "五老志愿队", until_day="2025-12-31"),
    )
}
THIRD = ("D1", "L1", "E1", "M1", "S1")


def accepted(policy: Policy, accused: tuple[str, ...] = (), unit: str = HANDLER) -> Petition:
    return Petition(policy, AT).register(AT, accused=accused).pass_on(AT, unit).accept(AT)


def did(petition: Petition, action: str, *members: str, at: str = LATER, pool: Any = POOL, **said: Any) -> Petition:
    return petition.did(at, f"panel-{action}", members=members, known_members=pool, **said)


def states(petition: Petition) -> dict[str, str]:
    return {each.member: each.state for each in petition.case.invited}


def test_they_are_asked_answer_take_part_and_what_came_of_it_stands_there(policy: Policy) -> None:
    petition = did(accepted(policy), "invite", *THIRD)
    assert set(states(petition).values()) == {"asked"}
    did(petition, "answer", "D1", "L1", "E1", agrees=True)
    did(petition, "answer", "M1", agrees=False, note="出差")
    did(petition, "record", "D1", "E1", note="上门走访，信访人情绪平稳")
    assert states(petition) == {
        **{"D1": "took-part", "L1": "coming", "E1": "took-part", "M1": "declined", "S1": "asked"}
    }
    lines = "\n".join(each.what for each in told(petition.history, lambda version: policy))
    for words in (
        "邀请两代表一委员（D1）、律师（L1）、五老（E1）",
        "群团组织（M1）不能参加：出差",
        "参与办理：上门走访",
    ):
        assert words in lines, lines


def test_the_pack_says_whom_a_petition_asks_to_the_table(policy: Policy) -> None:
    assert rule_for("petition", "petition-legacy", policy).seats == ((P.DELEGATE, 1), (P.LAWYER, 1), (P.ELDER, 1))


@pytest.mark.parametrize("way", WAYS)
def test_they_are_asked_while_somebody_handles_or_reviews_it(policy: Policy, way: str) -> None:
    case = WAYS[way](policy, AT).case
    asks = case.state in ("accepted", "reviewing", "re-reviewing")
    offered = set(allowed_actions(case, policy))
    assert ({"panel-invite", "panel-avoid"} <= offered) is asks, case.state
    assert "panel-answer" not in offered and "panel-record" not in offered, "nobody was asked"


class TestWhoMayNot:
    @pytest.mark.parametrize(
        ("accused", "said"),
        [
            (POLICE, {"unit": POLICE}),
            (POLICE, {"unit": "traffic-police"}),  # part of it
            (STREET, {"unit": COMMUNITY}),
            ("linkage-centre", {"unit": STREET}),
            (POLICE, {"bound_to": ("traffic-police",)}),
            (POLICE, {"bound_to": (POLICE,)}),
        ],
    )
    def test_who_is_of_the_accused_or_of_a_part_of_it_or_bound_to_it(
        self, policy: Policy, accused: str, said: dict[str, Any]
    ) -> None:
        pool = {**POOL, "L1": POOL["L1"]._replace(**said)}
        petition = accepted(policy, (accused,))
        with pytest.raises(ConflictOfInterest) as refused:
            did(petition, "invite", "D1", "L1", pool=pool)
        assert refused.value.field == "members[1]" and refused.value.extra["reasons"]
        assert petition.case.invited == (), "and nobody else of the list either"
        assert did(petition, "invite", "D1", pool=pool).case.invited

    @pytest.mark.parametrize("accused", [POLICE, "traffic-police", STREET])
    def test_an_organisation_is_known_by_the_name_of_the_accused(self, policy: Policy, accused: str) -> None:
        name = f"{policy.units[accused].zh} "
        for said in ({"organisation": name}, {"bound_to": (name,)}):
            pool = {"L1": POOL["L1"]._replace(**said)}  # type: ignore[arg-type]
            with pytest.raises(ConflictOfInterest):
                did(accepted(policy, (accused,)), "invite", "L1", pool=pool)
            assert did(accepted(policy), "invite", "L1", pool=pool).case.invited, "whom nobody accuses"

    def test_who_is_above_the_accused_or_beside_it_may(self, policy: Policy) -> None:
        pool = {"L1": POOL["L1"]._replace(unit=POLICE), "E1": POOL["E1"]._replace(unit="centre-320302001003")}
        petition = accepted(policy, ("traffic-police", COMMUNITY))
        assert did(petition, "invite", "L1", "E1", pool=pool).case.invited

    @pytest.mark.parametrize(("action", "said"), [("invite", {}), ("answer", {"agrees": True}), ("record", {})])
    def test_a_relative_of_who_petitions_once_somebody_says_so_and_nobody_waives_it(
        self, policy: Policy, action: str, said: dict[str, Any]
    ) -> None:
        petition = did(accepted(policy), "avoid", "E1", reason="系信访人表兄")
        did(petition, "invite", "D1")
        did(petition, "answer", "D1", agrees=True)
        with pytest.raises(ConflictOfInterest):
            did(petition, action, "E1", **said)
        assert states(petition) == {"E1": "avoids", "D1": "coming"}

    def test_one_who_is_coming_and_turns_out_to_be_a_relative_comes_no_more(self, policy: Policy) -> None:
        petition = did(accepted(policy), "invite", "E1")
        did(petition, "answer", "E1", agrees=True)
        did(petition, "avoid", "E1", reason="信访人申请回避")
        assert states(petition) == {"E1": "avoids"}
        with pytest.raises(ActionNotAllowed):
            did(petition, "record", "E1")

    def test_who_came_to_be_bound_to_the_accused_since_is_refused_when_he_comes(self, policy: Policy) -> None:
        petition = did(accepted(policy, (POLICE,)), "invite", "L1", "D1")
        bound = {**POOL, "L1": POOL["L1"]._replace(bound_to=(POLICE,))}
        with pytest.raises(ConflictOfInterest):
            did(petition, "answer", "L1", agrees=True, pool=bound)
        did(petition, "answer", "L1", agrees=False, pool=bound)
        did(petition, "answer", "D1", agrees=True)
        with pytest.raises(ConflictOfInterest):
            did(petition, "record", "D1", pool={**POOL, "D1": POOL["D1"]._replace(unit=POLICE)})
        assert did(petition, "record", "D1", pool={}).case.invited, "of who left the pool nothing is known any more"

    @pytest.mark.parametrize("name", ["OLD", "NOBODY"])
    def test_who_is_none_of_the_pool(self, policy: Policy, name: str) -> None:
        with pytest.raises(UnknownMember):
            did(accepted(policy), "invite", name)


class TestAtEachLevel:
    def test_who_belongs_to_what_answered_sits_at_no_review_of_it(self, policy: Policy) -> None:
        counsel = {**POOL, "L1": POOL["L1"]._replace(bound_to=(COMMUNITY,)), "E1": POOL["E1"]._replace(unit=COMMUNITY)}
        petition = did(accepted(policy, unit=COMMUNITY), "invite", "L1", "E1", "D1", pool=counsel)
        did(petition, "answer", "L1", "E1", "D1", agrees=True, pool=counsel)
        did(petition, "record", "L1", "E1", "D1", pool=counsel)
        petition.answer(LATER).ask_review(LATER)
        for action in ("invite", "record"):
            for name in ("L1", "E1"):
                with pytest.raises(ConflictOfInterest):
                    did(petition, action, name, at=LAST, pool=counsel)
        did(petition, "invite", "D1", "M1", at=LAST, pool=counsel)
        assert states(petition)["D1"] == "asked", "asked anew by who reviews"

    def test_what_they_did_is_told_after_the_answer_too(self, policy: Policy) -> None:
        petition = did(accepted(policy), "invite", "E1")
        did(petition, "answer", "E1", agrees=True)
        petition.answer(LATER)
        assert did(petition, "record", "E1", at=LAST, note="陪同释法").history[-1].type == E.PANEL_TOOK_PART
        with pytest.raises(ActionNotAllowed):
            did(petition, "invite", "D1", at=LAST)

    def test_who_was_at_a_hearing_took_part(self, policy: Policy) -> None:
        petition = did(WAYS["re-reviewing"](policy, AT), "invite", "D1", "L1")
        with pytest.raises(InvalidField) as refused:
            self.heard(petition, "D1")
        assert (refused.value.field, refused.value.code) == ("members[0]", "not-coming")
        did(petition, "answer", "D1", "L1", agrees=True)
        with pytest.raises(InvalidField) as refused:
            self.heard(petition, "D1", note=None)
        assert (refused.value.field, refused.value.code) == ("note", "field-required")
        self.heard(petition, "D1")
        assert [each.type for each in petition.history[-2:]] == [E.PETITION_HEARD, E.PANEL_TOOK_PART]
        assert states(petition) == {"D1": "took-part", "L1": "coming"}
        assert petition.case.petition and petition.case.petition.hearings == ("2026-03-04",)

    def heard(self, petition: Petition, *members: str, **said: Any) -> None:
        told = {"note": "代表发表评议意见", "members": members, "known_members": POOL, **said}
        petition.did(LAST, "petition-hold-hearing", since=petition.moment(LAST).date(), **told)


class TestWhatTheyLearn:
    def test_to_be_asked_opens_nothing_to_who_is_also_on_the_staff(self, policy: Policy) -> None:
        """Members have no account; one who has, as a mediator or a police officer, sees what he or she saw before."""
        petition = accepted(policy)
        everybody = [StaffMember(name, role, "justice", ("320302",)) for name in THIRD for role in policy.roles]
        before = [may_see(each, petition.case, policy) for each in everybody]
        did(petition, "invite", *THIRD)
        did(petition, "answer", *THIRD, agrees=True)
        assert [may_see(each, petition.case, policy) for each in everybody] == before
        assert petition.case.units == (HANDLER,) and not [t for t in petition.case.tasks if t.unit in THIRD]

    def test_events_name_them_by_number_and_say_nothing_of_the_petition(self, policy: Policy) -> None:
        petition = did(accepted(policy, (POLICE,)), "invite", "D1", note=None, media=())
        did(petition, "answer", "D1", agrees=True, note=None, media=())
        told_of = [event for event in petition.history if event.type.startswith("panel.")]
        assert [{*event.data} for event in told_of] == [{"members", "unit"}, {"members", "coming", "unit"}]
        assert not any(POOL["D1"].name in json.dumps(event.data, ensure_ascii=False) for event in told_of)

    def test_who_leads_asks_them_and_nobody_else(self, policy: Policy) -> None:
        case = accepted(policy).case
        action = policy.procedures["petition"].actions["panel-invite"]
        leads, desk = (
            StaffMember("x", "department", HANDLER, ("320302",)),
            StaffMember("p", "petition-office", "petition-office", ("320302",)),
        )
        assert may_act(leads, action, case, policy) and not may_act(desk, action, case, policy)
        held = Petition(policy, AT).register(AT).accept(AT).case
        assert may_act(desk, action, held, policy), "where the office handles it itself"
