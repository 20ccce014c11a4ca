"""Positions of Chinese maps mean the same place as WGS-84: held to another implementation, and to their own inverse."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import geocoordinates_ffi as peer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.datums import BD09, DATUMS, GCJ02, WGS84, from_wgs84, position_in, to_wgs84
from chalicelib.domain.grid import Position

POINTS = 100_000
CENTIMETRE = 0.01

CHINA = st.tuples(st.floats(18, 53.5), st.floats(74, 134.5))


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    shrink = math.cos(math.radians(one[0]))
    return math.hypot(one[0] - other[0], (one[1] - other[1]) * shrink) * 111_195


def peers_gcj02(lat: float, lon: float) -> tuple[float, float]:
    there = peer.wgs84_to_gcj02(peer.Wgs84(lat=lat, lon=lon))
    return there.lat, there.lon


def peers_bd09(lat: float, lon: float) -> tuple[float, float]:
    there = peer.gcj02_to_bd09(peer.Gcj02(lat=lat, lon=lon))
    return there.lat, there.lon


def peers_wgs84_of_gcj02(lat: float, lon: float) -> tuple[float, float]:
    there = peer.gcj02_to_wgs84_refined(peer.Gcj02(lat=lat, lon=lon))
    return there.lat, there.lon


def peers_wgs84_of_bd09(lat: float, lon: float) -> tuple[float, float]:
    there = peer.bd09_to_wgs84_refined(peer.Bd09(lat=lat, lon=lon))
    return there.lat, there.lon


WAYS: list[tuple[Callable[..., tuple[float, float]], Callable[..., tuple[float, float]]]] = [
    (lambda lat, lon: from_wgs84(lat, lon, GCJ02), peers_gcj02),
    (lambda lat, lon: from_wgs84(*to_wgs84(lat, lon, GCJ02), BD09), peers_bd09),
    (lambda lat, lon: to_wgs84(lat, lon, GCJ02), peers_wgs84_of_gcj02),
    (lambda lat, lon: to_wgs84(lat, lon, BD09), peers_wgs84_of_bd09),
]


@pytest.mark.parametrize("box", [(34.25, 117.1, 34.4, 117.3), (18, 74, 53.5, 134.5)], ids=["district", "China"])
def test_another_implementation_finds_the_same_places(box: tuple[float, float, float, float]) -> None:
    random, worst = Random(20260101), 0.0
    south, west, north, east = box
    for number in range(POINTS // 2):
        lat, lon = random.uniform(south, north), random.uniform(west, east)
        ours, theirs = WAYS[number % len(WAYS)]
        worst = max(worst, metres(ours(lat, lon), theirs(lat, lon)))
    assert worst < CENTIMETRE


@given(CHINA, st.sampled_from(DATUMS))
def test_what_is_converted_there_and_back_is_where_it_was(point: tuple[float, float], datum: str) -> None:
    assert metres(to_wgs84(*from_wgs84(*point, datum), datum), point) < 1e-4
    assert metres(from_wgs84(*to_wgs84(*point, datum), datum), point) < 1e-4


@pytest.mark.parametrize(
    ("datum", "lat", "lon"),
    [(GCJ02, 39.91640428150164, 116.41024449916938), (BD09, 39.922699552216216, 116.41662724378733)],
)
def test_the_middle_of_peking_is_where_converters_have_it_since_2013(datum: str, lat: float, lon: float) -> None:
    assert metres(from_wgs84(39.915, 116.404, datum), (lat, lon)) < CENTIMETRE


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_maps_of_other_countries_are_not_shifted(lat: float, lon: float) -> None:
    if not (0.8 < lat < 55.9 and 72 < lon < 137.9):
        assert from_wgs84(lat, lon, GCJ02) == to_wgs84(lat, lon, GCJ02) == (lat, lon)


@given(st.floats(-90, 90), st.floats(-180, 180), st.sampled_from(DATUMS))
def test_every_position_there_is_can_be_converted(lat: float, lon: float, datum: str) -> None:
    assert all(map(math.isfinite, (*to_wgs84(lat, lon, datum), *from_wgs84(lat, lon, datum))))


def test_a_converted_position_keeps_what_was_sent_and_another_is_as_it_came() -> None:
    assert position_in(34.123456789, 117.987654321, WGS84) == Position(34.123456789, 117.987654321)
    there = position_in(34.288798942, 117.185784664, GCJ02)
    assert (there.lat, there.lon, there.sent) == (34.29, 117.18, (34.288798942, 117.185784664, GCJ02))


def test_an_unknown_datum_is_no_datum() -> None:
    with pytest.raises(KeyError):
        position_in(34.0, 117.0, "CGCS2000")
