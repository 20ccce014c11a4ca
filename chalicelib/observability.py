"""Logs as JSON with the request's id. Ids and codes only, never what was told."""

from __future__ import annotations

import traceback
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from chalicelib.config import settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@cache
def logger() -> Logger:
    """The application's logger. What it is given must hold no name, phone, address or text of a report."""
    # Imported here: it costs 15 ms, and most cold starts have nothing to say.
    from aws_lambda_powertools import Logger

    return Logger(service=f"wangge-{settings().stage}", utc=True)


def trace_of(error: BaseException) -> list[str]:
    """What failed and where, cause first, without what the errors say: that may repeat what somebody told."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    frames = [
        f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    return [*(trace_of(before) if before else []), f"{type(error).__module__}.{type(error).__qualname__}", *frames]
