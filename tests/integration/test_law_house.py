"""The house of law: hours for anybody, advice written down once, by whom it may be, and about nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.people import StaffMember
from chalicelib.models.panel_rows import MemberRow
from tests.integration.edge import NEXT_COMMUNITY, Edge, logged
from tests.integration.gateway import Answer
from tests.integration.matters import lay_member
from tests.integration.test_panel import PHONE, POOL
from tests.world import CELL, COMMUNITY, LINKAGE, STATION, WORKER

STREET = StaffMember("t1", "street", f"centre-{COMMUNITY[:9]}", (COMMUNITY[:9],))
MEDIATOR = StaffMember("m1", "mediator", f"centre-{COMMUNITY}", (CELL,))
QUESTION, ADVICE = "房东不退押金，没有交接清单。", "先书面要求返还；协商不成可申请人民调解。"


@pytest.fixture
def house(edge: Edge) -> Iterator[Edge]:
    for member in POOL:
        lay_member(edge.reference, member)
    yield edge
    for member in POOL:
        edge.reference.delete_item(Key={"pk": MemberRow.KEY, "sk": MemberRow.sk_of(member.id)})


def said(edge: Edge, **changed: Any) -> dict[str, Any]:
    body = {
        "area": COMMUNITY,
        "category": "tenancy-dispute",
        "question": QUESTION,
        "advice": ADVICE,
        "lawyer": "l1",
        "given_at": edge.clock.now().isoformat(),
        "channel": "in-person",
        **changed,
    }
    return {name: value for name, value in body.items() if value is not None}


def record(edge: Edge, by: StaffMember = STATION, key: str | None = None, **changed: Any) -> Answer:
    return edge.post("/v1/advice", said(edge, **changed), by, key=key)


def listed(edge: Edge, by: StaffMember = STATION, **query: str) -> list[str]:
    answer = edge.get("/v1/advice", by, **query)
    assert answer.status == 200, answer.body
    return [item["advice_id"] for item in answer.body["items"]]


class TestHours:
    def test_anybody_reads_when_a_lawyer_sits_and_when_next(self, house: Edge) -> None:
        answer = house.get(f"/v1/public/areas/{COMMUNITY}/law-house")
        assert answer.body == {
            "area": {"code": COMMUNITY, "path": ["鼓楼区", "黄楼街道", "万通社区"]},
            "on": "2026-11-22",
            "items": [
                {
                    "community": COMMUNITY,
                    "weekday": 3,
                    "weekday_zh": "周三",
                    "from": "09:00",
                    "to": "11:30",
                    "lawyer": {"name": "高远", "organisation": "示例律师事务所"},
                    "next_on": "2026-11-25",
                }
            ],
        }

    def test_a_cell_has_its_communitys_a_street_all_of_its_communities(self, house: Edge) -> None:
        of_cell = house.get(f"/v1/public/areas/{CELL}/law-house").body["items"]
        assert [each["community"] for each in of_cell] == [COMMUNITY]
        of_street = house.get(f"/v1/public/areas/{COMMUNITY[:9]}/law-house").body["items"]
        assert [each["community"] for each in of_street] == [COMMUNITY, NEXT_COMMUNITY]

    def test_while_the_lawyer_is_away_the_next_day_is_the_one_after(self, house: Edge) -> None:
        house.clock.forward(days=4)
        (hours,) = house.get(f"/v1/public/areas/{COMMUNITY}/law-house").body["items"]
        assert hours["next_on"] == "2026-12-16"

    @pytest.mark.parametrize("code", ["320302999001", "3203", "x", "320302001002x"])
    def test_no_such_area_is_not_found(self, house: Edge, code: str) -> None:
        assert house.get(f"/v1/public/areas/{code}/law-house").status == 404

    def test_it_may_be_kept_and_is_not_sent_twice(self, house: Edge) -> None:
        path = f"/v1/public/areas/{COMMUNITY}/law-house"
        first = house.get(path)
        assert first.headers["Cache-Control"] == "public, max-age=300"
        again = house.request("GET", path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, "")

    def test_no_phone_of_anybody_is_public(self, house: Edge) -> None:
        assert PHONE not in json.dumps(house.get(f"/v1/public/areas/{COMMUNITY[:6]}/law-house").body)


class TestRecording:
    def test_advice_is_kept_and_listed_and_stands_in_the_audit(self, house: Edge) -> None:
        kept = record(house)
        assert kept.status == 201
        assert kept.body["category"] == {"id": "tenancy-dispute", "name": "房屋租赁纠纷"}
        assert kept.body["lawyer"] == {"member_id": "l1", "name": "高远"}
        found = house.get("/v1/advice", STATION, area=COMMUNITY)
        assert found.body == {"items": [kept.body], "next": None}
        (written, *_) = [row for row in house.entries() if row["what"] == "advice.record"]
        assert (written["thing"], written["reader"]) == (f"advice:{kept.body['advice_id']}", STATION.id)

    def test_sent_twice_it_is_kept_once_and_answered_alike(self, house: Edge) -> None:
        key = str(uuid4())
        first = record(house, key=key)
        again = record(house, key=key)
        assert (again.status, again.body) == (201, first.body)
        assert listed(house) == [first.body["advice_id"]]

    def test_the_same_key_with_other_words_is_a_conflict_wherever_it_would_lie(self, house: Edge) -> None:
        key = str(uuid4())
        first = record(house, key=key)
        for changed in ({"advice": "起诉。"}, {"given_at": "2026-10-01T10:00:00+08:00"}, {"area": CELL}):
            answer = record(house, key=key, **changed)
            assert (answer.status, answer.code) == (409, "idempotency-conflict"), changed
        assert listed(house) == [first.body["advice_id"]]
        assert listed(house, month="2026-10") == []

    def test_a_repeat_is_answered_though_the_lawyer_has_left_the_pool(self, house: Edge) -> None:
        key = str(uuid4())
        first = record(house, key=key)
        house.reference.delete_item(Key={"pk": MemberRow.KEY, "sk": MemberRow.sk_of("l1")})
        assert record(house, key=key).body == first.body
        assert record(house).code == "unknown-member"

    @pytest.mark.parametrize(
        ("changed", "code", "field"),
        [
            ({"lawyer": "nobody"}, "unknown-member", "lawyer"),
            ({"lawyer": "m1"}, "unknown-member", "lawyer"),
            ({"area": COMMUNITY[:9]}, "community-required", "area"),
            ({"area": "320302001999"}, "forbidden", None),
            ({"area": f"{COMMUNITY}99"}, "unknown-area", "area"),
            ({"area": "3203"}, "unknown-area", "area"),
            ({"category": "rent"}, "unknown-category", "category"),
            ({"category": None}, "field-required", "topic"),
            ({"category": None, "topic": " "}, "text-empty", "topic"),
            ({"category": None, "topic": "押" * 61}, "text-too-long", "topic"),
            ({"question": ""}, "text-empty", "question"),
            ({"advice": "调" * 2001}, "text-too-long", "advice"),
            ({"given_at": "2026-11-23T10:00:00+08:00"}, "time-in-future", "given_at"),
            ({"given_at": "2026-11-21T10:00:00"}, "time-without-zone", "given_at"),
            ({"channel": "fax"}, "value-not-allowed", "channel"),
            ({"phone": "13800000000"}, "unknown-field", "phone"),
            ({"question": "联系13812345678"}, "names-a-person", "question"),
            ({"question": "电话 138-1234 5678，想问押金"}, "names-a-person", "question"),
            ({"advice": "本人身份证３２０３０２１９９００１０１１２３Ｘ"}, "names-a-person", "advice"),
        ],
    )
    def test_what_cannot_be_taken_is_named_and_nothing_is_kept(
        self, house: Edge, changed: dict[str, Any], code: str, field: str | None
    ) -> None:
        answer = record(house, **changed)
        assert (answer.code, answer.body["field"]) == (code, field)
        assert "ADVICE#" not in house.stored()

    def test_a_wider_area_than_a_community_is_asked_to_name_one(self, house: Edge) -> None:
        assert record(house, STREET, area=COMMUNITY[:9]).code == "community-required"

    @pytest.mark.parametrize("text", ["合同 2026-11-22 第 20261122001 号", "押金 13800 元", "1381234567 号楼"])
    def test_numbers_that_name_nobody_are_taken(self, house: Edge, text: str) -> None:
        assert record(house, question=text).status == 201

    def test_who_mediates_and_the_street_may_who_walks_a_cell_and_the_linkage_centre_may_not(self, house: Edge) -> None:
        assert record(house, MEDIATOR, area=CELL).status == 201
        assert record(house, STREET).status == 201
        for by in (WORKER, LINKAGE):
            assert record(house, by).code == "forbidden"
        assert record(house, MEDIATOR).code == "forbidden"  # of a cell only

    def test_neither_question_nor_advice_is_logged(self, house: Edge) -> None:
        with logged() as lines:
            record(house)
        assert QUESTION not in "".join(lines) and ADVICE not in "".join(lines)


class TestList:
    def test_newest_first_in_pages_and_by_month_of_the_districts_time(self, house: Edge) -> None:
        ids = [record(house, given_at=f"2026-11-{day:02}T10:00:00+08:00").body["advice_id"] for day in (3, 20, 11)]
        last_night = record(house, given_at="2026-10-31T15:59:00+00:00").body["advice_id"]
        first_day = record(house, given_at="2026-10-31T16:00:00+00:00").body["advice_id"]
        assert listed(house) == [ids[1], ids[2], ids[0], first_day]
        assert listed(house, month="2026-10") == [last_night]
        page = house.get("/v1/advice", STATION, limit="3")
        rest = house.get("/v1/advice", STATION, limit="3", cursor=page.body["next"])
        assert [each["advice_id"] for each in rest.body["items"]] == [first_day] and rest.body["next"] is None
        other = house.get("/v1/advice", STATION, limit="3", cursor=page.body["next"], month="2026-10")
        assert other.code == "cursor-invalid"

    def test_two_of_the_same_moment_are_both_there(self, house: Edge) -> None:
        assert len({record(house).body["advice_id"], record(house).body["advice_id"]}) == 2
        assert len(listed(house)) == 2

    def test_a_part_of_the_community_narrows_the_list(self, house: Edge) -> None:
        record(house)
        of_cell = record(house, area=CELL).body["advice_id"]
        assert listed(house, area=CELL) == listed(house, MEDIATOR) == [of_cell]
        assert len(listed(house, LINKAGE, area=COMMUNITY)) == 2

    @pytest.mark.parametrize(
        ("by", "query", "code"),
        [
            (STATION, {"area": NEXT_COMMUNITY}, "forbidden"),
            (STATION, {"area": "x"}, "query-invalid"),
            (STATION, {"month": "2026-13"}, "query-invalid"),
            (STATION, {"month": "11"}, "query-invalid"),
            (STREET, {}, "community-required"),
            (STREET, {"area": COMMUNITY[:9]}, "community-required"),
            (WORKER, {}, "forbidden"),
        ],
    )
    def test_what_cannot_be_asked_is_named(
        self, house: Edge, by: StaffMember, query: dict[str, str], code: str
    ) -> None:
        assert house.get("/v1/advice", by, **query).code == code
