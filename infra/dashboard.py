"""The dashboard: one page for whoever is on call."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from troposphere import Sub, cloudwatch

from infra.functions import FUNCTIONS


def dashboard() -> cloudwatch.Dashboard:
    """One page: requests, errors and time of each function, the age of what waits, and what nobody could handle."""
    name = "wangge-${Stage}-"
    functions = [each.name for each in FUNCTIONS]
    waiting = ("alerts", "due", "attachments", "figures")
    dead = ("relay", *waiting, "seal")

    def graph(row: int, column: int, title: str, stat: str, metrics: list[list[str]]) -> dict[str, Any]:
        return {
            "type": "metric",
            "x": 12 * column,
            "y": 6 * row,
            "width": 12,
            "height": 6,
            "properties": {
                "title": title,
                "region": "${AWS::Region}",
                "stat": stat,
                "period": 60,
                "view": "timeSeries",
                "metrics": metrics,
            },
        }

    def of_functions(metric: str) -> list[list[str]]:
        return [["AWS/Lambda", metric, "FunctionName", name + each] for each in functions]

    def of_queues(metric: str, queues: Iterable[str]) -> list[list[str]]:
        return [["AWS/SQS", metric, "QueueName", name + each] for each in queues]

    widgets = [
        graph(0, 0, "Invocations", "Sum", of_functions("Invocations")),
        graph(0, 1, "Errors", "Sum", of_functions("Errors")),
        graph(1, 0, "Duration p95", "p95", of_functions("Duration")),
        graph(1, 1, "Age of the oldest message", "Maximum", of_queues("ApproximateAgeOfOldestMessage", waiting)),
        graph(
            2,
            0,
            "Dead letters",
            "Maximum",
            of_queues("ApproximateNumberOfMessagesVisible", [f"{each}-dead-letters" for each in dead]),
        ),
        graph(
            2,
            1,
            "API",
            "Sum",
            [["AWS/ApiGateway", metric, "ApiName", "wangge-${Stage}"] for metric in ("Count", "4XXError", "5XXError")],
        ),
    ]
    return cloudwatch.Dashboard(
        "Dashboard",
        DashboardName=Sub("wangge-${Stage}-${AWS::Region}"),
        DashboardBody=Sub(json.dumps({"widgets": widgets})),
    )
