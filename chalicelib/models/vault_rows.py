"""Rows of the vault: who told, sealed; what was refused, sealed; the audit's entries and the seals over them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.domain.audit import Entry, Seal, SealedEntry
from chalicelib.domain.masking import Masked
from chalicelib.domain.records import Identity, Sealed
from chalicelib.models.base import VaultRow, dumps, moment, stamp

AUDIT_PREFIX = "AUDIT#"
KEPT_PREFIX = "KEPT#"
IDENTITY_PREFIX = "IDENTITY#"


def kept_month(at: datetime) -> str:
    """Under which month something is kept that came in at a moment."""
    return f"{KEPT_PREFIX}{at.astimezone(UTC):%Y-%m}"


def kept_name(partition: str, place: str) -> str:
    """How something is called that is kept for a time only: an identity by its report, else by its place."""
    if partition.startswith(IDENTITY_PREFIX):
        return partition.removeprefix(IDENTITY_PREFIX)
    return f"{partition.lower()}#{place}"


class IdentityRow(VaultRow):
    """Who told a report, sealed: nothing of it can be read without the key service, but for the masks.

    `phone_hash` is the keyed hash under which the reporter is found; `case_id` is not named `case`, which would put the
    row among the audit's.
    """

    sealed = BinaryAttribute(legacy_encoding=False)
    wrapped_key = BinaryAttribute(legacy_encoding=False)
    case_id = UnicodeAttribute()
    masked_name = UnicodeAttribute(null=True)
    masked_phone = UnicodeAttribute(null=True)
    phone_hash = UnicodeAttribute(null=True)

    SK = "IDENTITY"

    @staticmethod
    def key(report_id: str) -> str:
        return f"{IDENTITY_PREFIX}{report_id}"

    @classmethod
    def of(cls, report_id: str, identity: Identity, at: datetime) -> IdentityRow:
        return cls(
            pk=cls.key(report_id),
            sk=cls.SK,
            sealed=identity.sealed.content,
            wrapped_key=identity.sealed.wrapped_key,
            case_id=identity.case_id,
            masked_name=identity.masked.name,
            masked_phone=identity.masked.phone,
            phone_hash=identity.phone_hash,
            kept=kept_month(at),
            created_at=stamp(at),
        )

    @property
    def report_id(self) -> str:
        return str(self.pk).removeprefix(IDENTITY_PREFIX)

    def to_identity(self) -> Identity:
        sealed, masked = Sealed(self.sealed, self.wrapped_key), Masked(self.masked_name, self.masked_phone)
        return Identity(sealed, masked, self.phone_hash, self.case_id)


class RefusedRow(VaultRow):
    """A message that could not be taken and could not be sent back: kept, sealed, and listed as refused."""

    sealed = BinaryAttribute(legacy_encoding=False)
    wrapped_key = BinaryAttribute(legacy_encoding=False)
    reason = UnicodeAttribute()

    @staticmethod
    def key(source: str, day: str) -> str:
        return f"REFUSED#{source}#{day}"


class AuditRow(VaultRow):
    """An entry of the audit, under its hour. Nobody changes or deletes one; seals show when somebody did."""

    what = UnicodeAttribute()
    role = UnicodeAttribute()
    unit = UnicodeAttribute(null=True)
    source = UnicodeAttribute()
    request = UnicodeAttribute()
    outcome = UnicodeAttribute()
    report = UnicodeAttribute(null=True)
    thing = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)

    @staticmethod
    def key(hour: str) -> str:
        return f"{AUDIT_PREFIX}{hour}"

    @classmethod
    def of(cls, entry: Entry) -> AuditRow:
        said = entry._asdict()
        at, name = stamp(said.pop("at")), said.pop("id")
        return cls(pk=cls.key(at[:13]), sk=f"{at}#{name}", **said)


def entry_from(row: Mapping[str, str]) -> Entry:
    """The entry a row tells of; `row` maps attribute names to plain values."""
    at, _, name = row["sk"].partition("#")
    said = {field: row.get(field) for field in Entry._fields}
    return Entry(**{**said, "id": name, "at": moment(at)})  # type: ignore[arg-type]


class SealRow(VaultRow):
    """A link of the chain. All are in one partition, by number, so that the newest is found at its end."""

    number = NumberAttribute()
    previous = UnicodeAttribute()
    seal_hash = UnicodeAttribute()
    at = UnicodeAttribute()
    entries = BinaryAttribute(legacy_encoding=False)

    KEY = "SEALS"

    @staticmethod
    def place(number: int) -> str:
        return f"{number:012d}"

    @classmethod
    def of(cls, seal: Seal) -> SealRow:
        entries = zlib.compress(dumps([list(entry) for entry in seal.entries]).encode())
        return cls(
            pk=cls.KEY,
            sk=cls.place(seal.number),
            number=seal.number,
            previous=seal.previous,
            seal_hash=seal.hash,
            at=seal.at.isoformat(),
            entries=entries,
        )

    def to_seal(self) -> Seal:
        entries: list[Any] = json.loads(zlib.decompress(self.entries))
        return Seal(int(self.number), self.previous, moment(self.at), tuple(SealedEntry(*entry) for entry in entries))
