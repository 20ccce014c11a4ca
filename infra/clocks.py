"""`python -m infra clocks …`: the operator's commands for deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.table import Table

from chalicelib.domain.audit import CLOCKS_RECOUNTED
from infra.policy.commands import failing, stage_of
from infra.terminal import bar, console, where

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from chalicelib.services.deadlines import Recounted

_SHOWN = 40


@click.group()
def clocks() -> None:
    """Deadlines of running cases."""


@clocks.command()
@where
@click.option("--dry-run", is_flag=True, help="Only says what would be counted otherwise.")
def recount(stage: str, region: str, endpoint: str | None, dry_run: bool) -> None:
    """Counts provisional deadlines again by the calendar in force, once days off were announced and deployed.

    Doing it again counts what is left, and nothing twice. What was extended keeps the day that was named.
    """
    from chalicelib.domain.deadlines import guessed
    from chalicelib.domain.errors import StaleVersion

    busy, unknown = 0, 0
    found: list[Recounted] = []
    with failing():
        at = stage_of(stage, region, endpoint)
        with bar("查找中 looking for cases", None) as told:
            waiting = sorted(case.id for case in at.open_cases(told=told) if guessed(case))
        by = at.by._replace(request=f"recount:{at.by.request}")
        if waiting and not dry_run:
            at.audit.note(CLOCKS_RECOUNTED, by, thing=f"policy:{at.current.version}")
        with bar("重新计算 counting", len(waiting)) as told:
            for case_id in waiting:
                try:
                    done = at.deadlines.plan(case_id, by) if dry_run else at.deadlines.recount(case_id, by)
                except StaleVersion:
                    busy += 1
                else:
                    unknown += bool(done.left)
                    found += [done] if done.change else []
                told(1)
        zone = at.current.zone
    _show(found, zone)
    years = "、".join(map(str, at.current.calendar.years[-1:]))
    console.print(f"暂定时限 provisional: {len(waiting)} 件 cases; 日历至 calendar until {years}", highlight=False)
    console.print(f"{'将改' if dry_run else '已改'} counted otherwise: {len(found)}", highlight=False)
    if unknown:
        console.print(f"[yellow]当时的政策版本未保存，无法重算 nobody kept their policy: {unknown}[/yellow]")
    if busy:
        raise click.ClickException(f"{busy} 件正在被他人处理，请再次运行 / cases are being changed: run this again")


def _show(found: Iterable[Recounted], zone: ZoneInfo) -> None:
    from datetime import datetime

    from chalicelib.domain.limit_steps import moment_in_words

    events = [event for each in found if each.change for event in each.change.events]
    if not events:
        return
    table = Table("事项 case", "时限 clock", "原定 was", "现为 due", "仍暂定 provisional")
    for event in events[:_SHOWN]:
        was, due = (moment_in_words(datetime.fromisoformat(event.data[key]), zone) for key in ("was", "due_at"))
        table.add_row(event.subject, event.data["clock"], was, due, "是 yes" if event.data["provisional"] else "")
    console.print(table)
    if len(events) > _SHOWN:
        console.print(f"… {len(events) - _SHOWN} 项 more")
