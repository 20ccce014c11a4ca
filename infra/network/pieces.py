"""What is left over when areas are laid on one another: pieces, each measured, and none that the tolerance allows."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from chalicelib.domain.grid import METRES_A_DEGREE
from infra.network.fault import Settings
from infra.network.metric import Shapes, in_metres
from infra.network.outlines import geojson, place_in

Rows = NDArray[np.int_]

SLIVER_METRES = 5.0
"""A gap or an overlap narrower than this, and ten times as long, is a line drawn twice: a sliver."""

_STEP_METRES = 20.0  # along an edge, when it is asked how far it is from the ground beside it
_THIN = 12.0  # perimeter² / 4 area of a strip ten times as long as wide


class Piece(NamedTuple):
    """A piece in degrees, `of` the shape with that index.

    In m² and m; the width is that of the widest place, or of a sliver the mean.
    """

    of: int
    shape: Any
    square_metres: float
    width: float
    length: float
    sliver: bool

    @property
    def facts(self) -> dict[str, Any]:
        """What a fault says of it."""
        size = round(self.square_metres, 1)
        return {"size": size, "width": self.width, "length": self.length, **spot_of(self.shape)}


def spot_of(shape: Any) -> dict[str, Any]:
    """A shape as `place` and `geometry` of a fault."""
    return {"place": place_in(shape), "geometry": geojson(shape)}


def least_area(settings: Settings) -> float:
    """In m²: whatever has less holds no circle as wide as the tolerance, and so is nowhere wider."""
    return math.pi * settings.tolerance_metres**2 / 4


def pieces(left: Shapes, settings: Settings, beside: Shapes | None = None) -> list[Piece]:
    """The parts of what is left over that are somewhere wider than the tolerance.

    Of a gap also those that reach farther than the tolerance from the ground `beside` it: no cell near by would take a
    point there (G3).
    """
    shapes, of = shapely.get_parts(left, return_index=True)
    kept = (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON) & (shapely.area(shapes) > 0)
    shapes, of = shapes[kept], of[kept]
    planar = in_metres(shapes)
    size, around = shapely.area(planar), shapely.length(planar)
    matters = size >= least_area(settings)
    matters[matters] = ~narrower(planar[matters], settings.tolerance_metres)
    if beside is not None:
        thin = np.flatnonzero(~matters)
        matters[thin] = _out_of_reach(shapes[thin], beside[of[thin]], settings.tolerance_metres)
    shapes, of, planar, size, around = shapes[matters], of[matters], planar[matters], size[matters], around[matters]
    slivers = around**2 >= 4 * _THIN * size
    slivers[slivers] = narrower(planar[slivers], SLIVER_METRES)
    widths = size / (around / 2)
    widths[~slivers] = 2 * shapely.length(shapely.maximum_inscribed_circle(planar[~slivers]))
    columns = of, shapes, size, widths, around / 2, slivers
    return [Piece(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def narrower(planar: Shapes, metres: float) -> NDArray[np.bool_]:
    """Which shapes are nowhere as wide as that: nothing is left when half of it is taken off all round."""
    empty: NDArray[np.bool_] = shapely.is_empty(shapely.buffer(planar, -metres / 2, join_style="mitre"))
    return empty


def _out_of_reach(shapes: Shapes, ground: Shapes, metres: float) -> NDArray[np.bool_]:
    """Which thin shapes have points farther than that from the ground beside them: corners, or points of long edges.

    In degrees, where distances east and west are overestimated: what is near there is near.
    """
    degrees = metres / METRES_A_DEGREE
    west, south, east, north = shapely.bounds(shapes).T
    long = np.flatnonzero(np.maximum(east - west, north - south) > degrees)
    points, of = shapely.get_coordinates(
        shapely.segmentize(shapes[long], _STEP_METRES / METRES_A_DEGREE), return_index=True
    )
    shapely.prepare(ground)
    near = shapely.dwithin(ground[long[of]], shapely.points(points), degrees)
    far = np.zeros(len(shapes), dtype=bool)
    np.logical_or.at(far, long[of], ~near)
    return far
