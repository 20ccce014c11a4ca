"""The consumers as their mappings call them: what is poison goes aside with its reason, its neighbours are done."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib import bootstrap
from chalicelib.adapters.messages import SnsTextMessages
from chalicelib.domain.deliveries import Unreachable
from chalicelib.domain.errors import StaleVersion, TemporarilyUnavailable
from tests.contract.documents import event_validator
from tests.integration.edge import JPEG, Edge, sqs_record
from tests.world import ADMIN, COMMUNITY, WORKER

NOT_EVENTS = {
    "not JSON": "{",
    "empty": "",
    "nested without end": "[" * 100_000,
    "null": "null",
    "a list": "[]",
    "a number": "7",
    "text": '"case.assigned.v1"',
    "nothing known": "{}",
    "an SNS envelope": json.dumps({"Type": "Notification", "Message": "{}"}),
}


STANDING = {"tracking_code": "7K3M9QXA", "state": "assigned", "urgency": "urgent", "units": []}


def spoilt(envelope: dict[str, Any], **change: Any) -> str:
    return json.dumps({name: value for name, value in {**envelope, **change}.items() if value is not None})


class TestRelay:
    def test_every_event_of_a_case_is_published_as_its_schema_says_with_what_subscribers_filter_on(
        self, edge: Edge
    ) -> None:
        receipt = _through_its_life(edge)
        edge.relay()
        published = edge.take_from("Alerts")
        envelopes = [json.loads(record["body"]) for record in published]
        for envelope in envelopes:
            faults = [f"{f.json_path}: {f.message}" for f in event_validator(envelope["type"]).iter_errors(envelope)]
            assert faults == [], envelope
        assert [e["id"] for e in envelopes] == [item["id"] for item in edge.timeline(receipt["case_id"])]
        assigned = next(record for record in published if '"case.assigned.v1"' in record["body"])
        told = {name: value["stringValue"] for name, value in assigned["messageAttributes"].items()}
        assert told["type"] == "case.assigned.v1" and told["area"] == receipt["area"]["code"]
        assert json.loads(told["units"]) == [receipt["unit"]["id"], f"centre-{COMMUNITY}"]
        assert assigned["messageAttributes"]["units"]["dataType"] == "String.Array"

    @pytest.mark.parametrize(
        ("attribute", "value"),
        [
            ("data", {"S": "{"}),
            ("data", {"S": "[]"}),
            ("data", {"S": "null"}),
            ("data", {"NULL": True}),
            ("data", None),
            ("snapshot", {"S": "[]"}),
            ("snapshot", {"S": "{}"}),
            ("snapshot", {"S": '{"tracking_code": "7K3M9QXA"}'}),
            ("snapshot", {"S": '{"tracking_code": "7K3M9QXA", "units": null, "urgency": "urgent"}'}),
            ("actor", {"S": '["w1"]'}),
            ("sk", {"S": "EVENT#one"}),
            ("sk", {"L": []}),
            ("time", {"S": "yesterday"}),
            ("type", None),
        ],
        ids=str,
    )
    def test_a_poison_record_goes_to_the_dead_letters_with_its_reason_and_its_neighbours_are_published(
        self, edge: Edge, attribute: str, value: dict[str, Any] | None
    ) -> None:
        edge.report(WORKER)
        records = edge.new_records()
        image = records[1]["dynamodb"]["NewImage"]
        image.pop(attribute)
        if value is not None:
            image[attribute] = value
        edge.relay(records)
        assert [json.loads(r["body"])["type"] for r in edge.take_from("Alerts")] == [
            "case.reported.v1",
            "case.assigned.v1",
        ]
        ((body, reason),) = edge.dead_letters()
        assert reason.startswith("unreadable-event: ")
        assert image["pk"]["S"].removeprefix("CASE#") in body

    @pytest.mark.parametrize(
        "record", [{}, {"dynamodb": {}}, {"dynamodb": {"NewImage": {}}}, {"dynamodb": None}, 7], ids=str
    )
    def test_a_record_without_an_event_does_not_hold_up_the_others(self, edge: Edge, record: Any) -> None:
        edge.report(WORKER)
        edge.relay([record, *edge.new_records()])
        assert len(edge.take_from("Alerts")) == 3
        assert len(edge.dead_letters()) == 1

    @pytest.mark.parametrize(
        "error",
        [
            EndpointConnectionError(endpoint_url="https://sns"),
            ClientError({"Error": {"Code": "Throttling"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "PublishBatch"),
            ClientError(
                {"Error": {"Code": "InternalError"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, "PublishBatch"
            ),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_when_the_topic_does_not_answer_the_batch_fails_whole_and_comes_again(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        edge.report(WORKER)
        records = edge.new_records()

        def down(**_: Any) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(bootstrap._client("sns"), "publish_batch", down)
            with pytest.raises(TemporarilyUnavailable):
                edge.relay(records)
        assert edge.dead_letters() == []
        edge.relay(records)
        assert len(edge.take_from("Alerts")) == 3

    def test_what_the_topic_refuses_for_good_goes_aside_and_what_it_refuses_for_now_comes_again(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edge.report(WORKER)
        records = edge.new_records()
        client = bootstrap._client("sns")
        for senders_fault in (True, False):
            answer = {"Failed": [{"Id": "1", "SenderFault": senders_fault, "Code": "InvalidParameter"}]}
            with monkeypatch.context() as patch:
                patch.setattr(client, "publish_batch", lambda answer=answer, **_: answer)
                if senders_fault:
                    edge.relay(records)
                else:
                    with pytest.raises(TemporarilyUnavailable):
                        edge.relay(records)
        ((body, reason),) = edge.dead_letters()
        assert json.loads(body)["type"] == "case.classified.v1" and reason == "refused-by-topic: InvalidParameter"

    def test_when_the_dead_letters_do_not_answer_nothing_is_lost(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edge.report(WORKER)
        records = [{}, *edge.new_records()]

        def down(**_: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://sqs")

        with monkeypatch.context() as patch:
            patch.setattr(bootstrap._client("sqs"), "send_message", down)
            with pytest.raises(TemporarilyUnavailable):
                edge.relay(records)
        edge.relay(records)
        assert len(edge.dead_letters()) == 1


class TestAlerts:
    @pytest.fixture
    def told(self, edge: Edge) -> list[dict[str, Any]]:
        """The messages of one report, from the topic; one officer is on duty at the unit that leads."""
        edge.on_duty("urban-management", "d1")
        edge.on_duty(f"centre-{COMMUNITY}", "s1")
        edge.report(WORKER)
        edge.relay()
        return edge.take_from("Alerts")

    def test_who_is_on_duty_is_told_once_though_the_queue_delivers_twice(
        self, edge: Edge, told: list[dict[str, Any]]
    ) -> None:
        for _ in range(2):
            assert edge.deliver("alert", told) == []
        assert len(edge.texts()) == len(edge.mails()) == 2
        assert {address for address, _ in edge.mails()} == {"d1@gulou.example", "s1@gulou.example"}

    @pytest.mark.parametrize("kind", NOT_EVENTS)
    def test_what_is_no_event_goes_to_the_dead_letters_and_its_neighbours_are_told(
        self, edge: Edge, told: list[dict[str, Any]], kind: str
    ) -> None:
        poison = sqs_record(NOT_EVENTS[kind])
        assert edge.deliver("alert", [told[0], poison, *told[1:]]) == []
        ((body, reason),) = edge.dead_letters()
        assert body == (NOT_EVENTS[kind] or "(empty)")
        assert reason.split(":")[0] in ("JSONDecodeError", "MalformedEvent", "RecursionError")
        assert len(edge.texts()) == 2

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"type": "case.assigned.v2"}, "UnknownEvent: case.assigned.v2"),
            ({"type": "case.forgotten.v1"}, "UnknownEvent: case.forgotten.v1"),
            ({"type": "\u0000\ud800\uffff"}, "UnknownEvent: "),
            ({"type": ["case.assigned.v1"]}, "TypeError"),
            ({"type": None}, "MalformedEvent: KeyError"),
            ({"id": None}, "MalformedEvent: KeyError"),
            ({"id": "1"}, "MalformedEvent: no event of a case or a beat"),
            ({"time": "yesterday"}, "MalformedEvent: ValueError"),
            ({"time": 7}, "MalformedEvent: TypeError"),
            ({"data": None}, "MalformedEvent: KeyError"),
            ({"data": []}, "MalformedEvent: no event of a case or a beat"),
            ({"data": {}}, "MalformedEvent: data without state, tracking_code, units, urgency"),
            ({"data": {**STANDING, "lead": "urban-management", "joint_units": 7}}, "TypeError"),
            ({"type": "case.resolved.v1", "data": STANDING}, "KeyError: 'report_ids'"),
        ],
        ids=str,
    )
    def test_an_event_of_another_version_or_without_its_facts_goes_to_the_dead_letters(
        self, edge: Edge, told: list[dict[str, Any]], change: dict[str, Any], reason: str
    ) -> None:
        assigned = next(json.loads(r["body"]) for r in told if '"case.assigned.v1"' in r["body"])
        poison = sqs_record(spoilt(assigned, **change))
        assert edge.deliver("alert", [poison, *told]) == []
        ((body, why),) = edge.dead_letters()
        assert (body, why[: len(reason)]) == (poison["body"], reason)
        assert len(edge.texts()) == 2

    def test_an_event_with_facts_we_do_not_know_is_told_all_the_same(
        self, edge: Edge, told: list[dict[str, Any]]
    ) -> None:
        assigned = next(json.loads(r["body"]) for r in told if '"case.assigned.v1"' in r["body"])
        grown = spoilt(assigned, data={**assigned["data"], "mood": "calm"}, traceparent="00-1-1-01")
        assert edge.deliver("alert", [sqs_record(grown)]) == []
        assert (len(edge.texts()), edge.dead_letters()) == (2, [])

    def test_only_the_message_that_failed_comes_again_and_only_what_failed_is_sent_again(
        self, edge: Edge, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        second = edge.report(WORKER, text="想咨询一下")
        assert second["state"] == "screening"
        edge.relay()
        more = edge.take_from("Alerts")
        send = SnsTextMessages.send

        def down_for_one(self: SnsTextMessages, phone: str, text: str) -> str:
            if "甄别" in text or second["tracking_code"] in text:
                raise Unreachable("Throttling")
            return send(self, phone, text)

        with monkeypatch.context() as patch:
            patch.setattr(SnsTextMessages, "send", down_for_one)
            again = edge.deliver("alert", [*told, *more])
        failed = [record for record in more if record["messageId"] in again]
        assert [json.loads(record["body"])["type"] for record in failed] == ["case.sent-to-screening.v1"]
        assert (len(edge.texts()), len(edge.mails())) == (2, 3)
        assert edge.deliver("alert", failed) == []
        assert (len(edge.texts()), len(edge.mails())) == (3, 3)


class TestDue:
    def test_the_sweep_enqueues_all_that_is_due_and_each_falls_due_once(self, edge: Edge) -> None:
        cases = {edge.report(ADMIN)["case_id"] for _ in range(12)}
        assert edge.invoke("sweep", {}) == {"due": 0}
        edge.clock.forward(days=1)
        assert edge.invoke("sweep", {}) == {"due": 12}
        edge.invoke("sweep", {})  # found twice: harmless
        messages = edge.take_from("Due")
        assert len(messages) == 24
        assert edge.deliver("due", messages[:10]) + edge.deliver("due", messages[10:]) == []
        for case_id in cases:
            breaches = [item for item in edge.timeline(case_id) if item["type"] == "clock.breached.v1"]
            assert sorted(item["data"]["clock"] for item in breaches) == ["accept", "resolve"]
        assert edge.invoke("sweep", {}) == {"due": 0}

    def test_a_case_changed_meanwhile_comes_again_and_its_neighbours_are_done(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = edge.report(ADMIN)["case_id"], edge.report(ADMIN)["case_id"]
        edge.clock.forward(days=1)
        edge.invoke("sweep", {})
        messages = edge.take_from("Due")
        acting = bootstrap.acting()
        fall_due = acting.fall_due

        def stale(case_id: str, correlation_id: str) -> bool:
            if case_id == first:
                raise StaleVersion()
            return fall_due(case_id, correlation_id)

        with monkeypatch.context() as patch:
            patch.setattr(acting, "fall_due", stale)
            again = edge.deliver("due", messages)
        assert [json.loads(m["body"])["case_id"] for m in messages if m["messageId"] in again] == [first]
        assert edge.case(second)["clocks"][0]["state"] == "breached"
        assert edge.dead_letters() == []

    @pytest.mark.parametrize("kind", NOT_EVENTS)
    def test_what_names_no_case_goes_to_the_dead_letters(self, edge: Edge, kind: str) -> None:
        assert edge.deliver("due", [sqs_record(NOT_EVENTS[kind])]) == []
        assert len(edge.dead_letters()) == 1

    def test_a_case_that_is_not_there_is_nothing_to_do(self, edge: Edge) -> None:
        assert edge.deliver("due", [sqs_record('{"case_id": "01KAMZ8Y4V6T2QW9R3N5C7XB1D"}')]) == []
        assert edge.dead_letters() == []


class TestAttachments:
    def announce(self, edge: Edge, size: int = len(JPEG), content_type: str = "image/jpeg") -> str:
        body = {"content_type": content_type, "bytes": size}
        picture: str = edge.post("/v1/attachments", body, WORKER).body["attachment_id"]
        return picture

    def state(self, edge: Edge, picture: str) -> tuple[str, str | None, bool]:
        body = edge.get(f"/v1/attachments/{picture}", WORKER).body
        return body["state"], body["reason"], body["url"] is not None

    @pytest.mark.parametrize(
        ("content_type", "content"),
        [
            ("image/jpeg", JPEG),
            ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(32)),
            ("image/webp", b"RIFF\x24\x00\x00\x00WEBPVP8 "),
            ("video/mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(16)),
        ],
    )
    def test_the_bytes_of_what_was_announced_arrive(self, edge: Edge, content_type: str, content: bytes) -> None:
        picture = self.announce(edge, len(content), content_type)
        assert edge.deliver("attachments", [edge.upload(picture, content)]) == []
        assert self.state(edge, picture) == ("arrived", None, True)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"<html>not a picture</html>", "not-the-announced-type"),
            (b"\x89PNG\r\n\x1a\n", "not-the-announced-type"),
            (b"\xff", "not-the-announced-type"),
            (JPEG + b"more", "larger-than-announced"),
        ],
    )
    def test_bytes_that_are_not_what_was_announced_are_refused(self, edge: Edge, content: bytes, reason: str) -> None:
        picture = self.announce(edge)
        assert edge.deliver("attachments", [edge.upload(picture, content)]) == []
        assert self.state(edge, picture) == ("refused", reason, False)

    @pytest.mark.parametrize("told_first", [True, False])
    def test_a_report_may_name_a_picture_before_and_after_its_bytes_have_come(
        self, edge: Edge, told_first: bool
    ) -> None:
        picture = self.announce(edge)
        if told_first:
            edge.report(WORKER, media=[picture])
        edge.deliver("attachments", [edge.upload(picture, JPEG)])
        if not told_first:
            edge.report(WORKER, media=[picture])
        assert self.state(edge, picture)[0] == "arrived"

    def test_what_has_come_gets_no_other_form_and_other_bytes_are_not_taken_for_it(self, edge: Edge) -> None:
        key, body = str(uuid4()), {"content_type": "image/jpeg", "bytes": len(JPEG) + 9}
        picture = edge.post("/v1/attachments", body, WORKER, key=key).body["attachment_id"]
        arrival = edge.upload(picture, JPEG)
        edge.deliver("attachments", [arrival, arrival])
        again = edge.post("/v1/attachments", body, WORKER, key=key)
        assert (again.status, again.body) == (
            200,
            {"attachment_id": picture, "state": "arrived", "reason": None, "url": None},
        )
        assert edge.post("/v1/attachments", {**body, "bytes": 1}, WORKER, key=key).code == "idempotency-conflict"
        edge.deliver("attachments", [edge.upload(picture, JPEG + b"another")])
        assert self.state(edge, picture) == ("refused", "replaced", False)
        edge.deliver("attachments", [edge.upload(picture, JPEG)])
        assert self.state(edge, picture) == ("refused", "replaced", False)
        assert edge.post("/v1/attachments", body, WORKER, key=key).body["reason"] == "replaced"

    def test_what_was_refused_for_its_bytes_may_be_sent_again(self, edge: Edge) -> None:
        key, body = str(uuid4()), {"content_type": "image/jpeg", "bytes": len(JPEG)}
        picture = edge.post("/v1/attachments", body, WORKER, key=key).body["attachment_id"]
        edge.deliver("attachments", [edge.upload(picture, b"<html>")])
        assert edge.post("/v1/attachments", body, WORKER, key=key).status == 201
        edge.deliver("attachments", [edge.upload(picture, JPEG)])
        assert self.state(edge, picture) == ("arrived", None, True)

    def test_the_storages_test_event_and_objects_nobody_announced_are_passed_over(self, edge: Edge) -> None:
        picture = self.announce(edge)
        test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-22T02:00:00.000Z", "Bucket": "b"}
        messages = [sqs_record(json.dumps(test)), edge.upload("0" * 32, JPEG), edge.upload(picture, JPEG)]
        assert edge.deliver("attachments", messages) == []
        assert self.state(edge, picture)[0] == "arrived" and edge.dead_letters() == []

    def test_poison_goes_to_the_dead_letters_and_its_neighbours_are_marked(self, edge: Edge) -> None:
        picture, lost = self.announce(edge), self.announce(edge)
        never = [
            *NOT_EVENTS.values(),
            '{"Records": [{}]}',
            '{"Records": 7}',
            '{"Records": [{"s3": {"object": {"key": "media/x", "size": "large"}}}]}',
        ]
        gone = edge.object_notification(f"media/{lost}", 3)
        assert edge.deliver("attachments", [*map(sqs_record, never), gone, edge.upload(picture, JPEG)]) == []
        letters = edge.dead_letters()
        assert len(letters) == len(never) + 1
        assert (gone["body"], "MalformedEvent: the object is not there") in letters
        assert self.state(edge, picture)[0] == "arrived"


def _through_its_life(edge: Edge) -> dict[str, Any]:
    """A report whose case has been through everything; its receipt."""
    receipt = edge.report(WORKER, category="missing-manhole-cover")
    case_id = receipt["case_id"]
    edge.act(case_id, "return", ADMIN, reason="不属于我单位")
    edge.act(case_id, "classify", ADMIN, category="missing-manhole-cover")
    for outcome, decision in (("dissatisfied", "grant-reopen"), ("not-home", None), ("dissatisfied", "decline-reopen")):
        if edge.case(case_id)["state"] == "assigned":
            edge.answered(case_id, ADMIN, "已更换井盖")
        edge.clock.forward(days=3)
        edge.invoke("sweep", {})
        edge.deliver("due", edge.take_from("Due"))
        edge.visit(case_id, outcome, ADMIN, note="看过了")
        if decision:
            edge.act(case_id, decision, ADMIN, reason="核查过了")
    assert edge.case(case_id)["outcome"] == "declined"
    return receipt
