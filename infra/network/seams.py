"""Seamless 边界无缝对接 (G2): the children of an area cover it, with no gap and no overlap beyond the tolerance.

Shapes are compared in degrees, where equal points are equal; only the pieces that are left over are measured, each in
metres of its own. A parent's children are compared with it and with one another: strangers that overlap lie outside a
parent, or their parents overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from operator import itemgetter

import numpy as np
import shapely

from chalicelib.domain.grid import LEVELS, METRES_A_DEGREE
from infra.network.area import Area
from infra.network.fault import Fault, Settings
from infra.network.metric import Shapes, in_metres
from infra.network.outlines import Outlines
from infra.network.pieces import Rows, least_area, narrower, pieces, spot_of

_NEIGHBOURS = 6  # of a gap, named with it
_BATCH = 5_000  # children compared at a time: what is left over of all at once may not fit the memory
_ENOUGH = 0.1  # of a gap's ground, or of an unreadable area's, for the one to be the other's


def check_seams(areas: Sequence[Area], outlines: Outlines, settings: Settings) -> Iterator[Fault]:
    """Gaps, overlaps, slivers, areas outside their parent, and boundaries that two areas share."""
    yield from _narrow(areas, outlines.shapes, settings)
    once, faults = _without_repeated(areas, outlines.shapes)
    yield from faults
    for digits in LEVELS:
        for children in _Children.of(digits, areas, once):
            yield from children.overlaps(settings)
            if digits > min(LEVELS):
                yield from children.outside(settings)
                yield from children.gaps(settings, outlines)


def _narrow(areas: Sequence[Area], shapes: Shapes, settings: Settings) -> Iterator[Fault]:
    """Areas that are nowhere wider than the tolerance, and so are none."""
    drawn = np.flatnonzero(~shapely.is_missing(shapes))
    planar = in_metres(shapes[drawn])
    size = shapely.area(planar)
    # a circle of this share of it lies in any figure without holes
    suspects = np.flatnonzero(size <= shapely.length(planar) * settings.tolerance_metres / 2)
    for at in suspects[narrower(planar[suspects], settings.tolerance_metres)]:
        facts = {"size": round(float(size[at]), 1), **spot_of(shapes[drawn[at]])}
        yield Fault.of("sliver-area", areas[drawn[at]], **facts)


def _without_repeated(areas: Sequence[Area], shapes: Shapes) -> tuple[Shapes, list[Fault]]:
    """The shapes without those that an earlier area of the same level has; a fault where that has another code."""
    once, faults = shapes.copy(), []
    known: dict[tuple[str, bytes], int] = {}
    drawn = np.flatnonzero(~shapely.is_missing(shapes))
    for row, outline in zip(drawn, shapely.to_wkb(shapely.normalize(shapes[drawn])), strict=True):
        first = known.setdefault((areas[row].level, outline), int(row))
        if first == row:
            continue
        once[row] = None
        if areas[row].code != areas[first].code:
            size = round(float(shapely.area(in_metres(shapes[[row]]))[0]), 1)
            spot = spot_of(shapes[row])
            faults.append(Fault.of("repeated-boundary", areas[row], areas[first], size=size, **spot))
    return once, faults


@dataclass(frozen=True, kw_only=True)
class _Children:
    """The areas of a level with those above them. `owner` counts, for each row of `children`, in `parents`.

    Districts have the one parent -1, which has no outline.
    """

    digits: int
    areas: Sequence[Area]
    shapes: Shapes
    parents: Rows
    children: Rows
    owner: Rows

    @classmethod
    def of(cls, digits: int, areas: Sequence[Area], shapes: Shapes) -> Iterator[_Children]:
        """Those whose codes have so many digits, orphans left out: in batches, the children of a parent together."""
        rows = {area.code: row for row, area in reversed(list(enumerate(areas)))}
        listed = sorted(
            (rows[area.parent] if area.parent else -1, row)
            for row, area in enumerate(areas)
            if len(area.code) == digits and shapes[row] is not None and (not area.parent or area.parent in rows)
        )
        families = [list(family) for _, family in groupby(listed, key=itemgetter(0))]
        counts = list(accumulate(len(family) for family in families))
        for _, batch in groupby(zip(counts, families, strict=True), key=lambda counted: counted[0] // _BATCH):
            above, children = np.array([pair for _, family in batch for pair in family]).T
            parents, owner = np.unique(above, return_inverse=True)
            yield cls(digits=digits, areas=areas, shapes=shapes, parents=parents, children=children, owner=owner)

    @cached_property
    def land(self) -> Shapes:
        """What the children of each parent cover together."""
        together = shapely.geometrycollections(self.shapes[self.children], indices=self.owner)
        return np.asarray(shapely.union_all(together.reshape(-1, 1), axis=1))

    @cached_property
    def torn(self) -> Rows:
        """The parents whose outline is not, point by point, that of their children together: few, where all is well."""
        outlines = self.shapes[self.parents]
        same = shapely.equals_exact(shapely.normalize(outlines), shapely.normalize(self.land))
        return np.flatnonzero(~same & ~shapely.is_missing(outlines))

    def overlaps(self, settings: Settings) -> Iterator[Fault]:
        """Children of one parent that cover the same ground. None do where sizes add up."""
        covered = np.bincount(self.owner, weights=shapely.area(self.shapes[self.children]))
        shrink = np.cos(np.radians(shapely.bounds(self.land)[:, 1]))
        twice = (covered - shapely.area(self.land)) * METRES_A_DEGREE**2 * shrink
        suspects = np.flatnonzero(twice[self.owner] >= least_area(settings))
        rows, owner = self.children[suspects], self.owner[suspects]
        pairs = shapely.STRtree(self.shapes[rows]).query(self.shapes[rows], predicate="intersects")
        one, other = pairs[:, (pairs[0] < pairs[1]) & (owner[pairs[0]] == owner[pairs[1]])]
        for piece in pieces(shapely.intersection(self.shapes[rows[one]], self.shapes[rows[other]]), settings):
            code = "sliver-overlap" if piece.sliver else "overlap"
            pair = self.areas[rows[one[piece.of]]], self.areas[rows[other[piece.of]]]
            yield Fault.of(code, *pair, **piece.facts)

    def outside(self, settings: Settings) -> Iterator[Fault]:
        """Children that leave their parent's outline."""
        torn = self.torn
        beyond = pieces(shapely.difference(self.land[torn], self.shapes[self.parents[torn]]), settings)
        suspects = np.flatnonzero(np.isin(self.owner, torn[np.array([piece.of for piece in beyond], dtype=int)]))
        rows, above = self.children[suspects], self.parents[self.owner[suspects]]
        for piece in pieces(shapely.difference(self.shapes[rows], self.shapes[above]), settings):
            yield Fault.of("outside-parent", self.areas[rows[piece.of]], self.areas[above[piece.of]], **piece.facts)

    def gaps(self, settings: Settings, outlines: Outlines) -> Iterator[Fault]:
        """Ground of a parent that is none of its children's, nor of one that cannot be read."""
        torn = self.torn
        missing = shapely.difference(self.shapes[self.parents[torn]], self.land[torn])
        found = pieces(missing, settings, beside=self.land[torn])
        if not found:
            return
        tree, unread = shapely.STRtree(self.shapes[self.children]), _Unread(self.areas, outlines, self.digits)
        for piece in found:
            above = torn[piece.of]
            parent = self.areas[self.parents[above]]
            if unread.may_cover(parent, piece.shape):
                continue
            near = tree.query(piece.shape, predicate="dwithin", distance=settings.tolerance_metres / METRES_A_DEGREE)
            rows = np.sort(self.children[near[self.owner[near] == above]])[:_NEIGHBOURS]
            neighbours = [self.areas[row] for row in rows]
            names = {
                "beside_zh": "、".join(area.label_zh for area in neighbours),
                "beside_en": ", ".join(area.label_en for area in neighbours),
            }
            yield Fault.of("sliver-gap" if piece.sliver else "gap", parent, *neighbours, **names, **piece.facts)


class _Unread:
    """Areas of a level that are not among the children to judge: without polygon, code or parent.

    Where one of them would be, there is a hole, which is no fault of its own.
    """

    def __init__(self, areas: Sequence[Area], outlines: Outlines, digits: int) -> None:
        codes = {area.code for area in areas}
        traces = []
        self._anywhere: set[str] = set()
        for row, area in enumerate(areas):
            shape, trace = outlines.shapes[row], outlines.traces[row]
            if not area.code or (area.parent and area.parent not in codes):
                traces += [known for known in (shape, trace) if known is not None]
            elif len(area.code) == digits and trace is not None:
                traces.append(trace)
            elif len(area.code) == digits and shape is None:
                self._anywhere.add(area.parent)
        self._traces: Shapes = np.array(traces, dtype=object)
        self._tree = shapely.STRtree(self._traces)

    def may_cover(self, parent: Area, gap: shapely.Polygon) -> bool:
        if parent.code in self._anywhere:
            return True
        for trace in self._traces[self._tree.query(gap, predicate="intersects")]:
            common = shapely.area(shapely.intersection(trace, gap))
            if trace.area == 0 or common >= _ENOUGH * min(trace.area, gap.area):
                return True
        return False
