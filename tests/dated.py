"""A case on its way by local times, for deadlines that are dated by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain import events as E
from chalicelib.domain.cases import evolve, replay
from chalicelib.domain.clocks import Clock
from chalicelib.domain.events import SYSTEM, Actor, CaseEvent
from chalicelib.domain.explaining import Explained, explain
from chalicelib.domain.grid import Area
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Change, Circumstances, Particulars, act, fall_due, open_case
from chalicelib.domain.reports import Report
from chalicelib.domain.screening import screen
from chalicelib.domain.telling import Telling
from chalicelib.domain.timing import without_days
from tests.world import Kept

AREA = Area("3203020010020101", ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"))


class Matter:
    """Whatever is done to it, its history says what the policy makes of it, and replays to it."""

    def __init__(self, policy: Policy, at: str, category: str | None, source: str = "mobile") -> None:
        self.policy, self.history = policy, list[CaseEvent]()
        now = self.moment(at)
        told = {"told_at": now, "received_at": now, "fingerprint": "f" * 64, "text": "麻烦来看一下"}
        report = Report(source, "1", category=category, submitted_by="w1", **told)
        screening = screen(report.text, category, None, policy)
        self._take(open_case("01C", "7K3M9QXA", report, screening, AREA, self._around(now, Actor("w1", "grid-worker"))))

    def act(self, at: str, action: str, by: str = "someone", **said: Any) -> None:
        words: dict[str, Any] = {
            "reason": "理由充分",
            "note": "已经处理",
            "media": ("m1",),
            "outcome": "satisfied",
            **said,
        }
        now = self.moment(at)
        self._take(
            act(self.case, action, Particulars(**words | said), self._around(now, Actor(by, "department", "health")))
        )

    def hear(self, at: str, clock: str, *days: str, why: str = "听证") -> None:
        """Days on which there is a public hearing are told of at a moment; they do not count in a clock."""
        around = self._around(self.moment(at), Actor("someone", "department", "health"))
        telling = Telling(self.case, self.case.id, around, evolve)
        facts = without_days(self.case, clock, days, self.policy, around.now, why=why)
        telling.tell(E.CASE_ADVANCED, did="hear", did_zh="举行听证", note="公开听证", **facts)
        self._take(Change(telling.known, telling.events, self.case))

    def wait(self, until: str) -> list[CaseEvent]:
        """Let time have its way at a moment; what it told."""
        change = fall_due(self.case, self._around(self.moment(until), SYSTEM))
        if change is None:
            return []
        self._take(change)
        return list(change.events)

    def clock(self, name: str) -> Clock:
        return [clock for clock in self.case.clocks if clock.name == name][-1]

    def due(self, name: str) -> tuple[str, bool]:
        clock = self.clock(name)
        return self.local(clock.due_at), clock.provisional

    def explained(self, name: str) -> Explained:
        return [each for each in explain(self.history, Kept(self.policy)) if each.clock.name == name][-1]

    def moment(self, local: str) -> datetime:
        day, _, time = local.partition(" ")
        hour, _, minute = time.partition(":")
        begun = datetime.fromisoformat(day).replace(tzinfo=self.policy.zone)
        return (begun + timedelta(hours=int(hour), minutes=int(minute))).astimezone(UTC)

    def local(self, at: datetime) -> str:
        there = at.astimezone(self.policy.zone)
        if (there.hour, there.minute) == (0, 0):
            return f"{there.date() - timedelta(days=1)} 24:00"
        return f"{there:%Y-%m-%d %H:%M}"

    def _around(self, now: datetime, actor: Actor) -> Circumstances:
        return Circumstances(actor, now, self.policy, "r1", "c1")

    def _take(self, change: Change) -> None:
        self.case = change.case
        self.history += change.events
        assert not any(each.differs for each in explain(self.history, Kept(self.policy)))
        assert replay(self.history) in (self.case, replace(self.case, petition=None))  # which a test may have put there
