"""Rounds: walked by who holds the post, and told of where nobody did."""

from __future__ import annotations

from infra.day import scenarios
from infra.day.district import District


def test_who_holds_the_post_walks_the_area(district: District) -> None:
    scenarios.an_area_is_walked(district)


def test_a_round_that_nobody_walks_reaches_the_holder_and_then_the_leader(district: District) -> None:
    scenarios.a_round_that_nobody_walks(district)
