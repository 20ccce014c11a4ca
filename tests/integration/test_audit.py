"""The audit of every edge: what was read, changed or refused, when, by whom and from where; and its seals."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import boto3
import pytest
from click.testing import CliRunner

import infra.vault
from chalicelib import bootstrap
from chalicelib.domain.audit import Origin
from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.domain.events import Actor
from chalicelib.models.audit_store import DynamoAuditLog
from infra.__main__ import cli
from infra.operator import Operator
from tests.integration.edge import JPEG, REGION, Edge
from tests.integration.test_hooks import order, push, text
from tests.world import ADMIN, CELL, LINKAGE, STATION, WORKER, officer_of

PHONE = "13812345678"
REPORTER = {"name": "欧阳小山", "phone": PHONE}
STRANGER = officer_of("fire-rescue")
WHERE = ["--stage", "test", "--region", REGION]


def noted(edge: Edge) -> list[tuple[str, str, str]]:
    return [(entry["what"], entry["reader"], entry["outcome"]) for entry in edge.entries()]


def audit(edge: Edge, by: Any = ADMIN, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = edge.get("/v1/audit", by, **query).body["items"]
    return items


class TestWhatIsNoted:
    def test_every_read_is_noted_with_what_was_read(self, edge: Edge) -> None:
        picture = edge.post("/v1/attachments", {"content_type": "image/jpeg", "bytes": len(JPEG)}, WORKER).body
        receipt = edge.report(WORKER, media=[picture["attachment_id"]], reporter=REPORTER)
        case, unit = receipt["case_id"], receipt["unit"]["id"]
        officer = officer_of(unit)
        edge.clock.forward(seconds=1)
        for path, query in (
            (f"/v1/cases/{case}", {}),
            ("/v1/cases", {"tracking_code": receipt["tracking_code"]}),
            (f"/v1/cases/{case}/timeline", {}),
            (f"/v1/reports/{receipt['report_id']}", {}),
            (f"/v1/attachments/{picture['attachment_id']}", {}),
            (f"/v1/units/{unit}/queue", {}),
        ):
            assert edge.get(path, officer, **query).status == 200
            edge.clock.forward(seconds=1)
        edge.get("/v1/visits", WORKER, area=CELL)
        rows = [entry for entry in edge.entries() if entry["reader"] == officer.id or entry["what"] == "visit.read"]
        assert [(row["what"], row.get("case"), row.get("report"), row.get("thing")) for row in rows] == [
            ("case.read", case, None, None),
            ("case.read", case, None, None),
            ("timeline.read", case, None, None),
            ("report.read", case, receipt["report_id"], None),
            ("attachment.read", None, None, f"attachment:{picture['attachment_id']}"),
            ("queue.read", None, None, f"unit:{unit}"),
            ("visit.read", None, None, f"area:{CELL}"),
        ]
        assert {(row["outcome"], row["source"]) for row in rows} == {("done", "192.0.2.1")}

    def test_every_change_is_noted_by_its_event_in_the_same_transaction(self, edge: Edge) -> None:
        receipt = edge.report(WORKER)
        officer = officer_of(receipt["unit"]["id"])
        edge.clock.forward(seconds=1)
        edge.answered(receipt["case_id"], officer)
        edge.clock.forward(days=2)
        edge.invoke("sweep", {})
        edge.deliver("due", edge.take_from("Due"))
        edge.clock.forward(seconds=1)
        edge.visit(receipt["case_id"], "satisfied", WORKER)
        changes = [entry for entry in edge.entries() if entry["what"].endswith(".v1")]
        assert [(entry["what"], entry["reader"], entry["source"]) for entry in changes] == [
            ("case.reported.v1", "w1", "192.0.2.1"),
            ("case.accepted.v1", officer.id, "192.0.2.1"),
            ("case.finished.v1", officer.id, "192.0.2.1"),
            ("case.verified.v1", ADMIN.id, "192.0.2.1"),
            ("visit.due.v1", "system", "system"),
            ("visit.recorded.v1", "w1", "192.0.2.1"),
        ]
        assert {entry["case"] for entry in changes} == {receipt["case_id"]}

    def test_whatever_is_done_to_a_case_is_noted_by_what_it_was_who_did_it_and_in_which_case(self, edge: Edge) -> None:
        lead, power, water = (officer_of(unit) for unit in ("urban-management", "power-supply", "water"))
        why = {"reason": f"{REPORTER['name']}要求"}
        lamp, cover, wrong, mistaken, quarrel = (
            edge.report(WORKER, category=category)["case_id"]
            for category in (
                "street-light",
                "missing-manhole-cover",
                "street-light",
                "street-light",
                "neighbour-dispute",
            )
        )
        edge.clock.forward(seconds=1)
        begun = len(edge.entries())
        mediates = officer_of(edge.case(quarrel)["lead_unit"]["id"])
        acts: list[tuple[str, str, Any, dict[str, Any], str]] = [
            (lamp, "return", lead, why, "case.returned.v1"),
            (lamp, "reject-return", STATION, why, "case.return-rejected.v1"),
            (lamp, "accept", lead, {}, "case.accepted.v1"),
            (lamp, "request-joint", lead, {"units": ["water"], **why}, "joint.requested.v1"),
            (lamp, "accept-joint", power, {}, "joint.accepted.v1"),
            (lamp, "finish-joint", power, {"note": "好了"}, "joint.finished.v1"),
            (lamp, "refuse-joint", water, why, "joint.refused.v1"),
            (lamp, "request-extension", lead, {"until": "2026-11-28", **why}, "extension.requested.v1"),
            (lamp, "refuse-extension", STATION, why, "extension.refused.v1"),
            (lamp, "request-extension", lead, {"until": "2026-11-28", **why}, "extension.requested.v1"),
            (lamp, "approve-extension", STATION, {}, "extension.approved.v1"),
            (lamp, "suspend", lead, why, "case.suspended.v1"),
            (lamp, "resume", lead, {}, "case.resumed.v1"),
            (lamp, "transfer", lead, {"unit": "water", **why}, "case.transferred.v1"),
            (lamp, "accept", water, {}, "case.accepted.v1"),
            (lamp, "escalate", water, why, "case.escalated.v1"),
            (lamp, "accept", LINKAGE, {}, "case.accepted.v1"),
            (lamp, "delegate", LINKAGE, why, "case.delegated.v1"),
            (cover, "accept", lead, {}, "case.accepted.v1"),
            (cover, "resolve", lead, {"note": "好了", "media": [edge.picture(lead)]}, "case.finished.v1"),
            (cover, "send-back", STATION, why, "case.sent-back.v1"),
            (cover, "resolve", lead, {"note": "好了", "media": [edge.picture(lead)]}, "case.finished.v1"),
            (cover, "verify", STATION, {}, "case.verified.v1"),
            (cover, "evaluate", WORKER, {"outcome": "satisfied"}, "case.evaluated.v1"),
            (cover, "request-reopen", WORKER, why, "case.reopen-requested.v1"),
            (cover, "decline-reopen", STATION, why, "case.reopen-declined.v1"),
            (wrong, "withdraw", WORKER, why, "case.withdrawn.v1"),
            (mistaken, "return", lead, why, "case.returned.v1"),
            (mistaken, "assign", STATION, {"unit": "water", **why}, "case.assigned.v1"),
            (mistaken, "return", water, why, "case.returned.v1"),
            (mistaken, "void", STATION, why, "case.voided.v1"),
            (quarrel, "accept", mediates, {}, "case.accepted.v1"),
            (quarrel, "mediate", mediates, {"note": "双方同意调解"}, "case.advanced.v1"),
        ]
        for case, action, by, said, _ in acts:
            answer = edge.act(case, action, by, **said)
            assert answer.status == 200, (action, answer.body)
        changes = [entry for entry in edge.entries()[begun:] if entry["what"].endswith(".v1")]
        assert [(entry["case"], entry["reader"], entry["what"]) for entry in changes] == [
            (case, by.id, event_type) for case, _, by, _, event_type in acts
        ]
        assert {(entry["source"], entry["outcome"]) for entry in changes} == {("192.0.2.1", "done")}
        assert REPORTER["name"] not in json.dumps(changes, ensure_ascii=False)

    def test_what_comes_over_the_webhooks_is_noted_by_its_source(self, edge: Edge) -> None:
        push(edge, text(phone=PHONE), text("还有一件", phone=PHONE, sequence="2"))
        order(edge, {"order_no": "X", "type": "help", "content": "停电", "received_at": "2026-11-22T09:00:00+08:00"})
        assert sorted(noted(edge)) == [
            ("case.joined.v1", "sms", "done"),
            ("case.reported.v1", "12345", "done"),
            ("case.reported.v1", "sms", "done"),
        ]
        (first, *_) = (entry for entry in edge.entries() if entry["what"] == "case.reported.v1" and "person" in entry)
        assert len(first["person"]) == 40

    def test_a_repeat_and_a_refused_change_are_no_change(self, edge: Edge) -> None:
        key, body = str(uuid4()), edge.a_report()
        for _ in range(3):
            edge.post("/v1/reports", body, WORKER, key=key)
        edge.post("/v1/reports", {**body, "text": ""}, WORKER)
        assert noted(edge) == [("case.reported.v1", "w1", "done")]

    @pytest.mark.parametrize(
        ("path", "what"),
        [("", "case.read"), ("/timeline", "timeline.read"), ("/actions/accept", "case.act")],
    )
    def test_a_foreign_case_is_not_found_and_the_attempt_is_noted(self, edge: Edge, path: str, what: str) -> None:
        receipt = edge.report(WORKER)
        path = f"/v1/cases/{receipt['case_id']}{path}"
        answer = edge.post(path, {}, STRANGER, version=1) if what == "case.act" else edge.get(path, STRANGER)
        assert (answer.status, answer.code) == (404, "not-found") and "case" not in answer.body
        entry = edge.entries()[-1]
        assert (entry["what"], entry["outcome"], entry["case"]) == (what, "not-found", receipt["case_id"])

    def test_an_act_that_is_not_ones_own_to_do_is_noted_as_refused(self, edge: Edge) -> None:
        receipt = edge.report(WORKER)
        assert edge.act(receipt["case_id"], "accept", STATION).status == 403
        assert ("case.act", STATION.id, "forbidden") in noted(edge)
        assert edge.get(f"/v1/units/{STRANGER.unit}/queue", STATION).status == 403
        assert ("queue.read", STATION.id, "forbidden") in noted(edge)

    @pytest.mark.parametrize("name", [PHONE, "欧阳小山", "0" * 26, f"+86{PHONE}"])
    def test_what_does_not_exist_is_not_noted_whatever_is_asked_for(self, edge: Edge, name: str) -> None:
        for path in (
            f"/v1/cases/{name}",
            f"/v1/reports/{name}",
            f"/v1/attachments/{name}",
            f"/v1/cases/{name}/timeline",
        ):
            edge.get(path, ADMIN)
        edge.get(f"/v1/units/{name}/queue", WORKER)
        edge.get("/v1/visits", LINKAGE, area=name)
        assert name == "0" * 26 or name not in str(edge.entries())

    def test_what_cannot_be_noted_is_not_answered(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        receipt = edge.report(WORKER)

        def fails(log: DynamoAuditLog, entry: object) -> None:
            raise TemporarilyUnavailable()

        monkeypatch.setattr(DynamoAuditLog, "put", fails)
        for path in (f"/v1/cases/{receipt['case_id']}", f"/v1/units/{receipt['unit']['id']}/queue"):
            answer = edge.get(path, officer_of(receipt["unit"]["id"]))
            assert (answer.status, answer.code) == (503, "temporarily-unavailable")

    def test_anybody_who_tracks_a_case_is_nobody_to_be_noted(self, edge: Edge) -> None:
        receipt = edge.report(WORKER)
        edge.get(f"/v1/public/track/{receipt['tracking_code']}")
        assert noted(edge) == [("case.reported.v1", "w1", "done")]


class TestAsking:
    def test_of_a_case_by_a_reader_and_of_a_person_newest_first(self, edge: Edge) -> None:
        receipt = edge.report(WORKER, reporter=REPORTER)
        other = edge.report(STATION, reporter={"phone": "13900000009"})
        officer = officer_of(receipt["unit"]["id"])
        edge.clock.forward(seconds=1)
        edge.get(f"/v1/cases/{receipt['case_id']}", officer)
        edge.clock.forward(seconds=1)
        told = edge.post(f"/v1/reports/{receipt['report_id']}/reporter/release", {"reason": "核实"}, officer)
        assert told.status == 200
        of_case = audit(edge, case_id=receipt["case_id"])
        assert [entry["what"] for entry in of_case] == ["identity.release", "case.read", "case.reported.v1"]
        assert of_case[0]["reason"] == "核实" and of_case[0]["at"] > of_case[1]["at"]
        by_officer = audit(edge, reader=officer.id)
        assert [entry["what"] for entry in by_officer] == ["identity.release", "case.read"]
        of_person = audit(edge, person=of_case[0]["person"])
        assert [entry["what"] for entry in of_person] == ["identity.release", "case.reported.v1"]
        assert other["case_id"] not in {entry["case_id"] for entry in of_person}

    def test_in_pages_each_entry_once(self, edge: Edge) -> None:
        case = edge.report(WORKER)["case_id"]
        for _ in range(7):
            edge.clock.forward(seconds=1)
            edge.get(f"/v1/cases/{case}", WORKER)
        seen, cursor = [], ""
        while True:
            page = edge.get("/v1/audit", ADMIN, case_id=case, limit="3", **({"cursor": cursor} if cursor else {})).body
            seen += page["items"]
            if not page["next"]:
                break
            cursor = page["next"]
        assert [entry["what"] for entry in seen] == ["case.read"] * 7 + ["case.reported.v1"]
        assert edge.get("/v1/audit", ADMIN, reader="w1", cursor=cursor).code == "cursor-invalid"

    @pytest.mark.parametrize(
        "query", [{"person": PHONE}, {"person": f"+86{PHONE}"}, {"person": "欧阳小山"}, {"case_id": PHONE}]
    )
    def test_what_is_no_name_of_ours_is_not_looked_for_and_stands_nowhere(
        self, edge: Edge, query: dict[str, str]
    ) -> None:
        assert edge.get("/v1/audit", ADMIN, **query).code == "query-invalid"
        assert edge.entries() == []

    def test_what_an_operator_did_is_found_by_the_credentials_it_was_done_with(self, edge: Edge) -> None:
        arn = "arn:aws-cn:sts::123456789012:assumed-role/Operators/li.wei@gulou.example"
        by = Origin(Actor(arn, "operator"), "command", "r1")
        bootstrap.audit().note("refused.read", by, thing="refused:sms:2026-11-22")
        assert [entry["what"] for entry in audit(edge, reader=arn)] == ["refused.read"]

    def test_to_ask_is_an_entry_too(self, edge: Edge) -> None:
        audit(edge, reader="w1")
        entry = edge.entries()[-1]
        assert (entry["what"], entry["reader"], entry["thing"]) == ("audit.read", ADMIN.id, "reader:w1")

    @pytest.mark.parametrize("by", [WORKER, STATION, LINKAGE, STRANGER], ids=lambda staff: str(staff.role))
    def test_who_may_not_is_refused_and_noted(self, edge: Edge, by: Any) -> None:
        assert edge.get("/v1/audit", by, reader=by.id).status == 403
        assert noted(edge) == [("audit.read", by.id, "forbidden")]

    @pytest.mark.parametrize("query", [{}, {"case_id": "x", "reader": "y"}, {"reader": "王 伟"}, {"person": ""}])
    def test_exactly_one_thing_is_asked_for(self, edge: Edge, query: dict[str, str]) -> None:
        assert edge.get("/v1/audit", ADMIN, **query).code == "query-invalid"


@pytest.fixture
def operator(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> Edge:
    """The operator's commands find this deployment."""
    outputs = {
        "CasesTable": edge.names["Cases"],
        "VaultTable": edge.names["Vault"],
        "ReferenceTable": edge.names["Reference"],
        "DataKeyArn": edge.names["DataKey"],
        "SecretArn": edge.names["Secrets"],
    }
    monkeypatch.setattr(infra.vault, "operator_of", lambda *where: Operator("demo", REGION, None, outputs))
    return edge


def run(*command: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(cli, [*command, *WHERE])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.output


class TestSeals:
    def test_the_stream_is_sealed_and_an_operator_finds_what_was_done_to_it(self, operator: Edge) -> None:
        edge = operator
        case = edge.report(WORKER, reporter=REPORTER)["case_id"]
        edge.seal()
        for _ in range(5):
            edge.get(f"/v1/cases/{case}", WORKER)
            edge.seal()
        code, said = run("audit", "verify")
        assert (code, "6 entries under 6 seals, 0 faults" in said) == (0, True)
        newest = said.split("outside: ")[1].strip()
        assert newest.startswith("6:") and run("audit", "verify", "--noted", newest)[0] == 0
        assert run("audit", "verify", "--noted", f"6:{'0' * 64}")[0] == 1
        table = boto3.resource("dynamodb", REGION).Table(edge.names["Vault"])
        first, second, *_ = edge.entries()
        table.put_item(Item={**first, "reader": "somebody-else"})
        table.delete_item(Key={"pk": second["pk"], "sk": second["sk"]})
        code, said = run("audit", "verify")
        assert code == 1
        assert f"altered: {first['pk'][6:]} {first['sk']}" in said
        assert f"removed: {second['pk'][6:]} {second['sk']}" in said
        assert "2 faults" in said

    def test_a_batch_that_comes_again_and_an_empty_one_do_no_harm(self, operator: Edge) -> None:
        edge = operator
        edge.report(WORKER)
        records = edge.new_entries()
        edge.seal(records)
        edge.seal(records)
        edge.seal([])
        code, said = run("audit", "verify")
        assert (code, "1 entries under 1 seals, 0 faults" in said) == (0, True)

    def test_when_the_store_does_not_answer_the_batch_comes_again(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from chalicelib.models.audit_store import DynamoSealChain

        edge.report(WORKER)

        def fails(chain: DynamoSealChain) -> None:
            raise TemporarilyUnavailable()

        monkeypatch.setattr(DynamoSealChain, "head", fails)
        with pytest.raises(TemporarilyUnavailable):
            edge.seal()


class TestOperatorsCommands:
    def test_a_person_is_exported_and_forgotten_and_the_operator_stands_in_the_audit(self, operator: Edge) -> None:
        edge = operator
        receipt = edge.report(WORKER, reporter=REPORTER)
        code, said = run("vault", "export", "--phone", f"0086 {PHONE}", "--reason", "本人申请")
        assert code == 0 and json.loads(said)["reports"][0]["reporter"]["name"] == "欧阳小山"
        code, said = run("vault", "erase", "--phone", PHONE, "--reason", "本人申请")
        assert code == 0 and receipt["case_id"] in said and PHONE not in said
        rows = [entry for entry in edge.entries() if entry["role"] == "operator"]
        assert {entry["what"] for entry in rows} == {"identity.export", "identity.erase"}
        assert {entry["source"] for entry in rows} == {"command"} and rows[0]["reader"].startswith("arn:aws:")

    def test_without_a_reason_or_a_phone_nothing_is_done(self, operator: Edge) -> None:
        assert run("vault", "export", "--phone", PHONE, "--reason", " ")[0] == 2
        assert run("vault", "erase", "--phone", "12345", "--reason", "x")[0] == 2
        assert operator.entries() == []

    def test_retention_says_first_and_deletes_when_told_to(self, operator: Edge) -> None:
        edge = operator
        edge.clock.forward(days=-200)
        push(edge, text({"not": "text"}, phone=PHONE))
        assert "1 of kind refused would be deleted" in run("vault", "retention")[1]
        assert "1 of kind refused deleted" in run("vault", "retention", "--apply")[1]
        assert "nothing would be deleted" in run("vault", "retention")[1]

    def test_what_was_refused_is_listed_and_opened_with_a_reason(self, operator: Edge) -> None:
        edge = operator
        push(edge, text({"said": "楼上漏水"}, phone=PHONE))
        code, said = run("refused", "--day", "2026-11-22")
        assert code == 0 and "1 refused" in said and "漏水" not in said and edge.entries() == []
        code, said = run("refused", "--day", "2026-11-22", "--open", "接口排查")
        assert code == 0 and json.loads(next(line for line in said.splitlines() if line.startswith("{")))
        (entry,) = edge.entries()
        assert (entry["what"], entry["thing"], entry["reason"]) == (
            "refused.read",
            "refused:sms:2026-11-22",
            "接口排查",
        )
        assert run("refused", "--day", "2026-11-22", "--open", " ")[0] == 2


def test_no_route_of_staff_is_left_out_of_the_audit() -> None:
    """Every view behind the authorizer is audited; a new one that is not fails here."""
    import app

    missing = [
        (method, path)
        for path, methods in app.app.routes.items()
        for method, entry in methods.items()
        if entry.authorizer is not None and not getattr(entry.view_function, "audited", False)
    ]
    assert missing == []
