"""Who gets in through the real gateway; and tokens of a Cognito pool, as far as the embedded cloud makes them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chalicelib.adapters.tokens import OidcTokens, TokenRefused
from infra.day.district import District, answered

_PASSWORD = "Gulou-2026-wangge!"


def test_somebody_of_every_role_is_let_in(district: District) -> None:
    by_role = district.system.tokens["by_role"]
    assert {"mediator", "leader", "auditor", "administrator"} <= set(by_role)
    for role in by_role:
        answered(district.caller.get("/v1/cases", district.system.token_of_role(role), tracking_code="00000000"), 404)


def test_somebody_whose_last_day_has_passed_is_a_stranger(district: District) -> None:
    reference = district.client("dynamodb")
    row = {
        **{name: {"S": value} for name, value in {"pk": "STAFF#left1", "sk": "STAFF", "staff_id": "left1"}.items()},
        **{"role": {"S": "station"}, "unit": {"S": "centre-320302001002"}, "areas": {"L": [{"S": "320302001002"}]}},
        **{"active": {"BOOL": True}, "until": {"S": "2026-01-31"}},
    }
    reference.put_item(TableName=district.system.outputs["ReferenceTable"], Item=row)
    token = district.fresh_token("left1")
    assert answered(district.caller.get("/v1/visits", token), 403)["code"] == "forbidden"


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
