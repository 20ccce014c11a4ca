"""`python -m infra network …`: the operator's commands for areas and people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from chalicelib.domain.audit import CASES_MOVED, IMPORT_ABANDONED, NETWORK_EXPORT, NETWORK_IMPORT, NETWORK_WITHDRAW
from infra.settings import ROOT, load_deployment
from infra.terminal import bar, console, said_as, where

if TYPE_CHECKING:
    from infra.network.importing import Importer
    from infra.network.plan import Plan
    from infra.operator import Operator

directory_argument = click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
json_option = click.option("--json", "as_json", is_flag=True, help="The whole plan as JSON.")
faults_option = click.option(
    "--faults-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write the faults of the ground as faults.geojson and faults.svg.",
)


@click.group()
def network() -> None:
    """The grid and its people: import, export, versions."""


@network.command()
@directory_argument
@where
@json_option
@faults_option
def plan(
    directory: Path, stage: str, region: str, endpoint: str | None, as_json: bool, faults_dir: Path | None
) -> None:
    """Says what importing a directory would change, and what is wrong with it. Exits 1 for faults."""
    with _failing():
        planned = _planned(importer_at(stage, region, endpoint), directory, as_json, faults_dir)
    raise SystemExit(0 if planned.good else 1)


@network.command("import")
@directory_argument
@where
@json_option
@faults_option
def import_(
    directory: Path, stage: str, region: str, endpoint: str | None, as_json: bool, faults_dir: Path | None
) -> None:
    """Imports a directory as a whole, or, when anything is wrong with it, not at all.

    Doing it again changes nothing. One that was interrupted is finished by running it again.
    """
    with _failing():
        importer = importer_at(stage, region, endpoint)
        planned = _planned(importer, directory, as_json, faults_dir)
        if not planned.good:
            raise SystemExit(1)
        if not planned.empty:
            _note(operator_of(stage, region, endpoint), NETWORK_IMPORT, *_things(planned))
        apply_with_bar(importer, planned, console if not as_json else Console(stderr=True))


@network.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@where
@click.option("--on", "day", help="The day whose areas are meant, say 2027-01-01; today without it.")
def export(directory: Path, stage: str, region: str, endpoint: str | None, day: str | None) -> None:
    """Writes areas as on a day, and people as they are now, into a directory that imports as it is."""
    from chalicelib.domain.days import day_of
    from infra.network.export import export as write

    if day is not None and day_of(day) is None:
        raise click.BadParameter(f"{day} is no day such as 2027-01-01", param_hint="--on")
    with _failing():
        importer = importer_at(stage, region, endpoint)
        _note(operator_of(stage, region, endpoint), NETWORK_EXPORT, f"network:{day or importer.today}")
        with bar("导出 exporting", None) as told:
            version = write(importer.table, day or importer.today, directory, told)
    console.print(f"{directory}: 版本 version {version.id}, {version.from_day}")


@network.command()
@where
def versions(stage: str, region: str, endpoint: str | None) -> None:
    """Lists the versions of the network: since when each is in force, and what is under way."""
    from infra.network.known import known_network

    with _failing():
        importer = importer_at(stage, region, endpoint)
        known = known_network(importer.table)
        people = importer.table.people().importing
    in_force = known.version_on(importer.today)
    table = Table("版本 version", "生效 from", "区域 areas", "网格 cells", "")
    for version in known.versions:
        areas = known.lists[version.id].areas.values()
        state = (
            "施行中 in force" if version == in_force else "未生效 ahead" if version.from_day > importer.today else ""
        )
        cells = sum(area.level == "cell" for area in areas)
        table.add_row(version.id, version.from_day, str(len(areas)), str(cells), state)
    console.print(table)
    for zh, en, importing in (("网格", "areas", known.importing), ("人员", "people", people)):
        if importing:
            console.print(f"[yellow]{zh}导入未完成 / import of {en} not finished: {importing}[/yellow]")


@network.command()
@click.argument("version")
@where
def withdraw(version: str, stage: str, region: str, endpoint: str | None) -> None:
    """Takes back the newest version, as long as it is not in force."""
    from infra.network.versions import withdraw as take_back

    with _failing():
        importer = importer_at(stage, region, endpoint)
        operator = operator_of(stage, region, endpoint)
        take_back(
            importer.table, version, importer.today, lambda: _note(operator, NETWORK_WITHDRAW, f"network:{version}")
        )
    console.print(f"已撤回 withdrawn: {version}")


@network.command("move-cases")
@where
@click.option("--apply", "do", is_flag=True, help="Move them; without it, only say where they would go.")
def move_cases(stage: str, region: str, endpoint: str | None, do: bool) -> None:
    """Moves the open cases of ended areas into those that took over the ground.

    Run it on the day a version comes into force. Doing it again moves what was opened meanwhile, and nothing twice.
    """
    from chalicelib.domain.errors import StaleVersion
    from infra.deploy import stateful_outputs
    from infra.network.known import known_network
    from infra.network.moving import moving_at, succession_of
    from infra.network.show import show_moves

    left = 0
    with _failing():
        importer = importer_at(stage, region, endpoint)
        succession = succession_of(known_network(importer.table), importer.today)
        outputs = stateful_outputs(stage, region, endpoint)
        moving = moving_at(region, endpoint, outputs, importer.policy)
        with console.status("查找中 looking for cases"):
            moves = list(moving.moves(succession))
        show_moves(moves, console)
        if do and moves:
            operator = operator_of(stage, region, endpoint)
            by = operator.by._replace(request=f"move-cases:{operator.by.request}")
            _note(operator, CASES_MOVED, f"network:{succession.network}", request=by.request)
            with bar("移交 moving", len(moves)) as told:
                for each in moves:
                    try:
                        moving.move(each.case_id, succession, by)
                    except StaleVersion:
                        left += 1
                    told(1)
    if left:
        raise click.ClickException(f"{left} 件正在被他人处理，请再次运行 / cases are being changed: run this again")


@network.command()
@where
def abandon(stage: str, region: str, endpoint: str | None) -> None:
    """Gives up an import that was interrupted and is not to be finished. None of its areas count."""
    with _failing():
        table = importer_at(stage, region, endpoint).table
        under_way = {"network": table.network()[1], "people": table.people().importing}
        things = [f"{kind}:{importing}" for kind, importing in under_way.items() if importing]
        if things:
            _note(operator_of(stage, region, endpoint), IMPORT_ABANDONED, *things)
        given_up = table.abandon()
    console.print(f"已放弃 given up: {', '.join(given_up)}" if given_up else "没有未完成的导入 / nothing is under way")


def importer_at(stage: str, region: str, endpoint: str | None) -> Importer:
    """The importer of a deployment, under the policy pack it is deployed with."""
    from infra.build import compiled_pack
    from infra.deploy import client_at, stateful_outputs
    from infra.network.importing import importer

    table = stateful_outputs(stage, region, endpoint)["ReferenceTable"]
    pack = compiled_pack(load_deployment(stage), ROOT)
    return importer(lambda service, **more: client_at(region, endpoint, service, **more), table, pack)


def operator_of(stage: str, region: str, endpoint: str | None) -> Operator:
    """Who runs the command, and the audit it stands in."""
    from infra.deploy import stateful_outputs
    from infra.operator import Operator

    return Operator(stage, region, endpoint, stateful_outputs(stage, region, endpoint))


def apply_with_bar(importer: Importer, planned: Plan, to: Console) -> None:
    """Applies a plan, under a progress bar where it has anything to show."""
    if planned.empty:
        importer.apply(planned)
    else:
        with bar("导入 importing", planned.writes, to) as told:
            importer.apply(planned, told)


def _note(operator: Operator, what: str, *things: str, request: str | None = None) -> None:
    """Before it is done: what cannot be noted is not done. `request`: what else is noted of the act has the same."""
    by = operator.by
    for thing in things:
        operator.audit.note(what, by._replace(request=request or by.request), thing=thing)


def _things(planned: Plan) -> Iterator[str]:
    """What an import writes, as the audit names it."""
    if planned.network and not planned.network.empty:
        yield f"network:{planned.network.version.id}"
    if planned.people and not planned.people.empty:
        yield f"people:{planned.people.id}"


def _planned(importer: Importer, directory: Path, as_json: bool, faults_dir: Path | None) -> Plan:
    from infra.network.given import read
    from infra.network.show import show, write_faults
    from infra.network.summary import as_json as json_of

    planned = importer.plan(directory)
    if faults_dir is not None:
        write_faults(planned, read(directory).features, faults_dir)
    if as_json:
        click.echo(json.dumps(json_of(planned), ensure_ascii=False))
    else:
        show(planned, console)
    return planned


@contextmanager
def _failing() -> Iterator[None]:
    """What an operator can act on is a sentence, not a traceback."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.domain.errors import TemporarilyUnavailable
    from chalicelib.policy.reader import PackInvalid
    from infra.network.export import NothingInForce, RowsLost
    from infra.network.known import ListLost
    from infra.network.table import ImportUnderWay, TableBusy
    from infra.network.versions import CannotWithdraw
    from infra.settings import SettingsInvalid

    words = {
        ImportUnderWay: "另一次导入尚未完成：重新运行使其完成，或用 abandon 放弃 / another import is not finished",
        TableBusy: "数据库繁忙，请再次运行本命令 / the table is busy: run this again",
        NothingInForce: "当日没有生效的网格 / no network is in force on that day",
        RowsLost: "数据不完整 / rows are missing",
        ListLost: "版本清单缺失，请从备份恢复 / the list of a version is missing: restore it from a backup",
        CannotWithdraw: "不能撤回 / cannot be withdrawn",
        TemporarilyUnavailable: "审计暂时无法写入，请再次运行 / the audit cannot be written now: run this again",
        PackInvalid: "政策包有误 / the policy pack is invalid",
        SettingsInvalid: "部署设置有误 / settings",
        ClientError: "云服务拒绝了请求 / the cloud refused",
        BotoCoreError: "无法连接云服务 / the cloud does not answer",
        OSError: "无法读写文件 / a file cannot be read or written",
    }
    with said_as(words):
        yield
