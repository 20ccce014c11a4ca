"""Matching: which cases may tell of the same matter as a report, and what follows from it (P2, ADR 37)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.accused import accused_of
from chalicelib.domain.cases import CLOSED
from chalicelib.domain.errors import Forbidden, Hidden, NotFound
from chalicelib.domain.links import Likely
from chalicelib.domain.matter_features import Told, features
from chalicelib.domain.nearby import Candidate, candidates, compounds_beside, home_of, places_around
from chalicelib.domain.people import holds, may_see
from chalicelib.services.awake import seen_by

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.grid import Area, Cell
    from chalicelib.domain.nearby import Near
    from chalicelib.domain.people import StaffMember
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.reports import Report
    from chalicelib.services.ports import CaseStore, Clock, Grid, Policies

_MOST_READ = 8
"""Candidates whose cases are read: of more, the least likely are left out."""
_HOPS = 5
_NO_MATTER = ("withdrawn", "voided")
"""Outcomes of what was none: told again, it is looked at anew."""


class Sought(NamedTuple):
    """A matter that others are sought for: what was told of it, where it lies itself, and where the others may."""

    told: Told
    home: str | None
    places: Sequence[str]
    confidential: bool


class Found(NamedTuple):
    """What there is: the case that a report joins by itself, those offered, and what lies at home as it was read."""

    joins: Case | None
    offers: tuple[Likely, ...]
    home: Near | None


class Placing(NamedTuple):
    """What is offered with a case, and what lies at places with it, or without it."""

    offers: tuple[Likely, ...]
    near: Sequence[Near]


class Standing(NamedTuple):
    """A candidate as it stands, awake: of one that was merged, the case it is in."""

    case: Case
    candidate: Candidate

    @property
    def likely(self) -> Likely:
        score = self.candidate.score
        return Likely(self.case.id, score.value, score.why, accused_of(self.case))


class Matching:
    def __init__(self, store: CaseStore, grid: Grid, policies: Policies, clock: Clock) -> None:
        self._store = store
        self._grid = grid
        self._clock = clock
        self._policy: Policy = policies.current
        self._rules = policies.current.same_matter

    @property
    def attempts(self) -> int:
        return self._rules.attempts

    def sought(self, report: Report, category: str | None, area: Area | None, beside: Iterable[Cell]) -> Sought:
        """What a report tells, for others to be compared with. `beside`: the cells that were read with its position.

        The names of compounds and communities are looked for in what it says.
        """
        rules, policy = self._rules, self._policy
        gazetteer = self._grid.gazetteer(policy.day_of(report.received_at))
        said = f"{report.address} {report.text}" if report.address else report.text
        names = gazetteer.found(said)
        marks, gist = features(report.text, report.address, names, rules)
        known = policy.categories.get(category or "")
        point = (report.position.lat, report.position.lon) if report.position else None
        code = gazetteer.home(names, area.code if area else "")
        told = Told(
            at=int(report.told_at.timestamp()),
            kind=known.kind if known else None,
            category=known.id if known else None,
            area=code,
            point=point,
            source=report.source,
            marks=marks,
            gist=gist,
        )
        confidential = self._confidential(told.kind)
        near = compounds_beside(point, beside, rules.neighbour_metres) if point else ()
        parts = gazetteer.parts.get(code[:12], ())
        places = places_around(code, near, parts, rules.most_rows, confidential=confidential)
        return Sought(told, home_of(code, confidential=confidential), places, confidential)

    def find(self, sought: Sought, *, alone: bool = False, without: str = "") -> Found:
        """Look for the same matter: one read of what lies there, and one of the cases that may be it.

        `alone`: whoever told of it wants a case of its own. `without`: the case itself, where it has one.
        """
        lying = self._store.near(sought.places)
        home = next((near for near in lying if near.place == sought.home), None)
        standing = self.standing(sought, lying, without)
        joins = None if alone or sought.confidential else self._joined(standing)
        likely = (each for each in standing if each.case.open and without not in each.case.links.apart)
        offers = tuple(each.likely for each in likely)
        return Found(joins, offers[: self._rules.most_offers], home)

    def placing(self, case: Case, category: str | None, area: Area | None) -> Placing:
        """What follows from screening a case: which others are offered with it, and where it lies from then on.

        By its first report. Where it lay before it lies no more: what turns out to be confidential least of all.
        """
        known = self._store.report(case.report_ids[0]) if case.report_ids else None
        if known is None:
            return Placing((), ())
        before = self.sought(known.report, case.category, case.area, ())
        sought = self.sought(known.report, category, area, ())
        found = self.find(sought, alone=True, without=case.id)
        near = [found.home.entered(case.id, sought.told, self._rules)] if found.home is not None else []
        if before.home is not None and before.home != sought.home:
            near += [lay.without(case.id) for lay in self._store.near([before.home]) if lay.has(case.id)]
        return Placing(found.offers, near)

    def candidates(self, case_id: str, staff: StaffMember) -> list[Standing]:
        """What may be the same matter as a case, looked for anew by its first report, the likeliest first.

        Whether open or not, but for what somebody told apart, and what the asker may not see. Raises NotFound,
        Forbidden.
        """
        policy = self._policy
        if not holds(staff, "case.merge", policy):
            raise Forbidden()
        case = self._store.case(case_id)
        if case is None:
            raise NotFound()
        if not seen_by(staff, case, self._store, policy):
            raise Hidden(case=case_id)
        known = self._store.report(case.report_ids[0]) if case.report_ids else None
        if known is None:
            return []
        report, day = known.report, policy.day_of(known.report.received_at)
        point = report.position
        beside = self._grid.cells_near(point.lat, point.lon, day) if point else ()
        sought = self.sought(report, case.category, case.area, beside)
        standing = self.standing(sought, self._store.near(sought.places), case.id)
        decided = {*case.links.apart, *(each.case for each in case.links.absorbed)}
        left = (each for each in standing if each.case.id not in decided and case.id not in each.case.links.apart)
        return [each for each in left if may_see(staff, each.case, policy)]

    def standing(self, sought: Sought, lying: Sequence[Near], without: str = "") -> list[Standing]:
        """The candidates among what lies there, each once, the likeliest first; never across confidentiality."""
        found = [each for each in candidates(sought.told, lying, self._rules) if each.case_id != without]
        found = found[:_MOST_READ]
        cases = dict(self._store.cases([each.case_id for each in found])) if found else {}
        standing: dict[str, Standing] = {}
        for each in found:
            case = self._awake(each.case_id, cases)
            if case is None or case.id in (without, *standing) or self._confidential(case.kind) != sought.confidential:
                continue
            standing[case.id] = Standing(case, each)
        return list(standing.values())

    def _awake(self, case_id: str, cases: dict[str, Case]) -> Case | None:
        """The case, or the one it sleeps in; None for one that is not there."""
        for _ in range(_HOPS):
            case = cases.get(case_id)
            if case is None or case.links.merged_into is None:
                return case
            case_id = case.links.merged_into
            if case_id not in cases:
                cases.update(self._store.cases([case_id]))
        return None

    def _joined(self, standing: Sequence[Standing]) -> Case | None:
        """The case that is certainly the same: an open one, else one that was closed not long ago."""
        certain = [each.case for each in standing if each.candidate.score.value >= self._rules.automatic]
        still_open = next((case for case in certain if case.open), None)
        return still_open or next((case for case in certain if self._reopens(case)), None)

    def _reopens(self, case: Case) -> bool:
        within = timedelta(seconds=self._rules.reopen_within)
        return case.state == CLOSED and case.outcome not in _NO_MATTER and self._clock.now() - case.updated_at <= within

    def _confidential(self, kind: str | None) -> bool:
        known = self._policy.kinds.get(kind or "")
        return kind is not None and (known is None or known.confidential)
