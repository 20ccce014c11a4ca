"""The table of `docs/access-patterns.md`, written from what was measured, and checked against it."""

from __future__ import annotations

from typing import Any

from infra.settings import ROOT

DOCUMENT = ROOT / "docs" / "access-patterns.md"
_BEGIN, _END = "<!-- measured -->\n", "<!-- /measured -->\n"


def table(scale: dict[str, Any], keys: dict[str, str]) -> str:
    """The access patterns with what each goes by and costs, as Markdown."""
    lines = [
        "| Pattern | Key or index | Requests | Items read | Read units | Write units |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, key in keys.items():
        figures = {what: values[0] for what, values in scale[name].items()}
        numbers = (figures[what] for what in ("requests", "scanned", "rcu", "wcu"))
        lines.append(f"| {name} | {key} | {' | '.join(f'{number:g}' for number in numbers)} |")
    return "\n".join(lines) + "\n"


def says(text: str) -> bool:
    """Whether the document holds exactly this table."""
    return _parts()[1] == text


def write(text: str) -> None:
    before, _, after = _parts()
    DOCUMENT.write_text(before + _BEGIN + text + _END + after, "utf-8")


def _parts() -> tuple[str, str, str]:
    before, _, rest = DOCUMENT.read_text("utf-8").partition(_BEGIN)
    inside, _, after = rest.partition(_END)
    return before, inside, after
