"""A kind of matter that no code knows goes its own way, by its own clock and with its own words, from data alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.domain.case_file import file_of
from chalicelib.domain.errors import InvalidField
from chalicelib.domain.explaining import explain
from chalicelib.domain.narrating import told
from chalicelib.domain.policy import Policy
from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import read_policy
from chalicelib.services.sweep import Sweep
from tests.conftest import PACK, REGION
from tests.world import Kept, World, lay_grid, officer_of

WEDNESDAY = datetime(2026, 9, 30, 2, 15, tzinfo=UTC)  # before the holidays of October

KIND = '[[kind]]\nid = "heritage"\nzh = "文物保护"\nen = "Heritage"\n\n'
USE = '[[use]]\nprocedure = "heritage"\nkinds = ["heritage"]\n\n'
CATEGORY = """
[[category]]
id = "old-wall"
zh = "古城墙"
en = "Old city wall"
keywords = ["古城墙", "文物"]
containment = "district"
lead = "culture-tourism"
joint = []
urgency = "ordinary"
accept = "PT4H"
resolve = "30 日"
closes_after = "P7D"
"""
PROCEDURE = """
id = "heritage"
zh = "文物保护程序"
en = "Heritage"

[[state]]
id = "screening"
zh = "甄别中"
en = "Screening"
open = true
turn = "desk"
public = "已收到"

[[state]]
id = "assigned"
zh = "待受理"
en = "Assigned"
open = true
turn = "lead"
public = "已派文物部门"

[[state]]
id = "surveying"
zh = "现场勘查"
en = "Surveying"
open = true
turn = "lead"
public = "文物部门正在勘查"

[[state]]
id = "protecting"
zh = "保护施工"
en = "Protecting"
open = true
turn = "lead"
public = "正在采取保护措施"

[[state]]
id = "answered"
zh = "已答复"
en = "Answered"
open = true
turn = "nobody"
public = "已答复，等待归档"

[[state]]
id = "closed"
zh = "已归档"
en = "Closed"
open = false
turn = "nobody"
public = "已归档"

[[action]]
id = "classify"
zh = "甄别派单"
en = "Classify"
does = "classify"
states = ["screening"]
to = "assigned"
requires = ["category", "area"]
actors = ["screening"]

[[action]]
id = "accept"
zh = "受理"
en = "Accept"
does = "accept"
states = ["assigned"]
to = "surveying"
actors = ["lead"]

[[action]]
id = "survey"
zh = "勘查完毕"
en = "Surveyed"
does = "advance"
states = ["surveying"]
to = "protecting"
requires = ["note"]
actors = ["lead"]

[[action]]
id = "resolve"
zh = "保护完毕"
en = "Protected"
does = "resolve"
states = ["protecting"]
to = "answered"
requires = ["note"]
actors = ["lead"]

[[clock]]
id = "survey"
zh = "勘查"
en = "Survey"
runs_in = ["surveying"]
met_in = ["protecting"]
limit = "3 工作日"
warn_left = 50
again = "P1D"
article = "文物保护办法第九条"

[[action]]
id = "receive"
zh = "登记送达"
en = "Received"
does = "advance"
states = ["answered"]
requires = ["on"]
actors = ["lead"]
restarts = ["objecting"]
from_day = true

[[clock]]
id = "objecting"
zh = "提出异议期"
en = "Objecting"
runs_in = ["answered"]
limit = "20 日"
window = true
remind_before = "5 日"
closes = "undisputed"
closes_zh = "期满无异议"
"""
MESSAGES = """
[[template]]
id = "wall"
sms = "【鼓楼网格】文物事项${tracking_code}，${area_zh}，请文物部门派员。"

[[template]]
id = "wall-surveyed"
sms = "【鼓楼网格】文物事项${tracking_code}勘查结果：${note}。"

[[template]]
id = "wall-answered"
sms = "【鼓楼网格】感谢您守护文物！事项${tracking_code}：${note}。"

[[template]]
id = "wall-objecting"
sms = "【鼓楼网格】文物事项${tracking_code}${clock_zh}至${due_at}届满。"

[[notice]]
event = "clock.warned.v1"
audience = "lead-duty"
channels = ["sms"]
template = "wall-objecting"
clocks = ["objecting"]

[[notice]]
event = "case.assigned.v1"
audience = "lead-duty"
channels = ["sms"]
template = "wall"
kinds = ["heritage"]

[[notice]]
event = "case.advanced.v1"
audience = "lead-duty"
channels = ["sms"]
template = "wall-surveyed"
kinds = ["heritage"]

[[notice]]
event = "case.resolved.v1"
audience = "reporters"
channels = ["sms"]
template = "wall-answered"
kinds = ["heritage"]

"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    pack = Path(shutil.copytree(PACK, tmp_path_factory.mktemp("made-up") / "gulou"))
    (pack / "categories" / "heritage.toml").write_text(CATEGORY, "utf-8")
    (pack / "procedures" / "heritage.toml").write_text(PROCEDURE, "utf-8")
    _put_before(pack / "pack.toml", "[[kind]]", KIND)
    _put_before(pack / "pack.toml", "[[use]]", USE)
    _put_before(pack / "messages.toml", "[[notice]]", MESSAGES)
    _put_before(pack / "roles.toml", '"case.mediate"', '"case.survey", "case.receive", ')
    return read_policy(compile_pack(pack))


def _put_before(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    path.write_text(text.replace(old, new + old) if old.startswith('"') else text.replace(old, new + old, 1), "utf-8")


@pytest.fixture
def world(connection: Any, tables: dict[str, str], policy: Policy) -> World:
    reference = boto3.resource("dynamodb", REGION).Table(tables["Reference"])
    lay_grid(reference)
    world = World(connection, reference, policy, WEDNESDAY)
    for unit in ("culture-tourism", "linkage-centre"):
        world.on_duty(unit, unit)
    return world


class Taken:
    """Does at once what is found to be due."""

    def __init__(self, world: World) -> None:
        self.world = world

    def put(self, subjects: Sequence[str]) -> None:
        for subject in subjects:
            self.world.acting.fall_due(subject, "r")


def _told(world: World, case_id: str, event_type: str) -> list[str]:
    world.texts.sent.clear()
    world.mails.sent.clear()
    world.alerts.tell(world.happenings(case_id, event_type)[-1])
    return [text for _, text in world.texts.sent]


def _swept(world: World, at: datetime) -> None:
    world.clock.at = at
    Sweep(world.store, Taken(world), world.clock).run()


def test_a_made_up_kind_runs_from_report_to_archive(world: World) -> None:
    receipt = world.submit(text="古城墙被人挖砖")
    case_id, officer = receipt.case_id, officer_of("culture-tourism")
    case = world.case(case_id)
    assert (case.kind, case.procedure, case.state, case.lead) == ("heritage", "heritage", "assigned", officer.unit)
    (text,) = _told(world, case_id, "case.assigned.v1")
    assert "请文物部门派员" in text and text.endswith(f"[{case.tracking_code}-1.3]")
    assert len(world.mails.sent) == 1  # by mail, the words that all kinds have

    world.act(case_id, "accept", officer)
    (clock,) = world.case(case_id).clocks
    assert clock.name == "survey"
    assert clock.due_at == datetime(2026, 10, 10, 16, tzinfo=UTC)  # 8, 9 and the worked Saturday 10 October

    assert clock.next_at is not None
    _swept(world, clock.next_at)
    (text,) = _told(world, case_id, "clock.warned.v1")
    assert "勘查时限10-10 24:00将到" in text
    _swept(world, clock.due_at)
    officers, supervisor = _told(world, case_id, "clock.breached.v1")
    assert "勘查时限10-10 24:00已过" in officers and "督办（第1次）" in supervisor
    assert [address for address, _ in world.mails.sent] == ["culture-tourism@example.org", "linkage-centre@example.org"]

    world.act(case_id, "survey", officer, note="南段缺损三处")
    assert world.case(case_id).state == "protecting"
    (text,) = _told(world, case_id, "case.advanced.v1")
    assert "勘查结果：南段缺损三处" in text
    ended = world.happenings(case_id, "case.advanced.v1")[-1].data["timing"]["ended"]
    assert ended == {"survey": "late"}

    world.act(case_id, "resolve", officer, note="已修复并设置围栏")
    (text,) = _told(world, case_id, "case.resolved.v1")
    assert "感谢您守护文物" in text and "已修复并设置围栏" in text

    assert world.clock.now() == datetime(2026, 10, 10, 16, tzinfo=UTC)  # the 11th begins
    with pytest.raises(InvalidField):
        world.act(case_id, "receive", officer, on=date(2026, 10, 12))
    world.clock.at = datetime(2026, 10, 14, 1, tzinfo=UTC)
    world.act(case_id, "receive", officer, on=date(2026, 10, 12))
    case = world.case(case_id)
    assert case.closes_at == datetime(2026, 11, 1, 16, tzinfo=UTC)  # with the end of 1 November, a Sunday
    assert case.next_timer == datetime(2026, 10, 27, 16, tzinfo=UTC)  # 28, 29, 30, 31, 1: five days are left
    _swept(world, case.next_timer)
    (text,) = _told(world, case_id, "clock.warned.v1")
    assert "提出异议期至11-01 24:00届满" in text and "抓紧" not in text
    assert world.case(case_id).next_timer == case.closes_at
    _swept(world, case.closes_at)
    case = world.case(case_id)
    assert (case.state, case.outcome, case.due_at) == ("closed", "undisputed", None)
    history = world.store.history(case_id)
    assert told(history, lambda version: world.policy)[-1].what == "归档：期满无异议，化解于区一级"
    assert ("办理结果", "期满无异议") in file_of(history, lambda version: world.policy, world.clock.now()).outcome
    objecting = [each for each in explain(history, Kept(world.policy)) if each.clock.name == "objecting"][-1]
    assert "期间届满，事项归档：期满无异议" in [step.zh for step in objecting.steps]
    assert _told(world, case_id, "case.closed.v1") == []
