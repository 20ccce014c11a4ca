"""The API of clocks 时限: why each is due when it is due. Parse, call one service, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain import audit as A
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.http import answer, http_boundary, named, staff_request

if TYPE_CHECKING:
    from chalicelib.domain.explaining import Explained

clocks = Blueprint(__name__)


@clocks.route("/v1/cases/{case_id}/clocks", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(clocks, A.TIMELINE_READ)
def read_clocks(case_id: str) -> Response:
    staff = staff_request(clocks.current_request).staff
    found, version = bootstrap.reading().clocks(named(case_id), staff)
    return answer({"items": [explained_view(each) for each in found], "next": None}, version=version)


def explained_view(each: Explained) -> dict[str, Any]:
    clock, limit = each.clock, each.limit
    stated = {"by": each.stated_by, "by_zh": each.stated_by_zh, "article": each.article or None}
    return {
        "name": clock.name,
        "zh": each.zh,
        "state": clock.state,
        "state_zh": each.state_zh,
        "started_at": clock.started_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "due_zh": each.due_zh,
        "ended_at": clock.ended_at.isoformat() if clock.ended_at else None,
        "provisional": clock.provisional,
        "limit": {"unit": limit.unit, "count": limit.count, "words_zh": each.limit_zh, **stated} if limit else None,
        "differs": each.differs,
        "steps": [{"at": at.isoformat(), "event_id": event_id, "zh": zh} for at, event_id, zh in each.steps],
    }
