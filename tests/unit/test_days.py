"""Days are written in one way, since they are compared as text."""

import pytest

from chalicelib.domain.days import day_after, day_before, day_of


@pytest.mark.parametrize("text", ["2026-12-01", "2024-02-29", "0001-01-01"])
def test_a_day_is_what_it_says(text: str) -> None:
    assert day_of(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-12-1",
        "20261201",
        "2026-W49-2",
        "2026-336",
        "2026-02-29",
        "2026-12-01T00:00",
        "２０２６-12-01",
        None,
        20261201,
    ],
)
def test_what_is_written_otherwise_is_no_day(text: object) -> None:
    """`2026-W49-2` is an ISO date to Python, and later than every other day of its year when compared as text."""
    assert day_of(text) is None


def test_days_follow_one_another_over_the_ends_of_months_and_years() -> None:
    assert (day_before("2027-01-01"), day_after("2024-02-28")) == ("2026-12-31", "2024-02-29")
