"""Audit 审计: who read or changed what, when, from where, by which role; and the seals that show tampering.

An entry holds ids, codes and keyed hashes, and the reason somebody gave: no name, no number, nothing that was told.
Entries are never changed. Seals make a chain: each holds the hashes of some entries and the hash of the seal before it,
so that an entry that is altered, removed or put in later shows, and so does a seal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from chalicelib.domain.events import Actor
    from chalicelib.domain.procedure import Change

CASE_READ, TIMELINE_READ, REPORT_READ, ATTACHMENT_READ = "case.read", "timeline.read", "report.read", "attachment.read"
QUEUE_READ, VISITS_READ, AUDIT_READ, REFUSED_READ = "queue.read", "visit.read", "audit.read", "refused.read"
VIEW_READ = "view.read"
ATTACHMENT_ANNOUNCED = "attachment.announced"
IMPORT_ABANDONED, CASES_MOVED = "network.abandon", "network.move-cases"
IDENTITY_RELEASED, IDENTITY_EXPORTED = "identity.release", "identity.export"
IDENTITY_ERASED, IDENTITY_EXPIRED, REFUSED_EXPIRED = "identity.erase", "identity.expire", "refused.expire"

NETWORK_IMPORT, NETWORK_EXPORT, NETWORK_WITHDRAW = "network.import", "network.export", "network.withdraw"
STAFF_LEFT = "staff.leave"
POLICY_COMPARED, POLICY_TRIED, CASES_MIGRATED = "policy.compare", "policy.dry-run", "policy.migrate"
CLOCKS_RECOUNTED = "clocks.recount"
PANEL_READ, PANEL_IMPORT, PANEL_LISTED = "panel.read", "panel.import", "panel.list"
ADVICE_READ, ADVICE_RECORDED = "advice.read", "advice.record"

DONE, NOT_FOUND, FORBIDDEN = "done", "not-found", "forbidden"
WITHHELD = "withheld"
"""What a right to be told did not reach, for it accuses the unit of who told it; who else reads the audit sees so."""
BY_ITSELF, BY_COMMAND, UNSAID = "system", "command", "-"

FIRST_SEAL = "0" * 64
"""What stands in the first seal in place of the hash of one before it."""


class Origin(NamedTuple):
    """Who asks, from which address (or channel), in which request."""

    actor: Actor
    source: str
    request: str


class About(TypedDict, total=False):
    """What an entry is about: see `Entry`."""

    case: str | None
    report: str | None
    thing: str | None
    person: str | None
    reason: str | None


class Entry(NamedTuple):
    """One thing that somebody did or tried.

    `id` is unique within the moment. `what` is a permission for what is read or refused, and the type of the event for
    what is changed. `source` is an IP address, or `system`, or `command` for an operator's. `outcome` is `done` or the
    code of the refusal. `thing` names what is neither case nor report: `unit:…`, `attachment:…`. `person` is the keyed
    hash of a phone.
    """

    id: str
    at: datetime
    what: str
    reader: str
    role: str
    unit: str | None
    source: str
    request: str
    outcome: str = DONE
    case: str | None = None
    report: str | None = None
    thing: str | None = None
    person: str | None = None
    reason: str | None = None


def entry_of(change: Change, source: str, person: str | None = None, by: Actor | None = None) -> Entry:
    """The entry of what changed a case: it is written in the same transaction. One a version of the case.

    `by`: who did it, where events, which staff read, name somebody else.
    """
    first, case = change.events[0], change.case
    actor = by or first.actor
    return Entry(
        id=f"{case.id}.{case.version}",
        at=first.time,
        what=first.type,
        reader=actor.id,
        role=actor.role,
        unit=actor.unit,
        source=source,
        request=first.correlation_id,
        case=case.id,
        person=person,
    )


class SealedEntry(NamedTuple):
    """An entry as a seal names it: the hour and place it is kept under, and the hash of all that it says."""

    hour: str
    place: str
    hash: str


class Seal(NamedTuple):
    """A link of the chain. `number` counts from 1; `previous` is the hash of the seal before."""

    number: int
    previous: str
    at: datetime
    entries: Sequence[SealedEntry]

    @property
    def hash(self) -> str:
        said = [self.number, self.previous, self.at.isoformat(), [list(entry) for entry in self.entries]]
        return _hash(said)


def hash_of(written: Mapping[str, str]) -> str:
    """The hash of an entry as it is kept: every attribute of its row, by name."""
    return _hash(dict(written))


def _hash(said: object) -> str:
    return sha256(json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
