"""Rows of where candidates for one matter lie."""

from __future__ import annotations

import json

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.domain.nearby import Near
from chalicelib.models.case_rows import CasesRow


class NearRow(CasesRow):
    """The newest matters of a place, in one document. Bounded by the policy, written only where a case is opened.

    It holds what reports tell, reduced to what tells matters apart: no name but a surname, no phone.
    """

    version = NumberAttribute()
    entries = UnicodeAttribute()

    SK = "NEAR"

    @classmethod
    def of(cls, near: Near) -> NearRow:
        return cls(pk=cls.key(near.place), sk=cls.SK, version=near.version, entries=near.written)

    @staticmethod
    def key(place: str) -> str:
        return f"NEAR#{place}"

    @staticmethod
    def place_of(pk: str) -> str:
        return pk.partition("#")[2]


def near_from(place: str, row: dict[str, str] | None) -> Near:
    """What a row tells, as it lies, without types; of a place that has none, nothing."""
    return Near(place, int(row["version"]), json.loads(row["entries"])) if row else Near(place, 0, ())
