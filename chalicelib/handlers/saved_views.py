"""The API of views 视图: which there are for somebody, and what one finds. Parse, call one service, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain import audit as A
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.cursors import cursor_of, start_of
from chalicelib.handlers.http import answer, http_boundary, limit_of, named, query_of, staff_request
from chalicelib.handlers.views import summary_view

if TYPE_CHECKING:
    from chalicelib.domain.policy import View

saved_views = Blueprint(__name__)


@saved_views.route("/v1/views", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(saved_views, A.VIEW_READ)
def list_views() -> Response:
    found = bootstrap.viewing().views(staff_request(saved_views.current_request).staff)
    return answer({"items": [view_view(view) for view in found]})


@saved_views.route("/v1/views/{view}", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(saved_views, A.VIEW_READ)
def read_view(view: str) -> Response:
    request, policy = saved_views.current_request, bootstrap.policy()
    staff, query = staff_request(request).staff, query_of(request)
    unit, area = query.get("unit") or None, query.get("area") or None
    # Where a page begins is a key of one list, which hangs on who asks and on what the pack makes of the view.
    scope = f"view:{view}:{unit or staff.unit}:{area or ''}:{staff.id}:{policy.version}"
    page = bootstrap.viewing().page(
        named(view), staff, limit_of(request), start_of(request, scope), unit=unit, area=area
    )
    return answer({"items": [summary_view(item, policy) for item in page.items], "next": cursor_of(page.next, scope)})


def view_view(view: View) -> dict[str, Any]:
    return {"view_id": view.id, "name": view.zh, "name_en": view.en, "asks": view.asks}
