"""The residents' house of law 居民法治之家 of a community (A2): when lawyers sit there, and which advice was given.

Advice is written down for the district's figures and for whoever gives it next: what was asked and answered, by whom.
Who asked is nobody's business, and is not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from chalicelib.domain.panels import LAWYER

if TYPE_CHECKING:
    from chalicelib.domain.panels import Hours, Member
    from chalicelib.domain.workdays import WorkCalendar

_AHEAD = 56
"""How many days one looks ahead for the next time that somebody sits; who is away longer than eight weeks has none."""

_PERSONAL = re.compile(r"(?<!\d)(?:(?:00)?86)?1[3-9]\d{9}(?!\d)|(?<![\dX])\d{17}[\dX](?![\dX])")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s-]+(?=[\dX])")


class Sitting(NamedTuple):
    """Hours of a lawyer, and the next day (ISO) on which he or she sits then; None where that is not known."""

    hours: Hours
    lawyer: Member
    next_on: str | None


class Adviser(NamedTuple):
    """The lawyer who gave advice, as he or she was called then."""

    id: str
    name: str


class Advice(NamedTuple):
    """Advice that was given. `community`: the code it is listed under; `area`: where it was given, the same or within.

    `category`: of the pack, or None; then `topic` says in a few words what it was about. `month`: of `given_at` (ISO).
    """

    id: str
    community: str
    area: str
    month: str
    category: str | None
    topic: str | None
    question: str
    advice: str
    lawyer: Adviser
    channel: str
    given_at: datetime
    recorded_at: datetime
    recorded_by: str
    unit: str


def sittings(members: Iterable[Member], code: str, day: str, calendar: WorkCalendar) -> list[Sitting]:
    """When lawyers sit for an area: in its community, or in all of its communities; by place, weekday and hour.

    Who has left is not named; who is away, or only comes later, is, with the day. Statutory holidays are passed over,
    which is local, not verified.
    """
    found = [
        Sitting(hours, member, _next(member, hours, day, calendar))
        for member in members
        if member.what == LAWYER and day <= (member.until_day or day)
        for hours in member.hours
        if hours.community.startswith(code) or code.startswith(hours.community)
    ]
    return sorted(found, key=lambda each: (*each.hours, each.lawyer.id))


def names_a_person(text: str) -> bool:
    """Whether words hold what looks like a mobile phone or the number of an identity card, however they are written."""
    return bool(_PERSONAL.search(_BETWEEN_DIGITS.sub("", normalize("NFKC", text).upper())))


def _next(member: Member, hours: Hours, day: str, calendar: WorkCalendar) -> str | None:
    first = date.fromisoformat(day)
    days = (first + timedelta(days=ahead) for ahead in range(_AHEAD))
    weekly = (each.isoformat() for each in days if each.isoweekday() == hours.weekday)
    return next((each for each in weekly if _sits(member, each, calendar)), None)


def _sits(member: Member, day: str, calendar: WorkCalendar) -> bool:
    return member.serves_on(day) and not member.is_away_on(day) and day not in calendar.holidays
