"""Every point falls in exactly one cell, edges and corners included."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.grid import Area, Cell, Position, cell_at, tile_of


def square(code: str, x: float, y: float) -> Cell:
    return Cell(Area(code, (code,)), [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]])


FOUR = [square("c", 0, 0), square("a", 1, 0), square("d", 0, 1), square("b", 1, 1)]


def test_a_corner_shared_by_four_belongs_to_the_lowest_code() -> None:
    found = cell_at(Position(1.0, 1.0), FOUR)
    assert found is not None and found.code == "a"


def test_an_edge_belongs_to_the_lower_code_of_the_two_that_share_it() -> None:
    found = cell_at(Position(0.5, 1.0), FOUR)
    assert found is not None and found.code == "a"


def test_a_point_outside_falls_in_none() -> None:
    assert cell_at(Position(2.1, 0.5), FOUR) is None
    assert cell_at(Position(0.5, 0.5), []) is None


@given(st.floats(0, 2), st.floats(0, 2))
def test_every_point_of_the_four_squares_falls_in_one(lat: float, lon: float) -> None:
    assert cell_at(Position(lat, lon), FOUR) is not None


def test_a_concave_cell_does_not_hold_its_notch() -> None:
    notched = Cell(Area("n", ("n",)), [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])
    assert cell_at(Position(3.0, 2.0), [notched]) is None
    assert cell_at(Position(0.5, 2.0), [notched]) is not None
    assert cell_at(Position(1.0, 2.0), [notched]) is not None


def test_tiles_are_counted_downwards_too() -> None:
    assert tile_of(-0.001, -0.001) == "-1:-1"
    assert tile_of(0.0, 0.0) == "0:0"
