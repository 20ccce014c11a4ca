"""The pool of people: who may not sit at a table and why, who is proposed and in which order."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import panels as P
from chalicelib.domain.panels import Days, Member, Objection, Sought, objections, ordered, proposed, rule_for
from chalicelib.domain.policy import PanelRule, Policy
from chalicelib.policy.loader import policy_from

COMMUNITY, STREET, DISTRICT = "320302001002", "320302001", "320302"
CELL = f"{COMMUNITY}0101"
DAY = "2026-11-24"
SOUGHT = Sought(DAY, "dispute", "neighbour-dispute", CELL)


def member(name: str = "m1", what: str = P.MEDIATOR, **said: object) -> Member:
    known = {"organisation": "万通社区人民调解委员会", "areas": (COMMUNITY,), **said}
    return Member(name, f"某{name}", what, **known)  # type: ignore[arg-type]


def codes(found: tuple[Objection, ...]) -> list[str]:
    return [each.code for each in found]


class TestObjections:
    def test_nothing_is_objected_to_who_serves_the_area_knows_the_field_and_is_free(self) -> None:
        assert objections(member(good_at=("neighbour-dispute",)), SOUGHT) == ()

    @pytest.mark.parametrize(
        ("said", "sought", "code"),
        [
            ({"unit": "public-security"}, {"parties": ("public-security",)}, P.UNIT_IS_PARTY),
            ({"organisation": "鼓楼 物业"}, {"parties": ("鼓楼物业",)}, P.UNIT_IS_PARTY),
            ({"organisation": "ＡＢＣ公司"}, {"parties": ("abc公司",)}, P.UNIT_IS_PARTY),
            ({"bound_to": ("water",)}, {"parties": ("transport", "water")}, P.BOUND_TO_PARTY),
            ({"bound_to": ("万通物业公司",)}, {"parties": ("万通物业公司 ",)}, P.BOUND_TO_PARTY),
            ({}, {"related": {"m1": "一方的表兄"}}, P.RELATED),
            ({}, {"related": {"m1": ""}}, P.RELATED),
            ({"from_day": "2026-11-25"}, {}, P.NOT_SERVING),
            ({"until_day": "2026-11-23"}, {}, P.NOT_SERVING),
            ({"away": (Days("2026-11-20", DAY),)}, {}, P.UNAVAILABLE),
            ({"away": (Days(DAY, "2026-11-30"),)}, {}, P.UNAVAILABLE),
            ({"areas": ("320302001003",)}, {}, P.OUTSIDE_AREA),
            ({"areas": (f"{COMMUNITY}02",)}, {}, P.OUTSIDE_AREA),
            ({"good_at": ("unpaid-wages",)}, {}, P.OTHER_FIELD),
        ],
    )
    def test_each_reason_is_found_alone_with_its_code_and_a_chinese_sentence(
        self, said: dict[str, object], sought: dict[str, object], code: str
    ) -> None:
        (found,) = objections(member(**said), SOUGHT._replace(**sought))  # type: ignore[arg-type]
        assert found.code == code and found.recusal is (code in P.RECUSALS)
        assert any("\u4e00" <= char <= "\u9fff" for char in found.zh) and found.en

    @pytest.mark.parametrize(
        ("said", "sought"),
        [
            ({"until_day": DAY, "from_day": DAY}, {}),
            ({"away": (Days("2026-11-20", "2026-11-23"), Days("2026-11-25", "2026-11-30"))}, {}),
            ({"areas": (STREET,)}, {}),
            ({"areas": (DISTRICT,)}, {}),
            ({"good_at": ("dispute",)}, {}),
            ({"unit": ""}, {"parties": ("", " ")}),
            ({"bound_to": ("water",)}, {"parties": ("water-supply",)}),
            ({}, {"related": {"m2": "同事"}}),
            ({"areas": (), "good_at": ("unpaid-wages",)}, {"area": None, "kind": None, "category": None}),
        ],
    )
    def test_what_only_looks_like_a_reason_is_none(self, said: dict[str, object], sought: dict[str, object]) -> None:
        assert objections(member(**said), SOUGHT._replace(**sought)) == ()  # type: ignore[arg-type]

    def test_a_partys_cousin_who_is_away_is_told_both_the_recusal_first(self) -> None:
        cousin = member(away=(Days(DAY, DAY),), unit="water", bound_to=("water",))
        found = objections(cousin, SOUGHT._replace(parties=("water",), related={"m1": "表兄"}))
        assert codes(found) == [P.UNIT_IS_PARTY, P.BOUND_TO_PARTY, P.RELATED, P.UNAVAILABLE]
        assert "表兄" in found[2].zh


class TestProposal:
    RULE = PanelRule("general", "联合调解小组", (), (), ((P.MEDIATOR, 1), (P.POLICE, 1), (P.LAWYER, 1)))

    def test_the_nearest_comes_first_then_the_specialist_then_the_id(self) -> None:
        pool = [
            member("d", areas=(DISTRICT,), good_at=("neighbour-dispute",)),
            member("c2", areas=(COMMUNITY,)),
            member("c1", areas=(COMMUNITY,)),
            member("s", areas=(COMMUNITY,), good_at=("neighbour-dispute",)),
            member("k", areas=(COMMUNITY,), good_at=("dispute",)),
            member("x", areas=(STREET, CELL)),
        ]
        assert [each.id for each in ordered(pool, SOUGHT)] == ["x", "s", "k", "c1", "c2", "d"]

    def test_each_seat_has_whom_it_needs_and_whom_else_one_may_ask(self) -> None:
        pool = [
            member("m2"),
            member("m1"),
            member("p1", P.POLICE, unit="public-security", areas=(DISTRICT,)),
            member("l1", P.LAWYER, areas=(STREET,)),
            member("e1", P.ELDER),
        ]
        found = proposed(pool, self.RULE, SOUGHT)
        assert [(seat.what, [each.member.id for each in seat.proposed]) for seat in found.seats] == [
            (P.MEDIATOR, ["m1"]),
            (P.POLICE, ["p1"]),
            (P.LAWYER, ["l1"]),
        ]
        assert [each.member.id for each in found.seats[0].others] == ["m2"]
        assert found.complete and found.excluded == ()
        assert found.seats[0].proposed[0].why == "服务本社区，不限类型"

    def test_a_seat_nobody_can_take_is_missing_and_who_is_recused_is_named(self) -> None:
        pool = [
            member("p1", P.POLICE, unit="public-security"),
            member("m1", away=(Days(DAY, DAY),)),
            member("e1", P.ELDER, unit="public-security"),
        ]
        found = proposed(pool, self.RULE, SOUGHT._replace(parties=("public-security",)))
        assert not found.complete and [seat.missing for seat in found.seats] == [1, 1, 1]
        assert [(who.id, codes(why)) for who, why in found.excluded] == [("p1", [P.UNIT_IS_PARTY])]

    def test_an_empty_pool_proposes_nobody(self) -> None:
        assert [seat.missing for seat in proposed([], self.RULE, SOUGHT).seats] == [1, 1, 1]

    @given(
        seed=st.integers(),
        pool=st.lists(
            st.builds(
                member,
                st.text("abc123", min_size=1, max_size=3),
                st.sampled_from(P.WHATS),
                areas=st.sampled_from([(COMMUNITY,), (STREET,), (DISTRICT,), ("320302007",), ()]),
                good_at=st.sampled_from([(), ("dispute",), ("neighbour-dispute",), ("unpaid-wages",)]),
                unit=st.sampled_from(["", "water", "justice"]),
                away=st.sampled_from([(), (Days(DAY, DAY),)]),
            ),
            unique_by=lambda each: each.id,
            max_size=30,
        ),
    )
    def test_a_proposal_is_the_same_in_any_order_and_nobody_in_it_is_objected_to(
        self, pool: list[Member], seed: int
    ) -> None:
        sought = SOUGHT._replace(parties=("water",))
        found = proposed(pool, self.RULE, sought)
        shuffled = list(pool)
        Random(seed).shuffle(shuffled)
        assert proposed(shuffled, self.RULE, sought) == found
        asked = [each.member for seat in found.seats for each in (*seat.proposed, *seat.others)]
        assert len(asked) == len(set(asked)) and not any(objections(each, sought) for each in asked)
        for (what, needed), seat in zip(self.RULE.seats, found.seats, strict=True):
            suited = sum(each.what == what and not objections(each, sought) for each in pool)
            assert len(seat.proposed) == min(needed, suited) and seat.missing == max(0, needed - suited)


class TestRules:
    @pytest.mark.parametrize(
        ("kind", "category", "panel"),
        [
            ("dispute", "family-dispute", "family"),
            ("dispute", "unpaid-wages", "labour"),
            ("dispute", "debt-dispute", "general"),
            ("petition", "petition-official-conduct", "petition"),
            ("hazard", None, "general"),
            (None, None, "general"),
        ],
    )
    def test_a_matter_finds_its_panel(self, policy: Policy, kind: str | None, category: str | None, panel: str) -> None:
        assert rule_for(kind, category, policy).id == panel

    def test_every_matter_of_the_pack_finds_one(self, policy: Policy) -> None:
        for category in policy.categories.values():
            assert rule_for(category.kind, category.id, policy).seats

    def test_the_seven_dockings_and_the_ways_are_there_with_those_named_after_a_failure(self, policy: Policy) -> None:
        dockings = sorted(policy.dockings.values(), key=lambda docking: docking.rank)
        assert [docking.zh[:2] for docking in dockings] == ["访调", "公调", "检调", "诉调", "援调", "行调", "镇村"]
        assert all(docking.unit in policy.units for docking in dockings if docking.unit)
        named = {way.id for way in policy.settling_ways.values() if way.other}
        assert named == {"arbitration", "administrative-ruling", "administrative-review", "litigation"}
        assert len(policy.settling_ways) == 11

    def test_a_version_of_before_there_were_panels_is_still_read(self, pack_file: Path) -> None:
        pack = json.loads(pack_file.read_bytes())
        for section in ("panels", "dockings", "settling_ways"):
            del pack[section]
        earlier = policy_from(pack)
        assert (earlier.panels, earlier.dockings, earlier.settling_ways) == ((), {}, {})
        with pytest.raises(KeyError):
            rule_for("dispute", "noise", earlier)
