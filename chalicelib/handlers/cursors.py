"""Cursors of lists: where the next page begins, sealed, and good for the list they came from only.

Sealed and not just signed: a page ends where the store's page ends, which may be at a case that was left out of it, and
nobody is to read its id in the cursor.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from chalice.app import Request

from chalicelib import bootstrap
from chalicelib.domain.errors import InvalidField
from chalicelib.handlers.http import query_of

_NONCE_BYTES = 12
_LONGEST = 4096


def cursor_of(start: dict[str, Any] | None, scope: str) -> str | None:
    if start is None:
        return None
    nonce, written = token_bytes(_NONCE_BYTES), json.dumps(start, separators=(",", ":")).encode()
    return _text(nonce + _cipher().encrypt(nonce, written, scope.encode()))


def start_of(request: Request, scope: str) -> dict[str, Any] | None:
    """Where the asked page begins. Raises InvalidField `cursor-invalid` for an altered one, or another list's."""
    cursor = query_of(request).get("cursor")
    if not cursor:
        return None
    from cryptography.exceptions import InvalidTag

    try:
        sealed = urlsafe_b64decode(cursor[:_LONGEST] + "==")
        if _text(sealed) != cursor:
            raise ValueError
        start: dict[str, Any] = json.loads(
            _cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], scope.encode())
        )
    except (InvalidTag, ValueError) as error:
        raise InvalidField("cursor", "cursor-invalid") from error
    return start


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def _cipher() -> Any:
    """AES-256-GCM under the secret `cursor`; the list is the additional data."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(sha256(b"wangge cursor\0" + bootstrap.secrets().get("cursor").encode()).digest())
