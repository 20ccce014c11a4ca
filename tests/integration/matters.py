"""The matters of `docs/contract/permissions.yaml` as cases of a deployment, and how its routes are asked about them.

A route that is tried in a case brought further adds a row to `WAYS` and names it as its `state`; one that needs another
thing than a case to be there adds its facts in `Matters.facts`; an action of other actors a row to `WHOSE`.
"""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from chalicelib import bootstrap
from chalicelib.domain.audit import BY_ITSELF, Origin
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.grid import Area
from chalicelib.domain.panels import ELDER, LAWYER, MEDIATOR, POLICE, Hours, Member
from chalicelib.domain.people import StaffMember
from chalicelib.domain.procedure import Circumstances
from chalicelib.domain.reports import Report
from chalicelib.domain.rounds import plan
from chalicelib.models.panel_rows import MemberRow, written
from infra.permission_rules import Cell, Matter, Place, Route, matters, routes
from tests.contract.documents import operations, resolved
from tests.integration.edge import REGION, Edge
from tests.integration.gateway import Answer
from tests.integration.test_hooks import order
from tests.offering import offer
from tests.world import ADMIN, CELL, COMMUNITY

FOREIGN = "320302002001"
PLANNED_IMPORT = "8b0e5c1f7a2d4e6b9c3f1a2b4d5e6f70"
OTHER, LINKAGE_CENTRE, PETITION_OFFICE = "health", "linkage-centre", "petition-office"
SUBMITTER = StaffMember("me", "administrator", LINKAGE_CENTRE, ("320302",))
_UNTIL_VISITS_ARE_DUE = {"days": 3}

Facts = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What is done to a case on its way: an action, or a `visit` with its outcome. {names} are facts of the case.

    `where`: done only where the case is in this state then, which not every procedure has.
    """

    action: str
    said: Mapping[str, Any] = field(default_factory=dict)
    by: StaffMember = SUBMITTER
    where: str | None = None


OFFER, TELL_AGAIN = "an offer", "a report that joins"
"""Steps that are nobody's action."""

ACCEPT, RETURN = Step("accept"), Step("return", {"reason": "不属于我单位"})
RESOLVE, VERIFY = Step("resolve", {"note": "好了", "media": ["{picture}"]}), Step("verify", where="verifying")
SATISFIED, DISSATISFIED = (Step("visit", {"outcome": outcome}) for outcome in ("satisfied", "dissatisfied"))
AGREE = Step("accept-joint", {"unit": "{joint_unit}"})
BOTH = ["applicant", "respondent"]
OPEN = [ACCEPT, Step("mediation-open")]
MEDIATED = [
    *OPEN,
    *(Step("mediation-consent", {"party": party, "agrees": True}) for party in BOTH),
    Step("panel-invite", {"members": ["pm1", "pp1", "pl1"]}),
    Step("panel-answer", {"members": ["pm1", "pp1", "pl1"], "agrees": True}),
    Step("mediation-hold-session", {"members": ["pm1"], "parties": BOTH, "note": "双方陈述"}),
]
AGREED = [*MEDIATED, Step("mediation-agree", {"form": "written", "terms": "各让一步", "until": "{today}"})]
ASKED = [*AGREED, Step("mediation-apply-confirmation", {"court": "鼓楼区人民法院", "parties": BOTH})]
ASK_FOR_TIME = Step("request-extension", {"until": "{until}", "reason": "等配件"}, by=ADMIN)


_SAYS = {"opinion": "explain", "note": "已按规定答复"}
REGISTER = Step("petition-register", {"people": 1})
PASS_ON = Step("petition-pass-on", {"unit": "urban-management"})
ASK_JOINTLY = Step("request-joint", {"units": ["commerce"], "reason": "需商务配合"})
REFUSE = Step("refuse-joint", {"unit": "{joint_unit}", "reason": "非我单位职权"})
REFER = Step("petition-refer", {"reason": "意见不一"})
ANSWER, REVIEWED = Step("petition-answer", _SAYS), Step("petition-answer-review", _SAYS)
REVIEW = Step("petition-ask-review", {"reason": "不服答复"})
RE_REVIEW = Step("petition-ask-re-review", {"reason": "不服复查意见"})
THIRD_PARTIES = [
    Step("panel-invite", {"members": ["pl1", "pp1"]}),
    Step("panel-answer", {"members": ["pl1", "pp1"], "agrees": True}),
]
DIRECT = Step("petition-direct", {"way": "litigation", "note": "请向人民法院起诉"})


LEADER = StaffMember("gl-leader", "leader", LINKAGE_CENTRE, ("320302",))
"""Who may answer for a petition."""


@dataclass(frozen=True)
class Way:
    """How a new case is brought to where a route is tried. `due`: it is left there until its visit is due.

    `text`: it came in these words, and nobody knows where it is. `twin`: there is a newer one like it.
    """

    state: str
    steps: Sequence[Step] = ()
    due: bool = False
    text: str = ""
    twin: bool = False


WAYS: Mapping[str, Way] = {
    "assigned": Way("assigned"),
    "accepted": Way("accepted", [ACCEPT]),
    "joint-agreed": Way("accepted", [ACCEPT, AGREE]),
    "extension-asked": Way("accepted", [ACCEPT, ASK_FOR_TIME]),
    "mediation-open": Way("accepted", OPEN),
    "mediated": Way("accepted", MEDIATED),
    "performing": Way("performing", AGREED),
    "confirmation-asked": Way("performing", ASKED),
    "suspended": Way("suspended", [ACCEPT, Step("suspend", {"reason": "等待鉴定"})]),
    "verifying": Way("verifying", [ACCEPT, RESOLVE]),
    "resolved": Way("resolved", [ACCEPT, RESOLVE, VERIFY], due=True),
    "reopen-requested": Way("reopen-requested", [ACCEPT, RESOLVE, VERIFY, DISSATISFIED]),
    "closed": Way("closed", [ACCEPT, RESOLVE, VERIFY, SATISFIED]),
    "returned": Way("returned", [RETURN]),
    "screening": Way("screening"),
    "twin": Way("assigned", twin=True),
    "offered": Way("assigned", [Step(OFFER, {"other": "{twin}"})], twin=True),
    "merged": Way("assigned", [Step("merge", {"other": "{twin}", "reason": "同一处"})], twin=True),
    "told-again": Way("assigned", [Step(TELL_AGAIN)]),
    "registered": Way("registered", [REGISTER]),
    "passed-on": Way("passed-on", [REGISTER, PASS_ON]),
    "petition-returned": Way("returned", [REGISTER, PASS_ON, RETURN]),
    "petition-accepted": Way("accepted", [REGISTER, PASS_ON, ACCEPT]),
    "petition-third-parties": Way("accepted", [REGISTER, PASS_ON, ACCEPT, *THIRD_PARTIES]),
    "petition-joint-asked": Way("accepted", [REGISTER, PASS_ON, ACCEPT, ASK_JOINTLY]),
    "petition-joint-agreed": Way("accepted", [REGISTER, PASS_ON, ACCEPT, ASK_JOINTLY, AGREE]),
    "petition-joint-refused": Way("accepted", [REGISTER, PASS_ON, ACCEPT, ASK_JOINTLY, REFUSE]),
    "petition-referred": Way("accepted", [REGISTER, PASS_ON, ACCEPT, ASK_JOINTLY, REFUSE, REFER]),
    "petition-extension-asked": Way("accepted", [REGISTER, PASS_ON, ACCEPT, ASK_FOR_TIME]),
    "answered": Way("answered", [REGISTER, PASS_ON, ACCEPT, ANSWER]),
    "reviewing": Way("reviewing", [REGISTER, PASS_ON, ACCEPT, ANSWER, REVIEW]),
    "reviewed": Way("reviewed", [REGISTER, PASS_ON, ACCEPT, ANSWER, REVIEW, REVIEWED]),
    "re-reviewing": Way("re-reviewing", [REGISTER, PASS_ON, ACCEPT, ANSWER, REVIEW, REVIEWED, RE_REVIEW]),
    "petition-closed": Way("closed", [REGISTER, DIRECT]),
    "petition-screening": Way("screening", text="信访举报干部"),
}
"""By `state` in the table, which names the way: two that end in the same state have two names."""

WHOSE: Mapping[str, str] = {"screening": "desk", "approver": "approver", "superior": "decider", "joint": "joint_unit"}
"""The fact that names the unit which may act, by the actors of an action; left out: the unit whose turn it is."""


class Laid:
    """What a deployment holds now, to which it is brought back after each request."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
        self._kept = {
            (table.name, item.hash_key.value, item.range_key.value): copy.deepcopy(item)
            for table in self._tables.values()
            for item in table.all_items()
        }
        edge.written.clear()

    def changes(self) -> list[str]:
        """What requests tried to write since the last `restore`, and sent; to be noted in the audit is no change."""
        written = self._edge.written
        rows = [f"{table} {pk} {sk}" for table, pk, sk in written.rows if not pk.startswith("AUDIT#")]
        return rows + ["a message"] * written.messages

    def restore(self) -> None:
        """Every row that a request wrote is as it was laid."""
        for place in set(self._edge.written.rows):
            name, pk, sk = place
            table, keys = self._tables[name], (DynamoType({"S": pk}), DynamoType({"S": sk}))
            if place in self._kept:
                table.items[keys[0]][keys[1]] = copy.deepcopy(self._kept[place])
            else:
                table.items[keys[0]].pop(keys[1], None)
        self._edge.written.clear()


class Cases:
    """Brings new cases to where something is tried."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        for member in POOL:
            lay_member(edge.reference, member)

    def lay(self, matter: Matter, way: Way) -> Facts:
        """A new case of the matter, brought that way; what {names} stand for in it."""
        picture = self.picture(SUBMITTER)
        message_id, receipt = self._told(matter, way, picture)
        case_id = receipt["case_id"]
        facts = {
            "case_id": case_id,
            "report_id": receipt["report_id"],
            "tracking_code": receipt["tracking_code"],
            "message_id": message_id,
            "attachment_id": picture,
            "picture": self.picture(SUBMITTER),
            "category": matter.category,
            "desk": PETITION_OFFICE if matter.confidential else f"centre-{COMMUNITY}",
        }
        if way.twin:
            self._edge.clock.forward(seconds=1)
            facts["twin"] = self._told(matter, Way("assigned"), self.picture(SUBMITTER))[1]["case_id"]
        for step in way.steps:
            facts |= self.standing(case_id)
            if step.where in (None, facts["state"]):
                self._do(step, facts)
        facts |= self.standing(case_id)
        assert (facts["state"], facts["kind"]) == (way.state, matter.kind), facts
        return facts

    def _told(self, matter: Matter, way: Way, picture: str) -> tuple[str, dict[str, Any]]:
        """Somebody tells of it: its number at the source, and the receipt."""
        key = str(uuid4())
        if matter.source:
            place = {} if way.text else {"area": CELL}
            return key, order(self._edge, {**_ORDER, **place, "order_no": key}, message_id=key).body
        if way.text:
            text = {"phone_number": f"139{int(key[:8], 16) % 10**8:08d}", "content": way.text, "sequence_id": key}
            self._edge.post("/hooks/sms/aliyun?key=aliyun-secret", [text])
            case = self._edge.get("/v1/cases", SUBMITTER, source="sms", message_id=key).body
            return key, {**case, "report_id": case["reports"][0]}
        said = {"text": "想咨询一下"} if matter.kind is None else {"category": matter.category}
        body = {**self._edge.a_report(), **said, "media": [picture], "reporter": _REPORTER}
        return f"{SUBMITTER.id}:{key}", self._edge.post("/v1/reports", body, SUBMITTER, key=key).body

    def _do(self, step: Step, facts: Facts) -> None:
        said = filled(step.said, facts)
        if step.action in (OFFER, TELL_AGAIN):
            self._by_itself(step.action, said, facts["case_id"])
            return
        if step.action == "visit":
            done = self._edge.visit(facts["case_id"], said["outcome"], step.by)
        else:
            done = self._edge.act(facts["case_id"], step.action, step.by, **said)
        assert done.status == 200, (step, done.body)

    def _by_itself(self, what: str, said: Facts, case_id: str) -> None:
        store, now = bootstrap.acting()._store, self._edge.clock.now()
        case = store.case(case_id)
        assert case is not None
        if what == OFFER:
            offer(store, case, said["other"], now, bootstrap.policies().of(case.policy_version))
            return
        report = Report("web", str(uuid4()), "f", "还没修好", now, now)
        bootstrap.intake()._join(case, report, Origin(SYSTEM, BY_ITSELF, "joins"))

    def standing(self, case_id: str) -> Facts:
        """The facts of a case that change as it goes."""
        case = self._edge.case(case_id)
        resolve = next((clock for clock in case["clocks"] if clock["name"] in ("resolve", "handle")), None)
        return {
            "state": case["state"],
            "kind": case["kind"],
            "unit_id": case["unit"]["id"],
            "lead": case["lead_unit"]["id"] if case["lead_unit"] else None,
            "approver": case["extension"]["approver"]["id"] if case["extension"] else None,
            "decider": case["petition"]["decider"] if case["petition"] else None,
            "joint_unit": case["joint"][0]["id"] if case["joint"] else None,
            "asked_unit": next((each["id"] for each in case["joint"] if each["state"] == "asked"), None),
            "agreed_unit": next((each["id"] for each in case["joint"] if each["state"] == "accepted"), None),
            "until": _day_after(resolve["due_at"] if resolve else case["opened_at"]),
            "visit_id": case["visits"][-1]["visit_id"] if case["visits"] else None,
            "version": case["version"],
            "today": self._edge.clock.now().astimezone(self._edge.policy.zone).date().isoformat(),
            **({"desk": case["unit"]["id"]} if case["turn"] == "desk" else {}),
        }

    def picture(self, by: StaffMember) -> str:
        announced: str = self._edge.post("/v1/attachments", _PICTURE, by).body["attachment_id"]
        return announced


class Matters:
    """Every matter in every state that some route is tried in. What a request changes is undone after each."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._facts: dict[tuple[str, str], Facts] = {}
        self._due = False
        self._plan_rounds()
        cases = Cases(edge)
        wanted = {(name, route.state or matters()[name].state) for route in routes() for name in route.matters}
        for matter, name in sorted(wanted, key=lambda each: not WAYS[each[1]].due):
            if not WAYS[name].due and not self._due:
                self._let_visits_fall_due()
            self._facts[matter, name] = cases.lay(matters()[matter], WAYS[name])
        edge.reference.put_item(Item=_planned_import())
        edge.employ(LEADER)
        self._pictures = {name: cases.picture(StaffMember(name, "station", OTHER, ())) for name in _ASKING}
        self._laid = Laid(edge)

    def facts(self, route: Route, matter: Matter | None) -> Facts:
        """What {names} of a route stand for."""
        general = {
            **{"now": self._edge.clock.now().isoformat(), "cell": CELL, "community": COMMUNITY, "code": CELL},
            "import_id": PLANNED_IMPORT,
        }
        general["beat_id"] = _BEAT
        general["lawyer"] = _LAWYER.id
        if matter is None:
            return general
        return general | self._facts[matter.id, route.state or matter.state]

    def ask(self, cell: Cell) -> Answer:
        """Ask as the cell says."""
        facts = self.facts(cell.route, cell.matter)
        return self.asked(cell.route, facts, somebody(cell.role.id, cell.place, facts, cell.route.turn))

    def asked(self, route: Route, facts: Facts, by: StaffMember | None) -> Answer:
        method, path = route.route.split(" ")
        facts = {**facts, "picture": self._pictures[by.id]} if by else facts
        query = {name: value.format_map(facts) for name, value in route.query.items()}
        if method == "GET":
            return self._edge.get(path.format_map(facts), by, **query)
        version = facts["version"] if _needs_version(path) else None
        return self._edge.post(path.format_map(facts), filled(route.body, facts), by, version=version)

    def changes(self) -> list[str]:
        return self._laid.changes()

    def restore(self) -> None:
        self._laid.restore()

    def _plan_rounds(self) -> None:
        """The cell is walked by whoever asks, as its information officer."""
        contact = {"staff_id": "somebody", "phone": "+8619900000099", "email": "somebody@gulou.example"}
        row = {"pk": f"AREA#{CELL}", "sk": "POST#information-officer#somebody", **contact, "from": "2026-01-01"}
        self._edge.reference.put_item(Item=row)
        around = Circumstances(SYSTEM, self._edge.clock.now(), self._edge.policy, "r", "plan")
        change = plan(
            None, Area(CELL, ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格")), _POST, around
        )
        assert change is not None
        bootstrap.patrolling()._store.save(change, None, Origin(SYSTEM, BY_ITSELF, "r"))

    def _let_visits_fall_due(self) -> None:
        edge, self._due = self._edge, True
        edge.clock.forward(**_UNTIL_VISITS_ARE_DUE)
        edge.invoke("sweep", {})
        assert edge.deliver("due", edge.take_from("Due")) == []
        for facts in self._facts.values():
            case = edge.case(facts["case_id"])
            assert case["visits"][-1]["state"] == "due", case
            facts["version"] = case["version"]


def _planned_import() -> dict[str, Any]:
    plan = {
        "good": True,
        "empty": True,
        "version": None,
        "from": None,
        "waits_for": None,
        "encodings": {},
        "counts": {},
    }
    said = zlib.compress(json.dumps({**plan, "changes": [], "faults": [], "ground": []}).encode())
    row = {"state": "planned", "at": "2026-11-22T00:03:12+00:00", "plan": said, "sha256": ""}
    return {"pk": f"IMPORT#{PLANNED_IMPORT}", "sk": "IMPORT", **row}


def lay_member(reference: Any, member: Member) -> None:
    """Somebody of the pool of people, as an import leaves it."""
    row = {"pk": MemberRow.KEY, "sk": MemberRow.sk_of(member.id), "member": written(member)}
    reference.put_item(Item=row)


_LAWYER = Member(
    "pl1", "高远", LAWYER, "示例律师事务所", areas=(COMMUNITY,), hours=(Hours(COMMUNITY, 3, "09:00", "11:30"),)
)
POOL = (
    _LAWYER,
    Member("pm1", "周和", MEDIATOR, "万通社区人民调解委员会", areas=(COMMUNITY,)),
    Member("pp1", "郑安", POLICE, "黄楼派出所", areas=(COMMUNITY,)),
    Member("pe1", "陈述", ELDER, "五老志愿队", areas=(COMMUNITY,)),
)
_POST = "information-officer"
_BEAT = f"{CELL}.{_POST}"
_ASKING = ("somebody", SUBMITTER.id)
_PICTURE = {"content_type": "image/jpeg", "bytes": 44}
_ORDER = {"type": "help", "content": "路灯不亮", "received_at": "2026-11-22T09:55:00+08:00"}
_REPORTER = {"name": "王伟", "phone": "13800000000"}


def somebody(role: str, place: Place, facts: Mapping[str, Any], turn: str) -> StaffMember:
    """Somebody of a role who asks from such a place."""
    own = facts.get(WHOSE.get(turn, "unit_id"), OTHER)
    unit = {"turn": own, "linkage": LINKAGE_CENTRE, "other": OTHER}[place.unit]
    area = COMMUNITY if place.area == "own" else FOREIGN
    return StaffMember(SUBMITTER.id if place.reported else "somebody", role, str(unit), (area,))


def _day_after(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(days=1)).date().isoformat()


def filled(body: Any, facts: Facts) -> Any:
    if isinstance(body, Mapping):
        return {name: filled(value, facts) for name, value in body.items()}
    if isinstance(body, list):
        return [filled(value, facts) for value in body]
    return body.format_map(facts) if isinstance(body, str) else body


@cache
def _needs_version(path: str) -> bool:
    """Whether the contract wants the case's version with a command."""
    wanted = path.split("/")
    for method, described, operation in operations():
        parts = described.split("/")
        same = all(p == w or p.startswith("{") for p, w in zip(parts, wanted, strict=False))
        if method == "POST" and same and len(parts) == len(wanted):
            return any(resolved(each)["name"] == "If-Match" for each in operation.get("parameters", []))
    raise LookupError(path)
