"""What an operator hands in: a directory with `areas.geojson` and tables, read without a word being believed.

Nothing here raises at bad files: whatever cannot be read becomes a fault with its file, line and column.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.domain.days import day_of

Feature = dict[str, Any]

AREAS = "areas.geojson"
MOST_AREAS_BYTES = 512 * 2**20
MOST_TABLE_BYTES = 64 * 2**20
MOST_FEATURES = 500_000
MOST_FAULTS_A_FILE = 500
"""A file of another kind has a fault in each line; nobody reads more of them than this."""


class FileFault(NamedTuple):
    """What is wrong, and where. `line` counts from 1; a warning does not keep an import from being applied."""

    file: str
    line: int | None
    column: str | None
    zh: str
    en: str
    warning: bool = False


class Columns(NamedTuple):
    """The columns of a table; those in `optional` may be left empty, those in `extra` may be missing as a whole."""

    names: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()
    required: bool = True  # whether the file must be there


TABLES: Mapping[str, Columns] = {
    "staff.csv": Columns(
        ("staff_id", "name", "phone", "email", "role", "unit", "areas", "from", "until", "hide_phone"),
        optional=frozenset({"email", "areas", "from", "until", "hide_phone"}),
        extra=frozenset({"from", "until", "hide_phone"}),
    ),
    "posts.csv": Columns(("area", "post", "staff_id", "from", "until"), frozenset({"until"})),
    "duty.csv": Columns(("unit", "staff_id", "from", "to")),
    "units.csv": Columns(
        ("unit", "duty_phone", "supervision_phone", "address"),
        frozenset({"supervision_phone", "address"}),
        required=False,
    ),
    "absences.csv": Columns(
        ("staff_id", "from", "until", "deputy_id"), optional=frozenset({"deputy_id"}), required=False
    ),
}


class Line(NamedTuple):
    """A row of a table and the line of the file it stands in."""

    number: int
    values: dict[str, str]


@dataclass(slots=True)
class Given:
    """A directory as it was read.

    `from_day`: the day from which the areas are in force, or None when it is not said or is no day. `ended`: codes that
    end without a successor, on purpose. `tables`: by file name; a table that is not there is not in it, which says
    nothing, while one without rows says that there are none. `encodings`: of the files that are not plain UTF-8.
    """

    features: list[Feature] = field(default_factory=list)
    from_day: str | None = None
    ended: frozenset[str] = frozenset()
    members: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[Line]] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    faults: list[FileFault] = field(default_factory=list)

    def fault(self, file: str, line: int | None, column: str | None, zh: str, en: str) -> None:
        self.faults.append(FileFault(file, line, column, zh, en))


def read(directory: Path, most_areas: int = MOST_AREAS_BYTES) -> Given:
    """Everything a directory says, with what is wrong with how it is said. `most_areas`: bytes of its GeoJSON."""
    given = Given()
    _read_areas(given, directory, most_areas)
    for name, columns in TABLES.items():
        text = _text(given, directory / name, columns.required, MOST_TABLE_BYTES)
        if text is not None:
            given.tables[name] = list(_lines(given, name, columns, text))
    return given


def read_table(path: Path, columns: Columns) -> Given:
    """A table that is handed in by itself, under the name of its file."""
    given = Given()
    text = _text(given, path, True, MOST_TABLE_BYTES)
    if text is not None:
        given.tables[path.name] = list(_lines(given, path.name, columns, text))
    return given


def _text(given: Given, path: Path, required: bool, most: int) -> str | None:
    name = path.name
    try:
        if path.stat().st_size > most:
            given.fault(
                name, None, None, f"文件过大，最多 {most // 2**20} MB", f"too large: at most {most // 2**20} MB"
            )
            return None
        raw = path.read_bytes()
    except FileNotFoundError:
        if required:
            given.fault(name, None, None, "缺少文件", "the file is missing")
        return None
    except OSError as error:
        given.fault(name, None, None, "无法读取文件", f"cannot be read: {error.strerror}")
        return None
    return _decoded(given, name, raw)


def _decoded(given: Given, name: str, raw: bytes) -> str | None:
    """UTF-8 with or without a mark, else GB18030, of which GBK and GB2312 are parts."""
    if raw.startswith(codecs.BOM_UTF8):
        given.encodings[name] = "UTF-8 (BOM)"
        raw = raw[len(codecs.BOM_UTF8) :]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        if name in given.encodings:
            given.fault(name, line, None, "不是有效的 UTF-8 文本", "is no valid UTF-8, though its mark says so")
            return None
    if not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = raw.decode("gb18030")
            if "\0" not in text:
                given.encodings[name] = "GB18030"
                return text
        except UnicodeDecodeError:
            pass
    given.fault(name, line, None, "既不是 UTF-8 也不是 GBK/GB18030 文本", "is neither UTF-8 nor GBK/GB18030 text")
    return None


def _read_areas(given: Given, directory: Path, most: int) -> None:
    text = _text(given, directory / AREAS, True, most)
    if text is None:
        return
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        given.fault(AREAS, error.lineno, str(error.colno), "不是有效的 JSON", f"is no JSON: {error.msg}")
        return
    except (ValueError, RecursionError):
        given.fault(AREAS, None, None, "不是有效的 JSON（数值或嵌套异常）", "is no JSON: a number or its depth")
        return
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        given.fault(AREAS, None, "type", "不是 FeatureCollection", "is no FeatureCollection")
        return
    features = document.pop("features", None)
    if not isinstance(features, list) or not features:
        given.fault(AREAS, None, "features", "没有任何区域", "holds no areas")
        return
    if len(features) > MOST_FEATURES:
        given.fault(
            AREAS,
            None,
            "features",
            f"区域过多，最多 {MOST_FEATURES} 个",
            f"holds more than {MOST_FEATURES} areas",
        )
        return
    given.features = features
    given.from_day = day_of(document.pop("from", None))
    if given.from_day is None:
        given.fault(
            AREAS, None, "from", "缺少生效日期 from（形如 2027-01-01）", 'needs "from", the day it begins: "2027-01-01"'
        )
    ended = document.pop("ended", [])
    if not isinstance(ended, list) or not all(isinstance(code, str) for code in ended):
        given.fault(AREAS, None, "ended", "ended 须为代码列表", '"ended" must be a list of codes')
        ended = []
    given.ended = frozenset(ended)
    document.pop("type")
    given.members = document


def _lines(given: Given, name: str, columns: Columns, text: str) -> Iterator[Line]:
    """The good rows of a table, values without the blanks around them; a bad row is a fault and left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    known_faults = len(given.faults)
    header: list[str] | None = None
    seen: dict[tuple[str, ...], int] = {}
    number, ended_at = 1, 0
    try:
        for values in reader:
            number, ended_at = ended_at + 1, reader.line_num
            if not any(value.strip() for value in values):
                continue
            if header is None:
                header = [value.strip() for value in values]
                if not _header_is_good(given, name, columns, header, number):
                    return
                continue
            if len(given.faults) - known_faults >= MOST_FAULTS_A_FILE:
                given.fault(name, number, None, "错误过多，不再检查", "too many faults; the rest was not looked at")
                return
            line = _line(given, name, columns, header, values, number)
            if line is None:
                continue
            key = tuple(line.values.values())
            if key in seen:
                given.fault(name, number, None, f"与第 {seen[key]} 行重复", f"repeats line {seen[key]}")
                continue
            seen[key] = number
            yield line
    except csv.Error as error:
        given.fault(name, ended_at + 1, None, "CSV 格式有误（引号或换行）", f"is no CSV here: {error}")
    if header is None:
        given.fault(name, None, None, "文件为空，缺少表头", "is empty: there is no header")


def _header_is_good(given: Given, name: str, columns: Columns, header: list[str], number: int) -> bool:
    before = len(given.faults)
    for column in sorted({column for column in header if header.count(column) > 1}):
        given.fault(name, number, column, "列重复", "the column is there twice")
    for column in header:
        if column not in columns.names:
            given.fault(name, number, column, "未知的列", f"no such column; there are {', '.join(columns.names)}")
    for column in columns.names:
        if column not in header and column not in columns.extra:
            given.fault(name, number, column, "缺少该列", "the column is missing")
    return len(given.faults) == before


def _line(given: Given, name: str, columns: Columns, header: list[str], values: list[str], number: int) -> Line | None:
    if len(values) != len(header):
        given.fault(
            name,
            number,
            None,
            f"应有 {len(header)} 列，实有 {len(values)} 列",
            f"has {len(values)} values for {len(header)} columns",
        )
        return None
    found = dict(zip(header, (value.strip() for value in values), strict=True))
    line = {column: found.get(column, "") for column in columns.names}
    good = True
    for column, value in line.items():
        if not value and column not in columns.optional:
            given.fault(name, number, column, "不能为空", "must not be empty")
            good = False
        elif any(ord(character) < 32 or ord(character) == 127 for character in value):
            given.fault(name, number, column, "含有控制字符", "holds a control character")
            good = False
    return Line(number, line) if good else None


def _no_constant(name: str) -> Any:
    raise ValueError(name)
