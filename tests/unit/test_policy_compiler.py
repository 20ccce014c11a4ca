"""The policy pack `gulou` compiles, always to the same bytes, and means what it says."""

from __future__ import annotations

import csv
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.acts import ACTS, modules
from chalicelib.domain.limits import Limit
from chalicelib.domain.policy import Policy
from chalicelib.domain.screening import screen
from chalicelib.policy.compiler import compile_pack, main
from chalicelib.policy.loader import load_policy, policy_from

POLICY = Path(__file__).parents[2] / "chalicelib" / "policy"
GULOU = POLICY / "gulou"
DEMO = Path("overlays/demo.toml")
SENTENCES = Path(__file__).with_name("screening_sentences.csv")


@pytest.fixture(scope="module")
def compiled() -> bytes:
    return compile_pack(GULOU)


@pytest.fixture(scope="module")
def policy(compiled: bytes) -> Policy:
    return policy_from(json.loads(compiled))


@pytest.fixture(scope="module")
def demo() -> Policy:
    return policy_from(json.loads(compile_pack(GULOU, DEMO)))


def test_the_same_pack_gives_the_same_bytes(compiled: bytes) -> None:
    assert compile_pack(GULOU) == compiled


def test_the_version_is_the_packs_name_and_the_hash_of_what_it_says(compiled: bytes, demo: Policy) -> None:
    version = json.loads(compiled)["version"]
    assert version.startswith("gulou-") and len(version) == len("gulou-") + 12
    assert demo.version != version


def test_the_district_has_its_kinds_departments_and_one_seven_sixty_five_centres(policy: Policy) -> None:
    assert set(policy.kinds) == {"dispute", "livelihood", "hazard", "population", "security", "petition"}
    assert len(policy.categories) >= 45
    assert {category.kind for category in policy.categories.values()} == set(policy.kinds)
    centres = [unit for unit in policy.units.values() if unit.kind == "centre"]
    assert [sum(len(unit.area) == digits for unit in centres) for digits in (6, 9, 12)] == [1, 7, 65]
    assert len(policy.units) - len(centres) >= 25
    assert {unit.id for unit in policy.units.values() if unit.integrated} == {"urban-management", "public-security"}


@pytest.mark.parametrize(
    ("area", "digits", "centre"),
    [
        ("3203020010020101", 12, "centre-320302001002"),
        ("3203020010020101", 9, "centre-320302001"),
        ("3203020010020101", 6, "linkage-centre"),
        ("320302001", 12, "centre-320302001"),
        (None, 12, "linkage-centre"),
    ],
)
def test_every_area_has_its_centre(policy: Policy, area: str | None, digits: int, centre: str) -> None:
    assert policy.centre_of(area, digits) == centre


def test_every_kind_goes_by_a_procedure_and_a_hotline_order_by_its_own_unless_it_is_confidential(
    policy: Policy,
) -> None:
    assert {kind: policy.procedure_for(kind, "mobile").id for kind in policy.kinds} == {
        kind: kind for kind in policy.kinds
    }
    hotline = {kind: policy.procedure_for(kind, "12345").id for kind in (*policy.kinds, None)}
    assert {kind for kind, procedure in hotline.items() if procedure != "hotline"} == {"petition"}
    assert policy.procedure_for(None, "sms").id == "livelihood"


def test_every_act_is_done_by_some_action_except_the_one_that_only_closes(policy: Policy) -> None:
    done = {action.does for procedure in policy.procedures.values() for action in procedure.actions.values()}
    own = {act for more in modules() for act in more.ACTS}
    assert done == {*ACTS, *own} - {"close"}


def test_a_procedure_has_the_rows_of_the_one_it_extends_but_for_its_own_and_those_it_drops(policy: Policy) -> None:
    hazard, livelihood = policy.procedures["hazard"], policy.procedures["livelihood"]
    assert "suspended" not in hazard.states and "suspend" not in hazard.actions and "resume" not in hazard.actions
    assert hazard.actions["accept-joint"].states == ("assigned", "accepted")
    assert hazard.actions["resolve"].does == "finish" and livelihood.actions["resolve"].does == "resolve"
    assert (
        hazard.clocks["resolve"].pauses_in == ("returned", "verifying")
        and hazard.clocks["accept"] == livelihood.clocks["accept"]
    )
    assert "common" not in policy.procedures


def test_every_level_of_the_grid_has_its_posts_and_each_is_led_up_to_the_district(policy: Policy) -> None:
    assert {post.level for post in policy.posts.values()} == {"district", "street", "community", "compound", "cell"}
    assert sorted(policy.posts.values(), key=lambda post: post.rank)[0].id == "district-leader"
    for post in policy.posts.values():
        topmost = post
        while topmost.leader:
            topmost = policy.posts[topmost.leader]
        assert topmost.id == "district-leader"


def test_petitions_go_to_the_petition_office_alone(policy: Policy) -> None:
    petitions = [category for category in policy.categories.values() if policy.kinds[category.kind].confidential]
    assert petitions
    assert {(category.lead, category.joint, category.visit_after) for category in petitions} == {
        ("petition-office", (), None)
    }


def test_every_message_ends_with_the_reference_of_its_event(policy: Policy) -> None:
    texts = [text for each in policy.templates.values() for text in (each.sms, each.body) if text]
    assert all(text.endswith("[${ref}]") for text in texts)


def test_what_is_loaded_is_what_was_compiled(compiled: bytes, tmp_path: Path) -> None:
    (tmp_path / "pack.json").write_bytes(compiled)
    loaded = _values(load_policy(tmp_path / "pack.json"))
    del loaded["centre_by_area"], loaded["calendar_of"]
    for procedure in loaded["procedures"].values():  # what few rows say is written where they do
        for row in procedure["clocks"].values():
            seldom = {"cards": {}, "remind_before": None, "closes": "", "closes_zh": "", "begun_by": []}
            _drop(row, {**seldom, "from_report": False})
        for row in procedure["actions"].values():
            _drop(row, {"from_day": False, "days_back": 0, "outcome_zh": "", "within_day": False})
    assert {tuple(row.pop("clocks")) for row in loaded["notices"]} == {()}
    for row in loaded["views"].values():
        _drop(row, {"older_than": None})
    assert json.loads(json.dumps(loaded, default=sorted)) == json.loads(compiled)


def _drop(row: dict[str, Any], unsaid: dict[str, Any]) -> None:
    for key, nothing in unsaid.items():
        if row[key] == nothing:
            del row[key]


def test_the_demonstration_shortens_what_comes_after_the_answer_and_nothing_else(policy: Policy, demo: Policy) -> None:
    for category in demo.categories.values():
        plain = policy.categories[category.id]
        visited = plain.visit_after is not None
        assert (category.visit_after, category.closes_after) == ((4, 3600) if visited else (None, 5))
        assert (category.accept, category.resolve) == (plain.accept, plain.resolve)
    assert demo.rules.second_visit_after == 4
    assert {(patrol.every, patrol.grace) for patrol in demo.patrols.values()} == {(12, 4)}
    windows = {"review-window": Limit("exact", 60), "re-review-window": Limit("exact", 60)}
    clocks, others = (each.procedures["petition"].clocks for each in (demo, policy))
    assert {name: rule for name, rule in clocks.items() if rule != others[name]} == {
        name: others[name]._replace(limit=limit) for name, limit in windows.items()
    }
    procedures = {**demo.procedures, "petition": policy.procedures["petition"]}
    assert procedures == policy.procedures
    shortened = {"rules": None, "categories": None, "patrols": None, "procedures": None}
    assert {**_plain(demo), **shortened} == {**_plain(policy), **shortened}


def _plain(policy: Policy) -> dict[str, Any]:
    return {key: value for key, value in _values(policy).items() if key != "version"}


def _values(policy: Policy) -> dict[str, Any]:
    """A policy as the mappings and lists it was loaded from."""

    def plain(value: Any) -> Any:
        if hasattr(value, "_asdict") and not isinstance(value, Limit):
            value = value._asdict()
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return [plain(each) for each in value] if isinstance(value, tuple) else value

    return {each.name: plain(getattr(policy, each.name)) for each in fields(policy)}


@pytest.mark.parametrize("overlay", sorted((GULOU / "overlays").glob("*.toml")), ids=lambda path: path.stem)
def test_every_overlay_compiles(overlay: Path) -> None:
    assert compile_pack(GULOU, overlay)


def test_the_command_writes_the_pack_and_counts_what_it_holds(
    tmp_path: Path, compiled: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pack.json"
    assert main([str(GULOU), "-o", str(out)]) == 0
    assert out.read_bytes() == compiled
    said = capsys.readouterr().out
    assert "6 kinds, " in said and "departments, 73 centres" in said


def test_the_command_lists_the_faults_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "-o", str(tmp_path / "pack.json")]) == 1
    assert "units.toml: (file): is missing" in capsys.readouterr().err
    assert not (tmp_path / "pack.json").exists()


def _sentences() -> list[tuple[str, str]]:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("text", "category"), _sentences())
def test_the_packs_words_tell_what_residents_mean(policy: Policy, text: str, category: str) -> None:
    assert (screen(text, None, None, policy).category or "") == category


def test_every_category_is_told_by_some_sentence(policy: Policy) -> None:
    told = [category for _, category in _sentences()]
    assert set(told) - {""} == set(policy.categories)
    assert told.count("") >= 10
