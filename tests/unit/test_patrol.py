"""Rounds of a beat: by hand across midnight and leap days, and whatever happens in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain import events as E
from chalicelib.domain.errors import BeatEnded, DomainError, InvalidField
from chalicelib.domain.events import SYSTEM, Actor, Event
from chalicelib.domain.grid import Area
from chalicelib.domain.patrol import (
    KEPT_ROUNDS,
    Beat,
    Outcome,
    beat_id,
    code_of,
    figures,
    replay,
    settled_rounds,
)
from chalicelib.domain.policy import Patrol, Policy
from chalicelib.domain.procedure import Circumstances
from chalicelib.domain.rounds import BeatChange, Walk, check_in, end, fall_due, plan
from chalicelib.models.patrol_rows import read, written

CELL = Area("3203020010020101", ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格"))
OFFICER = "information-officer"
WALKER = Actor("w1", "grid-worker", "centre-320302001002")


def local(text: str) -> datetime:
    """A time in Xuzhou, `MM-DD HH:MM` of 2026, or with its year."""
    return datetime.fromisoformat(f"{text if len(text) > 11 else f'2026-{text}'}+08:00")


class Told:
    """A beat and all that was told of it, at the hands of a test."""

    def __init__(self, policy: Policy, now: str = "11-20 10:00") -> None:
        self.policy = policy
        self.history: list[Event] = []
        self.beat: Beat | None = None
        self.take(plan(None, CELL, OFFICER, self.around(now)))

    def around(self, now: str | datetime) -> Circumstances:
        moment = local(now) if isinstance(now, str) else now
        return Circumstances(WALKER, moment.astimezone(UTC), self.policy, "r", "c")

    def take(self, change: BeatChange | None) -> list[str]:
        if change is None:
            return []
        self.history += change.events
        self.beat = change.beat
        assert replay(self.history) == self.beat
        return [event.type for event in change.events]

    @property
    def now(self) -> Beat:
        assert self.beat is not None
        return self.beat

    def walk(self, at: str, arrives: str | None = None) -> list[str]:
        walk = Walk(local(at).astimezone(UTC), CELL.code, 0)
        return self.take(check_in(self.now, walk, self.around(arrives or at)))

    def sweep(self, now: str) -> list[str]:
        return self.take(fall_due(self.now, self.around(now)))

    def outcomes(self, now: str, counted: int = KEPT_ROUNDS) -> list[str]:
        walked = self.now.walked()
        return [walked.get(n, Outcome.MISSED).value for n in settled_rounds(self.now, local(now), counted)]

    def last(self) -> Event:
        return self.history[-1]


@pytest.fixture
def told(policy: Policy) -> Told:
    """Planned on the 20th at ten: rounds of a day from the 21st on, half a day of grace."""
    return Told(policy)


def test_rounds_of_whole_days_begin_at_the_next_midnight_of_the_district(told: Told) -> None:
    first = told.now.round(1)
    assert (first.start, first.end, first.late_until) == (
        local("11-21 00:00"),
        local("11-22 00:00"),
        local("11-22 12:00"),
    )
    assert first.start.isoformat() == "2026-11-20T16:00:00+00:00"
    assert told.now.next_timer == local("11-22 00:00")
    assert figures(told.now, local("11-20 10:00"), 30).state == "planned"


def test_planned_exactly_at_midnight_they_begin_then(policy: Policy) -> None:
    assert Told(policy, "11-21 00:00").now.round(1).start == local("11-21 00:00")


def test_a_leap_day_has_its_round(policy: Policy) -> None:
    told = Told(policy, "2028-02-27 10:00")
    assert told.now.round(2).start == local("2028-02-29 00:00")
    assert told.now.round(3).start == local("2028-03-01 00:00")


def test_a_walk_before_midnight_is_of_that_day_and_one_at_midnight_of_the_next(told: Told) -> None:
    told.walk("11-21 23:59")
    assert told.now.walked() == {1: Outcome.WALKED}
    told.walk("11-22 00:00")
    assert told.now.walked() == {1: Outcome.WALKED, 2: Outcome.WALKED}


def test_nobody_walks_the_holder_is_reminded_at_midnight_and_the_leader_told_at_noon(told: Told) -> None:
    assert told.sweep("11-21 23:59") == []
    assert told.sweep("11-22 00:00") == [E.PATROL_OVERDUE]
    assert told.last().data["late_until"] == local("11-22 12:00").astimezone(UTC).isoformat()
    assert told.now.next_timer == local("11-22 12:00")
    assert told.sweep("11-22 11:59") == []
    assert told.sweep("11-22 12:00") == [E.PATROL_MISSED]
    assert told.last().data["rounds"] == [
        {"first": 1, "last": 1, "from": "2026-11-20T16:00:00+00:00", "to": "2026-11-21T16:00:00+00:00"}
    ]
    assert told.sweep("11-22 12:00") == []
    assert told.now.next_timer == local("11-23 00:00")


def test_a_walk_within_the_grace_makes_the_round_good_and_the_next_wants_its_own(told: Told) -> None:
    told.sweep("11-22 00:00")
    told.walk("11-22 09:00")
    assert (told.last().data["round"], told.last().data["late"]) == (1, True)
    assert told.now.walked() == {1: Outcome.LATE}
    assert figures(told.now, local("11-22 09:00"), 30).state == "due"
    assert told.sweep("11-22 12:00") == []
    told.walk("11-22 12:00")
    assert told.now.walked() == {1: Outcome.LATE, 2: Outcome.WALKED}
    assert figures(told.now, local("11-22 12:00"), 30).state == "walked"


def test_the_moment_the_grace_ends_it_is_too_late(told: Told) -> None:
    told.walk("11-22 12:00")
    assert told.outcomes("11-22 12:00") == ["missed"]
    assert [event.type for event in told.history[1:]] == [E.PATROL_MISSED, E.PATROL_WALKED]


def test_a_phone_that_was_offline_for_a_day_counts_for_the_round_of_its_own_time(told: Told) -> None:
    told.sweep("11-22 00:00")
    told.sweep("11-22 12:00")
    assert told.outcomes("11-22 13:00") == ["missed"]
    told.walk("11-21 15:00", arrives="11-22 13:00")
    assert (told.last().data["round"], told.last().data["late"]) == (1, False)
    assert told.outcomes("11-22 13:00") == ["walked"]
    assert told.now.walked_at == local("11-21 15:00")


def test_what_arrives_after_its_successor_frees_that_one_for_its_own_round(told: Told) -> None:
    told.walk("11-22 09:00")
    assert told.now.walked() == {1: Outcome.LATE}
    told.walk("11-21 20:00", arrives="11-22 10:00")
    assert told.now.walked() == {1: Outcome.WALKED, 2: Outcome.WALKED}
    assert told.now.walked_at == local("11-22 09:00")


def test_many_check_ins_of_one_round_are_kept_and_it_is_done_once(told: Told) -> None:
    for hour in range(8, 18):
        told.walk(f"11-21 {hour:02}:00")
    assert sum(event.type == E.PATROL_WALKED for event in told.history) == 10
    assert told.now.walked() == {1: Outcome.WALKED}


@pytest.mark.parametrize(
    ("at", "arrives", "code"),
    [
        ("11-22 09:06", "11-22 09:00", "time-in-future"),
        ("11-21 08:00", "11-24 08:01", "check-in-too-old"),
        ("11-20 23:59", "11-21 09:00", "rounds-not-begun"),
    ],
)
def test_times_that_no_round_takes_are_refused_and_nothing_changes(
    told: Told, at: str, arrives: str, code: str
) -> None:
    before = told.now
    with pytest.raises(InvalidField) as refused:
        told.walk(at, arrives)
    assert (refused.value.code, refused.value.field) == (code, "at")
    assert told.now == before


def test_a_clock_that_runs_some_minutes_fast_is_taken(told: Told) -> None:
    told.walk("11-22 00:03", arrives="11-21 23:59")
    assert told.now.walked() == {1: Outcome.LATE}
    assert told.now.next_timer == local("11-23 00:00")


def test_a_sweep_that_slept_for_fifty_days_finds_each_round_and_tells_of_them_once(told: Told) -> None:
    told.walk("11-21 09:00")
    assert told.sweep("2027-01-10 13:00") == [E.PATROL_MISSED]
    missed = told.last().data
    assert missed["count"] == 49
    assert [(run["first"], run["last"]) for run in missed["rounds"]] == [(2, 50)]
    assert told.sweep("2027-01-10 13:00") == []
    assert told.outcomes("2027-01-10 13:00") == ["walked", *["missed"] * 49]
    assert figures(told.now, local("2027-01-10 13:00"), 30).missed == 30


def test_what_walkers_sent_while_the_sweep_slept_is_not_told_as_missed(told: Told) -> None:
    told.walk("11-23 09:00", arrives="11-26 08:00")
    missed = next(event for event in told.history if event.type == E.PATROL_MISSED).data
    assert [(run["first"], run["last"]) for run in missed["rounds"]] == [(1, 1), (3, 4)]
    assert missed["count"] == 3
    assert told.outcomes("11-26 08:00") == ["missed", "late", "missed", "missed"]


def test_figures_are_exact_though_no_sweep_ran(told: Told) -> None:
    told.walk("11-21 09:00")
    stands = figures(told.now, local("11-25 13:00"), 30)
    assert (stands.walked, stands.late, stands.missed, stands.state) == (1, 0, 3, "due")
    stands = figures(told.now, local("11-25 11:00"), 30)
    assert (stands.missed, stands.state) == (2, "overdue")
    assert stands.overdue is not None and stands.overdue.number == 4
    assert stands.current.number == 5
    assert stands.rounds == 3


def test_before_a_round_is_over_there_is_nothing_to_cover(told: Told) -> None:
    assert figures(told.now, local("11-21 10:00"), 30).rounds == 0


def test_planned_again_nothing_changes(told: Told) -> None:
    assert plan(told.now, CELL, OFFICER, told.around("11-25 10:00")) is None


def test_another_name_of_the_area_is_taken_over_and_the_rounds_stay(told: Told) -> None:
    told.walk("11-21 09:00")
    renamed = Area(CELL.code, (*CELL.path[:-1], "第一网格"))
    assert told.take(plan(told.now, renamed, OFFICER, told.around("11-21 10:00"))) == [E.PATROL_PLANNED]
    assert told.now.area == renamed
    assert told.now.walked() == {1: Outcome.WALKED} and told.now.round(1).start == local("11-21 00:00")


def repatrolled(policy: Policy, every: int, grace: int) -> Policy:
    return replace(policy, patrols={**policy.patrols, OFFICER: Patrol(OFFICER, every, grace)})


def test_a_new_policy_takes_effect_after_the_round_that_lasts(told: Told) -> None:
    told.sweep("11-22 00:00")
    told.policy = repatrolled(told.policy, 3 * 86400, 86400)
    assert told.take(plan(told.now, CELL, OFFICER, told.around("11-22 10:00"))) == [E.PATROL_PLANNED]
    assert told.now.round(2).end == local("11-23 00:00") == told.now.round(3).start
    assert told.now.round(3).end == local("11-26 00:00")
    told.walk("11-22 11:00")
    assert told.now.walked() == {1: Outcome.LATE}
    assert told.sweep("11-23 00:00") == [E.PATROL_OVERDUE]
    assert told.sweep("11-23 12:00") == [E.PATROL_MISSED]
    assert told.now.next_timer == local("11-26 00:00")


def test_from_hours_to_days_the_last_round_lasts_until_midnight(told: Told) -> None:
    told.policy = repatrolled(told.policy, 5 * 3600, 3600)
    told.take(plan(told.now, CELL, OFFICER, told.around("11-21 01:00")))
    assert told.now.round(2).start == local("11-22 00:00")
    told.policy = repatrolled(told.policy, 86400, 3600)
    told.take(plan(told.now, CELL, OFFICER, told.around("11-22 11:00")))
    third, fourth, fifth = (told.now.round(number) for number in (3, 4, 5))
    assert (third.start, third.end) == (local("11-22 05:00"), local("11-22 10:00"))
    assert (fourth.start, fourth.end) == (local("11-22 10:00"), local("11-23 00:00"))
    assert (fifth.start, fifth.end) == (local("11-23 00:00"), local("11-24 00:00"))
    assert told.now.round_at(local("11-22 23:00")) == 4


def test_a_beat_that_ended_waits_for_nothing_and_takes_what_was_walked_before(told: Told) -> None:
    told.walk("11-21 09:00")
    assert told.take(end(told.now, "area-ended", told.around("11-23 13:00"))) == [E.PATROL_MISSED, E.PATROL_ENDED]
    assert told.now.next_timer is None
    assert told.sweep("11-30 00:00") == []
    assert end(told.now, "area-ended", told.around("11-30 00:00")) is None
    told.walk("11-22 20:00", arrives="11-23 20:00")
    stands = figures(told.now, local("11-30 00:00"), 30)
    assert (stands.state, stands.walked, stands.missed) == ("ended", 2, 0)
    with pytest.raises(BeatEnded):
        told.walk("11-23 14:00")


def test_a_beat_that_ended_begins_anew_and_its_numbers_go_on(told: Told) -> None:
    told.walk("11-21 09:00")
    told.take(end(told.now, "post-vacant", told.around("11-23 13:00")))
    told.take(plan(told.now, CELL, OFFICER, told.around("11-28 08:00")))
    first = told.now.plans[0].from_round
    assert first > 3 and told.now.round(first).start == local("11-29 00:00")
    assert told.outcomes("11-29 10:00") == []
    assert told.now.next_timer == local("11-30 00:00")
    told.walk("11-29 10:00")
    assert told.now.walked() == {first: Outcome.WALKED}


def test_in_which_order_check_ins_arrive_makes_no_difference(policy: Policy) -> None:
    walks = ["11-21 09:00", "11-22 03:00", "11-22 14:00", "11-23 02:00", "11-23 05:00"]
    states = set()
    for order in permutations(walks):
        told = Told(policy)
        for at in order:
            told.walk(at, arrives="11-23 11:00")
        states.add((tuple(told.now.walked().items()), told.now.next_timer, told.now.walked_at))
    assert len(states) == 1


def test_a_row_gives_the_beat_back(told: Told) -> None:
    told.walk("11-22 09:00")
    told.sweep("11-23 13:00")
    assert read(told.now.id, told.now.version, written(told.now)) == told.now


def test_codes_are_eight_letters_and_differ_by_post() -> None:
    codes = {code_of(beat_id(CELL.code, post)) for post in (OFFICER, "property-officer", "grid-leader")}
    assert len(codes) == 3 and all(
        len(code) == 8 and set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for code in codes
    )


def test_years_of_short_rounds_are_slept_through_at_once(told: Told) -> None:
    """Ten years of rounds of twelve seconds: what is kept stays small, and it does not take long."""
    told.policy = repatrolled(told.policy, 12, 4)
    told.take(plan(told.now, CELL, OFFICER, told.around("11-21 00:00")))
    assert told.sweep("2036-11-21 00:00") == [E.PATROL_MISSED, E.PATROL_OVERDUE]
    assert told.history[-2].data["count"] > 26_000_000
    assert len(told.now.marks) <= KEPT_ROUNDS


_SHORT = Patrol(OFFICER, 600, 240)
_START = datetime(2026, 11, 22, 15, 50, tzinfo=UTC)


def machine(policy: Policy) -> Callable[[], RuleBasedStateMachine]:
    """A beat of ten-minute rounds, and everything that may happen to it."""
    short = replace(policy, patrols={**policy.patrols, OFFICER: _SHORT})

    class Patrolled(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.now = _START
            self.policy = short
            self.history: list[Event] = []
            self.beat: Beat | None = None
            self.walks: list[datetime] = []
            self.missed: list[int] = []

        @initialize()
        def planned(self) -> None:
            self.take(plan(None, CELL, OFFICER, self.around()))

        @rule(minutes=st.integers(0, 45))
        def time_goes_by(self, minutes: int) -> None:
            self.now += timedelta(minutes=minutes, seconds=1)

        @rule(days=st.integers(1, 400))
        def the_system_sleeps(self, days: int) -> None:
            self.now += timedelta(days=days)

        @rule()
        def swept(self) -> None:
            change = fall_due(self.known, self.around())
            self.take(change)
            if self.known.next_timer is not None:
                assert self.known.next_timer > self.now

        @rule(ago=st.integers(-200, 40 * 60))
        def walked(self, ago: int) -> None:
            at = self.now - timedelta(seconds=ago)
            try:
                self.take(check_in(self.known, Walk(at, CELL.code, 0), self.around()))
            except DomainError as refused:
                assert refused.code in ("rounds-not-begun", "beat-ended")
            else:
                self.walks.append(at)

        @rule(every=st.sampled_from([300, 600, 3600, 86400]), part=st.integers(2, 10))
        def the_policy_changes(self, every: int, part: int) -> None:
            patrols = {**self.policy.patrols, OFFICER: Patrol(OFFICER, every, every // part)}
            self.policy = replace(self.policy, patrols=patrols)
            self.take(plan(self.known, CELL, OFFICER, self.around()))

        @precondition(lambda self: self.beat is not None and self.beat.ended_at is None)
        @rule()
        def ended(self) -> None:
            self.take(end(self.known, "area-ended", self.around()))

        @property
        def known(self) -> Beat:
            assert self.beat is not None
            return self.beat

        def around(self) -> Circumstances:
            return Circumstances(SYSTEM, self.now, self.policy, "r", "c")

        def take(self, change: BeatChange | None) -> None:
            if change is None:
                return
            version = self.beat.version if self.beat else 0
            assert [(event.version, event.n) for event in change.events] == [
                (version + 1, n) for n in range(1, len(change.events) + 1)
            ]
            self.history += change.events
            for event in change.events:
                if event.type == E.PATROL_MISSED:
                    numbers = [n for run in event.data["rounds"] for n in range(run["first"], run["last"] + 1)]
                    assert len(numbers) == event.data["count"]
                    self.missed += numbers
            self.beat = change.beat

        @invariant()
        def the_row_is_the_replay(self) -> None:
            if self.beat is not None:
                assert replay(self.history) == self.beat
                assert read(self.beat.id, self.beat.version, written(self.beat)) == self.beat

        @invariant()
        def what_comes_next_is_after_what_was(self) -> None:
            if self.beat is not None and self.beat.next_timer is not None:
                assert self.beat.next_timer > self.history[-1].time

        @invariant()
        def no_round_is_told_as_missed_twice(self) -> None:
            assert len(self.missed) == len(set(self.missed))

        @invariant()
        def rounds_follow_one_another_and_each_has_one_outcome(self) -> None:
            if self.beat is None:
                return
            numbers = settled_rounds(self.beat, self.beat.ended_at or self.now, KEPT_ROUNDS)
            for number in numbers:
                assert self.beat.round(number).end == self.beat.round(number + 1).start
                assert self.beat.round_at(self.beat.round(number).start) == number
            stands = figures(self.beat, self.now, KEPT_ROUNDS)
            assert stands.rounds == len(numbers) <= KEPT_ROUNDS
            assert stands.walked + stands.late == sum(number in self.beat.walked() for number in numbers)

        @invariant()
        def one_walk_counts_for_one_round_and_no_round_without_one(self) -> None:
            if self.beat is not None:
                assert len(self.beat.walked()) <= len(self.walks)

        @invariant()
        def little_is_kept(self) -> None:
            assert self.beat is None or len(self.beat.marks) <= KEPT_ROUNDS + 3

    return Patrolled


def test_whatever_happens_a_beat_holds_together(policy: Policy) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine(policy), settings=settings(max_examples=150, stateful_step_count=30, deadline=None)
    )
