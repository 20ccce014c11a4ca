"""Every policy that was ever deployed can be read again, and a case goes by the one it was opened under."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.domain.policy import Policy
from chalicelib.models.policy_store import DynamoPolicies
from chalicelib.policy.loader import read_policy, version_of
from chalicelib.services.policies import KeptPolicies
from tests.conftest import REGION
from tests.integration.edge import Edge, logged

KEPT_AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
EARLIER = "gulou-000000000001"


def other_pack(pack_file: Path, **changes: Any) -> tuple[str, bytes]:
    """The pack as it was earlier, and its version."""
    pack = {**json.loads(pack_file.read_bytes()), "zh": "从前的政策包", **changes}
    version = version_of(pack)
    return version, json.dumps({**pack, "version": version}).encode()


class Counting:
    """A store that counts what it is asked, and does not answer at first."""

    def __init__(self, store: DynamoPolicies, failures: int = 0) -> None:
        self.store = store
        self.failures = failures
        self.asked: list[str] = []

    def compiled(self, version: str) -> bytes | None:
        self.asked.append(version)
        if len(self.asked) <= self.failures:
            raise TemporarilyUnavailable()
        return self.store.compiled(version)


class Reader:
    """Policies on a stage's table, and what was told of versions that are missing."""

    def __init__(self, policy: Policy, failures: int = 0) -> None:
        self.store = DynamoPolicies()
        self.counting = Counting(self.store, failures)
        self.missing: list[tuple[str, str]] = []
        self.policies = KeptPolicies(
            policy, lambda: self.counting, read_policy, lambda *told: self.missing.append(told)
        )


@pytest.fixture
def reader(connection: Any, policy: Policy) -> Reader:
    return Reader(policy)


def test_the_version_in_force_is_never_looked_for(reader: Reader, policy: Policy) -> None:
    assert reader.policies.of(policy.version) is reader.policies.current is policy
    assert reader.counting.asked == []


def test_an_earlier_version_is_read_once(reader: Reader, pack_file: Path) -> None:
    earlier, compiled = other_pack(pack_file)
    assert reader.store.keep(earlier, compiled, KEPT_AT)
    found = reader.policies.of(earlier)
    assert (found.version, found.zh) == (earlier, "从前的政策包")
    assert reader.policies.of(earlier) is found
    assert (reader.counting.asked, reader.missing) == ([earlier], [])


def test_a_version_that_was_altered_is_as_if_not_kept(
    reader: Reader, policy: Policy, pack_file: Path, tables: dict[str, str]
) -> None:
    """Whoever may write the table cannot make rules of a version that was deployed: it says what its hash says."""
    earlier, compiled = other_pack(pack_file)
    pack = json.loads(compiled)
    pack["categories"]["street-light"]["lead"] = "petition-office"
    reader.store.keep(earlier, json.dumps(pack).encode(), KEPT_AT)
    named, other = other_pack(pack_file, zh="另一个")
    reader.store.keep(f"{earlier}-of-old", other, KEPT_AT)
    for version in (earlier, f"{earlier}-of-old"):
        assert reader.policies.of(version) is policy
    assert reader.missing == [(earlier, "unreadable"), (f"{earlier}-of-old", "unreadable")]
    reader.store.keep(named, other, KEPT_AT)
    table = boto3.resource("dynamodb", REGION).Table(tables["Reference"])
    table.update_item(
        Key={"pk": f"POLICY#{named}", "sk": "POLICY"},
        UpdateExpression="SET compiled = :noise",
        ExpressionAttributeValues={":noise": b"no zip"},
    )
    assert reader.policies.of(named) is policy and reader.missing[2:] == [(named, "unreadable")]
    assert reader.store.keep(named, other, KEPT_AT) and Reader(policy).policies.of(named).zh == "另一个"


def test_what_nobody_kept_goes_by_the_version_in_force_and_is_told_once(reader: Reader, policy: Policy) -> None:
    assert reader.policies.of("gulou-never") is policy
    assert reader.policies.of("gulou-never") is policy
    assert (reader.counting.asked, reader.missing) == (["gulou-never"], [("gulou-never", "not-kept")])


@pytest.mark.parametrize(
    "compiled",
    [b"{}", b"[]", b"no JSON", b'{"units": []}', "lacks", "more"],
)
def test_a_version_of_a_format_that_is_read_no_more_is_as_if_not_kept(
    reader: Reader, policy: Policy, pack_file: Path, compiled: bytes | str
) -> None:
    earlier = EARLIER
    if compiled == "lacks":
        earlier, compiled = other_pack(pack_file, rules={})
    if compiled == "more":
        rules = json.loads(pack_file.read_bytes())["rules"]
        earlier, compiled = other_pack(pack_file, rules={**rules, "of_tomorrow": 1})
    assert isinstance(compiled, bytes)
    reader.store.keep(earlier, compiled, KEPT_AT)
    assert reader.policies.of(earlier) is policy
    assert reader.missing == [(earlier, "unreadable")]


def test_a_table_that_does_not_answer_is_asked_again(connection: Any, policy: Policy, pack_file: Path) -> None:
    """A case must not go by the wrong rules for as long as a process lives because of one bad second."""
    reader = Reader(policy, failures=1)
    earlier, compiled = other_pack(pack_file)
    reader.store.keep(earlier, compiled, KEPT_AT)
    with pytest.raises(TemporarilyUnavailable):
        reader.policies.of(earlier)
    assert reader.policies.of(earlier).version == earlier
    assert reader.missing == []


def test_a_pack_larger_than_an_item_is_kept_in_parts(reader: Reader, tables: dict[str, str]) -> None:
    """Noise does not get smaller by zipping."""
    noise = random.Random(1).randbytes(900_000)
    assert reader.store.keep(EARLIER, noise, KEPT_AT)
    assert reader.store.compiled(EARLIER) == noise
    table = boto3.resource("dynamodb", REGION).Table(tables["Reference"])
    table.delete_item(Key={"pk": f"POLICY#{EARLIER}", "sk": "POLICY#00001"})
    assert reader.store.compiled(EARLIER) is None
    assert reader.store.keep(EARLIER, noise, KEPT_AT)
    assert reader.store.compiled(EARLIER) == noise


def test_the_policy_of_the_district_fits_one_item(reader: Reader, pack_file: Path, tables: dict[str, str]) -> None:
    reader.store.keep(EARLIER, pack_file.read_bytes(), KEPT_AT)
    client = boto3.client("dynamodb", REGION)
    rows = client.query(
        TableName=tables["Reference"],
        KeyConditionExpression="pk = :version",
        ExpressionAttributeValues={":version": {"S": f"POLICY#{EARLIER}"}},
    )["Items"]
    assert len(rows) == 1 and len(rows[0]["compiled"]["B"]) < 100_000


def test_versions_are_listed_as_they_came_with_their_last_deployment(reader: Reader) -> None:
    later = KEPT_AT + timedelta(days=1)
    assert reader.store.keep("b", b"b", KEPT_AT)
    assert reader.store.keep("a", b"a", later)
    reader.store.deployed("b", KEPT_AT)
    reader.store.deployed("b", later + timedelta(days=1))
    assert not reader.store.keep("b", b"b", later)
    listed = [(each.version, each.kept_at, each.deployed_at) for each in reader.store.versions()]
    assert listed == [("b", KEPT_AT, later + timedelta(days=1)), ("a", later, None)]


def test_a_function_reads_kept_versions_and_logs_one_that_is_missing(edge: Edge, pack_file: Path) -> None:
    earlier, compiled = other_pack(pack_file)
    DynamoPolicies().keep(earlier, compiled, KEPT_AT)
    with logged() as lines:
        policies = bootstrap.policies()
        assert policies.of(earlier).version == earlier
        assert policies.of("gulou-never") is policies.of("gulou-never") is bootstrap.policy()
    told = [json.loads(line) for line in lines if line.startswith("{") and "policy version missing" in line]
    assert [(each["policy_version"], each["reason"], each["level"]) for each in told] == [
        ("gulou-never", "not-kept", "WARNING")
    ]
