"""Values with fields changed are what the standard library would make of them."""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.cases import Case, Visit
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.replacing import replace

AT = datetime(2026, 11, 24, 1, tzinfo=UTC)
VISIT = Visit("c.1", 1, "planned", AT)
CLOCK = Clock("accept", ClockState.RUNNING, AT, AT)
CASE = Case("c", 1, "7K3M9QXA", "screening", "gulou-1", AT, AT, "ordinary", "sms", clocks=(CLOCK,))

CHANGES: list[tuple[Any, dict[str, Any]]] = [
    (VISIT, {"state": "done", "outcome": "satisfied"}),
    (CLOCK, {"state": ClockState.PAUSED, "paused_at": AT}),
    (CASE, {"version": 2, "lead": "dept-water", "clocks": (), "digest": "0" * 32}),
    (CASE, {}),
]


@pytest.mark.parametrize(("value", "changes"), CHANGES)
def test_a_changed_value_is_the_standard_librarys(value: Any, changes: dict[str, Any]) -> None:
    before, changed = repr(value), replace(value, **changes)
    expected = dataclasses.replace(value, **changes)
    assert (changed, repr(changed), hash(changed)) == (expected, repr(expected), hash(expected))
    assert repr(value) == before


@pytest.mark.parametrize("value", [VISIT, CLOCK, CASE])
def test_a_changed_value_is_as_frozen_as_the_first(value: Any) -> None:
    changed = replace(value)
    with pytest.raises(FrozenInstanceError):
        changed.state = "closed"


@pytest.mark.parametrize("value", [VISIT, CLOCK, CASE])
def test_a_field_that_there_is_not_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=rf"{type(value).__name__} has no colour, shape"):
        replace(value, state="closed", shape=1, colour=2)
