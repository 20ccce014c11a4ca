"""Locating: which cell a point lies in, and what an area is, as of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.errors import Forbidden, NotFound, OutsideDistrict
from chalicelib.domain.grid import cell_at, nearest_cell
from chalicelib.domain.people import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.domain.grid import Area, Cell, Position
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import Grid

NEAREST_METRES = 1000
"""How far from a point outside the district its nearest cell is looked for."""


def place(position: Position, day: str, grid: Grid, policy: Policy, field: str | None = "position") -> Area:
    """The cell a point falls in on a day: one read.

    Raises OutsideDistrict, which tells the nearest cell within NEAREST_METRES; that takes a second read. `field` is
    what the request calls the point.
    """
    return place_among(position, day, grid, policy, field)[0]


def place_among(
    position: Position, day: str, grid: Grid, policy: Policy, field: str | None = "position"
) -> tuple[Area, Sequence[Cell]]:
    """The cell a point falls in, and the cells that were read with it: those of the tile. Otherwise as `place`."""
    tolerance = policy.rules.boundary_tolerance_metres
    cells = grid.cells_near(position.lat, position.lon, day)
    cell = cell_at(position, cells, tolerance)
    if cell is not None:
        return cell, cells
    nearest = nearest_cell(position, grid.cells_around(position.lat, position.lon, NEAREST_METRES, day))
    if nearest is None or nearest.metres > NEAREST_METRES:
        raise OutsideDistrict(field, nearest=None)
    area = {"code": nearest.area.code, "path": list(nearest.area.path)}
    raise OutsideDistrict(field, nearest={"area": area, "metres": round(nearest.metres)})


class Locating:
    """Answers staff about the grid as it stands, or stood, on a day (ISO date, district time)."""

    def __init__(self, grid: Grid, policy: Policy) -> None:
        self._grid = grid
        self._policy = policy

    def cell(self, position: Position, day: str, staff: StaffMember) -> Area:
        """The cell of a point. Raises OutsideDistrict, Forbidden."""
        self._permitted(staff)
        return place(position, day, self._grid, self._policy, field=None)

    def area(self, code: str, day: str, staff: StaffMember) -> Area:
        """The area of a code. Raises NotFound for one the grid of that day has not, Forbidden."""
        self._permitted(staff)
        area = self._grid.area(code, day)
        if area is None:
            raise NotFound()
        return area

    def _permitted(self, staff: StaffMember) -> None:
        if not holds(staff, "area.read", self._policy):
            raise Forbidden()
