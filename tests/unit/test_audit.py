"""The chain of seals: whatever is done to a sealed entry or to a seal shows, and nothing else does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.audit import Entry, Seal, SealedEntry, hash_of
from chalicelib.domain.errors import AlreadyKnown, TemporarilyUnavailable
from chalicelib.models.base import stamp
from chalicelib.services.audit import Sealing
from chalicelib.services.verifying import Fault, Verification
from tests.world import HandClock

START = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


@dataclasses.dataclass
class Log:
    """Entries in memory, as their rows lie."""

    hours: dict[str, dict[str, dict[str, str]]] = dataclasses.field(default_factory=dict)

    def write(self, at: datetime, name: str, **said: str) -> SealedEntry:
        row = {
            "pk": f"AUDIT#{stamp(at)[:13]}",
            "sk": f"{stamp(at)}#{name}",
            "what": "case.read",
            "reader": "w1",
            **said,
        }
        self.hours.setdefault(row["pk"][6:], {})[row["sk"]] = row
        return SealedEntry(row["pk"][6:], row["sk"], hash_of(row))

    def of_hour(self, hour: str) -> Iterator[dict[str, str]]:
        yield from self.hours.get(hour, {}).values()

    def put(self, entry: Entry) -> None:
        raise NotImplementedError

    def page(self, *asked: Any) -> Any:
        raise NotImplementedError


@dataclasses.dataclass
class Chain:
    """Seals in memory, each with the hash written beside it. `ahead`: seals of another sealer that come in between."""

    kept: dict[int, tuple[Seal, str]] = dataclasses.field(default_factory=dict)
    ahead: list[SealedEntry] = dataclasses.field(default_factory=list)

    def head(self) -> Seal | None:
        return self.kept[max(self.kept)][0] if self.kept else None

    def append(self, seal: Seal) -> None:
        if self.ahead:
            other = Seal(seal.number, seal.previous, seal.at, (self.ahead.pop(),))
            self.kept[other.number] = (other, other.hash)
        if seal.number in self.kept:
            raise AlreadyKnown()
        self.kept[seal.number] = (seal, seal.hash)

    def seal(self, number: int) -> tuple[Seal, str] | None:
        return self.kept.get(number)

    def seals(self, first: int) -> Iterator[tuple[Seal, str]]:
        yield from (self.kept[number] for number in sorted(self.kept) if number >= first)


class Sealed:
    """So many entries, a second apart, sealed a hundred at a time."""

    def __init__(self, count: int) -> None:
        self.log, self.chain, self.clock = Log(), Chain(), HandClock(START)
        self.sealing = Sealing(self.chain, self.clock)
        self.entries: list[SealedEntry] = []
        for start in range(0, count, 100):
            batch = [self.write() for _ in range(start, min(start + 100, count))]
            self.sealing.seal(batch)
        self.clock.forward(hours=1)

    def write(self, **said: str) -> SealedEntry:
        self.clock.forward(seconds=1)
        entry = self.log.write(self.clock.now(), f"{len(self.entries):016d}", **said)
        self.entries.append(entry)
        return entry

    def row(self, number: int) -> dict[str, str]:
        entry = self.entries[number]
        return self.log.hours[entry.hour][entry.place]

    def remove(self, number: int) -> None:
        entry = self.entries[number]
        del self.log.hours[entry.hour][entry.place]

    def named(self, number: int) -> str:
        entry = self.entries[number]
        return f"{entry.hour} {entry.place}"

    def faults(self, **asked: Any) -> list[Fault]:
        return list(Verification(self.log, self.chain, self.clock).run(**asked))


def test_one_altered_and_one_removed_among_ten_thousand_are_found_and_nothing_else() -> None:
    sealed = Sealed(10_000)
    walk = Verification(sealed.log, sealed.chain, sealed.clock)
    assert list(walk.run()) == []
    assert (walk.seals, walk.entries, walk.head) == (100, 10_000, (100, sealed.chain.kept[100][1]))
    sealed.row(1_234)["reader"] = "somebody-else"
    sealed.remove(8_765)
    assert sealed.faults() == [Fault("altered", sealed.named(1_234)), Fault("removed", sealed.named(8_765))]


@pytest.mark.parametrize("change", [{"reader": "w2"}, {"reason": "new"}, {"outcome": ""}])
def test_every_attribute_of_an_entry_is_under_its_seal(change: dict[str, str]) -> None:
    sealed = Sealed(3)
    sealed.row(1).update(change)
    assert [fault.kind for fault in sealed.faults()] == ["altered"]


def test_an_attribute_taken_away_shows() -> None:
    sealed = Sealed(3)
    del sealed.row(1)["reader"]
    assert [fault.kind for fault in sealed.faults()] == ["altered"]


def test_an_entry_removed_and_put_back_otherwise_and_sealed_again_shows() -> None:
    sealed = Sealed(10)
    sealed.row(4)["reader"] = "w2"
    row = sealed.row(4)
    sealed.sealing.seal([SealedEntry(row["pk"][6:], row["sk"], hash_of(row))])
    assert sealed.faults() == [Fault("altered", sealed.named(4))]


def test_an_entry_nobody_sealed_shows_once_the_sealer_had_its_time() -> None:
    sealed = Sealed(10)
    sealed.write()
    assert sealed.faults() == []
    sealed.clock.forward(minutes=16)
    assert sealed.faults() == [Fault("unsealed", sealed.named(10))]


def test_an_entry_put_in_behind_shows_whether_the_sealer_took_it_or_not() -> None:
    sealed = Sealed(10)
    sealed.clock.forward(days=3)
    late = sealed.log.write(START + timedelta(minutes=1), "late")
    assert sealed.faults() == [Fault("unsealed", f"{late.hour} {late.place}")]
    sealed.sealing.seal([late])
    assert [fault.kind for fault in sealed.faults()] == ["unsealed", "put in later"]


def test_a_seal_that_was_altered_removed_or_exchanged_shows() -> None:
    sealed = Sealed(500)
    seal, written = sealed.chain.kept[3]
    less = seal._replace(entries=seal.entries[1:])
    sealed.chain.kept[3] = (less, written)
    assert [fault.kind for fault in sealed.faults()] == ["seal altered", "unsealed"]
    sealed.chain.kept[3] = (less, less.hash)
    assert [fault.kind for fault in sealed.faults()] == ["chain broken", "unsealed"]
    del sealed.chain.kept[3]
    found = sealed.faults()
    assert found[0] == Fault("seal missing", "seal 3")
    assert {fault.kind for fault in found[1:]} == {"unsealed"} and len(found) == 101


def test_the_end_of_the_chain_cut_off_with_its_entries_shows_against_what_was_noted_outside() -> None:
    sealed = Sealed(500)
    noted = (5, sealed.chain.kept[5][1])
    assert sealed.faults(noted=noted) == []
    del sealed.chain.kept[5]
    for number in range(400, 500):
        sealed.remove(number)
    assert sealed.faults() == []
    assert sealed.faults(noted=noted) == [Fault("not as noted", "seal 5")]


def test_a_walk_since_a_time_reads_no_seal_before_and_finds_what_is_after() -> None:
    sealed = Sealed(10_000)
    sealed.remove(100)
    sealed.remove(9_000)
    walk = Verification(sealed.log, sealed.chain, sealed.clock)
    assert list(walk.run(since=START + timedelta(seconds=8_000))) == [Fault("removed", sealed.named(9_000))]
    assert walk.seals < 30


def test_what_lies_before_the_first_entry_that_was_sealed_is_looked_at_too() -> None:
    """Shards are sealed in no order: the first seal need not be over the first entry, nor over the first hour."""
    sealed = Sealed(0)
    sealed.clock.forward(minutes=59, seconds=58)
    before, after = sealed.write(), [sealed.write() for _ in range(2)]
    sealed.sealing.seal(after)
    sealed.sealing.seal([before])
    sealed.clock.forward(hours=1)
    assert sealed.faults() == []
    sealed.row(0)["reader"] = "somebody-else"
    assert sealed.faults() == [Fault("altered", sealed.named(0))]


def test_a_walk_since_a_time_finds_the_seal_of_a_sealer_whose_clock_is_behind() -> None:
    sealed = Sealed(500)
    since = START + timedelta(hours=2)
    early = sealed.log.write(since + timedelta(seconds=1), "early")
    sealed.clock.at = since - timedelta(seconds=2)
    sealed.sealing.seal([early])
    sealed.clock.at = since + timedelta(minutes=5)
    sealed.sealing.seal([sealed.write()])
    sealed.clock.forward(hours=1)
    assert sealed.faults(since=since) == []


def test_a_batch_that_comes_again_is_one_seal_or_two_and_no_fault() -> None:
    sealed = Sealed(200)
    first = sealed.chain.kept[1][0]
    assert sealed.sealing.seal(sealed.chain.kept[2][0].entries) == sealed.chain.kept[2][0]
    sealed.sealing.seal(first.entries[50:])
    assert len(sealed.chain.kept) == 3
    assert sealed.faults() == []


def test_two_sealers_never_fork_the_chain() -> None:
    sealed = Sealed(100)
    mine = [sealed.write() for _ in range(3)]
    sealed.chain.ahead = [sealed.write(), sealed.write()]
    made = sealed.sealing.seal(mine)
    assert made is not None and made.number == 4
    sealed.clock.forward(hours=1)
    assert sealed.faults() == []


def test_a_sealer_that_never_gets_its_turn_gives_up_so_that_the_batch_comes_again() -> None:
    sealed = Sealed(1)
    sealed.chain.ahead = [sealed.write() for _ in range(50)]
    with pytest.raises(TemporarilyUnavailable):
        sealed.sealing.seal([sealed.write()])


def test_nothing_makes_no_seal() -> None:
    assert Sealed(0).chain.kept == {}
    assert Sealed(0).sealing.seal([]) is None
    assert Sealed(0).faults() == []


def test_memory_holds_a_day_and_no_more() -> None:
    sealed = Sealed(0)
    for _ in range(30 * 24):
        sealed.clock.forward(minutes=59, seconds=59)
        sealed.sealing.seal([sealed.write()])
    walk, most = Verification(sealed.log, sealed.chain, sealed.clock), 0
    inner = sealed.chain.seals

    def watched(first: int) -> Iterator[tuple[Seal, str]]:
        nonlocal most
        for each in inner(first):
            most = max(most, len(walk._sealed))
            yield each

    sealed.chain.seals = watched  # type: ignore[method-assign]
    assert list(walk.run()) == []
    assert walk.entries == 720 and most <= 27
