"""The procedure: what may be done to a case, and what follows. Commands in, events out; no I/O, time is an argument.

States, actions, clocks and who may do what are rows of the policy pack; what each act means is in `domain.acts`. Every
function returns a `Change`: the case before and afterwards, and the events that made it so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain import cases
from chalicelib.domain import events as E
from chalicelib.domain.accused import accused_reach, in_place_of, named_by, named_to, not_accused, told_by
from chalicelib.domain.acts import TELLS_APART, WAKES, Particulars, act_of, possible
from chalicelib.domain.cases import Case, evolve
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.containment import superiors
from chalicelib.domain.errors import ActionNotAllowed, CaseMerged, InvalidField, MediationOpen, WindowOver
from chalicelib.domain.events import Actor, CaseEvent
from chalicelib.domain.limits import beginning_of, last_day
from chalicelib.domain.screening import URGENCIES
from chalicelib.domain.steps import (
    area_facts,
    assign_by_rule,
    classified,
    close,
    desk_of,
    enter,
    plan_visit,
    request_reopening,
)
from chalicelib.domain.telling import Telling
from chalicelib.domain.timing import again_after, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.domain.grid import Area
    from chalicelib.domain.links import Likely
    from chalicelib.domain.policy import Action, Category, Policy
    from chalicelib.domain.reports import Report
    from chalicelib.domain.screening import Screening

__all__ = ["Change", "Circumstances", "Particulars", "act", "allowed_actions", "category_kept", "fall_due", "join"]
__all__ += ["migrate", "move", "open_case", "record_visit"]


VISIT_CLOCK = "visit"
"""The clock that a visit meets."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who acts, when, under which policy, and as part of what. `on_duty`: whether a unit has somebody on duty now.

    `counted_from`: from when the clocks are counted that the act starts, where a day was named for it. `open_children`:
    the cases that were split from this one and are not closed.
    """

    actor: Actor
    now: datetime
    policy: Policy
    correlation_id: str
    causation_id: str
    on_duty: Callable[[str], bool] | None = None
    counted_from: datetime | None = None
    open_children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A case after an act, the events of the act in order, and the case before (None: the act opened it).

    `also`: other cases that the act changed too: all of them are, or none.
    """

    case: Case
    events: tuple[CaseEvent, ...]
    before: Case | None = None
    also: tuple[Change, ...] = ()


def open_case(
    case_id: str,
    tracking_code: str,
    report: Report,
    screening: Screening,
    area: Area | None,
    around: Circumstances,
    offers: Iterable[Likely] = (),
) -> Change:
    """A new case from a report: assigned where category and area are known, otherwise to a desk for screening.

    The desk is the station of the case's community, or the linkage centre where no place is known; of what is
    confidential, the unit that such come to: the linkage centre may be the one that it accuses. `offers`: cases
    that may be the same matter, for somebody to decide.
    """
    telling = _telling(None, case_id, around)
    telling.tell(
        E.CASE_REPORTED,
        report_id=report.id,
        source=report.source,
        urgency=screening.urgency,
        tracking_code=tracking_code,
        **({"submitted_by": report.submitted_by} if report.submitted_by else {}),
    )
    telling.tell(
        E.CASE_CLASSIFIED,
        **classified(telling.known, screening.category, screening.urgency, around.policy),
        area=area_facts(area),
        chosen_by=screening.chosen_by,
        words=list(screening.words),
    )
    if screening.category is None or area is None:
        why = "no-category" if screening.category is None else "no-place"
        desk = desk_of(telling.known, around.policy)
        enter(telling, E.CASE_SENT_TO_SCREENING, cases.SCREENING, unit=desk, why=why)
    else:
        assign_by_rule(telling, cases.ASSIGNED, None)
    _offer(telling, offers)
    return _change(telling, None)


def join(
    case: Case,
    report: Report,
    around: Circumstances,
    through: str | None = None,
    screening: Screening | None = None,
    area: Area | None = None,
) -> Change:
    """One more report of a known matter.

    `through`: the case that its sender knows, where that sleeps in this one: the report is that one's, and goes with it
    when it wakes. Not where it has so many by now that they could not be taken along at once.
    `screening` and `area`: what it knows of the matter, where what it says tells that it is that. A case that waits for
    it is screened by it, so that it comes to the same whoever told first; a more urgent report makes the case more
    urgent, whose clocks run as they were promised. One whose answer was given, or that is closed, was told again: it
    asks for reopening, which a person grants or declines with an answer to everybody.
    """
    if case.asleep:
        raise CaseMerged(None, into=case.links.merged_into)
    telling = _telling(case, case.id, around)
    telling.tell(
        E.CASE_JOINED,
        report_id=report.id,
        source=report.source,
        **({"submitted_by": report.submitted_by} if report.submitted_by else {}),
        **({"through": through} if through and _has_room(case, through) else {}),
    )
    if screening is not None and case.turn not in (cases.DESK, cases.LEAD):
        request_reopening(telling, report_id=report.id, note=None)
    elif screening is not None:
        _learn(telling, screening, area)
    return _change(telling, case)


def _offer(telling: Telling[Case], offers: Iterable[Likely]) -> None:
    """Nobody is asked again of what was offered, or told apart, before; nor of what accuses whoever has the case."""
    case, policy = telling.known, telling.around.policy
    decided = {each.case for each in case.links.offers} | {*case.links.apart}
    for each in offers:
        told = any(accused_reach(unit, each.accused, policy) for unit in (*case.units, case.desk))
        if each.case not in decided and not told:
            telling.tell(E.MATTER_OFFERED, case=each.case, score=each.score, why=list(each.why))


def _learn(telling: Telling[Case], screening: Screening, area: Area | None) -> None:
    """Let a case that waits on a desk for its category or place have them of a report, and any case its urgency."""
    case, policy = telling.known, telling.around.policy
    waits = case.state == cases.SCREENING and (case.category is None or case.area is None)
    category, place = case.category, case.area
    if waits:
        category = category or (screening.category if screening.category in policy.categories else None)
        place = place or area
    urgency = max(case.urgency, screening.urgency, key=URGENCIES.index)
    if (category, place, urgency) == (case.category, case.area, case.urgency):
        return
    telling.tell(
        E.CASE_CLASSIFIED,
        **classified(case, category, urgency, policy),
        area=area_facts(place),
        was={"kind": case.kind, "area": area_facts(case.area)},
        chosen_by="report",
        words=list(screening.words),
    )
    if waits and category is not None and place is not None:
        assign_by_rule(telling, cases.ASSIGNED, None)


def _has_room(case: Case, through: str) -> bool:
    """Whether a case that sleeps in this one, or what that sleeps in, can take one more report along when it wakes."""
    from chalicelib.domain.matter_acts import MOST_AT_ONCE  # few reports come this way

    above, known = through, {each.case: each.into for each in case.links.absorbed}
    if through not in known:
        return False
    while known[above] != case.id:
        above = known[above]
    return sum(len(each.report_ids) for each in case.links.within(above)) < MOST_AT_ONCE


def act(case: Case, action_id: str, said: Particulars, around: Circumstances, offers: Iterable[Likely] = ()) -> Change:
    """Do one of the actions of the case's procedure to it.

    Raises ActionNotAllowed when how the case stands does not allow it, CaseMerged for one that sleeps in another (of
    which nothing is possible but to wake it), WindowOver when it is too late for it,
    InvalidField when something required is missing, and what the act itself raises. Whether the actor may is asked
    before. `offers`: cases that may be the same matter, as is found by what was said.
    """
    policy = around.policy
    action = policy.procedure_of(case).actions.get(action_id)
    if case.asleep and (action is None or action.does != WAKES):
        raise CaseMerged(None, into=case.links.merged_into)
    sent_on = said.on if action is not None and action.within_day else None
    if action is not None and action.within and sent_on is None and (over := _ended_by(case, action.within)):
        raise _too_late(over, policy)
    if action is None or case.state not in action.states or not _offered(case, action, policy):
        held = action is not None and action.does in _ANSWERS and case.state in action.states and possible(case, action)
        refused = MediationOpen if held else ActionNotAllowed
        raise refused(None, allowed_actions=list(allowed_actions(case, policy, around.now)), state=case.state)
    if action.within:
        _check_in_time(case, action, sent_on, around)
    for field in action.requires:
        if getattr(said, field) in (None, "", ()) and not (field == "area" and case.area):
            raise InvalidField(field, "field-required")
    if case.petition is not None:
        named_by(said, case, policy)
    if action.from_day and said.on is not None:
        around = replace(around, counted_from=_named_day(case, action, said.on, around))
    telling = _telling(case, case.id, around)
    act_of(action.does)(telling, action, said)
    _offer(telling, offers)
    for each in (telling, *telling.also):
        if each.known.petition is not None:
            told_by(each.known, each.events, policy)
    named_to(telling.known, said.other, telling.events, policy)
    for beside in telling.also:
        named_to(beside.known, telling.known, beside.events, policy)
    return _change(telling, case)


def allowed_actions(case: Case, policy: Policy, now: datetime | None = None, *, offers: bool = True) -> tuple[str, ...]:
    """What can be done to a case as it stands, whoever asks; without `now`, whatever window is over by then.

    `offers`: whether the cases that are offered with it, if there are, are any that the asker may know of.
    """
    actions = policy.procedure_of(case).actions.values()
    return tuple(
        a.id
        for a in actions
        if case.state in a.states
        and _offered(case, a, policy)
        and _in_time(case, a, now, policy)
        and (offers or a.does != TELLS_APART)
    )


def record_visit(
    case: Case,
    visit_id: str,
    outcome: str,
    note: str | None,
    around: Circumstances,
) -> Change:
    """Write down what a follow-up visit found, and what follows from it.

    Satisfied closes the case; dissatisfied asks the desk to reopen it; not at home plans another visit while the
    policy allows one; refused, or never at home, closes it as unanswered.
    Raises ActionNotAllowed when that visit is not waiting to be made.
    """
    visit = case.visit
    if case.asleep:
        raise CaseMerged(None, into=case.links.merged_into)
    if case.turn != cases.VISITOR or visit is None or visit.id != visit_id:
        actions = list(allowed_actions(case, around.policy, around.now))
        raise ActionNotAllowed(None, allowed_actions=actions, state=case.state)
    telling = _telling(case, case.id, around)
    rules = around.policy.rules
    again = outcome == "not-home" and visit.attempt < rules.max_visits
    meets = () if again else (VISIT_CLOCK,)
    enter(telling, E.VISIT_RECORDED, "", meets=meets, visit_id=visit_id, outcome=outcome, note=note)
    if outcome == "satisfied":
        close(telling, "satisfied")
    elif outcome == "dissatisfied":
        request_reopening(telling, visit_id=visit_id, note=note)
    elif again:
        plan_visit(telling, visit.attempt + 1, rules.second_visit_after)
    else:
        close(telling, "unanswered")
    return _change(telling, case)


def fall_due(case: Case, around: Circumstances) -> Change | None:
    """What time alone has brought: clocks warn and run out, a visit is due, a case closes. None if nothing.

    However late it is asked, every step of every clock happens once. What a window closes waits for no visit; of a
    window that runs on when the case has ended somebody is reminded then. To a case that sleeps in another nothing
    happens; what it missed comes when it wakes.
    """
    if case.asleep:
        return None
    telling = _telling(case, case.id, around)
    ends, window = case.closes_at, case.closing
    closes_at = ends if ends and ends <= around.now else None
    visit = case.visit if case.visit and case.visit.state == "planned" and case.visit.due_at <= around.now else None
    visit = None if window and closes_at else visit
    until = closes_at if closes_at and not visit else around.now
    for clock in case.clocks:
        if clock.next_at is None or clock.next_at > until:
            continue
        if not clock.window and (clock.state is not ClockState.RUNNING or clock.due_at <= until):
            _breach(telling, clock, until)
        elif visit or not closes_at:
            _warn(telling, clock)
    if visit:  # where nobody was told of it in time, it has its time now
        later = {"close_at": (around.now + (closes_at - visit.due_at)).isoformat()} if closes_at else {}
        telling.tell(E.VISIT_DUE, visit_id=visit.id, **later)
    elif closes_at:
        close(telling, window.closes if window else "unvisited")
        for clock in telling.known.clocks:
            if clock.next_at is not None and clock.next_at <= around.now:
                _warn(telling, clock)
    return _change(telling, case) if telling.events else None


def move(case: Case, to: Area, decided_by: str, network: str, around: Circumstances) -> Change:
    """Move an open case into the area that took over the ground of its own, which ended (G1).

    `network`: the version that ended it. Only the place changes: who must act, and by when, stays as it was.
    """
    telling = _telling(case, case.id, around)
    telling.tell(
        E.CASE_MOVED,
        from_area=area_facts(case.area),
        area=area_facts(to),
        decided_by=decided_by,
        network=network,
    )
    return _change(telling, case)


def migrate(case: Case, around: Circumstances) -> Change:
    """Let a running case go by the policy of `around` from now on.

    Its clocks stay as they are, but for those that the new procedure does not have. What the new policy strands (a
    state that is no more, a category, the unit that leads) goes to a desk, to be screened again; that of a confidential
    matter is where such come to; of one whose kind is no more or whose category has become confidential, the district's
    (ADR 12). Units that are no more act jointly no longer, and decide on nothing; nor do those that are part of what a
    petition accuses from now on.
    """
    policy = around.policy
    telling = _telling(case, case.id, around)
    category = category_kept(case, policy)
    known = category.id if category else None
    procedure = policy.procedure_for(category.kind if category else None, case.source)
    asked = [*case.open_joints, *([case.extension.approver] if case.extension else [])]
    gone = sorted(set(asked) - {unit for unit in not_accused(asked, case, policy) if unit in policy.units})
    telling.tell(
        E.CASE_MIGRATED,
        from_version=case.policy_version,
        procedure=procedure.id,
        category=known,
        **({"released": gone} if gone else {}),
    )
    lost = "category" if known != case.category else "state" if case.state not in procedure.states else None
    if lost is None and case.lead is not None and case.lead not in policy.units:
        lost = "unit"
    if lost is None and case.desk and case.desk not in policy.units:
        lost = "desk"
    if lost is not None and case.open:
        now = policy.categories.get(case.category or "")
        open_to_all = all(_open_to_all(kind, policy) for kind in (case.kind, now.kind if now else None) if kind)
        kind = policy.kinds.get(case.kind or "")
        if kind is not None and kind.confidential:
            desk = in_place_of(kind.confidential_to, case, policy)
        else:
            desk = policy.centre_of(case.area.code if case.area and open_to_all else None)
        enter(telling, E.CASE_SENT_TO_SCREENING, cases.SCREENING, unit=desk, why=f"{lost}-abolished")
    return _change(telling, case)


def category_kept(case: Case, policy: Policy) -> Category | None:
    """The category that a case has under a policy too.

    None where that does not have it, or says of it by its kind that others may see it than see the case: the kind of a
    case, which decides on that, changes only when somebody screens it again.
    """
    category = policy.categories.get(case.category or "")
    if category is None or category.kind == case.kind:
        return category
    return category if all(_open_to_all(kind, policy) for kind in (case.kind, category.kind)) else None


def _open_to_all(kind: str | None, policy: Policy) -> bool:
    known = policy.kinds.get(kind or "")
    return known is not None and not known.confidential


def _warn(telling: Telling[Case], clock: Clock) -> None:
    due = {"due_at": clock.due_at.isoformat(), **({"window": True} if clock.window else {})}
    telling.tell(E.CLOCK_WARNED, clock=clock.name, unit=telling.known.unit, **due)


def _breach(telling: Telling[Case], clock: Clock, until: datetime) -> None:
    """Escalate what is late, level by level, as often as its time has come by then."""
    case, around = telling.known, telling.around
    rule = around.policy.procedure_of(case).clocks.get(clock.name)
    above, step = superiors(case, around.policy), clock.step
    at = clock.due_at if clock.state is ClockState.RUNNING else clock.next_at
    while at is not None and at <= until:
        step += 1
        at = again_after(rule, step, at, case, around.policy)
        telling.tell(
            E.CLOCK_BREACHED,
            clock=clock.name,
            due_at=clock.due_at.isoformat(),
            unit=case.unit,
            step=step,
            escalated_to=above[min(step, len(above)) - 1],
            again_at=stamp(at),
        )


_ANSWERS = frozenset({"resolve", "finish"})
_BRINGS_BACK = frozenset({"petition-deliver", "petition-ask-review"})
"""Acts by which a case goes on that a window ended, and no other case that has ended."""


def _offered(case: Case, action: Action, policy: Policy) -> bool:
    """Whether an action finds what it is about. Nothing is answered while it is still mediated.

    A procedure that cannot end a mediation is not held by one that began under another.
    """
    if case.state == cases.CLOSED and action.does in _BRINGS_BACK:
        return any(_ended_by(case, name) for name in (action.within, *action.restarts)) and possible(case, action)
    if action.does in _ANSWERS and case.mediation is not None and case.mediation.open:
        return all(each.does != "mediation-fail" for each in policy.procedure_of(case).actions.values())
    return possible(case, action)


def _named_day(case: Case, action: Action, day: date, around: Circumstances) -> datetime:
    """The midnight that begins a day that was named; that day itself is not counted.

    Raises InvalidField for a day to come, and for one before the case came to stand as it does, by more than the action
    allows.
    """
    zone = around.policy.zone
    if day > around.now.astimezone(zone).date():
        raise InvalidField("on", "day-in-future")
    earliest = case.stood_since.astimezone(zone).date() - timedelta(days=action.days_back)
    if day < earliest:
        raise InvalidField("on", "day-too-early", earliest=earliest.isoformat())
    return beginning_of(day, zone)


def _ended_by(case: Case, name: str) -> Clock | None:
    """The window of a name, where it ran out and the case ended by it."""
    window = case.ended_by
    return window if window is not None and window.name == name else None


def _check_in_time(case: Case, action: Action, sent_on: date | None, around: Circumstances) -> None:
    """That an action falls in its window: now, or on the day that was named as when it was sent.

    Raises WindowOver, and InvalidField for a day that cannot be, or is too long ago to make up for being late now.
    """
    policy, window = around.policy, case.clock(action.within) or _ended_by(case, action.within)
    if window is None:
        raise WindowOver(None, until=None)
    if sent_on is None:
        if around.now >= window.due_at:
            raise _too_late(window, policy)
        return
    today, stood = (at.astimezone(policy.zone).date() for at in (around.now, case.stood_since))
    earliest = today - timedelta(days=action.days_back)
    if sent_on > today:
        raise InvalidField("on", "day-in-future")
    if sent_on < stood:
        raise InvalidField("on", "day-too-early", earliest=max(stood, earliest).isoformat())
    if beginning_of(sent_on, policy.zone) >= window.due_at:
        raise _too_late(window, policy)
    if sent_on < earliest and around.now >= window.due_at:
        raise InvalidField("on", "day-too-long-ago", earliest=earliest.isoformat())


def _too_late(window: Clock, policy: Policy) -> WindowOver:
    last = last_day(window.due_at, policy.zone)
    return WindowOver(None, until=window.due_at.isoformat(), last=last.isoformat())


def _in_time(case: Case, action: Action, now: datetime | None, policy: Policy) -> bool:
    """Whether it falls in its window, or what was sent on some day that may be named does."""
    if not action.within or now is None:
        return True
    window, latest = case.clock(action.within) or _ended_by(case, action.within), now
    if action.within_day:
        today = now.astimezone(policy.zone).date()
        latest = min(now, beginning_of(today - timedelta(days=action.days_back), policy.zone))
    return window is not None and latest < window.due_at


def _telling(case: Case | None, case_id: str, around: Circumstances) -> Telling[Case]:
    return Telling(case, case_id, around, evolve)


def _change(telling: Telling[Case], before: Case | None) -> Change:
    also = tuple(Change(other.known, other.events, other.before) for other in telling.also)
    return Change(telling.known, telling.events, before, also)
