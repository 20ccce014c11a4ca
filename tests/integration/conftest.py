"""One deployment for each module of tests that drive the functions themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.documents import contract
from tests.integration.edge import Edge, deployed


@pytest.fixture(scope="session")
def contract_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract as the package holds it: JSON beside the handlers."""
    directory = tmp_path_factory.mktemp("contract")
    for written, packaged in (("openapi.yaml", "openapi.json"), ("errors.json", "errors.json")):
        (directory / packaged).write_text(json.dumps(contract(written), ensure_ascii=False), "utf-8")
    return directory


@pytest.fixture(scope="module")
def deployment(pack_file: Path, contract_dir: Path) -> Iterator[Edge]:
    with deployed(pack_file, contract_dir) as made:
        yield made


@pytest.fixture
def edge(deployment: Edge) -> Edge:
    """The module's deployment, emptied."""
    deployment.empty()
    return deployment
