"""Forms of the public page: signed, short-lived, of one area, and good for one report.

A report without one is refused, so that whoever posts has asked for a page first; the form's key is the report's
idempotency key, so that one page makes one report however often it is sent (ADR 25).
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import uuid4

from chalicelib import bootstrap
from chalicelib.domain.errors import DomainError

LIFE_SECONDS = 12 * 3600
"""How long somebody may write, or wait for the network, before a new report needs a new page."""

_SALT = "public-report"


class Form(NamedTuple):
    """`key`: the idempotency key of the one report it is good for. `expired`: it is good for a repeat only."""

    token: str
    area: str
    key: str
    expired: bool = False


def new_form(area: str) -> Form:
    key = str(uuid4())
    return Form(str(_serializer().dumps([area, key])), area, key)


def form_of(token: str, key: str) -> Form:
    """The form a report was written on. Raises DomainError `form-invalid` for a forged one, or another report's."""
    from itsdangerous import BadData, SignatureExpired

    expired = False
    try:
        area, own_key = _serializer().loads(token, max_age=LIFE_SECONDS)
    except SignatureExpired as late:
        expired = True
        area, own_key = _serializer().load_payload(late.payload)
    except BadData as error:
        raise DomainError("form", code="form-invalid") from error
    if own_key != key:
        raise DomainError("Idempotency-Key", code="form-invalid")
    return Form(token, area, own_key, expired)


def _serializer() -> Any:
    from itsdangerous import URLSafeTimedSerializer

    return URLSafeTimedSerializer(bootstrap.secrets().get("form"), salt=_SALT)
