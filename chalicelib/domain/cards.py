"""Five cards 五色卡: which colour a petition carries, by the rules of the pack (A4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.accused import accused_reach

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Card, CardSign, Policy

BY_NAME = "named"
"""The rule of a card that somebody named, against the rules or after another look."""


class Carded(NamedTuple):
    """A card, by which rule (`<card>-<number>` of its signs, from 1, or its own name where it has none), and why."""

    card: Card
    rule: str
    why: tuple[str, ...]


def card_for(case: Case, people: int, level: str, *, repeat: bool, policy: Policy) -> Carded:
    """The gravest card of which a sign holds; the last one holds always."""
    *graver, last = sorted(policy.cards.values(), key=lambda card: card.rank)
    for card in graver:
        for number, sign in enumerate(card.when, start=1):
            why = _why(sign, case, people, level, repeat=repeat)
            if why:
                return Carded(card, f"{card.id}-{number}", why)
    return Carded(last, last.id, ())


def told_of(card: Card, accused: Iterable[str], policy: Policy) -> list[str]:
    """The units that must know of a card; none that the petition accuses."""
    known = tuple(accused)
    return [unit for unit in card.told if unit in policy.units and not accused_reach(unit, known, policy)]


def _why(sign: CardSign, case: Case, people: int, level: str, *, repeat: bool) -> tuple[str, ...]:
    """What holds of a sign, as `name=value`; nothing where some of it does not."""
    asked = (
        (sign.categories, case.category in sign.categories, f"category={case.category}"),
        (sign.urgencies, case.urgency in sign.urgencies, f"urgency={case.urgency}"),
        (sign.levels, level in sign.levels, f"level={level}"),
        (sign.people, people >= sign.people, f"people={people}"),
        (sign.repeat, repeat, "repeat=yes"),
    )
    if not all(holds for wanted, holds, _ in asked if wanted):
        return ()
    return tuple(why for wanted, _, why in asked if wanted)
