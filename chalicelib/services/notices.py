"""The public notice 挂牌公示 of an area (G4): who is responsible, whom to call, what may be reported.

Names and work phones of officers, duty and supervision phone are posted publicly by law: Binzhou's regulation of grid
service management 滨州市网格化服务管理条例 asks it of every grid, and is taken as the model. No reporter is ever named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.errors import AreaEnded, NotFound
from chalicelib.domain.grid import DIGITS, LEVELS, level_of
from chalicelib.domain.law_house import sittings
from chalicelib.domain.network import ended_on, in_force, version_on
from chalicelib.domain.posts import Seat, led_by, seat
from chalicelib.domain.records import Counter

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.law_house import Sitting
    from chalicelib.domain.network import NetworkVersion
    from chalicelib.domain.policy import Policy, Post
    from chalicelib.domain.records import AreaRecord, Contact, Holder, Network
    from chalicelib.services.pool import People
    from chalicelib.services.ports import Board, Clock

_MOST_PARTS = 60
"""Parts of an area that are drawn and listed; more would be no notice, and each costs a read."""


class Person(NamedTuple):
    """Somebody as the public may know him or her; no phone where it is the person's own."""

    name: str
    phone: str | None


class Posted(NamedTuple):
    """Somebody who holds a post. `away_until`: the last day of an absence, if known; without a deputy nobody acts."""

    person: Person
    away: bool = False
    away_until: str | None = None
    deputy: Person | None = None


class StandIn(NamedTuple):
    """Who answers for a vacant post: a post above it, and who acts in that; none where that is vacant up to the top."""

    post: Post
    area_name: str
    people: tuple[Person, ...]


class PostShown(NamedTuple):
    """A post of the area, or of one above that serves it."""

    post: Post
    area: str
    area_name: str
    posted: tuple[Posted, ...]
    vacant_since: str | None
    stand_in: StandIn | None

    @property
    def vacant(self) -> bool:
        return not self.posted


class Part(NamedTuple):
    """A part of the area on the map, or of a cell its neighbours; `head`: the post that leads such a part."""

    code: str
    name: str
    level: str
    head: PostShown | None
    geometry: Mapping[str, Any] | None


class UnitShown(NamedTuple):
    id: str
    name: str
    counter: Counter


class KindShown(NamedTuple):
    """A kind of matter that may be reported, with some of its categories."""

    id: str
    zh: str
    examples: tuple[str, ...]


class PublicNotice(NamedTuple):
    """All that hangs on the wall. `posts`: the area's own first, then of each area above. `units`: nearest first.

    `parts` are the area's, or, where it has none (`neighbours`), those of the area above, itself among them.
    `law_house`: when lawyers sit in a community's house of law; nothing for other areas.
    """

    code: str
    name: str
    level: str
    path: tuple[str, ...]
    households: int | None
    day: str
    version: NetworkVersion
    label: str | None
    posts: tuple[PostShown, ...]
    units: tuple[UnitShown, ...]
    geometry: Mapping[str, Any] | None
    parts: tuple[Part, ...]
    neighbours: bool
    kinds: tuple[KindShown, ...]
    law_house: tuple[Sitting, ...] = ()

    @property
    def duty_phone(self) -> str | None:
        return next((unit.counter.duty_phone for unit in self.units if unit.counter.duty_phone), None)

    @property
    def supervision_phone(self) -> str | None:
        return next((unit.counter.supervision_phone for unit in self.units if unit.counter.supervision_phone), None)


class Place(NamedTuple):
    """Where a report form is about. `ended`: the area on the sign where it is no more; the place is then one above."""

    code: str
    path: tuple[str, ...]
    duty_phone: str | None
    ended: str | None = None


class Notices:
    def __init__(self, board: Board, people: People, policy: Policy, clock: Clock) -> None:
        self._board = board
        self._people = people
        self._policy = policy
        self._clock = clock

    def of(self, code: str, day: str | None = None) -> PublicNotice:
        """The notice of an area as it is on a day (ISO date; today without).

        Raises NotFound for what is no area on that day and never was, AreaEnded for what no longer is one.
        """
        day = day or self.today()
        above = _above(code)
        network = self._board.network(self._centres(code))
        record = self._board.area(code)
        area = self._living(record, network, day)
        version = version_on(network.versions, day)
        if area is None or version is None:
            raise self._missing(record, network, day)
        names = dict(zip([*reversed(above), code], area["path"], strict=False))
        feature = in_force(record.features, network.versions, day)
        children = (feature or {}).get("properties", {}).get("children", [])
        parent = self._board.area(above[0]) if above and not children else None
        holders = {code: record.holders} | {
            place: parent.holders if parent and place == parent.code else self._board.holders_in(place)
            for place in above
        }
        office = _Office(self._policy, day, names, holders)
        if parent is not None:
            around = in_force(parent.features, network.versions, day)
            children = (around or {}).get("properties", {}).get("children", [])
        return PublicNotice(
            code=code,
            name=area["name"],
            level=LEVELS[len(code)],
            path=tuple(area["path"]),
            households=(feature or {}).get("properties", {}).get("households"),
            day=day,
            version=version,
            label=network.label,
            posts=tuple(shown for place in (code, *above) for shown in office.posts_of(place)),
            units=self._units(code, network),
            geometry=(feature or {}).get("geometry"),
            parts=tuple(self._parts(children, network, day, office, record)),
            neighbours=parent is not None,
            kinds=self._kinds(),
            law_house=self._law_house(code, day),
        )

    def place(self, code: str) -> Place:
        """Where a report is about that somebody makes by the sign of an area. Raises NotFound for no such area.

        A sign outlives its area: where that has ended, it is the nearest one above that there still is.
        """
        day = self.today()
        network = self._board.network(self._centres(code))
        record = self._board.area(code)
        ended = self._living(record, network, day) is None
        if ended:
            missing = self._missing(record, network, day)
            if isinstance(missing, NotFound) or not missing.extra["now"]:
                raise missing
            record = self._board.area(missing.extra["now"])
        area = self._living(record, network, day)
        if area is None:
            raise NotFound()
        phones = (unit.counter.duty_phone for unit in self._units(code, network))
        return Place(record.code, tuple(area["path"]), next(filter(None, phones), None), code if ended else None)

    def today(self) -> str:
        now: datetime = self._clock.now()
        return self._policy.day_of(now)

    def _living(self, record: AreaRecord, network: Network, day: str) -> Mapping[str, Any] | None:
        return in_force(record.said, network.versions, day) if record.said else None

    def _missing(self, record: AreaRecord, network: Network, day: str) -> NotFound | AreaEnded:
        ended = ended_on(record.said, network.versions, day)
        if ended is None:
            return NotFound()
        now = (place for place in _above(record.code) if self._living(self._board.area(place), network, day))
        return AreaEnded(ended_on=ended, now=next(now, None))

    def _centres(self, code: str) -> list[str]:
        """The centres that serve an area, its own first, up to the district's."""
        places = (code, *_above(code))
        return list(dict.fromkeys(self._policy.centre_of(place, len(place)) for place in places))

    def _units(self, code: str, network: Network) -> tuple[UnitShown, ...]:
        return tuple(
            UnitShown(unit, self._policy.units[unit].zh, network.counters.get(unit, Counter()))
            for unit in self._centres(code)
        )

    def _parts(
        self, children: Sequence[Sequence[str]], network: Network, day: str, office: _Office, own: AreaRecord
    ) -> list[Part]:
        parts = []
        for code, name in sorted(map(tuple, children))[:_MOST_PARTS]:
            record = own if code == own.code else self._board.area(code)
            feature = in_force(record.features, network.versions, day)
            office.take_in(code, name, record.holders)
            level = LEVELS.get(len(code), "")
            parts.append(Part(code, name, level, office.head_of(code, level), (feature or {}).get("geometry")))
        return parts

    def _law_house(self, code: str, day: str) -> tuple[Sitting, ...]:
        if LEVELS[len(code)] != "community":
            return ()
        return tuple(sittings(self._people.everybody(), code, day, self._policy.calendar))

    def _kinds(self) -> tuple[KindShown, ...]:
        categories = self._policy.categories
        ranked = sorted(self._policy.kinds.values(), key=lambda kind: kind.rank)
        return tuple(
            KindShown(kind.id, kind.zh, tuple(categories[each].zh for each in kind.examples)) for kind in ranked
        )


class _Office:
    """How the posts of an area and of those above it stand on one day."""

    def __init__(
        self,
        policy: Policy,
        day: str,
        names: Mapping[str, str],
        holders: Mapping[str, Mapping[str, Sequence[Holder]]],
    ) -> None:
        self._policy = policy
        self._day = day
        self._names = dict(names)
        self._holders = dict(holders)

    def take_in(self, code: str, name: str, holders: Mapping[str, Sequence[Holder]]) -> None:
        self._names[code] = name
        self._holders[code] = holders

    def posts_of(self, code: str) -> list[PostShown]:
        return [self._shown(code, post) for post in self._of_level(LEVELS[len(code)])]

    def head_of(self, code: str, level: str) -> PostShown | None:
        """The post that leads an area: the first of its level that one person holds."""
        post = next((each for each in self._of_level(level) if each.single), None)
        return self._shown(code, post) if post else None

    def _of_level(self, level: str) -> list[Post]:
        posts = (post for post in self._policy.posts.values() if post.level == level)
        return sorted(posts, key=lambda post: post.rank)

    def _shown(self, code: str, post: Post) -> PostShown:
        standing = self._seat(code, post)
        posted = tuple(_posted(each.holder, each.away) for each in standing.incumbents)
        stand_in = None if standing.acting else self._stand_in(code, post)
        return PostShown(post, code, self._name(code), posted, standing.vacant_since, stand_in)

    def _stand_in(self, code: str, post: Post) -> StandIn | None:
        for place, leader in led_by(code, post, self._policy):
            acting = [_acting(each.holder, each.away) for each in self._seat(place, leader).incumbents]
            people = tuple(person for person in acting if person is not None)
            if people:
                return StandIn(leader, self._name(place), people)
        return None

    def _seat(self, code: str, post: Post) -> Seat:
        return seat(code, post, self._holders.get(code, {}).get(post.id, ()), self._day)

    def _name(self, code: str) -> str:
        return self._names.get(code, code)


def _posted(holder: Holder, away: Any) -> Posted:
    person = _person(holder.name, holder.contact, hidden=holder.hides_phone)
    if away is None:
        return Posted(person)
    deputy = _person(away.deputy_name, away.deputy, hidden=away.deputy_hides_phone) if away.deputy else None
    return Posted(person, True, away.until_date, deputy)


def _acting(holder: Holder, away: Any) -> Person | None:
    posted = _posted(holder, away)
    return posted.deputy if posted.away else posted.person


def _person(name: str, contact: Contact, *, hidden: bool) -> Person:
    return Person(name or contact.id, None if hidden else contact.phone)


def _above(code: str) -> list[str]:
    """The areas that hold one, nearest first. Raises NotFound for what is no code of an area."""
    if not level_of(code):
        raise NotFound()
    return [code[:digits] for digits in sorted(DIGITS.values(), reverse=True) if digits < len(code)]
