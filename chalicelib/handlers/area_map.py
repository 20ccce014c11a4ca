"""The small map of a public notice: outlines as SVG paths, names where there is room for them, a scale.

Degrees become metres east and north of the picture's middle: exact enough for a district, whose sides differ in scale
by less than a thousandth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

WIDTH, HEIGHT, MARGIN = 640.0, 400.0, 12.0
_METRES_A_DEGREE = 111_320.0
_LARGEST, _SMALLEST = 28.0, 10.5  # letters, in units of the picture
_TOLD_APART = 0.4  # units between two points of an outline
_STEPS = 40  # levels at which an area is looked at
_SCALES = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)

Point = tuple[float, float]


class Shape(NamedTuple):
    """One area of the map. `lines`: its name, broken where that makes it fit; none where there is no room."""

    path: str
    lines: tuple[str, ...]
    x: float
    y: float
    size: float
    tint: int
    own: bool


class AreaMap(NamedTuple):
    """`scale_metres` is as long as `scale_width` units of the picture."""

    width: float
    height: float
    outline: str
    shapes: tuple[Shape, ...]
    scale_metres: int
    scale_width: float


class Drawn(NamedTuple):
    """An area to be drawn; `own` is the one the notice is of, among its neighbours."""

    name: str
    geometry: Mapping[str, Any]
    own: bool = False


def area_map(outline: Mapping[str, Any] | None, parts: Sequence[Drawn]) -> AreaMap | None:
    """A map of the parts within an outline; None where nothing of it is known."""
    geometries = [part.geometry for part in parts] + ([outline] if outline else [])
    points = [point for geometry in geometries for ring in _rings(geometry) for point in ring]
    if not points:
        return None
    put = _projection(points)
    metres = put.metres_a_unit
    scale = max((each for each in _SCALES if each / metres <= WIDTH / 4), default=_SCALES[0])
    return AreaMap(
        WIDTH,
        put.height,
        _path(outline, put) if outline else "",
        tuple(_shape(part, number, put) for number, part in enumerate(parts)),
        scale,
        scale / metres,
    )


class _Projection(NamedTuple):
    west: float
    north: float
    cosine: float
    metres_a_unit: float
    left: float
    top: float
    height: float

    def __call__(self, lon: float, lat: float) -> Point:
        east = (lon - self.west) * self.cosine * _METRES_A_DEGREE / self.metres_a_unit
        south = (self.north - lat) * _METRES_A_DEGREE / self.metres_a_unit
        return self.left + east, self.top + south


def _projection(points: Sequence[Point]) -> _Projection:
    """The points fill the picture's width or its height, whichever is reached first, and lie in its middle."""
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    cosine = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * cosine * _METRES_A_DEGREE, (north - south) * _METRES_A_DEGREE
    metres = max(wide / (WIDTH - 2 * MARGIN), high / (HEIGHT - 2 * MARGIN), 1e-6)
    height = min(HEIGHT, high / metres + 2 * MARGIN)
    return _Projection(west, north, cosine, metres, (WIDTH - wide / metres) / 2, MARGIN, height)


def _shape(part: Drawn, number: int, put: _Projection) -> Shape:
    rings = [[put(*point) for point in ring] for ring in _rings(part.geometry)]
    lines, size, (x, y) = _lettered(part.name, rings)
    return Shape(_path(part.geometry, put), lines, round(x, 1), round(y, 1), round(size, 1), number % 6, part.own)


def _lettered(name: str, rings: Sequence[Sequence[Point]]) -> tuple[tuple[str, ...], float, Point]:
    """A name, in lines and size, where it is largest; of places as good, the one nearest to the area's middle."""
    ys = [y for ring in rings for _, y in ring]
    top, pitch = min(ys), (max(ys) - min(ys)) / _STEPS
    levels = [top + pitch * (step + 0.5) for step in range(_STEPS)]
    spans = [_spans(rings, y) for y in levels]
    middle = _middle(spans, levels)
    best: tuple[tuple[str, ...], float, Point] = ((), 0.0, middle)
    for at, level in enumerate(spans):
        for left, right in level:
            place = (left + right) / 2, levels[at]
            lines, size = _fitted(name, list(_room(spans, at, place[0], pitch)))
            nearer = math.dist(place, middle) < math.dist(best[2], middle) if best[0] else True
            if size > best[1] + 0.5 or (size > best[1] - 0.5 and nearer):
                best = lines, size, place
    return best if best[1] >= _SMALLEST else ((), 0.0, middle)


def _middle(spans: Sequence[Sequence[Point]], levels: Sequence[float]) -> Point:
    """The centre of gravity of what the spans cover."""
    widths = [
        (right - left, (left + right) / 2, y) for level, y in zip(spans, levels, strict=True) for left, right in level
    ]
    total = sum(width for width, _, _ in widths) or 1.0
    return sum(width * x for width, x, _ in widths) / total, sum(width * y for width, _, y in widths) / total


def _fitted(name: str, room: Sequence[Point]) -> tuple[tuple[str, ...], float]:
    """A name in one line or two, as large as the room allows: pairs of height and width around its middle."""
    half = (len(name) + 1) // 2
    best: tuple[tuple[str, ...], float] = ((), 0.0)
    for lines, worth in (((name,), 1.0), ((name[:half], name[half:]), 1.15)):
        longest = max(map(len, lines), default=1) or 1
        sizes = (min(wide * 0.92 / longest, high / (len(lines) * 1.2), _LARGEST) for high, wide in room)
        size = max(sizes, default=0.0)
        if size > best[1] * worth:
            best = lines, size
    return best


def _room(spans: Sequence[Sequence[Point]], at: int, middle: float, pitch: float) -> Iterator[Point]:
    """Height and width of ever higher boxes around a point that lie inside."""
    narrowest = math.inf
    for reach in range(len(spans)):
        for level in {at - reach, at + reach}:
            inside = [s for s in spans[level] if s[0] <= middle <= s[1]] if 0 <= level < len(spans) else []
            if not inside:
                return
            narrowest = min(narrowest, 2 * min(middle - inside[0][0], inside[0][1] - middle))
        yield (2 * reach + 1) * pitch, narrowest


def _spans(rings: Sequence[Sequence[Point]], y: float) -> list[Point]:
    """The stretches of a horizontal line that lie inside."""
    crossings = sorted(
        x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        for ring in rings
        for (x1, y1), (x2, y2) in pairwise(ring)
        if (y1 > y) != (y2 > y)
    )
    return list(zip(crossings[::2], crossings[1::2], strict=False))


def _path(geometry: Mapping[str, Any], put: _Projection) -> str:
    """Outlines as one path."""
    rings = (_thinned(put(*point) for point in ring[:-1]) for ring in _rings(geometry))
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in rings)


def _thinned(points: Iterable[Point]) -> list[Point]:
    """Without points too near to the one before to be told apart: an outline may have fifty thousand."""
    kept: list[Point] = []
    for point in points:
        if not kept or max(abs(point[0] - kept[-1][0]), abs(point[1] - kept[-1][1])) >= _TOLD_APART:
            kept.append(point)
    return kept


def _rings(geometry: Mapping[str, Any]) -> list[list[Point]]:
    """Every ring of a polygon or of several, closed, holes too."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[(point[0], point[1]) for point in ring] for polygon in polygons for ring in polygon]
