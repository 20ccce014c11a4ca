"""Retention: what is kept no longer than the policy says (个人信息保护法 art. 19), found by the month it came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.audit import IDENTITY_EXPIRED, REFUSED_EXPIRED, About, Origin

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.records import Kept
    from chalicelib.services.audit import Audit
    from chalicelib.services.ports import Clock, Vault

IDENTITY, REFUSED = "identity", "refused"
_FIRST_YEAR = 2026
"""Nothing was kept before."""

_AT_ONCE = 100


class Expired(NamedTuple):
    """Something whose time is over: an identity by its report, or a refused message by its place."""

    kind: str
    name: str
    came_at: datetime
    case: str | None = None


class Retention:
    def __init__(self, vault: Vault, audit: Audit, policy: Policy, clock: Clock) -> None:
        self._vault = vault
        self._audit = audit
        self._policy = policy
        self._clock = clock

    def run(self, by: Origin | None) -> Iterator[Expired]:
        """Everything whose time is over, oldest first; deleted on the way, for `by`, or only told of without one.

        An identity's time begins when its case is closed, or the one that it sleeps in: open cases keep theirs.
        Interrupted, it goes on when it is run again. Raises TemporarilyUnavailable.
        """
        now = self._clock.now()
        for month in _months(now):
            kept = iter(self._vault.kept_of(month))
            while some := list(islice(kept, _AT_ONCE)):
                yield from self._expired(some, now, by)

    def _expired(self, some: Sequence[Kept], now: datetime, by: Origin | None) -> Iterator[Expired]:
        rules = self._policy.rules
        identities_until = now - timedelta(seconds=rules.identity_retention)
        refused_until = now - timedelta(seconds=rules.refused_retention)
        told = [each for each in some if each.case_id and each.came_at <= identities_until]
        reports = self._vault.reports([each.name for each in told])
        cases = self._vault.cases([known.case_id for known in reports.values()])
        for each in told:
            known = reports.get(
                each.name
            )  # the case it belongs to now: it may have been merged, or split from the first
            case = cases.get(known.case_id) if known else None
            if case is not None and _closed_before(case, identities_until):
                expired = Expired(IDENTITY, each.name, each.came_at, case.id)
                if by:
                    self._forget(expired, case, by)
                yield expired
        for each in some:
            if each.case_id is None and each.came_at <= refused_until:
                if by:
                    self._vault.drop_refused(each, self._audit.entry(REFUSED_EXPIRED, by, thing=each.name))
                yield Expired(REFUSED, each.name, each.came_at)

    def _forget(self, expired: Expired, case: Case, by: Origin) -> None:
        identity = self._vault.identity(expired.name)
        if identity is None:
            return  # somebody else was at it
        if identity.phone_hash:
            for known_as in dict.fromkeys((identity.case_id, case.id)):
                self._vault.unlink(
                    identity.phone_hash, known_as
                )  # first: without the identity nobody would find it again
        about: About = {"case": case.id, "report": expired.name, "person": identity.phone_hash}
        self._vault.forget(expired.name, self._clock.now(), self._audit.entry(IDENTITY_EXPIRED, by, **about))


def _closed_before(case: Case, moment: datetime) -> bool:
    """Nothing changes a closed case any more, so that its last change is its closing."""
    return not case.open and case.updated_at <= moment


def _months(until: datetime) -> Iterator[str]:
    last = until.astimezone(UTC)
    for year in range(_FIRST_YEAR, last.year + 1):
        for month in range(1, 13):
            if (year, month) <= (last.year, last.month):
                yield f"{year}-{month:02d}"
