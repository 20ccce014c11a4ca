"""Tables of any size, filled at once by DynamoDB's own import."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

from infra.stateful import stateful_template
from tests.bench.system import System

_PART = 10_000
_BUCKET = "wangge-bench-import"
_SECONDS = 300
_AS_DEPLOYED = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")


def imported(system: System, name: str, title: str, lines: Iterable[str]) -> None:
    """Make the table `name`, as the template makes its `title`, of lines of DynamoDB JSON. Raises RuntimeError."""
    s3, dynamodb = system.client("s3"), system.client("dynamodb")
    s3.create_bucket(Bucket=_BUCKET)
    rest, part = iter(lines), 0
    while some := list(islice(rest, _PART)):
        body = gzip.compress("\n".join(some).encode(), compresslevel=1)
        s3.put_object(Bucket=_BUCKET, Key=f"{name}/{part:06d}.json.gz", Body=body)
        part += 1
    properties = stateful_template()["Resources"][title]["Properties"]
    asked: dict[str, Any] = {wanted: properties[wanted] for wanted in _AS_DEPLOYED if wanted in properties}
    arn = dynamodb.import_table(
        S3BucketSource={"S3Bucket": _BUCKET, "S3KeyPrefix": f"{name}/"},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={"TableName": name, **asked},
    )["ImportTableDescription"]["ImportArn"]
    deadline = time.monotonic() + _SECONDS
    while (done := dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"])["ImportStatus"] == "IN_PROGRESS":
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name}: not imported in {_SECONDS} s")
        time.sleep(0.5)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=_BUCKET, Key=each["Key"])
    if done["ImportStatus"] != "COMPLETED":
        raise RuntimeError(f"{name}: {done.get('FailureMessage')}")
