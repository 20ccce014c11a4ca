"""Views over the API: pages and their order, who finds what, what it costs. The plain cells: `test_permissions`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto.core.botocore_stubber import BotocoreStubber

from chalicelib.domain.people import StaffMember
from chalicelib.models.case_rows import CaseRow, CasesRow
from tests.integration.edge import NEXT_CELL, NEXT_COMMUNITY, REGION, Edge
from tests.integration.gateway import Answer
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, lay_area, officer_of

OTHER_COMPOUND_CELL = f"{COMMUNITY}0201"
STREET = StaffMember("t1", "street", f"centre-{COMMUNITY[:9]}", (COMMUNITY[:9],))
MEDIATOR = StaffMember("m1", "mediator", f"centre-{COMMUNITY}", (COMMUNITY,))
OFFICE = StaffMember("p1", "petition-office", "petition-office", ("320302",))
PETITION, MANHOLE, NOISE, THEFT, LIGHT = (
    "petition-official-conduct",
    "missing-manhole-cover",
    "noise",
    "theft",
    "street-light",
)


@pytest.fixture
def edge(edge: Edge) -> Edge:
    lay_area(edge.reference, OTHER_COMPOUND_CELL, ["鼓楼区", "黄楼街道", "万通社区", "万通新村", "第9网格"])
    return edge


def told(edge: Edge, category: str | None = MANHOLE, by: StaffMember = ADMIN, **said: Any) -> str:
    """A case, opened a second after the one before."""
    edge.clock.forward(seconds=1)
    receipt = edge.report(by, **({"category": category} if category else {"text": "想咨询一下"}), **said)
    case_id: str = receipt["case_id"]
    return case_id


def resolved(edge: Edge, case_id: str) -> None:
    """Answered; of what is a danger, with a picture that shows it gone, which the desk has then to verify."""
    edge.act(case_id, "accept", ADMIN)
    assert edge.act(case_id, "resolve", ADMIN, note="好了", media=[edge.picture(ADMIN)]).status == 200


def settled(edge: Edge, case_id: str) -> None:
    """Through to the archive."""
    resolved(edge, case_id)
    if edge.case(case_id)["state"] == "verifying":
        edge.act(case_id, "verify", ADMIN)
    edge.visit(case_id, "satisfied", ADMIN)
    assert edge.case(case_id)["state"] == "closed"


def time_goes_by(edge: Edge, **time: float) -> None:
    """And does to cases what it does by itself."""
    edge.clock.forward(**time)
    edge.invoke("sweep", {})
    assert edge.deliver("due", edge.take_from("Due")) == []


def found(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [item["case_id"] for item in answer.body["items"]]


def paged(edge: Edge, path: str, by: StaffMember, limit: int = 1, **query: str) -> list[str]:
    """Everything a view finds, read page by page."""
    listed: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(30):
        page = edge.get(path, by, limit=str(limit), **cursor, **query)
        assert len(found(page)) <= limit
        listed += found(page)
        if page.body["next"] is None:
            return listed
        cursor = {"cursor": page.body["next"]}
    raise AssertionError("the list has no end")


class Requests:
    """Counts what is asked of DynamoDB."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        process = BotocoreStubber.process_request

        def counted(stubber: BotocoreStubber, request: Any) -> Any:
            target = request.headers.get("X-Amz-Target", b"")
            self.made.append((target.decode() if isinstance(target, bytes) else target).rpartition(".")[2])
            return process(stubber, request)

        patch.setattr(BotocoreStubber, "process_request", counted)

    def during(self, ask: Callable[[], Answer]) -> list[str]:
        """Of one request, without the entry of the audit."""
        self.made.clear()
        assert ask().status == 200
        assert self.made[-1] == "PutItem"
        return self.made[:-1]


class TestAreas:
    def test_a_duty_finds_the_open_cases_of_its_kinds_in_a_community_newest_first(self, edge: Edge) -> None:
        told(edge, THEFT)
        light, manhole = told(edge, LIGHT), told(edge, MANHOLE)
        rental, elsewhere = told(edge, "group-rental"), told(edge, LIGHT, position=None, area=NEXT_CELL)
        later = told(edge, LIGHT, position=None, area=COMMUNITY)
        for limit in (1, 2, 50):
            assert paged(edge, "/v1/views/services", STATION, limit) == [later, rental, light]
        assert paged(edge, "/v1/views/hot-spots", STATION) == [manhole]
        assert paged(edge, "/v1/views/services", ADMIN, area=NEXT_COMMUNITY) == [elsewhere]

    def test_what_is_not_classified_yet_is_in_a_view_without_kinds_and_moves_when_it_is(self, edge: Edge) -> None:
        case_id = told(edge, None, urgency="major")
        assert paged(edge, "/v1/views/key-work", STATION) == [case_id]
        assert paged(edge, "/v1/views/hot-spots", STATION) == []
        edge.act(case_id, "classify", STATION, category=MANHOLE)
        assert paged(edge, "/v1/views/key-work", STATION) == [case_id], "once, and not under both"
        assert paged(edge, "/v1/views/hot-spots", STATION) == [case_id]

    def test_a_case_that_is_closed_is_in_no_list_of_open_ones(self, edge: Edge) -> None:
        closed, stays = told(edge, MANHOLE), told(edge, MANHOLE)
        settled(edge, closed)
        assert paged(edge, "/v1/views/hot-spots", ADMIN, area=COMMUNITY) == [stays]

    def test_a_compound_or_a_cell_is_a_part_of_its_community(self, edge: Edge) -> None:
        ours, theirs = told(edge, MANHOLE), told(edge, MANHOLE, position=None, area=OTHER_COMPOUND_CELL)
        whole = told(edge, MANHOLE, position=None, area=COMMUNITY)
        for area, inside in (
            (COMMUNITY, [whole, theirs, ours]),
            (CELL[:14], [ours]),
            (CELL, [ours]),
            (OTHER_COMPOUND_CELL, [theirs]),
        ):
            assert paged(edge, "/v1/views/hot-spots", STATION, area=area) == inside
        assert paged(edge, "/v1/views/hot-spots", WORKER) == [ours], "by default the own areas"
        both = replace(WORKER, areas=(CELL, OTHER_COMPOUND_CELL))
        assert paged(edge, "/v1/views/hot-spots", both) == [theirs, ours]

    @pytest.mark.parametrize(
        ("by", "area", "status", "code"),
        [
            (STREET, None, 422, "community-required"),
            (STREET, COMMUNITY[:9], 422, "community-required"),
            (ADMIN, "320302", 422, "community-required"),
            (replace(WORKER, areas=(CELL, NEXT_CELL)), None, 422, "community-required"),
            (replace(STATION, areas=()), None, 422, "community-required"),
            (STREET, COMMUNITY, 200, ""),
            (replace(WORKER, areas=(CELL, NEXT_CELL)), NEXT_CELL, 200, ""),
            (STATION, NEXT_COMMUNITY, 403, "forbidden"),
            (STATION, COMMUNITY[:9], 403, "forbidden"),
            (WORKER, COMMUNITY, 403, "forbidden"),
            (officer_of("health"), COMMUNITY, 403, "forbidden"),
            (STATION, "万通社区", 400, "query-invalid"),
            (STATION, f"{COMMUNITY}0", 400, "query-invalid"),
        ],
    )
    def test_who_answers_for_more_than_a_community_names_one(
        self, edge: Edge, by: StaffMember, area: str | None, status: int, code: str
    ) -> None:
        answer = edge.get("/v1/views/hot-spots", by, **({} if area is None else {"area": area}))
        assert answer.status == status, answer.body
        if code:
            assert answer.code == code
        if status in (400, 422):
            assert answer.field == "area"

    def test_a_petition_is_found_by_who_may_see_it_and_by_nobody_else(self, edge: Edge) -> None:
        noise, petition = told(edge, NOISE), told(edge, PETITION)
        for by, seen in (
            (OFFICE, [petition]),
            (ADMIN, [petition, noise]),
            (STATION, [noise]),
            (STREET, [noise]),
            (LINKAGE, [noise]),
            (MEDIATOR, [noise]),
            (replace(LINKAGE, role="auditor"), [noise]),
        ):
            assert paged(edge, "/v1/views/disputes", by, area=COMMUNITY) == seen, by.role

    def test_a_role_of_one_kind_finds_only_that(self, edge: Edge) -> None:
        noise, _ = told(edge, NOISE, urgency="major"), told(edge, MANHOLE, urgency="major")
        assert paged(edge, "/v1/views/key-work", MEDIATOR) == [noise]
        assert paged(edge, "/v1/views/hot-spots", MEDIATOR) == []

    def test_an_answer_looks_only_so_far_and_says_where_it_stopped(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One list is read at most six times, two lists three times each, seven once."""
        far = told(edge, MANHOLE, urgency="major")
        near = [told(edge, MANHOLE, position=None, area=OTHER_COMPOUND_CELL) for _ in range(7)]
        assert far < near[0]
        requests = Requests(monkeypatch)
        for name, queries in (("hot-spots", 6), ("services", 2), ("key-work", 7)):
            made = requests.during(lambda name=name: edge.get(f"/v1/views/{name}", WORKER, limit="1"))
            assert made == ["Query"] * queries, name
        first = edge.get("/v1/views/hot-spots", WORKER, limit="1")
        assert found(first) == [] and first.body["next"] is not None
        assert paged(edge, "/v1/views/hot-spots", WORKER) == [far]
        assert requests.during(lambda: edge.get("/v1/views/hot-spots", WORKER)) == ["Query"]

    def test_what_moves_to_another_community_moves_in_the_lists(self, edge: Edge) -> None:
        case_id = told(edge, None, position=None, area=COMMUNITY[:9])
        assert CaseRow.get(f"CASE#{case_id}", "CASE").community is None, "a street is no community"
        edge.act(case_id, "classify", ADMIN, category=MANHOLE, area=NEXT_CELL)
        assert paged(edge, "/v1/views/hot-spots", ADMIN, area=NEXT_COMMUNITY) == [case_id]
        assert paged(edge, "/v1/views/hot-spots", ADMIN, area=COMMUNITY) == []

    def test_the_index_holds_cases_only_and_no_more_of_them_than_lists_show(self, edge: Edge) -> None:
        told(edge, MANHOLE, reporter={"name": "王某", "phone": "13800000000"})
        table = boto3.resource("dynamodb", REGION).Table(edge.names["Cases"])
        (entry,) = table.scan(IndexName="community")["Items"]
        assert set(entry) == {"pk", "sk", "community", "version", "summary"}
        assert (entry["sk"], entry["community"]) == ("CASE", f"COMMUNITY#{COMMUNITY}#hazard#open")
        assert CasesRow.community_index.Meta.index_name == "community"


class TestUnits:
    def test_what_is_to_be_accepted_and_what_to_be_handled(self, edge: Edge) -> None:
        officer = officer_of("urban-management")
        first, second = told(edge), told(edge)
        edge.act(second, "accept", officer)
        assert paged(edge, "/v1/views/to-accept", officer) == [first]
        assert paged(edge, "/v1/views/to-handle", officer) == [second]
        assert paged(edge, "/v1/views/to-accept", LINKAGE, unit="urban-management") == [first]

    def test_what_is_to_be_verified_lies_on_the_desk(self, edge: Edge) -> None:
        dangerous, dark = told(edge, MANHOLE), told(edge, LIGHT)
        assert paged(edge, "/v1/views/to-verify", STATION) == []
        resolved(edge, dangerous)
        assert paged(edge, "/v1/views/to-verify", STATION) == [dangerous]
        edge.act(dangerous, "verify", STATION)
        assert paged(edge, "/v1/views/to-verify", STATION) == []
        resolved(edge, dark)
        edge.visit(dark, "dissatisfied", WORKER)
        assert paged(edge, "/v1/views/to-verify", STATION) == [dark]

    def test_a_joint_unit_finds_what_it_is_asked_for_until_it_is_done_and_nothing_of_it_in_its_own_work(
        self, edge: Edge
    ) -> None:
        case_id, power, lead = told(edge, LIGHT), officer_of("power-supply"), officer_of("urban-management")
        for action in (None, "accept", "accept-joint"):
            if action:
                assert edge.act(case_id, action, power if action == "accept-joint" else lead).status == 200
            assert paged(edge, "/v1/views/joint", power) == [case_id]
            (item,) = edge.get("/v1/views/joint", power).body["items"]
            assert (item["task"], item["unit"]["id"]) == ("joint", "urban-management")
            assert paged(edge, "/v1/views/to-accept", power) == paged(edge, "/v1/views/to-handle", power) == []
            assert paged(edge, "/v1/views/joint", lead) == []
        assert edge.act(case_id, "finish-joint", power, note="线路已通").status == 200
        assert paged(edge, "/v1/views/joint", power) == []
        assert paged(edge, "/v1/views/to-handle", lead) == [case_id]

    def test_who_decides_on_more_time_finds_it_until_it_is_decided(self, edge: Edge) -> None:
        case_id, lead = told(edge, LIGHT), officer_of("urban-management")
        edge.act(case_id, "accept", lead)
        assert paged(edge, "/v1/views/to-decide", STATION) == []
        assert edge.act(case_id, "request-extension", lead, until="2026-11-30", reason="等待配件").status == 200
        assert paged(edge, "/v1/views/to-decide", STATION) == [case_id]
        assert paged(edge, "/v1/views/to-decide", lead) == []
        assert edge.act(case_id, "approve-extension", STATION).status == 200
        assert paged(edge, "/v1/views/to-decide", STATION) == []

    def test_what_was_not_done_in_time_is_found_by_who_supervises_it(self, edge: Edge) -> None:
        case_id, lead = told(edge, LIGHT), officer_of("urban-management")
        assert paged(edge, "/v1/views/to-supervise", LINKAGE) == []
        time_goes_by(edge, hours=5)
        assert paged(edge, "/v1/views/to-supervise", LINKAGE) == [case_id]
        assert paged(edge, "/v1/views/overdue", lead) == paged(edge, "/v1/views/overdue", LINKAGE) == [case_id]
        edge.act(case_id, "accept", lead)
        for by in (lead, LINKAGE):
            assert paged(edge, "/v1/views/overdue", by) == [], "it was done, if late"
        assert paged(edge, "/v1/views/to-supervise", LINKAGE) == []

    def test_what_is_to_be_screened_and_what_came_back(self, edge: Edge) -> None:
        unclear, returned = told(edge, None), told(edge, LIGHT)
        edge.act(returned, "return", officer_of("urban-management"), reason="不属于我单位")
        assert sorted(paged(edge, "/v1/views/to-screen", STATION)) == [unclear, returned]

    def test_what_is_overdue_stands_by_deadline_and_needs_no_looking_for(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        officer = officer_of("urban-management")
        ordinary, urgent = told(edge, LIGHT), told(edge, MANHOLE)
        assert paged(edge, "/v1/views/overdue", officer) == []
        edge.clock.forward(hours=1)
        assert paged(edge, "/v1/views/overdue", officer) == [urgent]
        edge.clock.forward(hours=12)
        for _ in range(5):
            told(edge, LIGHT)
        assert paged(edge, "/v1/views/overdue", officer) == [urgent, ordinary]
        requests = Requests(monkeypatch)
        assert requests.during(lambda: edge.get("/v1/views/overdue", officer)) == ["Query"]

    def test_a_page_is_filled_from_what_comes_later_in_the_queue_within_three_reads(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        officer = officer_of("urban-management")
        cases = [told(edge) for _ in range(8)]
        for case_id in cases[6:]:
            edge.act(case_id, "accept", officer)
        requests = Requests(monkeypatch)
        assert len(requests.during(lambda: edge.get("/v1/views/to-handle", officer, limit="1"))) == 3
        assert found(edge.get("/v1/views/to-handle", officer, limit="3")) == cases[6:]
        assert paged(edge, "/v1/views/to-handle", officer) == cases[6:]
        assert paged(edge, "/v1/views/to-accept", officer, 4) == cases[:6]

    @pytest.mark.parametrize(
        ("by", "unit", "status"),
        [
            (officer_of("water"), "urban-management", 403),
            (officer_of("water"), "ministry-of-truth", 404),
            (WORKER, None, 403),
            (MEDIATOR, f"centre-{COMMUNITY}", 403),
            (STREET, f"centre-{COMMUNITY}", 200),
            (STATION, f"centre-{NEXT_COMMUNITY}", 403),
            (LINKAGE, "water", 200),
        ],
    )
    def test_a_unit_is_asked_by_who_may_read_its_queue(
        self, edge: Edge, by: StaffMember, unit: str | None, status: int
    ) -> None:
        assert edge.get("/v1/views/to-accept", by, **({"unit": unit} if unit else {})).status == status

    def test_a_petition_at_its_unit_is_found_by_who_may_see_it(self, edge: Edge) -> None:
        petition = told(edge, PETITION)
        assert paged(edge, "/v1/views/to-accept", OFFICE) == [petition]
        assert paged(edge, "/v1/views/to-accept", LINKAGE, unit="petition-office") == []


class TestMine:
    def test_what_somebody_reported_newest_first_open_or_not_whoever_has_it(self, edge: Edge) -> None:
        closed = told(edge, MANHOLE, WORKER)
        settled(edge, closed)
        elsewhere = told(edge, LIGHT, WORKER, position=None, area=NEXT_CELL)
        told(edge, MANHOLE, ADMIN)
        unclear = told(edge, None, WORKER)
        for limit in (1, 2, 50):
            assert paged(edge, "/v1/views/my-reports", WORKER, limit) == [unclear, elsewhere, closed]
        items = edge.get("/v1/views/my-reports", WORKER).body["items"]
        assert [item["state"] for item in items] == ["screening", "assigned", "closed"]
        assert paged(edge, "/v1/views/my-reports", replace(WORKER, id="w2")) == []

    def test_a_petition_one_reported_is_not_listed_and_is_not_found_by_its_id_either(self, edge: Edge) -> None:
        noise, petition = told(edge, NOISE, WORKER), told(edge, PETITION, WORKER)
        assert paged(edge, "/v1/views/my-reports", WORKER) == [noise]
        assert edge.get(f"/v1/cases/{petition}", WORKER).status == 404
        told(edge, PETITION, LINKAGE)
        assert paged(edge, "/v1/views/my-reports", LINKAGE) == []

    def test_a_page_is_two_reads_however_long_it_is(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        requests = Requests(monkeypatch)
        assert requests.during(lambda: edge.get("/v1/views/my-reports", WORKER)) == ["Query"]
        for _ in range(7):
            told(edge, MANHOLE, WORKER)
        for limit in ("1", "5", "100"):
            made = requests.during(lambda limit=limit: edge.get("/v1/views/my-reports", WORKER, limit=limit))
            assert made == ["Query", "BatchGetItem"]

    def test_a_repeat_leaves_no_second_entry_and_who_was_texted_none(self, edge: Edge) -> None:
        body, key = edge.a_report(), "8d2f6c1e-5b0a-4f37-9f64-1f0f3a7b2c55"
        for _ in range(2):
            assert edge.post("/v1/reports", body, WORKER, key=key).status == 201
        edge.post("/hooks/sms/aliyun?key=aliyun-secret", [{"phone_number": "13900000001", "content": "想咨询一下"}])
        table = boto3.resource("dynamodb", REGION).Table(edge.names["Cases"])
        assert [row["pk"] for row in table.scan()["Items"] if row["pk"].startswith("STAFF#")] == ["STAFF#w1"]


class TestAsking:
    def test_everybody_is_told_the_views_his_or_her_role_may_ask_in_the_packs_order(self, edge: Edge) -> None:
        everything = edge.get("/v1/views", STATION).body["items"]
        assert [view["name"] for view in everything][:3] == ["矛盾纠纷联调", "社会治安联防", "重点工作联动"]
        assert everything[6] == {
            "view_id": "my-reports",
            "name": "我的上报",
            "name_en": "My reports",
            "asks": "mine",
        }
        asks = {
            by.role: {view["asks"] for view in edge.get("/v1/views", by).body["items"]}
            for by in (STATION, WORKER, officer_of("water"), MEDIATOR)
        }
        assert asks == {
            "station": {"unit", "area", "mine"},
            "grid-worker": {"area", "mine"},
            "department": {"unit", "mine"},
            "mediator": {"area", "mine"},
        }
        assert edge.get("/v1/views", replace(WORKER, role="emperor")).status == 403

    @pytest.mark.parametrize(
        ("path", "query", "status", "code", "field"),
        [
            ("/v1/views/no-such-view", {}, 404, "not-found", None),
            ("/v1/views/%E8%B6%85%E6%97%B6", {}, 404, "not-found", None),
            ("/v1/views/" + "a" * 300, {}, 404, "not-found", None),
            ("/v1/views/overdue", {"area": COMMUNITY}, 400, "query-invalid", "area"),
            ("/v1/views/hot-spots", {"unit": f"centre-{COMMUNITY}"}, 400, "query-invalid", "unit"),
            ("/v1/views/my-reports", {"area": COMMUNITY}, 400, "query-invalid", "area"),
            ("/v1/views/my-reports", {"unit": f"centre-{COMMUNITY}"}, 400, "query-invalid", "unit"),
            ("/v1/views/hot-spots", {"limit": "0"}, 400, "query-invalid", "limit"),
            ("/v1/views/hot-spots", {"limit": "101"}, 400, "query-invalid", "limit"),
            ("/v1/views/hot-spots", {"cursor": "nonsense"}, 400, "cursor-invalid", "cursor"),
        ],
    )
    def test_what_is_asked_wrongly(
        self, edge: Edge, path: str, query: dict[str, str], status: int, code: str, field: str | None
    ) -> None:
        answer = edge.get(path, STATION, **query)
        assert (answer.status, answer.code, answer.field) == (status, code, field)

    def test_a_cursor_serves_its_view_its_unit_or_area_and_its_asker_only(self, edge: Edge) -> None:
        for _ in range(3):
            told(edge, MANHOLE, WORKER)
        own = edge.get("/v1/views/my-reports", WORKER, limit="1").body["next"]
        area = edge.get("/v1/views/hot-spots", ADMIN, limit="1", area=COMMUNITY).body["next"]
        unit = edge.get("/v1/views/to-accept", ADMIN, limit="1", unit="urban-management").body["next"]
        assert own and area and unit
        for path, by, query in (
            ("/v1/views/my-reports", replace(WORKER, id="w2"), {"cursor": own}),
            ("/v1/views/hot-spots", WORKER, {"cursor": own}),
            ("/v1/views/key-work", ADMIN, {"cursor": area, "area": COMMUNITY}),
            ("/v1/views/hot-spots", ADMIN, {"cursor": area, "area": NEXT_COMMUNITY}),
            ("/v1/views/hot-spots", replace(ADMIN, id="a2"), {"cursor": area, "area": COMMUNITY}),
            ("/v1/views/to-handle", ADMIN, {"cursor": unit, "unit": "urban-management"}),
            ("/v1/views/to-accept", ADMIN, {"cursor": unit, "unit": "water"}),
            ("/v1/views/to-accept", ADMIN, {"cursor": unit}),
            ("/v1/units/urban-management/queue", ADMIN, {"cursor": unit}),
        ):
            answer = edge.get(path, by, **query)
            assert (answer.status, answer.code) == (400, "cursor-invalid"), (path, query)
        assert len(found(edge.get("/v1/views/my-reports", WORKER, cursor=own))) == 2

    def test_to_ask_is_noted_with_what_was_asked_and_so_is_a_refusal(self, edge: Edge) -> None:
        edge.get("/v1/views/hot-spots", STATION, area=COMMUNITY)
        edge.get("/v1/views/to-accept", officer_of("health"), unit="water")
        noted = [(entry["what"], entry.get("thing"), entry["outcome"]) for entry in edge.entries()]
        assert noted == [
            ("view.read", f"view:hot-spots area:{COMMUNITY}", "done"),
            ("view.read", "view:to-accept unit:water", "forbidden"),
        ]
