"""Who gets in: the authorizer asked as API Gateway asks it, with keys served by an issuer of the tests' own."""

from __future__ import annotations

import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.domain.people import StaffMember
from tests.integration.edge import Edge, LambdaContext, cold_start
from tests.integration.gateway import Answer, answer_of, gateway_event
from tests.world import CELL, COMMUNITY, WORKER

AUDIENCE = "wangge-tests"
ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef/api/POST/v1/reports"


@dataclass
class Issuer:
    url: str
    key: rsa.RSAPrivateKey
    asked: list[str]

    def token(self, subject: str | None = WORKER.id, *, key: Any = None, kid: str | None = "k1", **claims: Any) -> str:
        now = int(time.time())
        standard = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now, "nbf": now, "exp": now + 600}
        wanted = {name: value for name, value in {**standard, **claims}.items() if value is not None}
        return jwt.encode(wanted, key or self.key, algorithm="RS256", headers={"kid": kid} if kid else {})


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    document = json.dumps({"keys": [{**numbers, "kid": "k1", "use": "sig", "alg": "RS256"}]}).encode()
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Issuer(f"http://127.0.0.1:{server.server_port}", key, asked)
    server.shutdown()
    server.server_close()


@pytest.fixture
def gate(edge: Edge, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Edge:
    """A deployment that trusts the issuer, with one member of staff and one who has left."""
    monkeypatch.setenv("OIDC_ISSUER", issuer.url)
    monkeypatch.setenv("OIDC_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("OIDC_JWKS_URL", f"{issuer.url}/jwks.json")
    cold_start()
    edge.employ(WORKER)
    edge.employ(StaffMember("left", "station", f"centre-{COMMUNITY}", (COMMUNITY,)), active=False)
    return edge


def ask(gate: Edge, authorization: str) -> dict[str, Any]:
    """What the authorizer answers API Gateway. Raises what makes API Gateway answer 401 or 500."""
    found: dict[str, Any] = gate.invoke(
        "staff", {"type": "TOKEN", "authorizationToken": authorization, "methodArn": ARN}
    )
    return found


def allowed(found: dict[str, Any]) -> list[str]:
    (statement,) = found["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    resources: list[str] = statement["Resource"]
    return resources


def test_a_good_token_opens_every_route_and_says_role_unit_and_areas(gate: Edge, issuer: Issuer) -> None:
    found = ask(gate, f"Bearer {issuer.token()}")
    assert allowed(found) == ["arn:aws:execute-api:us-east-1:123456789012:abcdef/api/*/*"]
    assert found["principalId"] == WORKER.id
    assert found["context"] == {"role": "grid-worker", "unit": f"centre-{COMMUNITY}", "areas": CELL}


def test_what_the_authorizer_says_is_who_the_api_believes(gate: Edge, issuer: Issuer) -> None:
    found = ask(gate, f"Bearer {issuer.token()}")
    event = gateway_event("GET", "/v1/visits", None, None, {}, {})
    event["requestContext"]["authorizer"] = {"principalId": found["principalId"], **found["context"]}
    answer: Answer = answer_of(gate.invoke("api", event))
    assert (answer.status, answer.body) == (200, {"items": [], "next": None})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_schemes_name_is_of_any_case(gate: Edge, issuer: Issuer, scheme: str) -> None:
    assert ask(gate, f"{scheme} {issuer.token()}")["principalId"] == WORKER.id


def test_the_keys_are_asked_for_once(gate: Edge, issuer: Issuer) -> None:
    issuer.asked.clear()
    for _ in range(3):
        ask(gate, f"Bearer {issuer.token()}")
    assert issuer.asked == ["/jwks.json"]


def _part(content: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _unsigned(issuer: Issuer) -> str:
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': 'k1'})}.{_part(claims)}."


def _hmac_with_the_public_key(issuer: Issuer) -> str:
    public = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k1'})}.{_part(claims)}"
    mac = hmac.new(public, signed.encode(), sha256).digest()
    return f"{signed}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _altered(issuer: Issuer) -> str:
    header, _, signature = issuer.token().split(".")
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    return f"{header}.{_part({**claims, 'sub': 'a1'})}.{signature}"


BAD_TOKENS = {
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60, iat=int(time.time()) - 600),
    "not valid yet": lambda issuer: issuer.token(nbf=int(time.time()) + 120),
    "issued in the future": lambda issuer: issuer.token(iat=int(time.time()) + 120),
    "without an end": lambda issuer: issuer.token(exp=None),
    "without a subject": lambda issuer: issuer.token(subject=None),
    "without an audience": lambda issuer: issuer.token(aud=None),
    "of another issuer": lambda issuer: issuer.token(iss="https://issuer.example"),
    "for another audience": lambda issuer: issuer.token(aud="somebody-else"),
    "of another key under a known name": lambda issuer: issuer.token(
        key=rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ),
    "of an unknown key": lambda issuer: issuer.token(kid="k2"),
    "that names no key": lambda issuer: issuer.token(kid=None),
    "unsigned": _unsigned,
    "signed with the public key as a secret": _hmac_with_the_public_key,
    "altered": _altered,
    "cut off": lambda issuer: issuer.token()[:-9],
    "none": lambda issuer: "none",
    "three dots": lambda issuer: "..",
    "very long": lambda issuer: "A" * 8000,
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_a_token_that_proves_nothing_is_unauthorized(gate: Edge, issuer: Issuer, kind: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(gate, f"Bearer {BAD_TOKENS[kind](issuer)}")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dzE6dzE=", "{token}", "Token {token}", "Bearer  "])
def test_a_header_that_is_no_bearer_token_is_unauthorized(gate: Edge, issuer: Issuer, header: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        ask(gate, header.replace("{token}", issuer.token()))


@pytest.mark.parametrize("subject", ["stranger", "left", "STAFF#w1", "W1", " w1"])
def test_a_good_token_of_nobody_who_works_here_opens_nothing(gate: Edge, issuer: Issuer, subject: str) -> None:
    found = ask(gate, f"Bearer {issuer.token(subject)}")
    assert allowed(found) == ["arn:aws:execute-api:us-east-1:123456789012:abcdef/api/*/nowhere"]
    assert found.get("context", {}) == {}


def test_who_leaves_is_out_with_the_next_question(gate: Edge, issuer: Issuer) -> None:
    token = f"Bearer {issuer.token()}"
    assert allowed(ask(gate, token))[0].endswith("/api/*/*")
    gate.employ(WORKER, active=False)
    assert allowed(ask(gate, token))[0].endswith("/nowhere")


def test_an_issuer_that_does_not_answer_is_a_fault_of_ours_and_no_refusal(
    gate: Edge, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OIDC_JWKS_URL", "http://127.0.0.1:9/jwks.json")
    cold_start()
    with pytest.raises(Exception) as failed:
        ask(gate, f"Bearer {issuer.token()}")
    assert str(failed.value) != "Unauthorized"


def test_the_context_of_lambda_is_like_lambdas() -> None:
    assert LambdaContext("wangge-test-staff").invoked_function_arn.endswith(":function:wangge-test-staff")
