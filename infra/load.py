"""Loads a sample district into the reference table: areas, tiles, posts, staff, duty rosters, units' telephones.

Every row is put whole under a key of its own, so that loading again changes nothing.
"""

from __future__ import annotations

import csv
import json
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config

from infra.tiles import paths_by_code, tile_rows

SAMPLES = Path(__file__).with_name("samples")
BATCH = 25
"""What one BatchWriteItem takes."""

VERSION, FROM_DAY = "v1", "2014-01-01"
"""The one version of the network a sample has, and the day from which it is in force."""

WRITERS = 4
TRIES = 10

Row = dict[str, Any]


class LoadFailed(RuntimeError):
    """The table kept refusing rows."""


def sample_rows(directory: Path) -> list[Row]:
    """Every row of the reference table that a sample directory describes, keys included."""
    collection = json.loads((directory / "areas.geojson").read_text("utf-8"))
    features = collection["features"]
    staff = {row["staff_id"]: row for row in _csv(directory / "staff.csv")}
    return [
        {
            **{"pk": "NETWORK", "sk": "NETWORK", "versions": _compact([[VERSION, FROM_DAY]])},
            **({"label": collection["label"]} if "label" in collection else {}),
        },
        *_area_rows(features),
        *_feature_rows(features),
        *_tile_rows(features),
        *_post_rows(_csv(directory / "posts.csv"), staff, list(_csv(directory / "absences.csv"))),
        *_staff_rows(staff.values()),
        *_duty_rows(_csv(directory / "duty.csv"), staff),
        *_unit_rows(_csv(directory / "units.csv")),
    ]


def load(
    client_of: Callable[..., Any], table: str, rows: Sequence[Row], progress: Callable[[int], None] = lambda rows: None
) -> None:
    """Writes the rows in parallel batches; `progress` is told how many each batch held. Raises LoadFailed."""
    dynamodb = client_of("dynamodb", config=Config(max_pool_connections=WRITERS))
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    with ThreadPoolExecutor(WRITERS) as writers:
        for written in writers.map(lambda batch: _write(dynamodb, table, batch), batches):
            progress(written)


def _write(dynamodb: Any, table: str, batch: Sequence[Row]) -> int:
    serialize = TypeSerializer().serialize
    waiting = {table: [{"PutRequest": {"Item": {k: serialize(v) for k, v in row.items()}}} for row in batch]}
    for attempt in range(TRIES):
        waiting = dynamodb.batch_write_item(RequestItems=waiting)["UnprocessedItems"]
        if not waiting:
            return len(batch)
        time.sleep(0.05 * 2**attempt)
    raise LoadFailed(f"{table} refused {sum(map(len, waiting.values()))} rows {TRIES} times")


def _area_rows(features: Sequence[Row]) -> Iterator[Row]:
    paths = paths_by_code(features)
    for feature in features:
        area = feature["properties"]
        said = {"name": area["name"], "level": area["level"], "path": paths[area["code"]]}
        yield {"pk": f"AREA#{area['code']}", "sk": "AREA", "said": _compact({VERSION: said})}


def _tile_rows(features: Sequence[Row]) -> Iterator[Row]:
    for row in tile_rows(features):
        yield {"pk": f"TILE#{row['tile']}", "sk": "TILE", "said": _compact({VERSION: row["cells"]})}


def _feature_rows(features: Sequence[Row]) -> Iterator[Row]:
    """Each area with its boundary, and the names of those right below it."""
    children: dict[str, list[list[str]]] = {}
    for feature in features:
        area = feature["properties"]
        children.setdefault(area["parent"], []).append([area["code"], area["name"]])
    for feature in features:
        code = feature["properties"]["code"]
        properties = {**feature["properties"], "children": children.get(code, [])}
        zipped = zlib.compress(_compact({**feature, "properties": properties}).encode())
        yield {"pk": f"AREA#{code}", "sk": f"FEATURE#{VERSION}", "feature": zipped}


def _post_rows(posts: Iterator[Row], staff: dict[str, Row], absences: Sequence[Row]) -> Iterator[Row]:
    for post in posts:
        away = [_away(each, staff) for each in absences if each["staff_id"] == post["staff_id"]]
        yield {
            "pk": f"AREA#{post['area']}",
            "sk": f"POST#{post['post']}#{post['staff_id']}",
            **_contact(staff[post["staff_id"]]),
            "from": post["from"],
            **({"until": post["until"]} if post["until"] else {}),
            **({"away": _compact(away)} if away else {}),
        }


def _away(absence: Row, staff: dict[str, Row]) -> Row:
    """An absence with the deputy's contact, or an empty one where nobody deputises."""
    deputy = staff.get(absence["deputy_id"])
    return {"from": absence["from"], "until": absence["until"], **(_contact(deputy) if deputy else {"staff_id": ""})}


def _staff_rows(staff: Iterable[Row]) -> Iterator[Row]:
    for person in staff:
        yield {
            "pk": f"STAFF#{person['staff_id']}",
            "sk": "STAFF",
            **_contact(person),
            "role": person["role"],
            "unit": person["unit"],
            "areas": [area for area in person["areas"].split(";") if area],
            "active": True,
            **{name: _day(person[name]) for name in ("from", "until") if person.get(name)},
        }


def _duty_rows(duty: Iterator[Row], staff: dict[str, Row]) -> Iterator[Row]:
    for turn in duty:
        yield {
            "pk": f"UNIT#{turn['unit']}",
            "sk": f"DUTY#{turn['staff_id']}#{turn['from']}",
            **_contact(staff[turn["staff_id"]]),
            "from": turn["from"],
            "to": turn["to"],
        }


def _unit_rows(units: Iterator[Row]) -> Iterator[Row]:
    for unit in units:
        yield {"pk": f"UNIT#{unit.pop('unit')}", "sk": "UNIT", **unit}


def _contact(person: Row) -> Row:
    own = {"hide_phone": True} if person.get("hide_phone") == "yes" else {}
    return {name: person[name] for name in ("staff_id", "name", "phone", "email")} | own


def _day(written: str) -> str:
    """An ISO day. Raises ValueError for anything else: whoever had such a day would work here on no day at all."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written):
        raise ValueError(f"{written!r} is no day")
    return date.fromisoformat(written).isoformat()


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
