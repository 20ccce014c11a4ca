"""Areas somebody answers for, and days somebody works."""

from __future__ import annotations

import pytest

from chalicelib.domain.people import Employment, StaffMember


@pytest.mark.parametrize(
    ("areas", "area", "covered"),
    [
        (("320302001002",), "320302001002", True),
        (("320302001002",), "3203020010020101", True),
        (("320302001002",), "320302001", False),
        (("320302001002",), "320302001003", False),
        (("320302001002", "320302002"), "3203020020010101", True),
        (("320302001002",), None, False),
        ((), "320302001002", False),
        (("",), "320302001002", False),
        (("", "320302002"), "320302001002", False),
    ],
)
def test_somebody_answers_for_the_own_areas_and_what_lies_in_them(
    areas: tuple[str, ...], area: str | None, covered: bool
) -> None:
    assert StaffMember("w1", "grid-worker", "centre", areas).covers(area) is covered


@pytest.mark.parametrize(
    ("first", "last", "works"),
    [
        (None, None, True),
        ("2026-11-24", "2026-11-24", True),
        ("2026-11-25", None, False),
        (None, "2026-11-23", False),
        ("2026-11-25", "2026-11-23", False),
        ("2026-1-1", None, False),
        (None, "9999", False),
        ("", "", True),
    ],
)
def test_first_and_last_day_are_worked_and_no_day_is_guessed(first: str | None, last: str | None, works: bool) -> None:
    employment = Employment(StaffMember("w1", "grid-worker", "centre", ()), first, last)
    assert employment.lasts_on("2026-11-24") is works
