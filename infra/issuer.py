"""The local OIDC issuer: signs staff tokens and serves its keys, so that one machine needs no identity provider.

Shaped as Cognito's: RS256, `kid`, discovery document, JWKS. Any issuer with a JWKS takes its place by configuration.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.cloud import kept_port
from infra.settings import LOCAL

CLOCK_SKEW = 5
"""Seconds that a token is valid before its issue, for readers whose clock is a little behind."""


class Issuer:
    """The issuer of one name; key and port are kept under `.local/<name>/`, so tokens outlive a restart.

    A context manager: inside it the keys are served. `token` needs no running server, and may be asked for by another
    process than the one that serves.
    """

    def __init__(self, name: str, audience: str) -> None:
        directory = LOCAL / name
        directory.mkdir(parents=True, exist_ok=True)
        self.audience = audience
        self._key = _key(directory / "issuer.pem")
        self._port_file = directory / "issuer.port"
        self.port = int(self._port_file.read_text("ascii")) if self._port_file.exists() else kept_port(self._port_file)
        self._server: ThreadingHTTPServer | None = None
        numbers = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        self.key_id = hashlib.sha256(numbers["n"].encode()).hexdigest()[:16]
        self.jwks = {"keys": [{**numbers, "kid": self.key_id, "use": "sig", "alg": "RS256"}]}

    @property
    def url(self) -> str:
        """The issuer: `iss` of its tokens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The deployment settings that make functions trust this issuer."""
        return {"oidc_issuer": self.url, "oidc_audience": self.audience, "oidc_jwks_url": f"{self.url}/jwks.json"}

    def token(self, subject: str, hours: float = 24, **claims: Any) -> str:
        """A bearer token of the staff member `subject`, good for so many hours. `claims` replace the standard ones."""
        now = int(time.time())
        standard = {
            "iss": self.url,
            "aud": self.audience,
            "sub": subject,
            "iat": now,
            "nbf": now - CLOCK_SKEW,
            "exp": now + int(timedelta(hours=hours).total_seconds()),
        }
        return jwt.encode({**standard, **claims}, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def start(self) -> Self:
        """Serves discovery document and keys on the loopback interface."""
        self.port = kept_port(self._port_file)
        documents = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/jwks.json",
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
            },
            "/jwks.json": self.jwks,
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(documents))
        threading.Thread(target=self._server.serve_forever, name="issuer", daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


def _handler(documents: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = documents.get(self.path.partition("?")[0])
            body = json.dumps(document or {"error": "not found"}).encode()
            self.send_response(200 if document else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the owner's terminal shows a live summary."""

    return Handler


def _key(path: Path) -> rsa.RSAPrivateKey:
    """The key kept at `path`, made on first use and readable by its owner only."""
    if path.exists():
        kept = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(kept, rsa.RSAPrivateKey):
            return kept
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    return key
