"""What must hold of every case whatever was done to it, looked at row by row as the rows change.

Nothing here asks the code under test how a case came to be: the rows are read, the new events are replayed on top of
what was replayed before, and everything else that lies there must follow from that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain import events as E
from chalicelib.domain.cases import DESK, HANDLE, LEAD, VISITOR, Case, evolve, replay
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.containment import superiors
from chalicelib.domain.events import CaseEvent
from chalicelib.domain.people import StaffMember, holds, may_act, may_see
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import allowed_actions
from chalicelib.domain.timing import limit_of
from chalicelib.models.base import Row
from chalicelib.models.case_rows import CaseRow, TaskRow, case_from, other_tasks
from chalicelib.models.stream import EVENT_PREFIX, event_from
from chalicelib.services.ports import Policies

Rows = Mapping[str, Mapping[str, Any]]
_OPEN = (ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED)
_ENDED = (ClockState.MET, ClockState.BREACHED, ClockState.STOPPED)


class Holding:
    """The cases of a run as they were last seen, and what has happened to them, counted by type of event."""

    def __init__(
        self, rows_of: Callable[[str], Rows], policies: Policies, officer_of: Callable[[str], StaffMember]
    ) -> None:
        self.cases: dict[str, Case] = {}
        self.happened: Counter[str] = Counter()
        self._rows_of = rows_of
        self._rows: dict[str, Rows] = {}
        self._told: set[tuple[Any, ...]] = set()
        self._policies = policies
        self._officer_of = officer_of

    def look(self, case_id: str) -> list[CaseEvent]:
        """Look at a case again; the events that have come since the last time."""
        rows, before = self._rows_of(case_id), self._rows.get(case_id, {})
        fresh = [event_from(rows[sk]) for sk in sorted(rows.keys() - before.keys()) if sk.startswith(EVENT_PREFIX)]
        lost = [sk for sk in before if sk.startswith(EVENT_PREFIX) and rows.get(sk) != before[sk]]
        assert not lost, f"events are appended, never changed: {lost}"
        if not fresh:
            assert rows == before, "nothing changes without an event"
            return []
        self._rows[case_id] = rows
        case = self.cases.get(case_id)
        for event in fresh:
            self._follows(case, event)
            after = evolve(case, event)
            self._clocks(case, after, event)
            case = after
            self.happened[event.type] += 1
        assert case is not None
        self.cases[case_id] = case
        self._rows_follow(case, rows)
        self._stands(case)
        return fresh

    def unchanged(self, case_id: str) -> None:
        assert self.look(case_id) == [], "what is refused changes nothing"

    def whole(self) -> None:
        """Every case once more, from its first event."""
        for case_id, case in self.cases.items():
            rows = self._rows_of(case_id)
            events = [event_from(rows[sk]) for sk in sorted(rows) if sk.startswith(EVENT_PREFIX)]
            assert replay(events) == case == case_from(dict(rows[CaseRow.SK]))

    def settled(self, now: datetime) -> None:
        """After a sweep nothing is left that time alone should have done by then."""
        for case in self.cases.values():
            if case.asleep:
                assert case.next_timer is None and not case.tasks, case
                continue
            assert case.next_timer is None or case.next_timer > now, case
            assert case.closes_at is None or case.closes_at > now, case
            assert all(visit.state != "planned" or visit.due_at > now for visit in case.visits), case
            for clock in case.clocks:
                if clock.open and not clock.window and clock.state is ClockState.RUNNING:
                    assert clock.due_at > now, (clock, case)

    def _follows(self, case: Case | None, event: CaseEvent) -> None:
        """Versions count from 1 without a hole, and so do the events of each."""
        version, n = (case.version, self._n) if case else (0, 0)
        assert (event.version, event.n) in ((version + 1, 1), (version, n + 1)), event.id
        self._n = event.n

    _n = 0

    def _clocks(self, case: Case | None, after: Case, event: CaseEvent) -> None:
        before = case.clocks if case else ()
        for place, (was, clock) in enumerate(zip(before, after.clocks, strict=False)):
            if not was.open:
                assert clock == was, f"{event.id}: what ended stays as it was: {clock}"
            elif not clock.open:
                late = not clock.window and (was.paused_at or event.time) > was.due_at
                assert (clock.state is ClockState.BREACHED) == (late or was.state is ClockState.BREACHED), (was, clock)
            if was.open and event.data.get("clock") == was.name:
                assert case is not None
                self._time_did(case, (after.id, place), was, event)
        assert len(after.clocks) >= len(before)

    def _time_did(self, case: Case, occurrence: tuple[str, int], was: Clock, event: CaseEvent) -> None:
        policy, facts = self._policies.of(case.policy_version), event.data
        if event.type == E.CLOCK_WARNED:
            assert was.warn_at and was.warn_at <= event.time and (was.window or event.time < was.due_at)
            self._once("warned", *occurrence, was.due_at)
        elif event.type == E.CLOCK_BREACHED:
            rule = policy.procedure_of(case).clocks[was.name]
            assert not was.window and was.paused_at is None, was
            assert limit_of(rule, case.category, case.urgency, policy) is not None, rule
            scheduled = was.again_at if was.state is ClockState.BREACHED else was.due_at
            assert scheduled and scheduled <= event.time, (was, event)
            assert facts["step"] == was.step + 1
            self._once("breached", *occurrence, was.due_at, facts["step"])  # an extension may forgive a breach
            above = superiors(case, policy)
            assert facts["escalated_to"] in above
            assert bool(facts["again_at"]) == bool(rule.again and facts["step"] < len(above)), event
        elif event.type == E.EXTENSION_APPROVED:
            assert datetime.fromisoformat(facts["due_at"]) > was.due_at, "more time, not less"

    def _once(self, *step: Any) -> None:
        assert step not in self._told, f"twice: {step}"
        self._told.add(step)

    def _rows_follow(self, case: Case, rows: Rows) -> None:
        assert case_from(dict(rows[CaseRow.SK])) == case, "the row is the replay of the events"
        expected = {CaseRow.SK: _said(CaseRow.of(case))}
        expected |= {sk: _said(TaskRow.of(case, task)) for sk, task in other_tasks(case).items()}
        assert {sk: row for sk, row in rows.items() if not sk.startswith(EVENT_PREFIX)} == expected

    def _stands(self, case: Case) -> None:
        """How a case stands after an act is how a case can stand."""
        policy = self._policies.of(case.policy_version)
        procedure = policy.procedure_of(case)
        state = procedure.states[case.state]
        assert case.procedure == procedure.id
        assert (case.turn, case.open or case.asleep) == (state.turn, state.open)
        assert (case.open or case.asleep) == (case.outcome is None), case
        assert not (case.asleep and (case.tasks or case.next_timer)), case
        units = [case.desk, *([case.lead] if case.lead else []), *case.open_joints]
        assert all(unit in policy.units for unit in units), units
        assert case.lead or case.turn != LEAD
        assert case.visit is None or case.turn == VISITOR
        assert case.lead not in case.open_joints
        assert len({joint.unit for joint in case.joints}) == len(case.joints)
        assert case.lead is None or (case.category in policy.categories and case.level), case
        self._clocks_stand(case, policy)
        self._somebody_goes_on(case, policy)

    def _clocks_stand(self, case: Case, policy: Policy) -> None:
        procedure = policy.procedure_of(case)
        named = [clock.name for clock in case.clocks if clock.open]
        assert len(set(named)) == len(named), named
        for clock in case.clocks:
            assert clock.state in (_OPEN if clock.open else _ENDED), clock
            if clock.open:
                rule = procedure.clocks[clock.name]
                assert case.state in (*rule.runs_in, *rule.pauses_in), (case.state, clock)
                waits = clock.paused_at is not None  # what had run out by then is not hidden by waiting
                assert waits == (case.state in rule.pauses_in) or (not waits and clock.late(case.updated_at)), clock
                assert clock.window == rule.window
        for rule in procedure.clocks.values():
            if case.state in rule.runs_in and not (rule.met_by or rule.visited or rule.begun_by):
                limit = limit_of(rule, case.category, case.urgency, policy)
                assert (limit is not None) == (rule.id in named), f"{rule.id} in {case.state}"

    def _somebody_goes_on(self, case: Case, policy: Policy) -> None:
        """Nothing is forgotten: it is somebody's turn who can do something, or time will."""
        now = self._policies.current
        for task in case.tasks:
            officer = self._officer_of(task.unit)
            assert may_see(officer, case, now) or task.unit not in now.units, f"{task} of {case}"
        if case.open and case.turn in (DESK, LEAD):
            unit = next(task.unit for task in case.tasks if task.what == HANDLE)
            actions = [policy.procedure_of(case).actions[name] for name in allowed_actions(case, policy)]
            officer = self._officer_of(unit)
            able = [each.id for each in actions if may_act(officer, each, case, now) and "matter-" not in each.does]
            assert able or unit not in now.units, f"{unit} can do nothing in {case.state}"
        elif case.open:
            assert case.next_timer, case
        if case.extension and not case.asleep:
            allowed = [policy.procedure_of(case).actions[name] for name in allowed_actions(case, policy)]
            approval = next((action.id for action in allowed if action.does == "approve-extension"), None)
            assert approval, case
            deciding = self._officer_of(case.extension.approver)
            deciding = replace(deciding, role="unit-head") if case.procedure == "petition" else deciding
            able = holds(deciding, f"case.{approval}", now) or deciding.unit not in now.units
            assert able, f"{deciding} of {case}"


def _said(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.attribute_values.items() if value is not None}
