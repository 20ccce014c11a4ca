"""The floor of intake: the least a Chalice function can do for one report. Parse, one transaction of three, 201."""

import os
from typing import Any
from uuid import uuid4

import botocore.session
from chalice.app import Chalice, Response

TABLE = os.environ["FLOOR_TABLE"]

app = Chalice("floor")
dynamodb = botocore.session.get_session().create_client("dynamodb")


@app.route("/reports", methods=["POST"])
def take_report() -> Response:
    told = app.current_request.json_body
    report_id = uuid4().hex
    dynamodb.transact_write_items(
        TransactItems=[
            _put(report_id, "CASE", told),
            _put(report_id, "EVENT#1", {"type": "received", "at": "2026-11-22T00:00:00Z"}),
            _put(report_id, "REPORT", {"hash": "x" * 64}),
        ]
    )
    return Response({"id": report_id}, status_code=201)


def _put(pk: str, sk: str, facts: dict[str, Any]) -> dict[str, Any]:
    item = {"pk": {"S": pk}, "sk": {"S": sk}, **{name: {"S": str(fact)} for name, fact in facts.items()}}
    return {"Put": {"TableName": TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}
