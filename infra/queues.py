"""A queue bundle: queue, dead-letter queue, policy, subscription, alarms and event source mapping, always together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, If, Ref, Sub, awslambda, cloudwatch, sns, sqs

from infra.functions import arn_of, function_named, timeout_of

RECEIVES = 5
"""After so many failed receives a message goes to the dead-letter queue."""

DEAD_LETTER_SECONDS = 14 * 86400
LATE_SECONDS = 900
"""An unread message older than this raises the alarm of a queue that we read ourselves."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What a bundle is made for.

    `title` begins the logical ids, `name` the queue's own name. `topic`: the parameter with the ARN of the topic it
    subscribes to; `types`, `units`: only messages whose attribute names one of these. `consumer`: whom it feeds,
    `concurrency` how many of it at once, and `batch` how many messages each gets together.
    """

    title: str
    name: str
    topic: str | None = None
    types: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    consumer: str | None = None
    concurrency: int = 10
    batch: int = 10


def queue_bundle(queue: Queue) -> list[Any]:
    """All resources of one queue."""
    parts = [*queue_pair(queue), _queue_policy(queue)]
    if queue.topic:
        parts.append(_subscription(queue))
    if queue.consumer:
        parts += [_mapping(queue), _age_alarm(queue)]
    return parts


def queue_pair(queue: Queue) -> list[Any]:
    return [
        sqs.Queue(
            f"{queue.title}Queue",
            QueueName=Sub(f"wangge-${{Stage}}-{queue.name}"),
            SqsManagedSseEnabled=True,
            MessageRetentionPeriod=DEAD_LETTER_SECONDS if queue.consumer is None else 4 * 86400,
            VisibilityTimeout=6 * timeout_of(queue.consumer) if queue.consumer else 300,
            RedrivePolicy=sqs.RedrivePolicy(
                deadLetterTargetArn=GetAtt(f"{queue.title}DeadLetters", "Arn"), maxReceiveCount=RECEIVES
            ),
        ),
        *dead_letters(queue.title, queue.name),
    ]


def dead_letters(title: str, name: str) -> list[Any]:
    """A dead-letter queue and the alarm on anything in it."""
    return [
        sqs.Queue(
            f"{title}DeadLetters",
            QueueName=Sub(f"wangge-${{Stage}}-{name}-dead-letters"),
            SqsManagedSseEnabled=True,
            MessageRetentionPeriod=DEAD_LETTER_SECONDS,
        ),
        _queue_alarm(
            f"{title}DeadLettersAlarm",
            f"Something of {name} could not be handled and waits in its dead-letter queue",
            f"{title}DeadLetters",
            "ApproximateNumberOfMessagesVisible",
            1,
        ),
    ]


def unit_queues(units: Iterable[str]) -> list[Queue]:
    """A queue for the own system of each integrated unit: the events of the cases it leads or joins."""
    return [
        Queue("Unit" + unit.title().replace("-", ""), f"unit-{unit}", "EventsTopicArn", units=(unit,))
        for unit in sorted(units)
    ]


def _queue_policy(queue: Queue) -> sqs.QueuePolicy:
    """The topic, and nobody else from outside, may send; TLS only, where the deployment is protected."""
    both = [GetAtt(f"{queue.title}Queue", "Arn"), GetAtt(f"{queue.title}DeadLetters", "Arn")]
    over_tls = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": both,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    from_topic = {
        "Sid": "FromTheTopic",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": both,
        "Condition": {"ArnEquals": {"aws:SourceArn": Ref(queue.topic)}} if queue.topic else {},
    }
    statements = [If("IsProtected", over_tls, Ref("AWS::NoValue")), from_topic] if queue.topic else [over_tls]
    return sqs.QueuePolicy(
        f"{queue.title}QueuePolicy",
        Queues=[Ref(f"{queue.title}Queue"), Ref(f"{queue.title}DeadLetters")],
        PolicyDocument={"Version": "2012-10-17", "Statement": statements},
        **({} if queue.topic else {"Condition": "IsProtected"}),
    )


def _subscription(queue: Queue) -> sns.SubscriptionResource:
    wanted = {"type": list(queue.types)} if queue.types else {"units": list(queue.units)} if queue.units else None
    return sns.SubscriptionResource(
        f"{queue.title}Subscription",
        DependsOn=f"{queue.title}QueuePolicy",
        TopicArn=Ref(queue.topic),
        Protocol="sqs",
        Endpoint=GetAtt(f"{queue.title}Queue", "Arn"),
        RawMessageDelivery=True,
        RedrivePolicy={"deadLetterTargetArn": GetAtt(f"{queue.title}DeadLetters", "Arn")},
        **({"FilterPolicy": wanted, "FilterPolicyScope": "MessageAttributes"} if wanted else {}),
    )


def _mapping(queue: Queue) -> awslambda.EventSourceMapping:
    mapping = awslambda.EventSourceMapping(
        f"{queue.title}Mapping",
        EventSourceArn=GetAtt(f"{queue.title}Queue", "Arn"),
        FunctionName=arn_of(function_named(queue.consumer or "")),
        BatchSize=queue.batch,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    # troposphere's class of this name is another resource's
    mapping.properties["ScalingConfig"] = {"MaximumConcurrency": queue.concurrency}
    return mapping


def _age_alarm(queue: Queue) -> cloudwatch.Alarm:
    return _queue_alarm(
        f"{queue.title}AgeAlarm",
        f"The oldest message of {queue.name} is {LATE_SECONDS // 60} minutes old",
        f"{queue.title}Queue",
        "ApproximateAgeOfOldestMessage",
        LATE_SECONDS,
    )


def _queue_alarm(title: str, description: str, queue: str, metric: str, threshold: int) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        title,
        AlarmDescription=description,
        Namespace="AWS/SQS",
        MetricName=metric,
        Dimensions=[cloudwatch.MetricDimension(Name="QueueName", Value=GetAtt(queue, "QueueName"))],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[Ref("Alarms")],
    )
