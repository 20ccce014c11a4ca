"""What the system must do, one scenario each, as `tests/e2e` and `infra.least_privilege` both ask it to.

A scenario makes its own cases, raises Missed when something does not come about, and needs no other to have run.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import requests

from chalicelib.policy.loader import policy_from, version_of
from infra.day.district import District, Missed, Resident, answered
from infra.day.ledger import beat_timeline
from infra.day.standing import SAMPLE
from infra.operator import Operator
from infra.policy.stage import Stage
from infra.republish import republish
from infra.samples.pictures import picture

CATEGORY, LEAD = "missing-manhole-cover", "urban-management"
UNVISITED, UNVISITED_LEAD = "public-toilet", "urban-management"
UNVISITED_JOINTLY = "fighting"
_NOT_A_PICTURE = b"%PDF-1.7 not what was announced"
Case = dict[str, Any]


# --- staff and gateway


def staff_are_known(district: District) -> None:
    """A token of who works here is let in; another's, a forged one and none are kept out at the gateway."""
    path = "/v1/cases"
    query = {"tracking_code": "00000000"}
    for token, status, code in (
        (district.fresh_token("gl0001"), 404, "not-found"),
        (district.fresh_token("nobody-here"), 403, "forbidden"),
        (f"{district.fresh_token('gl0001')}x", 401, "unauthorized"),
        (None, 401, "unauthorized"),
    ):
        problem = answered(district.caller.get(path, token, **query), status)
        if problem["code"] != code:
            raise Missed(f"{status} says {problem['code']}, not {code}")


# --- telling


def a_report_with_pictures(district: District) -> None:
    """Pictures come before and after their report; what is no picture is refused, the others can be read."""
    contents = [picture(uuid4().hex), picture(uuid4().hex), _NOT_A_PICTURE]
    before, after, wrong = (_announced(district, content) for content in contents)
    _uploaded(district, before, contents[0])
    district.report(media=[form["attachment_id"] for form in (before, after, wrong)])
    _uploaded(district, after, contents[1])
    _uploaded(district, wrong, contents[2])
    for form, content in zip((before, after), contents, strict=False):
        seen = _arrived(district, form)
        if seen["state"] != "arrived" or requests.get(seen["url"], timeout=10).content != content:
            raise Missed(f"a picture cannot be read: {seen['state']}")
    seen = _arrived(district, wrong)
    if (seen["state"], seen["reason"], seen["url"]) != ("refused", "not-the-announced-type", None):
        raise Missed(f"a picture that is none: {seen}")


def _announced(district: District, content: bytes) -> dict[str, Any]:
    announced = {"content_type": "image/jpeg", "bytes": len(content)}
    token = district.system.token_of_cell(district.places[0]["area"])
    return answered(district.caller.post("/v1/attachments", announced, token, {"Idempotency-Key": str(uuid4())}), 201)


def _uploaded(district: District, form: dict[str, Any], content: bytes) -> None:
    answer = district.caller.upload(form, content)
    if not answer.ok:
        raise Missed(f"the upload was answered {answer.status_code} {answer.text[:300]}")


def _arrived(district: District, form: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        token = district.system.token_of_cell(district.places[0]["area"])
        seen = answered(district.caller.get(f"/v1/attachments/{form['attachment_id']}", token))
        return seen if seen["state"] != "expected" else None

    return district.until(look, "the arrival of a picture was not noticed")


def texts_open_and_join(district: District) -> Case:
    """A text opens a case, its sender gets the code; the next one joins it; both are told of."""
    resident = district.resident()
    opened = district.text(resident, "路灯不亮,晚上看不见路")
    if opened["state"] != "screening" or opened["unit"]["id"] != "linkage-centre":
        raise Missed(f"a text without a place lies at {opened['unit']['id']}, {opened['state']}")
    joined = district.text(resident, "就在菜市场东门")
    if joined["case_id"] != opened["case_id"] or len(joined["reports"]) != 2:
        raise Missed("the second text of a phone did not join the first")
    district.told(opened["case_id"])
    first, second = district.sent_to(resident)
    if opened["tracking_code"] not in first or opened["tracking_code"] not in second:
        raise Missed(f"the sender was told {first!r}, {second!r}")
    return joined


def an_order_of_the_hotline(district: District) -> Case:
    """A signed work order is a case; sent again it is the same; its unit is told."""
    resident, order_no = district.resident(), f"E2E{uuid4().hex[:12]}"
    body = json.dumps(district.order_body(resident, order_no)).encode()
    first, again = (
        answered(district.caller.post("/hooks/hotline/12345", body, headers=district.signature(body))) for _ in range(2)
    )
    if first != again:
        raise Missed(f"the same order was answered {first}, then {again}")
    district.phones[first["report_id"]] = resident.international
    district.told(first["case_id"])
    return first


def a_report_by_the_sign_of_a_cell(district: District) -> Case:
    """The notice of a cell names who answers for it; what is told on its form is a case there, and is answered."""
    resident, code = district.resident(), district.places[1]["area"]
    sign = f"/v1/public/areas/{code}"
    notice = answered(district.caller.get(f"{sign}/notice"))
    officers = next(post for post in notice["posts"] if post["post"] == "information-officer")
    if notice["area"]["code"] != code or not (officers["holders"] or officers["stands_in"]):
        raise Missed(f"the notice of {code} names {officers}")
    if notice["report_url"] != f"{district.system.api}{sign}/report":
        raise Missed(f"the QR code leads to {notice['report_url']}")
    printed = district.caller.get(f"{sign}/notice.html")
    if not printed.ok or notice["area"]["name"] not in printed.text or "<svg" not in printed.text:
        raise Missed(f"the page to print was answered {printed.status_code} {printed.text[:200]}")
    page = district.caller.get(f"{sign}/report").text
    form, key = (re.findall(f'data-{name}="([^"]+)"', page) for name in ("form", "key"))
    if not form or not key:
        raise Missed(f"the report form is {page[:200]}")
    said = {"form": form[0], "text": "十九号楼前井盖缺失", "name": resident.name, "phone": resident.phone}
    first, again = (
        answered(district.caller.post("/v1/public/reports", said, headers={"Idempotency-Key": key[0]}), 201)
        for _ in range(2)
    )
    if first != again:
        raise Missed(f"the same report was answered {first}, then {again}")
    case = answered(district.caller.get("/v1/cases", district.administrator, source="web", message_id=key[0]))
    if (case["area"]["code"], case["tracking_code"]) != (code, first["tracking_code"]):
        raise Missed(f"a report from {code} is {case}")
    district.phones[case["reports"][0]] = resident.international
    district.told(case["case_id"])
    if not any(first["tracking_code"] in text for text in district.sent_to(resident)):
        raise Missed(f"the sender was told {district.sent_to(resident)}")
    return case


# --- acting


def a_case_is_returned_and_settled(district: District) -> Case:
    """Reported, returned, given again, resolved, verified; everybody told each time, the reporter answered."""
    resident = district.resident()
    receipt = district.report(resident=resident, category=CATEGORY)
    case = district.case(receipt["case_id"])
    station = district.places[0]["station"]
    if case["unit"]["id"] != LEAD or station not in [unit["id"] for unit in case["joint_units"]]:
        raise Missed(f"led by {case['unit']['id']}, with {case['joint_units']}")
    case = district.act(case, "return", LEAD, reason="不属于本单位职责范围。")
    if (case["state"], case["unit"]["id"]) != ("returned", station):
        raise Missed(f"returned to {case['unit']['id']}, {case['state']}")
    case = district.act(case, "classify", station, category=CATEGORY)
    case = settled(district, case, LEAD)
    district.told(case["case_id"])
    answer = district.sent_to(resident)[-1]
    if case["tracking_code"] not in answer or "办结" not in answer:
        raise Missed(f"the reporter was answered {answer!r}")
    return case


def settled(district: District, case: Case, unit: str) -> Case:
    """The unit accepts the case and resolves it; a hazard with a picture, which the desk then verifies."""
    done, case = {"note": "已现场处理完毕。"}, district.act(case, "accept", unit)
    if case["procedure"] != "hazard":
        return district.act(case, "resolve", unit, **done)
    case = district.act(case, "resolve", unit, **done, media=[district.picture(unit)])
    return district.act(case, "verify", case["unit"]["id"])


def resolved_case(district: District, category: str = CATEGORY, resident: Resident | None = None) -> Case:
    receipt = district.report(resident=resident, category=category)
    return settled(district, district.case(receipt["case_id"]), LEAD)


# --- what time brings


def a_visit_falls_due(district: District, case: Case | None = None) -> Case:
    """Swept when its time has come; the information officer of the cell is told."""
    case = case or resolved_case(district)
    await_time_of_visit(district, case)
    district.sweep()
    return visit_told(district, case)


def time_changes_a_case_of_an_earlier_version(district: District) -> None:
    """A case goes by the version it carries, though another is in force; what happens to it says so."""
    stood = district.standing
    stage = Stage(stood.deployed.stage, stood.cloud.region, stood.cloud.endpoint, stood.deployed.outputs)
    in_force = stage.current.version
    pack = {**json.loads(stage.kept.compiled(in_force) or b"{}"), "zh": "从前"}
    pack["version"] = version_of(pack)
    stage.kept.keep(pack["version"], json.dumps(pack, ensure_ascii=False).encode(), datetime.now(UTC))
    case = resolved_case(district)
    stage.migrating.migrate(case["case_id"], policy_from(pack), stage.by)
    a_visit_falls_due(district, case)
    (due,) = (event for event in district.timeline(case["case_id"]) if event["type"] == "visit.due.v1")
    if due["policy_version"] != pack["version"]:
        raise Missed(f"a case of {pack['version']} went by {due['policy_version']}")


def a_case_closes_though_joint_work_is_open(district: District) -> Case:
    """What a joint unit was asked for leaves its queue when time closes the case, and the case says that it is open."""
    receipt = district.report(category=UNVISITED_JOINTLY)
    case = settled(district, district.case(receipt["case_id"]), receipt["unit"]["id"])
    (joint,) = [unit["id"] for unit in case["joint_units"]]
    district.until(lambda: _closed_by_time(district, case["case_id"]), "the case did not close by itself")
    told = next(event for event in district.timeline(case["case_id"]) if event["type"] == "case.closed.v1")
    if told["data"]["open_joint"] != [joint]:
        raise Missed(f"joint work left open is told as {told['data']}")
    queue = answered(district.caller.get(f"/v1/units/{joint}/queue", district.system.token_of_unit(joint), limit="100"))
    if case["case_id"] in [item["case_id"] for item in queue["items"]]:
        raise Missed("a closed case still waits at a joint unit")
    return case


def await_time_of_visit(district: District, case: Case) -> None:
    due_at = datetime.fromisoformat(district.case(case["case_id"])["visits"][-1]["due_at"])
    district.until(lambda: datetime.now(UTC) >= due_at, f"{due_at} has not come")


def visit_told(district: District, case: Case) -> Case:
    district.until(
        lambda: district.case(case["case_id"])["visits"][-1]["state"] == "due",
        "no visit fell due, though its time came",
    )
    district.told(case["case_id"])
    return district.case(case["case_id"])


# --- rounds


def an_area_is_walked(district: District, place: int = 1) -> None:
    """Who holds the post checks in and sees it; another may not, and from elsewhere nobody."""
    with district.planned(place) as beat_id:
        walked = answered(district.check_in(place, beat_id))
        if walked["last_walked_at"] is None:
            raise Missed(f"after a check-in the beat is {walked}")
        stranger = district.system.token_of_cell(district.places[0]["area"])
        for answer, status in (
            (district.check_in(place, beat_id, stranger), 404),
            (district.check_in(0, beat_id, district.system.token_of_cell(district.places[place]["area"])), 422),
        ):
            answered(answer, status)
        area = beat_id.partition(".")[0]
        figures = answered(district.caller.get(f"/v1/areas/{area}/patrols", district.administrator))
        if [item["beat_id"] for item in figures["items"]] != [beat_id]:
            raise Missed(f"{area} has the beats {figures['items']}")
    district.rounds_told(beat_id)


def a_round_that_nobody_walks(district: District, place: int = 2) -> None:
    """The holder is reminded when it ends; when it can no longer be made good its leader is told by SMS and e-mail."""

    def swept_until(event_type: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            district.sweep()
            events = beat_timeline(district.caller, district.administrator, beat_id)
            return next((event for event in events if event["type"] == event_type), None)

        return district.until(look, f"no {event_type}, though its time came")

    with district.planned(place) as beat_id:
        swept_until("patrol.overdue.v1")
        swept_until("patrol.missed.v1")
    district.rounds_told(beat_id)
    if district.beat(beat_id)["figures"]["missed"] < 1:
        raise Missed("the figures tell of no missed round")


# --- figures


def figures_tell_of_a_case(district: District) -> None:
    """What happens to a case is counted in its community, its street and the district; once, though it comes again."""
    before = _counted(district, 3)
    case_id = district.report(3, category=CATEGORY)["case_id"]
    district.act(district.case(case_id), "accept", LEAD)
    once = {"opened": 1, "assigned": 1, "resolved": 0, "closed": 0, "open_now": 1}

    def counted() -> bool:
        community, *above = (
            {name: now[name] - then[name] for name in once}
            for now, then in zip(_counted(district, 3), before, strict=True)
        )
        return community == once and all(each["opened"] >= 1 for each in above)

    district.until(counted, "what happened to a case was not counted")
    outputs = district.system.outputs
    tables = outputs["CasesTable"], outputs["EventsTopicArn"]
    with district.held("figures"):
        for _ in range(2):
            republish(district.client, district.standing.deployed.stage, *tables, case_id=case_id)
    district.drained("figures")
    if not counted():
        raise Missed("events that came again were counted again")


def _counted(district: District, place: int) -> list[dict[str, Any]]:
    """The counts of hazards in a place's community, its street and the district, whatever the month it is."""
    area, found, now = district.places[place]["area"], [], datetime.now(UTC)
    months = {"from": f"{now - timedelta(days=1):%Y-%m}", "to": f"{now + timedelta(days=1):%Y-%m}"}
    for code in (area[:12], area[:9], area[:6]):
        figures = answered(district.caller.get(f"/v1/areas/{code}/figures", district.administrator, **months))
        of_kind = [each["counts"] for each in figures["kinds"] if (each["kind"] or {}).get("id") == "hazard"]
        found.append(of_kind[0] if of_kind else dict.fromkeys(figures["total"], 0))
    return found


def a_poison_message_to_figures(district: District) -> None:
    standing = {"tracking_code": "00000000", "state": "assigned", "units": [], "urgency": "ordinary", "area": None}
    event = {"id": f"{uuid4().hex}.1.1", "time": "2026-11-22T00:00:00Z", "data": standing}
    poison = {
        f"not json {uuid4()}": "JSONDecodeError",
        json.dumps({**event, "type": "case.reported.v2"}): "UnknownEvent",
        json.dumps({**event, "type": "case.reported.v1"}): "KeyError",
    }
    _poisoned(district, "figures", list(poison))
    _put_aside(district, "figures", poison)


# --- reading


def anybody_may_track(district: District) -> None:
    """Who knows the code learns how things stand, and nothing of persons or places below the community."""
    resident = district.resident()
    receipt = district.report(resident=resident, address="3号楼2单元501室")
    seen = answered(district.caller.get(f"/v1/public/track/{receipt['tracking_code']}"))
    wanted = {"tracking_code", "state", "kind", "category", "community", "updated_at", "steps"}
    if set(seen) != wanted or any(set(step) != {"at", "what"} for step in seen["steps"]):
        raise Missed(f"public tracking tells {sorted(seen)}")
    if seen["community"] != receipt["area"]["path"][2] or seen["state"] != "assigned" or not seen["steps"]:
        raise Missed(f"public tracking tells {seen}")
    told = json.dumps(seen, ensure_ascii=False)
    for secret in (resident.name, resident.phone, "501", receipt["area"]["path"][4], receipt["report_id"]):
        if secret in told:
            raise Missed(f"public tracking tells {secret}")


def a_queue_is_read_in_pages(district: District) -> None:
    """Pages hold every waiting case once, by deadline; a cursor is good for its own list only."""
    token = district.system.token_of_unit("fire-rescue")
    mine = {district.report(place, category="blocked-fire-lane")["case_id"] for place in range(3)}
    path, read, cursor = "/v1/units/fire-rescue/queue", [], None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = answered(district.caller.get(path, token, **query))
        read += page["items"]
        if not page["next"]:
            break
        cursor = page["next"]
    ids = [item["case_id"] for item in read]
    if cursor is None or len(ids) != len(set(ids)) or not mine <= set(ids):
        raise Missed(f"{len(mine - set(ids))} of {len(mine)} cases are missing in {len(ids)} of the queue")
    if [item["due_at"] for item in read] != sorted(item["due_at"] for item in read):
        raise Missed("the queue is not in the order of deadlines")
    for wrong, other in ((f"{cursor[:-2]}zz", path), (cursor, f"/v1/units/{LEAD}/queue")):
        problem = answered(district.caller.get(other, district.administrator, cursor=wrong), 400)
        if problem["code"] != "cursor-invalid":
            raise Missed(f"a wrong cursor is {problem['code']}")


def the_cases_of_a_community_are_viewed(district: District) -> None:
    """A view finds the open cases of its kinds in a community, and what somebody reported, the newest first."""
    told = [district.report(category="blocked-fire-lane")["case_id"] for _ in range(3)]
    area = district.places[0]["area"]
    newest, reporter = sorted(told, reverse=True), district.system.token_of_cell(area)
    for path, token, query in (
        ("/v1/views/hot-spots", district.administrator, {"area": area[:12]}),
        ("/v1/views/hot-spots", reporter, {}),
        ("/v1/views/my-reports", reporter, {}),
    ):
        first = answered(district.caller.get(path, token, limit="2", **query))
        second = answered(district.caller.get(path, token, limit="2", cursor=first["next"], **query))
        found = [item["case_id"] for item in (*first["items"], *second["items"])]
        if found[:3] != newest:
            raise Missed(f"{path} finds {found}, not {newest}")
        problem = answered(district.caller.get("/v1/views/key-work", token, cursor=first["next"], **query), 400)
        if problem["code"] != "cursor-invalid":
            raise Missed(f"a cursor of another view is {problem['code']}")
    problem = answered(district.caller.get("/v1/views/hot-spots", district.administrator, area=area[:9]), 422)
    if problem["code"] != "community-required":
        raise Missed(f"a street is {problem['code']}")


# --- the vault and the audit


def a_reporter_is_released_and_forgotten(district: District) -> Case:
    """Who told is masked, told in clear to the unit that must act, given to the person, and forgotten in the end."""
    resident = district.resident()
    home = {"id_number": "320302190001010010", "address": f"{resident.name}家"}
    receipt = district.report(resident=resident, told_by=home, category=UNVISITED)
    report, case = f"/v1/reports/{receipt['report_id']}", district.case(receipt["case_id"])
    shown = answered(district.caller.get(report, district.administrator))["reporter"]
    if (shown["name"], shown["phone"]) != (f"{resident.name[:2]}**", f"{resident.phone[:3]}****{resident.phone[-4:]}"):
        raise Missed("the report shows its reporter otherwise than masked")
    officer = district.system.token_of_unit(UNVISITED_LEAD)
    told = _said(district, f"{report}/reporter/release", officer, reason="位置不清，需电话核实")["reporter"]
    if (told["name"], told["phone"], told["address"]) != (resident.name, resident.international, home["address"]):
        raise Missed("the officer was told of somebody else")
    asked = {"phone": resident.phone, "reason": "本人申请"}
    kept = _said(district, "/v1/persons/export", district.administrator, **asked)["reports"]
    if [each["report_id"] for each in kept] != [receipt["report_id"]]:
        raise Missed(f"{len(kept)} reports were exported")
    if _said(district, "/v1/persons/erase", district.administrator, **asked)["open_cases"] != [case["case_id"]]:
        raise Missed("an open case does not keep its reporter")
    settled(district, case, UNVISITED_LEAD)
    district.told(case["case_id"])
    district.until(lambda: _closed_by_time(district, case["case_id"]), "the case did not close by itself")
    if _said(district, "/v1/persons/erase", district.administrator, **asked)["reports"] != [receipt["report_id"]]:
        raise Missed("the reporter of a closed case was not forgotten")
    shown = answered(district.caller.get(report, district.administrator))["reporter"]
    if (shown["name"], shown["phone"], shown["contactable"]) != (None, None, False):
        raise Missed(f"the report of who was forgotten shows {shown}")
    return case


def _said(district: District, path: str, token: str, **said: Any) -> dict[str, Any]:
    return answered(district.caller.post(path, said, token, {"Idempotency-Key": str(uuid4())}))


def _closed_by_time(district: District, case_id: str) -> bool:
    district.sweep()
    return bool(district.case(case_id)["state"] == "closed")


def the_audit_is_asked(district: District) -> None:
    """Who read a case stands in the audit: of the case, of the reader, and of the person who told of it."""
    case_id = district.report(resident=district.resident())["case_id"]
    district.case(case_id)
    of_case = _audit(district, case_id=case_id)
    reader = next((entry["reader"] for entry in of_case if entry["what"] == "case.read"), None)
    if reader is None:
        raise Missed("to read a case left no entry")
    if case_id not in {entry["case_id"] for entry in _audit(district, reader=reader)}:
        raise Missed("what somebody read is not found by who it was")
    person = next(entry["person"] for entry in of_case if entry["what"] == "case.reported.v1")
    if {entry["case_id"] for entry in _audit(district, person=person)} != {case_id}:
        raise Missed("what is noted of a person is about another case")


def _audit(district: District, **asked: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answered(district.caller.get("/v1/audit", district.administrator, **asked))["items"]
    return items


def what_is_noted_is_sealed(district: District) -> None:
    """The entries of a case come under a seal, and the chain holds."""
    case_id = district.report()["case_id"]
    district.case(case_id)
    wanted = {entry["request"] for entry in _audit(district, case_id=case_id)}
    stood = district.standing
    operator = Operator(stood.deployed.stage, stood.cloud.region, stood.cloud.endpoint, stood.deployed.outputs)

    def sealed() -> bool:
        under = {(entry.hour, entry.place) for seal, _ in operator.chain.seals(1) for entry in seal.entries}
        rows = [row for hour in {hour for hour, _ in under} for row in operator.log.of_hour(hour)]
        return wanted <= {row["request"] for row in rows if (row["pk"].partition("#")[2], row["sk"]) in under}

    district.until(sealed, "what was noted was not sealed")
    if faults := list(operator.verification.run()):
        raise Missed(f"the seals do not hold: {faults[:3]}")


# --- what goes on behind


def events_published_again(district: District) -> None:
    """Consumers do nothing twice: an event that comes again is done with, and sends nothing."""
    case_id = district.report(resident=district.resident(), category=CATEGORY)["case_id"]
    district.told(case_id)
    outputs = district.system.outputs
    republish(
        district.client,
        district.standing.deployed.stage,
        outputs["CasesTable"],
        outputs["EventsTopicArn"],
        case_id=case_id,
    )
    district.drained("alerts")
    district.told(case_id)


def a_poison_message_to_alerts(district: District) -> None:
    standing = {"tracking_code": "00000000", "state": "assigned", "units": [], "urgency": "ordinary"}
    unknown = {"id": f"{uuid4().hex}.1.1", "type": "case.vanished.v1", "time": "2026-11-22T00:00:00Z", "data": standing}
    poison = {
        f"not json {uuid4()}": "JSONDecodeError",
        json.dumps({"id": uuid4().hex}): "MalformedEvent",
        json.dumps(unknown): "UnknownEvent",
    }
    with district.held("alert"):
        case_id = district.report(category=CATEGORY)["case_id"]
        district.until(lambda: district.lying_in(district.queue_url("alerts")), "the relay published nothing")
        _poisoned(district, "alerts", list(poison))
    _put_aside(district, "alerts", poison)
    district.told(case_id)


def a_poison_message_to_due(district: District) -> None:
    poison = {f"not json {uuid4()}": "JSONDecodeError", json.dumps({"case": uuid4().hex}): "MalformedEvent"}
    case = resolved_case(district)
    await_time_of_visit(district, case)
    with district.held("due"):
        _poisoned(district, "due", list(poison))
        district.sweep()
    _put_aside(district, "due", poison)
    visit_told(district, case)


def a_poison_message_to_attachments(district: District) -> None:
    poison = {
        f"not json {uuid4()}": "JSONDecodeError",
        json.dumps({"Records": [{"s3": uuid4().hex}]}): "MalformedEvent",
    }
    content = picture(uuid4().hex)
    with district.held("attachments"):
        form = _announced(district, content)
        _uploaded(district, form, content)
        _poisoned(district, "attachments", list(poison))
    _put_aside(district, "attachments", poison)
    if (seen := _arrived(district, form))["state"] != "arrived":
        raise Missed(f"a good picture beside poison: {seen}")


def a_network_is_imported_by_the_api(district: District) -> None:
    """What is uploaded is planned, has nothing applied that has a fault, and is applied when that is asked."""
    address = f"示例路{uuid4().hex}"
    refused = _planned(district, _zipped({"units.csv": (address, "没有电话")}))
    if refused["state"] != "refused" or not any(each["column"] == "duty_phone" for each in refused["plan"]["faults"]):
        raise Missed(f"a fault was not found: {refused}")
    if (answer := _applied(district, refused)).status_code != 409:
        raise Missed(f"an import with faults was taken: {answer.status_code}")
    planned = _planned(district, _zipped({"units.csv": (address, "0516-00000001")}))
    if planned["state"] != "planned" or planned["plan"]["counts"].get("units") != {"changed": 1}:
        raise Missed(f"not the plan that was expected: {planned['state']} {planned['plan']['counts']}")
    answered(_applied(district, planned), 202)

    def applied() -> dict[str, Any] | None:
        seen = _import_seen(district, planned["import_id"])
        return seen if seen and seen["state"] == "applied" else None

    district.until(applied, "an import was not applied")
    again = _planned(district, _zipped({"units.csv": (address, "0516-00000001")}))
    if not again["plan"]["empty"]:
        raise Missed(f"importing the same again would change something: {again['plan']['counts']}")


def a_poison_message_to_imports(district: District) -> None:
    poison = {
        f"not json {uuid4()}": "JSONDecodeError",
        json.dumps({"apply": uuid4().hex}): "LookupError",
    }
    _poisoned(district, "imports", list(poison))
    _put_aside(district, "imports", poison)


def _zipped(changed: dict[str, tuple[str, str]]) -> bytes:
    """The sample, one unit's address and telephone changed."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        for path in sorted(SAMPLE.iterdir()):
            text = path.read_text("utf-8")
            if path.name in changed:
                header, first, *rest = text.splitlines()
                address, phone = changed[path.name]
                unit, _, supervision, _ = first.split(",")
                text = "\n".join([header, f"{unit},{phone},{supervision},{address}", *rest])
            files.writestr(f"{SAMPLE.name}/{path.name}", text)
    return archive.getvalue()


def _planned(district: District, content: bytes) -> dict[str, Any]:
    announced, key = {"bytes": len(content)}, {"Idempotency-Key": str(uuid4())}
    form = answered(district.caller.post("/v1/network/imports", announced, district.administrator, key), 201)
    _uploaded(district, form, content)
    return district.until(lambda: _import_seen(district, form["import_id"]), "an upload was not looked at")


def _import_seen(district: District, import_id: str) -> dict[str, Any] | None:
    answer = district.caller.get(f"/v1/network/imports/{import_id}", district.administrator)
    return None if answer.status_code == 404 else answered(answer)


def _applied(district: District, planned: dict[str, Any]) -> requests.Response:
    path, key = f"/v1/network/imports/{planned['import_id']}/apply", {"Idempotency-Key": str(uuid4())}
    return district.caller.post(path, {}, district.administrator, key)


def _poisoned(district: District, queue: str, bodies: list[str]) -> None:
    sqs, url = district.client("sqs"), district.queue_url(queue)
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def _put_aside(district: District, queue: str, poison: dict[str, str]) -> None:
    """Waits until the poison lies with the dead letters, each with its reason."""

    def reasons() -> dict[str, str]:
        return district.dead_letters(queue)

    district.until(lambda: set(poison) <= set(reasons()), f"poison of {queue} was not put aside")
    for body, reason in poison.items():
        if not reasons()[body].startswith(reason):
            raise Missed(f"{reason} was put aside as {reasons()[body]!r}")


def a_poison_record_in_the_stream(district: District) -> None:
    """An event row that is none is put aside with its reason; the events beside it are published."""
    table, case_id = district.system.outputs["CasesTable"], f"POISON{uuid4().hex[:20].upper()}"
    key = {"pk": {"S": f"CASE#{case_id}"}, "sk": {"S": "EVENT#00000001.01"}}
    dynamodb = district.client("dynamodb")
    with district.held("relay"):
        dynamodb.put_item(TableName=table, Item={**key, "snapshot": {"S": "[1, 2"}})
        neighbour = district.report(category=CATEGORY)["case_id"]
    dynamodb.delete_item(TableName=table, Key=key)

    def reason() -> str | None:
        return next((why for body, why in district.dead_letters("relay").items() if case_id in body), None)

    why = district.until(reason, "the poison record was not put aside")
    if not why.startswith("unreadable-event: "):
        raise Missed(f"the poison record was put aside as {why!r}")
    district.told(neighbour)
