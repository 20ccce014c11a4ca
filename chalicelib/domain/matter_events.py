"""What the events `matter.*` make of a case. Loaded when there is one.

Merging is an overlay (ADR 38): what sleeps keeps its state, its clocks and its reports as they stood; the case it
sleeps in has its reports too, until it is released.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.links import Absorbed, Links, Offer

if TYPE_CHECKING:
    from chalicelib.domain.cases import Apply, Case, Changes
    from chalicelib.domain.events import CaseEvent


class Moved(NamedTuple):
    """A report that belongs to another case from now on. `tracking_code`: a new one that its reporter is given."""

    report: str
    from_case: str
    to_case: str
    tracking_code: str | None = None


def moved(events: Iterable[CaseEvent]) -> Iterator[Moved]:
    """Which reports an act takes from one case to another: told of once, by the case that is awake all the time."""
    for event in events:
        facts = event.data
        match event.type:
            case E.MATTER_ABSORBED:
                places = facts["case"], event.subject, None
            case E.MATTER_RELEASED:
                places = event.subject, facts["case"], None
            case E.MATTER_SPLIT:
                places = event.subject, facts["child"], facts["child_code"]
            case _:
                continue
        yield from (Moved(report, *places) for report in facts["report_ids"])


def _offered(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    kept = case.links.without_offers([facts["case"]])
    offer = Offer(facts["case"], facts["score"], tuple(facts["why"]))
    return {"links": replace(kept, offers=(*kept.offers, offer))}


def _absorbed(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    came = tuple(map(Absorbed.from_told, facts["absorbed"]))
    links = case.links.without_offers(each.case for each in came)
    children = tuple(dict.fromkeys((*links.children, *facts["children"])))
    links = replace(links, absorbed=(*links.absorbed, *came), children=children)
    return {"links": links, "report_ids": (*case.report_ids, *facts["report_ids"])}


def _merged(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"links": replace(case.links.without_offers([facts["into"]]), merged_into=facts["into"])}


def _released(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    gone = {each.case for each in case.links.within(facts["case"])}
    links = replace(
        case.links,
        absorbed=tuple(each for each in case.links.absorbed if each.case not in gone),
        children=tuple(child for child in case.links.children if child not in facts["children"]),
    )
    return {"links": _apart(links, facts["case"]), "report_ids": _without(case, facts["report_ids"])}


def _unmerged(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    """It wakes as it stood, with what was told through it, and through what sleeps in it, meanwhile."""
    links, submitters = replace(case.links, merged_into=None), case.submitters
    for came in facts["came_through"]:
        if came["case"] == case.id:
            submitters = tuple(dict.fromkeys((*submitters, *came["submitters"])))
        links = links.told_through(came["case"], came["report_ids"], came["submitters"])
    reports = tuple(report for came in facts["came_through"] for report in came["report_ids"])
    return {
        "links": _apart(links, facts["from_case"]),
        "report_ids": (*case.report_ids, *reports),
        "submitters": submitters,
    }


def _split(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    links = replace(case.links, children=(*case.links.children, facts["child"]))
    return {"links": links, "report_ids": _without(case, facts["report_ids"])}


def _told_apart(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    """A petition that was registered as one that came before did not come before as that."""
    links = _apart(case.links.without_offers([facts["case"]]), facts["case"])
    if case.petition is None or case.petition.earlier != facts["case"]:
        return {"links": links}
    return {"links": links, "petition": replace(case.petition, earlier=None)}


def _apart(links: Links, case_id: str) -> Links:
    return replace(links, apart=tuple(dict.fromkeys((*links.apart, case_id))))


def _without(case: Case, reports: Iterable[str]) -> tuple[str, ...]:
    gone = set(reports)
    return tuple(report for report in case.report_ids if report not in gone)


APPLY: dict[str, Apply] = {
    E.MATTER_OFFERED: _offered,
    E.MATTER_ABSORBED: _absorbed,
    E.MATTER_MERGED: _merged,
    E.MATTER_RELEASED: _released,
    E.MATTER_UNMERGED: _unmerged,
    E.MATTER_SPLIT: _split,
    E.MATTER_TOLD_APART: _told_apart,
}
