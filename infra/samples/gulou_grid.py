"""The areas of the sample district: seven streets, 65 communities, their compounds, 410 cells, and where they lie.

And what becomes of them: an eighth street to the north, one cell split in two, two merged into one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from chalicelib.domain.grid import level_of
from infra.network.area import PARENT_DIGITS
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

# The district once it has grown: the ground of the eighth street lies along the outline from its point 7 to point 10.
EIGHTH_STREET = LEFT_OUT_STREETS[0]
ANNEXED: tuple[int, int, tuple[Point, ...]] = (
    7, 10, ((10.3, 9.9), (8.7, 11.3), (6.3, 11.9), (3.8, 11.6), (2.0, 10.4)),
)  # fmt: skip
VILLAGE_CELLS = ((3, 2), (2, 3), (2, 2, 2), (2, 2), (3, 2))  # of each village's hamlets
HAMLET_SUFFIXES = ("东庄", "西庄", "南庄")
# What was built and pulled down meanwhile: a cell that outgrew itself, and two that are left with few.
SPLIT, SPLIT_INTO = "3203020020040101", {"3203020020040103": 214, "3203020020040104": 229}
MERGED, MERGED_INTO = ("3203020050020101", "3203020050020102"), {"3203020050020103": 286}

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


@dataclass(frozen=True, slots=True)
class Grids:
    """The areas before and after the district grew, each ordered by code; and who succeeds whom: old codes by new."""

    before: list[Node]
    after: list[Node]
    succeeds: Mapping[str, tuple[str, ...]]


def grow_grids(divisions: Sequence[Mapping[str, str]]) -> Grids:
    """Every area from the district to the cells, in both versions; children tile their parent exactly (G2).

    Both are cut out of one partition, so that what did not change has the very same outline in both.
    """
    random, later = Random(SEED), Random(SEED + 1)
    names = {row["code"]: row["name"].removesuffix("居委会").removesuffix("委会") for row in divisions}
    plans = _plan(sample_communities(divisions), names, random)
    partition = Partition(OUTLINE)
    faces = {code: (face,) for code, face in _place(partition, plans, random).items()}
    _refine(partition)
    points, outer = len(partition.points), partition.outer_points()
    villages = _plan_villages(divisions, names)
    annexed = _fill(partition, partition.annex(*ANNEXED), villages, later)
    _refine(partition)
    halves = partition.cut(faces[SPLIT][0], 0.5, None, later)
    places = [*_bend(partition.points[:points], outer, random), *_bend(partition.points[points:], frozenset(), later)]
    households = {code: random.randint(200, 300) for code in sorted(faces)}
    names.update(_invented_names(plans))
    before = _nodes({**faces, SPLIT: halves}, names, households, partition, places)

    (merged,) = MERGED_INTO
    succeeds = {**dict.fromkeys(SPLIT_INTO, (SPLIT,)), merged: MERGED}
    now = {code: face for code, face in faces.items() if code != SPLIT and code not in MERGED}
    now.update({code: (half,) for code, half in zip(SPLIT_INTO, halves, strict=True)})
    now[merged] = tuple(face for code in MERGED for face in faces[code])
    now.update({code: (face,) for code, face in annexed.items()})
    households.update({**SPLIT_INTO, **MERGED_INTO, **{code: later.randint(200, 300) for code in sorted(annexed)}})
    names.update(_invented_names(villages))
    names.update(_names_of_new_cells(names))
    return Grids(before, _nodes(now, names, households, partition, places), succeeds)


def sample_communities(divisions: Sequence[Mapping[str, str]]) -> list[str]:
    """The 65 community codes the sample keeps of the national list's 68 in the seven streets."""
    codes = sorted(
        row["code"] for row in divisions if row["level"] == "community" and not row["code"].startswith(LEFT_OUT_STREETS)
    )
    last = {max(code for code in codes if code.startswith(street)) for street in STREETS_SHORTENED}
    return [code for code in codes if code not in last]


def _plan_villages(divisions: Sequence[Mapping[str, str]], names: Mapping[str, str]) -> list[_Plan]:
    codes = sorted(row["code"] for row in divisions if row["parent_code"] == EIGHTH_STREET)
    return [
        _Plan(code, names[code], tuple((1.0,) * cells for cells in hamlets))
        for code, hamlets in zip(codes, VILLAGE_CELLS, strict=True)
    ]


def parent_of(code: str) -> str:
    return code[: PARENT_DIGITS.get(len(code), 4)]


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
        faces.update(_fill(partition, face, own, random))
    return faces


def _fill(partition: Partition, face: int, plans: Sequence[_Plan], random: Random) -> dict[str, int]:
    """Cut the ground of communities into them, their compounds and cells; the face of every cell, by code."""
    faces: dict[str, int] = {}
    for plan, ground in zip(plans, partition.divide(face, [p.weight for p in plans], random), strict=True):
        yards = partition.divide(ground, [sum(cells) for cells in plan.compounds], random)
        for number, (cells, yard) in enumerate(zip(plan.compounds, yards, strict=True), 1):
            for order, made in enumerate(partition.divide(yard, cells, random), 1):
                faces[f"{plan.code}{number:02}{order:02}"] = made
    return faces


def _refine(partition: Partition) -> None:
    partition.refine(longest_km=0.36, outer_longest_km=0.3, most_vertices=13)


def _bend(points: Sequence[Point], outer: frozenset[int], random: Random) -> list[Point]:
    """The place of every point in degrees: shaken a little, then bent as a whole, so that no road is dead straight."""
    places = []
    for point, (x, y) in enumerate(points):
        shake = 0.045 if point in outer else 0.022
        x, y = x + random.uniform(-shake, shake), y + random.uniform(-shake, shake)
        east = x + 0.3 * math.sin(0.75 * y + 0.6) + 0.09 * math.sin(2.3 * y + 0.9 * x)
        north = y + 0.28 * math.sin(0.7 * x + 2.1) + 0.08 * math.sin(2.1 * x - 0.8 * y)
        places.append((round(ORIGIN[0] + east / KM_A_DEGREE[0], 6), round(ORIGIN[1] + north / KM_A_DEGREE[1], 6)))
    return places


def _nodes(
    faces: Mapping[str, Sequence[int]],
    names: Mapping[str, str],
    households: Mapping[str, int],
    partition: Partition,
    places: Sequence[Point],
) -> list[Node]:
    """All areas above and among cells, given the faces that each cell is made of."""
    nodes = []
    for code in sorted({*_ancestors(faces), *faces}):
        cells = [cell for cell in faces if cell.startswith(code)]
        outline = dissolve([partition.faces[face] for cell in cells for face in faces[cell]])
        ring = tuple(places[point] for point in outline)
        people = sum(households[cell] for cell in cells)
        nodes.append(Node(code, names[code], level_of(code), parent_of(code), people, ring))
    return nodes


def _ancestors(faces: Iterable[str]) -> list[str]:
    return sorted({code[:length] for code in faces for length in (6, 9, 12, 14)})


def _invented_names(plans: Sequence[_Plan]) -> dict[str, str]:
    """Names of compounds, after their community, and of cells, numbered through the community."""
    names: dict[str, str] = {}
    for order, plan in enumerate(plans):
        stem = plan.name.removesuffix("社区")
        suffixes = PART_SUFFIXES if stem.endswith(LIKE_A_COMPOUND) else COMPOUND_SUFFIXES
        suffixes = HAMLET_SUFFIXES if plan.code.startswith(EIGHTH_STREET) else suffixes
        cell = 0
        for number, cells in enumerate(plan.compounds, 1):
            at = number - 1 if suffixes is not COMPOUND_SUFFIXES else (order * 5 + (number - 1) * 3) % len(suffixes)
            names[f"{plan.code}{number:02}"] = stem + suffixes[at]
            for position in range(1, len(cells) + 1):
                cell += 1
                names[f"{plan.code}{number:02}{position:02}"] = f"{plan.name}第{cell}网格"
    return names


def _names_of_new_cells(names: Mapping[str, str]) -> dict[str, str]:
    """New cells are numbered on after the last that their community has had."""
    made: dict[str, str] = {}
    for code in sorted({*SPLIT_INTO, *MERGED_INTO}):
        known = [cell for cell in (*names, *made) if len(cell) == 16 and cell.startswith(code[:12])]
        made[code] = f"{names[code[:12]]}第{len(known) + 1}网格"
    return made
