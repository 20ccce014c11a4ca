"""Patrol 巡访: how often each post walks its area (G5).

A beat is a post in an area. Its state is the replay of its events and nothing else, as a case's is (always true 5).

Rounds are numbered and follow one another without a gap. A check-in counts for the round of its own time, whenever it
arrives. Within the grace after a round that nobody walked it makes that one good, late, and not the next, which wants a
walk of its own: one walk never counts for two rounds, and in which order check-ins arrive makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.grid import Area

if TYPE_CHECKING:
    from chalicelib.domain.events import Event

KEPT_ROUNDS = 60
"""Of so many rounds a beat remembers how they went; a policy may count no more of them."""

UNMARKED, EARLY, OWN, BOTH = "-eob"
_WITH = {UNMARKED: "", EARLY: EARLY, OWN: OWN, BOTH: EARLY + OWN}
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Plan(NamedTuple):
    """How often an area is to be walked from a round on. Seconds; `grace`: after a round's end, less than `every`."""

    from_round: int
    start: datetime
    every: int
    grace: int


class Round(NamedTuple):
    """From `start` to `end`, which is the next one's start; until `late_until` a walk makes it good."""

    number: int
    start: datetime
    end: datetime
    late_until: datetime


class Outcome(StrEnum):
    WALKED = "walked"
    LATE = "late"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Beat:
    """A post's rounds of an area, and how they stand.

    `settled`: the first round that time has not settled when the last thing happened. `marks`: a letter for each round
    from `first` on, what check-ins there were: none, within the grace of the round before, after that, or both.
    `before`: whether the round before `first` was walked in time, or there was none. `reminded`: the newest round that
    was told to be overdue. `unit`: the centre that answers for the area.
    """

    id: str
    version: int
    area: Area
    post: str
    unit: str
    policy_version: str
    plans: tuple[Plan, ...]
    settled: int
    first: int
    updated_at: datetime
    marks: str = ""
    before: bool = True
    reminded: int = 0
    walked_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def code(self) -> str:
        """What messages about it end with, in the place of a case's tracking code; it opens nothing."""
        return code_of(self.id)

    def round(self, number: int) -> Round:
        place = max(i for i, plan in enumerate(self.plans) if plan.from_round <= number or i == 0)
        plan = self.plans[place]
        start = plan.start + (number - plan.from_round) * timedelta(seconds=plan.every)
        end, grace = start + timedelta(seconds=plan.every), plan.grace
        following = self.plans[place + 1] if place + 1 < len(self.plans) else None
        if following and following.from_round == number + 1:
            # the last round before a new plan lasts until that begins, and is settled before the next one ends
            end, grace = following.start, min(grace, following.grace)
        return Round(number, start, end, end + timedelta(seconds=grace))

    def round_at(self, at: datetime) -> int | None:
        """The number of the round a moment lies in; None before the first that is known."""
        begun = [plan for plan in self.plans if plan.start <= at]
        if not begun:
            return None
        plan, following = begun[-1], self.plans[len(begun) :]
        number = plan.from_round + (at - plan.start) // timedelta(seconds=plan.every)
        return min(number, following[0].from_round - 1) if following else number

    def unsettled_at(self, now: datetime) -> int:
        """The first round that may still be walked, late or in time, after a moment."""
        number = self.round_at(now)
        if number is None:
            return self.plans[0].from_round
        before = number > self.plans[0].from_round and self.round(number - 1).late_until > now
        return max(self.settled, number - 1 if before else number)

    def early(self, at: datetime) -> bool:
        """Whether the round before the one a moment lies in could still be made good."""
        number = self.round_at(at)
        return number is not None and number > self.plans[0].from_round and at < self.round(number - 1).late_until

    def marked(self, at: datetime) -> Beat:
        """With a check-in of that time, which lies in a round."""
        number = self.round_at(at)
        assert number is not None
        if number < self.first:
            return self
        early = self.early(at)
        place = number - self.first
        marks = self.marks.ljust(place + 1, UNMARKED)
        mark = _WITH[marks[place]] + (EARLY if early else OWN)
        both = EARLY in mark and OWN in mark
        return replace(self, marks=marks[:place] + (BOTH if both else mark[0]) + marks[place + 1 :])

    def walked(self) -> dict[int, Outcome]:
        """The rounds that were walked, in time or late, of those that are remembered."""
        found, in_time = {}, self.before
        for place, mark in enumerate(self.marks):
            in_time = mark in OWN + BOTH or (mark == EARLY and in_time)
            made_good = self.marks[place + 1 : place + 2] in (EARLY, BOTH)
            if in_time or made_good:
                found[self.first + place] = Outcome.WALKED if in_time else Outcome.LATE
        return found

    @property
    def next_timer(self) -> datetime | None:
        """When the beat next changes by time alone: a round ends unwalked, or its grace does."""
        if self.ended_at is not None:
            return None
        walked, number = self.walked(), self.settled
        while number in walked:
            number += 1
        waiting = self.round(number)
        return waiting.late_until if self.reminded >= number else waiting.end


class Figures(NamedTuple):
    """How a beat stands at a moment.

    `state`: planned (the first round has not begun), due (to be walked now), overdue (the round before may still be
    made good), walked (nothing to do until the next round), ended. `current`: the round that lasts, or the first.
    `walked`, `late`, `missed`: of the last rounds that are over.
    """

    state: str
    current: Round
    overdue: Round | None
    walked: int
    late: int
    missed: int

    @property
    def rounds(self) -> int:
        return self.walked + self.late + self.missed


def figures(beat: Beat, now: datetime, counted: int) -> Figures:
    """How a beat stands, whatever the sweep has found by now; of the last `counted` rounds that are over."""
    at = min(now, beat.ended_at) if beat.ended_at else now
    walked, unsettled = beat.walked(), beat.unsettled_at(at)
    number = beat.round_at(at)
    outcomes = [walked.get(each, Outcome.MISSED) for each in settled_rounds(beat, at, counted)]
    overdue = beat.round(unsettled) if number is not None and unsettled < number and unsettled not in walked else None
    if beat.ended_at:
        state = "ended"
    elif number is None:
        state = "planned"
    else:
        state = "overdue" if overdue else "walked" if walked.get(number) is Outcome.WALKED else "due"
    return Figures(
        state,
        beat.round(number if number is not None else beat.plans[0].from_round),
        overdue,
        *(outcomes.count(outcome) for outcome in Outcome),
    )


def settled_rounds(beat: Beat, now: datetime, counted: int) -> range:
    """The numbers of the last rounds that are over at a moment, oldest first; none older than is remembered.

    One that may still be made good is not over.
    """
    end, number = beat.unsettled_at(now), beat.round_at(now)
    if number is not None and end < number and end in beat.walked():
        end += 1
    return range(max(end - counted, beat.first), end)


def beat_id(area: str, post: str) -> str:
    return f"{area}.{post}"


def code_of(beat: str) -> str:
    """Eight characters of Crockford base 32, the same for the same beat always."""
    value = int.from_bytes(sha256(beat.encode()).digest()[:5])
    return "".join(_CROCKFORD[value >> 5 * place & 31] for place in reversed(range(8)))


def replay(events: Iterable[Event]) -> Beat:
    """The beat that a complete, ordered history gives. Raises ValueError for a history without a beginning."""
    beat: Beat | None = None
    for event in events:
        beat = evolve(beat, event)
    if beat is None:
        raise ValueError("a beat without events")
    return beat


def evolve(beat: Beat | None, event: Event) -> Beat:
    """The beat after one more event. Raises ValueError for a first event other than a plan."""
    if event.type == E.PATROL_PLANNED:
        changed = _planned(beat, event, event.data)
    elif beat is None:
        raise ValueError(f"{event.id}: a beat begins with a plan")
    else:
        changed = _APPLY[event.type](beat, event, event.data)
    settled = changed.unsettled_at(changed.ended_at or event.time)
    return _remembering(replace(changed, version=event.version, updated_at=event.time, settled=settled))


def _planned(beat: Beat | None, event: Event, facts: Mapping[str, Any]) -> Beat:
    plan = Plan(facts["from_round"], datetime.fromisoformat(facts["start"]), facts["every"], facts["grace"])
    area = Area(facts["area"]["code"], tuple(facts["area"]["path"]))
    if beat is None or beat.ended_at:
        return Beat(
            id=event.subject,
            version=event.version,
            area=area,
            post=facts["post"],
            unit=facts["unit"],
            policy_version=event.policy_version,
            plans=(plan,),
            settled=plan.from_round,
            first=plan.from_round,
            updated_at=event.time,
            walked_at=beat.walked_at if beat else None,
        )
    earlier = tuple(each for each in beat.plans if each.from_round < plan.from_round)
    return replace(beat, area=area, unit=facts["unit"], policy_version=event.policy_version, plans=(*earlier, plan))


def _walked(beat: Beat, event: Event, facts: Mapping[str, Any]) -> Beat:
    at = datetime.fromisoformat(facts["at"])
    return replace(beat.marked(at), walked_at=max(beat.walked_at or at, at))


def _overdue(beat: Beat, event: Event, facts: Mapping[str, Any]) -> Beat:
    return replace(beat, reminded=facts["round"])


def _missed(beat: Beat, event: Event, facts: Mapping[str, Any]) -> Beat:
    return beat  # which rounds time has settled, and nobody walked, is in its plans and marks


def _ended(beat: Beat, event: Event, facts: Mapping[str, Any]) -> Beat:
    return replace(beat, ended_at=event.time)


_APPLY: dict[str, Callable[[Beat, Event, Mapping[str, Any]], Beat]] = {
    E.PATROL_WALKED: _walked,
    E.PATROL_OVERDUE: _overdue,
    E.PATROL_MISSED: _missed,
    E.PATROL_ENDED: _ended,
}


def _remembering(beat: Beat) -> Beat:
    """Without what is too old to be counted: rounds before the last so many that are settled, and their plans."""
    first = max(beat.first, beat.settled - KEPT_ROUNDS)
    if first == beat.first:
        return beat
    gone = first - beat.first
    in_time = beat.walked().get(first - 1) is Outcome.WALKED
    plans = tuple(
        plan
        for plan, following in zip(beat.plans, (*beat.plans[1:], None), strict=True)
        if following is None or following.from_round > first
    )
    return replace(beat, first=first, marks=beat.marks[gone:], before=in_time, plans=plans)
