"""A stage as the commands for policies see it: the versions it keeps, and its open cases with all that they hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from chalicelib.adapters.system import SystemClock
from chalicelib.models.case_store import DynamoCaseStore
from chalicelib.models.reference_store import KeptRoster
from chalicelib.services.deadlines import Deadlines
from chalicelib.services.duty import duty_at
from chalicelib.services.migrating import Migrating
from chalicelib.services.open_cases import open_cases
from infra.operator import Operator
from infra.policy.kept import every_unit

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Policy

_TOGETHER = 100


class Stage(Operator):
    """An operator at a stage's policies and cases."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @cached_property
    def store(self) -> DynamoCaseStore:
        return DynamoCaseStore(self._connection)

    @cached_property
    def migrating(self) -> Migrating:
        return Migrating(self.store, SystemClock())

    @cached_property
    def deadlines(self) -> Deadlines:
        return Deadlines(self.store, self._versions, SystemClock())

    def duty(self, policy: Policy) -> Callable[[datetime], Callable[[str], bool]]:
        """Which units have somebody on duty at a moment, by the roster as it is now."""
        return lambda moment: duty_at(moment, self._roster, policy)

    @cached_property
    def _roster(self) -> KeptRoster:
        self._bind()
        return KeptRoster(time.monotonic)

    def cases(self, case_ids: Iterable[str]) -> Iterator[Case]:
        """These cases; those that are not there are left out."""
        for some in _some(dict.fromkeys(case_ids)):
            yield from self.vault.cases(some).values()

    def open_cases(self, *units: str, told: Callable[[int], None] = lambda count: None) -> Iterator[Case]:
        """Every case that is open, in no order; of those in queues of units of any version, and of these."""
        found = open_cases(self.store, every_unit(self.kept, *self.current.units, *units))
        for case_ids in _some(each.case_id for each in found):
            cases = self.vault.cases(case_ids).values()
            told(len(case_ids))
            yield from (case for case in cases if case.open)


def _some(case_ids: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(case_ids)
    while some := list(islice(waiting, _TOGETHER)):
        yield some
