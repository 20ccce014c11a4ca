"""Degrees as metres, piece by piece: each shape in a plane of its own, true near its middle (equirectangular)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from chalicelib.domain.grid import METRES_A_DEGREE

Shapes = NDArray[np.object_]


def in_metres(shapes: Shapes) -> Shapes:
    """The same shapes with their coordinates in metres east and north of 0°, 0°.

    A degree of longitude counts as much as it does at the middle of the shape, so sizes are true within some
    ten-thousandths for a city, and which points lie on a line is the same as in degrees.
    """
    points, owners = shapely.get_coordinates(shapes, return_index=True)
    bounds = shapely.bounds(shapes)
    shrink = np.cos(np.radians((bounds[:, 1] + bounds[:, 3]) / 2))
    planar = points * METRES_A_DEGREE
    planar[:, 0] *= shrink[owners]
    return shapely.set_coordinates(shapes.copy(), planar)


def metres_between(one: Sequence[float], other: Sequence[float]) -> float:
    """How far two points `(lon, lat)` are from each other, if they are near."""
    shrink = math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot((one[0] - other[0]) * shrink, one[1] - other[1]) * METRES_A_DEGREE
