"""The operator's commands for the pool of people: what they print, what they write, how they end."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from chalicelib.domain.panels import Member
from chalicelib.models.panel_rows import MemberRow, member_from
from infra import deploy
from infra.__main__ import cli
from infra.network import commands as network
from infra.panel import commands
from infra.panel.importing import PoolImporter, PoolRefused
from tests.conftest import REGION
from tests.network import everything, write

COMMUNITY = "320302001002"
WHERE = ("--stage", "local", "--region", REGION)
LINES = [
    {
        "id": "m1",
        "name": "方静姝",
        "what": "调解员",
        "organisation": "某调委会",
        "areas": COMMUNITY,
        "phone": "19900008001",
    },
    {
        "id": "l1",
        "name": "高远",
        "what": "律师",
        "organisation": "某律所",
        "areas": COMMUNITY,
        "hours": f"{COMMUNITY} 周三 09:00-11:30",
    },
]


@pytest.fixture
def run(tables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Commands on a deployment whose network is in force."""
    outputs = {f"{title}Table": name for title, name in tables.items()}
    monkeypatch.setattr(deploy, "stateful_outputs", lambda *where: outputs)
    monkeypatch.setattr(commands.console, "width", 200)
    network.importer_at("local", REGION, None).bring_in(write(tmp_path / "network"))

    def command(*said: str | Path) -> Result:
        with commands.console.capture() as printed:
            result = CliRunner().invoke(cli, ["panel", *map(str, said), *WHERE])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        result.printed = printed.get() + result.output  # type: ignore[attr-defined]
        return result

    return command


def pool_file(directory: Path, *lines: dict[str, str], name: str = "panel.csv") -> Path:
    columns = list(dict.fromkeys(column for line in lines for column in line)) or [
        "id",
        "name",
        "what",
        "organisation",
        "areas",
    ]
    with (directory / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(lines)
    return directory / name


def pool(tables: dict[str, str]) -> dict[str, Member]:
    rows = everything(boto3.client("dynamodb", REGION), tables["Reference"]).values()
    plain = [{name: value["S"] for name, value in row.items() if "S" in value} for row in rows]
    members = [member_from(row) for row in plain if row["pk"] == MemberRow.KEY]
    return {member.id: member for member in members}


def noted(tables: dict[str, str]) -> list[str]:
    rows = everything(boto3.client("dynamodb", REGION), tables["Vault"]).values()
    return sorted(row["what"]["S"] for row in rows)


def test_a_pool_is_imported_again_it_changes_nothing_and_who_is_not_named_leaves(
    run: Any, tmp_path: Path, tables: dict[str, str]
) -> None:
    done = run("import", pool_file(tmp_path, *LINES))
    assert done.exit_code == 0 and "新增 added 2: l1 m1" in done.printed
    assert set(pool(tables)) == {"l1", "m1"} and pool(tables)["m1"].phone == "+8619900008001"
    again = run("import", tmp_path / "panel.csv")
    assert "无需更改 / nothing to do" in again.printed
    assert noted(tables) == ["panel.import"]
    other = {**LINES[0], "organisation": "某街道调委会"}
    changed = run("import", pool_file(tmp_path, other, {**LINES[0], "id": "m2", "phone": ""}))
    for said in ("新增 added 1: m2", "变更 changed 1: m1", "退出 left 1: l1"):
        assert said in changed.printed
    assert {each.id: each.organisation for each in pool(tables).values()} == {"m1": "某街道调委会", "m2": "某调委会"}
    assert noted(tables) == ["panel.import"] * 2


def test_a_dry_run_says_what_would_be_and_writes_nothing(run: Any, tmp_path: Path, tables: dict[str, str]) -> None:
    done = run("import", pool_file(tmp_path, *LINES), "--dry-run")
    assert done.exit_code == 0 and "新增 added 2" in done.printed
    assert pool(tables) == {} and noted(tables) == []


def test_one_fault_refuses_the_whole_file_and_names_its_place(run: Any, tmp_path: Path, tables: dict[str, str]) -> None:
    done = run("import", pool_file(tmp_path, *LINES, {**LINES[0], "id": "m2", "areas": "320302999001", "phone": ""}))
    assert done.exit_code == 1
    assert "panel.csv:4:areas" in done.printed and "没有该区域：320302999001" in done.printed
    assert "no area 320302999001" in done.printed and "未导入任何内容" in done.printed
    assert pool(tables) == {} and noted(tables) == []


def test_a_list_has_names_and_no_phones(run: Any, tmp_path: Path, tables: dict[str, str]) -> None:
    run("import", pool_file(tmp_path, *LINES))
    listed = run("list")
    assert listed.exit_code == 0 and "方静姝" in listed.printed and "调解员 1, 律师 1" in listed.printed
    assert "19900008001" not in listed.printed
    assert "方静姝" not in run("list", "--what", "lawyer").printed
    assert noted(tables) == ["panel.import", "panel.list", "panel.list"]


def test_of_two_imports_at_once_one_changes_nothing(
    run: Any, tmp_path: Path, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pool_file(tmp_path, LINES[0]), pool_file(tmp_path, *LINES, name="theirs.csv")
    apply = PoolImporter.apply

    def late(self: PoolImporter, *said: Any) -> None:
        monkeypatch.setattr(PoolImporter, "apply", apply)
        self.bring_in(theirs)
        apply(self, *said)

    monkeypatch.setattr(PoolImporter, "apply", late)
    done = run("import", mine)
    assert done.exit_code == 1 and "请再次运行" in done.printed
    assert set(pool(tables)) == {"l1", "m1"}
    assert run("import", mine).exit_code == 0
    assert set(pool(tables)) == {"m1"}


def test_a_pool_of_hundreds_comes_in_and_one_that_was_interrupted_is_finished(
    run: Any, tmp_path: Path, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{**LINES[0], "id": f"m{number}", "phone": ""} for number in range(250)]
    importer = commands.importer_at("local", REGION, None)
    plan = importer.plan(pool_file(tmp_path, *lines))
    told: list[int] = []

    def dies(count: int) -> None:
        told.append(count)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importer.apply(plan, dies)
    assert told == [100] and len(pool(tables)) == 100
    assert run("import", tmp_path / "panel.csv").exit_code == 0
    assert len(pool(tables)) == 250


def test_nothing_of_a_faulty_file_is_ever_applied(run: Any, tmp_path: Path, tables: dict[str, str]) -> None:
    importer = commands.importer_at("local", REGION, None)
    plan = importer.plan(pool_file(tmp_path, {**LINES[0], "what": "judge"}))
    with pytest.raises(PoolRefused):
        importer.apply(plan)
    with pytest.raises(PoolRefused, match="2:what"):
        importer.bring_in(tmp_path / "panel.csv")
    assert pool(tables) == {}


def test_a_file_without_people_empties_the_pool(run: Any, tmp_path: Path, tables: dict[str, str]) -> None:
    run("import", pool_file(tmp_path, *LINES))
    assert "退出 left 2" in run("import", pool_file(tmp_path)).printed
    assert pool(tables) == {}
