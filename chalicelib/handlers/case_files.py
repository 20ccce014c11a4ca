"""The files of a case 卷宗, as pages to print. They say what the timeline says: same permission, same audit."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.audit import TIMELINE_READ
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.http import http_boundary, named, staff_request

case_files = Blueprint(__name__)


@case_files.route("/v1/cases/{case_id}/file", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(case_files, TIMELINE_READ)
def read_case_file(case_id: str) -> Response:
    from chalicelib.domain.case_file import file_of
    from chalicelib.handlers.pages import page

    history, version = bootstrap.reading().told(named(case_id), staff_request(case_files.current_request).staff)
    file = file_of(history, bootstrap.policies().of, bootstrap.now())._replace(version=version)
    shown = page("case_file.html", file=file)
    shown.headers |= {"Cache-Control": "no-store", "ETag": f'"{file.version}"'}
    return shown


@case_files.route("/v1/cases/{case_id}/mediation-file", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(case_files, TIMELINE_READ)
def read_mediation_file(case_id: str) -> Response:
    from chalicelib.handlers.pages import page

    file = bootstrap.mediation_files().file(named(case_id), staff_request(case_files.current_request).staff)
    shown = page("mediation_file.html", file=file)
    shown.headers |= {"Cache-Control": "no-store", "ETag": f'"{file.version}"'}
    return shown
