"""Which deployment an operator's command speaks to: its options, and the way there."""

from __future__ import annotations

from typing import Any

import click

from infra.settings import load_deployment

stage_option = click.option("--stage", required=True, help="Which deployment; see infra/deployments.toml.")
region_option = click.option("--region", required=True, help="AWS region, say cn-north-1.")
endpoint_option = click.option("--endpoint", help="URL of an embedded cloud; AWS without it.")


def client(region: str, endpoint: str | None, service: str, **more: Any) -> Any:
    from infra.deploy import session

    return session(region, endpoint).client(service, endpoint_url=endpoint, **more)


def stateful_outputs(stage: str, region: str, endpoint: str | None) -> dict[str, str]:
    stack = load_deployment(stage).stack("stateful")
    described = client(region, endpoint, "cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
