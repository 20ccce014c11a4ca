"""What acts are made of: a case comes into a state, goes to who must act, is answered, visited, reopened, closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.accused import in_place_of, not_accused
from chalicelib.domain.cases import CLOSED, REOPEN_REQUESTED, Case
from chalicelib.domain.routing import route
from chalicelib.domain.timing import timing_of

if TYPE_CHECKING:
    from chalicelib.domain.grid import Area
    from chalicelib.domain.policy import Action, Policy
    from chalicelib.domain.telling import Telling


def enter(
    telling: Telling[Case],
    event_type: str,
    to: str,
    action: Action | None = None,
    *,
    meets: Iterable[str] = (),
    afresh: bool = False,
    **facts: Any,
) -> None:
    """Tell an event that brings the case into a state, with whose turn it is then and what becomes of the clocks.

    An empty `to` stays where it is. `action`: by which it gets there, if by one; where a day was named with it, what it
    starts is counted from that. `meets`: clocks that are met by it. `afresh`: by another procedure than before.
    `close_at` of a case that a window closes is the window's.
    """
    case, around = telling.known, telling.around
    policy, named = around.policy, around.counted_from if action else None
    moved = {"state": to, "turn": policy.procedure_of(case).states[to].turn} if to else {}
    timing = timing_of(case, to or case.state, action, policy, around.now, meets, named, afresh=afresh)
    windows = timing.get("timing", {}).get("windows", ())
    due = [at for name, at in timing.get("clocks", {}).items() if name not in windows]
    if "close_at" in facts and (closing := _closing(case, timing)):
        facts["close_at"] = closing
    telling.tell(event_type, **facts, **({"due_at": min(due)} if due else {}), **moved, **timing)


def _closing(case: Case, timing: dict[str, Any]) -> str | None:
    """When the window that the case ends by runs out, after what becomes of the clocks."""
    changed = timing.get("timing", {})
    for name in changed.get("closes", ()):
        return str(timing["clocks"][name])
    known = case.closing
    return known.due_at.isoformat() if known and known.name not in changed.get("ended", ()) else None


def start_work(
    telling: Telling[Case],
    to: str,
    action: Action | None,
    lead: str,
    joint_units: Iterable[str],
    rule: str,
    **facts: Any,
) -> None:
    """Give the case to the units that must act. `action`: by which it gets there, None where a report opens it."""
    case, policy = telling.known, telling.around.policy
    category = policy.categories[case.category or ""]
    enter(
        telling,
        E.CASE_ASSIGNED,
        to,
        action,
        unit=lead,
        joint_units=list(joint_units),
        rule=rule,
        **facts,
        desk=desk_of(case, policy),
        level=case.level,
        start_level=category.containment,
    )


def assign_by_rule(telling: Telling[Case], to: str, action: Action | None, *, afresh: bool = False) -> None:
    """Give the case to whom the pack's rules name. `afresh`: by another procedure than before."""
    case, around = telling.known, telling.around
    policy = around.policy
    assert case.category and case.area
    found = route(
        policy.categories[case.category],
        case.area.code,
        case.urgency,
        case.source,
        policy,
        around.now.astimezone(policy.zone).strftime("%H:%M"),
        around.on_duty,
    )
    lead = in_place_of(found.lead, case, policy)
    joint_units = not_accused(found.joint_units, case, policy)
    start_work(telling, to, action, lead, joint_units, found.rule, afresh=afresh, why=list(found.why))


def classified(case: Case, category: str | None, urgency: str, policy: Policy) -> dict[str, Any]:
    """What a category makes of a case: kind, procedure, and the level it begins at, if it did not get further."""
    known = policy.categories[category] if category else None
    return {
        "kind": known.kind if known else None,
        "category": category,
        "urgency": urgency,
        "procedure": policy.procedure_for(known.kind if known else None, case.source).id,
        "level": known.containment if known and (case.level is None or category != case.category) else case.level,
    }


def area_facts(area: Area | None) -> dict[str, Any] | None:
    return {"code": area.code, "path": list(area.path)} if area else None


def close(telling: Telling[Case], outcome: str, **facts: Any) -> None:
    """Close the case; where joint units are not done, or what was split from it is not closed, it says so.

    `start_level`: where it should have been settled. `instance`: the level at which a petition ended.
    """
    leave_mediation(telling)
    case, children = telling.known, telling.around.open_children
    open_children: dict[str, Any] = {"open_children": list(children)} if children else {}
    open_joint: dict[str, Any] = {"open_joint": list(case.open_joints)} if case.open_joints else {}
    settled, left = _settled(case, telling.around.policy), {**open_joint, **open_children}
    enter(telling, E.CASE_CLOSED, CLOSED, outcome=outcome, **settled, **left, **facts)


def taken_back(case: Case, policy: Policy) -> dict[str, Any]:
    """What an event tells that brings back a case which had ended (`closed_as`): the end that is counted no more.

    Nothing of one that is open.
    """
    return {} if case.open else {"closed_as": case.outcome, **_settled(case, policy)}


def _settled(case: Case, policy: Policy) -> dict[str, Any]:
    category = policy.categories.get(case.category or "")
    start_level = {"start_level": category.containment} if category else {}
    return {"level": case.level, **start_level, **({"instance": case.petition.level} if case.petition else {})}


def leave_mediation(telling: Telling[Case]) -> None:
    """A mediation that is still open ends with the case, or with its being a dispute."""
    mediation = telling.known.mediation
    if mediation is not None and mediation.open:
        facts = {"outcome": "dropped", "attempt": mediation.attempt, "unit": telling.known.unit}
        telling.tell(E.MEDIATION_ENDED, **facts)


def resolve(telling: Telling[Case], to: str, note: str | None, facts: dict[str, Any]) -> None:
    """Answer everybody who told of the matter, and plan the visit if there is one."""
    case, around = telling.known, telling.around
    category = around.policy.categories[case.category or ""]
    open_joint: dict[str, Any] = {"open_joint": list(case.open_joints)} if case.open_joints else {}
    enter(
        telling,
        E.CASE_RESOLVED,
        to,
        note=note,
        report_ids=list(case.report_ids),
        close_at=(around.now + timedelta(seconds=category.closes_after)).isoformat(),
        level=case.level,
        **open_joint,
        **facts,
    )
    if category.visit_after is not None:
        plan_visit(telling, 1, category.visit_after)


def plan_visit(telling: Telling[Case], attempt: int, after: int) -> None:
    """Plan a visit. A case never closes by itself before its visit has had its time."""
    case, now = telling.known, telling.around.now
    due = now + timedelta(seconds=after)
    category = telling.around.policy.categories[case.category or ""]
    grace = timedelta(seconds=category.closes_after - (category.visit_after or 0))
    telling.tell(
        E.VISIT_PLANNED,
        visit_id=f"{case.id}.{len(case.visits) + 1}",
        attempt=attempt,
        due_at=due.isoformat(),
        close_at=(due + grace).isoformat(),
    )


def request_reopening(telling: Telling[Case], **facts: Any) -> None:
    """Ask the desk to take the matter up again; a person decides (always true 7). `closed_as`: of one that ended."""
    case = telling.known
    closed_as: dict[str, Any] = {} if case.open else {"closed_as": case.outcome}
    enter(telling, E.CASE_REOPEN_REQUESTED, REOPEN_REQUESTED, unit=case.desk, **closed_as, **facts)


def desk_of(case: Case, policy: Policy) -> str:
    """The desk a case goes back to: whoever screened it; of a confidential matter, the unit that such come to.

    That unit is the desk of nothing else: what was taken for such a matter, and is none, goes to its area's.
    """
    kind = policy.kinds.get(case.kind or "")
    if kind is not None and kind.confidential:
        return in_place_of(kind.confidential_to, case, policy)
    secret = {unit for each in policy.kinds.values() for unit in (each.confidential_to, each.instead) if unit}
    kept = case.desk if case.desk not in secret else ""
    return kept or policy.centre_of(case.area.code if case.area else None)
