"""Requests as they come in: every field checked, unknown ones refused, and turned into the domain's words.

Written as pydantic models are, and checked by pydantic's own core; but pydantic itself is not imported: it would take
a quarter of the API's cold start (ADR 11).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin, get_type_hints
from unicodedata import normalize

from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator
from pydantic_core import core_schema as core

from chalicelib.domain.acts import Particulars
from chalicelib.domain.errors import InvalidField
from chalicelib.domain.grid import Position
from chalicelib.domain.people import Reporter
from chalicelib.domain.phones import Phone as Dialled
from chalicelib.domain.phones import phone_of
from chalicelib.domain.reports import HOTLINE, MOBILE, WEB, Report

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


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _fault("wrong-type") from None
    if text != day.isoformat() or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise _fault("wrong-type")
    return text


def _phone(text: str) -> Dialled:
    phone = phone_of(text)
    if phone is None:
        raise _fault("phone-invalid")
    return phone


def _id_number(text: str) -> str:
    """The number of a resident identity card 公民身份号码 (GB 11643): 18 characters, a day of birth, a check digit.

    The library's list of places is left aside: a county it does not know yet, and the codes of residence permits, are
    numbers all the same.
    """
    from stdnum.cn import ric
    from stdnum.exceptions import ValidationError as NotANumber

    number = ric.compact("".join(normalize("NFKC", text).replace("-", " ").split()))
    try:
        good = len(number) == 18 and number.isascii() and number[:17].isdigit()
        if not good or ric.calc_check_digit(number) != number[-1]:
            raise _fault("id-number-invalid")
        ric.get_birth_date(number)
    except NotANumber:
        raise _fault("id-number-invalid") from None
    return number


class _By:
    """What pydantic's core checks an annotated value by; hashable, as members of unions must be."""

    def __init__(self, schema: CoreSchema, check: Callable[[str], Any] | None = None) -> None:
        self.schema = core.no_info_after_validator_function(check, schema) if check else schema


Text = Annotated[str, _By(core.str_schema(max_length=4000), _told)]
ShortText = Annotated[str, _By(core.str_schema(max_length=200), _clean)]
Terms = Annotated[str, _By(core.str_schema(max_length=4000), _clean)]
LongText = Annotated[str, _By(core.str_schema(max_length=2000), _clean)]
Topic = Annotated[str, _By(core.str_schema(min_length=1, max_length=60), _told)]
OrderNumber = Annotated[str, _By(core.str_schema(min_length=1, max_length=64), _told)]
Moment = Annotated[str, _By(core.str_schema(max_length=40), _zoned)]
Day = Annotated[str, _By(core.str_schema(max_length=10), _day)]
Phone = Annotated[Dialled, _By(core.str_schema(max_length=40), _phone)]
IdNumber = Annotated[str, _By(core.str_schema(max_length=40), _id_number)]
Reason = Annotated[str, _By(core.str_schema(max_length=2000), _told)]
FormToken = Annotated[str, _By(core.str_schema(min_length=1, max_length=400))]
Code = Annotated[str, _By(core.str_schema(max_length=64))]
Latitude = Annotated[float, _By(core.float_schema(ge=-90, le=90, allow_inf_nan=False))]
Longitude = Annotated[float, _By(core.float_schema(ge=-180, le=180, allow_inf_nan=False))]
Size = Annotated[int, _By(core.int_schema(ge=1))]
Number = Annotated[int, _By(core.int_schema(ge=0, le=1_000_000))]
Urgency = Literal["ordinary", "urgent", "major"]


class In:
    """A request, or an object in one. Annotations are its fields; those the class gives a value for may be left out."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.__dict__.update(given)

    @classmethod
    def checked(cls, value: Any) -> Self:
        """The request a JSON value holds. Raises pydantic_core's ValidationError, with every fault."""
        request: Self = _validator(cls).validate_python(value, strict=True)
        return request

    @classmethod
    def schema(cls) -> CoreSchema:
        fields = {
            name: core.typed_dict_field(_schema_of(hint), required=not hasattr(cls, name))
            for name, hint in get_type_hints(cls, include_extras=True).items()
        }
        return core.no_info_after_validator_function(cls, core.typed_dict_schema(fields, extra_behavior="forbid"))


@cache
def _validator(request: type[In]) -> SchemaValidator:
    """Made when first used: a function that answers one request needs few of them."""
    return SchemaValidator(request.schema())


def _schema_of(hint: Any) -> CoreSchema:
    """What an annotation asks for, in the words of pydantic's core."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (some,) = (part for part in parts if part is not NoneType)
        return core.nullable_schema(_schema_of(some))
    if origin is Annotated:
        by: _By = parts[1]
        return by.schema
    if origin is Literal:
        return core.literal_schema(list(parts))
    if origin is Sequence:
        return core.list_schema(_schema_of(parts[0]))
    if hint is bool:
        return core.bool_schema()
    return hint.schema()


class PositionIn(In):
    lat: Latitude
    lon: Longitude
    datum: Literal["WGS-84", "GCJ-02", "BD-09"] = "WGS-84"

    def to_domain(self) -> Position:
        """In WGS-84, whichever datum it was sent in: from here on there is one."""
        if self.datum == "WGS-84":
            return Position(float(self.lat), float(self.lon))
        from chalicelib.domain.datums import position_in

        return position_in(float(self.lat), float(self.lon), self.datum)


class ReporterIn(In):
    name: ShortText | None = None
    phone: Phone | None = None
    id_number: IdNumber | None = None
    address: ShortText | None = None
    anonymous: bool = False

    def to_domain(self) -> Reporter:
        return _reporter(self.name, self.phone, self.id_number, self.address, anonymous=self.anonymous)


class ReportIn(In):
    """`POST /v1/reports`."""

    text: Text
    told_at: Moment
    category: Code | None = None
    urgency: Urgency | None = None
    position: PositionIn | None = None
    area: Code | None = None
    address: ShortText | None = None
    media: Sequence[Code] = ()
    reporter: ReporterIn | None = None

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        if self.position is None and self.area is None:
            raise _fault("place-required")

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


class CallerIn(In):
    name: ShortText | None = None
    phone: Phone | None = None
    id_number: IdNumber | None = None
    address: ShortText | None = None

    def to_domain(self) -> Reporter:
        who = _reporter(self.name, self.phone, self.id_number, self.address)
        return who if who.known else Reporter(anonymous=True)


class PublicReportIn(In):
    """`POST /v1/public/reports`: what a resident may say. The place is the form's, category and urgency the desk's."""

    form: FormToken
    text: Text
    address: ShortText | None = None
    position: PositionIn | None = None
    name: ShortText | None = None
    phone: Phone | None = None

    def to_domain(self, area: str, message_id: str, fingerprint: str, now: datetime) -> Report:
        return Report(
            source=WEB,
            message_id=message_id,
            fingerprint=fingerprint,
            text=self.text,
            told_at=now,
            received_at=now,
            position=self.position.to_domain() if self.position else None,
            area_code=area,
            address=self.address,
            reporter=CallerIn({"name": self.name, "phone": self.phone}).to_domain(),
        )


class HotlineOrderIn(In):
    """`POST /hooks/hotline/12345`: a work order of the 12345 hotline."""

    order_no: OrderNumber
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
            reporter=(self.caller or CallerIn({})).to_domain(),
            source_type=self.type,
        )


Party = Literal["applicant", "respondent"]


class ActionIn(In):
    """`POST /v1/cases/{id}/actions/{action}`. What of it an action requires is in the policy pack."""

    reason: LongText | None = None
    note: LongText | None = None
    category: Code | None = None
    area: Code | None = None
    unit: Code | None = None
    units: Sequence[Code] = ()
    until: Day | None = None
    media: Sequence[Code] = ()
    outcome: Literal["satisfied", "basically-satisfied", "dissatisfied"] | None = None
    done_at: Moment | None = None
    on: Day | None = None
    since: Day | None = None
    other: Code | None = None
    report_ids: Sequence[Code] = ()
    people: Size | None = None
    representatives: Number | None = None
    accused: Sequence[Code] = ()
    way: Code | None = None
    opinion: Literal["support", "explain", "not-support"] | None = None
    ground: Code | None = None
    card: Code | None = None
    leader: Code | None = None
    party: Party | None = None
    agrees: bool | None = None
    members: Sequence[Code] = ()
    form: Literal["oral", "written"] | None = None
    terms: Terms | None = None
    docking: Code | None = None
    court: ShortText | None = None
    parties: Sequence[Party] = ()
    performed: Literal["full", "partly", "none"] | None = None
    ruling: Literal["confirmed", "rejected"] | None = None

    @classmethod
    def checked(cls, value: Any) -> Self:
        """A reason of one space is no reason."""
        return super().checked({k: None if isinstance(v, str) and not v.strip() else v for k, v in value.items()})

    def to_domain(self) -> Particulars:
        """`area` and `other` are not among it: where and what those are is looked up."""
        return Particulars(
            reason=self.reason,
            note=self.note,
            category=self.category,
            unit=self.unit,
            units=tuple(self.units),
            until=date.fromisoformat(self.until) if self.until else None,
            media=tuple(dict.fromkeys(self.media)),
            outcome=self.outcome,
            done_at=_moment(self.done_at) if self.done_at else None,
            on=date.fromisoformat(self.on) if self.on else None,
            since=date.fromisoformat(self.since) if self.since else None,
            report_ids=tuple(dict.fromkeys(self.report_ids)),
            people=self.people,
            representatives=self.representatives,
            accused=tuple(dict.fromkeys(self.accused)),
            way=self.way,
            opinion=self.opinion,
            ground=self.ground,
            card=self.card,
            leader=self.leader,
            party=self.party,
            agrees=self.agrees,
            members=tuple(dict.fromkeys(self.members)),
            form=self.form,
            terms=self.terms,
            docking=self.docking,
            court=self.court,
            parties=tuple(dict.fromkeys(self.parties)),
            performed=self.performed,
            ruling=self.ruling,
        )


class VisitResultIn(In):
    """`POST /v1/visits/{id}/result`. The officer's position is checked and not kept."""

    outcome: Literal["satisfied", "dissatisfied", "not-home", "refused"]
    note: LongText | None = None
    position: PositionIn | None = None


class AttachmentIn(In):
    """`POST /v1/attachments`."""

    content_type: Code
    bytes: Size


class ImportIn(In):
    """`POST /v1/network/imports`. `bytes`: of the zipped directory."""

    bytes: Size


class NothingIn(In):
    """A command that needs no more to be said."""


class ReleaseIn(In):
    """`POST /v1/reports/{id}/reporter/release`."""

    reason: Reason


class PersonIn(In):
    """`POST /v1/persons/export` and `/v1/persons/erase`."""

    phone: Phone
    reason: Reason


def _reporter(
    name: str | None, phone: Dialled | None, id_number: str | None, address: str | None, *, anonymous: bool = False
) -> Reporter:
    """Somebody as he or she is kept: what is blank was not said."""
    number, extension = phone or (None, None)
    return Reporter(_said(name), number, anonymous, extension, id_number, _said(address))


def _said(words: str | None) -> str | None:
    return (words or "").strip() or None


def check_told_at(told_at: str, field: str, now: datetime, tolerance_seconds: int) -> None:
    """Raises InvalidField `time-in-future` for a time after now, give or take clocks that run fast."""
    if _moment(told_at).astimezone(UTC) > now + timedelta(seconds=tolerance_seconds):
        raise InvalidField(field, "time-in-future")
