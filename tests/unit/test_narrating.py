"""How a clerk writes it down: what the examples of docs/examples do not show of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import events as E
from chalicelib.domain.events import SYSTEM, Actor, CaseEvent
from chalicelib.domain.grid import place_of
from chalicelib.domain.narrating import actor_words, due_words, moment_words, told
from chalicelib.domain.policy import Policy

STATION, OFFICER = "centre-320302001002", Actor("s1", "department", "urban-management")
DESK = Actor("s2", "station", STATION)
AT = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # the last half hour but one of the year in Gulou
AREA = {"code": "3203020010020101", "path": ["鼓楼区", "黄楼街道", "万通社区", "万通花园", "第一网格"]}
NEW_AREA = {"code": "3203020010020102", "path": ["鼓楼区", "黄楼街道", "万通社区", "万通花园", "第二网格"]}
STANDING = {"state": "accepted", "turn": "lead"}


def begun(policy: Policy) -> list[CaseEvent]:
    """A case of the urban management that another unit works on jointly, accepted."""
    reported = {"report_id": "r1", "source": "mobile", "urgency": "ordinary", "tracking_code": "7K3M9QXA"}
    known = {"kind": "livelihood", "category": "street-light", "urgency": "ordinary", "level": "community"}
    assigned = {"unit": "urban-management", "joint_units": ["power-supply"], "rule": "category:street-light"}
    assigned |= {"desk": STATION, "level": "community", "state": "assigned", "turn": "lead"}
    return [
        _event(policy, 1, 1, E.CASE_REPORTED, {**reported, "procedure": "livelihood"}, DESK),
        _event(policy, 1, 2, E.CASE_CLASSIFIED, {**known, "area": AREA, "words": []}, DESK),
        _event(policy, 1, 3, E.CASE_ASSIGNED, assigned, DESK),
        _event(policy, 2, 1, E.CASE_ACCEPTED, {"unit": "urban-management", **STANDING}, OFFICER),
    ]


def _event(
    policy: Policy, version: int, n: int, event_type: str, data: dict[str, Any], actor: Actor, at: datetime = AT
) -> CaseEvent:
    return CaseEvent("C1", version, n, event_type, at, actor, policy.version, data, "r", "c")


@pytest.mark.parametrize(
    ("event_type", "data", "actor", "sentence"),
    [
        (
            E.CASE_DELEGATED,
            {
                **{"from_unit": "linkage-centre", "unit": "centre-320302001", "from_level": "district"},
                **{"level": "street", "reason": "属街道职责。", "state": "assigned", "turn": "lead"},
            },
            Actor("l1", "linkage-centre", "linkage-centre"),
            "下派：化解层级由区到街道，由鼓楼区社会管理服务联动中心转黄楼街道便民服务中心办理，理由：属街道职责",
        ),
        (
            E.CASE_TRANSFERRED,
            {
                **{"from_unit": "urban-management", "unit": "water", "from_level": "community", "level": "community"},
                **{"reason": "积水点属水务", "state": "assigned", "turn": "lead"},
            },
            OFFICER,
            "流转：由鼓楼区城市管理局转鼓楼区水务局办理，理由：积水点属水务",
        ),
        (
            E.JOINT_REFUSED,
            {"unit": "power-supply", "reason": "不在供电范围"},
            Actor("p1", "department", "power-supply"),
            "不同意协同：理由：不在供电范围",
        ),
        (
            E.JOINT_ACCEPTED,
            {"unit": "power-supply"},
            Actor("a1", "administrator", "linkage-centre"),
            "同意协同（鼓楼供电服务中心）",
        ),
        (
            E.EXTENSION_REFUSED,
            {"clock": "resolve", "reason": "理由不充分", "unit": "urban-management"},
            DESK,
            "不同意延期：办结时限不变，理由：理由不充分",
        ),
        (
            E.CLOCK_BREACHED,
            {
                **{"clock": "resolve", "due_at": "2026-12-31T16:00:00+00:00", "unit": "urban-management", "step": 2},
                **{"escalated_to": "linkage-centre", "again_at": None},
            },
            SYSTEM,
            "超过时限：鼓楼区城市管理局未在办结时限（12月31日24时）内完成，第2次升级，报鼓楼区社会管理服务联动中心督办",
        ),
        (
            E.PETITION_DELIVERED,
            {"on": "2025-12-30", "unit": "petition-office"},
            DESK,
            "送达登记：信访人于2025年12月30日收到书面答复",
        ),
        (
            E.PETITION_HEARD,
            {"days": ["2025-12-30", "2025-12-31"], "unit": "petition-office", "note": "信访人到场。"},
            DESK,
            "举行听证：2025年12月30日至2025年12月31日，信访人到场",
        ),
        (
            E.CLOCK_RECOMPUTED,
            {"clock": "resolve", "due_at": "2027-02-17T16:00:00+00:00", "provisional": False},
            SYSTEM,
            "重算时限：放假安排公布后，办结时限改为2027年2月17日24时",
        ),
        (
            E.CASE_RESOLVED,
            {
                **{
                    "note": "已更换灯泡。",
                    "report_ids": ["r1"],
                    "close_at": "2027-01-03T00:00:00+00:00",
                    "state": "resolved",
                    "turn": "visitor",
                },
                **{"open_joint": ["power-supply"], "timing": {"ended": {"resolve": "met"}}},
            },
            OFFICER,
            "办结答复：已更换灯泡（在办结时限内）；协办单位鼓楼供电服务中心的协同尚未完成",
        ),
        (
            E.CASE_ASSIGNED,
            {
                **{
                    "unit": "urban-management",
                    "joint_units": [],
                    "rule": "lamps",
                    "desk": STATION,
                    "level": "community",
                },
                **{"why": ["category=street-light", "urgency=ordinary"], "state": "assigned", "turn": "lead"},
            },
            DESK,
            "派单：主办单位鼓楼区城市管理局，依据派单规则（类别为路灯照明，紧急程度为普通，编号lamps）",
        ),
        (
            E.CASE_RESUMED,
            {"unit": "urban-management", "note": "灯具到货", **STANDING},
            OFFICER,
            "恢复办理：灯具到货",
        ),
        (
            E.CASE_MOVED,
            {"from_area": AREA, "area": NEW_AREA, "decided_by": "parent", "network": "v2"},
            Actor("network", "system"),
            "网格调整：由鼓楼区黄楼街道万通社区万通花园第一网格划归鼓楼区黄楼街道万通社区万通花园第二网格，"
            "主办单位和时限不变",
        ),
        (
            E.CASE_MIGRATED,
            {"from_version": "old", "procedure": "livelihood"},
            Actor("o1", "administrator", None),
            "改用新版政策，按民生事项办理程序办理，已起算的时限不变",
        ),
        (
            E.CASE_ADVANCED,
            {"did": "contact", "did_zh": "联系诉求人", "note": "已联系", "done_at": "2026-12-31T07:10:00+00:00"},
            OFFICER,
            "联系诉求人：已联系；实际办理时间12月31日15时10分（以办理人设备为准）",
        ),
        (
            E.CASE_ACCEPTED,
            {
                **{"unit": "urban-management", **STANDING, "clocks": {"resolve": "2027-01-07T16:00:00+00:00"}},
                "timing": {"ended": {"accept": "late"}, "provisional": ["resolve"]},
            },
            OFFICER,
            "受理（已超过受理时限）；应于2027年1月7日24时前办结（所涉年度放假安排未公布，暂定）",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".v1") else "",
)
def test_what_happened_is_a_sentence(
    event_type: str, data: dict[str, Any], actor: Actor, sentence: str, policy: Policy
) -> None:
    history = [*begun(policy), _event(policy, 3, 1, event_type, data, actor)]
    assert told(history, lambda version: policy)[-1].what == sentence


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"), "鼓楼区黄楼街道万通社区万通花园第1网格"),
        (("万通社区", "万通花园", "第1网格"), "万通社区万通花园第1网格"),
        (("黄楼街道", "黄楼街道"), "黄楼街道黄楼街道"),
        ((), ""),
    ],
)
def test_a_place_does_not_say_a_name_twice(names: tuple[str, ...], place: str) -> None:
    assert place_of(names) == place


def test_what_ends_with_a_day_ends_at_24_and_the_time_is_the_districts(policy: Policy) -> None:
    midnight = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert due_words(midnight, policy) == "2026年12月31日24时"
    assert due_words(midnight + timedelta(minutes=5), policy) == "2027年1月1日00时05分"
    assert moment_words(midnight, policy) == "2027年1月1日00时00分"


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        (Actor("w1", "grid-worker", STATION), "万通社区便民服务中心网格员"),
        (DESK, "万通社区便民服务中心"),
        (Actor("12345", "source"), "12345热线"),
        (Actor("sms", "source"), "群众短信"),
        (SYSTEM, "系统"),
        (Actor("a1", "administrator", None), "系统管理员"),
        (Actor("x", "no-such-role", "no-such-unit"), "no-such-unit"),
    ],
)
def test_who_did_it_is_the_unit_and_the_post_of_who_is_no_clerk_of_it(actor: Actor, words: str, policy: Policy) -> None:
    assert actor_words(actor, policy) == words


def test_every_event_has_a_line_and_what_the_rules_alone_did_is_the_systems(policy: Policy) -> None:
    lines = told(begun(policy), lambda version: policy)
    assert [line.who for line in lines] == ["万通社区便民服务中心", "系统", "系统", "鼓楼区城市管理局"]
    assert lines[0].text == (
        "2026年12月31日23时30分　万通社区便民服务中心　收到反映：编号7K3M9QXA，来源网格员手机上报，紧急程度普通"
    )
