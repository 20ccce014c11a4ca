"""Bearer tokens of an OIDC issuer, checked against its published keys."""

from __future__ import annotations

import jwt
from jwt import PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError

from chalicelib.domain.errors import TemporarilyUnavailable

_ALGORITHMS = ["RS256"]
_KEYS_KEPT_SECONDS = 300
_CLOCK_SKEW_SECONDS = 30
_TIMEOUT_SECONDS = 3


class TokenRefused(Exception):
    """A token that proves nothing. The message names the kind of fault and repeats nothing of the token."""


class OidcTokens:
    """Any issuer with a JWKS: algorithm fixed, issuer, audience and times checked, keys kept for five minutes."""

    def __init__(self, issuer: str, audience: str, jwks_url: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = PyJWKClient(jwks_url, lifespan=_KEYS_KEPT_SECONDS, timeout=_TIMEOUT_SECONDS)

    def subject(self, token: str) -> str:
        """Whose token it is. Raises TokenRefused, TemporarilyUnavailable when the issuer does not answer."""
        try:
            claims = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token).key,
                algorithms=_ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iat", "sub", "iss", "aud"]},
            )
        except PyJWKClientConnectionError as error:
            raise TemporarilyUnavailable() from error
        except PyJWTError as error:
            raise TokenRefused(type(error).__name__) from error
        return str(claims["sub"])
