"""Reading the audit: who did what. To whom a petition accuses it says no more of the petition than all the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.domain.accused import accused_of, accused_reach
from chalicelib.domain.audit import FORBIDDEN, NOT_FOUND, Entry
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.links import MOST_DEPTH
from chalicelib.domain.people import StaffMember, holds

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import AuditLog, Vault

_READS = 10
_PICTURE = "attachment:"


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
        accused = self._accused(entries)
        for entry in entries:
            kept_from = accused.get(entry.id, ())
            if not accused_reach(staff.unit, kept_from, self._policy):
                yield entry
            elif entry.outcome == FORBIDDEN and accused_reach(entry.unit, kept_from, self._policy):
                yield entry  # refused before it was looked for
            elif entry.outcome == NOT_FOUND and about != "case":
                yield entry._replace(case=None, report=None, thing=None)

    def _accused(self, entries: Sequence[Entry]) -> Mapping[str, tuple[str, ...]]:
        """By entry: whom the petition accuses that it is about, be it by a picture."""
        pictures = {entry.id: (entry.thing or "").removeprefix(_PICTURE) for entry in entries if _of_picture(entry)}
        shown_in = self._vault.cases_of_pictures([*pictures.values()]) if pictures else {}
        named = {entry.id: entry.case or shown_in.get(pictures.get(entry.id, "")) for entry in entries}
        ids = dict.fromkeys(case for case in named.values() if case)
        cases = dict(self._vault.cases([*ids])) if ids else {}
        for _ in range(MOST_DEPTH):  # what sleeps in another tells of the same
            if not (into := {each.links.merged_into for each in cases.values() if each.asleep} - cases.keys()):
                break
            cases |= self._vault.cases([name for name in into if name])
        return {name: tuple(_accused(case, cases)) for name, case in named.items() if case and case in cases}


def _accused(name: str | None, cases: Mapping[str, Case]) -> Iterator[str]:
    """Whom a case accuses, and those that it sleeps in."""
    while name and (case := cases.get(name)):
        yield from accused_of(case)
        name = case.links.merged_into


def _of_picture(entry: Entry) -> bool:
    return entry.case is None and entry.thing is not None and entry.thing.startswith(_PICTURE)
