"""Writes a network out again as it came in: planned anew, the directory has nothing to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chalicelib.domain.network import NetworkVersion
from chalicelib.models.reference_rows import AreaRow, FeatureRow
from infra.network.content import compact, unzipped
from infra.network.given import AREAS, TABLES
from infra.network.known import Known, known_network, listed_people
from infra.network.people import ABSENCES, KINDS, Key, Row
from infra.network.table import ReferenceTable, Told
from infra.network.tables import tables_of

_AT_ONCE = 1000


class NothingInForce(LookupError):
    """On that day no version of the network is in force."""


class RowsLost(RuntimeError):
    """The lists name rows that the table does not hold."""


def export(table: ReferenceTable, day: str, directory: Path, told: Told = lambda count: None) -> NetworkVersion:
    """Writes `areas.geojson` as on a day, and people as they are now; gives the version in force.

    Areas are in the order of their codes, one a line, tables in the order of the files they came from. Tables that came
    to be empty are written with their header, except those that an import can do without. Raises NothingInForce,
    RowsLost, ListLost.
    """
    known = known_network(table)
    version = known.version_on(day)
    if version is None:
        raise NothingInForce(day)
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / AREAS).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_areas(known, version, table, told))
    lists = table.people().lists
    absences = listed_people(table, lists, ABSENCES)
    for name, lines in tables_of(_people(table, lists, told), absences):
        columns = TABLES[name]
        if lines or columns.required:
            extra = {column for column in columns.extra if any(line.get(column) for line in lines)}
            header = [column for column in columns.names if column not in columns.extra or column in extra]
            (directory / name).write_bytes(_table(header, lines).encode())
        else:
            (directory / name).unlink(missing_ok=True)
    return version


def _areas(known: Known, version: NetworkVersion, table: ReferenceTable, told: Told) -> Iterator[str]:
    listed = known.lists[version.id]
    members = {"type": "FeatureCollection", "from": version.from_day, **listed.members}
    yield f'{compact(members)[:-1]},"features":[\n'
    areas = list(listed.areas.values())
    for start in range(0, len(areas), _AT_ONCE):
        some = areas[start : start + _AT_ONCE]
        keys = [(AreaRow.key(area.code), FeatureRow.sk_of(area.version)) for area in some]
        rows = table.rows(keys)
        if len(rows) != len(keys):
            raise RowsLost(", ".join(pk for pk, sk in keys if (pk, sk) not in rows))
        features = [compact(unzipped(rows[key]["feature"])) for key in keys]
        told(len(some))
        yield ",\n".join(features) + (",\n" if start + _AT_ONCE < len(areas) else "\n")
    yield "]}\n"


def _people(table: ReferenceTable, lists: Mapping[str, str], told: Told) -> dict[str, dict[Key, Row]]:
    people: dict[str, dict[Key, Row]] = {}
    for kind in KINDS:
        if kind not in lists:
            continue
        keys = listed_people(table, lists, kind)
        rows = table.rows(keys)
        people[kind] = {key: rows[key] for key in keys if key in rows}
        told(len(people[kind]))
    return people


def _table(header: Sequence[str], lines: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, extrasaction="ignore", restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
