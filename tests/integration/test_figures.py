"""Figures at the edges: events are counted as they come through the queue, and read through the API."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from pynamodb.exceptions import PynamoDBConnectionError

from chalicelib import bootstrap
from chalicelib.domain.figures import Tally
from chalicelib.domain.people import StaffMember
from chalicelib.models.base import Write
from tests.contract.documents import fixture
from tests.integration.edge import NEXT_COMMUNITY, REGION, Edge, sqs_record
from tests.integration.gateway import Answer
from tests.integration.test_consumers import NOT_EVENTS, spoilt
from tests.integration.test_patrols import lay_parts
from tests.world import ADMIN, COMMUNITY, LINKAGE, STATION, WORKER, lay_area, officer_of

DISTRICT, STREET = COMMUNITY[:6], COMMUNITY[:9]
NUISANCE = "parking"
HAZARD, PETITION = "missing-manhole-cover", "petition-official-conduct"
AUDITOR = StaffMember("au1", "auditor", "supervision", (DISTRICT,))
OFFICE = StaffMember("p1", "petition-office", "petition-office", (DISTRICT,))
LEADER = StaffMember("le1", "leader", f"centre-{STREET}", (STREET,))
STRANGER = StaffMember("s9", "station", f"centre-{NEXT_COMMUNITY}", (NEXT_COMMUNITY,))


@pytest.fixture
def counted(edge: Edge) -> Iterator[Edge]:
    """The deployment, with the parts of its street and its district."""
    lay_parts(edge, STREET, COMMUNITY, NEXT_COMMUNITY)
    lay_parts(edge, DISTRICT, STREET)
    yield edge


def read(edge: Edge, code: str = COMMUNITY, by: StaffMember = ADMIN, **months: str) -> dict[str, Any]:
    answer = edge.get(f"/v1/areas/{code}/figures", by, **months)
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


def happened(edge: Edge) -> list[dict[str, Any]]:
    """The messages of what happened since this was last asked."""
    edge.relay()
    return edge.take_from("Figures")


def through_its_life(edge: Edge) -> str:
    """A case that is reported, assigned, accepted, resolved, visited in vain, reopened, resolved and closed."""
    case_id: str = edge.report(WORKER, category=NUISANCE)["case_id"]
    for outcome in ("dissatisfied", "satisfied"):
        edge.act(case_id, "accept", ADMIN)
        edge.act(case_id, "resolve", ADMIN, note="已更换井盖")
        edge.visit(case_id, outcome, ADMIN, note="看过了")
        if outcome == "dissatisfied":
            edge.act(case_id, "grant-reopen", ADMIN, reason="核查过了")
    assert edge.case(case_id)["state"] == "closed"
    return case_id


def rows(edge: Edge) -> list[dict[str, Any]]:
    table = boto3.resource("dynamodb", REGION).Table(edge.names["Cases"])
    found = [row for row in table.scan()["Items"] if row["pk"].startswith(("FIGURES#", "COUNTED#"))]
    return sorted(found, key=lambda row: (row["pk"], row["sk"]))


class TestCounting:
    def test_the_life_of_a_case_is_counted_in_its_community_its_street_and_the_district(self, counted: Edge) -> None:
        through_its_life(counted)
        assert counted.deliver("figures", happened(counted)) == []
        for code, by in ((COMMUNITY, STATION), (STREET, LEADER), (DISTRICT, LINKAGE)):
            body = read(counted, code, by)
            assert [each["kind"] for each in body["kinds"]] == [{"id": "livelihood", "name": "民生事项"}]
            counts = body["total"]
            assert body["kinds"][0]["counts"] == counts
            numbers = {name: n for name, n in counts.items() if isinstance(n, int)}
            assert numbers == {
                **{"opened": 1, "joined": 0, "assigned": 2, "resolved": 2, "reopened": 1, "closed": 1, "open_now": 0},
                **{"returned": 0, "transferred": 0, "escalated": 0, "delegated": 0},
            }
            assert (counts["sources"], counts["outcomes"]) == ({"mobile": 1}, {"satisfied": 1})
            assert counts["clocks"]["accept"] == counts["clocks"]["resolve"] == {"met": 2}
            level = counted.policy.categories[NUISANCE].containment
            assert counts["containment"]["levels"] == [{"should": level, "was": level, "cases": 1}]
            assert body["days"] == [{"day": "2026-11-22", "opened": 1, "closed": 1}]
        assert counted.dead_letters() == []

    def test_what_comes_again_late_and_in_any_order_gives_the_same_figures(self, counted: Edge) -> None:
        through_its_life(counted)
        counted.report(WORKER, text="想咨询一下")
        messages = happened(counted)
        assert counted.deliver("figures", messages) == []
        once, figures = rows(counted), read(counted, STREET)
        for row in once:
            boto3.resource("dynamodb", REGION).Table(counted.names["Cases"]).delete_item(
                Key={name: row[name] for name in ("pk", "sk")}
            )
        shuffled = messages * 3
        random.Random(20).shuffle(shuffled)
        for start in range(0, len(shuffled), 10):
            assert counted.deliver("figures", shuffled[start : start + 10]) == []
        counted.clock.forward(days=40)  # long after a queue or a stream would have forgotten it
        assert counted.deliver("figures", messages) == []
        assert rows(counted) == once
        assert read(counted, STREET, **{"from": "2026-11", "to": "2026-11"})["total"] == figures["total"]

    def test_what_is_passed_up_is_settled_higher_than_it_should_have_been(self, counted: Edge) -> None:
        case_id = counted.report(WORKER, category=NUISANCE)["case_id"]
        counted.act(case_id, "accept", ADMIN)
        counted.act(case_id, "escalate", ADMIN, reason="社区无力协调")
        counted.act(case_id, "accept", ADMIN)
        counted.act(case_id, "resolve", ADMIN, note="已协调")
        for _ in range(2):  # its visit falls due, and nobody makes it
            counted.clock.forward(days=15)
            counted.invoke("sweep", {})
            assert counted.deliver("due", counted.take_from("Due")) == []
        assert counted.case(case_id)["state"] == "closed"
        assert counted.deliver("figures", happened(counted)) == []
        counts = read(counted, **{"from": "2026-11", "to": "2026-12"})["total"]
        kept = counts["containment"]
        assert (counts["escalated"], kept["settled"], kept["contained"], kept["share"]) == (1, 1, 0, 0.0)
        assert kept["levels"] == [{"should": "community", "was": "district", "cases": 1}]

    def test_what_is_screened_is_open_as_what_it_was_found_to_be(self, counted: Edge) -> None:
        case_id = counted.report(WORKER, text="想咨询一下")["case_id"]
        counted.deliver("figures", happened(counted))
        assert [each["kind"] for each in read(counted)["kinds"]] == [None]
        counted.act(case_id, "classify", ADMIN, category=NUISANCE)
        assert counted.deliver("figures", happened(counted)) == []
        found = {(each["kind"] or {}).get("id"): each["counts"] for each in read(counted)["kinds"]}
        assert {kind: (counts["opened"], counts["open_now"]) for kind, counts in found.items()} == {
            None: (1, 0),
            "livelihood": (0, 1),
        }

    def test_a_case_taken_up_again_after_its_end_is_open_until_it_ends_again(self, counted: Edge) -> None:
        case_id = through_its_life(counted)
        counted.act(case_id, "request-reopen", ADMIN, reason="问题又出现了")
        counted.deliver("figures", happened(counted))
        assert (read(counted)["total"]["closed"], read(counted)["total"]["open_now"]) == (1, 1)
        counted.act(case_id, "decline-reopen", ADMIN, reason="已处理到位")
        counted.deliver("figures", happened(counted))
        assert (read(counted)["total"]["closed"], read(counted)["total"]["open_now"]) == (2, 0)

    def test_an_event_is_of_the_month_and_day_it_is_in_the_district(self, counted: Edge) -> None:
        counted.clock.at = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)
        counted.report(ADMIN, category=HAZARD)
        assert counted.deliver("figures", happened(counted)) == []
        assert read(counted)["from"] == "2026-12"
        assert read(counted)["days"] == [{"day": "2026-12-01", "opened": 1, "closed": 0}]
        november = read(counted, **{"from": "2026-11", "to": "2026-11"})
        assert (november["total"]["opened"], november["total"]["open_now"]) == (0, 1)
        both = read(counted, **{"from": "2026-11", "to": "2026-12"})
        assert (both["total"]["opened"], both["from"], both["to"], both["days"]) == (1, "2026-11", "2026-12", None)

    def test_a_missed_deadline_is_counted_by_its_clock(self, counted: Edge) -> None:
        counted.report(WORKER, category=HAZARD)
        counted.clock.forward(days=2)
        counted.invoke("sweep", {})
        assert counted.deliver("due", counted.take_from("Due")) == []
        assert counted.deliver("figures", happened(counted)) == []
        assert read(counted)["total"]["breached"] == {"accept": 1, "resolve": 1}

    def test_a_write_whose_outcome_was_unknown_is_not_made_again(
        self, counted: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counted.report(WORKER, category=HAZARD)
        messages = happened(counted)
        commit = Write.commit

        def commits_and_hears_nothing(write: Write) -> None:
            commit(write)
            raise PynamoDBConnectionError("read time-out")

        with monkeypatch.context() as patch:
            patch.setattr(Write, "commit", commits_and_hears_nothing)
            again = counted.deliver("figures", messages)
        assert len(again) == 2, "what adds nothing writes nothing"
        assert counted.deliver("figures", [m for m in messages if m["messageId"] in again]) == []
        assert (read(counted)["total"]["opened"], read(counted)["total"]["assigned"]) == (1, 1)

    def test_a_store_that_does_not_answer_has_the_message_come_again_and_its_neighbours_counted(
        self, counted: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counted.report(WORKER, category=HAZARD)
        messages = happened(counted)
        commit, calls = Write.commit, iter([True, False, False])

        def down_at_first(write: Write) -> None:
            if next(calls):
                raise PynamoDBConnectionError("no route")
            commit(write)

        with monkeypatch.context() as patch:
            patch.setattr(Write, "commit", down_at_first)
            again = counted.deliver("figures", messages)
            assert len(again) == 1
            assert counted.deliver("figures", [m for m in messages if m["messageId"] in again]) == []
        assert (read(counted)["total"]["opened"], read(counted)["total"]["assigned"]) == (1, 1)
        assert counted.dead_letters() == []

    def test_what_is_known_of_a_case_of_many_events_stays_in_small_rows(self, counted: Edge) -> None:
        store = bootstrap.counting()._store
        tally = Tally("2026-11", COMMUNITY, "hazard")
        events = [f"01KAMZE7X2J8N0Q5S7V9Z3B4DE.{version}.{n}" for version in range(1, 151) for n in (1, 2)]
        assert all(store.add(event, {tally: {"joined": 1}}) for event in events)
        assert not any(store.add(event, {tally: {"joined": 1}}) for event in events[::7])
        kept = [row for row in rows(counted) if row["pk"].startswith("COUNTED#")]
        assert [len(row["events"]) for row in kept] == [98, 100, 100, 2]
        assert list(store.tallies("2026-11", COMMUNITY)) == [(tally, {"joined": 300})]

    @pytest.mark.parametrize("kind", NOT_EVENTS)
    def test_what_is_no_event_goes_to_the_dead_letters_and_its_neighbours_are_counted(
        self, counted: Edge, kind: str
    ) -> None:
        counted.report(WORKER, category=HAZARD)
        assert counted.deliver("figures", [sqs_record(NOT_EVENTS[kind]), *happened(counted)]) == []
        ((body, _),) = counted.dead_letters()
        assert body == (NOT_EVENTS[kind] or "(empty)")
        assert read(counted)["total"]["opened"] == 1

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"type": "case.reported.v2"}, "UnknownEvent: case.reported.v2"),
            ({"source": None}, "KeyError: 'source'"),
            ({"source": {"name": "王伟"}}, "ValueError: no name"),
            ({"area": "320302"}, "TypeError"),
            ({"area": {"code": "鼓楼"}}, "ValueError: no area"),
            ({"kind": "#"}, "ValueError: no name"),
            ({"timing": {"ended": ["accept"]}}, "AttributeError"),
        ],
        ids=str,
    )
    def test_an_event_of_another_version_or_without_its_facts_is_counted_nowhere(
        self, counted: Edge, change: dict[str, Any], reason: str
    ) -> None:
        envelope = fixture("case.reported.v1")
        if "type" in change:
            body = spoilt(envelope, **change)
        else:
            facts = {name: value for name, value in {**envelope["data"], **change}.items() if value is not None}
            body = spoilt(envelope, data=facts)
        assert counted.deliver("figures", [sqs_record(body)]) == []
        ((_, why),) = counted.dead_letters()
        assert why.startswith(reason)
        assert rows(counted) == []

    def test_a_case_that_was_closed_says_how_far_up_it_had_to_go(self, counted: Edge) -> None:
        """Where it ended is in its event; where it should have ended is the policy's, by its category."""
        closed = fixture("case.closed.v1")
        should = counted.policy.categories[closed["data"]["category"]].containment
        levels = ("cell", "district")
        for version, level in enumerate((*levels, None), start=7):
            data = {**closed["data"], "level": level}
            event = {**closed, "id": f"{closed['subject']}.{version}.2", "data": data}
            assert counted.deliver("figures", [sqs_record(json.dumps(event))]) == []
        found = read(counted)["total"]["containment"]
        assert (found["settled"], found["unknown"]) == (2, 1)
        assert found["levels"] == [{"should": should, "was": was, "cases": 1} for was in levels]
        assert (found["contained"], found["share"]) == (1, 0.5)


class TestReading:
    def test_a_street_has_a_line_for_each_community_and_one_for_what_is_placed_in_none(self, counted: Edge) -> None:
        counted.report(WORKER, category=HAZARD)
        counted.deliver("figures", happened(counted))
        store = bootstrap.counting()._store
        ended, elsewhere = f"{STREET}399", "320302002001"
        for number, area in enumerate((STREET, ended, elsewhere)):
            store.add(f"case.{number}.1", {Tally("2026-11", area, None): {"opened": 1}})
        body = read(counted, STREET)
        assert [(part["area"], part["counts"]["opened"]) for part in body["parts"]] == [
            ({"code": COMMUNITY, "name": COMMUNITY}, 1),
            ({"code": NEXT_COMMUNITY, "name": NEXT_COMMUNITY}, 0),
            ({"code": ended, "name": None}, 1),
            (None, 1),
        ]
        assert body["total"]["opened"] == sum(part["counts"]["opened"] for part in body["parts"]) == 3
        assert [each["kind"] and each["kind"]["id"] for each in body["kinds"]] == ["hazard", None]
        of_district = read(counted, DISTRICT)
        assert [(part["area"]["code"], part["counts"]["opened"]) for part in of_district["parts"]] == [
            (STREET, 3),
            ("320302002", 1),
        ]

    def test_a_case_without_a_place_is_the_districts_and_nobodys_below(self, counted: Edge) -> None:
        counted.report(ADMIN, text="想咨询一下", position=None, area=DISTRICT)
        counted.deliver("figures", happened(counted))
        assert [(part["area"], part["counts"]["opened"]) for part in read(counted, DISTRICT)["parts"]] == [
            ({"code": STREET, "name": STREET}, 0),
            (None, 1),
        ]
        assert read(counted, STREET)["total"]["opened"] == 0

    def test_a_community_without_events_has_figures_of_nothing(self, counted: Edge) -> None:
        body = read(counted, NEXT_COMMUNITY)
        assert (body["kinds"], body["parts"], body["days"]) == ([], [], [])
        assert body["total"]["opened"] == body["total"]["open_now"] == 0
        assert body["total"]["containment"]["share"] is None

    def test_confidential_matters_are_in_no_figure_of_who_may_not_see_them(self, counted: Edge) -> None:
        for category in (HAZARD, PETITION):
            counted.report(WORKER, category=category)
        counted.deliver("figures", happened(counted))
        for by in (STATION, LEADER, LINKAGE, AUDITOR):
            code = by.areas[0]
            body = read(counted, code, by)
            assert "petition" not in json.dumps(body)
            assert body["total"]["opened"] == body["total"]["open_now"] == 1
            assert sum(part["counts"]["opened"] for part in body["parts"]) == (1 if body["parts"] else 0)
            assert sum(day["opened"] for day in body["days"]) == 1
        for by, kinds in ((ADMIN, ["hazard"]), (OFFICE, ["hazard", "petition"])):
            whole = read(counted, STREET, by)
            assert [each["kind"]["id"] for each in whole["kinds"]] == kinds, "who sees petitions could subtract"
            assert whole["total"]["opened"] == len(kinds)

    def test_a_kind_that_the_pack_no_longer_names_is_kept_as_confidential(self, counted: Edge) -> None:
        bootstrap.counting()._store.add("case.1.1", {Tally("2026-11", COMMUNITY, "forgotten"): {"opened": 1}})
        assert read(counted, COMMUNITY, STATION)["total"]["opened"] == 0
        assert read(counted, COMMUNITY, ADMIN)["total"]["opened"] == 0
        assert read(counted, COMMUNITY, OFFICE)["kinds"][0]["kind"] == {"id": "forgotten", "name": "forgotten"}

    def test_a_role_of_some_kinds_reads_figures_of_those(self, counted: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        mediator = counted.policy.roles["mediator"]
        allowed = mediator._replace(permissions=mediator.permissions | {"figures.read"})
        monkeypatch.setitem(bootstrap.policy().roles, "mediator", allowed)  # type: ignore[arg-type]
        for category in (HAZARD, "consumer-dispute"):
            counted.report(WORKER, category=category)
        counted.report(WORKER, text="想咨询一下")
        counted.deliver("figures", happened(counted))
        body = read(counted, COMMUNITY, StaffMember("m1", "mediator", "x", (COMMUNITY,)))
        assert [each["kind"]["id"] for each in body["kinds"]] == ["dispute"]

    def test_who_may_read_them(self, counted: Edge) -> None:
        def ask(code: str, by: StaffMember) -> Answer:
            return counted.get(f"/v1/areas/{code}/figures", by)

        for code, by in ((COMMUNITY, STATION), (STREET, LEADER), (DISTRICT, AUDITOR), (DISTRICT, ADMIN)):
            assert ask(code, by).status == 200
        for code, by in (
            (STREET, STATION),
            (DISTRICT, LEADER),
            (COMMUNITY, STRANGER),
            (COMMUNITY, WORKER),
            (COMMUNITY, officer_of("water")),
        ):
            assert ask(code, by).code == "forbidden"
        for nowhere in ("320302001099", "3203", "x", "网格", "FIGURES%23open"):
            assert ask(nowhere, ADMIN).code == "not-found"
        assert ask(f"{COMMUNITY}0101", ADMIN).code == "area-too-narrow"

    @pytest.mark.parametrize(
        ("months", "field"),
        [
            ({"from": "2026-13"}, "from"),
            ({"from": "2026-11-01"}, "from"),
            ({"from": "十一月"}, "from"),
            ({"to": "x"}, "from"),
            ({"from": "2026-11", "to": "last"}, "to"),
            ({"from": "2026-12", "to": "2026-11"}, "to"),
            ({"from": "2025-11", "to": "2026-11"}, "to"),
        ],
        ids=str,
    )
    def test_months_that_cannot_be_asked_for(self, counted: Edge, months: dict[str, str], field: str) -> None:
        answer = counted.get(f"/v1/areas/{COMMUNITY}/figures", ADMIN, **months)
        assert (answer.status, answer.code, answer.body["field"]) == (400, "query-invalid", field)

    def test_a_year_may_be_asked_for_and_one_that_has_not_come(self, counted: Edge) -> None:
        assert read(counted, **{"from": "2026-01", "to": "2026-12"})["total"]["opened"] == 0
        assert read(counted, **{"from": "9998-01", "to": "9998-02"})["total"]["opened"] == 0

    def test_an_area_that_ended_has_the_figures_of_when_it_was(self, counted: Edge) -> None:
        code = f"{STREET}398"
        lay_area(counted.reference, code, ["鼓楼区", "黄楼街道", "旧社区"])
        said = json.dumps({"v1": {"name": "旧社区", "level": "x", "path": ["鼓楼区", "旧社区"]}, "v2": None})
        versions = json.dumps([["v1", "2014-01-01"], ["v2", "2026-11-01"]])
        counted.reference.put_item(Item={"pk": f"AREA#{code}", "sk": "AREA", "said": said})
        counted.reference.put_item(Item={"pk": "NETWORK", "sk": "NETWORK", "versions": versions})
        try:
            october = {"from": "2026-10", "to": "2026-10"}
            assert read(counted, code, **october)["area"]["path"] == ["鼓楼区", "旧社区"]
            assert counted.get(f"/v1/areas/{code}/figures", ADMIN).code == "not-found"
        finally:
            first = json.dumps([["v1", "2014-01-01"]])
            counted.reference.put_item(Item={"pk": "NETWORK", "sk": "NETWORK", "versions": first})

    def test_to_read_them_is_noted(self, counted: Edge) -> None:
        read(counted, STREET, LEADER)
        counted.get(f"/v1/areas/{DISTRICT}/figures", LEADER)
        noted = [(entry["what"], entry["outcome"], entry["thing"]) for entry in counted.entries()]
        assert noted == [
            ("figures.read", "done", f"code:{STREET}"),
            ("figures.read", "forbidden", f"code:{DISTRICT}"),
        ]

    def test_figures_hold_nothing_of_who_told_or_what(self, counted: Edge) -> None:
        counted.report(WORKER, category=HAZARD, reporter={"name": "王伟", "phone": "13800000000"}, text="井盖缺失")
        counted.deliver("figures", happened(counted))
        kept = json.dumps(rows(counted), ensure_ascii=False, default=str)
        for told in ("王伟", "13800000000", "井盖", WORKER.id):
            assert told not in kept
