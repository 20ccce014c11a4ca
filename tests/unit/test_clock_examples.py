"""Deadlines dated by hand on the State Council's calendars of 2025 and 2026, run through the engine with the real pack.

2026: 1 to 3 January off (Sunday 4 worked), 15 to 23 February off (Saturdays 14 and 28 worked), 1 to 5 May off (Saturday
9 worked), 19 June off, 25 to 27 September off (Sunday 20 worked), 1 to 7 October off (Saturday 10 worked). 2027 is not
announced: Mondays to Fridays, provisional. Times are of the district; 24:00 is the midnight that ends a day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.clocks import ClockState
from chalicelib.domain.deadlines import recount
from chalicelib.domain.errors import ActionNotAllowed, ExtensionTooLate, ExtensionTooLong, InvalidField, OwnRequest
from chalicelib.domain.events import SYSTEM, CaseEvent
from chalicelib.domain.explaining import explain
from chalicelib.domain.limits import Limit
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import Circumstances
from chalicelib.policy.schema import limit_of, words_of
from tests.dated import Matter
from tests.world import Kept

STREET, DISTRICT = "centre-320302001", "linkage-centre"
LIGHT, DISPUTE, URGENT, HAZARD, POPULATION = (
    "street-light",
    "neighbour-dispute",
    "heating",
    "corridor-clutter",
    "group-rental",
)


KNOWN, GUESSED = False, True
AT_ONCE = [
    # the desk has half an hour, day and night
    ("screening", None, "mobile", "2026-09-30 23:45", "2026-10-01 00:15", KNOWN),  # into a holiday
    ("screening", None, "mobile", "2026-12-31 23:50", "2027-01-01 00:20", KNOWN),  # over the year's end
    ("screening", None, "mobile", "2026-10-10 09:00", "2026-10-10 09:30", KNOWN),  # a worked Saturday
    # a street light is taken up within four hours
    ("accept", LIGHT, "mobile", "2026-10-03 22:00", "2026-10-04 02:00", KNOWN),  # in a holiday
    ("accept", LIGHT, "mobile", "2026-12-31 21:30", "2027-01-01 01:30", KNOWN),
    ("accept", LIGHT, "mobile", "2026-02-14 08:00", "2026-02-14 12:00", KNOWN),
    # and mended within 72 hours, whatever the days are
    ("resolve", LIGHT, "mobile", "2026-09-30 10:15", "2026-10-03 10:15", KNOWN),
    ("resolve", LIGHT, "mobile", "2026-12-30 10:00", "2027-01-02 10:00", KNOWN),
    ("resolve", LIGHT, "mobile", "2026-02-13 17:00", "2026-02-16 17:00", KNOWN),
    # an order of the hotline: five working days after the day it came
    ("resolve", LIGHT, "12345", "2026-09-30 10:15", "2026-10-13 24:00", KNOWN),  # 8, 9, Sat 10, 12, 13
    ("resolve", LIGHT, "12345", "2026-02-11 16:00", "2026-02-25 24:00", KNOWN),  # 12, 13, Sat 14, 24, 25
    ("resolve", LIGHT, "12345", "2026-10-09 09:00", "2026-10-15 24:00", KNOWN),  # Sat 10, 12, 13, 14, 15
    ("resolve", LIGHT, "12345", "2026-04-29 12:00", "2026-05-09 24:00", KNOWN),  # 30, 6, 7, 8, Sat 9
    ("resolve", LIGHT, "12345", "2025-12-29 09:00", "2026-01-06 24:00", KNOWN),  # 30, 31, Sun 4, 5, 6
    ("resolve", LIGHT, "12345", "2026-12-29 09:00", "2027-01-05 24:00", GUESSED),  # 30, 31, Fri 1, Mon 4, 5
    ("resolve", LIGHT, "12345", "2026-10-03 12:00", "2026-10-13 24:00", KNOWN),  # came in a holiday: 8, 9, 10, 12, 13
    # a dispute by the hotline: fifteen
    # Sun 20, 21-24 | 28, 29, 30 | 8, 9, Sat 10 | 12, 13, 14, 15
    ("resolve", DISPUTE, "12345", "2026-09-18 10:00", "2026-10-15 24:00", KNOWN),
    # 3-6 (4) | 9-13 (9), Sat 14 | 24-27 (14), Sat 28
    ("resolve", DISPUTE, "12345", "2026-02-02 09:00", "2026-02-28 24:00", KNOWN),
    # 16, 17, 18 | 22-26 (8) | 29, 30, 1-3 (13) | 6, 7
    ("resolve", DISPUTE, "12345", "2026-06-15 09:00", "2026-07-07 24:00", KNOWN),
    # what is urgent by the hotline: the same day, on a day off too
    ("resolve", URGENT, "12345", "2026-10-01 08:00", "2026-10-01 24:00", KNOWN),
    ("resolve", URGENT, "12345", "2026-12-31 23:30", "2026-12-31 24:00", KNOWN),
    ("resolve", URGENT, "12345", "2026-10-10 00:00", "2026-10-10 24:00", KNOWN),  # midnight begins its day
    # the reporter is called within one working day
    ("respond", LIGHT, "12345", "2026-09-30 10:00", "2026-10-08 24:00", KNOWN),
    ("respond", LIGHT, "12345", "2026-10-09 23:59", "2026-10-10 24:00", KNOWN),  # the worked Saturday
    ("respond", LIGHT, "12345", "2025-12-31 10:00", "2026-01-04 24:00", KNOWN),  # the worked Sunday
    ("respond", LIGHT, "12345", "2026-12-31 10:00", "2027-01-01 24:00", GUESSED),
    # a wrongly sent order goes back within 2 days, anything else within 5; days off are days
    ("objection", LIGHT, "12345", "2026-09-30 10:00", "2026-10-02 24:00", KNOWN),
    ("objection", LIGHT, "12345", "2026-12-30 10:00", "2027-01-01 24:00", KNOWN),
    ("objection", LIGHT, "12345", "2026-10-10 08:00", "2026-10-12 24:00", KNOWN),
    ("objection", LIGHT, "mobile", "2026-09-30 10:00", "2026-10-05 24:00", KNOWN),
    ("objection", LIGHT, "mobile", "2026-12-28 08:00", "2027-01-02 24:00", KNOWN),
    ("objection", LIGHT, "mobile", "2026-02-12 08:00", "2026-02-17 24:00", KNOWN),
]


@pytest.mark.parametrize(("name", "category", "source", "came", "due", "guessed"), AT_ONCE)
def test_what_starts_when_a_matter_comes(
    policy: Policy, name: str, category: str | None, source: str, came: str, due: str, guessed: bool
) -> None:
    matter = Matter(policy, came, category, source)
    assert matter.due(name) == (due, guessed)
    assert matter.explained(name).steps[0].event_id == matter.history[-1].id


def test_the_same_day_is_written_in_its_own_word_and_never_by_a_nought() -> None:
    assert limit_of("当日") == Limit("same-day", 1) and words_of(limit_of("当日")) == "当日"
    with pytest.raises(ValueError, match="longer than nothing"):
        limit_of("0 日")


LATER = [
    # an objection is decided within four hours
    ("objection-decision", LIGHT, ("return",), "2026-09-30 22:00", "2026-10-01 02:00", KNOWN),
    ("objection-decision", LIGHT, ("return",), "2026-12-31 21:00", "2027-01-01 01:00", KNOWN),
    ("objection-decision", LIGHT, ("return",), "2026-10-10 09:00", "2026-10-10 13:00", KNOWN),
    # whether a hazard is gone is looked at within one working day
    ("verify", HAZARD, ("accept", "resolve"), "2026-09-30 10:00", "2026-10-08 24:00", KNOWN),
    ("verify", HAZARD, ("accept", "resolve"), "2026-10-09 10:00", "2026-10-10 24:00", KNOWN),
    ("verify", HAZARD, ("accept", "resolve"), "2026-12-31 10:00", "2027-01-01 24:00", GUESSED),
    # a registration within two
    ("verify", POPULATION, ("accept", "resolve"), "2026-09-30 10:00", "2026-10-09 24:00", KNOWN),  # 8, 9
    ("verify", POPULATION, ("accept", "resolve"), "2026-02-13 10:00", "2026-02-24 24:00", KNOWN),  # Sat 14, 24
    ("verify", POPULATION, ("accept", "resolve"), "2025-12-31 10:00", "2026-01-05 24:00", KNOWN),  # Sun 4, 5
    # what is suspended is seen to again within thirty days
    ("suspension", LIGHT, ("accept", "suspend"), "2026-09-28 10:00", "2026-10-28 24:00", KNOWN),
    ("suspension", LIGHT, ("accept", "suspend"), "2026-12-15 10:00", "2027-01-14 24:00", KNOWN),
    ("suspension", LIGHT, ("accept", "suspend"), "2026-02-10 10:00", "2026-03-12 24:00", KNOWN),
    # who told of it is visited within seven days
    ("visit", LIGHT, ("accept", "resolve"), "2026-09-28 10:00", "2026-10-05 24:00", KNOWN),
    ("visit", LIGHT, ("accept", "resolve"), "2026-12-28 10:00", "2027-01-04 24:00", KNOWN),
    ("visit", LIGHT, ("accept", "resolve"), "2026-02-14 10:00", "2026-02-21 24:00", KNOWN),
    # whether it is taken up again is decided within one working day
    ("reopening", LIGHT, ("accept", "resolve", "complain"), "2026-09-30 18:00", "2026-10-08 24:00", KNOWN),
    ("reopening", LIGHT, ("accept", "resolve", "complain"), "2026-02-14 09:00", "2026-02-24 24:00", KNOWN),
    ("reopening", LIGHT, ("accept", "resolve", "complain"), "2025-12-31 09:00", "2026-01-04 24:00", KNOWN),
    # and may be asked for within 15 days
    ("reopen-window", LIGHT, ("accept", "resolve", "evaluate"), "2026-09-20 08:00", "2026-10-05 24:00", KNOWN),
    ("reopen-window", LIGHT, ("accept", "resolve", "evaluate"), "2026-12-20 12:00", "2027-01-04 24:00", KNOWN),
    ("reopen-window", LIGHT, ("accept", "resolve", "evaluate"), "2026-02-05 12:00", "2026-02-20 24:00", KNOWN),
]


@pytest.mark.parametrize(("name", "category", "ways", "at", "due", "guessed"), LATER)
def test_what_starts_on_the_way(
    policy: Policy, name: str, category: str, ways: tuple[str, ...], at: str, due: str, guessed: bool
) -> None:
    matter = Matter(policy, at, category)
    for way in ways:
        if way == "complain":
            matter.act(at, "evaluate", outcome="dissatisfied")
        else:
            matter.act(at, way)
    assert matter.due(name) == (due, guessed)


EXTENDED = [
    # came, due, the last day it may be extended to, and why
    ("mobile", "2026-09-28 10:00", "2026-10-01 10:00", "2026-10-16"),  # 15 days after 1 October, days off too
    ("mobile", "2026-12-26 09:00", "2026-12-29 09:00", "2027-01-13"),  # over the year's end
    ("mobile", "2026-02-11 09:00", "2026-02-14 09:00", "2026-03-01"),  # February has 28
    # 24 | 28-30 (4) | 8, 9, Sat 10 (7) | 12-16 (12) | 19, 20, 21
    ("12345", "2026-09-17 10:00", "2026-09-23 24:00", "2026-10-21"),
    # 14-16 (3) | 19-23 (8) | 26-30 (13) | 2, 3
    ("12345", "2026-09-30 10:15", "2026-10-13 24:00", "2026-11-03"),
    # 30, 31 | Fri 1 (3) | 4-8 (8) | 11-15 (13) | 18, 19
    ("12345", "2026-12-22 10:00", "2026-12-29 24:00", "2027-01-19"),
]


@pytest.mark.parametrize(("source", "came", "due", "last"), EXTENDED)
def test_an_extension_is_as_long_as_it_may_be_and_no_day_longer(
    policy: Policy, source: str, came: str, due: str, last: str
) -> None:
    matter = Matter(policy, came, LIGHT, source)
    assert matter.due("resolve")[0] == due
    matter.act(came, "accept")
    with pytest.raises(ExtensionTooLong) as refused:
        matter.act(came, "request-extension", until=date.fromisoformat(last) + timedelta(days=1))
    assert refused.value.extra == {"latest": last}
    matter.act(came, "request-extension", by="asker", until=date.fromisoformat(last))
    with pytest.raises(OwnRequest):
        matter.act(came, "approve-extension", by="asker")
    matter.act(came, "approve-extension", by="desk")
    assert matter.due("resolve") == (f"{last} 24:00", KNOWN)
    told = [step.zh for step in matter.explained("resolve").steps]
    assert any("申请延期至" in zh for zh in told) and any("非申请人审批" in zh for zh in told)
    with pytest.raises(ActionNotAllowed):  # once only
        matter.act(came, "request-extension", until=date.fromisoformat(last))


@pytest.mark.parametrize(
    ("came", "in_time", "too_late"),
    [
        ("2026-09-30 10:15", "2026-10-12 23:59", "2026-10-13 00:00"),  # due on the 13th: a working day before is Monday
        ("2026-09-28 10:15", "2026-10-09 23:00", "2026-10-10 08:00"),  # due on the worked Saturday, 10 October
        ("2025-12-25 10:15", "2025-12-31 23:00", "2026-01-04 08:00"),  # 26, 29, 30, 31, Sun 4: asked last year
    ],
)
def test_an_extension_is_asked_for_a_working_day_before(policy: Policy, came: str, in_time: str, too_late: str) -> None:
    matter = Matter(policy, came, LIGHT, "12345")
    matter.act(came, "accept")
    until = matter.clock("resolve").due_at.astimezone(policy.zone).date() + timedelta(days=5)
    with pytest.raises(ExtensionTooLate):
        matter.act(too_late, "request-extension", until=until)
    with pytest.raises(InvalidField):  # no later than it is
        matter.act(in_time, "request-extension", until=matter.moment(came).date())
    matter.act(in_time, "request-extension", until=until)


def test_what_was_late_while_an_extension_was_decided_is_not_late_once_it_is_approved(policy: Policy) -> None:
    matter = Matter(policy, "2026-09-28 10:00", LIGHT)
    matter.act("2026-09-28 11:00", "accept")
    matter.act("2026-10-01 09:59", "request-extension", by="asker", until=date(2026, 10, 9))  # due 10-01, 10:00
    assert [event.type for event in matter.wait("2026-10-01 10:00")] == ["clock.breached.v1"]
    matter.act("2026-10-01 11:00", "approve-extension", by="desk")
    assert matter.clock("resolve").state is ClockState.RUNNING
    matter.act("2026-10-09 23:59", "resolve")
    assert matter.clock("resolve").state is ClockState.MET


SUSPENDED = [
    # an order of the hotline due on 10-10 (29, 30, 8, 9, Sat 10); 30, 8 and 9 stood still: 12, 13, 14
    (LIGHT, "12345", "2026-09-28 10:00", "2026-09-29 15:00", "2026-10-09 09:00", "2026-10-14 24:00", KNOWN),
    # due on 10-15 (Sat 10, 12-15); the worked Saturday stood still: 16
    (LIGHT, "12345", "2026-10-09 09:00", "2026-10-09 15:00", "2026-10-10 09:00", "2026-10-16 24:00", KNOWN),
    # due on 12-31 (25, 28-31); 31, Fri 1 and Mon 4 stood still, by a guess: 1, 4, 5
    (LIGHT, "12345", "2026-12-24 10:00", "2026-12-30 15:00", "2027-01-04 09:00", "2027-01-05 24:00", GUESSED),
    # begun and ended within a day: nothing
    (LIGHT, "12345", "2026-09-30 10:15", "2026-10-08 09:00", "2026-10-08 17:00", "2026-10-13 24:00", KNOWN),
    # 72 hours, due on 10-01 10:00; stood still for 8 days, 2 hours and a half
    (LIGHT, "mobile", "2026-09-28 10:00", "2026-09-30 10:00", "2026-10-08 12:30", "2026-10-09 12:30", KNOWN),
    # due the same day; stood still for two
    (URGENT, "12345", "2026-10-01 08:00", "2026-10-01 12:00", "2026-10-03 09:00", "2026-10-03 24:00", KNOWN),
]


@pytest.mark.parametrize(("category", "source", "came", "paused", "resumed", "due", "guessed"), SUSPENDED)
def test_what_stood_still_is_given_back(
    policy: Policy, category: str, source: str, came: str, paused: str, resumed: str, due: str, guessed: bool
) -> None:
    matter = Matter(policy, came, category, source)
    matter.act(came, "accept")
    matter.act(paused, "suspend")
    assert matter.wait(resumed) == [] or matter.clock("resolve").state is ClockState.PAUSED
    matter.act(resumed, "resume")
    assert matter.due("resolve") == (due, guessed)
    assert any("不计入" in step.zh for step in matter.explained("resolve").steps)


def test_a_first_response_is_asked_for_once(policy: Policy) -> None:
    matter = Matter(policy, "2026-09-30 10:00", LIGHT, "12345")
    matter.act("2026-09-30 10:30", "contact")
    for at, action in (("2026-09-30 11:00", "accept"), ("2026-09-30 12:00", "suspend"), ("2026-10-08 09:00", "resume")):
        matter.act(at, action)
    assert [clock.state for clock in matter.case.clocks if clock.name == "respond"] == [ClockState.MET]


@pytest.mark.parametrize(
    ("source", "came", "warned", "told"),
    [
        ("mobile", "2026-09-28 10:00", "2026-09-30 19:36", "9月30日19时36分"),  # 20% of 72 h: 14 h 24 min before
        ("mobile", "2026-12-29 12:00", "2026-12-31 21:36", "12月31日21时36分"),  # before 2027-01-01, 12:00
        # due 10-13 24:00: of 325 h 36 min are 65 h 7.2 min left
        ("12345", "2026-09-30 10:24", "2026-10-11 06:53", "10月11日6时52分48秒"),
    ],
)
def test_who_must_act_is_warned_once_when_a_fifth_is_left(
    policy: Policy, source: str, came: str, warned: str, told: str
) -> None:
    matter = Matter(policy, came, LIGHT, source)
    matter.act(came, "accept")
    if source == "12345":
        matter.act(came, "contact")
    before = matter.local(matter.moment(warned) - timedelta(minutes=1))
    assert matter.wait(before) == []
    assert [event.type for event in matter.wait(warned)] == ["clock.warned.v1"]
    assert matter.wait(warned) == []
    assert any(f"剩余20%时（{told}）预警" in step.zh for step in matter.explained("resolve").steps)


def steps(events: list[CaseEvent]) -> list[tuple[int, str]]:
    return [(event.data["step"], event.data["escalated_to"]) for event in events if event.type == "clock.breached.v1"]


def test_each_step_of_a_breach_comes_in_its_time(policy: Policy) -> None:
    """What a community clears away within 48 hours: its street is told, four hours later the district, nobody after."""
    matter = Matter(policy, "2026-09-28 20:00", HAZARD)
    matter.act("2026-09-28 20:30", "accept")
    assert [event.type for event in matter.wait("2026-09-30 19:59")] == ["clock.warned.v1"]
    assert steps(matter.wait("2026-09-30 20:00")) == [(1, STREET)]
    assert matter.wait("2026-09-30 23:59") == []
    assert steps(matter.wait("2026-10-01 00:00")) == [(2, DISTRICT)]  # a holiday: exact time knows none
    assert matter.wait("2026-10-20 00:00") == []


def test_who_slept_for_six_hours_makes_every_step_once(policy: Policy) -> None:
    matter = Matter(policy, "2026-12-29 20:00", HAZARD)
    matter.act("2026-12-29 20:30", "accept")
    assert steps(matter.wait("2027-01-01 02:00")) == [(1, STREET), (2, DISTRICT)]
    assert matter.wait("2027-01-01 02:00") == []
    told = [step.zh for step in matter.explained("resolve").steps]
    assert [zh for zh in told if "次督办，报" in zh][1].startswith("仍未完成，第2次督办")


def test_what_a_desk_slept_over_before_its_kind_is_known_goes_to_the_district_alone(policy: Policy) -> None:
    matter = Matter(policy, "2026-09-30 22:00", None)
    assert matter.wait("2026-09-30 22:29") == []
    assert steps(matter.wait("2026-10-01 04:30")) == [(1, DISTRICT)]
    assert matter.wait("2026-10-08 00:00") == []


def test_what_waited_after_its_last_step_is_escalated_to_nobody_again(policy: Policy) -> None:
    matter = Matter(policy, "2026-09-28 10:00", LIGHT, "12345")  # due on 10-10; a department has the district above
    matter.act("2026-09-28 11:00", "accept")
    matter.act("2026-09-28 11:00", "contact")
    assert steps(matter.wait("2026-10-11 00:00")) == [(1, DISTRICT)]
    matter.act("2026-10-11 08:00", "suspend")
    matter.act("2026-10-12 08:00", "resume")
    assert matter.wait("2026-10-20 08:00") == []


@pytest.mark.parametrize(
    ("off", "worked", "due"),
    [
        (("2027-01-01",), (), "2027-01-06 24:00"),  # 30, 31 | 4, 5, 6
        (("2027-01-01", "2027-01-04"), (), "2027-01-07 24:00"),
        (("2027-01-01",), ("2027-01-02",), "2027-01-05 24:00"),  # Sat 2 worked: 30, 31, 2, 4, 5
    ],
)
def test_a_provisional_deadline_is_counted_again_once(
    policy: Policy, off: tuple[str, ...], worked: tuple[str, ...], due: str
) -> None:
    matter = Matter(policy, "2026-12-29 09:00", LIGHT, "12345")
    matter.act("2026-12-29 09:30", "contact")
    assert matter.due("resolve") == ("2027-01-05 24:00", GUESSED)
    days = policy.calendar
    announced = days._replace(
        holidays=days.holidays | set(off), workdays=days.workdays | set(worked), years=(*days.years, 2027)
    )
    newest = replace(policy, version="gulou-newest", calendar=announced)
    versions = Kept(policy, {"gulou-newest": newest})
    around = Circumstances(SYSTEM, matter.moment("2026-12-30 09:00"), policy, "r2", "c2")
    assert recount(matter.history, versions, policy, around) == (None, ())  # still not announced
    change, left = recount(matter.history, versions, newest, around)
    assert change is not None and left == ()
    assert [(event.type, event.data["clock"], event.data["calendar"]) for event in change.events] == [
        ("clock.recomputed.v1", "resolve", "gulou-newest")
    ]
    history = [*matter.history, *change.events]
    (clock,) = (clock for clock in change.case.clocks if clock.name == "resolve")
    assert (matter.local(clock.due_at), clock.provisional, clock.state) == (due, KNOWN, ClockState.RUNNING)
    assert recount(history, versions, newest, around) == (None, ())
    told = next(each for each in explain(history, versions) if each.clock.name == "resolve")
    assert not told.differs and any("放假安排公布后重新计算" in step.zh for step in told.steps)
