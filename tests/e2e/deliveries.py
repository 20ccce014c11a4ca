"""What the delivery rows say of sends that happened twice."""

from __future__ import annotations

import json
from collections import Counter

from infra.day.district import District
from infra.day.expected import Rosters, Told
from infra.day.ledger import Ledger
from infra.day.standing import SAMPLE

OUTCOME_UNKNOWN = "outcome-unknown"


def unknown_outcomes(district: District, ledger: Ledger) -> Counter[Told]:
    """How often the outcome of a send is written down as unknown, by event reference, address and channel."""
    contacts = Rosters.read(SAMPLE).contacts
    unknown: Counter[Told] = Counter()
    for row in _rows(district):
        subject, version, number = row["event_id"]["S"].rsplit(".", 2)
        code = ledger.beats[subject]["code"] if "." in subject else ledger.cases[subject]["tracking_code"]
        reference = f"{code}-{version}.{number}"
        recipient, channel = row["recipient"]["S"], row["channel"]["S"]
        phone, email = contacts.get(recipient) or (district.phones.get(recipient, ""), "")
        attempts = json.loads(row["attempts"]["S"])
        unknown[reference, phone if channel == "sms" else email, channel] += sum(
            outcome == OUTCOME_UNKNOWN for _, outcome, *_ in attempts
        )
    return +unknown


def unsettled(district: District) -> list[str]:
    """Deliveries that are neither sent nor given up for good."""
    return [row["sk"]["S"] for row in _rows(district) if row["state"]["S"] not in ("sent", "abandoned")]


def _rows(district: District) -> list[dict[str, dict[str, str]]]:
    pages = (
        district.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=district.system.outputs["CasesTable"],
            FilterExpression="begins_with(sk, :delivery)",
            ExpressionAttributeValues={":delivery": {"S": "DELIVERY#"}},
        )
    )
    return [row for page in pages for row in page["Items"]]
