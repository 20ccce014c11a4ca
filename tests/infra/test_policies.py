"""Each function may do what it needs, and nothing may do everything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.models.case_rows import case_key
from chalicelib.models.report_rows import ReporterRow
from infra.functions import CHALICE_CONFIG, FUNCTIONS, Function

CHALICE = CHALICE_CONFIG.parent

WHOLE_RESOURCES = {
    ("alert", "TextMessages"): "a telephone number has no ARN; topics are denied by TextMessagesNeverTopics",
    ("alert", "Mail"): "bound to the sender's address by its condition; recipients' identities would match too",
    **{(function.name, "Traces"): "X-Ray takes no resource" for function in FUNCTIONS},
}
"""(function, statement) that may name `*`, and why."""

SOURCES = {
    "alert": "AlertsQueue",
    "due": "DueQueue",
    "attachments": "AttachmentsQueue",
    "importer": "ImportsQueue",
    "figures": "FiguresQueue",
}


def statements(function: Function) -> dict[str, dict[str, Any]]:
    policy = json.loads((CHALICE / f"policy-{function.name}.json").read_text("utf-8"))
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def allowed(function: Function) -> set[str]:
    return {action for each in statements(function).values() if each["Effect"] == "Allow" for action in each["Action"]}


every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)


@every_function
def test_no_wildcard_resource_outside_the_list(function: Function) -> None:
    for sid, statement in statements(function).items():
        if "*" in statement["Resource"]:
            assert (function.name, sid) in WHOLE_RESOURCES


@every_function
def test_no_wildcard_action(function: Function) -> None:
    assert [action for action in allowed(function) if "*" in action] == []


@every_function
def test_a_function_may_write_its_own_log_and_traces(function: Function) -> None:
    logs = statements(function)["Logs"]
    assert set(logs["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    (resource,) = logs["Resource"]
    assert resource["Fn::Sub"].endswith(f":log-group:/aws/lambda/wangge-${{Stage}}-{function.name}:*")
    assert {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} <= allowed(function)


@pytest.mark.parametrize(("name", "queue"), SOURCES.items())
def test_a_consumer_may_drain_its_queue(name: str, queue: str) -> None:
    (function,) = (each for each in FUNCTIONS if each.name == name)
    source = statements(function)["EventSource"]
    assert {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} <= set(source["Action"])
    assert source["Resource"] == [{"Fn::GetAtt": [queue, "Arn"]}]


@pytest.mark.parametrize("name", ["relay", "seal"])
def test_who_is_behind_a_stream_may_read_it(name: str) -> None:
    (relay,) = (each for each in FUNCTIONS if each.name == name)
    wanted = {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"}
    assert wanted <= allowed(relay)


@every_function
def test_only_who_has_a_dead_letter_queue_may_send_there(function: Function) -> None:
    sent_to = [
        resource
        for each in statements(function).values()
        if "sqs:SendMessage" in each["Action"]
        for resource in each["Resource"]
        if resource["Fn::GetAtt"][0].endswith("DeadLetters")
    ]
    assert sent_to == ([{"Fn::GetAtt": [function.dead_letters, "Arn"]}] if function.dead_letters else [])


def test_nobody_changes_or_deletes_anything_of_the_audit() -> None:
    """What a function may do to the vault is bound to the keys it is for; to update a row of it is no one's right."""
    for function in FUNCTIONS:
        for sid, statement in statements(function).items():
            vault = [each for each in statement["Resource"] if "${VaultTable}" in str(each) and "/" not in _table(each)]
            if not vault or statement["Effect"] != "Allow":
                continue
            keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            changing = {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} & set(
                statement["Action"]
            )
            assert "dynamodb:UpdateItem" not in changing, (function.name, sid)
            if changing:
                assert keys == ["IDENTITY#*"], (function.name, sid)
            if "SEALS" in keys:
                assert function.name == "seal"


def test_who_writes_cases_may_take_out_what_a_unit_was_asked_for_and_nothing_else_but_links_from_phones() -> None:
    """The embedded cloud does not ask by keys (ADR 23): that these are the ones that are deleted shows here only."""
    deletes = {
        function.name: statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for function in FUNCTIONS
        for statement in statements(function).values()
        if "dynamodb:DeleteItem" in statement["Action"] and "${CasesTable}" in str(statement["Resource"])
    }
    tasks, phones = case_key("*"), ReporterRow.key("*")
    assert deletes == {"api": [phones, tasks], "due": [tasks]}


def _table(resource: dict[str, str]) -> str:
    """What an ARN names after the table's own name."""
    return resource["Fn::Sub"].rpartition("${VaultTable}")[2]


@pytest.mark.parametrize("name", ["api", "alert"])
def test_data_keys_are_unwrapped_for_identities_only(name: str) -> None:
    (function,) = (each for each in FUNCTIONS if each.name == name)
    key = statements(function)["IdentityKey"]
    assert key["Condition"] == {"StringEqualsIfExists": {"kms:EncryptionContext:purpose": "reporter-identity"}}


def test_text_messages_never_reach_a_topic() -> None:
    (alert,) = (each for each in FUNCTIONS if each.name == "alert")
    denied = statements(alert)["TextMessagesNeverTopics"]
    assert (denied["Effect"], denied["Action"]) == ("Deny", ["sns:Publish"])


def test_every_policy_file_belongs_to_a_function() -> None:
    assert {path.name for path in CHALICE.glob("policy-*.json")} == {f"policy-{each.name}.json" for each in FUNCTIONS}
    configured = json.loads(CHALICE_CONFIG.read_text("utf-8"))["lambda_functions"]
    for function in FUNCTIONS:
        assert configured[function.configured_as]["iam_policy_file"] == f"policy-{function.name}.json"
