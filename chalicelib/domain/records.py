"""What is kept about cases and people beside the cases themselves, and as what it is found again.

Named tuples: they hold and do nothing, and to define one takes a tenth of the time of a frozen dataclass (ADR 11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from chalicelib.domain.cases import Task, Visit
    from chalicelib.domain.grid import Area
    from chalicelib.domain.masking import Masked
    from chalicelib.domain.network import NetworkVersion
    from chalicelib.domain.patrol import Beat
    from chalicelib.domain.reports import Report


class Sealed(NamedTuple):
    """Something only the key service can open, with the wrapped key it was sealed under."""

    content: bytes
    wrapped_key: bytes


class Identity(NamedTuple):
    """Who told a report, as the vault keeps it: sealed, what is shown of it, and the keyed hash of the phone."""

    sealed: Sealed
    masked: Masked
    phone_hash: str | None
    case_id: str


class Kept(NamedTuple):
    """Something that is kept for a time only: an identity, with its case, or a message that was refused.

    `name` is the report's id, or how the refused message is called; `partition` and `place` are where it lies.
    """

    name: str
    came_at: datetime
    case_id: str | None
    partition: str
    place: str


class KnownReport(NamedTuple):
    """A report as the store has it, with the case it belongs to and the version of the case it made.

    `erased_at`: since when nobody can be told any more who told it. `made_in`: the case that it came to, if that is
    another than it belongs to now; its is the version. `named`: whether it said who told it, by name and where to be
    found.
    """

    report: Report
    case_id: str
    tracking_code: str
    version: int
    joined: bool
    contactable: bool
    anonymous: bool
    erased_at: datetime | None = None
    made_in: str = ""
    named: bool = False


class KnownCommand(NamedTuple):
    case_id: str
    version: int
    fingerprint: str


class CaseSummary(NamedTuple):
    """A case as lists show it. `task`: what a unit is asked for, where it is listed for that and not for its turn.

    `registered`: whether it is a petition that was registered, and so may be with other bodies than the petition
    office; `accused`: the units that it accuses, who must not find it in any list. `merged_into`: where it sleeps.
    """

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
    turn: str = ""
    procedure: str = ""
    level: str | None = None
    task: Task | None = None
    registered: bool = False
    accused: tuple[str, ...] = ()
    merged_into: str | None = None


class Page(NamedTuple):
    """Some of a list, and where the next part begins (None at its end)."""

    items: Sequence[CaseSummary]
    next: dict[str, Any] | None


class Command(NamedTuple):
    """A command's idempotency record: its id (key and subject, hashed) and a hash of its content."""

    id: str
    fingerprint: str


class KnownCheckIn(NamedTuple):
    """A command by its content: the beat as its check-in left it, and when; None for one that was no check-in."""

    fingerprint: str
    beat: Beat | None
    at: datetime | None = None


class Contact(NamedTuple):
    """How to reach somebody. `id` is a staff id, or a report id for its reporter."""

    id: str
    phone: str | None
    email: str | None


class Duty(NamedTuple):
    """Somebody on duty from one local time of day to another, `HH:MM`."""

    contact: Contact
    from_time: str
    to_time: str


class Counter(NamedTuple):
    """How residents reach a unit; where nothing is known of it, nothing is said."""

    duty_phone: str | None = None
    supervision_phone: str | None = None
    address: str | None = None


class Network(NamedTuple):
    """The finished versions of the network, oldest first; what it says of itself; counters of the units asked for."""

    versions: Sequence[NetworkVersion]
    label: str | None
    counters: Mapping[str, Counter]


class AreaRecord(NamedTuple):
    """All that is kept of an area: what it is and its GeoJSON feature, by version; who holds its posts, by post."""

    code: str
    said: Mapping[str, Mapping[str, Any] | None]
    features: Mapping[str, Mapping[str, Any] | None]
    holders: Mapping[str, Sequence[Holder]]


class Absence(NamedTuple):
    """When the holder of a post is away (ISO dates, included), and who deputises; None: nobody does."""

    from_date: str
    until_date: str | None
    deputy: Contact | None
    deputy_name: str = ""
    deputy_hides_phone: bool = False


class Holder(NamedTuple):
    """Who holds a post, from a date to a date (ISO; None: still). `hides_phone`: it is told, but stands on no wall."""

    contact: Contact
    from_date: str
    until_date: str | None
    name: str = ""
    away: tuple[Absence, ...] = ()
    hides_phone: bool = False
