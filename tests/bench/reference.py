"""What the whole life of a matter consumes of the tables: each procedure's example (`infra.day.examples`), all told.

Played through the functions as their triggers call them, in a time that is set by hand. Counted is every request that
they make; what only looks how the case stands is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from standardwebhooks import Webhook

from infra.day.examples import EXAMPLES, HEAD, OFFICE, WORKER, Example, play
from tests.bench import events
from tests.bench.callers import Caller, Outflow, action_step, queued
from tests.bench.measures import Say, uploaded
from tests.bench.processes import Process
from tests.bench.sizes import read_units
from tests.bench.system import System

BEGAN = datetime(2026, 11, 24, 0, 52, tzinfo=UTC)  # a Tuesday, 08:52 in the district
_REPORTER = {"name": "欧阳春晓", "phone": "+8619903000001"}


def reference_lives(system: System, say: Say) -> dict[str, dict[str, Any]]:
    """Of each procedure: the acts of its example, the events they left, and the write and read units they took."""
    lives = {}
    with system.worker("alert", **system.all_environments) as ours:
        for example in EXAMPLES.values():
            if example.id in system.policy["procedures"]:
                lives[example.id] = _life(example, system, ours)
        say(f"reference lives: {', '.join(lives)}")
    return lives


def _life(example: Example, system: System, worker: Process) -> dict[str, Any]:
    ground = BenchGround(system, worker)
    case = play(example, ground)
    spent = ground.caller.spent
    return {
        "zh": example.zh,
        "acts": ground.acts,
        "events": len(ground.timeline(case)),
        "wcu": spent.wcu,
        "rcu": sum(read_units(request) for request in spent.requests),
    }


class BenchGround:
    """`infra.day.examples.Ground`: the functions in one worker, called as their triggers do."""

    sets_time = True

    def __init__(self, system: System, worker: Process) -> None:
        self.caller = Caller(system, worker, watched=True)
        self.acts = 0
        self._looking = Caller(system, worker)
        self._system, self._worker = system, worker
        self._place = system.places[-1]  # nothing else is measured there: what lies near is read, and costs
        self._outflow = Outflow(self.caller)
        self._zone = ZoneInfo(system.policy["timezone"])
        self._case = ""
        self._set(BEGAN)

    @property
    def cell(self) -> str:
        return str(self._place["area"])

    @property
    def station(self) -> str:
        return f"centre-{self.cell[:12]}"

    @property
    def street(self) -> str:
        return f"centre-{self.cell[:9]}"

    @property
    def today(self) -> str:
        return self._now.astimezone(self._zone).date().isoformat()

    def member(self, what: str) -> str:
        raise LookupError(f"{what}: no pool of people is laid here; examples of mediations are no lives of a procedure")

    def tell(self, by: str, said: Mapping[str, Any]) -> str:
        now = self._now.isoformat()
        match by:
            case "mobile":
                body = {"told_at": now, "position": self._place["position"], "reporter": _REPORTER, **said}
                told = self.caller.http(self._token(WORKER), "POST", "/v1/reports", headers=events.command(), body=body)
            case "12345":
                order = {"order_no": uuid4().hex, "caller": _REPORTER, "received_at": now, **said}
                told = self._hook("/hooks/hotline/12345", order, headers=self._signed(order))
            case _:
                number = uuid4().int % 10**12
                text = {"phone_number": "19903000001", "content": said["text"], "send_time": "", "sequence_id": number}
                text |= {"sign_name": "鼓楼网格", "dest_code": "106900320302"}
                self._hook("/hooks/sms/aliyun", [text], query={"key": self._secret("aliyun")})
                asked = {"source": "sms", "message_id": str(number)}
                told = self._looking.http(self._administrator, "GET", "/v1/cases", query=asked)
        self._case = str(told["case_id"])
        self._acted()
        return self._case

    def picture(self, by: str) -> str:
        announced, arrived = uploaded(self._system, self.caller, self._token(by))
        self.caller.function("attachments", arrived)
        return announced

    def act(self, case: Mapping[str, Any], action: str, by: str, said: Mapping[str, Any]) -> None:
        for handler, event in action_step(self.caller, self._token(by), case["case_id"], case["version"], action, said):
            answer = self.caller._call(handler, event)
        _good(action, answer)
        self._acted()

    def visit(self, case: Mapping[str, Any], outcome: str, note: str | None) -> None:
        self.caller.http(
            self._token(WORKER),
            "POST",
            "/v1/visits/{visit_id}/result",
            path={"visit_id": case["visits"][-1]["visit_id"]},
            headers=events.command(case["version"]),
            body={"outcome": outcome, "note": note},
        )
        self._acted()

    def case(self, case_id: str) -> Mapping[str, Any]:
        return self._looking.http(self._administrator, "GET", "/v1/cases/{case_id}", path={"case_id": case_id})

    def timeline(self, case_id: str) -> list[Any]:
        resource = "/v1/cases/{case_id}/timeline"
        items: list[Any] = self._looking.http(self._administrator, "GET", resource, path={"case_id": case_id})["items"]
        return items

    def wait_for(self, day: int, hour: str) -> None:
        then = datetime.combine(
            BEGAN.astimezone(self._zone).date() + timedelta(day), time.fromisoformat(hour), self._zone
        )
        self.fall_due(self._case, then)
        self._set(then)

    def fall_due(self, case_id: str, at: datetime) -> None:
        while (timer := self._next_timer(case_id)) and timer <= at:
            self._set(max(self._now, timer))
            if self.caller.function("due", queued({"case_id": case_id}))["batchItemFailures"]:
                raise RuntimeError("what was due could not be done")
            self._acted()

    def _next_timer(self, case_id: str) -> datetime | None:
        """When time next changes the case by itself, as its row says."""
        key = {"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "CASE"}}
        table = self._system.deployed.outputs["CasesTable"]
        row = self._system.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
        return datetime.fromisoformat(row["due_at"]["S"]) if "due_at" in row else None

    def _set(self, at: datetime) -> None:
        self._now = at.astimezone(UTC)
        self._worker.forward((self._now - datetime.now(UTC)).total_seconds())

    def _acted(self) -> None:
        self.acts += 1
        self._outflow.follow()

    @property
    def _administrator(self) -> str:
        return self._system.token_of("administrator")

    def _token(self, by: str) -> str:
        if by == WORKER:
            return self._system.token_of("grid-worker", areas=self.cell)
        if by.endswith(HEAD):
            return self._system.token_of("unit-head", unit=by.removesuffix(HEAD))
        centre = by.removeprefix("centre-")
        role = by if by in ("linkage-centre", OFFICE) else "department"
        if centre != by:
            role = "station" if len(centre) == 12 else "street"
        return self._system.token_of(role, unit=by)

    def _hook(self, resource: str, body: Any, **given: Any) -> dict[str, Any]:
        answer = self.caller.function("api", events.proxied("POST", resource, {}, body=body, **given))
        _good(resource, answer)
        return dict(json.loads(answer["body"]))

    def _signed(self, body: Any) -> dict[str, str]:
        when, hook_id = datetime.now(UTC), uuid4().hex
        content = json.dumps(body, ensure_ascii=False)
        return {
            "webhook-id": hook_id,
            "webhook-timestamp": str(int(when.timestamp())),
            "webhook-signature": Webhook(self._secret("hotline")).sign(hook_id, when, content),
        }

    def _secret(self, name: str) -> str:
        held = self._system.client("secretsmanager").get_secret_value(
            SecretId=self._system.deployed.outputs["SecretArn"]
        )
        return str(json.loads(held["SecretString"])[name])


def _good(what: str, answer: Mapping[str, Any]) -> None:
    if answer["statusCode"] >= 300:
        raise RuntimeError(f"{what}: {answer['statusCode']} {answer['body']}")
