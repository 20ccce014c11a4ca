"""Who may what, worked out from the policy pack and `docs/contract/permissions.yaml`.

Written apart from the code that decides (`chalicelib/domain/people.py`), on purpose: `infra/permissions.py` writes it
down for people, and `tests/integration/test_permissions.py` asks the running application for every cell of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from chalicelib.policy.procedures import procedures_of
from chalicelib.policy.reader import read_pack
from infra.settings import ROOT

TABLE = ROOT / "docs" / "contract" / "permissions.yaml"
PACK = ROOT / "chalicelib" / "policy" / "gulou"

ALLOWED, HIDDEN, REFUSED, EMPTY = "allowed", "hidden", "refused", "empty"


@dataclass(frozen=True, slots=True)
class Role:
    id: str
    zh: str
    scope: str
    permissions: frozenset[str]
    confidential: bool
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Matter:
    """A case as far as permissions go. `lead` and `desk` are which units: lead, desk, petitions.

    `source`: from where it came, where no staff reported it. `aside`: tried only by routes that name it.
    """

    id: str
    zh: str
    en: str
    kind: str | None
    category: str
    state: str
    confidential: bool
    source: str = ""
    aside: bool = False

    @property
    def on_desk(self) -> bool:
        return self.state in ("screening", "petition-screening", "returned")

    @property
    def lead(self) -> str | None:
        return None if self.on_desk else "lead"

    @property
    def desk(self) -> str:
        return "petitions" if self.confidential else "desk"


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody asks; `unit`: turn, linkage or other."""

    id: str
    zh: str
    area: str
    unit: str
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the table. `actors`: whose the action is, by its procedures; or as what a unit asks."""

    route: str
    key: str
    zh: str
    open: str
    needs: str
    about: str
    actors: tuple[str, ...]
    matters: tuple[str, ...]
    state: str | None
    query: Mapping[str, str]
    body: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        return f"{self.route} ({self.key})" if self.key else self.route

    @property
    def turn(self) -> str:
        """Of which of the actors somebody is who asks as the unit whose turn it is; a submitter is of any unit."""
        return next((actor for actor in self.actors if actor not in ("submitter", "visitor")), "")


@dataclass(frozen=True, slots=True)
class Cell:
    """One question to the application, and what comes of it. No matter where the answer hangs on no case."""

    role: Role
    route: Route
    matter: Matter | None
    place: Place
    outcome: str

    @property
    def id(self) -> str:
        return "-".join((self.role.id, self.route.name, *([self.matter.id] if self.matter else []), self.place.id))


def cells() -> Iterator[Cell]:
    """The whole matrix."""
    for route in routes():
        if route.open:
            continue
        for matter in matters_of(route):
            for role in roles().values():
                for place in places():
                    yield Cell(role, route, matter, place, outcome(route, role, matter, place))


def matters_of(route: Route) -> list[Matter | None]:
    return [matters()[name] for name in route.matters] or [None]


def outcome(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    """What somebody of a role gets who asks this of such a matter from such a place."""
    return _ABOUT[route.about](route, role, matter, place)


def _permitted(role: Role, route: Route) -> bool:
    return route.needs in role.permissions


def _nothing(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    return ALLOWED if _permitted(role, route) else REFUSED


def _area(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    return ALLOWED if _permitted(role, route) and place.area == "own" else REFUSED


def _case(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if not _permitted(role, route):
        return REFUSED
    return ALLOWED if _sees(role, _given(matter), place, route.turn) else HIDDEN


def _report(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if not _permitted(role, route):
        return REFUSED
    return ALLOWED if place.reported or _sees(role, _given(matter), place) else HIDDEN


def _action(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    matter = _given(matter)
    if not (_sees(role, matter, place, route.turn) or _entrusted(route, role, matter, place)):
        return HIDDEN
    if not _permitted(role, route):
        return REFUSED
    acts = any(_is(actor, role, matter, place) for actor in route.actors)
    return ALLOWED if acts or "case.any-unit" in role.permissions else REFUSED


def _entrusted(route: Route, role: Role, matter: Matter, place: Place) -> bool:
    """Whether a registered petition is in the hands of who asks: of a body, and not of who looks on from it."""
    registered = matter.confidential and route.state is not None and not matter.on_desk
    speaks = role.scope in ("own-area", "own-unit") or (role.scope == "district" and "case.accept" in role.permissions)
    return registered and speaks and place.unit == "turn"


def _is(actor: str, role: Role, matter: Matter, place: Place) -> bool:
    """Whether who asks is such an actor. The linkage centre may do what any desk may; who walks a cell sits at none."""
    if actor == "submitter":
        return _reported(matter, place)
    if actor == "visitor":
        return place.area == "own"
    desk = actor in ("screening", "approver", "superior")
    return not (desk and role.scope == "own-cell") and (place.unit == "turn" or (desk and place.unit == "linkage"))


def _reported(matter: Matter, place: Place) -> bool:
    return place.reported and not matter.source


def _visit(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if not _sees(role, _given(matter), place):
        return HIDDEN
    return _area(route, role, matter, place)


def _identity(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    matter = _given(matter)
    if not _permitted(role, route):
        return REFUSED
    if not _sees(role, matter, place):
        return HIDDEN
    if route.state == "resolved":
        return ALLOWED if "visit.record" in role.permissions and place.area == "own" else REFUSED
    at_work = place.unit == "turn" or (matter.on_desk and place.unit == "linkage")
    return ALLOWED if at_work and role.scope != "own-cell" else REFUSED


def _queue(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    matter = _given(matter)
    own = _unit_of(place, matter) == _turn_of(matter)
    above = _turn_of(matter) == "desk" and place.area == "own" and role.scope in ("own-cell", "own-area")
    if not _permitted(role, route) or not (own or above or role.scope == "district"):
        return REFUSED
    return ALLOWED if _lists(role, matter, place) else EMPTY


def _cases(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if _area(route, role, matter, place) == REFUSED or role.scope == "own-unit":
        return REFUSED
    return ALLOWED if _lists(role, _given(matter), place) else EMPTY


def _own(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if not _permitted(role, route):
        return REFUSED
    return ALLOWED if place.reported and _sees(role, _given(matter), place) else EMPTY


def _visits(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if _area(route, role, matter, place) == REFUSED:
        return REFUSED
    return ALLOWED if _lists(role, _given(matter), place) else EMPTY


def _beat(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    """Whoever asks holds the post of the beat, but for who reported something."""
    if not role.permissions & {"patrol.read", "patrol.check-in"}:
        return REFUSED
    walks = "patrol.check-in" in role.permissions and not place.reported
    return ALLOWED if walks or ("patrol.read" in role.permissions and place.area == "own") else HIDDEN


def _walk(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if not _permitted(role, route):
        return REFUSED
    return HIDDEN if place.reported else ALLOWED


_ABOUT: Mapping[str, Callable[[Route, Role, Matter | None, Place], str]] = {
    "nothing": _nothing,
    "area": _area,
    "case": _case,
    "report": _report,
    "action": _action,
    "visit": _visit,
    "identity": _identity,
    "queue": _queue,
    "cases": _cases,
    "own": _own,
    "visits": _visits,
    "beat": _beat,
    "walk": _walk,
}
OF_A_CASE = frozenset({"case", "report", "action", "visit", "identity", "queue", "cases", "own", "visits"})
"""What a route may be about that hangs on a case."""


def _sees(role: Role, matter: Matter, place: Place, turn: str = "") -> bool:
    unit = _unit_of(place, matter, turn)
    if matter.confidential and not role.confidential:
        return matter.on_desk and unit == matter.desk and _screensordinary(role)
    concerned = unit in (matter.lead, matter.desk, "joint")
    return _reported(matter, place) or _within(role, matter, place, concerned=concerned)


def _lists(role: Role, matter: Matter, place: Place) -> bool:
    unit = _unit_of(place, matter)
    if matter.confidential and not role.confidential:
        return matter.on_desk and unit == matter.desk and _screensordinary(role)
    return _within(role, matter, place, concerned=unit == _turn_of(matter))


def _within(role: Role, matter: Matter, place: Place, *, concerned: bool) -> bool:
    if role.kinds and matter.kind not in role.kinds:
        return False
    return {
        "district": True,
        "own-cell": place.area == "own",
        "own-area": place.area == "own" or concerned,
        "own-unit": concerned,
        "petitions": matter.confidential or concerned,
    }.get(role.scope, False)


def _screensordinary(role: Role) -> bool:
    return role.scope == "district" and "case.classify" in role.permissions


def _turn_of(matter: Matter) -> str:
    return matter.lead or matter.desk


def _unit_of(place: Place, matter: Matter, turn: str = "") -> str:
    """Whose staff asks: lead, desk, petitions, joint, linkage or other. The turn may be another's in what one leads."""
    if place.unit != "turn":
        return place.unit
    return {"screening": matter.desk, "approver": matter.desk, "joint": "joint"}.get(turn, _turn_of(matter))


def _given(matter: Matter | None) -> Matter:
    assert matter is not None
    return matter


@cache
def roles() -> Mapping[str, Role]:
    return {
        row["id"]: Role(
            row["id"],
            row["zh"],
            row.get("scope", ""),
            frozenset(row["permissions"]),
            row.get("confidential", False),
            frozenset(row.get("kinds", ())),
        )
        for row in pack("roles.toml")["role"]
    }


@cache
def matters() -> Mapping[str, Matter]:
    confidential = {kind["id"] for kind in pack("pack.toml")["kind"] if kind.get("confidential_to")}
    return {
        name: Matter(name, confidential=row["kind"] in confidential, **row) for name, row in table()["matters"].items()
    }


@cache
def places() -> Sequence[Place]:
    return [Place(name, **row) for name, row in table()["places"].items()]


@cache
def routes() -> Sequence[Route]:
    return [_route(row) for row in table()["routes"]]


def _route(row: Mapping[str, Any]) -> Route:
    about, action = row.get("about", ""), row["route"].rpartition("/actions/")[2]
    ordinary = [matter.id for matter in matters().values() if not matter.aside]
    return Route(
        route=row["route"],
        key=row.get("key", ""),
        zh=row["zh"],
        open=row.get("open", ""),
        needs=row.get("needs", ""),
        about=about,
        actors=actors()[action] if about == "action" else tuple(filter(None, [row.get("as")])),
        matters=tuple(row.get("matters", ordinary if about in OF_A_CASE else ())),
        state=row.get("state"),
        query=row.get("query", {}),
        body=row.get("body"),
    )


@cache
def actors() -> Mapping[str, tuple[str, ...]]:
    """Whose an action is, by its id: of one id, the same in every procedure."""
    found: dict[str, tuple[str, ...]] = {}
    for procedure in procedures_of(read_pack(PACK)).values():
        for name, entry in procedure.actions.items():
            named = tuple(entry.part.actors)
            assert found.setdefault(name, named) == named, f"{procedure.id}: {name} is of other actors elsewhere"
    return found


@cache
def table() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(TABLE.read_text("utf-8"))
    return read


@cache
def pack(file: str) -> dict[str, Any]:
    return tomllib.loads((PACK / file).read_text("utf-8"))
