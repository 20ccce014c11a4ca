"""The engine by itself: what one act on a case costs, its events, limits and chain of digests, without any I/O.

The acts are those of the examples (`infra.day.examples`): a matter of each procedure from report to archive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from chalicelib.domain.cases import Case
from chalicelib.domain.events import SYSTEM, Actor
from chalicelib.domain.grid import Area
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Change, Circumstances, Particulars, act, fall_due, open_case, record_visit
from chalicelib.domain.reports import HOTLINE, MOBILE, SMS, Report
from chalicelib.domain.screening import screen
from chalicelib.handlers.views import case_view
from infra.day.examples import EXAMPLES, HEAD, WORKER, Example, play
from tests.bench.people import cpu_us
from tests.integration.matters import POOL

_BEGAN = datetime(2026, 11, 24, 0, 52, tzinfo=UTC)  # a Tuesday, 08:52 in the district
_CELL = Area("3203020010020101", ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"))

Act = Callable[[], Change | None]


def engine_step(policy: Policy) -> dict[str, float]:
    """Microseconds of CPU of one act of the engine: the mean over all acts of all examples."""
    acts = [each for example in EXAMPLES.values() for each in acts_of(example, policy)]

    def do_all() -> None:
        for each in acts:
            each()

    return {"cpu_us": cpu_us(do_all, len(acts))}


def acts_of(example: Example, policy: Policy) -> list[Act]:
    """Every act of an example, each ready to be done again: opening, what staff do, visits, what time brings."""
    ground = EngineGround(policy)
    play(example, ground)
    return ground.acts


class EngineGround:
    """`infra.day.examples.Ground`: the engine alone, in a time that is set by hand."""

    cell, station, street = _CELL.code, f"centre-{_CELL.code[:12]}", f"centre-{_CELL.code[:9]}"
    sets_time = True

    def __init__(self, policy: Policy) -> None:
        self.acts: list[Act] = []
        self._policy, self._now = policy, _BEGAN
        self._pictures = 0
        self._pool = {member.id: member for member in POOL}
        self._case: Case

    @property
    def today(self) -> str:
        return self._now.astimezone(self._policy.zone).date().isoformat()

    def member(self, what: str) -> str:
        return next(member.id for member in POOL if member.what == what)

    def tell(self, by: str, said: Mapping[str, Any]) -> str:
        source = {"mobile": MOBILE, "12345": HOTLINE}.get(by, SMS)
        text = said.get("text") or f"{said['title']}\n{said['content']}"
        by_staff = "gl0500" if source == MOBILE else None
        report = Report(
            source, "1", "f" * 64, text=text, told_at=self._now, received_at=self._now, submitted_by=by_staff
        )
        screening = screen(text, said.get("category"), said.get("urgency"), self._policy)
        actor = Actor("gl0500", "grid-worker", self.station) if by_staff else Actor(source, "source")
        area = None if source == SMS else _CELL
        return self._done(partial(open_case, "01KAMZ8Y4V6T2QW9R3N5C7XB00", "7K3M9QXA", report, screening, area), actor)

    def picture(self, by: str) -> str:
        self._pictures += 1
        return f"{self._pictures:032x}"

    def act(self, case: Mapping[str, Any], action: str, by: str, said: Mapping[str, Any]) -> None:
        days = {name: date.fromisoformat(said[name]) for name in ("until", "on", "since") if name in said}
        words = {name: tuple(said[name]) if isinstance(said[name], list) else said[name] for name in said.keys() - days}
        looked_up = {"area": _CELL if "area" in said else None, "named": True, "known_members": self._pool}
        leads = {"leader_unit": "linkage-centre"} if "leader" in said else {}
        particulars = Particulars(**{**words, **days, **looked_up, **leads})
        self._done(partial(act, self._case, action, particulars), self._member(by))

    def visit(self, case: Mapping[str, Any], outcome: str, note: str | None) -> None:
        visit = case["visits"][-1]["visit_id"]
        self._done(partial(record_visit, self._case, visit, outcome, note), self._member(WORKER))

    def case(self, case_id: str) -> Mapping[str, Any]:
        return case_view(self._case, self._policy, self._now)

    def wait_for(self, day: int, hour: str) -> None:
        zone = self._policy.zone
        then = datetime.combine(_BEGAN.astimezone(zone).date() + timedelta(day), time.fromisoformat(hour), zone)
        self.fall_due(self._case.id, then)
        self._now = then.astimezone(UTC)

    def fall_due(self, case_id: str, at: datetime) -> None:
        while (timer := self._case.next_timer) and timer <= at:
            self._now = max(self._now, timer)
            self._done(partial(fall_due, self._case), SYSTEM)

    def _done(self, how: Callable[[Circumstances], Change | None], actor: Actor) -> str:
        around = Circumstances(actor, self._now, self._policy, "r" * 36, "c" * 36, on_duty=lambda unit: True)
        self.acts.append(partial(how, around))
        change = how(around)
        assert change is not None
        self._case = change.case
        return self._case.id

    def _member(self, by: str) -> Actor:
        if by == WORKER:
            return Actor("gl0500", "grid-worker", self.station)
        return Actor(f"on-duty-{by}", "department", by.removesuffix(HEAD))
