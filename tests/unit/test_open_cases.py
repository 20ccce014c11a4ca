"""The one walk over everything that is open: each case once, whatever it waits for, and no beat."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.records import CaseSummary, Page
from chalicelib.services.open_cases import open_cases

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def summary(case_id: str, unit: str) -> CaseSummary:
    return CaseSummary(case_id, "CODE", 1, "assigned", None, None, "ordinary", None, unit, AT, AT, AT, None)


class Queues:
    """Units' queues in pages of two, and what falls due."""

    def __init__(self, queues: dict[str, list[str]], due: list[str]) -> None:
        self.queues = queues
        self.waiting = due
        self.asked: list[str] = []

    def unit_queue(self, unit: str, limit: int, start: dict[str, Any] | None) -> Page:
        self.asked.append(unit)
        lying, first = self.queues.get(unit, []), start["at"] if start else 0
        following = {"at": first + 2} if first + 2 < len(lying) else None
        return Page([summary(case_id, unit) for case_id in lying[first : first + 2]], following)

    def due(self, until: datetime) -> Iterable[str]:
        return iter(self.waiting)


def found(queues: Queues, *units: str) -> list[tuple[str, bool]]:
    return [(each.case_id, each.summary is not None) for each in open_cases(queues, units)]  # type: ignore[arg-type]


def test_nothing_is_open() -> None:
    assert found(Queues({}, []), "a", "b") == []


def test_every_page_of_every_queue_and_then_what_waits_for_a_time() -> None:
    queues = Queues({"a": ["1", "2", "3"], "b": ["4"]}, ["3", "5", "320302001002.information-officer"])
    assert found(queues, "a", "b") == [("1", True), ("2", True), ("3", True), ("4", True), ("5", False)]


def test_a_case_in_several_queues_is_found_once() -> None:
    """As lead and as joint unit, or because it went from one to the other while somebody looked."""
    assert found(Queues({"a": ["1"], "b": ["1", "2"]}, ["1", "2", "2"]), "a", "b") == [("1", True), ("2", True)]


def test_a_unit_that_is_named_twice_is_asked_once() -> None:
    queues = Queues({"a": ["1"]}, [])
    found(queues, "a", "a")
    assert queues.asked == ["a"]
