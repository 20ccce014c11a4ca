"""An OIDC issuer of the tests' own: real keys, served on the loopback interface, in whatever state a test needs it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "wangge-tests"


def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The private key of that name; the same for all tests, since making one takes a while."""
    return _made(name, bits)


@cache
def _made(name: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def published(name: str, *, bits: int = 2048, **more: Any) -> dict[str, Any]:
    """A key as an issuer publishes it. A member that is None is left out."""
    numbers = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(name, bits).public_key()))
    return {k: v for k, v in {**numbers, "kid": name, "use": "sig", "alg": "RS256", **more}.items() if v is not None}


class Issuer:
    """`asked`: the paths asked for. `answer`: what it serves; None: it does not answer sensibly (503)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []
        self.answer: bytes | None = None

    def publish(self, *keys: dict[str, Any]) -> None:
        self.answer = json.dumps({"keys": keys}).encode()

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/jwks.json"

    def token(self, subject: Any = "w1", *, kid: Any = "k1", signed_by: str | None = None, **claims: Any) -> str:
        """A token signed by the key `signed_by` (or `kid`). A claim that is None is left out."""
        now = int(time.time())
        standard = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now, "nbf": now, "exp": now + 600}
        wanted = {name: value for name, value in {**standard, **claims}.items() if value is not None}
        return signed(wanted, {"kid": kid} if kid else {}, signed_by or str(kid or "k1"))


def signed(claims: dict[str, Any], header: dict[str, Any], name: str, bits: int = 2048) -> str:
    """A token of any header and claims, as somebody who holds the key could make it."""
    made = jwt.api_jws.encode(json.dumps(claims).encode(), key(name, bits), algorithm="RS256", headers=header)
    return str(made)


@contextmanager
def serving() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            body = issuer.answer or b""
            self.send_response(503 if issuer.answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
