"""The matters of `docs/contract/permissions.yaml` as cases of a deployment, and how its routes are asked about them.

A route that needs another thing than a case to be there adds its facts in `Matters.facts`.
"""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from chalicelib import bootstrap
from chalicelib.domain.audit import BY_ITSELF, Origin
from chalicelib.domain.events import SYSTEM
from chalicelib.domain.grid import Area
from chalicelib.domain.people import StaffMember
from chalicelib.domain.procedure import Circumstances
from chalicelib.domain.rounds import plan
from infra.permission_rules import Cell, Matter, Place, Route, matters, routes
from tests.contract.documents import operations, resolved
from tests.integration.edge import Edge
from tests.integration.gateway import Answer
from tests.world import CELL, COMMUNITY

FOREIGN = "320302002001"
PLANNED_IMPORT = "8b0e5c1f7a2d4e6b9c3f1a2b4d5e6f70"
OTHER, LINKAGE_CENTRE = "health", "linkage-centre"
SUBMITTER = StaffMember("me", "administrator", LINKAGE_CENTRE, ("320302",))
_UNTIL_VISITS_ARE_DUE = {"days": 3}

Facts = dict[str, Any]


class Matters:
    """Every matter in every state that some route is tried in. `restore` undoes what a request has changed."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._facts: dict[tuple[str, str], Facts] = {}
        self._due = False
        self._plan_rounds()
        wanted = {(name, route.state or matters()[name].state) for route in routes() for name in route.matters}
        for matter, state in sorted(wanted, key=lambda each: each[1] != "resolved"):
            if state != "resolved" and not self._due:
                self._let_visits_fall_due()
            self._facts[matter, state] = self._case(matters()[matter], state)
        edge.reference.put_item(Item=_planned_import())
        self._kept = [copy.deepcopy(table.items) for table in edge._written()]

    def facts(self, route: Route, matter: Matter | None) -> Facts:
        """What {names} of a route stand for."""
        general = {
            **{"now": self._edge.clock.now().isoformat(), "cell": CELL, "community": COMMUNITY, "code": CELL},
            "import_id": PLANNED_IMPORT,
        }
        general["beat_id"] = _BEAT
        if matter is None:
            return general
        return general | self._facts[matter.id, route.state or matter.state]

    def ask(self, cell: Cell) -> Answer:
        """Ask as the cell says."""
        facts = self.facts(cell.route, cell.matter)
        return self.asked(cell.route, facts, somebody(cell.role.id, cell.place, facts, cell.route.turn))

    def asked(self, route: Route, facts: Facts, by: StaffMember | None) -> Answer:
        method, path = route.route.split(" ")
        query = {name: value.format_map(facts) for name, value in route.query.items()}
        if method == "GET":
            return self._edge.get(path.format_map(facts), by, **query)
        version = facts["version"] if _needs_version(path) else None
        return self._edge.post(path.format_map(facts), _filled(route.body, facts), by, version=version)

    def restore(self) -> None:
        for table, items in zip(self._edge._written(), self._kept, strict=True):
            table.items = copy.deepcopy(items)

    def changed(self) -> bool:
        """Whether there is a row that was not there, or a case that is not as it was; to be noted is no change."""
        return any(
            _versions(table.items) != _versions(items)
            for table, items in zip(self._edge._written(), self._kept, strict=True)
        )

    def _case(self, matter: Matter, state: str) -> Facts:
        edge, key = self._edge, str(uuid4())
        picture = edge.post("/v1/attachments", {"content_type": "image/jpeg", "bytes": 44}, SUBMITTER).body
        said = {"text": "想咨询一下"} if matter.kind is None else {"category": matter.category}
        body = {**edge.a_report(), **said, "media": [picture["attachment_id"]], "reporter": _REPORTER}
        receipt = edge.post("/v1/reports", body, SUBMITTER, key=key).body
        for action in {
            "accepted": ["accept"],
            "resolved": ["accept", "resolve"],
            "reopen-requested": ["accept", "resolve"],
            "screening": ["return"] if matter.kind else [],
        }.get(state, []):
            edge.act(receipt["case_id"], action, SUBMITTER, **{"resolve": {"note": "好了"}}.get(action, _REASON))
        if state == "reopen-requested":
            edge.visit(receipt["case_id"], "dissatisfied", SUBMITTER)
        case = edge.case(receipt["case_id"])
        assert (case["state"], case["kind"]) == (state, matter.kind), case
        return {
            "case_id": case["case_id"],
            "report_id": receipt["report_id"],
            "tracking_code": case["tracking_code"],
            "message_id": f"{SUBMITTER.id}:{key}",
            "attachment_id": picture["attachment_id"],
            "unit_id": case["unit"]["id"],
            "lead": case["lead_unit"]["id"] if case["lead_unit"] else None,
            "desk": LINKAGE_CENTRE if matter.confidential else f"centre-{COMMUNITY}",
            "visit_id": case["visits"][-1]["visit_id"] if case["visits"] else None,
            "category": matter.category,
            "version": case["version"],
        }

    def _plan_rounds(self) -> None:
        """The cell is walked by whoever asks, as its information officer."""
        contact = {"staff_id": "somebody", "phone": "+8619900000099", "email": "somebody@gulou.example"}
        row = {"pk": f"AREA#{CELL}", "sk": "POST#information-officer#somebody", **contact, "from": "2026-01-01"}
        self._edge.reference.put_item(Item=row)
        around = Circumstances(SYSTEM, self._edge.clock.now(), self._edge.policy, "r", "plan")
        change = plan(
            None, Area(CELL, ("鼓楼区", "黄楼街道", "万通社区", "万通花园", "万通社区第1网格")), _POST, around
        )
        assert change is not None
        bootstrap.patrolling()._store.save(change, None, Origin(SYSTEM, BY_ITSELF, "r"))

    def _let_visits_fall_due(self) -> None:
        edge, self._due = self._edge, True
        edge.clock.forward(**_UNTIL_VISITS_ARE_DUE)
        edge.invoke("sweep", {})
        assert edge.deliver("due", edge.take_from("Due")) == []
        for facts in self._facts.values():
            case = edge.case(facts["case_id"])
            assert case["visits"][-1]["state"] == "due", case
            facts["version"] = case["version"]


def _planned_import() -> dict[str, Any]:
    plan = {
        "good": True,
        "empty": True,
        "version": None,
        "from": None,
        "waits_for": None,
        "encodings": {},
        "counts": {},
    }
    said = zlib.compress(json.dumps({**plan, "changes": [], "faults": [], "ground": []}).encode())
    row = {"state": "planned", "at": "2026-11-22T00:03:12+00:00", "plan": said, "sha256": ""}
    return {"pk": f"IMPORT#{PLANNED_IMPORT}", "sk": "IMPORT", **row}


_POST = "information-officer"
_BEAT = f"{CELL}.{_POST}"
_REASON = {"reason": "不属于我单位"}
_REPORTER = {"name": "王伟", "phone": "13800000000"}


def somebody(role: str, place: Place, facts: Mapping[str, Any], turn: str) -> StaffMember:
    """Somebody of a role who asks from such a place."""
    own = facts.get("desk") if turn == "screening" else facts.get("unit_id", OTHER)
    unit = {"turn": own, "linkage": LINKAGE_CENTRE, "other": OTHER}[place.unit]
    area = COMMUNITY if place.area == "own" else FOREIGN
    return StaffMember(SUBMITTER.id if place.reported else "somebody", role, str(unit), (area,))


def _filled(body: Any, facts: Facts) -> Any:
    if isinstance(body, Mapping):
        return {name: _filled(value, facts) for name, value in body.items()}
    return body.format_map(facts) if isinstance(body, str) else body


def _versions(items: Mapping[Any, Mapping[Any, Any]]) -> dict[tuple[str, str], Any]:
    """The version of every row that is no entry of the audit."""
    return {
        (str(pk), str(sk)): _version(item)
        for pk, rows in items.items()
        for sk, item in rows.items()
        if item.attrs["pk"].value.partition("#")[0] != "AUDIT"
    }


def _version(item: Any) -> Any:
    return item.attrs["version"].value if "version" in item.attrs else None


def _needs_version(path: str) -> bool:
    """Whether the contract wants the case's version with a command."""
    wanted = path.split("/")
    for method, described, operation in operations():
        parts = described.split("/")
        same = all(p == w or p.startswith("{") for p, w in zip(parts, wanted, strict=False))
        if method == "POST" and same and len(parts) == len(wanted):
            return any(resolved(each)["name"] == "If-Match" for each in operation.get("parameters", []))
    raise LookupError(path)
