"""What a district decides without changing code: the policy pack, as values.

The pack is written as TOML, checked and compiled elsewhere; here is only its meaning. Durations are whole seconds.
Every decision on a case records `Policy.version`.
Rows of the pack are named tuples: they hold and do nothing, and take a tenth of the time of dataclasses to define.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.domain.workdays import WorkCalendar


class Unit(NamedTuple):
    """Who can be made responsible: a department, or one of the 1+7+65 service centres (P1)."""

    id: str
    zh: str
    en: str
    kind: str  # department | centre
    area: str  # the code of the area it serves
    integrated: bool = False  # its own system pulls a queue of events


class Category(NamedTuple):
    """A category of matter 类别, with everything that follows from it.

    `accept`, `resolve`: seconds from assignment. `visit_after`: seconds from the answer to the follow-up visit, or
    None when nobody visits. `closes_after`: seconds from the answer after which the case closes by itself.
    `lead` and `joint` name units, or `@community`, `@street`, `@district` for the centre of the case's own area.
    """

    id: str
    kind: str
    zh: str
    en: str
    keywords: tuple[str, ...]
    containment: str
    lead: str
    joint: tuple[str, ...]
    urgency: str
    accept: int
    resolve: int
    visit_after: int | None
    closes_after: int


class Kind(NamedTuple):
    """One of the six kinds of matter. A confidential kind is seen only by roles marked so.

    `examples`: categories that a public notice names. `rank`: its place in lists, from 0.
    """

    id: str
    zh: str
    en: str
    confidential: bool = False
    examples: tuple[str, ...] = ()
    rank: int = 0


class RoutingRule(NamedTuple):
    """An ordered rule; the first whose conditions all hold decides. An empty condition matches everything."""

    id: str
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()  # prefixes of area codes
    urgencies: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    lead: str = ""  # empty: the category's own
    joint: tuple[str, ...] | None = None  # None: the category's own


class Action(NamedTuple):
    """A row of the state machine: from `states`, whoever holds `case.<id>` may; what it requires; where it leads."""

    id: str
    zh: str
    en: str
    states: tuple[str, ...]
    to: str
    requires: tuple[str, ...]  # of: reason, note, category, area (one the case has will do)
    actors: str  # which unit's staff: lead | screening


class State(NamedTuple):
    id: str
    zh: str
    en: str
    open: bool
    public: str  # what a resident reads on the tracking page


class Notice(NamedTuple):
    """Event type → who is told, on which channels, in which words. Empty `sources`: of any source."""

    event: str
    audience: str
    channels: tuple[str, ...]
    template: str
    sources: tuple[str, ...] = ()


class Template(NamedTuple):
    """`string.Template` texts. `sms` is Chinese; the mail is Chinese first, English below."""

    id: str
    sms: str
    subject: str
    body: str


class Role(NamedTuple):
    """`scope`: which cases a holder sees: own-cell, own-area, own-unit, district or petitions (empty: reads none)."""

    id: str
    zh: str
    en: str
    scope: str
    permissions: frozenset[str]
    confidential: bool = False  # sees confidential kinds
    kinds: tuple[str, ...] = ()  # sees these kinds only; empty: all


class Post(NamedTuple):
    """A named duty 岗位 in the areas of a level (G4).

    `single`: one holder at a time. `excludes`: posts that nobody holds beside this one, as the pack says it; meant both
    ways. `leader`: the post that leads it, in the area or the one above that has it; empty for the topmost. `duties`:
    what residents read. `rank`: its place in lists, from 0.
    """

    id: str
    zh: str
    en: str
    level: str  # district | street | community | compound | cell
    single: bool
    excludes: tuple[str, ...]
    leader: str
    duties: str
    rank: int


class Patrol(NamedTuple):
    """How often a post walks its area (G5), in seconds. `grace`: how long after its end a round may be made good."""

    post: str
    every: int
    grace: int


class PatrolRules(NamedTuple):
    """`tolerance_metres`: how far outside its area a check-in may be, positions being some metres off.

    `oldest_check_in`: seconds after which one comes too late. `rounds_counted`: of how many rounds figures tell.
    """

    tolerance_metres: int
    oldest_check_in: int
    rounds_counted: int


class Rules(NamedTuple):
    """Numbers and words that belong to no category. Durations in seconds."""

    sms_join_within: int
    sms_new_prefix: str
    screening_clock: int
    screening_threshold: int
    max_visits: int
    second_visit_after: int
    future_tolerance: int
    urgent_words: tuple[str, ...]
    major_words: tuple[str, ...]
    linkage_centre: str
    attachment_types: tuple[str, ...]
    attachment_bytes: int
    attachments_per_report: int
    identity_retention: int  # after the case was closed
    refused_retention: int  # of messages that could be neither taken nor sent back
    erase_open_cases: bool  # whether a person is forgotten on request while the case is still open
    boundary_tolerance_metres: float
    cell_households_least: int
    cell_households_most: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy pack. Lookups by id raise KeyError; callers turn unknown input into a named error."""

    id: str
    version: str
    zh: str
    district: str
    timezone: str
    kinds: Mapping[str, Kind]
    categories: Mapping[str, Category]
    units: Mapping[str, Unit]
    routing: tuple[RoutingRule, ...]
    states: Mapping[str, State]
    actions: Mapping[str, Action]
    roles: Mapping[str, Role]
    posts: Mapping[str, Post]
    patrols: Mapping[str, Patrol]  # by post; a post without one walks no rounds
    patrol_rules: PatrolRules
    notices: tuple[Notice, ...]
    templates: Mapping[str, Template]
    rules: Rules
    calendar: WorkCalendar
    centre_by_area: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The district's time; made once, however often it is asked for."""
        return ZoneInfo(self.timezone)

    def day_of(self, at: datetime) -> str:
        """The day (ISO date) it is in the district at a moment."""
        return at.astimezone(self.zone).date().isoformat()

    def centre_of(self, area: str | None, digits: int = 12) -> str:
        """The service centre for an area: of the community (12 digits), street (9) or district (6) it lies in.

        An area above the asked level gets its own centre; no area gets the linkage centre.
        """
        for length in (12, 9):
            if area and length <= digits and len(area) >= length and area[:length] in self.centre_by_area:
                return self.centre_by_area[area[:length]]
        return self.rules.linkage_centre
