"""The sorts of what a report says of its matter (P2): a letter each, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping

BUILDING, UNIT, ROOM, FLOOR, GATE, LANDMARK, DOOR, ROAD = "b", "u", "r", "f", "g", "l", "d", "o"
SUM, SURNAME, FILE, PLATE, ASPECT, THING, HOUR = "m", "n", "k", "p", "a", "t", "h"
SIDE, DETAIL, SPOT, AGE = "s", "q", "c", "y"
BROAD, ALONE, AGAIN, OVER, HOME, OTHER = "B", "A", "G", "O", "H", "N"
WARY, ANEW, SAME, FAULT = "W", "E", "S", "z"
"""Of the whole place, of one house alone, of something told before, of something that is over; the house is where the
teller lives; it is another than one that was told.
"""

Marks = Mapping[str, tuple[str, ...]]
"""By sort: what was found, in the order it is told. A report that says nothing of a sort has none of it."""
