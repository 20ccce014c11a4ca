"""Containment 化解层级: settled as low as it can be, passed up step by step (A3). Who is above and below whom.

家庭琐事不出楼组、邻里纠纷不出网格、小事不出社区、大事不出街道、矛盾不上交.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.accused import not_accused
from chalicelib.domain.cases import LEVELS
from chalicelib.domain.errors import EscalationBeyondDistrict, NothingBelow
from chalicelib.domain.grid import level_of

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Policy

_COMMUNITY, _STREET, _DISTRICT = "community", "street", "district"
_DIGITS = {_COMMUNITY: 12, _STREET: 9, _DISTRICT: 6}


def superiors(case: Case, policy: Policy) -> tuple[str, ...]:
    """The units above whose turn it is, nearest first, to whom what is late is escalated.

    A confidential matter is told to nobody above, and the district's desk has nobody above it: it is told again itself.
    A petition is told to the desk that passed it on, which sees that others act, and nothing ever to a unit that it
    accuses. What is not screened yet may be confidential, and goes to the district's desk, which screens such.
    """
    if case.kind is None:
        return (policy.rules.linkage_centre,)
    kind = policy.kinds.get(case.kind)
    if kind is None or kind.confidential:
        return (case.desk if case.petition is not None and case.desk else case.unit,)
    above = _above(case.unit, policy)
    return (not_accused(above, case, policy) if case.petition else above) or (case.unit,)


def approver_of(case: Case, policy: Policy) -> str:
    """Who decides on an extension: the desk that dispatched the case; where the desk itself leads, or a unit above it,
    who is above that: nobody decides on what a superior asks. Of a confidential matter, the head of the body that
    handles it (信访工作条例 art. 34).
    """
    kind = policy.kinds.get(case.kind or "")
    if kind is not None and kind.confidential and case.lead is not None:
        return case.lead
    if case.lead != case.desk and case.lead not in _above(case.desk, policy):
        return case.desk
    return superiors(case, policy)[0]


def one_up(case: Case, policy: Policy) -> tuple[str, str]:
    """The level that a case is passed up to, and the unit that leads it there.

    A department passes it to the district's desk. Raises EscalationBeyondDistrict.
    """
    lead = policy.units.get(case.lead or "")
    if case.lead == policy.rules.linkage_centre:
        raise EscalationBeyondDistrict()
    if lead is None or lead.kind == "department":
        return _DISTRICT, policy.rules.linkage_centre
    held = level_of(lead.area)
    level = case.level or held
    reached = max(level, held, key=LEVELS.index) if held != _COMMUNITY else level
    if reached == _DISTRICT:
        raise EscalationBeyondDistrict()
    new = LEVELS[LEVELS.index(reached) + 1]
    return new, lead.id if LEVELS.index(new) <= LEVELS.index(held) else _centre(case, new, policy)


def level_with(case: Case, unit: str, policy: Policy) -> str | None:
    """The level of a case that is passed on to a unit: no lower than that of the centre that leads from then on.

    A department leaves it as it is: it has the matter for what it is about.
    """
    known = policy.units.get(unit)
    held = level_of(known.area) if known and known.kind == "centre" else None
    reached = [level for level in (case.level, held if held != _COMMUNITY else None) if level in LEVELS]
    return max(reached, key=LEVELS.index) if reached else case.level


def one_down(case: Case, policy: Policy) -> tuple[str, str]:
    """The level that a case is passed down to, and the centre there. Raises NothingBelow."""
    lead = policy.units.get(case.lead or "")
    held = level_of(lead.area) if lead and lead.kind == "centre" else _DISTRICT
    level = {_DISTRICT: _STREET, _STREET: _COMMUNITY}.get(held)
    if level is None or case.area is None or len(case.area.code) < _DIGITS[level]:
        raise NothingBelow()
    centre = _centre(case, level, policy)
    if level_of(policy.units[centre].area) != level:
        raise NothingBelow()
    return level, centre


def centre_above(unit: str, policy: Policy) -> str | None:
    """The street's centre, of a community's; None of any other unit."""
    known = policy.units.get(unit)
    street = policy.centre_by_area.get(known.area[:9]) if known and known.kind == "centre" else None
    return street if street != unit else None


def _above(unit: str, policy: Policy) -> tuple[str, ...]:
    top, street = policy.rules.linkage_centre, centre_above(unit, policy)
    if unit == top:
        return ()
    return (street, top) if street else (top,)


def _centre(case: Case, level: str, policy: Policy) -> str:
    return policy.centre_of(case.area.code if case.area else None, _DIGITS[level])
