"""Reading the audit: who did what. To whom a petition accuses it says no more of the petition than all the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.domain.accused import accused_of, accused_reach
from chalicelib.domain.audit import FORBIDDEN, NOT_FOUND, Entry
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.people import StaffMember, holds

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import AuditLog, Vault

_READS = 10


class AuditReading:
    def __init__(self, log: AuditLog, vault: Vault, policy: Policy) -> None:
        self._log = log
        self._vault = vault
        self._policy = policy

    def entries(
        self, about: str, name: str, staff: StaffMember, limit: int, start: dict[str, Any] | None
    ) -> tuple[Sequence[Entry], dict[str, Any] | None]:
        """What is noted of a `case`, by a `reader`, of a `person` (a keyed hash), newest first. Raises Forbidden.

        Of a petition that accuses the asker's unit there is nothing, and no page is short for it. Where somebody asked
        in vain, that stands there as it does of a thing that there is not.
        """
        if not holds(staff, "audit.read", self._policy):
            raise Forbidden()
        found: list[Entry] = []
        for _ in range(_READS):
            entries, start = self._log.page(about, name, limit - len(found), start)
            found += self._told(about, entries, staff)
            if start is None or len(found) == limit:
                break
        return found, start

    def _told(self, about: str, entries: Sequence[Entry], staff: StaffMember) -> Iterator[Entry]:
        named = dict.fromkeys(entry.case for entry in entries if entry.case)
        accused = {id: accused_of(case) for id, case in self._vault.cases(list(named)).items()} if named else {}
        for entry in entries:
            kept_from = accused.get(entry.case or "", ())
            if not accused_reach(staff.unit, kept_from, self._policy):
                yield entry
            elif entry.outcome == FORBIDDEN and accused_reach(entry.unit, kept_from, self._policy):
                yield entry  # refused before it was looked for
            elif entry.outcome == NOT_FOUND and about != "case":
                yield entry._replace(case=None, report=None, thing=None)
