"""Staff and what they may see and do; reporters and how they are written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.accused import accused_of, accused_reach
from chalicelib.domain.cases import DESK, LEAD, SUPERVISE, VISITOR, Case, queue_of_staff
from chalicelib.domain.containment import approver_of
from chalicelib.domain.events import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.domain.grid import Area
    from chalicelib.domain.policy import Action, Policy, Role
    from chalicelib.domain.records import CaseSummary

_BY_AREA = frozenset({"own-cell", "own-area"})
_BODIES = frozenset({"own-unit", "own-area"})
"""Scopes of who may be entrusted with what is confidential, as staff of the unit that handles it."""
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who told. An anonymous one may still leave a phone, to be answered.

    `phone` is in E.164 form, `extension` what is dialled after it. `id_number` is that of the resident identity card;
    `address` is the reporter's own (a report's is that of the matter).
    """

    name: str | None = None
    phone: str | None = None
    anonymous: bool = False
    extension: str | None = None
    id_number: str | None = None
    address: str | None = None

    @property
    def known(self) -> bool:
        return bool(self.name or self.phone or self.id_number or self.address)

    @property
    def named(self) -> bool:
        """Whether it is said who this is, and where to be found: by name, and address or phone."""
        return bool(not self.anonymous and self.name and (self.address or self.phone))

    @property
    def in_clear(self) -> dict[str, str | bool | None]:
        """All of it, by name: what is sealed, and what is told to who must know."""
        return {
            "anonymous": self.anonymous,
            "name": self.name,
            "phone": self.phone,
            "extension": self.extension,
            "id_number": self.id_number,
            "address": self.address,
        }

    @property
    def kept(self) -> Reporter:
        """What of it is kept: of who does not want to be named, the way to be answered and nothing else.

        No more than the purpose needs (个人信息保护法 art. 6).
        """
        return Reporter(phone=self.phone, extension=self.extension, anonymous=True) if self.anonymous else self


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
        return area is not None and any(own and area.startswith(own) for own in self.areas)

    @property
    def outermost_areas(self) -> list[str]:
        """The areas in order, without those that lie in another of them."""
        areas = sorted(set(self.areas))
        return [area for area in areas if not any(area != other and area.startswith(other) for other in areas)]


class Employment(NamedTuple):
    """Somebody's time on the staff: from a day to a day, both worked (ISO, district time; None: open)."""

    member: StaffMember
    from_day: str | None = None
    until_day: str | None = None

    @property
    def dated(self) -> bool:
        return bool(self.from_day or self.until_day)

    def lasts_on(self, day: str) -> bool:
        """Whether that day is one of it. None is, where a day was written that is no day."""
        return all(_ISO_DAY.fullmatch(each) for each in (self.from_day, self.until_day) if each) and (
            (self.from_day or day) <= day <= (self.until_day or day)
        )


def holds(staff: StaffMember, permission: str, policy: Policy) -> bool:
    """Whether somebody's role has a permission; a role the pack does not know has none."""
    role = policy.roles.get(staff.role)
    return role is not None and permission in role.permissions


def may_see(staff: StaffMember, case: Case, policy: Policy) -> bool:
    """Whether a case is within somebody's part (always true 6).

    Nobody of a unit that a petition accuses, or of a part of one, sees it, whatever the role and whatever else he or
    she has to do with it (信访工作条例 art. 30). Beyond that the role's scope and kinds decide; whoever reported a
    matter sees it; a confidential matter is seen only by roles marked so, by the district's desk while it lies there,
    and by whom it is entrusted to.
    """
    role = policy.roles.get(staff.role)
    if role is None or accused_reach(staff.unit, accused_of(case), policy):
        return False
    if _secret(case.kind, role, policy):
        if case.petition is not None and (case.petition.leader == staff.id or _entrusted(staff, case, role)):
            return True
        return case.on_a_desk and _is_desk_of_all(staff, case.desk, role)
    if staff.id in case.told_by:
        return True
    return _within(staff, role, case.kind, case.area, (*case.units, case.desk), policy)


def may_read_queue(staff: StaffMember, unit: str, policy: Policy) -> bool:
    """Whether somebody may ask what waits at a unit; what may not be seen of it is another matter.

    Its own staff, roles that see the district, and who sees by area and whose areas hold the centre. What waits for a
    member of staff is his or her own: that anything does says already who answers for a petition.
    """
    role, asked = policy.roles.get(staff.role), policy.units.get(unit)
    if role is None:
        return False
    if unit.startswith(queue_of_staff("")):
        return unit == queue_of_staff(staff.id)
    above = asked is not None and asked.kind == "centre" and role.scope in _BY_AREA and staff.covers(asked.area)
    return unit == staff.unit or role.scope == "district" or above


def may_list(staff: StaffMember, item: CaseSummary, policy: Policy, *, reported: bool = False) -> bool:
    """Whether a case may stand in a list that somebody reads, by the little that lists know of it.

    Never one that may not be seen; one that is seen for another reason than its area, whose turn it is and who else is
    asked for something, is not listed, but for those in the list of what one `reported`.
    """
    role = policy.roles.get(staff.role)
    if role is None or accused_reach(staff.unit, item.accused, policy):
        return False
    asked = item.task.unit if item.task else item.unit
    if asked == queue_of_staff(staff.id):
        return True
    if _secret(item.kind, role, policy):
        if item.registered and staff.unit == asked and _speaks_for_body(role):
            return item.task.what != SUPERVISE if item.task else item.turn in (DESK, LEAD)
        return item.turn == DESK and _is_desk_of_all(staff, item.unit, role)
    units = (item.unit, item.task.unit if item.task else None)
    return reported or _within(staff, role, item.kind, item.area, units, policy)


def _secret(kind: str | None, role: Role, policy: Policy) -> bool:
    """Whether a matter's kind is kept from a role. A kind that the pack no longer names is kept as confidential."""
    if kind is None or role.confidential:
        return False
    known = policy.kinds.get(kind)
    return known is None or known.confidential


def _entrusted(staff: StaffMember, case: Case, role: Role) -> bool:
    """Whether a petition is in the hands of somebody's body: that sees to it, handles it, acts jointly or decides.

    Who walks a cell belongs to a community's centre, and is not told what that is entrusted with.
    """
    approver = case.extension.approver if case.extension else None
    decider = case.petition.decider if case.petition else None
    return _speaks_for_body(role) and staff.unit in (case.desk, case.lead, approver, decider, *case.open_joints)


def _speaks_for_body(role: Role) -> bool:
    """Whether a role is held in a unit that handles cases, and not by who looks on from within it, as an auditor."""
    return role.scope in _BODIES or (role.scope == "district" and "case.accept" in role.permissions)


def _is_desk_of_all(staff: StaffMember, desk: str, role: Role) -> bool:
    """Whether somebody screens at this desk for the whole district; an auditor of the same unit does not."""
    return staff.unit == desk and role.scope == "district" and "case.classify" in role.permissions


def _within(
    staff: StaffMember, role: Role, kind: str | None, area: Area | None, units: Sequence[str | None], policy: Policy
) -> bool:
    if role.kinds and kind not in role.kinds:
        return False
    match role.scope:
        case "district":
            return True
        case "own-cell":
            return area is not None and staff.covers(area.code)
        case "own-area":
            return staff.unit in units or (area is not None and staff.covers(area.code))
        case "own-unit":
            return staff.unit in units
        case "petitions":
            known = policy.kinds.get(kind) if kind else None
            return staff.unit in units or (known is not None and known.confidential)
    return False


def may_act(staff: StaffMember, action: Action, case: Case, policy: Policy, speaks_for: str | None = None) -> bool:
    """Whether somebody may do an action to a case that he or she may see: permission, and being one of its actors.

    `policy`: the one in force, which says who may what. The district's desk may do what any desk may; `case.any-unit`
    lets a role act for every unit. `speaks_for`: the unit it is done for, where that is named.
    """
    if not holds(staff, f"case.{action.id}", policy):
        return False
    return holds(staff, "case.any-unit", policy) or any(
        _is(staff, actor, case, policy, speaks_for) for actor in action.actors
    )


def _is(staff: StaffMember, actor: str, case: Case, policy: Policy, speaks_for: str | None) -> bool:
    match actor:
        case "lead":
            return _leads(staff, case, policy)
        case "joint":
            spoken = speaks_for or staff.unit
            own = staff.unit == spoken or (_abolished(spoken, policy) and _is_desk(staff, case.desk, policy))
            return own and spoken in case.open_joints
        case "approver":
            asked = case.extension.approver if case.extension else approver_of(case, policy)
            return _is_desk(staff, asked, policy)
        case "superior":
            return case.petition is not None and _is_desk(staff, case.petition.decider or "", policy)
        case "submitter":
            return staff.id in case.told_by
        case "visitor":
            return staff.covers(case.area.code if case.area else None)
    return _is_desk(staff, case.desk, policy)


def _is_desk(staff: StaffMember, desk: str, policy: Policy) -> bool:
    """Whether somebody sits at a desk, or at the district's, which may do what any desk may.

    Who walks a cell belongs to the community's centre, and does not sit at its desk.
    """
    return staff.unit in (desk, policy.rules.linkage_centre) and policy.roles[staff.role].scope != "own-cell"


def _leads(staff: StaffMember, case: Case, policy: Policy) -> bool:
    return staff.unit == case.lead or (_abolished(case.lead, policy) and _is_desk(staff, case.desk, policy))


def _abolished(unit: str | None, policy: Policy) -> bool:
    """Whether a unit that still has to do with a case is no more: the desk stands in for it."""
    return unit is not None and unit not in policy.units


def may_visit(staff: StaffMember, case: Case, policy: Policy) -> bool:
    """Whether somebody may record a visit of a case: the permission, and the case in his or her areas."""
    return holds(staff, "visit.record", policy) and staff.covers(case.area.code if case.area else None)


def may_learn_identity(staff: StaffMember, case: Case, policy: Policy) -> bool:
    """Whether somebody may be told in clear who reported a case he or she may see.

    The permission, and the case in his or her hands now: with the unit that must act, on the desk while it lies there
    (the district's desk may do what any desk may), or to be visited in the own areas.
    """
    if not holds(staff, "identity.release", policy) or not case.open:
        return False
    if case.turn == VISITOR:
        return case.visit is not None and may_visit(staff, case, policy)
    if policy.roles[staff.role].scope == "own-cell":
        return False  # who walks a cell belongs to the community's centre, and does not sit at its desk
    if case.on_a_desk:
        return _is_desk(staff, case.desk, policy)
    return _leads(staff, case, policy)
