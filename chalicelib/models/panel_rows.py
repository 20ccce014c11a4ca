"""Rows of the pool of people: one partition of the reference table, small enough to be read whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.domain.panels import Days, Hours, Member
from chalicelib.models.base import ReferenceRow, dumps


class MemberRow(ReferenceRow):
    """One of the pool, as one document: a list of hundreds is read at once, and CPU goes by the number of values."""

    member = UnicodeAttribute()

    KEY, PREFIX = "PANEL", "MEMBER#"

    @classmethod
    def sk_of(cls, member_id: str) -> str:
        return f"{cls.PREFIX}{member_id}"

    @classmethod
    def id_of(cls, sk: str) -> str:
        return sk.removeprefix(cls.PREFIX)


def written(member: Member) -> str:
    """By name, and without what is not said: operators read it, and a later version may add to it."""
    said = {name: value for name, value in member._asdict().items() if value and name != "id"}
    return dumps(said)


def member_from(row: Mapping[str, Any]) -> Member:
    """The member that a row tells of; `row` maps attribute names to plain values."""
    said = json.loads(row["member"])
    lists = {name: tuple(said[name]) for name in ("areas", "good_at", "bound_to") if name in said}
    away = tuple(Days(*each) for each in said.get("away", ()))
    hours = tuple(Hours(*each) for each in said.get("hours", ()))
    known = {name: value for name, value in said.items() if name in Member._fields}
    return Member(**{**known, **lists, "id": MemberRow.id_of(row["sk"]), "away": away, "hours": hours})
