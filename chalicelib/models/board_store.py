"""What hangs out in public of the areas, on DynamoDB: `services.ports.Board`. All of an area is one query."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from pynamodb.connection import Connection

from chalicelib.domain.network import NetworkVersion
from chalicelib.domain.records import AreaRecord, Counter, Holder, Network
from chalicelib.models.base import batch_get, partition, translating
from chalicelib.models.reference_rows import AreaRow, FeatureRow, NetworkRow, PostRow, UnitRow


@translating
class DynamoBoard:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def network(self, units: Sequence[str]) -> Network:
        keys = [{"pk": UnitRow.key(unit), "sk": UnitRow.SK} for unit in units]
        rows = batch_get(self._connection, NetworkRow, [{"pk": NetworkRow.KEY, "sk": NetworkRow.SK}, *keys])
        found = {row["pk"]: row for row in rows}
        network = found.get(NetworkRow.KEY, {})
        return Network(
            [NetworkVersion(*each) for each in json.loads(network.get("versions", "[]"))],
            network.get("label"),
            {unit: _counter(found[UnitRow.key(unit)]) for unit in units if UnitRow.key(unit) in found},
        )

    def area(self, code: str) -> AreaRecord:
        """What is kept of an area; of one that nobody ever named, nothing."""
        said: Mapping[str, Any] = {}
        features: dict[str, Mapping[str, Any] | None] = {}
        holders: dict[str, list[Holder]] = {}
        for raw in partition(self._connection, AreaRow, AreaRow.key(code)):
            sort_key = raw["sk"]["S"]
            if sort_key == AreaRow.SK:
                said = json.loads(AreaRow.from_raw_data(raw).said)
            elif sort_key.startswith(FeatureRow.PREFIX):
                zipped = FeatureRow.from_raw_data(raw).feature
                version = sort_key.removeprefix(FeatureRow.PREFIX)
                features[version] = json.loads(zlib.decompress(zipped)) if zipped else None
            elif sort_key.startswith(PostRow.PREFIX):
                row = PostRow.from_raw_data(raw)
                holders.setdefault(row.post, []).append(row.to_holder())
        return AreaRecord(code, said, features, holders)

    def holders_in(self, code: str) -> Mapping[str, Sequence[Holder]]:
        holders: dict[str, list[Holder]] = {}
        for row in PostRow.query(PostRow.key(code), PostRow.sk.startswith(PostRow.PREFIX)):
            holders.setdefault(row.post, []).append(row.to_holder())
        return holders


def _counter(row: Mapping[str, Any]) -> Counter:
    return Counter(row.get("duty_phone"), row.get("supervision_phone"), row.get("address"))
