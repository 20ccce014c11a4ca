"""The table of docs/contract/actions.yaml, cell by cell: what may be done in each state of each procedure, and then.

Roles are tried in `test_permissions.py`; here the procedure's states, what an action needs, and its actors decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.domain.people import StaffMember
from infra.permission_rules import Matter
from tests.contract.documents import actions_in, contract
from tests.integration.edge import Edge
from tests.integration.gateway import Answer
from tests.integration.matters import (
    ACCEPT,
    FOREIGN,
    LEADER,
    LINKAGE_CENTRE,
    OFFER,
    OTHER,
    PETITION_OFFICE,
    REGISTER,
    RESOLVE,
    SUBMITTER,
    TELL_AGAIN,
    VERIFY,
    WAYS,
    Cases,
    Facts,
    Laid,
    Step,
    Way,
    filled,
)
from tests.world import ADMIN, CELL, COMMUNITY, LINKAGE, STATION, WORKER, officer_of

TABLE: dict[str, Any] = contract("actions.yaml")
PROCEDURES: list[str] = list(TABLE["procedures"])
ACTIONS, ROLES, VISITS, EVALUATIONS = (TABLE[part] for part in ("actions", "roles", "visit_results", "evaluations"))

MATTERS = {
    "livelihood": ("livelihood", "heating", ""),
    "dispute": ("dispute", "consumer-dispute", "消费纠纷不退钱"),
    "hazard": ("hazard", "gas-leak", "燃气泄漏"),
    "security": ("security", "fraud", "电信诈骗"),
    "population": ("population", "group-rental", "群租房隔断"),
    "hotline": ("livelihood", "street-light", "路灯不亮"),
    "petition": ("petition", "petition-official-conduct", "信访举报干部"),
}
"""A matter that goes by each procedure: kind, category, and words that tell of it without a place."""

EVALUATED = {said: Step("evaluate", {"outcome": said}) for said in EVALUATIONS}
TRIED: dict[str, Way] = {
    **WAYS,
    "reopen-requested": Way("reopen-requested", [ACCEPT, RESOLVE, VERIFY, EVALUATED["dissatisfied"]]),
    "closed": Way("closed", [ACCEPT, RESOLVE, VERIFY, EVALUATED["satisfied"]]),
}
SAID: dict[str, dict[str, Any]] = {
    "classify": {"category": "{category}", "area": CELL},
    "assign": {"unit": "water", "reason": "属水务管辖"},
    "transfer": {"unit": "water", "reason": "属水务管辖"},
    "resolve": {"note": "已处理", "media": ["{picture}"]},
    "request-joint": {"units": ["water"], "reason": "需水务配合"},
    "request-extension": {"until": "{until}", "reason": "等待鉴定"},
    "evaluate": {"outcome": "satisfied"},
    "merge": {"other": "{newer}", "reason": "同一处"},
    "not-same": {"other": "{twin}"},
    "unmerge": {"other": "{twin}"},
    "split": {"report_ids": ["{report_id}"], "category": "{category}"},
    "petition-register": {"people": 1},
    "petition-direct": {"way": "litigation"},
    "petition-decline": {"ground": "no-request"},
    "petition-pass-on": {"unit": "transport"},
    "petition-answer": {"opinion": "explain"},
    "petition-answer-review": {"opinion": "explain"},
    "petition-conclude": {"opinion": "not-support"},
    "petition-decide": {"unit": "water"},
    "petition-change-card": {"card": "blue"},
    "petition-name-leader": {"leader": LEADER.id},
    "petition-deliver": {"on": "{today}"},
    "petition-hold-hearing": {"on": "{today}"},
    "petition-rate": {"outcome": "satisfied"},
}
BOTH = ["applicant", "respondent"]
SAID |= {
    "panel-invite": {"members": ["pe1"]},
    "panel-answer": {"members": ["pl1"], "agrees": True},
    "panel-avoid": {"members": ["pe1"]},
    "panel-record": {"members": ["pl1"]},
    "mediation-consent": {"party": "applicant", "agrees": True},
    "mediation-withdraw-consent": {"party": "applicant"},
    "mediation-hold-session": {"members": ["pm1"], "parties": BOTH},
    "mediation-agree": {"form": "oral", "terms": "各让一步", "until": "{today}"},
    "mediation-apply-confirmation": {"court": "鼓楼区人民法院", "parties": BOTH},
    "mediation-record-ruling": {"ruling": "rejected"},
    "mediation-record-performance": {"performed": "full"},
}
WORDS = {"reason": "情况属实", "note": "已到现场"}


@dataclass
class Tried:
    """The cases of a procedure, one for each way that it has, and what they are brought back to after each request.

    `newer`: one more, that may be told of as the same matter.
    """

    edge: Edge
    procedure: str
    cases: dict[str, Facts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.edge.empty()
        self.edge.employ(LEADER)
        cases, self.matter = Cases(self.edge), matter_of(self.procedure)
        for name, way in TRIED.items():
            if self.has(name, way):
                self.cases[name] = cases.lay(*self.told_of(replace(way, due=False)))
        self.edge.clock.forward(seconds=1)
        self.newer = cases.lay(*self.told_of(replace(TRIED["assigned"], due=False)))
        self.pictures = {by: cases.picture(StaffMember(by, "station", OTHER, ())) for by in ("party", SUBMITTER.id)}
        self.laid = Laid(self.edge)

    def has(self, name: str, way: Way) -> bool:
        """Whether cases of the procedure come that way at all."""
        states = TABLE["procedures"][self.procedure]["states"]
        if name == "petition-screening":  # as `screening`, for the table of permissions
            return False
        if way.steps and (way.steps[0] is REGISTER) != (self.procedure == "petition"):
            return False
        named = {step.action for step in way.steps if step.where in (None, *states)} - {OFFER, TELL_AGAIN}
        return way.state in states and named <= set(actions_in(self.procedure))

    def told_of(self, way: Way) -> tuple[Matter, Way]:
        """A matter lies with a desk because nobody knows where it is, or (of no kind) what."""
        if way.state != "screening":
            return self.matter, way
        _, _, words = MATTERS[self.procedure]
        return (self.matter, replace(way, text=words)) if words else (replace(self.matter, kind=None), way)

    def ask(self, case: Facts, action: str, by: StaffMember, without: str = "") -> Answer:
        said = {field: WORDS[field] for field in ACTIONS[action]["requires"] if field in WORDS}
        newer = self.newer["case_id"]
        names = {"twin": newer, **case, "picture": self.pictures[by.id], "newer": newer}
        said = filled({**said, **SAID.get(action, {})}, names)
        if action in JOINTLY and by == ANYBODY:
            said["unit"] = case[JOINTLY[action]]
        said.pop(without, None)
        return self.edge.post(f"/v1/cases/{case['case_id']}/actions/{action}", said, by, version=case["version"])

    def told(self, case: Facts) -> list[str]:
        return [item["type"] for item in self.edge.timeline(case["case_id"]) if item["version"] > case["version"]]


JOINTLY = {"accept-joint": "asked_unit", "refuse-joint": "asked_unit", "finish-joint": "agreed_unit"}
ANYBODY = replace(SUBMITTER, id="party")
"""Who acts for every unit, so that the state alone decides."""


def matter_of(procedure: str) -> Matter:
    kind, category, _ = MATTERS[procedure]
    source = "12345" if procedure == "hotline" else ""
    return Matter(procedure, "", "", kind, category, "assigned", procedure == "petition", source)


@pytest.fixture(scope="module", params=PROCEDURES)
def tried(request: pytest.FixtureRequest, deployment: Edge) -> Tried:
    return Tried(deployment, request.param)


@pytest.fixture(autouse=True)
def as_laid(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "tried" in request.fixturenames:
        request.getfixturevalue("tried").laid.restore()


def allowed(tried: Tried, name: str) -> set[str]:
    """What the table lets anybody do to the case that came this way: in its state, with what it has."""
    case = tried.edge.case(tried.cases[name]["case_id"])
    joint, has = (
        {each["state"] for each in case["joint"]},
        {
            "category and area are known": case["category"] and case["area"],
            "a unit returned it, to which it goes again": case["state"] == "returned",
            "the clock resolve runs, and no extension is asked for": not case["extension"],
            "an extension is asked for": case["extension"],
        },
    )
    its_window = case["state"] != "closed" or case["outcome"] == "answered"
    has["its day was not noted yet; of one that is closed, that its window closed it"] = its_window
    has["of one that is closed, that this window closed it"] = its_window
    decider = (case["petition"] or {}).get("decider")
    has["a joint unit refused, and nobody was asked to decide"] = "refused" in joint and not decider
    has["the superior was asked"] = decider
    has["no superior is to decide who leads"] = not decider
    has["a unit is asked and has not answered"] = "asked" in joint
    has["a unit agreed to act jointly"] = "accepted" in joint
    has |= of_a_table(case)
    links = case["links"] or {"offers": [], "absorbed": []}
    has["nobody else told of it"] = len(case["reports"]) == 1
    has["something is offered as the same matter"] = bool(links["offers"])
    has["it sleeps, or another sleeps in it"] = bool(links["absorbed"])
    has["it has more than one report of its own"] = len(case["reports"]) > 1 and not links["absorbed"]
    in_state = TABLE["procedures"][tried.procedure]["states"][case["state"]]["actions"]
    held = {"resolve"} if has["a mediation is open"] else set()  # it is not answered while it is mediated
    return {action for action in in_state if has.get(ACTIONS[action].get("only_if"), True)} - held


def of_a_table(case: dict[str, Any]) -> dict[str, bool]:
    """What a case has by its mediation and whom of the pool was asked."""
    known, states = case["mediation"] or {}, {each["state"] for each in case["invited"]}
    is_open, consents = known.get("state") == "opened", known.get("consents", [])
    court = known.get("confirmation")
    return {
        "somebody of the pool was asked to it": bool(states - {"avoids", "took-part"}),
        "somebody of the pool is coming to it": bool(states & {"coming", "took-part"}),
        "no mediation of it is open": not is_open,
        "a mediation is open": is_open,
        "a mediation is open that not both sides consented to": is_open and len(consents) < 2,
        "a mediation is open that a side consented to": is_open and bool(consents),
        "a mediation is open that both sides consented to": is_open and len(consents) == 2,
        "a session of the open mediation was held": is_open and known["sessions"] > 0,
        "an agreement is to be performed": known.get("state") == "agreed",
        "there is an agreement that no court was asked to confirm": bool(known.get("effective_on")) and not court,
        "a court was asked to confirm and has not taken it up": court == "applied",
        "a court was asked to confirm and has not ruled": court in ("applied", "accepted"),
    }


def party(tried: Tried, name: str, action: str, actor: str) -> StaffMember | None:
    """Somebody who is such an actor of an action and of the unit that it takes; None where the case has none."""
    case, confidential = tried.cases[name], tried.matter.confidential
    if actor == "submitter":
        told = not tried.matter.source and (name != "screening" or not MATTERS[tried.procedure][2])
        role = "petition-office" if confidential else "grid-worker"
        return StaffMember(SUBMITTER.id, role, OTHER, (FOREIGN,)) if told else None
    if actor == "visitor":
        return StaffMember("party", "grid-worker", OTHER, (COMMUNITY,))
    if actor in ("screening", "approver", "superior"):
        desk = case[{"approver": "approver", "superior": "decider"}.get(actor, "desk")]
        role = {LINKAGE_CENTRE: "linkage-centre", PETITION_OFFICE: "petition-office"}.get(desk, "station")
        role = "unit-head" if confidential and actor == "approver" else role
        return StaffMember("party", role, desk, (COMMUNITY,))
    unit = case[JOINTLY[action]] if actor == "joint" else case["lead"]
    if unit is None:
        return None
    return StaffMember("party", "petition-office" if unit == PETITION_OFFICE else "department", unit, ("320302",))


def stranger(by: StaffMember, case: Facts) -> StaffMember:
    """Who is of the same role and of no unit that has to do with the case; who walks the cell, of the desk's own."""
    if by.role == "grid-worker" and COMMUNITY in by.areas:
        return replace(by, areas=(FOREIGN,))
    if by.role == "grid-worker":
        return replace(by, id="party", unit=case["desk"], areas=(COMMUNITY,))
    return replace(by, id="party", unit=OTHER)


def test_what_a_state_does_not_allow_is_refused_and_changes_nothing(tried: Tried) -> None:
    for name, case in tried.cases.items():
        open_to_all = sorted(allowed(tried, name))
        assert sorted(tried.edge.case(case["case_id"])["allowed_actions"]) == open_to_all, name
        for action in set(ACTIONS) - set(open_to_all):
            answer = tried.ask(case, action, ANYBODY)
            held = action == "resolve" and name in ("mediation-open", "mediated")
            code = "mediation-open" if held and tried.procedure == "dispute" else "action-not-allowed"
            assert (answer.status, answer.code) == (409, code), (name, action, answer.body)
            said = sorted(answer.body["allowed_actions"]), answer.body["state"]
            assert said == (open_to_all, case["state"]), (name, action)
    assert tried.laid.changes() == []


def test_what_a_state_allows_each_of_its_actors_does_and_nobody_else(tried: Tried) -> None:
    rows = actions_in(tried.procedure)
    for name, case in tried.cases.items():
        for action in allowed(tried, name):
            for actor in rows[action]["actors"]:
                by = party(tried, name, action, actor)
                if by is None:
                    continue
                assert by.role in rows[action]["roles"]
                refused = tried.ask(case, action, stranger(by, case))
                assert refused.status in (403, 404), (name, action, refused.body)
                assert tried.laid.changes() == [], (name, action)
                done(tried, name, action, by)


def done(tried: Tried, name: str, action: str, by: StaffMember) -> None:
    """Somebody does it, and what follows is what the table says."""
    case, row = tried.cases[name], actions_in(tried.procedure)[action]
    answer = tried.ask(case, action, by)
    if tried.matter.confidential and by.unit == LINKAGE_CENTRE and case["state"] in ("resolved", "closed"):
        assert answer.status == 404, (name, action)  # what is no longer on its desk the linkage centre does not see
        return
    if tried.matter.confidential and action == "merge" and by.unit not in (LINKAGE_CENTRE, "petition-office"):
        assert (answer.status, answer.code) == (422, "unknown-case"), (name, answer.body)
        return  # a body that one petition is entrusted to does not see the others
    assert answer.status == 200, (name, action, answer.body)
    assert (answer.body["state"], answer.version) == (row.get("to", case["state"]), case["version"] + 1), (name, action)
    visited = tried.edge.policy.categories[case["category"]].visit_after is not None
    told = tried.told(case)
    if tried.procedure == "petition":  # whether its card changes too depends on more than its state
        told = [event for event in told if f"{event}?" not in row["events"]]
    assert told == [event.rstrip("?") for event in row["events"] if visited or event[-1] != "?"]
    if row.get("to") == "closed" and action != "evaluate":
        assert answer.body["outcome"] == row["outcome"]
    tried.laid.restore()


def test_what_the_table_requires_must_be_said(tried: Tried) -> None:
    for name, case in tried.cases.items():
        known = tried.edge.case(case["case_id"])
        for action in allowed(tried, name):
            row = actions_in(tried.procedure)[action]
            unless = [each for each in row.get("requires_unless_known", []) if not known[each]]
            for said in [*row["requires"], *unless]:
                answer = tried.ask(case, action, ANYBODY, without=said)
                asked = (answer.status, answer.code, answer.field)
                assert asked == (422, "field-required", said), (name, action, answer.body)
    assert tried.laid.changes() == []


def test_what_may_be_done_within_a_window_is_refused_after_it(tried: Tried) -> None:
    at = tried.edge.clock.now()
    try:
        tried.edge.clock.forward(days=60)  # beyond the window, and what was sent in it may be entered no more
        for name, case in tried.cases.items():
            late = {action for action in allowed(tried, name) if ACTIONS[action].get("within")}
            assert not late & set(tried.edge.case(case["case_id"])["allowed_actions"])
            for action in late:
                answer = tried.ask(case, action, ANYBODY)
                assert (answer.status, answer.code) == (409, "window-over"), (name, action, answer.body)
        assert tried.laid.changes() == []
    finally:
        tried.edge.clock.at = at


@pytest.mark.parametrize("said", EVALUATIONS)
def test_what_is_said_of_an_answer_leads_where_the_table_says(tried: Tried, said: str) -> None:
    if "resolved" not in tried.cases:
        return
    case, row = tried.cases["resolved"], EVALUATIONS[said]
    answer = tried.edge.act(case["case_id"], "evaluate", ANYBODY, outcome=said)
    assert (answer.status, answer.body["state"], answer.body["outcome"]) == (200, row["to"], row.get("outcome"))
    assert tried.told(case) == row["events"]


@pytest.mark.parametrize("name", VISITS)
def test_a_visits_result_leads_where_the_table_says(tried: Tried, name: str) -> None:
    if "resolved" not in tried.cases:
        return
    row, case = VISITS[name], dict(tried.cases["resolved"])
    if case["visit_id"] is None:
        assert tried.edge.policy.categories[case["category"]].visit_after is None
        return
    if name == "not-home-last":
        tried.edge.visit(case["case_id"], "not-home", ANYBODY)
        case["version"] += 1
    answer = tried.edge.visit(case["case_id"], name.removesuffix("-last"), ANYBODY, note="看过了")
    assert (answer.status, answer.body["state"], answer.body["outcome"]) == (200, row["to"], row.get("outcome"))
    assert tried.told(case) == row["events"]


def test_a_visit_is_recorded_only_while_the_case_waits_for_it(tried: Tried) -> None:
    for name, case in tried.cases.items():
        if case["visit_id"] is None or case["state"] == "resolved":
            continue
        path = f"/v1/visits/{case['visit_id']}/result"
        answer = tried.edge.post(path, {"outcome": "satisfied"}, ANYBODY, version=case["version"])
        assert (answer.status, answer.code) == (409, "action-not-allowed"), name
    assert tried.laid.changes() == []


def test_a_petition_is_seen_and_handled_by_the_petition_office_and_hidden_from_who_it_may_accuse(edge: Edge) -> None:
    category = next(c.id for c in edge.policy.categories.values() if c.kind == "petition")
    receipt = edge.report(ADMIN, text="反映一件事", category=category)
    assert receipt["unit"]["id"] == "petition-office"
    for by in (WORKER, STATION, LINKAGE, officer_of("urban-management")):
        assert edge.get(f"/v1/cases/{receipt['case_id']}", by).status == 404
        assert edge.get(f"/v1/cases/{receipt['case_id']}/timeline", by).status == 404
        assert edge.get(f"/v1/reports/{receipt['report_id']}", by).status == 404
    office = StaffMember("p1", "petition-office", "petition-office", ("320302",))
    assert edge.act(receipt["case_id"], "petition-register", office, people=1).status == 200
    assert edge.get("/v1/units/petition-office/queue", LINKAGE).body["items"] == []


def let_time_pass(edge: Edge, **duration: float) -> None:
    """Time goes on, and all that it brings is done."""
    edge.clock.forward(**duration)
    edge.invoke("sweep", {})
    assert edge.deliver("due", edge.take_from("Due")) == []


def test_what_time_alone_brings_is_what_the_table_says(edge: Edge) -> None:
    """A clock warns and runs out, level by level; a visit falls due, and what nobody visits closes."""
    rows, case_id = TABLE["by_itself"], edge.report(ADMIN, category="street-light")["case_id"]

    def told() -> list[str]:
        return [item["type"] for item in edge.timeline(case_id)]

    def brings(row: str, **duration: float) -> None:
        before = len(told())
        let_time_pass(edge, **duration)
        case, asked = edge.case(case_id), rows[row]
        may = [event[:-1] for event in asked["events"] if event[-1] == "?"]
        assert [event for event in told()[before:] if event not in may] == [e for e in asked["events"] if e[-1] != "?"]
        assert (case["state"], case["outcome"]) == (asked.get("to", "accepted"), asked.get("outcome"))

    assert told() == rows["report-placed-and-classified"]["events"]
    edge.act(case_id, "accept", ADMIN)
    brings("clock-warns", days=2.5)
    brings("clock-runs-out", hours=13)
    edge.act(case_id, "resolve", ADMIN, note="已更换灯具")
    brings("visit-falls-due", days=1)
    brings("closing-time-comes", days=7)


def test_what_is_late_at_a_community_is_told_to_the_street_and_then_to_the_district(edge: Edge) -> None:
    case_id = edge.report(ADMIN, category="corridor-clutter")["case_id"]
    edge.act(case_id, "accept", ADMIN)
    steps = []
    for _ in range(4):
        let_time_pass(edge, days=2, hours=1)
        steps += [each["data"] for each in edge.timeline(case_id) if each["type"] == "clock.breached.v1"][len(steps) :]
    assert [(each["step"], each["escalated_to"]) for each in steps] == [
        (1, f"centre-{COMMUNITY[:9]}"),
        (2, LINKAGE_CENTRE),
    ]


def test_nobody_grants_himself_more_time(edge: Edge) -> None:
    case_id = edge.report(ADMIN, category="street-light")["case_id"]
    edge.act(case_id, "accept", ADMIN)
    edge.act(case_id, "request-extension", ADMIN, until="2026-11-27", reason="等配件")
    answer = edge.act(case_id, "approve-extension", ADMIN)
    assert (answer.status, answer.code) == (403, "own-request")


def test_nothing_is_escalated_beyond_the_district(edge: Edge) -> None:
    case_id = edge.report(ADMIN, category="street-light")["case_id"]
    for action in ("accept", "escalate", "accept"):
        assert edge.act(case_id, action, ADMIN, reason="需区级协调").status == 200
    answer = edge.act(case_id, "escalate", ADMIN, reason="还要上报")
    assert (answer.status, answer.code) == (409, "escalation-beyond-district")


@pytest.mark.parametrize("reason", [" ", "\u3000\n", ""])
def test_a_reason_of_one_space_is_none(edge: Edge, reason: str) -> None:
    case_id = edge.report(ADMIN, category="street-light")["case_id"]
    edge.act(case_id, "accept", ADMIN)
    answer = edge.act(case_id, "escalate", ADMIN, reason=reason)
    assert (answer.status, answer.code, answer.field) == (422, "field-required", "reason")
