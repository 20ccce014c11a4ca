"""Features as they came, made into areas; and what their codes, levels, parents and households get wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from chalicelib.domain.grid import level_of
from infra.network.area import Area
from infra.network.fault import Fault, Settings, shown

MOST_NAME = 60
BELOW = {
    "district": ("街道", "streets"),
    "street": ("社区", "communities"),
    "community": ("小区", "compounds"),
    "compound": ("网格", "cells"),
}

Spot = Callable[[Area], dict[str, Any]]
"""Where an area lies, as `place` and `geometry` of a fault."""


def read_areas(features: Iterable[Any]) -> tuple[list[Area], list[Fault]]:
    """The area of every feature that is one, and what the others are."""
    areas: list[Area] = []
    faults: list[Fault] = []
    for row, feature in enumerate(features):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            nobody = Area(row, "", "", "", {})
            zh, en = "不是带有属性（properties）的要素（Feature）", "is no feature with properties"
            faults.append(Fault.of("malformed", nobody, found_zh=zh, found_en=en))
            continue
        code, name = properties.get("code"), properties.get("name")
        level = level_of(code) if isinstance(code, str) else ""
        name = name.strip()[:MOST_NAME] if isinstance(name, str) and name.isprintable() else ""
        areas.append(Area(row, code if isinstance(code, str) and level else "", name, level, properties))
    if not areas and not faults:
        nowhere = Area(-1, "", "网格数据", "", {})
        faults.append(Fault.of("malformed", nowhere, found_zh="没有任何网格", found_en="there is no area"))
    return areas, faults


def check_tree(areas: Sequence[Area], settings: Settings, spot: Spot) -> Iterator[Fault]:
    """What each area says of itself, and the area above and those below that each must have."""
    given = Counter(area.code for area in areas if area.code)
    with_children = {area.parent for area in areas}
    seen: set[str] = set()
    for area in areas:
        yield from _properties(area, settings, spot)
        if not area.code:
            yield Fault.of("bad-code", area, found=shown(area.properties.get("code")), **spot(area))
            continue
        if area.code in seen:
            continue
        seen.add(area.code)
        if given[area.code] > 1:
            yield Fault.of("repeated-code", area, code=area.code, size=given[area.code], **spot(area))
        if area.parent and area.parent not in given:
            yield Fault.of("orphan", area, parent=area.parent, **spot(area))
        if area.level in BELOW and area.code not in with_children:
            below_zh, below_en = BELOW[area.level]
            yield Fault.of("no-children", area, below_zh=below_zh, below_en=below_en, **spot(area))


def _properties(area: Area, settings: Settings, spot: Spot) -> Iterator[Fault]:
    said = area.properties
    if not area.name:
        words = {"found_zh": "没有可读的名称（name）", "found_en": "there is no name to be read"}
        yield Fault.of("malformed", area, **words, **spot(area))
    elif area.name != said["name"]:
        words = {
            "found_zh": f"名称首尾有空格，或超过 {MOST_NAME} 字",
            "found_en": f"the name is padded, or longer than {MOST_NAME} characters",
        }
        yield Fault.of("malformed", area, **words, **spot(area))
    if area.code:
        if not area.code.startswith(settings.district):
            yield Fault.of("foreign-code", area, district=settings.district, **spot(area))
        if said.get("level") != area.level:
            yield Fault.of("wrong-level", area, found=shown(said.get("level")), level=area.level, **spot(area))
        above = area.parent or area.code[:4]
        if said.get("parent") != above:
            yield Fault.of("wrong-parent", area, found=shown(said.get("parent")), parent=above, **spot(area))
    households = said.get("households")
    least, most = settings.households
    if isinstance(households, bool) or not isinstance(households, int) or households < 0:
        words = {
            "found_zh": f"户数（households）应为整数，现为 {shown(households)}",
            "found_en": f"households must be a whole number, and is {shown(households)}",
        }
        yield Fault.of("malformed", area, **words, **spot(area))
    elif area.level == "cell" and not least <= households <= most:
        yield Fault.of("households", area, size=households, least=least, most=most, **spot(area))
