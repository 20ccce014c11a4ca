"""Drives the functions as Lambda does: through the entry points the template names, with the events AWS sends.

Every answer of the API is held to the contract on the way.
"""

from __future__ import annotations

import base64
import itertools
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

import app
from chalicelib import bootstrap, config, observability
from chalicelib.adapters import aws
from chalicelib.domain.people import StaffMember
from chalicelib.handlers import alert, authorizer, due, figures, http, relay, seal, sweep, uploads
from chalicelib.policy.loader import load_policy
from infra.network import function as importer
from tests.integration.gateway import Answer, answer_of, check_answer, gateway_event
from tests.tables import make_tables
from tests.world import ADMIN, HandClock, lay_area, lay_grid

REGION = "us-east-1"
START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HOTLINE_SECRET = "whsec_" + base64.b64encode(b"hotline-secret-of-the-tests!").decode()
SECRETS = {
    "aliyun": "aliyun-secret",
    "hotline": HOTLINE_SECRET,
    "phone": "phone-secret",
    "cursor": "cursor-secret",
    "form": "form-secret",
}
MAIL_FROM = "wangge@gulou.example"
INSIDE = {"lat": 34.285, "lon": 117.185, "datum": "WGS-84"}
NEXT_COMMUNITY = "320302001003"
NEXT_CELL = f"{NEXT_COMMUNITY}0101"
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)

_ENTRY_POINTS: dict[str, Callable[[Any, Any], Any]] = {
    "api": app.app,
    "staff": authorizer.staff_authorizer,
    "relay": relay.publish_events,
    "alert": alert.alert_people,
    "sweep": sweep.enqueue_due,
    "due": due.fall_due,
    "attachments": uploads.mark_arrived,
    "importer": importer.handle,
    "seal": seal.seal_entries,
    "figures": figures.count_events,
}


@dataclass
class LambdaContext:
    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    memory_limit_in_mb: int = 512
    log_stream_name: str = "stream"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{DEFAULT_ACCOUNT_ID}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


class Written:
    """The rows that requests tried to write, as table and keys, and how many messages they sent: at the connection."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []
        self.messages = 0

    def clear(self) -> None:
        self.rows.clear()
        self.messages = 0

    def noting(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        def noted(stubber: BotocoreStubber, request: Any) -> Any:
            target = request.headers.get("X-Amz-Target", b"")
            service, _, operation = (target.decode() if isinstance(target, bytes) else target).partition(".")
            if service.startswith("DynamoDB_") and operation in _WRITING:
                self.rows += _WRITING[operation](json.loads(request.body))
            self.messages += operation.startswith("SendMessage")
            return answer(stubber, request)

        return noted


def _row(table: str, operation: Mapping[str, Any]) -> tuple[str, str, str]:
    key = operation.get("Key") or operation["Item"]
    return table, key["pk"]["S"], key["sk"]["S"]


def _one(asked: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [_row(asked["TableName"], asked)]


_WRITING: Mapping[str, Callable[[Mapping[str, Any]], list[tuple[str, str, str]]]] = {
    "PutItem": _one,
    "UpdateItem": _one,
    "DeleteItem": _one,
    "TransactWriteItems": lambda asked: [
        _row(operation["TableName"], operation)
        for part in asked["TransactItems"]
        for name, operation in part.items()
        if name != "ConditionCheck"
    ],
    "BatchWriteItem": lambda asked: [
        _row(table, operation)
        for table, parts in asked["RequestItems"].items()
        for part in parts
        for operation in part.values()
    ],
}


class Edge:
    """One deployment on moto, and the ways into it."""

    def __init__(self, names: dict[str, str], clock: HandClock, pack_file: Path, written: Written) -> None:
        self.names = names
        self.clock = clock
        self.written = written
        self.policy = load_policy(pack_file)
        self.reference = boto3.resource("dynamodb", REGION).Table(names["Reference"])
        self._streams_read = {"Cases": 0, "Vault": 0}
        self._sequence = itertools.count(1)
        lay_grid(self.reference)
        for code, path in (
            (NEXT_COMMUNITY, ["鼓楼区", "黄楼街道", "民主社区"]),
            (NEXT_CELL, ["鼓楼区", "黄楼街道", "民主社区", "民主小区", "第一网格"]),
        ):
            lay_area(self.reference, code, path)

    # ---- the API -----------------------------------------------------------------------------------------------------
    def get(self, path: str, by: StaffMember | None = None, **query: str) -> Answer:
        return self.request("GET", path, by=by, query=query)

    def post(
        self,
        path: str,
        body: Any = None,
        by: StaffMember | None = None,
        *,
        key: str | None = None,
        version: int | str | None = None,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """A command, with a new idempotency key unless one is given. A header that is None is left out."""
        sent: dict[str, str | None] = {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid4())}
        if version is not None:
            sent["If-Match"] = version if isinstance(version, str) else f'"{version}"'
        return self.request("POST", path, body, by=by, headers={**sent, **(headers or {})})

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: StaffMember | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """Through API Gateway to the API function. A body of bytes is sent as it is, anything else as JSON."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
        event = gateway_event(method, path, raw, by, query or {}, headers or {})
        answer = answer_of(self.invoke("api", event))
        check_answer(method, event["requestContext"]["resourcePath"], answer)
        return answer

    def invoke(self, function: str, event: Any) -> Any:
        """As Lambda does: the event as JSON in, the answer as JSON out."""
        made = _ENTRY_POINTS[function](json.loads(json.dumps(event)), LambdaContext(f"wangge-test-{function}"))
        return json.loads(json.dumps(made))

    # ---- cases, made through the API ---------------------------------------------------------------------------------
    def report(self, by: StaffMember, **said: Any) -> dict[str, Any]:
        """Submit a report; its receipt."""
        body = {k: v for k, v in {**self.a_report(), **said}.items() if v is not None}
        answer = self.post("/v1/reports", body, by)
        assert answer.status == 201, answer.body
        receipt: dict[str, Any] = answer.body
        return receipt

    def a_report(self) -> dict[str, Any]:
        return {"text": "三号楼前井盖缺失", "told_at": self.clock.now().isoformat(), "position": INSIDE}

    def act(self, case_id: str, action: str, by: StaffMember, **said: Any) -> Answer:
        return self.post(f"/v1/cases/{case_id}/actions/{action}", said, by, version=self.case(case_id)["version"])

    def picture(self, by: StaffMember) -> str:
        """A picture that somebody announced, to be named in a report or with an act."""
        body = {"content_type": "image/jpeg", "bytes": len(JPEG)}
        attachment_id: str = self.post("/v1/attachments", body, by).body["attachment_id"]
        return attachment_id

    def answered(self, case_id: str, by: StaffMember, note: str = "好了") -> Answer:
        """Accepted and done by who leads; where the desk has to verify it, by the picture of it."""
        assert self.act(case_id, "accept", by).status == 200
        answer = self.act(case_id, "resolve", by, note=note, media=[self.picture(by)])
        if answer.body["state"] == "verifying":
            answer = self.act(case_id, "verify", ADMIN)
        assert answer.body["state"] == "resolved", answer.body
        return answer

    def visit(self, case_id: str, outcome: str, by: StaffMember, **said: Any) -> Answer:
        case = self.case(case_id)
        visit_id = case["visits"][-1]["visit_id"]
        body = {"outcome": outcome, **said}
        return self.post(f"/v1/visits/{visit_id}/result", body, by, version=case["version"])

    def case(self, case_id: str) -> dict[str, Any]:
        case: dict[str, Any] = self.get(f"/v1/cases/{case_id}", ADMIN).body
        return case

    def timeline(self, case_id: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(f"/v1/cases/{case_id}/timeline", ADMIN).body["items"]
        return items

    # ---- what lies between the functions -----------------------------------------------------------------------------
    def new_records(self) -> list[dict[str, Any]]:
        """What the relay's mapping would give it next: inserted event rows, as the stream of *cases* tells of them."""
        return [r for r in self._inserted("Cases") if r["dynamodb"]["Keys"]["sk"]["S"].startswith("EVENT#")]

    def new_entries(self) -> list[dict[str, Any]]:
        """What the sealer's mapping would give it next: inserted entries of the audit."""
        return [r for r in self._inserted("Vault") if r["dynamodb"]["Keys"]["pk"]["S"].startswith("AUDIT#")]

    def _inserted(self, title: str) -> list[dict[str, Any]]:
        """The rows inserted since this was last asked, as the stream of a table tells of them, however many."""
        streams = boto3.client("dynamodbstreams", REGION)
        arn = streams.list_streams(TableName=self.names[title])["Streams"][0]["StreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]
        first = int(shard["SequenceNumberRange"]["StartingSequenceNumber"]) + self._streams_read[title]
        place = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": str(first)}
        following = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], **place)["ShardIterator"]
        new: list[dict[str, Any]] = []
        while (page := streams.get_records(ShardIterator=following))["Records"]:
            new, following = [*new, *page["Records"]], page["NextShardIterator"]
        self._streams_read[title] += len(new)
        records = [json.loads(json.dumps(r, default=_as_lambda_writes)) for r in new]
        return [
            {**r, "eventSource": "aws:dynamodb", "eventSourceARN": arn} for r in records if r["eventName"] == "INSERT"
        ]

    def relay(self, records: Sequence[Any] | None = None) -> None:
        self.invoke("relay", {"Records": self.new_records() if records is None else records})

    def take_from(self, queue: str) -> list[dict[str, Any]]:
        """All that waits in a queue, as records of an SQS event; it is gone then."""
        sqs, url = boto3.client("sqs", REGION), self.names[queue]
        taken = []
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(sqs_record(message["Body"], message["MessageId"], message.get("MessageAttributes", {})))
        return taken

    def deliver(self, function: str, records: Sequence[dict[str, Any]]) -> list[str]:
        """Hand messages to a consumer; the ids of those that come again."""
        if not records:
            return []
        answer = self.invoke(function, {"Records": list(records)})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def dead_letters(self) -> list[tuple[str, str]]:
        """Body and reason of what was put aside since it was last asked."""
        return [
            (record["body"], record["messageAttributes"]["reason"]["stringValue"])
            for record in self.take_from("DeadLetters")
        ]

    def seal(self, records: Sequence[Any] | None = None) -> None:
        self.invoke("seal", {"Records": self.new_entries() if records is None else records})

    def entries(self) -> list[dict[str, str]]:
        """What the audit noted, by time; of one moment of the clock, as it was written.

        A clock set by hand stands still, so that many entries are of one moment, and an id says nothing about order.
        """
        table = boto3.resource("dynamodb", REGION).Table(self.names["Vault"])
        rows = [row for row in table.scan()["Items"] if row["pk"].startswith("AUDIT#")]
        _, vault = self._written()
        written = [record.record["dynamodb"]["Keys"]["sk"]["S"] for record in vault.stream_shard.items]
        return sorted(rows, key=lambda row: (row["sk"].partition("#")[0], written.index(row["sk"])))

    def settle(self) -> None:
        """Let all that happened be told: stream to relay to topic to queue to alert."""
        self.relay()
        assert self.deliver("alert", self.take_from("Alerts")) == []

    def object_notification(
        self, key: str, size: int, name: str = "ObjectCreated:Post", etag: str = "0"
    ) -> dict[str, Any]:
        """What S3 publishes of a new object, as the queue gets it."""
        told = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": "2026-11-22T02:00:00.000Z",
            "eventName": name,
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": self.names["Media"], "arn": f"arn:aws:s3:::{self.names['Media']}"},
                "object": {"key": quote(key, safe="/"), "size": size, "eTag": etag, "sequencer": "00"},
            },
        }
        return sqs_record(json.dumps({"Records": [told]}))

    def upload(self, attachment_id: str, content: bytes) -> dict[str, Any]:
        """Put the bytes of a picture; the notification of it."""
        key = f"media/{attachment_id}"
        put = boto3.client("s3", REGION).put_object(Bucket=self.names["Media"], Key=key, Body=content)
        return self.object_notification(key, len(content), etag=put["ETag"].strip('"'))

    # ---- what there is -----------------------------------------------------------------------------------------------
    def stored(self) -> str:
        """All items of the two tables that requests write to, as one text; without what the audit notes of them."""
        items = [item.to_json() for table in self._written() for item in table.all_items()]
        items = [item for item in items if not item["Attributes"]["pk"]["S"].startswith("AUDIT#")]
        return json.dumps(items, default=repr, ensure_ascii=False)

    def empty(self) -> None:
        """Begin anew: nothing stored, nothing waiting, nothing sent, the clock at its start."""
        self.clock.at = START
        for table in self._written():
            table.items.clear()
            if table.stream_shard:
                table.stream_shard.items.clear()
        self._streams_read = {"Cases": 0, "Vault": 0}
        for queue in sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues.values():
            queue._messages.clear()
        sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages.clear()
        ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages.clear()

    def _written(self) -> list[Any]:
        tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
        return [tables[self.names["Cases"]], tables[self.names["Vault"]]]

    def texts(self) -> list[tuple[str, str]]:
        """Number and words of every SMS sent."""
        return list(sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages.values())

    def mails(self) -> list[tuple[str, str]]:
        """Address and subject of every mail sent."""
        sent = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
        return [(message.destinations["ToAddresses"][0], message.subject) for message in sent]

    def on_duty(self, unit: str, staff_id: str) -> None:
        number = next(self._sequence)
        contact = {"staff_id": staff_id, "phone": f"+86199{number:08d}", "email": f"{staff_id}@gulou.example"}
        self.reference.put_item(
            Item={"pk": f"UNIT#{unit}", "sk": f"DUTY#{staff_id}#00:00", **contact, "from": "00:00", "to": "24:00"}
        )

    def employ(self, member: StaffMember, *, active: bool = True, **days: str) -> None:
        """Put somebody on the staff; `days`: `from` and `until`."""
        row = {"staff_id": member.id, "role": member.role, "unit": member.unit, "areas": list(member.areas), **days}
        self.reference.put_item(Item={"pk": f"STAFF#{member.id}", "sk": "STAFF", **row, "active": active})


@contextmanager
def deployed(pack_file: Path, contract_dir: Path) -> Iterator[Edge]:
    """A deployment on moto; every part is made anew, as at a cold start."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        written = Written()
        patch.setattr(BotocoreStubber, "process_request", written.noting(BotocoreStubber.process_request))
        names = _make_parts()
        environment = {
            "WANGGE_STAGE": "test",
            "AWS_REGION": REGION,
            "CASES_TABLE": names["Cases"],
            "REFERENCE_TABLE": names["Reference"],
            "VAULT_TABLE": names["Vault"],
            "MEDIA_BUCKET": names["Media"],
            "EVENTS_TOPIC_ARN": names["Topic"],
            "DUE_QUEUE_URL": names["Due"],
            "IMPORTS_QUEUE_URL": names["Imports"],
            "DEAD_LETTERS_URL": names["DeadLetters"],
            "DATA_KEY_ID": names["DataKey"],
            "SECRETS_ID": names["Secrets"],
            "MAIL_FROM": MAIL_FROM,
            "POLICY_FILE": str(pack_file),
            "CONTRACT_DIR": str(contract_dir),
        }
        for name, value in environment.items():
            patch.setenv(name, value)
        clock = HandClock(START)
        patch.setattr(bootstrap, "_CLOCK", clock)
        cold_start()
        yield Edge(names, clock, pack_file, written)
    cold_start()


def cold_start() -> None:
    """Forget every part that a function makes once."""
    for module in (bootstrap, config, observability, aws, http, authorizer, importer):
        for part in vars(module).values():
            if hasattr(part, "cache_clear"):
                part.cache_clear()


def sqs_record(body: str, message_id: str | None = None, attributes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A message as Lambda's mapping hands it over; `attributes` as SQS gives them."""
    return {
        "messageId": message_id or str(uuid4()),
        "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795312800000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1795312800001",
        },
        "messageAttributes": {
            name: {"stringValue": given["StringValue"], "dataType": given["DataType"]}
            for name, given in (attributes or {}).items()
        },
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{DEFAULT_ACCOUNT_ID}:wangge-test-queue",
        "awsRegion": REGION,
    }


class Lines(list[str]):
    """A stream that keeps what is written to it."""

    def write(self, text: str) -> None:
        self.append(text)

    def flush(self) -> None:
        """Nothing: it is all there."""


@contextmanager
def logged() -> Iterator[Lines]:
    """What is logged meanwhile: by us as it would stand in CloudWatch, and by the libraries."""
    lines = Lines()
    root, ours = logging.getLogger(), observability.logger().registered_handler
    assert isinstance(ours, logging.StreamHandler)
    theirs = logging.StreamHandler(lines)
    level, ours.stream = root.level, lines
    root.setLevel(logging.INFO)
    root.addHandler(theirs)
    try:
        yield lines
    finally:
        root.removeHandler(theirs)
        root.setLevel(level)
        ours.stream = sys.stdout


def _make_parts() -> dict[str, str]:
    """What the two templates make, on moto; its names."""
    names = make_tables(boto3.client("dynamodb", REGION))
    sqs, sns = boto3.client("sqs", REGION), boto3.client("sns", REGION)
    for queue in ("Due", "DeadLetters", "Alerts", "Imports", "Figures"):
        names[queue] = sqs.create_queue(QueueName=queue)["QueueUrl"]
    names["Topic"] = sns.create_topic(Name="case-events")["TopicArn"]
    for queue in ("Alerts", "Figures"):
        arn = sqs.get_queue_attributes(QueueUrl=names[queue], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=names["Topic"], Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    names["Media"] = "wangge-test-media"
    boto3.client("s3", REGION).create_bucket(Bucket=names["Media"])
    names["DataKey"] = boto3.client("kms", REGION).create_key()["KeyMetadata"]["Arn"]
    secret = boto3.client("secretsmanager", REGION).create_secret(Name="wangge", SecretString=json.dumps(SECRETS))
    names["Secrets"] = secret["ARN"]
    boto3.client("ses", REGION).verify_email_identity(EmailAddress=MAIL_FROM)
    return names


def _as_lambda_writes(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)
