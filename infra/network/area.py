"""An area as a feature names it, and what its code says: a code's prefix is its parent."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from chalicelib.domain.grid import LEVELS

PARENT_DIGITS = {below: above for above, below in pairwise(LEVELS)}


class Area(NamedTuple):
    """What one feature says of an area; `row` is its place among the features.

    `code` and `name` are empty where the feature has none that can be read. `level` is the code's, not the feature's;
    empty: the code is none.
    """

    row: int
    code: str
    name: str
    level: str
    properties: dict[str, Any]

    @property
    def parent(self) -> str:
        """The code of the area above, by this one's own; empty for a district."""
        return self.code[: PARENT_DIGITS[len(self.code)]] if len(self.code) in PARENT_DIGITS else ""

    @property
    def label_zh(self) -> str:
        return f"{self.name}（{self.code}）" if self.name and self.code else self.name or self.code or self._number

    @property
    def label_en(self) -> str:
        return f"{self.name} ({self.code})" if self.name and self.code else self.name or self.code or self._number

    @property
    def _number(self) -> str:
        """Which feature it is, for one that tells nothing else."""
        return f"#{self.row + 1}" if self.row >= 0 else "*"
