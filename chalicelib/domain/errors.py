"""What can go wrong, named for what happened. Each carries a stable code; edges map codes to statuses and words."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A request that cannot be done, for a reason its sender can act on.

    `code` is stable and documented (`docs/contract/errors.json`); `field` is the path of the value at fault, in the
    words of the request; `extra` adds members to the problem document.
    """

    code = "internal-error"

    def __init__(self, field: str | None = None, *, code: str | None = None, **extra: Any) -> None:
        self.code = code or type(self).code
        self.field = field
        self.extra = extra
        super().__init__(f"{self.code}: {field}" if field else self.code)


class InvalidField(DomainError):
    """A value of the request breaks a rule; the code says which."""

    def __init__(self, field: str | None, code: str, **extra: Any) -> None:
        super().__init__(field, code=code, **extra)


class OutsideDistrict(DomainError):
    code = "position-outside-district"


class UnknownArea(DomainError):
    code = "unknown-area"


class AreaEnded(DomainError):
    """There was such an area. `ended_on`: since which day there is not; `now`: the one above that there still is."""

    code = "area-ended"


class UnknownCategory(DomainError):
    code = "unknown-category"


class UnknownCase(DomainError):
    """The other case that is named does not exist, or the asker may not know of it."""

    code = "unknown-case"


class UnknownAttachment(DomainError):
    code = "unknown-attachment"


class NotFound(DomainError):
    """There is no such thing, or the asker may not know of it."""

    code = "not-found"


class Hidden(NotFound):
    """There is such a thing, and the asker may not know of it. `about` tells the audit which, and nobody else."""

    def __init__(self, **about: str) -> None:
        super().__init__()
        self.about = about


class IdentityNotKept(DomainError):
    """Nobody can be told who told a report: nobody said, or it was erased."""

    code = "identity-not-kept"


class Forbidden(DomainError):
    """The asker may see the thing, but may not do this to it."""

    code = "forbidden"


class ActionNotAllowed(DomainError):
    """The state of the case does not allow the action. `allowed_actions` names those it does."""

    code = "action-not-allowed"


class StaleVersion(DomainError):
    """Somebody else changed the case since the version the sender read."""

    code = "stale-version"


class IdempotencyConflict(DomainError):
    """The same message id came before with other content."""

    code = "idempotency-conflict"


class AlreadyKnown(DomainError):
    """Raised by the store when a command or report with this id was recorded before. Never leaves the services."""


class TrackingCodeTaken(DomainError):
    """Raised by the store when a new tracking code is in use. Never leaves the services."""


class OpenedMeanwhile(DomainError):
    """Raised by the store when another matter was opened at a place since it was read. Never leaves the services."""


class TemporarilyUnavailable(DomainError):
    """Something the act depends on did not answer; the same request may be sent again."""

    code = "temporarily-unavailable"


class OutsideBeat(DomainError):
    """A check-in from outside the area that was to be walked. `metres` outside, None when far; `cell`: where it is."""

    code = "position-outside-area"


class BeatEnded(DomainError):
    """A check-in of a time when nobody was to walk the area any more."""

    code = "beat-ended"


class AreaTooNarrow(DomainError):
    """Figures of an area below those that are counted by themselves."""

    code = "area-too-narrow"


class CommunityRequired(DomainError):
    """A list of cases of more than a community: whoever answers for more names one, or a compound or cell in it."""

    code = "community-required"


class AreaTooWide(DomainError):
    """Figures of more areas at once than one answer adds up."""

    code = "area-too-wide"


class UnknownUnit(DomainError):
    """No such unit in the policy that the case goes by, or one that was abolished since."""

    code = "unknown-unit"


class EscalationBeyondDistrict(DomainError):
    """The case is at the district: 矛盾不上交, there is nobody to pass it up to."""

    code = "escalation-beyond-district"


class NothingBelow(DomainError):
    """There is no centre below that the case could be passed down to."""

    code = "nothing-below"


class OwnRequest(DomainError):
    """Who asked for an extension does not decide on it."""

    code = "own-request"


class ExtensionTooLate(DomainError):
    """An extension is asked for before the clock is due. `due_at`."""

    code = "extension-too-late"


class ExtensionTooLong(DomainError):
    """An extension goes beyond what the policy allows. `latest`: the last day it may reach."""

    code = "extension-too-long"


class CaseMerged(DomainError):
    """The case is merged into another and sleeps there. `into`: which; what is to be done is done to that."""

    code = "case-merged"


class MatterRefused(DomainError):
    """What two cases are does not allow them to be one, or one to become two; the code says why."""


class OtherChanged(StaleVersion):
    """Raised by the store when another case than the one that was acted on changed. Never leaves the services."""


class WindowOver(DomainError):
    """The time within which this could be done is over. `until`."""

    code = "window-over"


class MediationOpen(ActionNotAllowed):
    """The dispute is being mediated: it is not answered before that has ended."""

    code = "mediation-open"


class MediationsOver(DomainError):
    """The dispute was mediated as often as the policy lets it be. `other_ways`: what is left."""

    code = "mediations-over"


class ConflictOfInterest(DomainError):
    """Who is named must not sit at this table (回避). `reasons`: why, each with its code and in words."""

    code = "conflict-of-interest"


class PanelIncomplete(DomainError):
    """Not everybody whom the dispute's panel asks for is coming. `missing`: of whom how many."""

    code = "panel-incomplete"


class UnknownMember(DomainError):
    """Nobody of that id is in the pool of people, or not as what was asked for."""

    code = "unknown-member"


class NamesAPerson(DomainError):
    """A text that is to name nobody holds what looks like a phone or the number of an identity card."""

    code = "names-a-person"


class UnitAccused(DomainError):
    """The unit is one that the petition accuses, or part of one: it never learns of it (信访工作条例 art. 30)."""

    code = "unit-accused"


class NobodyAbove(DomainError):
    """Every body that could review or decide has answered already, or is accused: the desk names one."""

    code = "nobody-above"


class PetitionUnnamed(DomainError):
    """Nobody says who petitions: it is declined, or handed on as information, and not formally accepted."""

    code = "petition-unnamed"


class OffersUndecided(DomainError):
    """The case may be the same matter as others, which somebody is to decide on first. Which, only those know who may
    see them.
    """

    code = "offers-undecided"


class CardDemands(DomainError):
    """The petition's card demands what has not been done. `demanded`: the actions."""

    code = "card-demands"
