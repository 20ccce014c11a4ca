"""Those who tell: workers' phones, residents' texts and forms, the hotline; with pictures, retries and mistakes."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import requests
from standardwebhooks import Webhook

from infra.day.system import Caller, System
from infra.samples.day import DayMessage, body_of
from infra.samples.pictures import picture

_STALE_SECONDS = 600
_FORM, _KEY = (re.compile(f'data-{name}="([^"]+)"') for name in ("form", "key"))
_EARLY_MESSAGES, _EARLY_PACE = 6, 1.5  # messages; messages a second


@dataclass(slots=True)
class Sent:
    """A message that went out, and how it was answered. `at`: epoch seconds when its request began.

    `message`: with the id it went out by, which of a form is the form's.
    """

    message: DayMessage
    body: bytes
    at: float
    status: int
    answer: dict[str, Any]

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class Senders:
    """Sends a day's messages and keeps what came of each, in their order."""

    system: System
    messages: Sequence[DayMessage]
    pace: float  # messages a second, all clients together
    clients: int = 4
    on_sent: Callable[[int, Sent], None] = lambda index, sent: None
    sent: list[Sent | None] = field(default_factory=list)
    pictures_sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _local: threading.local = field(default_factory=threading.local)
    _arrived: list[threading.Event] = field(default_factory=list)

    def run(self) -> float:
        """Send all; the seconds it took. A repeat or follow-up waits for the message it follows."""
        self.sent = [None] * len(self.messages)
        self._arrived = [threading.Event() for _ in self.messages]
        began = time.monotonic()
        with ThreadPoolExecutor(self.clients) as pool:
            for future in [pool.submit(self._send, index, began) for index in range(len(self.messages))]:
                future.result()
        return time.monotonic() - began

    def _send(self, index: int, began: float) -> None:
        time.sleep(max(0.0, began + self._starts_at(index) - time.monotonic()))
        message, caller = self.messages[index], self._caller()
        try:
            sent = self._sent(message, caller)
        finally:
            self._arrived[index].set()
        self.sent[index] = sent
        self.on_sent(index, sent)

    def _starts_at(self, index: int) -> float:
        """Seconds into the day: it begins slowly, as days do, then keeps its pace."""
        early = min(index, _EARLY_MESSAGES)
        return early / _EARLY_PACE + (index - early) / self.pace

    def _sent(self, message: DayMessage, caller: Caller) -> Sent:
        first = self._first_of(message)
        if first is not None and message.repeat_of is not None:
            return self._post(replace(message, message_id=first.message.message_id), first.body, caller)
        code = self._tracking_code(first, caller) if first is not None else None
        forms = [self._announced(message, number, caller) for number in range(message.pictures)]
        for form in forms[::2]:
            self._upload(form, caller)
        media = [form["attachment_id"] for form in forms]
        form, message = self._opened(message, caller) if message.edge == "web" else (None, message)
        body = body_of(message, datetime.now(UTC), media=media, tracking_code=code, form=form)
        sent = self._post(message, body, caller)
        for form in forms[1::2]:
            self._upload(form, caller)
        return sent

    def _first_of(self, message: DayMessage) -> Sent | None:
        earlier = message.repeat_of if message.repeat_of is not None else message.follows
        if earlier is None:
            return None
        self._arrived[earlier].wait(60)
        while self.sent[earlier] is None:
            time.sleep(0.01)
        return self.sent[earlier]

    def _tracking_code(self, first: Sent, caller: Caller) -> str | None:
        """The code a resident was told of a case by SMS, asked of the API here."""
        answer = caller.get(
            "/v1/cases",
            self.system.token_of_role("administrator"),
            source="sms",
            message_id=first.message.message_id,
        )
        return answer.json().get("tracking_code") if answer.ok else None

    def _opened(self, message: DayMessage, caller: Caller) -> tuple[str, DayMessage]:
        """What the form of a cell goes by, as whoever scans its sign opens it, and the message by the form's own id."""
        page = caller.get(f"/v1/public/areas/{message.cell}/report").text
        return _FORM.findall(page)[0], replace(message, message_id=_KEY.findall(page)[0])

    def _announced(self, message: DayMessage, number: int, caller: Caller) -> dict[str, Any]:
        """A picture announced. Every second one is uploaded only after its report was sent."""
        key = f"{message.message_id[:-2]}{number:02x}"
        answer = caller.post(
            "/v1/attachments",
            {"content_type": "image/jpeg", "bytes": len(picture(key))},
            self._worker(message),
            {"Idempotency-Key": key},
        )
        answer.raise_for_status()
        return {**_json_of(answer), "note": key}

    def _upload(self, form: dict[str, Any], caller: Caller) -> None:
        caller.upload(form, picture(form["note"])).raise_for_status()
        with self._lock:
            self.pictures_sent += 1

    def _post(self, message: DayMessage, body: bytes, caller: Caller) -> Sent:
        at = time.time()
        match message.edge:
            case "mobile":
                token = "not.a.token" if message.fault == "wrong-token" else self._worker(message)
                keyless = message.fault == "no-idempotency-key"
                headers = {} if keyless else {"Idempotency-Key": message.message_id}
                answer = caller.post("/v1/reports", body, token, headers)
            case "hotline":
                answer = caller.post("/hooks/hotline/12345", body, headers=self._signed(message, body))
            case "sms":
                key = "wrong" if message.fault == "wrong-secret" else self.system.secrets["aliyun"]
                answer = caller.post(f"/hooks/sms/aliyun?key={key}", body)
            case "web":
                answer = caller.post("/v1/public/reports", body, headers={"Idempotency-Key": message.message_id})
        return Sent(message, body, at, answer.status_code, _json_of(answer))

    def _signed(self, message: DayMessage, body: bytes) -> dict[str, str]:
        seconds = time.time() - (_STALE_SECONDS if message.fault == "stale-timestamp" else 0)
        when = datetime.fromtimestamp(int(seconds), UTC)
        hook_id = f"msg_{message.message_id}"
        signature = Webhook(self.system.secrets["hotline"]).sign(hook_id, when, body.decode())
        if message.fault == "wrong-signature":
            signature = f"{signature[:-6]}AAAAA="
        return {
            "webhook-id": hook_id,
            "webhook-timestamp": str(int(seconds)),
            "webhook-signature": signature,
        }

    def _worker(self, message: DayMessage) -> str:
        return self.system.token_of_cell(message.cell or "")

    def _caller(self) -> Caller:
        if not hasattr(self._local, "caller"):
            self._local.caller = Caller(self.system)
        caller: Caller = self._local.caller
        return caller


def _json_of(answer: requests.Response) -> dict[str, Any]:
    try:
        parsed = answer.json()
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
