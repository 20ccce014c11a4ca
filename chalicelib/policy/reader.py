"""From the files of a pack to checked tables, with every fault of every file named and none hiding another."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chalicelib.policy.schema import CATEGORY_FILE, FILES, OVERLAY_FILE, PROCEDURE_FILE, FileShape, OverlayPart, Part

WHOLE_FILE = "(file)"
P = TypeVar("P", bound=Part)
P_co = TypeVar("P_co", bound=Part, covariant=True)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong, and where: a file of the pack, a key in it, the reason."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}"


class PackInvalid(ValueError):
    """The pack cannot be compiled; `faults` are all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Entry(Generic[P_co]):
    """A table that has the right shape, and where it stands."""

    file: str
    key: str
    part: P_co

    def fault(self, key: str, reason: str) -> Fault:
        return Fault(self.file, f"{self.key}.{key}" if self.key else key, reason)


@dataclass(slots=True)
class PackText:
    """A pack as it was read. `declared` has the ids of misshapen tables too, so that one fault does not make many."""

    entries: list[Entry[Part]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    declared: dict[type[Part], dict[str, list[str]]] = field(default_factory=dict)  # part → id → files
    category_files: tuple[str, ...] = ()
    procedure_files: tuple[str, ...] = ()
    unread: list[str] = field(default_factory=list)  # files that are missing or no TOML

    def all(self, part: type[P]) -> list[Entry[P]]:
        return [cast(Entry[P], entry) for entry in self.entries if isinstance(entry.part, part)]

    def one(self, part: type[P]) -> Entry[P] | None:
        return next(iter(self.all(part)), None)

    def ids(self, *parts: type[Part]) -> set[str]:
        return {identifier for part in parts for identifier in self.declared.get(part, {})}


def read_pack(directory: Path) -> PackText:
    """Every file a pack has, with its `categories/` and `procedures/`, and a fault for any other file beside them."""
    text = PackText(category_files=_within(directory, "categories"), procedure_files=_within(directory, "procedures"))
    shapes = {
        **FILES,
        **dict.fromkeys(text.category_files, CATEGORY_FILE),
        **dict.fromkeys(text.procedure_files, PROCEDURE_FILE),
    }
    for name, shape in shapes.items():
        _read_file(text, directory / name, name, shape)
    for path in sorted(directory.glob("*.toml")):
        if path.name not in FILES:
            text.faults.append(Fault(path.name, WHOLE_FILE, "is no file of a policy pack"))
    return text


def _within(directory: Path, folder: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{path.name}" for path in sorted((directory / folder).glob("*.toml")))


def read_overlay(path: Path, name: str) -> tuple[Entry[OverlayPart] | None, list[Fault]]:
    text = PackText()
    _read_file(text, path, name, OVERLAY_FILE)
    return text.one(OverlayPart), text.faults


def _read_file(text: PackText, path: Path, name: str, shape: FileShape) -> None:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if shape.optional:
            return
        text.faults.append(Fault(name, WHOLE_FILE, "is missing"))
        text.unread.append(name)
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        text.faults.append(Fault(name, WHOLE_FILE, f"is not TOML: {error}"))
        text.unread.append(name)
        return
    top = {key: value for key, value in content.items() if key not in shape.tables}
    if shape.root:
        _read_table(text, name, "", shape.root, top)
    else:
        text.faults.extend(Fault(name, key, "unknown key") for key in top)
    for table, part in shape.tables.items():
        rows = content.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            text.faults.append(Fault(name, table, f"must be an array of tables: [[{table}]]"))
            continue
        for position, row in enumerate(rows):
            identifier = row.get("id")
            key = f"{table}[{identifier if isinstance(identifier, str) else position}]"
            _read_table(text, name, key, part, row)


def _read_table(text: PackText, file: str, key: str, part: type[Part], row: Mapping[str, Any]) -> None:
    identifier = row.get("id")
    if isinstance(identifier, str):
        text.declared.setdefault(part, {}).setdefault(identifier, []).append(file)
    try:
        text.entries.append(Entry(file, key, part.model_validate(row)))
    except ValidationError as error:
        text.faults.extend(_faults(file, key, error))


def _faults(file: str, key: str, error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors():
        path = key
        for step in detail["loc"]:
            if step == "[key]":
                continue
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
        yield Fault(file, path or WHOLE_FILE, _reason(detail))


def _reason(detail: ErrorDetails) -> str:
    given, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "unknown key"
        case "literal_error":
            return f"must be {context['expected']}, not {given!r}"
        case "value_error":
            return f"{context['error']}, not {given!r}"
        case "too_short":
            return "must not be empty"
        case "string_pattern_mismatch":
            return f"must match {context['pattern']}, not {given!r}"
        case "string_type":
            return f"must be text, not {given!r}"
        case _:
            return f"{detail['msg']}, not {given!r}"
