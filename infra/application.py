"""The application stack: what is merged over Chalice's template. Chalice makes functions, roles and the REST API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from troposphere import (
    Equals,
    GetAtt,
    Not,
    Output,
    Parameter,
    Ref,
    Sub,
    Template,
    awslambda,
    cloudwatch,
    events,
    sns,
)

from chalicelib.domain.figures import COUNTED_TYPES
from infra.dashboard import dashboard
from infra.functions import FUNCTIONS, OF_CHALICE, apart, arn_of, function_named, function_resources, override
from infra.gateway import rest_api_override
from infra.queues import Queue, dead_letters, queue_bundle, unit_queues
from infra.settings import Deployment

FROM_STATEFUL = (
    "CasesTable",
    "CasesStreamArn",
    "ReferenceTable",
    "VaultTable",
    "VaultStreamArn",
    "MediaBucket",
    "EventsTopicArn",
    "ObjectEventsTopicArn",
    "ImportEventsTopicArn",
    "DataKeyArn",
    "SecretArn",
)
"""Parameters that are outputs of the stateful stack under the same names."""

_SEALED_EVERY_SECONDS = 5
_COUNTING = 2
"""How many count at once: those of one community add to the same rows, and must wait for one another."""

FROM_SETTINGS = ("OidcIssuer", "OidcAudience", "OidcJwksUrl", "OidcSubjectClaim", "MailFrom", "AlarmEmail", "PublicUrl")
"""Parameters that are settings of the deployment; all but the first four may be empty."""


def merge_template(
    deployment: Deployment, notice_types: Iterable[str], integrated_units: Iterable[str], errors: Mapping[str, Any]
) -> dict[str, Any]:
    """The template for `chalice package --merge-template`.

    `notice_types`: the event types somebody is told of, all that the queue alerts receives.
    `integrated_units`: units whose own system pulls a queue. `errors`: the contract's catalogue of errors.
    """
    template = Template(Description="Wangge: functions, queues, API")
    _add_parameters(template)
    most = deployment.consumer_concurrency
    types = tuple(sorted(notice_types))
    alerts = Queue("Alerts", "alerts", "EventsTopicArn", types=types, consumer="alert", concurrency=most)
    due = Queue("Due", "due", consumer="due", concurrency=most)
    attachments = Queue("Attachments", "attachments", "ObjectEventsTopicArn", consumer="attachments", concurrency=most)
    imports = Queue("Imports", "imports", "ImportEventsTopicArn", consumer="importer", concurrency=2, batch=1)
    counted = tuple(sorted(COUNTED_TYPES))
    figures = Queue("Figures", "figures", "EventsTopicArn", types=counted, consumer="figures", concurrency=_COUNTING)
    units = unit_queues(integrated_units)
    parts = [part for queue in (alerts, due, attachments, imports, figures, *units) for part in queue_bundle(queue)]
    parts += [part for function in FUNCTIONS for part in function_resources(function, deployment)]
    for part in (*parts, *_relay(), *_seal(), *_sweep(), *_alarm_topic(), _api_alarm(), dashboard()):
        template.add_resource(part)
    template.add_output(Output("AlertsQueueUrl", Value=Ref("AlertsQueue")))
    template.add_output(Output("DueQueueUrl", Value=Ref("DueQueue")))
    for queue, unit in zip(units, sorted(integrated_units), strict=True):
        template.add_output(Output(f"{queue.title}QueueUrl", Description=unit, Value=Ref(f"{queue.title}Queue")))
    rendered: dict[str, Any] = template.to_dict()
    for function in OF_CHALICE:
        rendered["Resources"][function.resource] = override(function, deployment)
    rendered["Resources"].update(apart(function_named("importer"), deployment))
    rendered["Resources"]["RestAPI"] = rest_api_override(errors)
    return rendered


def _add_parameters(template: Template) -> None:
    template.add_parameter(Parameter("Stage", Type="String"))
    template.add_parameter(Parameter("Protected", Type="String", AllowedValues=["yes", "no"], Default="yes"))
    template.add_parameter(Parameter("LogLevel", Type="String", Default="INFO"))
    for name in FROM_STATEFUL:
        template.add_parameter(Parameter(name, Type="String", MinLength=1))
    for name in FROM_SETTINGS:
        template.add_parameter(Parameter(name, Type="String", Default=""))
    template.add_condition("IsProtected", Equals(Ref("Protected"), "yes"))
    template.add_condition("HasAlarmEmail", Not(Equals(Ref("AlarmEmail"), "")))


def _relay() -> list[Any]:
    """The stream of *cases* feeds the relay with new event rows only.

    Order holds within a case. A record that keeps failing is tried for as long as retries last, alone (bisect), and its
    address then goes to the dead-letter queue; the stream itself keeps it 24 hours, the table for good.
    """
    only_new_events = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "EVENT#"}]}}}}
    return _stream_consumer("Relay", "relay", "CasesStreamArn", only_new_events, "Events wait for the relay")


def _seal() -> list[Any]:
    """The stream of *vault* feeds the sealer with new entries of the audit only, some seconds' worth at a time.

    What it gives up is found by `python -m infra audit verify`, as entries that are under no seal.
    """
    only_new_entries = {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "AUDIT#"}]}}}}
    return _stream_consumer(
        "Seal",
        "seal",
        "VaultStreamArn",
        only_new_entries,
        "Entries of the audit wait to be sealed",
        MaximumBatchingWindowInSeconds=_SEALED_EVERY_SECONDS,
    )


def _stream_consumer(
    title: str, name: str, stream: str, pattern: Mapping[str, Any], waiting: str, **more: Any
) -> list[Any]:
    """A function behind a table's stream: its mapping, its dead-letter queue, and the alarm on what waits."""
    return [
        *dead_letters(title, name),
        awslambda.EventSourceMapping(
            f"{title}Mapping",
            EventSourceArn=Ref(stream),
            FunctionName=arn_of(function_named(name)),
            StartingPosition="TRIM_HORIZON",
            BatchSize=100,
            FilterCriteria=awslambda.FilterCriteria(Filters=[awslambda.Filter(Pattern=json.dumps(pattern))]),
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=100,
            DestinationConfig=awslambda.DestinationConfig(
                OnFailure=awslambda.OnFailure(Destination=GetAtt(f"{title}DeadLetters", "Arn"))
            ),
            **more,
        ),
        cloudwatch.Alarm(
            f"{title}AgeAlarm",
            AlarmDescription=waiting,
            Namespace="AWS/Lambda",
            MetricName="IteratorAge",
            Dimensions=[cloudwatch.MetricDimension(Name="FunctionName", Value=Ref(title))],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=3,
            Threshold=300_000,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[Ref("Alarms")],
        ),
    ]


def _sweep() -> list[Any]:
    return [
        events.Rule(
            "SweepEveryMinute",
            Description="Finds what has fallen due",
            ScheduleExpression="rate(1 minute)",
            State="ENABLED",
            Targets=[events.Target(Id="sweep", Arn=arn_of(function_named("sweep")))],
        ),
        awslambda.Permission(
            "SweepEveryMinutePermission",
            Action="lambda:InvokeFunction",
            FunctionName=Ref("Sweep"),
            Principal="events.amazonaws.com",
            SourceArn=GetAtt("SweepEveryMinute", "Arn"),
        ),
    ]


def _alarm_topic() -> list[Any]:
    return [
        sns.Topic("Alarms", TopicName=Sub("wangge-${Stage}-alarms")),
        sns.SubscriptionResource(
            "AlarmsByEmail",
            Condition="HasAlarmEmail",
            TopicArn=Ref("Alarms"),
            Protocol="email",
            Endpoint=Ref("AlarmEmail"),
        ),
    ]


def _api_alarm() -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        "ApiFailuresAlarm",
        AlarmDescription="The API answered 5xx",
        Namespace="AWS/ApiGateway",
        MetricName="5XXError",
        Dimensions=[cloudwatch.MetricDimension(Name="ApiName", Value=Sub("wangge-${Stage}"))],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[Ref("Alarms")],
    )
