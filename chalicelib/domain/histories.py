"""A history: the events of one case or beat as they follow one another, and what they make of it (always true 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from re import fullmatch
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import cases, patrol
from chalicelib.domain.events import of_beat
from chalicelib.domain.recounting import Told

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.domain.events import Event
    from chalicelib.domain.patrol import Beat
    from chalicelib.domain.recounting import Recounting

Key = tuple[str, str]
"""Of a row: partition and place in it."""

DIFFERS, ROW_MISSING, ROW_LEFT = "differs", "row missing", "row left over"
EVENTS_MISSING, UNREADABLE, CLOCK = "events missing", "unreadable", "clock"
NO_SUCH, NOT_ITS_OWN, NO_VERSION = "no such case or beat", "not its own", "no such version"

NOTHING, UNSAID = "nothing", "(not shown)"
_SHOWN = r"[A-Za-z0-9#:+._-]{1,64}"
_HIDDEN = frozenset({"tracking_code", "submitters", "answer", "extension[2]"})
"""A tracking code opens the public page, who reported stays between the reporter and the desk, and what somebody wrote
(an answer, why more time is asked for) may be a phone and nothing else.
"""


class Lying(NamedTuple):
    """A row of a case or a beat as it lies: an event, or one that follows from the events. `says`: plain values."""

    key: Key
    subject: str
    event: bool
    says: Mapping[str, Any]


class Naming(NamedTuple):
    """A row elsewhere that names a case or a beat, and what it says of it: the version that was made, the tracking
    code, the report it is.
    """

    key: Key
    subject: str
    what: str
    version: int = 0
    tracking_code: str | None = None
    report_id: str | None = None


class Following(NamedTuple):
    """A row that must lie there as the replay gives it: what it is called, and its attributes (None: has it not).

    `documents`: which of them hold the case or the beat itself, written as one text.
    """

    key: Key
    what: str
    says: Mapping[str, Any]
    documents: frozenset[str] = frozenset()


class Fault(NamedTuple):
    """What is wrong, of which case or beat, and with what of it; what lies there, and what the replay gives instead.

    It holds no words that people wrote: whatever does not look like an id, a number or a moment is not shown.
    """

    kind: str
    subject: str
    what: str
    lies: str = ""
    replayed: str = ""

    def __str__(self) -> str:
        compared = f": lies there {self.lies}, by replay {self.replayed}" if self.lies or self.replayed else ""
        return f"{self.kind}: {shown(self.subject)} {self.what}{compared}"


class History:
    """Takes the events of one subject in the order of their places, and replays them as they come.

    `told` is a case's; a beat's events are not kept, for they have no end. After a hole nothing is replayed any more:
    what an incomplete history gives says nothing about the row.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.told: list[Told] = []
        self.newest: tuple[int, int] | None = (0, 0)
        self.faults: list[Fault] = []
        self._case: Case | None = None
        self._beat: Beat | None = None
        self._whole = True

    def take(self, event: Event) -> None:
        """One more event. Raises what a replay raises for facts it cannot make sense of."""
        before, self.newest = self.newest, (event.version, event.n)
        if before is not None and self.newest not in _next(*before):
            since = f"after event {before[0]}.{before[1]}" if any(before) else "from the first on"
            self._fail(Fault(EVENTS_MISSING, self.subject, f"{since}, before event {event.version}.{event.n}"))
        if not self._whole:
            return
        if of_beat(self.subject):
            self._beat = patrol.evolve(self._beat, event)
        else:
            known = self._case
            self._case = cases.evolve(known, event)
            self.told.append(Told(known, event, self._case))

    def unreadable(self, place: str) -> None:
        """There is something at this place, and nobody knows what."""
        self.newest = None
        self._fail(Fault(UNREADABLE, self.subject, place))

    @property
    def replayed(self) -> Case | Beat | None:
        """What the history gives; None for one without events, or with a hole."""
        return (self._case or self._beat) if self._whole else None

    def _fail(self, fault: Fault) -> None:
        self.faults.append(fault)
        self._whole = False


def _next(version: int, n: int) -> tuple[tuple[int, int], ...]:
    """The places an event may have after that one."""
    return ((version, n + 1), (version + 1, 1)) if version else ((1, 1),)


def apart(name: str, lies: Any, replayed: Any) -> Iterator[tuple[str, str, str]]:
    """Where two values of the domain differ: the name of each such part, and both as they may be shown."""
    if lies == replayed:
        return
    if type(lies) is type(replayed) and name not in _HIDDEN:
        if is_dataclass(lies):
            for field in fields(lies):
                part = f"{name}.{field.name}" if name else field.name
                yield from apart(part, getattr(lies, field.name), getattr(replayed, field.name))
            return
        if isinstance(lies, tuple):
            for number, (one, other) in enumerate(zip_longest(lies, replayed)):
                yield from apart(f"{name}[{number}]", one, other)
            return
    yield name, *compared(name, lies, replayed)


def compared(name: str, lies: Any, replayed: Any) -> tuple[str, str]:
    """Two values of something of that name as they may be shown."""
    return (UNSAID, UNSAID) if name in _HIDDEN else (shown(lies), shown(replayed))


def shown(value: Any) -> str:
    """A value as it may stand in an operator's terminal or log."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    elif is_dataclass(value):
        value = next((part for field in fields(value) if (part := getattr(value, field.name))), None)
    return str(value) if fullmatch(_SHOWN, str(value)) else UNSAID


def clock_faults(history: Sequence[Told], case: Case, recounting: Recounting) -> Iterator[Fault]:
    """What is wrong with the clocks of a case though its row and its replay agree on them.

    Every time that an event says of one is what the policy makes of it that the case went by then.
    """
    for clock, event_id, what, said, computed in recounting.differing(history):
        place = event_id.removeprefix(f"{case.id}.")
        yield Fault(CLOCK, case.id, f"{shown(clock)} {what} in event {place}", shown(said), shown(computed))
