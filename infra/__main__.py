"""`python -m infra …`: the operator's commands."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import click

from infra.clocks import clocks
from infra.network.commands import network
from infra.panel.commands import panel
from infra.patrol.commands import patrol
from infra.policy.commands import policy
from infra.settings import load_deployment
from infra.staff import staff
from infra.terminal import bar, console, progress, region_option, stage_option, where
from infra.vault import audit, refused, vault

_A_SWEEP_OR_TWO = 150.0  # seconds within which time brings what it must


@click.group()
def cli() -> None:
    """Stands Wangge up and runs it."""


for more in (network, staff, panel, patrol, policy, clocks, vault, audit, refused):
    cli.add_command(more)


@cli.command()
@where
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
@click.option("--messages", "count", type=click.IntRange(80), help="So many reports, not the whole day's 240.")
def demo(count: int | None) -> None:
    """A whole day on a cloud of its own, checked from outside; fails when an invariant does."""
    from infra.day.demo import MESSAGES
    from infra.day.demo import demo as live

    raise SystemExit(live(console, count or MESSAGES))


@cli.command()
@where
@click.option("--case", "case_id", help="Only the events of this case, or of this beat.")
@click.option("--since", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="From, say 2026-11-22T08:00:00+0800.")
@click.option("--until", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="To, excluded.")
def republish(stage: str, region: str, endpoint: str | None, case_id: str | None, since: Any, until: Any) -> None:
    """Publishes case events again: of a case, or of a time. Consumers do nothing twice."""
    from infra.deploy import client_at, stateful_outputs
    from infra.republish import republish as publish

    if not case_id and not since:
        raise click.UsageError("--case or --since")
    outputs = stateful_outputs(stage, region, endpoint)
    with console.status("publishing") as status:
        count = publish(
            lambda service: client_at(region, endpoint, service),
            stage,
            outputs["CasesTable"],
            outputs["EventsTopicArn"],
            case_id=case_id,
            since=since,
            until=until,
            say=status.update,
        )
    console.print(f"{count} events published again")


@cli.command()
@where
@click.option(
    "--at-once", type=click.IntRange(1, 64), help="So many parts of the table; as many as processors without it."
)
def verify(stage: str, region: str, endpoint: str | None, at_once: int | None) -> None:
    """Rebuilds every case and every beat from its events, and names what does not lie in the table as they give it.

    Reads the whole table and changes nothing. Exits with 1 on any fault. The audit has its own: `audit verify`.
    """
    from chalicelib.domain.errors import TemporarilyUnavailable
    from infra.replaying import MOST_FAULTS, PARTS
    from infra.replaying import verify as verified
    from infra.vault import operator_of

    faults, given_up, counted, unknown = 0, 0, Counter[str](), set[str]()
    try:
        with progress() as shown:
            task = shown.add_task("replaying", total=PARTS)
            for part in verified(operator_of(stage, region, endpoint), at_once or os.cpu_count() or 1):
                for fault in part.faults:
                    shown.console.print(str(fault), highlight=False, markup=False, soft_wrap=True)
                faults, given_up = faults + len(part.faults), given_up + (not part.whole)
                counted.update(part.counted)
                unknown |= part.unknown
                shown.update(task, advance=1)
    except TemporarilyUnavailable as error:
        raise click.ClickException(f"the table did not answer, not all was verified: {error.extra}") from error
    if given_up:
        console.print(
            f"{given_up} parts of the table have more than {MOST_FAULTS} faults, and were not read to the end"
        )
    if unknown:
        console.print(
            f"nobody kept these versions of the policy, and no clock was counted by them: {', '.join(sorted(unknown))}",
            highlight=False,
        )
    seen = ", ".join(f"{counted[what]} {what}" for what in ("cases", "beats", "events", "rows that name one"))
    console.print(f"{seen}; {faults} faults", highlight=False)
    raise SystemExit(1 if faults else 0)


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
        with console.status("finding areas"):
            listed = list(areas_below(base, codes)) if below else list(codes)
        with bar("printing", len(listed)) as told:
            count = print_notices(base, listed, directory, form, on, lambda code: told(1))
    except (NotPrinted, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
    console.print(f"{count} notices in {directory}", soft_wrap=True)


@cli.command()
@click.argument("name", required=False)
def example(name: str | None) -> None:
    """Plays a matter of a procedure from report to archive on what `make run` stands up; without a name, lists them."""
    from infra.day.examples import EXAMPLES, HttpGround, play
    from infra.day.standing import RUN_FILE
    from infra.day.system import System

    if name not in EXAMPLES:
        for known in EXAMPLES.values():
            console.print(f"{known.id:<12} {known.zh}：{known.about}", soft_wrap=True)
        raise SystemExit(0 if name is None else 2)
    try:
        system, place = System.read(RUN_FILE), json.loads(RUN_FILE.read_text("utf-8"))["samples"][0]
        with console.status(f"playing {name}; what is due is found once a minute"):
            ground = HttpGround(system, place, patience=_A_SWEEP_OR_TWO)
            case_id = play(EXAMPLES[name], ground)
    except (FileNotFoundError, AssertionError) as error:
        raise click.ClickException(str(error)) from error
    for line in ground.timeline(case_id):
        console.print(line, soft_wrap=True)
    console.print(f"{system.api}/v1/cases/{case_id}/file", soft_wrap=True)


@cli.command()
@click.argument("staff_id")
@click.option("--name", default="run", show_default=True, help="Whose issuer: run, or another under .local/.")
@click.option("--stage", default="local", show_default=True)
@click.option("--hours", default=24.0, show_default=True)
def token(staff_id: str, name: str, stage: str, hours: float) -> None:
    """Prints a bearer token of a staff member, signed by the local issuer."""
    from infra.issuer import Issuer

    click.echo(Issuer(name, load_deployment(stage).oidc_audience).token(staff_id, hours))


def _say(status: Any, line: str) -> None:
    status.update(line)
    if not line.endswith("complete") or " create complete" in line or " update complete" in line:
        console.print(f"[dim]{line}[/dim]")


if __name__ == "__main__":
    cli()
