"""The libraries that go into the functions' package, without what Lambda never opens."""

from __future__ import annotations

import compileall
import hashlib
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path, PurePosixPath

from infra.settings import LOCAL

SERVICES = ("dynamodb", "kms", "s3", "secretsmanager", "sesv2", "sns", "sqs", "sts")
"""The AWS services the functions talk to; botocore's descriptions of the other 400 stay out."""

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_UNUSED = re.compile(
    r"__pycache__/|\.py[ci]$|\.dist-info/|(^|/)tests?/|^bin/|^\.\./"
    r"|^aws_lambda_powertools/(event_handler|middleware_factory)/"  # Chalice routes
    r"|^aws_lambda_powertools/utilities/(?!__init__|jmespath_utils|typing)"  # the logger needs these
    r"|^stdnum/(?!(__init__|exceptions|util)\.py$|cn/(__init__|ric|uscc)\.py$)"  # numbers of other countries
    r"|^dateutil/zoneinfo/|^(cffi|pycparser)/"  # cryptography needs cffi's backend only
    r"|^botocore/data/.*(examples-1|paginators-1|paginators-1\.sdk-extras|waiters-2|completions-1)\.json"
)


def dependencies(requirements: Path, architecture: str, *, embedded: bool) -> Path:
    """A directory with the pinned libraries, made once for each set of pins.

    For the embedded cloud they are copied from this interpreter's own environment, which holds the same pins; for AWS
    they are wheels for Lambda. Raises subprocess.CalledProcessError when pip cannot get them.
    """
    pins = _pins(requirements)
    key = hashlib.sha256(
        "\n".join([*pins, *SERVICES, _PYTHON, architecture, str(embedded), Path(__file__).read_text("utf-8")]).encode()
    ).hexdigest()
    made = LOCAL / "dependencies" / key[:16]
    if made.exists():
        return made
    made.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f"{made.name}.", dir=made.parent))
    making.chmod(0o755)
    if not (embedded and _copy_installed(pins, making)):
        _install_wheels(requirements, architecture, making, native=embedded)
    _prune(making)
    compile_modules(making, sourceless=True)
    try:
        making.rename(made)
    except OSError:  # another process was making them too, and came first
        shutil.rmtree(making)
    return made


def compile_modules(directory: Path, *, sourceless: bool = False) -> None:
    """Puts bytecode beside the sources: Lambda cannot write its own, and would compile everything at each cold start.

    Unchecked hashes, since the package's files carry no times. `sourceless`: in place of the sources, since unpacking
    the package is part of a cold start and goes by the number of files.
    """
    compileall.compile_dir(
        str(directory),
        quiet=2,
        stripdir=str(directory),
        legacy=sourceless,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    for source in directory.rglob("*.py") if sourceless else ():
        if source.with_suffix(".pyc").exists():
            source.unlink()


def _pins(requirements: Path) -> list[str]:
    lines = (line.split("#")[0].strip() for line in requirements.read_text("utf-8").splitlines())
    return sorted(line for line in lines if line)


def _copy_installed(pins: Iterable[str], target: Path) -> bool:
    """Copies the pinned distributions of this environment; False when it has not exactly these."""
    for pin in pins:
        name, _, version = pin.partition("==")
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            return False
        if distribution.version != version or distribution.files is None:
            return False
        for file in distribution.files:
            if not _unused(file):
                destination = target / file
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), destination)
    return True


def _install_wheels(requirements: Path, architecture: str, target: Path, *, native: bool) -> None:
    foreign = [
        *("--platform", f"manylinux2014_{_MACHINES[architecture]}", "--implementation", "cp"),
        *("--python-version", _PYTHON, "--abi", "cp" + _PYTHON.replace(".", ""), "--abi", "abi3", "--abi", "none"),
    ]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        + ["--only-binary=:all:", "--target", str(target), "--requirement", str(requirements)]
        + ([] if native else foreign),
        check=True,
    )


def _prune(directory: Path) -> None:
    for file in sorted(directory.rglob("*"), reverse=True):
        if file.is_dir():
            if not any(file.iterdir()):
                file.rmdir()
        elif _unused(PurePosixPath(file.relative_to(directory))):
            file.unlink()


def _unused(file: PurePosixPath) -> bool:
    parts = file.parts
    if parts[:2] == ("botocore", "data") and len(parts) > 3 and parts[2] not in SERVICES:
        return True
    return _UNUSED.search(str(file)) is not None
