"""What it costs to know who asks, and whether he or she may. Needs no cloud: nothing of it leaves the process."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chalicelib.adapters.tokens import OidcTokens
from chalicelib.domain.cases import (
    ACCEPTED,
    ASKED,
    ASSIGNED,
    CLOSED,
    REOPEN_REQUESTED,
    RESOLVED,
    SCREENING,
    Case,
    Joint,
)
from chalicelib.domain.grid import Area
from chalicelib.domain.people import StaffMember, may_act, may_see
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import allowed_actions
from chalicelib.domain.routing import route
from infra.issuer import Issuer

ROUNDS = 15
_CASES, _OF_A_ROLE, _TOKENS = 400, 4, 300
_STATES = (ASSIGNED,) * 3 + (ACCEPTED,) * 4 + (SCREENING,) * 2 + (RESOLVED,) * 3 + (REOPEN_REQUESTED,) + (CLOSED,) * 7
_AT = datetime(2026, 11, 22, tzinfo=UTC)


def permission_check(
    policy: Policy, places: Sequence[Mapping[str, Any]], staff: Sequence[Mapping[str, str]]
) -> dict[str, float]:
    """One decision, whether somebody sees a case and may do to it what its state allows: the mean over all roles.

    Cases are of every category, state and sample place, as many closed as open ones; a few people of each role ask.
    """
    cases = [_case(number, policy, places) for number in range(_CASES)]
    questions = [
        (somebody, case, policy.procedure_of(case).actions[next(iter(allowed_actions(case, policy)), "accept")])
        for somebody in _people(policy, staff)
        for case in cases
    ]

    def decide() -> None:
        for somebody, case, action in questions:
            _ = may_see(somebody, case, policy) and may_act(somebody, action, case, policy)

    return {"cpu_us": cpu_us(decide, len(questions))}


def token_check(issuer: Issuer) -> dict[str, float]:
    """The check of one token by keys that are known. The issuer must be serving them."""
    tokens = OidcTokens(issuer.url, issuer.audience, issuer.settings["oidc_jwks_url"], time.monotonic)
    token = issuer.token("gl0001")
    if tokens.subject(token) != "gl0001":
        raise RuntimeError("the token is somebody else's")

    def check() -> None:
        for _ in range(_TOKENS):
            tokens.subject(token)

    return {"cpu_us": cpu_us(check, _TOKENS)}


def cpu_us(block: Callable[[], None], times: int) -> float:
    """Microseconds of CPU for one of the `times` of a block: the median of the rounds after a first one to warm up."""
    costs = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        block()
        costs.append((time.process_time() - began) * 1e6 / times)
    return statistics.median(costs[1:])


def _people(policy: Policy, staff: Sequence[Mapping[str, str]]) -> list[StaffMember]:
    """A few of each role, from all over the list. Raises LookupError for a role that nobody holds."""
    found = []
    for role in policy.roles:
        holders = [row for row in staff if row["role"] == role]
        if not holders:
            raise LookupError(f"nobody holds the role {role}")
        for row in itertools.islice(holders, 0, None, max(1, len(holders) // _OF_A_ROLE)):
            found.append(StaffMember(row["staff_id"], role, row["unit"], tuple(row["areas"].split(";"))))
    return found


def _case(number: int, policy: Policy, places: Sequence[Mapping[str, Any]]) -> Case:
    categories = list(policy.categories.values())
    category, state = categories[number % len(categories)], _STATES[number % len(_STATES)]
    area = str(places[number % len(places)]["area"])
    known = state != SCREENING
    to = route(category, area, category.urgency, "mobile", policy)
    confidential = policy.kinds[category.kind].confidential
    procedure = policy.procedure_for(category.kind if known else None, "mobile")
    state = state if state in procedure.states else CLOSED
    return Case(
        id=f"01KAMZ8Y4V6T2QW9R3N5C7{number:04d}",
        version=3,
        tracking_code=f"{number:08d}",
        state=state,
        policy_version=policy.version,
        opened_at=_AT,
        updated_at=_AT,
        urgency=category.urgency,
        source="mobile",
        procedure=procedure.id,
        turn=procedure.states[state].turn,
        kind=category.kind if known else None,
        category=category.id if known else None,
        area=Area(area, ("鼓楼区", "某街道", "某社区", "某小区", "某网格")),
        desk=policy.rules.linkage_centre if known and confidential else policy.centre_of(area),
        lead=to.lead if known else None,
        joints=tuple(Joint(unit, ASKED) for unit in to.joint_units) if known else (),
        submitters=("gl0500",),
    )
