"""Intake 先期受理: a report comes in, is placed, screened and routed, and opens a case or joins one.

One matter is one case, whichever sources tell of it (P2): a report joins the case that is certainly the same, and opens
one beside those that may be, for somebody to decide (`services.matching`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.domain.audit import UNSAID, Origin
from chalicelib.domain.cases import Case, replay
from chalicelib.domain.errors import (
    AlreadyKnown,
    DomainError,
    IdempotencyConflict,
    OpenedMeanwhile,
    StaleVersion,
    TemporarilyUnavailable,
    TrackingCodeTaken,
    UnknownArea,
    UnknownCategory,
)
from chalicelib.domain.masking import masked
from chalicelib.domain.procedure import Change, Circumstances, join, open_case
from chalicelib.domain.records import Identity
from chalicelib.domain.reports import Receipt, Report
from chalicelib.domain.screening import screen
from chalicelib.services.awake import awake
from chalicelib.services.duty import duty_at
from chalicelib.services.locating import place_among

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.domain.events import Actor
    from chalicelib.domain.grid import Area, Cell
    from chalicelib.domain.nearby import Near
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.screening import Screening
    from chalicelib.services.matching import Found, Matching, Sought
    from chalicelib.services.ports import CaseStore, Clock, Grid, Ids, PhoneIndex, Policies, Roster, Sealer

_ATTEMPTS = 5
_NEWEST_CASES = 20
_TRACKING_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{8}(?![0-9A-Za-z])")


class Intake:
    """Takes reports. What it acknowledges is stored; what is sent twice is taken once (always true 1, 2)."""

    def __init__(
        self,
        store: CaseStore,
        grid: Grid,
        roster: Roster,
        policies: Policies,
        sealer: Sealer,
        phones: PhoneIndex,
        matching: Matching,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._grid = grid
        self._roster = roster
        self._policies = policies
        self._policy = policies.current
        self._sealer = sealer
        self._phones = phones
        self._matching = matching
        self._clock = clock
        self._ids = ids

    def submit(self, report: Report, actor: Actor, correlation_id: str, source: str = UNSAID) -> Receipt:
        """Take a report: it joins the case of its matter or opens one; a repeat gets the answer of the first time.

        `source`: the address it comes from, for the audit.
        Raises IdempotencyConflict for a known message id with other content, OutsideDistrict, UnknownArea,
        UnknownCategory, UnknownAttachment, TemporarilyUnavailable.
        """
        try:
            if report.category is not None and report.category not in self._policy.categories:
                raise UnknownCategory("category")
            area, cells = self._place(report)
            return self._take(report, area, Origin(actor, source, correlation_id), cells)
        except DomainError as refused:
            known = self.answer_again(report) if not isinstance(refused, TemporarilyUnavailable) else None
            if known is None:
                raise
            return known

    def take_text(self, report: Report, actor: Actor, correlation_id: str, source: str = UNSAID) -> Receipt:
        """Take a text message: it joins its sender's open case, or is taken as any report. It cannot be refused.

        It joins the open case whose tracking code it names, or, unless it begins with the policy's word for a new
        matter, the newest open case if the last word on that is recent enough. What begins with that word joins no
        other case by itself either. A known message id with other content is kept as a report of its own, marked so.
        """
        by = Origin(actor, source, correlation_id)
        try:
            for case, through in self._matters_of(report):
                return self._join(case, report, by, through)
            return self._take(report, None, by, alone=self._wants_its_own(report))
        except AlreadyKnown:
            known = self._store.report(report.id)
            if known is not None and known.report.fingerprint != report.fingerprint and report.conflict_of is None:
                apart = f"{report.message_id}~{report.fingerprint[:12]}"
                twin = replace(report, message_id=apart, conflict_of=report.id)
                return self.take_text(twin, actor, correlation_id, source)
            again = self.answer_again(report)
            if again is None:
                raise
            return again

    def answer_again(self, report: Report) -> Receipt | None:
        """The answer this report got when it came first; None when it is new. Raises IdempotencyConflict."""
        known = self._store.report(report.id)
        if known is None:
            return None
        if known.report.fingerprint != report.fingerprint:
            raise IdempotencyConflict()
        case = replay(self._store.history(known.made_in or known.case_id, up_to=known.version))
        return self._receipt(case, report, joined=known.joined)

    def _take(
        self, report: Report, area: Area | None, by: Origin, cells: Sequence[Cell] = (), *, alone: bool = False
    ) -> Receipt:
        """Join the case of the same matter, or open one where nobody opened another since it was looked for.

        `alone`: it joins none. Where others open matters at the same place again and again, or keep changing the case,
        it is opened all the same, and lies where nobody is held against it but by hand: no report is lost.
        """
        screening = screen(report.text, report.category, report.urgency, self._policy)
        sought = self._matching.sought(report, screening.category, area, cells)
        found = self._matching.find(sought, alone=alone)
        for _ in range(self._matching.attempts):
            try:
                if found.joins is not None:
                    return self._joined(found.joins, report, by, screening, area)
                return self._opened(report, screening, area, by, sought, found)
            except (StaleVersion, OpenedMeanwhile, TrackingCodeTaken):
                found = self._matching.find(sought, alone=alone)
        for _ in range(_ATTEMPTS):
            try:
                return self._opened(report, screening, area, by, sought, found._replace(home=None))
            except TrackingCodeTaken:
                continue
        raise TemporarilyUnavailable()

    def _opened(
        self, report: Report, screening: Screening, area: Area | None, by: Origin, sought: Sought, found: Found
    ) -> Receipt:
        """Open a case. Raises TrackingCodeTaken, OpenedMeanwhile."""
        around = self._around(report, by, self._policy)
        case_id = self._ids.case_id(around.now)
        code = self._ids.tracking_code()
        change = open_case(case_id, code, report, screening, area, around, found.offers)
        home = found.home
        near = home.entered(case_id, sought.told, self._policy.same_matter) if home is not None else None
        self._record(change, report, by, new=True, near=near)
        return self._receipt(change.case, report, joined=False)

    def _joined(self, case: Case, report: Report, by: Origin, screening: Screening, area: Area | None) -> Receipt:
        """Join a case as it was read, which has of the report what it does not know yet. Raises StaleVersion."""
        around = self._around(report, by, self._policies.of(case.policy_version))
        change = join(case, report, around, screening=screening, area=area)
        self._record(change, report, by, new=False)
        return self._receipt(change.case, report, joined=True)

    def _join(self, case: Case, report: Report, by: Origin, through: str | None = None) -> Receipt:
        """Join an open case of its sender's, whatever else there is.

        `through`: the case that the report is told of, where that sleeps in this one.
        """
        for _ in range(_ATTEMPTS):
            change = join(case, report, self._around(report, by, self._policies.of(case.policy_version)), through)
            try:
                self._record(change, report, by, new=False)
            except StaleVersion:
                told_of = through or case.id
                current = awake(self._store.case(told_of), self._store)
                if current is None or not current.open:
                    return self._take(report, None, by, alone=self._wants_its_own(report))
                case, through = current, told_of if told_of != current.id else None
                continue
            return self._receipt(change.case, report, joined=True)
        raise TemporarilyUnavailable()

    def _record(self, change: Change, report: Report, by: Origin, *, new: bool, near: Near | None = None) -> None:
        who = report.reporter.kept
        identity = None
        if who.known:
            phone_hash = self._phones.hash_of(who.phone) if who.phone else None
            home = change.case.home_of(report.id)
            identity = Identity(self._sealer.seal(who, report.id), masked(who), phone_hash, home)
        self._store.record(change, report, identity, by.source, new=new, near=near)

    def _place(self, report: Report) -> tuple[Area | None, Sequence[Cell]]:
        """Where a report is about: the cell of its point, within the area it names if it names one; and the cells that
        were read with the point.

        The named area is the sender's word and wins where the point lies outside it (positions are often some metres
        off); a point outside the district is refused in any case.
        """
        named, day = None, self._policy.day_of(report.received_at)
        if report.area_code is not None:
            named = self._grid.area(report.area_code, day)
            if named is None:
                raise UnknownArea("area")
        if report.position is None:
            return named, ()
        cell, cells = place_among(report.position, day, self._grid, self._policy)
        return (named if named is not None and not cell.code.startswith(named.code) else cell), cells

    def _wants_its_own(self, report: Report) -> bool:
        return report.text.lstrip().startswith(self._policy.rules.sms_new_prefix)

    def _matters_of(self, report: Report) -> Iterator[tuple[Case, str | None]]:
        """The open case of the sender that a text belongs to, if any; and, where that is one which another sleeps in,
        the one that the sender knows.
        """
        if report.reporter.phone is None:
            return
        cases = self._store.cases_of(self._phones.hash_of(report.reporter.phone), _NEWEST_CASES)
        found = [(case, awake(case, self._store)) for case in cases]
        still_open = [(known, case) for known, case in found if case and case.open]
        named = {code.upper() for code in _TRACKING_CODE.findall(report.text)}
        wanted = [each for each in still_open if each[0].tracking_code in named]
        if still_open and not self._wants_its_own(report):
            newest = still_open[0]
            if self._clock.now() - newest[1].updated_at <= timedelta(seconds=self._policy.rules.sms_join_within):
                wanted.append(newest)
        yield from ((case, known.id if known is not case else None) for known, case in wanted)

    def _around(self, report: Report, by: Origin, policy: Policy) -> Circumstances:
        now = self._clock.now()
        duty = duty_at(now, self._roster, policy)
        return Circumstances(by.actor, now, policy, by.request, causation_id=report.id, on_duty=duty)

    def _receipt(self, case: Case, report: Report, *, joined: bool) -> Receipt:
        unit = self._policy.units.get(case.unit)
        return Receipt(
            report_id=report.id,
            case_id=case.id,
            joined=joined,
            tracking_code=case.code_of(report.id),
            state=case.state,
            kind=case.kind,
            category=case.category,
            area=case.area,
            unit_id=case.unit,
            unit_name=unit.zh if unit else case.unit,
            due_at=case.due_at,
            policy_version=case.policy_version,
            version=case.version,
        )
