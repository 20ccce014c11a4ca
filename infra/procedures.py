"""Writes `docs/procedures.md`, every procedure of the pack drawn and in tables: `python -m infra.procedures`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from chalicelib.domain import cases
from chalicelib.domain.limits import EXACT, Limit
from chalicelib.policy.procedures import Whole, procedures_of, states_moves
from chalicelib.policy.reader import PackText, read_pack
from chalicelib.policy.schema import ActionPart, ClockPart, KindPart, RolePart, UsePart, words_of
from infra.settings import ROOT

DOCUMENT = ROOT / "docs" / "procedures.md"
_PACK = ROOT / "chalicelib" / "policy" / "gulou"
_NONE = "—"
_ACTORS = {
    "lead": "主办单位",
    "screening": "甄别单位",
    "joint": "协同单位",
    "approver": "审批单位",
    "superior": "共同上级",
    "submitter": "上报人",
    "visitor": "网格员",
}
_SAID = {
    "reason": "原因",
    "note": "情况说明",
    "category": "类别",
    "area": "地点",
    "unit": "单位",
    "units": "协同单位",
    "until": "延至哪一天",
    "media": "图片",
    "outcome": "满意与否",
    "other": "另一事项",
    "report_ids": "反映",
    "on": "哪一天",
    "people": "信访人数",
    "way": "法定途径",
    "opinion": "处理意见",
    "ground": "不予受理理由",
    "card": "卡色",
    "leader": "包案领导",
    "members": "人员",
    "party": "当事人",
    "parties": "双方当事人",
    "agrees": "是否同意",
    "form": "协议形式",
    "terms": "协议内容",
    "court": "法院",
    "ruling": "裁定结果",
    "performed": "履行情况",
}
_TURNS = {"desk": "甄别单位", "lead": "主办单位", "visitor": "回访人", "nobody": _NONE}
_URGENCIES = {"ordinary": "普通", "urgent": "紧急", "major": "重大"}
_SOURCES = {"mobile": "移动端", "sms": "短信", "12345": "12345热线", "web": "网页"}
_BY_ITSELF = {cases.CLOSED: "自动：回访或到期归档", cases.REOPEN_REQUESTED: "自动：回访不满意"}
_CLOCK_HEADS = [
    *("时限 clock", "期限 limit", "计时 runs in", "暂停 pauses in", "完成 met in", "预警 warning", "上报 escalation"),
    *("延期 extension", "依据 article"),
]
_LENGTHS = ((86_400, "天"), (3_600, "小时"), (60, "分钟"), (1, "秒"))


def main() -> None:
    DOCUMENT.write_text(document(), "utf-8")


def document() -> str:
    """`docs/procedures.md`."""
    text = read_pack(_PACK)
    whole = procedures_of(text)
    uses = "\n".join(
        f"| {place} | {_conditions(use, text)} | [{whole[use.procedure].entry.part.zh}](#{use.procedure}) |"
        for place, use in enumerate((entry.part for entry in text.all(UsePart)), start=1)
    )
    return _DOCUMENT.format(uses=uses, procedures="\n".join(_procedure(each, text) for each in whole.values()))


def diagram(whole: Whole) -> str:
    """A procedure as a state diagram of mermaid. Of actions that leave a case where it is, the steps."""
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [f'    state "{entry.part.zh}" as {_node(state)}' for state, entry in whole.states.items()]
    lines += [
        f"    [*] --> {_node(cases.ASSIGNED)} : 自动派单",
        f"    [*] --> {_node(cases.SCREENING)} : 自动：类别或地点不明",
    ]
    ways: dict[tuple[str, str], list[str]] = {}
    for at, to, action in states_moves(whole):
        label = whole.actions[action].part.zh if action else _BY_ITSELF[to]
        ways.setdefault((at, to), []).append(label)
    for entry in whole.actions.values():
        if entry.part.does == "advance" and not entry.part.to:
            for state in entry.part.states:
                ways.setdefault((state, state), []).append(entry.part.zh)
    lines += [f"    {_node(at)} --> {_node(to)} : {'、'.join(labels)}" for (at, to), labels in ways.items()]
    return "\n".join([*lines, f"    {_node(cases.CLOSED)} --> [*]"])


def _procedure(whole: Whole, text: PackText) -> str:
    part = whole.entry.part
    extends = f"，继承 `{part.extends}`" if part.extends else ""
    return _PROCEDURE.format(
        id=part.id,
        zh=part.zh,
        en=part.en,
        file=f"`{whole.entry.file}`{extends}",
        diagram=diagram(whole),
        states=_rows(_states(whole)),
        clock_heads=f"{_rows([_CLOCK_HEADS])}\n|{'---|' * len(_CLOCK_HEADS)}",
        clocks=_rows(_clock(entry.part, whole, text) for entry in whole.clocks.values()),
        actions=_rows(_action(entry.part, whole, text) for entry in whole.actions.values()),
    )


def _states(whole: Whole) -> Iterator[list[str]]:
    for state, entry in whole.states.items():
        yield [f"{entry.part.zh} `{state}`", _TURNS[entry.part.turn], entry.part.public]


def _clock(clock: ClockPart, whole: Whole, text: PackText) -> list[str]:
    met = [_named(clock.met_in, whole)] if clock.met_in else []
    met += ["、".join(whole.actions[action].part.zh for action in clock.met_by)] if clock.met_by else []
    met += ["回访"] if clock.id == "visit" else []
    extension = f"{clock.extensions} 次，每次至多 {_limit(clock.extension)}" if clock.extension else _NONE
    return [
        f"{clock.zh} `{clock.id}`",
        _limits(clock, text),
        _named(clock.runs_in, whole),
        _named(clock.pauses_in, whole),
        (f"期满即归档 window, closes as `{clock.closes}`" if clock.closes else "期满即止 window")
        if clock.window
        else "；".join(met),
        _warning(clock),
        _escalation(clock),
        extension + (f"；到期前 {_limit(clock.ask_before)} 申请" if clock.ask_before else ""),
        clock.article or "本地 local",
    ]


def _limits(clock: ClockPart, text: PackText) -> str:
    named = {"category": "按类别 the category's", "card": "按卡色 the card's"}
    own = named[clock.limit] if isinstance(clock.limit, str) else _limit(clock.limit)
    kinds = {entry.part.id: entry.part.zh for entry in text.all(KindPart)}
    by_urgency: Mapping[str, Limit | None] = dict(clock.urgencies)
    other = [f"卡 `{card}` {_limit(limit)}" for card, limit in clock.cards.items()]
    other += [f"{_URGENCIES[name]} {_limit(limit)}" for name, limit in by_urgency.items() if limit]
    other += [f"{kinds[kind]} {_limit(limit)}" for kind, limit in clock.kinds.items()]
    only = ["仅须回访的类别"] if clock.visited else []
    only += ["末日为休息日顺延"] if clock.roll_over else []
    only += ["自收到之日起"] if clock.from_report else []
    return "；".join([own, *other, *only])


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return _NONE
    return _duration(limit.count) if limit.unit == EXACT else words_of(limit)


def _duration(seconds: int) -> str:
    """Exact time in words."""
    words, left = [], seconds
    for length, word in _LENGTHS:
        count, left = divmod(left, length)
        words += [f"{count} {word}"] if count else []
    return "".join(words)


def _warning(clock: ClockPart) -> str:
    if clock.remind_before:
        return f"届满前 {_limit(clock.remind_before)}"
    return f"剩余 {clock.warn_left}% 时" if clock.warn_left else _NONE


def _escalation(clock: ClockPart) -> str:
    if clock.window:
        return _NONE
    return f"逾期即上报，其后每 {_duration(clock.again)}再上报一级" if clock.again else "逾期上报一次"


def _action(action: ActionPart, whole: Whole, text: PackText) -> list[str]:
    targets = [to for _, to, by in states_moves(whole) if by == action.id]
    roles = [entry.part.zh for entry in text.all(RolePart) if f"case.{action.id}" in entry.part.permissions]
    limits = [f"{whole.clocks[action.within].part.zh.removesuffix('期')}期内"] if action.within else []
    limits += [f"延长“{whole.clocks[action.clock].part.zh}”时限"] if action.clock else []
    limits += [f"以指明的寄出之日为准，至多补登 {action.days_back} 天内寄出的"] if action.within_day else []
    limits += ["自指明之日起算"] if action.from_day else []
    limits += [f"重新起算“{whole.clocks[clock].part.zh}”时限" for clock in action.restarts]
    return [
        f"{action.zh} `{action.id}`",
        _named(action.states, whole),
        _named(dict.fromkeys(targets), whole) if targets else "不变",
        "、".join(_ACTORS[actor] for actor in action.actors),
        "、".join(_SAID[said] for said in action.requires) or _NONE,
        "；".join(limits) or _NONE,
        "、".join(roles),
    ]


def _conditions(use: UsePart, text: PackText) -> str:
    kinds = {entry.part.id: entry.part.zh for entry in text.all(KindPart)}
    said = [f"类别为{'、'.join(kinds[kind] for kind in use.kinds)}"] if use.kinds else []
    said += [f"来源为{'、'.join(_SOURCES.get(source, source) for source in use.sources)}"] if use.sources else []
    return "，".join(said) or "其他一切，包括尚未甄别的 everything else, and what is not screened yet"


def _named(states: Iterable[str], whole: Whole) -> str:
    return "、".join(whole.states[state].part.zh for state in states) or _NONE


def _rows(rows: Iterable[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(cell.replace('|', '｜') for cell in row)} |" for row in rows)


def _node(state: str) -> str:
    return f"s_{state.replace('-', '_')}"  # no word of mermaid's own, as `state` or `end`


_PROCEDURE = """\
<a id="{id}"></a>
## {zh} {en}

{file}

```mermaid
{diagram}
```

| 状态 state | 由谁办理 whose turn | 公开查询显示 what the public reads |
|---|---|---|
{states}

{clock_heads}
{clocks}

| 操作 action | 在 in | 到 to | 由谁 by | 须说明 requires | 期限 window | 角色 roles |
|---|---|---|---|---|---|---|
{actions}
"""

_DOCUMENT = """\
# 办理程序 Procedures

由 `python -m infra.procedures` 生成，请勿手改。Written by `python -m infra.procedures` from the policy pack
(`procedures/`, the `use` rows of `pack.toml`, `roles.toml`); do not edit. `tests/unit/test_procedures_document.py`
holds it to what the command writes. How a procedure is written: [policy](policy.md#procedures).

“自动”：无人操作，由时间、回访或系统完成。"自动" is what time, a visit or the system does by itself.

不改变状态的操作（协同、延期等）只列在表中；箭头回到原状态的是只作记录的步骤。
Actions that leave a case in its state are in the
tables only; an arrow back to its own state is a step that is noted. Not drawn: a change of the pack may send a case
that it strands back to be screened.

无依据的期限为本地规定，未经核实 limits without an article are local, not verified.

## 适用 Which one

自上而下，先符合者适用。The first row whose condition holds.

| | 事项 matters | 程序 procedure |
|---|---|---|
{uses}

{procedures}"""


if __name__ == "__main__":
    main()
