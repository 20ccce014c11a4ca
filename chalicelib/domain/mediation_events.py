"""What the events `mediation.*` make of a case. Loaded when there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain import mediations as M
from chalicelib.domain.invited import COMING, TOOK_PART
from chalicelib.domain.mediations import Mediation

if TYPE_CHECKING:
    from chalicelib.domain.cases import Apply, Case, Changes
    from chalicelib.domain.events import CaseEvent


def _opened(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    before = case.mediation or Mediation()
    return {
        "mediation": replace(
            before,
            attempt=facts["attempt"],
            tried=facts["tried"],
            state=M.OPENED,
            opened_on=facts["on"],
            docking=facts.get("docking"),
            applied_by=facts.get("party"),
            consents=(),
            sessions=0,
            last_session_on=None,
            other_ways=(),
        )
    }


def _consented(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    known = _known(case)
    return {"mediation": replace(known, consents=(*known.consents, facts["party"]))}


def _session_held(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    there = facts["members"]
    invited = tuple(
        each._replace(state=TOOK_PART) if each.member in there and each.state == COMING else each
        for each in case.invited
    )
    held = replace(_known(case), sessions=facts["session"], last_session_on=facts["on"])
    return {"mediation": held, "invited": invited}


def _agreed(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    """Until when more time was asked for says nothing any more: while it is performed, time stands still."""
    agreed = replace(
        _known(case),
        state=M.AGREED,
        form=facts["form"],
        number=facts.get("number"),
        effective_on=facts["on"],
        perform_on=facts["until"],
        confirmation=None,
        court=None,
        applied_on=None,
        accepted_on=None,
    )
    return {"mediation": agreed, "extension": None}


def _unchanged(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {}


def _applied(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    known = replace(_known(case), confirmation=M.APPLIED, court=facts["court"], applied_on=facts["on"])
    return {"mediation": known}


def _accepted(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"mediation": replace(_known(case), confirmation=M.ACCEPTED, accepted_on=facts["on"])}


def _ruled(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return {"mediation": replace(_known(case), confirmation=facts["ruling"])}


def _performed(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    state = M.PERFORMED if facts["performed"] == M.FULLY else M.UNPERFORMED
    return {"mediation": replace(_known(case), state=state, other_ways=tuple(facts.get("other_ways", ())))}


def _ended(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    ways = tuple(facts.get("other_ways", ()))
    return {"mediation": replace(_known(case), state=facts["outcome"], other_ways=ways)}


def _known(case: Case) -> Mediation:
    assert case.mediation is not None
    return case.mediation


APPLY: dict[str, Apply] = {
    E.MEDIATION_OPENED: _opened,
    E.MEDIATION_CONSENTED: _consented,
    E.MEDIATION_SESSION_HELD: _session_held,
    E.MEDIATION_AGREED: _agreed,
    E.MEDIATION_VISIT_PLANNED: _unchanged,
    E.MEDIATION_CONFIRMATION_APPLIED: _applied,
    E.MEDIATION_CONFIRMATION_ACCEPTED: _accepted,
    E.MEDIATION_RULED: _ruled,
    E.MEDIATION_PERFORMED: _performed,
    E.MEDIATION_ENDED: _ended,
}
