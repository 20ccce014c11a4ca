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

    from chalicelib.domain.cases import Case
    from chalicelib.domain.limits import Limit
    from chalicelib.domain.workdays import WorkCalendar


class Unit(NamedTuple):
    """Who can be made responsible: a department, or one of the 1+7+65 service centres (P1).

    `part_of`: the unit that a department belongs to; a centre is part of the centre above it by its area.
    """

    id: str
    zh: str
    en: str
    kind: str  # department | centre
    area: str  # the code of the area it serves
    integrated: bool = False  # its own system pulls a queue of events
    part_of: str = ""


class Category(NamedTuple):
    """A category of matter 类别, with everything that follows from it.

    `accept`, `resolve`: limits of the clocks of these names, where a procedure leaves them to the category.
    `visit_after`: seconds from the answer to the follow-up visit, or None when nobody visits. `closes_after`: seconds
    from the answer after which the case closes by itself. `containment`: the level at which it should be settled (A3).
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
    accept: Limit
    resolve: Limit
    visit_after: int | None
    closes_after: int


class Kind(NamedTuple):
    """One of the six kinds of matter. A confidential kind is seen only by roles marked so.

    `confidential_to`: the unit that such a matter comes to, and goes back to; `instead`: the unit for what accuses that
    one. `examples`: categories that a public notice names. `rank`: its place in lists, from 0.
    """

    id: str
    zh: str
    en: str
    confidential: bool = False
    examples: tuple[str, ...] = ()
    rank: int = 0
    confidential_to: str = ""
    instead: str = ""


class RoutingRule(NamedTuple):
    """An ordered rule; the first whose conditions all hold decides. An empty condition matches everything.

    `hours`: local times of day from and to, over midnight too. `on_duty`: a unit that has somebody on duty then.
    """

    id: str
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()  # prefixes of area codes
    urgencies: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    on_duty: str = ""
    lead: str = ""  # empty: the category's own
    joint: tuple[str, ...] | None = None  # None: the category's own


class State(NamedTuple):
    """Where a case can be. `turn`: whose turn it is then: desk, lead, visitor or nobody."""

    id: str
    zh: str
    en: str
    open: bool
    turn: str
    public: str  # what a resident reads on the tracking page


class Action(NamedTuple):
    """What may be done to a case: in `states`, by whoever holds `case.<id>` and is one of `actors`.

    `does`: the act, of those the engine knows (`domain.acts`). `to`: the state it leads to, empty for none other;
    `requires`: what must be said with it.
    `actors`: lead | screening (the desk) | joint | approver | submitter | visitor (who answers for its place).
    `within`: the window it must fall in.
    `clock`: the clock that an extension is asked for. `restarts`: clocks that begin again. `outcome`: how it ends,
    and `outcome_zh` in words, where the engine has none for it.
    `from_day`: the clocks that begin with it are counted from the day that is named with it (`on`), if one is; which is
    no more than `days_back` days before the case came to stand as it does. `within_day`: where a day is named, as that
    of the postmark, that is what must fall in the window; it is no more than `days_back` days ago.
    """

    id: str
    zh: str
    en: str
    does: str
    states: tuple[str, ...]
    to: str
    requires: tuple[str, ...]
    actors: tuple[str, ...]
    within: str = ""
    clock: str = ""
    restarts: tuple[str, ...] = ()
    outcome: str = ""
    from_day: bool = False
    days_back: int = 0
    outcome_zh: str = ""
    within_day: bool = False


class ClockRule(NamedTuple):
    """A deadline 时限, by the states of the case.

    It starts when the case enters one of `runs_in` (or, there, with one of the actions `begun_by` only), though it is
    counted from when the first report was received where it is one `from_report` (自收到之日起); it waits in
    `pauses_in`, and ends when the case leaves both: met where it enters one of `met_in`, or by one of the actions
    `met_by`; otherwise it is no longer asked for. `limit`: None for the category's own; `cards`, `urgencies`,
    `kinds`: other limits by a petition's card, then by urgency, then by kind. A `window` is nobody's duty: it only
    says until when something may be asked. `remind_before`: when no more than that is left of a window, who has the
    case is reminded; `closes`: how the case ends when it runs out, where it ends by it; `closes_zh`: that in words,
    where the engine has none. `visited`: only of categories that are visited. `warn_left`: who must act is warned when
    so many per cent of the time are left; `again`: seconds between escalations; 0: none. `extensions`: how often it may
    be extended, by no more than `extension` beyond what it was; asked while `ask_before` still fits in what is left.
    """

    id: str
    zh: str
    en: str
    runs_in: tuple[str, ...]
    pauses_in: tuple[str, ...]
    met_in: tuple[str, ...]
    met_by: tuple[str, ...]
    limit: Limit | None
    urgencies: Mapping[str, Limit]
    kinds: Mapping[str, Limit]
    roll_over: bool
    window: bool
    visited: bool
    warn_left: int
    again: int
    extensions: int
    extension: Limit | None
    ask_before: Limit | None
    article: str = ""  # of the law or standard that its limit comes from
    cards: Mapping[str, Limit] = {}
    remind_before: Limit | None = None
    closes: str = ""
    begun_by: tuple[str, ...] = ()
    closes_zh: str = ""
    from_report: bool = False


class Procedure(NamedTuple):
    """A state machine as data: which states, which actions, which clocks. Only `closed` ends a case."""

    id: str
    zh: str
    en: str
    states: Mapping[str, State]
    actions: Mapping[str, Action]
    clocks: Mapping[str, ClockRule]


class Use(NamedTuple):
    """Which procedure a case goes by: the first row whose conditions hold. An empty condition holds always."""

    procedure: str
    kinds: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Way(NamedTuple):
    """A lawful way of a petition: an item of 信访工作条例 art. 31, (1) to (6)."""

    id: str
    zh: str
    en: str
    item: int


class Ground(NamedTuple):
    """Why a petition is not accepted, and by which article. `other`: what another petition must be that it names."""

    id: str
    zh: str
    en: str
    article: str
    other: str = ""  # open | ended; empty: none is named


class CardSign(NamedTuple):
    """What gives a petition a card, if all of it holds; an empty condition holds for everything.

    `people`: how many petition at least; `repeat`: whether it came before; `levels`: of handling, review, re-review.
    """

    categories: tuple[str, ...]
    urgencies: tuple[str, ...]
    levels: tuple[str, ...]
    people: int
    repeat: bool


class Card(NamedTuple):
    """A colour that a petition carries 五色卡, and the handling it demands (A4).

    `when`: any of these gives it; none: what no card before it holds of. `demands`: what must have been done before it
    is answered. `told`: the units that must know of it. `examine`: after how long it is looked at again. `rank`: its
    place, the gravest first, from 0.
    """

    id: str
    zh: str
    en: str
    when: tuple[CardSign, ...]
    handling: str
    demands: tuple[str, ...]
    told: tuple[str, ...]
    examine: Limit
    rank: int


class Notice(NamedTuple):
    """Event type → who is told, on which channels, in which words. Empty `sources`, `kinds`, `clocks`: of any."""

    event: str
    audience: str
    channels: tuple[str, ...]
    template: str
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()


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


class View(NamedTuple):
    """A saved question 视图 over the cases (A5). An empty condition holds for everything, and so does None.

    `asks`: `unit`, what waits at a unit; `area`, what lies in a community or below; `mine`, what the asker reported;
    `leader`, what the asker answers for.
    `open`: whether the case is. `turns`: whose turn it is. `tasks`: what the unit is asked for. `rank`: its place in
    lists, from 0. `older_than`: how long ago the case was opened at least.
    """

    id: str
    zh: str
    en: str
    asks: str
    open: bool | None
    kinds: tuple[str, ...]
    categories: tuple[str, ...]
    urgencies: tuple[str, ...]
    states: tuple[str, ...]
    turns: tuple[str, ...]
    tasks: tuple[str, ...]
    overdue: bool
    rank: int
    older_than: Limit | None = None


class PanelRule(NamedTuple):
    """Who sits at one table over a matter: the first row whose conditions hold. An empty condition holds always.

    `seats`: of whom (`domain.panels.WHATS`) how many, each named once.
    """

    id: str
    zh: str
    kinds: tuple[str, ...]
    categories: tuple[str, ...]
    seats: tuple[tuple[str, int], ...]


class Docking(NamedTuple):
    """By which other procedure a dispute comes to mediation, or goes on from it 对接. `unit`: the partner, if any."""

    id: str
    zh: str
    en: str
    unit: str
    rank: int


class SettlingWay(NamedTuple):
    """How a dispute is settled 化解方式. `other`: named to both sides when a mediation failed (人民调解法 art. 26)."""

    id: str
    zh: str
    en: str
    other: bool
    rank: int


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
    most_mediations: int = 2  # how often a dispute is mediated before the other ways are named


class SameMatter(NamedTuple):
    """When two reports tell of one matter, and where candidates lie. Durations in seconds, distances in metres.

    `things`, `aspects`, `landmarks` and `details`: by name, the words that say them. `related`: categories. `spread`,
    `stairwell`, `risers`: categories and things. `windows`: by kind. What each is for: `same-matter.toml`,
    `domain.same_matter`. By default nothing is like anything, as in versions from before it was asked.
    """

    automatic: float = 2
    offered: float = 2
    most_offers: int = 0
    automatic_within: int = 0
    reopen_within: int = 0
    most_entries: int = 0
    most_bytes: int = 0
    most_rows: int = 0
    neighbour_metres: int = 0
    farthest_metres: int = 0
    attempts: int = 0
    synonyms: tuple[tuple[str, str], ...] = ()
    spelt: tuple[str, ...] = ()
    hollow: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    broad: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    wary: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    one: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    sudden: tuple[str, ...] = ()
    stairwell: tuple[str, ...] = ()
    risers: tuple[str, ...] = ()
    outbreaks: tuple[str, ...] = ()
    singular: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    rivals: Mapping[str, tuple[str, ...]] = {}
    indoor: tuple[str, ...] = ()
    common: tuple[str, ...] = ()
    related: tuple[tuple[str, ...], ...] = ()
    things: Mapping[str, tuple[str, ...]] = {}
    aspects: Mapping[str, tuple[str, ...]] = {}
    landmarks: Mapping[str, tuple[str, ...]] = {}
    details: Mapping[str, tuple[str, ...]] = {}
    faults: Mapping[str, tuple[str, ...]] = {}
    windows: Mapping[str, int] = {}
    longest_window: int = 0
    weights: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy pack. Lookups by id raise KeyError; callers turn unknown input into a named error.

    `calendar_of`: the version whose calendar it counts by, where that is not its own: days off are the same whatever
    version a case goes by.
    """

    id: str
    version: str
    zh: str
    district: str
    timezone: str
    kinds: Mapping[str, Kind]
    categories: Mapping[str, Category]
    units: Mapping[str, Unit]
    routing: tuple[RoutingRule, ...]
    procedures: Mapping[str, Procedure]
    uses: tuple[Use, ...]
    roles: Mapping[str, Role]
    posts: Mapping[str, Post]
    patrols: Mapping[str, Patrol]  # by post; a post without one walks no rounds
    patrol_rules: PatrolRules
    views: Mapping[str, View]
    notices: tuple[Notice, ...]
    templates: Mapping[str, Template]
    rules: Rules
    calendar: WorkCalendar
    same_matter: SameMatter = field(default_factory=SameMatter)
    panels: tuple[PanelRule, ...] = ()
    dockings: Mapping[str, Docking] = field(default_factory=dict)
    settling_ways: Mapping[str, SettlingWay] = field(default_factory=dict)
    centre_by_area: Mapping[str, str] = field(default_factory=dict)
    calendar_of: str = ""
    lawful_ways: Mapping[str, Way] = field(default_factory=dict)
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)
    superiors: tuple[str, ...] = ()  # who reviews and decides for the district's bodies, the first that may

    @property
    def zone(self) -> ZoneInfo:
        """The district's time; made once, however often it is asked for."""
        return ZoneInfo(self.timezone)

    def procedure_for(self, kind: str | None, source: str) -> Procedure:
        """The procedure that a matter of a kind (None: not known yet) from a source goes by."""
        for use in self.uses:
            if (not use.kinds or kind in use.kinds) and (not use.sources or source in use.sources):
                return self.procedures[use.procedure]
        raise KeyError(kind)  # the compiler sees to it that the last row holds always

    def procedure_of(self, case: Case) -> Procedure:
        """The procedure that a case goes by; that of its kind, where it was opened before procedures had names."""
        return self.procedures.get(case.procedure) or self.procedure_for(case.kind, case.source)

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
