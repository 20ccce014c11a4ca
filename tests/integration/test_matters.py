"""One matter in several cases, on the table: merged, answered, put apart again, and what is read of it (ADR 38)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.acts import Particulars
from chalicelib.domain.audit import BY_ITSELF, Origin
from chalicelib.domain.cases import Case
from chalicelib.domain.errors import CaseMerged, DomainError, MatterRefused, StaleVersion
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.histories import Fault
from chalicelib.domain.matter_acts import MOST_AT_ONCE
from chalicelib.domain.people import Reporter, StaffMember
from chalicelib.domain.records import KnownReport
from chalicelib.models.base import MOST_PARTS
from chalicelib.models.histories import DynamoHistories
from chalicelib.models.report_rows import ReportRow
from chalicelib.services.replaying import Replaying
from tests.integration.edge import Edge
from tests.world import ADMIN, CELL, LINKAGE, STATION, WORKER, World, officer_of

PHONES = [f"+861390000{n:04d}" for n in range(20)]
OTHER_WORKER = replace(WORKER, id="w2")


def faults(world: World) -> list[Fault]:
    replaying = Replaying(DynamoHistories(lambda seconds: None), lambda seconds: None, world.policies)
    return [*replaying.run()]


def merge(world: World, case_id: str, other: str, by: StaffMember = LINKAGE) -> Case:
    return world.act(case_id, "merge", by, other=other, reason="同一处")


def unmerge(world: World, case_id: str, other: str, by: StaffMember = LINKAGE) -> Case:
    return world.act(case_id, "unmerge", by, other=other, reason="并错了")


def told(world: World, phone: str, by: str = WORKER.id, **said: Any) -> Any:
    """A report that a worker sends for somebody with a phone."""
    world.clock.at += timedelta(seconds=1)
    reporter = Reporter("李女士", phone)
    return world.submit(reporter=reporter, submitted_by=by, message_id=f"{by}:{phone}", **said)


def two(world: World) -> tuple[Any, Any]:
    """Two cases, the older first."""
    older = world.submit()
    world.clock.at += timedelta(seconds=1)
    return older, world.submit()


def texted(world: World, phone: str, words: str) -> Any:
    world.clock.at += timedelta(seconds=1)
    return world.text(words, phone)


def known(world: World, report_id: str) -> KnownReport:
    found = world.store.report(report_id)
    assert found is not None
    return found


def audited(world: World, case_id: str) -> list[str]:
    entries, _ = world.audit._log.page("case", case_id, 50, None)
    return [entry.what for entry in entries]


def test_ten_reports_of_two_cases_are_answered_and_restored(world: World) -> None:
    kept, sleeps = told(world, PHONES[0]), told(world, PHONES[5], by=OTHER_WORKER.id)
    for n in (1, 2, 3, 4):
        assert texted(world, PHONES[0], f"第{n}次反映").case_id == kept.case_id
    for n in (6, 7, 8, 9):
        assert texted(world, PHONES[5], f"第{n}次反映").case_id == sleeps.case_id
    before = {case_id: world.case(case_id) for case_id in (kept.case_id, sleeps.case_id)}
    reports = {each: known(world, each) for case in before.values() for each in case.report_ids}
    assert len(reports) == 10
    merge(world, kept.case_id, sleeps.case_id)
    assert faults(world) == []
    assert {known(world, each).case_id for each in reports} == {kept.case_id}
    through = texted(world, PHONES[5], "怎么还没修")
    assert (through.case_id, through.tracking_code, through.joined) == (kept.case_id, sleeps.tracking_code, True)
    officer = officer_of(kept.unit_id)
    world.act(kept.case_id, "accept", officer)
    world.act(kept.case_id, "resolve", officer, note="井盖已换", media=(world.picture(officer.id),))
    world.act(kept.case_id, "verify", STATION)
    (resolved,) = world.happenings(kept.case_id, "case.resolved.v1")
    assert set(resolved.data["report_ids"]) == {*reports, through.report_id}
    world.alerts.tell(resolved)
    answers = {address: text for address, text in world.texts.sent if "井盖已换" in text}
    for phone, code in ((PHONES[0], kept.tracking_code), (PHONES[5], sleeps.tracking_code)):
        assert f"事项{code}" in answers[phone] and f"[{code}-" in answers[phone]
    unmerge(world, kept.case_id, sleeps.case_id)
    assert faults(world) == []
    assert {each: known(world, each) for each in reports} == reports, "reports, references, case and version"
    after = world.case(sleeps.case_id)
    was = before[sleeps.case_id]
    assert after.report_ids == (*was.report_ids, through.report_id)
    assert (after.state, after.clocks, after.lead, after.visits, after.submitters, after.answer) == (
        (was.state, was.clocks, was.lead, was.visits, was.submitters, was.answer)
    )
    (woken,) = [e for e in world.store.history(sleeps.case_id) if e.type == "matter.unmerged.v1"]
    assert [answer["note"] for answer in woken.data["answers"]] == ["井盖已换"]
    assert world.case(kept.case_id).report_ids == before[kept.case_id].report_ids
    for case_id in before:
        assert {"matter.absorbed.v1", "matter.merged.v1"} & {*audited(world, case_id)}
        assert {"matter.released.v1", "matter.unmerged.v1"} & {*audited(world, case_id)}
    assert world.intake.answer_again(known(world, through.report_id).report) == through
    again = officer_of(after.lead or "")
    world.act(sleeps.case_id, "accept", again)
    assert faults(world) == []


def test_what_is_wrong_with_a_merged_case_is_found(world: World) -> None:
    kept, sleeps = told(world, PHONES[0]), told(world, PHONES[1])
    merge(world, kept.case_id, sleeps.case_id)
    row = ReportRow.get(ReportRow.key(sleeps.report_id), ReportRow.SK)
    row.case_id = sleeps.case_id
    row.save()
    found = {(fault.kind, fault.subject) for fault in faults(world)}
    assert ("differs", kept.case_id) in found


def test_one_transaction_changes_both_or_none(world: World) -> None:
    kept, sleeps = told(world, PHONES[0]), told(world, PHONES[1])
    asked = world.asked(LINKAGE, world.case(kept.case_id).version, key="m")
    said = Particulars(reason="同一处")
    first = world.acting.act(kept.case_id, "merge", asked, said, None, sleeps.case_id)
    assert world.acting.act(kept.case_id, "merge", asked, said, None, sleeps.case_id) == first
    stale = world.asked(LINKAGE, 1)
    with pytest.raises(StaleVersion):
        world.acting.act(kept.case_id, "unmerge", stale, said, None, sleeps.case_id)
    assert world.case(sleeps.case_id).asleep
    unmerge(world, sleeps.case_id, kept.case_id)
    assert faults(world) == []


def test_who_merge_at_once_merge_once(world: World) -> None:
    """Both ways, and with a third, ten times over."""
    for _ in range(5):
        one, two, three = (world.submit().case_id for _ in range(3))
        pairs = [(one, two), (two, one), (two, three), (three, one), (one, three)]

        def attempt(pair: tuple[str, str]) -> str:
            try:
                merge(world, *pair)
            except DomainError as refused:
                return refused.code
            return "done"

        with ThreadPoolExecutor(5) as pool:
            outcomes = list(pool.map(attempt, pairs))
        assert "done" in outcomes
        awake = [case_id for case_id in (one, two, three) if not world.case(case_id).asleep]
        reports = [report for case_id in awake for report in world.case(case_id).report_ids]
        assert len(reports) == len(set(reports)) == 3
    assert faults(world) == []


def test_a_case_that_is_merged_while_somebody_acts_on_it_is_merged_or_acted_on(world: World) -> None:
    for _ in range(5):
        kept, sleeps = two(world)
        officer = officer_of(sleeps.unit_id)

        def accept(case_id: str = sleeps.case_id, by: StaffMember = officer) -> str:
            try:
                return world.act(case_id, "accept", by).state
            except (CaseMerged, StaleVersion) as refused:
                return refused.code

        with ThreadPoolExecutor(2) as pool:
            merged, accepted = pool.submit(merge, world, kept.case_id, sleeps.case_id), pool.submit(accept)
            merged.result(), accepted.result()
        assert world.case(sleeps.case_id).asleep
        assert (world.case(sleeps.case_id).state == "accepted") == (accepted.result() == "accepted")
    assert faults(world) == []


def test_the_phone_and_the_worker_find_the_case_that_is_awake(world: World) -> None:
    kept, sleeps = told(world, PHONES[0]), told(world, PHONES[1], by=OTHER_WORKER.id)
    merge(world, kept.case_id, sleeps.case_id)
    listed = world.store.reported_by(OTHER_WORKER.id, 10, None).items
    assert [item.case_id for item in listed] == [kept.case_id]
    assert world.reading.case_by_message("mobile", f"{OTHER_WORKER.id}:{PHONES[1]}", LINKAGE).id == kept.case_id
    assert world.reading.case_by_tracking_code(sleeps.tracking_code, LINKAGE).id == kept.case_id
    assert texted(world, PHONES[1], f"{sleeps.tracking_code} 还没修").case_id == kept.case_id
    shown = world.reading.track(sleeps.tracking_code)
    assert shown.tracking_code == sleeps.tracking_code and kept.tracking_code not in repr(shown)
    unmerge(world, sleeps.case_id, kept.case_id)
    assert [item.case_id for item in world.store.reported_by(OTHER_WORKER.id, 10, None).items] == [sleeps.case_id]
    assert faults(world) == []


def test_a_person_is_found_exported_and_erased_wherever_the_reports_are(world: World) -> None:
    kept, sleeps = told(world, PHONES[0]), told(world, PHONES[1])
    merge(world, kept.case_id, sleeps.case_id)
    through = texted(world, PHONES[1], "还没修")
    exported = world.persons.export(PHONES[1], "本人申请", world.by(ADMIN))
    mine = {sleeps.report_id, through.report_id}
    assert {each["report_id"] for each in exported["reports"]} == mine
    assert {each["case"]["case_id"] for each in exported["reports"]} == {kept.case_id}
    erased = world.persons.erase(PHONES[1], "本人申请", world.by(ADMIN))
    assert (erased.reports, erased.open_cases) == ((), (kept.case_id,)), "it is open where it is"
    world.act(kept.case_id, "accept", officer_of(kept.unit_id))
    world.act(
        kept.case_id,
        "resolve",
        officer_of(kept.unit_id),
        note="好了",
        media=(world.picture(officer_of(kept.unit_id).id),),
    )
    world.act(kept.case_id, "verify", STATION)
    world.act(kept.case_id, "evaluate", STATION, outcome="satisfied")
    erased = world.persons.erase(PHONES[1], "本人申请", world.by(ADMIN))
    assert set(erased.reports) == mine and not erased.open_cases
    assert world.vault.identity(kept.report_id) is not None, "another's is not"
    assert not world.persons.export(PHONES[1], "本人申请", world.by(ADMIN))["reports"]


def test_an_identity_is_kept_as_long_as_the_case_is_open_that_its_report_is_in(world: World) -> None:
    kept, sleeps = told(world, PHONES[0]), told(world, PHONES[1])
    merge(world, kept.case_id, sleeps.case_id)
    long = timedelta(seconds=world.policy.rules.identity_retention + 86_400)
    world.clock.at += long
    assert list(world.retention.run(Origin(SYSTEM, BY_ITSELF, "r"))) == []
    officer = officer_of(kept.unit_id)
    world.act(kept.case_id, "accept", officer)
    world.act(kept.case_id, "resolve", officer, note="好了", media=(world.picture(officer.id),))
    world.act(kept.case_id, "verify", STATION)
    world.act(kept.case_id, "evaluate", STATION, outcome="satisfied")
    world.clock.at += long
    expired = {each.name for each in world.retention.run(Origin(SYSTEM, BY_ITSELF, "r"))}
    assert expired == {kept.report_id, sleeps.report_id}
    assert world.vault.cases_of(f"hash-of-{PHONES[1][::-1]}") == []


def test_what_is_split_off_is_found_by_its_reporters(world: World) -> None:
    first = texted(world, PHONES[0], "路灯坏了")
    second = texted(world, PHONES[0], "还有邻居太吵")
    world.act(first.case_id, "classify", LINKAGE, category="street-light", area=CELL)
    split = world.act(first.case_id, "split", LINKAGE, report_ids=(second.report_id,), category="noise", note="两件事")
    (child,) = split.links.children
    assert faults(world) == []
    assert known(world, second.report_id).case_id == child
    assert {case.id for case in world.vault.cases_of(f"hash-of-{PHONES[0][::-1]}")} == {first.case_id, child}
    assert world.intake.answer_again(known(world, second.report_id).report) == second
    (reported,) = world.happenings(child, "case.reported.v1")
    world.alerts.tell(reported)
    ((phone, text),) = world.texts.sent
    assert phone == PHONES[0] and world.case(child).tracking_code in text


def test_no_more_than_a_transaction_takes(world: World) -> None:
    """Each unit that acts jointly has a row in it, too."""
    kept, sleeps = two(world)
    officer = officer_of(sleeps.unit_id)
    world.act(sleeps.case_id, "accept", officer)
    busy = [unit for unit in world.policy.units if unit not in (*world.case(sleeps.case_id).units, officer.unit)]
    for start in (0, 9):
        units = tuple(busy[start : start + 9])
        world.act(sleeps.case_id, "request-joint", officer, units=units, reason="一起办")
    for n in range(MOST_AT_ONCE - 1):
        report = world.report(f"第{n}件", source="sms", reporter=Reporter(), submitted_by=None, message_id=f"s{n}")
        case = world.case(sleeps.case_id)
        world.intake._join(case, report, Origin(SYSTEM, BY_ITSELF, "r"))
    merged = merge(world, kept.case_id, sleeps.case_id)
    assert len(merged.report_ids) == 1 + MOST_AT_ONCE and faults(world) == []
    world.act(kept.case_id, "accept", officer_of(kept.unit_id))
    for start in (18, 27):
        units = tuple(busy[start : start + 9])
        world.act(kept.case_id, "request-joint", officer_of(kept.unit_id), units=units, reason="一起办")
    with pytest.raises(MatterRefused) as refused:
        unmerge(world, kept.case_id, sleeps.case_id)
    assert refused.value.extra == {"limit": MOST_PARTS}
    assert world.case(sleeps.case_id).asleep and faults(world) == []


# --- through the API


def test_a_merge_through_the_api_and_what_is_read_of_it(edge: Edge) -> None:
    kept = edge.report(WORKER)["case_id"]
    edge.clock.forward(seconds=1)
    sleeps = edge.report(WORKER)["case_id"]
    merged = edge.act(kept, "merge", LINKAGE, other=sleeps, reason="同一处")
    assert merged.status == 200, merged.body
    links = merged.body["links"]
    assert (links["merged"], links["merged_into"]) == (False, None)
    assert [each["case_id"] for each in links["absorbed"]] == [sleeps]
    asleep = edge.get(f"/v1/cases/{sleeps}", LINKAGE).body
    assert asleep["links"]["merged_into"] == kept and asleep["allowed_actions"] == ["unmerge"]
    refused = edge.act(sleeps, "withdraw", WORKER, reason="不用了")
    assert (refused.status, refused.body["code"], refused.body["into"]) == (409, "case-merged", kept)
    hidden = edge.act(kept, "merge", LINKAGE, other="01KAMZ8Y4V6T2QW9R3N5C7XB1D", reason="同一处")
    assert (hidden.status, hidden.body["code"]) == (422, "unknown-case")
    missing = edge.act(kept, "unmerge", LINKAGE, reason="并错了")
    assert (missing.status, missing.body["code"], missing.body["field"]) == (422, "field-required", "other")
    code = asleep["tracking_code"]
    page = edge.get(f"/v1/public/track/{code}", None).body
    assert page["tracking_code"] == code
    lines = [item["text_zh"] for item in edge.get(f"/v1/cases/{kept}/timeline", LINKAGE).body["items"]]
    assert any(code in line and "同一事项" in line for line in lines)
    edge.settle()
    woken = edge.act(sleeps, "unmerge", LINKAGE, other=kept, reason="并错了")
    assert woken.status == 200 and woken.body["links"]["apart"] == [kept]
    edge.settle()
