"""What differs between deployments: `deployments.toml`, read and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
DEPLOYMENTS = Path(__file__).with_name("deployments.toml")


class SettingsInvalid(ValueError):
    """`deployments.toml` names something that is no setting, or a stage has a name that AWS would not take."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One stage's settings. The fields are explained in `deployments.toml`."""

    stage: str
    pack: str
    overlay: str
    protected: bool
    log_days: int
    architecture: str
    mail_identity: str
    mail_from: str
    alarm_email: str
    oidc_issuer: str
    oidc_audience: str
    oidc_jwks_url: str
    oidc_subject_claim: str
    cognito: bool
    cognito_mfa: str
    public_url: str
    consumer_concurrency: int
    reserved_concurrency: Mapping[str, int] = field(default_factory=dict)

    def stack(self, which: str) -> str:
        """The name of the stack `which`: stateful or application."""
        return f"wangge-{self.stage}-{which}"


def load_deployment(stage: str, path: Path = DEPLOYMENTS) -> Deployment:
    """The settings of `stage`: its own table over [default].

    Raises SettingsInvalid.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,15}", stage):
        raise SettingsInvalid(f"stage {stage!r}: lower case letters, digits and hyphens, at most 16, a letter first")
    tables = tomllib.loads(path.read_text("utf-8"))
    values = {**tables["default"], **tables.get(stage, {})}
    known = {each.name for each in fields(Deployment)} - {"stage"}
    if unknown := sorted(set(values) - known):
        raise SettingsInvalid(f"{path.name}: {stage}: no such setting: {', '.join(unknown)}")
    return Deployment(stage=stage, **values)
