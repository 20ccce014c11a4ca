"""The index that answers where a point lies: for every tile of the map, the cells that touch it.

Made from a district's `areas.geojson` when it is loaded, so that a look-up reads one row (G3). Standard library only.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import Any

from chalicelib.domain.grid import TILE_DEGREES

Feature = Mapping[str, Any]
Vertex = Sequence[float]
Box = tuple[float, float, float, float]  # west, south, east, north

MARGIN = 1e-9  # degrees: a tile is taken this much too large, since its edges are rounded


def tile_rows(features: Sequence[Feature]) -> Iterator[dict[str, Any]]:
    """One row a tile, in the order of tile names: `{"tile": "x:y", "cells": [{"code", "path", "ring"}]}`.

    `path` holds the names from the district to the cell, `ring` the closed outline as `[lon, lat]`. Every cell that
    shares a point with the tile is in it, ordered by code.
    """
    paths = paths_by_code(features)
    listed: defaultdict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for feature in sorted(_cells(features), key=_code):
        ring = ring_of(feature)
        entry = {"code": _code(feature), "path": paths[_code(feature)], "ring": ring}
        for tile in _tiles_around(ring):
            if meets(ring, _box_of_tile(tile)):
                listed[tile].append(entry)
    for x, y in sorted(listed):
        yield {"tile": f"{x}:{y}", "cells": listed[x, y]}


def samples(features: Sequence[Feature], n: int = 24, seed: int = 1) -> list[dict[str, Any]]:
    """`n` points inside cells, spread over the district: each in a street and community as yet least used.

    Each is `{"position": {"lat", "lon", "datum"}, "area": <cell>, "station": "centre-<community>"}`, well inside its
    cell. Raises ValueError when there are fewer cells.
    """
    random = Random(seed)
    waiting = sorted(_cells(features), key=_code)
    random.shuffle(waiting)
    if n > len(waiting):
        raise ValueError(f"{n} samples asked of {len(waiting)} cells")
    chosen: list[dict[str, Any]] = []
    used: defaultdict[str, int] = defaultdict(int)
    for _ in range(n):
        cell = min(waiting, key=lambda feature: (used[_code(feature)[:9]], used[_code(feature)[:12]]))
        waiting.remove(cell)
        code = _code(cell)
        used[code[:9]] += 1
        used[code[:12]] += 1
        lon, lat = inner_point(ring_of(cell), random)
        chosen.append(
            {
                "position": {"lat": lat, "lon": lon, "datum": "WGS-84"},
                "area": code,
                "station": f"centre-{code[:12]}",
            }
        )
    return chosen


def paths_by_code(features: Sequence[Feature]) -> dict[str, list[str]]:
    """The names from the district down to each area, by its code."""
    properties = {_code(feature): feature["properties"] for feature in features}

    def path(code: str) -> list[str]:
        above = properties[code]["parent"]
        return [*(path(above) if above in properties else []), properties[code]["name"]]

    return {code: path(code) for code in properties}


def ring_of(feature: Feature) -> list[list[float]]:
    """The closed outline of an area without holes."""
    ring: list[list[float]] = feature["geometry"]["coordinates"][0]
    return ring


def inner_point(ring: Sequence[Vertex], random: Random) -> tuple[float, float]:
    """A random point `(lon, lat)` inside a ring and not near its edge, to six decimals."""
    west, south, east, north = _box_around(ring)
    clear = min(east - west, north - south) * 0.12
    while True:
        lon, lat = round(random.uniform(west, east), 6), round(random.uniform(south, north), 6)
        if _inside(ring, lon, lat) and all(_distance(lon, lat, *edge) > clear for edge in _edges(ring)):
            return lon, lat
        clear *= 0.98


def meets(ring: Sequence[Vertex], box: Box) -> bool:
    """Whether a ring and a rectangle have a point in common: an edge enters it, or one holds the other."""
    west, south, _, _ = box
    return any(_enters(start, end, box) for start, end in _edges(ring)) or _inside(ring, west, south)


def _enters(start: Vertex, end: Vertex, box: Box) -> bool:
    """Whether a stretch has a point in a rectangle (Liang and Barsky's clipping)."""
    west, south, east, north = box
    enter, leave = 0.0, 1.0
    run, rise = end[0] - start[0], end[1] - start[1]
    for step, room in (
        (-run, start[0] - west),
        (run, east - start[0]),
        (-rise, start[1] - south),
        (rise, north - start[1]),
    ):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            enter = max(enter, room / step)
        else:
            leave = min(leave, room / step)
    return enter <= leave


def _inside(ring: Sequence[Vertex], lon: float, lat: float) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in _edges(ring):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def _distance(lon: float, lat: float, start: Vertex, end: Vertex) -> float:
    run, rise = end[0] - start[0], end[1] - start[1]
    share = ((lon - start[0]) * run + (lat - start[1]) * rise) / (run * run + rise * rise)
    share = min(1.0, max(0.0, share))
    return math.hypot(lon - start[0] - share * run, lat - start[1] - share * rise)


def _tiles_around(ring: Sequence[Vertex]) -> Iterator[tuple[int, int]]:
    west, south, east, north = _box_around(ring)
    for x in range(_tile(west - MARGIN), _tile(east + MARGIN) + 1):
        for y in range(_tile(south - MARGIN), _tile(north + MARGIN) + 1):
            yield x, y


def _box_of_tile(tile: tuple[int, int]) -> Box:
    x, y = tile
    return (
        x * TILE_DEGREES - MARGIN,
        y * TILE_DEGREES - MARGIN,
        (x + 1) * TILE_DEGREES + MARGIN,
        (y + 1) * TILE_DEGREES + MARGIN,
    )


def _box_around(ring: Sequence[Vertex]) -> Box:
    lons, lats = [vertex[0] for vertex in ring], [vertex[1] for vertex in ring]
    return min(lons), min(lats), max(lons), max(lats)


def _edges(ring: Sequence[Vertex]) -> list[tuple[Vertex, Vertex]]:
    """The edges of a closed ring."""
    return list(pairwise(ring))


def _tile(degrees: float) -> int:
    return math.floor(degrees / TILE_DEGREES)


def _cells(features: Sequence[Feature]) -> list[Feature]:
    return [feature for feature in features if feature["properties"]["level"] == "cell"]


def _code(feature: Feature) -> str:
    code: str = feature["properties"]["code"]
    return code
