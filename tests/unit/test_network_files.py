"""What an operator hands in: every bad file, line and column is named in both languages, and nothing raises."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from chalicelib.domain.policy import Policy
from infra.network.content import check_succession, codes_of
from infra.network.given import TABLES, Given, day_of, read
from infra.network.people import people_of
from tests.network import CELLS, COMMUNITY, csv_of, network, tables, write

CENTRE = f"centre-{COMMUNITY}"


def faults(directory: Path, policy: Policy) -> list[tuple[str, int | None, str | None]]:
    given = read(directory)
    found = [*given.faults, *check_succession(given), *people_of(given, codes_of(given.features), policy)[1]]
    assert all(fault.zh and fault.en and fault.zh != fault.en for fault in found)
    return [(fault.file, fault.line, fault.column) for fault in found if not fault.warning]


def changed(name: str, row: int, /, **values: str) -> dict[str, list[dict[str, str]]]:
    said = tables()
    said[name] = [{**dict.fromkeys(values, ""), **each} for each in said[name]]
    said[name][row] |= values
    return said


def test_the_unspoilt_files_have_no_fault(tmp_path: Path, policy: Policy) -> None:
    assert faults(write(tmp_path), policy) == []


@pytest.mark.parametrize(
    ("name", "row", "values", "fault"),
    [
        ("staff.csv", 0, {"staff_id": ""}, ("staff.csv", 2, "staff_id")),
        ("staff.csv", 0, {"staff_id": "s#1"}, ("staff.csv", 2, "staff_id")),
        ("staff.csv", 1, {"staff_id": "s1", "name": "另一人"}, ("staff.csv", 3, "staff_id")),
        ("staff.csv", 0, {"phone": "12345"}, ("staff.csv", 2, "phone")),
        ("staff.csv", 0, {"phone": "0516-83800000转8021"}, ("staff.csv", 2, "phone")),
        ("staff.csv", 0, {"email": "s1 at gulou"}, ("staff.csv", 2, "email")),
        ("staff.csv", 0, {"role": "emperor"}, ("staff.csv", 2, "role")),
        ("staff.csv", 0, {"unit": "ministry"}, ("staff.csv", 2, "unit")),
        ("staff.csv", 0, {"areas": "320302001099"}, ("staff.csv", 2, "areas")),
        ("staff.csv", 0, {"name": "张\x07立"}, ("staff.csv", 2, "name")),
        ("staff.csv", 0, {"from": "1 January"}, ("staff.csv", 2, "from")),
        ("staff.csv", 0, {"from": "2026-02-01", "until": "2026-01-31"}, ("staff.csv", 2, "until")),
        ("posts.csv", 1, {"area": "320302001099"}, ("posts.csv", 3, "area")),
        ("posts.csv", 1, {"post": "emperor"}, ("posts.csv", 3, "post")),
        ("posts.csv", 1, {"area": COMMUNITY}, ("posts.csv", 3, "area")),
        ("posts.csv", 1, {"from": "2026/01/01"}, ("posts.csv", 3, "from")),
        ("posts.csv", 1, {"from": "2026-W01-1"}, ("posts.csv", 3, "from")),
        ("posts.csv", 1, {"from": "2026-02-30"}, ("posts.csv", 3, "from")),
        ("posts.csv", 1, {"until": "2025-12-31"}, ("posts.csv", 3, "until")),
        ("posts.csv", 2, {"area": CELLS[0]}, ("posts.csv", 4, "from")),
        ("posts.csv", 4, {"staff_id": "nobody"}, ("posts.csv", 6, "staff_id")),
        ("duty.csv", 0, {"from": "8:00"}, ("duty.csv", 2, "from")),
        ("duty.csv", 0, {"to": "25:00"}, ("duty.csv", 2, "to")),
        ("duty.csv", 0, {"to": "08:00"}, ("duty.csv", 2, "to")),
        ("duty.csv", 0, {"unit": "ministry"}, ("duty.csv", 2, "unit")),
        ("duty.csv", 0, {"staff_id": "nobody"}, ("duty.csv", 2, "staff_id")),
        ("units.csv", 0, {"unit": "ministry"}, ("units.csv", 2, "unit")),
        ("units.csv", 0, {"duty_phone": "call us"}, ("units.csv", 2, "duty_phone")),
        ("absences.csv", 0, {"until": "2026-10-01"}, ("absences.csv", 2, "until")),
        ("absences.csv", 0, {"deputy_id": "w1"}, ("absences.csv", 2, "deputy_id")),
        ("absences.csv", 0, {"deputy_id": "nobody"}, ("absences.csv", 2, "deputy_id")),
        ("absences.csv", 0, {"staff_id": "s1"}, ("absences.csv", 2, "staff_id")),
    ],
)
def test_a_bad_value_is_named_by_file_line_and_column(
    tmp_path: Path, policy: Policy, name: str, row: int, values: dict[str, str], fault: tuple[str, int, str]
) -> None:
    assert fault in faults(write(tmp_path, said=changed(name, row, **values)), policy)


@pytest.mark.parametrize(
    "phone", ["199 0000 0001", "+86 199-0000-0001", "008619900000001", "86 19900000001", "0516-83800000"]
)
def test_telephone_numbers_are_taken_as_people_write_them(tmp_path: Path, policy: Policy, phone: str) -> None:
    assert faults(write(tmp_path, said=changed("staff.csv", 0, phone=phone)), policy) == []


@pytest.mark.parametrize("day", ["2026-W48-2", "20261124", "2026-1-1", "２０２６-０１-０１"])
def test_a_day_is_written_in_one_way_only(day: str) -> None:
    """Days are compared as they are written."""
    assert day_of(day) is None and day_of("2026-11-24") == "2026-11-24"


def test_a_holder_of_posts_that_exclude_each_other_is_refused_on_the_days_they_meet(
    tmp_path: Path, policy: Policy
) -> None:
    said = tables()
    said["posts.csv"].append(
        {"area": COMMUNITY, "post": "community-police-officer", "staff_id": "s2", "from": "2026-06-01", "until": ""}
    )
    assert faults(write(tmp_path, said=said), policy) == [("posts.csv", 7, "post")]
    said["posts.csv"][0]["until"] = "2026-05-31"
    assert faults(write(tmp_path, said=said), policy) == []


def test_one_holder_follows_another_but_not_on_the_same_day(tmp_path: Path, policy: Policy) -> None:
    said = changed("posts.csv", 1, until="2026-06-30")
    said["posts.csv"].append({**said["posts.csv"][1], "staff_id": "s2", "from": "2026-06-30", "until": ""})
    assert faults(write(tmp_path, said=said), policy) == [("posts.csv", 7, "from")]
    said["posts.csv"][-1]["from"] = "2026-07-01"
    assert faults(write(tmp_path, said=said), policy) == []


@pytest.mark.parametrize(
    ("work", "column"),
    [({"from": "2025-01-01", "until": ""}, None), ({"until": "2026-06-30"}, "until"), ({"from": "2026-02-01"}, "from")],
)
def test_who_has_left_or_is_to_come_holds_no_post_meanwhile(
    work: dict[str, str], column: str | None, tmp_path: Path, policy: Policy
) -> None:
    given = read(write(tmp_path, said=changed("staff.csv", 2, **{"from": "", "until": "", **work})))
    found = people_of(given, codes_of(given.features), policy)[1]
    assert [(fault.file, fault.line, fault.column, fault.warning) for fault in found] == (
        [("posts.csv", 3, column, True)] if column else []
    )


def test_the_same_person_is_not_twice_in_one_post(tmp_path: Path, policy: Policy) -> None:
    said = changed("posts.csv", 1, until="2026-06-30")
    said["posts.csv"].append({**said["posts.csv"][1], "from": "2026-08-01", "until": ""})
    assert faults(write(tmp_path, said=said), policy) == [("posts.csv", 7, "staff_id")]


def test_a_deputy_who_is_away_deputises_for_nobody(tmp_path: Path, policy: Policy) -> None:
    said = tables()
    said["absences.csv"].append({"staff_id": "w2", "from": "2026-11-30", "until": "2026-12-02", "deputy_id": "w3"})
    assert faults(write(tmp_path, said=said), policy) == [("absences.csv", 2, "deputy_id")]
    said["absences.csv"][1]["from"] = "2026-12-01"
    assert faults(write(tmp_path, said=said), policy) == []


def test_absences_of_one_person_do_not_overlap_and_need_no_deputy(tmp_path: Path, policy: Policy) -> None:
    said = tables()
    said["absences.csv"].append({"staff_id": "w1", "from": "2026-11-30", "until": "2026-12-02", "deputy_id": ""})
    assert faults(write(tmp_path, said=said), policy) == [("absences.csv", 3, "from")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "gb18030"])
def test_tables_come_in_the_encodings_that_spreadsheets_write(tmp_path: Path, policy: Policy, encoding: str) -> None:
    write(tmp_path)
    plain = read(tmp_path).tables
    for name, rows in tables().items():
        (tmp_path / name).write_bytes(csv_of(rows).replace("\n", "\r\n").encode(encoding))
    given = read(tmp_path)
    assert given.tables == plain and faults(tmp_path, policy) == []
    chinese = {"staff.csv", "units.csv"}
    known = {"UTF-8 (BOM)"} if encoding == "utf-8-sig" else {"GB18030"}
    assert chinese <= given.encodings.keys() and set(given.encodings.values()) == known


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", (None, None)),
        (b"\n\n", (None, None)),
        (b"staff_id,name\n", (1, "phone")),
        (b"staff_id,name,phone,email,role,unit,areas,salary\n", (1, "salary")),
        (b"staff_id,staff_id,name,phone,email,role,unit,areas\n", (1, "staff_id")),
        (b"staff_id,name,phone,email,role,unit,areas\ns1,a\n", (2, None)),
        (b'staff_id,name,phone,email,role,unit,areas\n"s1,a,b,c,d,e,f\n', (2, None)),
        (b"staff_id,name,phone,email,role,unit,areas\n\xff\xfe\x00\n", (2, None)),
        (codecs.BOM_UTF16_LE + "staff_id".encode("utf-16-le"), (1, None)),
        (codecs.BOM_UTF8 + b"staff_id,\xc3\x28\n", (1, None)),
    ],
)
def test_a_table_that_is_none_is_a_fault_not_a_failure(
    tmp_path: Path, policy: Policy, content: bytes, fault: tuple[int | None, str | None]
) -> None:
    write(tmp_path)
    (tmp_path / "staff.csv").write_bytes(content)
    assert ("staff.csv", *fault) in faults(tmp_path, policy)


def test_a_line_that_repeats_another_is_named_with_it(tmp_path: Path, policy: Policy) -> None:
    said = tables()
    said["duty.csv"].append(dict(said["duty.csv"][0]))
    given = read(write(tmp_path, said=said))
    (fault,) = given.faults
    assert (fault.line, fault.en, fault.zh) == (4, "repeats line 2", "与第 2 行重复")


def test_a_missing_table_is_named_unless_it_may_be_missing(tmp_path: Path, policy: Policy) -> None:
    write(tmp_path)
    for name in TABLES:
        (tmp_path / name).unlink()
    assert {fault for fault in faults(tmp_path, policy) if fault[1:] == (None, None)} == {
        ("staff.csv", None, None),
        ("posts.csv", None, None),
        ("duty.csv", None, None),
    }


def test_a_file_of_another_kind_does_not_flood_the_operator(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "staff.csv").write_text(csv_of(tables()["staff.csv"]) + "a,b\n" * 5000, "utf-8")
    assert len(read(tmp_path).faults) < 600


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '"FeatureCollection"',
        '{"type": "Feature"}',
        '{"type": "FeatureCollection", "from": "2014-01-01"}',
        '{"type": "FeatureCollection", "from": "2014-01-01", "features": []}',
        '{"type": "FeatureCollection", "from": "2014-01-01", "features": {}}',
        '{"type": "FeatureCollection", "from": "2014-01-01", "features": [NaN]}',
        '{"type": "FeatureCollection", "features": [1]}',
        '{"type": "FeatureCollection", "from": 2014, "features": [1]}',
        '{"type": "FeatureCollection", "from": "2014-01-01", "ended": 7, "features": [1]}',
        "[" * 100_000,
    ],
)
def test_areas_that_are_none_are_a_fault_not_a_failure(tmp_path: Path, policy: Policy, content: str) -> None:
    (write(tmp_path) / "areas.geojson").write_text(content, "utf-8")
    assert any(file == "areas.geojson" for file, _, _ in faults(tmp_path, policy))


@pytest.mark.parametrize(
    ("member", "value", "column"),
    [
        ("succeeds", "3203020010020101", "succeeds"),
        ("succeeds", [1], "succeeds"),
        ("succeeds", [CELLS[1]], "succeeds"),
        ("children", [], "children"),
        ("note", float("1e400"), None),
        ("note", "\ud800", None),
    ],
)
def test_what_features_say_of_earlier_areas_is_checked(
    tmp_path: Path, policy: Policy, member: str, value: Any, column: str | None
) -> None:
    features = network()
    features[4]["properties"][member] = value
    text = json.dumps({"type": "FeatureCollection", "from": "2014-01-01", "features": features})
    (write(tmp_path) / "areas.geojson").write_text(text.replace("Infinity", "1e400"), "utf-8")
    where = f"{CELLS[0]}.{column}" if column else CELLS[0]
    assert ("areas.geojson", None, where) in faults(tmp_path, policy)


def test_an_area_does_not_end_and_stay(tmp_path: Path, policy: Policy) -> None:
    assert faults(write(tmp_path, ended=[CELLS[0]]), policy) == [("areas.geojson", None, f"{CELLS[0]}.ended")]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5) | st.sampled_from([*CELLS, "cell"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "properties", "code", "succeeds", "geometry"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given_any(features=st.lists(json_values, max_size=4))
def test_whatever_comes_as_features_raises_nothing(features: list[Any]) -> None:
    given = Given(features=features, from_day="2014-01-01")
    check_succession(given)
    codes_of(given.features)
