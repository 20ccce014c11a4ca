"""A small network to import: two compounds of two cells each on a square of ground, and who works there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from chalicelib.domain.policy import Policy
from chalicelib.models.reference_rows import FeatureRow
from infra.network.content import compact
from infra.network.given import read
from infra.network.planning import plan_import
from infra.network.table import PeopleKnown, ReferenceTable

COMMUNITY = "320302001002"
CELLS = [f"{COMMUNITY}0101", f"{COMMUNITY}0102", f"{COMMUNITY}0201", f"{COMMUNITY}0202"]
WEST, SOUTH, SIDE = 117.18, 34.28, 0.008
FROM_DAY = "2014-01-01"

Rows = list[dict[str, str]]


def area(code: str, name: str, box: tuple[float, float, float, float], households: int, **more: Any) -> dict[str, Any]:
    """A rectangle `(west, south, east, north)` in sides of a cell from the south-west corner."""
    west, south, east, north = (
        WEST + box[0] * SIDE,
        SOUTH + box[1] * SIDE,
        WEST + box[2] * SIDE,
        SOUTH + box[3] * SIDE,
    )
    level = {6: "district", 9: "street", 12: "community", 14: "compound", 16: "cell"}[len(code)]
    parent = code[: {6: 4, 9: 6, 12: 9, 14: 12, 16: 14}[len(code)]]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "properties": {
            "code": code,
            "name": name,
            "level": level,
            "parent": parent,
            "households": households,
            **more,
        },
        "geometry": {"type": "Polygon", "coordinates": [[[round(x, 6), round(y, 6)] for x, y in ring]]},
    }


def network() -> list[dict[str, Any]]:
    """Cells in a row from west to east, corners shared."""
    whole = (0, 0, 4, 1)
    return [
        area("320302", "鼓楼区", whole, 1000),
        area("320302001", "黄楼街道", whole, 1000),
        area(COMMUNITY, "万通社区", whole, 1000),
        area(f"{COMMUNITY}01", "万通花园", (0, 0, 2, 1), 500),
        area(CELLS[0], "万通社区第1网格", (0, 0, 1, 1), 250),
        area(CELLS[1], "万通社区第2网格", (1, 0, 2, 1), 250),
        area(f"{COMMUNITY}02", "万通新村", (2, 0, 4, 1), 500),
        area(CELLS[2], "万通社区第3网格", (2, 0, 3, 1), 250),
        area(CELLS[3], "万通社区第4网格", (3, 0, 4, 1), 250),
    ]


def split() -> list[dict[str, Any]]:
    """The network once the first cell is split across into two and the last two cells are merged into one."""
    features = [deepcopy(each) for each in network() if each["properties"]["code"] not in (CELLS[0], *CELLS[2:])]
    return [
        *features,
        area(f"{COMMUNITY}0103", "万通社区第5网格", (0, 0, 0.5, 1), 210, succeeds=[CELLS[0]]),
        area(f"{COMMUNITY}0104", "万通社区第6网格", (0.5, 0, 1, 1), 220, succeeds=[CELLS[0]]),
        area(f"{COMMUNITY}0203", "万通社区第7网格", (2, 0, 4, 1), 300, succeeds=CELLS[2:]),
    ]


def tables() -> dict[str, Rows]:
    centre = f"centre-{COMMUNITY}"
    people = [
        ("s1", "张立", "station", COMMUNITY),
        ("s2", "赵怡", "station", COMMUNITY),
        *((f"w{n}", f"王{n}", "grid-worker", cell) for n, cell in enumerate(CELLS, 1)),
    ]
    return {
        "staff.csv": [
            {
                "staff_id": staff_id,
                "name": name,
                "phone": f"+861990000{n:04}",
                "email": f"{staff_id}@gulou.example",
                "role": role,
                "unit": centre,
                "areas": where,
            }
            for n, (staff_id, name, role, where) in enumerate(people, 1)
        ],
        "posts.csv": [
            {"area": COMMUNITY, "post": "mediator", "staff_id": "s2", "from": "2026-01-01", "until": ""},
            *(
                {"area": cell, "post": "information-officer", "staff_id": f"w{n}", "from": "2026-01-01", "until": ""}
                for n, cell in enumerate(CELLS, 1)
            ),
        ],
        "duty.csv": [
            {"unit": centre, "staff_id": "s1", "from": "08:00", "to": "20:00"},
            {"unit": centre, "staff_id": "s2", "from": "20:00", "to": "08:00"},
        ],
        "units.csv": [
            {"unit": centre, "duty_phone": "0516-00000001", "supervision_phone": "12345", "address": "示例路1号"},
        ],
        "absences.csv": [{"staff_id": "w1", "from": "2026-11-01", "until": "2026-11-30", "deputy_id": "w2"}],
    }


def write(
    directory: Path,
    features: Sequence[Mapping[str, Any]] | None = None,
    said: Mapping[str, Rows] | None = None,
    from_day: str = FROM_DAY,
    **members: Any,
) -> Path:
    """A directory as an operator hands it in."""
    directory.mkdir(parents=True, exist_ok=True)
    about = {"type": "FeatureCollection", "from": from_day, "label": "演示 demonstration", **members}
    collection = {**about, "features": network() if features is None else list(features)}
    (directory / "areas.geojson").write_text(json.dumps(collection, ensure_ascii=False), "utf-8")
    for name, rows in (tables() if said is None else said).items():
        (directory / name).write_text(csv_of(rows), "utf-8")
    return directory


def csv_of(rows: Rows) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


class Killed(Exception):
    """The process died here."""


class DyingClient:
    """A client that dies right after a write: the process never hears of it. `writes` counts them; `at` 0: the first
    write already finds it dead.
    """

    WRITES = ("batch_write_item", "transact_write_items", "update_item", "put_item", "delete_item")

    def __init__(self, client: Any, at: int | None = None) -> None:
        self._client = client
        self._at = at
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        return self._counted(method) if name in self.WRITES else method

    def _counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(**asked: Any) -> Any:
            self.writes += 1
            if self._at is not None and self.writes > self._at:
                raise Killed(self._at)
            answer = method(**asked)
            if self.writes == self._at:
                raise Killed(self._at)
            return answer

        return call


def everything(client: Any, table: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The whole table, as nobody but a test may read it."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}


def table_of(client: Any, name: str) -> ReferenceTable:
    """One request after the other, so that a killed import dies where the test says."""
    return ReferenceTable(client, name, writers=1)


def list_laid(table: ReferenceTable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Lists the areas and posts among rows that a test laid by hand, as imports list what they write."""
    areas: dict[str, list[list[Any]]] = {version.id: [] for version in table.network()[0]}
    standing: dict[str, dict[str, Any]] = {}
    for version in areas:
        for row in rows:
            if row["sk"] == "AREA" and version in (said := json.loads(row["said"])):
                standing[row["pk"].removeprefix("AREA#")] = said[version]
        areas[version] = [["area", code, at["name"], "", "", "", version, []] for code, at in standing.items() if at]
        table.keep_list(version, areas[version])
    table.keep_list("laid", [[row["pk"], row["sk"]] for row in rows if row["sk"].startswith("POST#")])
    table.put([(("NETWORK", "PEOPLE"), {"lists": compact({"posts": "laid"})})])


class _EmptyTable:
    """A reference table nobody has written to."""

    def network(self) -> tuple[tuple[()], None]:
        return (), None

    def people(self) -> PeopleKnown:
        return PeopleKnown({})

    def rows(self, keys: object) -> dict[tuple[str, str], dict[str, Any]]:
        return {}


def rows_of(directory: Path, policy: Policy, today: str) -> list[dict[str, Any]]:
    """Every row that the first import of a directory writes, lists apart, with its keys; its version is called v1."""
    plan = plan_import(read(directory), cast(ReferenceTable, _EmptyTable()), policy, today, lambda features: [])
    assert plan.good and plan.network is not None and plan.people is not None
    made = plan.network
    label = str(made.content.members.get("label", ""))
    rows = [(("NETWORK", "NETWORK"), {"versions": compact([["v1", made.version.from_day]]), "label": label})]
    rows += [(key, {"said": compact({"v1": value})}) for key, value in made.merged()]
    rows += [((pk, FeatureRow.sk_of("v1")), row) for (pk, _), row in made.feature_rows()]
    rows += [(each.key, each.wanted or {}) for changes in plan.people.changes.values() for each in changes]
    return [{"pk": pk, "sk": sk, **row} for (pk, sk), row in rows]
