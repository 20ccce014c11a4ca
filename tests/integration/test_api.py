"""The API from outside, each route once and more: every answer is held to the contract by the edge that drives it."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.events import CASE_EVENT_TYPES
from chalicelib.domain.people import StaffMember
from chalicelib.handlers.http import fingerprint_of
from chalicelib.handlers.views import _WHAT_ZH
from tests.contract.documents import contract, operations
from tests.integration.edge import INSIDE, JPEG, NEXT_CELL, Edge
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

STREET = StaffMember("t1", "street", "centre-320302001", ("320302001",))
TWO_CELLS = StaffMember("w2", "grid-worker", f"centre-{COMMUNITY}", (CELL, NEXT_CELL))


def test_the_edge_can_reach_every_operation_of_the_contract(edge: Edge) -> None:
    from app import app

    shape = {(m, "/".join("{}" if s.startswith("{") else s for s in p.split("/"))) for m, p, _ in operations()}
    served = {
        (method, "/".join("{}" if s.startswith("{") else s for s in path.split("/")))
        for path, methods in app.routes.items()
        for method in methods
    }
    assert served == shape


def test_a_report_goes_its_whole_way_and_every_answer_is_as_described(edge: Edge) -> None:
    announced = edge.post("/v1/attachments", {"content_type": "image/jpeg", "bytes": len(JPEG)}, WORKER)
    assert announced.status == 201
    picture = announced.body["attachment_id"]
    edge.upload(picture, JPEG)
    receipt = edge.report(
        WORKER, media=[picture], reporter={"name": "王某", "phone": "138 0000 0000"}, address="三号楼东侧"
    )
    assert (receipt["state"], receipt["area"]["code"], receipt["joined"]) == ("assigned", CELL, False)
    case_id, officer = receipt["case_id"], officer_of(receipt["unit"]["id"])

    report = edge.get(f"/v1/reports/{receipt['report_id']}", WORKER).body
    assert (report["media"], report["position"], report["address"]) == ([picture], INSIDE, "三号楼东侧")
    assert report["reporter"] == {
        "anonymous": False,
        "contactable": True,
        "name": "王**",
        "phone": "138****0000",
        "erased_at": None,
    }
    assert "王某" not in json.dumps(report, ensure_ascii=False)
    queue = edge.get(f"/v1/units/{officer.unit}/queue", officer).body
    assert [item["case_id"] for item in queue["items"]] == [case_id]
    assert queue["items"][0]["version"] == 1

    assert edge.act(case_id, "accept", officer).body["state"] == "accepted"
    removed = edge.act(case_id, "resolve", officer, note="已更换井盖。", media=[edge.picture(officer)])
    assert removed.body["state"] == "verifying" and removed.version == 3
    (waiting,) = edge.get(f"/v1/units/centre-{COMMUNITY}/queue", STATION).body["items"]
    assert (waiting["case_id"], waiting["task"]) == (case_id, "handle")
    assert edge.act(case_id, "verify", STATION).body["state"] == "resolved"
    edge.clock.forward(days=1)
    edge.invoke("sweep", {})
    assert edge.deliver("due", edge.take_from("Due")) == []
    (visit,) = edge.get("/v1/visits", WORKER, state="due").body["items"]
    closed = edge.post(
        f"/v1/visits/{visit['visit_id']}/result",
        {"outcome": "satisfied", "note": "居民满意。", "position": INSIDE},
        WORKER,
        version=visit["version"],
    )
    assert (closed.body["state"], closed.body["outcome"]) == ("closed", "satisfied")

    timeline = edge.get(f"/v1/cases/{case_id}/timeline", WORKER)
    assert timeline.version == closed.version and timeline.body["next"] is None
    assert [item["what_zh"] for item in timeline.body["items"]][:3] == ["收到反映", "完成甄别分类", "交办责任单位"]
    tracked = edge.get(f"/v1/public/track/{receipt['tracking_code'].lower()}")
    assert tracked.version == closed.version and tracked.body["community"] == "万通社区"


def test_every_event_has_a_few_chinese_words() -> None:
    assert set(_WHAT_ZH) == CASE_EVENT_TYPES
    assert all(2 <= len(words) <= 8 for words in _WHAT_ZH.values())


def test_the_contract_is_served_as_it_is_written(edge: Edge) -> None:
    assert edge.get("/openapi.json").body == contract("openapi.yaml")


def test_an_officers_position_is_neither_published_nor_stored(edge: Edge) -> None:
    case_id = _resolved(edge)
    position = {"lat": 34.281234, "lon": 117.181234}
    visit_id = edge.case(case_id)["visits"][-1]["visit_id"]
    assert edge.visit(case_id, "satisfied", ADMIN, position=position).status == 200
    assert "34.281234" not in edge.stored()
    assert fingerprint_of([visit_id, {"outcome": "satisfied", "position": position}]) not in edge.stored()
    edge.relay()
    assert not any("34.281234" in record["body"] for record in edge.take_from("Alerts"))


class TestReports:
    def test_a_repeat_gets_the_same_answer_though_the_case_has_moved_on(self, edge: Edge) -> None:
        key, body = str(uuid4()), edge.a_report()
        first = edge.post("/v1/reports", body, WORKER, key=key)
        edge.act(first.body["case_id"], "return", officer_of(first.body["unit"]["id"]), reason="不属于我单位")
        again = edge.post("/v1/reports", {k: body[k] for k in reversed(body)}, WORKER, key=key.upper())
        assert again.body == first.body and again.version == first.version == 1

    def test_the_same_key_with_another_body_is_a_conflict_and_stores_nothing(self, edge: Edge) -> None:
        key = str(uuid4())
        edge.post("/v1/reports", edge.a_report(), WORKER, key=key)
        before = edge.stored()
        answer = edge.post("/v1/reports", {**edge.a_report(), "text": "别的事"}, WORKER, key=key)
        assert (answer.status, answer.code) == (409, "idempotency-conflict")
        assert edge.stored() == before

    def test_a_key_is_its_senders_own(self, edge: Edge) -> None:
        key = str(uuid4())
        mine = edge.post("/v1/reports", edge.a_report(), WORKER, key=key)
        other = edge.post("/v1/reports", edge.a_report(), STATION, key=key)
        assert mine.body["report_id"] != other.body["report_id"]

    def test_the_least_report_is_an_area_a_text_and_a_time(self, edge: Edge) -> None:
        answer = edge.post(
            "/v1/reports", {"text": "想咨询一下", "told_at": "2026-11-22T09:00:00+08:00", "area": CELL}, WORKER
        )
        assert (answer.status, answer.body["state"], answer.body["category"]) == (201, "screening", None)

    def test_newlines_and_tabs_are_fine_and_kept(self, edge: Edge) -> None:
        receipt = edge.report(WORKER, text="井盖缺失\n\t第二行")
        assert edge.get(f"/v1/reports/{receipt['report_id']}", WORKER).body["text"] == "井盖缺失\n\t第二行"

    def test_four_thousand_characters_are_taken(self, edge: Edge) -> None:
        assert edge.report(WORKER, text="井" * 4000)["case_id"]

    def test_a_picture_named_twice_is_one_picture(self, edge: Edge) -> None:
        body = {"content_type": "image/png", "bytes": 9}
        picture = edge.post("/v1/attachments", body, WORKER).body["attachment_id"]
        receipt = edge.report(WORKER, media=[picture, picture])
        assert edge.get(f"/v1/reports/{receipt['report_id']}", WORKER).body["media"] == [picture]

    def test_a_clock_five_minutes_ahead_is_believed(self, edge: Edge) -> None:
        edge.report(WORKER, told_at=edge.clock.now().replace(minute=edge.clock.now().minute + 4).isoformat())

    def test_a_report_is_for_who_sent_it_and_who_may_see_its_case(self, edge: Edge) -> None:
        report = edge.report(WORKER)["report_id"]
        elsewhere = StaffMember("w9", "grid-worker", "centre-320302002001", ("3203020020010101",))
        assert edge.get(f"/v1/reports/{report}", STATION).status == 200
        assert edge.get(f"/v1/reports/{report}", elsewhere).status == 404


class TestFindingCases:
    def test_by_tracking_code_in_any_case_and_by_message(self, edge: Edge) -> None:
        key = str(uuid4())
        receipt = edge.post("/v1/reports", edge.a_report(), WORKER, key=key).body
        for query in (
            {"tracking_code": receipt["tracking_code"].lower()},
            {"source": "mobile", "message_id": key},
            {"source": "mobile", "message_id": f"w1:{key}"},
        ):
            assert edge.get("/v1/cases", WORKER, **query).body["case_id"] == receipt["case_id"]

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"source": "mobile"},
            {"message_id": "1"},
            {"tracking_code": "7K3M9QXA", "source": "mobile", "message_id": "1"},
            {"tracking_code": "7K3M9QXA", "source": "mobile"},
        ],
    )
    def test_neither_or_both_ways_of_naming_is_refused(self, edge: Edge, query: dict[str, str]) -> None:
        answer = edge.get("/v1/cases", WORKER, **query)
        assert (answer.status, answer.code) == (400, "query-invalid")

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/cases?tracking_code=",
            "/v1/cases?tracking_code=ZZZZZZZZ",
            "/v1/cases?tracking_code=" + "A" * 3000,
            "/v1/cases?source=12345&message_id=" + "9" * 3000,
            "/v1/cases/01KAMZ8Y4V6T2QW9R3N5C7XB1D",
            "/v1/cases/" + "0" * 3000,
            "/v1/cases/%E4%BA%95/timeline",
            "/v1/reports/" + "0" * 32,
            "/v1/reports/" + "0" * 3000,
            "/v1/attachments/" + "0" * 32,
            "/v1/units/ministry-of-truth/queue",
        ],
    )
    def test_what_does_not_exist_is_not_found(self, edge: Edge, path: str) -> None:
        assert edge.get(path, ADMIN).code == "not-found"

    def test_nobody_needs_a_token_to_track_and_nobody_finds_what_is_not_there(self, edge: Edge) -> None:
        assert edge.get("/v1/public/track/ZZZZZZZZ").status == 404
        assert edge.get("/v1/public/track/" + "Z" * 3000).status == 404

    def test_a_case_out_of_ones_part_is_not_found_whatever_one_asks_of_it(self, edge: Edge) -> None:
        case_id, stranger = edge.report(WORKER)["case_id"], officer_of("health")
        before = edge.stored()
        for path in (f"/v1/cases/{case_id}", f"/v1/cases/{case_id}/timeline"):
            assert edge.get(path, stranger).status == 404
        assert edge.post(f"/v1/cases/{case_id}/actions/accept", {}, stranger, version=1).status == 404
        assert edge.post(f"/v1/visits/{case_id}.1/result", {"outcome": "satisfied"}, stranger, version=1).status == 404
        assert edge.stored() == before


class TestActing:
    def test_an_act_repeated_is_answered_as_the_first_time_whatever_came_since(self, edge: Edge) -> None:
        receipt = edge.report(WORKER)
        officer, path = officer_of(receipt["unit"]["id"]), f"/v1/cases/{receipt['case_id']}/actions/accept"
        key = str(uuid4())
        first = edge.post(path, {}, officer, key=key, version=1)
        edge.act(receipt["case_id"], "resolve", officer, note="好了")
        assert edge.post(path, {}, officer, key=key, version=1) == first

    def test_the_same_key_for_another_act_is_a_conflict(self, edge: Edge) -> None:
        receipt = edge.report(WORKER)
        officer, path = officer_of(receipt["unit"]["id"]), f"/v1/cases/{receipt['case_id']}/actions"
        key = str(uuid4())
        edge.post(f"{path}/accept", {}, officer, key=key, version=1)
        before = edge.stored()
        for body, action in (({"note": "好了"}, "resolve"), ({"note": "?"}, "accept")):
            answer = edge.post(f"{path}/{action}", body, officer, key=key, version=2)
            assert (answer.status, answer.code) == (409, "idempotency-conflict")
        assert edge.stored() == before

    @pytest.mark.parametrize("tag", ['"0"', '"2"', 'W/"7"', "yesterday", '"' + "9" * 5000 + '"', '"１"'])
    def test_a_stale_version_is_refused_and_tells_the_version_now(self, edge: Edge, tag: str) -> None:
        receipt = edge.report(WORKER)
        answer = edge.post(
            f"/v1/cases/{receipt['case_id']}/actions/accept", {}, officer_of(receipt["unit"]["id"]), version=tag
        )
        assert (answer.status, answer.code) == (412, "stale-version")
        assert edge.case(receipt["case_id"])["state"] == "assigned"

    @pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "1"])
    def test_a_version_is_understood_however_a_client_writes_its_tag(self, edge: Edge, tag: str) -> None:
        receipt = edge.report(WORKER)
        path = f"/v1/cases/{receipt['case_id']}/actions/accept"
        assert edge.post(path, {}, officer_of(receipt["unit"]["id"]), version=tag).status == 200

    def test_without_a_version_nothing_is_done(self, edge: Edge) -> None:
        receipt = edge.report(WORKER)
        answer = edge.post(f"/v1/cases/{receipt['case_id']}/actions/accept", {}, officer_of(receipt["unit"]["id"]))
        assert (answer.status, answer.code, answer.field) == (428, "if-match-required", "If-Match")
        assert edge.case(receipt["case_id"])["state"] == "assigned"

    @pytest.mark.parametrize(
        ("action", "said", "code", "field"),
        [
            ("abolish", {}, "unknown-action", "action"),
            ("return", {}, "field-required", "reason"),
            ("return", {"reason": "  "}, "field-required", "reason"),
            ("return", {"reason": "一" * 2001}, "text-too-long", "reason"),
            ("return", {"reason": "\u0007"}, "control-characters", "reason"),
            ("return", {"why": "?"}, "unknown-field", "why"),
            ("return", {"reason": 7}, "wrong-type", "reason"),
            ("accept", {"category": "flying-saucer"}, "unknown-category", "category"),
            ("accept", {"area": "999"}, "unknown-area", "area"),
        ],
    )
    def test_what_an_action_is_told_is_checked(
        self, edge: Edge, action: str, said: dict[str, Any], code: str, field: str
    ) -> None:
        receipt = edge.report(WORKER)
        before = edge.stored()
        answer = edge.post(
            f"/v1/cases/{receipt['case_id']}/actions/{action}", said, officer_of(receipt["unit"]["id"]), version=1
        )
        assert (answer.status, answer.code, answer.field) == (422, code, field)
        assert edge.stored() == before


class TestQueues:
    def test_a_queue_is_read_page_by_page_and_its_cursors_serve_no_other_list(self, edge: Edge) -> None:
        officer = officer_of("water")
        category = next(c.id for c in edge.policy.categories.values() if c.lead == "water")
        wanted = {edge.report(ADMIN, category=category)["case_id"] for _ in range(3)}
        found, cursor, last = [], None, None
        for _ in range(5):
            query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
            page = edge.get("/v1/units/water/queue", officer, **query).body
            found += [item["case_id"] for item in page["items"]]
            last, cursor = cursor, page["next"]
            if cursor is None:
                break
        assert sorted(found) == sorted(wanted)
        assert last is not None
        for path, by, spoilt in (
            ("/v1/units/water/queue", officer, last[:-5] + ("A" if last[-5] != "A" else "B") + last[-4:]),
            ("/v1/units/water/queue", officer, "nonsense"),
            ("/v1/units/health/queue", officer_of("health"), last),
            ("/v1/visits", WORKER, last),
        ):
            answer = edge.get(path, by, cursor=spoilt)
            assert (answer.status, answer.code, answer.field) == (400, "cursor-invalid", "cursor")

    @pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "", "1e1", "١", "9" * 5000])
    def test_a_limit_that_is_none_is_refused(self, edge: Edge, limit: str) -> None:
        answer = edge.get("/v1/units/water/queue", officer_of("water"), limit=limit)
        assert (answer.status, answer.code, answer.field) == (400, "query-invalid", "limit")

    def test_a_queue_is_its_units_own(self, edge: Edge) -> None:
        assert edge.get("/v1/units/water/queue", officer_of("health")).status == 403
        assert edge.get("/v1/units/water/queue", WORKER).status == 403
        assert edge.get("/v1/units/water/queue", LINKAGE).status == 200
        assert edge.get(f"/v1/units/centre-{COMMUNITY}/queue", STREET).status == 200


class TestVisits:
    @pytest.fixture
    def waiting(self, edge: Edge) -> list[str]:
        """The visits due in two cells of two communities: two here, one there."""
        cases = [_resolved(edge, position=None, area=cell) for cell in (CELL, NEXT_CELL, CELL)]
        edge.clock.forward(days=2)
        edge.invoke("sweep", {})
        edge.deliver("due", edge.take_from("Due"))
        return cases

    def test_who_answers_for_several_areas_sees_all_of_them_page_by_page(self, edge: Edge, waiting: list[str]) -> None:
        for limit in (1, 2, 3, 50):
            found, cursor = [], None
            for _ in range(9):
                query = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
                page = edge.get("/v1/visits", TWO_CELLS, **query).body
                assert len(page["items"]) <= limit
                found += [item["case_id"] for item in page["items"]]
                cursor = page["next"]
                if cursor is None:
                    break
            assert cursor is None
            assert sorted(found) == sorted(waiting), limit

    def test_one_of_several_areas_may_be_named(self, edge: Edge, waiting: list[str]) -> None:
        there = edge.get("/v1/visits", TWO_CELLS, area=NEXT_CELL).body["items"]
        assert [item["case_id"] for item in there] == [waiting[1]]
        assert len(edge.get("/v1/visits", LINKAGE, area=COMMUNITY).body["items"]) == 2
        assert len(edge.get("/v1/visits", STATION).body["items"]) == 2

    def test_a_cursor_of_somebody_elses_areas_is_refused(self, edge: Edge, waiting: list[str]) -> None:
        cursor = edge.get("/v1/visits", TWO_CELLS, limit="2").body["next"]
        elsewhere = StaffMember("w9", "grid-worker", "centre-320302002001", ("3203020020010101",))
        assert edge.get("/v1/visits", elsewhere, cursor=cursor).code == "cursor-invalid"

    @pytest.mark.parametrize("by", [ADMIN, LINKAGE, STREET], ids=lambda staff: staff.role)
    def test_who_answers_for_more_than_communities_must_name_one(self, edge: Edge, by: StaffMember) -> None:
        answer = edge.get("/v1/visits", by, state="due")
        assert (answer.status, answer.code, answer.field) == (400, "query-invalid", "area")

    @pytest.mark.parametrize(
        "area", ["320302", "320302001", "32030200100", "x" * 12, CELL + "01", COMMUNITY + "0" * 900]
    )
    def test_an_area_that_is_no_community_nor_below_is_refused(self, edge: Edge, area: str) -> None:
        answer = edge.get("/v1/visits", ADMIN, area=area)
        assert (answer.status, answer.code, answer.field) == (400, "query-invalid", "area")

    def test_a_foreign_area_is_forbidden_and_other_states_are_no_list(self, edge: Edge) -> None:
        assert edge.get("/v1/visits", WORKER, area=NEXT_CELL).status == 403
        assert edge.get("/v1/visits", officer_of("water"), area=CELL).status == 403
        answer = edge.get("/v1/visits", WORKER, state="planned")
        assert (answer.status, answer.code, answer.field) == (400, "query-invalid", "state")


class TestAttachments:
    def test_a_picture_announced_again_gets_a_form_for_the_same_picture(self, edge: Edge) -> None:
        key, body = str(uuid4()), {"content_type": "image/jpeg", "bytes": 40}
        first = edge.post("/v1/attachments", body, WORKER, key=key)
        again = edge.post("/v1/attachments", body, WORKER, key=key)
        assert again.body["attachment_id"] == first.body["attachment_id"]
        assert edge.post("/v1/attachments", {**body, "bytes": 41}, WORKER, key=key).code == "idempotency-conflict"

    def test_a_picture_is_expected_until_its_bytes_have_come_and_is_its_owners_until_it_is_told(
        self, edge: Edge
    ) -> None:
        body = {"content_type": "image/jpeg", "bytes": len(JPEG)}
        picture = edge.post("/v1/attachments", body, WORKER).body["attachment_id"]
        path = f"/v1/attachments/{picture}"
        assert edge.get(path, WORKER).body == {
            "attachment_id": picture,
            "state": "expected",
            "reason": None,
            "url": None,
        }
        assert edge.get(path, STATION).status == 404
        edge.report(WORKER, media=[picture])
        assert edge.get(path, STATION).status == 200

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"content_type": "application/pdf"}, "attachment-type-refused", "content_type"),
            ({"bytes": 10_485_761}, "attachment-too-large", "bytes"),
            ({"bytes": 0}, "value-not-allowed", "bytes"),
            ({"bytes": "9"}, "wrong-type", "bytes"),
            ({"bytes": 10**400}, "attachment-too-large", "bytes"),
            ({"name": "x.jpg"}, "unknown-field", "name"),
        ],
    )
    def test_what_is_no_picture_is_refused(self, edge: Edge, change: dict[str, Any], code: str, field: str) -> None:
        before = edge.stored()
        answer = edge.post("/v1/attachments", {"content_type": "image/jpeg", "bytes": 9, **change}, WORKER)
        assert (answer.status, answer.code, answer.field) == (422, code, field)
        assert edge.stored() == before

    def test_somebody_elses_picture_cannot_be_named(self, edge: Edge) -> None:
        body = {"content_type": "image/jpeg", "bytes": 9}
        picture = edge.post("/v1/attachments", body, STATION).body["attachment_id"]
        answer = edge.post("/v1/reports", {**edge.a_report(), "media": [picture]}, WORKER)
        assert (answer.status, answer.code, answer.field) == (422, "unknown-attachment", "media[0]")


def _resolved(edge: Edge, **said: Any) -> str:
    """A case that the department has resolved."""
    receipt = edge.report(ADMIN, category="missing-manhole-cover", **said)
    case_id: str = receipt["case_id"]
    edge.answered(case_id, ADMIN)
    return case_id
