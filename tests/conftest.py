"""Fixtures: the real policy pack, tables of the deployed template on moto, a small piece of grid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from chalicelib.domain.policy import Policy
from chalicelib.models.base import ReferenceRow, VaultRow, connect
from chalicelib.models.case_rows import CasesRow
from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import load_policy
from tests.lighter_moto import lighten
from tests.packs import comparing_nothing
from tests.tables import make_tables
from tests.world import World, lay_grid

LONGEST = ("test_machine.py", "test_secrecy.py", "test_permissions.py", "test_api_actions.py")
"""Files of tests that begin first, so that none of them is alone at the end."""

REGION = "us-east-1"
PACK = Path(__file__).parent.parent / "chalicelib" / "policy" / "gulou"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def lighter_moto() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        lighten(patch)
        yield


@pytest.fixture(scope="session")
def matching_pack_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack as it is."""
    path = tmp_path_factory.mktemp("matching-pack") / "pack.json"
    path.write_bytes(compile_pack(PACK, None))
    return path


@pytest.fixture(scope="session")
def pack_file(matching_pack_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack, but no report of it is like another."""
    path = tmp_path_factory.mktemp("pack") / "pack.json"
    path.write_bytes(comparing_nothing(matching_pack_file.read_bytes()))
    return path


@pytest.fixture(scope="session")
def policy(pack_file: Path) -> Policy:
    return load_policy(pack_file)


@pytest.fixture(scope="session")
def matching_policy(matching_pack_file: Path) -> Policy:
    return load_policy(matching_pack_file)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    answer, one_at_a_time = BotocoreStubber.process_request, RLock()

    def answer_alone(stubber: BotocoreStubber, request: Any) -> Any:
        with one_at_a_time:
            return answer(stubber, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", answer_alone)  # moto's tables know no threads
    with mock_aws():
        yield


@pytest.fixture
def tables(aws: None) -> dict[str, str]:
    return make_tables(boto3.client("dynamodb", REGION))


@pytest.fixture
def connection(tables: dict[str, str]) -> Any:
    return connect({CasesRow: tables["Cases"], ReferenceRow: tables["Reference"], VaultRow: tables["Vault"]}, REGION)


@pytest.fixture
def world(connection: Any, tables: dict[str, str], policy: Policy) -> World:
    """Services on moto's tables, with one cell, its staff on duty, a hand-set clock and recording providers."""
    reference = boto3.resource("dynamodb", REGION).Table(tables["Reference"])
    lay_grid(reference)
    return World(connection, reference, policy, datetime(2026, 11, 22, 2, 0, tzinfo=UTC))


@pytest.fixture
def matching_world(connection: Any, tables: dict[str, str], matching_policy: Policy) -> World:
    """The same, where reports of one matter join."""
    reference = boto3.resource("dynamodb", REGION).Table(tables["Reference"])
    lay_grid(reference)
    return World(connection, reference, matching_policy, datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
