"""What a message can say of an event: the words that templates of the pack name as `${name}` (docs/policy.md)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.events import (
    CLOCK_BREACHED,
    CLOCK_RECOMPUTED,
    CLOCK_WARNED,
    JOINT_ACCEPTED,
    JOINT_FINISHED,
    JOINT_REFUSED,
    reference_of,
)
from chalicelib.domain.grid import place_of

if TYPE_CHECKING:
    from chalicelib.domain.envelope import Happening
    from chalicelib.domain.policy import Policy

OF_CLOCKS = frozenset({CLOCK_BREACHED, CLOCK_WARNED, CLOCK_RECOMPUTED})
"""They run for whose turn it is, be it a desk."""

_OF_ITS_UNIT = OF_CLOCKS | {
    JOINT_ACCEPTED,
    JOINT_REFUSED,
    JOINT_FINISHED,
}  # tell of the unit they name, not of the lead


def code_of(report_id: str, event: Happening) -> str:
    """The tracking code that who told a report was given; that of the case for anybody else."""
    codes = event.data.get("codes", {}).items()
    return next((str(code) for code, reports in codes if report_id in reports), event.data["tracking_code"])


def words_of_case(event: Happening, policy: Policy, tracking_code: str) -> dict[str, str]:
    """Of an event of a case, by the names of `policy`, for somebody who knows it by a tracking code."""
    facts = event.data
    category = policy.categories.get(facts.get("category") or "")
    lead = facts.get("lead") if event.type not in _OF_ITS_UNIT else None
    area = facts.get("area")
    return {
        "tracking_code": tracking_code,
        "ref": reference_of(tracking_code, event.id),
        "category_zh": category.zh if category else "待甄别事项",
        "category_en": category.en if category else "matter to be screened",
        "area_zh": place_of(area["path"][1:]) if area else "地点待核实",
        "unit_zh": _unit_zh(lead or facts.get("unit"), policy),
        "from_zh": _unit_zh(facts.get("from_unit"), policy),
        "urgency_zh": {"ordinary": "普通", "urgent": "紧急", "major": "重大"}[facts["urgency"]],
        "due_at": _deadline(facts.get("due_at"), policy),
        "until": _deadline(facts.get("until"), policy),
        "step": str(facts.get("step", 1)),
        "note": facts.get("note") or "",
        "reason": facts.get("reason") or "",
        "clock_zh": _clock_zh(facts.get("procedure"), facts.get("clock") or "", policy),
    }


def words_of_beat(event: Happening, policy: Policy) -> dict[str, str]:
    """Of an event of the rounds of an area."""
    facts = event.data
    post, unit = policy.posts.get(facts["post"]), policy.units.get(facts["units"][0])
    stretches = facts.get("rounds") or ([facts] if "from" in facts else [])
    return {
        "tracking_code": facts["tracking_code"],
        "ref": reference_of(facts["tracking_code"], event.id),
        "area_zh": place_of(facts["area"]["path"][1:]) or facts["area"]["code"],
        "unit_zh": unit.zh if unit else "",
        "post_zh": post.zh if post else facts["post"],
        "post_en": post.en if post else facts["post"],
        "due_at": _local(facts.get("late_until"), policy),
        "rounds": str(facts.get("count", len(stretches))),
        "round_zh": "、".join(f"{_local(each['from'], policy)}至{_local(each['to'], policy)}" for each in stretches),
    }


def _unit_zh(unit: str | None, policy: Policy) -> str:
    known = policy.units.get(unit or "")
    return known.zh if known else unit or ""


def _clock_zh(procedure: str | None, name: str, policy: Policy) -> str:
    """What a clock is called by the procedure of the case; its name, where the pack no longer has it."""
    known = policy.procedures.get(procedure or "")
    rule = known.clocks.get(name) if known else None
    return rule.zh if rule else name


def _deadline(moment: str | None, policy: Policy) -> str:
    """A moment as a deadline: what ends with a day ends at 24:00, and not at 00:00 of the next."""
    if moment and (at := datetime.fromisoformat(moment).astimezone(policy.zone)).time() == time.min:
        return f"{at - timedelta(days=1):%m-%d} 24:00"
    return _local(moment, policy)


def _local(moment: str | None, policy: Policy) -> str:
    if not moment:
        return "—"
    return datetime.fromisoformat(moment).astimezone(policy.zone).strftime("%m-%d %H:%M")
