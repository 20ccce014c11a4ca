"""Whom a petition accuses: which units that reaches, who may see it all the same, and that no act tells one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.accused import accused_reach, in_place_of, told_by
from chalicelib.domain.cases import Case, Joint, queue_of_staff
from chalicelib.domain.containment import superiors
from chalicelib.domain.errors import UnitAccused
from chalicelib.domain.events import SYSTEM, Event
from chalicelib.domain.grid import Area
from chalicelib.domain.people import StaffMember, may_list, may_read_queue, may_see
from chalicelib.domain.petitions import Petition
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Circumstances, migrate
from chalicelib.models.case_rows import CaseRow, summary_from
from tests.petitioning import Petition as Way

COMMUNITY = "320302001002"
CENTRE, STREET, NEXT, LINKAGE = f"centre-{COMMUNITY}", "centre-320302001", "centre-320302001003", "linkage-centre"
OFFICE, POLICE, TRAFFIC, HEALTH = "petition-office", "public-security", "traffic-police", "health"
AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accused", "reached", "spared"),
    [
        ([CENTRE], [CENTRE], [NEXT, STREET, LINKAGE, HEALTH]),
        ([STREET], [STREET, CENTRE, NEXT], [LINKAGE, "centre-320302002", HEALTH]),
        ([LINKAGE], [LINKAGE, STREET, CENTRE, "centre-320302002"], [HEALTH, OFFICE, POLICE]),
        ([POLICE], [POLICE, TRAFFIC], [HEALTH, LINKAGE, CENTRE]),
        ([TRAFFIC], [TRAFFIC], [POLICE]),
        ([HEALTH, CENTRE], [HEALTH, CENTRE], [STREET, POLICE]),
        (["abolished"], ["abolished"], [HEALTH]),
        ([], [], [HEALTH, CENTRE, LINKAGE]),
    ],
)
def test_who_is_accused_is_so_with_all_its_parts_and_not_with_who_is_above(
    policy: Policy, accused: list[str], reached: list[str], spared: list[str]
) -> None:
    units = [*policy.units, "abolished"]
    found = [unit for unit in units if accused_reach(unit, accused, policy)]
    assert set(reached) <= set(found) and not set(spared) & set(found)
    assert not accused_reach(None, accused, policy)


def petition(**known: Any) -> Case:
    facts = {
        **{"id": "01C", "version": 3, "tracking_code": "7K3M9QXA", "state": "accepted", "policy_version": "v"},
        **{"opened_at": AT, "updated_at": AT, "urgency": "ordinary", "source": "mobile", "procedure": "petition"},
        **{"turn": "lead", "kind": "petition", "category": "petition-legacy", "desk": OFFICE, "lead": HEALTH},
        **{"area": Area(f"{COMMUNITY}0101", ("区", "街道", "社区", "小区", "网格")), "submitters": ("me",)},
    }
    return Case(**{**facts, **known})


@pytest.mark.parametrize("accused", [(LINKAGE,), (STREET,), (HEALTH, POLICE), (OFFICE,)])
def test_nobody_of_the_accused_sees_it_whatever_the_role_and_whatever_else_he_or_she_has_to_do_with_it(
    policy: Policy, accused: tuple[str, ...]
) -> None:
    reached = [unit for unit in policy.units if accused_reach(unit, accused, policy)]
    for unit in reached:
        case = petition(
            **{"lead": unit, "desk": unit, "joints": (Joint(unit, "accepted"),)},
            petition=Petition(accused=accused, leader="me", decider=unit),
        )
        rows = [CaseRow.of(each) for each in (case, replace(case, turn="desk", state="returned"))]
        for role in policy.roles:
            me = StaffMember("me", role, unit, ("320302", COMMUNITY))
            assert not may_see(me, case, policy)
            for row in rows:
                listed = summary_from(row.attribute_values)
                assert not may_list(me, listed, policy) and not may_list(me, listed, policy, reported=True)


def test_the_bodies_it_is_with_see_it_and_nobody_else(policy: Policy) -> None:
    case = petition(
        joints=(Joint("education", "asked"), Joint("water", "done"), Joint("ecology", "refused")),
        petition=Petition(accused=(CENTRE,), leader="b9", decider="political-legal"),
    )
    sees = {"health", "education", "political-legal"}
    for unit in policy.units:
        for role in ("department", "unit-head"):
            assert may_see(StaffMember("x", role, unit, ("320302",)), case, policy) is (unit in sees | {OFFICE}), unit
        for role in ("auditor", "mediator", "grid-worker"):
            assert not may_see(StaffMember("x", role, unit, ("320302",)), case, policy), "who only looks on, or walks"
    assert may_see(StaffMember("b9", "leader", "veterans-affairs", ()), case, policy)
    assert not may_see(StaffMember("me", "department", "water", ("320302",)), case, policy), "who told of it"
    assert case.units == (HEALTH, "education"), "who is done with it is told of it no more"


def test_what_waits_for_a_leader_is_asked_for_by_that_leader_only(policy: Policy) -> None:
    leader = StaffMember("b9", "leader", "political-legal", ("320302",))
    assert may_read_queue(leader, queue_of_staff("b9"), policy)
    for role in policy.roles:
        assert not may_read_queue(StaffMember("x", role, LINKAGE, ("320302",)), queue_of_staff("b9"), policy)


@pytest.mark.parametrize(
    ("action", "said", "field"),
    [
        ("petition-pass-on", {"unit": TRAFFIC}, "unit"),
        ("petition-pass-on", {"unit": HEALTH, "units": ("education", CENTRE)}, "units[1]"),
        ("petition-name-leader", {"leader": "b1", "leader_unit": STREET}, "leader"),
    ],
)
def test_no_act_names_a_unit_that_it_accuses(policy: Policy, action: str, said: dict[str, Any], field: str) -> None:
    way = Way(policy, "2026-11-23 09:00").register("2026-11-23 10:00", accused=(POLICE, STREET))
    with pytest.raises(UnitAccused) as refused:
        way.act("2026-11-23 11:00", action, **said)
    assert refused.value.field == field


def test_nor_does_one_that_nobody_named(policy: Policy) -> None:
    case = petition(petition=Petition(accused=(POLICE,)))
    for told in ({"asked": [TRAFFIC]}, {"approver": POLICE}, {"escalated_to": POLICE}, {"unit": TRAFFIC}):
        event = Event("01C", 3, 1, "case.advanced.v1", AT, SYSTEM, "v", told, "r", "r")
        with pytest.raises(UnitAccused):
            told_by(case, [event], policy)
    with pytest.raises(UnitAccused):
        told_by(replace(case, joints=(Joint(TRAFFIC, "asked"),)), [], policy)
    told_by(case, [], policy)


def test_where_nobody_chooses_the_next_takes_it_and_where_nobody_is_left_it_is_said(policy: Policy) -> None:
    kind = policy.kinds["petition"]
    for accused, takes in (((), OFFICE), ((OFFICE,), kind.instead), ((OFFICE, kind.instead), "justice")):
        assert in_place_of(OFFICE, petition(petition=Petition(accused=accused)), policy) == takes
    with pytest.raises(UnitAccused):
        in_place_of(OFFICE, petition(petition=Petition(accused=(OFFICE, *policy.superiors))), policy)


def test_what_is_late_is_told_to_its_desk_and_to_nobody_that_it_accuses(policy: Policy) -> None:
    assert superiors(petition(petition=Petition(accused=(LINKAGE,))), policy) == (OFFICE,)
    becomes_another = petition(kind="livelihood", lead=CENTRE, petition=Petition(accused=(STREET,)))
    assert superiors(replace(becomes_another, lead="centre-320302002001"), policy)[-1] == LINKAGE
    assert superiors(becomes_another, policy) == (LINKAGE,)


def test_who_becomes_part_of_the_accused_by_a_new_policy_is_released(policy: Policy) -> None:
    case = petition(
        joints=(Joint("water", "accepted"), Joint("ecology", "asked")), petition=Petition(accused=(HEALTH,))
    )
    case = replace(case, lead="education")
    units = {**policy.units, "water": policy.units["water"]._replace(part_of=HEALTH)}
    changed = migrate(case, Circumstances(SYSTEM, AT, replace(policy, version="next", units=units), "r", "r")).case
    assert changed.open_joints == ("ecology",)
