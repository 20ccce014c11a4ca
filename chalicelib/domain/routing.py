"""Routing 归口: which unit must act on a matter, and by which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.grid import DIGITS

if TYPE_CHECKING:
    from chalicelib.domain.policy import Category, Policy, RoutingRule

_CENTRES = {f"@{level}": DIGITS[level] for level in ("community", "street", "district")}


class Assignment(NamedTuple):
    """Who must act, the rule that said so (`category:<id>` where no rule of the pack did), and what it went by."""

    lead: str
    joint_units: tuple[str, ...]
    rule: str
    why: tuple[str, ...]


def route(
    category: Category,
    area: str,
    urgency: str,
    source: str,
    policy: Policy,
    hour: str = "",
    on_duty: Callable[[str], bool] | None = None,
) -> Assignment:
    """The first rule whose conditions all hold; without one, the category's own units.

    `hour`: local time of day, `HH:MM`. `on_duty`: whether a unit has somebody on duty; asked only where a rule's other
    conditions hold. A joint unit that is also the lead is named once.
    """
    facts = {"kind": category.kind, "category": category.id, "area": area, "urgency": urgency, "source": source}
    for rule in policy.routing:
        why = _why(rule, facts, hour, on_duty)
        if why is not None:
            return _assignment(rule.lead, rule.joint, category, area, policy, rule.id, why)
    return _assignment("", None, category, area, policy, f"category:{category.id}", (f"category={category.id}",))


def _assignment(
    lead: str,
    joint: tuple[str, ...] | None,
    category: Category,
    area: str,
    policy: Policy,
    rule: str,
    why: tuple[str, ...],
) -> Assignment:
    lead_unit = _unit(lead or category.lead, area, policy)
    named = joint if joint is not None else category.joint
    others = dict.fromkeys(_unit(unit, area, policy) for unit in named)
    others.pop(lead_unit, None)
    return Assignment(lead_unit, tuple(others), rule, why)


def _why(
    rule: RoutingRule, facts: Mapping[str, str], hour: str, on_duty: Callable[[str], bool] | None
) -> tuple[str, ...] | None:
    """The conditions of a rule that a matter meets, as `name=value`; None where it does not meet them all."""
    named = {"kind": rule.kinds, "category": rule.categories, "urgency": rule.urgencies, "source": rule.sources}
    why = []
    for name, values in named.items():
        if values and facts[name] not in values:
            return None
        if values:
            why.append(f"{name}={facts[name]}")
    if rule.areas:
        prefix = next((area for area in rule.areas if facts["area"].startswith(area)), None)
        if prefix is None:
            return None
        why.append(f"area={prefix}")
    if rule.hours:
        if not within_hours(hour, *rule.hours):
            return None
        why.append(f"hour={hour}")
    if rule.on_duty:
        if on_duty is None or not on_duty(rule.on_duty):
            return None
        why.append(f"on-duty={rule.on_duty}")
    return tuple(why)


def within_hours(hour: str, from_time: str, to_time: str) -> bool:
    """Whether a time of day lies in hours that may run over midnight; from is included, to is not."""
    if from_time <= to_time:
        return from_time <= hour < to_time
    return hour >= from_time or hour < to_time


def _unit(name: str, area: str, policy: Policy) -> str:
    return policy.centre_of(area, _CENTRES[name]) if name.startswith("@") else name
