"""Pairs of reports as intake sees them, and how well a score tells those of one matter from those that look alike."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.domain.gazetteer import Gazetteer
from chalicelib.domain.matter_features import Told, features
from chalicelib.domain.policy import Policy, SameMatter
from chalicelib.domain.same_matter import Score, score
from chalicelib.domain.screening import screen
from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import policy_from

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_PACK = _ROOT / "chalicelib" / "policy" / "gulou"
_AREAS = _ROOT / "infra" / "samples" / "gulou" / "areas.geojson"

Scored = list[tuple["Pair", Score | None]]


class Pair(NamedTuple):
    """Two reports, the later one second, and whether they are `same`; `said`: their texts, to be read."""

    id: str
    same: bool
    first: Told
    later: Told
    said: str


class Figures(NamedTuple):
    """How many pairs join by themselves, and how many are offered or join; how many of them rightly; how many are the
    same.
    """

    pairs: int
    automatic: int
    automatic_right: int
    offered: int
    offered_right: int
    same: int

    @property
    def by_name(self) -> dict[str, float]:
        return {
            "precision at automatic": self.automatic_right / max(1, self.automatic),
            "recall at automatic": self.automatic_right / max(1, self.same),
            "precision at offered": self.offered_right / max(1, self.offered),
            "recall at offered": self.offered_right / max(1, self.same),
        }


@cache
def policy() -> Policy:
    return policy_from(json.loads(compile_pack(_PACK)))


@cache
def gazetteer() -> Gazetteer:
    """Of the sample district."""
    listed = json.loads(_AREAS.read_text())["features"]
    return Gazetteer.of({each["properties"]["code"]: each["properties"]["name"] for each in listed})


def pairs(name: str, rules: SameMatter | None = None) -> list[Pair]:
    """The pairs of a file here, read by rules: the pack's, unless others are given."""
    read = (json.loads(line) for line in (_HERE / f"{name}.jsonl").read_text().splitlines())
    rules = rules or policy().same_matter
    return [
        Pair(
            each["id"],
            each["same"],
            told(each["a"], rules),
            told(each["b"], rules),
            f"{each['a']['text']} ／ {each['b']['text']}",
        )
        for each in read
    ]


def told(report: Mapping[str, Any], rules: SameMatter) -> Told:
    """A report of a file: screened by the pack, placed by what its sender says of the area and by names in it."""
    found = screen(report["text"], report["category"], None, policy())
    category = policy().categories.get(found.category or "")
    said = f"{report['address'] or ''} {report['text']}"
    names = gazetteer().found(said)
    marks, gist = features(report["text"], report["address"], names, rules)
    return Told(
        int(datetime.fromisoformat(report["told_at"]).timestamp()),
        category.kind if category else None,
        found.category,
        gazetteer().home(names, report["area"] or ""),
        (report["lat"], report["lon"]) if report["lat"] is not None else None,
        report["source"],
        marks,
        gist,
    )


def scored(given: Iterable[Pair], rules: SameMatter) -> Scored:
    return [(pair, score(pair.later, pair.first, rules)) for pair in given]


def measured(found: Scored, rules: SameMatter) -> Figures:
    counts = [0] * 6
    for pair, told_of in found:
        value = told_of.value if told_of else 0.0
        counts[0] += 1
        counts[1] += value >= rules.automatic
        counts[2] += value >= rules.automatic and pair.same
        counts[3] += value >= rules.offered
        counts[4] += value >= rules.offered and pair.same
        counts[5] += pair.same
    return Figures(*counts)
