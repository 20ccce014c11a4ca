"""Writes the sample district Gulou: the grid, its people, their posts, absences and duty hours, its units' telephones,
and the pool of people whom it asks to the table.

    python -m infra.samples.generate_gulou [directory]

Codes and names of streets and communities are real (`divisions_2023.csv`, the national list of 2023-06-30); compounds,
cells, boundaries, households and people are invented. The same input always gives the same bytes, so the files are
committed and a test holds them to this module. The grown district goes into the directory of that name and `-2027`.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.samples import rows_of
from infra.samples.gulou_grid import Node, grow_grids
from infra.samples.gulou_panel import HEADER, people_of_the_pool
from infra.samples.gulou_people import Roster, staff_the_district, staff_the_grown_district

HERE = Path(__file__).parent / "gulou"
DIVISIONS = HERE / "divisions_2023.csv"
UNITS = Path(__file__).parents[2] / "chalicelib" / "policy" / "gulou" / "units.toml"
LABEL = "演示数据，边界为生成，非真实界线 / demonstration data, generated boundaries"

FROM_DAY, GROWN_FROM = "2014-01-01", "2027-01-01"
GROWN = "-2027"  # added to the directory's name


def main(directory: Path = HERE) -> None:
    before, after = both_versions()
    for place, files in ((directory, before), (directory.with_name(directory.name + GROWN), after)):
        place.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (place / name).write_bytes(text.encode())


def both_versions() -> tuple[dict[str, str], dict[str, str]]:
    """The generated files by name: of the district, and of it once it has grown."""
    grids = grow_grids(rows_of(DIVISIONS))
    departments = [unit["id"] for unit in tomllib.loads(UNITS.read_text(encoding="utf-8"))["unit"]]
    roster = staff_the_district(grids.before, departments)
    grown = staff_the_grown_district(roster, grids.after, grids.succeeds, GROWN_FROM)
    return (
        {
            "areas.geojson": areas_geojson(grids.before, {}, FROM_DAY),
            **roster_files(roster),
            "panel.csv": _table(HEADER, people_of_the_pool(grids.before)),
        },
        {"areas.geojson": areas_geojson(grids.after, grids.succeeds, GROWN_FROM), **roster_files(grown)},
    )


def areas_geojson(nodes: list[Node], succeeds: Mapping[str, Sequence[str]], from_day: str) -> str:
    """One feature a line, so that a difference of two versions can be read."""
    features = ",\n".join(_compact(feature_of(node, succeeds.get(node.code, ()))) for node in nodes)
    about = _compact({"type": "FeatureCollection", "from": from_day, "label": LABEL})
    return f'{about[:-1]},"features":[\n{features}\n]}}\n'


def feature_of(node: Node, succeeds: Sequence[str]) -> dict[str, object]:
    closed = [list(vertex) for vertex in (*node.ring, node.ring[0])]
    return {
        "type": "Feature",
        "properties": {
            "code": node.code,
            "name": node.name,
            "level": node.level,
            "parent": node.parent,
            "households": node.households,
            **({"succeeds": list(succeeds)} if succeeds else {}),
        },
        "geometry": {"type": "Polygon", "coordinates": [closed]},
    }


def roster_files(roster: Roster) -> dict[str, str]:
    return {
        "staff.csv": _table(
            ["staff_id", "name", "phone", "email", "role", "unit", "areas"],
            [[s.id, s.name, s.phone, s.email, s.role, s.unit, s.area] for s in (*roster.staff, *roster.beyond_desks)],
        ),
        "posts.csv": _table(
            ["area", "post", "staff_id", "from", "until"],
            [[p.area, p.post, p.staff, p.since, p.until] for p in roster.posts],
        ),
        "absences.csv": _table(
            ["staff_id", "from", "until", "deputy_id"],
            [[a.staff, a.start, a.end, a.deputy] for a in roster.absences],
        ),
        "units.csv": _table(
            ["unit", "duty_phone", "supervision_phone", "address"],
            [[c.unit, c.duty_phone, c.supervision_phone, c.address] for c in roster.counters],
        ),
        "duty.csv": _table(
            ["unit", "staff_id", "from", "to"],
            [[d.unit, d.staff, d.start, d.end] for d in roster.duty],
        ),
    }


def _table(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
