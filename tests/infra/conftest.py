"""The deployment's two templates, packaged once for all tests of this directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.build import Package, build
from infra.settings import load_deployment
from infra.stateful import stateful_template

REGION = "us-east-1"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package of the stage `local` as the embedded cloud gets it."""
    target = tmp_path_factory.mktemp("build") / "local"
    return build(load_deployment("local"), REGION, embedded=True, target=target)


@pytest.fixture(scope="session")
def application(package: Package) -> dict[str, Any]:
    template: dict[str, Any] = json.loads(package.template.read_text("utf-8"))
    return template


@pytest.fixture(scope="session")
def stateful() -> dict[str, Any]:
    return stateful_template("gulou.example")


@pytest.fixture(scope="session")
def stateful_file(stateful: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stateful") / "stateful.json"
    path.write_text(json.dumps(stateful), "utf-8")
    return path
