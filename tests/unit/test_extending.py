"""A category, a department and a message are added by touching the files the README names, and nothing else."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from chalicelib.domain.policy import Policy
from chalicelib.domain.screening import screen
from chalicelib.policy.compiler import compile_pack
from chalicelib.policy.loader import load_policy
from infra.build import integrated_units
from infra.samples import generate_gulou, rows_of
from tests.conftest import REGION
from tests.world import World, lay_grid, officer_of

ROOT = Path(__file__).resolve().parents[2]
PACK = Path("chalicelib/policy/gulou")
SAMPLE = Path("infra/samples/gulou")
SENTENCES = Path("tests/unit/screening_sentences.csv")
NOTICES = Path("docs/contract/notices.yaml")

WRITTEN = {
    PACK / "categories" / "hazard.toml": """
[[category]]
id = "drone-flying"
zh = "无人机黑飞"
en = "Drones flown without leave"
keywords = ["无人机", "无人机黑飞", "航模"]
containment = "community"
lead = "low-altitude-office"
joint = ["@community"]
urgency = "urgent"
accept = "PT1H"
resolve = "P1D"
visit_after = "P1D"
closes_after = "P7D"
""",
    SENTENCES: "有人在小区上空放无人机，贴着窗户飞,drone-flying\n",
    PACK / "units.toml": """
[[unit]]
id = "low-altitude-office"
kind = "department"
zh = "鼓楼区低空飞行管理办公室"
en = "Low-altitude Flight Office"
integrated = true
""",
    PACK / "messages.toml": """
[[template]]
id = "accepted-jointly"
sms = "【鼓楼网格】事项${tracking_code}（${category_zh}）已由${unit_zh}受理，请协办单位配合。"

[[notice]]
event = "case.accepted.v1"
audience = "joint-duty"
channels = ["sms"]
template = "accepted-jointly"
""",
    NOTICES: "  - {event: case.accepted.v1, audience: joint-duty, channels: [sms]}\n",
}
"""What is written, and to the end of which file (of the notices: to the end of their list)."""

GROWN = SAMPLE.with_name(SAMPLE.name + generate_gulou.GROWN)
GENERATED = tuple(sample / name for sample in (SAMPLE, GROWN) for name in ("staff.csv", "duty.csv", "units.csv"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts of the repository that decide what a district does, with the additions written into them."""
    directory = tmp_path_factory.mktemp("checkout")
    for part in (PACK, SAMPLE, NOTICES.parent):
        shutil.copytree(ROOT / part, directory / part)
    (directory / SENTENCES).parent.mkdir(parents=True)
    shutil.copy(ROOT / SENTENCES, directory / SENTENCES)
    for path, addition in WRITTEN.items():
        text = (directory / path).read_text("utf-8")
        before, last, after = text.rpartition("  - {event:") if path == NOTICES else (text, "", "")
        row, newline, rest = after.partition("\n")
        (directory / path).write_text(f"{before}{last}{row}{newline}{addition}{rest}", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate_gulou, "UNITS", directory / PACK / "units.toml")
        generate_gulou.main(directory / SAMPLE)
    return directory


@pytest.fixture(scope="module")
def compiled(checkout: Path) -> bytes:
    return compile_pack(checkout / PACK, None)


@pytest.fixture(scope="module")
def policy(compiled: bytes, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    file = tmp_path_factory.mktemp("pack") / "pack.json"
    file.write_bytes(compiled)
    return load_policy(file)


@pytest.fixture
def world(connection: Any, tables: dict[str, str], policy: Policy) -> World:
    reference = boto3.resource("dynamodb", REGION).Table(tables["Reference"])
    lay_grid(reference)
    return World(connection, reference, policy, datetime(2026, 11, 22, 2, 0, tzinfo=UTC))


def test_only_files_the_readme_names_are_touched(checkout: Path) -> None:
    copied = [path for path in checkout.rglob("*") if path.is_file()]
    touched = {
        path.relative_to(checkout)
        for path in copied
        if path.read_bytes() != (ROOT / path.relative_to(checkout)).read_bytes()
    }
    assert touched == {*WRITTEN, *GENERATED}
    readme = (ROOT / "README.md").read_text("utf-8")
    named = [str(path).replace("hazard.toml", "<kind>.toml") for path in WRITTEN] + [
        str(GENERATED[0]),
        "`duty.csv`",
        "`units.csv`",
        f"`{GROWN.name}`",
    ]
    assert [path for path in named if path not in readme] == []


def test_nobody_else_changes_number_name_or_telephone(checkout: Path) -> None:
    for path in GENERATED:
        before, after = ((root / path).read_text("utf-8").splitlines() for root in (ROOT, checkout))
        assert [line for line in after if line in set(before)] == before and len(after) > len(before)


def test_the_new_sentence_is_screened_into_the_new_category_and_all_others_as_before(
    checkout: Path, policy: Policy
) -> None:
    for row in rows_of(checkout / SENTENCES):
        assert screen(row["text"], None, None, policy).category == (row["category"] or None), row["text"]


def test_the_contract_tells_the_same_notices_as_the_pack(checkout: Path, policy: Policy) -> None:
    contract = yaml.safe_load((checkout / NOTICES).read_text("utf-8"))["notices"]
    assert sorted((row["event"], row["audience"], *row["channels"]) for row in contract) == sorted(
        (notice.event, notice.audience, *notice.channels) for notice in policy.notices
    )


def test_a_report_goes_the_new_way_and_the_new_message_is_sent(world: World, checkout: Path, compiled: bytes) -> None:
    new = "low-altitude-office"
    staff = [row["staff_id"] for row in rows_of(checkout / SAMPLE / "duty.csv") if row["unit"] == new]
    receipt = world.submit(text="三号楼上空有人放无人机")
    assert (receipt.category, receipt.unit_id) == ("drone-flying", new)
    assert receipt.unit_name == "鼓楼区低空飞行管理办公室"
    assert new in integrated_units(json.loads(compiled))

    case = world.case(receipt.case_id)
    (joint,) = case.joint_units
    world.on_duty(new, *staff)
    world.on_duty(joint, "gl0030")
    world.act(receipt.case_id, "accept", officer_of(new))
    (assigned,) = world.happenings(receipt.case_id, "case.assigned.v1")
    (accepted,) = world.happenings(receipt.case_id, "case.accepted.v1")
    world.alerts.tell(assigned)
    assert len(world.mails.sent) == len(staff) + 1 and "无人机黑飞" in world.texts.sent[0][1]
    world.texts.sent.clear()
    world.alerts.tell(accepted)
    ((_, text),) = world.texts.sent
    code = receipt.tracking_code
    assert text == (
        f"【鼓楼网格】事项{code}（无人机黑飞）已由鼓楼区低空飞行管理办公室受理，请协办单位配合。[{code}-2.1]"
    )
