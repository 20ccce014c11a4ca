"""The API of the house of law 居民法治之家: when lawyers sit, what they advised. Parse, call one service, answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain import audit as A
from chalicelib.domain.errors import InvalidField
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.cursors import cursor_of, start_of
from chalicelib.handlers.http import (
    answer,
    command_of,
    fingerprint_of,
    http_boundary,
    limit_of,
    named,
    parsed,
    query_of,
    staff_request,
)
from chalicelib.handlers.requests import Code, In, Moment, Reason, Topic, check_told_at

if TYPE_CHECKING:
    from chalicelib.domain.law_house import Advice
    from chalicelib.domain.policy import Policy
    from chalicelib.services.law_house import Hours, Said

law_house = Blueprint(__name__)
_KEPT_SECONDS = 300


class AdviceIn(In):
    """`POST /v1/advice`. Who asked is not said."""

    area: Code
    question: Reason
    advice: Reason
    lawyer: Code
    given_at: Moment
    channel: Literal["in-person", "telephone", "wechat", "web"]
    category: Code | None = None
    topic: Topic | None = None

    def to_domain(self) -> Said:
        """Raises InvalidField where it is said neither by category nor in words what it is about."""
        from chalicelib.services.law_house import Said

        if self.category is None and self.topic is None:
            raise InvalidField("topic", "field-required")
        given_at = datetime.fromisoformat(self.given_at)
        about = (self.category, self.topic, self.question, self.advice)
        return Said(self.area, *about, self.lawyer, self.channel, given_at)


@law_house.route("/v1/public/areas/{code}/law-house", methods=["GET"])
@http_boundary
def read_hours(code: str) -> Response:
    from chalicelib.handlers.pages import cached

    hours = bootstrap.law_house().hours(named(code))
    return cached(law_house.current_request, answer(hours_view(hours)), _KEPT_SECONDS)


@law_house.route("/v1/advice", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(law_house, A.ADVICE_RECORDED, noted=False)
def record_advice() -> Response:
    asked, key, body = command_of(law_house.current_request)
    said, policy = parsed(AdviceIn, body), bootstrap.policy()
    check_told_at(said.given_at, "given_at", bootstrap.now(), policy.rules.future_tolerance)
    command = asked.command(key, fingerprint_of(["advice", body]))
    advice = bootstrap.law_house().record(said.to_domain(), asked.staff, command, asked.origin)
    return answer(advice_view(advice, policy), 201)


@law_house.route("/v1/advice", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(law_house, A.ADVICE_READ)
def list_advice() -> Response:
    request = law_house.current_request
    staff, query = staff_request(request).staff, query_of(request)
    policy = bootstrap.policy()
    area, month = query.get("area"), query.get("month") or policy.day_of(bootstrap.now())[:7]
    scope = f"advice:{area or ','.join(staff.areas)}:{month}"
    found, following = bootstrap.law_house().given(area, month, staff, limit_of(request), start_of(request, scope))
    return answer({"items": [advice_view(each, policy) for each in found], "next": cursor_of(following, scope)})


def hours_view(hours: Hours) -> dict[str, Any]:
    from chalicelib.handlers.notice_views import sitting_view

    area = hours.area
    return {
        "area": {"code": area.code, "path": list(area.path)},
        "on": hours.day,
        "items": [sitting_view(each) for each in hours.sittings],
    }


def advice_view(advice: Advice, policy: Policy) -> dict[str, Any]:
    category = policy.categories.get(advice.category or "")
    return {
        "advice_id": advice.id,
        "area": advice.area,
        "category": {"id": advice.category, "name": category.zh if category else advice.category}
        if advice.category
        else None,
        "topic": advice.topic,
        "question": advice.question,
        "advice": advice.advice,
        "lawyer": {"member_id": advice.lawyer.id, "name": advice.lawyer.name},
        "channel": advice.channel,
        "given_at": advice.given_at.isoformat(),
        "recorded_at": advice.recorded_at.isoformat(),
        "unit": advice.unit,
    }
