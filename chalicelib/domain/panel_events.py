"""What the events `panel.*` make of a case. Loaded when there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.invited import ASKED, AVOIDS, COMING, DECLINED, TOOK_PART, Invited

if TYPE_CHECKING:
    from chalicelib.domain.cases import Apply, Case, Changes
    from chalicelib.domain.events import CaseEvent


def _invited(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    """Whoever declined before is asked again."""
    asked = {each["member"]: Invited(each["member"], each["role"], ASKED) for each in facts["members"]}
    return {"invited": (*(each for each in case.invited if each.member not in asked), *asked.values())}


def _answered(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return _with_state(case, facts["members"], COMING if facts["coming"] else DECLINED)


def _avoided(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    """Also somebody who was not asked: so that he or she never will be."""
    avoiding = {each["member"]: Invited(each["member"], each["role"], AVOIDS) for each in facts["members"]}
    return {"invited": (*(each for each in case.invited if each.member not in avoiding), *avoiding.values())}


def _took_part(case: Case, event: CaseEvent, facts: Mapping[str, Any]) -> Changes:
    return _with_state(case, facts["members"], TOOK_PART)


def _with_state(case: Case, members: list[str], state: str) -> Changes:
    return {"invited": tuple(each._replace(state=state) if each.member in members else each for each in case.invited)}


APPLY: dict[str, Apply] = {
    E.PANEL_INVITED: _invited,
    E.PANEL_ANSWERED: _answered,
    E.PANEL_AVOIDED: _avoided,
    E.PANEL_TOOK_PART: _took_part,
}
