"""What a report says of its matter, as far as it helps to tell whether another report tells of the same one (P2).

Numbers of houses, units and rooms in whatever notation, named places, sums, names, things and words: made once of a
report's text and address, small enough to be kept beside many others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.matter_marks import (
    AGAIN,
    ALONE,
    ANEW,
    ASPECT,
    BROAD,
    BUILDING,
    DETAIL,
    FAULT,
    HOME,
    LANDMARK,
    OTHER,
    OVER,
    SAME,
    THING,
    WARY,
    Marks,
)

if TYPE_CHECKING:
    from chalicelib.domain.policy import SameMatter

_GIST = 90
_NO_WORDS = re.compile(r"[^\u4e00-\u9fffa-z]+")
_EMPTY = frozenset(
    "的了在是我有也都就不没来去上下个这那他她它们你和与到说要把被给又还再很太着过得地吗呢吧啊呀为于从向对让叫跟等能会可已将于之其此并且或但而因所以一二两三四五六七八九十年月日时点分钟天请称系"
)
"""Characters that say nothing of a matter."""


class Told(NamedTuple):
    """What is known of a report, or of the first report of a case, for telling matters apart.

    `at`: when it was told, seconds since 1970. `area`: the code of its place, as deep as it is known, empty where it is
    not. `point`: where it was sent from, or is about. `gist`: its words without numbers, places and phrases.
    """

    at: int
    kind: str | None
    category: str | None
    area: str
    point: tuple[float, float] | None
    source: str
    marks: Marks
    gist: str

    def has(self, sort: str) -> bool:
        return sort in self.marks

    @property
    def written(self) -> list[Any]:
        point = [round(each, 5) for each in self.point] if self.point else None
        marks = {sort: " ".join(found) for sort, found in self.marks.items()}
        return [self.at, self.kind, self.category, self.area, point, self.source, marks, self.gist]

    @classmethod
    def read(cls, written: Sequence[Any]) -> Told:
        at, kind, category, area, point, source, marks, gist = written
        found = {sort: tuple(said.split(" ")) for sort, said in marks.items()}
        return cls(at, kind, category, area, (point[0], point[1]) if point else None, source, found, gist)


def normal(text: str, rules: SameMatter) -> str:
    """A text in half-width digits, with house numbers in figures, one word for one thing, and slips put right."""
    from chalicelib.domain.matter_numbers import in_figures  # their patterns are made when the first report comes
    from chalicelib.domain.matter_sounds import respelt

    said = respelt(unicodedata.normalize("NFKC", text).casefold(), rules.spelt)
    for left, right in rules.synonyms:
        if left in said:
            said = said.replace(left, right)
    return in_figures(said)


def features(
    text: str, address: str | None, names: Iterable[str], rules: SameMatter
) -> tuple[dict[str, tuple[str, ...]], str]:
    """The marks of a text with its address, and its gist. `names`: the names of areas that are in it.

    What the text says of house and room wins over the address, which is often where its sender lives.
    """
    from chalicelib.domain.matter_numbers import lines, numbers, of_home, particulars, places

    said, place = normal(text, rules), normal(address or "", rules)
    marks = numbers(place)
    own = numbers(said)
    if BUILDING not in own or marks.get(BUILDING, ("",))[0] in own[BUILDING]:
        marks = {sort: _first(marks.get(sort, ()), own.get(sort, ())) for sort in {**marks, **own}}
    else:
        marks = own
    if BUILDING in marks and (BUILDING not in own or of_home(said, own[BUILDING])):
        marks[HOME] = ("1",)
    both = f"{place} {said}"
    marks.update(places(both))
    marks.update(particulars(said))
    bare, around = _without(said, (*names, *rules.hollow)), _without(both, (*names, *rules.hollow))
    for sort, table, where in (
        (LANDMARK, rules.landmarks, around),
        (THING, rules.things, bare),
        (ASPECT, rules.aspects, bare),
        (DETAIL, rules.details, bare),
        (FAULT, rules.faults, bare),
    ):
        if said_of := named(where, table):
            marks[sort] = said_of
    if lined := lines(said):
        marks[DETAIL] = _first(marks.get(DETAIL, ()), tuple(lined))
    flags = ((BROAD, rules.broad), (ALONE, rules.alone), (AGAIN, rules.again), (OVER, rules.over))
    more = ((OTHER, rules.others), (WARY, rules.wary), (ANEW, rules.anew), (SAME, rules.one))
    for flag, words in (*flags, *more):
        if any(word in said for word in words):
            marks[flag] = ("1",)
    return marks, _gist(_without(bare, rules.phrases))


@lru_cache(maxsize=128)
def grams(gist: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a gist."""
    return frozenset(map("".join, pairwise(gist)))


@lru_cache(maxsize=128)
def chars(gist: str) -> frozenset[str]:
    """The characters of a gist."""
    return frozenset(gist)


def named(said: str, table: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What a text names, of a table of words by what they name, in the order it is told."""
    beginning = _by_beginning(table)
    found: dict[str, None] = {}
    for at, char in enumerate(said):
        for word, name in beginning.get(char, ()):
            if name not in found and said.startswith(word, at):
                found[name] = None
    return tuple(found)


_indexed: dict[int, tuple[Mapping[str, Sequence[str]], dict[str, list[tuple[str, str]]]]] = {}
_MOST_INDEXED = 16


def _by_beginning(table: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[str, str]]]:
    """The words of a table by the character they begin with: made once for each table that a process knows."""
    known = _indexed.get(id(table))
    if known is not None and known[0] is table:
        return known[1]
    beginning: dict[str, list[tuple[str, str]]] = {}
    for name, words in table.items():
        for word in words:
            beginning.setdefault(word[0], []).append((word, name))
    if len(_indexed) >= _MOST_INDEXED:
        _indexed.clear()
    _indexed[id(table)] = (table, beginning)
    return beginning


def _first(some: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*some, *more)))


def _without(said: str, words: Iterable[str]) -> str:
    for word in words:
        if word in said:
            said = said.replace(word, " ")
    return said


def _gist(said: str) -> str:
    kept = _NO_WORDS.sub("", said)
    return "".join(char for char in kept if char not in _EMPTY)[:_GIST]
