"""Where a point lies is what a geometry library finds, on edges and corners too; and nothing of the district is left
out: tiles list all they must, and corners that were rounded leave no hole (G3)."""

from __future__ import annotations

import copy
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
import shapely

from chalicelib.domain.grid import METRES_A_DEGREE, TILE_DEGREES, Area, Cell, Position, cell_at, tile_of
from infra.network.check import Settings, check
from infra.samples import SAMPLES
from infra.samples.province import province
from infra.tiles import MARGIN_METRES, ring_of, tile_rows, tiles_touched

POINTS = 100_000
TOLERANCE = 0.5

Feature = dict[str, Any]
Point = tuple[float, float]


class Finder:
    """Cells found as requests find them, and as shapely does; with exact predicates, it needs no tolerance of ours."""

    def __init__(self, features: Sequence[Feature]) -> None:
        cells = sorted(
            (f for f in features if f["properties"]["level"] == "cell"), key=lambda f: f["properties"]["code"]
        )
        self.codes = [cell["properties"]["code"] for cell in cells]
        self.rings = [ring_of(cell) for cell in cells]
        self.shapes = np.array([shapely.Polygon(ring) for ring in self.rings])
        self.tree = shapely.STRtree(self.shapes)
        self.tiles = {
            row["tile"]: [Cell(Area(c["code"], tuple(c["path"])), c["ring"]) for c in row["cells"]]
            for row in tile_rows(features)
        }

    def ours(self, points: Sequence[Point]) -> list[str | None]:
        found = (cell_at(Position(y, x), self.tiles.get(tile_of(y, x), []), TOLERANCE) for x, y in points)
        return [area.code if area else None for area in found]

    def shapelys(self, points: Sequence[Point]) -> list[str | None]:
        """The lowest code that holds each point, else that of the nearest cell within the tolerance."""
        made = shapely.points(points)
        held, cells = self.tree.query(made, predicate="intersects")
        lowest = np.full(len(points), len(self.codes))
        np.minimum.at(lowest, held, cells)
        found: list[str | None] = [self.codes[at] if at < len(self.codes) else None for at in lowest]
        for at in np.flatnonzero(lowest == len(self.codes)):
            found[at] = self._nearest(points[at])
        return found

    def _nearest(self, point: Point) -> str | None:
        scale = np.array([METRES_A_DEGREE * math.cos(math.radians(point[1])), METRES_A_DEGREE])
        near = []
        for at in self.tree.query(shapely.Point(point), predicate="dwithin", distance=0.0001):
            plane = shapely.transform(self.shapes[at], lambda ring: (ring - point) * scale)
            near.append((round(shapely.distance(plane, shapely.Point(0, 0)), 3), self.codes[at]))
        metres, code = min(near, default=(math.inf, None))
        return code if metres <= TOLERANCE else None


@pytest.fixture(scope="module")
def gulou() -> list[Feature]:
    features: list[Feature] = json.loads((SAMPLES / "gulou" / "areas.geojson").read_text("utf-8"))["features"]
    return features


@pytest.fixture(scope="module")
def finder(gulou: list[Feature]) -> Finder:
    return Finder(gulou)


def points_of(rings: Sequence[Sequence[Sequence[float]]], number: int) -> Iterator[Point]:
    """Corners, points of edges as near as numbers come, their next neighbours, and points anywhere: a quarter each."""
    random = Random(20260101)
    edges = [(start, end) for ring in rings for start, end in pairwise(ring)]
    west, south = (min(point[axis] for ring in rings for point in ring) for axis in (0, 1))
    east, north = (max(point[axis] for ring in rings for point in ring) for axis in (0, 1))
    for at in range(number // 4):
        start, end = edges[at % len(edges)]
        share = random.choice([0.5, 0.25, 1 / 3, random.random()])
        on = start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
        yield start[0], start[1]
        yield on
        yield (
            math.nextafter(on[0], random.choice([-math.inf, math.inf])),
            math.nextafter(on[1], random.choice([-math.inf, math.inf])),
        )
        yield random.uniform(west, east), random.uniform(south, north)


def test_a_hundred_thousand_points_lie_where_shapely_finds_them(finder: Finder) -> None:
    points = list(points_of(finder.rings, POINTS))
    ours, theirs = finder.ours(points), finder.shapelys(points)
    assert len(points) == POINTS
    assert [at for at in range(POINTS) if ours[at] != theirs[at]] == []
    inside = sum(code is not None for code in ours)
    assert 0.85 * POINTS < inside < POINTS, "points outside the district are asked too"


def test_no_point_of_an_edge_is_left_out_however_it_is_rounded(finder: Finder) -> None:
    points = list(points_of(finder.rings, 20_000))
    assert all(finder.ours([point for at, point in enumerate(points) if at % 4 < 3]))


@pytest.fixture(scope="module")
def bricks() -> list[Feature]:
    """Cells in oblique rows, whose corners lie beside the long edges they were put on, by rounding alone."""
    turn = math.radians(17)

    def place(x: float, y: float) -> list[float]:
        lon, lat = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        return [117.2 + lon * 0.004, 34.3 + lat * 0.004]

    compound, wide, high = "32030200100101", 9, 6
    above = [place(0, 0), place(wide, 0), place(wide, high), place(0, high), place(0, 0)]
    features = [
        area(code, level, above)
        for code, level in zip(
            (compound[:6], compound[:9], compound[:12], compound),
            ("district", "street", "community", "compound"),
            strict=True,
        )
    ]
    number = 0
    for row in range(high):
        walls = [0.0, *(wall + row % 3 / 3 for wall in range(1, wide)), float(wide)]
        for left, right in pairwise(walls):
            number += 1
            corners = [(left, row), (right, row), (right, row + 1), (left, row + 1), (left, row)]
            features.append(area(f"{compound}{number:02}", "cell", [place(x, y) for x, y in corners]))
    return features


def area(code: str, level: str, ring: list[list[float]]) -> Feature:
    above = {6: 4, 9: 6, 12: 9, 14: 12, 16: 14}[len(code)]
    properties = {"code": code, "name": f"区域{code}", "level": level, "parent": code[:above], "households": 250}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_corners_that_were_rounded_off_an_edge_leave_no_hole(bricks: list[Feature]) -> None:
    finder = Finder(bricks)
    assert check(bricks, Settings(TOLERANCE, (200, 300))) == []
    points = [point for at, point in enumerate(points_of(finder.rings, 20_000)) if at % 4 < 3]
    ours = finder.ours(points)
    assert all(ours)
    assert ours == finder.shapelys(points)
    held = finder.tree.query(shapely.points(points), predicate="intersects")[0]
    assert len(np.unique(held)) < len(points), "some of them are in no cell, as rounding has it"


def test_gaps_and_overlaps_that_are_let_pass_leave_no_point_out(gulou: list[Feature]) -> None:
    """Every boundary surveyed by itself, a decimetre off: the check lets it pass, and every point has its cell."""
    random = Random(20260102)
    features = copy.deepcopy(gulou)
    for feature in features:
        points = feature["geometry"]["coordinates"][0]
        for point in points[:-1]:
            point[0] += random.uniform(-1e-6, 1e-6)
            point[1] += random.uniform(-1e-6, 1e-6)
        points[-1] = list(points[0])
    assert check(features, Settings(TOLERANCE, (200, 300))) == []
    finder = Finder(features)
    district = shapely.Polygon(next(ring_of(f) for f in features if f["properties"]["level"] == "district"))
    points = list(points_of([ring_of(f) for f in gulou if f["properties"]["level"] == "cell"], 20_000))
    points = [point for point, inside in zip(points, shapely.intersects_xy(district, points), strict=True) if inside]
    ours = finder.ours(points)
    assert all(ours)
    assert ours == finder.shapelys(points)
    held = np.bincount(finder.tree.query(shapely.points(points), predicate="intersects")[0], minlength=len(points))
    assert set(held) >= {0, 1, 2}, "there are gaps, and there are overlaps"


def test_a_tile_lists_every_cell_that_may_be_given_a_point_in_it_and_no_other(
    gulou: list[Feature], finder: Finder
) -> None:
    listed = {tile: {cell.area.code for cell in cells} for tile, cells in finder.tiles.items()}
    shrink = math.cos(math.radians(34.3))
    scale = np.array([METRES_A_DEGREE * shrink, METRES_A_DEGREE])
    plane = shapely.transform(finder.shapes, lambda points: points * scale)
    tree = shapely.STRtree(plane)
    known = set()
    for tile in listed:
        x, y = (int(part) for part in tile.split(":"))
        known |= {(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    for x, y in known:
        west, south, east, north = (n * TILE_DEGREES for n in (x, y, x + 1, y + 1))
        square = shapely.transform(shapely.box(west, south, east, north), lambda points: points * scale)
        near = {finder.codes[at] for at in tree.query(square, predicate="dwithin", distance=MARGIN_METRES - 0.1)}
        far = {finder.codes[at] for at in tree.query(square, predicate="dwithin", distance=MARGIN_METRES * 1.5)}
        assert near <= listed.get(f"{x}:{y}", set()) <= far


def test_every_tile_that_holds_a_point_of_a_cell_is_counted_as_requests_count_it(finder: Finder) -> None:
    which, x, y = tiles_touched(finder.shapes)
    touched = defaultdict(set)
    for at, column, row in zip(which.tolist(), x.tolist(), y.tolist(), strict=True):
        touched[at].add(f"{column}:{row}")
    for at, ring in enumerate(finder.rings):
        assert {tile_of(lat, lon) for lon, lat in ring} <= touched[at]


def test_a_tile_of_a_province_lists_as_many_cells_as_one_of_the_sample(gulou: list[Feature]) -> None:
    """So that a look-up costs the same among a hundred thousand."""

    def size(features: list[Feature]) -> float:
        rows = [len(json.dumps(row, ensure_ascii=False).encode()) for row in tile_rows(features)]
        return sum(rows) / len(rows)

    assert size(province(2_000)) == pytest.approx(size(gulou), rel=0.25)
