"""Faults as a picture: an SVG with the network as a whole, a list in Chinese, and a close view of each spot.

Drawn for who must mend the boundaries: the same numbers stand in the list, in the overview and over each view.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import numpy as np
import shapely

from chalicelib.domain.grid import LEVELS, METRES_A_DEGREE
from infra.network.area import Area
from infra.network.fault import WARNING, Fault
from infra.network.tree import read_areas

WIDTH, EDGE, GAP = 1600, 40, 24
OVERVIEW = 740
COLUMNS, VIEW = 4, 300
MOST_VIEWS, MOST_CELLS_IN_OVERVIEW = 24, 3000
LEAST_METRES = 160.0  # across a view, so that something can be recognised around the spot

_FONT = "'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
_INK, _GREY, _PAPER, _GROUND = "#1f2933", "#6b7785", "#ffffff", "#f4f1ea"
_LINES = {  # width and colour of a level's boundary
    "district": (3.2, "#3a4653"),
    "street": (2.4, "#55636f"),
    "community": (1.5, "#7d8a97"),
    "compound": (0.9, "#a3adb8"),
    "cell": (0.6, "#c3cad1"),
}
_LEVELS_ZH = {"district": "区界", "street": "街道界", "community": "社区界", "compound": "小区界", "cell": "网格界"}
_COLOURS = {
    "gap": "#d62839",
    "sliver-gap": "#d62839",
    "overlap": "#e07a00",
    "sliver-overlap": "#e07a00",
    "outside-parent": "#7b2cbf",
    "repeated-boundary": "#0077b6",
    "self-crossing": "#c2185b",
    "self-touching": "#c2185b",
    "households": "#2a7f62",
}
_OTHER_COLOUR = "#0077b6"
_MISPLACED = frozenset({"swapped", "far-away", "bad-coordinate"})

Box = tuple[float, float, float, float]  # west, south, east, north


def picture(faults: Sequence[Fault], features: Sequence[Any]) -> str:
    """The SVG of these faults of these features; any features at all, as for `check`."""
    drawing = _Drawing(features, faults)
    return "\n".join(drawing.sheet())


class _Outline(NamedTuple):
    area: Area
    shape: Any  # as it was drawn, whether it encloses anything or not


@dataclass(frozen=True, slots=True)
class _Frame:
    """A rectangle of the sheet with a piece of the map in it, north up and as long as wide in metres."""

    x: float
    y: float
    width: float
    height: float
    box: Box

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float, box: Box, least_metres: float) -> _Frame:
        """The frame whose map holds a box, with room around it."""
        west, south, east, north = box
        lon, lat = (west + east) / 2, (south + north) / 2
        shrink = math.cos(math.radians(lat))
        metres = max((east - west) * shrink / width, (north - south) / height) * METRES_A_DEGREE
        metres = max(metres * 1.25, least_metres / min(width, height))  # of a unit of the sheet
        wide, high = metres * width / METRES_A_DEGREE / shrink / 2, metres * height / METRES_A_DEGREE / 2
        return cls(x, y, width, height, (lon - wide, lat - high, lon + wide, lat + high))

    @property
    def metres_across(self) -> float:
        west, south, east, north = self.box
        return (east - west) * math.cos(math.radians((south + north) / 2)) * METRES_A_DEGREE

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is within the frame."""
        west, south, east, north = self.box
        return (lon - west) / (east - west) * self.width, (north - lat) / (north - south) * self.height

    def path(self, shape: Any) -> str:
        """An SVG path of all lines of a shape."""
        parts = []
        for line in _lines(shape):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(lon, lat) for lon, lat, *_ in line.coords))
            parts.append(f"M{points}")
        return "".join(parts)

    def open(self) -> str:
        return (
            f'<svg x="{self.x:.0f}" y="{self.y:.0f}" width="{self.width:.0f}" height="{self.height:.0f}">'
            f'<rect width="100%" height="100%" fill="{_GROUND}"/>'
        )


class _Drawing:
    def __init__(self, features: Sequence[Any], faults: Sequence[Fault]) -> None:
        areas, _ = read_areas(features)
        self.faults = faults
        self.names = {area.code: area.name for area in areas if area.name}
        self.outlines = [
            _Outline(area, shape) for area in areas if (shape := _as_drawn(features[area.row])) is not None
        ]
        self.outlines.sort(key=lambda outline: -len(outline.area.code))  # cells below, the district's edge on top
        self.tree = shapely.STRtree([outline.shape for outline in self.outlines])
        self.placed = [(number, fault) for number, fault in enumerate(faults, 1) if fault.place is not None]

    def sheet(self) -> Iterator[str]:
        views = self.placed[:MOST_VIEWS]
        listed, list_height = self._list(EDGE + OVERVIEW + GAP, 132)
        overview_height = min(max(OVERVIEW * 0.8, list_height), OVERVIEW)
        top = 132 + max(overview_height, list_height) + GAP + 10
        rows = math.ceil(len(views) / COLUMNS)
        height = top + rows * (VIEW + 78) + 76
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
            f'viewBox="0 0 {WIDTH} {height:.0f}" font-family="{_FONT}" fill="{_INK}">'
        )
        yield _HATCH
        yield f'<rect width="100%" height="100%" fill="{_PAPER}"/>'
        yield from self._title()
        yield from self._overview(EDGE, 132, OVERVIEW, overview_height)
        yield from listed
        side = (WIDTH - 2 * EDGE - (COLUMNS - 1) * GAP) / COLUMNS
        for at, (number, fault) in enumerate(views):
            x = EDGE + at % COLUMNS * (side + GAP)
            yield from self._view(number, fault, x, top + at // COLUMNS * (VIEW + 78), side)
        yield from self._legend(height - 40)
        yield "</svg>"

    def _title(self) -> Iterator[str]:
        warnings = sum(fault.severity == WARNING for fault in self.faults)
        counted = f"{len(self.faults) - warnings} 处错误"
        counted += f"，{warnings} 处提醒" if warnings else ""
        kinds = Counter(fault.kind.zh for fault in self.faults)
        yield _text(EDGE, 64, "网格边界检查", 34, weight=700)
        yield _text(EDGE + 230, 64, counted if self.faults else "没有发现问题，边界无缝", 24, _OTHER_COLOUR)
        yield _text(EDGE, 100, "　".join(f"{kind} {number}" for kind, number in kinds.most_common()), 16, _GREY)

    def _overview(self, x: float, y: float, width: float, height: float) -> Iterator[str]:
        box = self._extent()
        if box is None:
            return
        frame = _Frame.around(x, y, width, height, box, LEAST_METRES)
        cells = sum(outline.area.level == "cell" for outline in self.outlines)
        finest = 16 if cells <= MOST_CELLS_IN_OVERVIEW else 12 if cells <= 20 * MOST_CELLS_IN_OVERVIEW else 9
        shown = [outline for outline in self.outlines if len(outline.area.code) <= finest]
        yield frame.open()
        yield from (_ground(frame, outline) for outline in shown if outline.area.level == "district")
        yield from (_boundary(frame, outline) for outline in shown)
        yield from _bubbles(frame, self.placed)
        yield from _scale(frame)
        yield "</svg>"

    def _extent(self) -> Box | None:
        """The box around the network, without areas whose coordinates are wrong."""
        wrong = {code for fault in self.faults if fault.code in _MISPLACED for code in fault.areas}
        good = [outline.shape for outline in self.outlines if outline.area.code not in wrong]
        shapes = good or [outline.shape for outline in self.outlines]
        return _box_around(shapes) if shapes else None

    def _list(self, x: float, y: float) -> tuple[list[str], float]:
        """The sentences of the faults, as far as there is room, and how high they are."""
        made, at = [], y + 16
        for number, fault in enumerate(self.faults, 1):
            rows = list(_wrapped(fault.zh, 51))
            if number > MOST_VIEWS:
                made.append(_text(x + 34, at, f"其余 {len(self.faults) - number + 1} 处见文字清单。", 15, _GREY))
                at += 24
                break
            made.append(_bubble(x + 12, at - 5, number, _colour(fault)))
            made.append(_text(x + 34, at, fault.kind.zh, 15, _colour(fault), weight=700))
            if fault.place:
                made.append(_text(WIDTH - EDGE, at, f"{fault.place[0]:.6f}, {fault.place[1]:.6f}", 12, _GREY, "end"))
            for row in rows:
                at += 20
                made.append(_text(x + 34, at, row, 14))
            at += 30
        return made, at - y

    def _view(self, number: int, fault: Fault, x: float, y: float, side: float) -> Iterator[str]:
        """A spot close by: what is around it, and what is wrong."""
        colour = _colour(fault)
        spot = shapely.geometry.shape(fault.geometry) if fault.geometry else shapely.Point(fault.place or (0, 0))
        own = [outline for outline in self.outlines if fault.areas and outline.area.code == fault.areas[0]]
        box = _box_around([spot])
        if spot.area == 0 and own and spot.distance(own[0].shape) < 0.01:
            box = _box_around([own[0].shape])
        frame = _Frame.around(x, y + 54, side, VIEW, box, LEAST_METRES)
        yield _bubble(x + 12, y + 17, number, colour)
        yield _text(x + 34, y + 22, fault.kind.zh, 17, colour, weight=700)
        yield _text(x, y + 46, _shortened("、".join(self._names(fault)), 26), 13, _GREY)
        yield frame.open()
        near = [self.outlines[at] for at in np.sort(self.tree.query(shapely.box(*frame.box)))]
        yield from (_ground(frame, outline) for outline in near if outline.area.level == "cell")
        yield from (_boundary(frame, outline, 1.6) for outline in near)
        for outline in own:
            dashed = f'fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="7 4"'
            yield f'<path d="{frame.path(outline.shape)}" {dashed}/>'
        yield _highlighted(frame, spot, fault)
        yield from _labels(frame, near)
        yield from _scale(frame)
        yield f'<rect width="100%" height="100%" fill="none" stroke="{_LINES["cell"][1]}" stroke-width="2"/></svg>'

    def _legend(self, y: float) -> Iterator[str]:
        """What the colours and lines mean."""
        x = float(EDGE)
        kinds: dict[str, set[str]] = {}
        for fault in self.faults:
            kinds.setdefault(_colour(fault), set()).add(fault.kind.zh)
        for colour, told in kinds.items():
            fill = "url(#gap)" if colour == _COLOURS["gap"] else colour
            words = "、".join(sorted(told)) if colour != _OTHER_COLOUR else "其他"
            yield f'<rect x="{x:.0f}" y="{y - 12:.0f}" width="20" height="14" fill="{fill}" stroke="{colour}"/>'
            yield _text(x + 27, y, words, 13)
            x += 48 + 13 * len(words)
        levels = {outline.area.level for outline in self.outlines}
        for level in (name for name in LEVELS.values() if name in levels):
            width, colour = _LINES[level]
            line = f'stroke="{colour}" stroke-width="{width + 0.6:.1f}"'
            yield f'<path d="M{x:.0f},{y - 5:.0f} {x + 26:.0f},{y - 5:.0f}" {line}/>'
            yield _text(x + 33, y, _LEVELS_ZH[level], 13)
            x += 56 + 13 * len(_LEVELS_ZH[level])

    def _names(self, fault: Fault) -> Iterator[str]:
        for code in fault.areas:
            yield self.names.get(code, code)


def _as_drawn(feature: Mapping[str, Any]) -> Any:
    """The lines of a feature's geometry where they are on the earth, crossing or not; None for what is none."""
    geometry = feature.get("geometry")
    try:
        parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        rings = [ring for part in parts for ring in part]
        lines = [np.asarray(ring, dtype=float)[:, :2] for ring in rings if len(ring) > 1]
    except (TypeError, KeyError, ValueError, IndexError, RecursionError, OverflowError):
        return None
    points = np.concatenate(lines) if lines else np.zeros((0, 2))
    if not len(points) or not np.isfinite(points).all() or (np.abs(points) > (180, 90)).any():
        return None
    return shapely.multilinestrings([shapely.linestrings(line) for line in lines])


def _lines(shape: Any) -> Iterator[Any]:
    for part in getattr(shape, "geoms", [shape]):
        if part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors
        elif part.geom_type in ("LineString", "LinearRing"):
            yield part


def _box_around(shapes: Iterable[Any]) -> Box:
    west, south, east, north = shapely.total_bounds(np.array(list(shapes), dtype=object)).tolist()
    return west, south, east, north


def _ground(frame: _Frame, outline: _Outline) -> str:
    return f'<path d="{frame.path(outline.shape)}" fill="{_PAPER}"/>'


def _boundary(frame: _Frame, outline: _Outline, scale: float = 1.0) -> str:
    width, colour = _LINES.get(outline.area.level, (0.6, "#c3cad1"))
    return (
        f'<path d="{frame.path(outline.shape)}" fill="none" stroke="{colour}" '
        f'stroke-width="{width * scale:.1f}" stroke-linejoin="round"/>'
    )


def _highlighted(frame: _Frame, spot: Any, fault: Fault) -> str:
    """The spot itself: ground is filled, so that gaps are hatched; points are ringed."""
    colour = _colour(fault)
    if spot.area > 0:
        fill = "url(#gap)" if fault.code in ("gap", "sliver-gap") else colour
        opacity = "1" if fill != colour else "0.35"
        return (
            f'<path d="{frame.path(spot)}" fill="{fill}" fill-opacity="{opacity}" fill-rule="evenodd" '
            f'stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"/>'
        )
    rings = []
    for lon, lat in shapely.get_coordinates(spot)[:50]:
        x, y = frame.at(lon, lat)
        rings.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="none" stroke="{colour}" stroke-width="3"/>')
        rings.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>')
    return "".join(rings)


def _labels(frame: _Frame, near: Sequence[_Outline]) -> Iterator[str]:
    """Names of the cells in a view, where there is room for them."""
    view = shapely.box(*frame.box)
    taken: list[tuple[float, float, float]] = []
    for outline in near:
        if outline.area.level != "cell":
            continue
        ground = shapely.intersection(shapely.make_valid(shapely.build_area(shapely.node(outline.shape))), view)
        if ground.is_empty or ground.area < 0.04 * view.area:
            continue
        point = shapely.point_on_surface(ground)
        name = _shortened(outline.area.name, 12)
        half = _width(name) * 6 + 4
        x, y = frame.at(point.x, point.y)
        x, y = min(max(x, half), frame.width - half), min(max(y, 12), frame.height - 34)
        if all(abs(x - u) > half + other or abs(y - v) > 18 for u, v, other in taken):
            taken.append((x, y, half))
            yield _text(x, y + 4, name, 12, _GREY, "middle", halo=True)


def _bubbles(frame: _Frame, placed: Sequence[tuple[int, Fault]]) -> Iterator[str]:
    """The numbers of faults at their places, moved apart where they would cover each other."""
    taken: list[tuple[float, float]] = []
    for number, fault in placed[:99]:
        x, y = frame.at(*(fault.place or (0, 0)))
        if not (0 <= x <= frame.width and 0 <= y <= frame.height):
            continue
        u, v = next(((u, v) for u, v in _spiral(x, y) if all(math.hypot(u - a, v - b) > 23 for a, b in taken)), (x, y))
        taken.append((u, v))
        if (u, v) != (x, y):
            yield f'<path d="M{x:.1f},{y:.1f} {u:.1f},{v:.1f}" stroke="{_colour(fault)}" stroke-width="1.5"/>'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_colour(fault)}"/>'
        yield _bubble(u, v, number, _colour(fault))


def _spiral(x: float, y: float) -> Iterator[tuple[float, float]]:
    yield x, y
    for step in range(1, 200):
        reach, turn = 12 + 1.6 * step, step * 0.7
        yield x + reach * math.cos(turn), y + reach * math.sin(turn)


def _bubble(x: float, y: float, number: int, colour: str) -> str:
    size = 12 if number < 100 else 9
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="11" fill="{colour}" stroke="{_PAPER}" stroke-width="1.5"/>'
        f'<text x="{x:.1f}" y="{y + size * 0.36:.1f}" font-size="{size}" font-weight="700" fill="{_PAPER}" '
        f'text-anchor="middle">{number}</text>'
    )


def _scale(frame: _Frame) -> Iterator[str]:
    """A bar of a round number of metres, some quarter of the frame long."""
    wanted = frame.metres_across / 4
    step = 10 ** math.floor(math.log10(wanted))
    metres = max(nice * step for nice in (1, 2, 5) if nice * step <= wanted)
    length, x, y = metres / frame.metres_across * frame.width, 14, frame.height - 14
    words = f"{metres / 1000:g} 公里" if metres >= 1000 else f"{metres:g} 米"
    yield (
        f'<path d="M{x},{y - 5} {x},{y} {x + length:.1f},{y} {x + length:.1f},{y - 5}" fill="none" '
        f'stroke="{_INK}" stroke-width="1.5"/>'
    )
    yield _text(x + length + 6, y + 2, words, 11, _INK, halo=True)


_HATCH = (
    '<defs><pattern id="gap" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="8" height="8" fill="#fbe3e5"/><rect width="3" height="8" fill="{_COLOURS["gap"]}"/>'
    "</pattern></defs>"
)


def _text(
    x: float,
    y: float,
    words: str,
    size: float,
    colour: str = _INK,
    anchor: str = "start",
    *,
    weight: int = 400,
    halo: bool = False,
) -> str:
    around = f' stroke="{_PAPER}" stroke-width="3" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="{anchor}"{around}>{escape(words)}</text>'
    )


def _wrapped(words: str, most: int) -> Iterator[str]:
    """Lines no wider than so many Chinese characters, between which they may break; numbers stay whole."""
    line = ""
    for part in re.findall(r"（?[\x21-\x7e]+|.", words):
        if _width(line + part) > most and part not in "，。；、）”":
            yield line
            line = ""
        line += part
    yield line


def _width(words: str) -> float:
    """In Chinese characters, about."""
    return sum(1.0 if ord(char) > 0x2E80 else 0.56 for char in words)


def _shortened(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _colour(fault: Fault) -> str:
    return _COLOURS.get(fault.code, _OTHER_COLOUR)
