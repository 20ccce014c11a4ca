"""The API of staff, and public tracking. Every view parses, calls one service, and maps the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.config import settings
from chalicelib.domain import audit as A
from chalicelib.domain.errors import Forbidden, InvalidField
from chalicelib.domain.links import NO_LINKS
from chalicelib.domain.people import holds
from chalicelib.handlers import views
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.cursors import cursor_of, start_of
from chalicelib.handlers.http import (
    StaffRequest,
    answer,
    command_of,
    expected_version,
    fingerprint_of,
    http_boundary,
    keyed_fingerprint_of,
    limit_of,
    named,
    parsed,
    query_of,
    staff_request,
    wants_html,
)
from chalicelib.handlers.notices import tracking_page
from chalicelib.handlers.requests import ActionIn, AttachmentIn, ReportIn, VisitResultIn, check_told_at

if TYPE_CHECKING:
    from chalicelib.domain.cases import Case
    from chalicelib.services.acting import Asked

api = Blueprint(__name__)


@api.route("/v1/reports", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(api, "report.submit", noted=False)
def submit_report() -> Response:
    asked, key, body = _command()
    policy, now = bootstrap.policy(), bootstrap.now()
    if not holds(asked.staff, "report.submit", policy):
        raise Forbidden()
    told = parsed(ReportIn, body)
    check_told_at(told.told_at, "told_at", now, policy.rules.future_tolerance)
    if len(told.media) > policy.rules.attachments_per_report:
        raise InvalidField("media", "too-many-attachments", limit=policy.rules.attachments_per_report)
    report = told.to_domain(f"{asked.staff.id}:{key}", keyed_fingerprint_of(body), asked.staff.id, now)
    receipt = bootstrap.intake().submit(report, asked.staff.actor, asked.request_id, asked.source)
    return answer(views.receipt_view(receipt), 201, version=receipt.version)


@api.route("/v1/reports/{report_id}", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(api, A.REPORT_READ)
def read_report(report_id: str) -> Response:
    known = bootstrap.reading().report(named(report_id), _asked().staff)
    return answer(views.report_view(known, bootstrap.reporters().shown(known)))


@api.route("/v1/attachments", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(api, "attachment.create", noted=False)
def announce_attachment() -> Response:
    from chalicelib.domain.attachments import Attachment

    asked, key, body = _command()
    announced = parsed(AttachmentIn, body)
    attachment_id = uuid5(NAMESPACE_URL, f"urn:wangge:attachment:{asked.staff.id}:{key}").hex
    announced_as = bootstrap.attachments().announce(
        attachment_id, announced.content_type, announced.bytes, fingerprint_of(body), asked.staff, asked.origin
    )
    if isinstance(announced_as, Attachment):
        return answer(views.attachment_view(announced_as, None))
    return answer(views.upload_view(attachment_id, announced_as), 201)


@api.route("/v1/attachments/{attachment_id}", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(api, A.ATTACHMENT_READ)
def read_attachment(attachment_id: str) -> Response:
    attachment, url = bootstrap.attachments().see(named(attachment_id), _asked().staff)
    return answer(views.attachment_view(attachment, url))


@api.route("/v1/cases", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(api, A.CASE_READ)
def find_case() -> Response:
    asked, query = _asked(), query_of(api.current_request)
    match query.get("tracking_code"), query.get("source"), query.get("message_id"):
        case str(code), None, None:
            case = bootstrap.reading().case_by_tracking_code(named(code), asked.staff)
        case None, str(source), str(message_id):
            case = bootstrap.reading().case_by_message(source, message_id, asked.staff)
        case _:
            raise InvalidField("tracking_code", "query-invalid")
    return _case_answer(case, asked)


@api.route("/v1/cases/{case_id}", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(api, A.CASE_READ)
def read_case(case_id: str) -> Response:
    asked = _asked()
    return _case_answer(bootstrap.reading().case(named(case_id), asked.staff), asked)


@api.route("/v1/cases/{case_id}/timeline", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(api, A.TIMELINE_READ)
def read_timeline(case_id: str) -> Response:
    from chalicelib.domain.narrating import told

    events, version = bootstrap.reading().told(named(case_id), _asked().staff)
    lines = told(events, bootstrap.policies().of)
    items = [{**views.event_view(event), "text_zh": line.text} for event, line in zip(events, lines, strict=True)]
    return answer({"items": items, "next": None}, version=version)


@api.route("/v1/units/{unit_id}/queue", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(api, A.QUEUE_READ)
def read_queue(unit_id: str) -> Response:
    asked, scope = _asked(), f"queue:{unit_id}"
    page = bootstrap.reading().queue(
        named(unit_id), asked.staff, limit_of(api.current_request), start_of(api.current_request, scope)
    )
    policy = bootstrap.policy()
    return answer(
        {"items": [views.summary_view(item, policy) for item in page.items], "next": cursor_of(page.next, scope)}
    )


@api.route("/v1/cases/{case_id}/actions/{action}", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(api, "case.act", noted=False)
def act_on_case(case_id: str, action: str) -> Response:
    asked, key, body = _command()
    rules, said = bootstrap.policy().rules, parsed(ActionIn, body)
    if said.done_at:
        check_told_at(said.done_at, "done_at", bootstrap.now(), rules.future_tolerance)
    if len(said.media) > rules.attachments_per_report:
        raise InvalidField("media", "too-many-attachments", limit=rules.attachments_per_report)
    case = bootstrap.acting().act(
        named(case_id),
        named(action),
        _asked_as(asked, key, fingerprint_of([case_id, action, body])),
        said.to_domain(),
        said.area,
        said.other,
    )
    return _case_answer(case, asked)


@api.route("/v1/visits", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(api, A.VISITS_READ)
def list_visits() -> Response:
    asked, query = _asked(), query_of(api.current_request)
    if query.get("state", "due") != "due":
        raise InvalidField("state", "query-invalid")
    scope = f"visits:{query.get('area', '')}"
    page = bootstrap.reading().due_visits(
        query.get("area"), asked.staff, limit_of(api.current_request), start_of(api.current_request, scope)
    )
    return answer({"items": [views.visit_view(item) for item in page.items], "next": cursor_of(page.next, scope)})


@api.route("/v1/visits/{visit_id}/result", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(api, "visit.record", noted=False)
def record_visit(visit_id: str) -> Response:
    asked, key, body = _command()
    found = parsed(VisitResultIn, body)
    case = bootstrap.acting().record_visit(
        named(visit_id),
        _asked_as(asked, key, keyed_fingerprint_of([visit_id, body])),  # it tells where the officer stood
        found.outcome,
        found.note,
    )
    return _case_answer(case, asked)


@api.route("/v1/public/track/{tracking_code}", methods=["GET"])
@http_boundary
def track(tracking_code: str) -> Response:
    """As JSON, or for a browser as a page."""
    if wants_html(api.current_request):
        return tracking_page(api.current_request, named(tracking_code))
    case = bootstrap.reading().track(named(tracking_code))
    return answer(views.public_view(case), version=case.version)


@api.route("/openapi.json", methods=["GET"])
@http_boundary
def read_openapi() -> Response:
    return answer(json.loads((settings().contract / "openapi.json").read_text(encoding="utf-8")))


def _case_answer(case: Case, asked: StaffRequest) -> Response:
    seen = None if case.links is NO_LINKS else bootstrap.reading().links(case, asked.staff)
    shown = views.case_view(case, bootstrap.policies().of(case.policy_version), bootstrap.now(), seen)
    if case.petition is not None and case.petition.earlier:
        shown["petition"]["earlier"] = bootstrap.reading().named(case.petition.earlier, asked.staff)
    return answer(shown, version=case.version)


def _asked() -> StaffRequest:
    return staff_request(api.current_request)


def _command() -> tuple[StaffRequest, str, dict[str, Any]]:
    return command_of(api.current_request)


def _asked_as(asked: StaffRequest, key: str, fingerprint: str) -> Asked:
    from chalicelib.services.acting import Asked

    command = asked.command(key, fingerprint)
    return Asked(asked.staff, command, expected_version(api.current_request), asked.request_id, asked.source)
