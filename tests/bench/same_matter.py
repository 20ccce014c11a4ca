"""One matter told more than once: how well it is told from what looks alike, and what it costs to look for it.

How well is told by pairs of reports that nobody learnt from (`tests/same_matter/last.jsonl`). What it costs must not
grow with the cases there are: the requests, items and bytes are those of the access pattern.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.domain.matter_features import Told, features
from chalicelib.domain.nearby import Near, candidates
from chalicelib.domain.policy import Policy
from tests.bench.people import cpu_us
from tests.same_matter.measuring import measured, pairs, scored

PATTERN = "near in place, kind and time"
PAIRS = "last"
NEAR_TEXT = "来电人反映3号楼2单元电梯昨晚开始停运,住14楼的老人无法下楼,要求尽快修好并说明停运原因"
_AT = datetime.fromisoformat("2026-11-22T00:00:00+00:00")
_ENTRIES = 20
_TIMES = 20


def same_matter(policy: Policy, scaled: dict[str, Any]) -> dict[str, Any]:
    """`precision`: of what joins by itself; `recall`: of what joins or is offered; `offered_precision`: of that.

    `cpu_ms`: of one report held against twenty others, reading its words included. `scaled`: what the access pattern
    took with few and with many cases.
    """
    rules = policy.same_matter
    found = measured(scored(pairs(PAIRS), rules), rules).by_name
    near = Near("", 0, ())
    for number in range(_ENTRIES):
        near = near.entered(f"{number:026d}", told_there("3203020010020101", policy), rules)

    def look() -> None:
        for _ in range(_TIMES):
            candidates(told_there("3203020010020101", policy), [near], rules)

    return {
        "precision": found["precision at automatic"],
        "recall": found["recall at offered"],
        "offered_precision": found["precision at offered"],
        "cpu_ms": cpu_us(look, _TIMES) / 1000,
        "requests": max(scaled[PATTERN]["requests"]),
        **{what: scaled[PATTERN][what] for what in ("scanned", "bytes")},
    }


def told_there(area: str, policy: Policy) -> Told:
    """A report of a lift in an area."""
    marks, gist = features(NEAR_TEXT, "万通花园3号楼2单元", (), policy.same_matter)
    return Told(int(_AT.timestamp()), "hazard", "lift-failure", area, (34.285, 117.185), "12345", marks, gist)
