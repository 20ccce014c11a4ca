"""Secrets from Secrets Manager, kept a few minutes, so that a rotated one is taken up without a deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.adapters.aws import NOT_ANSWERING, unavailable

_KEPT_SECONDS = 300


class Secrets:
    """The application's secrets by name: `aliyun`, `hotline`, `phone`, `cursor`."""

    def __init__(self, client: Any, secret_id: str, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._secret_id = secret_id
        self._monotonic = monotonic
        self._values: dict[str, str] = {}
        self._read_at = float("-inf")

    def get(self, name: str) -> str:
        """A secret by name. Raises TemporarilyUnavailable; KeyError where the deployment has no such secret."""
        now = self._monotonic()
        if now - self._read_at > _KEPT_SECONDS:
            try:
                answer = self._client.get_secret_value(SecretId=self._secret_id)
            except NOT_ANSWERING as error:
                if not self._values:
                    raise unavailable(error) from error
            else:
                self._values = json.loads(answer["SecretString"])
            self._read_at = now
        return self._values[name]
