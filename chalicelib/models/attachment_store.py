"""Attachments on DynamoDB: announced, named by a report, arrived or refused, in any order."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import DoesNotExist, PutError, UpdateError
from pynamodb.expressions.update import Action

from chalicelib.domain.attachments import Attachment
from chalicelib.domain.errors import AlreadyKnown
from chalicelib.models.base import code_of, moment, stamp, translating
from chalicelib.models.report_rows import AttachmentRow


@translating
class DynamoAttachments:
    """`services.attachments.AttachmentStore`."""

    def announce(self, attachment: Attachment) -> None:
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
        try:
            row.save(condition=AttachmentRow.must_be_new())
        except PutError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                raise AlreadyKnown() from error
            raise

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
            reason=row.reason,
        )

    def mark(self, attachment_id: str, state: str, reason: str | None, at: datetime) -> bool:
        row = AttachmentRow(AttachmentRow.key(attachment_id), AttachmentRow.SK)
        actions: list[Action] = [AttachmentRow.state.set(state)]
        if reason:
            actions.append(AttachmentRow.reason.set(reason))
        try:
            row.update(actions=actions, condition=AttachmentRow.must_exist())
        except UpdateError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True
