"""People see only their part, in lists, by cursors and by repeats too. The plain cells are in `test_permissions.py`."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.people import StaffMember, may_list, may_see
from chalicelib.models.case_rows import CaseRow, summary_from
from tests.integration.edge import JPEG, NEXT_CELL, NEXT_COMMUNITY, Edge
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, lay_area, officer_of

STREET = StaffMember("t1", "street", f"centre-{COMMUNITY[:9]}", (COMMUNITY[:9],))
LEADER = StaffMember("b1", "leader", f"centre-{COMMUNITY[:9]}", (COMMUNITY[:9],))
AUDITOR = StaffMember("u1", "auditor", "linkage-centre", ("320302",))
MEDIATOR = StaffMember("m1", "mediator", f"centre-{COMMUNITY}", (COMMUNITY,))
OFFICE = StaffMember("p1", "petition-office", "petition-office", ("320302",))
ANOTHER_STREET_CELL = "3203020020010101"
PETITION, MANHOLE, NOISE = "petition-official-conduct", "missing-manhole-cover", "noise"


def pages(edge: Edge, path: str, by: StaffMember, **query: str) -> tuple[list[str], list[str]]:
    """The ids of all cases of a list, read one at a time, and its cursors."""
    listed: list[str] = []
    cursors: list[str] = []
    while len(cursors) < 20:
        page = edge.get(path, by, limit="1", **({"cursor": cursors[-1]} if cursors else {}), **query).body
        listed += [item["case_id"] for item in page["items"]]
        if page["next"] is None:
            return listed, cursors
        cursors.append(page["next"])
    raise AssertionError("the list has no end")


def returned(edge: Edge, category: str, **said: Any) -> str:
    """A case that its lead unit has returned to the desk."""
    case_id: str = edge.report(ADMIN, category=category, **said)["case_id"]
    edge.act(case_id, "return", ADMIN, reason="不属于我单位")
    return case_id


class TestLists:
    def test_a_case_that_was_moved_to_foreign_areas_is_not_in_the_queue_of_who_is_above_the_desk(
        self, edge: Edge
    ) -> None:
        lay_area(edge.reference, ANOTHER_STREET_CELL, ["鼓楼区", "牌楼街道", "某社区", "某小区", "某网格"])
        stays = edge.report(ADMIN, text="想咨询一下")["case_id"]
        moved = edge.report(ADMIN, text="想咨询一下")["case_id"]
        edge.act(moved, "classify", STATION, category=MANHOLE, area=ANOTHER_STREET_CELL)
        edge.act(moved, "return", ADMIN, reason="不属于我单位")
        path = f"/v1/units/centre-{COMMUNITY}/queue"
        assert sorted(pages(edge, path, STATION)[0]) == sorted([stays, moved]), "it lies on the station's desk"
        for above in (STREET, LEADER):
            assert edge.get(f"/v1/cases/{moved}", above).status == 404
            assert pages(edge, path, above)[0] == [stays]

    def test_a_department_does_not_read_the_queues_of_the_centres_of_its_district(self, edge: Edge) -> None:
        """Its officers' areas are the whole district, and what they see goes by unit and not by area."""
        edge.report(ADMIN, text="想咨询一下")
        for by in (officer_of("health"), OFFICE):
            assert edge.get(f"/v1/units/centre-{COMMUNITY}/queue", by).status == 403
            assert edge.get("/v1/units/linkage-centre/queue", by).status == 403
        assert len(pages(edge, f"/v1/units/centre-{COMMUNITY}/queue", STREET)[0]) == 1

    def test_a_list_of_visits_leaves_out_the_kinds_that_are_not_seen(self, edge: Edge) -> None:
        cases = {}
        for category in (MANHOLE, NOISE, MANHOLE):
            case_id = edge.report(ADMIN, category=category)["case_id"]
            edge.answered(case_id, ADMIN)
            cases[case_id] = category
        edge.clock.forward(days=2)
        edge.invoke("sweep", {})
        edge.deliver("due", edge.take_from("Due"))
        assert sorted(pages(edge, "/v1/visits", WORKER)[0]) == sorted(cases)
        assert [cases[case_id] for case_id in pages(edge, "/v1/visits", MEDIATOR)[0]] == [NOISE]

    def test_what_is_listed_is_seen_whoever_asks_and_whatever_it_is(self, edge: Edge) -> None:
        lay_area(edge.reference, ANOTHER_STREET_CELL, ["鼓楼区", "牌楼街道", "某社区", "某小区", "某网格"])
        texts: tuple[dict[str, Any], ...] = ({"text": "想咨询一下"}, {"category": MANHOLE}, {"category": PETITION})
        for area in (CELL, NEXT_CELL, ANOTHER_STREET_CELL):
            for said in texts:
                edge.report(ADMIN, position=None, area=area, **said)
            returned(edge, PETITION, position=None, area=area)
            returned(edge, NOISE, position=None, area=area)
        edge.post("/hooks/sms/aliyun?key=aliyun-secret", [{"phone_number": "13900000001", "content": "想咨询一下"}])
        tried = 0
        for row in CaseRow.scan(CaseRow.sk == CaseRow.SK):
            case, listed = row.to_case(), summary_from(row.attribute_values)
            for role in edge.policy.roles:
                for unit in (case.unit, case.lead or "health", case.desk, "linkage-centre", "health", COMMUNITY[:9]):
                    for area in (COMMUNITY, NEXT_COMMUNITY, COMMUNITY[:9], "320302", ANOTHER_STREET_CELL, ""):
                        staff = StaffMember("x", role, unit, (area,))
                        tried += 1
                        assert may_see(staff, case, edge.policy) or not may_list(staff, listed, edge.policy)
        assert tried > 5_000


class TestCursors:
    def test_a_cursor_says_nothing_of_a_case_that_was_left_out(self, edge: Edge) -> None:
        """However many are left out behind each other: after ten of them a page ends at one."""
        hidden = [edge.report(ADMIN, category=PETITION)["case_id"] for _ in range(12)]
        listed, cursors = pages(edge, "/v1/units/petition-office/queue", LINKAGE)
        assert listed == [] and len(cursors) == 1
        for cursor in cursors:
            content = urlsafe_b64decode(cursor + "==")
            assert not any(part.encode() in content for case_id in hidden for part in (case_id, case_id[:12], "CASE#"))
        assert sorted(pages(edge, "/v1/units/petition-office/queue", OFFICE)[0]) == sorted(hidden)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda cursor: cursor[:-1],
            lambda cursor: cursor + "A",
            lambda cursor: cursor + "=",
            lambda cursor: cursor[:20] + "\n" + cursor[20:],
            lambda cursor: ("B" if cursor[0] == "A" else "A") + cursor[1:],
            lambda cursor: "游标",
            lambda cursor: "A",
            lambda cursor: "AAAA",
            lambda cursor: "A" * 100_000,
        ],
    )
    def test_a_cursor_that_was_altered_is_none(self, edge: Edge, spoil: Callable[[str], str]) -> None:
        for _ in range(2):
            edge.report(ADMIN, category=MANHOLE)
        path, officer = "/v1/units/urban-management/queue", officer_of("urban-management")
        cursor = edge.get(path, officer, limit="1").body["next"]
        assert len(edge.get(path, officer, limit="1", cursor=cursor).body["items"]) == 1
        answer = edge.get(path, officer, limit="1", cursor=spoil(cursor))
        assert (answer.status, answer.code, answer.field) == (400, "cursor-invalid", "cursor")


class TestRepeats:
    def test_a_repeat_by_who_may_no_longer_see_the_case_gets_what_a_stranger_gets(self, edge: Edge) -> None:
        case_id, key = edge.report(ADMIN, text="想咨询一下")["case_id"], str(uuid4())
        path = f"/v1/cases/{case_id}/actions/classify"
        assert edge.post(path, {"category": PETITION}, STATION, key=key, version=1).status == 200
        before = edge.stored()
        again = edge.post(path, {"category": PETITION}, STATION, key=key, version=1)
        assert (again.status, again.code) == (404, "not-found")
        assert "ETag" not in again.headers and PETITION not in str(again.body)
        assert edge.stored() == before

    def test_so_does_who_was_posted_elsewhere(self, edge: Edge) -> None:
        case_id, key = edge.report(ADMIN, text="想咨询一下")["case_id"], str(uuid4())
        path = f"/v1/cases/{case_id}/actions/classify"
        first = edge.post(path, {"category": MANHOLE}, STATION, key=key, version=1)
        elsewhere = replace(STATION, unit=f"centre-{NEXT_COMMUNITY}", areas=(NEXT_COMMUNITY,))
        assert edge.post(path, {"category": MANHOLE}, elsewhere, key=key, version=1).status == 404
        assert edge.post(path, {"category": MANHOLE}, STATION, key=key, version=1) == first

    def test_a_report_is_repeated_by_who_may_report(self, edge: Edge) -> None:
        key, body = str(uuid4()), edge.a_report()
        first = edge.post("/v1/reports", body, WORKER, key=key)
        assert edge.post("/v1/reports", body, replace(WORKER, role="leader"), key=key).status == 403
        assert edge.post("/v1/reports", body, WORKER, key=key) == first


class TestConfidential:
    def test_a_petition_is_with_the_petition_office_until_somebody_is_entrusted_with_it(self, edge: Edge) -> None:
        case_id = edge.report(ADMIN, category=PETITION)["case_id"]
        leader = replace(LEADER, unit="linkage-centre", areas=("320302",))
        clerk = officer_of(OFFICE.unit)
        for by, sees in ((OFFICE, True), (LINKAGE, False), (AUDITOR, False), (leader, False), (clerk, False)):
            assert (edge.get(f"/v1/cases/{case_id}", by).status == 200) is sees, by.role
        assert pages(edge, "/v1/units/petition-office/queue", OFFICE)[0] == [case_id]
        assert pages(edge, "/v1/units/petition-office/queue", LINKAGE)[0] == []
        assert edge.get("/v1/units/petition-office/queue", STATION).status == 403

    def test_a_kind_that_the_pack_no_longer_names_is_kept_as_confidential(self, edge: Edge) -> None:
        edge.report(ADMIN, category=MANHOLE)
        (row,) = CaseRow.scan(CaseRow.sk == CaseRow.SK)
        case, listed = row.to_case(), summary_from(row.attribute_values)
        kinds = {name: kind for name, kind in edge.policy.kinds.items() if name != "hazard"}
        lesser = replace(edge.policy, kinds=kinds)
        for by in (STATION, LINKAGE, AUDITOR, MEDIATOR, officer_of("urban-management")):
            assert not may_see(by, case, lesser) and not may_list(by, listed, lesser)
        assert may_see(ADMIN, case, lesser)


class TestReportsAndPictures:
    def test_reports_and_pictures_of_a_foreign_case_do_not_exist_nor_does_their_bytes_address(self, edge: Edge) -> None:
        announced = {"content_type": "image/jpeg", "bytes": len(JPEG)}
        picture = edge.post("/v1/attachments", announced, WORKER).body["attachment_id"]
        edge.deliver("attachments", [edge.upload(picture, JPEG)])
        report_id = edge.report(WORKER, media=[picture], category=MANHOLE)["report_id"]
        foreign = StaffMember("w9", "grid-worker", f"centre-{NEXT_COMMUNITY}", (NEXT_CELL,))
        nothing = edge.get("/v1/attachments/" + "0" * 32, foreign)
        for by in (foreign, replace(MEDIATOR, id="m2"), officer_of("health")):
            assert edge.get(f"/v1/attachments/{picture}", by) == nothing
            assert edge.get(f"/v1/reports/{report_id}", by).status == 404
        assert edge.get(f"/v1/attachments/{picture}", STATION).body["url"]

    def test_an_auditor_reads_what_was_done_and_never_what_was_told(self, edge: Edge) -> None:
        receipt = edge.report(WORKER, category=MANHOLE, reporter={"name": "王某", "phone": "13800000000"})
        timeline = edge.get(f"/v1/cases/{receipt['case_id']}/timeline", AUDITOR)
        assert timeline.status == 200 and "王某" not in str(timeline.body) and "3800000000" not in str(timeline.body)
        assert edge.get(f"/v1/reports/{receipt['report_id']}", AUDITOR).status == 403

    def test_nobody_learns_what_exists_by_asking_without_the_right_to_read(self, edge: Edge) -> None:
        receipt, nobody = edge.report(WORKER), StaffMember("x", "emperor", "linkage-centre", ("320302",))
        for code in (receipt["tracking_code"], "ZZZZZZZZ"):
            assert edge.get("/v1/cases", nobody, tracking_code=code).status == 403
        known = edge.get(f"/v1/reports/{receipt['report_id']}", ADMIN).body["message_id"]
        for message_id in (known, "w1:unknown"):
            assert edge.get("/v1/cases", nobody, source="mobile", message_id=message_id).status == 403
