"""Who somebody is, on DynamoDB. Apart from the rest of the district's ground truth: the authorizer needs no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pynamodb.exceptions import DoesNotExist

from chalicelib.models.base import translating
from chalicelib.models.reference_rows import StaffRow

if TYPE_CHECKING:
    from chalicelib.domain.people import Employment, StaffMember

KEPT_SECONDS = 60
"""How long a staff record is believed. With what the gateway keeps, so long may somebody go on who has left."""


@translating
class DynamoStaff:
    def employment(self, staff_id: str) -> Employment | None:
        """Somebody on the staff, whatever the day; None for a stranger and for who was struck off."""
        try:
            row = StaffRow.get(StaffRow.key(staff_id), StaffRow.SK)
        except DoesNotExist:
            return None
        return row.to_employment() if row.active else None

    def employments(self, staff_ids: Sequence[str]) -> dict[str, Employment]:
        """Those of them who are on the staff, by id, whatever the day. One batch read."""
        rows = StaffRow.batch_get([(StaffRow.key(each), StaffRow.SK) for each in staff_ids])
        return {row.staff_id: row.to_employment() for row in rows if row.active}


class KeptStaff:
    """Who works here, kept for a minute: a warm authorization asks nobody. Who does not is asked for each time.

    `today`: the day it is in the district (ISO); asked only for who has a first or last day.
    """

    def __init__(self, staff: DynamoStaff, monotonic: Callable[[], float], today: Callable[[], str]) -> None:
        self._staff = staff
        self._monotonic = monotonic
        self._today = today
        self._kept: dict[str, tuple[float, Employment]] = {}

    def member(self, staff_id: str) -> StaffMember | None:
        """Somebody who works here today; None for a stranger, who has left and who has not begun."""
        now = self._monotonic()
        read_at, known = self._kept.pop(staff_id, (now, None))
        if known is None or now - read_at >= KEPT_SECONDS:
            read_at, known = now, self._staff.employment(staff_id)
        if known is None or (known.dated and not known.lasts_on(self._today())):
            return None
        self._kept[staff_id] = read_at, known
        return known.member
