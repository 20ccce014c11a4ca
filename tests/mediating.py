"""A dispute at a table: the services on memory, with a pool of people, by local times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.adapters.system import RandomIds
from chalicelib.domain.cases import Case
from chalicelib.domain.clocks import Clock
from chalicelib.domain.events import Event
from chalicelib.domain.explaining import Explained, explain
from chalicelib.domain.limits import last_day
from chalicelib.domain.panels import Days, Member
from chalicelib.domain.people import StaffMember
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Particulars
from chalicelib.domain.records import Command
from chalicelib.domain.recounting import Recounting, retold
from chalicelib.domain.reports import Report
from chalicelib.services.acting import Acting, Asked
from chalicelib.services.intake import Intake
from chalicelib.services.matching import Matching
from tests.memory import MemoryCaseStore, MemoryGrid, MemoryPool, MemoryRoster
from tests.world import HandClock, Kept, OpenSealer, PlainPhones

COMMUNITY = "320302001002"
CELL = f"{COMMUNITY}0101"
STATION = StaffMember("s", "station", f"centre-{COMMUNITY}", (COMMUNITY,))
MEDIATOR = StaffMember("m", "mediator", f"centre-{COMMUNITY}", (COMMUNITY,))
WALKER = StaffMember("w", "grid-worker", f"centre-{COMMUNITY}", (COMMUNITY,))
ELSEWHERE = StaffMember("e", "grid-worker", "centre-320302002001", ("320302002001",))
POLICE = StaffMember("p", "department", "public-security", ("320302",))

POOL = [
    Member("T01", "周调解", "mediator", "万通社区人民调解委员会", areas=(COMMUNITY,)),
    Member("T02", "吴调解", "mediator", "黄楼街道人民调解委员会", areas=("320302001",)),
    Member("J01", "郑警官", "police", "黄楼派出所", unit="public-security", areas=("320302001",)),
    Member("L01", "王律师", "lawyer", "汉风律师事务所", bound_to=("urban-management",), areas=("320302",)),
    Member("L02", "冯律师", "lawyer", "彭城律师事务所", areas=("320302",), away=(Days("2026-11-01", "2026-12-31"),)),
    Member("E01", "陈老师", "elder", "五老志愿队", areas=(COMMUNITY,), until_day="2026-12-31"),
    Member("X01", "褚前调解", "mediator", "万通社区人民调解委员会", until_day="2025-12-31"),
]
"""Of whom the last is one no more."""

BOTH = ("applicant", "respondent")
TABLE = ("T01", "J01", "E01")
"""Whom the panel for neighbours asks for: a mediator, a police officer, an elder."""


class Table:
    """The services on memory, and one case that they mediate."""

    def __init__(self, policy: Policy, at: str = "2026-11-23 10:00", category: str = "neighbour-dispute") -> None:
        self.clock = HandClock(self.moment(at))
        self.store, self.policies, self.pool = MemoryCaseStore(), Kept(policy), MemoryPool(POOL)
        grid, roster = MemoryGrid([CELL, COMMUNITY, "320302001"]), MemoryRoster()
        self.acting = Acting(self.store, grid, roster, self.policies, self.clock, RandomIds(), pool=lambda: self.pool)
        matching, sealer, phones = Matching(self.store, grid, self.policies, self.clock), OpenSealer(), PlainPhones()
        intake = Intake(self.store, grid, roster, self.policies, sealer, phones, matching, self.clock, RandomIds())
        self._numbers = count(1)
        now = self.clock.now()
        report = Report("mobile", "m1", "f", "两家为楼道堆物争吵", now, now, category, area_code=CELL, submitted_by="w")
        self.id = intake.submit(report, WALKER.actor, "r").case_id

    def accepted(self) -> Table:
        self.act("accept")
        return self

    def opened(self) -> Table:
        self.accepted().act("mediation-open", party="applicant")
        return self

    def consented(self) -> Table:
        self.opened()
        self.consent()
        return self

    def sat(self) -> Table:
        """Up to the first session, the panel whole."""
        self.consented()
        self.compose()
        self.session()
        return self

    def agreed(self, until: str = "2026-12-10", form: str = "written", **said: Any) -> Table:
        self.sat().agree(until, form, **said)
        return self

    def consent(self) -> None:
        for party in BOTH:
            self.act("mediation-consent", party=party, agrees=True)

    def compose(self, *members: str) -> None:
        self.act("panel-invite", members=members or TABLE)
        self.act("panel-answer", members=members or TABLE, agrees=True)

    def session(self, *members: str, **said: Any) -> Case:
        told = {"members": members or TABLE, "parties": BOTH, "note": "双方各陈述事实。", **said}
        return self.act("mediation-hold-session", **told)

    def agree(self, until: str = "2026-12-10", form: str = "written", **said: Any) -> Case:
        told = {"form": form, "terms": "被申请人于约定日前清空楼道杂物。", "until": date.fromisoformat(until), **said}
        return self.act("mediation-agree", **told)

    def act(self, action: str, by: StaffMember | None = None, **said: Any) -> Case:
        """Somebody of the unit that leads does it, unless somebody else is named."""
        lead = self.case.lead or STATION.unit
        by = by or (STATION if lead == STATION.unit else StaffMember("d", "department", lead, ("320302",)))
        asked = Asked(by, Command(f"c{next(self._numbers)}", action), self.case.version, "r")
        return self.acting.act(self.id, action, asked, Particulars(**said))

    def at(self, moment: str) -> Table:
        self.clock.at = self.moment(moment)
        return self

    def wait(self, until: str) -> list[Event]:
        """Let time have its way then; what it told."""
        before = len(self.history)
        self.at(until)
        self.acting.fall_due(self.id, "r")
        return self.history[before:]

    @property
    def case(self) -> Case:
        case = self.store.case(self.id)
        assert case is not None
        return case

    @property
    def history(self) -> list[Event]:
        return self.store.history(self.id)

    @property
    def last(self) -> Event:
        return self.history[-1]

    def told(self, event_type: str) -> list[Event]:
        return [event for event in self.history if event.type == event_type]

    def clock_of(self, name: str) -> Clock:
        return [clock for clock in self.case.clocks if clock.name == name][-1]

    def due(self, name: str) -> str:
        """The day with whose end a clock is due."""
        return last_day(self.clock_of(name).due_at, self.policies.current.zone).isoformat()

    def explained(self, name: str) -> Explained:
        return [each for each in explain(self.history, self.policies) if each.clock.name == name][-1]

    def differing(self) -> list[Any]:
        """Where the events say something that the policy does not make of them."""
        return list(Recounting(self.policies).differing(retold(self.history)))

    @staticmethod
    def moment(local: str) -> datetime:
        return (datetime.fromisoformat(local) - timedelta(hours=8)).replace(tzinfo=UTC)
