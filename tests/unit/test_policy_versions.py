"""Comparing packs: what differs, which cases would be stranded, what would have been decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.cases import Case, Extension, Joint
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.events import Actor, CaseEvent
from chalicelib.domain.grid import Area
from chalicelib.domain.policy import Policy
from chalicelib.domain.workdays import WorkCalendar
from chalicelib.policy.loader import policy_from
from infra.policy.differences import differences
from infra.policy.dry_run import last_decision, outcome
from infra.policy.newest import newest_cases
from infra.policy.stranding import Reason, stranded

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
COMMUNITY = "320302001002"
CELL = f"{COMMUNITY}0101"
STATION, STREET = f"centre-{COMMUNITY}", "centre-320302001"

Pack = dict[str, Any]


@pytest.fixture(scope="session")
def whole(pack_file: Path) -> Pack:
    return dict(json.loads(pack_file.read_bytes()))


@pytest.fixture
def pack(whole: Pack) -> Pack:
    """The pack, to be changed."""
    changed = deepcopy(whole)
    changed["version"] = "gulou-changed"
    return changed


# --- what differs


def told(old: Pack, new: Pack) -> list[tuple[str, str, Any, Any]]:
    return [(each.what, ".".join(each.path), each.old, each.new) for each in differences(old, new)]


def test_packs_that_differ_in_their_version_only_do_not_differ(whole: Pack, pack: Pack) -> None:
    assert told(whole, pack) == []


def test_a_category_that_came_went_or_changed_is_named_with_its_values(whole: Pack, pack: Pack) -> None:
    light = pack["categories"].pop("street-light")
    pack["categories"]["street-lamp"] = {**light, "id": "street-lamp"}
    pack["categories"]["public-toilet"]["lead"] = "power-supply"
    assert told(whole, pack) == [
        ("changed", "categories.public-toilet.lead", whole["categories"]["public-toilet"]["lead"], "power-supply"),
        ("added", "categories.street-lamp", None, {**light, "id": "street-lamp"}),
        ("removed", "categories.street-light", light, None),
    ]
    assert [each.zh for each in differences(whole, pack)][1:] == [light["zh"], light["zh"]]


def test_rules_of_routing_are_known_by_their_ids_and_their_order_counts(whole: Pack, pack: Pack) -> None:
    first, second, *others = pack["routing"]
    pack["routing"] = [second, {**first, "lead": "public-security"}, *others]
    ids = [rule["id"] for rule in whole["routing"]]
    assert told(whole, pack) == [
        ("changed", f"routing.{first['id']}.lead", first["lead"], "public-security"),
        ("reordered", "routing", ids, [ids[1], ids[0], *ids[2:]]),
    ]


def test_a_new_rule_alone_changes_no_order(whole: Pack, pack: Pack) -> None:
    rule = {**pack["routing"][0], "id": "new"}
    pack["routing"].insert(0, rule)
    assert told(whole, pack) == [("added", "routing.new", None, rule)]


def test_rows_without_an_id_are_compared_whole(whole: Pack, pack: Pack) -> None:
    gone = pack["notices"].pop(0)
    pack["notices"].append({**gone, "template": "added"})
    assert told(whole, pack) == [
        ("removed", "notices", gone, None),
        ("added", "notices", None, {**gone, "template": "added"}),
    ]
    same = {**pack, "notices": [*pack["notices"][1:], pack["notices"][0]]}
    assert [what for what, *_ in told(pack, same)] == ["reordered"]


def test_sections_that_only_one_format_has_are_compared_like_any_other() -> None:
    state = {"id": "open", "zh": "待办"}
    old = {"states": {"open": state}, "rules": {"most": 1}}
    new = {
        "procedures": {"dispute": {"id": "dispute", "zh": "纠纷", "states": {"open": state}}},
        "rules": {"most": 1},
        "uses": [],
    }
    later = {**new, "procedures": {"dispute": {**new["procedures"]["dispute"], "states": {}}}}  # type: ignore[dict-item]
    assert [(what, path) for what, path, *_ in told(old, new)] == [
        ("added", "procedures"),
        ("removed", "states"),
        ("added", "uses"),
    ]
    assert told(new, later) == [("removed", "procedures.dispute.states.open", state, None)]


def test_a_value_of_another_shape_is_a_change(whole: Pack, pack: Pack) -> None:
    pack["categories"]["public-toilet"]["accept"] = ["exact", 7200]
    pack["rules"] = []
    assert [each[:2] for each in told(whole, pack)] == [
        ("changed", "categories.public-toilet.accept"),
        ("changed", "rules"),
    ]


# --- who is stranded


class Kept:
    """Policies by version; the one in force for others."""

    def __init__(self, current: Policy, **others: Policy) -> None:
        self.current = current
        self.others = others

    def of(self, version: str) -> Policy:
        return self.others.get(version, self.current)

    def calendar(self, version: str) -> WorkCalendar | None:
        return self.of(version).calendar


def a_case(**facts: Any) -> Case:
    known = {"state": "assigned", "category": "street-light", "kind": "livelihood", "lead": "urban-management"}
    known |= {"desk": STATION, "area": Area(CELL, ("鼓楼区",))}
    return Case("01" * 13, 3, "7K3M9QXA", policy_version="v1", opened_at=AT, updated_at=AT, urgency="ordinary",
                source="mobile", **{**known, **facts})  # fmt: skip


def lacks(case: Case, policy: Policy, kept: Kept) -> list[Reason]:
    return [reason for each in stranded([case], policy, kept) for reason in each.reasons]


def test_a_case_is_not_stranded_by_the_pack_it_goes_by(policy: Policy) -> None:
    assert lacks(a_case(), policy, Kept(policy)) == []


@pytest.mark.parametrize(
    ("section", "gone", "part"),
    [
        ("categories", "street-light", "category"),
        ("procedures.livelihood.states", "assigned", "state"),
        ("units", "urban-management", "lead"),
        ("units", "power-supply", "joint"),
        ("units", "justice", "approver"),
        ("units", "linkage-centre", "supervisor"),
        ("units", STREET, "desk"),
        ("units", STATION, "centre"),
    ],
)
def test_what_a_pack_lacks_is_named(pack: Pack, policy: Policy, section: str, gone: str, part: str) -> None:
    late = Clock("resolve", ClockState.BREACHED, AT, AT, escalated_to=("linkage-centre",))
    asked = Extension("resolve", AT, "x", "a", "justice")
    joints = (Joint("power-supply", "accepted"), Joint("fire-brigade", "refused"))
    case = a_case(desk=STREET, joints=joints, extension=asked, clocks=(late,))
    assert lacks(case, policy, Kept(policy)) == []
    table = pack
    for name in section.split("."):
        table = table[name]
    del table[gone]
    assert lacks(case, policy_from(pack), Kept(policy)) == [Reason(part, gone)]


def test_a_procedure_that_is_no_more_is_named(pack: Pack, policy: Policy) -> None:
    assert lacks(a_case(procedure="of-old"), policy, Kept(policy)) == [Reason("procedure", "of-old")]


def test_the_state_is_looked_for_in_the_procedure_that_the_category_goes_by_now(pack: Pack, policy: Policy) -> None:
    pack["categories"]["street-light"]["kind"] = "dispute"
    del pack["procedures"]["dispute"]["states"]["accepted"]
    assert lacks(a_case(), policy_from(pack), Kept(policy)) == []
    assert lacks(a_case(state="accepted"), policy_from(pack), Kept(policy)) == [Reason("state", "accepted")]


def test_a_joint_unit_whose_work_is_done_is_not_missed(pack: Pack, policy: Policy) -> None:
    del pack["units"]["power-supply"]
    for state in ("done", "refused"):
        assert lacks(a_case(joints=(Joint("power-supply", state),)), policy_from(pack), Kept(policy)) == []


def test_a_unit_with_several_parts_is_named_once(pack: Pack, policy: Policy) -> None:
    del pack["units"][STATION]
    case = a_case(lead=STATION, desk=STATION, joints=(Joint(STATION, "asked"),))
    assert lacks(case, policy_from(pack), Kept(policy)) == [Reason("lead", STATION)]


def test_a_centre_that_the_case_s_own_policy_did_not_have_either_is_not_missed(pack: Pack, policy: Policy) -> None:
    del pack["units"][STATION]
    case = a_case(desk="linkage-centre")
    assert lacks(case, policy_from(pack), Kept(policy, v1=policy_from(pack))) == []
    assert lacks(case, policy_from(pack), Kept(policy)) == [Reason("centre", STATION)]


def test_a_case_without_a_place_or_a_category_lacks_neither(pack: Pack, policy: Policy) -> None:
    pack["categories"].clear()
    del pack["units"][STATION]
    case = a_case(category=None, kind=None, lead=None, area=None, desk="linkage-centre", state="screening")
    assert lacks(case, policy_from(pack), Kept(policy)) == []


def test_a_closed_case_is_stranded_by_nothing(pack: Pack, policy: Policy) -> None:
    pack["categories"].clear()
    assert lacks(a_case(state="closed"), policy_from(pack), Kept(policy)) == []


# --- what would have been decided


def happened(version: int, event_type: str, n: int = 1, **facts: Any) -> CaseEvent:
    at = AT + timedelta(hours=version)
    return CaseEvent("01" * 13, version, n, event_type, at, Actor("a", "b"), "v1", facts, "r", "c")


def opened(category: str | None = "street-light", *, lead: str = "urban-management", rule: str = "") -> list[CaseEvent]:
    area = {"code": CELL, "path": []}
    events = [
        happened(1, "case.reported.v1", 1, report_id="r", source="mobile", urgency="ordinary", tracking_code="c"),
        happened(1, "case.classified.v1", 2, kind="livelihood", category=category, urgency="ordinary", area=area),
    ]
    if category:
        rule = rule or f"category:{category}"
        events.append(happened(1, "case.assigned.v1", 3, unit=lead, joint_units=["power-supply"], rule=rule))
    else:
        events.append(happened(1, "case.sent-to-screening.v1", 3, unit=STATION, why="no-category"))
    return events


def test_the_last_classification_decides_and_not_the_work_that_begins_again() -> None:
    history = [
        *opened(None),
        happened(2, "case.classified.v1", 1, kind="livelihood", category="noise", urgency="urgent", area=None),
        happened(2, "case.assigned.v1", 2, unit="public-security", joint_units=[], rule="urgent-noise"),
        happened(5, "case.reopened.v1", 1, reason="x", report_ids=[]),
        happened(5, "case.assigned.v1", 2, unit="justice", joint_units=[], rule="urgent-noise"),
    ]
    decided = last_decision(history)
    assert decided is not None
    assert (decided.category, decided.area, decided.urgency, decided.source) == ("noise", CELL, "urgent", "mobile")
    assert (decided.lead, decided.joint_units, decided.rule) == ("public-security", (), "urgent-noise")
    assert decided.at == AT + timedelta(hours=2)


def test_a_case_on_a_desk_was_never_routed(pack: Pack, whole: Pack) -> None:
    assert outcome("c", opened(None), policy_from(pack), pack, whole).what == "never-routed"
    assert outcome("c", [], policy_from(pack), pack, whole).what == "never-routed"


def test_a_category_that_is_no_more_decides_nothing(pack: Pack, whole: Pack) -> None:
    del pack["categories"]["street-light"]
    found = outcome("c", opened(), policy_from(pack), pack, whole)
    assert (found.what, found.would) == ("category-gone", None)


def test_the_same_units_are_the_same_decision_whatever_the_rule_is_called(pack: Pack, whole: Pack) -> None:
    assert outcome("c", opened(rule="of-old"), policy_from(pack), pack, whole).what == "same"
    pack["categories"]["street-light"]["joint"].reverse()
    assert outcome("c", opened(), policy_from(pack), pack, whole).what == "same"


def rule_of(name: str, **said: Any) -> dict[str, Any]:
    return {
        "id": name,
        "kinds": [],
        "categories": [],
        "areas": [],
        "urgencies": [],
        "sources": [],
        "joint": None,
        **said,
    }


def decided(pack: Pack, whole: Pack | None, history: list[CaseEvent]) -> tuple[str, str, tuple[str, ...]]:
    found = outcome("c", history, policy_from(pack), pack, whole)
    assert found.what == "different" and found.would is not None
    return found.would.lead, found.would.rule, found.why


def test_why_a_decision_would_be_another(pack: Pack, whole: Pack) -> None:
    """By a category's own units, a new rule, a changed rule, a rule that is gone, and the order of rules."""
    pack["categories"]["street-light"]["lead"] = "power-supply"
    why = ("category:street-light.lead: urban-management → power-supply",)
    assert decided(pack, whole, opened()) == ("power-supply", "category:street-light", why)

    lamps = rule_of("lamps", categories=["street-light"], lead="public-security")
    pack["routing"].insert(0, lamps)
    assert decided(pack, whole, opened()) == ("public-security", "lamps", ("新规则 new rule: lamps",))

    before = {**whole, "routing": [{**lamps, "categories": []}, *whole["routing"]]}
    assert decided(pack, before, opened()) == ("public-security", "lamps", ("lamps.categories: — → street-light",))

    before = {**whole, "routing": [{**lamps, "lead": "justice"}, *whole["routing"]]}
    history = opened(lead="justice", rule="lamps")
    assert decided(pack, before, history) == ("public-security", "lamps", ("lamps.lead: justice → public-security",))

    pack["routing"] = whole["routing"]
    assert decided(pack, before, history)[2] == ("规则已取消 rule gone: lamps",)

    night = rule_of("night", categories=["street-light"], lead="justice")
    before = {**whole, "routing": [night, lamps]}
    pack["routing"] = [lamps, night]
    history = opened(lead="justice", rule="night")
    assert decided(pack, before, history)[2] == ("规则次序变更 order of rules: lamps 先于 before night",)


def test_the_hour_and_who_is_on_duty_then_count(pack: Pack, whole: Pack) -> None:
    """The case was routed at eleven in the morning, district time."""
    asked: list[tuple[datetime, str]] = []

    def duty(at: datetime) -> Any:
        return lambda unit: asked.append((at, unit)) or unit == "public-security"

    night = rule_of("night", hours=["20:00", "06:00"], lead="justice")
    idle = rule_of("idle", hours=["08:00", "12:00"], on_duty="justice", lead="justice")
    morning = rule_of("morning", hours=["08:00", "12:00"], on_duty="public-security", lead="public-security")
    pack["routing"] = [night, idle, morning]
    found = outcome("c", opened(), policy_from(pack), pack, whole, duty)
    assert found.would is not None and found.would.rule == "morning"
    assert found.would.why == ("hour=11:00", "on-duty=public-security")
    assert asked == [(AT + timedelta(hours=1), "justice"), (AT + timedelta(hours=1), "public-security")]
    again = outcome("c", opened(), policy_from(pack), pack, pack, duty)
    assert again.why == ("值班情况以现在为准 who is on duty is taken as it is now",)


def test_why_without_the_pack_of_the_decision_says_that_it_was_not_kept(pack: Pack) -> None:
    pack["categories"]["street-light"]["lead"] = "power-supply"
    assert decided(pack, None, opened())[2] == ("旧版本未保存 v1 is not kept",)


def test_a_centre_that_is_another_is_why(pack: Pack, whole: Pack) -> None:
    for known in (pack, whole := deepcopy(whole)):
        known["categories"]["street-light"]["lead"] = "@community"
    del pack["units"][STATION]
    lead, _, why = decided(pack, whole, opened(lead=STATION))
    assert (lead, why) == (STREET, ("区域所属中心变更 the centre of the area is another",))


# --- the newest


class Hours:
    def __init__(self, **cases: str) -> None:
        self.cases = {hour.replace("_", "-"): names for hour, names in cases.items()}
        self.asked: list[str] = []

    def cases_of_hour(self, hour: str, what: str) -> Iterator[str]:
        assert what == "case.reported.v1"
        self.asked.append(hour)
        return iter(self.cases.get(hour, ""))


def test_the_newest_are_found_hour_by_hour_and_no_more_is_read_than_needed() -> None:
    hours = Hours(**{"2026-11-22T01": "edc", "2026-11-21T23": "ba"})
    assert list(newest_cases(hours, AT, 4, 92)) == ["e", "d", "c", "b"]
    assert hours.asked == ["2026-11-22T02", "2026-11-22T01", "2026-11-22T00", "2026-11-21T23"]


def test_no_hour_is_read_from_before_the_days_that_were_asked() -> None:
    hours = Hours(**{"2026-11-21T02": "a", "2026-11-20T02": "z"})
    assert list(newest_cases(hours, AT, 4, 1)) == ["a"]
    assert len(hours.asked) == 26
