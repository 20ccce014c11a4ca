"""A value with some fields changed, for what every event changes: a case has thirty fields, a clock of it thirteen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # so that fields' names and types are checked as the standard library's are
    from dataclasses import replace as replace

T = TypeVar("T")


def _replace(value: T, **changes: Any) -> T:
    """`dataclasses.replace` in a fifth of its time: that sets every field again, one by one.

    For frozen dataclasses without slots, whose `__init__` does nothing but set fields. Raises TypeError for a field
    that there is not.
    """
    fields = vars(value)
    changed = object.__new__(type(value))
    kept = vars(changed)
    kept.update(fields, **changes)
    if len(kept) != len(fields):
        raise TypeError(f"{type(value).__name__} has no {', '.join(sorted(changes.keys() - fields.keys()))}")
    return changed


if not TYPE_CHECKING:
    replace = _replace
