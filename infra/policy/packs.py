"""The packs that a command names: one a stage keeps, a compiled file, or the directory it is written in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import policy_from
from infra.policy.kept import Pack

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy
    from chalicelib.models.policy_store import DynamoPolicies


class NoSuchPack(LookupError):
    """What was named is neither a directory or file of a pack, nor a version that is kept."""


class Given(NamedTuple):
    """A pack that a command was given."""

    pack: Pack

    @property
    def version(self) -> str:
        return str(self.pack["version"])

    @property
    def policy(self) -> Policy:
        """What it says. Raises TypeError, KeyError, ValueError where this code cannot read it."""
        return policy_from(self.pack)


def pack_named(name: str, policies: DynamoPolicies | None, overlay: str = "") -> Given:
    """The pack that a command means by a name. `policies`: those of the stage, if one is meant.

    `overlay`: the name of the one laid over a directory, as a deployment does; a pack without it is taken as it is.
    Raises NoSuchPack, PackInvalid.
    """
    path = Path(name)
    if path.is_dir():
        over = path / "overlays" / f"{overlay}.toml"
        return Given(json.loads(compile_pack(path, over if overlay and over.exists() else None)))
    if path.is_file():
        return Given(_parsed(path.read_bytes(), name))
    compiled = policies.compiled(name) if policies else None
    if not compiled:
        raise NoSuchPack(name if policies else f"{name} (--stage)")
    return Given(_parsed(compiled, name))


def _parsed(compiled: bytes, name: str) -> Pack:
    try:
        pack = json.loads(compiled)
    except ValueError as error:
        raise NoSuchPack(f"{name} (no JSON)") from error
    if not isinstance(pack, dict) or "version" not in pack:
        raise NoSuchPack(f"{name} (no compiled pack)")
    return pack
