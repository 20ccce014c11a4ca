"""Finding every case that is open, without reading the table: one walk, for whatever is done to all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.events import of_beat

if TYPE_CHECKING:
    from chalicelib.domain.records import CaseSummary
    from chalicelib.services.ports import CaseStore

_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_PAGE = 100


class Found(NamedTuple):
    """An open case. `summary`: what a unit's queue tells of it; None where it lies in no queue and waits for a time."""

    case_id: str
    summary: CaseSummary | None


def open_cases(store: CaseStore, units: Iterable[str]) -> Iterator[Found]:
    """Every open case, each once, in no order. One that is changed meanwhile may be left out or be closed by then.

    A case is in its unit's queue while it is somebody's turn, whatever has become of its clocks; all others that
    are open wait for a time, and are in the index of what falls due.
    `units`: every unit that may hold one, those of earlier policies included: an abolished unit's queue is still there.
    """
    found: set[str] = set()
    for unit in dict.fromkeys(units):
        start = None
        while True:
            page = store.unit_queue(unit, _PAGE, start)
            for item in page.items:
                if item.case_id not in found:
                    found.add(item.case_id)
                    yield Found(item.case_id, item)
            start = page.next
            if start is None:
                break
    for subject in store.due(_EVER):
        if subject not in found and not of_beat(subject):
            found.add(subject)
            yield Found(subject, None)
