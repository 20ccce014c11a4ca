"""`python -m infra policy …`: the operator's commands for versions of the policy."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console

from chalicelib.domain.audit import CASES_MIGRATED, POLICY_COMPARED, POLICY_TRIED
from infra.terminal import bar, console, endpoint_option, said_as, where

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.domain.policy import Policy
    from infra.policy.packs import Given
    from infra.policy.stage import Stage

C = TypeVar("C", bound="Callable[..., Any]")

overlay_option = click.option(
    "--overlay", help="Laid over a directory, by its name; without it that of the stage. 'none': none."
)
json_option = click.option("--json", "as_json", is_flag=True, help="All of it as JSON.")


@click.group()
def policy() -> None:
    """Versions of the policy: what is kept, what a change would do, and cases brought to another."""


@policy.command()
@where
@json_option
def versions(stage: str, region: str, endpoint: str | None, as_json: bool) -> None:
    """Lists the versions a stage keeps, and how many open cases go by each."""
    from infra.policy.show import show_versions

    with failing():
        at = stage_of(stage, region, endpoint)
        with bar("查找中 looking for cases", None, _beside(as_json)) as told:
            cases = Counter(case.policy_version for case in at.open_cases(told=told))
        kept, in_force = at.kept.versions(), at.in_force.version if at.in_force else None
        zone = _zone(at)
    if as_json:
        listed = [
            {
                "version": each.version,
                "kept_at": each.kept_at.isoformat(),
                "deployed_at": each.deployed_at.isoformat() if each.deployed_at else None,
            }
            for each in kept
        ]
        click.echo(json.dumps({"in_force": in_force, "versions": listed, "open_cases": cases}, ensure_ascii=False))
    else:
        show_versions(kept, in_force, cases, console, zone)


@policy.command()
@click.argument("old")
@click.argument("new")
@click.option("--stage", help="Also the open cases of this deployment that NEW would strand.")
@click.option("--region", help="AWS region, say cn-north-1.")
@endpoint_option
@overlay_option
@json_option
def compare(
    old: str,
    new: str,
    stage: str | None,
    region: str | None,
    endpoint: str | None,
    overlay: str | None,
    as_json: bool,
) -> None:
    """Says what changed between two packs, and with --stage which open cases the second would strand.

    OLD and NEW are each a directory of a pack, a compiled file, or a version that the stage keeps. Exits with 1 when a
    case would be stranded.
    """
    from infra.policy.differences import differences
    from infra.policy.show import show_differences, show_stranded

    if stage and not region:
        raise click.UsageError("--stage needs --region")
    with failing():
        at = stage_of(stage, region or "", endpoint) if stage else None
        before, after = (_given(name, at, overlay) for name in (old, new))
        found = differences(before.pack, after.pack)
        lost = _stranded(at, after, POLICY_COMPARED, as_json) if at else []
    if as_json:
        said = {
            "old": before.version,
            "new": after.version,
            "differences": [each._asdict() for each in found],
            "stranded": [_as_json(each) for each in lost],
        }
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        console.print(f"{before.version} → {after.version}", highlight=False)
        show_differences(found, console)
        if at:
            show_stranded(lost, after.version, at.current, console)
    raise SystemExit(1 if lost else 0)


@policy.command("dry-run")
@click.argument("pack")
@click.option("--last", type=click.IntRange(1), required=True, help="How many cases, the newest first.")
@click.option("--days", type=click.IntRange(1), default=92, show_default=True, help="How far back to look for them.")
@where
@overlay_option
@json_option
def dry_run(
    pack: str,
    last: int,
    days: int,
    stage: str,
    region: str,
    endpoint: str | None,
    overlay: str | None,
    as_json: bool,
) -> None:
    """Says what PACK would have decided for the newest cases. Nothing is changed.

    PACK is a directory of a pack, a compiled file, or a version that the stage keeps. Of a case counts what was known
    of it when it was routed last.
    """
    from infra.policy.dry_run import outcome
    from infra.policy.newest import newest_cases
    from infra.policy.show import show_outcomes

    with failing():
        at = stage_of(stage, region, endpoint)
        given = _given(pack, at, overlay)
        changed = _read(given)
        _note(at, POLICY_TRIED, given)
        packs = _Packs(at)
        with bar("查找中 looking for cases", None, _beside(as_json)) as told:
            case_ids = list(newest_cases(at.log, at.now, last, days, told))
        found = []
        with bar("试算 deciding", len(case_ids), _beside(as_json)) as told:
            for case_id in case_ids:
                history = at.store.history(case_id)
                old = packs.of_decision(history)
                found.append(outcome(case_id, history, changed, given.pack, old, at.duty(changed)))
                told(1)
    if as_json:
        said = {"version": given.version, "cases": [_outcome_as_json(each) for each in found]}
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    show_outcomes(found, changed, console)
    if len(case_ids) < last:
        console.print(f"{days} 天内仅有 {len(case_ids)} 件 / only {len(case_ids)} were opened in {days} days: --days")


@policy.command()
@click.argument("target")
@where
@overlay_option
@click.option("--case", "case_ids", multiple=True, help="Only this case; may be given again.")
@click.option("--stranded", "only_stranded", is_flag=True, help="Only the cases that the version strands.")
@click.option("--yes", is_flag=True, help="Does not ask first.")
def migrate(
    target: str,
    stage: str,
    region: str,
    endpoint: str | None,
    overlay: str | None,
    case_ids: tuple[str, ...],
    only_stranded: bool,
    yes: bool,
) -> None:
    """Lets running cases go by another version from now on, each with an event that says so.

    TARGET is a version that the stage keeps, or the pack it was compiled from. Doing it again brings the cases that are
    left, and none twice.
    """
    from chalicelib.domain.errors import StaleVersion
    from infra.policy.migration import plan
    from infra.policy.show import show_migration

    left = 0
    with failing():
        at = stage_of(stage, region, endpoint)
        given = _given(target, at, overlay)
        to = _read_kept(at, given)
        with bar("查找中 looking for cases", None) as told:
            cases = list(at.cases(case_ids)) if case_ids else at.open_cases(told=told)
            planned = plan(cases, to, at.policies(), only_stranded=only_stranded)
        for unknown in sorted(set(case_ids) - {case.id for case in cases} if case_ids else ()):
            console.print(f"[yellow]没有这个事项 / no such case: {unknown}[/yellow]")
        in_force = at.in_force
        show_migration(
            planned, to, at.current, console, in_force=in_force is not None and in_force.version == to.version
        )
        if not planned or not (yes or click.confirm(f"迁移 {len(planned)} 件？ Migrate {len(planned)} cases?")):
            return
        by = at.by._replace(request=f"migrate:{at.by.request}")
        at.audit.note(CASES_MIGRATED, by, thing=f"policy:{to.version}")
        migrating, done = at.migrating, 0
        with bar("迁移 migrating", len(planned)) as told:
            for each in planned:
                try:
                    done += migrating.migrate(each.case.id, to, by) is not None
                except StaleVersion:
                    left += 1
                told(1)
        console.print(f"已迁移 migrated: {done}")
    if left:
        raise click.ClickException(f"{left} 件正在被他人处理，请再次运行 / cases are being changed: run this again")


class _Packs:
    """The kept packs that decisions were taken by, each read once."""

    def __init__(self, at: Stage) -> None:
        self._at = at
        self._known: dict[str, Any] = {}

    def of_decision(self, history: Sequence[Any]) -> Any:
        from infra.policy.dry_run import last_decision

        decided = last_decision(history)
        if decided is None:
            return None
        version = decided.policy_version
        if version not in self._known:
            compiled = self._at.kept.compiled(version)
            self._known[version] = json.loads(compiled) if compiled else None
        return self._known[version]


def stage_of(stage: str, region: str, endpoint: str | None) -> Stage:
    """A deployment's policies and cases, for whoever runs the command."""
    from infra.deploy import stateful_outputs
    from infra.policy.stage import Stage

    return Stage(stage, region, endpoint, stateful_outputs(stage, region, endpoint))


def _given(name: str, at: Stage | None, overlay: str | None) -> Given:
    from infra.policy.packs import pack_named
    from infra.settings import load_deployment

    of_stage = load_deployment(at.stage).overlay if at else ""
    chosen = of_stage if overlay is None else "" if overlay == "none" else overlay
    return pack_named(name, at.kept if at else None, chosen)


def _read(given: Given) -> Policy:
    """What a pack says. Raises NoSuchPack where this code cannot read it."""
    from chalicelib.services.policies import UNREADABLE_AS
    from infra.policy.packs import NoSuchPack

    try:
        return given.policy
    except UNREADABLE_AS as error:
        raise NoSuchPack(f"{given.version} (compiled for another version of the code)") from error


def _read_kept(at: Stage, given: Given) -> Policy:
    """What a case may go by, as the functions read it: the pack of that version that the stage keeps.

    Raises NoSuchPack where they could not read it.
    """
    from chalicelib.policy.loader import read_policy
    from chalicelib.services.policies import UNREADABLE_AS
    from infra.policy.packs import NoSuchPack

    compiled = at.kept.compiled(given.version)
    if compiled is None:
        raise NoSuchPack(f"{given.version} (尚未部署，请先部署 / not deployed here yet: deploy first)")
    try:
        return read_policy(compiled)
    except UNREADABLE_AS as error:
        raise NoSuchPack(f"{given.version} (compiled for another version of the code, or altered)") from error


def _stranded(at: Stage, given: Given, what: str, as_json: bool) -> list[Any]:
    from infra.policy.stranding import stranded

    after = _read(given)
    _note(at, what, given)
    with bar("查找中 looking for cases", None, _beside(as_json)) as told:
        found = stranded(at.open_cases(*after.units, told=told), after, at.policies())
        return sorted(found, key=lambda each: each.case.id)


def _note(at: Stage, what: str, given: Given) -> None:
    """Before it is done: what cannot be noted is not done."""
    at.audit.note(what, at.by, thing=f"policy:{given.version}")


def _zone(at: Stage) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(at.current.timezone)


def _beside(as_json: bool) -> Console:
    """Where it shows that it is at work: not among the JSON."""
    return Console(stderr=True) if as_json else console


def _as_json(each: Any) -> dict[str, Any]:
    case = each.case
    return {
        "case_id": case.id,
        "tracking_code": case.tracking_code,
        "policy_version": case.policy_version,
        "state": case.state,
        "lacks": [reason._asdict() for reason in each.reasons],
    }


def _outcome_as_json(each: Any) -> dict[str, Any]:
    from dataclasses import asdict

    decided = asdict(each.decided) if each.decided else None
    if decided:
        decided["at"] = decided["at"].isoformat()
    would = each.would._asdict() if each.would else None
    return {"case_id": each.case_id, "what": each.what, "decided": decided, "would": would, "why": each.why}


@contextmanager
def failing() -> Iterator[None]:
    """What an operator can act on is a sentence, not a traceback."""
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib.domain.errors import TemporarilyUnavailable
    from chalicelib.policy.reader import PackInvalid
    from infra.policy.packs import NoSuchPack
    from infra.settings import SettingsInvalid

    words = {
        NoSuchPack: "没有这个政策包或版本 / no such pack or version",
        PackInvalid: "政策包有误 / the policy pack is invalid",
        SettingsInvalid: "部署设置有误 / settings",
        TemporarilyUnavailable: "数据库暂时无法读写，请再次运行 / the tables do not answer now: run this again",
        ClientError: "云服务拒绝了请求 / the cloud refused",
        BotoCoreError: "无法连接云服务 / the cloud does not answer",
        OSError: "无法读写文件 / a file cannot be read or written",
    }
    with said_as(words):
        yield
