"""The grid over the API: which cell a point lies in, what an area is, on which day; and positions of other datums."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.datums import DATUMS, from_wgs84
from tests.integration.edge import INSIDE, Edge
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

PATH = ["鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"]
EAST_OF_IT = {"lat": 34.285, "lon": 117.1925}  # 230 m from the cell's eastern side


def asked(edge: Edge, **query: Any) -> Any:
    return edge.get("/v1/cells", WORKER, **{name: str(value) for name, value in query.items()})


@pytest.mark.parametrize("datum", DATUMS)
def test_the_cell_of_a_point_is_found_in_any_datum(edge: Edge, datum: str) -> None:
    lat, lon = from_wgs84(INSIDE["lat"], INSIDE["lon"], datum)
    answer = asked(edge, lat=lat, lon=lon, datum=datum)
    assert answer.status == 200
    assert answer.body == {"code": CELL, "level": "cell", "path": PATH, "on": "2026-11-22"}


def test_a_point_is_taken_for_wgs_84_unless_its_datum_is_named(edge: Edge) -> None:
    """Half a kilometre lies between the two: what is in the cell in one is beside it in the other."""
    there = {"lat": 34.285, "lon": 117.194}
    assert asked(edge, **there).status == 422
    assert asked(edge, **there, datum="GCJ-02").body["code"] == CELL


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"lon": 117.185}, "lat"),
        ({"lat": 34.285}, "lon"),
        ({"lat": "", "lon": 117.185}, "lat"),
        ({"lat": "nan", "lon": 117.185}, "lat"),
        ({"lat": "inf", "lon": 117.185}, "lat"),
        ({"lat": "3_4", "lon": 117.185}, "lat"),
        ({"lat": "1e1", "lon": 117.185}, "lat"),
        ({"lat": "３４", "lon": 117.185}, "lat"),
        ({"lat": "34.285,117.185", "lon": 117.185}, "lat"),
        ({"lat": 90.1, "lon": 117.185}, "lat"),
        ({"lat": 34.285, "lon": -180.1}, "lon"),
        ({"lat": 34.285, "lon": "9" * 400}, "lon"),
        ({"lat": 34.285, "lon": 117.185, "datum": "CGCS2000"}, "datum"),
        ({"lat": 34.285, "lon": 117.185, "datum": ""}, "datum"),
        ({"lat": 34.285, "lon": 117.185, "on": "today"}, "on"),
        ({"lat": 34.285, "lon": 117.185, "on": "2026-02-30"}, "on"),
        ({"lat": 34.285, "lon": 117.185, "on": "20261122"}, "on"),
        ({"lat": 34.285, "lon": 117.185, "on": "2026-11-22T00:00:00Z"}, "on"),
        ({"lat": 34.285, "lon": 117.185, "on": ""}, "on"),
    ],
    ids=str,
)
def test_a_question_that_is_none_is_refused_with_the_parameter(edge: Edge, query: dict[str, Any], field: str) -> None:
    answer = asked(edge, **query)
    assert (answer.status, answer.code, answer.field) == (400, "query-invalid", field)


def test_a_point_outside_is_told_how_far_the_nearest_cell_is(edge: Edge) -> None:
    answer = asked(edge, **EAST_OF_IT)
    assert (answer.status, answer.code, answer.field) == (422, "position-outside-district", None)
    assert answer.body["nearest"] == {"area": {"code": CELL, "path": PATH}, "metres": 230}
    body = {**edge.a_report(), "position": EAST_OF_IT}
    refused = edge.post("/v1/reports", body, WORKER)
    assert (refused.status, refused.field) == (422, "position")
    assert refused.body["nearest"] == answer.body["nearest"]


@pytest.mark.parametrize(
    "far",
    [{"lat": 34.285, "lon": 117.205}, {"lat": 34.5, "lon": 117.185}, {"lat": 90, "lon": 0}, {"lat": 0, "lon": 180}],
)
def test_a_point_farther_than_a_kilometre_is_told_no_cell(edge: Edge, far: dict[str, float]) -> None:
    answer = asked(edge, **far)
    assert (answer.code, answer.body["nearest"]) == ("position-outside-district", None)


def test_a_point_some_centimetres_outside_belongs_to_the_cell_beside_it(edge: Edge) -> None:
    assert asked(edge, lat=34.285, lon=117.190004).body["code"] == CELL  # 0.37 m
    assert asked(edge, lat=34.285, lon=117.190006).body["nearest"]["metres"] == 1  # 0.55 m


def test_the_grid_is_that_of_the_day_asked_about(edge: Edge) -> None:
    assert asked(edge, **_inside(), on="2014-01-01").body["on"] == "2014-01-01"
    assert asked(edge, **_inside(), on="2013-12-31").body["nearest"] is None
    assert edge.get(f"/v1/areas/{COMMUNITY}", WORKER, on="2013-12-31").status == 404


def test_today_is_the_district_s_day(edge: Edge) -> None:
    edge.clock.forward(hours=13, minutes=59)  # 23:59 in the district
    assert asked(edge, **_inside()).body["on"] == "2026-11-22"
    edge.clock.forward(minutes=1)
    assert asked(edge, **_inside()).body["on"] == "2026-11-23"


@pytest.mark.parametrize(
    ("code", "level", "depth"),
    [(COMMUNITY[:6], "district", 1), (COMMUNITY[:9], "street", 2), (COMMUNITY, "community", 3), (CELL, "cell", 5)],
)
def test_an_area_is_answered_with_its_level_and_names(edge: Edge, code: str, level: str, depth: int) -> None:
    answer = edge.get(f"/v1/areas/{code}", WORKER)
    assert answer.body == {"code": code, "level": level, "path": PATH[:depth], "on": "2026-11-22"}


@pytest.mark.parametrize("code", ["320302009", "x", "%E7%BD%91%E6%A0%BC", "3" * 300, "AREA"])
def test_an_area_that_is_none_is_not_found(edge: Edge, code: str) -> None:
    assert edge.get(f"/v1/areas/{code}", WORKER).status == 404


def test_every_role_may_ask_where_a_point_lies(edge: Edge) -> None:
    for member in (WORKER, STATION, LINKAGE, ADMIN, officer_of("urban-management")):
        assert edge.get("/v1/cells", member, lat="34.285", lon="117.185").status == 200
        assert edge.get(f"/v1/areas/{CELL}", member).status == 200


@pytest.mark.parametrize("datum", ["GCJ-02", "BD-09"])
def test_a_report_keeps_its_position_as_it_was_sent_beside_the_converted_one(edge: Edge, datum: str) -> None:
    lat, lon = (round(degrees, 6) for degrees in from_wgs84(34.285, 117.185, datum))
    sent = {"lat": lat, "lon": lon, "datum": datum}
    receipt = edge.report(WORKER, position=sent)
    assert receipt["area"]["code"] == CELL
    report = edge.get(f"/v1/reports/{receipt['report_id']}", WORKER).body
    assert report["position_as_sent"] == sent
    assert report["position"]["datum"] == "WGS-84"
    assert (report["position"]["lat"], report["position"]["lon"]) == pytest.approx((34.285, 117.185), abs=2e-6)
    assert sum(len(str(report["position"][name]).partition(".")[2]) > 7 for name in ("lat", "lon")) == 0


def test_a_report_in_wgs_84_has_one_position(edge: Edge) -> None:
    receipt = edge.report(WORKER)
    report = edge.get(f"/v1/reports/{receipt['report_id']}", WORKER).body
    assert (report["position"], report["position_as_sent"]) == (INSIDE, None)
    assert "as_sent" not in edge.stored()


def test_a_repeat_in_another_datum_is_another_content(edge: Edge) -> None:
    body, key = edge.a_report(), "5f0c1a52-8f0e-4a8e-9d53-0c5b2f6d7e11"
    assert edge.post("/v1/reports", body, WORKER, key=key).status == 201
    lat, lon = from_wgs84(INSIDE["lat"], INSIDE["lon"], "GCJ-02")
    again = {**body, "position": {"lat": lat, "lon": lon, "datum": "GCJ-02"}}
    assert edge.post("/v1/reports", again, WORKER, key=key).code == "idempotency-conflict"


def test_a_visit_may_be_recorded_from_any_datum(edge: Edge) -> None:
    receipt = edge.report(WORKER)
    officer = officer_of(receipt["unit"]["id"])
    edge.answered(receipt["case_id"], officer)
    lat, lon = from_wgs84(34.285, 117.185, "BD-09")
    position = {"lat": lat, "lon": lon, "datum": "BD-09"}
    answer = edge.visit(receipt["case_id"], "satisfied", WORKER, position=position)
    assert answer.status == 200
    assert str(lat) not in edge.stored() and json.dumps(lon) not in edge.stored()


def _inside() -> dict[str, float]:
    return {"lat": INSIDE["lat"], "lon": INSIDE["lon"]}
