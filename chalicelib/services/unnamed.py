"""Events that name other cases, for whom one of those accuses: without its name, and what was said of it (ADR 40).

A petition was compared with others, merged, split, or declined for another; who sees one of them need not see all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.events import CaseEvent

WITHHELD = "不予显示"
_ONE = ("case", "into", "from_case", "through", "child", "split_from", "other", "earlier")
_SEVERAL = ("absorbed", "came_through")
"""Facts of events that name other cases; and those that tell of several, each by its `case`."""
_OF_MATTERS = "matter."
_KEPT = ("unit", "category")
_DROPPED = ("score", "why", "reason", "note", "media", "done_at")
"""Of an event that tells of two cases: what says nothing of the other, and what is left out, as it may."""


def named_in(history: Iterable[CaseEvent]) -> list[str]:
    """The other cases that a history names."""
    return list(dict.fromkeys(name for event in history for name in _named(event)))


def unnamed(history: Iterable[CaseEvent], kept: Mapping[str, Case]) -> list[CaseEvent]:
    """A history, complete as before, in which nothing names these cases: neither their ids, nor codes, nor reports."""
    names = {name for case in kept.values() for name in (case.id, case.tracking_code, *case.report_ids)}
    return [_without(event, kept, names) for event in history]


def _without(event: CaseEvent, kept: Mapping[str, Case], names: set[str]) -> CaseEvent:
    if event.type.startswith(_OF_MATTERS) and not kept.keys().isdisjoint(_named(event)):
        said = {name: value for name, value in event.data.items() if name not in _DROPPED}
        facts = {name: value if name in _KEPT else _masked(value, None) for name, value in said.items()}
    else:
        facts = {name: _masked(value, names) for name, value in event.data.items()}
    return event._replace(data=facts)


def _masked(value: Any, names: set[str] | None) -> Any:
    """A fact without these names; without any, where there are none given."""
    match value:
        case str():
            return WITHHELD if names is None or value in names else value
        case list() | tuple():
            return [_masked(each, names) for each in value]
        case Mapping():
            return {name: _masked(each, names) for name, each in value.items()}
    return value


def _named(event: CaseEvent) -> Iterator[str]:
    yield from (name for fact in _ONE if isinstance(name := event.data.get(fact), str))
    yield from event.data.get("children", ())
    for fact in _SEVERAL:
        yield from (each["case"] for each in event.data.get(fact, ()))
