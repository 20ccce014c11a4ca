"""Item sizes and the read capacity they make, after DynamoDB's published rules (MiniStack does not count reads)."""

from __future__ import annotations

import math
from typing import Any

_READ_BYTES = 4096


def item_bytes(item: dict[str, Any]) -> int:
    """The size of an item as DynamoDB counts it: names and values in UTF-8."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: dict[str, Any]) -> int:
    """A typed value. Numbers take a byte for two digits, and one; lists and maps three, and one each."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            digits = content.lstrip("-").replace(".", "").strip("0")
            return math.ceil(max(len(digits), 1) / 2) + 1 + content.startswith("-")
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + value_bytes(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + value_bytes(each) for name, each in content.items())
    raise ValueError(f"no size known for {kind}")


def read_units(request: dict[str, Any]) -> float:
    """What a watched read consumes: 4 KB a unit, half of it for a read that need not be consistent.

    A query is charged for its items together, a get or a batch for each by itself; nothing found costs as 4 KB.
    """
    kwargs, sizes = request["kwargs"], [item_bytes(item) for item in request["read"]]
    match request["operation"]:
        case "GetItem":
            return _units(sum(sizes), kwargs.get("ConsistentRead"))
        case "Query":
            return _units(sum(sizes), kwargs.get("ConsistentRead"))
        case "BatchGetItem":
            asked = sum(len(table["Keys"]) for table in kwargs["RequestItems"].values())
            consistent = any(table.get("ConsistentRead") for table in kwargs["RequestItems"].values())
            found = sum(_units(size, consistent) for size in sizes)
            return found + (asked - len(sizes)) * _units(0, consistent)
    return 0.0


def _units(size: int, consistent: bool | None) -> float:
    return max(1, math.ceil(size / _READ_BYTES)) * (1.0 if consistent else 0.5)
