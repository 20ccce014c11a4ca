"""The invariants of a day, checked from outside: by the API, the tables as they lie, and the cloud's message logs."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.day.expected import Expectations, Told
from infra.day.ledger import Ledger
from infra.day.matters import ANSWERED, SOURCES, Report, cases_expected, hold_together, matter_of
from infra.day.mediation_table import WAYS
from infra.day.petition_desk import KIND, SUED, outcomes
from infra.day.senders import Sent
from infra.day.system import Caller, System
from infra.day.watch import Watch

_ANSWERED = (ANSWERED, "petition.answered.v1", "petition.declined.v1", "petition.directed.v1")
_GIVEN = ("case.assigned.v1", "case.sent-to-screening.v1")  # what whoever must act is told of first
_NAMELESS = ("sms", "web")  # edges whose answer does not name the report
_UPLOAD_TO_ALERT_MS = 2000  # p95, with cold starts in it
_FEWEST_WAITS = 20
_COUNTED_WITHIN_SECONDS = 60


@dataclass(slots=True)
class Findings:
    """`.local/demo.json`. `faults` says in words what does not hold; empty when all does."""

    sent: int = 0
    acknowledged: int = 0
    refused: int = 0
    repeats: int = 0
    cases: int = 0
    cases_expected: int = 0
    lost: int = 0
    duplicated: int = 0
    alerts_expected: int = 0
    alerts_delivered: int = 0
    alerts_repeated: int = 0
    alerts_unexpected: int = 0
    answers_missing: int = 0
    visits_due: int = 0
    visits_done: int = 0
    reopened: int = 0
    declined: int = 0
    matters: int = 0
    matters_whole: int = 0
    petitions: dict[str, int] = field(default_factory=dict)
    mediations: dict[str, int] = field(default_factory=dict)
    closed: int = 0
    pictures: int = 0
    pictures_arrived: int = 0
    dead_letters: int = 0
    figures_wrong: int = 0
    seconds: float = 0.0
    reports_per_second: float = 0.0
    upload_to_alert_p50_ms: int = 0
    upload_to_alert_p95_ms: int = 0
    slowest_ms: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", "utf-8")


def check(system: System, sent: Sequence[Sent], ledger: Ledger, watch: Watch, pack: Path, sample: Path) -> Findings:
    """Hold what happened against what should have. Every fault is put into words."""
    found = Findings()
    _check_acknowledgements(found, sent)
    _check_reports(found, system, sent, ledger)
    _check_cases(found, sent, ledger)
    _check_matters(found, system, sent, ledger, watch)
    _check_petitions(found, ledger)
    _check_pictures(found, ledger)
    _check_alerts(found, expected_alerts(ledger, sent, pack, sample), watch, ledger, _phones(sent, ledger))
    _check_speed(found, sent, watch, ledger)
    _check_figures(found, system, ledger)
    return found


def expected_alerts(ledger: Ledger, sent: Sequence[Sent], pack: Path, sample: Path) -> Counter[Told]:
    """Everything that should have been sent, worked out without the application."""
    expectations = Expectations.read(pack, sample, _phones(sent, ledger))
    told: Counter[Told] = Counter()
    for case_id, timeline in ledger.timelines.items():
        told += expectations.of_case(ledger.cases[case_id]["tracking_code"], timeline)
    for beat_id, timeline in ledger.beats_timelines.items():
        told += expectations.of_beat(ledger.beats[beat_id]["code"], beat_id, timeline)
    return told


def _check_acknowledgements(found: Findings, sent: Sequence[Sent]) -> None:
    found.sent = len(sent)
    found.acknowledged = sum(one.acknowledged for one in sent)
    found.refused = sum(one.message.expected == "refused" for one in sent)
    found.repeats = sum(one.message.expected == "repeat" for one in sent)
    for index, one in enumerate(sent):
        wanted = one.message
        if wanted.expected == "refused":
            if one.status != wanted.status:
                found.faults.append(f"message {index} ({wanted.fault}): {one.status}, not {wanted.status}")
            elif "code" in one.answer and one.answer["code"] != wanted.problem:
                found.faults.append(f"message {index} ({wanted.fault}): {one.answer['code']}, not {wanted.problem}")
        elif not one.acknowledged:
            found.faults.append(f"message {index} ({wanted.edge}, {wanted.expected}): {one.status} {one.answer}")
        elif wanted.repeat_of is not None and wanted.edge != "sms":
            first = sent[wanted.repeat_of].answer
            if any(one.answer.get(name) != first.get(name) for name in ("report_id", "case_id", "tracking_code")):
                found.faults.append(f"message {index}: a repeat was answered otherwise than the first time")
    if found.acknowledged != found.sent - found.refused:
        found.faults.append(f"acknowledged {found.acknowledged} of {found.sent} sent, {found.refused} to be refused")


def _check_reports(found: Findings, system: System, sent: Sequence[Sent], ledger: Ledger) -> None:
    """Every acknowledged message can be read, and is one report."""
    token, caller = system.token_of_role("administrator"), Caller(system)
    for one in sent:
        if not one.acknowledged or one.message.repeat_of is not None:
            continue
        if one.message.edge in _NAMELESS:
            source, name = SOURCES[one.message.edge], one.message.message_id
            answer = caller.get("/v1/cases", token, source=source, message_id=name)
        else:
            answer = caller.get(f"/v1/reports/{one.answer['report_id']}", token)
        found.lost += answer.status_code != 200
    counted = Counter((r["source"], r["message_id"]) for r in ledger.reports.values())
    told = sum(one.acknowledged and one.message.repeat_of is None for one in sent)
    found.duplicated = sum(n - 1 for n in counted.values()) + max(0, len(ledger.reports) - told)
    if found.lost:
        found.faults.append(f"{found.lost} acknowledged reports cannot be read")
    if found.duplicated:
        found.faults.append(f"{found.duplicated} reports more than messages")


def _by_report(sent: Sequence[Sent], ledger: Ledger) -> Mapping[str, int]:
    """The index of the message that made each report, by report id."""
    named = {(row["source"], row["message_id"]): report_id for report_id, row in ledger.reports.items()}
    made = {}
    for index, one in enumerate(sent):
        if one.acknowledged and one.message.repeat_of is None:
            by_name = named.get((SOURCES[one.message.edge], one.message.message_id), "")
            made[by_name if one.message.edge in _NAMELESS else one.answer["report_id"]] = index
    return made


def _phones(sent: Sequence[Sent], ledger: Ledger) -> Mapping[str, str]:
    """The phone each report left, by report id, as it was sent."""
    phones = {}
    for report_id, index in _by_report(sent, ledger).items():
        one = sent[index]
        body = json.loads(one.body)
        match one.message.edge:
            case "sms":
                phones[report_id] = f"+86{body[0]['phone_number']}"
            case "mobile":
                phones[report_id] = (body.get("reporter") or {}).get("phone")
            case "hotline":
                phones[report_id] = (body.get("caller") or {}).get("phone")
            case "web":
                phones[report_id] = f"+86{body['phone']}"
    return {report_id: phone for report_id, phone in phones.items() if phone}


def _check_cases(found: Findings, sent: Sequence[Sent], ledger: Ledger) -> None:
    events = [event for timeline in ledger.timelines.values() for event in timeline]
    types = Counter(event["type"] for event in events)
    found.cases, found.cases_expected = len(ledger.cases), cases_expected(sent)
    found.closed = sum(case["state"] == "closed" for case in ledger.cases.values())
    found.visits_due = types["visit.due.v1"]
    found.visits_done = types["visit.recorded.v1"]
    found.reopened = types["case.reopened.v1"]
    found.declined = types["case.reopen-declined.v1"]
    for case in ledger.cases.values():
        if case["state"] != "closed":
            found.faults.append(f"not closed: {case['case_id']} {case['state']} at {case['unit']['id']}")
    if found.cases != found.cases_expected:
        found.faults.append(f"{found.cases} cases of {found.cases_expected} matters that were told of")
    if found.closed != found.cases:
        found.faults.append(f"{found.cases - found.closed} cases were not closed")
    if found.visits_done != found.visits_due or not found.visits_due:
        found.faults.append(f"{found.visits_done} visits made of {found.visits_due} that fell due")
    if not found.reopened or not found.declined:
        found.faults.append("no reopening was granted, or none declined")


def _check_matters(found: Findings, system: System, sent: Sequence[Sent], ledger: Ledger, watch: Watch) -> None:
    """What was planted as one matter became one case, with its reports, references and answers; nothing else joined."""
    token, caller = system.token_of_role("administrator"), Caller(system)
    phones = _phones(sent, ledger)

    def find(report: Report) -> str | None:
        """By the reference of whoever brought it; a phone of our own has none but the report's."""
        asked = {"source": report.source, "message_id": report.message_id}
        own = report.source == SOURCES["mobile"]
        answer = caller.get(f"/v1/reports/{report.id}", token) if own else caller.get("/v1/cases", token, **asked)
        return answer.json()["case_id"] if answer.ok else None

    reports = (
        Report(
            report_id,
            SOURCES[sent[index].message.edge],
            sent[index].message.message_id,
            phones.get(report_id),
            matter_of(index, sent),
        )
        for report_id, index in _by_report(sent, ledger).items()
    )
    together = hold_together(reports, ledger.cases, ledger.timelines, watch.delivered, find)
    found.matters, found.matters_whole = together.planted, together.whole
    found.faults += together.found


def _check_petitions(found: Findings, ledger: Ledger) -> None:
    """Petitions ended in every way that there were enough of them to take, and mediations in more than one."""
    petitions = [case for case in ledger.cases.values() if case["kind"] == KIND and case["petition"]]
    found.petitions = dict(sorted(Counter(case["outcome"] for case in petitions).items()))
    by_turn = sum(case["petition"]["named"] and case["category"] not in SUED for case in petitions)
    if missing := outcomes(by_turn) - set(found.petitions):
        found.faults.append(f"no petition ended as {', '.join(sorted(missing))}")
    mediated = [case["mediation"]["state"] for case in ledger.cases.values() if case["mediation"]]
    found.mediations = dict(sorted(Counter(mediated).items()))
    if len(mediated) > 2 * len(WAYS) and len(found.mediations) < 2:
        found.faults.append(f"{len(mediated)} mediations ended in one way only")


def _check_pictures(found: Findings, ledger: Ledger) -> None:
    found.pictures = len(ledger.pictures)
    found.pictures_arrived = sum(state == "arrived" for state in ledger.pictures.values())
    found.dead_letters = ledger.dead_letters
    if found.pictures_arrived != found.pictures:
        found.faults.append(f"{found.pictures - found.pictures_arrived} pictures did not arrive")
    if found.dead_letters:
        found.faults.append(f"{found.dead_letters} dead letters")


def _check_alerts(
    found: Findings, expected: Counter[Told], watch: Watch, ledger: Ledger, phones: Mapping[str, str]
) -> None:
    delivered = watch.delivered
    found.alerts_expected = expected.total()
    found.alerts_delivered = (expected & delivered).total()
    found.alerts_repeated = sum(n - 1 for n in delivered.values() if n > 1)
    found.alerts_unexpected = len(set(delivered) - set(expected)) + len(watch.strangers)
    for case_id, timeline in ledger.timelines.items():
        for event in timeline:
            if event["type"] in _ANSWERED:
                reference = _reference(ledger.cases[case_id], event)
                owed = {phones[r] for r in event["data"]["report_ids"] if r in phones}
                found.answers_missing += sum((reference, phone, "sms") not in delivered for phone in owed)
    for told in sorted(expected - delivered)[:5]:
        found.faults.append(f"not delivered: {told}")
    for told in sorted(delivered - expected)[:5]:
        found.faults.append(f"not expected: {told}")
    for name, wrong in (
        ("alerts not delivered", found.alerts_expected - found.alerts_delivered),
        ("alerts repeated", found.alerts_repeated),
        ("alerts nobody should have had", found.alerts_unexpected),
        ("answers missing", found.answers_missing),
    ):
        if wrong:
            found.faults.append(f"{wrong} {name}")


def _check_speed(found: Findings, sent: Sequence[Sent], watch: Watch, ledger: Ledger) -> None:
    """From the start of an upload that opened a case to the first SMS to whoever must act, cold starts included."""
    made = _by_report(sent, ledger)
    waits = []
    for case_id, timeline in ledger.timelines.items():
        case = ledger.cases[case_id]
        told = next(event for event in timeline if event["type"] in _GIVEN)
        index, seen = made.get(case["reports"][0]), watch.first_seen.get(_reference(case, told))
        if index is not None and seen:
            waits.append((seen - sent[index].at) * 1000)
    if len(waits) < _FEWEST_WAITS:
        found.faults.append(f"only {len(waits)} uploads whose alert was seen")
        return
    found.slowest_ms = [round(wait) for wait in sorted(waits)[-5:]]
    found.upload_to_alert_p50_ms = round(statistics.median(waits))
    found.upload_to_alert_p95_ms = round(statistics.quantiles(waits, n=20)[-1])
    if found.upload_to_alert_p95_ms > _UPLOAD_TO_ALERT_MS:
        found.faults.append(f"upload to alert p95 {found.upload_to_alert_p95_ms} ms, above {_UPLOAD_TO_ALERT_MS}")


def _check_figures(found: Findings, system: System, ledger: Ledger) -> None:
    """What was counted is what happened, once the counting has caught up."""
    deadline = time.monotonic() + _COUNTED_WITHIN_SECONDS
    while (wrong := miscounted(system, ledger.timelines.values())) and time.monotonic() < deadline:
        time.sleep(0.5)
    found.figures_wrong = len(wrong)
    found.faults += [f"counted {counted} {name}, not {happened}" for name, (counted, happened) in sorted(wrong.items())]


def miscounted(system: System, timelines: Iterable[Sequence[dict[str, Any]]]) -> dict[str, tuple[Any, Any]]:
    """The figures of the district that are not what the timelines of all its cases say: as counted, as it happened."""
    events = [event for timeline in timelines for event in timeline]
    days = [datetime.fromisoformat(event["time"]) for event in events]
    months = {"from": f"{min(days) - timedelta(days=1):%Y-%m}", "to": f"{max(days) + timedelta(days=1):%Y-%m}"}
    token = system.token_of_unit("petition-office")  # to whom alone petitions are counted too
    district = next(iter(system.tokens["by_cell"]))[:6]
    counted = Caller(system).get(f"/v1/areas/{district}/figures", token, **months).json()["total"]
    types = Counter(event["type"] for event in events)
    happened = {
        "opened": types["case.reported.v1"],
        "joined": types["case.joined.v1"],
        **{name: types[f"case.{name}.v1"] for name in _COUNTED_AS_TOLD},
        "open_now": types["case.reported.v1"]
        + sum("closed_as" in event["data"] for event in events)
        - types["case.closed.v1"],
        "sources": _told_by(events, "source", "case.reported.v1", "case.joined.v1"),
        "outcomes": _told_by(events, "outcome", "case.closed.v1"),
        "breached": _told_by([e for e in events if e["data"].get("step", 1) == 1], "clock", "clock.breached.v1"),
    }
    happened["clocks"] = _clocks_ended(events)
    return {name: (counted[name], of) for name, of in happened.items() if counted[name] != of}


_COUNTED_AS_TOLD = ("assigned", "returned", "transferred", "escalated", "delegated", "resolved", "reopened", "closed")


def _clocks_ended(events: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """How often each clock ended how."""
    found: dict[str, Counter[str]] = {}
    for event in events:
        for clock, how in event["data"].get("timing", {}).get("ended", {}).items():
            found.setdefault(clock, Counter())[how] += 1
    return {clock: dict(hows) for clock, hows in found.items()}


def _told_by(events: Iterable[dict[str, Any]], fact: str, *types: str) -> dict[str, int]:
    return dict(Counter(event["data"][fact] for event in events if event["type"] in types))


def _reference(case: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """The short reference that every message about an event carries."""
    return f"{case['tracking_code']}-{'.'.join(event['id'].split('.')[-2:])}"
