"""Whom a petition accuses never learns of it: 不得将信访人的检举、揭发材料透露给被检举、揭发的人员或者单位
(信访工作条例 art. 30). Which units that means, who is told instead of one, and that no act tells one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from chalicelib.domain.errors import UnitAccused

if TYPE_CHECKING:
    from chalicelib.domain.acts import Particulars
    from chalicelib.domain.cases import Case
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.policy import Policy

_ONE = ("unit", "lead", "desk", "approver", "escalated_to")
_SEVERAL = ("joint_units", "asked")
"""Facts of events that name units which are told, or asked for something, by them."""


def accused_reach(unit: str | None, accused: Sequence[str], policy: Policy) -> bool:
    """Whether a unit is one of those accused, or part of one: it must not learn of the petition.

    Part of a centre are the centres of the areas in its own: of a street's, those of its communities; of the
    district's, all. Part of a department is what the pack says is (`part_of`). Who is above an accused unit is no part
    of it, and may be the very one to look into it. A unit that is no more is still itself.
    """
    if not accused or unit is None:
        return False
    if unit in accused:
        return True
    return any(above in accused for above in _wholes(unit, policy))


def not_accused(units: Iterable[str], case: Case, policy: Policy) -> tuple[str, ...]:
    """Those of some units that may learn of a case."""
    accused = accused_of(case)
    return tuple(unit for unit in units if not accused_reach(unit, accused, policy))


def accused_of(case: Case) -> tuple[str, ...]:
    return case.petition.accused if case.petition else ()


def in_place_of(unit: str, case: Case, policy: Policy) -> str:
    """The unit itself, or where the petition accuses it the one that the pack names instead, or the first above.

    Raises UnitAccused where nobody in the district is left who may hold it: it belongs to the level above.
    """
    kind = policy.kinds.get(case.kind or "")
    named = (unit, kind.instead if kind else "", *policy.superiors)
    left = not_accused((each for each in named if each == unit or each in policy.units), case, policy)
    if not left:
        raise UnitAccused("accused")
    return left[0]


def guard(case: Case, unit: str | None, field: str | None, policy: Policy) -> None:
    """What a petitioner says is never passed to whom it accuses. Raises UnitAccused."""
    if accused_reach(unit, accused_of(case), policy):
        raise UnitAccused(field)


def named_by(said: Particulars, case: Case, policy: Policy) -> None:
    """That somebody who acts names no unit that the petition accuses. Raises UnitAccused with the field."""
    guard(case, said.unit, "unit", policy)
    for place, unit in enumerate(said.units):
        guard(case, unit, f"units[{place}]", policy)


def told_by(case: Case, events: Iterable[CaseEvent], policy: Policy) -> None:
    """That an act has told no unit that the petition accuses, nor left it to one. Raises UnitAccused.

    `case`: as it stands after the act, which goes out with each of its events.
    """
    if case.petition is not None and case.petition.accused:
        for unit in _concerned(case, events):
            guard(case, unit, None, policy)


def named_to(case: Case, other: Case | None, events: Iterable[CaseEvent], policy: Policy) -> None:
    """That an act which names another case tells no unit which that accuses. Raises UnitAccused."""
    for unit in _concerned(case, events) if other else ():
        if other and accused_reach(unit, accused_of(other), policy):
            raise UnitAccused("other")


def _concerned(case: Case, events: Iterable[CaseEvent]) -> Iterator[str | None]:
    yield from (*case.units, case.desk, *(task.unit for task in case.tasks))
    for event in events:
        yield from (event.data.get(name) for name in _ONE)
        for name in _SEVERAL:
            yield from event.data.get(name, ())


def _wholes(unit: str, policy: Policy) -> Iterator[str]:
    """What a unit is part of, by its area if it is a centre, and by what the pack says."""
    known = policy.units.get(unit)
    if known is not None and known.kind == "centre":
        areas = (known.area[:digits] for digits in (6, 9) if digits < len(known.area))
        yield from (policy.centre_by_area[area] for area in areas if area in policy.centre_by_area)
    while known is not None and known.part_of:
        yield known.part_of
        known = policy.units.get(known.part_of)
