"""The pool of people 人才库: who there is, whom one may ask to the table, and who is proposed for a panel (A2, A4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.errors import Forbidden, InvalidField
from chalicelib.domain.grid import level_of
from chalicelib.domain.panels import WHATS, Sought, objections, ordered, proposed, rule_for
from chalicelib.domain.people import holds

if TYPE_CHECKING:
    from chalicelib.domain.panels import Member, Objection, Proposal
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import Clock, Pool

MOST = 500
"""How many members one answer holds at most; a district's pool has some hundreds."""

_READ, _CONTACT = "panel.read", "panel.contact"


class Asked(NamedTuple):
    """Whom somebody looks for; what is left out is not asked. `day`: today where it is."""

    what: str | None = None
    area: str | None = None
    category: str | None = None
    day: str | None = None


class Found(NamedTuple):
    """Some of the pool, whom one asks first in front; behind them who does not suit, with what speaks against it.

    `phones`: whether the asker may have them. `next`: where the next page begins; each is ordered by itself. `panel`:
    of the whole pool, whatever sort was asked for; with the first page, where it is said what the matter is about.
    """

    day: str
    members: Sequence[tuple[Member, tuple[Objection, ...]]]
    phones: bool
    next: dict[str, Any] | None
    panel: Proposal | None


class People:
    def __init__(self, pool: Pool, policy: Policy, clock: Clock) -> None:
        self._pool = pool
        self._policy = policy
        self._clock = clock

    def found(self, asked: Asked, staff: StaffMember, limit: int, start: dict[str, Any] | None) -> Found:
        """Members of the pool, for what is asked they suit, and the panel that is proposed of them. One read, but for
        a panel of a pool that is more than a page.

        Raises Forbidden, InvalidField for a sort, an area or a category that there is not.
        """
        if not holds(staff, _READ, self._policy):
            raise Forbidden()
        if asked.what is not None and asked.what not in WHATS:
            raise InvalidField("what", "query-invalid")
        if asked.area is not None and not level_of(asked.area):
            raise InvalidField("area", "query-invalid")
        if asked.category is not None and asked.category not in self._policy.categories:
            raise InvalidField("category", "query-invalid")
        kind = self._policy.categories[asked.category].kind if asked.category else None
        sought = Sought(asked.day or self._today(), kind, asked.category, asked.area)
        members, following = self._pool.page(limit, start)
        against = {
            member: objections(member, sought) for member in members if asked.what is None or member.what == asked.what
        }
        ranked = sorted(ordered(against, sought), key=lambda member: bool(against[member]))
        listed = [(member, against[member]) for member in ranked]
        panel = None
        if asked.category is not None and start is None:
            rule = rule_for(kind, asked.category, self._policy)
            panel = proposed(self.everybody() if following else members, rule, sought)
        return Found(sought.day, listed, holds(staff, _CONTACT, self._policy), following, panel)

    def everybody(self) -> list[Member]:
        """The whole pool, by id: one read for each five hundred."""
        members, following = self._pool.page(MOST, None)
        found = [*members]
        while following:
            members, following = self._pool.page(MOST, following)
            found += members
        return found

    def member(self, member_id: str) -> Member | None:
        return self._pool.named([member_id]).get(member_id)

    def _today(self) -> str:
        return self._policy.day_of(self._clock.now())
