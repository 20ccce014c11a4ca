"""After another pack was deployed: a case goes by the one it was opened under, whatever the new one no longer has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.domain.audit import Origin
from chalicelib.domain.events import Actor
from chalicelib.domain.people import StaffMember
from chalicelib.models.policy_store import DynamoPolicies
from chalicelib.services.migrating import Migrating
from tests.integration.edge import Edge, cold_start
from tests.world import ADMIN, LINKAGE, STATION, WORKER, officer_of

LIGHT, LEAD = "street-light", "urban-management"
Pack = dict[str, Any]
Deploy = Callable[[Callable[[Pack], object]], str]


@pytest.fixture
def deploy(edge: Edge, pack_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deploy]:
    """Deploys a changed pack: the one before is kept, and every function begins anew with the other; its version."""

    def changed(change: Callable[[Pack], object]) -> str:
        DynamoPolicies().keep(edge.policy.version, pack_file.read_bytes(), edge.clock.now())
        pack = json.loads(pack_file.read_bytes())
        change(pack)
        pack["version"] = "gulou-later"
        later = tmp_path / "later.json"
        later.write_text(json.dumps(pack), "utf-8")
        monkeypatch.setenv("POLICY_FILE", str(later))
        cold_start()
        return str(bootstrap.policy().version)

    edge.settle()
    yield changed
    monkeypatch.undo()
    cold_start()


def opened(edge: Edge, **said: Any) -> str:
    return str(edge.report(WORKER, text="路灯不亮", category=LIGHT, **said)["case_id"])


def test_promised_deadlines_stay_and_new_cases_get_the_new_ones(edge: Edge, deploy: Deploy) -> None:
    before = opened(edge)
    promised = edge.case(before)["due_at"]

    def quicker(pack: Pack) -> None:
        pack["categories"][LIGHT]["accept"] = ["exact", 60]

    version = deploy(quicker)
    after = edge.case(opened(edge))
    assert (edge.case(before)["policy_version"], after["policy_version"]) == (edge.policy.version, version)
    assert edge.case(before)["due_at"] == promised
    assert datetime.fromisoformat(after["due_at"]) == edge.clock.now() + timedelta(seconds=60)
    assert edge.act(before, "accept", officer_of(LEAD)).status == 200
    event = edge.timeline(before)[-1]
    assert (event["type"], event["policy_version"]) == ("case.accepted.v1", edge.policy.version)


def test_time_goes_by_the_version_of_the_case(edge: Edge, deploy: Deploy) -> None:
    case_id = opened(edge)
    deploy(lambda pack: pack["categories"].pop(LIGHT))
    due = datetime.fromisoformat(edge.case(case_id)["due_at"])
    edge.clock.at = due + timedelta(seconds=1)
    edge.invoke("sweep", {})
    assert edge.deliver("due", edge.take_from("Due")) == []
    breached = [each for each in edge.timeline(case_id) if each["type"] == "clock.breached.v1"]
    assert [each["policy_version"] for each in breached] == [edge.policy.version]


def abolished(pack: Pack) -> None:
    """Neither the category nor the unit that leads it is there any more."""
    for category in list(pack["categories"].values()):
        if category["id"] == LIGHT:
            del pack["categories"][LIGHT]
        elif category["lead"] == LEAD or LEAD in category["joint"]:
            category["lead"] = "power-supply"
            category["joint"] = []
    pack["routing"] = [rule for rule in pack["routing"] if rule["lead"] != LEAD]
    del pack["units"][LEAD]


def test_a_case_whose_category_and_unit_were_abolished_can_be_read_everywhere(edge: Edge, deploy: Deploy) -> None:
    case_id = opened(edge)
    code = edge.case(case_id)["tracking_code"]
    deploy(abolished)
    case = edge.case(case_id)
    assert (case["category"], case["unit"]["id"], case["state"]) == (LIGHT, LEAD, "assigned")
    for path in (f"/v1/cases/{case_id}", f"/v1/cases/{case_id}/timeline", f"/v1/public/track/{code}"):
        assert edge.get(path, ADMIN).status == 200, path
    page = edge.request("GET", f"/v1/public/track/{code}", headers={"Accept": "text/html"})
    assert page.status == 200 and "路灯照明" in str(page.body)
    assert edge.get("/v1/cases", ADMIN, tracking_code=code).status == 200


def test_what_happens_to_it_is_told_in_the_words_of_its_version(edge: Edge, deploy: Deploy) -> None:
    edge.on_duty(LEAD, "old-hand")
    case_id = opened(edge)
    edge.relay()
    deploy(abolished)
    assert edge.deliver("alert", edge.take_from("Alerts")) == []
    assert any("路灯照明" in text for _, text in edge.texts()), edge.texts()
    assert edge.act(case_id, "accept", ADMIN).status == 200
    edge.settle()


def migrated(edge: Edge, case_id: str) -> dict[str, Any]:
    """The case, brought to the version in force."""
    by = Origin(Actor("arn:aws-cn:iam::123456789012:user/li.wei", "operator"), "command", "run")
    assert Migrating(bootstrap._store(), edge.clock).migrate(case_id, bootstrap.policy(), by) is not None
    return edge.case(case_id)


def test_a_stranded_case_is_screened_again_once_it_is_migrated(edge: Edge, deploy: Deploy) -> None:
    case_id = opened(edge)
    version = deploy(abolished)
    case = migrated(edge, case_id)
    assert (case["state"], case["policy_version"]) == ("screening", version)
    desk = case["unit"]["id"]
    station = next(unit for unit in bootstrap.policy().units.values() if unit.id == desk)
    assert station.kind == "centre"
    again = edge.act(case_id, "classify", ADMIN, category="noise")
    assert again.status == 200 and again.body["unit"]["id"] != LEAD
    edge.settle()


@pytest.mark.parametrize("whole_kind", [False, True])
def test_a_stranded_petition_is_screened_where_petitions_are_or_by_the_district_and_by_no_community(
    edge: Edge, deploy: Deploy, whole_kind: bool
) -> None:
    petition = next(each.id for each in edge.policy.categories.values() if each.kind == "petition")
    case_id = str(edge.report(WORKER, text="信访事项", category=petition)["case_id"])

    def without(pack: Pack) -> None:
        for category in list(pack["categories"].values()):
            if category["id"] == petition or (whole_kind and category["kind"] == "petition"):
                del pack["categories"][category["id"]]
        if whole_kind:
            del pack["kinds"]["petition"]

    deploy(without)
    case = migrated(edge, case_id)
    office = StaffMember("p1", "petition-office", "petition-office", ("320302",))
    by = LINKAGE if whole_kind else office
    assert (case["state"], case["unit"]["id"]) == ("screening", by.unit)
    assert edge.get(f"/v1/cases/{case_id}", STATION).status == 404
    assert edge.get(f"/v1/cases/{case_id}", by).status == 200
