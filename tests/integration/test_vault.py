"""Who told: masked for all, in clear for who must know and says why, given to the person, forgotten when asked."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import boto3
import pytest

from chalicelib.adapters.sealing import KmsSealer
from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.handlers.http import fingerprint_of
from chalicelib.models.base import Write
from tests.integration.edge import REGION, Edge
from tests.integration.gateway import Answer
from tests.integration.test_hooks import order, push, text
from tests.world import ADMIN, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

ID_NUMBER = "320302190001010010"
NAME, PHONE, HOME = "欧阳小山", "13812345678", "民主南路九十九号"
REPORTER = {"name": NAME, "phone": f"+86 {PHONE}", "id_number": ID_NUMBER, "address": HOME}
CLEAR = {
    "anonymous": False,
    "name": NAME,
    "phone": f"+86{PHONE}",
    "extension": None,
    "id_number": ID_NUMBER,
    "address": HOME,
}
WHY = {"reason": "位置不清，需电话核实"}
LEAD = officer_of("urban-management")


def release(edge: Edge, report_id: str, by: Any = LEAD, said: Any = None, key: str | None = None) -> Answer:
    return edge.post(f"/v1/reports/{report_id}/reporter/release", WHY if said is None else said, by, key=key)


def person(edge: Edge, what: str, phone: str = PHONE, by: Any = ADMIN, key: str | None = None, **said: Any) -> Answer:
    return edge.post(f"/v1/persons/{what}", {"phone": phone, "reason": "本人申请 2026-031", **said}, by, key=key)


def shown(edge: Edge, report_id: str) -> dict[str, Any]:
    who: dict[str, Any] = edge.get(f"/v1/reports/{report_id}", ADMIN).body["reporter"]
    return who


def closed(edge: Edge, **said: Any) -> dict[str, Any]:
    """A case that was told of, settled, visited and closed."""
    receipt = edge.report(WORKER, **said)
    edge.answered(receipt["case_id"], officer_of(receipt["unit"]["id"]))
    edge.visit(receipt["case_id"], "satisfied", WORKER)
    return receipt


def vault_rows(edge: Edge, prefix: str = "IDENTITY#") -> list[dict[str, Any]]:
    items = boto3.client("dynamodb", REGION).scan(TableName=edge.names["Vault"])["Items"]
    return [item for item in items if item["pk"]["S"].startswith(prefix)]


class TestMasks:
    def test_a_report_shows_a_surname_and_the_ends_of_a_phone(self, edge: Edge) -> None:
        report = edge.report(WORKER, reporter=REPORTER)["report_id"]
        assert shown(edge, report) == {
            "anonymous": False,
            "contactable": True,
            "name": "欧阳**",
            "phone": "138****5678",
            "erased_at": None,
        }

    def test_of_an_anonymous_reporter_nothing_is_shown_and_only_the_phone_is_kept(self, edge: Edge) -> None:
        report = edge.report(WORKER, reporter={**REPORTER, "anonymous": True})["report_id"]
        who = shown(edge, report)
        assert (who["anonymous"], who["contactable"], who["name"], who["phone"]) == (True, True, None, None)
        told = release(edge, report).body["reporter"]
        assert told == {**dict.fromkeys(CLEAR), "anonymous": True, "phone": f"+86{PHONE}"}

    @pytest.mark.parametrize("name", ["", " ", "\t"])
    def test_a_blank_name_is_no_name(self, edge: Edge, name: str) -> None:
        report = edge.report(WORKER, reporter={"name": name})["report_id"]
        assert shown(edge, report)["name"] is None and vault_rows(edge) == []

    def test_reading_a_report_unseals_nothing(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        report = edge.report(WORKER, reporter=REPORTER)["report_id"]
        monkeypatch.delattr(KmsSealer, "open_bytes")
        assert shown(edge, report)["name"] == "欧阳**"

    def test_nothing_of_a_person_stands_in_either_table_in_clear(self, edge: Edge) -> None:
        edge.report(WORKER, reporter=REPORTER)
        stored = edge.stored() + str(edge.entries())
        assert [word for word in (NAME, "小山", PHONE, PHONE[3:], ID_NUMBER, HOME) if word in stored] == []

    def test_the_hotlines_caller_has_identity_number_and_address_too(self, edge: Edge) -> None:
        told = {"order_no": "X1", "type": "help", "content": "小区电梯停了", "received_at": "2026-11-22T09:00:00+08:00"}
        report = order(edge, {**told, "caller": REPORTER}).body["report_id"]
        assert release(edge, report, LINKAGE).body["reporter"] == CLEAR


class TestIdentityNumbers:
    @pytest.mark.parametrize(
        "written", [ID_NUMBER, "320302 19000101 0010", "３２０３０２１９０００１０１００１０", "11010519491231002x"]
    )
    def test_a_number_is_taken_as_people_write_it(self, edge: Edge, written: str) -> None:
        report = edge.report(WORKER, reporter={"phone": PHONE, "id_number": written})["report_id"]
        kept = release(edge, report).body["reporter"]["id_number"]
        assert kept in (ID_NUMBER, "11010519491231002X")

    @pytest.mark.parametrize(
        "wrong",
        [
            "320302190001010011",
            "320302190013010019",
            "32030219000101001",
            "130503670401001",
            "3203021900010100100",
            "X20302190001010010",
            "12345",
            "",
            "没有",
            "٣٢٠٣٠٢١٩٠٠٠١٠١٠٠١٠",
        ],
    )
    def test_a_wrong_number_is_refused_by_name_and_nothing_is_stored(self, edge: Edge, wrong: str) -> None:
        before = edge.stored()
        answer = edge.post("/v1/reports", {**edge.a_report(), "reporter": {"id_number": wrong}}, WORKER)
        assert (answer.status, answer.code, answer.body["field"]) == (422, "id-number-invalid", "reporter.id_number")
        assert edge.stored() == before


class TestRelease:
    def test_the_lead_unit_is_told_and_the_audit_says_who_when_from_where_and_why(self, edge: Edge) -> None:
        receipt = edge.report(WORKER, reporter=REPORTER)
        answer = release(edge, receipt["report_id"])
        assert (answer.status, answer.body["reporter"]) == (200, CLEAR)
        entry = edge.entries()[-1]
        assert {name: entry.get(name) for name in ("what", "reader", "role", "unit", "source", "outcome")} == {
            "what": "identity.release",
            "reader": LEAD.id,
            "role": "department",
            "unit": "urban-management",
            "source": "192.0.2.1",
            "outcome": "done",
        }
        assert (entry["case"], entry["report"]) == (receipt["case_id"], receipt["report_id"])
        assert entry["reason"] == WHY["reason"] and len(entry["person"]) == 40

    @pytest.mark.parametrize("reason", ["", " ", "\n\t　", None, 5])
    def test_without_a_reason_nobody_is_told(self, edge: Edge, reason: Any) -> None:
        report = edge.report(WORKER, reporter=REPORTER)["report_id"]
        assert release(edge, report, said={"reason": reason}).status == 422
        assert release(edge, report, said={}).code == "field-required"
        assert [entry["what"] for entry in edge.entries()] == ["case.reported.v1"]

    @pytest.mark.parametrize(
        "by", [ADMIN, WORKER, LINKAGE, STATION, officer_of("fire-rescue")], ids=lambda staff: str(staff.role)
    )
    def test_who_has_not_the_case_in_hand_is_not_told_and_the_attempt_is_noted(self, edge: Edge, by: Any) -> None:
        receipt = edge.report(WORKER, reporter=REPORTER)
        answer = release(edge, receipt["report_id"], by)
        assert answer.status in (403, 404) and NAME not in str(answer.body)
        entry = edge.entries()[-1]
        assert (entry["what"], entry["reader"], entry["report"]) == ("identity.release", by.id, receipt["report_id"])
        assert entry["outcome"] == {403: "forbidden", 404: "not-found"}[answer.status]

    def test_when_it_cannot_be_written_down_nobody_is_told(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        report = edge.report(WORKER, reporter=REPORTER)["report_id"]
        opened: list[object] = []
        monkeypatch.setattr(KmsSealer, "open", lambda *asked: opened.append(asked))

        def fails(write: Write) -> None:
            raise TemporarilyUnavailable()

        monkeypatch.setattr(Write, "commit", fails)
        answer = release(edge, report)
        assert (answer.status, answer.code, opened) == (503, "temporarily-unavailable", [])

    def test_a_repeat_is_answered_again_and_is_another_entry(self, edge: Edge) -> None:
        report, key = edge.report(WORKER, reporter=REPORTER)["report_id"], str(uuid4())
        assert release(edge, report, key=key).body == release(edge, report, key=key).body
        assert [entry["what"] for entry in edge.entries()][1:] == ["identity.release"] * 2
        again = release(edge, report, key=key, said={"reason": "另一个理由"})
        assert (again.status, again.code) == (409, "idempotency-conflict")
        assert len(edge.entries()) == 3

    def test_of_who_said_nothing_nothing_can_be_told(self, edge: Edge) -> None:
        report = edge.report(WORKER)["report_id"]
        assert (release(edge, report).status, release(edge, report).code) == (404, "identity-not-kept")

    def test_that_a_report_is_not_there_is_noted_without_its_name(self, edge: Edge) -> None:
        before = len(edge.entries())
        assert release(edge, "0" * 32).code == "not-found"
        (entry,) = edge.entries()[before:]
        assert (entry["what"], entry["outcome"]) == ("identity.release", "not-found") and "0" * 32 not in str(entry)

    def test_the_officer_who_is_to_visit_is_told_and_afterwards_nobody(self, edge: Edge) -> None:
        receipt = edge.report(WORKER, reporter=REPORTER)
        edge.answered(receipt["case_id"], LEAD)
        assert release(edge, receipt["report_id"]).status == 403
        assert release(edge, receipt["report_id"], WORKER).body["reporter"] == CLEAR
        edge.visit(receipt["case_id"], "satisfied", WORKER)
        assert [release(edge, receipt["report_id"], by).status for by in (LEAD, WORKER, STATION, ADMIN)] == [403] * 4


class TestPersons:
    def test_somebody_is_given_all_that_is_kept_and_nothing_of_others(self, edge: Edge) -> None:
        mine = edge.report(WORKER, reporter=REPORTER, text="井盖缺失一")
        push(edge, text("楼上漏水", phone=PHONE, sequence="7"))
        edge.report(WORKER, reporter={"name": "别人", "phone": "13900000009"})
        answer = person(edge, "export", phone="0086 138-1234-5678")
        assert answer.status == 200
        told = {report["text"]: report for report in answer.body["reports"]}
        assert set(told) == {"井盖缺失一", "楼上漏水"}
        assert told["井盖缺失一"]["reporter"] == CLEAR
        assert told["井盖缺失一"]["case"]["case_id"] == mine["case_id"]
        assert "别人" not in str(answer.body)

    def test_a_stranger_is_given_an_empty_list(self, edge: Edge) -> None:
        assert person(edge, "export", phone="13700000000").body["reports"] == []
        assert person(edge, "erase", phone="13700000000").body["reports"] == []

    def test_a_forgotten_person_is_in_no_row_and_the_case_stays(self, edge: Edge) -> None:
        receipt = closed(edge, reporter=REPORTER)
        before = edge.case(receipt["case_id"])
        answer = person(edge, "erase")
        assert answer.body == {"person": answer.body["person"], "reports": [receipt["report_id"]], "open_cases": []}
        assert vault_rows(edge) == [] and "REPORTER#" not in edge.stored()
        assert edge.case(receipt["case_id"]) == before
        who = shown(edge, receipt["report_id"])
        assert (who["contactable"], who["name"], who["phone"]) == (False, None, None)
        assert who["erased_at"] == edge.clock.now().isoformat()
        assert person(edge, "export").body["reports"] == []

    def test_forgetting_is_noted_without_the_persons_name(self, edge: Edge) -> None:
        receipt = closed(edge, reporter=REPORTER)
        hashed = person(edge, "erase").body["person"]
        entries = [entry for entry in edge.entries() if entry["what"] == "identity.erase"]
        assert {entry.get("report") for entry in entries} == {None, receipt["report_id"]} and len(entries) == 2
        assert {entry["person"] for entry in entries} == {hashed}
        assert PHONE not in str(edge.entries())

    def test_asked_again_nothing_is_left_to_do(self, edge: Edge) -> None:
        closed(edge, reporter=REPORTER)
        key = str(uuid4())
        assert len(person(edge, "erase", key=key).body["reports"]) == 1
        assert person(edge, "erase", key=key).body["reports"] == []
        assert person(edge, "erase").body["reports"] == []
        assert person(edge, "erase", key=key, phone="13700000000").code == "idempotency-conflict"

    def test_an_erasure_that_broke_off_is_finished_when_it_is_asked_again(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        receipts = [closed(edge, reporter=REPORTER) for _ in range(3)]
        commit, done = Write.commit, []

        def breaks_off(write: Write) -> None:
            if len(done) == 2:  # the command, and one report
                raise TemporarilyUnavailable()
            done.append(write)
            commit(write)

        with monkeypatch.context() as patch:
            patch.setattr(Write, "commit", breaks_off)
            assert person(edge, "erase").status == 503
        assert len(vault_rows(edge)) == 2
        assert len(person(edge, "erase").body["reports"]) == 2
        assert vault_rows(edge) == [] and "REPORTER#" not in edge.stored()
        assert [shown(edge, each["report_id"])["contactable"] for each in receipts] == [False] * 3

    def test_an_open_case_keeps_its_reporter_until_it_is_closed(self, edge: Edge) -> None:
        receipt = edge.report(WORKER, reporter=REPORTER)
        answer = person(edge, "erase")
        assert (answer.body["reports"], answer.body["open_cases"]) == ([], [receipt["case_id"]])
        assert shown(edge, receipt["report_id"])["contactable"] is True
        edge.answered(receipt["case_id"], LEAD)
        edge.visit(receipt["case_id"], "satisfied", WORKER)
        assert person(edge, "erase").body["reports"] == [receipt["report_id"]]

    @pytest.mark.parametrize("by", [WORKER, STATION, LINKAGE, LEAD], ids=lambda staff: str(staff.role))
    @pytest.mark.parametrize("what", ["export", "erase"])
    def test_only_administrators_may_and_attempts_are_noted(self, edge: Edge, what: str, by: Any) -> None:
        edge.report(WORKER, reporter=REPORTER)
        assert person(edge, what, by=by).status == 403
        entry = edge.entries()[-1]
        assert (entry["what"], entry["outcome"], entry["reader"]) == (f"identity.{what}", "forbidden", by.id)
        assert len(vault_rows(edge)) == 1

    @pytest.mark.parametrize(
        ("said", "code"),
        [({"phone": "12345"}, "phone-invalid"), ({"reason": " "}, "text-empty"), ({"name": "x"}, "unknown-field")],
    )
    def test_without_a_phone_or_a_reason_nothing_is_done(self, edge: Edge, said: dict[str, str], code: str) -> None:
        assert person(edge, "erase", **{"phone": PHONE, **said}).code == code


class TestExtensions:
    def test_a_landline_is_found_with_and_without_its_extension(self, edge: Edge) -> None:
        receipt = closed(edge, reporter={"phone": "0516-83712345转801"})
        told = person(edge, "export", phone="+86 516 8371 2345").body["reports"]
        assert [each["report_id"] for each in told] == [receipt["report_id"]]
        assert (told[0]["reporter"]["phone"], told[0]["reporter"]["extension"]) == ("+8651683712345", "801")
        assert shown(edge, receipt["report_id"])["phone"] == "0516****345"
        assert person(edge, "erase", phone="0516-83712345-802").body["reports"] == [receipt["report_id"]]


def test_the_unit_of_the_desk_is_told_while_it_screens(edge: Edge) -> None:
    report = edge.report(WORKER, reporter=REPORTER, text="想咨询一下")["report_id"]
    assert release(edge, report, STATION).body["reporter"] == CLEAR
    assert STATION.unit == f"centre-{COMMUNITY}"


def test_what_a_report_is_known_again_by_does_not_give_its_phone_away(edge: Edge) -> None:
    """Text, time and place lie beside the fingerprint: of a plain hash only the phone would be left to be tried."""
    body = {**edge.a_report(), "reporter": {"phone": PHONE, "anonymous": True}}
    key = str(uuid4())
    edge.post("/v1/reports", body, WORKER, key=key)
    push(edge, text("楼上漏水", phone=PHONE, sequence=None))
    stored = edge.stored()
    assert fingerprint_of(body) not in stored
    assert fingerprint_of(PHONE, "楼上漏水") not in stored
    assert fingerprint_of(text("楼上漏水", phone=PHONE, sequence=None))[:32] not in stored
    assert edge.post("/v1/reports", body, WORKER, key=key).status == 201
    assert edge.post("/v1/reports", {**body, "text": "别的"}, WORKER, key=key).code == "idempotency-conflict"
