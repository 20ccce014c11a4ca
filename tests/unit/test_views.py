"""Views: which cases are asked for, from which lists, by whom; a district writes its own without a programmer."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.cases import DECIDE, DESK, HANDLE, JOINT, LEAD, SUPERVISE, Task
from chalicelib.domain.grid import Area
from chalicelib.domain.people import StaffMember
from chalicelib.domain.policy import Policy, View
from chalicelib.domain.records import CaseSummary
from chalicelib.domain.views import asked_for, lists_asked, may_ask
from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import policy_from
from tests.conftest import PACK

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SIX_DUTIES = ["矛盾纠纷联调", "社会治安联防", "重点工作联动", "突出问题联治", "服务管理联抓", "平安建设联创"]
WORK = ["我的上报", "待甄别", "待受理", "待处置", "待核查", "待协同", "待审批", "待督办", "超时"]


def view(**conditions: Any) -> View:
    everything: dict[str, Any] = {
        **{"id": "a-view", "zh": "视图", "en": "A view", "asks": "area", "open": None, "overdue": False, "rank": 0},
        **{"kinds": (), "categories": (), "urgencies": (), "states": (), "turns": (), "tasks": ()},
    }
    return View(**{**everything, **conditions})


def case(**known: Any) -> CaseSummary:
    item = CaseSummary(
        case_id="01KAMZ8Y4V6T2QW9R3N5C7XB1D",
        tracking_code="7K3M9QXA",
        version=1,
        state="assigned",
        kind="hazard",
        category="missing-manhole-cover",
        urgency="urgent",
        area=Area("3203020010020101", ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "第1网格")),
        unit="urban-management",
        due_at=NOW + timedelta(hours=1),
        opened_at=NOW,
        updated_at=NOW,
        visit=None,
        turn="lead",
        procedure="hazard",
        level="community",
    )
    return item._replace(**known)


@pytest.mark.parametrize(
    ("conditions", "known", "asked"),
    [
        ({}, {}, True),
        ({}, {"kind": None, "category": None, "due_at": None}, True),
        ({"open": True}, {}, True),
        ({"open": True}, {"state": "closed"}, False),
        ({"open": False}, {"state": "closed"}, True),
        ({"open": False}, {}, False),
        ({"kinds": ("hazard", "dispute")}, {}, True),
        ({"kinds": ("dispute",)}, {}, False),
        ({"kinds": ("hazard",)}, {"kind": None}, False),
        ({"categories": ("missing-manhole-cover",)}, {}, True),
        ({"categories": ("gas-leak",)}, {}, False),
        ({"urgencies": ("urgent", "major")}, {}, True),
        ({"urgencies": ("major",)}, {}, False),
        ({"states": ("assigned",)}, {}, True),
        ({"states": ("accepted",)}, {}, False),
        ({"turns": ("lead",)}, {}, True),
        ({"turns": ("desk", "visitor")}, {}, False),
        ({"tasks": ("handle",)}, {}, True),
        ({"tasks": ("joint", "decide")}, {}, False),
        ({"tasks": ("handle",)}, {"task": Task("water", "joint", None)}, False),
        ({"tasks": ("joint",)}, {"task": Task("water", "joint", None)}, True),
        ({}, {"task": Task("water", "joint", None)}, True),
        ({"overdue": True}, {}, False),
        ({"overdue": True}, {"due_at": NOW - timedelta(microseconds=1)}, True),
        ({"overdue": True}, {"due_at": NOW}, False),
        ({"overdue": True}, {"due_at": None}, False),
        ({"kinds": ("hazard",), "states": ("accepted",)}, {}, False),
        ({"kinds": ("hazard",), "states": ("assigned",), "urgencies": ("urgent",), "open": True}, {}, True),
    ],
)
def test_every_condition_must_hold_and_one_left_out_does(
    policy: Policy, conditions: dict[str, Any], known: dict[str, Any], asked: bool
) -> None:
    assert asked_for(view(**conditions), case(**known), NOW, policy) is asked


@pytest.mark.parametrize(
    ("conditions", "kinds_seen", "lists"),
    [
        ({"kinds": ("hazard",), "open": True}, (), [("hazard", True)]),
        ({"kinds": ("hazard",), "open": False}, (), [("hazard", False)]),
        ({"kinds": ("hazard",)}, (), [("hazard", True), ("hazard", False)]),
        ({"kinds": ("hazard",), "overdue": True}, (), [("hazard", True)]),
        ({"kinds": ("hazard",), "states": ("closed",)}, (), [("hazard", False)]),
        ({"kinds": ("hazard",), "states": ("assigned", "accepted")}, (), [("hazard", True)]),
        ({"kinds": ("hazard",), "states": ("resolved", "closed")}, (), [("hazard", True), ("hazard", False)]),
        ({"categories": ("noise",), "open": True}, (), [("dispute", True)]),
        ({"kinds": ("hazard", "dispute"), "open": True}, ("dispute",), [("dispute", True)]),
        ({"kinds": ("hazard",), "open": True}, ("dispute",), []),
        ({"open": True}, ("dispute",), [("dispute", True)]),
    ],
)
def test_only_the_lists_are_read_that_can_hold_what_is_asked_for(
    policy: Policy, conditions: dict[str, Any], kinds_seen: tuple[str, ...], lists: list[tuple[str | None, bool]]
) -> None:
    assert lists_asked(view(**conditions), kinds_seen, policy) == lists


def test_without_a_kind_all_are_read_and_what_is_not_classified_yet(policy: Policy) -> None:
    asked = lists_asked(view(open=True), (), policy)
    assert set(asked) == {(kind, True) for kind in (None, *policy.kinds)} and len(asked) == len(policy.kinds) + 1


@pytest.mark.parametrize(
    ("role", "asks"),
    [
        ("grid-worker", "area mine"),
        ("station", "area mine unit"),
        ("street", "area mine unit"),
        ("department", "mine unit"),
        ("linkage-centre", "area mine unit"),
        ("petition-office", "area mine unit"),
        ("administrator", "area mine unit"),
        ("mediator", "area mine"),
        ("leader", "area mine unit"),
        ("auditor", "area mine"),
        ("emperor", ""),
    ],
)
def test_who_reads_queues_asks_units_and_who_reads_cases_by_area_asks_areas(
    policy: Policy, role: str, asks: str
) -> None:
    somebody = StaffMember("x", role, "health", ("320302",))
    found = [each for each in ("area", "mine", "unit") if may_ask(somebody, view(asks=each), policy)]
    assert found == asks.split()


def test_the_pack_has_the_six_duties_and_everybodys_work_in_this_order(policy: Policy) -> None:
    ordered = sorted(policy.views.values(), key=lambda each: each.rank)
    assert [each.zh for each in ordered if each.zh in SIX_DUTIES + WORK] == SIX_DUTIES + WORK
    duties = [each for each in ordered if each.zh in SIX_DUTIES]
    assert {each.asks for each in duties} == {"area"}
    covered = {kind for each in duties for kind in each.kinds or policy.kinds}
    assert covered == set(policy.kinds), "every kind of matter is some duty's"


def test_whatever_waits_at_a_unit_is_in_some_view_of_its_work_overdue_or_not(policy: Policy) -> None:
    work = [each for each in policy.views.values() if each.asks == "unit" and not each.overdue]
    states = [state for procedure in policy.procedures.values() for state in procedure.states.values()]
    waiting = {(state.id, state.turn, HANDLE) for state in states if state.turn in (DESK, LEAD)}
    waiting |= {(state.id, state.turn, what) for state in states if state.open for what in (JOINT, DECIDE, SUPERVISE)}
    assert len(waiting) > 20
    for state_id, turn, what in sorted(waiting):
        item = case(state=state_id, turn=turn, task=Task("water", what, NOW) if what != HANDLE else None)
        assert any(asked_for(each, item, NOW, policy) for each in work), (state_id, what)


def test_a_district_writes_a_view_without_a_programmer(policy: Policy, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    with (pack / "views.toml").open("a", encoding="utf-8") as views:
        views.write(
            '\n[[view]]\nid = "rentals"\nzh = "群租整治"\nen = "Crowded rentals"\nasks = "area"\n'
            'categories = ["group-rental"]\nstates = ["assigned", "accepted"]\n'
        )
    grown = policy_from(json.loads(compile_pack(pack)))
    added = grown.views["rentals"]
    assert (added.zh, added.rank, added.open) == ("群租整治", len(policy.views), None)
    assert lists_asked(added, (), grown) == [("population", True)]
    assert asked_for(added, case(kind="population", category="group-rental"), NOW, grown)
    assert not asked_for(added, case(kind="population", category="floating-population"), NOW, grown)


def test_a_kind_that_the_pack_no_longer_has_is_not_asked_for(policy: Policy) -> None:
    lesser = replace(policy, kinds={kind: each for kind, each in policy.kinds.items() if kind != "hazard"})
    assert ("hazard", True) not in lists_asked(view(open=True), (), lesser)
