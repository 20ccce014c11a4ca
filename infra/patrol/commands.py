"""`python -m infra patrol …`: the operator's commands for rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from infra.terminal import console, progress, where

if TYPE_CHECKING:
    from infra.patrol.planning import Planner


@click.group()
def patrol() -> None:
    """Plans the rounds that posts walk, and ends them."""


@patrol.command()
@where
@click.option("--area", default="", help="Only of this area and what lies in it.")
@click.option("--dry-run", is_flag=True, help="Says what would change, and changes nothing.")
def plan(stage: str, region: str, endpoint: str | None, area: str, dry_run: bool) -> None:
    """Begins, changes and ends beats as holders, network and policy ask for; again changes nothing."""
    from infra.network.known import ListLost
    from infra.patrol.planning import plan_rounds

    planner = _planner(stage, region, endpoint)
    with progress() as bar:
        task = bar.add_task("reading", total=None)
        try:
            ground = planner.ground()
        except ListLost as error:
            raise click.ClickException(
                f"a list of the network is missing, restore it from a backup: {error}"
            ) from error
        bar.update(task, description="looking at beats" if dry_run else "planning beats")
        done = plan_rounds(
            planner.store,
            ground,
            planner.policy,
            planner.now,
            planner.by,
            within=area,
            dry_run=dry_run,
            say=lambda line: bar.console.print(line, highlight=False),
            progress=lambda number, of: bar.update(task, completed=number, total=of),
        )
    counted = ", ".join(f"{done[what]} {what}" for what in ("begun", "changed", "ended", "unchanged"))
    console.print(f"{'would be: ' if dry_run else ''}{counted}", highlight=False)


@patrol.command()
@where
@click.argument("beats", nargs=-1, required=True)
def end(stage: str, region: str, endpoint: str | None, beats: tuple[str, ...]) -> None:
    """Ends beats, by name, until they are planned again."""
    from infra.patrol.planning import end_rounds

    planner = _planner(stage, region, endpoint)
    ended = end_rounds(planner.store, planner.policy, planner.now, planner.by, beats)
    console.print(f"{ended} ended", highlight=False)


def _planner(stage: str, region: str, endpoint: str | None) -> Planner:
    from infra.deploy import stateful_outputs
    from infra.patrol.planning import Planner

    return Planner(stage, region, endpoint, stateful_outputs(stage, region, endpoint))
