"""`python -m infra panel …`: the operator's commands for the pool of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from chalicelib.domain.audit import PANEL_IMPORT, PANEL_LISTED
from chalicelib.domain.panels import WHAT_ZH, WHATS
from infra.terminal import bar, console, said_as, where

if TYPE_CHECKING:
    from infra.panel.importing import PoolImporter, PoolPlan

MOST_SHOWN = 40


@click.group()
def panel() -> None:
    """The pool of people 人才库 whom one may ask to the table."""


@panel.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Says what would change, and changes nothing.")
@where
def import_(file: Path, dry_run: bool, stage: str, region: str, endpoint: str | None) -> None:
    """Imports the whole pool, or, when anything is wrong with the file, nothing of it.

    Who is not in the file leaves the pool. Doing it again changes nothing. Exits 1 for faults.
    """
    from infra.operator import noted

    with _failing():
        importer = importer_at(stage, region, endpoint)
        plan = importer.plan(file)
        _show(plan)
        if not plan.file.good:
            raise SystemExit(1)
        if plan.writes and not dry_run:
            noted(stage, region, endpoint, PANEL_IMPORT, f"panel:{plan.id}")
            with bar("导入 importing", plan.writes, console) as told:
                importer.apply(plan, told)


@panel.command("list")
@click.option("--what", type=click.Choice(WHATS), help="Only of this sort.")
@where
def list_(what: str | None, stage: str, region: str, endpoint: str | None) -> None:
    """Lists the pool, without telephone numbers: terminals are kept and shared."""
    from infra.operator import noted

    with _failing():
        noted(stage, region, endpoint, PANEL_LISTED, "panel")
        members = [each for each in importer_at(stage, region, endpoint).members() if what in (None, each.what)]
    table = Table("编号 id", "姓名 name", "身份 what", "单位 organisation", "区域 areas", "专长 good at", "值班 hours")
    for member in members:
        zh = WHAT_ZH.get(member.what, member.what)
        table.add_row(
            member.id,
            member.name,
            f"{zh} {member.title}".rstrip(),
            member.organisation,
            "\n".join(member.areas),
            "\n".join(member.good_at) or "不限 all",
            str(len(member.hours) or ""),
        )
    console.print(table)
    counted = Counter(member.what for member in members)
    console.print(", ".join(f"{WHAT_ZH[each]} {counted[each]}" for each in WHATS if counted[each]) or "无 none")


def importer_at(stage: str, region: str, endpoint: str | None) -> PoolImporter:
    """The importer of a deployment, under the policy pack it is deployed with."""
    from infra.deploy import client_at, stateful_outputs
    from infra.network import commands
    from infra.panel.importing import PoolImporter

    table = stateful_outputs(stage, region, endpoint)["ReferenceTable"]
    network = commands.importer_at(stage, region, endpoint)
    return PoolImporter(client_at(region, endpoint, "dynamodb"), table, network)


def _show(plan: PoolPlan) -> None:
    """What would change, and what is wrong; of long lists the beginning."""
    file = plan.file
    if file.encoding:
        console.print(f"编码 encoding: {file.encoding}")
    for fault in file.faults[:MOST_SHOWN]:
        mark = "[yellow]提醒 warning[/yellow]" if fault.warning else "[red]错误 fault[/red]"
        place = ":".join(str(part) for part in (fault.file, fault.line, fault.column) if part is not None)
        console.print(f"{mark} {place}", highlight=False, soft_wrap=True)
        console.print(f"   {fault.zh}\n   {fault.en}", markup=False, highlight=False, soft_wrap=True)
    if len(file.faults) > MOST_SHOWN:
        console.print(f"… 另有 {len(file.faults) - MOST_SHOWN} 条 more")
    if not file.good:
        count = sum(not fault.warning for fault in file.faults)
        console.print(f"[red]{count} 处错误，未导入任何内容 / {count} faults: nothing was imported[/red]")
        return
    for zh, en, ids in (("新增", "added", plan.added), ("变更", "changed", plan.changed), ("退出", "left", plan.ended)):
        if ids:
            more = f" … ({len(ids)})" if len(ids) > MOST_SHOWN else ""
            console.print(f"{zh} {en} {len(ids)}: {' '.join(ids[:MOST_SHOWN])}{more}", highlight=False, soft_wrap=True)
    if not plan.writes:
        console.print("[green]无需更改 / nothing to do[/green]")


@contextmanager
def _failing() -> Iterator[None]:
    """What an operator can act on is a sentence, not a traceback."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.domain.errors import TemporarilyUnavailable
    from infra.network.known import ListLost
    from infra.network.table import TableBusy
    from infra.panel.importing import PoolChanged

    words = {
        PoolChanged: "人才库同时被他人更改，请再次运行 / somebody else changed the pool: run this again",
        TableBusy: "数据库繁忙，请再次运行本命令 / the table is busy: run this again",
        ListLost: "版本清单缺失，请从备份恢复 / the list of a version is missing: restore it from a backup",
        TemporarilyUnavailable: "审计暂时无法写入，请再次运行 / the audit cannot be written now: run this again",
        ClientError: "云服务拒绝 / the cloud refused",
        BotoCoreError: "无法连接 / no connection",
    }
    with said_as(words):
        yield
