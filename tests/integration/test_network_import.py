"""Importing a network: planned first, applied whole or not at all, finished when run again, the same when repeated."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.domain.grid import Position, cell_at
from chalicelib.models.reference_store import DynamoGrid, DynamoRoster
from infra.network.apply import PlanHasFaults
from infra.network.export import export
from infra.network.importing import Importer, ImportRefused
from infra.network.plan import Plan
from infra.network.table import ImportUnderWay, ReferenceTable
from infra.network.versions import CannotWithdraw, withdraw
from infra.patrol.planning import read_ground
from tests.conftest import REGION
from tests.network import (
    CELLS,
    COMMUNITY,
    SIDE,
    SOUTH,
    WEST,
    DyingClient,
    Killed,
    area,
    everything,
    network,
    split,
    table_of,
    tables,
    write,
)

TODAY = "2026-11-24"
LATER = "2027-01-01"
CENTRE = f"centre-{COMMUNITY}"


class ImporterOn(Importer):
    """An importer on a day of the test's choosing."""

    day = TODAY

    @property
    def today(self) -> str:
        return self.day


@pytest.fixture
def reference(tables: dict[str, str], connection: Any) -> str:
    return tables["Reference"]


@pytest.fixture
def dynamodb(reference: str) -> Any:
    return boto3.client("dynamodb", REGION)


@pytest.fixture
def importer(dynamodb: Any, reference: str, pack_file: Path) -> ImporterOn:
    return ImporterOn(table_of(dynamodb, reference), pack_file.read_bytes())


@pytest.fixture
def grid(connection: Any) -> DynamoGrid:
    return DynamoGrid(connection)


def on(importer: ImporterOn, day: str) -> ImporterOn:
    later = replace(importer)
    object.__setattr__(later, "day", day)
    return later


def faults_of(plan: Plan) -> list[tuple[str, int | None, str | None]]:
    return [(fault.file, fault.line, fault.column) for fault in plan.faults if not fault.warning]


def place(x: float, grid: DynamoGrid, day: str) -> str | None:
    """The cell in the middle of the row of cells, so many sides from the west."""
    lat, lon = SOUTH + SIDE / 2, WEST + x * SIDE
    found = cell_at(Position(lat, lon), grid.cells_near(lat, lon, day), 0.0)
    return found.code if found else None


def test_an_import_makes_areas_tiles_people_and_duty(
    importer: ImporterOn, grid: DynamoGrid, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    plan = importer.bring_in(write(tmp_path))
    assert Counter((change.kind, change.what) for change in plan.changes) == {
        ("area", "added"): 9,
        ("staff", "added"): 6,
        ("units", "added"): 1,
        ("posts", "added"): 5,
        ("duty", "added"): 2,
    }
    assert [place(x, grid, TODAY) for x in (0.5, 1.5, 2.5, 3.5)] == CELLS
    assert place(4.5, grid, TODAY) is None and place(0.5, grid, "2013-12-31") is None
    assert grid.area(COMMUNITY, TODAY).path == ("鼓楼区", "黄楼街道", "万通社区")  # type: ignore[union-attr]
    roster = DynamoRoster()
    assert [duty.contact.id for duty in roster.duty_of(CENTRE)] == ["s1", "s2"]
    (officer,) = roster.holders(CELLS[0], "information-officer")
    assert (officer.contact.id, officer.away[0].deputy.id) == ("w1", "w2")  # type: ignore[union-attr]
    unit = everything(dynamodb, reference)[f"UNIT#{CENTRE}", "UNIT"]
    assert unit["duty_phone"]["S"] == "0516-00000001"


def test_importing_the_same_again_changes_nothing(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path))
    before = everything(dynamodb, reference)
    client = DyingClient(dynamodb, at=0)
    again = Importer(ReferenceTable(client, reference), importer.pack).bring_in(tmp_path)
    assert again.empty and not again.changes and client.writes == 0
    assert everything(dynamodb, reference) == before


def test_an_import_with_a_fault_applies_nothing(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    said = tables()
    said["staff.csv"][0]["role"] = "emperor"
    with pytest.raises(ImportRefused):
        importer.bring_in(write(tmp_path, said=said))
    plan = importer.plan(tmp_path)
    assert faults_of(plan) == [("staff.csv", 2, "role")]
    assert len([change for change in plan.changes if change.kind == "area"]) == 9
    with pytest.raises(PlanHasFaults):
        importer.apply(plan)
    assert everything(dynamodb, reference) == {}


def test_a_later_version_takes_effect_on_its_day_and_the_days_before_keep_theirs(
    importer: ImporterOn, grid: DynamoGrid, tmp_path: Path
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    plan = importer.bring_in(write(tmp_path / "2", split(), _people_of_split(), LATER))
    assert [(c.id, c.facts[1:]) for c in plan.changes if c.kind == "area" and c.what == "ended"] == [
        (CELLS[0], (f"{COMMUNITY}0103", f"{COMMUNITY}0104")),
        (CELLS[2], (f"{COMMUNITY}0203",)),
        (CELLS[3], (f"{COMMUNITY}0203",)),
    ]
    assert [place(x, grid, "2026-12-31") for x in (0.2, 0.8, 1.5, 2.5, 3.5)] == [CELLS[0], *CELLS]
    new = [f"{COMMUNITY}{end}" for end in ("0103", "0104", "0102", "0203", "0203")]
    assert [place(x, grid, LATER) for x in (0.2, 0.8, 1.5, 2.5, 3.5)] == new
    assert grid.area(CELLS[0], "2026-12-31") is not None and grid.area(CELLS[0], LATER) is None
    assert grid.area(f"{COMMUNITY}0103", "2026-12-31") is None


def test_a_version_writes_only_what_it_changes(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    first = importer.bring_in(write(tmp_path / "1")).network
    second = importer.bring_in(write(tmp_path / "2", split(), _people_of_split(), LATER)).network
    assert first is not None and second is not None
    rows = everything(dynamodb, reference)
    untouched = json.loads(rows[f"AREA#{CELLS[1]}", "AREA"]["said"]["S"])
    assert list(untouched) == [first.version.id]
    assert (f"AREA#{CELLS[1]}", f"FEATURE#{second.version.id}") not in rows
    ended = json.loads(rows[f"AREA#{CELLS[0]}", "AREA"]["said"]["S"])
    assert ended[second.version.id] is None
    assert rows[f"AREA#{CELLS[0]}", f"FEATURE#{second.version.id}"]["feature"]["B"] == b""


def test_people_of_a_network_to_come_are_added_at_once_and_taken_off_on_its_day(
    importer: ImporterOn, tmp_path: Path
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    ahead = write(tmp_path / "2", split(), _people_of_split(), LATER)
    importer.bring_in(ahead)
    roster = DynamoRoster()
    assert [h.contact.id for h in roster.holders(f"{COMMUNITY}0104", "information-officer")] == ["w9"]
    assert roster.holders(CELLS[0], "information-officer")[0].until_date is None
    again = importer.plan(ahead)
    assert again.empty and again.waits_for == LATER and again.people is not None and again.people.waiting
    on_the_day = on(importer, LATER)
    assert not on_the_day.plan(ahead).empty
    on_the_day.bring_in(ahead)
    assert roster.holders(CELLS[0], "information-officer")[0].until_date == "2026-12-31"
    assert on_the_day.plan(ahead).empty and not on_the_day.plan(ahead).changes


def test_who_is_in_the_files_no_more_is_ended(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path))
    said = tables()
    said["staff.csv"].pop()
    said["posts.csv"].pop()
    said["duty.csv"].pop(0)
    said["staff.csv"][1]["phone"] = "199 0000 9999"
    plan = importer.bring_in(write(tmp_path, said=said))
    assert plan.network is not None and plan.network.empty
    changes = {(change.what, change.kind, change.id, change.facts) for change in plan.changes}
    assert changes == {
        ("ended", "staff", "w4", ()),
        ("ended", "posts", f"{CELLS[3]} information-officer w4", ()),
        ("ended", "duty", f"{CENTRE} s1#08:00", ()),
        ("changed", "staff", "s2", ("phone",)),
        ("changed", "posts", f"{COMMUNITY} mediator s2", ("phone",)),
        ("changed", "duty", f"{CENTRE} s2#20:00", ("phone",)),
    }
    rows = everything(dynamodb, reference)
    assert rows["STAFF#w4", "STAFF"]["active"] == {"BOOL": False}
    assert rows[f"AREA#{CELLS[3]}", "POST#information-officer#w4"]["until"]["S"] == "2026-11-23"
    assert (f"UNIT#{CENTRE}", "DUTY#s1#08:00") not in rows
    assert rows["STAFF#s2", "STAFF"]["phone"]["S"] == "+8619900009999"
    assert importer.plan(tmp_path).empty
    importer.bring_in(write(tmp_path))
    assert everything(dynamodb, reference)["STAFF#w4", "STAFF"]["active"] == {"BOOL": True}
    assert "until" not in everything(dynamodb, reference)[f"AREA#{CELLS[3]}", "POST#information-officer#w4"]


def test_what_others_keep_in_a_row_stays(importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str) -> None:
    importer.bring_in(write(tmp_path))
    key = {"pk": {"S": "STAFF#s1"}, "sk": {"S": "STAFF"}}
    dynamodb.update_item(
        TableName=reference,
        Key=key,
        UpdateExpression="SET badge = :b",
        ExpressionAttributeValues={":b": {"S": "7"}},
    )
    said = tables()
    said["staff.csv"][0]["name"] = "张丽"
    importer.bring_in(write(tmp_path, said=said))
    row = dynamodb.get_item(TableName=reference, Key=key)["Item"]
    assert (row["badge"]["S"], row["name"]["S"]) == ("7", "张丽")


def test_first_and_last_days_of_the_staff_list_are_imported_where_it_has_them(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path))
    assert not {"from", "until"} & everything(dynamodb, reference)["STAFF#s1", "STAFF"].keys()
    said = tables()
    said["staff.csv"] = [{**row, "from": "", "until": ""} for row in said["staff.csv"]]
    said["staff.csv"][0] |= {"from": "2026-01-01", "until": "2026-12-31"}
    plan = importer.bring_in(write(tmp_path, said=said))
    assert [(change.id, change.facts) for change in plan.changes] == [("s1", ("from", "until"))]
    row = everything(dynamodb, reference)["STAFF#s1", "STAFF"]
    assert (row["from"]["S"], row["until"]["S"]) == ("2026-01-01", "2026-12-31")
    importer.bring_in(write(tmp_path))
    assert not {"from", "until"} & everything(dynamodb, reference)["STAFF#s1", "STAFF"].keys()


def test_a_table_that_is_not_there_says_nothing(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path))
    for name in ("units.csv", "absences.csv"):
        (tmp_path / name).unlink()
    assert importer.bring_in(tmp_path).empty
    assert (f"UNIT#{CENTRE}", "UNIT") in everything(dynamodb, reference)
    (tmp_path / "absences.csv").write_text("staff_id,from,until,deputy_id\n", "utf-8")
    importer.bring_in(tmp_path)
    assert DynamoRoster().holders(CELLS[0], "information-officer")[0].away == ()


def test_dates_that_run_backwards_are_refused_and_the_same_again_is_not(importer: ImporterOn, tmp_path: Path) -> None:
    importer.bring_in(write(tmp_path / "1"))
    importer.bring_in(write(tmp_path / "2", split(), _people_of_split(), "2026-01-01"))
    between = importer.plan(write(tmp_path / "between", [*network()[:-1], _renamed(network()[-1])], None, "2025-01-01"))
    assert faults_of(between) == [("areas.geojson", None, "from")]
    first_again = importer.plan(tmp_path / "1")
    assert first_again.good and first_again.network is not None and first_again.network.empty
    assert any("newer network" in fault.en for fault in first_again.faults)


def test_of_two_versions_for_one_day_the_one_finished_last_counts(
    importer: ImporterOn, grid: DynamoGrid, tmp_path: Path
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    importer.bring_in(write(tmp_path / "2", split(), _people_of_split(), LATER))
    importer.bring_in(write(tmp_path / "3", network(), None, LATER))
    assert [place(x, grid, LATER) for x in (0.2, 0.8, 3.5)] == [CELLS[0], CELLS[0], CELLS[3]]
    importer.bring_in(tmp_path / "2")
    assert place(0.2, grid, LATER) == f"{COMMUNITY}0103"
    assert len(importer.table.network()[0]) == 3
    assert place(0.2, grid, TODAY) == CELLS[0]


def test_what_the_collection_says_besides_areas_is_changed_by_importing_it_again(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    plan = importer.bring_in(write(tmp_path / "2", label="试行 trial", source="2026 survey"))
    assert not plan.changes
    assert everything(dynamodb, reference)["NETWORK", "NETWORK"]["label"]["S"] == "试行 trial"
    export(importer.table, TODAY, tmp_path / "out")
    out = json.loads((tmp_path / "out" / "areas.geojson").read_text("utf-8"))
    assert (out["label"], out["source"], len(out["features"])) == ("试行 trial", "2026 survey", 9)
    assert importer.plan(tmp_path / "2").empty and importer.plan(tmp_path / "out").empty


def test_rounds_are_planned_on_what_an_import_listed(importer: ImporterOn, grid: DynamoGrid, tmp_path: Path) -> None:
    importer.bring_in(write(tmp_path / "1"))
    importer.bring_in(write(tmp_path / "2", split(), _people_of_split(), LATER))
    for day, cells in ((TODAY, {*CELLS}), (LATER, {f"{COMMUNITY}{end}" for end in ("0102", "0103", "0104", "0203")})):
        ground = read_ground(importer.table, day)
        assert {code for code in ground.areas if len(code) == 16} == cells
        assert all(area == grid.area(code, day) for code, area in ground.areas.items())
        assert ground.codes == {*CELLS} | {f"{COMMUNITY}{end}" for end in ("0103", "0104", "0203")} | {
            code for code in ground.areas if len(code) < 16
        }
        wanted = ground.wanted(importer.policy, day)
        assert {each.area.code for each in wanted.values() if each.post == "information-officer"} == cells
    (officer,) = ground.holders[CELLS[0], "information-officer"]
    assert officer == DynamoRoster().holders(CELLS[0], "information-officer")[0] and officer.away


def test_a_version_is_withdrawn_before_its_day_only(importer: ImporterOn, grid: DynamoGrid, tmp_path: Path) -> None:
    first = importer.bring_in(write(tmp_path / "1")).network
    second = importer.bring_in(write(tmp_path / "2", split(), _people_of_split(), LATER)).network
    assert first is not None and second is not None
    for version, day in ((first.version.id, TODAY), (second.version.id, LATER)):
        with pytest.raises(CannotWithdraw):
            withdraw(importer.table, version, day)
    withdraw(importer.table, second.version.id, TODAY)
    assert place(0.2, grid, LATER) == CELLS[0]
    importer.bring_in(tmp_path / "2")
    assert place(0.2, grid, LATER) == f"{COMMUNITY}0103"


def test_an_ended_cell_needs_a_successor_or_an_end_on_purpose(importer: ImporterOn, tmp_path: Path) -> None:
    importer.bring_in(write(tmp_path / "1"))
    features = split()
    del features[-1]["properties"]["succeeds"]
    refused = importer.plan(write(tmp_path / "2", features, _people_of_split(), LATER))
    assert faults_of(refused) == [("areas.geojson", None, code) for code in CELLS[2:]]
    meant = importer.plan(write(tmp_path / "3", features, _people_of_split(), LATER, ended=CELLS[2:]))
    assert meant.good


def test_a_code_that_ended_names_no_other_ground(importer: ImporterOn, tmp_path: Path) -> None:
    importer.bring_in(write(tmp_path / "1"))
    importer.bring_in(write(tmp_path / "2", split(), _people_of_split(), "2026-01-01"))
    reused = split()
    reused[-3] = area(CELLS[0], "万通社区第5网格", (0, 0, 0.5, 1), 210, succeeds=[f"{COMMUNITY}0103"])
    del reused[-2]["properties"]["succeeds"]
    plan = importer.plan(write(tmp_path / "3", reused, {**_people_of_split(), **_posts_only([])}, "2026-06-01"))
    assert ("areas.geojson", None, f"{CELLS[0]}.code") in faults_of(plan)


def test_a_row_too_large_for_the_table_is_a_fault_of_the_plan(importer: ImporterOn, tmp_path: Path) -> None:
    features = network()
    features[-1]["properties"]["note"] = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(300_000))
    plan = importer.plan(write(tmp_path, features))
    assert ("areas.geojson", None, CELLS[3]) in faults_of(plan)


def test_a_second_import_waits_for_the_first_or_for_its_end(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    write(tmp_path / "2", split(), _people_of_split(), LATER)
    with pytest.raises(Killed):
        _dying(importer, dynamodb, reference, 2).bring_in(tmp_path / "2")
    other = write(tmp_path / "3", [*network()[:-1], _renamed(network()[-1])], None, LATER)
    plan = importer.plan(other)
    assert not plan.good and any("is not finished" in fault.en for fault in plan.faults)
    assert importer.plan(tmp_path / "2").good
    assert importer.table.abandon()
    importer.bring_in(other)
    assert importer.table.network()[1] is None


def test_an_import_begun_meanwhile_is_not_overrun(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    late = importer.plan(write(tmp_path / "2", split(), _people_of_split(), LATER))
    importer.bring_in(write(tmp_path / "3", [*network()[:-1], _renamed(network()[-1])], None, LATER))
    before = everything(dynamodb, reference)
    with pytest.raises(ImportUnderWay):
        importer.apply(late)
    assert [version.from_day for version in importer.table.network()[0]] == ["2014-01-01", LATER]
    assert everything(dynamodb, reference) == before


def test_an_import_that_was_given_up_while_at_work_stops(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    late = importer.plan(write(tmp_path / "2", split(), _people_of_split(), LATER)).network
    assert late is not None
    importer.table.begin_network(late.version.id, late.before)
    assert importer.table.abandon() == [late.version.id]
    importer.bring_in(write(tmp_path / "3", [*network()[:-1], _renamed(network()[-1])], None, LATER))
    before = everything(dynamodb, reference)
    with pytest.raises(ImportUnderWay):
        importer.table.merge_said(late.merged(), late.version.id, late.counting, lambda count: None)
    assert everything(dynamodb, reference) == before


def test_people_imported_meanwhile_are_not_overrun(
    importer: ImporterOn, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path / "1"))
    fewer, more, moved = tables(), tables(), tables()
    fewer["duty.csv"].pop()
    more["duty.csv"].append({"unit": CENTRE, "staff_id": "w1", "from": "20:00", "to": "08:00"})
    moved["staff.csv"][0]["phone"] = "+8619900000099"
    for number, meanwhile in enumerate((more, moved)):
        late = importer.plan(write(tmp_path / f"late{number}", said=fewer))
        importer.bring_in(write(tmp_path / f"meanwhile{number}", said=meanwhile))
        before = _lasting(everything(dynamodb, reference))
        with pytest.raises(ImportUnderWay):
            importer.apply(late)
        assert _lasting(everything(dynamodb, reference)) == before


def test_an_import_killed_at_any_write_completes_when_it_is_run_again(
    importer: ImporterOn, grid: DynamoGrid, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    """Right after each of its writes, the second import of a network dies; until its end the old one stands whole.

    Whoever dies before a write has died after the one before it.
    """
    first = write(tmp_path / "1")
    second = write(tmp_path / "2", split(), {**_people_of_split(), "duty.csv": tables()["duty.csv"][:1]}, TODAY)
    counting = DyingClient(dynamodb)
    importer.bring_in(first)
    before = everything(dynamodb, reference)
    _with(importer, counting, reference).bring_in(second)
    wanted = _lasting(everything(dynamodb, reference))
    assert counting.writes > 15
    for at in range(counting.writes + 1):
        _restore(dynamodb, reference, before)
        with pytest.raises(Killed):
            _dying(importer, dynamodb, reference, at).bring_in(second)
        standing = [place(x, grid, TODAY) for x in (0.2, 0.8, 1.5, 2.5, 3.5)]
        finished = len(importer.table.network()[0]) == 2
        assert standing == (
            [f"{COMMUNITY}{end}" for end in ("0103", "0104", "0102", "0203", "0203")]
            if finished
            else [CELLS[0], *CELLS]
        )
        importer.bring_in(second)
        assert _lasting(everything(dynamodb, reference)) == wanted, at
        assert importer.plan(second).empty


def _with(importer: ImporterOn, client: Any, reference: str) -> ImporterOn:
    return ImporterOn(table_of(client, reference), importer.pack)


def _dying(importer: ImporterOn, dynamodb: Any, reference: str, at: int) -> ImporterOn:
    return _with(importer, DyingClient(dynamodb, at), reference)


def _restore(dynamodb: Any, reference: str, before: dict[tuple[str, str], Any]) -> None:
    now = everything(dynamodb, reference)
    for pk, sk in now.keys() - before.keys():
        dynamodb.delete_item(TableName=reference, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    for key, row in before.items():
        if now.get(key) != row:
            dynamodb.put_item(TableName=reference, Item=row)


def _lasting(rows: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """Everything but lists that nothing names any more, which a killed import may leave behind."""
    named = {"PEOPLE", "NETWORK"}
    lists = json.loads(rows["NETWORK", "PEOPLE"]["lists"]["S"]).values()
    versions = [version for version, _ in json.loads(rows["NETWORK", "NETWORK"]["versions"]["S"])]
    return {
        key: row
        for key, row in rows.items()
        if not key[1].startswith("INDEX#") or key[1].split("#")[1] in (*lists, *versions) or key[1] in named
    }


def _renamed(feature: dict[str, Any]) -> dict[str, Any]:
    return {**feature, "properties": {**feature["properties"], "name": "万通社区第九网格"}}


def _posts_only(posts: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    return {"posts.csv": posts or tables()["posts.csv"][:1]}


def _people_of_split() -> dict[str, list[dict[str, str]]]:
    """w1 takes one half of the first cell, w9 comes for the other; w3 has the merged cell, w4 leaves."""
    said = tables()
    said["staff.csv"].pop()
    cells = {"w1": f"{COMMUNITY}0103", "w3": f"{COMMUNITY}0203"}
    for row in said["staff.csv"]:
        row["areas"] = cells.get(row["staff_id"], row["areas"])
    said["staff.csv"].append(
        {
            **said["staff.csv"][-1],
            "staff_id": "w9",
            "name": "王九",
            "phone": "+8619900000009",
            "email": "",
            "areas": f"{COMMUNITY}0104",
        }
    )
    said["posts.csv"] = [
        said["posts.csv"][0],
        said["posts.csv"][2],
        *(
            {"area": cell, "post": "information-officer", "staff_id": staff, "from": LATER, "until": ""}
            for staff, cell in {**cells, "w9": f"{COMMUNITY}0104"}.items()
        ),
    ]
    said["absences.csv"] = tables()["absences.csv"]
    return said


def test_an_import_keeps_what_communities_and_compounds_are_called(
    importer: ImporterOn, grid: DynamoGrid, tmp_path: Path
) -> None:
    importer.bring_in(write(tmp_path))
    gazetteer = grid.gazetteer(TODAY)
    assert gazetteer.found("万通新村3号楼电梯坏了") == {"万通新村": f"{COMMUNITY}02"}
    assert gazetteer.parts == {COMMUNITY: (f"{COMMUNITY}01", f"{COMMUNITY}02")}
    assert grid.gazetteer("2013-12-31") is gazetteer, "kept for a minute"
    assert DynamoGrid(grid._connection).gazetteer("2013-12-31").names == ()


def test_a_network_from_before_names_were_kept_has_them_once_its_import_is_run_again(
    importer: ImporterOn, grid: DynamoGrid, tmp_path: Path, dynamodb: Any, reference: str
) -> None:
    importer.bring_in(write(tmp_path))
    ((pk, sk),) = [key for key in everything(dynamodb, reference) if key[1].startswith("NAMES#")]
    dynamodb.delete_item(TableName=reference, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    clock = [0.0]
    waiting = DynamoGrid(grid._connection, lambda: clock[0])
    assert waiting.gazetteer(TODAY).names == ()
    assert importer.bring_in(tmp_path).empty
    assert waiting.gazetteer(TODAY).names == ()
    clock[0] = 61
    assert waiting.gazetteer(TODAY).found("万通花园") == {"万通花园": f"{COMMUNITY}01"}


def test_names_are_those_of_the_version_in_force(importer: ImporterOn, grid: DynamoGrid, tmp_path: Path) -> None:
    importer.bring_in(write(tmp_path))
    features = network()
    features[6] = area(f"{COMMUNITY}02", "万通雅居", (2, 0, 4, 1), 500)
    on(importer, LATER).bring_in(write(tmp_path / "later", features=features, from_day=LATER))
    fresh = DynamoGrid(grid._connection)
    assert fresh.gazetteer(TODAY).found("万通新村和万通雅居").keys() == {"万通新村", "万通"}
    assert DynamoGrid(grid._connection).gazetteer(LATER).found("万通雅居") == {"万通雅居": f"{COMMUNITY}02"}
