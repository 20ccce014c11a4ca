"""Staff, units, posts and duty as rows, made of the tables of a directory; and what is wrong with those.

A row is found again by its key. Telephone numbers of people are kept as they are dialled from anywhere; otherwise a
value is kept as it was given.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import Any, NamedTuple

from chalicelib.domain.days import day_of
from chalicelib.domain.grid import level_of
from chalicelib.domain.phones import phone_of
from chalicelib.domain.policy import Policy
from chalicelib.models.reference_rows import DutyRow, PostRow, StaffRow, UnitRow
from infra.network.content import compact
from infra.network.given import FileFault, Given, Line

Key = tuple[str, str]
Row = dict[str, Any]

STAFF, UNITS, POSTS, DUTY = KINDS = ("staff", "units", "posts", "duty")
"""In the order in which rows are written: who is named by others comes first."""

ABSENCES = "absences"
"""These stand in the rows of posts; only their order is kept apart."""

NOBODY: Row = {"staff_id": ""}
"""Who deputises when nobody does."""

FOREVER = "9999-12-31"
YES, NO = frozenset({"yes", "是", "1"}), frozenset({"", "no", "否", "0"})
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:|-]{0,127}")
_MAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_SHORT_NUMBER = re.compile(r"\d{3,6}", re.ASCII)  # 110, 12345, 96339: dialled as they are


class People(NamedTuple):
    """Rows by kind and key, in the order of their files. A kind whose file was not there is left out.

    `absences`: who is away from when, in the order of that file; None: it was not there.
    """

    rows: Mapping[str, dict[Key, Row]]
    absences: list[Key] | None


class Period(NamedTuple):
    """Days, both included."""

    first: str
    last: str

    def meets(self, other: Period) -> bool:
        return self.first <= other.last and other.first <= self.last


def people_of(given: Given, areas: Collection[str], policy: Policy) -> tuple[People, list[FileFault]]:
    """The rows that the tables give, and every fault; with faults the rows are not whole."""
    reading = _Reading(given, areas, policy)
    rows: dict[str, dict[Key, Row]] = {}
    if "staff.csv" in given.tables:
        rows[STAFF] = reading.staff()
    if "units.csv" in given.tables:
        rows[UNITS] = reading.units()
    if "posts.csv" in given.tables:
        rows[POSTS] = reading.posts()
    if "duty.csv" in given.tables:
        rows[DUTY] = reading.duty()
    return People(rows, reading.absences()), reading.faults


class _Reading:
    """One pass over the tables; `faults` grows as it goes."""

    def __init__(self, given: Given, areas: Collection[str], policy: Policy) -> None:
        self.faults: list[FileFault] = []
        self._tables = given.tables
        self._areas = areas
        self._policy = policy
        self._people: dict[str, Row] = {}
        self._employed: dict[str, Period] = {}
        self._staff_lines: dict[str, int] = {}
        self._known = {line.values["staff_id"] for line in given.tables.get("staff.csv", ())}

    def staff(self) -> dict[Key, Row]:
        rows: dict[Key, Row] = {}
        lines: dict[str, int] = {}
        phones: dict[str, int] = {}
        for number, said in self._tables["staff.csv"]:
            staff_id = said["staff_id"]
            if staff_id in lines:
                self._fault(
                    "staff.csv",
                    number,
                    "staff_id",
                    f"与第 {lines[staff_id]} 行编号相同",
                    f"as in line {lines[staff_id]}",
                )
                continue
            lines[staff_id] = number
            if not _ID.fullmatch(staff_id):
                self._fault(
                    "staff.csv",
                    number,
                    "staff_id",
                    "编号只能用字母、数字和 . _ @ : | -",
                    "must be of letters, digits, . _ @ : | -",
                )
            phone = self._phone("staff.csv", number, "phone", said["phone"])
            if phone and phone in phones:
                self._fault(
                    "staff.csv",
                    number,
                    "phone",
                    f"与第 {phones[phone]} 行电话相同",
                    f"as in line {phones[phone]}",
                    warning=True,
                )
            phones.setdefault(phone or "", number)
            if said["email"] and not _MAIL.fullmatch(said["email"]):
                self._fault("staff.csv", number, "email", "不是有效的邮箱地址", "is no e-mail address")
            if said["role"] not in self._policy.roles:
                self._fault(
                    "staff.csv",
                    number,
                    "role",
                    f"政策包中没有该角色：{said['role']}",
                    f"no role {said['role']} in the policy pack",
                )
            self._unit("staff.csv", number, said["unit"])
            for column in ("from", "until"):
                if said[column] and day_of(said[column]) is None:
                    self._fault(
                        "staff.csv", number, column, "日期须形如 2026-01-01", 'must be a day such as "2026-01-01"'
                    )
            if said["until"] and said["until"] < said["from"]:
                self._fault("staff.csv", number, "until", "结束早于开始", "ends before it begins")
            self._employed[staff_id] = Period(said["from"], said["until"] or FOREVER)
            self._staff_lines[staff_id] = number
            areas = [code.strip() for code in said["areas"].split(";") if code.strip()]
            for code in areas:
                self._area("staff.csv", number, "areas", code)
            self._people[staff_id] = {
                "staff_id": staff_id,
                "name": said["name"],
                "phone": phone,
                **({"email": said["email"]} if said["email"] else {}),
                **({"hide_phone": True} if self._yes(number, said["hide_phone"]) else {}),
            }
            rows[StaffRow.key(staff_id), StaffRow.SK] = {
                **self._people[staff_id],
                "role": said["role"],
                "unit": said["unit"],
                "areas": areas,
                "active": True,
                **{column: said[column] for column in ("from", "until") if said[column]},
            }
        return rows

    def units(self) -> dict[Key, Row]:
        rows: dict[Key, Row] = {}
        for number, said in self._tables["units.csv"]:
            self._unit("units.csv", number, said["unit"])
            key = (UnitRow.key(said["unit"]), UnitRow.SK)
            if key in rows:
                self._fault("units.csv", number, "unit", "单位重复", "the unit is there twice")
            for column in ("duty_phone", "supervision_phone"):
                if said[column]:
                    self._phone("units.csv", number, column, said[column], short=True)
            rows[key] = {column: value for column, value in said.items() if column != "unit" and value}
        return rows

    def posts(self) -> dict[Key, Row]:
        rows: dict[Key, Row] = {}
        away = self._away()
        held: list[tuple[Line, Period]] = []
        for line in self._tables["posts.csv"]:
            number, said = line
            period = self._period("posts.csv", line, open_end=True)
            staff_known = self._person("posts.csv", number, "staff_id", said["staff_id"])
            self._area("posts.csv", number, "area", said["area"])
            self._post(number, said["post"], said["area"])
            key = (PostRow.key(said["area"]), PostRow.sk_of(said["post"], said["staff_id"]))
            if key in rows:
                self._fault("posts.csv", number, "staff_id", "同一人在同一岗位出现两次", "holds that post twice")
                continue
            if period is None or not staff_known:
                continue
            held.append((line, period))
            self._check_employed(line, period)
            rows[key] = {
                **self._people.get(said["staff_id"], {}),
                "from": said["from"],
                **({"until": said["until"]} if said["until"] else {}),
                **({"away": compact(away[said["staff_id"]])} if said["staff_id"] in away else {}),
            }
        self._check_single(held)
        self._check_exclusive(held)
        holders = {line.values["staff_id"] for line, _ in held}
        for number, said in self._tables.get("absences.csv", ()):
            if said["staff_id"] in self._known and said["staff_id"] not in holders:
                self._fault(
                    "absences.csv", number, "staff_id", "此人没有岗位，无需代理", "holds no post to stand in for"
                )
        return rows

    def absences(self) -> list[Key] | None:
        if "absences.csv" not in self._tables:
            return None
        return [(line.values["staff_id"], line.values["from"]) for line in self._tables["absences.csv"]]

    def duty(self) -> dict[Key, Row]:
        rows: dict[Key, Row] = {}
        for number, said in self._tables["duty.csv"]:
            self._unit("duty.csv", number, said["unit"])
            self._person("duty.csv", number, "staff_id", said["staff_id"])
            for column in ("from", "to"):
                if not _TIME.fullmatch(said[column]) and (column, said[column]) != ("to", "24:00"):
                    self._fault("duty.csv", number, column, "时间须形如 08:00", 'must be a time such as "08:00"')
            if said["from"] == said["to"]:
                self._fault(
                    "duty.csv", number, "to", "值班起止时间相同", "ends when it begins; all day is 00:00 to 24:00"
                )
            key = (DutyRow.key(said["unit"]), DutyRow.sk_of(said["staff_id"], said["from"]))
            if key in rows:
                self._fault(
                    "duty.csv", number, "from", "同一人同一时间重复值班", "is on duty there twice from that time"
                )
            rows[key] = {**self._people.get(said["staff_id"], {}), "from": said["from"], "to": said["to"]}
        return rows

    def _away(self) -> dict[str, list[Row]]:
        """Who is away when, and who stands in."""
        periods: defaultdict[str, list[tuple[int, Period]]] = defaultdict(list)
        away: defaultdict[str, list[Row]] = defaultdict(list)
        deputies: list[tuple[int, str, Period]] = []
        for line in self._tables.get("absences.csv", ()):
            number, said = line
            period = self._period("absences.csv", line, open_end=False)
            known = self._person("absences.csv", number, "staff_id", said["staff_id"])
            if said["deputy_id"]:
                known = self._person("absences.csv", number, "deputy_id", said["deputy_id"]) and known
            if said["deputy_id"] == said["staff_id"]:
                self._fault("absences.csv", number, "deputy_id", "不能由本人代理", "stands in for himself")
                continue
            if period is None or not known:
                continue
            for other, earlier in periods[said["staff_id"]]:
                if period.meets(earlier):
                    self._fault("absences.csv", number, "from", f"与第 {other} 行日期重叠", f"overlaps line {other}")
            periods[said["staff_id"]].append((number, period))
            deputies.append((number, said["deputy_id"], period))
            away[said["staff_id"]].append(
                {"from": said["from"], "until": said["until"], **self._people.get(said["deputy_id"], NOBODY)}
            )
        for number, deputy, period in deputies:
            for other, own in periods.get(deputy, ()):
                if period.meets(own):
                    self._fault(
                        "absences.csv",
                        number,
                        "deputy_id",
                        f"代理人此时也不在岗（第 {other} 行）",
                        f"is away too: line {other}",
                    )
        return {staff_id: sorted(them, key=lambda each: str(each["from"])) for staff_id, them in away.items()}

    def _check_employed(self, line: Line, period: Period) -> None:
        """Who has left is no holder: the public notice would still name the person, and messages be sent."""
        work = self._employed.get(line.values["staff_id"])
        if work and not (work.first <= period.first and period.last <= work.last):
            self._fault(
                "posts.csv",
                line.number,
                "until" if work.last < period.last else "from",
                f"任期超出在职期间（第 {self._staff_lines[line.values['staff_id']]} 行）",
                f"lasts longer than the work itself: staff.csv line {self._staff_lines[line.values['staff_id']]}",
                warning=True,
            )

    def _check_single(self, held: Iterable[tuple[Line, Period]]) -> None:
        of_post: defaultdict[tuple[str, str], list[tuple[Line, Period]]] = defaultdict(list)
        for line, period in held:
            post = self._policy.posts.get(line.values["post"])
            if post and post.single:
                of_post[line.values["area"], line.values["post"]].append((line, period))
        for holders in of_post.values():
            for (first, one), (second, other) in combinations(holders, 2):
                if one.meets(other):
                    self._fault(
                        "posts.csv",
                        second.number,
                        "from",
                        f"该岗位同时只能有一人，与第 {first.number} 行日期重叠",
                        f"one holder at a time: overlaps line {first.number}",
                    )

    def _check_exclusive(self, held: Iterable[tuple[Line, Period]]) -> None:
        of_person: defaultdict[str, list[tuple[Line, Period]]] = defaultdict(list)
        for line, period in held:
            of_person[line.values["staff_id"]].append((line, period))
        for posts in of_person.values():
            for (first, one), (second, other) in combinations(posts, 2):
                if one.meets(other) and self._exclude(first.values["post"], second.values["post"]):
                    self._fault(
                        "posts.csv",
                        second.number,
                        "post",
                        f"不得与第 {first.number} 行的 {first.values['post']} 兼任",
                        f"may not be held beside {first.values['post']} of line {first.number}",
                    )

    def _exclude(self, one: str, other: str) -> bool:
        posts = self._policy.posts
        return one in posts and other in posts and (other in posts[one].excludes or one in posts[other].excludes)

    def _post(self, number: int, post: str, area: str) -> None:
        known = self._policy.posts.get(post)
        if known is None:
            self._fault(
                "posts.csv", number, "post", f"政策包中没有该岗位：{post}", f"no post {post} in the policy pack"
            )
        elif area in self._areas and level_of(area) != known.level:
            self._fault(
                "posts.csv",
                number,
                "area",
                f"岗位 {post} 设在 {known.level} 一级",
                f"{post} is a post of a {known.level}, this is a {level_of(area)}",
            )

    def _period(self, file: str, line: Line, *, open_end: bool) -> Period | None:
        number, said = line
        good = True
        for column in ("from", "until"):
            if (said[column] or not open_end or column == "from") and day_of(said[column]) is None:
                self._fault(file, number, column, "日期须形如 2026-01-01", 'must be a day such as "2026-01-01"')
                good = False
        if not good:
            return None
        period = Period(said["from"], said["until"] or FOREVER)
        if period.last < period.first:
            self._fault(file, number, "until", "结束早于开始", "ends before it begins")
            return None
        return period

    def _person(self, file: str, number: int, column: str, staff_id: str) -> bool:
        if staff_id in self._known:
            return True
        self._fault(file, number, column, f"staff.csv 中没有 {staff_id}", f"no {staff_id} in staff.csv")
        return False

    def _area(self, file: str, number: int, column: str, code: str) -> None:
        if code not in self._areas:
            self._fault(file, number, column, f"没有该区域：{code}", f"no area {code}")

    def _unit(self, file: str, number: int, unit: str) -> None:
        if unit not in self._policy.units:
            self._fault(file, number, "unit", f"政策包中没有该单位：{unit}", f"no unit {unit} in the policy pack")

    def _yes(self, number: int, said: str) -> bool:
        if said.lower() not in YES | NO:
            self._fault("staff.csv", number, "hide_phone", "只能填 yes 或留空（是/否亦可）", "must be yes, or empty")
        return said.lower() in YES

    def _phone(self, file: str, number: int, column: str, said: str, *, short: bool = False) -> str | None:
        if short and _SHORT_NUMBER.fullmatch(said):
            return said
        phone = phone_of(said)
        if phone is None:
            self._fault(file, number, column, "不是有效的电话号码", "is no telephone number")
        elif phone.extension and not short:
            self._fault(
                file, number, column, "不能带分机号，短信无法送达", "has an extension, which no message reaches"
            )
        return phone.number if phone else None

    def _fault(self, file: str, number: int, column: str, zh: str, en: str, *, warning: bool = False) -> None:
        self.faults.append(FileFault(file, number, column, zh, en, warning))
