"""What the acts `mediation-*` do: a dispute is mediated 人民调解, step by step as the law has it. Loaded when done.

Mediation is free (人民调解法 art. 4) and has no limit of its own; what of it is limited are clocks of the procedure,
which begin with these acts and are counted from the day that somebody names, not from the one it was written down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain import mediations as M
from chalicelib.domain.acts import also, pass_on
from chalicelib.domain.containment import level_with
from chalicelib.domain.errors import (
    ConflictOfInterest,
    InvalidField,
    MediationsOver,
    PanelIncomplete,
    UnknownUnit,
    WindowOver,
)
from chalicelib.domain.invited import AVOIDS, COMING, TOOK_PART
from chalicelib.domain.limits import beginning_of, last_day
from chalicelib.domain.mediations import PARTIES, Mediation
from chalicelib.domain.panels import MEDIATOR, rule_for
from chalicelib.domain.steps import enter
from chalicelib.domain.timing import timing_of

if TYPE_CHECKING:
    from datetime import date

    from chalicelib.domain.acts import Act, Particulars
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Action, Policy
    from chalicelib.domain.telling import Telling

CONFIRMATION, PERFORMANCE = "confirmation", "performance"
COURT_ACCEPTANCE, COURT_RULING, COURT_LONGEST, COURT_SPECIAL = (
    *("court-acceptance", "court-ruling", "court-ruling-longest", "court-special"),
)
"""The clocks of the procedure that these acts end or count from other days, where it has them."""

POLICE = "police"
"""The docking 公调对接 by which what looks like a crime goes on (art. 25)."""

_LAST_YEAR = 2999


def _open(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Begin, because a side asked for it (`party`), somebody sent them (`docking`), or unasked (art. 17, 18).

    Raises MediationsOver, InvalidField for a docking that there is not.
    """
    case, policy = telling.known, telling.around.policy
    before = case.mediation
    tried = 1 if before is None or before.state == M.PERFORMED else before.tried + 1
    if tried > policy.rules.most_mediations:
        raise MediationsOver(None, other_ways=_other_ways(policy))
    if said.docking is not None and said.docking not in policy.dockings:
        raise InvalidField("docking", "unknown-docking")
    _tell_counting(
        telling,
        E.MEDIATION_OPENED,
        action,
        None,
        on=policy.day_of(telling.around.now),
        attempt=before.attempt + 1 if before else 1,
        tried=tried,
        unit=case.lead,
        **_given(docking=said.docking, party=said.party, note=said.note),
        **also(said),
    )


def _consent(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What a side says to being mediated. Whoever refuses ends it, and the other ways are named (art. 17)."""
    known = _known(telling)
    if said.party in known.consents:
        raise InvalidField("party", "consent-given")
    if said.agrees:
        facts = {"party": said.party, "attempt": known.attempt, "unit": telling.known.lead}
        telling.tell(E.MEDIATION_CONSENTED, **facts, **_given(note=said.note), **also(said))
    else:
        _end(telling, action, M.REFUSED, {**_given(party=said.party, reason=said.reason, note=said.note), **also(said)})


def _withdraw_consent(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """A side will not go on; at any time before an agreement, so in the middle of a session too (art. 23)."""
    if said.party not in _known(telling).consents:
        raise InvalidField("party", "consent-not-given")
    _end(telling, action, M.WITHDRAWN, {**_given(party=said.party, reason=said.reason), **also(said)})


def _hold_session(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What was done at one sitting: who of the panel and of the sides was there, and what was said.

    The sides may be heard one after another. Raises PanelIncomplete, ConflictOfInterest, InvalidField.
    """
    case, known, policy = telling.known, _known(telling), telling.around.policy
    day = _day(telling, said.on, not_before=known.last_session_on or known.opened_on)
    for place, name in enumerate(said.members):
        invited = next((each for each in case.invited if each.member == name), None)
        if invited is not None and invited.state == AVOIDS:
            raise ConflictOfInterest(f"members[{place}]", reasons=[])
        if invited is None or invited.state not in (COMING, TOOK_PART):
            raise InvalidField(f"members[{place}]", "not-coming")
    if missing := _missing(case, policy):
        raise PanelIncomplete(None, missing=missing)
    if not any(each.role == MEDIATOR and each.member in said.members for each in case.invited):
        raise InvalidField("members", "mediator-required")
    telling.tell(
        E.MEDIATION_SESSION_HELD,
        session=known.sessions + 1,
        attempt=known.attempt,
        on=day.isoformat(),
        members=list(said.members),
        parties=list(said.parties),
        note=said.note,
        unit=case.lead,
        **also(said),
    )


def _agree(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What both sides agreed on, oral or written (art. 28-30): from `on` in effect, to be performed by `until`.

    From then on it is followed until it is performed (art. 31), and a court may be asked to confirm it (art. 33).
    Raises InvalidField for days that cannot be.
    """
    case, known, policy = telling.known, _known(telling), telling.around.policy
    day = _day(telling, said.on, not_before=known.last_session_on or known.opened_on)
    assert said.until is not None
    if said.until < max(day, _today(telling)) or said.until.year > _LAST_YEAR:
        raise InvalidField("until", "performance-day-not-possible")
    number = {"number": _number(case, known, day, policy)} if said.form == M.WRITTEN else {}
    _tell_counting(
        telling,
        E.MEDIATION_AGREED,
        action,
        day,
        to=action.to,
        form=said.form,
        terms=said.terms,
        on=day.isoformat(),
        until=said.until.isoformat(),
        attempt=known.attempt,
        unit=case.lead,
        **number,
        **_given(note=said.note),
        **also(said),
    )
    until = said.until
    _tell_counting(
        telling, E.MEDIATION_VISIT_PLANNED, action, until, starts=(PERFORMANCE,), on=until.isoformat(), unit=case.lead
    )


def _fail(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """No agreement: it ends, and the other ways are named (art. 26)."""
    _end(telling, action, M.FAILED, {**_given(reason=said.reason, note=said.note), **also(said)})


def _refer_to_police(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """It looks like a crime: mediation ends, and the matter goes to the police (art. 25)."""
    policy = telling.around.policy
    docking = policy.dockings.get(POLICE)
    if docking is None or docking.unit not in policy.units:
        raise UnknownUnit("unit")
    _end(telling, action, M.CRIME, {**_given(reason=said.reason), **also(said)}, ways=False)
    level = level_with(telling.known, docking.unit, policy)
    pass_on(telling, E.CASE_TRANSFERRED, action, said, docking.unit, level)


def _apply_confirmation(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Both sides together ask a court to confirm it, within 30 days of its taking effect (art. 33).

    What counts is the day they did, not the one it was written down. Raises WindowOver, InvalidField.
    """
    case, known = telling.known, _known(telling)
    if set(said.parties) != set(PARTIES):
        raise InvalidField("parties", "both-parties-required")
    day = _day(telling, said.on, not_before=known.effective_on)
    window = case.clock(CONFIRMATION)
    if window is None or day > last_day(window.due_at, telling.around.policy.zone):
        raise WindowOver(None, until=window.due_at.isoformat() if window else None)
    _tell_counting(
        telling,
        E.MEDIATION_CONFIRMATION_APPLIED,
        action,
        day,
        ends=(CONFIRMATION,),
        on=day.isoformat(),
        court=said.court,
        parties=list(PARTIES),
        unit=case.lead,
        **_given(note=said.note),
        **also(said),
    )


def _record_acceptance(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """The court took the application up and gave it a number; its own limits run from then on."""
    known = _known(telling)
    day = _day(telling, said.on, not_before=known.applied_on)
    _tell_counting(
        telling,
        E.MEDIATION_CONFIRMATION_ACCEPTED,
        action,
        day,
        ends=(COURT_ACCEPTANCE,),
        on=day.isoformat(),
        unit=telling.known.lead,
        **_given(note=said.note),
        **also(said),
    )


def _record_ruling(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What the court decided. Not taking it up is a rejection too; what it confirms it has taken up."""
    known = _known(telling)
    if said.ruling == M.CONFIRMED and known.confirmation != M.ACCEPTED:
        raise InvalidField("ruling", "not-accepted-by-court")
    day = _day(telling, said.on, not_before=known.accepted_on or known.applied_on)
    _tell_counting(
        telling,
        E.MEDIATION_RULED,
        action,
        day,
        ends=(COURT_ACCEPTANCE, COURT_RULING, COURT_LONGEST, COURT_SPECIAL),
        on=day.isoformat(),
        ruling=said.ruling,
        unit=telling.known.lead,
        **_given(note=said.note),
        **also(said),
    )


def _record_performance(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What the visit found. What was performed needs no confirmation; what was not, another attempt or another way."""
    case, known = telling.known, _known(telling)
    day = _day(telling, said.on, not_before=known.effective_on)
    full = said.performed == M.FULLY
    _tell_counting(
        telling,
        E.MEDIATION_PERFORMED,
        action,
        None,
        to=action.to,
        ends=(CONFIRMATION,) if full else (),
        on=day.isoformat(),
        performed=said.performed,
        note=said.note,
        attempt=known.attempt,
        unit=case.lead,
        **({} if full else {"other_ways": _other_ways(telling.around.policy)}),
        **also(said),
    )


def _end(telling: Telling[Case], action: Action, outcome: str, facts: Mapping[str, Any], *, ways: bool = True) -> None:
    """It is over. `ways`: the other ways are named to both sides, and when the case is answered."""
    named: dict[str, Any] = {"other_ways": _other_ways(telling.around.policy)} if ways else {}
    enter(
        telling,
        E.MEDIATION_ENDED,
        "",
        action,
        outcome=outcome,
        attempt=_known(telling).attempt,
        unit=telling.known.lead,
        did_zh=action.zh,
        **facts,
        **named,
    )


def _tell_counting(
    telling: Telling[Case],
    event_type: str,
    action: Action,
    day: date | None,
    *,
    to: str = "",
    starts: Iterable[str] | None = None,
    ends: Iterable[str] = (),
    **facts: Any,
) -> None:
    """Tell an event with the clocks that begin with its action, counted from a day; None: from now.

    `starts`: these of them; otherwise all but the visit of performance, which is counted from another day. `ends`:
    clocks that are no longer asked for.
    """
    case, around = telling.known, telling.around
    policy, zone = around.policy, around.policy.zone
    begun = [rule.id for rule in policy.procedure_of(case).clocks.values() if action.id in rule.begun_by]
    chosen = [name for name in begun if (name != PERFORMANCE if starts is None else name in starts)]
    moved = {"state": to, "turn": policy.procedure_of(case).states[to].turn} if to else {}
    timing = timing_of(
        case,
        to or case.state,
        action,
        policy,
        around.now,
        counted_from=beginning_of(day, zone) if day else None,
        starts=chosen,
        ends=ends,
    )
    telling.tell(event_type, did_zh=action.zh, **facts, **moved, **timing)


def _missing(case: Case, policy: Policy) -> dict[str, int]:
    """Of whom how many the panel of such a dispute lacks, by what they are; of those who are coming or were there."""
    if not policy.panels:
        return {}
    there = Counter(each.role for each in case.invited if each.state in (COMING, TOOK_PART))
    seats = rule_for(case.kind, case.category, policy).seats
    return {what: needed - there[what] for what, needed in seats if there[what] < needed}


def _day(telling: Telling[Case], said: date | None, *, not_before: str | None) -> date:
    """The day that was named, today where none was. Raises InvalidField for one to come, or before what it follows."""
    today = _today(telling)
    day = said or today
    if day > today:
        raise InvalidField("on", "day-in-future")
    if not_before and day.isoformat() < not_before:
        raise InvalidField("on", "day-too-early", earliest=not_before)
    return day


def _today(telling: Telling[Case]) -> date:
    return telling.around.now.astimezone(telling.around.policy.zone).date()


def _number(case: Case, known: Mediation, day: date, policy: Policy) -> str:
    """The number of a written agreement: no two have the same, and nobody has to count."""
    return f"（{day.year}）{policy.zh}人调字第{case.tracking_code}-{known.attempt}号"


def _other_ways(policy: Policy) -> list[str]:
    ways = sorted(policy.settling_ways.values(), key=lambda way: way.rank)
    return [way.id for way in ways if way.other]


def _known(telling: Telling[Case]) -> Mediation:
    known = telling.known.mediation
    assert known is not None
    return known


def _given(**said: str | None) -> dict[str, str]:
    return {name: value for name, value in said.items() if value}


def _of(wanted: Callable[[Mediation], bool]) -> Callable[[Case], bool]:
    return lambda case: case.mediation is not None and wanted(case.mediation)


ACTS: dict[str, Act] = {
    "mediation-open": _open,
    "mediation-consent": _consent,
    "mediation-withdraw-consent": _withdraw_consent,
    "mediation-hold-session": _hold_session,
    "mediation-agree": _agree,
    "mediation-fail": _fail,
    "mediation-refer-to-police": _refer_to_police,
    "mediation-apply-confirmation": _apply_confirmation,
    "mediation-record-acceptance": _record_acceptance,
    "mediation-record-ruling": _record_ruling,
    "mediation-record-performance": _record_performance,
}
POSSIBLE: dict[str, Callable[[Case], bool]] = {
    "mediation-open": lambda case: case.mediation is None or not case.mediation.open,
    "mediation-consent": _of(lambda known: known.open and not known.consented),
    "mediation-withdraw-consent": _of(lambda known: known.open and bool(known.consents)),
    "mediation-hold-session": _of(lambda known: known.open and known.consented),
    "mediation-agree": _of(lambda known: known.open and known.consented and known.sessions > 0),
    "mediation-fail": _of(lambda known: known.open),
    "mediation-refer-to-police": _of(lambda known: known.open),
    "mediation-apply-confirmation": _of(lambda known: known.effective_on is not None and known.confirmation is None),
    "mediation-record-acceptance": _of(lambda known: known.confirmation == M.APPLIED),
    "mediation-record-ruling": _of(lambda known: known.confirmation in (M.APPLIED, M.ACCEPTED)),
    "mediation-record-performance": _of(lambda known: known.state == M.AGREED),
}
"""By act: whether a case has what the act is about; an act that is not named always has."""
LEADS: frozenset[str] = frozenset({"mediation-agree", "mediation-refer-to-police", "mediation-record-performance"})
"""Acts after which the case is in the state that `to` names."""
ENDS: frozenset[str] = frozenset()
"""Acts that close the case."""
MEETS: frozenset[str] = frozenset(ACTS)
"""Acts that may meet a clock, as those of its `met_by`."""
BEGINS: frozenset[str] = frozenset(
    {
        *("mediation-open", "mediation-agree", "mediation-apply-confirmation", "mediation-record-acceptance"),
    }
)
"""Acts that may begin a clock, as those of its `begun_by`."""
NEEDS: dict[str, tuple[str, ...]] = {
    "mediation-consent": ("party", "agrees"),
    "mediation-withdraw-consent": ("party", "reason"),
    "mediation-hold-session": ("members", "parties", "note"),
    "mediation-agree": ("form", "terms", "until"),
    "mediation-fail": ("reason",),
    "mediation-refer-to-police": ("reason",),
    "mediation-apply-confirmation": ("court", "parties"),
    "mediation-record-ruling": ("ruling",),
    "mediation-record-performance": ("performed", "note"),
}
"""What must be said with an act, and so be among the `requires` of its actions."""
