"""Lives of cases as the engine tells them: every category, every way a case may go. What they leave are true histories.

Petitions go by levels of their own, and are none of them.

Whoever wants many cases copies a life under ids of its own: all ids of a case end with its number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from chalicelib.domain.cases import Case, digest_of, digested
from chalicelib.domain.events import SYSTEM, Actor
from chalicelib.domain.grid import Area
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import (
    Change,
    Circumstances,
    Particulars,
    act,
    fall_due,
    join,
    open_case,
    record_visit,
)
from chalicelib.domain.reports import Report
from chalicelib.domain.screening import screen
from chalicelib.models.case_rows import CaseRow, CommandRow, EventRow, TaskRow, TrackingRow, due_shard, other_tasks
from chalicelib.models.histories import READ
from chalicelib.models.report_rows import ReportRow, SubmitterRow
from chalicelib.models.stream import event_from

_NUMBER, _LINK = "\ue000", "\ue001"
"""Stand in the rows of a life for the number of the case they are copied for, and in its chain for the link before.

Characters that nobody uses, and that JSON leaves as they are.
"""

_SEED, _BEGAN = 410, datetime(2026, 1, 5, 1, tzinfo=UTC)
_CASE, _CODE, _REPORTER = "01KREPLAY00000000000000000", "7K3M9QXA", "gl0500"
_AREA = Area("3203020010020101", ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"))
_KEPT = {*READ, "tracking_code"}

Item = dict[str, dict[str, str]]


class Life(NamedTuple):
    """What one case left: the rows of its partition, its own first, and those elsewhere that name it, as DynamoDB gives
    them. `chain`: what each link of its digest is the hash of.
    """

    own: list[Item]
    naming: list[Item]
    digest: str
    chain: list[str]

    def row(self, number: int) -> Item:
        """The case's own row as the case of this number has it, whose events make another chain."""
        digest, ending = "", f"{number:08d}"
        for link in self.chain:
            digest = digest_of(link.replace(_NUMBER, ending).replace(_LINK, digest))
        row = copied(self.own[0], number)
        row["detail"] = {"S": row["detail"]["S"].replace(self.digest, digest)}
        return row


def lives(policy: Policy, number: int) -> list[Life]:
    """So many lives, in turns of every way a case may go, and of every category."""
    told = []
    for each in range(number):
        clear, way = _WAYS[each % len(_WAYS)]
        life = _Living(policy, each)
        life.open(clear=clear)
        way(life)
        tasks = [TaskRow.of(life.case, task).serialize() for task in other_tasks(life.case).values()]
        own = [CaseRow.of(life.case).serialize(), *tasks, *life.own]
        own, naming = ([_marked(item, life.ids) for item in items] for items in (own, life.naming))
        events = [
            event_from({name: text for name, value in item.items() for text in value.values()})
            for item in own
            if "type" in item
        ]
        told.append(Life(own, naming, life.case.digest, [digested(_LINK, event) for event in events]))
    return told


def number_of(key: str) -> int:
    """Of which case a row is by its partition, or a fault by its subject: every id ends with it."""
    return int(key[-8:])


def copied(item: Item, number: int) -> Item:
    """A row of a life as the case of this number has it."""
    ending = f"{number:08d}"
    made = {
        name: {kind: text.replace(_NUMBER, ending)} if _NUMBER in text else {kind: text}
        for name, value in item.items()
        for kind, text in value.items()
    }
    if "due_shard" in made:
        made["due_shard"] = {"S": due_shard(f"{_CASE[:-8]}{ending}")}
    return made


class _Living:
    """A case on its way."""

    def __init__(self, policy: Policy, number: int) -> None:
        self._policy, self._random = policy, Random(_SEED + number)
        self._now = _BEGAN + timedelta(minutes=number)
        self._reports = 0
        ordinary = sorted(each.id for each in policy.categories.values() if not policy.kinds[each.kind].confidential)
        self._category = ordinary[number % len(ordinary)]
        self.case: Case
        self.ids = [_CASE, _CODE]
        self.own: list[Item] = []
        self.naming: list[Item] = []

    def open(self, *, clear: bool) -> None:
        report = self._report(self._category if clear else None)
        screening = screen(report.text, report.category, None, self._policy)
        self._tell(open_case(_CASE, _CODE, report, screening, _AREA if clear else None, self._around()), report)
        self.naming += [row.serialize() for row in (TrackingRow.of(_CODE, _CASE), SubmitterRow.of(_REPORTER, _CASE))]

    def join(self) -> None:
        report = self._report(None)
        self._tell(join(self.case, report, self._around()), report)

    def act(self, action: str) -> None:
        said = Particulars("不属于本单位职责", "已到场处理完毕。", self._category, _AREA, media=("a" * 32,))
        self._tell(act(self.case, action, said, self._around()))

    def settle(self) -> None:
        """Accepted and answered; what has to be verified before that is."""
        for action in ("accept", "resolve"):
            self.act(action)
        if self.case.state == "verifying":
            self.act("verify")

    def visit(self, outcome: str) -> None:
        assert self.case.visit is not None
        self._tell(record_visit(self.case, self.case.visit.id, outcome, "看过了", self._around()))

    def wait(self) -> None:
        """Until time brings something."""
        assert self.case.next_timer is not None
        self._now = max(self._now, self.case.next_timer)
        brought = fall_due(self.case, self._around(SYSTEM))
        assert brought is not None
        self._tell(brought, command=False)

    def _report(self, category: str | None) -> Report:
        self._reports += 1
        told = {"told_at": self._now, "received_at": self._now, "fingerprint": "f" * 64, "text": "麻烦来看一下"}
        report = Report("mobile", str(self._reports), category=category, submitted_by=_REPORTER, **told)
        self.ids.append(report.id)
        return report

    def _around(self, actor: Actor | None = None) -> Circumstances:
        actor = actor or Actor("gl0501", "department", self.case.unit if hasattr(self, "case") else None)
        return Circumstances(actor, self._now, self._policy, "r-" + "0" * 34, "c-" + "0" * 34)

    def _tell(self, change: Change, report: Report | None = None, *, command: bool = True) -> None:
        self.case = change.case
        self.own += [row.serialize() for row in EventRow.all_of(change.events, change.case)]
        if report:
            told = ReportRow.of(report, _CASE, _CODE, change.case.version, joined=self._reports > 1)
            self.naming.append(told.serialize())
        elif command:
            command_id = f"c{change.case.version}".ljust(64, "0")
            self.ids.append(command_id)
            key, version = CommandRow.key(command_id), change.case.version
            row = CommandRow(key, CommandRow.SK, case_id=_CASE, version=version, fingerprint="f" * 64)
            self.naming.append(row.serialize())
        self._now += timedelta(seconds=self._random.randrange(60, 40_000))


def _closed(life: _Living) -> None:
    life.settle()
    _visited(life, "satisfied")


def _visited(life: _Living, outcome: str) -> None:
    while life.case.visit is None or life.case.visit.state != "due":
        if life.case.visit is None:
            return life.wait()  # no visit in this category: it closes by itself
        life.wait()
    return life.visit(outcome)


def _late(life: _Living) -> None:
    life.wait()
    if life.case.next_timer:
        life.wait()
    life.act("accept")


def _returned(life: _Living) -> None:
    life.act("return")
    life.act("classify")
    _closed(life)


def _joined(life: _Living) -> None:
    for _ in range(2):
        life.join()
    life.act("accept")


def _reopened(life: _Living) -> None:
    life.settle()
    _visited(life, "dissatisfied")
    if life.case.open:
        life.act("grant-reopen")
        _closed(life)


def _never_at_home(life: _Living) -> None:
    life.settle()
    while life.case.open:
        _visited(life, "not-home")


def _screened(life: _Living) -> None:
    life.act("classify")
    _closed(life)


_WAYS: tuple[tuple[bool, Callable[[_Living], None]], ...] = (
    *((True, _closed),) * 5,
    (True, lambda life: None),
    (True, lambda life: life.act("accept")),
    (True, _late),
    (True, _returned),
    (True, _joined),
    (True, _reopened),
    (True, _never_at_home),
    (False, _screened),
    (False, lambda life: None),
    (False, lambda life: life.wait()),
)


def _marked(item: Item, ids: Sequence[str]) -> Item:
    """A row with the end of every id left open, and only what a walk reads of it."""
    text = json.dumps({name: value for name, value in item.items() if name in _KEPT}, ensure_ascii=False)
    for each in ids:
        text = text.replace(each, f"{each[:-8]}<number>")
    return dict(json.loads(text.replace("<number>", json.dumps(_NUMBER)[1:-1])))
