"""Every fault of a policy pack is named with its file, its key and its reason."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from chalicelib.domain.limits import Limit
from chalicelib.policy.compiler import PackInvalid, compile_pack
from chalicelib.policy.schema import Limit as LimitField
from chalicelib.policy.schema import Part, duration_of, limit_of, seconds_of, words_of

GULOU = Path(__file__).parents[2] / "chalicelib" / "policy" / "gulou"
MANHOLE = 'id = "missing-manhole-cover"'
PEACE = '[[kind]]\nid = "peace"\nzh = "平安"\nen = "Peace"\n'


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GULOU, tmp_path / "gulou"))


def _faults(pack: Path, overlay: Path | None = None) -> list[str]:
    with pytest.raises(PackInvalid) as invalid:
        compile_pack(pack, overlay)
    return [str(fault) for fault in invalid.value.faults]


def _edit(pack: Path, file: str, old: str, new: str, after: str = "") -> None:
    """Replaces the first `old` behind the first `after`."""
    text = (pack / file).read_text(encoding="utf-8")
    at = text.index(old, text.index(after))
    (pack / file).write_text(text[:at] + new + text[at + len(old) :], encoding="utf-8")


def _append(pack: Path, file: str, more: str) -> None:
    with (pack / file).open("a", encoding="utf-8") as text:
        text.write(f"\n{more}\n")


# what is changed: file, behind what, old, new → the only fault
SHAPES = {
    "panel of a sort there is not": (
        ("panel.toml", 'id = "family"', "elder = 1", "judge = 1"),
        "panel.toml: panel[family].seats.judge: must be 'mediator', 'police', 'lawyer', 'delegate', 'elder', "
        "'mass-body' or 'social-organisation', not 'judge'",
    ),
    "panel of nobody": (
        ("panel.toml", 'id = "general"', "{ mediator = 1, police = 1, lawyer = 1 }", "{}"),
        "panel.toml: panel[general].seats: must not be empty",
    ),
    "seat for none": (
        ("panel.toml", 'id = "medical"', "mediator = 2", "mediator = 0"),
        "panel.toml: panel[medical].seats.mediator: Input should be greater than or equal to 1, not 0",
    ),
    "category without English": (
        ("categories/hazard.toml", MANHOLE, 'en = "Missing or broken manhole cover"\n', ""),
        "categories/hazard.toml: category[missing-manhole-cover].en: is missing",
    ),
    "category without Chinese": (
        ("categories/hazard.toml", MANHOLE, 'zh = "井盖缺失破损"\n', ""),
        "categories/hazard.toml: category[missing-manhole-cover].zh: is missing",
    ),
    "English where Chinese belongs": (
        ("categories/hazard.toml", MANHOLE, 'zh = "井盖缺失破损"', 'zh = "Manhole"'),
        "categories/hazard.toml: category[missing-manhole-cover].zh: must be in Chinese, not 'Manhole'",
    ),
    "mail without English": (
        ("messages.toml", 'id = "assigned"', 'subject_en = "New case ${tracking_code}: ${category_en}"\n', ""),
        "messages.toml: template[assigned].mail.subject_en: is missing",
    ),
    "unknown key": (
        ("categories/hazard.toml", MANHOLE, "accept =", "acept ="),
        "categories/hazard.toml: category[missing-manhole-cover].acept: unknown key",
    ),
    "duration that is none": (
        ("categories/hazard.toml", MANHOLE, '"PT15M"', '"15 minutes"'),
        'categories/hazard.toml: category[missing-manhole-cover].accept: must be days ("15 日"), working days '
        '("5 工作日") or exact ("PT2H", "P5D" for 120 hours), not \'15 minutes\'',
    ),
    "number where text belongs": (
        ("units.toml", "", 'en = "Urban Management Bureau"', "en = 7"),
        "units.toml: unit[urban-management].en: must be text, not 7",
    ),
    "keyword in capitals": (
        ("categories/hazard.toml", MANHOLE, '"井盖丢了"', '"KTV井盖"'),
        "categories/hazard.toml: category[missing-manhole-cover].keywords[4]: must be in lower case, as texts are "
        "compared, not 'KTV井盖'",
    ),
    "unknown channel": (
        ("messages.toml", 'event = "visit.due.v1"', '["sms", "email"]', '["sms", "fax"]'),
        "messages.toml: notice[25].channels[1]: must be 'sms' or 'email', not 'fax'",
    ),
    "unknown audience": (
        ("messages.toml", 'event = "visit.due.v1"', '"cell-officer"', '"mayor"'),
        "messages.toml: notice[25].audience: must be 'reporter', 'reporters', 'lead-duty', 'joint-duty', "
        "'screening-duty', 'asked-duty', 'approver-duty', 'supervisor-duty', 'cell-officer', 'post-holder' or "
        "'post-leader', not 'mayor'",
    ),
    "round of no length": (
        ("patrol.toml", 'post = "grid-leader"', 'every = "P3D"', 'every = "three days"'),
        "patrol.toml: patrol[2].every: must be an ISO 8601 duration of days, hours, minutes or seconds, such as "
        '"PT2H" or "P5D", not \'three days\'',
    ),
    "more rounds counted than are remembered": (
        ("patrol.toml", "", "rounds_counted = 30", "rounds_counted = 90"),
        "patrol.toml: rounds_counted: Input should be less than or equal to 60, not 90",
    ),
    "post of an unknown level": (
        ("posts.toml", 'id = "mediator"', 'level = "community"', 'level = "village"'),
        "posts.toml: post[mediator].level: must be 'district', 'street', 'community', 'compound' or 'cell', not "
        "'village'",
    ),
    "number that is no count": (
        ("rules.toml", "", "max_visits = 2", "max_visits = 0"),
        "rules.toml: max_visits: Input should be greater than 0, not 0",
    ),
}

VIEWS = {
    "view of an unknown kind": (
        ("views.toml", 'id = "security"', '["security"]', '["crime"]'),
        "views.toml: view[security].kinds: unknown kind 'crime'",
    ),
    "view of an unknown category": (
        ("views.toml", 'id = "security"', 'kinds = ["security"]', 'categories = ["crime"]'),
        "views.toml: view[security].categories: unknown category 'crime'",
    ),
    "view of a category of another kind": (
        ("views.toml", 'id = "security"', 'kinds = ["security"]', 'kinds = ["security"]\ncategories = ["noise"]'),
        "views.toml: view[security].categories: category 'noise' is of none of the view's kinds",
    ),
    "view of an unknown state": (
        ("views.toml", 'id = "to-accept"', '["assigned", "passed-on"]', '["asigned"]'),
        "views.toml: view[to-accept].states: unknown state 'asigned'",
    ),
    "view of a state twice": (
        ("views.toml", 'id = "to-accept"', '["assigned", "passed-on"]', '["assigned", "assigned"]'),
        "views.toml: view[to-accept].states: state 'assigned' is named twice",
    ),
    "view of an urgency twice": (
        ("views.toml", 'id = "key-work"', '["major"]', '["major", "major"]'),
        "views.toml: view[key-work].urgencies: urgency 'major' is named twice",
    ),
    "view of what never waits at a unit": (
        ("views.toml", 'id = "to-accept"', '["assigned", "passed-on"]', '["closed"]'),
        "views.toml: view[to-accept].states: could find nothing: no case in state 'closed' waits at a unit",
    ),
    "view of a unit's open cases": (
        ("views.toml", 'id = "to-accept"', "states =", "open = true\nstates ="),
        "views.toml: view[to-accept].open: means nothing: what waits at a unit is open",
    ),
    "view of open cases that are closed": (
        ("views.toml", 'id = "security"', "kinds =", 'states = ["closed"]\nkinds ='),
        "views.toml: view[security].states: could find nothing: a case in state 'closed' is not open",
    ),
    "view of closed cases that are open": (
        ("views.toml", 'id = "security"', "open = true", 'open = false\nstates = ["assigned"]'),
        "views.toml: view[security].states: could find nothing: only a case in state 'closed' is not open",
    ),
    "view of closed cases that are late": (
        ("views.toml", 'id = "security"', "open = true", "open = false\noverdue = true"),
        "views.toml: view[security].overdue: could find nothing: a case that is closed has no deadline",
    ),
    "view of a task twice": (
        ("views.toml", 'id = "joint"', '["joint"]', '["joint", "joint"]'),
        "views.toml: view[joint].tasks: task 'joint' is named twice",
    ),
    "view of an unknown task": (
        ("views.toml", 'id = "joint"', '["joint"]', '["help"]'),
        "views.toml: view[joint].tasks[0]: must be 'handle', 'joint', 'decide', 'supervise' or 'answer-for', not "
        "'help'",
    ),
    "view of what an area is asked for": (
        ("views.toml", 'id = "security"', "kinds =", 'tasks = ["joint"]\nkinds ='),
        "views.toml: view[security].tasks: means nothing: only a unit is asked for something",
    ),
    "view of whose turn it is in closed cases": (
        ("views.toml", 'id = "security"', "open = true", 'open = false\nturns = ["lead"]'),
        "views.toml: view[security].turns: could find nothing: in a case that is closed it is nobody's turn",
    ),
    "view of what nobody knows": (
        ("views.toml", 'id = "security"', 'asks = "area"', 'asks = "city"'),
        "views.toml: view[security].asks: must be 'unit', 'area', 'mine' or 'leader', not 'city'",
    ),
    "view id twice": (
        ("views.toml", "", 'id = "security"', 'id = "peace"'),
        "views.toml: view[peace].id: is already taken in this file",
    ),
}

MEANINGS = {
    "panel of an unknown category": (
        ("panel.toml", "", '"unpaid-wages"', '"unpaid-wage"'),
        "panel.toml: panel[labour].categories: unknown category 'unpaid-wage'",
    ),
    "panel of an unknown kind": (
        ("panel.toml", 'id = "petition"', 'kinds = ["petition"]', 'kinds = ["petitions"]'),
        "panel.toml: panel[petition].kinds: unknown kind 'petitions'",
    ),
    "panel that names a category twice": (
        ("panel.toml", "", '"unpaid-wages"', '"labour-dispute"'),
        "panel.toml: panel[labour].categories: category 'labour-dispute' is named twice",
    ),
    "panel that can never hold": (
        ("panel.toml", 'id = "petition"', 'kinds = ["petition"]', 'kinds = ["petition"]\ncategories = ["noise"]'),
        "panel.toml: panel[petition].categories: category 'noise' is of none of the panel's kinds",
    ),
    "panel that hides those behind it": (
        ("panel.toml", 'id = "petition"', 'kinds = ["petition"]\n', ""),
        "panel.toml: panel[petition].categories: holds always, so no row behind it is ever reached",
    ),
    "no panel for whatever else there is": (
        ("panel.toml", 'id = "general"', "seats", 'kinds = ["dispute"]\nseats'),
        "panel.toml: panel[general].categories: the last row must hold always, or some matters would find no panel",
    ),
    "docking with an unknown unit": (
        ("panel.toml", "", 'unit = "justice"', 'unit = "court"'),
        "panel.toml: docking[legal-aid].unit: unknown unit 'court'",
    ),
    "way of settling that is there twice": (
        ("panel.toml", "", 'id = "litigation"', 'id = "arbitration"'),
        "panel.toml: way[arbitration].id: is already taken in this file",
    ),
    "phones of a pool that is not read": (
        ("roles.toml", 'id = "station"', '"panel.read", ', ""),
        "roles.toml: role[station].permissions: 'panel.contact' is of no use without 'panel.read'",
    ),
    "unknown lead": (
        ("categories/hazard.toml", MANHOLE, 'lead = "urban-management"', 'lead = "urban-managment"'),
        "categories/hazard.toml: category[missing-manhole-cover].lead: unknown unit 'urban-managment'",
    ),
    "unknown joint unit": (
        ("categories/hazard.toml", MANHOLE, '"@community"', '"@village"'),
        "categories/hazard.toml: category[missing-manhole-cover].joint: unknown unit '@village'",
    ),
    "lead among the joint units": (
        ("categories/hazard.toml", MANHOLE, '"@community"', '"urban-management"'),
        "categories/hazard.toml: category[missing-manhole-cover].joint: 'urban-management' leads already",
    ),
    "category id in two files": (
        ("categories/hazard.toml", "", MANHOLE, 'id = "noise"'),
        "categories/hazard.toml: category[noise].id: is already taken in categories/dispute.toml",
    ),
    "unit id in two files": (
        ("units.toml", "", 'id = "water"', 'id = "centre-320302001"'),
        "centres.toml: unit[centre-320302001].id: is already taken in units.toml",
    ),
    "unit that is part of no unit": (
        ("units.toml", 'id = "traffic-police"', 'part_of = "public-security"', 'part_of = "police"'),
        "units.toml: unit[traffic-police].part_of: unknown unit 'police'",
    ),
    "unit that is part of itself": (
        ("units.toml", 'id = "traffic-police"', 'part_of = "public-security"', 'part_of = "traffic-police"'),
        "units.toml: unit[traffic-police].part_of: is part of itself",
    ),
    "centre that is part of another by name": (
        ("centres.toml", 'id = "centre-320302001"', 'kind = "centre"', 'kind = "centre"\npart_of = "health"'),
        "centres.toml: unit[centre-320302001].part_of: a centre is part of the one above it by its area",
    ),
    "keyword of two categories": (
        ("categories/hazard.toml", MANHOLE, '"窨井"', '"噪音"'),
        "categories/hazard.toml: category[missing-manhole-cover].keywords: keyword '噪音' is also of 'noise' in "
        "categories/dispute.toml",
    ),
    "keyword twice": (
        ("categories/hazard.toml", MANHOLE, '"窨井"', '"井盖"'),
        "categories/hazard.toml: category[missing-manhole-cover].keywords: keyword '井盖' is twice here",
    ),
    "closes before its visit": (
        ("categories/hazard.toml", MANHOLE, 'closes_after = "P7D"', 'closes_after = "PT24H"'),
        "categories/hazard.toml: category[missing-manhole-cover].closes_after: P1D is not after visit_after (P1D)",
    ),
    "accepted after it is resolved": (
        ("categories/hazard.toml", MANHOLE, '"PT15M"', '"PT5H"'),
        "categories/hazard.toml: category[missing-manhole-cover].accept: PT5H is longer than resolve (PT4H)",
    ),
    "unknown kind": (
        ("pack.toml", "", 'id = "hazard"', 'id = "hazards"'),
        "categories/hazard.toml: (file): unknown kind 'hazard': pack.toml does not name it",
    ),
    "kind without categories": (
        ("pack.toml", "", "[[kind]]", f"{PEACE}\n[[kind]]"),
        "pack.toml: kind[peace].id: has no category in categories/peace.toml",
    ),
    "petition that goes to a department": (
        ("categories/petition.toml", "", 'lead = "petition-office"', 'lead = "urban-management"'),
        "categories/petition.toml: category[petition-official-conduct].lead: a matter of kind 'petition' goes only to "
        "'petition-office'",
    ),
    "petition that others share": (
        ("categories/petition.toml", "", "joint = []", 'joint = ["@street"]'),
        "categories/petition.toml: category[petition-official-conduct].joint: a matter of kind 'petition' goes to "
        "'petition-office' alone",
    ),
    "petition that is visited": (
        ("categories/petition.toml", "", 'closes_after = "P30D"', 'visit_after = "P1D"\ncloses_after = "P30D"'),
        "categories/petition.toml: category[petition-official-conduct].visit_after: a confidential matter is not told "
        "to the cell that would visit",
    ),
    "example of another kind": (
        ("pack.toml", 'id = "hazard"', '"gas-leak"', '"noise"'),
        "pack.toml: kind[hazard].examples: no category 'noise' of this kind",
    ),
    "nobody who may see petitions": (
        ("pack.toml", "", 'confidential_to = "petition-office"', 'confidential_to = "petition-bureau"'),
        "pack.toml: kind[petition].confidential_to: unknown unit 'petition-bureau'",
    ),
    "rule that sends petitions elsewhere": (
        ("routing.toml", 'id = "petition-alone"', 'lead = "petition-office"', 'lead = "public-security"'),
        "routing.toml: rule[petition-alone].lead: could match kind 'petition', which goes to 'petition-office' alone",
    ),
    "rule for everything urgent that others share": (
        ("routing.toml", 'id = "major-hazard"', 'kinds = ["hazard"]\n', ""),
        "routing.toml: rule[major-hazard].joint: could match kind 'petition', which goes to 'petition-office' alone",
    ),
    "rule for an area that leads elsewhere": (
        ("routing.toml", 'id = "jiuli-subsidence"', 'categories = ["dangerous-building", "road-collapse"]\n', ""),
        "routing.toml: rule[jiuli-subsidence].joint: could match kind 'petition', which goes to 'petition-office' "
        "alone",
    ),
    "rule that names a petition among others": (
        ("routing.toml", 'id = "jiuli-subsidence"', '"road-collapse"', '"petition-legacy"'),
        "routing.toml: rule[jiuli-subsidence].joint: could match kind 'petition', which goes to 'petition-office' "
        "alone",
    ),
    "rule of an unknown kind": (
        ("routing.toml", 'id = "major-hazard"', 'kinds = ["hazard"]', 'kinds = ["hazards"]'),
        "routing.toml: rule[major-hazard].kinds: unknown kind 'hazards'",
    ),
    "rule of an unknown category": (
        ("routing.toml", 'id = "jiuli-subsidence"', '"road-collapse"', '"road-colapse"'),
        "routing.toml: rule[jiuli-subsidence].categories: unknown category 'road-colapse'",
    ),
    "rule that can never hold": (
        ("routing.toml", 'id = "hotline-dispute"', '"family-dispute"', '"noise", "theft"'),
        "routing.toml: rule[hotline-dispute].categories: category 'theft' is of none of the rule's kinds",
    ),
    "rule outside the district": (
        ("routing.toml", 'id = "jiuli-subsidence"', '"320302007"', '"320303007"'),
        "routing.toml: rule[jiuli-subsidence].areas: area 320303007 is not in district 320302",
    ),
    "unknown permission": (
        ("roles.toml", "", '"report.submit"', '"report.sumbit"'),
        "roles.toml: role[grid-worker].permissions: unknown permission 'report.sumbit'",
    ),
    "timelines of cases that are not read": (
        ("roles.toml", 'id = "auditor"', '"case.read", ', ""),
        "roles.toml: role[auditor].permissions: 'timeline.read' is of no use without 'case.read'",
    ),
    "sight without anything to see": (
        ("roles.toml", 'id = "auditor"', '"case.read", ', ""),
        "roles.toml: role[auditor].scope: means nothing: the role reads no cases",
    ),
    "pictures of reports that are not read": (
        ("roles.toml", 'id = "leader"', '"report.read", ', ""),
        "roles.toml: role[leader].permissions: 'attachment.read' is of no use without 'report.read'",
    ),
    "actions on cases that are not read": (
        ("roles.toml", 'id = "department"', '"case.read", ', ""),
        "roles.toml: role[department].permissions: 'case.accept' is of no use without 'case.read'",
    ),
    "every unit's deputy who does nothing": (
        ("roles.toml", 'id = "auditor"', '"audit.read"', '"audit.read", "case.any-unit"'),
        "roles.toml: role[auditor].permissions: 'case.any-unit' is of no use to a role that does nothing to a case",
    ),
    "cases are read, but not which": (
        ("roles.toml", 'id = "auditor"', 'scope = "district"\n', ""),
        "roles.toml: role[auditor].scope: is missing: the role reads cases, but not which",
    ),
    "sight of an unknown kind": (
        ("roles.toml", 'id = "mediator"', '"dispute"', '"disputes"'),
        "roles.toml: role[mediator].kinds: unknown kind 'disputes'",
    ),
    "sight of a kind twice": (
        ("roles.toml", 'id = "mediator"', '"dispute"', '"dispute", "dispute"'),
        "roles.toml: role[mediator].kinds: kind 'dispute' is named twice",
    ),
    "sight of nothing": (
        ("roles.toml", 'id = "mediator"', '"dispute"', '"petition"'),
        "roles.toml: role[mediator].kinds: the role could see nothing: it is not confidential, and these kinds are",
    ),
    "petitions without the right to see them": (
        ("roles.toml", 'id = "petition-office"', "confidential = true\n", ""),
        "roles.toml: role[petition-office].confidential: a role whose scope is petitions must be confidential",
    ),
    "leader that is no post": (
        ("posts.toml", 'id = "mediator"', 'leader = "first-secretary"', 'leader = "secretary"'),
        "posts.toml: post[mediator].leader: unknown post 'secretary'",
    ),
    "leader of a narrower area": (
        ("posts.toml", 'id = "mediator"', 'leader = "first-secretary"', 'leader = "grid-leader"'),
        "posts.toml: post[mediator].leader: 'grid-leader' is of a narrower area (compound) than community",
    ),
    "posts that lead each other": (
        ("posts.toml", 'id = "first-secretary"', 'leader = "street-leader"', 'leader = "mediator"'),
        "posts.toml: post[first-secretary].leader: 'first-secretary' would lead itself",
    ),
    "post that excludes an unknown one": (
        ("posts.toml", 'id = "mediator"', '["property-officer"]', '["property-manager"]'),
        "posts.toml: post[mediator].excludes: unknown post 'property-manager'",
    ),
    "post that excludes itself": (
        ("posts.toml", 'id = "mediator"', '["property-officer"]', '["mediator"]'),
        "posts.toml: post[mediator].excludes: a post cannot exclude itself",
    ),
    "post that alerts count on": (
        ("posts.toml", "", 'id = "information-officer"', 'id = "informant"'),
        "posts.toml: post: post 'information-officer' is missing, which alerts count on",
    ),
    "post that alerts count on in cells": (
        ("posts.toml", 'id = "information-officer"', 'level = "cell"', 'level = "compound"'),
        "posts.toml: post[information-officer].level: must be 'cell', which alerts count on, not 'compound'",
    ),
    "rounds of an unknown post": (
        ("patrol.toml", "", 'post = "grid-leader"', 'post = "grid-walker"'),
        "patrol.toml: patrol[2].post: unknown post 'grid-walker'",
    ),
    "rounds of a post given twice": (
        ("patrol.toml", "", 'post = "property-officer"', 'post = "grid-leader"'),
        "patrol.toml: patrol[2].post: the rounds of 'grid-leader' are given twice",
    ),
    "rounds of the whole district": (
        ("patrol.toml", "", 'post = "grid-leader"', 'post = "district-leader"'),
        "patrol.toml: patrol[2].post: a post of the whole district walks no rounds: no figures would tell of them",
    ),
    "grace as long as the round": (
        ("patrol.toml", 'post = "grid-leader"', 'grace = "P1D"', 'grace = "P3D"'),
        "patrol.toml: patrol[2].grace: P3D is not shorter than every (P3D)",
    ),
    "leader of who walks told of a case": (
        ("messages.toml", 'event = "clock.breached.v1"', '"lead-duty"', '"post-leader"'),
        "messages.toml: notice[30].audience: 'clock.breached.v1' names no 'post-leader'",
    ),
    "unit of a case told of a round": (
        ("messages.toml", 'event = "patrol.missed.v1"', '"post-leader"', '"lead-duty"'),
        "messages.toml: notice[33].audience: 'patrol.missed.v1' names no 'lead-duty'",
    ),
    "category of a round": (
        ("messages.toml", 'id = "round-missed"', "归口中心：${unit_zh}", "类别：${category_zh}"),
        "messages.toml: template[round-missed].mail.body_zh: variable ${category_zh} does not exist for "
        "'patrol.missed.v1', of which it tells",
    ),
    "unknown event": (
        ("messages.toml", "", '"visit.due.v1"', '"visit.due.v2"'),
        "messages.toml: notice[25].event: unknown event type 'visit.due.v2'",
    ),
    "unknown template": (
        ("messages.toml", "[[notice]]", '"visit-due"', '"visit-over"'),
        "messages.toml: notice[25].template: unknown template 'visit-over'",
    ),
    "unknown variable": (
        ("messages.toml", 'id = "answered"', "${note}", "${phone}"),
        "messages.toml: template[answered].sms: unknown variable ${phone}; known: tracking_code, ref,",
    ),
    "variable the event does not have": (
        ("messages.toml", 'id = "answered"', "${note}", "${reason}"),
        "messages.toml: template[answered].sms: variable ${reason} does not exist for 'case.resolved.v1', of which it",
    ),
    "lonely dollar": (
        ("messages.toml", 'id = "answered"', "${note}", "$！"),
        "messages.toml: template[answered].sms: a $ that begins no ${variable}; a plain one is written $$",
    ),
    "mail without a text": (
        ("messages.toml", 'event = "case.assigned.v1"', '"assigned"', '"received"'),
        "messages.toml: notice[4].template: template 'received' has no text for email",
    ),
    "mail to a reporter": (
        ("messages.toml", 'event = "case.resolved.v1"', '["sms"]', '["email"]'),
        "messages.toml: notice[24].channels: a reporter is known by phone only, and has no e-mail",
    ),
    "audience the event does not name": (
        ("messages.toml", 'event = "visit.due.v1"', '"cell-officer"', '"screening-duty"'),
        "messages.toml: notice[25].audience: 'visit.due.v1' names no 'screening-duty'",
    ),
    "told twice": (
        ("messages.toml", 'event = "case.assigned.v1"\naudience = "joint-duty"', '"joint-duty"', '"lead-duty"'),
        "messages.toml: notice[5].channels: 'lead-duty' is told of 'case.assigned.v1' by sms already",
    ),
    "told again of one kind, after all were told": (
        (
            "messages.toml",
            'audience = "joint-duty"',
            'audience = "joint-duty"',
            'audience = "lead-duty"\nkinds = ["hazard"]',
        ),
        "messages.toml: notice[5].channels: 'lead-duty' is told of 'case.assigned.v1' by sms already",
    ),
    "told of an unknown kind": (
        ("messages.toml", 'event = "visit.due.v1"', "channels =", 'kinds = ["hazards"]\nchannels ='),
        "messages.toml: notice[25].kinds: unknown kind 'hazards'",
    ),
    "told again of one clock, after all were told": (
        (
            "messages.toml",
            'event = "clock.breached.v1"',
            "[[notice]]",
            '[[notice]]\nevent = "clock.warned.v1"\naudience = "lead-duty"\nchannels = ["sms"]\ntemplate = "warned"\n'
            'clocks = ["resolve"]\n\n[[notice]]',
        ),
        "messages.toml: notice[31].channels: 'lead-duty' is told of 'clock.warned.v1' by sms already",
    ),
    "told of an unknown clock": (
        ("messages.toml", 'event = "clock.warned.v1"', "channels =", 'clocks = ["tower"]\nchannels ='),
        "messages.toml: notice[29].clocks: unknown clock 'tower'",
    ),
    "clock of what tells of none": (
        ("messages.toml", 'event = "visit.due.v1"', "channels =", 'clocks = ["visit"]\nchannels ='),
        "messages.toml: notice[25].clocks: 'visit.due.v1' is of no clock",
    ),
    "kind of a round": (
        ("messages.toml", 'event = "patrol.overdue.v1"', "channels =", 'kinds = ["hazard"]\nchannels ='),
        "messages.toml: notice[32].kinds: 'patrol.overdue.v1' is of no case, which alone have kinds",
    ),
    "centre of another district": (
        ("centres.toml", "", 'area = "320302001002"', 'area = "320311001002"'),
        "centres.toml: unit[centre-320302001002].area: area 320311001002 is not in district 320302",
    ),
    "centre named after another area": (
        ("centres.toml", "", 'area = "320302001002"', 'area = "320302001099"'),
        "centres.toml: unit[centre-320302001002].id: must be 'centre-320302001099', after its area",
    ),
    "unknown linkage centre": (
        ("rules.toml", "", 'linkage_centre = "linkage-centre"', 'linkage_centre = "water"'),
        "rules.toml: linkage_centre: unknown centre 'water'",
    ),
    "word that is urgent and major": (
        ("rules.toml", "major_words", '"爆炸"', '"救命"'),
        "rules.toml: major_words: '救命' is an urgent word too",
    ),
    "unknown time zone": (
        ("pack.toml", "", "Asia/Shanghai", "Asia/Xuzhou"),
        "pack.toml: timezone: no such time zone: 'Asia/Xuzhou'",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_misshapen_table_is_the_only_fault(pack: Path, name: str) -> None:
    (file, after, old, new), fault = SHAPES[name]
    _edit(pack, file, old, new, after)
    faults = _faults(pack)
    assert any(each == fault for each in faults), faults
    assert {each.split(": ")[1].split(".")[0] for each in faults} == {fault.split(": ")[1].split(".")[0]}


@pytest.mark.parametrize("name", MEANINGS)
def test_tables_that_disagree_are_named(pack: Path, name: str) -> None:
    (file, after, old, new), fault = MEANINGS[name]
    _edit(pack, file, old, new, after)
    faults = _faults(pack)
    assert any(each.startswith(fault) for each in faults), faults


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_that_could_find_nothing_is_named(pack: Path, name: str) -> None:
    (file, after, old, new), fault = VIEWS[name]
    _edit(pack, file, old, new, after)
    assert _faults(pack) == [fault]


def test_a_view_that_no_role_may_ask_is_named(pack: Path) -> None:
    units = [
        view["id"] for view in tomllib.loads((pack / "views.toml").read_text("utf-8"))["view"] if view["asks"] == "unit"
    ]
    roles = (pack / "roles.toml").read_text("utf-8")
    (pack / "roles.toml").write_text(roles.replace('"queue.read", ', "").replace(', "queue.read"', ""), "utf-8")
    assert _faults(pack) == [
        f"views.toml: view[{view}].asks: no role may ask of 'unit', so nobody could use this" for view in sorted(units)
    ]


def test_a_scope_of_petitions_means_nothing_where_no_kind_is_confidential(pack: Path) -> None:
    _edit(pack, "pack.toml", 'confidential_to = "petition-office"\n', "")
    assert "roles.toml: role[petition-office].scope: means nothing: no kind of the pack is confidential" in _faults(
        pack
    )


def test_a_pack_without_panels_or_ways_out_of_a_failure_is_named(pack: Path) -> None:
    (pack / "panel.toml").write_text("", "utf-8")
    assert _faults(pack) == [
        "panel.toml: panel: there is none: a matter would find no panel",
        "panel.toml: way: none is `other`: nothing could be named when a mediation failed",
    ]


def test_an_action_that_no_role_has_is_named(pack: Path) -> None:
    roles = pack / "roles.toml"
    roles.write_text(roles.read_text(encoding="utf-8").replace(' "case.resolve",', ""), encoding="utf-8")
    assert _faults(pack) == [
        f"procedures/{file}.toml: action[resolve].id: no role has the permission 'case.resolve', so nobody may do it"
        for file in ("common", "hazard", "population")
    ]


def test_a_confidential_kind_that_no_role_sees_is_named(pack: Path) -> None:
    roles = pack / "roles.toml"
    roles.write_text(roles.read_text(encoding="utf-8").replace("confidential = true\n", ""), encoding="utf-8")
    assert "roles.toml: (file): no role is confidential, so nobody could see a confidential matter" in _faults(pack)


def test_faults_of_all_files_come_together(pack: Path) -> None:
    _edit(pack, "units.toml", 'en = "Urban Management Bureau"\n', "")
    _edit(pack, "categories/hazard.toml", '"PT15M"', '"soon"', after=MANHOLE)
    _edit(pack, "routing.toml", '"petition-office"', '"water"', after='id = "petition-alone"')
    assert [fault.split(": ")[:2] for fault in _faults(pack)] == [
        ["categories/hazard.toml", "category[missing-manhole-cover].accept"],
        ["routing.toml", "rule[petition-alone].lead"],
        ["units.toml", "unit[urban-management].en"],
    ]


@pytest.mark.parametrize("file", ["pack.toml", "units.toml", "messages.toml", "rules.toml"])
def test_a_missing_file_is_the_only_fault(pack: Path, file: str) -> None:
    (pack / file).unlink()
    assert _faults(pack) == [f"{file}: (file): is missing"]


def test_a_file_that_is_not_toml_says_where(pack: Path) -> None:
    _append(pack, "roles.toml", "permissions = ,")
    (fault,) = _faults(pack)
    assert fault.startswith("roles.toml: (file): is not TOML: ") and "line" in fault


def test_a_file_or_table_that_belongs_nowhere_is_named(pack: Path) -> None:
    (pack / "unit.toml").write_text("", encoding="utf-8")
    _append(pack, "units.toml", '[[centre]]\nid = "x"')
    assert _faults(pack) == ["unit.toml: (file): is no file of a policy pack", "units.toml: centre: unknown key"]


def test_a_table_that_should_be_an_array_is_named(pack: Path) -> None:
    (pack / "routing.toml").write_text('[rule]\nid = "only"\n', encoding="utf-8")
    assert _faults(pack) == ["routing.toml: rule: must be an array of tables: [[rule]]"]


OVERLAYS = {
    "other pack": (
        'pack = "yunlong"\n[durations]\nvisit_after = "PT4S"',
        "overlays/short.toml: pack: is for 'yunlong', not for 'gulou'",
    ),
    "unknown duration": (
        'pack = "gulou"\n[durations]\nvisits_after = "PT4S"',
        "overlays/short.toml: durations.visits_after: unknown key",
    ),
    "no duration": (
        'pack = "gulou"\n[durations]\nvisit_after = 4',
        "overlays/short.toml: durations.visit_after: must be an ISO 8601 duration of days, hours, minutes or seconds, "
        'such as "PT2H" or "P5D", not 4',
    ),
    "unknown category": (
        'pack = "gulou"\n[durations.categories.sound]\naccept = "PT4S"',
        "overlays/short.toml: durations.categories.sound: unknown category 'sound'",
    ),
    "visit of a category without visits": (
        'pack = "gulou"\n[durations.categories.theft]\nvisit_after = "PT4S"',
        "overlays/short.toml: durations.categories.theft.visit_after: the category is not visited, which an overlay "
        "cannot change",
    ),
    "one category closes before its visit": (
        'pack = "gulou"\n[durations.categories.noise]\ncloses_after = "PT4S"',
        "overlays/short.toml: durations (closes_after): category[noise]: PT4S is not after visit_after (P1D)",
    ),
    "rounds as short as their grace": (
        'pack = "gulou"\n[durations]\npatrol_every = "PT4S"\npatrol_grace = "PT4S"',
        "overlays/short.toml: durations (grace): patrol[0] and 5 more: PT4S is not shorter than every (PT4S)",
    ),
}


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlays_faults_are_as_precise(pack: Path, name: str) -> None:
    content, fault = OVERLAYS[name]
    (pack / "overlays" / "short.toml").write_text(content, encoding="utf-8")
    assert _faults(pack, Path("overlays/short.toml")) == [fault]


def test_an_overlay_that_ends_all_visits_is_one_fault(pack: Path) -> None:
    content = 'pack = "gulou"\n[durations]\nvisit_after = "PT4S"\ncloses_after_visited = "PT4S"'
    (pack / "overlays" / "short.toml").write_text(content, encoding="utf-8")
    (fault,) = _faults(pack, Path("overlays/short.toml"))
    assert fault.startswith("overlays/short.toml: durations (closes_after): category[")
    assert fault.endswith("more: PT4S is not after visit_after (PT4S)")


def test_an_overlay_that_is_not_there_is_named(pack: Path) -> None:
    assert _faults(pack, Path("overlays/none.toml")) == ["overlays/none.toml: (file): is missing"]


@pytest.mark.parametrize(
    ("duration", "seconds"), [("PT4S", 4), ("PT30M", 1_800), ("PT72H", 259_200), ("P5D", 432_000), ("P1DT1H1S", 90_001)]
)
def test_durations_are_exact(duration: str, seconds: int) -> None:
    assert seconds_of(duration) == seconds
    assert seconds_of(duration_of(seconds)) == seconds


@pytest.mark.parametrize("duration", ["", "P", "PT", "P1M", "P1Y", "P1W", "PT1.5H", "5D", "PT0S", "-PT1S", "P1DT", 5])
def test_what_is_no_exact_duration_is_refused(duration: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        seconds_of(duration)


@pytest.mark.parametrize(
    ("words", "limit", "written"),
    [
        ("PT2H", Limit("exact", 7_200), "PT2H"),
        ("P5D", Limit("exact", 432_000), "P5D"),
        ("15 日", Limit("days", 15), "15 日"),
        ("15日", Limit("days", 15), "15 日"),
        ("5 工作日", Limit("working-days", 5), "5 工作日"),
        ("5个工作日", Limit("working-days", 5), "5 工作日"),
        ("3650 日", Limit("days", 3_650), "3650 日"),
    ],
)
def test_limits_are_written_as_the_law_says_them(words: str, limit: Limit, written: str) -> None:
    assert limit_of(words) == limit
    assert words_of(limit) == written


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("0 日", "must be longer than nothing"),
        ("0工作日", "must be longer than nothing"),
        ("PT0S", "must be longer than nothing"),
        ("3651 日", "must be no longer than ten years"),
        ("9999999 工作日", "must be no longer than ten years"),
        ("P3651D", "must be no longer than ten years"),
        *((words, "must be") for words in ("P1M", "P", "")),
        *(
            (words, r'must be days \("15 日"\), working days \("5 工作日"\) or exact \("PT2H"')
            for words in ("5", "日", "-5 日", "1.5 日", "5  日", " 5 日", "5 天", "5 days", "五日", "５日", 5, None)
        ),
    ],
)
def test_what_is_no_limit_is_refused(words: object, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}"):
        limit_of(words)


def test_a_table_holds_a_limit_as_the_functions_read_it() -> None:
    class ClockPart(Part):
        limit: LimitField

    part = ClockPart.model_validate({"limit": "5 工作日"})
    assert part.limit == Limit("working-days", 5)
    assert json.loads(json.dumps(part.model_dump())) == {"limit": ["working-days", 5]}


SAME_MATTER = {
    "offered above automatic": (
        ("offered = 0.175", "offered = 0.9"),
        "same-matter.toml: offered: must not be above automatic: what joins by itself would not even be offered",
    ),
    "evidence that is none": (
        ("[weights]\n", "[weights]\ncolour = 1.0\n"),
        "same-matter.toml: weights: there is no evidence 'colour'",
    ),
    "category that is none": (
        ('shared = ["lift-failure"', 'shared = ["lift-trouble"'),
        "same-matter.toml: shared: unknown category 'lift-trouble'",
    ),
    "spread that is neither category nor thing": (
        ('spread = ["water-supply"', 'spread = ["water-supplies"'),
        "same-matter.toml: spread: unknown category or thing 'water-supplies'",
    ),
    "stairwell that is neither category nor thing": (
        ('stairwell = ["lift-failure"', 'stairwell = ["lift-trouble"'),
        "same-matter.toml: stairwell: unknown category or thing 'lift-trouble'",
    ),
    "sudden that is neither kind nor category": (
        ('sudden = ["security"', 'sudden = ["insecurity"'),
        "same-matter.toml: sudden: unknown kind or category 'insecurity'",
    ),
    "indoor that is no landmark": (
        ('indoor = ["stairs"', 'indoor = ["stair"'),
        "same-matter.toml: indoor: unknown landmark 'stair'",
    ),
    "rival that is no thing": (
        ('"stopped: lift-rough"', '"stopped: lift-tough"'),
        "same-matter.toml: rivals: unknown thing 'lift-tough'",
    ),
    "mixed of which there are no sorts": (
        ('mixed = ["who"', 'mixed = ["whose"'),
        "same-matter.toml: mixed: no details are sorts of 'whose'",
    ),
    "singular that is neither category nor thing": (
        ('singular = ["burst"', 'singular = ["bursting"'),
        "same-matter.toml: singular: unknown category or thing 'bursting'",
    ),
    "common that is no thing": (
        ('common = ["neighbours"', 'common = ["neighbour"'),
        "same-matter.toml: common: unknown thing 'neighbour'",
    ),
    "kind with two windows": (
        ('kinds = ["hazard", "security"]', 'kinds = ["hazard", "security", "petition"]'),
        "same-matter.toml: window[0].kinds: kind 'petition' has two windows",
    ),
    "thing told twice": (
        ("things = [\n", 'things = [\n  "lamp: 路灯",\n'),
        "same-matter.toml: things: 'lamp' is told twice",
    ),
}


@pytest.mark.parametrize("case", SAME_MATTER)
def test_what_is_wrong_with_telling_matters_apart_is_named(pack: Path, case: str) -> None:
    (old, new), fault = SAME_MATTER[case]
    _edit(pack, "same-matter.toml", old, new)
    assert fault in _faults(pack)
