"""The document of what fails without each right keeps up with the rights and with the end-to-end tests."""

from __future__ import annotations

import re
from pathlib import Path

from infra.least_privilege import BATCHED, DOCUMENT, SCENARIOS, pairs

E2E = Path(__file__).parents[1] / "e2e"
ROW = re.compile(r"^\| (\w+) \| `([\w:]+)` \| `([^`]+)` \| (.+) \|$", re.MULTILINE)


def _rows() -> list[tuple[str, ...]]:
    return [row.groups() for row in ROW.finditer(DOCUMENT.read_text("utf-8"))]


def test_every_right_of_every_policy_has_its_row() -> None:
    written = [row[:3] for row in _rows()]
    assert sorted(written) == sorted((pair.function, pair.action, pair.resource) for pair in pairs())


def test_no_right_was_unmissed() -> None:
    assert [row for row in _rows() if "nothing" in row[3]] == []


def test_what_fails_without_a_right_is_an_end_to_end_test() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in E2E.glob("test_*.py"))
    used = {scenario.__name__ for some in SCENARIOS.values() for scenario in some}
    assert [name for name in sorted(used) if f"scenarios.{name}" not in tests] == []
    failing = {row[3].replace(" ", "_") for row in _rows()[: sum(pair.untested_because is None for pair in pairs())]}
    assert failing <= used


def test_a_right_that_is_only_asked_for_on_aws_stands_beside_its_batch() -> None:
    allowed = {(pair.function, pair.action, pair.resource) for pair in pairs()}
    for (function, action), batch in BATCHED.items():
        assert {resource for f, a, resource in allowed if (f, a) == (function, batch)} <= {
            resource for f, a, resource in allowed if (f, a) == (function, action)
        }
