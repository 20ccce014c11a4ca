"""The ground: what it takes to check a network of many cells, and to find a cell among few and among many.

`python -m tests.bench.ground <cells> <pack.json>` checks such a network in a process of its own, which tells its peak.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from chalicelib.models.reference_rows import NetworkRow, TileRow
from infra.network.check import Settings, check
from infra.samples.province import province
from infra.settings import ROOT
from infra.tiles import inner_point, ring_of, tile_rows
from tests.bench.measures import Say
from tests.bench.processes import Process, peak_mib
from tests.bench.system import System
from tests.bench.tables import imported

CELLS = (410, 100_000)
_ASIDE = 3.0
"""Degrees that the made province lies east of where it is made: clear of the sample district."""

_POINTS, _ROUNDS, _SEED = 200, 12, 410

Point = dict[str, float]


def network(pack: Path, say: Say, cells: int = CELLS[1]) -> dict[str, float]:
    """Seconds and peak memory of checking a network of so many cells. Raises RuntimeError when it has a fault."""
    asked = [sys.executable, "-m", "tests.bench.ground", str(cells), str(pack)]
    told: dict[str, Any] = json.loads(subprocess.run(asked, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    if told.pop("faults"):
        raise RuntimeError("the made network has faults")
    say(f"network: {cells} cells checked in {told['validate_seconds']:.0f} s")
    return told


def cell_lookup(system: System, say: Say) -> dict[str, Any]:
    """A look-up in the sample district by itself, and where 99,590 other cells are in the table too.

    The store's work is held at the sample's own points, at which both must read the same. CPU is of points in cells all
    over each network: at the second size nearly all are the other cells'.
    """
    others = _aside(province(CELLS[1] - CELLS[0]))
    table = "wangge-scale-reference"
    imported(system, table, "Reference", _lines(system, others))
    few, many = _points(system.features), _points(others)
    reads: list[list[int]] = []
    costs: list[list[float]] = [[], []]
    with system.worker() as small, system.worker(REFERENCE_TABLE=table) as large:
        for worker in (small, large):
            reads.append(_read_by(worker, few))
        if _read_by(large, many)[:2] != reads[0][:2]:
            raise RuntimeError("another cell is not found by one read of two items")
        for turn in range(_ROUNDS + 1):
            for spent, worker, points in zip(costs, (small, large), (few, many), strict=True):
                cost = worker.lookups(points)
                if turn:  # the first warms up
                    spent.append(cost)
    system.client("dynamodb").delete_table(TableName=table)
    requests, scanned, size = zip(*reads, strict=True)
    say(f"cell look-up: {scanned[0]} items, {size[0] / _POINTS:.0f} bytes")
    return {
        "cells": list(CELLS),
        "cpu_us": [statistics.median(spent) for spent in costs],
        "cpu_ratio": statistics.median(b / a for a, b in zip(*costs, strict=True)),
        "reads": [each / _POINTS for each in requests],
        "scanned": [each / _POINTS for each in scanned],
        "bytes": [each / _POINTS for each in size],
    }


def _read_by(worker: Process, points: Sequence[Point]) -> list[int]:
    """Requests, items and bytes of looking all these points up."""
    requests = worker.lookups(points, watched=True)
    return [sum(request[what] for request in requests) for what in ("sent", "scanned", "bytes")]


def _points(features: Sequence[Any]) -> list[Point]:
    """Points well inside cells, all over a network."""
    random = Random(_SEED)
    cells = [feature for feature in features if feature["properties"]["level"] == "cell"]
    found = (inner_point(ring_of(cell), random) for cell in random.sample(cells, _POINTS))
    return [{"lat": lat, "lon": lon} for lon, lat in found]


def _aside(features: list[Any]) -> list[Any]:
    for feature in features:
        for vertex in ring_of(feature):
            vertex[0] += _ASIDE
    return features


def _lines(system: System, others: Sequence[Any]) -> Iterator[str]:
    """The rows of the sample's network as they are deployed, and a tile's of all the other cells."""
    client, table = system.client("dynamodb"), system.deployed.outputs["ReferenceTable"]
    own = [(TileRow.key(row["tile"]), TileRow.SK) for row in tile_rows(system.features)]
    for pk, sk in [(NetworkRow.KEY, NetworkRow.SK), *own]:
        item = client.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})["Item"]
        if sk == NetworkRow.SK:
            ((version, _),) = json.loads(item["versions"]["S"])
        yield json.dumps({"Item": item}, ensure_ascii=False)
    for row in tile_rows(others):
        said = json.dumps({version: row["cells"]}, ensure_ascii=False, separators=(",", ":"))
        item = {"pk": {"S": TileRow.key(row["tile"])}, "sk": {"S": TileRow.SK}, "said": {"S": said}}
        yield json.dumps({"Item": item}, ensure_ascii=False)


if __name__ == "__main__":
    made = province(int(sys.argv[1]))
    settings = replace(Settings.of(json.loads(Path(sys.argv[2]).read_bytes())), district="")  # it has several
    began = time.perf_counter()
    faults = check(made, settings)
    seconds = time.perf_counter() - began
    told = {"cells": int(sys.argv[1]), "validate_seconds": seconds, "peak_mib": peak_mib(), "faults": len(faults)}
    print(json.dumps(told))
