"""Versions of the policy: a case is acted on under the one it was opened under, whatever has been deployed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.workdays import WorkCalendar
    from chalicelib.services.ports import PolicyStore

NOT_KEPT, UNREADABLE = "not-kept", "unreadable"

UNREADABLE_AS = (KeyError, TypeError, ValueError, AttributeError)
"""What reading a pack raises that was compiled for a loader of another day, or altered since it was kept."""


class KeptPolicies:
    """`ports.Policies`. Each version but the one in force is read once, when a case of it is met.

    `current`: the pack that came with the code. `read`: what a compiled pack says. `missing`: told, once a version, of
    one that nobody kept or that this code cannot read, and why; cases of it go by the one in force. An earlier version
    counts by the calendar in force, unless that knows less than its own: what was announced since holds for every case.
    """

    def __init__(
        self,
        current: Policy,
        store: Callable[[], PolicyStore],
        read: Callable[[bytes], Policy],
        missing: Callable[[str, str], None],
    ) -> None:
        self._current = current
        self._store = store
        self._read = read
        self._missing = missing
        self._known = {current.version: current}
        self._calendars: dict[str, WorkCalendar | None] = {current.version: current.calendar}

    @property
    def current(self) -> Policy:
        return self._current

    def of(self, version: str) -> Policy:
        if version not in self._known:
            self._known[version] = self._kept(version)
        return self._known[version]

    def calendar(self, version: str) -> WorkCalendar | None:
        self.of(version)
        return self._calendars[version]

    def _kept(self, version: str) -> Policy:
        self._calendars[version] = None
        compiled = self._store().compiled(version)
        if compiled is None:
            self._missing(version, NOT_KEPT)
            return self._current
        try:
            kept = self._read(compiled)
            if kept.version != version:
                raise ValueError(f"{kept.version} is kept in its place")
        except UNREADABLE_AS:
            self._missing(version, UNREADABLE)
            return self._current
        self._calendars[version] = own = kept.calendar
        newest = self._current.calendar
        if newest == own or newest.years[-1:] < own.years[-1:]:
            return kept
        return replace(kept, calendar=newest, calendar_of=self._current.version)
