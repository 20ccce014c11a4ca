"""What the events `matter.*` make of a case. Loaded when there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.links import Offer

if TYPE_CHECKING:
    from chalicelib.domain.cases import Apply, Case, Changes
    from chalicelib.domain.events import CaseEvent


def _offered(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    kept = tuple(offer for offer in case.links.offers if offer.case != facts["case"])
    offer = Offer(facts["case"], facts["score"], tuple(facts["why"]))
    return {"links": replace(case.links, offers=(*kept, offer))}


APPLY: dict[str, Apply] = {E.MATTER_OFFERED: _offered}
