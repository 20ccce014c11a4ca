"""The pool of people of the sample district: mediators, police, lawyers, third parties. All invented.

Numbers are a series of their own, so that the pool moves nobody on the staff. Every community's house of law has a
lawyer for half a day a week.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from infra.samples.gulou_grid import DISTRICT, Node
from infra.samples.gulou_people import name_of

FIRST = 8001
HEADER = [
    "id", "name", "what", "title", "organisation", "unit", "phone", "areas", "good_at", "bound_to", "away",
    "from", "until", "hours",
]  # fmt: skip
_SINCE = "2026-01-01"
_LAWYERS = 10
_MORNING, _AFTERNOON = "09:00-11:30", "14:30-17:00"
_SLOTS = [(day, _MORNING) for day in "一二三四五"] + [(day, _AFTERNOON) for day in "一二三四五"]

_FIELDS = (
    "neighbour-dispute;noise;leaking-flat", "family-dispute", "unpaid-wages;labour-dispute",
    "property-management;tenancy-dispute", "medical-dispute;traffic-accident", "land-dispute",
    "consumer-dispute;debt-dispute",
)  # fmt: skip
_LAWYERS_FIELDS = (
    "",
    "",
    "labour-dispute;unpaid-wages",
    "",
    "family-dispute",
    "",
    "medical-dispute",
    "",
    "land-dispute",
    "",
)
_BOUND = {1: "water", 4: "万通物业管理公司", 8: "housing-construction"}
_AWAY = {2: "2026-12-01~2026-12-15", 5: "2026-11-25"}
_ELDERS = ("老干部", "老战士", "老专家", "老教师", "老模范", "老教师", "老干部")
_DELEGATES = ("党代表", "人大代表", "政协委员", "党代表", "人大代表", "政协委员")
_MASS_BODIES = (
    ("鼓楼区妇女联合会", "women-federation", "family-dispute"), ("鼓楼区总工会", "", "unpaid-wages;labour-dispute"),
    ("鼓楼区残疾人联合会", "disabled-federation", ""), ("共青团鼓楼区委员会", "", "family-dispute"),
)  # fmt: skip
_ORGANISATIONS = (
    ("示例物业管理协会", "property-management;tenancy-dispute"), ("示例医患纠纷调解中心", "medical-dispute"),
    ("示例心理咨询服务社", ""), ("示例消费者协会", "consumer-dispute"), ("示例社会工作服务中心", ""),
)  # fmt: skip


def people_of_the_pool(nodes: Sequence[Node]) -> list[list[str]]:
    """The lines of `panel.csv`, some sixty."""
    numbers = count(FIRST)
    return [_line(next(numbers), said) for said in _said(nodes)]


def _said(nodes: Sequence[Node]) -> Iterator[Mapping[str, str]]:
    streets = [node for node in nodes if node.level == "street"]
    communities = [node for node in nodes if node.level == "community"]
    for place, street in enumerate(streets):
        below = [node for node in communities if node.code.startswith(street.code)]
        for community in below[:2]:
            organisation, centre = f"{community.name}人民调解委员会", f"centre-{community.code}"
            yield {"what": "mediator", "organisation": organisation, "unit": centre, "areas": community.code}
        organisation = f"{street.name}人民调解委员会"
        yield {
            **{"what": "mediator", "organisation": organisation, "unit": f"centre-{street.code}"},
            **{"areas": street.code, "good_at": _FIELDS[place % len(_FIELDS)]},
        }
        station = f"{street.name.removesuffix('街道')}派出所"
        yield {"what": "police", "organisation": station, "unit": "public-security", "areas": street.code}
    for _ in range(2):
        yield {"what": "mediator", "organisation": "鼓楼区人民调解委员会", "areas": DISTRICT}
    for place in range(_LAWYERS):
        yield _lawyer(place, communities)
    for place, title in enumerate(_ELDERS):
        street = streets[place % len(streets)]
        yield {"what": "elder", "title": title, "organisation": street.name, "areas": street.code}
    for title in _DELEGATES:
        yield {"what": "delegate", "title": title, "organisation": "鼓楼区", "areas": DISTRICT}
    for organisation, unit, field in _MASS_BODIES:
        yield {
            **{"what": "mass-body", "organisation": organisation, "unit": unit, "areas": DISTRICT},
            "good_at": field,
        }
    for organisation, field in _ORGANISATIONS:
        yield {"what": "social-organisation", "organisation": organisation, "areas": DISTRICT, "good_at": field}


def _lawyer(place: int, communities: Sequence[Node]) -> Mapping[str, str]:
    """Sits in a run of neighbouring communities, each at another half-day."""
    own = [each for number, each in enumerate(communities) if number * _LAWYERS // len(communities) == place]
    hours = [f"{each.code} 周{day} {times}" for each, (day, times) in zip(own, _SLOTS, strict=False)]
    return {
        "what": "lawyer",
        "organisation": f"江苏示例{'甲乙丙'[place % 3]}律师事务所",
        "areas": ";".join(dict.fromkeys(each.code[:9] for each in own)),
        "good_at": _LAWYERS_FIELDS[place],
        "bound_to": _BOUND.get(place, ""),
        "away": _AWAY.get(place, ""),
        "hours": ";".join(hours),
    }


def _line(number: int, said: Mapping[str, str]) -> list[str]:
    known = {
        **{"id": f"gp{number:04}", "name": name_of(number), "phone": f"+861990000{number:04}", "from": _SINCE},
        **said,
    }
    return [known.get(column, "") for column in HEADER]
