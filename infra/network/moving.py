"""Which areas have ended, and whose cases move where: what the operator's command needs besides the service."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.adapters.system import SystemClock
from chalicelib.domain.network import heirs
from chalicelib.domain.policy import Policy
from chalicelib.models.base import ReferenceRow, VaultRow, connect
from chalicelib.models.case_rows import CasesRow
from chalicelib.models.case_store import DynamoCaseStore
from chalicelib.models.policy_store import DynamoPolicies
from chalicelib.models.reference_store import DynamoGrid
from chalicelib.services.moving import Moving, Succession
from infra.deploy import session
from infra.network.export import NothingInForce
from infra.network.known import Known
from infra.policy.kept import every_unit


def succession_of(known: Known, today: str) -> Succession:
    """Every area that any version up to today has ended, with its heirs of today. Raises NothingInForce."""
    version = known.version_on(today)
    if version is None:
        raise NothingInForce(today)
    areas = known.lists[version.id].areas
    successors: dict[str, list[str]] = {}
    ever: set[str] = set()
    for each in known.versions:
        if each.from_day <= today:
            ever |= known.lists[each.id].areas.keys()
            for old, new in known.lists[each.id].successors().items():
                successors.setdefault(old, []).extend(new)
    return Succession(version.id, {code: heirs(code, successors, areas) for code in sorted(ever - areas.keys())})


def moving_at(region: str, endpoint: str | None, outputs: Mapping[str, str], policy: Policy) -> Moving:
    """The service on a deployment's tables, with the operator's own credentials."""
    tables = {
        CasesRow: outputs["CasesTable"],
        ReferenceRow: outputs["ReferenceTable"],
        VaultRow: outputs["VaultTable"],
    }
    connection = connect(tables, region, session(region, endpoint)._session, endpoint)
    units = every_unit(DynamoPolicies(), *policy.units)
    return Moving(DynamoCaseStore(connection), DynamoGrid(connection), policy, SystemClock(), units)
