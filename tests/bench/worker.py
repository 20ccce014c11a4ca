"""A process that runs handlers as Lambda does, from an unpacked package, and measures what each call costs.

Started by `processes.py` with `python -I -S worker.py <import path>…`: nothing but the standard library and these
directories can be imported, as in Lambda. Speaks pickles over standard input and output.
"""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import time
from typing import Any, BinaryIO


class Context:
    """As Lambda gives it, as far as anybody looks."""

    function_name = "bench"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def handler_named(name: str) -> Any:
    """The callable that a function's `Handler` names, after the imports that finding it takes."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


class Worker:
    """What the parent may ask: each public method is one request."""

    def __init__(self) -> None:
        import tap

        self._tap = tap.Tap()

    def env(self, variables: dict[str, str]) -> None:
        """Settings, before anything reads them."""
        os.environ.update(variables)

    def services(self) -> list[str]:
        """The services whose clients this process has made, in order."""
        return self._tap.services

    def call(self, handler: str, event: Any, *, watched: bool = False) -> dict[str, Any]:
        """Call a handler once. With `watched`, also every request it made to AWS (and its time is of no use)."""
        self._tap.begin(watched)
        cpu, wall = time.process_time(), time.perf_counter()
        answer = handler_named(handler)(event, Context())
        cost = {"cpu_ms": (time.process_time() - cpu) * 1000, "wall_ms": (time.perf_counter() - wall) * 1000}
        return {"answer": answer, "requests": self._tap.end(), **cost}

    def run(self, steps: list[list[tuple[str, Any]]]) -> dict[str, Any]:
        """Make many calls one after another; each step is one or more. CPU of all, wall time of each step."""
        self._tap.begin(False)
        calls = [[(handler_named(handler), event) for handler, event in step] for step in steps]
        context = Context()
        walls, answers = [], []
        cpu = time.process_time()
        for step in calls:
            began = time.perf_counter()
            for handler, event in step:
                answer = handler(event, context)
            walls.append((time.perf_counter() - began) * 1000)
            answers.append(answer)
        return {"cpu_ms": (time.process_time() - cpu) * 1000, "wall_ms": walls, "answers": answers}

    def patient(self) -> None:
        """Wait for the embedded cloud, whose indexes look through whole tables: a second try would be counted."""
        from chalicelib.models import base

        base.READ_TIMEOUT = 60

    def forward(self, seconds: float) -> None:
        """Move the system's own clock."""
        from datetime import UTC, datetime, timedelta

        from chalicelib import bootstrap

        bootstrap._CLOCK.now = lambda: datetime.now(UTC) + timedelta(seconds=seconds)  # type: ignore[method-assign]

    def pattern(self, name: str, facts: dict[str, Any]) -> list[dict[str, Any]]:
        """Do one access pattern; the requests it made."""
        import patterns

        self._tap.begin(True)
        patterns.PATTERNS[name].do(facts)
        return self._tap.end()

    def patterns(self) -> dict[str, str]:
        """The names of the access patterns, and what each goes by."""
        import patterns

        return patterns.described()

    def lookups(self, points: list[dict[str, float]], *, watched: bool = False) -> Any:
        """Find the cell of each point: microseconds of CPU for one; with `watched`, every request it took."""
        from chalicelib import bootstrap
        from chalicelib.domain.grid import Position
        from chalicelib.services.locating import place

        grid, policy = bootstrap._grid(), bootstrap.policy()
        day = policy.day_of(bootstrap.now())
        positions = [Position(**point) for point in points]
        self._tap.begin(watched)
        cpu = time.process_time()
        for position in positions:
            place(position, day, grid, policy)
        spent = (time.process_time() - cpu) * 1e6 / len(points)
        requests = self._tap.end()
        return requests if watched else spent

    def phone_hash(self, phone: str) -> str:
        """The hash a phone is found by."""
        from chalicelib import bootstrap

        return str(bootstrap.intake()._phones.hash_of(phone))


def serve(source: BinaryIO, target: BinaryIO) -> None:
    worker = Worker()
    while True:
        try:
            method, args, kwargs = pickle.load(source)
        except EOFError:
            return
        try:
            outcome = (True, getattr(worker, method)(*args, **kwargs))
        except Exception:
            import traceback

            outcome = (False, traceback.format_exc())
        pickle.dump(outcome, target)
        target.flush()


if __name__ == "__main__":
    sys.path[:0] = [*sys.argv[1:], os.path.dirname(os.path.abspath(__file__))]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what handlers log is written, and read by nobody
    serve(sys.stdin.buffer, answers)
