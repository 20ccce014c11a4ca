"""The API by which a network comes in: announced, uploaded, looked at, applied."""

from __future__ import annotations

from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.audit import NETWORK_IMPORT
from chalicelib.handlers import views
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.http import (
    StaffRequest,
    answer,
    command_of,
    http_boundary,
    named,
    parsed,
    staff_request,
)
from chalicelib.handlers.requests import ImportIn, In, NothingIn

imports = Blueprint(__name__)
R = TypeVar("R", bound=In)


@imports.route("/v1/network/imports", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(imports, NETWORK_IMPORT, noted=False)
def announce_import() -> Response:
    asked, key, announced = _command(ImportIn)
    import_id = uuid5(NAMESPACE_URL, f"urn:wangge:import:{asked.staff.id}:{key}").hex
    form = bootstrap.imports().announce(import_id, announced.bytes, asked.staff, asked.origin)
    return answer(views.import_form_view(import_id, form), 201)


@imports.route("/v1/network/imports/{import_id}", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(imports, NETWORK_IMPORT, noted=False)
def read_import(import_id: str) -> Response:
    staff = staff_request(imports.current_request).staff
    return answer(views.import_view(bootstrap.imports().see(named(import_id), staff)))


@imports.route("/v1/network/imports/{import_id}/apply", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(imports, NETWORK_IMPORT, noted=False)
def apply_import(import_id: str) -> Response:
    asked, _, _ = _command(NothingIn)
    return answer(views.import_view(bootstrap.imports().apply(named(import_id), asked.staff, asked.origin)), 202)


def _command(request: type[R]) -> tuple[StaffRequest, str, R]:
    """Who commands, under which idempotency key, and what is said."""
    asked, key, body = command_of(imports.current_request)
    return asked, key, parsed(request, body)
