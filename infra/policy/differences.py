"""What changed between two compiled packs, whatever sections they have: added, removed, changed, in another order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

ADDED, REMOVED, CHANGED, REORDERED = "added", "removed", "changed", "reordered"

_OF_ITSELF = frozenset({"version"})
"""What every two packs differ in."""

Path = tuple[str, ...]


class Difference(NamedTuple):
    """One thing that differs. `path`: its section, and where it lies within. `zh`: what the pack calls it.

    `old` and `new` are JSON; of what was added there is no old, of what was removed no new. Of a reordered list they
    are the ids in order.
    """

    what: str
    path: Path
    zh: str = ""
    old: Any = None
    new: Any = None

    @property
    def section(self) -> str:
        return self.path[0]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Everything in which two packs differ, section by section."""
    before, after = ({key: value for key, value in pack.items() if key not in _OF_ITSELF} for pack in (old, new))
    return list(_of_tables((), before, after))


def _of_tables(path: Path, old: Mapping[str, Any], new: Mapping[str, Any], zh: str = "") -> Iterator[Difference]:
    for key in sorted({*old, *new}):
        here = (*path, key)
        if key not in new:
            yield Difference(REMOVED, here, _name_of(old[key]) or zh, old=old[key])
        elif key not in old:
            yield Difference(ADDED, here, _name_of(new[key]) or zh, new=new[key])
        else:
            yield from _of_values(here, old[key], new[key], _name_of(new[key]) or zh)


def _of_values(path: Path, old: Any, new: Any, zh: str) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_tables(path, old, new, zh)
    elif _listed(old) and _listed(new):
        yield from _of_rows(path, old, new)
    else:
        yield Difference(CHANGED, path, zh, old, new)


def _of_rows(path: Path, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Difference]:
    """Of lists of tables: by id where they have one, otherwise whole."""
    if all("id" in row for row in (*old, *new)):
        before, after = ({row["id"]: row for row in rows} for rows in (old, new))
        yield from _of_tables(path, before, after)
        kept = [[name for name in names if name in others] for names, others in ((before, after), (after, before))]
        if kept[0] != kept[1]:
            yield Difference(REORDERED, path, old=kept[0], new=kept[1])
        return
    counted = [Counter(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows) for rows in (old, new)]
    gone, come = counted[0] - counted[1], counted[1] - counted[0]
    yield from (Difference(REMOVED, path, old=json.loads(row)) for row in gone.elements())
    yield from (Difference(ADDED, path, new=json.loads(row)) for row in come.elements())
    if not gone and not come:
        yield Difference(REORDERED, path, old=list(old), new=list(new))


def _listed(value: Any) -> bool:
    """Whether it is a list of tables, or one that may have been."""
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _name_of(value: Any) -> str:
    return str(value.get("zh", "")) if isinstance(value, dict) else ""
