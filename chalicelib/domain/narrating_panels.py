"""How a clerk writes down whom of the pool somebody asked to a case, and what came of it. Loaded when there was one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.domain import events as E
from chalicelib.domain.narrating import words_said
from chalicelib.domain.panels import WHAT_ZH

if TYPE_CHECKING:
    from chalicelib.domain.narrating import Scene


def _invited(scene: Scene) -> str:
    return f"邀请{_named(scene)}{words_said(scene, 'note', '：')}"


def _answered(scene: Scene) -> str:
    return f"{_known(scene)}{'同意参加' if scene.facts['coming'] else '不能参加'}{words_said(scene, 'note', '：')}"


def _avoided(scene: Scene) -> str:
    return f"{_named(scene)}回避{words_said(scene, 'reason', '，理由：')}"


def _took_part(scene: Scene) -> str:
    return f"{_known(scene)}参与办理{words_said(scene, 'note', '：')}"


def _named(scene: Scene) -> str:
    """By what they are and their number in the pool; the file has their names."""
    return "、".join(
        f"{WHAT_ZH.get(each['role'], each['role'])}（{each['member']}）" for each in scene.facts["members"]
    )


def _known(scene: Scene) -> str:
    roles = {each.member: each.role for each in scene.case.invited}
    members = scene.facts["members"]
    return "、".join(f"{WHAT_ZH.get(roles.get(name, ''), '')}（{name}）" for name in members)


TELL: dict[str, Callable[[Scene], str]] = {
    E.PANEL_INVITED: _invited,
    E.PANEL_ANSWERED: _answered,
    E.PANEL_AVOIDED: _avoided,
    E.PANEL_TOOK_PART: _took_part,
}
