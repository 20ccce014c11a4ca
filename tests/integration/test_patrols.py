"""Rounds at the edges: planned by the operator, walked through the API, found by the sweep, told of."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.domain import events as E
from chalicelib.domain.audit import BY_COMMAND, Origin
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.events import Actor
from chalicelib.domain.patrol import replay
from chalicelib.domain.people import StaffMember
from chalicelib.handlers import patrols
from chalicelib.handlers.http import fingerprint_of
from infra.network.table import ReferenceTable
from infra.patrol.planning import Ground, end_rounds, plan_rounds, read_ground
from tests.contract.documents import event_validator
from tests.integration.edge import NEXT_CELL, NEXT_COMMUNITY, REGION, Edge, sqs_record
from tests.integration.gateway import Answer
from tests.network import list_laid
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, lay_area

OFFICER = "information-officer"
BEAT = f"{CELL}.{OFFICER}"
STREET = COMMUNITY[:9]
COMPOUND = CELL[:14]
INSIDE = {"lat": 34.285, "lon": 117.185, "datum": "WGS-84"}
LEADER = StaffMember("gl9", "grid-worker", f"centre-{COMMUNITY}", (COMPOUND,))
DEPUTY = StaffMember("dep", "grid-worker", f"centre-{NEXT_COMMUNITY}", (NEXT_CELL,))
STRANGER = StaffMember("str", "grid-worker", f"centre-{NEXT_COMMUNITY}", (NEXT_CELL,))

BY = Origin(Actor("arn:aws:iam::1:user/o", "operator"), BY_COMMAND, "r")
DEPARTMENT = StaffMember("d1", "department", "water", ("320302",))


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00").astimezone(UTC)


def hold(edge: Edge, area: str, post: str, staff_id: str, **more: Any) -> None:
    """Somebody holds a post, since New Year unless said otherwise."""
    number = sum(map(ord, staff_id))
    contact = {"staff_id": staff_id, "name": staff_id, "phone": f"+86199{number:08d}", "email": f"{staff_id}@x.example"}
    row = {"pk": f"AREA#{area}", "sk": f"POST#{post}#{staff_id}", **contact, "from": "2026-01-01", **more}
    edge.reference.put_item(Item=row)


def lay_parts(edge: Edge, code: str, *parts: str) -> None:
    """An area's feature, of which its parts are all that is asked."""
    feature = {"properties": {"children": [[part, part] for part in parts]}}
    row = {"pk": f"AREA#{code}", "sk": "FEATURE#v1", "feature": zlib.compress(json.dumps(feature).encode())}
    edge.reference.put_item(Item=row)


@pytest.fixture
def beats(edge: Edge) -> Iterator[Edge]:
    """The cell's officer and the leaders above; nothing is planned. What a test changes of the ground is put right."""
    ground = edge.reference.scan()["Items"]
    hold(edge, CELL, OFFICER, WORKER.id)
    hold(edge, COMPOUND, "grid-leader", LEADER.id)
    yield edge
    for item in edge.reference.scan()["Items"]:
        edge.reference.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    for item in ground:
        edge.reference.put_item(Item=item)


def ground_of(edge: Edge) -> Ground:
    day = edge.policy.day_of(edge.clock.now())
    table = ReferenceTable(boto3.client("dynamodb", REGION), edge.names["Reference"])
    list_laid(table, edge.reference.scan()["Items"])
    return read_ground(table, day)


def planned(edge: Edge, **asked: Any) -> Counter[str]:
    store = bootstrap.patrolling()._store
    return plan_rounds(store, ground_of(edge), edge.policy, edge.clock.now(), BY, **asked)


@pytest.fixture
def patrol(beats: Edge) -> Edge:
    """Planned on the 22nd at ten: rounds of the officer from the 23rd on, of the leader every three days."""
    assert planned(beats) == {"begun": 2}
    beats.clock.at = local("11-23T09:00")
    return beats


def check_in(edge: Edge, by: StaffMember = WORKER, beat: str = BEAT, key: str | None = None, **said: Any) -> Answer:
    body = {"position": INSIDE, "at": edge.clock.now().isoformat(), **said}
    return edge.post(f"/v1/patrols/{beat}/check-ins", {k: v for k, v in body.items() if v is not None}, by, key=key)


def swept(edge: Edge) -> int:
    """What EventBridge does every minute, and what comes of it."""
    found: int = edge.invoke("sweep", {})["due"]
    messages = edge.take_from("Due")
    for start in range(0, len(messages), 10):
        assert edge.deliver("due", messages[start : start + 10]) == []
    edge.settle()
    return found


def happened(edge: Edge, beat: str = BEAT) -> list[str]:
    history = bootstrap.patrolling()._store.history(beat)
    assert replay(history) == bootstrap.patrolling()._store.beat(beat)
    return [event.type for event in history]


class TestPlanning:
    def test_planning_again_changes_nothing(self, patrol: Edge) -> None:
        assert planned(patrol) == {"unchanged": 2}
        assert happened(patrol) == [E.PATROL_PLANNED]

    def test_a_dry_run_says_what_would_be_and_writes_nothing(self, beats: Edge) -> None:
        lines: list[str] = []
        assert planned(beats, dry_run=True, say=lines.append) == {"begun": 2}
        assert lines == [f"begun: {COMPOUND}.grid-leader", f"begun: {BEAT}"]
        assert "PATROL#" not in beats.stored()

    def test_only_one_area_may_be_asked_for(self, beats: Edge) -> None:
        assert planned(beats, within=CELL) == {"begun": 1}
        assert planned(beats, within=STREET) == {"begun": 1, "unchanged": 1}

    def test_a_post_nobody_holds_any_more_ends_and_begins_again_with_its_next_holder(self, patrol: Edge) -> None:
        hold(patrol, CELL, OFFICER, WORKER.id, until="2026-11-22")
        assert planned(patrol) == {"ended": 1, "unchanged": 1}
        assert planned(patrol) == {"unchanged": 1}
        hold(patrol, CELL, OFFICER, "w2", **{"from": "2026-11-23"})
        assert planned(patrol) == {"begun": 1, "unchanged": 1}
        assert happened(patrol) == [E.PATROL_PLANNED, E.PATROL_ENDED, E.PATROL_PLANNED]

    def test_an_area_that_ended_ends_its_beats_and_a_new_one_gets_them(self, patrol: Edge) -> None:
        new = f"{CELL[:14]}02"
        versions = json.dumps([["v1", "2014-01-01"], ["v2", "2026-11-23"]])
        patrol.reference.put_item(Item={"pk": "NETWORK", "sk": "NETWORK", "versions": versions})
        old = json.loads(patrol.reference.get_item(Key={"pk": f"AREA#{CELL}", "sk": "AREA"})["Item"]["said"])
        patrol.reference.put_item(Item={"pk": f"AREA#{CELL}", "sk": "AREA", "said": json.dumps({**old, "v2": None})})
        said = json.dumps({"v2": {**old["v1"], "path": [*old["v1"]["path"][:-1], "新网格"]}})
        patrol.reference.put_item(Item={"pk": f"AREA#{new}", "sk": "AREA", "said": said})
        hold(patrol, new, OFFICER, "w2")
        assert planned(patrol) == {"ended": 1, "begun": 1, "unchanged": 1}
        (ended,) = [e for e in bootstrap.patrolling()._store.history(BEAT) if e.type == E.PATROL_ENDED]
        assert ended.data["why"] == "area-ended"
        assert check_in(patrol).code == "beat-ended"

    def test_a_run_that_died_is_completed_by_the_next(self, beats: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        class Died(Exception):
            pass

        def dying(done: int, of: int) -> None:
            raise Died

        with pytest.raises(Died):
            planned(beats, progress=dying)
        assert planned(beats) == {"begun": 1, "unchanged": 1}

    def test_beats_end_by_name_until_they_are_planned_again(self, patrol: Edge) -> None:
        store, now = bootstrap.patrolling()._store, patrol.clock.now()
        assert end_rounds(store, patrol.policy, now, BY, [BEAT, BEAT, "320302.nobody"]) == 1
        assert planned(patrol) == {"begun": 1, "unchanged": 1}


class TestCheckIns:
    def test_who_holds_the_post_walks_the_area(self, patrol: Edge) -> None:
        answer = check_in(patrol, note="三号楼前路灯已修好。")
        assert answer.status == 200
        assert (answer.body["state"], answer.body["current_round"]["number"]) == ("walked", 1)
        assert answer.body["last_walked_at"] == patrol.clock.now().isoformat()

    def test_the_position_is_checked_and_not_kept(self, patrol: Edge) -> None:
        check_in(patrol, position={"lat": 34.28123, "lon": 117.18321})
        assert "34.28123" not in patrol.stored() and "117.18321" not in patrol.stored()

    def test_what_a_check_in_is_known_again_by_does_not_give_its_position_away(self, patrol: Edge) -> None:
        """Time and cell lie beside it: of a plain hash only the points of one cell would be left to be tried."""
        body = {"position": {"lat": 34.28123, "lon": 117.18321}, "at": patrol.clock.now().isoformat()}
        assert check_in(patrol, **body).status == 200
        assert fingerprint_of([BEAT, body]) not in patrol.stored()

    def test_the_same_key_is_the_same_check_in_and_is_answered_as_the_first_time(self, patrol: Edge) -> None:
        key, at = str(uuid4()), patrol.clock.now().isoformat()
        first = check_in(patrol, key=key, at=at)
        patrol.clock.forward(days=2)
        swept(patrol)
        assert check_in(patrol, key=key, at=at).body == first.body
        assert happened(patrol).count(E.PATROL_WALKED) == 1
        assert check_in(patrol, key=key, at=at, note="另一条").code == "idempotency-conflict"

    def test_a_key_that_was_another_command_is_a_conflict(self, patrol: Edge) -> None:
        key = str(uuid4())
        case = patrol.report(ADMIN)
        patrol.post(f"/v1/cases/{case['case_id']}/actions/accept", {}, ADMIN, key=key, version=1)
        hold(patrol, CELL, OFFICER, ADMIN.id)
        admin = StaffMember(ADMIN.id, "station", ADMIN.unit, ADMIN.areas)
        assert check_in(patrol, admin, key=key).code == "idempotency-conflict"

    def test_while_somebody_else_writes_it_is_tried_again(self, patrol: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        store = bootstrap.patrolling()._store
        save, stale = store.save, iter([True, True, False])

        def late(change: Any, command: Any, by: Any) -> None:
            if next(stale):
                raise StaleVersion()
            save(change, command, by)

        monkeypatch.setattr(store, "save", late)
        assert check_in(patrol).status == 200

    def test_a_deputy_walks_while_the_holder_is_away_and_the_holder_may_too(self, patrol: Edge) -> None:
        away = [{"from": "2026-11-23", "until": "2026-11-24", "staff_id": "dep", "name": "", "phone": "", "email": ""}]
        assert check_in(patrol, DEPUTY).status == 404
        hold(patrol, CELL, OFFICER, WORKER.id, away=json.dumps(away))
        assert check_in(patrol, DEPUTY).status == 200
        assert check_in(patrol, WORKER).status == 200
        patrol.clock.at = local("11-25T09:00")
        assert check_in(patrol, DEPUTY).status == 404
        assert check_in(patrol, DEPUTY, at=local("11-24T20:00").isoformat()).status == 200

    def test_a_successor_walks_from_the_first_day_and_the_predecessor_tells_of_the_last(self, patrol: Edge) -> None:
        successor = StaffMember("w2", "grid-worker", WORKER.unit, (CELL,))
        hold(patrol, CELL, OFFICER, WORKER.id, until="2026-11-23")
        hold(patrol, CELL, OFFICER, "w2", **{"from": "2026-11-24"})
        patrol.clock.at = local("11-24T09:00")
        assert check_in(patrol, successor).status == 200
        assert check_in(patrol, successor, at=local("11-23T22:00").isoformat()).code == "forbidden"
        assert check_in(patrol, WORKER).code == "forbidden"
        assert check_in(patrol, WORKER, at=local("11-23T22:00").isoformat()).status == 200

    def test_what_was_walked_on_the_last_day_of_an_area_counts_though_it_comes_after_it(self, patrol: Edge) -> None:
        versions = json.dumps([["v1", "2014-01-01"], ["v2", "2026-11-24"]])
        patrol.reference.put_item(Item={"pk": "NETWORK", "sk": "NETWORK", "versions": versions})
        for row in patrol.reference.scan()["Items"]:
            if row["sk"] == "TILE" or (row["pk"] == f"AREA#{CELL}" and row["sk"] == "AREA"):
                patrol.reference.put_item(Item={**row, "said": json.dumps({**json.loads(row["said"]), "v2": None})})
        patrol.clock.at = local("11-24T10:00")
        assert planned(patrol)["ended"] == 1
        last_minute = check_in(patrol, at="2026-11-23T23:59:00+08:00")
        assert (last_minute.status, last_minute.body["last_walked_at"]) == (200, "2026-11-23T23:59:00+08:00")
        assert check_in(patrol, at="2026-11-24T00:00:00+08:00").code == "position-outside-area"
        assert check_in(patrol).code == "position-outside-area"

    def test_who_does_not_hold_the_post_may_not_whoever_it_is(self, patrol: Edge) -> None:
        assert check_in(patrol, LEADER).code == "forbidden"  # sees the cell, walks another beat
        assert check_in(patrol, STATION).code == "forbidden"
        assert check_in(patrol, STRANGER).code == "not-found"
        assert check_in(patrol, ADMIN).code == "forbidden"  # has no such permission
        assert check_in(patrol, WORKER, beat=f"{CELL}.nobody").code == "not-found"
        assert happened(patrol) == [E.PATROL_PLANNED]

    @pytest.mark.parametrize(
        ("lat", "lon", "metres"),
        [(34.27964, 117.185, 41), (34.285, 117.19054, 50), (34.28, 117.18, 0), (34.29, 117.19, 0)],
    )
    def test_some_metres_outside_are_taken_and_written_down(
        self, patrol: Edge, lat: float, lon: float, metres: int
    ) -> None:
        assert check_in(patrol, position={"lat": lat, "lon": lon}).status == 200
        walked = bootstrap.patrolling()._store.history(BEAT)[-1].data
        assert walked["metres"] == metres
        assert walked["cell"] == (CELL if metres == 0 else None)

    @pytest.mark.parametrize(
        ("lat", "lon", "metres"),
        [(34.27954, 117.185, 52), (34.285, 117.19056, 52), (34.5, 117.0, None), (-34.285, 117.185, None)],
    )
    def test_farther_outside_is_refused_with_how_far(
        self, patrol: Edge, lat: float, lon: float, metres: int | None
    ) -> None:
        answer = check_in(patrol, position={"lat": lat, "lon": lon})
        assert (answer.status, answer.code, answer.field) == (422, "position-outside-area", "position")
        assert (answer.body["cell"], answer.body["metres"]) == (None, metres)

    def test_the_neighbours_cell_is_named(self, patrol: Edge) -> None:
        lay_neighbour(patrol)
        answer = check_in(patrol, position={"lat": 34.285, "lon": 117.1915})
        assert (answer.body["cell"], answer.body["metres"]) == (NEXT_CELL, 138)

    def test_within_the_tolerance_on_the_neighbours_side_it_is_the_walkers_word(self, patrol: Edge) -> None:
        lay_neighbour(patrol)
        assert check_in(patrol, position={"lat": 34.285, "lon": 117.1903}).status == 200
        assert bootstrap.patrolling()._store.history(BEAT)[-1].data["cell"] == NEXT_CELL

    def test_a_compound_is_walked_in_any_of_its_cells(self, patrol: Edge) -> None:
        assert check_in(patrol, LEADER, beat=f"{COMPOUND}.grid-leader").status == 200

    @pytest.mark.parametrize(
        ("said", "code", "field"),
        [
            ({"position": None}, "field-required", "position"),
            ({"at": None}, "field-required", "at"),
            ({"at": "2026-11-23T09:00:00"}, "time-without-zone", "at"),
            ({"at": "2026-11-23T09:05:01+08:00"}, "time-in-future", "at"),
            ({"at": "2026-11-20T08:59:59+08:00"}, "check-in-too-old", "at"),
            ({"at": "2026-11-22T23:59:59+08:00"}, "rounds-not-begun", "at"),
            ({"at": "9998-12-31T23:59:59-23:59"}, "time-in-future", "at"),
            ({"at": "2026-01-01T12:00:00+08:00"}, "check-in-too-old", "at"),
            ({"at": "1900-01-01T00:00:00+23:59"}, "forbidden", None),  # who did not hold the post then
            ({"at": 1795305720}, "wrong-type", "at"),
            ({"position": {"lat": 134.2, "lon": 117.1}}, "value-not-allowed", "position.lat"),
            ({"position": {"lat": 34.2}}, "field-required", "position.lon"),
            ({"position": {**INSIDE, "datum": "Beijing-54"}}, "value-not-allowed", "position.datum"),
            ({"note": "井" * 2001}, "text-too-long", "note"),
            ({"note": "\u0007"}, "control-characters", "note"),
            ({"walked": True}, "unknown-field", "walked"),
        ],
    )
    def test_what_cannot_be_taken_is_named(
        self, patrol: Edge, said: dict[str, Any], code: str, field: str | None
    ) -> None:
        answer = check_in(patrol, **said)
        assert (answer.code, answer.field) == (code, field)
        assert happened(patrol) == [E.PATROL_PLANNED]

    @pytest.mark.parametrize("beat", ["x", "..", f"{CELL}.{OFFICER}.1", "%23", "网格.信息员", "a" * 300, CELL])
    def test_what_is_no_beat_is_not_found(self, patrol: Edge, beat: str) -> None:
        from urllib.parse import quote

        assert check_in(patrol, beat=quote(beat)).code == "not-found"
        assert patrol.get(f"/v1/patrols/{quote(beat)}", WORKER).code == "not-found"


def lay_neighbour(edge: Edge) -> None:
    """A cell to the east, in the tiles it touches."""
    path = ["鼓楼区", "黄楼街道", "民主社区", "民主小区", "第一网格"]
    ring = [[117.19, 34.28], [117.20, 34.28], [117.20, 34.29], [117.19, 34.29]]
    row = {"code": NEXT_CELL, "path": path, "ring": ring}
    for x in range(23438, 23441):
        for y in range(6856, 6859):
            key = {"pk": f"TILE#{x}:{y}", "sk": "TILE"}
            item = edge.reference.get_item(Key=key).get("Item")
            said = json.loads(item["said"]) if item else {"v1": []}
            edge.reference.put_item(Item={**key, "said": json.dumps({"v1": [*said["v1"], row]})})


class TestTime:
    def test_the_holder_is_reminded_and_then_the_leader_told_each_once(self, patrol: Edge) -> None:
        patrol.clock.at = local("11-24T00:00")
        assert swept(patrol) == 1
        (mail,) = patrol.mails()
        assert mail[0] == f"{WORKER.id}@x.example" and "巡访提醒" in mail[1]
        assert "11-24 12:00" in patrol.texts()[0][1]
        assert swept(patrol) == 0
        patrol.clock.at = local("11-24T12:00")
        assert swept(patrol) == 1
        assert [address for address, _ in patrol.mails()] == [f"{WORKER.id}@x.example", f"{LEADER.id}@x.example"]
        text = patrol.texts()[1][1]
        assert "缺巡" in text and "1轮" in text and "11-23 00:00至11-24 00:00" in text
        assert swept(patrol) == 0
        assert len(patrol.texts()) == len(patrol.mails()) == 2

    def test_messages_end_with_the_reference_of_their_event(self, patrol: Edge) -> None:
        patrol.clock.at = local("11-24T00:00")
        swept(patrol)
        code = bootstrap.patrolling()._store.beat(BEAT).code  # type: ignore[union-attr]
        assert patrol.texts()[0][1].endswith(f"[{code}-2.1]")
        assert "郝平斌" not in patrol.texts()[0][1]

    def test_events_that_come_again_send_nothing(self, patrol: Edge) -> None:
        patrol.clock.at = local("11-24T00:00")
        patrol.invoke("sweep", {})
        patrol.deliver("due", patrol.take_from("Due"))
        records = patrol.new_records()
        patrol.relay(records)
        patrol.relay(records)
        assert patrol.deliver("alert", patrol.take_from("Alerts")) == []
        assert len(patrol.texts()) == len(patrol.mails()) == 1

    def test_a_sweep_that_slept_for_days_sends_one_message_for_all_rounds(self, patrol: Edge) -> None:
        patrol.clock.at = local("12-10T13:00")
        swept(patrol)
        told = [text for _, text in patrol.texts() if "信息员" in text]
        assert len(told) == 1 and "17轮" in told[0]
        answer = patrol.get(f"/v1/patrols/{BEAT}", WORKER)
        assert [each["outcome"] for each in answer.body["rounds"]] == ["missed"] * 17

    def test_the_reminder_goes_to_the_deputy_while_the_holder_is_away(self, patrol: Edge) -> None:
        deputy = {"staff_id": "dep", "name": "", "phone": "+8619900000077", "email": "dep@x.example"}
        away = [{"from": "2026-11-24", "until": "2026-11-24", **deputy}]
        hold(patrol, CELL, OFFICER, WORKER.id, away=json.dumps(away))
        patrol.clock.at = local("11-24T00:00")
        swept(patrol)
        assert [address for address, _ in patrol.mails()] == ["dep@x.example"]

    def test_a_vacant_leaders_post_passes_it_on_upward(self, patrol: Edge) -> None:
        hold(patrol, COMPOUND, "grid-leader", LEADER.id, until="2026-11-23")
        hold(patrol, COMMUNITY, "first-secretary", "fs1")
        patrol.clock.at = local("11-24T12:00")
        swept(patrol)
        assert [address for address, _ in patrol.mails()] == ["fs1@x.example"]

    def test_where_every_leaders_post_is_vacant_the_centres_duty_is_told(self, patrol: Edge) -> None:
        hold(patrol, COMPOUND, "grid-leader", LEADER.id, until="2026-11-23")
        patrol.on_duty(f"centre-{COMMUNITY}", "duty1")
        bootstrap.alerts.cache_clear()  # it keeps rosters for a minute
        patrol.clock.at = local("11-24T12:00")
        swept(patrol)
        assert [address for address, _ in patrol.mails()] == ["duty1@gulou.example"]

    def test_a_vacant_post_is_its_leaders_to_be_reminded_of(self, patrol: Edge) -> None:
        hold(patrol, CELL, OFFICER, WORKER.id, until="2026-11-23")
        patrol.clock.at = local("11-24T00:00")
        swept(patrol)
        assert [address for address, _ in patrol.mails()] == [f"{LEADER.id}@x.example"]

    def test_what_is_published_is_as_its_schema_says_with_what_subscribers_filter_on(self, patrol: Edge) -> None:
        check_in(patrol)
        for moment in ("11-25T00:00", "11-25T13:00"):
            patrol.clock.at = local(moment)
            patrol.invoke("sweep", {})
            patrol.deliver("due", patrol.take_from("Due"))
        planned(patrol, within=CELL)
        end_rounds(bootstrap.patrolling()._store, patrol.policy, patrol.clock.now(), BY, [BEAT])
        patrol.relay()
        records = patrol.take_from("Alerts")
        seen = set()
        for record in records:
            envelope = json.loads(record["body"])
            seen.add(envelope["type"])
            faults = [fault.message for fault in event_validator(envelope["type"]).iter_errors(envelope)]
            assert faults == [], envelope
            attributes = {name: value["stringValue"] for name, value in record["messageAttributes"].items()}
            assert attributes == {
                "type": envelope["type"],
                "units": json.dumps([f"centre-{COMMUNITY}"]),
                "area": envelope["data"]["area"]["code"],
                "urgency": "none",
            }
        assert seen == E.PATROL_EVENT_TYPES

    def test_an_event_without_what_every_beats_has_goes_to_the_dead_letters(self, patrol: Edge) -> None:
        patrol.clock.at = local("11-24T12:00")
        patrol.invoke("sweep", {})
        patrol.deliver("due", patrol.take_from("Due"))
        patrol.relay()
        (envelope,) = [
            each
            for each in (json.loads(record["body"]) for record in patrol.take_from("Alerts"))
            if each["type"] == E.PATROL_MISSED
        ]
        for without in ("post", "area", "units"):
            data = {name: value for name, value in envelope["data"].items() if name != without}
            assert patrol.deliver("alert", [sqs_record(json.dumps({**envelope, "data": data}))]) == []
            ((_, reason),) = patrol.dead_letters()
            assert reason == f"MalformedEvent: data without {without}"
        assert patrol.texts() == []

    def test_every_event_has_a_few_chinese_words(self) -> None:
        assert set(patrols._WHAT_ZH) == E.PATROL_EVENT_TYPES

    def test_a_beat_that_is_not_there_is_nothing_to_do(self, patrol: Edge) -> None:
        assert patrol.deliver("due", [sqs_record(json.dumps({"beat_id": f"{CELL}.nobody"}))]) == []
        assert patrol.dead_letters() == []

    def test_a_check_in_meanwhile_brings_the_message_again(self, patrol: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        patrol.clock.at = local("11-24T00:00")
        patrol.invoke("sweep", {})
        messages = patrol.take_from("Due")
        store = bootstrap.patrolling()._store
        read = store.beat

        def read_before(beat_id: str) -> Any:
            beat = read(beat_id)
            monkeypatch.setattr(store, "beat", read)
            assert check_in(patrol).status == 200
            return beat

        monkeypatch.setattr(store, "beat", read_before)
        assert patrol.deliver("due", messages) == [messages[0]["messageId"]]
        assert patrol.deliver("due", messages) == []
        assert happened(patrol) == [E.PATROL_PLANNED, E.PATROL_WALKED]


class TestFigures:
    def test_a_community_tells_of_every_beat_in_it_with_sums(self, patrol: Edge) -> None:
        check_in(patrol)
        patrol.clock.at = local("11-26T13:00")
        answer = patrol.get(f"/v1/areas/{COMMUNITY}/patrols", STATION)
        assert answer.status == 200
        officer = next(item for item in answer.body["items"] if item["beat_id"] == BEAT)
        assert officer["figures"] == {
            "rounds": 3,
            "walked_in_time": 1,
            "walked_late": 0,
            "missed": 2,
            "coverage": 0.3333,
        }
        assert answer.body["sums"]["beats"] == 2
        assert answer.body["sums"]["missed"] == 2
        assert answer.body["sums"]["overdue"] == 1  # the leader's three days, in their grace
        assert answer.body["sums"]["due"] == 1

    def test_a_street_adds_up_its_communities(self, patrol: Edge) -> None:
        hold(patrol, NEXT_CELL, OFFICER, "w5")
        assert planned(patrol) == {"begun": 1, "unchanged": 2}
        lay_parts(patrol, STREET, COMMUNITY, NEXT_COMMUNITY)
        street = StaffMember("st1", "street", f"centre-{STREET}", (STREET,))
        answer = patrol.get(f"/v1/areas/{STREET}/patrols", street)
        assert answer.body["sums"]["beats"] == 3
        assert [item["area"]["code"] for item in answer.body["items"]] == [COMPOUND, CELL, NEXT_CELL]

    def test_a_community_without_a_centre_of_its_own_counts_in_its_street(self, patrol: Edge) -> None:
        """The pack follows a new network later: its communities are the network's."""
        community = f"{STREET}399"
        assert community not in patrol.policy.centre_by_area
        cell = f"{community}0101"
        for code in (community, cell):
            lay_area(patrol.reference, code, ["鼓楼区", "黄楼街道", "新社区"])
        hold(patrol, cell, OFFICER, "w6")
        assert planned(patrol) == {"begun": 1, "unchanged": 2}
        lay_parts(patrol, STREET, COMMUNITY, community)
        answer = patrol.get(f"/v1/areas/{STREET}/patrols", ADMIN)
        assert [item["area"]["code"] for item in answer.body["items"]] == [COMPOUND, CELL, cell]

    def test_an_area_nobody_is_to_walk_has_figures_of_nothing(self, patrol: Edge) -> None:
        answer = patrol.get(f"/v1/areas/{NEXT_COMMUNITY}/patrols", ADMIN)
        assert (answer.body["items"], answer.body["sums"]["coverage"]) == ([], None)

    def test_who_may_read_them(self, patrol: Edge) -> None:
        assert patrol.get(f"/v1/areas/{COMMUNITY}/patrols", LINKAGE).status == 200
        assert patrol.get(f"/v1/areas/{CELL}/patrols", WORKER).status == 200
        assert patrol.get(f"/v1/areas/{COMMUNITY}/patrols", WORKER).code == "forbidden"
        assert patrol.get(f"/v1/areas/{COMMUNITY}/patrols", STRANGER).code == "forbidden"
        assert patrol.get(f"/v1/areas/{COMMUNITY}/patrols", DEPARTMENT).code == "forbidden"
        assert patrol.get("/v1/areas/320302/patrols", ADMIN).code == "area-too-wide"
        for nowhere in ("320302001099", "3203", "x", "网格"):
            assert patrol.get(f"/v1/areas/{nowhere}/patrols", ADMIN).code == "not-found"

    def test_a_beat_shows_how_its_rounds_went_and_what_happened_in_pages(self, patrol: Edge) -> None:
        for day in range(23, 29):
            patrol.clock.at = local(f"11-{day}T09:00")
            check_in(patrol)
        assert patrol.get(f"/v1/patrols/{BEAT}", STRANGER).code == "not-found"
        assert patrol.get(f"/v1/patrols/{BEAT}", DEPARTMENT).code == "forbidden"
        assert patrol.get(f"/v1/patrols/{BEAT}", ADMIN).status == 200
        answer = patrol.get(f"/v1/patrols/{BEAT}", LEADER)
        assert [each["number"] for each in answer.body["rounds"]] == [1, 2, 3, 4, 5]
        read, cursor = [], None
        while True:
            query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
            page = patrol.get(f"/v1/patrols/{BEAT}/timeline", LEADER, **query).body
            read += page["items"]
            cursor = page["next"]
            if not cursor:
                break
        assert [item["version"] for item in read] == [7, 6, 5, 4, 3, 2, 1]
        assert patrol.get(f"/v1/patrols/{BEAT}/timeline", STRANGER).code == "not-found"
        assert patrol.get(f"/v1/patrols/{BEAT}/timeline", LEADER, cursor="x").code == "cursor-invalid"

    def test_a_walker_sees_what_is_to_be_walked_and_nothing_of_others(self, patrol: Edge) -> None:
        hold(patrol, CELL, "property-officer", "po1")

        def mine(by: StaffMember, **query: str) -> list[str]:
            return [item["beat_id"] for item in patrol.get("/v1/patrols", by, **query).body["items"]]

        assert mine(WORKER) == [BEAT]
        assert mine(LEADER) == [f"{COMPOUND}.grid-leader"]
        assert mine(STATION) == mine(STRANGER) == []
        check_in(patrol)
        assert mine(WORKER) == []
        assert mine(WORKER, state="all") == [BEAT]
        assert mine(DEPUTY, area=CELL) == []
        assert patrol.get("/v1/patrols", WORKER, state="missed").code == "query-invalid"
        assert patrol.get("/v1/patrols", WORKER, area="3203").code == "query-invalid"
        assert patrol.get("/v1/patrols", ADMIN).code == "forbidden"

    def test_a_deputy_sees_the_area_by_name(self, patrol: Edge) -> None:
        away = [{"from": "2026-11-23", "until": None, "staff_id": "dep", "name": "", "phone": "", "email": ""}]
        hold(patrol, CELL, OFFICER, WORKER.id, away=json.dumps(away))
        answer = patrol.get("/v1/patrols", DEPUTY, area=CELL)
        assert [item["beat_id"] for item in answer.body["items"]] == [BEAT]
        assert patrol.get(f"/v1/patrols/{BEAT}", DEPUTY).status == 200


def test_a_check_in_takes_four_requests_and_the_figures_of_a_community_two(
    patrol: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.client

    asked: list[str] = []
    call = botocore.client.BaseClient._make_api_call

    def counted(self: Any, name: str, said: Any) -> Any:
        asked.append(name)
        return call(self, name, said)

    patrol.get(f"/v1/areas/{COMMUNITY}/patrols", STATION)
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    assert check_in(patrol).status == 200
    assert sorted(asked) == ["BatchGetItem", "GetItem", "Query", "TransactWriteItems"]
    asked.clear()
    assert patrol.get(f"/v1/areas/{COMMUNITY}/patrols", STATION).status == 200
    assert sorted(asked) == ["BatchGetItem", "PutItem", "Query"]  # the put is the audit's


def test_who_walked_and_who_planned_stand_in_the_audit_and_who_looked(patrol: Edge) -> None:
    check_in(patrol)
    patrol.get(f"/v1/patrols/{BEAT}", LEADER)
    patrol.get(f"/v1/areas/{CELL}/patrols", WORKER)
    check_in(patrol, LEADER)
    check_in(patrol, STRANGER)
    patrol.get(f"/v1/patrols/{CELL}.nobody", WORKER)
    swept(patrol)
    found = [(row["what"], row["reader"], row["outcome"], row.get("thing", "")) for row in patrol.entries()]
    assert sorted(row for row in found if row[1] == BY.actor.id) == [
        (E.PATROL_PLANNED, BY.actor.id, "done", f"beat:{COMPOUND}.grid-leader"),
        (E.PATROL_PLANNED, BY.actor.id, "done", f"beat:{BEAT}"),
    ]
    assert sorted(row for row in found if row[1] != BY.actor.id) == [
        ("patrol.check-in", LEADER.id, "forbidden", f"beat:{BEAT}"),
        ("patrol.check-in", STRANGER.id, "not-found", f"beat:{BEAT}"),
        ("patrol.read", LEADER.id, "done", f"beat:{BEAT}"),
        ("patrol.read", WORKER.id, "done", f"code:{CELL}"),
        ("patrol.read", WORKER.id, "not-found", ""),
        (E.PATROL_WALKED, WORKER.id, "done", f"beat:{BEAT}"),
    ]
    assert BY.actor.id not in str(patrol.get(f"/v1/patrols/{BEAT}/timeline", LEADER).body)


def test_many_beats_of_a_community_are_all_found(patrol: Edge) -> None:
    """More than a page of an answer holds."""
    store = bootstrap.patrolling()._store
    for number in range(40):
        lay_area(
            patrol.reference, f"{COMPOUND}{number + 10}", ["区" * 200, "街" * 200, "社" * 200, "小" * 200, "格" * 200]
        )
        hold(patrol, f"{COMPOUND}{number + 10}", OFFICER, f"w{number + 10}")
    assert planned(patrol)["begun"] == 40
    assert len(store.beats_of(COMMUNITY, below=True)) == 42
