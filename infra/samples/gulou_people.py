"""The people of the sample district: staff of every unit, holders of posts, and hours of duty. All invented.

Numbers run through the centres and the grid first and the departments last, in the order of `units.toml`, so that a
department added at its end changes nobody else's number, name or telephone. Leaders, mediators and auditors, who man no
desk, have a series of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from infra.samples.gulou_grid import DISTRICT, Node

SINCE = "2026-01-01"
FIRST_BEYOND_DESKS = 9001
DAY, NIGHT = ("08:00", "20:00"), ("20:00", "08:00")
LINKAGE_CENTRE, PETITION_OFFICE = "linkage-centre", "petition-office"

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
    """Who holds a post 岗位 in an area, since when."""

    area: str
    post: str
    staff: str
    since: str = SINCE


@dataclass(frozen=True, slots=True)
class Duty:
    """Daily hours of duty, local time; a window that ends before it starts runs over midnight."""

    unit: str
    staff: str
    start: str
    end: str


@dataclass(slots=True)
class Roster:
    staff: list[Staff] = field(default_factory=list)
    beyond_desks: list[Staff] = field(default_factory=list)
    posts: list[Holder] = field(default_factory=list)
    duty: list[Duty] = field(default_factory=list)

    def hire(self, role: str, unit: str, area: str) -> Staff:
        member = _somebody(len(self.staff) + 1, role, unit, area)
        self.staff.append(member)
        return member

    def appoint_beyond_desks(self, role: str, unit: str, area: str) -> None:
        number = FIRST_BEYOND_DESKS + len(self.beyond_desks)
        self.beyond_desks.append(_somebody(number, role, unit, area))

    def man_desk(self, role: str, unit: str, area: str, by_day: int, by_night: int) -> None:
        """Hire the officers of a unit's desk and share day and night among them."""
        for hours in (*[DAY] * by_day, *[NIGHT] * by_night):
            self.duty.append(Duty(unit, self.hire(role, unit, area).id, *hours))

    def appoint(self, post: str, area: str, role: str, unit: str) -> None:
        self.posts.append(Holder(area, post, self.hire(role, unit, area).id))


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
    _staff_beyond_desks(roster, nodes)
    return roster


def _staff_beyond_desks(roster: Roster, nodes: Sequence[Node]) -> None:
    """A leader of the district, one and a mediator of every street, and the district's auditor."""
    roster.appoint_beyond_desks("leader", LINKAGE_CENTRE, DISTRICT)
    for street in _of_level(nodes, "street"):
        roster.appoint_beyond_desks("leader", f"centre-{street.code}", street.code)
        roster.appoint_beyond_desks("mediator", f"centre-{street.code}", street.code)
    roster.appoint_beyond_desks("auditor", LINKAGE_CENTRE, DISTRICT)


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


def _of_level(nodes: Sequence[Node], level: str) -> Iterator[Node]:
    return (node for node in nodes if node.level == level)
