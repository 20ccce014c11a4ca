"""Migrating cases: a running case goes by another version of the policy from now on, and its history says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain import procedure
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.procedure import Circumstances

if TYPE_CHECKING:
    from chalicelib.domain.audit import Origin
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import CaseStore, Clock

_ATTEMPTS = 5


class Migrating:
    """Brings cases to a version, one transaction each. What was brought is not brought again."""

    def __init__(self, store: CaseStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def migrate(self, case_id: str, to: Policy, by: Origin) -> Case | None:
        """The case as it goes by a version from now on; None when there is nothing to do (any more).

        Its event says that it happened by itself, the audit who had it done.
        Raises StaleVersion when somebody else keeps changing the case.
        """
        for _ in range(_ATTEMPTS):
            case = self._store.case(case_id)
            if case is None or not case.open or case.policy_version == to.version:
                return None
            around = Circumstances(SYSTEM, self._clock.now(), to, by.request, f"policy:{to.version}")
            migrated = procedure.migrate(case, around)
            try:
                self._store.save(migrated, None, by.source, by.actor)
            except StaleVersion:
                continue
            return migrated.case
        raise StaleVersion()
