"""What the day needs to know of a running system: where it is, and with whose tokens to speak to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

Case = dict[str, Any]
"""A case as the API shows it."""
Acts = Callable[[Case, str, str, Mapping[str, Any]], Case | None]
"""Does an action to a case as somebody of a unit, with what is said; the case afterwards, None if it was not done."""
Reads = Callable[[str, str], Case | None]
"""Reads a case as somebody of a unit; None for a unit that may not see it, or not any more."""

LOCAL = timezone(timedelta(hours=8))
_TIMEOUT = 30


def today() -> str:
    """The day it is in the district (ISO)."""
    return datetime.now(LOCAL).date().isoformat()


@dataclass(frozen=True, slots=True)
class System:
    """`.local/<name>/run.json`, as its contract says."""

    api: str
    cloud: str
    region: str
    tokens: Mapping[str, Any]
    secrets: Mapping[str, str]
    outputs: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> System:
        known = json.loads(path.read_text("utf-8"))
        return cls(**{name: known[name] for name in ("api", "cloud", "region", "tokens", "secrets", "outputs")})

    def token_of_role(self, role: str) -> str:
        return str(self.tokens["by_role"][role]["token"])

    def token_of_unit(self, unit: str) -> str:
        return str(self.tokens["by_unit"][unit])

    def token_of_cell(self, area: str) -> str:
        return str(self.tokens["by_cell"][area])


class Caller:
    """An HTTP client of the system's API; one a thread."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=2))

    def get(self, path: str, token: str | None = None, **query: str) -> requests.Response:
        return self._session.get(
            self._system.api + path, params=query, headers=_bearer(token), timeout=_TIMEOUT, allow_redirects=False
        )

    def post(
        self, path: str, body: bytes | Mapping[str, Any], token: str | None = None, headers: Mapping[str, str] = {}
    ) -> requests.Response:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return self._session.post(
            self._system.api + path,
            data=content,
            headers={"Content-Type": "application/json", **_bearer(token), **headers},
            timeout=_TIMEOUT,
        )

    def upload(self, form: Mapping[str, Any], content: bytes) -> requests.Response:
        return self._session.post(form["url"], data=form["fields"], files={"file": content}, timeout=_TIMEOUT)


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
