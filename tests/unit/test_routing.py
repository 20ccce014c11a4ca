"""Which unit must act, and by which rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.policy import Policy, RoutingRule
from chalicelib.domain.routing import route

AREA = "3203020010020101"


def test_without_a_rule_the_categorys_own_units_act(policy: Policy) -> None:
    plain = replace(policy, routing=())
    category = policy.categories["missing-manhole-cover"]
    found = route(category, AREA, "ordinary", "mobile", plain)
    assert (found.lead, found.rule) == (category.lead, "category:missing-manhole-cover")
    assert "centre-320302001002" in found.joint_units or not category.joint


def test_the_first_rule_whose_conditions_all_hold_decides(policy: Policy) -> None:
    rules = (
        RoutingRule("elsewhere", areas=("320302009",), lead="water"),
        RoutingRule("urgent", urgencies=("urgent",), lead="emergency-management", joint=("@street", "@community")),
        RoutingRule("any", lead="health"),
    )
    ruled = replace(policy, routing=rules)
    category = policy.categories["noise"]
    urgent = route(category, AREA, "urgent", "mobile", ruled)
    assert (urgent.lead, urgent.rule) == ("emergency-management", "urgent")
    assert urgent.joint_units == ("centre-320302001", "centre-320302001002")
    assert route(category, AREA, "ordinary", "mobile", ruled).rule == "any"


def test_a_unit_is_not_joined_to_itself(policy: Policy) -> None:
    ruled = replace(policy, routing=(RoutingRule("r", lead="@street", joint=("@street", "@district")),))
    found = route(policy.categories["noise"], AREA, "ordinary", "mobile", ruled)
    assert (found.lead, found.joint_units) == ("centre-320302001", ("linkage-centre",))


@pytest.mark.parametrize(
    ("area", "centre"),
    [
        (AREA, "centre-320302001002"),
        ("320302001002", "centre-320302001002"),
        ("320302001", "centre-320302001"),
        ("320302", "linkage-centre"),
        (None, "linkage-centre"),
    ],
)
def test_an_area_is_served_by_its_own_centre(policy: Policy, area: str | None, centre: str) -> None:
    assert policy.centre_of(area) == centre


def test_no_category_routes_a_petition_away_from_the_petition_office(policy: Policy) -> None:
    for category in policy.categories.values():
        if category.kind == "petition":
            for urgency in ("ordinary", "urgent", "major"):
                for source in ("mobile", "sms", "12345", "web"):
                    found = route(category, AREA, urgency, source, policy)
                    assert (found.lead, found.joint_units) == ("petition-office", ())
