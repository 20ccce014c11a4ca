"""Which running cases a pack would strand: what they go by that it does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.procedure import category_kept

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import Policies

CATEGORY, PROCEDURE, STATE = "category", "procedure", "state"
LEAD, DESK, JOINT, APPROVER, SUPERVISOR, CENTRE = "lead", "desk", "joint", "approver", "supervisor", "centre"


class Reason(NamedTuple):
    """What a pack lacks: the part it has in the case, and its id."""

    what: str
    id: str


class Stranded(NamedTuple):
    """A case, and everything that is missing for it."""

    case: Case
    reasons: tuple[Reason, ...]


def stranded(cases: Iterable[Case], policy: Policy, policies: Policies) -> Iterator[Stranded]:
    """The open ones of these cases that could not go on under a policy. `policies`: those they go by."""
    for case in cases:
        reasons = tuple(missing(case, policy, policies.of(case.policy_version))) if case.open else ()
        if reasons:
            yield Stranded(case, reasons)


def missing(case: Case, policy: Policy, own: Policy) -> Iterator[Reason]:
    """What a case goes by and a policy lacks; a unit with several parts in it is named once. `own`: its own policy."""
    category = category_kept(case, policy)
    if case.category and category is None:
        yield Reason(CATEGORY, case.category)
    if case.procedure and case.procedure not in policy.procedures:
        yield Reason(PROCEDURE, case.procedure)
    if case.state not in policy.procedure_for(category.kind if category else None, case.source).states:
        yield Reason(STATE, case.state)
    told: set[str] = set()
    for part, unit in _units(case, own):
        if unit not in policy.units and unit not in told:
            told.add(unit)
            yield Reason(part, unit)


def _units(case: Case, own: Policy) -> Iterator[tuple[str, str]]:
    """The units that still have a part in a case, and the centre its area belongs to by its own policy."""
    if case.lead:
        yield LEAD, case.lead
    if case.desk:
        yield DESK, case.desk
    yield from ((JOINT, unit) for unit in case.open_joints)
    if case.extension:
        yield APPROVER, case.extension.approver
    yield from ((SUPERVISOR, unit) for unit in case.supervisors)
    if case.area:
        yield CENTRE, own.centre_of(case.area.code)
