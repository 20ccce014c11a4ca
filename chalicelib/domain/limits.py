"""Limits 期限: how long a thing may take, and when it is due.

Law: the day an interval starts is not counted (民法典 201). Days and working days end at 24:00 in the district on the
last one, which is the midnight that begins the next. Where the policy rolls over, an interval of calendar days whose
last one is a day off ends with the first working day after (民法典 203). Its 法定休假日 is read here as every day not
worked, weekends too unless they are worked in a holiday's stead; whether a limit rolls over at all is policy. What is
due the same day 当日 ends with the day it begins on: the one limit that counts that day. An exact limit is so many
seconds and knows no calendar.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.workdays import ONE_DAY, WorkCalendar

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

EXACT, DAYS, WORKING_DAYS, SAME_DAY = "exact", "days", "working-days", "same-day"


class Limit(NamedTuple):
    """`count`, above 0, of `unit`: exact (seconds), days, working-days, or same-day (the first day is counted)."""

    unit: str
    count: int  # type: ignore[assignment]  # a tuple's own method of that name is not missed


class Due(NamedTuple):
    """`at`: in UTC. `provisional`: counted over days that are not announced yet, to be counted again when they are."""

    at: datetime
    provisional: bool


class Counted(NamedTuple):
    """The days of a limit: where it began, its last by number, and where it ends, which is later when it rolled over.

    `looked_from`: the first of the days of which it matters whether they are worked, `end` being the last; None when
    it matters of none.
    """

    start: date
    last: date
    end: date
    looked_from: date | None

    def due(self, calendar: WorkCalendar, zone: ZoneInfo) -> Due:
        looked = self.looked_from
        return Due(end_of(self.end, zone), looked is not None and not calendar.is_announced(looked, self.end))


def due_at(
    limit: Limit,
    started: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
    without: Collection[date] = (),
) -> Due:
    """When a limit that began at a moment runs out; `without`: days that are not counted (`counted_without`).

    Raises ValueError for a count that is not above 0.
    """
    if limit.unit == EXACT:
        return Due(started.astimezone(UTC) + timedelta(seconds=_positive(limit)), False)
    day = started.astimezone(zone).date()
    return counted(limit, day, calendar, roll_over=roll_over, without=without).due(calendar, zone)


def resumed(
    limit: Limit,
    due: datetime,
    paused_at: datetime,
    resumed_at: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
) -> Due:
    """When a limit runs out that was due at `due` and stood still for a while.

    Exact: as much later as it stood still. Days and working days: as many of them later as came after the day of the
    pause, up to and with the day it ended on, as if the rest was counted from there. A limit that stood still on its
    last day has the day it goes on, or the first working day after. A pause within a day gives nothing back, nor does
    one that began when the limit was over. Raises ValueError for a pause that ends before it begins.
    """
    if limit.unit == EXACT:
        return Due(due.astimezone(UTC) + stood_still(due, paused_at, resumed_at), False)
    moved = counted_on(limit, due, paused_at, resumed_at, calendar, zone, roll_over=roll_over)
    new = moved.due(calendar, zone)
    return new if moved.end != moved.start else new._replace(at=due.astimezone(UTC))


def extended(
    extension: Limit, due: datetime, calendar: WorkCalendar, zone: ZoneInfo, *, roll_over: bool = False
) -> Due:
    """When a limit runs out that was due at `due` and is made longer: days are counted after the day it was due on.

    That is not `due_at` from `due`, which is a midnight, and so on the day after.
    """
    if extension.unit == EXACT:
        return due_at(extension, due, calendar, zone)
    return counted(extension, last_day(due, zone), calendar, roll_over=roll_over).due(calendar, zone)


def later_without(
    limit: Limit,
    started: datetime,
    due: Due,
    known: Collection[date],
    days: Collection[date],
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
) -> Due:
    """When a limit runs out that is due at `due`, once some `days` are not counted in it beside the `known` ones.

    Each day after the one it began on, up to and with the one it is due on, makes it a day later; of working days only
    a working day does, by a working day. A day is left out once, however often it is named, and whichever is named
    first. An exact limit, and one of the same day, has no days to leave out.
    """
    if limit.unit not in (DAYS, WORKING_DAYS):
        return due
    if due_at(limit, started, calendar, zone, roll_over=roll_over, without=known).at == due.at:
        return due_at(limit, started, calendar, zone, roll_over=roll_over, without={*known, *days})
    moved = counted_without(limit, started, due.at, known, days, calendar, zone, roll_over=roll_over)
    if moved.end == moved.start:
        return due
    new = moved.due(calendar, zone)
    return new._replace(provisional=due.provisional or new.provisional)


def ahead_of(limit: Limit, due: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    """The moment from which so much is left until `due`. Of days, the first of the last so many begins then."""
    if limit.unit == EXACT:
        return due.astimezone(UTC) - timedelta(seconds=_positive(limit))
    last, count = last_day(due, zone), _positive(limit)
    first = calendar.working_day_before(last, count) if limit.unit == WORKING_DAYS else last - (count - 1) * ONE_DAY
    return beginning_of(first, zone)


def explained(
    limit: Limit,
    started: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
    without: Collection[date] = (),
) -> tuple[str, ...]:
    """How `due_at` came to what it says: its steps in Chinese, a sentence each, for a clerk to follow on a calendar."""
    from chalicelib.domain.limit_steps import steps  # few ask

    return steps(limit, started, calendar, zone, roll_over=roll_over, without=without)


def explained_pause(
    limit: Limit,
    due: datetime,
    paused_at: datetime,
    resumed_at: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool = False,
) -> tuple[str, ...]:
    """How `resumed` came to what it says, as `explained` does."""
    from chalicelib.domain.limit_steps import steps_of_pause  # few ask

    return steps_of_pause(limit, due, paused_at, resumed_at, calendar, zone, roll_over=roll_over)


def explained_extension(
    extension: Limit, due: datetime, calendar: WorkCalendar, zone: ZoneInfo, *, roll_over: bool = False
) -> tuple[str, ...]:
    """How `extended` came to what it says, as `explained` does."""
    from chalicelib.domain.limit_steps import steps_of_extension  # few ask

    return steps_of_extension(extension, due, calendar, zone, roll_over=roll_over)


def counted(
    limit: Limit, start: date, calendar: WorkCalendar, *, roll_over: bool = False, without: Collection[date] = ()
) -> Counted:
    """The days of a limit that begins on a day, which is not counted but by one that is due the same day.

    `without`: days that are not counted either. Where a limit rolls over, it does so from the last that is.
    """
    count = _positive(limit)
    if limit.unit == WORKING_DAYS:
        last = calendar.working_day_after(start, count)
        last = _later(last, limit, start, without, calendar) if without else last
        return Counted(start, last, last, start + ONE_DAY)
    if limit.unit not in (DAYS, SAME_DAY):
        raise ValueError(f"{limit.unit!r} is counted in no days")
    last = start + timedelta(days=count - (limit.unit == SAME_DAY))
    last = _later(last, limit, start, without, calendar) if without else last
    if not roll_over:
        return Counted(start, last, last, None)
    return Counted(start, last, calendar.working_day_from(last), last)


def counted_without(
    limit: Limit,
    started: datetime,
    due: datetime,
    known: Collection[date],
    days: Collection[date],
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool,
) -> Counted:
    """The days of a limit that cannot be counted from its beginning any more, having stood still or been extended.

    It `start`s with the day it was due on. Of the `known` days those may still make it later that lay beyond that.
    """
    due_on = last_day(due, zone)
    left = {day for day in (*known, *days) if day > due_on or day not in known}
    last = _later(due_on, limit, started.astimezone(zone).date(), left, calendar)
    if limit.unit == WORKING_DAYS:
        return Counted(due_on, last, last, due_on + ONE_DAY)
    rolls = roll_over and last != due_on
    return Counted(due_on, last, calendar.working_day_from(last) if rolls else last, last if rolls else None)


def counted_on(
    limit: Limit,
    due: datetime,
    paused_at: datetime,
    resumed_at: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    *,
    roll_over: bool,
) -> Counted:
    """The days of a limit, of days or working days, that stood still; it `start`s with the day it was due on before."""
    due_on, back = last_day(due, zone), given_back(limit, due, paused_at, resumed_at, calendar, zone)
    if limit.unit == WORKING_DAYS:
        last, again = calendar.working_day_after(due_on, back), resumed_at.astimezone(zone).date()
        end = calendar.working_day_from(again) if paused_at < due and last < again else last
        return Counted(due_on, last, end, min(due_on, paused_at.astimezone(zone).date() + ONE_DAY))
    last = due_on + timedelta(days=back)
    return Counted(
        due_on, last, calendar.working_day_from(last) if roll_over and back else last, last if roll_over else None
    )


def stood_still(due: datetime, paused_at: datetime, resumed_at: datetime) -> timedelta:
    """For how long a limit that was due at `due` stood still."""
    paused, again = paused_at.astimezone(UTC), resumed_at.astimezone(UTC)  # in one zone, clocks would be subtracted
    if again < paused:
        raise ValueError("a pause ends before it begins")
    return again - paused if paused < due else timedelta()


def given_back(
    limit: Limit, due: datetime, paused_at: datetime, resumed_at: datetime, calendar: WorkCalendar, zone: ZoneInfo
) -> int:
    """How many of its days a limit of days or of working days stood still."""
    if not stood_still(due, paused_at, resumed_at):
        return 0
    first, last = paused_at.astimezone(zone).date(), resumed_at.astimezone(zone).date()
    return calendar.working_days(first, last) if limit.unit == WORKING_DAYS else (last - first).days


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """24:00 of a day, in UTC."""
    return beginning_of(day + ONE_DAY, zone)


def beginning_of(day: date, zone: ZoneInfo) -> datetime:
    """The midnight that begins a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def last_day(due: datetime, zone: ZoneInfo) -> date:
    """The day with whose end something is due; of a moment within a day, that day."""
    return (due.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()


def _later(last: date, limit: Limit, start: date, days: Collection[date], calendar: WorkCalendar) -> date:
    """The last day of a limit, once each of the days that lie in it is not counted."""
    for day in sorted(set(days)):
        if not start < day <= last:
            continue
        if limit.unit != WORKING_DAYS:
            last += ONE_DAY
        elif calendar.is_working(day):
            last = calendar.working_day_after(last, 1)
    return last


def _positive(limit: Limit) -> int:
    if limit.count <= 0:
        raise ValueError(f"a limit of {limit.count} is none")
    return limit.count
