"""The pool of people as a table, and what is wrong with it: `panel.csv`, each line somebody.

Lists are separated by `;`. Sorts, units, categories and kinds may be written by their Chinese names. Nothing here
raises at a bad file: each fault has its line and column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from chalicelib.domain.days import day_of
from chalicelib.domain.grid import DIGITS
from chalicelib.domain.panels import DELEGATE, DELEGATES, LAWYER, WHAT_ZH, WHATS, Days, Hours, Member
from chalicelib.domain.phones import phone_of
from chalicelib.domain.policy import Policy
from infra.network.given import Columns, FileFault, Line, read_table

COLUMNS = Columns(
    (
        *("id", "name", "what", "title", "organisation", "unit", "phone", "areas", "good_at", "bound_to"),
        *("away", "from", "until", "hours"),
    ),
    optional=frozenset({"title", "unit", "phone", "good_at", "bound_to", "away", "from", "until", "hours"}),
    extra=frozenset({"title", "unit", "phone", "good_at", "bound_to", "away", "from", "until", "hours"}),
)
MOST_MEMBERS = 5_000
_LONGEST = 100  # characters of a name, a title, an organisation
_MOST_LISTED = 100  # entries of a list

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?: ?(?:~|至) ?(\d{4}-\d\d-\d\d))?")
_HOURS = re.compile(r"(\d+) (?:周|星期)?([一二三四五六日天1-7]) (\d\d:\d\d) ?(?:-|至) ?(\d\d:\d\d)")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_WEEKDAYS = {**{name: number for number, name in enumerate("一二三四五六日", 1)}, "天": 7}


class PoolFile(NamedTuple):
    """The members by id, in the order of the file; with faults they are not whole. `encoding`: if not plain UTF-8."""

    members: Mapping[str, Member]
    faults: list[FileFault]
    encoding: str | None

    @property
    def good(self) -> bool:
        return not any(not fault.warning for fault in self.faults)


def read(path: Path, areas: Collection[str], policy: Policy) -> PoolFile:
    """`areas`: the codes of today's network."""
    given = read_table(path, COLUMNS)
    reading = _Reading(path.name, areas, policy, given.faults)
    lines = given.tables.get(path.name, [])
    if len(lines) > MOST_MEMBERS:
        reading.fault(None, None, f"人员过多，最多 {MOST_MEMBERS} 人", f"more than {MOST_MEMBERS} people")
        lines = []
    return PoolFile(reading.members(lines), given.faults, given.encodings.get(path.name))


class _Reading:
    """One pass over the table; `faults` grows as it goes."""

    def __init__(self, file: str, areas: Collection[str], policy: Policy, faults: list[FileFault]) -> None:
        self._file = file
        self._areas = areas
        self._policy = policy
        self._faults = faults
        self._units = _ids_by_name({unit.id: unit.zh for unit in policy.units.values()})
        kinds = {kind.id: kind.zh for kind in policy.kinds.values()}
        self._fields = _ids_by_name({**{each.id: each.zh for each in policy.categories.values()}, **kinds})
        self._whats = _ids_by_name({what: WHAT_ZH[what] for what in WHATS})

    def members(self, lines: list[Line]) -> dict[str, Member]:
        found: dict[str, Member] = {}
        lines_of: dict[str, int] = {}
        phones: dict[str, int] = {}
        for number, said in lines:
            member = self._member(number, said)
            if member.id in lines_of:
                first = lines_of[member.id]
                self.fault(number, "id", f"与第 {first} 行编号相同", f"as in line {first}")
                continue
            lines_of[member.id] = number
            if member.phone and phones.setdefault(member.phone, number) != number:
                first = phones[member.phone]
                self.fault(number, "phone", f"与第 {first} 行电话相同", f"as in line {first}", warning=True)
            found[member.id] = member
        return found

    def _member(self, number: int, said: Mapping[str, str]) -> Member:
        if not _ID.fullmatch(said["id"]):
            self.fault(
                number,
                "id",
                "编号只能用字母、数字和 . _ -，最多 64 位",
                "must be of letters, digits, . _ -, at most 64",
            )
        for column in ("name", "title", "organisation"):
            if len(said[column]) > _LONGEST:
                self.fault(number, column, f"最多 {_LONGEST} 字", f"at most {_LONGEST} characters")
        what = self._whats.get(said["what"], "")
        if not what:
            known = "、".join(WHAT_ZH.values())
            self.fault(
                number, "what", f"没有这种身份：{said['what']}；可填 {known}", f"must be one of {', '.join(WHATS)}"
            )
        if what == DELEGATE and said["title"] not in DELEGATES:
            self.fault(number, "title", f"须为 {'、'.join(DELEGATES)} 之一", f"must be one of {', '.join(DELEGATES)}")
        unit = self._units.get(said["unit"], "")
        if said["unit"] and not unit:
            self.fault(
                number, "unit", f"政策包中没有该单位：{said['unit']}", f"no unit {said['unit']} in the policy pack"
            )
        if not said["areas"].strip(";； "):
            self.fault(number, "areas", "不能为空", "must not be empty")
        areas = tuple(each for each in self._list(number, "areas", said) if self._area(number, "areas", each))
        member = Member(
            id=said["id"],
            name=said["name"],
            what=what,
            organisation=said["organisation"],
            title=said["title"],
            unit=unit,
            phone=self._phone(number, said["phone"]),
            areas=areas,
            good_at=tuple(dict.fromkeys(self._good_at(number, said))),
            bound_to=tuple(dict.fromkeys(self._units.get(each, each) for each in self._list(number, "bound_to", said))),
            away=tuple(sorted(self._away(number, said))),
            from_day=self._day(number, "from", said["from"]),
            until_day=self._day(number, "until", said["until"]),
            hours=tuple(sorted(self._hours(number, what, areas, said))),
        )
        if member.until_day and member.until_day < (member.from_day or ""):
            self.fault(number, "until", "结束早于开始", "ends before it begins")
        self._check_hours(number, member)
        return member

    def _list(self, number: int, column: str, said: Mapping[str, str]) -> list[str]:
        listed = list(dict.fromkeys(each.strip() for each in re.split("[;；]", said[column]) if each.strip()))
        if len(listed) > _MOST_LISTED or any(len(each) > _LONGEST for each in listed):
            self.fault(number, column, f"最多 {_MOST_LISTED} 项，每项 {_LONGEST} 字", f"at most {_MOST_LISTED} entries")
            return []
        return listed

    def _area(self, number: int, column: str, code: str) -> bool:
        if code in self._areas:
            return True
        self.fault(number, column, f"没有该区域：{code}", f"no area {code}")
        return False

    def _good_at(self, number: int, said: Mapping[str, str]) -> Iterator[str]:
        for each in self._list(number, "good_at", said):
            if each in self._fields:
                yield self._fields[each]
            else:
                self.fault(number, "good_at", f"没有该类别：{each}", f"no category or kind {each}")

    def _away(self, number: int, said: Mapping[str, str]) -> Iterator[Days]:
        for each in self._list(number, "away", said):
            match = _DAYS.fullmatch(each)
            first, last = (match[1], match[2] or match[1]) if match else ("", "")
            if day_of(first) is None or day_of(last) is None:
                self.fault(
                    number,
                    "away",
                    f"日期须形如 2026-12-01 或 2026-12-01~2026-12-15：{each}",
                    f'must be "2026-12-01" or "2026-12-01~2026-12-15", not {each}',
                )
            elif last < first:
                self.fault(number, "away", f"结束早于开始：{each}", f"ends before it begins: {each}")
            else:
                yield Days(first, last)

    def _hours(self, number: int, what: str, areas: tuple[str, ...], said: Mapping[str, str]) -> Iterator[Hours]:
        listed = self._list(number, "hours", said)
        if listed and what and what != LAWYER:
            self.fault(number, "hours", "只有律师在居民法治之家值班", "only lawyers sit in a house of law")
            return
        for each in listed:
            match = _HOURS.fullmatch(" ".join(each.split()))
            if match is None or not all(_TIME.fullmatch(time) for time in (match[3], match[4])):
                self.fault(
                    number,
                    "hours",
                    f"须形如 320302001002 周三 09:00-11:30：{each}",
                    f'must be a community, weekday and times, "320302001002 周三 09:00-11:30", not {each}',
                )
                continue
            community, weekday = match[1], _WEEKDAYS.get(match[2]) or int(match[2])
            if len(community) != DIGITS["community"]:
                self.fault(number, "hours", f"不是社区代码：{community}", f"is no community: {community}")
            elif not self._area(number, "hours", community):
                continue
            elif match[4] <= match[3]:
                self.fault(number, "hours", f"结束不晚于开始：{each}", f"does not end after it begins: {each}")
            elif areas and not any(community.startswith(area) for area in areas):
                self.fault(
                    number, "hours", f"不在其服务区域内：{community}", f"is not of the areas served: {community}"
                )
            else:
                yield Hours(community, weekday, match[3], match[4])

    def _check_hours(self, number: int, member: Member) -> None:
        for one, other in combinations(member.hours, 2):
            if one.weekday == other.weekday and one.from_time < other.to_time and other.from_time < one.to_time:
                zh = f"同一时间在两处值班：{one.community}、{other.community}"
                self.fault(number, "hours", zh, f"sits in two places at once: {one.community}, {other.community}")

    def _day(self, number: int, column: str, said: str) -> str | None:
        if said and day_of(said) is None:
            self.fault(number, column, "日期须形如 2026-01-01", 'must be a day such as "2026-01-01"')
            return None
        return said or None

    def _phone(self, number: int, said: str) -> str | None:
        phone = phone_of(said) if said else None
        if said and phone is None:
            self.fault(number, "phone", "不是有效的电话号码", "is no telephone number")
        elif phone and phone.extension:
            self.fault(number, "phone", "不能带分机号", "must have no extension")
        return phone.number if phone else None

    def fault(self, number: int | None, column: str | None, zh: str, en: str, *, warning: bool = False) -> None:
        self._faults.append(FileFault(self._file, number, column, zh, en, warning))


def _ids_by_name(names: Mapping[str, str]) -> dict[str, str]:
    """Ids by themselves and by their Chinese names; what two have alike is neither's."""
    listed = Counter(names.values())
    by_name = {name: each for each, name in names.items() if listed[name] == 1}
    return {**by_name, **{each: each for each in names}}
