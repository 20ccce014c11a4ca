"""Watches what the embedded cloud's SMS and e-mail logs say was delivered. It knows nothing of the application."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

_REFERENCE = re.compile(r"\[([0-9A-HJKMNP-TV-Z]{8}-\d+\.\d+)\]")
EVERY_SECONDS = 0.05
SLOW_SECONDS = 1.0

Told = tuple[str, str, str]  # event reference, address, channel


@dataclass(slots=True)
class Watch:
    """Polls the SMS log; `first_seen` has the epoch seconds at which a reference was first seen in it.

    `pace`: seconds between two looks. `strangers`: messages without a reference. The e-mail log, which would slow the
    cloud down that it shares a machine with, is read when the watch ends.
    """

    cloud: str
    pace: float = EVERY_SECONDS
    first_seen: dict[str, float] = field(default_factory=dict)
    delivered: Counter[Told] = field(default_factory=Counter)
    strangers: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _session: requests.Session = field(default_factory=requests.Session)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._poll, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        self._note([*self._texts(), *self._mails()])

    def _poll(self) -> None:
        while not self._stop.wait(self.pace):
            self._note(self._texts())

    def _note(self, messages: list[tuple[str, str, str]]) -> None:
        now = time.time()
        delivered: Counter[Told] = Counter()
        strangers = []
        for address, channel, text in messages:
            found = _REFERENCE.findall(text)
            if not found:
                strangers.append(text)
                continue
            delivered[found[-1], address, channel] += 1
            self.first_seen.setdefault(found[-1], now)
        self.delivered, self.strangers = delivered, strangers

    def _texts(self) -> list[tuple[str, str, str]]:
        log = self._read("/_ministack/sns/sms-messages")["sms_messages"]
        return [(phone, "sms", record["Message"]) for phone, records in log.items() for record in records]

    def _mails(self) -> list[tuple[str, str, str]]:
        log = self._read("/_ministack/ses/messages")["messages"]
        return [(to, "email", mail["BodyText"]) for mails in log.values() for mail in mails for to in mail["To"]]

    def _read(self, path: str) -> Any:
        answer = self._session.get(self.cloud + path, timeout=30)
        answer.raise_for_status()
        return answer.json()
