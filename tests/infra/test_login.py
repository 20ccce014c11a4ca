"""Who issues staff tokens: another issuer, or a Cognito pool of the stateful stack; how long answers are kept."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint

from chalicelib.handlers.authorizer import TTL_SECONDS
from infra import deploy as deploy_module
from infra.application import FROM_STATEFUL
from infra.deploy import DeploymentFailed, deploy
from infra.settings import load_deployment
from infra.stateful import stateful_template
from infra.user_pool import oidc_of

WITH_COGNITO = ["us-east-1", "ap-southeast-1", "eu-central-1"]


@pytest.fixture(scope="module", params=["ON", "OPTIONAL", "OFF"])
def mfa(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def template(mfa: str) -> dict[str, Any]:
    return stateful_template("gulou.example", mfa)


@pytest.fixture(scope="module")
def pool(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]["StaffPool"]["Properties"]
    return found


@pytest.fixture(scope="module")
def app_client(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"]["StaffClient"]["Properties"]
    return found


def test_with_a_user_pool_the_stateful_template_is_cfn_lint_clean(template: dict[str, Any]) -> None:
    assert lint(json.dumps(template), config=ManualArgs(regions=WITH_COGNITO)) == []


def test_user_pools_are_not_to_be_had_in_china(template: dict[str, Any]) -> None:
    """So the option stays off there. Fails when they are: then the runbook is to be mended."""
    faults = lint(json.dumps(template), config=ManualArgs(regions=["cn-north-1"]))
    assert any("AWS::Cognito::UserPool" in fault.message for fault in faults)


def test_nobody_signs_up(pool: dict[str, Any]) -> None:
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_passwords_are_long_and_of_four_kinds_and_invitations_end(pool: dict[str, Any]) -> None:
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert policy["TemporaryPasswordValidityDays"] <= 7


def test_the_second_factor_is_what_the_deployment_says_and_never_a_text_message(pool: dict[str, Any], mfa: str) -> None:
    assert pool["MfaConfiguration"] == mfa
    assert pool.get("EnabledMfas", []) == ([] if mfa == "OFF" else ["SOFTWARE_TOKEN_MFA"])
    assert load_deployment("prod").cognito_mfa == "ON"


def test_tokens_are_short_can_be_revoked_and_passwords_stay_on_the_phone(app_client: dict[str, Any]) -> None:
    assert app_client["TokenValidityUnits"] == {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"}
    assert max(app_client["AccessTokenValidity"], app_client["IdTokenValidity"]) <= 60
    assert app_client["RefreshTokenValidity"] <= 24
    assert app_client["EnableTokenRevocation"] is True
    assert set(app_client["ExplicitAuthFlows"]) == {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert (app_client["GenerateSecret"], app_client["PreventUserExistenceErrors"]) == (False, "ENABLED")


def test_the_pool_survives_its_stack_and_is_protected(template: dict[str, Any], pool: dict[str, Any]) -> None:
    resource = template["Resources"]["StaffPool"]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert pool["DeletionProtection"] == {"Fn::If": ["IsProtected", "ACTIVE", "INACTIVE"]}
    assert "${Stage}" in pool["UserPoolName"]["Fn::Sub"]


def test_without_the_option_there_is_no_pool(stateful: dict[str, Any], template: dict[str, Any]) -> None:
    assert load_deployment("prod").cognito is False
    assert not any(each["Type"].startswith("AWS::Cognito") for each in stateful["Resources"].values())
    assert set(template["Outputs"]) - set(stateful["Outputs"]) == {
        "StaffPoolId",
        "StaffPoolClientId",
        "StaffPoolIssuer",
    }


def test_issuer_audience_and_keys_are_those_of_the_pool() -> None:
    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf"
    assert oidc_of({"StaffPoolIssuer": issuer, "StaffPoolClientId": "client"}) == {
        "oidc_issuer": issuer,
        "oidc_audience": "client",
        "oidc_jwks_url": f"{issuer}/.well-known/jwks.json",
        "oidc_subject_claim": "username",
    }


NAMED = {"oidc_issuer": "https://i.example", "oidc_audience": "a", "oidc_jwks_url": "https://i.example/jwks.json"}


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({}, "lacks oidc_issuer, oidc_audience, oidc_jwks_url"),
        ({**NAMED, "oidc_jwks_url": ""}, "lacks oidc_jwks_url"),
        ({**NAMED, "oidc_subject_claim": ""}, "lacks oidc_subject_claim"),
        (
            {**NAMED, "cognito": True},
            "has cognito, and names another issuer: oidc_issuer, oidc_audience, oidc_jwks_url",
        ),
        ({"oidc_audience": "a", "cognito": True}, "has cognito, and names another issuer: oidc_audience"),
        ({"cognito": True, "cognito_mfa": "on"}, "cognito_mfa is ON, OPTIONAL or OFF, not 'on'"),
        ({**NAMED, "oidc_jwks_url": "http://i.example/jwks.json"}, "keys come over https"),
        ({**NAMED, "oidc_jwks_url": "file:///jwks.json"}, "keys come over https"),
    ],
)
def test_a_deployment_has_one_issuer_wholly_named(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(DeploymentFailed, match=fault.replace(".", r"\.")):
        deploy("north", "eu-central-1", settings=settings)


def test_a_pool_gives_the_application_its_issuer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The stateful stack comes first, then the policy is kept, and the application stack trusts what both put out."""
    applied: list[tuple[str, str, dict[str, str]]] = []
    pool = {"StaffPoolIssuer": "https://cognito-idp.x.amazonaws.com/x_1", "StaffPoolClientId": "client"}
    outputs = {**dict.fromkeys(FROM_STATEFUL, "there"), **pool, "EndpointURL": "https://api.example/"}

    class Stacks:
        def __init__(self, session: Any, *rest: Any) -> None:
            self.session = session

        def upload(self, key: str, body: bytes) -> str:
            return f"s3://bucket/{key}"

        def template(self, name: str) -> None:
            return None

        def apply(self, name: str, template: str, parameters: dict[str, str], **more: Any) -> dict[str, str]:
            applied.append((name, template, parameters))
            return outputs

    class Policies:
        def __init__(self, session: Any, table: str, endpoint: str | None) -> None:
            assert (table, endpoint) == (outputs["ReferenceTable"], None)

        def keep(self, version: str, compiled: bytes, at: datetime) -> None:
            applied.append((f"{version} kept", compiled.decode(), {}))

        def deployed(self, version: str, at: datetime) -> None:
            applied.append((f"{version} deployed", "", {}))

    files = {name: tmp_path / name for name in ("template", "zip", "importer", "pack")}
    for file, text in zip(
        files.values(), ('{"Resources": {}}', "", "", '{"version": "p-1", "units": {}}'), strict=True
    ):
        file.write_text(text, "utf-8")
    monkeypatch.setattr(deploy_module, "_Stacks", Stacks)
    monkeypatch.setattr(deploy_module, "_fill_secret", lambda *given: None)
    monkeypatch.setattr(deploy_module, "policies_of", Policies)
    package = deploy_module.Package(*files.values(), tmp_path)
    deploy("north", "eu-central-1", settings={"cognito": True}, package=lambda *given, **more: package)
    (stateful, template, _), (kept, pack, _), (application, _, parameters), (told, _, _) = applied
    assert (stateful, application) == ("wangge-north-stateful", "wangge-north-application")
    assert (kept, pack, told) == ("p-1 kept", files["pack"].read_text("utf-8"), "p-1 deployed")
    assert "StaffPool" in json.loads(template)["Resources"]
    assert (parameters["OidcIssuer"], parameters["OidcAudience"]) == (pool["StaffPoolIssuer"], "client")
    assert parameters["OidcJwksUrl"] == f"{pool['StaffPoolIssuer']}/.well-known/jwks.json"
    assert parameters["OidcSubjectClaim"] == "username"


def test_the_gateway_keeps_an_answer_as_long_as_the_function_counts_on(application: dict[str, Any]) -> None:
    body = application["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    (authorizer,) = body["securityDefinitions"].values()
    assert authorizer["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] == TTL_SECONDS
