"""For anybody, without a token: the public notice of an area, and the report form that its QR code opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib import bootstrap
from chalicelib.domain.errors import AreaEnded, DomainError, NotFound
from chalicelib.domain.events import Actor
from chalicelib.domain.reports import WEB
from chalicelib.handlers.http import (
    answer,
    body_of,
    day_asked,
    http_boundary,
    idempotency_key,
    json_of,
    keyed_fingerprint_of,
    named,
    parsed,
    request_id_of,
    wants_html,
)

if TYPE_CHECKING:
    from chalicelib.services.notices import PublicNotice

notices = Blueprint(__name__)
_KEPT_SECONDS = 300
_SOURCE_ROLE = "source"
_ENDED = "该网格已撤销"


@notices.route("/v1/public/areas/{code}/notice", methods=["GET"])
@http_boundary
def read_notice(code: str) -> Response:
    return _page_of(code) if wants_html(notices.current_request) else _json_of(code)


@notices.route("/v1/public/areas/{code}/notice.html", methods=["GET"])
@http_boundary
def read_notice_page(code: str) -> Response:
    return _page_of(code)


@notices.route("/v1/public/areas/{code}/report", methods=["GET"])
@http_boundary
def read_report_form(code: str) -> Response:
    """The page behind the QR code, with the area filled in. Kept by nobody: each has a form of its own."""
    from chalicelib.handlers.forms import new_form
    from chalicelib.handlers.pages import page, problem_page

    try:
        place = bootstrap.notices().place(named(code))
    except (NotFound, AreaEnded) as missing:
        return problem_page(missing.code, "没有这个网格", "请核对二维码，或拨打 12345 反映。")
    form = new_form(place.code)
    made = page("report.html", connects=True, place=place, form=form, district=bootstrap.policy().zh)
    made.headers["Cache-Control"] = "no-store"
    return made


@notices.route("/v1/public/reports", methods=["POST"])
@http_boundary
def submit_public_report() -> Response:
    """A report written on a form; a repeat is answered as the first time, even when its form has expired since.

    The address it comes from says who told, for good and to whoever reads the audit: it is not handed on.
    """
    from chalicelib.handlers.forms import form_of
    from chalicelib.handlers.notice_views import public_receipt_view
    from chalicelib.handlers.pages import public_base
    from chalicelib.handlers.requests import PublicReportIn

    request = notices.current_request
    key = idempotency_key(request)
    body = json_of(body_of(request))
    told = parsed(PublicReportIn, body)
    form = form_of(told.form, key)
    report = told.to_domain(form.area, key, keyed_fingerprint_of({**body, "form": None}), bootstrap.now())
    intake = bootstrap.intake()
    receipt = intake.answer_again(report) if form.expired else None
    if receipt is None:
        if form.expired:
            raise DomainError("form", code="form-expired")
        receipt = intake.submit(report, Actor(WEB, _SOURCE_ROLE), request_id_of(request))
    return answer(public_receipt_view(receipt, report, public_base(request)), 201)


def tracking_page(request: Request, tracking_code: str) -> Response:
    """How a matter stands, for a resident to read: what public tracking tells (ADR 13), in Chinese and local time."""

    from chalicelib.handlers.pages import page, problem_page

    try:
        case = bootstrap.reading().track(tracking_code)
    except NotFound as missing:
        return problem_page(missing.code, "没有这个查询码", "请核对查询码：八位，由数字和字母组成。")
    zone = bootstrap.policy().zone
    steps = [
        {"at": step.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"), "what": step.what.split(" ")[0]}
        for step in case.steps
    ]
    shown = page("track.html", case=case, state=case.state_zh, category=case.category_zh, steps=steps)
    shown.headers |= {"Cache-Control": "no-store", "Vary": "Accept", "ETag": f'"{case.version}"'}
    return shown


def _json_of(code: str) -> Response:
    from chalicelib.handlers.notice_views import notice_view
    from chalicelib.handlers.pages import cached

    request = notices.current_request
    return cached(request, answer(notice_view(_notice(code), _report_url(code))), _KEPT_SECONDS)


def _page_of(code: str) -> Response:
    from chalicelib.handlers.notice_views import map_of, qr_of
    from chalicelib.handlers.pages import cached, page, problem_page

    request = notices.current_request
    try:
        notice = _notice(code)
    except NotFound as missing:
        return problem_page(missing.code, "没有这个网格", "请核对网格编码。")
    except AreaEnded as ended:
        words = f"自 {ended.extra['ended_on']} 起不再设置，未结事项由现网格继续办理。"
        now = ended.extra["now"]
        return problem_page(ended.code, _ENDED, words, (f"../{now}/notice.html", "查看现网格公示") if now else None)
    url = _report_url(code)
    shown = page("notice.html", notice=notice, map=map_of(notice), qr=qr_of(url), district=bootstrap.policy().zh)
    return cached(request, shown, _KEPT_SECONDS)


def _notice(code: str) -> PublicNotice:
    return bootstrap.notices().of(named(code), day_asked(notices.current_request))


def _report_url(code: str) -> str:
    from chalicelib.handlers.pages import public_base

    return f"{public_base(notices.current_request)}/v1/public/areas/{named(code)}/report"
