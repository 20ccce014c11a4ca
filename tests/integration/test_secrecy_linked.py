"""What hangs together with a petition does not tell of it either (ADR 40): it was compared, merged, split, declined for
another, and whoever of the accused may see that other one learns neither that this one is there nor what it is called.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.domain.people import StaffMember
from tests.integration.edge import Edge
from tests.integration.gateway import Answer
from tests.integration.secrecy import ACCUSED, CATEGORY, DISTRICT, ENTRUSTED, OFFICE, text_of
from tests.offering import offer
from tests.world import officer_of

SPY = StaffMember("x", "administrator", ACCUSED[0], (DISTRICT,))
HANDED = StaffMember("y", "department", ACCUSED[1], (DISTRICT,))
"""Of a department that is accused, and is entrusted with another petition."""
OTHER = StaffMember("z", "administrator", "justice", (DISTRICT,))
WHY = "XWHYX"
PATHS = ("", "/timeline", "/clocks", "/file", "/candidates")


class Petitions:
    """Petitions as the petition office has them, each told from its own building."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge

    def told(self, **said: Any) -> str:
        self.edge.clock.forward(minutes=1)
        case_id: str = self.edge.report(OFFICE, category=CATEGORY, text="反映某事", **said)["case_id"]
        return case_id

    def done(self, case_id: str, action: str, by: StaffMember = OFFICE, **said: Any) -> dict[str, Any]:
        answer = self.tried(case_id, action, by, **said)
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body

    def tried(self, case_id: str, action: str, by: StaffMember = OFFICE, **said: Any) -> Answer:
        version = self.edge.get(f"/v1/cases/{case_id}", OFFICE).body["version"]
        return self.edge.post(f"/v1/cases/{case_id}/actions/{action}", said, by, version=version)

    def registered(self, case_id: str, accused: tuple[str, ...] = (), **said: Any) -> str:
        self.done(case_id, "petition-register", people=1, accused=list(accused), **said)
        return case_id

    def offered(self, case_id: str, other: str) -> None:
        store, policies = bootstrap._store(), bootstrap.policies()
        case = store.case(case_id)
        assert case is not None
        offer(store, case, other, self.edge.clock.now(), policies.of(case.policy_version))

    def names_of(self, case_id: str) -> list[str]:
        case = self.edge.get(f"/v1/cases/{case_id}", OFFICE).body
        return [case_id, case["tracking_code"], *case["reports"], WHY]


@pytest.fixture
def petitions(edge: Edge) -> Petitions:
    return Petitions(edge)


def told_of(edge: Edge, case_id: str, by: StaffMember, names: list[str]) -> list[str]:
    """Which of some names the answers about a case tell somebody, who sees it."""
    said = [
        edge.get(f"/v1/cases/{case_id}{path}", by) for path in PATHS if path != "/candidates" or by.role != "auditor"
    ]
    assert said[0].status == 200, said[0].body
    return [name for name in names for answer in said if name in text_of(answer)]


class TestWhatSomebodySeesDoesNotNameWhatAccusesThem:
    def test_what_was_told_apart_from_it(self, petitions: Petitions) -> None:
        edge, secret, seen = petitions.edge, petitions.registered(petitions.told(), ACCUSED), petitions.told()
        petitions.offered(petitions.registered(seen), secret)
        petitions.done(seen, "not-same", other=secret, reason=WHY)
        names = petitions.names_of(secret)
        assert told_of(edge, seen, OTHER, names), "whoever may see both is told"
        assert told_of(edge, seen, SPY, names) == []

    def test_what_was_declined_for_it(self, petitions: Petitions) -> None:
        edge, secret, seen = petitions.edge, petitions.registered(petitions.told(), ACCUSED), petitions.told()
        petitions.registered(seen)
        petitions.done(seen, "petition-decline", ground="in-progress", other=secret, note="已另行受理")
        names = petitions.names_of(secret)
        assert told_of(edge, seen, OTHER, names)
        assert told_of(edge, seen, SPY, names) == []

    def test_what_slept_in_it_or_had_it_asleep(self, petitions: Petitions) -> None:
        edge, seen, secret = petitions.edge, petitions.told(), petitions.told()
        petitions.done(seen, "merge", other=secret, reason=WHY)
        names = petitions.names_of(secret)[:2]
        petitions.done(seen, "unmerge", other=secret, reason=WHY)
        names += petitions.names_of(petitions.registered(secret, ACCUSED))
        assert told_of(edge, seen, OTHER, names)
        assert told_of(edge, seen, SPY, names) == []


class TestWhatSleepsInIt:
    @pytest.fixture
    def asleep(self, petitions: Petitions) -> tuple[str, str]:
        kept, sleeps = petitions.told(), petitions.told()
        petitions.done(kept, "merge", other=sleeps, reason=WHY)
        return petitions.registered(kept, ACCUSED), sleeps

    def test_is_not_found(self, petitions: Petitions, asleep: tuple[str, str]) -> None:
        edge, (_, sleeps) = petitions.edge, asleep
        for path in PATHS:
            assert edge.get(f"/v1/cases/{sleeps}{path}", OTHER).status == 200
            assert edge.get(f"/v1/cases/{sleeps}{path}", SPY).body == edge.get(f"/v1/cases/{'0' * 26}{path}", SPY).body

    def test_is_not_acted_on(self, petitions: Petitions, asleep: tuple[str, str]) -> None:
        kept, sleeps = asleep
        assert petitions.tried(sleeps, "accept", OTHER).code == "case-merged"
        refused = petitions.tried(sleeps, "accept", SPY)
        assert refused.code == "not-found" and kept not in text_of(refused)

    def test_is_not_named_in_an_act(self, petitions: Petitions, asleep: tuple[str, str]) -> None:
        seen, (_, sleeps) = petitions.told(), asleep
        assert petitions.tried(seen, "merge", OTHER, other=sleeps, reason=WHY).code == "case-merged"
        refused, unknown = (petitions.tried(seen, "merge", SPY, other=each, reason=WHY) for each in (sleeps, "0" * 26))
        assert refused.body == unknown.body

    def test_has_no_entries_of_the_audit(self, petitions: Petitions, asleep: tuple[str, str]) -> None:
        edge, (_, sleeps) = petitions.edge, asleep
        assert edge.get("/v1/audit", OTHER, case_id=sleeps).body["items"]
        assert edge.get("/v1/audit", SPY, case_id=sleeps).body["items"] == []


def test_what_is_split_from_it_accuses_the_same_before_anybody_registers_it(petitions: Petitions) -> None:
    edge, phone = petitions.edge, "13900001111"
    parent = petitions.told(reporter={"phone": phone})
    text = {"phone_number": phone, "content": "还有一事", "sequence_id": "more"}
    edge.post("/hooks/sms/aliyun?key=aliyun-secret", [text])
    petitions.registered(parent, ACCUSED)
    _, split = edge.get(f"/v1/cases/{parent}", OFFICE).body["reports"]
    said = {"report_ids": [split], "category": CATEGORY, "note": "另立"}
    child = petitions.done(parent, "split", **said)["links"]["children"][0]
    assert edge.get(f"/v1/cases/{child}", OTHER).body["petition"]["accused"] == list(ACCUSED)
    assert edge.get(f"/v1/cases/{child}", SPY).status == edge.get(f"/v1/reports/{split}", SPY).status == 404
    again = petitions.registered(child)
    assert edge.get(f"/v1/cases/{again}", SPY).status == 404, "who registers it takes nobody off"


class TestWhatMayBeTheSame:
    def test_is_not_passed_on_before_somebody_decided(self, petitions: Petitions) -> None:
        secret, seen = petitions.registered(petitions.told(), ACCUSED), petitions.registered(petitions.told())
        petitions.offered(seen, secret)
        refused = petitions.tried(seen, "petition-pass-on", unit=HANDED.unit)
        assert (refused.status, refused.code) == (409, "offers-undecided")
        petitions.done(seen, "not-same", other=secret, reason=WHY)
        petitions.done(seen, "petition-pass-on", unit=HANDED.unit)
        assert told_of(petitions.edge, seen, HANDED, petitions.names_of(secret)) == []

    def test_is_not_named_to_whom_it_accuses_and_has_the_other(self, petitions: Petitions) -> None:
        secret, seen = petitions.registered(petitions.told(), ACCUSED), petitions.told()
        petitions.done(petitions.registered(seen), "petition-pass-on", unit=HANDED.unit)
        petitions.offered(seen, secret)
        for action, said in (
            ("petition-decline", {"ground": "in-progress", "note": "已另行受理"}),
            ("not-same", {"reason": WHY}),
        ):
            refused = petitions.tried(seen, action, other=secret, **said)
            assert (refused.status, refused.code, refused.field) == (409, "unit-accused", "other")

    def test_is_told_apart_though_the_other_is_with_whom_it_accuses_which_hears_nothing(
        self, petitions: Petitions
    ) -> None:
        edge, seen, secret = petitions.edge, petitions.registered(petitions.told()), petitions.told()
        petitions.done(seen, "petition-pass-on", unit=HANDED.unit)
        before = edge.get(f"/v1/cases/{seen}/timeline", HANDED).body
        petitions.offered(petitions.registered(secret, (HANDED.unit,)), seen)
        petitions.done(secret, "not-same", other=seen, reason=WHY)
        assert edge.get(f"/v1/cases/{seen}/timeline", HANDED).body == before
        edge.relay()
        heard = [
            each
            for each in edge.take_from("Alerts")
            if HANDED.unit in each["messageAttributes"]["units"]["stringValue"]
        ]
        assert heard and not [each for each in heard if secret in each["body"]]
        petitions.done(secret, "petition-pass-on", unit=ENTRUSTED)

    def test_is_told_apart_by_whom_it_is_entrusted_to(self, petitions: Petitions) -> None:
        secret, seen = petitions.registered(petitions.told(), ACCUSED), petitions.told()
        petitions.done(petitions.registered(seen), "petition-pass-on", unit=ENTRUSTED)
        petitions.offered(seen, secret)
        petitions.done(seen, "not-same", other=secret, reason=WHY)
        assert petitions.edge.get(f"/v1/cases/{secret}", officer_of(ENTRUSTED)).status == 404
