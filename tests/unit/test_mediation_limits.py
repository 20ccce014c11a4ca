"""Every limit of a mediation, dated by hand on the calendar of 2026 and 2027, and explained with its article.

A day is counted after the one something happened on (民法典 201) and ends with its 24:00. Disputes do not roll over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain import events as E
from chalicelib.domain.errors import WindowOver
from chalicelib.domain.limits import Limit
from chalicelib.domain.policy import Policy
from tests.mediating import BOTH, Table

COURT = {"court": "徐州市鼓楼区人民法院", "parties": BOTH}


def applied(policy: Policy, at: str) -> Table:
    """An agreement of that day, confirmation of which both sides apply for at once."""
    table = Table(policy, at).agreed(at[:10])
    table.act("mediation-apply-confirmation", **COURT)
    return table


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-03-02 09:00", "2026-04-01"),
        ("2026-01-31 23:59", "2026-03-02"),  # February has 28 days
        ("2026-09-01 00:00", "2026-10-01"),  # a holiday: it does not roll over
        ("2026-12-15 18:00", "2027-01-14"),
    ],
)
def test_mediating_is_normally_done_within_thirty_days(policy: Policy, opened: str, due: str) -> None:
    table = Table(policy, opened).opened()
    assert table.due("mediate") == due and table.differing() == []
    assert "第三十三条" in table.explained("mediate").article


@pytest.mark.parametrize(
    ("effective", "written", "due", "reminded"),
    [
        ("2026-03-02", "2026-03-02 16:00", "2026-04-01", "2026-03-26"),
        ("2026-03-02", "2026-03-05 10:00", "2026-04-01", "2026-03-26"),  # by the day it took effect, whenever written
        ("2026-01-30", "2026-01-30 10:00", "2026-03-01", "2026-02-23"),
        ("2026-12-10", "2026-12-10 10:00", "2027-01-09", "2027-01-03"),
    ],
)
def test_confirmation_is_applied_for_within_thirty_days_of_the_agreement_taking_effect(
    policy: Policy, effective: str, written: str, due: str, reminded: str
) -> None:
    table = Table(policy, f"{effective} 09:00").sat().at(written)
    table.agree(written[:10], on=date.fromisoformat(effective))
    assert table.due("confirmation") == due and table.clock_of("confirmation").window
    assert table.differing() == []
    warned = table.clock_of("confirmation").warn_at
    assert warned and warned == table.moment(f"{reminded} 00:00")
    assert "第三十三条" in table.explained("confirmation").article


@pytest.mark.parametrize(
    ("agreed", "last", "first_too_late"),
    [
        ("2026-03-02", "2026-04-01 23:59", "2026-04-02 00:00"),
        ("2026-01-30", "2026-03-01 23:59", "2026-03-02 00:00"),
        ("2026-12-10", "2027-01-09 23:59", "2027-01-10 00:00"),
    ],
)
def test_on_the_thirtieth_day_they_still_apply_and_on_the_thirty_first_not(
    policy: Policy, agreed: str, last: str, first_too_late: str
) -> None:
    late = Table(policy, f"{agreed} 09:00").agreed("2027-06-01").at(first_too_late)
    with pytest.raises(WindowOver) as refused:
        late.act("mediation-apply-confirmation", **COURT)
    assert refused.value.extra["until"] == late.moment(first_too_late).isoformat()
    in_time = Table(policy, f"{agreed} 09:00").agreed("2027-06-01").at(last)
    assert in_time.act("mediation-apply-confirmation", **COURT).mediation is not None
    assert not in_time.clock_of("confirmation").open


@pytest.mark.parametrize(
    ("applied_at", "due"),
    [("2026-03-02 09:00", "2026-03-05"), ("2026-02-26 17:00", "2026-03-01"), ("2026-12-30 10:00", "2027-01-02")],
)
def test_the_court_decides_within_three_days_whether_to_take_it_up(policy: Policy, applied_at: str, due: str) -> None:
    table = applied(policy, applied_at)
    assert table.due("court-acceptance") == due and table.clock_of("court-acceptance").window
    assert table.explained("court-acceptance").article == "法释〔2011〕5号第四条" and table.differing() == []


@pytest.mark.parametrize(
    ("taken_up", "ruling", "longest", "special"),
    [
        ("2026-03-04", "2026-03-19", "2026-03-29", "2026-04-03"),
        ("2026-02-14", "2026-03-01", "2026-03-11", "2026-03-16"),
        ("2026-12-20", "2027-01-04", "2027-01-14", "2027-01-19"),
    ],
)
def test_the_court_rules_within_fifteen_days_ten_more_or_thirty_of_docketing(
    policy: Policy, taken_up: str, ruling: str, longest: str, special: str
) -> None:
    table = applied(policy, f"{taken_up} 09:00")
    table.act("mediation-record-acceptance", on=date.fromisoformat(taken_up))
    names = ("court-ruling", "court-ruling-longest", "court-special")
    assert [table.due(name) for name in names] == [ruling, longest, special]
    assert all(table.clock_of(name).window for name in names) and not table.clock_of("court-acceptance").open
    assert "第五条" in table.explained("court-ruling").article
    assert "第一百八十七条" in table.explained("court-special").article and table.differing() == []


@pytest.mark.parametrize(
    ("until", "due", "told"),
    [
        ("2026-04-01", "2026-04-04", "2026-04-01 09:36"),
        ("2026-05-31", "2026-06-03", "2026-05-31 09:36"),
        ("2026-12-30", "2027-01-02", "2026-12-30 09:36"),
    ],
)
def test_performance_is_visited_on_its_day_or_within_three_days_of_it(
    policy: Policy, until: str, due: str, told: str
) -> None:
    table = Table(policy, "2026-03-02 09:00").agreed(until)
    assert table.due("performance") == due and table.differing() == []
    warned = table.clock_of("performance").warn_at
    assert warned and table.moment(told) == warned
    assert "第三十一条" in table.explained("performance").article


def test_who_leads_is_warned_of_the_month_and_it_is_escalated_once_and_no_more(policy: Policy) -> None:
    table = Table(policy, "2026-03-02 09:00").opened()

    def told(until: str) -> list[str]:
        return [event.type for event in table.wait(until) if event.data["clock"] == "mediate"]

    assert told("2026-03-25 00:00") == []
    assert told("2026-03-27 00:00") == [E.CLOCK_WARNED]
    assert told("2026-06-02 00:00") == [E.CLOCK_BREACHED]
    assert table.clock_of("mediate").again_at is None and table.clock_of("mediate").step == 1


def test_they_are_reminded_once_that_the_window_runs_out_and_it_is_never_late(policy: Policy) -> None:
    table = Table(policy, "2026-03-02 09:00").agreed("2026-12-01")

    def told(until: str) -> list[str]:
        return [event.type for event in table.wait(until) if event.data["clock"] == "confirmation"]

    assert told("2026-03-25 23:59") == []
    assert told("2026-03-26 00:00") == [E.CLOCK_WARNED]
    assert told("2026-03-30 00:00") == [] and told("2026-05-30 00:00") == []


def test_a_sweep_that_comes_late_closes_the_case_and_reminds_of_the_window_that_runs_on(policy: Policy) -> None:
    table = Table(policy, "2026-03-02 09:00").agreed("2026-03-02")
    table.act("mediation-record-performance", performed="none", note="未履行")
    table.act("resolve", note="建议另行起诉")
    assert E.VISIT_DUE in [event.type for event in table.wait("2026-03-20 00:00")]
    told = table.wait("2026-03-31 00:00")
    assert [event.type for event in told][-2:] == [E.CASE_CLOSED, E.CLOCK_WARNED], told
    assert (told[-1].data["clock"], told[-1].data["window"]) == ("confirmation", True)
    assert table.case.next_timer is None and table.wait("2026-06-30 00:00") == []


def test_nobody_is_reminded_of_what_they_applied_for_or_what_was_performed(policy: Policy) -> None:
    asked = Table(policy, "2026-03-02 09:00").agreed("2026-12-01")
    asked.act("mediation-apply-confirmation", **COURT)
    performed = Table(policy, "2026-03-02 09:00").agreed("2026-03-02")
    performed.act("mediation-record-performance", performed="full", note="当场履行")
    for table in (asked, performed):
        told = [event.data["clock"] for event in table.wait("2026-05-01 00:00")]
        assert not {"confirmation", "court-acceptance"} & set(told)


def test_what_was_not_performed_may_still_be_confirmed_while_it_is_mediated_again(policy: Policy) -> None:
    table = Table(policy, "2026-03-02 09:00").agreed("2026-03-10").at("2026-03-11 09:00")
    table.act("mediation-record-performance", performed="none", note="未履行")
    table.act("mediation-open")
    table.at("2026-03-31 09:00").act("mediation-apply-confirmation", **COURT)
    assert table.case.mediation and table.case.mediation.confirmation == "applied"


def test_a_new_agreement_has_thirty_days_of_its_own(policy: Policy) -> None:
    table = Table(policy, "2026-03-02 09:00").agreed("2026-03-10").at("2026-03-11 09:00")
    table.act("mediation-record-performance", performed="none", note="未履行")
    table.act("mediation-open")
    table.consent()
    table.session()
    table.agree("2026-04-01")
    assert table.due("confirmation") == "2026-04-10"
    assert len([clock for clock in table.case.clocks if clock.name == "confirmation" and clock.open]) == 1


@pytest.mark.parametrize(
    ("clock", "days", "due"),
    [
        ("mediate", 20, "2026-03-22"),
        ("confirmation", 45, "2026-04-16"),
        ("performance", 10, "2026-04-11"),
        ("court-acceptance", 5, "2026-03-07"),
        ("court-ruling", 20, "2026-03-22"),
        ("court-special", 40, "2026-04-11"),
    ],
)
def test_another_number_in_the_pack_changes_the_due_date_and_nothing_else(
    policy: Policy, clock: str, days: int, due: str
) -> None:
    def played(by: Policy) -> Table:
        table = Table(by, "2026-03-02 09:00").agreed("2026-04-01")
        table.act("mediation-apply-confirmation", **COURT)
        table.act("mediation-record-acceptance")
        return table

    dispute = policy.procedures["dispute"]
    rule = dispute.clocks[clock]._replace(limit=Limit("days", days))
    changed = dispute._replace(clocks={**dispute.clocks, clock: rule})
    other = played(replace(policy, procedures={**policy.procedures, "dispute": changed}))
    before = played(policy)
    assert other.due(clock) == due != before.due(clock)
    assert [event.type for event in other.history] == [event.type for event in before.history]
    others = {each.name for each in before.case.clocks} - {clock}
    assert {name: other.due(name) for name in others} == {name: before.due(name) for name in others}


def test_what_the_court_has_time_for_is_explained_as_the_courts_and_not_as_the_districts(policy: Policy) -> None:
    table = applied(policy, "2026-03-02 09:00")
    said = [step.zh for step in table.explained("court-acceptance").steps]
    assert "此为其他机关的办理期间，供掌握进度，不作超期督办" in said
    assert "此为可以提出的期间，不作超期督办" in [step.zh for step in table.explained("confirmation").steps]


def test_time_stands_still_for_who_leads_while_an_agreement_is_performed(policy: Policy) -> None:
    table = Table(policy, "2026-03-02 09:00").agreed("2026-06-01")
    assert not [event for event in table.wait("2026-05-31 00:00") if event.data["clock"] == "resolve"]
    table.at("2026-06-01 09:00").act("mediation-record-performance", performed="full", note="已履行")
    assert table.due("resolve") == "2026-06-16"
