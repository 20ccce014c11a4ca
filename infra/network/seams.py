"""Seamless 边界无缝对接 (G2): the children of an area cover it, with no gap and no overlap beyond the tolerance.

Shapes are compared in degrees, where equal points are equal; only the pieces that are left over are measured, each in
metres of its own. A parent's children are compared with it and with one another: strangers that overlap lie outside a
parent, or their parents overlap.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from chalicelib.domain.grid import LEVELS, METRES_A_DEGREE
from infra.network.area import Area
from infra.network.fault import Fault, Settings
from infra.network.metric import Shapes, in_metres
from infra.network.outlines import Outlines, geojson, place_in

Rows = NDArray[np.int_]

SLIVER_METRES = 5.0
"""A gap or an overlap narrower than this, and ten times as long, is a line drawn twice: a sliver."""

_THIN = 12.0  # perimeter² / 4 area of a strip ten times as long as wide
_NEIGHBOURS = 6  # of a gap, named with it


@dataclass(frozen=True, slots=True)
class _Family:
    """The children of each of some parents. `owner` counts, for each row of `children`, in `parents`.

    A parent of -1 is the land: it has districts and no outline.
    """

    parents: Rows
    children: Rows
    owner: Rows


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What is left over, wide enough to matter: each with the index of what it is left of, in degrees and measured."""

    of: Rows
    shapes: Shapes
    square_metres: NDArray[np.float64]
    widths: NDArray[np.float64]
    lengths: NDArray[np.float64]
    slivers: NDArray[np.bool_]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.of)))

    def facts(self, at: int) -> dict[str, object]:
        return {
            "size": round(float(self.square_metres[at]), 1),
            "width": self.widths[at],
            "length": self.lengths[at],
            "place": place_in(self.shapes[at]),
            "geometry": geojson(self.shapes[at]),
        }


def check_seams(areas: Sequence[Area], outlines: Outlines, settings: Settings) -> Iterator[Fault]:
    """Gaps, overlaps, slivers, areas outside their parent, and boundaries that two areas share."""
    repeated = list(_repeated(areas, outlines))
    yield from (fault for _, fault in repeated)
    once = outlines.shapes.copy()
    once[[row for row, _ in repeated]] = None
    for digits in LEVELS:
        family = _family(areas, once, digits)
        if not len(family.children):
            continue
        land = shapely.union_all(_gathered(once, family).reshape(-1, 1), axis=1)
        yield from _overlaps(areas, once, family, land, settings)
        if digits > min(LEVELS):
            yield from _outside(areas, once, family, land, settings)
            yield from _gaps(areas, outlines, once, family, land, digits, settings)


def _repeated(areas: Sequence[Area], outlines: Outlines) -> Iterator[tuple[int, Fault]]:
    """Areas of one level with the outline of an earlier one."""
    known: dict[tuple[str, bytes], int] = {}
    drawn = np.flatnonzero(~shapely.is_missing(outlines.shapes))
    for row, wkb in zip(drawn, shapely.to_wkb(shapely.normalize(outlines.shapes[drawn])), strict=True):
        first = known.setdefault((areas[row].level, wkb), int(row))
        if first != row and areas[row].code != areas[first].code:
            shape = outlines.shapes[row]
            size = float(shapely.area(in_metres(outlines.shapes[[row]]))[0])
            spot = {"place": place_in(shape), "geometry": geojson(shape)}
            yield int(row), Fault.of("repeated-boundary", areas[row], areas[first], size=round(size, 1), **spot)
        elif first != row:
            outlines.shapes[row] = None


def _family(areas: Sequence[Area], shapes: Shapes, digits: int) -> _Family:
    """The areas whose codes have so many digits, by parent; those whose parent is not there are orphans."""
    rows = {area.code: row for row, area in reversed(list(enumerate(areas)))}
    children, owners = [], []
    for row, area in enumerate(areas):
        if len(area.code) == digits and shapes[row] is not None:
            above = -1 if not area.parent else rows.get(area.parent)
            if above is not None:
                children.append(row)
                owners.append(above)
    parents, owner = np.unique(np.array(owners, dtype=int), return_inverse=True)
    order = np.argsort(owner, kind="stable")
    return _Family(parents, np.array(children, dtype=int)[order], owner[order])


def _gathered(shapes: Shapes, family: _Family) -> Shapes:
    return shapely.geometrycollections(shapes[family.children], indices=family.owner)


def _overlaps(
    areas: Sequence[Area], shapes: Shapes, family: _Family, land: Shapes, settings: Settings
) -> Iterator[Fault]:
    """Children of one parent that cover the same ground."""
    covered = np.bincount(family.owner, weights=shapely.area(shapes[family.children]))
    shrink = np.cos(np.radians(shapely.bounds(land)[:, 1]))
    twice = (covered - shapely.area(land)) * METRES_A_DEGREE**2 * shrink >= _least_area(settings)
    suspects = np.flatnonzero(twice[family.owner])
    rows, owner = family.children[suspects], family.owner[suspects]
    pairs = shapely.STRtree(shapes[rows]).query(shapes[rows], predicate="intersects")
    one, other = pairs[:, (pairs[0] < pairs[1]) & (owner[pairs[0]] == owner[pairs[1]])]
    pieces = _pieces(shapely.intersection(shapes[rows[one]], shapes[rows[other]]), settings)
    for at in pieces:
        pair = areas[rows[one[pieces.of[at]]]], areas[rows[other[pieces.of[at]]]]
        yield Fault.of("sliver-overlap" if pieces.slivers[at] else "overlap", *pair, **pieces.facts(at))


def _outside(
    areas: Sequence[Area], shapes: Shapes, family: _Family, land: Shapes, settings: Settings
) -> Iterator[Fault]:
    """Children that leave their parent's outline."""
    beyond = _pieces(shapely.difference(land, shapes[family.parents]), settings)
    suspects = np.flatnonzero(np.isin(family.owner, beyond.of))
    rows, above = family.children[suspects], family.parents[family.owner[suspects]]
    pieces = _pieces(shapely.difference(shapes[rows], shapes[above]), settings)
    for at in pieces:
        yield Fault.of("outside-parent", areas[rows[pieces.of[at]]], areas[above[pieces.of[at]]], **pieces.facts(at))


def _gaps(
    areas: Sequence[Area],
    outlines: Outlines,
    shapes: Shapes,
    family: _Family,
    land: Shapes,
    digits: int,
    settings: Settings,
) -> Iterator[Fault]:
    """Ground of a parent that is none of its children's. What an area that cannot be judged by would cover is none."""
    missing = shapely.difference(shapes[family.parents], land)
    pieces = _pieces(missing, settings, within=land)
    if not len(pieces.of):
        return
    tree = shapely.STRtree(shapes[family.children])
    excused = _Excuses(areas, outlines, digits)
    for at in pieces:
        of = pieces.of[at]
        parent, piece = areas[family.parents[of]], pieces.shapes[at]
        if excused.cover(parent, piece):
            continue
        near = tree.query(piece, predicate="dwithin", distance=settings.tolerance_metres / METRES_A_DEGREE)
        beside = [areas[row] for row in np.sort(family.children[near[family.owner[near] == of]])[:_NEIGHBOURS]]
        yield Fault.of(
            "sliver-gap" if pieces.slivers[at] else "gap",
            parent,
            *beside,
            beside_zh="、".join(area.label_zh for area in beside),
            beside_en=", ".join(area.label_en for area in beside),
            **pieces.facts(at),
        )


class _Excuses:
    """Areas that cannot be judged by, and so leave a hole that is no fault of its own."""

    def __init__(self, areas: Sequence[Area], outlines: Outlines, digits: int) -> None:
        codes = {area.code for area in areas}
        self._lost: set[str] = set()
        traces = []
        for row, area in enumerate(areas):
            shape, trace = outlines.shapes[row], outlines.traces[row]
            if not area.code or (area.parent and area.parent not in codes):
                traces += [each for each in (shape, trace) if each is not None]
            elif len(area.code) == digits and trace is not None:
                traces.append(trace)
            elif len(area.code) == digits and shape is None:
                self._lost.add(area.parent)
        self._traces = np.array(traces, dtype=object)
        self._tree = shapely.STRtree(self._traces)

    def cover(self, parent: Area, gap: shapely.Polygon) -> bool:
        """Whether a gap is where such an area would be: it shares a tenth of the smaller one's ground with it."""
        if parent.code in self._lost:
            return True
        for trace in self._traces[self._tree.query(gap, predicate="intersects")]:
            common = shapely.area(shapely.intersection(trace, gap))
            if trace.area == 0 or common >= 0.1 * min(trace.area, gap.area):
                return True
        return False


def _least_area(settings: Settings) -> float:
    """In m²: whatever has less holds no circle as wide as the tolerance, and so is nowhere wider."""
    return math.pi * settings.tolerance_metres**2 / 4


def _pieces(left: Shapes, settings: Settings, within: Shapes | None = None) -> _Pieces:
    """The parts of what is left over that are somewhere wider than the tolerance.

    Those of a gap matter also where they reach farther than the tolerance from the ground `within` which it lies: no
    cell near would take a point there (G3).
    """
    shapes, of = shapely.get_parts(left, return_index=True)
    kept = (shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON) & (shapely.area(shapes) > 0)
    shapes, of = shapes[kept], of[kept]
    planar = in_metres(shapes)
    size, around = shapely.area(planar), shapely.length(planar)
    wide = size >= _least_area(settings)
    wide[wide] = ~_narrower(planar[wide], settings.tolerance_metres)
    if within is not None:
        thin = np.flatnonzero(~wide)
        wide[thin] = _out_of_reach(shapes[thin], within[of[thin]], settings.tolerance_metres)
    shapes, of, planar, size, around = shapes[wide], of[wide], planar[wide], size[wide], around[wide]
    widths = 2 * shapely.length(shapely.maximum_inscribed_circle(planar))
    slivers = around**2 >= 4 * _THIN * size
    slivers[slivers] = _narrower(planar[slivers], SLIVER_METRES)
    return _Pieces(of, shapes, size, widths, around / 2, slivers)


def _narrower(planar: Shapes, metres: float) -> NDArray[np.bool_]:
    """Which shapes are nowhere as wide as that: nothing is left when half of it is taken off all round."""
    empty: NDArray[np.bool_] = shapely.is_empty(shapely.buffer(planar, -metres / 2, join_style="mitre"))
    return empty


def _out_of_reach(shapes: Shapes, ground: Shapes, metres: float) -> NDArray[np.bool_]:
    """Which thin shapes have points farther than that from the ground beside them.

    In degrees, where distances east and west are overestimated: what is near there is near.
    """
    degrees = metres / METRES_A_DEGREE
    long = np.flatnonzero(np.ptp(shapely.bounds(shapes).reshape(-1, 2, 2), axis=1).max(axis=1) > degrees)
    points, of = shapely.get_coordinates(shapely.segmentize(shapes[long], 10 * degrees), return_index=True)
    shapely.prepare(ground)
    near = shapely.dwithin(ground[long[of]], shapely.points(points), degrees)
    reach = np.zeros(len(shapes), dtype=bool)
    np.logical_or.at(reach, long[of], ~near)
    return reach
