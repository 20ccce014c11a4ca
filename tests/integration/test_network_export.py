"""What was imported comes out again: planned anew, the exported directory has nothing to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.network.export import NothingInForce, export
from infra.network.given import AREAS, TABLES, read
from infra.network.importing import Importer
from infra.network.planning import plan_import
from infra.samples import SAMPLES
from tests.conftest import REGION
from tests.network import COMMUNITY, csv_of, everything, network, split, table_of, tables, write


@pytest.fixture
def importer(tables: dict[str, str], pack_file: Path) -> Importer:
    return Importer(table_of(boto3.client("dynamodb", REGION), tables["Reference"]), pack_file.read_bytes())


@pytest.fixture
def emptied(tables: dict[str, str]) -> Callable[[], None]:
    """Takes every row away again, since an example of a property is not a test of its own."""
    dynamodb = boto3.client("dynamodb", REGION)

    def empty() -> None:
        for pk, sk in everything(dynamodb, tables["Reference"]):
            dynamodb.delete_item(TableName=tables["Reference"], Key={"pk": {"S": pk}, "sk": {"S": sk}})

    return empty


def test_the_sample_comes_out_as_it_went_in(importer: Importer, tmp_path: Path) -> None:
    sample = SAMPLES / "gulou"
    importer.bring_in(sample)
    export(importer.table, importer.today, tmp_path)
    for name in (AREAS, *TABLES):
        assert (tmp_path / name).read_bytes() == (sample / name).read_bytes(), name
    again = importer.plan(tmp_path)
    assert again.empty and not again.changes


def test_areas_come_out_as_on_a_day(importer: Importer, tmp_path: Path) -> None:
    write(tmp_path / "1")
    said = {**tables(), "posts.csv": tables()["posts.csv"][:1], "absences.csv": tables()["absences.csv"]}
    for row in said["staff.csv"]:
        row["areas"] = COMMUNITY
    del said["absences.csv"]
    write(tmp_path / "2", split(), said, "2026-06-01")
    importer.bring_in(tmp_path / "1")
    importer.bring_in(tmp_path / "2")
    export(importer.table, "2026-05-31", tmp_path / "before")
    export(importer.table, "2026-06-01", tmp_path / "since")
    assert _features(tmp_path / "before") == _features(tmp_path / "1")
    assert _features(tmp_path / "since") == _features(tmp_path / "2")
    assert importer.plan(tmp_path / "since").empty
    assert json.loads((tmp_path / "before" / AREAS).read_text("utf-8"))["label"] == "演示 demonstration"
    with pytest.raises(NothingInForce):
        export(importer.table, "2013-12-31", tmp_path / "never")


def test_a_table_nobody_needs_is_not_left_over_from_an_earlier_export(importer: Importer, tmp_path: Path) -> None:
    importer.bring_in(write(tmp_path / "1"))
    export(importer.table, importer.today, tmp_path / "out")
    assert (tmp_path / "out" / "absences.csv").exists()
    (tmp_path / "1" / "absences.csv").write_text("staff_id,from,until,deputy_id\n", "utf-8")
    importer.bring_in(tmp_path / "1")
    export(importer.table, importer.today, tmp_path / "out")
    assert not (tmp_path / "out" / "absences.csv").exists()


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
numbers = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | numbers | words, lambda each: st.lists(each, max_size=3), max_leaves=5
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(words, min_size=9, max_size=9),
    more=st.dictionaries(words.filter(lambda name: name not in _PROPERTIES), anything, max_size=3),
    members=st.dictionaries(words.filter(lambda name: name not in _MEMBERS), anything, max_size=2),
    people=st.lists(st.tuples(words, st.sampled_from(["", "yes"])), min_size=6, max_size=6),
    address=words,
    order=st.permutations(range(9)),
)
def test_whatever_was_imported_comes_out_so_that_nothing_is_to_be_done(
    importer: Importer,
    emptied: Callable[[], None],
    names: list[str],
    more: dict[str, Any],
    members: dict[str, Any],
    people: list[tuple[str, str]],
    address: str,
    order: list[int],
) -> None:
    features = network()
    for feature, name in zip(features, names, strict=True):
        feature["properties"] |= {"name": name, **more}
    said = tables()
    for row, (name, hidden) in zip(said["staff.csv"], people, strict=True):
        row |= {"name": name, "hide_phone": hidden}
    said["units.csv"][0]["address"] = address
    emptied()
    with TemporaryDirectory() as name:
        given_in = write(Path(name) / "in", [features[place] for place in order], said, **{**members, "label": "x"})
        importer.bring_in(given_in)
        export(importer.table, importer.today, Path(name) / "out")
        again = plan_import(
            read(Path(name) / "out"), importer.table, importer.policy, importer.today, lambda features: []
        )
        assert again.good and again.empty and not again.changes
        assert sorted(_features(given_in), key=str) == sorted(_features(Path(name) / "out"), key=str)
        assert (Path(name) / "out" / "posts.csv").read_text("utf-8") == csv_of(said["posts.csv"])


_PROPERTIES = {"code", "name", "level", "parent", "households", "children", "succeeds"}
_MEMBERS = {"type", "features", "from", "ended", "label", "directory", "said", "from_day"}


def _features(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((directory / AREAS).read_text("utf-8"))["features"]
    return sorted(found, key=lambda feature: str(feature["properties"]["code"]))
