"""What is measured, each as the contract of `.local/bench.json` says. Figures are compared in one run, alternately."""

from __future__ import annotations

import json
import secrets
import statistics
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.functions import OF_CHALICE
from infra.settings import LOCAL
from tests.bench import events
from tests.bench.callers import Caller, Outflow, by_case, queued, refreshed, report_step
from tests.bench.processes import Process, cold_start
from tests.bench.sizes import read_units
from tests.bench.system import NAME, System, waiting_messages

CATEGORY = "missing-manhole-cover"
ROUNDS, BLOCK, WARM = 12, 40, 60
COLD_STARTS = 10
PAGE = 50

Say = Callable[[str], None]


def floor_and_intake(system: System, say: Say) -> tuple[dict[str, float], dict[str, float]]:
    """The floor, intake, and a replay of intake's own requests, in turns: a block of each, round after round."""
    token = system.token_of("grid-worker", areas=system.places[0]["area"])
    table = make_floor_table(system)
    with system.worker() as ours, system.peer(FLOOR_TABLE=table) as replay, system.peer(FLOOR_TABLE=table) as floor:
        caller = Caller(system, ours)
        asked = [report_step(caller, token, CATEGORY) for _ in range(WARM)]
        answered(ours.run(asked), 201)
        recorded = recorded_intake(system, ours, token)
        floor_event = events.proxied("POST", "/reports", {}, body=_floor_report())
        replay_event = events.proxied("POST", "/reports", {}, body=events.report(system.places[0], CATEGORY))
        costs: dict[str, list[float]] = {"ours": [], "replay": [], "floor": []}
        walls: list[float] = []
        for round_number in range(ROUNDS + 1):
            sequences = [refreshed(recorded, fresh_ids) for _ in range(BLOCK)]
            replay.call("replay.fill", sequences)
            outcome = ours.run([report_step(caller, token, CATEGORY) for _ in range(BLOCK)])
            answered(outcome, 201)
            again = replay.run([[("replay.app", replay_event)]] * BLOCK)
            answered(again, 201)
            least = floor.run([[("floor.app", floor_event)]] * BLOCK)
            answered(least, 201)
            if round_number:  # the first warms up
                costs["ours"].append(outcome["cpu_ms"] / BLOCK)
                costs["replay"].append(again["cpu_ms"] / BLOCK)
                costs["floor"].append(least["cpu_ms"] / BLOCK)
                walls += outcome["wall_ms"]
        say(f"intake: {', '.join(r['operation'] for r in recorded)}")
    intake = {
        "cpu_ms": statistics.median(costs["ours"]),
        "replay_cpu_ms": statistics.median(costs["replay"]),
        "cpu_ratio": ratio(costs["ours"], costs["replay"]),
        "bare_ratio": ratio(costs["ours"], costs["floor"]),
        "store_requests": sum(request["sent"] for request in recorded),
        "p95_ms": _p95(walls),
    }
    return {"cpu_ms": statistics.median(costs["floor"])}, intake


def recorded_intake(system: System, worker: Process, token: str) -> list[dict[str, Any]]:
    """Every request to AWS of one warm intake, the authorizer's too."""
    caller = Caller(system, worker, watched=True)
    for handler, event in report_step(caller, token, CATEGORY):
        caller._call(handler, event)
    return [_at_any_later(request) for request in caller.spent.requests]


def _at_any_later(request: dict[str, Any]) -> dict[str, Any]:
    """A request whose replay finds what lies near as it was read, or as others have changed it since."""
    parts = [part.get("Put", {}) for part in request["kwargs"].get("TransactItems", [])]
    for put in parts:
        if put and put["Item"]["pk"]["S"].startswith("NEAR#") and "ConditionExpression" in put:
            put["ConditionExpression"] = put["ConditionExpression"].replace(" = ", " >= ")
    return request


def cold_starts(system: System, say: Say) -> tuple[float, dict[str, Any]]:
    """Process start to first answer, of every function and of a bare one with the same clients, in turns.

    Each start of ours gets a first event of its own that it really has to do. Also the floor's.
    """
    directory = LOCAL / NAME / "events"
    directory.mkdir(parents=True, exist_ok=True)
    first = first_events(system, COLD_STARTS + 2)
    results: dict[str, Any] = {}
    zip_kb = round(system.zip.stat().st_size / 1024)
    for function in OF_CHALICE:
        name, handler = function.name, system.handlers[function.name]
        waiting = iter(first[name])
        with system.worker(name) as probe:
            outcome = probe.call(handler, next(waiting), watched=True)
            clients = probe.services()
        _good_answer(name, outcome["answer"])
        bare_environment = {**system.bare_environment, "BARE_CLIENTS": ",".join(clients)}
        path, bare_path = directory / f"{name}.json", directory / "bare.json"
        bare_path.write_text("{}", "utf-8")
        ours, bare = [], []
        for turn in range(COLD_STARTS + 1):
            path.write_text(json.dumps(next(waiting)), "utf-8")
            took, answer = cold_start([system.package], handler, path, system.environments[name])
            _good_answer(name, answer)
            bare_took, _ = cold_start([system.peers, system.package], "bare.handler", bare_path, bare_environment)
            if turn:  # the first brings the files into memory
                ours.append(took)
                bare.append(bare_took)
        results[name] = {
            "init_ms": statistics.median(ours),
            "bare_ms": statistics.median(bare),
            "init_ratio": ratio(ours, bare),
            "clients": clients,
            "zip_kb": zip_kb,
        }
        say(f"cold start of {name}: {results[name]['init_ms']:.0f} ms, bare {results[name]['bare_ms']:.0f} ms")
    return _floor_init(system, directory), results


def _floor_init(system: System, directory: Path) -> float:
    path = directory / "floor.json"
    path.write_text(json.dumps(events.proxied("POST", "/reports", {}, body=_floor_report())), "utf-8")
    environment = {**system.bare_environment, "FLOOR_TABLE": make_floor_table(system)}
    starts = [cold_start([system.peers, system.package], "floor.app", path, environment)[0] for _ in range(COLD_STARTS)]
    return statistics.median(starts)


def first_events(system: System, n: int) -> dict[str, list[Any]]:
    """`n` first events for every function, each with something to do."""
    token = system.token_of("grid-worker", areas=system.places[0]["area"])
    with system.worker("alert", **system.all_environments) as worker:
        caller = Caller(system, worker)
        outflow = Outflow(caller)
        reports = [report_step(caller, token, CATEGORY) for _ in range(n)]
        batches, alerts, counted = [], [], []
        to_be_counted = system.client("sqs").get_queue_url(QueueName=f"wangge-{NAME}-figures")["QueueUrl"]
        category = category_with_one_officer(system)
        for _ in range(n):
            _told(caller, token, category)
            batch = events.stream_batch(outflow.records())
            batches.append(batch)
            caller.function("relay", batch)
            alerts.append({"Records": outflow.messages(2)})
            counted.append({"Records": waiting_messages(system, to_be_counted, 3)})
        uploads = [uploaded(system, caller, token)[1] for _ in range(n)]
        worker.forward(-30 * 86400)
        overdue = [_told(caller, token, CATEGORY)["case_id"] for _ in range(n)]
    return {
        "api": [steps[1][1] for steps in reports],
        "staff": [steps[0][1] for steps in reports],
        "relay": batches,
        "alert": alerts,
        "sweep": [{"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}] * n,
        "due": [queued({"case_id": case}) for case in overdue],
        "attachments": uploads,
        "figures": counted,
        "seal": [{"Records": [record]} for record in _new_entries(system, n)],
    }


def _new_entries(system: System, n: int) -> list[dict[str, Any]]:
    """Entries of the audit, as the stream of *vault* tells of them."""
    rows: list[dict[str, Any]] = []
    for page in (
        system.client("dynamodb").get_paginator("scan").paginate(TableName=system.deployed.outputs["VaultTable"])
    ):
        rows += [row for row in page["Items"] if row["pk"]["S"].startswith("AUDIT#")]
    keys = [{name: row[name] for name in ("pk", "sk")} for row in rows]
    return [
        {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"Keys": key, "NewImage": row}}
        for key, row in zip(keys[:n], rows[:n], strict=True)
    ]


def uploaded(system: System, caller: Caller, token: str) -> tuple[str, dict[str, Any]]:
    """A picture that somebody announced and handed in: its id, and the event of its bytes having come."""
    picture = b"\xff\xd8\xff\xe0" + bytes(1020)
    announced = caller.http(
        token,
        "POST",
        "/v1/attachments",
        headers=events.command(),
        body={"content_type": "image/jpeg", "bytes": len(picture)},
    )
    system.client("s3").put_object(
        Bucket=system.deployed.outputs["MediaBucket"], Key=announced["fields"]["key"], Body=picture
    )
    queue = system.client("sqs").get_queue_url(QueueName=f"wangge-{NAME}-attachments")["QueueUrl"]
    return str(announced["attachment_id"]), {"Records": waiting_messages(system, queue)}


def pipeline(system: System, say: Say) -> dict[str, float]:
    """One report from upload to one officer's SMS and e-mail: api with its authorizer, relay, alert."""
    token = system.token_of("grid-worker", areas=system.places[0]["area"])
    category = category_with_one_officer(system)
    table = make_floor_table(system)
    with system.worker("alert", **system.all_environments) as ours, system.peer(FLOOR_TABLE=table) as floor:
        watched = Caller(system, ours, watched=True)
        outflow = Outflow(watched)
        for _ in range(3):  # the last is warm
            watched.spent.requests.clear()
            _told(watched, token, category)
            outflow.follow()
        asked = [request["operation"] for request in watched.spent.requests]
        if (asked.count("Publish"), asked.count("SendEmail")) != (1, 1):
            raise RuntimeError(f"not one SMS and one e-mail: {asked}")
        say(f"pipeline: {', '.join(asked)}")
        floor_event = events.proxied("POST", "/reports", {}, body=_floor_report())
        costs, least = [], []
        for round_number in range(ROUNDS + 1):
            spent = _block_of_reports(watched, outflow, token, category)
            bare = floor.run([[("floor.app", floor_event)]] * BLOCK)
            if round_number:
                costs.append(spent / BLOCK)
                least.append(bare["cpu_ms"] / BLOCK)
    return {
        "cpu_ms": statistics.median(costs),
        "floor_ratio": ratio(costs, least),
        "requests": watched.spent.sent,
    }


def _block_of_reports(caller: Caller, outflow: Outflow, token: str, category: str) -> float:
    """Many reports, each through every function: first all through the API, then the relay, then the alerts."""
    worker, handlers = caller.worker, caller.system.handlers
    told = worker.run([report_step(caller, token, category) for _ in range(BLOCK)])
    answered(told, 201)
    batches = by_case(outflow.records(), lambda record: record["dynamodb"]["Keys"]["pk"]["S"])
    relayed = worker.run([[(handlers["relay"], {"Records": batch})] for batch in batches])
    messages = by_case(outflow.messages(2 * BLOCK), lambda record: json.loads(record["body"])["subject"])
    alerted = worker.run([[(handlers["alert"], {"Records": batch})] for batch in messages])
    if (len(batches), len(messages)) != (BLOCK, BLOCK) or any(a["batchItemFailures"] for a in alerted["answers"]):
        raise RuntimeError("not every report went all the way")
    return float(told["cpu_ms"] + relayed["cpu_ms"] + alerted["cpu_ms"])


def queue_page(system: System, say: Say) -> dict[str, float]:
    """A page of a unit's queue, asked for by one of its officers, warm."""
    token = system.token_of("grid-worker", areas=system.places[0]["area"])
    with system.worker() as ours:
        caller = Caller(system, ours)
        unit = _told(caller, token, CATEGORY)["unit"]["id"]
        answered(ours.run([report_step(caller, token, CATEGORY) for _ in range(PAGE)]), 201)
        officer = system.token_of("department", unit=unit)

        def asked() -> list[tuple[str, Any]]:
            path, query = {"unit_id": unit}, {"limit": str(PAGE)}
            resource = "/v1/units/{unit_id}/queue"
            return caller.step(officer, events.proxied("GET", resource, caller.who(officer), path=path, query=query))

        answered(ours.run([asked() for _ in range(30)]), 200)
        watched = Caller(system, ours, watched=True)
        for handler, event in asked():
            answer = watched._call(handler, event)
        blocks = [ours.run([asked() for _ in range(20)])["cpu_ms"] / 20 for _ in range(10)]
    return {
        "items": len(json.loads(answer["body"])["items"]),
        "cpu_ms": statistics.median(blocks),
        "requests": watched.spent.sent,
    }


def capacity(system: System, say: Say) -> dict[str, float]:
    """What one report consumes of the tables, and what a whole life does: told, settled, visited, closed, all told."""
    place = system.places[0]
    token = system.token_of("grid-worker", areas=place["area"])
    with system.worker("alert", **system.all_environments) as ours:
        caller = Caller(system, ours, watched=True)
        outflow = Outflow(caller)
        receipt = _told(caller, token, CATEGORY)
        intake_wcu = caller.spent.wcu
        outflow.follow()
        case, officer = receipt["case_id"], system.token_of("department", unit=receipt["unit"]["id"])
        settled = caller.resolve(officer, case, outflow.follow)
        visit = settled["visits"][-1]
        caller.visit_falls_due(case, datetime.fromisoformat(visit["due_at"]))
        outflow.follow()
        answer = caller.http(
            token,
            "POST",
            "/v1/visits/{visit_id}/result",
            path={"visit_id": visit["visit_id"]},
            headers=events.command(settled["version"] + 1),
            body={"outcome": "satisfied", "note": "居民满意。"},
        )
        outflow.follow()
        if answer["state"] != "closed":
            raise RuntimeError(f"the case is {answer['state']}")
    return {
        "intake_wcu": intake_wcu,
        "lifecycle_wcu": caller.spent.wcu,
        "lifecycle_rcu": sum(read_units(request) for request in caller.spent.requests),
    }


def category_with_one_officer(system: System) -> str:
    """A category whose lead is a community's centre, which has one officer on duty, and that joins nobody."""
    for category in system.policy["categories"].values():
        if category["lead"] == "@community" and not category["joint"] and category["urgency"] == "ordinary":
            return str(category["id"])
    raise LookupError("no category with one officer")


def make_floor_table(system: System) -> str:
    dynamodb = system.client("dynamodb")
    with suppress(dynamodb.exceptions.ResourceInUseException):
        dynamodb.create_table(
            TableName="floor",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
    return "floor"


def _told(caller: Caller, token: str, category: str) -> dict[str, Any]:
    told = events.report(caller.system.places[0], category)
    return caller.http(token, "POST", "/v1/reports", headers=events.command(), body=told)


def _floor_report() -> dict[str, Any]:
    """The report of the floor: one flat object."""
    return {
        "text": "小区3号楼前下水道井盖破损,存在安全隐患,请尽快处理。" * 4,
        "lat": 34.29,
        "lon": 117.19,
        "category": "hazard",
        "reporter": "13800000000",
        "address": "鼓楼区某小区3号楼",
    }


def fresh_ids() -> Iterator[str]:
    while True:
        yield secrets.token_hex(20).upper()


def answered(outcome: dict[str, Any], status: int) -> None:
    for answer in outcome["answers"]:
        if answer["statusCode"] != status:
            raise RuntimeError(f"{answer['statusCode']}: {answer['body']}")


def _good_answer(name: str, answer: Any) -> None:
    bad = answer.get("batchItemFailures") or answer.get("statusCode", 200) >= 300
    if bad or (name == "sweep" and not answer["due"]):
        raise RuntimeError(f"{name} answered its first event {answer}")


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the rounds' own ratios: what the machine does to one round it does to both."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
