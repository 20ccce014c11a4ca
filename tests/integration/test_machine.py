"""Some hundred things done to cases at random, as `tests/unit/test_machine.py` does them, on the store of DynamoDB."""

from __future__ import annotations

from typing import Any

import boto3
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.domain.policy import Policy
from chalicelib.models.base import partition, stamp
from chalicelib.models.case_rows import CasesRow, case_key
from chalicelib.models.case_store import DynamoCaseStore
from chalicelib.models.report_rows import AttachmentRow
from tests.conftest import REGION
from tests.holding import Rows
from tests.machine import STARTS, CaseMachine, Setting, Tally, documented

LEAST = 300


def test_the_store_keeps_what_was_done_to_cases(connection: Any, tables: dict[str, str], policy: Policy) -> None:
    tally, statuses = Tally(), documented()
    table = boto3.resource("dynamodb", REGION).Table(tables["Cases"])

    def rows_of(case_id: str) -> Rows:
        found = partition(connection, CasesRow, case_key(case_id))
        rows = ({name: _plain(**value) for name, value in row.items()} for row in found)
        return {row["sk"]: row for row in rows}

    def machine() -> CaseMachine:
        with table.batch_writer() as batch:
            for item in table.scan()["Items"]:
                batch.delete_item({"pk": item["pk"], "sk": item["sk"]})
        return CaseMachine(Setting(DynamoCaseStore(connection), rows_of, _announce), policy, statuses, tally)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=60,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert tally.asked >= LEAST and tally.overtaken and tally.stale


def _plain(S: str = "", N: str = "") -> str | int:
    return int(N) if N else S


def _announce(attachment_id: str, owner: str) -> None:
    said = {"owner": owner, "content_type": "image/jpeg", "size": 1000, "state": "expected"}
    said |= {"created_at": stamp(STARTS[0]), "fingerprint": attachment_id}
    AttachmentRow(AttachmentRow.key(attachment_id), AttachmentRow.SK, **said).save()
