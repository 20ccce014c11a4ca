"""The operator's commands for the network: what they print, what they write, how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from infra import deploy
from infra.__main__ import cli
from infra.network import commands
from tests.conftest import REGION
from tests.network import CELLS, everything, network, split, tables, write

WHERE = ("--stage", "local", "--region", REGION)


@pytest.fixture
def run(tables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    outputs = {f"{title}Table": name for title, name in tables.items()}
    monkeypatch.setattr(deploy, "stateful_outputs", lambda *where: outputs)
    monkeypatch.setattr(commands.console, "width", 160)

    def command(*said: str | Path) -> Result:
        with commands.console.capture() as printed:
            result = CliRunner().invoke(cli, ["network", *map(str, said), *WHERE])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        result.printed = printed.get() + result.output  # type: ignore[attr-defined]
        return result

    return command


def test_a_plan_is_printed_and_nothing_is_written(run: Any, tmp_path: Path, tables: dict[str, str]) -> None:
    result = run("plan", write(tmp_path))
    assert result.exit_code == 0
    assert "新增 added" in result.printed and "区域 area" in result.printed and "2014-01-01" in result.printed
    assert everything(boto3.client("dynamodb", REGION), tables["Reference"]) == {}


def test_an_import_is_done_and_then_there_is_nothing_to_do(run: Any, tmp_path: Path) -> None:
    assert run("import", write(tmp_path)).exit_code == 0
    again = run("import", tmp_path)
    assert again.exit_code == 0 and "无需更改 / nothing to do" in again.printed
    listed = run("versions")
    assert "施行中 in force" in listed.printed and "2014-01-01" in listed.printed


def test_faults_are_named_with_their_place_and_end_the_command(run: Any, tmp_path: Path) -> None:
    said = tables()
    said["staff.csv"][0]["phone"] = "no phone"
    features = network()
    features[-1]["geometry"]["coordinates"][0][1][0] += 0.001
    features[-1]["geometry"]["coordinates"][0][2][0] += 0.001
    result = run("import", write(tmp_path / "in", features, said), "--faults-dir", tmp_path / "faults")
    assert result.exit_code == 1
    assert "staff.csv:2:phone" in result.printed and "超出上级" in result.printed
    assert "未导入任何内容" in result.printed
    spots = json.loads((tmp_path / "faults" / "faults.geojson").read_text("utf-8"))["features"]
    assert spots and all(spot["geometry"] for spot in spots)
    assert (tmp_path / "faults" / "faults.svg").read_text("utf-8").startswith("<svg")


def test_a_plan_as_json_is_all_that_is_printed(run: Any, tmp_path: Path) -> None:
    result = run("plan", write(tmp_path), "--json")
    plan = json.loads(result.output)
    assert (plan["good"], plan["from"], plan["faults"]) == (True, "2014-01-01", [])
    assert {"what": "added", "kind": "area", "id": CELLS[0], "facts": ["万通社区第1网格"]} in plan["changes"]
    assert not any(row["name"] in result.output for row in tables()["staff.csv"])


def test_a_network_is_exported_and_withdrawn(run: Any, tmp_path: Path) -> None:
    run("import", write(tmp_path / "1"))
    said = {**tables(), "posts.csv": tables()["posts.csv"][:1]}
    del said["absences.csv"]
    for row in said["staff.csv"]:
        row["areas"] = "320302001002"
    run("import", write(tmp_path / "2", split(), said, "2099-01-01"))
    assert run("export", tmp_path / "out", "--on", "2099-01-01").exit_code == 0
    exported = json.loads((tmp_path / "out" / "areas.geojson").read_text("utf-8"))
    assert exported["from"] == "2099-01-01" and len(exported["features"]) == len(split())
    version = json.loads(run("plan", tmp_path / "2", "--json").output)["version"]
    assert run("withdraw", version).exit_code == 0
    assert run("withdraw", version).exit_code == 1
    assert run("export", tmp_path / "none", "--on", "1999-01-01").exit_code == 1
    assert run("export", tmp_path / "none", "--on", "soon").exit_code == 2


def test_who_changed_or_took_out_the_network_and_its_people_stands_in_the_audit(
    run: Any, tmp_path: Path, tables: dict[str, str]
) -> None:
    run("import", write(tmp_path / "in"))
    run("import", tmp_path / "in")
    run("plan", tmp_path / "in")
    run("export", tmp_path / "out")
    run("withdraw", "none")
    entries = boto3.resource("dynamodb", REGION).Table(tables["Vault"]).scan()["Items"]
    whats = [entry["what"] for entry in sorted(entries, key=lambda entry: entry["sk"])]
    assert whats == ["network.import", "network.export", "network.withdraw"]
    assert {(entry["role"], entry["source"]) for entry in entries} == {("operator", "command")}


def test_moving_cases_says_when_there_are_none(run: Any, tmp_path: Path) -> None:
    assert run("move-cases").exit_code == 1
    run("import", write(tmp_path))
    assert "no case lies in an area that has ended" in run("move-cases", "--apply").printed


def test_a_directory_with_nothing_in_it_is_a_list_of_faults(run: Any, tmp_path: Path) -> None:
    result = run("plan", tmp_path)
    assert result.exit_code == 1 and "areas.geojson" in result.printed and "缺少文件" in result.printed
