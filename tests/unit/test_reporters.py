"""Who told: what is kept of somebody, how much of it is shown, and to whom it may be told in clear."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.cases import Case, Joint, Visit
from chalicelib.domain.grid import Area
from chalicelib.domain.masking import Masked, masked, masked_name, masked_phone
from chalicelib.domain.people import Reporter, StaffMember, may_learn_identity
from chalicelib.domain.policy import Policy
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王伟", "王**"),
        ("王小明", "王**"),
        ("王先生", "王**"),
        ("欧阳娜娜", "欧阳**"),
        ("司马光", "司马**"),
        ("歐陽修", "歐陽**"),
        ("欧阳", "欧**"),
        ("单于明月", "单**"),
        ("𠮷田太郎", "𠮷**"),
        ("王", "**"),
        ("阿卜杜拉·买买提", "阿**"),
        ("John Smith", "J**"),
        ("Ólafur", "Ó**"),
        ("  李 雷 ", "李**"),
        ("95588", "**"),
        ("13800000000", "**"),
        ("+8613800000000", "**"),
        ("！", "**"),
    ],
)
def test_a_name_is_shown_by_its_surname_alone(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+8613800000000", "138****0000"),
        ("+8651683712345", "0516****345"),
        ("+861062345678", "010****678"),
        ("+862152345678", "021****678"),
        ("+863123123456", "0312****456"),
        ("+863000000", "+86****000"),
        ("+8610234567", "+86****567"),
        ("+12025550123", "+12****123"),
        ("+85221234567", "+85****567"),
        ("+2901234", "+29****4"),
        ("+123456", "+12****"),
    ],
)
def test_a_phone_is_shown_without_its_middle(phone: str, shown: str) -> None:
    assert masked_phone(phone) == shown


@given(st.from_regex(r"\+(86|[1-9])[0-9]{6,14}", fullmatch=True).filter(lambda phone: len(phone) <= 16))
@example("+863000000")
def test_of_every_number_at_least_four_digits_are_hidden(phone: str) -> None:
    shown = masked_phone(phone)
    assert sum(char.isdigit() for char in shown.lstrip("0")) <= len(phone) - 1 - 4
    assert phone[-8:] not in shown


def test_of_who_does_not_want_to_be_named_nothing_is_shown_and_nothing_kept_but_the_way_to_answer() -> None:
    who = Reporter("王伟", "+8651683712345", True, "801", "360426199101010071", "民主南路99号")
    assert masked(who) == Masked()
    assert who.kept == Reporter(phone="+8651683712345", anonymous=True, extension="801")
    assert not Reporter("王伟", anonymous=True).kept.known


def _case(state: str, **more: object) -> Case:
    area = Area(CELL, ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"))
    turn = {"assigned": "lead", "accepted": "lead", "resolved": "visitor", "closed": "nobody"}.get(state, "desk")
    about = ("ordinary", "mobile", "hazard", turn, "hazard")
    return Case("C", 3, "T", state, "p", NOW, NOW, *about, area=area, **more)  # type: ignore[arg-type]


LEAD, OTHER = officer_of("urban-management"), officer_of("fire-rescue")
HANDLED = {"lead": "urban-management", "desk": f"centre-{COMMUNITY}", "joints": (Joint("fire-rescue", "asked"),)}
VISIT = {"visits": (Visit("C.1", 1, "due", NOW),)}
NEIGHBOUR = StaffMember("w2", "grid-worker", "centre-320302001003", ("3203020010030101",))
AUDITOR, LEADER = (
    StaffMember("au", "auditor", "office", ("320302",)),
    StaffMember("le", "leader", "office", ("320302",)),
)


@pytest.mark.parametrize(
    ("case", "who"),
    [
        (_case("screening", desk=f"centre-{COMMUNITY}"), [STATION, LINKAGE]),
        (_case("assigned", **HANDLED), [LEAD]),
        (_case("accepted", **HANDLED), [LEAD]),
        (_case("resolved", **HANDLED, **VISIT), [WORKER, STATION]),
        (_case("resolved", **HANDLED), []),
        (_case("returned", desk=f"centre-{COMMUNITY}", returned_by="urban-management"), [STATION, LINKAGE]),
        (_case("verifying", **HANDLED), [STATION, LINKAGE]),
        (_case("reopen-requested", **HANDLED), [STATION, LINKAGE]),
        (_case("closed", **HANDLED), []),
    ],
    ids=lambda given: given.state if isinstance(given, Case) else None,
)
def test_who_told_is_told_to_who_has_the_case_in_hand_now(case: Case, who: list[StaffMember], policy: Policy) -> None:
    everybody = [WORKER, NEIGHBOUR, STATION, LINKAGE, ADMIN, LEAD, OTHER, AUDITOR, LEADER]
    assert [each for each in everybody if may_learn_identity(each, case, policy)] == who
