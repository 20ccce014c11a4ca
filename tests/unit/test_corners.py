"""Corners of the procedures that the machine of `tests.machine` ran into, each by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.adapters.system import RandomIds
from chalicelib.domain import events as E
from chalicelib.domain.audit import BY_COMMAND, Origin
from chalicelib.domain.cases import Case, Joint
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.errors import ExtensionTooLong, Forbidden, InvalidField, UnknownUnit
from chalicelib.domain.events import SYSTEM, Event
from chalicelib.domain.people import StaffMember, may_see
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Particulars
from chalicelib.domain.records import Command
from chalicelib.domain.reports import Report
from chalicelib.services.acting import Acting, Asked
from chalicelib.services.intake import Intake
from chalicelib.services.matching import Matching
from chalicelib.services.migrating import Migrating
from infra.policy.stranding import missing
from tests.memory import MemoryCaseStore, MemoryGrid, MemoryPool, MemoryRoster
from tests.world import HandClock, Kept, OpenSealer, PlainPhones, officer_of

COMMUNITY = "320302001002"
CELL = f"{COMMUNITY}0101"
STATION = StaffMember("s", "station", f"centre-{COMMUNITY}", (COMMUNITY,))
OTHER = StaffMember("t", "station", f"centre-{COMMUNITY}", (COMMUNITY,))
WALKER = StaffMember("w", "grid-worker", f"centre-{COMMUNITY}", (COMMUNITY,))
LINKAGE = StaffMember("l", "linkage-centre", "linkage-centre", ("320302",))


class Town:
    """The services on memory, with one cell."""

    def __init__(self, policy: Policy) -> None:
        self.clock = HandClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
        self.store = MemoryCaseStore()
        self.policies = Kept(policy)
        grid, roster = MemoryGrid([CELL, COMMUNITY]), MemoryRoster()
        sealer, phones = OpenSealer(), PlainPhones()
        self.acting = Acting(self.store, grid, roster, self.policies, self.clock, RandomIds(), pool=MemoryPool)
        matching = Matching(self.store, grid, self.policies, self.clock)
        self.intake = Intake(self.store, grid, roster, self.policies, sealer, phones, matching, self.clock, RandomIds())
        self._numbers = count(1)

    def report(self, category: str | None) -> str:
        number, now = next(self._numbers), self.clock.now()
        known = Report("mobile", f"m{number}", "f", "有事", now, now, category, area_code=CELL, submitted_by=WALKER.id)
        return self.intake.submit(known, WALKER.actor, "r").case_id

    def case(self, case_id: str) -> Case:
        case = self.store.case(case_id)
        assert case is not None
        return case

    def act(self, case_id: str, action: str, by: StaffMember, area: str | None = None, **said: Any) -> Case:
        asked = Asked(by, Command(f"c{next(self._numbers)}", action), self.case(case_id).version, "r")
        return self.acting.act(case_id, action, asked, Particulars(**said), area)

    def told(self, case_id: str, event_type: str) -> list[Event]:
        return [event for event in self.store.history(case_id) if event.type == event_type]

    def ended(self, case_id: str, name: str) -> Clock:
        return next(clock for clock in reversed(self.case(case_id).clocks) if clock.name == name)

    def deploy(self, policy: Policy) -> None:
        self.policies.earlier[self.policies.current.version] = self.policies.current
        self.policies.current = policy


@pytest.fixture
def town(policy: Policy) -> Town:
    return Town(policy)


def test_a_clock_that_ended_late_is_late_though_no_sweep_has_seen_it(town: Town) -> None:
    case_id = town.report("noise")  # to be accepted within four hours
    town.clock.forward(hours=5)
    town.act(case_id, "return", STATION, reason="不属于我单位")
    assert town.ended(case_id, "accept").state is ClockState.BREACHED


def test_what_ran_out_is_told_step_by_step_however_late_and_a_visit_has_its_time_all_the_same(town: Town) -> None:
    case_id = town.report("neighbour-dispute")
    town.act(case_id, "accept", STATION)
    town.act(case_id, "resolve", STATION, note="双方已和解。")
    town.clock.forward(days=60)
    assert town.acting.fall_due(case_id, "r")
    steps = [event.data["step"] for event in town.told(case_id, E.CLOCK_BREACHED) if event.data["clock"] == "visit"]
    assert steps == [1, 2]
    assert town.told(case_id, E.VISIT_DUE) and town.case(case_id).open
    town.clock.forward(days=60)
    assert town.acting.fall_due(case_id, "r")
    assert town.case(case_id).outcome == "unvisited"
    assert town.ended(case_id, "visit").state is ClockState.BREACHED


def test_what_was_voided_before_anybody_led_is_screened_again_when_it_is_reopened(town: Town) -> None:
    case_id = town.report(None)
    town.act(case_id, "void", STATION, reason="重复上报")
    town.act(case_id, "request-reopen", WALKER, reason="不是重复的")
    case = town.act(case_id, "grant-reopen", STATION)
    assert (case.state, case.unit, case.lead) == ("screening", STATION.unit, None)
    assert town.act(case_id, "classify", STATION, area=CELL, category="noise").state == "assigned"


def test_an_extension_asked_for_before_time_stood_still_does_not_shorten_it(town: Town) -> None:
    case_id = town.report("street-light")
    lead = officer_of(town.case(case_id).lead or "")
    town.act(case_id, "accept", lead)
    due = town.case(case_id).clock("resolve")
    assert due is not None
    until = due.due_at.astimezone(town.policies.current.zone).date()
    town.act(case_id, "request-extension", lead, reason="等配件", until=until.replace(day=until.day + 1))
    town.act(case_id, "suspend", lead, reason="等停电")
    assert town.case(case_id).extension is None
    assert "decide" not in {task.what for task in town.case(case_id).tasks}


def test_no_joint_unit_speaks_for_another(town: Town) -> None:
    case_id = town.report("land-dispute")
    first, second = town.case(case_id).joint_units
    with pytest.raises(Forbidden):
        town.act(case_id, "accept-joint", officer_of(first), unit=second)
    case = town.act(case_id, "accept-joint", officer_of(first), unit=first)
    assert case.joints == (Joint(first, "accepted"), Joint(second, "asked"))


def test_an_extension_until_the_last_day_of_the_calendar_is_too_long(town: Town) -> None:
    case_id = town.report("neighbour-dispute")
    town.act(case_id, "accept", STATION)
    with pytest.raises(ExtensionTooLong):
        town.act(case_id, "request-extension", STATION, reason="外出", until=date.max)


def test_nobody_is_made_responsible_who_was_abolished_since(town: Town, policy: Policy) -> None:
    case_id = town.report("neighbour-dispute")
    town.act(case_id, "accept", STATION)
    units = {name: unit for name, unit in policy.units.items() if name != "justice"}
    town.deploy(replace(policy, version="next", units=units))
    with pytest.raises(UnknownUnit, match="unit"):
        town.act(case_id, "transfer", STATION, unit="justice", reason="属司法局职责")
    with pytest.raises(UnknownUnit, match=r"units\[1\]"):
        town.act(case_id, "request-joint", STATION, units=("health", "justice"), reason="请协助")


def test_what_a_new_policy_does_without_is_released_and_screened_again(town: Town, policy: Policy) -> None:
    """Without the category: no act can go by one that is not there. A petition goes to the desk of petitions."""
    petition = next(each.id for each in policy.categories.values() if each.kind == "petition")
    asked, petitioned = town.report("family-dispute"), town.report(petition)
    assert town.case(asked).open_joints == ("women-federation",)
    deployed = replace(
        policy,
        version="next",
        units={name: unit for name, unit in policy.units.items() if name != "women-federation"},
        categories={name: each for name, each in policy.categories.items() if name != petition},
    )
    town.deploy(deployed)
    for case_id in (asked, petitioned):
        Migrating(town.store, town.clock).migrate(case_id, deployed, Origin(SYSTEM, BY_COMMAND, "r"))
    assert town.case(asked).joints == ()
    assert town.told(asked, E.CASE_MIGRATED)[0].data["released"] == ["women-federation"]
    case = town.case(petitioned)
    assert (case.state, case.category, case.kind, case.unit) == ("screening", None, "petition", "petition-office")


@pytest.mark.parametrize("becomes", ["petition", "of-new"])
def test_what_a_new_policy_has_under_a_kind_that_others_see_is_screened_again_at_the_districts_desk(
    town: Town, policy: Policy, becomes: str
) -> None:
    """Made confidential, or of a kind that is called otherwise now: too many would see it, or nobody who leads it."""
    case_id = town.report("family-dispute")
    of_new = {"of-new": policy.kinds["dispute"]._replace(id="of-new")}
    kinds = {name: each for name, each in policy.kinds.items() if name != "dispute"} | of_new
    changed = {"family-dispute": policy.categories["family-dispute"]._replace(kind=becomes)}
    known = policy.kinds if becomes == "petition" else kinds
    deployed = replace(policy, version="next", kinds=known, categories={**policy.categories, **changed})
    assert [reason.what for reason in missing(town.case(case_id), deployed, policy)] == ["category"]
    town.deploy(deployed)
    Migrating(town.store, town.clock).migrate(case_id, deployed, Origin(SYSTEM, BY_COMMAND, "r"))
    case = town.case(case_id)
    assert (case.state, case.category, case.unit, case.joints) == ("screening", None, "linkage-centre", ())
    case = town.act(case_id, "classify", LINKAGE, category="family-dispute")
    assert (case.kind, may_see(STATION, case, deployed)) == (becomes, becomes != "petition")


def test_a_visit_that_was_planned_lapses_when_the_case_is_screened_again(town: Town, policy: Policy) -> None:
    case_id = town.report("neighbour-dispute")
    town.act(case_id, "accept", STATION)
    town.act(case_id, "resolve", STATION, note="双方已和解。")
    categories = {name: each for name, each in policy.categories.items() if name != "neighbour-dispute"}
    deployed = replace(policy, version="next", categories=categories)
    Migrating(town.store, town.clock).migrate(case_id, deployed, Origin(SYSTEM, BY_COMMAND, "r"))
    assert [visit.state for visit in town.case(case_id).visits] == ["lapsed"]


def test_objecting_gains_no_time_and_a_unit_assigned_anew_has_all_of_it(town: Town) -> None:
    case_id = town.report("noise")
    due = town.case(case_id).clock("resolve")
    town.clock.forward(hours=1)
    town.act(case_id, "return", STATION, reason="不属于我单位")
    assert due and town.case(case_id).clock("resolve") is not None
    town.clock.forward(hours=2)
    town.act(case_id, "reject-return", LINKAGE, reason="按首接负责制办理")
    again = town.case(case_id).clock("resolve")
    assert again and again.due_at == due.due_at + timedelta(hours=2)
    town.act(case_id, "return", STATION, reason="不属于我单位")
    town.act(case_id, "assign", LINKAGE, unit="justice", reason="由司法局办理")
    anew = town.case(case_id).clock("resolve")
    assert anew and anew.started_at == town.clock.now()


def test_what_is_passed_on_to_a_centre_above_was_not_settled_below_it(town: Town) -> None:
    """Onward transfer is no way around passing it up: what the street's centre settles, the street settled."""
    case_id = town.report("neighbour-dispute")
    assert town.act(case_id, "accept", STATION).level == "cell"
    assert town.act(case_id, "transfer", STATION, unit="centre-320302001", reason="涉及多个社区").level == "street"
    street = StaffMember("u", "street", "centre-320302001", ("320302001",))
    town.act(case_id, "accept", street)
    assert town.act(case_id, "transfer", street, unit="justice", reason="属司法局职责").level == "street"
    assert town.told(case_id, E.CASE_TRANSFERRED)[0].data["from_level"] == "cell"


def test_no_objection_is_rejected_to_a_unit_that_is_no_more(town: Town, policy: Policy) -> None:
    case_id = town.report("street-light")
    lead = town.case(case_id).lead or ""
    town.act(case_id, "return", officer_of(lead), reason="不属于我单位")
    units = {name: unit for name, unit in policy.units.items() if name != lead}
    deployed = replace(policy, version="next", units=units)
    town.deploy(deployed)
    Migrating(town.store, town.clock).migrate(case_id, deployed, Origin(SYSTEM, BY_COMMAND, "r"))
    with pytest.raises(UnknownUnit):
        town.act(case_id, "reject-return", STATION, reason="按首接负责制办理")
    assert town.act(case_id, "assign", STATION, unit="justice", reason="原单位已撤销").lead == "justice"


def test_what_broke_by_a_guess_and_waits_goes_on_waiting_when_it_is_counted_again() -> None:
    at = datetime(2027, 2, 1, tzinfo=UTC)
    late = Clock("resolve", ClockState.RUNNING, at, at + timedelta(days=5), provisional=True).breach(1, "street", None)
    waiting = late.pause(at + timedelta(days=6))
    counted = waiting.recount(at + timedelta(days=9), None, at + timedelta(days=7), provisional=False)
    assert (counted.state, counted.next_at) == (ClockState.PAUSED, None)
    resumed = counted.resume(at + timedelta(days=12), None, None)
    assert (resumed.state, resumed.due_at) == (ClockState.RUNNING, at + timedelta(days=12))


def test_what_is_suspended_and_forgotten_is_seen_to_and_has_a_place_in_the_queue(town: Town) -> None:
    case_id = town.report("street-light")
    lead = officer_of(town.case(case_id).lead or "")
    town.act(case_id, "accept", lead)
    case = town.act(case_id, "suspend", lead, reason="等配件")
    assert case.due_at == datetime(2026, 12, 23, 16, 0, tzinfo=UTC)  # 24:00 of the thirtieth day after 23 November
    town.clock.forward(days=31)
    assert town.acting.fall_due(case_id, "r")
    assert [event.data["clock"] for event in town.told(case_id, E.CLOCK_BREACHED)] == ["suspension"]
    assert town.case(case_id).supervisors == ("linkage-centre",)
    assert town.act(case_id, "resume", lead).supervisors == ()


def test_what_is_late_already_cannot_be_hidden_by_letting_it_wait(town: Town) -> None:
    """Not in the minute either until the sweep comes by."""
    case_id = town.report("street-light")
    lead = officer_of(town.case(case_id).lead or "")
    due = town.act(case_id, "accept", lead).clock("resolve")
    assert due is not None
    town.clock.at = due.due_at + timedelta(seconds=30)
    town.act(case_id, "suspend", lead, reason="等配件")
    assert town.acting.fall_due(case_id, "r")
    assert [event.data["clock"] for event in town.told(case_id, E.CLOCK_BREACHED)] == ["resolve"]
    town.act(case_id, "resume", lead)
    assert [clock.state for clock in town.case(case_id).clocks if clock.name == "resolve"] == [ClockState.BREACHED]
    assert len(town.told(case_id, E.CLOCK_BREACHED)) == 1


def test_nobody_is_promised_a_day_that_is_over(town: Town) -> None:
    case_id = town.report("neighbour-dispute")
    due = town.act(case_id, "accept", STATION).clock("resolve")
    assert due is not None
    until = due.due_at.date() + timedelta(days=3)
    asked = town.act(case_id, "request-extension", STATION, reason="一方外出", until=until).extension
    assert asked is not None
    town.clock.at = asked.until
    with pytest.raises(InvalidField, match="until"):
        town.act(case_id, "approve-extension", LINKAGE)
    assert town.act(case_id, "refuse-extension", LINKAGE, reason="已逾期").extension is None
