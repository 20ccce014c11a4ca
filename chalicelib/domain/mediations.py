"""The mediation 人民调解 of a dispute: how far it got, and what came of it (人民调解法)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Mediation:
    """`attempt`: which, from 1. `state`: how far it got."""

    attempt: int = 1
    state: str = "opened"

    @property
    def written(self) -> dict[str, Any]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) != getattr(_NONE, name)}

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        facts: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
        }
        return cls(**facts)


_NONE = Mediation()
