"""The people of the sample district: staff of every unit, holders of posts, and hours of duty. All invented.

Numbers run through the centres and the grid first and the departments last, in the order of `units.toml`, so that a
department added at its end changes nobody else's number, name or telephone. Leaders, mediators and auditors, who man no
desk, and who came later have numbers of series of their own (LATER_POSTS, NEWCOMERS).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

from infra.samples.gulou_grid import DISTRICT, EIGHTH_STREET, Node

SINCE = "2026-01-01"
FIRST_BEYOND_DESKS = 9001
DAY, NIGHT = ("08:00", "20:00"), ("20:00", "08:00")
LINKAGE_CENTRE, PETITION_OFFICE = "linkage-centre", "petition-office"
NEWCOMERS = 7001  # the first number of those who came when the district grew
LATER_POSTS = 5001  # the first number of those who hold the leaders', property and urban management officers' posts

# Who left a post, and has no successor yet: area and post, last day.
LEFT = {
    ("3203020010030201", "information-officer"): "2026-10-31",
    ("320302004002", "mediator"): "2026-09-30",
}
NEVER_HELD = {("32030200200101", "property-officer")}
# Who is away: area and post, first and last day; the deputy's area and post.
AWAY = (
    ("3203020010020102", "information-officer", "2026-11-01", "2027-03-31", "32030200100201", "grid-leader"),
    ("32030200100301", "grid-leader", "2026-11-10", "2027-01-31", "320302001003", "first-secretary"),
    ("320302004002", "first-secretary", "2026-11-16", "2027-02-28", "320302004002", "urban-management-officer"),
    ("320302002001", "mediator", "2026-09-01", "2026-09-30", "320302002001", "first-secretary"),
)

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
COMMONEST = 20  # surnames that half of the people carry
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文波辉宁斌峰鹏飞宇浩然子轩梓涵雨欣怡佳慧琳颖"
    "雪梅春兰志远海燕晓东新民立成永庆德福光荣振兴家俊凯博睿思源一鸣可心安琪云素珍淑贤丹阳倩楠婷蕾晨曦旭彤"
)


@dataclass(frozen=True, slots=True)
class Staff:
    id: str
    name: str
    phone: str
    email: str
    role: str
    unit: str
    area: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a post 岗位 in an area, since when, and to which day if he or she has left it."""

    area: str
    post: str
    staff: str
    since: str = SINCE
    until: str = ""


@dataclass(frozen=True, slots=True)
class Duty:
    """Daily hours of duty, local time; a window that ends before it starts runs over midnight."""

    unit: str
    staff: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Absence:
    """When somebody is away, both days included, and who deputises."""

    staff: str
    start: str
    end: str
    deputy: str


@dataclass(frozen=True, slots=True)
class Counter:
    """How a unit is reached, invented: numbers of the block 0516-0000, which nobody has."""

    unit: str
    duty_phone: str
    supervision_phone: str
    address: str


@dataclass(slots=True)
class Roster:
    staff: list[Staff] = field(default_factory=list)
    beyond_desks: list[Staff] = field(default_factory=list)
    posts: list[Holder] = field(default_factory=list)
    duty: list[Duty] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)

    def hire(self, role: str, unit: str, area: str, number: int | None = None) -> Staff:
        member = _somebody(number or len(self.staff) + 1, role, unit, area)
        self.staff.append(member)
        return member

    def appoint_beyond_desks(self, role: str, unit: str, area: str) -> None:
        number = FIRST_BEYOND_DESKS + len(self.beyond_desks)
        self.beyond_desks.append(_somebody(number, role, unit, area))

    def man_desk(self, role: str, unit: str, area: str, by_day: int, by_night: int) -> None:
        """Hire the officers of a unit's desk and share day and night among them."""
        for hours in (*[DAY] * by_day, *[NIGHT] * by_night):
            self.duty.append(Duty(unit, self.hire(role, unit, area).id, *hours))

    def appoint(
        self, post: str, area: str, role: str, unit: str, number: int | None = None, since: str = SINCE
    ) -> None:
        staff = self.hire(role, unit, area, number).id
        self.posts.append(Holder(area, post, staff, since, LEFT.get((area, post), "")))


def staff_the_district(nodes: Sequence[Node], departments: Sequence[str]) -> Roster:
    """Everybody the sample district needs, each unit's desk manned round the clock."""
    roster = Roster()
    roster.hire("administrator", LINKAGE_CENTRE, DISTRICT)
    roster.man_desk("linkage-centre", LINKAGE_CENTRE, DISTRICT, by_day=1, by_night=1)
    for street in _of_level(nodes, "street"):
        roster.man_desk("street", f"centre-{street.code}", street.code, by_day=1, by_night=1)
    for community in _of_level(nodes, "community"):
        _staff_community(roster, community.code, nodes)
    for unit in departments:
        if unit != LINKAGE_CENTRE:
            role = PETITION_OFFICE if unit == PETITION_OFFICE else "department"
            roster.man_desk(role, unit, DISTRICT, by_day=1, by_night=1)
    _fill_later_posts(roster, nodes)
    _send_away(roster)
    _open_counters(roster, nodes, departments)
    _staff_beyond_desks(roster, nodes, departments)
    return roster


def staff_the_grown_district(
    roster: Roster, nodes: Sequence[Node], succeeds: Mapping[str, Sequence[str]], since: str
) -> Roster:
    """Who is there once the district has grown, given who was before.

    The officer of an ended cell takes the first of the new ones that has none yet, or leaves; who is still lacking then
    is hired. Until the policy pack has centres for the new street, the linkage centre answers for it.
    """
    number = count(NEWCOMERS)
    ended = {old for olds in succeeds.values() for old in olds}
    officers = {holder.area: holder.staff for holder in roster.posts if holder.area in ended}
    moves: dict[str, str] = {}
    for code, olds in succeeds.items():
        moves.update({officers[old]: code for old in olds[:1] if officers[old] not in moves})
    grown = Roster(
        staff=[replace(s, area=moves.get(s.id, s.area)) for s in roster.staff if s.id in moves or s.area not in ended],
        beyond_desks=list(roster.beyond_desks),
        posts=[holder for holder in roster.posts if holder.area not in ended],
        duty=list(roster.duty),
        absences=[absence for absence in roster.absences if absence.end >= since],
        counters=list(roster.counters),
    )
    grown.posts += [Holder(code, "information-officer", staff, since) for staff, code in moves.items()]
    for code in (code for code in succeeds if code not in moves.values()):
        grown.appoint("information-officer", code, "grid-worker", f"centre-{code[:12]}", next(number), since)
    for node in nodes:
        if node.code.startswith(EIGHTH_STREET):
            for post in POSTS_OF_LEVEL[node.level]:
                grown.appoint(post, node.code, "grid-worker", LINKAGE_CENTRE, next(number), since)
    return grown


def _staff_beyond_desks(roster: Roster, nodes: Sequence[Node], departments: Sequence[str]) -> None:
    """A leader of the district, one and a mediator of every street, the district's auditor, and who heads each body."""
    roster.appoint_beyond_desks("leader", LINKAGE_CENTRE, DISTRICT)
    for street in _of_level(nodes, "street"):
        roster.appoint_beyond_desks("leader", f"centre-{street.code}", street.code)
        roster.appoint_beyond_desks("mediator", f"centre-{street.code}", street.code)
    roster.appoint_beyond_desks("auditor", LINKAGE_CENTRE, DISTRICT)
    for street in _of_level(nodes, "street"):
        roster.appoint_beyond_desks("unit-head", f"centre-{street.code}", street.code)
    for unit in departments:
        roster.appoint_beyond_desks("unit-head", unit, DISTRICT)


def _somebody(number: int, role: str, unit: str, area: str) -> Staff:
    return Staff(
        id=f"gl{number:04}",
        name=name_of(number),
        phone=f"+861990000{number:04}",
        email=f"gl{number:04}@gulou.example",
        role=role,
        unit=unit,
        area=area,
    )


def name_of(number: int) -> str:
    """An invented name, the same for the same number."""
    random = Random(number)
    surname = random.choice(SURNAMES[:COMMONEST] if random.random() < 0.5 else SURNAMES)
    length = 1 if random.random() < 0.18 else 2
    return surname + "".join(random.sample(GIVEN, length))


POSTS_OF_LEVEL = {
    "street": ("street-leader",),
    "community": ("first-secretary", "mediator", "community-police-officer", "urban-management-officer"),
    "compound": ("grid-leader", "property-officer"),
    "cell": ("information-officer",),
}


def _staff_community(roster: Roster, code: str, nodes: Sequence[Node]) -> None:
    centre = f"centre-{code}"
    roster.man_desk("station", centre, code, by_day=1, by_night=1)
    roster.appoint("first-secretary", code, "station", centre)
    roster.appoint("mediator", code, "grid-worker", centre)
    roster.appoint("community-police-officer", code, "grid-worker", centre)
    for node in nodes:
        if node.code.startswith(code) and node.level == "compound":
            roster.appoint("grid-leader", node.code, "grid-worker", centre)
    for node in nodes:
        if node.code.startswith(code) and node.level == "cell":
            roster.appoint("information-officer", node.code, "grid-worker", centre)


def _fill_later_posts(roster: Roster, nodes: Sequence[Node]) -> None:
    """The leaders of district and streets, a community's urban management officer, a compound's property officer."""
    number = count(LATER_POSTS)
    roster.appoint("district-leader", DISTRICT, "linkage-centre", LINKAGE_CENTRE, next(number))
    for street in _of_level(nodes, "street"):
        roster.appoint("street-leader", street.code, "street", f"centre-{street.code}", next(number))
    for level, post in (("community", "urban-management-officer"), ("compound", "property-officer")):
        for node in _of_level(nodes, level):
            if (node.code, post) not in NEVER_HELD:
                roster.appoint(post, node.code, "grid-worker", f"centre-{node.code[:12]}", next(number))


def _send_away(roster: Roster) -> None:
    holders = {(each.area, each.post): each.staff for each in roster.posts}
    for area, post, start, end, deputys_area, deputys_post in AWAY:
        deputy = holders[deputys_area, deputys_post]
        roster.absences.append(Absence(holders[area, post], start, end, deputy))


def _open_counters(roster: Roster, nodes: Sequence[Node], departments: Sequence[str]) -> None:
    """Telephones and address of every unit. Complaints of a unit are heard elsewhere, those of the district's apart."""
    names = {node.code: node.name for node in nodes}
    centres = [(LINKAGE_CENTRE, DISTRICT)] + [
        (f"centre-{node.code}", node.code) for level in ("street", "community") for node in _of_level(nodes, level)
    ]
    others = [(unit, DISTRICT) for unit in departments if unit != LINKAGE_CENTRE]
    for number, (unit, area) in enumerate([*centres, *others], 1):
        path = "".join(names[area[:digits]] for digits in (6, 9, 12) if digits <= len(area))
        supervision = "0516-00009001" if unit == LINKAGE_CENTRE else "0516-00009002"
        roster.counters.append(Counter(unit, f"0516-0000{number:04}", supervision, f"{path}示例路{number}号"))


def _of_level(nodes: Sequence[Node], level: str) -> Iterator[Node]:
    return (node for node in nodes if node.level == level)
