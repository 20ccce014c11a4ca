"""Distances of some hundred metres, on the plane that touches the ground there: exact to less than a metre."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.domain.grid import Position, tile_of

if TYPE_CHECKING:
    from chalicelib.domain.grid import Ring

_METRES_A_DEGREE = 111_195.0  # of latitude, on a sphere of the mean radius 6,371.0 km


def metres_to(position: Position, ring: Ring) -> float:
    """How far a point is from an outline, inside or outside of it."""
    east, north = _METRES_A_DEGREE * math.cos(math.radians(position.lat)), _METRES_A_DEGREE
    corners = [((lon - position.lon) * east, (lat - position.lat) * north) for lon, lat in ring]
    return min(_to_segment(*a, *b) for a, b in zip([corners[-1], *corners], corners, strict=False))


def points_around(position: Position, metres: float) -> Iterator[Position]:
    """A point in each other tile that a point is within so many metres of."""
    north = metres / _METRES_A_DEGREE
    east = north / max(math.cos(math.radians(position.lat)), 0.01)
    seen = {tile_of(position.lat, position.lon)}
    for lat in (position.lat - north, position.lat, position.lat + north):
        for lon in (position.lon - east, position.lon, position.lon + east):
            tile = tile_of(lat, lon)
            if tile not in seen:
                seen.add(tile)
                yield Position(lat, lon)


def _to_segment(x1: float, y1: float, x2: float, y2: float) -> float:
    """From the origin to a segment."""
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else min(1.0, max(0.0, -(x1 * dx + y1 * dy) / length))
    return math.hypot(x1 + along * dx, y1 + along * dy)
