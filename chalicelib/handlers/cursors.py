"""Cursors of lists: where the next page begins, signed, and good for the list they came from only."""

from __future__ import annotations

from typing import Any

from chalice.app import Request

from chalicelib import bootstrap
from chalicelib.domain.errors import InvalidField
from chalicelib.handlers.http import query_of


def cursor_of(start: dict[str, Any] | None, scope: str) -> str | None:
    if start is None:
        return None
    cursor = _serializer(scope).dumps(start)
    return cursor if isinstance(cursor, str) else cursor.decode()


def start_of(request: Request, scope: str) -> dict[str, Any] | None:
    """Where the asked page begins. Raises InvalidField `cursor-invalid` for an altered one, or another list's."""
    cursor = query_of(request).get("cursor")
    if not cursor:
        return None
    from itsdangerous import BadData

    try:
        start: dict[str, Any] = _serializer(scope).loads(cursor)
    except BadData as error:
        raise InvalidField("cursor", "cursor-invalid") from error
    return start


def _serializer(scope: str) -> Any:
    from itsdangerous import URLSafeSerializer

    return URLSafeSerializer(bootstrap.secrets().get("cursor"), salt=scope)
