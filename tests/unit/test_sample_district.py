"""The sample district: its grid is seamless (G1, G2), every post held, every desk manned, the files as generated.

And the day that is replayed in it: mixed, repeatable, and clear about what must come of every message.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from shapely.geometry import MultiPoint, Point, Polygon

from infra.samples import rows_of
from infra.samples.day import FAULTS, TRACKING_CODE, DayMessage, body_of, filled_in, messages
from infra.samples.day_texts import ADVICE, FOLLOW_UPS, TEXTS, UNCLEAR
from infra.samples.generate_gulou import HERE, LABEL, UNITS, main
from infra.samples.gulou_people import AWAY, LEFT, NEVER_HELD
from infra.samples.pictures import picture
from infra.tiles import inner_point, ring_of, samples, tile_rows

NOW = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
POSTS = UNITS.with_name("posts.toml")
LEVELS = {6: "district", 9: "street", 12: "community", 14: "compound", 16: "cell"}  # not the code's: held against it
Vertex = tuple[float, float]


@pytest.fixture(scope="module")
def collection() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / "areas.geojson").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def features(collection: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = collection["features"]
    return listed


@pytest.fixture(scope="module")
def properties(features: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {feature["properties"]["code"]: feature["properties"] for feature in features}


@pytest.fixture(scope="module")
def polygons(features: list[dict[str, Any]]) -> dict[str, Polygon]:
    return {feature["properties"]["code"]: Polygon(feature["geometry"]["coordinates"][0]) for feature in features}


def rows(name: str) -> list[dict[str, str]]:
    return rows_of(HERE / name)


def children_of(code: str, codes: Sequence[str]) -> list[str]:
    length = {6: 9, 9: 12, 12: 14, 14: 16}[len(code)]
    return [child for child in codes if len(child) == length and child.startswith(code)]


def steps(polygon: Polygon) -> Iterator[tuple[Vertex, Vertex]]:
    return pairwise(polygon.exterior.coords)


def test_committed_files_are_what_the_generator_writes(tmp_path: Any) -> None:
    main(tmp_path)
    for made in sorted(tmp_path.iterdir()):
        assert made.read_bytes() == (HERE / made.name).read_bytes(), f"run the generator again: {made.name} differs"
    assert {made.name for made in tmp_path.iterdir()} == {
        "areas.geojson", "staff.csv", "posts.csv", "duty.csv", "absences.csv", "units.csv", "panel.csv",
    }  # fmt: skip


def test_district_has_seven_streets_65_communities_410_cells(properties: dict[str, dict[str, Any]]) -> None:
    counted = Counter(area["level"] for area in properties.values())
    assert (counted["district"], counted["street"], counted["community"], counted["cell"]) == (1, 7, 65, 410)
    for code, area in properties.items():
        assert area["level"] == LEVELS[len(code)]
        if len(code) > 6:
            assert code.startswith(area["parent"]) and area["parent"] in properties
    for community in (code for code in properties if len(code) == 12):
        assert 2 <= len(children_of(community, list(properties))) <= 4


def test_names_of_streets_and_communities_are_the_national_lists(properties: dict[str, dict[str, Any]]) -> None:
    listed = {row["code"]: row["name"].removesuffix("居委会") for row in rows("divisions_2023.csv")}
    assert {code: area["name"] for code, area in properties.items() if len(code) <= 12} == {
        code: name
        for code, name in listed.items()
        if not code.startswith("320302008") and code not in ("320302003011", "320302006011", "320302007012")
    }


def test_names_tell_areas_of_one_parent_apart(properties: dict[str, dict[str, Any]]) -> None:
    for length in (12, 14, 16):
        named = Counter((code[:12], area["name"]) for code, area in properties.items() if len(code) == length)
        assert not [name for name, times in named.items() if times > 1]
    assert all(area["name"] for area in properties.values())


def test_every_cell_has_200_to_300_households_and_every_area_the_sum_of_its_parts(
    properties: dict[str, dict[str, Any]],
) -> None:
    for code, area in properties.items():
        if len(code) == 16:
            assert 200 <= area["households"] <= 300
        else:
            parts = children_of(code, list(properties))
            assert area["households"] == sum(properties[part]["households"] for part in parts)


def test_every_area_is_one_simple_figure(features: list[dict[str, Any]], polygons: dict[str, Polygon]) -> None:
    for code, polygon in polygons.items():
        assert polygon.is_valid and polygon.exterior.is_ccw, code
        assert len(set(polygon.exterior.coords)) == len(polygon.exterior.coords) - 1, code
        if len(code) == 16:
            assert 4 <= len(polygon.exterior.coords) - 1 <= 14, code
    for feature in features:
        for lon, lat in feature["geometry"]["coordinates"][0]:
            assert (round(lon, 6), round(lat, 6)) == (lon, lat)
            assert 117.12 < lon < 117.27 and 34.26 < lat < 34.37


def test_shared_boundaries_have_identical_vertices_on_both_sides(polygons: dict[str, Polygon]) -> None:
    cells = {code: polygon for code, polygon in polygons.items() if len(code) == 16}
    steps_of_cells = Counter(step for polygon in cells.values() for step in steps(polygon))
    assert set(steps_of_cells.values()) == {1}
    for code, polygon in polygons.items():
        within = {step for cell, part in cells.items() if cell.startswith(code) for step in steps(part)}
        assert set(steps(polygon)) == {step for step in within if step[::-1] not in within}, code


def test_file_says_it_is_a_demonstration_and_is_small(collection: dict[str, Any]) -> None:
    assert collection["label"] == LABEL and "非真实界线" in LABEL
    assert (HERE / "areas.geojson").stat().st_size < 1_000_000
    assert "非真实界线" in (HERE / "README.md").read_text(encoding="utf-8")


def test_tile_rows_carry_names_from_district_to_cell_and_stay_small(features: list[dict[str, Any]]) -> None:
    for row in tile_rows(features):
        assert len(json.dumps(row, ensure_ascii=False).encode()) < 16_000
        for cell in row["cells"]:
            assert len(cell["path"]) == 5 and cell["path"][0] == "鼓楼区"
            assert cell["path"][-1].startswith(cell["path"][2])


def test_samples_lie_in_their_cells_and_are_spread_over_the_district(
    features: list[dict[str, Any]], polygons: dict[str, Polygon]
) -> None:
    chosen = samples(features)
    assert len(chosen) == 24 and chosen == samples(features)
    for sample in chosen:
        point = Point(sample["position"]["lon"], sample["position"]["lat"])
        assert polygons[sample["area"]].contains(point)
        assert sample["station"] == f"centre-{sample['area'][:12]}"
    assert len({sample["area"][:9] for sample in chosen}) == 7
    assert len({sample["area"][:12] for sample in chosen}) == 24
    spread = MultiPoint([(s["position"]["lon"], s["position"]["lat"]) for s in chosen]).convex_hull
    assert spread.area > polygons["320302"].area / 2


def test_inner_point_is_inside_even_a_narrow_cell() -> None:
    sliver = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.01], [0.0, 0.0]]
    lon, lat = inner_point(sliver, Random(3))
    assert Polygon(sliver).contains(Point(lon, lat))


def test_every_post_is_held_where_its_level_is_but_for_the_vacancies(properties: dict[str, dict[str, Any]]) -> None:
    staff = {row["staff_id"]: row for row in rows("staff.csv")}
    held: defaultdict[str, list[str]] = defaultdict(list)
    for post in rows("posts.csv"):
        held[post["post"]].append(post["area"])
        assert staff[post["staff_id"]]["areas"] == post["area"]
        centre = f"centre-{post['area'][:12]}" if len(post["area"]) > 6 else "linkage-centre"
        assert staff[post["staff_id"]]["unit"] == centre
        assert (post["from"], post["until"]) == ("2026-01-01", LEFT.get((post["area"], post["post"]), ""))
    levels = {row["id"]: row["level"] for row in tomllib.loads(POSTS.read_text(encoding="utf-8"))["post"]}
    areas = {
        level: sorted(code for code, area in properties.items() if area["level"] == level) for level in LEVELS.values()
    }
    assert {post: sorted([*codes, *(a for a, p in NEVER_HELD if p == post)]) for post, codes in held.items()} == {
        post: areas[level] for post, level in levels.items()
    }


def test_who_is_away_has_a_deputy_whose_areas_hold_the_same() -> None:
    staff = {row["staff_id"]: row for row in rows("staff.csv")}
    posts = {row["staff_id"]: row["area"] for row in rows("posts.csv")}
    for absence in rows("absences.csv"):
        assert absence["from"] <= absence["until"] and absence["staff_id"] != absence["deputy_id"]
        assert posts[absence["staff_id"]].startswith(staff[absence["deputy_id"]]["areas"])
    assert len(rows("absences.csv")) == len(AWAY)


def test_every_unit_has_telephones_and_an_address_that_nobody_has() -> None:
    units = rows("units.csv")
    assert {row["unit"] for row in units} == {row["unit"] for row in rows("duty.csv")}
    assert len({row["duty_phone"] for row in units}) == len(units)
    for row in units:
        assert row["duty_phone"].startswith("0516-0000") and row["supervision_phone"].startswith("0516-0000")
        assert row["duty_phone"] != row["supervision_phone"] and "示例路" in row["address"]


def test_staff_can_be_told_apart_and_reached() -> None:
    staff = rows("staff.csv")
    for column in ("staff_id", "phone", "email"):
        assert len({row[column] for row in staff}) == len(staff)
    for row in staff:
        assert row["phone"].startswith("+861990000") and len(row["phone"]) == 14
        assert row["email"] == f"{row['staff_id']}@gulou.example"
        assert 2 <= len(row["name"]) <= 3


def test_every_role_of_the_pack_is_held_by_somebody_and_no_other() -> None:
    roles = tomllib.loads((UNITS.parent / "roles.toml").read_text(encoding="utf-8"))["role"]
    assert {row["role"] for row in rows("staff.csv")} == {role["id"] for role in roles}


def test_every_unit_has_officers_on_duty_by_day_and_night(properties: dict[str, dict[str, Any]]) -> None:
    staff = {row["staff_id"]: row for row in rows("staff.csv")}
    manned: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for duty in rows("duty.csv"):
        assert staff[duty["staff_id"]]["unit"] == duty["unit"]
        assert (duty["from"], duty["to"]) in {("08:00", "20:00"), ("20:00", "08:00")}
        manned[duty["unit"]][duty["from"]] += 1
    departments = {unit["id"] for unit in tomllib.loads(UNITS.read_text(encoding="utf-8"))["unit"]}
    centres = {f"centre-{code}" for code in properties if len(code) in (9, 12)}
    assert set(manned) == departments | centres | {"linkage-centre"}
    for unit, hours in manned.items():
        assert hours["08:00"] >= 1 and hours["20:00"] >= 1, unit


def test_roles_fit_units_and_areas() -> None:
    for row in rows("staff.csv"):
        unit, area = row["unit"], row["areas"]
        if row["role"] == "unit-head":
            assert area == (unit.removeprefix("centre-") if unit.startswith("centre-") else "320302")
            assert len(area) in (6, 9)
        elif row["role"] in {"leader", "mediator", "auditor"}:
            assert unit == ("linkage-centre" if area == "320302" else f"centre-{area}")
            assert len(area) in {"leader": (6, 9), "mediator": (9,), "auditor": (6,)}[row["role"]]
        elif unit.startswith("centre-"):
            assert area.startswith(unit.removeprefix("centre-"))
            assert row["role"] in ({"street"} if len(area) == 9 else {"station", "grid-worker"})
        else:
            assert area == "320302"
            assert (row["role"] == "petition-office") == (unit == "petition-office")
            assert (row["role"] in {"linkage-centre", "administrator"}) == (unit == "linkage-centre")


def test_rings_are_closed(features: list[dict[str, Any]]) -> None:
    assert all(ring_of(feature)[0] == ring_of(feature)[-1] for feature in features)


@pytest.fixture(scope="module")
def day(features: list[dict[str, Any]]) -> list[DayMessage]:
    return messages(240, 7, features)


def test_the_same_numbers_give_the_same_day(day: list[DayMessage], features: list[dict[str, Any]]) -> None:
    assert len(day) == 240
    assert day == messages(240, 7, features)
    assert day != messages(240, 8, features)


def test_a_day_has_all_edges_with_repeats_and_bad_input(day: list[DayMessage]) -> None:
    edges = Counter(message.edge for message in day)
    assert edges["mobile"] > 100 and edges["sms"] > 40 and edges["hotline"] > 40
    outcomes = Counter(message.expected for message in day)
    assert 0.07 <= outcomes["repeat"] / 240 <= 0.09
    assert 0.04 <= outcomes["refused"] / 240 <= 0.06
    assert {message.edge for message in day if message.expected == "repeat"} >= {"mobile", "sms", "hotline"}
    assert {message.edge for message in day if message.expected == "refused"} == {"mobile", "sms", "hotline"}


def test_message_ids_are_unique_but_for_repeats(day: list[DayMessage]) -> None:
    ids = [(message.edge, message.message_id) for message in day if message.repeat_of is None]
    assert len(set(ids)) == len(ids)
    for at, message in enumerate(day):
        assert (message.repeat_of is not None) == (message.expected == "repeat")
        if message.repeat_of is not None:
            first = day[message.repeat_of]
            assert message.repeat_of < at and first.expected == "accepted"
            assert (message.edge, message.message_id) == (first.edge, first.message_id)
            assert body_of(message, NOW) == body_of(first, NOW)


def test_planted_faults_name_the_answer_the_contract_gives(features: list[dict[str, Any]]) -> None:
    problems = json.loads((Path(__file__).parents[2] / "docs/contract/errors.json").read_text(encoding="utf-8"))
    for _, _, status, problem in FAULTS:
        assert problems[problem]["status"] == status
    long_day = messages(600, 1, features)
    planted = {(m.fault, m.edge, m.status, m.problem) for m in long_day if m.expected == "refused"}
    assert planted == set(FAULTS)
    assert all((message.fault is None) == (message.expected != "refused") for message in long_day)


def test_faults_of_the_body_are_in_the_body(features: list[dict[str, Any]], polygons: dict[str, Polygon]) -> None:
    spoilt = {(m.fault, m.edge): m for m in messages(600, 1, features) if m.fault}
    with pytest.raises(ValueError):
        json.loads(body_of(spoilt["not-json", "mobile"], NOW))
    outside = spoilt["point-outside", "mobile"].payload["position"]
    assert not polygons["320302"].intersects(Point(outside["lon"], outside["lat"]))
    assert spoilt["empty-text", "hotline"].payload["content"] == ""
    assert len(spoilt["text-too-long", "mobile"].payload["text"]) > 4000
    assert datetime.fromisoformat(filled_in(spoilt["future-time", "mobile"], NOW)["told_at"]) > NOW + timedelta(hours=1)
    assert datetime.fromisoformat(filled_in(spoilt["no-time-zone", "mobile"], NOW)["told_at"]).tzinfo is None


def test_good_messages_keep_to_the_contract(
    day: list[DayMessage], polygons: dict[str, Polygon], properties: dict[str, dict[str, Any]]
) -> None:
    for message in (message for message in day if message.expected == "accepted"):
        body = filled_in(message, NOW, media=["a"] * message.pictures, tracking_code="7K3M9QXZ")
        match message.edge:
            case "mobile":
                assert message.cell in polygons and len(message.cell) == 16
                assert ("position" in body) != ("area" in body)
                if "area" in body:
                    assert message.cell.startswith(body["area"]) and body["area"] in properties
                else:
                    assert polygons[message.cell].contains(Point(body["position"]["lon"], body["position"]["lat"]))
                assert NOW - timedelta(minutes=1) <= datetime.fromisoformat(body["told_at"]) <= NOW
                assert len(body.get("media", [])) == message.pictures
                assert set(body) <= {
                    "text", "category", "urgency", "position", "area", "address", "media", "told_at", "reporter",
                }  # fmt: skip
                assert "{" not in body["text"] and body["text"]
            case "sms":
                assert list(json.loads(body_of(message, NOW))[0]) == list(body)
                assert set(body) == {
                    "phone_number", "send_time", "content", "sign_name", "dest_code", "sequence_id",
                }  # fmt: skip
                assert body["send_time"].startswith("2026-11-22 08:")
                assert str(body["sequence_id"]) == message.message_id and "{" not in body["content"]
            case "hotline":
                assert body["order_no"] == message.message_id
                assert body["type"] in {"help", "advice", "complaint", "suggestion", "other"}
                assert body["content"] and body.get("title") != ""
            case "web":
                assert message.cell in polygons and set(body) == {"text", "name", "phone"}


def test_some_texts_follow_an_earlier_one_of_their_phone_and_some_begin_anew(day: list[DayMessage]) -> None:
    following = [
        (at, message) for at, message in enumerate(day) if message.follows is not None and not message.repeat_of
    ]
    assert len(following) > 5
    for at, message in following:
        assert message.follows is not None and message.follows < at
        assert day[message.follows].payload["phone_number"] == message.payload["phone_number"]
        assert not message.payload["content"].startswith("新")
        between = [m for m in day[message.follows + 1 : at] if m.payload.get("phone_number") == phone_of(message)]
        assert all(m.follows is not None or m.expected != "accepted" for m in between), "another case is newer"
    assert any(TRACKING_CODE in message.payload["content"] for _, message in following)
    phones = {message.payload["phone_number"] for message in day if message.edge == "sms"}
    assert any(m.edge == "sms" and m.payload["content"].startswith("新") for m in day)
    assert not {f"+86{phone}" for phone in phones} & {row["phone"] for row in rows("staff.csv")}


def phone_of(message: DayMessage) -> str:
    phone: str = message.payload["phone_number"]
    return phone


def test_texts_name_categories_of_the_pack() -> None:
    listed: set[str] = set()
    for file in (UNITS.parent / "categories").glob("*.toml"):
        listed |= {category["id"] for category in tomllib.loads(file.read_text(encoding="utf-8"))["category"]}
    assert {category for category, _ in TEXTS} <= listed
    assert len({text for _, text in TEXTS}) == len(TEXTS) >= 80
    assert all((*UNCLEAR, *FOLLOW_UPS, *ADVICE))


def test_pictures_are_small_jpegs_that_differ() -> None:
    for made in (picture(), picture("1"), picture("井盖")):
        assert made.startswith(b"\xff\xd8\xff") and made.endswith(b"\xff\xd9") and len(made) < 2048
    assert len({picture(), picture("1"), picture("2")}) == 3
