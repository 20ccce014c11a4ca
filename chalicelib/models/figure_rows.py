"""Rows of the figures: counters of an area and kind in a month, and which events of a case they hold already."""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import UnicodeSetAttribute

from chalicelib.domain.figures import Counts, Tally
from chalicelib.models.case_rows import CasesRow

_NO_KIND = "-"
_VERSIONS_A_ROW = 50


class FigureRow(CasesRow):
    """The counters of a tally, an attribute each, by the counter's name. Small: a street's month is one query."""

    @classmethod
    def of(cls, tally: Tally) -> FigureRow:
        return cls(cls.key(tally.period), f"{tally.area}#{tally.kind or _NO_KIND}")

    @staticmethod
    def key(period: str) -> str:
        return f"FIGURES#{period}"


class CountedRow(CasesRow):
    """The events of some versions of a case that are counted, as `<version>.<n>`; a few bytes each.

    A row for so many versions: what a further event costs does not grow with the history of a case. Kept as long as
    events are, which an operator may publish again at any time.
    """

    events = UnicodeSetAttribute()

    @classmethod
    def of(cls, event_id: str) -> tuple[CountedRow, str]:
        """The row an event belongs to, and how it is named there."""
        case_id, version, n = event_id.rsplit(".", 2)
        return cls(f"COUNTED#{case_id}", f"{int(version) // _VERSIONS_A_ROW:06d}"), f"{int(version)}.{int(n)}"


def tally_from(item: dict[str, Any]) -> tuple[Tally, Counts]:
    """What a row tells, as it lies."""
    period = item["pk"]["S"].partition("#")[2]
    area, _, kind = item["sk"]["S"].partition("#")
    counts = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    return Tally(period, area, None if kind == _NO_KIND else kind), counts
