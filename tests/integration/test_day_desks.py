"""The staff of the day at petitions and at the table: every way they take goes to its end by the acts of the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from infra.day import mediation_table, petition_desk
from infra.day.examples import OFFICE, WORKER
from infra.day.mediation_table import MediationTable
from infra.day.petition_desk import INSTEAD, PetitionDesk
from infra.day.standing import PACK
from tests.examples import HandGround, laid, on_duty
from tests.integration.edge import Edge
from tests.world import COMMUNITY

Case = dict[str, Any]
STATION = f"centre-{COMMUNITY}"
NAMED = {"name": "欧阳春晓", "phone": "+8619903000001"}
BY_TURN = "petition-reply"
"""A category whose petitions take a turn."""


class Staff:
    """Does what the crew does of a day, by the functions on moto, and remembers what was refused."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.done: Counter[str] = Counter()
        self.refused: list[str] = []
        self.ground = HandGround(edge)
        self.desk = PetitionDesk(self.act, self.read, lambda: self.ground.today)
        self.table = MediationTable(self.act, self.find, PACK, lambda: self.ground.today)

    def act(self, case: Case, action: str, unit: str, said: Mapping[str, Any]) -> Case | None:
        path = f"/v1/cases/{case['case_id']}/actions/{action}"
        answer = self.edge.post(path, dict(said), on_duty(unit), version=case["version"])
        if answer.status != 200:
            self.refused.append(f"{action} by {unit}: {answer.status} {answer.body}")
            return None
        self.done[action] += 1
        return dict(answer.body)

    def read(self, case_id: str, unit: str) -> Case | None:
        answer = self.edge.get(f"/v1/cases/{case_id}", on_duty(unit))
        return dict(answer.body) if answer.status == 200 else None

    def find(self, what: str, case: Case, unit: str) -> list[str]:
        asked = {"what": what, "area": case["area"]["code"], "category": case["category"]}
        items = self.edge.get("/v1/panel", on_duty(unit), **asked).body["items"]
        return [member["member_id"] for member in items if member["suitable"]]

    def told(self, category: str, **said: Any) -> str:
        self.edge.clock.forward(minutes=1)
        told = {"text": "反映一件事情", "category": category, "reporter": NAMED, **said}
        return str(self.edge.report(on_duty(WORKER), **told)["case_id"])

    def petitioned(self, case_id: str) -> Case:
        """Everybody who finds the petition in a queue does what it waits for, until nobody does."""
        before = -1
        while before != self.done.total():
            before = self.done.total()
            for unit in self._concerned(case_id):
                queue = self.edge.get(f"/v1/units/{unit}/queue", on_duty(unit), limit="100").body["items"]
                for item in queue:
                    if item["case_id"] == case_id:
                        self.desk.take_up(item, unit)
        return self.edge.case(case_id)

    def _concerned(self, case_id: str) -> list[str]:
        case = self.edge.case(case_id)
        return [case["unit"]["id"], *(joint["id"] for joint in case["joint_units"])]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with laid(tmp_path_factory.mktemp("desks")) as made:
        yield made


@pytest.fixture
def staff(deployed: Edge) -> Staff:
    deployed.empty()
    return Staff(deployed)


def test_petitions_take_every_way_by_turn_and_end_as_it_says(staff: Staff) -> None:
    for number, way in enumerate(petition_desk.WAYS):
        case_id = staff.told(BY_TURN, address=f"万通花园{number + 1}号楼")
        case = staff.petitioned(case_id)
        assert [each["opinion"] for each in case["petition"]["opinions"]] == list(way.opinions), number
        if way.outcome == "answered":
            assert case["state"] == ("reviewed" if len(way.opinions) > 1 else "answered")
            staff.ground._told = {case_id}
            staff.ground.fall_due(case_id, staff.edge.clock.at + timedelta(days=40))
            case = staff.edge.case(case_id)
        assert (case["state"], case["outcome"]) == ("closed", way.outcome), number
    assert staff.refused == []
    assert staff.done["petition-approve-extension"] == staff.done["petition-hold-hearing"] == 1
    assert staff.done["reject-return"] == staff.done["finish-joint"] == 1


@pytest.mark.parametrize("category", petition_desk._ABOUT)
def test_each_that_is_petitioned_about_goes_through_all_levels(category: str, staff: Staff) -> None:
    case = staff.petitioned(staff.told(category))
    assert (case["state"], case["outcome"]) == ("closed", "final")
    accused, answered_by = case["petition"]["accused"], [each["unit"] for each in case["petition"]["opinions"]]
    assert accused and len(set(answered_by)) == 3 and not set(accused) & set(answered_by)
    assert (case["petition"]["leader"] is not None) == (case["petition"]["people"] > 5)
    assert (INSTEAD in answered_by[1:] or OFFICE in answered_by[1:]) and staff.refused == []


def test_what_belongs_to_a_court_is_sent_there_and_takes_no_turn(staff: Staff) -> None:
    case = staff.petitioned(staff.told("petition-litigation"))
    assert (case["outcome"], case["petition"]["way"]) == ("directed", "litigation")
    assert staff.petitioned(staff.told(BY_TURN))["outcome"] == petition_desk.WAYS[0].outcome


def test_what_nobody_signed_is_passed_on_and_taken_as_information(staff: Staff) -> None:
    case = staff.petitioned(staff.told(BY_TURN, reporter={"anonymous": True}))
    assert (case["outcome"], case["petition"]["ground"]) == ("not-accepted", "unnamed")
    assert staff.done["petition-pass-on"] == 1 and staff.refused == []


@pytest.mark.parametrize(
    ("way", "ended"), [*zip(mediation_table.WAYS, ("performed", "failed", "performed", "refused"), strict=True)]
)
def test_a_dispute_is_mediated_every_way(way: mediation_table.Way, ended: str, staff: Staff) -> None:
    case = staff.read(staff.told("debt-dispute"), STATION)
    assert case
    accepted = staff.act(case, "accept", case["unit"]["id"], {})
    assert accepted
    case = staff.table.mediate(accepted, way, case["unit"]["id"])
    assert staff.refused == [] and case
    assert (case["mediation"]["state"], case["mediation"]["form"], case["state"]) == (ended, way.form, "accepted")
    assert bool(case["mediation"]["other_ways"]) == (ended != "performed")


def test_a_mediation_that_somebody_came_between_is_taken_up_where_it_stands(staff: Staff) -> None:
    way, act = mediation_table.WAYS[0], staff.act
    case_id = staff.told("debt-dispute")
    case = act(staff.edge.case(case_id), "accept", STATION, {})
    before, ended = staff.done.total(), None
    while ended is None:
        left = iter([True])  # after one act it is somebody else's turn
        staff.table.act = lambda *asked, once=left: act(*asked) if next(once, False) else None
        ended = staff.table.mediate(staff.edge.case(case_id), way, STATION)
    assert case and ended["mediation"]["state"] == "performed"
    assert (staff.done.total() - before, staff.refused) == (8, [])


def test_without_a_whole_panel_nobody_sits_and_the_other_ways_are_named(staff: Staff) -> None:
    staff.table.find = lambda what, case, unit: [] if what == "lawyer" else staff.find(what, case, unit)
    case = staff.act(staff.edge.case(staff.told("debt-dispute")), "accept", STATION, {})
    assert case
    ended = staff.table.mediate(case, mediation_table.WAYS[0], STATION)
    assert ended and ended["mediation"]["other_ways"]
    assert (ended["mediation"]["state"], ended["mediation"]["sessions"], staff.refused) == ("failed", 0, [])
