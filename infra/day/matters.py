"""Whether one matter became one case: held against what was planted, and never against what the system says.

Every planted matter must be one case with each of its reports and no other, found by the reference of whoever brought
it and answered to each of its reporters; whatever else was told is a matter of its own, but for what follows an earlier
text of the same phone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from infra.day.expected import Told
from infra.day.senders import Sent

SOURCES: Mapping[str, str] = {"mobile": "mobile", "sms": "sms", "hotline": "12345", "web": "web"}
"""What an edge is called in the API, as a source of reports."""

SEVERAL = 2  # sources
ANSWERED = "case.resolved.v1"


class Report(NamedTuple):
    """A message that was taken: its report, who it must be answered to, and the matter it is of."""

    id: str
    source: str
    message_id: str
    phone: str | None
    matter: str


class Faults(NamedTuple):
    """`whole`: planted matters, told by several, that became one case. `found`: in words, what does not hold."""

    planted: int
    whole: int
    found: list[str]


def cases_expected(sent: Sequence[Sent]) -> int:
    """How many matters were told of."""
    return len({matter_of(index, sent) for index, one in enumerate(sent) if _is_new(one)})


def matter_of(index: int, sent: Sequence[Sent]) -> str:
    """The matter that a message tells of: the planted one, that of the text it follows, or its own."""
    message = sent[index].message
    if message.matter is not None:
        return message.matter
    return matter_of(message.follows, sent) if message.follows is not None else f"message {index}"


def hold_together(
    reports: Iterable[Report],
    cases: Mapping[str, Mapping[str, Any]],
    timelines: Mapping[str, Sequence[Mapping[str, Any]]],
    delivered: Mapping[Told, int],
    find: Callable[[Report], str | None],
) -> Faults:
    """What is wrong with the cases that reports became. `find`: the case by a report's reference, as the API has it."""
    told: dict[str, list[Report]] = {}
    for report in reports:
        told.setdefault(report.matter, []).append(report)
    several = {matter: each for matter, each in told.items() if len({report.source for report in each}) >= SEVERAL}
    case_of = {report: case_id for case_id, case in cases.items() for report in case["reports"]}
    found: list[str] = []
    whole = 0
    for matter, each in told.items():
        faults = list(_of_matter(each, case_of, cases, timelines, delivered, find))
        whole += matter in several and not faults
        found += [f"{matter}: {fault}" for fault in faults]
    return Faults(len(several), whole, found)


def _of_matter(
    told: Sequence[Report],
    case_of: Mapping[str, str],
    cases: Mapping[str, Mapping[str, Any]],
    timelines: Mapping[str, Sequence[Mapping[str, Any]]],
    delivered: Mapping[Told, int],
    find: Callable[[Report], str | None],
) -> Iterable[str]:
    became = {case_of.get(report.id, "none") for report in told}
    if len(became) != 1 or "none" in became:
        yield f"{len(told)} reports became {len(became)} cases: {', '.join(sorted(became))}"
        return
    (case_id,) = became
    if others := set(cases[case_id]["reports"]) - {report.id for report in told}:
        yield f"{len(others)} reports of another matter are in its case {case_id}"
    for report in told:
        if find(report) != case_id:
            yield f"{report.source} {report.message_id} does not find {case_id}"
    code = cases[case_id]["tracking_code"]
    for event in (event for event in timelines[case_id] if event["type"] == ANSWERED):
        reference = f"{code}-{'.'.join(event['id'].split('.')[-2:])}"
        missed = [report for report in told if report.phone and not delivered.get((reference, report.phone, "sms"))]
        if missed:
            yield f"{len(missed)} who told of it were not answered by {reference}"


def _is_new(one: Sent) -> bool:
    return one.acknowledged and one.message.repeat_of is None
