"""The house of law 居民法治之家: when lawyers sit where, and advice that was given, written down once (A2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.audit import ADVICE_RECORDED
from chalicelib.domain.errors import (
    AlreadyKnown,
    CommunityRequired,
    DomainError,
    Forbidden,
    IdempotencyConflict,
    InvalidField,
    NamesAPerson,
    NotFound,
    TemporarilyUnavailable,
    UnknownArea,
    UnknownCategory,
    UnknownMember,
)
from chalicelib.domain.figures import month_of
from chalicelib.domain.grid import DIGITS, level_of
from chalicelib.domain.law_house import Advice, Adviser, names_a_person, sittings
from chalicelib.domain.panels import LAWYER
from chalicelib.domain.people import holds

if TYPE_CHECKING:
    from chalicelib.domain.audit import Origin
    from chalicelib.domain.grid import Area
    from chalicelib.domain.law_house import Sitting
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import Command
    from chalicelib.services.audit import Audit
    from chalicelib.services.pool import People
    from chalicelib.services.ports import AdviceBook, Clock, Grid

_READ, _RECORD = "advice.read", "advice.record"
_COMMUNITY = DIGITS["community"]


class Said(NamedTuple):
    """Advice as it is told. Of `category` and `topic` one at least."""

    area: str
    category: str | None
    topic: str | None
    question: str
    advice: str
    lawyer: str
    channel: str
    given_at: datetime


class Hours(NamedTuple):
    """When lawyers sit for an area, as of a day."""

    area: Area
    day: str
    sittings: Sequence[Sitting]


class LawHouse:
    def __init__(
        self, people: People, book: AdviceBook, grid: Grid, audit: Audit, policy: Policy, clock: Clock
    ) -> None:
        self._people = people
        self._book = book
        self._grid = grid
        self._audit = audit
        self._policy = policy
        self._clock = clock

    def hours(self, code: str) -> Hours:
        """When lawyers sit for an area, for anybody to read. Raises NotFound for no such area today."""
        day = self._policy.day_of(self._clock.now())
        area = self._grid.area(code, day) if level_of(code) else None
        if area is None:
            raise NotFound()
        return Hours(area, day, sittings(self._people.everybody(), code, day, self._policy.calendar))

    def record(self, said: Said, staff: StaffMember, command: Command, by: Origin) -> Advice:
        """Write down advice that was given; a repeat gets that of the first time.

        Raises Forbidden for who may not or for a foreign area, CommunityRequired, UnknownArea, UnknownCategory,
        UnknownMember for who is no lawyer of the pool, NamesAPerson, IdempotencyConflict, TemporarilyUnavailable.
        """
        if not holds(staff, _RECORD, self._policy):
            raise Forbidden()
        try:
            advice = self._advice(said, staff, command)
            entry = self._audit.entry(ADVICE_RECORDED, by, thing=f"advice:{advice.id}")
            self._book.record(advice, command, entry)
        except DomainError as refused:
            known = self._book.recorded(command.id)
            if known is None:
                if isinstance(refused, AlreadyKnown):
                    raise TemporarilyUnavailable() from refused
                raise
            fingerprint, advice = known
            if fingerprint != command.fingerprint:
                raise IdempotencyConflict() from refused
        return advice

    def given(
        self, area: str | None, month: str, staff: StaffMember, limit: int, start: dict[str, Any] | None
    ) -> tuple[Sequence[Advice], dict[str, Any] | None]:
        """What was given in a community, or in a part of it, in a month, newest first.

        Of the own area without one. Fewer than `limit`, or none, where a page held more of other parts. Raises
        Forbidden, InvalidField, CommunityRequired.
        """
        if not holds(staff, _READ, self._policy):
            raise Forbidden()
        if month_of(month) is None:
            raise InvalidField("month", "query-invalid")
        if area is None:
            own = staff.outermost_areas
            area = own[0] if len(own) == 1 else ""
        elif not level_of(area):
            raise InvalidField("area", "query-invalid")
        elif not staff.covers(area):
            raise Forbidden()
        found, following = self._book.of_month(_community_of(area), month, limit, start)
        return [advice for advice in found if advice.area.startswith(area)], following

    def _advice(self, said: Said, staff: StaffMember, command: Command) -> Advice:
        """The advice as it is kept, if everything about it is as it must be."""
        if not level_of(said.area):
            raise UnknownArea("area")
        community = _community_of(said.area)
        if not staff.covers(said.area):
            raise Forbidden()
        day = self._policy.day_of(said.given_at)
        if self._grid.area(said.area, day) is None:
            raise UnknownArea("area")
        if said.category is not None and said.category not in self._policy.categories:
            raise UnknownCategory("category")
        for field in ("topic", "question", "advice"):
            if names_a_person(getattr(said, field) or ""):
                raise NamesAPerson(field)
        lawyer = self._people.member(said.lawyer)
        if lawyer is None or lawyer.what != LAWYER:
            raise UnknownMember("lawyer")
        return Advice(
            id=command.id[:32],
            community=community,
            area=said.area,
            month=day[:7],
            category=said.category,
            topic=said.topic,
            question=said.question,
            advice=said.advice,
            lawyer=Adviser(lawyer.id, lawyer.name),
            channel=said.channel,
            given_at=said.given_at,
            recorded_at=self._clock.now(),
            recorded_by=staff.id,
            unit=staff.unit,
        )


def _community_of(area: str) -> str:
    """Raises CommunityRequired for what is no community, and lies in none."""
    if len(area) < _COMMUNITY:
        raise CommunityRequired("area")
    return area[:_COMMUNITY]
