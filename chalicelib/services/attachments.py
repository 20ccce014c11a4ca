"""Attachments: announced before they are sent, checked when they have come."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.attachments import ARRIVED, EXPECTED, REFUSED, REPLACED, Attachment, UploadForm, fault_of
from chalicelib.domain.audit import ATTACHMENT_ANNOUNCED
from chalicelib.domain.errors import AlreadyKnown, Forbidden, Hidden, IdempotencyConflict, InvalidField, NotFound
from chalicelib.domain.people import StaffMember, holds

if TYPE_CHECKING:
    from chalicelib.domain.audit import Entry, Origin
    from chalicelib.domain.policy import Policy
    from chalicelib.services.audit import Audit
    from chalicelib.services.ports import Clock
    from chalicelib.services.reading import Reading

KEY_PREFIX = "media/"


class AttachmentStore(Protocol):
    def announce(self, attachment: Attachment, entry: Entry) -> None:
        """Store it with its entry of the audit. Raises AlreadyKnown."""
        ...

    def attachment(self, attachment_id: str) -> Attachment | None: ...

    def mark(
        self, attachment_id: str, state: str, reason: str | None, at: datetime, etag: str | None = None
    ) -> bool: ...


class MediaBucket(Protocol):
    def upload_form(self, key: str, content_type: str, size: int, now: datetime) -> UploadForm: ...

    def download_url(self, key: str) -> str: ...

    def beginning(self, key: str) -> bytes:
        """The first bytes of an object. Raises NotFound."""
        ...


class Attachments:
    def __init__(
        self,
        store: AttachmentStore,
        bucket: MediaBucket,
        reading: Reading,
        audit: Audit,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._reading = reading
        self._audit = audit
        self._policy = policy
        self._clock = clock

    def announce(
        self, attachment_id: str, content_type: str, size: int, fingerprint: str, staff: StaffMember, by: Origin
    ) -> UploadForm | Attachment:
        """Announce a picture; gives the form to upload it with.

        Repeated, the same picture gets a fresh form, until its bytes have come: then it is given as it stands.

        Raises Forbidden, InvalidField for a type or size the policy does not take, IdempotencyConflict.
        """
        if not holds(staff, "attachment.create", self._policy):
            raise Forbidden()
        rules = self._policy.rules
        if content_type not in rules.attachment_types:
            raise InvalidField("content_type", "attachment-type-refused", allowed=list(rules.attachment_types))
        if size > rules.attachment_bytes:
            raise InvalidField("bytes", "attachment-too-large", limit=rules.attachment_bytes)
        now = self._clock.now()
        announced = Attachment(attachment_id, staff.id, content_type, size, EXPECTED, now, fingerprint)
        try:
            entry = self._audit.entry(ATTACHMENT_ANNOUNCED, by, thing=f"attachment:{attachment_id}")
            self._store.announce(announced, entry)
        except AlreadyKnown:
            known = self._store.attachment(attachment_id)
            if known is None or known.fingerprint != fingerprint:
                raise IdempotencyConflict() from None
            if not known.awaited:
                return known
        return self._bucket.upload_form(KEY_PREFIX + attachment_id, content_type, size, now)

    def see(self, attachment_id: str, staff: StaffMember) -> tuple[Attachment, str | None]:
        """A picture's state, and where to read it once it has come. For who announced it or may see its case."""
        if not holds(staff, "attachment.read", self._policy):
            raise Forbidden()
        attachment = self._store.attachment(attachment_id)
        if attachment is None:
            self._reading.case("", staff)  # takes as long as for one that may not be seen
            raise NotFound()
        if attachment.owner != staff.id:
            if attachment.case_id is not None:
                self._reading.case(attachment.case_id, staff)
            elif attachment.report_id is not None:
                self._reading.report(attachment.report_id, staff)
            else:
                raise Hidden(thing=f"attachment:{attachment_id}")
        arrived = attachment.state == ARRIVED
        return attachment, self._bucket.download_url(KEY_PREFIX + attachment.id) if arrived else None

    def arrived(self, key: str, size: int, etag: str | None = None) -> str | None:
        """The bytes of a picture have come: mark it arrived, or refused where they are not what was announced.

        A form is good for some minutes, after the picture came too: who writes other bytes over those that arrived has
        it refused for good. Told of twice, the same bytes (by their `etag`) change nothing. Returns the state, or None
        for an object nobody announced.
        """
        attachment_id = key.removeprefix(KEY_PREFIX)
        attachment = self._store.attachment(attachment_id)
        if attachment is None:
            return None
        if not attachment.awaited:
            if attachment.state == ARRIVED and etag and attachment.etag and etag != attachment.etag:
                self._store.mark(attachment_id, REFUSED, REPLACED, self._clock.now())
                return REFUSED
            return attachment.state
        fault = fault_of(attachment.content_type, attachment.size, size, self._bucket.beginning(key))
        state = REFUSED if fault else ARRIVED
        self._store.mark(attachment_id, state, fault, self._clock.now(), etag)
        return state
