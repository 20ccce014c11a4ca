"""The operator's command on the sample district: what it begins is what the files say, and again it changes nothing."""

from __future__ import annotations

import csv
import tomllib
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from click.testing import CliRunner

import infra.__main__ as commands
from infra.load import SAMPLES, load, sample_rows
from infra.settings import ROOT

SAMPLE = SAMPLES / "gulou"
COMMUNITY = "320302001002"
OPTIONS = ("--stage", "demo", "--region", "us-east-1", "--area", COMMUNITY)


@pytest.fixture
def stage(tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample in the reference table, no beat planned."""
    rows = [row for row in sample_rows(SAMPLE) if row["sk"].partition("#")[0] in ("NETWORK", "AREA", "POST")]
    load(lambda service, **more: boto3.client(service, "us-east-1", **more), tables["Reference"], rows)
    outputs = {f"{title}Table": tables[title] for title in ("Cases", "Reference", "Vault")}
    monkeypatch.setattr(commands, "_stateful_outputs", lambda *asked: outputs)


def _by_the_files() -> set[str]:
    """The beats that there are to be in the community, from the pack's and the sample's files alone."""
    pack = tomllib.loads((ROOT / "chalicelib" / "policy" / "gulou" / "patrol.toml").read_text("utf-8"))
    walking = {patrol["post"] for patrol in pack["patrol"]}
    today = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
    with (SAMPLE / "posts.csv").open(encoding="utf-8", newline="") as lines:
        return {
            f"{row['area']}.{row['post']}"
            for row in csv.DictReader(lines)
            if row["post"] in walking and row["area"].startswith(COMMUNITY)
            if row["from"] <= today and (not row["until"] or today <= row["until"])
        }


def _told(*arguments: str) -> list[str]:
    done = CliRunner().invoke(commands.cli, ["patrol", *arguments], catch_exceptions=False)
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
