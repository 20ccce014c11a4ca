"""One matter is one case: what joins, what is offered, what stands apart; whichever comes first, and at once (P2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count, permutations
from threading import RLock
from typing import Any

import pytest

from chalicelib.adapters.system import RandomIds
from chalicelib.domain.cases import Case, evolve
from chalicelib.domain.errors import OpenedMeanwhile
from chalicelib.domain.events import Actor
from chalicelib.domain.nearby import Near, home_of, places_around
from chalicelib.domain.people import Reporter
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Change, Circumstances
from chalicelib.domain.reports import Receipt, Report
from chalicelib.domain.steps import close, resolve
from chalicelib.domain.telling import Telling
from chalicelib.services.acting import Acting
from chalicelib.services.intake import Intake
from chalicelib.services.matching import Matching
from tests.memory import MemoryCaseStore, MemoryGrid, MemoryRoster
from tests.world import CELL, COMMUNITY, HandClock, Kept, OpenSealer, PlainPhones

COMPOUND = CELL[:14]
NAMES = {COMMUNITY: "万通社区", COMPOUND: "万通花园"}
LIFT = "lift-failure"


class OneAtATime(MemoryCaseStore):
    """The store in memory, asked by several threads: one request after another, as DynamoDB takes transactions."""

    def __init__(self) -> None:
        super().__init__()
        self._alone = RLock()
        self.reads = 0

    def record(self, *said: Any, **more: Any) -> None:
        with self._alone:
            super().record(*said, **more)

    def near(self, places: Sequence[str]) -> list[Near]:
        with self._alone:
            self.reads += 1
            return super().near(places)

    def cases(self, case_ids: Sequence[str]) -> Mapping[str, Case]:
        with self._alone:
            return super().cases(case_ids)


class Town:
    """The services on memory: one compound of one community, whose names are known."""

    def __init__(self, policy: Policy, store: MemoryCaseStore | None = None) -> None:
        self.policy = policy
        self.clock = HandClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
        self.store = store or OneAtATime()
        self.policies = Kept(policy)
        grid, roster = MemoryGrid([CELL, COMPOUND, COMMUNITY], NAMES), MemoryRoster()
        self.matching = Matching(self.store, grid, self.policies, self.clock)
        self.intake = Intake(
            self.store,
            grid,
            roster,
            self.policies,
            OpenSealer(),
            PlainPhones(),
            self.matching,
            self.clock,
            RandomIds(),
        )
        self.acting = Acting(
            self.store, grid, roster, self.policies, self.clock, RandomIds(), matching=lambda: self.matching
        )
        self._numbers = count(1)

    def report(self, text: str, source: str = "mobile", **said: Any) -> Report:
        number, now = next(self._numbers), self.clock.now()
        known: dict[str, Any] = {"area_code": CELL if source != "sms" else None, "reporter": Reporter()}
        return Report(source, f"{source}{number}", f"f{number}", text, now, now, **{**known, **said})

    def take(self, report: Report) -> Receipt:
        if report.source == "sms":
            return self.intake.take_text(report, Actor("sms", "source"), "r")
        return self.intake.submit(report, Actor("w", "grid-worker"), "r")

    def tell(self, text: str, source: str = "mobile", **said: Any) -> Receipt:
        return self.take(self.report(text, source, **said))

    def case(self, case_id: str) -> Case:
        case = self.store.case(case_id)
        assert case is not None
        return case

    @property
    def cases(self) -> set[str]:
        return {pk for pk, rows in self.store.partitions.items() if "CASE" in rows}


@pytest.fixture
def town(matching_policy: Policy) -> Town:
    return Town(matching_policy)


LIFT_TOLD = (
    ("3#楼2单元电提又坏了,八楼老人下不来", "sms", {}),
    ("3号楼2单元电梯停在6楼不动", "mobile", {"category": LIFT}),
    ("来电人反映万通花园三号楼二单元电梯停运", "12345", {"category": LIFT, "address": "万通花园3号楼2单元"}),
    ("三栋2单元的电梯又坏了，上不去楼", "web", {}),
)


def lift_reports(town: Town) -> list[Report]:
    """Of one lift, by four sources; a text has no place but the one it names."""
    named = [(f"万通花园{text}" if source == "sms" else text, source, said) for text, source, said in LIFT_TOLD]
    return [town.report(text, source, **said) for text, source, said in named]


def test_four_sources_that_tell_of_one_lift_are_one_case_in_whatever_order(matching_policy: Policy) -> None:
    ends = set()
    for order in permutations(range(4)):
        town = Town(matching_policy)
        reports = lift_reports(town)
        receipts = [town.take(reports[place]) for place in order]
        assert len(town.cases) == 1
        case = town.case(receipts[0].case_id)
        assert case.report_ids == tuple(reports[place].id for place in order)
        assert [receipt.joined for receipt in receipts] == [False, True, True, True]
        ends.add((case.category, case.lead, case.state, case.area and case.area.code, case.urgency))
    assert len(ends) == 1 and ends.pop()[2] == "assigned"


def test_ten_reports_in_the_same_second_are_one_case_with_ten_reports(town: Town) -> None:
    reports = [town.report(f"3号楼2单元电梯坏了{'!' * n}", "mobile", category=LIFT) for n in range(10)]
    with ThreadPoolExecutor(10) as pool:
        receipts = list(pool.map(town.take, reports))
    assert len(town.cases) == 1
    case = town.case(receipts[0].case_id)
    assert sorted(case.report_ids) == sorted(report.id for report in reports)
    assert sum(not receipt.joined for receipt in receipts) == 1


def test_what_is_sent_again_gets_the_answer_of_the_first_time(town: Town) -> None:
    reports = lift_reports(town)
    first = [town.take(report) for report in reports]
    assert [town.take(report) for report in reports] == first
    assert len(town.case(first[0].case_id).report_ids) == 4


def test_the_same_words_about_two_lifts_are_two_cases(town: Town) -> None:
    one = town.tell("3号楼2单元电梯又坏了", category=LIFT)
    for other in ("13号楼2单元电梯又坏了", "3号楼1单元电梯又坏了", "八号楼二单元电梯又坏了"):
        receipt = town.tell(other, category=LIFT)
        assert not receipt.joined and receipt.case_id != one.case_id


def test_what_may_be_the_same_is_offered_and_joins_nothing(town: Town) -> None:
    one = town.tell("3号楼电梯坏了", category=LIFT)
    two = town.tell("3号楼2单元电梯坏了,老人下不来", category=LIFT)
    assert not two.joined
    (offer,) = town.case(two.case_id).links.offers
    assert offer.case == one.case_id and offer.score < town.policy.same_matter.automatic
    assert "building-same" in offer.why and "unit-untold" not in town.case(one.case_id).links.offers


def test_a_petition_is_never_compared_with_a_hazard_nor_joined(town: Town) -> None:
    words = "3号楼2单元电梯坏了没人管"
    hazard = town.tell(words, category=LIFT)
    petition = town.tell(words, category="petition-official-conduct")
    again = town.tell(words, category="petition-official-conduct")
    assert len({hazard.case_id, petition.case_id, again.case_id}) == 3
    assert town.case(petition.case_id).links.offers == ()
    assert [offer.case for offer in town.case(again.case_id).links.offers] == [petition.case_id]
    assert town.tell(words, category=LIFT).case_id == hazard.case_id


def test_a_petition_is_entered_apart_from_what_everybody_may_see(town: Town) -> None:
    town.tell("反映干部作风", category="petition-official-conduct")
    assert [pk for pk in town.store.partitions if pk.startswith("NEAR#")] == [f"NEAR#{COMPOUND}#confidential"]


def test_who_wants_a_case_of_its_own_gets_one_with_the_other_offered(town: Town) -> None:
    one = town.tell("万通花园3号楼2单元电梯坏了", category=LIFT)
    prefix = town.policy.rules.sms_new_prefix
    own = town.tell(f"{prefix}：万通花园3号楼2单元电梯坏了", "sms", reporter=Reporter(phone="+8613900000001"))
    assert not own.joined
    assert [offer.case for offer in town.case(own.case_id).links.offers] == [one.case_id]


def closed(town: Town, case_id: str, outcome: str) -> None:
    """Close a case as the engine would, whatever it takes to come to that."""
    case = town.case(case_id)
    around = Circumstances(Actor("l", "linkage-centre", "linkage-centre"), town.clock.now(), town.policy, "r", "c")
    telling = Telling(case, case.id, around, evolve)
    close(telling, outcome)
    town.store.save(Change(telling.known, telling.events, case), None, "test")


def test_a_closed_matter_told_again_soon_joins_and_asks_to_be_reopened(town: Town) -> None:
    one = town.tell("3号楼2单元电梯坏了", category=LIFT)
    town.clock.forward(hours=5)
    closed(town, one.case_id, "satisfied")
    town.clock.forward(days=2)
    again = town.tell("3号楼2单元电梯坏了", "12345", category=LIFT)
    case = town.case(one.case_id)
    assert again.joined and again.case_id == one.case_id and case.state == "reopen-requested"
    asked = town.store.history(case.id)[-1].data
    assert (asked["closed_as"], asked["report_id"]) == ("satisfied", case.report_ids[-1])


def test_a_matter_told_again_after_its_answer_asks_to_be_reopened_so_that_nobody_is_left_without_one(
    town: Town,
) -> None:
    one = town.tell("3号楼2单元电梯坏了", category=LIFT)
    case = town.case(one.case_id)
    around = Circumstances(Actor("l", "linkage-centre", "linkage-centre"), town.clock.now(), town.policy, "r", "c")
    telling = Telling(case, case.id, around, evolve)
    resolve(telling, "resolved", "已修好", {})
    town.store.save(Change(telling.known, telling.events, case), None, "test")
    again = town.tell("3号楼2单元电梯坏了", "12345", category=LIFT)
    assert again.case_id == one.case_id and again.state == "reopen-requested"
    third = town.tell("三号楼二单元电梯还是坏的", "web", category=LIFT)
    assert third.case_id == one.case_id and len(town.case(one.case_id).report_ids) == 3


def test_a_closed_matter_told_again_late_or_that_was_none_is_a_new_case(town: Town) -> None:
    late, none = "3号楼2单元电梯坏了", "5号楼1单元电梯坏了"
    one, two = town.tell(late, category=LIFT), town.tell(none, category=LIFT)
    closed(town, one.case_id, "satisfied")
    town.clock.forward(days=8)
    closed(town, two.case_id, "voided")
    for told, first in ((late, one), (none, two)):
        again = town.tell(told, category=LIFT)
        assert not again.joined and again.case_id != first.case_id
        assert town.case(again.case_id).links.offers == ()


def test_what_no_other_is_like_is_not_offered(town: Town) -> None:
    town.tell("3号楼2单元电梯坏了", category=LIFT)
    other = town.tell("小区门口占道卖西瓜", category="street-trading")
    assert town.case(other.case_id).links.offers == ()


def test_a_matter_told_again_after_the_window_of_its_kind_is_another(town: Town) -> None:
    one = town.tell("3号楼2单元电梯坏了", category=LIFT)
    town.clock.forward(days=40)
    two = town.tell("3号楼2单元电梯坏了", category=LIFT)
    assert not two.joined and two.case_id != one.case_id and town.case(two.case_id).links.offers == ()


def test_a_more_urgent_report_makes_the_case_more_urgent_and_a_less_urgent_one_does_not(town: Town) -> None:
    one = town.tell("3号楼2单元电梯坏了", category=LIFT, urgency="ordinary")
    town.tell("3号楼2单元电梯坏了", category=LIFT, urgency="major")
    assert town.case(one.case_id).urgency == "major"
    town.tell("3号楼2单元电梯坏了", category=LIFT, urgency="ordinary")
    assert town.case(one.case_id).urgency == "major"
    learned = [event for event in town.store.history(one.case_id) if event.data.get("chosen_by") == "report"]
    assert len(learned) == 1


class Contended(OneAtATime):
    """Somebody else opens a matter at the same place, every time."""

    def record(self, *said: Any, **more: Any) -> None:
        if more.get("near") is not None:
            raise OpenedMeanwhile()
        super().record(*said, **more)


def test_where_others_never_let_go_the_report_still_opens_a_case(matching_policy: Policy) -> None:
    store = Contended()
    town = Town(matching_policy, store)
    receipt = town.tell("3号楼2单元电梯坏了", category=LIFT)
    assert not receipt.joined and town.case(receipt.case_id).state == "assigned"
    assert store.reads == matching_policy.same_matter.attempts + 1


def test_a_place_keeps_the_newest_matters_within_its_bounds(town: Town) -> None:
    rules = town.policy.same_matter
    for number in range(rules.most_entries + 20):
        town.clock.forward(minutes=1)
        town.tell(f"{number + 1}号楼下水道堵了" + "，污水漫出来了很臭" * 12, category="sewer-blocked")
    (near,) = town.store.near([COMPOUND])
    assert 0 < len(near.entries) <= rules.most_entries
    assert len(near.written.encode()) <= rules.most_bytes
    told = [town.case(entry[0]).opened_at for entry in near.entries]
    assert told == sorted(told, reverse=True) and told[0] == town.clock.now()


def test_places_to_look_are_bounded_and_begin_at_home() -> None:
    beside = [f"{COMMUNITY}{n:02d}" for n in range(2, 9)]
    assert places_around(CELL, beside, [], 4, confidential=False) == [COMPOUND, COMMUNITY, *beside[:2]]
    assert places_around(COMMUNITY, [], beside, 4, confidential=False) == [COMMUNITY, *beside[:3]]
    assert places_around("", beside, beside, 4, confidential=False) == []
    assert home_of(COMMUNITY[:9], confidential=False) is None
    assert home_of(CELL, confidential=True) == f"{COMPOUND}#confidential"


def test_a_report_placed_only_in_the_community_finds_what_lies_in_its_compounds(town: Town) -> None:
    one = town.tell("3号楼2单元电梯坏了", category=LIFT)
    two = town.tell("3号楼2单元电梯坏了", "12345", category=LIFT, area_code=COMMUNITY)
    assert two.case_id == one.case_id
