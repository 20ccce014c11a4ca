"""The part of a plan that makes a version of the network: what it changes, and what keeps it from being one."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.days import day_before
from chalicelib.domain.network import NetworkVersion
from chalicelib.models.reference_rows import AreaRow, TileRow
from infra.network.content import Content
from infra.network.given import AREAS, FileFault, Given
from infra.network.known import Known
from infra.network.plan import ADDED, AREA, CHANGED, ENDED, Change, NetworkPlan, Plan
from infra.network.table import ITEM_BYTES, ReferenceTable, said_with, size_of


def plan_areas(given: Given, known: Known, table: ReferenceTable, today: str, plan: Plan) -> NetworkPlan:
    assert given.from_day is not None
    base = known.on(given.from_day)
    content = Content(given.features, given.from_day, given.members)
    version = NetworkVersion(content.version, given.from_day)
    listed = content.listed(base)
    network = NetworkPlan(version, known.versions, content, base, listed)
    for code, entry in listed.areas.items():
        before = base.areas.get(code)
        if before is None or before.kept != entry.kept:
            network.features.append(code)
            network.merges.append((AreaRow.key(code), AreaRow.SK))
        if before is None or before.given != entry.given:
            plan.changes.append(Change(ADDED if before is None else CHANGED, AREA, code, (entry.name,)))
    ended = [code for code in base.areas if code not in listed.areas]
    network.features += ended
    network.merges += [(AreaRow.key(code), AreaRow.SK) for code in ended]
    network.merges += [
        (TileRow.key(tile), TileRow.SK)
        for tile, entry in listed.tiles.items()
        if tile not in base.tiles or base.tiles[tile].kept != entry.kept
    ]
    network.merges += [(TileRow.key(tile), TileRow.SK) for tile in base.tiles if tile not in listed.tiles]
    _say_ended(ended, network, plan)
    if known.importing is not None:
        finishes = network.empty or known.importing == version.id
        plan.faults.append(unfinished("network", known.importing, finishes=finishes))
    if not network.empty:
        _check_dates(network, known, plan)
        _check_successors(network, known, given, today, plan)
        _check_codes(network, known, plan)
        _check_sizes(network, table, plan)
    return network


def _say_ended(ended: Sequence[str], network: NetworkPlan, plan: Plan) -> None:
    """Every ended area with its successors."""
    successors = network.listed.successors()
    for code in ended:
        name = network.base.areas[code].name
        plan.changes.append(Change(ENDED, AREA, code, (name, *successors.get(code, ()))))


def _check_successors(network: NetworkPlan, known: Known, given: Given, today: str, plan: Plan) -> None:
    """Where cases of the day before may lie, they must be able to go on: a cell that ends has a successor.

    Those are the cells of the version before this one's day, and of one that has been in force in its place.
    """
    places = dict(known.on(day_before(network.version.from_day)).areas)
    if network.version.from_day <= today:
        places |= network.base.areas
    successors = network.listed.successors()
    for code, area in sorted(places.items()):
        if code not in network.listed.areas and code not in successors and code not in given.ended:
            plan.faults.append(
                FileFault(
                    AREAS,
                    None,
                    code,
                    f"{area.name} 终止，但没有区域取代它（succeeds），也未列入 ended",
                    f"{code} ends, but no area succeeds it, nor is it listed in ended",
                    warning=area.level != "cell",
                )
            )


def _check_dates(network: NetworkPlan, known: Known, plan: Plan) -> None:
    newest = known.versions[-1] if known.versions else None
    if newest is not None and network.version.from_day < newest.from_day:
        plan.faults.append(
            fault_of_day(
                f"早于已导入的版本 {newest.id}（{newest.from_day} 起）；日期不能倒退，未生效的版本可先撤回",
                f"runs backwards: version {newest.id} begins {newest.from_day}; before its day it can be withdrawn",
            )
        )


def _check_codes(network: NetworkPlan, known: Known, plan: Plan) -> None:
    """A code that ended never names another ground."""
    for code, entry in network.listed.areas.items():
        if code in network.base.areas:
            continue
        held = [area for version in known.versions if (area := known.lists[version.id].areas.get(code))]
        if held and held[-1].given != entry.given:
            plan.faults.append(
                FileFault(
                    AREAS,
                    None,
                    f"{code}.code",
                    "该代码曾用于已终止的区域，不得再用于其他地块",
                    "the code was that of an area that ended, and may name no other ground",
                )
            )


def _check_sizes(network: NetworkPlan, table: ReferenceTable, plan: Plan) -> None:
    """A row that the table would not take is a fault now, not a failure half-way."""
    for (pk, _), row in network.feature_rows():
        if size_of((pk, ""), row) > ITEM_BYTES:
            code = pk.removeprefix(AreaRow.key(""))
            plan.faults.append(_too_large(code, "边界的顶点过多", "has too many vertices"))
    standing = table.rows(network.merges) if network.before else {}
    for key, value in network.merged():
        said = said_with((standing.get(key) or {}).get("said"), network.version.id, value, network.counting)
        if size_of(key, {"said": said}) > ITEM_BYTES:
            codes = ", ".join(cell["code"] for cell in value[:3]) if isinstance(value, list) else key[0]
            plan.faults.append(
                _too_large(codes, "该处网格过密，索引放不下", "cells lie too close together here for their index")
            )


def unfinished(what: str, importing: str, *, finishes: bool) -> FileFault:
    zh = "人员" if what == "people" else "网格"
    if finishes:
        return FileFault(
            AREAS,
            None,
            None,
            f"上次导入 {importing}（{zh}）中断，尚未完成",
            f"import {importing} of the {what} was interrupted and is not finished",
            warning=True,
        )
    return FileFault(
        AREAS,
        None,
        None,
        f"另一次导入 {importing}（{zh}）尚未完成；请重新运行使其完成，或用 abandon 放弃",
        f"import {importing} of the {what} is not finished: run it again, or give it up with abandon",
    )


def fault_of_day(zh: str, en: str, *, warning: bool = False) -> FileFault:
    return FileFault(AREAS, None, "from", zh, en, warning)


def _too_large(code: str, zh: str, en: str) -> FileFault:
    most = ITEM_BYTES // 1000
    return FileFault(AREAS, None, code, f"{zh}：一行最多 {most} KB", f"{en}: a row holds {most} KB at most")
