"""Makes the plan of an import: what was handed in, held against the pack, the ground and what the table knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chalicelib.domain.policy import Policy
from infra.network.content import check_succession, codes_of
from infra.network.given import Feature, Given
from infra.network.known import Known, known_network
from infra.network.people import people_of
from infra.network.plan import Plan
from infra.network.plan_areas import fault_of_day, plan_areas
from infra.network.plan_people import plan_people
from infra.network.table import ReferenceTable

if TYPE_CHECKING:
    from infra.network.fault import Fault

CheckGround = Callable[[Sequence[Feature]], Sequence["Fault"]]
"""What is wrong with the ground: `infra.network.check`."""


def plan_import(given: Given, table: ReferenceTable, policy: Policy, today: str, check_ground: CheckGround) -> Plan:
    """The plan of importing what was given. `today`: the district's day."""
    said = check_succession(given)
    known = known_network(table)
    people, wrong = people_of(given, codes_of(given.features) | _ahead(known, given), policy)
    plan = Plan(faults=[*given.faults, *said, *wrong], encodings=given.encodings, from_day=given.from_day)
    if given.features:
        plan.ground += check_ground(given.features)
    if given.from_day is None or not given.features or said or not plan.seamless:
        return plan
    plan.network = plan_areas(given, known, table, today, plan)
    if not plan.good:
        return plan
    if given.from_day > today:
        plan.waits_for = given.from_day
    newest = known.version_on(today)
    if newest is not None and given.from_day < newest.from_day:
        plan.faults.append(
            fault_of_day(
                f"{newest.from_day} 起已有较新的网格；人员按本目录更新",
                f"a newer network is in force since {newest.from_day}; people become as in this directory",
                warning=True,
            )
        )
    plan.people = plan_people(people, table, today, plan)
    return plan


def _ahead(known: Known, given: Given) -> set[str]:
    """The areas of versions that begin later: people may have been brought in for them already."""
    later = [version.id for version in known.versions if given.from_day and version.from_day > given.from_day]
    return {code for version in later for code in known.lists[version].areas}
