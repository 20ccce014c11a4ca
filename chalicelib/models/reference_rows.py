"""Rows of the district's ground truth: areas, tiles, staff, duty, posts. Loaded by operators, read by everything."""

from __future__ import annotations

import json

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.domain.grid import Area, Cell
from chalicelib.domain.people import StaffMember
from chalicelib.models.base import ReferenceRow


class AreaRow(ReferenceRow):
    code = UnicodeAttribute()
    name = UnicodeAttribute()
    level = UnicodeAttribute()
    path = ListAttribute[str]()
    households = NumberAttribute(null=True)

    SK = "AREA"

    @staticmethod
    def key(code: str) -> str:
        return f"AREA#{code}"

    def to_area(self) -> Area:
        return Area(self.code, tuple(self.path))


class TileRow(ReferenceRow):
    """The cells that touch one tile, outlines and all, as one document: a look-up is one read."""

    cells = UnicodeAttribute()

    SK = "TILE"

    @staticmethod
    def key(tile: str) -> str:
        return f"TILE#{tile}"

    def to_cells(self) -> list[Cell]:
        return [Cell(Area(c["code"], tuple(c["path"])), c["ring"]) for c in json.loads(self.cells)]


class StaffRow(ReferenceRow):
    """A member of staff. Work phone and mail are the employer's, but still in no log and no key."""

    staff_id = UnicodeAttribute()
    role = UnicodeAttribute()
    unit = UnicodeAttribute()
    areas = ListAttribute[str]()
    active = BooleanAttribute()

    SK = "STAFF"

    @staticmethod
    def key(staff_id: str) -> str:
        return f"STAFF#{staff_id}"

    def to_staff(self) -> StaffMember:
        return StaffMember(self.staff_id, self.role, self.unit, tuple(self.areas))


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

    @staticmethod
    def key(unit: str) -> str:
        return f"UNIT#{unit}"


class PostRow(ContactRow):
    """Holder of a post in an area, with dates (`until` absent: still)."""

    post = UnicodeAttribute()
    from_date = UnicodeAttribute(attr_name="from")
    until_date = UnicodeAttribute(attr_name="until", null=True)

    PREFIX = "POST#"

    @staticmethod
    def key(area: str) -> str:
        return f"AREA#{area}"
