"""`python -m infra staff`: who works here, and that somebody leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws

from infra import deploy
from infra import staff as staff_module
from infra.__main__ import cli
from infra.staff import Stranger, known, let_go
from tests.tables import make_tables

REGION = "us-east-1"
TODAY = "2026-11-24"
COMMUNITY = "320302001002"
ROWS: list[dict[str, Any]] = [
    {"pk": "STAFF#gl1", "sk": "STAFF", "role": "station", "unit": "centre-x", "areas": [COMMUNITY], "active": True},
    {"pk": "STAFF#gl12", "sk": "STAFF", "role": "station", "unit": "centre-x", "areas": [COMMUNITY], "active": True},
    {"pk": "UNIT#centre-x", "sk": "DUTY#gl1#08:00", "from": "08:00", "to": "20:00"},
    {"pk": "UNIT#centre-x", "sk": "DUTY#gl1#20:00", "from": "20:00", "to": "08:00"},
    {"pk": "UNIT#centre-x", "sk": "DUTY#gl12#08:00", "from": "08:00", "to": "20:00"},
    {"pk": f"AREA#{COMMUNITY}", "sk": "POST#first-secretary#gl1", "from": "2026-01-01"},
    {"pk": f"AREA#{COMMUNITY}", "sk": "POST#mediator#gl1", "from": "2025-01-01", "until": "2025-12-31"},
    {"pk": f"AREA#{COMMUNITY}", "sk": "POST#grid-leader#gl1", "from": "2027-01-01"},
    {"pk": f"AREA#{COMMUNITY}", "sk": "POST#first-secretary#gl12", "from": "2026-01-01"},
]


@pytest.fixture
def table() -> Iterator[Any]:
    with mock_aws():
        names = make_tables(boto3.client("dynamodb", REGION))
        made = boto3.resource("dynamodb", REGION).Table(names["Reference"])
        _lay(made)
        yield made


def _lay(table: Any) -> None:
    """The rows as they were, and no others."""
    for pk, sk in kept(table):
        table.delete_item(Key={"pk": pk, "sk": sk})
    for row in ROWS:
        table.put_item(Item={**row, "staff_id": "gl12" if "gl12" in row["pk"] + row["sk"] else "gl1"})


def kept(table: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["pk"], row["sk"]): row for row in table.scan(ConsistentRead=True)["Items"]}


def changes(before: dict[Any, Any], after: dict[Any, Any]) -> dict[Any, Any]:
    """What is other than before, and by which attributes; None: gone."""
    found: dict[Any, Any] = {key: None for key in before.keys() - after.keys()}
    for key, row in after.items():
        if row != before.get(key):
            found[key] = {name: value for name, value in row.items() if before.get(key, {}).get(name) != value}
    return found


def test_somebody_is_known_by_record_hours_and_posts_and_not_taken_for_another(table: Any) -> None:
    somebody = known(table, "gl1")
    assert [row["sk"] for row in somebody.duties] == ["DUTY#gl1#08:00", "DUTY#gl1#20:00"]
    assert [row["sk"] for row in somebody.posts] == [
        "POST#first-secretary#gl1",
        "POST#grid-leader#gl1",
        "POST#mediator#gl1",
    ]
    assert somebody.works_on(TODAY)
    with pytest.raises(Stranger):
        known(table, "gl9")


def test_leaving_at_once_ends_access_duties_and_posts_and_nobody_elses(table: Any) -> None:
    before = kept(table)
    let_go(table, "gl1", None, TODAY)
    assert changes(before, kept(table)) == {
        ("STAFF#gl1", "STAFF"): {"active": False},
        ("UNIT#centre-x", "DUTY#gl1#08:00"): None,
        ("UNIT#centre-x", "DUTY#gl1#20:00"): None,
        (f"AREA#{COMMUNITY}", "POST#first-secretary#gl1"): {"until": "2026-11-23"},
        (f"AREA#{COMMUNITY}", "POST#grid-leader#gl1"): None,
    }
    assert not known(table, "gl1").works_on(TODAY)


def test_leaving_on_a_day_keeps_the_desk_manned_until_then(table: Any) -> None:
    before = kept(table)
    let_go(table, "gl1", date(2026, 12, 31), TODAY)
    assert changes(before, kept(table)) == {
        ("STAFF#gl1", "STAFF"): {"until": "2026-12-31"},
        (f"AREA#{COMMUNITY}", "POST#first-secretary#gl1"): {"until": "2026-12-31"},
        (f"AREA#{COMMUNITY}", "POST#grid-leader#gl1"): None,
    }
    somebody = known(table, "gl1")
    assert somebody.works_on("2026-12-31") and not somebody.works_on("2027-01-01")
    let_go(table, "gl1", date(2026, 12, 31), "2027-01-01")
    assert known(table, "gl1").duties == ()


@pytest.mark.parametrize("last_day", [None, date(2026, 11, 24), date(2026, 11, 1), date(2027, 5, 1)])
def test_leaving_again_changes_nothing(table: Any, last_day: date | None) -> None:
    let_go(table, "gl1", last_day, TODAY)
    once = kept(table)
    let_go(table, "gl1", last_day, TODAY)
    assert kept(table) == once


def test_what_was_interrupted_after_any_write_is_finished_by_the_next_time(table: Any) -> None:
    let_go(table, "gl1", None, TODAY)
    whole = kept(table)
    for interrupted_after in range(5):
        _lay(table)
        with pytest.raises(ConnectionError):
            let_go(_Fragile(table, interrupted_after), "gl1", None, TODAY)
        if interrupted_after:
            assert not known(table, "gl1").record["active"], "access ends first"
        let_go(table, "gl1", None, TODAY)
        assert kept(table) == whole


class _Fragile:
    """A table that breaks after so many writes."""

    def __init__(self, table: Any, writes: int) -> None:
        self._table, self._left = table, writes

    def __getattr__(self, name: str) -> Any:
        if name in ("update_item", "delete_item"):
            if not self._left:
                raise ConnectionError
            self._left -= 1
        return getattr(self._table, name)


def test_the_command_says_who_works_here_and_tells_neither_name_nor_telephone(
    table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = ("Cases", "Vault", "Reference")
    outputs = {f"{title}Table": table.name.replace("reference", title.lower()) for title in titles}
    monkeypatch.setattr(deploy, "stateful_outputs", lambda *where: outputs)
    monkeypatch.setattr(staff_module, "_table", lambda *where: table)
    monkeypatch.setattr(staff_module, "today", lambda: TODAY)
    table.update_item(
        Key={"pk": "STAFF#gl1", "sk": "STAFF"},
        UpdateExpression="SET phone = :p, #n = :n",
        ExpressionAttributeValues={":p": "+8619900000001", ":n": "王某"},
        ExpressionAttributeNames={"#n": "name"},
    )
    where = ["--stage", "prod", "--region", REGION]
    shown = CliRunner().invoke(cli, ["staff", "show", "gl1", *where])
    assert shown.exit_code == 0 and f"works here today ({TODAY})" in shown.output
    assert "post  first-secretary" in shown.output and "on duty  centre-x  08:00-20:00" in shown.output
    assert "王某" not in shown.output and "0000001" not in shown.output
    left = CliRunner().invoke(cli, ["staff", "leave", "gl1", "--on", "2026-12-31", *where])
    assert left.exit_code == 0 and "until 2026-12-31: works here today" in left.output
    left = CliRunner().invoke(cli, ["staff", "leave", "gl1", *where])
    assert left.exit_code == 0 and "struck off: does not work here today" in left.output
    entries = boto3.resource("dynamodb", REGION).Table(outputs["VaultTable"]).scan()["Items"]
    assert [(entry["what"], entry["thing"]) for entry in entries] == [("staff.leave", "staff:gl1")] * 2
    assert {entry["reader"].split(":")[0] for entry in entries} == {"arn"}
    for wrong in (["staff", "leave", "gl9"], ["staff", "show", "gl9"]):
        refused = CliRunner().invoke(cli, [*wrong, *where])
        assert refused.exit_code == 1 and "nobody on the staff is called 'gl9'" in refused.output
    assert CliRunner().invoke(cli, ["staff", "leave", "gl1", "--on", "tomorrow", *where]).exit_code == 2
