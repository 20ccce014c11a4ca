"""Topics and queues."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.adapters.aws import NOT_ANSWERING, unavailable
from chalicelib.domain.envelope import Envelope, attributes_of
from chalicelib.domain.errors import TemporarilyUnavailable
from chalicelib.domain.events import of_beat

_BATCH = 10


class SnsTopic:
    """`services.relay.Topic`: events, with the attributes subscriptions filter on."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, envelopes: Sequence[Envelope]) -> list[tuple[Envelope, str]]:
        refused, entries = [], []
        for number, envelope in enumerate(envelopes):
            try:
                entries.append(_entry(str(number), envelope))
            except (AttributeError, KeyError, TypeError) as error:
                refused.append((envelope, f"unreadable-event: {type(error).__name__}: {error}"))
        for start in range(0, len(entries), _BATCH):
            try:
                answer = self._client.publish_batch(
                    TopicArn=self._topic_arn, PublishBatchRequestEntries=entries[start : start + _BATCH]
                )
            except NOT_ANSWERING as error:
                raise unavailable(error) from error
            for failure in answer.get("Failed", []):
                if not failure.get("SenderFault"):
                    raise TemporarilyUnavailable(service_error=failure.get("Code"))
                refused.append((envelopes[int(failure["Id"])], f"refused-by-topic: {failure.get('Code')}"))
        return refused


def _entry(entry_id: str, envelope: Envelope) -> dict[str, Any]:
    return {
        "Id": entry_id,
        "Message": json.dumps(envelope, ensure_ascii=False, separators=(",", ":")),
        "MessageAttributes": {
            name: {"DataType": "String.Array", "StringValue": json.dumps(value)}
            if isinstance(value, list)
            else {"DataType": "String", "StringValue": value}
            for name, value in attributes_of(envelope).items()
        },
    }


class SqsDeadLetters:
    """`services.relay.DeadLetters`: a queue for what can never be done, each message with its reason.

    It is seldom needed, so the client is made when it is.
    """

    def __init__(self, client: Callable[[], Any], queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, body: Any, reason: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body, default=str)
        printable = repr(reason)[1:-1]  # a queue takes no control characters
        try:
            self._client().send_message(
                QueueUrl=self._queue_url,
                MessageBody=text or "(empty)",
                MessageAttributes={"reason": {"DataType": "String", "StringValue": printable[:500] or "unknown"}},
            )
        except NOT_ANSWERING as error:
            raise unavailable(error) from error


class SqsDueQueue:
    """`services.sweep.DueQueue`."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, subjects: Sequence[str]) -> None:
        entries = [
            {"Id": str(number), "MessageBody": json.dumps({"beat_id" if of_beat(subject) else "case_id": subject})}
            for number, subject in enumerate(subjects)
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except NOT_ANSWERING as error:
            raise unavailable(error) from error
        if answer.get("Failed"):
            raise TemporarilyUnavailable(service_error=answer["Failed"][0].get("Code"))


class SqsImportQueue:
    """`services.imports.ImportQueue`."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def put(self, import_id: str) -> None:
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps({"apply": import_id}))
        except NOT_ANSWERING as error:
            raise unavailable(error) from error
