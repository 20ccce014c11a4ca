"""The file of a case 卷宗, as it is printed: its head, what was done in the order of time, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.cases import replay
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.narrating import (
    BY_ITSELF,
    JOINTS,
    LEVELS,
    SOURCES,
    URGENCIES,
    Told,
    category_words,
    clock_words,
    due_words,
    moment_words,
    outcome_words,
    place_words,
    told,
    unit_words,
)

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.cases import Case
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.policy import Policy


class Timed(NamedTuple):
    """A clock as the file shows it. `basis`: the article its limit comes from, empty where there is none."""

    name: str
    started: str
    due: str
    how: str
    basis: str


class Entry(NamedTuple):
    """An entry of the file: what is told, and the staff number of who did it, empty for who is no member of staff."""

    told: Told
    number: str


class CaseFile(NamedTuple):
    """`head`: what it is about, as pairs of a name and a value; `outcome`: how it ended, or how it stands."""

    tracking_code: str
    title: str
    district: str
    version: int
    head: tuple[tuple[str, str], ...]
    clocks: tuple[Timed, ...]
    entries: tuple[Entry, ...]
    outcome: tuple[tuple[str, str], ...]
    policy_version: str
    made_at: str


def file_of(history: Sequence[CaseEvent], policy_of: Callable[[str], Policy], now: datetime) -> CaseFile:
    """The file of a case from its complete, ordered history. It is of nobody: no reporter stands in it."""
    case = replay(history)
    policy = policy_of(case.policy_version)
    lines = zip(history, told(history, policy_of), strict=True)
    return CaseFile(
        tracking_code=case.tracking_code,
        title=policy.procedure_of(case).zh,
        district=policy.zh,
        version=case.version,
        head=_head(case, policy),
        clocks=tuple(_timed(clock, case, policy) for clock in case.clocks if not clock.window),
        entries=tuple(Entry(line, _number(event, line)) for event, line in lines),
        outcome=_outcome(case, history, policy),
        policy_version=case.policy_version,
        made_at=moment_words(now, policy),
    )


def _head(case: Case, policy: Policy) -> tuple[tuple[str, str], ...]:
    state = policy.procedure_of(case).states.get(case.state)
    joints = "、".join(f"{unit_words(joint.unit, policy)}（{JOINTS[joint.state]}）" for joint in case.joints)
    return (
        ("事项编号", case.tracking_code),
        ("事项类别", category_words(case, policy)),
        ("发生地点", place_words(case)),
        ("来源", f"{SOURCES.get(case.source, case.source)}，反映{len(case.report_ids)}件"),
        ("紧急程度", URGENCIES[case.urgency]),
        ("化解层级", LEVELS.get(case.level or "", "—")),
        ("甄别单位", unit_words(case.desk, policy)),
        ("主办单位", unit_words(case.lead, policy)),
        ("协办单位", joints or "无"),
        ("收到时间", moment_words(case.opened_at, policy)),
        ("当前环节", state.zh if state else case.state),
    )


def _timed(clock: Clock, case: Case, policy: Policy) -> Timed:
    match clock.state:
        case ClockState.MET:
            how = "按时完成"
        case ClockState.STOPPED:
            how = "不再计算"
        case ClockState.PAUSED:
            how = "暂停计算"
        case ClockState.BREACHED:
            how = "超时" + ("完成" if clock.ended_at else "，未完成")
        case _:
            how = "计算中"
    marks = [f"延期{clock.extended}次"] if clock.extended else []
    marks += [f"升级{clock.step}次"] if clock.step else []
    marks += ["暂定"] if clock.provisional else []
    rule = policy.procedure_of(case).clocks.get(clock.name)
    return Timed(
        clock_words(clock.name, case, policy),
        moment_words(clock.started_at, policy),
        due_words(clock.due_at, policy),
        "，".join([how, *marks]),
        rule.article if rule else "",
    )


def _number(event: CaseEvent, line: Told) -> str:
    return "" if line.who == BY_ITSELF or event.actor.role == "source" else event.actor.id


def _outcome(case: Case, history: Sequence[CaseEvent], policy: Policy) -> tuple[tuple[str, str], ...]:
    answer = (("答复内容", case.answer),) if case.answer else ()
    if case.open or case.asleep:
        return (*answer, ("办理结果", "已并案，与同一事项一并办理" if case.asleep else "尚未归档"))
    ended = next(event.time for event in reversed(history) if event.type == E.CASE_CLOSED)
    left = "、".join(unit_words(unit, policy) for unit in case.open_joints)
    return (
        *answer,
        ("办理结果", outcome_words(case.outcome, case, policy) if case.outcome else "—"),
        *((("协同未完成", left),) if left else ()),
        ("归档时间", moment_words(ended, policy)),
    )
