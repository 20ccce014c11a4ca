"""Stands the whole system up on this machine: cloud, issuer, both stacks, the sample district, and whom to speak as."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.domain.policy import Policy
from chalicelib.domain.reports import MOBILE
from chalicelib.domain.routing import route
from chalicelib.policy.loader import load_policy
from infra.build import PACK_FILE
from infra.cloud import REGION, Cloud
from infra.deploy import Deployed, client_at, deploy
from infra.issuer import Issuer
from infra.network.importing import Importer, importer
from infra.panel.importing import PoolImporter
from infra.queues import unit_queues
from infra.samples import SAMPLES, rows_of
from infra.settings import LOCAL, ROOT, load_deployment
from infra.tiles import samples

SAMPLE, POOL = SAMPLES / "gulou", "panel.csv"
PACK = ROOT / "chalicelib" / "policy" / "gulou"
RUN_FILE = LOCAL / "run.json"
_TOKEN_HOURS = 24
_SAMPLE_POINTS = 24

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """A system that stands, and what its `run.json` says. `known_before`: it took up an earlier run's state."""

    cloud: Cloud
    deployed: Deployed
    described: dict[str, Any]
    run_file: Path
    known_before: bool


@contextmanager
def standing(
    name: str,
    stage: str,
    *,
    keep: bool,
    run_file: Path,
    say: Say = lambda line: None,
    bring_in: Callable[[Importer, Path], object] = Importer.bring_in,
) -> Iterator[Standing]:
    """Everything up, until the block ends. `keep`: the state of an earlier run is taken up again and kept.

    `bring_in`: how the sample district comes in.
    """
    audience = load_deployment(stage).oidc_audience
    known_before = keep and Cloud(name, keep=keep).has_state()
    with Cloud(name, keep=keep) as cloud, Issuer(name, audience) as issuer:
        deployed = deploy(stage, REGION, cloud.endpoint, settings=issuer.settings, say=say)
        if not known_before:
            pack = (LOCAL / "build" / stage / "source" / PACK_FILE).read_bytes()
            reference = deployed.outputs["ReferenceTable"]
            network = importer(_clients_of(cloud), reference, pack)
            bring_in(network, SAMPLE)
            PoolImporter(deployed.client("dynamodb"), reference, network).bring_in(SAMPLE / POOL)
        described = _described(deployed, issuer, cloud)
        run_file.parent.mkdir(parents=True, exist_ok=True)
        run_file.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", "utf-8")
        yield Standing(cloud, deployed, described, run_file, known_before)


def _clients_of(cloud: Cloud) -> Callable[..., Any]:
    return lambda service, **more: client_at(cloud.region, cloud.endpoint, service, **more)


def _units_of(area: str, policy: Policy) -> dict[str, str]:
    """Which unit must act on each category at a place, told by a worker and no more urgent than usual."""
    return {c.id: route(c, area, c.urgency, MOBILE, policy).lead for c in policy.categories.values()}


def _described(deployed: Deployed, issuer: Issuer, cloud: Cloud) -> dict[str, Any]:
    """What `run.json` holds: where the system is, tokens to speak with, samples to try, secrets to sign with."""
    policy = load_policy(LOCAL / "build" / deployed.stage / "source" / PACK_FILE)
    staff = rows_of(SAMPLE / "staff.csv")
    duty = {row["staff_id"] for row in rows_of(SAMPLE / "duty.csv")}
    tokens = {row["staff_id"]: issuer.token(row["staff_id"], _TOKEN_HOURS) for row in _needed(staff, duty)}
    by_role: dict[str, Any] = {}
    by_unit: dict[str, str] = {}
    by_cell: dict[str, str] = {}
    for row in staff:
        token = tokens.get(row["staff_id"])
        if token is None:
            continue
        areas = row["areas"].split(";")
        if row["role"] != "grid-worker" or len(areas[0]) == 16:
            by_role.setdefault(row["role"], {"token": token, "unit": row["unit"], "areas": areas})
        if row["role"] == "unit-head":
            by_unit[f"{row['unit']}/head"] = token
        if row["staff_id"] in duty:
            by_unit.setdefault(row["unit"], token)
        if row["role"] == "grid-worker" and len(areas[0]) == 16:
            by_cell.setdefault(areas[0], token)
    features = json.loads((SAMPLE / "areas.geojson").read_text("utf-8"))["features"]
    secret = deployed.client("secretsmanager").get_secret_value(SecretId=deployed.outputs["SecretArn"])
    secrets = json.loads(secret["SecretString"])
    return {
        "api": deployed.api,
        "cloud": cloud.endpoint,
        "region": deployed.region,
        "tokens": {"by_role": by_role, "by_unit": by_unit, "by_cell": by_cell},
        "samples": [
            {**point, "units": _units_of(point["area"], policy)} for point in samples(features, _SAMPLE_POINTS)
        ],
        "secrets": {"aliyun": secrets["aliyun"], "hotline": secrets["hotline"]},
        "queues": {
            unit.id: deployed.outputs[f"{queue.title}QueueUrl"]
            for unit in policy.units.values()
            if unit.integrated
            for queue in unit_queues([unit.id])
        },
        "outputs": dict(deployed.outputs),
    }


def _needed(staff: list[dict[str, str]], duty: set[str]) -> Iterator[dict[str, str]]:
    """Those whose tokens are given out: who is on duty, heads, the information officers, and one of every role."""
    seen: set[str] = set()
    for row in staff:
        known = row["staff_id"] in duty or row["role"] == "unit-head" or len(row["areas"]) == 16
        if known or row["role"] not in seen:
            seen.add(row["role"])
            yield row
