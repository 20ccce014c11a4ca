"""The examples of `infra.day.examples` under a clock set by hand, and the documents they make.

`python -m tests.examples` writes docs/examples/<name>.md, and of some the page that a clerk prints;
`tests/integration/test_examples.py` holds them equal to it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from standardwebhooks import Webhook

from chalicelib import bootstrap
from chalicelib.adapters import system
from chalicelib.domain.case_file import CaseFile, file_of
from chalicelib.domain.people import StaffMember
from chalicelib.policy.compiler import compile_pack
from infra.day.examples import EXAMPLES, HEAD, LEADER, WORKER, Example, play
from infra.day.standing import PACK
from infra.settings import ROOT
from tests.contract.documents import contract
from tests.integration.edge import HOTLINE_SECRET, INSIDE, Edge, deployed
from tests.integration.gateway import Answer, answer_of, gateway_event
from tests.integration.matters import POOL, lay_member
from tests.world import ADMIN, CELL, COMMUNITY
from tests.world import WORKER as OFFICER

DOCUMENTS = ROOT / "docs" / "examples"
PRINTED: Mapping[str, str] = {"petition": "file", "mediation": "mediation-file", "mediation-failed": "mediation-file"}
"""Whose printed file stands beside its document, and which of the two files of a case it is."""
COMMAND = "python -m tests.examples"
BEGIN = datetime(2026, 11, 24, 0, 52, tzinfo=UTC)  # a Tuesday, 08:52 in Gulou
_REPORTER = {"name": "欧阳春晓", "phone": "+8619903000001"}


def main() -> None:
    DOCUMENTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, laid(Path(directory)) as edge:
        for example in EXAMPLES.values():
            (DOCUMENTS / f"{example.id}.md").write_text(document(example, played(example, edge)), "utf-8")
            if example.id in PRINTED:
                (DOCUMENTS / f"{example.id}.html").write_text(printed(example, edge), "utf-8")
    (DOCUMENTS / "README.md").write_text(index(), "utf-8")


@contextmanager
def laid(directory: Path) -> Iterator[Edge]:
    """A deployment on moto whose pack and contract lie in a directory."""
    pack = directory / "pack.json"
    pack.write_bytes(compile_pack(PACK, None))
    for written, packaged in (("openapi.yaml", "openapi.json"), ("errors.json", "errors.json")):
        (directory / packaged).write_text(json.dumps(contract(written), ensure_ascii=False), "utf-8")
    with deployed(pack, directory) as edge:
        yield edge


def played(example: Example, edge: Edge) -> CaseFile:
    """The file of the case that an example makes."""
    edge.empty()
    edge.clock.at = BEGIN
    ids = {
        "tracking_code": lambda self: f"7K3M9QX{_number(example)}",
        "case_id": lambda self, at: _case_id(example),
    }
    with patch.multiple(system.RandomIds, **ids):
        case_id = play(example, HandGround(edge))
    history = bootstrap.reading().timeline(case_id, ADMIN)
    return file_of(history, bootstrap.policies().of, edge.clock.now())


def printed(example: Example, edge: Edge) -> str:
    """The page of the case that an example has just made, on the day it ended; the pack's version is not in it."""
    event = gateway_event("GET", f"/v1/cases/{_case_id(example)}/{PRINTED[example.id]}", None, ADMIN, {}, {})
    page = str(answer_of(edge.invoke("api", event)).body)
    return page.replace(edge.policy.version, "…")


def index() -> str:
    """`docs/examples/README.md`."""
    lines = [
        "# Examples of each procedure 示例卷宗",
        "",
        "Each goes from report to archive, and reads as the file of a case does: `GET /v1/cases/{id}/file`, a page to",
        "print, and `text_zh` of each item of `GET /v1/cases/{id}/timeline`. The scripts are `infra/day/examples.py`.",
        f"`{COMMAND}` plays them under a clock set by hand and writes these documents; the end-to-end tests play",
        "them on the whole system, and `python -m infra example <name>` does on what `make run` stands up.",
        "",
        "| name | 事项 | 说明 |",
        "| --- | --- | --- |",
        *(f"| [{each.id}]({each.id}.md) | {each.zh} | {each.about} |" for each in EXAMPLES.values()),
        "",
        f"As a clerk prints them: {', '.join(f'[{each}]({each}.html)' for each in PRINTED)}, and as pictures",
        f"{', '.join(f'[{each}](../pictures/{each}-file.png)' for each in PRINTED)}.",
    ]
    return "\n".join(lines) + "\n"


def document(example: Example, file: CaseFile) -> str:
    """The file as it stands in docs/examples. Neither the pack's version nor the day of printing is in it."""
    lines = [
        f"# 示例卷宗：{example.zh}（{file.title}）",
        "",
        f"{example.about}",
        "",
        f"Made by `{COMMAND}` from `infra/day/examples.py`; what a clerk prints is `GET /v1/cases/{{id}}/file`.",
        "",
        "| 项目 | 内容 |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in file.head),
        "",
        "## 办理时限",
        "",
        "| 时限 | 起算 | 届满 | 情况 | 依据 |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(part or '—' for part in clock)} |" for clock in file.clocks),
        "",
        "## 办理经过",
        "",
        *(f"{number}. {entry.told.text}。" for number, entry in enumerate(file.entries, start=1)),
        "",
        "## 办理结果",
        "",
        *(f"- {name}：{value}" for name, value in file.outcome),
    ]
    return "\n".join(lines) + "\n"


def _case_id(example: Example) -> str:
    return f"01KAMZ8Y4V6T2QW9R3N5C7XB{_number(example):02}"


def _number(example: Example) -> int:
    return list(EXAMPLES).index(example.id) + 1


class HandGround:
    """`infra.day.examples.Ground`: the functions on moto, in a time that is set by hand."""

    cell, station, street = CELL, f"centre-{COMMUNITY}", f"centre-{COMMUNITY[:9]}"
    sets_time = True

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._told: set[str] = set()
        edge.employ(StaffMember(LEADER, "leader", "linkage-centre", ("320302",)))
        for member in POOL:
            lay_member(edge.reference, member)

    def member(self, what: str) -> str:
        return next(member.id for member in POOL if member.what == what)

    @property
    def today(self) -> str:
        return self._edge.policy.day_of(self._edge.clock.now())

    def tell(self, by: str, said: Mapping[str, Any]) -> str:
        case_id = self._tell(by, said)
        self._told.add(case_id)
        return case_id

    def _tell(self, by: str, said: Mapping[str, Any]) -> str:
        now = self._edge.clock.now().isoformat()
        match by:
            case "mobile":
                body = {"told_at": now, "position": INSIDE, "reporter": _REPORTER, **said}
                return str(self._post("/v1/reports", body, OFFICER, status=201).body["case_id"])
            case "12345":
                order = {"order_no": uuid4().hex, "caller": _REPORTER, "received_at": now, **said}
                content, hook_id, when = json.dumps(order).encode(), uuid4().hex, datetime.now(UTC)
                signed = {
                    "webhook-id": hook_id,
                    "webhook-timestamp": str(int(when.timestamp())),
                    "webhook-signature": Webhook(HOTLINE_SECRET).sign(hook_id, when, content.decode()),
                }
                return str(self._post("/hooks/hotline/12345", content, None, signed).body["case_id"])
            case _:
                text = {"phone_number": "19903000001", "content": said["text"], "send_time": "", "sequence_id": 1}
                text |= {"sign_name": "鼓楼网格", "dest_code": "1069000000"}
                self._post("/hooks/sms/aliyun", [text], None, query={"key": "aliyun-secret"})
                asked = {"source": "sms", "message_id": "1"}
                return str(self._ask("GET", "/v1/cases", None, ADMIN, query=asked).body["case_id"])

    def picture(self, by: str) -> str:
        announced = {"content_type": "image/jpeg", "bytes": 44}
        return str(self._post("/v1/attachments", announced, on_duty(by), status=201).body["attachment_id"])

    def act(self, case: Mapping[str, Any], action: str, by: str, said: Mapping[str, Any]) -> None:
        path, version = f"/v1/cases/{case['case_id']}/actions/{action}", {"If-Match": f'"{case["version"]}"'}
        self._post(path, said, on_duty(by), version)

    def visit(self, case: Mapping[str, Any], outcome: str, note: str | None) -> None:
        self._edge.clock.forward(minutes=35)
        path = f"/v1/visits/{case['visits'][-1]['visit_id']}/result"
        said, version = {"outcome": outcome, "note": note}, {"If-Match": f'"{case["version"]}"'}
        self._post(path, said, OFFICER, version)

    def case(self, case_id: str) -> Mapping[str, Any]:
        case: Mapping[str, Any] = self._ask("GET", f"/v1/cases/{case_id}", None, ADMIN).body
        return case

    def wait_for(self, day: int, hour: str) -> None:
        zone = self._edge.policy.zone
        then = datetime.combine(BEGIN.astimezone(zone).date() + timedelta(day), time.fromisoformat(hour), zone)
        assert then.astimezone(UTC) >= self._edge.clock.at, f"day {day}, {hour} has passed"
        while (timer := self._next_timer()) and timer <= then:
            self._sweep_at(timer)
        self._edge.clock.at = then.astimezone(UTC)

    def fall_due(self, case_id: str, at: datetime) -> None:
        while (timer := self._next_timer()) and timer <= at:
            self._sweep_at(timer)

    def _next_timer(self) -> datetime | None:
        """When time next changes the case by itself; the system looks every minute."""
        cases = [bootstrap.reading().case(case_id, ADMIN) for case_id in self._told]
        return min((timer for case in cases if (timer := case.next_timer)), default=None)

    def _sweep_at(self, at: datetime) -> None:
        self._edge.clock.at = max(self._edge.clock.at, at)
        self._edge.invoke("sweep", {})
        assert self._edge.deliver("due", self._edge.take_from("Due")) == []

    def _post(
        self,
        path: str,
        body: Any,
        by: StaffMember | None,
        headers: Mapping[str, str] = {},
        status: int = 200,
        query: Mapping[str, str] = {},
    ) -> Answer:
        sent = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4()), **headers}
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return self._ask("POST", path, raw, by, sent, status, query)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        by: StaffMember | None,
        headers: Mapping[str, str] = {},
        status: int = 200,
        query: Mapping[str, str] = {},
    ) -> Answer:
        event = gateway_event(method, path, body, by, dict(query), dict(headers))
        answer = answer_of(self._edge.invoke("api", event))
        assert answer.status == status, (method, path, answer.status, answer.body)
        return answer


def on_duty(by: str) -> StaffMember:
    """Whoever is on duty at a unit; the officer of the cell."""
    if by == WORKER:
        return OFFICER
    centre = by.removeprefix("centre-")
    if by.endswith(HEAD):
        unit = by.removesuffix(HEAD)
        return StaffMember(f"head-of-{unit}", "unit-head", unit, ("320302",))
    if centre == by:
        role = by if by in ("linkage-centre", "petition-office") else "department"
        return StaffMember(f"on-duty-{by}", role, by, ("320302",))
    return StaffMember(f"on-duty-{by}", "station" if len(centre) == 12 else "street", by, (centre,))


if __name__ == "__main__":
    main()
