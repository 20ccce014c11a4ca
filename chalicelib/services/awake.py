"""Whoever knows a case that sleeps is led to the one that it sleeps in (ADR 38)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.links import MOST_DEPTH

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.services.ports import CaseStore


def awake(case: Case | None, store: CaseStore) -> Case | None:
    """The case itself, or that which it sleeps in; None for none. None is ever merged in a circle, nor deeper."""
    for _ in range(MOST_DEPTH):
        if case is None or case.links.merged_into is None:
            break
        case = store.case(case.links.merged_into)
    return case


def open_children(case: Case, store: CaseStore) -> tuple[str, ...]:
    """The cases that were split from a case, or what they sleep in, that are open; not itself."""
    found = (awake(store.case(child), store) for child in case.links.children)
    return tuple(dict.fromkeys(child.id for child in found if child and child.open and child.id != case.id))
