"""The pool of people over the API: whom one may ask, in which order, and what is kept from whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from chalicelib.domain import panels as P
from chalicelib.domain.panels import Days, Hours, Member
from chalicelib.domain.people import StaffMember
from chalicelib.models.panel_rows import MemberRow, member_from, written
from tests.integration.edge import NEXT_COMMUNITY, Edge
from tests.integration.gateway import Answer
from tests.integration.matters import lay_member
from tests.world import CELL, COMMUNITY, LINKAGE, STATION, WORKER

STREET = COMMUNITY[:9]
PHONE = "+8619900050001"
DEPARTMENT = StaffMember("d1", "department", "water", ("320302",))
OFFICE = StaffMember("p1", "petition-office", "petition-office", ("320302",))
POOL = [
    Member("m1", "方静姝", P.MEDIATOR, "万通社区人民调解委员会", areas=(COMMUNITY,), phone=PHONE),
    Member("m2", "夏清和", P.MEDIATOR, "黄楼街道人民调解委员会", areas=(STREET,), good_at=("neighbour-dispute",)),
    Member("m3", "石磊", P.MEDIATOR, "民主社区人民调解委员会", areas=(NEXT_COMMUNITY,)),
    Member("p1", "秦川", P.POLICE, "黄楼派出所", unit="public-security", areas=(STREET,)),
    Member(
        "l1",
        "高远",
        P.LAWYER,
        "示例律师事务所",
        areas=(STREET,),
        bound_to=("water",),
        away=(Days("2026-12-01", "2026-12-15"),),
        hours=(Hours(COMMUNITY, 3, "09:00", "11:30"), Hours(NEXT_COMMUNITY, 5, "14:00", "17:00")),
    ),
    Member("e1", "老周", P.ELDER, "万通社区", title="老教师", areas=(COMMUNITY,), until_day="2026-06-30"),
]


@pytest.fixture
def pool(edge: Edge) -> Edge:
    for row in edge.reference.scan()["Items"]:
        if row["pk"] == MemberRow.KEY:
            edge.reference.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})
    for member in POOL:
        lay_member(edge.reference, member)
    return edge


def asked(edge: Edge, by: StaffMember = STATION, **query: str) -> dict[str, Any]:
    answer = edge.get("/v1/panel", by, **query)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [item["member_id"] for item in found["items"]]


def codes(found: dict[str, Any]) -> dict[str, list[str]]:
    return {item["member_id"]: [each["code"] for each in item["objections"]] for item in found["items"]}


@pytest.mark.parametrize("member", POOL, ids=lambda member: member.id)
def test_a_member_is_read_as_it_was_written(member: Member) -> None:
    assert member_from({"sk": MemberRow.sk_of(member.id), "member": written(member)}) == member


def test_a_row_of_a_later_version_is_read_without_what_this_one_does_not_know() -> None:
    said = {**json.loads(written(POOL[0])), "stars": 5}
    assert member_from({"sk": "MEMBER#m1", "member": json.dumps(said)}) == POOL[0]


def test_without_a_question_everybody_is_listed_who_serves_today_first(pool: Edge) -> None:
    found = asked(pool)
    assert found["on"] == "2026-11-22" and found["next"] is None
    assert ids(found) == ["l1", "m1", "m2", "m3", "p1", "e1"]
    assert codes(found)["e1"] == [P.NOT_SERVING]


def test_whom_one_asks_first_for_an_area_and_a_matter_and_why_not_the_others(pool: Edge) -> None:
    found = asked(pool, area=CELL, category="neighbour-dispute", on="2026-12-01")
    assert ids(found) == ["m1", "m2", "p1", "e1", "l1", "m3"]
    assert codes(found) == {
        **{each: [] for each in ("m1", "m2", "p1")},
        "e1": [P.NOT_SERVING],
        "l1": [P.UNAVAILABLE],
        "m3": [P.OUTSIDE_AREA],
    }
    assert [item["suitable"] for item in found["items"]] == [True] * 3 + [False] * 3
    assert codes(asked(pool, category="unpaid-wages", what="mediator"))["m2"] == [P.OTHER_FIELD]


def test_only_a_sort_is_asked_for(pool: Edge) -> None:
    assert ids(asked(pool, what="lawyer")) == ["l1"]
    assert ids(asked(pool, what="delegate")) == []


@pytest.mark.parametrize("by", [STATION, LINKAGE, OFFICE], ids=lambda by: by.role)
def test_who_calls_people_together_sees_their_phones(pool: Edge, by: StaffMember) -> None:
    assert [item["phone"] for item in asked(pool, by)["items"] if item["member_id"] == "m1"] == [PHONE]


@pytest.mark.parametrize("role", ["department", "mediator", "administrator"])
def test_others_see_no_phone_at_all(pool: Edge, role: str) -> None:
    answer = pool.get("/v1/panel", StaffMember("x", role, "water", (COMMUNITY,)))
    assert answer.status == 200 and len(answer.body["items"]) == len(POOL)
    assert "phone" not in json.dumps(answer.body) and PHONE not in json.dumps(answer.body)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("what", "judge"),
        ("area", "3203"),
        ("area", "黄楼"),
        ("category", "neighbours"),
        ("on", "2026-13-01"),
        ("limit", "501"),
        ("limit", "0"),
    ],
)
def test_what_cannot_be_asked_is_named(pool: Edge, field: str, value: str) -> None:
    answer = pool.get("/v1/panel", STATION, **{field: value})
    assert (answer.status, answer.code, answer.body["field"]) == (400, "query-invalid", field)


def test_who_has_no_business_with_the_pool_gets_nothing_and_is_noted(pool: Edge) -> None:
    answer: Answer = pool.get("/v1/panel", WORKER)
    assert (answer.status, answer.code) == (403, "forbidden")
    assert [(row["what"], row["outcome"]) for row in pool.entries()] == [("panel.read", "forbidden")]


def test_a_pool_is_read_in_pages_each_member_once(pool: Edge) -> None:
    seen: list[str] = []
    page = asked(pool, limit="4")
    while True:
        seen += ids(page)
        if page["next"] is None:
            break
        page = asked(pool, limit="4", cursor=page["next"])
    assert sorted(seen) == sorted(member.id for member in POOL)


def test_an_empty_pool_is_an_empty_list(pool: Edge) -> None:
    for member in POOL:
        pool.reference.delete_item(Key={"pk": MemberRow.KEY, "sk": MemberRow.sk_of(member.id)})
    assert asked(pool)["items"] == []


def seats(found: dict[str, Any]) -> dict[str, list[str]]:
    return {seat["what"]: [each["member_id"] for each in seat["proposed"]] for seat in found["panel"]["seats"]}


def test_who_says_what_the_matter_is_about_gets_the_panel_that_the_pack_asks_for(pool: Edge) -> None:
    found = asked(pool, area=CELL, category="debt-dispute", on="2026-11-24", what="lawyer")
    assert seats(found) == {"mediator": ["m1"], "police": ["p1"], "lawyer": ["l1"]} and found["panel"]["complete"]
    away = asked(pool, area=CELL, category="debt-dispute", on="2026-12-01")
    assert seats(away)["lawyer"] == [] and not away["panel"]["complete"], "the only lawyer is away"
    assert [seat["missing"] for seat in away["panel"]["seats"]] == [0, 0, 1]
    assert asked(pool, area=CELL)["panel"] is None


def test_a_panel_is_proposed_of_the_whole_pool_once_whatever_the_page(
    pool: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.services.pool.MOST", 2)
    sought = {"area": CELL, "category": "debt-dispute", "on": "2026-11-24", "limit": "1"}
    first = asked(pool, **sought)
    assert seats(first) == {"mediator": ["m1"], "police": ["p1"], "lawyer": ["l1"]}
    assert asked(pool, **sought, cursor=first["next"])["panel"] is None


def test_a_list_of_hundreds_is_one_read(pool: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    with pool.reference.batch_writer() as writer:
        for number in range(400):
            member = Member(f"x{number:03}", "某某", P.ELDER, "万通社区", areas=(COMMUNITY,))
            writer.put_item(Item={"pk": MemberRow.KEY, "sk": MemberRow.sk_of(member.id), "member": written(member)})
    operations: list[str] = []
    answered = BotocoreStubber.process_request

    def counted(stubber: BotocoreStubber, request: Any) -> Any:
        operations.append(str(request.headers.get("X-Amz-Target", b"")))
        return answered(stubber, request)

    with monkeypatch.context() as patch:
        patch.setattr(BotocoreStubber, "process_request", counted)
        assert len(asked(pool)["items"]) == 400 + len(POOL)
    assert len([each for each in operations if "Query" in each]) == 1
    assert len(operations) == 2  # and the entry of the audit
