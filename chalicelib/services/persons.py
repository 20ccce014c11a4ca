"""A person's rights: to have what is kept of him or her 查阅复制, and to have it deleted (个人信息保护法 art. 45, 47).

A person is known by a phone, found by its keyed hash through the cases it has told of. A case may have been told of by
several people: what is another's is neither given out nor erased. Who left no phone is found by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.accused import accused_of, accused_reach
from chalicelib.domain.audit import IDENTITY_ERASED, IDENTITY_EXPORTED, WITHHELD, About, Origin
from chalicelib.domain.errors import AlreadyKnown, IdempotencyConflict

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.people import Reporter
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import Command, Identity, KnownReport
    from chalicelib.services.audit import Audit
    from chalicelib.services.ports import CaseStore, Clock, PhoneIndex, Sealer, Vault

Document = dict[str, Any]


class Erased(NamedTuple):
    """What a request to be forgotten did: the reports that no longer say whose they are, and the cases still open,
    whose reporters are kept until they are closed.
    """

    person: str
    reports: tuple[str, ...]
    open_cases: tuple[str, ...]


class Persons:
    def __init__(
        self,
        store: CaseStore,
        vault: Vault,
        sealer: Sealer,
        phones: PhoneIndex,
        audit: Audit,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._store = store
        self._vault = vault
        self._sealer = sealer
        self._phones = phones
        self._audit = audit
        self._policy = policy
        self._clock = clock

    def export(self, phone: str, reason: str, by: Origin, command: Command | None = None) -> Document:
        """All that is kept of whoever has this phone (E.164), in clear. The audit has it first.

        But for petitions that accuse the unit of who gives it out: nothing says that there are such, and the audit has
        what was withheld; an operator, or an administrator of another unit, gives the person those.
        Raises IdempotencyConflict, TemporarilyUnavailable.
        """
        person = self._phones.hash_of(phone)
        self._write_down(IDENTITY_EXPORTED, person, reason, by, command)
        reports = [
            _exported(known, case, self._sealer.open(identity.sealed, known.report.id))
            for case, _ in self._cases_of(person, IDENTITY_EXPORTED, by)
            for known, identity in self._told_by(person, case)
        ]
        return {"person": person, "exported_at": self._clock.now().isoformat(), "reports": reports}

    def erase(self, phone: str, reason: str, by: Origin, command: Command | None = None) -> Erased:
        """Forget whoever has this phone: the reports and cases stay, and no longer say whose they are.

        Until a case is closed its purpose is not achieved (art. 47 (1)): an open one keeps its reporter, unless the
        policy says otherwise; asked again when it is closed, it goes too. Done twice, or half and again, it does no
        harm. What is withheld from an export is not erased either: whom it accuses has no hand in it. Raises
        IdempotencyConflict, TemporarilyUnavailable.
        """
        person = self._phones.hash_of(phone)
        self._write_down(IDENTITY_ERASED, person, reason, by, command)
        erased: list[str] = []
        still_open: list[str] = []
        for case, known_as in self._cases_of(person, IDENTITY_ERASED, by):
            if case.open and not self._policy.rules.erase_open_cases:
                still_open.append(case.id)
                continue
            for known, _ in self._told_by(person, case):
                about: About = {"case": case.id, "report": known.report.id, "person": person, "reason": reason}
                entry = self._audit.entry(IDENTITY_ERASED, by, **about)
                self._vault.forget(known.report.id, self._clock.now(), entry)
                erased.append(known.report.id)
            for each in known_as:
                self._vault.unlink(person, each)
        return Erased(person, tuple(erased), tuple(still_open))

    def _cases_of(self, person: str, what: str, by: Origin) -> Iterator[tuple[Case, list[str]]]:
        """The cases that have reports of a person, each once, with the cases by which the person is known to be in it.

        What sleeps in another has its reports there. Those that accuse the unit of who asks are left out; each of them
        is noted.
        """
        found: dict[str, tuple[Case, list[str]]] = {}
        for known in self._vault.cases_of(person):
            case = known
            while case.links.merged_into and (into := self._vault.cases([case.links.merged_into])):
                case = into[case.links.merged_into]
            found.setdefault(case.id, (case, []))[1].append(known.id)
        for case_id in sorted(found):
            case, _ = found[case_id]
            if accused_reach(by.actor.unit, accused_of(case), self._policy):
                self._audit.note(what, by, WITHHELD, case=case.id, person=person)
            else:
                yield found[case_id]

    def _told_by(self, person: str, case: Case) -> Iterator[tuple[KnownReport, Identity]]:
        """The reports of a case that are this person's, with the identities they still have."""
        identities = self._vault.identities(case.report_ids)
        own = [report_id for report_id in case.report_ids if _of(identities.get(report_id), person)]
        reports = self._vault.reports(own)
        return ((reports[report_id], identities[report_id]) for report_id in own)

    def _write_down(self, what: str, person: str, reason: str, by: Origin, command: Command | None) -> None:
        entry = self._audit.entry(what, by, person=person, reason=reason)
        if command is None:
            self._audit.put(entry)
            return
        try:
            self._vault.record(command, person, entry)
        except AlreadyKnown:
            before = self._store.command(command.id)
            if before is None or before.fingerprint != command.fingerprint:
                raise IdempotencyConflict() from None
            self._audit.put(entry)


def _of(identity: Identity | None, person: str) -> bool:
    return identity is not None and identity.phone_hash == person


def _exported(known: KnownReport, case: Case, reporter: Reporter) -> Document:
    report, position = known.report, known.report.position
    return {
        "report_id": report.id,
        "source": report.source,
        "text": report.text,
        "told_at": report.told_at.isoformat(),
        "received_at": report.received_at.isoformat(),
        "position": {"lat": position.lat, "lon": position.lon, "datum": "WGS-84"} if position else None,
        "area": report.area_code,
        "address": report.address,
        "media": list(report.media),
        "reporter": reporter.in_clear,
        "case": {
            "case_id": case.id,
            "tracking_code": case.tracking_code,
            "state": case.state,
            "outcome": case.outcome,
            "opened_at": case.opened_at.isoformat(),
            "updated_at": case.updated_at.isoformat(),
        },
    }
