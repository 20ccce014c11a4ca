"""A district that stands, as those outside see it: residents, workers, desks, other systems, and who looks after it.

It knows nothing of the application: it speaks HTTP, and reads what lies in queues, logs and tables.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import requests
from standardwebhooks import Webhook

from infra.day.expected import Expectations, Told
from infra.day.ledger import beat_timeline
from infra.day.standing import PACK, SAMPLE, Standing
from infra.day.system import Caller, System
from infra.day.watch import Watch
from infra.issuer import Issuer
from infra.patrol.planning import Planner, end_rounds, plan_rounds
from infra.samples.pictures import picture
from infra.settings import load_deployment

PATIENCE = 30.0
"""Seconds within which what must come about does, on a machine that has other things to do."""

_NAMES = ("宇文静姝", "端木清和", "司徒晚晴", "慕容思远", "尉迟长风", "澹台明月", "公冶若水", "濮阳怀瑾")
_SOON, _AT_MOST = 0.02, 0.5  # seconds between two looks: they grow, since looking costs the cloud time

T = TypeVar("T")


class Missed(AssertionError):
    """Something that should have come about did not, or something else did."""


@dataclass(frozen=True, slots=True)
class Resident:
    name: str
    phone: str  # as it is dialled inside the country

    @property
    def international(self) -> str:
        return f"+86{self.phone}"


@dataclass(slots=True)
class District:
    """`phones`: what phone a report left, by report id. `said`: every name and phone anybody left."""

    standing: Standing
    system: System
    patience: float = PATIENCE
    phones: dict[str, str] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _local: threading.local = field(default_factory=threading.local)
    _expectations: Expectations | None = None

    @classmethod
    def of(cls, standing: Standing) -> District:
        return cls(standing, System.read(standing.run_file))

    # --- where and who

    @property
    def places(self) -> Sequence[Mapping[str, Any]]:
        places: Sequence[Mapping[str, Any]] = self.standing.described["samples"]
        return places

    @property
    def caller(self) -> Caller:
        if not hasattr(self._local, "caller"):
            self._local.caller = Caller(self.system)
        caller: Caller = self._local.caller
        return caller

    @property
    def administrator(self) -> str:
        return self.system.token_of_role("administrator")

    def resident(self) -> Resident:
        """Somebody who has not told anything yet."""
        number = next(self._numbers)
        resident = Resident(_NAMES[number % len(_NAMES)], f"1990200{number:04}")
        self.said |= {resident.name, resident.phone}
        return resident

    def fresh_token(self, subject: str) -> str:
        """A token the gateway has not seen yet."""
        audience = load_deployment(self.standing.deployed.stage).oidc_audience
        return Issuer(self.standing.cloud.name, audience).token(subject, jti=uuid4().hex)

    def client(self, service: str) -> Any:
        """A client with the rights of the account's root."""
        return self.standing.cloud.client(service)

    def function(self, name: str) -> str:
        return f"wangge-{self.standing.deployed.stage}-{name}"

    # --- telling

    def report(self, place: int = 0, resident: Resident | None = None, **said: Any) -> dict[str, Any]:
        """What an information officer tells from his or her cell; the answer of the API."""
        body = self.report_body(place, resident, **said)
        token = self.system.token_of_cell(self.places[place]["area"])
        receipt = answered(self.caller.post("/v1/reports", body, token, {"Idempotency-Key": str(uuid4())}), 201)
        if resident:
            self.phones[receipt["report_id"]] = resident.international
        return receipt

    def report_body(
        self, place: int = 0, resident: Resident | None = None, told_by: Mapping[str, str] | None = None, **said: Any
    ) -> dict[str, Any]:
        """`told_by`: what a resident leaves besides name and phone."""
        reporter: dict[str, Any] = {"anonymous": True}
        if resident:
            reporter = {"name": resident.name, "phone": resident.international, **(told_by or {})}
            self.said |= set((told_by or {}).values())
        return {
            "text": f"{self._building()}号楼前井盖缺失",
            "told_at": _now(),
            "position": self.places[place]["position"],
            "reporter": reporter,
            **said,
        }

    def _building(self) -> int:
        """The number of a building nobody has told of yet: what is told of another is another matter."""
        return next(self._numbers) + 21

    def text(self, resident: Resident, content: str) -> dict[str, Any]:
        """A text message through Aliyun; the case it became part of."""
        message_id = str(next(self._numbers) + 70_000_000)
        self.push([self.text_element(resident, content, message_id)])
        case = answered(
            self.caller.get("/v1/cases", self.administrator, source="sms", message_id=message_id),
        )
        self.phones |= {report: resident.international for report in case["reports"] if report not in self.phones}
        return case

    def text_element(self, resident: Resident, content: str, message_id: str) -> dict[str, Any]:
        return {
            "phone_number": resident.phone,
            "content": content,
            "send_time": "",
            "sign_name": "鼓楼网格",
            "dest_code": "106900320302",
            "sequence_id": int(message_id),
        }

    def push(self, elements: list[dict[str, Any]]) -> None:
        body = json.dumps(elements, ensure_ascii=False).encode()
        answer = self.caller.post(f"/hooks/sms/aliyun?key={self.system.secrets['aliyun']}", body)
        if answered(answer) != {"code": 0, "msg": "成功"}:
            raise Missed(answer.text)

    def order(self, resident: Resident, order_no: str | None = None, **said: Any) -> dict[str, Any]:
        """A work order of the hotline; the answer of the API."""
        body = json.dumps(self.order_body(resident, order_no or f"E2E{uuid4().hex[:12]}", **said)).encode()
        receipt = answered(self.caller.post("/hooks/hotline/12345", body, headers=self.signature(body)))
        self.phones[receipt["report_id"]] = resident.international
        return receipt

    def order_body(self, resident: Resident, order_no: str, **said: Any) -> dict[str, Any]:
        return {
            "order_no": order_no,
            "type": "complaint",
            "title": "消防通道被堵",
            "content": f"{self._building()}号楼消防通道被私家车堵住,救护车开不进来。",
            "caller": {"name": resident.name, "phone": resident.international},
            "area": self.places[0]["area"],
            "received_at": _now(),
            **said,
        }

    def signature(self, body: bytes) -> dict[str, str]:
        when, hook_id = datetime.now(UTC).replace(microsecond=0), f"msg_{uuid4().hex}"
        return {
            "webhook-id": hook_id,
            "webhook-timestamp": str(int(when.timestamp())),
            "webhook-signature": Webhook(self.system.secrets["hotline"]).sign(hook_id, when, body.decode()),
        }

    # --- acting and reading

    def act(self, case: Mapping[str, Any], action: str, unit: str, **said: Any) -> dict[str, Any]:
        """What the staff of a unit do to a case as they read it; the case afterwards."""
        return self._command(
            f"/v1/cases/{case['case_id']}/actions/{action}", said, self.system.token_of_unit(unit), case["version"]
        )

    def picture(self, unit: str) -> str:
        """A picture that the staff of a unit upload; its attachment id."""
        content = picture(uuid4().hex)
        announced, key = {"content_type": "image/jpeg", "bytes": len(content)}, {"Idempotency-Key": str(uuid4())}
        form = answered(self.caller.post("/v1/attachments", announced, self.system.token_of_unit(unit), key), 201)
        self.caller.upload(form, content).raise_for_status()
        return str(form["attachment_id"])

    def visit(self, case: Mapping[str, Any], outcome: str) -> dict[str, Any]:
        """What the information officer of the case's cell found; the case afterwards."""
        token = self.system.token_of_cell(case["area"]["code"])
        (due,) = [
            visit
            for visit in answered(self.caller.get("/v1/visits", token, state="due"))["items"]
            if visit["case_id"] == case["case_id"]
        ]
        return self._command(
            f"/v1/visits/{due['visit_id']}/result", {"outcome": outcome, "note": "已上门。"}, token, due["version"]
        )

    def _command(self, path: str, said: Mapping[str, Any], token: str, version: int) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{version}"'}
        return answered(self.caller.post(path, said, token, headers))

    def case(self, case_id: str) -> dict[str, Any]:
        return answered(self.caller.get(f"/v1/cases/{case_id}", self.administrator))

    def timeline(self, case_id: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = answered(self.caller.get(f"/v1/cases/{case_id}/timeline", self.administrator))[
            "items"
        ]
        return events

    # --- rounds

    @property
    def operator(self) -> Planner:
        """Whoever plans rounds, with the rights of the account's root."""
        system = self.system
        return Planner(self.standing.deployed.stage, system.region, system.cloud, system.outputs)

    @contextmanager
    def planned(self, place: int) -> Iterator[str]:
        """Within it the information officer of a cell walks rounds, of some seconds each; the beat's id."""
        operator, area = self.operator, self.places[place]["area"]
        plan_rounds(operator.store, operator.ground(), operator.policy, operator.now, operator.by, within=area)
        beat_id = f"{area}.information-officer"
        try:
            yield beat_id
        finally:
            end_rounds(operator.store, operator.policy, operator.now, operator.by, [beat_id])

    def check_in(self, place: int, beat_id: str, token: str | None = None) -> requests.Response:
        """The information officer of a place, unless said otherwise, checks in there and now."""
        said = {"position": self.places[place]["position"], "at": datetime.now(UTC).isoformat()}
        token = token or self.system.token_of_cell(self.places[place]["area"])
        headers = {"Idempotency-Key": str(uuid4())}
        return self.caller.post(f"/v1/patrols/{beat_id}/check-ins", said, token, headers)

    def beat(self, beat_id: str) -> dict[str, Any]:
        return answered(self.caller.get(f"/v1/patrols/{beat_id}", self.administrator))

    def rounds_told(self, beat_id: str) -> None:
        """Waits until everybody was told of the rounds of a beat that has ended; each once, and nobody else."""
        code = self.beat(beat_id)["code"]
        timeline = list(beat_timeline(self.caller, self.administrator, beat_id))
        self._told(code, self.expectations.of_beat(code, beat_id, timeline))

    # --- looking from outside

    def until(self, wanted: Callable[[], T], what: str) -> T:
        """Waits for something true, and gives it. Raises Missed when patience ends."""
        deadline, pause = time.monotonic() + self.patience, _SOON
        while not (found := wanted()):
            if time.monotonic() > deadline:
                raise Missed(what)
            time.sleep(pause)
            pause = min(pause * 1.5, _AT_MOST)
        return found

    def delivered(self) -> Counter[Told]:
        """Every SMS and e-mail that went out so far."""
        with Watch(self.system.cloud, pace=PATIENCE) as watch:
            pass
        return watch.delivered

    @property
    def expectations(self) -> Expectations:
        """Who should be told of what, worked out from the pack's and the roster's files."""
        if self._expectations is None:
            self._expectations = Expectations.read(PACK, SAMPLE, self.phones)
        return self._expectations

    def told(self, case_id: str) -> None:
        """Waits until everybody was told of a case; each once, and nobody else."""
        code = self.case(case_id)["tracking_code"]
        self._told(code, self.expectations.of_case(code, self.timeline(case_id)))

    def _told(self, code: str, expected: Counter[Told]) -> None:
        def of_code() -> Counter[Told]:
            return Counter({told: n for told, n in self.delivered().items() if told[0].startswith(f"{code}-")})

        try:
            self.until(lambda: not expected - of_code(), f"{code}: somebody was not told")
        except Missed as missed:
            raise Missed(f"{missed}: {sorted(expected - of_code())[:5]}") from None
        if extra := of_code() - expected:
            raise Missed(f"{code}: told without need: {sorted(extra)}")

    def sent_to(self, resident: Resident) -> list[str]:
        """The text messages a resident has got."""
        log = requests.get(f"{self.system.cloud}/_ministack/sns/sms-messages", timeout=PATIENCE).json()["sms_messages"]
        return [record["Message"] for record in log.get(resident.international, [])]

    def lying_in(self, queue_url: str) -> list[dict[str, Any]]:
        """The messages of a queue, without taking any."""
        answer = requests.get(
            f"{self.system.cloud}/_ministack/sqs/messages", params={"QueueUrl": queue_url}, timeout=PATIENCE
        )
        queues = [queue for regions in answer.json()["messages"].values() for queue in regions.values()]
        return [message for queue in queues for messages in queue.values() for message in messages]

    def queue_url(self, name: str) -> str:
        url: str = self.client("sqs").get_queue_url(QueueName=f"wangge-{self.standing.deployed.stage}-{name}")[
            "QueueUrl"
        ]
        return url

    def dead_letters(self, queue: str) -> dict[str, str]:
        """What lies in the dead-letter queue of a queue, and why."""
        return {
            message["Body"]: message["MessageAttributes"].get("reason", {}).get("StringValue", "")
            for message in self.lying_in(self.queue_url(f"{queue}-dead-letters"))
        }

    def drained(self, queue: str) -> None:
        """Waits until nothing waits in a queue, nor is being worked on."""
        url = self.queue_url(queue)
        self.until(lambda: not self.lying_in(url), f"{queue} is not done with")

    @contextmanager
    def held(self, function: str) -> Iterator[None]:
        """Within it nothing reaches a consumer; what came meanwhile then comes together."""
        client = self.client("lambda")
        (mapping,) = client.list_event_source_mappings(FunctionName=self.function(function))["EventSourceMappings"]
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def sweep(self) -> int:
        """What EventBridge does every minute; how many cases it found due."""
        answer = self.client("lambda").invoke(FunctionName=self.function("sweep"))
        outcome = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Missed(f"the sweep failed: {outcome}")
        return int(outcome["due"])


def answered(answer: requests.Response, status: int = 200) -> dict[str, Any]:
    """The JSON of an answer that must have this status."""
    if answer.status_code != status:
        raise Missed(f"{answer.request.method} {answer.request.path_url}: {answer.status_code} {answer.text[:400]}")
    content: dict[str, Any] = answer.json()
    return content


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()
