"""The access patterns: every way the services reach the tables. Runs inside a worker, with the package's code.

`docs/access-patterns.md` lists them in this order and these words; `scale.py` does each at two sizes of the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.attachments import EXPECTED, Attachment
from chalicelib.domain.audit import ADVICE_RECORDED, BY_ITSELF, CASE_READ, IDENTITY_RELEASED, Entry, Origin, SealedEntry
from chalicelib.domain.deliveries import Attempt, Delivery, DeliveryState
from chalicelib.domain.envelope import Happening
from chalicelib.domain.events import CASE_REPORTED, SYSTEM, Actor
from chalicelib.domain.grid import Area, Position
from chalicelib.domain.law_house import Advice, Adviser
from chalicelib.domain.people import Reporter, StaffMember
from chalicelib.domain.policy import Patrol
from chalicelib.domain.procedure import Circumstances, Particulars
from chalicelib.domain.records import Command
from chalicelib.domain.reports import MOBILE, SMS, Report
from chalicelib.domain.rounds import plan
from chalicelib.services.acting import Asked
from chalicelib.services.patrolling import CheckIn, Sent

Facts = dict[str, Any]
"""What is there to be asked for: see `scale.facts_of`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`key`: the key or index it goes by, as the documentation writes it."""

    key: str
    do: Callable[[Facts], Any]


def _staff(facts: Facts) -> StaffMember:
    return StaffMember("gl0001", "administrator", "linkage-centre", (facts["district"],))


def _asked(facts: Facts, number: int, version: int) -> Asked:
    return Asked(_staff(facts), Command(f"{number:040d}", "f" * 64), version, "r" * 36)


def _report(facts: Facts, source: str, number: int, **said: Any) -> Report:
    now = datetime.fromisoformat("2026-11-22T00:00:00.000001+00:00")
    told = {
        "text": facts["text"],
        "told_at": now,
        "received_at": now,
        "reporter": Reporter("王先生", facts["phone"]),
        **said,
    }
    return Report(source, f"gl0001:{number:036d}", "f" * 64, **told)


def _take(facts: Facts) -> Any:
    position = Position(facts["position"]["lat"], facts["position"]["lon"])
    report = _report(facts, MOBILE, 1, category=facts["category"], position=position, submitted_by="gl0001")
    return bootstrap.intake().submit(report, Actor("gl0001", "administrator", "linkage-centre"), "r" * 36)


def _near(facts: Facts) -> Any:
    """Whatever is told is compared with the fullest row there may be: `scale` lays one at the report's compound."""
    matching = bootstrap.matching()
    report = _report(facts, MOBILE, 3, text=facts["near_text"])
    area = Area(facts["area"], ("", "", "", "", ""))
    return matching.find(matching.sought(report, facts["category"], area, ()))


def _join(facts: Facts) -> Any:
    return bootstrap.intake().take_text(
        _report(facts, SMS, 2, text=f"{facts['joined_code']} {facts['text']}"), Actor(SMS, "source"), "r" * 36
    )


def _deliveries(facts: Facts) -> list[Delivery]:
    now = datetime.fromisoformat("2026-11-22T00:00:00.000001+00:00")
    return [
        Delivery(facts["event_id"], "gl0001", channel, "case-assigned", DeliveryState.PLANNED, now)
        for channel in ("sms", "email")
    ]


def _plan(facts: Facts) -> Any:
    first, second = _deliveries(facts)
    return bootstrap.alerts()._ledger.plan([first.begin(first.updated_at), second])


def _advance(facts: Facts) -> Any:
    first, second = _deliveries(facts)
    at = first.updated_at + timedelta(seconds=1)
    sent = first.begin(first.updated_at).end(Attempt(at, "sent", "p" * 36))
    return bootstrap.alerts()._ledger.advance(sent, second.begin(at))


def _announce(facts: Facts) -> Any:
    at = datetime.fromisoformat("2026-11-22T00:00:00.000001+00:00")
    attachment = Attachment("a" * 32, "gl0001", "image/jpeg", 1024, EXPECTED, at, "f" * 64)
    return bootstrap.attachments()._store.announce(attachment, _entry(facts, "attachment.announced"))


def _origin() -> Origin:
    return Origin(Actor("gl0001", "administrator", "linkage-centre"), "192.0.2.1", "r" * 36)


def _entry(facts: Facts, what: str) -> Entry:
    about = {"case": facts["case_id"], "report": facts["report_id"], "person": facts["phone_hash"]}
    return bootstrap.audit().entry(what, _origin(), reason="位置不清,需电话核实", **about)


def _release(facts: Facts) -> Any:
    entry = _entry(facts, IDENTITY_RELEASED)
    return bootstrap.reporters()._vault.record(Command("c" * 40, "f" * 64), facts["report_id"], entry)


def _forget(facts: Facts) -> Any:
    at = datetime.fromisoformat("2026-11-22T00:00:00.000001+00:00")
    return bootstrap.reporters()._vault.forget(facts["report_id"], at, _entry(facts, "identity.erase"))


def _seal(facts: Facts) -> Any:
    places = (f"2026-11-22T00:00:{number:02d}.000001Z#{'e' * 16}" for number in range(50))
    return bootstrap.sealing().seal([SealedEntry("2026-11-22T00", place, "f" * 64) for place in places])


def _mark(facts: Facts) -> Any:
    at = datetime.fromisoformat("2026-11-22T00:00:00.000001+00:00")
    return bootstrap.attachments()._store.mark("a" * 32, "arrived", None, at)


_WALKED, _UNWALKED = "information-officer", "property-officer"
_WALKERS: dict[str, str] = {}
"""Who holds the post that walks an area, once it was looked for."""


def _holders(facts: Facts) -> Any:
    holders = bootstrap.alerts()._roster.holders(facts["area"], _WALKED)
    _WALKERS[facts["area"]] = holders[0].contact.id
    return holders


def _planned(facts: Facts, post: str, days_ago: int) -> Any:
    """Rounds of a day, whatever the stage's policy, as if they had been planned some days ago."""
    policy = replace(bootstrap.policy(), patrols={post: Patrol(post, 86_400, 43_200)})
    around = Circumstances(SYSTEM, bootstrap.now() - timedelta(days=days_ago), policy, "r" * 36, "plan")
    change = plan(None, Area(facts["area"], ("鼓楼区", "黄楼街道", "万通社区", "万通小区一", "第三网格")), post, around)
    assert change is not None
    return bootstrap.patrolling()._store.save(change, None, Origin(SYSTEM, BY_ITSELF, "r" * 36))


def _check_in(facts: Facts) -> Any:
    walker = StaffMember(_WALKERS[facts["area"]], "grid-worker", facts["unit"], (facts["area"],))
    position = Position(facts["position"]["lat"], facts["position"]["lon"])
    return bootstrap.patrolling().check_in(
        f"{facts['area']}.{_WALKED}",
        CheckIn(position, bootstrap.now(), None),
        Sent(walker, Command(f"{3:040d}", "f" * 64), Origin(walker.actor, "192.0.2.1", "r" * 36)),
    )


def _count(facts: Facts) -> Any:
    at = datetime.fromisoformat("2026-11-22T00:00:00.000001+00:00")
    area = {"code": facts["area"], "path": []}
    event = Happening(facts["event_id"], CASE_REPORTED, at, {"kind": "hazard", "area": area, "source": MOBILE})
    return bootstrap.counting().count(event)


def _advise(facts: Facts) -> Any:
    at = datetime.fromisoformat("2026-11-22T00:00:00.000001+00:00")
    community, category = facts["community"], "tenancy-dispute"
    words = ("房东不退押金，称房屋有损坏。", "先书面要求返还；协商不成可申请人民调解。")
    about = (community, community, "2026-11", category, None, *words)
    lawyer = Adviser("gp8029", "某律师")
    advice = Advice("a" * 32, *about, lawyer, "in-person", at, at, "gl0001", facts["unit"])
    return bootstrap.law_house()._book.record(advice, Command("d" * 40, "f" * 64), _entry(facts, ADVICE_RECORDED))


PATTERNS: dict[str, Pattern] = {
    "member of staff by id": Pattern(
        "reference `STAFF#<id>` / `STAFF`", lambda f: bootstrap.staff()._staff.employment("gl0001")
    ),
    "cell of a point": Pattern(
        "reference `TILE#<x>:<y>` / `TILE` and `NETWORK`, in one batch",
        lambda f: bootstrap._grid().cells_near(f["position"]["lat"], f["position"]["lon"], f["now"][:10]),
    ),
    "cells near a point outside": Pattern(
        "reference `TILE#<x>:<y>` / `TILE` of all tiles within 1,000 m and `NETWORK`, in one batch",
        lambda f: bootstrap._grid().cells_around(f["position"]["lat"], f["position"]["lon"], 1000, f["now"][:10]),
    ),
    "area by code": Pattern(
        "reference `AREA#<code>` / `AREA` and `NETWORK`, in one batch",
        lambda f: bootstrap._grid().area(f["area"], f["now"][:10]),
    ),
    "staff on duty of a unit": Pattern(
        "reference `UNIT#<id>` / `DUTY#…`", lambda f: bootstrap.alerts()._roster.duty_of(f["unit"])
    ),
    "holders of a post in an area": Pattern(
        "reference `AREA#<code>` / `POST#<post>#…`",
        _holders,
    ),
    "policy of an earlier version": Pattern(
        "reference `POLICY#<version>`, whole, once a process",
        lambda f: bootstrap._kept_policies().compiled(bootstrap.policy().version),
    ),
    "public notice of an area": Pattern(
        "reference, one batch: `NETWORK` and `UNIT#<centre>` / `UNIT`; a query each: `AREA#<code>` of it, of the area "
        "above and of every part, `AREA#<code>` / `POST#…` of those above",
        lambda f: bootstrap.notices().of(f["area"], f["now"][:10]),
    ),
    "the pool of people": Pattern(
        "reference `PANEL` / `MEMBER#…`, 500", lambda f: bootstrap.people()._pool.page(500, None)
    ),
    "members of the pool by id": Pattern(
        "reference `PANEL` / `MEMBER#<id>`, in one batch",
        lambda f: bootstrap.people()._pool.named(["gp8029", "gp8001"]),
    ),
    "a report opens a case": Pattern(
        "transaction: `REPORT#<id>`, `CASE#<id>` with its events, `TRACK#<code>`, `REPORTER#<phone hash>`, "
        "`STAFF#<id>`, vault `IDENTITY#<report id>`, `AUDIT#<hour>`; reads the tile and `NETWORK`",
        _take,
    ),
    "near in place, kind and time": Pattern(
        "`NEAR#<compound>` / `NEAR`, at most four of them; `CASE#<id>` / `CASE`, at most eight", _near
    ),
    "a text joins its sender's case": Pattern(
        "`REPORTER#<phone hash>` newest 20, their cases in one batch; transaction: `REPORT#<id>`, `CASE#<id>`, "
        "one event, `REPORTER#…`, vault `IDENTITY#…`, `AUDIT#…`",
        _join,
    ),
    "case by id": Pattern("`CASE#<id>` / `CASE`", lambda f: bootstrap._store().case(f["case_id"])),
    "case with its timeline": Pattern(
        "`CASE#<id>` / `CASE`, and `EVENT#…` of the same partition",
        lambda f: bootstrap.reading().timeline(f["case_id"], _staff(f)),
    ),
    "case by tracking code": Pattern(
        "`TRACK#<code>` / `TRACK`, then the case",
        lambda f: bootstrap.reading().case_by_tracking_code(f["tracking_code"], _staff(f)),
    ),
    "public tracking": Pattern(
        "`TRACK#<code>`, `EVENT#…` and `CASE` of `CASE#<id>`", lambda f: bootstrap.reading().track(f["tracking_code"])
    ),
    "report by id": Pattern("`REPORT#<id>` / `REPORT`", lambda f: bootstrap._store().report(f["report_id"])),
    "case by a source's message": Pattern(
        "`REPORT#<hash of source and message>`, then the case",
        lambda f: bootstrap.reading().case_by_message(SMS, f"gl0001:{2:036d}", _staff(f)),
    ),
    "open cases of a phone": Pattern(
        "`REPORTER#<phone hash>` newest 20, their cases in one batch",
        lambda f: bootstrap._store().cases_of(f["phone_hash"], 20),
    ),
    "who told reports": Pattern(
        "vault `IDENTITY#<report id>`, in one batch", lambda f: bootstrap.alerts()._identities.sealed([f["report_id"]])
    ),
    "a unit's queue by deadline": Pattern(
        "index `queue`: `UNIT#<id>` by due time, 50", lambda f: bootstrap._store().unit_queue(f["unit"], 50, None)
    ),
    "what is overdue at a unit": Pattern(
        "index `queue`: `UNIT#<id>` up to now, 50",
        lambda f: bootstrap._store().unit_queue(f["unit"], 50, None, bootstrap.now()),
    ),
    "cases of a community by kind and time": Pattern(
        "index `community`: `COMMUNITY#<community>#<kind>#<open or closed>` newest 50",
        lambda f: bootstrap._store().community_cases(
            f["community"], bootstrap.policy().categories[f["category"]].kind, 50, None, open=True
        ),
    ),
    "cases somebody reported": Pattern(
        "`STAFF#<id>` newest 50, their cases in one batch",
        lambda f: bootstrap._store().reported_by(f["reader"], 50, None),
    ),
    "visits to be made in a community": Pattern(
        "index `queue`: `VISITS#<community>` by cell and time, 50",
        lambda f: bootstrap._store().due_visits(f["community"], 50, None),
    ),
    "visits to be made in a cell": Pattern(
        "index `queue`: `VISITS#<community>` from the cell on, 50",
        lambda f: bootstrap._store().due_visits(f["area"], 50, None),
    ),
    "what is due now": Pattern(
        "index `due`: `DUE#<shard>` up to now, each of 8 shards",
        lambda f: list(bootstrap._store().due(datetime.fromisoformat(f["now"]))),
    ),
    "an action on a case": Pattern(
        "`CASE#<id>` / `CASE`; transaction: `COMMAND#<hash>`, the case, its event, vault `AUDIT#…`",
        lambda f: bootstrap.acting().act(f["case_id"], "accept", _asked(f, 1, 1), Particulars()),
    ),
    "an action repeated": Pattern(
        "the case, `COMMAND#<hash>`, the events up to its version",
        lambda f: bootstrap.acting().act(f["case_id"], "accept", _asked(f, 1, 1), Particulars()),
    ),
    "a visit is recorded": Pattern(
        "`CASE#<id>` / `CASE`; transaction: `COMMAND#<hash>`, the case, its two events, vault `AUDIT#…`",
        lambda f: bootstrap.acting().record_visit(f["visit_id"], _asked(f, 2, f["visit_version"]), "satisfied", None),
    ),
    "time changes a case": Pattern(
        "`CASE#<id>` / `CASE`; transaction: the case, its two events, vault `AUDIT#…`",
        lambda f: bootstrap.acting().fall_due(f["late_case_id"], "r" * 36),
    ),
    "deliveries of an event planned": Pattern("transaction: `CASE#<id>` / `DELIVERY#<event>#…`, one each", _plan),
    "a delivery ends, the next begins": Pattern("transaction: the two `DELIVERY#…`", _advance),
    "deliveries of an event": Pattern(
        "`CASE#<id>` / `DELIVERY#<event>#…`", lambda f: bootstrap.alerts()._ledger.of_event(f["event_id"])
    ),
    "rounds of an area are planned": Pattern(
        "transaction: `PATROL#<area>.<post>` / `BEAT`, its event, vault `AUDIT#…`", lambda f: _planned(f, _WALKED, 1)
    ),
    "beat by id": Pattern(
        "`PATROL#<area>.<post>` / `BEAT`", lambda f: bootstrap.patrolling()._store.beat(f"{f['area']}.{_WALKED}")
    ),
    "somebody checks in": Pattern(
        "the beat, reference `AREA#<code>` / `POST#<post>#…`, the tile and `NETWORK` in one batch; transaction: "
        "`COMMAND#<hash>`, the beat, its event, vault `AUDIT#…`",
        _check_in,
    ),
    "a check-in repeated": Pattern(
        "the same reads, the transaction refused, `COMMAND#<hash>`",
        _check_in,
    ),
    "beats of a community": Pattern(
        "index `queue`: `PATROLS#<community>` by area, whole",
        lambda f: bootstrap.patrolling()._store.beats_of(f["community"], below=True),
    ),
    "what happened to a beat": Pattern(
        "`PATROL#<area>.<post>` / `EVENT#…`, newest 50",
        lambda f: bootstrap.patrolling()._store.newest_events(f"{f['area']}.{_WALKED}", 50, None),
    ),
    "other rounds of the area are planned": Pattern(
        "transaction: `PATROL#<area>.<post>` / `BEAT`, its event, vault `AUDIT#…`", lambda f: _planned(f, _UNWALKED, 2)
    ),
    "time changes a beat": Pattern(
        "`PATROL#<area>.<post>` / `BEAT`; transaction: the beat, its event, vault `AUDIT#…`",
        lambda f: bootstrap.patrolling().fall_due(f"{f['area']}.{_UNWALKED}", "r" * 36),
    ),
    "an event is counted": Pattern(
        "transaction: `COUNTED#<case>` / `<versions>`; `FIGURES#<month>`, `FIGURES#<month>:days` and `FIGURES#open`, "
        "each / `<community>#<kind>`",
        _count,
    ),
    "figures of a community in a month": Pattern(
        "`FIGURES#<month>` / `<community>#…`",
        lambda f: bootstrap.figures()._store.tallies(f["counted_month"], f["community"]),
    ),
    "figures of a street in a month": Pattern(
        "`FIGURES#<month>` / `<street>…`",
        lambda f: bootstrap.figures()._store.tallies(f["counted_month"], f["community"][:9]),
    ),
    "figures of the district in a month": Pattern(
        "`FIGURES#<month>` / `<district>…`",
        lambda f: bootstrap.figures()._store.tallies(f["counted_month"], f["district"]),
    ),
    "advice is written down": Pattern(
        "transaction: `ADVICE#<community>#<month>` / `<given at>#<id>`, `ADVISED#<key>`, vault `AUDIT#…`", _advise
    ),
    "advice of a community in a month": Pattern(
        "`ADVICE#<community>#<month>`, newest 50",
        lambda f: bootstrap.law_house()._book.of_month(f["community"], "2026-11", 50, None),
    ),
    "a picture is announced": Pattern("transaction: `ATTACHMENT#<id>` / `ATTACHMENT`, vault `AUDIT#…`", _announce),
    "attachment by id": Pattern(
        "`ATTACHMENT#<id>` / `ATTACHMENT`", lambda f: bootstrap.attachments()._store.attachment("a" * 32)
    ),
    "a picture arrives": Pattern("`ATTACHMENT#<id>` / `ATTACHMENT`", _mark),
    "who told a report, masked": Pattern(
        "vault `IDENTITY#<report id>` / `IDENTITY`", lambda f: bootstrap.reporters()._vault.identity(f["report_id"])
    ),
    "a read is noted": Pattern(
        "vault `AUDIT#<hour>` / `<time>#<id>`",
        lambda f: bootstrap.audit().note(CASE_READ, _origin(), case=f["case_id"]),
    ),
    "who told is released": Pattern(
        "transaction: `COMMAND#<hash>`, vault `AUDIT#…`; reads report, case, identity", _release
    ),
    "what was done about a case": Pattern(
        "vault index `case`, newest 50", lambda f: bootstrap.audit()._log.page("case", f["case_id"], 50, None)
    ),
    "what somebody did": Pattern(
        "vault index `reader`, newest 50", lambda f: bootstrap.audit()._log.page("reader", f["reader"], 50, None)
    ),
    "what was done about a person": Pattern(
        "vault index `person`, newest 50", lambda f: bootstrap.audit()._log.page("person", f["phone_hash"], 50, None)
    ),
    "a batch is sealed": Pattern("vault `SEALS`, its newest; `SEALS` / `<number>`", _seal),
    "a reporter is forgotten": Pattern(
        "transaction: vault `IDENTITY#<report id>`, `AUDIT#…`, and `REPORT#<id>`", _forget
    ),
}


def described() -> dict[str, str]:
    """The patterns and what each goes by."""
    return {name: pattern.key for name, pattern in PATTERNS.items()}
