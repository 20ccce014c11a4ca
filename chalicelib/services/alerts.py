"""Alerts: who must know of an event is told, each once over each channel (always true 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template as Words
from typing import TYPE_CHECKING

from chalicelib.domain.accused import accused_reach
from chalicelib.domain.deliveries import (
    Attempt,
    Delivery,
    DeliveryState,
    OutcomeUnknown,
    Undeliverable,
    Unreachable,
)
from chalicelib.domain.errors import StaleVersion
from chalicelib.domain.events import PATROL_EVENT_TYPES
from chalicelib.domain.grid import level_of
from chalicelib.domain.posts import led_by, seat
from chalicelib.domain.records import Contact
from chalicelib.domain.wording import OF_CLOCKS, code_of, words_of_beat, words_of_case
from chalicelib.services.duty import on_duty

if TYPE_CHECKING:
    from chalicelib.domain.envelope import Happening
    from chalicelib.domain.policy import Notice, Template
    from chalicelib.services.ports import (
        Clock,
        DeliveryLedger,
        Identities,
        Mail,
        Policies,
        Roster,
        Sealer,
        TextMessages,
    )

SMS = "sms"
_INFORMATION_OFFICER = "information-officer"
_ROWS_AT_ONCE = 50
_SMS_FREE_WORDS = 200  # SNS takes 1,600 bytes a message, some 530 Chinese characters


class NotAllTold(Exception):
    """Some deliveries of an event did not succeed yet; the event must come again. The others are done."""


@dataclass(frozen=True, slots=True)
class _Message:
    contact: Contact
    channel: str
    template: str

    @property
    def address(self) -> str:
        return (self.contact.phone if self.channel == SMS else self.contact.email) or ""


class Alerts:
    def __init__(
        self,
        ledger: DeliveryLedger,
        roster: Roster,
        identities: Identities,
        sealer: Sealer,
        texts: TextMessages,
        mail: Mail,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._roster = roster
        self._identities = identities
        self._sealer = sealer
        self._texts = texts
        self._mail = mail
        self._policies = policies
        self._policy = policies.current
        self._clock = clock

    def tell(self, event: Happening) -> None:
        """Tell everybody whom the policy's notices name for an event.

        Raises NotAllTold when a channel failed or another sender is at it: what succeeded is not sent again.
        """
        messages = {(m.contact.id, m.channel): m for m in self._messages(event)}
        now = self._clock.now()
        planned = [
            Delivery(event.id, m.contact.id, m.channel, m.template, DeliveryState.PLANNED, now)
            for m in messages.values()
        ]
        waiting = False
        for start in range(0, len(planned), _ROWS_AT_ONCE):
            waiting |= not self._deliver(event, planned[start : start + _ROWS_AT_ONCE], messages)
        if waiting:
            raise NotAllTold(event.id)

    def _deliver(
        self, event: Happening, planned: Sequence[Delivery], messages: Mapping[tuple[str, str], _Message]
    ) -> bool:
        """Send what is not sent; True when all of it is settled.

        The row of the message in flight, and only that, says `sending`: one write ends a send and begins the next.
        """
        first = planned[0].begin(self._clock.now())
        if self._ledger.plan([first, *planned[1:]]):
            return self._send_all(event, first, planned[1:], messages)
        kept = {(row.recipient, row.channel): row for row in self._ledger.of_event(event.id)}
        rows = [kept.get((row.recipient, row.channel)) for row in planned]
        unplanned = [row for row, known in zip(planned, rows, strict=True) if known is None]
        if unplanned:
            self._ledger.plan(unplanned)
        known = [row for row in rows if row is not None] + unplanned
        now = self._clock.now()
        todo = [row for row in known if not row.settled and not row.in_flight(now)]
        others_at_it = any(row.in_flight(now) for row in known)
        if todo:
            begun = todo[0].begin(now)
            try:
                self._ledger.advance(begun)
                done = self._send_all(event, begun, todo[1:], messages)
            except StaleVersion:
                return False
            return done and not others_at_it
        return not others_at_it

    def _send_all(
        self,
        event: Happening,
        current: Delivery,
        rest: Iterable[Delivery],
        messages: Mapping[tuple[str, str], _Message],
    ) -> bool:
        settled = True
        for following in (*rest, None):
            ended = current.end(self._send(event, messages[current.recipient, current.channel]))
            settled &= ended.settled
            if following is None:
                self._ledger.advance(ended)
            else:
                current = following.begin(self._clock.now())
                self._ledger.advance(ended, current)
        return settled

    def _send(self, event: Happening, message: _Message) -> Attempt:
        template = self._policy.templates[message.template]
        try:
            provider_id = self._hand_over(event, message, template)
        except Unreachable as error:
            return Attempt(self._clock.now(), "failed", reason=str(error))
        except Undeliverable as error:
            return Attempt(self._clock.now(), "refused", reason=str(error))
        except OutcomeUnknown as error:
            return Attempt(self._clock.now(), "outcome-unknown", reason=str(error))
        return Attempt(self._clock.now(), "sent", provider_id)

    def _hand_over(self, event: Happening, message: _Message, template: Template) -> str:
        words = self._words(event, message.contact.id)
        if message.channel == SMS:
            short = {name: _shortened(word) for name, word in words.items()}
            return self._texts.send(message.address, Words(template.sms).substitute(short))
        return self._mail.send(
            message.address, Words(template.subject).substitute(words), Words(template.body).substitute(words)
        )

    def _messages(self, event: Happening) -> Iterator[_Message]:
        """Everybody to be told, each address once a channel whatever parts he or she has in the matter."""
        told: set[tuple[str, str]] = set()
        for notice in self._policy.notices:
            if notice.event != event.type or (notice.sources and event.data.get("source") not in notice.sources):
                continue
            if notice.kinds and event.data.get("kind") not in notice.kinds:
                continue
            if notice.clocks and event.data.get("clock") not in notice.clocks:
                continue
            for contact in self._audience(notice, event):
                for channel in notice.channels:
                    message = _Message(contact, channel, notice.template)
                    if message.address and (channel, message.address) not in told:
                        told.add((channel, message.address))
                        yield message

    def _audience(self, notice: Notice, event: Happening) -> Iterable[Contact]:
        facts = event.data
        match notice.audience:
            case "reporter":
                return self._reporters([facts["report_id"], *facts.get("and_reports", ())])
            case "reporters":
                return self._reporters(facts["report_ids"])
            case "lead-duty":
                kept = "from_unit" in facts and facts["from_unit"] == facts["unit"]  # it did so itself
                lead = facts.get("unit") if event.type in OF_CLOCKS else facts.get("lead") or facts.get("unit")
                return self._on_duty([lead] if lead and not kept else [], event)
            case "joint-duty":
                return self._on_duty(facts.get("joint_units", []), event)
            case "screening-duty":
                return self._on_duty([facts["unit"]], event)
            case "asked-duty":
                return self._on_duty(facts["asked"], event)
            case "approver-duty":
                return self._on_duty([facts["approver"]], event)
            case "supervisor-duty":
                return self._on_duty([facts["escalated_to"]], event)
            case "cell-officer":
                return self._cell_officers((facts.get("area") or {}).get("code"), event)
            case "post-holder":
                return self._post_holders(facts["area"]["code"], facts["post"], event)
            case "post-leader":
                return self._post_leaders(facts["area"]["code"], facts["post"], event)
        raise ValueError(f"unknown audience {notice.audience}")

    def _reporters(self, report_ids: Sequence[str]) -> list[Contact]:
        sealed = self._identities.sealed(report_ids)
        people = ((report_id, self._sealer.open(sealed[report_id], report_id)) for report_id in sorted(sealed))
        return [Contact(report_id, person.phone, None) for report_id, person in people if person.phone]

    def _on_duty(self, units: Iterable[str], event: Happening) -> list[Contact]:
        """Who is on duty at these units at the moment of an event.

        Nobody is missed: a unit whose roster has a gap then is told whole, one without a roster by the linkage centre;
        of a confidential matter, by the unit that such come to. But nobody of what a petition accuses is told of it,
        whoever named it here.
        """
        contacts = []
        for unit in self._may_know(units, event):
            roster = self._roster.duty_of(unit)
            for other in self._may_know([self._stand_in(event)], event) if not roster else ():
                roster = self._roster.duty_of(other)
            contacts += on_duty(roster, event.time, self._policy) or [duty.contact for duty in roster]
        return contacts

    def _may_know(self, units: Iterable[str], event: Happening) -> list[str]:
        accused = event.data.get("accused", ())
        return [unit for unit in units if not accused_reach(unit, accused, self._policy)]

    def _stand_in(self, event: Happening) -> str:
        kind = self._policy.kinds.get(event.data.get("kind") or "")
        return (kind.confidential_to if kind else "") or self._policy.rules.linkage_centre

    def _cell_officers(self, area: str | None, event: Happening) -> list[Contact]:
        """The information officers of a cell, or who deputises for them; of a vacant post, whom its leader's post has.

        For a wider area, or where nobody holds that one either, who is on duty at its centre.
        """
        if area and level_of(area) == "cell":
            day, officer = self._policy.day_of(event.time), self._policy.posts[_INFORMATION_OFFICER]
            leader = next(led_by(area, officer, self._policy), None)
            for place, post in ((area, officer), *([leader] if leader else [])):
                acting = seat(place, post, self._roster.holders(place, post.id), day).acting
                if acting:
                    return acting
        return self._on_duty([self._policy.centre_of(area)], event)

    def _post_holders(self, area: str, post: str, event: Happening) -> list[Contact]:
        """Who holds a post in an area, or deputises; of a vacant one, or one nobody deputises for, who leads it."""
        known, day = self._policy.posts.get(post), self._policy.day_of(event.time)
        acting = seat(area, known, self._roster.holders(area, post), day).acting if known else []
        return acting or self._post_leaders(area, post, event)

    def _post_leaders(self, area: str, post: str, event: Happening) -> list[Contact]:
        """Who leads a post: the nearest above it that is not vacant; where all are, who is on duty at the centre."""
        known, day = self._policy.posts.get(post), self._policy.day_of(event.time)
        for place, leader in led_by(area, known, self._policy) if known else ():
            if acting := seat(place, leader, self._roster.holders(place, leader.id), day).acting:
                return acting
        return self._on_duty([self._policy.centre_of(area)], event)

    def _words(self, event: Happening, recipient: str) -> dict[str, str]:
        """The names are those of the version that the event came about by: the one in force may have them no more.

        A reporter is told the tracking code that he or she was given, also of a case that sleeps in this one.
        """
        if event.type in PATROL_EVENT_TYPES:
            return words_of_beat(event, self._policy)
        policy = self._policies.of(event.policy_version) if event.policy_version else self._policy
        return words_of_case(event, policy, code_of(recipient, event))


def _shortened(words: str) -> str:
    """Free words as a text message can carry them; the whole is in the mail and in the case."""
    return words if len(words) <= _SMS_FREE_WORDS else words[: _SMS_FREE_WORDS - 1] + "…"
