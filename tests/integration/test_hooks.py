"""Webhooks as their senders call them: texts through Aliyun and work orders of the hotline, right and wrong."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import boto3
import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib import bootstrap
from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.domain.records import Sealed
from tests.integration.edge import HOTLINE_SECRET, INSIDE, REGION, Edge
from tests.integration.gateway import Answer
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE

TAKEN = {"code": 0, "msg": "成功"}
PHONE = "13900000001"


def text(content: Any = "楼上漏水", phone: Any = PHONE, sequence: Any = "1", **more: Any) -> dict[str, Any]:
    return {
        "phone_number": phone,
        "send_time": "2026-11-22 09:58:00",
        "content": content,
        "sign_name": "鼓楼网格",
        "dest_code": "1069000000",
        "sequence_id": sequence,
        **more,
    }


def push(edge: Edge, *elements: Any, key: str = "aliyun-secret", raw: bytes | None = None) -> Answer:
    body = raw if raw is not None else list(elements)
    headers: dict[str, str | None] = {"Content-Type": "application/json;charset=utf-8"}
    return edge.request("POST", "/hooks/sms/aliyun", body, query={"key": key}, headers=headers)


def known(edge: Edge, sequence: str) -> dict[str, Any]:
    """The report of a text."""
    case = edge.get("/v1/cases", ADMIN, source="sms", message_id=sequence).body
    reports = [edge.get(f"/v1/reports/{report}", ADMIN).body for report in case["reports"]]
    return next(report for report in reports if report["message_id"] == sequence)


def refused(edge: Edge) -> list[dict[str, Any]]:
    """What was kept as refused."""
    items = boto3.client("dynamodb", REGION).scan(TableName=edge.names["Vault"])["Items"]
    return [item for item in items if item["pk"]["S"].startswith("REFUSED#sms")]


def cases(edge: Edge) -> int:
    items = boto3.client("dynamodb", REGION).scan(TableName=edge.names["Cases"])["Items"]
    return sum(item["sk"]["S"] == "CASE" for item in items)


def reporter_of(report: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(report["reporter"][name] for name in ("anonymous", "contactable", "name", "phone"))


class TestTextMessages:
    def test_the_answer_is_word_for_word_what_aliyun_wants(self, edge: Edge) -> None:
        assert push(edge, text()).body == TAKEN
        assert push(edge).body == TAKEN

    def test_a_text_is_a_report_of_its_phone_told_when_it_was_sent(self, edge: Edge) -> None:
        push(edge, text())
        report = known(edge, "1")
        assert (report["text"], report["told_at"]) == ("楼上漏水", "2026-11-22T09:58:00+08:00")
        assert reporter_of(report) == (False, True, None, "139****0001")

    @pytest.mark.parametrize("key", ["", "wrong", "aliyun-secret ", "密钥", None])
    def test_a_wrong_secret_is_refused_and_stores_nothing(self, edge: Edge, key: str | None) -> None:
        before = edge.stored()
        query = {} if key is None else {"key": key}
        answer = edge.request(
            "POST", "/hooks/sms/aliyun", [text()], query=query, headers={"Content-Type": "application/json"}
        )
        assert (answer.status, answer.code) == (401, "secret-invalid")
        assert edge.stored() == before

    def test_the_same_push_twice_is_one_report_and_the_same_answer(self, edge: Edge) -> None:
        for _ in range(2):
            assert push(edge, text(), text("路灯不亮", "13900000002", "2")).body == TAKEN
        assert cases(edge) == 2 and len(edge.case(_case_of(edge, "1"))["reports"]) == 1

    def test_the_same_sequence_id_with_other_words_is_kept_as_a_report_of_its_own_and_marked(self, edge: Edge) -> None:
        push(edge, text("楼上漏水"))
        for _ in range(2):
            assert push(edge, text("别的事")).body == TAKEN
        case = edge.case(_case_of(edge, "1"))
        first, second = (edge.get(f"/v1/reports/{report}", ADMIN).body for report in case["reports"])
        assert (first["conflict_of"], second["conflict_of"]) == (None, first["report_id"])
        assert second["text"] == "别的事"

    def test_a_text_without_a_sequence_id_is_known_again_by_its_content(self, edge: Edge) -> None:
        for _ in range(2):
            push(edge, text(sequence=None))
        assert cases(edge) == 1
        assert sum('"REPORT"' in line for line in edge.stored().split("}, ")) <= 2

    def test_the_sender_gets_the_tracking_code_by_sms(self, edge: Edge) -> None:
        push(edge, text())
        edge.settle()
        code = edge.case(_case_of(edge, "1"))["tracking_code"]
        assert [(number, code in words) for number, words in edge.texts()] == [("+8613900000001", True)]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
    def test_a_text_is_read_in_whatever_encoding_it_comes(self, edge: Edge, encoding: str) -> None:
        raw = json.dumps([text("三号楼漏水，快来人。")], ensure_ascii=False).encode(encoding)
        assert push(edge, raw=raw).body == TAKEN
        assert known(edge, "1")["text"] == "三号楼漏水，快来人。"

    def test_a_text_in_an_unknown_encoding_is_kept_and_answered_and_leaves_its_neighbours_readable(
        self, edge: Edge
    ) -> None:
        good = json.dumps(text("三号楼漏水"), ensure_ascii=False).encode()
        bad = json.dumps(text("#", "13900000002", "2")).encode().replace(b"#", b"\xe4\xb8\xff\xfe\x81")
        assert push(edge, raw=b"[" + bad + b"," + good + b"]").body == TAKEN
        assert known(edge, "1")["text"] == "三号楼漏水"
        assert "\ufffd" in known(edge, "2")["text"]

    @pytest.mark.parametrize(
        ("content", "kept"),
        [
            ("", ""),
            (None, ""),
            ("楼上漏水。" * 268, "楼上漏水。" * 268),  # twenty parts of 67 characters
            ("漏\u0000水\u001b[31m", "漏 水 [31m"),
            ("漏\ud800水", "漏?水"),
            (12345, "12345"),
            ("👷‍♀️ 漏水", "👷‍♀️ 漏水"),
        ],
        ids=["empty", "none", "twenty parts", "controls", "lone surrogate", "a number", "emoji"],
    )
    def test_a_strange_text_is_kept_and_answered(self, edge: Edge, content: Any, kept: str) -> None:
        assert push(edge, raw=json.dumps([text(content)]).encode()).body == TAKEN
        assert known(edge, "1")["text"] == kept
        assert edge.case(_case_of(edge, "1"))["state"] == "screening"

    @pytest.mark.parametrize(
        ("sent", "told"),
        [
            ("yesterday", "2026-11-22T02:00:00+00:00"),
            (None, "2026-11-22T02:00:00+00:00"),
            ("2027-01-01 00:00:00", "2026-11-22T02:00:00+00:00"),
            ("1900-01-01 00:00:00", "2026-11-22T02:00:00+00:00"),
            ("2026-11-21 23:00:00", "2026-11-21T23:00:00+08:00"),
        ],
    )
    def test_a_time_of_sending_that_cannot_be_is_the_time_of_arrival(self, edge: Edge, sent: Any, told: str) -> None:
        push(edge, text(send_time=sent))
        assert known(edge, "1")["told_at"] == told

    def test_a_number_that_cannot_be_dialled_is_kept_as_the_senders_name(self, edge: Edge) -> None:
        push(edge, text(phone="10086"))
        assert reporter_of(known(edge, "1")) == (False, False, "**", None)
        edge.settle()
        assert edge.texts() == []

    @pytest.mark.parametrize(
        "bad",
        [
            {"content": "没有号码", "sequence_id": "x"},
            text(phone=None),
            text(phone=" "),
            text(phone=["13900000001"]),
            text(content={"a": 1}),
            text(sequence=[1]),
            text(phone="\ud800"),
            text(sequence="\udfff"),
            "a text",
            7,
            None,
            [],
            {},
            [[[[[[]]]]]],
        ],
        ids=lambda bad: ascii(bad)[:40],
    )
    def test_one_bad_element_is_kept_as_refused_and_its_neighbours_are_taken(self, edge: Edge, bad: Any) -> None:
        elements = [text("楼上漏水", sequence="1"), bad, text("路灯不亮", "13900000002", "2")]
        assert push(edge, raw=json.dumps(elements).encode()).body == TAKEN
        assert cases(edge) == 2
        (kept,) = refused(edge)
        sealed = Sealed(kept["sealed"]["B"], kept["wrapped_key"]["B"])
        assert json.loads(bootstrap.sealer().open_bytes(sealed, "refused:sms")) == bad, "sealed"

    def test_one_bad_of_thirty_loses_none_of_the_others(self, edge: Edge) -> None:
        elements = [text(f"第{n}件事", f"139{n:08d}", str(n)) for n in range(30)]
        del elements[13]["phone_number"]
        assert push(edge, *elements).body == TAKEN
        assert (cases(edge), len(refused(edge))) == (29, 1)

    @pytest.mark.parametrize("depth", [800, 850, 900, 925, 950])
    def test_an_element_nested_without_end_does_not_lose_its_neighbours(self, edge: Edge, depth: int) -> None:
        deep = b'{"phone_number":' + b"[" * depth + b"]" * depth + b"}"
        answer = push(edge, raw=b"[" + deep + b"," + json.dumps(text()).encode() + b"]")
        if answer.status == 400:  # too deep even to be read
            assert answer.code == "malformed-json" and cases(edge) == 0
        else:
            assert answer.body == TAKEN and cases(edge) == 1 and len(refused(edge)) == 1

    @pytest.mark.parametrize(
        ("raw", "status", "code"),
        [
            (b"", 400, "malformed-json"),
            (b"[{]", 400, "malformed-json"),
            (b"[" * 100_000, 400, "malformed-json"),
            (b"\xff\xfe\xfd", 400, "malformed-json"),
            (b"{}", 422, "wrong-type"),
            (b"null", 422, "wrong-type"),
            (b"[" + b" " * 262_143 + b"]", 413, "body-too-large"),
        ],
        ids=lambda value: repr(value)[:20],
    )
    def test_a_push_that_is_no_array_is_refused(self, edge: Edge, raw: bytes, status: int, code: str) -> None:
        answer = push(edge, raw=raw)
        assert (answer.status, answer.code) == (status, code)
        assert cases(edge) == 0

    def test_when_the_store_does_not_answer_the_push_comes_again_and_nothing_is_taken_twice(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intake = bootstrap.intake()
        take = intake.take_text

        def down_for_one(report: Any, *args: Any) -> Any:
            if report.message_id == "2":
                raise TemporarilyUnavailable(service_error="ProvisionedThroughputExceededException")
            return take(report, *args)

        elements = [
            text("楼上漏水", PHONE, "1"),
            text("路灯不亮", "13900000002", "2"),
            text("噪音", "13900000003", "3"),
        ]
        with monkeypatch.context() as patch:
            patch.setattr(intake, "take_text", down_for_one)
            answer = push(edge, *elements)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert cases(edge) == 2
        assert push(edge, *elements).body == TAKEN
        assert cases(edge) == 3 and refused(edge) == []

    def test_a_second_text_joins_and_the_word_for_new_opens_another_case(self, edge: Edge) -> None:
        push(edge, text("楼上漏水", sequence="1"))
        push(edge, text("还没有人来", sequence="2"))
        push(edge, text("新 路灯不亮", sequence="3"))
        assert _case_of(edge, "1") == _case_of(edge, "2") != _case_of(edge, "3")
        assert known(edge, "2")["joined"] is True


class TestHotline:
    ORDER: ClassVar[dict[str, Any]] = {
        "order_no": "12345-20261122-000017",
        "type": "complaint",
        "title": "井盖",
        "content": "三号楼前井盖缺失",
        "caller": {"name": "李某", "phone": "0516-8380 0000"},
        "area": CELL,
        "received_at": "2026-11-22T09:55:00+08:00",
    }

    def test_an_order_is_a_case_and_the_answer_has_its_version(self, edge: Edge) -> None:
        answer = order(edge, self.ORDER)
        assert (answer.status, answer.version, answer.body["category"]) == (200, 1, "missing-manhole-cover")
        found = edge.get("/v1/cases", LINKAGE, source="12345", message_id=self.ORDER["order_no"])
        assert found.body["case_id"] == answer.body["case_id"]
        report = edge.get(f"/v1/reports/{answer.body['report_id']}", LINKAGE).body
        assert (report["text"], report["source_type"]) == ("井盖\n三号楼前井盖缺失", "complaint")
        assert reporter_of(report) == (False, True, "李**", "0516****000")

    def test_the_least_order_lies_at_the_linkage_centre(self, edge: Edge) -> None:
        least = {name: self.ORDER[name] for name in ("order_no", "type", "content", "received_at")}
        body = order(edge, least).body
        assert (body["state"], body["unit"]["id"], body["area"]) == ("screening", "linkage-centre", None)

    def test_the_same_order_again_is_the_same_answer_though_signed_anew(self, edge: Edge) -> None:
        first = order(edge, self.ORDER)
        edge.act(first.body["case_id"], "return", ADMIN, reason="不属于我单位")
        again = order(edge, dict(reversed(self.ORDER.items())), message_id="another")
        assert again.body == first.body and again.version == 1 and cases(edge) == 1

    def test_the_same_order_number_with_other_content_is_a_conflict(self, edge: Edge) -> None:
        order(edge, self.ORDER)
        before = edge.stored()
        answer = order(edge, {**self.ORDER, "content": "别的事"})
        assert (answer.status, answer.code) == (409, "idempotency-conflict")
        assert edge.stored() == before

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"order_no": None}, "wrong-type", "order_no"),
            ({"order_no": ""}, "text-empty", "order_no"),
            ({"order_no": " "}, "text-empty", "order_no"),
            ({"order_no": "1" * 65}, "text-too-long", "order_no"),
            ({"type": "gossip"}, "value-not-allowed", "type"),
            ({"content": ""}, "text-empty", "content"),
            ({"content": "井" * 4001}, "text-too-long", "content"),
            ({"title": "\u0000"}, "control-characters", "title"),
            ({"caller": {"phone": "none"}}, "phone-invalid", "caller.phone"),
            ({"caller": {"age": 40}}, "unknown-field", "caller.age"),
            ({"received_at": "2026-11-22T09:55:00"}, "time-without-zone", "received_at"),
            ({"received_at": "2026-11-23T09:55:00+08:00"}, "time-in-future", "received_at"),
            ({"area": "999"}, "unknown-area", "area"),
            ({"position": {"lat": 1, "lon": 1}}, "position-outside-district", "position"),
            ({"urgency": "critical"}, "value-not-allowed", "urgency"),
            ({"category": "noise"}, "unknown-field", "category"),
        ],
    )
    def test_an_order_that_breaks_a_rule_is_refused(
        self, edge: Edge, change: dict[str, Any], code: str, field: str
    ) -> None:
        before = edge.stored()
        answer = order(edge, {**self.ORDER, **change})
        assert (answer.status, answer.code, answer.field) == (422, code, field)
        assert edge.stored() == before

    def test_a_position_places_an_order_too(self, edge: Edge) -> None:
        body = order(edge, {**self.ORDER, "area": COMMUNITY, "position": INSIDE}).body
        assert body["area"]["code"] == CELL

    @pytest.mark.parametrize("seconds", [-290, 290])
    def test_a_clock_less_than_five_minutes_off_is_within_the_window(self, edge: Edge, seconds: int) -> None:
        assert order(edge, self.ORDER, at=time.time() + seconds).status == 200

    @pytest.mark.parametrize("seconds", [-310, 310, -86400, 10**9])
    def test_an_order_signed_outside_the_window_is_refused(self, edge: Edge, seconds: int) -> None:
        before = edge.stored()
        answer = order(edge, self.ORDER, at=time.time() + seconds)
        assert (answer.status, answer.code, answer.field) == (401, "timestamp-outside-window", "webhook-timestamp")
        assert edge.stored() == before

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"webhook-signature": None},
            {"webhook-id": None},
            {"webhook-timestamp": None},
            {"webhook-id": "another"},
            {"webhook-timestamp": "soon"},
            {"webhook-timestamp": "9" * 400},
            {"webhook-timestamp": "nan"},
            {"webhook-signature": "v1,AAAA"},
            {"webhook-signature": "v1,%%%"},
            {"webhook-signature": "v1"},
            {"webhook-signature": "v1,a,b"},
            {"webhook-signature": "v2," + "A" * 44},
            {"webhook-signature": "井盖"},
            {"webhook-signature": ""},
        ],
        ids=str,
    )
    def test_headers_that_prove_nothing_are_refused(self, edge: Edge, spoilt: dict[str, str | None]) -> None:
        before = edge.stored()
        answer = order(edge, self.ORDER, headers=spoilt)
        assert (answer.status, answer.code) == (401, "signature-invalid")
        assert edge.stored() == before

    def test_a_signature_under_another_secret_or_of_another_body_is_refused(self, edge: Edge) -> None:
        before = edge.stored()
        for answer in (
            order(edge, self.ORDER, secret="whsec_" + "A" * 32),
            order(edge, self.ORDER, sent=json.dumps({**self.ORDER, "content": "改了"}).encode()),
            order(edge, self.ORDER, sent=b"\xff\xfe"),
        ):
            assert (answer.status, answer.code) == (401, "signature-invalid")
        assert edge.stored() == before

    def test_one_good_signature_among_several_is_enough(self, edge: Edge) -> None:
        raw = json.dumps(self.ORDER).encode()
        headers = signed(raw)
        headers["webhook-signature"] = f"v1a,AAAA v1,{'A' * 44} {headers['webhook-signature']}"
        answer = edge.request("POST", "/hooks/hotline/12345", raw, headers={**headers})
        assert answer.status == 200

    def test_a_signed_body_that_is_not_json_is_malformed(self, edge: Edge) -> None:
        answers = [order(edge, None, raw=raw) for raw in (b"{", b'{"content": NaN}', b'{"content": "\\ud800"}')]
        assert [(answer.status, answer.code) for answer in answers] == [(400, "malformed-json")] * 3

    def test_a_body_over_256_kib_is_refused_before_its_signature_is_looked_at(self, edge: Edge) -> None:
        answer = order(edge, None, raw=b'"' + b"x" * 262_144 + b'"')
        assert (answer.status, answer.code) == (413, "body-too-large")


def order(
    edge: Edge,
    body: Any,
    *,
    raw: bytes | None = None,
    sent: bytes | None = None,
    at: float | None = None,
    secret: str = HOTLINE_SECRET,
    message_id: str = "msg_1",
    headers: dict[str, str | None] | None = None,
) -> Answer:
    """Push a work order as the hotline does. `sent` goes in place of what was signed, `headers` of the good ones."""
    raw = raw if raw is not None else json.dumps(body, ensure_ascii=False).encode()
    good = signed(raw, at, secret, message_id)
    return edge.request(
        "POST", "/hooks/hotline/12345", sent if sent is not None else raw, headers={**good, **(headers or {})}
    )


def signed(
    raw: bytes, at: float | None = None, secret: str = HOTLINE_SECRET, message_id: str = "msg_1"
) -> dict[str, str | None]:
    moment = datetime.fromtimestamp(at if at is not None else time.time(), UTC)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, raw.decode()),
    }


def _case_of(edge: Edge, sequence: str) -> str:
    case_id: str = edge.get("/v1/cases", replace(ADMIN), source="sms", message_id=sequence).body["case_id"]
    return case_id
