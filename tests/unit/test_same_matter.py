"""What a report says of its matter, in whatever notation, and how two compare: the hard ones of the issue by name."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from chalicelib.domain import matter_marks as F
from chalicelib.domain.gazetteer import Gazetteer
from chalicelib.domain.matter_features import Told, features
from chalicelib.domain.matter_sounds import respelt, sound
from chalicelib.domain.matter_words import WORDS
from chalicelib.domain.policy import Policy
from chalicelib.domain.same_matter import CONTRADICTIONS, DECISIVE, EVIDENCE, Score, evidence, metres_between, score
from tests.e2e.test_one_matter import WORDS as TOLD_BY_TEN
from tests.same_matter.fitting import CLERK, LEARNT
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
        ("宜居东苑9号二单元电梯", "9", "2", None),
        ("3号楼2-402漏水", "3", "2", "402"),
        ("3栋2单元—402漏水", "3", "2", "402"),
        ("前面几栋都停水，附近六栋楼也停", None, None, None),
        ("就这一栋有电梯，别的两栋楼没有", None, None, None),
        ("12栋楼下的井盖", "12", None, None),
        ("B1-117车位被占，117号车位", None, None, None),
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
    assert "room-mentioned" in compared(one, other, matching_policy).why


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


def test_two_orders_of_one_system_never_join_by_themselves(matching_policy: Policy) -> None:
    said = {"kind": "livelihood", "category": "shared-bicycles", "source": "urban-management"}
    one = told("[城管]东站台共享单车堆积约60辆,案卷号20260708-0120", matching_policy, **said)
    other = told("[城管]东站台共享单车堆积约60辆,案卷号20260708-0122", matching_policy, **said)
    found = compared(one, other, matching_policy)
    assert "file-other" in found.against and found.value < matching_policy.same_matter.automatic
    named = told("[城管]东站台共享单车堆积,案卷号20260708-0131,与0120重复", matching_policy, **said)
    assert "file-same" in compared(one, named, matching_policy).why


def test_what_befell_a_person_joins_only_by_a_room_a_sum_or_a_name(matching_policy: Policy) -> None:
    said = {"kind": "security", "category": "fraud"}
    rules = matching_policy.same_matter
    one = told("双惠北苑9号楼居民被骗转账", matching_policy, **said)
    assert compared(one, told("9号楼有人被骗转账", matching_policy, **said), matching_policy).value < rules.automatic
    one = told("9号楼2单元402居民被骗转账36000元", matching_policy, **said)
    other = told("9号楼2单元402被骗3.6万元，钱已转账", matching_policy, **said)
    assert {"sum-same", "room-same"} <= {*compared(one, other, matching_policy).why}


def test_ten_who_tell_of_one_lift_join_whoever_came_first(matching_policy: Policy) -> None:
    reports = [told(words.format(where="万通花园203号楼2单元"), matching_policy) for _, words in TOLD_BY_TEN]
    for one, other in permutations(reports, 2):
        assert compared(one, other, matching_policy).value >= matching_policy.same_matter.automatic


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        ("3号楼2单元客梯停运，电梯坏了", "3号楼2单元货梯停运，电梯坏了", "detail-other"),
        ("3号楼2单元东边电梯停运", "3号楼2单元西边电梯停运", "side-other"),
        ("3号楼2单元电梯停运", "3号楼2单元电梯停运，不是昨天那个，是另一部", "said-other"),
        ("3号楼2单元电梯停运，车位B1-117", "3号楼2单元电梯停运，车位B1-171", "spot-other"),
        ("3号楼2单元402电梯停运，父亲78岁", "3号楼2单元402电梯停运，父亲61岁", "age-other"),
        ("3号楼2单元电梯停运要退款", "3号楼2单元电梯停运", "aspect-other"),
    ],
)
def test_what_tells_two_of_a_sort_apart_keeps_them_from_joining(
    one: str, other: str, against: str, matching_policy: Policy
) -> None:
    found = compared(told(one, matching_policy), told(other, matching_policy), matching_policy)
    assert against in found.against and found.value < matching_policy.same_matter.automatic


@pytest.mark.parametrize(
    ("category", "one", "other", "joins"),
    [
        ("power-cut", "3号楼2单元全停电了", "三号楼二单元没电，一片漆黑", True),
        ("power-cut", "3号楼2单元全停电了", "三号楼二单元402没电，跳闸了", False),
        ("power-cut", "3号楼2单元402停电了", "三号楼二单元402没电，跳闸了", True),
        ("water-supply", "全小区停水，一滴水都没有", "整个小区都停水了", True),
        ("water-supply", "全小区停水，一滴水都没有", "整个小区的水发黄，有铁锈", False),
        ("corridor-clutter", "3号楼2单元楼道堆满纸箱", "3号楼2单元楼道堆纸箱", False),
        ("corridor-clutter", "3号楼2单元402楼道堆满纸箱", "3#2单元402把纸箱堆在楼道", True),
        ("corridor-clutter", "402楼道堆满纸箱", "3#2单元402把纸箱堆在楼道", False),
        ("parking", "负一层B1-117车位被面包车占了", "117号车位被面包车占着", True),
        ("parking", "苏C88K21占着车位不走", "车牌尾号K21的车占车位", True),
        ("unpaid-wages", "包工头赵某拖欠工资1.8万元", "赵老板欠一万八工钱不给", True),
        ("unpaid-wages", "包工头赵某拖欠工资", "赵老板欠工钱不给", False),
    ],
)
def test_what_is_precise_enough_to_join_by(
    category: str, one: str, other: str, joins: bool, matching_policy: Policy
) -> None:
    first, later = told(one, matching_policy, category=category), told(other, matching_policy, category=category)
    found = compared(first, later, matching_policy)
    assert (found.value >= matching_policy.same_matter.automatic) == joins, found


def test_what_happens_at_once_may_happen_again_and_joins_only_within_a_day(matching_policy: Policy) -> None:
    said = {"kind": "security", "category": "domestic-violence"}
    one = told("3号楼2单元402又打老婆了，哭喊", matching_policy, **said)
    later = told("3号楼2单元402男的打老婆", matching_policy, **said)
    rules = matching_policy.same_matter
    assert compared(one, later._replace(at=3600), matching_policy).value >= rules.automatic
    assert rules.offered <= compared(one, later._replace(at=2 * 86_400), matching_policy).value < rules.automatic


def test_where_tellers_live_does_not_keep_apart_what_both_place_at_one_gate(matching_policy: Policy) -> None:
    said = {"category": "missing-manhole-cover"}
    one = told("我住3号楼，北门口井盖没了", matching_policy, **said)
    other = told("11号楼居民反映北大门窨井没盖子", matching_policy, **said)
    assert F.HOME in one.marks and F.HOME in other.marks
    assert compared(one, other, matching_policy).value >= matching_policy.same_matter.offered
    there = told("11号楼门前窨井没盖子", matching_policy, **said)
    assert compared(one, there, matching_policy).value < matching_policy.same_matter.offered


def test_a_position_that_fell_into_the_next_compound_is_not_another_place(matching_policy: Policy) -> None:
    one = told("北门口井盖没了", matching_policy, point=(34.285, 117.185))
    other = told("井盖丢了", matching_policy, point=(34.2852, 117.1852), area="3203020010020201")
    found = compared(one, other, matching_policy)
    assert "compound-beside" in found.against
    assert matching_policy.same_matter.offered <= found.value < matching_policy.same_matter.automatic
    far = compared(one, other._replace(point=(34.288, 117.185)), matching_policy)
    assert far.value < matching_policy.same_matter.offered


@pytest.mark.parametrize(
    ("slip", "thing"),
    [
        *(("3号楼2单元电体坏了", "lift"), ("门口井概没了", "manhole"), ("楼上娄水", "leak"), ("拉圾没人收", "rubbish")),
        *(("路蹬不亮", "lamp"), ("然气味很大", "gas"), ("化粪迟冒了", "sewer"), ("飞线冲电", "charging")),
        *(("门口嗮满了摆摊的", "stall"), ("广场无吵死", "dance"), ("下水到堵了", "sewer"), ("共想单车", "bikes")),
    ],
)
def test_slips_by_sound_are_put_right(slip: str, thing: str, matching_policy: Policy) -> None:
    assert thing in told(slip, matching_policy).marks[F.THING]


def test_what_sounds_alike_is_only_read_as_a_word_with_one_of_its_characters() -> None:
    assert respelt("店体电提", ("电梯",)) == "店体电梯"
    assert respelt("电梯", ("电梯",)) == "电梯"
    assert respelt("", ("电梯",)) == "" and respelt("abc123，。𠮷", ("电梯",)) == "abc123，。𠮷"
    assert sound("商场") == sound("伤长") == sound("三藏") and sound("电") != sound("水")


@pytest.mark.parametrize("hollow", ["费用平摊给业主", "沟通过两次", "坐马路牙子上", "喷药消毒"])
def test_a_word_within_another_word_names_nothing(hollow: str, matching_policy: Policy) -> None:
    assert {"stall", "trench", "root-canal", "drugs"}.isdisjoint(told(hollow, matching_policy).marks.get(F.THING, ()))


def test_the_name_of_a_place_names_no_thing(matching_policy: Policy) -> None:
    marks, gist = features("红杉树名邸3号楼电梯坏了", None, ("红杉树名邸",), matching_policy.same_matter)
    assert "tree" not in marks[F.THING] and "杉" not in gist


@pytest.mark.parametrize(
    ("text", "sort", "value"),
    [
        ("姓孙的借了三万块", F.SURNAME, "孙"),
        ("小陈透析挺可怜", F.SURNAME, "陈"),
        ("刘姓包工头", F.SURNAME, "刘"),
        ("小高层，小孙子，小龙虾，老马路", F.SURNAME, None),
        ("借了三万块", F.SUM, "30000"),
        ("收了我一千二", F.SUM, "1200"),
        ("欠工资1.8万元", F.SUM, "18000"),
        ("三千人，五百米", F.SUM, None),
        ("苏C88K21", F.PLATE, "K21".lower()),
        ("车牌尾数57H", F.PLATE, "57h"),
        ("案卷号GL2607130012", F.PLATE, None),
        ("灯杆LD-0312", F.SPOT, "0312"),
        ("老人79岁", F.AGE, "79"),
        ("6路公交绕行", F.DETAIL, "line6"),
        ("门前马路对面，全在路中间", F.ROAD, None),
        ("万通路北口", F.ROAD, "万通路"),
        ("后门锁了", F.GATE, None),
    ],
)
def test_particulars_are_read(text: str, sort: str, value: str | None, matching_policy: Policy) -> None:
    found = told(text, matching_policy).marks.get(sort, ())
    assert (value in found) if value else not found, found


def test_what_was_told_before_the_window_of_its_kind_is_no_candidate(matching_policy: Policy) -> None:
    rules = matching_policy.same_matter
    one = told("3号楼2单元电梯坏了", matching_policy)
    assert score(one._replace(at=rules.windows["hazard"] + 1), one, rules) is None
    assert score(one._replace(at=rules.windows["hazard"]), one, rules) is not None


def test_every_piece_of_evidence_has_words_and_a_clerk_s_opinion(matching_policy: Policy) -> None:
    assert EVIDENCE - {"bias"} == WORDS.keys()
    assert CLERK.keys() <= EVIDENCE and matching_policy.same_matter.weights.keys() <= EVIDENCE
    assert all(CLERK.get(name, -1) < 0 for name in CONTRADICTIONS)
    for pair in (pair for name in LEARNT for pair in pairs(name)):
        assert evidence(pair.later, pair.first, matching_policy.same_matter).keys() <= EVIDENCE


def test_the_pairs_it_was_built_on_are_told_apart_as_the_documentation_says() -> None:
    learnt = [pair for name in LEARNT for pair in pairs(name)]
    figures = measured(scored(learnt, policy().same_matter), policy().same_matter).by_name
    assert figures["recall at automatic"] >= 0.08
    assert figures["precision at automatic"] == 1
    assert figures["recall at offered"] >= 0.97
    assert figures["precision at offered"] >= 0.6


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
