"""A day of the sample district: the reports that phone, SMS, hotline and form bring, with repeats, retries, bad input,
and matters that several people tell of.

Only data: the same numbers give the same day. The times are filled in when a message is sent, by `body_of`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, Literal
from uuid import UUID

from infra.samples.day_matters import PLANTED, Edge
from infra.samples.day_texts import ADVICE, FOLLOW_UPS, TEXTS, UNCLEAR
from infra.tiles import Feature, inner_point, paths_by_code, ring_of

Expected = Literal["accepted", "refused", "repeat"]

LOCAL = timezone(timedelta(hours=8))
REPEATED, FAULTY, FOLLOWING, PETITIONING = 0.08, 0.05, 0.06, 0.025  # shares of a day; more petition at random
NUMBERED = 30  # buildings that are told of at random: planted matters are in others
TRACKING_CODE = "{tracking_code}"  # in an SMS: stands for the code of the case it follows

# What is planted, at which edge, and the answer it must meet: HTTP status and code of the problem (`docs/contract/`).
FAULTS: tuple[tuple[str, Edge, int, str], ...] = (
    ("point-outside", "mobile", 422, "position-outside-district"),
    ("empty-text", "mobile", 422, "text-empty"),
    ("wrong-signature", "hotline", 401, "signature-invalid"),
    ("future-time", "mobile", 422, "time-in-future"),
    ("unknown-category", "mobile", 422, "unknown-category"),
    ("wrong-secret", "sms", 401, "secret-invalid"),
    ("not-json", "mobile", 400, "malformed-json"),
    ("text-too-long", "mobile", 422, "text-too-long"),
    ("stale-timestamp", "hotline", 401, "timestamp-outside-window"),
    ("bad-phone", "mobile", 422, "phone-invalid"),
    ("unknown-area", "mobile", 422, "unknown-area"),
    ("no-idempotency-key", "mobile", 400, "idempotency-key-required"),
    ("point-outside", "hotline", 422, "position-outside-district"),
    ("control-character", "mobile", 422, "control-characters"),
    ("no-time-zone", "mobile", 422, "time-without-zone"),
    ("not-json", "hotline", 400, "malformed-json"),
    ("unknown-field", "mobile", 422, "unknown-field"),
    ("wrong-token", "mobile", 401, "unauthorized"),
    ("empty-text", "hotline", 422, "text-empty"),
    ("not-json", "sms", 400, "malformed-json"),
)


@dataclass(frozen=True, slots=True)
class DayMessage:
    """One message to one edge.

    `message_id` is the Idempotency-Key, Aliyun's `sequence_id` or the hotline's order number; a form has a key of its
    own when it is opened. `payload` lacks its time, which is `ago` before it is sent, and the ids of its `pictures`.
    `cell` is where a mobile report is made, by its information officer, or whose form is filled in. `matter` names the
    one that it tells of, where others tell of it too or might be taken to. A repeat must be sent byte for byte as the
    message `repeat_of` was. `follows` is the earlier SMS of the same phone whose case this one joins while that case is
    open. A refused message must be answered with `status`, and with `problem` as the code where the answer is made by
    our code.
    """

    edge: Edge
    message_id: str
    payload: Mapping[str, Any]
    ago: timedelta = timedelta(0)
    pictures: int = 0
    cell: str | None = None
    matter: str | None = None
    fault: str | None = None
    repeat_of: int | None = None
    follows: int | None = None
    expected: Expected = "accepted"
    status: int | None = None
    problem: str | None = None


def messages(n: int, seed: int, features: Sequence[Feature]) -> list[DayMessage]:
    """`n` messages in the order they are sent; `repeat_of` and `follows` are indexes of earlier ones."""
    day = _Day(Random(seed), seed, features)
    for slot in day.slots(n):
        day.sent.append(slot(day))
    return day.sent


def body_of(
    message: DayMessage,
    now: datetime,
    *,
    media: Sequence[str] = (),
    tracking_code: str | None = None,
    form: str | None = None,
) -> bytes:
    """The request body of a message sent `now` (aware): an object, or for SMS an array of one element.

    `form`: what a form that is filled in goes by.
    """
    filled = filled_in(message, now, media=media, tracking_code=tracking_code)
    if form is not None:
        filled = {**filled, "form": form}
    body = json.dumps([filled] if message.edge == "sms" else filled, ensure_ascii=False).encode()
    return body[: len(body) // 2] if message.fault == "not-json" else body


def filled_in(
    message: DayMessage, now: datetime, *, media: Sequence[str] = (), tracking_code: str | None = None
) -> dict[str, Any]:
    """The payload with its time, its attachments and, where it names one, the tracking code of the case it follows."""
    told = (now - message.ago).astimezone(LOCAL).replace(microsecond=0)
    match message.edge:
        case "mobile":
            zoned = told.replace(tzinfo=None) if message.fault == "no-time-zone" else told
            return {**message.payload, "told_at": zoned.isoformat(), **({"media": list(media)} if media else {})}
        case "hotline":
            return {**message.payload, "received_at": told.isoformat()}
        case "sms":
            content = message.payload["content"].replace(TRACKING_CODE, tracking_code or "").strip()
            return {**message.payload, "content": content, "send_time": told.strftime("%Y-%m-%d %H:%M:%S")}
        case "web":
            return dict(message.payload)


@dataclass(slots=True)
class _Day:
    random: Random
    seed: int
    features: Sequence[Feature]
    sent: list[DayMessage] = field(default_factory=list)
    phones: int = 0
    cells: list[Feature] = field(default_factory=list)
    paths: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cells = [feature for feature in self.features if feature["properties"]["level"] == "cell"]
        self.paths = paths_by_code(self.features)

    def slots(self, n: int) -> list[Slot]:
        """What is sent when: repeats, follow-ups, faults and planted matters are strewn over the day after its first
        tenth.

        An SMS comes first, so that there is something to follow up and to repeat.
        """
        special: list[Slot] = [_fault(*FAULTS[at % len(FAULTS)]) for at in range(max(1, round(n * FAULTY)))]
        special += [_Day.repeat] * round(n * REPEATED) + [_Day.follow_up] * round(n * FOLLOWING)
        special += [*self.planted(), *map(_petition, range(round(n * PETITIONING)))]
        rest = n - len(special) - 1
        edges: list[Slot] = []
        edges += [_Day.mobile] * round(rest * 0.56) + [_Day.sms] * round(rest * 0.19)
        edges += [_Day.hotline] * (rest - len(edges))
        self.random.shuffle(edges)
        later = [*special, *edges[n // 10 :]]
        self.random.shuffle(later)
        return [_Day.sms, *edges[: n // 10], *later]

    def planted(self) -> list[Slot]:
        """What tells of the planted matters, each in a compound of its own, and of those there that look like it."""
        told: list[Slot] = []
        one_each = list({cell["properties"]["parent"]: cell for cell in self.cells}.values())
        for planted, cell in zip(PLANTED, self.random.sample(one_each, len(PLANTED)), strict=True):
            b, u = self.random.randint(NUMBERED + 1, 2 * NUMBERED), self.random.randint(1, 3)
            place = self.paths[cell["properties"]["code"]][3]
            words = {"place": place, "b": b, "u": u, "other_b": b + 1, "other_u": u + 1}
            told += [_telling(planted.category, edge, text.format(**words), cell) for edge, text in planted.told]
            told += [
                _telling(f"{planted.category}/{number}", edge, text.format(**words), cell)
                for number, (edge, text) in enumerate(planted.alike, 1)
            ]
        return told

    def mobile(self) -> DayMessage:
        cell = self.random.choice(self.cells)
        code = cell["properties"]["code"]
        category, text = self.matter(code)
        payload: dict[str, Any] = {"text": text}
        if self.random.random() < 0.35 and category:
            payload["category"] = category
        if self.random.random() < 0.1:
            payload["urgency"] = self.random.choice(("ordinary", "urgent", "major"))
        if self.random.random() < 0.18:
            payload["area"] = self.random.choice((code, code, code[:14], code[:12]))
        else:
            payload["position"] = self.position(cell)
        if self.random.random() < 0.4:
            payload["address"] = f"{self.paths[code][3]}{self.random.randint(1, NUMBERED)}号楼"
        reporter = self.reporter()
        if reporter:
            payload["reporter"] = reporter
        return DayMessage(
            "mobile",
            self.key(),
            payload,
            self.lag(),
            pictures=self.random.choice((0, 0, 0, 1, 1, 2)),
            cell=code,
        )

    def sms(self) -> DayMessage:
        code = self.random.choice(self.cells)["properties"]["code"]
        return self.text_message(self.matter(code)[1], self.phone())

    def follow_up(self) -> DayMessage:
        """A second SMS of a phone: more about the same matter, by its code or without, or with 新 another matter."""
        newest = {
            message.payload["phone_number"]: at
            for at, message in enumerate(self.sent)
            if message.edge == "sms" and message.expected == "accepted" and message.follows is None
        }
        told = sorted(newest.values())
        told = told[:-1] if len(told) > 1 else told  # not the last one: its answer may still be on the way
        first = self.random.choice(told)
        phone = self.sent[first].payload["phone_number"]
        if self.random.random() < 0.25:
            code = self.random.choice(self.cells)["properties"]["code"]
            return self.text_message(f"新 {self.matter(code)[1]}", phone)
        words = self.random.choice(FOLLOW_UPS)
        if self.random.random() < 0.4:
            words = f"{TRACKING_CODE} {words}"
        return replace(self.text_message(words, phone, follows=first), matter=self.sent[first].matter)

    def hotline(self) -> DayMessage:
        cell = self.random.choice(self.cells)
        code = cell["properties"]["code"]
        advice = self.random.random() < 0.12
        text = self.random.choice(ADVICE) if advice else self.matter(code)[1]
        order = self.order()
        payload: dict[str, Any] = {
            "order_no": order,
            "type": "advice" if advice else self.random.choice(("help", "help", "complaint", "suggestion", "other")),
            "title": text[:16],
            "content": text,
            "caller": {"name": self.name(), "phone": f"+86{self.phone()}"},
            "urgency": self.random.choice(("ordinary", "ordinary", "ordinary", "ordinary", "urgent")),
        }
        where = self.random.random()
        if where < 0.4:
            payload["area"] = self.random.choice((code, code[:12]))
        elif where < 0.7:
            payload["position"] = self.position(cell)
        if self.random.random() < 0.6:
            payload["address"] = f"{self.paths[code][1]}{self.paths[code][3]}"
        return DayMessage("hotline", order, payload, self.lag())

    def tells(self, edge: Edge, text: str, cell: Feature) -> DayMessage:
        """What is told of a place over an edge, by somebody who leaves a name and a phone."""
        code, name, phone = cell["properties"]["code"], self.name(), self.phone()
        match edge:
            case "mobile":
                reporter = {"name": name, "phone": f"+86{phone}", "anonymous": False}
                payload = {"text": text, "position": self.position(cell), "reporter": reporter}
                return DayMessage(edge, self.key(), payload, self.lag(), cell=code)
            case "hotline":
                order, caller = self.order(), {"name": name, "phone": f"+86{phone}"}
                payload = {"order_no": order, "type": "complaint", "content": text, "caller": caller, "area": code}
                return DayMessage(edge, order, payload, self.lag())
            case "web":
                return DayMessage(edge, self.key(), {"text": text, "name": name, "phone": phone}, cell=code)
            case "sms":
                return self.text_message(text, phone)

    def repeat(self) -> DayMessage:
        """A retry of an earlier message, told apart by nothing but its coming again."""
        repeated = {message.repeat_of for message in self.sent}
        at = self.random.choice(
            [at for at, message in enumerate(self.sent) if message.expected == "accepted" and at not in repeated]
        )
        first = self.sent[at]
        return DayMessage(
            first.edge,
            first.message_id,
            first.payload,
            first.ago,
            pictures=first.pictures,
            cell=first.cell,
            matter=first.matter,
            repeat_of=at,
            expected="repeat",
        )

    def text_message(self, content: str, phone: str, follows: int | None = None) -> DayMessage:
        sequence = self.seed * 1_000_000 + len(self.sent) + 1
        payload = {
            "phone_number": phone,
            "content": content,
            "sign_name": "鼓楼网格",
            "dest_code": "106900320302",
            "sequence_id": sequence,
        }
        return DayMessage("sms", str(sequence), payload, self.lag(), follows=follows)

    def matter(self, code: str) -> tuple[str | None, str]:
        """A category and a text that tells of it near an area; about one in fourteen is unclear."""
        if self.random.random() < 0.07:
            return None, self.random.choice(UNCLEAR)
        category, text = self.random.choice(TEXTS)
        return category, text.format(
            place=self.paths[code][3],
            b=self.random.randint(1, NUMBERED),
            u=self.random.randint(1, 4),
            f=self.random.randint(2, 18),
            h=self.random.randint(5, 12),
        )

    def position(self, cell: Feature) -> dict[str, Any]:
        lon, lat = inner_point(ring_of(cell), self.random)
        return {"lat": lat, "lon": lon, "datum": "WGS-84"}

    def reporter(self) -> dict[str, Any] | None:
        """Mostly a name and a phone; some want to stay anonymous, some reports are the officer's own."""
        share = self.random.random()
        if share < 0.15:
            return None
        if share < 0.3:
            return {"anonymous": True}
        return {"name": self.name(), "phone": f"+86{self.phone()}", "anonymous": False}

    def key(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def order(self) -> str:
        return f"XZ{self.seed:04}{len(self.sent) + 1:06}"

    def phone(self) -> str:
        """A resident's number, another each time, of a block in which the sample's staff have none."""
        self.phones += 1
        return f"1990100{self.phones:04}"

    def name(self) -> str:
        return self.random.choice("王李张刘陈杨黄赵吴周徐孙") + self.random.choice(
            ("先生", "女士", "师傅", "阿姨", "大爷")
        )

    def lag(self) -> timedelta:
        return timedelta(seconds=self.random.randint(1, 40))


Slot = Callable[[_Day], DayMessage]


def _telling(matter: str, edge: Edge, text: str, cell: Feature) -> Slot:
    """Makes what somebody tells of a matter in a cell: a name and a phone are left with it, so that it is answered."""

    def told(day: _Day) -> DayMessage:
        return replace(day.tells(edge, text, cell), matter=matter)

    return told


def _petition(number: int) -> Slot:
    """Makes what somebody petitions who says who that is, by the hotline or through an information officer."""

    def told(day: _Day) -> DayMessage:
        of = [text for category, text in TEXTS if category.startswith("petition")]
        return day.tells(("hotline", "mobile")[number % 2], of[number % len(of)], day.random.choice(day.cells))

    return told


def _fault(name: str, edge: Edge, status: int, problem: str) -> Slot:
    """Makes a good message of the edge, then spoils it."""

    def spoilt(day: _Day) -> DayMessage:
        good = {"mobile": _Day.mobile, "sms": _Day.sms, "hotline": _Day.hotline}[edge](day)
        payload, ago = _spoil(name, dict(good.payload), good.ago, "text" if edge == "mobile" else "content")
        return DayMessage(
            edge,
            good.message_id,
            payload,
            ago,
            cell=good.cell,
            fault=name,
            expected="refused",
            status=status,
            problem=problem,
        )

    return spoilt


def _spoil(name: str, payload: dict[str, Any], ago: timedelta, text: str) -> tuple[dict[str, Any], timedelta]:
    match name:
        case "point-outside":
            payload.pop("area", None)
            payload["position"] = {"lat": 34.2044, "lon": 117.2859, "datum": "WGS-84"}
        case "empty-text":
            payload[text] = ""
        case "text-too-long":
            payload[text] = "路灯不亮。" * 801
        case "control-character":
            payload[text] += "\x00"
        case "future-time":
            ago = timedelta(hours=-3)
        case "unknown-category":
            payload["category"] = "flying-saucer"
        case "unknown-area":
            payload.pop("position", None)
            payload["area"] = "3203020990010101"
        case "bad-phone":
            payload["reporter"] = {"name": "王先生", "phone": "+86123", "anonymous": False}
        case "unknown-field":
            payload["colour"] = "red"
    return payload, ago
