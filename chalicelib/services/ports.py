"""What the services need of the outside, as Protocols. Real parts are joined to them in `bootstrap`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.audit import Entry, Origin, Seal
    from chalicelib.domain.cases import Case
    from chalicelib.domain.deliveries import Delivery
    from chalicelib.domain.events import Actor, CaseEvent, Event
    from chalicelib.domain.figures import Counts, Tally
    from chalicelib.domain.gazetteer import Gazetteer
    from chalicelib.domain.grid import Area, Cell
    from chalicelib.domain.histories import Following, Key, Lying, Naming
    from chalicelib.domain.law_house import Advice
    from chalicelib.domain.nearby import Near
    from chalicelib.domain.panels import Member
    from chalicelib.domain.patrol import Beat
    from chalicelib.domain.people import Reporter
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.procedure import Change
    from chalicelib.domain.records import (
        AreaRecord,
        CaseSummary,
        Command,
        Duty,
        Holder,
        Identity,
        Kept,
        KnownCheckIn,
        KnownCommand,
        KnownReport,
        Network,
        Page,
        Sealed,
    )
    from chalicelib.domain.reports import Report
    from chalicelib.domain.rounds import BeatChange
    from chalicelib.domain.workdays import WorkCalendar


class Clock(Protocol):
    def now(self) -> datetime: ...


class Ids(Protocol):
    """New ids. `case_id` sorts by time; `tracking_code` is eight characters of Crockford base 32."""

    def case_id(self, at: datetime) -> str: ...

    def entry_id(self) -> str: ...

    def tracking_code(self) -> str: ...


class Sealer(Protocol):
    """Authenticated encryption under data keys of the key service; `context` must be the same to open."""

    def seal(self, reporter: Reporter, context: str) -> Sealed: ...

    def open(self, sealed: Sealed, context: str) -> Reporter: ...

    def seal_bytes(self, content: bytes, context: str) -> Sealed: ...

    def open_bytes(self, sealed: Sealed, context: str) -> bytes: ...


class PhoneIndex(Protocol):
    def hash_of(self, phone: str) -> str:
        """A keyed hash of a normalised phone number, as it may stand in a key."""
        ...


class Policies(Protocol):
    """The policy in force, and the earlier versions that running cases were opened under."""

    @property
    def current(self) -> Policy: ...

    def of(self, version: str) -> Policy:
        """A version; the one in force for a version that was never kept, as of cases older than the keeping.

        It counts by the newest calendar that is known (`Policy.calendar_of`).
        """
        ...

    def calendar(self, version: str) -> WorkCalendar | None:
        """The calendar that came with a version; None where that is not to be had."""
        ...


class PolicyStore(Protocol):
    """Every compiled pack that was ever deployed."""

    def compiled(self, version: str) -> bytes | None:
        """A pack as the compiler wrote it; None where that version was never deployed here."""
        ...


class CaseStore(Protocol):
    """Cases, reports, events, commands. Every change is one transaction, its audit entry in it.

    `source`: from where it was asked; see `domain.audit.Entry`.
    """

    def record(
        self,
        change: Change,
        report: Report,
        identity: Identity | None,
        source: str,
        *,
        new: bool,
        near: Near | None = None,
    ) -> None:
        """Store a report with the case it opened (`new`) or joined. `near`: what lies at a place with this case in it.

        Raises AlreadyKnown when the report is stored already, TrackingCodeTaken, StaleVersion when the joined case
        changed meanwhile, OpenedMeanwhile when the place did, UnknownAttachment when the report names a picture nobody
        announced.
        """
        ...

    def save(
        self,
        change: Change,
        command: Command | None,
        source: str,
        by: Actor | None = None,
        near: Sequence[Near] = (),
    ) -> None:
        """Store what an act changed, of all the cases it changed. `by`: who stands in the audit, if not whom the events
        name. `near`: what lies at places, with the case in it or no more.

        Raises AlreadyKnown when the command was done before, StaleVersion, OtherChanged where only another than the
        case acted on changed meanwhile, OpenedMeanwhile where a place did, TrackingCodeTaken, MatterRefused for more
        than one transaction takes.
        """
        ...

    def cases(self, case_ids: Sequence[str]) -> Mapping[str, Case]:
        """Cases by their ids, in one read; what is not there is left out."""
        ...

    def near(self, places: Sequence[str]) -> Sequence[Near]:
        """What lies at places where candidates lie, in one read, each in its turn."""
        ...

    def case(self, case_id: str) -> Case | None: ...

    def case_id_of(self, tracking_code: str) -> str | None: ...

    def report(self, report_id: str) -> KnownReport | None: ...

    def command(self, command_id: str) -> KnownCommand | None: ...

    def history(self, case_id: str, up_to: int | None = None) -> list[CaseEvent]: ...

    def cases_of(self, phone_hash: str, newest: int) -> list[Case]:
        """The cases a phone has reported to, newest first, at most `newest`; some may sleep in others."""
        ...

    def unit_queue(
        self, unit: str, limit: int, start: dict[str, Any] | None, due_before: datetime | None = None
    ) -> Page: ...

    def due_visits(self, area: str, limit: int, start: dict[str, Any] | None) -> Page: ...

    def community_cases(
        self, community: str, kind: str | None, limit: int, older_than: str | None, *, open: bool
    ) -> Sequence[CaseSummary]:
        """The cases of a kind (None: not classified yet) in a community, newest first; those opened before a case."""
        ...

    def reported_by(self, staff_id: str, limit: int, start: dict[str, Any] | None) -> Page:
        """The cases a member of staff has reported, newest first. Two reads."""
        ...

    def due(self, until: datetime) -> Iterable[str]:
        """The ids of all cases and beats that time alone changes by then."""
        ...

    def keep_refused(self, source: str, at: datetime, reason: str, sealed: Sealed) -> None: ...


class PatrolStore(Protocol):
    """Beats, their events and check-ins. Every change is one transaction, its audit entry in it."""

    def beat(self, beat_id: str) -> Beat | None: ...

    def save(self, change: BeatChange, command: Command | None, by: Origin) -> None:
        """Store what an act changed. Raises AlreadyKnown when the command was done before, StaleVersion."""
        ...

    def check_in(self, command_id: str) -> KnownCheckIn | None: ...

    def history(self, beat_id: str) -> list[Event]: ...

    def newest_events(
        self, beat_id: str, limit: int, start: dict[str, Any] | None
    ) -> tuple[list[Event], dict[str, Any] | None]:
        """Events of a beat, newest first, and where the next page begins."""
        ...

    def beats_of(self, area: str, *, below: bool) -> list[Beat]:
        """The beats that have not ended of a community or what lies in it, with those `below`; of a street, its own."""
        ...


class Histories(Protocol):
    """Cases and beats as they lie, row by row, and the rows that should lie there. Every read is consistent."""

    def rows(self, segment: int, of: int) -> Iterable[Lying | Naming]:
        """All rows of one part of the table that belong to a case or a beat, or name one.

        Rows of one partition come in the order of their places, one after another but for what others write meanwhile.
        """
        ...

    def rows_of(self, subject: str) -> Iterable[Lying]:
        """The rows of one case or beat, in order."""
        ...

    def event(self, row: Lying) -> Event:
        """The event of a row. Raises KeyError, TypeError or ValueError for a row that holds none."""
        ...

    def following(self, thing: Case | Beat) -> Sequence[Following]:
        """Every row that follows from a case or a beat, its own first."""
        ...

    def standing(self, row: Lying) -> Case | Beat:
        """The case or beat that its own row tells of. Raises as `event`."""
        ...

    def lying(self, keys: Sequence[Key]) -> Mapping[Key, Mapping[str, Any]]:
        """Rows by their keys; what is not there is left out."""
        ...

    def doubtful(self, namings: Sequence[Naming]) -> Sequence[Naming]:
        """Those that do not agree with the row of the case or beat they name, or name none."""
        ...


class Grid(Protocol):
    """The network of areas as it stands on a day (ISO date, district time)."""

    def cells_near(self, lat: float, lon: float, day: str) -> Sequence[Cell]:
        """The cells that touch the tile a point lies in, or come within the widest tolerance of it. One read."""
        ...

    def cells_around(self, lat: float, lon: float, metres: float, day: str) -> Sequence[Cell]:
        """The cells that touch any of the tiles as near to a point as that, each once. One read, of many rows."""
        ...

    def area(self, code: str, day: str) -> Area | None: ...

    def gazetteer(self, day: str) -> Gazetteer:
        """The names of communities and compounds; kept for a minute, since they seldom change."""
        ...

    def parts(self, code: str, day: str) -> Sequence[str]:
        """The codes of the areas right below one."""
        ...

    def named_parts(self, code: str, day: str) -> Mapping[str, str]:
        """The names of the areas right below one, by code."""
        ...


class FigureStore(Protocol):
    """Counters of what happened, by month, area and kind."""

    def add(self, event_id: str, added: Mapping[Tally, Counts]) -> bool:
        """Add what an event adds, all or nothing; False when it was added before."""
        ...

    def tallies(self, period: str, area: str) -> Iterable[tuple[Tally, Counts]]:
        """All counters of a month, or of what is open now, of an area and all that lies in it."""
        ...


class Roster(Protocol):
    def duty_of(self, unit: str) -> Sequence[Duty]: ...

    def holders(self, area: str, post: str) -> Sequence[Holder]: ...


class Board(Protocol):
    """What hangs out in public of the areas: who holds their posts, their outlines, how their units are reached."""

    def network(self, units: Sequence[str]) -> Network: ...

    def area(self, code: str) -> AreaRecord: ...

    def holders_in(self, code: str) -> Mapping[str, Sequence[Holder]]:
        """Who ever held or will hold each post of an area."""
        ...


class Pool(Protocol):
    """The pool of people who may be asked to the table, by id."""

    def page(self, limit: int, start: dict[str, Any] | None) -> tuple[Sequence[Member], dict[str, Any] | None]:
        """Members by id, at most so many, and where the next page begins. One read."""
        ...

    def named(self, ids: Sequence[str]) -> Mapping[str, Member]:
        """Some, at most a hundred, by id, in one read; who is not of the pool is left out."""
        ...


class AdviceBook(Protocol):
    """Advice given in houses of law. It can add and read, and nothing else."""

    def record(self, advice: Advice, command: Command, entry: Entry) -> None:
        """Write down advice with its entry of the audit. Raises AlreadyKnown when the command was done before."""
        ...

    def recorded(self, command_id: str) -> tuple[str, Advice] | None:
        """What a command wrote down, and its fingerprint."""
        ...

    def of_month(
        self, community: str, month: str, limit: int, start: dict[str, Any] | None
    ) -> tuple[Sequence[Advice], dict[str, Any] | None]:
        """What was given in a community in a month, newest first, and where the next page begins."""
        ...


class DeliveryLedger(Protocol):
    def plan(self, deliveries: Sequence[Delivery]) -> bool:
        """Write rows of new deliveries, all or none; False when any is there already."""
        ...

    def of_event(self, event_id: str) -> list[Delivery]: ...

    def advance(self, *changed: Delivery) -> None:
        """Write deliveries that have moved on, together. Raises StaleVersion when another sender has them."""
        ...


class Identities(Protocol):
    def sealed(self, report_ids: Sequence[str]) -> dict[str, Sealed]:
        """Who told these reports, sealed. Reports without an identity are left out."""
        ...


class Vault(Protocol):
    """The identities, one by one and of a person, and what is kept for a time only."""

    def identity(self, report_id: str) -> Identity | None: ...

    def identities(self, report_ids: Sequence[str]) -> Mapping[str, Identity]:
        """By report id; reports without one are left out."""
        ...

    def cases_of(self, phone_hash: str) -> list[Case]:
        """Every case a phone has reported to, oldest first."""
        ...

    def reports(self, report_ids: Sequence[str]) -> Mapping[str, KnownReport]: ...

    def cases_of_pictures(self, attachment_ids: Sequence[str]) -> Mapping[str, str]:
        """By picture, the case that it belongs to, by an act or by a report; those that belong to none are left out."""
        ...

    def record(self, command: Command, subject: str, entry: Entry) -> None:
        """Write an entry of the audit with the record of its command. Raises AlreadyKnown."""
        ...

    def forget(self, report_id: str, at: datetime, entry: Entry) -> None:
        """Delete who told a report, and say so in the report and in the audit; done before, it does no harm."""
        ...

    def unlink(self, phone_hash: str, case_id: str) -> None:
        """Let a case no longer be found by a phone."""
        ...

    def kept_of(self, month: str) -> Iterable[Kept]:
        """What came in in a month (`2026-11`), oldest first."""
        ...

    def cases(self, case_ids: Sequence[str]) -> Mapping[str, Case]: ...

    def refused(self, source: str, day: str) -> Iterable[tuple[str, datetime, str, Sealed]]:
        """The refused messages of a UTC day: place, when, reason, sealed."""
        ...

    def drop_refused(self, kept: Kept, entry: Entry) -> None: ...


class AuditLog(Protocol):
    def put(self, entry: Entry) -> None: ...

    def page(
        self, about: str, name: str, limit: int, start: dict[str, Any] | None
    ) -> tuple[Sequence[Entry], dict[str, Any] | None]:
        """Entries of a `case`, `reader` or `person`, newest first, and where the next page begins."""
        ...

    def of_hour(self, hour: str) -> Iterable[Mapping[str, str]]:
        """The rows of a UTC hour (`2026-11-22T08`) as they lie."""
        ...


class SealChain(Protocol):
    def head(self) -> Seal | None: ...

    def append(self, seal: Seal) -> None:
        """Raises AlreadyKnown when there is a seal of this number."""
        ...

    def seal(self, number: int) -> tuple[Seal, str] | None:
        """A seal, and the hash written beside it."""
        ...

    def seals(self, first: int) -> Iterable[tuple[Seal, str]]:
        """The seals from a number on, in order."""
        ...


class TextMessages(Protocol):
    def send(self, phone: str, text: str) -> str:
        """Send a text; the provider's id. Raises Unreachable, OutcomeUnknown or Undeliverable."""
        ...


class Mail(Protocol):
    def send(self, address: str, subject: str, body: str) -> str: ...
