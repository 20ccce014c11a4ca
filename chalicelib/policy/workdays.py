"""The calendar a pack is compiled with: the State Council's notices, and what `calendar.toml` says of single days.

The library `chinesecalendar` knows the notices, each from a release of its own, some weeks after. A district that
cannot wait writes the year's days down itself, and may always add days of its own. Nothing that runs in a function
imports this module: the compiled pack holds the days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from chinese_calendar import holidays, workdays

from chalicelib.domain.workdays import SATURDAY, WorkCalendar
from chalicelib.policy.reader import Entry, Fault, PackText
from chalicelib.policy.schema import CALENDAR_FILE, CalendarDayPart, CalendarYearPart

FIRST_YEAR = 2018
LAST_YEAR = max(holidays).year
"""Of the years the library knows."""

FEWEST_DAYS_OFF = 11
"""So many more Mondays to Fridays were off than weekend days worked in every year since 2018, and 13 since 2025, when
the statutory holidays became 13. Of a year with fewer, somebody forgot to write a holiday down."""

_LONGEST_RUN = timedelta(days=31)


def compiled_calendar(text: PackText) -> dict[str, Any]:
    """The calendar of a pack without faults, as `chalicelib.domain.workdays.WorkCalendar` has it."""
    calendar = _calendar(text)
    return {
        **calendar._asdict(),
        "holidays": sorted(calendar.holidays),
        "workdays": sorted(calendar.workdays),
        "years": list(calendar.years),
    }


def check_calendar(text: PackText) -> Iterator[Fault]:
    """Days that say nothing or two things, and years that were forgotten, or whose days were."""
    for entry in text.all(CalendarDayPart):
        yield from _day(entry)
    seen: set[date] = set()
    for entry in text.all(CalendarDayPart):
        days = set(_days(entry.part))
        if days & seen:
            yield entry.fault("date", f"{min(days & seen)} is named twice")
        seen |= days
    if not any(fault.file == CALENDAR_FILE for fault in text.faults):  # misshapen days would be missed in their year
        yield from _years(text)


def _day(entry: Entry[CalendarDayPart]) -> Iterator[Fault]:
    day = entry.part
    if day.date.year < FIRST_YEAR:
        yield entry.fault("date", f"the calendar begins with {FIRST_YEAR}")
    if day.until is not None and not day.date < day.until <= day.date + _LONGEST_RUN:
        yield entry.fault("until", f"is not within a month after {day.date}")
    elif day.working:
        for each in _days(day):
            if each.weekday() < SATURDAY and each not in holidays:
                yield entry.fault("working", f"{each} is a working day anyway")


def _years(text: PackText) -> Iterator[Fault]:
    calendar, seen = _calendar(text), set[int]()
    for entry in text.all(CalendarYearPart):
        year = entry.part.year
        if year in seen:
            yield entry.fault("year", f"{year} is named twice")
        seen.add(year)
        if year > LAST_YEAR + 1 and not calendar.knows(year - 1):
            yield entry.fault("year", f"{year} cannot be announced while {year - 1} is not")
        off = sum(int(day[:4]) == year for day in calendar.holidays)
        worked = sum(int(day[:4]) == year for day in calendar.workdays)
        if off - worked < FEWEST_DAYS_OFF:
            yield entry.fault(
                "year",
                f"{year} has {off} days off from Monday to Friday, and {worked} worked at weekends: no year has less "
                f"than {FEWEST_DAYS_OFF} more of the first",
            )


def _calendar(text: PackText) -> WorkCalendar:
    off = {day for day in holidays if day.year >= FIRST_YEAR and day.weekday() < SATURDAY}
    worked = {day for day in workdays if day.year >= FIRST_YEAR}
    reasons = {}
    for entry in text.all(CalendarDayPart):
        for day in _days(entry.part):
            off.discard(day)
            worked.discard(day)
            if entry.part.working and day.weekday() >= SATURDAY:
                worked.add(day)
            elif not entry.part.working and day.weekday() < SATURDAY:
                off.add(day)
            reasons[day.isoformat()] = entry.part.zh
    years = {*range(FIRST_YEAR, LAST_YEAR + 1), *(entry.part.year for entry in text.all(CalendarYearPart))}
    return WorkCalendar(_iso(off), _iso(worked), tuple(sorted(years)), reasons)


def _days(day: CalendarDayPart) -> Iterator[date]:
    last = min(day.until or day.date, day.date + _LONGEST_RUN)
    return (day.date + timedelta(days=n) for n in range((last - day.date).days + 1))


def _iso(days: set[date]) -> frozenset[str]:
    return frozenset(day.isoformat() for day in days)
