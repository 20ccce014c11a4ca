"""What a petitioner says never reaches whom it accuses (信访工作条例 art. 30; ADR 40): every way out is walked.

The petition is told in words that stand nowhere else. After every step of its life everybody of the accused units, in
every role of the pack, asks every route of the application for all that could be known of it. What comes back holds
none of those words, and is to the letter what came back before there was a petition: neither that it exists, nor how
many there are, can be told from lists, pages, figures or refusals.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import boto3
import pytest
from pynamodb.connection.base import Connection

from chalicelib.domain.accused import accused_reach
from chalicelib.domain.people import StaffMember, holds
from chalicelib.domain.policy import Policy
from chalicelib.domain.views import may_ask
from chalicelib.models.audit_store import DynamoAuditLog
from tests.integration.edge import INSIDE, JPEG, REGION, START, Edge
from tests.integration.gateway import Answer, answer_of, gateway_event
from tests.integration.matters import POOL, lay_member
from tests.integration.test_hooks import order
from tests.world import ADMIN, CELL, COMMUNITY, WORKER, officer_of

STREET, DISTRICT = COMMUNITY[:9], COMMUNITY[:6]
ACCUSED = ("linkage-centre", "public-security")
"""The district's own centre, where administrators, auditors and the desk of all are; and a department."""
SPIED_FROM = {
    "linkage-centre": DISTRICT,
    "traffic-police": DISTRICT,  # part of the department that is accused
    f"centre-{COMMUNITY}": COMMUNITY,  # part of the district's centre, and where it happened
}
ENTRUSTED, JOINED, TORN = "health", "education", "civil-affairs"
OFFICE = StaffMember("p1", "petition-office", "petition-office", (DISTRICT,))
HEAD = StaffMember("h1", "unit-head", ENTRUSTED, (DISTRICT,))
HANDLER, JOINT = officer_of(ENTRUSTED), officer_of(JOINED)
PHONE = "13987650123"
WORDS = {
    "text": "XTEXTX",
    "more": "XMOREX",
    "address": "XADDRX",
    "name": "XNAMEX",
    "note": "XNOTEX",
    "reason": "XWHYX",
    "answer": "XANSWERX",
    "review": "XREVIEWX",
    "order": "XORDERX",
    "phone": PHONE[-8:],
}
"""Words that stand nowhere but in the petition. Its ids are looked for too."""
TOLD = [WORDS[name] for name in ("text", "more", "address", "name", "phone", "order")]
"""Those of the petitioner, which no message has, whoever it goes to. What staff note goes out with their acts."""

CATEGORY = "petition-official-conduct"


@dataclass
class Known:
    """What somebody could know, or guess, of the petition; of nothing, before there is one.

    `turns`: of things that are alike, such as views, only some are asked for after each step, and others after the
    next; all of them where there are no turns.
    `beside`: a matter and a petition that everybody may find as ever, by id and version.
    """

    case_id: str = "01JNNE0F1T1SN0T0NEN0R1SANY"
    tracking_code: str = "ZZZZZZZZ"
    report_ids: list[str] = field(default_factory=lambda: [_hex("report", 32)])
    attachment_ids: list[str] = field(default_factory=lambda: [_hex("picture", 32)])
    message_id: str = "no-such-message"
    person: str = field(default_factory=lambda: _hex("person", 40))
    turns: Sequence[int] = ()
    beside: list[tuple[str, int]] = field(default_factory=list)

    def turn_of(self, number: int, of: int = 3) -> bool:
        return not self.turns or any((number + turn) % of == 0 for turn in self.turns)

    @property
    def there(self) -> bool:
        return self.case_id != Known.case_id

    @property
    def ids(self) -> list[str]:
        named = [*self.report_ids, *self.attachment_ids]
        return [self.case_id, self.tracking_code, self.message_id, self.person, *named]

    @property
    def canaries(self) -> list[str]:
        return [*WORDS.values(), *self.ids]


def _hex(name: str, digits: int) -> str:
    return sha256(name.encode()).hexdigest()[:digits]


@dataclass(frozen=True)
class Asked:
    """A request. `pages`: its list is read on to the end. `compared`: what comes back must be what it was before.

    `own`: words that the asker may read there. `version`: of the case that is acted on, as far as the asker knows.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    pages: bool = False
    compared: bool = True
    own: Sequence[str] = ()
    version: int = 1

    @property
    def name(self) -> str:
        return f"{self.method} {self.path} {dict(self.query)} {self.body}"


Row = Callable[[Known, StaffMember, Edge], Iterator[Asked]]


def _case(part: str = "") -> Row:
    def asked(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
        yield Asked("GET", f"/v1/cases/{known.case_id}{part}")

    return asked


def _plain(path: str, **query: str) -> Row:
    def asked(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
        yield Asked("GET", path, query)

    return asked


def _find(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    yield Asked("GET", "/v1/cases", {"tracking_code": known.tracking_code})
    yield Asked("GET", "/v1/cases", {"source": "12345", "message_id": known.message_id})


def _act(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    """Every action that any procedure has; and those of other cases that may name it."""
    said = {"unit": by.unit, "units": [by.unit], "note": "好", "reason": "好", "category": CATEGORY, "people": 1}
    for number, action in enumerate(actions(edge.policy)):
        if known.turn_of(number, of=ACTIONS_IN):
            yield Asked("POST", f"/v1/cases/{known.case_id}/actions/{action}", body=said)
    for case_id, version in known.beside if by.unit in SPIED_FROM else ():
        for number, action in enumerate(("merge", "unmerge", "petition-register", "petition-decline")):
            if known.turn_of(number):
                path = f"/v1/cases/{case_id}/actions/{action}"
                said = {"other": known.case_id, "people": 1, "ground": "in-progress", "note": "好", "reason": "好"}
                yield Asked("POST", path, body=said, version=version)


ACTIONS_IN = 12
"""After so many steps each action was asked for by everybody in turn."""


def actions(policy: Policy) -> list[str]:
    return sorted({name for procedure in policy.procedures.values() for name in procedure.actions})


def _report(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    told = {"text": "某事", "told_at": START.isoformat(), "position": INSIDE, "media": known.attachment_ids}
    yield Asked("POST", "/v1/reports", body=told if known.turn_of(0) else {})


def _reports(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    for report_id in known.report_ids:
        yield Asked("GET", f"/v1/reports/{report_id}")


def _release(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    for report_id in known.report_ids:
        yield Asked("POST", f"/v1/reports/{report_id}/reporter/release", body={"reason": "核实"})


def _attachments(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    for attachment_id in known.attachment_ids:
        yield Asked("GET", f"/v1/attachments/{attachment_id}")


def _queues(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    if not holds(by, "queue.read", edge.policy):
        yield Asked("GET", f"/v1/units/{by.unit}/queue")
        return
    for unit in (OFFICE.unit, ENTRUSTED, JOINED):
        yield Asked("GET", f"/v1/units/{unit}/queue", {"limit": "1"}, pages=True)
    for unit in ("political-legal", by.unit, f"staff%2F{LEADER.id}", f"staff%2F{by.id}"):
        yield Asked("GET", f"/v1/units/{unit}/queue")


def _views(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    """What is overdue changes by time alone, and so is not compared. That petitions are in no view of other kinds is
    asked by who may see the most.
    """
    for number, view in enumerate(edge.policy.views.values()):
        if not may_ask(by, view, edge.policy):
            yield Asked("GET", f"/v1/views/{view.id}")
            return
        if view.kinds and "petition" not in view.kinds and by.role != ADMIN.role:
            continue
        query = {"unit": (OFFICE.unit, ENTRUSTED)[number % 2]} if view.asks == "unit" else {}
        query = {"area": COMMUNITY} if view.asks == "area" else query
        if known.turn_of(number):
            yield Asked("GET", f"/v1/views/{view.id}", {**query, "limit": "1"}, pages=True, compared=not view.overdue)


def _audit(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    """It goes on while they ask, and so is not compared."""
    yield Asked("GET", "/v1/audit", {"case_id": known.case_id}, compared=False, own=[known.case_id])
    if not holds(by, "audit.read", edge.policy):
        return
    yield Asked("GET", "/v1/audit", {"person": known.person}, compared=False, own=[known.person])
    for number, reader in enumerate((OFFICE, HANDLER, by)):
        if known.turn_of(number):
            own = known.ids if reader is by else ()
            yield Asked("GET", "/v1/audit", {"reader": reader.id, "limit": "100"}, compared=False, own=own)


def _person(what: str) -> Row:
    def asked(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
        body = {"phone": PHONE, "reason": "本人申请"}
        yield Asked("POST", f"/v1/persons/{what}", body=body, own=[known.person, WORDS["phone"]])

    return asked


def _figures(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    for code in (DISTRICT, COMMUNITY):
        yield Asked("GET", f"/v1/areas/{code}/figures", {"from": "2026-11", "to": "2027-10"})


def _track(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    """Whoever has the code of a petition may see how far it is, as its petitioner may; what it says stands nowhere."""
    path, ids = f"/v1/public/track/{known.tracking_code}", [known.tracking_code]
    yield Asked("GET", path, compared=False, own=ids)


def _visit(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
    yield Asked("POST", f"/v1/visits/{known.case_id}.1/result", body={"outcome": "satisfied"})


def _nothing_of_cases(method: str, path: str, body: Any = None) -> Row:
    """A route that has nothing to do with cases: it is asked all the same."""

    def asked(known: Known, by: StaffMember, edge: Edge) -> Iterator[Asked]:
        if by.unit == ACCUSED[0]:
            yield Asked(method, path, body=body, compared=False)

    return asked


BEAT = f"{CELL}.information-officer"
NO_IMPORT = "f" * 32
ROWS: dict[str, Row] = {
    "GET /v1/cases": _find,
    "GET /v1/cases/{case_id}": _case(),
    "GET /v1/cases/{case_id}/timeline": _case("/timeline"),
    "GET /v1/cases/{case_id}/candidates": _case("/candidates"),
    "GET /v1/cases/{case_id}/clocks": _case("/clocks"),
    "GET /v1/cases/{case_id}/file": _case("/file"),
    "GET /v1/cases/{case_id}/mediation-file": _case("/mediation-file"),
    "POST /v1/cases/{case_id}/actions/{action}": _act,
    "GET /v1/reports/{report_id}": _reports,
    "POST /v1/reports/{report_id}/reporter/release": _release,
    "GET /v1/attachments/{attachment_id}": _attachments,
    "GET /v1/units/{unit_id}/queue": _queues,
    "GET /v1/views": _plain("/v1/views"),
    "GET /v1/views/{view}": _views,
    "GET /v1/visits": _plain("/v1/visits", area=COMMUNITY),
    "POST /v1/visits/{visit_id}/result": _visit,
    "GET /v1/audit": _audit,
    "POST /v1/persons/export": _person("export"),
    "POST /v1/persons/erase": _person("erase"),
    "GET /v1/areas/{code}/figures": _figures,
    "GET /v1/public/track/{tracking_code}": _track,
    "GET /v1/areas/{code}": _nothing_of_cases("GET", f"/v1/areas/{COMMUNITY}"),
    "GET /v1/areas/{code}/patrols": _nothing_of_cases("GET", f"/v1/areas/{COMMUNITY}/patrols"),
    "GET /v1/cells": _nothing_of_cases("GET", "/v1/cells?lat=34.285&lon=117.185"),
    "GET /v1/patrols": _nothing_of_cases("GET", "/v1/patrols"),
    "GET /v1/patrols/{beat_id}": _nothing_of_cases("GET", f"/v1/patrols/{BEAT}"),
    "GET /v1/patrols/{beat_id}/timeline": _nothing_of_cases("GET", f"/v1/patrols/{BEAT}/timeline"),
    "POST /v1/patrols/{beat_id}/check-ins": _nothing_of_cases("POST", f"/v1/patrols/{BEAT}/check-ins", {}),
    "GET /v1/public/areas/{code}/notice": _nothing_of_cases("GET", f"/v1/public/areas/{COMMUNITY}/notice"),
    "GET /v1/public/areas/{code}/notice.html": _nothing_of_cases("GET", f"/v1/public/areas/{COMMUNITY}/notice.html"),
    "GET /v1/public/areas/{code}/report": _nothing_of_cases("GET", f"/v1/public/areas/{COMMUNITY}/report"),
    "POST /v1/public/reports": _nothing_of_cases("POST", "/v1/public/reports", {}),
    "GET /v1/public/areas/{code}/law-house": _nothing_of_cases("GET", f"/v1/public/areas/{COMMUNITY}/law-house"),
    "GET /v1/panel": _nothing_of_cases("GET", f"/v1/panel?area={COMMUNITY}&category={CATEGORY}"),
    "GET /v1/advice": _nothing_of_cases("GET", f"/v1/advice?area={COMMUNITY}"),
    "POST /v1/advice": _nothing_of_cases("POST", "/v1/advice", {}),
    "GET /openapi.json": _nothing_of_cases("GET", "/openapi.json"),
    "POST /v1/reports": _report,
    "POST /v1/attachments": _nothing_of_cases("POST", "/v1/attachments", {}),
    "POST /v1/network/imports": _nothing_of_cases("POST", "/v1/network/imports", {}),
    "GET /v1/network/imports/{import_id}": _nothing_of_cases("GET", f"/v1/network/imports/{NO_IMPORT}"),
    "POST /v1/network/imports/{import_id}/apply": _nothing_of_cases(
        "POST", f"/v1/network/imports/{'0' * 32}/apply", {}
    ),
    "POST /hooks/hotline/12345": _nothing_of_cases("POST", "/hooks/hotline/12345", {}),
    "POST /hooks/sms/aliyun": _nothing_of_cases("POST", "/hooks/sms/aliyun", []),
}
"""How each route is asked: a route without a row fails `test_every_route_is_walked`."""


def asked_of_all(known: Known, by: StaffMember, edge: Edge) -> Iterator[tuple[str, Asked]]:
    for route, row in ROWS.items():
        for asked in row(known, by, edge):
            yield route, asked


# --- walking


def walk(edge: Edge, known: Known, spies: Sequence[StaffMember]) -> Walked:
    """Every route, asked by each of them for all that is known."""
    walked = Walked()
    with read_once():
        for spy in spies:
            with _unnoted(spy, edge):
                _walk(edge, known, spy, walked)
    return walked


@contextmanager
def read_once() -> Iterator[None]:
    """Nothing changes while they ask, but what is noted of it: what was read of a table is read of it no second time,
    until something is written to it. moto takes longer to answer than all the rest.
    """
    call, read = Connection._make_api_call, dict[str, dict[str, Any]]()

    def made(connection: Connection, operation: str, asked: Any) -> Any:
        tables = [asked["TableName"]] if "TableName" in asked else list(asked.get("RequestItems", read))
        if operation not in ("GetItem", "Query", "BatchGetItem"):
            answer = call(connection, operation, asked)
            for table in tables:  # of what was refused nothing is written
                read.pop(table, None)
            return answer
        (table,), question = tables, json.dumps([operation, asked], sort_keys=True, default=repr)
        known = read.setdefault(table, {})
        if question not in known:
            known[question] = pickle.dumps(call(connection, operation, asked))
        return pickle.loads(known[question])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_make_api_call", made)
        yield


@contextmanager
def _unnoted(spy: StaffMember, edge: Edge) -> Iterator[None]:
    """What spies read is noted in the audit, which takes a third of their time; here only for who may read that."""
    with pytest.MonkeyPatch.context() as patch:
        if not holds(spy, "audit.read", edge.policy):
            patch.setattr(DynamoAuditLog, "put", lambda log, entry: None)
        yield


def _walk(edge: Edge, known: Known, spy: StaffMember, walked: Walked) -> None:
    for _, asked in asked_of_all(known, spy, edge):
        if not (asked.compared or known.there):
            continue  # there is nothing yet that could be told
        said = [asked_by(edge, asked, spy)]
        while asked.pages and len(said) < 30 and (cursor := _cursor(said[-1])):
            said.append(asked_by(edge, asked, spy, cursor))
        if len(said) > 1 and said[-1].body.get("items") == []:
            del said[-1]  # that a full page is the last DynamoDB says on the next one, and moto on the page itself
        texts = [text_of(answer) for answer in said]
        found = {word for word in known.canaries for text in texts if word in text}
        if found - set(asked.own):
            walked.leaks.append(f"{spy.role} of {spy.unit}: {asked.name} tells {sorted(found - set(asked.own))}")
        if asked.compared:
            walked.answers[spy.id, _without(asked.name, known)] = [_still(text) for text in texts]


@dataclass
class Walked:
    """`answers`: by who asked and what, without the ids that were asked for; `leaks`: what should not stand there."""

    answers: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)

    def unlike(self, before: Walked) -> list[str]:
        """Where an answer is not what it was before there was a petition."""
        return [
            f"{spy} {name}: {answer} was {before.answers[spy, name]}"
            for (spy, name), answer in self.answers.items()
            if answer != before.answers[spy, name]
        ]


def asked_by(edge: Edge, asked: Asked, by: StaffMember, cursor: str | None = None) -> Answer:
    """Asked as through API Gateway, but not held to the contract, which takes longer than to answer."""
    body = None if asked.body is None else json.dumps(asked.body, ensure_ascii=False).encode()
    key = uuid5(NAMESPACE_URL, by.id) if "/actions/" in asked.path else uuid4()  # what is refused uses up no key
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(key), "If-Match": f'"{asked.version}"'}
    query = {**asked.query, **({"cursor": cursor} if cursor else {})}
    sent = gateway_event(asked.method, asked.path, body, by, query, headers if asked.method == "POST" else {})
    return answer_of(edge.invoke("api", sent))


def _cursor(answer: Answer) -> str | None:
    return answer.body.get("next") if answer.status == 200 and isinstance(answer.body, dict) else None


def text_of(answer: Answer) -> str:
    body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
    return f"{answer.status} {json.dumps(answer.headers)} {body}"


def _without(name: str, known: Known) -> str:
    for word in known.canaries:
        name = name.replace(word, "*")
    return name


def _still(text: str) -> str:
    """Without moments of asking, and without cursors, which are sealed anew each time."""
    text = re.sub(r'"(as_of|exported_at)": "[^"]*"', r'"\1": ""', text)
    return re.sub(r'"next": ("[^"]*"|null)', '"next": ""', text)


def spies(edge: Edge) -> list[list[StaffMember]]:
    """Somebody of every role of the pack in every unit of the accused, in turns: each has all roles, and all units."""
    units = list(SPIED_FROM)
    return [
        [
            StaffMember(f"{role}-of-{unit}", role, unit, (SPIED_FROM[unit],))
            for number, role in enumerate(edge.policy.roles)
            for unit in [units[(number + turn) % len(units)]]
        ]
        for turn in range(len(units))
    ]


# --- what goes out by itself


class Wires:
    """What leaves by itself: the topic's messages, as the queue of every unit would get them, texts and mails."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._sqs, sns = boto3.client("sqs", REGION), boto3.client("sns", REGION)
        self.urls = {}
        for unit in (*SPIED_FROM, ENTRUSTED):
            url = self._sqs.create_queue(QueueName=f"unit-{unit}")["QueueUrl"]
            arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"units": [unit]})}
            sns.subscribe(TopicArn=edge.names["Topic"], Protocol="sqs", Endpoint=arn, Attributes=attributes)
            self.urls[unit] = edge.names[f"unit-{unit}"] = url
        self.contacts: dict[str, str] = {}
        for unit in (*SPIED_FROM, OFFICE.unit, ENTRUSTED, JOINED, TORN, "political-legal", f"centre-{STREET}"):
            edge.on_duty(unit, f"duty-{unit}")
        for item in edge.reference.scan()["Items"]:
            if item["sk"].startswith("DUTY#"):
                self.contacts[item["phone"]] = self.contacts[item["email"]] = item["pk"].removeprefix("UNIT#")

    def let_out(self, known: Known) -> tuple[list[str], dict[str, list[str]]]:
        """Let all that happened be told; what of it reached a unit of the accused, and what each unit got at all.

        What a petitioner said is in no message, whoever gets it; and of an event's attributes, by which queues filter,
        none names the petition, or an accused unit.
        """
        edge, got, leaks = self._edge, {}, list[str]()
        edge.relay()
        told, counted = edge.take_from("Alerts"), edge.take_from("Figures")
        for record in told:
            attributes = json.dumps(record["messageAttributes"])
            units = json.loads(record["messageAttributes"]["units"]["stringValue"])
            leaks += [f"attribute units names {unit}" for unit in units if self._accused(unit, edge)]
            leaks += [f"attributes tell {word}" for word in known.canaries if word in attributes]
        for record in (*told, *counted, *edge.take_from("DeadLetters")):
            leaks += [f"a message tells {word}" for word in TOLD if word in record["body"]]
        assert edge.deliver("alert", told) == [] and edge.deliver("figures", counted) == []
        for unit in self.urls:
            got[unit] = [record["body"] for record in edge.take_from(f"unit-{unit}")]
        for address, words in [*edge.texts(), *edge.mails()]:
            got.setdefault(self.contacts.get(address, "residents"), []).append(words)
        for unit, messages in got.items():
            if unit in SPIED_FROM:
                leaks += [f"{unit} gets {each}" for each in messages if any(word in each for word in known.canaries)]
        return leaks, got

    def _accused(self, unit: str, edge: Edge) -> bool:
        return accused_reach(unit, ACCUSED, edge.policy)


# --- the petition's life

LEADER = StaffMember("b9", "leader", "political-legal", (DISTRICT,))
WATCHED = StaffMember("b8", "leader", ACCUSED[1], (DISTRICT,))
"""A leader of a department that is accused."""


class Life:
    """The petition, step by step, as the petition office and those it is entrusted to bring it on."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.known = Known()
        edge.employ(LEADER)
        for member in POOL:
            lay_member(edge.reference, member)
        edge.employ(WATCHED)
        self._lay_others()

    def _lay_others(self) -> None:
        """Other matters, which lie in the same lists before and behind it, and which everybody may find as ever."""
        edge = self.edge
        edge.report(WORKER, category="missing-manhole-cover")
        edge.report(WORKER, text="想咨询一下")
        for _ in range(2):
            edge.report(OFFICE, category=CATEGORY, text="反映某事")
            edge.clock.forward(hours=2)
        edge.clock.forward(hours=-3)
        self._stand_beside(edge.report(WORKER, category="noise", text="楼上噪声扰民")["case_id"], ADMIN)
        self._stand_beside(edge.report(OFFICE, category=CATEGORY, text="反映另一事")["case_id"], OFFICE)
        for unit in (ENTRUSTED, JOINED):
            case_id = edge.report(WORKER, category="street-light")["case_id"]
            assert edge.act(case_id, "return", ADMIN, reason="不属于我单位").status == 200
            assert edge.act(case_id, "assign", ADMIN, unit=unit, reason="请办理").status == 200

    def _stand_beside(self, case_id: str, by: StaffMember) -> None:
        self.known.beside.append((case_id, self.edge.get(f"/v1/cases/{case_id}", by).body["version"]))

    def steps(self) -> Iterator[str]:
        """Each step by its name, done when it is named. From the first on it is known whom the petition accuses."""
        edge, known = self.edge, self.known
        caller = {"name": f"王{WORDS['name']}", "phone": PHONE}
        said = {
            **{"order_no": WORDS["order"], "type": "complaint", "received_at": edge.clock.now().isoformat()},
            **{"content": f"举报干部优亲厚友{WORDS['text']}", "address": f"{WORDS['address']}路1号"},
            **{"position": {"lat": 34.285, "lon": 117.185, "datum": "WGS-84"}, "caller": caller},
        }
        receipt = order(edge, said, message_id="msg_secret").body
        assert receipt["kind"] == "petition" and receipt["unit"]["id"] == OFFICE.unit, receipt
        known.case_id, known.tracking_code = receipt["case_id"], receipt["tracking_code"]
        known.report_ids, known.message_id = [receipt["report_id"]], WORDS["order"]
        text = {"phone_number": PHONE, "content": f"补充{WORDS['more']}{known.tracking_code}", "sequence_id": "more"}
        edge.post("/hooks/sms/aliyun?key=aliyun-secret", [text])
        known.report_ids = edge.get(f"/v1/cases/{known.case_id}", OFFICE).body["reports"]
        assert len(known.report_ids) == 2
        known.person = next(entry["person"] for entry in edge.entries() if entry.get("case") == known.case_id)
        self.act("petition-register", OFFICE, people=30, representatives=5, accused=list(ACCUSED), note=WORDS["note"])
        yield "registered"
        known.attachment_ids = [edge.picture(OFFICE)]
        said = {"card": "orange", "reason": WORDS["reason"], "media": known.attachment_ids}
        self.act("petition-change-card", OFFICE, **said)
        edge.deliver("attachments", [edge.upload(known.attachment_ids[0], JPEG)])
        self.act("petition-name-leader", OFFICE, leader=LEADER.id)
        yield "with a card, a picture, and a leader who answers for it"
        for unit in SPIED_FROM:
            self.refused("petition-pass-on", OFFICE, unit=unit, reason=WORDS["reason"])
            self.refused("petition-pass-on", OFFICE, unit=ENTRUSTED, units=[unit], reason=WORDS["reason"])
        self.refused("petition-name-leader", OFFICE, leader=WATCHED.id)
        self.act("petition-pass-on", OFFICE, unit=ENTRUSTED, units=[JOINED, TORN], reason=WORDS["reason"])
        yield "passed on"
        self.act("accept-joint", JOINT)
        self.act("refuse-joint", officer_of(TORN), reason=WORDS["reason"])
        self.act("accept", HANDLER)
        release = f"/v1/reports/{known.report_ids[0]}/reporter/release"
        assert edge.post(release, {"reason": f"联系信访人{WORDS['reason']}"}, HANDLER).status == 200
        yield "accepted, and the petitioner's name released to who handles it"
        self.act("panel-invite", HANDLER, members=["pe1"], note=WORDS["note"])
        self.act("panel-answer", HANDLER, members=["pe1"], agrees=True)
        self.act("panel-record", HANDLER, members=["pe1"], note=WORDS["answer"])
        yield "visited by a third party"
        self.refused("request-joint", HANDLER, units=[ACCUSED[1]], reason=WORDS["reason"])
        self.act("petition-refer", HANDLER, reason=WORDS["reason"])
        decider = self.decider()
        self.refused("petition-decide", decider, unit=ACCUSED[1], reason=WORDS["reason"])
        self.act("petition-decide", decider, unit=ENTRUSTED, units=[JOINED], reason=WORDS["reason"])
        yield "in dispute between the bodies it is with, and decided"
        self.let_run_out()
        self.act("petition-change-card", OFFICE, card="red", reason=WORDS["reason"])
        yield "its card run out, looked at again and graver"
        until = self.day_after("handle")
        self.act("request-extension", HANDLER, until=until, reason=WORDS["reason"])
        yield "more time asked for"
        self.act("petition-approve-extension", HEAD)
        yield "extended"
        self.let_run_out()
        yield "late, and escalated"
        self.act("petition-answer", HANDLER, opinion="explain", note=WORDS["answer"])
        yield "answered"
        self.act("petition-deliver", HANDLER, on=self.today())
        self.refused("petition-ask-review", OFFICE, unit=ACCUSED[1], reason=WORDS["review"])
        self.act("petition-ask-review", OFFICE, reason=WORDS["review"])
        yield "under review"
        reviewer = self.lead()
        self.act("petition-answer-review", reviewer, opinion="explain", note=WORDS["answer"])
        self.act("petition-deliver", reviewer, on=self.today())
        self.act("petition-ask-re-review", OFFICE, reason=WORDS["review"])
        self.act("petition-hold-hearing", self.lead(), on=self.today(), note=WORDS["note"])
        yield "under re-review, and heard"
        self.act("petition-conclude", self.lead(), opinion="not-support", note=WORDS["answer"])
        yield "concluded"

    def act(self, action: str, by: StaffMember, **said: Any) -> None:
        answer = self.tried(action, by, **said)
        assert answer.status == 200, (action, answer.body)

    def refused(self, action: str, by: StaffMember, **said: Any) -> None:
        """What gives it to the accused, asks them for something or lets them answer for it."""
        answer = self.tried(action, by, **said)
        assert (answer.status, answer.code) == (409, "unit-accused"), (action, said, answer.body)

    def tried(self, action: str, by: StaffMember, **said: Any) -> Answer:
        path = f"/v1/cases/{self.known.case_id}"
        return self.edge.post(f"{path}/actions/{action}", said, by, version=self.case()["version"])

    def case(self) -> dict[str, Any]:
        """As the petition office sees it."""
        found: dict[str, Any] = self.edge.get(f"/v1/cases/{self.known.case_id}", OFFICE).body
        return found

    def decider(self) -> StaffMember:
        unit = self.case()["petition"]["decider"]
        return OFFICE if unit == OFFICE.unit else officer_of(unit)

    def lead(self) -> StaffMember:
        unit = self.case()["lead_unit"]["id"]
        return OFFICE if unit == OFFICE.unit else officer_of(unit)

    def today(self) -> str:
        return self.edge.policy.day_of(self.edge.clock.now())

    def day_after(self, clock: str) -> str:
        due = next(each["due_at"] for each in self.case()["clocks"] if each["name"] == clock)
        return self.edge.policy.day_of(datetime.fromisoformat(due) + timedelta(days=3))

    def let_run_out(self) -> None:
        """Nothing but the petition falls due."""
        edge = self.edge
        edge.clock.at = datetime.fromisoformat(self.case()["due_at"]) + timedelta(minutes=1)
        edge.invoke("sweep", {})
        due = [each for each in edge.take_from("Due") if self.known.case_id in each["body"]]
        assert edge.deliver("due", due) == [] and due
