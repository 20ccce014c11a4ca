"""The network of grid areas on a day (G1): versions, each in force from its day on, saying only what it changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

Said = TypeVar("Said")


class NetworkVersion(NamedTuple):
    """One import that was finished. `from_day`: ISO date in the district's time, included."""

    id: str
    from_day: str


def ended_on(said: Mapping[str, object], versions: Sequence[NetworkVersion], day: str) -> str | None:
    """The day from which the network no longer has a thing that it had; None when it has it, or never had."""
    lives, ended = False, None
    for version in versions:
        if version.from_day <= day and version.id in said:
            lived, lives = lives, said[version.id] is not None
            ended = version.from_day if lived and not lives else None if lives else ended
    return ended


def version_on(versions: Sequence[NetworkVersion], day: str) -> NetworkVersion | None:
    """The newest finished version in force on a day."""
    return next((version for version in reversed(versions) if version.from_day <= day), None)


def in_force(said: Mapping[str, Said], versions: Sequence[NetworkVersion], day: str) -> Said | None:
    """What the network says of one thing on a day, or None when it says nothing of it.

    `said`: by the id of the version that says it. `versions`: the finished ones, oldest first; what another one says is
    an import's that never came to its end, and does not count. The newest in force by then that says anything decides.
    """
    for version in reversed(versions):
        if version.from_day <= day and version.id in said:
            return said[version.id]
    return None


def heirs(code: str, successors: Mapping[str, Sequence[str]], in_force: Collection[str]) -> list[str]:
    """The areas in force that took over the ground of an ended one, through however many versions; by code.

    `successors`: by the code of an ended area. Codes are never used again, so that those of all versions go together.
    """
    found: set[str] = set()
    waiting, seen = list(successors.get(code, ())), {code}
    while waiting:
        heir = waiting.pop()
        if heir in in_force:
            found.add(heir)
        elif heir not in seen:
            seen.add(heir)
            waiting += successors.get(heir, ())
    return sorted(found)
