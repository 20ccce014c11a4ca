"""What is split off a petition accuses whom the petition accuses: they never see the child, from its first event on."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from chalicelib.domain import events as E
from chalicelib.domain.accused import accused_reach
from chalicelib.domain.cases import Case, replay
from chalicelib.domain.errors import UnitAccused
from chalicelib.domain.people import Reporter, StaffMember, may_list, may_see
from chalicelib.domain.policy import Policy
from chalicelib.domain.reports import Report
from chalicelib.models.case_rows import CaseRow, EventRow, summary_from
from tests.unit.test_matters import ADMINISTRATOR, CELL, Town

CONDUCT, EXPROPRIATION = "petition-official-conduct", "petition-expropriation"
BOSS = StaffMember("boss", "administrator", "justice", ("320302",))
"""An administrator whose own unit is never accused here."""


def registered(town: Town, accused: tuple[str, ...], area: str | None = CELL) -> tuple[Case, str]:
    """A petition of two reports that accuses them; the second report."""
    first, second = (town.text("13805160001", words) for words in ("举报干部收礼", "还举报他占道"))
    town.act(first.case_id, "classify", BOSS, category=CONDUCT, area=area)
    town.act(first.case_id, "petition-register", BOSS, people=1, accused=accused)
    return town.case(first.case_id), second.report_id


def split(town: Town, parent: Case, report: str, **said: Any) -> Case:
    told = {"report_ids": (report,), "category": EXPROPRIATION, "note": "两件事", **said}
    return town.case(town.act(parent.id, "split", BOSS, **told).links.children[-1])


def hidden(town: Town, child: Case, accused: tuple[str, ...], policy: Policy) -> None:
    """Nobody of the accused sees the child, as it stood after any of its events, in a list or by itself."""
    history = town.store.history(child.id)
    reached = [unit for unit in policy.units if accused_reach(unit, accused, policy)]
    assert reached and history[0].type == E.CASE_REPORTED
    for last in range(1, len(history) + 1):
        case = replay(history[:last])
        listed = summary_from(CaseRow.of(case).attribute_values)
        assert not set(case.units) & set(reached) and case.desk not in reached, history[last - 1].type
        for unit in reached:
            for role in policy.roles:
                spy = StaffMember("w", role, unit, ("320302", CELL))
                assert not may_see(spy, case, policy), (history[last - 1].type, role, unit)
                assert not may_list(spy, listed, policy) and not may_list(spy, listed, policy, reported=True)


@pytest.mark.parametrize(
    "accused",
    [("linkage-centre",), ("centre-320302001",), ("public-security", "water"), ("petition-office",)],
    ids="-".join,
)
def test_nobody_of_the_accused_sees_the_child_from_its_first_event_on(policy: Policy, accused: tuple[str, ...]) -> None:
    town = Town(policy)
    parent, report = registered(town, accused)
    child = split(town, parent, report)
    assert child.petition is not None and child.petition.accused == accused
    hidden(town, child, accused, policy)
    told = [json.loads(row.snapshot) for row in EventRow.all_of(town.store.history(child.id), child)]
    assert all(each["accused"] == list(accused) for each in told), "who tells people leaves them out"
    town.whole()


def test_the_child_is_registered_with_whom_its_parent_accuses_and_whoever_else_it_does(policy: Policy) -> None:
    town = Town(policy)
    parent, report = registered(town, ("water",))
    child = split(town, parent, report)
    town.act(child.id, "petition-register", BOSS, people=1, accused=("health",))
    both = town.case(child.id).petition
    assert both and both.accused == ("water", "health")
    with pytest.raises(UnitAccused):
        town.act(child.id, "petition-pass-on", BOSS, unit="water")
    hidden(town, town.case(child.id), ("water",), policy)


def test_screening_the_child_anew_spares_nobody_whom_its_parent_accuses(policy: Policy) -> None:
    town = Town(policy)
    parent, report = registered(town, ("water",))
    child = split(town, parent, report)
    town.act(child.id, "classify", BOSS, category=CONDUCT, area=CELL, accused=("health",))
    named = town.case(child.id).petition
    assert named and named.accused == ("water", "health")
    hidden(town, town.case(child.id), ("water",), policy)
    assert not may_see(StaffMember("h", "administrator", "health", ("320302",)), town.case(child.id), policy)


def test_a_child_that_nobody_can_place_waits_where_petitions_do(policy: Policy) -> None:
    town = Town(policy)
    now, reporter = town.clock.now(), Reporter(phone="13805160009")
    told = Report("mobile", "p", "f", "举报干部", now, now, CONDUCT, submitted_by="w", reporter=reporter)
    parent = town.intake.submit(told, BOSS.actor, "r")
    more = town.text("13805160009", "还有一件")
    assert more.case_id == parent.case_id and town.case(parent.case_id).area is None
    child = split(town, town.case(parent.case_id), more.report_id)
    assert (child.state, child.desk) == ("screening", "petition-office")


def test_the_child_is_registered_by_when_its_own_first_report_came(policy: Policy) -> None:
    town = Town(policy)
    parent, report = registered(town, ("water",))
    town.clock.forward(days=9)
    child = split(town, parent, report)
    told = town.store.history(child.id)[0].data
    assert child.opened_at > child.received_at == datetime.fromisoformat(told["received_at"])
    (register,) = (clock for clock in child.clocks if clock.name == "register")
    assert register.started_at == child.received_at


def test_of_what_accuses_nobody_the_child_accuses_nobody(policy: Policy) -> None:
    town = Town(policy)
    parent, report = registered(town, ())
    child = split(town, parent, report)
    assert child.petition is None and may_see(ADMINISTRATOR, child, policy)
    assert "accused" not in town.store.history(child.id)[0].data
