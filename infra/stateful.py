"""The stateful stack: what must outlive every release. Its outputs are the application stack's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from troposphere import Equals, GetAtt, If, Output, Parameter, Ref, Sub, Template, kms, s3, secretsmanager, ses, sns
from troposphere import dynamodb as ddb

from chalicelib.models.case_rows import SUMMARY_ATTRIBUTES
from chalicelib.services.attachments import KEY_PREFIX as MEDIA_PREFIX
from chalicelib.services.imports import KEY_PREFIX as IMPORTS_PREFIX
from infra.user_pool import add_user_pool

IMPORT_DAYS = 30
"""How long an upload of a network is kept: it names people, and the directory it was made of stays with its owner."""


def stateful_template(mail_identity: str = "", user_pool_mfa: str = "") -> dict[str, Any]:
    """The stack's template. Parameters: Stage, Protected (yes|no).

    `mail_identity`: what SES sends mail from; empty where SES is not to be had (a region refuses types it lacks).
    `user_pool_mfa`: ON, OPTIONAL or OFF makes a Cognito user pool of staff; empty where another issuer is used.
    """
    template = Template(Description="Wangge: tables, media, keys and topics")
    template.add_parameter(Parameter("Stage", Type="String", AllowedPattern="[a-z][a-z0-9-]{0,15}"))
    template.add_parameter(Parameter("Protected", Type="String", AllowedValues=["yes", "no"], Default="yes"))
    template.add_condition("IsProtected", Equals(Ref("Protected"), "yes"))
    _add_tables(template)
    _add_media(template)
    _add_secrets(template)
    template.add_resource(sns.Topic("CaseEvents", TopicName=_name("case-events"), KmsMasterKeyId="alias/aws/sns"))
    if mail_identity:
        template.add_resource(ses.EmailIdentity("MailSender", EmailIdentity=mail_identity))
    if user_pool_mfa:
        add_user_pool(template, user_pool_mfa)
    for name, value in {
        "CasesTable": Ref("Cases"),
        "CasesStreamArn": GetAtt("Cases", "StreamArn"),
        "ReferenceTable": Ref("Reference"),
        "VaultTable": Ref("Vault"),
        "VaultStreamArn": GetAtt("Vault", "StreamArn"),
        "MediaBucket": Ref("Media"),
        "EventsTopicArn": Ref("CaseEvents"),
        "ObjectEventsTopicArn": Ref("ObjectEvents"),
        "ImportEventsTopicArn": Ref("ImportEvents"),
        "DataKeyArn": GetAtt("IdentityKey", "Arn"),
        "SecretArn": GetAtt("ApplicationSecret", "Id"),  # the ARN; Ref is the name on the embedded cloud
    }.items():
        template.add_output(Output(name, Value=value))
    rendered: dict[str, Any] = template.to_dict()
    return rendered


def towards(template: dict[str, Any], known: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The templates that lead a stack from the one it has (None: there is no stack) to another, one after the other.

    DynamoDB adds one index to a table at a time, so that CloudFormation refuses an update that adds several. A new
    table is made with all of them.
    """
    steps = [template]
    while known is not None:
        earlier = deepcopy(steps[0])
        several = False
        for title, resource in earlier["Resources"].items():
            properties = resource["Properties"]
            indexes = properties.get("GlobalSecondaryIndexes", [])
            before = known["Resources"].get(title, {"Properties": properties})["Properties"]
            has = {index["IndexName"] for index in before.get("GlobalSecondaryIndexes", [])}
            added = [index for index in indexes if index["IndexName"] not in has]
            if len(added) > 1:
                several = True
                indexes.remove(added[-1])
                keys = [key for part in (properties, *indexes) for key in part["KeySchema"]]
                used = {key["AttributeName"] for key in keys}
                properties["AttributeDefinitions"] = [
                    each for each in properties["AttributeDefinitions"] if each["AttributeName"] in used
                ]
        if not several:
            break
        steps.insert(0, earlier)
    return steps


def _name(what: str) -> Sub:
    return Sub(f"wangge-${{Stage}}-{what}")


def _add_tables(template: Template) -> None:
    cases = _table(
        "Cases",
        keys=("queue", "queue_order", "due_shard", "due_at", "community"),
        StreamSpecification=ddb.StreamSpecification(StreamViewType="NEW_IMAGE"),
        GlobalSecondaryIndexes=[
            _index("queue", "queue", "queue_order", _queue_projection()),
            _index("due", "due_shard", "due_at", ddb.Projection(ProjectionType="KEYS_ONLY")),
            _index("community", "community", "pk", _queue_projection()),
        ],
    )
    everything = ddb.Projection(ProjectionType="ALL")
    vault = _table(
        "Vault",
        keys=("case", "reader", "person", "kept", "created_at"),
        StreamSpecification=ddb.StreamSpecification(
            StreamViewType="NEW_IMAGE",
        ),
        GlobalSecondaryIndexes=[
            _index("case", "case", "sk", everything),
            _index("reader", "reader", "sk", everything),
            _index("person", "person", "sk", everything),
            _index(
                "kept", "kept", "created_at", ddb.Projection(ProjectionType="INCLUDE", NonKeyAttributes=["case_id"])
            ),
        ],
        ResourcePolicy=ddb.ResourcePolicy(PolicyDocument=_policy(_audit_is_never_changed())),
    )
    for table in (cases, _table("Reference"), vault):
        template.add_resource(table)


def _audit_is_never_changed() -> dict[str, Any]:
    """Nobody in the account, whatever else he or she may, changes or deletes an entry of the audit or a seal.

    A batch is a right of its own, and may delete. To put a row over another is a PutItem like any other, which no
    policy can tell apart: that the seals show.
    """
    return {
        "Sid": "AuditIsNeverChanged",
        "Effect": "Deny",
        "Principal": "*",
        "Action": [
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:PartiQLUpdate",
            "dynamodb:PartiQLDelete",
        ],
        "Resource": Sub("arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/wangge-${Stage}-vault"),
        "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["AUDIT#*", "SEALS"]}},
    }


def _table(title: str, keys: tuple[str, ...] = (), **more: Any) -> ddb.Table:
    return ddb.Table(
        title,
        TableName=_name(title.lower()),
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            ddb.AttributeDefinition(AttributeName=name, AttributeType="S") for name in ("pk", "sk", *keys)
        ],
        KeySchema=_key_schema("pk", "sk"),
        PointInTimeRecoverySpecification=ddb.PointInTimeRecoverySpecification(PointInTimeRecoveryEnabled=True),
        SSESpecification=ddb.SSESpecification(SSEEnabled=True),
        DeletionProtectionEnabled=If("IsProtected", True, False),
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
        **more,
    )


def _key_schema(partition: str, sort: str) -> list[ddb.KeySchema]:
    return [
        ddb.KeySchema(AttributeName=partition, KeyType="HASH"),
        ddb.KeySchema(AttributeName=sort, KeyType="RANGE"),
    ]


def _index(name: str, partition: str, sort: str, projection: ddb.Projection) -> ddb.GlobalSecondaryIndex:
    return ddb.GlobalSecondaryIndex(IndexName=name, KeySchema=_key_schema(partition, sort), Projection=projection)


def _queue_projection() -> ddb.Projection:
    """What lists show, and no more."""
    return ddb.Projection(ProjectionType="INCLUDE", NonKeyAttributes=list(SUMMARY_ATTRIBUTES))


def _add_media(template: Template) -> None:
    """The bucket of pictures, and of networks to be imported; every arrival is told to the topic of its kind."""
    bucket = "wangge-${Stage}-media-${AWS::AccountId}-${AWS::Region}"
    bucket_arn = Sub("arn:${AWS::Partition}:s3:::" + bucket)
    for title, name in (("ObjectEvents", "object-events"), ("ImportEvents", "import-events")):
        template.add_resource(sns.Topic(title, TopicName=_name(name)))
        template.add_resource(
            sns.TopicPolicy(
                f"{title}Policy",
                Topics=[Ref(title)],
                PolicyDocument=_policy(
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "s3.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": Ref(title),
                        "Condition": {
                            "ArnLike": {"aws:SourceArn": bucket_arn},
                            "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
                        },
                    }
                ),
            )
        )
    template.add_resource(
        s3.Bucket(
            "Media",
            DependsOn=["ObjectEventsPolicy", "ImportEventsPolicy"],
            BucketName=Sub(bucket),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
                    )
                ]
            ),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[
                    s3.LifecycleRule(
                        Id="never-finished",
                        Status="Enabled",
                        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
                    ),
                    s3.LifecycleRule(
                        Id="imports-are-done", Status="Enabled", Prefix=IMPORTS_PREFIX, ExpirationInDays=IMPORT_DAYS
                    ),
                ]
            ),
            CorsConfiguration=s3.CorsConfiguration(
                CorsRules=[
                    s3.CorsRules(
                        AllowedMethods=["GET", "POST"], AllowedOrigins=["*"], AllowedHeaders=["*"], MaxAge=3600
                    )
                ]
            ),
            NotificationConfiguration=s3.NotificationConfiguration(
                TopicConfigurations=[
                    _arrivals("ObjectEvents", MEDIA_PREFIX),
                    _arrivals("ImportEvents", IMPORTS_PREFIX),
                ]
            ),
        )
    )
    template.add_resource(
        s3.BucketPolicy(
            "MediaPolicy",
            Condition="IsProtected",
            Bucket=Ref("Media"),
            PolicyDocument=_policy(
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [bucket_arn, Sub("arn:${AWS::Partition}:s3:::" + bucket + "/*")],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
        )
    )


def _arrivals(topic: str, prefix: str) -> s3.TopicConfigurations:
    return s3.TopicConfigurations(
        Event="s3:ObjectCreated:*",
        Topic=Ref(topic),
        Filter=s3.Filter(S3Key=s3.S3Key(Rules=[s3.Rules(Name="prefix", Value=prefix)])),
    )


def _add_secrets(template: Template) -> None:
    """The key that wraps the data keys of reporters' identities; the application's secret (deploy.py fills it)."""
    template.add_resource(
        kms.Key(
            "IdentityKey",
            Description="Wraps the data keys of reporters' identities",
            EnableKeyRotation=True,
            PendingWindowInDays=30,
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            KeyPolicy=_policy(
                {
                    "Sid": "AccountDelegatesToItsRoles",
                    "Effect": "Allow",
                    "Principal": {"AWS": Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ),
        )
    )
    template.add_resource(
        kms.Alias("IdentityKeyAlias", AliasName=Sub("alias/wangge-${Stage}-identities"), TargetKeyId=Ref("IdentityKey"))
    )
    template.add_resource(
        secretsmanager.Secret(
            "ApplicationSecret",
            Name=Sub("wangge/${Stage}/application"),
            Description="Webhook secrets, key of phone hashes, keys of cursors and of forms",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
        )
    )


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
