"""`python -m infra staff …`: who works here, and that somebody leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from chalicelib.domain.days import day_before
from infra.terminal import where

DISTRICT_TIME = ZoneInfo("Asia/Shanghai")  # all of China keeps it
Row = dict[str, Any]


class Stranger(LookupError):
    """Nobody of that id is or was on the staff."""


@dataclass(frozen=True, slots=True)
class Known:
    """A member of staff as the reference table knows one: the record, and where the person is told of something."""

    record: Row
    duties: tuple[Row, ...]
    posts: tuple[Row, ...]

    def works_on(self, day: str) -> bool:
        first, last = self.record.get("from") or day, self.record.get("until") or day
        return bool(self.record["active"]) and first <= day <= last


@click.group()
def staff() -> None:
    """Who works here, and that somebody leaves."""


@staff.command()
@click.argument("staff_id")
@where
def show(staff_id: str, stage: str, region: str, endpoint: str | None) -> None:
    """Shows a member of staff: role, unit, areas, days, hours of duty and posts."""
    _say(_known(_table(stage, region, endpoint), staff_id), today())


@staff.command()
@click.argument("staff_id")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The last day of work, included; at once without it.")
@where
def leave(staff_id: str, on: datetime | None, stage: str, region: str, endpoint: str | None) -> None:
    """Ends somebody's access within five minutes, duties and posts with it; or on a day. Again does no harm."""
    from chalicelib.domain.audit import STAFF_LEFT
    from chalicelib.domain.errors import TemporarilyUnavailable
    from infra.operator import noted

    table = _table(stage, region, endpoint)
    _known(table, staff_id)
    try:
        noted(stage, region, endpoint, STAFF_LEFT, f"staff:{staff_id}")
    except TemporarilyUnavailable as down:
        raise click.ClickException("the audit could not be written, so nothing was done: run this again") from down
    let_go(table, staff_id, on.date() if on else None, today())
    _say(_known(table, staff_id), today())


def today() -> str:
    return datetime.now(UTC).astimezone(DISTRICT_TIME).date().isoformat()


def known(table: Any, staff_id: str) -> Known:
    """Raises Stranger."""
    record = table.get_item(Key={"pk": f"STAFF#{staff_id}", "sk": "STAFF"}, ConsistentRead=True).get("Item")
    if record is None:
        raise Stranger(staff_id)
    duties = _rows(table, f"UNIT#{record['unit']}", f"DUTY#{staff_id}#")
    posts = (row for area in record["areas"] for row in _rows(table, f"AREA#{area}", "POST#"))
    return Known(record, tuple(duties), tuple(row for row in posts if row["staff_id"] == staff_id))


def let_go(table: Any, staff_id: str, last_day: date | None, today: str) -> None:
    """End somebody's work: at once (`last_day` is None), or after a day.

    The record comes first, since it is what access hangs on. Posts end on the same day. Hours of duty have no dates:
    they are taken out once the last day has passed, so that nobody is missed on the desk before. Raises Stranger.
    """
    somebody = known(table, staff_id)
    ended = last_day.isoformat() if last_day else day_before(today)
    gone = last_day is None or ended < today
    if last_day is None:
        _set(table, _key(somebody.record), "active", False)
    else:
        _set(table, _key(somebody.record), "until", ended)
    for post in somebody.posts:
        if post["from"] > ended:
            table.delete_item(Key=_key(post))
        elif (post.get("until") or "9999") > ended:
            _set(table, _key(post), "until", ended)
    for duty in somebody.duties if gone else ():
        table.delete_item(Key=_key(duty))


def _key(row: Row) -> Row:
    return {name: row[name] for name in ("pk", "sk")}


def _set(table: Any, key: Row, name: str, value: Any) -> None:
    table.update_item(
        Key=key,
        UpdateExpression="SET #name = :value",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


def _rows(table: Any, partition: str, prefix: str) -> Iterator[Row]:
    start: Row = {}
    while True:
        page = table.query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues={":pk": partition, ":sk": prefix},
            ConsistentRead=True,
            **start,
        )
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _known(table: Any, staff_id: str) -> Known:
    try:
        return known(table, staff_id)
    except Stranger as stranger:
        raise click.ClickException(f"nobody on the staff is called {staff_id!r}") from stranger


def _table(stage: str, region: str, endpoint: str | None) -> Any:
    from infra.deploy import session, stateful_outputs

    name = stateful_outputs(stage, region, endpoint)["ReferenceTable"]
    return session(region, endpoint).resource("dynamodb", endpoint_url=endpoint).Table(name)


def _say(somebody: Known, day: str) -> None:
    """What an operator needs to know; no name and no telephone, since terminals are kept and shared."""
    record = somebody.record
    click.echo(f"{record['staff_id']}  {record['role']}  {record['unit']}  {';'.join(record['areas'])}")
    struck_off = "" if record["active"] else ", struck off"
    works = "works" if somebody.works_on(day) else "does not work"
    click.echo(f"{_days(record)}{struck_off}: {works} here today ({day})")
    for duty in somebody.duties:
        click.echo(f"on duty  {record['unit']}  {duty['from']}-{duty['to']}")
    for post in somebody.posts:
        click.echo(f"post  {post['sk'].split('#')[1]}  {post['pk'].removeprefix('AREA#')}  {_days(post)}")


def _days(row: Row) -> str:
    return f"from {row.get('from') or '…'} until {row.get('until') or '…'}"
