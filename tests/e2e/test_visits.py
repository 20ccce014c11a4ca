"""After the answer: visits that time brings, what they find, and what becomes of a case nobody visits."""

from __future__ import annotations

from dataclasses import replace

from infra.day import scenarios
from infra.day.district import District
from infra.day.scenarios import Case

_A_MINUTE_AND_A_HALF = 90.0


def test_eventbridge_finds_what_is_due_and_the_officer_is_told(district: District, left_to_the_rule: Case) -> None:
    scenarios.visit_told(replace(district, patience=_A_MINUTE_AND_A_HALF), left_to_the_rule)


def test_what_a_visit_finds_reopens_the_case_or_does_not(district: District) -> None:
    one, other, settled = (scenarios.resolved_case(district, resident=district.resident()) for _ in range(3))
    one, other, settled = (scenarios.a_visit_falls_due(district, case) for case in (one, other, settled))
    one, other = (district.visit(case, "dissatisfied") for case in (one, other))
    settled = district.visit(settled, "satisfied")
    station = one["area"]["code"][:12]
    assert [case["state"] for case in (one, other, settled)] == ["reopen-requested", "reopen-requested", "closed"]
    assert one["unit"]["id"] == f"centre-{station}"

    declined = district.act(other, "decline-reopen", f"centre-{station}", reason="已按规定处理到位,不再重办。")
    assert (declined["state"], declined["outcome"]) == ("closed", "declined")

    granted = district.act(one, "grant-reopen", f"centre-{station}", reason="情况属实,请重新办理。")
    assert (granted["state"], granted["unit"]["id"]) == ("assigned", scenarios.LEAD)
    assert all(clock["started_at"] > one["updated_at"] for clock in granted["clocks"] if clock["state"] == "running")
    again = scenarios.a_visit_falls_due(district, scenarios.settled(district, granted, scenarios.LEAD))
    closed = district.visit(again, "satisfied")
    assert (closed["state"], closed["outcome"]) == ("closed", "satisfied")

    for case in (declined, closed, settled):
        district.told(case["case_id"])


def test_a_case_goes_by_the_version_it_was_opened_under(district: District) -> None:
    scenarios.time_changes_a_case_of_an_earlier_version(district)


def test_a_case_that_nobody_visits_closes_by_itself(district: District) -> None:
    case_id = scenarios.resolved_case(district, scenarios.UNVISITED)["case_id"]
    closed = district.until(
        lambda: district.sweep() and (case := district.case(case_id))["state"] == "closed" and case, "it stays open"
    )
    assert closed["outcome"] == "unvisited"


def test_a_case_closes_by_itself_though_joint_work_is_open(district: District) -> None:
    scenarios.a_case_closes_though_joint_work_is_open(district)


def test_poison_among_what_is_due_is_put_aside_and_its_neighbour_is_done(district: District) -> None:
    scenarios.a_poison_message_to_due(district)
