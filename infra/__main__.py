"""`python -m infra …`: the operator's commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.network.commands import network
from infra.settings import load_deployment
from infra.staff import staff
from infra.vault import audit, refused, vault

console = Console()
stage_option = click.option("--stage", required=True, help="Which deployment; see infra/deployments.toml.")
region_option = click.option("--region", required=True, help="AWS region, say cn-north-1.")
endpoint_option = click.option("--endpoint", help="URL of an embedded cloud; AWS without it.")


@click.group()
def cli() -> None:
    """Stands Wangge up and runs it."""


for more in (network, staff, vault, audit, refused):
    cli.add_command(more)


@cli.command()
@stage_option
@region_option
@endpoint_option
@click.option("--oidc-issuer", help="Instead of that of deployments.toml.")
@click.option("--oidc-audience", help="Instead of that of deployments.toml.")
@click.option("--oidc-jwks-url", help="Instead of that of deployments.toml.")
def deploy(stage: str, region: str, endpoint: str | None, **oidc: str | None) -> None:
    """Makes or updates both stacks, and prints their outputs."""
    from infra.deploy import deploy as deploy_stage

    given = {name: value for name, value in oidc.items() if value}
    with console.status(f"deploying {stage}") as status:
        deployed = deploy_stage(stage, region, endpoint, settings=given, say=lambda line: _say(status, line))
    console.print_json(json.dumps({"api": deployed.api, **deployed.outputs}))


@cli.command()
@stage_option
@region_option
@click.option("--embedded", is_flag=True, help="For the embedded cloud on this machine instead of Lambda.")
def package(stage: str, region: str, embedded: bool) -> None:
    """Makes template and zip under .local/build/<stage>."""
    from infra.build import build

    with console.status(f"packaging {stage}"):
        built = build(load_deployment(stage), region, embedded=embedded)
    console.print(f"{built.template}\n{built.zip}  {built.zip.stat().st_size // 1024} KiB", soft_wrap=True)


@cli.command()
def run() -> None:
    """The system on this machine, with a day's cases in it, until Ctrl-C."""
    from infra.day.run import run as stand

    raise SystemExit(stand(console))


@cli.command()
def demo() -> None:
    """A whole day on a cloud of its own, checked from outside; fails when an invariant does."""
    from infra.day.demo import demo as live

    raise SystemExit(live(console))


@cli.command()
@stage_option
@region_option
@endpoint_option
@click.option("--case", "case_id", help="Only the events of this case, or of this beat.")
@click.option("--since", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="From, say 2026-11-22T08:00:00+0800.")
@click.option("--until", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="To, excluded.")
def republish(stage: str, region: str, endpoint: str | None, case_id: str | None, since: Any, until: Any) -> None:
    """Publishes case events again: of a case, or of a time. Consumers do nothing twice."""
    from infra.republish import republish as publish

    if not case_id and not since:
        raise click.UsageError("--case or --since")
    outputs = _stateful_outputs(stage, region, endpoint)
    with console.status("publishing") as status:
        count = publish(
            lambda service: _client(region, endpoint, service),
            stage,
            outputs["CasesTable"],
            outputs["EventsTopicArn"],
            case_id=case_id,
            since=since,
            until=until,
            say=status.update,
        )
    console.print(f"{count} events published again")


@cli.group()
def patrol() -> None:
    """Plans the rounds that posts walk, and ends them."""


@patrol.command("plan")
@stage_option
@region_option
@endpoint_option
@click.option("--area", default="", help="Only of this area and what lies in it.")
@click.option("--dry-run", is_flag=True, help="Says what would change, and changes nothing.")
def plan_patrols(stage: str, region: str, endpoint: str | None, area: str, dry_run: bool) -> None:
    """Begins, changes and ends beats as holders, network and policy ask for; again changes nothing."""
    from infra.network.known import ListLost
    from infra.patrol import Planner, plan_rounds

    operator = Planner(stage, region, endpoint, _stateful_outputs(stage, region, endpoint))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("reading", total=None)
        try:
            ground = operator.ground()
        except ListLost as error:
            raise click.ClickException(
                f"a list of the network is missing, restore it from a backup: {error}"
            ) from error
        bar.update(task, description="looking at beats" if dry_run else "planning beats")
        done = plan_rounds(
            operator.store,
            ground,
            operator.policy,
            operator.now,
            operator.by,
            within=area,
            dry_run=dry_run,
            say=lambda line: bar.console.print(line, highlight=False),
            progress=lambda number, of: bar.update(task, completed=number, total=of),
        )
    counted = ", ".join(f"{done[what]} {what}" for what in ("begun", "changed", "ended", "unchanged"))
    console.print(f"{'would be: ' if dry_run else ''}{counted}", highlight=False)


@patrol.command("end")
@stage_option
@region_option
@endpoint_option
@click.argument("beats", nargs=-1, required=True)
def end_patrols(stage: str, region: str, endpoint: str | None, beats: tuple[str, ...]) -> None:
    """Ends beats, by name, until they are planned again."""
    from infra.patrol import Planner, end_rounds

    operator = Planner(stage, region, endpoint, _stateful_outputs(stage, region, endpoint))
    console.print(
        f"{end_rounds(operator.store, operator.policy, operator.now, operator.by, beats)} ended", highlight=False
    )


@cli.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--api", help="Base URL of the API; that of `make run` without it.")
@click.option("--to", "directory", type=click.Path(path_type=Path), default=Path("notices"), show_default=True)
@click.option("--below", is_flag=True, help="Also of every area below these.")
@click.option("--as", "form", type=click.Choice(["html", "pdf", "png"]), default="html", show_default=True)
@click.option("--on", help="As of a day, say 2026-12-01; today without it.")
def notice(codes: tuple[str, ...], api: str | None, directory: Path, below: bool, form: str, on: str | None) -> None:
    """Writes the public notices of areas into a directory, for the print shop."""
    from infra.day.standing import RUN_FILE
    from infra.notices import NotPrinted, areas_below, print_notices

    try:
        base = (api or json.loads(RUN_FILE.read_text("utf-8"))["api"]).rstrip("/")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("finding areas", total=None)
            listed = list(areas_below(base, codes)) if below else list(codes)
            bar.update(task, description="printing", total=len(listed))
            count = print_notices(base, listed, directory, form, on, lambda code: bar.update(task, advance=1))
    except (NotPrinted, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
    console.print(f"{count} notices in {directory}", soft_wrap=True)


@cli.command()
@click.argument("staff_id")
@click.option("--name", default="run", show_default=True, help="Whose issuer: run, or another under .local/.")
@click.option("--stage", default="local", show_default=True)
@click.option("--hours", default=24.0, show_default=True)
def token(staff_id: str, name: str, stage: str, hours: float) -> None:
    """Prints a bearer token of a staff member, signed by the local issuer."""
    from infra.issuer import Issuer

    click.echo(Issuer(name, load_deployment(stage).oidc_audience).token(staff_id, hours))


def _client(region: str, endpoint: str | None, service: str, **more: Any) -> Any:
    from infra.deploy import client_at

    return client_at(region, endpoint, service, **more)


def _stateful_outputs(stage: str, region: str, endpoint: str | None) -> dict[str, str]:
    from infra.deploy import stateful_outputs

    return stateful_outputs(stage, region, endpoint)


def _say(status: Any, line: str) -> None:
    status.update(line)
    if not line.endswith("complete") or " create complete" in line or " update complete" in line:
        console.print(f"[dim]{line}[/dim]")


if __name__ == "__main__":
    cli()
