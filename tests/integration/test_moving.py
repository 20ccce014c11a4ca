"""When areas end: open cases go on where the ground went, once each, and closed ones stay in the grid of their day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.domain.audit import Origin
from chalicelib.domain.cases import replay
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.events import Actor
from chalicelib.domain.grid import Position
from chalicelib.domain.network import heirs
from chalicelib.domain.people import StaffMember
from chalicelib.domain.policy import Policy
from chalicelib.models.audit_store import DynamoAuditLog
from chalicelib.models.case_rows import CaseRow, case_key
from chalicelib.models.policy_store import DynamoPolicies
from chalicelib.models.reference_store import DynamoGrid
from chalicelib.services.moving import Move, Moving, Succession
from infra.network.importing import Importer
from infra.network.known import known_network
from infra.network.moving import succession_of
from infra.policy.kept import every_unit
from tests.conftest import REGION
from tests.network import CELLS, COMMUNITY, SIDE, SOUTH, WEST, split, table_of, tables, write
from tests.world import World

LATER = "2027-01-01"
WEST_HALF, EAST_HALF, MERGED = (f"{COMMUNITY}{end}" for end in ("0103", "0104", "0203"))
BY = Origin(Actor("arn:aws-cn:iam::123456789012:user/li.wei", "operator"), "command", "run")
WORKER = StaffMember("w1", "grid-worker", f"centre-{COMMUNITY}", (COMMUNITY,))


class Grown(World):
    """A world on an imported network."""

    def __init__(self, connection: Any, reference: Any, policy: Policy, now: datetime, importer: Importer) -> None:
        super().__init__(connection, reference, policy, now)
        self.importer = importer
        self.grid = DynamoGrid(connection)
        self.moving = Moving(self.store, self.grid, policy, self.clock)


@pytest.fixture
def grown(connection: Any, tables: dict[str, str], policy: Policy, pack_file: Path, tmp_path: Path) -> Grown:
    """A small network, and ahead of its day the one in which a cell is split and two are merged."""
    importer = Importer(table_of(boto3.client("dynamodb", REGION), tables["Reference"]), pack_file.read_bytes())
    importer.bring_in(write(tmp_path / "1"))
    said = {name: rows for name, rows in _people().items() if name != "absences.csv"}
    said["posts.csv"] = said["posts.csv"][:1]
    importer.bring_in(write(tmp_path / "2", split(), said, LATER))
    reference = boto3.resource("dynamodb", REGION).Table(tables["Reference"])
    return Grown(connection, reference, policy, datetime(2026, 12, 30, 2, 0, tzinfo=UTC), importer)


def _people() -> dict[str, list[dict[str, str]]]:
    said = tables()
    for row in said["staff.csv"]:
        row["areas"] = COMMUNITY
    return said


def at(x: float) -> Position:
    return Position(SOUTH + SIDE / 2, WEST + x * SIDE)


def succession(world: Grown, day: str = LATER) -> Succession:
    return succession_of(known_network(world.importer.table), day)


def move_all(world: Grown) -> list[Move]:
    ended = succession(world)
    found = list(world.moving.moves(ended))
    for each in found:
        world.moving.move(each.case_id, ended, BY)
    return found


def new_year(world: Grown) -> None:
    world.clock.at = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # half past midnight in the district


def test_a_case_goes_to_the_half_its_position_lies_in(grown: Grown) -> None:
    west, east = (grown.submit(position=at(x)).case_id for x in (0.2, 0.8))
    elsewhere = grown.submit(position=at(1.5)).case_id
    new_year(grown)
    assert {(move.case_id, move.decided_by) for move in move_all(grown)} == {(west, "position"), (east, "position")}
    assert [grown.case(case).area.code for case in (west, east, elsewhere)] == [  # type: ignore[union-attr]
        WEST_HALF,
        EAST_HALF,
        CELLS[1],
    ]


def test_merged_cells_have_one_successor_and_an_unplaced_case_is_marked_to_be_looked_at(grown: Grown) -> None:
    merged = grown.submit(position=at(3.5)).case_id
    unplaced = grown.submit(position=None, area_code=CELLS[0]).case_id
    new_year(grown)
    assert {(move.case_id, move.decided_by) for move in move_all(grown)} == {
        (merged, "only-successor"),
        (unplaced, "lowest-code"),
    }
    (event,) = grown.happenings(unplaced, "case.moved.v1")
    assert event.data["from_area"]["code"] == CELLS[0] and event.data["area"]["code"] == WEST_HALF
    assert event.data["area"]["path"][-1] == "万通社区第5网格"
    assert event.data["decided_by"] == "lowest-code"
    assert event.data["network"] == succession(grown).network


def test_who_must_act_by_when_stays_and_the_history_replays(grown: Grown) -> None:
    case_id = grown.submit(position=at(0.2)).case_id
    before = grown.case(case_id)
    new_year(grown)
    move_all(grown)
    after = grown.case(case_id)
    assert (after.unit, after.desk, after.clocks, after.state) == (
        before.unit,
        before.desk,
        before.clocks,
        before.state,
    )
    assert after.version == before.version + 1
    assert replay(grown.store.history(case_id)) == after
    actor = grown.store.history(case_id)[-1].actor
    assert (actor.id, actor.role) == ("system", "system")
    (entry, *_), _ = DynamoAuditLog().page("case", case_id, 5, None)
    assert (entry.what, entry.reader, entry.role, entry.source, entry.request) == (
        "case.moved.v1",
        BY.actor.id,
        "operator",
        "command",
        "run",
    )


def test_doing_it_again_moves_nothing(grown: Grown) -> None:
    case_id = grown.submit(position=at(0.2)).case_id
    new_year(grown)
    move_all(grown)
    version = grown.case(case_id).version
    assert move_all(grown) == []
    assert grown.moving.move(case_id, succession(grown), BY) is None
    assert grown.case(case_id).version == version


def test_nothing_moves_before_the_day(grown: Grown) -> None:
    grown.submit(position=at(0.2))
    assert succession(grown, "2026-12-31").heirs == {}
    assert list(grown.moving.moves(succession(grown, "2026-12-31"))) == []


def test_cases_are_found_whatever_they_wait_for(grown: Grown) -> None:
    """Queued with clocks running, queued with all clocks run out, settled with its visit planned, and due."""
    running, breached = (grown.submit(position=at(0.2)).case_id for _ in range(2))
    planned, due = (grown.settled(position=at(0.2)) for _ in range(2))
    grown.visit_falls_due(due)
    grown.clock.at += timedelta(days=400)
    grown.acting.fall_due(breached, "r")
    assert grown.case(breached).next_timer is None
    found = {move.case_id for move in grown.moving.moves(succession(grown))}
    assert found == {running, breached, planned, due}


def test_cases_of_a_unit_that_the_policy_has_no_more_are_found(grown: Grown, policy: Policy, pack_file: Path) -> None:
    """All their clocks have run out: they are in the queue of the abolished unit, and nowhere else."""
    case_id = grown.submit(position=at(0.2)).case_id
    grown.clock.at += timedelta(days=400)
    grown.acting.fall_due(case_id, "r")
    gone = grown.case(case_id).units
    later = replace(policy, units={unit: each for unit, each in policy.units.items() if unit not in gone})
    DynamoPolicies().keep(policy.version, pack_file.read_bytes(), grown.clock.at)
    for units, found in ((later.units, []), (every_unit(DynamoPolicies(), *later.units), [case_id])):
        moving = Moving(grown.store, grown.grid, later, grown.clock, units)
        assert [each.case_id for each in moving.moves(succession(grown))] == found


def test_the_visit_is_looked_for_where_the_case_went(grown: Grown) -> None:
    case_id = grown.settled(position=at(3.5))
    grown.visit_falls_due(case_id)
    new_year(grown)
    move_all(grown)
    row = CaseRow.get(case_key(case_id), CaseRow.SK)
    assert row.queue_order.startswith(MERGED) and row.queue.endswith(COMMUNITY)
    assert [item.case_id for item in grown.store.due_visits(MERGED, 10, None).items] == [case_id]


def test_a_closed_case_keeps_the_grid_of_its_day(grown: Grown) -> None:
    case_id = grown.settled(position=at(0.2))
    grown.visit_falls_due(case_id)
    grown.visit(case_id, "satisfied", WORKER)
    new_year(grown)
    assert move_all(grown) == []
    assert grown.case(case_id).area.code == CELLS[0]  # type: ignore[union-attr]


def test_a_case_that_changes_meanwhile_is_moved_as_it_is_then(grown: Grown, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = grown.submit(position=at(0.2)).case_id
    new_year(grown)
    save, refused = grown.store.save, iter([True, False])

    def save_once_refused(*asked: Any) -> None:
        if next(refused):
            raise StaleVersion()
        save(*asked)

    monkeypatch.setattr(grown.store, "save", save_once_refused)
    assert grown.moving.move(case_id, succession(grown), BY) is not None
    assert grown.case(case_id).area.code == WEST_HALF  # type: ignore[union-attr]


def test_a_case_of_an_area_that_ended_on_purpose_stays_and_is_told(grown: Grown) -> None:
    case_id = grown.submit(position=at(0.2)).case_id
    new_year(grown)
    nobody = Succession("v", {CELLS[0]: []})
    (found,) = grown.moving.moves(nobody)
    assert (found.case_id, found.to) == (case_id, None)
    assert grown.moving.move(case_id, nobody, BY) is None


def test_a_new_report_falls_into_the_new_cell_by_itself_on_the_day(grown: Grown) -> None:
    assert grown.case(grown.submit(position=at(0.2)).case_id).area.code == CELLS[0]  # type: ignore[union-attr]
    new_year(grown)
    assert grown.case(grown.submit(position=at(0.2)).case_id).area.code == WEST_HALF  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("successors", "in_force", "expected"),
    [
        ({"a": ["b"]}, {"b"}, ["b"]),
        ({"a": ["b", "c"], "b": ["d"]}, {"c", "d"}, ["c", "d"]),
        ({"a": ["b"], "b": ["c", "d"], "c": ["d"]}, {"d"}, ["d"]),
        ({"a": ["b"], "b": ["a"]}, set(), []),
        ({}, {"b"}, []),
    ],
)
def test_heirs_are_followed_through_versions(
    successors: dict[str, list[str]], in_force: set[str], expected: list[str]
) -> None:
    assert heirs("a", successors, in_force) == expected
