"""Every role against every route, inside and outside its area and unit: the cells of `docs/permissions.md`."""

from __future__ import annotations

import pytest

import app
from infra import permissions
from infra.permission_rules import (
    ALLOWED,
    EMPTY,
    HIDDEN,
    REFUSED,
    Cell,
    Route,
    actors,
    cells,
    matters,
    matters_of,
    places,
    roles,
    routes,
    table,
)
from tests.integration.edge import Edge
from tests.integration.gateway import Answer
from tests.integration.matters import Matters, somebody

CELLS = list(cells())
LISTS = {"queue", "cases", "own", "visits"}


def rows() -> dict[str, list[Cell]]:
    """The cells of each route and matter: every role from every place."""
    found: dict[str, list[Cell]] = {}
    for cell in CELLS:
        found.setdefault("-".join((cell.route.name, *([cell.matter.id] if cell.matter else []))), []).append(cell)
    return found


ROWS = rows()


@pytest.fixture(scope="module")
def world(deployment: Edge) -> Matters:
    deployment.empty()
    return Matters(deployment)


@pytest.mark.parametrize("row", ROWS)
def test_every_role_gets_from_every_place_what_the_table_says(world: Matters, row: str) -> None:
    wrong = [said for cell in ROWS[row] if (said := amiss(world, cell))]
    assert not wrong, "\n".join(["", *wrong])


def amiss(world: Matters, cell: Cell) -> str:
    """What is wrong with the answer to a cell; empty where nothing is. The matters are as they were laid afterwards."""
    try:
        answer = world.ask(cell)
        outcome = got(world, cell, answer)
        if outcome != cell.outcome:
            return f"{cell.id}: {outcome} instead of {cell.outcome} ({answer.status} {answer.body})"
        if outcome != ALLOWED and (changes := world.changes()):
            return f"{cell.id}: {outcome}, and yet written: {changes}"
    except Exception as error:
        return f"{cell.id}: {cell.outcome} expected, {error!r}"
    finally:
        world.restore()
    return ""


def got(world: Matters, cell: Cell, answer: Answer) -> str:
    """What came of it. Whoever may not know of a case gets the answer for one that does not exist, and no more."""
    if answer.status == 404:
        assert (answer.code, answer.body["field"], "ETag" in answer.headers) == ("not-found", None, False)
        return HIDDEN
    if answer.status == 403:
        assert answer.code == "forbidden"
        return REFUSED
    assert answer.status < 300
    if cell.route.about in LISTS:
        listed = [item["case_id"] for item in answer.body["items"]]
        return ALLOWED if world.facts(cell.route, cell.matter)["case_id"] in listed else EMPTY
    return ALLOWED


@pytest.mark.parametrize("route", [route for route in routes() if not route.open], ids=lambda route: route.name)
def test_a_role_the_pack_does_not_know_gets_nothing(world: Matters, route: Route) -> None:
    for matter in matters_of(route):
        facts = world.facts(route, matter)
        for place in places():
            answer = world.asked(route, facts, somebody("emperor", place, facts, route.turn))
            assert answer.code in ("forbidden", "not-found"), (place, answer.body)
    assert world.changes() == []
    world.restore()


@pytest.mark.parametrize("route", [route for route in routes() if route.open], ids=lambda route: route.name)
def test_what_is_open_needs_no_token_and_a_source_its_proof(world: Matters, route: Route) -> None:
    answer = world.asked(route, world.facts(route, matters()["hazard"]), None)
    if route.open == "anybody":
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (403 if route.open == "form" else 401, f"{route.open}-invalid")
    assert world.changes() == []


def test_every_route_of_the_application_is_in_the_table_and_no_other() -> None:
    served = {(method, path) for path, methods in app.app.routes.items() for method in methods}
    found = {_served_as(route, served) for route in routes()}
    assert found == served


def test_a_token_is_needed_where_the_table_says_so() -> None:
    served = {(method, path) for path, methods in app.app.routes.items() for method in methods}
    for route in routes():
        method, path = _served_as(route, served)
        assert (app.app.routes[path][method].authorizer is None) is bool(route.open), route.name


def test_the_matrix_tries_every_action_and_everything_a_role_may() -> None:
    assert {route.needs for route in routes() if route.about == "action"} == {f"case.{name}" for name in actors()}
    asked = {route.needs for route in routes() if route.needs} | set(table()["beside_routes"])
    assert asked == {permission for role in roles().values() for permission in role.permissions}


def test_every_outcome_of_every_kind_of_row_is_there() -> None:
    """The matrix could not tell a rule that is never broken from one that is not there."""
    found: dict[str, set[str]] = {}
    for cell in CELLS:
        found.setdefault(cell.route.about, set()).add(cell.outcome)
    assert found["nothing"] == {ALLOWED, REFUSED}
    assert found["case"] == {ALLOWED, HIDDEN, REFUSED}  # every role of the pack reads cases, and few compare them
    assert found["report"] == found["action"] == found["visit"] == found["identity"] == {ALLOWED, HIDDEN, REFUSED}
    assert found["queue"] == found["cases"] == found["visits"] == {ALLOWED, EMPTY, REFUSED}
    assert found["own"] == {ALLOWED, EMPTY}


def test_the_document_is_what_the_generator_writes() -> None:
    assert permissions.DOCUMENT.read_text("utf-8") == permissions.document(), "python -m infra.permissions"


def _served_as(route: Route, served: set[tuple[str, str]]) -> tuple[str, str]:
    """The route of the application that a row's path goes to."""
    method, path = route.route.split(" ")
    wanted = path.split("/")
    fits = [
        (m, p)
        for m, p in served
        if m == method
        and len(p.split("/")) == len(wanted)
        and all(a == b or a.startswith("{") for a, b in zip(p.split("/"), wanted, strict=True))
    ]
    assert len(fits) == 1, (route.name, fits)
    return fits[0]
