"""Acting on a case: what staff do to it, what visits find, and what time alone brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.domain.audit import BY_ITSELF, UNSAID
from chalicelib.domain.cases import Case, replay
from chalicelib.domain.errors import (
    AlreadyKnown,
    DomainError,
    Forbidden,
    Hidden,
    IdempotencyConflict,
    InvalidField,
    NotFound,
    StaleVersion,
    UnknownArea,
    UnknownCase,
    UnknownCategory,
    UnknownUnit,
)
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.people import StaffMember, holds, may_act, may_see, may_visit
from chalicelib.domain.procedure import Change, Circumstances, Particulars, act, fall_due, record_visit
from chalicelib.services.duty import duty_at

if TYPE_CHECKING:
    from chalicelib.domain.policy import Action, Policy
    from chalicelib.domain.records import Command
    from chalicelib.services.ports import CaseStore, Clock, Grid, Policies, Roster


_NAME_UNITS = frozenset(
    {"assign", "transfer", "request-joint", "petition-pass-on", "petition-decide", "petition-ask-review"}
)
"""Acts that give a case to a unit that is named."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for an act, as which command, believing the case to be at which version, and from which address."""

    by: StaffMember
    command: Command
    version: int
    correlation_id: str
    source: str = UNSAID


class Acting:
    """Does what is asked of a case, once; a repeat gets the case as it was after the first time."""

    def __init__(
        self,
        store: CaseStore,
        grid: Grid,
        roster: Roster,
        policies: Policies,
        clock: Clock,
        staff: Callable[[str], StaffMember | None] | None = None,
    ) -> None:
        """`staff`: who works here today, by id."""
        self._store = store
        self._grid = grid
        self._roster = roster
        self._policies = policies
        self._clock = clock
        self._staff = staff

    def act(
        self,
        case_id: str,
        action: str,
        asked: Asked,
        said: Particulars,
        area: str | None = None,
        other: str | None = None,
    ) -> Case:
        """Do one of the actions of the case's procedure. `area`: the code of where it is, where that is said; `other`:
        the id of the other case that it names, if it does.

        Raises NotFound for a case that does not exist or may not be seen, Forbidden, ActionNotAllowed, StaleVersion,
        InvalidField, UnknownArea, UnknownCase, UnknownCategory, UnknownUnit, UnknownAttachment, IdempotencyConflict,
        and what the act itself raises (`domain.acts`).
        """
        case = self._seen(case_id, asked.by)

        def change() -> Change:
            around = self._around(case, asked)
            policy = around.policy
            known = self._action(action, case, policy)
            if said.category is not None and said.category not in policy.categories:
                raise UnknownCategory("category")
            if not may_act(asked.by, known, case, self._policies.current, said.unit):
                raise Forbidden()
            self._still_there(known, said)
            where = self._grid.area(area, policy.day_of(around.now)) if area else None
            if area and where is None:
                raise UnknownArea("area")
            told = replace(said, area=where, other=self._other(other, asked.by))
            return act(case, action, self._looked_up(known, case, told), around)

        return self._once(case, asked, change)

    def _other(self, other: str | None, staff: StaffMember) -> Case | None:
        """Another case that somebody names, and may see."""
        known = self._store.case(other) if other else None
        if other and (known is None or not may_see(staff, known, self._policies.current)):
            raise UnknownCase("other")
        return known

    def _looked_up(self, action: Action, case: Case, said: Particulars) -> Particulars:
        """What is said with an act, and what must be looked up for it."""
        if action.does == "petition-register":
            told = (self._store.report(report_id) for report_id in case.report_ids)
            return replace(said, named=any(known.named for known in told if known))
        if action.does == "petition-name-leader" and said.leader and self._staff:
            leader = self._staff(said.leader)
            if leader is not None and holds(leader, "petition.answer-for", self._policies.current):
                return replace(said, leader_unit=leader.unit)
        return said

    def _action(self, action: str, case: Case, policy: Policy) -> Action:
        """The action of the case's procedure; of another, where only that has it: how the case stands refuses it."""
        own = policy.procedure_of(case)
        for procedure in (own, *policy.procedures.values()):
            if action in procedure.actions:
                return procedure.actions[action]
        raise InvalidField("action", "unknown-action")

    def _still_there(self, action: Action, said: Particulars) -> None:
        """Nothing is given to a unit that is no more, though the version a case goes by still has it."""
        if action.does not in _NAME_UNITS:
            return
        fields = ("unit", said.unit), *((f"units[{place}]", unit) for place, unit in enumerate(said.units))
        for field, unit in fields:
            if unit and unit not in self._policies.current.units:
                raise UnknownUnit(field)

    def record_visit(self, visit_id: str, asked: Asked, outcome: str, note: str | None) -> Case:
        """Write down what a visit found. Raises as `act` does."""
        case = self._seen(visit_id.rpartition(".")[0], asked.by)
        if visit_id not in (visit.id for visit in case.visits):
            raise NotFound()

        def change() -> Change:
            if not may_visit(asked.by, case, self._policies.current):
                raise Forbidden()
            return record_visit(case, visit_id, outcome, note, self._around(case, asked))

        return self._once(case, asked, change)

    def fall_due(self, case_id: str, correlation_id: str) -> bool:
        """Let time have its way with a case. False when nothing was due (any more).

        Raises StaleVersion when somebody changed the case meanwhile: ask again.
        """
        case = self._store.case(case_id)
        if case is None:
            return False
        policy = self._policies.of(case.policy_version)
        around = Circumstances(SYSTEM, self._clock.now(), policy, correlation_id, causation_id="time")
        change = fall_due(case, around)
        if change is not None:
            self._store.save(change, None, BY_ITSELF)
        return change is not None

    def _once(self, case: Case, asked: Asked, change: Callable[[], Change]) -> Case:
        try:
            if case.version != asked.version:
                raise StaleVersion(version=case.version)
            done = change()
            self._store.save(done, asked.command, asked.source)
        except DomainError as refused:
            before = self._done_before(asked)
            if before is None:
                if isinstance(refused, AlreadyKnown):
                    raise StaleVersion() from refused
                raise
            return before
        return done.case

    def _done_before(self, asked: Asked) -> Case | None:
        """The case as this command left it, if it was done before. Raises IdempotencyConflict."""
        known = self._store.command(asked.command.id)
        if known is None:
            return None
        if known.fingerprint != asked.command.fingerprint:
            raise IdempotencyConflict()
        return replay(self._store.history(known.case_id, up_to=known.version))

    def _seen(self, case_id: str, staff: StaffMember) -> Case:
        case = self._store.case(case_id)
        if case is None:
            raise NotFound()
        if not may_see(staff, case, self._policies.current):
            raise Hidden(case=case_id)
        return case

    def _around(self, case: Case, asked: Asked) -> Circumstances:
        now, policy = self._clock.now(), self._policies.of(case.policy_version)
        return Circumstances(
            asked.by.actor,
            now,
            policy,
            asked.correlation_id,
            causation_id=asked.command.id,
            on_duty=duty_at(now, self._roster, policy),
        )
