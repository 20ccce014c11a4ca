"""Verifying the cases by replay: the table in parts, several at once, each by a process of its own.

To read rows and replay them costs more processor than the table takes to give them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chalicelib.domain.histories import Fault
    from infra.operator import Operator

PARTS = 64
MOST_FAULTS = 1_000
"""After so many a part is given up: faults wait until their part is done, and something else is wrong."""


class Part(NamedTuple):
    """What was found in one part of the table. `whole`: it was read to its end. `unknown`: versions of the policy that
    nobody kept.
    """

    faults: list[Fault]
    counted: Mapping[str, int]
    whole: bool = True
    unknown: frozenset[str] = frozenset()


def verify(operator: Operator, at_once: int) -> Iterator[Part]:
    """Every part of the table, as it is done. With 1 `at_once` it is done in this process.

    Raises TemporarilyUnavailable when the table does not answer.
    """
    if at_once == 1:
        yield from (_part(operator, number) for number in range(PARTS))
        return
    where = operator.stage, operator.region, operator.endpoint, dict(operator.outputs)
    with ProcessPoolExecutor(at_once, get_context("spawn"), _begin, where) as pool:
        waiting = [pool.submit(_part_of_ours, number) for number in range(PARTS)]
        try:
            for part in as_completed(waiting):
                yield part.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _part(operator: Operator, number: int) -> Part:
    replaying = operator.replaying
    faults = list(islice(replaying.run(number, PARTS), MOST_FAULTS))
    return Part(faults, Counter(replaying.counted), len(faults) < MOST_FAULTS, replaying.unknown)


_operators: list[Operator] = []
"""Of a process that does parts: the operator it does them for."""


def _begin(stage: str, region: str, endpoint: str | None, outputs: Mapping[str, str]) -> None:
    from infra.operator import Operator

    _operators.append(Operator(stage, region, endpoint, outputs))


def _part_of_ours(number: int) -> Part:
    return _part(_operators[0], number)
