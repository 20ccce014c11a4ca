"""Numbers and names that tell one matter from another (P2): houses, units, rooms, sides, roads, bays, plates, sums,
ages, surnames, file numbers, in whatever notation they are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chalicelib.domain.matter_marks import (
    AGE,
    BUILDING,
    DOOR,
    FILE,
    FLOOR,
    GATE,
    HOUR,
    PLATE,
    ROAD,
    ROOM,
    SIDE,
    SPOT,
    SUM,
    SURNAME,
    UNIT,
)

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_CHINESE = "零〇一二两三四五六七八九十百"

_DASH = re.compile(r"[—–−‐~～]+")
_SOME = re.compile(  # 前面几栋, 附近六栋楼, 这一栋: how many, not which
    rf"(?:[这那哪每几同整另某单就]|附近|周边|前后|涉及|还有|一共|总共|[共约近])\s*[{_CHINESE}\d]{{1,3}}[栋幢](?!\d)"
    rf"|[{_CHINESE}\d]{{1,3}}[栋幢](?:居民)?楼(?![下上前后道顶东南西北旁边])"
    rf"|[{_CHINESE}\d]{{1,3}}个(?:单元|楼层?|门洞)|[一两三几][两三四五六七八]栋|整[{_CHINESE}]?单元"
)
_CHINESE_NUMBER = re.compile(
    rf"[{_CHINESE}]+(?=号楼|号院|号?[一二两三四五六七八九\d]单元|楼|栋|幢|座|单元|门洞|层|室|#|号车位)"
)
_TRIPLE = re.compile(
    r"(?<![\d.:\-])(\d{1,3})(?:(?:#楼?|栋|幢|号楼|号院?|座)-?|-)(\d{1,2})(?:单元-?|-)(\d{3,4})(?![\d:.])"
)
_HOUSE_ROOM = re.compile(r"(?<![\d.:\-a-z])(\d{1,3})-(\d{3,4})(?![\d:.元万])")
_HOUSE_UNIT = re.compile(
    r"(?<![\d.:\-a-z])(\d{1,2})#?-(\d)(?![\d:.\-]|[只个人天米点条名岁公分块元次户台辆月日号年小万千楼层])"
)
_BUILDING = re.compile(r"(?<![\d.])(\d{1,3})(?:号楼|#楼?|栋|幢|号院楼?|号(?=\d{1,2}单元)|座(?!位))")
_HOME = re.compile(
    r"(?:住|家在|家是|我家|[我俺]是|[我俺]们是)[^,，。;；!！?？\d]{0,8}(\d{1,3})(?:号楼|#|栋|幢)"
    r"|(\d{1,3})(?:号楼|#楼?|栋|幢)(?:的?(?:\d单元)?\d{0,4}室?)(?:住户|居民|业主|的人|群众)"
)
_UNIT = re.compile(r"(?<![\d.])(\d{1,2})(?:单元|门洞)")
_ROOM = re.compile(r"(?<![\d.\-a-z])(\d{3,4})(?![\d.:\-%]|[年元块万平方米人名辆户克斤㎡度小时天号张份吨车路多余])")
_FLOOR = re.compile(r"(?<![\d.\-负])(\d{1,2})[楼层](?!栋)")
_GATE = re.compile(r"([东南西北正后]{1,2})(?:大|边|侧)?门(?![店市诊])")
_RELATIVE = frozenset("正后")
_SIDE = re.compile(r"([东南西北])(?:边|侧|面|头|部|户|单元|梯|山墙|墙|楼梯)|楼([东南西北])(?![门路区街苑院园北南])")
_DOOR = re.compile(r"([\u4e00-\u9fff]{1,3}[路街巷道])(\d{1,4})号(?!楼|院)")
_ROAD = re.compile(
    r"([\u4e00-\u9fff]{2})([路街巷])(?=$|[^\u4e00-\u9fff]|[与和口西东南北中段上站的门旁边桥灯面路边靠近机非人车一有]|\d)"
)
_NO_ROAD = frozenset(
    "在到往上下前头边那条的了一整个马出门外走过这道修断堵挪占要求从把是去来回该小大半掉对全让没有问自机动车人行铺业饭食早餐店商村民社区"
)
_SPOT = re.compile(
    r"(?:b\d-?|车位|灯杆|杆号|号位)\s*[:：]?\s*[a-z]*-?(\d{2,5})(?!\d)|(?<![\d\-])(\d{2,4})(?:号|#)?车位"
)
_LIFT = re.compile(r"(?<!\d)(?:([1-6一二三四五六])号|([a-d])(?:号|座)?)(?:客|货)?电?梯(?![间口])")
_HAND = re.compile(
    r"楼([前后])(?![几两三四五六七八])|([左右])(?:手|侧|边|面|首|梯|那部|那台|这部|这台|部|户|数)|([东南西北左右])(?:那部|那台)?电梯"
)
_LINE = re.compile(r"(?<![\d\-])(\d{1,3})路(?![口灯段面边上人北南东西\d])")
_SUM = re.compile(r"(\d+(?:\.\d+)?)(万|千)?[多余]?(元|块|万|岁|人|户|名|辆|条|个|公里|平方?|米|㎡|座|盏|立方)?")
_SPOKEN = re.compile(
    r"([一二两三四五六七八九十]{1,2})(万|千|百)([一二三四五六七八九](?![天个月年人次]))?[多来几]?(块|元|钱)?"
)
_MONEY = ("元", "块", "万")
_TIMES = {"万": 10_000, "千": 1_000, "百": 100}
_AGE = re.compile(r"(?<!\d)(\d{1,3})(?:周?岁)")
_FILE = re.compile(
    r"(?:案卷号?|工单号?|编号|单号)\s*[:：]?\s*([a-z]{0,4}\d[\d\-]{3,})"
    r"|[与和跟同]\s*([a-z]{0,4}\d[\d\-]{3,})号?(?:案卷|工单|案|单)?(?:重复|系同|是同|同一)"
)
_PLATE = re.compile(
    r"尾[号数]\s*(?:为|是)?\s*([0-9a-z]{2,5})|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z]·?\s*([0-9a-z]{3,6})"
)
_HOURS = (
    ("morning", re.compile(r"早上|清早|早晨|每天早|天不亮|凌晨[四五]|[五六七]点半?就|早高峰|大清早|一早")),
    ("night", re.compile(r"晚上|夜里|半夜|深夜|夜间|晚间|傍晚|晚高峰|夜市|每晚|后半夜")),
)
_NAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严金魏陶姜谢邹苏潘葛范彭鲁马方任袁柳史唐薛雷贺汤罗毕郝安常乐于傅齐康伍余顾孟黄萧尹姚邵汪毛"
    "戴宋庞熊纪项董梁杜阮席季贾江郭梅林钟徐邱骆高夏蔡田樊胡霍万柯卢丁邓石崔龚程邢裴陆翁段侯武刘叶白耿聂靳焦鹿阎"
)
_CALLED = (  # 老李, 小王: of those, what makes no other word
    "赵钱李周吴郑王冯陈蒋沈韩杨朱秦许何吕张曹魏陶姜谢邹苏潘范彭鲁任袁唐薛罗郝傅余孟黄"
    "萧姚邵汪戴宋熊董梁杜贾郭徐邱蔡田胡卢丁邓崔龚邢陆侯刘叶"
)
_SURNAME = re.compile(
    rf"([{_NAMES}])(?:某|老板|女士|先生|阿姨|大姐|大妈|大爷|大娘|大嫂|奶奶|爷爷|嫂|姐|经理|工头|师傅|会计|医生|大夫|老师|主任|警官|书记|姓)"
    rf"|姓([{_NAMES}])|[老小]([{_CALLED}])(?![路区序家街])"
)
_EMERGENCY = frozenset({"110", "119", "120", "122", "315"})
_LEAST_SUM = 100


def in_figures(said: str) -> str:
    """A text whose numbers of houses, units and floors are in figures, without those that say how many there are."""
    said = _SOME.sub(_blank, _DASH.sub("-", said))
    return _CHINESE_NUMBER.sub(lambda found: str(_number(found[0])), said)


def numbers(said: str) -> dict[str, tuple[str, ...]]:
    """House, unit, room and floor, each in the order it is told."""
    found: dict[str, dict[str, int]] = {}

    def add(sort: str, value: str, at: int) -> None:
        found.setdefault(sort, {}).setdefault(str(int(value)), at)

    rest = _SPOT.sub(_blank, said)
    for pattern, sorts in (
        (_TRIPLE, (BUILDING, UNIT, ROOM)),
        (_HOUSE_ROOM, (BUILDING, ROOM)),
        (_HOUSE_UNIT, (BUILDING, UNIT)),
    ):
        for match in pattern.finditer(rest):
            for sort, value in zip(sorts, match.groups(), strict=True):
                add(sort, value, match.start())
        rest = pattern.sub(_blank, rest)
    for pattern, sort in ((_BUILDING, BUILDING), (_UNIT, UNIT), (_FLOOR, FLOOR)):
        for match in pattern.finditer(rest):
            add(sort, match[1], match.start())
    for match in _ROOM.finditer(_BUILDING.sub(_blank, rest)):
        number = match[1]
        if number not in _EMERGENCY and 1 <= int(number[:-2]) <= 40 and 1 <= int(number[-2:]) <= 8:
            add(ROOM, number, match.start())
    return {sort: tuple(sorted(values, key=values.__getitem__)) for sort, values in found.items()}


def of_home(said: str, houses: tuple[str, ...]) -> bool:
    """Whether the only house that is told is where the teller lives."""
    return len(houses) == 1 and any((match[1] or match[2]) == houses[0] for match in _HOME.finditer(said))


def places(said: str) -> dict[str, tuple[str, ...]]:
    """Gates, sides of a house, house numbers of roads, roads, bays; and the time of day."""
    found = {
        HOUR: [sort for sort, hours in _HOURS if hours.search(said)],
        GATE: [match[1][-1] for match in _GATE.finditer(said) if match[1][-1] not in _RELATIVE],
        SIDE: [match[1] or match[2] for match in _SIDE.finditer(said)]
        + [match[1] or match[2] or match[3] for match in _HAND.finditer(said)],
        DOOR: [f"{match[1][-2:]}{match[2]}" for match in _DOOR.finditer(said)],
        ROAD: [match[0] for match in _ROAD.finditer(said) if _NO_ROAD.isdisjoint(match[1])],
        SPOT: [match[1] or match[2] for match in _SPOT.finditer(said)],
    }
    return _told(found)


def particulars(said: str) -> dict[str, tuple[str, ...]]:
    """Surnames, file numbers, plates, ages, sums of money."""
    rest = _FILE.sub(" ", said)
    sums = [_sum(*match.groups()) for match in _SUM.finditer(rest)]
    sums += [_spoken(*match.groups()) for match in _SPOKEN.finditer(rest)]
    found = {
        SURNAME: [match[1] or match[2] or match[3] for match in _SURNAME.finditer(said)],
        FILE: [(match[1] or match[2]).strip("-") for match in _FILE.finditer(said)],
        PLATE: [tail for match in _PLATE.finditer(said) if any(map(str.isdigit, tail := (match[1] or match[2])[-3:]))],
        AGE: [match[1] for match in _AGE.finditer(said)],
        SUM: [f"{value:g}" for value in sums if value >= _LEAST_SUM],
    }
    return _told(found)


def lines(said: str) -> list[str]:
    """Bus lines, and lifts that have a number, as details."""
    lifts = (_DIGITS.get(match[1]) or match[1] or match[2] for match in _LIFT.finditer(said))
    return [*(f"line{match[1]}" for match in _LINE.finditer(said)), *(f"lift-{each}" for each in lifts)]


def _told(found: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {sort: tuple(dict.fromkeys(values)) for sort, values in found.items() if values}


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _sum(amount: str, times: str | None, unit: str | None) -> float:
    if unit not in _MONEY and not times:
        return 0
    return float(amount) * _TIMES.get(times or ("万" if unit == "万" else ""), 1)


def _spoken(amount: str, times: str, more: str | None, unit: str | None) -> float:
    """三万块, 一千二: only where it is surely money."""
    if not unit and (times == "百" or (times == "千" and not more)):
        return 0
    return _number(amount) * _TIMES[times] + (_DIGITS[more] * _TIMES[times] / 10 if more else 0)


def _number(chinese: Iterable[str]) -> int:
    """A Chinese number below a thousand."""
    value, digit = 0, 0
    for char in chinese:
        if char == "百":
            value, digit = value + (digit or 1) * 100, 0
        elif char == "十":
            value, digit = value + (digit or 1) * 10, 0
        else:
            digit = _DIGITS[char]
    return value + digit
