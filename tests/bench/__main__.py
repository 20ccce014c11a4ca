"""`python -m tests.bench`: our handlers against floors, in one run on one backend.

Writes `.local/bench.json`, prints every figure with its bar, and exits 1 when a bar is broken. With `--document` it
measures the access patterns and the lives of the examples only, and writes them into `docs/access-patterns.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from chalicelib.policy.loader import policy_from
from infra.settings import LOCAL
from tests.bench import actions, document, engine, ground, histories, measures, people, reference
from tests.bench.bars import bars_of, show
from tests.bench.same_matter import same_matter
from tests.bench.scale import SIZES, scale
from tests.bench.system import System, standing

FIGURES = LOCAL / "bench.json"
_CONTRACT = {
    "action": ("cpu_ratio", "requests"),
    "intake": ("cpu_ms", "cpu_ratio", "bare_ratio", "store_requests", "p95_ms"),
    "functions": ("init_ms", "init_ratio", "zip_kb"),
    "scale": ("requests", "scanned", "bytes"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--document", action="store_true", help="write docs/access-patterns.md")
    arguments = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        if not line.endswith("_complete"):
            print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)

    with standing(say) as system:
        if arguments.document:
            lives = reference.reference_lives(system, say)
            document.write(document.tables(*scale(system, measures.CATEGORY, say, SIZES[:1]), lives))
            return 0
        figures, unsaid = measured(system, say)
    FIGURES.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    bars = bars_of(figures, unsaid)
    show(bars)
    broken = [bar.name.strip() for bar in bars if not bar.holds]
    print(f"{FIGURES}: {'every bar holds' if not broken else 'broken: ' + ', '.join(broken)}")
    return 1 if broken else 0


def measured(system: System, say: measures.Say) -> tuple[dict[str, Any], list[str]]:
    """All figures of the contract; and what the documentation does not say of what the access patterns cost."""
    # First, while the tables are small: the embedded cloud's queries take longer the more there is in a partition
    floor_init, functions = measures.cold_starts(system, say)
    floor, intake = measures.floor_and_intake(system, say)
    action = actions.action(system, say)
    pipeline = measures.pipeline(system, say)
    page = measures.queue_page(system, say)
    capacity = measures.capacity(system, say)
    lives = reference.reference_lives(system, say)
    step = engine.engine_step(policy_from(dict(system.policy)))
    permission = people.permission_check(policy_from(dict(system.policy)), system.places, system.staff)
    token = people.token_check(system.issuer)
    scaled, keys = scale(system, measures.CATEGORY, say)
    lookup = ground.cell_lookup(system, say)
    checked = ground.network(system.pack, say)
    replayed = histories.replay(system.pack, say)
    figures = {
        "floor": {**floor, "init_ms": floor_init},
        "intake": _only("intake", intake),
        "action": _only("action", action),
        "engine_step": step,
        "functions": {name: _only("functions", each) for name, each in functions.items()},
        "pipeline": pipeline,
        "queue_page": page,
        "capacity": capacity,
        "cell_lookup": lookup,
        "network": checked,
        "replay": replayed,
        "same_matter": same_matter(policy_from(dict(system.policy)), scaled),
        "permission_check": permission,
        "token_check": token,
        "scale": {"cases": scaled["cases"], **{name: _only("scale", scaled[name]) for name in keys}},
    }
    return _rounded(figures), document.unsaid(document.tables(scaled, keys, lives))


def _only(part: str, figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in _CONTRACT[part]}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main())
