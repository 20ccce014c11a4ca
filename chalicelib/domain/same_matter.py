"""Whether two reports tell of one matter 同一事项: how likely it is, and why (P2).

Evidence for and against is added up with the weights of the policy; what contradicts keeps a report from joining by
itself, whatever else there is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain import matter_marks as F
from chalicelib.domain.grid import DIGITS, METRES_A_DEGREE
from chalicelib.domain.matter_features import Told, chars, grams
from chalicelib.domain.matter_joining import certain, several, sorts_of
from chalicelib.domain.matter_marks import Marks

if TYPE_CHECKING:
    from chalicelib.domain.policy import SameMatter

_COMPOUND, _COMMUNITY = DIGITS["compound"], DIGITS["community"]
_HOUR, _DAY = 3600, 86_400
_NEAR, _BESIDE, _FAR = 60, 200, 400
_BELOW = 0.01
_COMMON = 0.4
_LEAST_WORDS = 4


class Score(NamedTuple):
    """How likely two reports tell of one matter, 0 to 1, and the names of what speaks for it and against it.

    `against`: those that contradict.
    """

    value: float
    why: tuple[str, ...]
    against: tuple[str, ...]


def score(new: Told, known: Told, rules: SameMatter) -> Score | None:
    """How a report that came later compares with one that is known; None where it can be no candidate at all."""
    if not comparable(new, known, rules):
        return None
    found = evidence(new, known, rules)
    weights = rules.weights
    total = weights.get("bias", 0.0) + sum(weights.get(name, 0.0) * amount for name, amount in found.items())
    value = 1 / (1 + math.exp(-total))
    against = tuple(name for name in found if name in CONTRADICTIONS)
    if against or not certain(found, new, known, rules) or new.at - known.at > rules.automatic_within:
        value = min(value, rules.automatic - _BELOW)
    if not DECISIVE.isdisjoint(found):
        value = min(value, rules.offered - _BELOW)
    why = sorted((name for name in found if weights.get(name)), key=lambda name: -abs(weights[name] * found[name]))
    return Score(round(value, 3), tuple(why), against)


def wide(category: str | None, marks: Marks, rules: SameMatter) -> bool:
    """Whether it may be told from several houses alike: by its category, its things, or because it says so."""
    return category in rules.spread or F.BROAD in marks or any(each in rules.spread for each in marks.get(F.THING, ()))


def told_from_home(new: Marks, known: Marks, rules: SameMatter) -> bool:
    """Whether the houses of two reports may be their tellers' homes: one says so, and both name one place outside."""
    if F.HOME not in new and F.HOME not in known:
        return False
    outside = [
        [each for each in marks.get(sort, ()) if each not in rules.indoor]
        for marks in (new, known)
        for sort in (F.GATE, F.ROAD, F.DOOR, F.LANDMARK)
    ]
    named = len(outside) // 2
    return any(each in outside[at + named] for at in range(named) for each in outside[at])


def comparable(new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether it can be one matter at all: told within the window of its kind, in places not far from each other."""
    window = rules.windows.get(known.kind or new.kind or "", rules.longest_window)
    if abs(new.at - known.at) > window:
        return False
    return new.point is None or known.point is None or metres_between(new.point, known.point) <= rules.farthest_metres


CONTRADICTIONS = frozenset(
    {
        *(
            "compound-other",
            "community-other",
            "building-other",
            "unit-other",
            "room-other",
            "gate-other",
            "door-other",
        ),
        *("landmark-other", "file-other", "plate-other", "sum-other", "surname-other", "category-other", "things-none"),
        *("aspect-other", "hour-other", "over", "alone", "point-far", "side-other", "detail-other", "spot-other"),
        *("age-other", "road-other", "compound-beside", "community-across", "said-other", "wary", "several"),
    }
)
"""Evidence that keeps a report from joining by itself, whatever speaks for it."""

DECISIVE = frozenset(
    {"compound-other", "community-other", "building-other", "unit-other", "door-other", "plate-other", "spot-other"}
)
"""Of those, what nobody is even asked about: another house, stairwell, bay or address than the other says."""

EVIDENCE = CONTRADICTIONS | {
    *("bias", "compound-same", "point-near", "point-beside", "building-same", "building-spread", "building-mentioned"),
    *("unit-same", "unit-mentioned", "unit-untold", "room-same", "room-beside", "room-mentioned", "floor-same"),
    *("floor-beside", "whole-same", "floor-other", "gate-same", "landmark-same", "door-same", "road-same"),
    *("place-apart", "one-of-many", "anew"),
    *("side-same", "spot-same", "detail-same", "age-same", "file-same", "category-same", "category-related"),
    *("category-unknown", "things", "things-all", "words", "words-most", "chars", "aspect-same", "sum-same"),
    *("surname-same", "plate-same", "hour-same", "again", "within-hour", "within-day", "days"),
}
"""What there can be, by name: what the policy may weigh."""


def evidence(new: Told, known: Told, rules: SameMatter) -> dict[str, float]:
    """What speaks for one matter and against it, each by name with how much there is of it (mostly 1)."""
    found: dict[str, float] = {}
    _of_place(new, known, rules, found)
    _of_numbers(new, known, rules, found)
    _of_things(new, known, rules, found)
    _of_particulars(new, known, rules, found)
    _of_time(new, known, found)
    return found


def _of_place(new: Told, known: Told, rules: SameMatter, found: dict[str, float]) -> None:
    if new.area[:_COMMUNITY] and known.area[:_COMMUNITY]:
        if new.area[:_COMMUNITY] != known.area[:_COMMUNITY]:
            found["community-across" if _across(new, known, rules) else "community-other"] = 1
        elif len(new.area) >= _COMPOUND and len(known.area) >= _COMPOUND:
            same = new.area[:_COMPOUND] == known.area[:_COMPOUND]
            found["compound-same" if same else "compound-other"] = 1
    if new.point and known.point:
        metres = metres_between(new.point, known.point)
        if metres <= _NEAR and any(
            found.pop(name, 0) for name in ("compound-other", "community-other", "community-across")
        ):
            found["compound-beside"] = 1
        if metres <= _NEAR:
            found["point-near"] = 1
        elif metres <= _BESIDE:
            found["point-beside"] = 1
        elif metres > _FAR:
            found["point-far"] = 1


def _across(new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether it may lie across a border or have come over it: both name one place outside, one plate, or what moves.

    Never where both name a house: that stands where it stands.
    """
    a, b = new.marks, known.marks
    if F.BUILDING in a and F.BUILDING in b and not told_from_home(a, b, rules):
        return False
    if new.point and known.point and metres_between(new.point, known.point) > rules.farthest_metres:
        return False
    moving = {*rules.moving}
    if new.category in moving or known.category in moving or moving & {*a.get(F.THING, ())} & {*b.get(F.THING, ())}:
        return True
    outside = [{each for each in marks.get(F.LANDMARK, ()) if each not in rules.indoor} for marks in (a, b)]
    return bool(outside[0] & outside[1]) or any(_compared(a, b, sort) for sort in (F.ROAD, F.DOOR, F.PLATE))


def _of_numbers(new: Told, known: Told, rules: SameMatter, found: dict[str, float]) -> None:
    a, b = new.marks, known.marks
    house = _first(a, b, F.BUILDING)
    if house == _OTHER:
        spread = wide(new.category, a, rules) or wide(known.category, b, rules)
        found["building-spread" if spread or told_from_home(a, b, rules) else "building-other"] = 1
    elif house:
        found[f"building-{house}"] = 1
    unit = _first(a, b, F.UNIT)
    if house != _OTHER and unit:
        found[f"unit-{unit}"] = 1
    elif house == _SAME and (F.UNIT in a) != (F.UNIT in b):
        found["unit-untold"] = 1
    if house != _OTHER and new.category not in rules.shared and known.category not in rules.shared:
        _of_floors(a, b, found)
    if {F.BROAD, F.ROOM} <= a.keys() | b.keys() and (F.BROAD in a) == (F.ROOM in b) != (F.BROAD in b):
        found["one-of-many"] = 1
    if F.BROAD in a and F.BROAD in b:
        found["whole-same"] = 1
    for sort, name in _NAMED:
        same = _compared(a, b, sort)
        if same is not None:
            found[f"{name}-same" if same else f"{name}-other"] = 1
    if (mine := _PLACES & a.keys()) and (theirs := _PLACES & b.keys()) and mine.isdisjoint(theirs):
        found["place-apart"] = 1


_NAMED = (
    *((F.GATE, "gate"), (F.LANDMARK, "landmark"), (F.DOOR, "door"), (F.ROAD, "road"), (F.SIDE, "side")),
    (F.SPOT, "spot"),
)


def _of_floors(a: Marks, b: Marks, found: dict[str, float]) -> None:
    if F.ROOM in a and F.ROOM in b:
        found[_rooms(a[F.ROOM], b[F.ROOM])] = 1
    elif floor := _floors(a, b):
        found[floor] = 1


def _of_things(new: Told, known: Told, rules: SameMatter, found: dict[str, float]) -> None:
    a, b = new.marks, known.marks
    if new.category is None or known.category is None:
        found["category-unknown"] = 1
    elif new.category == known.category:
        found["category-same"] = 1
    else:
        related = any(new.category in group and known.category in group for group in rules.related)
        found["category-related" if related else "category-other"] = 1
    mine, theirs = set(a.get(F.THING, ())), set(b.get(F.THING, ()))
    if mine and theirs:
        shared, less = _weight(mine & theirs, rules), min(_weight(mine, rules), _weight(theirs, rules))
        if shared:
            found["things"] = shared / less
            found["things-all"] = shared / _weight(mine | theirs, rules)
        else:
            found["things-none"] = 1
    words, others = grams(new.gist), grams(known.gist)
    if words and others:
        found["words"] = len(words & others) / math.sqrt(len(words) * len(others))
        found["words-most"] = len(words & others) / max(_LEAST_WORDS, min(len(words), len(others)))
        of_new, of_known = chars(new.gist), chars(known.gist)
        found["chars"] = len(of_new & of_known) / max(_LEAST_WORDS, min(len(of_new), len(of_known)))
    _of_details(a, b, found)
    if set(a.get(F.ASPECT, ())) != set(b.get(F.ASPECT, ())):
        found["aspect-other"] = 1
    elif F.ASPECT in a:
        found["aspect-same"] = 1


def _of_details(a: Marks, b: Marks, found: dict[str, float]) -> None:
    """Of what there are several sorts, a colour, a cover, a vehicle: whether both tell of the same sort."""
    mine, theirs = set(a.get(F.DETAIL, ())), set(b.get(F.DETAIL, ()))
    if mine & theirs:
        found["detail-same"] = 1
    elif {sorts_of(each) for each in mine} & {sorts_of(each) for each in theirs}:
        found["detail-other"] = 1


def _of_particulars(new: Told, known: Told, rules: SameMatter, found: dict[str, float]) -> None:
    a, b = new.marks, known.marks
    for sort, name in ((F.SUM, "sum"), (F.SURNAME, "surname"), (F.PLATE, "plate"), (F.AGE, "age")):
        same = _compared(a, b, sort)
        if same is not None:
            found[f"{name}-same" if same else f"{name}-other"] = 1
    if F.FILE in a and F.FILE in b:
        if any(one.endswith(other) or other.endswith(one) for one in a[F.FILE] for other in b[F.FILE]):
            found["file-same"] = 1
        elif new.source == known.source:
            found["file-other"] = 1
    if F.OVER in a or F.OVER in b:
        found["over"] = 1
    if F.OTHER in a or F.OTHER in b:
        found["said-other"] = 1
    if F.WARY in a or F.WARY in b:
        found["wary"] = 1
    if F.ANEW in a or F.ANEW in b:
        found["anew"] = 1
    if several(a, rules) or several(b, rules):
        found["several"] = 1
    if F.ALONE in a or F.ALONE in b:
        found["alone"] = 1
    if F.AGAIN in a:
        found["again"] = 1


def _of_time(new: Told, known: Told, found: dict[str, float]) -> None:
    gap = abs(new.at - known.at)
    if (same := _compared(new.marks, known.marks, F.HOUR)) is not None:
        found["hour-same" if same else "hour-other"] = 1
    if gap <= _HOUR:
        found["within-hour"] = 1
    if gap <= _DAY:
        found["within-day"] = 1
    found["days"] = gap / (10 * _DAY)


_PLACES = frozenset({F.BUILDING, F.GATE, F.LANDMARK, F.DOOR})
_SAME, _OTHER, _MENTIONED = "same", "other", "mentioned"


def _compared(a: Marks, b: Marks, sort: str) -> bool | None:
    """Whether both name one of a sort that is the same; None where one of them names none."""
    mine, theirs = a.get(sort), b.get(sort)
    return None if mine is None or theirs is None else any(each in theirs for each in mine)


def _first(a: Marks, b: Marks, sort: str) -> str:
    """Whether what both name first is the same, or is only mentioned by the other, as where it is not; else nothing."""
    mine, theirs = a.get(sort), b.get(sort)
    if mine is None or theirs is None:
        return ""
    if mine[0] == theirs[0]:
        return _SAME
    return _MENTIONED if any(each in theirs for each in mine) else _OTHER


def _weight(things: set[str], rules: SameMatter) -> float:
    """How much things say: one that many matters have to do with says less."""
    return sum(_COMMON if each in rules.common else 1 for each in things)


def _rooms(mine: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    """The same room, one that the other only mentions, one above, below or beside the other, or another."""
    if mine[0] == theirs[0] or set(mine) == set(theirs):
        return "room-same"
    if any(each in theirs for each in mine):
        return "room-mentioned"
    for one in mine:
        for other in theirs:
            floors, places = abs(int(one[:-2]) - int(other[:-2])), abs(int(one[-2:]) - int(other[-2:]))
            if (floors == 1 and places == 0) or (floors == 0 and places == 1):
                return "room-beside"
    return "room-other"


def _floors(a: Marks, b: Marks) -> str:
    """Whether floors that are told are the same, next to each other, or others; a room tells its floor."""
    mine = {int(each) for each in a.get(F.FLOOR, ())} | {int(each[:-2]) for each in a.get(F.ROOM, ())}
    theirs = {int(each) for each in b.get(F.FLOOR, ())} | {int(each[:-2]) for each in b.get(F.ROOM, ())}
    if not mine or not theirs:
        return ""
    apart = min(abs(one - other) for one in mine for other in theirs)
    return "floor-same" if apart == 0 else "floor-beside" if apart == 1 else "floor-other"


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """How far two points `(lat, lon)` are, in a plane that is true between them."""
    north = (a[0] - b[0]) * METRES_A_DEGREE
    east = (a[1] - b[1]) * METRES_A_DEGREE * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)
