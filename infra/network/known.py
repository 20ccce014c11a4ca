"""What the reference table knows of versions and of people's rows, read from its lists and never searched for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.domain.network import NetworkVersion
from infra.network.content import VersionList
from infra.network.table import Key, ReferenceTable


class Known(NamedTuple):
    """What the table knows of the network: finished versions, each with its list, and what is under way."""

    versions: tuple[NetworkVersion, ...]
    lists: Mapping[str, VersionList]
    importing: str | None

    def on(self, day: str) -> VersionList:
        """All areas and tiles in force on a day."""
        version = self.version_on(day)
        return self.lists[version.id] if version else VersionList()

    def version_on(self, day: str) -> NetworkVersion | None:
        return next((version for version in reversed(self.versions) if version.from_day <= day), None)


class ListLost(RuntimeError):
    """A version counts, but the list of what it consists of is not there: nothing can be compared with it."""


def known_network(table: ReferenceTable) -> Known:
    """Raises ListLost."""
    versions, importing = table.network()
    lists: dict[str, VersionList] = {}
    for version in versions:
        entries = table.list_named(version.id)
        if entries is None:
            raise ListLost(version.id)
        lists[version.id] = VersionList.of(entries)
    return Known(versions, lists, importing)


def listed_people(table: ReferenceTable, lists: Mapping[str, str], kind: str) -> list[Key]:
    """The keys that the list of a kind names. Raises ListLost."""
    listed = table.list_named(lists[kind]) if kind in lists else []
    if listed is None:
        raise ListLost(lists[kind])
    return [(str(pk), str(sk)) for pk, sk in listed]
