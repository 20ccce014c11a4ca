"""The reference table as imports use it: read by keys, written in batches, changed under conditions."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from chalicelib.domain.network import NetworkVersion
from chalicelib.models.reference_rows import NetworkIndexRow, NetworkRow, PeopleRow
from infra.network.content import compact

Key = tuple[str, str]
Row = dict[str, Any]
Told = Callable[[int], None]

ITEM_BYTES = 400 * 1000
"""What DynamoDB takes for one item (409,600 bytes), with some room for keys and names."""

_GET, _PUT, _TOGETHER = 100, 25, 99  # dated rows are read with the network's own
_TOGETHER_BYTES = 2_000_000
_ENTRIES_A_PART = 4000
_TRIES = 10

T = TypeVar("T")


class PeopleKnown(NamedTuple):
    """How the people's rows stand: the names of their lists by kind, the import under way, the one finished last."""

    lists: Mapping[str, str]
    importing: str | None = None
    finished: str | None = None


class TableBusy(RuntimeError):
    """The table kept refusing rows, or somebody else writes the same ones."""


class ImportUnderWay(RuntimeError):
    """Another import is not finished. It must be run again to its end, or be abandoned."""


class ReferenceTable:
    """One deployment's reference table. `writers`: how many requests may be on their way at a time."""

    WRITERS = 4

    def __init__(self, dynamodb: Any, name: str, writers: int = WRITERS) -> None:
        self._dynamodb = dynamodb
        self._name = name
        self._writers = writers

    def rows(self, keys: Iterable[Key], *, bare: bool = False) -> dict[Key, Row]:
        """The rows that are there, by key, without their keys; consistent. `bare`: whether they are there is enough."""
        found: dict[Key, Row] = {}
        asked: Row = {"ConsistentRead": True}
        if bare:
            asked["ProjectionExpression"] = "pk, sk"
        with ThreadPoolExecutor(self._writers) as readers:
            for items in readers.map(lambda some: self._get(some, asked), _some(dict.fromkeys(keys), _GET)):
                for item in items:
                    row = _plain(item)
                    found[row.pop("pk"), row.pop("sk")] = row
        return found

    def row(self, key: Key) -> Row | None:
        return self.rows([key]).get(key)

    def put(self, rows: Iterable[tuple[Key, Row]], told: Told = lambda count: None) -> None:
        """Writes rows whole. Raises TableBusy."""
        self._write(({"PutRequest": {"Item": _item(key, row)}} for key, row in rows), told)

    def delete(self, keys: Iterable[Key], told: Told = lambda count: None) -> None:
        """Takes rows away; those that are not there do not matter. Raises TableBusy."""
        self._write(({"DeleteRequest": {"Key": _item(key, {})}} for key in keys), told)

    def change(self, key: Key, wanted: Row, gone: Sequence[str] = (), *, unless_missing: bool = False) -> None:
        """Sets attributes of one row and takes others away; what it holds besides stays."""
        names = {f"#{place}": name for place, name in enumerate((*wanted, *gone))}
        sets = [f"#{place} = :{place}" for place in range(len(wanted))]
        removes = [f"#{place}" for place in range(len(wanted), len(names))]
        asked: Row = {
            "UpdateExpression": " ".join(
                [f"SET {', '.join(sets)}" if sets else "", f"REMOVE {', '.join(removes)}" if removes else ""]
            ),
            "ExpressionAttributeNames": names,
        }
        if wanted:
            asked["ExpressionAttributeValues"] = {
                f":{place}": _ser(value) for place, value in enumerate(wanted.values())
            }
        if unless_missing:
            asked["ConditionExpression"] = "attribute_exists(pk)"
        self._update(key, asked)

    def merge_said(self, wanted: Sequence[tuple[Key, Any]], version: str, counting: frozenset[str], told: Told) -> None:
        """Adds to dated rows what a version says of them; drops what versions say that do not count (any more).

        `counting`: the versions that do. Each row is changed only as it was read, and only while the network's own row
        says that the version is being imported: one that was given up while it is still at work drops nothing of what
        another brings in. Raises ImportUnderWay.
        """
        with ThreadPoolExecutor(self._writers) as writers:
            merging = writers.map(lambda some: self._merge(some, version, counting), _some(wanted, _TOGETHER))
            for count in merging:
                told(count)

    def list_named(self, name: str) -> list[Any] | None:
        """The entries of a list, or None when it was never written (whole)."""
        first = self.row((NetworkIndexRow.KEY, NetworkIndexRow.sk_of(name, 0)))
        if first is None:
            return None
        keys = [(NetworkIndexRow.KEY, NetworkIndexRow.sk_of(name, part)) for part in range(int(first["parts"]))]
        parts = self.rows(keys)
        if len(parts) != len(keys):
            return None
        return [entry for key in keys for entry in json.loads(zlib.decompress(parts[key]["entries"]))]

    def keep_list(self, name: str, entries: Iterable[Any], told: Told = lambda count: None) -> None:
        """Writes a list; what is there already under that name is the same."""
        parts = [zlib.compress(compact(some).encode(), 9) for some in _some(entries, _ENTRIES_A_PART)] or [
            zlib.compress(b"[]")
        ]
        self.put(
            (
                (
                    (NetworkIndexRow.KEY, NetworkIndexRow.sk_of(name, place)),
                    {"entries": part, "parts": len(parts)},
                )
                for place, part in enumerate(parts)
            ),
            told,
        )

    def drop_list(self, name: str) -> None:
        first = self.row((NetworkIndexRow.KEY, NetworkIndexRow.sk_of(name, 0)))
        if first is not None:
            parts = range(int(first["parts"]))
            self.delete((NetworkIndexRow.KEY, NetworkIndexRow.sk_of(name, part)) for part in parts)

    # The two rows that say what counts, and what is under way.

    def network(self) -> tuple[tuple[NetworkVersion, ...], str | None]:
        """The finished versions, oldest first, and the one being imported."""
        row = self.row((NetworkRow.KEY, NetworkRow.SK)) or {}
        versions = tuple(NetworkVersion(*each) for each in json.loads(row.get("versions", "[]")))
        return versions, row.get("importing")

    def begin_network(self, version: str, before: Sequence[NetworkVersion]) -> None:
        """Marks an import as under way. `before`: the versions it was planned upon.

        Raises ImportUnderWay when another one is, or the versions are others now: what those say would be dropped.
        """
        self._mark(
            (NetworkRow.KEY, NetworkRow.SK),
            "SET importing = :id, versions = :before_versions",
            version,
            {"versions": _ser(compact(before))},
            fresh=not before,
        )

    def finish_network(
        self, before: Sequence[NetworkVersion], after: Sequence[NetworkVersion], version: str, label: str
    ) -> None:
        """Makes a version count: the one write that everything else led up to.

        `label`: what is to stand beside the areas wherever they are shown, or nothing. Raises ImportUnderWay.
        """
        self._switch(before, after, label, "importing = :id", {":id": {"S": version}})

    def withdraw(self, before: Sequence[NetworkVersion], after: Sequence[NetworkVersion], label: str) -> None:
        """Makes a version count no more. Raises ImportUnderWay when an import is, or the versions are others now."""
        self._switch(before, after, label, "attribute_not_exists(importing)", {})

    def people(self) -> PeopleKnown:
        row = self.row((PeopleRow.KEY, PeopleRow.SK)) or {}
        return PeopleKnown(json.loads(row.get("lists", "{}")), row.get("importing"), row.get("finished"))

    def begin_people(self, before: PeopleKnown, lists: Mapping[str, str], importing: str) -> None:
        """`before`: what the import was planned upon. Raises ImportUnderWay when another is, or was since."""
        self._mark(
            (PeopleRow.KEY, PeopleRow.SK),
            "SET importing = :id, lists = :lists",
            importing,
            {"lists": _ser(compact(before.lists)), **({"finished": _ser(before.finished)} if before.finished else {})},
            {":lists": _ser(compact(lists))},
            fresh=not before.lists,
        )

    def finish_people(self, lists: Mapping[str, str], importing: str) -> None:
        """Raises ImportUnderWay when another import was begun meanwhile."""
        self._mark(
            (PeopleRow.KEY, PeopleRow.SK),
            "SET lists = :lists, finished = :id REMOVE importing",
            importing,
            more={":lists": _ser(compact(lists))},
        )

    def abandon(self) -> list[str]:
        """Gives up what is under way, so that something else can be imported; which imports that were."""
        given_up = []
        for key in ((NetworkRow.KEY, NetworkRow.SK), (PeopleRow.KEY, PeopleRow.SK)):
            importing = (self.row(key) or {}).get("importing")
            if importing:
                self.change(key, {}, ["importing"], unless_missing=True)
                given_up.append(importing)
        return given_up

    def _mark(
        self,
        key: Key,
        expression: str,
        importing: str,
        before: Row | None = None,
        more: Row | None = None,
        *,
        fresh: bool = False,
    ) -> None:
        """Changes the row unless another import is under way. `before`: attributes that must be as they were.

        `fresh`: or not be there at all.
        """
        alone = "(attribute_not_exists(importing) OR importing = :id)"
        same = [f"{name} = :before_{name}" for name in before or {}]
        if fresh:
            same = [f"(attribute_not_exists({name}) OR {name} = :before_{name})" for name in before or {}]
        try:
            self._update(
                key,
                {
                    "UpdateExpression": expression,
                    "ConditionExpression": " AND ".join([alone, *same]),
                    "ExpressionAttributeValues": {
                        ":id": {"S": importing},
                        **{f":before_{name}": value for name, value in (before or {}).items()},
                        **(more or {}),
                    },
                },
            )
        except ClientError as error:
            raise self._under_way(error, key) from error

    def _switch(
        self,
        before: Sequence[NetworkVersion],
        after: Sequence[NetworkVersion],
        label: str,
        condition: str,
        values: Row,
    ) -> None:
        key = (NetworkRow.KEY, NetworkRow.SK)
        try:
            self._update(
                key,
                {
                    "UpdateExpression": "SET versions = :after, label = :label REMOVE importing",
                    "ConditionExpression": f"versions = :before AND {condition}",
                    "ExpressionAttributeValues": {
                        ":before": _ser(compact(before)),
                        ":after": _ser(compact(after)),
                        ":label": {"S": label},
                        **values,
                    },
                },
            )
        except ClientError as error:
            raise self._under_way(error, key) from error

    def _under_way(self, error: ClientError, key: Key) -> Exception:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            return error
        return ImportUnderWay((self.row(key) or {}).get("importing") or "another import was faster")

    def _update(self, key: Key, asked: Row) -> None:
        self._dynamodb.update_item(TableName=self._name, Key=_item(key, {}), **asked)

    def _get(self, keys: Sequence[Key], asked: Row) -> list[Row]:
        waiting = {self._name: {"Keys": [_item(key, {}) for key in keys], **asked}}
        items: list[Row] = []
        for attempt in range(_TRIES):
            answer = self._dynamodb.batch_get_item(RequestItems=waiting)
            items += answer["Responses"].get(self._name, [])
            waiting = answer.get("UnprocessedKeys") or {}
            if not waiting:
                return items
            if len(answer["Responses"].get(self._name, [])) == 0:
                time.sleep(0.05 * 2**attempt)
        raise TableBusy(f"{self._name} kept back rows {_TRIES} times")

    def _write(self, requests: Iterable[Row], told: Told) -> None:
        with ThreadPoolExecutor(self._writers) as writers:
            for count in writers.map(self._write_some, _some(requests, _PUT)):
                told(count)

    def _write_some(self, requests: Sequence[Row]) -> int:
        waiting = {self._name: list(requests)}
        for attempt in range(_TRIES):
            waiting = self._dynamodb.batch_write_item(RequestItems=waiting).get("UnprocessedItems") or {}
            if not waiting:
                return len(requests)
            time.sleep(0.05 * 2**attempt)
        raise TableBusy(f"{self._name} refused {sum(map(len, waiting.values()))} rows {_TRIES} times")

    def _merge(self, wanted: Sequence[tuple[Key, Any]], version: str, counting: frozenset[str]) -> int:
        network = (NetworkRow.KEY, NetworkRow.SK)
        for attempt in range(_TRIES):
            rows = self.rows([network, *(key for key, _ in wanted)])
            importing = rows.get(network, {}).get("importing")
            if importing != version:
                raise ImportUnderWay(importing or f"{version} was given up")
            changes = []
            for key, value in wanted:
                before = (rows.get(key) or {}).get("said")
                after = said_with(before, version, value, counting)
                if after != before:
                    changes.append(self._said(key, before, after))
            try:
                for some in _fitting(changes):
                    self._dynamodb.transact_write_items(TransactItems=[{"Update": change} for change in some])
                return len(wanted)
            except ClientError as error:
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
                time.sleep(0.05 * 2**attempt)
        raise TableBusy(f"somebody else changes the same rows of {self._name}")

    def _said(self, key: Key, before: str | None, after: str) -> Row:
        return {
            "TableName": self._name,
            "Key": _item(key, {}),
            "UpdateExpression": "SET said = :after",
            "ConditionExpression": "attribute_not_exists(said)" if before is None else "said = :before",
            "ExpressionAttributeValues": {
                ":after": {"S": after},
                **({":before": {"S": before}} if before is not None else {}),
            },
        }


def said_with(before: str | None, version: str, value: Any, counting: frozenset[str]) -> str:
    """What a dated row says once a version has said its part."""
    said = json.loads(before) if before else {}
    kept = {each: what for each, what in said.items() if each in counting and each != version}
    return compact({**kept, version: value})


def size_of(key: Key, row: Mapping[str, Any]) -> int:
    """How many bytes DynamoDB counts for a row, near enough."""
    values = [*key, *row, *row.values()]
    return sum(len(value) if isinstance(value, bytes) else len(str(value).encode()) for value in values) + 16


def _fitting(changes: Iterable[Row]) -> Iterator[list[Row]]:
    """Changes in transactions that are not too large."""
    some: list[Row] = []
    size = 0
    for change in changes:
        bytes_of = sum(len(value["S"].encode()) for value in change["ExpressionAttributeValues"].values())
        if some and size + bytes_of > _TOGETHER_BYTES:
            yield some
            some, size = [], 0
        some.append(change)
        size += bytes_of
    if some:
        yield some


def _some(things: Iterable[T], most: int) -> Iterator[list[T]]:
    waiting = iter(things)
    while some := list(islice(waiting, most)):
        yield some


def _item(key: Key, row: Row) -> Row:
    return {name: _ser(value) for name, value in {"pk": key[0], "sk": key[1], **row}.items()}


_ser = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def _plain(item: Row) -> Row:
    row = {name: _deserialize(value) for name, value in item.items()}
    return {name: bytes(value) if hasattr(value, "value") else value for name, value in row.items()}
