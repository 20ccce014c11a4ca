"""What an import would do, before it does anything: what is added, changed and ended, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.network import NetworkVersion
from chalicelib.models.reference_rows import AreaRow, FeatureRow
from infra.network.content import Content, VersionList, said_of, zipped
from infra.network.given import FileFault
from infra.network.people import ABSENCES
from infra.network.table import Key, PeopleKnown, Row

if TYPE_CHECKING:
    from infra.network.fault import Fault

WARNING = "warning"
AREA = "area"
ADDED, CHANGED, ENDED = "added", "changed", "ended"


class Change(NamedTuple):
    """One thing that an import changes. `facts`: for an area its name, and who succeeds it; otherwise what changes."""

    what: str
    kind: str
    id: str
    facts: tuple[str, ...] = ()


class RowChange(NamedTuple):
    """One row of people to be written: set `wanted`, take `gone` away; `wanted` None: delete the row."""

    key: Key
    what: str
    wanted: Row | None
    gone: tuple[str, ...] = ()
    whole: bool = False  # the row is not there yet


@dataclass(slots=True)
class NetworkPlan:
    """The part of a plan that makes a version. `merges`: keys of dated rows with what the version says of them."""

    version: NetworkVersion
    before: tuple[NetworkVersion, ...]
    content: Content
    base: VersionList
    listed: VersionList
    features: list[str] = field(default_factory=list)
    merges: list[Key] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not self.merges and self.listed.members == self.base.members

    @property
    def after(self) -> tuple[NetworkVersion, ...]:
        return (*(version for version in self.before if version.id != self.version.id), self.version)

    @property
    def counting(self) -> frozenset[str]:
        return frozenset(version.id for version in self.after)

    def merged(self) -> list[tuple[Key, Any]]:
        return [(key, said_of(key, self.content)) for key in self.merges]

    def feature_rows(self) -> Iterator[tuple[Key, Row]]:
        for code in self.features:
            kept = zipped(self.content.kept_feature(code) if code in self.content.features else None)
            yield (AreaRow.key(code), FeatureRow.sk_of(self.version.id)), {"feature": kept}


@dataclass(slots=True)
class PeoplePlan:
    """The part of a plan that writes people's rows.

    `id`: a hash of all that the files say. `lists`: by kind, the keys that the files name, in their order; `known`:
    those the table is known to hold. `waiting`: changes that are not made before the network's day; see ADR 18.
    `told`: how the people's rows stood.
    """

    id: str
    lists: dict[str, list[Key]] = field(default_factory=dict)
    known: dict[str, list[Key]] = field(default_factory=dict)
    changes: dict[str, list[RowChange]] = field(default_factory=dict)
    waiting: dict[str, list[RowChange]] = field(default_factory=dict)
    interrupted: str | None = None
    told: PeopleKnown = field(default_factory=lambda: PeopleKnown({}))

    def after(self, kind: str) -> list[Key]:
        """The keys of a kind once the import is done: with those whose end has still to wait."""
        ending = [change.key for change in self.waiting.get(kind, ()) if change.what == ENDED]
        return list(dict.fromkeys([*self.lists[kind], *ending]))

    @property
    def empty(self) -> bool:
        """Whether nothing is to be written. Rows in another order are the same rows."""
        as_listed = all(
            set(self.after(kind)) == set(self.known.get(kind, [])) for kind in self.lists if kind != ABSENCES
        )
        return as_listed and self.interrupted is None and not any(self.changes.values())


@dataclass(slots=True)
class Plan:
    """A whole plan. Nothing may be applied of one that has faults; warnings are shown and pass."""

    faults: list[FileFault] = field(default_factory=list)
    ground: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    encodings: dict[str, str] = field(default_factory=dict)
    network: NetworkPlan | None = None
    people: PeoplePlan | None = None
    from_day: str | None = None
    waits_for: str | None = None

    @property
    def good(self) -> bool:
        return self.seamless and all(fault.warning for fault in self.faults)

    @property
    def seamless(self) -> bool:
        return all(fault.severity == WARNING for fault in self.ground)

    @property
    def empty(self) -> bool:
        return all(part is None or part.empty for part in (self.network, self.people))

    @property
    def writes(self) -> int:
        """How many rows an import will write, but for lists and marks."""
        network = len(self.network.merges) + len(self.network.features) if self.network else 0
        return network + (sum(map(len, self.people.changes.values())) if self.people else 0)
