"""The written answers to a petition 处理、复查、复核, and what follows from one, by 信访工作条例 32 to 36."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.accused import accused_reach
from chalicelib.domain.acts import also
from chalicelib.domain.errors import ActionNotAllowed, CardDemands, InvalidField
from chalicelib.domain.limits import last_day
from chalicelib.domain.panel_acts import record
from chalicelib.domain.petition_steps import examine_card, fit, raise_card, words_of
from chalicelib.domain.petitions import HANDLING, RE_REVIEW, REVIEW, TERMINATED, Petition, body_above
from chalicelib.domain.steps import close, enter, taken_back
from chalicelib.domain.timing import without_days
from chalicelib.domain.workdays import ONE_DAY

if TYPE_CHECKING:
    from chalicelib.domain.acts import Particulars
    from chalicelib.domain.cases import Case
    from chalicelib.domain.clocks import Clock
    from chalicelib.domain.policy import Action, Policy
    from chalicelib.domain.telling import Telling

LONGEST_HEARING = timedelta(days=60)
"""Between the first day of a hearing and its last: local, against slips of the pen."""

DEMANDED: dict[str, Callable[[Case], bool]] = {
    "petition-name-leader": lambda case: case.petition is not None and case.petition.leader is not None,
    "request-joint": lambda case: bool(case.joints),
}
"""What a card may demand before the petition is answered: the action, and whether it was done."""


def answer(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """支持, 解释, 不予支持 (art. 32), in writing; the petitioner may ask the body above for another look."""
    case = telling.known
    enter(telling, E.PETITION_ANSWERED, action.to, action, **_opinion(telling, said), report_ids=list(case.report_ids))


def conclude(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """The third answer ends it 终结: the same facts and reasons are not accepted again (art. 36)."""
    reports = list(telling.known.report_ids)
    telling.tell(E.PETITION_ANSWERED, **_opinion(telling, said), report_ids=reports)
    close(telling, TERMINATED)


def deliver(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """送达: from the day the petitioner received the answer, the time to ask for a review is counted (art. 35, 36).

    That somebody notes it late takes nothing from that time: what the window ended meanwhile is answered, and no more,
    once again. It does not help where the time is over by that day too.
    """
    case, around = telling.known, telling.around
    policy, known = around.policy, case.closing or case.ended_by
    day = said.on.isoformat() if said.on else None
    to = _stood_in(case, case.ended_by, action, policy) if case.ended_by else ""
    back = taken_back(case, policy)
    enter(telling, E.PETITION_DELIVERED, to, action, unit=case.lead, on=day, **back, **words_of(said))
    window = telling.known.closing
    if known and window and max(known.due_at, window.due_at) <= around.now:
        last = last_day(window.due_at, policy.zone).isoformat()
        raise InvalidField("on", "received-too-long-ago", until=window.due_at.isoformat(), last=last)


def _stood_in(case: Case, window: Clock, action: Action, policy: Policy) -> str:
    """The state in which a window ended the case, which is the only one it runs in."""
    runs_in = policy.procedure_of(case).clocks[window.name].runs_in
    return next(state for state in action.states if state in runs_in)


def ask_review(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """复查, then 复核: by the body above the one that answered; never by one that answered, nor by whom it accuses.

    `on`: when it was sent or handed in, where that is not the day it is entered: in time is what was sent in time,
    though the window ended the case meanwhile. Who reviews has the whole time from now.
    """
    case, policy = telling.known, telling.around.policy
    sent: dict[str, Any] = {"on": said.on.isoformat()} if action.within_day and said.on else {}
    petition = case.petition or Petition()
    level = REVIEW if petition.level == HANDLING else RE_REVIEW
    answered = petition.answered_by
    if said.unit is None:
        unit = body_above(case.lead or "", answered, petition.accused, policy)
    else:
        unit = fit(case, said.unit, "unit", policy)
        if accused_reach(unit, answered, policy):
            raise InvalidField("unit", "answered-already")
    raised = raise_card(telling, petition, level)
    enter(
        telling,
        E.PETITION_REVIEW_ASKED,
        action.to,
        action,
        stage=level,
        unit=unit,
        from_unit=case.lead,
        report_ids=list(case.report_ids),
        **sent,
        **taken_back(case, policy),
        **words_of(said),
    )
    if raised:
        examine_card(telling, action)


def hold_hearing(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """The days of a public hearing are not counted (art. 36); a day that two hearings name, once.

    `members`: third parties who were there.
    """
    case, around = telling.known, telling.around
    clock = case.clock(action.clock)
    if clock is None:
        raise ActionNotAllowed(None, allowed_actions=[], state=case.state)
    zone = around.policy.zone
    days = _days(said, clock.started_at.astimezone(zone).date(), around.now.astimezone(zone).date())
    uncounted = without_days(case, clock.name, days, around.policy, around.now, why="举行听证")
    telling.tell(E.PETITION_HEARD, unit=case.lead, days=days, **words_of(said), **uncounted)
    if said.members:
        if not said.note:
            raise InvalidField("note", "field-required")
        record(telling, said)


def rate(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What the petitioner says of how it was handled (art. 21). It is no request for a review."""
    telling.tell(E.CASE_EVALUATED, outcome=said.outcome, note=said.note, unit=telling.known.unit, **also(said))


def _opinion(telling: Telling[Case], said: Particulars) -> dict[str, Any]:
    case, around = telling.known, telling.around
    petition = case.petition or Petition()
    card = around.policy.cards.get(petition.card or "")
    undone = [name for name in (card.demands if card else ()) if not DEMANDED[name](case)]
    if undone and petition.level == HANDLING:
        raise CardDemands(demanded=undone)
    day = around.policy.day_of(around.now)
    facts = {"stage": petition.level, "unit": case.lead, "opinion": said.opinion, "day": day}
    return {**facts, **words_of(said, note=said.note)}


def _days(said: Particulars, first: date, today: date) -> list[str]:
    """The days of a hearing: the one it was `on`, or from `since` to `until`; within the time that is counted."""
    since = said.on or said.since
    if since is None:
        raise InvalidField("on", "field-required")
    until = since if said.on else said.until or since
    field = "on" if said.on else "since"
    if since < first:
        raise InvalidField(field, "day-too-early", earliest=first.isoformat())
    if until < since:
        raise InvalidField("until", "until-before-since")
    if until > today:
        raise InvalidField("on" if said.on else "until", "day-in-future")
    if until - since > LONGEST_HEARING:
        raise InvalidField("until", "too-many-days", limit=LONGEST_HEARING.days)
    return [(since + n * ONE_DAY).isoformat() for n in range((until - since).days + 1)]
