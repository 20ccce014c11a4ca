"""Twenty thousand things done to cases at random, by two at once, and what must hold after each of them."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.domain import events as E
from chalicelib.domain.policy import Policy
from tests.machine import CaseMachine, Setting, Tally, documented
from tests.memory import MemoryCaseStore

LEAST = 20_000
SELDOM = 0.03
"""Which part of all actions of all procedures may be left out by chance, if the same is done by another procedure."""
OTHERWHERE = {E.CLOCK_RECOMPUTED}
"""What neither staff nor time does: a command, which has tests of its own."""
UNMET = 2
"""How many errors may be met with by nobody, by chance: which are rare changes with the pack."""
ERRORS = {
    "action-not-allowed",
    "case-merged",
    "escalation-beyond-district",
    "extension-not-later",
    "extension-too-late",
    "extension-too-long",
    "field-required",
    "forbidden",
    "idempotency-conflict",
    "joint-already",
    "joint-with-oneself",
    "matter-closed",
    "matter-confidential",
    "no-report-left",
    "not-found",
    "nothing-below",
    "own-request",
    "same-case",
    "same-unit",
    "stale-version",
    "unknown-action",
    "unknown-area",
    "unknown-attachment",
    "unknown-category",
    "unknown-unit",
    "window-over",
    "card-demands",
    "day-in-future",
    "day-too-early",
    "more-than-people",
    "petition-unnamed",
    "too-many-representatives",
    "unit-accused",
    "unknown-card",
    "unknown-ground",
    "unknown-leader",
    "unknown-way",
    "until-before-since",
    "way-handled-here",
}


def test_whatever_is_done_to_cases_they_stand_as_their_events_tell(policy: Policy) -> None:
    tally, statuses = Tally(), documented()

    def machine() -> CaseMachine:
        store = MemoryCaseStore()
        return CaseMachine(Setting(store, store.rows_of, store.announce), policy, statuses, tally)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=240,
            stateful_step_count=200,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )

    _was_not_blind(tally, policy)


def _was_not_blind(tally: Tally, policy: Policy) -> None:
    """Whatever there is to do was done, and whatever can go wrong went wrong."""
    assert tally.asked >= LEAST and sum(tally.done.values()) >= LEAST / 3
    actions = {(each.id, name) for each in policy.procedures.values() for name in each.actions}
    never = actions - tally.done.keys()
    assert len(never) <= len(actions) * SELDOM, f"actions that were never done: {sorted(never)}"
    assert {name for _, name in actions} <= {name for _, name in tally.done}
    assert not E.CASE_EVENT_TYPES - OTHERWHERE - tally.happened.keys(), "events that never happened"
    unmet = ERRORS - tally.refused.keys()
    assert len(unmet) <= UNMET, f"errors that nobody met with: {sorted(unmet)}"
    assert tally.overtaken and tally.stale and tally.repeated and tally.provisional and tally.brought_back
