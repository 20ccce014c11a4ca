"""The commands `vault`, `audit` and `refused`: a person's rights, retention, the seals, what could not be taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from chalicelib.domain.audit import REFUSED_READ
from chalicelib.domain.phones import normal_phone
from infra.terminal import console, where

if TYPE_CHECKING:
    from infra.operator import Operator


def operator_of(stage: str, region: str, endpoint: str | None) -> Operator:
    from infra.deploy import stateful_outputs
    from infra.operator import Operator

    return Operator(stage, region, endpoint, stateful_outputs(stage, region, endpoint))


@click.group()
def vault() -> None:
    """Who told: a person's rights over it, and how long it is kept."""


@vault.command()
@where
@click.option("--phone", required=True, help="As the person writes it.")
@click.option("--reason", required=True, help="Why, say the number of the person's request; it stands in the audit.")
def export(stage: str, region: str, endpoint: str | None, phone: str, reason: str) -> None:
    """Prints all that is kept of a person, in clear, as JSON (个人信息保护法 art. 45)."""
    operator = operator_of(stage, region, endpoint)
    document = operator.persons.export(_number(phone), _said(reason), operator.by)
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@vault.command()
@where
@click.option("--phone", required=True, help="As the person writes it.")
@click.option("--reason", required=True, help="Why, say the number of the person's request; it stands in the audit.")
def erase(stage: str, region: str, endpoint: str | None, phone: str, reason: str) -> None:
    """Forgets a person; reports and cases stay (个人信息保护法 art. 47). Done again, nothing is left to do."""
    operator = operator_of(stage, region, endpoint)
    erased = operator.persons.erase(_number(phone), _said(reason), operator.by)
    console.print(
        f"{len(erased.reports)} reports no longer say whose they are; the audit calls the person {erased.person}"
    )
    for case in erased.open_cases:
        console.print(f"[yellow]still open, and keeps its reporter until it is closed: {case}[/yellow]")
    if erased.open_cases:
        console.print("Run this again when they are closed, or wait for the retention.")


@vault.command()
@where
@click.option("--apply", is_flag=True, help="Delete; without it, only say what would be deleted.")
def retention(stage: str, region: str, endpoint: str | None, apply: bool) -> None:
    """Deletes what is kept no longer by the policy: identities of closed cases, and refused messages."""
    operator = operator_of(stage, region, endpoint)
    counted: dict[str, int] = {}
    for expired in operator.retention.run(operator.by if apply else None):
        counted[expired.kind] = counted.get(expired.kind, 0) + 1
        click.echo(f"{expired.came_at:%Y-%m-%d}  {expired.kind}  {expired.name}")
    said = ", ".join(f"{number} of kind {kind}" for kind, number in sorted(counted.items())) or "nothing"
    console.print(f"{said} {'deleted' if apply else 'would be deleted; --apply deletes'}")


@click.group()
def audit() -> None:
    """Who did what, and whether it was tampered with."""


@audit.command()
@where
@click.option("--since", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="From, say 2026-11-22T08:00:00+0800.")
@click.option("--noted", help="A seal noted outside before, NUMBER:HASH; it must still be the same.")
def verify(stage: str, region: str, endpoint: str | None, since: Any, noted: str | None) -> None:
    """Walks the chain of seals, and names every entry and seal that was altered, removed or put in later.

    Prints the newest seal: note it where nobody who may write to the table can write. Exits with 1 on any fault.
    """
    walk = operator_of(stage, region, endpoint).verification
    faults = 0
    for fault in walk.run(since, _noted(noted)):
        click.echo(f"{fault.kind}: {fault.where}")
        faults += 1
    console.print(f"{walk.entries} entries under {walk.seals} seals, {faults} faults")
    if walk.head:
        console.print(f"newest seal, to be noted outside: {walk.head[0]}:{walk.head[1]}", soft_wrap=True)
    raise SystemExit(1 if faults else 0)


@click.command()
@where
@click.option("--day", required=True, help="UTC day, say 2026-11-22.")
@click.option("--source", default="sms", show_default=True)
@click.option("--open", "opened", help="Print them in clear too; say why, for the audit.")
def refused(stage: str, region: str, endpoint: str | None, day: str, source: str, opened: str | None) -> None:
    """Lists the messages of a day that could be neither taken nor sent back: when each came, and why not."""
    operator = operator_of(stage, region, endpoint)
    if opened is not None:
        operator.audit.note(REFUSED_READ, operator.by, thing=f"refused:{source}:{day}", reason=_said(opened))
    count = 0
    for place, came_at, reason, sealed in operator.vault.refused(source, day):
        click.echo(f"{came_at.isoformat()}  {reason}  {place}")
        if opened is not None:
            click.echo(operator.sealer.open_bytes(sealed, f"refused:{source}").decode("utf-8", "replace"))
        count += 1
    console.print(f"{count} refused")


def _number(phone: str) -> str:
    number = normal_phone(phone)
    if number is None:
        raise click.BadParameter("no telephone number", param_hint="--phone")
    return number


def _said(reason: str) -> str:
    if not reason.strip():
        raise click.BadParameter("a reason", param_hint="reason")
    return reason.strip()


def _noted(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise click.BadParameter("NUMBER:HASH, as verify prints it", param_hint="--noted")
    return int(number), digest
