"""Writes the sample district Gulou: the grid, its people, their posts, absences and duty hours, its units' telephones.

    python -m infra.samples.generate_gulou [directory]

Codes and names of streets and communities are real (`divisions_2023.csv`, the national list of 2023-06-30); compounds,
cells, boundaries, households and people are invented. The same input always gives the same bytes, so the files are
committed and a test holds them to this module.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tomllib
from pathlib import Path

from infra.samples.gulou_grid import Node, grow_grid
from infra.samples.gulou_people import Roster, staff_the_district

HERE = Path(__file__).parent / "gulou"
DIVISIONS = HERE / "divisions_2023.csv"
UNITS = Path(__file__).parents[2] / "chalicelib" / "policy" / "gulou" / "units.toml"
LABEL = "演示数据，边界为生成，非真实界线 / demonstration data, generated boundaries"


def main(directory: Path = HERE) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (directory / name).write_bytes(text.encode())


def files() -> dict[str, str]:
    """The generated files by name."""
    with DIVISIONS.open(encoding="utf-8", newline="") as lines:
        nodes = grow_grid(list(csv.DictReader(lines)))
    departments = [unit["id"] for unit in tomllib.loads(UNITS.read_text(encoding="utf-8"))["unit"]]
    roster = staff_the_district(nodes, departments)
    return {"areas.geojson": areas_geojson(nodes), **roster_files(roster)}


def areas_geojson(nodes: list[Node]) -> str:
    """One feature a line, so that a difference of two versions can be read."""
    features = ",\n".join(_compact(feature_of(node)) for node in nodes)
    return (
        f'{{"type":"FeatureCollection","label":{json.dumps(LABEL, ensure_ascii=False)},"features":[\n{features}\n]}}\n'
    )


def feature_of(node: Node) -> dict[str, object]:
    closed = [list(vertex) for vertex in (*node.ring, node.ring[0])]
    return {
        "type": "Feature",
        "properties": {
            "code": node.code,
            "name": node.name,
            "level": node.level,
            "parent": node.parent,
            "households": node.households,
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
