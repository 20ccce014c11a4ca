"""The small map of a notice: outlines to scale, and each name inside its area or not at all."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Point, Polygon

from chalicelib.handlers.area_map import HEIGHT, WIDTH, AreaMap, Drawn, Shape, area_map

SAMPLE = Path(__file__).parents[2] / "infra" / "samples" / "gulou" / "areas.geojson"


def polygon(*points: tuple[float, float]) -> dict[str, Any]:
    """Around 34.3° north, in thousandths of a degree."""
    ring = [[117.2 + x / 1000, 34.3 + y / 1000] for x, y in (*points, points[0])]
    return {"type": "Polygon", "coordinates": [ring]}


def square(x: float = 0, y: float = 0, side: float = 10) -> dict[str, Any]:
    return polygon((x, y), (x + side, y), (x + side, y + side), (x, y + side))


def drawn(shape: Shape) -> Polygon:
    outer, *holes = ([tuple(map(float, p.split())) for p in ring.split("L")] for ring in shape.path[1:-1].split("ZM"))
    return Polygon(outer, holes)


def made(outline: Any, parts: list[Drawn]) -> AreaMap:
    found = area_map(outline, parts)
    assert found is not None
    return found


def test_every_name_of_the_sample_stands_whole_inside_its_area() -> None:
    features = {f["properties"]["code"]: f for f in json.loads(SAMPLE.read_text("utf-8"))["features"]}
    lettered = total = 0
    for code, feature in features.items():
        below = [f for f in features.values() if f["properties"]["parent"] == code]
        if not below or len(code) == 14:
            continue
        parts = [Drawn(part["properties"]["name"], part["geometry"]) for part in below]
        for shape in made(feature["geometry"], parts).shapes:
            total += 1
            if shape.lines:
                lettered += 1
                half = max(map(len, shape.lines)) * shape.size / 2
                assert drawn(shape).contains(Point(shape.x - half, shape.y).buffer(0.5)), shape
                assert drawn(shape).contains(Point(shape.x + half, shape.y).buffer(0.5)), shape
                assert "".join(shape.lines) in {part.name for part in parts}
    assert lettered > 0.9 * total


def test_a_square_on_the_ground_is_a_square_on_the_map_and_the_scale_measures_it() -> None:
    metres = 1000.0
    wide = metres / (math.cos(math.radians(34.3)) * 111.32)
    high = metres / 111.32
    found = made(polygon((0, 0), (wide, 0), (wide, high), (0, high)), [])
    x, y = zip(*(map(float, p.split()) for p in found.outline[1:-1].split("L")), strict=True)
    assert max(x) - min(x) == pytest.approx(max(y) - min(y), rel=0.005)
    assert (max(x) - min(x)) * found.scale_metres / found.scale_width == pytest.approx(metres, rel=0.005)
    assert found.scale_width <= WIDTH / 4 and found.height <= HEIGHT


def test_a_name_in_a_bent_area_stands_where_there_is_ground() -> None:
    horseshoe = polygon((0, 0), (30, 0), (30, 20), (22, 20), (22, 8), (8, 8), (8, 20), (0, 20))
    (shape,) = made(None, [Drawn("马蹄社区", horseshoe)]).shapes
    assert shape.lines and drawn(shape).contains(Point(shape.x, shape.y))


def test_a_long_name_is_broken_where_that_lets_it_be_read() -> None:
    (shape,) = made(None, [Drawn("很长很长的小区名字", polygon((0, 0), (6, 0), (6, 20), (0, 20)))]).shapes
    assert len(shape.lines) == 2 and "".join(shape.lines) == "很长很长的小区名字"


def test_an_area_too_small_for_its_name_has_none() -> None:
    shapes = made(None, [Drawn("大", square(0, 0, 100)), Drawn("小小小小小小", square(101, 0, 1))]).shapes
    assert [bool(shape.lines) for shape in shapes] == [True, False]


def test_an_area_of_several_parts_with_a_hole_is_drawn_whole() -> None:
    ring, hole, island = (square(*at)["coordinates"][0] for at in ((0, 0, 30), (10, 10, 10), (40, 0, 5)))
    several = {"type": "MultiPolygon", "coordinates": [[ring, hole], [island]]}
    (shape,) = made(None, [Drawn("回", several)]).shapes
    assert shape.path.count("M") == shape.path.count("Z") == 3
    x, y = (117.2 + 15 / 1000, 34.3 + 15 / 1000)
    assert shape.lines and (shape.x, shape.y) != (x, y)


def test_points_that_fall_together_are_one() -> None:
    many = polygon(*((math.cos(a / 4000 * math.pi), math.sin(a / 4000 * math.pi)) for a in range(8000)))
    (shape,) = made(None, [Drawn("圆", many)]).shapes
    assert len(re.findall("L", shape.path)) < 4000


@pytest.mark.parametrize("flat", [polygon((0, 0), (5, 0), (9, 0)), polygon((1, 1), (1, 1), (1, 1))])
def test_what_has_no_ground_is_drawn_without_a_name(flat: dict[str, Any]) -> None:
    (shape,) = made(None, [Drawn("线", flat)]).shapes
    assert shape.lines == ()


def test_nothing_known_is_no_map() -> None:
    assert area_map(None, []) is None
