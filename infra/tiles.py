"""The index that answers where a point lies: for every tile of the map, the cells that touch it.

Made from a district's `areas.geojson` when it is loaded, so that a look-up reads one row (G3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from chalicelib.domain.grid import METRES_A_DEGREE, TILE_DEGREES

Feature = Mapping[str, Any]
Vertex = Sequence[float]
Counts = NDArray[np.int_]

MARGIN_METRES = 5.0
"""A tile is taken this much too large on all sides: it lists each cell that a point in it may be given to, as near as
the widest tolerance a pack may set (`policy/schema.py`), and the rounding of its own edges is nothing beside it."""

_BATCH = 100_000  # tiles looked at together


def tile_rows(features: Sequence[Feature]) -> Iterator[dict[str, Any]]:
    """One row a tile, in the order of tile names: `{"tile": "x:y", "cells": [{"code", "path", "ring"}]}`.

    `path` holds the names from the district to the cell, `ring` the closed outline as `[lon, lat]`. Every cell that
    comes within MARGIN_METRES of the tile is in it, ordered by code.
    """
    paths = paths_by_code(features)
    cells = sorted(_cells(features), key=_code)
    entries = [{"code": _code(cell), "path": paths[_code(cell)], "ring": ring_of(cell)} for cell in cells]
    listed: defaultdict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    shapes = np.array([shapely.Polygon(entry["ring"]) for entry in entries], dtype=object)
    for which, x, y in zip(*(counted.tolist() for counted in tiles_touched(shapes)), strict=True):
        listed[x, y].append(entries[which])
    for x, y in sorted(listed):
        yield {"tile": f"{x}:{y}", "cells": listed[x, y]}


def tiles_touched(shapes: NDArray[np.object_]) -> tuple[Counts, Counts, Counts]:
    """Every tile that each shape comes within MARGIN_METRES of: index of the shape, x and y of the tile.

    In the order of the shapes.
    """
    west, south, east, north = shapely.bounds(shapes).T
    high = MARGIN_METRES / METRES_A_DEGREE
    wide = high / np.cos(np.radians(np.clip(np.maximum(np.abs(south), np.abs(north)), 0, 89)))
    first_x, first_y = _tile(west - wide), _tile(south - high)
    columns, rows = _tile(east + wide) - first_x + 1, _tile(north + high) - first_y + 1
    shapely.prepare(shapes)
    found: list[tuple[Counts, Counts, Counts]] = [(np.zeros(0, int),) * 3]
    batch_of = np.cumsum(columns * rows) // _BATCH
    for batch in np.split(np.arange(len(shapes)), np.flatnonzero(np.diff(batch_of)) + 1):
        tiles = columns[batch] * rows[batch]
        which = np.repeat(batch, tiles)
        number = np.arange(len(which)) - np.repeat(np.cumsum(tiles) - tiles, tiles)
        x, y = first_x[which] + number // rows[which], first_y[which] + number % rows[which]
        boxes = shapely.box(
            x * TILE_DEGREES - wide[which],
            y * TILE_DEGREES - high,
            (x + 1) * TILE_DEGREES + wide[which],
            (y + 1) * TILE_DEGREES + high,
        )
        touching = shapely.intersects(shapes[which], boxes)
        found.append((which[touching], x[touching], y[touching]))
    all_which, all_x, all_y = (np.concatenate(column) for column in zip(*found, strict=True))
    return all_which, all_x, all_y


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
    shape = shapely.Polygon(ring)
    west, south, east, north = shape.bounds
    clear = min(east - west, north - south) * 0.12
    shapely.prepare(shape)
    while True:
        lon, lat = round(random.uniform(west, east), 6), round(random.uniform(south, north), 6)
        point = shapely.Point(lon, lat)
        if shapely.contains(shape, point) and shapely.distance(shape.exterior, point) > clear:
            return lon, lat
        clear *= 0.98


def _tile(degrees: NDArray[np.float64]) -> Counts:
    """The count of a tile eastward or northward, as `grid.tile_of` counts it."""
    return np.floor(degrees / TILE_DEGREES).astype(np.int_)


def _cells(features: Sequence[Feature]) -> list[Feature]:
    return [feature for feature in features if feature["properties"]["level"] == "cell"]


def _code(feature: Feature) -> str:
    code: str = feature["properties"]["code"]
    return code
