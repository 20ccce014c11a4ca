"""What a petitioner says never reaches whom it accuses (信访工作条例 art. 30; ADR 40): every way out is walked
(`tests.integration.secrecy`).
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

import app
from chalicelib.domain.people import StaffMember
from tests.contract.documents import operations
from tests.integration.edge import Edge, logged
from tests.integration.gateway import Answer
from tests.integration.secrecy import (
    ACCUSED,
    ACTIONS_IN,
    CATEGORY,
    DISTRICT,
    ENTRUSTED,
    HANDLER,
    JOINT,
    LEADER,
    OFFICE,
    PHONE,
    ROWS,
    WORDS,
    Asked,
    Known,
    Life,
    Walked,
    Wires,
    asked_by,
    spies,
    text_of,
    walk,
)
from tests.integration.test_views import Requests
from tests.world import COMMUNITY


@pytest.fixture
def life(edge: Edge) -> Life:
    return Life(edge)


CASE_PARTS = ("timeline", "clocks", "file", "mediation-file", "candidates")


class TestEveryWayOut:
    def test_every_route_is_walked(self) -> None:
        there_are = {f"{method} {route}" for route, methods in app.app.routes.items() for method in methods}
        assert there_are == set(ROWS)
        assert len(there_are) == len(list(operations())), "as many as the contract has"

    def test_it_is_told_to_nobody_of_what_it_accuses_by_any_way_at_any_time(self, life: Life) -> None:
        edge, wires, turns = life.edge, Wires(life.edge), spies(life.edge)
        wires.let_out(life.known)
        before = Walked()
        for turn, spying in enumerate(turns):
            life.known.turns = range(turn, ACTIONS_IN, len(turns))  # what they are going to ask afterwards
            before.answers |= walk(edge, life.known, spying).answers
        with logged() as lines:
            for number, step in enumerate(life.steps()):
                leaks, got = wires.let_out(life.known)
                assert leaks == [], step
                life.known.turns = (number,)
                walked = walk(edge, life.known, turns[number % len(turns)])
                assert walked.leaks == [], step
                assert walked.unlike(before) == [], step
                if step == "passed on":
                    assert any(life.known.case_id in each for each in got[ENTRUSTED]), "whoever handles it is told"
                    self._who_may_does_find_it(life)
        assert not [line for line in lines for word in WORDS.values() if word in line]

    def _who_may_does_find_it(self, life: Life) -> None:
        known = life.known
        for by, words in (
            (OFFICE, [known.case_id, known.tracking_code, WORDS["text"], WORDS["address"], WORDS["reason"]]),
            (HANDLER, [known.case_id, WORDS["text"], WORDS["more"], WORDS["reason"]]),
            (JOINT, [known.case_id, WORDS["text"]]),
            (LEADER, [known.case_id, WORDS["text"]]),
        ):
            found = " ".join(walk(life.edge, known, [by]).leaks)
            assert not [word for word in words if word not in found], by


class TestWhoHasToDoWithBoth:
    def registered(self, life: Life) -> Known:
        next(life.steps())
        return life.known

    def test_who_told_of_it_in_the_petitioners_stead_reads_the_own_words_and_nothing_since(self, life: Life) -> None:
        edge, clerk = life.edge, StaffMember("s5", "station", f"centre-{COMMUNITY}", (COMMUNITY,))
        told, key = (
            {**edge.a_report(), "text": WORDS["text"], "category": CATEGORY, "media": [edge.picture(clerk)]},
            str(uuid4()),
        )
        receipt = edge.post("/v1/reports", told, clerk, key=key).body
        life.known.case_id = receipt["case_id"]
        life.act("petition-register", OFFICE, people=1, accused=list(ACCUSED), note=WORDS["note"])
        report = f"/v1/reports/{receipt['report_id']}"
        assert WORDS["text"] in edge.get(report, clerk).body["text"] and WORDS["note"] not in text_of(
            edge.get(report, clerk)
        )
        assert edge.get(f"/v1/attachments/{told['media'][0]}", clerk).status == 200
        assert edge.post("/v1/reports", told, clerk, key=key).body == receipt, "as it stood when it was told"
        colleague = replace(clerk, id="s6")
        for path in ("", "/timeline", "/clocks", "/file"):
            assert edge.get(f"/v1/cases/{life.known.case_id}{path}", clerk).status == 404
        assert (
            edge.get(report, colleague).status
            == edge.get(f"/v1/attachments/{told['media'][0]}", colleague).status
            == 404
        )
        assert receipt["case_id"] not in text_of(edge.get("/v1/views/my-reports", clerk))
        assert life.known.case_id in text_of(edge.get(report, OFFICE))

    def test_what_is_hidden_and_what_there_is_not_are_answered_alike_after_as_many_requests(
        self, life: Life, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edge, nothing = life.edge, Known()
        known = self.registered(life)
        picture = edge.picture(OFFICE)
        life.act("petition-change-card", OFFICE, card="orange", reason="研判", media=[picture])
        by, requests = StaffMember("x", "administrator", ACCUSED[0], (DISTRICT,)), Requests(monkeypatch)
        for path, asked, unknown in (
            ("/v1/cases/{}", known.case_id, nothing.case_id),
            *((f"/v1/cases/{{}}/{part}", known.case_id, nothing.case_id) for part in CASE_PARTS),
            ("/v1/cases?tracking_code={}", known.tracking_code, nothing.tracking_code),
            ("/v1/reports/{}", known.report_ids[0], nothing.report_ids[0]),
            ("/v1/attachments/{}", picture, nothing.attachment_ids[0]),
        ):
            answers, made = [], []
            for each in (asked, unknown):
                requests.made.clear()
                answers.append(asked_by(edge, Asked("GET", path.format(each)), by))
                made.append([*requests.made])
            assert answers[0] == answers[1] and answers[0].status == 404, path
            assert len(made[0]) - len(made[1]) in range(2), (path, made)
        for path, body in (
            ("/v1/cases/{}/actions/petition-accept", {}),
            ("/v1/cases/{}/actions/merge", {"other": known.case_id}),
            ("/v1/visits/{}.1/result", {"outcome": "satisfied"}),
        ):
            answers = [_said_of(each, path, body, by, edge, requests) for each in (known.case_id, nothing.case_id)]
            assert answers[0] == answers[1], path

    def test_what_was_done_before_anybody_knew_is_not_told_again(self, life: Life) -> None:
        """A repeat gets the answer of the first time, but not what one may see no more."""
        edge, by, key = life.edge, StaffMember("x", "administrator", ACCUSED[0], (DISTRICT,)), str(uuid4())
        case_id = edge.report(OFFICE, category=CATEGORY, text=WORDS["text"])["case_id"]
        said, path = {"category": CATEGORY, "reason": "甄别"}, f"/v1/cases/{case_id}/actions/classify"
        assert edge.post(path, said, by, key=key, version=1).status == 200
        assert edge.post(path, said, by, key=key, version=1).status == 200
        life.known.case_id = case_id
        life.act("petition-register", OFFICE, people=1, accused=list(ACCUSED))
        for again in (said, {**said, "reason": "另一个"}):
            refused = edge.post(path, again, by, key=key, version=1)
            assert refused.code == "not-found" and case_id not in text_of(refused)

    def test_whom_it_accuses_gives_out_and_erases_all_of_a_person_but_it_and_others_see_so(self, life: Life) -> None:
        edge, known = life.edge, self.registered(life)
        accused = StaffMember("x", "administrator", ACCUSED[0], (DISTRICT,))
        other, auditor = replace(accused, id="y", unit="justice"), StaffMember("z", "auditor", "justice", (DISTRICT,))
        asked = {"phone": PHONE, "reason": "本人申请"}
        assert edge.post("/v1/persons/export", asked, accused).body["reports"] == []
        assert edge.post("/v1/persons/erase", asked, accused).body["open_cases"] == []
        found = edge.post("/v1/persons/export", asked, other).body["reports"]
        assert sorted(each["report_id"] for each in found) == sorted(known.report_ids)
        for by, sees in ((auditor, True), (replace(auditor, unit=ACCUSED[0]), False)):
            entries = edge.get("/v1/audit", by, person=known.person).body["items"]
            assert any(entry["outcome"] == "withheld" for entry in entries) is sees
            assert any(entry["case_id"] == known.case_id for entry in entries) is sees


def _said_of(
    case_id: str, path: str, body: dict[str, str], by: StaffMember, edge: Edge, requests: Requests
) -> tuple[Answer, list[str]]:
    """What somebody is answered who acts on a case, and after which requests, but for the entry that names it."""
    requests.made.clear()
    answer = asked_by(edge, Asked("POST", path.format(case_id), body=body), by)
    return answer, [each for each in requests.made if each != "PutItem"]
