"""The API of the grid: which cell a point lies in, and what an area is, today or as of a day."""

from __future__ import annotations

import re

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.errors import InvalidField
from chalicelib.handlers import views
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.http import answer, day_asked, http_boundary, named, query_of, staff_request

network = Blueprint(__name__)
AREA_READ = "area.read"  # no secret: what is asked of the grid is not noted
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,17})?", re.ASCII)


@network.route("/v1/cells", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(network, AREA_READ, noted=False)
def find_cell() -> Response:
    from chalicelib.domain.datums import DATUMS, WGS84, position_in

    query, staff = query_of(network.current_request), staff_request(network.current_request).staff
    datum = query.get("datum", WGS84)
    if datum not in DATUMS:
        raise InvalidField("datum", "query-invalid", allowed=list(DATUMS))
    position = position_in(_degrees(query, "lat", 90), _degrees(query, "lon", 180), datum)
    day = _day()
    return answer(views.area_view(bootstrap.locating().cell(position, day, staff), day))


@network.route("/v1/areas/{code}", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(network, AREA_READ, noted=False)
def read_area(code: str) -> Response:
    day, staff = _day(), staff_request(network.current_request).staff
    return answer(views.area_view(bootstrap.locating().area(named(code), day, staff), day))


def _degrees(query: dict[str, str], name: str, most: int) -> float:
    """A number of degrees of the query. Raises InvalidField for anything else."""
    text = query.get(name, "")
    if not _DEGREES.fullmatch(text) or abs(float(text)) > most:
        raise InvalidField(name, "query-invalid")
    return float(text)


def _day() -> str:
    """The day asked about, or today in the district. Raises InvalidField for what is none."""
    return day_asked(network.current_request) or bootstrap.policy().day_of(bootstrap.now())
