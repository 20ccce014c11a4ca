"""Whoever must act is told, once: under redelivery, in parallel, with a channel down, with a sender that died."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.deliveries import LEASE, Delivery, OutcomeUnknown, Undeliverable, Unreachable
from chalicelib.domain.envelope import Happening
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.people import StaffMember
from chalicelib.models.reference_store import KeptRoster
from chalicelib.services.alerts import NotAllTold
from tests.world import CELL, COMMUNITY, LINKAGE, STATION, WORKER, World, officer_of


@pytest.fixture
def assigned(world: World) -> Happening:
    receipt = world.submit()
    case = world.case(receipt.case_id)
    world.on_duty(receipt.unit_id, "d1")
    for unit in case.joint_units:
        world.on_duty(unit, f"j-{unit}")
    return world.happenings(receipt.case_id, "case.assigned.v1")[0]


def test_the_officers_on_duty_are_told_over_each_channel_once(world: World, assigned: Happening) -> None:
    for _ in range(3):
        world.alerts.tell(assigned)
    people = 1 + len(assigned.data["joint_units"])
    assert len(world.texts.sent) == people and len(world.mails.sent) == people
    assert len({address for address, _ in world.texts.sent}) == people


def test_every_message_ends_with_the_reference_of_its_event(world: World, assigned: Happening) -> None:
    world.alerts.tell(assigned)
    code = assigned.data["tracking_code"]
    for _, text in world.texts.sent + world.mails.sent:
        assert text.rstrip().endswith(f"[{code}-1.3]")


def test_a_failed_channel_is_retried_alone(world: World, assigned: Happening) -> None:
    world.mails.errors = [Unreachable("down")] * 10
    with pytest.raises(NotAllTold):
        world.alerts.tell(assigned)
    texts = len(world.texts.sent)
    world.mails.errors = []
    world.alerts.tell(assigned)
    assert len(world.texts.sent) == texts
    assert len(world.mails.sent) == texts


def test_an_address_that_is_bad_for_good_is_written_down_and_not_tried_again(world: World, assigned: Happening) -> None:
    world.mails.errors = [Undeliverable("bad-address")] * 10
    world.alerts.tell(assigned)
    world.mails.errors = []
    world.alerts.tell(assigned)
    assert not world.mails.sent
    assert {row.state for row in world.ledger.of_event(assigned.id) if row.channel == "email"} == {"abandoned"}


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("after", range(8))
def test_a_sender_that_dies_loses_nothing_and_repeats_at_most_the_send_in_flight(
    world: World, assigned: Happening, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter(range(1000))

    def dying(act):  # type: ignore[no-untyped-def]
        def before_and_after(*args):  # type: ignore[no-untyped-def]
            if next(steps) == after:
                raise Killed
            done = act(*args)
            if next(steps) == after:
                raise Killed
            return done

        return before_and_after

    with monkeypatch.context() as patch:
        patch.setattr(world.texts, "take", dying(world.texts.take))
        patch.setattr(world.mails, "take", dying(world.mails.take))
        patch.setattr(world.ledger, "plan", dying(world.ledger.plan))
        patch.setattr(world.ledger, "advance", dying(world.ledger.advance))
        with pytest.raises(Killed):
            world.alerts.tell(assigned)
    world.clock.at += LEASE
    world.alerts.tell(assigned)
    sent = world.texts.sent + world.mails.sent
    wanted = 2 * (1 + len(assigned.data["joint_units"]))
    repeated = len(sent) - wanted
    assert len(set(sent)) == wanted and repeated in (0, 1)
    unknown = [row for row in world.ledger.of_event(assigned.id) if "outcome-unknown" in repr(row.attempts)]
    assert len(unknown) <= 1
    if repeated:
        assert len(unknown) == 1


def test_while_another_sender_is_at_it_the_event_waits(world: World, assigned: Happening) -> None:
    world.texts.errors = [OutcomeUnknown("timeout")]
    with pytest.raises(NotAllTold):
        world.alerts.tell(assigned)
    row = next(r for r in world.ledger.of_event(assigned.id) if not r.settled)
    world.ledger.advance(row.begin(world.clock.now()))
    texts = len(world.texts.sent)
    with pytest.raises(NotAllTold):
        world.alerts.tell(assigned)
    assert len(world.texts.sent) == texts


def test_a_last_write_that_succeeded_unheard_is_not_sent_again(
    world: World, assigned: Happening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next try finds the row already changed; the event then comes again."""
    advance = world.ledger.advance

    def twice(*changed: Delivery) -> None:
        advance(*changed)
        if len(changed) == 1:
            advance(*changed)

    with monkeypatch.context() as patch:
        patch.setattr(world.ledger, "advance", twice)
        with pytest.raises(StaleVersion):
            world.alerts.tell(assigned)
    sent = len(world.texts.sent) + len(world.mails.sent)
    world.alerts.tell(assigned)
    assert len(world.texts.sent) + len(world.mails.sent) == sent
    assert {row.state for row in world.ledger.of_event(assigned.id)} == {"sent"}


def test_a_changed_roster_is_known_within_a_minute(world: World) -> None:
    seconds = [0.0]
    roster = KeptRoster(lambda: seconds[0])
    world.on_duty("linkage-centre", "d1")
    assert [duty.contact.id for duty in roster.duty_of("linkage-centre")] == ["d1"]
    world.on_duty("linkage-centre", "d2")
    seconds[0] = 59.0
    assert [duty.contact.id for duty in roster.duty_of("linkage-centre")] == ["d1"]
    seconds[0] = 61.0
    assert [duty.contact.id for duty in roster.duty_of("linkage-centre")] == ["d1", "d2"]


def test_nobody_on_duty_means_the_whole_unit_is_told(world: World) -> None:
    receipt = world.submit()
    world.on_duty(receipt.unit_id, "d1", "d2", start="03:00", end="03:01")
    for unit in world.case(receipt.case_id).joint_units:
        world.on_duty(unit, f"j-{unit}")
    world.alerts.tell(world.happenings(receipt.case_id, "case.assigned.v1")[0])
    assert len(world.texts.sent) == 2 + len(world.case(receipt.case_id).joint_units)


def test_a_unit_without_a_roster_is_answered_for_by_the_linkage_centre(world: World) -> None:
    world.on_duty("linkage-centre", "night")
    receipt = world.submit(text="想咨询一下")
    world.alerts.tell(world.happenings(receipt.case_id, "case.sent-to-screening.v1")[0])
    assert len(world.texts.sent) == 1


def test_duty_runs_over_midnight(world: World) -> None:
    world.on_duty(f"centre-{COMMUNITY}", "night", start="20:00", end="08:00")
    world.on_duty(f"centre-{COMMUNITY}", "day", start="08:00", end="20:00")
    receipt = world.submit(text="想咨询一下")  # 10:00 in the district
    world.alerts.tell(world.happenings(receipt.case_id, "case.sent-to-screening.v1")[0])
    assert [address for address, _ in world.mails.sent] == ["day@example.org"]


def test_every_reporter_is_answered_and_one_who_told_twice_once(world: World) -> None:
    first = world.text("路口井盖缺失", phone="+8613900000001")
    world.text("还没人来", phone="+8613900000001")
    world.act(first.case_id, "classify", LINKAGE, category="missing-manhole-cover", area=COMMUNITY)
    world.answered(first.case_id, "已更换井盖")
    world.alerts.tell(world.happenings(first.case_id, "case.resolved.v1")[0])
    assert [address for address, _ in world.texts.sent] == ["+8613900000001"]
    assert "已更换井盖" in world.texts.sent[0][1]


def test_a_texter_gets_the_tracking_code_and_a_caller_does_not(world: World) -> None:
    text = world.text("楼上漏水")
    world.alerts.tell(world.happenings(text.case_id, "case.reported.v1")[0])
    mobile = world.submit()
    world.alerts.tell(world.happenings(mobile.case_id, "case.reported.v1")[0])
    assert len(world.texts.sent) == 1 and text.tracking_code in world.texts.sent[0][1]


def test_a_due_visit_is_told_to_the_information_officer_of_its_cell(world: World) -> None:
    for staff, until in (("gone", {"until": "2026-01-31"}), ("here", {"until": ""})):
        world.reference.put_item(
            Item={
                "pk": f"AREA#{CELL}",
                "sk": f"POST#information-officer#{staff}",
                "staff_id": staff,
                "phone": "+8619900000001",
                "email": f"{staff}@example.org",
                "from": "2026-01-01",
                **until,
            }
        )
    case_id = world.settled()
    world.visit_falls_due(case_id)
    world.alerts.tell(world.happenings(case_id, "visit.due.v1")[0])
    assert [address for address, _ in world.mails.sent] == ["here@example.org"]


def hold(world: World, area: str, post: str, staff: str, until: str = "", away: str = "[]") -> None:
    row = {"staff_id": staff, "name": staff, "phone": "+8619900000001", "email": f"{staff}@example.org"}
    key = {"pk": f"AREA#{area}", "sk": f"POST#{post}#{staff}"}
    world.reference.put_item(Item={**key, **row, "from": "2026-01-01", "until": until, "away": away})


def told_of_a_due_visit(world: World) -> list[str]:
    case_id = world.settled()
    world.visit_falls_due(case_id)
    world.alerts.tell(world.happenings(case_id, "visit.due.v1")[0])
    return [address.removesuffix("@example.org") for address, _ in world.mails.sent]


def test_a_due_visit_is_told_to_the_deputy_of_an_officer_who_is_away(world: World) -> None:
    deputy = {"staff_id": "deputy", "name": "deputy", "phone": "+8619900000002", "email": "deputy@example.org"}
    away = json.dumps([{"from": "2026-11-01", "until": "2026-11-30", **deputy}])
    hold(world, CELL, "information-officer", "holder", away=away)
    assert told_of_a_due_visit(world) == ["deputy"]


@pytest.mark.parametrize("gone", [{"until": "2026-10-31"}, {"away": '[{"from": "2026-11-01", "until": "2026-11-30"}]'}])
def test_a_due_visit_of_a_vacant_post_is_told_to_its_leader(world: World, gone: dict[str, str]) -> None:
    hold(world, CELL, "information-officer", "holder", **gone)
    hold(world, CELL[:14], "grid-leader", "leader")
    hold(world, COMMUNITY, "first-secretary", "secretary")
    assert told_of_a_due_visit(world) == ["leader"]


def test_a_due_visit_of_a_cell_whose_post_and_leader_are_vacant_is_told_to_who_is_on_duty(world: World) -> None:
    hold(world, CELL, "information-officer", "holder", until="2026-10-31")
    hold(world, COMMUNITY, "first-secretary", "secretary")
    world.on_duty(f"centre-{COMMUNITY}", "desk")
    assert told_of_a_due_visit(world) == ["desk"]


STREET_CENTRE, STATION_CENTRE = f"centre-{COMMUNITY[:9]}", f"centre-{COMMUNITY}"


@dataclass
class Handled:
    """A case whose every unit has somebody on duty, named after the unit, and what each was told of an event."""

    world: World
    case_id: str
    lead: str

    def act(self, action: str, by: StaffMember | None = None, **said: Any) -> None:
        self.world.act(self.case_id, action, by or officer_of(self.lead), **said)

    def told(self, event_type: str, last: int = -1) -> tuple[list[str], list[str]]:
        """Who got a mail and what all texts said, of the latest event of a type; each address once."""
        self.world.texts.sent.clear()
        self.world.mails.sent.clear()
        self.world.alerts.tell(self.world.happenings(self.case_id, event_type)[last])
        mailed = [address.removesuffix("@example.org") for address, _ in self.world.mails.sent]
        texted = [address for address, _ in self.world.texts.sent]
        assert len(set(mailed)) == len(mailed) and len(set(texted)) == len(texted)
        assert not any("$" in text for _, text in self.world.texts.sent + self.world.mails.sent)
        return sorted(mailed), [text for _, text in self.world.texts.sent]


def handled(world: World, text: str = "楼上噪音扰民", accepted: bool = True, **said: Any) -> Handled:
    receipt = world.submit(text=text, **said)
    for unit in world.policy.units:
        if unit in (STREET_CENTRE, STATION_CENTRE) or not unit.startswith("centre-"):
            world.on_duty(unit, unit)
    case = Handled(world, receipt.case_id, receipt.unit_id)
    if accepted:
        case.act("accept")
    return case


def test_who_leads_from_now_on_is_told_by_whom_a_matter_was_transferred_and_why(world: World) -> None:
    case = handled(world)
    case.act("transfer", unit="urban-management", reason="属城管职责")
    mailed, (text,) = case.told("case.transferred.v1")
    assert mailed == ["urban-management"]
    assert world.policy.units[case.lead].zh in text and "流转" in text
    assert "属城管职责" in world.mails.sent[0][1]


def test_an_escalated_matter_is_told_to_the_level_above_and_a_delegated_one_to_the_level_below(world: World) -> None:
    case = handled(world, "楼道堆放杂物", category="neighbour-dispute")
    while world.case(case.case_id).lead == case.lead:
        case.act("escalate", reason="本级无力解决")
        if world.case(case.case_id).lead == case.lead:
            assert case.told("case.escalated.v1") == ([], [])  # it goes on with the matter itself
    above = world.case(case.case_id).lead or ""
    mailed, (text,) = case.told("case.escalated.v1")
    assert mailed == [above] and "上报" in text
    case.act("accept", officer_of(above))
    case.act("delegate", officer_of(above), reason="社区可以处理")
    mailed, (text,) = case.told("case.delegated.v1")
    assert mailed == [world.case(case.case_id).lead] and mailed != [above] and "下派" in text


def test_a_unit_whose_objection_is_rejected_is_told_that_the_matter_is_its_own(world: World) -> None:
    case = handled(world, accepted=False)
    case.act("return", reason="不属我单位")
    assert case.told("case.returned.v1")[0] == [STATION_CENTRE]
    case.act("reject-return", STATION, reason="首接负责")
    mailed, (text,) = case.told("case.return-rejected.v1")
    assert mailed == [case.lead] and "首接负责" in text


def test_units_asked_jointly_are_told_and_the_lead_of_what_each_answers(world: World) -> None:
    case = handled(world)
    asked = ("health", "education")
    case.act("request-joint", units=asked, reason="需要检测")
    mailed, texts = case.told("joint.requested.v1")
    assert mailed == sorted(asked) and len(texts) == 2 and all("请求协同" in text for text in texts)
    case.act("accept-joint", officer_of("health"))
    assert case.told("joint.accepted.v1") == ([case.lead], [])
    assert world.policy.units["health"].zh in world.mails.sent[0][1]
    case.act("refuse-joint", officer_of("education"), reason="无此职能")
    mailed, (text,) = case.told("joint.refused.v1")
    assert mailed == [case.lead] and "无此职能" in text and world.policy.units["education"].zh in text
    case.act("finish-joint", officer_of("health"), note="检测合格")
    assert case.told("joint.finished.v1") == ([case.lead], []) and "检测合格" in world.mails.sent[0][1]


@pytest.mark.parametrize("approved", [True, False])
def test_an_extension_is_told_to_who_decides_then_to_who_asked_and_its_reason_to_reporters(
    world: World, approved: bool
) -> None:
    case = handled(world)
    due = next(clock.due_at for clock in world.case(case.case_id).clocks if clock.name == "resolve")
    case.act("request-extension", until=(due + timedelta(days=3)).date(), reason="等待鉴定结果")
    mailed, (text,) = case.told("extension.requested.v1")
    assert mailed == [STREET_CENTRE] and "24:00" in text and "等待鉴定结果" in text  # the desk leads itself
    above = StaffMember("s2", "street", STREET_CENTRE, (COMMUNITY[:9],))
    if not approved:
        case.act("refuse-extension", above, reason="可以按期办结")
        mailed, (text,) = case.told("extension.refused.v1")
        assert mailed == [case.lead] and "可以按期办结" in text
        return
    case.act("approve-extension", above)
    mailed, (officer, reporter) = case.told("extension.approved.v1")
    assert mailed == [case.lead] and "同意延期" in officer
    assert "等待鉴定结果" in reporter and "24:00" in reporter and "时限" not in reporter


def test_reporters_are_told_why_their_matter_waits(world: World) -> None:
    case = handled(world)
    case.act("suspend", reason="等待法院判决")
    mailed, (text,) = case.told("case.suspended.v1")
    assert not mailed and "等待法院判决" in text and "暂缓" in text


def test_reporters_are_told_that_their_matter_was_withdrawn_or_voided_and_why(world: World) -> None:
    case = handled(world, accepted=False)
    case.act("withdraw", WORKER, reason="双方已和解")
    assert "双方已和解" in case.told("case.withdrawn.v1")[1][0]
    other = Handled(world, world.text("想咨询一下").case_id, "linkage-centre")
    other.act("void", LINKAGE, reason="内容为空")
    (text,) = other.told("case.voided.v1")[1]
    assert "内容为空" in text and "甄别" not in text


def test_the_desk_verifies_what_is_done_and_the_lead_is_told_what_is_not(world: World) -> None:
    case = handled(world, "路口井盖缺失")
    officer = officer_of(case.lead)
    case.act("resolve", note="已更换井盖", media=(world.picture(officer.id),))
    mailed, (text,) = case.told("case.finished.v1")
    assert mailed == [STATION_CENTRE] and world.policy.units[case.lead].zh in text and "核查" in text
    case.act("send-back", STATION, reason="照片不清")
    mailed, (text,) = case.told("case.sent-back.v1")
    assert mailed == [case.lead] and "照片不清" in text


def test_who_must_act_is_warned_then_told_and_each_step_up_is_told_to_who_supervises(world: World) -> None:
    case = handled(world)
    clock = next(clock for clock in world.case(case.case_id).clocks if clock.name == "resolve")
    assert clock.next_at is not None and clock.next_at < clock.due_at
    world.clock.at = clock.next_at
    world.acting.fall_due(case.case_id, "r")
    mailed, (text,) = case.told("clock.warned.v1")
    assert mailed == [case.lead] and "即将超时" in text
    for step in (1, 2):
        world.clock.at = max(world.clock.at, clock.due_at) if step == 1 else world.clock.at + timedelta(days=1)
        world.acting.fall_due(case.case_id, "r")
        event = world.happenings(case.case_id, "clock.breached.v1")[-1]
        assert event.data["step"] == step
        mailed, texts = case.told("clock.breached.v1")
        assert mailed == sorted({case.lead, event.data["escalated_to"]})
        assert [f"（第{step}次）" in text for text in texts] == [False, True][: len(texts)]


def test_what_is_late_on_a_desk_is_told_to_the_desk_and_not_to_who_led(world: World) -> None:
    case = handled(world, "路口井盖缺失")
    officer = officer_of(case.lead)
    case.act("resolve", note="已更换井盖", media=(world.picture(officer.id),))
    world.clock.at = next(clock.due_at for clock in world.case(case.case_id).clocks if clock.name == "verify")
    world.acting.fall_due(case.case_id, "r")
    supervisor = world.happenings(case.case_id, "clock.breached.v1")[-1].data["escalated_to"]
    mailed, texts = case.told("clock.breached.v1")
    assert mailed == sorted([STATION_CENTRE, supervisor]) and supervisor != case.lead
    assert world.policy.units[STATION_CENTRE].zh in texts[1]


def test_who_supervises_itself_is_told_once(world: World) -> None:
    case = Handled(world, world.text("想咨询一下").case_id, "linkage-centre")
    world.on_duty("linkage-centre", "linkage-centre")
    world.clock.at = next(clock.due_at for clock in world.case(case.case_id).clocks if clock.name == "screening")
    world.acting.fall_due(case.case_id, "r")
    mailed, (text,) = case.told("clock.breached.v1")
    assert mailed == ["linkage-centre"] and "督办" not in text
