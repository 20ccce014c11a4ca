"""A network of areas is checked before it counts (G2): what is wrong with it is found, named with its place, and
nothing else is."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.network.check import KINDS, WARNING, Fault, Settings, check
from infra.samples import SAMPLES
from infra.samples.province import province

Feature = dict[str, Any]
Change = Callable[[list[Feature]], Any]

PACK = Settings(tolerance_metres=0.5, households=(200, 300), district="320302")
ANYWHERE = Settings(tolerance_metres=0.5, households=(200, 300))

# Two cells of the compound 万通花园, and the corners of the side they share.
CELL, SIBLING, COMPOUND = "3203020010020101", "3203020010020102", "32030200100201"
SHARED = [[117.191623, 34.293734], [117.191829, 34.29159], [117.192171, 34.289215]]
FOREIGN_COMPOUND, FOREIGN_CELL = "32030200100203", "3203020010020301"
COMMUNITY = "320302001002"
NEAR_CELL = (117.1936, 34.2914)


@pytest.fixture(scope="module")
def gulou() -> list[Feature]:
    features: list[Feature] = json.loads((SAMPLES / "gulou" / "areas.geojson").read_text("utf-8"))["features"]
    return features


def of(features: list[Feature], code: str) -> Feature:
    return next(feature for feature in features if feature["properties"]["code"] == code)


def said(features: list[Feature], code: str) -> dict[str, Any]:
    properties: dict[str, Any] = of(features, code)["properties"]
    return properties


def ring(features: list[Feature], code: str) -> list[list[float]]:
    points: list[list[float]] = of(features, code)["geometry"]["coordinates"][0]
    return points


def redraw(features: list[Feature], code: str, points: list[Any]) -> None:
    of(features, code)["geometry"]["coordinates"] = [points]


def move(features: list[Feature], code: str, corner: list[float], east: float, north: float = 0.0) -> None:
    """Move a corner of one area only, by metres."""
    shrink = math.cos(math.radians(corner[1]))
    for point in ring(features, code):
        if point == corner:
            point[:] = [corner[0] + east / 111_195 / shrink, corner[1] + north / 111_195]


def again(features: list[Feature], code: str, /, **changed: Any) -> None:
    twin = copy.deepcopy(of(features, code))
    twin["properties"].update(changed)
    features.append(twin)


def hole(features: list[Feature], code: str) -> None:
    lon, lat = NEAR_CELL
    inner = [[lon, lat], [lon, lat + 0.0002], [lon + 0.0002, lat], [lon, lat]]
    of(features, code)["geometry"]["coordinates"].append(inner)


def finely(features: list[Feature], code: str, points: int) -> None:
    """The same outline, its first side drawn in so many points."""
    first, second, *others = ring(features, code)
    shares = [step / points for step in range(points)]
    side = [[first[0] + (second[0] - first[0]) * s, first[1] + (second[1] - first[1]) * s] for s in shares]
    redraw(features, code, [*side, second, *others])


def metres(one: tuple[float, float], other: tuple[float, float] | list[float]) -> float:
    shrink = math.cos(math.radians(one[1]))
    return math.hypot((one[0] - other[0]) * shrink, one[1] - other[1]) * 111_195


def swapped(features: list[Feature], code: str) -> None:
    redraw(features, code, [[lat, lon] for lon, lat in ring(features, code)])


def as_two(features: list[Feature], code: str) -> None:
    geometry = of(features, code)["geometry"]
    of(features, code)["geometry"] = {"type": "MultiPolygon", "coordinates": [geometry["coordinates"]]}


PLANTED: dict[str, tuple[Change, str, tuple[str, ...], tuple[float, float], float]] = {
    # what is done: to be found as, of which areas (the first ones named), near which place, within metres
    "a side drawn 20 m into its own cell leaves a gap": (
        lambda f: move(f, SIBLING, SHARED[1], -20),
        "gap",
        (COMPOUND, CELL, SIBLING),
        (117.1918, 34.2916),
        250,
    ),
    "a side drawn 20 m into the next cell overlaps it": (
        lambda f: move(f, SIBLING, SHARED[1], 20),
        "overlap",
        (CELL, SIBLING),
        (117.1919, 34.2916),
        250,
    ),
    "a side drawn 1 m off leaves a sliver": (
        lambda f: move(f, SIBLING, SHARED[1], -1),
        "sliver-gap",
        (COMPOUND,),
        (117.1918, 34.2916),
        250,
    ),
    "a side drawn 1 m over makes a sliver of two": (
        lambda f: move(f, SIBLING, SHARED[1], 1),
        "sliver-overlap",
        (CELL, SIBLING),
        (117.1918, 34.2916),
        250,
    ),
    "a cell that is missing leaves a gap as large as it": (
        lambda f: f.remove(of(f, CELL)),
        "gap",
        (COMPOUND, SIBLING),
        NEAR_CELL,
        200,
    ),
    "a cell that leaves its compound": (
        lambda f: move(f, CELL, [117.195335, 34.291302], 60),
        "outside-parent",
        (CELL, COMPOUND),
        (117.1955, 34.2922),
        200,
    ),
    "a boundary drawn as a bow": (
        lambda f: ring(f, CELL).insert(1, ring(f, CELL).pop(2)),
        "self-crossing",
        (CELL,),
        (117.19529, 34.29133),
        20,
    ),
    "a boundary that goes out and back on one line": (
        lambda f: ring(f, CELL).__setitem__(slice(1, 1), [[117.196, 34.2895], ring(f, CELL)[0]]),
        "self-touching",
        (CELL,),
        (117.195398, 34.289088),
        80,
    ),
    "three points": (lambda f: redraw(f, CELL, ring(f, CELL)[:3]), "too-few-points", (CELL,), NEAR_CELL, 400),
    "one point, four times": (
        lambda f: redraw(f, CELL, [[117.1936, 34.2914]] * 4),
        "too-few-points",
        (CELL,),
        NEAR_CELL,
        1,
    ),
    "an open boundary": (lambda f: ring(f, CELL).pop(), "not-closed", (CELL,), (117.192171, 34.289215), 1),
    "50,000 points": (lambda f: finely(f, CELL, 50_000), "too-many-points", (CELL,), (117.195398, 34.289088), 1),
    "swapped latitude and longitude": (lambda f: swapped(f, CELL), "swapped", (CELL,), NEAR_CELL, 400),
    "one swapped pair": (
        lambda f: ring(f, CELL)[2].reverse(),
        "swapped",
        (CELL,),
        (117.195181, 34.293634),
        1,
    ),
    "a wrong first digit": (
        lambda f: ring(f, CELL)[2].__setitem__(0, 127.195181),
        "far-away",
        (CELL,),
        (127.195181, 34.293634),
        1,
    ),
    "no number": (lambda f: ring(f, CELL)[2].__setitem__(0, math.nan), "bad-coordinate", (CELL,), NEAR_CELL, 400),
    "an infinite number": (
        lambda f: ring(f, CELL)[2].__setitem__(1, math.inf),
        "bad-coordinate",
        (CELL,),
        NEAR_CELL,
        400,
    ),
    "metres in place of degrees": (
        lambda f: redraw(f, CELL, [[39_518_000.0 + n, 3_795_000.0 + n * n] for n in range(6)]),
        "bad-coordinate",
        (CELL,),
        (0, 0),
        math.inf,
    ),
    "heights with the points": (
        lambda f: redraw(f, CELL, [[*point, 31.5] for point in ring(f, CELL)]),
        "bad-coordinate",
        (CELL,),
        NEAR_CELL,
        400,
    ),
    "words in place of numbers": (
        lambda f: redraw(f, CELL, [["117.19", "34.29"]] * 5),
        "bad-coordinate",
        (CELL,),
        (0, 0),
        math.inf,
    ),
    "a boundary of two parts": (lambda f: as_two(f, CELL), "wrong-geometry", (CELL,), NEAR_CELL, 400),
    "a line": (
        lambda f: of(f, CELL).update(geometry={"type": "LineString", "coordinates": ring(f, CELL)}),
        "wrong-geometry",
        (CELL,),
        NEAR_CELL,
        400,
    ),
    "no geometry": (lambda f: of(f, CELL).update(geometry=None), "wrong-geometry", (CELL,), (0, 0), math.inf),
    "a hole": (lambda f: hole(f, CELL), "holes", (CELL,), NEAR_CELL, 400),
    "a code given twice": (lambda f: again(f, CELL), "repeated-code", (CELL,), NEAR_CELL, 400),
    "a boundary given twice": (
        lambda f: again(f, CELL, code=f"{COMPOUND}77"),
        "repeated-boundary",
        (f"{COMPOUND}77", CELL),
        NEAR_CELL,
        400,
    ),
    "a code that is no child of its parent": (
        lambda f: said(f, CELL).update(parent=FOREIGN_COMPOUND),
        "wrong-parent",
        (CELL,),
        NEAR_CELL,
        400,
    ),
    "a level that is not the code's": (
        lambda f: said(f, CELL).update(level="compound"),
        "wrong-level",
        (CELL,),
        NEAR_CELL,
        400,
    ),
    "a code with a digit too few": (lambda f: said(f, CELL).update(code=CELL[:-1]), "bad-code", (), NEAR_CELL, 400),
    "a code that is a number": (lambda f: said(f, CELL).update(code=int(CELL)), "bad-code", (), NEAR_CELL, 400),
    "a compound without its cells": (
        lambda f: [f.remove(of(f, cell)) for cell in (CELL, SIBLING)],
        "no-children",
        (COMPOUND,),
        (117.192, 34.2915),
        400,
    ),
    "no name": (lambda f: said(f, CELL).update(name=" "), "malformed", (CELL,), NEAR_CELL, 400),
    "households in words": (lambda f: said(f, CELL).update(households="252"), "malformed", (CELL,), NEAR_CELL, 400),
    "fewer than 200 households": (
        lambda f: said(f, CELL).update(households=199),
        "households",
        (CELL,),
        NEAR_CELL,
        400,
    ),
    "more than 300 households": (lambda f: said(f, CELL).update(households=301), "households", (CELL,), NEAR_CELL, 400),
}


def test_the_unbroken_sample_has_no_fault(gulou: list[Feature]) -> None:
    assert check(gulou, PACK) == []


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_found_with_its_place_and_nothing_else_is(gulou: list[Feature], planted: str) -> None:
    change, kind, areas, place, within = PLANTED[planted]
    features = copy.deepcopy(gulou)
    change(features)
    (fault,) = check(features, PACK)
    assert (fault.code, fault.areas[: len(areas)]) == (kind, areas), fault
    assert fault.severity == KINDS[kind].severity
    if within < math.inf:
        assert fault.place is not None and metres(fault.place, place) <= within
        assert fault.geometry is not None
    assert all(code in fault.zh and code in fault.en for code in areas[:1])


def test_a_whole_file_with_latitude_first_is_told_so_and_judged_by_all_the_same(gulou: list[Feature]) -> None:
    features = copy.deepcopy(gulou)
    for feature in features:
        swapped(features, feature["properties"]["code"])
    features.remove(of(features, CELL))
    told = {(fault.code, fault.areas[0]) for fault in check(features, PACK)}
    assert told == {("swapped", f["properties"]["code"]) for f in features} | {("gap", COMPOUND)}


def test_an_area_above_the_cells_is_held_to_the_same(gulou: list[Feature]) -> None:
    """At every level: a street of the district, a community of its street, a compound of its community."""
    for code in ("320302001", COMMUNITY, COMPOUND):
        features = copy.deepcopy(gulou)
        of(features, code)["geometry"]["coordinates"] = [[list(p) for p in reversed(ring(gulou, code))]]
        assert check(features, PACK) == [], "which way round an outline is drawn says nothing"
        lon, lat = ring(gulou, code)[0]
        redraw(features, code, [[lon, lat], [lon + 0.001, lat], [lon + 0.001, lat + 0.001], [lon, lat]])
        found = {(fault.code, fault.areas[0]) for fault in check(features, PACK)}
        assert ("gap", code[: {9: 6, 12: 9, 14: 12}[len(code)]]) in found
        assert {kind for kind, _ in found} <= {"gap", "sliver-gap", "outside-parent"}


def test_orphans_are_named_one_by_one_and_leave_no_gap_besides(gulou: list[Feature]) -> None:
    features = [feature for feature in copy.deepcopy(gulou) if feature["properties"]["code"] != COMPOUND]
    found = check(features, PACK)
    assert [(fault.code, fault.areas) for fault in found] == [("orphan", (CELL,)), ("orphan", (SIBLING,))]
    assert all(fault.place is not None and COMPOUND in fault.zh for fault in found)


def test_a_code_of_another_district_is_no_code_of_this_one(gulou: list[Feature]) -> None:
    elsewhere = Settings(PACK.tolerance_metres, PACK.households, "320303")
    assert {fault.code for fault in check(gulou, elsewhere)} == {"foreign-code"}
    assert check(gulou, ANYWHERE) == []


@pytest.mark.parametrize("off", [0.1, 0.4])
def test_what_lies_within_the_tolerance_is_no_fault(gulou: list[Feature], off: float) -> None:
    for east in (off, -off):
        features = copy.deepcopy(gulou)
        move(features, SIBLING, SHARED[1], east)
        assert check(features, PACK) == []
        strict = Settings(0.01, PACK.households, PACK.district)
        assert [fault.code for fault in check(features, strict)] == ["sliver-overlap" if east > 0 else "sliver-gap"]


def test_the_size_of_a_gap_is_that_of_the_ground(gulou: list[Feature]) -> None:
    features = copy.deepcopy(gulou)
    features.remove(of(features, CELL))
    (fault,) = check(features, PACK)
    points = [(lon * 111_195 * math.cos(math.radians(34.2914)), lat * 111_195) for lon, lat in ring(gulou, CELL)]
    ground = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(points)) / 2
    assert fault.unit == "m²" and fault.size == pytest.approx(abs(ground), rel=1e-3)


def test_faults_come_before_warnings_and_in_the_order_of_codes(gulou: list[Feature]) -> None:
    features = copy.deepcopy(gulou)
    said(features, CELL).update(households=7)
    said(features, FOREIGN_CELL).update(parent="?")
    ring(features, "3203020010030101").pop()
    found = check(features, PACK)
    assert [fault.code for fault in found] == ["wrong-parent", "not-closed", "households"]
    assert [fault.severity == WARNING for fault in found] == [False, False, True]


def test_too_many_points_in_one_place_would_fill_a_row(gulou: list[Feature]) -> None:
    features = copy.deepcopy(gulou)
    for cell in ring_of_cells(features, 900):
        finely(features, cell, 900)
    found = check(features, PACK)
    assert {fault.code for fault in found} == {"tile-too-full"}
    assert CELL in {code for fault in found for code in fault.areas}


def ring_of_cells(features: list[Feature], within: float) -> list[str]:
    """The cells with a corner so many metres from CELL."""
    corner = ring(features, CELL)[0]
    return [
        feature["properties"]["code"]
        for feature in features
        if feature["properties"]["level"] == "cell"
        and min(metres((p[0], p[1]), corner) for p in feature["geometry"]["coordinates"][0]) < within
    ]


def test_a_cell_as_large_as_a_province_is_none() -> None:
    features = province(1)
    for feature in features:
        feature["geometry"]["coordinates"] = [[[116, 33], [118, 33], [118, 34.5], [116, 34.5], [116, 33]]]
    assert [fault.code for fault in check(features, ANYWHERE)] == ["too-large"]


def test_an_area_no_wider_than_the_tolerance_is_none() -> None:
    features = province(1)
    line = [[117.0, 34.0], [117.003, 34.0], [117.003, 34.000002], [117.0, 34.000002], [117.0, 34.0]]
    for feature in features:
        feature["geometry"]["coordinates"] = [line]
    assert {fault.code for fault in check(features, ANYWHERE)} == {"sliver-area"}


def test_districts_of_a_province_may_not_overlap() -> None:
    features = province(48 * 40 + 40)
    districts = [feature for feature in features if feature["properties"]["level"] == "district"]
    assert len(districts) > 1 and check(features, ANYWHERE) == []
    shift = districts[0]["geometry"]["coordinates"][0]
    for point in shift:
        point[0] += 0.01
    found = {(fault.code, fault.areas[0]) for fault in check(features, ANYWHERE)}
    assert ("overlap", districts[0]["properties"]["code"]) in found


@pytest.mark.parametrize("cells", [1, 2, 3, 17, 400])
def test_the_generated_network_is_seamless_and_has_as_many_cells_as_asked(cells: int) -> None:
    features = province(cells)
    assert sum(feature["properties"]["level"] == "cell" for feature in features) == cells
    assert check(features, ANYWHERE) == []
    assert features == province(cells)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("Polygon"),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "geometry", "coordinates", "code", "name", "level", "households"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)
POINT = st.tuples(st.floats(116, 118) | st.floats(), st.floats(33, 35) | st.floats()).map(list)
CODE = st.sampled_from(["320302", "320302001", "320302001002", "32030200100201", "3203020010020101", "99"])


@st.composite
def feature_like(draw: Any) -> Any:
    """Nearly a feature: any part of it may be anything."""
    rings = draw(st.lists(st.lists(POINT, max_size=8), max_size=2))
    kind = draw(st.sampled_from(["Polygon", "MultiPolygon", "Point", "GeometryCollection"]))
    geometry = draw(st.just({"type": kind, "coordinates": rings}) | ANYTHING)
    properties = draw(
        st.fixed_dictionaries({"code": CODE | ANYTHING, "name": ANYTHING, "households": ANYTHING}) | ANYTHING
    )
    return draw(st.just({"type": "Feature", "properties": properties, "geometry": geometry}) | ANYTHING)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(feature_like(), max_size=5))
def test_whatever_comes_is_answered_with_faults_and_never_with_an_error(features: list[Any]) -> None:
    found = check(features, PACK)
    assert found and all(isinstance(fault, Fault) and fault.zh and fault.en for fault in found)


SMALL = province(60)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SMALL) - 1))
def test_no_area_can_be_missing_without_being_missed(at: int) -> None:
    lost = SMALL[at]["properties"]["code"]
    found = check([feature for feature in SMALL if feature is not SMALL[at]], ANYWHERE)
    assert found and {fault.code for fault in found} <= {"gap", "orphan", "no-children"}
    above = SMALL[at]["properties"]["parent"]
    assert all(fault.areas[0] == above or fault.areas[0].startswith(lost) for fault in found)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_order_nor_direction_nor_where_an_outline_begins_matters(random: Any) -> None:
    features = copy.deepcopy(SMALL)
    random.shuffle(features)
    for feature in features:
        points = feature["geometry"]["coordinates"][0][:-1]
        start = random.randrange(len(points))
        turned = points[start:] + points[:start]
        if random.random() < 0.5:
            turned.reverse()
        feature["geometry"]["coordinates"] = [[*turned, turned[0]]]
    assert check(features, ANYWHERE) == []
