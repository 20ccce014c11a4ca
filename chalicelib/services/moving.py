"""Moving cases: when areas end, their open cases go on in the areas that took over the ground (G1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import OutsideDistrict, StaleVersion
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.procedure import Circumstances, move
from chalicelib.services.locating import place
from chalicelib.services.open_cases import open_cases

if TYPE_CHECKING:
    from chalicelib.domain.audit import Origin
    from chalicelib.domain.cases import Case
    from chalicelib.domain.grid import Area
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import CaseStore, Clock, Grid

ONLY, POSITION, LOWEST = "only-successor", "position", "lowest-code"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Succession:
    """Which areas have ended, and who of those in force today succeeds each: nobody, where one ended on purpose.

    `network`: the version in force.
    """

    network: str
    heirs: Mapping[str, Sequence[str]]


class Move(NamedTuple):
    """Where a case goes. `to` None: its area ended on purpose, so that it stays where it was."""

    case_id: str
    from_area: str
    to: Area | None
    decided_by: str = ""


class Moving:
    """Finds the open cases that lie in ended areas, and moves them. What was moved is found no more."""

    def __init__(
        self, store: CaseStore, grid: Grid, policy: Policy, clock: Clock, units: Iterable[str] | None = None
    ) -> None:
        """`units`: every unit that may hold a case; without them, those of the policy."""
        self._store = store
        self._grid = grid
        self._policy = policy
        self._clock = clock
        self._units = policy.units if units is None else units

    def moves(self, succession: Succession) -> Iterator[Move]:
        """Every open case of an ended area, and where it would go; in no order."""
        for case_id in self._in_ended(succession):
            case = self._store.case(case_id)
            if case is not None and (found := self._move_of(case, succession)) is not None:
                yield found

    def move(self, case_id: str, succession: Succession, by: Origin) -> Move | None:
        """Move one case, in one transaction; None when there is nothing to move (any more).

        Its event says that it happened by itself, the audit who had it done.
        Raises StaleVersion when somebody else keeps changing the case: it is found again next time.
        """
        for _ in range(_ATTEMPTS):
            case = self._store.case(case_id)
            found = self._move_of(case, succession) if case is not None else None
            if case is None or found is None or found.to is None:
                return None
            network = succession.network
            around = Circumstances(SYSTEM, self._clock.now(), self._policy, by.request, f"network:{network}")
            moved = move(case, found.to, found.decided_by, network, around)
            try:
                self._store.save(moved, None, by.source, by.actor)
            except StaleVersion:
                continue
            return found
        raise StaleVersion()

    def _in_ended(self, succession: Succession) -> Iterator[str]:
        """The ids of open cases that may lie in ended areas."""
        for case_id, summary in open_cases(self._store, self._units):
            if summary is None or (summary.area is not None and summary.area.code in succession.heirs):
                yield case_id

    def _move_of(self, case: Case, succession: Succession) -> Move | None:
        if not case.open or case.area is None or case.area.code not in succession.heirs:
            return None
        ended, heirs = case.area.code, succession.heirs[case.area.code]
        if not heirs:
            return Move(case.id, ended, None)
        day = self._policy.day_of(self._clock.now())
        code, decided_by = (heirs[0], ONLY) if len(heirs) == 1 else self._choose(case, heirs, day)
        return Move(case.id, ended, self._grid.area(code, day), decided_by)

    def _choose(self, case: Case, heirs: Sequence[str], day: str) -> tuple[str, str]:
        """The heir that a report's position lies in; without one, that of the lowest code, which the event tells."""
        for report_id in case.report_ids:
            known = self._store.report(report_id)
            if known is None or known.report.position is None:
                continue
            try:
                cell = place(known.report.position, day, self._grid, self._policy)
            except OutsideDistrict:
                continue
            for code in heirs:
                if cell.code.startswith(code):
                    return code, POSITION
        return min(heirs), LOWEST
