"""Versions of the policy on DynamoDB: every compiled pack that was ever deployed to a stage."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pynamodb.exceptions import DoesNotExist

from chalicelib.models.base import moment, stamp, translating
from chalicelib.models.reference_rows import PolicyNamedRow, PolicyRow

_PART_BYTES = 380_000
"""What a row may hold beside its keys: DynamoDB takes 400 kB an item."""


class KeptVersion(NamedTuple):
    """A version that is kept: since when, and when a deployment of it last came to its end."""

    version: str
    kept_at: datetime
    deployed_at: datetime | None


@translating
class DynamoPolicies:
    """`services.ports.PolicyStore`, and what a deployment and its operators need of it besides."""

    def compiled(self, version: str) -> bytes | None:
        """One query, of one partition; consistent, since what is not found is taken for never kept.

        Nothing (no bytes) where the rows hold no such zip any more.
        """
        rows = list(PolicyRow.query(PolicyRow.key(version), consistent_read=True))
        if not rows or len(rows) < rows[0].parts:
            return None
        try:
            return zlib.decompress(b"".join(row.compiled for row in rows))
        except zlib.error:
            return b""

    def keep(self, version: str, compiled: bytes, at: datetime) -> bool:
        """Keep a version; False when it is kept already. Broken off, it is done again by the next deployment."""
        if _named(version) and self.compiled(version) == compiled:
            return False
        zipped = zlib.compress(compiled, 9)
        pieces = [zipped[start : start + _PART_BYTES] for start in range(0, len(zipped), _PART_BYTES)]
        for part, piece in enumerate(pieces):
            PolicyRow(PolicyRow.key(version), PolicyRow.sk_of(part), compiled=piece, parts=len(pieces)).save()
        PolicyNamedRow(PolicyNamedRow.KEY, version, kept_at=stamp(at)).save()
        return True

    def deployed(self, version: str, at: datetime) -> None:
        """That the functions read this version now."""
        row = PolicyNamedRow(PolicyNamedRow.KEY, version)
        row.update([PolicyNamedRow.deployed_at.set(stamp(at))], PolicyNamedRow.must_exist())

    def versions(self) -> Sequence[KeptVersion]:
        """Every version that is kept, oldest first."""
        rows = PolicyNamedRow.query(PolicyNamedRow.KEY, consistent_read=True)
        kept = (
            KeptVersion(row.sk, moment(row.kept_at), moment(row.deployed_at) if row.deployed_at else None)
            for row in rows
        )
        return sorted(kept, key=lambda each: (each.kept_at, each.version))


def _named(version: str) -> bool:
    try:
        PolicyNamedRow.get(PolicyNamedRow.KEY, version, consistent_read=True)
    except DoesNotExist:
        return False
    return True
