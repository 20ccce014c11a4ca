"""What every HTTP edge shares: the boundary that maps errors to problems, and how a request is read."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from urllib.parse import unquote
from uuid import UUID

from chalice.app import Request, Response
from pydantic_core import ValidationError

from chalicelib import bootstrap
from chalicelib.config import settings
from chalicelib.domain.audit import UNSAID, Origin
from chalicelib.domain.days import day_of
from chalicelib.domain.errors import DomainError, InvalidField, NotFound
from chalicelib.domain.people import StaffMember
from chalicelib.domain.records import Command
from chalicelib.observability import logger, trace_of

if TYPE_CHECKING:
    from chalicelib.handlers.requests import In

MAX_BODY_BYTES = 256 * 1024
_MOST_NAME, _MOST_DIGITS = 200, 9
_HTML, _JSON_TYPE = "text/html", "application/json"
_JSON = {"Content-Type": _JSON_TYPE}
_SUBJECTS = {"case_id": "case", "report_id": "report"}
_PROBLEM = {"Content-Type": "application/problem+json"}

_PYDANTIC_CODES = {
    "missing": "field-required",
    "extra_forbidden": "unknown-field",
    "string_too_short": "text-empty",
    "string_too_long": "text-too-long",
    "literal_error": "value-not-allowed",
    "enum": "value-not-allowed",
    "greater_than_equal": "value-not-allowed",
    "less_than_equal": "value-not-allowed",
    "greater_than": "value-not-allowed",
    "finite_number": "value-not-allowed",
    "too_long": "value-not-allowed",
    "string_pattern_mismatch": "value-not-allowed",
}

R = TypeVar("R", bound="In")


def http_boundary(view: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap a view so that whatever goes wrong becomes a problem document (RFC 9457) with a stable code."""

    @wraps(view)
    def bounded(*args: Any, **kwargs: Any) -> Response:
        try:
            return view(*args, **kwargs)
        except ValidationError as error:
            return problem_of_fields(error)
        except DomainError as error:
            answered = problem(error.code, error.field, **error.extra)
            if answered.status_code >= 500:
                about = {"view": view.__name__, "code": error.code, "service_error": error.extra.get("service_error")}
                logger().warning("request failed", extra=about)
            return answered
        except Exception as error:
            logger().error("unexpected failure", extra={"view": view.__name__, "trace": trace_of(error)})
            return problem("internal-error", None)

    return bounded


def in_contract_words(event: Any, get_response: Callable[[Any], Response]) -> Response:
    """Middleware: what Chalice itself answers before it asks a view, a content type it does not take, as a problem."""
    response = get_response(event)
    if response.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return problem("unsupported-media-type", "Content-Type")
    return response


def problem(code: str, field: str | None, **extra: Any) -> Response:
    """A problem document; `title` and `detail` are Chinese, `detail_en` English."""
    known = catalogue().get(code) or catalogue()["internal-error"]
    extra.pop("service_error", None)
    body = {
        "type": f"urn:wangge:problem:{code}",
        "status": known["status"],
        "code": code,
        "title": known["title"],
        "detail": known["zh"] if field is None else f"{known['zh']}（{field}）",
        "detail_en": known["en"] if field is None else f"{known['en']} ({field})",
        "field": field,
        **extra,
    }
    headers: dict[str, str | list[str]] = dict(_PROBLEM)
    if known["status"] == 503:
        headers["Retry-After"] = "2"
    if known["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(body, ensure_ascii=False), status_code=known["status"], headers=headers)


def problem_of_fields(error: ValidationError) -> Response:
    """One problem for all faults of a body: the first in front, every one in `errors`."""
    faults = [(_code_of(fault["type"]), _path_of(fault["loc"])) for fault in error.errors(include_url=False)]
    errors = [
        {"field": field, "code": code, "detail": catalogue()[code]["zh"], "detail_en": catalogue()[code]["en"]}
        for code, field in faults
    ]
    code, field = faults[0]
    return problem(code, field or None, errors=errors)


class Answer(Response):
    """An answer that knows what it is about, in the words of the audit."""

    about: dict[str, str]


def answer(body: Any, status: int = 200, version: int | None = None) -> Response:
    headers: dict[str, str | list[str]] = dict(_JSON)
    if version is not None:
        headers["ETag"] = f'"{version}"'
    made = Answer(json.dumps(body, ensure_ascii=False), status_code=status, headers=headers)
    made.about = {about: body[name] for name, about in _SUBJECTS.items() if name in body}
    return made


def body_of(request: Request) -> bytes:
    """The body, if it is not too large. Raises DomainError `body-too-large`."""
    raw = cast(bytes, request.raw_body)
    if len(raw) > MAX_BODY_BYTES:
        raise DomainError(code="body-too-large", limit=MAX_BODY_BYTES)
    return raw


def json_of(raw: bytes) -> Any:
    """The JSON of a body. Raises DomainError `malformed-json` for anything else, NaN and lone surrogates included."""
    try:
        text = raw.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise DomainError(code="malformed-json") from error
    return value


def parsed(request: type[R], value: Any) -> R:
    """A request of that class. Raises pydantic's ValidationError, which the boundary maps."""
    if not isinstance(value, dict):
        raise DomainError(code="wrong-type")
    return request.checked(value)


def fingerprint_of(*content: Any) -> str:
    """A hash of content, the same however its JSON is spaced or ordered."""
    return sha256(_canonical(content)).hexdigest()


def keyed_fingerprint_of(*content: Any) -> str:
    """The same of content that says who somebody is, or where: keyed, since all of it but a phone or a position lies
    beside the fingerprint, and trying every phone would turn a plain hash back.
    """
    return hmac.new(bootstrap.secrets().get("phone").encode(), _canonical(content), sha256).hexdigest()


def _canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()


class StaffRequest(NamedTuple):
    """A request of a member of staff: who, a name for it in logs and events, and the address it comes from."""

    staff: StaffMember
    request_id: str
    source: str = UNSAID

    @property
    def origin(self) -> Origin:
        return Origin(self.staff.actor, self.source, self.request_id)

    def command(self, key: str, fingerprint: str) -> Command:
        """The command this is under an idempotency key: a key counts for one member of staff."""
        return Command(fingerprint_of(self.staff.id, key)[:40], fingerprint)


def staff_request(request: Request) -> StaffRequest:
    """Who asks, as the authorizer found."""
    context = request.context
    found = context["authorizer"]
    areas = tuple(filter(None, str(found.get("areas", "")).split(",")))
    staff = StaffMember(found["principalId"], found["role"], found["unit"], areas)
    return StaffRequest(staff, request_id_of(request), source_of(request))


def source_of(request: Request) -> str:
    """The address a request comes from, as API Gateway saw it: what a header says anybody can write."""
    return str((request.context.get("identity") or {}).get("sourceIp") or UNSAID)


def request_id_of(request: Request) -> str:
    return str(request.context.get("requestId", "none"))


def idempotency_key(request: Request) -> str:
    """The client's UUID for this command. Raises DomainError when missing or none."""
    key = request.headers.get("idempotency-key")
    if not key:
        raise DomainError("Idempotency-Key", code="idempotency-key-required")
    try:
        return str(UUID(key))
    except ValueError as error:
        raise DomainError("Idempotency-Key", code="idempotency-key-invalid") from error


def command_of(request: Request) -> tuple[StaffRequest, str, dict[str, Any]]:
    """Who commands, under which idempotency key, and the JSON object said. Raises DomainError."""
    key = idempotency_key(request)
    body = json_of(body_of(request))
    if not isinstance(body, dict):
        raise DomainError(code="wrong-type")
    return staff_request(request), key, body


def expected_version(request: Request) -> int:
    """The case version the client read, from `If-Match: "<version>"`."""
    tag = request.headers.get("if-match")
    if not tag:
        raise DomainError("If-Match", code="if-match-required")
    version = _number(tag.strip().removeprefix("W/").strip('"'))
    if version is None:
        raise DomainError("If-Match", code="stale-version")
    return version


def query_of(request: Request) -> dict[str, str]:
    """The query's parameters; of one given twice, the last."""
    return cast(dict[str, str], request.query_params or {})


def wants_html(request: Request) -> bool:
    """Whether a browser asks: it names HTML, and before JSON if it names that at all."""
    accepted = [part.split(";")[0].strip().lower() for part in (request.headers.get("accept") or "").split(",")]
    return _HTML in accepted and (_JSON_TYPE not in accepted or accepted.index(_HTML) < accepted.index(_JSON_TYPE))


def named(value: str) -> str:
    """What a path or query names, decoded. Raises NotFound for a name longer than any there is."""
    name = unquote(value)
    if len(name) > _MOST_NAME:
        raise NotFound()
    return name


def limit_of(request: Request, default: int = 50, most: int = 100) -> int:
    text = query_of(request).get("limit")
    if text is None:
        return default
    limit = _number(text)
    if limit is None or not 1 <= limit <= most:
        raise InvalidField("limit", "query-invalid")
    return limit


def day_asked(request: Request) -> str | None:
    """The day that `on` of the query names; None where it names none. Raises InvalidField for what is no day."""
    text = query_of(request).get("on")
    if text is not None and day_of(text) is None:
        raise InvalidField("on", "query-invalid")
    return text


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """Every error code with its status and its sentences (`docs/contract`)."""
    found: dict[str, dict[str, Any]] = json.loads((settings().contract / "errors.json").read_text(encoding="utf-8"))
    return found


def _number(text: str) -> int | None:
    """A whole number as people write it, or None; Python would stumble over thousands of digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _code_of(kind: str) -> str:
    if kind in catalogue():
        return kind
    return _PYDANTIC_CODES.get(kind, "wrong-type")


def _path_of(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
