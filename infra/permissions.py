"""Who may what, worked out from the policy pack and `docs/contract/permissions.yaml`: `python -m infra.permissions`.

Writes `docs/permissions.md`. What is worked out here is written apart from the code that decides
(`chalicelib/domain/people.py`), on purpose: `tests/integration/test_permissions.py` asks the running application for
every cell of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from infra.settings import ROOT

TABLE = ROOT / "docs" / "contract" / "permissions.yaml"
DOCUMENT = ROOT / "docs" / "permissions.md"
PACK = ROOT / "chalicelib" / "policy" / "gulou"

ALLOWED, HIDDEN, REFUSED, EMPTY = "allowed", "hidden", "refused", "empty"
_SIGNS = {ALLOWED: "✓", HIDDEN: "○", REFUSED: "✗", EMPTY: "□"}
_OPEN = {"anybody": "任何人 anybody", "secret": "地址中的密钥 a secret in the address", "signature": "签名 a signature"}


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
    """A case as far as permissions go. `lead` and `desk` are which units: lead, desk, linkage."""

    id: str
    zh: str
    en: str
    kind: str | None
    category: str
    state: str
    confidential: bool

    @property
    def on_desk(self) -> bool:
        return self.state == "screening"

    @property
    def lead(self) -> str | None:
        return None if self.on_desk else "lead"

    @property
    def desk(self) -> str:
        return "linkage" if self.confidential else "desk"


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
    """A row of the table. `turn`: whose turn the action is, lead or screening; empty where it is none."""

    route: str
    key: str
    zh: str
    open: str
    needs: str
    about: str
    turn: str
    matters: tuple[str, ...]
    state: str | None
    query: Mapping[str, str]
    body: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        return f"{self.route} ({self.key})" if self.key else self.route


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
    return ALLOWED if _sees(role, _given(matter), place) else HIDDEN


def _report(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if not _permitted(role, route):
        return REFUSED
    return ALLOWED if place.reported or _sees(role, _given(matter), place) else HIDDEN


def _action(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    matter = _given(matter)
    if not _sees(role, matter, place, route.turn):
        return HIDDEN
    if not _permitted(role, route):
        return REFUSED
    if "case.any-unit" in role.permissions or place.unit == "turn":
        return ALLOWED
    return ALLOWED if route.turn == "screening" and place.unit == "linkage" else REFUSED


def _visit(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if not _sees(role, _given(matter), place):
        return HIDDEN
    return _area(route, role, matter, place)


def _queue(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    matter = _given(matter)
    own = _unit_of(place, matter) == _turn_of(matter)
    above = _turn_of(matter) == "desk" and place.area == "own" and role.scope in ("own-cell", "own-area")
    if not _permitted(role, route) or not (own or above or role.scope == "district"):
        return REFUSED
    return ALLOWED if _lists(role, matter, place) else EMPTY


def _visits(route: Route, role: Role, matter: Matter | None, place: Place) -> str:
    if _area(route, role, matter, place) == REFUSED:
        return REFUSED
    return ALLOWED if _lists(role, _given(matter), place) else EMPTY


_ABOUT: Mapping[str, Callable[[Route, Role, Matter | None, Place], str]] = {
    "nothing": _nothing,
    "area": _area,
    "case": _case,
    "report": _report,
    "action": _action,
    "visit": _visit,
    "queue": _queue,
    "visits": _visits,
}
OF_A_CASE = frozenset({"case", "report", "action", "visit", "queue", "visits"})
"""What a route may be about that hangs on a case."""


def _sees(role: Role, matter: Matter, place: Place, turn: str = "") -> bool:
    unit = _unit_of(place, matter, turn)
    if matter.confidential and not role.confidential:
        return matter.on_desk and unit == matter.desk and _screens_all(role)
    return place.reported or _within(role, matter, place, concerned=unit in (matter.lead, matter.desk))


def _lists(role: Role, matter: Matter, place: Place) -> bool:
    unit = _unit_of(place, matter)
    if matter.confidential and not role.confidential:
        return matter.on_desk and unit == matter.desk and _screens_all(role)
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


def _screens_all(role: Role) -> bool:
    return role.scope == "district" and "case.classify" in role.permissions


def _turn_of(matter: Matter) -> str:
    return matter.lead or matter.desk


def _unit_of(place: Place, matter: Matter, turn: str = "") -> str:
    """Whose staff asks: lead, desk, linkage or other. The turn may be the desk's in a matter that another leads."""
    if place.unit != "turn":
        return place.unit
    return matter.desk if turn == "screening" else _turn_of(matter)


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
        for row in _pack("roles.toml")["role"]
    }


@cache
def matters() -> Mapping[str, Matter]:
    confidential = {kind["id"] for kind in _pack("pack.toml")["kind"] if kind.get("confidential_to")}
    return {
        name: Matter(name, confidential=row["kind"] in confidential, **row) for name, row in _table()["matters"].items()
    }


@cache
def places() -> Sequence[Place]:
    return [Place(name, **row) for name, row in _table()["places"].items()]


@cache
def routes() -> Sequence[Route]:
    return [_route(row) for row in _table()["routes"]]


def _route(row: Mapping[str, Any]) -> Route:
    about, action = row.get("about", ""), row["route"].rpartition("/actions/")[2]
    actors = {each["id"]: each["actors"] for each in _pack("procedure.toml")["action"]}
    return Route(
        route=row["route"],
        key=row.get("key", ""),
        zh=row["zh"],
        open=row.get("open", ""),
        needs=row.get("needs", ""),
        about=about,
        turn=actors[action] if about == "action" else "",
        matters=tuple(row.get("matters", matters() if about in OF_A_CASE else ())),
        state=row.get("state"),
        query=row.get("query", {}),
        body=row.get("body"),
    )


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(TABLE.read_text("utf-8"))
    return table


@cache
def _pack(file: str) -> dict[str, Any]:
    return tomllib.loads((PACK / file).read_text("utf-8"))


def main() -> None:
    DOCUMENT.write_text(document(), "utf-8")


def document() -> str:
    """`docs/permissions.md`."""
    closed = [route for route in routes() if not route.open]
    by_matter = [
        (f"{matter.zh} {matter.en}", [route for route in closed if matter.id in route.matters], matter)
        for matter in matters().values()
    ]
    plain = [route for route in closed if not route.matters]
    parts = [
        _section(title, listed, matter) for title, listed, matter in (("与事件无关 No case", plain, None), *by_matter)
    ]
    where = "\n".join(f"{number}. {place.zh}" for number, place in enumerate(places(), start=1))
    held = "\n".join(
        f"| {role.zh} {role.id} | {role.scope} | {', '.join(sorted(role.kinds)) or '全部 all'} "
        f"| {'是 yes' if role.confidential else '否 no'} | {', '.join(sorted(role.permissions))} |"
        for role in roles().values()
    )
    open_to = "\n".join(f"| {route.zh} | `{route.route}` | {_OPEN[route.open]} |" for route in routes() if route.open)
    return _DOCUMENT.format(
        cells=f"{len(list(cells())):,}", where=where, held=held, open_to=open_to, parts="\n".join(parts)
    )


def _section(title: str, listed: Sequence[Route], matter: Matter | None) -> str:
    names = [f"{role.zh}<br>{role.id}" for role in roles().values()]
    lines = [f"## {title}\n", f"| | {' | '.join(names)} |", f"|---|{':-:|' * len(names)}"]
    for route in listed:
        signs = (_signs(route, role, matter) for role in roles().values())
        lines.append(f"| {route.zh}<br>`{route.name}` | {' | '.join(signs)} |")
    return "\n".join(lines) + "\n"


def _signs(route: Route, role: Role, matter: Matter | None) -> str:
    """A sign for each place, in three groups; one for all where all are alike."""
    signs = "".join(_SIGNS[outcome(route, role, matter, place)] for place in places())
    return signs[0] if len(set(signs)) == 1 else f"{signs[:3]} {signs[3:6]} {signs[6:]}"


_DOCUMENT = """\
# 权限 Permissions

由 `python -m infra.permissions` 生成，请勿手改。Written by `python -m infra.permissions` from the policy pack
(`roles.toml`, `procedure.toml`) and from [contract/permissions.yaml](contract/permissions.yaml), which says what each
route needs; do not edit. `tests/integration/test_permissions.py` asks the application for each of the {cells} cells.

| 符号 sign | |
|---|---|
| ✓ | 允许；列表中有该事件 allowed; a list has the case |
| ○ | 对其不存在 (404) hidden: it does not exist for the asker |
| ✗ | 拒绝 (403) refused |
| □ | 列表可看，但其中没有该事件 the list may be read, and the case is not in it |

一格一个符号：在任何位置结果都相同。否则依次为：One sign in a cell: the same from everywhere. Otherwise, in this order:

{where}

轮到的单位 the unit whose turn it is: the lead unit 主办单位, or the desk that screens 甄别单位. 区域 the areas that
somebody answers for.

## 角色 Roles

| 角色 role | 可见范围 scope | 类别 kinds | 保密事项 confidential | 权限 permissions |
|---|---|---|---|---|
{held}

## 无需令牌 Without a token

| | 接口 route | 凭证 by |
|---|---|---|
{open_to}

{parts}"""


if __name__ == "__main__":
    main()
