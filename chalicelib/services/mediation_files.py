"""The file of a mediation, for who may read the timeline of its case; who told of it, masked, for who may read that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.mediation_file import MediationFile, file_of, members_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.people import StaffMember
    from chalicelib.services.ports import Clock, Policies, Pool
    from chalicelib.services.reading import Reading
    from chalicelib.services.reporters import Reporters

_MOST_NAMED = 5
"""Who reported it, at most so many: each is a read."""


class MediationFiles:
    def __init__(self, reading: Reading, reporters: Reporters, pool: Pool, policies: Policies, clock: Clock) -> None:
        self._reading = reading
        self._reporters = reporters
        self._pool = pool
        self._policies = policies
        self._clock = clock

    def file(self, case_id: str, staff: StaffMember) -> MediationFile:
        """Raises NotFound for a case that is none of the asker's, and for one that was never mediated; Forbidden."""
        history, version = self._reading.told(case_id, staff)
        named = members_in(history)
        people = self._pool.named(named) if named else {}
        told_by = list(dict.fromkeys(self._told_by(history, staff)))
        file = file_of(history, self._policies.of, people, told_by, self._clock.now())
        if file is None:
            raise NotFound()
        return file._replace(version=version)

    def _told_by(self, history: Sequence[CaseEvent], staff: StaffMember) -> Iterator[str]:
        reports = [event.data["report_id"] for event in history if "report_id" in event.data]
        for report in reports[:_MOST_NAMED]:
            try:
                shown = self._reporters.shown(self._reading.report(report, staff))
            except (Forbidden, NotFound):
                return
            if shown.name:
                yield shown.name
