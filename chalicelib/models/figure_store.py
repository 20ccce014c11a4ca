"""The figures on DynamoDB: how counters are added to, each event once, and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pynamodb.connection import Connection
from pynamodb.expressions.operand import Path

from chalicelib.domain.figures import Counts, Tally
from chalicelib.models.base import Write, WriteRefused, translating
from chalicelib.models.figure_rows import CountedRow, FigureRow, tally_from


@translating
class DynamoFigures:
    """`services.ports.FigureStore`. Reads are not consistent: counters follow what they count anyway."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, event_id: str, added: Mapping[Tally, Counts]) -> bool:
        write = Write(self._connection)
        row, name = CountedRow.of(event_id)
        write.update("counted", row, [CountedRow.events.add({name})], ~CountedRow.events.contains(name))
        for tally, counts in added.items():
            write.update(f"figures:{tally}", FigureRow.of(tally), [Path([each]).add(n) for each, n in counts.items()])
        try:
            write.commit()
        except WriteRefused:
            return False
        return True

    def tallies(self, period: str, area: str) -> list[tuple[Tally, Counts]]:
        return [tally_from(item) for item in self._items(period, area)]

    def _items(self, period: str, area: str) -> Iterator[dict[str, Any]]:
        start: Any = None
        while True:
            page = FigureRow._get_connection().query(
                FigureRow.key(period), FigureRow.sk.startswith(area), exclusive_start_key=start
            )
            yield from page["Items"]
            start = page.get("LastEvaluatedKey")
            if not start:
                return
