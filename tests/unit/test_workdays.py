"""Working days are the State Council's: held to two libraries, day by day.

`chinesecalendar`, which the pack is compiled from, is a list of the days of the notices. `holidays` works them out: it
knows the statutory holidays by rule, Spring Festival and the like by the lunar calendar, and has a table of its own of
days off and worked in exchange. Of 2018 to 2026 they agree in every day. (Before, they differ once: 2005-12-31, a
Saturday that `holidays` has worked and `chinesecalendar` has not.)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from holidays import HolidayBase, country_holidays

from chalicelib.domain.limits import Limit, due_at, last_day
from chalicelib.domain.policy import Policy
from chalicelib.domain.workdays import WorkCalendar

YEARS = range(2018, 2027)
COUNTS = (1, 2, 5, 15, 60)


def days() -> Iterator[date]:
    first, last = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


@pytest.fixture(scope="module")
def peer() -> HolidayBase:
    return country_holidays("CN", years=YEARS, expand=False)


def test_every_day_is_worked_when_both_libraries_say_so(policy: Policy, peer: HolidayBase) -> None:
    assert policy.calendar.years == tuple(YEARS), "a new year must be looked at here too"
    differ = [
        day.isoformat()
        for day in days()
        if not policy.calendar.is_working(day) == chinese_calendar.is_workday(day) == peer.is_working_day(day)
    ]
    assert differ == []


@pytest.mark.parametrize("count", COUNTS)
def test_limits_that_begin_on_any_day_end_where_the_other_library_counts_to(
    policy: Policy, peer: HolidayBase, count: int
) -> None:
    limit, zone, calendar = Limit("working-days", count), policy.zone, policy.calendar
    differ, compared = [], 0
    for day in days():
        due = due_at(limit, datetime(day.year, day.month, day.day, 9, 30, tzinfo=zone), calendar, zone)
        last = last_day(due.at, zone)
        if last.year in YEARS:
            compared += 1
            if last != peer.get_nth_working_day(day, count):
                differ.append(day.isoformat())
    assert differ == []
    assert compared > 3_287 - 2 * count - 10


@pytest.mark.parametrize("count", COUNTS)
def test_limits_that_roll_over_end_on_the_first_day_the_other_library_has_worked(
    policy: Policy, peer: HolidayBase, count: int
) -> None:
    limit, zone = Limit("days", count), policy.zone
    for day in days():
        if (last := day + timedelta(days=count)) <= date(2026, 12, 28):
            due = due_at(
                limit, datetime(day.year, day.month, day.day, tzinfo=zone), policy.calendar, zone, roll_over=True
            )
            assert last_day(due.at, zone) == peer.get_nth_working_day(last, 0), day


def test_the_days_between_are_counted_as_the_other_library_counts_them(policy: Policy, peer: HolidayBase) -> None:
    for after in days():
        until = min(after + timedelta(days=after.toordinal() % 90), date(2026, 12, 31))
        expected = peer.get_working_days_count(after, until) - peer.is_working_day(after)
        assert policy.calendar.working_days(after, until) == expected, (after, until)


def test_a_year_that_is_not_announced_has_plain_weeks(policy: Policy) -> None:
    plain = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in plain if policy.calendar.is_working(day) != (day.weekday() < 5)] == []


@pytest.mark.parametrize(
    ("first", "last", "announced"),
    [
        ("2018-01-01", "2026-12-28", True),
        ("2026-12-28", "2026-12-29", False),  # 2018-12-29 was worked by the notice of 2019
        ("2026-12-31", "2026-12-31", False),  # 2018-12-31 was off by it
        ("2025-12-31", "2026-01-01", True),
        ("2027-01-01", "2027-01-01", False),
        ("2026-12-01", "2027-02-01", False),
        ("2017-12-31", "2018-01-02", False),
    ],
)
def test_days_are_announced_with_the_notice_they_are_in(policy: Policy, first: str, last: str, announced: bool) -> None:
    assert policy.calendar.is_announced(date.fromisoformat(first), date.fromisoformat(last)) is announced


def test_an_empty_calendar_announces_nothing_and_has_plain_weeks() -> None:
    calendar = WorkCalendar()
    assert not calendar.knows(2026)
    assert not calendar.is_announced(date(2026, 6, 1), date(2026, 6, 1))
    assert calendar.working_day_after(date(2026, 9, 30), 1) == date(2026, 10, 1)


def test_the_policy_keeps_one_zone_of_the_district(policy: Policy) -> None:
    assert policy.zone is policy.zone
    assert datetime(2026, 6, 1, tzinfo=UTC).astimezone(policy.zone).hour == 8
