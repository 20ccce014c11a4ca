"""Outlines as they were drawn, made into polygons; what can be none is a fault of its own.

Anything may come: what is no feature, no number or no ring becomes a fault, and never an exception.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from infra.network.area import Area
from infra.network.fault import Fault, Place, shown
from infra.network.metric import Shapes, metres_between

Coordinates = NDArray[np.float64]

MOST_POINTS_OF_A_CELL = 1_000
"""Requests read a cell whole, with all others of its tile: 1,000 points are some 25 KB of the 400 KB of a row."""

MOST_POINTS = 10_000
"""Of an area above the cells, which only imports and exports read: some 100 KB as they are stored."""

CHINA = (72.0, 0.8, 138.0, 56.0)
"""West, south, east, north. No latitude of it is a longitude of it, so a swapped pair shows."""

FAR_DEGREES = 3.0
"""From the middle of the network; or ten times as far as half of its areas lie, if that is more."""

_REASON = re.compile(r"(?P<reason>[^\[]+)\[(?P<lon>\S+) (?P<lat>\S+)\]")


@dataclass(slots=True)
class Outlines:
    """One row an area. `shapes`: the polygon to judge by, None where there is none. `traces`: what ground may be such
    an area's without its polygon, or the holes of one; None where there is none, or nothing is known of it."""

    shapes: Shapes
    traces: Shapes

    def spot(self, row: int) -> dict[str, Any]:
        """Where an area lies, as `place` and `geometry` of a fault."""
        known = self.shapes[row] if self.shapes[row] is not None else self.traces[row]
        return {} if known is None else {"place": place_in(known), "geometry": geojson(known)}


def read_outlines(areas: Sequence[Area], features: Sequence[Any]) -> tuple[Outlines, list[Fault]]:
    """The polygon of each area's feature, and what is wrong with each by itself."""
    outlines = Outlines(np.full(len(areas), None, dtype=object), np.full(len(areas), None, dtype=object))
    faults: list[Fault] = []
    rings: dict[int, Coordinates] = {}
    for at, area in enumerate(areas):
        geometry = features[area.row].get("geometry")
        ring = _ring_of(geometry)
        if ring is None:
            faults.append(_read_unusual(outlines, at, area, geometry))
        else:
            rings[at] = ring
    faults += _check_coordinates(outlines, areas, rings)
    faults += _draw(outlines, areas, rings)
    faults += _check_validity(outlines, areas)
    return outlines, faults


def place_in(shape: Any) -> Place:
    """A point of a shape, away from its edge if it has an inside."""
    point = shapely.point_on_surface(shape)
    return _place((point.x, point.y))


def geojson(shape: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    return made


def _ring_of(geometry: Any) -> Coordinates | None:
    """The one ring of a polygon as pairs of numbers, or None for whatever else it is."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Polygon":
        return None
    rings = geometry.get("coordinates")
    if not isinstance(rings, list | tuple) or len(rings) != 1 or not isinstance(rings[0], list | tuple):
        return None
    try:
        pairs = np.asarray(rings[0])
    except (ValueError, OverflowError, RecursionError):
        return None
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "fiu":
        return None
    return pairs.astype(np.float64)


def _read_unusual(outlines: Outlines, at: int, area: Area, geometry: Any) -> Fault:
    """What is no polygon of one ring of pairs: named, and judged by all the same if it encloses anything."""
    said = geometry if isinstance(geometry, dict) else {}
    kind, rings = said.get("type"), said.get("coordinates")
    shape = _any_shape(geometry)
    if shape is not None:
        enclosing = shape.geom_type in ("Polygon", "MultiPolygon") and shape.is_valid and shape.area > 0
        (outlines.shapes if enclosing else outlines.traces)[at] = shape if enclosing else shape.convex_hull
    spot = outlines.spot(at)
    if kind != "Polygon":
        return Fault.of("wrong-geometry", area, found=shown(kind), **spot)
    if shape is not None and len(rings) > 1:
        if outlines.shapes[at] is not None:
            outlines.traces[at] = shapely.difference(shapely.polygons(shape.exterior), shape)
        return Fault.of("holes", area, size=len(rings) - 1, **spot)
    return Fault.of("bad-coordinate", area, found=shown(rings), **spot)


def _any_shape(geometry: Any) -> Any:
    """What a GeoJSON geometry draws on the earth, or None."""
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(geometry), on_invalid="ignore"))
    except (TypeError, ValueError, RecursionError):
        return None
    if shape is None or shape.is_empty:
        return None
    points = shapely.get_coordinates(shape)
    return shape if np.isfinite(points).all() and _within(points, (-180, -90, 180, 90)).all() else None


def _check_coordinates(outlines: Outlines, areas: Sequence[Area], rings: dict[int, Coordinates]) -> Iterator[Fault]:
    """Takes out of `rings` those with numbers that are no place here; pairs that are swapped are put right."""
    if not rings:
        return
    rows = list(rings)
    points = np.concatenate(list(rings.values()))
    starts = np.concatenate([[0], np.cumsum([len(ring) for ring in rings.values()])])
    finite = np.isfinite(points).all(axis=1)
    swapped = ~_within(points, CHINA) & _within(points[:, ::-1], CHINA)
    points[swapped] = points[swapped][:, ::-1]
    in_world = finite & _within(points, (-180, -90, 180, 90))
    far = in_world & _far_from_most(points, in_world, starts)
    suspect = np.logical_or.reduceat(swapped | far | ~in_world, starts[:-1])
    for which in np.flatnonzero(suspect):
        at, here = rows[which], slice(starts[which], starts[which + 1])
        area, ring = areas[at], points[here]
        rings[at], good = ring, ring[in_world[here] & ~far[here]]
        if number := int(swapped[here].sum()):
            yield Fault.of("swapped", area, size=number, **_points(ring[swapped[here]]))
        if not in_world[here].all():
            lon, lat = ring[~in_world[here]][0]
            yield Fault.of("bad-coordinate", area, found=f"({lon:.7g}, {lat:.7g})", **_points(good))
        elif number := int(far[here].sum()):
            yield Fault.of("far-away", area, size=number, **_points(ring[far[here]]))
        if len(good) < len(ring):
            outlines.traces[at] = _hull(good)
            del rings[at]


def _far_from_most(points: Coordinates, known: NDArray[np.bool_], starts: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which points lie far from where half of the areas are. What is wrong with a few areas moves no median."""
    firsts = points[starts[:-1]][known[starts[:-1]]]
    if not len(firsts):
        return np.zeros(len(points), dtype=bool)
    middle = np.median(firsts, axis=0)
    reach = np.maximum(10 * np.median(np.abs(firsts - middle), axis=0), FAR_DEGREES)
    far: NDArray[np.bool_] = (np.abs(points - middle) > reach).any(axis=1)
    return far


def _draw(outlines: Outlines, areas: Sequence[Area], rings: dict[int, Coordinates]) -> Iterator[Fault]:
    """Makes polygons of the rings that have points enough; an open one is closed."""
    drawn: dict[int, Coordinates] = {}
    for at, ring in rings.items():
        area = areas[at]
        most = MOST_POINTS_OF_A_CELL if area.level == "cell" else MOST_POINTS
        if len(ring) < 4 or (len(ring) < 8 and len(np.unique(ring, axis=0)) < 3):
            yield Fault.of("too-few-points", area, size=len(ring), **_points(ring))
            outlines.traces[at] = _hull(ring)
            continue
        drawn[at] = ring
        if len(ring) > most:
            yield Fault.of("too-many-points", area, size=len(ring), most=most, **_points(ring[:1]))
        if ring[0, 0] != ring[-1, 0] or ring[0, 1] != ring[-1, 1]:
            apart = round(metres_between(ring[0], ring[-1]), 1)
            yield Fault.of("not-closed", area, size=apart, **_points(ring[[-1, 0]]))
            drawn[at] = np.concatenate([ring, ring[:1]])
    if drawn:
        owners = np.repeat(np.arange(len(drawn)), [len(ring) for ring in drawn.values()])
        lines = shapely.linearrings(np.concatenate(list(drawn.values())), indices=owners)
        outlines.shapes[list(drawn)] = shapely.polygons(lines)


def _check_validity(outlines: Outlines, areas: Sequence[Area]) -> Iterator[Fault]:
    """Outlines that cross or touch themselves are not judged by: each is a fault, at the very place."""
    broken = np.flatnonzero(~shapely.is_valid(outlines.shapes) & ~shapely.is_missing(outlines.shapes))
    for at, told in zip(broken, shapely.is_valid_reason(outlines.shapes[broken]), strict=True):
        parts = _REASON.fullmatch(told)
        lon, lat = (float(parts["lon"]), float(parts["lat"])) if parts else place_in(outlines.shapes[at].envelope)
        code = "self-touching" if parts and parts["reason"].startswith("Ring") else "self-crossing"
        yield Fault.of(code, areas[at], **_points(np.array([[lon, lat]])))
        outlines.traces[at] = shapely.convex_hull(outlines.shapes[at])
        outlines.shapes[at] = None


def _hull(points: Coordinates) -> Any:
    return shapely.convex_hull(shapely.multipoints(points)) if len(points) else None


def _within(points: Coordinates, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    west, south, east, north = box
    lon, lat = points[:, 0], points[:, 1]
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _place(point: Sequence[float] | Coordinates) -> Place:
    return round(float(point[0]), 7), round(float(point[1]), 7)


def _points(points: Coordinates) -> dict[str, Any]:
    """Single points as place and geometry of a fault: the first of them, and all."""
    if not len(points):
        return {}
    kind, listed = ("Point", points[0]) if len(points) == 1 else ("MultiPoint", points)
    return {"place": _place(points[0]), "geometry": {"type": kind, "coordinates": listed.tolist()}}
