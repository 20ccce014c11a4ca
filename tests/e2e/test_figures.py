"""Figures: what happens is counted by area, once; what is no event is put aside."""

from __future__ import annotations

from infra.day import scenarios
from infra.day.check import miscounted
from infra.day.district import District
from infra.day.ledger import read_ledger


def test_what_happens_to_a_case_is_counted_once_in_its_community_its_street_and_the_district(
    district: District,
) -> None:
    scenarios.figures_tell_of_a_case(district)


def test_what_is_no_event_does_not_hold_up_the_counting(district: District) -> None:
    scenarios.a_poison_message_to_figures(district)


def test_the_figures_of_the_district_are_what_the_timelines_of_all_its_cases_say(district: District) -> None:
    scenarios.a_case_is_returned_and_settled(district)

    def agreed() -> bool:
        return not miscounted(district.system, read_ledger(district.system, district.client).timelines.values())

    district.until(agreed, "what was counted is not what happened")
