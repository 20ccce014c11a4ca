"""Staff and what they may see and do; reporters and how they are written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.cases import ON_A_DESK, Case
from chalicelib.domain.events import Actor

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy

_NOT_DIALLED = re.compile(r"[\s\-()（）·.]")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_LANDLINE = re.compile(r"0\d{9,11}", re.ASCII)


def normal_phone(phone: str) -> str | None:
    """A telephone number in E.164 form (`+8613800000000`), or None when it is none.

    Takes Chinese mobile numbers with or without +86, 0086 or 86, landlines with their area code, and foreign numbers
    that begin with +.
    """
    digits = _NOT_DIALLED.sub("", phone)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    local = digits.removeprefix("+86")
    if len(local) == 13 and local.startswith("86"):
        local = local[2:]
    if _MOBILE.fullmatch(local):
        return "+86" + local
    if _LANDLINE.fullmatch(local):
        return "+86" + local[1:]
    return digits if _INTERNATIONAL.fullmatch(digits) and not digits.startswith("+86") else None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who told. An anonymous one may still leave a phone, to be answered."""

    name: str | None = None
    phone: str | None = None
    anonymous: bool = False

    @property
    def known(self) -> bool:
        return bool(self.name or self.phone)


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff as the authorizer knows one: role, unit and the areas answered for."""

    id: str
    role: str
    unit: str
    areas: tuple[str, ...]

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.role, self.unit)

    def covers(self, area: str | None) -> bool:
        return area is not None and any(area.startswith(own) for own in self.areas)


def holds(staff: StaffMember, permission: str, policy: Policy) -> bool:
    role = policy.roles.get(staff.role)
    return role is not None and permission in role.permissions


def may_see(staff: StaffMember, case: Case, policy: Policy) -> bool:
    """Whether a case is within somebody's part (always true 6).

    The role's scope decides; whoever reported a matter sees it; a confidential matter is seen only by roles marked
    so, and by the desk while it lies there.
    """
    role = policy.roles.get(staff.role)
    if role is None:
        return False
    on_own_desk = case.state in ON_A_DESK and staff.unit == case.desk and role.scope != "own-cell"
    if case.kind is not None and policy.kinds[case.kind].confidential and not role.confidential:
        return on_own_desk and role.scope == "district"
    if staff.id in case.submitters or role.scope == "district":
        return True
    concerned = role.scope != "own-cell" and staff.unit in (case.unit, case.lead, case.desk, *case.joint_units)
    match role.scope:
        case "own-cell" | "own-area":
            return concerned or staff.covers(case.area.code if case.area else None)
        case "own-unit":
            return concerned
        case "petitions":
            return concerned or (case.kind is not None and policy.kinds[case.kind].confidential)
    return False


def may_act(staff: StaffMember, action: str, case: Case, policy: Policy) -> bool:
    """Whether somebody may do an action to a case that he or she may see: permission, and the unit whose turn it is.

    The district's desk may do what any desk may; `case.any-unit` lets a role act for every unit.
    """
    if not holds(staff, f"case.{action}", policy):
        return False
    if holds(staff, "case.any-unit", policy):
        return True
    if policy.actions[action].actors == "lead":
        return staff.unit == case.lead
    return staff.unit in (case.desk, policy.rules.linkage_centre)


def may_visit(staff: StaffMember, case: Case, policy: Policy) -> bool:
    """Whether somebody may record a visit of a case: the permission, and the case in his or her areas."""
    return holds(staff, "visit.record", policy) and staff.covers(case.area.code if case.area else None)
