"""The areas of the sample district: seven streets, 65 communities, their compounds, 410 cells, and where they lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from infra.samples.partition import Partition, Point, dissolve

SEED = 320302
CELLS = 410
DISTRICT = "320302"
LEFT_OUT_STREETS = ("320302008",)  # a street since 2014's seven
STREETS_SHORTENED = ("320302003", "320302006", "320302007")  # their last-coded community is left out: 65 of 68

# The outline in kilometres east and north of ORIGIN: convex, bent afterwards.
ORIGIN = (117.13, 34.27)
KM_A_DEGREE = (91.95, 110.92)  # of longitude and latitude at 34.3° north
OUTLINE: tuple[Point, ...] = (
    (2.6, 0.9), (4.4, 0.45), (7.0, 0.4), (9.3, 0.8), (11.0, 2.2), (11.5, 4.0), (11.2, 6.2),
    (9.9, 8.3), (7.6, 9.4), (4.9, 9.5), (2.3, 8.4), (0.8, 6.3), (0.45, 4.2), (1.0, 2.2),
)  # fmt: skip

# How roomy a cell of a street is beside the others'; the old town in the south is the densest.
ROOM = {
    "320302001": 0.62, "320302002": 0.95, "320302003": 1.35, "320302004": 0.6,
    "320302005": 0.85, "320302006": 0.75, "320302007": 1.45,
}  # fmt: skip
NORTH, EAST = math.pi / 2, 0.0
# Cuts of the district into streets: (streets of the first part, streets of the second, from first towards second).
STREET_CUTS: tuple[tuple[tuple[str, ...], tuple[str, ...], float], ...] = (
    (("320302001", "320302002", "320302004", "320302005", "320302006"), ("320302003", "320302007"), NORTH + 0.16),
    (("320302007",), ("320302003",), EAST + 0.22),
    (("320302005",), ("320302001", "320302002", "320302004", "320302006"), EAST - 0.18),
    (("320302001", "320302004", "320302006"), ("320302002",), EAST + 0.2),
    (("320302001", "320302004"), ("320302006",), NORTH - 0.2),
    (("320302001",), ("320302004",), EAST - 0.1),
)

COMPOUND_SUFFIXES = (
    "花园",
    "新村",
    "家园",
    "东苑",
    "西苑",
    "小区",
    "雅居",
    "名邸",
    "嘉园",
    "南苑",
    "北苑",
    "公寓",
    "华庭",
)
PART_SUFFIXES = ("东区", "西区", "南区", "北区", "一期", "二期", "三期", "四期")
LIKE_A_COMPOUND = ("园", "苑", "城", "湾", "间", "门")  # 琵琶花园 is parted into 东区, 西区, not called 琵琶花园花园


@dataclass(frozen=True, slots=True)
class Node:
    """An area 网格. `ring` is open, counter-clockwise, `(lon, lat)` in WGS-84 degrees."""

    code: str
    name: str
    level: str
    parent: str
    households: int
    ring: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A community before it has a place: the room of each cell, grouped by compound."""

    code: str
    name: str
    compounds: tuple[tuple[float, ...], ...]

    @property
    def weight(self) -> float:
        return sum(map(sum, self.compounds))


def grow_grid(divisions: Sequence[Mapping[str, str]]) -> list[Node]:
    """Every area from the district to the cells, ordered by code; children tile their parent exactly (G2)."""
    random = Random(SEED)
    names = {row["code"]: row["name"].removesuffix("居委会") for row in divisions}
    plans = _plan(sample_communities(divisions), names, random)
    partition = Partition(OUTLINE)
    faces = _place(partition, plans, random)
    partition.refine(longest_km=0.36, outer_longest_km=0.3, most_vertices=13)
    places = _bend(partition, random)
    households = {code: random.randint(200, 300) for code in sorted(faces)}
    names.update(_invented_names(plans))
    return [
        _node(code, names[code], [c for c in sorted(faces) if c.startswith(code)], partition, faces, places, households)
        for code in sorted({*_ancestors(faces), *faces})
    ]


def sample_communities(divisions: Sequence[Mapping[str, str]]) -> list[str]:
    """The 65 community codes the sample keeps of the national list's 68 in the seven streets."""
    codes = sorted(
        row["code"] for row in divisions if row["level"] == "community" and not row["code"].startswith(LEFT_OUT_STREETS)
    )
    last = {max(code for code in codes if code.startswith(street)) for street in STREETS_SHORTENED}
    return [code for code in codes if code not in last]


def level_of(code: str) -> str:
    return {6: "district", 9: "street", 12: "community", 14: "compound", 16: "cell"}[len(code)]


def parent_of(code: str) -> str:
    return {6: code[:4], 9: code[:6], 12: code[:9], 14: code[:12], 16: code[:14]}[len(code)]


def _plan(communities: list[str], names: Mapping[str, str], random: Random) -> list[_Plan]:
    sizes = {code: random.randint(5, 8) for code in communities}
    while sum(sizes.values()) != CELLS:
        sizes[random.choice(communities)] += 1 if sum(sizes.values()) < CELLS else -1
    plans = []
    for code, size in sizes.items():
        counts = [1] * random.randint(2, min(4, max(2, size - 2)))
        while sum(counts) < size:
            counts[random.randrange(len(counts))] += 1
        room = ROOM[code[:9]] * random.uniform(0.85, 1.2)
        plans.append(
            _Plan(code, names[code], tuple(tuple(room * random.uniform(0.8, 1.25) for _ in range(n)) for n in counts))
        )
    return plans


def _place(partition: Partition, plans: list[_Plan], random: Random) -> dict[str, int]:
    """The face of every cell, by code."""
    weight = {street: sum(p.weight for p in plans if p.code.startswith(street)) for street in ROOM}
    parts: dict[frozenset[str], int] = {frozenset(ROOM): 0}
    for first, second, direction in STREET_CUTS:
        face = parts.pop(frozenset((*first, *second)))
        share = sum(weight[s] for s in first) / sum(weight[s] for s in (*first, *second))
        parts[frozenset(first)], parts[frozenset(second)] = partition.cut(face, share, direction, random)
    faces: dict[str, int] = {}
    for streets, face in parts.items():
        (street,) = streets
        own = [plan for plan in plans if plan.code.startswith(street)]
        random.shuffle(own)
        for plan, ground in zip(own, partition.divide(face, [p.weight for p in own], random), strict=True):
            yards = partition.divide(ground, [sum(cells) for cells in plan.compounds], random)
            for number, (cells, yard) in enumerate(zip(plan.compounds, yards, strict=True), 1):
                for order, made in enumerate(partition.divide(yard, cells, random), 1):
                    faces[f"{plan.code}{number:02}{order:02}"] = made
    return faces


def _bend(partition: Partition, random: Random) -> list[Point]:
    """The place of every point in degrees: shaken a little, then bent as a whole, so that no road is dead straight."""
    outer = partition.outer_points()
    places = []
    for point, (x, y) in enumerate(partition.points):
        shake = 0.045 if point in outer else 0.022
        x, y = x + random.uniform(-shake, shake), y + random.uniform(-shake, shake)
        east = x + 0.3 * math.sin(0.75 * y + 0.6) + 0.09 * math.sin(2.3 * y + 0.9 * x)
        north = y + 0.28 * math.sin(0.7 * x + 2.1) + 0.08 * math.sin(2.1 * x - 0.8 * y)
        places.append((round(ORIGIN[0] + east / KM_A_DEGREE[0], 6), round(ORIGIN[1] + north / KM_A_DEGREE[1], 6)))
    return places


def _node(
    code: str,
    name: str,
    cells: list[str],
    partition: Partition,
    faces: Mapping[str, int],
    places: Sequence[Point],
    households: Mapping[str, int],
) -> Node:
    outline = dissolve([partition.faces[faces[cell]] for cell in cells])
    ring = tuple(places[point] for point in outline)
    return Node(code, name, level_of(code), parent_of(code), sum(households[cell] for cell in cells), ring)


def _ancestors(faces: Mapping[str, int]) -> list[str]:
    return sorted({code[:length] for code in faces for length in (6, 9, 12, 14)})


def _invented_names(plans: Sequence[_Plan]) -> dict[str, str]:
    """Names of compounds, after their community, and of cells, numbered through the community."""
    names: dict[str, str] = {}
    for order, plan in enumerate(plans):
        stem = plan.name.removesuffix("社区")
        suffixes = PART_SUFFIXES if stem.endswith(LIKE_A_COMPOUND) else COMPOUND_SUFFIXES
        cell = 0
        for number, cells in enumerate(plan.compounds, 1):
            at = number - 1 if suffixes is PART_SUFFIXES else (order * 5 + (number - 1) * 3) % len(suffixes)
            names[f"{plan.code}{number:02}"] = stem + suffixes[at]
            for position in range(1, len(cells) + 1):
                cell += 1
                names[f"{plan.code}{number:02}{position:02}"] = f"{plan.name}第{cell}网格"
    return names
