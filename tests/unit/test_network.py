"""What the network says on a day: versions that are finished and in force, and since when a thing is no more."""

from __future__ import annotations

import pytest

from chalicelib.domain.network import NetworkVersion, ended_on, in_force, version_on

VERSIONS = [NetworkVersion("a", "2014-01-01"), NetworkVersion("b", "2020-01-01"), NetworkVersion("c", "2027-01-01")]


@pytest.mark.parametrize(
    ("said", "day", "ended"),
    [
        ({"a": "x"}, "2026-01-01", None),
        ({"a": "x", "b": None}, "2019-12-31", None),
        ({"a": "x", "b": None}, "2020-01-01", "2020-01-01"),
        ({"a": "x", "b": None}, "2030-01-01", "2020-01-01"),
        ({"a": "x", "b": None, "c": "y"}, "2026-12-31", "2020-01-01"),
        ({"a": "x", "b": None, "c": "y"}, "2027-01-01", None),
        ({"a": "x", "b": None, "c": None}, "2027-01-01", "2020-01-01"),
        ({"b": None}, "2026-01-01", None),
        ({"a": "x", "unfinished": None}, "2026-01-01", None),
        ({}, "2026-01-01", None),
    ],
)
def test_a_thing_is_no_more_since_the_version_that_ended_it(
    said: dict[str, str | None], day: str, ended: str | None
) -> None:
    assert ended_on(said, VERSIONS, day) == ended
    assert ended is None or in_force(said, VERSIONS, day) is None


@pytest.mark.parametrize(("day", "version"), [("2013-12-31", None), ("2014-01-01", "a"), ("2026-12-31", "b")])
def test_the_version_of_a_day_is_the_newest_that_has_begun(day: str, version: str | None) -> None:
    found = version_on(VERSIONS, day)
    assert (found.id if found else None) == version
