"""The API of the pool of people 人才库: whom one may ask to the table. Parse, call one service, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain import audit as A
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.cursors import cursor_of, start_of
from chalicelib.handlers.http import answer, day_asked, http_boundary, limit_of, query_of, staff_request

if TYPE_CHECKING:
    from chalicelib.domain.panels import Member, Objection, Proposal
    from chalicelib.domain.policy import Policy

panel = Blueprint(__name__)
_SCOPE = "panel"


@panel.route("/v1/panel", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(panel, A.PANEL_READ)
def list_members() -> Response:
    from chalicelib.services.pool import MOST, Asked

    request = panel.current_request
    query = query_of(request)
    asked = Asked(query.get("what"), query.get("area"), query.get("category"), day_asked(request))
    limit, start = limit_of(request, MOST, MOST), start_of(request, _SCOPE)
    found = bootstrap.people().found(asked, staff_request(request).staff, limit, start)
    policy = bootstrap.policy()
    items = [member_view(member, against, policy, phone=found.phones) for member, against in found.members]
    proposed = panel_view(found.panel) if found.panel else None
    return answer({"on": found.day, "items": items, "panel": proposed, "next": cursor_of(found.next, _SCOPE)})


def member_view(member: Member, against: tuple[Objection, ...], policy: Policy, *, phone: bool) -> dict[str, Any]:
    """A member, and why he or she does not suit; the phone only for who may have it."""
    from chalicelib.domain.panels import WHAT_ZH

    unit = policy.units.get(member.unit)
    return {
        "member_id": member.id,
        "name": member.name,
        "what": member.what,
        "what_zh": WHAT_ZH.get(member.what, member.what),
        "title": member.title or None,
        "organisation": member.organisation,
        "unit": {"id": unit.id, "name": unit.zh} if unit else None,
        "areas": list(member.areas),
        "good_at": list(member.good_at),
        "suitable": not against,
        "objections": [{"code": each.code, "recusal": each.recusal, "zh": each.zh, "en": each.en} for each in against],
        **({"phone": member.phone} if phone else {}),
    }


def panel_view(panel: Proposal) -> dict[str, Any]:
    """Who might sit at one table; nothing is decided by it."""
    from chalicelib.domain.panels import WHAT_ZH

    return {
        "id": panel.rule,
        "name": panel.zh,
        "complete": panel.complete,
        "seats": [
            {
                "what": seat.what,
                "what_zh": WHAT_ZH.get(seat.what, seat.what),
                "needed": seat.needed,
                "missing": seat.missing,
                "proposed": [
                    {"member_id": each.member.id, "name": each.member.name, "why": each.why} for each in seat.proposed
                ],
            }
            for seat in panel.seats
        ],
    }
