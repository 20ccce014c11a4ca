"""The tables of the deployed template, made on moto."""

from __future__ import annotations

from typing import Any

from infra.stateful import stateful_template

STAGE = "test"


def make_tables(dynamodb: Any) -> dict[str, str]:
    """Make the template's tables; their names by the template's own."""
    names = {}
    for title, resource in stateful_template()["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        wanted = {
            name: value
            for name, value in resource["Properties"].items()
            if name in ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        }
        stream = resource["Properties"].get("StreamSpecification")
        if stream:
            wanted["StreamSpecification"] = {"StreamEnabled": True, **stream}
        names[title] = resource["Properties"]["TableName"]["Fn::Sub"].replace("${Stage}", STAGE)
        dynamodb.create_table(TableName=names[title], **wanted)
    return names
