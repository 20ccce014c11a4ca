"""The three tables, one connection to them, and transactions whose failures have names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from pynamodb.attributes import UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import AttributeNullError, PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model

from chalicelib.domain.errors import TemporarilyUnavailable

CONNECT_TIMEOUT, READ_TIMEOUT, RETRIES = 1, 3, 3
_CONFLICT_ATTEMPTS = 4


class _Meta:
    table_name: str | None = None
    connect_timeout_seconds = CONNECT_TIMEOUT
    read_timeout_seconds = READ_TIMEOUT
    max_retry_attempts = RETRIES


class Row(Model):
    """What every item has: its two keys.

    Rows hold plain values, and have no defaults, versions or maps of PynamoDB's: made and written without looking for
    those, they cost a third (ADR 44).
    """

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    def __init__(
        self, pk: str | None = None, sk: str | None = None, _user_instantiated: bool = True, **values: Any
    ) -> None:
        if pk is not None:
            values["pk"] = pk
        if sk is not None:
            values["sk"] = sk
        if unknown := values.keys() - self.get_attributes().keys():
            raise ValueError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        self.attribute_values = values

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        """The item, as DynamoDB gets it. Raises AttributeNullError when something is missing."""
        item: dict[str, dict[str, Any]] = {}
        for name, attribute in self.get_attributes().items():
            value = self.attribute_values.get(name)
            if value is not None:
                item[attribute.attr_name] = {attribute.attr_type: attribute.serialize(value)}
            elif null_check and not attribute.null:
                raise AttributeNullError(name)
        return item

    @classmethod
    def must_be_new(cls) -> Condition:
        return cls.pk.does_not_exist()

    @classmethod
    def must_exist(cls) -> Condition:
        return cls.pk.exists()


class ReferenceRow(Row):
    class Meta(_Meta):
        pass


class CaseIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Audit entries about a case, by time."""

    class Meta:
        index_name = "case"
        projection = AllProjection()

    case = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class ReaderIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Audit entries of what somebody did, by time."""

    class Meta:
        index_name = "reader"
        projection = AllProjection()

    reader = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class PersonIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """Audit entries about a person, named by the keyed hash of a phone, by time."""

    class Meta:
        index_name = "person"
        projection = AllProjection()

    person = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class KeptIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    """What is kept for a time only, by the month it came in."""

    class Meta:
        index_name = "kept"
        projection = IncludeProjection(["case_id"])

    kept = UnicodeAttribute(hash_key=True)
    created_at = UnicodeAttribute(range_key=True)


class VaultRow(Row):
    """Any row of the vault; the indexes are declared here, so that every kind of row knows them."""

    class Meta(_Meta):
        pass

    case = UnicodeAttribute(null=True)
    reader = UnicodeAttribute(null=True)
    person = UnicodeAttribute(null=True)
    kept = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute(null=True)
    case_index = CaseIndex()
    reader_index = ReaderIndex()
    person_index = PersonIndex()
    kept_index = KeptIndex()


class WriteRefused(Exception):
    """A transaction was cancelled; `names` are those of the parts whose condition did not hold."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        super().__init__(", ".join(sorted(names)))


MOST_PARTS = 100
"""DynamoDB takes no more in one transaction."""


class Write:
    """One transaction. Parts are named, so that a refusal says which condition failed.

    DynamoDB's reasons come in the order checks, deletes, puts, updates (PynamoDB's, not the order of the calls).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._puts: list[_Part] = []
        self._deletes: list[_Part] = []
        self._updates: list[_Part] = []

    def put(self, name: str, row: Row, condition: Condition | None = None) -> None:
        self._puts.append((name, {"TableName": row.Meta.table_name, "Item": row.serialize(), **_only_if(condition)}))

    def delete(self, name: str, row: Row) -> None:
        self._deletes.append((name, row.get_delete_kwargs_from_instance()))

    def update(self, name: str, row: Row, actions: list[Action], condition: Condition | None = None) -> None:
        self._updates.append((name, row.get_update_kwargs_from_instance(actions, condition)))

    def __len__(self) -> int:
        return len(self._puts) + len(self._deletes) + len(self._updates)

    def commit(self) -> None:
        """Write all or nothing.

        Raises WriteRefused when a condition failed, TemporarilyUnavailable when the store did not answer or
        competing writers did not let go. The outcome of the latter is unknown: the same request may be sent again.
        """
        parts = (self._deletes, self._puts, self._updates)
        names = [name for part in parts for name, _ in part]
        deletes, puts, updates = ([asked for _, asked in part] for part in parts)
        for _ in range(_CONFLICT_ATTEMPTS):
            try:
                self._connection.transact_write_items([], deletes, puts, updates)
                return
            except TransactWriteError as error:
                reasons = list(error.cancellation_reasons)
                failed = frozenset(
                    name
                    for name, reason in zip(names, reasons, strict=False)
                    if reason is not None and reason.code == "ConditionalCheckFailed"
                )
                if failed:
                    raise WriteRefused(failed) from error
                if not any(reason is not None and reason.code == "TransactionConflict" for reason in reasons):
                    raise TemporarilyUnavailable(None) from error
            except PynamoDBException as error:
                raise TemporarilyUnavailable(None) from error
        raise TemporarilyUnavailable(None)


_Part = tuple[str, dict[str, Any]]
"""A part of a transaction: its name, and what is asked of DynamoDB."""


def _only_if(condition: Condition | None) -> dict[str, Any]:
    if condition is None:
        return {}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    asked: dict[str, Any] = {"ConditionExpression": condition.serialize(names, values)}
    asked["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    return {**asked, "ExpressionAttributeValues": values} if values else asked


def batch_get(
    connection: Connection,
    table_of: type[Row],
    keys: Sequence[dict[str, str]],
    only: list[str] | None = None,
    *,
    consistent: bool = False,
) -> list[dict[str, Any]]:
    """Rows of several kinds in one read, in any order: their attributes as they lie, without types.

    `only`: the attributes that are asked for. What is not there is left out. Raises TemporarilyUnavailable when the
    store keeps leaving keys for later.
    """
    table = str(table_of.Meta.table_name)
    asked: Any = {"keys": keys, "attributes_to_get": only, "consistent_read": consistent or None}
    answer = connection.batch_get_item(table, **asked)
    if answer.get("UnprocessedKeys"):
        answer = connection.batch_get_item(table, **asked)
        if answer.get("UnprocessedKeys"):
            raise TemporarilyUnavailable()
    rows = answer["Responses"][table]
    return [{name: next(iter(value.values())) for name, value in row.items()} for row in rows]


def partition(connection: Connection, table_of: type[Row], pk: str) -> Iterator[dict[str, Any]]:
    """Rows of several kinds in one partition, not read consistently, in the order of their keys: as they lie."""
    start: Any = None
    while True:
        page = connection.query(str(table_of.Meta.table_name), pk, exclusive_start_key=start)
        yield from page["Items"]
        start = page.get("LastEvaluatedKey")
        if not start:
            return


Store = TypeVar("Store", bound=type)


def translating(store: Store) -> Store:
    """Decorate a store: when DynamoDB does not answer, its methods raise TemporarilyUnavailable."""
    for name, method in list(vars(store).items()):
        if not name.startswith("_") and callable(method):
            setattr(store, name, _translated(method))
    return store


def _translated(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except PynamoDBException as error:
            raise TemporarilyUnavailable(service_error=code_of(error)) from error

    return call


def code_of(error: PynamoDBException) -> str | None:
    """DynamoDB's own code of a failure; None when it did not answer (PynamoDB's property trips over a time-out)."""
    response = getattr(error.cause, "response", None) or {}
    code: str | None = response.get("Error", {}).get("Code")
    return code


class _Connection(Connection):
    """A connection whose client is made of a given botocore session, if one is given, and not of a new one."""

    def __init__(self, session: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self._session = session

    @property
    def session(self) -> Any:
        return self._session or super().session

    def get_consumed_capacity_map(self, return_consumed_capacity: str) -> dict[str, str]:
        """PynamoDB would have every answer tell what it cost, to log it at a level that is never on."""
        return {}


def connect(bases: dict[type[Row], str], region: str, session: Any = None, endpoint: str | None = None) -> Connection:
    """Bind the row classes to their tables and give the one connection all of them share.

    PynamoDB would open a client for each table (50 ms each at a cold start), of a botocore session of its own.
    `endpoint`: of an embedded cloud, for who does not have it in the environment as functions do.
    """
    shared = _Connection(
        session,
        region=region,
        host=endpoint,
        connect_timeout_seconds=CONNECT_TIMEOUT,
        read_timeout_seconds=READ_TIMEOUT,
        max_retry_attempts=RETRIES,
    )
    for base, table_name in bases.items():
        base.Meta.table_name = table_name
        base.Meta.region = region
        base._connection = None
        table = base._get_connection()
        shared.add_meta_table(table.connection.get_meta_table(table_name))
        table.connection = shared
    return shared


def stamp(moment: datetime) -> str:
    """A moment as it is written in rows: UTC, microseconds, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat("T", "microseconds").removesuffix("+00:00") + "Z"


def moment(stamped: str) -> datetime:
    return datetime.fromisoformat(stamped)


dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""A value as a row writes it. One encoder: `json.dumps` makes one at each call, which costs as much as to write."""
