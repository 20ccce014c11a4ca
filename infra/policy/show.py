"""What the commands for policies print, for a person: Chinese names beside ids, the beginning of long lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chalicelib.domain.limits import DAYS, EXACT, SAME_DAY, WORKING_DAYS, Limit
from chalicelib.policy.schema import duration_of, words_of
from infra.policy.differences import ADDED, CHANGED, REMOVED, REORDERED, Difference
from infra.policy.dry_run import CATEGORY_GONE, DIFFERENT, NEVER_ROUTED, SAME, Decision, Outcome
from infra.policy.stranding import CATEGORY, PROCEDURE, STATE, Reason, Stranded

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy
    from chalicelib.domain.routing import Assignment
    from chalicelib.models.policy_store import KeptVersion
    from infra.policy.migration import Migration

MOST_SHOWN = 40
WHAT_ZH = {ADDED: "[green]新增[/green]", REMOVED: "[red]取消[/red]", CHANGED: "变更", REORDERED: "次序变更"}
SECTION_ZH = {
    "kinds": "类别",
    "categories": "小类",
    "units": "单位",
    "routing": "派单规则",
    "states": "状态",
    "actions": "操作",
    "procedures": "流程",
    "uses": "流程适用",
    "calendar": "工作日历",
    "roles": "角色",
    "posts": "岗位",
    "patrols": "巡查",
    "patrol_rules": "巡查规则",
    "notices": "通知",
    "templates": "文字",
    "rules": "规则",
}
REASON_ZH = {
    "category": "小类",
    "procedure": "流程",
    "state": "状态",
    "lead": "主办单位",
    "desk": "受理中心",
    "joint": "协办单位",
    "approver": "审批单位",
    "supervisor": "督办单位",
    "centre": "区域所属中心",
}
OUTCOME_ZH = {SAME: "不变", DIFFERENT: "改变", NEVER_ROUTED: "从未派单", CATEGORY_GONE: "小类已取消"}


def show_versions(
    versions: Sequence[KeptVersion],
    in_force: str | None,
    cases: Mapping[str, int],
    console: Console,
    zone: ZoneInfo,
) -> None:
    """Every kept version with how many cases go by it, and those that cases name and nobody kept."""
    table = Table("版本 version", "保存 kept", "部署 deployed", "未办结 open cases", "")
    for each in versions:
        state = "[green]施行中 in force[/green]" if each.version == in_force else ""
        if each.deployed_at is None:
            state = "[yellow]部署未完成 not deployed to the end[/yellow]"
        row = (each.version, _local(each.kept_at, zone), _local(each.deployed_at, zone))
        table.add_row(*row, str(cases.get(each.version, 0)), state)
    known = {each.version for each in versions}
    for version, number in sorted(cases.items()):
        if version not in known:
            table.add_row(version, "—", "—", str(number), "[yellow]未保存，按施行版本 not kept[/yellow]")
    console.print(table)


def show_differences(found: Sequence[Difference], console: Console) -> None:
    """What changed between two packs, section by section."""
    if not found:
        console.print("内容相同 / the packs do not differ")
        return
    for each in found:
        place = f"{SECTION_ZH.get(each.section, '')} {'.'.join(each.path)}".strip()
        said = f"{escape(place)}{f' {escape(each.zh)}' if each.zh and each.zh != each.new else ''}"
        console.print(f"{WHAT_ZH[each.what]} {each.what}  {said}", highlight=False, soft_wrap=True)
        for line in _told(each):
            console.print(f"    {escape(line)}", highlight=False, soft_wrap=True)
    counted = Counter((each.section, each.what) for each in found)
    sections = sorted({section for section, _ in counted})
    table = Table("", *(f"{what}" for what in WHAT_ZH))
    for section in sections:
        name = f"{SECTION_ZH.get(section, '')} {section}".strip()
        table.add_row(name, *(str(counted[section, what] or "") for what in WHAT_ZH))
    console.print(table)


def show_stranded(found: Sequence[Stranded], version: str, policies: Policy, console: Console) -> None:
    """The cases that a version strands, one a line, with everything it lacks for each."""
    if not found:
        console.print(f"[green]{version}: 没有事项受阻 / no open case is stranded[/green]")
        return
    table = Table("事项 case", "编号 code", "状态 state", "缺少 lacks")
    for case, reasons in found[:MOST_SHOWN]:
        lacks = "\n".join(reason_words(reason, policies) for reason in reasons)
        table.add_row(case.id, case.tracking_code, case.state, lacks)
    console.print(table)
    if len(found) > MOST_SHOWN:
        console.print(f"… 另有 {len(found) - MOST_SHOWN} 件，见 --json / {len(found) - MOST_SHOWN} more: --json")
    counted = Counter(reason for each in found for reason in each.reasons)
    for reason, number in sorted(counted.items()):
        console.print(f"  {reason_words(reason, policies)}: {number}", highlight=False)
    console.print(f"[red]{version}: {len(found)} 件受阻 / open cases are stranded[/red]")


def show_migration(
    planned: Sequence[Migration], to: Policy, current: Policy, console: Console, *, in_force: bool
) -> None:
    """How many cases come from which version, and which of them the new one has not all for."""
    if not in_force:
        console.print(
            f"[yellow]{to.version} 不是施行版本 / is not the version in force: new cases go by another[/yellow]"
        )
    if not planned:
        console.print(f"没有需要迁移的事项 / no open case is to be brought to {to.version}")
        return
    table = Table("自 from", "至 to", "事项 cases", "缺少 lacking")
    counted = Counter(each.case.policy_version for each in planned)
    lacking = Counter(each.case.policy_version for each in planned if each.lacks)
    for version, number in sorted(counted.items()):
        table.add_row(version, to.version, str(number), str(lacking[version] or ""))
    console.print(table)
    if lacking:
        show_stranded([Stranded(*each) for each in planned if each.lacks], to.version, current, console)
        console.print(
            "受阻事项将重新甄别 / these go to a desk, to be screened again, or keep what is not asked of them"
        )


def reason_words(reason: Reason, policy: Policy) -> str:
    """What is missing, by its names in a policy that has it."""
    states = {state.id: state for procedure in policy.procedures.values() for state in procedure.states.values()}
    tables = {CATEGORY: policy.categories, PROCEDURE: policy.procedures, STATE: states}
    named: Mapping[str, Any] = tables.get(reason.what, policy.units)
    name = named[reason.id].zh if reason.id in named else ""
    return f"{REASON_ZH[reason.what]} {reason.what}: {f'{name} ' if name else ''}{reason.id}"


def show_outcomes(found: Sequence[Outcome], policy: Policy, console: Console) -> None:
    """Each decision that would be another, and how many of each category there are."""
    for each in found:
        if each.what == DIFFERENT and each.decided and each.would:
            category = policy.categories[each.decided.category]
            console.print(f"[bold]{each.case_id}[/bold]  {category.zh} {category.id}", highlight=False)
            old, new = (escape(_decision_words(one, policy)) for one in (each.decided, each.would))
            console.print(f"    原 was    {old}\n    现 would  {new}", highlight=False, soft_wrap=True)
            for why in each.why:
                console.print(f"    因 why    {escape(why)}", highlight=False, soft_wrap=True)
        elif each.what == CATEGORY_GONE and each.decided:
            console.print(
                f"[red]{each.case_id}  小类已取消 category gone: {each.decided.category}[/red]", highlight=False
            )
        elif each.what == NEVER_ROUTED:
            console.print(f"[dim]{each.case_id}  从未派单 never routed[/dim]", highlight=False)
    table = Table("小类 category", *(f"{zh} {what}" for what, zh in OUTCOME_ZH.items()))
    counted = Counter((each.decided.category if each.decided else "", each.what) for each in found)
    for name in sorted({category for category, _ in counted}):
        known = policy.categories.get(name)
        shown = f"{known.zh} {name}" if known else name or "—"
        table.add_row(shown, *(str(counted[name, what] or "") for what in OUTCOME_ZH))
    console.print(table)
    console.print(
        "，".join(f"{zh} {what} {sum(each.what == what for each in found)}" for what, zh in OUTCOME_ZH.items())
    )


def _decision_words(decision: Decision | Assignment, policy: Policy) -> str:
    def name(unit: str) -> str:
        return f"{policy.units[unit].zh} {unit}" if unit in policy.units else unit

    joint = "、".join(map(name, decision.joint_units)) or "无"
    why = f"（{'，'.join(decision.why)}）" if decision.why else ""
    return f"主办 {name(decision.lead)}；协办 {joint}；规则 {decision.rule}{why}"


def _told(each: Difference) -> Iterable[str]:
    """The old and the new value, one a line; of lists only what came and went; of what is whole, what it says."""
    if each.what == REORDERED:
        yield f"原 was {_said(each.old)}"
        yield f"现 now {_said(each.new)}"
    elif each.what == CHANGED and (each.path[-1] in _IN_SECONDS or _limit(each.old) or _limit(each.new)):
        yield f"{_long(each.old)} → {_long(each.new)}"
    elif each.what == CHANGED and isinstance(each.old, list) and isinstance(each.new, list):
        gone, come = ([v for v in one if v not in other] for one, other in ((each.old, each.new), (each.new, each.old)))
        if gone:
            yield f"− {_said(gone)}"
        if come:
            yield f"+ {_said(come)}"
        if not gone and not come:
            yield f"{_said(each.old)} → {_said(each.new)}"
    elif each.what == CHANGED:
        yield f"{_said(each.old)} → {_said(each.new)}"
    elif whole := _whole(each.new if each.what == ADDED else each.old):
        yield whole


_IN_SECONDS = frozenset(
    {
        *("accept", "resolve", "visit_after", "closes_after", "every", "grace", "warn_before", "again"),
        *("oldest_check_in", "sms_join_within", "screening_clock", "second_visit_after", "future_tolerance"),
        *("identity_retention", "refused_retention"),
    }
)
"""Numbers of a pack that are seconds; they are shown as the pack's files have them."""


def _whole(value: Any) -> str:
    """What a table says of itself beside its names; of a table of tables, which there are."""
    if not isinstance(value, dict):
        return _said(value)
    if value and all(isinstance(each, dict) for each in value.values()):
        return "、".join(value)
    said = {key: _long(each) for key, each in value.items() if key in _IN_SECONDS or _limit(each)}
    plain = {key: each for key, each in value.items() if key not in ("id", "zh", "en") and not isinstance(each, dict)}
    return _said({**plain, **said})


def _limit(value: Any) -> bool:
    """Whether it is a limit, as `Limit` has it."""
    return isinstance(value, list) and len(value) == 2 and value[0] in (EXACT, DAYS, WORKING_DAYS, SAME_DAY)


def _long(value: Any) -> str:
    """A duration or limit in the words of the pack's files."""
    if _limit(value):
        return words_of(Limit(*value))
    return duration_of(value) if isinstance(value, int) and value else _said(value)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(_said, value)) or "（空 none）"
    if isinstance(value, dict):
        return "，".join(f"{key}={_said(part)}" for key, part in value.items() if part not in (None, "", []))
    return "（空 none）" if value in (None, "") else str(value)


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "—"
