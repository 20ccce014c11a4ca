"""The petition 信访事项 that a case is: who it accuses, its card, its level, and what was answered at each (A4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from chalicelib.domain.accused import accused_reach
from chalicelib.domain.containment import centre_above
from chalicelib.domain.errors import NobodyAbove

if TYPE_CHECKING:
    from chalicelib.domain.policy import Policy

HANDLING, REVIEW, RE_REVIEW = "handling", "review", "re-review"
"""The three levels of termination 三级终结: 办理, 复查, 复核 (信访工作条例 art. 34-36)."""

SUPPORT, EXPLAIN, NOT_SUPPORT = "support", "explain", "not-support"
"""What may be answered: 支持, 解释, 不予支持 (art. 32)."""

MOST_REPRESENTATIVES = 5
"""信访工作条例 art. 20: those who petition together choose no more than five."""

TERMINATED = "final"
"""How a petition ends that was answered at all three levels 终结: the same facts and reasons are not accepted again
(art. 36)."""

OPEN, ENDED = "open", "ended"
"""What the other petition must be that a ground names: at some body now (art. 19), or ended for good (art. 36)."""

ONLY_WAY_HERE = 6
"""The item of art. 31 whose matters have the 60 日 of art. 34; those of (1)-(5) keep procedures of their own."""


class Opinion(NamedTuple):
    """What a body answered at a level, and on which day (ISO, district time)."""

    level: str
    unit: str
    opinion: str
    day: str


@dataclass(frozen=True)
class Petition:
    """`people`: how many petition; `representatives`: how many speak for them; `named`: whether it says who they are.

    `accused`: the units that it accuses, who never learn of it (art. 30). `way`: the lawful way for it (art. 31).
    `card`: the colour it carries. `level`: where it is of handling, review and re-review. `hearings`: the days heard.
    `leader`: the member of staff who answers for it 包案. `ground`: why it was not accepted; `earlier`: the case of the
    same facts and reasons, where that is why. `decider`: the common superior, while it is to decide which body leads.
    """

    people: int = 1
    representatives: int = 0
    named: bool = False
    accused: tuple[str, ...] = ()
    way: str | None = None
    card: str | None = None
    level: str = HANDLING
    opinions: tuple[Opinion, ...] = ()
    hearings: tuple[str, ...] = ()
    leader: str | None = None
    ground: str | None = None
    earlier: str | None = None
    decider: str | None = None

    @property
    def answered_by(self) -> tuple[str, ...]:
        """The bodies that have answered it, at whatever level."""
        return tuple(opinion.unit for opinion in self.opinions)

    @property
    def written(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value != getattr(_NONE, name)}

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        facts: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
        }
        if "opinions" in facts:
            facts["opinions"] = tuple(Opinion(*each) for each in facts["opinions"])
        return cls(**facts)


_NONE = Petition()


def body_above(unit: str, without: tuple[str, ...], accused: tuple[str, ...], policy: Policy) -> str:
    """The body above one, which reviews what it answered and decides where bodies do not agree (art. 22, 35, 36).

    That of the centre of a community is the street's; of others, the first that the pack names for the district and
    that is not among those `without` whom it is, nor under them, nor accused. Raises NobodyAbove.
    """
    above = centre_above(unit, policy)
    for each in (*([above] if above else []), *policy.superiors):
        if each in policy.units and not accused_reach(each, (*without, *accused), policy):
            return each
    raise NobodyAbove()
