"""What one version of the network says: every area with its feature, every tile with its cells, and their fingerprints.

A version's id is a hash of what it says and of its day, so whatever is written under it is the same whoever writes it,
and however often. That is what makes an import that was killed complete when it is run again.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from math import isfinite
from typing import Any, NamedTuple

from chalicelib.models.reference_rows import AreaRow, TileRow
from infra.network.given import AREAS, Feature, FileFault, Given
from infra.tiles import paths_by_code, tile_rows

LAYOUT = "1"
"""Part of every version's id: to be changed when rows of the same content are laid out otherwise."""

CHILDREN = "children"
"""A property that is added when a feature is kept, and taken off again when it is exported."""


class AreaEntry(NamedTuple):
    """An area as the list of a version tells of it.

    `given`: fingerprint of the feature as it was imported, `kept`: of all that is written of the area. `version`: which
    one's rows hold it. `succeeds`: the codes of ended areas whose ground it took over.
    """

    code: str
    name: str
    level: str
    given: str
    kept: str
    version: str
    succeeds: list[str]


class TileEntry(NamedTuple):
    tile: str
    kept: str
    version: str


@dataclass(slots=True)
class VersionList:
    """All that a version consists of, whichever version wrote it; what the import of the next is compared with."""

    areas: dict[str, AreaEntry] = field(default_factory=dict)
    tiles: dict[str, TileEntry] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)

    def entries(self) -> Iterator[list[Any]]:
        yield ["members", self.members]
        yield from (["area", *entry] for entry in self.areas.values())
        yield from (["tile", *entry] for entry in self.tiles.values())

    def successors(self) -> dict[str, list[str]]:
        """By the code of an ended area, who took its ground over."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for area in self.areas.values():
            for old in area.succeeds:
                found[old].append(area.code)
        return dict(found)

    @classmethod
    def of(cls, entries: Sequence[list[Any]]) -> VersionList:
        listed = cls()
        for kind, *entry in entries:
            if kind == "area":
                listed.areas[entry[0]] = AreaEntry(*entry)
            elif kind == "tile":
                listed.tiles[entry[0]] = TileEntry(*entry)
            else:
                (listed.members,) = entry
        return listed


class Content:
    """What good features say, as rows. Areas are ordered by code, tiles as `infra.tiles` gives them."""

    def __init__(self, features: Sequence[Feature], from_day: str, members: Mapping[str, Any]) -> None:
        self.from_day = from_day
        self.members = dict(members)
        self.features = {code_of(feature): feature for feature in sorted(features, key=code_of)}
        self._paths = paths_by_code(list(self.features.values()))
        self._children: defaultdict[str, list[list[str]]] = defaultdict(list)
        for code, feature in self.features.items():
            self._children[feature["properties"]["parent"]].append([code, feature["properties"]["name"]])
        self.given = {code: fingerprint(feature) for code, feature in self.features.items()}

    @cached_property
    def version(self) -> str:
        return fingerprint([LAYOUT, self.from_day, self.members, list(self.given.items())])

    @cached_property
    def tiles(self) -> dict[str, list[dict[str, Any]]]:
        return {row["tile"]: row["cells"] for row in tile_rows(list(self.features.values()))}

    def area(self, code: str) -> dict[str, Any]:
        """What `AreaRow` says of it."""
        area = self.features[code]["properties"]
        return {"name": area["name"], "level": area["level"], "path": self._paths[code]}

    def kept_feature(self, code: str) -> dict[str, Any]:
        """The feature as `FeatureRow` holds it: with the areas right below it."""
        feature = self.features[code]
        return {**feature, "properties": {**feature["properties"], CHILDREN: self._children.get(code, [])}}

    def listed(self, base: VersionList) -> VersionList:
        """This version's list: what is as in `base` stays with the version that wrote it."""
        listed = VersionList(members=self.members)
        for code in self.features:
            area = self.features[code]["properties"]
            kept = fingerprint([self.area(code), self._children.get(code, []), self.given[code]])
            known = base.areas.get(code)
            version = known.version if known and known.kept == kept else self.version
            succeeds = area.get("succeeds", [])
            listed.areas[code] = AreaEntry(code, area["name"], area["level"], self.given[code], kept, version, succeeds)
        for tile, cells in self.tiles.items():
            kept = fingerprint(cells)
            before = base.tiles.get(tile)
            listed.tiles[tile] = TileEntry(
                tile, kept, before.version if before and before.kept == kept else self.version
            )
        return listed


def said_of(key: tuple[str, str], content: Content) -> Any:
    """What the version says of the row with that key: None, when it says that there is no such thing."""
    pk, sk = key
    if sk == AreaRow.SK:
        code = pk.removeprefix(AreaRow.key(""))
        return content.area(code) if code in content.features else None
    return content.tiles.get(pk.removeprefix(TileRow.key("")))


def zipped(feature: Mapping[str, Any] | None) -> bytes:
    return zlib.compress(compact(feature).encode(), 9) if feature is not None else b""


def unzipped(kept: bytes) -> Feature:
    """A feature as it was imported."""
    feature: Feature = json.loads(zlib.decompress(kept))
    feature["properties"].pop(CHILDREN, None)
    return feature


def code_of(feature: Feature) -> str:
    code: str = feature["properties"]["code"]
    return code


def codes_of(features: Iterable[Any]) -> set[str]:
    """Every code that features give, however bad they are otherwise."""
    areas = [feature.get("properties") for feature in features if isinstance(feature, dict)]
    return {area["code"] for area in areas if isinstance(area, dict) and isinstance(area.get("code"), str)}


def fingerprint(value: Any) -> str:
    """A short hash of JSON, the same however its members are ordered."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def check_succession(given: Given) -> list[FileFault]:
    """What is wrong with what features say of earlier areas, and whatever could not be kept as it is.

    Whether features are areas at all, and their ground, is what `infra.network.check` looks at. A feature has no line
    of its own: faults name its code, or its place in the list from 1.
    """
    faults: list[FileFault] = []
    areas = [
        (place, feature["properties"])
        for place, feature in enumerate(given.features, 1)
        if isinstance(feature, dict) and isinstance(feature.get("properties"), dict)
    ]
    codes = codes_of(given.features)
    for place, area in areas:
        code = area.get("code")
        where = code if isinstance(code, str) else f"features[{place}]"
        succeeds = area.get("succeeds", [])
        if not isinstance(succeeds, list) or not all(isinstance(old, str) and old.isdigit() for old in succeeds):
            faults.append(_fault(where, "succeeds", "须为代码列表", "must be a list of codes"))
            continue
        faults += [
            _fault(where, "succeeds", f"被取代的 {old} 仍在文件中", f"{old} is succeeded, and still there")
            for old in succeeds
            if old in codes
        ]
        if CHILDREN in area:
            faults.append(
                _fault(where, CHILDREN, "children 由导入生成，不可给出", "is made by the import, and may not be given")
            )
        if not _storable(given.features[place - 1]):
            faults.append(
                _fault(where, None, "含有过大的数值或无效字符", "holds a number too large, or what is no text")
            )
    faults += [
        _fault(code, "ended", "列为终止，却仍在文件中", "is listed as ended, and still there")
        for code in sorted(given.ended & codes)
    ]
    return faults


def _storable(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(_storable(key) and _storable(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(_storable, value))
    return not isinstance(value, str) or not any("\ud800" <= character <= "\udfff" for character in value)


def _fault(where: str, column: str | None, zh: str, en: str) -> FileFault:
    return FileFault(AREAS, None, f"{where}.{column}" if column else where, zh, en)
