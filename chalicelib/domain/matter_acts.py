"""What the acts `matter-*` do. Loaded when one is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.acts import Act
    from chalicelib.domain.cases import Case

ACTS: dict[str, Act] = {}
POSSIBLE: dict[str, Callable[[Case], bool]] = {}
"""By act: whether a case has what the act is about; an act that is not named always has."""
LEADS: frozenset[str] = frozenset()
"""Acts after which the case is in the state that `to` names."""
ENDS: frozenset[str] = frozenset()
"""Acts that close the case."""
MEETS: frozenset[str] = frozenset()
"""Acts that may meet a clock, as those of its `met_by`."""
BEGINS: frozenset[str] = frozenset()
"""Acts that may begin a clock, as those of its `begun_by`."""
NEEDS: dict[str, tuple[str, ...]] = {}
"""What must be said with an act, and so be among the `requires` of its actions."""
