"""The grid 网格: where a point lies.

Cells are found through tiles of a fixed size in degrees: a tile lists the cells that touch it, so that a look-up is
one read however many cells there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TILE_DEGREES = 0.005
METRES_A_DEGREE = 111_195.0  # of latitude, and of longitude at the equator: a sphere of the mean radius, 6,371.0 km
LEVELS = {6: "district", 9: "street", 12: "community", 14: "compound", 16: "cell"}
"""The level of an area by the digits of its code."""

Ring = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Position:
    """A point in WGS-84 degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the grid: its code and the names from the district down to it."""

    code: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as a tile lists it: the area and its outline as `[lon, lat]` pairs, open or closed."""

    area: Area
    ring: Ring


def tile_of(lat: float, lon: float) -> str:
    """The name of the tile a point lies in: `x:y`, counted eastward and northward from 0°, 0°."""
    return f"{math.floor(lon / TILE_DEGREES)}:{math.floor(lat / TILE_DEGREES)}"


def cell_at(position: Position, cells: Iterable[Cell]) -> Area | None:
    """The one cell a point falls in, or None when it falls in none of them.

    A point on an edge or corner belongs to the touching cell with the lowest code (G3).
    """
    holding = [cell.area for cell in cells if _holds(cell.ring, position.lon, position.lat)]
    return min(holding, key=lambda area: area.code, default=None)


def _holds(ring: Ring, x: float, y: float) -> bool:
    """Whether a closed outline holds a point, its edges included (ray casting)."""
    inside = False
    x1, y1 = ring[-1]
    for x2, y2 in ring:
        if min(y1, y2) <= y <= max(y1, y2):
            cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
            if cross == 0 and min(x1, x2) <= x <= max(x1, x2):
                return True
            if (y1 > y) != (y2 > y) and (cross > 0) == (y2 > y1):
                inside = not inside
        x1, y1 = x2, y2
    return inside
