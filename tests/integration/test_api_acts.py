"""What people do to cases, from outside, at the edges: bad input, two at once, late, offline, pictures, queues."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from chalicelib import bootstrap
from chalicelib.domain.acts import MOST_JOINT
from chalicelib.domain.audit import Origin
from chalicelib.domain.people import StaffMember
from chalicelib.domain.reports import Report
from chalicelib.models.case_store import DynamoCaseStore
from tests.integration.edge import NEXT_COMMUNITY, Edge
from tests.integration.gateway import Answer
from tests.world import ADMIN, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

LIGHT, MANHOLE = "street-light", "missing-manhole-cover"
LEAD, JOINT, STRANGER = officer_of("urban-management"), officer_of("power-supply"), officer_of("health")
NEIGHBOUR = StaffMember("w2", "grid-worker", f"centre-{NEXT_COMMUNITY}", (f"{NEXT_COMMUNITY}0101",))
DESK = f"centre-{COMMUNITY}"
WHY = {"reason": "须多部门到场"}


def accepted(edge: Edge, category: str = LIGHT) -> str:
    """A case in the hands of who leads; the power supply is asked to act jointly on a lamp."""
    case_id: str = edge.report(WORKER, category=category)["case_id"]
    assert edge.act(case_id, "accept", LEAD).status == 200
    return case_id


def try_it(edge: Edge, case_id: str, action: str, by: StaffMember, version: int, key: str, **said: Any) -> Answer:
    return edge.post(f"/v1/cases/{case_id}/actions/{action}", said, by, version=version, key=key)


def last(edge: Edge, case_id: str, event_type: str) -> dict[str, Any]:
    return next(item for item in reversed(edge.timeline(case_id)) if item["type"] == event_type)


def queue(edge: Edge, unit: str, by: StaffMember) -> list[tuple[str, str]]:
    return [(item["case_id"], item["task"]) for item in edge.get(f"/v1/units/{unit}/queue", by).body["items"]]


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("action", "said", "code", "field"),
        [
            ("request-joint", {"units": ["ministry-of-truth"], **WHY}, "unknown-unit", "units[0]"),
            ("request-joint", {"units": ["water", "不存在"], **WHY}, "unknown-unit", "units[1]"),
            ("request-joint", {"units": "water", **WHY}, "wrong-type", "units"),
            ("request-joint", {"units": None, **WHY}, "wrong-type", "units"),
            ("request-joint", {"units": [7], **WHY}, "wrong-type", "units[0]"),
            ("request-joint", {"units": ["水" * 65], **WHY}, "text-too-long", "units[0]"),
            ("request-joint", {"units": [], **WHY}, "field-required", "units"),
            ("request-joint", WHY, "field-required", "units"),
            ("request-joint", {"units": ["water"], "reason": " "}, "field-required", "reason"),
            ("request-joint", {"units": ["water"] * 1000, **WHY}, "too-many-units", "units"),
            ("request-joint", {"units": ["urban-management"], **WHY}, "joint-with-oneself", "units[0]"),
            ("request-joint", {"units": ["power-supply"], **WHY}, "joint-already", "units[0]"),
            ("request-joint", {"units": ["water", "water"], **WHY}, "joint-already", "units[1]"),
            ("transfer", WHY, "field-required", "unit"),
            ("transfer", {"unit": "water"}, "field-required", "reason"),
            ("transfer", {"unit": "water", "reason": "\u3000"}, "field-required", "reason"),
            ("transfer", {"unit": "ministry-of-truth", **WHY}, "unknown-unit", "unit"),
            ("transfer", {"unit": "urban-management", **WHY}, "same-unit", "unit"),
            ("transfer", {"unit": ["water"], **WHY}, "wrong-type", "unit"),
            ("request-extension", WHY, "field-required", "until"),
            ("request-extension", {"until": "2026-11-28"}, "field-required", "reason"),
            ("request-extension", {"until": "明天", **WHY}, "wrong-type", "until"),
            ("request-extension", {"until": "2026-11-31", **WHY}, "wrong-type", "until"),
            ("request-extension", {"until": "2027-02-29", **WHY}, "wrong-type", "until"),
            ("request-extension", {"until": "20261128", **WHY}, "wrong-type", "until"),
            ("request-extension", {"until": "2026-11-28T10:00:00+08:00", **WHY}, "text-too-long", "until"),
            ("request-extension", {"until": 20261128, **WHY}, "wrong-type", "until"),
            ("request-extension", {"until": "9999-12-31", **WHY}, "wrong-type", "until"),
            ("request-extension", {"until": "2026-11-24", **WHY}, "extension-not-later", "until"),
            ("request-extension", {"until": "0001-01-01", **WHY}, "wrong-type", "until"),
            ("request-extension", {"until": "1900-01-01", **WHY}, "extension-not-later", "until"),
            ("request-extension", {"until": "9998-12-31", **WHY}, "extension-too-long", "until"),
            ("resolve", {"note": "\t "}, "field-required", "note"),
            ("resolve", {"note": "好了", "media": [f"{n:032x}" for n in range(10)]}, "too-many-attachments", "media"),
            ("resolve", {"note": "好了", "media": ["0" * 32]}, "unknown-attachment", "media[0]"),
            ("resolve", {"note": "好了", "media": ["../../etc"]}, "unknown-attachment", "media[0]"),
            ("resolve", {"note": "好了", "done_at": "2026-11-23T10:00:00+08:00"}, "time-in-future", "done_at"),
            ("resolve", {"note": "好了", "done_at": "2026-11-22T10:00:00"}, "time-without-zone", "done_at"),
            ("resolve", {"note": "好了", "done_at": "2026-11-22T09:00:00-08:00"}, "time-in-future", "done_at"),
            ("resolve", {"note": "好了", "done_at": "今天上午"}, "wrong-type", "done_at"),
            ("resolve", {"note": "好了", "done_at": 1795312800}, "wrong-type", "done_at"),
            ("resolve", {"note": "好了", "outcome": "happy"}, "value-not-allowed", "outcome"),
        ],
    )
    def test_what_cannot_be_is_refused_and_leaves_nothing(
        self, edge: Edge, action: str, said: dict[str, Any], code: str, field: str
    ) -> None:
        case_id = accepted(edge)
        before = edge.stored()
        answer = edge.act(case_id, action, LEAD, **said)
        assert (answer.status, answer.code, answer.field) == (422, code, field), answer.body
        assert edge.stored() == before

    def test_as_many_units_as_may_be_at_it_are_asked_in_one_go_and_one_more_is_refused(self, edge: Edge) -> None:
        case_id = accepted(edge)
        others = [unit for unit in edge.policy.units if unit not in (LEAD.unit, JOINT.unit)]
        answer = edge.act(case_id, "request-joint", LEAD, units=others[: MOST_JOINT - 1], **WHY)
        assert len(answer.body["joint"]) == MOST_JOINT
        assert all(queue(edge, unit, ADMIN) == [(case_id, "joint")] for unit in others[: MOST_JOINT - 1])
        more = edge.act(case_id, "request-joint", LEAD, units=others[MOST_JOINT - 1 : MOST_JOINT], **WHY)
        assert (more.status, more.code, more.body["limit"]) == (422, "too-many-units", MOST_JOINT)
        assert edge.act(case_id, "refuse-joint", JOINT, **WHY).status == 200
        assert edge.act(case_id, "request-joint", LEAD, units=others[MOST_JOINT - 1 : MOST_JOINT], **WHY).status == 200
        assert edge.act(case_id, "resolve", LEAD, note="好了").status == 200
        assert edge.visit(case_id, "satisfied", WORKER).body["state"] == "closed"
        assert not any(queue(edge, unit, ADMIN) for unit in others[:MOST_JOINT])

    @pytest.mark.parametrize(
        ("action", "said", "event_type"),
        [
            ("request-joint", {"units": ["water"], **WHY}, "joint.requested.v1"),
            ("request-extension", {"until": "2026-11-28", **WHY}, "extension.requested.v1"),
            ("transfer", {"unit": "water", **WHY}, "case.transferred.v1"),
            ("return", WHY, "case.returned.v1"),
            ("suspend", WHY, "case.suspended.v1"),
            ("resolve", {"note": "好了"}, "case.resolved.v1"),
        ],
    )
    def test_pictures_and_when_it_was_done_are_kept_with_whatever_was_done(
        self, edge: Edge, action: str, said: dict[str, Any], event_type: str
    ) -> None:
        case_id, picture, done_at = accepted(edge), edge.picture(LEAD), "2026-11-22T08:30:00+08:00"
        assert edge.act(case_id, action, LEAD, media=[picture, picture], done_at=done_at, **said).status == 200
        data = last(edge, case_id, event_type)["data"]
        assert (data["media"], data["done_at"]) == ([picture], done_at)


class TestTime:
    @pytest.mark.parametrize(
        "done_at", ["2026-11-22T10:04:00+08:00", "2026-11-21T21:00:00-05:00", "2026-11-22T15:45:00+13:45"]
    )
    def test_a_clock_that_is_a_little_fast_or_in_another_zone_is_believed(self, edge: Edge, done_at: str) -> None:
        case_id = accepted(edge)
        assert edge.act(case_id, "resolve", LEAD, note="好了", done_at=done_at).status == 200
        event = last(edge, case_id, "case.resolved.v1")
        assert (event["data"]["done_at"], event["time"]) == (done_at, edge.clock.now().isoformat())

    def test_what_was_done_offline_a_day_ago_is_taken_and_clocks_go_by_when_it_came(self, edge: Edge) -> None:
        case_id = edge.report(WORKER, category=LIGHT)["case_id"]
        done_at = "2026-11-22T10:20:00+08:00"
        edge.clock.forward(days=1)
        answer = try_it(edge, case_id, "accept", LEAD, 1, str(uuid4()), done_at=done_at)
        assert (answer.status, answer.version) == (200, 2)
        accept = next(clock for clock in answer.body["clocks"] if clock["name"] == "accept")
        assert (accept["state"], accept["ended_at"]) == ("breached", edge.clock.now().isoformat())
        assert last(edge, case_id, "case.accepted.v1")["data"]["done_at"] == done_at

    def test_what_was_done_offline_while_others_went_on_is_refused_and_the_version_told(self, edge: Edge) -> None:
        case_id = accepted(edge)
        edge.act(case_id, "suspend", LEAD, **WHY)
        before = edge.stored()
        for action, said in (("resolve", {"note": "好了"}), ("suspend", WHY), ("accept", {})):
            late = try_it(edge, case_id, action, LEAD, 2, str(uuid4()), done_at="2026-11-22T08:00:00+08:00", **said)
            assert (late.status, late.code, late.body["version"]) == (412, "stale-version", 3)
        assert edge.stored() == before


class TestTwoAtOnce:
    @pytest.mark.parametrize(
        ("action", "said"), [("accept", {}), ("return", WHY), ("withdraw", WHY)], ids=["the same", "another", "his"]
    )
    def test_of_two_who_act_on_a_case_at_the_same_moment_one_is_told_to_read_it_again(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch, action: str, said: dict[str, str]
    ) -> None:
        case_id = edge.report(WORKER, category=LIGHT)["case_id"]
        save, first = DynamoCaseStore.save, []

        def somebody_was_quicker(store: DynamoCaseStore, *change: Any, **more: Any) -> None:
            monkeypatch.setattr(DynamoCaseStore, "save", save)
            by = WORKER if action == "withdraw" else ADMIN
            first.append(try_it(edge, case_id, action, by, 1, str(uuid4()), **said))
            save(store, *change, **more)

        monkeypatch.setattr(DynamoCaseStore, "save", somebody_was_quicker)
        second = try_it(edge, case_id, "accept", LEAD, 1, str(uuid4()))
        assert [answer.status for answer in first] == [200]
        assert (second.status, second.code) == (412, "stale-version")
        assert edge.case(case_id)["version"] == 2
        assert {item["actor"]["id"] for item in edge.timeline(case_id) if item["version"] == 2} <= {"a1", "w1"}

    def test_one_act_sent_twice_at_the_same_moment_is_done_once_and_answered_alike(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case_id, key = accepted(edge, MANHOLE), str(uuid4())
        said, save, first = {"note": "已更换井盖", "media": [edge.picture(LEAD)]}, DynamoCaseStore.save, []

        def its_twin_was_quicker(store: DynamoCaseStore, *change: Any, **more: Any) -> None:
            monkeypatch.setattr(DynamoCaseStore, "save", save)
            first.append(try_it(edge, case_id, "resolve", LEAD, 2, key, **said))
            save(store, *change, **more)

        monkeypatch.setattr(DynamoCaseStore, "save", its_twin_was_quicker)
        second = try_it(edge, case_id, "resolve", LEAD, 2, key, **said)
        assert second == first[0] and second.status == 200
        edge.act(case_id, "verify", STATION)
        assert try_it(edge, case_id, "resolve", LEAD, 2, key, **said) == second
        assert [item["type"] for item in edge.timeline(case_id)].count("case.finished.v1") == 1


class TestPictures:
    def test_a_picture_that_is_not_free_cannot_be_said_with_an_act(self, edge: Edge) -> None:
        case_id, elsewhere = accepted(edge, MANHOLE), accepted(edge, MANHOLE)
        in_a_report, in_a_case = edge.picture(LEAD), edge.picture(LEAD)
        assert edge.report(LEAD, media=[in_a_report], text="想咨询一下")
        assert edge.act(elsewhere, "resolve", LEAD, note="好了", media=[in_a_case]).status == 200
        before = edge.stored()
        free = edge.picture(LEAD)
        for taken in (edge.picture(WORKER), in_a_report, in_a_case):
            with_others = edge.act(case_id, "resolve", LEAD, note="好了", media=[free, taken])
            assert (with_others.status, with_others.code, with_others.field) == (422, "unknown-attachment", "media[1]")
        assert edge.case(case_id)["version"] == 2 and before != edge.stored()
        assert edge.act(case_id, "resolve", LEAD, note="好了", media=[free]).status == 200

    def test_a_picture_of_a_case_is_in_no_report_but_may_be_shown_again_there(self, edge: Edge) -> None:
        case_id, picture = accepted(edge, MANHOLE), edge.picture(LEAD)
        edge.act(case_id, "resolve", LEAD, note="好了", media=[picture])
        told = edge.post("/v1/reports", {**edge.a_report(), "media": [picture]}, LEAD)
        assert (told.code, told.field) == ("unknown-attachment", "media[0]")
        edge.act(case_id, "send-back", STATION, reason="照片看不清")
        assert edge.act(case_id, "resolve", LEAD, note="再拍一张", media=[picture, edge.picture(LEAD)]).status == 200

    def test_it_is_seen_by_who_may_see_the_case_once_it_was_said(self, edge: Edge) -> None:
        case_id, picture = accepted(edge, MANHOLE), edge.picture(LEAD)
        seeing, others = (STATION, WORKER, LINKAGE, ADMIN), (STRANGER, NEIGHBOUR)

        def seen_by(*who: StaffMember) -> set[int]:
            return {edge.get(f"/v1/attachments/{picture}", each).status for each in who}

        assert (seen_by(LEAD), seen_by(*seeing, *others)) == ({200}, {404})
        edge.act(case_id, "resolve", LEAD, note="好了", media=[picture])
        assert (seen_by(LEAD, *seeing), seen_by(*others)) == ({200}, {404})

    def test_without_a_picture_a_danger_is_not_gone(self, edge: Edge) -> None:
        case_id = accepted(edge, MANHOLE)
        for said in ({}, {"media": []}):
            answer = edge.act(case_id, "resolve", LEAD, note="好了", **said)
            assert (answer.status, answer.code, answer.field) == (422, "field-required", "media")


class TestWhoIsAsked:
    def test_a_joint_unit_has_the_case_in_its_queue_and_may_do_its_own_part_only(self, edge: Edge) -> None:
        case_id = accepted(edge)
        assert queue(edge, JOINT.unit, JOINT) == [(case_id, "joint")]
        assert queue(edge, LEAD.unit, LEAD) == [(case_id, "handle")]
        for action, said in (("resolve", {"note": "好了"}), ("transfer", {"unit": "water", **WHY}), ("suspend", WHY)):
            assert edge.act(case_id, action, JOINT, **said).code == "forbidden"
        assert edge.act(case_id, "finish-joint", JOINT, note="未同意").code == "action-not-allowed"
        assert edge.act(case_id, "accept-joint", LEAD).code == "forbidden"
        assert edge.act(case_id, "accept-joint", JOINT).body["joint"][0]["state"] == "accepted"
        assert edge.act(case_id, "refuse-joint", JOINT, **WHY).code == "action-not-allowed"
        assert edge.act(case_id, "finish-joint", JOINT, note="线路已修复").body["joint"][0]["state"] == "done"
        assert queue(edge, JOINT.unit, JOINT) == []
        assert edge.act(case_id, "finish-joint", JOINT, note="再来一次").code in ("forbidden", "action-not-allowed")
        assert edge.get(f"/v1/cases/{case_id}", JOINT).status == 200

    def test_a_unit_that_refused_has_no_part_in_it_any_more_until_it_is_asked_again(self, edge: Edge) -> None:
        case_id = accepted(edge)
        assert edge.act(case_id, "refuse-joint", JOINT, reason="非我单位设施").status == 200
        assert queue(edge, JOINT.unit, JOINT) == []
        assert edge.get(f"/v1/cases/{case_id}", JOINT).status == 404
        assert edge.act(case_id, "request-joint", LEAD, units=[JOINT.unit], **WHY).status == 200
        assert queue(edge, JOINT.unit, JOINT) == [(case_id, "joint")]

    def test_who_decides_on_more_time_has_it_in_the_queue_until_it_is_decided(self, edge: Edge) -> None:
        case_id = accepted(edge)
        asked = edge.act(case_id, "request-extension", LEAD, until="2026-11-28", **WHY)
        assert asked.body["extension"]["approver"]["id"] == DESK
        assert queue(edge, DESK, STATION) == [(case_id, "decide")]
        again = edge.act(case_id, "request-extension", LEAD, until="2026-11-27", **WHY)
        assert again.code == "action-not-allowed"
        for stranger in (LEAD, JOINT):
            assert edge.act(case_id, "approve-extension", stranger).code == "forbidden"
        approved = edge.act(case_id, "approve-extension", STATION)
        resolve = next(clock for clock in approved.body["clocks"] if clock["name"] == "resolve")
        assert (resolve["due_at"], resolve["extended"]) == ("2026-11-28T16:00:00+00:00", 1)
        assert queue(edge, DESK, STATION) == [] and approved.body["extension"] is None
        third = edge.act(case_id, "request-extension", LEAD, until="2026-11-30", **WHY)
        assert (third.status, third.code) == (409, "action-not-allowed")

    def test_nobody_decides_on_what_he_asked_for(self, edge: Edge) -> None:
        case_id = accepted(edge)
        edge.act(case_id, "request-extension", ADMIN, until="2026-11-28", **WHY)
        for action in ("approve-extension", "refuse-extension"):
            own = edge.act(case_id, action, ADMIN, **WHY)
            assert (own.status, own.code) == (403, "own-request")
        assert edge.act(case_id, "refuse-extension", STATION, **WHY).body["extension"] is None

    def test_an_extension_asked_for_when_it_is_due_comes_too_late(self, edge: Edge) -> None:
        case_id = accepted(edge)
        edge.clock.forward(days=3)
        late = edge.act(case_id, "request-extension", LEAD, until="2026-11-28", **WHY)
        assert (late.status, late.code, late.body["due_at"]) == (409, "extension-too-late", "2026-11-25T02:00:00+00:00")

    def test_an_extension_never_makes_a_case_due_earlier(self, edge: Edge) -> None:
        """Time stood still while it waited, so that what was asked for is less than it has now: it is asked anew."""
        case_id = accepted(edge)
        edge.act(case_id, "request-extension", LEAD, until="2026-11-25", **WHY)
        assert edge.act(case_id, "suspend", LEAD, **WHY).body["extension"] is None
        assert queue(edge, DESK, STATION) == []
        edge.clock.forward(days=5)
        due = edge.act(case_id, "resume", LEAD).body["due_at"]
        assert due == "2026-11-30T02:00:00+00:00"
        approved = edge.act(case_id, "approve-extension", STATION)
        assert (approved.status, approved.code) == (409, "action-not-allowed")
        assert edge.case(case_id)["due_at"] == due
        assert edge.act(case_id, "request-extension", LEAD, until="2026-12-02", **WHY).status == 200

    def test_nobody_withdraws_what_others_told_of_too(self, edge: Edge) -> None:
        mine = edge.report(WORKER, category=LIGHT)["case_id"]
        assert "withdraw" in edge.case(mine)["allowed_actions"]
        report = Report(
            **{
                "source": "mobile",
                "message_id": "w2:1",
                "fingerprint": "f",
                "text": "我也看到了",
                "submitted_by": "w2",
            },
            **{"told_at": edge.clock.now(), "received_at": edge.clock.now()},
        )
        intake, case = bootstrap.intake(), bootstrap.reading().case(mine, ADMIN)
        intake._join(case, report, Origin(NEIGHBOUR.actor, "192.0.2.1", "r"))
        assert "withdraw" not in edge.case(mine)["allowed_actions"]
        for by in (WORKER, ADMIN):
            assert edge.act(mine, "withdraw", by, **WHY).code == "action-not-allowed"

    def test_who_is_above_sees_to_what_is_late_until_it_is_done(self, edge: Edge) -> None:
        case_id = edge.report(WORKER, category=LIGHT)["case_id"]
        assert queue(edge, LINKAGE.unit, LINKAGE) == []
        edge.clock.forward(hours=5)
        for _ in range(2):
            edge.invoke("sweep", {})
            assert edge.deliver("due", edge.take_from("Due")) == []
        assert queue(edge, LINKAGE.unit, LINKAGE) == [(case_id, "supervise")]
        assert edge.get(f"/v1/units/{LEAD.unit}/queue", LEAD).body["items"][0]["task"] == "handle"
        breaches = [item["data"] for item in edge.timeline(case_id) if item["type"] == "clock.breached.v1"]
        assert [(breach["clock"], breach["step"], breach["escalated_to"]) for breach in breaches] == [
            ("accept", 1, LINKAGE.unit)
        ]
        assert edge.act(case_id, "accept", LEAD).status == 200
        assert queue(edge, LINKAGE.unit, LINKAGE) == []

    def test_a_case_closed_while_a_joint_unit_is_at_it_says_so_and_asks_it_no_more(self, edge: Edge) -> None:
        case_id = accepted(edge)
        edge.act(case_id, "accept-joint", JOINT)
        edge.act(case_id, "resolve", LEAD, note="已换灯泡")
        assert last(edge, case_id, "case.resolved.v1")["data"]["open_joint"] == [JOINT.unit]
        assert queue(edge, JOINT.unit, JOINT) == [(case_id, "joint")], "it may still say that it is done"
        assert edge.visit(case_id, "satisfied", WORKER).body["state"] == "closed"
        assert last(edge, case_id, "case.closed.v1")["data"]["open_joint"] == [JOINT.unit]
        assert edge.case(case_id)["joint"][0]["state"] == "accepted"
        assert queue(edge, JOINT.unit, JOINT) == []
        assert edge.act(case_id, "finish-joint", JOINT, note="迟了").status in (403, 409)

    def test_a_case_whose_joint_units_are_done_says_nothing_of_them(self, edge: Edge) -> None:
        case_id = accepted(edge)
        edge.act(case_id, "accept-joint", JOINT)
        edge.act(case_id, "resolve", LEAD, note="已换灯泡")
        edge.act(case_id, "finish-joint", JOINT, note="线路已修复")
        edge.visit(case_id, "satisfied", WORKER)
        assert "open_joint" not in last(edge, case_id, "case.closed.v1")["data"]
