"""Events: what happened to a case or a beat, in the past tense. They are timeline, audit trail and outbox at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

CASE_REPORTED = "case.reported.v1"
CASE_JOINED = "case.joined.v1"
CASE_CLASSIFIED = "case.classified.v1"
CASE_SENT_TO_SCREENING = "case.sent-to-screening.v1"
CASE_ASSIGNED = "case.assigned.v1"
CASE_ACCEPTED = "case.accepted.v1"
CASE_RETURNED = "case.returned.v1"
CASE_RESOLVED = "case.resolved.v1"
CASE_REOPEN_REQUESTED = "case.reopen-requested.v1"
CASE_REOPENED = "case.reopened.v1"
CASE_REOPEN_DECLINED = "case.reopen-declined.v1"
CASE_CLOSED = "case.closed.v1"
CASE_MOVED = "case.moved.v1"
VISIT_PLANNED = "visit.planned.v1"
VISIT_DUE = "visit.due.v1"
VISIT_RECORDED = "visit.recorded.v1"
CLOCK_BREACHED = "clock.breached.v1"
CASE_ADVANCED = "case.advanced.v1"
CASE_RETURN_REJECTED = "case.return-rejected.v1"
CASE_TRANSFERRED = "case.transferred.v1"
CASE_ESCALATED = "case.escalated.v1"
CASE_DELEGATED = "case.delegated.v1"
JOINT_REQUESTED = "joint.requested.v1"
JOINT_ACCEPTED = "joint.accepted.v1"
JOINT_REFUSED = "joint.refused.v1"
JOINT_FINISHED = "joint.finished.v1"
EXTENSION_REQUESTED = "extension.requested.v1"
EXTENSION_APPROVED = "extension.approved.v1"
EXTENSION_REFUSED = "extension.refused.v1"
CASE_SUSPENDED = "case.suspended.v1"
CASE_RESUMED = "case.resumed.v1"
CASE_FINISHED = "case.finished.v1"
CASE_VERIFIED = "case.verified.v1"
CASE_SENT_BACK = "case.sent-back.v1"
CASE_EVALUATED = "case.evaluated.v1"
CASE_WITHDRAWN = "case.withdrawn.v1"
CASE_VOIDED = "case.voided.v1"
CASE_MIGRATED = "case.migrated.v1"
CLOCK_WARNED = "clock.warned.v1"
CLOCK_RECOMPUTED = "clock.recomputed.v1"

MEDIATION_OPENED = "mediation.opened.v1"
MEDIATION_CONSENTED = "mediation.consented.v1"
MEDIATION_SESSION_HELD = "mediation.session-held.v1"
MEDIATION_AGREED = "mediation.agreed.v1"
MEDIATION_VISIT_PLANNED = "mediation.visit-planned.v1"
MEDIATION_CONFIRMATION_APPLIED = "mediation.confirmation-applied.v1"
MEDIATION_CONFIRMATION_ACCEPTED = "mediation.confirmation-accepted.v1"
MEDIATION_RULED = "mediation.ruled.v1"
MEDIATION_PERFORMED = "mediation.performed.v1"
MEDIATION_ENDED = "mediation.ended.v1"

PANEL_INVITED = "panel.invited.v1"
PANEL_ANSWERED = "panel.answered.v1"
PANEL_AVOIDED = "panel.avoided.v1"
PANEL_TOOK_PART = "panel.took-part.v1"

MATTER_OFFERED = "matter.offered.v1"
MATTER_ABSORBED = "matter.absorbed.v1"
MATTER_MERGED = "matter.merged.v1"
MATTER_RELEASED = "matter.released.v1"
MATTER_UNMERGED = "matter.unmerged.v1"
MATTER_SPLIT = "matter.split.v1"
MATTER_TOLD_APART = "matter.told-apart.v1"

PETITION_REGISTERED = "petition.registered.v1"
PETITION_ACCEPTED = "petition.accepted.v1"
PETITION_DIRECTED = "petition.directed.v1"
PETITION_DECLINED = "petition.declined.v1"
PETITION_PASSED_ON = "petition.passed-on.v1"
PETITION_REFERRED = "petition.referred.v1"
PETITION_DECIDED = "petition.decided.v1"
PETITION_ANSWERED = "petition.answered.v1"
PETITION_DELIVERED = "petition.delivered.v1"
PETITION_REVIEW_ASKED = "petition.review-asked.v1"
PETITION_HEARD = "petition.heard.v1"
PETITION_LEADER_NAMED = "petition.leader-named.v1"
PETITION_CARD_CHANGED = "petition.card-changed.v1"
PETITION_CARD_EXAMINED = "petition.card-examined.v1"

PATROL_PLANNED = "patrol.planned.v1"
PATROL_WALKED = "patrol.walked.v1"
PATROL_OVERDUE = "patrol.overdue.v1"
PATROL_MISSED = "patrol.missed.v1"
PATROL_ENDED = "patrol.ended.v1"

CASE_EVENT_TYPES: frozenset[str] = frozenset(
    {
        CASE_REPORTED,
        CASE_JOINED,
        CASE_CLASSIFIED,
        CASE_SENT_TO_SCREENING,
        CASE_ASSIGNED,
        CASE_ACCEPTED,
        CASE_RETURNED,
        CASE_RESOLVED,
        CASE_REOPEN_REQUESTED,
        CASE_REOPENED,
        CASE_REOPEN_DECLINED,
        CASE_CLOSED,
        CASE_MOVED,
        VISIT_PLANNED,
        VISIT_DUE,
        VISIT_RECORDED,
        CLOCK_BREACHED,
        CASE_ADVANCED,
        CASE_RETURN_REJECTED,
        CASE_TRANSFERRED,
        CASE_ESCALATED,
        CASE_DELEGATED,
        JOINT_REQUESTED,
        JOINT_ACCEPTED,
        JOINT_REFUSED,
        JOINT_FINISHED,
        EXTENSION_REQUESTED,
        EXTENSION_APPROVED,
        EXTENSION_REFUSED,
        CASE_SUSPENDED,
        CASE_RESUMED,
        CASE_FINISHED,
        CASE_VERIFIED,
        CASE_SENT_BACK,
        CASE_EVALUATED,
        CASE_WITHDRAWN,
        CASE_VOIDED,
        CASE_MIGRATED,
        CLOCK_WARNED,
        CLOCK_RECOMPUTED,
        MEDIATION_OPENED,
        MEDIATION_CONSENTED,
        MEDIATION_SESSION_HELD,
        MEDIATION_AGREED,
        MEDIATION_VISIT_PLANNED,
        MEDIATION_CONFIRMATION_APPLIED,
        MEDIATION_CONFIRMATION_ACCEPTED,
        MEDIATION_RULED,
        MEDIATION_PERFORMED,
        MEDIATION_ENDED,
        PANEL_INVITED,
        PANEL_ANSWERED,
        PANEL_AVOIDED,
        PANEL_TOOK_PART,
        MATTER_OFFERED,
        MATTER_ABSORBED,
        MATTER_MERGED,
        MATTER_RELEASED,
        MATTER_UNMERGED,
        MATTER_SPLIT,
        MATTER_TOLD_APART,
        PETITION_REGISTERED,
        PETITION_ACCEPTED,
        PETITION_DIRECTED,
        PETITION_DECLINED,
        PETITION_PASSED_ON,
        PETITION_REFERRED,
        PETITION_DECIDED,
        PETITION_ANSWERED,
        PETITION_DELIVERED,
        PETITION_REVIEW_ASKED,
        PETITION_HEARD,
        PETITION_LEADER_NAMED,
        PETITION_CARD_CHANGED,
        PETITION_CARD_EXAMINED,
    }
)
PATROL_EVENT_TYPES: frozenset[str] = frozenset(
    {PATROL_PLANNED, PATROL_WALKED, PATROL_OVERDUE, PATROL_MISSED, PATROL_ENDED}
)
EVENT_TYPES: frozenset[str] = CASE_EVENT_TYPES | PATROL_EVENT_TYPES


class Actor(NamedTuple):
    """Who did it: a member of staff, a source system on a resident's behalf, or the system itself."""

    id: str
    role: str
    unit: str | None = None


SYSTEM = Actor("system", "system")


class Event(NamedTuple):
    """One thing that happened to its `subject`: a case, or a beat.

    `version` is the version of the subject it produced, `n` its place among the events of that version.
    `data` holds all that is needed to replay it, JSON types only, and no personal data.
    """

    subject: str
    version: int
    n: int
    type: str
    time: datetime
    actor: Actor
    policy_version: str
    data: Mapping[str, Any]
    correlation_id: str
    causation_id: str

    @property
    def id(self) -> str:
        return f"{self.subject}.{self.version}.{self.n}"


CaseEvent = Event
"""An event whose subject is a case."""


def reference_of(tracking_code: str, event_id: str) -> str:
    """The short reference that ends every message: tracking code (a beat's own code), version and place, as in
    `7K3M9QXA-3.1`.
    """
    _, version, n = event_id.rsplit(".", 2)
    return f"{tracking_code}-{version}.{n}"


def of_beat(subject: str) -> bool:
    """Whether what has a history is a beat: its id is `<area>.<post>`, and a case's has no point in it."""
    return "." in subject
