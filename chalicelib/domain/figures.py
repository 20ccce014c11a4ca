"""Figures 统计: what an event adds to which counters, and what counters tell together.

A fact is counted under the area and the kind that its case had then, in the district's month and day of the event, by
what the event says and nothing else. Counters are only added to, so that events may come late and in any order.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.cases import LEVELS
from chalicelib.domain.grid import DIGITS, level_of

if TYPE_CHECKING:
    from chalicelib.domain.envelope import Happening

OPEN = "open"
"""In place of a month, what is not of one: how many cases are open now."""

UNSETTLED = frozenset({"withdrawn", "voided"})
"""Outcomes of cases in which there was nothing to settle: they say nothing of containment."""

ANSWERED = frozenset({"answered", "final"})
"""Outcomes of petitions that a body answered on their merits; others were directed elsewhere, declined, withdrawn."""

HANDLING, FULLY, CRIME = "handling", "full", "crime"
"""Words of events: the first level of a petition; what an agreement was performed; how a mediation ended."""

UNDONE = "undone"
"""Before the name of a counter, what was counted of an end that was none: a window had not run out, or not in vain."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)

Counts = Mapping[str, int]
"""By the counter's name. A name with parts, such as `closed:satisfied`, has a colon between them."""


class Tally(NamedTuple):
    """Whose counters: of a month (`2026-11`), of its days (`2026-11:days`) or `open`; an area; and a kind, None while
    it is not known.

    The area is a community, or the street or district in which the place is not known any closer.
    """

    period: str
    area: str
    kind: str | None


def counted(event: Happening, day: str, district: str, contained_at: str | None) -> dict[Tally, Counts]:
    """What an event adds, by tally; nothing for most events.

    `day`: of the event, in the district's time. `district`: where cases without a place are counted. `contained_at`:
    the level at which the case's category should be settled, where its events do not tell. Raises KeyError, TypeError
    or ValueError for an event without the facts it should have.
    """
    facts = event.data
    here = Tally(day[:7], _counted_in(facts.get("area"), district), _kind_of(facts.get("kind")))
    counts = Counter(_COUNTED[event.type](facts)) if event.type in _COUNTED else Counter[str]()
    if event.type == E.CASE_CLOSED:
        counts.update(_containment_of(facts, contained_at))
    elif event.type in _BRINGS_BACK and "closed_as" in facts:
        ended = {**facts, "outcome": facts["closed_as"]}
        counts.update(f"{UNDONE}:{name}" for name in (*_closed(ended), *_containment_of(ended, contained_at)))
    counts.update(_of_clocks(facts, event.type))
    added: dict[Tally, Counts] = {here: dict(counts)} if counts else {}
    if event.type in _BY_DAY:
        added[here._replace(period=days_of(day[:7]))] = {f"{day[8:]}:{_BY_DAY[event.type]}": 1}
    return added | _open(event, here._replace(period=OPEN), district)


def days_of(month: str) -> str:
    """The period of a month's days. Apart, so that adding up months does not read them."""
    return f"{month}:days"


def _reported(facts: Mapping[str, Any]) -> Iterable[str]:
    """What was split off is a case, of reports that were counted before."""
    return ("opened",) if "split_from" in facts else ("opened", f"source:{_name(facts['source'])}")


def _joined(facts: Mapping[str, Any]) -> Iterable[str]:
    return "joined", f"source:{_name(facts['source'])}"


def _closed(facts: Mapping[str, Any]) -> Iterable[str]:
    """Of a petition that was answered, at which level it ended."""
    yield f"closed:{_name(facts['outcome'])}"
    if "instance" in facts and facts["outcome"] in ANSWERED:
        yield f"instance:{_name(facts['instance'])}"


def _breached(facts: Mapping[str, Any]) -> Iterable[str]:
    """A deadline is missed once, however often what follows from it is repeated."""
    return (f"breached:{_name(facts['clock'])}",) if facts.get("step", 1) == 1 else ()


def _of_clocks(facts: Mapping[str, Any], event_type: str) -> Iterator[str]:
    """How clocks end with an event: those late of which no breach was told before (`untold`), and breaches that are
    none any more (`forgiven`), because more time was approved, counted again, or days do not count.
    """
    timing = facts.get("timing") or {}
    yield from (f"ended:{_name(clock)}:{_name(how)}" for clock, how in timing.get("ended", {}).items())
    yield from (f"untold:{_name(clock)}" for clock in timing.get("untold", ()))
    if facts.get("forgiven"):
        yield f"forgiven:{_name(facts['clock'])}"
    for clock, left in (facts.get("uncounted") or {}).items():
        yield from (f"forgiven:{_name(clock)}",) if left.get("forgiven") else ()


def _registered(facts: Mapping[str, Any]) -> Iterable[str]:
    """A petition is a repeated one where it came before, as another case or more than once as this."""
    again = facts.get("earlier") or len(facts["report_ids"]) > 1
    return ("petitions", "petitions-repeated") if again else ("petitions",)


def _declined(facts: Mapping[str, Any]) -> Iterable[str]:
    """One that came before may be found to be so only as it is declined for that."""
    return ("petitions-repeated",) if facts.get("repeated") else ()


_COUNTED: dict[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
    E.CASE_REPORTED: _reported,
    E.CASE_JOINED: _joined,
    E.CASE_ASSIGNED: lambda facts: ("assigned",),
    E.CASE_RESOLVED: lambda facts: ("resolved",),
    E.CASE_REOPENED: lambda facts: ("reopened",),
    E.CASE_RETURNED: lambda facts: ("returned",),
    E.CASE_TRANSFERRED: lambda facts: ("transferred",),
    E.CASE_ESCALATED: lambda facts: ("escalated",),
    E.CASE_DELEGATED: lambda facts: ("delegated",),
    E.CASE_CLOSED: _closed,
    E.CLOCK_BREACHED: _breached,
    E.PETITION_REGISTERED: _registered,
    E.PETITION_DECLINED: _declined,
    E.MATTER_MERGED: lambda facts: ("merged",),
    E.MATTER_UNMERGED: lambda facts: ("unmerged",),
    E.MEDIATION_OPENED: lambda facts: ("mediations",),
    E.MEDIATION_AGREED: lambda facts: ("mediations-agreed",),
    E.MEDIATION_ENDED: lambda facts: (f"mediation-ended:{_name(facts['outcome'])}",),
    E.MEDIATION_PERFORMED: lambda facts: (f"performed:{_name(facts['performed'])}",),
    E.MEDIATION_RULED: lambda facts: (f"ruled:{_name(facts['ruling'])}",),
}
_BY_DAY = {E.CASE_REPORTED: "opened", E.CASE_CLOSED: "closed"}
_BRINGS_BACK = frozenset({E.PETITION_DELIVERED, E.PETITION_REVIEW_ASKED})
_MOVING = (E.CASE_CLASSIFIED, E.CASE_MOVED)
_CHANGING_STATE = (
    *(E.CASE_SENT_TO_SCREENING, E.CASE_ACCEPTED, E.CASE_ADVANCED, E.CASE_RETURN_REJECTED, E.CASE_SUSPENDED),
    *(E.CASE_RESUMED, E.CASE_FINISHED, E.CASE_SENT_BACK, E.VISIT_RECORDED, E.CASE_REOPEN_REQUESTED),
    *(E.PETITION_REGISTERED, E.PETITION_PASSED_ON, E.PETITION_ACCEPTED, E.PETITION_ANSWERED, E.PETITION_DELIVERED),
    *(E.PETITION_REVIEW_ASKED, E.PETITION_CARD_EXAMINED),
    *(E.MEDIATION_OPENED, E.MEDIATION_AGREED, E.MEDIATION_VISIT_PLANNED, E.MEDIATION_PERFORMED, E.MEDIATION_ENDED),
    *(E.MEDIATION_CONFIRMATION_APPLIED, E.MEDIATION_CONFIRMATION_ACCEPTED, E.MEDIATION_RULED),
    *(E.PETITION_HEARD, E.EXTENSION_APPROVED, E.CLOCK_RECOMPUTED),
)  # by which a clock may end, or a breach be forgiven
COUNTED_TYPES = frozenset({*_COUNTED, *_MOVING, *_CHANGING_STATE})
"""The events that may add something: what the function is sent."""


def _open(event: Happening, now: Tally, district: str) -> dict[Tally, Counts]:
    """How many more or fewer are open, where: a case that is moved or classified anew goes on being open there.

    One that sleeps in another is the same matter as that, and is open with it.
    """
    facts = event.data
    match event.type:
        case E.CASE_REPORTED | E.MATTER_UNMERGED:
            return {now: {OPEN: 1}}
        case E.CASE_REOPEN_REQUESTED | E.PETITION_DELIVERED | E.PETITION_REVIEW_ASKED if "closed_as" in facts:
            return {now: {OPEN: 1}}
        case E.CASE_CLOSED | E.MATTER_MERGED:
            return {now: {OPEN: -1}}
        case E.CASE_MOVED:
            before = now._replace(area=_counted_in(facts["from_area"], district))
        case E.CASE_CLASSIFIED if "was" in facts:
            was = facts["was"]
            before = Tally(OPEN, _counted_in(was["area"], district), _kind_of(was["kind"]))
        case _:
            return {}
    return {before: {OPEN: -1}, now: {OPEN: 1}} if before != now else {}


def _containment_of(facts: Mapping[str, Any], contained_at: str | None) -> Iterable[str]:
    if facts["outcome"] in UNSETTLED:
        return ()
    should, was = facts.get("start_level") or contained_at, facts.get("level")
    return (f"settled:{should}:{was}" if should in LEVELS and was in LEVELS else "settled-somewhere",)


def _counted_in(area: Mapping[str, Any] | None, district: str) -> str:
    code = str(area["code"]) if area else district
    if not level_of(code):
        raise ValueError(f"no area: {code[:20]}")
    return code[: DIGITS["community"]]


def _kind_of(kind: object) -> str | None:
    return None if kind is None else _name(kind)


def _name(value: object) -> str:
    """A word that may be part of a counter's name. Raises ValueError."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"no name: {str(value)[:70]}")
    return value


# --- what counters tell


class Containment(NamedTuple):
    """Of the cases that were settled: how many at which level, and how many no higher than they should have been.

    `cells`: (where it should have been, where it was, how many), the lowest first. `unknown`: cases whose levels
    their events do not tell; they are in no other figure of it.
    """

    settled: int
    contained: int
    cells: tuple[tuple[str, str, int], ...]
    unknown: int

    @property
    def share(self) -> float | None:
        """Which part was contained; None where nothing was settled."""
        return share_of(self.contained, self.settled)


class Deadlines(NamedTuple):
    """Of the deadlines of one name that came: how many were met in time, and how many were not, done since or not.

    What is over and still to be done counts as missed as soon as it is over.
    """

    met: int
    missed: int

    @property
    def share(self) -> float | None:
        return share_of(self.met, self.met + self.missed)


class OfMatters(NamedTuple):
    """How many told of how many matters (P2): those that turned out to be one are one."""

    reports: int
    matters: int

    @property
    def per_matter(self) -> float | None:
        return round(self.reports / self.matters, 2) if self.matters > 0 else None


class OfPetitions(NamedTuple):
    """How many were registered, and how many of them came before; `settled_at`: of those answered, by the level at
    which it ended 初信初访化解.
    """

    registered: int
    repeated: int
    settled_at: Mapping[str, int]

    @property
    def repeated_share(self) -> float | None:
        """One that was registered in the month before, and declined as repeated in this, makes it no more than all."""
        return share_of(min(self.repeated, self.registered), self.registered)

    @property
    def first_instance_share(self) -> float | None:
        """Which part of those answered ended at the first level: nobody asked for a review."""
        return share_of(self.settled_at.get(HANDLING, 0), sum(self.settled_at.values()))


class OfMediations(NamedTuple):
    """How many were opened, came to an agreement, and ended without one, by how; what was found of performance.

    `rulings`: what courts decided that were asked to confirm an agreement.
    """

    opened: int
    agreed: int
    ended: Mapping[str, int]
    performed: Mapping[str, int]
    rulings: Mapping[str, int]

    @property
    def success_share(self) -> float | None:
        """Which part of those that came to an end came to an agreement; what looked like a crime is none of them."""
        tried = self.agreed + sum(n for how, n in self.ended.items() if how != CRIME)
        return share_of(self.agreed, tried)

    @property
    def performance_share(self) -> float | None:
        return share_of(self.performed.get(FULLY, 0), sum(self.performed.values()))


def share_of(part: int, whole: int) -> float | None:
    """Which part it is; None of nothing."""
    return round(part / whole, 4) if whole else None


def added_up(counts: Iterable[Counts]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def parts_of(counts: Counts, name: str) -> dict[str, int]:
    """The counters whose name begins with this word, by the rest of it, sorted: of `closed` the outcomes.

    Less what was undone. Of a month in which more was undone than came, that is no less than nothing.
    """
    beginning = f"{name}:"
    found = {each.removeprefix(beginning): _left(counts, each) for each in counts if each.startswith(beginning)}
    return dict(sorted((each, n) for each, n in found.items() if n))


def _left(counts: Counts, name: str) -> int:
    """A counter, less what of it was undone."""
    undone = counts.get(f"{UNDONE}:{name}", 0)
    return max(0, counts.get(name, 0) - undone) if undone else counts.get(name, 0)


def containment(counts: Counts) -> Containment:
    cells = []
    for levels, n in parts_of(counts, "settled").items():
        should, was = levels.split(":")
        cells.append((should, was, n))
    cells.sort(key=lambda cell: (LEVELS.index(cell[0]), LEVELS.index(cell[1])))
    kept = sum(n for should, was, n in cells if LEVELS.index(was) <= LEVELS.index(should))
    return Containment(sum(n for *_, n in cells), kept, tuple(cells), _left(counts, "settled-somewhere"))


def deadlines(counts: Counts) -> dict[str, Deadlines]:
    """By clock, those of which any was met or missed. A breach that was forgiven is in neither until the clock ends."""
    ended = parts_of(counts, "ended")
    breached, untold, forgiven = (parts_of(counts, name) for name in ("breached", "untold", "forgiven"))
    met = {name.removesuffix(":met"): n for name, n in ended.items() if name.endswith(":met")}
    found = {
        clock: Deadlines(
            met.get(clock, 0), max(0, breached.get(clock, 0) + untold.get(clock, 0) - forgiven.get(clock, 0))
        )
        for clock in sorted({*met, *breached, *untold})
    }
    return {clock: each for clock, each in found.items() if any(each)}


def of_matters(counts: Counts) -> OfMatters:
    """Reports are counted by where they came from: what was split off is another matter of reports that are there."""
    merged = counts.get("merged", 0) - counts.get("unmerged", 0)
    return OfMatters(sum(parts_of(counts, "source").values()), counts.get("opened", 0) - merged)


def petitions(counts: Counts) -> OfPetitions:
    return OfPetitions(counts.get("petitions", 0), counts.get("petitions-repeated", 0), parts_of(counts, "instance"))


def mediations(counts: Counts) -> OfMediations:
    ended, performed, rulings = (parts_of(counts, name) for name in ("mediation-ended", "performed", "ruled"))
    return OfMediations(counts.get("mediations", 0), counts.get("mediations-agreed", 0), ended, performed, rulings)


# --- months


def month_of(text: str) -> str | None:
    """The month that is written, such as `2026-12`; None for anything else."""
    known = re.fullmatch(r"([1-9]\d{3})-(0[1-9]|1[0-2])", text, re.ASCII)
    return text if known else None


def last_day_of(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{month}-{monthrange(year, number)[1]:02d}"


def months_between(first: str, last: str) -> list[str]:
    """The months from one to another, both included; none where the first is the later."""
    (year, month), (last_year, last_month) = (map(int, each.split("-")) for each in (first, last))
    numbers = range(12 * year + month - 1, 12 * last_year + last_month)
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in numbers]
