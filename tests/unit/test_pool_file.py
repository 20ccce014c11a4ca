"""The file of the pool of people: what it may say, and every fault with its line and column."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from chalicelib.domain.law_house import names_a_person, sittings
from chalicelib.domain.panels import LAWYER, WHATS, Days, Hours, Sought, proposed, rule_for
from chalicelib.domain.policy import Policy
from infra.panel.file import COLUMNS, PoolFile, read
from infra.samples.generate_gulou import HERE

COMMUNITY, OTHER, STREET = "320302001002", "320302001003", "320302001"
AREAS = frozenset({"320302", STREET, COMMUNITY, OTHER, f"{COMMUNITY}01"})
LAWYER_LINE = {
    "id": "l1",
    "name": "高远",
    "what": "律师",
    "organisation": "示例律师事务所",
    "areas": STREET,
    "hours": f"{COMMUNITY} 周三 09:00-11:30",
}


def given(tmp_path: Path, policy: Policy, *lines: dict[str, str], encoding: str = "utf-8") -> PoolFile:
    path = tmp_path / "pool.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS.names, restval="")
        writer.writeheader()
        writer.writerows(lines)
    return read(path, AREAS, policy)


def test_a_line_is_read_whole_with_chinese_names_for_what_has_an_id(tmp_path: Path, policy: Policy) -> None:
    line = {
        **LAWYER_LINE,
        "title": "主任",
        "unit": "鼓楼区司法局",
        "phone": "199 0000 8001",
        "areas": f"{STREET}; {COMMUNITY};{STREET}",
        "good_at": "劳动争议；婚姻家庭纠纷;family-dispute",
        "bound_to": "鼓楼区水务局;万通物业公司",
        "away": "2027-01-03;2026-12-01~2026-12-15",
        "from": "2026-01-01",
        "until": "2026-12-31",
        "hours": f"{COMMUNITY} 周三 09:00-11:30;{OTHER}  星期日  14:00 至 17:00;{OTHER} 1 08:00-09:00",
    }
    found = given(tmp_path, policy, line)
    assert found.faults == [] and found.encoding is None
    member = found.members["l1"]
    assert (member.what, member.title, member.unit, member.phone) == (LAWYER, "主任", "justice", "+8619900008001")
    assert (member.areas, member.good_at) == (
        (STREET, COMMUNITY),
        ("labour-dispute", "family-dispute"),
    )
    assert member.bound_to == ("water", "万通物业公司")
    assert member.away == (Days("2026-12-01", "2026-12-15"), Days("2027-01-03", "2027-01-03"))
    assert (member.from_day, member.until_day) == ("2026-01-01", "2026-12-31")
    assert member.hours == (
        Hours(COMMUNITY, 3, "09:00", "11:30"),
        Hours(OTHER, 1, "08:00", "09:00"),
        Hours(OTHER, 7, "14:00", "17:00"),
    )


def test_what_need_not_be_said_is_left_out_columns_too(tmp_path: Path, policy: Policy) -> None:
    path = tmp_path / "pool.csv"
    path.write_text(f"id,name,what,organisation,areas\nm1,方静姝,mediator,某调委会,{COMMUNITY}\n", "gbk")
    found = read(path, AREAS, policy)
    assert (found.faults, found.encoding) == ([], "GB18030")
    member = found.members["m1"]
    assert (member.phone, member.good_at, member.hours, member.from_day) == (None, (), (), None)


@pytest.mark.parametrize(
    ("changed", "column", "words"),
    [
        ({"id": "高远"}, "id", "编号只能用"),
        ({"id": ""}, "id", "不能为空"),
        ({"name": ""}, "name", "不能为空"),
        ({"name": "高" * 101}, "name", "最多 100 字"),
        ({"what": "法官"}, "what", "没有这种身份：法官"),
        ({"what": "两代表一委员", "title": "代表", "hours": ""}, "title", "党代表、人大代表、政协委员"),
        ({"unit": "法院"}, "unit", "没有该单位：法院"),
        ({"phone": "12"}, "phone", "不是有效的电话号码"),
        ({"phone": "0516-83700000-12"}, "phone", "不能带分机号"),
        ({"areas": ""}, "areas", "不能为空"),
        ({"areas": ";", "hours": ""}, "areas", "不能为空"),
        ({"areas": f"{STREET};320302999"}, "areas", "没有该区域：320302999"),
        ({"good_at": "吵架"}, "good_at", "没有该类别：吵架"),
        ({"bound_to": ";".join(f"公司{n}" for n in range(101))}, "bound_to", "最多 100 项"),
        ({"away": "2026-12-01到2026-12-15"}, "away", "日期须形如"),
        ({"away": "2026-02-30"}, "away", "日期须形如"),
        ({"away": "2026-12-15~2026-12-01"}, "away", "结束早于开始"),
        ({"from": "2026-1-1"}, "from", "日期须形如"),
        ({"from": "2026-12-31", "until": "2026-01-01"}, "until", "结束早于开始"),
        ({"hours": f"{COMMUNITY} 周八 09:00-11:30"}, "hours", "须形如"),
        ({"hours": f"{COMMUNITY} 周三 9:00-11:30"}, "hours", "须形如"),
        ({"hours": f"{COMMUNITY} 周三 09:00-24:30"}, "hours", "须形如"),
        ({"hours": f"{COMMUNITY} 周三 11:30-09:00"}, "hours", "结束不晚于开始"),
        ({"hours": f"{STREET} 周三 09:00-11:30"}, "hours", "不是社区代码"),
        ({"hours": "320302001999 周三 09:00-11:30"}, "hours", "没有该区域"),
        ({"areas": OTHER}, "hours", "不在其服务区域内"),
        ({"what": "调解员"}, "hours", "只有律师"),
        ({"hours": f"{COMMUNITY} 周三 09:00-11:30;{OTHER} 周三 11:00-12:00"}, "hours", "同一时间在两处值班"),
    ],
)
def test_each_fault_has_its_line_and_column(
    tmp_path: Path, policy: Policy, changed: dict[str, str], column: str, words: str
) -> None:
    found = given(tmp_path, policy, {**LAWYER_LINE, "id": "l0"}, {**LAWYER_LINE, **changed})
    (fault,) = found.faults
    assert (fault.file, fault.line, fault.column) == ("pool.csv", 3, column)
    assert words in fault.zh and fault.en.strip() and not found.good


def test_hours_that_only_touch_or_are_of_other_days_do_not_clash(tmp_path: Path, policy: Policy) -> None:
    hours = f"{COMMUNITY} 周三 09:00-11:30;{OTHER} 周三 11:30-12:00;{OTHER} 周四 09:00-11:30"
    assert given(tmp_path, policy, {**LAWYER_LINE, "hours": hours}).faults == []


def test_an_id_that_is_there_twice_is_a_fault_a_phone_a_warning(tmp_path: Path, policy: Policy) -> None:
    one = {**LAWYER_LINE, "phone": "19900008001"}
    found = given(tmp_path, policy, one, {**one, "id": "l2"}, {**one, "name": "高原", "phone": ""})
    assert [(fault.line, fault.column, fault.warning) for fault in found.faults] == [
        (3, "phone", True),
        (4, "id", False),
    ]
    assert given(tmp_path, policy, one, {**one, "id": "l2"}).good


@pytest.mark.parametrize(
    "text",
    ["", "id,name\n", "id,name,what,organisation,areas,stars\n", "\x00\x01", 'id,name,what,organisation,areas\n"m1'],
)
def test_what_is_no_such_table_is_a_fault_and_no_crash(tmp_path: Path, policy: Policy, text: str) -> None:
    (tmp_path / "pool.csv").write_text(text, "utf-8")
    assert not read(tmp_path / "pool.csv", AREAS, policy).good


@pytest.fixture(scope="module")
def pool(policy: Policy) -> PoolFile:
    """The sample's."""
    features = json.loads((HERE / "areas.geojson").read_text("utf-8"))["features"]
    return read(HERE / "panel.csv", {feature["properties"]["code"] for feature in features}, policy)


class TestSample:
    def test_it_has_no_fault_and_somebody_of_every_sort(self, pool: PoolFile) -> None:
        assert pool.faults == []
        counted = Counter(member.what for member in pool.members.values())
        assert set(counted) == set(WHATS) and 55 <= len(pool.members) <= 65

    def test_every_community_has_a_lawyer_in_its_house_of_law(self, pool: PoolFile, policy: Policy) -> None:
        units = [unit.area for unit in policy.units.values() if unit.kind == "centre" and len(unit.area) == 12]
        for community in units:
            found = sittings(pool.members.values(), community, "2026-11-24", policy.calendar)
            assert len(found) == 1 and found[0].next_on, community

    def test_every_dispute_finds_a_whole_panel_in_every_community(self, pool: PoolFile, policy: Policy) -> None:
        communities = [unit.area for unit in policy.units.values() if unit.kind == "centre" and len(unit.area) == 12]
        for category in (each for each in policy.categories.values() if each.kind == "dispute"):
            rule = rule_for(category.kind, category.id, policy)
            for community in communities:
                found = proposed(
                    pool.members.values(), rule, Sought("2026-11-24", category.kind, category.id, community)
                )
                missing = [seat.what for seat in found.seats if seat.missing]
                assert not missing, (category.id, community, missing)


class TestSittings:
    def test_holidays_and_absences_are_passed_over(self, tmp_path: Path, policy: Policy) -> None:
        line = {**LAWYER_LINE, "away": "2026-10-14"}
        members = given(tmp_path, policy, line).members.values()
        (sitting,) = sittings(members, COMMUNITY, "2026-10-01", policy.calendar)
        assert sitting.next_on == "2026-10-21"  # the 7th is in the holiday, the 14th away

    def test_today_counts_and_who_is_away_for_long_has_no_next_day(self, tmp_path: Path, policy: Policy) -> None:
        members = given(tmp_path, policy, LAWYER_LINE).members.values()
        assert sittings(members, COMMUNITY, "2026-11-25", policy.calendar)[0].next_on == "2026-11-25"
        away = given(tmp_path, policy, {**LAWYER_LINE, "away": "2026-11-01~2027-06-30"}).members.values()
        assert sittings(away, COMMUNITY, "2026-11-25", policy.calendar)[0].next_on is None

    def test_who_has_left_is_not_named_who_comes_later_is(self, tmp_path: Path, policy: Policy) -> None:
        left = given(tmp_path, policy, {**LAWYER_LINE, "until": "2026-11-24"}).members.values()
        assert sittings(left, COMMUNITY, "2026-11-25", policy.calendar) == []
        comes = given(tmp_path, policy, {**LAWYER_LINE, "from": "2026-12-01"}).members.values()
        assert sittings(comes, COMMUNITY, "2026-11-25", policy.calendar)[0].next_on == "2026-12-02"


@pytest.mark.parametrize("text", ["13812345678", "+86 138 1234 5678", "138-1234-5678", "32030219900101123x"])
def test_numbers_that_name_somebody_are_seen(text: str) -> None:
    assert names_a_person(f"请联系{text}。") and names_a_person(text)


@pytest.mark.parametrize("text", ["", "12345", "0516-83700000", "20261122103000123456", "3.5 万元", "2026-11-22 09:00"])
def test_other_numbers_are_not(text: str) -> None:
    assert not names_a_person(text)
