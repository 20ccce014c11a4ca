"""Bearer tokens: what proves who somebody is, and what does not; the issuer's keys, in good times and bad."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.warnings import InsecureKeyLengthWarning

from chalicelib.adapters.tokens import (
    ASK_AGAIN_SECONDS,
    KEYS_FRESH_SECONDS,
    KEYS_WITHOUT_ISSUER_SECONDS,
    OidcTokens,
    TokenRefused,
)
from chalicelib.domain.errors import TemporarilyUnavailable
from tests.issuer import AUDIENCE, Issuer, key, published, serving, signed

POOL = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Gulou0001"


class In(NamedTuple):
    """A moment so many seconds from when the test runs, which may be long after this module was read."""

    seconds: float


def at_last(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims, with real moments in them."""
    now = int(time.time())
    return {name: now + value.seconds if isinstance(value, In) else value for name, value in claims.items()}


class Moments:
    """A monotonic clock set by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def server() -> Iterator[Issuer]:
    with serving() as issuer:
        yield issuer


@pytest.fixture
def issuer(server: Issuer) -> Issuer:
    server.asked.clear()
    server.publish(published("k1"))
    return server


@pytest.fixture
def clock() -> Moments:
    return Moments()


@pytest.fixture
def tokens(issuer: Issuer, clock: Moments) -> OidcTokens:
    return OidcTokens(issuer.url, AUDIENCE, issuer.jwks_url, clock)


def refusal(tokens: OidcTokens, token: str) -> str:
    with pytest.raises(TokenRefused) as refused:
        tokens.subject(token)
    return str(refused.value)


class TestClaims:
    @pytest.mark.parametrize(
        "claims",
        [
            {},
            {"aud": [AUDIENCE, "somebody-else"]},
            {"nbf": None},
            {"exp": In(-10)},  # within what clocks differ by
            {"iat": In(20)},
            {"nbf": In(20)},
            {"exp": In(600.5)},
            {"scope": "openid", "name": "王某"},
        ],
    )
    def test_a_good_token_says_whose_it_is(self, tokens: OidcTokens, issuer: Issuer, claims: dict[str, Any]) -> None:
        assert tokens.subject(issuer.token(**at_last(claims))) == "w1"

    @pytest.mark.parametrize(
        ("fault", "claims"),
        [
            ("ExpiredSignatureError", {"exp": In(-60)}),
            ("MissingRequiredClaimError", {"exp": None}),
            ("DecodeError", {"exp": "soon"}),
            ("ExpiredSignatureError", {"exp": True}),
            ("DecodeError", {"exp": float("inf")}),
            ("DecodeError", {"exp": [4102444800]}),
            ("ImmatureSignatureError", {"nbf": In(120)}),
            ("DecodeError", {"nbf": {}}),
            ("ImmatureSignatureError", {"iat": In(120)}),
            ("MissingRequiredClaimError", {"iat": None}),
            ("InvalidIssuerError", {"iss": "https://issuer.example"}),
            ("InvalidIssuerError", {"iss": ["x"]}),
            ("MissingRequiredClaimError", {"iss": None}),
            ("Audience", {"aud": None}),
            ("Audience", {"aud": "somebody-else"}),
            ("Audience", {"aud": AUDIENCE.upper()}),
            ("Audience", {"aud": AUDIENCE + " "}),
            ("Audience", {"aud": []}),
            ("Audience", {"aud": {AUDIENCE: 1}}),
            ("Audience", {"aud": None, "client_id": AUDIENCE, "token_use": "access"}),
        ],
        ids=str,
    )
    def test_what_a_token_lacks_or_says_wrongly_is_named(
        self, tokens: OidcTokens, issuer: Issuer, fault: str, claims: dict[str, Any]
    ) -> None:
        assert refusal(tokens, issuer.token(**at_last(claims))) == fault

    def test_an_issuer_is_compared_to_the_letter(self, tokens: OidcTokens, issuer: Issuer) -> None:
        assert refusal(tokens, issuer.token(iss=issuer.url + "/")) == "InvalidIssuerError"

    @pytest.mark.parametrize(
        ("subject", "fault"),
        [
            (None, "MissingRequiredClaimError"),
            (7, "InvalidSubjectError"),
            (True, "InvalidSubjectError"),
            (["w1"], "InvalidSubjectError"),
            ({"id": "w1"}, "InvalidSubjectError"),
            ("", "Subject"),
            ("w" * 256, "Subject"),
            ("王某", "Subject"),
            ("w1\n", "Subject"),
            ("w1\x00", "Subject"),
            ("\ud800", "Subject"),
        ],
        ids=repr,
    )
    def test_a_subject_is_a_short_printable_name(
        self, tokens: OidcTokens, issuer: Issuer, subject: Any, fault: str
    ) -> None:
        assert refusal(tokens, issuer.token(subject)) == fault

    def test_a_long_subject_is_taken_as_oidc_allows_it(self, tokens: OidcTokens, issuer: Issuer) -> None:
        assert tokens.subject(issuer.token("w" * 255)) == "w" * 255


class TestForgeries:
    def test_a_token_is_good_for_the_key_it_names_only(self, tokens: OidcTokens, issuer: Issuer) -> None:
        issuer.publish(published("k1"), published("k2"))
        assert tokens.subject(issuer.token(kid="k2")) == "w1"
        assert refusal(tokens, issuer.token(kid="k1", signed_by="k2")) == "InvalidSignatureError"
        assert refusal(tokens, issuer.token(kid="k1", signed_by="thief")) == "InvalidSignatureError"

    def test_unsigned(self, tokens: OidcTokens, issuer: Issuer) -> None:
        claims = _claims(issuer)
        for name in ("none", "None", "NONE", "nOnE"):
            header = {"alg": name, "typ": "JWT", "kid": "k1"}
            assert refusal(tokens, f"{_part(header)}.{_part(claims)}.") == "Algorithm"
        _, _, signature = issuer.token().split(".")
        assert refusal(tokens, f"{_part({'alg': 'none', 'kid': 'k1'})}.{_part(claims)}.{signature}") == "Algorithm"

    @pytest.mark.parametrize("form", ["PEM", "DER", "JWK"])
    def test_signed_with_the_public_key_as_a_secret(self, tokens: OidcTokens, issuer: Issuer, form: str) -> None:
        public = key("k1").public_key()
        secret = {
            "PEM": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            "DER": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
            "JWK": json.dumps(published("k1")).encode(),
        }[form]
        for algorithm in ("HS256", "RS256"):  # the second only says so
            signed_part = f"{_part({'alg': algorithm, 'typ': 'JWT', 'kid': 'k1'})}.{_part(_claims(issuer))}"
            mac = hmac.new(secret, signed_part.encode(), sha256).digest()
            token = f"{signed_part}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"
            assert refusal(tokens, token) == ("Algorithm" if algorithm == "HS256" else "InvalidSignatureError")

    @pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "PS512"])
    def test_signed_by_the_right_key_with_another_algorithm(
        self, tokens: OidcTokens, issuer: Issuer, algorithm: str
    ) -> None:
        token = jwt.encode(_claims(issuer), key("k1"), algorithm=algorithm, headers={"kid": "k1"})
        assert refusal(tokens, token) == "Algorithm"

    def test_signed_by_an_elliptic_curve(self, tokens: OidcTokens, issuer: Issuer) -> None:
        token = jwt.encode(
            _claims(issuer), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "k1"}
        )
        assert refusal(tokens, token) == "Algorithm"

    def test_a_key_that_comes_with_the_token_is_not_looked_at(self, tokens: OidcTokens, issuer: Issuer) -> None:
        for header in (
            {"kid": "thief", "jwk": published("thief")},
            {"kid": "thief", "jku": "http://127.0.0.1:9/jwks.json"},
            {"kid": "thief", "x5u": "file:///etc/passwd"},
        ):
            assert refusal(tokens, signed(_claims(issuer), header, "thief")) == "UnknownKey"
        assert set(issuer.asked) == {"/jwks.json"}

    def test_an_extension_that_must_be_understood_is_not(self, tokens: OidcTokens, issuer: Issuer) -> None:
        assert tokens.subject(_signed_by_hand(issuer, {"typ": "at+jwt"})) == "w1"
        for header in ({"crit": ["exp"], "exp": 1}, {"crit": []}, {"crit": ["b64"], "b64": False}):
            assert refusal(tokens, _signed_by_hand(issuer, header)) in ("InvalidTokenError", "DecodeError")

    @pytest.mark.parametrize(
        "header",
        [
            {},
            {"kid": ""},
            {"kid": None},
            {"kid": 7},
            {"kid": ["k1"]},
            {"kid": {"k1": 1}},
            {"kid": "k1 "},
            {"kid": "K1"},
        ],
        ids=str,
    )
    def test_a_token_that_names_no_published_key(
        self, tokens: OidcTokens, issuer: Issuer, header: dict[str, Any]
    ) -> None:
        assert refusal(tokens, _signed_by_hand(issuer, header)) in ("NoKeyId", "InvalidTokenError", "UnknownKey")

    def test_altered(self, tokens: OidcTokens, issuer: Issuer) -> None:
        header, _, signature = issuer.token().split(".")
        altered = f"{header}.{_part({**_claims(issuer), 'sub': 'a1'})}.{signature}"
        assert refusal(tokens, altered) == "InvalidSignatureError"
        assert refusal(tokens, issuer.token()[:-9]) in ("InvalidSignatureError", "DecodeError")

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "none",
            "..",
            "a.b.c",
            "....",
            "A" * 8000,
            "令牌",
            "\ud800",
            f"{urlsafe_b64encode(b'[]').decode()}.e30.e30",
            f"{urlsafe_b64encode(b'null').decode()}.e30.e30",
            f"{urlsafe_b64encode(b'[' * 3000).decode()}.e30.e30",
            f"{urlsafe_b64encode(b'{' + b' ' * 3000).decode()}.e30.e30",
        ],
        ids=lambda token: ascii(token)[:24],
    )
    def test_what_is_no_token(self, tokens: OidcTokens, token: str) -> None:
        assert refusal(tokens, token)

    def test_claims_that_are_none(self, tokens: OidcTokens) -> None:
        for content in (b"[]", b"null", b"7", b"no JSON", b"[" * 3000, b"\xff\xfe"):
            token = jwt.api_jws.encode(content, key("k1"), algorithm="RS256", headers={"kid": "k1"})
            assert refusal(tokens, token) == "DecodeError"

    def test_a_huge_token_is_refused_before_it_is_read(
        self, tokens: OidcTokens, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        huge = issuer.token(note="x" * 20_000)
        assert tokens.subject(issuer.token(note="x" * 4000)) == "w1"
        monkeypatch.setattr(jwt, "get_unverified_header", lambda token: pytest.fail("it was read"))
        assert refusal(tokens, huge) == "NoToken"

    def test_a_refusal_repeats_nothing_of_the_token(self, tokens: OidcTokens, issuer: Issuer) -> None:
        for token in (
            issuer.token("zhangsan", **at_last({"exp": In(-60)})),
            issuer.token("zhangsan", kid="zhangsan", signed_by="k1"),
            issuer.token("zhangsan", iss="zhangsan"),
            issuer.token("zhangsan\n"),
        ):
            assert "zhangsan" not in refusal(tokens, token)


class TestPublishedKeys:
    @pytest.mark.parametrize(
        "more", [{}, {"use": None}, {"alg": None}, {"use": None, "alg": None}, {"x5t": "x"}], ids=str
    )
    def test_a_key_may_leave_out_what_it_is_for(self, tokens: OidcTokens, issuer: Issuer, more: dict[str, Any]) -> None:
        issuer.publish(published("k1", **more))
        assert tokens.subject(issuer.token()) == "w1"

    @pytest.mark.parametrize(
        "key_said",
        [
            published("k1", use="enc"),
            published("k1", use="tls"),
            published("k1", alg="RS512"),
            published("k1", alg="RSA-OAEP"),
            published("k1", kid=None),
            published("k1", kid=7),
            published("k1", n=None),
            published("k1", n="!"),
            published("k1", kty="EC"),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "RS256"},
            json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key("k1"))) | {"kid": "k1"},
        ],
        ids=lambda said: json.dumps({n: v for n, v in said.items() if n in ("use", "alg", "kid", "kty")}),
    )
    def test_a_key_that_is_not_for_this_is_not_used(
        self, tokens: OidcTokens, issuer: Issuer, key_said: dict[str, Any]
    ) -> None:
        issuer.publish(published("k2"), key_said)
        assert tokens.subject(issuer.token(kid="k2")) == "w1"
        assert refusal(tokens, issuer.token()) == "UnknownKey"

    def test_a_short_key_is_not_used(self, tokens: OidcTokens, issuer: Issuer) -> None:
        issuer.publish(published("k2"), published("short", bits=1024))
        with pytest.warns(InsecureKeyLengthWarning):
            token = signed(_claims(issuer), {"kid": "short"}, "short", bits=1024)
        assert refusal(tokens, token) == "UnknownKey"

    def test_of_two_keys_of_one_name_the_first_counts(self, tokens: OidcTokens, issuer: Issuer) -> None:
        issuer.publish(published("k1"), published("thief", kid="k1"))
        assert tokens.subject(issuer.token()) == "w1"
        assert refusal(tokens, issuer.token(signed_by="thief")) == "InvalidSignatureError"


class TestKeeping:
    def test_keys_are_asked_for_once_while_they_are_fresh(
        self, tokens: OidcTokens, issuer: Issuer, clock: Moments
    ) -> None:
        for _ in range(20):
            tokens.subject(issuer.token())
            clock.at += KEYS_FRESH_SECONDS / 20
        assert len(issuer.asked) == 1
        clock.at += 1
        tokens.subject(issuer.token())
        assert len(issuer.asked) == 2

    def test_a_new_key_is_found_when_the_first_token_names_it(
        self, tokens: OidcTokens, issuer: Issuer, clock: Moments
    ) -> None:
        tokens.subject(issuer.token())
        clock.at += ASK_AGAIN_SECONDS
        issuer.publish(published("k1"), published("k2"))
        assert tokens.subject(issuer.token(kid="k2")) == "w1"
        assert tokens.subject(issuer.token(kid="k1")) == "w1"
        assert len(issuer.asked) == 2

    def test_a_withdrawn_key_is_good_no_longer_than_keys_are_kept(
        self, tokens: OidcTokens, issuer: Issuer, clock: Moments
    ) -> None:
        tokens.subject(issuer.token())
        issuer.publish(published("k2"))
        clock.at += KEYS_FRESH_SECONDS
        assert tokens.subject(issuer.token()) == "w1"
        clock.at += 1
        assert refusal(tokens, issuer.token()) == "UnknownKey"

    def test_a_flood_of_unknown_names_is_no_flood_of_questions(
        self, tokens: OidcTokens, issuer: Issuer, clock: Moments
    ) -> None:
        began = clock.at
        for number in range(400):
            assert refusal(tokens, issuer.token(kid=f"random-{number}", signed_by="thief")) == "UnknownKey"
            clock.at += 0.1
        assert len(issuer.asked) <= 1 + (clock.at - began) / ASK_AGAIN_SECONDS
        assert tokens.subject(issuer.token()) == "w1"

    def test_nor_while_the_issuer_is_silent(self, tokens: OidcTokens, issuer: Issuer, clock: Moments) -> None:
        issuer.answer = None
        for number in range(100):
            with pytest.raises(TemporarilyUnavailable):
                tokens.subject(issuer.token(kid=f"random-{number}", signed_by="thief"))
            clock.at += 0.1
        assert len(issuer.asked) == 1

    @pytest.mark.parametrize(
        "answer", [None, b"", b"no JSON", b"[]", b"{}", b'{"keys": []}', b'{"keys": 7}', b'{"keys": [{}]}', b"\xff"]
    )
    def test_known_keys_go_on_while_the_issuer_answers_nothing_of_use(
        self, tokens: OidcTokens, issuer: Issuer, clock: Moments, answer: bytes | None
    ) -> None:
        tokens.subject(issuer.token())
        issuer.answer = answer
        clock.at += KEYS_FRESH_SECONDS + 1
        for _ in range(3):
            assert tokens.subject(issuer.token()) == "w1"
        assert len(issuer.asked) == 2
        with pytest.raises(TemporarilyUnavailable):
            tokens.subject(issuer.token(kid="k2"))

    def test_an_answer_where_there_is_nobody_is_no_refusal(self, issuer: Issuer, clock: Moments) -> None:
        tokens = OidcTokens(issuer.url, AUDIENCE, "http://127.0.0.1:9/jwks.json", clock)
        with pytest.raises(TemporarilyUnavailable):
            tokens.subject(issuer.token())

    def test_a_silence_of_a_day_ends_it(self, tokens: OidcTokens, issuer: Issuer, clock: Moments) -> None:
        tokens.subject(issuer.token())
        issuer.answer = None
        clock.at += KEYS_WITHOUT_ISSUER_SECONDS
        assert tokens.subject(issuer.token()) == "w1"
        clock.at += 1
        with pytest.raises(TemporarilyUnavailable):
            tokens.subject(issuer.token())

    def test_the_issuer_is_heard_again_when_it_is_back(
        self, tokens: OidcTokens, issuer: Issuer, clock: Moments
    ) -> None:
        tokens.subject(issuer.token())
        issuer.answer = None
        clock.at += KEYS_FRESH_SECONDS + 1
        tokens.subject(issuer.token())
        issuer.publish(published("k2"))
        clock.at += ASK_AGAIN_SECONDS
        assert tokens.subject(issuer.token(kid="k2")) == "w1"
        assert refusal(tokens, issuer.token()) == "UnknownKey"


class TestCognito:
    @pytest.fixture
    def pool(self, issuer: Issuer, clock: Moments) -> OidcTokens:
        return OidcTokens(POOL, AUDIENCE, issuer.jwks_url, clock)

    @pytest.fixture
    def own_pool(self, issuer: Issuer, clock: Moments) -> OidcTokens:
        return OidcTokens(POOL, AUDIENCE, issuer.jwks_url, clock, "username")

    def access(self, issuer: Issuer, **claims: Any) -> str:
        said = {"aud": None, "client_id": AUDIENCE, "token_use": "access", "username": "gl0002"}
        return issuer.token("5b1d-uuid", iss=POOL, **{**said, **claims})

    def identity(self, issuer: Issuer, **claims: Any) -> str:
        said = {"token_use": "id", "cognito:username": "gl0002"}
        return issuer.token("5b1d-uuid", iss=POOL, **{**said, **claims})

    def test_both_of_its_tokens_are_good(self, pool: OidcTokens, issuer: Issuer) -> None:
        assert pool.subject(self.access(issuer)) == "5b1d-uuid"
        assert pool.subject(self.identity(issuer)) == "5b1d-uuid"

    def test_in_a_pool_of_the_districts_own_the_user_name_is_the_staff_id(
        self, own_pool: OidcTokens, issuer: Issuer
    ) -> None:
        assert own_pool.subject(self.access(issuer)) == "gl0002"
        assert own_pool.subject(self.identity(issuer)) == "gl0002"

    @pytest.mark.parametrize(
        ("fault", "claims"),
        [
            ("Audience", {"client_id": "another-app"}),
            ("Audience", {"client_id": None}),
            ("Audience", {"client_id": "another-app", "aud": AUDIENCE}),
            ("TokenUse", {"token_use": None}),
            ("TokenUse", {"token_use": "refresh"}),
            ("TokenUse", {"token_use": ["access"]}),
            ("Audience", {"token_use": "id"}),
            ("Subject", {"username": None}),
            ("Subject", {"username": ["gl0002"]}),
            ("Subject", {"username": None, "cognito:username": "gl0001"}),
        ],
        ids=str,
    )
    def test_an_access_token_of_another_app_or_of_another_use_is_none_for_us(
        self, own_pool: OidcTokens, issuer: Issuer, fault: str, claims: dict[str, Any]
    ) -> None:
        assert refusal(own_pool, self.access(issuer, **claims)) == fault

    def test_an_identity_token_is_for_its_audience(self, own_pool: OidcTokens, issuer: Issuer) -> None:
        assert refusal(own_pool, self.identity(issuer, aud="another-app", client_id=AUDIENCE)) == "Audience"
        assert refusal(own_pool, self.identity(issuer, aud=None)) == "Audience"
        assert refusal(own_pool, self.identity(issuer, **{"cognito:username": None, "username": "gl0001"})) == "Subject"


def _claims(issuer: Issuer) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(issuer.token(), options={"verify_signature": False})
    return claims


def _part(content: Any) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _signed_by_hand(issuer: Issuer, header: dict[str, Any]) -> str:
    """Whatever the header says, which no library would sign."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    content = f"{_part({'alg': 'RS256', 'kid': 'k1', **header})}.{_part(_claims(issuer))}"
    if header == {}:
        content = f"{_part({'alg': 'RS256'})}.{_part(_claims(issuer))}"
    signature = key("k1").sign(content.encode(), padding.PKCS1v15(), SHA256())
    return f"{content}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"
