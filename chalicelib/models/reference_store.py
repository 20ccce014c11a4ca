"""The district's ground truth on DynamoDB: where a point lies, who is on duty."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pynamodb.connection import Connection

from chalicelib.domain.grid import Area, Cell, tile_of, tiles_around
from chalicelib.domain.network import NetworkVersion, in_force, version_on
from chalicelib.domain.records import Contact, Duty, Holder
from chalicelib.models.base import batch_get, translating
from chalicelib.models.reference_rows import AreaRow, DutyRow, FeatureRow, NamesRow, NetworkRow, PostRow, TileRow

if TYPE_CHECKING:
    from chalicelib.domain.gazetteer import Gazetteer

_KEPT_SECONDS = 60


@translating
class DynamoGrid:
    """`services.ports.Grid`: one batch read a look-up, of what is asked and of which versions count."""

    def __init__(self, connection: Connection, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._monotonic = monotonic
        self._named: tuple[float, str, Any] = (float("-inf"), "", None)

    def cells_near(self, lat: float, lon: float, day: str) -> Sequence[Cell]:
        return self._cells([tile_of(lat, lon)], day)

    def cells_around(self, lat: float, lon: float, metres: float, day: str) -> Sequence[Cell]:
        return self._cells(tiles_around(lat, lon, metres), day)

    def area(self, code: str, day: str) -> Area | None:
        for area in self._in_force([{"pk": AreaRow.key(code), "sk": AreaRow.SK}], day):
            return Area(code, tuple(area["path"]))
        return None

    def parts(self, code: str, day: str) -> Sequence[str]:
        return list(self.named_parts(code, day))

    def named_parts(self, code: str, day: str) -> Mapping[str, str]:
        rows = FeatureRow.query(AreaRow.key(code), FeatureRow.sk.startswith(FeatureRow.PREFIX))
        features = {row.sk.removeprefix(FeatureRow.PREFIX): row.feature for row in rows}
        network = batch_get(self._connection, NetworkRow, [{"pk": NetworkRow.KEY, "sk": NetworkRow.SK}])
        zipped = in_force(features, _versions(network), day)
        children = json.loads(zlib.decompress(zipped))["properties"]["children"] if zipped else []
        return dict(children)

    def gazetteer(self, day: str) -> Gazetteer:
        """None where the version was imported before names were kept, until its import is run again."""
        from chalicelib.domain.gazetteer import Gazetteer  # only where reports are taken or screened

        read_at, known, gazetteer = self._named
        now = self._monotonic()
        if gazetteer is None or now - read_at > _KEPT_SECONDS:
            network = batch_get(self._connection, NetworkRow, [{"pk": NetworkRow.KEY, "sk": NetworkRow.SK}])
            version = found.id if (found := version_on(_versions(network), day)) else ""
            if gazetteer is None or version != known or not gazetteer.names:
                names = batch_get(self._connection, NamesRow, [{"pk": NamesRow.KEY, "sk": NamesRow.sk_of(version)}])
                gazetteer = Gazetteer.of(json.loads(zlib.decompress(names[0]["names"])) if names else {})
            self._named = now, version, gazetteer
        return cast("Gazetteer", gazetteer)

    def _cells(self, tiles: Sequence[str], day: str) -> Sequence[Cell]:
        keys = [{"pk": TileRow.key(tile), "sk": TileRow.SK} for tile in tiles]
        listed = self._in_force(keys, day)
        return TileRow.to_cells({cell["code"]: cell for cells in listed for cell in cells}.values())

    def _in_force(self, keys: Sequence[dict[str, str]], day: str) -> list[Any]:
        """What the network says on a day of each of these rows of which it says anything."""
        if not keys:
            return []
        network = {"pk": NetworkRow.KEY, "sk": NetworkRow.SK}
        rows = batch_get(self._connection, AreaRow, [network, *keys])
        versions = _versions(rows)
        found = (in_force(json.loads(row["said"]), versions, day) for row in rows if "said" in row)
        return [said for said in found if said]


def _versions(rows: Sequence[dict[str, Any]]) -> list[NetworkVersion]:
    listed = next((row["versions"] for row in rows if "versions" in row), "[]")
    return [NetworkVersion(*each) for each in json.loads(listed)]


@translating
class DynamoRoster:
    """`services.ports.Roster`."""

    def duty_of(self, unit: str) -> Sequence[Duty]:
        rows = DutyRow.query(DutyRow.key(unit), DutyRow.sk.startswith(DutyRow.PREFIX))
        return [Duty(Contact(r.staff_id, r.phone, r.email), r.from_time, r.to_time) for r in rows]

    def holders(self, area: str, post: str) -> Sequence[Holder]:
        rows = PostRow.query(PostRow.key(area), PostRow.sk.startswith(f"{PostRow.PREFIX}{post}#"))
        return [row.to_holder() for row in rows]


class KeptRoster(DynamoRoster):
    """Keeps who is on duty of a unit for a minute: what happens to cases comes to the same units again and again."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, Sequence[Duty]]] = {}

    def duty_of(self, unit: str) -> Sequence[Duty]:
        read_at, duty = self._kept.get(unit, (float("-inf"), ()))
        now = self._monotonic()
        if now - read_at > _KEPT_SECONDS:
            duty = super().duty_of(unit)
            self._kept[unit] = now, duty
        return duty
