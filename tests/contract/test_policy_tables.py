"""The policy pack does what the contract's tables say: actions, roles and notices, cell by cell."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest

from chalicelib.domain.events import EVENT_TYPES
from chalicelib.policy.procedures import Whole, procedures_of
from chalicelib.policy.reader import read_pack
from tests.contract.documents import PACK, actions_in, contract, pack


def _by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


@cache
def whole(name: str) -> Whole:
    """A procedure of the pack with what it has of the one it extends."""
    return procedures_of(read_pack(PACK))[name]


PROCEDURES = list(contract("actions.yaml")["procedures"])


def test_the_procedures_are_those_that_cases_go_by() -> None:
    assert set(PROCEDURES) == {row["procedure"] for row in pack("pack.toml")["use"]}


@pytest.mark.parametrize("name", PROCEDURES)
def test_what_may_be_done_in_each_state_of_a_procedure_is_what_the_table_says(name: str) -> None:
    asked, procedure = contract("actions.yaml")["procedures"][name], whole(name)
    assert asked["zh"] == procedure.entry.part.zh
    doing = {
        state: {action for action, entry in procedure.actions.items() if state in entry.part.states}
        for state in procedure.states
    }
    assert {state: set(row["actions"]) for state, row in asked["states"].items()} == doing
    assert {state: (row["zh"], row["whose_turn"], state != "closed") for state, row in asked["states"].items()} == {
        state: (entry.part.zh, entry.part.turn, entry.part.open) for state, entry in procedure.states.items()
    }


@pytest.mark.parametrize("name", PROCEDURES)
def test_what_an_action_of_a_procedure_needs_and_does_is_what_the_table_says(name: str) -> None:
    asked, procedure = actions_in(name), whole(name)
    assert set(asked) == set(procedure.actions)
    for action, row in asked.items():
        part = procedure.actions[action].part
        assert (row["zh"], row["actors"], row.get("within", "")) == (part.zh, part.actors, part.within), action
        assert {*row["requires"], *row.get("requires_unless_known", [])} == set(part.requires), action
        assert row.get("within_day", 0) == part.days_back * part.within_day, action
        if part.to:  # where what is said decides, the code does: tests/integration/test_api_actions.py
            assert row["to"] == part.to, action


def test_every_action_of_the_table_is_one_of_some_procedure_and_says_what_is_other_there_only() -> None:
    actions = contract("actions.yaml")["actions"]
    assert set(actions) == {name for procedure in PROCEDURES for name in actions_in(procedure)}
    for name, row in actions.items():
        for procedure, other in row.get("instead", {}).items():
            assert name in actions_in(procedure)
            assert all(row.get(key) != value for key, value in other.items()), (name, procedure)


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
    parts = ("actions", "evaluations", "visit_results", "by_itself", "operators", "rounds")
    rows = [row for part in parts for row in table[part].values()]
    rows += [other for row in table["actions"].values() for other in row.get("instead", {}).values()]
    assert {event.rstrip("?") for row in rows for event in row.get("events", [])} == EVENT_TYPES
    states = {state for procedure in table["procedures"].values() for state in procedure["states"]}
    for row in rows:
        assert {*row.get("from", []), *([row["to"]] if "to" in row else [])} <= states
        assert (row.get("to") == "closed") == ("outcome" in row)


def test_the_openapi_document_names_the_same_roles_results_and_words() -> None:
    """States and actions are data of the pack, so that clients take any."""
    schemas, table = contract("openapi.yaml")["components"]["schemas"], contract("actions.yaml")
    assert schemas["Role"]["enum"] == list(table["roles"])
    assert {*schemas["VisitOutcome"]["enum"], "not-home-last"} == set(table["visit_results"])
    for name in ("State", "Action", "CaseOutcome"):
        assert "enum" not in schemas[name]
    turns = {row["whose_turn"] for each in table["procedures"].values() for row in each["states"].values()}
    assert set(schemas["Turn"]["enum"]) == turns


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
