"""Who asks: a bearer token, joined with the staff record to role, unit and areas.

API Gateway keeps the answer for `TTL_SECONDS`, this function a staff record for a minute (`KEPT_SECONDS` of the staff
store): together less than the five minutes within which leaving ends access.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from chalice.app import AuthRequest, AuthResponse, Blueprint

from chalicelib import bootstrap
from chalicelib.config import settings
from chalicelib.observability import logger

if TYPE_CHECKING:
    from chalicelib.adapters.tokens import OidcTokens

authorizer = Blueprint(__name__)
TTL_SECONDS = 120
_NOWHERE = "/nowhere"  # a policy must name something to be valid


class Unauthorized(Exception):
    """API Gateway answers 401 to a function that fails with this word."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@authorizer.authorizer(name="staff", ttl_seconds=TTL_SECONDS)
def staff_authorizer(request: AuthRequest) -> AuthResponse:
    """Let in who has a token of the issuer and works here; a good token of a stranger is 403."""
    from chalicelib.adapters.tokens import TokenRefused

    scheme, _, token = (request.token or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized()
    try:
        subject = _tokens().subject(token.strip())
    except TokenRefused as refused:
        logger().info("token refused", extra={"fault": str(refused)})
        raise Unauthorized() from None
    member = bootstrap.staff().member(subject)
    if member is None:
        logger().info("token of nobody who works here")
        return AuthResponse(routes=[_NOWHERE], principal_id=subject)
    context = {"role": member.role, "unit": member.unit, "areas": ",".join(member.areas)}
    return AuthResponse(routes=["*"], principal_id=member.id, context=context)


@cache
def _tokens() -> OidcTokens:
    from chalicelib.adapters.tokens import OidcTokens

    need = settings().need
    return OidcTokens(
        need("OIDC_ISSUER"), need("OIDC_AUDIENCE"), need("OIDC_JWKS_URL"), time.monotonic, need("OIDC_SUBJECT_CLAIM")
    )
