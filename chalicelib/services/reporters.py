"""Who told: masked for whoever may see the report, in clear for who must know and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.audit import IDENTITY_RELEASED, About, Origin
from chalicelib.domain.errors import AlreadyKnown, Forbidden, Hidden, IdempotencyConflict, IdentityNotKept, NotFound
from chalicelib.domain.masking import Masked
from chalicelib.domain.people import Reporter, StaffMember, holds, may_learn_identity, may_see

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import Command, KnownReport
    from chalicelib.services.audit import Audit
    from chalicelib.services.ports import CaseStore, Sealer, Vault


@dataclass(frozen=True, slots=True)
class Released:
    """Who told a report, in clear."""

    report_id: str
    case_id: str
    reporter: Reporter


class Reporters:
    def __init__(self, store: CaseStore, vault: Vault, sealer: Sealer, audit: Audit, policy: Policy) -> None:
        self._store = store
        self._vault = vault
        self._sealer = sealer
        self._audit = audit
        self._policy = policy

    def shown(self, known: KnownReport) -> Masked:
        """What is shown of a report's reporter; nothing is unsealed, and nothing asked for where nothing is kept."""
        if known.erased_at or (known.anonymous and not known.contactable):
            return Masked()
        identity = self._vault.identity(known.report.id)
        return identity.masked if identity else Masked()

    def release(self, report_id: str, reason: str, by: Origin, staff: StaffMember, command: Command) -> Released:
        """Tell in clear who told a report. The audit has it before anybody is told.

        Every telling is an entry, a repeated one too. Raises Forbidden, NotFound for a report that does not exist or is
        none of the asker's, IdentityNotKept, IdempotencyConflict, and TemporarilyUnavailable when it could not be
        written down; nothing is told then.
        """
        if not holds(staff, "identity.release", self._policy):
            raise Forbidden()
        known = self._store.report(report_id)
        case = self._store.case(known.case_id if known else "")  # to find nothing takes as long as to be refused
        if known is None or case is None:
            raise NotFound()
        if not may_see(staff, case, self._policy):
            raise Hidden(report=report_id, case=case.id)
        if not may_learn_identity(staff, case, self._policy):
            raise Forbidden()
        identity = self._vault.identity(report_id)
        if identity is None:
            raise IdentityNotKept()
        about: About = {"report": report_id, "case": case.id, "person": identity.phone_hash, "reason": reason}
        entry = self._audit.entry(IDENTITY_RELEASED, by, **about)
        try:
            self._vault.record(command, report_id, entry)
        except AlreadyKnown:
            before = self._store.command(command.id)
            if before is None or before.fingerprint != command.fingerprint:
                raise IdempotencyConflict() from None
            self._audit.note(IDENTITY_RELEASED, by, **about)
        return Released(report_id, case.id, self._sealer.open(identity.sealed, report_id))
