"""The operator's command on the sample district: what it begins is what the files say, and again it changes nothing."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from infra.__main__ import cli
from infra.network.table import ReferenceTable
from infra.settings import ROOT
from tests.network import list_laid

SAMPLE = ROOT / "infra" / "samples" / "gulou"
COMMUNITY = "320302001002"
OPTIONS = ("--stage", "demo", "--region", "us-east-1", "--area", COMMUNITY)


@pytest.fixture
def stage(tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample in the reference table, no beat planned."""
    with boto3.resource("dynamodb", "us-east-1").Table(tables["Reference"]).batch_writer() as table:
        for row in _rows():
            table.put_item(Item=row)
    list_laid(ReferenceTable(boto3.client("dynamodb", "us-east-1"), tables["Reference"]), list(_rows()))
    outputs = {f"{title}Table": tables[title] for title in ("Cases", "Reference", "Vault")}
    monkeypatch.setattr("infra.deploy.stateful_outputs", lambda *asked: outputs)


def _rows() -> Iterator[dict[str, Any]]:
    """The areas and posts of the community's street, as an import leaves them."""
    yield {"pk": "NETWORK", "sk": "NETWORK", "versions": json.dumps([["v1", "2014-01-01"]])}
    features = json.loads((SAMPLE / "areas.geojson").read_text("utf-8"))["features"]
    names = {feature["properties"]["code"]: feature["properties"]["name"] for feature in features}
    for code in names:
        if code.startswith(COMMUNITY[:9]):
            path = [names[code[:digits]] for digits in (6, 9, 12, 14, 16) if digits <= len(code)]
            said = {"v1": {"name": names[code], "level": "x", "path": path}}
            yield {"pk": f"AREA#{code}", "sk": "AREA", "said": json.dumps(said)}
    for row in _csv("posts.csv"):
        if row["area"].startswith(COMMUNITY[:9]):
            contact = {"staff_id": row["staff_id"], "phone": "+8619900000001", "email": "x@gulou.example"}
            until = {"until": row["until"]} if row["until"] else {}
            key = {"pk": f"AREA#{row['area']}", "sk": f"POST#{row['post']}#{row['staff_id']}"}
            yield {**key, **contact, "from": row["from"], **until}


def _csv(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _by_the_files() -> set[str]:
    """The beats that there are to be in the community, from the pack's and the sample's files alone."""
    pack = tomllib.loads((ROOT / "chalicelib" / "policy" / "gulou" / "patrol.toml").read_text("utf-8"))
    walking = {patrol["post"] for patrol in pack["patrol"]}
    today = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
    return {
        f"{row['area']}.{row['post']}"
        for row in _csv("posts.csv")
        if row["post"] in walking and row["area"].startswith(COMMUNITY)
        if row["from"] <= today and (not row["until"] or today <= row["until"])
    }


def _told(*arguments: str) -> list[str]:
    done = CliRunner().invoke(cli, ["patrol", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [line.strip() for line in done.output.splitlines() if line.strip()]


def test_planning_begins_what_the_files_ask_for_and_again_nothing(stage: None) -> None:
    wanted = _by_the_files()
    assert len(wanted) > 10
    lines = _told("plan", *OPTIONS, "--dry-run")
    assert lines[-1] == f"would be: {len(wanted)} begun, 0 changed, 0 ended, 0 unchanged"
    lines = _told("plan", *OPTIONS)
    assert {line.removeprefix("begun: ") for line in lines if line.startswith("begun: ")} == wanted
    assert lines[-1] == f"{len(wanted)} begun, 0 changed, 0 ended, 0 unchanged"
    assert _told("plan", *OPTIONS)[-1] == f"0 begun, 0 changed, 0 ended, {len(wanted)} unchanged"


def test_a_beat_ends_by_name_and_is_planned_again(stage: None) -> None:
    _told("plan", *OPTIONS)
    name = min(_by_the_files())
    assert _told("end", *OPTIONS[:4], name, name, "320302.nobody") == ["1 ended"]
    assert _told("plan", *OPTIONS)[-1].startswith("1 begun, 0 changed, 0 ended, ")
