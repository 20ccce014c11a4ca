"""Which running cases go by another version than they shall, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from infra.policy.stranding import Reason, missing

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.policy import Policy
    from chalicelib.services.ports import Policies


class Migration(NamedTuple):
    """A case that is to go by another version. `lacks`: what that version has not for it; it is screened again then."""

    case: Case
    lacks: tuple[Reason, ...]


def plan(cases: Iterable[Case], to: Policy, policies: Policies, *, only_stranded: bool = False) -> list[Migration]:
    """The open ones of these cases that do not go by a version yet, by id; `only_stranded`: that it strands."""
    found = (
        Migration(case, tuple(missing(case, to, policies.of(case.policy_version))))
        for case in cases
        if case.open and case.policy_version != to.version
    )
    return sorted((each for each in found if each.lacks or not only_stranded), key=lambda each: each.case.id)
