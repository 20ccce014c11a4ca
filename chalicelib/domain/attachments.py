"""Pictures and films that go with a report. Announced first; the bytes may come before or after the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

EXPECTED, ARRIVED, REFUSED = "expected", "arrived", "refused"
REPLACED = "replaced"
"""Why a picture is refused for good whose bytes had come, and then others: what a report named is there no more."""

_SIGNATURES = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
    "video/mp4": (b"ftyp",),
}


class Attachment(NamedTuple):
    """`size`: bytes announced. `owner`: who announced it and alone may name it, in a report or with an act on a case.

    `etag`: the storage's word for the bytes that arrived; other bytes have another.
    """

    id: str
    owner: str
    content_type: str
    size: int
    state: str
    created_at: datetime
    fingerprint: str
    report_id: str | None = None
    case_id: str | None = None
    reason: str | None = None
    etag: str | None = None

    @property
    def awaited(self) -> bool:
        """Whether bytes are still taken. What has come is evidence, and is not to be written over."""
        return self.state == EXPECTED or (self.state == REFUSED and self.reason != REPLACED)


class UploadForm(NamedTuple):
    """A presigned POST: where to send the bytes, the form fields that go first, and until when."""

    url: str
    fields: Mapping[str, str]
    expires_at: datetime


def fault_of(content_type: str, announced: int, size: int, beginning: bytes) -> str | None:
    """Why the bytes that came are not what was announced, or None: their number, then the file's own signature."""
    if size > announced:
        return "larger-than-announced"
    marks = _SIGNATURES.get(content_type, ())
    window = beginning[4:12] if content_type == "video/mp4" else beginning
    return None if any(window.startswith(mark) for mark in marks) else "not-the-announced-type"
