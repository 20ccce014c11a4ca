"""What each act means that an action of a procedure may do. Which actions there are, and where they lead, is data.

Every act takes the telling of the case, the action's row and what was said with it, and tells events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.cases import AGREED, ASKED, MORE, SCREENING, Case, Joint
from chalicelib.domain.containment import approver_of, level_with, one_down, one_up
from chalicelib.domain.errors import (
    ActionNotAllowed,
    ExtensionTooLate,
    ExtensionTooLong,
    InvalidField,
    OwnRequest,
    UnknownUnit,
)
from chalicelib.domain.limits import due_at, end_of, extended
from chalicelib.domain.screening import URGENCIES
from chalicelib.domain.steps import (
    area_facts,
    assign_by_rule,
    classified,
    close,
    enter,
    leave_mediation,
    request_reopening,
    resolve,
    start_work,
)
from chalicelib.domain.timing import forgiven, stamp, warning
from chalicelib.domain.workdays import ONE_DAY

if TYPE_CHECKING:
    from chalicelib.domain.cases import Extension
    from chalicelib.domain.grid import Area
    from chalicelib.domain.panels import Member
    from chalicelib.domain.policy import Action, Category, Policy
    from chalicelib.domain.reports import Report
    from chalicelib.domain.telling import Telling


@dataclass(frozen=True, slots=True)
class Particulars:
    """What somebody says with an action. What an action requires is in the policy pack.

    `unit`: to whom, or for whom; `units`: who is asked jointly; `until`: the last day of an extension; `media`:
    pictures; `outcome`: what the reporter says of the answer; `done_at`: when it was done by the sender's clock, where
    it was sent later. `on`: the day something was done or received; `since`: the first of several, with `until`.

    Of matters: `other`: the case that it is merged with, or came from; `report_ids`: what is told of, and `reports`
    those; `child`: id and tracking code of a case that may be opened; `answers`: given meanwhile; `offered`: the cases
    that are offered as the same matter, where an act asks for them. Of petitions:
    `people`, `representatives`, `accused` (units), `way`, `opinion`, `ground`, `card`, `leader` (a member of staff, of
    the unit `leader_unit`); `named`: whether it is said who petitions. Of mediations: `party` and what it says
    (`agrees`), `parties` there or at one, `members` of the panel (`known_members`: those of the pool), `form` and
    `terms` of an agreement, how far it is `performed`, `docking`, `court` and its `ruling`.
    """

    reason: str | None = None
    note: str | None = None
    category: str | None = None
    area: Area | None = None
    unit: str | None = None
    units: tuple[str, ...] = ()
    until: date | None = None
    media: tuple[str, ...] = ()
    outcome: str | None = None
    done_at: datetime | None = None
    on: date | None = None
    since: date | None = None
    other: Case | None = None
    report_ids: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    child: tuple[str, str] | None = None
    answers: tuple[dict[str, str], ...] = ()
    offered: tuple[Case, ...] = ()
    people: int | None = None
    representatives: int | None = None
    accused: tuple[str, ...] = ()
    way: str | None = None
    opinion: str | None = None
    ground: str | None = None
    card: str | None = None
    leader: str | None = None
    leader_unit: str | None = None
    named: bool = False
    party: str | None = None
    agrees: bool | None = None
    members: tuple[str, ...] = ()
    form: str | None = None
    terms: str | None = None
    docking: str | None = None
    court: str | None = None
    parties: tuple[str, ...] = ()
    performed: str | None = None
    ruling: str | None = None
    known_members: Mapping[str, Member] | None = None


_FARTHEST = date(9000, 1, 1)
"""Later is no later, and nothing is counted beyond the last year there is."""

WAKES, TELLS_APART = "matter-unmerge", "matter-not-same"
"""The only act that is possible on a case that sleeps in another."""

Act = Callable[["Telling[Case]", "Action", Particulars], None]

MOST_JOINT = 20
"""Units that may be at it jointly: each has a row that is written with the case, in one transaction."""


def possible(case: Case, action: Action) -> bool:
    """Whether a case has what an action is about: a joint unit that was asked, an extension to be decided, a clock.

    Who told of a matter withdraws it while nobody else told of it too. What sleeps in another case can only be woken.
    """
    if case.asleep:
        return action.does == WAKES
    match action.does:
        case "assign":
            return case.category is not None and case.area is not None
        case "accept-joint" | "refuse-joint":
            return any(joint.state == ASKED for joint in case.joints)
        case "finish-joint":
            return any(joint.state == AGREED for joint in case.joints)
        case "request-extension":
            return case.extension is None and case.clock(action.clock) is not None
        case "approve-extension" | "refuse-extension":
            return case.extension is not None
        case "reject-return":
            return case.returned_by is not None
        case "withdraw":
            return len(case.report_ids) == 1
    more = _module_of(action.does)
    return more is None or action.does not in more.POSSIBLE or bool(more.POSSIBLE[action.does](case))


def _classify(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case, policy = telling.known, telling.around.policy
    category = policy.categories[said.category or case.category or ""]
    telling.tell(
        E.CASE_CLASSIFIED,
        **classified(case, category.id, max(case.urgency, category.urgency, key=URGENCIES.index), policy),
        area=area_facts(said.area or case.area),
        was={"kind": case.kind, "area": area_facts(case.area)},
        chosen_by="staff",
        words=[],
        **_accused(case, said, category, policy),
        **also(said),
    )
    afresh = telling.known.procedure != case.procedure
    if afresh:
        leave_mediation(telling)
    assign_by_rule(telling, action.to, action, afresh=afresh)


def _accused(case: Case, said: Particulars, category: Category, policy: Policy) -> dict[str, list[str]]:
    """Whom a confidential matter accuses, where the desk that screens it says so: those never come to have it.

    Beside those that are known to be: to name others takes nobody back.
    """
    for place, unit in enumerate(said.accused):
        if unit not in policy.units:
            raise UnknownUnit(f"accused[{place}]")
    kind = policy.kinds.get(category.kind)
    if not (said.accused and kind and kind.confidential):
        return {}
    known = case.petition.accused if case.petition else ()
    return {"accused": list(dict.fromkeys((*known, *said.accused)))}


def _assign(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """The desk names who leads, against the rules: it says why, and the rule is its own."""
    unit = _unit(said.unit, "unit", telling.around.policy)
    start_work(
        telling,
        action.to,
        action,
        unit,
        (),
        "desk",
        why=[f"desk={telling.around.actor.unit}"],
        reason=said.reason,
        **also(said),
    )


def _advance(telling: Telling[Case], action: Action, said: Particulars) -> None:
    enter(telling, E.CASE_ADVANCED, action.to, action, did=action.id, did_zh=action.zh, **_said(said))


def _accept(telling: Telling[Case], action: Action, said: Particulars) -> None:
    enter(telling, E.CASE_ACCEPTED, action.to, action, unit=telling.known.lead, **also(said))


def _return(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case = telling.known
    enter(
        telling,
        E.CASE_RETURNED,
        action.to,
        action,
        reason=said.reason,
        from_unit=case.lead,
        unit=case.desk,
        **also(said),
    )


def _reject_return(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """The desk finds that it is that unit's business after all: who received it first answers for it 首接负责."""
    unit = _unit(telling.known.returned_by, "unit", telling.around.policy)
    enter(telling, E.CASE_RETURN_REJECTED, action.to, action, unit=unit, reason=said.reason, **also(said))


def _transfer(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case = telling.known
    unit = _unit(said.unit, "unit", telling.around.policy)
    if unit == case.lead:
        raise InvalidField("unit", "same-unit")
    pass_on(telling, E.CASE_TRANSFERRED, action, said, unit, level_with(case, unit, telling.around.policy))


def _escalate(telling: Telling[Case], action: Action, said: Particulars) -> None:
    level, unit = one_up(telling.known, telling.around.policy)
    pass_on(telling, E.CASE_ESCALATED, action, said, unit, level)


def _delegate(telling: Telling[Case], action: Action, said: Particulars) -> None:
    level, unit = one_down(telling.known, telling.around.policy)
    pass_on(telling, E.CASE_DELEGATED, action, said, unit, level)


def pass_on(
    telling: Telling[Case], event_type: str, action: Action, said: Particulars, unit: str, level: str | None
) -> None:
    case = telling.known
    facts: dict[str, Any] = {
        "from_unit": case.lead,
        "unit": unit,
        "from_level": case.level,
        "level": level,
        "reason": said.reason,
    }
    if unit == case.lead:  # only the level goes up: who must act does not change, and keeps its clocks
        telling.tell(event_type, **facts, **also(said))
    else:
        enter(telling, event_type, action.to, action, **facts, **also(said))


def _request_joint(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case, policy = telling.known, telling.around.policy
    if len(case.open_joints) + len(said.units) > MOST_JOINT:
        raise InvalidField("units", "too-many-units", limit=MOST_JOINT)
    for place, name in enumerate(said.units):
        unit = _unit(name, f"units[{place}]", policy)
        if unit in (case.lead, telling.around.actor.unit):
            raise InvalidField(f"units[{place}]", "joint-with-oneself")
        if unit in case.open_joints or unit in said.units[:place]:
            raise InvalidField(f"units[{place}]", "joint-already")
    telling.tell(E.JOINT_REQUESTED, asked=list(said.units), unit=case.lead, reason=said.reason, **also(said))


def _accept_joint(telling: Telling[Case], action: Action, said: Particulars) -> None:
    telling.tell(E.JOINT_ACCEPTED, unit=_joint(telling, said, ASKED).unit, **also(said))


def _refuse_joint(telling: Telling[Case], action: Action, said: Particulars) -> None:
    telling.tell(E.JOINT_REFUSED, unit=_joint(telling, said, ASKED).unit, reason=said.reason, **also(said))


def _finish_joint(telling: Telling[Case], action: Action, said: Particulars) -> None:
    unit = _joint(telling, said, AGREED).unit
    telling.tell(E.JOINT_FINISHED, unit=unit, note=said.note, **also(said))


def _request_extension(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case, around = telling.known, telling.around
    policy, now = around.policy, around.now
    rule, clock = policy.procedure_of(case).clocks[action.clock], case.clock(action.clock)
    assert clock is not None and said.until is not None
    if clock.extended >= rule.extensions:
        raise ActionNotAllowed(None, allowed_actions=[], state=case.state, extended=clock.extended)
    asked_for = due_at(rule.ask_before, now, policy.calendar, policy.zone).at if rule.ask_before else now
    if now >= clock.due_at or asked_for > clock.due_at:
        raise ExtensionTooLate(None, due_at=clock.due_at.isoformat())
    until = end_of(min(said.until, _FARTHEST), policy.zone)
    if until <= clock.due_at:
        raise InvalidField("until", "extension-not-later")
    if rule.extension is not None:
        latest = extended(rule.extension, clock.due_at, policy.calendar, policy.zone, roll_over=rule.roll_over).at
        if until > latest:
            last = latest.astimezone(policy.zone).date() - ONE_DAY  # that ends by then
            raise ExtensionTooLong("until", latest=last.isoformat())
    telling.tell(
        E.EXTENSION_REQUESTED,
        clock=action.clock,
        until=until.isoformat(),
        reason=said.reason,
        unit=case.lead,
        approver=approver_of(case, policy),
        **({"calendar": policy.calendar_of} if policy.calendar_of else {}),
        **also(said),
    )


def _approve_extension(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case, around = telling.known, telling.around
    asked = _decided_by_another(telling)
    clock, rule = case.clock(asked.clock), around.policy.procedure_of(case).clocks.get(asked.clock)
    if clock is None:
        raise ActionNotAllowed(None, allowed_actions=[], state=case.state)
    if asked.until <= max(clock.due_at, around.now):  # it has more time by now than was asked for, or that is over too
        raise InvalidField("until", "extension-not-later")
    telling.tell(
        E.EXTENSION_APPROVED,
        clock=asked.clock,
        was=clock.due_at.isoformat(),
        due_at=asked.until.isoformat(),
        warn_at=stamp(warning(rule, clock.started_at, asked.until, around.now, around.policy)) if rule else None,
        reason=asked.reason,
        requested_by=asked.asked_by,
        unit=case.lead,
        report_ids=list(case.report_ids),
        **({"forgiven": True} if forgiven(clock, asked.until, around.now) else {}),
        **also(said),
    )


def _refuse_extension(telling: Telling[Case], action: Action, said: Particulars) -> None:
    asked = _decided_by_another(telling)
    telling.tell(
        E.EXTENSION_REFUSED,
        clock=asked.clock,
        reason=said.reason,
        requested_by=asked.asked_by,
        unit=telling.known.lead,
        **also(said),
    )


def _suspend(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case = telling.known
    enter(
        telling,
        E.CASE_SUSPENDED,
        action.to,
        action,
        unit=case.lead,
        reason=said.reason,
        report_ids=list(case.report_ids),
        **also(said),
    )


def _resume(telling: Telling[Case], action: Action, said: Particulars) -> None:
    enter(telling, E.CASE_RESUMED, action.to, action, unit=telling.known.lead, **_said(said))


def _finish(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """The work is done, says who did it; somebody else looks before anybody is answered."""
    enter(telling, E.CASE_FINISHED, action.to, action, unit=telling.known.desk, note=said.note, **also(said))


def _verify(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case = telling.known
    telling.tell(E.CASE_VERIFIED, unit=case.lead, **_said(said))
    resolve(telling, action.to, case.answer, {})


def _send_back(telling: Telling[Case], action: Action, said: Particulars) -> None:
    enter(telling, E.CASE_SENT_BACK, action.to, action, unit=telling.known.lead, reason=said.reason, **also(said))


def _resolve(telling: Telling[Case], action: Action, said: Particulars) -> None:
    resolve(telling, action.to, _with_other_ways(telling, said.note), also(said))


def _with_other_ways(telling: Telling[Case], note: str | None) -> str | None:
    """An answer to a dispute that no mediation settled names the other ways (人民调解法 art. 26)."""
    mediation, ways = telling.known.mediation, telling.around.policy.settling_ways
    named = [ways[way].zh for way in mediation.other_ways if way in ways] if mediation else []
    return f"{note or ''}（调解未能解决，可以依法通过{'、'.join(named)}等途径解决）" if named else note


def _evaluate(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What the reporter says of the answer, asked by who brought the matter in or by the desk."""
    telling.tell(E.CASE_EVALUATED, outcome=said.outcome, note=said.note, unit=telling.known.unit, **also(said))
    if said.outcome == "dissatisfied":
        request_reopening(telling, note=said.note)
    else:
        close(telling, said.outcome or "")


def _close(telling: Telling[Case], action: Action, said: Particulars) -> None:
    close(telling, action.outcome, **_said(said))


def _withdraw(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case = telling.known
    reports = list(case.report_ids)
    telling.tell(E.CASE_WITHDRAWN, unit=case.unit, reason=said.reason, report_ids=reports, **also(said))
    close(telling, "withdrawn")


def _void(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case = telling.known
    telling.tell(E.CASE_VOIDED, unit=case.unit, reason=said.reason, report_ids=list(case.report_ids), **also(said))
    close(telling, "voided")


def _request_reopen(telling: Telling[Case], action: Action, said: Particulars) -> None:
    request_reopening(telling, reason=said.reason, note=None, **also(said))


def _grant_reopen(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Whoever led goes on; what ended before anybody did, or in dispute of who does, the desk screens again."""
    case = telling.known
    telling.tell(E.CASE_REOPENED, reason=said.reason, report_ids=list(case.report_ids), **also(said))
    if case.lead is None:
        enter(telling, E.CASE_SENT_TO_SCREENING, SCREENING, unit=case.desk, why="reopened")
    else:
        start_work(telling, action.to, action, case.lead, case.joint_units, case.rule or "")


def _decline_reopen(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case = telling.known
    telling.tell(E.CASE_REOPEN_DECLINED, reason=said.reason, report_ids=list(case.report_ids), **also(said))
    close(telling, "declined")


def act_of(does: str) -> Act:
    """What an act does. Raises KeyError."""
    more = _module_of(does)
    act: Act = ACTS[does] if more is None else more.ACTS[does]
    return act


def modules() -> Iterable[Any]:
    """All of them, for who must know every act there is."""
    return [import_module(f"chalicelib.domain.{word}_acts") for word in MORE]


def _module_of(does: str) -> Any:
    word = does.partition("-")[0]
    return import_module(f"chalicelib.domain.{word}_acts") if word in MORE else None


ACTS: dict[str, Act] = {
    "classify": _classify,
    "assign": _assign,
    "advance": _advance,
    "accept": _accept,
    "return": _return,
    "reject-return": _reject_return,
    "transfer": _transfer,
    "escalate": _escalate,
    "delegate": _delegate,
    "request-joint": _request_joint,
    "accept-joint": _accept_joint,
    "refuse-joint": _refuse_joint,
    "finish-joint": _finish_joint,
    "request-extension": _request_extension,
    "approve-extension": _approve_extension,
    "refuse-extension": _refuse_extension,
    "suspend": _suspend,
    "resume": _resume,
    "finish": _finish,
    "verify": _verify,
    "send-back": _send_back,
    "resolve": _resolve,
    "evaluate": _evaluate,
    "close": _close,
    "withdraw": _withdraw,
    "void": _void,
    "request-reopen": _request_reopen,
    "grant-reopen": _grant_reopen,
    "decline-reopen": _decline_reopen,
}


def _joint(telling: Telling[Case], said: Particulars, state: str) -> Joint:
    """The joint unit that speaks: the actor's own, or the one that is named by who may act for every unit."""
    case = telling.known
    speaks = said.unit or telling.around.actor.unit
    found = next((joint for joint in case.joints if joint.unit == speaks and joint.state == state), None)
    if found is None:
        raise ActionNotAllowed(None, allowed_actions=[], state=case.state)
    return found


def _decided_by_another(telling: Telling[Case]) -> Extension:
    asked = telling.known.extension
    assert asked is not None
    if telling.around.actor.id == asked.asked_by:
        raise OwnRequest()
    return asked


def _unit(name: str | None, field: str, policy: Policy) -> str:
    if name is None or name not in policy.units:
        raise UnknownUnit(field)
    return name


def _said(said: Particulars) -> dict[str, Any]:
    words = {"reason": said.reason, "note": said.note}
    return {**{key: value for key, value in words.items() if value}, **also(said)}


def also(said: Particulars) -> dict[str, Any]:
    """What may be said with any act: pictures, and when it was done by the sender's own clock."""
    media = {"media": list(said.media)} if said.media else {}
    return {**media, **({"done_at": said.done_at.isoformat()} if said.done_at else {})}
