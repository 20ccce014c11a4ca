"""A petition on its way by local times: how it comes to each of its states, for tests that date it by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from chalicelib.domain.policy import Policy
from tests.dated import Matter

LEGACY, EXPROPRIATION, CONDUCT, LITIGATION = (
    "petition-legacy",
    "petition-expropriation",
    "petition-official-conduct",
    "petition-litigation",
)
HANDLER = "natural-resources"


class Petition(Matter):
    """Every way of it is the plainest: one who petitions and is named, and nobody accused."""

    def __init__(self, policy: Policy, at: str, category: str = LITIGATION) -> None:
        super().__init__(policy, at, category)

    def register(self, at: str, **said: Any) -> Petition:
        return self.did(at, "petition-register", **{"people": 1, "named": True, **said})

    def pass_on(self, at: str, unit: str = HANDLER, **said: Any) -> Petition:
        return self.did(at, "petition-pass-on", unit=unit, **said)

    def accept(self, at: str) -> Petition:
        return self.did(at, "accept")

    def answer(self, at: str, opinion: str = "explain") -> Petition:
        return self.did(at, "petition-answer", opinion=opinion)

    def deliver(self, at: str, on: str) -> Petition:
        return self.did(at, "petition-deliver", on=date.fromisoformat(on))

    def ask_review(self, at: str, **said: Any) -> Petition:
        return self.did(at, "petition-ask-review", **said)

    def answer_review(self, at: str) -> Petition:
        return self.did(at, "petition-answer-review", opinion="explain")

    def ask_re_review(self, at: str, **said: Any) -> Petition:
        return self.did(at, "petition-ask-re-review", **said)

    def hearing(self, at: str, since: str, until: str | None = None) -> Petition:
        last = date.fromisoformat(until) if until else None
        return self.did(at, "petition-hold-hearing", since=date.fromisoformat(since), until=last)

    def conclude(self, at: str) -> Petition:
        return self.did(at, "petition-conclude", opinion="not-support")

    def did(self, at: str, action: str, **said: Any) -> Petition:
        self.act(at, action, **said)
        return self


WAYS: dict[str, Callable[[Policy, str], Petition]] = {
    "register": Petition,
    "passed-on": lambda policy, at: Petition(policy, at).register(at).pass_on(at),
    "accepted": lambda policy, at: WAYS["passed-on"](policy, at).accept(at),
    "answered": lambda policy, at: WAYS["accepted"](policy, at).answer(at),
    "reviewing": lambda policy, at: WAYS["answered"](policy, at).ask_review(at),
    "reviewed": lambda policy, at: WAYS["reviewing"](policy, at).answer_review(at),
    "re-reviewing": lambda policy, at: WAYS["reviewed"](policy, at).ask_re_review(at),
}
"""How it comes to where a clock begins, all on the day that clock begins."""
