"""Acting on a case: the states, who may, versions, repeats, visits, reopening, and what time alone brings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.acts import Particulars
from chalicelib.domain.cases import replay
from chalicelib.domain.errors import (
    ActionNotAllowed,
    Forbidden,
    IdempotencyConflict,
    InvalidField,
    NotFound,
    StaleVersion,
)
from chalicelib.domain.people import StaffMember
from tests.world import ADMIN, COMMUNITY, LINKAGE, STATION, WORKER, World, officer_of


def test_a_case_goes_from_report_to_archive(world: World) -> None:
    case_id = world.settled()
    world.visit_falls_due(case_id)
    closed = world.visit(case_id, "satisfied")
    assert (closed.state, closed.outcome) == ("closed", "satisfied")
    assert [e.type for e in world.store.history(case_id)] == [
        "case.reported.v1",
        "case.classified.v1",
        "case.assigned.v1",
        "case.accepted.v1",
        "case.finished.v1",
        "case.verified.v1",
        "case.resolved.v1",
        "visit.planned.v1",
        "visit.due.v1",
        "visit.recorded.v1",
        "case.closed.v1",
    ]


def test_a_returned_case_lies_on_the_desk_it_came_from(world: World) -> None:
    receipt = world.submit()
    case = world.act(receipt.case_id, "return", officer_of(receipt.unit_id), reason="不属于我单位")
    assert (case.state, case.unit, case.lead) == ("returned", f"centre-{COMMUNITY}", None)
    again = world.act(receipt.case_id, "classify", STATION, category="noise")
    assert again.state == "assigned" and again.lead == world.case(receipt.case_id).lead


def test_an_act_done_twice_is_done_once_and_answered_alike(world: World) -> None:
    receipt = world.submit()
    officer = officer_of(receipt.unit_id)
    asked = world.asked(officer, 1, key="k")
    first = world.acting.act(receipt.case_id, "accept", asked, Particulars())
    world.act(receipt.case_id, "resolve", officer, note="好了", media=(world.picture(officer.id),))
    assert world.acting.act(receipt.case_id, "accept", asked, Particulars()) == first
    with pytest.raises(IdempotencyConflict):
        world.acting.act(receipt.case_id, "accept", world.asked(officer, 1, key="k", content="other"), Particulars())


def test_a_stale_version_is_refused(world: World) -> None:
    receipt = world.submit()
    world.act(receipt.case_id, "accept", officer_of(receipt.unit_id))
    with pytest.raises(StaleVersion):
        said = Particulars(note="好了")
        world.acting.act(receipt.case_id, "resolve", world.asked(officer_of(receipt.unit_id), 1), said)


def test_an_action_out_of_turn_names_those_that_are_allowed(world: World) -> None:
    receipt = world.submit()
    with pytest.raises(ActionNotAllowed) as caught:
        world.act(receipt.case_id, "resolve", officer_of(receipt.unit_id), note="好了")
    joint = ["accept-joint", "refuse-joint"]  # fire-rescue is asked too
    assert sorted(caught.value.extra["allowed_actions"]) == sorted(["accept", "return", "withdraw", "merge", *joint])


def test_only_the_unit_whose_turn_it_is_may_act(world: World) -> None:
    receipt = world.submit()
    for stranger, error in ((officer_of("health"), NotFound), (STATION, Forbidden), (WORKER, Forbidden)):
        with pytest.raises(error):
            world.act(receipt.case_id, "accept", stranger)
    assert world.act(receipt.case_id, "accept", ADMIN).state == "accepted"


def test_what_an_action_requires_is_asked_for(world: World) -> None:
    receipt = world.submit()
    with pytest.raises(InvalidField) as caught:
        world.act(receipt.case_id, "return", officer_of(receipt.unit_id))
    assert caught.value.field == "reason"
    text = world.text("路口井盖缺失")
    with pytest.raises(InvalidField) as caught:
        world.act(text.case_id, "classify", LINKAGE, category="noise")
    assert caught.value.field == "area"


def test_a_petition_is_invisible_to_whom_it_may_accuse(world: World) -> None:
    category = next(c for c in world.policy.categories.values() if c.kind == "petition")
    receipt = world.submit(text="反映一件事", category=category.id, submitted_by=None)
    for staff in (WORKER, STATION, LINKAGE, officer_of("urban-management")):
        with pytest.raises(NotFound):
            world.reading.case(receipt.case_id, staff)
    assert world.reading.case(receipt.case_id, ADMIN).kind == "petition"


@pytest.mark.parametrize(
    ("outcome", "state", "ended"),
    [
        ("satisfied", "closed", "satisfied"),
        ("refused", "closed", "unanswered"),
        ("dissatisfied", "reopen-requested", None),
    ],
)
def test_what_a_visit_finds_decides(world: World, outcome: str, state: str, ended: str | None) -> None:
    case_id = world.settled()
    world.visit_falls_due(case_id)
    case = world.visit(case_id, outcome)
    assert (case.state, case.outcome) == (state, ended)


def test_nobody_home_is_visited_once_more_and_then_closed(world: World) -> None:
    case_id = world.settled()
    world.visit_falls_due(case_id)
    again = world.visit(case_id, "not-home")
    assert again.state == "resolved" and again.visit is not None and again.visit.attempt == 2
    world.visit_falls_due(case_id)
    assert world.visit(case_id, "not-home").outcome == "unanswered"


def test_a_granted_reopening_goes_back_to_the_same_unit_with_new_clocks(world: World) -> None:
    case_id = world.settled()
    unit = world.case(case_id).lead
    world.visit_falls_due(case_id)
    world.visit(case_id, "dissatisfied")
    case = world.act(case_id, "grant-reopen", STATION)
    assert (case.state, case.lead) == ("assigned", unit)
    running = [clock for clock in case.clocks if clock.state == "running"]
    assert {clock.name for clock in running} == {"accept", "objection", "resolve"}
    assert all(clock.started_at == world.clock.now() for clock in running)


def test_a_declined_reopening_needs_a_reason_and_closes(world: World) -> None:
    case_id = world.settled()
    world.visit_falls_due(case_id)
    world.visit(case_id, "dissatisfied")
    with pytest.raises(InvalidField):
        world.act(case_id, "decline-reopen", STATION)
    assert world.act(case_id, "decline-reopen", STATION, reason="已处理到位").outcome == "declined"


def test_a_settled_case_nobody_visits_closes_by_itself(world: World) -> None:
    case_id = world.settled()
    world.visit_falls_due(case_id)
    close_at = world.case(case_id).close_at
    assert close_at is not None
    world.clock.at = close_at
    assert world.acting.fall_due(case_id, "r")
    case = world.case(case_id)
    assert (case.state, case.outcome) == ("closed", "unvisited")
    assert not world.acting.fall_due(case_id, "r")


def test_a_visit_nobody_was_told_of_in_time_has_the_time_it_would_have_had(world: World) -> None:
    case_id = world.settled()
    before = world.case(case_id)
    assert before.visit is not None and before.close_at is not None
    world.clock.forward(days=100)
    assert world.acting.fall_due(case_id, "r")
    case = world.case(case_id)
    assert case.visit is not None and (case.state, case.visit.state) == ("resolved", "due")
    assert case.close_at == world.clock.now() + (before.close_at - before.visit.due_at)
    assert case_id in [item.case_id for item in world.reading.due_visits(None, WORKER, 10, None).items]
    world.clock.at = case.close_at
    assert world.acting.fall_due(case_id, "r")
    assert world.case(case_id).outcome == "unvisited"
    assert replay(world.store.history(case_id)) == world.case(case_id)


def test_a_clock_that_ran_out_is_told_once_and_stays_breached(world: World) -> None:
    receipt = world.submit()
    world.clock.forward(days=60)
    assert world.acting.fall_due(receipt.case_id, "r")
    assert not world.acting.fall_due(receipt.case_id, "r")
    breaches = [e.data["clock"] for e in world.store.history(receipt.case_id) if e.type == "clock.breached.v1"]
    assert sorted(breaches) == ["accept", "resolve"]
    case = world.act(receipt.case_id, "accept", officer_of(receipt.unit_id))
    assert next(c for c in case.clocks if c.name == "accept").state == "breached"
    assert replay(world.store.history(receipt.case_id)) == case


def test_the_sweep_finds_what_is_due_however_late(world: World) -> None:
    case_id = world.settled()
    assert case_id not in set(world.store.due(world.clock.now()))
    world.clock.forward(days=300)
    assert case_id in set(world.store.due(world.clock.now()))


def test_a_unit_finds_its_queue_by_deadline_and_page_by_page(world: World) -> None:
    receipts = [world.submit() for _ in range(5)]
    unit = receipts[0].unit_id
    officer = officer_of(unit)
    found, start = [], None
    for _ in range(9):
        page = world.reading.queue(unit, officer, 2, start)
        found += page.items
        start = page.next
        if start is None:
            break
    assert sorted(item.case_id for item in found) == sorted(r.case_id for r in receipts)
    due = [item.due_at for item in found]
    assert due == sorted(due)  # type: ignore[type-var]
    with pytest.raises(Forbidden):
        world.reading.queue(unit, officer_of("health"), 2, None)


def test_a_due_visit_is_on_the_list_of_its_cell(world: World) -> None:
    case_id = world.settled()
    assert not world.reading.due_visits(None, WORKER, 10, None).items
    world.visit_falls_due(case_id)
    listed = world.reading.due_visits(None, WORKER, 10, None).items
    assert [item.case_id for item in listed] == [case_id]
    assert listed[0].visit == world.case(case_id).visit
    with pytest.raises(Forbidden):
        world.reading.due_visits("320302001003", WORKER, 10, None)


def test_tracking_tells_every_step_that_who_told_waits_for_and_why_to_nobody(world: World) -> None:
    receipt = world.submit(category="street-light")
    lead, why = officer_of(receipt.unit_id), "王小明家门口施工"
    acts: tuple[tuple[str, StaffMember, dict[str, Any]], ...] = (
        ("return", lead, {}),
        ("reject-return", STATION, {}),
        ("accept", lead, {}),
        ("request-extension", lead, {"until": world.clock.now().date() + timedelta(days=9)}),
        ("approve-extension", STATION, {}),
        ("suspend", lead, {}),
        ("resume", lead, {}),
        ("transfer", lead, {"unit": "water"}),
    )
    for action, by, said in acts:
        world.act(receipt.case_id, action, by, reason=why, **said)
    public = world.reading.track(receipt.tracking_code)
    assert [step.what.partition(" ")[0] for step in public.steps] == [
        *("已收到", "已交办", "重新甄别", "已交办", "正在处置"),
        *("已延期", "暂缓办理", "恢复办理", "已流转"),
    ]
    assert why not in repr(public) and "王小明" not in repr(public)


def test_tracking_tells_no_person_and_no_place_below_the_community(world: World) -> None:
    receipt = world.submit(text="三号楼前井盖缺失，联系人王小明")
    public = world.reading.track(receipt.tracking_code.lower())
    assert public.community == "万通社区"
    assert "王小明" not in repr(public) and "网格" not in repr(public)
    with pytest.raises(NotFound):
        world.reading.track("ZZZZZZZZ")
