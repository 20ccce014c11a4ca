"""A Cognito user pool as the issuer of staff tokens, for districts that have no identity provider of their own.

Nobody signs up: the operator makes each user, and calls it as the staff list does. So a token's user name is the staff
id (`oidc_subject_claim = "username"`), and the names need no second list.
"""

from __future__ import annotations

from collections.abc import Mapping

from troposphere import GetAtt, If, Output, Ref, Sub, Template, cognito

SUBJECT_CLAIM = "username"
_LEAST_PASSWORD = 14
_TEMPORARY_DAYS = 3
_TOKEN_MINUTES, _SESSION_HOURS = 60, 12


def add_user_pool(template: Template, mfa: str) -> None:
    """The pool, the app client that terminals sign in through, and where its tokens are checked.

    `mfa`: ON, OPTIONAL or OFF; the second factor is an authenticator app, since text messages cost and can be caught.
    Needs the condition IsProtected.
    """
    template.add_resource(
        cognito.UserPool(
            "StaffPool",
            UserPoolName=Sub("wangge-${Stage}-staff"),
            AdminCreateUserConfig=cognito.AdminCreateUserConfig(AllowAdminCreateUserOnly=True),
            UsernameConfiguration=cognito.UsernameConfiguration(CaseSensitive=False),
            AutoVerifiedAttributes=["email"],
            AccountRecoverySetting=cognito.AccountRecoverySetting(
                RecoveryMechanisms=[cognito.RecoveryOption(Name="verified_email", Priority=1)]
            ),
            Policies=cognito.Policies(
                PasswordPolicy=cognito.PasswordPolicy(
                    MinimumLength=_LEAST_PASSWORD,
                    RequireLowercase=True,
                    RequireUppercase=True,
                    RequireNumbers=True,
                    RequireSymbols=True,
                    TemporaryPasswordValidityDays=_TEMPORARY_DAYS,
                )
            ),
            MfaConfiguration=mfa,
            **({"EnabledMfas": ["SOFTWARE_TOKEN_MFA"]} if mfa != "OFF" else {}),
            DeletionProtection=If("IsProtected", "ACTIVE", "INACTIVE"),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        )
    )
    template.add_resource(
        cognito.UserPoolClient(
            "StaffClient",
            ClientName=Sub("wangge-${Stage}-terminals"),
            UserPoolId=Ref("StaffPool"),
            GenerateSecret=False,  # a phone can keep none
            ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
            EnableTokenRevocation=True,
            AccessTokenValidity=_TOKEN_MINUTES,
            IdTokenValidity=_TOKEN_MINUTES,
            RefreshTokenValidity=_SESSION_HOURS,
            TokenValidityUnits=cognito.TokenValidityUnits(
                AccessToken="minutes", IdToken="minutes", RefreshToken="hours"
            ),
        )
    )
    issuer = GetAtt("StaffPool", "ProviderURL")
    for name, value in {
        "StaffPoolId": Ref("StaffPool"),
        "StaffPoolClientId": Ref("StaffClient"),
        "StaffPoolIssuer": issuer,
    }.items():
        template.add_output(Output(name, Value=value))


def oidc_of(outputs: Mapping[str, str]) -> dict[str, str]:
    """The deployment settings that make functions trust the pool, from the outputs of its stack."""
    issuer = outputs["StaffPoolIssuer"]
    return {
        "oidc_issuer": issuer,
        "oidc_audience": outputs["StaffPoolClientId"],
        "oidc_jwks_url": f"{issuer}/.well-known/jwks.json",
        "oidc_subject_claim": SUBJECT_CLAIM,
    }
