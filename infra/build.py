"""From the working tree to what is deployed: a template and a zip for each stage, made by `chalice package`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from infra.application import merge_template
from infra.dependencies import compile_modules, dependencies
from infra.functions import IMPORTER_ZIP
from infra.settings import LOCAL, ROOT, Deployment

PACK_FILE = "chalicelib/policy/pack.json"
ERRORS = "docs/contract/errors.json"
CONTRACT = {"docs/contract/openapi.yaml": "chalicelib/handlers/openapi.json", ERRORS: "chalicelib/handlers/errors.json"}
"""What of the contract the API reads: where it is written, and where the package holds it as JSON."""


class BuildFailed(RuntimeError):
    """`chalice package` refused, or the merged template holds a resource without a type."""


@dataclass(frozen=True, slots=True)
class Package:
    """What a stage deploys. `pack` is the compiled policy pack inside it, `source` the tree that was zipped.

    `importer`: the zip of the function that has one of its own.
    """

    template: Path
    zip: Path
    importer: Path
    pack: Path
    source: Path


def compiled_pack(deployment: Deployment, root: Path) -> bytes:
    """The deployment's policy pack as the functions read it. Raises PackInvalid with every fault."""
    from chalicelib.policy.compiler import compile_pack

    pack = root / "chalicelib" / "policy" / deployment.pack
    return compile_pack(pack, pack / "overlays" / f"{deployment.overlay}.toml" if deployment.overlay else None)


def build(
    deployment: Deployment,
    region: str,
    *,
    embedded: bool,
    root: Path = ROOT,
    target: Path | None = None,
    compile_policy: Callable[[Deployment, Path], bytes] = compiled_pack,
) -> Package:
    """Packages the deployment into `target` (.local/build/<stage>), or keeps what is there when nothing changed.

    `embedded`: the package runs in this interpreter on this machine, else on Lambda. Raises PackInvalid, BuildFailed.
    """
    target = target or LOCAL / "build" / deployment.stage
    source, out = target / "source", target / "package"
    package = Package(out / "sam.json", out / "deployment.zip", out / IMPORTER_ZIP, source / PACK_FILE, source)
    pack = compile_policy(deployment, root)
    merge = json.dumps(_merge(deployment, pack, root), ensure_ascii=False, indent=1)
    fingerprint = _fingerprint(root, deployment, region, embedded, pack, merge.encode())
    stamp = target / "inputs.sha256"
    if stamp.exists() and stamp.read_text("utf-8") == fingerprint and package.zip.exists():
        return package
    shutil.rmtree(target, ignore_errors=True)
    _assemble(source, root, deployment, embedded, pack)
    (target / "merge.json").write_text(merge, "utf-8")
    _package(source, out, target / "merge.json", deployment.stage, region)
    _package_importer(source, package.importer, root, deployment, embedded)
    _check_types(package.template)
    stamp.write_text(fingerprint, "utf-8")
    return package


def _merge(deployment: Deployment, pack: bytes, root: Path) -> dict[str, Any]:
    policy = json.loads(pack)
    return merge_template(
        deployment,
        notice_types={notice["event"] for notice in policy["notices"]},
        integrated_units=integrated_units(policy),
        errors=json.loads((root / ERRORS).read_text("utf-8")),
    )


def integrated_units(policy: Mapping[str, Any]) -> list[str]:
    """The units of a compiled pack whose own system pulls a queue."""
    return sorted(unit for unit, each in policy["units"].items() if each.get("integrated"))


def _fingerprint(root: Path, deployment: Deployment, region: str, embedded: bool, *made: bytes) -> str:
    """A hash of everything that decides what the package holds."""
    digest = hashlib.sha256(
        repr((deployment, region, embedded, sys.version_info[:2], metadata.version("chalice"))).encode()
    )
    for content in made:
        digest.update(content)
    for path in _inputs(root):
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _inputs(root: Path) -> Iterator[Path]:
    yield from (root / "app.py", root / "requirements.txt", *(root / path for path in CONTRACT))
    yield from (root / "requirements-importer.txt", root / "infra" / "tiles.py")
    yield from sorted((root / "infra" / "network").glob("*.py"))
    yield from sorted((root / "chalicelib").rglob("*.py"))
    yield from sorted((root / "chalicelib" / "handlers" / "templates").iterdir())
    yield from sorted((root / ".chalice").glob("*.json"))
    yield from (Path(__file__), Path(__file__).with_name("dependencies.py"))


def _assemble(source: Path, root: Path, deployment: Deployment, embedded: bool, pack: bytes) -> None:
    """The tree that Chalice zips: our code without the packs' sources, and the libraries as its `vendor`."""
    shutil.copytree(
        root / "chalicelib",
        source / "chalicelib",
        ignore=_not_needed_at_run_time,
    )
    shutil.copy(root / "app.py", source)
    (source / PACK_FILE).parent.mkdir(exist_ok=True)
    (source / PACK_FILE).write_bytes(pack)
    for written, packaged in CONTRACT.items():
        content = yaml.safe_load((root / written).read_text("utf-8"))  # JSON is YAML too
        (source / packaged).write_text(
            json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str), "utf-8"
        )
    compile_modules(source / "chalicelib")
    # Chalice would run pip for whatever stands in requirements.txt
    (source / "requirements.txt").touch()
    (source / "vendor").symlink_to(
        dependencies(root / "requirements.txt", deployment.architecture, embedded=embedded), target_is_directory=True
    )
    shutil.copytree(root / ".chalice", source / ".chalice", ignore=shutil.ignore_patterns("deployments", "deployed"))
    config_file = source / ".chalice" / "config.json"
    config = json.loads(config_file.read_text("utf-8"))
    config["lambda_architecture"] = deployment.architecture
    config_file.write_text(json.dumps(config), "utf-8")


def _not_needed_at_run_time(directory: str, names: list[str]) -> set[str]:
    """Of the policy package only the loader runs: packs, schema and compiler stay here."""
    unused = {"__pycache__"}
    if Path(directory).name == "policy":
        unused |= set(names) - {"__init__.py", "loader.py"}
    return unused


def _package(source: Path, out: Path, merge: Path, stage: str, region: str) -> None:
    outcome = subprocess.run(
        [
            *(sys.executable, "-c", "from chalice.cli import main; raise SystemExit(main())", "package"),
            *("--stage", stage, "--merge-template", str(merge.resolve()), str(out.resolve())),
        ],
        cwd=source,
        env={**os.environ, "AWS_DEFAULT_REGION": region, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
        raise BuildFailed(f"chalice package: {outcome.stderr or outcome.stdout}")


def _package_importer(source: Path, archive: Path, root: Path, deployment: Deployment, embedded: bool) -> None:
    """The zip of the function importer: what all have, the checks of a network, and the geometry library."""
    tree = source.with_name("importer")
    shutil.copytree(source / "chalicelib", tree / "chalicelib")
    for name in ("requirements.txt", "requirements-importer.txt"):
        libraries = dependencies(root / name, deployment.architecture, embedded=embedded)
        shutil.copytree(libraries, tree, dirs_exist_ok=True)
    shutil.copytree(root / "infra" / "network", tree / "infra" / "network", ignore=_not_needed_by_the_importer)
    for name in ("__init__.py", "tiles.py"):
        shutil.copy(root / "infra" / name, tree / "infra")
    compile_modules(tree / "infra")
    shutil.make_archive(str(archive.with_suffix("")), "zip", tree)


def _not_needed_by_the_importer(directory: str, names: list[str]) -> set[str]:
    """What only an operator at a terminal needs."""
    return {"__pycache__", "commands.py", "export.py", "moving.py", "show.py", "tables.py", "versions.py"} & set(names)


def _check_types(template: Path) -> None:
    """A misspelt logical id in the merge makes a new resource, which has no type."""
    resources = json.loads(template.read_text("utf-8"))["Resources"]
    if nameless := sorted(name for name, resource in resources.items() if "Type" not in resource):
        raise BuildFailed(f"no such resource of Chalice's to override: {', '.join(nameless)}")
