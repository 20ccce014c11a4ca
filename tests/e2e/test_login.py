"""Who gets in through the real gateway; and tokens of a Cognito pool, as far as the embedded cloud makes them."""

from __future__ import annotations

import time
from typing import Any

import pytest
from click.testing import CliRunner

from chalicelib.adapters.tokens import OidcTokens, TokenRefused
from infra.__main__ import cli
from infra.day.district import District, answered

_PASSWORD = "Gulou-2026-wangge!"


def test_somebody_of_every_role_is_let_in(district: District) -> None:
    by_role = district.system.tokens["by_role"]
    assert {"mediator", "leader", "auditor", "administrator"} <= set(by_role)
    for role in by_role:
        answered(district.caller.get("/v1/cases", district.system.token_of_role(role), tracking_code="00000000"), 404)


def test_somebody_whose_last_day_has_passed_is_a_stranger(district: District) -> None:
    _hire(district, "e2e-past", until={"S": "2026-01-31"})
    assert answered(district.caller.get("/v1/visits", district.fresh_token("e2e-past")), 403)["code"] == "forbidden"


def test_who_was_let_go_by_the_operators_command_is_a_stranger(district: District) -> None:
    _hire(district, "e2e-left")
    system = district.system
    where = ["--stage", "demo", "--region", system.region, "--endpoint", system.cloud]
    said = CliRunner().invoke(cli, ["staff", "leave", "e2e-left", *where], catch_exceptions=False)
    assert said.exit_code == 0 and "struck off" in said.output
    assert answered(district.caller.get("/v1/visits", district.fresh_token("e2e-left")), 403)["code"] == "forbidden"


def _hire(district: District, staff_id: str, **more: Any) -> None:
    row = {"pk": f"STAFF#{staff_id}", "sk": "STAFF", "staff_id": staff_id, "role": "station", "unit": "centre-x"}
    item = {name: {"S": value} for name, value in row.items()}
    district.client("dynamodb").put_item(
        TableName=district.system.outputs["ReferenceTable"],
        Item={**item, "areas": {"L": [{"S": "320302001002"}]}, "active": {"BOOL": True}, **more},
    )


def test_both_tokens_of_a_pool_of_our_own_name_the_member_of_staff(district: District) -> None:
    pools = district.client("cognito-idp")
    pool = pools.create_user_pool(
        PoolName="wangge-e2e-staff", AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}
    )["UserPool"]["Id"]
    ours, another = (_app_client(pools, pool, name) for name in ("terminals", "another"))
    pools.admin_create_user(UserPoolId=pool, Username="gl0002", MessageAction="SUPPRESS")
    pools.admin_set_user_password(UserPoolId=pool, Username="gl0002", Password=_PASSWORD, Permanent=True)
    tokens = OidcTokens(
        f"https://cognito-idp.{district.system.region}.amazonaws.com/{pool}",
        ours,
        f"{district.system.cloud}/{pool}/.well-known/jwks.json",
        time.monotonic,
        "username",
    )
    made, foreign = (_signed_in(pools, pool, client) for client in (ours, another))
    assert [tokens.subject(made[kind]) for kind in ("AccessToken", "IdToken")] == ["gl0002", "gl0002"]
    for kind in ("AccessToken", "IdToken"):
        with pytest.raises(TokenRefused, match="Audience"):
            tokens.subject(foreign[kind])


def _app_client(pools: Any, pool: str, name: str) -> str:
    made = pools.create_user_pool_client(
        UserPoolId=pool,
        ClientName=name,
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    return str(made["UserPoolClient"]["ClientId"])


def _signed_in(pools: Any, pool: str, client: str) -> dict[str, str]:
    answer = pools.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "gl0002", "PASSWORD": _PASSWORD},
    )
    tokens: dict[str, str] = answer["AuthenticationResult"]
    return tokens
