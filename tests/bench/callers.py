"""Speaks to the functions as their triggers do, one after another, in one worker."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.bench import events
from tests.bench.processes import Process
from tests.bench.system import System, new_records, waiting_messages

Step = list[tuple[str, Any]]

ACTIONS = "/v1/cases/{case_id}/actions/{action}"


@dataclass
class Spent:
    """What calls have cost: CPU, requests to AWS, and the requests themselves."""

    cpu_ms: float = 0
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return sum(request["sent"] for request in self.requests)

    @property
    def wcu(self) -> float:
        return float(sum(request["wcu"] for request in self.requests))


class Caller:
    """`watched`: every request to AWS is kept, and CPU is not to be compared with a call that is not."""

    def __init__(self, system: System, worker: Process, *, watched: bool = False) -> None:
        self.system = system
        self.worker = worker
        self.watched = watched
        self.spent = Spent()
        self._who: dict[str, dict[str, str]] = {}

    def step(self, token: str, event: dict[str, Any]) -> Step:
        """The calls of one HTTP request: the authorizer's, then the API's."""
        handlers = self.system.handlers
        asked = events.authorization(token, event["httpMethod"], event["path"])
        return [(handlers["staff"], asked), (handlers["api"], event)]

    def http(self, token: str, method: str, resource: str, **given: Any) -> dict[str, Any]:
        """One HTTP request, answered 2xx; the JSON of the answer."""
        event = events.proxied(method, resource, self.who(token), **given)
        for handler, asked in self.step(token, event):
            answer = self._call(handler, asked)
        if answer["statusCode"] >= 300:
            raise RuntimeError(f"{method} {event['path']}: {answer['statusCode']} {answer['body']}")
        return {**json.loads(answer["body"]), "etag": answer["headers"].get("ETag")}

    def who(self, token: str) -> dict[str, str]:
        """What the authorizer hands to the API about a token, as API Gateway would keep it."""
        if token not in self._who:
            found = self.worker.call(self.system.handlers["staff"], events.authorization(token))["answer"]
            self._who[token] = {**found["context"], "principalId": found["principalId"]}
        return self._who[token]

    def function(self, name: str, event: dict[str, Any]) -> Any:
        return self._call(self.system.handlers[name], event)

    def resolve(self, officer: str, case: str, after: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Accept and resolve a new case, and give it as it then is: a hazard with a picture, verified by the desk.

        `after` is called after each act.
        """
        done: dict[str, Any] = {"note": "已更换井盖。"}
        answer = self._act(officer, case, 1, "accept", {})
        after()
        if answer["procedure"] != "hazard":
            answer = self._act(officer, case, answer["version"], "resolve", done)
            after()
            return answer
        announced = {"content_type": "image/jpeg", "bytes": 1024}
        picture = self.http(officer, "POST", "/v1/attachments", headers=events.command(), body=announced)
        done["media"] = [picture["attachment_id"]]
        answer = self._act(officer, case, answer["version"], "resolve", done)
        after()
        desk = self.system.token_of("station", unit=answer["unit"]["id"])
        answer = self._act(desk, case, answer["version"], "verify", {})
        after()
        return answer

    def _act(self, token: str, case: str, version: int, action: str, said: dict[str, Any]) -> dict[str, Any]:
        path = {"case_id": case, "action": action}
        return self.http(token, "POST", ACTIONS, path=path, headers=events.command(version), body=said)

    def visit_falls_due(self, case: str, due_at: datetime) -> None:
        """Let time pass, for this worker, until the visit of a case is due, and the case take notice."""
        self.worker.forward((due_at - datetime.now(UTC)).total_seconds() + 60)
        if self.function("due", queued({"case_id": case}))["batchItemFailures"]:
            raise RuntimeError("the visit did not fall due")

    def _call(self, handler: str, event: dict[str, Any]) -> Any:
        outcome = self.worker.call(handler, event, watched=self.watched)
        self.spent.cpu_ms += outcome["cpu_ms"]
        self.spent.requests += outcome["requests"]
        return outcome["answer"]


class Outflow:
    """What follows a change of a case: the relay, the topic, the queues, and those who are told."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._records: Callable[[], list[dict[str, Any]]] = new_records(caller.system)
        self._queue = caller.system.deployed.outputs["AlertsQueueUrl"]
        self._noticed = {notice["event"] for notice in caller.system.policy["notices"]}
        while self.messages(1, seconds=0.1):
            pass  # of what was measured before

    def records(self) -> list[dict[str, Any]]:
        return self._records()

    def messages(self, expected: int, seconds: float = 5) -> list[dict[str, Any]]:
        return waiting_messages(self._caller.system, self._queue, expected, seconds)

    def follow(self) -> None:
        """Relay what was written, and tell who must know: of each event of which the pack says that somebody must."""
        records = self.records()
        self._caller.function("relay", events.stream_batch(records))
        told = sum(record["dynamodb"]["NewImage"]["type"]["S"] in self._noticed for record in records)
        messages = self.messages(told) if told else []
        if len(messages) != told:
            raise RuntimeError(f"{len(messages)} messages in the queue of the alerts, not {told}")
        if messages:
            answer = self._caller.function("alert", {"Records": messages})
            if answer["batchItemFailures"]:
                raise RuntimeError(f"not all told: {answer}")


def queued(body: Any) -> dict[str, Any]:
    """A message of the queue of what is due, as its function gets it."""
    return {
        "Records": [
            {
                "messageId": secrets.token_hex(16),
                "receiptHandle": "bench",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:due",
                "awsRegion": "us-east-1",
            }
        ]
    }


def by_case(records: list[dict[str, Any]], case_of: Callable[[dict[str, Any]], str]) -> list[list[dict[str, Any]]]:
    """Records in the order they came, apart by the case they are about."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(case_of(record), []).append(record)
    return list(groups.values())


def report_step(caller: Caller, token: str, category: str, place: int = 0) -> Step:
    """One report of a grid worker, as the two functions get it."""
    told = events.report(caller.system.places[place], category)
    event = events.proxied("POST", "/v1/reports", caller.who(token), headers=events.command(), body=told)
    return caller.step(token, event)


def action_step(caller: Caller, token: str, case: str, version: int, action: str, said: Mapping[str, Any]) -> Step:
    """One action on a case, as the two functions get it."""
    path = {"case_id": case, "action": action}
    event = events.proxied(
        "POST", ACTIONS, caller.who(token), path=path, headers=events.command(version), body=dict(said)
    )
    return caller.step(token, event)


def refreshed(
    requests: list[dict[str, Any]], fresh: Callable[[], Iterator[str]], named: Mapping[str, str] = {}
) -> list[tuple[str, str, dict[str, Any]]]:
    """Recorded requests with other ids of the same length in their place: `(service, method, arguments)`.

    `named`: what stands for some of the ids; fresh ones for the others.
    """
    ids = fresh()
    known = dict(named)

    def other(match: re.Match[str]) -> str:
        return known.setdefault(match[0], next(ids)[: len(match[0])])

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return _IDS.sub(other, value)
        if isinstance(value, dict):
            return {key: changed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [changed(each) for each in value]
        return value

    return [(r["service"], _method(r["operation"]), changed(r["kwargs"])) for r in requests]


_IDS = re.compile(r"(?<=TRACK#)[0-9A-Z]{8}|(?<=COMMAND#)[0-9a-f]{40}|\b(?:[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{32})\b")
"""Tracking codes and commands in keys, case ids, report ids: what the conditions of an intake or an action look at."""


def _method(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
