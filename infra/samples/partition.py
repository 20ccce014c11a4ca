"""A plane figure divided into ever smaller faces that stay joined, for a district whose real boundaries are not public.

Starting from one convex outline, a face is cut in two by a straight line, again and again. A vertex put on an edge is
put into the faces on both sides of it, so neighbours always hold identical vertex chains (G2: no gap, no overlap).
Units are kilometres; faces run counter-clockwise. Standard library only, and the same result on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from random import Random

Point = tuple[float, float]

SNAP = 0.12  # a cut that ends nearer to a vertex than this share of the face's width ends in the vertex
CUT_TILTS = (0.0, 0.06, -0.06, 0.13, -0.13, 0.2, -0.2, 0.3, -0.3)  # radians, tried until a cut is possible


class Partition:
    """Points by id, and faces as rings of point ids."""

    def __init__(self, outline: Sequence[Point]) -> None:
        self.points: list[Point] = list(outline)
        self.faces: dict[int, list[int]] = {0: list(range(len(outline)))}
        self._face_left_of: dict[tuple[int, int], int] = {}
        self._next_face = 1
        self._own_edges(0)

    def divide(self, face: int, weights: Sequence[float], random: Random) -> list[int]:
        """Cut `face` into as many faces as there are weights, areas in proportion; their ids in that order."""
        if len(weights) == 1:
            return [face]
        middle = _middle_of(weights)
        first, second = self.cut(face, sum(weights[:middle]) / sum(weights), None, random)
        return self.divide(first, weights[:middle], random) + self.divide(second, weights[middle:], random)

    def cut(self, face: int, share: float, direction: float | None, random: Random) -> tuple[int, int]:
        """Cut `face` by a line so that the first part has `share` of its area.

        `direction` is the angle from the first part towards the second; without one the cut goes across the face's
        longest extent, tilted a little at random. Raises ValueError when no cut is possible.
        """
        ring = [self.points[point] for point in self.faces[face]]
        angle = longest_direction(ring) + random.uniform(-0.16, 0.16) if direction is None else direction
        for tilt in CUT_TILTS:
            normal = (math.cos(angle + tilt), math.sin(angle + tilt))
            ends = self._ends_of_cut(face, normal, _offset_for_share(ring, normal, share))
            if ends is not None:
                return self._split(face, *ends, normal)
        raise ValueError(f"face {face} cannot be cut")

    def refine(self, longest_km: float, outer_longest_km: float, most_vertices: int) -> None:
        """Put vertices into long edges, for later bending, as long as both faces beside keep to `most_vertices`."""
        for left, right in [
            edge for edge in self._face_left_of if edge[0] < edge[1] or edge[::-1] not in self._face_left_of
        ]:
            outer = (right, left) not in self._face_left_of
            length = math.dist(self.points[left], self.points[right])
            pieces = math.ceil(length / (outer_longest_km if outer else longest_km))
            start = left
            for step in range(1, pieces):
                beside = [
                    self._face_left_of[edge] for edge in ((start, right), (right, start)) if edge in self._face_left_of
                ]
                if any(len(self.faces[face]) >= most_vertices for face in beside):
                    break
                start = self._insert(start, right, between(self.points[left], self.points[right], step / pieces))

    def annex(self, first: int, last: int, beyond: Sequence[Point]) -> int:
        """Add a face outside: along the outline from the point `first` to the point `last`, counter-clockwise, and back
        by way of new points `beyond` it, given from `first` on. The new face's id.
        """
        following = {left: right for left, right in self._face_left_of if (right, left) not in self._face_left_of}
        along = [first]
        while along[-1] != last:
            along.append(following[along[-1]])
        made = range(len(self.points), len(self.points) + len(beyond))
        self.points.extend(beyond)
        face = self._next_face
        self._next_face += 1
        self.faces[face] = [*reversed(along), *made]
        self._own_edges(face)
        return face

    def outer_points(self) -> frozenset[int]:
        """The ids of the points on the outline."""
        return frozenset(point for edge in self._face_left_of if edge[::-1] not in self._face_left_of for point in edge)

    def _ends_of_cut(self, face: int, normal: Point, offset: float) -> tuple[int, int] | None:
        ring = self.faces[face]
        near = SNAP * math.sqrt(area([self.points[point] for point in ring]))
        places: list[tuple[int, int, float]] = []
        for left, right in edges_of(ring):
            before = _along(self.points[left], normal) - offset
            after = _along(self.points[right], normal) - offset
            if (before < 0) != (after < 0):
                places.append((left, right, before / (before - after)))
        if len(places) != 2:
            return None
        ends = [self._snapped(*place, near) for place in places]
        if ends[0] is not None and ends[0] == ends[1]:
            return None
        if ends[0] is not None and ends[1] is not None and self._on_one_side(ring, ends[0], ends[1], near):
            return None
        made = [
            self._insert(left, right, between(self.points[left], self.points[right], share)) if end is None else end
            for (left, right, share), end in zip(places, ends, strict=True)
        ]
        return made[0], made[1]

    def _snapped(self, left: int, right: int, share: float, near: float) -> int | None:
        length = math.dist(self.points[left], self.points[right])
        if share * length < near and share <= 0.5:
            return left
        return right if (1 - share) * length < near else None

    def _on_one_side(self, ring: Sequence[int], first: int, second: int, near: float) -> bool:
        """Whether a cut between two vertices of the ring would leave a sliver without area."""
        one, other = _parts(ring, first, second)
        return any(abs(area([self.points[point] for point in part])) < near**2 for part in (one, other))

    def _insert(self, left: int, right: int, place: Point) -> int:
        made = len(self.points)
        self.points.append(place)
        for start, end in ((left, right), (right, left)):
            face = self._face_left_of.pop((start, end), None)
            if face is not None:
                ring = self.faces[face]
                ring.insert(ring.index(start) + 1, made)
                self._face_left_of[start, made] = self._face_left_of[made, end] = face
        return made

    def _split(self, face: int, first: int, second: int, normal: Point) -> tuple[int, int]:
        parts = sorted(
            _parts(self.faces.pop(face), first, second),
            key=lambda part: _along(centre([self.points[point] for point in part]), normal),
        )
        ids = (self._next_face, self._next_face + 1)
        self._next_face += 2
        for made, part in zip(ids, parts, strict=True):
            self.faces[made] = part
            self._own_edges(made)
        return ids

    def _own_edges(self, face: int) -> None:
        self._face_left_of.update({edge: face for edge in edges_of(self.faces[face])})


def dissolve(rings: Iterable[Sequence[int]]) -> list[int]:
    """The one ring around adjoining rings: edges that run both ways cancel. Starts at the ring's smallest id.

    Raises ValueError when the rings do not make one figure without holes.
    """
    following: dict[int, int] = {}
    directed = {edge for ring in rings for edge in edges_of(ring)}
    for left, right in directed:
        if (right, left) not in directed:
            if left in following:
                raise ValueError(f"the outline touches itself at point {left}")
            following[left] = right
    start = min(following)
    outline = [start]
    while following[outline[-1]] != start:
        outline.append(following[outline[-1]])
    if len(outline) != len(following):
        raise ValueError("the rings make more than one outline")
    return outline


def edges_of(ring: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(ring, [*ring[1:], ring[0]], strict=True))


def between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def area(ring: Sequence[Point]) -> float:
    """Signed area: positive when the ring runs counter-clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)) / 2


def centre(ring: Sequence[Point]) -> Point:
    return sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)


def longest_direction(ring: Sequence[Point]) -> float:
    """The angle along the longer side of the smallest rectangle around a ring: a cut across it leaves blocky parts."""
    edges = {
        round(math.atan2(end[1] - start[1], end[0] - start[0]), 6) % (math.pi / 2)
        for start, end in zip(ring, [*ring[1:], ring[0]], strict=True)
    }
    angle = min(sorted(edges), key=lambda edge: _extent(ring, edge) * _extent(ring, edge + math.pi / 2))
    return angle if _extent(ring, angle) > _extent(ring, angle + math.pi / 2) else angle + math.pi / 2


def _extent(ring: Sequence[Point], angle: float) -> float:
    normal = (math.cos(angle), math.sin(angle))
    reach = [_along(point, normal) for point in ring]
    return max(reach) - min(reach)


def _along(point: Point, normal: Point) -> float:
    return point[0] * normal[0] + point[1] * normal[1]


def _parts(ring: Sequence[int], first: int, second: int) -> tuple[list[int], list[int]]:
    start, end = sorted((ring.index(first), ring.index(second)))
    return list(ring[start : end + 1]), [*ring[end:], *ring[: start + 1]]


def _offset_for_share(ring: Sequence[Point], normal: Point, share: float) -> float:
    reach = [_along(point, normal) for point in ring]
    low, high = min(reach), max(reach)
    wanted = area(ring) * share
    for _ in range(50):
        middle = (low + high) / 2
        if _area_below(ring, normal, middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _area_below(ring: Sequence[Point], normal: Point, offset: float) -> float:
    kept: list[Point] = []
    for start, end in zip(ring, [*ring[1:], ring[0]], strict=True):
        before, after = _along(start, normal) - offset, _along(end, normal) - offset
        if before <= 0:
            kept.append(start)
        if (before < 0 < after) or (after < 0 < before):
            kept.append(between(start, end, before / (before - after)))
    return area(kept) if len(kept) > 2 else 0.0


def _middle_of(weights: Sequence[float]) -> int:
    """Where to part the weights so that both sides weigh as nearly the same as can be."""
    return min(range(1, len(weights)), key=lambda cut: abs(sum(weights[:cut]) - sum(weights[cut:])))
