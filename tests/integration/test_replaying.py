"""Cases and beats verified by replay: what was done to rows and events is found, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner
from pynamodb.exceptions import ScanError

import infra.vault
from chalicelib import bootstrap
from chalicelib.domain.audit import BY_ITSELF, Origin
from chalicelib.domain.cases import replay as replay_of
from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.grid import Area
from chalicelib.domain.histories import Fault
from chalicelib.domain.procedure import Circumstances
from chalicelib.domain.rounds import fall_due, plan
from chalicelib.models.base import connect
from chalicelib.models.case_rows import CasesRow
from chalicelib.models.histories import DynamoHistories
from chalicelib.services.replaying import Replaying
from infra.__main__ import cli
from infra.operator import Operator
from tests.bench.histories import replay
from tests.integration.edge import JPEG, REGION, Edge
from tests.integration.test_hooks import push, text
from tests.world import CELL, STATION, WORKER, Kept, officer_of

POST = "information-officer"
BEAT = f"{CELL}.{POST}"
PATH = ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格")
SAID = "王伟家的井盖"


class District:
    """A table with a case in each of many states, a beat, and all that lies beside them; restored for each test."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.table = boto3.resource("dynamodb", REGION).Table(edge.names["Cases"])
        self.closed = self._closed()
        self.open = self._told_of_twice()
        self.late = edge.report(WORKER)["case_id"]
        self._plan_rounds()
        edge.clock.forward(days=20)
        edge.invoke("sweep", {})
        while messages := edge.take_from("Due"):
            for start in range(0, len(messages), 10):
                assert edge.deliver("due", messages[start : start + 10]) == []
        self.settled = self._settled()
        edge.settle()
        self._kept = [copy.deepcopy(table.items) for table in edge._written()]

    def restore(self) -> None:
        for table, items in zip(self.edge._written(), self._kept, strict=True):
            table.items = copy.deepcopy(items)

    def faults(self, of: int = 1) -> list[Fault]:
        replaying = Replaying(DynamoHistories(), lambda seconds: None, Kept(self.edge.policy))
        found = [fault for segment in range(of) for fault in replaying.run(segment, of)]
        self.counted = dict(replaying.counted)
        return found

    def rows(self, pk: str) -> list[dict[str, Any]]:
        return [row for row in self.table.scan()["Items"] if row["pk"] == pk]

    def row(self, pk: str, sk: str) -> dict[str, Any]:
        found: dict[str, Any] = self.table.get_item(Key={"pk": pk, "sk": sk})["Item"]
        return found

    def alter(self, pk: str, sk: str, change: Callable[[dict[str, Any]], Any]) -> None:
        row = self.row(pk, sk)
        change(row)
        self.table.put_item(Item=row)

    def event(self, case: str, event_type: str) -> dict[str, Any]:
        """The row of the newest event of a type."""
        return [row for row in self.rows(f"CASE#{case}") if row.get("type") == event_type][-1]

    def remove(self, pk: str, *places: str) -> None:
        for row in self.rows(pk):
            if not places or row["sk"].startswith(places):
                self.table.delete_item(Key={"pk": pk, "sk": row["sk"]})

    def report_of(self, case: str) -> str:
        return str(json.loads(self.row(f"CASE#{case}", "CASE")["detail"])["report_ids"][0])

    def code_of(self, case: str) -> str:
        return str(json.loads(self.row(f"CASE#{case}", "CASE")["summary"])[0])

    def _closed(self) -> str:
        """Returned, reopened, visited; told to people; with a picture and a known reporter."""
        edge = self.edge
        picture = edge.post("/v1/attachments", {"content_type": "image/jpeg", "bytes": len(JPEG)}, WORKER).body
        reporter = {"name": "王伟", "phone": "13800000000"}
        receipt = edge.report(
            WORKER, text=SAID, category="street-light", media=[picture["attachment_id"]], reporter=reporter
        )
        case, unit = receipt["case_id"], receipt["unit"]["id"]
        edge.on_duty(unit, "d1")
        edge.settle()
        officer = officer_of(unit)
        edge.act(case, "return", officer, reason="不属于我单位")
        edge.act(case, "classify", STATION, category="street-light")
        for outcome in ("dissatisfied", "satisfied"):
            for action, said in (("accept", {}), ("resolve", {"note": "已修好"})):
                assert edge.act(case, action, officer, **said).status == 200
            edge.clock.forward(days=3)
            edge.invoke("sweep", {})
            edge.deliver("due", edge.take_from("Due"))
            assert edge.visit(case, outcome, WORKER).status == 200
            if outcome == "dissatisfied":
                assert edge.act(case, "grant-reopen", STATION, reason="再修一次").status == 200
        return str(case)

    def _settled(self) -> str:
        """Waits for its visit."""
        receipt = self.edge.report(WORKER, category="street-light")
        for action, said in (("accept", {}), ("resolve", {"note": "已修好"})):
            self.edge.act(receipt["case_id"], action, officer_of(receipt["unit"]["id"]), **said)
        return str(receipt["case_id"])

    def _told_of_twice(self) -> str:
        """By text, on a desk."""
        for sequence in ("1", "2"):
            assert push(self.edge, text(sequence=sequence)).status == 200
        (case,) = {row["case_id"] for row in self.table.scan()["Items"] if row.get("source") == "sms"}
        return str(case)

    def _plan_rounds(self) -> None:
        edge, store = self.edge, bootstrap.patrolling()._store
        around = Circumstances(SYSTEM, edge.clock.now(), edge.policy, "r", "test")
        planned = plan(None, Area(CELL, PATH), POST, around)
        assert planned is not None
        store.save(planned, None, Origin(SYSTEM, BY_ITSELF, "r"))
        edge.reference.put_item(
            Item={
                **{"pk": f"AREA#{CELL}", "sk": f"POST#{POST}#w1", "staff_id": "w1", "from": "2026-01-01"},
                **{"name": "w1", "phone": "+8619900000001", "email": "w1@x.example"},
            }
        )
        edge.clock.forward(days=1)
        body = {"position": {"lat": 34.285, "lon": 117.185, "datum": "WGS-84"}, "at": edge.clock.now().isoformat()}
        assert edge.post(f"/v1/patrols/{BEAT}/check-ins", body, WORKER).status == 200
        edge.clock.forward(days=5)
        beat = store.beat(BEAT)
        assert beat is not None
        missed = fall_due(beat, Circumstances(SYSTEM, edge.clock.now(), edge.policy, "r", "time"))
        assert missed is not None
        store.save(missed, None, Origin(SYSTEM, BY_ITSELF, "r"))


@pytest.fixture(scope="module")
def grown(deployment: Edge) -> District:
    deployment.empty()
    return District(deployment)


@pytest.fixture
def district(grown: District) -> Iterator[District]:
    grown.restore()
    connect({CasesRow: grown.edge.names["Cases"]}, REGION)
    yield grown


def test_in_a_table_nobody_touched_nothing_is_found(district: District) -> None:
    assert district.faults() == []
    lies = [row["sk"].partition("#")[0] for row in district.table.scan()["Items"]]
    assert {"DELIVERY", "ATTACHMENT", "COMMAND", "REPORT", "TRACK", "BEAT"} < set(lies)
    assert district.counted == {
        "cases": lies.count("CASE"),
        "beats": lies.count("BEAT"),
        "events": lies.count("EVENT"),
        "rows that name one": sum(map(lies.count, ("COMMAND", "REPORT", "TRACK"))),
    }


def test_parts_make_the_whole(district: District) -> None:
    district.faults()
    whole = district.counted
    assert district.faults(of=7) == [] and district.counted == whole


def at(place: int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(row: dict[str, Any]) -> None:
        summary = json.loads(row["summary"])
        summary[place] = value
        row["summary"] = json.dumps(summary, ensure_ascii=False, separators=(",", ":"))

    return change


def deep(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def altered(row: dict[str, Any]) -> None:
        detail = json.loads(row["detail"])
        detail[name] = change(detail[name])
        row["detail"] = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))

    return altered


LATE = "2027-01-01T00:00:00.000000Z"
IN_THE_ROW: list[tuple[str, Callable[[dict[str, Any]], Any], list[str]]] = [
    ("state", at(1, "closed"), ["state: lies there closed, by replay screening"]),
    ("what the queue shows", at(7, LATE), ["summary"]),
    ("queue key", lambda row: row.update(queue="UNIT#health"), ["queue: lies there UNIT#health, by replay UNIT#"]),
    ("queue order", lambda row: row.pop("queue_order"), ["queue_order: lies there nothing, by replay 2026-"]),
    ("due key", lambda row: row.update(due_at=LATE, due_shard="DUE#9"), ["due_at: lies there 2027", "due_shard: "]),
    ("version", lambda row: row.update(version=9), ["version: lies there 9, by replay "]),
    ("desk", deep("desk", lambda desk: "health"), ["desk: lies there health, by replay linkage-centre"]),
    (
        "clock",
        deep("clocks", lambda clocks: [[*clocks[0][:3], LATE, *clocks[0][4:]], *clocks[1:]]),
        ["clocks[0].due_at: lies there 2027-01-01T00:00:00+00:00, by replay 2026-"],
    ),
    ("who reported", deep("submitters", lambda them: ["w9"]), ["submitters: lies there (not shown), by replay (not"]),
    ("a report left out", deep("report_ids", lambda them: them[:1]), ["report_ids[1]: lies there nothing, by replay"]),
    ("words", at(1, SAID), ["state: lies there (not shown), by replay screening"]),
    ("not JSON", lambda row: row.update(summary="{"), [""]),
    ("not a case", lambda row: row.update(detail="[]"), [""]),
]


@pytest.mark.parametrize(("change", "told"), [each[1:] for each in IN_THE_ROW], ids=[each[0] for each in IN_THE_ROW])
def test_an_altered_row_is_found_and_what_of_it(
    district: District, change: Callable[[dict[str, Any]], Any], told: list[str]
) -> None:
    pk = f"CASE#{district.open}"
    district.alter(pk, "CASE", change)
    found = list(map(str, district.faults()))
    beginnings = [
        f"differs: {district.open} case: {what}" if what else f"unreadable: {district.open} case" for what in told
    ]
    assert len(found) == len(told)
    assert all(line.startswith(beginning) for line, beginning in zip(sorted(found), sorted(beginnings), strict=True))
    assert SAID not in "".join(found)


def test_the_row_of_a_beat_is_compared_too(district: District) -> None:
    pk = f"PATROL#{BEAT}"

    def missed_nothing(row: dict[str, Any]) -> None:
        summary = json.loads(row["summary"])
        summary[7] = "e" * len(summary[7])
        row["summary"] = json.dumps(summary, ensure_ascii=False, separators=(",", ":"))

    district.alter(pk, "BEAT", missed_nothing)
    (fault,) = district.faults()
    assert (fault.kind, fault.subject, fault.what) == ("differs", BEAT, "beat: marks")


@pytest.mark.parametrize(
    ("event_type", "facts"),
    [
        ("case.reported.v1", {"source": "hotline"}),
        ("case.classified.v1", {"category": "street-lamp"}),
        ("case.assigned.v1", {"unit": "health"}),
        ("visit.planned.v1", {"due_at": "2030-01-01T00:00:00+00:00"}),
        ("visit.recorded.v1", {"outcome": "dissatisfied"}),
        ("case.closed.v1", {"outcome": "unvisited"}),
    ],
)
def test_an_event_altered_in_a_fact_that_matters_is_found(
    district: District, event_type: str, facts: dict[str, Any]
) -> None:
    case = district.closed if event_type != "visit.planned.v1" else district.settled
    row = district.event(case, event_type)
    district.table.put_item(Item={**row, "data": json.dumps({**json.loads(row["data"]), **facts})})
    found = {(fault.kind, fault.subject) for fault in district.faults()}
    assert ("differs", case) in found <= {("differs", case), ("clock", case)}  # clocks are not as of that category


def test_a_word_altered_in_an_event_that_makes_nothing_of_the_case_is_found_by_its_digest(district: District) -> None:
    row = district.event(district.closed, "case.returned.v1")
    said = json.loads(row["data"])
    district.table.put_item(Item={**row, "data": json.dumps({**said, "reason": said["reason"].replace("不", "")})})
    (fault,) = district.faults()
    assert (fault.kind, fault.subject, fault.what) == ("differs", district.closed, "case: digest")
    district.restore()
    actor = json.dumps(["w9", "grid-worker", None])
    assert actor != row["actor"]
    district.table.put_item(Item={**row, "actor": actor})
    assert [fault.what for fault in district.faults()] == ["case: digest"]


def test_an_event_with_another_time_is_found(district: District) -> None:
    row = district.event(district.closed, "case.accepted.v1")
    district.table.put_item(Item={**row, "time": "2026-11-22T00:00:00.000000Z"})
    found = [(fault.kind, fault.what) for fault in district.faults()]
    assert ("differs", "case: digest") in found
    ends = {(kind, what.partition("]")[2]) for kind, what in found if what != "case: digest"}
    assert ends == {("differs", ".ended_at")}


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (("EVENT#00000001.01",), "events missing: {} from the first on, before event 1.2"),
        (("EVENT#00000001.02",), "events missing: {} after event 1.1, before event 1.3"),
        (("EVENT#00000003",), "events missing: {} after event 2.1, before event 4.1"),
        (("EVENT",), "events missing: {} all of them"),
        (("CASE",), "row missing: {} case"),
    ],
)
def test_what_is_missing_is_named(district: District, lost: tuple[str, ...], told: str) -> None:
    district.remove(f"CASE#{district.closed}", *lost)
    assert list(map(str, district.faults())) == [told.format(district.closed)]


def test_what_another_unit_is_asked_for_is_compared_with_what_the_events_ask(district: District) -> None:
    """The case that waits for its visit has a joint unit that has not said it is done."""
    pk = f"CASE#{district.settled}"
    place = next(row["sk"] for row in district.rows(pk) if row["sk"].startswith("TASK#"))
    unit = place.removeprefix("TASK#")
    district.alter(pk, place, lambda row: row.update(queue="UNIT#health"))
    assert list(map(str, district.faults())) == [
        f"differs: {district.settled} task of {unit}: queue: lies there UNIT#health, by replay UNIT#{unit}"
    ]
    district.table.put_item(Item={**district.row(pk, place), "queue": f"UNIT#{unit}", "sk": "TASK#health"})
    district.remove(pk, place)
    assert sorted(str(fault) for fault in district.faults()) == [
        f"row left over: {district.settled} TASK#health",
        f"row missing: {district.settled} task of {unit}",
    ]


def test_an_entry_missing_of_what_somebody_reported_is_named(district: District) -> None:
    assert district.row("STAFF#w1", district.closed) is not None
    district.remove("STAFF#w1", district.closed)
    (fault,) = district.faults()
    assert str(fault) == f"row missing: {district.closed} entry of what w1 reported"


def test_the_newest_events_missing_show_against_the_row(district: District) -> None:
    pk = f"CASE#{district.closed}"
    version = int(district.row(pk, "CASE")["version"])
    district.remove(pk, f"EVENT#{version:08d}")
    found = list(map(str, district.faults()))
    assert f"differs: {district.closed} case: version: lies there {version}, by replay {version - 1}" in found
    assert f"differs: {district.closed} case: state: lies there closed, by replay resolved" in found
    asked_again = f"row missing: {district.closed} task of "
    assert all(line.startswith((f"differs: {district.closed} ", asked_again)) for line in found)


def test_holes_are_all_named_and_the_row_is_not_held_against_a_history_with_holes(district: District) -> None:
    district.remove(f"CASE#{district.closed}", "EVENT#00000002", "EVENT#00000004")
    district.alter(f"CASE#{district.closed}", "CASE", at(1, "resolved"))
    assert [fault.what for fault in district.faults()] == [
        "after event 1.3, before event 3.1",
        "after event 3.2, before event 5.1",
    ]


def test_a_beat_without_its_row_or_its_beginning_is_found(district: District) -> None:
    district.remove(f"PATROL#{BEAT}", "BEAT")
    assert list(map(str, district.faults())) == [f"row missing: {BEAT} beat"]
    district.restore()
    district.remove(f"PATROL#{BEAT}", "EVENT#00000001")
    assert list(map(str, district.faults())) == [f"events missing: {BEAT} from the first on, before event 2.1"]


@pytest.mark.parametrize(
    "change", [{"type": "case.forgotten.v1"}, {"data": "{"}, {"data": "[]"}, {"time": "gestern"}, {"actor": "1"}]
)
def test_an_event_that_nobody_can_read_is_named_and_no_more(district: District, change: dict[str, str]) -> None:
    row = district.event(district.closed, "case.accepted.v1")
    district.table.put_item(Item={**row, **change})
    assert list(map(str, district.faults())) == [f"unreadable: {district.closed} {row['sk']}"]


def test_a_row_that_follows_from_nothing_is_found(district: District) -> None:
    district.table.put_item(Item={"pk": f"CASE#{district.open}", "sk": "BEAT", "version": 1, "summary": "[]"})
    assert list(map(str, district.faults())) == [f"row left over: {district.open} BEAT"]


@pytest.mark.parametrize("pk", ["CASE#x.y", f"PATROL#{CELL}", "CASE#PATROL#x"])
def test_events_of_what_cannot_be_are_found_too(district: District, pk: str) -> None:
    row = district.event(district.closed, "case.accepted.v1")
    district.table.put_item(Item={**row, "pk": pk})
    assert list(map(str, district.faults())) == [f"no such case or beat: {pk} row"]


def test_an_id_that_is_words_is_not_shown(district: District) -> None:
    row = district.event(district.closed, "case.accepted.v1")
    district.table.put_item(Item={**row, "pk": f"CASE#{SAID}"})
    (fault,) = district.faults()
    assert str(fault).startswith("events missing: (not shown) from the first on")


class TestOtherRows:
    def test_a_tracking_code_that_leads_elsewhere_is_found_from_both_ends(self, district: District) -> None:
        code = district.code_of(district.closed)
        district.alter(f"TRACK#{code}", "TRACK", lambda row: row.update(case_id=district.open))
        assert sorted(map(str, district.faults())) == [
            f"differs: {district.closed} tracking code: case_id: "
            f"lies there {district.open}, by replay {district.closed}",
            f"not its own: {district.open} tracking code",
        ]

    def test_a_tracking_code_that_is_gone_or_was_added_is_found(self, district: District) -> None:
        code = district.code_of(district.closed)
        district.remove(f"TRACK#{code}")
        district.table.put_item(Item={"pk": "TRACK#00000000", "sk": "TRACK", "case_id": district.closed})
        found = list(map(str, district.faults()))
        assert sorted(found) == [
            f"not its own: {district.closed} tracking code",
            f"row missing: {district.closed} tracking code",
        ]
        assert code not in "".join(found) and "00000000" not in "".join(found).replace(district.closed, "")

    def test_a_report_that_is_gone_or_names_another_case_is_found(self, district: District) -> None:
        report = district.report_of(district.closed)
        district.remove(f"REPORT#{report}")
        assert list(map(str, district.faults())) == [f"row missing: {district.closed} report {report}"]
        district.restore()
        district.alter(f"REPORT#{report}", "REPORT", lambda row: row.update(case_id=district.open))
        assert sorted(map(str, district.faults())) == [
            f"differs: {district.closed} report {report}: case_id: "
            f"lies there {district.open}, by replay {district.closed}",
            f"not its own: {district.open} report {report}",
        ]

    def test_a_case_that_is_gone_with_all_its_events_is_missed_by_its_reports(self, district: District) -> None:
        report = district.report_of(district.closed)
        district.remove(f"CASE#{district.closed}", "CASE", "EVENT")
        found = list(map(str, district.faults()))
        assert f"no such case or beat: {district.closed} report {report}" in found
        assert f"no such case or beat: {district.closed} tracking code" in found
        assert {fault.kind for fault in district.faults()} == {"no such case or beat"}

    def test_a_command_that_made_a_version_nobody_knows_is_found(self, district: District) -> None:
        commands = [row for row in district.table.scan()["Items"] if row["sk"] == "COMMAND"]
        for subject in (district.closed, BEAT):
            row = next(row for row in commands if row["case_id"] == subject)
            district.alter(row["pk"], "COMMAND", lambda row: row.update(version=99))
            (fault,) = district.faults()
            assert (fault.kind, fault.subject, fault.lies) == ("no such version", subject, "99")
            district.restore()


def test_a_clock_that_ran_out_before_its_time_is_found_though_the_row_agrees_on_it(district: District) -> None:
    first, *_ = [row for row in district.rows(f"CASE#{district.late}") if row.get("type") == "clock.breached.v1"]
    district.table.put_item(Item={**first, "time": "2026-11-22T02:00:01.000000Z"})
    fault, altered = sorted(district.faults(), key=lambda each: each.kind)
    assert (fault.kind, fault.subject, altered.what) == ("clock", district.late, "case: digest")
    assert fault.what.endswith(f"ran out in event {int(first['sk'][6:14])}.1")
    assert fault.lies == "2026-11-22T02:00:01+00:00" < fault.replayed


def test_a_step_of_an_escalation_that_was_left_out_is_found(district: District) -> None:
    first, *_ = [row for row in district.rows(f"CASE#{district.late}") if row.get("type") == "clock.breached.v1"]
    district.table.put_item(Item={**first, "data": json.dumps({**json.loads(first["data"]), "step": 7})})
    found = [fault for fault in district.faults() if fault.kind == "clock"]
    assert found[0].what.endswith(f"step in event {int(first['sk'][6:14])}.1")
    assert (found[0].lies, found[0].replayed) == ("7", "1")


def forge(district: District, case_id: str, event_type: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Alter an event, and all rows that follow from it as a replay gives them: they agree with each other."""
    row = district.event(case_id, event_type)
    facts = json.loads(row["data"])
    change(facts)
    district.table.put_item(Item={**row, "data": json.dumps(facts, ensure_ascii=False)})
    histories = DynamoHistories()
    events = [histories.event(lying) for lying in histories.rows_of(case_id) if lying.event]
    for following in histories.following(replay_of(events)):
        pk, sk = following.key
        said = {name: value for name, value in following.says.items() if value is not None}
        district.table.put_item(Item={**district.row(pk, sk), **said})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda facts: facts["clocks"].update(resolve=LATE), ["resolve due in event 1."]),
        (lambda facts: facts["clocks"].pop("accept"), ["accept due in event 1."]),
        (
            lambda facts: facts["timing"]["warn"].update(resolve="2026-11-22T02:00:09+00:00"),
            ["resolve warn in event 1."],
        ),
        (lambda facts: facts["timing"].update(windows=["objection", "accept"]), ["accept window in event 1."]),
    ],
    ids=["due", "never started", "warn", "window"],
)
def test_a_clock_that_event_and_row_agree_on_but_not_the_policy_is_found_and_nothing_else(
    district: District, change: Callable[[dict[str, Any]], Any], named: list[str]
) -> None:
    case_id = district.edge.report(WORKER)["case_id"]
    district.edge.settle()
    forge(district, case_id, "case.assigned.v1", change)
    found = district.faults()
    assert {(fault.kind, fault.subject) for fault in found} == {("clock", case_id)}
    assert [name for name in named if not any(fault.what.startswith(name) for fault in found)] == []


def test_clocks_of_a_version_nobody_kept_are_no_faults_and_the_version_is_named_once(district: District) -> None:
    later = replace(district.edge.policy, version="gulou-later")
    replaying = Replaying(DynamoHistories(), lambda seconds: None, Kept(later))
    assert list(replaying.run()) == [] and replaying.unknown == {district.edge.policy.version}


class Seen:
    """The table as a walk may see it that passes while others write. `passing`: what comes first."""

    def __init__(self, passing: list[Any], *readings: list[Any]) -> None:
        self._passing, self._readings = passing, list(readings)
        self._real = DynamoHistories()

    def rows(self, segment: int, of: int) -> list[Any]:
        return self._passing

    def rows_of(self, subject: str) -> Any:
        return self._readings.pop(0) if self._readings else self._real.rows_of(subject)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def walked(seen: Seen) -> tuple[list[str], int]:
    replaying = Replaying(seen, lambda seconds: None, bootstrap.policies())
    return list(map(str, replaying.run())), replaying.counted["cases"]


class TestWhileOthersWrite:
    def test_what_was_half_seen_is_read_again_until_it_stands_still(self, district: District) -> None:
        old = list(DynamoHistories().rows_of(district.open))
        assert push(district.edge, text(sequence="3")).status == 200
        new = list(DynamoHistories().rows_of(district.open))
        assert len(new) == len(old) + 1
        rows_before_events, events_before_row = [old[0], *new[1:]], [new[0], *old[1:]]
        assert walked(Seen(rows_before_events)) == ([], 1)
        assert walked(Seen(events_before_row, rows_before_events, old)) == ([], 1)

    def test_what_stays_wrong_is_told_as_it_is_at_last(self, district: District) -> None:
        old = list(DynamoHistories().rows_of(district.open))
        assert push(district.edge, text(sequence="3")).status == 200
        district.alter(f"CASE#{district.open}", "CASE", lambda row: row.update(queue="UNIT#health"))
        new = list(DynamoHistories().rows_of(district.open))
        (line,), counted = walked(Seen([new[0], *old[1:]], [old[0], *new[1:]]))
        assert "queue: lies there UNIT#health" in line and counted == 1

    def test_rows_that_come_in_pieces_are_told_of_once(self, district: District) -> None:
        rows, others = (list(DynamoHistories().rows_of(case)) for case in (district.closed, district.open))
        for cut in range(1, len(rows)):
            assert walked(Seen([*rows[:cut], *others, *rows[cut:]])) == ([], 2)
        district.remove(f"CASE#{district.closed}", "CASE")
        rows = list(DynamoHistories().rows_of(district.closed))
        for cut in range(1, len(rows)):
            pieces = Seen([*rows[:cut], *others, *rows[cut:]])
            assert walked(pieces) == ([f"row missing: {district.closed} case"], 2)

    def test_a_case_that_came_after_its_tracking_code_was_read_is_no_fault(self, district: District) -> None:
        passing = [row for row in DynamoHistories().rows(0, 1) if not hasattr(row, "event")]
        assert walked(Seen(passing)) == ([], 0)


def test_pages_may_end_anywhere(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = CasesRow._get_connection().__class__.scan
    monkeypatch.setattr(
        "pynamodb.connection.table.TableConnection.scan", lambda table, **asked: ask(table, **asked, limit=3)
    )
    assert len(district.table.scan()["Items"]) > 50
    assert district.faults() == [] and district.counted["cases"] == 4


def test_what_dynamodb_left_for_later_is_asked_for_again(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = CasesRow._get_connection()
    ask, pauses, asked = connection.__class__.batch_get_item, list[float](), list[int]()

    def some(table: Any, keys: list[dict[str, str]], **more: Any) -> Any:
        asked.append(len(keys))
        left = [{name: {"S": value} for name, value in key.items()} for key in keys[1:]]
        answer = ask(table, keys[:1], **more)
        return {**answer, "UnprocessedKeys": {table.table_name: {"Keys": left}} if left else {}}

    monkeypatch.setattr("pynamodb.connection.table.TableConnection.batch_get_item", some)
    keys = [(row["pk"], row["sk"]) for row in district.table.scan()["Items"] if row["sk"] == "REPORT"]
    assert set(DynamoHistories(pauses.append).lying(keys)) == set(keys)
    assert asked == [*range(len(keys), 0, -1)] and pauses == sorted(pauses)
    with pytest.raises(TemporarilyUnavailable):
        DynamoHistories(pauses.append).lying([(str(number), "REPORT") for number in range(20)])


@pytest.fixture
def operator(district: District, monkeypatch: pytest.MonkeyPatch) -> District:
    """The operator's commands find this deployment."""
    names = district.edge.names
    outputs = {"CasesTable": names["Cases"], "VaultTable": names["Vault"], "ReferenceTable": names["Reference"]}
    monkeypatch.setattr(infra.vault, "operator_of", lambda *where: Operator("demo", REGION, None, outputs))
    return district


def run(*asked: str) -> tuple[int, str]:
    command = ["verify", "--stage", "test", "--region", REGION, "--at-once", "1", *asked]
    outcome = CliRunner().invoke(cli, command)
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.output


class TestCommand:
    def test_it_counts_what_it_saw_and_exits_with_one_on_a_fault(self, operator: District) -> None:
        code, said = run()
        assert (code, "4 cases, 1 beats, " in said, "0 faults" in said) == (0, True, True)
        operator.alter(f"CASE#{operator.open}", "CASE", at(1, "closed"))
        code, said = run()
        assert (code, "1 faults" in said) == (1, True)
        assert f"differs: {operator.open} case: state: lies there closed, by replay screening" in said

    def test_a_part_with_too_many_faults_is_given_up(self, operator: District, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("infra.replaying.MOST_FAULTS", 1)
        monkeypatch.setattr("infra.replaying.PARTS", 1)
        operator.remove(f"CASE#{operator.open}", "CASE")
        operator.remove(f"CASE#{operator.closed}", "CASE")
        code, said = run()
        assert (code, "1 faults" in said, "were not read to the end" in said) == (1, True, True)

    def test_a_table_that_does_not_answer_is_no_good_table(
        self, operator: District, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(table: Any, **asked: Any) -> Any:
            raise ScanError("it is not there")

        monkeypatch.setattr("pynamodb.connection.table.TableConnection.scan", fails)
        code, said = run()
        assert code == 1 and "not all was verified" in said


def test_of_many_cases_all_that_was_done_to_some_is_found_and_nothing_else(pack_file: Path) -> None:
    """The bench's own table: every way a case may go, of every category, and fourteen things done to some."""
    lines: list[str] = []
    assert replay(pack_file, lines.append, cases=600)["cases"] == 600
    assert lines[0].endswith("42 faults of 14 kinds planted and found")
