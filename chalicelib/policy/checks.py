"""What no single table of a policy pack can know: that its parts agree with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Template as Words
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.domain.events import CASE_EVENT_TYPES, EVENT_TYPES
from chalicelib.domain.grid import DIGITS, level_of
from chalicelib.policy.panel_checks import check_panels
from chalicelib.policy.petition_checks import check_petitions
from chalicelib.policy.procedure_turns import check_turns
from chalicelib.policy.procedures import check_procedures
from chalicelib.policy.reader import WHOLE_FILE, Entry, Fault, PackText
from chalicelib.policy.same_matter import check_same_matter
from chalicelib.policy.schema import (
    AREA_CENTRES,
    AUDIENCE_EVENTS,
    COUNTED_ON_POSTS,
    NEEDED_PERMISSION,
    PERMISSIONS,
    TEMPLATE_VARIABLES,
    ActionPart,
    CardPart,
    CategoryPart,
    ClockPart,
    DockingPart,
    GroundPart,
    KindPart,
    LawfulWayPart,
    NoticePart,
    OverlayPart,
    PackPart,
    PanelPart,
    Part,
    PatrolPart,
    PostPart,
    RolePart,
    RoutingPart,
    RulesPart,
    StatePart,
    TemplatePart,
    UnitPart,
    ViewPart,
    WayPart,
    at_least,
    at_most,
    duration_of,
    words_of,
)
from chalicelib.policy.view_checks import check_views
from chalicelib.policy.workdays import check_calendar


def check_pack(text: PackText) -> list[Fault]:
    """Every disagreement between the tables of a pack; none while a file is unread, whose absence would make many."""
    if text.unread:
        return []
    return [fault for check in _CHECKS for fault in check(text)]


def check_durations(text: PackText) -> list[Fault]:
    """A matter is accepted before it is resolved, and visited before it closes by itself; no two rounds are overdue."""
    return [*_durations(text.all(CategoryPart)), *_graces(text.all(PatrolPart))]


def check_overlay(overlay: Entry[OverlayPart], text: PackText) -> list[Fault]:
    """That an overlay is for this pack, names its categories, and shortens only what is there."""
    return list(_overlay(overlay, text))


def kind_of(entry: Entry[CategoryPart]) -> str:
    """The kind of a category: the name of its file."""
    return entry.file.removeprefix("categories/").removesuffix(".toml")


def _pack(text: PackText) -> Iterator[Fault]:
    entry = text.one(PackPart)
    if entry:
        try:
            ZoneInfo(entry.part.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            yield entry.fault("timezone", f"no such time zone: {entry.part.timezone!r}")


def _identifiers(text: PackText) -> Iterator[Fault]:
    for part, places_of in text.declared.items():
        for identifier, places in places_of.items():
            if part in _OF_PROCEDURES:
                places = [file for file in places if places.count(file) > 1]
            if len(places) > 1:
                first, *others = places
                where = "in this file" if others[0] == first else f"in {first}"
                yield Fault(others[0], f"{_TABLES.get(part, '')}[{identifier}].id", f"is already taken {where}")


def _kinds(text: PackText) -> Iterator[Fault]:
    for file in text.category_files:
        kind = file.removeprefix("categories/").removesuffix(".toml")
        if kind not in text.ids(KindPart):
            yield Fault(file, WHOLE_FILE, f"unknown kind {kind!r}: pack.toml does not name it")
    filled = {file for files in text.declared.get(CategoryPart, {}).values() for file in files}
    for entry in text.all(KindPart):
        if f"categories/{entry.part.id}.toml" not in filled:
            yield entry.fault("id", f"has no category in categories/{entry.part.id}.toml")
        unit = entry.part.confidential_to
        if unit is not None and unit not in text.ids(UnitPart):
            yield entry.fault("confidential_to", f"unknown unit {unit!r}")
        for example in entry.part.examples:
            if f"categories/{entry.part.id}.toml" not in text.declared.get(CategoryPart, {}).get(example, []):
                yield entry.fault("examples", f"no category {example!r} of this kind")
    confidential = any(entry.part.confidential_to for entry in text.all(KindPart))
    if confidential and not any(entry.part.confidential for entry in text.all(RolePart)):
        yield Fault("roles.toml", WHOLE_FILE, "no role is confidential, so nobody could see a confidential matter")


def _units(text: PackText) -> Iterator[Fault]:
    pack, rules = text.one(PackPart), text.one(RulesPart)
    district = pack.part.district if pack else None
    linkage_centre = rules.part.linkage_centre if rules else None
    centres = [entry for entry in text.all(UnitPart) if entry.part.kind == "centre"]
    areas = {entry.part.area for entry in centres}
    for area, number in Counter(entry.part.area for entry in centres).items():
        if number > 1 and area is not None:
            second = [entry for entry in centres if entry.part.area == area][1]
            yield second.fault("area", f"area {area} has another centre already")
    whole = {entry.part.id: entry.part.part_of for entry in text.all(UnitPart)}
    for entry in text.all(UnitPart):
        unit = entry.part
        if unit.part_of is not None:
            if unit.kind == "centre":
                yield entry.fault("part_of", "a centre is part of the one above it by its area")
            elif unit.part_of not in text.ids(UnitPart):
                yield entry.fault("part_of", f"unknown unit {unit.part_of!r}")
            elif _part_of_itself(unit.id, whole):
                yield entry.fault("part_of", "is part of itself")
        if unit.kind == "department":
            if unit.area is not None:
                yield entry.fault("area", "a department serves the whole district and names no area")
        elif unit.area is None:
            yield entry.fault("area", "is missing")
        elif district and not unit.area.startswith(district):
            yield entry.fault("area", f"area {unit.area} is not in district {district}")
        elif linkage_centre and (unit.area == district) != (unit.id == linkage_centre):
            yield entry.fault("area", f"only {linkage_centre!r} is the centre of the district")
        elif unit.area != district and unit.id != f"centre-{unit.area}":
            yield entry.fault("id", f"must be 'centre-{unit.area}', after its area")
        elif level_of(unit.area) == "community" and unit.area[:9] not in areas:
            yield entry.fault("area", f"the street {unit.area[:9]} has no centre")
    if rules and linkage_centre not in {entry.part.id for entry in centres} and linkage_centre not in _misshapen(text):
        yield rules.fault("linkage_centre", f"unknown centre {linkage_centre!r}")


def _part_of_itself(unit: str, whole: Mapping[str, str | None]) -> bool:
    above, seen = whole.get(unit), {unit}
    while above is not None and above not in seen:
        seen.add(above)
        above = whole.get(above)
    return above is not None


def _categories(text: PackText) -> Iterator[Fault]:
    keywords: dict[str, Entry[CategoryPart]] = {}
    confidential = {entry.part.id: entry.part.confidential_to for entry in text.all(KindPart)}
    for entry in text.all(CategoryPart):
        category = entry.part
        for word in category.keywords:
            if word in keywords:
                other = keywords[word]
                where = "twice here" if other is entry else f"also of {other.part.id!r} in {other.file}"
                yield entry.fault("keywords", f"keyword {word!r} is {where}")
            keywords.setdefault(word, entry)
        yield from _references(text, entry, category.lead, category.joint)
        alone = confidential.get(kind_of(entry))
        if not alone:
            continue
        if category.lead != alone:
            yield entry.fault("lead", f"a matter of kind {kind_of(entry)!r} goes only to {alone!r}")
        if category.joint:
            yield entry.fault("joint", f"a matter of kind {kind_of(entry)!r} goes to {alone!r} alone")
        if category.visit_after is not None:
            yield entry.fault("visit_after", "a confidential matter is not told to the cell that would visit")


def _durations(categories: Iterable[Entry[CategoryPart]]) -> Iterator[Fault]:
    for entry in categories:
        category = entry.part
        if at_most(category.accept) > at_least(category.resolve):
            shown = f"{words_of(category.accept)} is longer than resolve ({words_of(category.resolve)})"
            yield entry.fault("accept", shown)
        if category.visit_after is not None and category.closes_after <= category.visit_after:
            shown = f"{duration_of(category.closes_after)} is not after visit_after"
            yield entry.fault("closes_after", f"{shown} ({duration_of(category.visit_after)})")


def _references(text: PackText, entry: Entry[Part], lead: str | None, joint: Iterable[str] | None) -> Iterator[Fault]:
    known = text.ids(UnitPart) | AREA_CENTRES
    if lead is not None and lead not in known:
        yield entry.fault("lead", f"unknown unit {lead!r}")
    for unit, number in Counter(joint or ()).items():
        if unit not in known:
            yield entry.fault("joint", f"unknown unit {unit!r}")
        elif unit == lead:
            yield entry.fault("joint", f"{unit!r} leads already")
        elif number > 1:
            yield entry.fault("joint", f"{unit!r} is named twice")


def _routing(text: PackText) -> Iterator[Fault]:
    pack = text.one(PackPart)
    kind_by_category = {entry.part.id: kind_of(entry) for entry in text.all(CategoryPart)}
    confidential = [entry.part for entry in text.all(KindPart) if entry.part.confidential_to]
    for entry in text.all(RoutingPart):
        rule = entry.part
        for kind in sorted(set(rule.kinds) - text.ids(KindPart)):
            yield entry.fault("kinds", f"unknown kind {kind!r}")
        for category in sorted(set(rule.categories) - text.ids(CategoryPart)):
            yield entry.fault("categories", f"unknown category {category!r}")
        for category in rule.categories:
            if rule.kinds and category in kind_by_category and kind_by_category[category] not in rule.kinds:
                yield entry.fault("categories", f"category {category!r} is of none of the rule's kinds")
        for area in rule.areas:
            if pack and not area.startswith(pack.part.district):
                yield entry.fault("areas", f"area {area} is not in district {pack.part.district}")
        if rule.on_duty is not None and rule.on_duty not in text.ids(UnitPart):
            yield entry.fault("on_duty", f"unknown unit {rule.on_duty!r}")
        if rule.hours and rule.hours[0] == rule.hours[1]:
            yield entry.fault("hours", "end when they begin")
        if rule.lead is None and rule.joint is None:
            yield entry.fault("lead", "names neither lead nor joint, so the rule decides nothing")
        yield from _references(text, entry, rule.lead, rule.joint)
        for each in confidential:
            kinds = rule.kinds or [each.id]
            of_categories = {kind_by_category.get(category) for category in rule.categories} or {each.id}
            if each.id not in kinds or each.id not in of_categories:
                continue
            where = f"could match kind {each.id!r}, which goes to {each.confidential_to!r} alone"
            if rule.lead not in (None, each.confidential_to):
                yield entry.fault("lead", where)
            if rule.joint:
                yield entry.fault("joint", where)


def _roles(text: PackText) -> Iterator[Fault]:
    doing = {f"case.{action}" for action in text.ids(ActionPart)}
    needed = {**NEEDED_PERMISSION, **dict.fromkeys(doing, "case.read")}
    for entry in text.all(RolePart):
        held = set(entry.part.permissions)
        for permission, number in Counter(entry.part.permissions).items():
            if permission not in PERMISSIONS | doing:
                yield entry.fault("permissions", f"unknown permission {permission!r}")
            elif number > 1:
                yield entry.fault("permissions", f"permission {permission!r} is named twice")
            elif permission in needed and needed[permission] not in held:
                yield entry.fault("permissions", f"{permission!r} is of no use without {needed[permission]!r}")
        if "case.any-unit" in held and not held & doing:
            yield entry.fault("permissions", "'case.any-unit' is of no use to a role that does nothing to a case")
        yield from _sight(entry, text)


def _sight(entry: Entry[RolePart], text: PackText) -> Iterator[Fault]:
    """That `scope`, `kinds` and `confidential` mean something together: a role that sees nothing could not be held."""
    role, known = entry.part, text.ids(KindPart)
    confidential = {each.part.id for each in text.all(KindPart) if each.part.confidential_to}
    if "case.read" not in role.permissions:
        for key, said in (("scope", role.scope), ("kinds", role.kinds), ("confidential", role.confidential)):
            if said:
                yield entry.fault(key, "means nothing: the role reads no cases")
        return
    if role.scope is None:
        yield entry.fault("scope", "is missing: the role reads cases, but not which")
    for kind, number in Counter(role.kinds).items():
        if kind not in known:
            yield entry.fault("kinds", f"unknown kind {kind!r}")
        elif number > 1:
            yield entry.fault("kinds", f"kind {kind!r} is named twice")
    if role.scope == "petitions":
        if not role.confidential:
            yield entry.fault("confidential", "a role whose scope is petitions must be confidential")
        if not confidential:
            yield entry.fault("scope", "means nothing: no kind of the pack is confidential")
    if role.kinds and not role.confidential and set(role.kinds) <= confidential:
        yield entry.fault("kinds", "the role could see nothing: it is not confidential, and these kinds are")


def _posts(text: PackText) -> Iterator[Fault]:
    """Posts name each other rightly, and following the leaders leads up and comes to an end."""
    posts = {entry.part.id: entry for entry in text.all(PostPart)}
    for post, level in COUNTED_ON_POSTS.items():
        if post not in text.ids(PostPart):
            yield Fault("posts.toml", "post", f"post {post!r} is missing, which alerts count on")
        elif post in posts and posts[post].part.level != level:
            yield posts[post].fault(
                "level", f"must be {level!r}, which alerts count on, not {posts[post].part.level!r}"
            )
    for entry in posts.values():
        post = entry.part
        for other, number in Counter(post.excludes).items():
            if other not in text.ids(PostPart):
                yield entry.fault("excludes", f"unknown post {other!r}")
            elif other == post.id:
                yield entry.fault("excludes", "a post cannot exclude itself")
            elif number > 1:
                yield entry.fault("excludes", f"{other!r} is named twice")
        if post.leader and post.leader not in text.ids(PostPart):
            yield entry.fault("leader", f"unknown post {post.leader!r}")
        elif post.leader in posts:
            leader = posts[post.leader].part
            if DIGITS[leader.level] > DIGITS[post.level]:
                yield entry.fault("leader", f"{leader.id!r} is of a narrower area ({leader.level}) than {post.level}")
            if post.id in _leaders(post.leader, posts):
                yield entry.fault("leader", f"{post.id!r} would lead itself")


def _leaders(post: str, posts: Mapping[str, Entry[PostPart]]) -> list[str]:
    """A post and those that lead it, upward, each once."""
    chain: list[str] = []
    while post in posts and post not in chain:
        chain.append(post)
        post = posts[post].part.leader
    return chain


def _patrols(text: PackText) -> Iterator[Fault]:
    by_post = Counter(entry.part.post for entry in text.all(PatrolPart))
    for entry in text.all(PatrolPart):
        if entry.part.post not in text.ids(PostPart):
            yield entry.fault("post", f"unknown post {entry.part.post!r}")
        elif by_post[entry.part.post] > 1:
            yield entry.fault("post", f"the rounds of {entry.part.post!r} are given twice")
    levels = {entry.part.id: entry.part.level for entry in text.all(PostPart)}
    for entry in text.all(PatrolPart):
        if levels.get(entry.part.post) == "district":
            yield entry.fault("post", "a post of the whole district walks no rounds: no figures would tell of them")


def _graces(patrols: Iterable[Entry[PatrolPart]]) -> Iterator[Fault]:
    for entry in patrols:
        if entry.part.grace >= entry.part.every:
            shown = f"{duration_of(entry.part.grace)} is not shorter than every ({duration_of(entry.part.every)})"
            yield entry.fault("grace", shown)


def _messages(text: PackText) -> Iterator[Fault]:
    templates = {entry.part.id: entry for entry in text.all(TemplatePart)}
    for template in templates.values():
        yield from _variables(template)
    told: dict[tuple[str, str, str], list[tuple[set[str], set[str], set[str]]]] = {}
    for entry in text.all(NoticePart):
        notice = entry.part
        if notice.event not in EVENT_TYPES:
            yield entry.fault("event", f"unknown event type {notice.event!r}")
        elif notice.event not in AUDIENCE_EVENTS.get(notice.audience, {notice.event}):
            yield entry.fault("audience", f"{notice.event!r} names no {notice.audience!r}")
        if notice.audience in ("reporter", "reporters") and "email" in notice.channels:
            yield entry.fault("channels", "a reporter is known by phone only, and has no e-mail")
        for channel in notice.channels:
            earlier = told.setdefault((notice.event, notice.audience, channel), [])
            sources, kinds, clocks = set(notice.sources), set(notice.kinds), set(notice.clocks)
            if any(
                (not sources or not of_sources or sources & of_sources)
                and (not of_kinds or kinds & of_kinds)  # words of a kind's own come before those of all
                and (not of_clocks or clocks & of_clocks)  # and so do those of a clock
                for of_sources, of_kinds, of_clocks in earlier
            ):
                yield entry.fault("channels", f"{notice.audience!r} is told of {notice.event!r} by {channel} already")
            earlier.append((sources, kinds, clocks))
        for kind in sorted(set(notice.kinds) - text.ids(KindPart)):
            yield entry.fault("kinds", f"unknown kind {kind!r}")
        if notice.kinds and notice.event not in CASE_EVENT_TYPES:
            yield entry.fault("kinds", f"{notice.event!r} is of no case, which alone have kinds")
        for clock in sorted(set(notice.clocks) - text.ids(ClockPart)):
            yield entry.fault("clocks", f"unknown clock {clock!r}")
        if notice.clocks and notice.event not in (TEMPLATE_VARIABLES["clock_zh"] or ()):
            yield entry.fault("clocks", f"{notice.event!r} is of no clock")
        if notice.template not in text.ids(TemplatePart):
            yield entry.fault("template", f"unknown template {notice.template!r}")
        elif notice.template in templates:
            yield from _fits(entry, templates[notice.template])


def _variables(template: Entry[TemplatePart]) -> Iterator[Fault]:
    if not template.part.sms and not template.part.mail:
        yield template.fault("sms", "is missing, and so is the mail: the template says nothing")
    for key, words in _texts(template.part).items():
        if not words.is_valid():
            yield template.fault(key, "a $ that begins no ${variable}; a plain one is written $$")
        for name in words.get_identifiers():
            if name not in TEMPLATE_VARIABLES:
                yield template.fault(key, f"unknown variable ${{{name}}}; known: {', '.join(TEMPLATE_VARIABLES)}")


def _fits(notice: Entry[NoticePart], template: Entry[TemplatePart]) -> Iterator[Fault]:
    """A notice sends what its template has, and its event has what the template names."""
    for channel in notice.part.channels:
        if not (template.part.sms if channel == "sms" else template.part.mail):
            yield notice.fault("template", f"template {template.part.id!r} has no text for {channel}")
    event = notice.part.event
    for key, words in _texts(template.part).items():
        for name in words.get_identifiers():
            only = TEMPLATE_VARIABLES.get(name)
            if only is not None and event in EVENT_TYPES and event not in only:
                yield template.fault(key, f"variable ${{{name}}} does not exist for {event!r}, of which it tells")


def _texts(template: TemplatePart) -> Mapping[str, Words]:
    mail = template.mail.model_dump() if template.mail else {}
    texts = {"sms": template.sms or "", **{f"mail.{key}": value for key, value in mail.items()}}
    return {key: Words(value) for key, value in texts.items()}


def _rules(text: PackText) -> Iterator[Fault]:
    entry = text.one(RulesPart)
    if not entry:
        return
    for key, words in (("urgent_words", entry.part.urgent_words), ("major_words", entry.part.major_words)):
        for word, number in Counter(words).items():
            if number > 1:
                yield entry.fault(key, f"{word!r} is named twice")
    for word in entry.part.major_words:
        if word in entry.part.urgent_words:
            yield entry.fault("major_words", f"{word!r} is an urgent word too")
    if entry.part.cell_households_least > entry.part.cell_households_most:
        yield entry.fault("cell_households_least", "is more than cell_households_most")


def _overlay(overlay: Entry[OverlayPart], text: PackText) -> Iterator[Fault]:
    pack = text.one(PackPart)
    if pack and overlay.part.pack != pack.part.id:
        yield overlay.fault("pack", f"is for {overlay.part.pack!r}, not for {pack.part.id!r}")
    categories = {entry.part.id: entry.part for entry in text.all(CategoryPart)}
    for clock in sorted(set(overlay.part.durations.clocks) - text.ids(ClockPart)):
        yield overlay.fault(f"durations.clocks.{clock}", f"unknown clock {clock!r}")
    for identifier, durations in overlay.part.durations.categories.items():
        key = f"durations.categories.{identifier}"
        if identifier not in text.ids(CategoryPart):
            yield overlay.fault(key, f"unknown category {identifier!r}")
        elif durations.visit_after and identifier in categories and not categories[identifier].visit_after:
            yield overlay.fault(f"{key}.visit_after", "the category is not visited, which an overlay cannot change")


def _misshapen(text: PackText) -> set[str]:
    return text.ids(UnitPart) - {entry.part.id for entry in text.all(UnitPart)}


_OF_PROCEDURES = (StatePart, ActionPart, ClockPart)  # each procedure has its own, or its own of another's
_TABLES: Mapping[type[Part], str] = {
    KindPart: "kind",
    CategoryPart: "category",
    UnitPart: "unit",
    RoutingPart: "rule",
    StatePart: "state",
    ActionPart: "action",
    ClockPart: "clock",
    RolePart: "role",
    PostPart: "post",
    ViewPart: "view",
    PanelPart: "panel",
    DockingPart: "docking",
    WayPart: "way",
    LawfulWayPart: "way",
    GroundPart: "ground",
    CardPart: "card",
    TemplatePart: "template",
}
_CHECKS: tuple[Callable[[PackText], Iterable[Fault]], ...] = (
    _pack,
    _identifiers,
    _kinds,
    _units,
    _categories,
    check_durations,
    _routing,
    check_procedures,
    check_turns,
    _roles,
    _posts,
    _patrols,
    check_views,
    check_panels,
    check_petitions,
    _messages,
    _rules,
    check_calendar,
    check_same_matter,
)
