"""Disputes at the table: both sides agree to it, a panel sits, and it ends with an agreement or without one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from infra.day.examples import BOTH
from infra.day.system import Acts, Case, today

Finds = Callable[[str, Case, str], Sequence[str]]
"""Who of the pool, of a sort, suits a case, as somebody of a unit finds them."""

_OPENED, _AGREED, _ASKED = "opened", "agreed", "asked"
UNDER_WAY = (_OPENED, _AGREED)
"""States of a mediation that has not ended."""


class Way(NamedTuple):
    """`consents`: how many sides agree to it; the next one refuses. `form`: of the agreement, where there is one."""

    consents: int
    form: str | None


WAYS: tuple[Way, ...] = (Way(2, "written"), Way(2, None), Way(2, "oral"), Way(1, None))


@dataclass(slots=True)
class MediationTable:
    """What who leads a dispute does to have it mediated. `pack`: the directory whose panels say who sits there."""

    act: Acts
    find: Finds
    pack: Path
    today: Callable[[], str] = today
    _panels: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._panels = tomllib.loads((self.pack / "panel.toml").read_text("utf-8"))["panel"]

    def mediate(self, case: Case, way: Way, unit: str) -> Case | None:
        """Step by step from wherever it stands to its end; the case afterwards, to be settled then.

        None where somebody came between: it is taken up again.
        """
        going: Case | None = case
        while going and (step := self._next(going, way, unit)):
            going = self.act(going, step[0], unit, step[1])
        return going

    def _next(self, case: Case, way: Way, unit: str) -> tuple[str, Mapping[str, Any]] | None:
        """What is to be done now, and what is said with it; None when it has ended."""
        known, invited = case["mediation"], [each["member"] for each in case["invited"]]
        if known is None:
            return "mediation-open", {"party": BOTH[0]}
        if known["state"] == _AGREED:
            return "mediation-record-performance", {"performed": "full", "note": "双方均已按协议履行。"}
        if known["state"] != _OPENED:
            return None
        for place, party in enumerate(BOTH):
            if party not in known["consents"]:
                said = {"agrees": True} if place < way.consents else {"agrees": False, "reason": "要求直接起诉。"}
                return "mediation-consent", {"party": party, **said}
        if not invited:
            seats = self._seats(case)
            members = [member for what, count in seats.items() for member in self.find(what, case, unit)[:count]]
            if len(members) < sum(seats.values()):  # somebody is away, and nobody else suits
                return "mediation-fail", {"reason": "调解小组人员不齐,无法开会。"}
            return "panel-invite", {"members": members}
        if any(each["state"] == _ASKED for each in case["invited"]):
            return "panel-answer", {"members": invited, "agrees": True}
        if not known["sessions"]:
            note = "双方当面陈述,调解小组逐项协商。"
            return "mediation-hold-session", {"members": invited, "parties": list(BOTH), "note": note}
        if way.form is None:
            return "mediation-fail", {"reason": "双方分歧较大,无法达成一致。"}
        terms = "双方互谅互让,当日履行完毕,无其他争议。"
        return "mediation-agree", {"form": way.form, "terms": terms, "until": self.today()}

    def _seats(self, case: Mapping[str, Any]) -> dict[str, int]:
        """Of whom how many sit there, by what they are: the first row of the pack that is for such a case."""
        seats: dict[str, int] = next(
            panel["seats"]
            for panel in self._panels
            if case["category"] in panel.get("categories", [case["category"]])
            and case["kind"] in panel.get("kinds", [case["kind"]])
        )
        return seats
