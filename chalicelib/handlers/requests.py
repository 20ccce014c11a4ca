"""Requests as they come in: every field checked, unknown ones refused, and turned into the domain's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.domain.errors import InvalidField
from chalicelib.domain.grid import Position
from chalicelib.domain.people import Reporter, normal_phone
from chalicelib.domain.reports import HOTLINE, MOBILE, Report

_KEPT_CONTROLS = "\n\t\r"
_FIRST_YEAR, _LAST_YEAR = 1900, 9998  # so that no zone takes it out of what a datetime holds


def _fault(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, "see errors.json")


def _clean(text: str) -> str:
    if any(
        (ord(char) < 32 and char not in _KEPT_CONTROLS) or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000
        for char in text
    ):
        raise _fault("control-characters")
    return text


def _told(text: str) -> str:
    if not text.strip():
        raise _fault("text-empty")
    return _clean(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _fault("wrong-type") from None
    offset = moment.utcoffset()
    if offset is None:
        raise _fault("time-without-zone")
    if offset.seconds % 60 or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise _fault("wrong-type")
    return moment


def _zoned(text: str) -> str:
    _moment(text)
    return text


def _phone(text: str) -> str:
    phone = normal_phone(text)
    if phone is None:
        raise _fault("phone-invalid")
    return phone


Text = Annotated[str, Field(max_length=4000), AfterValidator(_told)]
ShortText = Annotated[str, Field(max_length=200), AfterValidator(_clean)]
LongText = Annotated[str, Field(max_length=2000), AfterValidator(_clean)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_zoned)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(_phone)]
Code = Annotated[str, Field(max_length=64)]
Urgency = Literal["ordinary", "urgent", "major"]


class _In(BaseModel):
    # Built when first used: a function that answers one request needs few of them.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class PositionIn(_In):
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    datum: Literal["WGS-84"] = "WGS-84"

    def to_domain(self) -> Position:
        return Position(float(self.lat), float(self.lon))


class ReporterIn(_In):
    name: ShortText | None = None
    phone: Phone | None = None
    anonymous: bool = False

    def to_domain(self) -> Reporter:
        return Reporter(self.name, self.phone, self.anonymous)


class ReportIn(_In):
    """`POST /v1/reports`."""

    text: Text
    told_at: Moment
    category: Code | None = None
    urgency: Urgency | None = None
    position: PositionIn | None = None
    area: Code | None = None
    address: ShortText | None = None
    media: list[Code] = Field(default_factory=list)
    reporter: ReporterIn | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> ReportIn:
        if self.position is None and self.area is None:
            raise _fault("place-required")
        return self

    def to_domain(self, message_id: str, fingerprint: str, submitted_by: str, now: datetime) -> Report:
        return Report(
            source=MOBILE,
            message_id=message_id,
            fingerprint=fingerprint,
            text=self.text,
            told_at=_moment(self.told_at),
            received_at=now,
            category=self.category,
            urgency=self.urgency,
            position=self.position.to_domain() if self.position else None,
            area_code=self.area,
            address=self.address,
            media=tuple(dict.fromkeys(self.media)),
            reporter=self.reporter.to_domain() if self.reporter else Reporter(anonymous=True),
            submitted_by=submitted_by,
        )


class CallerIn(_In):
    name: ShortText | None = None
    phone: Phone | None = None


class HotlineOrderIn(_In):
    """`POST /hooks/hotline/12345`: a work order of the 12345 hotline."""

    order_no: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_told)]
    type: Literal["help", "advice", "complaint", "suggestion", "other"]
    content: Text
    received_at: Moment
    title: ShortText | None = None
    caller: CallerIn | None = None
    address: ShortText | None = None
    area: Code | None = None
    position: PositionIn | None = None
    urgency: Urgency | None = None

    def to_domain(self, fingerprint: str, now: datetime) -> Report:
        caller = self.caller or CallerIn()
        return Report(
            source=HOTLINE,
            message_id=self.order_no,
            fingerprint=fingerprint,
            text=f"{self.title}\n{self.content}" if self.title else self.content,
            told_at=_moment(self.received_at),
            received_at=now,
            urgency=self.urgency,
            position=self.position.to_domain() if self.position else None,
            area_code=self.area,
            address=self.address,
            reporter=Reporter(caller.name, caller.phone, anonymous=not (caller.name or caller.phone)),
            source_type=self.type,
        )


class ActionIn(_In):
    """`POST /v1/cases/{id}/actions/{action}`."""

    reason: LongText | None = None
    note: LongText | None = None
    category: Code | None = None
    area: Code | None = None

    @model_validator(mode="before")
    @classmethod
    def _blank_is_nothing(cls, value: Any) -> Any:
        """A reason of one space is no reason."""
        if not isinstance(value, dict):
            return value
        return {k: None if isinstance(v, str) and not v.strip() else v for k, v in value.items()}


class VisitResultIn(_In):
    """`POST /v1/visits/{id}/result`. The officer's position is checked and not kept."""

    outcome: Literal["satisfied", "dissatisfied", "not-home", "refused"]
    note: LongText | None = None
    position: PositionIn | None = None


class AttachmentIn(_In):
    """`POST /v1/attachments`."""

    content_type: Code
    bytes: int = Field(ge=1)


def check_told_at(told_at: str, field: str, now: datetime, tolerance_seconds: int) -> None:
    """Raises InvalidField `time-in-future` for a time after now, give or take clocks that run fast."""
    if _moment(told_at).astimezone(UTC) > now + timedelta(seconds=tolerance_seconds):
        raise InvalidField(field, "time-in-future")
