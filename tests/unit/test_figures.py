"""What an event adds to which counters, and what counters tell together."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import acts, mediation_acts, procedure
from chalicelib.domain import events as E
from chalicelib.domain.envelope import Happening, opened
from chalicelib.domain.figures import (
    COUNTED_TYPES,
    LEVELS,
    OPEN,
    Counts,
    Tally,
    added_up,
    containment,
    counted,
    deadlines,
    last_day_of,
    mediations,
    month_of,
    months_between,
    of_matters,
    parts_of,
    petitions,
)
from tests.contract.documents import fixture, fixture_names

DISTRICT, STREET, COMMUNITY = "320302", "320302001", "320302001002"
CELL = f"{COMMUNITY}0103"
DAY = "2026-11-25"
HERE = Tally("2026-11", COMMUNITY, "hazard")
NOW = HERE._replace(period=OPEN)


def happening(event_type: str, *, kind: str | None = "hazard", area: str | None = CELL, **facts: Any) -> Happening:
    place = {"code": area, "path": ["鼓楼区"]} if area else None
    at = datetime(2026, 11, 25, 3, 40, tzinfo=UTC)
    return Happening("01KAMZE7X2J8N0Q5S7V9Z3B4DE.7.2", event_type, at, {"kind": kind, "area": place, **facts})


def added(event: Happening, contained_at: str | None = None) -> dict[Tally, Counts]:
    return counted(event, DAY, DISTRICT, contained_at)


class TestWhatAnEventAdds:
    @pytest.mark.parametrize(
        ("event", "names"),
        [
            (happening(E.CASE_REPORTED, source="mobile"), {"opened", "source:mobile"}),
            (happening(E.CASE_JOINED, source="12345"), {"joined", "source:12345"}),
            (happening(E.CASE_ASSIGNED), {"assigned"}),
            (happening(E.CASE_RESOLVED), {"resolved"}),
            (happening(E.CASE_REOPENED), {"reopened"}),
            (happening(E.CASE_RETURNED), {"returned"}),
            (happening(E.CASE_TRANSFERRED), {"transferred"}),
            (happening(E.CASE_ESCALATED), {"escalated"}),
            (happening(E.CASE_DELEGATED), {"delegated"}),
            (happening(E.CLOCK_BREACHED, clock="accept"), {"breached:accept"}),
            (happening(E.CLOCK_BREACHED, clock="accept", step=1), {"breached:accept"}),
            (
                happening(E.CASE_ACCEPTED, timing={"ended": {"accept": "late", "objection": "stopped"}}),
                {"ended:accept:late", "ended:objection:stopped"},
            ),
        ],
        ids=lambda value: value.type if isinstance(value, Happening) else "",
    )
    def test_a_fact_is_counted_once_in_the_month_area_and_kind_it_happened_in(
        self, event: Happening, names: set[str]
    ) -> None:
        assert added(event)[HERE] == dict.fromkeys(names, 1)

    @pytest.mark.parametrize(
        ("event", "names"),
        [
            (happening(E.CASE_CLOSED, outcome="answered", instance="review"), {"instance:review"}),
            (happening(E.CASE_CLOSED, outcome="withdrawn", instance="review"), set()),
            (happening(E.PETITION_REGISTERED, report_ids=["r"]), {"petitions"}),
            (happening(E.PETITION_REGISTERED, report_ids=["r"], earlier="C"), {"petitions", "petitions-repeated"}),
            (happening(E.PETITION_REGISTERED, report_ids=["r", "s"]), {"petitions", "petitions-repeated"}),
            (happening(E.PETITION_DECLINED, other="C", repeated=True), {"petitions-repeated"}),
            (happening(E.PETITION_DECLINED, other="C"), set()),
            (happening(E.MEDIATION_OPENED), {"mediations"}),
            (happening(E.MEDIATION_AGREED), {"mediations-agreed"}),
            (happening(E.MEDIATION_ENDED, outcome="refused"), {"mediation-ended:refused"}),
            (happening(E.MEDIATION_PERFORMED, performed="partly"), {"performed:partly"}),
            (happening(E.MEDIATION_RULED, ruling="confirmed"), {"ruled:confirmed"}),
            (happening(E.MATTER_MERGED), {"merged"}),
            (happening(E.CASE_ACCEPTED, timing={"ended": {"accept": "late"}, "untold": ["accept"]}), {"untold:accept"}),
            (happening(E.EXTENSION_APPROVED, clock="handle", forgiven=True), {"forgiven:handle"}),
            (happening(E.EXTENSION_APPROVED, clock="handle"), set()),
            (happening(E.PETITION_HEARD, uncounted={"re-review": {"forgiven": True}}), {"forgiven:re-review"}),
        ],
        ids=lambda value: value.type if isinstance(value, Happening) else "",
    )
    def test_petitions_mediations_and_matters_are_counted_by_what_came_of_them(
        self, event: Happening, names: set[str]
    ) -> None:
        counts = added(event).get(HERE, {})
        ours = {name for name in counts if not name.startswith(("closed:", "settled", "ended:"))}
        assert ours == names and set(counts.values()) <= {1}

    def test_what_is_over_and_undone_counts_as_missed_until_it_is_forgiven(self) -> None:
        counts = {"ended:handle:met": 3, "breached:handle": 2, "untold:handle": 1, "forgiven:handle": 1}
        assert deadlines(counts) == {"handle": (3, 2)} and deadlines(counts)["handle"].share == 0.6
        assert deadlines({"ended:review-window:stopped": 4}) == {}, "nobody could be late"

    def test_shares_are_of_what_came_to_an_end(self) -> None:
        counts = {
            **{"opened": 7, "joined": 4, "source:12345": 6, "source:sms": 4, "merged": 3, "unmerged": 1},
            **{"petitions": 4, "petitions-repeated": 1},
            **{"instance:handling": 3, "instance:review": 1, "mediations": 9, "mediations-agreed": 4},
            **{"mediation-ended:failed": 3, "mediation-ended:crime": 1, "performed:full": 3, "performed:none": 1},
        }
        told, of, held = of_matters(counts), petitions(counts), mediations(counts)
        assert (told.reports, told.matters, told.per_matter) == (10, 5, 2.0), "one was split off"
        assert (of.repeated_share, of.first_instance_share) == (0.25, 0.75)
        assert (held.success_share, held.performance_share) == (0.5714, 0.75)
        assert (petitions({}).first_instance_share, mediations({}).success_share, of_matters({}).per_matter) == (
            None,
        ) * 3

    def test_a_split_makes_another_matter_of_reports_that_are_there(self) -> None:
        told = [
            happening(E.CASE_REPORTED, source="mobile"),
            happening(E.CASE_JOINED, source="12345"),
            happening(E.CASE_JOINED, source="sms"),
            happening(E.CASE_REPORTED, source="sms", split_from="C"),
        ]
        assert of_matters(added_up(added(each)[HERE] for each in told)) == (3, 2)

    def test_no_more_than_all_are_repeated_though_some_were_registered_in_another_month(self) -> None:
        assert petitions({"petitions": 1, "petitions-repeated": 2}).repeated_share == 1.0

    def test_a_deadline_that_is_missed_further_and_further_was_missed_once(self) -> None:
        assert added(happening(E.CLOCK_BREACHED, clock="accept", step=2)) == {}

    def test_a_case_that_ends_is_one_less_open_and_says_where_it_was_settled(self) -> None:
        event = happening(E.CASE_CLOSED, outcome="satisfied", level="street", timing={"ended": {"resolve": "met"}})
        assert added(event, "community") == {
            HERE: {"closed:satisfied": 1, "settled:community:street": 1, "ended:resolve:met": 1},
            HERE._replace(period="2026-11:days"): {"25:closed": 1},
            NOW: {OPEN: -1},
        }

    def test_where_it_should_have_been_settled_is_what_its_event_says_before_the_policy(self) -> None:
        event = happening(E.CASE_CLOSED, outcome="satisfied", level="cell", start_level="building")
        assert "settled:building:cell" in added(event, "community")[HERE]

    @pytest.mark.parametrize("outcome", ["withdrawn", "voided"])
    def test_what_needed_no_settling_says_nothing_of_containment(self, outcome: str) -> None:
        counts = added(happening(E.CASE_CLOSED, outcome=outcome, level="cell"), "cell")[HERE]
        assert counts == {f"closed:{outcome}": 1}

    @pytest.mark.parametrize(
        ("level", "contained_at"), [(None, "cell"), ("cell", None), ("province", "cell"), ("cell", "x")]
    )
    def test_a_case_whose_levels_are_not_known_is_counted_beside_the_others(
        self, level: str | None, contained_at: str | None
    ) -> None:
        counts = added(happening(E.CASE_CLOSED, outcome="satisfied", level=level), contained_at)[HERE]
        assert counts["settled-somewhere"] == 1
        assert containment(counts) == (0, 0, (), 1)

    @pytest.mark.parametrize(
        ("area", "counted_in"),
        [(CELL, COMMUNITY), (COMMUNITY, COMMUNITY), (STREET, STREET), (DISTRICT, DISTRICT), (None, DISTRICT)],
    )
    def test_what_is_not_placed_is_counted_as_close_as_it_is_known(self, area: str | None, counted_in: str) -> None:
        assert {tally.area for tally in added(happening(E.CASE_REPORTED, area=area, source="sms"))} == {counted_in}

    def test_a_case_that_moves_goes_on_being_open_elsewhere(self) -> None:
        before = {"code": "3203020010030101", "path": ["鼓楼区"]}
        event = happening(E.CASE_MOVED, from_area=before, network="v2", decided_by="only-successor")
        assert added(event) == {NOW._replace(area="320302001003"): {OPEN: -1}, NOW: {OPEN: 1}}

    def test_a_case_that_is_taken_up_again_after_its_end_is_open_again(self) -> None:
        assert added(happening(E.CASE_REOPEN_REQUESTED, closed_as="unvisited")) == {NOW: {OPEN: 1}}

    @pytest.mark.parametrize("event", [E.PETITION_DELIVERED, E.PETITION_REVIEW_ASKED])
    def test_an_end_that_was_none_is_taken_back(self, event: str) -> None:
        levels = {"level": "street", "start_level": "street", "instance": "handling"}
        ended = added(happening(E.CASE_CLOSED, outcome="answered", **levels))
        undone = added(happening(event, closed_as="answered", **levels))
        both = added_up([ended[HERE], undone[HERE]])
        assert (ended[NOW], undone[NOW]) == ({OPEN: -1}, {OPEN: 1})
        assert (parts_of(both, "closed"), petitions(both).settled_at, containment(both).settled) == ({}, {}, 0)
        again = added_up([both, ended[HERE]])
        assert (parts_of(again, "closed"), containment(again).cells) == ({"answered": 1}, (("street", "street", 1),))
        assert parts_of(undone[HERE], "closed") == {}, "of a month by itself no less than nothing"
        assert added(happening(event)) == {}, "of one that had not ended"

    def test_nor_is_it_settled_somewhere(self) -> None:
        facts = {"level": None, "instance": "handling"}
        both = added_up(
            added(each)[HERE]
            for each in (
                happening(E.CASE_CLOSED, outcome="answered", **facts),
                happening(E.PETITION_DELIVERED, closed_as="answered", **facts),
            )
        )
        assert containment(both).unknown == 0
        assert added(happening(E.CASE_REOPEN_REQUESTED, visit_id="1")) == {}, "it was open still"

    def test_a_case_that_moves_within_its_community_moves_nothing(self) -> None:
        assert added(happening(E.CASE_MOVED, from_area={"code": f"{COMMUNITY}0101", "path": []})) == {}

    def test_a_case_that_is_classified_anew_goes_on_being_open_as_what_it_is(self) -> None:
        was = {"kind": None, "area": None}
        event = happening(E.CASE_CLASSIFIED, was=was)
        assert added(event) == {Tally(OPEN, DISTRICT, None): {OPEN: -1}, NOW: {OPEN: 1}}
        assert added(happening(E.CASE_CLASSIFIED)) == {}, "as it was opened"

    @pytest.mark.parametrize(
        "event",
        [
            happening(E.CASE_REPORTED),
            happening(E.CASE_REPORTED, source=["sms"]),
            happening(E.CASE_REPORTED, source="a:b"),
            happening(E.CASE_REPORTED, source="x" * 65),
            happening(E.CASE_REPORTED, source="网格"),
            happening(E.CASE_REPORTED, source="sms", kind="hazard#x"),
            happening(E.CASE_REPORTED, source="sms", area="3203"),
            happening(E.CASE_REPORTED, source="sms", area="FIGURES"),
            happening(E.CASE_CLOSED, level="cell"),
            happening(E.CLOCK_BREACHED, clock=None),
            happening(E.CASE_MOVED),
        ],
        ids=lambda event: f"{event.type} {str(dict(event.data))[:60]}",
    )
    def test_an_event_without_its_facts_is_not_guessed_at(self, event: Happening) -> None:
        with pytest.raises((KeyError, TypeError, ValueError)):
            added(event)

    @pytest.mark.parametrize("event_type", sorted(fixture_names()))
    def test_what_the_function_is_not_sent_would_add_nothing(self, event_type: str) -> None:
        """The subscription names the types that may add something; one it leaves out adds nothing."""
        found = added(opened(fixture(event_type)))
        assert event_type in COUNTED_TYPES or found == {}


def test_every_event_by_which_a_clock_may_end_is_sent_to_be_counted() -> None:
    """Clocks end where a case enters a state: `enter` is given those events by name, or by who passes a case on."""
    named = set()
    for module in (acts, procedure, mediation_acts):
        for call in (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in ("enter", "pass_on", "_tell_counting"):
                named |= {arg.attr for arg in call.args if isinstance(arg, ast.Attribute) and hasattr(E, arg.attr)}
    assert "CASE_ACCEPTED" in named and "CASE_ESCALATED" in named
    assert {getattr(E, name) for name in named} <= COUNTED_TYPES


MOVES = st.lists(
    st.tuples(st.sampled_from([CELL, f"{COMMUNITY}0101", STREET, None]), st.sampled_from(["hazard", "dispute", None])),
    max_size=4,
)


@given(MOVES, st.booleans(), st.randoms(use_true_random=False))
def test_in_whatever_order_events_come_a_case_is_open_once_while_it_lasts(
    moves: list[tuple[str | None, str | None]], closes: bool, chance: Any
) -> None:
    history = [happening(E.CASE_REPORTED, area=None, kind=None, source="sms")]
    for (area, kind), (to, as_what) in itertools.pairwise([(None, None), *moves]):
        was = {"kind": kind, "area": {"code": area, "path": []} if area else None}
        history.append(happening(E.CASE_CLASSIFIED, area=to, kind=as_what, was=was))
    area, kind = moves[-1] if moves else (None, None)
    if closes:
        history.append(happening(E.CASE_CLOSED, area=area, kind=kind, outcome="satisfied", level="cell"))
    chance.shuffle(history)
    total: defaultdict[Tally, Counter[str]] = defaultdict(Counter)
    for event in history:
        for tally, counts in added(event).items():
            total[tally].update(counts)
    standing = {tally: counts[OPEN] for tally, counts in total.items() if tally.period == OPEN and counts[OPEN]}
    assert standing == ({} if closes else {Tally(OPEN, (area or DISTRICT)[:12], kind): 1})


class TestWhatCountersTell:
    def test_a_case_is_contained_that_was_settled_no_higher_than_it_should_have_been(self) -> None:
        counts = {f"settled:{should}:{was}": 1 for should, was in itertools.product(LEVELS, LEVELS)}
        found = containment({**counts, "settled-somewhere": 4, "closed:satisfied": 29})
        assert (found.settled, found.contained, found.unknown, found.share) == (25, 15, 4, 0.6)
        assert found.cells[0] == ("building", "building", 1) and found.cells[-1] == ("district", "district", 1)

    def test_where_nothing_was_settled_there_is_no_share(self) -> None:
        assert containment({}) == (0, 0, (), 0) and containment({}).share is None

    def test_parts_of_a_counter_are_told_apart_from_others_of_a_like_name(self) -> None:
        counts = {"closed:satisfied": 2, "closed:declined": 1, "closed": 9, "closed-by:x": 9, "closed:void": 0}
        assert parts_of(counts, "closed") == {"declined": 1, "satisfied": 2}


class TestMonths:
    @pytest.mark.parametrize(
        "text", ["2026-1", "2026-13", "2026-00", "26-01", "2026-11-01", "２０２６-11", "", "2026-11\n"]
    )
    def test_what_is_no_month(self, text: str) -> None:
        assert month_of(text) is None

    def test_months_run_over_the_end_of_a_year(self) -> None:
        assert months_between("2026-11", "2027-02") == ["2026-11", "2026-12", "2027-01", "2027-02"]
        assert months_between("2026-12", "2026-12") == ["2026-12"]
        assert months_between("2026-12", "2026-11") == []

    @pytest.mark.parametrize(
        ("month", "day"), [("2026-02", "28"), ("2028-02", "29"), ("2026-11", "30"), ("2026-12", "31")]
    )
    def test_the_last_day_of_a_month(self, month: str, day: str) -> None:
        assert last_day_of(month) == f"{month}-{day}"
