"""The system under measurement: both stacks deployed to an embedded cloud of its own, where nothing runs by itself.

The functions' code, settings and queues are those of the deployment, but the bench calls the functions itself, one
after another: the event source mappings and the rule are taken away.
"""

from __future__ import annotations

import csv
import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.build import PACK_FILE
from infra.cloud import REGION, Cloud
from infra.deploy import Deployed, client_at, deploy
from infra.functions import FUNCTIONS
from infra.issuer import Issuer
from infra.network.importing import importer
from infra.samples import SAMPLES
from infra.settings import LOCAL
from infra.tiles import samples
from tests.bench.processes import HERE, Process, clean_environment

NAME = "bench"
SAMPLE = SAMPLES / "gulou"
_SETTINGS = {"protected": False, "log_days": 1, "mail_identity": "gulou.example", "mail_from": "wangge@gulou.example"}
_BARE = ("bare.py", "floor.py", "replay.py")


@dataclass(frozen=True, slots=True)
class System:
    """What the measurements need. `package`: the deployed zip, unpacked. `functions`: name → handler, environment.

    `peers`: the compiled modules ours are held against, which import from the same package.
    """

    cloud: Cloud
    deployed: Deployed
    issuer: Issuer
    package: Path
    peers: Path
    zip: Path
    handlers: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    policy: Mapping[str, Any]
    pack: Path
    features: list[dict[str, Any]]
    places: list[dict[str, Any]]
    staff: list[dict[str, str]]

    def client(self, service: str) -> Any:
        return self.deployed.client(service)

    @property
    def all_environments(self) -> dict[str, str]:
        """What functions that share a worker need together; only the dead letters' queue differs between them."""
        return {name: value for each in self.environments.values() for name, value in each.items()}

    def worker(self, function: str = "api", **more: str) -> Process:
        """A worker with our package, in the environment of one function."""
        return Process([self.package], {**self.environments[function], **more})

    def peer(self, **more: str) -> Process:
        """A worker with what ours are held against."""
        return Process([self.peers, self.package], {**self.bare_environment, **more})

    @property
    def bare_environment(self) -> dict[str, str]:
        return clean_environment(self.cloud.endpoint, self.cloud.region)

    def token_of(self, role: str, **facts: str) -> str:
        """A bearer token of somebody of that role (and unit, or area)."""
        for row in self.staff:
            if row["role"] == role and all(row[name] == fact for name, fact in facts.items()):
                return self.issuer.token(row["staff_id"])
        raise LookupError(f"no {role} with {facts}")


@contextmanager
def standing(say: Callable[[str], None]) -> Iterator[System]:
    """Everything up, until the block ends."""
    with Cloud(NAME) as cloud, Issuer(NAME, f"wangge-{NAME}") as issuer:
        deployed = deploy(NAME, REGION, cloud.endpoint, settings={**_SETTINGS, **issuer.settings}, say=say)
        pack = (LOCAL / "build" / NAME / "source" / PACK_FILE).read_bytes()
        importer(_clients_of(cloud), deployed.outputs["ReferenceTable"], pack).bring_in(SAMPLE)
        _still(deployed)
        built = LOCAL / "build" / NAME
        archive = built / "package" / "deployment.zip"
        package = LOCAL / NAME / "package"
        shutil.rmtree(package, ignore_errors=True)
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(package)
        features = json.loads((SAMPLE / "areas.geojson").read_text("utf-8"))["features"]
        with (SAMPLE / "staff.csv").open(encoding="utf-8", newline="") as lines:
            staff = list(csv.DictReader(lines))
        handlers, environments = _functions(deployed, clean_environment(cloud.endpoint, cloud.region))
        yield System(
            cloud=cloud,
            deployed=deployed,
            issuer=issuer,
            package=package,
            peers=_compiled_peers(LOCAL / NAME / "peers"),
            zip=archive,
            handlers=handlers,
            environments=environments,
            policy=json.loads((package / PACK_FILE).read_bytes()),
            pack=package / PACK_FILE,
            features=features,
            places=samples(features),
            staff=staff,
        )


def _clients_of(cloud: Cloud) -> Callable[..., Any]:
    return lambda service, **more: client_at(cloud.region, cloud.endpoint, service, **more)


def _still(deployed: Deployed) -> None:
    functions, events = deployed.client("lambda"), deployed.client("events")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])
    for rule in events.list_rules()["Rules"]:
        events.disable_rule(Name=rule["Name"])


def _functions(deployed: Deployed, base: Mapping[str, str]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Handler and environment of every function as they are deployed."""
    functions = deployed.client("lambda")
    handlers, environments = {}, {}
    for function in FUNCTIONS:
        found = functions.get_function_configuration(FunctionName=f"wangge-{NAME}-{function.name}")
        handlers[function.name] = found["Handler"]
        environments[function.name] = {**found["Environment"]["Variables"], **base}
    return handlers, environments


def _compiled_peers(directory: Path) -> Path:
    """The modules ours are held against, with bytecode as ours have it."""
    from infra.dependencies import compile_modules

    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name in _BARE:
        shutil.copy(HERE / name, directory)
    compile_modules(directory)
    return directory


def new_records(system: System) -> Callable[[], list[dict[str, Any]]]:
    """Gives, at each call, the event rows inserted since the last, as the relay's mapping would hand them over."""
    streams = system.client("dynamodbstreams")
    arn = streams.list_streams(TableName=system.deployed.outputs["CasesTable"])["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    where = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]

    def read() -> list[dict[str, Any]]:
        nonlocal where
        found = []
        while True:
            page = streams.get_records(ShardIterator=where)
            where = page["NextShardIterator"]
            if not page["Records"]:
                return found
            found += [_plain(r) for r in page["Records"] if _is_event(r)]

    return read


def _is_event(record: Mapping[str, Any]) -> bool:
    """What the mapping's filter lets through."""
    return record["eventName"] == "INSERT" and record["dynamodb"]["Keys"]["sk"]["S"].startswith("EVENT#")


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    made = dict(record["dynamodb"])
    made["ApproximateCreationDateTime"] = int(made["ApproximateCreationDateTime"].timestamp())
    return {**record, "dynamodb": made}


def waiting_messages(system: System, queue_url: str, at_least: int = 1, seconds: float = 5) -> list[dict[str, Any]]:
    """The messages of a queue, as records of the event a function gets; they are deleted."""
    sqs = system.client("sqs")
    records: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while len(records) < at_least and time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            records.append(
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": {"ApproximateReceiveCount": "1"},
                    "messageAttributes": {},
                    "md5OfBody": message["MD5OfBody"],
                    "eventSource": "aws:sqs",
                    "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue_url.rpartition('/')[2]}",
                    "awsRegion": "us-east-1",
                }
            )
    return records
