"""Settings, secrets and the local issuer."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import jwt
import pytest
from moto import mock_aws

from infra import issuer as issuer_module
from infra.deploy import DeploymentFailed, _fill_secret, deploy, new_secret
from infra.issuer import Issuer
from infra.settings import SettingsInvalid, load_deployment


def test_a_stage_without_a_table_is_protected(tmp_path: Path) -> None:
    assert load_deployment("prod").protected is True
    assert load_deployment("demo").overlay == "demo"


@pytest.mark.parametrize("stage", ["", "Prod", "1st", "a" * 17, "a_b"])
def test_a_stage_is_named_as_aws_takes_it(stage: str) -> None:
    with pytest.raises(SettingsInvalid, match="stage"):
        load_deployment(stage)


def test_a_misspelt_setting_is_named(tmp_path: Path) -> None:
    settings = tmp_path / "deployments.toml"
    settings.write_text("[default]\n[north]\nlog_dayz = 3\n", "utf-8")
    with pytest.raises(SettingsInvalid, match="log_dayz"):
        load_deployment("north", settings)


def test_a_stage_without_an_issuer_is_not_deployed() -> None:
    with pytest.raises(DeploymentFailed, match="oidc_issuer"):
        deploy("north", "cn-north-1")


def test_the_secret_is_filled_once_and_then_only_completed() -> None:
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        secret = client.create_secret(Name="wangge/test/application")["ARN"]

        def value() -> dict[str, str]:
            held: dict[str, str] = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])
            return held

        _fill_secret(client, secret)
        first = value()
        assert set(first) == set(new_secret())
        _fill_secret(client, secret)
        assert value() == first
        client.put_secret_value(SecretId=secret, SecretString=json.dumps({"aliyun": "theirs", "other": "kept"}))
        _fill_secret(client, secret)
        assert (value()["aliyun"], value()["other"], set(value()) >= set(first)) == ("theirs", "kept", True)


def test_secrets_have_enough_entropy_and_the_shape_their_readers_want() -> None:
    secret = new_secret()
    assert secret != new_secret()
    assert secret["hotline"].startswith("whsec_")
    for name, text in {**secret, "hotline": secret["hotline"].removeprefix("whsec_")}.items():
        if name != "aliyun":
            assert len(base64.b64decode(text, validate=True)) == 32
    assert len(secret["aliyun"]) >= 32


@pytest.fixture
def local_issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(issuer_module, "LOCAL", tmp_path)
    with Issuer("here", "wangge-test") as issuer:
        yield issuer


def test_a_token_is_verified_by_the_keys_the_issuer_serves(local_issuer: Issuer) -> None:
    token = local_issuer.token("gl0001")
    with urlopen(f"{local_issuer.url}/.well-known/openid-configuration", timeout=5) as answer:
        discovered = json.load(answer)
    assert discovered["issuer"] == local_issuer.settings["oidc_issuer"]
    key = jwt.PyJWKClient(discovered["jwks_uri"]).get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="wangge-test", issuer=local_issuer.url)
    assert claims["sub"] == "gl0001"
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_tokens_outlive_a_restart_of_the_issuer(local_issuer: Issuer) -> None:
    local_issuer.stop()
    again = Issuer("here", "wangge-test")
    assert (again.key_id, again.url) == (local_issuer.key_id, local_issuer.url)
