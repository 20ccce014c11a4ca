"""Imports by the API, on DynamoDB. The function that plans and applies them writes the rows; here they are read."""

from __future__ import annotations

import json
import zlib

from pynamodb.connection import Connection

from chalicelib.models.base import batch_get, translating
from chalicelib.models.reference_rows import ImportRow
from chalicelib.services.imports import Import


@translating
class DynamoImports:
    """`services.imports.ImportStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def found(self, import_id: str) -> Import | None:
        rows = batch_get(self._connection, ImportRow, [{"pk": ImportRow.key(import_id), "sk": ImportRow.SK}])
        if not rows:
            return None
        (row,) = rows
        plan = json.loads(zlib.decompress(row["plan"]))
        return Import(import_id, row["state"], row["at"], plan)
