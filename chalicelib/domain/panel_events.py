"""What the events `panel.*` make of a case. Loaded when there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.cases import Apply

APPLY: dict[str, Apply] = {}
