"""One matter in several cases, several matters in one: merged, put apart again and split, without loss (ADR 38)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.system import RandomIds
from chalicelib.domain import events as E
from chalicelib.domain.cases import Case, replay
from chalicelib.domain.envelope import Happening
from chalicelib.domain.errors import (
    ActionNotAllowed,
    CaseMerged,
    DomainError,
    Forbidden,
    Hidden,
    IdempotencyConflict,
    InvalidField,
    MatterRefused,
    StaleVersion,
    UnknownCase,
)
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.figures import OPEN, Counts, OfMatters, Tally, counted, of_matters
from chalicelib.domain.links import MOST_DEPTH, Offer
from chalicelib.domain.matter_acts import MOST_ABSORBED, MOST_AT_ONCE, check_mergeable
from chalicelib.domain.narrating import told
from chalicelib.domain.people import Reporter, StaffMember
from chalicelib.domain.petitions import Petition
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Particulars
from chalicelib.domain.records import Command
from chalicelib.domain.reports import Receipt, Report
from chalicelib.models.case_rows import CaseRow, case_from
from chalicelib.models.histories import rows_of
from chalicelib.models.report_rows import ReportRow
from chalicelib.services.acting import Acting, Asked
from chalicelib.services.intake import Intake
from chalicelib.services.matching import Matching
from chalicelib.services.reading import Reading
from tests.memory import MemoryCaseStore, MemoryGrid, MemoryRoster
from tests.offering import offer
from tests.world import HandClock, Kept, OpenSealer, PlainPhones

COMMUNITY, ELSEWHERE = "320302001002", "320302007001"
CELL, FAR = f"{COMMUNITY}0101", f"{ELSEWHERE}0101"
STATION = StaffMember("s", "station", f"centre-{COMMUNITY}", (COMMUNITY,))
OTHER_STATION = StaffMember("t", "station", f"centre-{ELSEWHERE}", (ELSEWHERE,))
WALKER = StaffMember("w", "grid-worker", f"centre-{COMMUNITY}", (COMMUNITY,))
LINKAGE = StaffMember("l", "linkage-centre", "linkage-centre", ("320302",))
ADMINISTRATOR = StaffMember("a", "administrator", "linkage-centre", ("320302",))
SMS = Actor("sms", "source")


class Town:
    """The services on memory, with two cells far from each other."""

    def __init__(self, policy: Policy) -> None:
        self.clock = HandClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC))
        self.store = MemoryCaseStore()
        self.policies = Kept(policy)
        grid, roster = MemoryGrid([CELL, COMMUNITY, FAR, ELSEWHERE]), MemoryRoster()
        sealer, phones = OpenSealer(), PlainPhones()
        self.acting = Acting(self.store, grid, roster, self.policies, self.clock, RandomIds())
        matching = Matching(self.store, grid, self.policies, self.clock)
        self.intake = Intake(self.store, grid, roster, self.policies, sealer, phones, matching, self.clock, RandomIds())
        self.reading = Reading(self.store, self.policies)
        self._numbers = count(1)

    def report(self, category: str | None = "noise", cell: str = CELL, by: StaffMember = WALKER) -> str:
        self.clock.forward(seconds=1)
        now, name = self.clock.now(), f"m{next(self._numbers)}"
        known = Report("mobile", name, "f", "有事", now, now, category, area_code=cell, submitted_by=by.id)
        return self.intake.submit(known, by.actor, "r").case_id

    def text(self, phone: str, words: str) -> Receipt:
        self.clock.forward(seconds=1)
        now, name = self.clock.now(), f"t{next(self._numbers)}"
        report = Report("sms", name, name, words, now, now, reporter=Reporter(phone=phone))
        return self.intake.take_text(report, SMS, "r")

    def again(self, receipt: Receipt) -> Receipt | None:
        known = self.store.report(receipt.report_id)
        assert known is not None
        return self.intake.answer_again(known.report)

    def case(self, case_id: str) -> Case:
        case = self.store.case(case_id)
        assert case is not None
        return case

    def asked(self, case_id: str, by: StaffMember, **other: Any) -> Asked:
        command = Command(other.get("key", f"c{next(self._numbers)}"), other.get("content", "x"))
        return Asked(by, command, other.get("version", self.case(case_id).version), "r")

    def act(
        self,
        case_id: str,
        action: str,
        by: StaffMember = LINKAGE,
        area: str | None = None,
        other: str | None = None,
        **said: Any,
    ) -> Case:
        return self.acting.act(case_id, action, self.asked(case_id, by), Particulars(**said), area, other)

    def merge(self, case_id: str, other: str, by: StaffMember = LINKAGE, reason: str | None = "同一件事") -> Case:
        return self.act(case_id, "merge", by, other=other, reason=reason)

    def unmerge(self, case_id: str, other: str, by: StaffMember = LINKAGE) -> Case:
        return self.act(case_id, "unmerge", by, other=other, reason="并错了")

    def told(self, case_id: str, event_type: str) -> list[Event]:
        return [event for event in self.store.history(case_id) if event.type == event_type]

    def cases(self) -> list[Case]:
        found = (rows.get(CaseRow.SK) for rows in self.store.partitions.values())
        return [case_from(dict(row)) for row in found if row]

    def whole(self) -> None:
        """Every row lies as the histories give it, and every report is of exactly one case that is awake."""
        cases = self.cases()
        for case in cases:
            assert replay(self.store.history(case.id)) == case
            main, *others = rows_of(case)
            for row in (main, *others):
                lies = self.store.partitions[row.key[0]][row.key[1]]
                assert {name: lies.get(name) for name in row.says} == dict(row.says), row.what
            assert not case.asleep or not (case.tasks or case.next_timer)
            assert {"queue", "due_shard", "community"}.isdisjoint(
                self.store.rows_of(case.id)["CASE"]
            ) or not case.asleep
        homes = Counter(report for case in cases if not case.asleep for report in case.report_ids)
        rows = {key.removeprefix("REPORT#"): row for key, row in self.store.partitions.items() if "REPORT#" in key}
        assert homes == Counter(dict.fromkeys(rows, 1)), "every report once"
        awake = {report: case.id for case in cases if not case.asleep for report in case.report_ids}
        assert {report: row[ReportRow.SK]["case_id"] for report, row in rows.items()} == awake


@pytest.fixture
def town(policy: Policy) -> Town:
    return Town(policy)


# --- merging


def test_the_older_stays_awake_and_the_other_sleeps_as_it_stood(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    town.act(sleeps, "accept", ADMINISTRATOR)
    before, was = town.case(sleeps), town.case(kept)
    answered = town.merge(sleeps, kept)
    asleep, awake = town.case(sleeps), town.case(kept)
    assert answered == asleep and asleep.links.merged_into == kept
    assert (asleep.state, asleep.clocks, asleep.report_ids) == (before.state, before.clocks, before.report_ids)
    assert not asleep.open and asleep.tasks == () and asleep.next_timer is None
    assert awake.report_ids == (*was.report_ids, *before.report_ids)
    assert (awake.state, awake.clocks, awake.lead) == (was.state, was.clocks, was.lead)
    assert sleeps not in {item.case_id for item in town.store.unit_queue(before.unit, 50, None).items}
    town.whole()


def test_an_act_on_what_sleeps_is_refused_and_says_where_it_is(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    town.merge(kept, sleeps)
    for action in ("accept", "return", "resolve", "withdraw", "merge", "split"):
        with pytest.raises(CaseMerged) as refused:
            town.act(sleeps, action, ADMINISTRATOR, other=kept, reason="理由", note="已办")
        assert refused.value.extra == {"into": kept}
    assert town.acting.fall_due(sleeps, "r") is False


def test_time_does_nothing_to_what_sleeps_and_what_it_missed_comes_when_it_wakes(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    town.merge(kept, sleeps)
    town.clock.forward(days=40)
    assert sleeps not in town.store.due(town.clock.now())
    town.unmerge(kept, sleeps)
    assert sleeps in town.store.due(town.clock.now())
    assert town.acting.fall_due(sleeps, "r")
    assert town.told(sleeps, E.CLOCK_BREACHED)
    town.whole()


def test_a_visit_that_waits_is_not_made_while_the_case_sleeps(town: Town) -> None:
    kept, sleeps = town.report("neighbour-dispute"), town.report("neighbour-dispute")
    town.act(sleeps, "accept", STATION)
    town.act(sleeps, "resolve", STATION, note="双方已和解。")
    town.clock.forward(days=60)
    town.acting.fall_due(sleeps, "r")
    visit = town.case(sleeps).visit
    assert visit and visit.state == "due" and town.store.due_visits(COMMUNITY, 9, None).items
    town.merge(kept, sleeps)
    assert not town.store.due_visits(COMMUNITY, 9, None).items
    with pytest.raises(CaseMerged):
        town.acting.record_visit(visit.id, town.asked(sleeps, WALKER), "satisfied", None)
    town.unmerge(sleeps, kept)
    assert town.case(sleeps).visit == visit and town.store.due_visits(COMMUNITY, 9, None).items


def test_never_with_itself_nor_with_what_is_closed_or_sleeps(town: Town) -> None:
    kept, sleeps, closed, third = (town.report() for _ in range(4))
    with pytest.raises(InvalidField, match="same-case"):
        town.merge(kept, kept)
    town.act(closed, "withdraw", WALKER, reason="不用了")
    with pytest.raises(MatterRefused, match="matter-closed"):
        town.merge(kept, closed)
    with pytest.raises(ActionNotAllowed):
        town.merge(closed, kept)
    town.merge(kept, sleeps)
    with pytest.raises(CaseMerged) as refused:
        town.merge(third, sleeps)
    assert (refused.value.field, refused.value.extra) == ("other", {"into": kept})
    with pytest.raises(UnknownCase):
        town.merge(kept, "01KAMZ8Y4V6T2QW9R3N5C7XB1D")


def test_never_what_is_confidential_with_what_is_not(town: Town, policy: Policy) -> None:
    secret = next(each.id for each in policy.categories.values() if policy.kinds[each.kind].confidential)
    petition, hazard, unscreened = town.report(secret), town.report(), town.report(None)
    for case, other in ((petition, hazard), (hazard, petition), (petition, unscreened)):
        with pytest.raises(MatterRefused, match="matter-confidential"):
            town.merge(case, other, ADMINISTRATOR)
    town.merge(petition, town.report(secret), ADMINISTRATOR)
    town.whole()


def test_a_kind_that_has_become_confidential_since_is_not_merged_with_others(town: Town, policy: Policy) -> None:
    one, other = town.report("street-light"), town.report("neighbour-dispute")
    kind = town.case(other).kind or ""
    kinds = {**policy.kinds, kind: policy.kinds[kind]._replace(confidential=True)}
    town.policies.earlier[policy.version] = policy
    town.policies.current = replace(policy, version="next", kinds=kinds)
    with pytest.raises(MatterRefused, match="matter-confidential"):
        town.merge(one, other, ADMINISTRATOR)


def test_never_petitions_that_accuse_others(town: Town, policy: Policy) -> None:
    secret = next(each.id for each in policy.categories.values() if policy.kinds[each.kind].confidential)
    one, other = town.case(town.report(secret)), town.case(town.report(secret))
    accusing = replace(one, petition=_petition(("health",)))
    with pytest.raises(MatterRefused, match="petitions-differ"):
        check_mergeable(accusing, other, policy)
    with pytest.raises(MatterRefused, match="petitions-differ"):
        check_mergeable(accusing, replace(other, petition=_petition(("health", "water"))), policy)
    check_mergeable(accusing, replace(other, petition=_petition(("health",))), policy)


def _petition(accused: tuple[str, ...]) -> Petition:
    found = Petition.__new__(Petition)
    object.__setattr__(found, "accused", accused)
    return found


def test_who_may_not_see_the_other_is_told_that_there_is_none(town: Town) -> None:
    here, there = town.report(), town.report(cell=FAR)
    with pytest.raises(UnknownCase):
        town.merge(here, there, STATION)
    with pytest.raises(Forbidden):
        town.merge(here, town.report(), WALKER)
    assert town.merge(here, there, LINKAGE).id == here


def test_a_reason_is_needed_unless_it_was_offered(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    with pytest.raises(InvalidField, match="field-required"):
        town.merge(kept, sleeps, reason=None)
    _offer(town, sleeps, kept)
    town.merge(kept, sleeps, reason=None)
    (event,) = town.told(sleeps, E.MATTER_MERGED)
    assert (event.data["score"], event.data["why"]) == (0.71, ["compound-same", "things"])
    assert town.case(sleeps).links.offers == ()


def _offer(town: Town, case_id: str, other: str) -> None:
    offer(town.store, town.case(case_id), other, town.clock.now(), town.policies.current)


def test_what_was_offered_and_is_another_matter_is_not_offered_again(town: Town) -> None:
    one, other = town.report(), town.report()
    with pytest.raises(ActionNotAllowed):
        town.act(other, "not-same", other=one)
    _offer(town, other, one)
    assert town.case(other).links.offers == (Offer(one, 0.71, ("compound-same", "things")),)
    with pytest.raises(InvalidField, match="not-offered"):
        town.act(other, "not-same", other=town.report())
    town.act(other, "not-same", other=one)
    assert (town.case(other).links.offers, town.case(other).links.apart) == ((), (one,))
    assert town.case(one).links.apart == (other,)
    town.whole()


# --- putting apart again


def test_what_wakes_is_as_it_was_with_what_was_told_through_it_and_what_was_answered_meanwhile(town: Town) -> None:
    kept = town.report()
    first = town.text("13805160001", "楼上漏水")
    sleeps = first.case_id
    town.act(sleeps, "classify", category="noise", area=CELL)
    before, reports = town.case(sleeps), town.store.report(first.report_id)
    town.merge(kept, sleeps)
    by_code = town.text("13805160002", f"还在漏 {first.tracking_code}")
    by_phone = town.text("13805160001", "今天更厉害了")
    assert by_phone.joined and (by_phone.case_id, by_phone.tracking_code) == (kept, first.tracking_code)
    assert not by_code.joined, "a tracking code opens nothing to who never told of it"
    town.act(kept, "accept", ADMINISTRATOR)
    town.act(kept, "resolve", ADMINISTRATOR, note="已修好。")
    (answer,) = town.told(kept, E.CASE_RESOLVED)
    assert set(answer.data["report_ids"]) == set(town.case(kept).report_ids) >= {first.report_id, by_phone.report_id}
    town.unmerge(kept, sleeps)
    after = town.case(sleeps)
    links = replace(before.links, apart=(kept,))
    later = {"version": after.version, "updated_at": after.updated_at, "digest": after.digest, "links": links}
    assert after == replace(before, report_ids=(first.report_id, by_phone.report_id), **later)
    assert town.store.report(first.report_id) == reports
    assert len(town.case(kept).report_ids) == 1
    (event,) = town.told(sleeps, E.MATTER_UNMERGED)
    assert [(each["note"], each["event"]) for each in event.data["answers"]] == [("已修好。", answer.id)]
    assert town.again(first) == first and town.again(by_phone) == by_phone
    assert town.text("13805160001", "又漏了").case_id == sleeps
    town.whole()


def test_what_sleeps_in_what_sleeps_comes_along_and_stays_in_it(town: Town) -> None:
    oldest = town.report()
    middle, inner = town.text("13805160001", "漏水"), town.text("13805160002", "漏水了")
    for case_id in (middle.case_id, inner.case_id):
        town.act(case_id, "classify", category="noise", area=CELL)
    town.merge(middle.case_id, inner.case_id)
    before = town.case(middle.case_id)
    town.merge(oldest, middle.case_id)
    town.whole()
    through = town.text("13805160002", "还没修")
    assert (through.case_id, through.tracking_code) == (oldest, inner.tracking_code)
    with pytest.raises(CaseMerged) as refused:
        town.unmerge(inner.case_id, middle.case_id)
    assert refused.value.extra == {"into": oldest}
    with pytest.raises(InvalidField, match="not-merged"):
        town.unmerge(oldest, inner.case_id)
    town.unmerge(oldest, middle.case_id)
    awake = town.case(middle.case_id)
    assert awake.report_ids == (*before.report_ids, through.report_id)
    assert awake.code_of(through.report_id) == inner.tracking_code
    town.whole()
    town.unmerge(middle.case_id, inner.case_id)
    assert town.case(inner.case_id).report_ids == (inner.report_id, through.report_id)
    assert town.case(middle.case_id).report_ids == (middle.report_id,)
    town.whole()


def test_what_is_merged_no_more_may_be_merged_again(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    for _ in range(3):
        town.merge(kept, sleeps)
        town.whole()
        town.unmerge(sleeps, kept)
        town.whole()
    assert town.case(kept).links.absorbed == ()


def test_what_sleeps_wakes_though_the_other_has_ended(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    town.merge(kept, sleeps)
    town.act(kept, "accept", ADMINISTRATOR)
    town.act(kept, "resolve", ADMINISTRATOR, note="已办")
    town.act(kept, "evaluate", ADMINISTRATOR, outcome="satisfied")
    assert not town.case(kept).open
    town.unmerge(sleeps, kept)
    assert town.case(sleeps).open
    town.whole()


def test_who_reported_what_sleeps_sees_and_lists_the_one_that_is_awake(town: Town) -> None:
    far = StaffMember("x", "grid-worker", f"centre-{ELSEWHERE}", (ELSEWHERE,))
    kept, sleeps = town.report(), town.report(cell=FAR, by=far)
    with pytest.raises(Hidden):
        town.reading.case(kept, far)
    town.merge(kept, sleeps)
    assert town.reading.case(kept, far).id == kept
    assert [item.case_id for item in town.store.reported_by(far.id, 9, None).items] == [kept]
    town.unmerge(kept, sleeps)
    with pytest.raises(Hidden):
        town.reading.case(kept, far)
    assert [item.case_id for item in town.store.reported_by(far.id, 9, None).items] == [sleeps]


def test_whoever_has_the_code_of_what_sleeps_is_shown_the_steps_of_the_other(town: Town) -> None:
    kept, sleeps = town.case(town.report()), town.case(town.report())
    town.merge(kept.id, sleeps.id)
    shown, other = town.reading.track(sleeps.tracking_code), town.reading.track(kept.tracking_code)
    assert shown.tracking_code == sleeps.tracking_code
    assert (shown.steps, shown.state, shown.version) == (other.steps, other.state, other.version)
    assert kept.tracking_code not in str(shown) and "合并办理" in shown.steps[-1].what
    assert town.reading.case_by_tracking_code(sleeps.tracking_code, LINKAGE).id == kept.id
    town.unmerge(kept.id, sleeps.id)
    assert town.reading.track(sleeps.tracking_code).state == sleeps.state
    assert town.reading.case_by_tracking_code(sleeps.tracking_code, LINKAGE).id == sleeps.id


def test_links_are_shown_of_what_the_reader_may_see(town: Town) -> None:
    kept, there = town.report(), town.report(cell=FAR)
    here = town.report()
    town.merge(kept, there)
    town.merge(kept, here)
    town_wide, own = (town.reading.links(town.case(kept), by) for by in (LINKAGE, STATION))
    assert {each.case for each in town_wide.absorbed} == {there, here}
    assert [each.case for each in own.absorbed] == [here]
    assert town.reading.links(town.case(there), OTHER_STATION).merged_into is None


def test_an_offer_of_what_the_reader_may_not_see_is_not_in_the_timeline(town: Town) -> None:
    here, there = town.report(), town.report(cell=FAR)
    _offer(town, here, there)
    assert E.MATTER_OFFERED in {event.type for event in town.reading.timeline(here, LINKAGE)}
    assert E.MATTER_OFFERED not in {event.type for event in town.reading.timeline(here, STATION)}
    assert town.reading.links(town.case(here), STATION).offers == ()


# --- splitting


def test_what_is_split_off_is_a_case_of_its_own(town: Town) -> None:
    first = town.text("13805160001", "路灯坏了")
    second, third = town.text("13805160001", "还有下水道堵了"), town.text("13805160001", "下水道更臭了")
    parent = first.case_id
    assert {second.case_id, third.case_id} == {parent}
    town.act(parent, "classify", category="street-light", area=CELL)
    with pytest.raises(InvalidField, match="not-its-report"):
        town.act(parent, "split", report_ids=("0" * 32,), category="noise", note="两件事")
    with pytest.raises(InvalidField, match="no-report-left"):
        town.act(parent, "split", report_ids=town.case(parent).report_ids, category="noise", note="两件事")
    reports = (second.report_id, third.report_id)
    split = town.act(parent, "split", report_ids=reports, category="neighbour-dispute", note="两件事")
    (child_id,) = split.links.children
    child = town.case(child_id)
    assert (child.links.parent, child.report_ids, child.kind, child.state) == (parent, reports, "dispute", "assigned")
    assert split.report_ids == (first.report_id,) and child.area == split.area and child.source == "sms"
    town.whole()
    assert town.again(second) == second, "a repeat is answered as the first time"
    assert town.text("13805160001", "还是堵").case_id == child_id, "the phone's newest matter"
    assert town.reading.track(child.tracking_code).tracking_code == child.tracking_code
    with pytest.raises(ActionNotAllowed):
        town.act(parent, "split", report_ids=(first.report_id,), category="noise", note="一件事")


def test_a_split_is_undone_by_merging_the_child_into_its_parent(town: Town) -> None:
    first, second = town.text("13805160001", "路灯坏了"), town.text("13805160001", "下水道堵了")
    town.act(first.case_id, "classify", category="street-light", area=CELL)
    town.act(first.case_id, "split", report_ids=(second.report_id,), category="noise", note="两件事")
    (child,) = town.case(first.case_id).links.children
    town.merge(child, first.case_id)
    assert set(town.case(first.case_id).report_ids) == {first.report_id, second.report_id}
    town.whole()
    _close(town, first.case_id)
    (closed,) = town.told(first.case_id, E.CASE_CLOSED)
    assert "open_children" not in closed.data, "what sleeps in it ended with it"


def test_what_came_with_a_merged_case_is_not_split_off(town: Town) -> None:
    kept = town.text("13805160001", "漏水")
    more, sleeps = town.text("13805160001", "又漏"), town.text("13805160002", "楼上漏水")
    for receipt in (kept, sleeps):
        town.act(receipt.case_id, "classify", category="noise", area=CELL)
    town.merge(kept.case_id, sleeps.case_id)
    with pytest.raises(InvalidField) as refused:
        town.act(kept.case_id, "split", report_ids=(more.report_id, sleeps.report_id), category="noise", note="两件")
    assert (refused.value.code, refused.value.field) == ("not-its-report", "report_ids[1]")


def test_nothing_is_split_out_of_what_is_confidential_for_others_to_read(town: Town, policy: Policy) -> None:
    secret = next(each.id for each in policy.categories.values() if policy.kinds[each.kind].confidential)
    receipts = [town.text("13805160001", words) for words in ("一件", "两件")]
    case_id = receipts[0].case_id
    town.act(case_id, "classify", ADMINISTRATOR, category=secret, area=CELL)
    with pytest.raises(MatterRefused, match="matter-confidential"):
        town.act(case_id, "split", ADMINISTRATOR, report_ids=(receipts[1].report_id,), category="noise", note="另一件")
    town.act(case_id, "split", ADMINISTRATOR, report_ids=(receipts[1].report_id,), category=secret, note="另一件")
    town.whole()


def _close(town: Town, case_id: str) -> None:
    if town.case(case_id).state == "assigned":
        town.act(case_id, "accept", ADMINISTRATOR)
    town.act(case_id, "resolve", ADMINISTRATOR, note="已办")
    town.act(case_id, "evaluate", ADMINISTRATOR, outcome="satisfied")


@pytest.mark.parametrize("by_time", [False, True])
def test_a_parent_that_closes_says_which_children_are_open(town: Town, by_time: bool) -> None:
    receipts = [town.text("13805160001", f"第{n}件") for n in range(3)]
    parent = receipts[0].case_id
    town.act(parent, "classify", category="street-light", area=CELL)
    for receipt in receipts[1:]:
        town.act(parent, "split", report_ids=(receipt.report_id,), category="noise", note="另一件")
    closed, still_open = town.case(parent).links.children
    _close(town, closed)
    if by_time:
        town.act(parent, "accept", ADMINISTRATOR)
        town.act(parent, "resolve", ADMINISTRATOR, note="已办")
        while town.case(parent).open:
            town.clock.forward(days=30)
            town.acting.fall_due(parent, "r")
    else:
        _close(town, parent)
    (event,) = town.told(parent, E.CASE_CLOSED)
    assert event.data["open_children"] == [still_open]
    line = told(town.store.history(parent), town.policies.of)[-1]
    assert "拆分出的1件尚未办结" in line.what


# --- sizes


def test_no_more_is_merged_than_one_transaction_takes(town: Town) -> None:
    kept, many = town.report(), town.text("13805160001", "漏水")
    for _ in range(MOST_AT_ONCE):
        town.text("13805160001", "还在漏")
    town.act(many.case_id, "classify", category="noise", area=CELL)
    with pytest.raises(MatterRefused) as refused:
        town.merge(kept, many.case_id)
    assert (refused.value.code, refused.value.extra["limit"]) == ("matter-too-large", MOST_AT_ONCE)


def test_a_case_that_slept_with_many_wakes_with_as_many_as_can_be_taken_along(town: Town) -> None:
    kept, sleeps = town.report(), town.text("13805160001", "漏水")
    town.act(sleeps.case_id, "classify", category="noise", area=CELL)
    town.merge(kept, sleeps.case_id)
    for _ in range(MOST_AT_ONCE + 2):
        town.text("13805160001", "还在漏")
    town.unmerge(kept, sleeps.case_id)
    assert len(town.case(sleeps.case_id).report_ids) == MOST_AT_ONCE
    assert len(town.case(kept).report_ids) == 1 + 3
    town.whole()


def test_nothing_sleeps_deeper_than_whoever_has_its_code_is_led(town: Town) -> None:
    cases = [town.report() for _ in range(MOST_DEPTH + 2)]
    for older, newer in reversed(list(pairwise(cases[1:]))):
        town.merge(older, newer)
    deepest = town.case(cases[-1]).tracking_code
    assert town.reading.case_by_tracking_code(deepest, LINKAGE).id == cases[1]
    with pytest.raises(MatterRefused, match="matter-too-large"):
        town.merge(cases[0], cases[1])
    assert MOST_ABSORBED > MOST_DEPTH


# --- twice, and by two at once


def test_a_merge_that_is_asked_for_twice_is_done_once(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    asked = town.asked(kept, LINKAGE)
    said = Particulars(reason="同一件事")
    first = town.acting.act(kept, "merge", asked, said, None, sleeps)
    assert town.acting.act(kept, "merge", asked, said, None, sleeps) == first
    with pytest.raises(IdempotencyConflict):
        other = Asked(LINKAGE, Command(asked.command.id, "other"), asked.version, "r")
        town.acting.act(kept, "merge", other, said, None, sleeps)
    assert len(town.told(kept, E.MATTER_ABSORBED)) == len(town.told(sleeps, E.MATTER_MERGED)) == 1


class _Meanwhile(MemoryCaseStore):
    """A store in which somebody else is quicker, as often as there is something to do."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Any] = []

    def save(self, *change: Any, **how: Any) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        super().save(*change, **how)


@pytest.fixture
def busy(policy: Policy) -> Town:
    town = Town(policy)
    town.store = _Meanwhile()
    for part in (town.acting, town.intake, town.reading):
        part._store = town.store  # type: ignore[attr-defined]
    return town


def test_the_other_case_may_change_meanwhile(busy: Town) -> None:
    kept, sleeps = busy.report(), busy.report()
    busy.store.meanwhile = [lambda: busy.act(sleeps, "accept", ADMINISTRATOR)]  # type: ignore[attr-defined]
    busy.merge(kept, sleeps)
    assert busy.case(sleeps).links.merged_into == kept and busy.case(sleeps).state == "accepted"
    busy.whole()


def test_the_other_case_may_end_meanwhile(busy: Town) -> None:
    kept, sleeps = busy.report(), busy.report()
    busy.store.meanwhile = [lambda: busy.act(sleeps, "withdraw", WALKER, reason="不用了")]  # type: ignore[attr-defined]
    with pytest.raises(MatterRefused, match="matter-closed"):
        busy.merge(kept, sleeps)
    assert busy.case(kept).links.absorbed == ()
    busy.whole()


def test_the_case_itself_may_not_change_meanwhile(busy: Town) -> None:
    kept, sleeps = busy.report(), busy.report()
    busy.store.meanwhile = [lambda: busy.act(kept, "accept", ADMINISTRATOR)]  # type: ignore[attr-defined]
    with pytest.raises(StaleVersion):
        busy.merge(kept, sleeps)
    assert not busy.case(sleeps).asleep
    busy.whole()


def test_two_who_merge_both_ways_at_once_merge_once(busy: Town) -> None:
    kept, sleeps = busy.report(), busy.report()
    busy.store.meanwhile = [lambda: busy.merge(sleeps, kept)]  # type: ignore[attr-defined]
    with pytest.raises(StaleVersion):
        busy.merge(kept, sleeps)
    assert busy.case(sleeps).links.merged_into == kept and len(busy.case(kept).report_ids) == 2
    busy.whole()


def test_three_that_are_merged_in_a_ring_at_once_are_in_no_ring(busy: Town) -> None:
    one, two, three = busy.report(), busy.report(), busy.report()
    busy.store.meanwhile = [lambda: busy.merge(one, three)]  # type: ignore[attr-defined]
    with pytest.raises(CaseMerged):
        busy.merge(two, three)
    assert busy.case(three).links.merged_into == one and not busy.case(two).links.absorbed
    busy.whole()


def test_a_text_that_comes_while_its_case_is_merged_goes_along(busy: Town) -> None:
    kept, sleeps = busy.report(), busy.text("13805160001", "漏水")
    busy.act(sleeps.case_id, "classify", category="noise", area=CELL)
    known = busy.store.record

    def record(*change: Any, **how: Any) -> None:
        busy.store.record = known  # type: ignore[method-assign]
        busy.merge(kept, sleeps.case_id)
        known(*change, **how)

    busy.store.record = record  # type: ignore[method-assign, assignment]
    receipt = busy.text("13805160001", "还在漏")
    assert (receipt.case_id, receipt.tracking_code, receipt.joined) == (kept, sleeps.tracking_code, True)
    busy.whole()
    busy.unmerge(kept, sleeps.case_id)
    assert receipt.report_id in busy.case(sleeps.case_id).report_ids
    busy.whole()


# --- figures and words


def _open_cases(town: Town) -> Counter[str]:
    total: Counter[str] = Counter()
    for case in town.cases():
        for event in town.store.history(case.id):
            data = {"area": None, "kind": "dispute", **event.data}
            added: dict[Tally, Counts] = counted(
                Happening(event.id, event.type, event.time, data), "2026-11-23", "320302", None
            )
            for counts in added.values():
                total.update(counts)
    return total


def test_what_sleeps_is_not_counted_as_open_nor_as_closed_and_is_when_it_wakes(town: Town) -> None:
    kept, sleeps = town.report(), town.report()
    before = _open_cases(town)[OPEN]
    town.merge(kept, sleeps)
    merged = _open_cases(town)
    assert (merged[OPEN], merged["merged"]) == (before - 1, 1)
    assert not [name for name in merged if name.startswith(("closed", "settled"))]
    town.unmerge(kept, sleeps)
    assert _open_cases(town)[OPEN] == before


def test_as_many_reports_are_counted_as_came_however_matters_are_put_together_and_apart(town: Town) -> None:
    first, second = town.text("13805160001", "路灯坏了"), town.text("13805160001", "下水道堵了")
    parent, other = first.case_id, town.report()
    town.act(parent, "classify", category="street-light", area=CELL)

    def told() -> OfMatters:
        return of_matters(_open_cases(town))

    assert told() == (3, 2)
    town.act(parent, "split", report_ids=(second.report_id,), category="noise", note="两件事")
    assert told() == (3, 3)
    (child,) = town.case(parent).links.children
    town.merge(child, parent)
    assert told() == (3, 2)
    town.merge(other, parent)
    assert told() == (3, 1) and told().per_matter == 3.0
    town.unmerge(parent, child)
    town.unmerge(parent, other)
    assert told() == (3, 3)


def test_every_event_has_its_sentence(town: Town) -> None:
    kept = town.report()
    one, two = town.text("13805160001", "路灯坏了"), town.text("13805160001", "下水道堵了")
    town.act(one.case_id, "classify", category="noise", area=CELL)
    town.act(one.case_id, "split", report_ids=(two.report_id,), category="noise", note="两件事。")
    (child,) = town.case(one.case_id).links.children
    _offer(town, one.case_id, kept)
    town.merge(kept, one.case_id, reason=None)
    town.act(kept, "accept", ADMINISTRATOR)
    town.act(kept, "resolve", ADMINISTRATOR, note="已修好。")
    town.unmerge(kept, one.case_id)
    _offer(town, child, kept)
    town.act(child, "not-same", other=kept, reason="地点不同")
    lines = [
        line.what for case in (kept, one.case_id, child) for line in told(town.store.history(case), town.policies.of)
    ]
    for words in (
        f"并案：编号{town.case(one.case_id).tracking_code}与本件为同一事项，其反映1件并入本件一并办理、答复（相似度71%：小区相同、说的是同样的事物）",
        "并案：与在先受理的同一事项一并办理，本件暂停，办理单位和时限保持不变（相似度71%：小区相同、说的是同样的事物）",
        "撤销并案：反映1件分出，恢复为原事项办理（理由：并错了）",
        "并案期间已答复反映人1次：“已修好。”",
        "发现疑似同一事项，待核实（相似度71%：小区相同、说的是同样的事物）",
        "经核实与疑似事项不是同一事项（理由：地点不同）",
        "拆分立案：反映1件另立为编号",
    ):
        assert any(words in line for line in lines), (words, lines)


# --- at random


_REPORTED, _TEXTED, _MERGED, _UNMERGED, _SPLIT, _ACTED, _WAITED = range(7)
_DEEDS = (_REPORTED, _TEXTED, _TEXTED, _MERGED, _MERGED, _MERGED, _UNMERGED, _UNMERGED, _SPLIT, _ACTED, _WAITED)


def test_whatever_is_merged_put_apart_split_and_acted_on_every_report_is_of_one_case(policy: Policy) -> None:
    done: Counter[int] = Counter()

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        steps=st.lists(
            st.tuples(st.sampled_from(_DEEDS), st.integers(0, 999), st.integers(0, 999)), min_size=20, max_size=60
        )
    )
    def run(steps: list[tuple[int, int, int]]) -> None:
        town, first = Town(policy), dict[str, Receipt]()
        town.report()
        for what, one, other in steps:
            before = town.cases()
            try:
                _do(town, what, one, other, first)
                done[what] += 1
            except DomainError:
                assert town.cases() == before, "what is refused changes nothing"
            town.whole()
        for receipt in first.values():
            assert town.again(receipt) == receipt, "a repeat is answered as the first time"

    run()
    assert all(done[what] > 10 for what in _DEEDS), done


def _do(town: Town, what: int, one: int, other: int, first: dict[str, Receipt]) -> None:
    ids = sorted(case.id for case in town.cases())
    case, other_id = town.case(ids[one % len(ids)]), ids[other % len(ids)]
    match what:
        case 0:
            town.report("noise", by=WALKER if one % 2 else ADMINISTRATOR)
        case 1:
            receipt = town.text(f"1380516000{one % 4}", "漏水" if other % 3 else f"{case.tracking_code} 漏水")
            first[receipt.report_id] = receipt
        case 2:
            town.merge(case.id, other_id)
        case 3:
            beneath = [each.case for each in case.links.absorbed if each.into == case.id]
            town.unmerge(case.id, case.links.merged_into or (beneath[other % len(beneath)] if beneath else other_id))
        case 4:
            several = [each for each in town.cases() if len(each.report_ids) - len(each.links.foreign) > 1] or [case]
            chosen = several[one % len(several)]
            town.act(chosen.id, "split", report_ids=chosen.report_ids[-1:], category="noise", note="另一件")
        case 5:
            action = ("accept", "resolve", "classify", "evaluate")[other % 4]
            town.act(case.id, action, ADMINISTRATOR, CELL, note="已办", category="noise", outcome="satisfied")
        case 6:
            town.clock.forward(hours=other % 40)
            for due in list(town.store.due(town.clock.now())):
                town.acting.fall_due(due, "r")
