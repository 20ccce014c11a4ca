"""Acting at the edges: one's own request, above the district, jointly with oneself, for a unit that is no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.cases import Case
from chalicelib.domain.errors import (
    ActionNotAllowed,
    DomainError,
    EscalationBeyondDistrict,
    Forbidden,
    InvalidField,
    NotFound,
    NothingBelow,
    OwnRequest,
    UnknownUnit,
)
from chalicelib.domain.people import StaffMember, may_learn_identity
from chalicelib.services.reading import Reading
from tests.world import ADMIN, COMMUNITY, LINKAGE, STATION, WORKER, World, officer_of

STREET = StaffMember("st1", "street", f"centre-{COMMUNITY[:9]}", (COMMUNITY[:9],))
OF_THE_COMMUNITY, OF_A_DEPARTMENT = "corridor-clutter", "missing-manhole-cover"


def accepted(world: World, category: str, by: StaffMember = ADMIN) -> str:
    receipt = world.submit(category=category, urgency="ordinary")
    world.act(receipt.case_id, "accept", by)
    return receipt.case_id


def a_day_later(world: World, case_id: str) -> date:
    clock = world.case(case_id).clock("resolve")
    assert clock is not None
    return (clock.due_at.astimezone(world.policy.zone) + timedelta(days=1)).date()


def asks_for_time(world: World, case_id: str, by: StaffMember) -> Case:
    return world.act(case_id, "request-extension", by, until=a_day_later(world, case_id), reason="等配件")


def refuses(world: World, case_id: str, error: type[DomainError], action: str, by: StaffMember, **said: object) -> None:
    """Whoever asks for it is refused, and the case stays as it was."""
    before = world.case(case_id)
    with pytest.raises(error):
        world.act(case_id, action, by, **said)
    assert world.case(case_id) == before


class TestOnesOwnRequest:
    def test_nobody_decides_on_what_he_or_she_asked_for(self, world: World) -> None:
        case_id = accepted(world, OF_A_DEPARTMENT)
        asks_for_time(world, case_id, ADMIN)
        refuses(world, case_id, OwnRequest, "approve-extension", ADMIN)
        refuses(world, case_id, OwnRequest, "refuse-extension", ADMIN, reason="不同意")
        assert world.act(case_id, "approve-extension", STATION).extension is None

    def test_where_the_desk_leads_itself_who_is_above_decides_and_nobody_of_the_desk(self, world: World) -> None:
        case_id = accepted(world, OF_THE_COMMUNITY, STATION)
        asked = asks_for_time(world, case_id, STATION)
        assert asked.lead == asked.desk == STATION.unit
        assert asked.extension is not None and asked.extension.approver == STREET.unit
        for by in (STATION, replace(STATION, id="s2")):
            refuses(world, case_id, Forbidden, "approve-extension", by)
        assert world.act(case_id, "approve-extension", STREET).extension is None

    def test_nobody_is_above_the_district_so_that_another_of_its_desk_decides(self, world: World) -> None:
        case_id = accepted(world, OF_A_DEPARTMENT, officer_of("urban-management"))
        world.act(case_id, "escalate", officer_of("urban-management"), reason="需区级协调")
        world.act(case_id, "accept", LINKAGE)
        asks_for_time(world, case_id, LINKAGE)
        refuses(world, case_id, OwnRequest, "approve-extension", LINKAGE)
        assert world.act(case_id, "approve-extension", replace(LINKAGE, id="l2")).extension is None

    def test_an_extension_is_decided_by_the_desk_that_dispatched_and_by_no_other(self, world: World) -> None:
        case_id = accepted(world, OF_A_DEPARTMENT, officer_of("urban-management"))
        asks_for_time(world, case_id, officer_of("urban-management"))
        other = replace(STATION, unit="centre-320302001001", areas=(COMMUNITY,))
        for by in (other, STREET, replace(WORKER, unit=STATION.unit)):
            refuses(world, case_id, Forbidden, "approve-extension", by)
        assert world.act(case_id, "refuse-extension", STATION, reason="时间足够").extension is None


class TestUpAndDown:
    def test_a_matter_goes_up_level_by_level_and_never_beyond_the_district(self, world: World) -> None:
        case_id = accepted(world, OF_THE_COMMUNITY, STATION)
        levels = [world.case(case_id).level]
        for by in (STATION, STREET):
            while world.case(case_id).lead == by.unit:
                levels.append(world.act(case_id, "escalate", by, reason="超出本级能力").level)
            above = {STATION: STREET, STREET: LINKAGE}[by]
            assert world.act(case_id, "accept", above).lead == above.unit
        assert levels == sorted(set(levels), key=["building", "cell", "community", "street", "district"].index)
        assert levels[-1] == "district"
        refuses(world, case_id, EscalationBeyondDistrict, "escalate", LINKAGE, reason="还要上报")

    def test_a_matter_goes_down_to_the_community_and_no_further(self, world: World) -> None:
        case_id = accepted(world, OF_A_DEPARTMENT, officer_of("urban-management"))
        for by, below in ((officer_of("urban-management"), STREET), (STREET, STATION)):
            assert world.act(case_id, "delegate", by, reason="属地办理").lead == below.unit
            world.act(case_id, "accept", below)
        refuses(world, case_id, Forbidden, "delegate", STATION, reason="再下派")
        refuses(world, case_id, NothingBelow, "delegate", ADMIN, reason="再下派")


class TestJointly:
    def test_nobody_is_asked_to_act_jointly_with_oneself_nor_twice(self, world: World) -> None:
        lead = officer_of("urban-management")
        case_id = accepted(world, OF_A_DEPARTMENT, lead)
        for units, code in (
            ((lead.unit,), "joint-with-oneself"),
            (("water", "water"), "joint-already"),
            ((STATION.unit,), "joint-already"),  # the category asks the community
            (("nowhere",), "unknown-unit"),
        ):
            with pytest.raises(DomainError) as caught:
                world.act(case_id, "request-joint", lead, units=units, reason="需要配合")
            assert (caught.value.code, caught.value.field) == (code, f"units[{len(units) - 1}]")
        with pytest.raises(InvalidField) as asked:
            world.act(case_id, "request-joint", ADMIN, units=(lead.unit,), reason="需要配合")
        assert asked.value.code == "joint-with-oneself"

    def test_a_unit_speaks_for_itself_and_for_no_other_that_is_asked(self, world: World) -> None:
        lead = officer_of("urban-management")
        case_id = accepted(world, OF_A_DEPARTMENT, lead)
        world.act(case_id, "request-joint", lead, units=("water", "fire-rescue"), reason="需要配合")
        for unit in ("fire-rescue", lead.unit, "nowhere"):
            refuses(world, case_id, Forbidden, "accept-joint", officer_of("water"), unit=unit)
        refuses(world, case_id, Forbidden, "accept-joint", LINKAGE, unit="water")
        assert dict(world.act(case_id, "accept-joint", officer_of("water"), unit="water").joints)["water"] == "accepted"
        refused = world.act(case_id, "refuse-joint", ADMIN, unit="fire-rescue", reason="无管辖权")
        assert dict(refused.joints)["fire-rescue"] == "refused"

    def test_a_unit_that_refused_or_is_done_is_asked_for_nothing_more(self, world: World) -> None:
        lead, water = officer_of("urban-management"), officer_of("water")
        case_id = accepted(world, OF_A_DEPARTMENT, lead)
        world.act(case_id, "request-joint", lead, units=("water",), reason="需要配合")
        refuses(world, case_id, ActionNotAllowed, "finish-joint", water, note="好了")
        world.act(case_id, "refuse-joint", water, reason="无管辖权")
        refuses(world, case_id, NotFound, "accept-joint", water)
        assert "water" in world.act(case_id, "request-joint", lead, units=("water",), reason="再次请求").open_joints


class TestAUnitThatIsNoMore:
    """The district abolishes a unit that holds cases: they go by the version that has it, and its desk stands in."""

    def abolish(self, world: World, *units: str) -> None:
        left = {name: unit for name, unit in world.policy.units.items() if name not in units}
        world.policies.earlier[world.policy.version] = world.policy
        world.policies.current = replace(world.policy, units=left, version="gulou-without")

    def test_the_desk_goes_on_with_what_it_led(self, world: World) -> None:
        case_id = world.submit(category=OF_A_DEPARTMENT).case_id
        self.abolish(world, "urban-management")
        for by in (WORKER, STREET):
            refuses(world, case_id, Forbidden, "accept", by)
        refuses(world, case_id, NotFound, "accept", officer_of("water"))
        world.act(case_id, "accept", STATION)
        assert may_learn_identity(STATION, world.case(case_id), world.policies.current)
        moved = world.act(case_id, "transfer", STATION, unit="water", reason="原单位撤销")
        assert (moved.state, moved.lead) == ("assigned", "water")
        refuses(world, case_id, Forbidden, "accept", STATION)

    def test_so_does_the_linkage_centre_and_an_administrator(self, world: World) -> None:
        for by in (LINKAGE, ADMIN):
            case_id = world.submit(category=OF_A_DEPARTMENT, text="又一处井盖缺失").case_id
            self.abolish(world, "urban-management")
            world.act(case_id, "accept", by)
            assert world.act(case_id, "escalate", by, reason="原单位撤销").lead == LINKAGE.unit
            world.policies.current = world.policy

    def test_nothing_more_is_given_to_it(self, world: World) -> None:
        lead = officer_of("urban-management")
        case_id = accepted(world, OF_A_DEPARTMENT, lead)
        self.abolish(world, "water")
        refuses(world, case_id, UnknownUnit, "transfer", lead, unit="water", reason="属水务管辖")
        refuses(world, case_id, UnknownUnit, "request-joint", lead, units=("water",), reason="需要配合")
        world.act(case_id, "return", lead, reason="不属于我单位")
        refuses(world, case_id, UnknownUnit, "assign", STATION, unit="water", reason="属水务管辖")

    def test_the_desk_answers_for_it_where_it_was_asked_jointly(self, world: World) -> None:
        lead = officer_of("urban-management")
        case_id = accepted(world, OF_A_DEPARTMENT, lead)
        world.act(case_id, "request-joint", lead, units=("water", "fire-rescue"), reason="需要配合")
        self.abolish(world, "water")
        refuses(world, case_id, Forbidden, "refuse-joint", STATION, unit="fire-rescue", reason="单位撤销")
        refused = world.act(case_id, "refuse-joint", STATION, unit="water", reason="单位撤销")
        assert "water" not in refused.open_joints

    def test_the_linkage_centre_stands_in_for_a_desk(self, world: World) -> None:
        lead = officer_of("urban-management")
        case_id = accepted(world, OF_A_DEPARTMENT, lead)
        world.act(case_id, "return", lead, reason="不属于我单位")
        self.abolish(world, STATION.unit)
        assert world.act(case_id, "assign", LINKAGE, unit="water", reason="属水务管辖").lead == "water"

    def test_the_district_reads_its_queue_until_nothing_waits_in_it(self, world: World) -> None:
        case_id = world.submit(category=OF_A_DEPARTMENT).case_id
        self.abolish(world, "urban-management")
        reading = Reading(world.store, world.policies)
        page = reading.queue("urban-management", LINKAGE, 10, None)
        assert [item.case_id for item in page.items] == [case_id]
        for by in (STATION, STREET, officer_of("water")):
            with pytest.raises(NotFound):
                reading.queue("urban-management", by, 10, None)
        world.act(case_id, "accept", STATION)
        world.act(case_id, "transfer", STATION, unit="water", reason="原单位撤销")
        with pytest.raises(NotFound):
            reading.queue("urban-management", LINKAGE, 10, None)

    def test_what_is_late_there_is_escalated_as_before(self, world: World) -> None:
        case_id = world.submit(category=OF_A_DEPARTMENT).case_id
        self.abolish(world, "urban-management")
        world.clock.forward(days=1)
        assert world.acting.fall_due(case_id, "r")
        assert LINKAGE.unit in world.case(case_id).supervisors


def test_who_supervises_what_is_late_may_read_it_from_then_on_and_does_nothing_to_it(world: World) -> None:
    case_id = world.submit(category=OF_A_DEPARTMENT).case_id
    supervising = StaffMember("d1", "department", LINKAGE.unit, ())
    with pytest.raises(NotFound):
        world.reading.case(case_id, supervising)
    world.clock.forward(days=1)
    assert world.acting.fall_due(case_id, "r")
    assert world.reading.case(case_id, supervising).id == case_id
    refuses(world, case_id, Forbidden, "accept", supervising)
