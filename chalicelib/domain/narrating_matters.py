"""The sentences of `matter.*`: one matter in several cases, several in one. Loaded when there is one to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.matter_words import in_words
from chalicelib.domain.narrating import unit_said, words_said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.narrating import Scene


def _offered(scene: Scene) -> str:
    return f"发现疑似同一事项，待核实（{_likeness(scene.facts)}）"


def _absorbed(scene: Scene) -> str:
    facts = scene.facts
    code, reports = facts["absorbed"][0]["tracking_code"], facts["report_ids"]
    return f"并案：编号{code}与本件为同一事项，其反映{len(reports)}件并入本件一并办理、答复{_grounds(scene)}"


def _merged(scene: Scene) -> str:
    return f"并案：与在先受理的同一事项一并办理，本件暂停，办理单位和时限保持不变{_grounds(scene)}"


def _released(scene: Scene) -> str:
    facts = scene.facts
    return f"撤销并案：反映{len(facts['report_ids'])}件分出，恢复为原事项办理{_grounds(scene)}"


def _unmerged(scene: Scene) -> str:
    facts = scene.facts
    came = sum(len(each["report_ids"]) for each in facts["came_through"])
    parts = [f"撤销并案：恢复为单独事项，由{unit_said(scene)}继续办理{_grounds(scene)}"]
    parts += [f"并案期间新增反映{came}件"] if came else []
    parts += [f"并案期间已答复反映人{len(facts['answers'])}次：{'；'.join(map(_answer, facts['answers']))}"] * bool(
        facts["answers"]
    )
    return "；".join(parts)


def _split(scene: Scene) -> str:
    facts = scene.facts
    category = scene.policy.categories.get(facts["category"])
    zh = category.zh if category else facts["category"]
    note = words_said(scene, "note", "，情况：")
    return f"拆分立案：反映{len(facts['report_ids'])}件另立为编号{facts['child_code']}（{zh}）{note}"


def _told_apart(scene: Scene) -> str:
    return f"经核实与疑似事项不是同一事项{_grounds(scene)}"


def _grounds(scene: Scene) -> str:
    likeness = _likeness(scene.facts) if "score" in scene.facts else ""
    words = "；".join(part for part in (words_said(scene, "reason", "理由："), likeness) if part)
    return f"（{words}）" if words else ""


def _likeness(facts: Mapping[str, Any]) -> str:
    why = "、".join(map(in_words, facts["why"]))
    return f"相似度{facts['score']:.0%}{f'：{why}' if why else ''}"


def _answer(answer: Mapping[str, str]) -> str:
    return f"“{answer['note'].strip()}”"


TELL: dict[str, Callable[[Scene], str]] = {
    E.MATTER_OFFERED: _offered,
    E.MATTER_ABSORBED: _absorbed,
    E.MATTER_MERGED: _merged,
    E.MATTER_RELEASED: _released,
    E.MATTER_UNMERGED: _unmerged,
    E.MATTER_SPLIT: _split,
    E.MATTER_TOLD_APART: _told_apart,
}
