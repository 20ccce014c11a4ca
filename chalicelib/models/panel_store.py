"""The pool of people on DynamoDB: `services.ports.Pool`. Imports write it (`infra.panel`); here it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pynamodb.connection import Connection

from chalicelib.domain.panels import Member
from chalicelib.models.base import batch_get, translating
from chalicelib.models.panel_rows import MemberRow, member_from


@translating
class DynamoPool:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, limit: int, start: dict[str, Any] | None) -> tuple[list[Member], dict[str, Any] | None]:
        answer = MemberRow._get_connection().query(
            MemberRow.KEY, MemberRow.sk.startswith(MemberRow.PREFIX), limit=limit, exclusive_start_key=start
        )
        found = [member_from(_plain(item)) for item in answer["Items"]]
        return found, answer.get("LastEvaluatedKey") if len(found) == limit else None

    def named(self, ids: Sequence[str]) -> Mapping[str, Member]:
        keys = [{"pk": MemberRow.KEY, "sk": MemberRow.sk_of(each)} for each in dict.fromkeys(ids)]
        rows = batch_get(self._connection, MemberRow, keys) if keys else []
        return {member.id: member for member in map(member_from, rows)}


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: next(iter(value.values())) for name, value in item.items()}
