"""Deploys both stacks through CloudFormation, to the embedded cloud as to AWS; only the endpoint differs."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.application import FROM_SETTINGS, FROM_STATEFUL
from infra.build import Package, build, integrated_units
from infra.policy.kept import policies_of
from infra.queues import unit_queues
from infra.settings import Deployment, load_deployment
from infra.stateful import stateful_template, towards
from infra.user_pool import oidc_of

EMBEDDED_CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
"""What the embedded cloud takes for its account's root, with IAM enforced too."""

Say = Callable[[str], None]


class DeploymentFailed(RuntimeError):
    """A stack could not be made or updated. The message holds the reasons of the resources that failed."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """`outputs`: of both stacks. `api`: the base URL of the REST API, without a trailing slash.

    `queues`: the queue URL of each integrated unit.
    """

    stage: str
    region: str
    endpoint: str | None
    api: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of `service` where this is deployed."""
        return session(self.region, self.endpoint).client(service, **_at(self.endpoint))


def session(region: str, endpoint: str | None) -> boto3.Session:
    """The operator's own credentials for AWS; the embedded cloud's root for an endpoint."""
    return boto3.Session(region_name=region, **(EMBEDDED_CREDENTIALS if endpoint else {}))


def client_at(region: str, endpoint: str | None, service: str, **more: Any) -> Any:
    """A client of a service on AWS, or on the embedded cloud at an endpoint."""
    return session(region, endpoint).client(service, endpoint_url=endpoint, **more)


def stateful_outputs(stage: str, region: str, endpoint: str | None) -> dict[str, str]:
    """What the stateful stack of a stage says of itself: the names of its tables, say."""
    stack = load_deployment(stage).stack("stateful")
    described = client_at(region, endpoint, "cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def deploy(
    stage: str,
    region: str,
    endpoint: str | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    package: Callable[..., Package] = build,
    say: Say = lambda line: None,
) -> Deployed:
    """Makes or updates both stacks of `stage` and waits for them.

    `settings` replace those of `deployments.toml` (the local issuer's address, say). The application secret is filled
    on the first deployment, later ones only add what it lacks. The policy is kept before a function goes by it.
    Raises DeploymentFailed, BuildFailed, PackInvalid.
    """
    deployment = replace(load_deployment(stage), **(settings or {}))
    _check_issuer(deployment, endpoint)
    say("packaging")
    built = package(deployment, region, embedded=endpoint is not None)
    stacks = _Stacks(session(region, endpoint), endpoint, say)
    protected = "yes" if deployment.protected else "no"
    wanted = stateful_template(deployment.mail_identity, deployment.cognito_mfa if deployment.cognito else "")
    stateful: dict[str, str] = {}
    for step in towards(wanted, stacks.template(deployment.stack("stateful"))):
        stateful = stacks.apply(
            deployment.stack("stateful"),
            json.dumps(step, separators=(",", ":")),
            {"Stage": stage, "Protected": protected},
            protected=deployment.protected,
        )
    if deployment.cognito:
        deployment = replace(deployment, **oidc_of(stateful))
    _fill_secret(stacks.session.client("secretsmanager", **_at(endpoint)), stateful["SecretArn"])
    pack = built.pack.read_bytes()
    policy = json.loads(pack)
    policies = policies_of(stacks.session, stateful["ReferenceTable"], endpoint)
    policies.keep(policy["version"], pack, datetime.now(UTC))
    template = json.loads(built.template.read_text("utf-8"))
    archives = {f"./{each.name}": each.read_bytes() for each in (built.zip, built.importer)}
    code = {name: stacks.upload(f"{stage}/{_sha256(archive)}.zip", archive) for name, archive in archives.items()}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = code[resource["Properties"]["CodeUri"]]
    application = stacks.apply(
        deployment.stack("application"),
        json.dumps(template, ensure_ascii=False, separators=(",", ":")),
        {
            "Stage": stage,
            "Protected": protected,
            **{name: stateful[name] for name in FROM_STATEFUL},
            **{name: str(getattr(deployment, _snake(name))) for name in FROM_SETTINGS},
        },
    )
    policies.deployed(policy["version"], datetime.now(UTC))
    outputs = {**stateful, **application}
    api = f"{endpoint}/restapis/{outputs['RestAPIId']}/api/_user_request_" if endpoint else outputs["EndpointURL"]
    if endpoint:
        _put_gateway_responses(
            stacks.session.client("apigateway", **_at(endpoint)), outputs["RestAPIId"], template["Resources"]["RestAPI"]
        )
        if not deployment.public_url:
            _tell_own_address(stacks.session.client("lambda", **_at(endpoint)), f"wangge-{stage}-api", api)
    units = unit_queues(integrated_units(policy))
    queues = {queue.units[0]: outputs[f"{queue.title}QueueUrl"] for queue in units}
    return Deployed(stage, region, endpoint, api.rstrip("/"), outputs, queues)


def _check_issuer(deployment: Deployment, endpoint: str | None) -> None:
    """That staff tokens have one issuer: the pool of the stack, or another that is wholly named.

    Whoever could alter its keys on their way could be anybody, so they come over https; but from this machine itself.
    """
    named = {name: getattr(deployment, name) for name in ("oidc_issuer", "oidc_audience", "oidc_jwks_url")}
    where = f"deployments.toml: [{deployment.stage}]"
    if deployment.cognito and any(named.values()):
        raise DeploymentFailed(f"{where} has cognito, and names another issuer: {', '.join(filter(named.get, named))}")
    if deployment.cognito and deployment.cognito_mfa not in ("ON", "OPTIONAL", "OFF"):
        raise DeploymentFailed(f"{where}: cognito_mfa is ON, OPTIONAL or OFF, not {deployment.cognito_mfa!r}")
    if not deployment.cognito and (missing := [name for name, value in named.items() if not value]):
        raise DeploymentFailed(f"{where} lacks {', '.join(missing)}")
    if not deployment.oidc_subject_claim:
        raise DeploymentFailed(f"{where} lacks oidc_subject_claim")
    if not (deployment.cognito or endpoint or deployment.oidc_jwks_url.startswith("https://")):
        raise DeploymentFailed(f"{where}: the issuer's keys come over https, not from {deployment.oidc_jwks_url}")


_NEVER_STOOD = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")


class _Stacks:
    """Creates or updates stacks; templates and code go through the account's artifacts bucket."""

    def __init__(self, session: boto3.Session, endpoint: str | None, say: Say) -> None:
        self.session = session
        self._endpoint = endpoint
        self._say = say
        self._cloudformation = session.client("cloudformation", **_at(endpoint))
        path_style = Config(s3={"addressing_style": "path"}) if endpoint else None
        self._s3 = session.client("s3", config=path_style, **_at(endpoint))
        account = session.client("sts", **_at(endpoint)).get_caller_identity()["Account"]
        self._bucket = f"wangge-artifacts-{account}-{session.region_name}"
        self._make_bucket()

    def upload(self, key: str, body: bytes) -> str:
        """Puts an artifact in its place, unless it is there; its s3:// address. Keys are hashes of content."""
        try:
            self._s3.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
                raise
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body)
        return f"s3://{self._bucket}/{key}"

    def template(self, name: str) -> dict[str, Any] | None:
        """What a stack was made of; None where there is none that stands, or the embedded cloud updates it at once."""
        if self._endpoint or (status := self._status(name)) is None or status in _NEVER_STOOD:
            return None
        body = self._cloudformation.get_template(StackName=name)["TemplateBody"]
        found: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
        return found

    def apply(
        self, name: str, template: str, parameters: Mapping[str, str], *, protected: bool = False
    ) -> dict[str, str]:
        """Brings the stack to this template and answers its outputs."""
        key = f"templates/{_sha256(template.encode())}.json"
        self.upload(key, template.encode())
        request = {
            "StackName": name,
            "TemplateURL": self._url(key),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Tags": [{"Key": "application", "Value": "wangge"}],
        }
        status = self._status(name)
        if status in _NEVER_STOOD:
            self._say(f"{name}: removing what a failed creation left")
            self._cloudformation.delete_stack(StackName=name)
            self._wait(name, since=time.time())
            status = None
        began = time.time()
        if status is None:
            self._cloudformation.create_stack(**request, EnableTerminationProtection=protected)
        elif not self._update(request):
            self._say(f"{name}: unchanged")
            return self._outputs(name)
        status = self._wait(name, since=began)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise DeploymentFailed(f"{name} is {status}\n" + "\n".join(self._reasons(name, began)))
        self._say(f"{name}: {status.lower().replace('_', ' ')}")
        return self._outputs(name)

    def _update(self, request: Mapping[str, Any]) -> bool:
        try:
            self._cloudformation.update_stack(**request)
        except ClientError as error:
            if "No updates are to be performed" in error.response["Error"]["Message"]:
                return False
            raise
        return True

    def _wait(self, name: str, since: float) -> str | None:
        """Waits for the end of what is under way, telling each resource that is done."""
        told: set[str] = set()
        while True:
            status = self._status(name)
            for event in reversed(self._events(name, since) if status else []):
                if event["EventId"] not in told and event["ResourceStatus"].endswith(("_COMPLETE", "_FAILED")):
                    self._say(f"{name}: {event['LogicalResourceId']} {event['ResourceStatus'].lower()}")
                told.add(event["EventId"])
            if status is None or not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.1 if self._endpoint else 3)

    def _status(self, name: str) -> str | None:
        try:
            status: str = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return None if status == "DELETE_COMPLETE" else status

    def _events(self, name: str, since: float) -> list[dict[str, Any]]:
        """The newest page of the stack's events since a time (of this machine: a little slack is left)."""
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return [event for event in events if event["Timestamp"].timestamp() >= since - 2]

    def _reasons(self, name: str, since: float) -> list[str]:
        return [
            f"  {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '?')}"
            for event in reversed(self._events(name, since))
            if event["ResourceStatus"].endswith("_FAILED")
        ]

    def _outputs(self, name: str) -> dict[str, str]:
        stack = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _url(self, key: str) -> str:
        if self._endpoint:
            return f"{self._endpoint}/{self._bucket}/{key}"
        suffix = self.session.client("s3").meta.endpoint_url.split("//", 1)[1]
        return f"https://{self._bucket}.{suffix}/{key}"

    def _make_bucket(self) -> None:
        try:
            self._s3.head_bucket(Bucket=self._bucket)
            return
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchBucket", "NotFound"):
                raise
        region = self.session.region_name
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self._s3.create_bucket(Bucket=self._bucket, **where)
        self._s3.put_public_access_block(
            Bucket=self._bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )


def new_secret() -> dict[str, str]:
    """Fresh values of everything the application keeps secret, under the names it reads them by."""
    return {
        "aliyun": secrets.token_urlsafe(24),
        "hotline": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "phone": base64.b64encode(secrets.token_bytes(32)).decode(),
        "cursor": base64.b64encode(secrets.token_bytes(32)).decode(),
        "form": base64.b64encode(secrets.token_bytes(32)).decode(),
    }


def _fill_secret(client: Any, secret: str) -> None:
    """Gives the application secret a value on the first deployment; afterwards only adds names it lacks."""
    try:
        known = json.loads(client.get_secret_value(SecretId=secret).get("SecretString") or "{}")
    except client.exceptions.ResourceNotFoundException:
        known = {}
    filled = {**new_secret(), **known}
    if filled != known:
        client.put_secret_value(SecretId=secret, SecretString=json.dumps(filled))


def _put_gateway_responses(client: Any, api: str, resource: Mapping[str, Any]) -> None:
    """Gives the gateway its own answers once more: the embedded cloud does not read them from an API's definition."""
    for kind, answer in resource["Properties"]["GatewayResponses"].items():
        headers = answer["ResponseParameters"]["Headers"]
        client.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=answer["StatusCode"],
            responseTemplates=answer["ResponseTemplates"],
            responseParameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
        )
    client.create_deployment(restApiId=api, stageName=resource["Properties"]["StageName"])


def _tell_own_address(client: Any, function: str, api: str) -> None:
    """Says to the API where it is: the embedded cloud's gateway tells a function no domain, as AWS's does."""
    variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    if variables.get("PUBLIC_URL") != api:
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**variables, "PUBLIC_URL": api}}
        )


def _at(endpoint: str | None) -> dict[str, str]:
    return {"endpoint_url": endpoint} if endpoint else {}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
