"""Carries a plan out. Whatever moment it dies at, nothing half-done counts, and the next run brings it to its end.

The network first: rows under the version's own id, the list of them, and then the one write that makes it count. Then
the people, one row after the other: whoever comes is written before whoever goes is taken off, so that somebody is
always on duty, and a list that names old and new rows stands as long as both may be there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from chalicelib.domain.network import version_on
from chalicelib.models.reference_rows import AreaRow, FeatureRow, NamesRow
from infra.network.content import compact, fingerprint
from infra.network.people import KINDS
from infra.network.plan import ENDED, NetworkPlan, PeoplePlan, Plan, RowChange
from infra.network.table import Key, ReferenceTable, Told

_NAMED = ("community", "compound")


class PlanHasFaults(RuntimeError):
    """Nothing of a plan with faults is applied."""


def apply(plan: Plan, table: ReferenceTable, told: Told = lambda count: None) -> None:
    """Does what a plan says; `told` hears how many rows each step wrote.

    Raises PlanHasFaults, ImportUnderWay when another import is not finished, TableBusy. After the latter, and after
    being killed, the same import is planned and applied again.
    """
    if not plan.good:
        raise PlanHasFaults()
    if plan.network is not None:
        if not plan.network.empty:
            _apply_network(plan.network, table, told)
        _keep_names(plan.network, table)
    if plan.people is not None and not plan.people.empty:
        _apply_people(plan.people, table, told)


def _apply_network(plan: NetworkPlan, table: ReferenceTable, told: Told) -> None:
    version = plan.version.id
    table.begin_network(version, plan.before)
    keys = [(AreaRow.key(code), FeatureRow.sk_of(version)) for code in plan.features]
    written = table.rows(keys, bare=True)
    told(len(written))
    table.merge_said(plan.merged(), version, plan.counting, told)
    table.put((row for row in plan.feature_rows() if row[0] not in written), told)
    table.keep_list(version, plan.listed.entries())
    table.finish_network(plan.before, plan.after, version, str(plan.content.members.get("label") or ""))


def _keep_names(plan: NetworkPlan, table: ReferenceTable) -> None:
    """Keep what its communities and compounds are called, which reports name; of a version from before this too."""
    standing = plan.version if not plan.empty else version_on(plan.before, plan.version.from_day)
    listed = plan.base if plan.empty else plan.listed
    if standing is None:
        return
    key = (NamesRow.KEY, NamesRow.sk_of(standing.id))
    if not table.rows([key], bare=True):
        named = {code: area.name for code, area in listed.areas.items() if area.level in _NAMED}
        table.put([(key, {"names": zlib.compress(compact(named).encode(), 9)})])


def _apply_people(plan: PeoplePlan, table: ReferenceTable, told: Told) -> None:
    importing = plan.id
    before = plan.told.lists
    during = {kind: [*plan.known.get(kind, []), *plan.lists[kind]] for kind in plan.lists}
    table.begin_people(plan.told, {**before, **_kept(during, table)}, importing)
    for kind in KINDS:
        _write([change for change in plan.changes.get(kind, ()) if change.what != ENDED], table, told)
    for kind in reversed(KINDS):
        _write([change for change in plan.changes.get(kind, ()) if change.what == ENDED], table, told)
    after = {**before, **_kept({kind: plan.after(kind) for kind in plan.lists}, table)}
    table.finish_people(after, importing)
    for name in {*before.values(), *map(_name_of, during.values())} - {*after.values()}:
        table.drop_list(name)


def _kept(lists: dict[str, list[Key]], table: ReferenceTable) -> dict[str, str]:
    """Writes lists of keys; their names, which are hashes of what they hold."""
    for keys in lists.values():
        table.keep_list(_name_of(keys), dict.fromkeys(keys))
    return {kind: _name_of(keys) for kind, keys in lists.items()}


def _name_of(keys: Iterable[Key]) -> str:
    return fingerprint([list(key) for key in dict.fromkeys(keys)])


def _write(changes: Sequence[RowChange], table: ReferenceTable, told: Told) -> None:
    table.put(((change.key, change.wanted or {}) for change in changes if change.whole), told)
    table.delete((change.key for change in changes if change.wanted is None), told)
    for change in changes:
        if change.wanted is not None and not change.whole:
            table.change(change.key, change.wanted, change.gone)
            told(1)
