"""A machine that does to cases whatever can be done to them, rightly and wrongly, by two at once, while time goes on.

Hypothesis draws what is done; the real services do it, on any `CaseStore`; `tests.holding` looks at what became of it.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chalicelib.domain import events as E
from chalicelib.domain.audit import BY_COMMAND, Origin
from chalicelib.domain.cases import AGREED, ASKED, CLOSED, Case, Visit
from chalicelib.domain.errors import (
    ActionNotAllowed,
    DomainError,
    IdempotencyConflict,
    StaleVersion,
)
from chalicelib.domain.events import SYSTEM, Actor
from chalicelib.domain.invited import ASKED as INVITED
from chalicelib.domain.invited import COMING, TOOK_PART
from chalicelib.domain.limits import last_day
from chalicelib.domain.mediations import PARTIES
from chalicelib.domain.people import Reporter, StaffMember, may_act, may_see
from chalicelib.domain.petitions import ONLY_WAY_HERE
from chalicelib.domain.policy import Action, Policy, Procedure
from chalicelib.domain.procedure import Particulars, allowed_actions
from chalicelib.domain.records import Command
from chalicelib.domain.reports import Report
from chalicelib.services.acting import Acting, Asked
from chalicelib.services.intake import Intake
from chalicelib.services.matching import Matching
from chalicelib.services.migrating import Migrating
from chalicelib.services.moving import Moving, Succession
from tests.holding import Holding, Rows
from tests.mediating import POOL
from tests.memory import MemoryGrid, MemoryPool, MemoryRoster
from tests.offering import offer
from tests.world import HandClock, Kept, OpenSealer, PlainPhones

HERE, THERE = "320302001002", "320302007001"
AREAS = [f"{HERE}0101", f"{HERE}0102", f"{THERE}0101", HERE, "320302001", "320302"]
WALKER = StaffMember("walker", "grid-worker", f"centre-{HERE}", (HERE, THERE))
ADMINISTRATOR = StaffMember("administrator", "administrator", "linkage-centre", ("320302",))
OTHERS = [
    StaffMember("walker-of-elsewhere", "grid-worker", "centre-320302002001", ("320302002001",)),
    StaffMember("mediator", "mediator", f"centre-{HERE}", (HERE,)),
    StaffMember("leader", "leader", "linkage-centre", ("320302",)),
    StaffMember("auditor", "auditor", "linkage-centre", ("320302",)),
    ADMINISTRATOR,
    StaffMember("nobody", "no-such-role", "linkage-centre", ("320302",)),
]
ABOLISHED = "women-federation"
"""The unit that the next version of the policy does without."""

TARGETS = (ABOLISHED, "health", "urban-management", f"centre-{HERE}", f"centre-{THERE}", "justice", "water")
ENDING = ("void", "withdraw", "decline-reopen", "petition-direct", "petition-decline")
ONWARD = ("classify", "accept", "resolve", "finish", "verify", "evaluate", "grant-reopen", "petition-register")
ONWARD += ("petition-pass-on", "petition-accept", "petition-answer", "petition-ask-review", "petition-conclude")
AT_A_TABLE = ("accept", "mediation-", "panel-")
TABLE = (
    *("accept", "mediation-open", "mediation-consent", "mediation-consent", "panel-invite", "panel-answer"),
    *("mediation-hold-session", "mediation-agree", "mediation-apply-confirmation", "mediation-record-acceptance"),
    *("mediation-record-ruling", "mediation-record-performance"),
)
STARTS = [
    datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
    datetime(2026, 2, 12, 15, 59, 59, tzinfo=UTC),  # before the Spring Festival
    datetime(2026, 9, 24, 8, 30, tzinfo=UTC),  # before the National Day and its make-up days
    datetime(2026, 12, 31, 15, 59, 59, 999999, tzinfo=UTC),  # a moment before a year that nobody has announced
]
PAUSES = [timedelta(minutes=n) for n in (0, 1, 1, 2, 5, 11, 35)] + [timedelta(hours=n) for n in (1, 3, 9, 24)]
PAUSES += [timedelta(days=n) for n in (2, 4, 8, 40)]

NUMBER = st.integers(0, 2**14 - 1)
SELDOM = st.integers(0, 7).map(lambda n: n == 0)
ODD = st.sampled_from(
    [""] * 48
    + ["nothing", "unknown-unit", "oneself", "twice", "past", "far", "last-day", "foreign-picture", "known-picture"]
    + ["oneself", "twice", "elsewhere", "unknown-category", "for-another", "done-at"]
)


_TURNS = 16


@dataclass
class Tally:
    """What was done over a whole test, for the test to see that its generator is not blind."""

    asked: int = 0
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    overtaken: int = 0
    stale: int = 0
    repeated: int = 0
    provisional: int = 0
    brought_back: int = 0


@dataclass
class Setting:
    """Where a machine runs: a store that is empty, how its rows are read, and how a picture is announced."""

    store: Any
    rows_of: Callable[[str], Rows]
    announce: Callable[[str, str], None]


class Overtaken:
    """A store in which somebody else may be quicker: `meanwhile` is done before what is to be written is."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.meanwhile: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, *change: Any, **how: Any) -> None:
        self._wait()
        self._store.save(*change, **how)

    def record(self, *change: Any, **how: Any) -> None:
        self._wait()
        self._store.record(*change, **how)

    def _wait(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()


class CountedIds:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def case_id(self, at: datetime) -> str:
        return f"C{next(self._numbers):06d}"

    def entry_id(self) -> str:
        return f"E{next(self._numbers):06d}"

    def tracking_code(self) -> str:
        """Every eighth is in use already."""
        number = next(self._numbers)
        return f"T{number - number % 8 // 7 * 3:07d}"


@dataclass(frozen=True)
class Deed:
    """Something that was asked for, to be asked again."""

    case_id: str
    action: str
    asked: Asked
    said: Particulars
    area: str | None
    other: str | None
    answer: Case


class CaseMachine(RuleBasedStateMachine):
    def __init__(self, setting: Setting, policy: Policy, statuses: dict[str, int], tally: Tally) -> None:
        super().__init__()
        self.policies = Kept(policy)
        self.clock = HandClock(STARTS[0])
        self.store = Overtaken(setting.store)
        self.holding = Holding(setting.rows_of, self.policies, self.officer)
        self.grid = MemoryGrid([*AREAS, HERE[:9], THERE[:9]])
        pool = MemoryPool(POOL)
        self.ids = CountedIds()
        self.acting = Acting(
            self.store, self.grid, MemoryRoster(), self.policies, self.clock, self.ids, _member, lambda: pool
        )
        self.intake = self._an_intake()
        self.hands: list[Case | None] = [None, None]
        self.deeds: list[Deed] = []
        self.phones: dict[str, str] = {}
        self.reports: list[tuple[Report, Any]] = []
        self._announce, self._statuses, self.tally = setting.announce, statuses, tally
        self.focus = 0
        self._numbers = itertools.count(1)
        self._turns = itertools.count()
        self._tried: Counter[tuple[str, str]] = Counter()
        self._first_version = policy.version

    @initialize(start=st.sampled_from(STARTS), category=NUMBER, area=NUMBER, focus=st.integers(0, 6))
    def begin(self, start: datetime, category: int, area: int, focus: int) -> None:
        """With a case of each kind, and an order of the hotline. One procedure will be looked at more than others."""
        self.clock.at, self.focus = start, focus
        for kind in range(len(self.policies.current.kinds)):
            self._report(kind, category * 9 + 1, area, 0, "mobile")
        self._report(category, category, area, 0, "12345")

    def teardown(self) -> None:
        if sys.exc_info()[0] is not None:
            return  # what failed is told already
        self.holding.whole()
        self.tally.happened += self.holding.happened
        for case in self.holding.cases.values():
            self.tally.provisional += sum(clock.provisional for clock in case.clocks)

    # --- what comes in

    @precondition(lambda self: len(self._open_cases()) < 12)
    @rule(
        kind=NUMBER,
        category=NUMBER,
        area=NUMBER,
        urgency=st.sampled_from([0, 0, 1, 2]),
        source=st.sampled_from(["mobile", "mobile", "12345", "12345", "web"]),
    )
    def somebody_reports(self, kind: int, category: int, area: int, urgency: int, source: str) -> None:
        self._report(self._stirred(kind), self._stirred(category), area, urgency, source)

    @rule(which=NUMBER, other=SELDOM)
    def a_report_comes_again(self, which: int, other: bool) -> None:
        if not self.reports:
            return
        report, receipt = _nth(self.reports, which)
        self.tally.asked += 1
        again = replace(report, fingerprint="other") if other else report
        try:
            assert self.intake.submit(again, WALKER.actor, "again") == receipt
            assert not other
        except IdempotencyConflict as refused:
            assert other
            self._is_known(refused)
        self.holding.unchanged(receipt.case_id)

    @rule(
        phone=st.integers(0, 2),
        words=st.sampled_from(["还没修好", "新 三号楼前井盖缺失", "邻居半夜装修"]),
        overtaken=SELDOM,
    )
    def a_text_comes(self, phone: int, words: str, overtaken: bool) -> None:
        if overtaken and self._open_cases():
            self.store.meanwhile = self._somebody_is_quicker(self._open_cases()[-1].id, phone)
        self._text(f"+861390000000{phone}", words)

    def _text(self, phone: str, words: str) -> None:
        report = self._a_report("sms", words, reporter=Reporter(phone=phone), submitted_by=None)
        self.tally.asked += 1
        receipt = self.intake.take_text(report, Actor("sms", "source"), "text")
        self.store.meanwhile = None
        told = self.holding.look(receipt.case_id)
        assert any(event.data.get("report_id") == report.id for event in told)

    def _report(self, kind: int, category: int, area: int, urgency: int, source: str) -> str:
        policy = self.policies.current
        kinds = list(policy.kinds)
        of_kind = [each for each in policy.categories.values() if each.kind == kinds[kind % len(kinds)]]
        chosen, said = _nth(of_kind, category), {}
        if source != "mobile":
            said["text"] = "，".join(chosen.keywords)
        elif category % 9:
            said["category"] = chosen.id
        place = None if category % 11 == 0 and source == "12345" else _nth(AREAS, area)
        report = self._a_report(
            source,
            **{"text": "有事情要反映", **said},
            urgency=[None, "urgent", "major"][urgency],
            area_code=place,
            submitted_by=WALKER.id if source == "mobile" else None,
            reporter=Reporter("张三", f"+861390000000{category % 3}") if category % 5 else Reporter(anonymous=True),
        )
        receipt = self.intake.submit(report, WALKER.actor, "report")
        self.reports.append((report, receipt))
        self.tally.asked += 1
        if report.reporter.phone:
            self.phones[receipt.case_id] = report.reporter.phone
        told = self.holding.look(receipt.case_id)
        assert any(event.data.get("report_id") == report.id for event in told)
        return receipt.case_id

    def _a_report(self, source: str, text: str, **said: Any) -> Report:
        number, now = next(self._numbers), self.clock.now()
        return Report(source, f"m{number}", f"f{number}", text, now, now, **said)

    # --- what two do at the same time

    @rule(hand=st.integers(0, 1), which=NUMBER, nth=NUMBER, odd=ODD)
    def a_hand_reads_and_later_acts(self, hand: int, which: int, nth: int, odd: str) -> None:
        """On what it read, however long ago that was and whatever the other one has done since."""
        case, self.hands[hand] = self.hands[hand], None
        if case is None:
            self.hands[hand] = _nth(list(self.holding.cases.values())[-12:], which)
            return
        policy = self._policy_of(case)
        names = allowed_actions(case, policy)
        if names:
            action = policy.procedure_of(case).actions[_nth(names, nth)]
            self._act(case, action.id, self._right(case, action, nth), nth, odd)

    @rule(nth=NUMBER, which=NUMBER, odd=ODD, overtaken=SELDOM)
    def who_leads_acts(self, nth: int, which: int, odd: str, overtaken: bool) -> None:
        self._act_as(lambda action: "lead" in action.actors, nth, which, odd, overtaken)

    @rule(nth=NUMBER, which=NUMBER, odd=ODD, overtaken=SELDOM)
    def the_desk_acts(self, nth: int, which: int, odd: str, overtaken: bool) -> None:
        self._act_as(lambda action: "screening" in action.actors, nth, which, odd, overtaken)

    @rule(
        nth=NUMBER,
        which=NUMBER,
        odd=st.sampled_from(["", "", "", "", "oneself", "twice", "for-another", "unknown-unit"]),
        overtaken=SELDOM,
    )
    def others_are_asked_to_act_jointly_or_do(self, nth: int, which: int, odd: str, overtaken: bool) -> None:
        self._act_as(lambda action: "joint" in action.does, nth, which, odd, overtaken)

    @rule(nth=NUMBER, which=NUMBER, odd=ODD, overtaken=SELDOM)
    def who_reported_acts(self, nth: int, which: int, odd: str, overtaken: bool) -> None:
        self._act_as(lambda action: "submitter" in action.actors, nth, which, odd, overtaken)

    @rule(
        nth=NUMBER,
        which=NUMBER,
        odd=st.sampled_from(["", "", "", "past", "far", "last-day", "nothing"]),
        overtaken=SELDOM,
    )
    def more_time_is_asked_for_or_decided_on(self, nth: int, which: int, odd: str, overtaken: bool) -> None:
        self._act_as(lambda action: "extension" in action.does, nth, which, odd, overtaken)

    @rule(nth=NUMBER, which=NUMBER, odd=ODD, overtaken=SELDOM)
    def a_case_goes_on(self, nth: int, which: int, odd: str, overtaken: bool) -> None:
        """As it should; what else can be done would seldom let it come so far."""
        self._act_as(lambda action: action.does in ONWARD, nth, which, odd, overtaken)

    @rule(nth=NUMBER, which=NUMBER)
    def a_case_goes_on_undisturbed(self, nth: int, which: int) -> None:
        self._act_as(lambda action: action.does in ONWARD, nth, which, "", False)

    @precondition(lambda self: len(self._open_cases()) < 12)
    @rule(kind=NUMBER, nth=NUMBER, odd=ODD)
    def a_matter_is_dealt_with_in_one_go(self, kind: int, nth: int, odd: str) -> None:
        """Whatever was tried least with such matters before, one after another; something odd among it."""
        nth = self._stirred(nth)
        kind = self.focus if nth % 4 else self._stirred(kind)
        ordered = kind % (len(self.policies.current.kinds) + 1) == len(self.policies.current.kinds)
        case_id = self._report(kind, nth, nth, 0, "12345" if ordered else "mobile")
        for turn in range(_TURNS):
            case = self.holding.cases[case_id]
            policy = self._policy_of(case)
            names = allowed_actions(case, policy, self.clock.now())
            if not names:
                return
            names = sorted(names, reverse=bool(nth // 4 % 2))
            name = min(names, key=lambda name: (self._tried[case.procedure, name], name in ENDING))
            self._tried[case.procedure, name] += 1
            action = policy.procedure_of(case).actions[name]
            strange = odd if turn == nth % _TURNS else ""
            self._act(case, name, self._right(case, action, nth + turn), nth + turn, strange)
            if turn == 0 and nth % 3 == 0:
                self._told_more(case_id)

    def _told_more(self, case_id: str) -> None:
        """Who reported it writes again, to the newest case of that phone."""
        if case_id in self.phones:
            self._text(self.phones[case_id], "还没修好")

    @precondition(lambda self: len(self._open_cases()) < 12)
    @rule(nth=NUMBER, odd=ODD)
    def a_petition_goes_through_its_levels(self, nth: int, odd: str) -> None:
        """The way is long, and chance alone would seldom see its end; now and then something else is done on it, first
        what can be done in the fewest states. Of some it is said only when the window is over that it was asked in.
        """
        nth = self._stirred(nth)
        case_id = self._report(list(self.policies.current.kinds).index("petition"), nth - nth % 9 + 1, nth, 0, "mobile")
        version = 0
        for turn in range(2 * _TURNS):
            case = self.holding.cases[case_id]
            stuck, version = case.version == version, case.version
            if nth % 5 == 0 and case.closing:
                self.clock.at = max(self.clock.at, case.closing.due_at)
                self._sweep(None)
                case = self.holding.cases[case_id]
            policy = self._policy_of(case)
            ends = {name for name in ENDING if nth % 6 or not name.startswith("petition-")}  # some are not accepted
            names = [name for name in allowed_actions(case, policy, self.clock.now()) if name not in ends]
            if not names:
                return
            actions = policy.procedure_of(case).actions
            onward = [name for name in names if actions[name].does in ONWARD and name != "classify"]
            seldom = min(names, key=lambda name: (self._tried[case.procedure, name], _places(actions[name])))
            only_here = _places(actions[seldom]) == 1 and not self._tried[case.procedure, seldom]
            aside = stuck or only_here or nth // (turn + 1) % 3 == 0 or not onward
            name = seldom if aside else onward[-1]
            self._tried[case.procedure, name] += 1
            strange = odd if turn == nth % _TURNS else ""
            self._act(case, name, self._right(case, actions[name], nth + turn), nth + turn, strange)
            self.tally.brought_back += case.ended_by is not None and self.holding.cases[case_id].open

    @precondition(lambda self: len(self._open_cases()) < 12)
    @rule(nth=NUMBER, odd=ODD)
    def a_dispute_is_mediated(self, nth: int, odd: str) -> None:
        """Neighbours at a table, step by step; now and then something else of a table is done instead."""
        kinds = list(self.policies.current.kinds)
        of_kind = [each.id for each in self.policies.current.categories.values() if each.kind == "dispute"]
        case_id = self._report(kinds.index("dispute"), of_kind.index("leaking-flat"), 0, 0, "mobile")
        for turn, step in enumerate(TABLE):
            case = self.holding.cases[case_id]
            policy = self._policy_of(case)
            names = [name for name in allowed_actions(case, policy, self.clock.now()) if name.startswith(AT_A_TABLE)]
            if not names:
                return
            stray = turn == nth // 8 % (2 * len(TABLE))
            name = min(names, key=lambda name: self._tried[case.procedure, name]) if stray else step
            if name not in names:
                continue
            self._tried[case.procedure, name] += 1
            action = policy.procedure_of(case).actions[name]
            self._act(case, name, self._right(case, action, nth + turn), nth + turn, odd if stray and nth % 2 else "")

    @rule(nth=NUMBER, which=NUMBER, odd=ODD, who=NUMBER)
    def anybody_does_anything(self, nth: int, which: int, odd: str, who: int) -> None:
        policy, cases = self.policies.current, list(self.holding.cases.values())
        if cases:
            actions = sorted({name for procedure in policy.procedures.values() for name in procedure.actions})
            actions += ["no-such-action"] * 5
            units = list(policy.units)
            staff = [*OTHERS, *(self.officer(unit) for unit in (*units[:20], f"centre-{HERE}", f"centre-{THERE}"))]
            self._act(_nth(cases, which), _nth(actions, nth), _nth(staff, who), nth, odd)

    @rule(which=NUMBER, outcome=st.sampled_from(["satisfied", "dissatisfied", "not-home", "refused"]), odd=ODD)
    def somebody_visits(self, which: int, outcome: str, odd: str) -> None:
        waiting = [case for case in self.holding.cases.values() if case.visits]
        if not waiting:
            return
        case = _nth([each for each in waiting if each.visit] or waiting, which)
        visit = case.visits[-1].id if odd != "unknown-unit" else f"{case.id}.99"
        staff = WALKER if odd != "for-another" else OTHERS[0]
        asked = self._asked(staff, case, outcome)
        self._ask(case, asked, lambda: self.acting.record_visit(visit, asked, outcome, "看过了"), "visit")

    @rule(which=NUMBER, other=SELDOM)
    def a_deed_comes_again(self, which: int, other: bool) -> None:
        """The same key again, at once or a month later: the answer of the first time, or a conflict."""
        if not self.deeds:
            return
        deed, self.tally.asked = _nth(self.deeds, which), self.tally.asked + 1
        asked = deed.asked
        if other:
            asked = replace(asked, command=asked.command._replace(fingerprint="other"))
        visible = may_see(asked.by, self.holding.cases[deed.case_id], self.policies.current)
        try:
            answer = self.acting.act(deed.case_id, deed.action, asked, deed.said, deed.area, deed.other)
            assert answer == deed.answer and not other
            self.tally.repeated += 1
        except DomainError as refused:
            self._is_known(refused)
            assert refused.code == ("idempotency-conflict" if other and visible else "not-found"), refused
            assert not visible or other
        self.holding.unchanged(deed.case_id)

    def _act_as(self, wanted: Callable[[Action], bool], nth: int, which: int, odd: str, overtaken: bool) -> None:
        """One of the wanted actions that are allowed now, or one that was seldom tried; somebody may be quicker."""
        nth, which = self._stirred(nth), self._stirred(which)
        options: dict[tuple[str, str], list[tuple[Case, Action]]] = {}
        for case in [*self._open_cases(), *self._closed_cases()[-2:]]:
            policy = self._policy_of(case)
            for name in allowed_actions(case, policy, self.clock.now()):
                action = policy.procedure_of(case).actions[name]
                if wanted(action):
                    options.setdefault((case.procedure, name), []).append((case, action))
        if not options:
            return
        seldom = min(self._tried[option] for option in options)
        option = _nth([each for each in sorted(options) if nth % 3 or self._tried[each] == seldom], nth)
        self._tried[option] += 1
        case, action = _nth(options[option], which)
        if overtaken:
            self.store.meanwhile = self._somebody_is_quicker(case.id, which)
        self._act(case, action.id, self._right(case, action, nth), which, odd)

    def _act(self, case: Case, action: str, staff: StaffMember, nth: int, odd: str) -> None:
        known = self._policy_of(case).procedure_of(case).actions.get(action)
        said, area = self._particulars(case, known, staff, nth, odd)
        other = self._other(case, known, staff, nth, odd)
        asked = self._asked(staff, case, f"{action} {odd}")

        def act() -> Case:
            return self.acting.act(case.id, action, asked, said, area, other)

        answer = self._ask(case, asked, act, action, known, proper=not odd)
        if answer is not None:
            told = {"unit": [said.unit], "units": said.units}
            named = [unit for field in known.requires for unit in told.get(field, ())] if known else []
            assert all(unit in self.policies.current.units for unit in named), said
            self.deeds.append(Deed(case.id, action, asked, said, area, other, answer))

    def _ask(
        self,
        case: Case,
        asked: Asked,
        call: Callable[[], Case],
        name: str,
        action: Action | None = None,
        proper: bool = False,
    ) -> Case | None:
        """Ask for something, believing the case to be as `case`; the answer, None where it was refused."""
        now = self.holding.cases[case.id]
        self.tally.asked += 1
        try:
            answer = call()
        except DomainError as refused:
            self.store.meanwhile = None
            self._is_known(refused)
            changed = now.version != case.version or self.holding.cases[case.id] != now
            if now.version != case.version and may_see(asked.by, now, self.policies.current):
                assert isinstance(refused, StaleVersion), refused
            if isinstance(refused, StaleVersion):
                assert changed, "nobody was quicker"
                self.tally.stale += 1
            if isinstance(refused, ActionNotAllowed) and not changed and action and proper:
                self._was_not_offered(now, action, refused)
            self.holding.unchanged(case.id)
            return None
        self.store.meanwhile = None
        assert now.version == case.version, "acted on what was not so any more"
        told = self.holding.look(case.id)
        self._look_beside(answer, action)
        assert answer == self.holding.cases[case.id], "what is acknowledged is kept"
        assert told and all(event.causation_id == asked.command.id for event in told), "by one act, and by this one"
        assert all(event.actor == asked.by.actor for event in told)
        for event in told:
            if event.type in (E.JOINT_ACCEPTED, E.JOINT_REFUSED, E.JOINT_FINISHED) and asked.by.role != "administrator":
                abolished = event.data["unit"] not in self.policies.current.units
                assert event.data["unit"] == asked.by.unit or abolished, "nobody speaks for another unit"
        assert action is None or may_act(asked.by, action, now, self.policies.current)
        self.tally.done[now.procedure, name] += 1
        return answer

    def _look_beside(self, case: Case, action: Action | None) -> None:
        """What else an act has changed that is about two cases; and that every report is of one that is awake."""
        if action is None or not action.does.startswith("matter-"):
            return
        for case_id in [*self.holding.cases, *case.links.children]:
            self.holding.look(case_id)
        homes = [report for each in self.holding.cases.values() if not each.asleep for report in each.report_ids]
        assert len(homes) == len(set(homes)), "a report of two cases"

    def _was_not_offered(self, case: Case, action: Action, refused: DomainError) -> None:
        """Who may do an action that is offered is not told that it is not allowed, but for what only the asker is."""
        offered = allowed_actions(case, self._policy_of(case), self.clock.now())
        assert action.id not in offered or "joint" in action.actors or "extended" in refused.extra, (action, refused)

    def _somebody_is_quicker(self, case_id: str, nth: int) -> Callable[[], None]:
        """The other one, who does something to the case while somebody else is about to."""

        def act() -> None:
            case = self.store.case(case_id)
            if case is None:
                return
            policy = self._policy_of(case)
            names = allowed_actions(case, policy, self.clock.now())
            if not names:
                return
            action = policy.procedure_of(case).actions[_nth(names, nth)]
            staff = self._right(case, action, nth)
            said, area = self._particulars(case, action, staff, nth, "")
            other = self._other(case, action, staff, nth, "")
            try:
                done = self.acting.act(case_id, action.id, self._asked(staff, case, "quicker"), said, area, other)
                self.tally.overtaken += 1
                self.holding.look(case_id)
                self._look_beside(done, action)
            except DomainError as refused:
                self._is_known(refused)

        return act

    # --- what time does

    @rule(by=st.sampled_from(PAUSES), swept=st.booleans(), nth=NUMBER, overtaken=SELDOM)
    def time_passes(self, by: timedelta, swept: bool, nth: int, overtaken: bool) -> None:
        """The sweep may have been asleep for all of it."""
        self.clock.at += by
        if swept:
            self._sweep(nth if overtaken else None)

    @precondition(lambda self: self._planned())
    @rule()
    def a_visit_falls_due(self) -> None:
        self.clock.at = max(self.clock.at, min(visit.due_at for visit in self._planned()))
        self._sweep(None)

    def _planned(self) -> list[Visit]:
        visits = [case.visit for case in self._open_cases()]
        return [visit for visit in visits if visit and visit.state == "planned"]

    def _sweep(self, overtaken_by: int | None) -> None:
        now = self.clock.now()
        for case_id in self.store.due(now):
            if overtaken_by is not None:
                self.store.meanwhile = self._somebody_is_quicker(case_id, overtaken_by)
            before = self.holding.cases[case_id]
            try:
                done = self.acting.fall_due(case_id, "sweep")
            except StaleVersion:
                assert self.holding.cases[case_id] != before
                done = self.acting.fall_due(case_id, "sweep")
            self.store.meanwhile = None
            assert bool(self.holding.look(case_id)) == done or overtaken_by is not None
            self.tally.asked += 1
        for case_id in list(self.store.due(now)) if overtaken_by is not None else ():
            self.acting.fall_due(case_id, "sweep")  # somebody woke it meanwhile
            self.holding.look(case_id)
        self.holding.settled(now)
        assert not list(self.store.due(now)), "once is enough, however late"

    # --- what the network and the policy do

    @precondition(lambda self: self._in_ended())
    @rule(overtaken=SELDOM)
    def an_area_ends(self, overtaken: bool) -> None:
        moving = Moving(self.store, self.grid, self.policies.current, self.clock, self.policies.of("").units)
        succession = Succession("v2", {AREAS[1]: [AREAS[0]]})
        for found in list(moving.moves(succession)):
            if overtaken:
                self.store.meanwhile = self._somebody_is_quicker(found.case_id, 1)
            moving.move(found.case_id, succession, Origin(SYSTEM, BY_COMMAND, "move"))
            self.store.meanwhile = None
            self.holding.look(found.case_id)
        assert not self._in_ended()

    def _in_ended(self) -> list[Case]:
        return [case for case in self._open_cases() if case.area and case.area.code == AREAS[1]]

    @precondition(lambda self: self.policies.current.version == self._first_version)
    @rule(sure=st.integers(0, 3))
    def a_policy_is_deployed(self, sure: int) -> None:
        """Without a unit that holds cases, and without a state that cases are in."""
        if sure == 0:
            old = self.policies.current
            self.policies.earlier[old.version] = old
            self.policies.current = changed(old)
            self.intake = self._an_intake()

    @precondition(lambda self: self.policies.current.version != self._first_version)
    @rule(which=NUMBER, overtaken=SELDOM)
    def a_case_is_migrated(self, which: int, overtaken: bool) -> None:
        if cases := self._open_cases():
            case = _nth([each for each in cases if each.policy_version == self._first_version] or cases, which)
            if overtaken:
                self.store.meanwhile = self._somebody_is_quicker(case.id, which)
            Migrating(self.store, self.clock).migrate(case.id, self.policies.current, Origin(SYSTEM, BY_COMMAND, "m"))
            self.store.meanwhile = None
            self.holding.look(case.id)

    # --- what is one matter

    @rule(which=NUMBER, other=NUMBER)
    def a_matter_is_offered(self, which: int, other: int) -> None:
        """Somebody decides on it afterwards, or nobody does."""
        if cases := self._open_cases():
            case, known = _nth(cases, self._stirred(which)), _nth(list(self.holding.cases.values()), other)
            if case.id != known.id:
                offer(self.store, case, known.id, self.clock.now(), self._policy_of(case))
                self.holding.look(case.id)

    @rule(nth=NUMBER, which=NUMBER, odd=ODD, overtaken=SELDOM)
    def who_knows_of_another_acts(self, nth: int, which: int, odd: str, overtaken: bool) -> None:
        self._act_as(lambda action: action.does.startswith("matter-"), nth, which, odd, overtaken)

    def _other(self, case: Case, action: Action | None, staff: StaffMember, nth: int, odd: str) -> str | None:
        """Which other case an act is about; or a wrong one."""
        if action is None or "other" not in action.requires or odd == "nothing":
            return None
        everything = list(self.holding.cases.values())
        match odd:
            case "oneself":
                return case.id
            case "unknown-unit":
                return "no-such-case"
            case "for-another":
                return str(_nth(everything, nth).id)
        beneath = [each.case for each in case.links.absorbed if each.into == case.id]
        seen = [each for each in everything if each.open and may_see(staff, each, self.policies.current)]
        alike = [each.id for each in seen if each.id != case.id and each.kind == case.kind]
        found = {
            "matter-merge": alike,
            "matter-not-same": [each.case for each in case.links.offers],
            "matter-unmerge": [case.links.merged_into] if case.links.merged_into else beneath,
        }.get(action.does, [])
        return _nth(found, nth) if found else str(_nth(everything, nth).id)

    # --- who says what

    def _stirred(self, number: int) -> int:
        """Another number at every turn: hypothesis repeats much of what it drew, and here much is to be seen once."""
        return (number + next(self._turns)) * 2654435761 % 2**32 >> 8

    def officer(self, unit: str, number: int = 1) -> StaffMember:
        if leader := _member(unit.removeprefix("staff/")):
            return leader
        area = (self.policies.of(self._first_version).units[unit]).area or "320302"
        role = {"linkage-centre": "linkage-centre", "petition-office": "petition-office"}.get(unit)
        if role is None:
            role = (
                {9: "street", 12: "station"}.get(len(area), "department")
                if unit.startswith("centre-")
                else "department"
            )
        return StaffMember(f"{unit}.{number}", role, unit, (area,))

    def _right(self, case: Case, action: Action, nth: int) -> StaffMember:
        """Somebody who may; the administrator where nobody else who may can see the case."""
        staff = self._one_of_its_actors(case, action, nth)
        return staff if may_see(staff, case, self.policies.current) else ADMINISTRATOR

    def _one_of_its_actors(self, case: Case, action: Action, nth: int) -> StaffMember:
        if "extension" in action.does and nth % 3 == 0:
            return ADMINISTRATOR  # who asks and decides, if he may
        match _nth(action.actors, nth):
            case "lead" if case.lead:
                return self.officer(case.lead)
            case "joint":
                state = AGREED if action.does == "finish-joint" else ASKED
                units = [joint.unit for joint in case.joints if joint.state == state]
                return self.officer(_nth(units, nth)) if units else self.officer(case.desk)
            case "approver" if case.extension:
                officer = self.officer(case.extension.approver, 1 + bool(nth % 5))
                return replace(officer, role="unit-head") if case.procedure == "petition" else officer
            case "superior" if case.petition and case.petition.decider:
                return self.officer(case.petition.decider)
            case "submitter":
                return WALKER if case.submitters else ADMINISTRATOR
        return self.officer(case.desk)

    def _asked(self, staff: StaffMember, case: Case, content: str) -> Asked:
        return Asked(staff, Command(f"{staff.id}-{next(self._numbers)}", content), case.version, "r")

    def _particulars(
        self, case: Case, action: Action | None, staff: StaffMember, nth: int, odd: str
    ) -> tuple[Particulars, str | None]:
        """What somebody says with an action who says what it requires; or something odd."""
        policy = self._policy_of(case)
        if odd == "nothing" or action is None:
            return Particulars(), None
        units = [unit for unit in TARGETS if unit not in (case.lead, staff.unit, *case.open_joints)] or TARGETS
        needs, area = set(action.requires), None
        said: dict[str, Any] = {"reason": "情况属实"} if "reason" in needs or nth % 2 else {}
        if needs & {"note"} or nth % 3 == 0:
            said["note"] = "已到现场处理"
        if "category" in needs and (nth % 3 or case.category is None):
            said["category"] = _nth(list(policy.categories), nth)
        elif "category" in needs:
            said["category"] = case.category
        if "area" in needs and (case.area is None or nth % 3 == 0):
            area = _nth(AREAS, nth)
        if "unit" in needs:
            said["unit"] = _nth(units, nth)
        if "units" in needs:
            said["units"] = tuple(units[nth % 2 : nth % 2 + 2])
        clock = case.clock(action.clock) if action.clock else None
        if "until" in needs:
            due = clock.due_at if clock else self.clock.now()
            said["until"] = due.astimezone(policy.zone).date() + timedelta(days=1 + nth % 9)
        if "media" in needs or nth % 13 == 0:
            said["media"] = (self._picture(staff.id),)
        if "report_ids" in needs:
            own = [report for report in case.report_ids if report not in case.links.foreign]
            said["report_ids"] = tuple(own[len(own) // 2 :]) if nth % 7 else case.report_ids
        if action.does.startswith("petition-"):
            said |= self._of_a_petition(case, action, policy, nth)
        if "outcome" in needs:
            said["outcome"] = _nth(["satisfied", "basically-satisfied", "dissatisfied"], nth)
        said |= self._said_at_a_table(case, action, nth)
        match odd:
            case "unknown-unit":
                said |= {"unit": "no-such-unit", "units": ("no-such-unit",), "members": ("nobody",)}
            case "oneself":
                said |= {"unit": case.lead, "units": (case.lead or case.desk,)}
            case "twice":
                said |= {"units": (*said.get("units", ()), *said.get("units", ()), *case.open_joints)}
            case "past" | "far" | "last-day":
                days = {"past": date(2026, 1, 1), "far": date(2028, 1, 1), "last-day": date.max}
                said["until"] = days[odd]
            case "foreign-picture":
                said["media"] = (self._picture("somebody-else"),)
            case "known-picture":
                told = [name for deed in self.deeds for name in deed.said.media]
                said["media"] = tuple(told[-1:]) or ("no-such-picture",)
            case "elsewhere":
                area = "999999"
            case "unknown-category":
                said["category"] = "no-such-category"
            case "for-another":
                others = [joint.unit for joint in case.joints if joint.unit != staff.unit]
                said["unit"] = _nth(others, nth) if others else f"centre-{HERE}"
            case "done-at":
                said["done_at"] = datetime.fromisoformat("2026-01-01T23:59:59-10:00")
        return Particulars(**said), area

    def _of_a_petition(self, case: Case, action: Action, policy: Policy, nth: int) -> dict[str, Any]:
        """What is said with what is done to petitions; a few petition through too many."""
        said: dict[str, Any] = {}
        coming = tuple(each.member for each in case.invited if each.state in (COMING, TOOK_PART))
        today = self.clock.now().astimezone(policy.zone).date()
        match action.does:
            case "petition-register":
                people = _nth([1, 1, 3, 7, 30], nth)
                spoken = _nth([0, 0, 2, 5, 5, 6, 31], nth // 3) if people < 6 else _nth([1, 5, 5, 5, 6, 0], nth // 3)
                accused = _nth([(), ("housing-construction",), ("petition-office",), ("water",)], nth // 5)
                said = {"people": people, "representatives": spoken, "accused": accused}
            case "petition-direct":
                here = [way.id for way in policy.lawful_ways.values() if way.item == ONLY_WAY_HERE]
                said = {"way": _nth([*policy.lawful_ways, *here, "no-such-way"], nth)}
            case "petition-pass-on" if nth % 9 == 0:
                said = {"unit": case.lead}
            case "petition-decline":
                said = {"ground": _nth([*policy.grounds, *["no-such-ground"] * 3], nth)}
            case "petition-answer" | "petition-conclude":
                said = {"opinion": _nth(["support", "explain", "not-support"], nth)}
            case "petition-change-card":
                said = {"card": _nth([*policy.cards, *policy.cards, "no-such-card"], nth)}
            case "petition-name-leader":
                said = {"leader": _nth(["leader", "leader", "mediator"], nth)}
            case "petition-deliver":
                said = {"on": today - timedelta(days=_nth([0, 0, 0, 1, -1, 9, 31], nth))}
            case "petition-ask-review" if case.ended_by or nth % 7 == 0:
                last = last_day(case.ended_by.due_at, policy.zone) if case.ended_by else today
                said = {"on": last - timedelta(days=_nth([0, 0, 1, 20, -1, 99], nth))}
            case "petition-hold-hearing":
                since = today - timedelta(days=_nth([0, 0, 0, 2, 99], nth))
                said = {"since": since, "until": today - timedelta(days=_nth([0, 0, 0, 3, -1], nth // 5))}
                said["members"] = coming if nth % 2 else ()
        return said

    def _said_at_a_table(self, case: Case, action: Action, nth: int) -> dict[str, Any]:
        """What is said of a mediation: mostly what leads on, and now and then what does not."""
        needs = set(action.requires)
        today = self.clock.now().astimezone(self._policy_of(case).zone).date()
        known, said = case.mediation, dict[str, Any]()
        coming = tuple(each.member for each in case.invited if each.state in (COMING, TOOK_PART))
        if "members" in needs:
            known_here = {each.member for each in case.invited}
            unasked = tuple(each.id for each in POOL[:6] if each.id not in known_here)
            asked = tuple(each.member for each in case.invited if each.state == INVITED)
            meant = {"panel-invite": unasked, "panel-answer": asked or coming, "panel-avoid": ("L02",)}
            said["members"] = meant.get(action.does, coming) or _nth([coming, ("T01",), ("L02",)], nth) or ("T02",)
        if "party" in needs:
            left = [party for party in PARTIES if known is None or party not in known.consents]
            said["party"] = (left or list(PARTIES))[0] if nth % 4 else _nth(PARTIES, nth)
        if "agrees" in needs:
            said["agrees"] = nth % 8 != 0
        if "parties" in needs:
            said["parties"] = PARTIES if nth % 5 else PARTIES[:1]
        if "form" in needs:
            said |= {"form": _nth(["oral", "written"], nth), "terms": "各让一步", "on": today}
            said["until"] = today + timedelta(days=nth % 40 - 1)
        if "court" in needs:
            said["court"] = "鼓楼区人民法院"
        if "ruling" in needs:
            said["ruling"] = _nth(["confirmed", "rejected"], nth)
        if "performed" in needs:
            said["performed"] = _nth(["full", "partly", "none"], nth)
        return said

    def _picture(self, owner: str) -> str:
        name = f"p{next(self._numbers)}"
        self._announce(name, owner)
        return name

    def _is_known(self, refused: DomainError) -> None:
        """What is refused has a documented code; that two met is said as 409 or 412."""
        self.tally.refused[refused.code] += 1
        assert refused.code in self._statuses, f"{refused.code} is in no contract"
        if isinstance(refused, StaleVersion | IdempotencyConflict | ActionNotAllowed):
            assert self._statuses[refused.code] in (409, 412)

    def _policy_of(self, case: Case) -> Policy:
        return self.policies.of(case.policy_version)

    def _open_cases(self) -> list[Case]:
        return [case for case in self.holding.cases.values() if case.open]

    def _closed_cases(self) -> list[Case]:
        return [case for case in self.holding.cases.values() if not case.open]

    def _an_intake(self) -> Intake:
        roster, sealer, phones = MemoryRoster(), OpenSealer(), PlainPhones()
        matching = Matching(self.store, self.grid, self.policies, self.clock)
        return Intake(self.store, self.grid, roster, self.policies, sealer, phones, matching, self.clock, self.ids)


def _places(action: Action) -> int:
    """In how many states something is done to an open case."""
    return len({*action.states} - {CLOSED})


def changed(policy: Policy) -> Policy:
    """The next version: a unit and two categories are abolished, and matters of livelihood are suspended no more."""

    def others(units: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(unit for unit in units if unit != ABOLISHED)

    last = {each.kind: each.id for each in policy.categories.values() if each.kind in ("livelihood", "petition")}
    categories = {
        each.id: each._replace(joint=others(each.joint))
        for each in policy.categories.values()
        if each.id not in last.values()
    }
    return replace(
        policy,
        version="next",
        units={name: unit for name, unit in policy.units.items() if name != ABOLISHED},
        categories=categories,
        procedures={**policy.procedures, "livelihood": _without(policy.procedures["livelihood"], "suspended")},
    )


def _without(procedure: Procedure, state: str) -> Procedure:
    def others(states: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each for each in states if each != state)

    return procedure._replace(
        states={name: each for name, each in procedure.states.items() if name != state},
        actions={
            name: action._replace(states=others(action.states))
            for name, action in procedure.actions.items()
            if action.to != state and others(action.states)
        },
        clocks={name: clock._replace(pauses_in=others(clock.pauses_in)) for name, clock in procedure.clocks.items()},
    )


def _member(staff_id: str) -> StaffMember | None:
    return next((each for each in OTHERS if each.id == staff_id), None)


def _nth(several: Any, number: int) -> Any:
    return several[number % len(several)]


def documented() -> dict[str, int]:
    """The errors of the contract, with their statuses."""
    errors = Path(__file__).parents[1] / "docs" / "contract" / "errors.json"
    return {code: told["status"] for code, told in json.loads(errors.read_text("utf-8")).items()}
