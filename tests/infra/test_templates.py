"""What both templates promise, whatever is added to them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import ManualArgs, lint

from infra.application import FROM_SETTINGS, FROM_STATEFUL
from infra.build import Package
from infra.functions import FUNCTIONS
from infra.gateway import CODES
from infra.settings import ROOT
from infra.stateful import stateful_template, towards

Template = dict[str, Any]


def of_type(template: Template, kind: str) -> dict[str, Template]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def refers_to(value: Any, resource: str) -> bool:
    """Whether a value names a resource by Ref, GetAtt or Sub."""
    if isinstance(value, dict):
        if value.get("Ref") == resource or (value.get("Fn::GetAtt") or [None])[0] == resource:
            return True
        return any(refers_to(each, resource) for each in value.values())
    if isinstance(value, list):
        return any(refers_to(each, resource) for each in value)
    return isinstance(value, str) and f"${{{resource}}}" in value


def dead_letter_queues(template: Template) -> set[str]:
    return {name for name in of_type(template, "AWS::SQS::Queue") if name.endswith("DeadLetters")}


def alarmed_queues(template: Template) -> set[str]:
    queues = of_type(template, "AWS::SQS::Queue")
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    return {queue for queue in queues for alarm in alarms if refers_to(alarm["Dimensions"], queue)}


def test_stateful_template_is_cfn_lint_clean(stateful_file: Path) -> None:
    assert lint(stateful_file.read_text("utf-8"), config=ManualArgs(regions=["us-east-1"])) == []


def test_without_mail_the_stateful_template_is_clean_in_china() -> None:
    without = json.dumps(stateful_template())
    assert lint(without, config=ManualArgs(regions=["cn-north-1", "cn-northwest-1"])) == []


def test_application_template_is_cfn_lint_clean(package: Package) -> None:
    assert lint(package.template.read_text("utf-8"), config=ManualArgs(regions=["us-east-1", "cn-north-1"])) == []


def test_every_resource_has_a_type(application: Template, stateful: Template) -> None:
    for template in (application, stateful):
        assert [name for name, resource in template["Resources"].items() if "Type" not in resource] == []


def test_parameters_are_given_by_the_deploy_code(application: Template, stateful: Template) -> None:
    assert set(stateful["Outputs"]) == set(FROM_STATEFUL)
    always_defaulted = {"LogLevel"}
    given = {"Stage", "Protected", *FROM_STATEFUL, *FROM_SETTINGS}
    assert set(application["Parameters"]) - always_defaulted == given


def test_every_method_open_to_anybody_has_a_limit_of_its_own(application: Template) -> None:
    settings = application["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    limited = {
        (each["HttpMethod"], each["ResourcePath"].removeprefix("/").replace("~1", "/"))
        for each in settings
        if each.get("ThrottlingRateLimit") and each.get("ThrottlingBurstLimit")
    }
    document = yaml.safe_load((ROOT / "docs" / "contract" / "openapi.yaml").read_text("utf-8"))
    assert limited == {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        if path.startswith("/v1/public/")
        for method in methods
    }


def test_every_queue_has_a_dead_letter_queue_and_an_alarm(application: Template) -> None:
    queues = of_type(application, "AWS::SQS::Queue")
    dead = dead_letter_queues(application)
    assert dead
    alarmed = alarmed_queues(application)
    for name, queue in queues.items():
        if name in dead:
            assert name in alarmed, f"nobody hears of what lies in {name}"
        else:
            target = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            assert target in dead
            assert target in alarmed


def test_a_queue_we_read_ourselves_alarms_when_it_is_late(application: Template) -> None:
    for mapping in queue_mappings(application).values():
        assert mapping["EventSourceArn"]["Fn::GetAtt"][0] in alarmed_queues(application)


def queue_mappings(template: Template) -> dict[str, Template]:
    queues = of_type(template, "AWS::SQS::Queue")
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping")
    return {
        name: mapping
        for name, mapping in mappings.items()
        if any(refers_to(mapping["EventSourceArn"], queue) for queue in queues)
    }


def test_every_queue_mapping_reports_partial_failures(application: Template) -> None:
    mappings = queue_mappings(application)
    assert {mapping["FunctionName"]["Fn::GetAtt"][0] for mapping in mappings.values()} == {
        "Alert",
        "Due",
        "Attachments",
        "Importer",
        "Figures",
    }
    for mapping in mappings.values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_queue_hides_a_message_six_times_as_long_as_its_function_may_take(application: Template) -> None:
    queues = of_type(application, "AWS::SQS::Queue")
    functions = of_type(application, "AWS::Serverless::Function")
    for mapping in queue_mappings(application).values():
        hidden = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]["VisibilityTimeout"]
        assert hidden >= 6 * functions[mapping["FunctionName"]["Fn::GetAtt"][0]]["Timeout"]


def test_the_relay_gets_new_event_rows_only_and_keeps_what_it_cannot_send(application: Template) -> None:
    mapping = of_type(application, "AWS::Lambda::EventSourceMapping")["RelayMapping"]
    (pattern,) = (json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"])
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "EVENT#"}]}}}}
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert refers_to(mapping["DestinationConfig"], "RelayDeadLetters")


def test_alerts_are_asked_for_exactly_the_events_somebody_is_told_of(application: Template, package: Package) -> None:
    notices = json.loads(package.pack.read_text("utf-8"))["notices"]
    subscription = of_type(application, "AWS::SNS::Subscription")["AlertsSubscription"]
    assert subscription["FilterPolicy"] == {"type": sorted({notice["event"] for notice in notices})}
    assert subscription["RawMessageDelivery"] is True


def test_each_integrated_unit_has_a_queue_of_its_own_events(application: Template, package: Package) -> None:
    units = json.loads(package.pack.read_text("utf-8"))["units"]
    integrated = {unit for unit, each in units.items() if each["integrated"]}
    subscriptions = of_type(application, "AWS::SNS::Subscription").values()
    wanted = {unit for each in subscriptions for unit in each.get("FilterPolicy", {}).get("units", [])}
    assert wanted == integrated
    outputs = application["Outputs"].values()
    assert {output["Description"] for output in outputs if "Description" in output} == integrated


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name)
def test_each_function_has_its_own_role_and_log_group_and_is_traced(application: Template, function: Any) -> None:
    functions = of_type(application, "AWS::Serverless::Function")
    properties = functions[function.resource]
    others = [each for name, each in functions.items() if name != function.resource]
    assert properties["Role"] not in [each["Role"] for each in others]
    assert properties["LoggingConfig"] not in [each["LoggingConfig"] for each in others]
    group = of_type(application, "AWS::Logs::LogGroup")[properties["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{properties['FunctionName']['Fn::Sub']}"
    assert group["RetentionInDays"] > 0
    assert properties["Tracing"] == "Active"


def test_no_function_is_left_out(application: Template) -> None:
    assert set(of_type(application, "AWS::Serverless::Function")) == {each.resource for each in FUNCTIONS}


def test_errors_of_each_function_raise_an_alarm(application: Template) -> None:
    alarms = of_type(application, "AWS::CloudWatch::Alarm").values()
    watched = {each["Dimensions"][0]["Value"].get("Ref") for each in alarms if each["MetricName"] == "Errors"}
    assert watched == {each.resource for each in FUNCTIONS}


def test_every_alarm_is_told_to_somebody(application: Template) -> None:
    for alarm in of_type(application, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]


def test_the_sweep_runs_every_minute_and_only_its_rule_may_call_it(application: Template) -> None:
    rule = of_type(application, "AWS::Events::Rule")["SweepEveryMinute"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert refers_to(rule["Targets"], "Sweep")
    permission = of_type(application, "AWS::Lambda::Permission")["SweepEveryMinutePermission"]
    assert refers_to(permission["SourceArn"], "SweepEveryMinute")


def test_the_gateways_own_errors_are_problems_of_the_catalogue_with_cors(application: Template) -> None:
    api = of_type(application, "AWS::Serverless::Api")["RestAPI"]
    assert api["EndpointConfiguration"] == "REGIONAL"
    assert api["TracingEnabled"] is True
    answers = api["GatewayResponses"]
    assert set(answers) == set(CODES)
    assert {answers[kind]["StatusCode"] for kind in ("UNAUTHORIZED", "ACCESS_DENIED", "REQUEST_TOO_LARGE")} == {
        "401",
        "403",
        "413",
    }
    for kind, answer in answers.items():
        problem = json.loads(answer["ResponseTemplates"]["application/json"])
        assert problem["code"] == CODES[kind]
        assert str(problem["status"]) == answer["StatusCode"]
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == "'*'"
        assert headers["Content-Type"] == "'application/problem+json'"


def test_what_holds_records_survives_its_stack(stateful: Template) -> None:
    kept = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret")
    for resource in stateful["Resources"].values():
        if resource["Type"] in kept:
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_tables_can_be_recovered_and_only_cases_and_vault_have_a_stream(stateful: Template) -> None:
    tables = of_type(stateful, "AWS::DynamoDB::Table")
    assert set(tables) == {"Cases", "Reference", "Vault"}
    for table in tables.values():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["IsProtected", True, False]}
        assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [name for name, table in tables.items() if "StreamSpecification" in table] == ["Cases", "Vault"]
    assert len(tables["Cases"]["GlobalSecondaryIndexes"]) <= 4


def test_a_table_that_stands_gets_its_new_indexes_one_by_one(stateful: Template) -> None:
    before = copy.deepcopy(stateful)
    vault = before["Resources"]["Vault"]["Properties"]
    del vault["GlobalSecondaryIndexes"]
    vault["AttributeDefinitions"] = vault["AttributeDefinitions"][:2]
    steps = towards(stateful, before)
    assert steps[-1] == stateful
    tables = [step["Resources"]["Vault"]["Properties"] for step in steps]
    assert [len(table["GlobalSecondaryIndexes"]) for table in tables] == [1, 2, 3, 4]
    for table in tables:
        keys = {key["AttributeName"] for part in (table, *table["GlobalSecondaryIndexes"]) for key in part["KeySchema"]}
        assert keys == {each["AttributeName"] for each in table["AttributeDefinitions"]}
    assert towards(stateful, None) == towards(stateful, stateful) == [stateful]


def test_nobody_may_change_or_delete_an_entry_of_the_audit_or_a_seal(stateful: Template) -> None:
    policy = of_type(stateful, "AWS::DynamoDB::Table")["Vault"]["ResourcePolicy"]["PolicyDocument"]
    (denied,) = policy["Statement"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"} <= set(denied["Action"])
    assert denied["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"] == ["AUDIT#*", "SEALS"]


def test_the_sealer_gets_new_entries_of_the_audit_only_and_keeps_what_it_cannot_seal(application: Template) -> None:
    mapping = of_type(application, "AWS::Lambda::EventSourceMapping")["SealMapping"]
    (pattern,) = (json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"])
    assert pattern == {"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "AUDIT#"}]}}}}
    assert (mapping["BisectBatchOnFunctionError"], mapping["StartingPosition"]) == (True, "TRIM_HORIZON")
    assert refers_to(mapping["EventSourceArn"], "VaultStreamArn")
    assert refers_to(mapping["DestinationConfig"], "SealDeadLetters")
    alarm = of_type(application, "AWS::CloudWatch::Alarm")["SealAgeAlarm"]
    assert (alarm["MetricName"], refers_to(alarm["Dimensions"], "Seal")) == ("IteratorAge", True)


def test_names_carry_the_stage_and_arns_the_partition(application: Template, stateful: Template) -> None:
    names = {
        "AWS::DynamoDB::Table": "TableName",
        "AWS::KMS::Alias": "AliasName",
        "AWS::S3::Bucket": "BucketName",
        "AWS::SNS::Topic": "TopicName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::SecretsManager::Secret": "Name",
        "AWS::Serverless::Function": "FunctionName",
    }
    for template in (application, stateful):
        assert "arn:aws:" not in json.dumps(template)
        for resource in template["Resources"].values():
            if name := names.get(resource["Type"]):
                assert "${Stage}" in resource["Properties"][name]["Fn::Sub"]
