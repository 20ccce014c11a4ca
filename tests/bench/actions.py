"""One action of staff over HTTP, held against a replay of its own requests: blocks of each in turns, round by round."""

from __future__ import annotations

import json
import statistics
from typing import Any

from tests.bench import events
from tests.bench.callers import Caller, action_step, refreshed, report_step
from tests.bench.measures import BLOCK, CATEGORY, ROUNDS, WARM, Say, answered, fresh_ids, ratio
from tests.bench.processes import Process
from tests.bench.system import System

ACTION = "accept"


def action(system: System, say: Say, rounds: int = ROUNDS) -> dict[str, float]:
    """The authorizer and the API on an action, over a bare function that sends what they sent, and nothing more.

    Each is done to a new case, reported beforehand; so is each replay, whose conditions look at the case too.
    """
    with system.worker() as ours, system.peer() as replay:
        caller = Caller(system, ours)
        unit, cases = _reported(system, ours, WARM + 1)
        officer = system.token_of("department", unit=unit)
        first, *others = cases
        answered(ours.run([_step(caller, officer, case) for case in others]), 200)
        recorded = recorded_action(system, ours, officer, first)
        replayed = events.proxied("POST", "/reports", {}, body={"text": ACTION})
        costs: dict[str, list[float]] = {"ours": [], "replay": []}
        for round_number in range(rounds + 1):
            _, cases = _reported(system, ours, 2 * BLOCK)
            outcome = ours.run([_step(caller, officer, case) for case in cases[:BLOCK]])
            answered(outcome, 200)
            sequences = [refreshed(recorded, fresh_ids, {first: case}) for case in cases[BLOCK:]]
            replay.call("replay.fill", sequences)
            again = replay.run([[("replay.app", replayed)]] * BLOCK)
            answered(again, 201)
            if round_number:  # the first warms up
                costs["ours"].append(outcome["cpu_ms"] / BLOCK)
                costs["replay"].append(again["cpu_ms"] / BLOCK)
        say(f"action: {', '.join(r['operation'] for r in recorded)}")
    return {
        "cpu_ms": statistics.median(costs["ours"]),
        "replay_cpu_ms": statistics.median(costs["replay"]),
        "cpu_ratio": ratio(costs["ours"], costs["replay"]),
        "requests": sum(request["sent"] for request in recorded),
    }


def recorded_action(system: System, worker: Process, officer: str, case: str) -> list[dict[str, Any]]:
    """Every request to AWS of one warm action, the authorizer's too."""
    caller = Caller(system, worker, watched=True)
    for handler, event in _step(caller, officer, case):
        caller._call(handler, event)
    return caller.spent.requests


def _reported(system: System, worker: Process, number: int) -> tuple[str, list[str]]:
    """So many new cases: the unit that leads them, and their ids."""
    token = system.token_of("grid-worker", areas=system.places[0]["area"])
    caller = Caller(system, worker)
    outcome = worker.run([report_step(caller, token, CATEGORY) for _ in range(number)])
    answered(outcome, 201)
    receipts = [json.loads(answer["body"]) for answer in outcome["answers"]]
    return str(receipts[0]["unit"]["id"]), [str(receipt["case_id"]) for receipt in receipts]


def _step(caller: Caller, officer: str, case: str) -> list[tuple[str, Any]]:
    return action_step(caller, officer, case, 1, ACTION, {})
