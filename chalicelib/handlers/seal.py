"""Consumer of the vault's stream: seals the entries of the audit that were written, so that a change to one shows."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.audit import SealedEntry, hash_of
from chalicelib.observability import logger

seal = Blueprint(__name__)


@seal.lambda_function(name="seal")
def seal_entries(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fails whole when the store does not answer, so that the stream gives the batch again.

    The number and hash of each seal go to the log too: whoever rewrote the table would have to rewrite that as well.
    """
    made = bootstrap.sealing().seal([_sealed(record) for record in event["Records"]])
    if made:
        logger().info("sealed", extra={"seal": made.number, "hash": made.hash, "entries": len(made.entries)})
    return {"batchItemFailures": []}


def _sealed(record: dict[str, Any]) -> SealedEntry:
    row = {name: str(next(iter(value.values()))) for name, value in record["dynamodb"]["NewImage"].items()}
    return SealedEntry(row["pk"].partition("#")[2], row["sk"], hash_of(row))
