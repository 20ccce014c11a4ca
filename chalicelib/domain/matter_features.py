"""What a report says of its matter, as far as it helps to tell whether another report tells of the same one (P2).

Numbers of houses, units and rooms in whatever notation, named places, sums, names, things and words: made once of a
report's text and address, small enough to be kept beside many others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from chalicelib.domain.policy import SameMatter

BUILDING, UNIT, ROOM, FLOOR, GATE, LANDMARK, DOOR, ROAD = "b", "u", "r", "f", "g", "l", "d", "o"
SUM, SURNAME, FILE, PLATE, ASPECT, THING, HOUR = "m", "n", "k", "p", "a", "t", "h"
BROAD, ALONE, AGAIN, OVER = "B", "A", "G", "O"
"""Of the whole place, of one house alone, of something told before, of something that is over."""

Marks = Mapping[str, tuple[str, ...]]
"""By sort: what was found, in the order it is told. A report that says nothing of a sort has none of it."""

_GIST = 90
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_SIDES = "东南西北"

_CHINESE_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百]+(?=号楼|号院|楼|栋|幢|座|单元|门洞|层|室|#)")
_TRIPLE = re.compile(r"(?<![\d.:\-])(\d{1,3})(?:#|栋|号楼)?-(\d{1,2})(?:单元)?-(\d{3,4})(?![\d:.])")
_HOUSE_ROOM = re.compile(r"(?<![\d.:\-a-z])(\d{1,3})-(\d{3,4})(?![\d:.元万])")
_HOUSE_UNIT = re.compile(
    r"(?<![\d.:\-a-z])(\d{1,2})#?-(\d)(?![\d:.\-]|[只个人天米点条名岁公分块元次户台辆月日号年小万千])"
)
_BUILDING = re.compile(r"(?<![\d.])(\d{1,3})(?:号楼|#楼?|栋|幢|号院楼?)")
_UNIT = re.compile(r"(?<![\d.])(\d{1,2})(?:单元|门洞)")
_ROOM = re.compile(r"(?<![\d.\-a-z])(\d{3,4})(?![\d.:\-%]|[年元块万平方米人名辆户克斤㎡度小时天号张份吨])")
_FLOOR = re.compile(r"(?<![\d.\-])(\d{1,2})[楼层](?!栋)")
_GATE = re.compile(r"([东南西北正后]{1,2})(?:大|边|侧)?门")
_DOOR = re.compile(r"([\u4e00-\u9fff]{1,3}[路街巷道])(\d{1,4})号(?!楼|院)")
_ROAD = re.compile(r"([\u4e00-\u9fff]{2}[路街巷])(?![口面灯段上])|([\u4e00-\u9fff]{2}路)(?=口|面|灯|段|上)")
_SUM = re.compile(r"(\d+(?:\.\d+)?)(万|千)?多?(元|块|万|岁|人|户|名|辆|条|个|公里|平方?米|㎡|座|盏|立方)?")
_FILE = re.compile(r"(?:案卷号|工单号?|编号)\s*[:：]?\s*([a-z]{0,4}[\d\-]{6,})")
_PLATE = re.compile(r"尾号\s*([0-9a-z]{2,5})|[\u4e00-\u9fff][a-z]·?([0-9a-z]{2,6})")
_HOURS = (
    ("morning", re.compile(r"早上|清早|早晨|每天早|天不亮|凌晨[四五]|[五六七]点半?就|早高峰")),
    ("night", re.compile(r"晚上|夜里|半夜|深夜|夜间|晚间|傍晚|晚高峰|夜市")),
)
_SURNAME = re.compile(
    r"([赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严金魏陶姜谢邹苏潘葛范彭鲁马方任袁柳史唐薛雷贺汤罗毕郝安常乐于傅齐康伍余顾孟黄萧尹姚邵汪毛"
    r"戴宋庞熊纪项董梁杜阮席季贾江郭梅林钟徐邱骆高夏蔡田樊胡霍万柯卢丁邓石崔龚程邢裴陆翁段侯武刘叶白])(?:某|老板|女士|先生|阿姨|大姐|大妈|大爷|姐|经理|工头|师傅|会计|医生|老师)"
)
_EMERGENCY = frozenset({"110", "119", "120", "122", "315"})
_NO_WORDS = re.compile(r"[^\u4e00-\u9fffa-z]+")
_MONEY = ("元", "块", "万")


class Told(NamedTuple):
    """What is known of a report, or of the first report of a case, for telling matters apart.

    `at`: when it was told, seconds since 1970. `area`: the code of its place, as deep as it is known, empty where it is
    not. `point`: where it was sent from, or is about. `gist`: its words without numbers, places and phrases.
    """

    at: int
    kind: str | None
    category: str | None
    area: str
    point: tuple[float, float] | None
    source: str
    marks: Marks
    gist: str

    def has(self, sort: str) -> bool:
        return sort in self.marks

    @property
    def written(self) -> list[Any]:
        point = [round(each, 5) for each in self.point] if self.point else None
        marks = {sort: " ".join(found) for sort, found in self.marks.items()}
        return [self.at, self.kind, self.category, self.area, point, self.source, marks, self.gist]

    @classmethod
    def read(cls, written: Sequence[Any]) -> Told:
        at, kind, category, area, point, source, marks, gist = written
        found = {sort: tuple(said.split(" ")) for sort, said in marks.items()}
        return cls(at, kind, category, area, (point[0], point[1]) if point else None, source, found, gist)


def normal(text: str, rules: SameMatter) -> str:
    """A text in half-width digits, with house numbers in figures, and one word for one thing."""
    said = unicodedata.normalize("NFKC", text).casefold()
    for left, right in rules.synonyms:
        if left in said:
            said = said.replace(left, right)
    return _CHINESE_NUMBER.sub(lambda found: str(_number(found[0])), said)


def features(
    text: str, address: str | None, names: Iterable[str], rules: SameMatter
) -> tuple[dict[str, tuple[str, ...]], str]:
    """The marks of a text with its address, and its gist. `names`: the names of areas that are in it.

    What the text says of house and room wins over the address, which is often where its sender lives.
    """
    said, place = normal(text, rules), normal(address or "", rules)
    marks = _numbers(place)
    own = _numbers(said)
    if BUILDING not in own or marks.get(BUILDING, ("",))[0] in own[BUILDING]:
        marks = {sort: _first(marks.get(sort, ()), own.get(sort, ())) for sort in {**marks, **own}}
    else:
        marks = own
    both = f"{place} {said}"
    for sort, found in _places(both).items():
        marks[sort] = found
    for sort, found in _particulars(said).items():
        marks[sort] = found
    for sort, table, where in (
        (LANDMARK, rules.landmarks, both),
        (THING, rules.things, said),
        (ASPECT, rules.aspects, said),
    ):
        if named := [name for name, words in table.items() if any(word in where for word in words)]:
            marks[sort] = tuple(named)
    for flag, words in ((BROAD, rules.broad), (ALONE, rules.alone), (AGAIN, rules.again), (OVER, rules.over)):
        if any(word in said for word in words):
            marks[flag] = ("1",)
    return marks, _gist(said, names, rules)


@lru_cache(maxsize=128)
def grams(gist: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a gist."""
    return frozenset(map("".join, pairwise(gist)))


def _first(some: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*some, *more)))


def _numbers(said: str) -> dict[str, tuple[str, ...]]:
    """House, unit, room and floor."""
    found: dict[str, dict[str, int]] = {}

    def add(sort: str, value: str, at: int) -> None:
        found.setdefault(sort, {}).setdefault(str(int(value)), at)

    rest = said
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


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _places(said: str) -> dict[str, tuple[str, ...]]:
    """Gates, house numbers of roads, roads; and the time of day."""
    found = {
        HOUR: [sort for sort, hours in _HOURS if hours.search(said)],
        GATE: [match[1][-1] for match in _GATE.finditer(said)],
        DOOR: [f"{match[1][-2:]}{match[2]}" for match in _DOOR.finditer(said)],
        ROAD: [(match[1] or match[2])[-3:] for match in _ROAD.finditer(said)],
    }
    return {sort: _first(tuple(values), ()) for sort, values in found.items() if values}


def _particulars(said: str) -> dict[str, tuple[str, ...]]:
    """Surnames, file numbers, plates, sums of money."""
    found: dict[str, list[str]] = {
        SURNAME: [match[1] for match in _SURNAME.finditer(said)],
        FILE: [match[1] for match in _FILE.finditer(said)],
        PLATE: [(match[1] or match[2])[-3:] for match in _PLATE.finditer(said)],
        SUM: [],
    }
    for match in _SUM.finditer(_FILE.sub(" ", said)):
        amount, times, unit = match.groups()
        if unit in _MONEY or times:
            value = float(amount) * (10_000 if times == "万" or unit == "万" else 1_000 if times == "千" else 1)
            if value >= 100:
                found[SUM].append(f"{value:g}")
    return {sort: _first(tuple(values), ()) for sort, values in found.items() if values}


def _gist(said: str, names: Iterable[str], rules: SameMatter) -> str:
    for phrase in (*names, *rules.phrases):
        if phrase in said:
            said = said.replace(phrase, " ")
    return _NO_WORDS.sub("", said)[:_GIST]


def _number(chinese: str) -> int:
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
