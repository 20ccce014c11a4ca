"""The policy pack does what the contract's tables say: actions, roles and notices, cell by cell."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chalicelib.domain.events import EVENT_TYPES
from tests.contract.documents import contract, pack


def _by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def test_states_are_those_of_the_procedure() -> None:
    states = _by_id(pack("procedure.toml")["state"])
    assert {name: (state["zh"], state["open"]) for name, state in contract("actions.yaml")["states"].items()} == {
        name: (state["zh"], state["open"]) for name, state in states.items()
    }


def test_actions_are_those_of_the_procedure() -> None:
    asked = contract("actions.yaml")["actions"]
    actions = _by_id(pack("procedure.toml")["action"])
    assert set(asked) == set(actions)
    for name, row in asked.items():
        action = actions[name]
        assert (row["zh"], set(row["from"]), row["to"], row["actors"]) == (
            action["zh"],
            set(action["states"]),
            action["to"],
            action["actors"],
        ), name
        assert {*row["requires"], *row.get("requires_unless_known", [])} == set(action["requires"]), name


def test_roles_have_exactly_the_permissions_and_the_sight_of_the_table() -> None:
    def told(role: dict[str, Any]) -> tuple[Any, ...]:
        sight = (role.get("scope"), role.get("kinds", []), role.get("confidential", False))
        return (role["zh"], *sight, sorted(role["permissions"]))

    roles = _by_id(pack("roles.toml")["role"])
    assert {name: told(role) for name, role in contract("actions.yaml")["roles"].items()} == {
        name: told(role) for name, role in roles.items()
    }


def test_who_may_do_an_action_is_who_has_its_permission() -> None:
    table = contract("actions.yaml")
    for name, row in table["actions"].items():
        permitted = {role for role, its in table["roles"].items() if f"case.{name}" in its["permissions"]}
        assert set(row["roles"]) == permitted, name


def test_the_tables_name_only_known_events_states_and_outcomes() -> None:
    table = contract("actions.yaml")
    outcomes = set(contract("openapi.yaml")["components"]["schemas"]["CaseOutcome"]["enum"])
    rows = [row for part in ("actions", "visit_results", "by_itself", "rounds") for row in table[part].values()]
    assert {event.rstrip("?") for row in rows for event in row["events"]} == EVENT_TYPES
    assert {row["outcome"] for row in rows if "outcome" in row} == outcomes
    for row in rows:
        assert {*row.get("from", []), *([row["to"]] if "to" in row else [])} <= set(table["states"])
        assert (row.get("to") == "closed") == ("outcome" in row)


def test_the_openapi_document_names_the_same_states_actions_and_roles() -> None:
    schemas, table = contract("openapi.yaml")["components"]["schemas"], contract("actions.yaml")
    assert schemas["State"]["enum"] == list(table["states"])
    assert schemas["Action"]["enum"] == list(table["actions"])
    assert schemas["Role"]["enum"] == list(table["roles"])
    assert {*schemas["VisitOutcome"]["enum"], "not-home-last"} == set(table["visit_results"])


def test_notices_are_those_of_the_messages() -> None:
    def counted(notices: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
        return Counter(
            (row["event"], row["audience"], *sorted(row["channels"]), "from", *sorted(row.get("sources", [])))
            for row in notices
        )

    assert counted(contract("notices.yaml")["notices"]) == counted(pack("messages.toml")["notice"])


def test_notices_name_known_events_and_audiences() -> None:
    table = contract("notices.yaml")
    assert {row["event"] for row in table["notices"]} <= EVENT_TYPES
    assert {row["audience"] for row in table["notices"]} == set(table["audiences"])
