"""Sealing what only some may read: AES-256-GCM under data keys of the key service, and keyed hashes of phones."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.adapters.aws import NOT_ANSWERING, unavailable
from chalicelib.domain.people import Reporter
from chalicelib.domain.records import Sealed

_NONCE_BYTES = 12
_KEY_CONTEXT = {"purpose": "reporter-identity"}
_OPENED_KEYS_KEPT = 200
_SEALS_PER_KEY = 2**20


class SealBroken(Exception):
    """The sealed content was altered, or belongs to something else."""


class KmsSealer:
    """`services.ports.Sealer`. One data key a cold start, renewed long before GCM's limit; opened keys are kept."""

    def __init__(self, client: Callable[[], Any], key_id: Callable[[], str]) -> None:
        self._client = client
        self._key_id = key_id
        self._own: tuple[AESGCM, bytes] | None = None
        self._sealed = 0
        self._opened: dict[bytes, AESGCM] = {}

    def seal(self, reporter: Reporter, context: str) -> Sealed:
        return self.seal_bytes(json.dumps(reporter.in_clear, ensure_ascii=False).encode(), context)

    def seal_bytes(self, content: bytes, context: str) -> Sealed:
        cipher, wrapped = self._own_key()
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(nonce + cipher.encrypt(nonce, content, context.encode()), wrapped)

    def open(self, sealed: Sealed, context: str) -> Reporter:
        return Reporter(**json.loads(self.open_bytes(sealed, context)))

    def open_bytes(self, sealed: Sealed, context: str) -> bytes:
        """The content in clear. Raises SealBroken when it, or the context it was sealed for, is another."""
        cipher = self._opened_key(sealed.wrapped_key)
        nonce, content = sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, content, context.encode())
        except InvalidTag as error:
            raise SealBroken(context) from error

    def _own_key(self) -> tuple[AESGCM, bytes]:
        if self._own is None or self._sealed >= _SEALS_PER_KEY:
            try:
                answer = self._client().generate_data_key(
                    KeyId=self._key_id(), KeySpec="AES_256", EncryptionContext=_KEY_CONTEXT
                )
            except NOT_ANSWERING as error:
                raise unavailable(error) from error
            self._own = AESGCM(answer["Plaintext"]), answer["CiphertextBlob"]
            self._sealed = 0
        self._sealed += 1
        return self._own

    def _opened_key(self, wrapped: bytes) -> AESGCM:
        if wrapped not in self._opened:
            try:
                answer = self._client().decrypt(CiphertextBlob=wrapped, EncryptionContext=_KEY_CONTEXT)
            except NOT_ANSWERING as error:
                raise unavailable(error) from error
            if len(self._opened) >= _OPENED_KEYS_KEPT:
                self._opened.clear()
            self._opened[wrapped] = AESGCM(answer["Plaintext"])
        return self._opened[wrapped]


class KeyedPhoneIndex:
    """`services.ports.PhoneIndex`: HMAC-SHA-256, so that a key cannot be turned back by trying all numbers."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    def hash_of(self, phone: str) -> str:
        return hmac.new(self._secret().encode(), phone.encode(), sha256).hexdigest()[:40]
