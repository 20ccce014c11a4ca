"""That the views of a policy pack ask for something that there is, of somebody who may ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.domain.cases import CLOSED
from chalicelib.domain.views import AREA, LEADER, NEEDED_PERMISSION, UNIT
from chalicelib.policy.condition_checks import check_conditions
from chalicelib.policy.schema import RolePart, StatePart, ViewPart

if TYPE_CHECKING:
    from chalicelib.policy.condition_checks import Named
    from chalicelib.policy.reader import Entry, Fault, PackText


def check_views(text: PackText) -> Iterator[Fault]:
    """Every disagreement of a view with the rest of the pack, or with itself."""
    misshapen = len(text.all(RolePart)) < len(text.ids(RolePart))
    for entry in text.all(ViewPart):
        yield from check_conditions(entry, text, "view", _named(entry.part, text))
        yield from _contradictions(entry)
        if not misshapen and not any(_asks(role.part, entry.part) for role in text.all(RolePart)):
            yield entry.fault("asks", f"no role may ask of {entry.part.asks!r}, so nobody could use this")


def _named(view: ViewPart, text: PackText) -> tuple[Named, ...]:
    """What a view names besides kinds and categories; the schema knows the words of most of it."""
    return (
        ("urgencies", view.urgencies, view.urgencies, "urgency"),
        ("states", view.states, text.ids(StatePart), "state"),
        ("turns", view.turns, view.turns, "turn"),
        ("tasks", view.tasks, view.tasks, "task"),
    )


def _contradictions(entry: Entry[ViewPart]) -> Iterator[Fault]:
    """A view that could never find anything, or says what goes without saying."""
    view = entry.part
    if view.asks in (UNIT, LEADER) and view.open is not None:
        yield entry.fault("open", f"means nothing: what waits at a {view.asks} is open")
    elif view.open and CLOSED in view.states:
        yield entry.fault("states", f"could find nothing: a case in state {CLOSED!r} is not open")
    elif view.open is False and any(state != CLOSED for state in view.states):
        yield entry.fault("states", f"could find nothing: only a case in state {CLOSED!r} is not open")
    if CLOSED in view.states and view.asks in (UNIT, LEADER):
        yield entry.fault("states", f"could find nothing: no case in state {CLOSED!r} waits at a {view.asks}")
    if view.asks != UNIT and view.tasks:
        yield entry.fault("tasks", "means nothing: only a unit is asked for something")
    if view.turns and (view.open is False or view.states == [CLOSED]):
        yield entry.fault("turns", "could find nothing: in a case that is closed it is nobody's turn")
    if view.overdue and (view.open is False or view.states == [CLOSED]):
        yield entry.fault("overdue", "could find nothing: a case that is closed has no deadline")


def _asks(role: RolePart, view: ViewPart) -> bool:
    return NEEDED_PERMISSION[view.asks] in role.permissions and (view.asks != AREA or role.scope != "own-unit")
