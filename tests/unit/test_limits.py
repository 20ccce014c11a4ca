"""Limits, dated by hand with a calendar of the State Council's notices beside it, and by properties.

By the notice of 2026 (国办发明电〔2025〕7号) off are 1–3 January, 15–23 February, 4–6 April, 1–5 May, 19–21 June,
25–27 September and 1–7 October; worked are Sunday 4 January, Saturdays 14 and 28 February, Saturday 9 May, Sunday 20
September and Saturday 10 October. The first of January is a Thursday. Nothing of 2027 is announced.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.limit_steps import in_words
from chalicelib.domain.limits import (
    Due,
    Limit,
    due_at,
    explained,
    explained_extension,
    explained_pause,
    extended,
    last_day,
    resumed,
)
from chalicelib.domain.policy import Policy
from chalicelib.domain.workdays import WorkCalendar
from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import policy_from

ZONE = ZoneInfo("Asia/Shanghai")
GULOU = Path(__file__).parents[2] / "chalicelib" / "policy" / "gulou"
CALENDAR: WorkCalendar = policy_from(json.loads(compile_pack(GULOU))).calendar
KNOWN, GUESSED = False, True


def local(text: str) -> datetime:
    """A time in Xuzhou: `MM-DD HH:MM` of 2026, or with its year."""
    return datetime.fromisoformat(text if text[4] == "-" else f"2026-{text}").replace(tzinfo=ZONE)


def end(text: str) -> datetime:
    """24:00 in Xuzhou of `MM-DD` of 2026, or with its year."""
    return local(f"{text} 00:00") + timedelta(days=1)  # no clock was changed since 1991


def exact(**of: int) -> Limit:
    return Limit("exact", int(timedelta(**of).total_seconds()))


def days(count: int) -> Limit:
    return Limit("days", count)


def working(count: int) -> Limit:
    return Limit("working-days", count)


@pytest.mark.parametrize(
    ("limit", "started", "due"),
    [
        (exact(hours=2), "09-30 23:00", "10-01 01:00"),  # into National Day: hours know no holiday
        (exact(days=5), "02-13 09:00", "02-18 09:00"),  # P5D is 120 hours, all but the first in Spring Festival
        (exact(minutes=15), "10-10 23:50", "10-11 00:05"),  # from a worked Saturday into a Sunday
        (exact(hours=4), "12-31 22:00", "2027-01-01 02:00"),  # a year that is not announced does not matter
        (exact(hours=24), "2028-02-28 12:00", "2028-02-29 12:00"),  # a leap day is a day
        (exact(seconds=1), "06-01 00:00", "06-01 00:00:01"),
    ],
)
def test_exact_limits_are_so_much_time_and_nothing_else(limit: Limit, started: str, due: str) -> None:
    for roll_over in (False, True):
        counted = due_at(limit, local(started), CALENDAR, ZONE, roll_over=roll_over)
        assert counted == Due(local(due), KNOWN)
        assert counted.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("count", "started", "due"),
    [
        (15, "09-30 10:15", "10-15"),  # 30 September is not counted: 1 October is the first, 15 October the 15th
        (5, "02-10 09:00", "02-15"),  # ends on Lunar New Year's Eve, since nothing rolls over
        (1, "06-01 00:00", "06-02"),  # the first second of a day is that day's, which is not counted
        (1, "06-01 23:59:59", "06-02"),  # and so is the last
        (15, "12-25 10:00", "2027-01-09"),  # 6 days of December, 9 of January
        (60, "2027-12-31 10:00", "2028-02-29"),  # 31 of January, 29 of February of a leap year
        (2, "2028-02-27 10:00", "2028-02-29"),
    ],
)
def test_days_are_those_of_the_calendar_after_the_day_it_began(count: int, started: str, due: str) -> None:
    assert due_at(days(count), local(started), CALENDAR, ZONE) == Due(end(due), KNOWN)


@pytest.mark.parametrize(
    ("count", "started", "due", "provisional"),
    [
        # Wednesday before National Day: Thursday 8, Friday 9, worked Saturday 10, Monday 12, Tuesday 13 October
        (5, "09-30 10:15", "10-13", KNOWN),
        # Friday before Spring Festival: worked Saturday 14, nine days off, Tuesday 24, Wednesday 25 February
        (3, "02-13 16:00", "02-25", KNOWN),
        # Friday: worked Saturday 28 February, Sunday off, Monday 2, Tuesday 3, Wednesday 4 March
        (4, "02-27 09:00", "03-04", KNOWN),
        # begun on a Saturday off: the Sunday after is worked, and the first
        (1, "09-19 09:00", "09-20", KNOWN),
        # begun on a worked Sunday, which is not counted: Monday 21, Tuesday 22 September
        (2, "09-20 09:00", "09-22", KNOWN),
        # begun within National Day: Thursday 8, Friday 9 October
        (2, "10-03 09:00", "10-09", KNOWN),
        # Thursday: 1–5 May off; 6, 7, 8; worked Saturday 9; 11–15; 18–22; Monday 25 is the 15th
        (15, "04-30 09:00", "05-25", KNOWN),
        # Wednesday: 1–3 January off, worked Sunday 4, Monday 5 January
        (2, "2025-12-31 09:00", "01-05", KNOWN),
        # a year before, by the notice of 2025: Wednesday 1 January off, Thursday 2, Friday 3 January
        (2, "2024-12-31 09:00", "2025-01-03", KNOWN),
        # 2018: Saturday 29 December worked, 30 to 1 January off, Wednesday 2, Thursday 3 January
        (3, "2018-12-28 09:00", "2019-01-03", KNOWN),
        # Thursday: Friday 1 January is guessed to be worked, Monday 4 January
        (2, "12-31 09:00", "2027-01-04", GUESSED),
        # Friday 25, Monday 28 December: the year is announced
        (2, "12-24 09:00", "12-28", KNOWN),
        # Tuesday 29 December may yet be off in exchange for a weekend of the new year
        (1, "12-28 09:00", "12-29", GUESSED),
    ],
)
def test_working_days_skip_holidays_and_count_make_up_weekends(
    count: int, started: str, due: str, provisional: bool
) -> None:
    assert due_at(working(count), local(started), CALENDAR, ZONE) == Due(end(due), provisional)


@pytest.mark.parametrize(
    ("count", "started", "due", "provisional"),
    [
        (15, "09-18 09:00", "10-08", KNOWN),  # the 15th is 3 October, in National Day: Thursday 8 is the first after
        (2, "07-02 09:00", "07-06", KNOWN),  # the 2nd is a Saturday: Monday
        (2, "02-26 09:00", "02-28", KNOWN),  # the 2nd is a Saturday that is worked
        (3, "2025-12-31 09:00", "01-04", KNOWN),  # the 3rd is 3 January, off; Sunday 4 is worked
        (5, "02-10 09:00", "02-24", KNOWN),  # the 5th is 15 February: Tuesday 24 after Spring Festival
        (3, "09-29 09:00", "10-08", KNOWN),  # the 3rd is 2 October
        (1, "09-29 09:00", "09-30", KNOWN),  # days of the holiday itself matter to nobody here
        (10, "12-23 09:00", "2027-01-04", GUESSED),  # the 10th is 2 January 2027, a Saturday
        (5, "12-20 09:00", "12-25", KNOWN),
        (13, "12-20 09:00", "2027-01-04", GUESSED),  # the 13th is Saturday 2 January
    ],
)
def test_days_that_roll_over_end_with_the_first_working_day(
    count: int, started: str, due: str, provisional: bool
) -> None:
    assert due_at(days(count), local(started), CALENDAR, ZONE, roll_over=True) == Due(end(due), provisional)


def test_working_days_never_roll_over_since_they_end_with_one() -> None:
    plain = due_at(working(5), local("09-30 10:15"), CALENDAR, ZONE)
    assert due_at(working(5), local("09-30 10:15"), CALENDAR, ZONE, roll_over=True) == plain


@pytest.mark.parametrize(
    ("started", "due"),
    [
        ("2026-09-30T15:59:59Z", "10-01"),  # 23:59:59 in Xuzhou
        ("2026-09-30T16:00:00Z", "10-02"),  # 1 October there
        ("2026-09-30T12:30:00-04:00", "10-02"),  # half an hour later, told by a clock in New York
        ("2026-10-01T03:00:00+14:00", "10-01"),  # 21:00 of 30 September in Xuzhou
    ],
)
def test_the_day_it_began_is_the_districts_whatever_zone_told_it(started: str, due: str) -> None:
    assert due_at(days(1), datetime.fromisoformat(started), CALENDAR, ZONE).at == end(due)


def test_days_end_at_midnight_where_clocks_are_changed_too() -> None:
    """A district of another country, or of 1991: a day then has 23 or 25 hours, an exact limit never."""
    berlin = ZoneInfo("Europe/Berlin")
    begun = datetime(2026, 3, 28, 12, tzinfo=berlin)
    assert due_at(days(1), begun, CALENDAR, berlin).at == datetime(2026, 3, 30, tzinfo=berlin)
    assert due_at(exact(hours=24), begun, CALENDAR, berlin).at == datetime(2026, 3, 29, 13, tzinfo=berlin)


@pytest.mark.parametrize("limit", [exact(hours=0), days(0), working(0), exact(hours=-1), days(-1), working(-5)])
def test_a_limit_of_nothing_is_none(limit: Limit) -> None:
    with pytest.raises(ValueError, match="is none"):
        due_at(limit, local("06-01 09:00"), CALENDAR, ZONE)


def test_a_unit_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="'months'"):
        due_at(Limit("months", 1), local("06-01 09:00"), CALENDAR, ZONE)


@pytest.mark.parametrize(
    ("count", "started", "paused", "again", "due", "provisional"),
    [
        # due Monday 14 September (8, 9, 10, 11, 14); Thursday and Friday are given back: Tuesday 15, Wednesday 16
        (5, "09-07 09:00", "09-09 09:00", "09-11 09:00", "09-16", KNOWN),
        # due 9 October (28, 29, 30, 8, 9); 29, 30, 8, 9 are given back: worked Saturday 10, 12, 13, 14 October
        (5, "09-25 09:00", "09-28 09:00", "10-09 09:00", "10-14", KNOWN),
        # due 13 October; stands still within National Day only, of which no day counted
        (5, "09-30 10:15", "10-02 09:00", "10-06 09:00", "10-13", KNOWN),
        # due 25 February (14, 24, 25); the worked Saturday is given back: Thursday 26 February
        (3, "02-13 16:00", "02-13 17:00", "02-15 09:00", "02-26", KNOWN),
        # due 5 January (worked Sunday 4, 5); both are given back: 6, 7 January
        (2, "2025-12-31 09:00", "2025-12-31 10:00", "01-05 09:00", "01-07", KNOWN),
        # due 28 December (24, 25, 28); 28 is given back: 29 December, which 2027's notice may change
        (3, "12-23 09:00", "12-25 09:00", "12-28 09:00", "12-29", GUESSED),
        # due Friday 1 January 2027 (28–31, 1); 29, 30, 31, 1, 4, 5 are given back: 4, 5, 6, 7, 8, 11 January
        (5, "12-25 09:00", "12-28 09:00", "2027-01-05 19:00", "2027-01-11", GUESSED),
        # due 30 September, on which it stands still, and goes on within the holiday: the first working day after
        (2, "09-28 09:00", "09-30 09:00", "10-03 09:00", "10-08", KNOWN),
        # the same, and goes on on a working day, which it then has
        (2, "09-28 09:00", "09-30 09:00", "10-09 09:00", "10-09", KNOWN),
    ],
)
def test_working_days_of_a_pause_are_given_back(
    count: int, started: str, paused: str, again: str, due: str, provisional: bool
) -> None:
    before = due_at(working(count), local(started), CALENDAR, ZONE).at
    assert resumed(working(count), before, local(paused), local(again), CALENDAR, ZONE) == Due(end(due), provisional)


@pytest.mark.parametrize(
    ("paused", "again", "due", "rolled"),
    [
        ("09-20 09:00", "09-25 18:00", "10-08", "10-08"),  # due 3 October; five days more are 8 October
        ("09-20 09:00", "09-23 08:00", "10-06", "10-08"),  # three more are 6 October, in National Day
        ("09-20 23:59", "09-21 00:01", "10-04", "10-08"),  # two minutes over midnight are a day
        ("09-20 00:00", "09-20 23:59", "10-03", "10-03"),  # nearly a day within one are none, and nothing moves
        ("10-03 12:00", "10-20 12:00", "10-20", "10-20"),  # on its last day: has the day it goes on
        ("12-01 12:00", "12-20 12:00", "10-03", "10-03"),  # it was over when the pause began
    ],
)
def test_days_of_a_pause_are_given_back(paused: str, again: str, due: str, rolled: str) -> None:
    before = due_at(days(15), local("09-18 09:00"), CALENDAR, ZONE).at
    pause = (local(paused), local(again))
    assert resumed(days(15), before, *pause, CALENDAR, ZONE) == Due(end(due), KNOWN)
    assert resumed(days(15), before, *pause, CALENDAR, ZONE, roll_over=True).at == end(rolled)


@pytest.mark.parametrize(
    ("paused", "again", "due"),
    [
        ("09-30 10:00", "10-08 09:30", "10-08 10:30"),  # due at 11:00: an hour was left
        ("09-30 10:59:59", "2027-01-01 00:00", "2027-01-01 00:00:01"),
        ("09-30 10:00", "09-30 10:00", "09-30 11:00"),
        ("09-30 11:00", "10-08 09:30", "09-30 11:00"),  # it was over when the pause began
    ],
)
def test_exact_limits_stand_still_for_as_long_as_the_pause(paused: str, again: str, due: str) -> None:
    before = local("09-30 11:00")
    assert resumed(exact(hours=2), before, local(paused), local(again), CALENDAR, ZONE) == Due(local(due), KNOWN)


def test_exact_limits_stand_still_in_time_and_not_in_what_clocks_show() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # clocks go on by an hour at 02:00 on 29 March 2026
    paused, again = datetime(2026, 3, 28, 12, tzinfo=berlin), datetime(2026, 3, 29, 12, tzinfo=berlin)
    moved = resumed(exact(hours=2), datetime(2026, 3, 28, 13, tzinfo=berlin), paused, again, CALENDAR, berlin)
    assert moved.at == datetime(2026, 3, 29, 13, tzinfo=berlin)


@pytest.mark.parametrize("limit", [exact(hours=2), days(15), working(5)])
def test_a_pause_that_ends_before_it_begins_is_refused(limit: Limit) -> None:
    with pytest.raises(ValueError, match="before it begins"):
        resumed(limit, end("10-08"), local("09-30 10:00"), local("09-30 09:59"), CALENDAR, ZONE)


@pytest.mark.parametrize(
    ("extension", "due", "roll_over", "later", "provisional"),
    [
        (working(5), end("09-30"), False, end("10-13"), KNOWN),  # as if it began on 30 September
        (working(3), end("02-13"), False, end("02-25"), KNOWN),  # worked Saturday 14, 24, 25 February
        (working(2), end("12-30"), False, end("2027-01-01"), GUESSED),
        (days(15), end("09-18"), False, end("10-03"), KNOWN),
        (days(15), end("09-18"), True, end("10-08"), KNOWN),
        (days(10), end("12-25"), False, end("2027-01-04"), KNOWN),
        (days(1), local("09-30 11:00"), False, end("10-01"), KNOWN),  # of a moment: after that day
        (exact(hours=24), end("09-30"), False, end("10-01"), KNOWN),
        (exact(hours=2), local("12-31 23:00"), False, local("2027-01-01 01:00"), KNOWN),
    ],
)
def test_an_extension_is_counted_after_the_day_it_was_due_on(
    extension: Limit, due: datetime, roll_over: bool, later: datetime, provisional: bool
) -> None:
    assert extended(extension, due, CALENDAR, ZONE, roll_over=roll_over) == Due(later, provisional)


@pytest.mark.parametrize(
    ("limit", "started", "roll_over", "steps"),
    [
        (
            working(5),
            "09-30 10:15",
            False,
            (
                "2026年9月30日开始计时，当日不计入（民法典第二百零一条）",
                "10月1日至10月7日为法定节假日放假，不计入工作日",
                "10月10日（星期六）为调休工作日，计入",
                "10月11日（星期日）为周末，不计入工作日",
                "第5个工作日为10月13日，当日24时届满",
            ),
        ),
        (
            working(2),
            "12-31 09:00",
            False,
            (
                "2026年12月31日开始计时，当日不计入（民法典第二百零一条）",
                "2027年1月2日至1月3日为周末，不计入工作日",
                "第2个工作日为2027年1月4日，当日24时届满",
                "2027年放假安排尚未公布，暂按周一至周五为工作日计算，公布后重新计算",
            ),
        ),
        (
            days(15),
            "09-18 09:00",
            True,
            (
                "2026年9月18日开始计时，当日不计入（民法典第二百零一条）",
                "第15日为10月3日，适逢法定节假日放假，顺延至其后第一个工作日10月8日（民法典第二百零三条），当日24时届满",
            ),
        ),
        (
            days(2),
            "07-02 09:00",
            True,
            (
                "2026年7月2日开始计时，当日不计入（民法典第二百零一条）",
                "第2日为7月4日，适逢周末，顺延至其后第一个工作日7月6日（民法典第二百零三条），当日24时届满",
            ),
        ),
        (
            days(15),
            "12-25 09:00",
            False,
            (
                "2026年12月25日开始计时，当日不计入（民法典第二百零一条）",
                "第15日为2027年1月9日，当日24时届满",
            ),
        ),
        (
            exact(hours=1, minutes=30),
            "12-31 23:05",
            False,
            (
                "2026年12月31日23时05分开始计时，按实际时间连续计算，不分工作日与节假日",
                "1小时30分钟后，2027年1月1日0时35分届满",
            ),
        ),
    ],
)
def test_how_a_limit_was_counted_is_told_in_chinese(
    limit: Limit, started: str, roll_over: bool, steps: tuple[str, ...]
) -> None:
    assert explained(limit, local(started), CALENDAR, ZONE, roll_over=roll_over) == steps


def test_a_holiday_that_ends_with_a_weekend_is_told_as_one() -> None:
    """Of 4 to 6 April only the Monday is no weekend; the limit rolls over from the Saturday."""
    steps = explained(days(2), local("04-02 09:00"), CALENDAR, ZONE, roll_over=True)
    assert "第2日为4月4日，适逢法定节假日放假，顺延至其后第一个工作日4月7日" in steps[1]


def test_a_long_limit_is_told_in_few_sentences() -> None:
    assert explained(working(60), local("08-30 09:00"), CALENDAR, ZONE) == (
        "2026年8月30日开始计时，当日不计入（民法典第二百零一条）",
        "其间周末共18天，不计入工作日",
        "9月20日（星期日）为调休工作日，计入",
        "9月25日至9月27日为法定节假日放假，不计入工作日",
        "10月1日至10月7日为法定节假日放假，不计入工作日",
        "10月10日（星期六）为调休工作日，计入",
        "第60个工作日为11月26日，当日24时届满",
    )
    # two years: 7 holidays and 5 make-up days of 2025, 7 and 6 of 2026
    assert len(explained(working(490), local("2025-01-01 09:00"), CALENDAR, ZONE)) == 5


def test_a_day_of_the_districts_own_is_told_with_its_reason() -> None:
    own = CALENDAR._replace(
        holidays=CALENDAR.holidays | {"2026-06-03", "2026-06-04"},
        workdays=CALENDAR.workdays | {"2026-06-06"},
        reasons={"2026-06-03": "防汛停工", "2026-06-04": "防汛停工", "2026-06-06": "防汛补班"},
    )
    assert explained(working(3), local("06-02 09:00"), own, ZONE)[1:] == (
        "6月3日至6月4日为防汛停工，不计入工作日",
        "6月6日（星期六）为防汛补班，计入",
        "6月7日（星期日）为周末，不计入工作日",
        "第3个工作日为6月8日，当日24时届满",
    )


@pytest.mark.parametrize(
    ("limit", "started", "paused", "again", "steps"),
    [
        (
            working(5),
            "09-25 09:00",
            "09-28 09:00",
            "10-09 09:00",
            (
                "2026年9月28日暂停，10月9日恢复，暂停次日起至恢复当日共4个工作日不计入",
                "10月10日（星期六）为调休工作日，计入",
                "10月11日（星期日）为周末，不计入工作日",
                "截止日由10月9日顺延4个工作日，为10月14日，当日24时届满",
            ),
        ),
        (
            working(2),
            "09-28 09:00",
            "09-30 09:00",
            "10-03 09:00",
            (
                "2026年9月30日暂停，10月3日恢复，暂停次日起至恢复当日共0个工作日不计入",
                "10月1日至10月7日为法定节假日放假，不计入工作日",
                "期限最后一日暂停，恢复当日非工作日，至其后第一个工作日10月8日24时届满",
            ),
        ),
        (
            working(3),
            "12-23 09:00",
            "12-25 09:00",
            "12-28 09:00",
            (
                "2026年12月25日暂停，12月28日恢复，暂停次日起至恢复当日共1个工作日不计入",
                "截止日由12月28日顺延1个工作日，为12月29日，当日24时届满",
                "2027年放假安排尚未公布，暂按周一至周五为工作日计算，公布后重新计算",
            ),
        ),
        (
            days(5),
            "09-18 09:00",
            "09-20 08:00",
            "09-20 18:00",
            (
                "2026年9月20日暂停，9月20日恢复，暂停次日起至恢复当日共0日不计入",
                "截止时间不变，仍为9月23日24时",
            ),
        ),
        (
            exact(hours=2),
            "09-30 09:00",
            "09-30 10:00",
            "10-08 09:30:05",
            (
                "2026年9月30日10时00分暂停，10月8日9时30分05秒恢复，其间191小时30分钟5秒不计入",
                "截止时间顺延191小时30分钟5秒，10月8日10时30分05秒届满",
            ),
        ),
    ],
)
def test_what_a_pause_gave_back_is_told_in_chinese(
    limit: Limit, started: str, paused: str, again: str, steps: tuple[str, ...]
) -> None:
    due = due_at(limit, local(started), CALENDAR, ZONE).at
    assert explained_pause(limit, due, local(paused), local(again), CALENDAR, ZONE) == steps


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (days(15), "15日"),
        (working(5), "5个工作日"),
        (exact(days=3), "72小时"),
        (exact(hours=1, minutes=30), "1小时30分钟"),
        (exact(seconds=4), "4秒"),
    ],
)
def test_a_limit_in_words(limit: Limit, words: str) -> None:
    assert in_words(limit) == words


def test_what_an_extension_gave_is_told_in_chinese() -> None:
    assert explained_extension(working(5), end("09-30"), CALENDAR, ZONE) == (
        "原定2026年9月30日24时届满，延长5个工作日",
        "10月1日至10月7日为法定节假日放假，不计入工作日",
        "10月10日（星期六）为调休工作日，计入",
        "10月11日（星期日）为周末，不计入工作日",
        "延长后截止日为10月13日，当日24时届满",
    )
    assert explained_extension(days(15), end("09-18"), CALENDAR, ZONE, roll_over=True) == (
        "原定2026年9月18日24时届满，延长15日",
        "延长后截止日为10月3日，适逢法定节假日放假，顺延至其后第一个工作日10月8日（民法典第二百零三条），当日24时届满",
    )
    assert explained_extension(exact(hours=2), local("12-31 23:00"), CALENDAR, ZONE) == (
        "原定2026年12月31日23时00分届满，延长2小时",
        "延长后2027年1月1日1时00分届满",
    )


def test_a_pause_of_what_was_over_is_told_to_change_nothing() -> None:
    for limit, due, told in [
        (working(5), end("10-13"), "10月13日24时"),
        (days(5), end("10-13"), "10月13日24时"),
        (exact(hours=2), local("10-13 11:30"), "10月13日11时30分"),
    ]:
        steps = explained_pause(limit, due, local("11-02 09:00"), local("11-05 09:00"), CALENDAR, ZONE)
        assert steps == (f"2026年11月2日暂停时期限已届满，截止时间不变，仍为{told}",)


MOMENTS = st.datetimes(
    datetime(2018, 1, 1),
    datetime(2030, 1, 1),
    timezones=st.sampled_from([UTC, ZONE, timezone(timedelta(hours=-9, minutes=-30)), ZoneInfo("Europe/Berlin")]),
)
COUNTS = st.integers(1, 400)
LIMITS = st.builds(Limit, st.sampled_from(["exact", "days", "working-days"]), COUNTS)
PAUSES = st.timedeltas(timedelta(), timedelta(days=40))


def day_of(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


@given(LIMITS, MOMENTS, st.booleans())
def test_nothing_is_due_before_it_began_and_days_end_with_a_day(
    limit: Limit, started: datetime, roll_over: bool
) -> None:
    due = due_at(limit, started, CALENDAR, ZONE, roll_over=roll_over)
    assert due.at > started
    if limit.unit != "exact":
        assert due.at.astimezone(ZONE).time() == datetime.min.time()
        assert last_day(due.at, ZONE) > day_of(started)
        assert due.at >= due_at(limit, started, CALENDAR, ZONE).at


@given(LIMITS, MOMENTS, st.booleans(), st.integers(1, 30))
def test_more_of_the_same_is_never_due_earlier(limit: Limit, started: datetime, roll_over: bool, more: int) -> None:
    longer = limit._replace(count=limit.count + more)
    one, other = (due_at(each, started, CALENDAR, ZONE, roll_over=roll_over).at for each in (limit, longer))
    assert one <= other if roll_over and limit.unit == "days" else one < other


@given(LIMITS, MOMENTS, st.timedeltas(timedelta(), timedelta(days=40)), st.booleans())
def test_what_begins_later_is_never_due_earlier(
    limit: Limit, started: datetime, later: timedelta, roll_over: bool
) -> None:
    begun = (started.astimezone(UTC), started.astimezone(UTC) + later)
    one, other = (due_at(limit, each, CALENDAR, ZONE, roll_over=roll_over).at for each in begun)
    assert one <= other


@given(COUNTS, MOMENTS)
def test_as_many_working_days_are_left_as_the_limit_says(count: int, started: datetime) -> None:
    last = last_day(due_at(working(count), started, CALENDAR, ZONE).at, ZONE)
    assert CALENDAR.is_working(last)
    assert CALENDAR.working_days(day_of(started), last) == count


@given(COUNTS, MOMENTS)
def test_what_rolls_over_ends_with_a_working_day_and_passes_none(count: int, started: datetime) -> None:
    last = last_day(due_at(days(count), started, CALENDAR, ZONE, roll_over=True).at, ZONE)
    plain = day_of(started) + timedelta(days=count)
    assert CALENDAR.is_working(last)
    assert CALENDAR.working_days(plain, last) == (last > plain)


@given(LIMITS, MOMENTS, st.booleans())
def test_what_is_due_after_the_last_announced_day_is_provisional(
    limit: Limit, started: datetime, roll_over: bool
) -> None:
    due = due_at(limit, started, CALENDAR, ZONE, roll_over=roll_over)
    looked_at = limit.unit == "working-days" or (limit.unit == "days" and roll_over)
    assert due.provisional == (looked_at and last_day(due.at, ZONE) > date(2026, 12, 28))


@given(LIMITS, MOMENTS, st.booleans(), st.timedeltas(timedelta(), timedelta(days=500)))
def test_a_pause_of_no_time_changes_nothing(limit: Limit, started: datetime, roll_over: bool, after: timedelta) -> None:
    due = due_at(limit, started, CALENDAR, ZONE, roll_over=roll_over)
    paused = started.astimezone(UTC) + after
    assert resumed(limit, due.at, paused, paused, CALENDAR, ZONE, roll_over=roll_over) == due


@given(LIMITS, MOMENTS, st.floats(0, 0.999), PAUSES)
def test_after_a_pause_the_rest_is_counted_from_where_it_goes_on(
    limit: Limit, started: datetime, part: float, pause: timedelta
) -> None:
    """What was used of a limit before a pause, and what is left of it after, are the limit."""
    began = started.astimezone(UTC)
    due = due_at(limit, began, CALENDAR, ZONE).at
    paused = began + (due - began) * part
    again = paused + pause
    new = resumed(limit, due, paused, again, CALENDAR, ZONE).at
    if limit.unit == "exact":
        assert (paused - began) + (new - again) == timedelta(seconds=limit.count)
        return
    last = last_day(new, ZONE)
    assert new > again
    if limit.unit == "days":
        assert (day_of(paused) - day_of(began)) + (last - day_of(again)) == timedelta(days=limit.count)
        return
    used, left = CALENDAR.working_days(day_of(began), day_of(paused)), CALENDAR.working_days(day_of(again), last)
    on_a_day_off = used == limit.count and not CALENDAR.is_working(day_of(again))
    assert used + left == limit.count + on_a_day_off


@given(LIMITS, MOMENTS, st.lists(st.timedeltas(timedelta(), timedelta(days=3)), min_size=2, max_size=8))
def test_pauses_one_after_another_never_bring_a_limit_forward(
    limit: Limit, started: datetime, lengths: list[timedelta]
) -> None:
    moment = started.astimezone(UTC)
    dues = [due_at(limit, moment, CALENDAR, ZONE).at]
    for run, pause in zip(lengths[::2], lengths[1::2], strict=False):
        paused = moment + run
        moment = paused + pause
        dues.append(resumed(limit, dues[-1], paused, moment, CALENDAR, ZONE).at)
    assert all(one <= other for one, other in pairwise(dues))


@given(st.sampled_from(["days", "working-days", "exact"]), COUNTS, COUNTS, MOMENTS)
def test_a_limit_and_its_extension_are_one_longer_limit(unit: str, count: int, more: int, started: datetime) -> None:
    due = due_at(Limit(unit, count), started, CALENDAR, ZONE).at
    assert extended(Limit(unit, more), due, CALENDAR, ZONE).at == (
        due_at(Limit(unit, count + more), started, CALENDAR, ZONE).at
    )


@given(LIMITS, MOMENTS, st.booleans())
def test_every_explanation_is_short_and_ends_with_when_it_is_due(
    limit: Limit, started: datetime, roll_over: bool
) -> None:
    steps = explained(limit, started, CALENDAR, ZONE, roll_over=roll_over)
    assert 2 <= len(steps) <= 14
    due = due_at(limit, started, CALENDAR, ZONE, roll_over=roll_over)
    *_, told = [step for step in steps if step.endswith("届满")]
    if limit.unit != "exact":
        last = last_day(due.at, ZONE)
        assert f"{last.month}月{last.day}日" in told
    assert ("尚未公布" in steps[-1]) == due.provisional


def test_the_sample_districts_calendar_is_the_one_of_these_tables(policy: Policy) -> None:
    assert policy.calendar == CALENDAR
