"""Reads a compiled policy pack at run time: standard library only, and no checking again what the compiler checked."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from chalicelib.domain.limits import Limit
from chalicelib.domain.policy import (
    Action,
    Card,
    CardSign,
    Category,
    ClockRule,
    Docking,
    Ground,
    Kind,
    Notice,
    PanelRule,
    Patrol,
    PatrolRules,
    Policy,
    Post,
    Procedure,
    Role,
    RoutingRule,
    Rules,
    SameMatter,
    SettlingWay,
    State,
    Template,
    Unit,
    Use,
    View,
    Way,
)
from chalicelib.domain.workdays import WorkCalendar

_VERSION_DIGITS = 12
_LIMITS, _TABLES = ("limit", "extension", "ask_before", "remind_before"), ("urgencies", "kinds", "cards")


def load_policy(path: str | Path) -> Policy:
    """The policy that a compiled pack holds. Raises OSError when there is none, TypeError for another format's."""
    return policy_from(json.loads(Path(path).read_bytes()))


def read_policy(compiled: bytes) -> Policy:
    """The policy of a compiled pack that was kept, and says what its version stands for.

    Raises TypeError, KeyError, ValueError for another format's, ValueError for one that was altered.
    """
    pack = json.loads(compiled)
    if pack["version"] != version_of(pack):
        raise ValueError(f"{pack['version']} says what it did not say")
    return policy_from(pack)


def policy_from(compiled: dict[str, Any]) -> Policy:
    """The policy of a compiled pack already parsed."""
    units = {key: Unit(**row) for key, row in compiled["units"].items()}
    return Policy(
        id=compiled["id"],
        version=compiled["version"],
        zh=compiled["zh"],
        district=compiled["district"],
        timezone=compiled["timezone"],
        kinds={key: Kind(**_tuples(row)) for key, row in compiled["kinds"].items()},
        categories={key: _category(row) for key, row in compiled["categories"].items()},
        units=units,
        routing=tuple(RoutingRule(**_tuples(row)) for row in compiled["routing"]),
        procedures={key: _procedure(row) for key, row in compiled["procedures"].items()},
        uses=tuple(Use(**_tuples(row)) for row in compiled["uses"]),
        roles={
            key: Role(**{**_tuples(row), "permissions": frozenset(row["permissions"])})
            for key, row in compiled["roles"].items()
        },
        patrols={key: Patrol(**row) for key, row in compiled["patrols"].items()},
        patrol_rules=PatrolRules(**compiled["patrol_rules"]),
        posts={key: Post(**_tuples(row)) for key, row in compiled["posts"].items()},
        views={key: _view(row) for key, row in compiled["views"].items()},
        notices=tuple(Notice(**_tuples(row)) for row in compiled["notices"]),
        templates={key: Template(**row) for key, row in compiled["templates"].items()},
        rules=Rules(**_tuples(compiled["rules"])),
        calendar=_calendar(compiled["calendar"]),
        # A version that was deployed before there were panels has none.
        panels=tuple(_panel(row) for row in compiled.get("panels", ())),
        dockings={key: Docking(**row) for key, row in compiled.get("dockings", {}).items()},
        settling_ways={key: SettlingWay(**row) for key, row in compiled.get("settling_ways", {}).items()},
        lawful_ways={key: Way(**row) for key, row in compiled.get("lawful_ways", {}).items()},
        grounds={key: Ground(**row) for key, row in compiled.get("grounds", {}).items()},
        cards={key: _card(row) for key, row in compiled.get("cards", {}).items()},
        superiors=tuple(compiled.get("superiors", ())),
        same_matter=_same_matter(compiled["same_matter"]) if "same_matter" in compiled else SameMatter(),
        centre_by_area={unit.area: unit.id for unit in units.values() if unit.kind == "centre"},
    )


def version_of(compiled: dict[str, Any]) -> str:
    """What a compiled pack is called: its id, with the beginning of the hash of all that it says besides."""
    said = canonical({key: value for key, value in compiled.items() if key != "version"})
    return f"{compiled['id']}-{sha256(said).hexdigest()[:_VERSION_DIGITS]}"


def canonical(compiled: dict[str, Any]) -> bytes:
    """A compiled pack as it is written: the same bytes for the same pack."""
    return json.dumps(compiled, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _category(row: dict[str, Any]) -> Category:
    return Category(**{**_tuples(row), "accept": Limit(*row["accept"]), "resolve": Limit(*row["resolve"])})


def _card(row: dict[str, Any]) -> Card:
    signs = tuple(CardSign(**_tuples(sign)) for sign in row["when"])
    return Card(**{**_tuples(row), "when": signs, "examine": Limit(*row["examine"])})


def _view(row: dict[str, Any]) -> View:
    older_than = row.get("older_than")
    return View(**{**_tuples(row), "older_than": Limit(*older_than) if older_than else None})


def _procedure(row: dict[str, Any]) -> Procedure:
    return Procedure(
        id=row["id"],
        zh=row["zh"],
        en=row["en"],
        states={key: State(**state) for key, state in row["states"].items()},
        actions={key: Action(**_tuples(action)) for key, action in row["actions"].items()},
        clocks={key: _clock(clock) for key, clock in row["clocks"].items()},
    )


def _clock(row: dict[str, Any]) -> ClockRule:
    limits = {key: Limit(*row[key]) if row[key] else None for key in _LIMITS if key in row}
    tables = {key: {name: Limit(*limit) for name, limit in row[key].items()} for key in _TABLES if key in row}
    return ClockRule(**{**_tuples(row), **limits, **tables})


def _panel(row: dict[str, Any]) -> PanelRule:
    return PanelRule(**{**_tuples(row), "seats": tuple((what, count) for what, count in row["seats"])})


def _calendar(row: dict[str, Any]) -> WorkCalendar:
    return WorkCalendar(frozenset(row["holidays"]), frozenset(row["workdays"]), tuple(row["years"]), row["reasons"])


def _same_matter(row: dict[str, Any]) -> SameMatter:
    tables = {
        key: _tuples(row.get(key, {})) for key in ("things", "aspects", "landmarks", "details", "faults", "rivals")
    }
    pairs = {key: tuple(map(tuple, row[key])) for key in ("synonyms", "related")}
    known = {key: value for key, value in row.items() if key in SameMatter._fields}  # a version may know what is none
    return SameMatter(**{**_tuples(known), **tables, **pairs})


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
