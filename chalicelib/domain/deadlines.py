"""Deadlines counted again, once days are announced that they were counted through on a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalicelib.domain import events as E
from chalicelib.domain.cases import evolve
from chalicelib.domain.procedure import Change, Circumstances
from chalicelib.domain.recounting import Recounting, Run, Versions, again, retold
from chalicelib.domain.telling import Telling
from chalicelib.domain.timing import forgiven, stamp

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.clocks import Clock
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.policy import Policy


def guessed(case: Case) -> list[Clock]:
    """The clocks of a case that still run and are provisional. What was extended has a day that was named."""
    return [clock for clock in case.clocks if clock.open and clock.provisional]


def recount(
    history: Sequence[CaseEvent], versions: Versions, newest: Policy, around: Circumstances
) -> tuple[Change | None, tuple[str, ...]]:
    """Count the provisional deadlines of a case again by the newest calendar; and which of them cannot be.

    None where nothing becomes of it: again, or as long as the days are not announced. `around`: with the policy the
    case goes by. Nothing breaks by it: where a deadline is over, whoever sweeps next finds it so.
    """
    told = list(retold(history))
    case = told[-1].after
    runs: dict[int, Run | None] = {m.place: m.run for m in Recounting(versions).moments(told)}
    telling = Telling(case, case.id, around, evolve)
    left = []
    for place, clock in enumerate(case.clocks):
        if not (case.open and clock.open and clock.provisional):
            continue
        run = runs.get(place)
        counted = again(clock, run, newest.calendar, around.now) if run else None
        if counted is None:
            left.append(clock.name)
            continue
        due, warn_at = counted
        if (due.at, due.provisional) == (clock.due_at, True):
            continue
        telling.tell(
            E.CLOCK_RECOMPUTED,
            clock=clock.name,
            was=clock.due_at.isoformat(),
            due_at=due.at.isoformat(),
            warn_at=stamp(warn_at),
            provisional=due.provisional,
            unit=case.unit,
            calendar=newest.version,
            **({"forgiven": True} if forgiven(clock, due.at, around.now) else {}),
        )
    return (Change(telling.known, telling.events, case) if telling.events else None), tuple(left)
