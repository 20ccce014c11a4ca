"""The operator's commands for versions of the policy: what they print, what they note, how they end."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from chalicelib.domain.cases import replay
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.policy import Policy
from chalicelib.models.case_store import DynamoCaseStore
from chalicelib.models.policy_store import DynamoPolicies
from chalicelib.policy.loader import read_policy, version_of
from infra import deploy
from infra.__main__ import cli
from infra.policy import commands
from infra.policy.stage import Stage
from tests.conftest import PACK, REGION
from tests.network import everything
from tests.world import INSIDE, World, officer_of

WHERE = ("--stage", "local", "--region", REGION)
LIGHT, TOILET = "street-light", "public-toilet"

Run = Callable[..., Result]


@pytest.fixture
def run(world: World, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    outputs = {f"{title}Table": name for title, name in tables.items()}
    monkeypatch.setattr(deploy, "stateful_outputs", lambda *where: outputs)
    monkeypatch.setattr(commands.console, "width", 200)
    monkeypatch.setattr(Stage, "now", property(lambda stage: world.clock.now()))

    def command(*said: str | Path, where: tuple[str, ...] = WHERE) -> Result:
        with commands.console.capture() as printed:
            result = CliRunner().invoke(cli, ["policy", *map(str, said), *where])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        result.printed = printed.get() + result.output  # type: ignore[attr-defined]
        return result

    return command


@pytest.fixture
def kept(world: World, pack_file: Path) -> DynamoPolicies:
    """The pack that the world's cases go by, deployed."""
    policies = DynamoPolicies()
    policies.keep(world.policy.version, pack_file.read_bytes(), world.clock.now())
    policies.deployed(world.policy.version, world.clock.now())
    return policies


def changed(pack_file: Path, directory: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    pack = json.loads(pack_file.read_bytes())
    change(pack)
    written = directory / "changed.json"
    written.write_text(json.dumps({**pack, "version": version_of(pack)}), "utf-8")
    return written


def report(world: World, category: str | None = LIGHT) -> str:
    return str(world.submit(position=INSIDE, category=category, text="看一看").case_id)


def test_versions_are_listed_with_the_open_cases_of_each(run: Run, world: World, kept: DynamoPolicies) -> None:
    for _ in range(3):
        report(world)
    world.clock.forward(hours=1)
    kept.keep("gulou-later", b"{}", world.clock.now())
    said = json.loads(run("versions", "--json").stdout)
    assert said["in_force"] == world.policy.version
    assert [each["version"] for each in said["versions"]] == [world.policy.version, "gulou-later"]
    assert said["open_cases"] == {world.policy.version: 3}
    printed = run("versions").printed  # type: ignore[attr-defined]
    assert "施行中 in force" in printed and "not deployed to the end" in printed and "2026-11-22 10:00" in printed


def test_a_version_that_cases_name_and_nobody_kept_is_listed_too(run: Run, world: World) -> None:
    report(world)
    assert json.loads(run("versions", "--json").stdout) == {
        "in_force": None,
        "versions": [],
        "open_cases": {world.policy.version: 1},
    }
    assert "未保存" in run("versions").printed  # type: ignore[attr-defined]


def test_two_packs_are_compared_without_a_stage(
    run: Run, pack_file: Path, matching_pack_file: Path, tmp_path: Path
) -> None:
    def change(pack: dict[str, Any]) -> None:
        pack["categories"][LIGHT]["resolve"] = 86_400
        pack["categories"][LIGHT]["keywords"].append("路灯[坏]了")

    other = changed(pack_file, tmp_path, change)
    result = run("compare", PACK, other, where=())
    printed = result.printed  # type: ignore[attr-defined]
    assert result.exit_code == 0
    assert "P3D → P1D" in printed and "+ 路灯[坏]了" in printed and "路灯照明" in printed
    assert run("compare", PACK, matching_pack_file, where=()).printed.endswith("do not differ\n")  # type: ignore[attr-defined]


def test_what_is_new_or_gone_is_told_with_what_it_says(run: Run, pack_file: Path, tmp_path: Path) -> None:
    def change(pack: dict[str, Any]) -> None:
        night = {"id": "night-noise", "categories": ["noise"], "hours": ["22:00", "06:00"], "lead": "public-security"}
        pack["routing"].insert(0, {**night, "kinds": [], "joint": None})
        light = pack["categories"].pop(LIGHT)
        pack["categories"]["lamp"] = {**light, "id": "lamp", "zh": "灯"}
        pack["of_tomorrow"] = {"first": {"a": {"b": 1}}, "second": {}}

    other = changed(pack_file, tmp_path, change)
    lines = run("compare", pack_file, other, where=()).printed.splitlines()  # type: ignore[attr-defined]
    said = {
        line.split("  ", 1)[1].strip(): lines[number + 1].strip()
        for number, line in enumerate(lines[:-1])
        if "  " in line
    }
    assert said["派单规则 routing.night-noise"] == "categories=noise，hours=22:00、06:00，lead=public-security"
    assert said["of_tomorrow"] == "first、second"
    assert (
        "resolve=P3D" in said["小类 categories.lamp 灯"] and "lead=urban-management" in said["小类 categories.lamp 灯"]
    )
    assert "resolve=P3D" in said["小类 categories.street-light 路灯照明"]


def test_cases_that_a_pack_strands_are_named_with_the_reason(
    run: Run, world: World, kept: DynamoPolicies, pack_file: Path, tmp_path: Path, tables: dict[str, str]
) -> None:
    lost, other, settled = report(world), report(world, TOILET), report(world)
    world.act(settled, "accept", officer_of("urban-management"))
    world.act(settled, "resolve", officer_of("urban-management"), note="已修好")
    abolished = changed(pack_file, tmp_path, lambda pack: pack["categories"].pop(LIGHT))
    version = json.loads(abolished.read_bytes())["version"]
    result = run("compare", world.policy.version, abolished)
    printed = result.printed  # type: ignore[attr-defined]
    assert result.exit_code == 1
    assert lost in printed and settled in printed and other not in printed
    assert f"小类 category: 路灯照明 {LIGHT}" in printed and "2 件受阻" in printed
    said = json.loads(run("compare", PACK, abolished, "--overlay", "none", "--json").stdout)
    assert {each["case_id"] for each in said["stranded"]} == {lost, settled}
    assert said["stranded"][0]["lacks"] == [{"what": "category", "id": LIGHT}]
    entries = everything(boto3.client("dynamodb", REGION), tables["Vault"]).values()
    noted = [each for each in entries if each.get("what") == {"S": "policy.compare"}]
    assert [(each["thing"]["S"], each["source"]["S"]) for each in noted] == [(f"policy:{version}", "command")] * 2


def test_cases_of_a_unit_that_only_an_earlier_version_had_are_found(
    run: Run, world: World, kept: DynamoPolicies, pack_file: Path, tmp_path: Path
) -> None:
    case_id = report(world)
    world.clock.forward(days=400)
    world.acting.fall_due(case_id, "r")
    lead = world.case(case_id).unit

    def without_lead(pack: dict[str, Any]) -> None:
        del pack["units"][lead]

    later = changed(pack_file, tmp_path, without_lead)
    version = json.loads(later.read_bytes())["version"]
    kept.keep(version, later.read_bytes(), world.clock.now())
    kept.deployed(version, world.clock.now() + timedelta(hours=1))
    result = run("compare", world.policy.version, version)
    assert result.exit_code == 1 and case_id in result.printed  # type: ignore[attr-defined]


@pytest.mark.parametrize("lies", [b"no zip", zlib.compress(b"no JSON"), zlib.compress(b"[]")])
def test_a_version_whose_rows_were_damaged_is_no_pack_and_hinders_nothing(
    run: Run, world: World, kept: DynamoPolicies, tables: dict[str, str], lies: bytes
) -> None:
    case_id = report(world)
    kept.keep("gulou-damaged", b"{}", world.clock.now())
    boto3.resource("dynamodb", REGION).Table(tables["Reference"]).update_item(
        Key={"pk": "POLICY#gulou-damaged", "sk": "POLICY"},
        UpdateExpression="SET compiled = :lies",
        ExpressionAttributeValues={":lies": lies},
    )
    result = run("compare", "gulou-damaged", PACK)
    assert result.exit_code == 1 and "没有这个政策包或版本" in result.printed  # type: ignore[attr-defined]
    listed = json.loads(run("versions", "--json").stdout)
    assert listed["open_cases"] == {world.case(case_id).policy_version: 1}


def test_a_version_in_force_of_another_format_is_no_hindrance(run: Run, world: World, kept: DynamoPolicies) -> None:
    """As before the first deployment of code that reads packs in another way: then the question is asked."""
    case_id = report(world)
    kept.keep("gulou-of-old", b'{"version": "gulou-of-old", "states": {}}', world.clock.now())
    kept.deployed("gulou-of-old", world.clock.now() + timedelta(hours=1))
    result = run("compare", "gulou-of-old", PACK)
    printed = result.printed  # type: ignore[attr-defined]
    assert result.exit_code == 0 and "流程 procedures" in printed and case_id not in printed
    assert json.loads(run("versions", "--json").stdout)["in_force"] == "gulou-of-old"


def test_nothing_stranded_is_said_and_ends_well(run: Run, world: World, kept: DynamoPolicies) -> None:
    report(world)
    result = run("compare", world.policy.version, world.policy.version)
    assert result.exit_code == 0
    assert "no open case is stranded" in result.printed  # type: ignore[attr-defined]


def test_a_dry_run_says_what_would_have_been_decided_and_changes_nothing(
    run: Run, world: World, kept: DynamoPolicies, pack_file: Path, tmp_path: Path, tables: dict[str, str]
) -> None:
    oldest = report(world)
    world.clock.forward(hours=30)
    light, toilet, unplaced = report(world), report(world, TOILET), report(world, None)

    def change(pack: dict[str, Any]) -> None:
        pack["categories"][LIGHT]["lead"] = "power-supply"
        del pack["categories"][TOILET]

    client = boto3.client("dynamodb", REGION)
    before = everything(client, tables["Cases"])
    result = run("dry-run", changed(pack_file, tmp_path, change), "--last", "3")
    printed = result.printed  # type: ignore[attr-defined]
    assert result.exit_code == 0
    assert all(case_id in printed for case_id in (light, toilet, unplaced)) and oldest not in printed
    assert "主办 国网徐州供电公司 power-supply" in printed or "power-supply" in printed
    assert f"category:{LIGHT}.lead: urban-management → power-supply" in printed
    assert "从未派单 never routed" in printed and "category gone" in printed
    assert everything(client, tables["Cases"]) == before
    said = json.loads(run("dry-run", tmp_path / "changed.json", "--last", "9", "--days", "3", "--json").stdout)
    assert {each["case_id"]: each["what"] for each in said["cases"]} == {
        light: "different",
        oldest: "different",
        toilet: "category-gone",
        unplaced: "never-routed",
    }
    assert [each["case_id"] for each in said["cases"]][-1] == oldest
    noted = [row["thing"]["S"] for row in everything(client, tables["Vault"]).values() if "thing" in row]
    assert noted == [f"policy:{json.loads((tmp_path / 'changed.json').read_bytes())['version']}"] * 2


def test_a_dry_run_says_when_there_are_fewer_cases_than_asked(run: Run, world: World, kept: DynamoPolicies) -> None:
    report(world)
    printed = run("dry-run", PACK, "--last", "5", "--days", "2").printed  # type: ignore[attr-defined]
    assert "only 1 were opened in 2 days" in printed


@pytest.mark.parametrize("name", ["gulou-never", "no/such/file.json"])
def test_a_pack_that_is_not_there_is_a_sentence(run: Run, name: str) -> None:
    result = run("compare", PACK, name)
    assert result.exit_code == 1
    assert "没有这个政策包或版本" in result.printed  # type: ignore[attr-defined]


def test_a_file_that_is_no_pack_and_a_pack_with_faults_are_sentences(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", "utf-8")
    (tmp_path / "b.json").write_text("{", "utf-8")
    (tmp_path / "c.json").write_text('{"version": "x"}', "utf-8")
    (tmp_path / "empty").mkdir()
    for name, said in (("a.json", "没有这个政策包"), ("b.json", "no JSON"), ("empty", "政策包有误")):
        result = run("compare", PACK, tmp_path / name)
        assert result.exit_code == 1 and said in result.printed, name  # type: ignore[attr-defined]
    assert "compiled for another version" in run("dry-run", tmp_path / "c.json", "--last", "1").printed  # type: ignore[attr-defined]


def test_a_stage_without_a_region_is_asked_for_it(run: Run) -> None:
    assert run("compare", PACK, PACK, where=("--stage", "local")).exit_code == 2


# --- bringing cases to another version


@pytest.fixture
def later(kept: DynamoPolicies, world: World, pack_file: Path, tmp_path: Path) -> Policy:
    """A version deployed after the cases' own, in which street lights are no category any more."""
    written = changed(pack_file, tmp_path, lambda pack: pack["categories"].pop(LIGHT))
    policy = read_policy(written.read_bytes())
    kept.keep(policy.version, written.read_bytes(), world.clock.now() + timedelta(hours=1))
    kept.deployed(policy.version, world.clock.now() + timedelta(hours=1))
    return policy


def test_running_cases_are_brought_to_a_version_and_none_twice(
    run: Run, world: World, later: Policy, tables: dict[str, str]
) -> None:
    light, toilet = report(world), report(world, TOILET)
    refused = run("migrate", later.version)
    assert "Migrate 2 cases?" in refused.printed  # type: ignore[attr-defined]
    assert world.case(toilet).policy_version == world.policy.version
    printed = run("migrate", later.version, "--yes").printed  # type: ignore[attr-defined]
    assert f"小类 category: {LIGHT}" in printed and "migrated: 2" in printed
    for case_id in (light, toilet):
        case, history = world.case(case_id), world.store.history(case_id)
        assert case.policy_version == later.version and replay(history) == case
        (event,) = (each for each in history if each.type == "case.migrated.v1")
        assert (event.data["from_version"], event.policy_version) == (world.policy.version, later.version)
        assert event.actor.id == "system"
    assert (world.case(light).state, world.case(toilet).state) == ("screening", "assigned")
    again = run("migrate", later.version, "--yes")
    assert "no open case is to be brought" in again.printed  # type: ignore[attr-defined]
    rows = everything(boto3.client("dynamodb", REGION), tables["Vault"]).values()
    noted = [each for each in rows if each.get("what") in ({"S": "policy.migrate"}, {"S": "case.migrated.v1"})]
    assert len(noted) == 3 and len({each["request"]["S"] for each in noted}) == 1
    assert all("arn:aws" in each["reader"]["S"] and each["source"]["S"] == "command" for each in noted)


def test_only_the_stranded_or_only_those_that_are_named_are_brought(run: Run, world: World, later: Policy) -> None:
    light, toilet, other = report(world), report(world, TOILET), report(world, TOILET)
    run("migrate", later.version, "--yes", "--stranded")
    assert [world.case(each).policy_version == later.version for each in (light, toilet, other)] == [True, False, False]
    result = run("migrate", later.version, "--yes", "--case", toilet, "--case", "0" * 26)
    assert f"no such case: {'0' * 26}" in result.printed  # type: ignore[attr-defined]
    assert [world.case(each).policy_version == later.version for each in (toilet, other)] == [True, False]


def test_a_closed_case_stays_with_the_version_of_its_day(run: Run, world: World, later: Policy) -> None:
    case_id = world.settled()
    world.visit_falls_due(case_id)
    world.visit(case_id, "satisfied")
    printed = run("migrate", later.version, "--yes", "--case", case_id).printed  # type: ignore[attr-defined]
    assert "no open case" in printed and world.case(case_id).policy_version == world.policy.version


def test_no_case_is_brought_to_what_was_never_deployed(run: Run, world: World, kept: DynamoPolicies) -> None:
    report(world)
    result = run("migrate", PACK, "--overlay", "demo", "--yes")
    assert result.exit_code == 1 and "deploy first" in result.printed  # type: ignore[attr-defined]


def test_no_case_is_brought_to_what_was_altered_since_it_was_kept(
    run: Run, world: World, later: Policy, kept: DynamoPolicies, tmp_path: Path
) -> None:
    """Neither as it lies, nor by a file that goes under the name of a version."""
    case_id = report(world)
    pack = json.loads(kept.compiled(later.version) or b"")
    pack["rules"]["linkage_centre"] = "petition-office"
    (tmp_path / "false.json").write_text(json.dumps(pack), "utf-8")
    assert run("migrate", tmp_path / "false.json", "--yes").exit_code == 0  # by what is kept under that version
    assert world.case(case_id).policy_version == later.version
    kept.keep(later.version, json.dumps(pack).encode(), world.clock.now())
    result = run("migrate", later.version, "--yes")
    assert result.exit_code == 1 and "or altered" in result.printed  # type: ignore[attr-defined]


def test_a_version_that_is_not_in_force_is_said_to_be_so(run: Run, world: World, later: Policy) -> None:
    printed = run("migrate", world.policy.version, "--yes").printed  # type: ignore[attr-defined]
    assert "is not the version in force" in printed


def test_a_case_that_others_keep_changing_is_left_for_the_next_time(
    run: Run, world: World, later: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, quiet = report(world), report(world)
    save = DynamoCaseStore.save

    def save_quiet(store: DynamoCaseStore, change: Any, *rest: Any) -> None:
        if change.case.id == busy:
            raise StaleVersion()
        save(store, change, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(DynamoCaseStore, "save", save_quiet)
        result = run("migrate", later.version, "--yes")
    assert result.exit_code == 1 and "run this again" in result.printed  # type: ignore[attr-defined]
    assert [world.case(each).policy_version == later.version for each in (busy, quiet)] == [False, True]
    assert run("migrate", later.version, "--yes").exit_code == 0
    assert world.case(busy).policy_version == later.version
