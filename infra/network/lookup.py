"""Whether requests can find the cells: each look-up reads one row, which lists whole every cell of its tile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely

from chalicelib.domain.grid import TILE_DEGREES
from infra.network.area import Area
from infra.network.fault import Fault
from infra.network.metric import in_metres
from infra.network.outlines import MOST_POINTS_OF_A_CELL, Outlines
from infra.network.pieces import spot_of
from infra.tiles import tiles_touched

MOST_TILE_BYTES = 80_000
"""Of one version: a row may have 400 KB, and holds several. The sample district's have 3 KB at most."""

MOST_TILES_ACROSS = 200
"""Of a cell, some 100 km: every tile it touches is a row that must list it."""

_NAMES_BYTES = 300  # of a cell's code and path


def check_lookup(areas: Sequence[Area], features: Sequence[Any], outlines: Outlines) -> Iterator[Fault]:
    """Cells so large that they fill the table, and so many or so finely drawn in one place that they fill a row."""
    drawn = ~shapely.is_missing(outlines.shapes)
    rows = np.flatnonzero(drawn & np.array([area.level == "cell" for area in areas], dtype=bool))
    west, south, east, north = shapely.bounds(outlines.shapes[rows]).T
    large = np.maximum(east - west, north - south) > MOST_TILES_ACROSS * TILE_DEGREES
    for row in rows[large]:
        size = float(shapely.area(in_metres(outlines.shapes[[row]]))[0]) / 1e6
        yield Fault.of("too-large", areas[row], size=round(size), **spot_of(outlines.shapes[row]))
    rows = rows[~large]
    rows = rows[shapely.get_num_coordinates(outlines.shapes[rows]) <= MOST_POINTS_OF_A_CELL]
    weights = np.array([len(json.dumps(features[areas[row].row]["geometry"])) + _NAMES_BYTES for row in rows])
    which, x, y = tiles_touched(outlines.shapes[rows])
    tiles, tile_of = np.unique(np.stack([x, y], axis=1), axis=0, return_inverse=True)
    filled = np.bincount(tile_of, weights=weights[which]) if len(which) else np.zeros(0)
    for at in np.flatnonzero(filled > MOST_TILE_BYTES):
        crowd = [areas[row] for row in rows[which[tile_of == at]]]
        lon, lat = (float(part) * TILE_DEGREES for part in tiles[at])
        tile = shapely.box(lon, lat, lon + TILE_DEGREES, lat + TILE_DEGREES)
        yield Fault.of("tile-too-full", *crowd[:6], size=len(crowd), **spot_of(tile))
