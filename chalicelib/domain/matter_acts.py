"""What the acts `matter-*` do: two cases become one, one becomes two, and what was put together wrongly is put apart.

Loaded when one is done. They change two cases at once: the one that is acted on, and the other beside it (ADR 38).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.accused import accused_of
from chalicelib.domain.acts import also
from chalicelib.domain.cases import ASSIGNED, CLOSED, SCREENING
from chalicelib.domain.errors import CaseMerged, InvalidField, MatterRefused
from chalicelib.domain.links import MOST_DEPTH, Absorbed
from chalicelib.domain.screening import URGENCIES
from chalicelib.domain.steps import area_facts, assign_by_rule, classified, desk_of, enter

if TYPE_CHECKING:
    from chalicelib.domain.acts import Act, Particulars
    from chalicelib.domain.cases import Case
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.links import Offer
    from chalicelib.domain.policy import Action, Policy
    from chalicelib.domain.telling import Telling

MOST_AT_ONCE = 60
"""Reports that go from one case to another in one act: each has a row that is written with the cases, in one
transaction.
"""
MOST_ABSORBED = 50
"""Cases that may sleep in one, those that sleep in them included."""


def check_mergeable(case: Case, other: Case, policy: Policy) -> None:
    """Whether two cases may be one, as a policy sees their kinds.

    Never a case with itself; both are awake and open, so that none is ever merged in a circle; none of them is
    confidential unless both are, of one kind and entrusted to one unit; and petitions accuse the same units, or what is
    told of one would reach whom another accuses (信访工作条例 art. 30). Parents and children may: so a split is undone.
    Raises InvalidField, CaseMerged, MatterRefused.
    """
    if case.id == other.id:
        raise InvalidField("other", "same-case")
    if other.asleep:
        raise CaseMerged("other", into=other.links.merged_into)
    if CLOSED in (case.state, other.state):
        raise MatterRefused("other", code="matter-closed")
    if _secrecy(case.kind, policy) != _secrecy(other.kind, policy):
        raise MatterRefused("other", code="matter-confidential")
    if set(accused_of(case)) != set(accused_of(other)):
        raise MatterRefused("other", code="petitions-differ")


def answers_given(history: Iterable[CaseEvent], report_ids: Iterable[str]) -> tuple[dict[str, str], ...]:
    """What reports of a case were answered: in which event, when, and in which words."""
    wanted = set(report_ids)
    return tuple(
        {"event": event.id, "at": event.time.isoformat(), "note": event.data.get("note") or ""}
        for event in history
        if event.type == E.CASE_RESOLVED and not wanted.isdisjoint(event.data["report_ids"])
    )


def _merge(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """The older stays awake; the other sleeps in it, and its reports are there too."""
    case, other = telling.known, _other(said)
    check_mergeable(case, other, telling.around.policy)
    offer = case.links.offered(other.id) or other.links.offered(case.id)
    if offer is None and not said.reason:
        raise InvalidField("reason", "field-required")
    kept, sleeps = sorted((case, other), key=lambda each: each.id)
    came = (_as_absorbed(sleeps, kept), *sleeps.links.absorbed)
    _check_size(kept, sleeps, came)
    beside = telling.beside(other, other.id)
    awake, asleep = (telling, beside) if kept is case else (beside, telling)
    grounds = _grounds(said, offer)
    awake.tell(
        E.MATTER_ABSORBED,
        case=sleeps.id,
        report_ids=list(sleeps.report_ids),
        absorbed=[each.told for each in came],
        children=list(sleeps.links.children),
        **grounds,
        **(also(said) if awake is telling else {}),
    )
    asleep.tell(
        E.MATTER_MERGED,
        into=kept.id,
        unit=sleeps.unit,
        **grounds,
        **(also(said) if asleep is telling else {}),
    )


def _unmerge(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """What sleeps wakes as it stood, with its reports and those that came through it since."""
    case, other = telling.known, _other(said)
    kept, sleeps = (other, case) if case.asleep else (case, other)
    if sleeps.links.merged_into != kept.id:
        raise InvalidField("other", "not-merged")
    if kept.asleep:
        raise CaseMerged("other", into=kept.links.merged_into)
    came = kept.links.within(sleeps.id)
    beside = telling.beside(other, other.id)
    awake, asleep = (telling, beside) if kept is case else (beside, telling)
    awake.tell(
        E.MATTER_RELEASED,
        case=sleeps.id,
        report_ids=[report for each in came for report in each.report_ids],
        children=list(sleeps.links.children),
        reason=said.reason,
        **(also(said) if awake is telling else {}),
    )
    asleep.tell(
        E.MATTER_UNMERGED,
        from_case=kept.id,
        unit=sleeps.unit,
        came_through=list(_since(came, (_as_absorbed(sleeps, kept), *sleeps.links.absorbed))),
        answers=list(said.answers),
        reason=said.reason,
        **(also(said) if asleep is telling else {}),
    )


def _split(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Some of its reports tell of something else: that is a case of its own, which hangs together with this one.

    What was told of whom a petition accuses may be told with any of its reports: it accuses them too, from the first.
    """
    case, policy = telling.known, telling.around.policy
    own = set(case.report_ids) - case.links.foreign
    for place, report in enumerate(said.report_ids):
        if report not in own:
            raise InvalidField(f"report_ids[{place}]", "not-its-report")
    if len(own) == len(said.report_ids):
        raise InvalidField("report_ids", "no-report-left")
    if len(said.report_ids) > MOST_AT_ONCE:
        raise MatterRefused("report_ids", code="matter-too-large", limit=MOST_AT_ONCE)
    category = policy.categories[said.category or ""]
    if _secrecy(case.kind, policy) not in (None, _secrecy(category.kind, policy)):
        raise MatterRefused("category", code="matter-confidential")
    assert said.child is not None
    first, *others = said.report_ids
    child = telling.beside(None, said.child[0])
    staff = (report.submitted_by for report in said.reports if report.submitted_by)
    child.tell(
        E.CASE_REPORTED,
        report_id=first,
        **({"and_reports": others} if others else {}),
        source=said.reports[0].source,
        urgency=case.urgency,
        tracking_code=said.child[1],
        split_from=case.id,
        received_at=min(report.received_at for report in said.reports).isoformat(),
        submitters=list(dict.fromkeys(staff)),
        **({"accused": accused} if (accused := list(accused_of(case))) else {}),
    )
    child.tell(
        E.CASE_CLASSIFIED,
        **classified(child.known, category.id, max(case.urgency, category.urgency, key=URGENCIES.index), policy),
        area=area_facts(said.area or case.area),
        chosen_by="staff",
        words=[],
    )
    if child.known.area is None:
        enter(child, E.CASE_SENT_TO_SCREENING, SCREENING, unit=desk_of(child.known, policy), why="no-place")
    else:
        assign_by_rule(child, ASSIGNED, None)
    telling.tell(
        E.MATTER_SPLIT,
        child=child.known.id,
        child_code=child.known.tracking_code,
        report_ids=list(said.report_ids),
        category=category.id,
        note=said.note,
        **also(said),
    )


def _not_same(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Somebody looked: what was offered is another matter. Neither is offered to the other again.

    Of two petitions that accuse others, the other is not told: whoever handles it may be whom this one accuses.
    """
    case, other = telling.known, _other(said)
    if case.links.offered(other.id) is None:
        raise InvalidField("other", "not-offered")
    reason = {"reason": said.reason} if said.reason else {}
    telling.tell(E.MATTER_TOLD_APART, case=other.id, **reason, **also(said))
    if not other.asleep and case.id not in other.links.apart and set(accused_of(case)) == set(accused_of(other)):
        telling.beside(other, other.id).tell(E.MATTER_TOLD_APART, case=case.id, **reason)


def _other(said: Particulars) -> Case:
    assert said.other is not None
    return said.other


def _as_absorbed(case: Case, into: Case) -> Absorbed:
    """A case as it sleeps in another: with its own reports; those of what sleeps in itself stand beside it."""
    foreign = case.links.foreign
    own = tuple(report for report in case.report_ids if report not in foreign)
    return Absorbed(case.id, own, case.tracking_code, into.id, case.submitters)


def _since(now: Iterable[Absorbed], before: Iterable[Absorbed]) -> Iterable[dict[str, Any]]:
    """What came through each of these cases since they were merged."""
    known = {each.case: each for each in before}
    for each in now:
        was = known[each.case]
        reports = [report for report in each.report_ids if report not in was.report_ids]
        if reports:
            staff = [by for by in each.submitters if by not in was.submitters]
            yield {"case": each.case, "report_ids": reports, "submitters": staff}


def _check_size(kept: Case, sleeps: Case, came: Sequence[Absorbed]) -> None:
    if len(sleeps.report_ids) > MOST_AT_ONCE:
        raise MatterRefused("other", code="matter-too-large", limit=MOST_AT_ONCE)
    if len(kept.links.absorbed) + len(came) > MOST_ABSORBED:
        raise MatterRefused("other", code="matter-too-large", limit=MOST_ABSORBED)
    depth = {kept.id: 0}
    for each in came:  # who sleeps in another stands behind it
        depth[each.case] = depth[each.into] + 1
    if max(depth.values()) > MOST_DEPTH:
        raise MatterRefused("other", code="matter-too-large", limit=MOST_DEPTH)


def _grounds(said: Particulars, offer: Offer | None) -> dict[str, Any]:
    """Why it is one matter: what somebody says, and what was found where it was offered."""
    found = {"score": offer.score, "why": list(offer.why)} if offer else {}
    return {**({"reason": said.reason} if said.reason else {}), **found}


def _secrecy(kind: str | None, policy: Policy) -> tuple[str, str | None] | None:
    """What a confidential kind has in common with another only if it is the same. One the pack no longer has is one."""
    known = policy.kinds.get(kind or "")
    if kind is None or (known is not None and not known.confidential):
        return None
    return kind, known.confidential_to if known else None


def _is_absorbing(case: Case) -> bool:
    return case.asleep or bool(case.links.absorbed)


def _is_offered(case: Case) -> bool:
    return bool(case.links.offers)


def _has_several(case: Case) -> bool:
    return len(case.report_ids) - len(case.links.foreign) > 1


ACTS: dict[str, Act] = {
    "matter-merge": _merge,
    "matter-not-same": _not_same,
    "matter-unmerge": _unmerge,
    "matter-split": _split,
}
POSSIBLE: dict[str, Callable[[Case], bool]] = {
    "matter-not-same": _is_offered,
    "matter-unmerge": _is_absorbing,
    "matter-split": _has_several,
}
"""By act: whether a case has what the act is about; an act that is not named always has."""
LEADS: frozenset[str] = frozenset()
"""Acts after which the case is in the state that `to` names."""
ENDS: frozenset[str] = frozenset()
"""Acts that close the case."""
MEETS: frozenset[str] = frozenset()
"""Acts that may meet a clock, as those of its `met_by`."""
BEGINS: frozenset[str] = frozenset()
"""Acts that may begin a clock, as those of its `begun_by`."""
NEEDS: dict[str, tuple[str, ...]] = {
    "matter-merge": ("other",),
    "matter-not-same": ("other",),
    "matter-unmerge": ("other", "reason"),
    "matter-split": ("report_ids", "category", "note"),
}
"""What must be said with an act, and so be among the `requires` of its actions."""
