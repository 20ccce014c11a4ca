"""Explaining the clocks 时限 of a case: from when, by which limit and why until when, step by step in Chinese.

What is told is what was computed again from the events and the versions of the policy they name (`domain.recounting`),
so that a clerk can follow it on a calendar, and sees where an event says something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain import recounting as R
from chalicelib.domain.clocks import Clock, ClockState
from chalicelib.domain.limit_steps import days_in_words, in_words, moment_in_words, steps_without
from chalicelib.domain.limits import Limit, explained, explained_extension, explained_pause
from chalicelib.domain.narrating import OUTCOMES, URGENCIES, unit_words
from chalicelib.domain.recounting import Moment, Recounting, Run, Told, Versions, retold
from chalicelib.domain.timing import BY_CARD, BY_CATEGORY, BY_KIND, BY_PROCEDURE, BY_URGENCY

if TYPE_CHECKING:
    from chalicelib.domain.events import CaseEvent
    from chalicelib.domain.policy import ClockRule, Policy

_STATES = {
    ClockState.RUNNING: "计时中",
    ClockState.PAUSED: "已暂停",
    ClockState.MET: "按期完成",
    ClockState.BREACHED: "超期",
    ClockState.STOPPED: "已终止",
}
_DIFFERS = {
    "due": "截止时间",
    "warn": "预警时间",
    "again": "下次督办时间",
    "until": "申请延期期限",
    "provisional": "是否暂定",
    "window": "是否窗口期",
    "closes": "届满归档结果",
    "day": "起算日",
    "card": "卡色",
    "ended": "是否按期",
    "warned": "预警",
    "ran out": "超期",
    "step": "督办次数",
    "escalated to": "督办单位",
}


class Step(NamedTuple):
    """A sentence of an explanation, and the event that it is about."""

    at: datetime
    event_id: str
    zh: str


class Explained(NamedTuple):
    """A clock of a case. `stated_by`: what states its limit (`timing.BY_…`), empty where nobody knows any more.

    `differs`: some event says a time that the policy does not make of it.
    """

    clock: Clock
    zh: str
    state_zh: str
    due_zh: str
    limit: Limit | None
    limit_zh: str
    stated_by: str
    stated_by_zh: str
    article: str
    steps: tuple[Step, ...]
    differs: bool


def explain(history: Iterable[CaseEvent], versions: Versions) -> list[Explained]:
    """Every clock that a case ever had, in the order they started, by its complete and ordered history."""
    told = list(retold(history))
    found: dict[int, list[Moment]] = {}
    for moment in Recounting(versions).moments(told):
        found.setdefault(moment.place, []).append(moment)
    now = versions.of(told[-1].event.policy_version)
    return [_explained(clock, found.get(place, []), now) for place, clock in enumerate(told[-1].after.clocks)]


def _explained(clock: Clock, moments: list[Moment], now: Policy) -> Explained:
    run = moments[0].run if moments else None
    policy = run.policy if run else now
    year = clock.started_at.astimezone(policy.zone).year
    rule = run.rule if run else None
    stated = _stated(run, moments[0].told) if run else "当时的政策版本未保存，无法重新计算"
    return Explained(
        clock=clock,
        zh=rule.zh if rule else clock.name,
        state_zh=_STATES[clock.state],
        due_zh=moment_in_words(clock.due_at, policy.zone, year),
        limit=run.limit if run else None,
        limit_zh=in_words(run.limit) if run and run.limit else "",
        stated_by=run.stated_by if run else "",
        stated_by_zh=stated,
        article=rule.article if rule else "",
        steps=tuple(Step(m.told.event.time, m.told.event.id, zh) for m in moments for zh in _sentences(m, policy)),
        differs=any(moment.apart for moment in moments),
    )


def _sentences(moment: Moment, policy: Policy) -> Iterator[str]:
    """What an event did to a clock; then where it says something that the policy does not make of it."""
    match moment.what:
        case R.STARTED:
            yield from _started(moment, policy)
        case R.PAUSED:
            yield f"{_cause(moment, policy)}，暂停计时{_reason(moment.told)}"
        case R.RESUMED:
            yield from _resumed(moment, policy)
        case R.ENDED:
            yield _ended(moment, policy)
        case R.ASKED:
            facts = moment.told.event.data
            until = _moment(datetime.fromisoformat(facts["until"]), moment, policy)
            asked, approver = _by(moment.told, policy), unit_words(facts["approver"], policy)
            yield f"{asked}申请延期至{until}，由{approver}审批{_reason(moment.told)}"
        case R.REFUSED:
            yield f"{_by(moment.told, policy)}不同意延期，截止时间不变{_reason(moment.told)}"
        case R.EXTENDED:
            yield from _extended(moment, policy)
        case R.UNCOUNTED:
            yield from _uncounted(moment, policy)
        case R.WARNED:
            due = _moment(moment.after.due_at, moment, policy)
            told = unit_words(moment.told.event.data["unit"], policy)
            over = moment.after.due_at <= moment.told.event.time
            yield f"临近期限，提醒{told}：{due}届满" if not over else f"期间已于{due}届满，补发提醒{told}"
        case R.BREACHED:
            yield from _breached(moment, policy)
        case R.RECOUNTED:
            yield from _recounted(moment, policy)
    for _, _, what, said, computed in moment.apart:
        lies, right = said or "无", computed or "无"
        yield f"复核不符：{_DIFFERS.get(what, what)}记为{lies}，按规则应为{right}"


def _started(moment: Moment, policy: Policy) -> Iterator[str]:
    run, clock = moment.run, moment.after
    if run is None or run.rule is None or run.limit is None or moment.calendar is None:
        yield f"{_cause(moment, policy)}，开始计时；当时的政策版本未保存，无法重新计算"
        return
    article = f"（{run.rule.article}）" if run.rule.article else ""
    limit = f"期限{in_words(run.limit)}：{_stated(run, moment.told)}{article}"
    named = "自收到之日" if run.rule.from_report else "自指明之日" if "counted_from" in moment.told.event.data else ""
    yield f"{_cause(moment, policy)}，“{run.rule.zh}”{named}开始计时；{limit}"
    yield from explained(run.limit, clock.started_at, moment.calendar, policy.zone, roll_over=run.rule.roll_over)
    if clock.window:
        others = run.rule.begun_by and not (run.rule.remind_before or run.rule.closes)
        yield f"此为{'其他机关的办理期间，供掌握进度' if others else '可以提出的期间'}，不作超期督办"
        if clock.closes:
            yield f"期间届满的，事项即归档：{_outcome(clock.closes, run.rule)}"
        if clock.warn_at and run.rule.remind_before:
            left, at = in_words(run.rule.remind_before), _moment(clock.warn_at, moment, policy)
            yield f"届满前{left}（{at}）提醒"
    elif clock.warn_at:
        yield f"剩余{run.rule.warn_left}%时（{_moment(clock.warn_at, moment, policy)}）预警"


def _outcome(closes: str, rule: ClockRule | None) -> str:
    return OUTCOMES.get(closes) or (rule.closes_zh if rule else "") or closes


def _resumed(moment: Moment, policy: Policy) -> Iterator[str]:
    before, clock = moment.before, moment.after
    yield f"{_cause(moment, policy)}，恢复计时{_reason(moment.told)}"
    pause = next((p for p in moment.run.pauses if p.resumed_at == moment.told.event.time), None) if moment.run else None
    if before is None or pause is None or pause.limit is None or moment.calendar is None or before.paused_at is None:
        yield f"截止时间为{_moment(clock.due_at, moment, policy)}"
    elif before.state is ClockState.BREACHED:
        yield f"暂停前已超期，截止时间仍为{_moment(clock.due_at, moment, policy)}"
    else:
        roll = bool(moment.run and moment.run.rule and moment.run.rule.roll_over)
        at, zone = moment.told.event.time, policy.zone
        yield from explained_pause(
            pause.limit, before.due_at, before.paused_at, at, moment.calendar, zone, roll_over=roll
        )


def _ended(moment: Moment, policy: Policy) -> str:
    cause, before = _cause(moment, policy), moment.before
    if before is not None and moment.after.ran_out and not moment.told.after.open:
        rule = moment.run.rule if moment.run else None
        return f"期间届满，事项归档：{_outcome(before.closes, rule)}"
    if moment.after.window:
        return f"{cause}{_sent(moment, policy)}，期间终止"
    if moment.after.state is ClockState.MET:
        return f"{cause}，按期完成"
    if moment.after.state is ClockState.STOPPED:
        return f"{cause}，不再要求，计时终止"
    assert before is not None
    return f"{cause}，已超期，截止时间为{_moment(before.due_at, moment, policy)}"


def _sent(moment: Moment, policy: Policy) -> str:
    """When what a window was for was sent, where that was before it came."""
    sent = moment.told.event.data.get("on") if moment.told.event.type == E.PETITION_REVIEW_ASKED else None
    if sent is None:
        return ""
    words = days_in_words([date.fromisoformat(sent)], moment.told.event.time.astimezone(policy.zone).year)
    return f"（申请于{words}寄出或者提出）"


def _extended(moment: Moment, policy: Policy) -> Iterator[str]:
    facts, clock = moment.told.event.data, moment.after
    until = _moment(clock.due_at, moment, policy)
    yield f"{_by(moment.told, policy)}同意延期（非申请人审批），截止时间改为{until}{_reason(moment.told)}"
    rule = moment.run.rule if moment.run else None
    if rule and rule.extension and moment.calendar is not None:
        was = datetime.fromisoformat(facts["was"])
        zone, roll = policy.zone, rule.roll_over
        yield from (
            "最长可延：" + "；".join(explained_extension(rule.extension, was, moment.calendar, zone, roll_over=roll)),
        )
    if clock.warn_at:
        yield f"改于{_moment(clock.warn_at, moment, policy)}预警"


def _uncounted(moment: Moment, policy: Policy) -> Iterator[str]:
    """Which days are not counted, and what that makes of the day the clock is due on."""
    before, clock, run = moment.before, moment.after, moment.run
    assert before is not None
    facts, year = moment.told.event.data["uncounted"][clock.name], moment.told.event.time.astimezone(policy.zone).year
    days = days_in_words([date.fromisoformat(day) for day in facts["days"]], year)
    was, due = _moment(before.due_at, moment, policy), _moment(clock.due_at, moment, policy)
    same = before.due_at == clock.due_at
    ends = f"截止时间不变，仍为{due}" if same else f"截止时间由{was}改为{due}"
    yield f"{facts.get('why') or _cause(moment, policy)}，{days}不计入期限；{ends}"
    last = run.moved[-1] if run and run.moved else None
    if run and run.rule and isinstance(last, R.Uncounted) and moment.calendar is not None and not same:
        told = last.limit, run.started_at, before.due_at, last.known, last.days, moment.calendar, policy.zone
        yield from steps_without(*told, roll_over=run.rule.roll_over)
    if clock.warn_at and not same:
        yield f"改于{_moment(clock.warn_at, moment, policy)}{'提醒' if clock.window else '预警'}"
    if before.state is ClockState.BREACHED and clock.state is not ClockState.BREACHED:
        yield "顺延后尚未届满，此前的超期不再作数"


def _breached(moment: Moment, policy: Policy) -> Iterator[str]:
    facts, clock = moment.told.event.data, moment.after
    to, step = facts.get("escalated_to"), facts.get("step", 1)
    late = f"{_moment(clock.due_at, moment, policy)}届满未完成，" if step == 1 else "仍未完成，"
    up = f"第{step}次督办，报{unit_words(to, policy)}" if to else "记为超期"
    again = f"；至{_moment(clock.again_at, moment, policy)}仍未完成的，再次督办" if clock.again_at else ""
    yield f"{late}{up}{again}"


def _recounted(moment: Moment, policy: Policy) -> Iterator[str]:
    before, clock, run = moment.before, moment.after, moment.run
    assert before is not None
    was, due = _moment(before.due_at, moment, policy), _moment(clock.due_at, moment, policy)
    same = before.due_at == clock.due_at
    yield f"放假安排公布后重新计算，截止时间{'不变，仍为' + due if same else f'由{was}改为{due}'}"
    if run and run.rule and run.limit and moment.calendar is not None and run.fixed is None:
        roll = run.rule.roll_over
        left = (
            set() if run.pauses else {day for each in run.moved if isinstance(each, R.Uncounted) for day in each.days}
        )
        yield from explained(run.limit, run.started_at, moment.calendar, policy.zone, roll_over=roll, without=left)
        if run.pauses:
            yield f"另计入{len(run.pauses)}次暂停" + ("和不计入的日子" if len(run.moved) > len(run.pauses) else "")


def _stated(run: Run, told: Told) -> str:
    """What states a limit, in words."""
    case, policy = told.before, run.policy
    procedure = policy.procedure_of(case) if case else None
    known = policy.categories.get(case.category or "") if case else None
    kind = policy.kinds.get(known.kind) if known else None
    name = f"《{procedure.zh}》" if procedure else ""
    match run.stated_by:
        case by if by == BY_CARD:
            return f"{name}对所挂卡色的规定"
        case by if by == BY_URGENCY and case:
            return f"{name}对{URGENCIES.get(case.urgency, case.urgency)}事项的规定"
        case by if by == BY_KIND and kind:
            return f"{name}对{kind.zh}类事项的规定"
        case by if by == BY_CATEGORY and known:
            return f"“{known.zh}”类别的规定"
        case by if by == BY_PROCEDURE:
            return f"{name}的规定"
    return "规则中没有这个时限"


def _cause(moment: Moment, policy: Policy) -> str:
    """By what a clock changed: the action where it has a name, or the state that the case came into."""
    event, case = moment.told.event, moment.told.before
    if zh := event.data.get("did_zh"):
        return str(zh)
    if event.type == E.VISIT_RECORDED:
        return "登记回访结果"
    state = event.data.get("state")
    known = policy.procedure_of(case).states.get(state) if state and case else None
    return f"事项进入“{known.zh}”" if known else "事项办理"


def _reason(told: Told) -> str:
    reason = told.event.data.get("reason")
    return f"，理由：{reason}" if reason else ""


def _by(told: Told, policy: Policy) -> str:
    actor = told.event.actor
    return unit_words(actor.unit, policy) + f"（{actor.id}）" if actor.unit else actor.id


def _moment(at: datetime, moment: Moment, policy: Policy) -> str:
    """A moment, without the year where that is the one of the event."""
    return moment_in_words(at, policy.zone, moment.told.event.time.astimezone(policy.zone).year)
