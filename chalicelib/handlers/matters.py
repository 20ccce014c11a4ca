"""Which cases may be the same matter as one, for whoever decides on it."""

from __future__ import annotations

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.audit import CASE_READ
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.http import answer, http_boundary, named, staff_request

matters = Blueprint(__name__)


@matters.route("/v1/cases/{case_id}/candidates", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(matters, CASE_READ)
def read_candidates(case_id: str) -> Response:
    from chalicelib.domain.matter_words import in_words

    found = bootstrap.matching().candidates(named(case_id), staff_request(matters.current_request).staff)
    items = [
        {
            "case_id": each.case.id,
            "tracking_code": each.case.tracking_code,
            "state": each.case.state,
            "category": each.case.category,
            "opened_at": each.case.opened_at.isoformat(),
            "reports": len(each.case.report_ids),
            "score": each.candidate.score.value,
            "why": [{"evidence": why, "zh": in_words(why)} for why in each.candidate.score.why],
            "against": list(each.candidate.score.against),
        }
        for each in found
    ]
    return answer({"items": items})
