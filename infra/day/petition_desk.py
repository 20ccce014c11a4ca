"""Petitions at work: registered with whom they accuse, sent on their lawful way, declined, or answered at up to three
levels.

What a petition is about says who petitions, whom it accuses and who is competent. What becomes of it goes by turn, so
that a handful of petitions takes every way there is; one that nobody signed is taken as information.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from infra.day.examples import HEAD, LEADER, OFFICE, RESOURCES
from infra.day.system import LOCAL, Acts, Case, Reads, today

KIND = "petition"
INSTEAD = "political-legal"
_LED = ("red", "orange")  # cards that demand a leader


class Way(NamedTuple):
    """What becomes of a petition that says who petitions.

    `refused`: by which act it ends before it is accepted, and what is said with it. `here`: the desk itself handles it.
    `objects`: who it is passed on to says first that it is no remit. `jointly`: who is asked to help. `longer`: more
    time is asked for. `opinions`: the answers, level by level. `heard`: there is a hearing before the last.
    """

    outcome: str
    opinions: Sequence[str] = ()
    refused: tuple[str, Mapping[str, str]] | None = None
    here: bool = False
    objects: bool = False
    jointly: str | None = None
    longer: bool = False
    heard: bool = False


WAYS: tuple[Way, ...] = (
    Way("final", ("support", "explain", "explain"), objects=True, longer=True, heard=True),
    Way("answered", ("explain", "not-support")),
    Way(
        "not-accepted",
        refused=("petition-decline", {"ground": "no-request", "note": "未提出具体请求,请补充后再反映。"}),
    ),
    Way("answered", ("not-support",), jointly="medical-insurance"),
    Way("directed", refused=("petition-direct", {"way": "agency-duty", "note": "请向履行该项法定职责的机关提出。"})),
    Way("answered", ("support",), here=True),
)
"""Taken by turn, beginning with the first."""

_SUED = Way("directed", refused=("petition-direct", {"way": "litigation", "note": "请依法向人民法院提出申诉。"}))
_UNSIGNED = Way(
    "not-accepted",
    refused=("petition-decline", {"ground": "unnamed", "note": "未载明姓名和联系方式,作为情况反映转交参考。"}),
)


class About(NamedTuple):
    """Who petitions for such a thing, whom that accuses (`{station}`: the community's own centre), who is competent."""

    people: int = 1
    representatives: int = 0
    accused: tuple[str, ...] = ()
    competent: str = RESOURCES


_ABOUT: Mapping[str, About] = {
    "petition-expropriation": About(12, 3, ("housing-construction",)),
    "petition-official-conduct": About(accused=("{station}",), competent="civil-affairs"),
    "petition-law-enforcement": About(accused=("urban-management",), competent="justice"),
    "petition-legacy": About(22, 5, (OFFICE,), "human-resources"),
    "petition-reply": About(accused=("housing-construction",)),
}


SUED = ("petition-litigation",)
"""Categories whose lawful way is always the courts: they take no turn."""


def outcomes(named: int) -> set[str]:
    """How so many petitions end that take a turn."""
    return {way.outcome for way in WAYS[:named]}


@dataclass(slots=True)
class PetitionDesk:
    """What the staff of a unit do with a petition that waits in their queue."""

    act: Acts
    read: Reads
    today: Callable[[], str] = today
    _turn: Iterator[Way] = field(default_factory=lambda: itertools.cycle(WAYS))
    _ways: dict[str, Way] = field(default_factory=dict)
    _objected: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take_up(self, item: Mapping[str, Any], unit: str) -> None:
        """Do what it waits for, as a unit that joins or as whose turn it is."""
        case = self.read(item["case_id"], unit)
        if case is None:
            return
        match item["task"]:
            case "joint":
                self._join(case, unit)
            case "handle":
                self._take_turn(case, unit)

    def _take_turn(self, case: Case, unit: str) -> None:
        match case["state"]:
            case "assigned":
                self._register(case, unit)
            case "registered":
                self._screen(case, unit)
            case "passed-on":
                self._receive(case, unit)
            case "returned":
                self._give_again(case, unit)
            case "accepted" if case["extension"]:
                self.act(case, "petition-approve-extension", f"{unit}{HEAD}", {})
            case "accepted":
                self._handle(case, unit)
            case "reviewing":
                self._answer(case, unit, "petition-answer-review")
            case "re-reviewing":
                self._conclude(case, unit)

    def _register(self, case: Case, unit: str) -> None:
        about = _about(case)
        station = f"centre-{case['area']['code'][:12]}" if case["area"] else ""
        accused = [each for name in about.accused if (each := name.format(station=station))]
        people = {"people": about.people, "representatives": about.representatives}
        self.act(case, "petition-register", unit, {**people, "accused": accused})

    def _screen(self, case: Case, unit: str) -> None:
        """Which way is the lawful one, and who is competent; a hard case gets a leader who answers for it."""
        way = self._way_of(case)
        for offer in (case["links"] or {}).get("offers", ()):
            told = self.act(case, "not-same", unit, {"other": offer["case_id"], "reason": "反映的不是同一事项。"})
            if told is None:
                return
            case = told
        if case["petition"]["card"] in _LED and not way.refused:
            named = {"leader": LEADER, "reason": "人数较多或者时间跨度较长。"}
            if (led := self.act(case, "petition-name-leader", unit, named)) is None:
                return
            case = led
        if way.here:
            self._accept(case, unit)
        elif way.refused and way is not _UNSIGNED:
            self.act(case, way.refused[0], unit, way.refused[1])
        else:
            self.act(case, "petition-pass-on", unit, {"unit": _about(case).competent, "reason": "属该单位职权范围。"})

    def _receive(self, case: Case, unit: str) -> None:
        way = self._way_of(case)
        if way.refused:
            self.act(case, way.refused[0], unit, way.refused[1])
        elif way.objects and case["case_id"] not in self._objected:
            if self.act(case, "return", unit, {"reason": "不属于本单位职权范围。"}):
                self._objected.add(case["case_id"])
        else:
            self._accept(case, unit)

    def _give_again(self, case: Case, unit: str) -> None:
        """The office, or who stands in for it where it is accused, rejects the objection."""
        self.act(case, "reject-return", unit, {"reason": "属于该单位职权范围,请按期告知是否受理。"})

    def _accept(self, case: Case, unit: str) -> None:
        if accepted := self.act(case, "accept", unit, {}):
            self._handle(accepted, unit)

    def _handle(self, case: Case, unit: str) -> None:
        """Answered, once who was asked to help has, and more time was granted where it was needed."""
        way = self._way_of(case)
        (clock,) = (each for each in case["clocks"] if each["name"] == "handle" and each["ended_at"] is None)
        if way.jointly and not case["joint"]:
            self.act(case, "request-joint", unit, {"units": [way.jointly], "reason": "需核实参保和待遇情况。"})
        elif any(joint["state"] in ("asked", "accepted") for joint in case["joint"]):
            return
        elif way.longer and not clock["extended"]:
            until = datetime.fromisoformat(clock["due_at"]).astimezone(LOCAL).date() + timedelta(days=20)
            self.act(case, "request-extension", unit, {"until": until.isoformat(), "reason": "须公示后方可答复。"})
        else:
            self._answer(case, unit, "petition-answer")

    def _answer(self, case: Case, unit: str, action: str) -> None:
        """The opinion of a level; where the petitioner does not accept it, the desk notes who asks for another look."""
        way, level = self._way_of(case), len(case["petition"]["opinions"])
        said = {"opinion": way.opinions[level], "note": "已调查核实,书面答复信访人。"}
        answered = self.act(case, action, unit, said)
        if answered and len(way.opinions) > level + 1:
            asks = ("petition-ask-review", "petition-ask-re-review")[level]
            self.act(answered, asks, _desk(answered), {"reason": "信访人对意见不服,提出申请。"})

    def _conclude(self, case: Case, unit: str) -> None:
        if self._way_of(case).heard and not case["petition"]["hearings"]:
            said = {"on": self.today(), "note": "信访人代表和承办单位到场陈述。"}
            if (heard := self.act(case, "petition-hold-hearing", unit, said)) is None:
                return
            case = heard
        self._answer(case, unit, "petition-conclude")

    def _join(self, case: Case, unit: str) -> None:
        agreed = any(joint["id"] == unit and joint["state"] == "accepted" for joint in case["joint"])
        if joined := case if agreed else self.act(case, "accept-joint", unit, {}):
            self.act(joined, "finish-joint", unit, {"note": "已核实并书面反馈主办单位。"})

    def _way_of(self, case: Case) -> Way:
        if not case["petition"]["named"]:
            return _UNSIGNED
        if case["category"] in SUED:
            return _SUED
        with self._lock:
            if case["case_id"] not in self._ways:
                self._ways[case["case_id"]] = next(self._turn)
            return self._ways[case["case_id"]]


def _about(case: Case) -> About:
    return _ABOUT.get(case["category"], About())


def _desk(case: Case) -> str:
    return INSTEAD if OFFICE in case["petition"]["accused"] else OFFICE
