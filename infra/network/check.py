"""Whether a network of areas can be taken (G1, G2): every fault of it, each named with its place.

    faults = check(features, Settings.of(pack))

A fault that hides others is told alone: an area whose outline cannot be read is not compared with its neighbours, so a
second check may find more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.network.area import Area
from infra.network.fault import FAULT, KINDS, WARNING, Fault, Place, Settings
from infra.network.lookup import check_lookup
from infra.network.outlines import read_outlines
from infra.network.seams import check_seams
from infra.network.tree import check_tree, read_areas

__all__ = ["FAULT", "KINDS", "WARNING", "Fault", "Place", "Settings", "check"]


def check(features: Sequence[Any], settings: Settings) -> list[Fault]:
    """Everything that is wrong with a network, whatever came as its features; empty: it is seamless.

    Features are GeoJSON's, with the properties `code, name, level, parent, households`. Faults come before warnings,
    and in the order of codes. Never raises for what the features hold.
    """
    areas, faults = read_areas(features)
    outlines, unreadable = read_outlines(areas, features)
    faults += unreadable
    at = {area.row: row for row, area in enumerate(areas)}

    def spot(area: Area) -> dict[str, Any]:
        return outlines.spot(at[area.row])

    faults += check_tree(areas, settings, spot)
    faults += check_seams(areas, outlines, settings)
    faults += check_lookup(areas, features, outlines)
    return sorted(faults, key=_order)


def _order(fault: Fault) -> tuple[bool, tuple[str, ...], str, Place]:
    return fault.severity != FAULT, fault.areas, fault.code, fault.place or (0.0, 0.0)
