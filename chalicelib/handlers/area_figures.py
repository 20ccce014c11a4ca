"""The API of figures 统计: what happened in an area, month by month. Parse, call one service, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.handlers.audited import audited
from chalicelib.handlers.authorizer import staff_authorizer
from chalicelib.handlers.http import answer, http_boundary, named, query_of, staff_request

if TYPE_CHECKING:
    from chalicelib.domain.figures import Counts, OfMatters, OfMediations, OfPetitions
    from chalicelib.domain.policy import Policy
    from chalicelib.services.figures import AreaFigures

area_figures = Blueprint(__name__)
_PLAIN = ("opened", "joined", "assigned", "returned", "transferred", "escalated", "delegated", "resolved", "reopened")


@area_figures.route("/v1/areas/{code}/figures", methods=["GET"], authorizer=staff_authorizer)
@http_boundary
@audited(area_figures, "figures.read")
def read_area_figures(code: str) -> Response:
    request = area_figures.current_request
    query = query_of(request)
    figures = bootstrap.figures().of_area(named(code), staff_request(request).staff, query.get("from"), query.get("to"))
    return answer(area_figures_view(figures, bootstrap.policy()))


def area_figures_view(figures: AreaFigures, policy: Policy) -> dict[str, Any]:
    """Kinds in the pack's order, parts by code; behind them what has no kind yet, and what is placed no closer."""
    area, kinds = figures.area, figures.kinds
    listed = sorted(kinds, key=lambda id: (id is None, policy.kinds[id].rank if id in policy.kinds else 99, id or ""))
    parts = [code for code in sorted(figures.parts) if code != area.code]
    unplaced = [area.code] if parts and area.code in figures.parts else []
    return {
        "area": {"code": area.code, "path": list(area.path)},
        "from": figures.months[0],
        "to": figures.months[-1],
        "total": counts_view(figures.total),
        "kinds": [{"kind": _kind(kind, policy), "counts": counts_view(kinds[kind])} for kind in listed],
        "parts": [
            {"area": _part(code, area.code, figures.names), "counts": counts_view(figures.parts[code])}
            for code in (*parts, *unplaced)
        ],
        "days": [
            {"day": day, "opened": counts["opened"], "closed": counts["closed"]}
            for day, counts in sorted(figures.days.items())
        ]
        if len(figures.months) == 1
        else None,
        "as_of": figures.as_of.isoformat(),
    }


def counts_view(counts: Counts) -> dict[str, Any]:
    from chalicelib.domain.figures import containment, deadlines, mediations, of_matters, parts_of, petitions

    kept, closed = containment(counts), parts_of(counts, "closed")
    clocks: dict[str, dict[str, int]] = {}
    for name, n in parts_of(counts, "ended").items():
        clock, _, how = name.partition(":")
        clocks.setdefault(clock, {})[how] = n
    return {
        **{name: counts.get(name, 0) for name in _PLAIN},
        "closed": sum(closed.values()),
        "open_now": counts.get("open", 0),
        "sources": parts_of(counts, "source"),
        "outcomes": closed,
        "breached": parts_of(counts, "breached"),
        "clocks": clocks,
        "deadlines": {
            clock: {"met": each.met, "missed": each.missed, "share": each.share}
            for clock, each in deadlines(counts).items()
        },
        "matters": _told(of_matters(counts), "per_matter"),
        **({"petitions": _told(of, "repeated_share", "first_instance_share")} if any(of := petitions(counts)) else {}),
        "mediations": _told(mediations(counts), "success_share", "performance_share"),
        "containment": {
            "settled": kept.settled,
            "contained": kept.contained,
            "share": kept.share,
            "unknown": kept.unknown,
            "levels": [{"should": should, "was": was, "cases": n} for should, was, n in kept.cells],
        },
    }


def _told(figures: OfMatters | OfPetitions | OfMediations, *shares: str) -> dict[str, Any]:
    """The counts of a figure, and what follows from them."""
    return {**figures._asdict(), **{share: getattr(figures, share) for share in shares}}


def _kind(kind: str | None, policy: Policy) -> dict[str, str] | None:
    known = policy.kinds.get(kind) if kind else None
    return {"id": kind, "name": known.zh if known else kind} if kind else None


def _part(code: str, whole: str, names: Any) -> dict[str, Any] | None:
    """An area right below; null for what is placed in none of them. An area that has ended is without a name."""
    return {"code": code, "name": names.get(code)} if code != whole else None
