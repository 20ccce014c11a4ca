"""A small world to test in: real services and stores, a clock set by hand, providers that write down what they send."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from chalicelib.adapters.system import RandomIds
from chalicelib.domain.acts import Particulars
from chalicelib.domain.audit import Origin
from chalicelib.domain.cases import Case
from chalicelib.domain.envelope import Happening, enveloped, opened
from chalicelib.domain.events import Actor, CaseEvent
from chalicelib.domain.grid import Position
from chalicelib.domain.people import Reporter, StaffMember
from chalicelib.domain.policy import Policy
from chalicelib.domain.records import Command, Sealed
from chalicelib.domain.reports import Receipt, Report
from chalicelib.domain.workdays import WorkCalendar
from chalicelib.models.audit_store import DynamoAuditLog
from chalicelib.models.base import stamp
from chalicelib.models.case_rows import EventRow, case_key
from chalicelib.models.case_store import DynamoCaseStore
from chalicelib.models.delivery_store import DynamoDeliveryLedger, DynamoIdentities
from chalicelib.models.panel_store import DynamoPool
from chalicelib.models.reference_store import DynamoGrid, DynamoRoster
from chalicelib.models.report_rows import AttachmentRow
from chalicelib.models.stream import EVENT_PREFIX, event_from
from chalicelib.models.vault_store import DynamoVault
from chalicelib.services.acting import Acting, Asked
from chalicelib.services.alerts import Alerts
from chalicelib.services.audit import Audit
from chalicelib.services.intake import Intake
from chalicelib.services.matching import Matching
from chalicelib.services.persons import Persons
from chalicelib.services.reading import Reading
from chalicelib.services.reporters import Reporters
from chalicelib.services.retention import Retention

COMMUNITY = "320302001002"
CELL = f"{COMMUNITY}0101"
INSIDE = Position(34.285, 117.185)
WORKER = StaffMember("w1", "grid-worker", f"centre-{COMMUNITY}", (CELL,))
STATION = StaffMember("s1", "station", f"centre-{COMMUNITY}", (COMMUNITY,))
ADMIN = StaffMember("a1", "administrator", "linkage-centre", ("320302",))
LINKAGE = StaffMember("l1", "linkage-centre", "linkage-centre", ("320302",))


def officer_of(unit: str) -> StaffMember:
    return StaffMember(f"officer-of-{unit}", "department", unit, ("320302",))


def lay_area(reference: Any, code: str, path: list[str]) -> None:
    area = {"name": path[-1], "level": "x", "path": path}
    reference.put_item(Item={"pk": f"AREA#{code}", "sk": "AREA", "said": json.dumps({"v1": area})})


def lay_grid(reference: Any) -> None:
    """One cell, with the areas above it, in the tiles it touches."""
    path = ["鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"]
    ring = [[117.18, 34.28], [117.19, 34.28], [117.19, 34.29], [117.18, 34.29]]
    for depth, code in enumerate((COMMUNITY[:6], COMMUNITY[:9], COMMUNITY, CELL[:14], CELL), start=1):
        lay_area(reference, code, path[:depth])
    reference.put_item(Item={"pk": "NETWORK", "sk": "NETWORK", "versions": json.dumps([["v1", "2014-01-01"]])})
    cells = json.dumps({"v1": [{"code": CELL, "path": path, "ring": ring}]})
    for x in range(23436, 23439):
        for y in range(6856, 6859):
            reference.put_item(Item={"pk": f"TILE#{x}:{y}", "sk": "TILE", "said": cells})


@dataclass
class HandClock:
    at: datetime

    def now(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


class OpenSealer:
    """Seals by writing down; the real one is tested with the key service."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Reporter] = {}

    def seal(self, reporter: Reporter, context: str) -> Sealed:
        self.kept[context.encode()] = reporter
        return Sealed(context.encode(), b"key")

    def open(self, sealed: Sealed, context: str) -> Reporter:
        assert sealed.content == context.encode()
        return self.kept[sealed.content]

    def seal_bytes(self, content: bytes, context: str) -> Sealed:
        return Sealed(content, b"key")

    def open_bytes(self, sealed: Sealed, context: str) -> bytes:
        return sealed.content


class PlainPhones:
    def hash_of(self, phone: str) -> str:
        return f"hash-of-{phone[::-1]}"


@dataclass
class Outbox:
    """A provider: what it was given, and errors it is to raise first (None: takes the message)."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    errors: list[Exception | None] = field(default_factory=list)

    def take(self, address: str, text: str) -> str:
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        self.sent.append((address, text))
        return f"id-{len(self.sent)}"


@dataclass
class Texts:
    box: Outbox

    def send(self, phone: str, text: str) -> str:
        return self.box.take(phone, text)


@dataclass
class Mails:
    box: Outbox

    def send(self, address: str, subject: str, body: str) -> str:
        return self.box.take(address, f"{subject}\n{body}")


@dataclass
class Kept:
    """`services.ports.Policies`: the one in force, and earlier ones by version."""

    current: Policy
    earlier: dict[str, Policy] = field(default_factory=dict)

    def of(self, version: str) -> Policy:
        return self.earlier.get(version, self.current)

    def calendar(self, version: str) -> WorkCalendar | None:
        kept = self.of(version)
        return kept.calendar if kept.version == version else None


class World:
    def __init__(self, connection: Any, reference: Any, policy: Policy, now: datetime) -> None:
        self.policy = policy
        self.reference = reference
        self.clock = HandClock(now)
        self.store = DynamoCaseStore(connection)
        self.sealer = OpenSealer()
        self.texts, self.mails = Outbox(), Outbox()
        grid = DynamoGrid(connection)
        self.policies = Kept(policy)
        roster = DynamoRoster()
        self.matching = Matching(self.store, grid, self.policies, self.clock)
        self.intake = Intake(
            self.store,
            grid,
            roster,
            self.policies,
            self.sealer,
            PlainPhones(),
            self.matching,
            self.clock,
            RandomIds(),
        )
        pool = lambda: DynamoPool(connection)  # noqa: E731
        self.acting = Acting(
            self.store,
            grid,
            roster,
            self.policies,
            self.clock,
            RandomIds(),
            pool=pool,
            matching=lambda: self.matching,
        )
        self.vault = DynamoVault(connection)
        self.audit = Audit(DynamoAuditLog(), policy, self.clock, RandomIds())
        self.reporters = Reporters(self.store, self.vault, self.sealer, self.audit, policy)
        self.persons = Persons(self.store, self.vault, self.sealer, PlainPhones(), self.audit, policy, self.clock)
        self.retention = Retention(self.vault, self.audit, policy, self.clock)
        self.reading = Reading(self.store, self.policies)
        self.ledger = DynamoDeliveryLedger(connection)
        self.alerts = Alerts(
            self.ledger,
            roster,
            DynamoIdentities(),
            self.sealer,
            Texts(self.texts),
            Mails(self.mails),
            self.policies,
            self.clock,
        )
        self._numbers = itertools.count(1)

    def report(self, text: str = "三号楼前井盖缺失", **said: Any) -> Report:
        number = next(self._numbers)
        known: dict[str, Any] = {
            "source": "mobile",
            "message_id": f"w1:{number}",
            "fingerprint": f"f{number}",
            "text": text,
            "told_at": self.clock.now(),
            "received_at": self.clock.now(),
            "position": INSIDE,
            "reporter": Reporter("王先生", "+8613800000001"),
            "submitted_by": "w1",
        }
        return Report(**{**known, **said})

    def submit(self, report: Report | None = None, **said: Any) -> Receipt:
        return self.intake.submit(report or self.report(**said), WORKER.actor, "r")

    def text(self, content: str, phone: str = "+8613900000001", sequence: str | None = None) -> Receipt:
        report = self.report(
            content,
            source="sms",
            message_id=sequence or uuid4().hex,
            fingerprint=f"{phone}{content}",
            position=None,
            reporter=Reporter(phone=phone),
            submitted_by=None,
        )
        return self.intake.take_text(report, Actor("sms", "source"), "r")

    def by(self, staff: StaffMember) -> Origin:
        return Origin(staff.actor, "192.0.2.1", uuid4().hex)

    def asked(self, by: StaffMember, version: int, key: str | None = None, content: str = "same") -> Asked:
        return Asked(by, Command(f"{by.id}-{key or uuid4().hex}", content), version, "r")

    def act(
        self,
        case_id: str,
        action: str,
        by: StaffMember,
        *,
        area: str | None = None,
        other: str | None = None,
        **said: Any,
    ) -> Case:
        asked = self.asked(by, self.case(case_id).version)
        return self.acting.act(case_id, action, asked, Particulars(**said), area, other)

    def picture(self, owner: str) -> str:
        """A picture that somebody announced, to be named in a report or with an act."""
        name = uuid4().hex
        AttachmentRow(
            AttachmentRow.key(name),
            AttachmentRow.SK,
            owner=owner,
            content_type="image/jpeg",
            size=1000,
            state="expected",
            created_at=stamp(self.clock.now()),
            fingerprint=name,
        ).save()
        return name

    def visit(self, case_id: str, outcome: str, by: StaffMember = WORKER) -> Case:
        case = self.case(case_id)
        assert case.visit is not None
        return self.acting.record_visit(case.visit.id, self.asked(by, case.version), outcome, "看过了")

    def case(self, case_id: str) -> Case:
        case = self.store.case(case_id)
        assert case is not None
        return case

    def visit_falls_due(self, case_id: str) -> None:
        visit = self.case(case_id).visit
        assert visit is not None
        self.clock.at = visit.due_at
        assert self.acting.fall_due(case_id, "r")

    def settled(self, **said: Any) -> str:
        """A hazard that the department has removed and the station verified; its visit is planned."""
        receipt = self.submit(**said)
        self.answered(receipt.case_id)
        return receipt.case_id

    def answered(self, case_id: str, note: str = "已更换井盖。") -> Case:
        """Accepted and done by who leads; where the desk has to verify it, by the picture of it."""
        officer = officer_of(self.case(case_id).lead or "")
        self.act(case_id, "accept", officer)
        case = self.act(case_id, "resolve", officer, note=note, media=(self.picture(officer.id),))
        return self.act(case_id, "verify", LINKAGE) if case.state == "verifying" else case

    def happenings(self, case_id: str, event_type: str) -> list[Happening]:
        """Events of a type as consumers get them: from the rows, through the relay's envelope."""
        found = []
        for row in EventRow.query(case_key(case_id), EventRow.sk.startswith(EVENT_PREFIX)):
            event: CaseEvent = event_from(row.attribute_values)
            if event.type == event_type:
                found.append(opened(enveloped(event, json.loads(row.snapshot), "test")))
        return found

    def on_duty(self, unit: str, *staff: str, start: str = "00:00", end: str = "24:00") -> None:
        for name in staff:
            self.reference.put_item(
                Item={
                    "pk": f"UNIT#{unit}",
                    "sk": f"DUTY#{name}#{start}",
                    "staff_id": name,
                    "phone": f"+86199{abs(hash((unit, name))) % 10**8:08d}",
                    "email": f"{name}@example.org",
                    "from": start,
                    "to": end,
                }
            )
