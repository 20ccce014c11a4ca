"""Who holds a post 岗位 on a day, who deputises, and who stands in while it is vacant (G4).

Days are ISO dates in the district's time; what lasts from one to another includes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.days import day_after
from chalicelib.domain.grid import DIGITS

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy, Post
    from chalicelib.domain.records import Absence, Contact, Holder


class Incumbent(NamedTuple):
    """Somebody who holds a post on a day; `away`: his or her absence on it, which names the deputy, if any."""

    holder: Holder
    away: Absence | None

    @property
    def acting(self) -> Contact | None:
        """Whom to turn to: the holder, while away the deputy; None where somebody is away and nobody deputises."""
        return self.away.deputy if self.away else self.holder.contact


class Seat(NamedTuple):
    """A post of one area on a day. `vacant_since`: the first day without a holder, None where that is not known."""

    area: str
    post: Post
    incumbents: tuple[Incumbent, ...]
    vacant_since: str | None

    @property
    def vacant(self) -> bool:
        return not self.incumbents

    @property
    def acting(self) -> list[Contact]:
        return [each.acting for each in self.incumbents if each.acting is not None]


def seat(area: str, post: Post, holders: Iterable[Holder], day: str) -> Seat:
    """How a post stands on a day, from everybody who ever held or will hold it in that area."""
    holders = sorted(holders, key=lambda holder: (holder.from_date, holder.contact.id))
    held = [Incumbent(each, _absence(each, day)) for each in holders if _lasts(each.from_date, each.until_date, day)]
    return Seat(area, post, tuple(held), None if held else _vacant_since(holders, day))


def led_by(area: str, post: Post, policy: Policy) -> Iterator[tuple[str, Post]]:
    """The posts above one, nearest first, each with the area it stands in for this one: up to the topmost."""
    while post.leader:
        post = policy.posts[post.leader]
        yield area[: DIGITS[post.level]], post


def _absence(holder: Holder, day: str) -> Absence | None:
    """The absence that a day lies in; of several, the one that began last."""
    lasting = (each for each in holder.away if _lasts(each.from_date, each.until_date, day))
    return max(lasting, key=lambda absence: absence.from_date, default=None)


def _lasts(from_day: str, until_day: str | None, day: str) -> bool:
    return from_day <= day and (until_day is None or day <= until_day)


def _vacant_since(holders: Sequence[Holder], day: str) -> str | None:
    """The day after the last one on which somebody held it."""
    ended = [each.until_date for each in holders if each.until_date is not None and each.until_date < day]
    return day_after(max(ended)) if ended else None
