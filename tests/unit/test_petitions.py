"""What is done to petitions, and what is refused: by how many, against whom, on which way, and how often."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain import events as E
from chalicelib.domain.cards import card_for
from chalicelib.domain.cases import ANSWER_FOR, DECIDE
from chalicelib.domain.errors import (
    ActionNotAllowed,
    CardDemands,
    InvalidField,
    NobodyAbove,
    OffersUndecided,
    PetitionUnnamed,
    UnitAccused,
)
from chalicelib.domain.links import Links, Offer
from chalicelib.domain.narrating import told
from chalicelib.domain.people import StaffMember, may_act, may_see
from chalicelib.domain.policy import Policy
from chalicelib.policy.compiler import PackInvalid, compile_pack
from tests.conftest import PACK
from tests.petitioning import CONDUCT, EXPROPRIATION, HANDLER, LITIGATION, WAYS, Petition

AT, LATER, LAST = "2026-03-02 09:00", "2026-03-03 09:00", "2026-03-04 09:00"


class TestRegistration:
    def test_thirty_people_send_five_and_carry_the_gravest_card(self, policy: Policy) -> None:
        petition = Petition(policy, AT, CONDUCT).register(LATER, people=30, representatives=5).case.petition
        assert petition and (petition.people, petition.representatives, petition.card) == (30, 5, "red")

    @pytest.mark.parametrize(
        ("people", "representatives", "code"),
        [
            (30, 6, "too-many-representatives"),
            (30, 30, "too-many-representatives"),
            (30, 0, "field-required"),
            (6, 0, "field-required"),
            (3, 4, "more-than-people"),
        ],
    )
    def test_no_more_than_five_speak_for_a_group_and_somebody_does(
        self, policy: Policy, people: int, representatives: int, code: str
    ) -> None:
        with pytest.raises(InvalidField) as refused:
            Petition(policy, AT).register(LATER, people=people, representatives=representatives)
        assert (refused.value.field, refused.value.code) == ("representatives", code)

    def test_five_need_nobody_to_speak_for_them(self, policy: Policy) -> None:
        assert Petition(policy, AT).register(LATER, people=5).case.state == "registered"

    def test_of_nobody_it_is_registered_and_handed_on_but_not_accepted(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER, named=False)
        with pytest.raises(PetitionUnnamed):
            petition.accept(LAST)
        petition.pass_on(LAST)
        with pytest.raises(PetitionUnnamed):
            petition.accept(LAST)
        petition.did(LAST, "petition-decline", ground="unnamed", note="作为情况反映转交参考")
        assert (petition.case.outcome, petition.case.answer) == ("not-accepted", "作为情况反映转交参考")

    def test_what_accuses_the_petition_office_is_held_by_another_from_then_on(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER, accused=("petition-office",))
        assert (petition.case.lead, petition.case.desk) == ("political-legal", "political-legal")
        office = StaffMember("p", "petition-office", "petition-office", ("320302",))
        instead = StaffMember("q", "department", "political-legal", ("320302",))
        assert not may_see(office, petition.case, policy) and may_see(instead, petition.case, policy)
        for action in ("petition-pass-on", "petition-direct", "petition-decline", "petition-name-leader"):
            assert may_act(instead, policy.procedures["petition"].actions[action], petition.case, policy), action
        petition.pass_on(LAST)
        assert petition.case.desk == "political-legal" and may_see(instead, petition.case, policy)

    def test_who_holds_it_in_the_offices_place_can_do_at_its_desk_what_the_office_does(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER, accused=("petition-office",))
        instead = StaffMember("q", "department", "political-legal", ("320302",))
        procedure = policy.procedures["petition"]
        at_the_desk = [name for name, state in procedure.states.items() if state.turn == "desk"]
        assert "screening" in at_the_desk
        for state in at_the_desk:
            stands = replace(petition.case, state=state)
            able = [
                each.id for each in procedure.actions.values() if state in each.states and "screening" in each.actors
            ]
            assert able and all(may_act(instead, procedure.actions[name], stands, policy) for name in able), state

    def test_whoever_all_stand_accused_nobody_may_hold_it(self, policy: Policy) -> None:
        everybody = ("petition-office", *policy.superiors, "linkage-centre")
        with pytest.raises((UnitAccused, NobodyAbove)):
            Petition(policy, AT).register(LATER, accused=everybody)

    def test_the_desk_that_screens_it_may_say_whom_it_accuses(self, policy: Policy) -> None:
        petition = Petition(policy, AT)
        area = petition.case.area
        petition.did(LATER, "classify", category=CONDUCT, area=area, accused=("petition-office",))
        assert (petition.case.state, petition.case.lead) == ("assigned", "political-legal")
        petition.register(LAST)
        assert petition.case.petition and petition.case.petition.accused == ("petition-office",)


class TestPassingOn:
    @pytest.mark.parametrize(
        ("accused", "unit"),
        [
            (("housing-construction",), "housing-construction"),
            (("centre-320302001",), "centre-320302001002"),  # a community's centre is part of its street's
            (("linkage-centre",), "centre-320302007"),
            (("public-security",), "traffic-police"),
        ],
    )
    def test_never_to_whom_it_accuses_nor_to_a_part_of_one(
        self, policy: Policy, accused: tuple[str, ...], unit: str
    ) -> None:
        petition = Petition(policy, AT).register(LATER, accused=accused)
        with pytest.raises(UnitAccused) as refused:
            petition.pass_on(LAST, unit)
        assert refused.value.field == "unit"
        with pytest.raises(UnitAccused):
            petition.pass_on(LAST, HANDLER, units=(unit,))

    def test_to_who_is_above_it_may_be(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER, accused=("centre-320302001002",))
        assert petition.pass_on(LAST, "centre-320302001").case.lead == "centre-320302001"

    def test_nobody_accused_is_asked_to_act_jointly(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER, accused=("water",)).pass_on(LAST).accept(LAST)
        with pytest.raises(UnitAccused) as refused:
            petition.did(LAST, "request-joint", units=("justice", "water"))
        assert refused.value.field == "units[1]"

    def test_who_objected_gets_no_whole_time_anew_by_being_passed_it_again(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(AT).pass_on(AT).did(LATER, "return")
        with pytest.raises(InvalidField) as refused:
            petition.pass_on(LAST)
        assert (refused.value.field, refused.value.code) == ("unit", "same-unit")
        assert petition.did(LAST, "reject-return").case.lead == HANDLER

    def test_what_goes_back_is_decided_by_the_desk(self, policy: Policy) -> None:
        petition = WAYS["passed-on"](policy, AT).did(LATER, "return")
        assert (petition.case.state, petition.case.unit) == ("returned", "petition-office")
        assert petition.did(LAST, "reject-return").case.lead == HANDLER


class TestWays:
    @pytest.mark.parametrize("way", ["litigation", "party-channels", "administrative-procedure", "agency-duty"])
    def test_another_lawful_way_ends_it_here(self, policy: Policy, way: str) -> None:
        petition = Petition(policy, AT).register(LATER).did(LAST, "petition-direct", way=way, note="请向法院起诉")
        assert (petition.case.outcome, petition.case.petition.way) == ("directed", way)  # type: ignore[union-attr]
        assert petition.history[-2].data["report_ids"], "who petitions is told"

    def test_only_the_sixth_has_the_sixty_days(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER)
        with pytest.raises(InvalidField) as refused:
            petition.did(LAST, "petition-direct", way="petition", note="受理")
        assert refused.value.code == "way-handled-here"
        assert "handle" in [clock.name for clock in petition.accept(LAST).case.clocks if clock.open]

    def test_the_same_facts_after_termination_are_declined_in_whatever_words(self, policy: Policy) -> None:
        ended = WAYS["re-reviewing"](policy, AT)
        ended.case = replace(ended.case, id="ENDED")
        again = Petition(policy, "2026-06-01 09:00", EXPROPRIATION).register("2026-06-02 09:00")
        with pytest.raises(InvalidField) as refused:
            again.did("2026-06-03 09:00", "petition-decline", ground="terminated")
        assert (refused.value.field, refused.value.code) == ("other", "field-required")
        with pytest.raises(InvalidField) as refused:  # not yet ended
            again.did("2026-06-03 09:00", "petition-decline", ground="terminated", other=ended.case)
        assert refused.value.code == "other-petition-unfit"
        closed = replace(ended.case, outcome="final", state="closed")
        again.did("2026-06-03 09:00", "petition-decline", ground="terminated", other=closed)
        known = again.case.petition
        assert known and (again.case.outcome, known.earlier) == ("not-accepted", "ENDED")
        assert [event.data.get("repeated") for event in again.history if event.type == E.PETITION_DECLINED] == [True]
        once_more = Petition(policy, "2026-07-01 09:00").register("2026-07-02 09:00")
        declined = replace(again.case, id="DECLINED")
        once_more.did("2026-07-03 09:00", "petition-decline", ground="terminated", other=declined)
        assert once_more.case.outcome == "not-accepted"

    def test_what_another_body_has_in_hand_is_not_accepted_beside_it(self, policy: Policy) -> None:
        other = replace(WAYS["accepted"](policy, AT).case, id="OTHER")
        upper = Petition(policy, AT).register(LATER)
        upper.did(LAST, "petition-decline", ground="in-progress", other=other)
        assert upper.case.outcome == "not-accepted"

    def test_what_was_registered_as_what_another_body_has_in_hand_is_not_accepted_before_that_is_decided(
        self, policy: Policy
    ) -> None:
        """Art. 19: the other is open at another body."""
        other = replace(WAYS["accepted"](policy, AT).case, id="OTHER")
        upper = Petition(policy, AT).register(LATER, other=other)
        with pytest.raises(OffersUndecided):
            upper.accept(LAST)
        upper.did(LAST, "petition-decline", ground="in-progress", other=other)
        assert upper.case.outcome == "not-accepted"

    def test_what_was_registered_as_what_ended_for_good_is_not_accepted_again(self, policy: Policy) -> None:
        """Art. 36; nor as one that was declined for that."""
        ended = replace(WAYS["re-reviewing"](policy, AT).conclude(AT).case, id="ENDED")
        again = Petition(policy, AT).register(LATER, other=ended)
        with pytest.raises(OffersUndecided):
            again.accept(LAST)
        again.did(LAST, "petition-decline", ground="terminated", other=ended)
        assert not [event for event in again.history if "repeated" in event.data], "it was registered as one"
        once_more = Petition(policy, AT).register(LATER, other=replace(again.case, id="DECLINED"))
        with pytest.raises(OffersUndecided):
            once_more.accept(LAST)

    def test_what_was_taken_for_another_wrongly_is_accepted_once_somebody_has_looked(self, policy: Policy) -> None:
        other = replace(WAYS["accepted"](policy, AT).case, id="OTHER")
        petition = Petition(policy, AT).register(LATER, other=other)
        petition.did(LAST, "not-same", other=other, reason="另一户")
        assert petition.case.petition and petition.case.petition.earlier is None
        assert petition.accept(LAST).case.state == "accepted"

    def test_what_was_answered_and_went_no_further_may_be_accepted_again(self, policy: Policy) -> None:
        answered = WAYS["answered"](policy, AT)
        answered.wait("2027-06-01 00:00")
        again = Petition(policy, AT).register(LATER, other=replace(answered.case, id="ANSWERED"))
        assert again.accept(LAST).case.state == "accepted"

    def test_it_came_before_as_another_petition_only(self, policy: Policy) -> None:
        petition = Petition(policy, AT)
        for other in (petition.case, replace(petition.case, id="OTHER", kind="hazard")):
            with pytest.raises(InvalidField) as refused:
                petition.register(LATER, other=other)
            assert (refused.value.field, refused.value.code) == ("other", "other-petition-unfit")

    def test_what_may_be_the_same_matter_is_decided_on_before_it_is_accepted(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER)
        petition.case = replace(petition.case, links=Links(offers=(Offer("OTHER", 0.7, ("同一地点",)),)))
        with pytest.raises(OffersUndecided):
            petition.accept(LAST)


class TestJointBodies:
    def _in_dispute(self, policy: Policy, accused: tuple[str, ...] = ()) -> Petition:
        petition = Petition(policy, AT).register(LATER, accused=accused).pass_on(LAST).accept(LAST)
        petition.did(LAST, "request-joint", units=("water",))
        with pytest.raises(ActionNotAllowed):
            petition.did(LAST, "petition-refer")  # nobody disagrees yet
        return petition.did(LAST, "refuse-joint", unit="water").did(LAST, "petition-refer")

    def test_where_they_do_not_agree_the_one_above_decides(self, policy: Policy) -> None:
        petition = self._in_dispute(policy)
        assert ("petition-office", DECIDE) in [(task.unit, task.what) for task in petition.case.tasks]
        petition.did(LAST, "petition-decide", unit="water", units=(HANDLER,))
        assert (petition.case.lead, petition.case.joint_units) == ("water", (HANDLER,))
        assert not [task for task in petition.case.tasks if task.what == DECIDE]
        assert petition.due("handle")[0] == "2026-05-03 24:00", "the sixty days go on"

    def test_nothing_is_answered_while_the_one_above_is_to_decide(self, policy: Policy) -> None:
        petition = self._in_dispute(policy)
        with pytest.raises(ActionNotAllowed) as refused:
            petition.answer(LAST)
        assert "petition-answer" not in refused.value.extra["allowed_actions"]
        petition.did(LAST, "petition-decide", unit=HANDLER)
        assert petition.answer(LAST).case.state == "answered"

    def test_nobody_accused_decides_or_is_decided_on(self, policy: Policy) -> None:
        petition = self._in_dispute(policy, accused=("political-legal", "justice"))
        assert petition.case.petition and petition.case.petition.decider == "petition-office"
        with pytest.raises(UnitAccused):
            petition.did(LAST, "petition-decide", unit="justice")


class TestLevels:
    def test_a_review_is_by_the_body_above_and_never_by_who_answered(self, policy: Policy) -> None:
        community = "centre-320302001002"
        petition = Petition(policy, AT).register(AT).pass_on(AT, community).accept(AT).answer(AT).ask_review(LATER)
        assert petition.case.lead == "centre-320302001", "the street's centre is above the community's"
        petition.answer_review(LATER).ask_re_review(LAST)
        assert petition.case.lead == "petition-office"

    @pytest.mark.parametrize("unit", [HANDLER, "no-such-unit"])
    def test_who_answered_reviews_nothing(self, policy: Policy, unit: str) -> None:
        with pytest.raises((InvalidField, Exception)) as refused:
            WAYS["answered"](policy, AT).ask_review(LATER, unit=unit)
        assert refused.value.code == ("answered-already" if unit == HANDLER else "unknown-unit")

    def test_nobody_accused_reviews(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(AT, accused=("petition-office",))
        petition.pass_on(AT).accept(AT).answer(AT)
        with pytest.raises(UnitAccused):
            petition.ask_review(LATER, unit="petition-office")
        assert petition.ask_review(LATER).case.lead == "political-legal"

    def test_each_level_is_told_in_words_a_clerk_would_write(self, policy: Policy) -> None:
        petition = WAYS["re-reviewing"](policy, AT).conclude(LATER)
        lines = "\n".join(each.what for each in told(petition.history, lambda version: policy))
        for words in (
            "登记：信访人1人",
            "受理：书面告知信访人",
            "作出处理意见：解释说明",
            "申请复查",
            "作出复查意见",
            "三级终结",
        ):
            assert words in lines, lines

    def test_what_the_petitioner_thinks_of_it_is_no_request_for_a_review(self, policy: Policy) -> None:
        petition = WAYS["answered"](policy, AT).did(LATER, "petition-rate", outcome="dissatisfied")
        assert petition.case.state == "answered" and petition.history[-1].type == E.CASE_EVALUATED


class TestCards:
    @pytest.mark.parametrize(
        ("category", "said", "card"),
        [
            (LITIGATION, {}, "green"),
            (CONDUCT, {}, "blue"),
            (EXPROPRIATION, {}, "yellow"),
            (LITIGATION, {"people": 6, "representatives": 1}, "orange"),
            (LITIGATION, {"people": 29, "representatives": 5}, "orange"),
            (LITIGATION, {"people": 30, "representatives": 5}, "red"),
        ],
    )
    def test_the_gravest_of_which_a_sign_holds_is_carried_and_why_is_told(
        self, policy: Policy, category: str, said: dict[str, Any], card: str
    ) -> None:
        petition = Petition(policy, AT, category).register(LATER, **said)
        event = next(each for each in petition.history if each.type == E.PETITION_CARD_CHANGED)
        assert (event.data["card"], event.data["was"]) == (card, None) and event.data["rule"].startswith(card)
        assert petition.due("card")[0] == _examined(policy, card, LATER)

    def test_one_that_came_before_is_graver(self, policy: Policy) -> None:
        case = Petition(policy, AT).case
        assert card_for(case, 1, "handling", repeat=False, policy=policy).card.id == "green"
        assert card_for(case, 1, "handling", repeat=True, policy=policy).card.id == "yellow"

    def test_a_change_has_a_reason_and_is_looked_at_again_by_the_new_card(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER)
        petition.did(LAST, "petition-change-card", card="red", reason="拟集体赴省上访")
        changed, examined = petition.history[-2:]
        assert (changed.data["was"], changed.data["card"], changed.data["rule"]) == ("green", "red", "named")
        assert changed.data["reason"] == "拟集体赴省上访" and changed.data["asked"] == ["political-legal"]
        assert examined.type == E.PETITION_CARD_EXAMINED
        assert petition.due("card")[0] == "2026-03-11 24:00"  # seven days after 4 March

    def test_nobody_accused_is_told_of_a_card(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER, people=30, representatives=5, accused=("political-legal",))
        told_of = [each.data["asked"] for each in petition.history if each.type == E.PETITION_CARD_CHANGED]
        assert told_of == [[]]

    def test_a_card_demands_what_is_done_before_the_answer(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(AT, people=30, representatives=5).pass_on(AT).accept(AT)
        with pytest.raises(CardDemands) as refused:
            petition.answer(LATER)
        assert refused.value.extra["demanded"] == ["petition-name-leader"]
        petition.did(LATER, "petition-name-leader", leader="gl1", leader_unit="linkage-centre")
        assert petition.answer(LATER).case.state == "answered"

    def test_on_the_way_to_the_next_level_it_gets_graver_and_never_lighter(self, policy: Policy) -> None:
        petition = WAYS["answered"](policy, AT)
        assert petition.ask_review(LATER).case.petition.card == "orange"  # type: ignore[union-attr]
        assert petition.answer_review(LATER).ask_re_review(LAST).case.petition.card == "red"  # type: ignore[union-attr]


class TestALeader:
    def test_who_answers_for_it_finds_it_in_his_own_queue_and_sees_it(self, policy: Policy) -> None:
        petition = WAYS["accepted"](policy, AT)
        leader = StaffMember("gl1", "leader", "linkage-centre", ("320302",))
        assert not may_see(leader, petition.case, policy)
        petition.did(LATER, "petition-name-leader", leader="gl1", leader_unit="linkage-centre")
        assert ("staff/gl1", ANSWER_FOR) in [(task.unit, task.what) for task in petition.case.tasks]
        assert may_see(leader, petition.case, policy)

    def test_never_one_of_whom_it_accuses(self, policy: Policy) -> None:
        petition = Petition(policy, AT).register(LATER, accused=("centre-320302001",))
        with pytest.raises(UnitAccused) as refused:
            petition.did(LAST, "petition-name-leader", leader="gl2", leader_unit="centre-320302001")
        assert refused.value.field == "leader"

    def test_a_stranger_answers_for_nothing(self, policy: Policy) -> None:
        with pytest.raises(InvalidField) as refused:
            WAYS["accepted"](policy, AT).did(LATER, "petition-name-leader", leader="nobody")
        assert refused.value.code == "unknown-leader"


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("item = 6", "item = 5", "petitions.toml: way[petition].item: item 5 has another way already"),
        ("item = 6", "item = 5", "petitions.toml: (file): no way is item 6, which what is accepted here goes by"),
        (
            'superiors = ["petition-office",',
            'superiors = ["city-office",',
            "petitions.toml: superiors: unknown unit 'city-office'",
        ),
        (
            'demands = ["petition-name-leader"]\ntold = ["political-legal"]\nexamine = "7 日"',
            'demands = ["evaluate"]\ntold = ["political-legal"]\nexamine = "7 日"',
            "petitions.toml: card[red].demands: 'evaluate' is nothing that a card can demand",
        ),
        (
            'told = ["political-legal"]',
            'told = ["city-office"]',
            "petitions.toml: card[red].told: unknown unit 'city-office'",
        ),
        (
            "    { people = 30 },\n",
            "    {},\n",
            "petitions.toml: card[red].when[1]: asks nothing, so that no card after it would ever be carried",
        ),
        (
            'zh = "绿卡"\nen = "Green card"\n',
            'zh = "绿卡"\nen = "Green card"\nwhen = [{ people = 2 }]\n',
            "petitions.toml: card[green].when: the last card holds always: there must be one for every petition",
        ),
        (
            '"petition-expropriation", "petition-legacy"] },\n]\nhandling = "责任单位',
            '"petition-nothing"] },\n]\nhandling = "责任单位',
            "petitions.toml: card[yellow].when[3]: unknown category 'petition-nothing'",
        ),
    ],
)
def test_what_is_wrong_with_ways_and_cards_is_named(tmp_path: Path, was: str, becomes: str, fault: str) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    text = (pack / "petitions.toml").read_text("utf-8")
    assert was in text
    (pack / "petitions.toml").write_text(text.replace(was, becomes, 1), "utf-8")
    with pytest.raises(PackInvalid) as invalid:
        compile_pack(pack)
    assert fault in [str(each) for each in invalid.value.faults]


@pytest.mark.parametrize(
    ("becomes", "fault"),
    [
        ('instead = "city-office"', "pack.toml: kind[petition].instead: unknown unit 'city-office'"),
        (
            'instead = "petition-office"',
            "pack.toml: kind[petition].instead: is the unit itself that a matter may accuse",
        ),
    ],
)
def test_who_holds_what_accuses_the_petition_office_is_another(tmp_path: Path, becomes: str, fault: str) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    text = (pack / "pack.toml").read_text("utf-8")
    (pack / "pack.toml").write_text(text.replace('instead = "political-legal"', becomes), "utf-8")
    with pytest.raises(PackInvalid) as invalid:
        compile_pack(pack)
    assert fault in [str(each) for each in invalid.value.faults]


def _examined(policy: Policy, card: str, registered: str) -> str:
    """The last day on which a card that was given then is to be looked at."""
    day = date.fromisoformat(registered[:10])
    return f"{date.fromordinal(day.toordinal() + policy.cards[card].examine.count)} 24:00"
