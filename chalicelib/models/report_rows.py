"""Rows of what was told: reports, the phones they came from, and the pictures they name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.domain.grid import Position, Sent
from chalicelib.domain.records import KnownReport
from chalicelib.domain.reports import Report
from chalicelib.models.base import dumps, moment, stamp
from chalicelib.models.case_rows import CasesRow

if TYPE_CHECKING:
    from pynamodb.expressions.update import Action

    from chalicelib.domain.matter_events import Moved


class ReportRow(CasesRow):
    """A report as it came. Its conditional put is the idempotency record of intake; it answers repeats.

    It holds no name and no phone: those are in the vault, until `erased_at`. `case_id` is the case it belongs to now;
    where that is another than it came to, `made_in` is the one whose version `version` is.
    """

    case_id = UnicodeAttribute()
    made_in = UnicodeAttribute(null=True)
    tracking_code = UnicodeAttribute()
    source = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    text = UnicodeAttribute()
    received_at = UnicodeAttribute()
    joined = BooleanAttribute()
    contactable = BooleanAttribute()
    version = NumberAttribute()
    detail = UnicodeAttribute()
    erased_at = UnicodeAttribute(null=True)

    SK = "REPORT"

    @staticmethod
    def key(report_id: str) -> str:
        return f"REPORT#{report_id}"

    @classmethod
    def of(cls, report: Report, case_id: str, tracking_code: str, version: int, joined: bool) -> ReportRow:
        position = report.position
        return cls(
            pk=cls.key(report.id),
            sk=cls.SK,
            case_id=case_id,
            tracking_code=tracking_code,
            source=report.source,
            fingerprint=report.fingerprint,
            text=report.text,
            received_at=stamp(report.received_at),
            joined=joined,
            contactable=bool(report.reporter.phone),
            version=version,
            detail=dumps(
                {
                    "message_id": report.message_id,
                    "told_at": report.told_at.isoformat(),
                    "category": report.category,
                    "urgency": report.urgency,
                    "position": [position.lat, position.lon] if position else None,
                    **({"position_as_sent": position.sent} if position and position.sent else {}),
                    "area_code": report.area_code,
                    "address": report.address,
                    "media": report.media,
                    "anonymous": report.reporter.anonymous,
                    **({"named": True} if report.reporter.named else {}),
                    "submitted_by": report.submitted_by,
                    "source_type": report.source_type,
                    "conflict_of": report.conflict_of,
                }
            ),
        )

    def facts(self) -> dict[str, Any]:
        """The parts of the document, by name."""
        parts: dict[str, Any] = json.loads(self.detail)
        return parts

    def to_report(self) -> Report:
        parts = self.facts()
        place = parts["position"]
        sent = Sent(*parts["position_as_sent"]) if "position_as_sent" in parts else None
        return Report(
            source=self.source,
            message_id=parts["message_id"],
            fingerprint=self.fingerprint,
            text=self.text,
            told_at=moment(parts["told_at"]),
            received_at=moment(self.received_at),
            category=parts["category"],
            urgency=parts["urgency"],
            position=Position(place[0], place[1], sent) if place else None,
            area_code=parts["area_code"],
            address=parts["address"],
            media=tuple(parts["media"]),
            submitted_by=parts["submitted_by"],
            source_type=parts["source_type"],
            conflict_of=parts["conflict_of"],
        )

    def to_known(self) -> KnownReport:
        return KnownReport(
            report=self.to_report(),
            case_id=self.case_id,
            tracking_code=self.tracking_code,
            version=int(self.version),
            joined=self.joined,
            contactable=self.contactable,
            anonymous=self.facts()["anonymous"],
            erased_at=moment(self.erased_at) if self.erased_at else None,
            made_in=self.made_in or self.case_id,
            named=self.facts().get("named", False),
        )

    @classmethod
    def moving(cls, move: Moved) -> list[Action]:
        """What changes of a report that goes to another case: the link, and nothing of what was told."""
        changes: list[Action] = [cls.case_id.set(move.to_case), cls.made_in.set(cls.made_in | move.from_case)]
        return [*changes, cls.tracking_code.set(move.tracking_code)] if move.tracking_code else changes


class ReporterRow(CasesRow):
    """One case a phone has reported to, found by the phone's keyed hash; case ids sort by age."""

    case_id = UnicodeAttribute()

    @staticmethod
    def key(phone_hash: str) -> str:
        return f"REPORTER#{phone_hash}"

    @classmethod
    def of(cls, phone_hash: str, case_id: str) -> ReporterRow:
        return cls(pk=cls.key(phone_hash), sk=case_id, case_id=case_id)


class SubmitterRow(CasesRow):
    """One case a member of staff has reported; case ids sort by age."""

    @staticmethod
    def key(staff_id: str) -> str:
        return f"STAFF#{staff_id}"

    @classmethod
    def of(cls, staff_id: str, case_id: str) -> SubmitterRow:
        return cls(pk=cls.key(staff_id), sk=case_id)


class AttachmentRow(CasesRow):
    """A picture that was announced: who may name it, what it must be, and whether its bytes have come."""

    owner = UnicodeAttribute()
    content_type = UnicodeAttribute()
    size = NumberAttribute()
    state = UnicodeAttribute()
    created_at = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    report_id = UnicodeAttribute(null=True)
    case_id = UnicodeAttribute(null=True)  # of what was said with an act
    reason = UnicodeAttribute(null=True)
    etag = UnicodeAttribute(null=True)

    SK = "ATTACHMENT"

    @staticmethod
    def key(attachment_id: str) -> str:
        return f"ATTACHMENT#{attachment_id}"
