"""Acting on a case: what staff do to it, what visits find, and what time alone brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.domain.acts import TELLS_APART
from chalicelib.domain.audit import BY_ITSELF, UNSAID
from chalicelib.domain.cases import Case, replay
from chalicelib.domain.errors import (
    ActionNotAllowed,
    AlreadyKnown,
    DomainError,
    Forbidden,
    Hidden,
    IdempotencyConflict,
    InvalidField,
    NotFound,
    OpenedMeanwhile,
    OtherChanged,
    StaleVersion,
    TrackingCodeTaken,
    UnknownArea,
    UnknownCase,
    UnknownCategory,
    UnknownUnit,
)
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.people import StaffMember, holds, may_act, may_visit
from chalicelib.domain.procedure import (
    Change,
    Circumstances,
    Particulars,
    act,
    allowed_actions,
    fall_due,
    record_visit,
)
from chalicelib.services.awake import seen_by
from chalicelib.services.duty import duty_at

if TYPE_CHECKING:
    from chalicelib.domain.links import Likely
    from chalicelib.domain.nearby import Near
    from chalicelib.domain.panels import Member
    from chalicelib.domain.policy import Action, Policy
    from chalicelib.domain.records import Command
    from chalicelib.services.matching import Matching
    from chalicelib.services.ports import CaseStore, Clock, Grid, Ids, Policies, Pool, Roster

_ATTEMPTS = 3
"""How often an act is tried whose other case somebody else is at, too, or whose new tracking code is in use."""


_ASK_OFFERS = frozenset({"petition-accept", "petition-pass-on"})
"""Acts for which it matters whom the cases accuse that are offered as the same matter."""
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
        ids: Ids,
        staff: Callable[[str], StaffMember | None] | None = None,
        pool: Callable[[], Pool] | None = None,
        matching: Callable[[], Matching] | None = None,
    ) -> None:
        """`staff`: who works here today, by id. `pool`: of people who may be asked to the table, made when one is.
        `matching`: made where a case is screened, and not needed by what lets time have its way only.
        """
        self._store = store
        self._grid = grid
        self._roster = roster
        self._policies = policies
        self._clock = clock
        self._ids = ids
        self._staff = staff
        self._pool = pool
        self._matching = matching

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

        Raises NotFound for a case that does not exist or may not be seen, Forbidden, ActionNotAllowed, CaseMerged,
        StaleVersion, InvalidField, UnknownArea, UnknownCase, UnknownCategory, UnknownUnit, UnknownAttachment,
        IdempotencyConflict, and what the act itself raises (`domain.acts`).
        """
        case = self._seen(case_id, asked.by)
        near: list[Near] = []

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
            told = self._of_matters(case, known, self._looked_up(known, case, told), around)
            offers: Sequence[Likely] = ()
            if known.does == "classify" and self._matching is not None:
                offers, near[:] = self._matching().placing(case, told.category or case.category, where or case.area)
            if known.does == TELLS_APART and self._offers_hidden(case, asked.by):
                left = allowed_actions(case, policy, around.now, offers=False)
                raise ActionNotAllowed(None, allowed_actions=list(left), state=case.state)
            return act(case, action, told, around, offers)

        try:
            return self._once(case, asked, change, near)
        except ActionNotAllowed as refused:
            if self._offers_hidden(case, asked.by):
                policy = self._policies.of(case.policy_version)
                known = {name for name, each in policy.procedure_of(case).actions.items() if each.does == TELLS_APART}
                refused.extra["allowed_actions"] = [
                    each for each in refused.extra["allowed_actions"] if each not in known
                ]
            raise

    def _offers_hidden(self, case: Case, staff: StaffMember) -> bool:
        """Whether something is offered with it, and nothing that somebody may see: for him or her there is nothing."""
        if not case.links.offers:
            return False
        offered = self._store.cases([each.case for each in case.links.offers])
        return not any(seen_by(staff, each, self._store, self._policies.current) for each in offered.values())

    def _of_matters(self, case: Case, action: Action, said: Particulars, around: Circumstances) -> Particulars:
        """What acts on two cases need to know beside what is said; nothing for any other act."""
        if not action.does.startswith("matter-"):
            return said
        from chalicelib.domain.matter_acts import MOST_AT_ONCE, answers_given, check_mergeable  # few acts are

        match action.does, said.other:
            case "matter-merge", Case() as other if case.open:
                for policy in (self._policies.current, self._policies.of(other.policy_version)):
                    check_mergeable(case, other, policy)
            case "matter-unmerge", Case() as other:
                kept, sleeps = (other, case) if case.asleep else (case, other)
                told = [report for each in kept.links.within(sleeps.id) for report in each.report_ids]
                return replace(said, answers=answers_given(self._store.history(kept.id), told))
            case "matter-split", _:
                known = (self._store.report(report) for report in said.report_ids[:MOST_AT_ONCE])
                reports = tuple(each.report for each in known if each)
                return replace(said, reports=reports, child=(self._ids.case_id(around.now), self._ids.tracking_code()))
        return said

    def _other(self, other: str | None, staff: StaffMember) -> Case | None:
        """Another case that somebody names, and may see."""
        known = self._store.case(other) if other else None
        if other and (known is None or not seen_by(staff, known, self._store, self._policies.current)):
            raise UnknownCase("other")
        return known

    def _looked_up(self, action: Action, case: Case, said: Particulars) -> Particulars:
        """What is said with an act, and what must be looked up for it."""
        if action.does in _ASK_OFFERS and case.links.offers:
            return replace(said, offered=tuple(self._store.cases([each.case for each in case.links.offers]).values()))
        if action.does == "petition-register":
            told = (self._store.report(report_id) for report_id in case.report_ids)
            return replace(said, named=any(known.named for known in told if known))
        if action.does == "petition-name-leader" and said.leader and self._staff:
            leader = self._staff(said.leader)
            if leader is not None and holds(leader, "petition.answer-for", self._policies.current):
                return replace(said, leader_unit=leader.unit)
        return replace(said, known_members=self._members(said)) if said.members else said

    def _members(self, said: Particulars) -> Mapping[str, Member]:
        """Whom of the pool somebody names. Raises InvalidField for more than one case may have."""
        from chalicelib.domain.panel_acts import MOST_INVITED  # few acts name any

        if len(said.members) > MOST_INVITED:
            raise InvalidField("members", "too-many-members", limit=MOST_INVITED)
        return self._pool().named(said.members) if self._pool else {}

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
        left = self._open_children(case)
        around = Circumstances(
            SYSTEM, self._clock.now(), policy, correlation_id, causation_id="time", open_children=left
        )
        change = fall_due(case, around)
        if change is not None:
            self._store.save(change, None, BY_ITSELF)
        return change is not None

    def _once(self, case: Case, asked: Asked, change: Callable[[], Change], near: Sequence[Near] = ()) -> Case:
        """`near`: what lies at places afterwards, once the change was made."""
        try:
            if case.version != asked.version:
                raise StaleVersion(version=case.version)
            for attempts_left in reversed(range(_ATTEMPTS)):
                done = change()
                try:
                    self._store.save(done, asked.command, asked.source, near=near)
                    break
                except (OtherChanged, OpenedMeanwhile, TrackingCodeTaken):
                    if not attempts_left:
                        raise StaleVersion() from None
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
        if not seen_by(staff, case, self._store, self._policies.current):
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
            open_children=self._open_children(case),
        )

    def _open_children(self, case: Case) -> tuple[str, ...]:
        if not case.links.children:
            return ()
        from chalicelib.services.awake import open_children  # few cases have any

        return open_children(case, self._store)
