"""`python -m infra clocks recount`: provisional deadlines of running cases, counted again once days are announced."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

import infra.clocks
from chalicelib.domain.cases import replay
from chalicelib.domain.explaining import explain
from chalicelib.models.policy_store import DynamoPolicies
from chalicelib.policy.loader import read_policy, version_of
from chalicelib.services.policies import KeptPolicies
from infra import deploy
from infra.__main__ import cli
from tests.conftest import REGION
from tests.network import everything
from tests.world import INSIDE, World, officer_of

Run = Callable[..., str]


@pytest.fixture
def run(world: World, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    outputs = {f"{title}Table": name for title, name in tables.items()}
    monkeypatch.setattr(deploy, "stateful_outputs", lambda *where: outputs)
    monkeypatch.setattr(infra.clocks.console, "width", 200)

    def command(*said: str) -> str:
        with infra.clocks.console.capture() as printed:
            result = CliRunner().invoke(cli, ["clocks", "recount", *said, "--stage", "local", "--region", REGION])
        assert result.exit_code == 0, (result.output, result.exc_info)
        return printed.get() + result.output

    return command


@pytest.fixture
def kept(world: World, pack_file: Path) -> DynamoPolicies:
    policies = DynamoPolicies()
    policies.keep(world.policy.version, pack_file.read_bytes(), world.clock.now())
    policies.deployed(world.policy.version, world.clock.now())
    return policies


def announce(kept: DynamoPolicies, world: World, pack_file: Path) -> str:
    """Deploy a version that knows 2027: New Year's Day is off, the Saturday after it worked."""
    pack: dict[str, Any] = json.loads(pack_file.read_bytes())
    pack["calendar"]["holidays"].append("2027-01-01")
    pack["calendar"]["workdays"].append("2027-01-02")
    pack["calendar"]["years"].append(2027)
    version = pack["version"] = version_of(pack)
    kept.keep(version, json.dumps(pack, ensure_ascii=False).encode(), world.clock.now() + timedelta(hours=1))
    kept.deployed(version, world.clock.now() + timedelta(hours=1))
    return version


def test_what_was_guessed_is_counted_again_once_and_only_that(
    run: Run, world: World, kept: DynamoPolicies, pack_file: Path, tables: dict[str, str]
) -> None:
    world.clock.at = datetime(2026, 12, 30, 1, tzinfo=UTC)  # Wednesday, 9:00
    order = str(world.submit(source="12345", position=INSIDE, category="street-light", text="看一看").case_id)
    exact = str(world.submit(position=INSIDE, category="public-toilet", text="看一看").case_id)
    before = world.case(order)
    assert "will be" not in run() and world.case(order) == before  # nothing is announced
    version = announce(kept, world, pack_file)
    planned = run("--dry-run")
    assert order in planned and exact not in planned and world.case(order) == before
    printed = run()
    assert order in printed and "2027年1月6日24时" in printed  # of 31, Fri 1, Mon 4, 5, 6: 31, Sat 2, 4, 5, 6
    case, history = world.case(order), world.store.history(order)
    recounted = [event for event in history if event.type == "clock.recomputed.v1"]
    assert {event.data["clock"] for event in recounted} == {"resolve", "respond"}
    assert {(event.data["calendar"], event.policy_version) for event in recounted} == {(version, before.policy_version)}
    assert replay(history) == case and not any(clock.provisional for clock in case.clocks)
    assert all(clock.state == "running" for clock in case.clocks)
    again = world.case(order)
    assert "counted otherwise: 0" in run() and world.case(order) == again
    rows = everything(boto3.client("dynamodb", REGION), tables["Vault"]).values()
    noted = [each for each in rows if each.get("what") in ({"S": "clocks.recount"}, {"S": "clock.recomputed.v1"})]
    assert len({each["request"]["S"] for each in noted if each["what"]["S"] == "clock.recomputed.v1"}) == 1
    assert all("arn:aws" in each["reader"]["S"] and each["source"]["S"] == "command" for each in noted)


def test_what_goes_on_after_the_announcement_is_counted_by_the_newest_calendar_and_says_so(
    world: World, kept: DynamoPolicies, pack_file: Path
) -> None:
    version = announce(kept, world, pack_file)
    compiled = kept.compiled(version)
    assert compiled is not None
    policies = KeptPolicies(read_policy(compiled), lambda: kept, read_policy, lambda version, why: None)
    old = policies.of(world.policy.version)
    assert (old.version, old.calendar_of, old.calendar.years[-1]) == (world.policy.version, version, 2027)
    own = policies.calendar(world.policy.version)
    assert own is not None and own.years[-1] == 2026 and policies.calendar("never-kept") is None
    world.policies.earlier[world.policy.version] = old
    world.clock.at = datetime(2026, 12, 30, 1, tzinfo=UTC)
    case_id = str(world.submit(source="12345", position=INSIDE, category="street-light", text="看一看").case_id)
    (assigned,) = (event for event in world.store.history(case_id) if event.type == "case.assigned.v1")
    assert assigned.data["timing"].get("calendar") is None  # opened by the world's own, which is in force there
    officer = officer_of(str(world.case(case_id).lead))
    world.act(case_id, "accept", officer)
    world.act(case_id, "suspend", officer, reason="等待备件")
    world.clock.forward(days=6)
    world.act(case_id, "resume", officer)
    (resumed,) = (event for event in world.store.history(case_id) if event.type == "case.resumed.v1")
    assert resumed.data["timing"]["calendar"] == version
    assert not any(each.differs for each in explain(world.store.history(case_id), policies))
