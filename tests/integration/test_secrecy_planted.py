"""A test that cannot fail would prove nothing: leaks are planted, and the walk of `tests.integration.secrecy` finds
each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from chalicelib.domain.cases import Case
from chalicelib.domain.people import StaffMember
from chalicelib.domain.records import CaseSummary, Page
from chalicelib.services.listing import Read, Start
from tests.integration.edge import Edge
from tests.integration.secrecy import ACCUSED, DISTRICT, OFFICE, WORDS, Life, Walked, Wires, walk

STRONGEST = StaffMember("x", "administrator", ACCUSED[0], (DISTRICT,))


def _read_once(read: Read, may: Callable[[CaseSummary], bool], most: int, start: Start) -> Page:
    page = read(most, start)
    return Page([item for item in page.items if may(item)], page.next)


def _told_to_all(case: Case) -> tuple[str, ...]:
    return (case.unit, *ACCUSED)


PLANTED: dict[str, tuple[str, Any]] = {
    "whoever asks sees the case": ("chalicelib.services.awake.may_see", lambda staff, case, policy: True),
    "lists do not look whom it accuses": ("chalicelib.domain.people.accused_of", lambda case: ()),
    "a page is short of what was left out": ("chalicelib.services.reading.seen", _read_once),
    "it is counted for who sees others": (
        "chalicelib.services.figures.Figures._may_count",
        lambda figures, kind, staff: figures._policy.roles[staff.role].confidential,
    ),
    "its events go to whom it accuses": ("chalicelib.domain.cases.Case.units", property(_told_to_all)),
    "the audit is read by who may": ("chalicelib.services.audit_reading.accused_of", lambda case: ()),
    "all of a person is given out": ("chalicelib.services.persons.accused_of", lambda case: ()),
    "an act finds what the asker may not see": (
        "chalicelib.services.acting.seen_by",
        lambda staff, case, store, policy: True,
    ),
}


class Ground(NamedTuple):
    """A petition that was passed on, and what somebody was answered before there was one."""

    life: Life
    wires: Wires
    before: Walked


@pytest.fixture(scope="module")
def ground(deployment: Edge) -> Ground:
    life, wires = Life(deployment), Wires(deployment)
    wires.let_out(life.known)
    before = walk(deployment, life.known, [STRONGEST])
    for step in life.steps():
        if step == "passed on":
            break
    assert found(life, wires, before) == []
    return Ground(life, wires, before)


def found(life: Life, wires: Wires, before: Walked) -> Sequence[str]:
    leaks, _ = wires.let_out(life.known)
    walked = walk(life.edge, life.known, [STRONGEST])
    return [*leaks, *walked.leaks, *walked.unlike(before)]


@pytest.mark.parametrize("leak", PLANTED)
def test_a_leak_is_found(ground: Ground, monkeypatch: pytest.MonkeyPatch, leak: str) -> None:
    place, planted = PLANTED[leak]
    monkeypatch.setattr(place, planted)
    monkeypatch.setattr("chalicelib.domain.procedure.told_by", lambda case, events, policy: None)
    ground.life.act("petition-change-card", OFFICE, card="orange", reason=WORDS["reason"])
    assert found(*ground)
