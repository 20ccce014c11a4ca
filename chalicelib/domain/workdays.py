"""Working days 工作日: Monday to Friday without the holidays, and the weekends that are worked in their stead.

The State Council announces holidays and make-up days 调休 year by year, in the autumn before. Until then a year's
working days are guessed to be Monday to Friday, and whoever counts them is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

SATURDAY = 5
ONE_DAY = timedelta(days=1)
NEXT_NOTICE = (12, 29)
"""From this day on, a year's days may be days off or worked by the notice of the next year, whose first day they join:
2018-12-31 was off and 2018-12-29 worked by that of 2019. None of 2004 to 2026 has reached further back."""


class WorkCalendar(NamedTuple):
    """The days that are not what their day of the week says, as ISO dates.

    `holidays`: days off from Monday to Friday. `workdays`: worked days of weekends. `years`: those whose days were
    announced, in order and without a gap. `reasons`: why, in Chinese, for the days that the district's own pack names.
    """

    holidays: frozenset[str] = frozenset()
    workdays: frozenset[str] = frozenset()
    years: tuple[int, ...] = ()
    reasons: Mapping[str, str] = {}

    def is_working(self, day: date) -> bool:
        if day.weekday() < SATURDAY:
            return day.isoformat() not in self.holidays
        return day.isoformat() in self.workdays

    def knows(self, year: int) -> bool:
        return year in self.years

    def notice_of(self, day: date) -> int:
        """The year with whose notice everything about a day is announced."""
        return day.year + ((day.month, day.day) >= NEXT_NOTICE and self.knows(day.year))

    def is_announced(self, first: date, last: date) -> bool:
        """Whether all days from `first` to `last` are as announced, and none is a guess."""
        return self.knows(self.notice_of(first)) and self.knows(self.notice_of(last))

    def working_day_after(self, day: date, count: int) -> date:
        """The working day `count` working days after a day, which itself is not counted. `count` is above 0."""
        unlike, number = _unlike_their_weekday(self.holidays, self.workdays), day.toordinal()
        while count > 0:
            number += 1
            if ((number - 1) % 7 < SATURDAY) != (number in unlike):  # 0001-01-01, day 1, was a Monday
                count -= 1
        return date.fromordinal(number)

    def working_day_from(self, day: date) -> date:
        """The day itself when it is worked, else the first working day after it."""
        return day if self.is_working(day) else self.working_day_after(day, 1)

    def working_day_before(self, day: date, count: int) -> date:
        """The first of the last `count` working days up to and with a day. `count` is above 0."""
        while count > 0:
            count -= self.is_working(day)
            day -= ONE_DAY
        return day + ONE_DAY

    def working_days(self, after: date, until: date) -> int:
        """How many days are worked after a day, up to and with another."""
        return sum(self.is_working(after + timedelta(days=n)) for n in range(1, (until - after).days + 1))


@lru_cache(maxsize=8)
def _unlike_their_weekday(holidays: frozenset[str], workdays: frozenset[str]) -> frozenset[int]:
    """The numbers of the days that are off or worked unlike others of their weekday: every clock is counted by them."""
    off, worked = map(date.fromisoformat, holidays), map(date.fromisoformat, workdays)
    return frozenset(
        [day.toordinal() for day in off if day.weekday() < SATURDAY]
        + [day.toordinal() for day in worked if day.weekday() >= SATURDAY]
    )
