"""What happened to a case, told as a clerk writes it down: when, who, and what, in Chinese and in the district's time.

Units, posts, states and clocks by the names of the pack of the event's own version. No reporter is named: events know
none. What a pack no longer has is told by its id, so that every history can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import events as E
from chalicelib.domain.cases import Case, evolve
from chalicelib.domain.grid import place_of

if TYPE_CHECKING:
    from chalicelib.domain.events import Actor, CaseEvent
    from chalicelib.domain.policy import Policy

URGENCIES = {"ordinary": "普通", "urgent": "紧急", "major": "重大"}
LEVELS = {"building": "楼组", "cell": "网格", "community": "社区", "street": "街道", "district": "区"}
SOURCES = {"mobile": "网格员手机上报", "sms": "群众短信", "web": "群众扫码上报", "12345": "12345热线"}
OUTCOMES = {
    "satisfied": "满意",
    "basically-satisfied": "基本满意",
    "dissatisfied": "不满意",
    "unanswered": "未能联系上反映人",
    "unvisited": "答复期满未提出异议",
    "declined": "不予重办",
    "withdrawn": "反映人撤回",
    "voided": "作废",
    "directed": "告知其他法定途径",
    "not-accepted": "不予受理",
    "answered": "已答复，期满未申请复查复核",
    "final": "三级终结",
}
_NOT_SETTLED = ("withdrawn", "voided", "directed", "not-accepted")
JOINTS = {"asked": "待答复", "accepted": "协同中", "refused": "未同意", "done": "已完成"}
_VISITS = {"satisfied": "满意", "dissatisfied": "不满意", "not-home": "不在家", "refused": "拒绝回访"}
_CHOSEN = {"client": "上报时选定", "words": "按关键词判定", "staff": "人工判定", "report": "按同一事项的另一反映判定"}
_WHY_SCREENED = {
    "no-category": "类别未明",
    "no-place": "地点未明",
    "category-abolished": "原类别已取消",
    "state-abolished": "原办理环节已取消",
    "unit-abolished": "原主办单位已撤销",
    "desk-abolished": "原甄别单位已撤销",
}
BY_ITSELF = "系统"
_ROLES = {"grid-worker", "mediator", "leader", "auditor", "administrator"}
"""Roles that are named beside their unit: the others are called as their unit is."""


class Told(NamedTuple):
    """One thing that happened: `at` and `who` as they are read, `what` a sentence without its full stop."""

    at: str
    who: str
    what: str

    @property
    def text(self) -> str:
        return f"{self.at}　{self.who}　{self.what}"


class Scene(NamedTuple):
    """What a sentence is made of: the event, the case before and after it, and the pack it happened under."""

    event: CaseEvent
    before: Case | None
    case: Case
    policy: Policy

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.event.data


def told(history: Iterable[CaseEvent], policy_of: Callable[[str], Policy]) -> list[Told]:
    """A complete, ordered history as sentences, one an event. `policy_of`: the pack of a version."""
    case: Case | None = None
    lines = []
    for event in history:
        before, case = case, evolve(case, event)
        scene = Scene(event, before, case, policy_of(event.policy_version))
        who = BY_ITSELF if _by_itself(event) else actor_words(event.actor, scene.policy)
        lines.append(Told(moment_words(event.time, scene.policy), who, _what(scene)))
    return lines


def _by_itself(event: CaseEvent) -> bool:
    """Whether it followed from what somebody did before by the rules alone, though the event names who that was."""
    if event.type == E.VISIT_PLANNED or (event.version == 1 and event.n > 1):
        return event.data.get("chosen_by") != "client"
    return event.type == E.CASE_CLOSED and event.n > 1 and event.data["outcome"] not in ("withdrawn", "voided")


def moment_words(at: datetime, policy: Policy) -> str:
    """`2026年11月24日09时12分`."""
    local = at.astimezone(policy.zone)
    return f"{local.year}年{local.month}月{local.day}日{local:%H}时{local:%M}分"


def due_words(at: datetime, policy: Policy) -> str:
    """`2026年11月24日09时12分`; what is due as a day ends, `2026年11月24日24时`."""
    local = at.astimezone(policy.zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        day = local - timedelta(minutes=1)
        return f"{day.year}年{day.month}月{day.day}日24时"
    return moment_words(at, policy)


def actor_words(actor: Actor, policy: Policy) -> str:
    """Who did it: the unit, with the post of who is no clerk of it; a source; or the system itself."""
    if actor.role == "system":
        return BY_ITSELF
    if actor.role == "source":
        return SOURCES.get(actor.id, actor.id)
    unit = unit_words(actor.unit, policy) if actor.unit else ""
    role = policy.roles.get(actor.role)
    if role and (not unit or actor.role in _ROLES):
        return f"{unit}{role.zh}"
    return unit or actor.role


def outcome_words(outcome: str, case: Case, policy: Policy) -> str:
    """How a case ended: in the words of the engine, or those that its procedure has for an outcome of its own."""
    procedure = policy.procedure_of(case)
    own = {action.outcome: action.outcome_zh for action in procedure.actions.values()}
    own |= {clock.closes: clock.closes_zh for clock in procedure.clocks.values() if clock.closes_zh}
    return OUTCOMES.get(outcome) or own.get(outcome) or outcome


def unit_words(unit: str | None, policy: Policy) -> str:
    known = policy.units.get(unit or "")
    return known.zh if known else unit or "—"


def clock_words(name: str, case: Case, policy: Policy) -> str:
    """What a clock is called by the procedure of a case: `办结时限`."""
    rule = policy.procedure_of(case).clocks.get(name)
    zh = rule.zh if rule else name
    return f"{zh}限" if zh.endswith("期") else f"{zh}时限"


def category_words(case: Case, policy: Policy) -> str:
    """`矛盾纠纷—邻里纠纷`."""
    category, kind = policy.categories.get(case.category or ""), policy.kinds.get(case.kind or "")
    if category is None:
        return case.category or "类别待定"
    return f"{kind.zh}—{category.zh}" if kind else category.zh


def place_words(case: Case) -> str:
    return place_of(case.area.path) if case.area else "地点待核实"


def _what(scene: Scene) -> str:
    facts = scene.facts
    parts = [f"{_teller(scene.event.type)(scene)}{_ended(scene)}", _left_open(scene), *_timing(scene)]
    if media := facts.get("media"):
        parts.append(f"附图片{len(media)}张")
    if done_at := facts.get("done_at"):
        parts.append(f"实际办理时间{_at(done_at, scene)}（以办理人设备为准）")
    return "；".join(part for part in parts if part)


def _teller(event_type: str) -> Callable[[Scene], str]:
    """Those of petitions, mediations and panels have a module of their own, by the first word of the event."""
    if event_type not in _TELL:
        _TELL.update(import_module(f"chalicelib.domain.narrating_{event_type.partition('.')[0]}s").TELL)
    return _TELL[event_type]


def _ended(scene: Scene) -> str:
    """Which clocks were met by it, and which too late, in brackets."""
    ended = scene.facts.get("timing", {}).get("ended", {})
    words = {"met": "在{}内", "late": "已超过{}"}
    named = (
        words[how].format(clock_words(name, scene.case, scene.policy)) for name, how in ended.items() if how in words
    )
    told_of = "，".join(named)
    return f"（{told_of}）" if told_of else ""


def _left_open(scene: Scene) -> str:
    """Which joint units' part is not done, though the lead's is, and how much of what was split off is not."""
    units, children = scene.facts.get("open_joint"), scene.facts.get("open_children")
    lead = "主办已办结，" if scene.event.type == E.CASE_CLOSED else ""
    left = [f"{lead}协办单位{units_words(units, scene.policy)}的协同尚未完成"] if units else []
    left += [f"拆分出的{len(children)}件尚未办结"] if children else []
    return "；".join(left)


def _timing(scene: Scene) -> Iterable[str]:
    """Which clocks wait, go on or began with it, and until when."""
    facts, case, policy = scene.facts, scene.case, scene.policy
    timing, starts = facts.get("timing", {}), facts.get("clocks", {})
    if waiting := timing.get("paused"):
        yield f"{'、'.join(clock_words(name, case, policy) for name in waiting)}暂停计算"
    for name, (due_at, _, _) in timing.get("resumed", {}).items():
        yield f"{clock_words(name, case, policy)}恢复计算，至{_due(due_at, scene)}"
    windows, provisional = timing.get("windows", ()), timing.get("provisional", ())
    wanted = [
        f"{_due(due_at, scene)}前{_called(name, scene)}"
        + ("（所涉年度放假安排未公布，暂定）" if name in provisional else "")
        for name, due_at in starts.items()
        if name not in windows
    ]
    if wanted:
        yield f"应于{'、'.join(wanted)}"
    for name in (each for each in starts if each in windows):
        rule = policy.procedure_of(case).clocks.get(name)
        if rule and rule.begun_by and rule.remind_before is None:  # nobody of the district asks for it
            yield f"{rule.zh}的期限至{_due(starts[name], scene)}"
        else:
            yield f"{_due(starts[name], scene)}前可以{_called(name, scene).removesuffix('期')}"
    for name, left in facts.get("uncounted", {}).items():
        days = "、".join(day_words(day, scene) for day in left["days"])
        yield f"{left.get('why', '')}{days}不计入{clock_words(name, case, policy)}，至{_due(left['due_at'], scene)}"


def _reported(scene: Scene) -> str:
    facts = scene.facts
    if "split_from" in facts:
        number, reports = facts["tracking_code"], len(scene.case.report_ids)
        return f"拆分立案：编号{number}，由另一件事项拆分，反映{reports}件，紧急程度{URGENCIES[facts['urgency']]}"
    source = SOURCES.get(facts["source"], facts["source"])
    return f"收到反映：编号{facts['tracking_code']}，来源{source}，紧急程度{URGENCIES[facts['urgency']]}"


def _joined(scene: Scene) -> str:
    source = SOURCES.get(scene.facts["source"], scene.facts["source"])
    return f"收到同一事项的补充反映（{source}），并入本件，共{len(scene.case.report_ids)}件"


def _classified(scene: Scene) -> str:
    facts, case = scene.facts, scene.case
    where = f"地点{place_words(case)}" if case.area else place_words(case)
    if case.category is None:
        return f"甄别分类：未能判定类别，{where}"
    chosen = _CHOSEN.get(facts.get("chosen_by", ""), "")
    words = f"“{'”“'.join(facts['words'])}”" if facts.get("words") else ""
    how = f"（{chosen}{words}）" if chosen else ""
    urgency = URGENCIES[facts["urgency"]]
    return f"甄别分类：{category_words(case, scene.policy)}{how}，{where}，紧急程度{urgency}"


def _screened(scene: Scene) -> str:
    why = _WHY_SCREENED.get(scene.facts["why"], scene.facts["why"])
    return f"转{unit_said(scene)}甄别：{why}"


def _assigned(scene: Scene) -> str:
    facts, policy = scene.facts, scene.policy
    joint = f"，协办单位{units_words(facts['joint_units'], policy)}" if facts["joint_units"] else ""
    level = LEVELS.get(facts.get("start_level") or "")
    start = f"，化解层级自{level}起" if level else ""
    because = words_said(scene, "reason", "，理由：")
    return f"派单：主办单位{unit_said(scene)}{joint}{start}，{_rule(facts, policy)}{because}"


def _rule(facts: Mapping[str, Any], policy: Policy) -> str:
    rule = str(facts["rule"])
    if rule == "desk":
        return "由甄别单位指定"
    if rule.startswith("category:"):
        known = policy.categories.get(rule.partition(":")[2])
        return f"依据“{known.zh if known else rule}”类别的归口规定"
    why = "".join(f"{_condition(each, policy)}，" for each in facts.get("why", ()))
    return f"依据派单规则（{why}编号{rule}）"


def _condition(why: str, policy: Policy) -> str:
    """A condition of a rule that was met, `name=value`, in words."""
    name, _, value = why.partition("=")
    match name:
        case "kind" if value in policy.kinds:
            return f"类型为{policy.kinds[value].zh}"
        case "category" if value in policy.categories:
            return f"类别为{policy.categories[value].zh}"
        case "urgency":
            return f"紧急程度为{URGENCIES.get(value, value)}"
        case "source":
            return f"来源为{SOURCES.get(value, value)}"
        case "area":
            return f"属辖区{value}"
        case "hour":
            return f"时间在{value}"
        case "on-duty":
            return f"{unit_words(value, policy)}有人值班"
    return why


def _returned(scene: Scene) -> str:
    return f"退回：提出异议，报{unit_said(scene)}裁定，{_reason(scene)}"


def _return_rejected(scene: Scene) -> str:
    return f"驳回退单：由首接单位{unit_said(scene)}负责办理（首接负责），{_reason(scene)}"


def _passed(verb: str) -> Callable[[Scene], str]:
    def tell(scene: Scene) -> str:
        facts, policy = scene.facts, scene.policy
        before, after = (LEVELS.get(facts.get(name) or "", "") for name in ("from_level", "level"))
        levels = f"化解层级由{before}到{after}，" if before != after else ""
        units = f"由{unit_words(facts['from_unit'], policy)}转{unit_said(scene)}办理，"
        if facts["from_unit"] == facts["unit"]:
            units = f"仍由{unit_said(scene)}办理，"
        return f"{verb}：{levels}{units}{_reason(scene)}"

    return tell


def _joint_requested(scene: Scene) -> str:
    return f"请求协同：请{units_words(scene.facts['asked'], scene.policy)}协同办理，{_reason(scene)}"


def _joint_accepted(scene: Scene) -> str:
    return f"同意协同{_for_another(scene)}"


def _joint_refused(scene: Scene) -> str:
    return f"不同意协同{_for_another(scene)}：{_reason(scene)}"


def _joint_finished(scene: Scene) -> str:
    return f"协同完成{_for_another(scene)}{words_said(scene, 'note', '：')}"


def _for_another(scene: Scene) -> str:
    """The unit, where somebody of another speaks for it."""
    return "" if scene.event.actor.unit == scene.facts["unit"] else f"（{unit_said(scene)}）"


def _extension_requested(scene: Scene) -> str:
    facts, policy = scene.facts, scene.policy
    clock = clock_words(facts["clock"], scene.case, policy)
    approver = unit_words(facts.get("approver"), policy)
    return f"申请延期：{clock}拟延至{_due(facts['until'], scene)}，报{approver}审批，{_reason(scene)}"


def _extension_approved(scene: Scene) -> str:
    facts, policy = scene.facts, scene.policy
    clock = clock_words(facts["clock"], scene.case, policy)
    return f"同意延期：{clock}由{_due(facts['was'], scene)}延至{_due(facts['due_at'], scene)}，{_reason(scene)}"


def _extension_refused(scene: Scene) -> str:
    return f"不同意延期：{clock_words(scene.facts['clock'], scene.case, scene.policy)}不变，{_reason(scene)}"


def _advanced(scene: Scene) -> str:
    facts = scene.facts
    return f"{facts['did_zh']}{words_said(scene, 'note', '：')}{words_said(scene, 'reason', '，')}"


def _finished(scene: Scene) -> str:
    """The action that finishes is called by each procedure as its work is: 整改完毕, 登记完毕."""
    actions = scene.policy.procedure_of(scene.case).actions.values()
    zh = next((action.zh for action in actions if action.does == "finish"), "办理完毕")
    return f"{zh}{words_said(scene, 'note', '：')}，报{unit_said(scene)}核查"


def _resolved(scene: Scene) -> str:
    return f"办结答复{words_said(scene, 'note', '：')}"


def _evaluated(scene: Scene) -> str:
    outcome = OUTCOMES.get(scene.facts["outcome"], scene.facts["outcome"])
    return f"评价：反映人对办理结果{outcome}{words_said(scene, 'note', '，')}"


def _visit_planned(scene: Scene) -> str:
    facts = scene.facts
    return f"安排第{facts['attempt']}次回访，自{_due(facts['due_at'], scene)}起上门"


def _visit_due(scene: Scene) -> str:
    return "回访时间已到，通知网格员上门回访"


def _visit_recorded(scene: Scene) -> str:
    outcome = _VISITS.get(scene.facts["outcome"], scene.facts["outcome"])
    return f"上门回访：{outcome}{words_said(scene, 'note', '，')}"


def _reopen_requested(scene: Scene) -> str:
    said = words_said(scene, "reason", "，理由：") or words_said(scene, "note", "，情况：")
    if "report_id" in scene.facts:
        said = "，答复后又有人反映同一事项"
    return f"申请重办：转{unit_said(scene)}核查{said}"


def _closed(scene: Scene) -> str:
    facts = scene.facts
    level = LEVELS.get(facts.get("level") or "")
    where = f"，化解于{level}一级" if level and facts["outcome"] not in _NOT_SETTLED else ""
    return f"归档：{outcome_words(facts['outcome'], scene.case, scene.policy)}{where}"


def _moved(scene: Scene) -> str:
    before = place_words(scene.before) if scene.before else "—"
    return f"网格调整：由{before}划归{place_words(scene.case)}，主办单位和时限不变"


def _migrated(scene: Scene) -> str:
    procedure = scene.policy.procedure_of(scene.case)
    return f"改用新版政策，按{procedure.zh}办理，已起算的时限不变"


def _warned(scene: Scene) -> str:
    facts, policy = scene.facts, scene.policy
    clock, due = clock_words(facts["clock"], scene.case, policy), datetime.fromisoformat(facts["due_at"])
    when = "将于" if due > scene.event.time else "已于"
    return f"临期提醒：{clock}{when}{_due(facts['due_at'], scene)}届满，提醒{unit_said(scene)}"


def _breached(scene: Scene) -> str:
    facts, policy = scene.facts, scene.policy
    clock = clock_words(facts["clock"], scene.case, policy)
    over = f"超过时限：{unit_said(scene)}未在{clock}（{_due(facts['due_at'], scene)}）内完成"
    above = facts.get("escalated_to")
    if above is None:
        return over
    again = facts.get("again_at")
    next_time = f"，至{_due(again, scene)}仍未完成的，再次升级" if again else ""
    return f"{over}，第{facts.get('step', 1)}次升级，报{unit_words(above, policy)}督办{next_time}"


def _recomputed(scene: Scene) -> str:
    facts, policy = scene.facts, scene.policy
    clock = clock_words(facts["clock"], scene.case, policy)
    return f"重算时限：放假安排公布后，{clock}改为{_due(facts['due_at'], scene)}"


def _saying(words: str) -> Callable[[Scene], str]:
    """Tells an event that needs no more than its name, and what was said with it."""

    def tell(scene: Scene) -> str:
        reason = words_said(scene, "reason", "，理由：")
        return f"{words}{reason}{words_said(scene, 'note', '，' if reason else '：')}"

    return tell


_TELL: dict[str, Callable[[Scene], str]] = {
    E.CASE_REPORTED: _reported,
    E.CASE_JOINED: _joined,
    E.CASE_CLASSIFIED: _classified,
    E.CASE_SENT_TO_SCREENING: _screened,
    E.CASE_ASSIGNED: _assigned,
    E.CASE_ACCEPTED: _saying("受理"),
    E.CASE_ADVANCED: _advanced,
    E.CASE_RETURNED: _returned,
    E.CASE_RETURN_REJECTED: _return_rejected,
    E.CASE_TRANSFERRED: _passed("流转"),
    E.CASE_ESCALATED: _passed("上报"),
    E.CASE_DELEGATED: _passed("下派"),
    E.JOINT_REQUESTED: _joint_requested,
    E.JOINT_ACCEPTED: _joint_accepted,
    E.JOINT_REFUSED: _joint_refused,
    E.JOINT_FINISHED: _joint_finished,
    E.EXTENSION_REQUESTED: _extension_requested,
    E.EXTENSION_APPROVED: _extension_approved,
    E.EXTENSION_REFUSED: _extension_refused,
    E.CASE_SUSPENDED: _saying("挂起"),
    E.CASE_RESUMED: _saying("恢复办理"),
    E.CASE_FINISHED: _finished,
    E.CASE_VERIFIED: _saying("核查通过"),
    E.CASE_SENT_BACK: _saying("核查退回，继续办理"),
    E.CASE_RESOLVED: _resolved,
    E.CASE_EVALUATED: _evaluated,
    E.VISIT_PLANNED: _visit_planned,
    E.VISIT_DUE: _visit_due,
    E.VISIT_RECORDED: _visit_recorded,
    E.CASE_REOPEN_REQUESTED: _reopen_requested,
    E.CASE_REOPENED: _saying("同意重办"),
    E.CASE_REOPEN_DECLINED: _saying("不予重办"),
    E.CASE_WITHDRAWN: _saying("撤回"),
    E.CASE_VOIDED: _saying("作废"),
    E.CASE_CLOSED: _closed,
    E.CASE_MOVED: _moved,
    E.CASE_MIGRATED: _migrated,
    E.CLOCK_WARNED: _warned,
    E.CLOCK_BREACHED: _breached,
    E.CLOCK_RECOMPUTED: _recomputed,
}


def words_said(scene: Scene, name: str, before: str) -> str:
    """What somebody said with the act, behind what leads to it; empty where nothing was said."""
    said = (scene.facts.get(name) or "").strip().rstrip("。；;.")
    return f"{before}{said}" if said else ""


def _reason(scene: Scene) -> str:
    return words_said(scene, "reason", "理由：") or "未说明理由"


def unit_said(scene: Scene) -> str:
    return unit_words(scene.facts.get("unit"), scene.policy)


def units_words(units: Iterable[str], policy: Policy) -> str:
    return "、".join(unit_words(unit, policy) for unit in units)


def _called(name: str, scene: Scene) -> str:
    """What is to be done within a clock: `办结`."""
    rule = scene.policy.procedure_of(scene.case).clocks.get(name)
    return rule.zh if rule else name


def _due(stamped: str, scene: Scene) -> str:
    """As `due_words`; the year only where it is another than that of the event."""
    return _of_year(due_words(datetime.fromisoformat(stamped), scene.policy), scene)


def day_words(iso: str, scene: Scene) -> str:
    """`12月10日`; the year only where it is another than that of the event."""
    day = date.fromisoformat(iso)
    return _of_year(f"{day.year}年{day.month}月{day.day}日", scene)


def _at(stamped: str, scene: Scene) -> str:
    return _of_year(moment_words(datetime.fromisoformat(stamped), scene.policy), scene)


def _of_year(words: str, scene: Scene) -> str:
    return words.removeprefix(f"{scene.event.time.astimezone(scene.policy.zone).year}年")
