"""The gazetteer 地名: names of communities and compounds as people say them, and which area each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

from chalicelib.domain.grid import DIGITS

_COMMUNITY, _COMPOUND = DIGITS["community"], DIGITS["compound"]
_ENDINGS = ("社区", "居委会", "村")
_LEAST = 2
"""Characters of a name that means an area even without its ending: of 万通社区 people say 万通."""


class Gazetteer(NamedTuple):
    """`names`: each with its area, longest first, so that 白云山 is not taken for 白云. `parts`: by community, its
    compounds.
    """

    names: tuple[tuple[str, str], ...] = ()
    parts: Mapping[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, named: Mapping[str, str]) -> Self:
        """Of areas' names by their codes. A name that two areas bear, or two communities' shorter names, means none."""
        means: dict[str, str | None] = {}
        parts: dict[str, list[str]] = {}
        for code, name in sorted(named.items()):
            if len(code) not in (_COMMUNITY, _COMPOUND):
                continue
            means[name] = code if means.get(name, code) == code else None
            if len(code) == _COMPOUND:
                parts.setdefault(code[:_COMMUNITY], []).append(code)
        for code, name in sorted(named.items()):
            stem = next((name.removesuffix(end) for end in _ENDINGS if name.endswith(end)), "")
            if len(code) == _COMMUNITY and len(stem) >= _LEAST:
                means[stem] = code if means.get(stem, code) == code else None
        known = [(name, code) for name, code in means.items() if code]
        known.sort(key=lambda each: (-len(each[0]), each[0]))
        return cls(tuple(known), {community: tuple(codes) for community, codes in parts.items()})

    def found(self, said: str) -> dict[str, str]:
        """The names in a text, each with its area; a name within a longer one that was found counts no more."""
        found: dict[str, str] = {}
        for name, code in self.names:
            if name in said:
                found[name] = code
                said = said.replace(name, " ")
        return found

    def home(self, found: Mapping[str, str], area: str) -> str:
        """Where a text is about: a compound that it names, in the community of `area` if that is known, or `area`.

        `found`: the names in it. `area`: the code of what its sender says or the position tells, or nothing.
        """
        codes = found.values()
        inside = [
            code for code in codes if not area or code[:_COMMUNITY] == area[:_COMMUNITY] or len(area) < _COMMUNITY
        ]
        compounds = [code for code in inside if len(code) == _COMPOUND]
        if len(compounds) == 1 and not (len(area) > _COMPOUND and area.startswith(compounds[0])):
            return compounds[0]
        if len(area) < _COMMUNITY and inside:
            return min({code[:_COMMUNITY] for code in inside})
        return area
