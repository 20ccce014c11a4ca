"""What is done to a beat, and what time brings it. Commands in, events out; no I/O, time is an argument.

Every function returns a `BeatChange`: the beat afterwards and the events that made it so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.domain import events as E
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import BeatEnded, InvalidField
from chalicelib.domain.events import Event
from chalicelib.domain.patrol import Beat, Outcome, Round, beat_id, evolve
from chalicelib.domain.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.audit import Origin
    from chalicelib.domain.grid import Area
    from chalicelib.domain.policy import Patrol
    from chalicelib.domain.procedure import Circumstances

DAY_SECONDS = 86_400
_BROUGHT_BY_TIME = frozenset({E.PATROL_OVERDUE, E.PATROL_MISSED})


class BeatChange(NamedTuple):
    """A beat after an act, and the events of the act, in order."""

    beat: Beat
    events: tuple[Event, ...]


def entry_of(change: BeatChange, by: Origin) -> Entry:
    """The audit's entry of what changed a beat: it is written in the same transaction. One a version of the beat.

    `what` is what was done, not what time had brought by then and the same act tells of.
    """
    done = next((each for each in change.events if each.type not in _BROUGHT_BY_TIME), change.events[0])
    return Entry(
        id=f"{change.beat.id}.{change.beat.version}",
        at=done.time,
        what=done.type,
        reader=by.actor.id,
        role=by.actor.role,
        unit=by.actor.unit,
        source=by.source,
        request=by.request,
        thing=f"beat:{change.beat.id}",
    )


class Walk(NamedTuple):
    """A check-in as it is kept: when (the walker's own time), in which cell, how many metres outside the beat's area.

    The position itself is checked and not kept (ADR 26).
    """

    at: datetime
    cell: str | None
    metres: int
    note: str | None = None


def plan(beat: Beat | None, area: Area, post: str, around: Circumstances) -> BeatChange | None:
    """Rounds of an area by a post, as the policy says; None where they are planned so already.

    Rounds of whole days begin at the next midnight of the district, others at once. A new policy takes effect after
    the round that lasts, which is lengthened to where the new rounds begin. A beat that had ended begins anew.
    """
    rule = around.policy.patrols[post]
    again = beat is not None and beat.ended_at is None
    if beat is not None and again and beat.area == area and beat.plans[-1][2:] == (rule.every, rule.grace):
        return None
    number, start = _next_plan(beat, rule, around)
    telling = Telling(beat, beat_id(area.code, post), around, evolve)
    if beat is not None and again:
        _tell_missed(telling, beat, beat, around.now)
    telling.tell(
        E.PATROL_PLANNED,
        area={"code": area.code, "path": list(area.path)},
        post=post,
        unit=around.policy.centre_of(area.code),
        from_round=number,
        start=start.isoformat(),
        every=rule.every,
        grace=rule.grace,
    )
    if beat is not None and again:
        _tell_overdue(telling, telling.known, around.now)
    return _change(telling)


def check_in(beat: Beat, walk: Walk, around: Circumstances) -> BeatChange:
    """Somebody was there. Who may say so, and whether the place is right, is asked before.

    Raises InvalidField for a time in the future, older than the policy takes, or before the first round; BeatEnded.
    """
    rules, now = around.policy.patrol_rules, around.now
    if walk.at > now + timedelta(seconds=around.policy.rules.future_tolerance):
        raise InvalidField("at", "time-in-future")
    if walk.at < now - timedelta(seconds=rules.oldest_check_in):
        raise InvalidField("at", "check-in-too-old", oldest_seconds=rules.oldest_check_in)
    if beat.ended_at is not None and walk.at >= beat.ended_at:
        raise BeatEnded(ended_at=beat.ended_at.isoformat())
    number = beat.round_at(walk.at)
    if number is None:
        raise InvalidField("at", "rounds-not-begun", begins_at=beat.plans[0].start.isoformat())
    marked = beat.marked(walk.at)
    late = beat.early(walk.at) and marked.walked().get(number - 1) is Outcome.LATE
    telling = Telling(beat, beat.id, around, evolve)
    if beat.ended_at is None:
        _tell_missed(telling, beat, marked, now)
    after = telling.tell(
        E.PATROL_WALKED,
        round=number - 1 if late else number,
        late=late,
        at=walk.at.isoformat(),
        cell=walk.cell,
        metres=walk.metres,
        note=walk.note,
    )
    _tell_overdue(telling, after, now)
    change = _change(telling)
    assert change is not None
    return change


def fall_due(beat: Beat, around: Circumstances) -> BeatChange | None:
    """What time alone has brought: rounds that nobody walked are overdue, then missed. None if nothing.

    However long nobody looked, the rounds that were missed meanwhile are told of in one event, and each is named.
    """
    telling = Telling(beat, beat.id, around, evolve)
    if beat.ended_at is None:
        _tell_missed(telling, beat, beat, around.now)
        _tell_overdue(telling, telling.known, around.now)
    return _change(telling)


def end(beat: Beat, why: str, around: Circumstances) -> BeatChange | None:
    """No more rounds. `why`: area-ended, post-vacant or no-rounds. None for a beat that has ended already."""
    if beat.ended_at is not None:
        return None
    telling = Telling(beat, beat.id, around, evolve)
    _tell_missed(telling, beat, beat, around.now)
    telling.tell(E.PATROL_ENDED, why=why)
    return _change(telling)


def _next_plan(beat: Beat | None, rule: Patrol, around: Circumstances) -> tuple[int, datetime]:
    """From which round on a plan is, and when that begins."""
    now = around.now
    if beat is None:
        return 1, _begin(rule, now, around)
    if beat.ended_at is not None:
        return beat.settled + len(beat.marks) + 1, _begin(rule, now, around)
    last, number = beat.plans[-1], beat.round_at(now)
    if last[2:] == (rule.every, rule.grace):
        return last.from_round, last.start  # only the area has another name
    if number is None:
        return last.from_round, _begin(rule, now, around)
    return number + 1, _begin(rule, beat.round(number).end, around)


def _begin(rule: Patrol, earliest: datetime, around: Circumstances) -> datetime:
    """Where rounds begin, not before a moment: those of whole days at midnight, so that each is some days' own."""
    if rule.every % DAY_SECONDS:
        return earliest
    local = earliest.astimezone(ZoneInfo(around.policy.timezone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight < local:
        midnight += timedelta(days=1)
    return midnight.astimezone(earliest.tzinfo)


def _tell_missed(telling: Telling[Beat], beat: Beat, marked: Beat, now: datetime) -> None:
    """The rounds that time has settled and nobody walked. `marked`: with what is told of in the same act."""
    runs = [(marked.round(first), marked.round(last)) for first, last in _unwalked(marked, beat.unsettled_at(now))]
    if runs:
        telling.tell(
            E.PATROL_MISSED,
            rounds=[_stretch(first, last) for first, last in runs],
            count=sum(last.number - first.number + 1 for first, last in runs),
        )


def _unwalked(beat: Beat, until: int) -> Iterator[tuple[int, int]]:
    """The unwalked rounds from the first that was not settled to one before `until`, as runs: first and last."""
    first = beat.settled
    for number in [*sorted(n for n in beat.walked() if beat.settled <= n < until), until]:
        if first < number:
            yield first, number - 1
        first = number + 1


def _stretch(first: Round, last: Round) -> dict[str, Any]:
    return {"first": first.number, "last": last.number, "from": first.start.isoformat(), "to": last.end.isoformat()}


def _tell_overdue(telling: Telling[Beat], beat: Beat, now: datetime) -> None:
    number = beat.unsettled_at(now)
    waiting = beat.round(number)
    if beat.ended_at is None and waiting.end <= now and number not in beat.walked() and beat.reminded < number:
        telling.tell(
            E.PATROL_OVERDUE,
            round=number,
            **{"from": waiting.start.isoformat(), "to": waiting.end.isoformat()},
            late_until=waiting.late_until.isoformat(),
        )


def _change(telling: Telling[Beat]) -> BeatChange | None:
    return BeatChange(telling.known, telling.events) if telling.events else None
