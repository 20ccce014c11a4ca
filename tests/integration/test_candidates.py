"""What is offered and what is searched for again, through the API as it is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.domain.people import StaffMember
from tests.integration.edge import INSIDE, NEXT_COMMUNITY, Edge, deployed
from tests.world import ADMIN, LINKAGE, STATION, WORKER

LIFT = "lift-failure"
FOREIGN = StaffMember("s9", "station", f"centre-{NEXT_COMMUNITY}", (NEXT_COMMUNITY,))


@pytest.fixture(scope="module")
def deployment(matching_pack_file: Path, contract_dir: Path) -> Iterator[Edge]:
    with deployed(matching_pack_file, contract_dir) as made:
        yield made


def told(edge: Edge, text: str, **said: object) -> str:
    return str(edge.report(WORKER, text=text, **{"category": LIFT, **said})["case_id"])


def test_a_report_of_a_known_matter_is_answered_with_its_case(edge: Edge) -> None:
    first = edge.report(WORKER, text="3号楼2单元电梯坏了", category=LIFT)
    second = edge.report(WORKER, text="三号楼二单元的电梯又坏了", category=LIFT)
    assert (first["joined"], second["joined"]) == (False, True)
    assert (second["case_id"], second["tracking_code"]) == (first["case_id"], first["tracking_code"])
    assert edge.case(first["case_id"])["reports"] == [first["report_id"], second["report_id"]]


def test_candidates_are_told_with_what_agrees_and_what_does_not_in_chinese(edge: Edge) -> None:
    one = told(edge, "3号楼电梯坏了")
    two = told(edge, "3号楼2单元电梯坏了，老人下不来")
    (offer,) = edge.case(two)["links"]["offers"]
    assert offer["case_id"] == one and "楼号相同" in offer["why"]
    sentences = [event["text_zh"] for event in edge.timeline(two)]
    assert any("疑似同一事项" in sentence and "楼号相同" in sentence for sentence in sentences)
    for asked, found in ((two, one), (one, two)):
        (item,) = edge.get(f"/v1/cases/{asked}/candidates", STATION).body["items"]
        assert item["case_id"] == found and 0.3 <= item["score"] < 0.8 and item["against"] == []
        assert {"evidence": "building-same", "zh": "楼号相同"} in item["why"]
        assert all(any("\u4e00" <= char <= "\u9fff" for char in why["zh"]) for why in item["why"])


def test_what_was_told_apart_is_no_candidate_any_more(edge: Edge) -> None:
    one = told(edge, "3号楼电梯坏了")
    two = told(edge, "3号楼2单元电梯坏了，老人下不来")
    assert edge.act(two, "not-same", LINKAGE, other=one, reason="不同单元").status == 200
    assert edge.get(f"/v1/cases/{two}/candidates", LINKAGE).body["items"] == []


def test_a_petition_is_a_candidate_of_nothing_else_and_nobody_without_a_right_is_told(edge: Edge) -> None:
    words = "3号楼2单元电梯坏了没人管"
    hazard = told(edge, words)
    petition = told(edge, words, category="petition-official-conduct")
    assert edge.get(f"/v1/cases/{hazard}/candidates", LINKAGE).body["items"] == []
    assert edge.get(f"/v1/cases/{petition}/candidates", STATION).status == 404
    assert edge.get(f"/v1/cases/{hazard}/candidates", FOREIGN).status == 404
    assert edge.get(f"/v1/cases/{hazard}/candidates", ADMIN).status in (200, 403)
    assert edge.get("/v1/cases/0/candidates", LINKAGE).status == 404


def test_a_report_that_is_a_joined_one_keeps_who_told_it_and_may_be_read(edge: Edge) -> None:
    one = told(edge, "3号楼2单元电梯坏了", position=INSIDE)
    other = StaffMember("w2", "grid-worker", WORKER.unit, WORKER.areas)
    joined = edge.report(other, text="3号楼2单元电梯坏了", category=LIFT)
    assert joined["joined"] and joined["case_id"] == one
    assert edge.get(f"/v1/cases/{one}", other).status == 200
    mine = edge.get("/v1/views/my-reports", other).body["items"]
    assert [item["case_id"] for item in mine] == [one]
