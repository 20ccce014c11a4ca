"""Intake on the real store: placed, screened, routed, durable, and once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import boto3
import pytest

from chalicelib.domain.cases import replay
from chalicelib.domain.errors import (
    IdempotencyConflict,
    OutsideDistrict,
    UnknownArea,
    UnknownAttachment,
    UnknownCategory,
)
from chalicelib.domain.grid import Position
from chalicelib.domain.people import Reporter, StaffMember, may_see
from chalicelib.models.case_rows import CasesRow
from tests.world import CELL, COMMUNITY, LINKAGE, STATION, World, officer_of

OFFICE = StaffMember("p1", "petition-office", "petition-office", ("320302",))


def test_a_report_with_a_point_and_telling_words_is_assigned_in_its_cell(world: World) -> None:
    receipt = world.submit(text="三号楼前井盖缺失")
    assert (receipt.state, receipt.category, receipt.kind) == ("assigned", "missing-manhole-cover", "hazard")
    assert receipt.area is not None and receipt.area.code == CELL
    assert receipt.area.path[:3] == ("鼓楼区", "黄楼街道", "万通社区")
    assert receipt.unit_id == world.policy.categories["missing-manhole-cover"].lead
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{8}", receipt.tracking_code)
    assert receipt.policy_version == world.policy.version


def test_the_words_that_decided_are_written_down(world: World) -> None:
    receipt = world.submit(text="三号楼前井盖缺失")
    classified = next(e for e in world.store.history(receipt.case_id) if e.type == "case.classified.v1")
    assert classified.data["chosen_by"] == "words"
    assert "井盖" in "".join(classified.data["words"])


def test_what_cannot_be_classified_lies_at_the_station_of_its_community(world: World) -> None:
    receipt = world.submit(text="想咨询一下")
    assert (receipt.state, receipt.category, receipt.unit_id) == ("screening", None, f"centre-{COMMUNITY}")


def test_a_petition_without_a_place_lies_at_the_petition_office_and_not_with_whom_it_may_accuse(world: World) -> None:
    receipt = world.text("举报联动中心主任优亲厚友")
    assert (receipt.kind, receipt.state, receipt.unit_id) == ("petition", "screening", "petition-office")
    case = world.act(receipt.case_id, "classify", OFFICE, category="petition-official-conduct", area=COMMUNITY)
    assert (case.state, case.lead, case.desk) == ("assigned", "petition-office", "petition-office")
    assert not may_see(LINKAGE, case, world.policy)


def test_what_has_no_place_lies_at_the_linkage_centre_even_when_its_words_are_plain(world: World) -> None:
    receipt = world.text("路口井盖缺失")
    assert (receipt.state, receipt.unit_id, receipt.area) == ("screening", "linkage-centre", None)
    assert receipt.category == "missing-manhole-cover"


def test_a_petition_goes_to_the_petition_office_alone(world: World) -> None:
    category = next(c for c in world.policy.categories.values() if c.kind == "petition")
    receipt = world.submit(text="反映一件事", category=category.id)
    case = world.case(receipt.case_id)
    assert (case.lead, case.joint_units, case.desk) == ("petition-office", (), "petition-office")


def test_a_repeat_gets_the_first_answer_though_the_case_has_moved_on(world: World) -> None:
    report = world.report()
    first = world.submit(report)
    world.act(first.case_id, "return", officer_of(first.unit_id), reason="不属于我单位")
    assert world.submit(report) == first


def test_the_same_id_with_other_content_is_a_conflict(world: World) -> None:
    report = world.report()
    world.submit(report)
    with pytest.raises(IdempotencyConflict):
        world.submit(replace(report, text="别的事", fingerprint="other"))


def test_sent_many_times_at_once_is_one_case(world: World) -> None:
    report = world.report()
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: world.submit(report), range(8)))
    assert len({r.case_id for r in receipts}) == 1


@pytest.mark.parametrize(
    ("said", "error", "field"),
    [
        ({"position": Position(34.0, 117.0)}, OutsideDistrict, "position"),
        ({"position": None, "area_code": "999"}, UnknownArea, "area"),
        ({"category": "flying-saucer"}, UnknownCategory, "category"),
        ({"media": ("nobody-announced-this",)}, UnknownAttachment, "media[0]"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_stored(
    world: World, said: dict[str, object], error: type[Exception], field: str
) -> None:
    report = world.report(**said)
    with pytest.raises(error) as caught:
        world.submit(report)
    assert caught.value.field == field  # type: ignore[attr-defined]
    assert world.store.report(report.id) is None


def test_an_area_named_wins_over_a_point_some_metres_outside_it(world: World) -> None:
    receipt = world.submit(area_code=CELL[:14])
    assert receipt.area is not None and receipt.area.code == CELL


def test_the_row_equals_the_replay_of_its_events(world: World) -> None:
    case_id = world.settled()
    world.clock.forward(days=40)
    assert replay(world.store.history(case_id)) == world.case(case_id)


def test_the_reporters_identity_is_in_the_vault_and_nowhere_else(world: World) -> None:
    receipt = world.submit(reporter=Reporter("王小明", "+8613811112222"))
    text = repr(boto3.client("dynamodb", "us-east-1").scan(TableName=CasesRow.Meta.table_name)["Items"])
    assert receipt.case_id in text
    assert "王小明" not in text and "13811112222" not in text
    known = world.store.report(receipt.report_id)
    assert known is not None and known.contactable and known.report.reporter == Reporter()


class TestTextMessages:
    def test_a_second_text_joins_the_open_case(self, world: World) -> None:
        first = world.text("楼上漏水")
        second = world.text("还没有人来")
        assert second.joined and second.case_id == first.case_id
        assert len(world.case(first.case_id).report_ids) == 2

    def test_a_text_that_begins_with_the_word_for_new_opens_another(self, world: World) -> None:
        first = world.text("楼上漏水")
        assert world.text("新 路灯不亮").case_id != first.case_id

    def test_a_named_tracking_code_joins_that_case_whatever_came_since(self, world: World) -> None:
        first = world.text("楼上漏水")
        world.text("新 路灯不亮")
        world.clock.forward(days=20)
        assert world.text(f"新 {first.tracking_code.lower()} 还在漏").case_id == first.case_id

    def test_another_phones_code_joins_nothing(self, world: World) -> None:
        first = world.text("楼上漏水")
        assert not world.text(f"{first.tracking_code} 还在漏", phone="+8613900000099").joined

    def test_after_72_hours_without_a_word_a_text_opens_a_case(self, world: World) -> None:
        first = world.text("楼上漏水")
        world.clock.forward(hours=71.9)
        second = world.text("还没有人来")
        world.clock.forward(hours=72.1)
        third = world.text("路灯不亮")
        assert second.case_id == first.case_id and third.case_id != first.case_id

    def test_the_same_sequence_id_is_one_report(self, world: World) -> None:
        first = world.text("楼上漏水", sequence="7")
        assert world.text("楼上漏水", sequence="7") == first
        assert len(world.case(first.case_id).report_ids) == 1

    def test_the_same_sequence_id_with_other_words_is_kept_and_marked(self, world: World) -> None:
        first = world.text("楼上漏水", sequence="7")
        other = world.text("别的事", sequence="7")
        known = world.store.report(other.report_id)
        assert other.report_id != first.report_id
        assert known is not None and known.report.conflict_of == first.report_id

    def test_an_empty_text_is_a_case(self, world: World) -> None:
        assert world.text("").state == "screening"

    def test_a_closed_case_is_not_joined(self, world: World) -> None:
        first = world.text("路口井盖缺失")
        world.act(first.case_id, "classify", LINKAGE, category="missing-manhole-cover", area=COMMUNITY)
        world.answered(first.case_id)
        world.visit(first.case_id, "satisfied", STATION)
        assert world.text("又坏了").case_id != first.case_id
