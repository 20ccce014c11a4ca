"""Screening 矛盾甄别: which kind, category and urgency a report tells of, and which of its words decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy

URGENCIES = ("ordinary", "urgent", "major")


class Screening(NamedTuple):
    """What was found. `category` is None where the words did not decide; `chosen_by`: client, words or nobody."""

    category: str | None
    urgency: str
    chosen_by: str
    words: tuple[str, ...]


def screen(text: str, category: str | None, urgency: str | None, policy: Policy) -> Screening:
    """Screen a report by the sender's choice, else by its words.

    Each category scores the summed length of its keywords found in the text; the highest wins if it reaches the
    policy's threshold and no other category equals it. Urgency is the highest of the category's own and what the
    policy's urgent and major words say, unless the sender chose.
    """
    words: tuple[str, ...] = ()
    chosen_by = "client" if category else "nobody"
    if category is None:
        category, words = _by_words(text, policy)
        chosen_by = "words" if category else "nobody"
    if urgency is None:
        alarming = _found(text, policy.rules.major_words), _found(text, policy.rules.urgent_words)
        levels = ["major" if alarming[0] else "ordinary", "urgent" if alarming[1] else "ordinary"]
        levels += [policy.categories[category].urgency] if category else []
        urgency = max(levels, key=URGENCIES.index)
        words = tuple(dict.fromkeys((*words, *alarming[0], *alarming[1])))
    return Screening(category, urgency, chosen_by, words)


def _by_words(text: str, policy: Policy) -> tuple[str | None, tuple[str, ...]]:
    folded = text.casefold()
    scores = [
        (sum(map(len, found)), category.id, found)
        for category in policy.categories.values()
        if (found := _found(folded, category.keywords))
    ]
    scores.sort(key=lambda score: -score[0])
    if not scores or scores[0][0] < policy.rules.screening_threshold:
        return None, ()
    if len(scores) > 1 and scores[1][0] == scores[0][0]:
        return None, ()
    return scores[0][1], scores[0][2]


def _found(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word in text)
