"""What is kept about cases and people beside the cases themselves, and as what it is found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.domain.cases import Visit
    from chalicelib.domain.grid import Area
    from chalicelib.domain.reports import Report


@dataclass(frozen=True, slots=True)
class Sealed:
    """Something only the key service can open, with the wrapped key it was sealed under."""

    content: bytes
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class KnownReport:
    """A report as the store has it, with the case it belongs to and the version of the case it made."""

    report: Report
    case_id: str
    tracking_code: str
    version: int
    joined: bool
    contactable: bool
    anonymous: bool


@dataclass(frozen=True, slots=True)
class KnownCommand:
    case_id: str
    version: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A case as lists show it."""

    case_id: str
    tracking_code: str
    version: int
    state: str
    kind: str | None
    category: str | None
    urgency: str
    area: Area | None
    unit: str
    due_at: datetime | None
    opened_at: datetime
    updated_at: datetime
    visit: Visit | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list, and where the next part begins (None at its end)."""

    items: Sequence[CaseSummary]
    next: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Command:
    """A command's idempotency record: its id (key and subject, hashed) and a hash of its content."""

    id: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach somebody. `id` is a staff id, or a report id for its reporter."""

    id: str
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody on duty from one local time of day to another, `HH:MM`."""

    contact: Contact
    from_time: str
    to_time: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a post, from a date to a date (ISO; None: still)."""

    contact: Contact
    from_date: str
    until_date: str | None
