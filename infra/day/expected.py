"""Who should have been told of what, worked out from the pack's and the roster's files alone.

It imports nothing of the application: what the application did is held against this.
"""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

Told = tuple[str, str, str]  # event reference, address, channel
_LOCAL = timezone(timedelta(hours=8))  # Asia/Shanghai has known no other since 1991


@dataclass(frozen=True, slots=True)
class Rosters:
    """The sample's staff: contacts by id, duties by unit, who holds which post of which area, and who is away."""

    contacts: Mapping[str, tuple[str, str]]
    duties: Mapping[str, list[tuple[str, str, str]]]
    holders: Mapping[tuple[str, str], list[tuple[str, str, str]]]
    absences: Mapping[str, list[tuple[str, str, str]]]

    @classmethod
    def read(cls, sample: Path) -> Rosters:
        contacts = {row["staff_id"]: (row["phone"], row["email"]) for row in _rows(sample / "staff.csv")}
        duties: dict[str, list[tuple[str, str, str]]] = {}
        for row in _rows(sample / "duty.csv"):
            duties.setdefault(row["unit"], []).append((row["staff_id"], row["from"], row["to"]))
        holders: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for row in _rows(sample / "posts.csv"):
            holders.setdefault((row["area"], row["post"]), []).append((row["staff_id"], row["from"], row["until"]))
        absences: dict[str, list[tuple[str, str, str]]] = {}
        for row in _rows(sample / "absences.csv"):
            absences.setdefault(row["staff_id"], []).append((row["from"], row["until"], row["deputy_id"]))
        return cls(contacts, duties, holders, absences)

    def on_duty(self, unit: str, at: datetime) -> list[tuple[str, str]]:
        local = at.astimezone(_LOCAL).strftime("%H:%M")
        return [
            self.contacts[staff]
            for staff, start, end in self.duties[unit]
            if (start <= local < end if start <= end else local >= start or local < end)
        ]

    def officers_of(self, area: str, at: datetime) -> list[tuple[str, str]]:
        """The information officer of a cell or the deputy, else those of the compound's grid leader, else the desk."""
        day = at.astimezone(_LOCAL).date().isoformat()
        for place, post in ((area, "information-officer"), (area[:14], "grid-leader")):
            acting = [
                self.contacts[acting]
                for staff, start, end in self.holders.get((place, post), [])
                if len(area) == 16 and start <= day and (not end or day <= end) and (acting := self._acting(staff, day))
            ]
            if acting:
                return acting
        return self.on_duty(f"centre-{area[:12]}", at)

    def _acting(self, staff: str, day: str) -> str:
        """Somebody, or the deputy on a day he or she is away; nobody where there is none."""
        away = [deputy for start, end, deputy in self.absences.get(staff, []) if start <= day <= end]
        return away[0] if away else staff


@dataclass(frozen=True, slots=True)
class Expectations:
    """`phones`: the phone a report left, by report id."""

    rosters: Rosters
    notices: list[dict[str, Any]]
    phones: Mapping[str, str]

    @classmethod
    def read(cls, pack: Path, sample: Path, phones: Mapping[str, str]) -> Expectations:
        notices = tomllib.loads((pack / "messages.toml").read_text("utf-8"))["notice"]
        return cls(Rosters.read(sample), notices, phones)

    def of_case(self, tracking_code: str, timeline: Iterable[Mapping[str, Any]]) -> Counter[Told]:
        """Everything that should have been sent about a case, from its timeline as the API tells it."""
        told: Counter[Told] = Counter()
        lead, joint, area = None, [], None
        reports: list[str] = []
        ordered = list(timeline)
        for version in sorted({event["version"] for event in ordered}):
            events = [event for event in ordered if event["version"] == version]
            for event in events:  # how the case stands after the whole act is what its events tell of
                facts = event["data"]
                match event["type"]:
                    case "case.reported.v1" | "case.joined.v1":
                        reports.append(facts["report_id"])
                    case "case.classified.v1":
                        area = facts["area"]["code"] if facts["area"] else area
                    case "case.assigned.v1":
                        lead, joint = facts["unit"], facts["joint_units"]
                    case "case.returned.v1" | "case.sent-to-screening.v1":
                        lead, joint = None, []
            for event in events:
                told += self._of_event(tracking_code, event, lead, joint, area, reports)
        return told

    def _of_event(
        self,
        tracking_code: str,
        event: Mapping[str, Any],
        lead: str | None,
        joint: list[str],
        area: str | None,
        reports: list[str],
    ) -> Counter[Told]:
        at, facts = datetime.fromisoformat(event["time"]), event["data"]
        reference = f"{tracking_code}-{'.'.join(event['id'].split('.')[-2:])}"
        told = set()
        for notice in self.notices:
            if notice["event"] != event["type"]:
                continue
            if notice.get("sources") and facts.get("source") not in notice["sources"]:
                continue
            people: list[tuple[str | None, str | None]] = []
            match notice["audience"]:
                case "reporter":
                    people = [(self.phones.get(facts["report_id"]), None)]
                case "reporters":
                    people = [(self.phones.get(report), None) for report in reports]
                case "lead-duty":
                    leading = lead or facts.get("unit")
                    people = [*self.rosters.on_duty(leading, at)] if leading else []
                case "joint-duty":
                    people = [person for unit in joint for person in self.rosters.on_duty(unit, at)]
                case "screening-duty":
                    people = [*self.rosters.on_duty(facts["unit"], at)]
                case "cell-officer":
                    people = [*self.rosters.officers_of(area or "", at)]
            for phone, email in people:
                for channel in notice["channels"]:
                    address = phone if channel == "sms" else email
                    if address:
                        told.add((reference, address, channel))
        return Counter(told)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
