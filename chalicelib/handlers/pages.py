"""HTML as residents see it: templates of `templates/`, everything escaped, nothing loaded from elsewhere.

Jinja is imported when a page is first asked for: the API's cold start does not pay for it (ADR 11).
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from chalice.app import Request, Response

from chalicelib.config import settings
from chalicelib.handlers.http import problem

_TEMPLATES = Path(__file__).with_name("templates")
_INLINE = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)
_PUBLIC = "/v1/public/"
_TYPE = "text/html; charset=utf-8"


def page(template: str, status: int = 200, *, connects: bool = False, **values: Any) -> Response:
    """A page under a policy that runs its own script and style only, each named by its hash.

    `connects`: its script speaks to this API, and to nobody else.
    """
    html = _templates().get_template(template).render(**values)
    headers: dict[str, str | list[str]] = {
        "Content-Type": _TYPE,
        "Content-Security-Policy": _policy_of(html, connects=connects),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html, status_code=status, headers=headers)


def problem_page(code: str, heading: str, words: str, link: tuple[str, str] | None = None) -> Response:
    """A problem as a page; its status is that of the code. `link`: a relative address and what it is called."""
    status = int(problem(code, None).status_code)
    return page("message.html", status, heading=heading, words=words, link=link)


def cached(request: Request, answer: Response, seconds: int) -> Response:
    """An answer that anybody may keep for a while, with an ETag; empty for who has it already (RFC 9110, 304)."""
    tag = f'"{sha256(str(answer.body).encode()).hexdigest()[:32]}"'
    answer.headers |= {"Cache-Control": f"public, max-age={seconds}", "ETag": tag, "Vary": "Accept"}
    known = [each.strip().removeprefix("W/") for each in (request.headers.get("if-none-match") or "").split(",")]
    if tag in known or "*" in known:
        return Response("", status_code=HTTPStatus.NOT_MODIFIED, headers=answer.headers)
    return answer


def public_base(request: Request) -> str:
    """The address of this API as residents reach it: the deployment's, else the one that was asked.

    The gateway's own word for its domain is taken before the Host header, which anybody may write.
    """
    if settings().public_url:
        return settings().public_url
    context = request.context
    domain = context.get("domainName") or request.headers.get("host", "")
    stage, _, _ = str(context.get("path", "")).partition(_PUBLIC)
    return f"https://{domain}{stage}"


def phone_words(phone: str) -> str:
    """A telephone number as people read it: `199 0000 0028`, `0516-83700000`."""
    local = phone.removeprefix("+86")
    if phone.startswith("+86") and len(local) == 11 and local.startswith("1"):
        return f"{local[:3]} {local[3:7]} {local[7:]}"
    return f"0{local}" if phone.startswith("+86") else phone


def day_words(day: str) -> str:
    """`2026年11月1日`."""
    year, month, number = day.split("-")
    return f"{year}年{int(month)}月{int(number)}日"


def weekday_words(weekday: int) -> str:
    """`周三`; 1 is Monday."""
    return f"周{'一二三四五六日'[weekday - 1]}"


def _policy_of(html: str, *, connects: bool) -> str:
    allowed: dict[str, list[str]] = {"style": [], "script": []}
    for kind, content in _INLINE.findall(html):
        allowed[kind].append(f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'")
    sources = (f"{kind}-src {' '.join(hashes)}" for kind, hashes in allowed.items() if hashes)
    speaks = ["connect-src 'self'"] if connects else []
    parts = ["default-src 'none'", *sources, *speaks, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    return "; ".join(parts)


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.filters |= {"phone": phone_words, "day": day_words, "weekday": weekday_words}
    return templates
