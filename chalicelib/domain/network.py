"""The network of grid areas on a day (G1): versions, each in force from its day on, saying only what it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

Said = TypeVar("Said")


class NetworkVersion(NamedTuple):
    """One import that was finished. `from_day`: ISO date in the district's time, included."""

    id: str
    from_day: str


def in_force(said: Mapping[str, Said], versions: Sequence[NetworkVersion], day: str) -> Said | None:
    """What the network says of one thing on a day, or None when it says nothing of it.

    `said`: by the id of the version that says it. `versions`: the finished ones, oldest first; what another one says is
    an import's that never came to its end, and does not count. The newest in force by then that says anything decides.
    """
    for version in reversed(versions):
        if version.from_day <= day and version.id in said:
            return said[version.id]
    return None
