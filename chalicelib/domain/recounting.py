"""Recounting: every time that a history says of a clock, computed again from the policy it was counted by.

A replay takes due times from the events (`domain.cases`); here they are asked of the policy (always true 4). One walk
serves all who ask: the explanation of a clock, the verification of a table, and the counting again of deadlines that
were provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.domain import events as E
from chalicelib.domain.cases import Case, evolve
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.containment import superiors
from chalicelib.domain.limits import EXACT, Due, Limit, due_at, extended, later_without, resumed
from chalicelib.domain.timing import (
    again_after,
    begins,
    card_of,
    due_without,
    left_out,
    limit_of,
    stated_limit,
    warning,
)

if TYPE_CHECKING:
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.policy import ClockRule, Policy
    from chalicelib.domain.workdays import WorkCalendar

STARTED, PAUSED, RESUMED, ENDED, UNCOUNTED = "started", "paused", "resumed", "ended", "uncounted"
ASKED, REFUSED, EXTENDED = "extension-asked", "extension-refused", "extended"
WARNED, BREACHED, RECOUNTED = "warned", "breached", "recounted"

_OF_A_CLOCK = {
    E.EXTENSION_REQUESTED: ASKED,
    E.EXTENSION_REFUSED: REFUSED,
    E.EXTENSION_APPROVED: EXTENDED,
    E.CLOCK_WARNED: WARNED,
    E.CLOCK_BREACHED: BREACHED,
    E.CLOCK_RECOMPUTED: RECOUNTED,
}


class Versions(Protocol):
    """The versions of the policy, as `services.ports.Policies`."""

    def of(self, version: str) -> Policy: ...

    def calendar(self, version: str) -> WorkCalendar | None: ...


class Told(NamedTuple):
    """An event of a case, and the case before and after it."""

    before: Case | None
    event: CaseEvent
    after: Case


class Differing(NamedTuple):
    """What an event says of a clock, and what is computed instead; empty for nothing."""

    clock: str
    event_id: str
    what: str
    said: str
    computed: str


class Pause(NamedTuple):
    limit: Limit | None
    paused_at: datetime
    resumed_at: datetime


class Uncounted(NamedTuple):
    """Days that were named as not counted; `known`: those named before."""

    limit: Limit
    known: frozenset[date]
    days: frozenset[date]


@dataclass(slots=True)
class Run:
    """One run of a clock: by what it is counted. `fixed`: the day it was extended to, from where it is counted then.

    `moved`: what moved it since, in order: where it stood still, and days that do not count. `card`: the card that the
    case carried as it began.
    """

    policy: Policy
    rule: ClockRule | None
    limit: Limit | None
    stated_by: str
    started_at: datetime
    fixed: datetime | None = None
    moved: list[Pause | Uncounted] = field(default_factory=list)
    card: str | None = None

    @property
    def pauses(self) -> list[Pause]:
        return [each for each in self.moved if isinstance(each, Pause)]

    def counted(self, calendar: WorkCalendar) -> Due | None:
        """When it is due by a calendar; None where no rule says how long it runs."""
        if self.rule is None or self.limit is None:
            return None
        zone, roll = self.policy.zone, self.rule.roll_over
        due = due_at(self.limit, self.started_at, calendar, zone, roll_over=roll)
        due = Due(self.fixed, False) if self.fixed else due
        for each in self.moved:
            if isinstance(each, Uncounted):
                started, (limit, known, days) = self.started_at, each
                due = later_without(limit, started, due, known, days, calendar, zone, roll_over=roll)
            elif each.limit is None:
                due = Due(due.at + (each.resumed_at - each.paused_at), due.provisional)
            else:
                went_on = resumed(each.limit, due.at, each.paused_at, each.resumed_at, calendar, zone, roll_over=roll)
                due = Due(went_on.at, due.provisional or went_on.provisional)
        return due


class Moment(NamedTuple):
    """What an event did to a clock: `place` is the clock's among those of the case, `before` None where it starts.

    `calendar`: by which days were counted. `computed`: what the policy makes of the times that the event says, by what
    they are; `apart`: where the event says another. `run` None: nobody kept the policy it started under.
    """

    told: Told
    what: str
    place: int
    before: Clock | None
    after: Clock
    run: Run | None
    policy: Policy | None
    calendar: WorkCalendar | None
    apart: tuple[Differing, ...] = ()


def retold(history: Iterable[CaseEvent]) -> Iterator[Told]:
    """A complete, ordered history, with the case before and after each event."""
    before: Case | None = None
    for event in history:
        after = evolve(before, event)
        yield Told(before, event, after)
        before = after


def again(clock: Clock, run: Run, calendar: WorkCalendar, at: datetime) -> tuple[Due, datetime | None] | None:
    """When a clock is due as it is counted again at a moment, and when who must act is warned; None where it cannot be.

    Nobody is warned twice, unless it is due at another time than he was told.
    """
    due = run.counted(calendar)
    if due is None or run.rule is None:
        return None
    if due.at == clock.due_at:
        return due, clock.warn_at
    return due, warning(run.rule, clock.started_at, due.at, at, run.policy, calendar)


class Recounting:
    """Recounts one case after another. `unknown`: versions that nobody kept; what goes by them cannot be recounted."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._policies: dict[tuple[str, str], Policy | None] = {}
        self._dues: dict[tuple[str, str, Limit, bool, date], Due] = {}
        self.unknown: set[str] = set()

    def moments(self, history: Iterable[Told]) -> Iterator[Moment]:
        """All that happened to the clocks of a case, in its order."""
        runs: dict[int, Run | None] = {}
        for told in history:
            facts = told.event.data
            if told.event.type in _OF_A_CLOCK:
                yield from self._single(told, _OF_A_CLOCK[told.event.type], runs)
            elif told.before is not None and ("state" in facts or "timing" in facts or "clocks" in facts):
                yield from self._changed(told, told.before, runs)
            if told.before is not None and "uncounted" in facts:
                yield from self._uncounted(told, runs)

    def differing(self, history: Iterable[Told]) -> Iterator[Differing]:
        for moment in self.moments(history):
            yield from moment.apart

    def _policy(self, told: Told, calendar: str | None) -> Policy | None:
        """The policy that an event was told under, with the calendar it was counted by; None for one nobody kept."""
        version = told.event.policy_version
        key = version, calendar or version
        if key not in self._policies:
            policy, days = self._versions.of(version), self._versions.calendar(calendar or version)
            if policy.version != version or days is None:
                self._policies[key] = None
                self.unknown.add(version if policy.version != version else calendar or version)
            else:
                self._policies[key] = replace(policy, calendar=days, calendar_of=calendar or "")
        return self._policies[key]

    def _changed(self, told: Told, before: Case, runs: dict[int, Run | None]) -> Iterator[Moment]:
        """The clocks that ended, waited, went on and started with a change of state."""
        facts = told.event.data
        timing: Mapping[str, Any] = facts.get("timing", {})
        policy = self._policy(told, timing.get("calendar"))
        for place, clock in enumerate(before.clocks):
            what = _what(clock, timing)
            if what is None:
                continue
            run, now = runs.get(place), told.after.clocks[place]
            apart: tuple[Differing, ...] = ()
            if policy is not None and what == RESUMED:
                apart = tuple(self._resumed(told, before, clock, run, policy, timing))
            elif what == ENDED:
                apart = tuple(_ended(told, clock, timing))
            yield Moment(told, what, place, clock, now, run, policy, policy.calendar if policy else None, apart)
        for place in range(len(before.clocks), len(told.after.clocks)):
            clock = told.after.clocks[place]
            runs[place] = run = _begun(told, before, clock, policy)
            apart = tuple(self._started(told, clock, run)) if run else ()
            calendar = policy.calendar if policy else None
            yield Moment(told, STARTED, place, None, clock, run, policy, calendar, apart)
        if policy is not None and "state" in facts:
            yield from self._missing(told, before, policy)

    def _started(self, told: Told, clock: Clock, run: Run) -> Iterator[Differing]:
        due = self._due(run, clock.started_at)
        yield from _apart(told, clock.name, "due", clock.due_at, due.at if due else None)
        if due is None or run.rule is None:
            return
        warn = warning(run.rule, clock.started_at, due.at, told.event.time, run.policy)
        yield from _apart(told, clock.name, "warn", clock.warn_at, warn)
        yield from _apart(told, clock.name, "provisional", clock.provisional, due.provisional)
        yield from _apart(told, clock.name, "window", clock.window, run.rule.window)
        yield from _apart(told, clock.name, "closes", clock.closes, run.rule.closes)
        if run.rule.from_report and told.before is not None:
            yield from _apart(told, clock.name, "day", clock.started_at, told.before.received_at)
        elif "counted_from" in told.event.data:
            begun = clock.started_at.astimezone(run.policy.zone)
            ahead = clock.started_at > told.event.time and not run.rule.begun_by
            if ahead or begun.time() != time():
                yield from _apart(told, clock.name, "day", clock.started_at, None)
        if told.before is not None and told.before.petition is not None:
            yield from _apart(told, clock.name, "card", run.card, card_of(told.before))

    def _missing(self, told: Told, before: Case, policy: Policy) -> Iterator[Moment]:
        """Clocks that should have started with an event, and did not."""
        to, facts = told.event.data["state"], told.event.data
        said, named = facts.get("clocks", {}), facts.get("counted_from")
        begun = datetime.fromisoformat(named) if named else told.event.time
        afresh = facts.get("timing", {}).get("afresh", False)
        for rule in policy.procedure_of(before).clocks.values():
            if rule.id in said or before.clock(rule.id) is not None or not begins(rule, before, to, afresh=afresh):
                continue
            limit = limit_of(rule, before.category, before.urgency, policy, card_of(before))
            if limit is None:
                continue
            since = before.received_at if rule.from_report else begun
            due = due_at(limit, since, policy.calendar, policy.zone, roll_over=rule.roll_over).at
            apart = tuple(_apart(told, rule.id, "due", None, due))
            clock = Clock(rule.id, ClockState.RUNNING, told.event.time, due)
            yield Moment(told, STARTED, -1, None, clock, None, policy, policy.calendar, apart)

    def _resumed(
        self, told: Told, before: Case, clock: Clock, run: Run | None, policy: Policy, timing: Mapping[str, Any]
    ) -> Iterator[Differing]:
        now, at = told.after.clocks[before.clocks.index(clock)], told.event.time
        rule = policy.procedure_of(before).clocks.get(clock.name)
        if clock.paused_at is None:
            yield from _apart(told, clock.name, "due", now.due_at, None)
            return
        card = timing.get("card") or card_of(before)
        limit = limit_of(rule, before.category, before.urgency, policy, card) if rule else None
        if run is not None:
            run.moved.append(Pause(limit, clock.paused_at, at))
        if rule is None:
            yield from _apart(told, clock.name, "due", now.due_at, None)
        elif clock.state is ClockState.BREACHED:
            again_at = again_after(rule, clock.step, at, before, policy)
            yield from _apart(told, clock.name, "due", timing["resumed"][clock.name][0], clock.due_at.isoformat())
            yield from _apart(told, clock.name, "again", now.again_at, again_at)
        else:
            due = Due(clock.due_at + (at - clock.paused_at), False)
            if limit is not None:
                roll = rule.roll_over
                zone, days = policy.zone, policy.calendar
                due = resumed(limit, clock.due_at, clock.paused_at, at, days, zone, roll_over=roll)
            yield from _apart(told, clock.name, "due", now.due_at, due.at)
            warn = warning(rule, clock.started_at, due.at, at, policy)
            yield from _apart(told, clock.name, "warn", now.warn_at, warn)
            yield from _apart(told, clock.name, "provisional", now.provisional, clock.provisional or due.provisional)

    def _uncounted(self, told: Told, runs: dict[int, Run | None]) -> Iterator[Moment]:
        """Days that an event says are not counted in a clock."""
        before, at = told.before, told.event.time
        assert before is not None
        for place, clock in enumerate(before.clocks):
            facts = told.event.data["uncounted"].get(clock.name)
            if facts is None or not clock.open:
                continue
            policy, run, now = self._policy(told, facts.get("calendar")), runs.get(place), told.after.clocks[place]
            rule = policy.procedure_of(before).clocks.get(clock.name) if policy else None
            limit = (
                limit_of(rule, before.category, before.urgency, policy, card_of(before)) if rule and policy else None
            )
            apart: tuple[Differing, ...] = ()
            if policy is not None and rule is not None and limit is not None:
                due = due_without(rule, limit, clock, facts["days"], policy, at)
                same = due.at == clock.due_at
                warn = clock.warn_at if same else warning(rule, clock.started_at, due.at, at, policy)
                apart = (
                    *_apart(told, clock.name, "due", now.due_at, due.at),
                    *_apart(told, clock.name, "warn", now.warn_at, warn),
                    *_apart(told, clock.name, "provisional", now.provisional, due.provisional),
                )
                if run is not None:
                    known = frozenset(map(date.fromisoformat, clock.uncounted))
                    days = frozenset(left_out(clock, facts["days"], policy, at))
                    run.moved.append(Uncounted(limit, known, days))
            elif policy is not None:
                apart = tuple(_apart(told, clock.name, "due", now.due_at, None))
            calendar = policy.calendar if policy else None
            yield Moment(told, UNCOUNTED, place, clock, now, run, policy, calendar, apart)

    def _single(self, told: Told, what: str, runs: dict[int, Run | None]) -> Iterator[Moment]:
        """What an event says of one clock by its name."""
        facts, before = told.event.data, told.before
        name, policy = facts["clock"], self._policy(told, facts.get("calendar") if what == ASKED else None)
        places = [place for place, clock in enumerate(before.clocks if before else ()) if clock.name == name]
        if before is None or not places or not before.clocks[places[-1]].open:
            if what == BREACHED:
                stray = Clock(name, ClockState.STOPPED, told.event.time, told.event.time)
                apart = tuple(_apart(told, name, "ran out", told.event.time, None))
                yield Moment(told, what, -1, None, stray, None, policy, None, apart)
            return
        place = places[-1]
        clock, now, run = before.clocks[place], told.after.clocks[place], runs.get(place)
        days = self._versions.calendar(facts["calendar"]) if what == RECOUNTED and "calendar" in facts else None
        apart = tuple(_out_of_turn(told, what, clock))
        if not apart and policy is not None:
            apart = tuple(_said(told, what, before, clock, now, run, policy, days))
        if what == EXTENDED and run is not None:
            run.fixed, run.moved = now.due_at, []
        yield Moment(told, what, place, clock, now, run, policy, days or (policy.calendar if policy else None), apart)

    def _due(self, run: Run, started: datetime) -> Due | None:
        """When a limit is due that begins then; days are counted once for all that begin on one of them."""
        limit, policy = run.limit, run.policy
        if limit is None or run.rule is None:
            return None
        if limit.unit == EXACT:
            return due_at(limit, started, policy.calendar, policy.zone)
        roll = run.rule.roll_over
        key = policy.version, policy.calendar_of, limit, roll, started.astimezone(policy.zone).date()
        if key not in self._dues:
            self._dues[key] = due_at(limit, started, policy.calendar, policy.zone, roll_over=roll)
        return self._dues[key]


def _what(clock: Clock, timing: Mapping[str, Any]) -> str | None:
    """What becomes of a clock that was there before."""
    if not clock.open:
        return None
    for what, key in ((ENDED, "ended"), (PAUSED, "paused"), (RESUMED, "resumed")):
        if clock.name in timing.get(key, ()):
            return what
    return None


def _begun(told: Told, before: Case, clock: Clock, policy: Policy | None) -> Run | None:
    if policy is None:
        return None
    rule = policy.procedure_of(before).clocks.get(clock.name)
    card = told.event.data.get("timing", {}).get("card") or card_of(before)
    limit, by = stated_limit(rule, before.category, before.urgency, policy, card) if rule else (None, "")
    return Run(policy, rule, limit, by, clock.started_at, card=card)


def _ended(told: Told, clock: Clock, timing: Mapping[str, Any]) -> Iterator[Differing]:
    """Whether what was done in time, and only that, is said to be."""
    how = timing["ended"][clock.name]
    if how != "stopped":
        yield from _apart(told, clock.name, "ended", how, "late" if clock.late(told.event.time) else "met")


def _out_of_turn(told: Told, what: str, clock: Clock) -> Iterator[Differing]:
    """Whether time did to a clock what it may do then, and not before."""
    at, running = told.event.time, clock.state is ClockState.RUNNING
    if what == WARNED and not (running and clock.warn_at and clock.warn_at <= at):
        yield from _apart(told, clock.name, "warned", at, clock.warn_at if running else None)
    elif what == BREACHED:
        due = clock.due_at if running else clock.again_at
        if not clock.waited_for or due is None or at < due:
            yield Differing(clock.name, told.event.id, "ran out", _shown(at), _shown(due if clock.waited_for else None))
        else:
            yield from _apart(told, clock.name, "step", told.event.data["step"], clock.step + 1)


def _said(
    told: Told,
    what: str,
    before: Case,
    clock: Clock,
    now: Clock,
    run: Run | None,
    policy: Policy,
    days: WorkCalendar | None,
) -> Iterator[Differing]:
    """Where what an event says of one clock is not what the policy makes of it."""
    facts, at, name = told.event.data, told.event.time, clock.name
    rule = policy.procedure_of(before).clocks.get(name)
    match what:
        case "extension-asked" if rule and rule.extension:
            latest = extended(rule.extension, clock.due_at, policy.calendar, policy.zone, roll_over=rule.roll_over).at
            if datetime.fromisoformat(facts["until"]) > latest:
                yield from _apart(told, name, "until", datetime.fromisoformat(facts["until"]), latest)
        case "extended":
            asked = before.extension
            due = asked.until if asked is not None and asked.clock == name else None
            yield from _apart(told, name, "due", now.due_at, due)
            warn = warning(rule, clock.started_at, due, at, policy) if rule and due else None
            yield from _apart(told, name, "warn", now.warn_at, warn)
        case "breached":
            began = clock.due_at if clock.state is ClockState.RUNNING else clock.again_at
            above, step = superiors(before, policy), clock.step + 1
            yield from _apart(told, name, "due", datetime.fromisoformat(facts["due_at"]), clock.due_at)
            yield from _apart(told, name, "escalated to", facts["escalated_to"], above[min(step, len(above)) - 1])
            again_at = again_after(rule, step, began, before, policy) if began else None
            yield from _apart(told, name, "again", now.again_at, again_at)
        case "recounted" if run is not None and days is not None:
            counted = again(clock, run, days, at)
            yield from _apart(told, name, "due", now.due_at, counted[0].at if counted else None)
            yield from _apart(told, name, "warn", now.warn_at, counted[1] if counted else None)
            yield from _apart(told, name, "provisional", now.provisional, bool(counted and counted[0].provisional))


def _apart(told: Told, clock: str, what: str, said: Any, computed: Any) -> Iterator[Differing]:
    if said != computed:
        yield Differing(clock, told.event.id, what, _shown(said), _shown(computed))


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
