"""The file of a mediation 人民调解卷宗 (人民调解法 art. 27) as it is printed: generated from the events, kept nowhere.

It names nobody of the two sides: they sign. Who of the pool sat at the table is named, and what both promised stands
here and nowhere else that is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.cases import evolve
from chalicelib.domain.narrating import category_words, due_words, moment_words, place_words, unit_words
from chalicelib.domain.narrating_mediations import ENDED, FORMS, PARTIES, PERFORMED, RULINGS, day_words, ways_named
from chalicelib.domain.panels import WHAT_ZH, WHATS

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.cases import Case
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.panels import Member
    from chalicelib.domain.policy import Policy

Pairs = tuple[tuple[str, str], ...]

_INVITED = {
    "asked": "已邀请，待答复",
    "coming": "同意参加",
    "declined": "不能参加",
    "avoids": "回避",
    "took-part": "已参加",
}


class Person(NamedTuple):
    """Somebody of the pool at this table. `reason`: why he or she avoids it."""

    role: str
    name: str
    organisation: str
    number: str
    state: str
    reason: str


class Opinion(NamedTuple):
    """What a side said to being mediated."""

    party: str
    says: str
    at: str
    note: str


class Session(NamedTuple):
    number: int
    day: str
    panel: str
    parties: str
    note: str
    pictures: int
    clerk: str


class Agreement(NamedTuple):
    """`written`: it is signed as a document 人民调解协议书; an oral one is noted by the mediator."""

    written: bool
    number: str
    terms: str
    effective: str
    until: str
    note: str
    clerk: str


class Visit(NamedTuple):
    day: str
    found: str
    note: str
    clerk: str


@dataclass(slots=True)
class Attempt:
    """One attempt 第几次调解, from its opening to how it ended; `ended` empty while it is open."""

    number: int
    opened: Pairs
    opinions: list[Opinion] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    agreement: Agreement | None = None
    visits: list[Visit] = field(default_factory=list)
    ended: Pairs = ()


class MediationFile(NamedTuple):
    """`cover`: pairs of a name and a value. `confirmation`: of the last agreement that a court was asked to confirm."""

    tracking_code: str
    district: str
    organisation: str
    version: int
    cover: Pairs
    attempts: tuple[Attempt, ...]
    panel: tuple[Person, ...]
    confirmation: Pairs
    outcome: Pairs
    policy_version: str
    made_at: str


def members_in(history: Sequence[CaseEvent]) -> list[str]:
    """Whom of the pool a history names, by number."""
    named = (
        each["member"]
        for event in history
        if event.type in (E.PANEL_INVITED, E.PANEL_AVOIDED)
        for each in event.data["members"]
    )
    return list(dict.fromkeys(named))


def file_of(
    history: Sequence[CaseEvent],
    policy_of: Callable[[str], Policy],
    people: Mapping[str, Member],
    told_by: Sequence[str],
    now: datetime,
) -> MediationFile | None:
    """The file from a complete, ordered history; None of a case that was never mediated.

    `people`: whom the pool still knows. `told_by`: who reported it, masked, for who may read that.
    """
    case: Case | None = None
    writing = _Writing(people)
    for event in history:
        case = evolve(case, event)
        writing.note(event, case, policy_of(event.policy_version))
    if case is None or not writing.attempts:
        return None
    policy = policy_of(case.policy_version)
    return MediationFile(
        tracking_code=case.tracking_code,
        district=policy.zh,
        organisation=unit_words(case.lead or case.desk, policy),
        version=case.version,
        cover=_cover(case, writing, told_by, policy),
        attempts=tuple(writing.attempts),
        panel=writing.panel(case),
        confirmation=writing.confirmation(case, policy),
        outcome=_outcome(case, writing, policy),
        policy_version=case.policy_version,
        made_at=moment_words(now, policy),
    )


def _cover(case: Case, writing: _Writing, told_by: Sequence[str], policy: Policy) -> Pairs:
    last = writing.attempts[-1]
    numbers = "、".join(each.agreement.number for each in writing.attempts if each.agreement and each.agreement.number)
    return (
        ("事项编号", case.tracking_code),
        ("协议编号", numbers or "—"),
        ("纠纷类型", category_words(case, policy)),
        ("发生地点", place_words(case)),
        ("调解单位", unit_words(case.lead or case.desk, policy)),
        ("申请人", "（以签名为准）"),
        ("被申请人", "（以签名为准）"),
        *((("反映人", "、".join(told_by)),) if told_by else ()),
        ("立卷日期", writing.opened_at),
        ("调解次数", f"{last.number}次"),
        ("调解结果", _result(case)),
    )


def _result(case: Case) -> str:
    mediation = case.mediation
    assert mediation is not None
    return {
        "opened": "调解中",
        "agreed": "达成协议，履行中",
        "performed": "达成协议，已全部履行",
        "unperformed": "达成协议，未全部履行",
    }.get(mediation.state) or ENDED[mediation.state]


def _outcome(case: Case, writing: _Writing, policy: Policy) -> Pairs:
    """How it ended; of the only attempt there was, all that is said of that."""
    mediation, (first, *others) = case.mediation, writing.attempts
    assert mediation is not None
    ways = ways_named(mediation.other_ways, policy)
    answer = (("答复反映人", case.answer),) if case.answer else ()
    if first.ended and not others:
        return (*first.ended, *answer)
    return (("调解结果", _result(case)), *((("告知其他途径", ways),) if ways else ()), *answer)


class _Writing:
    """What stands in the file by now; each event is noted where it belongs."""

    def __init__(self, people: Mapping[str, Member]) -> None:
        self.attempts: list[Attempt] = []
        self.opened_at = ""
        self._people = people
        self._reasons: dict[str, str] = {}
        self._court: list[tuple[str, str]] = []

    def note(self, event: CaseEvent, case: Case, policy: Policy) -> None:
        facts = event.data
        match event.type:
            case E.MEDIATION_OPENED:
                self._opened(event, case, policy)
            case E.MEDIATION_CONSENTED:
                self._says(event, "同意调解", facts.get("note", ""), policy)
            case E.MEDIATION_SESSION_HELD:
                self._session(event)
            case E.MEDIATION_AGREED:
                self._agreed(event)
            case E.MEDIATION_PERFORMED:
                self._visited(event, policy)
            case E.MEDIATION_ENDED:
                self._ended(event, policy)
            case E.PANEL_AVOIDED:
                self._reasons |= dict.fromkeys((each["member"] for each in facts["members"]), facts["reason"])
            case E.MEDIATION_CONFIRMATION_APPLIED:
                self._court = [("申请法院", facts["court"]), ("双方共同申请", day_words(facts["on"]))]
            case E.MEDIATION_CONFIRMATION_ACCEPTED:
                self._court.append(("法院受理", day_words(facts["on"])))
            case E.MEDIATION_RULED:
                self._court += [("法院决定", RULINGS[facts["ruling"]]), ("决定日期", day_words(facts["on"]))]
        if event.type in _OF_THE_COURT and facts.get("note"):
            self._court.append(("说明", facts["note"]))

    def panel(self, case: Case) -> tuple[Person, ...]:
        """In the order in which a table is laid."""
        order = {what: place for place, what in enumerate(WHATS)}
        seated = sorted(case.invited, key=lambda each: (order.get(each.role, len(order)), each.member))
        return tuple(
            Person(
                role=WHAT_ZH.get(each.role, each.role),
                name=self._name(each.member),
                organisation=known.organisation if (known := self._people.get(each.member)) else "—",
                number=each.member,
                state=_INVITED[each.state],
                reason=self._reasons.get(each.member, ""),
            )
            for each in seated
        )

    def confirmation(self, case: Case, policy: Policy) -> Pairs:
        if self._court:
            return tuple(self._court)
        window = next((clock for clock in reversed(case.clocks) if clock.name == "confirmation"), None)
        if window is None:
            return ()
        until = due_words(window.due_at, policy)
        return (("申请期限", f"{until}前可以由双方共同申请"),) if window.open else (("司法确认", "未申请"),)

    def _opened(self, event: CaseEvent, case: Case, policy: Policy) -> None:
        facts = event.data
        docking = policy.dockings.get(facts.get("docking", ""))
        party = facts.get("party")
        self.opened_at = self.opened_at or day_words(facts["on"])
        self.attempts.append(
            Attempt(
                facts["attempt"],
                (
                    ("受理日期", day_words(facts["on"])),
                    ("提出方式", f"{PARTIES[party]}申请调解" if party else "主动调解"),
                    ("对接方式", docking.zh if docking else "无"),
                    ("承办单位", unit_words(facts["unit"], policy)),
                    ("登记人", _clerk(event)),
                    ("纠纷简要情况", facts.get("note") or f"{category_words(case, policy)}，见事项办理卷宗"),
                ),
            )
        )

    def _says(self, event: CaseEvent, says: str, note: str, policy: Policy) -> None:
        party = PARTIES[event.data["party"]]
        self.attempts[-1].opinions.append(Opinion(party, says, moment_words(event.time, policy), note))

    def _session(self, event: CaseEvent) -> None:
        facts = event.data
        self.attempts[-1].sessions.append(
            Session(
                number=facts["session"],
                day=day_words(facts["on"]),
                panel="、".join(self._name(member) for member in facts["members"]),
                parties="、".join(PARTIES[party] for party in facts["parties"]),
                note=facts["note"],
                pictures=len(facts.get("media", ())),
                clerk=_clerk(event),
            )
        )

    def _agreed(self, event: CaseEvent) -> None:
        facts = event.data
        self.attempts[-1].agreement = Agreement(
            written=facts["form"] == "written",
            number=facts.get("number", ""),
            terms=facts["terms"],
            effective=day_words(facts["on"]),
            until=day_words(facts["until"]),
            note=facts.get("note", ""),
            clerk=_clerk(event),
        )
        self.attempts[-1].ended = (("结束方式", f"达成{FORMS[facts['form']]}协议"),)

    def _visited(self, event: CaseEvent, policy: Policy) -> None:
        facts, last = event.data, self.attempts[-1]
        found = PERFORMED[facts["performed"]]
        last.visits.append(Visit(day_words(facts["on"]), found, facts["note"], _clerk(event)))
        ways = ways_named(facts.get("other_ways", ()), policy)
        last.ended = (*last.ended, ("履行情况", found), *((("告知其他途径", ways),) if ways else ()))

    def _ended(self, event: CaseEvent, policy: Policy) -> None:
        facts, last = event.data, self.attempts[-1]
        reason, ways = facts.get("reason", ""), ways_named(facts.get("other_ways", ()), policy)
        if "party" in facts:
            says = {"refused": "不同意调解", "withdrawn": "撤回同意"}[facts["outcome"]]
            self._says(event, says, reason or facts.get("note", ""), policy)
        last.ended = (
            ("结束方式", ENDED[facts["outcome"]]),
            ("结束时间", moment_words(event.time, policy)),
            *((("理由", reason),) if reason else ()),
            *((("告知其他途径", ways),) if ways else ()),
        )

    def _name(self, member: str) -> str:
        """By name; by number, where the pool no longer has him or her."""
        known = self._people.get(member)
        return known.name if known else member


_OF_THE_COURT = {E.MEDIATION_CONFIRMATION_APPLIED, E.MEDIATION_CONFIRMATION_ACCEPTED, E.MEDIATION_RULED}


def _clerk(event: CaseEvent) -> str:
    return f"工号{event.actor.id}"
