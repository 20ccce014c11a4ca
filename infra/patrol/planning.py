"""Plans the rounds: a beat for every post that somebody holds today and the policy wants walked.

Planning again changes nothing. What has no holder any more, lies in an area that has ended, or walks no rounds by the
policy, ends. Each beat is a transaction of its own: a run that was interrupted is completed by the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.events import Actor
from chalicelib.domain.grid import DIGITS, LEVELS, Area, level_of
from chalicelib.domain.patrol import beat_id
from chalicelib.domain.posts import seat
from chalicelib.domain.procedure import Circumstances
from chalicelib.domain.rounds import BeatChange, end, plan
from chalicelib.models.patrol_store import DynamoPatrolStore
from chalicelib.models.reference_rows import PostRow
from infra.network.known import known_network, listed_people
from infra.network.people import POSTS
from infra.network.table import Key, ReferenceTable, Row
from infra.operator import Operator

if TYPE_CHECKING:
    from chalicelib.domain.audit import Origin
    from chalicelib.domain.patrol import Beat
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import Holder
    from chalicelib.services.ports import PatrolStore

ACTOR = Actor("patrol-plan", "operator")
"""Whom events name: they are read by staff. The audit names the operator."""

_ATTEMPTS = 5


class Planner(Operator):
    """An operator with a stage's beats in hand, under the pack that this checkout would deploy there."""

    @cached_property
    def store(self) -> DynamoPatrolStore:
        return DynamoPatrolStore(self._connection)

    @property
    def policy(self) -> Policy:
        return self._policy

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def ground(self) -> Ground:
        table = ReferenceTable(self._client("dynamodb"), self.outputs["ReferenceTable"])
        return read_ground(table, self.policy.day_of(self.now))


class Wanted(NamedTuple):
    """A beat there is to be."""

    area: Area
    post: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The areas of a day, and who holds posts by the files, whenever, by area and post. `codes`: of every area ever."""

    areas: Mapping[str, Area]
    codes: frozenset[str]
    holders: Mapping[tuple[str, str], Sequence[Holder]]

    def wanted(self, policy: Policy, day: str) -> dict[str, Wanted]:
        """The beats there are to be on a day, by id: somebody holds the post, in an area that there is."""
        return {
            beat_id(area, post): Wanted(self.areas[area], post)
            for (area, post), holders in sorted(self.holders.items())
            if post in policy.patrols and area in self.areas
            if not seat(area, policy.posts[post], holders, day).vacant
        }

    def why_not(self, beat: Beat, policy: Policy) -> str:
        """Why a beat is not wanted any more."""
        if beat.area.code not in self.areas:
            return "area-ended"
        return "post-vacant" if beat.post in policy.patrols else "no-rounds"


def read_ground(table: ReferenceTable, day: str) -> Ground:
    """The network of a day, and the posts, by the lists that imports keep of both. Raises ListLost."""
    known = known_network(table)
    names = {code: area.name for code, area in known.on(day).areas.items()}
    areas = {code: Area(code, tuple(_path(code, names))) for code in names}
    codes = frozenset(code for listed in known.lists.values() for code in listed.areas)
    holders: dict[tuple[str, str], list[Holder]] = {}
    for key, row in table.rows(listed_people(table, table.people().lists, POSTS)).items():
        holders.setdefault(PostRow.placed(*key), []).append(_holder(key, row))
    return Ground(areas, codes, holders)


def plan_rounds(
    store: PatrolStore,
    ground: Ground,
    policy: Policy,
    now: datetime,
    by: Origin,
    *,
    within: str = "",
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Counter[str]:
    """Begin, change and end beats, as holders, network and policy ask for; how many of each.

    `within`: only of this area and what lies in it. `dry_run`: nothing is written.
    """
    around = Circumstances(ACTOR, now, policy, by.request, causation_id="plan")
    wanted = {name: each for name, each in ground.wanted(policy, policy.day_of(now)).items() if name.startswith(within)}
    standing = {beat.id: beat for beat in _standing(store, ground, within)}
    names = sorted({*wanted, *standing})
    done: Counter[str] = Counter()
    for number, name in enumerate(names, start=1):

        def change(beat: Beat | None, name: str = name) -> BeatChange | None:
            asked = wanted.get(name)
            if asked:
                return plan(beat, asked.area, asked.post, around)
            return end(beat, ground.why_not(beat, policy), around) if beat else None

        what = _one(store, name, standing.get(name), change, by, dry_run=dry_run)
        done[what] += 1
        if what != "unchanged":
            say(f"{what}: {name}")
        progress(number, len(names))
    return done


def end_rounds(store: PatrolStore, policy: Policy, now: datetime, by: Origin, names: Iterable[str]) -> int:
    """End beats by name, whoever holds their posts; how many there were to end."""
    around = Circumstances(ACTOR, now, policy, by.request, causation_id="plan")
    ended = 0
    for name in names:
        what = _one(store, name, None, lambda beat: end(beat, "no-rounds", around) if beat else None, by, dry_run=False)
        ended += what == "ended"
    return ended


def _one(
    store: PatrolStore,
    name: str,
    beat: Beat | None,
    change: Callable[[Beat | None], BeatChange | None],
    by: Origin,
    *,
    dry_run: bool,
) -> str:
    """What became of one beat: begun, changed, ended or unchanged. One that ended before is looked for by its key."""
    for _ in range(_ATTEMPTS):
        beat = beat or store.beat(name)
        done = change(beat)
        if done is None:
            return "unchanged"
        try:
            if not dry_run:
                store.save(done, None, by)
        except StaleVersion:
            beat = None
            continue
        if done.beat.ended_at:
            return "ended"
        return "changed" if beat and beat.ended_at is None else "begun"
    raise StaleVersion()


def _standing(store: PatrolStore, ground: Ground, within: str) -> Iterator[Beat]:
    """The beats that have not ended, list by list: those of communities, and of streets by themselves."""
    if len(within) >= DIGITS["community"]:
        yield from store.beats_of(within, below=True)
        return
    for code in sorted(ground.codes):
        if code.startswith(within) and level_of(code) in ("street", "community"):
            yield from store.beats_of(code, below=True)


def _path(code: str, names: Mapping[str, str]) -> Iterator[str]:
    """The names from the district down to an area."""
    return (names[code[:digits]] for digits in LEVELS if digits <= len(code) and code[:digits] in names)


def _holder(key: Key, row: Row) -> Holder:
    return PostRow(
        *key,
        **{name: row.get(name) for name in ("staff_id", "name", "phone", "email", "away", "hide_phone")},
        from_date=row["from"],
        until_date=row.get("until"),
    ).to_holder()
