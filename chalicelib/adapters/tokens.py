"""Bearer tokens of an OIDC issuer, checked against its published keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

import jwt
from jwt import PyJWKClient
from jwt.exceptions import PyJWTError

from chalicelib.domain.errors import TemporarilyUnavailable

KEYS_FRESH_SECONDS = 300
"""How long published keys are believed without asking again; so long a key that is withdrawn may still be good."""

KEYS_WITHOUT_ISSUER_SECONDS = 24 * 3600
"""How long known keys go on while the issuer does not answer. No longer than its tokens live in any case."""

ASK_AGAIN_SECONDS = 10
"""The issuer is asked at most once in so many seconds, whatever tokens come, and whether it answers or not."""

_ALGORITHM = "RS256"
_LEAST_KEY_BITS = 2048  # RFC 7518, 3.3
_CLOCK_SKEW_SECONDS = 30
_TIMEOUT_SECONDS = 3
_LONGEST_TOKEN, _LONGEST_SUBJECT = 8192, 255  # OIDC Core, 2: a subject has at most 255 ASCII characters
_COGNITO = "https://cognito-idp."


class TokenRefused(Exception):
    """A token that proves nothing. The message names the kind of fault and repeats nothing of the token."""


class OidcTokens:
    """Tokens of any issuer with a JWKS: algorithm fixed, issuer, audience and times checked.

    `subject_claim`: which claim is the staff id. `username` is Cognito's name of the user, which ID tokens call
    `cognito:username`; only for a pool whose users nobody but the district makes.
    """

    def __init__(
        self, issuer: str, audience: str, jwks_url: str, monotonic: Callable[[], float], subject_claim: str = "sub"
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._subject_claim = subject_claim
        self._keys = IssuersKeys(jwks_url, monotonic)

    def subject(self, token: str) -> str:
        """Whose token it is. Raises TokenRefused, TemporarilyUnavailable when the issuer does not answer."""
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise TokenRefused("NoToken")
        try:
            claims = jwt.decode(
                token,
                self._keys.key(_key_id(token)),
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iat", "sub", "iss"], "verify_aud": False},
            )
        except PyJWTError as error:
            raise TokenRefused(type(error).__name__) from error
        self._check_audience(claims)
        return self._named(claims)

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        """That the token was made for us. Cognito's access tokens say so by `client_id`, and have no `aud`.

        A Cognito pool's other tokens are ID tokens; an access token of another issuer has an `aud` (RFC 9068).
        """
        meant_for = claims.get("aud")
        if self._issuer.startswith(_COGNITO):
            use = claims.get("token_use")
            if use not in ("access", "id"):
                raise TokenRefused("TokenUse")
            if use == "access":
                meant_for = claims.get("client_id")
        audiences = meant_for if isinstance(meant_for, list) else [meant_for]
        if self._audience not in audiences:
            raise TokenRefused("Audience")

    def _named(self, claims: Mapping[str, Any]) -> str:
        claim = self._subject_claim
        if claim == "username" and claims.get("token_use") == "id":
            claim = "cognito:username"
        subject = claims.get(claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise TokenRefused("Subject")
        if not (subject.isascii() and subject.isprintable()):
            raise TokenRefused("Subject")
        return subject


class IssuersKeys:
    """The keys an issuer publishes, by name. Asks anew when they are old or a name is unknown, but never in a flood.

    PyJWKClient fetches and reads them; its own keeping would let strangers' tokens make it ask a silent issuer for each
    of them, and would forget good keys while the issuer does not answer.
    """

    def __init__(self, jwks_url: str, monotonic: Callable[[], float]) -> None:
        self._client = PyJWKClient(jwks_url, cache_jwk_set=False, timeout=_TIMEOUT_SECONDS)
        self._monotonic = monotonic
        self._keys: Mapping[str, Any] = {}
        self._fetched_at = self._asked_at = float("-inf")

    def key(self, key_id: str) -> Any:
        """The public key of that name. Raises TokenRefused for an unknown one, TemporarilyUnavailable."""
        now = self._monotonic()
        known = key_id in self._keys
        if not (known and now - self._fetched_at <= KEYS_FRESH_SECONDS) and now - self._asked_at >= ASK_AGAIN_SECONDS:
            self._ask(now)
        if key_id in self._keys and now - self._fetched_at <= KEYS_WITHOUT_ISSUER_SECONDS:
            return self._keys[key_id]
        if self._asked_at > self._fetched_at:
            raise TemporarilyUnavailable()
        raise TokenRefused("UnknownKey")

    def _ask(self, now: float) -> None:
        """Fetch the keys. An answer that is none, or has no usable key, is as good as no answer."""
        self._asked_at = now
        try:
            published = self._client.get_signing_keys(refresh=True)
        except (PyJWTError, HTTPException, OSError, ValueError):
            return
        usable = {each.key_id: each.key for each in reversed(published) if _is_usable(each)}
        if usable:
            self._keys, self._fetched_at = usable, now


def _is_usable(published: jwt.PyJWK) -> bool:
    """Whether a published key is an RSA key to check our algorithm with. PyJWKClient left out `use: enc` already."""
    return (
        isinstance(published.key_id, str)
        and published.key_type == "RSA"
        and published.algorithm_name == _ALGORITHM
        and not hasattr(published.key, "private_numbers")
        and published.key.key_size >= _LEAST_KEY_BITS
    )


def _key_id(token: str) -> str:
    """The name of the key a token says it is signed with. Raises PyJWTError, TokenRefused.

    Of the header alone: the rest, which is longer, is read when it is checked.
    """
    header = jwt.get_unverified_header(f"{token.partition('.')[0]}.e30.")
    if header.get("alg") != _ALGORITHM:
        raise TokenRefused("Algorithm")
    key_id = header.get("kid")
    if not key_id:
        raise TokenRefused("NoKeyId")
    return str(key_id)
