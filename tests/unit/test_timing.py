"""What petitions and mediation need of the engine's time, dated by hand.

Windows that remind and that close a case, days that do not count, limits by card, and clocks that count from a day that
was named. The days off are those that tests/unit/test_clock_examples.py tells of.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import narrating
from chalicelib.domain.clocks import ClockState
from chalicelib.domain.deadlines import recount
from chalicelib.domain.errors import ActionNotAllowed, InvalidField, WindowOver
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.explaining import explain
from chalicelib.domain.limits import (
    DAYS,
    WORKING_DAYS,
    Limit,
    ahead_of,
    beginning_of,
    due_at,
    end_of,
    later_without,
)
from chalicelib.domain.petitions import Petition
from chalicelib.domain.policy import Action, ClockRule, Policy, State
from chalicelib.domain.procedure import Circumstances
from chalicelib.models.case_rows import CaseRow, case_from
from chalicelib.policy.schema import limit_of
from tests.dated import Matter
from tests.world import Kept

CATEGORY, PROCEDURE = "street-light", "livelihood"
KNOWN, GUESSED = False, True
RE_REVIEW, DECISION, WATCH, ASKING, CONFIRMING = "re-review", "decision", "watch", "asking", "confirming"


def made_up(
    policy: Policy,
    *,
    limit: str = "30 日",
    roll_over: bool = False,
    remind: str = "5 日",
    asking: str = "30 日",
    pauses: tuple[str, ...] = (),
) -> Policy:
    """The pack with a procedure that answers, waits to be asked for more, and hears people before it answers again."""

    def state(name: str, turn: str) -> State:
        return State(name, "候", "Wait", True, turn, "候")

    def action(name: str, states: tuple[str, ...], to: str = "", **more: Any) -> Action:
        return Action(name, f"做{name}", "Do", "advance", states, to, (), ("lead",), **more)

    def clock(name: str, zh: str, runs_in: tuple[str, ...], limit: str, **more: Any) -> ClockRule:
        pauses_in, met_in = more.pop("pauses_in", ()), more.pop("met_in", ())
        plain = {"urgencies": {}, "kinds": {}, "roll_over": False, "window": False, "visited": False, "warn_left": 0}
        plain |= {"again": 0, "extensions": 0, "extension": None, "ask_before": None, "met_by": ()}
        return ClockRule(name, zh, name, runs_in, pauses_in, met_in, limit=limit_of(limit), **{**plain, **more})

    base = policy.procedures[PROCEDURE]
    clocks = (
        clock(
            *(RE_REVIEW, "复核", ("hearing",), limit),
            **{"met_in": ("answered",), "pauses_in": pauses, "roll_over": roll_over, "again": 86_400, "warn_left": 20},
            cards={"red": Limit(DAYS, 10), "green": Limit(WORKING_DAYS, 5)},
            urgencies={"major": Limit(DAYS, 20)},
            article="信访工作条例第三十六条",
        ),
        clock(DECISION, "异议", ("hearing",), "5 工作日", met_in=("answered",)),
        clock(WATCH, "值守", ("hearing",), "PT12H", met_in=("answered",)),
        clock(
            *(ASKING, "申请复查期", ("answered",), asking),
            **{"window": True, "closes": "not-asked", "pauses_in": ("suspended",)},
            remind_before=limit_of(remind),
        ),
        clock(CONFIRMING, "司法确认期", ("answered", "closed"), "30 日", window=True, remind_before=limit_of(remind)),
    )
    actions = (
        action("answer", ("accepted", "hearing"), "answered", from_day=True, days_back=3),
        action("serve", ("answered",), restarts=(ASKING,), from_day=True),
        action("ask", ("answered",), "hearing", within=ASKING),
        action("halt", ("answered", "hearing"), "suspended"),
        action("go-on", ("suspended",), "hearing"),
        action("reply", ("suspended",), "answered"),
        base.actions["request-extension"]._replace(clock=RE_REVIEW, states=("hearing",)),
        base.actions["approve-extension"]._replace(states=("hearing",)),
    )
    changed = base._replace(
        states={**base.states, "answered": state("answered", "nobody"), "hearing": state("hearing", "lead")},
        actions={**base.actions, **{each.id: each for each in actions}},
        clocks={**base.clocks, **{each.id: each for each in clocks}},
    )
    clocks_of = {name: each for name, each in changed.clocks.items() if name != "resolve"}
    extended = changed.clocks[RE_REVIEW]._replace(extensions=1, extension=Limit(DAYS, 30))
    changed = changed._replace(clocks={**clocks_of, RE_REVIEW: extended})
    return replace(policy, version="made-up", procedures={**policy.procedures, PROCEDURE: changed})


def answered(policy: Policy, at: str, **said: Any) -> Matter:
    matter = Matter(policy, at, CATEGORY)
    matter.act(at, "accept")
    matter.act(at, "answer", **said)
    return matter


def heard(policy: Policy, at: str, **more: Any) -> Matter:
    """A matter whose second answer is waited for since a moment."""
    matter = answered(made_up(policy, **more), at)
    matter.act(at, "ask")
    return matter


def told(matter: Matter, clock: str) -> list[str]:
    return [step.zh for step in matter.explained(clock).steps]


# --- days that do not count ---------------------------------------------------------------------------------------

UNCOUNTED = [
    # 30 days from Thursday 3 September: Saturday 3 October, in the holiday
    ("30 日", False, "2026-09-03 10:00", (), "2026-10-03 24:00", KNOWN),
    ("30 日", True, "2026-09-03 10:00", (), "2026-10-08 24:00", KNOWN),
    ("30 日", False, "2026-09-03 10:00", ("2026-09-20",), "2026-10-04 24:00", KNOWN),
    ("30 日", True, "2026-09-03 10:00", ("2026-09-20",), "2026-10-08 24:00", KNOWN),  # the 30th counted day: 4 October
    ("30 日", False, "2026-09-03 10:00", ("2026-09-03",), "2026-10-03 24:00", KNOWN),  # its first day does not count
    ("30 日", False, "2026-09-03 10:00", ("2026-09-02", "2026-08-01"), "2026-10-03 24:00", KNOWN),
    ("30 日", False, "2026-09-03 10:00", ("2026-10-03",), "2026-10-04 24:00", KNOWN),  # the last day
    ("30 日", False, "2026-09-03 10:00", ("2026-10-04",), "2026-10-03 24:00", KNOWN),  # the day after
    (
        "30 日",
        False,
        "2026-09-03 10:00",
        ("2026-10-03", "2026-10-04"),
        "2026-10-05 24:00",
        KNOWN,
    ),  # which the first reached
    ("30 日", False, "2026-09-03 10:00", ("2026-10-04", "2026-09-09"), "2026-10-05 24:00", KNOWN),
    ("30 日", True, "2026-09-03 10:00", ("2026-10-08",), "2026-10-08 24:00", KNOWN),  # none of the thirty
    # six days: Friday 9 October, a working day again
    ("30 日", True, "2026-09-03 10:00", tuple(f"2026-09-{n}" for n in range(10, 16)), "2026-10-09 24:00", KNOWN),
    # eight: Sunday 11 October, so Monday
    ("30 日", True, "2026-09-03 10:00", tuple(f"2026-09-{n}" for n in range(10, 18)), "2026-10-12 24:00", KNOWN),
    # seven: the worked Saturday, 10 October
    ("30 日", True, "2026-09-03 10:00", tuple(f"2026-09-{n}" for n in range(10, 17)), "2026-10-10 24:00", KNOWN),
    # over the Spring Festival of 2026, 15 to 23 February
    ("30 日", True, "2026-01-20 10:00", (), "2026-02-24 24:00", KNOWN),  # 19 February
    ("30 日", True, "2026-01-20 10:00", ("2026-02-05", "2026-02-06"), "2026-02-24 24:00", KNOWN),  # 21 February
    ("30 日", False, "2026-01-20 10:00", ("2026-02-05", "2026-02-06"), "2026-02-21 24:00", KNOWN),
    # over the year's end, which nobody has announced
    ("30 日", False, "2026-12-02 10:00", ("2026-12-20",), "2027-01-02 24:00", KNOWN),  # no day off matters
    ("30 日", True, "2026-12-02 10:00", (), "2027-01-01 24:00", GUESSED),  # a Friday
    ("30 日", True, "2026-12-02 10:00", ("2026-12-20",), "2027-01-04 24:00", GUESSED),  # Saturday, so Monday
    # 5 working days from Wednesday 30 September: 8, 9, Saturday 10, 12, 13 October
    ("5 工作日", False, "2026-09-30 10:00", (), "2026-10-13 24:00", KNOWN),
    ("5 工作日", False, "2026-09-30 10:00", ("2026-10-09",), "2026-10-14 24:00", KNOWN),
    ("5 工作日", False, "2026-09-30 10:00", ("2026-10-10",), "2026-10-14 24:00", KNOWN),  # a Saturday that is worked
    ("5 工作日", False, "2026-09-30 10:00", ("2026-10-11", "2026-10-05"), "2026-10-13 24:00", KNOWN),  # days off
    ("5 工作日", False, "2026-09-30 10:00", ("2026-10-13",), "2026-10-14 24:00", KNOWN),
    ("5 工作日", False, "2026-09-30 10:00", ("2026-10-13", "2026-10-14"), "2026-10-15 24:00", KNOWN),
    ("5 工作日", False, "2026-09-30 10:00", ("2026-10-14",), "2026-10-13 24:00", KNOWN),
    ("5 工作日", False, "2026-12-25 10:00", ("2026-12-28",), "2027-01-04 24:00", GUESSED),  # 29-31, Fri 1, Mon 4
]


@pytest.mark.parametrize(("limit", "roll_over", "began", "days", "due", "guessed"), UNCOUNTED)
def test_each_day_of_a_hearing_makes_it_a_day_later(
    policy: Policy, limit: str, roll_over: bool, began: str, days: tuple[str, ...], due: str, guessed: bool
) -> None:
    matter = heard(policy, began, limit=limit, roll_over=roll_over)
    if days:
        matter.hear(began, RE_REVIEW, *days)
    assert matter.due(RE_REVIEW) == (due, guessed)
    singly = heard(policy, began, limit=limit, roll_over=roll_over)
    for day in reversed(days):  # one by one, the last first, and all of them once more
        singly.hear(began, RE_REVIEW, day)
        singly.hear(began, RE_REVIEW, day)
    singly.hear(began, RE_REVIEW, *days)
    assert (singly.due(RE_REVIEW), set(singly.clock(RE_REVIEW).uncounted)) == (matter.due(RE_REVIEW), set(days))


@given(
    st.integers(1, 60),
    st.dates(date(2025, 12, 1), date(2027, 2, 1)),
    st.sets(st.integers(-3, 90)),
    st.booleans(),
    st.data(),
)
def test_the_last_day_is_the_nth_that_is_not_left_out(
    policy: Policy, number: int, began: date, days: set[int], worked: bool, data: st.DataObject
) -> None:
    """However it is told: all days at once, or some and then the others."""
    calendar, left = policy.calendar, {began + timedelta(days=n) for n in days}
    last, counted = began, 0
    while counted < number:
        last += timedelta(days=1)
        counted += last not in left and (not worked or calendar.is_working(last))
    limit, moment = Limit(WORKING_DAYS if worked else DAYS, number), beginning_of(began, policy.zone)
    due = due_at(limit, moment, calendar, policy.zone, without=left)
    assert due.at == end_of(last, policy.zone)
    first = data.draw(st.sets(st.sampled_from(sorted(left)))) if left else set()
    before = due_at(limit, moment, calendar, policy.zone, without=first)
    assert later_without(limit, moment, before, first, left - first, calendar, policy.zone).at == due.at


def test_hearings_that_overlap_leave_out_each_day_once(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 10:00")
    matter.hear("2026-09-12 09:00", RE_REVIEW, "2026-09-10", "2026-09-11", "2026-09-12")
    assert matter.due(RE_REVIEW) == ("2026-10-06 24:00", KNOWN)
    matter.hear("2026-09-14 09:00", RE_REVIEW, "2026-09-11", "2026-09-12", "2026-09-13")
    assert matter.due(RE_REVIEW) == ("2026-10-07 24:00", KNOWN)
    assert matter.history[-1].data["uncounted"][RE_REVIEW]["days"] == ["2026-09-13"]
    matter.hear("2026-09-14 09:00", RE_REVIEW, "2026-09-13")
    assert "uncounted" not in matter.history[-1].data


def test_a_hearing_is_told_of_in_the_explanation_and_the_narration(policy: Policy) -> None:
    matter = heard(policy, "2026-09-28 10:00")
    matter.hear("2026-10-09 18:00", RE_REVIEW, "2026-10-09")
    lines = told(matter, RE_REVIEW)
    assert "听证，10月9日不计入期限；截止时间由10月28日24时改为10月29日24时" in lines
    assert "10月9日共1日不计入" in lines
    assert "第30日为10月29日，当日24时届满" in lines
    line = narrating.told(matter.history, lambda version: matter.policy)[-1].text
    assert "听证10月9日不计入复核时限，至10月29日24时" in line


def test_a_day_that_changes_nothing_is_kept_until_the_due_date_has_moved_past_it(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 10:00")  # due on 3 October
    matter.hear("2026-09-10 10:00", RE_REVIEW, "2026-10-04")
    assert matter.due(RE_REVIEW) == ("2026-10-03 24:00", KNOWN)
    assert any("截止时间不变，仍为10月3日24时" in line for line in told(matter, RE_REVIEW))
    matter.hear("2026-09-10 10:00", RE_REVIEW, "2026-09-10")
    assert matter.due(RE_REVIEW) == ("2026-10-05 24:00", KNOWN)


def test_what_was_late_is_not_late_when_days_that_do_not_count_make_it_due_later(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 10:00")
    matter.wait("2026-10-03 23:59")
    assert [event.type for event in matter.wait("2026-10-04 00:00")].count("clock.breached.v1") == 1
    assert matter.clock(RE_REVIEW).state is ClockState.BREACHED and matter.case.supervisors
    matter.hear("2026-10-06 08:00", RE_REVIEW, "2026-09-20")  # due on 4 October: late all the same
    assert matter.clock(RE_REVIEW).state is ClockState.BREACHED
    matter.hear("2026-10-06 09:00", RE_REVIEW, "2026-10-05", "2026-09-21", "2026-09-22")  # the 7th, with 5 October
    clock = matter.clock(RE_REVIEW)
    assert matter.due(RE_REVIEW) == ("2026-10-07 24:00", KNOWN)
    assert (clock.state, clock.again_at, clock.escalated_to) == (ClockState.RUNNING, None, ())
    assert "顺延后尚未届满，此前的超期不再作数" in told(matter, RE_REVIEW)
    assert matter.wait("2026-10-07 23:59") == []
    matter.act("2026-10-07 23:59", "answer")
    assert matter.clock(RE_REVIEW).state is ClockState.MET


def test_who_must_act_is_warned_again_by_the_later_due_time(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 00:00")
    before = matter.clock(RE_REVIEW).warn_at
    matter.hear("2026-09-10 10:00", RE_REVIEW, "2026-09-08", "2026-09-09", "2026-09-10", "2026-09-11", "2026-09-12")
    clock = matter.clock(RE_REVIEW)
    assert before and clock.warn_at == clock.due_at - (clock.due_at - clock.started_at) / 5 > before


def test_other_clocks_and_exact_time_know_no_days_to_leave_out(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 10:00")
    matter.hear("2026-09-03 11:00", WATCH, "2026-09-04")
    matter.hear("2026-09-03 11:00", "nothing-runs", "2026-09-04")
    assert all("uncounted" not in event.data for event in matter.history)
    matter.hear("2026-09-03 11:00", RE_REVIEW, "2026-09-04")
    assert matter.due(DECISION) == ("2026-09-10 24:00", KNOWN) and matter.clock(DECISION).uncounted == ()
    matter.act("2026-09-05 10:00", "answer")
    matter.hear("2026-09-05 11:00", RE_REVIEW, "2026-09-05")  # nothing runs any more
    assert "uncounted" not in matter.history[-1].data


def test_a_day_on_which_time_stands_still_is_left_out_once(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 10:00", pauses=("suspended",))
    matter.hear("2026-09-09 10:00", RE_REVIEW, "2026-09-08")  # 4 October
    matter.act("2026-09-10 10:00", "halt")
    matter.hear("2026-09-12 10:00", RE_REVIEW, "2026-09-10", "2026-09-12")  # on the 12th it waits
    assert matter.due(RE_REVIEW) == ("2026-10-05 24:00", KNOWN)
    matter.act("2026-09-15 10:00", "go-on")  # five days, from the 11th on
    assert matter.due(RE_REVIEW) == ("2026-10-10 24:00", KNOWN)
    matter.hear("2026-09-21 10:00", RE_REVIEW, "2026-09-12", "2026-09-20")
    assert matter.due(RE_REVIEW) == ("2026-10-11 24:00", KNOWN)
    assert any("截止日由10月10日顺延1日，为10月11日" in line for line in told(matter, RE_REVIEW))


def test_what_was_extended_is_counted_on_from_the_day_it_was_extended_to(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 10:00")
    matter.hear("2026-09-08 18:00", RE_REVIEW, "2026-09-08")
    matter.act("2026-09-09 10:00", "request-extension", by="asker", until=date(2026, 10, 20))
    matter.act("2026-09-09 11:00", "approve-extension", by="desk")
    assert matter.due(RE_REVIEW) == ("2026-10-20 24:00", KNOWN)
    matter.hear("2026-09-10 10:00", RE_REVIEW, "2026-09-08", "2026-09-10", "2026-10-20")
    assert matter.due(RE_REVIEW) == ("2026-10-22 24:00", KNOWN)


def test_a_provisional_due_time_is_counted_again_without_the_same_days(policy: Policy) -> None:
    matter = heard(policy, "2026-12-02 10:00", roll_over=True)
    matter.hear("2026-12-20 18:00", RE_REVIEW, "2026-12-19", "2026-12-20")
    assert matter.due(RE_REVIEW) == ("2027-01-04 24:00", GUESSED)  # the 30th counted day: Sunday, 3 January
    days, pinned = policy.calendar, matter.policy
    off = days.holidays | {"2027-01-01", "2027-01-04", "2027-01-05"}
    announced = days._replace(holidays=off, years=(*days.years, 2027))
    newest = replace(pinned, version="newest", calendar=announced)
    versions = Kept(pinned, {"newest": newest})
    around = Circumstances(SYSTEM, matter.moment("2026-12-21 09:00"), pinned, "r2", "c2")
    change, left = recount(matter.history, versions, newest, around)
    assert change is not None and left == ()
    clock = next(clock for clock in change.case.clocks if clock.name == RE_REVIEW)
    assert (matter.local(clock.due_at), clock.provisional) == ("2027-01-06 24:00", KNOWN)
    lines = next(each for each in explain([*matter.history, *change.events], versions) if each.clock.name == RE_REVIEW)
    assert not lines.differs and any("12月19日、12月20日共2日不计入" in step.zh for step in lines.steps)


def test_a_due_time_that_a_hearing_does_not_make_is_found_out(policy: Policy) -> None:
    matter = heard(policy, "2026-09-03 10:00")
    matter.hear("2026-09-10 10:00", RE_REVIEW, "2026-09-10")
    *before, last = matter.history
    lie = {**last.data["uncounted"][RE_REVIEW], "due_at": matter.moment("2026-10-20 00:00").isoformat()}
    lied = last._replace(data={**last.data, "uncounted": {RE_REVIEW: lie}})
    found = next(each for each in explain([*before, lied], Kept(matter.policy)) if each.clock.name == RE_REVIEW)
    assert found.differs and any("截止时间记为" in step.zh for step in found.steps)


# --- windows that remind, and windows that a case ends by -----------------------------------------------------------

REMINDED = [
    # the window, when its answer came, when it runs out, and when who has the case is reminded
    ("30 日", "5 日", "2026-09-03 10:00", "2026-10-03 24:00", "2026-09-29 00:00"),  # 29, 30, 1, 2, 3
    ("30 日", "5 工作日", "2026-09-03 10:00", "2026-10-03 24:00", "2026-09-23 00:00"),  # 23, 24 | 28, 29, 30
    ("30 日", "PT111H", "2026-09-03 10:00", "2026-10-03 24:00", "2026-09-29 09:00"),
    ("30 日", "5 日", "2026-12-10 10:00", "2027-01-09 24:00", "2027-01-05 00:00"),  # 5, 6, 7, 8, 9
    ("30 日", "当日", "2026-02-10 10:00", "2026-03-12 24:00", "2026-03-12 00:00"),
]


@pytest.mark.parametrize(("asking", "remind", "came", "over", "reminded"), REMINDED)
def test_a_window_that_runs_out_is_reminded_of_once(
    policy: Policy, asking: str, remind: str, came: str, over: str, reminded: str
) -> None:
    matter = answered(made_up(policy, asking=asking, remind=remind), came)
    assert matter.due(ASKING)[0] == over
    minute_before = matter.moment(reminded) - timedelta(minutes=1)
    assert matter.wait(matter.local(minute_before)) == []
    events = matter.wait(reminded)
    assert [(event.type, event.data["clock"], event.data["window"]) for event in events] == [
        ("clock.warned.v1", ASKING, True),
        ("clock.warned.v1", CONFIRMING, True),
    ]
    assert matter.wait(reminded) == []
    assert any("届满前" in line and line.endswith("提醒") for line in told(matter, ASKING))
    assert matter.clock(ASKING).state is ClockState.RUNNING


def test_a_window_that_closes_nothing_is_over_without_a_breach(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-03 10:00")
    matter.wait("2026-09-29 00:00")
    matter.wait("2026-10-04 00:00")
    assert not matter.case.open  # by the other window
    clock = matter.clock(CONFIRMING)
    assert clock.open and clock.state is ClockState.RUNNING and clock.next_at is None
    assert matter.case.next_timer is None
    assert matter.wait("2026-12-01 00:00") == []


def test_who_slept_over_the_end_of_a_window_is_told_that_it_is_over(policy: Policy) -> None:
    matter = answered(made_up(policy, asking="60 日"), "2026-09-03 10:00")
    events = matter.wait("2026-10-20 00:00")
    assert [(event.type, event.data["clock"]) for event in events] == [("clock.warned.v1", CONFIRMING)]
    assert matter.case.open and matter.wait("2026-10-21 00:00") == []
    assert any(line.startswith("期间已于10月3日24时届满，补发提醒") for line in told(matter, CONFIRMING))


def test_a_case_ends_by_its_window_with_the_outcome_that_this_names(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-03 10:00")
    assert matter.case.closes_at == matter.clock(ASKING).due_at == matter.moment("2026-10-04 00:00")
    assert matter.case.next_timer == matter.clock(ASKING).warn_at
    matter.wait("2026-09-29 00:00")
    assert matter.case.next_timer == matter.case.closes_at
    assert matter.wait("2026-10-03 23:59") == [] and matter.case.open
    with pytest.raises(WindowOver):
        matter.act("2026-10-04 00:00", "ask")
    (event,) = matter.wait("2026-10-04 00:00")
    assert (event.type, event.data["outcome"], matter.case.state) == ("case.closed.v1", "not-asked", "closed")
    assert (matter.case.closes_at, matter.case.closing) == (None, None)
    assert told(matter, ASKING)[-1] == "期间届满，事项归档：not-asked"


def test_a_case_that_slept_over_reminder_and_end_is_closed_and_nobody_reminded_in_vain(policy: Policy) -> None:
    matter = answered(made_up(policy, remind="10 日"), "2026-09-03 10:00")
    events = matter.wait("2026-11-20 00:00")
    assert [event.type for event in events] == ["case.closed.v1", "clock.warned.v1"]
    assert events[-1].data["clock"] == CONFIRMING, "which runs on when the case has ended"
    assert matter.wait("2026-11-20 00:00") == []


def test_a_window_that_is_left_closes_nothing(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-03 10:00")
    matter.act("2026-10-03 23:59", "ask")
    assert matter.case.closes_at is None
    matter.wait("2026-10-04 00:00")
    assert matter.case.state == "hearing"
    matter.act("2026-10-10 10:00", "answer")  # and begins anew with the next answer
    assert matter.due(ASKING)[0] == "2026-11-09 24:00"
    assert matter.case.closes_at == matter.clock(ASKING).due_at


def test_the_end_of_a_case_follows_its_window_that_waits(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-03 10:00")
    matter.act("2026-09-10 10:00", "halt")
    assert matter.case.closes_at is None
    matter.wait("2026-10-08 00:00")
    assert matter.case.open
    matter.act("2026-10-09 10:00", "reply")  # 29 days later
    assert matter.due(ASKING)[0] == "2026-11-01 24:00"
    assert matter.case.closes_at == matter.clock(ASKING).due_at
    assert matter.local(matter.clock(ASKING).warn_at or matter.case.opened_at) == "2026-10-27 24:00"


def test_days_that_do_not_count_move_a_window_and_what_it_closes(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-03 10:00")
    matter.hear("2026-09-10 10:00", ASKING, "2026-09-10")
    assert matter.due(ASKING)[0] == "2026-10-04 24:00"
    assert matter.case.closes_at == matter.clock(ASKING).due_at
    assert matter.local(matter.clock(ASKING).warn_at or matter.case.opened_at) == "2026-09-29 24:00"


def test_what_a_category_says_of_closing_stands_back_behind_a_window(policy: Policy) -> None:
    """An answer of the common procedure says when the case closes by itself; where a window closes it, by that."""
    made = made_up(policy)
    base = made.procedures[PROCEDURE]
    rule = base.clocks[ASKING]._replace(runs_in=("resolved",), pauses_in=())
    clocks = {name: clock for name, clock in base.clocks.items() if name != CONFIRMING}
    changed = base._replace(clocks={**clocks, ASKING: rule})
    made = replace(made, procedures={**made.procedures, PROCEDURE: changed})
    matter = Matter(made, "2026-09-03 10:00", CATEGORY)
    matter.act("2026-09-03 10:00", "accept")
    matter.act("2026-09-03 11:00", "resolve")
    resolved = next(event for event in matter.history if event.type == "case.resolved.v1")
    assert resolved.data["close_at"] == matter.moment("2026-10-04 00:00").isoformat()
    matter.wait("2026-10-03 23:59")
    assert matter.case.open and matter.case.visit is not None  # whoever should have visited did not
    assert [event.type for event in matter.wait("2026-10-04 00:00")][-1] == "case.closed.v1"
    assert matter.case.outcome == "not-asked" and matter.case.visit is None


def test_a_reminder_that_cannot_come_in_its_time_comes_at_once(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-03 10:00")
    matter.act("2026-10-01 10:00", "serve", on=date(2026, 9, 5))
    assert matter.due(ASKING)[0] == "2026-10-05 24:00"  # reminded of on 1 October, at 0:00, which is over
    assert [event.data["clock"] for event in matter.wait("2026-10-01 10:00")] == [CONFIRMING, ASKING]
    short = answered(made_up(policy, asking="4 日", remind="5 日"), "2026-09-03 10:00")
    assert short.clock(ASKING).warn_at is None  # there never was as much left


@pytest.mark.parametrize(
    ("number", "begins"),
    [(1, "2026-10-18"), (2, "2026-10-15"), (5, "2026-10-12"), (6, "2026-10-11"), (9, "2026-10-07")],
)
def test_as_many_working_days_are_left_as_were_asked_for(policy: Policy, number: int, begins: str) -> None:
    """28, 29, 30 September; 8, 9, Saturday 10; 12 to 16; 19 October: the first of the last so many begins."""
    matter = Matter(policy, "2026-09-24 10:00", CATEGORY)
    due = due_at(Limit(WORKING_DAYS, 12), matter.case.opened_at, policy.calendar, policy.zone).at
    assert matter.local(due) == "2026-10-19 24:00"
    left = ahead_of(Limit(WORKING_DAYS, number), due, policy.calendar, policy.zone)
    assert matter.local(left) == f"{begins} 24:00"


# --- limits by card ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("card", "due", "by", "said"),
    [
        ("red", "2026-10-08 24:00", "card", "red"),  # ten days
        ("green", "2026-10-10 24:00", "card", "green"),  # 29, 30 | 8, 9, Saturday 10
        ("yellow", "2026-10-28 24:00", "procedure", None),  # the procedure says nothing of it
        (None, "2026-10-28 24:00", "procedure", None),
    ],
)
def test_the_card_of_a_petition_comes_before_all_else(
    policy: Policy, card: str | None, due: str, by: str, said: str | None
) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    matter.case = replace(matter.case, petition=Petition(card=card))
    matter.act("2026-09-28 10:00", "ask")
    assert matter.due(RE_REVIEW) == (due, KNOWN)
    assert matter.history[-1].data["timing"].get("card") == said
    assert matter.explained(RE_REVIEW).stated_by == by
    if said:
        assert any("卡" in line for line in told(matter, RE_REVIEW))


def test_a_card_that_changes_changes_only_what_begins_afterwards(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    matter.case = replace(matter.case, petition=Petition(card="red"))
    matter.act("2026-09-28 10:00", "ask")
    matter.case = replace(matter.case, petition=Petition(card="yellow"))
    matter.hear("2026-09-29 10:00", DECISION, "2026-09-29")
    assert matter.due(RE_REVIEW) == ("2026-10-08 24:00", KNOWN)
    assert matter.explained(RE_REVIEW).stated_by == "card"


# --- counted from a day that was named -----------------------------------------------------------------------------


def test_a_window_counts_from_the_day_the_answer_was_received(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    assert matter.due(ASKING)[0] == "2026-10-28 24:00"
    matter.act("2026-10-09 15:00", "serve", on=date(2026, 10, 2))
    clock = matter.clock(ASKING)
    assert matter.local(clock.started_at) == "2026-10-01 24:00"  # the midnight that begins it
    assert matter.due(ASKING) == ("2026-11-01 24:00", KNOWN)
    assert matter.history[-1].data["counted_from"] == matter.moment("2026-10-02 00:00").isoformat()
    assert any("自指明之日开始计时" in line for line in told(matter, ASKING))
    assert "2026年10月2日开始计时，当日不计入（民法典第二百零一条）" in told(matter, ASKING)
    assert matter.case.closes_at == clock.due_at


def test_a_day_named_wrongly_is_named_again(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    matter.act("2026-10-09 15:00", "serve", on=date(2026, 10, 5))
    matter.act("2026-10-10 09:00", "serve", on=date(2026, 9, 28))  # the day of the answer itself
    assert matter.due(ASKING)[0] == "2026-10-28 24:00"
    matter.act("2026-10-10 09:10", "serve", on=date(2026, 10, 10))  # today
    assert matter.due(ASKING)[0] == "2026-11-09 24:00"
    with pytest.raises(InvalidField) as early:
        matter.act("2026-10-10 09:20", "serve", on=date(2026, 9, 27))
    assert (early.value.code, early.value.field) == ("day-too-early", "on")
    assert early.value.extra == {"earliest": "2026-09-28"}
    with pytest.raises(InvalidField) as future:
        matter.act("2026-10-10 23:59", "serve", on=date(2026, 10, 11))
    assert future.value.code == "day-in-future"
    for day in (date.min, date.max):
        with pytest.raises(InvalidField):
            matter.act("2026-10-10 09:20", "serve", on=day)


def test_a_day_may_lie_as_far_before_the_state_as_the_action_allows(policy: Policy) -> None:
    matter = Matter(made_up(policy), "2026-09-28 10:00", CATEGORY)
    matter.act("2026-09-28 11:00", "accept")
    with pytest.raises(InvalidField):
        matter.act("2026-10-08 10:00", "answer", on=date(2026, 9, 24))
    matter.act("2026-10-08 10:00", "answer", on=date(2026, 9, 25))  # three days before it was accepted
    assert matter.due(ASKING)[0] == "2026-10-25 24:00"
    matter.act("2026-10-08 11:00", "serve", on=date(2026, 9, 28))  # no change since it was accepted but the day
    assert matter.due(ASKING)[0] == "2026-10-28 24:00"


def test_without_a_day_it_counts_from_now(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    matter.act("2026-10-09 15:00", "serve")
    assert matter.due(ASKING)[0] == "2026-11-08 24:00"
    assert "counted_from" not in matter.history[-1].data
    matter.act("2026-10-10 15:00", "ask", on=date(2026, 10, 1))  # an action that counts from no day
    assert matter.due(RE_REVIEW)[0] == "2026-11-09 24:00"


def test_what_was_over_before_it_was_told_of_is_over(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    matter.act("2026-10-28 15:00", "serve", on=date(2026, 9, 28))  # its last day
    with pytest.raises(ActionNotAllowed):
        matter.act("2026-10-28 16:00", "approve-extension")
    matter.act("2026-10-28 23:59", "ask")
    late = answered(made_up(policy, asking="10 日"), "2026-09-28 10:00")
    with pytest.raises(WindowOver):
        late.act("2026-10-09 00:00", "ask")
    (closed,) = [event for event in late.wait("2026-10-09 00:00") if event.type == "case.closed.v1"]
    assert closed.data["outcome"] == "not-asked"


def test_a_day_that_no_day_begins_is_found_out(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    matter.act("2026-10-09 15:00", "serve", on=date(2026, 10, 2))
    *before, last = matter.history
    lied = last._replace(data={**last.data, "counted_from": matter.moment("2026-10-02 08:00").isoformat()})
    found = [each for each in explain([*before, lied], Kept(matter.policy)) if each.clock.name == ASKING][-1]
    assert found.differs and any("起算日" in step.zh for step in found.steps)


# --- rows ----------------------------------------------------------------------------------------------------------


def test_the_row_keeps_all_of_it(policy: Policy) -> None:
    matter = answered(made_up(policy), "2026-09-28 10:00")
    matter.act("2026-10-09 15:00", "serve", on=date(2026, 10, 2))
    matter.hear("2026-10-09 16:00", ASKING, "2026-10-09", "2026-10-10")
    clock = matter.clock(ASKING)
    assert clock.closes and clock.uncounted and clock.since
    assert case_from(dict(CaseRow.of(matter.case).attribute_values)) == matter.case
