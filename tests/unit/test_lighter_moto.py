"""What the tests spare moto changes no answer of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.signers import RequestSigner
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from tests import lighter_moto
from tests.conftest import REGION
from tests.tables import make_tables

MOTO = {
    (Item, "__init__"): Item.__init__,
    (Table, "query"): Table.query,
    (DynamoDBBackend, "transact_write_items"): DynamoDBBackend.transact_write_items,
    (DynamoHandler, "serialized"): DynamoHandler.serialized,
    (RequestSigner, "handler"): RequestSigner.handler,
    (BotocoreStubber, "process_request"): BotocoreStubber.process_request,
}
"""As this module finds it, which is imported before any fixture runs."""


@pytest.fixture(params=["as it comes", "lighter"])
def answers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Asks a moto with the project's tables."""
    for (part, name), own in MOTO.items():
        monkeypatch.setattr(part, name, own)
    monkeypatch.delattr(Table, "__deepcopy__", raising=False)
    if request.param == "lighter":
        lighter_moto.lighten(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        dynamodb = boto3.client("dynamodb", REGION)
        table = make_tables(dynamodb)["Cases"]

        def ask(operation: str, **said: Any) -> Any:
            said = said if "transact" in operation else {"TableName": table, **said}
            answer = getattr(dynamodb, operation)(**said)
            answer.pop("ResponseMetadata")
            return answer

        ask.table = table  # type: ignore[attr-defined]
        yield ask


def row(pk: str, sk: str, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **more}


EVERY_TYPE = {
    "text": {"S": "王伟"},
    "number": {"N": "3.50"},
    "bytes": {"B": b"\x00\xff"},
    "flag": {"BOOL": False},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": ""}, {"M": {"b": {"B": b"x"}}}]},
    "map": {"M": {"inner": {"L": []}, "n": {"N": "1"}}},
    "strings": {"SS": ["a", "b"]},
    "binaries": {"BS": [b"a", b"\xfe"]},
}


def test_what_was_put_is_got_whatever_its_type(answers: Callable[..., Any]) -> None:
    item = row("A", "1", **EVERY_TYPE)
    assert answers("put_item", Item=item) == {}
    assert answers("get_item", Key=row("A", "1")) == {"Item": item}
    assert answers("get_item", Key=row("A", "2")) == {}
    assert answers("put_item", Item=row("A", "1"), ReturnValues="ALL_OLD") == {"Attributes": item}


def test_a_condition_that_does_not_hold_gives_what_stands_there(answers: Callable[..., Any]) -> None:
    item = row("A", "1", **EVERY_TYPE)
    answers("put_item", Item=item)
    new = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with pytest.raises(ClientError) as refused:
        answers("put_item", Item=row("A", "1"), **new)
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert refused.value.response["Item"] == item


def test_a_query_finds_its_rows_in_order_and_page_by_page(answers: Callable[..., Any]) -> None:
    for pk, sk in (("B", "1"), ("A", "3"), ("A", "1"), ("A", "20"), ("C", "1")):
        answers("put_item", Item=row(pk, sk, n={"N": "1"}))
    asked = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "A"}}}
    first = answers("query", Limit=2, **asked)
    assert [item["sk"]["S"] for item in first["Items"]] == ["1", "20"]
    assert (first["Count"], first["ScannedCount"], first["LastEvaluatedKey"]) == (2, 2, row("A", "20"))
    rest = answers("query", ExclusiveStartKey=first["LastEvaluatedKey"], **asked)
    assert [item["sk"]["S"] for item in rest["Items"]] == ["3"] and "LastEvaluatedKey" not in rest
    backwards = answers("query", ScanIndexForward=False, **asked)
    assert [item["sk"]["S"] for item in backwards["Items"]] == ["3", "20", "1"]
    asked["ExpressionAttributeValues"] = {":p": {"S": "of nobody"}}
    assert answers("query", **asked) == {"Items": [], "Count": 0, "ScannedCount": 0}


def test_an_index_lists_the_rows_that_have_its_keys(answers: Callable[..., Any]) -> None:
    (pk, sk), index = _an_index()
    for number, keys in enumerate(({pk: "x", sk: "2"}, {pk: "x", sk: "1"}, {pk: "y", sk: "1"}, {}, {pk: "x"})):
        answers("put_item", Item=row(f"A{number}", "1", **{name: {"S": value} for name, value in keys.items()}))
    said = {"ExpressionAttributeNames": {"#p": pk}, "ExpressionAttributeValues": {":p": {"S": "x"}}}
    found = answers("query", IndexName=index, KeyConditionExpression="#p = :p", **said)
    assert [item["pk"]["S"] for item in found["Items"]] == ["A1", "A0"]


def test_a_transaction_that_fails_leaves_everything_as_it_was(answers: Callable[..., Any]) -> None:
    table = answers.table  # type: ignore[attr-defined]
    answers("put_item", Item=row("A", "1", n={"N": "1"}, tags={"SS": ["a", "b"]}))
    before = answers("scan")
    update = {
        "UpdateExpression": "SET n = n + :one DELETE tags :a",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":a": {"SS": ["a"]}},
    }
    parts = [
        {"Put": {"TableName": table, "Item": row("B", "1")}},
        {"Update": {"TableName": table, "Key": row("A", "1"), **update}},
        {"Delete": {"TableName": table, "Key": row("C", "1"), "ConditionExpression": "attribute_exists(pk)"}},
    ]
    with pytest.raises(ClientError) as refused:
        answers("transact_write_items", TransactItems=parts)
    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert reasons == ["None", "None", "ConditionalCheckFailed"]
    assert answers("scan") == before
    assert _events(table) == ["INSERT"]
    answers("transact_write_items", TransactItems=parts[:2])
    assert answers("get_item", Key=row("A", "1"))["Item"] == row("A", "1", n={"N": "2"}, tags={"SS": ["b"]})
    assert _events(table) == ["INSERT", "INSERT", "MODIFY"]


@pytest.mark.parametrize(("size", "fits"), [(404_900, True), (405_100, False)])
def test_an_item_is_as_large_as_moto_lets_it_be(answers: Callable[..., Any], size: int, fits: bool) -> None:
    parts = {f"part{number}": {"S": "x" * (size // 10 - 6)} for number in range(10)}
    if fits:
        answers("put_item", Item=row("A", "1", **parts))
    else:
        with pytest.raises(ClientError, match="size"):
            answers("put_item", Item=row("A", "1", **parts))


def _an_index() -> tuple[tuple[str, str], str]:
    """Both keys of the first index of *cases*, and its name."""
    indexes = boto3.client("dynamodb", REGION).describe_table(TableName="wangge-test-cases")["Table"]
    index = indexes["GlobalSecondaryIndexes"][0]
    pk, sk = (key["AttributeName"] for key in index["KeySchema"])
    return (pk, sk), index["IndexName"]


def _events(table: str) -> list[str]:
    """What the table's stream tells of."""
    streams = boto3.client("dynamodbstreams", REGION)
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    asked = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=asked["ShardIterator"])["Records"]
    assert json.dumps(records, default=str)
    return [record["eventName"] for record in records]
