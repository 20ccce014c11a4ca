"""The district's ground truth on DynamoDB: where a point lies, who is on duty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pynamodb.exceptions import DoesNotExist

from chalicelib.domain.grid import Area, Cell, tile_of
from chalicelib.domain.records import Contact, Duty, Holder
from chalicelib.models.base import translating
from chalicelib.models.reference_rows import AreaRow, DutyRow, PostRow, TileRow

_KEPT_SECONDS = 60


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


class KeptRoster(DynamoRoster):
    """Keeps who is on duty of a unit for a minute: what happens to cases comes to the same units again and again."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, Sequence[Duty]]] = {}

    def duty_of(self, unit: str) -> Sequence[Duty]:
        read_at, duty = self._kept.get(unit, (float("-inf"), ()))
        now = self._monotonic()
        if now - read_at > _KEPT_SECONDS:
            duty = super().duty_of(unit)
            self._kept[unit] = now, duty
        return duty
