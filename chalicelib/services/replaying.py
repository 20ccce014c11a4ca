"""Replaying: rebuilds every case and every beat from its events, and names what does not lie as the replay gives it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from chalicelib.domain.cases import Case
from chalicelib.domain.events import of_beat
from chalicelib.domain.histories import (
    DIFFERS,
    EVENTS_MISSING,
    NO_SUCH,
    NO_VERSION,
    NOT_ITS_OWN,
    ROW_LEFT,
    ROW_MISSING,
    UNREADABLE,
    Fault,
    Following,
    History,
    Key,
    Lying,
    Naming,
    apart,
    clock_faults,
    compared,
    shown,
)
from chalicelib.domain.recounting import Recounting

if TYPE_CHECKING:
    from chalicelib.domain.patrol import Beat
    from chalicelib.services.ports import Histories, Policies

AT_ONCE = 100
"""So many rows are looked up in one request: DynamoDB takes no more."""

_READINGS, _PAUSE = 10, 0.1
_SENSELESS = (AttributeError, KeyError, IndexError, TypeError, ValueError)
"""What reading and replaying raise for facts they cannot make sense of."""


class _Reading(NamedTuple):
    """One reading of the rows of a case or a beat. `first`: the key of its first row; None where there is none.

    Two readings are the same when nothing was written between them.
    """

    first: Key | None
    events: int
    own: Mapping[Key, Lying]
    replayed: Case | Beat | None
    elsewhere: tuple[Following, ...]
    faults: tuple[Fault, ...]


class Replaying:
    """One walk over the table, or over a part of it. `counted`: what was seen, by what it is.

    Holds one case at a time, and no more than `AT_ONCE` rows that wait to be looked up. What is changed during the walk
    is no fault: what seems wrong is read again, until two readings are the same.
    """

    def __init__(self, histories: Histories, wait: Callable[[float], None], policies: Policies) -> None:
        self._histories = histories
        self._recounting = Recounting(policies)
        self._wait = wait
        self._elsewhere: list[tuple[str, Following]] = []
        self._namings: list[Naming] = []
        self.counted: Counter[str] = Counter()

    @property
    def unknown(self) -> frozenset[str]:
        """Versions of the policy that nobody kept: what was counted by them was not counted again."""
        return frozenset(self._recounting.unknown)

    def run(self, segment: int = 0, of: int = 1) -> Iterator[Fault]:
        """Every fault, in no order that means anything."""
        for subject, rows in groupby(self._histories.rows(segment, of), key=_partition):
            if subject is None:
                yield from self._put_aside(cast("Iterator[Naming]", rows))
            else:
                yield from self._verify(self._read(subject, cast("Iterator[Lying]", rows)), subject)
        yield from self._look_elsewhere()
        yield from self._look_back()

    def _verify(self, reading: _Reading, subject: str) -> Iterator[Fault]:
        """What is wrong with a case or a beat whose rows were read in passing.

        Only part of its rows may have come; whoever got the first of them tells of the whole.
        """
        if reading.faults:
            seen, reading = reading, self._settled(subject, reading)
            if reading.first != seen.first:
                return
        self.counted["beats" if of_beat(subject) else "cases"] += 1
        self.counted["events"] += reading.events
        yield from reading.faults
        self._elsewhere += [(subject, row) for row in reading.elsewhere]
        if len(self._elsewhere) >= AT_ONCE:
            yield from self._look_elsewhere()

    def _put_aside(self, namings: Iterable[Naming]) -> Iterator[Fault]:
        for naming in namings:
            self._namings.append(naming)
            if len(self._namings) == AT_ONCE:
                yield from self._look_back()

    def _settled(self, subject: str, reading: _Reading) -> _Reading:
        """The case or beat as it lies when nobody is writing it."""
        for _ in range(_READINGS):
            self._wait(_PAUSE)
            again = self._read(subject, self._histories.rows_of(subject))
            if again == reading or not again.faults:
                return again
            reading = again
        return reading

    def _read(self, subject: str, rows: Iterable[Lying]) -> _Reading:
        history, own, first, events = History(subject), {}, None, 0
        for row in rows:
            first = first or row.key
            if not row.event:
                own[row.key] = row
                continue
            events += 1
            try:
                history.take(self._histories.event(row))
            except _SENSELESS:
                history.unreadable(shown(row.key[1]))
        faults, replayed, elsewhere = [*history.faults], history.replayed, list[Following]()
        if own and not events:
            faults.append(Fault(EVENTS_MISSING, subject, "all of them"))
        if replayed is not None:
            main, *others = self._histories.following(replayed)
            elsewhere = [row for row in others if row.key[0] != main.key[0]]
            with_it = [main, *(row for row in others if row.key[0] == main.key[0])]
            faults += self._compared(subject, own, with_it, replayed)
            if isinstance(replayed, Case):
                faults += self._clocks(history, replayed)
        return _Reading(first, events, own, replayed, tuple(elsewhere), tuple(faults))

    def _clocks(self, history: History, case: Case) -> list[Fault]:
        try:
            return [*clock_faults(history.told, case, self._recounting)]
        except _SENSELESS:
            return [Fault(UNREADABLE, case.id, "its clocks")]

    def _compared(
        self, subject: str, own: Mapping[Key, Lying], following: Sequence[Following], replayed: Case | Beat
    ) -> Iterator[Fault]:
        """The rows beside the events with those that the replay gives."""
        for row in following:
            lies = own.get(row.key)
            if lies is None:
                yield Fault(ROW_MISSING, subject, row.what)
            elif differing := _differing(row, lies.says):
                yield from self._told_apart(subject, row, lies, differing, replayed)
        left = own.keys() - {row.key for row in following}
        yield from (Fault(ROW_LEFT, subject, shown(place)) for _, place in sorted(left))

    def _told_apart(
        self, subject: str, row: Following, lies: Lying, differing: list[str], replayed: Case | Beat
    ) -> Iterator[Fault]:
        """Each part of a row that differs, those of its documents by the names they have in the domain."""
        plain = [name for name in differing if name not in row.documents]
        yield from _plainly(subject, row, lies.says, plain)
        written = [name for name in differing if name in row.documents]
        if not written:
            return
        try:
            parts = [part for part in apart("", self._histories.standing(lies), replayed) if part[0] not in plain]
        except _SENSELESS:
            yield Fault(UNREADABLE, subject, row.what)
            return
        yield from (Fault(DIFFERS, subject, f"{row.what}: {name}", one, other) for name, one, other in parts)
        if not parts:  # what differs is worked out of other parts, or the way it is written
            yield from (Fault(DIFFERS, subject, f"{row.what}: {name}") for name in written)

    def _look_elsewhere(self) -> Iterator[Fault]:
        """The rows that follow from a case and lie elsewhere: its tracking code, its reports."""
        while self._elsewhere:
            waiting, self._elsewhere = self._elsewhere[:AT_ONCE], self._elsewhere[AT_ONCE:]
            lying = self._histories.lying([row.key for _, row in waiting])
            wrong = [each for each in waiting if _amiss(each[1], lying)]
            if wrong:
                self._wait(_PAUSE)
                lying = self._histories.lying([row.key for _, row in wrong])
            for subject, row in wrong:
                if row.key not in lying:
                    yield Fault(ROW_MISSING, subject, row.what)
                    continue
                yield from _plainly(subject, row, lying[row.key], _differing(row, lying[row.key]))

    def _look_back(self) -> Iterator[Fault]:
        """The rows that name a case or a beat: whether there is one, and whether it knows of them."""
        while self._namings:
            waiting, self._namings = self._namings[:AT_ONCE], self._namings[AT_ONCE:]
            self.counted["rows that name one"] += len(waiting)
            for naming in self._histories.doubtful(waiting):
                yield from self._named(naming)

    def _named(self, naming: Naming) -> Iterator[Fault]:
        self._wait(_PAUSE)
        reading = self._read(naming.subject, self._histories.rows_of(naming.subject))
        if reading.first is None:
            yield Fault(NO_SUCH, naming.subject, naming.what)
        elif reading.replayed is None:
            return  # that its history cannot be replayed is told where it lies
        elif naming.version > reading.replayed.version:
            version = shown(reading.replayed.version)
            yield Fault(NO_VERSION, naming.subject, naming.what, shown(naming.version), version)
        elif isinstance(reading.replayed, Case) and not _its_own(naming, reading.replayed):
            yield Fault(NOT_ITS_OWN, naming.subject, naming.what)


def _partition(row: Lying | Naming) -> str | None:
    return row.subject if isinstance(row, Lying) else None


def _differing(row: Following, says: Mapping[str, Any]) -> list[str]:
    return [name for name, value in row.says.items() if says.get(name) != value]


def _plainly(subject: str, row: Following, says: Mapping[str, Any], names: Iterable[str]) -> Iterator[Fault]:
    for name in names:
        yield Fault(DIFFERS, subject, f"{row.what}: {name}", *compared(name, says.get(name), row.says[name]))


def _amiss(row: Following, lying: Mapping[Key, Mapping[str, Any]]) -> bool:
    return row.key not in lying or bool(_differing(row, lying[row.key]))


def _its_own(naming: Naming, case: Case) -> bool:
    return naming.tracking_code in (None, case.tracking_code) and (
        naming.report_id is None or naming.report_id in case.report_ids
    )
