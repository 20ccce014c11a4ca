"""What it costs to find a cell: one read for a point in the district, two for one outside, each a single batch."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.errors import OutsideDistrict
from chalicelib.domain.grid import Position
from chalicelib.models.reference_store import DynamoGrid
from chalicelib.services.locating import NEAREST_METRES, place
from tests.world import CELL, INSIDE, World

DAY = "2026-11-22"


@pytest.fixture
def reads(connection: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many keys each batch read named, in order."""
    asked: list[int] = []
    read = connection.batch_get_item

    def counted(table: str, keys: list[Any], **more: Any) -> Any:
        asked.append(len(keys))
        return read(table, keys, **more)

    monkeypatch.setattr(connection, "batch_get_item", counted)
    return asked


def test_a_point_in_the_district_takes_one_read_of_its_tile_and_the_versions(
    world: World, connection: Any, reads: list[int]
) -> None:
    assert place(INSIDE, DAY, DynamoGrid(connection), world.policy).code == CELL
    assert reads == [2]


def test_a_point_outside_takes_one_more_read_of_the_tiles_within_a_kilometre(
    world: World, connection: Any, reads: list[int]
) -> None:
    with pytest.raises(OutsideDistrict) as caught:
        place(Position(34.285, 117.195), DAY, DynamoGrid(connection), world.policy)
    assert caught.value.extra["nearest"]["metres"] == 459
    assert len(reads) == 2 and reads[0] == 2 and 20 <= reads[1] <= 40


def test_a_point_near_a_pole_takes_no_second_read(world: World, connection: Any, reads: list[int]) -> None:
    with pytest.raises(OutsideDistrict) as caught:
        place(Position(89.99, 0.0), DAY, DynamoGrid(connection), world.policy)
    assert caught.value.extra["nearest"] is None and reads == [2]


def test_a_cell_in_many_tiles_is_listed_once(world: World, connection: Any) -> None:
    near = DynamoGrid(connection).cells_around(INSIDE.lat, INSIDE.lon, NEAREST_METRES, DAY)
    assert [cell.area.code for cell in near] == [CELL]


def test_where_no_network_is_loaded_everything_is_outside(world: World, connection: Any) -> None:
    world.reference.delete_item(Key={"pk": "NETWORK", "sk": "NETWORK"})
    with pytest.raises(OutsideDistrict):
        place(INSIDE, DAY, DynamoGrid(connection), world.policy)
