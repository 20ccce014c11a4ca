"""`make run`: the system on this machine, with a day's cases in it, until Ctrl-C; then again with its state."""

from __future__ import annotations

import json
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from rich.console import Console

from infra.day.demo import live_through, table_of
from infra.day.standing import RUN_FILE, Standing, standing
from infra.network.commands import apply_with_bar
from infra.network.importing import Importer
from infra.republish import republish
from infra.settings import LOCAL

_LIVED = LOCAL / "run" / "lived"
_STOPPED_RECENTLY = timedelta(minutes=10)
_DISTRICT_TIME = ZoneInfo("Asia/Shanghai")


def run(console: Console) -> int:
    """Stand up, live through a day the first time, print how to speak to the system, and stay."""
    with (
        console.status("起动中 standing the system up") as status,
        standing(
            "run",
            "local",
            keep=True,
            run_file=RUN_FILE,
            say=status.update,
            bring_in=lambda importer, directory: _bring_in(console, status, importer, directory),
        ) as stood,
    ):
        status.stop()
        if stood.known_before and _LIVED.exists():
            _take_up(stood)
        else:
            _live(stood, console)
        _invite(stood, console)
        _stay()
        console.print("停止中 stopping; the state is kept")
    return 0


def _bring_in(console: Console, status: Any, importer: Importer, directory: Path) -> None:
    status.stop()
    apply_with_bar(importer, importer.plan(directory), console)


def _live(stood: Standing, console: Console) -> None:
    findings = live_through(stood, console)
    console.print(table_of(findings))
    for fault in findings.faults:
        console.print(f"[red]✗[/red] {fault}")
    _LIVED.write_text(datetime.now(UTC).isoformat(), "utf-8")


def _take_up(stood: Standing) -> None:
    """Publish again what the stream may have forgotten when the cloud was stopped; consumers know what is done."""
    stopped = datetime.fromtimestamp(max(_state_times(stood.cloud.directory / "state")), UTC)
    outputs = stood.deployed.outputs
    republish(
        stood.deployed.client,
        stood.deployed.stage,
        outputs["CasesTable"],
        outputs["EventsTopicArn"],
        since=stopped - _STOPPED_RECENTLY,
    )


def _state_times(directory: Path) -> list[float]:
    return [path.stat().st_mtime for path in directory.glob("*.json")] or [0.0]


def _invite(stood: Standing, console: Console) -> None:
    """Where the system is, and lines that can be pasted into another terminal."""
    api = stood.described["api"]
    sample = stood.described["samples"][0]
    told = json.dumps(
        {
            "text": "三号楼前井盖缺失",
            "position": sample["position"],
            "told_at": datetime.now(UTC).astimezone(_DISTRICT_TIME).replace(microsecond=0).isoformat(),
            "reporter": {"name": "王先生", "phone": "+8613800000000"},
        },
        ensure_ascii=False,
    )
    worker, admin = (stood.described["tokens"]["by_role"][r]["token"] for r in ("grid-worker", "administrator"))
    unit = sample["units"]["missing-manhole-cover"]
    console.rule("鼓楼区 Gulou is up")
    console.print(f"API     {api}\ncloud   {stood.cloud.endpoint}\ntokens  {stood.run_file.relative_to(LOCAL.parent)}")
    area = f"{api}/v1/public/areas/{sample['area']}"
    print(f"notice  {area}/notice.html\nform    {area}/report")
    lines = (
        f"curl -s {api}/v1/reports -H 'Authorization: Bearer {worker}' -H 'Content-Type: application/json' "
        f"-H 'Idempotency-Key: {uuid4()}' -d '{told}'",
        f"curl -s '{api}/v1/units/{unit}/queue?limit=5' -H 'Authorization: Bearer {admin}'",
        f"curl -s {api}/v1/public/track/<tracking_code>",
        f"curl -s {stood.cloud.endpoint}/_ministack/sns/sms-messages",
    )
    for line in lines:
        print(f"\n{line}")
    console.print("\nCtrl-C stops and keeps the state.")


def _stay() -> None:
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    while not stop.wait(1):
        pass
