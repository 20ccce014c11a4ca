"""That what a pack says of petitions names what there is: lawful ways, grounds, cards, and who decides above."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.domain.petition_answers import DEMANDED
from chalicelib.domain.petitions import ONLY_WAY_HERE
from chalicelib.policy.reader import WHOLE_FILE, Fault
from chalicelib.policy.schema import (
    ActionPart,
    CardPart,
    CategoryPart,
    GroundPart,
    KindPart,
    LawfulWayPart,
    SuperiorsPart,
    UnitPart,
)

if TYPE_CHECKING:
    from chalicelib.policy.reader import Entry, PackText

PETITIONS_FILE = "petitions.toml"


def check_petitions(text: PackText) -> Iterator[Fault]:
    """Every disagreement of petitions.toml with the rest of the pack, or with itself."""
    yield from _instead(text)
    does = {entry.part.does for entry in text.all(ActionPart)}
    for act, part, what in (
        ("petition-register", CardPart, "card"),
        ("petition-direct", LawfulWayPart, "way"),
        ("petition-decline", GroundPart, "ground"),
    ):
        if act in does and not text.ids(part):
            yield Fault(PETITIONS_FILE, WHOLE_FILE, f"names no {what}, which {act!r} needs")
    superiors = text.one(SuperiorsPart)
    for unit in superiors.part.superiors if superiors else ():
        if superiors and unit not in text.ids(UnitPart):
            yield superiors.fault("superiors", f"unknown unit {unit!r}")
    yield from _items(text)
    yield from _cards(text)


def _instead(text: PackText) -> Iterator[Fault]:
    for entry in text.all(KindPart):
        kind = entry.part
        if kind.instead is None:
            continue
        if kind.confidential_to is None:
            yield entry.fault("instead", "means nothing: the kind is not confidential to any unit")
        elif kind.instead not in text.ids(UnitPart):
            yield entry.fault("instead", f"unknown unit {kind.instead!r}")
        elif kind.instead == kind.confidential_to:
            yield entry.fault("instead", "is the unit itself that a matter may accuse")


def _items(text: PackText) -> Iterator[Fault]:
    """Each item of the article once; the last is the way of what is handled here."""
    seen: set[int] = set()
    for entry in text.all(LawfulWayPart):
        if entry.part.item in seen:
            yield entry.fault("item", f"item {entry.part.item} has another way already")
        seen.add(entry.part.item)
    if seen and ONLY_WAY_HERE not in seen:
        yield Fault(PETITIONS_FILE, WHOLE_FILE, f"no way is item {ONLY_WAY_HERE}, which what is accepted here goes by")


def _cards(text: PackText) -> Iterator[Fault]:
    cards = text.all(CardPart)
    actions = {entry.part.id for entry in text.all(ActionPart)}
    for place, entry in enumerate(cards):
        card, last = entry.part, place == len(cards) - 1
        if last and card.when:
            yield entry.fault("when", "the last card holds always: there must be one for every petition")
        if not last and not card.when:
            yield entry.fault("when", "is missing: no card after it would ever be carried")
        yield from _signs(entry, text)
        for action in card.demands:
            if action not in DEMANDED or action not in actions:
                yield entry.fault("demands", f"{action!r} is nothing that a card can demand")
        for unit in card.told:
            if unit not in text.ids(UnitPart):
                yield entry.fault("told", f"unknown unit {unit!r}")


def _signs(entry: Entry[CardPart], text: PackText) -> Iterator[Fault]:
    for number, sign in enumerate(entry.part.when, start=1):
        key = f"when[{number}]"
        if not (sign.categories or sign.urgencies or sign.levels or sign.people or sign.repeat):
            yield entry.fault(key, "asks nothing, so that no card after it would ever be carried")
        for category in sign.categories:
            if category not in text.ids(CategoryPart):
                yield entry.fault(key, f"unknown category {category!r}")
