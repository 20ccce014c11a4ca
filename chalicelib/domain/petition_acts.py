"""What the acts `petition-*` do, from registering a petition to accepting it, by 信访工作条例, and what there is of all
of them. Loaded when one is done. Its answers are in `petition_answers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.accused import accused_of, accused_reach, guard
from chalicelib.domain.cards import BY_NAME, card_for
from chalicelib.domain.cases import REFUSED
from chalicelib.domain.errors import (
    InvalidField,
    NobodyAbove,
    OffersUndecided,
    PetitionUnnamed,
    UnknownUnit,
)
from chalicelib.domain.petition_answers import answer, ask_review, conclude, deliver, hold_hearing, rate
from chalicelib.domain.petition_steps import examine_card, fit, give_card, is_repeated, words_of
from chalicelib.domain.petitions import (
    ENDED,
    MOST_REPRESENTATIVES,
    ONLY_WAY_HERE,
    OPEN,
    TERMINATED,
    Petition,
    body_above,
)
from chalicelib.domain.steps import close, enter

if TYPE_CHECKING:
    from chalicelib.domain.acts import Act, Particulars
    from chalicelib.domain.cases import Case
    from chalicelib.domain.clocks import Clock
    from chalicelib.domain.policy import Action, Ground, Policy
    from chalicelib.domain.telling import Telling

DIRECTED, NOT_ACCEPTED = "directed", "not-accepted"
"""How a petition ends that has another lawful way, and one that is declined."""

AS_REGISTERED = "登记时指明为同一事实和理由"
"""Why a petition is offered with another: whoever registered that named it."""


def _register(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """登记 (art. 22): who petitions, through how many, and whom it accuses. The card follows by rule.

    `other`: a petition of the same facts and reasons. Where some body has that in hand, or it ended for good, it is
    offered as the same matter: before somebody decides, this one is not accepted beside it (art. 19), nor again (36).
    """
    case, policy = telling.known, telling.around.policy
    people, representatives = said.people or 1, said.representatives or 0
    if representatives > MOST_REPRESENTATIVES:
        raise InvalidField("representatives", "too-many-representatives", limit=MOST_REPRESENTATIVES)
    if representatives > people:
        raise InvalidField("representatives", "more-than-people")
    if people > MOST_REPRESENTATIVES and not representatives:
        raise InvalidField("representatives", "field-required")
    for place, unit in enumerate(said.accused):
        if unit not in policy.units:
            raise UnknownUnit(f"accused[{place}]")
    if said.other is not None and (said.other.id == case.id or said.other.kind != case.kind):
        raise InvalidField("other", "other-petition-unfit")
    known = case.petition or Petition()
    earlier = said.other.petition.accused if said.other and said.other.petition else ()  # of the same facts and reasons
    accused = tuple(dict.fromkeys((*known.accused, *said.accused, *earlier)))
    holder = _holder(case, accused, policy)
    repeat = len(case.report_ids) > 1 or said.other is not None
    found = card_for(case, people, known.level, repeat=repeat, policy=policy)
    give_card(telling, found.card, found.rule, accused, holder, why=list(found.why))
    came_before: dict[str, Any] = {"earlier": said.other.id} if said.other else {}
    enter(
        telling,
        E.PETITION_REGISTERED,
        action.to,
        action,
        unit=holder,
        desk=holder,
        people=people,
        representatives=representatives,
        named=said.named,
        accused=list(accused),
        report_ids=list(case.report_ids),
        **came_before,
        **words_of(said),
    )
    if said.other is not None and (said.other.open or _ended_for_good(said.other, policy)):
        telling.tell(E.MATTER_OFFERED, case=said.other.id, score=1.0, why=[AS_REGISTERED])


def _direct(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """First it is asked whether another way is the lawful one (art. 31 (1)-(5)): the petitioner is told which."""
    case, way = telling.known, telling.around.policy.lawful_ways.get(said.way or "")
    if way is None or way.item == ONLY_WAY_HERE:
        raise InvalidField("way", "unknown-way" if way is None else "way-handled-here")
    reports = list(case.report_ids)
    telling.tell(
        E.PETITION_DIRECTED,
        unit=case.unit,
        way=way.id,
        item=way.item,
        report_ids=reports,
        **words_of(said, note=said.note),
    )
    close(telling, DIRECTED)


def _decline(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Not accepted, and why. `repeated`: that it came before was not known when it was registered."""
    case, ground = telling.known, telling.around.policy.grounds.get(said.ground or "")
    if ground is None:
        raise InvalidField("ground", "unknown-ground")
    other = _other(case, ground, said.other, telling.around.policy)
    telling.tell(
        E.PETITION_DECLINED,
        unit=case.unit,
        ground=ground.id,
        article=ground.article,
        report_ids=list(case.report_ids),
        **({"other": other} if other else {}),
        **({"repeated": True} if other and not is_repeated(case) else {}),
        **words_of(said, note=said.note),
    )
    close(telling, NOT_ACCEPTED)


def _pass_on(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """转送、交办 to the competent body (art. 22), and to those that act jointly with it; never to whom it accuses.

    Nor, before it is decided what it may be the same as, to whom that accuses.
    """
    case, policy = telling.known, telling.around.policy
    unit, asked = _named(case, said, policy)
    if unit in (case.lead, case.returned_by):  # an objection is rejected to whoever made it, whose time goes on
        raise InvalidField("unit", "same-unit")
    if any(
        accused_reach(each, accused_of(other), policy) for other in _offered(telling, said) for each in (unit, *asked)
    ):
        raise OffersUndecided()
    enter(
        telling,
        E.PETITION_PASSED_ON,
        action.to,
        action,
        unit=unit,
        from_unit=case.unit,
        asked=asked,
        report_ids=list(case.report_ids),
        **words_of(said),
    )


def _accept(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """受理, told in writing (art. 23). What another body may have, or have ended, is decided first (19, 36)."""
    case, policy = telling.known, telling.around.policy
    if case.petition is None or not case.petition.named:
        raise PetitionUnnamed()
    hidden = len(said.offered) - len(_offered(telling, said))
    if len(case.links.offers) > hidden:
        raise OffersUndecided()
    way = next(way.id for way in policy.lawful_ways.values() if way.item == ONLY_WAY_HERE)
    enter(
        telling,
        E.PETITION_ACCEPTED,
        action.to,
        action,
        unit=case.lead,
        way=way,
        report_ids=list(case.report_ids),
        **words_of(said),
    )


def _refer(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Bodies that do not agree ask the one above them all who leads and who joins (art. 22)."""
    case, policy = telling.known, telling.around.policy
    accused = case.petition.accused if case.petition else ()
    lead = case.lead or ""
    superior = body_above(lead, (lead, *(joint.unit for joint in case.joints)), accused, policy)
    telling.tell(E.PETITION_REFERRED, unit=lead, approver=superior, **words_of(said))


def _decide(telling: Telling[Case], action: Action, said: Particulars) -> None:
    case, policy = telling.known, telling.around.policy
    unit, joint_units = _named(case, said, policy)
    asked = [each for each in joint_units if each not in case.open_joints]
    telling.tell(
        E.PETITION_DECIDED,
        unit=unit,
        from_unit=case.lead,
        joint_units=joint_units,
        asked=asked,
        **words_of(said),
    )


def _name_leader(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """包案 (art. 18): a leader answers for a hard case, in person; never one of whom it accuses."""
    case, policy = telling.known, telling.around.policy
    if said.leader_unit is None:
        raise InvalidField("leader", "unknown-leader")
    guard(case, said.leader_unit, "leader", policy)
    telling.tell(E.PETITION_LEADER_NAMED, unit=case.unit, leader=said.leader, **words_of(said))


def _change_card(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Look at the card again: it changes, or stays; when it is looked at next follows from it."""
    case, policy = telling.known, telling.around.policy
    card = policy.cards.get(said.card or "")
    if card is None:
        raise InvalidField("card", "unknown-card")
    petition = case.petition or Petition()
    if card.id != petition.card:
        give_card(telling, card, BY_NAME, petition.accused, reason=said.reason)
    examine_card(telling, action, **words_of(said))


ACTS: dict[str, Act] = {
    "petition-register": _register,
    "petition-direct": _direct,
    "petition-decline": _decline,
    "petition-pass-on": _pass_on,
    "petition-accept": _accept,
    "petition-refer": _refer,
    "petition-decide": _decide,
    "petition-answer": answer,
    "petition-conclude": conclude,
    "petition-deliver": deliver,
    "petition-ask-review": ask_review,
    "petition-hold-hearing": hold_hearing,
    "petition-name-leader": _name_leader,
    "petition-change-card": _change_card,
    "petition-rate": rate,
}


def _is_decided(case: Case) -> bool:
    """Whether nobody waits for the common superior to say who leads and who joins."""
    return case.petition is None or case.petition.decider is None


def _is_in_dispute(case: Case) -> bool:
    decided = case.petition is None or case.petition.decider is not None
    return not decided and any(joint.state == REFUSED for joint in case.joints)


def _is_not_delivered(window: Clock | None) -> bool:
    return window is not None and window.since is None


POSSIBLE: dict[str, Callable[[Case], bool]] = {
    "petition-accept": lambda case: case.petition is not None,
    "petition-answer": _is_decided,
    "petition-refer": _is_in_dispute,
    "petition-decide": lambda case: case.petition is not None and case.petition.decider is not None,
    "petition-deliver": lambda case: _is_not_delivered(case.closing or case.ended_by),
}
"""By act: whether a case has what the act is about; an act that is not named always has. An answer arrives once."""
LEADS: frozenset[str] = frozenset(
    {"petition-register", "petition-pass-on", "petition-accept", "petition-answer", "petition-ask-review"}
)
"""Acts after which the case is in the state that `to` names."""
ENDS: frozenset[str] = frozenset({"petition-direct", "petition-decline", "petition-conclude"})
"""Acts that close the case."""
MEETS: frozenset[str] = frozenset()
"""Acts that may meet a clock, as those of its `met_by`."""
BEGINS: frozenset[str] = frozenset()
"""Acts that may begin a clock, as those of its `begun_by`."""
NEEDS: dict[str, tuple[str, ...]] = {
    "petition-register": ("people",),
    "petition-direct": ("way", "note"),
    "petition-decline": ("ground", "note"),
    "petition-pass-on": ("unit",),
    "petition-refer": ("reason",),
    "petition-decide": ("unit", "reason"),
    "petition-answer": ("opinion", "note"),
    "petition-conclude": ("opinion", "note"),
    "petition-deliver": ("on",),
    "petition-ask-review": ("reason",),
    "petition-name-leader": ("leader",),
    "petition-change-card": ("card", "reason"),
    "petition-rate": ("outcome",),
}
"""What must be said with an act, and so be among the `requires` of its actions."""


def _holder(case: Case, accused: tuple[str, ...], policy: Policy) -> str:
    """Who has it in hand: whoever has; where that is accused itself, the unit the pack names instead."""
    kind = policy.kinds.get(case.kind or "")
    for each in (case.unit, kind.instead if kind else "", *policy.superiors):
        if each in policy.units and not accused_reach(each, accused, policy):
            return each
    raise NobodyAbove("accused")


def _named(case: Case, said: Particulars, policy: Policy) -> tuple[str, list[str]]:
    """The unit that is to lead and those that are to join, as they are named."""
    unit = fit(case, said.unit or "", "unit", policy)
    for place, joint in enumerate(said.units):
        field = f"units[{place}]"
        if fit(case, joint, field, policy) == unit:
            raise InvalidField(field, "joint-with-oneself")
        if joint in said.units[:place]:
            raise InvalidField(field, "joint-already")
    return unit, list(said.units)


def _offered(telling: Telling[Case], said: Particulars) -> list[Case]:
    """The cases offered with it, but for those that accuse the unit of who acts: of them he or she never learns."""
    unit, policy = telling.around.actor.unit, telling.around.policy
    return [other for other in said.offered if not accused_reach(unit, accused_of(other), policy)]


def _other(case: Case, ground: Ground, other: Case | None, policy: Policy) -> str | None:
    """The petition that a ground names: one that somebody has in hand, or that ended for good.

    Whether it tells of the same facts and reasons, in other words maybe, is for who declines to say.
    """
    if not ground.other:
        return None
    if other is None:
        raise InvalidField("other", "field-required")
    stands = {OPEN: other.open, ENDED: _ended_for_good(other, policy)}[ground.other]
    if other.id == case.id or other.petition is None or not stands:
        raise InvalidField("other", "other-petition-unfit")
    return other.id


def _ended_for_good(other: Case, policy: Policy) -> bool:
    """Whether it was answered at all three levels, or not accepted because one of the same facts and reasons was."""
    if other.outcome != NOT_ACCEPTED:
        return other.outcome == TERMINATED
    ground = policy.grounds.get(other.petition.ground or "") if other.petition else None
    return ground is not None and ground.other == ENDED
