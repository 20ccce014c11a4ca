"""Processes of the bench: workers that stay, and cold starts that end with their first answer."""

from __future__ import annotations

import json
import os
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
_INTERPRETER = [sys.executable, "-I", "-S"]
"""Without site-packages and the user's settings: what the package lacks is missing here as it is in Lambda."""


class WorkerFailed(RuntimeError):
    """A call failed inside a worker. The message is its traceback."""


class Process:
    """A worker (see `worker.py`) with `paths` to import from; every public method of its class can be called here."""

    def __init__(self, paths: Sequence[Path], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [*_INTERPRETER, str(HERE / "worker.py"), *map(str, paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
        )

    def __getattr__(self, method: str) -> Any:
        return lambda *args, **kwargs: self._ask(method, args, kwargs)

    def _ask(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        assert self._process.stdin and self._process.stdout
        pickle.dump((method, args, kwargs), self._process.stdin)
        self._process.stdin.flush()
        good, outcome = pickle.load(self._process.stdout)
        if not good:
            raise WorkerFailed(outcome)
        return outcome

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def cold_start(paths: Sequence[Path], handler: str, event: Path, environment: Mapping[str, str]) -> tuple[float, Any]:
    """Milliseconds from the start of a process to its answer, and the answer."""
    began = time.perf_counter()
    with subprocess.Popen(
        [*_INTERPRETER, str(HERE / "cold.py"), handler, str(event), *map(str, paths)],
        stdout=subprocess.PIPE,
        env=dict(environment),
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        took = (time.perf_counter() - began) * 1000
    if process.returncode or not line:
        raise WorkerFailed(f"{handler} did not answer its first event")
    return took, json.loads(line)


def peak_mib() -> float:
    """The most memory this process has had. Linux tells it of the program itself, and not of the one that started it,
    whose own peak `getrusage` goes on from.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def clean_environment(endpoint: str, region: str) -> dict[str, str]:
    """What every process of the bench gets; nothing of the operator's own settings."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **inherited,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL": endpoint,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
