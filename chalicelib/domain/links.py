"""How cases hang together: what was merged into what, split from what, and may be the same matter (P2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self


class Absorbed(NamedTuple):
    """A case that was merged into this one, and the reports that came with it, or through it since."""

    case: str
    report_ids: tuple[str, ...]


class Offer(NamedTuple):
    """Another case that may tell of the same matter, while nobody has decided: how alike, 0 to 1, and why."""

    case: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """`merged_into`: the case that this one sleeps in. `parent`: what it was split from; `children`: what was split
    off.

    `offers`: candidates not decided on; `apart`: cases that somebody decided are another matter.
    """

    merged_into: str | None = None
    absorbed: tuple[Absorbed, ...] = ()
    parent: str | None = None
    children: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    apart: tuple[str, ...] = ()

    @property
    def written(self) -> list[Any]:
        return [self.merged_into, self.absorbed, self.parent, self.children, self.offers, self.apart]

    @classmethod
    def read(cls, written: list[Any]) -> Self:
        merged_into, absorbed, parent, children, offers, apart = written
        return cls(
            merged_into,
            tuple(Absorbed(case, tuple(reports)) for case, reports in absorbed),
            parent,
            tuple(children),
            tuple(Offer(case, score, tuple(why)) for case, score, why in offers),
            tuple(apart),
        )


NO_LINKS = Links()
