"""What a report says of its matter, in whatever notation, and how two compare: the hard ones of the issue by name."""

from __future__ import annotations

import json

import pytest

from chalicelib.domain import matter_features as F
from chalicelib.domain.gazetteer import Gazetteer
from chalicelib.domain.matter_features import Told, features
from chalicelib.domain.matter_words import WORDS
from chalicelib.domain.policy import Policy
from chalicelib.domain.same_matter import CONTRADICTIONS, DECISIVE, EVIDENCE, Score, evidence, metres_between, score
from tests.same_matter.fitting import CLERK
from tests.same_matter.measuring import measured, pairs, policy, scored

AREA = "3203020010020101"


def told(text: str, matching: Policy, **said: object) -> Told:
    address = said.pop("address", None)
    assert address is None or isinstance(address, str)
    marks, gist = features(text, address, (), matching.same_matter)
    known: dict[str, object] = {"at": 0, "kind": "hazard", "category": "lift-failure", "area": AREA, "point": None}
    return Told(**{**known, "source": "mobile", "marks": marks, "gist": gist, **said})  # type: ignore[arg-type]


def compared(one: Told, other: Told, matching: Policy) -> Score:
    found = score(other, one, matching.same_matter)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "building", "unit", "room"),
    [
        ("3号楼2单元电梯坏了", "3", "2", None),
        ("三号楼二单元电梯坏了", "3", "2", None),
        ("3#楼2单元电提坏了", "3", "2", None),
        ("3#二单元", "3", "2", None),
        ("３栋２单元", "3", "2", None),
        ("三栋二单元", "3", "2", None),
        ("5#-2单元电梯停运", "5", "2", None),
        ("12-1电梯困人一次", "12", "1", None),
        ("3-2-402漏水", "3", "2", "402"),
        ("13-2-502装修", "13", "2", "502"),
        ("22-1504墙上贴满胶", "22", None, "1504"),
        ("二十一栋电梯", "21", None, None),
        ("十三号楼", "13", None, None),
        ("一百零二号楼", "102", None, None),
        ("6号楼502漏水漏到402了", "6", None, "502"),
        ("红杉树12栋1001，楼上漏水", "12", None, "1001"),
        ("流浪犬4-5只，追学生", None, None, None),
        ("8:00-17:00检修停电", None, None, None),
        ("打110说报过警，12345也打了，2009年交的房，赔2000元", None, None, None),
        ("案卷号20260312-0418", None, None, None),
        ("三号窗口态度恶劣", None, None, None),
    ],
)
def test_numbers_are_read_in_whatever_notation(
    text: str, building: str | None, unit: str | None, room: str | None, matching_policy: Policy
) -> None:
    marks = told(text, matching_policy).marks
    found = [marks[sort][0] if sort in marks else None for sort in (F.BUILDING, F.UNIT, F.ROOM)]
    assert found == [building, unit, room]


def test_the_house_a_text_is_about_wins_over_where_its_sender_lives(matching_policy: Policy) -> None:
    marks = told("楼下(18号楼北边)那根粗树杈压着车了", matching_policy, address="机场东苑26号楼家中").marks
    assert marks[F.BUILDING] == ("18",)


def test_a_house_that_is_only_mentioned_comes_after_the_one_it_is_about(matching_policy: Policy) -> None:
    marks = told("4号楼西头水管冻爆，昨天3号楼那处已修好", matching_policy).marks
    assert marks[F.BUILDING] == ("4", "3") and F.OVER in marks


def test_dialect_slips_and_words_for_one_thing_are_one_word(matching_policy: Policy) -> None:
    one, other = told("大坝头后巷电棒子瞎了仨", matching_policy), told("后巷的路灯不亮", matching_policy)
    assert {"lamp", "dark"} <= {*one.marks[F.THING]} & {*other.marks[F.THING]}


def test_what_is_told_is_written_and_read_without_loss(matching_policy: Policy) -> None:
    one = told("3-2-402楼上漏水，赔2000元，李某不认账", matching_policy, point=(34.28512, 117.18534))
    assert Told.read(json.loads(json.dumps(one.written))) == one


@pytest.mark.parametrize("text", ["", " ", "！！！", "a" * 5000, "3" * 5000, "一" * 5000, "号楼单元室", "\u0000\ud7ff"])
def test_nothing_that_is_told_breaks_it(text: str, matching_policy: Policy) -> None:
    one = told(text, matching_policy)
    assert 0 <= compared(one, one, matching_policy).value < 1
    assert len(json.dumps(one.written)) < 2000


def test_the_same_words_about_two_lifts_are_no_candidates(matching_policy: Policy) -> None:
    one = told("3号楼2单元电梯又坏了!!", matching_policy)
    rules = matching_policy.same_matter
    for other in ("13号楼2单元电梯又坏了!!", "3号楼3单元电梯又坏了!!", "8#楼电梯又坏了!!"):
        found = compared(one, told(other, matching_policy), matching_policy)
        assert found.value < rules.offered and not DECISIVE.isdisjoint(found.against)


def test_one_lift_told_from_two_hundred_metres_apart_in_a_high_rise_compound_is_one(matching_policy: Policy) -> None:
    here, there = (34.2850, 117.1850), (34.2866, 117.1860)
    assert 180 < metres_between(here, there) < 220
    one = told("3号楼2单元电梯停在6楼不动", matching_policy, point=here)
    other = told("五楼的，三号楼二单元电梯坏了", matching_policy, point=there, source="web")
    assert compared(one, other, matching_policy).value >= matching_policy.same_matter.automatic


def test_a_station_at_the_gate_is_not_one_house(matching_policy: Policy) -> None:
    gate = (34.28478, 117.16888)
    one = told("3号楼1单元电梯异响", matching_policy, point=gate)
    other = told("13号楼1单元电梯咣当咣当响", matching_policy, point=gate)
    assert compared(one, other, matching_policy).value < matching_policy.same_matter.offered


def test_who_lives_above_and_who_lives_below_tell_of_one_leak(matching_policy: Policy) -> None:
    said = {"kind": "dispute", "category": "leaking-flat"}
    one = told("7号楼2单元402室，楼上502漏水", matching_policy, **said)
    other = told("7#2单元502，楼下老说漏水", matching_policy, **said)
    assert compared(one, other, matching_policy).value >= matching_policy.same_matter.offered
    assert "room-same" in compared(one, other, matching_policy).why


def test_a_whole_compound_without_water_is_told_from_two_houses(matching_policy: Policy) -> None:
    said = {"kind": "livelihood", "category": "water-supply"}
    one = told("6号楼一滴水都没有，停水了", matching_policy, **said)
    other = told("11号楼今晨起停水，前面几栋均无水", matching_policy, **said)
    found = compared(one, other, matching_policy)
    assert matching_policy.same_matter.offered <= found.value < matching_policy.same_matter.automatic


@pytest.mark.parametrize(
    ("later", "against"),
    [
        ("要求赔偿3号楼2单元电梯困人耽误的手术费", "aspect-other"),
        ("3号楼2单元电梯刚好没几天又坏了", "over"),
        ("3号楼2单元楼道堆满纸箱", "things-none"),
    ],
)
def test_what_contradicts_keeps_a_report_from_joining(later: str, against: str, matching_policy: Policy) -> None:
    found = compared(told("3号楼2单元电梯坏了", matching_policy), told(later, matching_policy), matching_policy)
    assert against in found.against and found.value < matching_policy.same_matter.automatic


def test_two_orders_of_one_system_are_two(matching_policy: Policy) -> None:
    said = {"kind": "livelihood", "category": "shared-bicycles", "source": "urban-management"}
    one = told("[城管]东站台共享单车堆积约60辆,案卷号20260708-0120", matching_policy, **said)
    other = told("[城管]东站台共享单车堆积约60辆,案卷号20260708-0122", matching_policy, **said)
    assert compared(one, other, matching_policy).value < matching_policy.same_matter.offered


def test_what_befell_a_person_joins_only_by_a_room_a_sum_or_a_name(matching_policy: Policy) -> None:
    said = {"kind": "security", "category": "fraud"}
    rules = matching_policy.same_matter
    one = told("双惠北苑9号楼居民被骗转账", matching_policy, **said)
    assert compared(one, told("9号楼有人被骗转账", matching_policy, **said), matching_policy).value < rules.automatic
    one = told("9号楼2单元402居民被骗转账36000元", matching_policy, **said)
    other = told("9号楼2单元402被骗3.6万元，钱已转账", matching_policy, **said)
    assert {"sum-same", "room-same"} <= {*compared(one, other, matching_policy).why}


def test_what_was_told_before_the_window_of_its_kind_is_no_candidate(matching_policy: Policy) -> None:
    rules = matching_policy.same_matter
    one = told("3号楼2单元电梯坏了", matching_policy)
    assert score(one._replace(at=rules.windows["hazard"] + 1), one, rules) is None
    assert score(one._replace(at=rules.windows["hazard"]), one, rules) is not None


def test_every_piece_of_evidence_has_words_and_a_clerk_s_opinion(matching_policy: Policy) -> None:
    assert EVIDENCE - {"bias"} == WORDS.keys()
    assert CLERK.keys() <= EVIDENCE and matching_policy.same_matter.weights.keys() <= EVIDENCE
    assert all(CLERK.get(name, -1) < 0 for name in CONTRADICTIONS)
    for pair in pairs("seen"):
        assert evidence(pair.later, pair.first, matching_policy.same_matter).keys() <= EVIDENCE


def test_the_pairs_it_was_built_on_are_told_apart_as_the_documentation_says() -> None:
    figures = measured(scored(pairs("seen"), policy().same_matter), policy().same_matter).by_name
    assert figures["precision at automatic"] == 1
    assert figures["recall at offered"] >= 0.94
    assert figures["precision at offered"] >= 0.7


NAMES = {
    "320302001003": "白云社区",
    "32030200100301": "白云小区",
    "320302002004": "白云山社区",
    "32030200200402": "白云山新村",
}


def test_a_name_within_a_longer_one_means_nothing() -> None:
    gazetteer = Gazetteer.of(NAMES)
    assert gazetteer.found("白云山新村5号楼电梯不运行") == {"白云山新村": "32030200200402"}
    assert gazetteer.found("白云5号楼电梯不走了") == {"白云": "320302001003"}
    assert gazetteer.found("什么也没说") == {}


def test_a_place_that_is_named_says_where_it_is_about() -> None:
    gazetteer = Gazetteer.of(NAMES)
    assert gazetteer.home(gazetteer.found("白云山新村5号楼"), "") == "32030200200402"
    assert gazetteer.home(gazetteer.found("白云小区5号楼"), "320302001003") == "32030200100301"
    assert gazetteer.home(gazetteer.found("白云小区5号楼"), "320302002004") == "320302002004"
    assert gazetteer.home(gazetteer.found("白云小区和白云山新村都停电"), "") == "320302001003"
    assert gazetteer.home({}, "320302001") == "320302001"


def test_a_name_that_two_areas_bear_means_none() -> None:
    gazetteer = Gazetteer.of({"32030200100301": "花园小区", "32030200200402": "花园小区"})
    assert gazetteer.found("花园小区停电") == {}
