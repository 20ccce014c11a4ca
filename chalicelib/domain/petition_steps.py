"""What the acts of a petition are made of: who may be named, what is said, and its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.accused import guard
from chalicelib.domain.acts import also
from chalicelib.domain.cards import card_for, told_of
from chalicelib.domain.errors import UnknownUnit
from chalicelib.domain.steps import enter

if TYPE_CHECKING:
    from chalicelib.domain.acts import Particulars
    from chalicelib.domain.cases import Case
    from chalicelib.domain.petitions import Petition
    from chalicelib.domain.policy import Action, Card, Policy
    from chalicelib.domain.telling import Telling

CARD_CLOCK = "card"
"""The clock that looking at the card again restarts."""


def is_repeated(case: Case) -> bool:
    """Whether it was registered as one that came before."""
    return len(case.report_ids) > 1 or (case.petition is not None and case.petition.earlier is not None)


def fit(case: Case, unit: str, field: str, policy: Policy) -> str:
    """The unit, which there is and which the petition does not accuse. Raises UnknownUnit and UnitAccused."""
    if unit not in policy.units:
        raise UnknownUnit(field)
    guard(case, unit, field, policy)
    return unit


def give_card(
    telling: Telling[Case], card: Card, rule: str, accused: tuple[str, ...], unit: str | None = None, **because: Any
) -> None:
    """Tell that it carries a card, and who must know. `unit`: who has it in hand, if not who had so far."""
    case, policy = telling.known, telling.around.policy
    was = case.petition.card if case.petition else None
    telling.tell(
        E.PETITION_CARD_CHANGED,
        unit=unit or case.unit,
        card=card.id,
        was=was,
        rule=rule,
        asked=told_of(card, accused, policy),
        **because,
    )


def examine_card(telling: Telling[Case], action: Action, **said: Any) -> None:
    """The card was looked at: from now on it is counted when that is done next."""
    case = telling.known
    card = case.petition.card if case.petition else None
    counted = action._replace(restarts=(CARD_CLOCK,))
    enter(telling, E.PETITION_CARD_EXAMINED, "", counted, unit=case.unit, card=card, **said)


def raise_card(telling: Telling[Case], petition: Petition, level: str) -> bool:
    """A petition that goes on to the next level may carry a graver card by that, and never a lighter one."""
    case, policy = telling.known, telling.around.policy
    found = card_for(case, petition.people, level, repeat=is_repeated(case), policy=policy)
    held = policy.cards.get(petition.card or "")
    graver = held is None or found.card.rank < held.rank
    if graver:
        give_card(telling, found.card, found.rule, petition.accused, why=list(found.why))
    return graver


def words_of(said: Particulars, **facts: Any) -> dict[str, Any]:
    """The facts that whatever somebody does may carry: a reason and a note, where given, and what is also said."""
    words = {"reason": said.reason, "note": said.note}
    return {**{key: value for key, value in words.items() if value}, **facts, **also(said)}
