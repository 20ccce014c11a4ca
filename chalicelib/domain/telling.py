"""An act tells of itself in events, and what it happens to, a case or a beat, is what they make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from chalicelib.domain.events import Event

if TYPE_CHECKING:
    from chalicelib.domain.procedure import Circumstances


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=Versioned)


class Telling(Generic[T]):
    """Collects the events of one act, all of the same new version, and the thing as it becomes by `evolve`.

    `also`: what else the act happens to, in the same moment and at one with it.
    """

    def __init__(
        self, thing: T | None, subject: str, around: Circumstances, evolve: Callable[[T | None, Event], T]
    ) -> None:
        self.around = around
        self.events: tuple[Event, ...] = ()
        self.also: list[Telling[T]] = []
        self.before = self._thing = thing
        self._subject = subject
        self._version = (thing.version if thing else 0) + 1
        self._evolve = evolve

    def beside(self, thing: T | None, subject: str) -> Telling[T]:
        """Tell of something else that the act happens to."""
        other = Telling(thing, subject, self.around, self._evolve)
        self.also.append(other)
        return other

    def tell(self, event_type: str, **facts: Any) -> T:
        around = self.around
        event = Event(
            subject=self._subject,
            version=self._version,
            n=len(self.events) + 1,
            type=event_type,
            time=around.now,
            actor=around.actor,
            policy_version=around.policy.version,
            data=facts,
            correlation_id=around.correlation_id,
            causation_id=around.causation_id,
        )
        self._thing = self._evolve(self._thing, event)
        self.events = (*self.events, event)
        return self._thing

    @property
    def known(self) -> T:
        """The thing as it is by now; there is one as soon as something was told."""
        assert self._thing is not None
        return self._thing
