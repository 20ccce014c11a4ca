"""Where candidates for one matter lie: the newest matters of a compound, side by side in one row (ADR 37).

A case is entered where its first report places it. Whoever opens one does so on the row as it was read: two reports of
one matter in the same second cannot both open a case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain import matter_marks as F
from chalicelib.domain.grid import DIGITS
from chalicelib.domain.matter_features import Told
from chalicelib.domain.same_matter import Score, metres_between, score, told_from_home, wide

if TYPE_CHECKING:
    from chalicelib.domain.grid import Cell
    from chalicelib.domain.policy import SameMatter

_COMPOUND, _COMMUNITY = DIGITS["compound"], DIGITS["community"]
_CONFIDENTIAL = "confidential"
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Entry = list[Any]
"""A case's id, and what its first report told, as `Told.written` has it."""


class Near(NamedTuple):
    """What lies at a place, newest first. `version`: of the row, 0 where there is none yet. `text`: the entries as they
    are written, where they were already.
    """

    place: str
    version: int
    entries: Sequence[Entry]
    text: str = ""

    def entered(self, case_id: str, told: Told, rules: SameMatter) -> Near:
        """With one more case, and without those that are too old to be candidates or too many."""
        kept = [entry for entry in self.entries if told.at - entry[1] <= rules.longest_window and entry[0] != case_id]
        entries = [[case_id, *told.written], *kept][: rules.most_entries]
        text = _written(entries)
        while len(entries) > 1 and len(text.encode()) > rules.most_bytes:
            entries.pop()
            text = _written(entries)
        return Near(self.place, self.version + 1, entries, text)

    def without(self, case_id: str) -> Near:
        return Near(self.place, self.version + 1, [entry for entry in self.entries if entry[0] != case_id])

    def has(self, case_id: str) -> bool:
        return any(entry[0] == case_id for entry in self.entries)

    @property
    def written(self) -> str:
        return self.text or _written(self.entries)


class Candidate(NamedTuple):
    """A case that may tell of the same matter, and how alike it is."""

    case_id: str
    score: Score


def home_of(area: str, *, confidential: bool) -> str | None:
    """The place of a case in an area: its compound, or its community where that is all that is known, or none.

    Confidential matters lie apart.
    """
    if len(area) < _COMMUNITY:
        return None
    place = area[:_COMPOUND] if len(area) >= _COMPOUND else area[:_COMMUNITY]
    return f"{place}#{_CONFIDENTIAL}" if confidential else place


def places_around(
    area: str, beside: Iterable[str], parts: Sequence[str], most: int, *, confidential: bool
) -> list[str]:
    """Where to look for candidates, at most so many places: at home first, then where others may have been placed.

    `beside`: compounds near the position; `parts`: those of the community, which are asked where the compound is not
    known.
    """
    if len(area) < _COMMUNITY:
        return []
    more = beside if len(area) >= _COMPOUND else [*beside, *parts]
    areas = dict.fromkeys((area[:_COMPOUND], area[:_COMMUNITY], *(each[:_COMPOUND] for each in more)))
    found = (home_of(each, confidential=confidential) for each in areas)
    return [place for place in found if place is not None][:most]


def compounds_beside(point: tuple[float, float], cells: Iterable[Cell], metres: float) -> list[str]:
    """The compounds of cells that come as near to a point as that, the nearest first, by the boxes they lie in."""
    found: dict[str, float] = {}
    lat, lon = point
    for cell in cells:
        lons, lats = [each[0] for each in cell.ring], [each[1] for each in cell.ring]
        beside = (min(max(lat, min(lats)), max(lats)), min(max(lon, min(lons)), max(lons)))
        compound, far = cell.area.code[:_COMPOUND], metres_between(point, beside)
        if far <= min(metres, found.get(compound, metres)):
            found[compound] = far
    return sorted(found, key=found.__getitem__)


def candidates(told: Told, lying: Iterable[Near], rules: SameMatter) -> list[Candidate]:
    """The cases that may be the same matter as what is told, the likeliest first, the older first of two alike."""
    found: dict[str, Candidate] = {}
    spread = wide(told.category, told.marks, rules)
    for near in lying:
        for case_id, *written in near.entries:
            if case_id in found or _apart(told, written, rules, spread=spread):
                continue
            scored = score(told, Told.read(written), rules)
            if scored is not None and scored.value >= rules.offered:
                found[case_id] = Candidate(case_id, scored)
    return sorted(found.values(), key=lambda each: (-each.score.value, each.case_id))


def _apart(told: Told, written: Sequence[Any], rules: SameMatter, *, spread: bool) -> bool:
    """What needs no look at words: told too long ago, too far away, or of another house or stairwell.

    `spread`: whether what is told may be told from several houses.
    """
    at, kind, category, _, point, _, marks, _ = written
    if abs(told.at - at) > rules.windows.get(kind or told.kind or "", rules.longest_window):
        return True
    mine, theirs = told.marks.get(F.BUILDING), marks.get(F.BUILDING)
    if mine and theirs:
        houses = theirs.split(" ")
        if not any(each in houses for each in mine):
            if spread:
                return False
            read = {sort: tuple(said.split(" ")) for sort, said in marks.items()}
            return not (wide(category, read, rules) or told_from_home(told.marks, read, rules))
        mine, theirs = told.marks.get(F.UNIT), marks.get(F.UNIT)
        if mine and theirs and not any(each in theirs.split(" ") for each in mine):
            return True
    return bool(told.point and point and metres_between(told.point, point) > rules.farthest_metres)
