"""The replay: what it takes to verify many cases by their events, and whether all that was done to them is found.

The table is made up as it is read, page by page, of the lives that the engine told, in the place of PynamoDB's
connection. Measured is everything above that, in one process, and the making up of the rows. A walk on AWS pays for
network and botocore too, and uses every processor.

`python -m tests.bench.histories <cases> <pack.json>` does it in a process of its own, which tells its peak.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from chalicelib.domain import events as E
from chalicelib.domain.histories import CLOCK, DIFFERS, EVENTS_MISSING, NO_SUCH, ROW_MISSING, UNREADABLE
from chalicelib.domain.policy import Policy
from chalicelib.models.base import dumps
from chalicelib.models.case_rows import TASK_PREFIX, CaseRow, CasesRow, TrackingRow
from chalicelib.models.histories import DynamoHistories
from chalicelib.models.report_rows import ReportRow, SubmitterRow
from chalicelib.policy.loader import policy_from
from chalicelib.services.policies import KeptPolicies
from chalicelib.services.replaying import Replaying
from infra.settings import ROOT
from tests.bench.lives import Item, Life, copied, lives, number_of
from tests.bench.measures import Say
from tests.bench.processes import peak_mib

CASES = 100_000
LIVES, PAGE, SPREAD, TIMES = 400, 1_000, 7_919, 3
"""Lives that are copied; rows of a page; how far from a case the rows that name it lie (a prime); how often each thing
is done to some case.
"""


def replay(pack: Path, say: Say, cases: int = CASES) -> dict[str, float]:
    """Seconds and peak memory of verifying a table of so many cases. Raises RuntimeError unless exactly what was done
    to it is found.
    """
    asked = [sys.executable, "-m", "tests.bench.histories", str(cases), str(pack)]
    told: dict[str, Any] = json.loads(subprocess.run(asked, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    events, planted, found = (told.pop(what) for what in ("events", "planted", "found"))
    if planted != found:
        raise RuntimeError(f"planted {planted}, found {found}")
    say(f"replay: {cases} cases, {events} events, {len(planted)} faults of {len(_DONE_TO)} kinds planted and found")
    return told


def _of_the_row(change: Callable[[Item], Any]) -> Callable[[list[Item]], list[Item]]:
    def done(items: list[Item]) -> list[Item]:
        for item in items:
            if item["sk"]["S"] == CaseRow.SK:
                change(item)
        return items

    return done


def _of_events(wanted: str, change: Callable[[Item], Any]) -> Callable[[list[Item]], list[Item]]:
    """To the first event of a type."""

    def done(items: list[Item]) -> list[Item]:
        for item in items:
            if item.get("type") == {"S": wanted}:
                change(item)
                break
        return items

    return done


def _without(*places: str) -> Callable[[list[Item]], list[Item]]:
    return lambda items: [item for item in items if not item["sk"]["S"].startswith(places)]


def _edited(name: str, edit: Callable[[Any], Any]) -> Callable[[Item], None]:
    def change(item: Item) -> None:
        document = json.loads(item[name]["S"])
        edit(document)
        item[name] = {"S": dumps(document)}

    return change


_EARLY = "2026-01-01T00:00:00.000000Z"
_DONE_TO: dict[str, tuple[Callable[[list[Item]], list[Item]], list[str]]] = {
    "state in the row": (_of_the_row(_edited("summary", lambda told: told.__setitem__(1, "moved"))), [DIFFERS]),
    "clock in the row": (
        _of_the_row(_edited("detail", lambda told: told["clocks"][0].__setitem__(3, _EARLY))),
        [DIFFERS],
    ),
    "queue key": (_of_the_row(lambda item: item.update(queue={"S": "UNIT#elsewhere"})), [DIFFERS]),
    "due key": (_of_the_row(lambda item: item.update(due_at={"S": _EARLY})), [DIFFERS]),
    "event altered": (
        _of_events(E.CASE_REPORTED, _edited("data", lambda facts: facts.update(source="sms"))),
        [DIFFERS],
    ),
    "clock in an event": (_of_events(E.CLOCK_BREACHED, lambda item: item.update(time={"S": _EARLY})), [CLOCK, DIFFERS]),
    "event of no known type": (_of_events(E.CASE_CLASSIFIED, lambda item: item.update(type={"S": "x"})), [UNREADABLE]),
    "first event gone": (_without("EVENT#00000001.01"), [EVENTS_MISSING]),
    "event gone": (_without("EVENT#00000001.02"), [EVENTS_MISSING]),
    "all events gone": (_without("EVENT#"), [EVENTS_MISSING]),
    "row gone": (_without(CaseRow.SK), [ROW_MISSING]),
    "tracking code gone": (_without(TrackingRow.SK), [ROW_MISSING]),
    "reports gone": (_without(ReportRow.SK), [ROW_MISSING]),
    "case gone": (_without(CaseRow.SK, TASK_PREFIX, "EVENT#"), [NO_SUCH]),
}
"""What is done to all rows of a case, and as what it must be found."""


class Table:
    """Stands where PynamoDB's connection to the table would: so many cases, each one of the lives, a few tampered with.

    `planted`: what was done to which case, by its number.
    """

    table_name = "cases"

    def __init__(self, told: Sequence[Life], cases: int) -> None:
        self._told, self._cases = told, cases
        self._scan: Iterator[Item] | None = None
        self.planted: dict[int, str] = {}
        apart = cases // (len(_DONE_TO) * TIMES)
        for turn, what in enumerate([*_DONE_TO] * TIMES):
            wanted = (number for number in range(turn * apart, cases) if self._has(number, what))
            self.planted[next(wanted)] = what

    def scan(self, exclusive_start_key: Any, **_asked: Any) -> dict[str, Any]:
        if exclusive_start_key is None:
            self._scan = self._rows()
        assert self._scan is not None
        items = list(islice(self._scan, PAGE))
        return {"Items": items, **({"LastEvaluatedKey": items[-1]} if len(items) == PAGE else {})}

    def query(self, pk: str, **_asked: Any) -> dict[str, Any]:
        return {"Items": self._own(number_of(pk))}

    def batch_get_item(self, keys: Sequence[Mapping[str, str]], **_asked: Any) -> dict[str, Any]:
        found = [self._item(key["pk"], key["sk"]) for key in keys]
        return {"Responses": {self.table_name: [item for item in found if item is not None]}}

    def _rows(self) -> Iterator[Item]:
        """A case, then what names another one."""
        for number in range(self._cases):
            yield from self._own(number)
            yield from self._naming(number * SPREAD % self._cases)

    def _own(self, number: int) -> list[Item]:
        life = self._life(number)
        return self._tampered(number, [life.row(number), *(copied(item, number) for item in life.own[1:])])

    def _naming(self, number: int) -> list[Item]:
        return self._tampered(number, [copied(item, number) for item in self._life(number).naming])

    def _item(self, pk: str, sk: str) -> Item | None:
        number = number_of(sk if pk.startswith(SubmitterRow.key("")) else pk)
        if sk == CaseRow.SK and number not in self.planted:
            return self._life(number).row(number)
        items = self._own(number) if sk == CaseRow.SK else self._naming(number)
        return next((item for item in items if (item["pk"]["S"], item["sk"]["S"]) == (pk, sk)), None)

    def _life(self, number: int) -> Life:
        return self._told[number % len(self._told)]

    def _has(self, number: int, what: str) -> bool:
        """Whether that can be done to a case, and not at its end, where the row shows it."""
        if what != "clock in an event":
            return number not in self.planted
        told = [item.get("type") for item in self._life(number).own]
        return {"S": E.CLOCK_BREACHED} in told[:-1]

    def _tampered(self, number: int, items: list[Item]) -> list[Item]:
        what = self.planted.get(number)
        return _DONE_TO[what][0](items) if what else items


def _asked(*_any: object) -> NoReturn:
    raise AssertionError("every life goes by the one policy")


def _verified(policy: Policy, cases: int) -> dict[str, Any]:
    """Walk over a table of so many cases, and tell what was planted there and what was found."""
    table = Table(lives(policy, LIVES), cases)
    CasesRow.Meta.table_name = table.table_name
    CasesRow._connection = table  # type: ignore[assignment]
    replaying, found = (
        Replaying(DynamoHistories(), time.sleep, KeptPolicies(policy, _asked, _asked, _asked)),
        dict[int, set[str]](),
    )
    began = time.perf_counter()
    for fault in replaying.run():
        found.setdefault(number_of(fault.subject), set()).add(fault.kind)
    seconds = time.perf_counter() - began
    return {
        "cases": cases,
        "seconds": seconds,
        "peak_mib": peak_mib(),
        "events": replaying.counted["events"],
        "planted": sorted([number, _DONE_TO[what][1]] for number, what in table.planted.items()),
        "found": sorted([number, sorted(kinds)] for number, kinds in found.items()),
    }


if __name__ == "__main__":
    pack = policy_from(json.loads(Path(sys.argv[2]).read_bytes()))
    print(json.dumps(_verified(pack, int(sys.argv[1]))))
