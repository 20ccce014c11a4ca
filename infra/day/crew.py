"""Staff at work: desks screen, departments accept and settle, officers visit, as the API lets each of them.

What becomes of a case follows from its tracking code, so that every way is taken by some: returned and given again or
rejected, passed on, extended, done jointly, mediated, sent back, evaluated, not at home, refused, dissatisfied and then
granted or declined. Petitions have a desk of their own.
"""

from __future__ import annotations

import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from infra.day.mediation_table import UNDER_WAY, WAYS, MediationTable
from infra.day.petition_desk import KIND, PetitionDesk
from infra.day.system import LOCAL, Caller, Case, System
from infra.samples.pictures import picture

_NOTE = "已现场处理完毕。"
_FALLBACK_CATEGORY = "street-light"
_CENTRE = "linkage-centre"
_SENT_BACK, _EVALUATED, _JOINT, _MEDIATED = 5, 3, 6, 2  # one of so many is
_WAYS = 18
_MORE: dict[int, tuple[str, dict[str, Any]]] = {
    1: ("request-extension", {"reason": "需要采购配件。"}),
    4: ("request-extension", {"reason": "需要上级部门答复。"}),
    5: ("transfer", {"unit": "housing-construction", "reason": "主要职责在该单位。"}),
    7: ("escalate", {"reason": "超出本级处置能力。"}),
    10: ("suspend", {"reason": "等待配件到货。"}),
    13: ("mediate", {"note": "已分别听取双方意见。"}),
    14: ("request-joint", {"units": ["justice"], "reason": "需要法律意见。"}),
}
"""What some cases need, of so many ways, when they are first accepted: an action, and what is said with it."""


@dataclass(slots=True)
class Crew:
    """Works through the queues of the units that have been given something, and the visits that are due.

    `places`: a cell code for each community, for desks that must say where a matter lies. `pack`: the directory of the
    pack, by which they know who is to sit at which table.
    """

    system: System
    places: dict[str, str]
    pack: Path
    category: str = _FALLBACK_CATEGORY
    workers: int = 2
    done: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    _units: set[str] = field(default_factory=set)
    _communities: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _local: threading.local = field(default_factory=threading.local)
    _petitions: PetitionDesk = field(init=False)
    _mediations: MediationTable = field(init=False)

    def __post_init__(self) -> None:
        self._petitions = PetitionDesk(self._act_for, self._read)
        self._mediations = MediationTable(self._act_for, self._find, self.pack)

    def knows_of(self, receipt: dict[str, Any]) -> None:
        """Something was given to a unit; its staff will look at their queue."""
        with self._lock:
            if receipt.get("unit"):
                self._units.add(receipt["unit"]["id"])
            self._units |= {unit["id"] for unit in receipt.get("joint_units", [])}
            if receipt.get("extension"):
                self._units.add(receipt["extension"]["approver"]["id"])
            if receipt.get("area"):
                self._communities.add(receipt["area"]["code"][:12])

    def round(self) -> int:
        """Look at every queue and every due visit once and do what is there to do; how many acts it came to."""
        before = sum(self.done.values())
        with self._lock:
            units, communities = sorted(self._units), sorted(self._communities)
        self._all(self._work_queue, units)
        self._all(self._make_visits, communities)
        return sum(self.done.values()) - before

    def _all(self, work: Callable[[str], None], names: Iterable[str]) -> None:
        with ThreadPoolExecutor(self.workers) as pool:
            for future in [pool.submit(work, name) for name in names]:
                future.result()

    def _work_queue(self, unit: str) -> None:
        token, cursor = self.system.token_of_unit(unit), None
        while True:
            query = {"limit": "50", **({"cursor": cursor} if cursor else {})}
            page = self._caller.get(f"/v1/units/{unit}/queue", token, **query).json()
            for item in page["items"]:
                self._handle(item, unit, token)
            cursor = page["next"]
            if not cursor:
                return

    def _handle(self, item: dict[str, Any], unit: str, token: str) -> None:
        if item["kind"] == KIND and item["state"] != "screening":
            self._petitions.take_up(item, unit)
            return
        match item["task"]:
            case "joint":
                self._act_jointly(item, token)
            case "decide":
                self._decide(item, token)
            case "handle":
                self._take_turn(item, token)

    def _take_turn(self, item: dict[str, Any], token: str) -> None:
        """What whose turn it is does: a desk, or the unit that leads."""
        lot = _lot(item["tracking_code"])
        match item["state"]:
            case "returned" if lot % 24 == 0 and item["category"]:
                self._act(item, "reject-return", token, {"reason": "属于该单位职责,首接负责。"})
            case "screening" | "returned":
                area = {} if item["area"] else {"area": self._place(lot)}
                category = item["category"] or self.category
                if item["version"] > 2:
                    category = self.category
                self._act(item, "classify", token, {"category": category, **area})
            case "assigned" if lot % 12 == 0 and item["version"] == 1:
                self._act(item, "return", token, {"reason": "不属于本单位职责范围。"})
            case "assigned":
                if case := self._act(item, "accept", token, {}):
                    self._work(case, lot, token)
            case "accepted" | "performing":
                self._go_on(item, lot, token)
            case "suspended":
                self._act(item, "resume", token, {"note": "条件具备,恢复办理。"})
            case "verifying" if lot % _SENT_BACK == 0 and item["version"] == 3:
                self._act(item, "send-back", token, {"reason": "现场仍有遗留,请继续整改。"})
            case "verifying":
                self._act(item, "verify", token, {"note": "已现场核查。"})
            case "reopen-requested" if lot % 2:
                self._act(item, "grant-reopen", token, {"reason": "情况属实,请重新办理。"})
            case "reopen-requested":
                self._act(item, "decline-reopen", token, {"reason": "已按规定处理到位,不再重办。"})

    def _work(self, case: dict[str, Any], lot: int, token: str) -> None:
        """What the unit that leads does with a case it has just accepted: some need more than to be done."""
        if "mediation-open" in case["allowed_actions"] and lot % _MEDIATED == 0 and not case["mediation"]:
            self._mediate(case, lot, token)
            return
        if case["version"] == 2 and (more := _MORE.get(lot % _WAYS)):
            action, said = more
            if action == "request-extension":
                said = {**said, "until": _beyond(case)}
            asked = {said.get("unit"), *said.get("units", [])}
            engaged = {case["lead_unit"]["id"], *(unit["id"] for unit in case["joint_units"])}
            if action in case["allowed_actions"] and not asked & engaged and _CENTRE not in engaged:
                self._act(case, action, token, said)
                return
        if "contact" in case["allowed_actions"] and lot % 2:
            case = self._act(case, "contact", token, {"note": "已电话联系诉求人。"}) or case
        self._settle(case, lot, token)

    def _go_on(self, item: dict[str, Any], lot: int, token: str) -> None:
        """What was accepted before is settled now, unless somebody has to decide on it first."""
        answer = self._caller.get(f"/v1/cases/{item['case_id']}", token)
        if not answer.ok or answer.json()["extension"] is not None:
            return
        case = answer.json()
        if case["mediation"] and case["mediation"]["state"] in UNDER_WAY:
            self._mediate(case, lot, token)
        else:
            self._settle(case, lot, token)

    def _mediate(self, case: Case, lot: int, token: str) -> None:
        way = WAYS[lot // _MEDIATED % len(WAYS)]
        if mediated := self._mediations.mediate(case, way, case["lead_unit"]["id"]):
            self._settle(mediated, lot, token)

    def _settle(self, case: dict[str, Any], lot: int, token: str) -> None:
        """Resolves a case: a hazard with a picture. An order of the hotline is evaluated then, by some."""
        media = {"media": [self._picture(token)]} if case["procedure"] == "hazard" else {}
        settled = self._act(case, "resolve", token, {"note": _NOTE, **media})
        if settled and settled["procedure"] == "hotline" and lot % _EVALUATED == 0:
            said = {"outcome": "satisfied", "note": "诉求人表示满意。"}
            self._act(settled, "evaluate", self.system.token_of_unit(_CENTRE), said)

    def _act_jointly(self, item: dict[str, Any], token: str) -> None:
        """A joint unit agrees and does its part, or refuses: some of them do, the others' work stays open."""
        lot = _lot(item["tracking_code"])
        if lot % _JOINT == 0 and item["state"] == "accepted":
            if lot % (2 * _JOINT) == 0:
                self._act(item, "refuse-joint", token, {"reason": "本单位无相应职责。"})
            elif case := self._act(item, "accept-joint", token, {}):
                self._act(case, "finish-joint", token, {"note": "已协同处置。"})

    def _decide(self, item: dict[str, Any], token: str) -> None:
        if _lot(item["tracking_code"]) % 2:
            self._act(item, "approve-extension", token, {})
        else:
            self._act(item, "refuse-extension", token, {"reason": "请在原期限内办结。"})

    def _picture(self, token: str) -> str:
        """Uploads a picture of what was done; its attachment id."""
        key = str(uuid4())
        content = picture(key)
        announced = {"content_type": "image/jpeg", "bytes": len(content)}
        form = self._caller.post("/v1/attachments", announced, token, {"Idempotency-Key": key})
        form.raise_for_status()
        self._caller.upload(form.json(), content).raise_for_status()
        return str(form.json()["attachment_id"])

    def _make_visits(self, community: str) -> None:
        desk = self.system.token_of_unit(f"centre-{community}")
        cursor = None
        while True:
            query = {"state": "due", "area": community, **({"cursor": cursor} if cursor else {})}
            page = self._caller.get("/v1/visits", desk, **query).json()
            for visit in page["items"]:
                self._visit(visit, desk)
            cursor = page["next"]
            if not cursor:
                return

    def _visit(self, visit: dict[str, Any], desk: str) -> None:
        area = visit["area"]["code"]
        token = self.system.tokens["by_cell"].get(area, desk)
        lot, first = _lot(visit["tracking_code"]), visit["visit_id"].endswith(".1")
        outcome = "satisfied"
        if first:
            outcome = {0: "dissatisfied", 1: "dissatisfied", 2: "not-home", 3: "refused"}.get(lot % 8, "satisfied")
        answer = self._caller.post(
            f"/v1/visits/{visit['visit_id']}/result",
            {"outcome": outcome, "note": None if outcome == "satisfied" else "已当面了解情况。"},
            token,
            {"Idempotency-Key": str(uuid4()), "If-Match": f'"{visit["version"]}"'},
        )
        if answer.ok:
            self.knows_of(answer.json())
        self._count(answer.status_code, f"visit:{outcome}", answer.text)

    def _act_for(self, case: Case, action: str, unit: str, said: Mapping[str, Any]) -> Case | None:
        return self._act(case, action, self.system.token_of_unit(unit), said)

    def _read(self, case_id: str, unit: str) -> Case | None:
        answer = self._caller.get(f"/v1/cases/{case_id}", self.system.token_of_unit(unit))
        return answer.json() if answer.ok else None

    def _find(self, what: str, case: Case, unit: str) -> list[str]:
        asked = {"what": what, "area": case["area"]["code"], "category": case["category"]}
        found = self._caller.get("/v1/panel", self.system.token_of_unit(unit), **asked)
        found.raise_for_status()
        return [member["member_id"] for member in found.json()["items"] if member["suitable"]]

    def _act(self, item: dict[str, Any], action: str, token: str, said: Mapping[str, Any]) -> Case | None:
        """Does it; the case afterwards, None where it was not done."""
        answer = self._caller.post(
            f"/v1/cases/{item['case_id']}/actions/{action}",
            said,
            token,
            {"Idempotency-Key": str(uuid4()), "If-Match": f'"{item["version"]}"'},
        )
        if not self._count(answer.status_code, action, answer.text):
            return None
        case: Case = answer.json()
        self.knows_of(case)
        return case

    def _count(self, status: int, act: str, text: str) -> bool:
        """Somebody else may have been quicker (409, 412): the next round sees how things stand."""
        with self._lock:
            if status == 200:
                self.done[act] += 1
            elif status not in (409, 412):
                self.refused.append(f"{act} {status} {text[:300]}")
        return status == 200

    def _place(self, lot: int) -> str:
        return self.places[sorted(self.places)[lot % len(self.places)]]

    @property
    def _caller(self) -> Caller:
        if not hasattr(self._local, "caller"):
            self._local.caller = Caller(self.system)
        caller: Caller = self._local.caller
        return caller


def _beyond(case: dict[str, Any]) -> str:
    """A day beyond the one by which a case must be settled."""
    (due,) = [c["due_at"] for c in case["clocks"] if c["name"] == "resolve" and c["ended_at"] is None]
    return (datetime.fromisoformat(due).astimezone(LOCAL) + timedelta(days=3)).date().isoformat()


def _lot(tracking_code: str) -> int:
    return zlib.crc32(tracking_code.encode())
