"""The vault and the audit over HTTP: who told, in clear, for who must know; a person's rights; who did what."""

from __future__ import annotations

import re

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.audit import AUDIT_READ, IDENTITY_ERASED, IDENTITY_EXPORTED, IDENTITY_RELEASED
from chalicelib.domain.errors import Forbidden, InvalidField
from chalicelib.domain.people import holds
from chalicelib.handlers import views
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.cursors import cursor_of, start_of
from chalicelib.handlers.http import (
    StaffRequest,
    answer,
    command_of,
    http_boundary,
    keyed_fingerprint_of,
    limit_of,
    named,
    parsed,
    query_of,
    staff_request,
)
from chalicelib.handlers.requests import PersonIn, ReleaseIn

vault = Blueprint(__name__)
_ABOUT = {"case_id": "case", "reader": "reader", "person": "person"}
_FORMS = {
    "case_id": r"[0-9A-HJKMNP-TV-Z]{26}",
    "reader": r"[0-9A-Za-z._:/+=@-]{1,200}",  # an operator's is an ARN
    "person": r"[0-9a-f]{40}",
}
"""What is asked for stands in the audit: a person's own number, asked for by mistake, must not."""


@vault.route("/v1/reports/{report_id}/reporter/release", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(vault, IDENTITY_RELEASED, noted=False)
def release_reporter(report_id: str) -> Response:
    asked, command, body = _command(report_id)
    said = parsed(ReleaseIn, body)
    released = bootstrap.reporters().release(named(report_id), said.reason, asked.origin, asked.staff, command)
    return answer(views.released_view(released))


@vault.route("/v1/persons/export", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(vault, IDENTITY_EXPORTED, noted=False)
def export_person() -> Response:
    asked, command, body = _command("export")
    _must_hold(asked, "identity.export")
    said = parsed(PersonIn, body)
    return answer(bootstrap.persons().export(said.phone.number, said.reason, asked.origin, command))


@vault.route("/v1/persons/erase", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(vault, IDENTITY_ERASED, noted=False)
def erase_person() -> Response:
    asked, command, body = _command("erase")
    _must_hold(asked, "identity.erase")
    said = parsed(PersonIn, body)
    return answer(views.erased_view(bootstrap.persons().erase(said.phone.number, said.reason, asked.origin, command)))


@vault.route("/v1/audit", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(vault, AUDIT_READ, noted=False)
def read_audit() -> Response:
    """The entries of a case, a reader or a person, newest first. To ask is an entry too, and says for what."""
    request = vault.current_request
    asked, query = staff_request(request), query_of(request)
    given = [(name, query[name]) for name in _ABOUT if name in query]
    if len(given) != 1 or not re.fullmatch(_FORMS[given[0][0]], given[0][1]):
        raise InvalidField(given[0][0] if given else "case_id", "query-invalid")
    ((name, value),) = given
    scope = f"audit:{name}:{value}"
    entries, start = bootstrap.audit_reading().entries(
        _ABOUT[name], value, asked.staff, limit_of(request), start_of(request, scope)
    )
    page = {"items": [views.entry_view(entry) for entry in entries], "next": cursor_of(start, scope)}
    bootstrap.audit().note(AUDIT_READ, asked.origin, thing=f"{_ABOUT[name]}:{value}")
    return answer(page)


def _command(*content: object) -> tuple[StaffRequest, object, object]:
    """Who commands what; a repeat is known by the idempotency key, and another content under it by its fingerprint."""
    asked, key, body = command_of(vault.current_request)
    return asked, asked.command(key, keyed_fingerprint_of(content, body)), body


def _must_hold(asked: StaffRequest, permission: str) -> None:
    if not holds(asked.staff, permission, bootstrap.policy()):
        raise Forbidden()
