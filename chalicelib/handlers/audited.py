"""The audit of a route, in one line below its `http_boundary`:

    @api.route("/v1/cases/{case_id}", methods=["GET"], authorizer=staff_authorizer)
    @http_boundary
    @audited(api, CASE_READ)

A read is noted before its answer goes out; when it cannot be noted, the answer is 503. An act has its entry in its own
transaction, written by its store: its route says `noted=False`, and only its refusals are noted here. That somebody
asked for what does not exist is noted too, without its name: how long an answer takes does not tell either who may not
know of a thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.audit import FORBIDDEN, NOT_FOUND, About
from chalicelib.domain.errors import Forbidden, Hidden, NotFound
from chalicelib.handlers.http import Answer, query_of, staff_request

View = Callable[..., Response]

_CASE_ID = r"[0-9A-HJKMNP-TV-Z]{26}"
_REPORT_ID = r"[0-9a-f]{32}"
_NAME = r"(?:[0-9]{6,16}\.)?[a-z][a-z0-9-]{0,63}|[0-9a-f]{32}|[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{14}|[0-9]{16}"


def audited(blueprint: Blueprint, what: str, *, noted: bool = True) -> Callable[[View], View]:
    """Note what a view does, or that it was refused. `what`: the permission it goes by."""

    def of(view: View) -> View:
        @wraps(view)
        def answered(**path: str) -> Response:
            request = blueprint.current_request
            try:
                answer = view(**path)
            except Hidden as refused:
                about: Any = {**_about(path, query_of(request)), **refused.about}
                bootstrap.audit().note(what, staff_request(request).origin, NOT_FOUND, **about)
                raise
            except NotFound:
                bootstrap.audit().note(what, staff_request(request).origin, NOT_FOUND)
                raise
            except Forbidden:
                about = _about(path, query_of(request))
                bootstrap.audit().note(what, staff_request(request).origin, FORBIDDEN, **about)
                raise
            if noted:
                about = {**_about(path, query_of(request)), **(answer.about if isinstance(answer, Answer) else {})}
                bootstrap.audit().note(what, staff_request(request).origin, **about)
            return answer

        answered.audited = True  # a test asks every route for it
        return answered

    return of


def _about(path: dict[str, str], query: dict[str, str]) -> About:
    """What a request names, as far as it has the form of a name of ours: anything may stand in a path."""
    about: About = {}
    things = []
    for parameter, value in {**path, **{name: query[name] for name in ("area", "unit") if name in query}}.items():
        case_id = value.rpartition(".")[0] if parameter == "visit_id" else value
        if parameter in ("case_id", "visit_id"):
            if re.fullmatch(_CASE_ID, case_id):
                about["case"] = case_id
        elif parameter == "report_id":
            if re.fullmatch(_REPORT_ID, value):
                about["report"] = value
        elif re.fullmatch(_NAME, value):
            things.append(f"{parameter.removesuffix('_id')}:{value}")
    return {**about, "thing": " ".join(things)} if things else about
