"""What a matcher tells of a case, said by hand: another that may be the same matter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.domain import events as E
from chalicelib.domain.audit import BY_ITSELF
from chalicelib.domain.cases import Case, evolve
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Change, Circumstances
from chalicelib.domain.telling import Telling

SCORE, WHY = 0.71, ("compound-same", "things")


def offer(store: Any, case: Case, other: str, now: datetime, policy: Policy) -> None:
    telling = Telling(case, case.id, Circumstances(SYSTEM, now, policy, "r", "time"), evolve)
    telling.tell(E.MATTER_OFFERED, case=other, score=SCORE, why=list(WHY))
    store.save(Change(telling.known, telling.events, case), None, BY_ITSELF)
