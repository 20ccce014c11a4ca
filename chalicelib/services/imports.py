"""Imports of the network by the API: a form to upload with, the plan once it is made, and the word to apply it (G1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.domain.audit import NETWORK_IMPORT, Origin
from chalicelib.domain.errors import DomainError, Forbidden, InvalidField, NotFound
from chalicelib.domain.people import StaffMember, holds

if TYPE_CHECKING:
    from chalicelib.domain.attachments import UploadForm
    from chalicelib.domain.policy import Policy
    from chalicelib.services.audit import Audit
    from chalicelib.services.ports import Clock

KEY_PREFIX, KEY_SUFFIX = "imports/", ".zip"
CONTENT_TYPE = "application/zip"
MOST_BYTES = 64 * 2**20
PLANNED, REFUSED, APPLIED = "planned", "refused", "applied"


class Import(NamedTuple):
    """An upload that was looked at. `state`: planned, refused for its faults, or applied. `plan`: JSON, shortened."""

    id: str
    state: str
    at: str
    plan: Mapping[str, Any]


class ImportStore(Protocol):
    def found(self, import_id: str) -> Import | None: ...


class ImportBucket(Protocol):
    def upload_form(self, key: str, content_type: str, size: int, now: Any) -> UploadForm: ...


class ImportQueue(Protocol):
    def put(self, import_id: str) -> None:
        """Have it applied. Raises TemporarilyUnavailable."""
        ...


class Imports:
    """Nothing is kept of an import before its file has come: its id is its command's, and so is the file's key."""

    def __init__(
        self, store: ImportStore, bucket: ImportBucket, queue: ImportQueue, audit: Audit, policy: Policy, clock: Clock
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._queue = queue
        self._audit = audit
        self._policy = policy
        self._clock = clock

    def announce(self, import_id: str, size: int, staff: StaffMember, by: Origin) -> UploadForm:
        """A form to upload the zipped directory with. Raises Forbidden, InvalidField for one too large."""
        self._permitted(staff)
        if size > MOST_BYTES:
            raise InvalidField("bytes", "attachment-too-large", limit=MOST_BYTES)
        self._audit.note(NETWORK_IMPORT, by, thing=f"import:{import_id}")
        return self._bucket.upload_form(f"{KEY_PREFIX}{import_id}{KEY_SUFFIX}", CONTENT_TYPE, size, self._clock.now())

    def see(self, import_id: str, staff: StaffMember) -> Import:
        """What came of an upload. Raises NotFound until it was looked at, Forbidden."""
        self._permitted(staff)
        found = self._store.found(import_id)
        if found is None:
            raise NotFound()
        return found

    def apply(self, import_id: str, staff: StaffMember, by: Origin) -> Import:
        """Have a plan applied; how it stands now. Applied already, it stays so.

        The audit has it before the function that applies it, which notes nothing. Raises
        NotFound, Forbidden, DomainError `import-has-faults`, TemporarilyUnavailable.
        """
        found = self.see(import_id, staff)
        if found.state == REFUSED:
            raise DomainError(code="import-has-faults")
        self._audit.note(NETWORK_IMPORT, by, thing=f"import:{import_id}")
        if found.state == PLANNED:
            self._queue.put(import_id)
        return found

    def _permitted(self, staff: StaffMember) -> None:
        if not holds(staff, "network.import", self._policy):
            raise Forbidden()
