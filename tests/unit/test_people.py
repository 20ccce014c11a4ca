"""Phones as people write them; areas somebody answers for, and days somebody works."""

from __future__ import annotations

import pytest

from chalicelib.domain.people import Employment, StaffMember, normal_phone


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800000000", "+8613800000000"),
        ("+86 138 0000 0000", "+8613800000000"),
        ("0086-138-0000-0000", "+8613800000000"),
        ("8613800000000", "+8613800000000"),
        ("（0516）8380 1234", "+8651683801234"),
        ("0516-83801234", "+8651683801234"),
        ("+852 2123 4567", "+85221234567"),
        ("+8612345", None),
        ("12345", None),
        ("10086", None),
        ("1380000000", None),
        ("138000000000", None),
        ("+86123", None),
        ("无", None),
        ("", None),
        ("138000000oo", None),
        ("１３８００００００００", None),
        ("138０００００００0", None),
    ],
)
def test_a_number_is_dialled_alike_however_it_is_written(written: str, normal: str | None) -> None:
    assert normal_phone(written) == normal


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
