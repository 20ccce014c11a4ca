"""The table of docs/contract/actions.yaml, cell by cell: what each role may do in each state, and what follows.

A cell is tried by somebody of the unit whose turn it is, so that role and state alone decide.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.people import StaffMember
from tests.contract.documents import contract
from tests.integration.edge import Edge
from tests.integration.gateway import Answer
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

TABLE: dict[str, Any] = contract("actions.yaml")
STATES, ACTIONS, ROLES, VISITS = (TABLE[part] for part in ("states", "actions", "roles", "visit_results"))
CATEGORY, LEAD, DESK = "missing-manhole-cover", "urban-management", f"centre-{COMMUNITY}"
SAID: dict[str, dict[str, str]] = {
    "classify": {"category": CATEGORY},
    "return": {"reason": "不属于我单位"},
    "resolve": {"note": "已更换井盖"},
    "decline-reopen": {"reason": "已处理到位"},
}


def case_in(edge: Edge, state: str, category: str = CATEGORY) -> dict[str, Any]:
    """A case of an ordinary kind that has come into a state as cases do."""
    receipt = edge.report(ADMIN, text="想咨询一下") if state == "screening" else edge.report(ADMIN, category=category)
    case_id = receipt["case_id"]
    if state in ("accepted", "resolved", "reopen-requested", "closed"):
        edge.act(case_id, "accept", ADMIN)
    if state in ("resolved", "reopen-requested", "closed"):
        edge.act(case_id, "resolve", ADMIN, note="好了")
    if state in ("reopen-requested", "closed"):
        edge.visit(case_id, "dissatisfied" if state == "reopen-requested" else "satisfied", ADMIN)
    case = edge.case(case_id)
    assert case["state"] == state
    return case


def somebody(role: str, unit: str) -> StaffMember:
    return StaffMember(f"{role}-of-{unit}", role, unit, (CELL,))


def is_hidden(case: dict[str, Any], role: str) -> bool:
    """Whether a case is of a kind that the role does not see."""
    kinds = ROLES[role].get("kinds")
    return kinds is not None and case["kind"] not in kinds


def try_it(edge: Edge, case: dict[str, Any], action: str, by: StaffMember, **said: str) -> Answer:
    path = f"/v1/cases/{case['case_id']}/actions/{action}"
    return edge.post(path, {**SAID.get(action, {}), **said}, by, version=case["version"])


def events_after(edge: Edge, case: dict[str, Any]) -> list[str]:
    return [item["type"] for item in edge.timeline(case["case_id"]) if item["version"] > case["version"]]


CELLS = [(state, name, role) for state in STATES for name in ACTIONS for role in ROLES]
ALLOWED = [
    (state, name, role)
    for state, name, role in CELLS
    if state in ACTIONS[name]["from"] and role in ACTIONS[name]["roles"]
]


def whose_turn(case: dict[str, Any], action: str) -> str:
    if ACTIONS[action]["actors"] == "lead" and case["lead_unit"]:
        unit: str = case["lead_unit"]["id"]
        return unit
    return DESK


@pytest.mark.parametrize("state", STATES)
def test_what_role_or_state_does_not_allow_is_refused_and_changes_nothing(edge: Edge, state: str) -> None:
    case = case_in(edge, state)
    open_to_all = sorted(name for name, action in ACTIONS.items() if state in action["from"])
    assert sorted(case["allowed_actions"]) == open_to_all
    before, tried = edge.stored(), 0
    for cell in CELLS:
        at, name, role = cell
        if at != state or cell in ALLOWED:
            continue
        tried += 1
        answer = try_it(edge, case, name, somebody(role, whose_turn(case, name)))
        nobodys_turn = ACTIONS[name]["actors"] == "lead" and not case["lead_unit"] and role != ADMIN.role
        if is_hidden(case, role):
            assert (answer.status, answer.code) == (404, "not-found"), cell
        elif role not in ACTIONS[name]["roles"] or nobodys_turn:
            assert (answer.status, answer.code) == (403, "forbidden"), cell
        else:
            assert (answer.status, answer.code) == (409, "action-not-allowed"), cell
            assert (sorted(answer.body["allowed_actions"]), answer.body["state"]) == (open_to_all, state), cell
    assert tried + sum(at == state for at, _, _ in ALLOWED) == len(ACTIONS) * len(ROLES)
    assert edge.stored() == before


@pytest.mark.parametrize(("state", "action", "role"), ALLOWED)
def test_what_role_and_state_allow_is_done_with_the_events_it_says(
    edge: Edge, state: str, action: str, role: str
) -> None:
    case, row = case_in(edge, state), ACTIONS[action]
    answer = try_it(edge, case, action, somebody(role, whose_turn(case, action)))
    assert (answer.status, answer.body["state"]) == (200, row["to"]), answer.body
    assert answer.version == case["version"] + 1
    assert events_after(edge, case) == [event.rstrip("?") for event in row["events"]]
    if row["to"] == "closed":
        assert answer.body["outcome"] == row["outcome"]


@pytest.mark.parametrize("action", ACTIONS)
def test_who_is_of_another_unit_may_not_unless_the_table_lets_the_role_act_for_all(edge: Edge, action: str) -> None:
    state, row = ACTIONS[action]["from"][0], ACTIONS[action]
    case = case_in(edge, state)
    before = edge.stored()
    for role in ROLES:
        for_all = "case.any-unit" in ROLES[role]["permissions"]
        desk_of_all = row["actors"] == "screening" and role == "linkage-centre"
        if role in row["roles"] and (for_all or desk_of_all):
            continue  # tried above, and below
        answer = try_it(edge, case, action, somebody(role, "linkage-centre" if role == "linkage-centre" else "health"))
        assert answer.status in (403, 404), (action, role)
    assert edge.stored() == before
    linkage = try_it(edge, case, action, LINKAGE)
    assert linkage.status == (200 if row["actors"] == "screening" else 403)
    assert try_it(edge, edge.case(case_in(edge, state)["case_id"]), action, ADMIN).status == 200


@pytest.mark.parametrize("action", ACTIONS)
def test_what_the_table_requires_must_be_said(edge: Edge, action: str) -> None:
    row = ACTIONS[action]
    case = case_in(edge, row["from"][0])
    for field in row["requires"]:
        said = {name: value for name, value in SAID.get(action, {}).items() if name != field}
        path = f"/v1/cases/{case['case_id']}/actions/{action}"
        answer = edge.post(path, said, ADMIN, version=case["version"])
        assert (answer.status, answer.code, answer.field) == (422, "field-required", field)
    if "area" in row.get("requires_unless_known", []):
        push = [{"phone_number": "13900000001", "content": "想咨询一下", "sequence_id": "1"}]
        edge.post("/hooks/sms/aliyun?key=aliyun-secret", push)
        unplaced = edge.get("/v1/cases", LINKAGE, source="sms", message_id="1").body
        answer = try_it(edge, unplaced, action, LINKAGE)
        assert (answer.status, answer.code, answer.field) == (422, "field-required", "area")
        assert try_it(edge, unplaced, action, LINKAGE, area=CELL).body["area"]["code"] == CELL


@pytest.mark.parametrize("name", VISITS)
def test_a_visits_result_leads_where_the_table_says(edge: Edge, name: str) -> None:
    row, case = VISITS[name], case_in(edge, "resolved")
    if name == "not-home-last":
        edge.visit(case["case_id"], "not-home", WORKER)
        case = edge.case(case["case_id"])
    answer = edge.visit(case["case_id"], name.removesuffix("-last"), WORKER, note="看过了")
    assert (answer.status, answer.body["state"], answer.body["outcome"]) == (200, row["to"], row.get("outcome"))
    assert events_after(edge, case) == row["events"]


@pytest.mark.parametrize("role", ROLES)
def test_a_visit_is_recorded_by_who_holds_the_permission_and_answers_for_the_area(edge: Edge, role: str) -> None:
    category = "noise" if "kinds" in ROLES[role] else CATEGORY
    case, held = case_in(edge, "resolved", category), "visit.record" in ROLES[role]["permissions"]
    assert not is_hidden(case, role)
    path, body = f"/v1/visits/{case['visits'][-1]['visit_id']}/result", {"outcome": "satisfied"}
    elsewhere = StaffMember("x", role, LEAD, ("3203020020010101",))
    assert edge.post(path, body, elsewhere, version=case["version"]).status in (403, 404)
    answer = edge.post(path, body, somebody(role, LEAD), version=case["version"])
    assert answer.status == (200 if held else 403)


@pytest.mark.parametrize("state", STATES)
def test_a_visit_is_recorded_only_while_the_case_waits_for_it(edge: Edge, state: str) -> None:
    resolved = case_in(edge, "resolved")
    visit_id = resolved["visits"][-1]["visit_id"]
    if state == "resolved":
        return
    edge.visit(resolved["case_id"], "satisfied" if state == "closed" else "dissatisfied", ADMIN)
    for action in {
        "assigned": ["grant-reopen"],
        "accepted": ["grant-reopen", "accept"],
        "screening": ["grant-reopen", "return"],
    }.get(state, []):
        edge.act(resolved["case_id"], action, ADMIN, **SAID.get(action, {}))
    case = edge.case(resolved["case_id"])
    assert case["state"] == state
    answer = edge.post(f"/v1/visits/{visit_id}/result", {"outcome": "satisfied"}, ADMIN, version=case["version"])
    assert (answer.status, answer.code) == (409, "action-not-allowed")


@pytest.mark.parametrize("permission", ["report.submit", "queue.read", "visit.read", "attachment.create"])
@pytest.mark.parametrize("role", ROLES)
def test_the_other_permissions_are_those_of_the_table(edge: Edge, role: str, permission: str) -> None:
    by = somebody(role, DESK)
    answer = {
        "report.submit": lambda: edge.post("/v1/reports", edge.a_report(), by),
        "queue.read": lambda: edge.get(f"/v1/units/{DESK}/queue", by),
        "visit.read": lambda: edge.get("/v1/visits", by),
        "attachment.create": lambda: edge.post("/v1/attachments", {"content_type": "image/png", "bytes": 1}, by),
    }[permission]()
    assert (answer.status < 300) is (permission in ROLES[role]["permissions"])
    assert answer.status < 300 or answer.code == "forbidden"


def test_a_petition_is_seen_and_handled_by_the_petition_office_and_hidden_from_who_it_may_accuse(edge: Edge) -> None:
    category = next(c.id for c in edge.policy.categories.values() if c.kind == "petition")
    receipt = edge.report(ADMIN, text="反映一件事", category=category)
    assert receipt["unit"]["id"] == "petition-office"
    for by in (WORKER, STATION, LINKAGE, officer_of(LEAD)):
        assert edge.get(f"/v1/cases/{receipt['case_id']}", by).status == 404
        assert edge.get(f"/v1/cases/{receipt['case_id']}/timeline", by).status == 404
        assert edge.get(f"/v1/reports/{receipt['report_id']}", by).status == 404
    office = StaffMember("p1", "petition-office", "petition-office", ("320302",))
    assert edge.act(receipt["case_id"], "accept", office).status == 200
    assert edge.get("/v1/units/petition-office/queue", LINKAGE).body["items"] == []
