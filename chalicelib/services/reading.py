"""Reading: what staff and residents may see of cases, within their part (always true 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.errors import Forbidden, Hidden, InvalidField, NotFound
from chalicelib.domain.grid import level_of
from chalicelib.domain.links import NO_LINKS, Links
from chalicelib.domain.people import StaffMember, holds, may_list, may_read_queue
from chalicelib.domain.records import CaseSummary, KnownReport, Page
from chalicelib.domain.reports import report_id
from chalicelib.services.awake import accuses, awake, seen_by
from chalicelib.services.listing import seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.domain.cases import Case
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.explaining import Explained
    from chalicelib.services.listing import Read, Start
    from chalicelib.services.ports import CaseStore, Policies


@dataclass(frozen=True, slots=True)
class PublicStep:
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class PublicCase:
    """What anybody who knows a tracking code may know: no person, no place below the community, no free text.

    `state_zh`, `category_zh`: in the words of the version that the case goes by.
    """

    tracking_code: str
    version: int
    state: str
    kind: str | None
    category: str | None
    community: str | None
    updated_at: datetime
    steps: tuple[PublicStep, ...]
    state_zh: str
    category_zh: str | None


_PUBLIC_STEPS = {
    E.CASE_REPORTED: "已收到 received",
    E.CASE_JOINED: "收到补充反映 further report received",
    E.CASE_SENT_TO_SCREENING: "正在甄别 being screened",
    E.CASE_ASSIGNED: "已交办 assigned",
    E.CASE_ACCEPTED: "正在处置 being handled",
    E.CASE_RETURNED: "重新甄别 being screened again",
    E.CASE_RETURN_REJECTED: "已交办 assigned",
    E.CASE_TRANSFERRED: "已流转 passed on",
    E.CASE_ESCALATED: "已上报上级办理 passed up",
    E.CASE_DELEGATED: "已下派办理 passed down",
    E.CASE_SUSPENDED: "暂缓办理 suspended",
    E.CASE_RESUMED: "恢复办理 resumed",
    E.EXTENSION_APPROVED: "已延期 extended",
    E.CASE_FINISHED: "正在核查 being verified",
    E.CASE_SENT_BACK: "正在处置 being handled",
    E.CASE_RESOLVED: "处置完毕 settled",
    E.CASE_EVALUATED: "已评价 evaluated",
    E.CASE_WITHDRAWN: "已撤回 withdrawn",
    E.CASE_VOIDED: "已作废 void",
    E.VISIT_RECORDED: "已回访 visited",
    E.CASE_REOPEN_REQUESTED: "申请重办 reopening requested",
    E.CASE_REOPENED: "重新办理 reopened",
    E.CASE_REOPEN_DECLINED: "不予重办 reopening declined",
    E.CASE_CLOSED: "已办结 closed",
    E.MEDIATION_OPENED: "正在调解 being mediated",
    E.MEDIATION_AGREED: "已达成调解协议 agreement reached",
    E.MEDIATION_PERFORMED: "已回访协议履行情况 performance visited",
    E.MATTER_ABSORBED: "与同一事项合并办理 handled together with another report of the same matter",
    E.PETITION_REGISTERED: "已登记 registered",
    E.PETITION_PASSED_ON: "已转送有权处理的机关 passed on",
    E.PETITION_ACCEPTED: "已受理 accepted",
    E.PETITION_DIRECTED: "已告知其他法定途径 directed to another way",
    E.PETITION_DECLINED: "不予受理 not accepted",
    E.PETITION_ANSWERED: "已作出书面答复 answered in writing",
    E.PETITION_DELIVERED: "已登记答复送达 receipt of the answer noted",
    E.PETITION_REVIEW_ASKED: "已申请复查、复核 review asked for",
}


class History(NamedTuple):
    """What somebody reads of a case's history, and the version that the case is at."""

    events: list[CaseEvent]
    version: int


_OF_OTHERS = frozenset({E.MATTER_OFFERED, E.MATTER_TOLD_APART})
"""Events that name another case which somebody may not see who sees this one."""

_NONE = ""
"""No case. It is looked for where what is asked for does not exist: to find nothing takes as long as to be refused."""

_WITH_VISITS = frozenset({"community", "compound", "cell"})


class Reading:
    def __init__(self, store: CaseStore, policies: Policies) -> None:
        self._store = store
        self._policies = policies
        self._policy = policies.current

    def case(self, case_id: str, staff: StaffMember) -> Case:
        """Raises NotFound for a case that does not exist or is none of the asker's."""
        self._permitted(staff, "case.read")
        case = self._store.case(case_id)
        if case is None:
            raise NotFound()
        if not seen_by(staff, case, self._store, self._policy):
            raise Hidden(case=case_id)
        return case

    def case_by_tracking_code(self, tracking_code: str, staff: StaffMember) -> Case:
        """For the code of a case that sleeps in another, that one."""
        self._permitted(staff, "case.read")
        known = self._store.case(self._store.case_id_of(tracking_code.upper()) or _NONE)
        case = awake(known, self._store)
        if case is None:
            raise NotFound()
        if not seen_by(staff, case, self._store, self._policy):
            raise Hidden(case=case.id)
        return case

    def case_by_message(self, source: str, message_id: str, staff: StaffMember) -> Case:
        """The case a source's message belongs to. A worker's own messages are named by their idempotency key."""
        self._permitted(staff, "case.read")
        for name in (message_id, f"{staff.id}:{message_id}"):
            known = self._store.report(report_id(source, name))
            if known is not None:
                return self.case(known.case_id, staff)
        return self.case(_NONE, staff)

    def timeline(self, case_id: str, staff: StaffMember) -> list[CaseEvent]:
        """The events of a case, as `told` has them."""
        return self.told(case_id, staff).events

    def told(self, case_id: str, staff: StaffMember) -> History:
        """The events of a case, and the version that it is at.

        Without others that were offered or told apart and that the asker may not see: why they are alike, and why
        they are not, tells of them. A petition that accuses the asker's unit is named in none.
        """
        self._permitted(staff, "timeline.read")
        case = self.case(case_id, staff)
        history = self._store.history(case_id)
        version = history[-1].version if history else case.version
        if offered := [event.data["case"] for event in history if event.type in _OF_OTHERS]:
            seen = self._visible(offered, staff)
            history = [event for event in history if event.type not in _OF_OTHERS or event.data["case"] in seen]
        if case.links == NO_LINKS and case.petition is None:
            return History(history, version)
        from chalicelib.services.unnamed import named_in, unnamed  # few cases name others

        others = named_in(history)
        accusing = self._accusing(others, staff) if others else {}
        return History(unnamed(history, accusing) if accusing else history, version)

    def links(self, case: Case, staff: StaffMember) -> Links:
        """How a case hangs together with others, as far as the asker may see those."""
        links = case.links
        named = [links.merged_into, links.parent, *links.children, *links.apart]
        named += [*(each.case for each in links.absorbed), *(offer.case for offer in links.offers)]
        seen = self._visible([name for name in named if name], staff)
        return Links(
            merged_into=links.merged_into if links.merged_into in seen else None,
            absorbed=tuple(each for each in links.absorbed if each.case in seen),
            parent=links.parent if links.parent in seen else None,
            children=tuple(child for child in links.children if child in seen),
            offers=tuple(offer for offer in links.offers if offer.case in seen),
            apart=tuple(other for other in links.apart if other in seen),
        )

    def _visible(self, case_ids: Sequence[str], staff: StaffMember) -> set[str]:
        found = self._store.cases(case_ids)
        return {name for name, case in found.items() if seen_by(staff, case, self._store, self._policy)}

    def named(self, case_id: str, staff: StaffMember) -> str | None:
        """The id of another case that one names; None for who is accused by that."""
        return None if self._accusing([case_id], staff) else case_id

    def _accusing(self, case_ids: Sequence[str], staff: StaffMember) -> dict[str, Case]:
        """Those of some cases that accuse somebody's unit."""
        found = self._store.cases(case_ids)
        return {name: case for name, case in found.items() if accuses(staff, case, self._store, self._policy)}

    def clocks(self, case_id: str, staff: StaffMember) -> tuple[list[Explained], int]:
        """Every clock of a case, explained, and the version it is at; for who may read its timeline."""
        from chalicelib.domain.explaining import explain  # few ask

        history, version = self.told(case_id, staff)
        return explain(history, self._policies), version

    def report(self, wanted: str, staff: StaffMember) -> KnownReport:
        self._permitted(staff, "report.read")
        known = self._store.report(wanted)
        if known is None or known.report.submitted_by != staff.id:
            self.case(known.case_id if known else _NONE, staff)
        assert known is not None
        return known

    def queue(self, unit: str, staff: StaffMember, limit: int, start: dict[str, Any] | None) -> Page:
        """The cases whose turn it is at a unit, by deadline.

        What the asker may not see is left out, as if it did not wait there. A unit that is no more has its queue as
        long as something waits in it, and a member of staff while he or she is asked for something.
        Raises NotFound for no such unit, Forbidden.
        """
        self._permitted(staff, "queue.read")
        if not may_read_queue(staff, unit, self._policy):
            raise Forbidden() if unit in self._policy.units else NotFound()
        page = self._seen(partial(self._store.unit_queue, unit), staff, limit, start)
        if unit not in self._policy.units and not page.items:
            raise NotFound()
        return page

    def due_visits(self, area: str | None, staff: StaffMember, limit: int, start: dict[str, Any] | None) -> Page:
        """The visits waiting to be made, by cell and time: in the named area (a community or below), or one's own.

        Raises InvalidField where the area is none of these levels, or none is named by somebody who answers for more;
        Forbidden for foreign areas.
        """
        self._permitted(staff, "visit.read")
        areas = [area] if area else staff.outermost_areas
        if not areas or not all(level_of(each) in _WITH_VISITS for each in areas):
            raise InvalidField("area", "query-invalid")
        if not all(staff.covers(each) for each in areas):
            raise Forbidden()
        begun, key = (start["area"], start["key"]) if start else (areas[0], None)
        if begun not in areas:
            raise InvalidField("cursor", "cursor-invalid")
        items: list[CaseSummary] = []
        for each in areas[areas.index(begun) :]:
            if len(items) == limit:
                return Page(items, {"area": each, "key": None})
            page = self._seen(partial(self._store.due_visits, each), staff, limit - len(items), key)
            items += page.items
            if page.next:
                return Page(items, {"area": each, "key": page.next})
            key = None
        return Page(items, None)

    def track(self, tracking_code: str) -> PublicCase:
        """Public tracking; by the code of a case that sleeps in another, of that one. Raises NotFound."""
        case_id = self._store.case_id_of(tracking_code.upper())
        known = self._store.case(case_id) if case_id else None
        case = awake(known, self._store)
        if known is None or case is None:
            raise NotFound()
        history = self._store.history(case.id)
        policy = self._policies.of(case.policy_version)
        category = policy.categories.get(case.category) if case.category else None
        kind = policy.kinds.get(case.kind) if case.kind else None
        state = policy.procedure_of(case).states.get(case.state)
        steps = [PublicStep(e.time, _PUBLIC_STEPS[e.type]) for e in history if e.type in _PUBLIC_STEPS]
        return PublicCase(
            tracking_code=known.tracking_code,
            version=case.version,
            state=case.state,
            kind=kind.id if kind else None,
            category=category.id if category else None,
            community=case.area.path[2] if case.area and len(case.area.path) > 2 else None,
            updated_at=case.updated_at,
            steps=tuple(steps),
            state_zh=state.public if state else "",
            category_zh=category.zh if category else None,
        )

    def _seen(self, read: Read, staff: StaffMember, limit: int, start: Start) -> Page:
        return seen(read, lambda item: may_list(staff, item, self._policy), limit, start)

    def _permitted(self, staff: StaffMember, permission: str) -> None:
        if not holds(staff, permission, self._policy):
            raise Forbidden()
