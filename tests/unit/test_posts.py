"""Who holds a post on a day, who deputises for who is away, and who stands in while it is vacant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.policy import Policy
from chalicelib.domain.posts import led_by, seat
from chalicelib.domain.records import Absence, Contact, Holder

CELL = "3203020010020101"


def holder(name: str, from_day: str, until: str | None = None, *away: Absence) -> Holder:
    return Holder(Contact(name, f"phone-of-{name}", None), from_day, until, name, away)


def absent(from_day: str, until: str | None, deputy: str | None) -> Absence:
    return Absence(from_day, until, Contact(deputy, "+8619900000009", None) if deputy else None, deputy or "")


@pytest.fixture
def acting(policy: Policy) -> Callable[..., list[str]]:
    def on(day: str, *holders: Holder) -> list[str]:
        return [each.id for each in seat(CELL, policy.posts["information-officer"], holders, day).acting]

    return on


@pytest.mark.parametrize(
    ("day", "who"),
    [
        ("2025-12-31", []),
        ("2026-01-01", ["first"]),
        ("2026-06-30", ["first"]),
        ("2026-07-01", ["second"]),
        ("2030-01-01", ["second"]),
    ],
)
def test_a_holder_holds_from_the_first_to_the_last_day_of_it(acting: Any, day: str, who: list[str]) -> None:
    assert acting(day, holder("second", "2026-07-01"), holder("first", "2026-01-01", "2026-06-30")) == who


@pytest.mark.parametrize(
    ("day", "who"),
    [("2026-03-09", ["h"]), ("2026-03-10", ["d"]), ("2026-03-20", ["d"]), ("2026-03-21", ["h"]), ("2026-05-01", [])],
)
def test_while_a_holder_is_away_the_deputy_acts_and_without_one_nobody(acting: Any, day: str, who: list[str]) -> None:
    away = absent("2026-03-10", "2026-03-20", "d"), absent("2026-05-01", None, None)
    assert acting(day, holder("h", "2026-01-01", None, *away)) == who


def test_of_absences_that_overlap_the_one_that_began_last_counts(acting: Any) -> None:
    away = absent("2026-03-01", "2026-03-31", "early"), absent("2026-03-10", "2026-03-12", "late")
    assert acting("2026-03-11", holder("h", "2026-01-01", None, *away)) == ["late"]
    assert acting("2026-03-13", holder("h", "2026-01-01", None, *away)) == ["early"]


def test_an_absence_ends_with_the_holding(acting: Any) -> None:
    assert acting("2026-04-01", holder("h", "2026-01-01", "2026-03-31", absent("2026-03-01", None, "d"))) == []


@pytest.mark.parametrize(
    ("day", "since"), [("2026-06-30", None), ("2026-07-01", "2026-07-01"), ("2026-08-31", "2026-07-01")]
)
def test_a_post_is_vacant_since_the_day_after_its_last_holder(policy: Policy, day: str, since: str | None) -> None:
    past, future = holder("first", "2026-01-01", "2026-06-30"), holder("next", "2026-09-01")
    found = seat(CELL, policy.posts["information-officer"], [future, past], day)
    assert (found.vacant, found.vacant_since) == (since is not None, since)


def test_a_post_nobody_ever_held_is_vacant_since_nobody_knows_when(policy: Policy) -> None:
    assert seat(CELL, policy.posts["information-officer"], [], "2026-01-01")[2:] == ((), None)


def test_the_leaders_of_a_post_stand_in_for_it_in_the_areas_above(policy: Policy) -> None:
    assert [(area, post.id) for area, post in led_by(CELL, policy.posts["information-officer"], policy)] == [
        (CELL[:14], "grid-leader"),
        (CELL[:12], "first-secretary"),
        (CELL[:9], "street-leader"),
        (CELL[:6], "district-leader"),
    ]
