"""People's rows as the tables they came from: `infra.network.people` the other way round."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chalicelib.models.reference_rows import DutyRow, PostRow, UnitRow
from infra.network.people import DUTY, POSTS, STAFF, UNITS, Key, Row


def tables_of(
    rows: Mapping[str, Mapping[Key, Row]], absences: Sequence[Key]
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The tables that give these rows again, by file name: the other way round. `absences`: their order."""
    staff = rows.get(STAFF, {})
    yield (
        "staff.csv",
        [
            {**row, "email": row.get("email", ""), "areas": ";".join(row["areas"]), **_hidden(row)}
            for row in staff.values()
        ],
    )
    posts = rows.get(POSTS, {})
    placed = ((*PostRow.placed(*key), row) for key, row in posts.items())
    yield (
        "posts.csv",
        [{**row, "area": area, "post": post, "until": row.get("until", "")} for area, post, row in placed],
    )
    yield "duty.csv", [{**row, "unit": pk.removeprefix(DutyRow.key(""))} for (pk, _), row in rows.get(DUTY, {}).items()]
    yield (
        "units.csv",
        [
            {"supervision_phone": "", "address": "", **row, "unit": pk.removeprefix(UnitRow.key(""))}
            for (pk, _), row in rows.get(UNITS, {}).items()
        ],
    )
    at = {key: place for place, key in enumerate(absences)}
    away = sorted(_absences(posts.values()), key=lambda each: at.get((each["staff_id"], each["from"]), len(at)))
    yield "absences.csv", away


def _hidden(row: Row) -> dict[str, str]:
    return {"hide_phone": "yes"} if row.get("hide_phone") else {}


def _absences(posts: Iterable[Row]) -> Iterator[dict[str, str]]:
    seen: set[tuple[str, str]] = set()
    for post in posts:
        for absence in json.loads(post.get("away", "[]")):
            if (post["staff_id"], absence["from"]) not in seen:
                seen.add((post["staff_id"], absence["from"]))
                yield {
                    "staff_id": post["staff_id"],
                    "from": absence["from"],
                    "until": absence["until"],
                    "deputy_id": absence["staff_id"],
                }
