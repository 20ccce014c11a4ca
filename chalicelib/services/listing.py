"""Lists as somebody may see them. What is left out is as if it were not there: no page is short of it, or empty for it.

Whoever sees all of a list but some, as an administrator whose own unit a petition accuses, could otherwise read it one
by one and count what is kept from him or her (信访工作条例 art. 30).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.domain.records import Page

if TYPE_CHECKING:
    from chalicelib.domain.records import CaseSummary

Start = dict[str, Any] | None
"""Where a page begins."""

Read = Callable[[int, Start], Page]
"""So many of a list, from somewhere on."""

_READS = 10
"""How many reads a page takes at most: behind as many of nothing but what is left out it is short after all."""


def seen(read: Read, may: Callable[[CaseSummary], bool], most: int, start: Start) -> Page:
    """So many of a list as somebody may see. One read, where nothing is left out."""
    return filled(read, may, most, start, _READS)


def filled(read: Read, fits: Callable[[CaseSummary], bool], limit: int, start: Start, reads: int) -> Page:
    """What fits of a list, read on until there are `limit` of it, the list ends, or it was read so many times."""
    items: list[CaseSummary] = []
    for _ in range(reads):
        page = read(limit - len(items), start)
        items += filter(fits, page.items)
        start = page.next
        if start is None or len(items) == limit:
            break
    return Page(items, start)
