"""How a clerk writes down what happened at a mediation. Loaded when a history has one.

What both sides promised each other stands in the mediation's own file 人民调解卷宗, and is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from chalicelib.domain import events as E
from chalicelib.domain.mediations import APPLICANT, RESPONDENT
from chalicelib.domain.narrating import words_said

if TYPE_CHECKING:
    from chalicelib.domain.narrating import Scene
    from chalicelib.domain.policy import Policy

PARTIES = {APPLICANT: "申请人", RESPONDENT: "被申请人"}
FORMS = {"oral": "口头", "written": "书面"}
PERFORMED = {"full": "已全部履行", "partly": "部分履行", "none": "未履行"}
RULINGS = {"confirmed": "裁定调解协议有效", "rejected": "不予确认"}
ENDED = {
    "refused": "当事人一方拒绝调解，不再调解",
    "withdrawn": "当事人一方撤回同意，终止调解",
    "failed": "未达成协议，终止调解",
    "crime": "涉嫌犯罪，终止调解，移送公安机关",
    "dropped": "事项不再按矛盾纠纷办理，调解终止",
}


def _opened(scene: Scene) -> str:
    facts = scene.facts
    docking = scene.policy.dockings.get(facts.get("docking", ""))
    how = f"（{docking.zh}）" if docking else ""
    by = PARTIES.get(facts.get("party", ""))
    asked = f"由{by}申请" if by else "主动调解"
    return f"启动第{facts['attempt']}次调解{how}，{asked}{words_said(scene, 'note', '：')}"


def _consented(scene: Scene) -> str:
    return f"{PARTIES[scene.facts['party']]}同意调解{words_said(scene, 'note', '：')}"


def _session_held(scene: Scene) -> str:
    facts = scene.facts
    there = "、".join(PARTIES[party] for party in facts["parties"])
    panel = roles_words((each.role for each in scene.case.invited if each.member in facts["members"]), scene.policy)
    note = words_said(scene, "note", "：")
    return f"第{facts['session']}次调解会议（{day_words(facts['on'])}）：{panel}，{there}到场{note}"


def _agreed(scene: Scene) -> str:
    facts = scene.facts
    number = f"（编号{facts['number']}）" if "number" in facts else ""
    until = day_words(facts["until"])
    return (
        f"达成{FORMS[facts['form']]}调解协议{number}，{day_words(facts['on'])}起生效，{until}前履行，内容见人民调解卷宗"
    )


def _visit_planned(scene: Scene) -> str:
    return f"安排履约回访，履行期限{day_words(scene.facts['on'])}"


def _applied(scene: Scene) -> str:
    facts = scene.facts
    return f"双方当事人于{day_words(facts['on'])}共同向{facts['court']}申请司法确认{words_said(scene, 'note', '：')}"


def _accepted(scene: Scene) -> str:
    return f"法院于{day_words(scene.facts['on'])}受理司法确认申请{words_said(scene, 'note', '：')}"


def _ruled(scene: Scene) -> str:
    return f"法院于{day_words(scene.facts['on'])}{RULINGS[scene.facts['ruling']]}{words_said(scene, 'note', '：')}"


def _performed(scene: Scene) -> str:
    facts = scene.facts
    note = words_said(scene, "note", "：")
    return f"履约回访（{day_words(facts['on'])}）：{PERFORMED[facts['performed']]}{note}{ways_words(scene)}"


def _ended(scene: Scene) -> str:
    facts = scene.facts
    who = f"（{PARTIES[facts['party']]}）" if "party" in facts else ""
    reason = words_said(scene, "reason", "，理由：")
    return f"{ENDED[facts['outcome']]}{who}{reason}{ways_words(scene)}"


def ways_words(scene: Scene) -> str:
    """`，告知其他途径：仲裁、诉讼`; empty where none was named."""
    ways = ways_named(scene.facts.get("other_ways", ()), scene.policy)
    return f"，告知其他途径：{ways}" if ways else ""


def ways_named(ways: Iterable[str], policy: Policy) -> str:
    return "、".join(policy.settling_ways[way].zh if way in policy.settling_ways else way for way in ways)


def roles_words(roles: Iterable[str], policy: Policy) -> str:
    """`调解员、民警、律师2名`."""
    from chalicelib.domain.panels import WHAT_ZH

    counted: dict[str, int] = {}
    for role in roles:
        counted[role] = counted.get(role, 0) + 1
    return "、".join(f"{WHAT_ZH.get(role, role)}{f'{n}名' if n > 1 else ''}" for role, n in counted.items())


def day_words(day: str) -> str:
    """`2026年12月10日`."""
    year, month, number = day.split("-")
    return f"{year}年{int(month)}月{int(number)}日"


TELL: dict[str, Callable[[Scene], str]] = {
    E.MEDIATION_OPENED: _opened,
    E.MEDIATION_CONSENTED: _consented,
    E.MEDIATION_SESSION_HELD: _session_held,
    E.MEDIATION_AGREED: _agreed,
    E.MEDIATION_VISIT_PLANNED: _visit_planned,
    E.MEDIATION_CONFIRMATION_APPLIED: _applied,
    E.MEDIATION_CONFIRMATION_ACCEPTED: _accepted,
    E.MEDIATION_RULED: _ruled,
    E.MEDIATION_PERFORMED: _performed,
    E.MEDIATION_ENDED: _ended,
}
