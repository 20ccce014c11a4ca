"""What the acts `panel-*` do: people of the pool are asked to a case, answer, avoid it, take part. Loaded when done.

Events name them by their number in the pool and as what they were asked; who that is stands in the pool.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.domain import events as E
from chalicelib.domain.accused import accused_reach
from chalicelib.domain.acts import also
from chalicelib.domain.errors import ConflictOfInterest, InvalidField, UnknownMember
from chalicelib.domain.invited import ASKED, AVOIDS, COMING, DECLINED, TOOK_PART
from chalicelib.domain.panels import Sought, objections
from chalicelib.domain.petitions import HANDLING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.acts import Act, Particulars
    from chalicelib.domain.cases import Case
    from chalicelib.domain.invited import Invited
    from chalicelib.domain.panels import Member
    from chalicelib.domain.policy import Action, Policy
    from chalicelib.domain.telling import Telling

_ASKED_AGAIN = {False: (DECLINED,), True: (DECLINED, TOOK_PART)}
"""Who is asked again that was asked before: whoever declined, and to a petition, which has three levels, who was there.
"""
MOST_INVITED = 20
"""People of the pool at one case, whatever they answered: they stand in its row."""


def _invite(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """Ask them. Raises UnknownMember, ConflictOfInterest for who may not sit there, InvalidField for who is asked
    already, or too many.
    """
    case = telling.known
    known = {each.member: each for each in case.invited}
    if len(known.keys() | set(said.members)) > MOST_INVITED:
        raise InvalidField("members", "too-many-members", limit=MOST_INVITED)
    asked = []
    for field, member in _members(telling, said):
        _must_not_avoid(telling, field, member)
        if member.id in known and known[member.id].state not in _ASKED_AGAIN[case.petition is not None]:
            raise InvalidField(field, "invited-already")
        asked.append(_named(member))
    telling.tell(E.PANEL_INVITED, members=asked, unit=case.lead, **_noted(said))


def _answer(telling: Telling[Case], action: Action, said: Particulars) -> None:
    for field, member in _invited(telling.known, said):
        if member.state == AVOIDS:
            raise ConflictOfInterest(field, reasons=[])
        if said.agrees:
            _must_still_not_avoid(telling, field, member, said)
    telling.tell(
        E.PANEL_ANSWERED, members=list(said.members), coming=said.agrees, unit=telling.known.lead, **_noted(said)
    )


def _avoid(telling: Telling[Case], action: Action, said: Particulars) -> None:
    """回避: whoever has to do with a party says so, or a party does; from then on he or she may not sit there."""
    members = [_named(member) for _, member in _members(telling, said)]
    telling.tell(E.PANEL_AVOIDED, members=members, reason=said.reason, unit=telling.known.lead, **also(said))


def _record(telling: Telling[Case], action: Action, said: Particulars) -> None:
    record(telling, said)


def record(telling: Telling[Case], said: Particulars) -> None:
    """Tell who took part, and what came of it. Raises ConflictOfInterest, InvalidField for who was not coming."""
    for field, member in _invited(telling.known, said):
        if member.state == AVOIDS:
            raise ConflictOfInterest(field, reasons=[])
        if member.state not in (COMING, TOOK_PART):
            raise InvalidField(field, "not-coming")
        _must_still_not_avoid(telling, field, member, said)
    telling.tell(E.PANEL_TOOK_PART, members=list(said.members), unit=telling.known.lead, **_noted(said))


def _members(telling: Telling[Case], said: Particulars) -> Iterator[tuple[str, Member]]:
    """Whom somebody names, each with its field. Raises UnknownMember."""
    today = telling.around.policy.day_of(telling.around.now)
    for place, name in enumerate(said.members):
        member = (said.known_members or {}).get(name)
        if member is None or not member.serves_on(today):
            raise UnknownMember(f"members[{place}]")
        yield f"members[{place}]", member


def _must_not_avoid(telling: Telling[Case], field: str, member: Member) -> None:
    case, policy = telling.known, telling.around.policy
    declared = {each.member: "" for each in case.invited if each.state == AVOIDS}
    sought = Sought(policy.day_of(telling.around.now), parties=_parties(case, policy), related=declared)
    against = [each for each in objections(member, sought) if each.recusal]
    if against:
        raise ConflictOfInterest(field, reasons=[each._asdict() for each in against])


def _must_still_not_avoid(telling: Telling[Case], field: str, invited: Invited, said: Particulars) -> None:
    """Who was asked may have come to be bound to a side since, or the petition to a level at which he or she is one's.

    Of who has left the pool nothing is known any more.
    """
    member = (said.known_members or {}).get(invited.member)
    if member is not None:
        _must_not_avoid(telling, field, member)


def _parties(case: Case, policy: Policy) -> tuple[str, ...]:
    """Whom a petition accuses, and at the higher levels who answered it: with all that is part of them, by id and name.

    Nobody of those sits at its table: the accused never learn of it, and who answered is what is looked at again.
    """
    petition = case.petition
    if petition is None:
        return ()
    answered = petition.answered_by if petition.level != HANDLING else ()
    against = (*petition.accused, *answered)
    units = [unit for unit in policy.units.values() if accused_reach(unit.id, against, policy)]
    return (*against, *(name for unit in units for name in (unit.id, unit.zh)))


def _invited(case: Case, said: Particulars) -> Iterator[tuple[str, Invited]]:
    """Those of the case's table whom somebody names. Raises InvalidField for who was not asked to it."""
    known = {each.member: each for each in case.invited}
    for place, name in enumerate(said.members):
        if name not in known:
            raise InvalidField(f"members[{place}]", "not-invited")
        yield f"members[{place}]", known[name]


def _named(member: Member) -> dict[str, str]:
    return {"member": member.id, "role": member.what}


def _noted(said: Particulars) -> dict[str, Any]:
    return {**({"note": said.note} if said.note else {}), **also(said)}


def _any(*states: str) -> Callable[[Case], bool]:
    return lambda case: any(each.state in states for each in case.invited)


ACTS: dict[str, Act] = {
    "panel-invite": _invite,
    "panel-answer": _answer,
    "panel-avoid": _avoid,
    "panel-record": _record,
}
POSSIBLE: dict[str, Callable[[Case], bool]] = {
    "panel-answer": _any(ASKED, COMING, DECLINED),
    "panel-record": _any(COMING, TOOK_PART),
}
"""By act: whether a case has what the act is about; an act that is not named always has."""
LEADS: frozenset[str] = frozenset()
"""Acts after which the case is in the state that `to` names."""
ENDS: frozenset[str] = frozenset()
"""Acts that close the case."""
MEETS: frozenset[str] = frozenset()
"""Acts that may meet a clock, as those of its `met_by`."""
BEGINS: frozenset[str] = frozenset()
"""Acts that may begin a clock, as those of its `begun_by`."""
NEEDS: dict[str, tuple[str, ...]] = {
    "panel-invite": ("members",),
    "panel-answer": ("members", "agrees"),
    "panel-avoid": ("members", "reason"),
    "panel-record": ("members", "note"),
}
"""What must be said with an act, and so be among the `requires` of its actions."""
