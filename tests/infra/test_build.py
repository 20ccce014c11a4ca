"""What goes into the package, and what stays out."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from chalice.cli.factory import CLIFactory
from chalice.deploy.validate import validate_configuration

from infra.build import BuildFailed, Package, _check_types, build
from infra.dependencies import SERVICES
from infra.settings import ROOT, load_deployment
from tests.infra.conftest import REGION

HANDLERS = ROOT / "chalicelib" / "handlers"


@pytest.fixture(scope="module")
def names(package: Package) -> set[str]:
    with zipfile.ZipFile(package.zip) as archive:
        return set(archive.namelist())


def test_chalice_finds_nothing_wrong(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.chdir(package.source)
    validate_configuration(CLIFactory(str(package.source)).create_config_obj("local"))


def test_the_package_holds_the_compiled_pack_and_the_contract_but_not_their_sources(names: set[str]) -> None:
    assert {
        "app.py",
        "chalicelib/policy/pack.json",
        "chalicelib/policy/loader.py",
        "chalicelib/handlers/openapi.json",
        "chalicelib/handlers/errors.json",
        *(f"chalicelib/handlers/templates/{path.name}" for path in (HANDLERS / "templates").iterdir()),
    } <= names
    policy = {name for name in names if name.startswith("chalicelib/policy/") and not name.endswith(".pyc")}
    assert {name.split("/")[-1] for name in policy} == {"__init__.py", "loader.py", "pack.json"}


def test_the_package_leaves_out_what_lambda_never_opens(names: set[str]) -> None:
    tools = ("boto3/", "chalice/cli", "moto/", "pytest/", "infra/", "tests/", "bin/")
    assert [name for name in names if name.startswith(tools) or "/tests/" in name or name.endswith(".pyi")] == []
    described = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert described == set(SERVICES)


def test_every_module_has_its_bytecode(names: set[str]) -> None:
    """Lambda cannot write it, and a cold start without it takes twice as long."""
    compiled = {name.split(".cpython-")[0].replace("__pycache__/", "") for name in names if name.endswith(".pyc")}
    ours = {name.removesuffix(".py") for name in names if name.startswith("chalicelib/") and name.endswith(".py")}
    assert ours and ours <= compiled
    assert {"botocore/session.pyc", "pynamodb/models.pyc"} <= names, "libraries come as bytecode alone"


def test_what_is_left_of_the_libraries_is_all_that_is_needed(package: Package, tmp_path: Path) -> None:
    """Everything the functions import, in an interpreter that sees the package and the standard library only."""
    with zipfile.ZipFile(package.zip) as archive:
        archive.extractall(tmp_path)
    modules = sorted(
        ".".join(path.relative_to(tmp_path).with_suffix("").parts)
        for path in tmp_path.glob("chalicelib/**/*.py")
        if path.name != "__init__.py"
    )
    libraries = [
        "aws_lambda_powertools",
        "itsdangerous",
        "jwt.algorithms",
        "standardwebhooks.webhooks",
        "segno",
        "jinja2",
    ]
    libraries += ["cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.asymmetric.rsa"]
    script = f"""
import importlib, sys
sys.path[:] = [{str(tmp_path)!r}, *(path for path in sys.path if "site-packages" not in path)]
for name in {[*modules, *libraries]!r}:
    importlib.import_module(name)
from aws_lambda_powertools import Logger
Logger(service="package", utc=True).info("whole")
"""
    ran = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert '"whole"' in ran.stdout


def test_the_importer_has_a_package_of_its_own_that_is_whole(package: Package, names: set[str], tmp_path: Path) -> None:
    """The geometry library is in that package and in no other; there it needs nothing else."""
    assert not [name for name in names if name.startswith(("shapely/", "numpy/", "infra/"))]
    with zipfile.ZipFile(package.importer) as archive:
        archive.extractall(tmp_path)
    script = f"""
import sys
sys.path[:] = [{str(tmp_path)!r}, *(path for path in sys.path if "site-packages" not in path)]
import shapely
from infra.network import function
from infra.network.check import check
print(function.handle({{"Records": [{{"body": '{{"Event": "s3:TestEvent"}}'}}]}}, None), shapely.__file__)
"""
    ran = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "batchItemFailures" in ran.stdout and str(tmp_path) in ran.stdout


def test_an_unchanged_tree_is_not_packaged_again(package: Package) -> None:
    before = package.zip.stat().st_mtime_ns
    again = build(load_deployment("local"), REGION, embedded=True, target=package.source.parent)
    assert again.zip.stat().st_mtime_ns == before


def test_a_misspelt_override_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "sam.json"
    template.write_text('{"Resources": {"Relai": {"Properties": {}}}}', "utf-8")
    with pytest.raises(BuildFailed, match="Relai"):
        _check_types(template)
