"""moto without work that comes to nothing, which is most of what a request to its tables takes.

It answers as it did (`tests/unit/test_lighter_moto.py` asks both). Each part says what moto does instead.
"""

from __future__ import annotations

import base64
import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from botocore import loaders
from botocore.signers import RequestSigner
from moto.core import DEFAULT_ACCOUNT_ID, responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.request import normalize_request
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler


def lighten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Item, "__init__", _measured_once)
    patch.setattr(Table, "query", _among_what_it_can_find(Table.query))
    patch.setattr(Table, "__deepcopy__", lambda table, _: table, raising=False)
    patch.setattr(DynamoDBBackend, "transact_write_items", _undone_where_it_wrote(DynamoDBBackend.transact_write_items))
    patch.setattr(DynamoHandler, "serialized", _as_it_stands(DynamoHandler.serialized))
    patch.setattr(BotocoreStubber, "process_request", _straight_to_tables(BotocoreStubber.process_request))
    patch.setattr(RequestSigner, "handler", _signed_where_it_is_read(RequestSigner.handler))
    patch.setattr(
        loaders, "create_loader", cache(loaders.create_loader)
    )  # else each session reads what services can do
    patch.setattr(responses, "method_names_from_class", cache(responses.method_names_from_class))


_ITEM_LIMIT = 405_000  # moto's own: the real one lies between 409 and 410 KB


def _measured_once(item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: Mapping[str, Any]) -> None:
    """moto adds the whole item up again for each of its attributes."""
    item.hash_key, item.range_key, item.attrs = hash_key, range_key, LimitedSizeDict()
    dict.update(item.attrs, {name: DynamoType(value) for name, value in attrs.items()})
    if item.size() > _ITEM_LIMIT:
        raise ItemSizeTooLarge


def _among_what_it_can_find(query: Callable[..., Any]) -> Callable[..., Any]:
    """moto sorts all rows of the table before it looks for those with the key."""

    def asked(table: Table, hash_key: Any, *said: Any, hash_key_conditions: Any = None, **more: Any) -> Any:
        index = said[_INDEX] if len(said) > _INDEX else more.get("index_name")
        found: Iterator[Item] | Sequence[Item]
        if index:
            wanted = hash_key_conditions or ()
            found = (item for item in _rows(table) if all(_is(item.attrs.get(name), value) for name, value in wanted))
        else:
            found = list(table.items[hash_key].values()) if hash_key in table.items else ()
        view = copy.copy(table)
        view.items = defaultdict(dict)
        for item in found:
            view.items[item.hash_key][item.range_key] = item
        return query(view, hash_key, *said, hash_key_conditions=hash_key_conditions, **more)

    return asked


_INDEX = 6  # where `index_name` stands among what follows the key


def _undone_where_it_wrote(transact: Callable[..., None]) -> Callable[..., None]:
    """moto copies the whole table for each part of a transaction, in case that it must go back."""

    def write(backend: DynamoDBBackend, parts: Sequence[Mapping[str, Any]]) -> None:
        written = [_place(backend, operation) for part in parts for operation in part.values()]
        kept = [(table, pk, sk, copy.deepcopy(table.get_item(pk, sk))) for table, pk, sk in written]
        streams = {id(shard): (shard, len(shard.items)) for table, _, _ in written if (shard := table.stream_shard)}
        try:
            transact(backend, parts)
        except BaseException:
            for table, pk, sk, item in kept:
                if item is not None:
                    table.items[pk][sk] = item
                elif pk in table.items:
                    table.items[pk].pop(sk, None)
            for shard, length in streams.values():
                del shard.items[length:]
            raise

    return write


def _place(backend: DynamoDBBackend, operation: Mapping[str, Any]) -> tuple[Table, DynamoType, DynamoType | None]:
    table = backend.get_table(operation["TableName"])
    pk, sk = backend.get_keys_value(table, operation.get("Key") or operation["Item"])
    return table, pk, sk


def _as_it_stands(serialized: Callable[..., Any]) -> Callable[..., Any]:
    """moto looks for each member of each value of each row under each name that it could have. Rows have the form of
    the wire already.
    """

    def answered(handler: DynamoHandler, result: ActionResult) -> Any:
        if handler._get_action() not in _OF_ROWS or isinstance(result.result, Exception):
            return serialized(handler, result)
        body = json.dumps(result.result, default=_base64)
        return 200, {"Content-Type": "application/x-amz-json-1.0", **handler.response_headers}, body

    return answered


def _straight_to_tables(process: Callable[..., Any]) -> Callable[..., Any]:
    """moto tries the address of a request on the patterns of all services, makes a request of the web of it, looks
    through its form, and holds each value against the service's model.
    """

    def processed(stubber: BotocoreStubber, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target", b"")
        service, _, action = (target.decode() if isinstance(target, bytes) else target).partition(".")
        if not service.startswith("DynamoDB_"):
            return process(stubber, request)
        plain = normalize_request(request) if action not in _OF_ROWS else None
        try:
            if plain is not None:
                return DynamoHandler.dispatch(plain, plain.raw_url, plain.headers)
            return _answered(request, action)
        except HTTPException as refused:
            return refused.code, refused.get_headers(), refused.get_body()

    return processed


def _signed_where_it_is_read(sign: Callable[..., None]) -> Callable[..., None]:
    """botocore signs each request, and moto asks none to a table for its signature."""

    def signed(signer: RequestSigner, operation_name: str | None = None, request: Any = None, **more: Any) -> None:
        if signer.signing_name != "dynamodb" or ".amazonaws.com" not in request.url:
            sign(signer, operation_name, request, **more)

    return signed


def _answered(request: Any, action: str) -> Any:
    handler, body = DynamoHandler(), request.body
    handler.params = handler.body = json.loads(body, object_hook=_bytes) if b'"B' in body else json.loads(body)
    handler.headers = {"x-amz-target": f"DynamoDB_20120810.{action}", "Content-Type": "application/x-amz-json-1.0"}
    handler.querystring, handler.response_headers = {}, {}
    handler.region, handler.current_account = _region(request.url), DEFAULT_ACCOUNT_ID
    try:
        result = getattr(handler, camelcase_to_underscores(action))()
    except ServiceException as refused:
        result = ActionResult(refused)
    return handler.serialized(result)


@cache
def _region(url: str) -> str:
    found = DynamoHandler.region_regex.search(url)
    assert found, url
    return found["region"]


def _bytes(found: dict[str, Any]) -> dict[str, Any]:
    """Bytes come in base64."""
    match found:
        case {"B": str(value)} if len(found) == 1:
            return {"B": base64.b64decode(value)}
        case {"BS": list(values)} if len(found) == 1:
            return {"BS": [base64.b64decode(value) for value in values]}
    return found


_OF_ROWS = {
    *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
    *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems"),
}


def _base64(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _is(found: DynamoType | None, wanted: DynamoType) -> bool:
    return found is not None and found == wanted


def _rows(table: Table) -> Iterator[Item]:
    return (item for rows in table.items.values() for item in rows.values())
