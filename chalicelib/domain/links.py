"""How cases hang together: what was merged into what, split from what, and may be the same matter (P2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

MOST_DEPTH = 5
"""How far what sleeps may be from the case that is awake: whoever has its tracking code is led along."""


class Absorbed(NamedTuple):
    """A case that was merged into this one, and its own reports: those that came with it, or through it since.

    `tracking_code`: what their reporters were given. `into`: the case that it sleeps in, this one or one that sleeps in
    this one itself. `submitters`: the staff who reported them.
    """

    case: str
    report_ids: tuple[str, ...]
    tracking_code: str
    into: str
    submitters: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, Any]:
        """As an event tells of it."""
        return {
            "case": self.case,
            "report_ids": list(self.report_ids),
            "tracking_code": self.tracking_code,
            "into": self.into,
            "submitters": list(self.submitters),
        }

    @classmethod
    def from_told(cls, told: Mapping[str, Any]) -> Self:
        reports, submitters = tuple(told["report_ids"]), tuple(told["submitters"])
        return cls(told["case"], reports, told["tracking_code"], told["into"], submitters)


class Offer(NamedTuple):
    """Another case that may tell of the same matter, while nobody has decided: how alike, 0 to 1, and why."""

    case: str
    score: float
    why: tuple[str, ...]


class Likely(NamedTuple):
    """A case as it is found before it is offered. `accused`: whom it accuses, who never learn of it."""

    case: str
    score: float
    why: tuple[str, ...]
    accused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """`merged_into`: the case that this one sleeps in. `parent`: what it was split from; `children`: what was split
    off.

    `absorbed`: what sleeps in this one, and what sleeps in that. `offers`: candidates not decided on; `apart`: cases
    that somebody decided are another matter.
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
            tuple(
                Absorbed(case, tuple(reports), code, into, tuple(staff))
                for case, reports, code, into, staff in absorbed
            ),
            parent,
            tuple(children),
            tuple(Offer(case, score, tuple(why)) for case, score, why in offers),
            tuple(apart),
        )

    @property
    def foreign(self) -> frozenset[str]:
        """The reports that are here only while the case they belong to sleeps."""
        return frozenset(report for each in self.absorbed for report in each.report_ids)

    def within(self, case_id: str) -> tuple[Absorbed, ...]:
        """What a case brought along that was merged into this one: itself first, then whatever sleeps in it."""
        found: dict[str, Absorbed] = {}
        for each in self.absorbed:  # who sleeps in another stands behind it
            if each.case == case_id or each.into in found:
                found[each.case] = each
        return tuple(found.values())

    def offered(self, case_id: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.case == case_id), None)

    def told_through(self, case_id: str, report_ids: Iterable[str], submitters: Iterable[str]) -> Links:
        """More reports that came by the tracking code, or from the phone, of a case that sleeps here."""

        def told(each: Absorbed) -> Absorbed:
            staff = tuple(dict.fromkeys((*each.submitters, *submitters)))
            return each._replace(report_ids=(*each.report_ids, *report_ids), submitters=staff)

        return replace(self, absorbed=tuple(told(each) if each.case == case_id else each for each in self.absorbed))

    def split_from(self, parent: str) -> Links:
        return replace(self, parent=parent)

    def without_offers(self, cases: Iterable[str]) -> Links:
        named = set(cases)
        return replace(self, offers=tuple(offer for offer in self.offers if offer.case not in named))


NO_LINKS = Links()
