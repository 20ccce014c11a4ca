"""The pool of people 人才库 whom the district asks to the table: mediators, police, lawyers and third parties (A2, A4).

Here is who may not sit there, and why (回避), and who is proposed for a panel. Nothing is decided for people: a
proposal is explained, and somebody invites. What is objected to a member is told apart: one of `RECUSALS` keeps
somebody out, whoever wants him or her there; the others say only that somebody else is asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from chalicelib.domain.grid import LEVELS

if TYPE_CHECKING:
    from chalicelib.domain.policy import PanelRule, Policy

MEDIATOR, POLICE, LAWYER, DELEGATE, ELDER = "mediator", "police", "lawyer", "delegate", "elder"
MASS_BODY, SOCIAL_ORGANISATION = "mass-body", "social-organisation"
WHATS = (MEDIATOR, POLICE, LAWYER, DELEGATE, ELDER, MASS_BODY, SOCIAL_ORGANISATION)
"""What a member of the pool is, in the order in which a table is laid."""

WHAT_ZH: Mapping[str, str] = {
    MEDIATOR: "调解员",
    POLICE: "民警",
    LAWYER: "律师",
    DELEGATE: "两代表一委员",
    ELDER: "五老",
    MASS_BODY: "群团组织",
    SOCIAL_ORGANISATION: "社会组织",
}
DELEGATES = ("党代表", "人大代表", "政协委员")
"""The titles of 两代表一委员."""

UNIT_IS_PARTY, BOUND_TO_PARTY, RELATED = "unit-is-party", "bound-to-party", "declared-relation"
NOT_SERVING, UNAVAILABLE, OUTSIDE_AREA, OTHER_FIELD = "not-serving", "unavailable", "outside-area", "other-field"
RECUSALS = frozenset({UNIT_IS_PARTY, BOUND_TO_PARTY, RELATED})
"""What keeps somebody from the table of this matter for good (回避): nobody may waive it."""

_LEVEL_ZH = {"district": "本区", "street": "本街道", "community": "本社区", "compound": "本小区", "cell": "本网格"}


class Days(NamedTuple):
    """Days from one to another, both included (ISO, district time)."""

    first: str
    last: str


class Hours(NamedTuple):
    """When a lawyer sits in a community's house of law 居民法治之家, each week. `weekday`: 1 is Monday, 7 Sunday."""

    community: str
    weekday: int
    from_time: str
    to_time: str


class Member(NamedTuple):
    """One of the pool. `title`: as 人大代表 or 老教师. `unit`: of the policy pack, or empty.

    `areas`: codes of those served, with all that lies in them. `good_at`: categories and kinds; empty: all.
    `bound_to`: whose counsel he or she is, or is bound to otherwise: units by id, others by name. `away`: days on which
    he or she is not to be had. `from_day`, `until_day`: of membership; None: always, still.
    """

    id: str
    name: str
    what: str
    organisation: str
    title: str = ""
    unit: str = ""
    phone: str | None = None
    areas: tuple[str, ...] = ()
    good_at: tuple[str, ...] = ()
    bound_to: tuple[str, ...] = ()
    away: tuple[Days, ...] = ()
    from_day: str | None = None
    until_day: str | None = None
    hours: tuple[Hours, ...] = ()

    def serves_on(self, day: str) -> bool:
        return (self.from_day or day) <= day <= (self.until_day or day)

    def is_away_on(self, day: str) -> bool:
        return any(first <= day <= last for first, last in self.away)


class Sought(NamedTuple):
    """What somebody is sought for. What is left out (None, empty) is not asked, and nothing is objected for it.

    `parties`: who is a party or accused: units by id, others by name. `related`: by a member's id, what he or she is to
    a party, as somebody declared it.
    """

    day: str
    kind: str | None = None
    category: str | None = None
    area: str | None = None
    parties: Sequence[str] = ()
    related: Mapping[str, str] = {}


class Objection(NamedTuple):
    """Why a member does not suit; `code` is stable."""

    code: str
    zh: str
    en: str

    @property
    def recusal(self) -> bool:
        return self.code in RECUSALS


class Proposed(NamedTuple):
    """A member who suits, and what speaks for him or her."""

    member: Member
    why: str


class Seat(NamedTuple):
    """So many of one sort at the table: who is proposed, and whom else one may ask, both in the same order."""

    what: str
    needed: int
    proposed: tuple[Proposed, ...]
    others: tuple[Proposed, ...]

    @property
    def missing(self) -> int:
        return self.needed - len(self.proposed)


class Proposal(NamedTuple):
    """A panel as it is proposed. `excluded`: who may not sit there, with the recusals that say why."""

    rule: str
    zh: str
    seats: tuple[Seat, ...]
    excluded: tuple[tuple[Member, tuple[Objection, ...]], ...]

    @property
    def complete(self) -> bool:
        return not any(seat.missing for seat in self.seats)


def objections(member: Member, sought: Sought) -> tuple[Objection, ...]:
    """What speaks against asking a member; nothing: he or she suits. Recusals come first."""
    found = [
        *_recusals(member, sought),
        *([] if member.serves_on(sought.day) else [_NOT_SERVING]),
        *([_UNAVAILABLE] if member.is_away_on(sought.day) else []),
        *([_OUTSIDE_AREA] if sought.area is not None and not nearness(member, sought.area) else []),
        *([] if _knows(member, sought) else [_OTHER_FIELD]),
    ]
    return tuple(found)


def rule_for(kind: str | None, category: str | None, policy: Policy) -> PanelRule:
    """The panel that a matter asks for. Raises KeyError in a policy of before there were panels."""
    for rule in policy.panels:
        if (not rule.kinds or kind in rule.kinds) and (not rule.categories or category in rule.categories):
            return rule
    raise KeyError(kind)  # the compiler sees to it that the last row holds always


def proposed(members: Iterable[Member], rule: PanelRule, sought: Sought) -> Proposal:
    """A panel of who suits, by `ordered`: the same for the same pool, whatever order it comes in.

    Whom nobody burdened lately is not known, so that the same are proposed again and again; somebody chooses.
    """
    pool = [(member, objections(member, sought)) for member in members]
    suited = ordered([member for member, against in pool if not against], sought)
    seats = []
    for what, needed in rule.seats:
        fitting = tuple(Proposed(member, _why(member, sought)) for member in suited if member.what == what)
        seats.append(Seat(what, needed, fitting[:needed], fitting[needed:]))
    wanted = {what for what, _ in rule.seats}
    excluded = (
        (member, recusals)
        for member, against in sorted(pool, key=lambda each: each[0].id)
        if member.what in wanted and (recusals := tuple(each for each in against if each.recusal))
    )
    return Proposal(rule.id, rule.zh, tuple(seats), tuple(excluded))


def ordered(members: Iterable[Member], sought: Sought) -> list[Member]:
    """Whom one asks first: who serves the nearest area, of them who is good at just this, of them by id."""
    return sorted(members, key=lambda member: (-nearness(member, sought.area), -_expertise(member, sought), member.id))


def nearness(member: Member, area: str | None) -> int:
    """How many digits of an area's code those that a member serves share: of the narrowest; 0 for one not served."""
    if area is None:
        return 0
    return max((len(own) for own in member.areas if area.startswith(own)), default=0)


def _recusals(member: Member, sought: Sought) -> Iterable[Objection]:
    parties = _names(sought.parties)
    if parties & _names((member.unit, member.organisation)):
        yield _UNIT_IS_PARTY
    if parties & _names(member.bound_to):
        yield _BOUND_TO_PARTY
    if member.id in sought.related:
        said = sought.related[member.id]
        yield Objection(
            RELATED,
            f"已声明与当事人有利害关系：{said}" if said else "已声明与当事人有利害关系",
            f"declared to be related to a party: {said}" if said else "declared to be related to a party",
        )


def _names(said: Iterable[str]) -> set[str]:
    """Units and organisations as names are compared: full-width or not, with blanks or without."""
    return {"".join(normalize("NFKC", each).casefold().split()) for each in said} - {""}


def _knows(member: Member, sought: Sought) -> bool:
    asked = {each for each in (sought.kind, sought.category) if each}
    return not member.good_at or not asked or bool(asked & set(member.good_at))


def _expertise(member: Member, sought: Sought) -> int:
    """2: named for the category; 1: for its kind; 0: for everything alike."""
    return 2 if sought.category in member.good_at else 1 if sought.kind in member.good_at else 0


def _why(member: Member, sought: Sought) -> str:
    near = nearness(member, sought.area)
    place = f"服务{_LEVEL_ZH[LEVELS[near]]}" if near in LEVELS else "未限定区域"
    return f"{place}，{('不限类型', '擅长此类事项', '专长此类纠纷')[_expertise(member, sought)]}"


_UNIT_IS_PARTY = Objection(
    UNIT_IS_PARTY, "所在单位是当事人或被反映单位，应当回避", "belongs to a unit that is a party or is accused"
)
_BOUND_TO_PARTY = Objection(
    BOUND_TO_PARTY,
    "是当事单位的法律顾问或与其有利害关系，应当回避",
    "is counsel of a party, or bound to it otherwise",
)
_NOT_SERVING = Objection(NOT_SERVING, "当日不在聘期内", "is no member of the pool on that day")
_UNAVAILABLE = Objection(UNAVAILABLE, "当日不能到场", "is not to be had on that day")
_OUTSIDE_AREA = Objection(OUTSIDE_AREA, "不服务该区域", "does not serve that area")
_OTHER_FIELD = Objection(OTHER_FIELD, "不从事此类纠纷", "does not deal with such matters")
