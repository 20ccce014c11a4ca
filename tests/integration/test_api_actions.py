"""The table of docs/contract/actions.yaml, cell by cell: what each role may do to a case in each state, and what follows.

A cell is tried by somebody of the unit whose turn it is, so that role and state alone decide.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.people import StaffMember
from tests.contract.documents import contract
from tests.integration.edge import Answer, Edge
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


def case_in(edge: Edge, state: str) -> dict[str, Any]:
    """A case of an ordinary kind that has come into a state as cases do."""
    receipt = edge.report(ADMIN, text="想咨询一下") if state == "screening" else edge.report(ADMIN, category=CATEGORY)
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


def try_it(edge: Edge, case: dict[str, Any], action: str, by: StaffMember, **said: str) -> Answer:
    path = f"/v1/cases/{case['case_id']}/actions/{action}"
    return edge.post(path, {**SAID.get(action, {}), **said}, by, version=case["version"])


def events_after(edge: Edge, case: dict[str, Any]) -> list[str]:
    return [item["type"] for item in edge.timeline(case["case_id"]) if item["version"] > case["version"]]


@pytest.mark.parametrize("state", STATES)
def test_what_role_and_state_allow_is_done_and_nothing_else(edge: Edge, state: str) -> None:
    case, allowed = case_in(edge, state), [name for name, action in ACTIONS.items() if state in action["from"]]
    assert sorted(case["allowed_actions"]) == sorted(allowed)
    before = edge.stored()
    for name, action in ACTIONS.items():
        for role in ROLES:
            cell = (state, name, role)
            by = somebody(role, DESK if action["actors"] == "screening" else case["lead_unit"] and LEAD or LEAD)
            if role in action["roles"] and state in action["from"]:
                continue  # below
            answer = try_it(edge, case, name, by)
            if role not in action["roles"]:
                assert (answer.status, answer.code) in ((403, "forbidden"), (404, "not-found")), cell
            elif answer.status != 404:
                assert (answer.status, answer.code) == (409, "action-not-allowed"), cell
                assert sorted(answer.body["allowed_actions"]) == sorted(allowed), cell
                assert answer.body["state"] == state
    assert edge.stored() == before
