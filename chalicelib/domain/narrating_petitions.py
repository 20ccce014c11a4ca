"""How a clerk writes down what happened to a petition. Loaded when a history has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chalicelib.domain import events as E
from chalicelib.domain.cards import BY_NAME
from chalicelib.domain.narrating import day_words, unit_said, unit_words, units_words, words_said
from chalicelib.domain.petitions import EXPLAIN, HANDLING, NOT_SUPPORT, RE_REVIEW, REVIEW, SUPPORT

if TYPE_CHECKING:
    from chalicelib.domain.narrating import Scene
    from chalicelib.domain.policy import Policy

OPINIONS = {SUPPORT: "支持", EXPLAIN: "解释说明", NOT_SUPPORT: "不予支持"}
LEVELS = {HANDLING: "处理意见", REVIEW: "复查意见", RE_REVIEW: "复核意见"}
_ASKED = {REVIEW: "复查", RE_REVIEW: "复核"}


def _registered(scene: Scene) -> str:
    facts = scene.facts
    spoken = f"，推选代表{facts['representatives']}人" if facts["representatives"] else ""
    who = f"信访人{facts['people']}人{spoken}，{'已载明' if facts['named'] else '未载明'}姓名和联系方式"
    accused = f"，反映对象{units_words(facts['accused'], scene.policy)}" if facts["accused"] else ""
    return f"登记：{who}{accused}，由{unit_said(scene)}承办{words_said(scene, 'note', '；')}"


def _card_changed(scene: Scene) -> str:
    facts, policy = scene.facts, scene.policy
    was = f"由{_card(facts['was'], policy)}改为" if facts["was"] else "挂"
    how = "经研判" if facts["rule"] == BY_NAME else f"依据卡色规则（编号{facts['rule']}）"
    told = f"，告知{units_words(facts['asked'], policy)}" if facts["asked"] else ""
    return f"{was}{_card(facts['card'], policy)}：{how}{told}{words_said(scene, 'reason', '，理由：')}"


def _card_examined(scene: Scene) -> str:
    return f"卡色研判：{_card(scene.facts['card'], scene.policy)}{words_said(scene, 'reason', '，理由：')}"


def _directed(scene: Scene) -> str:
    way = scene.policy.lawful_ways.get(scene.facts["way"])
    name = f"（第三十一条第{scene.facts['item']}项：{way.zh if way else scene.facts['way']}）"
    return f"告知信访人依照其他法定途径提出{name}{words_said(scene, 'note', '：')}"


def _declined(scene: Scene) -> str:
    ground = scene.policy.grounds.get(scene.facts["ground"])
    why = f"{ground.zh if ground else scene.facts['ground']}（{scene.facts['article']}）"
    other = f"，所涉信访事项{scene.facts['other']}" if "other" in scene.facts else ""
    return f"不予受理：{why}{other}{words_said(scene, 'note', '；告知：')}"


def _passed_on(scene: Scene) -> str:
    asked = scene.facts.get("asked")
    joint = f"，协同单位{units_words(asked, scene.policy)}" if asked else ""
    reason = words_said(scene, "reason", "，理由：")
    return f"转送交办：由{unit_said(scene)}办理{joint}{reason}{words_said(scene, 'note', '，')}"


def _accepted(scene: Scene) -> str:
    return f"受理：书面告知信访人{words_said(scene, 'note', '，')}"


def _referred(scene: Scene) -> str:
    superior = unit_words(scene.facts["approver"], scene.policy)
    return f"报请共同上级{superior}决定办理机关{words_said(scene, 'reason', '，理由：')}"


def _decided(scene: Scene) -> str:
    joint = scene.facts["joint_units"]
    with_them = f"，{units_words(joint, scene.policy)}协同" if joint else ""
    return f"共同上级决定：由{unit_said(scene)}主办{with_them}{words_said(scene, 'reason', '，理由：')}"


def _answered(scene: Scene) -> str:
    facts = scene.facts
    opinion = OPINIONS.get(facts["opinion"], facts["opinion"])
    return f"作出{LEVELS[facts['stage']]}：{opinion}{words_said(scene, 'note', '；')}"


def _delivered(scene: Scene) -> str:
    back = "，申请期限尚未届满，撤销归档" if "closed_as" in scene.facts else ""
    return f"送达登记：信访人于{day_words(scene.facts['on'], scene)}收到书面答复{back}"


def _review_asked(scene: Scene) -> str:
    facts, reason = scene.facts, words_said(scene, "reason", "，理由：")
    sent = f"（{day_words(facts['on'], scene)}寄出或者提出）" if "on" in facts else ""
    back = "，在期限内提出，撤销归档" if "closed_as" in facts else ""
    return f"信访人申请{_ASKED[facts['stage']]}{sent}{back}，由{unit_said(scene)}办理{reason}"


def _heard(scene: Scene) -> str:
    days = scene.facts["days"]
    span = day_words(days[0], scene) + (f"至{day_words(days[-1], scene)}" if len(days) > 1 else "")
    return f"举行听证：{span}{words_said(scene, 'note', '，')}"


def _leader_named(scene: Scene) -> str:
    """By the staff number, as the file calls everybody who did something."""
    return f"领导包案：包案领导工号{scene.facts['leader']}{words_said(scene, 'reason', '，理由：')}"


TELL: dict[str, Callable[[Scene], str]] = {
    E.PETITION_REGISTERED: _registered,
    E.PETITION_CARD_CHANGED: _card_changed,
    E.PETITION_CARD_EXAMINED: _card_examined,
    E.PETITION_DIRECTED: _directed,
    E.PETITION_DECLINED: _declined,
    E.PETITION_PASSED_ON: _passed_on,
    E.PETITION_ACCEPTED: _accepted,
    E.PETITION_REFERRED: _referred,
    E.PETITION_DECIDED: _decided,
    E.PETITION_ANSWERED: _answered,
    E.PETITION_DELIVERED: _delivered,
    E.PETITION_REVIEW_ASKED: _review_asked,
    E.PETITION_HEARD: _heard,
    E.PETITION_LEADER_NAMED: _leader_named,
}


def _card(card: str, policy: Policy) -> str:
    known = policy.cards.get(card)
    return known.zh if known else card
