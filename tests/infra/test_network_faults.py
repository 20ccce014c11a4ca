"""Faults reach people: as lines, as a collection any map opens, and as a picture that is well-formed whatever comes."""

from __future__ import annotations

import copy
import json
from typing import Any
from xml.etree import ElementTree

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.network.check import check
from infra.network.faults import feature_collection, lines, picture
from infra.network.picture import MOST_VIEWS
from tests.infra.test_network_check import CELL, PACK, SHARED, SIBLING, Feature, feature_like, gulou, move, of, said

__all__ = ["gulou"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def broken(gulou: list[Feature]) -> list[Feature]:
    """A gap, a missing cell elsewhere, a warning and an area with no place at all."""
    features = copy.deepcopy(gulou)
    move(features, SIBLING, SHARED[1], -25)
    features.remove(of(features, "3203020040050201"))
    said(features, CELL).update(households=412)
    features.append({"type": "Feature", "properties": None, "geometry": None})
    return features


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_line_names_kind_area_and_place_in_chinese_then_in_english(broken: list[Feature]) -> None:
    told = list(lines(check(broken, PACK)))
    gap = next(at for at, line in enumerate(told) if "32030200100201" in line)
    assert told[gap].startswith(f"{gap // 2 + 1}. [错误 缝隙] 万通花园（32030200100201）有")
    assert "@ 117.19" in told[gap]
    assert told[gap + 1].startswith("   [fault gap] 万通花园 (32030200100201): ")
    assert any(line.lstrip("0123456789. ").startswith("[提醒 户数超出]") for line in told)


def test_the_collection_has_a_geometry_on_earth_for_every_fault_that_has_a_place(broken: list[Feature]) -> None:
    faults = check(broken, PACK)
    collection = json.loads(json.dumps(feature_collection(faults), allow_nan=False))
    assert collection["type"] == "FeatureCollection" and len(collection["features"]) == len(faults)
    for fault, feature in zip(faults, collection["features"], strict=True):
        assert feature["type"] == "Feature" and feature["properties"]["zh"] == fault.zh
        if fault.place is None:
            assert feature["geometry"] is None
        else:
            shape = shapely.from_geojson(json.dumps(feature["geometry"]))
            assert shape.distance(shapely.Point(fault.place)) < 1e-6
            assert 117 < fault.place[0] < 118 and 34 < fault.place[1] < 35


def test_the_picture_numbers_the_faults_as_the_lines_do_and_tells_them_in_chinese(broken: list[Feature]) -> None:
    faults = check(broken, PACK)
    said_in_it = texts(picture(faults, broken))
    placed = [number for number, fault in enumerate(faults, 1) if fault.place]
    for number in placed:
        assert said_in_it.count(str(number)) == 3, "in the list, in the overview, over its view"
    assert "网格边界检查" in said_in_it and f"{len(faults) - 1} 处错误，1 处提醒" in said_in_it
    assert "万通社区第1网格" in said_in_it and any("平方米不属于任何下级" in words for words in said_in_it)


def test_the_picture_of_a_seamless_network_says_so(gulou: list[Feature]) -> None:
    assert "没有发现问题，边界无缝" in texts(picture([], gulou))


def test_the_picture_of_very_many_faults_shows_the_first_and_counts_the_rest(gulou: list[Feature]) -> None:
    features = copy.deepcopy(gulou)
    for feature in features:
        feature["properties"]["households"] = 1
    faults = check(features, PACK)
    assert len(faults) == 410
    svg = picture(faults, features)
    assert f"其余 {410 - MOST_VIEWS} 处见文字清单。" in texts(svg)
    assert len(svg) < 1_500_000


def test_a_name_that_is_markup_stays_a_name(gulou: list[Feature]) -> None:
    features = copy.deepcopy(gulou)
    said(features, CELL).update(name="<script>&\"'", households=7)
    svg = picture(check(features, PACK), features)
    assert "<script" not in svg and any("<script>" in words for words in texts(svg))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(feature_like(), max_size=4))
def test_whatever_comes_can_be_drawn(features: list[Any]) -> None:
    faults = check(features, PACK)
    ElementTree.fromstring(picture(faults, features))
    json.dumps(feature_collection(faults), allow_nan=False)
    assert len(list(lines(faults))) == 2 * len(faults)
