"""Each access pattern at two sizes of the tables: requests, items looked at and bytes must be the same.

The tables are filled by DynamoDB's own import, from rows that real cases left, with other ids of the same length.
Partitions that can grow do: at any size a tenth of the cases wait at the unit that is asked for, a tenth for their
visit in the community, and one in twenty was told by the phone; all lie in the community and were reported by one
member of staff. Events lie with their case, and only the cases that are
asked for have theirs.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.grid import DIGITS
from chalicelib.domain.nearby import Near, home_of
from chalicelib.models.near_rows import NearRow
from chalicelib.policy.loader import policy_from
from tests.bench import events
from tests.bench.callers import Caller
from tests.bench.same_matter import NEAR_TEXT, told_there
from tests.bench.sizes import read_units
from tests.bench.system import System
from tests.bench.tables import imported

SIZES = (1_000, 100_000)
DUE_NOW = 80
MEASURED, VISITED, LATE = 501, 510, 3
"""The numbers of the cases that are asked for: one that waits, one that is to be visited, one whose time runs out."""

_WITH_EVENTS = (MEASURED, VISITED, LATE)

AHEAD = timedelta(days=30)
"""How far the worker's clock is ahead, so that the late case is late."""

_TITLES = {"CASES_TABLE": "Cases", "VAULT_TABLE": "Vault"}
_COUNTED_MONTH = "2026-10"
_COUNTERS = (
    *("opened", "joined", "assigned", "resolved", "reopened"),
    *(f"source:{source}" for source in ("mobile", "sms", "12345", "web")),
    *(f"closed:{outcome}" for outcome in ("satisfied", "unanswered", "declined", "unvisited")),
    *(f"breached:{clock}" for clock in ("screening", "accept", "resolve")),
    *(f"ended:{clock}:{how}" for clock in ("screening", "accept", "resolve") for how in ("met", "late", "stopped")),
    *(f"settled:community:{was}" for was in ("building", "cell", "community", "street")),
)
_IDS: dict[str, Callable[[int], str]] = {
    "case": lambda number: f"01{number:024d}",
    "report": lambda number: f"{number:032x}",
    "track": lambda number: f"{number:08d}",
    "phone": lambda number: f"{number:040x}",
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Template:
    """What one case left: its rows as JSON text, each with the setting that names its table; and its ids."""

    rows: list[tuple[str, str]]
    ids: dict[str, str]
    unit: str


def scale(
    system: System, category: str, say: Say, sizes: tuple[int, ...] = SIZES
) -> tuple[dict[str, Any], dict[str, str]]:
    """Every pattern's requests, items and bytes at each size, with the capacity; and what the patterns go by."""
    measured: dict[str, Any] = {}
    keys: dict[str, str] = {}
    waiting, visited, facts = _templates(system, category)
    for size in sizes:
        began = time.monotonic()
        tables = {setting: _filled(system, setting, waiting, visited, size) for setting in _TITLES}
        say(f"scale: {size} cases in {time.monotonic() - began:.0f} s")
        with system.worker("alert", **{**system.all_environments, **tables}) as worker:
            worker.patient()
            worker.forward(AHEAD.total_seconds())
            newest_of_phone = (size - 2) // 20 * 20 + 1
            known = {**facts, "joined_code": _IDS["track"](newest_of_phone)}
            keys = worker.patterns()
            for name in keys:
                requests = worker.pattern(name, known)
                figures = measured.setdefault(name, {})
                for what, figure in _figures(requests).items():
                    figures.setdefault(what, []).append(figure)
        say(f"scale: {size} cases done in {time.monotonic() - began:.0f} s")
        for table in tables.values():
            system.client("dynamodb").delete_table(TableName=table)
    return {"cases": list(sizes), **measured}, keys


def _figures(requests: list[dict[str, Any]]) -> dict[str, float]:
    stored = [request for request in requests if request["service"] == "dynamodb"]
    return {
        "requests": sum(request["sent"] for request in stored),
        "scanned": sum(request["scanned"] for request in stored),
        "bytes": sum(request["bytes"] for request in stored),
        "rcu": sum(read_units(request) for request in stored),
        "wcu": sum(request["wcu"] for request in stored),
    }


def _templates(system: System, category: str) -> tuple[Template, Template, dict[str, Any]]:
    """What a case that waits at a unit and one that waits for its visit left, and what will be asked for."""
    place = system.places[0]
    told = events.report(place, category)
    token = system.token_of("grid-worker", areas=place["area"])
    with system.worker("alert", **system.all_environments) as worker:
        caller = Caller(system, worker)
        bodies = (told, events.report(place, category))
        made = [caller.http(token, "POST", "/v1/reports", headers=events.command(), body=body) for body in bodies]
        officer = system.token_of("department", unit=made[1]["unit"]["id"])
        settled = caller.resolve(officer, made[1]["case_id"])
        visit = settled["visits"][-1]
        caller.visit_falls_due(made[1]["case_id"], datetime.fromisoformat(visit["due_at"]))
        phone_hash = worker.phone_hash(told["reporter"]["phone"])
    reader = next(
        str(row["staff_id"]) for row in system.staff if row["role"] == "grid-worker" and row["areas"] == place["area"]
    )
    waiting, visited = (_template(system, receipt, phone_hash, reader) for receipt in made)
    now = datetime.now(UTC)
    facts = {
        "district": place["area"][:6],
        "community": place["area"][:12],
        "area": place["area"],
        "position": place["position"],
        "text": told["text"],
        "near_text": NEAR_TEXT,
        "category": category,
        "unit": made[0]["unit"]["id"],
        "phone": told["reporter"]["phone"],
        "phone_hash": phone_hash,
        "reader": reader,
        "case_id": _IDS["case"](MEASURED),
        "report_id": _IDS["report"](MEASURED),
        "tracking_code": _IDS["track"](MEASURED),
        "event_id": f"{_IDS['case'](MEASURED)}.1.3",
        "visit_id": f"{_IDS['case'](VISITED)}.1",
        "visit_version": settled["version"] + 1,
        "late_case_id": _IDS["case"](LATE),
        "now": (now - timedelta(days=300)).isoformat(),
        "counted_month": _COUNTED_MONTH,
    }
    return waiting, visited, facts


def _template(system: System, receipt: dict[str, Any], phone_hash: str, reporter: str) -> Template:
    dynamodb, outputs = system.client("dynamodb"), system.deployed.outputs
    case, report = receipt["case_id"], receipt["report_id"]
    partitions = [
        ("CASES_TABLE", "CasesTable", f"CASE#{case}", ""),
        ("CASES_TABLE", "CasesTable", f"REPORT#{report}", ""),
        ("CASES_TABLE", "CasesTable", f"TRACK#{receipt['tracking_code']}", ""),
        ("CASES_TABLE", "CasesTable", f"REPORTER#{phone_hash}", case),
        ("CASES_TABLE", "CasesTable", f"STAFF#{reporter}", case),
        ("VAULT_TABLE", "VaultTable", f"IDENTITY#{report}", ""),
    ]
    rows = []
    for setting, title, pk, sk in partitions:
        found = dynamodb.query(
            TableName=outputs[title],
            KeyConditionExpression="pk = :pk and begins_with(sk, :sk)" if sk else "pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}, **({":sk": {"S": sk}} if sk else {})},
        )["Items"]
        if not found:
            raise LookupError(pk)
        for item in found:
            if "due_shard" in item:
                item["due_shard"] = {"S": "<shard>"}
                item["due_at"] = {"S": "<due at>"}
            rows.append((setting, json.dumps({"Item": item}, ensure_ascii=False, default=_base64)))
    for item in _entries_about(dynamodb, outputs["VaultTable"], case):
        rows.append(("VAULT_TABLE", json.dumps({"Item": item}, ensure_ascii=False)))
    ids = {"case": case, "report": report, "track": receipt["tracking_code"], "phone": phone_hash}
    return Template(rows, ids, receipt["unit"]["id"])


def _entries_about(dynamodb: Any, table: str, case: str) -> list[dict[str, Any]]:
    """What the audit noted of a case."""
    found = dynamodb.query(
        TableName=table,
        IndexName="case",
        KeyConditionExpression="#case = :case",
        ExpressionAttributeNames={"#case": "case"},
        ExpressionAttributeValues={":case": {"S": case}},
    )
    entries: list[dict[str, Any]] = found["Items"]
    return entries


def _filled(system: System, setting: str, waiting: Template, visited: Template, size: int) -> str:
    """The name of a table as the template makes it, filled with what so many cases leave there."""
    name = f"wangge-scale-{_TITLES[setting].lower()}-{size:07d}"
    lines = _lines(setting, waiting, visited, range(size))
    if setting == "CASES_TABLE":
        lines = itertools.chain(lines, _counted(system), _lying(system, size))
    imported(system, name, _TITLES[setting], lines)
    return name


def _lying(system: System, size: int) -> Iterator[str]:
    """A full row where candidates lie, of the compound that is asked for: the newest cases, as much of them as fits."""
    policy = policy_from(dict(system.policy))
    told = told_there(system.places[0]["area"], policy)
    near = Near(home_of(told.area, confidential=False) or "", 0, ())
    for number in range(max(0, size - policy.same_matter.most_entries), size):
        near = near.entered(_IDS["case"](number), told, policy.same_matter)
    yield json.dumps({"Item": NearRow.of(near._replace(version=1)).serialize()}, ensure_ascii=False)


def _counted(system: System) -> Iterator[str]:
    """The counters of a month in which everything happened in each of the communities."""
    codes = [feature["properties"]["code"] for feature in system.features]
    for area in (code for code in codes if len(code) == DIGITS["community"]):
        for kind in (*system.policy["kinds"], "-"):
            key = {"pk": {"S": f"FIGURES#{_COUNTED_MONTH}"}, "sk": {"S": f"{area}#{kind}"}}
            yield json.dumps({"Item": {**key, **{name: {"N": "128"} for name in _COUNTERS}}})


def _lines(setting: str, waiting: Template, visited: Template, numbers: range) -> Iterator[str]:
    long_ago, some_day = datetime.now(UTC) - timedelta(days=400), datetime.now(UTC) + timedelta(days=400)
    for number in numbers:
        template = visited if number % 10 == 0 else waiting
        ids = {old: _IDS[name](number) for name, old in template.ids.items() if name != "phone" or number % 20 != 1}
        ids["<shard>"] = f"DUE#{zlib.crc32(_IDS['case'](number).encode()) % 8}"
        ids["<due at>"] = f"{long_ago if number < DUE_NOW else some_day:%Y-%m-%dT%H:%M:%S.%fZ}"
        if number % 10 != 7:
            ids[f"UNIT#{template.unit}"] = f"UNIT#{template.unit[::-1]}"
        for table, row in template.rows:
            if table == setting and (number in _WITH_EVENTS or '"EVENT#' not in row):
                for old, new in ids.items():
                    row = row.replace(old, new)
                yield row


def _base64(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()
