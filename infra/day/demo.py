"""`make demo`: a whole day on a cloud and state of its own, checked from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from infra.day.check import Findings, check
from infra.day.crew import Crew
from infra.day.ledger import read_ledger
from infra.day.matters import SOURCES
from infra.day.senders import Senders, Sent
from infra.day.standing import PACK, SAMPLE, Standing, standing
from infra.day.system import Caller, System
from infra.day.watch import SLOW_SECONDS, Watch
from infra.samples.day import messages
from infra.settings import LOCAL

DEMO_FILE = LOCAL / "demo.json"
MESSAGES, SEED, PACE = 240, 20261122, 5.5
_ROUND_SECONDS = 1.0
_PATIENCE_SECONDS = 400


def demo(console: Console, count: int = MESSAGES) -> int:
    """Run a day of so many messages, write `.local/demo.json`, and give the exit code: 0 when every invariant holds."""
    with (
        console.status("standing the system up") as status,
        standing("demo", "demo", keep=False, run_file=LOCAL / "demo" / "run.json", say=status.update) as stood,
    ):
        status.stop()
        findings = live_through(stood, console, count)
    findings.write(DEMO_FILE)
    console.print(table_of(findings))
    for fault in findings.faults:
        console.print(f"[red]✗[/red] {fault}")
    console.print(f"[{'red' if findings.faults else 'green'}]{DEMO_FILE.relative_to(LOCAL.parent)}")
    return 1 if findings.faults else 0


def live_through(stood: Standing, console: Console, count: int = MESSAGES) -> Findings:
    """Send a day's messages, let staff work until every case is closed, then check all of it."""
    system = System.read(stood.run_file)
    features = json.loads((SAMPLE / "areas.geojson").read_text("utf-8"))["features"]
    crew = Crew(system, {point["area"][:12]: point["area"] for point in stood.described["samples"]}, PACK)
    senders = Senders(system, messages(count, SEED, features), PACE)
    progress = _Progress(senders, crew)
    senders.on_sent = progress.note
    with Watch(system.cloud) as watch, Live(console=console, refresh_per_second=2, get_renderable=progress.table):
        progress.watch = watch
        seconds = senders.run()
        _until_quiet(watch)
        watch.pace = SLOW_SECONDS
        crew.knows_of({"unit": {"id": "linkage-centre"}})
        _tell_of_forms(crew, system, senders)
        store = stood.cloud.client("dynamodb")
        _until_settled(crew, lambda: _open_cases(store, system) == 0)
        _until_quiet(watch)
    sent = [one for one in senders.sent if one is not None]
    ledger = read_ledger(system, stood.cloud.client)
    findings = check(system, sent, ledger, watch, PACK, SAMPLE)
    findings.faults += crew.refused
    findings.seconds = round(time.monotonic() - progress.began, 1)
    findings.reports_per_second = round(len(sent) / seconds, 2)
    return findings


def _tell_of_forms(crew: Crew, system: System, senders: Senders) -> None:
    """Who must act on what was told on a form: its answer is for a resident, and names no unit."""
    caller, token = Caller(system), system.token_of_role("administrator")
    for one in senders.sent:
        if one is not None and one.acknowledged and one.message.edge == "web":
            answer = caller.get("/v1/cases", token, source=SOURCES["web"], message_id=one.message.message_id)
            crew.knows_of(answer.json())


def _until_settled(crew: Crew, settled: Callable[[], bool]) -> None:
    """Round after round until nothing is open; what time brings comes with the sweep, once a minute."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if crew.round() == 0:
            if settled():
                return
            time.sleep(_ROUND_SECONDS)


def _open_cases(store: Any, system: System) -> int:
    """Cases that lie in a queue or wait for a time."""
    pages = store.get_paginator("scan").paginate(
        TableName=system.outputs["CasesTable"],
        FilterExpression="sk = :case AND (attribute_exists(queue) OR attribute_exists(due_at))",
        ExpressionAttributeValues={":case": {"S": "CASE"}},
        Select="COUNT",
    )
    return sum(page["Count"] for page in pages)


def _until_quiet(watch: Watch, quiet_seconds: float = 3.0, patience: float = 30.0) -> None:
    """Until nothing has been delivered for a while: consumers have nothing left to do."""
    deadline = time.monotonic() + patience
    count, since = -1, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < quiet_seconds:
        now = watch.texts
        if now != count:
            count, since = now, time.monotonic()
        time.sleep(0.2)


class _Progress:
    """The live summary."""

    def __init__(self, senders: Senders, crew: Crew) -> None:
        self.began = time.monotonic()
        self.watch: Watch | None = None
        self._senders = senders
        self._crew = crew
        self._latest = ""

    def note(self, index: int, sent: Sent) -> None:
        if sent.acknowledged:
            self._crew.knows_of(sent.answer)
        place = "".join((sent.answer.get("area") or {}).get("path", [])[1:4])
        self._latest = f"{sent.message.edge} {sent.status} {sent.answer.get('category') or ''} {place}"

    def table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        done = [one for one in self._senders.sent if one is not None]
        table.add_row("上报 reports", f"{len(done)} / {len(self._senders.messages)}", self._latest)
        table.add_row("受理 acknowledged", str(sum(one.acknowledged for one in done)))
        acts = "  ".join(f"{act} {count}" for act, count in sorted(self._crew.done.items()))
        table.add_row("处置 acts", str(self._crew.done.total()), acts)
        if self.watch:
            table.add_row("短信 texts", str(self.watch.texts))
        table.add_row("用时 seconds", f"{time.monotonic() - self.began:.0f}")
        return table


def table_of(findings: Findings) -> Table:
    table = Table(title="鼓楼区的一天 A day of Gulou district", show_header=False)
    for name in Findings.__dataclass_fields__:
        if name != "faults":
            table.add_row(name.replace("_", " "), str(getattr(findings, name)))
    return table
