"""Rows of the district's ground truth: areas, tiles, staff, duty, posts. Loaded by operators, read by everything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.domain.grid import Area, Cell
from chalicelib.domain.people import Employment, StaffMember
from chalicelib.domain.records import Absence, Contact, Holder
from chalicelib.models.base import ReferenceRow


class NetworkRow(ReferenceRow):
    """Which versions of the network are finished, oldest first; the one row that makes an import count.

    `versions`: JSON `[[id, from day], …]`. `importing`: the id of an import under way, or of one that was interrupted.
    `label`: what every public notice says of the network, such as that it is a demonstration.
    """

    versions = UnicodeAttribute()
    importing = UnicodeAttribute(null=True)
    label = UnicodeAttribute(null=True)

    KEY = SK = "NETWORK"


class NetworkIndexRow(ReferenceRow):
    """A part of a list of what imports have written, so that nobody has to search the table for it.

    Beside NETWORK. `entries`: JSON, zipped; `parts`: how many rows the whole list takes. A list is never changed: its
    name is that of the version it lists, or a hash of what it holds.
    """

    entries = BinaryAttribute(legacy_encoding=False)
    parts = NumberAttribute()

    KEY = NetworkRow.KEY

    @staticmethod
    def sk_of(name: str, part: int) -> str:
        return f"INDEX#{name}#{part:05d}"


class NamesRow(ReferenceRow):
    """The names of the communities and compounds of one version of the network: JSON, by code, zipped.

    Beside NETWORK, one a version, never changed. Reports name places; this is how they are found (ADR 37).
    """

    names = BinaryAttribute(legacy_encoding=False)

    KEY = NetworkRow.KEY

    @staticmethod
    def sk_of(version: str) -> str:
        return f"NAMES#{version}"


class PeopleRow(ReferenceRow):
    """Which lists say what rows of staff, units, posts and duty there are; one row, beside NETWORK.

    `lists`: JSON, the name of the list by kind. `importing`: the id of an import under way or interrupted; the lists
    then also name the rows it may have written. `finished`: the one that came to its end last.
    """

    lists = UnicodeAttribute()
    importing = UnicodeAttribute(null=True)
    finished = UnicodeAttribute(null=True)

    KEY, SK = NetworkRow.KEY, "PEOPLE"


class ImportRow(ReferenceRow):
    """An import by the API, once its upload was looked at. `plan`: JSON, zipped; `sha256`: of the upload it is of."""

    state = UnicodeAttribute()
    at = UnicodeAttribute()
    plan = BinaryAttribute(legacy_encoding=False)
    sha256 = UnicodeAttribute()

    SK = "IMPORT"

    @staticmethod
    def key(import_id: str) -> str:
        return f"IMPORT#{import_id}"


class DatedRow(ReferenceRow):
    """What each version of the network says of one thing: JSON, by version id. See `chalicelib.domain.network`."""

    said = UnicodeAttribute()


class AreaRow(DatedRow):
    """An area: `{"name", "level", "path"}`, or null from the version on that ended it."""

    SK = "AREA"

    @staticmethod
    def key(code: str) -> str:
        return f"AREA#{code}"


class TileRow(DatedRow):
    """The cells that touch one tile, outlines and all: a look-up is one read."""

    SK = "TILE"

    @staticmethod
    def key(tile: str) -> str:
        return f"TILE#{tile}"

    @staticmethod
    def to_cells(listed: Iterable[dict[str, Any]]) -> list[Cell]:
        return [Cell(Area(c["code"], tuple(c["path"])), c["ring"]) for c in listed]


class FeatureRow(ReferenceRow):
    """An area as it was imported by one version, its boundary with it: a GeoJSON feature, zipped; empty: ended.

    Beside its area, one a version. Read by imports and exports, and for the map of a public notice.
    """

    feature = BinaryAttribute(legacy_encoding=False)

    PREFIX = "FEATURE#"

    @classmethod
    def sk_of(cls, version: str) -> str:
        return f"{cls.PREFIX}{version}"


class StaffRow(ReferenceRow):
    """A member of staff. Work phone and mail are the employer's, but still in no log and no key.

    `from`, `until`: the first and the last day of work, in the district's time; absent: always, still.
    """

    staff_id = UnicodeAttribute()
    role = UnicodeAttribute()
    unit = UnicodeAttribute()
    areas = ListAttribute[str]()
    active = BooleanAttribute()
    from_day = UnicodeAttribute(attr_name="from", null=True)
    until_day = UnicodeAttribute(attr_name="until", null=True)

    SK = "STAFF"

    @staticmethod
    def key(staff_id: str) -> str:
        return f"STAFF#{staff_id}"

    def to_employment(self) -> Employment:
        member = StaffMember(self.staff_id, self.role, self.unit, tuple(self.areas))
        return Employment(member, self.from_day, self.until_day)


class ContactRow(ReferenceRow):
    """Somebody who can be told: on duty at a unit, or holding a post in an area."""

    staff_id = UnicodeAttribute()
    phone = UnicodeAttribute()
    email = UnicodeAttribute(null=True)


class DutyRow(ContactRow):
    """On duty at a unit every day from one local time to another (`20:00` to `08:00` runs over midnight)."""

    from_time = UnicodeAttribute(attr_name="from")
    to_time = UnicodeAttribute(attr_name="to")

    PREFIX = "DUTY#"

    @classmethod
    def sk_of(cls, staff_id: str, from_time: str) -> str:
        return f"{cls.PREFIX}{staff_id}#{from_time}"

    @staticmethod
    def key(unit: str) -> str:
        return f"UNIT#{unit}"


class PostRow(ContactRow):
    """Holder of a post in an area, with dates (`until` absent: still).

    `away`: JSON `[{"from", "until", "staff_id", "name", "phone", "email"}, …]`, absences with the deputy's contact
    (`staff_id` empty: nobody deputises). `hide_phone`, of holder or deputy: the number is somebody's own; messages go
    to it, and it is never shown.
    """

    name = UnicodeAttribute(null=True)
    from_date = UnicodeAttribute(attr_name="from")
    until_date = UnicodeAttribute(attr_name="until", null=True)
    away = UnicodeAttribute(null=True)
    hide_phone = BooleanAttribute(null=True)

    PREFIX = "POST#"

    @classmethod
    def sk_of(cls, post: str, staff_id: str) -> str:
        return f"{cls.PREFIX}{post}#{staff_id}"

    @staticmethod
    def placed(pk: str, sk: str) -> tuple[str, str]:
        """Area and post that a key names."""
        return pk.split("#")[1], sk.split("#")[1]

    @staticmethod
    def key(area: str) -> str:
        return f"AREA#{area}"

    @property
    def post(self) -> str:
        return self.sk.split("#")[1]

    def to_holder(self) -> Holder:
        return Holder(
            Contact(self.staff_id, self.phone, self.email),
            self.from_date,
            self.until_date or None,
            self.name or "",
            tuple(_absence(each) for each in json.loads(self.away or "[]")),
            bool(self.hide_phone),
        )


def _absence(said: dict[str, Any]) -> Absence:
    deputy = Contact(said["staff_id"], said.get("phone"), said.get("email")) if said.get("staff_id") else None
    name, hidden = said.get("name") or "", bool(said.get("hide_phone"))
    return Absence(said["from"], said.get("until") or None, deputy, name, hidden)


class UnitRow(ReferenceRow):
    """How residents reach a unit. `supervision_phone` 监督电话: where one complains of it."""

    duty_phone = UnicodeAttribute(null=True)
    supervision_phone = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)

    SK = "UNIT"

    @staticmethod
    def key(unit: str) -> str:
        return f"UNIT#{unit}"


class PolicyRow(ReferenceRow):
    """A compiled policy pack that was deployed, zipped. Never changed and never deleted: cases go by it.

    `parts`: how many rows it takes, an item having 400 kB at most; each holds the next piece.
    """

    compiled = BinaryAttribute(legacy_encoding=False)
    parts = NumberAttribute()

    SK = "POLICY"

    @classmethod
    def sk_of(cls, part: int) -> str:
        return f"{cls.SK}#{part:05d}" if part else cls.SK

    @staticmethod
    def key(version: str) -> str:
        return f"POLICY#{version}"


class PolicyNamedRow(ReferenceRow):
    """That a version of the policy is kept, so that nobody has to search the table for it.

    `kept_at`: since when. `deployed_at`: when a deployment of it last came to its end; the newest is the one in force.
    """

    kept_at = UnicodeAttribute()
    deployed_at = UnicodeAttribute(null=True)

    KEY = "POLICIES"
