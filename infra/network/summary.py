"""A plan as other programs read it: the operator's with `--json`, and clients of the API."""

from __future__ import annotations

from collections import Counter
from typing import Any

from infra.network.faults import feature_collection
from infra.network.plan import Plan


def as_json(plan: Plan, most: int | None = None) -> dict[str, Any]:
    """The plan, no personal data in it: ids, codes, and names of areas. `most`: of each list no more than these.

    `counts` are whole in any case: by kind, then by what happens to how many.
    """
    version = plan.network.version if plan.network else None
    counts: dict[str, dict[str, int]] = {}
    for (kind, what), count in sorted(Counter((each.kind, each.what) for each in plan.changes).items()):
        counts.setdefault(kind, {})[what] = count
    return {
        "good": plan.good,
        "empty": plan.empty,
        "version": version.id if version else None,
        "from": plan.from_day,
        "waits_for": plan.waits_for,
        "encodings": plan.encodings,
        "counts": counts,
        "changes": [
            {"what": each.what, "kind": each.kind, "id": each.id, "facts": list(each.facts)}
            for each in plan.changes[:most]
        ],
        "faults": [fault._asdict() for fault in plan.faults[:most]],
        "ground": [feature["properties"] for feature in feature_collection(plan.ground[:most])["features"]],
    }
