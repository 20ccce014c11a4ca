"""Rows of the house of law: advice that was given, by community and month, and that it was written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.domain.law_house import Advice, Adviser
from chalicelib.models.base import dumps, moment, stamp
from chalicelib.models.case_rows import CasesRow


class AdviceRow(CasesRow):
    """Advice, as one document; never changed. In its community's month by when it was given."""

    advice = UnicodeAttribute()

    @classmethod
    def of(cls, advice: Advice) -> AdviceRow:
        said = advice._asdict()
        moments = {"given_at": stamp(advice.given_at), "recorded_at": stamp(advice.recorded_at)}
        return cls(cls.key(advice.community, advice.month), cls.place(advice), advice=dumps({**said, **moments}))

    @staticmethod
    def key(community: str, month: str) -> str:
        return f"ADVICE#{community}#{month}"

    @staticmethod
    def place(advice: Advice) -> str:
        return f"{stamp(advice.given_at)}#{advice.id}"


class AdvisedRow(CasesRow):
    """That advice was written down under an idempotency key, by its content and where it lies: it answers a repeat."""

    fingerprint = UnicodeAttribute()
    lies_in = UnicodeAttribute()
    place = UnicodeAttribute()

    SK = "ADVISED"

    @staticmethod
    def key(command_id: str) -> str:
        return f"ADVISED#{command_id}"


def advice_from(row: Mapping[str, Any]) -> Advice:
    """The advice that a row tells of; `row` maps attribute names to plain values."""
    said = json.loads(row["advice"])
    moments = {"given_at": moment(said["given_at"]), "recorded_at": moment(said["recorded_at"])}
    return Advice(**{**said, **moments, "lawyer": Adviser(*said["lawyer"])})
