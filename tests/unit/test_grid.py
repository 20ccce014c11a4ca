"""Every point falls in exactly one cell, edges and corners included; one outside is told how far the nearest is."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import grid
from chalicelib.domain.grid import Area, Cell, Position, cell_at, nearest_cell, tile_of, tiles_around

TOLERANCE = 0.5
DEGREE = grid.METRES_A_DEGREE


def square(code: str, x: float, y: float) -> Cell:
    return Cell(Area(code, (code,)), [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]])


FOUR = [square("c", 0, 0), square("a", 1, 0), square("d", 0, 1), square("b", 1, 1)]


def code_at(lat: float, lon: float, cells: list[Cell], tolerance: float = TOLERANCE) -> str | None:
    found = cell_at(Position(lat, lon), cells, tolerance)
    return found.code if found else None


def test_a_corner_shared_by_four_belongs_to_the_lowest_code() -> None:
    assert code_at(1.0, 1.0, FOUR) == "a"


def test_an_edge_belongs_to_the_lower_code_of_the_two_that_share_it() -> None:
    assert code_at(0.5, 1.0, FOUR) == "a"
    assert code_at(1.5, 1.0, FOUR) == "b"


def test_a_point_of_an_overlap_belongs_to_the_lower_code() -> None:
    assert code_at(0.5, 0.75, [square("b", 0, 0), square("a", 0.5, 0)]) == "a"


def test_a_point_outside_falls_in_none() -> None:
    assert code_at(2.1, 0.5, FOUR) is None
    assert code_at(0.5, 0.5, []) is None


@given(st.floats(0, 2), st.floats(0, 2))
def test_every_point_of_the_four_squares_falls_in_one(lat: float, lon: float) -> None:
    assert code_at(lat, lon, FOUR, tolerance=0) is not None


def test_a_concave_cell_does_not_hold_its_notch() -> None:
    notched = [Cell(Area("n", ("n",)), [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])]
    assert code_at(3.0, 2.0, notched) is None
    assert code_at(0.5, 2.0, notched) == "n"
    assert code_at(1.0, 2.0, notched) == "n"


@pytest.mark.parametrize(("metres", "found"), [(0.2, "b"), (0.49, "b"), (0.51, None), (2.0, None)])
def test_a_point_in_a_gap_belongs_to_the_nearest_cell_within_the_tolerance(metres: float, found: str | None) -> None:
    gap = [square("b", 0, 0), square("a", 1 + 3 / DEGREE, 0)]
    assert code_at(0.0, 1 + metres / DEGREE, gap) == found


def test_in_the_middle_of_a_gap_the_lower_code_has_it() -> None:
    gap = [square("b", 0, 0), square("a", 1 + 0.5 / DEGREE, 0)]
    assert code_at(0.5, 1 + 0.25 / DEGREE, gap) == "a"


def test_where_three_cells_meet_in_a_rounded_corner_nothing_is_left_out() -> None:
    """The corner of two lies beside the edge of the third, by as little as a number can say."""
    edge = [[117.1, 34.1], [117.3, 34.1 + 0.07]]
    corner = [117.2, (edge[0][1] + edge[1][1]) / 2]
    below = Cell(Area("c", ("c",)), [*edge, [117.2, 34.0]])
    for ulps in (-2, -1, 1, 2):
        lat = corner[1]
        for _ in range(abs(ulps)):
            lat = math.nextafter(lat, math.inf * ulps)
        joint = [corner[0], lat]
        left = Cell(Area("a", ("a",)), [edge[0], joint, [117.2, 34.3]])
        right = Cell(Area("b", ("b",)), [joint, edge[1], [117.2, 34.3]])
        for share in range(1, 200):
            lon = edge[0][0] + (edge[1][0] - edge[0][0]) * share / 200
            on = edge[0][1] + (edge[1][1] - edge[0][1]) * share / 200
            assert code_at(on, lon, [below, left, right]) is not None


@given(
    st.tuples(*[st.floats(-180, 180)] * 4),
    st.floats(0, 1),
    st.integers(-3, 3),
)
def test_the_side_of_a_line_is_exact(line: tuple[float, float, float, float], share: float, ulps: int) -> None:
    """Also for points as near to the line as a number can be."""
    x1, y1, x2, y2 = line
    x, y = x1 + (x2 - x1) * share, y1 + (y2 - y1) * share
    for _ in range(abs(ulps)):
        y = math.nextafter(y, math.inf * ulps)
    a, b, c, d, e, f = map(Fraction, (x1, y1, x2, y2, x, y))
    exact = (c - a) * (f - b) - (d - b) * (e - a)
    found = grid._side(x1, y1, x2, y2, x, y)
    assert (found > 0) - (found < 0) == (exact > 0) - (exact < 0)


def test_the_nearest_cell_is_told_with_how_far_it_is() -> None:
    near = nearest_cell(Position(0.5, 2 + 100 / DEGREE / math.cos(math.radians(0.5))), FOUR)
    assert near is not None
    assert (near.area.code, near.metres) == ("a", pytest.approx(100, abs=0.01))
    assert nearest_cell(Position(0.5, 0.5), []) is None


def test_of_cells_as_near_the_lowest_code_is_the_nearest() -> None:
    near = nearest_cell(Position(1.0, 2.001), FOUR)
    assert near is not None and near.area.code == "a"


def test_tiles_are_counted_downwards_too() -> None:
    assert tile_of(-0.001, -0.001) == "-1:-1"
    assert tile_of(0.0, 0.0) == "0:0"


@given(st.floats(-59, 59), st.floats(-180, 180), st.floats(0, 2 * math.pi), st.floats(0, 999))
def test_the_tiles_around_a_point_hold_all_that_is_as_near(lat: float, lon: float, turn: float, metres: float) -> None:
    there = lat + metres * math.sin(turn) / DEGREE
    east = lon + metres * math.cos(turn) / DEGREE / math.cos(math.radians(lat))
    around = tiles_around(lat, lon, 1000)
    assert tile_of(there, east) in around and tile_of(lat, lon) in around
    assert len(around) == len(set(around)) <= 99


@pytest.mark.parametrize("lat", [90.0, -90.0, 89.9, 85.0])
def test_near_a_pole_nothing_is_looked_for(lat: float) -> None:
    assert tiles_around(lat, 0.0, 1000) == []


def test_an_area_knows_its_level_by_its_code() -> None:
    assert [Area("0" * digits, ()).level for digits in grid.LEVELS] == list(grid.LEVELS.values())
