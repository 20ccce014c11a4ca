"""Attachments on DynamoDB: announced, named by a report, arrived or refused, in any order."""

from __future__ import annotations

from datetime import datetime

from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.update import Action

from chalicelib.domain.attachments import Attachment
from chalicelib.domain.audit import Entry
from chalicelib.domain.errors import AlreadyKnown
from chalicelib.models.base import Write, WriteRefused, code_of, moment, stamp, translating
from chalicelib.models.report_rows import AttachmentRow
from chalicelib.models.vault_rows import AuditRow


@translating
class DynamoAttachments:
    """`services.attachments.AttachmentStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def announce(self, attachment: Attachment, entry: Entry) -> None:
        row = AttachmentRow(
            AttachmentRow.key(attachment.id),
            AttachmentRow.SK,
            owner=attachment.owner,
            content_type=attachment.content_type,
            size=attachment.size,
            state=attachment.state,
            created_at=stamp(attachment.created_at),
            fingerprint=attachment.fingerprint,
        )
        write = Write(self._connection)
        write.put("attachment", row, AttachmentRow.must_be_new())
        write.put("audit", AuditRow.of(entry))
        try:
            write.commit()
        except WriteRefused as refused:
            raise AlreadyKnown() from refused

    def attachment(self, attachment_id: str) -> Attachment | None:
        try:
            row = AttachmentRow.get(AttachmentRow.key(attachment_id), AttachmentRow.SK, consistent_read=True)
        except DoesNotExist:
            return None
        return Attachment(
            id=attachment_id,
            owner=row.owner,
            content_type=row.content_type,
            size=int(row.size),
            state=row.state,
            created_at=moment(row.created_at),
            fingerprint=row.fingerprint,
            report_id=row.report_id,
            case_id=row.case_id,
            reason=row.reason,
            etag=row.etag,
        )

    def mark(self, attachment_id: str, state: str, reason: str | None, at: datetime, etag: str | None = None) -> bool:
        row = AttachmentRow(AttachmentRow.key(attachment_id), AttachmentRow.SK)
        actions: list[Action] = [AttachmentRow.state.set(state)]
        if reason:
            actions.append(AttachmentRow.reason.set(reason))
        else:
            actions.append(AttachmentRow.reason.remove())
        if etag:
            actions.append(AttachmentRow.etag.set(etag))
        try:
            row.update(actions=actions, condition=AttachmentRow.must_exist())
        except UpdateError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True
