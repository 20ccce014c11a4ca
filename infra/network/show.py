"""A plan as people read it, in tables, and as other programs do, in JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chalicelib.services.moving import LOWEST, ONLY, POSITION, Move
from infra.network.faults import feature_collection, lines
from infra.network.plan import ADDED, AREA, CHANGED, ENDED, WARNING, Change, Plan

KINDS_ZH = {AREA: "区域", "staff": "人员", "units": "单位", "posts": "岗位", "duty": "值班"}
WHAT_ZH = {ADDED: "新增", CHANGED: "变更", ENDED: "终止"}
DECIDED_ZH = {
    ONLY: "唯一取代 only successor",
    POSITION: "上报位置 position",
    LOWEST: "[yellow]代码最小，请核查 lowest code, to be checked[/yellow]",
}
MOST_SHOWN = 40
FAULTS_MAP = "faults.geojson"
FAULTS_PICTURE = "faults.svg"


def show(plan: Plan, console: Console) -> None:
    """What would change, what ends and who succeeds it, and what is wrong; of long lists the beginning."""
    if plan.changes:
        console.print(_counts(plan.changes))
        console.print(_details(plan.changes))
    for file, encoding in plan.encodings.items():
        console.print(f"{file}: {encoding}")
    for fault in plan.faults[:MOST_SHOWN]:
        mark = "[yellow]提醒 warning[/yellow]" if fault.warning else "[red]错误 fault[/red]"
        place = ":".join(str(part) for part in (fault.file, fault.line, fault.column) if part is not None)
        console.print(f"{mark} {place}  {fault.zh}\n   {fault.en}", highlight=False, soft_wrap=True)
    said = list(lines(plan.ground))
    console.print("\n".join(said[: 2 * MOST_SHOWN]), markup=False, highlight=False, soft_wrap=True)
    hidden = max(0, len(plan.faults) - MOST_SHOWN) + max(0, len(plan.ground) - MOST_SHOWN)
    if hidden:
        console.print(f"… 另有 {hidden} 条，见 --json / {hidden} more: --json")
    console.print(verdict(plan))


def verdict(plan: Plan) -> str:
    """The last line: whether the plan can be applied, and from when it counts."""
    faults = sum(not fault.warning for fault in plan.faults) + sum(f.severity != WARNING for f in plan.ground)
    if faults:
        return f"[red]{faults} 处错误，未导入任何内容 / {faults} faults: nothing can be imported[/red]"
    if plan.empty:
        held = sum(map(len, plan.people.waiting.values())) if plan.people else 0
        if held:
            zh = f"现在无需更改；{held} 项人员变动待 {plan.waits_for} 再次导入时生效"
            return f"{zh} / nothing to do now; {held} changes of people wait for an import from {plan.waits_for} on"
        return "[green]无需更改 / nothing to do[/green]"
    version = plan.network.version if plan.network and not plan.network.empty else None
    counts = (
        f"版本 {version.id}，{version.from_day} 起生效 / version {version.id}, in force from {version.from_day}; "
        if version
        else ""
    )
    return f"{counts}{plan.writes} 行 / rows to write"


def write_faults(plan: Plan, features: Sequence[Any], directory: Path) -> None:
    """The faults of the ground as a map and as a picture; old ones of that name are taken away when there are none."""
    from infra.network.picture import picture

    directory.mkdir(parents=True, exist_ok=True)
    if not plan.ground:
        for name in (FAULTS_MAP, FAULTS_PICTURE):
            (directory / name).unlink(missing_ok=True)
        return
    collection = json.dumps(feature_collection(plan.ground), ensure_ascii=False)
    (directory / FAULTS_MAP).write_text(collection, "utf-8")
    (directory / FAULTS_PICTURE).write_text(picture(plan.ground, features), "utf-8")


def _counts(changes: Sequence[Change]) -> Table:
    counts = Counter((change.kind, change.what) for change in changes)
    table = Table("", *(f"{WHAT_ZH[what]} {what}" for what in WHAT_ZH))
    for kind, zh in KINDS_ZH.items():
        if any(counts[kind, what] for what in WHAT_ZH):
            table.add_row(f"{zh} {kind}", *(str(counts[kind, what] or "") for what in WHAT_ZH))
    return table


def _details(changes: Sequence[Change]) -> Table:
    """What ends comes first: it is what cannot be seen in the files."""
    table = Table("", "", "代码 / code", "说明 / about")
    ordered = sorted(changes, key=lambda change: (change.what != ENDED, change.what != CHANGED, change.kind != AREA))
    for change in ordered[:MOST_SHOWN]:
        table.add_row(WHAT_ZH[change.what], KINDS_ZH[change.kind], change.id, _about(change))
    if len(ordered) > MOST_SHOWN:
        table.add_row("…", "", "", f"{len(ordered) - MOST_SHOWN} more: --json")
    return table


def _about(change: Change) -> str:
    return "".join(_words(change))


def _words(change: Change) -> Iterator[str]:
    if change.kind != AREA:
        yield ", ".join(change.facts)
        return
    name, *successors = change.facts
    yield name
    if change.what == ENDED:
        yield f" → {', '.join(successors)}" if successors else " → （无取代 none）"


def show_moves(moves: Sequence[Move], console: Console) -> None:
    """How many cases go from which area to which, and how that was decided."""
    if not moves:
        console.print("没有需要移交的事项 / no case lies in an area that has ended")
        return
    table = Table("原区域 from", "新区域 to", "依据 decided by", "件数 cases")
    counts = Counter((move.from_area, move.to.code if move.to else "", move.decided_by) for move in moves)
    for (from_area, to, decided_by), count in sorted(counts.items()):
        table.add_row(from_area, to or "（无取代，不移交 none: stays）", DECIDED_ZH.get(decided_by, ""), str(count))
    console.print(table)
