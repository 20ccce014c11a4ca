"""Views 视图: saved questions over the same cases (A5). Who may ask which, and which cases are asked for.

What a view finds is what its asker may list anyway: a view narrows, and opens nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.cases import CLOSED, HANDLE
from chalicelib.domain.people import holds

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from chalicelib.domain.limits import Limit
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy, View
    from chalicelib.domain.records import CaseSummary

UNIT, AREA, MINE, LEADER = "unit", "area", "mine", "leader"
NEEDED_PERMISSION = {UNIT: "queue.read", AREA: "case.read", MINE: "case.read", LEADER: "petition.answer-for"}
"""What it takes to ask: the permission of who reads such a list, or such cases one by one, without a view."""


def may_ask(staff: StaffMember, view: View, policy: Policy) -> bool:
    """Whether somebody may ask this at all; of what, is another matter.

    Who sees only what concerns the own unit asks units, and no areas.
    """
    return holds(staff, NEEDED_PERMISSION[view.asks], policy) and (
        view.asks != AREA or policy.roles[staff.role].scope != "own-unit"
    )


def asked_for(view: View, item: CaseSummary, now: datetime, policy: Policy) -> bool:
    """Whether a case of the list that a view asks is one it asks for."""
    return (
        (view.open is None or view.open == (item.state != CLOSED))
        and _one_of(view.kinds, item.kind)
        and _one_of(view.categories, item.category)
        and _one_of(view.urgencies, item.urgency)
        and _one_of(view.states, item.state)
        and _one_of(view.turns, item.turn)
        and _one_of(view.tasks, item.task.what if item.task else HANDLE)
        and (not view.overdue or (item.due_at is not None and item.due_at < now))
        and (view.older_than is None or _past(view.older_than, item.opened_at, now, policy))
    )


def lists_asked(view: View, kinds_seen: Collection[str], policy: Policy) -> list[tuple[str | None, bool]]:
    """Which lists of a community hold what a view of areas asks for: kind (None: not classified yet), and open or not.

    `kinds_seen`: the kinds that the asker sees, if not all; such a one does not see what is not classified yet.
    """
    kinds: Collection[str | None] = view.kinds
    if view.categories and not view.kinds:
        kinds = {policy.categories[category].kind for category in view.categories}
    elif not view.kinds:
        kinds = (None, *policy.kinds)
    if kinds_seen:
        kinds = [kind for kind in kinds if kind in kinds_seen]
    return [(kind, openness) for openness in _openness(view) for kind in kinds]


def _openness(view: View) -> list[bool]:
    if view.open is not None:
        return [view.open]
    if view.overdue:
        return [True]
    return sorted({state != CLOSED for state in view.states}, reverse=True) or [True, False]


def _past(limit: Limit, opened_at: datetime, now: datetime, policy: Policy) -> bool:
    from chalicelib.domain.limits import due_at  # few views ask

    return due_at(limit, opened_at, policy.calendar, policy.zone).at <= now


def _one_of(wanted: Collection[str], found: str | None) -> bool:
    return not wanted or found in wanted
