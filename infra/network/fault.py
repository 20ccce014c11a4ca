"""What can be wrong with a network of areas, in which words, and what of it the policy pack decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from infra.network.area import Area

Place = tuple[float, float]
"""`(lon, lat)` in WGS-84 degrees."""

FAULT, WARNING = "fault", "warning"


class Kind(NamedTuple):
    """A kind of fault: its names, its sentences, what its size counts, and whether it keeps a network from being taken.

    Sentences name `{area}`, the one at fault, `{other}`, a second one, and what else is known of the fault.
    """

    zh: str
    en: str
    says_zh: str
    says_en: str
    unit: str = ""
    severity: str = FAULT


KINDS: Mapping[str, Kind] = {
    # between areas
    "gap": Kind(
        "缝隙",
        "Gap",
        "{area}有 {size:,.1f} 平方米不属于任何下级，最宽约 {width:,.1f} 米，旁边是{beside_zh}。",
        "{area}: {size:,.1f} m², up to {width:,.1f} m wide, belong to none of its children; beside {beside_en}.",
        "m²",
    ),
    "overlap": Kind(
        "重叠",
        "Overlap",
        "{area}与{other}重叠 {size:,.1f} 平方米，最宽约 {width:,.1f} 米。",
        "{area} and {other} overlap by {size:,.1f} m², up to {width:,.1f} m wide.",
        "m²",
    ),
    "sliver-gap": Kind(
        "狭长缝隙",
        "Sliver between areas",
        "{area}的下级之间有一条狭长缝隙，长约 {length:,.0f} 米、平均宽约 {width:,.2f} 米，旁边是{beside_zh}。",
        "{area}: a sliver of {length:,.0f} m by {width:,.2f} m lies between its children; beside {beside_en}.",
        "m²",
    ),
    "sliver-overlap": Kind(
        "狭长重叠",
        "Sliver of two areas",
        "{area}与{other}有一条狭长重叠，长约 {length:,.0f} 米、平均宽约 {width:,.2f} 米。",
        "{area} and {other} share a sliver of {length:,.0f} m by {width:,.2f} m.",
        "m²",
    ),
    "outside-parent": Kind(
        "超出上级",
        "Outside its parent",
        "{area}有 {size:,.1f} 平方米超出上级{other}的边界。",
        "{area}: {size:,.1f} m² lie outside its parent {other}.",
        "m²",
    ),
    "repeated-boundary": Kind(
        "边界重复",
        "Repeated boundary",
        "{area}与{other}的边界完全相同。",
        "{area} and {other} have the same boundary.",
        "m²",
    ),
    # an outline by itself
    "self-crossing": Kind(
        "边界自交", "Self-crossing", "{area}的边界自相交叉。", "{area}: the boundary crosses itself."
    ),
    "self-touching": Kind(
        "边界自接",
        "Self-touching",
        "{area}的边界与自身相接或折返。",
        "{area}: the boundary touches or retraces itself.",
    ),
    "sliver-area": Kind(
        "区域过窄",
        "Area too narrow",
        "{area}过于狭窄，只有 {size:,.1f} 平方米，没有一处宽于允许误差。",
        "{area} is nowhere wider than the tolerance; it has {size:,.1f} m².",
        "m²",
    ),
    "too-few-points": Kind(
        "点数不足",
        "Too few points",
        "{area}的边界只有 {size} 个点；至少要有三个不同的点，并回到起点。",
        "{area}: a boundary of {size} point(s) encloses nothing; it takes three and a return to the first.",
        "points",
    ),
    "not-closed": Kind(
        "未闭合",
        "Not closed",
        "{area}的边界没有闭合，最后一点与第一点相距 {size:,.1f} 米。",
        "{area}: the boundary is not closed; its last point is {size:,.1f} m from its first.",
        "m",
    ),
    "too-many-points": Kind(
        "点数过多",
        "Too many points",
        "{area}的边界有 {size:,} 个点，最多 {most:,} 个；请先简化。",
        "{area}: the boundary has {size:,} points, and at most {most:,} are taken; simplify it first.",
        "points",
    ),
    "wrong-geometry": Kind(
        "图形类型不符",
        "Wrong kind of geometry",
        "{area}的图形应为单个多边形（Polygon），现为 {found}。",
        "{area}: the geometry must be one Polygon, and is {found}.",
    ),
    "holes": Kind(
        "边界有洞",
        "Holes",
        "{area}的边界内有 {size} 个洞；边界只能是一条闭合线。",
        "{area}: the boundary has {size} hole(s), and may only be one outline.",
    ),
    "bad-coordinate": Kind(
        "坐标无效",
        "Not a coordinate",
        "{area}的坐标 {found} 不是经纬度；每个点应为“经度, 纬度”两个数（WGS-84）。",
        "{area}: {found} is no longitude and latitude; each point must be these two numbers, in WGS-84 degrees.",
    ),
    "swapped": Kind(
        "经纬度颠倒",
        "Swapped",
        "{area}有 {size} 个点的经度和纬度写反了；应先写经度、后写纬度。",
        "{area}: longitude and latitude are swapped in {size} point(s); longitude comes first.",
        "points",
    ),
    "far-away": Kind(
        "远离本区",
        "Far away",
        "{area}有 {size} 个点远离其余网格。",
        "{area}: {size} point(s) lie far from all other areas.",
        "points",
    ),
    "too-large": Kind(
        "范围过大",
        "Too large",
        "{area}作为网格范围过大，约 {size:,.0f} 平方公里。",
        "{area} is too large for a cell, some {size:,.0f} km².",
        "km²",
    ),
    "tile-too-full": Kind(
        "过于密集",
        "Too dense",
        "{area}等 {size} 个网格挤在同一处，边界点过多，无法快速查找；请简化边界。",
        "{area} and others, {size} cells with too many points in one place to be looked up fast; simplify them.",
        "areas",
    ),
    # codes
    "malformed": Kind("格式不符", "Malformed", "{area}：{found_zh}。", "{area}: {found_en}."),
    "bad-code": Kind(
        "编码无效",
        "Not an area code",
        "{area}的编码 {found} 无效；应为 6、9、12、14 或 16 位数字。",
        "{area}: {found} is no area code, which has 6, 9, 12, 14 or 16 digits.",
    ),
    "foreign-code": Kind(
        "非本区编码",
        "Code of another district",
        "{area}的编码不以本区 {district} 开头。",
        "{area}: the code does not begin with the district's, {district}.",
    ),
    "repeated-code": Kind(
        "编码重复", "Repeated code", "编码 {code} 被用了 {size} 次。", "The code {code} is given {size} times.", "areas"
    ),
    "wrong-level": Kind(
        "级别不符",
        "Wrong level",
        "{area}写明的级别是 {found}，而编码表示的级别是 {level}。",
        "{area}: the level is given as {found}, and the code says {level}.",
    ),
    "wrong-parent": Kind(
        "上级不符",
        "Wrong parent",
        "{area}写明的上级是 {found}，而按编码应为 {parent}。",
        "{area}: the parent is given as {found}, and by the code it is {parent}.",
    ),
    "orphan": Kind(
        "缺少上级", "Orphan", "{area}的上级 {parent} 不在其中。", "{area}: its parent {parent} is not there."
    ),
    "no-children": Kind(
        "没有下级",
        "No children",
        "{area}没有任何下级（应有{below_zh}）。",
        "{area} has no children, and should have {below_en}.",
    ),
    "households": Kind(
        "户数超出",
        "Households",
        "{area}有 {size:,} 户，应在 {least}–{most} 户之间。",
        "{area} has {size:,} households, and should have {least} to {most}.",
        "households",
        WARNING,
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    `code` is one of KINDS. `areas`: the codes it concerns, that at fault first; empty where there is none to name.
    `zh` and `en` are whole sentences without the place. `place` is a point of the spot, `geometry` the spot itself in
    GeoJSON (the gap, the overlap, the crossing); None where no coordinate can be trusted. `size` counts `unit`.
    """

    code: str
    severity: str
    areas: tuple[str, ...]
    zh: str
    en: str
    place: Place | None = None
    geometry: Mapping[str, Any] | None = None
    size: float | None = None
    unit: str = ""

    @classmethod
    def of(
        cls,
        code: str,
        /,
        *areas: Area,
        place: Place | None = None,
        geometry: Mapping[str, Any] | None = None,
        size: float | None = None,
        **facts: Any,
    ) -> Fault:
        """A fault of these areas in the words of its kind."""
        kind = KINDS[code]
        zh, en = (
            sentence.format(**dict(zip(("area", "other"), names, strict=False)), size=size, **facts)
            for sentence, names in (
                (kind.says_zh, [area.label_zh for area in areas]),
                (kind.says_en, [area.label_en for area in areas]),
            )
        )
        codes = tuple(area.code for area in areas if area.code)
        return cls(code, kind.severity, codes, zh, en, place, geometry, size, kind.unit)

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the policy pack says of boundaries.

    `tolerance_metres`: no wider than this, a gap or an overlap is none. `households`: least and most of a cell.
    `district`: six digits that every code must begin with; empty: of any district.
    """

    tolerance_metres: float
    households: tuple[int, int]
    district: str = ""

    @classmethod
    def of(cls, pack: Mapping[str, Any]) -> Settings:
        """Those of a compiled policy pack."""
        rules = pack["rules"]
        households = rules["cell_households_least"], rules["cell_households_most"]
        return cls(rules["boundary_tolerance_metres"], households, pack["district"])


def shown(value: Any) -> str:
    """A value somebody sent, as it may be read in a sentence."""
    if value is None:
        return "空 (none)"
    try:
        text = value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return f"“{''.join(char if char.isprintable() else '?' for char in text[:40])}”"
