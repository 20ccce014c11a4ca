"""Figures 统计: events are counted as they come, each once, and the counters of an area are read together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.errors import AreaTooNarrow, Forbidden, InvalidField, NotFound
from chalicelib.domain.events import CASE_CLOSED
from chalicelib.domain.figures import OPEN, Counts, added_up, counted, days_of, last_day_of, month_of, months_between
from chalicelib.domain.grid import DIGITS
from chalicelib.domain.people import holds

if TYPE_CHECKING:
    from chalicelib.domain.envelope import Happening
    from chalicelib.domain.figures import Tally
    from chalicelib.domain.grid import Area
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import Clock, FigureStore, Grid

READ = "figures.read"
MOST_MONTHS = 12


class Counting:
    """Counts events. One that comes again is not counted again, however late."""

    def __init__(self, store: FigureStore, policy: Policy) -> None:
        self._store = store
        self._policy = policy

    def count(self, event: Happening) -> bool:
        """Add what an event adds; False when it adds nothing, or did already.

        Raises KeyError, TypeError or ValueError for an event without its facts, TemporarilyUnavailable.
        """
        added = counted(event, self._policy.day_of(event.time), self._policy.district, self._contained_at(event))
        return bool(added) and self._store.add(event.id, added)

    def _contained_at(self, event: Happening) -> str | None:
        """At which level a case that ended, or had, should have been settled, by the category it has."""
        if event.type != CASE_CLOSED and "closed_as" not in event.data:
            return None
        category = self._policy.categories.get(event.data.get("category") or "")
        return category.containment if category else None


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """What is counted of an area in some months, as far as the asker may know of it; `open` in counts: open now.

    `parts`: by the code of each area right below; under the area's own code what is not placed any closer. `names`: of
    those there are on the last day. `days`: by ISO date, where there is anything; only of a single month.
    """

    area: Area
    months: Sequence[str]
    as_of: datetime
    total: Counts
    kinds: Mapping[str | None, Counts]
    parts: Mapping[str, Counts]
    names: Mapping[str, str]
    days: Mapping[str, Counts]


class Figures:
    def __init__(self, store: FigureStore, grid: Grid, policy: Policy, clock: Clock) -> None:
        self._store = store
        self._grid = grid
        self._policy = policy
        self._clock = clock

    def of_area(self, code: str, staff: StaffMember, first: str | None, last: str | None) -> AreaFigures:
        """The figures of a community, a street or the district, from one month to another; of this month if not said.

        One query for each month, however wide the area, one for what is open, and one for the days of a single month.
        Raises Forbidden without the
        permission and for a foreign area, NotFound for no such area on the last day, AreaTooNarrow for one below a
        community, InvalidField for months that are none, in the wrong order, or more than a year of them.
        """
        if not holds(staff, READ, self._policy):
            raise Forbidden()
        now = self._clock.now()
        today = self._policy.day_of(now)
        months = _months(first or last or today[:7], last or first or today[:7])
        day = min(today, last_day_of(months[-1]))
        area = self._grid.area(code, day)
        if area is None:
            raise NotFound()
        if not staff.covers(code):
            raise Forbidden()
        if len(code) > DIGITS["community"]:
            raise AreaTooNarrow("code")
        names = self._grid.named_parts(code, day) if len(code) < DIGITS["community"] else {}
        return self._figures(area, names, staff, months, now)

    def _figures(
        self, area: Area, names: Mapping[str, str], staff: StaffMember, months: Sequence[str], now: datetime
    ) -> AreaFigures:
        digits = DIGITS["street"] if area.level == "district" else DIGITS["community"]
        kinds: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
        parts: defaultdict[str, Counter[str]] = defaultdict(Counter, {name: Counter() for name in names})
        for period in (*months, OPEN):
            for tally, counts in self._tallies(period, area, staff):
                kinds[tally.kind].update(counts)
                parts[tally.area[:digits]].update(counts)
        days: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for month in months if len(months) == 1 else ():
            for _, counts in self._tallies(days_of(month), area, staff):
                for name, n in counts.items():
                    day, _, what = name.partition(":")
                    days[f"{month}-{day}"][what] += n
        return AreaFigures(area, months, now, added_up(kinds.values()), kinds, parts, names, days)

    def _tallies(self, period: str, area: Area, staff: StaffMember) -> Iterator[tuple[Tally, Counts]]:
        for tally, counts in self._store.tallies(period, area.code):
            if self._may_count(tally.kind, staff):
                yield tally, counts

    def _may_count(self, kind: str | None, staff: StaffMember) -> bool:
        """Whether somebody may know how many matters of a kind there are: as of the cases themselves, by the role.

        What is confidential is counted for a unit that such matters come to, and for nobody else who may see some of
        them: who is accused could subtract what he or she finds from what is counted. What is left out is in no sum
        either: a difference would tell of it. A kind that the pack no longer names is confidential; what nobody has
        given a kind yet is not.
        """
        role = self._policy.roles[staff.role]
        if role.kinds and kind not in role.kinds:
            return False
        known = self._policy.kinds.get(kind) if kind else None
        if kind is None or (known is not None and not known.confidential):
            return True
        kinds = (known,) if known else self._policy.kinds.values()
        return role.confidential and staff.unit in {each.confidential_to for each in kinds}


def _months(first: str, last: str) -> Sequence[str]:
    for field, month in (("from", first), ("to", last)):
        if month_of(month) is None:
            raise InvalidField(field, "query-invalid")
    months = months_between(first, last)
    if not 1 <= len(months) <= MOST_MONTHS:
        raise InvalidField("to", "query-invalid")
    return months
