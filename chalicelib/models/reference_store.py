"""The district's ground truth on DynamoDB: where a point lies, who is on duty."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.grid import Area, Cell, tile_of
from chalicelib.domain.records import Contact, Duty, Holder
from chalicelib.models.base import translating
from chalicelib.models.reference_rows import AreaRow, DutyRow, PostRow, TileRow


@translating
class DynamoGrid:
    """`services.ports.Grid`: one read a look-up."""

    def cells_near(self, lat: float, lon: float) -> Sequence[Cell]:
        try:
            return TileRow.get(TileRow.key(tile_of(lat, lon)), TileRow.SK).to_cells()
        except DoesNotExist:
            return ()

    def area(self, code: str) -> Area | None:
        try:
            return AreaRow.get(AreaRow.key(code), AreaRow.SK).to_area()
        except DoesNotExist:
            return None


@translating
class DynamoRoster:
    """`services.ports.Roster`."""

    def duty_of(self, unit: str) -> Sequence[Duty]:
        rows = DutyRow.query(DutyRow.key(unit), DutyRow.sk.startswith(DutyRow.PREFIX))
        return [Duty(Contact(r.staff_id, r.phone, r.email), r.from_time, r.to_time) for r in rows]

    def holders(self, area: str, post: str) -> Sequence[Holder]:
        rows = PostRow.query(PostRow.key(area), PostRow.sk.startswith(f"{PostRow.PREFIX}{post}#"))
        return [Holder(Contact(r.staff_id, r.phone, r.email), r.from_date, r.until_date or None) for r in rows]
