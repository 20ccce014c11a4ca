"""The versions a stage keeps: where a deployment writes them, and where operators' commands read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chalicelib.models.base import ReferenceRow, connect
from chalicelib.models.policy_store import DynamoPolicies

if TYPE_CHECKING:
    import boto3

Pack = dict[str, Any]
"""A compiled pack, as JSON."""


def policies_of(session: boto3.Session, table: str, endpoint: str | None) -> DynamoPolicies:
    """The versions kept in a stage's reference table."""
    connect({ReferenceRow: table}, session.region_name, session._session, endpoint)
    return DynamoPolicies()


def kept_packs(policies: DynamoPolicies) -> Iterator[Pack]:
    """Every pack that was ever deployed and can still be read, oldest first."""
    for each in policies.versions():
        try:
            pack = json.loads(policies.compiled(each.version) or b"null")
        except ValueError:
            continue
        if isinstance(pack, dict):
            yield pack


def every_unit(policies: DynamoPolicies, *units: str) -> list[str]:
    """The ids of all units that any kept pack names, and of these: an abolished one may still hold cases."""
    kept = (unit for pack in kept_packs(policies) for unit in pack.get("units", ()))
    return list(dict.fromkeys((*units, *kept)))
