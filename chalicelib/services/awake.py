"""Whoever knows a case that sleeps is led to the one that it sleeps in (ADR 38)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.accused import accused_of, accused_reach
from chalicelib.domain.links import MOST_DEPTH
from chalicelib.domain.people import may_see

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import CaseStore


def awake(case: Case | None, store: CaseStore) -> Case | None:
    """The case itself, or that which it sleeps in; None for none. None is ever merged in a circle, nor deeper."""
    for _ in range(MOST_DEPTH):
        if case is None or case.links.merged_into is None:
            break
        case = store.case(case.links.merged_into)
    return case


def seen_by(staff: StaffMember, case: Case, store: CaseStore, policy: Policy) -> bool:
    """Whether somebody may see a case. What sleeps in a petition is kept from whom that accuses too: it tells of the
    same, though it was never registered itself.
    """
    return may_see(staff, case, policy) and not (case.asleep and accuses(staff, case, store, policy))


def accuses(staff: StaffMember, case: Case, store: CaseStore, policy: Policy) -> bool:
    """Whether a petition, or that which it sleeps in, accuses somebody's unit."""
    kept = awake(case, store) if case.asleep else None
    accused = (*accused_of(case), *(accused_of(kept) if kept else ()))
    return accused_reach(staff.unit, accused, policy)


def open_children(case: Case, store: CaseStore) -> tuple[str, ...]:
    """The cases that were split from a case, or what they sleep in, that are open; not itself."""
    found = (awake(store.case(child), store) for child in case.links.children)
    return tuple(dict.fromkeys(child.id for child in found if child and child.open and child.id != case.id))
