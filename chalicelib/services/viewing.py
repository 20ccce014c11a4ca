"""Viewing 视图: the pack's saved questions, asked of a unit, of an area, or of what one reported oneself (A5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.cases import queue_of_staff
from chalicelib.domain.errors import CommunityRequired, Forbidden, InvalidField, NotFound
from chalicelib.domain.grid import DIGITS, level_of
from chalicelib.domain.people import StaffMember, holds, may_list, may_read_queue
from chalicelib.domain.records import CaseSummary, Page
from chalicelib.domain.views import AREA, LEADER, MINE, UNIT, asked_for, lists_asked, may_ask
from chalicelib.services.listing import Read, Start, filled, seen

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy, View
    from chalicelib.services.ports import CaseStore, Clock

_QUEUE_READS = 3
_LIST_READS = 6
"""How many reads of a unit's queue, and of lists of a community, one answer takes at most to be full (ADR 33)."""

_COMMUNITY = DIGITS["community"]


class Viewing:
    def __init__(self, store: CaseStore, policy: Policy, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    def views(self, staff: StaffMember) -> list[View]:
        """The views somebody may ask, as the pack orders them. Raises Forbidden for who reads no cases."""
        if not holds(staff, "case.read", self._policy):
            raise Forbidden()
        asked = [view for view in self._policy.views.values() if may_ask(staff, view, self._policy)]
        return sorted(asked, key=lambda view: view.rank)

    def page(
        self, name: str, staff: StaffMember, limit: int, start: Start, *, unit: str | None, area: str | None
    ) -> Page:
        """What a view finds at a unit (by default the own one), in an area (the own ones), or of one's own.

        At most `limit`; fewer, or none, where what was read within reason held no more, and still not the last page.
        Raises NotFound for no such view or unit, Forbidden, InvalidField for an area or a unit that the view does not
        ask or that is none, CommunityRequired for more than a community.
        """
        view = self._policy.views.get(name)
        if view is None:
            raise NotFound()
        if not may_ask(staff, view, self._policy):
            raise Forbidden()
        for field, given, asks in (("unit", unit, UNIT), ("area", area, AREA)):
            if given is not None and view.asks != asks:
                raise InvalidField(field, "query-invalid")
        if view.asks == UNIT:
            return self._at_unit(view, unit or staff.unit, staff, limit, start)
        if view.asks == MINE:
            return self._reported(view, staff, limit, start)
        if view.asks == LEADER:
            return self._answered_for(view, staff, limit, start)
        return self._in_areas(view, [area] if area else staff.outermost_areas, staff, limit, start)

    def _at_unit(self, view: View, unit: str, staff: StaffMember, limit: int, start: Start) -> Page:
        if unit not in self._policy.units:
            raise NotFound()
        if not may_read_queue(staff, unit, self._policy):
            raise Forbidden()
        return self._in_queue(view, unit, staff, limit, start)

    def _answered_for(self, view: View, staff: StaffMember, limit: int, start: Start) -> Page:
        """Nobody else may ask what a leader answers for."""
        return self._in_queue(view, queue_of_staff(staff.id), staff, limit, start)

    def _in_queue(self, view: View, unit: str, staff: StaffMember, limit: int, start: Start) -> Page:
        """By deadline, as the queue is; what is overdue stands at its beginning."""
        now = self._clock.now()
        late = now if view.overdue else None

        def read(most: int, start: Start) -> Page:
            return self._store.unit_queue(unit, most, start, late)

        return self._asked(view, read, staff, now, limit, start, _QUEUE_READS)

    def _reported(self, view: View, staff: StaffMember, limit: int, start: Start) -> Page:
        """Newest first."""
        now = self._clock.now()

        def read(most: int, start: Start) -> Page:
            return self._store.reported_by(staff.id, most, start)

        return self._asked(view, read, staff, now, limit, start, 1)

    def _in_areas(self, view: View, areas: Sequence[str], staff: StaffMember, limit: int, start: Start) -> Page:
        """Newest first, over all kinds that the view asks for."""
        if not all(level_of(area) for area in areas):
            raise InvalidField("area", "query-invalid")
        if not all(staff.covers(area) for area in areas):
            raise Forbidden()
        community = areas[0][:_COMMUNITY] if areas else ""
        if len(community) < _COMMUNITY or not all(area.startswith(community) for area in areas):
            raise CommunityRequired("area")
        lists = lists_asked(view, self._policy.roles[staff.role].kinds, self._policy)
        now = self._clock.now()

        def read(most: int, start: Start) -> Page:
            older_than = start["older_than"] if start else None
            found = [
                item
                for kind, openness in lists
                for item in self._store.community_cases(community, kind, most, older_than, open=openness)
            ]
            newest = sorted(found, key=lambda item: item.case_id, reverse=True)[:most]
            return Page(newest, {"older_than": newest[-1].case_id} if len(newest) == most else None)

        def within(item: CaseSummary) -> bool:
            return item.area is not None and any(map(item.area.code.startswith, areas))

        reads = max(1, _LIST_READS // max(1, len(lists)))
        return self._asked(view, read, staff, now, limit, start, reads, within)

    def _asked(
        self,
        view: View,
        read: Read,
        staff: StaffMember,
        now: datetime,
        limit: int,
        start: Start,
        reads: int,
        within: Callable[[CaseSummary], bool] = lambda item: True,
    ) -> Page:
        """What a view asks for of a list, in so many reads of what may be seen of it. What lies outside the areas asked
        for is not looked at any closer.
        """

        def may(item: CaseSummary) -> bool:
            return not within(item) or may_list(staff, item, self._policy, reported=view.asks == MINE)

        def read_seen(most: int, start: Start) -> Page:
            return seen(read, may, most, start)

        def fits(item: CaseSummary) -> bool:
            return within(item) and asked_for(view, item, now, self._policy)

        return filled(read_seen, fits, limit, start, reads)
