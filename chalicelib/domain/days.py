"""Days, as ISO dates in the district's time: written in one way only, so that they compare as text."""

from __future__ import annotations

from datetime import date, timedelta


def day_of(text: object) -> str | None:
    """The day that is written, such as `2026-12-01`; None for anything else, a day of a week (`2026-W49-2`) too."""
    try:
        return text if isinstance(text, str) and date.fromisoformat(text).isoformat() == text else None
    except ValueError:
        return None


def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
