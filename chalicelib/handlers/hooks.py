"""Webhooks of other systems: text messages through Aliyun, work orders of the 12345 hotline."""

from __future__ import annotations

import hmac
import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalice.app import Blueprint, Response

from chalicelib import bootstrap
from chalicelib.domain.errors import DomainError, TemporarilyUnavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.people import Reporter
from chalicelib.domain.phones import phone_of
from chalicelib.domain.reports import HOTLINE, SMS, Report
from chalicelib.handlers import views
from chalicelib.handlers.http import (
    answer,
    body_of,
    http_boundary,
    json_of,
    keyed_fingerprint_of,
    parsed,
    query_of,
    request_id_of,
    source_of,
)
from chalicelib.handlers.requests import HotlineOrderIn, check_told_at
from chalicelib.observability import logger

hooks = Blueprint(__name__)
_CONTENT_TYPES = ["application/json", "application/json; charset=utf-8", "text/plain"]
_SOURCE_ROLE = "source"
_MOST_TEXT = 20_000
_LATEST = timedelta(days=30)


@hooks.route("/hooks/hotline/12345", methods=["POST"])
@http_boundary
def take_hotline_order() -> Response:
    """One work order, under Standard Webhooks' signature and five-minute window."""
    request, policy, now = hooks.current_request, bootstrap.policy(), bootstrap.now()
    raw = body_of(request)
    _check_signature(raw, dict(request.headers))
    body = json_of(raw)
    order = parsed(HotlineOrderIn, body)
    check_told_at(order.received_at, "received_at", now, policy.rules.future_tolerance)
    report = order.to_domain(keyed_fingerprint_of(body), now)
    receipt = bootstrap.intake().submit(
        report, Actor(HOTLINE, _SOURCE_ROLE), request_id_of(request), source_of(request)
    )
    return answer(views.receipt_view(receipt), version=receipt.version)


@hooks.route("/hooks/sms/aliyun", methods=["POST"], content_types=_CONTENT_TYPES)
@http_boundary
def take_texts() -> Response:
    """Aliyun's uplink push: an array of text messages. Each is taken by itself.

    What cannot be taken is kept and listed as refused, since nobody can be told to send it again. When the store does
    not answer, the whole push is refused and Aliyun sends it again; what was taken of it is known by its id.
    """
    request = hooks.current_request
    given = query_of(request).get("key", "")
    if not hmac.compare_digest(given.encode(), bootstrap.secrets().get("aliyun").encode()):
        raise DomainError("key", code="secret-invalid")
    elements = _elements(body_of(request))
    done = [_take_or_keep(element, request_id_of(request), source_of(request)) for element in elements]
    if not all(done):
        raise TemporarilyUnavailable()
    return answer({"code": 0, "msg": "成功"})


def _check_signature(raw: bytes, headers: dict[str, str]) -> None:
    """Raises DomainError `signature-invalid` or `timestamp-outside-window`."""
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    try:
        Webhook(bootstrap.secrets().get("hotline")).verify(raw, headers, json_parse=False)
    except WebhookVerificationError as error:
        late = "timestamp too" in str(error)
        code = "timestamp-outside-window" if late else "signature-invalid"
        raise DomainError("webhook-timestamp" if late else "webhook-signature", code=code) from None
    except (ValueError, TypeError) as error:
        raise DomainError("webhook-signature", code="signature-invalid") from error


def _elements(raw: bytes) -> list[Any]:
    """The messages of a push, in whatever encoding it came. Raises DomainError `malformed-json`, `wrong-type`."""
    try:
        elements = json.loads(_decoded(raw))
    except (ValueError, RecursionError) as error:
        raise DomainError(code="malformed-json") from error
    if not isinstance(elements, list):
        raise DomainError(code="wrong-type")
    return elements


def _decoded(raw: bytes) -> str:
    """Text in Unicode or GB18030; a few broken characters in one message do not make the others unreadable."""
    try:
        return raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        as_utf_8 = raw.decode("utf-8", errors="replace")
    broken = as_utf_8.count("\ufffd")
    if 2 * broken > sum(not char.isascii() for char in as_utf_8):
        with suppress(UnicodeDecodeError):
            return raw.decode("gb18030")
    return as_utf_8


def _take_or_keep(element: Any, request_id: str, source: str) -> bool:
    """Take one message, or keep it as refused. False when the store did not answer, so that it must come again."""
    try:
        try:
            bootstrap.intake().take_text(_text_of(element), Actor(SMS, _SOURCE_ROLE), request_id, source)
        except TemporarilyUnavailable:
            raise
        except (DomainError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as refused:
            _keep(element, refused)
    except TemporarilyUnavailable:
        return False
    return True


def _text_of(element: Any) -> Report:
    """What Aliyun says of one message. Raises KeyError, TypeError or ValueError for what is no message of anybody."""
    phone = _words_of(element["phone_number"]).strip()
    text = _printable(_words_of(element.get("content")))[:_MOST_TEXT]
    if not phone:
        raise KeyError("phone_number")
    now = bootstrap.now()
    fingerprint = keyed_fingerprint_of(phone, text)
    return Report(
        source=SMS,
        message_id=_words_of(element.get("sequence_id")) or f"none-{keyed_fingerprint_of(element)[:32]}",
        fingerprint=fingerprint,
        text=text,
        told_at=_sent_at(element.get("send_time"), now),
        received_at=now,
        reporter=_sender(phone),
    )


def _words_of(value: Any) -> str:
    if value is not None and not isinstance(value, str | int | float):
        raise TypeError("neither text nor number")
    return "" if value is None else str(value)


def _sender(phone: str) -> Reporter:
    """A number that cannot be dialled is kept as the sender's name."""
    dialled = phone_of(phone)
    return Reporter(phone=dialled.number, extension=dialled.extension) if dialled else Reporter(name=phone)


def _sent_at(send_time: Any, now: datetime) -> datetime:
    """When it was sent, in the district's time, as Aliyun writes it; the time of arrival if it says nothing usable."""
    try:
        sent = datetime.strptime(str(send_time), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return now
    sent = sent.replace(tzinfo=ZoneInfo(bootstrap.policy().timezone))
    return sent if now - _LATEST <= sent <= now else now


def _printable(text: str) -> str:
    whole = text.encode("utf-8", errors="replace").decode("utf-8")
    return "".join(char if char in "\n\t" or char.isprintable() or ord(char) > 159 else " " for char in whole)


def _keep(element: Any, refused: Exception) -> None:
    reason = refused.code if isinstance(refused, DomainError) else f"unreadable: {type(refused).__name__}"
    try:
        content = json.dumps(element).encode()
    except RecursionError:
        content = b"nested too deeply to be written down"
    logger().warning("text message refused and kept", extra={"reason": reason})
    bootstrap.keep_refused(SMS, reason, content)
