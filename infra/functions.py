"""The functions, and what every one of them gets: environment, log group, error alarm.

Their sizes, timeouts and rights are in `.chalice/`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, Ref, Sub, cloudwatch, logs

from infra.settings import ROOT, Deployment

CHALICE_CONFIG = ROOT / ".chalice" / "config.json"


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its own name, and by Chalice's: in config.json, and as a resource of the template.

    `dead_letters`: the dead-letter queue it may put messages into itself, with their reason.
    `errors_tolerated`: in five minutes, before the alarm; a refused token is an error of the authorizer's function.
    `entry`: where a function is entered that Chalice knows nothing of, and that has a package of its own.
    """

    name: str
    configured_as: str
    resource: str
    dead_letters: str | None = None
    errors_tolerated: int = 0
    entry: str | None = None


FUNCTIONS = (
    Function("api", "api_handler", "APIHandler"),
    Function("staff", "staff", "Staff", errors_tolerated=100),
    Function("relay", "relay", "Relay", "RelayDeadLetters"),
    Function("alert", "alert", "Alert", "AlertsDeadLetters"),
    Function("sweep", "sweep", "Sweep"),
    Function("due", "due", "Due", "DueDeadLetters"),
    Function("attachments", "attachments", "Attachments", "AttachmentsDeadLetters"),
    Function("importer", "importer", "Importer", "ImportsDeadLetters", entry="infra.network.function.handle"),
    Function("seal", "seal", "Seal", "SealDeadLetters"),
    Function("figures", "figures", "Figures", "FiguresDeadLetters"),
)
OF_CHALICE = tuple(function for function in FUNCTIONS if function.entry is None)
IMPORTER_ZIP = "importer.zip"


def timeout_of(function: str) -> int:
    """Seconds after which Lambda stops the function, from `.chalice/config.json`."""
    configured = json.loads(CHALICE_CONFIG.read_text("utf-8"))
    return int(configured["lambda_functions"][function]["lambda_timeout"])


def override(function: Function, deployment: Deployment) -> dict[str, Any]:
    """What is laid over Chalice's own resource for a function."""
    properties: dict[str, Any] = {
        "FunctionName": {"Fn::Sub": f"wangge-${{Stage}}-{function.name}"},
        "LoggingConfig": {"LogGroup": {"Ref": log_group_title(function)}},
        "Environment": {"Variables": environment(function)},
    }
    if reserved := deployment.reserved_concurrency.get(function.name):
        properties["ReservedConcurrentExecutions"] = reserved
    return {"Properties": properties}


def apart(function: Function, deployment: Deployment) -> dict[str, dict[str, Any]]:
    """The resources of a function that Chalice does not make: itself and its role, as Chalice would make them."""
    configured = json.loads(CHALICE_CONFIG.read_text("utf-8"))["lambda_functions"][function.configured_as]
    policy = json.loads((CHALICE_CONFIG.parent / configured["iam_policy_file"]).read_text("utf-8"))
    role = f"{function.resource}Role"
    trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        role: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]},
                "Policies": [{"PolicyName": f"{role}Policy", "PolicyDocument": policy}],
            },
        },
        function.resource: {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
                "Handler": function.entry,
                "CodeUri": f"./{IMPORTER_ZIP}",
                "Tracing": "Active",
                "Timeout": configured["lambda_timeout"],
                "MemorySize": configured["lambda_memory_size"],
                "Architectures": [deployment.architecture],
                "EphemeralStorage": {"Size": 2048},
                "Role": {"Fn::GetAtt": [role, "Arn"]},
                **override(function, deployment)["Properties"],
            },
        },
    }


def environment(function: Function) -> dict[str, Any]:
    """The settings a function reads. DEAD_LETTERS_URL is that of its own dead-letter queue, when it has one."""
    variables: dict[str, Any] = {
        "WANGGE_STAGE": {"Ref": "Stage"},
        "CASES_TABLE": {"Ref": "CasesTable"},
        "REFERENCE_TABLE": {"Ref": "ReferenceTable"},
        "VAULT_TABLE": {"Ref": "VaultTable"},
        "MEDIA_BUCKET": {"Ref": "MediaBucket"},
        "EVENTS_TOPIC_ARN": {"Ref": "EventsTopicArn"},
        "DUE_QUEUE_URL": {"Ref": "DueQueue"},
        "IMPORTS_QUEUE_URL": {"Ref": "ImportsQueue"},
        "DATA_KEY_ID": {"Ref": "DataKeyArn"},
        "SECRETS_ID": {"Ref": "SecretArn"},
        "OIDC_ISSUER": {"Ref": "OidcIssuer"},
        "OIDC_AUDIENCE": {"Ref": "OidcAudience"},
        "OIDC_JWKS_URL": {"Ref": "OidcJwksUrl"},
        "OIDC_SUBJECT_CLAIM": {"Ref": "OidcSubjectClaim"},
        "MAIL_FROM": {"Ref": "MailFrom"},
        "PUBLIC_URL": {"Ref": "PublicUrl"},
        "POWERTOOLS_SERVICE_NAME": function.name,
        "POWERTOOLS_METRICS_NAMESPACE": "wangge",
        "POWERTOOLS_LOG_LEVEL": {"Ref": "LogLevel"},
    }
    if function.dead_letters:
        variables["DEAD_LETTERS_URL"] = {"Ref": function.dead_letters}
    return variables


def log_group_title(function: Function) -> str:
    return f"{function.name.capitalize()}Logs"


def function_resources(function: Function, deployment: Deployment) -> list[Any]:
    """The log group of a function, and the alarm on its errors."""
    group = logs.LogGroup(
        log_group_title(function),
        LogGroupName=Sub(f"/aws/lambda/wangge-${{Stage}}-{function.name}"),
        RetentionInDays=deployment.log_days,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
    )
    alarm = cloudwatch.Alarm(
        f"{function.name.capitalize()}ErrorsAlarm",
        AlarmDescription=f"The function {function.name} raised",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[cloudwatch.MetricDimension(Name="FunctionName", Value=Ref(function.resource))],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=function.errors_tolerated + 1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[Ref("Alarms")],
    )
    return [group, alarm]


def arn_of(function: Function) -> GetAtt:
    return GetAtt(function.resource, "Arn")


def function_named(name: str) -> Function:
    return next(each for each in FUNCTIONS if each.name == name)
