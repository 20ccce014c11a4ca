"""What a changed pack would have decided: the newest cases routed once more, by what was known of them then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.events import CASE_ASSIGNED, CASE_CLASSIFIED, CASE_REPORTED
from chalicelib.domain.routing import Assignment, route
from infra.policy.differences import differences

if TYPE_CHECKING:
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.policy import Policy

Pack = Mapping[str, Any]
"""A compiled pack, as JSON."""

SAME, DIFFERENT = "same", "different"
NEVER_ROUTED, CATEGORY_GONE = "never-routed", "category-gone"

BY_CATEGORY = "category:"
_ROUTED_BY = ("lead", "joint")
"""What of a category decides who must act."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that was taken: by which policy, on what, what came of it, and which conditions held."""

    policy_version: str
    at: datetime
    category: str
    area: str
    urgency: str
    source: str
    lead: str
    joint_units: tuple[str, ...]
    rule: str
    why: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What a pack would have made of a case: `what` became of it, the two decisions, and why they differ.

    `decided`: None for a case that was never routed. `would`: None where the pack cannot say.
    """

    case_id: str
    what: str
    decided: Decision | None = None
    would: Assignment | None = None
    why: tuple[str, ...] = ()


def last_decision(history: Iterable[CaseEvent]) -> Decision | None:
    """The decision that stands: the last assignment by rule. One that only begins the work again decided nothing."""
    source, area, found = "", None, None
    classified: CaseEvent | None = None
    for event in history:
        facts = event.data
        if event.type == CASE_REPORTED:
            source = facts["source"]
        elif event.type == CASE_CLASSIFIED:
            classified, area = event, (facts.get("area") or {}).get("code") or area
        elif event.type == CASE_ASSIGNED and classified is not None and classified.version == event.version:
            known = classified.data
            found = Decision(
                event.policy_version,
                event.time,
                known["category"],
                area or "",
                known["urgency"],
                source,
                facts["unit"],
                tuple(facts["joint_units"]),
                facts["rule"],
                tuple(facts.get("why", ())),
            )
    return found


def outcome(
    case_id: str,
    history: Iterable[CaseEvent],
    policy: Policy,
    new: Pack,
    old: Pack | None,
    duty: Callable[[datetime], Callable[[str], bool]] = lambda at: lambda unit: False,
) -> Outcome:
    """What a policy would have decided of a case. `new`: its pack; `old`: that of the decision, if it is kept.

    `duty`: who has somebody on duty at a moment, by the roster as it is now.
    """
    decided = last_decision(history)
    if decided is None:
        return Outcome(case_id, NEVER_ROUTED)
    category = policy.categories.get(decided.category)
    if category is None:
        return Outcome(case_id, CATEGORY_GONE, decided)
    hour = decided.at.astimezone(policy.zone).strftime("%H:%M")
    would = route(category, decided.area, decided.urgency, decided.source, policy, hour, duty(decided.at))
    if (would.lead, sorted(would.joint_units)) == (decided.lead, sorted(decided.joint_units)):
        return Outcome(case_id, SAME, decided, would)
    return Outcome(case_id, DIFFERENT, decided, would, tuple(_why(decided, would, new, old)))


def _why(decided: Decision, would: Assignment, new: Pack, old: Pack | None) -> Iterator[str]:
    """Why two decisions on the same facts differ, in words. Without the old pack only what the new one tells."""
    if old is None:
        yield f"旧版本未保存 {decided.policy_version} is not kept"
        if would.rule == decided.rule:
            return
    before, after = _rules(old), _rules(new)
    if would.rule == decided.rule:
        yield from _row_changed(would.rule, old or {}, new)
        return
    if not decided.rule.startswith(BY_CATEGORY) and decided.rule not in after:
        yield f"规则已取消 rule gone: {decided.rule}"
    if old is None or would.rule.startswith(BY_CATEGORY):
        rules: Sequence[str] = (decided.rule,)
    elif would.rule not in before:
        yield f"新规则 new rule: {would.rule}"
        return
    else:
        rules = (would.rule, decided.rule)
    changed = [words for rule in rules for words in _changes(rule, before.get(rule), after.get(rule))]
    yield from changed
    if old is not None and not changed and all(rule in after or rule.startswith(BY_CATEGORY) for rule in rules):
        if _place(would.rule, old) > _place(decided.rule, old) and _place(would.rule, new) < _place(decided.rule, new):
            yield f"规则次序变更 order of rules: {would.rule} 先于 before {decided.rule}"
        else:
            yield "值班情况以现在为准 who is on duty is taken as it is now"


def _row_changed(rule: str, old: Pack, new: Pack) -> Iterator[str]:
    """What changed of the rule, or of the category, that decided both times; else the units it names are others."""
    said = list(_changes(rule, _rules(old).get(rule), _rules(new).get(rule)))
    if rule.startswith(BY_CATEGORY):
        name = rule.removeprefix(BY_CATEGORY)
        before, after = (pack.get("categories", {}).get(name, {}) for pack in (old, new))
        said = list(_changes(rule, *({key: row.get(key) for key in _ROUTED_BY} for row in (before, after))))
    yield from said or ["区域所属中心变更 the centre of the area is another"]


def _changes(name: str, old: Pack | None, new: Pack | None) -> Iterator[str]:
    if old is None or new is None:
        return
    for each in differences(old, new):
        if each.old or each.new:  # a condition that one format of packs has and the other has not means nothing empty
            yield f"{name}.{'.'.join(each.path)}: {_said(each.old)} → {_said(each.new)}"


def _rules(pack: Pack | None) -> dict[str, Pack]:
    return {rule["id"]: rule for rule in pack.get("routing", ())} if pack else {}


def _place(rule: str, pack: Pack) -> int:
    """The place of a rule among those of a pack; what a category says of itself comes last."""
    names = [each["id"] for each in pack.get("routing", ())]
    return names.index(rule) if rule in names else len(names)


def _said(value: Any) -> str:
    if value in (None, "", []):
        return "—"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
