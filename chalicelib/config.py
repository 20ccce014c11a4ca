"""Settings: the only reader of the environment. Read once, when a function first needs them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent


class SettingMissing(RuntimeError):
    """A function was deployed without a setting it needs."""


class Settings(NamedTuple):
    """What a deployment decides.

    `public_url` is where residents reach the API, empty where that is the address they asked; it is printed on walls.
    `policy_file` is the compiled pack, `contract` the directory of errors.json and openapi.json; packaging puts both
    where they are looked for by default.
    """

    stage: str
    region: str
    cases_table: str
    reference_table: str
    vault_table: str
    public_url: str
    policy_file: Path
    contract: Path

    def need(self, name: str) -> str:
        """A setting only some functions have. Raises SettingMissing."""
        value = os.environ.get(name)
        if not value:
            raise SettingMissing(name)
        return value


@cache
def settings() -> Settings:
    env = os.environ
    return Settings(
        stage=env.get("WANGGE_STAGE", "local"),
        region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1",
        cases_table=env.get("CASES_TABLE", ""),
        reference_table=env.get("REFERENCE_TABLE", ""),
        vault_table=env.get("VAULT_TABLE", ""),
        public_url=env.get("PUBLIC_URL", "").rstrip("/"),
        policy_file=Path(env.get("POLICY_FILE") or _HERE / "policy" / "pack.json"),
        contract=Path(env.get("CONTRACT_DIR") or _HERE / "handlers"),
    )
