"""The sentences of `matter.*`: one matter in several cases, several in one. Loaded when there is one to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.narrating import Scene


def _offered(scene: Scene) -> str:
    return f"发现疑似同一事项，待核实（{_likeness(scene.facts)}）"


def _absorbed(scene: Scene) -> str:
    facts = scene.facts
    code, reports = facts["absorbed"][0]["tracking_code"], facts["report_ids"]
    return f"并案：编号{code}与本件为同一事项，其反映{len(reports)}件并入本件一并办理、答复{_grounds(facts)}"


def _merged(scene: Scene) -> str:
    return f"并案：与在先受理的同一事项一并办理，本件暂停，办理单位和时限保持不变{_grounds(scene.facts)}"


def _released(scene: Scene) -> str:
    facts = scene.facts
    return f"撤销并案：反映{len(facts['report_ids'])}件分出，恢复为原事项办理{_grounds(facts)}"


def _unmerged(scene: Scene) -> str:
    facts = scene.facts
    came = sum(len(each["report_ids"]) for each in facts["came_through"])
    parts = [f"撤销并案：恢复办理，由{_unit(scene)}继续{_grounds(facts)}"]
    parts += [f"并案期间新增反映{came}件"] if came else []
    parts += [f"并案期间已答复反映人{len(facts['answers'])}次：{'；'.join(map(_answer, facts['answers']))}"] * bool(
        facts["answers"]
    )
    return "；".join(parts)


def _split(scene: Scene) -> str:
    facts = scene.facts
    category = scene.policy.categories.get(facts["category"])
    zh = category.zh if category else facts["category"]
    note = f"，情况：{facts['note'].strip().rstrip('。')}" if (facts.get("note") or "").strip() else ""
    return f"拆分立案：反映{len(facts['report_ids'])}件另立为编号{facts['child_code']}（{zh}）{note}"


def _told_apart(scene: Scene) -> str:
    return f"经核实与疑似事项不是同一事项{_grounds(scene.facts)}"


def _grounds(facts: Mapping[str, Any]) -> str:
    reason = (facts.get("reason") or "").strip().rstrip("。；;.")
    words = [f"理由：{reason}"] if reason else []
    words += [_likeness(facts)] if "score" in facts else []
    return f"（{'；'.join(words)}）" if words else ""


def _likeness(facts: Mapping[str, Any]) -> str:
    why = "、".join(facts["why"])
    return f"相似度{facts['score']:.0%}{f'：{why}' if why else ''}"


def _answer(answer: Mapping[str, str]) -> str:
    return f"“{answer['note'].strip()}”"


def _unit(scene: Scene) -> str:
    known = scene.policy.units.get(scene.facts["unit"])
    return known.zh if known else str(scene.facts["unit"])


TELL: dict[str, Callable[[Scene], str]] = {
    E.MATTER_OFFERED: _offered,
    E.MATTER_ABSORBED: _absorbed,
    E.MATTER_MERGED: _merged,
    E.MATTER_RELEASED: _released,
    E.MATTER_UNMERGED: _unmerged,
    E.MATTER_SPLIT: _split,
    E.MATTER_TOLD_APART: _told_apart,
}
