"""A matter of each procedure from report to archive, as data, and how it is played over HTTP.

`tests/e2e` plays them on the whole system, `python -m infra example <name>` on what `make run` stands up, and
`python -m tests.examples` under a clock set by hand, to write docs/examples. In what is said `{station}`, `{street}`
and `{cell}` are those of the place it is played at.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

import requests
from standardwebhooks import Webhook

from infra.day.system import Caller, System
from infra.samples.pictures import picture

WORKER, STATION, STREET, CENTRE = "worker", "{station}", "{street}", "linkage-centre"
OFFICE, RESOURCES, LEADER = "petition-office", "natural-resources", "gl9001"
HEAD = "/head"
"""Behind a unit: who heads it, and nobody else of it."""

AT_THE_TABLE = ("@mediator", "@police", "@lawyer")
"""In what is said, people of the pool: mediator, police officer and lawyer at one table 三位一体."""
BOTH = ("applicant", "respondent")

_COUNTS_FROM_A_DAY = frozenset({"petition-deliver"})
"""What is done only where time can be set: elsewhere windows last seconds, which no day that is named begins."""

_LOCAL = timezone(timedelta(hours=8))
_SOON = 0.2  # seconds between two looks
_REPORTER = {"name": "欧阳春晓", "phone": "+8619903000001"}


class Told(NamedTuple):
    """The matter comes in: `by` a worker's phone (mobile), a text message (sms) or the hotline (12345)."""

    by: str
    said: Mapping[str, Any]
    pictures: int = 0


class Did(NamedTuple):
    """Somebody of a unit (or the worker of the cell) did something, on the `day` after the first at an `hour` there.

    `pictures`: how many are handed in with it. `until`: days beyond its clock that an extension is asked for.
    """

    by: str
    action: str
    day: int
    hour: str
    said: Mapping[str, Any]
    pictures: int = 0
    until: int = 0


class Visited(NamedTuple):
    """The visit falls due, and the worker of the cell makes it."""

    outcome: str
    note: str | None = None


class RanOut(NamedTuple):
    """A time passes: the `clock` runs out, is warned of (`early`), or comes `again`. Only where time can be set."""

    clock: str
    early: bool = False


class ClosedByTime(NamedTuple):
    """Nobody visits: the case closes by itself when its time has come."""


Step = Told | Did | Visited | RanOut | ClosedByTime


class Example(NamedTuple):
    """`about`: what it shows. `outcome`: how the case ends."""

    id: str
    zh: str
    about: str
    steps: tuple[Step, ...]
    outcome: str


class Ground(Protocol):
    """Where an example is played: a place, its people, and its time."""

    cell: str
    station: str
    street: str

    def tell(self, by: str, said: Mapping[str, Any]) -> str:
        """Bring a matter in; the id of its case."""

    def picture(self, by: str) -> str:
        """Upload a picture; its attachment id."""

    def act(self, case: Mapping[str, Any], action: str, by: str, said: Mapping[str, Any]) -> None: ...

    def visit(self, case: Mapping[str, Any], outcome: str, note: str | None) -> None: ...

    def case(self, case_id: str) -> Mapping[str, Any]: ...

    @property
    def today(self) -> str:
        """The day it is there (ISO)."""
        ...

    def member(self, what: str) -> str:
        """Somebody of the pool of people who may sit at a table there, by id."""

    def wait_for(self, day: int, hour: str) -> None:
        """Let time pass, where it can be set: until so many days after the first, at an hour of the district's time."""

    def fall_due(self, case_id: str, at: datetime) -> None:
        """Let a time come, and what it brings."""

    @property
    def sets_time(self) -> bool: ...


def play(example: Example, ground: Ground) -> str:
    """Play an example to its end; the id of its case. Raises AssertionError where it ends otherwise than it should."""
    case_id = ""
    for step in example.steps:
        match step:
            case Told(by, said, pictures):
                media = {"media": [ground.picture(WORKER) for _ in range(pictures)]} if pictures else {}
                case_id = ground.tell(by, {**_at(ground, said), **media}) or case_id
            case Did() if ground.sets_time or step.action not in _COUNTS_FROM_A_DAY:
                _do(step, ground, case_id)
            case Visited(outcome, note):
                ground.fall_due(case_id, _moment(ground.case(case_id)["visits"][-1]["due_at"]))
                ground.visit(ground.case(case_id), outcome, note)
            case RanOut(clock, early) if ground.sets_time:
                running = _clock(ground.case(case_id), clock)
                started, due = _moment(running["started_at"]), _moment(running["due_at"])
                ground.fall_due(case_id, due - (due - started) / 5 if early else due)
            case ClosedByTime():
                ground.fall_due(case_id, datetime.max.replace(tzinfo=UTC))
    case = ground.case(case_id)
    assert (case["state"], case["outcome"]) == ("closed", example.outcome), (example.id, case["state"], case["outcome"])
    return case_id


def _do(step: Did, ground: Ground, case_id: str) -> None:
    ground.wait_for(step.day, step.hour)
    case, said = ground.case(case_id), dict(_at(ground, step.said))
    by = str(_at(ground, {"by": step.by})["by"])
    if step.pictures:
        said["media"] = [ground.picture(by) for _ in range(step.pictures)]
    if step.until:
        clock = "handle" if case["petition"] else "resolve"
        due: date = _moment(_clock(case, clock)["due_at"]).astimezone(_LOCAL).date()
        said["until"] = (due + timedelta(days=step.until)).isoformat()
    ground.act(case, step.action, by, said)


def _at(ground: Ground, said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, at the place it is played at."""
    names = {"station": ground.station, "street": ground.street, "cell": ground.cell, "today": ground.today}

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return ground.member(value[1:]) if value in AT_THE_TABLE else value.format(**names)
        return [filled(each) for each in value] if isinstance(value, list) else value

    return {name: filled(value) for name, value in said.items()}


def _clock(case: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    clock: Mapping[str, Any] = next(
        clock for clock in case["clocks"] if clock["name"] == name and clock["ended_at"] is None
    )
    return clock


def _moment(stamped: str) -> datetime:
    return datetime.fromisoformat(stamped)


def _did(by: str, action: str, when: str, *, pictures: int = 0, until: int | str = 0, **said: Any) -> Did:
    """A step of the script; `when`: `2 09:30`, the second day after the first, half past nine."""
    day, _, hour = when.partition(" ")
    if isinstance(until, str):  # a day, and not days beyond the clock
        return Did(by, action, int(day), hour, {**said, "until": until}, pictures)
    return Did(by, action, int(day), hour, said, pictures, until)


def _sat(when: str, note: str) -> Did:
    """A session of mediation, everybody there."""
    said = {"members": list(AT_THE_TABLE), "parties": list(BOTH), "note": note}
    return _did(STATION, "mediation-hold-session", when, **said)


_COMING = (
    _did(STATION, "panel-invite", "1 10:00", members=list(AT_THE_TABLE)),
    _did(STATION, "panel-answer", "1 15:00", members=list(AT_THE_TABLE), agrees=True),
)
"""Mediator, police officer and lawyer are asked to the table, and come."""

EXAMPLES: Mapping[str, Example] = {
    example.id: example
    for example in (
        Example(
            "dispute",
            "矛盾纠纷",
            "网格员上报，服务站甄别归口，逐级调处上报街道，协同司法行政部门，延期一次，回访满意后归档。",
            (
                Told("mobile", {"text": "两家为楼道里的一块地方又闹起来了，请社区来看看。"}),
                _did(STATION, "classify", "0 09:04", category="neighbour-dispute"),
                _did(STATION, "accept", "0 09:34"),
                _did(STATION, "mediate", "0 14:30", note="到现场分别听取双方意见，查看楼道堆放情况，双方各执一词。"),
                _did(
                    STATION, "mediate", "1 15:00", note="在服务站组织面对面调处，一方要求先清空楼道再谈，未达成一致。"
                ),
                _did(STATION, "escalate", "1 16:40", reason="网格内两次调处未果，需社区两委和物业共同出面。"),
                _did(STATION, "mediate", "2 10:00", note="社区两委、物业公司参加调处，就清理时间仍有分歧。"),
                _did(STATION, "escalate", "2 15:20", reason="涉及公共通道产权认定，超出社区调处能力。"),
                _did(STREET, "accept", "2 16:30"),
                _did(
                    STREET, "request-joint", "3 09:10", units=["justice"], reason="需就公共通道的使用权出具法律意见。"
                ),
                _did("justice", "accept-joint", "3 11:25"),
                _did(
                    STREET, "request-extension", "3 15:00", until=5, reason="等待产权档案查询结果，原期限内难以办结。"
                ),
                _did(CENTRE, "approve-extension", "6 10:10"),
                _did(
                    "justice",
                    "finish-joint",
                    "8 16:00",
                    note="已出具法律意见书：该处为业主共有通道，任何一方不得独占。",
                ),
                _did(STREET, "resolve", "9 10:30", note="双方签订和解协议：三日内清空楼道，不再堆放物品。"),
                Visited("satisfied", "双方均表示认可，楼道已清空。"),
            ),
            "satisfied",
        ),
        Example(
            "livelihood",
            "民生事项",
            "居民短信反映，联动中心甄别派单，挂起后恢复，首次回访不在家，再访不满意，同意重办一次，满意后归档。",
            (
                Told("sms", {"text": "路灯坏了，晚上黑灯瞎火看不见路"}),
                _did(CENTRE, "classify", "0 09:02", category="street-light", area="{cell}"),
                _did("urban-management", "accept", "0 09:45"),
                _did("power-supply", "accept-joint", "0 10:40"),
                _did("urban-management", "suspend", "0 14:00", reason="灯具型号停产，替代灯具已订货，到货后施工。"),
                _did("urban-management", "resume", "2 09:20", note="替代灯具到货，恢复施工。"),
                RanOut("resolve", early=True),
                _did("power-supply", "finish-joint", "4 09:30", note="配合停送电，线路检测正常。"),
                _did("urban-management", "resolve", "4 11:20", note="更换路灯两盏，当晚已亮。"),
                Visited("not-home", "家中无人，已留便条。"),
                Visited("dissatisfied", "亮了两晚又灭了一盏。"),
                _did(CENTRE, "grant-reopen", "7 14:10", reason="经查属实，一盏路灯接触不良。"),
                _did("urban-management", "accept", "7 14:40"),
                _did("power-supply", "accept-joint", "7 15:00"),
                _did("power-supply", "finish-joint", "7 17:00", note="更换接线端子。"),
                _did("urban-management", "resolve", "8 10:00", note="重新接线并加固，连续观察两晚正常。"),
                Visited("satisfied", "两盏灯都亮着。"),
            ),
            "satisfied",
        ),
        Example(
            "hazard",
            "安全隐患",
            "网格员附图上报，直派能够消除隐患的单位，整改附图，核查退回一次，核查通过后答复，回访满意后归档。",
            (
                Told("mobile", {"text": "三号楼前窨井井盖缺失，旁边有孩子玩耍。"}, pictures=2),
                _did("urban-management", "accept", "0 08:58"),
                _did(STATION, "accept-joint", "0 09:01"),
                _did(STATION, "finish-joint", "0 09:25", note="已设围挡和警示灯，安排专人看守至换盖。"),
                _did("urban-management", "resolve", "0 10:20", pictures=1, note="已盖上临时盖板。"),
                _did(STATION, "send-back", "0 10:45", reason="临时盖板松动，未达到消除隐患的要求。"),
                _did("urban-management", "resolve", "0 11:20", pictures=2, note="已更换同型号防沉降井盖并固定。"),
                _did(STATION, "verify", "0 11:40", note="现场踩踏、推移均无松动。"),
                Visited("satisfied", "井盖稳固。"),
            ),
            "satisfied",
        ),
        Example(
            "security",
            "治安事项",
            "重大治安事项由公安主办，政法委和联动中心协办；主办完成而一家协办未完成时，归档写明。",
            (
                Told(
                    "mobile",
                    {"text": "广场上两伙人打架，有人受伤。", "category": "fighting", "urgency": "major"},
                    pictures=1,
                ),
                _did("public-security", "accept", "0 08:56"),
                _did("political-legal", "accept-joint", "0 09:04"),
                _did(CENTRE, "accept-joint", "0 09:10"),
                _did("political-legal", "finish-joint", "0 11:30", note="已会商研判，明确稳控责任。"),
                _did(
                    "public-security", "resolve", "0 15:00", note="已控制涉事人员并依法处理，伤者送医，现场秩序恢复。"
                ),
                ClosedByTime(),
            ),
            "unvisited",
        ),
        Example(
            "population",
            "流动人口",
            "社区登记流动人口；受理超过时限，逐级升级督办；登记后由服务站核查归档。",
            (
                Told("mobile", {"text": "二单元新搬来一户租客，尚未登记。", "category": "floating-population"}),
                RanOut("accept"),
                _did(STATION, "accept", "0 14:00"),
                _did("public-security", "accept-joint", "0 14:30"),
                _did(STATION, "register", "1 10:00", note="上门登记四人，核对居住证申领条件。"),
                _did("public-security", "finish-joint", "1 15:30", note="已录入流动人口信息系统。"),
                _did(STATION, "resolve", "1 16:10", note="四人均已登记，已告知申领居住证。"),
                _did(STATION, "verify", "2 09:30", note="抽查登记信息无误。"),
                ClosedByTime(),
            ),
            "unvisited",
        ),
        Example(
            "hotline",
            "12345热线工单",
            "热线派单，承办单位异议被驳回（首接负责），联系诉求人，到期前申请延期，不满意后同意重办，满意后归档。",
            (
                Told(
                    "12345",
                    {
                        "type": "complaint",
                        "title": "垃圾清运不及时",
                        "content": "小区门口垃圾桶旁垃圾成堆，没人清运，味道很大。",
                        "area": "{cell}",
                    },
                ),
                _did("urban-management", "return", "0 10:50", reason="该处为物业管理区域，应由物业服务企业清运。"),
                _did(STATION, "reject-return", "0 11:40", reason="垃圾桶设在市政道路一侧，属城市管理局清运范围。"),
                _did("urban-management", "accept", "0 13:10"),
                _did("urban-management", "contact", "0 15:00", note="已电话联系诉求人，约定次日上午现场查看。"),
                _did(STATION, "accept-joint", "0 16:00"),
                _did(
                    "urban-management",
                    "request-extension",
                    "1 09:30",
                    until=7,
                    reason="需增设垃圾桶并调整清运班次，报批需时。",
                ),
                _did(STATION, "approve-extension", "1 11:00"),
                _did(STATION, "finish-joint", "2 14:00", note="已协调物业配合划定投放点。"),
                _did(
                    "urban-management", "resolve", "3 16:00", note="已清运积存垃圾，增设垃圾桶四只，清运改为每日两次。"
                ),
                _did(STATION, "evaluate", "6 09:20", outcome="dissatisfied", note="诉求人称早晨仍有垃圾溢出"),
                _did(STATION, "grant-reopen", "6 10:30", reason="现场查看属实，早间班次未落实。"),
                _did("urban-management", "accept", "6 11:00"),
                _did("urban-management", "contact", "6 11:20", note="已向诉求人说明整改安排。"),
                _did(STATION, "accept-joint", "6 11:40"),
                _did(STATION, "finish-joint", "9 10:00", note="已请物业早间协助巡查投放点。"),
                _did("urban-management", "resolve", "9 15:00", note="早间清运提前至六时，连续三日巡查无溢出。"),
                _did(STATION, "evaluate", "10 09:40", outcome="satisfied", note="诉求人认可"),
            ),
            "satisfied",
        ),
        Example(
            "petition",
            "信访事项",
            "十二人信访，登记反映对象，转送后提出异议被驳回，领导包案，协同办理，负责人批准延期，复查、复核并举行听证，三级终结。",
            (
                Told(
                    "mobile",
                    {"text": "拆迁安置房拖了六年没有交付，要求说明何时交付。", "category": "petition-expropriation"},
                ),
                _did(
                    OFFICE,
                    "petition-register",
                    "0 14:00",
                    people=12,
                    representatives=3,
                    accused=["housing-construction"],
                ),
                _did(OFFICE, "petition-name-leader", "1 09:30", leader=LEADER, reason="涉及人数较多，时间跨度长。"),
                _did(OFFICE, "petition-pass-on", "2 10:00", unit=RESOURCES, reason="安置地块由其供地并监管。"),
                _did(RESOURCES, "return", "3 11:00", reason="房屋交付不属我单位职权。"),
                _did(OFFICE, "reject-return", "6 10:00", reason="争议在于地块的规划条件，属其职权范围。"),
                _did(RESOURCES, "accept", "7 09:00"),
                _did(
                    RESOURCES, "request-joint", "8 15:00", units=["civil-affairs"], reason="需核实过渡期补助发放情况。"
                ),
                _did("civil-affairs", "accept-joint", "9 10:00"),
                _did(OFFICE, "petition-change-card", "14 10:00", card="yellow", reason="包案领导已约访，情绪平稳。"),
                _did("civil-affairs", "finish-joint", "20 16:00", note="过渡期补助已核实，自上季度起未发放。"),
                _did(OFFICE, "petition-change-card", "33 10:00", card="green", reason="补助已补发，进度按月告知。"),
                _did(RESOURCES, "request-extension", "60 10:00", until=20, reason="规划条件变更须公示，公示期未满。"),
                _did(RESOURCES + HEAD, "petition-approve-extension", "61 09:00"),
                _did(OFFICE, "petition-change-card", "62 10:00", card="green", reason="延期已告知代表，无新情况。"),
                _did(
                    RESOURCES,
                    "petition-answer",
                    "70 16:00",
                    opinion="support",
                    note="规划条件已变更，限期交付，附交付时间表。",
                ),
                _did(OFFICE, "petition-deliver", "72 10:00", on="{today}"),
                _did(OFFICE, "petition-ask-review", "95 10:00", reason="对交付时间表不服。"),
                _did(
                    OFFICE,
                    "petition-answer-review",
                    "104 15:00",
                    opinion="explain",
                    note="时间表符合施工规范，维持处理意见。",
                ),
                _did(OFFICE, "petition-deliver", "105 10:00", on="{today}"),
                _did(OFFICE, "petition-ask-re-review", "125 10:00", reason="不服复查意见，要求听证。"),
                _did(
                    "political-legal",
                    "petition-hold-hearing",
                    "128 17:00",
                    on="{today}",
                    note="代表三人、专家两人到场。",
                ),
                _did(
                    "political-legal",
                    "petition-conclude",
                    "130 16:00",
                    opinion="explain",
                    note="维持复查意见，按月公布进度。",
                ),
            ),
            "final",
        ),
        Example(
            "mediation",
            "人民调解并经司法确认",
            "双方同意调解，调解员、民警、律师同桌，第二次会议达成书面协议，共同申请司法确认，履约回访后办结。",
            (
                Told("mobile", {"text": "借了钱两年不还，写的欠条也不认了，请社区调解。", "category": "debt-dispute"}),
                _did(STATION, "accept", "0 10:00"),
                _did("justice", "accept-joint", "0 11:00"),
                _did(STATION, "mediation-open", "0 14:30", party="applicant", docking="police"),
                _did(STATION, "mediation-consent", "0 14:40", party="applicant", agrees=True),
                _did(STATION, "mediation-consent", "1 09:20", party="respondent", agrees=True),
                *_COMING,
                _sat("2 09:30", "双方核对借据和转账记录，确认本金五万元；被申请人称一次还清有困难。"),
                _sat("3 14:00", "律师说明诉讼时效和费用，民警提醒不得上门滋扰，双方就分期还款达成一致。"),
                _did(
                    STATION,
                    "mediation-agree",
                    "3 16:00",
                    form="written",
                    terms="一、被申请人当日归还本金五万元，申请人放弃利息。二、申请人收款后交还借据。三、双方无其他争议。",
                    until="{today}",
                ),
                _did(STATION, "mediation-apply-confirmation", "3 16:30", court="鼓楼区人民法院", parties=list(BOTH)),
                _did(STATION, "mediation-record-acceptance", "4 10:00"),
                _did(STATION, "mediation-record-ruling", "7 15:00", ruling="confirmed"),
                _did(
                    STATION,
                    "mediation-record-performance",
                    "7 16:00",
                    performed="full",
                    note="款项已付清，借据已交还。",
                ),
                _did("justice", "finish-joint", "7 16:20", note="已就协议和司法确认提供法律指导。"),
                _did(STATION, "resolve", "7 16:30", note="双方达成调解协议并已履行，协议经人民法院司法确认。"),
                Visited("satisfied", "双方认可，无其他争议。"),
            ),
            "satisfied",
        ),
        Example(
            "mediation-failed",
            "调解不成",
            "第一次一方中途撤回同意，第二次调解不成，终止调解并告知其他途径，答复后归档。",
            (
                Told("mobile", {"text": "合伙卖货的钱算不清，两人都说对方欠自己的。", "category": "debt-dispute"}),
                _did(STATION, "accept", "0 10:00"),
                _did("justice", "accept-joint", "0 11:00"),
                _did(STATION, "mediation-open", "0 14:30", party="applicant"),
                _did(STATION, "mediation-consent", "0 14:40", party="applicant", agrees=True),
                _did(STATION, "mediation-consent", "0 15:00", party="respondent", agrees=True),
                *_COMING,
                _sat("2 09:30", "双方对账目各执一词，被申请人中途离场。"),
                _did(
                    STATION,
                    "mediation-withdraw-consent",
                    "2 10:10",
                    party="respondent",
                    reason="不认可账目，不愿继续。",
                ),
                _did(STATION, "mediation-open", "6 09:30", party="respondent", docking="legal-aid"),
                _did(STATION, "mediation-consent", "6 09:40", party="applicant", agrees=True),
                _did(STATION, "mediation-consent", "6 09:50", party="respondent", agrees=True),
                _sat("7 14:00", "律师梳理往来票据，仍有三笔无法核实，双方不让步。"),
                _did(STATION, "mediation-fail", "7 16:00", reason="双方对三笔账目争议较大，无法达成一致。"),
                _did("justice", "finish-joint", "7 16:20", note="已告知诉讼和法律援助的办理方式。"),
                _did(STATION, "resolve", "7 16:30", note="调解不成，已告知双方可以通过仲裁、诉讼等途径解决。"),
                Visited("satisfied", "知晓其他途径，准备起诉。"),
            ),
            "satisfied",
        ),
        Example(
            "withdrawn",
            "撤回",
            "上报人在受理之前撤回。",
            (
                Told("mobile", {"text": "楼下公共厕所没水。", "category": "public-toilet"}),
                _did(WORKER, "withdraw", "0 09:07", reason="物业已自行恢复供水，无需再办。"),
            ),
            "withdrawn",
        ),
        Example(
            "voided",
            "作废",
            "甄别时发现没有可办内容，作废并说明理由。",
            (
                Told("mobile", {"text": "测试一下手机。"}),
                _did(STATION, "void", "0 09:00", reason="经与上报人核实为误发，无可办内容。"),
            ),
            "voided",
        ),
    )
}


@dataclass(slots=True)
class HttpGround:
    """A running system, spoken to over HTTP only. `noted`: is told of each report, and of the phone it left.

    `sweep`: what finds out what time has brought; nothing where the system does it by itself.
    """

    system: System
    place: Mapping[str, Any]
    reporter: Mapping[str, str] = field(default_factory=lambda: dict(_REPORTER))
    noted: Callable[[str, str], None] = lambda report_id, phone: None
    sweep: Callable[[], object] = lambda: None
    patience: float = 30.0
    caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.caller = Caller(self.system)

    @property
    def cell(self) -> str:
        return str(self.place["area"])

    @property
    def station(self) -> str:
        return f"centre-{self.cell[:12]}"

    @property
    def street(self) -> str:
        return f"centre-{self.cell[:9]}"

    @property
    def sets_time(self) -> bool:
        return False

    @property
    def today(self) -> str:
        return datetime.now(_LOCAL).date().isoformat()

    def member(self, what: str) -> str:
        asked = {"what": what, "area": self.cell, "category": "debt-dispute"}
        found = _answered(self.caller.get("/v1/panel", self._token(STATION.format(station=self.station)), **asked))
        return str(next(each["member_id"] for each in found["items"] if each["suitable"]))

    def tell(self, by: str, said: Mapping[str, Any]) -> str:
        now = datetime.now(UTC).replace(microsecond=0).isoformat()
        match by:
            case "mobile":
                body = {"told_at": now, "position": self.place["position"], "reporter": self.reporter, **said}
                answer = self.caller.post("/v1/reports", body, self._token(WORKER), {"Idempotency-Key": str(uuid4())})
                receipt = _answered(answer, 201)
            case "12345":
                order = {"order_no": f"EX{uuid4().hex[:12]}", "caller": self.reporter, "received_at": now, **said}
                content = json.dumps(order, ensure_ascii=False).encode()
                signed = self._signed(content)
                receipt = _answered(self.caller.post("/hooks/hotline/12345", content, headers=signed))
            case _:
                return self._text(str(said["text"]))
        self.noted(receipt["report_id"], self.reporter["phone"])
        return str(receipt["case_id"])

    def picture(self, by: str) -> str:
        content = picture(uuid4().hex)
        announced, key = {"content_type": "image/jpeg", "bytes": len(content)}, {"Idempotency-Key": str(uuid4())}
        form = _answered(self.caller.post("/v1/attachments", announced, self._token(by), key), 201)
        self.caller.upload(form, content).raise_for_status()
        return str(form["attachment_id"])

    def act(self, case: Mapping[str, Any], action: str, by: str, said: Mapping[str, Any]) -> None:
        self._command(f"/v1/cases/{case['case_id']}/actions/{action}", said, self._token(by), case["version"])

    def visit(self, case: Mapping[str, Any], outcome: str, note: str | None) -> None:
        path = f"/v1/visits/{case['visits'][-1]['visit_id']}/result"
        self._command(path, {"outcome": outcome, "note": note}, self._token(WORKER), case["version"])

    def case(self, case_id: str) -> Mapping[str, Any]:
        return _answered(self.caller.get(f"/v1/cases/{case_id}", self.system.token_of_role("administrator")))

    def timeline(self, case_id: str) -> list[str]:
        """The timeline of a case, as it is read."""
        token = self.system.token_of_role("administrator")
        items = _answered(self.caller.get(f"/v1/cases/{case_id}/timeline", token))["items"]
        return [item["text_zh"] for item in items]

    def wait_for(self, day: int, hour: str) -> None:
        """Nothing: time passes by itself."""

    def fall_due(self, case_id: str, at: datetime) -> None:
        """Waits, as long as patience allows, until time has changed the case."""
        known, deadline = self.case(case_id)["version"], time.monotonic() + self.patience
        while self.case(case_id)["version"] == known:
            if time.monotonic() > deadline:
                raise AssertionError(f"{case_id}: nothing came of time, though {at} was waited for")
            if datetime.now(UTC) >= at or at.year == datetime.max.year:
                self.sweep()
            time.sleep(_SOON)

    def _text(self, content: str) -> str:
        number = uuid4().int % 10**12
        element = {"phone_number": self.reporter["phone"].removeprefix("+86"), "content": content, "send_time": ""}
        element |= {"sign_name": "鼓楼网格", "dest_code": "106900320302", "sequence_id": number}
        pushed = json.dumps([element], ensure_ascii=False).encode()
        _answered(self.caller.post(f"/hooks/sms/aliyun?key={self.system.secrets['aliyun']}", pushed))
        token = self.system.token_of_role("administrator")
        case = _answered(self.caller.get("/v1/cases", token, source="sms", message_id=str(number)))
        self.noted(case["reports"][-1], self.reporter["phone"])
        return str(case["case_id"])

    def _signed(self, content: bytes) -> dict[str, str]:
        when, hook_id = datetime.now(UTC).replace(microsecond=0), f"msg_{uuid4().hex}"
        signature = Webhook(self.system.secrets["hotline"]).sign(hook_id, when, content.decode())
        return {
            "webhook-id": hook_id,
            "webhook-timestamp": str(int(when.timestamp())),
            "webhook-signature": signature,
        }

    def _token(self, by: str) -> str:
        return self.system.token_of_cell(self.cell) if by == WORKER else self.system.token_of_unit(by)

    def _command(self, path: str, said: Mapping[str, Any], token: str, version: int) -> None:
        headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{version}"'}
        _answered(self.caller.post(path, said, token, headers))


def _answered(answer: requests.Response, status: int = 200) -> dict[str, Any]:
    if answer.status_code != status:
        raise AssertionError(f"{answer.request.path_url}: {answer.status_code} {answer.text[:400]}")
    content: dict[str, Any] = answer.json()
    return content
