"""The report 上报/诉求: one person's or system's statement about a matter. Evidence: written once, never changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.people import Reporter

if TYPE_CHECKING:
    from chalicelib.domain.grid import Area, Position

MOBILE, SMS, HOTLINE, WEB = "mobile", "sms", "12345", "web"


@dataclass(frozen=True, slots=True)
class Report:
    """What was told.

    `source` and `message_id` are the sender's own and together make the report's id: a repeat is the same report.
    `fingerprint` is a hash of the content as sent. `area_code` is the sender's word for the place, `position` the
    measured one; either may be missing for sources that cannot say. `media` names attachments.
    `conflict_of` names the report whose message id came again with other content.
    """

    source: str
    message_id: str
    fingerprint: str
    text: str
    told_at: datetime
    received_at: datetime
    category: str | None = None
    urgency: str | None = None
    position: Position | None = None
    area_code: str | None = None
    address: str | None = None
    media: tuple[str, ...] = ()
    reporter: Reporter = field(default_factory=Reporter)
    submitted_by: str | None = None
    source_type: str | None = None
    conflict_of: str | None = None

    @property
    def id(self) -> str:
        return report_id(self.source, self.message_id)


def report_id(source: str, message_id: str) -> str:
    """The id of a report: the same for the same message of the same source, safe in a path, and telling nothing."""
    return hashlib.sha256(f"{source}\n{message_id}".encode()).hexdigest()[:32]


class Receipt(NamedTuple):
    """What is answered to a report, the first time and every time it is repeated.

    `version` is the version of the case that the report made.
    """

    report_id: str
    case_id: str
    joined: bool
    tracking_code: str
    state: str
    kind: str | None
    category: str | None
    area: Area | None
    unit_id: str
    unit_name: str
    due_at: datetime | None
    policy_version: str
    version: int
