"""Why something is due when it is due, step by step, in Chinese: `limits` counts, and this tells of it.

Runs of days are told together, and what a long limit has many of is told as a sum, so that it stays short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from chalicelib.domain.limits import (
    DAYS,
    EXACT,
    SAME_DAY,
    WORKING_DAYS,
    Counted,
    Limit,
    counted,
    counted_on,
    counted_without,
    due_at,
    extended,
    given_back,
    last_day,
    resumed,
    stood_still,
)
from chalicelib.domain.workdays import ONE_DAY, SATURDAY, WorkCalendar

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_HOLIDAY, _WEEKEND, _MAKE_UP = "法定节假日放假", "周末", "调休工作日"
_TOLD, _WEEKENDS_TOLD = 4, 1
"""So many runs of days of a sort, such as holidays, have a sentence each; of more, one sentence gives the sum."""
_WEEKDAYS = "一二三四五六日"


def steps(
    limit: Limit,
    started: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
    without: Collection[date] = (),
) -> tuple[str, ...]:
    """How `due_at` came to what it says."""
    local = started.astimezone(zone)
    if limit.unit == EXACT:
        due = due_at(limit, started, calendar, zone).at.astimezone(zone)
        began = f"{_zh(local.date())}{_time(local)}开始计时，按实际时间连续计算，不分工作日与节假日"
        return (began, f"{in_words(limit)}后，{_zh(due.date(), local.year)}{_time(due)}届满")
    count = counted(limit, local.date(), calendar, roll_over=roll_over, without=without)
    if limit.unit == SAME_DAY:
        began = f"{_zh(local.date())}{_time(local)}开始计时，限当日完成"
        return (began, _ends("截止日为", count, calendar, local.year), *_guessed(count, calendar))
    return (
        f"{_zh(local.date())}开始计时，当日不计入（民法典第二百零一条）",
        *(_days(count, calendar, local.year) if limit.unit == WORKING_DAYS else ()),
        *_left_out(limit, count, calendar, without, local.year),
        _ends(f"第{in_words(limit)}为", count, calendar, local.year),
        *_guessed(count, calendar),
    )


def steps_of_extension(
    extension: Limit, due: datetime, calendar: WorkCalendar, zone: ZoneInfo, *, roll_over: bool = False
) -> tuple[str, ...]:
    """How `extended` came to what it says."""
    before, late = due.astimezone(zone), extended(extension, due, calendar, zone, roll_over=roll_over).at
    begun = f"原定{_closing(before, None)}届满，延长{in_words(extension)}"
    if extension.unit == EXACT:
        return (begun, f"延长后{_closing(late.astimezone(zone), before.year)}届满")
    count = counted(extension, last_day(due, zone), calendar, roll_over=roll_over)
    return (
        begun,
        *(_days(count, calendar, count.start.year) if extension.unit == WORKING_DAYS else ()),
        _ends("延长后截止日为", count, calendar, count.start.year),
        *_guessed(count, calendar),
    )


def steps_of_pause(
    limit: Limit,
    due: datetime,
    paused_at: datetime,
    resumed_at: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
) -> tuple[str, ...]:
    """How `resumed` came to what it says."""
    paused, again = paused_at.astimezone(zone), resumed_at.astimezone(zone)
    year = paused.year
    new = resumed(limit, due, paused_at, resumed_at, calendar, zone, roll_over=roll_over)
    if paused_at >= due:
        return (f"{_zh(paused.date())}暂停时期限已届满，截止时间不变，仍为{_closing(due.astimezone(zone), year)}",)
    if limit.unit == EXACT:
        stood, late = _duration(int(stood_still(due, paused_at, resumed_at).total_seconds())), new.at.astimezone(zone)
        times = f"{_zh(paused.date())}{_time(paused)}暂停，{_zh(again.date(), year)}{_time(again)}恢复"
        return (f"{times}，其间{stood}不计入", f"截止时间顺延{stood}，{_zh(late.date(), year)}{_time(late)}届满")
    moved = counted_on(limit, due, paused_at, resumed_at, calendar, zone, roll_over=roll_over)
    unit = WORKING_DAYS if limit.unit == WORKING_DAYS else DAYS
    back = in_words(Limit(unit, given_back(limit, due, paused_at, resumed_at, calendar, zone)))
    days = f"{_zh(paused.date())}暂停，{_zh(again.date(), year)}恢复，暂停次日起至恢复当日共{back}不计入"
    if moved.end == moved.start:
        return (days, f"截止时间不变，仍为{_closing(due.astimezone(zone), year)}")
    if limit.unit == WORKING_DAYS and moved.last != moved.end:
        ends = f"期限最后一日暂停，恢复当日非工作日，至其后第一个工作日{_zh(moved.end, year)}24时届满"
    else:
        ends = _ends(f"截止日由{_zh(moved.start, year)}顺延{back}，为", moved, calendar, year)
    return (
        days,
        *(_days(moved, calendar, year) if limit.unit == WORKING_DAYS else ()),
        ends,
        *_guessed(moved, calendar),
    )


def steps_without(
    limit: Limit,
    started: datetime,
    due: datetime,
    known: Collection[date],
    days: Collection[date],
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
) -> tuple[str, ...]:
    """How `later_without` came to what it says."""
    if due_at(limit, started, calendar, zone, roll_over=roll_over, without=known).at == due:
        return steps(limit, started, calendar, zone, roll_over=roll_over, without={*known, *days})
    year = started.astimezone(zone).year
    moved = counted_without(limit, started, due, known, days, calendar, zone, roll_over=roll_over)
    if moved.end == moved.start:
        return (f"均不在期限之内，截止时间不变，仍为{_closing(due.astimezone(zone), year)}",)
    unit = WORKING_DAYS if limit.unit == WORKING_DAYS else DAYS
    later = calendar.working_days(moved.start, moved.last) if unit == WORKING_DAYS else (moved.last - moved.start).days
    return (
        *(_days(moved, calendar, year) if limit.unit == WORKING_DAYS else ()),
        _ends(f"截止日由{_zh(moved.start, year)}顺延{in_words(Limit(unit, later))}，为", moved, calendar, year),
        *_guessed(moved, calendar),
    )


def days_in_words(days: Collection[date], year: int | None = None) -> str:
    """Days in Chinese: 10月9日、10月12日; `year` is left out."""
    return "、".join(_zh(day, year) for day in sorted(days))


def in_words(limit: Limit) -> str:
    """A limit in Chinese: 15日, 5个工作日, 72小时, 当日."""
    if limit.unit == SAME_DAY:
        return "当日"
    if limit.unit == EXACT:
        return _duration(limit.count)
    return f"{limit.count}{'个工作日' if limit.unit == WORKING_DAYS else '日'}"


def moment_in_words(at: datetime, zone: ZoneInfo, year: int | None = None) -> str:
    """A moment in Chinese, where midnight is 24:00 of the day before: 11月25日24时; `year` is left out."""
    return _closing(at.astimezone(zone), year)


def _days(count: Counted, calendar: WorkCalendar, year: int) -> Iterator[str]:
    """What the days are that were counted or passed over, but for plain Mondays to Fridays."""
    runs = list(_runs(count.start + ONE_DAY, count.end, calendar))
    number = Counter((sort, working) for sort, working, _ in runs)
    days = Counter((sort, working) for sort, working, run in runs for _ in run)
    for sort, working, run in runs:
        counts = "计入" if working else "不计入工作日"
        if number[sort, working] <= (_WEEKENDS_TOLD if sort == _WEEKEND else _TOLD):
            yield f"{_span(run, year)}为{sort}，{counts}"
        elif days[sort, working]:
            yield f"其间{sort}共{days.pop((sort, working))}天，{counts}"


def _left_out(
    limit: Limit, count: Counted, calendar: WorkCalendar, without: Collection[date], year: int
) -> Iterator[str]:
    """Which of the days that are not to be counted lay within the limit, and so are not."""
    within = {day for day in without if count.start < day <= count.last}
    if limit.unit == WORKING_DAYS:
        within = {day for day in within if calendar.is_working(day)}
    if within:
        yield f"{days_in_words(within, year)}共{len(within)}日不计入"


def _runs(first: date, last: date, calendar: WorkCalendar) -> Iterator[tuple[str, bool, list[date]]]:
    """Days in a row that are of the same sort: what they are, whether they are worked, and which they are.

    A weekend that joins a holiday is part of it, as the State Council's notices have it: days off are first taken
    together, and make a holiday if one of them is no Saturday or Sunday.
    """

    def sort_of(day: date) -> tuple[str, bool]:
        working = calendar.is_working(day)
        plain = ("" if day.weekday() < SATURDAY else _MAKE_UP) if working else _WEEKEND
        return calendar.reasons.get(day.isoformat(), plain), working

    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    for (sort, working), run in groupby(days, sort_of):
        if sort:
            row = list(run)
            holiday = sort == _WEEKEND and any(day.weekday() < SATURDAY for day in row)
            yield _HOLIDAY if holiday else sort, working, row


def _ends(begun: str, count: Counted, calendar: WorkCalendar, year: int) -> str:
    """The last day, or where it rolls over to; `begun` is the beginning of the sentence."""
    if count.end == count.last:
        return f"{begun}{_zh(count.last, year)}，当日24时届满"
    first = count.last
    while not calendar.is_working(first - ONE_DAY):
        first -= ONE_DAY
    sort = next(sort for sort, _, run in _runs(first, count.end, calendar) if count.last in run)
    rolled = f"适逢{sort}，顺延至其后第一个工作日{_zh(count.end, count.last.year)}（民法典第二百零三条）"
    return f"{begun}{_zh(count.last, year)}，{rolled}，当日24时届满"


def _guessed(count: Counted, calendar: WorkCalendar) -> Iterator[str]:
    """Of which years it mattered what their days are, and is not known yet."""
    if count.looked_from is None:
        return
    notices = range(calendar.notice_of(count.looked_from), calendar.notice_of(count.end) + 1)
    if years := "、".join(f"{year}年" for year in notices if not calendar.knows(year)):
        yield f"{years}放假安排尚未公布，暂按周一至周五为工作日计算，公布后重新计算"


def _span(run: list[date], year: int) -> str:
    first, last = run[0], run[-1]
    if first == last:
        return f"{_zh(first, year)}（星期{_WEEKDAYS[first.weekday()]}）"
    return f"{_zh(first, year)}至{_zh(last, first.year)}"


def _zh(day: date, year: int | None = None) -> str:
    """A day in Chinese; without its year where that is `year`."""
    return f"{'' if day.year == year else f'{day.year}年'}{day.month}月{day.day}日"


def _time(moment: datetime) -> str:
    return f"{moment.hour}时{moment.minute:02}分" + (f"{moment.second:02}秒" if moment.second else "")


def _closing(due: datetime, year: int | None) -> str:
    """A moment, where midnight is the end of the day before."""
    if due.time() == time():
        return f"{_zh(due.date() - ONE_DAY, year)}24时"
    return f"{_zh(due.date(), year)}{_time(due)}"


def _duration(seconds: int) -> str:
    """In hours, minutes and seconds: a day of an exact limit is 24 hours, and no calendar's."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "小时"), (minutes, "分钟"), (seconds, "秒"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0秒"
