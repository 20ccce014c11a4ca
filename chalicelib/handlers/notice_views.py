"""A public notice as it goes out: the words of the contract, and what the printed page is drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.handlers.area_map import AreaMap, Drawn, area_map
from chalicelib.handlers.pages import weekday_words

if TYPE_CHECKING:
    from chalicelib.domain.law_house import Sitting
    from chalicelib.domain.reports import Receipt, Report
    from chalicelib.services.notices import Person, Posted, PostShown, PublicNotice, StandIn


def notice_view(notice: PublicNotice, report_url: str) -> dict[str, Any]:
    return {
        "area": {
            "code": notice.code,
            "name": notice.name,
            "level": notice.level,
            "path": list(notice.path),
            "households": notice.households,
        },
        "posts": [_post(shown) for shown in notice.posts],
        "parts": []
        if notice.neighbours
        else [
            {"code": part.code, "name": part.name, "level": part.level, "head": _post(part.head) if part.head else None}
            for part in notice.parts
        ],
        "units": [
            {
                "id": unit.id,
                "name": unit.name,
                "address": unit.counter.address,
                "duty_phone": unit.counter.duty_phone,
                "supervision_phone": unit.counter.supervision_phone,
            }
            for unit in notice.units
        ],
        "duty_phone": notice.duty_phone,
        "supervision_phone": notice.supervision_phone,
        "kinds": [{"kind": kind.id, "name_zh": kind.zh, "examples_zh": list(kind.examples)} for kind in notice.kinds],
        "law_house": [sitting_view(each) for each in notice.law_house],
        "report_url": report_url,
        "valid_on": notice.day,
        "network": {"version": notice.version.id, "from": notice.version.from_day},
        "label": notice.label,
    }


def sitting_view(sitting: Sitting) -> dict[str, Any]:
    """Hours as residents read them: no phone, and nothing of the lawyer but name and firm."""
    hours = sitting.hours
    return {
        "community": hours.community,
        "weekday": hours.weekday,
        "weekday_zh": weekday_words(hours.weekday),
        "from": hours.from_time,
        "to": hours.to_time,
        "lawyer": {"name": sitting.lawyer.name, "organisation": sitting.lawyer.organisation},
        "next_on": sitting.next_on,
    }


def public_receipt_view(receipt: Receipt, report: Report, base: str) -> dict[str, Any]:
    """What somebody learns who told something without a name: how to follow it, and nothing of how it is handled."""
    return {
        "tracking_code": receipt.tracking_code,
        "track_url": f"{base}/v1/public/track/{receipt.tracking_code}",
        "community": receipt.area.path[2] if receipt.area and len(receipt.area.path) > 2 else None,
        "answered_by_sms": report.reporter.phone is not None,
    }


def map_of(notice: PublicNotice) -> AreaMap | None:
    """The area with its parts, or a cell among its neighbours; by itself where nothing is known of either."""
    parts = [
        Drawn(_short(part.name, notice), part.geometry, part.code == notice.code)
        for part in notice.parts
        if part.geometry is not None
    ]
    if not parts and notice.geometry:
        parts = [Drawn(notice.name, notice.geometry, True)]
    return area_map(None if notice.neighbours else notice.geometry, parts)


def qr_of(url: str) -> str:
    """A QR code as inline SVG, black on nothing, without a border: the page leaves one."""
    import segno

    return segno.make(url, error="m", micro=False).svg_inline(border=0, omitsize=True, svgclass="qr", lineclass=None)


def _short(name: str, notice: PublicNotice) -> str:
    """A part's name without that of an area above, which every part has: 万通社区第1网格 is 第1网格 on the map."""
    above = next((each for each in reversed(notice.path) if name.startswith(each) and len(each) < len(name)), "")
    return name.removeprefix(above)


def _post(shown: PostShown) -> dict[str, Any]:
    return {
        "post": shown.post.id,
        "name_zh": shown.post.zh,
        "area": shown.area,
        "duties_zh": shown.post.duties,
        "holders": [_posted(each) for each in shown.posted],
        "vacant": shown.vacant,
        "vacant_since": shown.vacant_since,
        "stands_in": _stand_in(shown.stand_in) if shown.stand_in else None,
    }


def _posted(posted: Posted) -> dict[str, Any]:
    return {
        **_person(posted.person),
        "away_until": posted.away_until if posted.away else None,
        "away": posted.away,
        "deputy": _person(posted.deputy) if posted.deputy else None,
    }


def _stand_in(stand_in: StandIn) -> dict[str, Any]:
    return {
        "post": stand_in.post.id,
        "name_zh": stand_in.post.zh,
        "area_name": stand_in.area_name,
        "people": [_person(person) for person in stand_in.people],
    }


def _person(person: Person) -> dict[str, Any]:
    return {"name": person.name, "phone": person.phone}
