"""Who should have been told of what, worked out from the pack's and the roster's files alone.

It imports nothing of the application: what the application did is held against this.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from infra.samples import rows_of

_DIGITS = {"district": 6, "street": 9, "community": 12, "compound": 14, "cell": 16}
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
        contacts = {row["staff_id"]: (row["phone"], row["email"]) for row in rows_of(sample / "staff.csv")}
        duties: dict[str, list[tuple[str, str, str]]] = {}
        for row in rows_of(sample / "duty.csv"):
            duties.setdefault(row["unit"], []).append((row["staff_id"], row["from"], row["to"]))
        holders: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for row in rows_of(sample / "posts.csv"):
            holders.setdefault((row["area"], row["post"]), []).append((row["staff_id"], row["from"], row["until"]))
        absences: dict[str, list[tuple[str, str, str]]] = {}
        for row in rows_of(sample / "absences.csv"):
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
        for place, post in ((area, "information-officer"), (area[:14], "grid-leader")):
            if len(area) == 16 and (acting := self.acting(place, post, at)):
                return acting
        return self.on_duty(f"centre-{area[:12]}", at)

    def acting(self, area: str, post: str, at: datetime) -> list[tuple[str, str]]:
        """Who holds a post in an area at a moment, or deputises; nobody where it is vacant."""
        day = at.astimezone(_LOCAL).date().isoformat()
        return [
            self.contacts[acting]
            for staff, start, end in self.holders.get((area, post), [])
            if start <= day and (not end or day <= end) and (acting := self._acting(staff, day))
        ]

    def _acting(self, staff: str, day: str) -> str:
        """Somebody, or the deputy on a day he or she is away; nobody where there is none."""
        away = [deputy for start, end, deputy in self.absences.get(staff, []) if start <= day <= end]
        return away[0] if away else staff


@dataclass(frozen=True, slots=True)
class Expectations:
    """`phones`: the phone a report left, by report id. `leaders`: whom a post is led by, and in how long a code."""

    rosters: Rosters
    notices: list[dict[str, Any]]
    phones: Mapping[str, str]
    leaders: Mapping[str, tuple[str, int]]

    @classmethod
    def read(cls, pack: Path, sample: Path, phones: Mapping[str, str]) -> Expectations:
        notices = tomllib.loads((pack / "messages.toml").read_text("utf-8"))["notice"]
        posts = {post["id"]: post for post in tomllib.loads((pack / "posts.toml").read_text("utf-8"))["post"]}
        leaders = {
            post["id"]: (post["leader"], _DIGITS[posts[post["leader"]]["level"]])
            for post in posts.values()
            if post["leader"]
        }
        return cls(Rosters.read(sample), notices, phones, leaders)

    def of_beat(self, code: str, beat_id: str, timeline: Iterable[Mapping[str, Any]]) -> Counter[Told]:
        """Everything that should have been sent about the rounds of a beat, from its timeline as the API tells it."""
        told: Counter[Told] = Counter()
        area, _, post = beat_id.partition(".")
        for event in timeline:
            at, reference = datetime.fromisoformat(event["time"]), _reference(code, event)
            for notice in (each for each in self.notices if each["event"] == event["type"]):
                holders = self.rosters.acting(area, post, at) if notice["audience"] == "post-holder" else []
                for phone, email in holders or self._leaders_of(area, post, at):
                    told.update(
                        (reference, phone if channel == "sms" else email, channel) for channel in notice["channels"]
                    )
        return told

    def _leaders_of(self, area: str, post: str, at: datetime) -> list[tuple[str, str]]:
        """The nearest above a post that is not vacant, else the desk of the community."""
        while post in self.leaders:
            post, digits = self.leaders[post]
            if acting := self.rosters.acting(area[:digits], post, at):
                return acting
        return self.rosters.on_duty(f"centre-{area[:12]}", at)

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
                    case "case.transferred.v1" | "case.escalated.v1" | "case.delegated.v1":
                        lead, joint = facts["unit"], [unit for unit in joint if unit != facts["unit"]]
                    case "case.return-rejected.v1":
                        lead = facts["unit"]
                    case "petition.registered.v1":
                        lead = facts["unit"]
                    case "petition.passed-on.v1":
                        lead, joint = facts["unit"], facts["asked"]
                    case "petition.decided.v1":
                        lead, joint = facts["unit"], facts["joint_units"]
                    case "petition.review-asked.v1":
                        lead, joint = facts["unit"], []
                    case "joint.requested.v1":
                        joint = [*joint, *(unit for unit in facts["asked"] if unit not in joint)]
                    case "joint.refused.v1":
                        joint = [unit for unit in joint if unit != facts["unit"]]
                    case "case.returned.v1":
                        lead = None
                    case "case.sent-to-screening.v1":
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
        reference = _reference(tracking_code, event)
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
                    leading = facts["unit"] if event["type"].startswith("clock.") else lead or facts.get("unit")
                    kept = "from_unit" in facts and facts["from_unit"] == facts["unit"]
                    people = [*self.rosters.on_duty(leading, at)] if leading and not kept else []
                case "joint-duty":
                    people = [person for unit in joint for person in self.rosters.on_duty(unit, at)]
                case "screening-duty":
                    people = [*self.rosters.on_duty(facts["unit"], at)]
                case "asked-duty":
                    people = [person for unit in facts["asked"] for person in self.rosters.on_duty(unit, at)]
                case "approver-duty":
                    people = [*self.rosters.on_duty(facts["approver"], at)]
                case "supervisor-duty":
                    people = [*self.rosters.on_duty(facts["escalated_to"], at)]
                case "cell-officer":
                    people = [*self.rosters.officers_of(area or "", at)]
            for phone, email in people:
                for channel in notice["channels"]:
                    address = phone if channel == "sms" else email
                    if address:
                        told.add((reference, address, channel))
        return Counter(told)


def _reference(code: str, event: Mapping[str, Any]) -> str:
    return f"{code}-{'.'.join(event['id'].split('.')[-2:])}"
