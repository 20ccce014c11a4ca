"""Clients are made without botocore's rules for endpoints; what they speak to must be what the rules say."""

from typing import Any

import pytest
from botocore.session import get_session

from chalicelib.adapters import aws
from infra.dependencies import SERVICES

REGIONS = ("cn-north-1", "cn-northwest-1", "ap-east-1", "us-east-1")


@pytest.fixture(autouse=True)
def _on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"s3", "sts"}))
def test_a_client_speaks_to_the_endpoint_that_the_rules_name_and_signs_for_it(service: str, region: str) -> None:
    ours = aws.session().create_client(service, region)
    theirs = get_session().create_client(service, region)
    assert _asked(ours) == _asked(theirs)


def test_where_an_endpoint_is_given_a_client_speaks_to_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert _asked(aws.session().create_client("dynamodb", "cn-north-1"))[0] == "http://127.0.0.1:4566/"


class _NotSent(Exception):
    pass


def _asked(client: Any) -> tuple[str, str, str]:
    """Where a request goes, and the service and region it is to be signed for."""
    signer, seen = client._request_signer, []

    def created(request: Any, **_: Any) -> None:
        said = request.context.get("signing", {})
        name, region = said.get("signing_name", signer.signing_name), said.get("region", signer.region_name)
        seen.append((request.url, name, region))
        raise _NotSent

    client.meta.events.register_first("request-created.*.*", created)
    method, arguments = CALLS[client.meta.service_model.service_name]
    with pytest.raises(_NotSent):
        getattr(client, method)(**arguments)
    return seen[0]


CALLS = {
    "dynamodb": ("get_item", {"TableName": "cases", "Key": {"pk": {"S": "a"}}}),
    "kms": ("decrypt", {"CiphertextBlob": b"a"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "a"}),
    "sesv2": ("get_account", {}),
    "sns": ("publish", {"TopicArn": "arn:aws:sns:us-east-1:000000000000:a", "Message": "a"}),
    "sqs": ("send_message", {"QueueUrl": "https://queue.example/000000000000/a", "MessageBody": "a"}),
}
