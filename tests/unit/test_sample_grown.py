"""The sample district once it has grown: seamless, everybody in place, and the same as before where nothing changed."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.policy import Policy
from infra.network.check import check
from infra.network.content import check_succession, codes_of
from infra.network.fault import Settings
from infra.network.given import Given, read
from infra.network.people import people_of
from infra.samples import SAMPLES
from infra.samples.generate_gulou import GROWN, HERE, main
from infra.samples.gulou_grid import EIGHTH_STREET, MERGED, MERGED_INTO, SPLIT, SPLIT_INTO


@cache
def sample(name: str) -> Given:
    return read(SAMPLES / name)


@cache
def areas(name: str) -> dict[str, dict[str, Any]]:
    return {feature["properties"]["code"]: feature for feature in sample(name).features}


def test_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    main(tmp_path / "gulou")
    made = sorted((tmp_path / f"gulou{GROWN}").iterdir())
    for file in made:
        committed = HERE.with_name(HERE.name + GROWN) / file.name
        assert file.read_bytes() == committed.read_bytes(), f"run the generator again: {file.name} differs"
    assert len(made) == 6


@pytest.mark.parametrize("name", ["gulou", "gulou-2027"])
def test_both_versions_are_without_any_fault(name: str, policy: Policy, pack_file: Path) -> None:
    given = sample(name)
    assert given.faults == [] and given.encodings == {}
    assert check(given.features, Settings.of(json.loads(pack_file.read_bytes()))) == []
    assert check_succession(given) == []
    assert people_of(given, codes_of(given.features), policy)[1] == []


def test_an_eighth_street_one_cell_in_two_and_two_in_one() -> None:
    before, after = areas("gulou"), areas("gulou-2027")
    levels = Counter(feature["properties"]["level"] for feature in after.values())
    assert (levels["street"], levels["community"], levels["cell"]) == (8, 70, 410 + 25)
    assert before.keys() - after.keys() == {SPLIT, *MERGED}
    added = after.keys() - before.keys()
    assert {code for code in added if not code.startswith(EIGHTH_STREET)} == {*SPLIT_INTO, *MERGED_INTO}
    assert {tuple(after[code]["properties"]["succeeds"]) for code in SPLIT_INTO} == {(SPLIT,)}
    assert {tuple(after[code]["properties"]["succeeds"]) for code in MERGED_INTO} == {MERGED}
    assert all("succeeds" not in after[code]["properties"] for code in added if code.startswith(EIGHTH_STREET))


def test_what_did_not_change_has_the_very_same_outline() -> None:
    before, after = areas("gulou"), areas("gulou-2027")
    for code in before.keys() & after.keys():
        if code != "320302":
            assert before[code]["geometry"] == after[code]["geometry"], code
        if len(code) == 16:
            assert before[code] == after[code]


def test_everybody_who_stays_is_who_they_were_and_every_cell_has_its_officer() -> None:
    before = {line.values["staff_id"]: line.values for line in sample("gulou").tables["staff.csv"]}
    after = {line.values["staff_id"]: line.values for line in sample("gulou-2027").tables["staff.csv"]}
    assert len(before.keys() - after.keys()) == 1
    moved = [staff for staff in before.keys() & after.keys() if before[staff] != after[staff]]
    assert len(moved) == 2 and all(before[s]["phone"] == after[s]["phone"] for s in moved)
    officers = Counter(
        line.values["area"]
        for line in sample("gulou-2027").tables["posts.csv"]
        if line.values["post"] == "information-officer"
    )
    cells = {code for code in areas("gulou-2027") if len(code) == 16}
    assert officers.keys() == cells and set(officers.values()) == {1}
