"""What a pack says of one matter told more than once, as `chalicelib.domain.policy.SameMatter` has it, and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.domain.same_matter import EVIDENCE
from chalicelib.policy.schema import CategoryPart, KindPart, SameMatterPart, WindowPart

if TYPE_CHECKING:
    from chalicelib.policy.reader import Fault, PackText

_LISTS = ("things", "aspects", "landmarks", "details", "faults")


def compiled_same_matter(part: SameMatterPart, windows: Iterable[WindowPart]) -> dict[str, Any]:
    """Words are written as texts are read: with the synonyms put in."""
    within = {kind: window.within for window in windows for kind in window.kinds}
    synonyms = [each.split("=") for each in part.synonyms]

    def read(words: Iterable[str]) -> list[str]:
        return [word for word in dict.fromkeys(_put_in(word, synonyms) for word in words) if word]

    return {
        **part.model_dump(),
        **{name: {each: read(words) for each, words in map(_list, getattr(part, name))} for name in _LISTS},
        **{
            name: read(getattr(part, name))
            for name in (*("hollow", "phrases", "broad", "alone", "again", "over", "others"), *("wary", "anew", "one"))
        },
        "synonyms": synonyms,
        "rivals": dict(map(_list, part.rivals)),
        "related": [each.split(" ") for each in part.related],
        "windows": within,
        "longest_window": max(within.values()),
    }


def check_same_matter(text: PackText) -> Iterator[Fault]:
    """Every name that is none, every list that is told twice, and every kind with two windows."""
    entry = text.one(SameMatterPart)
    if entry is None:
        return
    part, categories = entry.part, text.ids(CategoryPart)
    if part.offered > part.automatic:
        yield entry.fault("offered", "must not be above automatic: what joins by itself would not even be offered")
    for name in part.weights:
        if name not in EVIDENCE:
            yield entry.fault("weights", f"there is no evidence {name!r}")
    named = [
        ("shared", part.shared),
        *(("related", group.split(" ")) for group in part.related),
    ]
    for key, ids in named:
        for category in ids:
            if category not in categories:
                yield entry.fault(key, f"unknown category {category!r}")
    kinds, things = text.ids(KindPart), {_list(each)[0] for each in part.things}
    for name in part.sudden:
        if name not in categories and name not in kinds:
            yield entry.fault("sudden", f"unknown kind or category {name!r}")
    for name in part.indoor:
        if name not in {_list(each)[0] for each in part.landmarks}:
            yield entry.fault("indoor", f"unknown landmark {name!r}")
    for name in part.common:
        if name not in things:
            yield entry.fault("common", f"unknown thing {name!r}")
    for name, others in map(_list, part.rivals):
        for each in (name, *others):
            if each not in things:
                yield entry.fault("rivals", f"unknown thing {each!r}")
    sorts = {_list(each)[0].partition("-")[0] for each in part.details}
    for name in part.mixed:
        if name not in sorts:
            yield entry.fault("mixed", f"no details are sorts of {name!r}")
    lists = ("spread", "stairwell", "risers", "outbreaks", "singular", "moving")
    for key, names in ((each, getattr(part, each)) for each in lists):
        for name in names:
            if name not in categories and name not in things:
                yield entry.fault(key, f"unknown category or thing {name!r}")
    for key in _LISTS:
        for name, number in Counter(_list(each)[0] for each in getattr(part, key)).items():
            if number > 1:
                yield entry.fault(key, f"{name!r} is told twice")
        for each in getattr(part, key):
            if each != each.casefold():
                yield entry.fault(key, f"must be in lower case, as texts are compared: {each!r}")
    yield from _windows(text)


def _windows(text: PackText) -> Iterator[Fault]:
    kinds, windows = text.ids(KindPart), text.all(WindowPart)
    told = Counter(kind for window in windows for kind in window.part.kinds)
    for window in windows:
        for kind in window.part.kinds:
            if kind not in kinds:
                yield window.fault("kinds", f"unknown kind {kind!r}")
            elif told[kind] > 1:
                yield window.fault("kinds", f"kind {kind!r} has two windows")


def _put_in(word: str, synonyms: Iterable[Sequence[str]]) -> str:
    for left, right in synonyms:
        word = word.replace(left, right)
    return word


def _list(line: str) -> tuple[str, list[str]]:
    name, words = line.split(": ", 1)
    return name, words.split(" ")
