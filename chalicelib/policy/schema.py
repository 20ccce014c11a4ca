"""The shape of a policy pack's files, checked strictly: no unknown keys, no converted types, no blank texts.

`FILES` says which file holds which tables. What one file alone cannot know (references, duplicates, reachability) is
checked in `checks`. Needs pydantic, so nothing that runs in a function imports this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from chalicelib.domain import cases, limits
from chalicelib.domain import events as E
from chalicelib.domain.acts import ACTS, modules
from chalicelib.domain.panels import WHATS
from chalicelib.domain.patrol import KEPT_ROUNDS

# What a text may name, and the events it exists for; None: every event. No personal data, no words of the report.
TEMPLATE_VARIABLES: Mapping[str, frozenset[str] | None] = {
    "tracking_code": None,
    "ref": None,
    "category_zh": E.CASE_EVENT_TYPES,
    "category_en": E.CASE_EVENT_TYPES,
    "area_zh": None,
    "unit_zh": None,
    "urgency_zh": E.CASE_EVENT_TYPES,
    "due_at": frozenset(
        {
            *(E.CASE_ASSIGNED, E.CASE_TRANSFERRED, E.CASE_ESCALATED, E.CASE_DELEGATED, E.EXTENSION_APPROVED),
            *(E.CASE_RETURN_REJECTED, E.CASE_SENT_BACK, E.CASE_RESUMED),
            *(E.PETITION_PASSED_ON, E.PETITION_ACCEPTED, E.PETITION_REVIEW_ASKED),
            *(E.VISIT_PLANNED, E.CLOCK_BREACHED, E.CLOCK_WARNED, E.CLOCK_RECOMPUTED, E.PATROL_OVERDUE),
        }
    ),
    "note": frozenset(
        {E.CASE_RESOLVED, E.CASE_FINISHED, E.VISIT_RECORDED, E.CASE_REOPEN_REQUESTED, E.JOINT_FINISHED, E.CASE_ADVANCED}
    ),
    "reason": frozenset(
        {
            *(E.CASE_RETURNED, E.CASE_REOPENED, E.CASE_REOPEN_DECLINED, E.CASE_RETURN_REJECTED, E.CASE_TRANSFERRED),
            *(E.CASE_ESCALATED, E.CASE_DELEGATED, E.JOINT_REQUESTED, E.JOINT_REFUSED, E.EXTENSION_REQUESTED),
            *(E.EXTENSION_APPROVED, E.EXTENSION_REFUSED, E.CASE_SUSPENDED, E.CASE_SENT_BACK, E.CASE_WITHDRAWN),
            *(E.CASE_VOIDED, E.CASE_REOPEN_REQUESTED, E.PETITION_REFERRED, E.PETITION_DECIDED, E.MATTER_UNMERGED),
        }
    ),
    "clock_zh": frozenset(
        {
            *(E.CLOCK_BREACHED, E.CLOCK_WARNED, E.CLOCK_RECOMPUTED),
            *(E.EXTENSION_REQUESTED, E.EXTENSION_APPROVED, E.EXTENSION_REFUSED),
        }
    ),
    "from_zh": frozenset({E.CASE_RETURNED, E.CASE_TRANSFERRED, E.CASE_ESCALATED, E.CASE_DELEGATED}),
    "until": frozenset({E.EXTENSION_REQUESTED}),
    "step": frozenset({E.CLOCK_BREACHED}),
    "post_zh": E.PATROL_EVENT_TYPES,
    "post_en": E.PATROL_EVENT_TYPES,
    "round_zh": frozenset({E.PATROL_OVERDUE, E.PATROL_MISSED}),
    "rounds": frozenset({E.PATROL_MISSED}),
}

# The events that can name an audience: those that carry the report, all reports, or the desk; those of cases, of beats.
AUDIENCE_EVENTS: Mapping[str, frozenset[str]] = {
    "reporter": frozenset({E.CASE_REPORTED, E.CASE_JOINED}),
    "reporters": frozenset(
        {
            *(E.CASE_RESOLVED, E.CASE_REOPENED, E.CASE_REOPEN_DECLINED, E.EXTENSION_APPROVED, E.CASE_SUSPENDED),
            *(E.CASE_WITHDRAWN, E.CASE_VOIDED),
            *(E.PETITION_REGISTERED, E.PETITION_DIRECTED, E.PETITION_DECLINED, E.PETITION_PASSED_ON),
            *(E.PETITION_ACCEPTED, E.PETITION_ANSWERED, E.PETITION_REVIEW_ASKED),
        }
    ),
    "screening-duty": frozenset(
        {
            *(E.CASE_SENT_TO_SCREENING, E.CASE_RETURNED, E.CASE_REOPEN_REQUESTED, E.CASE_FINISHED),
            *(E.MATTER_MERGED, E.MATTER_UNMERGED),
        }
    ),
    "asked-duty": frozenset({E.JOINT_REQUESTED, E.PETITION_PASSED_ON, E.PETITION_DECIDED, E.PETITION_CARD_CHANGED}),
    "approver-duty": frozenset({E.EXTENSION_REQUESTED, E.PETITION_REFERRED}),
    "supervisor-duty": frozenset({E.CLOCK_BREACHED}),
    "lead-duty": E.CASE_EVENT_TYPES,
    "joint-duty": E.CASE_EVENT_TYPES,
    "cell-officer": E.CASE_EVENT_TYPES,
    "post-holder": E.PATROL_EVENT_TYPES,
    "post-leader": E.PATROL_EVENT_TYPES,
}

PERMISSIONS: frozenset[str] = frozenset(
    {
        "report.submit",
        "report.read",
        "case.read",
        "case.any-unit",
        "timeline.read",
        "queue.read",
        "visit.read",
        "visit.record",
        "attachment.create",
        "attachment.read",
        "identity.release",
        "identity.export",
        "identity.erase",
        "area.read",
        "audit.read",
        "network.import",
        "patrol.read",
        "patrol.check-in",
        "figures.read",
        "panel.read",
        "panel.contact",
        "advice.read",
        "advice.record",
        "petition.answer-for",
    }
)  # and `case.<action>` for every action of the procedure

# What a permission is of no use without; every `case.<action>` needs `case.read` too.
NEEDED_PERMISSION: Mapping[str, str] = {
    "report.read": "case.read",
    "timeline.read": "case.read",
    "queue.read": "case.read",
    "visit.read": "case.read",
    "visit.record": "case.read",
    "case.any-unit": "case.read",
    "attachment.read": "report.read",
    "identity.release": "report.read",
    "panel.contact": "panel.read",
    "advice.record": "advice.read",
    "petition.answer-for": "case.read",
}

INITIAL_STATES = (cases.SCREENING, cases.ASSIGNED)  # where a report opens its case
STATES = frozenset({*INITIAL_STATES, cases.CLOSED})  # what the code counts on in every procedure
COUNTED_ON_POSTS: Mapping[str, str] = {"information-officer": "cell"}  # post → level: whom alerts tell of a visit
AREA_CENTRES = frozenset({"@community", "@street", "@district"})

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DURATION = re.compile(r"P(?=[\dT])(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_DAYS = re.compile(r"([0-9]+) ?(日|个?工作日)")
_SAME_DAY = "当日"
_LONGEST_DAYS = 3_650  # ten years: what is longer is a slip of the pen
_HAN = re.compile(r"[\u4e00-\u9fff]")


def seconds_of(duration: object) -> int:
    """Whole seconds of an exact ISO 8601 duration of days, hours, minutes, seconds. Months and years are not exact."""
    match = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if not match:
        raise ValueError('must be an ISO 8601 duration of days, hours, minutes or seconds, such as "PT2H" or "P5D"')
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total == 0:
        raise ValueError("must be longer than nothing")
    return total


def duration_of(seconds: int) -> str:
    """The ISO 8601 words for whole seconds, for messages to people who write packs."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    time = "".join(f"{value}{letter}" for value, letter in ((hours, "H"), (minutes, "M"), (rest, "S")) if value)
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")


def limit_of(words: object) -> limits.Limit:
    """A limit as packs write it: exact as a duration, or in the law's words, as days, working days or the same day."""
    if words == _SAME_DAY:
        return limits.Limit(limits.SAME_DAY, 1)
    if isinstance(words, str) and words.startswith("P"):
        limit = limits.Limit(limits.EXACT, seconds_of(words))
        longest = _LONGEST_DAYS * 86_400
    else:
        match = _DAYS.fullmatch(words) if isinstance(words, str) else None
        if not match:
            raise ValueError('must be days ("15 日"), working days ("5 工作日") or exact ("PT2H", "P5D" for 120 hours)')
        limit = limits.Limit(limits.DAYS if match[2] == "日" else limits.WORKING_DAYS, int(match[1]))
        longest = _LONGEST_DAYS
    if limit.count == 0:
        raise ValueError("must be longer than nothing")
    if limit.count > longest:
        raise ValueError("must be no longer than ten years")
    return limit


def words_of(limit: limits.Limit) -> str:
    """A limit as packs write it, for messages to people who write packs."""
    if limit.unit == limits.EXACT:
        return duration_of(limit.count)
    if limit.unit == limits.SAME_DAY:
        return _SAME_DAY
    return f"{limit.count} {'日' if limit.unit == limits.DAYS else '工作日'}"


def at_least(limit: limits.Limit) -> int:
    """The fewest seconds that a limit may come to; what begins at 24:00, next to nothing, is due the same day."""
    if limit.unit == limits.SAME_DAY:
        return 0
    return limit.count if limit.unit == limits.EXACT else limit.count * 86_400


def at_most(limit: limits.Limit) -> int:
    """The most seconds that a limit usually comes to: of working days, five a week."""
    if limit.unit == limits.SAME_DAY:
        return 86_400
    return at_least(limit) if limit.unit != limits.WORKING_DAYS else -(-limit.count * 7 // 5) * 86_400


def _day(given: object) -> date:
    if not isinstance(given, date) or isinstance(given, datetime):
        raise ValueError("must be a day without quotes, such as 2027-10-01")
    return given


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError("must be lower-case words joined by hyphens")
    return text


def _trimmed(text: str) -> str:
    if not text or text != text.strip():
        raise ValueError("must not be empty, nor begin or end with a blank")
    return text


def _chinese(text: str) -> str:
    if not _HAN.search(text):
        raise ValueError("must be in Chinese")
    return text


def _english(text: str) -> str:
    if _HAN.search(text):
        raise ValueError("must be in English")
    return text


def _keyword(text: str) -> str:
    if len(text) < 2:
        raise ValueError("must have two characters or more")
    if text != text.casefold():
        raise ValueError("must be in lower case, as texts are compared")
    return text


Id = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, AfterValidator(_trimmed)]
Zh = Annotated[Text, AfterValidator(_chinese)]
En = Annotated[Text, AfterValidator(_english)]
Keyword = Annotated[Text, AfterValidator(_keyword)]
AreaCode = Annotated[str, Field(pattern=r"^(\d{6}|\d{9}|\d{12}|\d{14}|\d{16})$")]
Duration = Annotated[int, BeforeValidator(seconds_of)]
Limit = Annotated[limits.Limit, BeforeValidator(limit_of)]
Day = Annotated[date, BeforeValidator(_day)]
Count = Annotated[int, Field(gt=0)]
SeatCount = Annotated[int, Field(ge=1, le=9)]
Share = Annotated[float, Field(gt=0, lt=1)]
WordList = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*: \S+( \S+)*$")]
Urgency = Literal["ordinary", "urgent", "major"]
Source = Literal["mobile", "sms", "12345", "web"]
Said = Literal[
    *("reason", "note", "category", "area", "unit", "units", "until", "media", "outcome", "on", "since", "other"),
    *("report_ids", "people", "representatives", "accused", "way", "opinion", "ground", "card", "leader", "party"),
    *("agrees", "members", "form", "terms", "docking", "court", "parties", "performed", "ruling"),
]
Actors = Literal["lead", "screening", "joint", "approver", "superior", "submitter", "visitor"]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Part(BaseModel):
    """One table of a pack as somebody wrote it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class PackPart(Part):
    """`pack.toml`, top level."""

    id: Id
    zh: Zh
    district: Annotated[str, Field(pattern=r"^\d{6}$")]
    timezone: Text


class KindPart(Part):
    """`confidential_to` names the unit that such a matter comes to; it also makes the kind confidential. `instead`: the
    unit that a matter comes to which accuses that one.

    `examples`: the categories that public notices name.
    """

    id: Id
    zh: Zh
    en: En
    examples: list[Id] = []
    confidential_to: Id | None = None
    instead: Id | None = None


class CategoryPart(Part):
    """A category; its kind is the name of its file."""

    id: Id
    zh: Zh
    en: En
    keywords: Annotated[list[Keyword], Field(min_length=1)]
    containment: Literal["building", "cell", "community", "street", "district"]
    lead: Text
    joint: list[Text]
    urgency: Urgency
    accept: Limit
    resolve: Limit
    visit_after: Duration | None = None
    closes_after: Duration


class UnitPart(Part):
    """A department serves the whole district and names no area; a centre names its own. `part_of`: what a department
    belongs to, so that who accuses that accuses it too.
    """

    id: Id
    zh: Zh
    en: En
    kind: Literal["department", "centre"]
    area: Annotated[str, Field(pattern=r"^(\d{6}|\d{9}|\d{12})$")] | None = None
    integrated: bool = False
    part_of: Id | None = None


class SuperiorsPart(Part):
    """`petitions.toml`, top level: who reviews and decides for the district's bodies, the first that may."""

    superiors: Annotated[list[Id], Field(min_length=1)]


class LawfulWayPart(Part):
    """A lawful way of a petition: an item of 信访工作条例 art. 31."""

    id: Id
    zh: Zh
    en: En
    item: Annotated[int, Field(ge=1, le=6)]


class GroundPart(Part):
    """Why a petition is not accepted. `other`: what another petition must be that it names."""

    id: Id
    zh: Zh
    en: En
    article: Zh
    other: Literal["open", "ended", ""] = ""


class SignPart(Part):
    """What gives a petition a card, if all of it holds."""

    categories: list[Id] = []
    urgencies: list[Urgency] = []
    levels: list[Literal["handling", "review", "re-review"]] = []
    people: Annotated[int, Field(ge=0)] = 0
    repeat: bool = False


class CardPart(Part):
    """A card of a petition, the gravest first. `when`: any of these gives it; the last has none, and holds always."""

    id: Id
    zh: Zh
    en: En
    when: list[SignPart] = []
    handling: Zh
    demands: list[Id] = []
    told: list[Id] = []
    examine: Limit


class RoutingPart(Part):
    """No `lead` or no `joint`: the category's own. `hours`: from and to, local, such as ["18:00", "08:00"]."""

    id: Id
    kinds: list[Id] = []
    categories: list[Id] = []
    areas: list[AreaCode] = []
    urgencies: list[Urgency] = []
    sources: list[Source] = []
    hours: Annotated[list[TimeOfDay], Field(min_length=2, max_length=2)] | None = None
    on_duty: Id | None = None
    lead: Text | None = None
    joint: list[Text] | None = None


class UsePart(Part):
    """`pack.toml`: which procedure a case goes by. The first row whose conditions hold; the last has none."""

    procedure: Id
    kinds: list[Id] = []
    sources: list[Source] = []


class Dropped(Part):
    """What a procedure does without of the one it extends."""

    states: list[Id] = []
    actions: list[Id] = []
    clocks: list[Id] = []


class ProcedurePart(Part):
    """`procedures/<id>.toml`, top level. `extends`: another, whose rows it has too, but for those it writes itself."""

    id: Id
    zh: Zh
    en: En
    extends: Id | None = None
    drop: Dropped = Dropped()


class StatePart(Part):
    id: Id
    zh: Zh
    en: En
    open: bool
    turn: Literal["desk", "lead", "visitor", "nobody"]
    public: Zh


class ActionPart(Part):
    """See `domain.policy.Action`. `to` empty: the case stays in its state, or goes where the act leads."""

    id: Id
    zh: Zh
    en: En
    does: Literal[tuple([*ACTS, *(act for more in modules() for act in more.ACTS)])]  # type: ignore[valid-type]
    states: Annotated[list[Id], Field(min_length=1)]
    to: Id | Literal[""] = ""
    requires: list[Said] = []
    actors: Annotated[list[Actors], Field(min_length=1)]
    within: Id | Literal[""] = ""
    clock: Id | Literal[""] = ""
    restarts: list[Id] = []
    outcome: Id | Literal[""] = ""
    outcome_zh: Zh | Literal[""] = ""
    from_day: bool = False
    days_back: Annotated[int, Field(ge=0, le=60)] = 0
    within_day: bool = False


class UrgencyLimits(Part):
    ordinary: Limit | None = None
    urgent: Limit | None = None
    major: Limit | None = None


class ClockPart(Part):
    """See `domain.policy.ClockRule`. `limit = "category"`: the category's own limit of the clock's name; `"card"`: that
    after which a petition's card is examined.
    """

    id: Id
    zh: Zh
    en: En
    runs_in: Annotated[list[Id], Field(min_length=1)]
    pauses_in: list[Id] = []
    met_in: list[Id] = []
    met_by: list[Id] = []
    limit: Limit | Literal["category", "card"]
    urgencies: UrgencyLimits = UrgencyLimits()
    kinds: dict[Id, Limit] = {}
    cards: dict[Id, Limit] = {}
    roll_over: bool = False
    window: bool = False
    visited: bool = False
    warn_left: Annotated[int, Field(ge=0, le=90)] = 0
    again: Duration | None = None
    extensions: Annotated[int, Field(ge=0, le=9)] = 0
    extension: Limit | None = None
    ask_before: Limit | None = None
    remind_before: Limit | None = None
    closes: Id | Literal[""] = ""
    closes_zh: Zh | Literal[""] = ""
    begun_by: list[Id] = []
    from_report: bool = False
    article: Text | Literal[""] = ""


class RolePart(Part):
    """What a holder sees (`scope`, `kinds`, `confidential`; no `scope` where no cases are read), and may do."""

    id: Id
    zh: Zh
    en: En
    scope: Literal["own-cell", "own-area", "own-unit", "district", "petitions"] | None = None
    kinds: list[Id] = []
    permissions: Annotated[list[Text], Field(min_length=1)]
    confidential: bool = False


class PostPart(Part):
    """A named duty in areas of a level. `leader`: the post that leads it, empty for who is led by nobody."""

    id: Id
    zh: Zh
    en: En
    level: Literal["district", "street", "community", "compound", "cell"]
    single: bool
    excludes: list[Id]
    leader: Id | Literal[""]
    duties: Zh


class PatrolPart(Part):
    """How often a post walks its area. `grace`: after a round's end."""

    post: Id
    every: Duration
    grace: Duration


class PatrolRulesPart(Part):
    """`patrol.toml`, top level."""

    tolerance_metres: Annotated[int, Field(ge=0, le=500)]
    oldest_check_in: Duration
    rounds_counted: Annotated[int, Field(gt=0, le=KEPT_ROUNDS)]


class PanelPart(Part):
    """Who sits at one table over a matter; the first row whose conditions hold. The last has none."""

    id: Id
    zh: Zh
    kinds: list[Id] = []
    categories: list[Id] = []
    seats: Annotated[dict[Literal[WHATS], SeatCount], Field(min_length=1)]


class DockingPart(Part):
    """By which other procedure a dispute comes to mediation. `unit`: the partner, where it is one of the pack's."""

    id: Id
    zh: Zh
    en: En
    unit: Id | Literal[""] = ""


class WayPart(Part):
    """How a dispute is settled. `other`: named when a mediation failed."""

    id: Id
    zh: Zh
    en: En
    other: bool = False


class CalendarDayPart(Part):
    """A day, or all days to `until`, that the calendar of the State Council's notices has otherwise or not yet."""

    date: Day
    until: Day | None = None
    working: bool
    zh: Zh


class CalendarYearPart(Part):
    """A year that is announced, and whose days the pack names because the library does not know it yet."""

    year: Annotated[int, Field(ge=2018, le=2100)]


class ViewPart(Part):
    """A saved question over the cases, and its conditions; one left out, or empty, holds for everything."""

    id: Id
    zh: Zh
    en: En
    asks: Literal["unit", "area", "mine", "leader"]
    open: bool | None = None
    kinds: list[Id] = []
    categories: list[Id] = []
    urgencies: list[Urgency] = []
    states: list[Id] = []
    turns: list[Literal["desk", "lead", "visitor"]] = []
    tasks: list[Literal["handle", "joint", "decide", "supervise", "answer-for"]] = []
    overdue: bool = False
    older_than: Limit | None = None


class MailPart(Part):
    subject_zh: Zh
    subject_en: En
    body_zh: Zh
    body_en: En


class TemplatePart(Part):
    id: Id
    sms: Zh | None = None
    mail: MailPart | None = None


class NoticePart(Part):
    event: Text
    audience: Literal[
        "reporter",
        "reporters",
        "lead-duty",
        "joint-duty",
        "screening-duty",
        "asked-duty",
        "approver-duty",
        "supervisor-duty",
        "cell-officer",
        "post-holder",
        "post-leader",
    ]
    channels: Annotated[list[Literal["sms", "email"]], Field(min_length=1)]
    template: Id
    sources: list[Source] = []
    kinds: list[Id] = []
    clocks: list[Id] = []


class RulesPart(Part):
    sms_join_within: Duration
    sms_new_prefix: Zh
    screening_threshold: Count
    max_visits: Count
    most_mediations: Count
    second_visit_after: Duration
    future_tolerance: Duration
    urgent_words: list[Keyword]
    major_words: list[Keyword]
    linkage_centre: Id
    attachment_types: Annotated[
        list[Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]],
        Field(min_length=1),
    ]
    attachment_bytes: Count
    attachments_per_report: Count
    identity_retention: Duration
    refused_retention: Duration
    erase_open_cases: bool
    boundary_tolerance_metres: Annotated[float, Field(ge=0.01, le=5)]  # tiles allow for no more (infra/tiles.py)
    cell_households_least: Count
    cell_households_most: Count


class SameMatterPart(Part):
    """When two reports tell of one matter. `synonyms`: `left=right`; `related`: categories; the lists of words begin
    each line with what the words say.
    """

    automatic: Share
    offered: Share
    most_offers: Annotated[int, Field(ge=1, le=10)]
    automatic_within: Duration
    reopen_within: Duration
    most_entries: Annotated[int, Field(ge=1, le=200)]
    most_bytes: Annotated[int, Field(ge=1_000, le=100_000)]
    most_rows: Annotated[int, Field(ge=1, le=8)]
    neighbour_metres: Count
    farthest_metres: Count
    attempts: Annotated[int, Field(ge=1, le=50)]
    synonyms: list[Annotated[str, Field(pattern=r"^[^=]+=[^=]*$")]]
    spelt: list[Keyword]
    hollow: list[Keyword]
    phrases: list[Keyword]
    broad: list[Keyword]
    alone: list[Keyword]
    again: list[Keyword]
    over: list[Keyword]
    others: list[Keyword]
    wary: list[Text]
    anew: list[Text]
    one: list[Keyword]
    spread: list[Id]
    shared: list[Id]
    sudden: list[Id]
    stairwell: list[Id]
    risers: list[Id]
    outbreaks: list[Id]
    singular: list[Id]
    moving: list[Id]
    mixed: list[Id]
    rivals: list[WordList]
    indoor: list[Id]
    common: list[Id]
    related: list[Text]
    things: list[WordList]
    aspects: list[WordList]
    landmarks: list[WordList]
    details: list[WordList]
    faults: list[WordList]
    weights: dict[Id, float]


class WindowPart(Part):
    """How long ago a matter of these kinds may have been told and still be the same occurrence."""

    kinds: Annotated[list[Id], Field(min_length=1)]
    within: Duration


class CategoryDurations(Part):
    accept: Limit | None = None
    resolve: Limit | None = None
    visit_after: Duration | None = None
    closes_after: Duration | None = None


class DurationsPart(Part):
    """Every category's, the rules' own, every patrol's; the clocks' own limits by name; then single categories', which
    win over the first.
    """

    accept: Limit | None = None
    resolve: Limit | None = None
    visit_after: Duration | None = None
    closes_after_visited: Duration | None = None
    closes_after_unvisited: Duration | None = None
    sms_join_within: Duration | None = None
    second_visit_after: Duration | None = None
    future_tolerance: Duration | None = None
    patrol_every: Duration | None = None
    patrol_grace: Duration | None = None
    clocks: dict[Id, Limit] = {}
    categories: dict[Id, CategoryDurations] = {}


class OverlayPart(Part):
    """`overlays/<name>.toml`: other durations for the same pack."""

    pack: Id
    durations: DurationsPart


@dataclass(frozen=True, slots=True)
class FileShape:
    """What a file holds: keys at its top, and arrays of tables by name. A pack may do without an `optional` one."""

    root: type[Part] | None = None
    tables: Mapping[str, type[Part]] = field(default_factory=dict)
    optional: bool = False


CALENDAR_FILE = "calendar.toml"
PROCEDURE_FILE = FileShape(root=ProcedurePart, tables={"state": StatePart, "action": ActionPart, "clock": ClockPart})
CATEGORY_FILE = FileShape(tables={"category": CategoryPart})
OVERLAY_FILE = FileShape(root=OverlayPart)
FILES: Mapping[str, FileShape] = {
    "pack.toml": FileShape(root=PackPart, tables={"kind": KindPart, "use": UsePart}),
    "units.toml": FileShape(tables={"unit": UnitPart}),
    "centres.toml": FileShape(tables={"unit": UnitPart}),
    "routing.toml": FileShape(tables={"rule": RoutingPart}),
    "roles.toml": FileShape(tables={"role": RolePart}),
    "posts.toml": FileShape(tables={"post": PostPart}),
    "patrol.toml": FileShape(root=PatrolRulesPart, tables={"patrol": PatrolPart}),
    "views.toml": FileShape(tables={"view": ViewPart}),
    "panel.toml": FileShape(tables={"panel": PanelPart, "docking": DockingPart, "way": WayPart}),
    "messages.toml": FileShape(tables={"template": TemplatePart, "notice": NoticePart}),
    "rules.toml": FileShape(root=RulesPart),
    "petitions.toml": FileShape(
        root=SuperiorsPart, tables={"way": LawfulWayPart, "ground": GroundPart, "card": CardPart}, optional=True
    ),
    "same-matter.toml": FileShape(root=SameMatterPart, tables={"window": WindowPart}),
    CALENDAR_FILE: FileShape(tables={"day": CalendarDayPart, "year": CalendarYearPart}, optional=True),
}
