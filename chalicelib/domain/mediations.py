"""The mediation 人民调解 of a dispute: how far it got, and what came of it (人民调解法)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

APPLICANT, RESPONDENT = "applicant", "respondent"
PARTIES = (APPLICANT, RESPONDENT)
"""Both sides 双方当事人: who asks for something, and of whom."""

OPENED, AGREED = "opened", "agreed"
PERFORMED, UNPERFORMED = "performed", "unperformed"
REFUSED, WITHDRAWN, FAILED, CRIME, DROPPED = "refused", "withdrawn", "failed", "crime", "dropped"
"""How an attempt stands. It ends: agreed on, and then performed or not; refused by a side (art. 17); by a side that
withdrew; without an agreement (art. 26); because it looks like a crime (art. 25); or with the case itself."""

APPLIED, ACCEPTED, CONFIRMED, REJECTED = "applied", "accepted", "confirmed", "rejected"
"""How far the confirmation by a court 司法确认 got (art. 33)."""

ORAL, WRITTEN = "oral", "written"
FULLY, PARTLY, NOT_AT_ALL = "full", "partly", "none"


@dataclass(frozen=True, slots=True)
class Mediation:
    """`attempt`: which, from 1; `tried`: how many in a row, none of which settled it. `consents`: who agreed to it.

    `opened_on`, `last_session_on`, `effective_on`, `perform_on`, `applied_on`, `accepted_on`: days (ISO, of the
    district). `number`: of the written agreement. Of the last agreement there was: `form`, both days and the court's
    part; it may be confirmed while another attempt is made. `other_ways`: named when an attempt ended unsettled.
    """

    attempt: int = 1
    tried: int = 1
    state: str = OPENED
    opened_on: str = ""
    docking: str | None = None
    applied_by: str | None = None
    consents: tuple[str, ...] = ()
    sessions: int = 0
    last_session_on: str | None = None
    form: str | None = None
    number: str | None = None
    effective_on: str | None = None
    perform_on: str | None = None
    confirmation: str | None = None
    court: str | None = None
    applied_on: str | None = None
    accepted_on: str | None = None
    other_ways: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it is still being mediated: neither agreed on nor ended."""
        return self.state == OPENED

    @property
    def consented(self) -> bool:
        return all(party in self.consents for party in PARTIES)

    @property
    def written(self) -> dict[str, Any]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) != getattr(_NONE, name)}

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        facts: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
        }
        return cls(**facts)


_NONE = Mediation()
