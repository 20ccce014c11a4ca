"""An import from end to end, for whoever asks for one: read, plan, and apply what has no fault."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from chalicelib.domain.policy import Policy
from chalicelib.policy.loader import policy_from
from infra.network.apply import apply
from infra.network.check import check
from infra.network.fault import Fault, Settings
from infra.network.given import MOST_AREAS_BYTES, Feature, read
from infra.network.plan import Plan
from infra.network.planning import plan_import
from infra.network.table import ReferenceTable, Told


class ImportRefused(RuntimeError):
    """The plan has faults, so nothing was applied."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        faults = [f"{fault.file}:{fault.line or ''} {fault.column or ''} {fault.en}" for fault in plan.faults]
        super().__init__("; ".join([*faults, *(fault.en for fault in plan.ground)][:10]))


@dataclass(frozen=True)
class Importer:
    """Imports into one reference table, under one compiled policy pack. `most_areas`: bytes of GeoJSON it takes."""

    table: ReferenceTable
    pack: bytes
    most_areas: int = MOST_AREAS_BYTES

    @cached_property
    def policy(self) -> Policy:
        return policy_from(json.loads(self.pack))

    @cached_property
    def settings(self) -> Settings:
        return Settings.of(json.loads(self.pack))

    @property
    def today(self) -> str:
        """The day it is in the district."""
        return self.policy.day_of(datetime.now(UTC))

    def plan(self, directory: Path) -> Plan:
        """What importing a directory would do. Raises ListLost."""
        return plan_import(read(directory, self.most_areas), self.table, self.policy, self.today, self._ground)

    def apply(self, plan: Plan, told: Told = lambda count: None) -> None:
        """Raises PlanHasFaults, ImportUnderWay, TableBusy."""
        apply(plan, self.table, told)

    def bring_in(self, directory: Path) -> Plan:
        """Plans and applies. Raises ImportRefused for a plan with faults, and what `plan` and `apply` raise."""
        plan = self.plan(directory)
        if not plan.good:
            raise ImportRefused(plan)
        self.apply(plan)
        return plan

    def _ground(self, features: Sequence[Feature]) -> Sequence[Fault]:
        return check(features, self.settings)


ClientOf = Callable[..., Any]


def importer(client_of: ClientOf, table: str, pack: bytes) -> Importer:
    """`client_of`: makes a client of a service, with botocore's settings."""
    from botocore.config import Config

    dynamodb = client_of("dynamodb", config=Config(max_pool_connections=ReferenceTable.WRITERS))
    return Importer(ReferenceTable(dynamodb, table), pack)
