"""Datums 坐标系: positions as Chinese maps and phones give them, to WGS-84 and back.

GCJ-02 is the shifted datum of maps published in China (高德, 腾讯); BD-09 is Baidu's shift on top of it. Neither has a
public specification: the constants are those published since 2013 and used by every converter, on the ellipsoid of
Krasovsky 1940. Outside of China GCJ-02 is WGS-84, by the box that those converters use.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, cos, fabs, hypot, pi, radians, sin, sqrt

from chalicelib.domain.grid import Position, Sent

WGS84, GCJ02, BD09 = "WGS-84", "GCJ-02", "BD-09"
DATUMS = (WGS84, GCJ02, BD09)

_AXIS, _ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323
_BD_TURN = pi * 3000 / 180
_NEAR_ENOUGH = 1e-10  # degrees: a hundredth of a millimetre
_MOST_ROUNDS = 30

_CENTIMETRE = 7  # decimals of a degree

Point = tuple[float, float]
"""Latitude and longitude."""


def position_in(lat: float, lon: float, datum: str) -> Position:
    """A position sent in one of DATUMS: in WGS-84, to the centimetre where that took a conversion, with what was sent.

    Raises KeyError for another datum.
    """
    if datum == WGS84:
        return Position(lat, lon)
    at_lat, at_lon = to_wgs84(lat, lon, datum)
    return Position(round(at_lat, _CENTIMETRE), round(at_lon, _CENTIMETRE), Sent(lat, lon, datum))


def to_wgs84(lat: float, lon: float, datum: str) -> Point:
    """A position of one of DATUMS in WGS-84, exact to less than a millimetre. Raises KeyError for another datum."""
    return {WGS84: _same, GCJ02: _wgs84_of_gcj02, BD09: _wgs84_of_bd09}[datum](lat, lon)


def from_wgs84(lat: float, lon: float, datum: str) -> Point:
    """A WGS-84 position in one of DATUMS. Raises KeyError for another datum."""
    return {WGS84: _same, GCJ02: _gcj02_of_wgs84, BD09: _bd09_of_wgs84}[datum](lat, lon)


def _same(lat: float, lon: float) -> Point:
    return lat, lon


def _wgs84_of_gcj02(lat: float, lon: float) -> Point:
    return _inverse(_gcj02_of_wgs84, lat, lon) if _in_china(lat, lon) else (lat, lon)


def _wgs84_of_bd09(lat: float, lon: float) -> Point:
    return _wgs84_of_gcj02(*_inverse(_bd09_of_gcj02, lat, lon))


def _bd09_of_wgs84(lat: float, lon: float) -> Point:
    return _bd09_of_gcj02(*_gcj02_of_wgs84(lat, lon))


def _gcj02_of_wgs84(lat: float, lon: float) -> Point:
    if not _in_china(lat, lon):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    both = 20.0 * sin(6.0 * pi * x) + 20.0 * sin(2.0 * pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x))
    north += (both + 20.0 * sin(pi * y) + 40.0 * sin(pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * sin(pi * y / 12.0) + 320.0 * sin(pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x))
    east += (both + 20.0 * sin(pi * x) + 40.0 * sin(pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * sin(pi * x / 12.0) + 300.0 * sin(pi * x / 30.0)) * 2.0 / 3.0
    flat = 1.0 - _ECCENTRICITY_SQUARED * sin(radians(lat)) ** 2
    north /= radians(_AXIS * (1.0 - _ECCENTRICITY_SQUARED) / (flat * sqrt(flat)))
    east /= radians(_AXIS / sqrt(flat) * cos(radians(lat)))
    return lat + north, lon + east


def _bd09_of_gcj02(lat: float, lon: float) -> Point:
    far = hypot(lon, lat) + 0.00002 * sin(lat * _BD_TURN)
    turned = atan2(lat, lon) + 0.000003 * cos(lon * _BD_TURN)
    return far * sin(turned) + 0.006, far * cos(turned) + 0.0065


def _inverse(shifted: Callable[[float, float], Point], lat: float, lon: float) -> Point:
    """The point that is shifted to this one. The shift changes slowly, so the error shrinks with every round."""
    at_lat, at_lon = lat, lon
    for _ in range(_MOST_ROUNDS):
        to_lat, to_lon = shifted(at_lat, at_lon)
        off_lat, off_lon = lat - to_lat, lon - to_lon
        at_lat, at_lon = at_lat + off_lat, at_lon + off_lon
        if fabs(off_lat) < _NEAR_ENOUGH and fabs(off_lon) < _NEAR_ENOUGH:
            break
    return at_lat, at_lon


def _in_china(lat: float, lon: float) -> bool:
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347
