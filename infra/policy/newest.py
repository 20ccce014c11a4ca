"""The newest cases, by when they were opened. No index lists them: the audit, which notes each opening, is read.

An hour's entries are one partition, and a case has its entry there from the transaction on that opened it. So the
newest are found by going back from now, hour by hour, as far as it takes and no further than asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chalicelib.domain.events import CASE_REPORTED


class Openings(Protocol):
    def cases_of_hour(self, hour: str, what: str) -> Iterator[str]: ...


def newest_cases(
    openings: Openings, now: datetime, last: int, days: int, told: Callable[[int], None] = lambda hours: None
) -> Iterator[str]:
    """The ids of the newest `last` cases opened in the past `days`, newest first. `told`: of each hour read."""
    hour, oldest, found = now.astimezone(UTC), now - timedelta(days=days), 0
    while found < last and hour >= oldest - timedelta(hours=1):
        for case_id in openings.cases_of_hour(f"{hour:%Y-%m-%dT%H}", CASE_REPORTED):
            yield case_id
            found += 1
            if found == last:
                return
        told(1)
        hour -= timedelta(hours=1)
