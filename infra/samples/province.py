"""A seamless network of any size, for measuring: so many cells, in the communities, streets and districts they take.

    python -m infra.samples.province 100000 areas.geojson

Rows of cells lie like bricks, so that three meet in a corner as blocks of a town do; every line between them wiggles,
and both sides of it have the very same points (G2). Codes are valid but name no places: no province is 99. The same
number always gives the same network.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chalicelib.domain.grid import LEVELS
from infra.network.area import PARENT_DIGITS
from infra.samples.partition import dissolve

PROVINCE = "99"
SEED = 99
ORIGIN = (116.0, 33.5)
CELL_DEGREES = (0.0050, 0.0041)
"""Some 460 by 460 metres, so that a tile lists as many cells as one of the sample district."""

BLOCKS = {14: (1, 3), 12: (2, 6), 9: (10, 24), 6: (40, 48)}
"""Rows and columns of cells in an area, by the digits of its code."""

NAMES = {6: "第{}区", 9: "第{}街道", 12: "第{}社区", 14: "第{}小区", 16: "第{}网格"}
_DISTRICTS = 99  # what two digits number
_WIGGLE = 0.06  # of a cell
_BRICK = 0.25  # how far walls of a row are off those of the next, each way

Ring = list[int]
Feature = dict[str, Any]


def province(cells: int) -> list[Feature]:
    """The features of a network with exactly so many cells, in the order of their codes."""
    columns = math.ceil(math.sqrt(cells))
    rows = math.ceil(cells / columns)
    places = _places(rows, columns)
    rings = {code: _ring(row, column, rows, columns) for code, row, column in _coded(cells, columns)}
    for digits in sorted(PARENT_DIGITS, reverse=True):
        children: dict[str, list[Ring]] = {}
        for code, ring in rings.items():
            if len(code) == digits:
                children.setdefault(code[: PARENT_DIGITS[digits]], []).append(ring)
        rings.update({code: dissolve(parts) for code, parts in children.items()})
    households = _households(sorted(rings))
    return [_feature(code, rings[code], places, households[code]) for code in sorted(rings)]


def _coded(cells: int, columns: int) -> Iterator[tuple[str, int, int]]:
    """Each cell's code, row and column: an area's children are numbered in the order they are come upon."""
    numbers: dict[str, dict[tuple[int, int], str]] = {}
    for cell in range(cells):
        row, column = divmod(cell, columns)
        code = ""
        for digits in LEVELS:
            high, wide = BLOCKS.get(digits, (1, 1))
            known = numbers.setdefault(code, {})
            block = row // high, column // wide
            if block not in known:
                known[block] = code + _number(len(known), digits)
            code = known[block]
        yield code, row, column


def _number(at: int, digits: int) -> str:
    """What is put after the parent's code for its child number `at`, counted from 0."""
    if digits == min(LEVELS):
        return f"{PROVINCE}{at // _DISTRICTS + 1:02}{at % _DISTRICTS + 1:02}"
    return f"{at + 1:0{digits - PARENT_DIGITS[digits]}}"


def _places(rows: int, columns: int) -> list[list[float]]:
    """The place of every point by id: the lines below and above each row first, then the middles of walls."""
    walls = np.arange(1, columns)
    along = np.concatenate([[0], np.stack([walls - _BRICK, walls + _BRICK], axis=1).ravel(), [columns]])
    lines = np.stack(np.broadcast_arrays(along[None, :], np.arange(rows + 1.0)[:, None]), axis=-1)
    off = np.where(np.arange(rows) % 2, _BRICK, -_BRICK)[:, None] * np.ones(columns + 1)
    off[:, [0, -1]] = 0
    middles = np.stack([np.arange(columns + 1.0) + off, np.arange(rows)[:, None] + np.full(columns + 1, 0.5)], axis=-1)
    points = np.concatenate([lines.reshape(-1, 2), middles.reshape(-1, 2)])
    points += np.random.default_rng(SEED).uniform(-_WIGGLE, _WIGGLE, points.shape)
    bent = points + 0.9 * np.sin(points[:, ::-1] / 7.0)
    places: list[list[float]] = np.round(bent * CELL_DEGREES + ORIGIN, 6).tolist()
    return places


def _ring(row: int, column: int, rows: int, columns: int) -> Ring:
    """The ids around a cell, counter-clockwise: along the line below, up a wall, back along the line above, down."""
    line, wall = 2 * columns, (rows + 1) * 2 * columns + row * (columns + 1) + column
    start, end = _corner(row, column, columns), _corner(row, column + 1, columns)
    below = range(row * line + start, row * line + end + 1)
    above = range((row + 1) * line + end, (row + 1) * line + start - 1, -1)
    return [*below, wall + 1, *above, wall]


def _corner(row: int, wall: int, columns: int) -> int:
    """Where on a line a wall of a row stands: the walls of even and odd rows take turns."""
    return 0 if wall == 0 else 2 * columns - 1 if wall == columns else 2 * wall - 1 + row % 2


def _households(codes: list[str]) -> dict[str, int]:
    """200 to 300 of each cell, and of each area the sum of its cells."""
    cells = [code for code in codes if len(code) == max(LEVELS)]
    households = dict(zip(cells, np.random.default_rng(SEED).integers(200, 301, len(cells)).tolist(), strict=True))
    for cell in cells:
        for digits in PARENT_DIGITS.values():
            households[cell[:digits]] = households.get(cell[:digits], 0) + households[cell]
    return households


def _feature(code: str, ring: Ring, places: list[list[float]], households: int) -> Feature:
    digits = len(code)
    parent = code[: PARENT_DIGITS.get(digits, 4)]
    name = NAMES[digits].format(int(code[len(parent) :]))
    if digits == max(LEVELS):
        name = NAMES[12].format(int(code[9:12])) + NAMES[14].format(int(code[12:14])) + name
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name, "level": LEVELS[digits], "parent": parent, "households": households},
        "geometry": {"type": "Polygon", "coordinates": [[[*places[point]] for point in (*ring, ring[0])]]},
    }


def collection(cells: int) -> Mapping[str, Any]:
    return {"type": "FeatureCollection", "from": "2014-01-01", "features": province(cells)}


def main(arguments: list[str]) -> None:
    cells, path = arguments
    Path(path).write_text(json.dumps(collection(int(cells)), ensure_ascii=False, separators=(",", ":")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
