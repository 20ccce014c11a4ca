"""What stands in the logs: ids and codes, never a name, a phone, an address or what was told, whatever goes wrong."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from chalicelib import bootstrap
from chalicelib.domain.errors import TemporarilyUnavailable
from tests.integration.edge import JPEG, Edge, logged, sqs_record
from tests.integration.test_hooks import order, push, text
from tests.world import ADMIN, COMMUNITY, WORKER, officer_of

NAME, PHONE, ADDRESS = "欧阳小山", "13812345678", "民主南路九十九号"
TOLD, NOTE = "三号楼前井盖缺失，我母亲摔伤了", "已向欧阳家解释清楚"
DUTY_MAIL = "duty-officer@gulou.example"
SECRET = (NAME, "欧阳", PHONE, ADDRESS, "井盖缺失", "摔伤", NOTE, DUTY_MAIL, "+86199", "+8619900000001")
REPORTER = {"name": NAME, "phone": PHONE}


@pytest.fixture
def secret(edge: Edge, capfd: pytest.CaptureFixture[str]) -> Any:
    """Afterwards nothing that was told stands in any log, nor on the standard streams."""
    edge.on_duty("urban-management", "duty-officer")
    with logged() as lines:
        yield lines
    streams = capfd.readouterr()
    for written in ("".join(lines), streams.out, streams.err):
        readable = re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), written)
        assert [word for word in SECRET if word in readable] == []


def test_a_report_from_upload_to_answer_leaves_no_person_in_the_logs(edge: Edge, secret: list[str]) -> None:
    picture = edge.post("/v1/attachments", {"content_type": "image/jpeg", "bytes": 44}, WORKER).body["attachment_id"]
    edge.deliver("attachments", [edge.upload(picture, JPEG)])
    receipt = edge.report(WORKER, text=TOLD, reporter=REPORTER, address=ADDRESS, media=[picture])
    edge.settle()
    officer = officer_of(receipt["unit"]["id"])
    edge.answered(receipt["case_id"], officer, NOTE)
    edge.clock.forward(days=2)
    edge.invoke("sweep", {})
    edge.deliver("due", edge.take_from("Due"))
    edge.visit(receipt["case_id"], "dissatisfied", WORKER, note=NOTE)
    edge.settle()
    assert any(NOTE in words for _, words in edge.texts()), "the reporter was answered"


def test_bad_input_of_every_kind_leaves_no_person_in_the_logs(edge: Edge, secret: list[str]) -> None:
    good = {**edge.a_report(), "text": TOLD, "reporter": REPORTER, "address": ADDRESS}
    for change in (
        {"reporter": {"phone": PHONE + "9", "name": NAME}},
        {"area": ADDRESS},
        {"category": NAME},
        {NAME: PHONE},
        {"told_at": PHONE},
        {"media": [PHONE]},
    ):
        assert edge.post("/v1/reports", {**good, **change}, WORKER).status == 422
    assert edge.post("/v1/reports", f"{{{TOLD}".encode(), WORKER).status == 400
    push(edge, text(TOLD, PHONE), {"phone_number": [PHONE], "content": TOLD}, text(TOLD, NAME, "2"))
    push(edge, text(TOLD, PHONE), key=PHONE)
    order(edge, {"order_no": "1", "type": "gossip", "content": TOLD, "caller": REPORTER})
    order(edge, {"order_no": "1", "content": TOLD}, secret="whsec_" + "A" * 32)
    assert any("text message refused and kept" in line for line in secret)


def _client_error(*_: Any, **__: Any) -> Any:
    raise ClientError(
        {
            "Error": {"Code": "InvalidParameter", "Message": f"Invalid parameter: {PHONE} {NAME} {DUTY_MAIL}"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        },
        "Publish",
    )


def _broken(*_: Any, **__: Any) -> Any:
    try:
        raise ParamValidationError(report=f"Invalid type for {TOLD}: {PHONE}")
    except ParamValidationError as error:
        raise RuntimeError(f"could not store {NAME} {PHONE}") from error


@pytest.mark.parametrize("failure", [_broken, _client_error])
def test_a_fault_of_ours_is_a_problem_and_its_log_says_where_but_not_what(
    edge: Edge, secret: list[str], monkeypatch: pytest.MonkeyPatch, failure: Callable[..., Any]
) -> None:
    monkeypatch.setattr(bootstrap.intake()._store, "record", failure)
    answer = edge.post("/v1/reports", {**edge.a_report(), "text": TOLD, "reporter": REPORTER}, WORKER)
    assert (answer.status, answer.code) == (500, "internal-error")
    assert NAME not in json.dumps(answer.body, ensure_ascii=False)
    about = next(json.loads(line) for line in secret if line.startswith("{") and "unexpected failure" in line)
    assert (about["view"], about["level"]) == ("submit_report", "ERROR")
    assert failure.__name__ in " ".join(about["trace"]) and "intake.py" in " ".join(about["trace"])


def test_a_store_that_does_not_answer_is_a_503_with_its_own_code_in_the_log(
    edge: Edge, secret: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise TemporarilyUnavailable(service_error="ProvisionedThroughputExceededException")

    monkeypatch.setattr(bootstrap.intake()._store, "record", down)
    answer = edge.post("/v1/reports", {**edge.a_report(), "text": TOLD, "reporter": REPORTER}, WORKER)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "temporarily-unavailable", "2")
    assert "service_error" not in answer.body
    assert any("ProvisionedThroughputExceededException" in line for line in secret)


def test_a_provider_that_repeats_the_number_it_refuses_does_not_bring_it_into_the_logs(
    edge: Edge, secret: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    edge.report(WORKER, text=TOLD, reporter=REPORTER)
    edge.relay()
    monkeypatch.setattr(bootstrap._client("sns", attempts=1), "publish", _client_error)
    monkeypatch.setattr(bootstrap._client("sesv2", attempts=1), "send_email", _client_error)
    assert edge.deliver("alert", edge.take_from("Alerts")) == [], "refused for good, and written down"


def test_poison_with_a_person_in_it_goes_aside_without_the_person_in_the_logs(edge: Edge, secret: list[str]) -> None:
    poison = [
        f"{NAME} {PHONE}",
        json.dumps({"type": NAME, "id": PHONE, "time": PHONE}),
        json.dumps({"case_id": [PHONE]}),
    ]
    for consumer in ("alert", "due", "attachments"):
        assert edge.deliver(consumer, [sqs_record(body) for body in poison]) == []
    edge.relay([{"dynamodb": {"NewImage": {"data": {"S": f"{NAME} {PHONE}"}}}}])
    assert len(edge.dead_letters()) == 10
    assert "".join(secret).count('"message put with the dead letters"') == 9


def test_what_a_function_dies_of_repeats_nothing_that_was_told(
    edge: Edge, secret: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    edge.report(WORKER, text=TOLD, reporter=REPORTER, area=COMMUNITY)
    records = edge.new_records()
    monkeypatch.setattr(bootstrap._client("sns"), "publish_batch", _client_error)
    with pytest.raises(TemporarilyUnavailable) as died:
        edge.relay(records)
    written = "".join(traceback.format_exception(died.value))
    assert "InvalidParameter" in written and died.value.extra == {"service_error": "InvalidParameter"}
    assert edge.get("/v1/cases", ADMIN, tracking_code="0" * 8).status == 404
