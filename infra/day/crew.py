"""Staff at work: desks screen, departments accept and settle, officers visit, as the API lets each of them.

What becomes of a case follows from its tracking code, so that every way is taken by some: returned once, not at home,
refused, dissatisfied and then granted or declined.
"""

from __future__ import annotations

import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from infra.day.system import Caller, System

_NOTE = "已现场处理完毕。"
_FALLBACK_CATEGORY = "street-light"


@dataclass(slots=True)
class Crew:
    """Works through the queues of the units that have been given something, and the visits that are due.

    `places`: a cell code for each community, for desks that must say where a matter lies.
    """

    system: System
    places: dict[str, str]
    category: str = _FALLBACK_CATEGORY
    workers: int = 2
    done: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    _units: set[str] = field(default_factory=set)
    _communities: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _local: threading.local = field(default_factory=threading.local)

    def knows_of(self, receipt: dict[str, Any]) -> None:
        """Something was given to a unit; its staff will look at their queue."""
        with self._lock:
            if receipt.get("unit"):
                self._units.add(receipt["unit"]["id"])
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
                self._handle(item, token)
            cursor = page["next"]
            if not cursor:
                return

    def _handle(self, item: dict[str, Any], token: str) -> None:
        lot = _lot(item["tracking_code"])
        match item["state"]:
            case "screening":
                area = {} if item["area"] else {"area": self._place(lot)}
                category = item["category"] or self.category
                if item["version"] > 2:
                    category = self.category
                self._act(item, "classify", token, {"category": category, **area})
            case "assigned" if lot % 12 == 0 and item["version"] == 1:
                self._act(item, "return", token, {"reason": "不属于本单位职责范围。"})
            case "assigned":
                if self._act(item, "accept", token, {}):
                    self._act({**item, "version": item["version"] + 1}, "resolve", token, {"note": _NOTE})
            case "accepted":
                self._act(item, "resolve", token, {"note": _NOTE})
            case "reopen-requested" if lot % 2:
                self._act(item, "grant-reopen", token, {"reason": "情况属实,请重新办理。"})
            case "reopen-requested":
                self._act(item, "decline-reopen", token, {"reason": "已按规定处理到位,不再重办。"})

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

    def _act(self, item: dict[str, Any], action: str, token: str, said: dict[str, Any]) -> bool:
        answer = self._caller.post(
            f"/v1/cases/{item['case_id']}/actions/{action}",
            said,
            token,
            {"Idempotency-Key": str(uuid4()), "If-Match": f'"{item["version"]}"'},
        )
        if answer.ok:
            self.knows_of(answer.json())
        return self._count(answer.status_code, action, answer.text)

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


def _lot(tracking_code: str) -> int:
    return zlib.crc32(tracking_code.encode())
