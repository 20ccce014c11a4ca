"""Proves that no right of a function can be taken away: `python -m infra.least_privilege`.

Deploys once to an embedded cloud with IAM enforced. Then, for each action on each resource that the policies of
`.chalice` allow, it takes just that from the function's role, runs scenarios of the end-to-end tests until one fails,
gives it back, and sees that the same scenario holds again. The result is `docs/least-privilege.md`; the exit code is 1
when a right was not missed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from infra.day import scenarios
from infra.day.district import District, Missed
from infra.day.standing import standing
from infra.functions import CHALICE_CONFIG, FUNCTIONS
from infra.settings import LOCAL, ROOT

NAME, STAGE = "least-privilege", "demo"
DOCUMENT = ROOT / "docs" / "least-privilege.md"
_PATIENCES = (4.0, 12.0, 36.0)
"""Seconds within which a scenario must hold with a right and fail without it; more when the machine has no time."""

_VISIBILITY_SECONDS = 4
_QUEUES = ("alerts", "due", "attachments", "imports", "figures")

Scenario = Callable[[District], Any]

SCENARIOS: Mapping[str, tuple[Scenario, ...]] = {
    "api": (
        scenarios.an_order_of_the_hotline,
        scenarios.texts_open_and_join,
        scenarios.a_report_with_pictures,
        scenarios.a_queue_is_read_in_pages,
        scenarios.the_cases_of_a_community_are_viewed,
        scenarios.a_network_is_imported_by_the_api,
        scenarios.a_report_by_the_sign_of_a_cell,
        scenarios.the_audit_is_asked,
        scenarios.a_reporter_is_released_and_forgotten,
    ),
    "staff": (scenarios.staff_are_known,),
    "relay": (scenarios.an_order_of_the_hotline, scenarios.a_poison_record_in_the_stream),
    "alert": (
        scenarios.texts_open_and_join,
        scenarios.events_published_again,
        scenarios.a_poison_message_to_alerts,
    ),
    "sweep": (scenarios.a_visit_falls_due,),
    "due": (
        scenarios.a_visit_falls_due,
        scenarios.time_changes_a_case_of_an_earlier_version,
        scenarios.a_case_closes_though_joint_work_is_open,
        scenarios.a_poison_message_to_due,
    ),
    "seal": (scenarios.what_is_noted_is_sealed,),
    "attachments": (scenarios.a_report_with_pictures, scenarios.a_poison_message_to_attachments),
    "importer": (scenarios.a_network_is_imported_by_the_api, scenarios.a_poison_message_to_imports),
    "figures": (scenarios.a_poison_message_to_figures, scenarios.figures_tell_of_a_case),
}
"""What shows that a function lacks a right, the quickest first."""

OF_THE_PLATFORM = {
    "EventSource": "Lambda reads the stream or the queue for the function",
    "EventSourceList": "Lambda finds the stream for the function",
    "OnFailure": "Lambda puts aside for the function what keeps failing",
    "Logs": "Lambda writes the function's log",
    "Traces": "Lambda sends the function's traces",
}
"""Statements used by Lambda in the function's name; the embedded cloud does not ask for them."""

BATCHED = {
    ("relay", "sns:Publish"): "sns:PublishBatch",
    ("sweep", "sqs:SendMessage"): "sqs:SendMessageBatch",
}
"""Rights by which AWS authorises a batch call; the embedded cloud asks for the call's own name."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An action on a resource that a statement of a function's policy allows; `place` of the resource in it."""

    function: str
    statement: str
    action: str
    place: int
    resource: str

    @property
    def untested_because(self) -> str | None:
        if self.statement in OF_THE_PLATFORM:
            return OF_THE_PLATFORM[self.statement]
        batch = BATCHED.get((self.function, self.action))
        return f"AWS authorises the batch call by it; the embedded cloud asks for `{batch}` instead" if batch else None


def pairs() -> list[Pair]:
    """Everything that the functions' policies allow, in the order of their files."""
    found = []
    for function in FUNCTIONS:
        policy = json.loads((CHALICE_CONFIG.parent / f"policy-{function.name}.json").read_text("utf-8"))
        for statement in policy["Statement"]:
            if statement["Effect"] == "Allow":
                found += [
                    Pair(function.name, statement["Sid"], action, place, _named(resource))
                    for action in statement["Action"]
                    for place, resource in enumerate(statement["Resource"])
                ]
    return found


def _named(resource: Any) -> str:
    """A resource of a policy file as one would call it: `table/CasesTable`, `AlertsDeadLetters`."""
    match resource:
        case {"Fn::Sub": str(arn)}:
            return arn.rsplit(":log-group:", 1)[-1].rsplit(":::", 1)[-1].rsplit("}:", 1)[-1].translate(_PLAIN)
        case {"Fn::GetAtt": [name, _]} | {"Ref": name}:
            return str(name)
    return str(resource)


_PLAIN = str.maketrans("", "", "${}")


@contextmanager
def without(district: District, pair: Pair) -> Iterator[None]:
    """Within it the function's role lacks this right, and its processes have kept nothing from before."""
    iam, lambdas = district.client("iam"), district.client("lambda")
    function = lambdas.get_function_configuration(FunctionName=district.function(pair.function))
    role = function["Role"].rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(_lacking(whole, pair)))
    try:
        # an update of the configuration ends the function's processes, with the keys and secrets they keep
        lambdas.update_function_configuration(FunctionName=function["FunctionName"], MemorySize=function["MemorySize"])
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(whole))


def _lacking(policy: Mapping[str, Any], pair: Pair) -> dict[str, Any]:
    """The policy without one action on one resource of one statement, everything else as it was."""
    lesser = deepcopy(dict(policy))
    (at,) = [n for n, each in enumerate(lesser["Statement"]) if each["Sid"] == pair.statement]
    whole = lesser["Statement"].pop(at)
    others = [action for action in whole["Action"] if action != pair.action]
    elsewhere = [resource for place, resource in enumerate(whole["Resource"]) if place != pair.place]
    if others:
        lesser["Statement"].append({**whole, "Action": others})
    if elsewhere:
        lesser["Statement"].append(
            {**whole, "Sid": f"{pair.statement}Elsewhere", "Action": [pair.action], "Resource": elsewhere}
        )
    return lesser


def missed(district: District, pair: Pair) -> Scenario | None:
    """The scenario that fails without a right, and holds within the same time with it; None when none fails.

    Raises Missed when it still fails with the right given back.
    """
    for patience in _PATIENCES:
        impatient = replace(district, patience=patience)
        with without(district, pair):
            failed, why = next(_failures(impatient, SCENARIOS[pair.function]), (None, None))
        for queue in _QUEUES:
            district.drained(queue)
        if failed is None or not list(_failures(impatient, (failed,))):
            return failed
    raise Missed(f"{_words(failed)} fails with {pair.action} too") from why


def _failures(district: District, some: Sequence[Scenario]) -> Iterator[tuple[Scenario, Missed]]:
    for scenario in some:
        try:
            scenario(district)
        except Missed as why:
            yield scenario, why


def main() -> int:
    console = Console()
    outcome: dict[Pair, Scenario | None] = {}
    with standing(NAME, STAGE, keep=False, run_file=LOCAL / NAME / "run.json") as stood:
        district = District.of(stood)
        for queue in _QUEUES:
            district.client("sqs").set_queue_attributes(
                QueueUrl=district.queue_url(queue), Attributes={"VisibilityTimeout": str(_VISIBILITY_SECONDS)}
            )
        for pair in pairs():
            if pair.untested_because is None:
                outcome[pair] = missed(district, pair)
                words = _words(outcome[pair]) or "[red]nothing fails[/red]"
                console.print(f"{pair.function}  {pair.action}  {pair.resource}: {words}", soft_wrap=True)
    DOCUMENT.write_text(document(outcome), "utf-8")
    needless = [pair for pair, scenario in outcome.items() if scenario is None]
    console.print(f"{len(outcome)} rights taken away, {len(needless)} not missed; {DOCUMENT.relative_to(ROOT)}")
    return 1 if needless else 0


def document(outcome: Mapping[Pair, Scenario | None]) -> str:
    """`docs/least-privilege.md`."""
    rows = [
        f"| {pair.function} | `{pair.action}` | `{pair.resource}` | {_words(scenario) or '**nothing**'} |"
        for pair, scenario in outcome.items()
    ]
    untested = [
        f"| {pair.function} | `{pair.action}` | `{pair.resource}` | {pair.untested_because} |"
        for pair in pairs()
        if pair.untested_because
    ]
    return _DOCUMENT.format(taken="\n".join(rows), untested="\n".join(untested))


def _words(scenario: Scenario | None) -> str:
    return scenario.__name__.replace("_", " ") if scenario else ""  # type: ignore[attr-defined]


_DOCUMENT = """\
# Least privilege, proved

Written by `python -m infra.least_privilege`; do not edit. It deploys to the embedded cloud, where IAM is enforced,
takes one action on one resource from the role of one function, runs scenarios of the end-to-end tests
(`infra/day/scenarios.py`) until one fails, gives the right back and sees that the same scenario holds again within the
same time. It exits with 1 when a right was not missed.

| function | action | resource | what fails without it |
|---|---|---|---|
{taken}

The resources are those of `.chalice/policy-<function>.json`, by the names of parameters and logical ids.

## Not taken away

Rights the embedded cloud does not ask for. `tests/infra/test_policies.py` holds them to the template.

| function | action | resource | why |
|---|---|---|---|
{untested}

The statement `TextMessagesNeverTopics` of `alert` denies, and is no right.
"""


if __name__ == "__main__":
    sys.exit(main())
