"""Who somebody is, on DynamoDB. Apart from the rest of the district's ground truth: the authorizer needs no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynamodb.exceptions import DoesNotExist

from chalicelib.models.base import translating
from chalicelib.models.reference_rows import StaffRow

if TYPE_CHECKING:
    from chalicelib.domain.people import StaffMember


@translating
class DynamoStaff:
    def member(self, staff_id: str) -> StaffMember | None:
        """Somebody who works here now; None for a stranger and for who has left."""
        try:
            row = StaffRow.get(StaffRow.key(staff_id), StaffRow.SK)
        except DoesNotExist:
            return None
        return row.to_staff() if row.active else None
