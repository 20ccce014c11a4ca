"""Routing 归口: which unit must act on a matter, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.grid import DIGITS

if TYPE_CHECKING:
    from chalicelib.domain.policy import Category, Policy, RoutingRule

_CENTRES = {f"@{level}": DIGITS[level] for level in ("community", "street", "district")}


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who must act, and the rule that said so (`category:<id>` where no rule of the pack did)."""

    lead: str
    joint_units: tuple[str, ...]
    rule: str


def route(category: Category, area: str, urgency: str, source: str, policy: Policy) -> Assignment:
    """The first rule whose conditions all hold; without one, the category's own units.

    A joint unit that is also the lead is named once.
    """
    rule = next((rule for rule in policy.routing if _holds(rule, category, area, urgency, source)), None)
    lead = rule.lead if rule and rule.lead else category.lead
    joint = rule.joint if rule and rule.joint is not None else category.joint
    lead_unit = _unit(lead, area, policy)
    others = dict.fromkeys(_unit(unit, area, policy) for unit in joint)
    others.pop(lead_unit, None)
    return Assignment(lead_unit, tuple(others), rule.id if rule else f"category:{category.id}")


def _holds(rule: RoutingRule, category: Category, area: str, urgency: str, source: str) -> bool:
    return (
        (not rule.kinds or category.kind in rule.kinds)
        and (not rule.categories or category.id in rule.categories)
        and (not rule.areas or any(area.startswith(prefix) for prefix in rule.areas))
        and (not rule.urgencies or urgency in rule.urgencies)
        and (not rule.sources or source in rule.sources)
    )


def _unit(name: str, area: str, policy: Policy) -> str:
    return policy.centre_of(area, _CENTRES[name]) if name.startswith("@") else name
