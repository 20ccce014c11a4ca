"""What importing a pool would change, and doing it (ADR 42).

The file is the whole pool: who is not in it, leaves. Each member stands alone, so that nothing is wrong with a pool of
which some have changed and others not yet; up to a hundred changes are one transaction all the same. Each row is
changed only as it was read: of two imports at once one changes nothing more, and is run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.domain.panels import Member
from chalicelib.domain.policy import Policy
from chalicelib.models.panel_rows import MemberRow, member_from, written
from infra.network.importing import Importer
from infra.network.known import known_network
from infra.panel.file import PoolFile, read

_TOGETHER = 100
Told = Callable[[int], None]
Item = dict[str, Any]


class PoolRefused(RuntimeError):
    """The file has faults, so nothing was applied."""


class PoolChanged(RuntimeError):
    """Somebody else changed the pool since it was read."""


class PoolPlan(NamedTuple):
    """What a file would change; ids, in order. `before`, `after`: members as rows hold them, by id."""

    file: PoolFile
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def added(self) -> list[str]:
        return sorted(set(self.after) - set(self.before))

    @property
    def changed(self) -> list[str]:
        return sorted(each for each in self.after if each in self.before and self.before[each] != self.after[each])

    @property
    def ended(self) -> list[str]:
        return sorted(set(self.before) - set(self.after))

    @property
    def writes(self) -> int:
        return len(self.added) + len(self.changed) + len(self.ended)

    @property
    def id(self) -> str:
        """What the audit calls it: a hash of the pool as it will be."""
        return sha256("\n".join(f"{each} {said}" for each, said in sorted(self.after.items())).encode()).hexdigest()[
            :32
        ]


@dataclass(frozen=True)
class PoolImporter:
    """`dynamodb`: a client; `importer`: of the network, whose areas members serve."""

    dynamodb: Any
    table: str
    importer: Importer

    @property
    def policy(self) -> Policy:
        return self.importer.policy

    def plan(self, path: Path) -> PoolPlan:
        """What importing a file would do. Raises infra.network.known.ListLost."""
        areas = known_network(self.importer.table).on(self.importer.today).areas
        file = read(path, areas, self.policy)
        before = {MemberRow.id_of(row["sk"]): row["member"] for row in self._rows()}
        return PoolPlan(file, before, {member.id: written(member) for member in file.members.values()})

    def apply(self, plan: PoolPlan, told: Told = lambda count: None) -> None:
        """Whoever comes is written before whoever goes is taken off. Raises PoolRefused, PoolChanged."""
        if not plan.file.good:
            raise PoolRefused()
        waiting = self._changes(plan)
        while some := list(islice(waiting, _TOGETHER)):
            try:
                self.dynamodb.transact_write_items(TransactItems=some)
            except ClientError as error:
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
                raise PoolChanged() from error
            told(len(some))

    def bring_in(self, path: Path) -> PoolPlan:
        """Plans and applies. Raises PoolRefused with the first faults, PoolChanged."""
        plan = self.plan(path)
        if not plan.file.good:
            raise PoolRefused("; ".join(f"{each.line}:{each.column} {each.en}" for each in plan.file.faults[:10]))
        self.apply(plan)
        return plan

    def members(self) -> list[Member]:
        return [member_from(row) for row in self._rows()]

    def _rows(self) -> Iterator[dict[str, str]]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": {"S": MemberRow.KEY}, ":sk": {"S": MemberRow.PREFIX}},
            ConsistentRead=True,
        )
        items = chain.from_iterable(page["Items"] for page in pages)
        return ({name: value["S"] for name, value in item.items()} for item in items)

    def _changes(self, plan: PoolPlan) -> Iterator[Item]:
        for each in (*plan.added, *plan.changed):
            item = {**_key(each), "member": {"S": plan.after[each]}}
            yield {"Put": {"TableName": self.table, "Item": item, **_as_read(plan.before.get(each))}}
        for each in plan.ended:
            yield {"Delete": {"TableName": self.table, "Key": _key(each), **_as_read(plan.before[each])}}


def _key(member_id: str) -> Item:
    return {"pk": {"S": MemberRow.KEY}, "sk": {"S": MemberRow.sk_of(member_id)}}


def _as_read(before: str | None) -> Item:
    if before is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#member = :before",
        "ExpressionAttributeNames": {"#member": "member"},
        "ExpressionAttributeValues": {":before": {"S": before}},
    }
