"""Patrolling 巡访: who walks a beat checks in, time finds what nobody walked, and figures tell of it (G5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain.audit import BY_ITSELF, Origin
from chalicelib.domain.errors import (
    AlreadyKnown,
    AreaTooWide,
    DomainError,
    Forbidden,
    Hidden,
    IdempotencyConflict,
    NotFound,
    OutsideBeat,
    StaleVersion,
    TemporarilyUnavailable,
)
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.grid import Position, cell_at, nearest_cell
from chalicelib.domain.patrol import figures
from chalicelib.domain.people import StaffMember, holds
from chalicelib.domain.posts import seat
from chalicelib.domain.procedure import Circumstances
from chalicelib.domain.rounds import Walk, check_in, fall_due

if TYPE_CHECKING:
    from chalicelib.domain.events import Event
    from chalicelib.domain.grid import Area
    from chalicelib.domain.patrol import Beat
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import Command, KnownCheckIn
    from chalicelib.services.ports import Clock, Grid, PatrolStore, Roster

_READ, _CHECK_IN = "patrol.read", "patrol.check-in"
_ATTEMPTS = 5
_METRES_TOLD = 300  # how far outside a check-in may be to be told how far
_TO_BE_WALKED = frozenset({"due", "overdue"})


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a phone says: where it was, and when by its own clock."""

    position: Position
    at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """Who sends a check-in, as which command, and from where."""

    by: StaffMember
    command: Command
    origin: Origin


class Patrolling:
    def __init__(self, store: PatrolStore, grid: Grid, roster: Roster, policy: Policy, clock: Clock) -> None:
        self._store = store
        self._grid = grid
        self._roster = roster
        self._policy = policy
        self._clock = clock

    def check_in(self, beat_id: str, said: CheckIn, sent: Sent) -> tuple[Beat, datetime]:
        """Write down that somebody walked a beat; the beat then, and when. A repeat gets those of the first time.

        Who held the post on the day of the check-in may, or deputised then, whoever holds it now. Raises NotFound for a
        beat that does not exist or may not be seen, Forbidden for who does not walk it, OutsideBeat, InvalidField,
        BeatEnded, IdempotencyConflict, TemporarilyUnavailable.
        """
        self._permitted(sent.by, _CHECK_IN)
        try:
            for _ in range(_ATTEMPTS):
                beat = self._walked_by(sent.by, beat_id, said.at)
                cell, metres = self._place(beat, said)
                around = Circumstances(
                    sent.by.actor, self._clock.now(), self._policy, sent.origin.request, sent.command.id
                )
                change = check_in(beat, Walk(said.at, cell, metres, said.note), around)
                try:
                    self._store.save(change, sent.command, sent.origin)
                except StaleVersion:
                    continue
                return change.beat, around.now
            raise TemporarilyUnavailable()
        except DomainError as refused:
            known = self._store.check_in(sent.command.id)
            if known is None:
                if isinstance(refused, AlreadyKnown):
                    raise TemporarilyUnavailable() from refused
                raise
            return _again(known, sent.command)

    def fall_due(self, beat_id: str, correlation_id: str) -> bool:
        """Let time have its way with a beat. False when nothing was due (any more).

        Raises StaleVersion when somebody checked in meanwhile: ask again.
        """
        beat = self._store.beat(beat_id)
        if beat is None:
            return False
        around = Circumstances(SYSTEM, self._clock.now(), self._policy, correlation_id, causation_id="time")
        change = fall_due(beat, around)
        if change is not None:
            self._store.save(change, None, Origin(SYSTEM, BY_ITSELF, correlation_id))
        return change is not None

    def beat(self, beat_id: str, staff: StaffMember) -> tuple[Beat, datetime]:
        """A beat within one's areas, or that one walks.

        Raises NotFound, Forbidden for who may neither read rounds nor walk any.
        """
        walks_any = holds(staff, _CHECK_IN, self._policy)
        if not walks_any:
            self._permitted(staff, _READ)
        beat, now = self._store.beat(beat_id), self._clock.now()
        if beat is None:
            raise NotFound()
        if not (self._sees(staff, beat) or (walks_any and self._walks(staff, beat, now))):
            raise Hidden(thing=f"beat:{beat_id}")
        return beat, now

    def timeline(
        self, beat_id: str, staff: StaffMember, limit: int, start: dict[str, Any] | None
    ) -> tuple[list[Event], dict[str, Any] | None]:
        """What happened to a beat, newest first, for who may read it. Raises NotFound."""
        self.beat(beat_id, staff)
        return self._store.newest_events(beat_id, limit, start)

    def of_area(self, code: str, staff: StaffMember) -> tuple[Area, list[Beat], datetime]:
        """The beats of an area and of all that lies in it: a street, a community or below.

        A street's communities are asked one by one. Raises NotFound for no such area today, Forbidden for a foreign
        one, AreaTooWide for the district, whose sums would take a query for each of its communities.
        """
        self._permitted(staff, _READ)
        now = self._clock.now()
        day = self._policy.day_of(now)
        area = self._grid.area(code, day)
        if area is None:
            raise NotFound()
        if not staff.covers(code):
            raise Forbidden()
        if area.level == "district":
            raise AreaTooWide("code")
        beats = self._store.beats_of(code, below=True)
        if area.level == "street":
            for community in sorted(self._grid.parts(code, day)):
                beats += self._store.beats_of(community, below=True)
        return area, beats, now

    def mine(self, staff: StaffMember, area: str | None, *, due_only: bool) -> tuple[list[Beat], datetime]:
        """The beats somebody walks today, holding the post or deputising: of one's own areas, or of a named one."""
        self._permitted(staff, _CHECK_IN)
        now = self._clock.now()
        counted = self._policy.patrol_rules.rounds_counted
        found = [
            beat
            for each in dict.fromkeys([area] if area else staff.areas)
            for beat in self._store.beats_of(each, below=False)
            if not due_only or figures(beat, now, counted).state in _TO_BE_WALKED
        ]
        return [beat for beat in found if self._walks(staff, beat, now)], now

    def _walked_by(self, staff: StaffMember, beat_id: str, at: datetime) -> Beat:
        beat = self._store.beat(beat_id)
        if beat is None:
            raise NotFound()
        if not self._walks(staff, beat, at):
            raise Forbidden() if self._sees(staff, beat) else Hidden(thing=f"beat:{beat_id}")
        return beat

    def _walks(self, staff: StaffMember, beat: Beat, at: datetime) -> bool:
        """Whether somebody holds the post of a beat on the day of a moment, or deputises for who does."""
        post = self._policy.posts.get(beat.post)
        if post is None:
            return False
        held = seat(
            beat.area.code, post, self._roster.holders(beat.area.code, beat.post), self._policy.day_of(at)
        ).incumbents
        return any(
            staff.id == each.holder.contact.id or (each.acting is not None and staff.id == each.acting.id)
            for each in held
        )

    def _sees(self, staff: StaffMember, beat: Beat) -> bool:
        return holds(staff, _READ, self._policy) and staff.covers(beat.area.code)

    def _place(self, beat: Beat, said: CheckIn) -> tuple[str | None, int]:
        """The cell a check-in comes from, and how many metres outside the beat's area it is.

        The network of that day decides. Raises OutsideBeat beyond the policy's tolerance, with the cell it is in (None
        outside the district) and how far it is, None when that is farther than the cells around tell.
        """
        day, position, rules = self._policy.day_of(said.at), said.position, self._policy.rules
        cells = self._grid.cells_near(position.lat, position.lon, day)
        cell = cell_at(position, cells, rules.boundary_tolerance_metres)
        code = cell.code if cell else None
        if code and code.startswith(beat.area.code):
            return code, 0
        tolerance = self._policy.patrol_rules.tolerance_metres
        around = self._grid.cells_around(position.lat, position.lon, max(tolerance, _METRES_TOLD), day)
        own = nearest_cell(position, [each for each in around if each.area.code.startswith(beat.area.code)])
        metres = math.ceil(own.metres) if own else None
        if metres is None or metres > tolerance:
            raise OutsideBeat("position", cell=code, metres=metres)
        return code, metres

    def _permitted(self, staff: StaffMember, permission: str) -> None:
        if not holds(staff, permission, self._policy):
            raise Forbidden()


def _again(known: KnownCheckIn, command: Command) -> tuple[Beat, datetime]:
    if known.fingerprint != command.fingerprint or known.beat is None or known.at is None:
        raise IdempotencyConflict()
    return known.beat, known.at
