"""One matter told by many, on the table: one case, every report its own, whatever comes at once (P2, ADR 37)."""

from __future__ import annotations

import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.domain.events import Actor
from chalicelib.domain.people import Reporter
from chalicelib.domain.reports import Receipt, Report
from chalicelib.models.case_rows import CasesRow
from chalicelib.models.near_rows import NearRow
from tests.world import CELL, COMMUNITY, INSIDE, LINKAGE, World

LIFT = "lift-failure"
COMPOUND = CELL[:14]
TOLD = (
    ("万通花园3#楼2单元电提又坏了,八楼老人下不来", "sms"),
    ("3号楼2单元电梯停在6楼不动", "mobile"),
    ("来电人反映万通花园三号楼二单元电梯停运", "12345"),
    ("三栋2单元的电梯又坏了，上不去楼", "web"),
)


def lay_names(world: World) -> None:
    """What an import of the network leaves of names."""
    names = zlib.compress(json.dumps({COMMUNITY: "万通社区", COMPOUND: "万通花园"}).encode())
    world.reference.put_item(Item={"pk": "NETWORK", "sk": "NAMES#v1", "names": names})


def ten(world: World) -> list[Report]:
    """Ten reports of one lift from four sources, each of its own sender."""
    reports = []
    for number in range(10):
        text, source = TOLD[number % len(TOLD)]
        reports.append(
            world.report(
                text,
                source=source,
                message_id=f"{source}-{number}",
                position=None if source in ("sms", "12345") else INSIDE,
                area_code=COMMUNITY if source == "12345" else None,
                category=LIFT if source in ("mobile", "12345") else None,
                reporter=Reporter(phone=f"+86139000000{number:02d}"),
                submitted_by=None,
            )
        )
    return reports


def take(world: World, report: Report) -> Receipt:
    actor = Actor(report.source, "source")
    if report.source == "sms":
        return world.intake.take_text(report, actor, "r")
    return world.intake.submit(report, actor, "r")


def all_cases(connection: Any) -> int:
    table = str(CasesRow.Meta.table_name)
    return sum(item["sk"]["S"] == "CASE" for item in connection.scan(table)["Items"])


def test_ten_reports_of_four_sources_are_one_case_with_ten_reports(matching_world: World, connection: Any) -> None:
    lay_names(matching_world)
    reports = ten(matching_world)
    receipts = [take(matching_world, report) for report in reports]
    assert all_cases(connection) == 1
    case = matching_world.case(receipts[0].case_id)
    assert case.report_ids == tuple(report.id for report in reports)
    assert (case.category, case.state) == (LIFT, "assigned") and case.area is not None
    assert [take(matching_world, report) for report in reports] == receipts
    for report in reports:
        known = matching_world.store.report(report.id)
        assert known is not None and (known.case_id, known.report.source) == (case.id, report.source)


def test_ten_at_once_are_one_case_and_each_is_answered(matching_world: World, connection: Any) -> None:
    lay_names(matching_world)
    reports = ten(matching_world)
    with ThreadPoolExecutor(10) as pool:
        receipts = list(pool.map(lambda report: take(matching_world, report), reports))
    assert all_cases(connection) == 1
    case = matching_world.case(receipts[0].case_id)
    assert sorted(case.report_ids) == sorted(report.id for report in reports)
    assert [receipt.joined for receipt in receipts].count(False) == 1


def test_opening_writes_where_candidates_lie_and_joining_does_not(matching_world: World) -> None:
    matching_world.submit(text="3号楼2单元电梯坏了", category=LIFT)
    row = NearRow.get(NearRow.key(COMPOUND), NearRow.SK)
    assert row.version == 1 and len(json.loads(row.entries)) == 1
    assert matching_world.submit(text="三号楼二单元电梯坏了", category=LIFT).joined
    assert NearRow.get(NearRow.key(COMPOUND), NearRow.SK).version == 1


def test_the_row_tells_no_phone_and_no_number_of_a_person(matching_world: World) -> None:
    matching_world.submit(text="3号楼2单元电梯坏了，我叫王小明，电话13912345678", category=LIFT)
    assert "139" not in NearRow.get(NearRow.key(COMPOUND), NearRow.SK).entries


def test_a_desk_that_places_a_matter_enters_it_and_is_offered_what_lies_there(matching_world: World) -> None:
    world = matching_world
    told = world.text("3号楼2单元电梯坏了八楼老人下不来")
    assert world.case(told.case_id).area is None
    known = world.submit(text="3号楼2单元电梯坏了", category=LIFT)
    assert not known.joined
    case = world.act(told.case_id, "classify", LINKAGE, area=COMPOUND, category=LIFT)
    assert [offer.case for offer in case.links.offers] == [known.case_id]
    entered = json.loads(NearRow.get(NearRow.key(COMPOUND), NearRow.SK).entries)
    assert {entry[0] for entry in entered} == {told.case_id, known.case_id}


def test_a_matter_that_turns_out_to_be_a_petition_lies_no_longer_where_others_are_compared(
    matching_world: World,
) -> None:
    world = matching_world
    told = world.submit(text="想说一件事", category=None)
    assert len(json.loads(NearRow.get(NearRow.key(COMPOUND), NearRow.SK).entries)) == 1
    world.act(told.case_id, "classify", LINKAGE, category="petition-official-conduct")
    assert json.loads(NearRow.get(NearRow.key(COMPOUND), NearRow.SK).entries) == []
    apart = NearRow.get(NearRow.key(f"{COMPOUND}#confidential"), NearRow.SK)
    assert [entry[0] for entry in json.loads(apart.entries)] == [told.case_id]
