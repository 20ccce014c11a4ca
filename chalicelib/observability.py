"""Logs as JSON with the request's id, and figures in embedded metric format. Ids and codes only, never what was told."""

from __future__ import annotations

from functools import cache

from aws_lambda_powertools import Logger

from chalicelib.config import settings


@cache
def logger() -> Logger:
    """The application's logger. What it is given must hold no name, phone, address or text of a report."""
    return Logger(service=f"wangge-{settings().stage}", utc=True)
