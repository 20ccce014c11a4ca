"""Whether two reports tell of one matter 同一事项: how likely it is, and why (P2).

Evidence for and against is added up with the weights of the policy; what contradicts keeps a report from joining by
itself, whatever else there is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain import matter_features as F
from chalicelib.domain.grid import DIGITS, METRES_A_DEGREE
from chalicelib.domain.matter_features import Told, grams

if TYPE_CHECKING:
    from chalicelib.domain.policy import SameMatter

_COMPOUND, _COMMUNITY = DIGITS["compound"], DIGITS["community"]
_HOUR, _DAY = 3600, 86_400
_NEAR, _BESIDE, _FAR = 60, 200, 400
_BELOW = 0.01
_COMMON = 0.4


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
    if against or not _certain(found, new, known, rules) or new.at - known.at > rules.automatic_within:
        value = min(value, rules.automatic - _BELOW)
    if not DECISIVE.isdisjoint(found):
        value = min(value, rules.offered - _BELOW)
    why = sorted((name for name in found if weights.get(name)), key=lambda name: -abs(weights[name] * found[name]))
    return Score(round(value, 3), tuple(why), against)


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
        *("aspect-other", "hour-other", "over", "alone", "point-far"),
    }
)
"""Evidence that keeps a report from joining by itself, whatever speaks for it."""

DECISIVE = frozenset(
    {"compound-other", "community-other", "building-other", "unit-other", "door-other", "file-other", "plate-other"}
)
"""Of those, what nobody is even asked about: another house, stairwell or address than the other says."""

EVIDENCE = CONTRADICTIONS | {
    *("bias", "compound-same", "point-near", "point-beside", "building-same", "building-spread", "building-mentioned"),
    *("unit-same", "unit-mentioned", "unit-untold", "room-same", "room-beside", "floor-same", "floor-other"),
    *("gate-same", "landmark-same", "door-same", "road-same", "road-other", "place-apart", "one-of-many"),
    *("category-same", "category-related", "category-unknown", "things", "things-all", "words", "aspect-same"),
    *("sum-same", "surname-same", "plate-same", "hour-same", "again", "within-hour", "within-day", "days"),
}
"""What there can be, by name: what the policy may weigh."""

_PRECISE = frozenset({"unit-same", "room-same", "plate-same", "surname-same"})
_OF_ONE = frozenset({"room-same", "sum-same", "surname-same", "plate-same"})
_UNCLEAR = frozenset(
    {
        "unit-untold",
        "unit-mentioned",
        "building-mentioned",
        "building-spread",
        "floor-other",
        "place-apart",
        "one-of-many",
    }
)
_OF_A_KIND = 0.5


def _certain(found: dict[str, float], new: Told, known: Told, rules: SameMatter) -> bool:
    """Whether both tell the place precisely, and of things of one kind: without that no report joins by itself.

    A stairwell, a room, a plate, a name. A house has two sides, and a gate, a number of a road, a landmark more than
    one manhole: of those somebody decides. What befell a person, not a thing that all see, is the same only where the
    room, a sum, a name say so.
    """
    if not _UNCLEAR.isdisjoint(found):
        return False
    of_one_kind = "category-same" in found or found.get("things", 0) >= _OF_A_KIND
    precise = not _PRECISE.isdisjoint(found)
    personal = any(each in rules.personal for each in (new.kind, known.kind, new.category, known.category))
    return of_one_kind and precise and (not personal or not _OF_ONE.isdisjoint(found))


def evidence(new: Told, known: Told, rules: SameMatter) -> dict[str, float]:
    """What speaks for one matter and against it, each by name with how much there is of it (mostly 1)."""
    found: dict[str, float] = {}
    _of_place(new, known, rules, found)
    _of_numbers(new, known, rules, found)
    _of_things(new, known, rules, found)
    _of_particulars(new, known, found)
    _of_time(new, known, found)
    return found


def _of_place(new: Told, known: Told, rules: SameMatter, found: dict[str, float]) -> None:
    if new.area[:_COMMUNITY] and known.area[:_COMMUNITY]:
        if new.area[:_COMMUNITY] != known.area[:_COMMUNITY]:
            found["community-other"] = 1
        elif len(new.area) >= _COMPOUND and len(known.area) >= _COMPOUND:
            same = new.area[:_COMPOUND] == known.area[:_COMPOUND]
            found["compound-same" if same else "compound-other"] = 1
    if new.point and known.point:
        metres = metres_between(new.point, known.point)
        if metres <= _NEAR:
            found["point-near"] = 1
        elif metres <= _BESIDE:
            found["point-beside"] = 1
        elif metres > _FAR:
            found["point-far"] = 1


def _of_numbers(new: Told, known: Told, rules: SameMatter, found: dict[str, float]) -> None:
    a, b = new.marks, known.marks
    wide = new.category in rules.spread or known.category in rules.spread or F.BROAD in a or F.BROAD in b
    house = _first(a, b, F.BUILDING)
    if house == _OTHER:
        found["building-spread" if wide else "building-other"] = 1
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
    for sort, name in ((F.GATE, "gate"), (F.LANDMARK, "landmark"), (F.DOOR, "door"), (F.ROAD, "road")):
        same = _compared(a, b, sort)
        if same is not None:
            found[f"{name}-same" if same else f"{name}-other"] = 1
    if (mine := _PLACES & a.keys()) and (theirs := _PLACES & b.keys()) and mine.isdisjoint(theirs):
        found["place-apart"] = 1


def _of_floors(a: F.Marks, b: F.Marks, found: dict[str, float]) -> None:
    if F.ROOM in a and F.ROOM in b:
        found[_rooms(a[F.ROOM], b[F.ROOM])] = 1
    elif (floor := _floors(a, b)) is not None:
        found["floor-same" if floor else "floor-other"] = 1


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
    if set(a.get(F.ASPECT, ())) != set(b.get(F.ASPECT, ())):
        found["aspect-other"] = 1
    elif F.ASPECT in a:
        found["aspect-same"] = 1


def _of_particulars(new: Told, known: Told, found: dict[str, float]) -> None:
    a, b = new.marks, known.marks
    for sort, name in ((F.SUM, "sum"), (F.SURNAME, "surname"), (F.PLATE, "plate")):
        same = _compared(a, b, sort)
        if same is not None:
            found[f"{name}-same" if same else f"{name}-other"] = 1
    if _compared(a, b, F.FILE) is False and new.source == known.source:
        found["file-other"] = 1
    if F.OVER in a or F.OVER in b:
        found["over"] = 1
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


def _compared(a: F.Marks, b: F.Marks, sort: str) -> bool | None:
    """Whether both name one of a sort that is the same; None where one of them names none."""
    mine, theirs = a.get(sort), b.get(sort)
    return None if mine is None or theirs is None else any(each in theirs for each in mine)


def _first(a: F.Marks, b: F.Marks, sort: str) -> str:
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
    """The same room, one above, below or beside the other, or another."""
    if any(each in theirs for each in mine):
        return "room-same"
    for one in mine:
        for other in theirs:
            floors, places = abs(int(one[:-2]) - int(other[:-2])), abs(int(one[-2:]) - int(other[-2:]))
            if (floors == 1 and places == 0) or (floors == 0 and places == 1):
                return "room-beside"
    return "room-other"


def _floors(a: F.Marks, b: F.Marks) -> bool | None:
    """Whether floors that are told are the same or next to each other; a room tells its floor."""
    mine = {int(each) for each in a.get(F.FLOOR, ())} | {int(each[:-2]) for each in a.get(F.ROOM, ())}
    theirs = {int(each) for each in b.get(F.FLOOR, ())} | {int(each[:-2]) for each in b.get(F.ROOM, ())}
    if not mine or not theirs:
        return None
    return any(abs(one - other) <= 1 for one in mine for other in theirs)


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """How far two points `(lat, lon)` are, in a plane that is true between them."""
    north = (a[0] - b[0]) * METRES_A_DEGREE
    east = (a[1] - b[1]) * METRES_A_DEGREE * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)
