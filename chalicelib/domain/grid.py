"""The grid 网格: where a point lies.

Cells are found through tiles of a fixed size in degrees: a tile lists the cells that touch it, so that a look-up is
one read however many cells there are. Which cell holds a point is decided exactly (ADR 16).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TILE_DEGREES = 0.005
METRES_A_DEGREE = 111_195.0  # of latitude, and of longitude at the equator: a sphere of the mean radius, 6,371.0 km
DIGITS = {"district": 6, "street": 9, "community": 12, "compound": 14, "cell": 16}
"""How long the code of an area of each level is, widest first; a code's beginning is the area above."""
LEVELS = {digits: level for level, digits in DIGITS.items()}

_MOST_TILES = 99
"""With the network's versions, what one batch read takes."""

_MILLIMETRES = 3
_DOUBT = (3 + 16 * 2.0**-53) * 2.0**-53
"""A sum of two products is wrong by no more than this share of their size (Shewchuk 1997, `ccwerrboundA`)."""
_UNDERFLOW = 1e-290

Ring = Sequence[Sequence[float]]


class Sent(NamedTuple):
    """A position as its sender gave it, in a datum other than WGS-84."""

    lat: float
    lon: float
    datum: str


class Position(NamedTuple):
    """A point in WGS-84 degrees, and how it was sent if that was in another datum."""

    lat: float
    lon: float
    sent: Sent | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the grid: its code and the names from the district down to it."""

    code: str
    path: tuple[str, ...]

    @property
    def level(self) -> str:
        return LEVELS[len(self.code)]


class Cell(NamedTuple):
    """A cell as a tile lists it: the area and its outline as `[lon, lat]` pairs, open or closed."""

    area: Area
    ring: Ring


def level_of(code: str) -> str:
    """The level of an area by its code; empty for what is no code."""
    return LEVELS.get(len(code), "") if code.isascii() and code.isdigit() else ""


class Nearest(NamedTuple):
    """A cell and how far it is."""

    area: Area
    metres: float


def place_of(names: Sequence[str]) -> str:
    """Names down to a place, as one: of `万通社区第1网格` below `万通社区` only what that does not say yet."""
    words: list[str] = []
    for name in names:
        above = next((each for each in words if name != each and name.startswith(each)), "")
        words.append(name.removeprefix(above))
    return "".join(words)


def tile_of(lat: float, lon: float) -> str:
    """The name of the tile a point lies in: `x:y`, counted eastward and northward from 0°, 0°."""
    return f"{math.floor(lon / TILE_DEGREES)}:{math.floor(lat / TILE_DEGREES)}"


def tiles_around(lat: float, lon: float, metres: float) -> list[str]:
    """The names of all tiles that come as near to a point as that; none where they are too many for one read.

    A kilometre takes some thirty tiles in China; only near the poles, where tiles are narrow, it takes too many.
    """
    north = metres / METRES_A_DEGREE
    east = north / max(math.cos(math.radians(lat)), 1e-9)
    columns = range(math.floor((lon - east) / TILE_DEGREES), math.floor((lon + east) / TILE_DEGREES) + 1)
    rows = range(math.floor((lat - north) / TILE_DEGREES), math.floor((lat + north) / TILE_DEGREES) + 1)
    return [f"{x}:{y}" for x in columns for y in rows] if len(columns) * len(rows) <= _MOST_TILES else []


def cell_at(position: Position, cells: Iterable[Cell], tolerance_metres: float) -> Area | None:
    """The one cell a point falls in, or None when it falls in none of them (G3).

    A point on an edge or corner, or in an overlap, belongs to the cell with the lowest code of those that hold it. A
    point that none holds belongs to the nearest within the tolerance (the policy's, of boundaries): it lies in a gap
    between two cells, or an edge was rounded away from it.
    """
    listed = list(cells)
    holding = [cell.area for cell in listed if _holds(cell.ring, position.lon, position.lat)]
    if holding:
        return min(holding, key=lambda area: area.code)
    nearest = nearest_cell(position, listed)
    return nearest.area if nearest is not None and nearest.metres <= tolerance_metres else None


def nearest_cell(position: Position, cells: Iterable[Cell]) -> Nearest | None:
    """The cell whose edge is nearest to a point outside all of them, to the millimetre; of several the lowest code."""
    near = [
        Nearest(cell.area, round(_metres_to(cell.ring, position.lon, position.lat), _MILLIMETRES)) for cell in cells
    ]
    return min(near, key=lambda found: (found.metres, found.area.code), default=None)


def _holds(ring: Ring, x: float, y: float) -> bool:
    """Whether a closed outline holds a point, its edges included (ray casting); exact for the numbers given."""
    inside = False
    x1, y1 = ring[-1]
    for x2, y2 in ring:
        if min(y1, y2) <= y <= max(y1, y2):
            side = _side(x1, y1, x2, y2, x, y)
            if side == 0 and min(x1, x2) <= x <= max(x1, x2):
                return True
            if (y1 > y) != (y2 > y) and (side > 0) == (y2 > y1):
                inside = not inside
        x1, y1 = x2, y2
    return inside


def _side(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> float:
    """On which side of a line a point lies: positive to the left, 0 on it. Only the sign is meant, and it is exact.

    Where rounding could decide, fractions do.
    """
    left, right = (x2 - x1) * (y - y1), (y2 - y1) * (x - x1)
    turn = left - right
    if abs(turn) > _DOUBT * (abs(left) + abs(right)) + _UNDERFLOW:
        return turn
    from fractions import Fraction

    a, b = Fraction(x1), Fraction(y1)
    exact = (Fraction(x2) - a) * (Fraction(y) - b) - (Fraction(y2) - b) * (Fraction(x) - a)
    return (exact > 0) - (exact < 0)


def _metres_to(ring: Ring, x: float, y: float) -> float:
    """How far a point is from an outline, in a plane that is true at the point."""
    north = METRES_A_DEGREE
    east = north * math.cos(math.radians(y))
    nearest = math.inf
    x1, y1 = (ring[-1][0] - x) * east, (ring[-1][1] - y) * north
    for lon, lat in ring:
        x2, y2 = (lon - x) * east, (lat - y) * north
        run, rise = x2 - x1, y2 - y1
        length = run * run + rise * rise
        share = min(1.0, max(0.0, -(x1 * run + y1 * rise) / length)) if length else 0.0
        nearest = min(nearest, math.hypot(x1 + share * run, y1 + share * rise))
        x1, y1 = x2, y2
    return nearest
