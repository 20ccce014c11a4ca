"""Compiles a policy pack: TOML as people write it in, one canonical JSON as the functions read it out.

    python -m chalicelib.policy.compiler chalicelib/policy/gulou --overlay overlays/demo.toml -o pack.json

The JSON has exactly the fields of `chalicelib.domain.policy`, but for what few rows say, where they do not; the same
pack always gives the same bytes, and its version is the pack's id with the beginning of their hash.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from chalicelib.domain.limits import Limit
from chalicelib.policy.checks import check_durations, check_overlay, check_pack, kind_of
from chalicelib.policy.loader import canonical, version_of
from chalicelib.policy.procedures import Whole, procedures_of
from chalicelib.policy.reader import Entry, Fault, PackInvalid, PackText, read_overlay, read_pack
from chalicelib.policy.same_matter import compiled_same_matter
from chalicelib.policy.schema import (
    CardPart,
    CategoryPart,
    ClockPart,
    DockingPart,
    DurationsPart,
    GroundPart,
    KindPart,
    LawfulWayPart,
    NoticePart,
    OverlayPart,
    PackPart,
    PanelPart,
    Part,
    PatrolPart,
    PatrolRulesPart,
    PostPart,
    RolePart,
    RoutingPart,
    RulesPart,
    SameMatterPart,
    SuperiorsPart,
    TemplatePart,
    UnitPart,
    UsePart,
    ViewPart,
    WayPart,
    WindowPart,
)
from chalicelib.policy.workdays import compiled_calendar

__all__ = ["Fault", "PackInvalid", "compile_pack", "main"]

P = TypeVar("P", bound=Part)


def compile_pack(directory: Path, overlay: Path | None = None) -> bytes:
    """The pack in `directory`, with the durations of `overlay` (a path, or one within the pack) laid over it.

    Raises PackInvalid with every fault of every file.
    """
    text = read_pack(directory)
    faults = [*text.faults, *check_pack(text)]
    if overlay:
        text, more = _overlaid(text, overlay if overlay.exists() else directory / overlay)
        faults += more
    if faults:
        raise PackInvalid(sorted(set(faults)))
    compiled = _compiled(text)
    return canonical({**compiled, "version": version_of(compiled)})


def main(arguments: list[str] | None = None) -> int:
    """Compiles a pack to a file and prints what it holds; 1 with the faults listed when it is invalid."""
    parser = argparse.ArgumentParser(prog="python -m chalicelib.policy.compiler", description="Compile a policy pack.")
    parser.add_argument("pack", type=Path, help="directory of the pack")
    parser.add_argument("--overlay", type=Path, help="durations to lay over it, such as overlays/demo.toml")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the JSON file to write")
    asked = parser.parse_args(arguments)
    try:
        compiled = compile_pack(asked.pack, asked.overlay)
    except PackInvalid as invalid:
        print(*invalid.faults, f"{len(invalid.faults)} faults", sep="\n", file=sys.stderr)
        return 1
    asked.output.write_bytes(compiled)
    print(_summary(json.loads(compiled)))
    return 0


def _overlaid(text: PackText, path: Path) -> tuple[PackText, list[Fault]]:
    name = f"overlays/{path.name}"
    overlay, faults = read_overlay(path, name)
    if overlay is None:
        return text, faults
    faults += check_overlay(overlay, text)
    changed = replace(text, entries=[_shortened(entry, overlay.part) for entry in text.entries])
    known = set(check_durations(text))
    new = [fault for fault in check_durations(changed) if fault not in known]
    return changed, faults + list(_summed(new, name))


def _summed(faults: Iterable[Fault], name: str) -> Iterator[Fault]:
    """One fault of an overlay for all the categories that it makes wrong in the same way."""

    def way(fault: Fault) -> tuple[str, str]:
        return fault.key.rpartition(".")[2], fault.reason

    for (key, reason), same in groupby(sorted(faults, key=way), key=way):
        first, *others = (fault.key.rpartition(".")[0] for fault in same)
        yield Fault(name, f"durations ({key})", f"{first}{f' and {len(others)} more' if others else ''}: {reason}")


def _shortened(entry: Entry[Part], overlay: OverlayPart) -> Entry[Part]:
    durations = overlay.durations
    if isinstance(entry.part, RulesPart):
        return replace(entry, part=_updated(entry.part, _given(durations)))
    if isinstance(entry.part, PatrolPart):
        given = {"every": durations.patrol_every, "grace": durations.patrol_grace}
        return replace(entry, part=_updated(entry.part, {key: value for key, value in given.items() if value}))
    if isinstance(entry.part, ClockPart):
        own = durations.clocks.get(entry.part.id)
        return replace(entry, part=_updated(entry.part, {"limit": own} if own else {}))
    if isinstance(entry.part, CategoryPart):
        single = durations.categories.get(entry.part.id)
        changes = _for_all(durations, visited=entry.part.visit_after is not None) | (_given(single) if single else {})
        return replace(entry, part=_updated(entry.part, changes))
    return entry


def _for_all(durations: DurationsPart, *, visited: bool) -> dict[str, Any]:
    changes = _given(durations)
    closes = {True: changes.pop("closes_after_visited", None), False: changes.pop("closes_after_unvisited", None)}
    if not visited:
        changes.pop("visit_after", None)
    chosen = closes[visited]
    return changes | ({"closes_after": chosen} if chosen else {})


def _given(durations: Part) -> dict[str, Any]:
    given = {key: getattr(durations, key) for key in type(durations).model_fields}
    return {key: value for key, value in given.items() if isinstance(value, (int, Limit))}


def _updated(part: P, changes: dict[str, Any]) -> P:
    return part.model_copy(update={key: value for key, value in changes.items() if key in type(part).model_fields})


def _compiled(text: PackText) -> dict[str, Any]:
    pack, rules, patrol_rules = text.one(PackPart), text.one(RulesPart), text.one(PatrolRulesPart)
    same_matter = text.one(SameMatterPart)
    if pack is None or rules is None or patrol_rules is None or same_matter is None:
        raise AssertionError("a pack without faults has all four")
    district = pack.part.district
    return {
        **pack.part.model_dump(),
        "kinds": _by_id(
            {
                **{"id": kind.id, "zh": kind.zh, "en": kind.en, "confidential": kind.confidential_to is not None},
                **{"examples": kind.examples, "rank": rank},
                **{"confidential_to": kind.confidential_to or "", "instead": kind.instead or ""},
            }
            for rank, kind in enumerate(_parts(text, KindPart))
        ),
        "categories": _by_id({**entry.part.model_dump(), "kind": kind_of(entry)} for entry in text.all(CategoryPart)),
        "units": _by_id(
            {**unit.model_dump(), "area": unit.area or district, "part_of": unit.part_of or ""}
            for unit in _parts(text, UnitPart)
        ),
        "routing": [
            {**rule.model_dump(), "lead": rule.lead or "", "hours": rule.hours or [], "on_duty": rule.on_duty or ""}
            for rule in _parts(text, RoutingPart)
        ],
        "procedures": {name: _procedure(whole, text) for name, whole in procedures_of(text).items()},
        "uses": [use.model_dump() for use in _parts(text, UsePart)],
        "roles": _by_id(
            {**role.model_dump(), "scope": role.scope or "", "permissions": sorted(role.permissions)}
            for role in _parts(text, RolePart)
        ),
        "posts": _by_id({**post.model_dump(), "rank": rank} for rank, post in enumerate(_parts(text, PostPart))),
        "patrols": {patrol.post: patrol.model_dump() for patrol in _parts(text, PatrolPart)},
        "patrol_rules": patrol_rules.part.model_dump(),
        "views": _by_id(
            {**_where_written(view, ("older_than",)), "rank": rank} for rank, view in enumerate(_parts(text, ViewPart))
        ),
        "panels": [{**panel.model_dump(), "seats": list(panel.seats.items())} for panel in _parts(text, PanelPart)],
        "dockings": _by_id({**each.model_dump(), "rank": rank} for rank, each in enumerate(_parts(text, DockingPart))),
        "settling_ways": _by_id({**way.model_dump(), "rank": rank} for rank, way in enumerate(_parts(text, WayPart))),
        "notices": [_where_written(notice, ("clocks",)) for notice in _parts(text, NoticePart)],
        "templates": _by_id(_template(template) for template in _parts(text, TemplatePart)),
        "rules": rules.part.model_dump(),
        "calendar": compiled_calendar(text),
        "lawful_ways": _by_id(way.model_dump() for way in _parts(text, LawfulWayPart)),
        "grounds": _by_id(ground.model_dump() for ground in _parts(text, GroundPart)),
        "cards": _by_id({**card.model_dump(), "rank": rank} for rank, card in enumerate(_parts(text, CardPart))),
        "superiors": superiors.part.superiors if (superiors := text.one(SuperiorsPart)) else [],
        "same_matter": compiled_same_matter(same_matter.part, _parts(text, WindowPart)),
    }


def _procedure(whole: Whole, text: PackText) -> dict[str, Any]:
    part = whole.entry.part
    return {
        **{"id": part.id, "zh": part.zh, "en": part.en},
        "states": {name: entry.part.model_dump() for name, entry in whole.states.items()},
        "actions": {
            name: _where_written(entry.part, ("from_day", "days_back", "outcome_zh", "within_day"))
            for name, entry in whole.actions.items()
        },
        "clocks": {name: _clock(entry.part, text) for name, entry in whole.clocks.items()},
    }


def _clock(clock: ClockPart, text: PackText) -> dict[str, Any]:
    if clock.limit == "card":
        examined = {card.id: card.examine for card in _parts(text, CardPart)}
        clock = clock.model_copy(update={"limit": [*examined.values()][-1], "cards": examined})
    urgencies = {name: limit for name, limit in clock.urgencies.model_dump().items() if limit}
    return {
        **_where_written(clock, ("cards", "remind_before", "closes", "closes_zh", "begun_by", "from_report")),
        "limit": None if clock.limit == "category" else clock.limit,
        "urgencies": urgencies,
        "again": clock.again or 0,
    }


def _where_written(part: Part, seldom: Iterable[str]) -> dict[str, Any]:
    """A row without what few rows say, where it does not: each function reads all of it as it starts."""
    return {key: value for key, value in part.model_dump().items() if value or key not in seldom}


def _template(template: TemplatePart) -> dict[str, str]:
    """Chinese first, English below; every message ends with the reference of its event."""
    end, mail = "[${ref}]", template.mail
    return {
        "id": template.id,
        "sms": f"{template.sms}{end}" if template.sms else "",
        "subject": f"{mail.subject_zh} / {mail.subject_en}" if mail else "",
        "body": f"{mail.body_zh}\n\n{mail.body_en}\n\n{end}" if mail else "",
    }


def _parts(text: PackText, part: type[P]) -> Iterator[P]:
    return (entry.part for entry in text.all(part))


def _by_id(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def _summary(compiled: dict[str, Any]) -> str:
    kinds = [unit["kind"] for unit in compiled["units"].values()]
    counts = {
        "kinds": len(compiled["kinds"]),
        "categories": len(compiled["categories"]),
        "departments": kinds.count("department"),
        "centres": kinds.count("centre"),
        "routing rules": len(compiled["routing"]),
        "procedures": len(compiled["procedures"]),
        "roles": len(compiled["roles"]),
        "posts": len(compiled["posts"]),
        "views": len(compiled["views"]),
        "panels": len(compiled["panels"]),
        "templates": len(compiled["templates"]),
        "notices": len(compiled["notices"]),
    }
    return f"{compiled['version']}: " + ", ".join(f"{number} {what}" for what, number in counts.items())


if __name__ == "__main__":
    raise SystemExit(main())
