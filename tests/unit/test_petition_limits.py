"""The limits of 信访工作条例, dated by hand and run through the engine with the real pack.

Off in 2026: 1 to 3 January (Sunday 4 worked), 15 to 23 February (Saturdays 14 and 28 worked), 4 to 6 April, 1 to 5 May
(Saturday 9 worked), 19 to 21 June, 25 to 27 September (Sunday 20 worked), 1 to 7 October (Saturday 10 worked). The day
an interval begins is not counted; it ends at 24:00 of the day that is named. 日 are all days, 工作日 working days.
"""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.envelope import Happening
from chalicelib.domain.errors import ActionNotAllowed, ExtensionTooLong, InvalidField, OwnRequest, WindowOver
from chalicelib.domain.events import CLOCK_BREACHED, CaseEvent
from chalicelib.domain.explaining import explain
from chalicelib.domain.figures import Deadlines, added_up, counted, deadlines
from chalicelib.domain.policy import Policy
from chalicelib.models.case_rows import CaseRow, case_from
from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import policy_from
from tests.conftest import PACK
from tests.petitioning import LITIGATION, WAYS, Petition
from tests.world import Kept

DATED = [
    # art. 22: registered and passed on in 15 日 from the day it came
    ("register", "register", "2026-03-02 09:00", "2026-03-17"),  # 3 March is the first, 17 the fifteenth
    ("register", "register", "2026-02-05 23:59", "2026-02-20"),  # through the Spring Festival: its days count too
    ("register", "register", "2026-12-20 08:00", "2027-01-04"),  # 11 days in December, 4 in January
    # art. 23: says in writing whether it accepts, in 15 日
    ("passed-on", "accept", "2026-03-02 09:00", "2026-03-17"),
    ("passed-on", "accept", "2026-09-20 10:00", "2026-10-05"),  # 10 days in September, 5 in a holiday
    ("passed-on", "accept", "2026-12-18 00:00", "2027-01-02"),  # 13 days in December, 2 in January
    # art. 23: objects in 5 工作日
    ("passed-on", "objection", "2026-09-30 10:00", "2026-10-13"),  # 8, 9, Sat 10, Mon 12, 13
    ("passed-on", "objection", "2026-02-11 16:00", "2026-02-25"),  # 12, 13, Sat 14, 24, 25
    ("passed-on", "objection", "2026-04-29 12:00", "2026-05-09"),  # 30, then 6, 7, 8, Sat 9
    ("passed-on", "objection", "2026-09-18 12:00", "2026-09-24"),  # Sun 20 worked, then 21, 22, 23, 24
    # art. 34: answered in 60 日 from the day it was accepted
    ("accepted", "handle", "2026-03-02 09:00", "2026-05-01"),  # 29 in March, 30 in April, and a holiday is the sixtieth
    ("accepted", "handle", "2026-08-20 09:00", "2026-10-19"),  # 11 in August, 30 in September, 19 in October
    ("accepted", "handle", "2026-12-01 09:00", "2027-01-30"),  # 30 in December, 30 in January
    # art. 35: asks for a review in 30 日 from the answer
    ("answered", "review-window", "2026-03-10 17:00", "2026-04-09"),  # 21 in March, 9 in April
    ("answered", "review-window", "2026-09-05 09:00", "2026-10-05"),  # 25 in September, 5 in a holiday
    ("answered", "review-window", "2026-12-15 09:00", "2027-01-14"),  # 16 in December, 14 in January
    # art. 35: the review is answered in 30 日
    ("reviewing", "review", "2026-03-20 09:00", "2026-04-19"),  # 11 in March, 19 in April
    ("reviewing", "review", "2026-09-10 09:00", "2026-10-10"),  # 20 in September, 10 in October
    ("reviewing", "review", "2026-12-10 09:00", "2027-01-09"),  # 21 in December, 9 in January
    # art. 36: asks for a re-review in 30 日
    ("reviewed", "re-review-window", "2026-04-01 09:00", "2026-05-01"),  # 29 in April, 1 in a holiday
    ("reviewed", "re-review-window", "2026-06-05 09:00", "2026-07-05"),  # 25 in June, 5 in July
    ("reviewed", "re-review-window", "2026-12-05 09:00", "2027-01-04"),  # 26 in December, 4 in January
    # art. 36: the re-review is answered in 30 日
    ("re-reviewing", "re-review", "2026-04-12 09:00", "2026-05-12"),  # 18 in April, 12 in May
    ("re-reviewing", "re-review", "2026-09-08 09:00", "2026-10-08"),  # 22 in September, 8 in October
    ("re-reviewing", "re-review", "2026-12-10 09:00", "2027-01-09"),
]
ARTICLES = {
    **{"register": "第二十二条", "accept": "第二十三条", "objection": "第二十三条", "handle": "第三十四条"},
    **{
        "review-window": "第三十五条",
        "review": "第三十五条",
        "re-review-window": "第三十六条",
        "re-review": "第三十六条",
    },
}


@pytest.mark.parametrize(("way", "clock", "begins", "last"), DATED)
def test_a_limit_of_the_law_ends_with_the_day_that_is_counted_by_hand(
    policy: Policy, way: str, clock: str, begins: str, last: str
) -> None:
    petition = WAYS[way](policy, begins)
    assert petition.due(clock)[0] == f"{last} 24:00"


@pytest.mark.parametrize("clock", ARTICLES)
def test_every_limit_is_explained_by_its_article(policy: Policy, clock: str) -> None:
    way, name, begins, _ = next(row for row in DATED if row[1] == clock)
    told = WAYS[way](policy, begins).explained(name)
    assert told.article == f"信访工作条例{ARTICLES[clock]}"
    assert told.article in "".join(step.zh for step in told.steps)


SCREENED_LATER = [
    # art. 22: 自收到之日起: the days it lay with the desk count
    ("2026-03-02 09:00", "2026-03-05 10:00", "2026-03-17"),
    ("2026-02-13 17:00", "2026-02-24 09:00", "2026-02-28"),  # through the Spring Festival: 15 in February
    ("2026-12-30 23:59", "2027-01-04 09:00", "2027-01-14"),  # 1 in December, 14 in January
]


@pytest.mark.parametrize(("received", "screened", "last"), SCREENED_LATER)
def test_what_is_found_to_be_a_petition_later_is_registered_by_when_it_came(
    policy: Policy, received: str, screened: str, last: str
) -> None:
    petition = Petition(policy, received, category=None).did(screened, "classify", category=LITIGATION)
    assert petition.due("register")[0] == f"{last} 24:00"
    told = petition.explained("register")
    assert not told.differs and any("自收到之日开始计时" in step.zh for step in told.steps)
    assert petition.case.stood_since == petition.moment(screened), "it stands as it does since then"
    assert case_from(dict(CaseRow.of(petition.case).attribute_values)) == petition.case


def test_what_is_found_to_be_a_petition_too_late_is_late_at_once(policy: Policy) -> None:
    petition = Petition(policy, "2026-03-02 09:00", category=None)
    petition.did("2026-03-18 09:00", "classify", category=LITIGATION)
    (breach,) = [event for event in petition.wait("2026-03-18 09:01") if event.type == CLOCK_BREACHED]
    assert breach.data["clock"] == "register"


def test_a_dispute_that_turns_out_a_petition_is_registered_by_when_it_came(policy: Policy) -> None:
    petition = Petition(policy, "2026-03-02 09:00", category="neighbour-dispute").did("2026-03-04 09:00", "return")
    petition.did("2026-03-05 10:00", "classify", category=LITIGATION)
    assert petition.due("register")[0] == "2026-03-17 24:00"


def test_a_day_of_receipt_that_no_report_has_is_found_out(policy: Policy) -> None:
    petition = Petition(policy, "2026-03-02 09:00", category=None).did(
        "2026-03-05 10:00", "classify", category=LITIGATION
    )
    place = next(at for at, event in enumerate(petition.history) if "received" in event.data.get("timing", {}))
    told = petition.history[place]
    timing = {**told.data["timing"], "received": {"register": petition.moment("2026-03-05 10:00").isoformat()}}
    lied = told._replace(data={**told.data, "timing": timing})
    history = [*petition.history[:place], lied, *petition.history[place + 1 :]]
    found = [each for each in explain(history, Kept(policy)) if each.clock.name == "register"][-1]
    assert found.differs and any("起算日" in step.zh for step in found.steps)


ROLLED = [
    # the last day is off: with the roll-over of 民法典 203 the first day after it is the last
    ("register", "register", "2026-02-05 23:59", "2026-02-24"),  # 20 February is in the holiday to 23
    ("passed-on", "accept", "2026-09-20 10:00", "2026-10-08"),  # 5 October is in the holiday to 7
    ("accepted", "handle", "2026-03-02 09:00", "2026-05-06"),  # 1 May is in the holiday to 5
    ("answered", "review-window", "2026-09-05 09:00", "2026-10-08"),
    ("answered", "review-window", "2026-09-04 09:00", "2026-10-08"),  # 4 October too
    ("reviewed", "re-review-window", "2026-04-01 09:00", "2026-05-06"),
    ("re-reviewing", "re-review", "2026-04-03 09:00", "2026-05-06"),  # 3 May
]


@pytest.mark.parametrize(("way", "clock", "begins", "last"), ROLLED)
def test_where_the_policy_rolls_over_a_holiday_closes_no_interval(
    policy: Policy, way: str, clock: str, begins: str, last: str
) -> None:
    petition = WAYS[way](_rolling(policy, clock), begins)
    assert petition.due(clock)[0] == f"{last} 24:00"


class TestAnObjection:
    def test_time_stands_still_for_who_objected_until_it_is_decided(self, policy: Policy) -> None:
        petition = WAYS["passed-on"](policy, "2026-03-02 09:00")  # due on 17 March; 3, 4, 5, 6, 9 are the working days
        petition.did("2026-03-04 10:00", "return").did("2026-03-06 10:00", "reject-return")
        assert petition.due("accept")[0] == "2026-03-19 24:00"  # 5 and 6 March are given back
        assert petition.due("objection")[0] == "2026-03-11 24:00"  # two working days later than 9: 10, 11

    def test_who_it_is_passed_on_to_instead_begins_anew(self, policy: Policy) -> None:
        petition = WAYS["passed-on"](policy, "2026-03-02 09:00").did("2026-03-04 10:00", "return")
        petition.pass_on("2026-03-10 09:00", "water")
        assert petition.due("accept")[0] == "2026-03-25 24:00"
        assert petition.due("objection")[0] == "2026-03-17 24:00"  # 11, 12, 13, 16, 17

    @pytest.mark.parametrize(
        ("passed_on", "last", "too_late"),
        [
            ("2026-09-30 10:00", "2026-10-13 23:59", "2026-10-14 00:00"),
            ("2026-02-11 16:00", "2026-02-25 23:59", "2026-02-26 00:00"),
            ("2026-04-29 12:00", "2026-05-09 23:59", "2026-05-10 00:00"),
        ],
    )
    def test_it_is_heard_until_the_last_minute(self, policy: Policy, passed_on: str, last: str, too_late: str) -> None:
        with pytest.raises(WindowOver) as refused:
            WAYS["passed-on"](policy, passed_on).did(too_late, "return")
        assert refused.value.extra["last"] == last[:10]
        assert WAYS["passed-on"](policy, passed_on).did(last, "return").case.state == "returned"


class TestMoreTime:
    @pytest.mark.parametrize(
        ("accepted", "due", "longest", "beyond"),
        [
            ("2026-03-02 09:00", "2026-05-01", "2026-05-31", "2026-06-01"),  # 30 days after 1 May
            ("2026-08-20 09:00", "2026-10-19", "2026-11-18", "2026-11-19"),  # 12 in October, 18 in November
            ("2026-12-01 09:00", "2027-01-30", "2027-03-01", "2027-03-02"),  # 1 in January, 28 in February, 1 in March
        ],
    )
    def test_it_takes_thirty_days_longer_at_most(
        self, policy: Policy, accepted: str, due: str, longest: str, beyond: str
    ) -> None:
        petition, asked = WAYS["accepted"](policy, accepted), f"{due} 10:00"
        with pytest.raises(ExtensionTooLong) as refused:
            petition.did(asked, "request-extension", until=date.fromisoformat(beyond))
        assert refused.value.extra["latest"] == longest
        petition.act(asked, "request-extension", until=date.fromisoformat(longest), by="clerk")
        assert petition.case.extension and petition.case.extension.approver == petition.case.lead
        with pytest.raises(OwnRequest):
            petition.act(asked, "petition-approve-extension", by="clerk")
        petition.act(asked, "petition-approve-extension", by="head")
        assert petition.due("handle")[0] == f"{longest} 24:00"
        told = petition.history[-1]
        assert told.data["reason"] and told.data["report_ids"], "the petitioner is told why"
        with pytest.raises(ActionNotAllowed):
            petition.did(asked, "request-extension", until=date.fromisoformat(longest))

    def test_an_approved_one_is_no_breach(self, policy: Policy) -> None:
        petition = WAYS["accepted"](policy, "2026-03-02 09:00")
        petition.act("2026-04-30 10:00", "request-extension", until=date(2026, 5, 20), by="clerk")
        petition.act("2026-04-30 11:00", "petition-approve-extension", by="head")
        assert not _late(petition.wait("2026-05-20 23:59"), "handle")
        assert _late(petition.wait("2026-05-21 00:01"), "handle")

    def test_who_is_late_after_all_is_late_for_the_first_time_and_counted_as_late(self, policy: Policy) -> None:
        """The breach that came while it was decided is none; that of the new day is told from the first level on."""
        petition = WAYS["accepted"](policy, "2026-03-02 09:00")
        petition.act("2026-04-30 10:00", "request-extension", until=date(2026, 5, 31), by="clerk")
        (early,) = [event for event in petition.wait("2026-05-02 10:00") if event.data["clock"] == "handle"]
        petition.act("2026-05-02 11:00", "petition-approve-extension", by="head")
        assert _told(petition).get("handle") is None, "neither in time nor late while it runs"
        (late,) = [event for event in petition.wait("2026-06-01 00:00") if event.data["clock"] == "handle"]
        assert late.type == CLOCK_BREACHED and late.data["step"] == early.data["step"] == 1
        assert late.data["escalated_to"] == early.data["escalated_to"]
        assert _told(petition)["handle"] == (0, 1)
        assert _told(petition.answer("2026-06-02 09:00"))["handle"] == (0, 1)


class TestAskingForAReview:
    @pytest.mark.parametrize(
        ("answered", "noted", "received", "last"),
        [
            ("2026-03-10 17:00", "2026-03-16 09:00", "2026-03-13", "2026-04-12"),  # 18 in March, 12 in April
            ("2026-09-01 09:00", "2026-09-08 09:00", "2026-09-07", "2026-10-07"),  # 23 in September, 7 in October
            ("2026-12-15 09:00", "2026-12-21 09:00", "2026-12-20", "2027-01-19"),  # 11 in December, 19 in January
        ],
    )
    def test_it_is_counted_from_the_day_the_answer_was_received(
        self, policy: Policy, answered: str, noted: str, received: str, last: str
    ) -> None:
        petition = WAYS["answered"](policy, answered).deliver(noted, received)
        assert petition.due("review-window")[0] == f"{last} 24:00"
        with pytest.raises(ActionNotAllowed):
            petition.deliver(noted, received)  # an answer arrives once

    def test_no_day_before_the_answer_and_none_to_come(self, policy: Policy) -> None:
        petition = WAYS["answered"](policy, "2026-03-10 17:00")
        for day, code in (("2026-03-09", "day-too-early"), ("2026-03-13", "day-in-future")):
            with pytest.raises(InvalidField) as refused:
                petition.deliver("2026-03-12 09:00", day)
            assert (refused.value.field, refused.value.code) == ("on", code)

    @pytest.mark.parametrize("swept", [False, True])
    def test_on_the_thirty_first_day_it_is_too_late_and_the_last_day_is_named(
        self, policy: Policy, *, swept: bool
    ) -> None:
        """Whether or not time has closed the case already."""
        petition = WAYS["answered"](policy, "2026-03-10 17:00")
        if swept:
            petition.wait("2026-04-10 00:00")
            assert (petition.case.state, petition.case.outcome) == ("closed", "answered")
        with pytest.raises(WindowOver) as refused:
            petition.ask_review("2026-04-10 00:00")
        assert refused.value.extra["last"] == "2026-04-09"

    def test_on_the_thirtieth_it_is_not(self, policy: Policy) -> None:
        petition = WAYS["answered"](policy, "2026-03-10 17:00")
        assert petition.ask_review("2026-04-09 23:59").case.state == "reviewing"

    def test_a_holiday_closes_the_interval_only_where_the_policy_does_not_roll_over(self, policy: Policy) -> None:
        """5 October is the thirtieth day, in the holiday to 7."""
        with pytest.raises(WindowOver) as refused:
            WAYS["answered"](policy, "2026-09-05 09:00").ask_review("2026-10-06 09:00")
        assert refused.value.extra["last"] == "2026-10-05"
        rolling = _rolling(policy, "review-window")
        assert WAYS["answered"](rolling, "2026-09-05 09:00").ask_review("2026-10-08 09:00").case.state == "reviewing"
        with pytest.raises(WindowOver) as refused:
            WAYS["answered"](rolling, "2026-09-05 09:00").ask_review("2026-10-09 00:00")
        assert refused.value.extra["last"] == "2026-10-08"

    def test_nobody_asks_and_the_case_closes_as_answered(self, policy: Policy) -> None:
        petition = WAYS["answered"](policy, "2026-03-10 17:00")
        assert petition.wait("2026-04-09 23:59") == []
        petition.wait("2026-04-10 00:00")
        assert (petition.case.state, petition.case.outcome) == ("closed", "answered")

    def test_the_same_of_a_re_review(self, policy: Policy) -> None:
        with pytest.raises(WindowOver) as refused:
            WAYS["reviewed"](policy, "2026-06-05 09:00").ask_re_review("2026-07-06 00:00")
        assert refused.value.extra["last"] == "2026-07-05"


class TestHearings:
    def test_a_breach_that_one_told_of_late_makes_none_comes_again(self, policy: Policy) -> None:
        petition = WAYS["re-reviewing"](policy, "2026-04-12 09:00")  # due on 12 May
        assert _late(petition.wait("2026-05-13 00:00"), "re-review")
        petition.hearing("2026-05-13 09:00", "2026-05-11", "2026-05-12")  # 14 May
        assert _told(petition).get("re-review") is None
        assert _late(petition.wait("2026-05-15 00:00"), "re-review")
        assert _told(petition.conclude("2026-05-16 09:00"))["re-review"] == (0, 1)

    def test_their_days_are_not_counted(self, policy: Policy) -> None:
        petition = WAYS["re-reviewing"](policy, "2026-04-12 09:00")  # due on 12 May
        petition.hearing("2026-04-20 09:00", "2026-04-14", "2026-04-16")
        assert petition.due("re-review")[0] == "2026-05-15 24:00"
        assert "2026-04-16" in petition.case.petition.hearings  # type: ignore[union-attr]

    def test_a_day_that_two_hearings_name_is_left_out_once(self, policy: Policy) -> None:
        petition = WAYS["re-reviewing"](policy, "2026-04-12 09:00")
        petition.hearing("2026-04-20 09:00", "2026-04-14", "2026-04-16")
        petition.hearing("2026-04-21 09:00", "2026-04-16", "2026-04-17")  # only 17 is new
        assert petition.due("re-review")[0] == "2026-05-16 24:00"
        petition.hearing("2026-04-21 10:00", "2026-04-14", "2026-04-17")  # nothing is
        assert petition.due("re-review")[0] == "2026-05-16 24:00"
        assert len(petition.case.petition.hearings) == 4  # type: ignore[union-attr]

    def test_over_a_holiday_and_the_end_of_a_year(self, policy: Policy) -> None:
        autumn = WAYS["re-reviewing"](policy, "2026-09-08 09:00")  # due on 8 October
        assert autumn.hearing("2026-09-24 09:00", "2026-09-22", "2026-09-23").due("re-review")[0] == "2026-10-10 24:00"
        winter = WAYS["re-reviewing"](policy, "2026-12-10 09:00")  # due on 9 January
        assert winter.hearing("2026-12-16 09:00", "2026-12-15").due("re-review")[0] == "2027-01-10 24:00"

    @pytest.mark.parametrize(
        ("since", "until", "field", "code"),
        [
            ("2026-04-11", "2026-04-11", "since", "day-too-early"),
            ("2026-04-20", "2026-04-21", "until", "day-in-future"),
            ("2026-04-16", "2026-04-14", "until", "until-before-since"),
        ],
    )
    def test_a_day_that_cannot_be_is_refused(
        self, policy: Policy, since: str, until: str, field: str, code: str
    ) -> None:
        with pytest.raises(InvalidField) as refused:
            WAYS["re-reviewing"](policy, "2026-04-12 09:00").hearing("2026-04-20 09:00", since, until)
        assert (refused.value.field, refused.value.code) == (field, code)


LIMITS = {
    "register": ('"15 日"', '"16 日"'),
    "accept": ('"15 日"', '"16 日"'),
    "objection": ('"5 工作日"', '"6 工作日"'),
    "handle": ('"60 日"', '"61 日"'),
    "review-window": ('"30 日"', '"31 日"'),
    "review": ('"30 日"', '"31 日"'),
    "re-review-window": ('"30 日"', '"31 日"'),
    "re-review": ('"30 日"', '"31 日"'),
}


@pytest.mark.parametrize("clock", LIMITS)
def test_another_number_in_the_pack_is_another_day_and_nothing_else(policy: Policy, tmp_path: Path, clock: str) -> None:
    pack = Path(shutil.copytree(PACK, tmp_path / "pack"))
    path, (was, becomes) = pack / "procedures" / "petition.toml", LIMITS[clock]
    before, found, after = path.read_text("utf-8").partition(f'[[clock]]\nid = "{clock}"')
    path.write_text(before + found + after.replace(f"limit = {was}", f"limit = {becomes}", 1), "utf-8")
    changed = policy_from(json.loads(compile_pack(pack)))
    plain, other = _whole_life(policy), _whole_life(changed)
    assert [event.type for event in plain.history] == [event.type for event in other.history]
    lasted = {
        name: (one.due_at, another.due_at)
        for one, another in zip(plain.case.clocks, other.case.clocks, strict=True)
        if (name := one.name) == another.name and one.due_at != another.due_at
    }
    assert set(lasted) == {clock} and all(one < another for one, another in lasted.values())
    alike = {"clocks": (), "policy_version": "", "digest": ""}
    assert replace(plain.case, **alike) == replace(other.case, **alike)


def _whole_life(policy: Policy) -> Petition:
    """Through all three levels."""
    petition = Petition(policy, "2026-03-02 09:00").register("2026-03-03 09:00").pass_on("2026-03-04 09:00")
    petition.accept("2026-03-06 09:00").answer("2026-03-20 09:00").deliver("2026-03-24 09:00", "2026-03-23")
    petition.ask_review("2026-04-10 09:00").answer_review("2026-04-20 09:00").ask_re_review("2026-05-06 09:00")
    return petition.hearing("2026-05-13 09:00", "2026-05-12").conclude("2026-05-20 09:00")


def test_a_petition_through_all_three_levels_ends_for_good(policy: Policy) -> None:
    petition = _whole_life(policy)
    assert (petition.case.state, petition.case.outcome) == ("closed", "final")
    assert petition.case.petition and [opinion.level for opinion in petition.case.petition.opinions] == [
        "handling",
        "review",
        "re-review",
    ]
    bodies = petition.case.petition.answered_by
    assert len(set(bodies)) == 3, "never by a body that answered"
    assert {clock.state.value for clock in petition.case.clocks if clock.name in ARTICLES} <= {"met", "stopped"}


def _rolling(policy: Policy, clock: str) -> Policy:
    """The policy where a clock rolls over days off."""
    procedure = policy.procedures["petition"]
    rule: Any = procedure.clocks[clock]
    clocks = {**procedure.clocks, clock: rule._replace(roll_over=True)}
    return replace(policy, procedures={**policy.procedures, "petition": procedure._replace(clocks=clocks)})


def _told(petition: Petition) -> dict[str, Deadlines]:
    """What is counted of its deadlines."""
    happened = (
        Happening(event.id, event.type, event.time, {"area": None, "kind": "petition", **event.data})
        for event in petition.history
    )
    added = (counted(each, petition.policy.day_of(each.time), "320302", None).values() for each in happened)
    return deadlines(added_up(itertools.chain.from_iterable(added)))


def _late(events: list[CaseEvent], clock: str) -> bool:
    return any(event.type == CLOCK_BREACHED and event.data["clock"] == clock for event in events)
