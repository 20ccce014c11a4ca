"""Fits the weights of the evidence to the pairs that were learnt from, and tells how they do on those they were not
fitted to.

A logistic regression that is drawn to what a clerk would say (`CLERK`) rather than to nothing: with some four hundred
pairs most evidence is seen a few times only. No weight changes its sign. Since the lists of words were written with
these pairs in view, every pair is also fitted with a third of the words left out at random, as if it used others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from random import Random

from chalicelib.domain.policy import SameMatter
from chalicelib.domain.same_matter import comparable, evidence, score
from tests.same_matter.measuring import Pair, Scored, pairs

CLERK: Mapping[str, float] = {
    **{"building-other": -3, "unit-other": -2.5, "room-other": -2, "door-other": -2.5, "file-other": -1},
    **{
        "plate-other": -2.5,
        "gate-other": -1.5,
        "landmark-other": -1,
        "aspect-other": -1,
        "over": -1,
        "sum-other": -0.7,
    },
    **{"surname-other": -1.5, "things-none": -1, "category-other": -1, "compound-other": -3, "community-other": -3},
    **{"point-far": -1.5, "floor-other": -1, "building-spread": -0.5, "alone": -1, "days": -0.5, "hour-other": -1},
    **{"place-apart": -0.6, "one-of-many": -1, "unit-untold": -0.3, "unit-mentioned": -0.8, "building-mentioned": -0.7},
    **{"building-same": 1, "unit-same": 1, "room-same": 1.5, "room-beside": 1, "floor-same": 0.5, "gate-same": 0.7},
    **{"landmark-same": 0.7, "door-same": 1.5, "road-same": 0.5, "category-same": 0.8, "category-related": 0.3},
    **{"things": 1, "things-all": 1, "words": 1.5, "aspect-same": 0.5, "sum-same": 1.5, "surname-same": 1},
    **{"plate-same": 2, "again": 0.5, "within-hour": 0.7, "within-day": 0.4, "compound-same": 0.3, "point-near": 0.5},
    **{"point-beside": 0.2, "hour-same": 0.3, "floor-beside": 0.3, "room-mentioned": 0.3, "whole-same": 0.7},
    **{
        "side-other": -0.8,
        "detail-other": -1,
        "spot-other": -2.5,
        "age-other": -0.7,
        "road-other": -0.4,
        "compound-beside": -0.8,
        "community-across": -0.8,
        "said-other": -1,
    },
    **{"side-same": 0.4, "detail-same": 0.6, "spot-same": 2, "age-same": 1, "file-same": 2.5},
    **{"words-most": 1, "chars": 1},
}
FOLDS = 10
LEARNT = ("seen", "held", "fresh")
_PULL = 8.0
_LEFT_OUT, _COPIES = 0.35, 3
_STEPS, _PACE = 400, 0.25

Row = tuple[Mapping[str, float], bool]


class Learnt:
    """The pairs that were learnt from, once with all words and some times with fewer."""

    def __init__(self, rules: SameMatter) -> None:
        self._rules = rules
        self.pairs = _all_pairs(rules)
        self._copies = [self.pairs, *(_all_pairs(fewer_words(rules, Random(seed))) for seed in range(_COPIES))]

    def weights(self, without: int | None = None) -> dict[str, float]:
        """Fitted to all pairs, or to those of all folds but one."""
        rows = [
            (evidence(pair.later, pair.first, self._rules), pair.same)
            for copy in self._copies
            for pair in copy
            if fold_of(pair) != without and comparable(pair.later, pair.first, self._rules)
        ]
        return fitted(rows, len(self._copies))

    def cross_validated(self, fewer: int | None = None) -> Scored:
        """Every pair as it is scored by weights that were fitted without it. `fewer`: read with words left out."""
        rules = self._rules
        read = self.pairs if fewer is None else _all_pairs(fewer_words(rules, Random(fewer)))
        found: Scored = []
        for fold in range(FOLDS):
            theirs = rules._replace(weights=self.weights(without=fold))
            found += [(pair, score(pair.later, pair.first, theirs)) for pair in read if fold_of(pair) == fold]
        return found


def _all_pairs(rules: SameMatter) -> list[Pair]:
    return [pair for name in LEARNT for pair in pairs(name, rules)]


def fold_of(pair: Pair) -> int:
    return int(sha256(pair.id.encode()).hexdigest(), 16) % FOLDS


def fewer_words(rules: SameMatter, chance: Random) -> SameMatter:
    def some(table: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
        left = {name: tuple(word for word in words if chance.random() > _LEFT_OUT) for name, words in table.items()}
        return {name: words for name, words in left.items() if words}

    return rules._replace(
        things=some(rules.things),
        landmarks=some(rules.landmarks),
        aspects=some(rules.aspects),
        details=some(rules.details),
    )


def fitted(rows: Sequence[Row], copies: int) -> dict[str, float]:
    names = sorted(CLERK)
    vectors = [([(at, row[name]) for at, name in enumerate(names) if name in row], same) for row, same in rows]
    drawn_to = [float(CLERK[name]) for name in names]
    weights, bias, pairs_of_rows = list(drawn_to), -1.5, len(vectors) / copies
    for _ in range(_STEPS):
        steps, shift = [0.0] * len(names), 0.0
        for vector, same in vectors:
            off = (same - 1 / (1 + math.exp(-bias - sum(weights[at] * value for at, value in vector)))) / copies
            shift += off
            for at, value in vector:
                steps[at] += off * value
        bias += _PACE * shift / pairs_of_rows
        for at, wanted in enumerate(drawn_to):
            weights[at] += 4 * _PACE * (steps[at] - _PULL * (weights[at] - wanted)) / pairs_of_rows
            if weights[at] * wanted < 0:
                weights[at] = 0.0
    told = {name: round(weight, 2) for name, weight in zip(names, weights, strict=True)}
    return {"bias": round(bias, 2), **{name: weight for name, weight in told.items() if weight}}
