"""Histories on DynamoDB: all rows of the table that belong to cases and beats, read as they lie.

Items are read as DynamoDB gives them, without row classes: to make those of a million rows takes longer than all else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pynamodb.exceptions import PynamoDBException

from chalicelib.domain.cases import Case
from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.domain.events import Event, of_beat
from chalicelib.domain.histories import Following, Key, Lying, Naming
from chalicelib.domain.patrol import Beat
from chalicelib.models.base import code_of, translating
from chalicelib.models.case_rows import (
    TASK_PREFIX,
    CaseRow,
    CasesRow,
    CommandRow,
    EventRow,
    TaskRow,
    TrackingRow,
    case_from,
    other_tasks,
)
from chalicelib.models.patrol_rows import BeatRow, beat_from
from chalicelib.models.report_rows import ReportRow, SubmitterRow
from chalicelib.models.stream import BEAT_PREFIX, CASE_PREFIX, EVENT_PREFIX, event_from, key_of, subject_of

_DOCUMENTS = frozenset({"summary", "detail"})
_BESIDE_EVENTS = (CaseRow.SK, TASK_PREFIX, BeatRow.SK)
"""How the places begin of rows that follow from the events they lie with."""

_NOT_NEEDED = frozenset({"snapshot"})
"""What consumers were told with an event: as it was then, whatever rows hold now."""

_ASKED_AGAIN, _FIRST_PAUSE = 8, 0.05


def rows_of(thing: Case | Beat) -> list[Following]:
    """Every row that follows from a case or a beat, its own first. Whoever gives a case another row names it here."""
    if isinstance(thing, Beat):
        return [_following(BeatRow.of(thing), "beat")]
    tracking = TrackingRow.of(thing.tracking_code, thing.id)
    codes = {report: each.tracking_code for each in thing.links.absorbed for report in each.report_ids}
    own = () if thing.asleep else thing.report_ids  # while it sleeps, they lie with the case it sleeps in
    reports = [
        Following(
            (ReportRow.key(report_id), ReportRow.SK),
            f"report {report_id}",
            {"case_id": thing.id, "tracking_code": codes.get(report_id, thing.tracking_code)},
        )
        for report_id in own
    ]
    submitted = [
        Following((SubmitterRow.key(staff_id), thing.id), f"entry of what {staff_id} reported", {"sk": thing.id})
        for staff_id in thing.submitters
    ]
    tasks = [_following(TaskRow.of(thing, task), f"task of {task.unit}") for task in other_tasks(thing).values()]
    return [_following(CaseRow.of(thing), "case"), *tasks, _following(tracking, "tracking code"), *reports, *submitted]


@translating
class DynamoHistories:
    """`services.ports.Histories`.

    DynamoDB gives a segment all rows of a partition key or none of them, and rows of one key together, in the order of
    their sort keys; a page may end between them.
    """

    def __init__(self, wait: Callable[[float], None] = time.sleep) -> None:
        self._wait = wait

    def rows(self, segment: int, of: int) -> Iterator[Lying | Naming]:
        table = CasesRow._get_connection()
        scan = partial(
            table.scan,
            filter_condition=_CONCERNS_HISTORIES,
            attributes_to_get=READ,
            segment=segment,
            total_segments=of,
            consistent_read=True,
        )
        for item in _items(scan):
            row = _row(item)
            if row is not None:
                yield row

    def rows_of(self, subject: str) -> Iterator[Lying]:
        query = partial(CasesRow._get_connection().query, key_of(subject), consistent_read=True)
        for item in _items(query):
            row = _row(item)
            if isinstance(row, Lying):
                yield row

    def event(self, row: Lying) -> Event:
        event = event_from(row.says)
        if not isinstance(event.data, Mapping):
            raise TypeError("data is no object")
        return event

    def following(self, thing: Case | Beat) -> Sequence[Following]:
        return rows_of(thing)

    def standing(self, row: Lying) -> Case | Beat:
        says = dict(row.says)
        return beat_from(says) if of_beat(row.subject) else case_from(says)

    def lying(self, keys: Sequence[Key]) -> Mapping[Key, Mapping[str, Any]]:
        return self._get(keys, ["pk", "sk", "case_id", "tracking_code"])

    def doubtful(self, namings: Sequence[Naming]) -> Sequence[Naming]:
        rows = self._get([_named_by(each) for each in namings], ["pk", "sk", "version", "summary", "detail"])
        return [each for each in namings if not _agrees(each, rows.get(_named_by(each)))]

    def _get(self, keys: Sequence[Key], attributes: list[str]) -> Mapping[Key, Mapping[str, Any]]:
        """Rows by their keys, read until DynamoDB has left none for later."""
        table = CasesRow._get_connection()
        found: dict[Key, Mapping[str, Any]] = {}
        waiting = [{"pk": pk, "sk": sk} for pk, sk in dict.fromkeys(keys)]
        for attempt in range(_ASKED_AGAIN):
            if not waiting:
                return found
            if attempt:
                self._wait(_FIRST_PAUSE * 2**attempt)
            answer = table.batch_get_item(waiting, consistent_read=True, attributes_to_get=attributes)  # type: ignore[arg-type]
            for item in answer["Responses"].get(table.table_name, ()):
                says = _plain(item)
                found[says["pk"], says["sk"]] = says
            left = answer.get("UnprocessedKeys", {}).get(table.table_name, {}).get("Keys", ())
            waiting = [_plain(key) for key in left]
        raise TemporarilyUnavailable()


def _items(ask: Callable[..., Any]) -> Iterator[Mapping[str, Any]]:
    """All items of a scan or a query, page by page."""
    start: Any = None
    while True:
        try:
            page = ask(exclusive_start_key=start)
        except PynamoDBException as error:
            raise TemporarilyUnavailable(service_error=code_of(error)) from error
        yield from page["Items"]
        start = page.get("LastEvaluatedKey")
        if not start:
            return


def _row(item: Mapping[str, Any]) -> Lying | Naming | None:
    """What a row is to a history; None for one that is nothing to it."""
    says = _plain(item)
    pk, sk = key = says["pk"], says["sk"]
    if pk.startswith((CASE_PREFIX, BEAT_PREFIX)):
        if key_of(subject_of(pk)) != pk:
            return Naming(key, pk, "row")  # nobody has such an id, and nobody will ever read it
        event = sk.startswith(EVENT_PREFIX)
        return Lying(key, subject_of(pk), event, says) if event or sk.startswith(_BESIDE_EVENTS) else None
    version = says.get("version", 0)
    made = version if isinstance(version, int) else 0
    subject = says.get("case_id", "")
    if sk == TrackingRow.SK:
        return Naming(key, subject, "tracking code", tracking_code=pk.removeprefix(TrackingRow.key("")))
    if sk == ReportRow.SK:
        report_id = pk.removeprefix(ReportRow.key(""))
        made = made if says.get("made_in", subject) == subject else 0  # else of the case that it came to
        return Naming(key, subject, f"report {report_id}", made, report_id=report_id)
    if sk == CommandRow.SK:
        return Naming(key, subject, f"command {pk.removeprefix(CommandRow.key(''))}", made)
    return None


def _agrees(naming: Naming, row: Mapping[str, Any] | None) -> bool:
    """Whether the row of a case or beat, by itself, bears out what another says of it."""
    if row is None or not isinstance(row["version"], int) or naming.version > row["version"]:
        return False
    try:
        if naming.tracking_code is not None:
            return bool(naming.tracking_code == json.loads(row["summary"])[0])
        return naming.report_id is None or naming.report_id in json.loads(row["detail"])["report_ids"]
    except (KeyError, TypeError, ValueError):
        return False


def _named_by(naming: Naming) -> Key:
    return key_of(naming.subject), BeatRow.SK if of_beat(naming.subject) else CaseRow.SK


def _following(row: CasesRow, what: str) -> Following:
    held, names = row.attribute_values, _NAMES[type(row)]
    documents = frozenset() if isinstance(row, TaskRow) else _DOCUMENTS  # of a task's, no part makes a case
    return Following((row.pk, row.sk), what, {name: held.get(name) for name in names}, documents)


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    says = {name: next(iter(value.values())) for name, value in item.items()}
    version = says.get("version")
    if version is not None and version.isdecimal():
        says["version"] = int(version)
    return says


_WHOLE = (CaseRow, TaskRow, BeatRow, TrackingRow)
_NAMES: dict[type[CasesRow], tuple[str, ...]] = {kind: tuple(sorted(kind.get_attributes())) for kind in _WHOLE}
READ = sorted({name for kind in (*_WHOLE, EventRow) for name in kind.get_attributes()} - _NOT_NEEDED | {"made_in"})
"""The attributes of every row that a walk reads."""

_CONCERNS_HISTORIES = CasesRow.sk.is_in(TrackingRow.SK, ReportRow.SK, CommandRow.SK)
for _beginning in (EVENT_PREFIX, *_BESIDE_EVENTS):
    _CONCERNS_HISTORIES |= CasesRow.sk.startswith(_beginning)
