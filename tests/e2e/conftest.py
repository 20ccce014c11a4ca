"""One whole system for all end-to-end tests: the packaged template on the embedded cloud, with IAM enforced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.day import scenarios
from infra.day.district import District
from infra.day.standing import standing
from infra.settings import LOCAL


@pytest.fixture(scope="session")
def district() -> Iterator[District]:
    with standing("e2e", "demo", keep=False, run_file=LOCAL / "e2e" / "run.json") as stood:
        yield District.of(stood)


@pytest.fixture(scope="session", autouse=True)
def left_to_the_rule(district: District) -> scenarios.Case:
    """A case resolved at the very beginning, whose visit only EventBridge's own rule is to find."""
    return scenarios.resolved_case(district, resident=district.resident())
