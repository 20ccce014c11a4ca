"""When two reports tell of one thing so surely that the later one joins by itself (P2).

Who joins wrongly is never heard of again; who is only offered costs a look. So whatever leaves open which of two things
is meant, whether it is the same occurrence, or whether it is the thing or what became of it, is left to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.domain import matter_marks as F
from chalicelib.domain.matter_features import Told
from chalicelib.domain.matter_marks import Marks

if TYPE_CHECKING:
    from chalicelib.domain.policy import SameMatter

_LEAST = 0.4
"""The least share of the fewer things that both must tell of."""

_MOST = 0.8
_FIRST = 2

_UNCLEAR = frozenset(
    {
        *("unit-mentioned", "building-mentioned", "room-mentioned", "room-beside", "floor-other", "floor-beside"),
        *("place-apart", "one-of-many"),
    }
)
_STAIRWELL = frozenset({"building-same", "unit-same"})
_ROOM = frozenset({"building-same", "room-same"})
_COMPOUND_WIDE = frozenset({"whole-same", "compound-same", "within-day"})
_SURELY_THERE = frozenset({"unit-untold", "building-spread", "category-related"})
_NAMED = (
    frozenset({"plate-same", "within-day"}),
    frozenset({"spot-same"}),
    frozenset({"file-same"}),
    frozenset({"surname-same", "sum-same"}),
    frozenset({"surname-same", "age-same"}),
    _STAIRWELL | {"surname-same"},
)
"""What tells one from all others of its sort, alone or together."""
_QUOTED = (frozenset({"file-same"}), frozenset({"surname-same", "building-same"}))
"""What tells which report is meant, where one says that it is the same."""

_EACH = (F.BUILDING, F.UNIT, F.ROOM, F.DOOR, F.GATE, F.SIDE, F.SPOT, F.PLATE)


def several(marks: Marks, rules: SameMatter) -> bool:
    """Whether a report names two of a kind of which each is another: which of them it is about stays open."""
    sorts = [sorts_of(each) for each in marks.get(F.DETAIL, ())]
    mixed = any(sorts.count(each) > 1 for each in sorts if each not in rules.mixed)
    return mixed or any(len(marks.get(sort, ())) > 1 for sort in _EACH)


def sorts_of(detail: str) -> str:
    """What a detail is a sort of."""
    return detail.rstrip("0123456789").partition("-")[0]


def certain(found: dict[str, float], new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether both tell of one thing at one place, and of one occurrence.

    A room, a bay, a plate, a person; or the stairwell, where the thing is one that a stairwell has one of; or on one
    day the whole compound, where both tell of all of it. A house has two sides, and a gate, a number of a road, a
    landmark more than one manhole: of those somebody decides. What happens all at once may happen again tomorrow.
    """
    if not _UNCLEAR.isdisjoint(found) or not found.get("things"):
        return False
    told_as = (new.kind, known.kind, new.category, known.category)
    if "within-day" not in found and any(each in rules.sudden for each in told_as):
        return False
    if F.SAME in new.marks and any(each <= found.keys() for each in _QUOTED):
        return True
    if ("anew" in found and not _going_on(found)) or _rivals(new, known, rules):
        return False
    if not _foremost(new, known, found["things"], rules) or not _same_fault(new, known, rules):
        return False
    if _outbreak(found, new, known, rules):
        return True
    if found["things"] < _LEAST:
        return False
    ways = (_by_name, _at_once, _of_all)
    return any(way(found, new, known, rules) for way in ways)


def _going_on(found: dict[str, float]) -> bool:
    """Whether what is told as come back is still the occurrence that was told: within the hour; or within the day in
    one room, where it is of the same sort.
    """
    return "within-hour" in found or {"room-same", "detail-same", "within-day"} <= found.keys()


def _by_name(found: dict[str, float], new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether a room, a bay, a plate or a person is the same."""
    if "building-spread" in found:
        return False
    if found.keys() >= _ROOM:
        return "unit-untold" not in found or "within-day" in found
    if "unit-untold" in found:
        return False
    return any(each <= found.keys() for each in _NAMED)


def _outbreak(found: dict[str, float], new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether both tell within the hour of what all of a stairwell hear, and none can name."""
    return _about(rules.outbreaks, new, known) and _STAIRWELL | {"within-hour"} <= found.keys()


def _at_once(found: dict[str, float], new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether both tell within the hour of what befalls one house, or one place of a compound, once at most in that
    time: a main that bursts at a gate.
    """
    if "within-hour" not in found or not _SURELY_THERE.isdisjoint(found) or "compound-same" not in found:
        return False
    if not _alike(new, known):
        return False
    mine, theirs = new.marks.get(F.THING, ()), known.marks.get(F.THING, ())
    if not any(each in mine and each in theirs for each in rules.singular):
        return False
    if "building-same" in found:
        return _same_of(F.LANDMARK, new, known)
    outside = [{*told.marks.get(F.LANDMARK, ())} - {*rules.indoor} for told in (new, known)]
    return "gate-same" in found or not outside[0].isdisjoint(outside[1])


def _of_all(found: dict[str, float], new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether both tell of a thing that a stairwell has one of, or on one day of all of a compound."""
    if not _alike(new, known):
        return False
    if _about(rules.stairwell, new, known):
        return found.keys() >= _STAIRWELL
    if not _about(rules.risers, new, known) or not _same_of(F.ROOM, new, known):
        return False
    return found.keys() >= _STAIRWELL or found.keys() >= _COMPOUND_WIDE


def _alike(new: Told, known: Told) -> bool:
    """Whether neither says more than the other of which of two it is: the left one, the freight lift."""
    sorts = [{each for each in told.marks.get(F.DETAIL, ()) if sorts_of(each) == "lift"} for told in (new, known)]
    return _same_of(F.SIDE, new, known) and sorts[0] == sorts[1]


def _same_of(sort: str, new: Told, known: Told) -> bool:
    return set(new.marks.get(sort, ())) == set(known.marks.get(sort, ()))


def _foremost(new: Told, known: Told, share: float, rules: SameMatter) -> bool:
    """Whether what each tells of foremost is told by the other too: the leak, not what it spoilt.

    `share`: of the fewer things, how much both tell of; where that is nearly all, the shorter one decides.
    """
    mine, theirs = new.marks.get(F.THING, ()), known.marks.get(F.THING, ())
    found = [
        not {*[each for each in some if each not in rules.common][:_FIRST]}.isdisjoint(others)
        for some, others in ((mine, theirs), (theirs, mine))
    ]
    return any(found) if share >= _MOST else all(found)


def _same_fault(new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether both say what is wrong with it, and one at most says besides what else is wrong."""
    mine, theirs = set(new.marks.get(F.FAULT, ())), set(known.marks.get(F.FAULT, ()))
    apart = [some - {*rules.common} for some in (mine - theirs, theirs - mine)]
    return bool(mine & theirs) and not all(apart)


def _rivals(new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether one tells of something else that befalls a thing than the other: the heating leaks, or is cold."""
    mine, theirs = set(new.marks.get(F.THING, ())), set(known.marks.get(F.THING, ()))
    for thing, rivals in rules.rivals.items():
        if thing in mine & theirs and {*rivals} & (mine ^ theirs):
            return True
        for one, other in ((mine, theirs), (theirs, mine)):
            if thing in one - other and {*rivals} & (other - one):
                return True
    return False


def _about(listed: tuple[str, ...], new: Told, known: Told) -> bool:
    """Whether reports are about what is listed: by their categories; where neither has one, by what both tell of."""
    categories = {new.category, known.category} - {None}
    if categories:
        return categories <= {*listed}
    return any(each in listed and each in known.marks.get(F.THING, ()) for each in new.marks.get(F.THING, ()))
