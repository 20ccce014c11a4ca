"""Faults as people get them: lines to read, a collection that opens on any map, and a picture (`picture`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from infra.network.fault import FAULT, Fault
from infra.network.picture import picture

__all__ = ["feature_collection", "lines", "picture"]

WORDS = {FAULT: ("错误", "fault"), "warning": ("提醒", "warning")}


def lines(faults: Iterable[Fault]) -> Iterator[str]:
    """Two lines a fault, numbered as in the picture: Chinese with the place as `lon,lat`, then English."""
    for number, fault in enumerate(faults, 1):
        zh, en = WORDS[fault.severity]
        where = f"@ {fault.place[0]},{fault.place[1]}" if fault.place else ""
        yield f"{number}. [{zh} {fault.kind.zh}] {fault.zh} {where}".rstrip()
        yield f"   [{en} {fault.code}] {fault.en}"


def feature_collection(faults: Sequence[Fault]) -> dict[str, Any]:
    """The faults as GeoJSON (RFC 7946): the spot of each, with all that is said of it. No place: no geometry."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": fault.geometry,
                "properties": {
                    "number": number,
                    "code": fault.code,
                    "severity": fault.severity,
                    "title": fault.kind.zh,
                    "areas": list(fault.areas),
                    "zh": fault.zh,
                    "en": fault.en,
                    "place": list(fault.place) if fault.place else None,
                    "size": fault.size,
                    "unit": fault.unit,
                },
            }
            for number, fault in enumerate(faults, 1)
        ],
    }
