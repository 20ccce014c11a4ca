"""What a clerk enters late takes nothing from the petitioner's time (信访工作条例 35, 36), dated by hand.

The day of receipt that is noted once the window has closed the case, and the request that was posted in time. Days off
as in `test_petition_limits`: they count, as none of these limits rolls over.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.domain.case_file import file_of
from chalicelib.domain.cases import Case
from chalicelib.domain.envelope import Happening
from chalicelib.domain.errors import ActionNotAllowed, InvalidField, WindowOver
from chalicelib.domain.events import PETITION_REVIEW_ASKED
from chalicelib.domain.explaining import explain
from chalicelib.domain.figures import OPEN, Tally, containment, counted, parts_of, petitions
from chalicelib.domain.narrating import told
from chalicelib.domain.policy import Policy
from chalicelib.domain.procedure import allowed_actions
from tests.petitioning import WAYS, Petition
from tests.world import Kept

NOTED_LATE = [
    # answered, received, noted once the window had closed it, the last of the 30 days after receipt
    ("2026-03-10 17:00", "2026-03-20", "2026-04-11 09:00", "2026-04-19"),  # 11 in March, 19 in April
    ("2026-08-28 09:00", "2026-09-07", "2026-09-29 09:00", "2026-10-07"),  # 23, and 7 in the holiday to 7 October
    ("2026-12-20 09:00", "2027-01-18", "2027-02-16 10:00", "2027-02-17"),  # 13, and 17 in the Spring Festival
]


class TestAReceiptThatIsNotedLate:
    @pytest.mark.parametrize(("answered", "received", "noted", "last"), NOTED_LATE)
    def test_brings_back_what_closed_before_the_thirty_days_were_over(
        self, policy: Policy, answered: str, received: str, noted: str, last: str
    ) -> None:
        petition = _closed(WAYS["answered"](policy, answered), noted)
        petition.deliver(noted, received)
        case = petition.case
        assert (case.state, case.turn, case.outcome, case.open) == ("answered", "nobody", None, True)
        assert petition.due("review-window")[0] == f"{last} 24:00"
        assert case.next_timer == case.closes_at == petition.clock("review-window").due_at
        assert petition.ask_review(f"{last} 23:59").case.state == "reviewing"

    @pytest.mark.parametrize(("answered", "received", "noted", "last"), NOTED_LATE)
    def test_the_same_of_a_review(self, policy: Policy, answered: str, received: str, noted: str, last: str) -> None:
        petition = _closed(WAYS["reviewed"](policy, answered), noted).deliver(noted, received)
        assert (petition.case.state, petition.due("re-review-window")[0]) == ("reviewed", f"{last} 24:00")
        assert petition.ask_re_review(f"{last} 23:59").case.state == "re-reviewing"

    @pytest.mark.parametrize(("answered", "received", "noted", "last"), NOTED_LATE)
    def test_what_nobody_asks_for_then_closes_again_and_is_counted_once(
        self, policy: Policy, answered: str, received: str, noted: str, last: str
    ) -> None:
        petition = _closed(WAYS["answered"](policy, answered), noted)
        assert (_ends(petition), _open_now(petition)) == ((1, {"handling": 1}, 1), 0)
        petition.deliver(noted, received)
        assert (_ends(petition), _open_now(petition)) == ((0, {}, 0), 1)
        assert petition.wait(f"{last} 23:59") == []
        petition.wait(f"{_day_after(last)} 00:00")
        assert (petition.case.state, petition.case.outcome) == ("closed", "answered")
        assert (_ends(petition), _open_now(petition)) == ((1, {"handling": 1}, 1), 0)
        with pytest.raises(WindowOver) as refused:
            petition.ask_review(f"{_day_after(last)} 00:00")
        assert refused.value.extra["last"] == last

    @pytest.mark.parametrize(
        ("answered", "received", "noted", "last"),
        [
            ("2026-03-10 17:00", "2026-03-12", "2026-04-12 00:00", "2026-04-11"),
            ("2026-09-01 09:00", "2026-09-05", "2026-10-06 09:00", "2026-10-05"),  # in the holiday, and no day longer
            ("2026-12-20 09:00", "2026-12-20", "2027-01-20 08:00", "2027-01-19"),  # the day of the answer itself
        ],
    )
    @pytest.mark.parametrize("swept", [False, True])
    def test_not_where_the_thirty_days_are_over_by_that_day_too(
        self, policy: Policy, answered: str, received: str, noted: str, last: str, *, swept: bool
    ) -> None:
        petition = WAYS["answered"](policy, answered)
        before = _closed(petition, noted).case if swept else petition.case
        with pytest.raises(InvalidField) as refused:
            petition.deliver(noted, received)
        assert (refused.value.field, refused.value.code) == ("on", "received-too-long-ago")
        assert refused.value.extra["last"] == last
        assert petition.case == before

    def test_a_minute_before_the_thirtieth_day_ends_it_does(self, policy: Policy) -> None:
        petition = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-11 23:59")
        petition.deliver("2026-04-11 23:59", "2026-03-12")
        assert petition.case.state == "answered"
        petition.wait("2026-04-12 00:00")
        assert petition.case.outcome == "answered"

    @pytest.mark.parametrize(
        ("day", "code"),
        [("2026-03-09", "day-too-early"), ("2026-04-12", "day-in-future"), ("2025-03-20", "day-too-early")],
    )
    def test_no_day_before_the_answer_and_none_to_come(self, policy: Policy, day: str, code: str) -> None:
        petition = _closed(_answered(policy), "2026-04-11 09:00")
        with pytest.raises(InvalidField) as refused:
            petition.deliver("2026-04-11 09:00", day)
        assert (refused.value.field, refused.value.code) == ("on", code)
        assert code == "day-in-future" or refused.value.extra["earliest"] == "2026-03-10"

    def test_an_answer_arrives_once(self, policy: Policy) -> None:
        petition = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-11 09:00")
        petition.deliver("2026-04-11 09:00", "2026-03-20")
        with pytest.raises(ActionNotAllowed):
            petition.deliver("2026-04-11 10:00", "2026-03-25")
        _closed(petition, "2026-04-20 00:00")
        with pytest.raises(ActionNotAllowed) as refused:
            petition.deliver("2026-04-20 09:00", "2026-04-01")
        assert "petition-deliver" not in refused.value.extra["allowed_actions"]

    @pytest.mark.parametrize("how", ["directed", "declined", "withdrawn", "withdrawn after the window", "final"])
    def test_nothing_else_that_has_ended_comes_back(self, policy: Policy, how: str) -> None:
        petition = _ended(policy, how)
        assert petition.case.state == "closed"
        for action in ("petition-deliver", "petition-ask-review", "petition-ask-re-review"):
            with pytest.raises(ActionNotAllowed) as refused:
                petition.did("2026-06-02 09:00", action, on=date(2026, 6, 1))
            assert refused.value.code == "action-not-allowed"
            assert not {"petition-deliver", "petition-ask-review"} & {*refused.value.extra["allowed_actions"]}

    def test_a_card_is_examined_again_once_it_is_reviewed(self, policy: Policy) -> None:
        """It is asked for no more while the petition is closed, and not while it is answered."""
        petition = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-11 09:00")
        petition.deliver("2026-04-11 09:00", "2026-03-20")
        assert petition.case.clock("card") is None
        petition.ask_review("2026-04-13 09:00")
        card = petition.case.clock("card")
        assert card is not None and petition.local(card.started_at) == "2026-04-13 09:00"

    def test_another_petition_of_the_same_facts_takes_nothing_from_it_and_is_declined_for_it(
        self, policy: Policy
    ) -> None:
        first = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-10 00:00")
        second = Petition(policy, "2026-04-10 09:00").register("2026-04-10 10:00", other=_beside(first))
        with pytest.raises(InvalidField) as refused:
            second.did("2026-04-10 11:00", "petition-decline", ground="in-progress", other=_beside(first))
        assert refused.value.code == "other-petition-unfit"
        first.deliver("2026-04-11 09:00", "2026-03-20")
        second.did("2026-04-11 10:00", "petition-decline", ground="in-progress", other=_beside(first))
        assert (first.case.state, second.case.outcome) == ("answered", "not-accepted")

    def test_it_is_told_and_explained(self, policy: Policy) -> None:
        petition = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-11 09:00")
        petition.deliver("2026-04-11 09:00", "2026-03-20")
        assert _sentence(petition).startswith("送达登记：信访人于3月20日收到书面答复，申请期限尚未届满，撤销归档")
        early, late = [each for each in explain(petition.history, Kept(policy)) if each.clock.name == "review-window"]
        assert any("期间届满，事项归档" in step.zh for step in early.steps)
        assert any("自指明之日开始计时" in step.zh for step in late.steps) and not late.differs
        file = file_of(petition.history, lambda _: policy, petition.moment("2026-04-12 09:00"))
        assert ("办理结果", "尚未归档") in file.outcome and ("当前环节", "已答复") in file.head


POSTED = [
    # answered, posted on one of the 30 days, entered after them
    ("2026-03-10 17:00", "2026-04-08", "2026-04-12 09:00"),  # day 29
    ("2026-03-10 17:00", "2026-04-09", "2026-04-10 00:00"),  # the last day, entered as it is over
    ("2026-09-05 09:00", "2026-10-05", "2026-10-09 09:00"),  # the last day in the holiday to 7 October
    ("2027-01-18 09:00", "2027-02-17", "2027-03-04 09:00"),  # the last day, and the last on which it may be entered
]


class TestARequestThatWasPostedInTime:
    @pytest.mark.parametrize("swept", [False, True])
    @pytest.mark.parametrize(("answered", "posted", "entered"), POSTED)
    def test_is_in_time_whenever_it_is_entered_and_who_reviews_has_the_whole_time(
        self, policy: Policy, answered: str, posted: str, entered: str, *, swept: bool
    ) -> None:
        petition = WAYS["answered"](policy, answered)
        if swept:
            _closed(petition, entered)
        petition.ask_review(entered, on=date.fromisoformat(posted))
        case = petition.case
        assert (case.state, case.turn, case.outcome, case.open) == ("reviewing", "lead", None, True)
        assert petition.clock("review").started_at == petition.moment(entered)
        last = date.fromisoformat(entered[:10]) + timedelta(days=30)
        assert petition.due("review")[0] == f"{last} 24:00"
        asked = next(event for event in reversed(petition.history) if event.type == PETITION_REVIEW_ASKED)
        assert asked.data["on"] == posted and ("closed_as" in asked.data) is swept
        assert case.clock("card") is not None
        assert (_ends(petition), _open_now(petition)) == ((0, {}, 0), 1)

    @pytest.mark.parametrize(("answered", "posted", "entered"), POSTED)
    def test_the_same_of_a_re_review(self, policy: Policy, answered: str, posted: str, entered: str) -> None:
        petition = _closed(WAYS["reviewed"](policy, answered), entered)
        petition.ask_re_review(entered, on=date.fromisoformat(posted))
        assert petition.case.state == "re-reviewing"
        assert petition.conclude(entered).case.outcome == "final"
        assert _ends(petition) == (1, {"re-review": 1}, 1)

    @pytest.mark.parametrize("swept", [False, True])
    @pytest.mark.parametrize(
        ("answered", "posted", "entered", "last"),
        [
            ("2026-03-10 17:00", "2026-04-10", "2026-04-12 09:00", "2026-04-09"),  # the thirty-first day
            ("2026-09-05 09:00", "2026-10-06", "2026-10-06 09:00", "2026-10-05"),  # in the holiday
            ("2027-01-18 09:00", "2027-02-18", "2027-03-10 09:00", "2027-02-17"),
        ],
    )
    def test_on_the_thirty_first_day_it_is_not(
        self, policy: Policy, answered: str, posted: str, entered: str, last: str, *, swept: bool
    ) -> None:
        petition = WAYS["answered"](policy, answered)
        before = _closed(petition, entered).case if swept else petition.case
        with pytest.raises(WindowOver) as refused:
            petition.ask_review(entered, on=date.fromisoformat(posted))
        assert refused.value.extra["last"] == last and petition.case == before

    @pytest.mark.parametrize("swept", [False, True])
    @pytest.mark.parametrize(
        ("posted", "entered", "code", "earliest"),
        [
            ("2026-03-09", "2026-04-10 09:00", "day-too-early", "2026-03-26"),  # the day before the answer
            ("2026-04-11", "2026-04-10 09:00", "day-in-future", None),
            ("2026-04-09", "2026-04-25 09:00", "day-too-long-ago", "2026-04-10"),  # 16 days
        ],
    )
    def test_a_day_that_cannot_be_is_refused(
        self, policy: Policy, posted: str, entered: str, code: str, earliest: str | None, *, swept: bool
    ) -> None:
        petition = _answered(policy)
        if swept:
            _closed(petition, entered)
        with pytest.raises(InvalidField) as refused:
            petition.ask_review(entered, on=date.fromisoformat(posted))
        assert (refused.value.field, refused.value.code) == ("on", code)
        assert refused.value.extra.get("earliest") == earliest

    def test_a_day_long_ago_takes_nothing_from_who_is_in_time_anyhow(self, policy: Policy) -> None:
        petition = WAYS["answered"](policy, "2026-03-10 17:00")
        assert petition.ask_review("2026-04-09 23:59", on=date(2026, 3, 10)).case.state == "reviewing"

    def test_twice_is_once(self, policy: Policy) -> None:
        petition = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-12 09:00")
        petition.ask_review("2026-04-12 09:00", on=date(2026, 4, 8))
        with pytest.raises(ActionNotAllowed):
            petition.ask_review("2026-04-12 10:00", on=date(2026, 4, 8))

    def test_only_the_review_of_that_level_is_asked_for(self, policy: Policy) -> None:
        first = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-12 09:00")
        with pytest.raises(ActionNotAllowed) as refused:
            first.ask_re_review("2026-04-12 09:00", on=date(2026, 4, 8))
        assert refused.value.code == "action-not-allowed"
        second = _closed(WAYS["reviewed"](policy, "2026-03-10 17:00"), "2026-04-12 09:00")
        with pytest.raises(ActionNotAllowed):
            second.ask_review("2026-04-12 09:00", on=date(2026, 4, 8))

    def test_by_the_day_of_receipt_where_that_is_noted(self, policy: Policy) -> None:
        """Received on 20 March: until 19 April."""
        petition = WAYS["answered"](policy, "2026-03-10 17:00").deliver("2026-03-24 09:00", "2026-03-20")
        _closed(petition, "2026-04-21 09:00")
        petition.ask_review("2026-04-21 09:00", on=date(2026, 4, 19))
        assert petition.case.state == "reviewing"

    def test_both_by_one_clerk_who_was_late_with_both(self, policy: Policy) -> None:
        petition = _closed(WAYS["answered"](policy, "2026-03-10 17:00"), "2026-04-20 09:00")
        with pytest.raises(WindowOver):
            petition.ask_review("2026-04-20 09:00", on=date(2026, 4, 18))
        with pytest.raises(InvalidField):
            petition.deliver("2026-04-20 09:00", "2026-03-20")  # until 19 April: the receipt alone does not help
        petition.deliver("2026-04-20 09:00", "2026-03-21").ask_review("2026-04-20 09:01", on=date(2026, 4, 18))
        assert petition.case.state == "reviewing"

    @pytest.mark.parametrize(("day", "offered"), [("2026-04-09", True), ("2026-04-24", True), ("2026-04-25", False)])
    @pytest.mark.parametrize("swept", [False, True])
    def test_it_is_offered_as_long_as_it_may_be_entered(
        self, policy: Policy, day: str, *, offered: bool, swept: bool
    ) -> None:
        petition = WAYS["answered"](policy, "2026-03-10 17:00")
        if swept and day > "2026-04-09":
            _closed(petition, f"{day} 09:00")
        actions = allowed_actions(petition.case, policy, petition.moment(f"{day} 23:59"))
        assert ("petition-ask-review" in actions) is offered
        assert "petition-ask-re-review" not in actions

    def test_it_is_told_and_explained(self, policy: Policy) -> None:
        for swept, back in ((True, "，在期限内提出，撤销归档"), (False, "")):
            petition = WAYS["answered"](policy, "2026-03-10 17:00")
            if swept:
                _closed(petition, "2026-04-12 09:00")
            petition.ask_review("2026-04-12 09:00", on=date(2026, 4, 8))
            assert any(f"信访人申请复查（4月8日寄出或者提出）{back}，由" in each for each in _sentences(petition))
            steps = [step.zh for step in petition.explained("review-window").steps]
            assert any("事项归档" in step for step in steps) is swept
            assert any("（申请于4月8日寄出或者提出），期间终止" in step for step in steps) is not swept


def _closed(petition: Petition, at: str) -> Petition:
    """By its window, as time is let have its way at a moment."""
    petition.wait(at)
    assert (petition.case.state, petition.case.outcome) == ("closed", "answered")
    return petition


def _ended(policy: Policy, how: str) -> Petition:
    at = "2026-06-01 09:00"
    match how:
        case "directed":
            return WAYS["register"](policy, at).register(at).did(at, "petition-direct", way="litigation")
        case "declined":
            return WAYS["register"](policy, at).register(at).did(at, "petition-decline", ground="no-request")
        case "withdrawn":
            return WAYS["accepted"](policy, at).did(at, "withdraw")
        case "withdrawn after the window":
            late = _closed(WAYS["answered"](policy, "2026-05-01 09:00"), at)
            return late.ask_review(at, on=date(2026, 5, 31)).did(at, "withdraw")
    return WAYS["re-reviewing"](policy, at).conclude(at)


def _answered(policy: Policy) -> Petition:
    """On 10 March, and not on the day it came."""
    return WAYS["accepted"](policy, "2026-03-02 09:00").answer("2026-03-10 17:00")


def _beside(petition: Petition) -> Case:
    """As it is known to another case, whose id is not its own."""
    return replace(petition.case, id="01B")


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _sentences(petition: Petition) -> list[str]:
    return [line.what for line in told(petition.history, lambda _: petition.policy)]


def _sentence(petition: Petition) -> str:
    return _sentences(petition)[-1]


def _added(petition: Petition) -> dict[Tally, Counter[str]]:
    """What is counted of it, in all months together."""
    total: dict[Tally, Counter[str]] = {}
    for event in petition.history:
        happened = Happening(event.id, event.type, event.time, {"area": None, "kind": "petition", **event.data})
        for tally, counts in counted(happened, petition.policy.day_of(event.time), "320302", None).items():
            period = tally._replace(period=OPEN if tally.period == OPEN else "all")
            total.setdefault(period, Counter[str]()).update(counts)
    return total


def _ends(petition: Petition) -> tuple[int, dict[str, int], int]:
    """How often it ended answered, at which level, and how often it was settled, as figures tell it."""
    (counts,) = (
        counts for tally, counts in _added(petition).items() if (tally.period, tally.kind) == ("all", "petition")
    )
    kept = containment(counts)
    return sum(parts_of(counts, "closed").values()), dict(petitions(counts).settled_at), kept.settled + kept.unknown


def _open_now(petition: Petition) -> int:
    return sum(counts[OPEN] for tally, counts in _added(petition).items() if tally.period == OPEN)
