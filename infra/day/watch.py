"""Watches what the embedded cloud's SMS and e-mail logs say was delivered. It knows nothing of the application."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import requests

_REFERENCE = re.compile(r"\[([0-9A-HJKMNP-TV-Z]{8}-\d+\.\d+)\]")
_TEXTS, _MAILS = "/_ministack/sns/sms-messages", "/_ministack/ses/messages"
EVERY_SECONDS = 0.05
SLOW_SECONDS = 1.0

Told = tuple[str, str, str]  # event reference, address, channel


@dataclass(slots=True)
class Watch:
    """Polls the SMS log: `first_seen` has the epoch seconds at which a reference was first seen in it.

    `texts`: how many messages it held at the latest look.
    `pace`: seconds between two looks. A look searches the log as it comes, since whoever reads it twenty times a second
    shares a machine with what is watched. Both logs are read message by message when the watch ends: `delivered`, and
    `strangers`, messages without a reference.
    """

    cloud: str
    pace: float = EVERY_SECONDS
    texts: int = 0
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
        self._look()
        self._read_messages()

    def _poll(self) -> None:
        while not self._stop.wait(self.pace):
            self._look()

    def _look(self) -> None:
        log, now = self._read(_TEXTS).text, time.time()
        references = _REFERENCE.findall(log)
        self.texts = len(references)
        for reference in references:
            self.first_seen.setdefault(reference, now)

    def _read_messages(self) -> None:
        texts = self._read(_TEXTS).json()["sms_messages"]
        mails = self._read(_MAILS).json()["messages"]
        messages = [(phone, "sms", text["Message"]) for phone, each in texts.items() for text in each]
        messages += [(to, "email", mail["BodyText"]) for each in mails.values() for mail in each for to in mail["To"]]
        for address, channel, text in messages:
            if found := _REFERENCE.findall(text):
                self.delivered[found[-1], address, channel] += 1
            else:
                self.strangers.append(text)

    def _read(self, path: str) -> requests.Response:
        answer = self._session.get(self.cloud + path, timeout=30)
        answer.raise_for_status()
        answer.encoding = "utf-8"  # it says none, and guessing takes longer than reading
        return answer
