"""The part of a plan that writes people's rows: each is compared with what is there; who is in no file ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chalicelib.domain.days import day_before
from chalicelib.models.reference_rows import DutyRow, PostRow, StaffRow, UnitRow
from infra.network.content import fingerprint
from infra.network.known import listed_people
from infra.network.people import ABSENCES, DUTY, KINDS, POSTS, STAFF, UNITS, People
from infra.network.plan import ADDED, CHANGED, ENDED, Change, PeoplePlan, Plan, RowChange
from infra.network.plan_areas import unfinished
from infra.network.table import Key, ReferenceTable, Row

OWN_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    STAFF: frozenset(
        {"staff_id", "name", "phone", "email", "hide_phone", "role", "unit", "areas", "active", "from", "until"}
    ),
    UNITS: frozenset({"duty_phone", "supervision_phone", "address"}),
    POSTS: frozenset({"staff_id", "name", "phone", "email", "hide_phone", "from", "until", "away"}),
    DUTY: frozenset({"staff_id", "name", "phone", "email", "hide_phone", "from", "to"}),
}
"""What imports write of a row. Whatever else stands in it is somebody else's, and stays."""


def plan_people(people: People, table: ReferenceTable, today: str, plan: Plan) -> PeoplePlan:
    told = table.people()
    lists, importing = told.lists, told.importing
    planned = PeoplePlan(
        fingerprint({kind: [[*key, row] for key, row in rows.items()] for kind, rows in people.rows.items()}),
        interrupted=importing,
        told=told,
    )
    if importing is not None:
        plan.faults.append(unfinished("people", importing, finishes=importing == planned.id))
    for kind in KINDS:
        if kind not in people.rows:
            continue
        wanted = people.rows[kind]
        known = listed_people(table, lists, kind)
        standing = table.rows([*known, *wanted])
        planned.lists[kind] = list(wanted)
        planned.known[kind] = known
        keep = frozenset() if people.absences is not None else frozenset({"away"})
        changes = [*_changes(kind, wanted, standing, keep), *_endings(kind, wanted, known, standing, today)]
        for change in changes:
            at_once = plan.waits_for is None or change.what == ADDED
            (planned.changes if at_once else planned.waiting).setdefault(kind, []).append(change)
            plan.changes.append(
                Change(change.what, kind, id_of(kind, change.key), _facts(change, standing.get(change.key)))
            )
    if people.absences is not None:
        planned.lists[ABSENCES] = people.absences
        planned.known[ABSENCES] = listed_people(table, lists, ABSENCES)
    return planned


def _changes(
    kind: str, wanted: Mapping[Key, Row], standing: Mapping[Key, Row], keep: frozenset[str]
) -> Iterator[RowChange]:
    for key, row in wanted.items():
        before = standing.get(key)
        if before is None:
            yield RowChange(key, ADDED, row, whole=True)
            continue
        own = OWN_ATTRIBUTES[kind] - keep
        changed = {name: value for name, value in row.items() if before.get(name) != value}
        gone = tuple(sorted(name for name in before if name in own and name not in row))
        if changed or gone:
            yield RowChange(key, ADDED if before.get("active") is False else CHANGED, changed, gone)


def _endings(
    kind: str, wanted: Mapping[Key, Row], known: Sequence[Key], standing: Mapping[Key, Row], today: str
) -> Iterator[RowChange]:
    """What is in the files no more. Staff become strangers, posts get an end; hours of duty and telephones go."""
    for key in known:
        before = standing.get(key)
        if key in wanted or before is None:
            continue
        if kind == STAFF:
            if before.get("active"):
                yield RowChange(key, ENDED, {"active": False})
        elif kind == POSTS and before["from"] < today:
            if not before.get("until") or before["until"] >= today:
                yield RowChange(key, ENDED, {"until": day_before(today)})
        else:
            yield RowChange(key, ENDED, None)


def id_of(kind: str, key: Key) -> str:
    """How people call a row: with ids and codes only."""
    pk, sk = key
    if kind == STAFF:
        return pk.removeprefix(StaffRow.key(""))
    if kind == UNITS:
        return pk.removeprefix(UnitRow.key(""))
    if kind == POSTS:
        area, post = PostRow.placed(pk, sk)
        return f"{area} {post} {sk.removeprefix(PostRow.sk_of(post, ''))}"
    return f"{pk.removeprefix(DutyRow.key(''))} {sk.removeprefix(DutyRow.PREFIX)}"


def _facts(change: RowChange, before: Row | None) -> tuple[str, ...]:
    """The names of what changes; never the values, which are somebody's."""
    if change.what != CHANGED or before is None or change.wanted is None:
        return ()
    return tuple(sorted({*change.wanted, *change.gone}))
