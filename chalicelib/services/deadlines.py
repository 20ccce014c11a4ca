"""Counting provisional deadlines again, case by case, when the days off of a year were announced."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.deadlines import recount
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.procedure import Circumstances

if TYPE_CHECKING:
    from chalicelib.domain.audit import Origin
    from chalicelib.domain.procedure import Change
    from chalicelib.services.ports import CaseStore, Clock, Policies

_ATTEMPTS = 5


class Recounted(NamedTuple):
    """`change`: None where nothing became of it. `left`: clocks that cannot be counted again, for nobody kept the
    policy they were counted by.
    """

    change: Change | None
    left: tuple[str, ...]


class Deadlines:
    """Counts again by the calendar in force, one transaction a case. What was counted is not counted again."""

    def __init__(self, store: CaseStore, policies: Policies, clock: Clock) -> None:
        self._store = store
        self._policies = policies
        self._clock = clock

    def plan(self, case_id: str, by: Origin) -> Recounted:
        """What counting a case again would change. Nothing is changed."""
        history = self._store.history(case_id)
        if not history:
            return Recounted(None, ())
        pinned = history[-1].policy_version
        newest = self._policies.current
        around = Circumstances(
            SYSTEM, self._clock.now(), self._policies.of(pinned), by.request, f"calendar:{newest.version}"
        )
        return Recounted(*recount(history, self._policies, newest, around))

    def recount(self, case_id: str, by: Origin) -> Recounted:
        """Count the provisional deadlines of a case again.

        Its events say that it happened by itself, the audit who had it done. Raises StaleVersion when somebody else
        keeps changing the case.
        """
        for _ in range(_ATTEMPTS):
            planned = self.plan(case_id, by)
            if planned.change is None:
                return planned
            try:
                self._store.save(planned.change, None, by.source, by.actor)
            except StaleVersion:
                continue
            return planned
        raise StaleVersion()
