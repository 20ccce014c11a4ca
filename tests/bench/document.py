"""The tables of `docs/access-patterns.md`, written from what was measured, and checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.settings import ROOT

DOCUMENT = ROOT / "docs" / "access-patterns.md"
PATTERNS, LIVES = "measured", "lives"
"""The tables, by the comment that each stands in: `<!-- measured -->` … `<!-- /measured -->`."""

Tables = Mapping[str, str]


def tables(scale: dict[str, Any], keys: dict[str, str], lives: Mapping[str, dict[str, Any]]) -> Tables:
    """Everything that the document says of what was measured, as Markdown."""
    return {PATTERNS: _of_patterns(scale, keys), LIVES: _of_lives(lives)}


def unsaid(told: Tables) -> list[str]:
    """The rows that the document does not say; none where it holds exactly these tables."""
    text = DOCUMENT.read_text("utf-8")
    said = {name: _parts(text, name)[1] for name in told}
    rows = {name: said[name].splitlines() for name in told}
    return [
        row
        for name, table in told.items()
        if said[name] != table
        for row in [row for row in table.splitlines() if row not in rows[name]] or [f"{name}: more than was measured"]
    ]


def write(told: Tables) -> None:
    text = DOCUMENT.read_text("utf-8")
    for name, table in told.items():
        before, _, after = _parts(text, name)
        text = f"{before}<!-- {name} -->\n{table}<!-- /{name} -->\n{after}"
    DOCUMENT.write_text(text, "utf-8")


def _of_patterns(scale: dict[str, Any], keys: dict[str, str]) -> str:
    """The access patterns with what each goes by and costs."""
    lines = [
        "| Pattern | Key or index | Requests | Items read | Read units | Write units |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, key in keys.items():
        figures = {what: values[0] for what, values in scale[name].items()}
        numbers = (figures[what] for what in ("requests", "scanned", "rcu", "wcu"))
        lines.append(f"| {name} | {key} | {' | '.join(f'{number:g}' for number in numbers)} |")
    return "\n".join(lines) + "\n"


def _of_lives(lives: Mapping[str, dict[str, Any]]) -> str:
    """The reference life of each procedure, with what it leaves and takes."""
    lines = ["| Procedure | Acts | Events | Write units | Read units |", "|---|---:|---:|---:|---:|"]
    for name, life in lives.items():
        numbers = (life[what] for what in ("acts", "events", "wcu", "rcu"))
        of = f"[{name}](examples/{name}.md) {life['zh']}"
        lines.append(f"| {of} | {' | '.join(f'{number:g}' for number in numbers)} |")
    return "\n".join(lines) + "\n"


def _parts(text: str, name: str) -> tuple[str, str, str]:
    before, _, rest = text.partition(f"<!-- {name} -->\n")
    inside, _, after = rest.partition(f"<!-- /{name} -->\n")
    return before, inside, after
