"""What the events `petition.*` make of a case. Loaded when there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.cases import ASKED, Joint
from chalicelib.domain.petitions import Opinion, Petition

if TYPE_CHECKING:
    from chalicelib.domain.cases import Apply, Case, Changes
    from chalicelib.domain.events import CaseEvent

Facts = Mapping[str, Any]


def _registered(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    """Whoever registers it may be accused itself: another unit has it then, and is its desk."""
    said = {name: facts[name] for name in ("people", "representatives", "named")}
    accused, earlier = tuple(facts["accused"]), facts.get("earlier")
    return {"lead": facts["unit"], "desk": facts["desk"], **_with(case, **said, accused=accused, earlier=earlier)}


def _card_changed(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return _with(case, card=facts["card"])


def _unchanged(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return {}


def _directed(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return {"answer": facts["note"], **_with(case, way=facts["way"])}


def _declined(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return {"answer": facts["note"], **_with(case, ground=facts["ground"], earlier=facts.get("other"))}


def _passed_on(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return {
        "lead": facts["unit"],
        "returned_by": None,
        "joints": tuple(Joint(unit, ASKED) for unit in facts.get("asked", ())),
    }


def _accepted(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return _with(case, way=facts["way"])


def _referred(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return _with(case, decider=facts["approver"])


def _decided(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    """Who was asked and agreed goes on with it, where he still is to join."""
    known = {joint.unit: joint for joint in case.joints if joint.open}
    joints = tuple(known.get(unit) or Joint(unit, ASKED) for unit in facts["joint_units"])
    extension = case.extension if facts["unit"] == case.lead else None
    return {"lead": facts["unit"], "joints": joints, "extension": extension, **_with(case, decider=None)}


def _answered(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    told = Opinion(facts["stage"], facts["unit"], facts["opinion"], facts["day"])
    opinions = (*_petition(case).opinions, told)
    return {"answer": facts["note"], "extension": None, **_with(case, opinions=opinions, decider=None)}


def _delivered(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return _back(facts)


def _review_asked(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    """Another body looks at it, alone."""
    return {
        "lead": facts["unit"],
        "joints": (),
        "extension": None,
        **_back(facts),
        **_with(case, level=facts["stage"]),
    }


def _back(facts: Facts) -> Changes:
    """It has not ended where it was found that the window which ended it is not over, or was asked in before."""
    return {"outcome": None} if "closed_as" in facts else {}


def _heard(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return _with(case, hearings=tuple(sorted({*_petition(case).hearings, *facts["days"]})))


def _leader_named(case: Case, event: CaseEvent, facts: Facts) -> Changes:
    return _with(case, leader=facts["leader"])


APPLY: dict[str, Apply] = {
    E.PETITION_REGISTERED: _registered,
    E.PETITION_CARD_CHANGED: _card_changed,
    E.PETITION_CARD_EXAMINED: _unchanged,
    E.PETITION_DIRECTED: _directed,
    E.PETITION_DECLINED: _declined,
    E.PETITION_PASSED_ON: _passed_on,
    E.PETITION_ACCEPTED: _accepted,
    E.PETITION_REFERRED: _referred,
    E.PETITION_DECIDED: _decided,
    E.PETITION_ANSWERED: _answered,
    E.PETITION_DELIVERED: _delivered,
    E.PETITION_REVIEW_ASKED: _review_asked,
    E.PETITION_HEARD: _heard,
    E.PETITION_LEADER_NAMED: _leader_named,
}


def _petition(case: Case) -> Petition:
    return case.petition or Petition()


def _with(case: Case, **changes: Any) -> Changes:
    return {"petition": replace(_petition(case), **changes)}
