"""The API of rounds 巡访: a walker's check-ins and what waits, an area's figures. Parse, call one service, answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain import events as E
from chalicelib.domain.errors import InvalidField
from chalicelib.domain.grid import level_of
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.cursors import cursor_of, start_of
from chalicelib.handlers.http import (
    answer,
    body_of,
    http_boundary,
    idempotency_key,
    json_of,
    keyed_fingerprint_of,
    limit_of,
    named,
    parsed,
    query_of,
    staff_request,
)
from chalicelib.handlers.requests import In, LongText, Moment, PositionIn

if TYPE_CHECKING:
    from chalicelib.domain.events import Event
    from chalicelib.domain.grid import Area
    from chalicelib.domain.patrol import Beat, Figures, Round
    from chalicelib.domain.policy import Policy

patrols = Blueprint(__name__)
_WHAT_ZH = {
    E.PATROL_PLANNED: "安排巡访",
    E.PATROL_WALKED: "巡访签到",
    E.PATROL_OVERDUE: "到期未巡访",
    E.PATROL_MISSED: "缺巡",
    E.PATROL_ENDED: "停止巡访",
}


class CheckInIn(In):
    """`POST /v1/patrols/{id}/check-ins`. The position is checked and not kept."""

    position: PositionIn
    at: Moment
    note: LongText | None = None


@patrols.route("/v1/patrols", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(patrols, "patrol.read")
def list_own_beats() -> Response:
    query = query_of(patrols.current_request)
    state, area = query.get("state", "due"), query.get("area")
    if state not in ("due", "all"):
        raise InvalidField("state", "query-invalid")
    if area is not None and not level_of(area):
        raise InvalidField("area", "query-invalid")
    staff = staff_request(patrols.current_request).staff
    beats, now = bootstrap.patrolling().mine(staff, area, due_only=state == "due")
    policy = bootstrap.policy()
    return answer({"items": [beat_view(beat, now, policy) for beat in beats]})


@patrols.route("/v1/patrols/{beat_id}", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(patrols, "patrol.read")
def read_beat(beat_id: str) -> Response:
    beat, now = bootstrap.patrolling().beat(named(beat_id), staff_request(patrols.current_request).staff)
    policy = bootstrap.policy()
    return answer({**beat_view(beat, now, policy), "rounds": rounds_view(beat, now, policy)})


@patrols.route("/v1/patrols/{beat_id}/timeline", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(patrols, "patrol.read")
def read_timeline(beat_id: str) -> Response:
    request, scope = patrols.current_request, f"patrol:{beat_id}"
    events, following = bootstrap.patrolling().timeline(
        named(beat_id), staff_request(request).staff, limit_of(request), start_of(request, scope)
    )
    return answer({"items": [event_view(event) for event in events], "next": cursor_of(following, scope)})


@patrols.route("/v1/patrols/{beat_id}/check-ins", methods=["POST"], authorizer=staff_authorizer)
@http_boundary
@audited(patrols, "patrol.check-in", noted=False)
def check_in(beat_id: str) -> Response:
    from chalicelib.services.patrolling import CheckIn, Sent

    request = patrols.current_request
    key, body = idempotency_key(request), json_of(body_of(request))
    said, asked = parsed(CheckInIn, body), staff_request(request)
    command = asked.command(key, keyed_fingerprint_of([beat_id, body]))
    beat, at = bootstrap.patrolling().check_in(
        named(beat_id),
        CheckIn(said.position.to_domain(), datetime.fromisoformat(said.at), said.note),
        Sent(asked.staff, command, asked.origin),
    )
    return answer(beat_view(beat, at, bootstrap.policy()))


@patrols.route("/v1/areas/{code}/patrols", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(patrols, "patrol.read")
def read_figures(code: str) -> Response:
    area, beats, now = bootstrap.patrolling().of_area(named(code), staff_request(patrols.current_request).staff)
    return answer(figures_view(area, beats, now, bootstrap.policy()))


def beat_view(beat: Beat, now: datetime, policy: Policy) -> dict[str, Any]:
    """A beat as it stands at a moment, whatever the sweep has found by then."""
    stands, post = _figures(beat, now, policy), policy.posts.get(beat.post)
    return {
        "beat_id": beat.id,
        "version": beat.version,
        "code": beat.code,
        "area": {"code": beat.area.code, "path": list(beat.area.path)},
        "post": {"id": beat.post, "name": post.zh if post else beat.post},
        "state": stands.state,
        "current_round": _round(stands.current) if stands.state != "ended" else None,
        "overdue_round": _round(stands.overdue) if stands.overdue else None,
        "last_walked_at": beat.walked_at.isoformat() if beat.walked_at else None,
        "figures": _counted(stands),
        "ended_at": beat.ended_at.isoformat() if beat.ended_at else None,
        "as_of": now.isoformat(),
    }


def rounds_view(beat: Beat, now: datetime, policy: Policy) -> list[dict[str, Any]]:
    """How the rounds went that are counted, oldest first."""
    from chalicelib.domain.patrol import Outcome, settled_rounds

    walked = beat.walked()
    numbers = settled_rounds(beat, beat.ended_at or now, policy.patrol_rules.rounds_counted)
    return [{**_round(beat.round(number)), "outcome": walked.get(number, Outcome.MISSED).value} for number in numbers]


def event_view(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "time": event.time.isoformat(),
        "version": event.version,
        "actor": {"id": event.actor.id, "role": event.actor.role, "unit": event.actor.unit},
        "policy_version": event.policy_version,
        "data": dict(event.data),
        "what_zh": _WHAT_ZH[event.type],
    }


def figures_view(area: Area, beats: list[Beat], now: datetime, policy: Policy) -> dict[str, Any]:
    all_stand = [_figures(beat, now, policy) for beat in beats]
    states = [stands.state for stands in all_stand]
    sums = {
        "beats": len(beats),
        **{state: states.count(state) for state in ("planned", "due", "overdue", "walked")},
        **_rates(*(sum(getattr(stands, how) for stands in all_stand) for how in ("walked", "late", "missed"))),
    }
    return {
        "area": {"code": area.code, "path": list(area.path)},
        "sums": sums,
        "items": [beat_view(beat, now, policy) for beat in beats],
        "as_of": now.isoformat(),
    }


def _figures(beat: Beat, now: datetime, policy: Policy) -> Figures:
    from chalicelib.domain.patrol import figures

    return figures(beat, now, policy.patrol_rules.rounds_counted)


def _counted(stands: Figures) -> dict[str, Any]:
    return _rates(stands.walked, stands.late, stands.missed)


def _rates(walked: int, late: int, missed: int) -> dict[str, Any]:
    """`coverage`: which part of the rounds that are over was walked, in time or late; null while none is."""
    rounds = walked + late + missed
    coverage = round((walked + late) / rounds, 4) if rounds else None
    return {"rounds": rounds, "walked_in_time": walked, "walked_late": late, "missed": missed, "coverage": coverage}


def _round(each: Round) -> dict[str, Any]:
    return {
        "number": each.number,
        "from": each.start.isoformat(),
        "to": each.end.isoformat(),
        "late_until": each.late_until.isoformat(),
    }
